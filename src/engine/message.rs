//! What a message says: whether every value of a template is there. A message is never sent half filled.

use std::sync::Arc;

use crate::decision::reason::Awaited;
use crate::event::Props;
use crate::plan::Plan;
use crate::rulebook::{BookTemplate, ChannelId, Filling};
use crate::template::{Message, RenderSetting, Unfilled};
use crate::timestamp::Span;
use crate::units::Content;
use crate::value::Value;

use super::evaluate::Scope;
use super::intake::save;
use super::lead::SavedProps;
use super::{Moment, World};

/// So long a message to a lead waits for a value, where it does not say otherwise.
pub(super) const EXPIRES: Span = Span::days(1);

/// So long something that is due may be put off, by caps and closed channels.
pub(super) const PUT_OFF: Span = Span::days(30);

impl World {
    /// The properties of the moment's event, where some template may ask for them.
    pub(super) fn keep_props(moment: &Moment<'_>) -> Option<Arc<SavedProps>> {
        let wanted = moment.plan.keeps_props && !moment.props.list.is_empty();
        wanted.then(|| Arc::new(save(moment.props)))
    }

    /// What a message's template waits for.
    pub(super) fn unfilled(
        &self,
        moment: &Moment<'_>,
        slot: u32,
        (channel, content): (ChannelId, &Content),
        saved: Option<&Arc<SavedProps>>,
    ) -> Option<Awaited> {
        let template = template(moment.plan, channel, content)?;
        let mut scope = self.scope(moment, slot);
        scope.props = saved.map_or_else(Props::default, |saved| saved.props());
        let missing = |filling: &Filling| filled(&scope, *filling) == Value::Missing;
        if !template.values.iter().any(missing) {
            return None;
        }
        // A missing value does no harm where the template has another one ready.
        match message(&scope, template) {
            Ok(_) => None,
            Err(Unfilled::Missing { variable }) => Some(Awaited::Value(variable)),
            Err(Unfilled::Failed { line, message }) => {
                Some(Awaited::Template { template: template.name.clone(), line, message })
            }
        }
    }

    /// The message of an action, where it has a template and every value is there.
    pub(super) fn filled(
        &self,
        moment: &Moment<'_>,
        slot: u32,
        (channel, content): (ChannelId, &Content),
        saved: Option<&Arc<SavedProps>>,
    ) -> Option<Message> {
        let template = template(moment.plan, channel, content)?;
        let mut scope = self.scope(moment, slot);
        scope.props = saved.map_or_else(Props::default, |saved| saved.props());
        message(&scope, template).ok()
    }
}

/// The template a message is made from, where the rulebook has it.
pub(super) fn template<'a>(plan: &'a Plan, channel: ChannelId, content: &Content) -> Option<&'a BookTemplate> {
    let Content::Template(name) = content else { return None };
    let id = plan.rulebook.template(name, channel)?;
    plan.rulebook.templates.get(id)
}

/// The message a template makes for a lead at a moment.
pub(super) fn message(scope: &Scope<'_>, template: &BookTemplate) -> Result<Message, Unfilled> {
    let variables = template.template.variables();
    let value = |name: &str| {
        let at = variables.iter().position(|variable| variable.name == name)?;
        template.values.get(at).map(|filling| filled(scope, *filling))
    };
    let zone = scope.zone();
    template.template.render(&value, &RenderSetting { offset: &|at| zone.offset_at(at) })
}

fn filled(scope: &Scope<'_>, filling: Filling) -> Value {
    match filling {
        Filling::Fact(fact) => scope.fact(fact).to_value(),
        Filling::Prop(prop) => scope.props.get(prop).to_value(),
        Filling::Need => Value::Missing,
    }
}

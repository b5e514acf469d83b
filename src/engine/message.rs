//! What a message says: which variant of an experiment a lead gets, and whether every value of a
//! template is there. A message is never sent half filled.

use std::sync::Arc;

use crate::decimal::Decimal;
use crate::decision::reason::Awaited;
use crate::event::Props;
use crate::plan::Plan;
use crate::rulebook::{BookTemplate, ChannelId, Experiment, ExperimentId, Filling, SequenceId};
use crate::template::{Message, RenderSetting, Unfilled};
use crate::timestamp::Span;
use crate::units::Content;
use crate::value::Value;

use super::evaluate::Scope;
use super::intake::save;
use super::lead::SavedProps;
use super::{Moment, World};
use crate::decision::names::Journal;

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

    /// What a touch carries for a lead where an experiment is on it.
    pub(super) fn variant(
        &self,
        plan: &Plan,
        names: &dyn Journal,
        slot: u32,
        (sequence, touch): (SequenceId, u16),
    ) -> Option<(ExperimentId, u8)> {
        let touches = plan.experiment_at.get(sequence)?;
        let id = touches.get(usize::from(touch)).copied().flatten()?;
        let lead = self.lead(slot);
        // Once assigned, a lead stays with its variant.
        if let Some((_, variant)) = lead.variants.iter().find(|(other, _)| *other == id) {
            return Some((id, *variant));
        }
        let experiment = plan.rulebook.experiments.get(id)?;
        Some((id, assigned(experiment, names.lead_name(lead.id))))
    }
}

/// The variant a lead is assigned: a function of the lead and of the names of experiment and
/// variants, by weighted rendezvous hashing (Wang et al. 2014, "Weighted Rendezvous Hashing"). A
/// variant that is added takes its share from all others, and no lead moves between those.
fn assigned(experiment: &Experiment, lead: &str) -> u8 {
    let cost = |(name, weight): &(String, Decimal)| {
        let mut hasher = blake3::Hasher::new();
        for part in [lead, &experiment.name, name] {
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        let mut first = [0; 8];
        first.copy_from_slice(hasher.finalize().as_bytes().split_at(8).0);
        // In (0, 1): 53 bits and a half, so that the logarithm is finite.
        let unit = ((u64::from_be_bytes(first) >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
        -libm::log(unit) / weight.to_f64()
    };
    let costs = experiment.variants.iter().map(cost).enumerate();
    costs.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(index, _)| index as u8)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Range;

    fn experiment(variants: &[(&str, f64)]) -> Experiment {
        Experiment {
            name: "subject".to_owned(),
            sequence: SequenceId(0),
            touch: 0,
            variants: variants
                .iter()
                .map(|(name, weight)| ((*name).to_owned(), Decimal::from_f64(*weight).unwrap()))
                .collect(),
            goal: None,
            range: Range::default(),
        }
    }

    #[test]
    fn shares_follow_the_weights() {
        let experiment = experiment(&[("a", 20.0), ("b", 80.0)]);
        let first = (0..10_000).filter(|n| assigned(&experiment, &format!("lead{n}")) == 0).count();
        assert!((1_850..2_150).contains(&first), "{first} of 10,000 got a share of 20 %");
    }

    /// A variant that is added, its share taken from the others in their proportion, moves leads
    /// to itself and to nowhere else.
    #[test]
    fn an_added_variant_moves_leads_to_itself_alone() {
        let (old, new) =
            (experiment(&[("a", 50.0), ("b", 50.0)]), experiment(&[("a", 40.0), ("b", 40.0), ("c", 20.0)]));
        let moved = (0..10_000).map(|n| format!("lead{n}")).filter(|lead| {
            let (before, after) = (assigned(&old, lead), assigned(&new, lead));
            assert!(after == before || after == 2, "{lead} moved from {before} to {after}");
            after == 2
        });
        let moved = moved.count();
        assert!((1_850..2_150).contains(&moved), "{moved} of 10,000 moved to a share of 20 %");
    }
}

//! Questions to an engine about one lead at its present moment. Nothing is changed by asking. They
//! are for engines that were fed by [`Engine::handle`].

use std::sync::LazyLock;

use crate::decision::{Order, Reason};
use crate::event::{LeadId, Props};
use crate::local::Zone;
use crate::rulebook::{ChannelId, ExperimentId, Expr, RuleId, SequenceId, Touch};
use crate::timestamp::{Span, Timestamp};
use crate::units::Content;

use super::judge::{Asked, Gate, LeadAsked, RuleAsked};
use super::send::topics;
use super::variant::drawn;
use super::witness::{Seen, Witness};
use super::{Engine, Moment};
use crate::decision::names::Journal;

/// A touch, asked at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct TouchAsked {
    /// `if`
    pub condition: Option<Asked>,
    /// Its channels in order of preference, and what stands before each.
    pub channels: Vec<(ChannelId, Vec<Gate>)>,
}

/// An enrollment that has not begun, asked at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct EntryAsked {
    /// The `where` of the sequence.
    pub guard: Option<Asked>,
    /// Why the lead would be kept out.
    pub kept_out: Option<Reason>,
}

/// The variant of an experiment that a lead gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VariantAsked {
    /// Its place among the variants.
    pub variant: u8,
    /// What its name and the shares of today give it; another one where it has met the experiment before.
    pub drawn: u8,
}

impl Engine {
    /// The same, writing down why it decides what it decides about some leads; with what
    /// [`Self::with_trace`] adds. Scripts asked for that are guarded as those that decide.
    #[must_use]
    pub fn watching(mut self, leads: Vec<LeadId>) -> Self {
        self.world.witness = Some(Box::new(Witness::new(leads, self.world.runner.guard())));
        self.with_trace()
    }

    /// What has been written down; nothing where the engine is not watched.
    #[must_use]
    pub fn seen(&self) -> &Seen {
        static NOTHING: LazyLock<Seen> = LazyLock::new(Seen::default);
        self.world.witness.as_ref().map_or(&NOTHING, |witness| &witness.seen)
    }

    /// The engine's present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.world.now
    }

    /// The zone a lead's decisions are shown in.
    #[must_use]
    pub fn zone_of(&self, lead: LeadId) -> Zone {
        if self.knows(lead) { self.world.shown_zone(&self.plan, self.world.lead(lead.0)) } else { Zone::UTC }
    }

    /// How a lead stands; `None` for one the engine has not heard of.
    #[must_use]
    pub fn ask_lead(&self, lead: LeadId, names: &dyn Journal) -> Option<LeadAsked> {
        self.knows(lead).then(|| self.world.ask_lead(&self.moment(lead, Props::default(), names), lead.0))
    }

    /// What the clauses of a rule say; `props` are those of the event it would be triggered by.
    #[must_use]
    pub fn ask_rule(&self, lead: LeadId, rule: RuleId, props: Props<'_>, names: &dyn Journal) -> Option<RuleAsked> {
        if !self.knows(lead) {
            return None;
        }
        let moment = self.moment(lead, props, names);
        self.world.ask_rule(&moment, lead.0, rule, &self.world.scope(&moment, lead.0))
    }

    /// What stands before a touch.
    #[must_use]
    pub fn ask_touch(
        &self,
        lead: LeadId,
        (sequence, touch): (SequenceId, &Touch),
        names: &dyn Journal,
    ) -> Option<TouchAsked> {
        if !self.knows(lead) {
            return None;
        }
        let moment = self.moment(lead, Props::default(), names);
        let scope = self.world.scope(&moment, lead.0);
        Some(TouchAsked {
            condition: touch.condition.as_ref().map(|condition| scope.ask(condition)),
            channels: self.world.ask_choices(&moment, lead.0, touch, Some(sequence)),
        })
    }

    /// What stands between a message on a channel and a lead.
    #[must_use]
    pub fn ask_channel(
        &self,
        lead: LeadId,
        (channel, content): (ChannelId, &Content),
        names: &dyn Journal,
    ) -> Vec<Gate> {
        let topics = topics(&self.plan, (channel, content), None);
        let ask = || self.world.ask_gates(&self.moment(lead, Props::default(), names), lead.0, (channel, &topics));
        if self.knows(lead) { ask() } else { Vec::new() }
    }

    /// Why a lead does not consent to a message on a channel any more, by what is known of it now: what the channel
    /// requires of facts alone.
    #[must_use]
    pub fn taken_back(&self, lead: LeadId, channel: ChannelId, names: &dyn Journal) -> Option<Reason> {
        let definition = self.plan.rulebook.channels.get(channel).filter(|_| self.knows(lead))?;
        let moment = self.moment(lead, Props::default(), names);
        let scope = self.world.scope(&moment, lead.0);
        let fails = |(expr, _): &(Expr, String)| expr.is_of_facts_alone() && !scope.holds(expr);
        definition.requires.iter().position(fails).map(|place| Reason::Requires(channel, place))
    }

    /// What stands between a lead and a sequence.
    #[must_use]
    pub fn ask_entry(&self, lead: LeadId, sequence: SequenceId, names: &dyn Journal) -> Option<EntryAsked> {
        let definition = self.plan.rulebook.sequences.get(sequence).filter(|_| self.knows(lead))?;
        let moment = self.moment(lead, Props::default(), names);
        let scope = self.world.scope(&moment, lead.0);
        Some(EntryAsked {
            guard: definition.guard.as_ref().map(|guard| scope.ask(guard)),
            kept_out: self.world.kept_out(&moment, lead.0, sequence, definition),
        })
    }

    /// The variant a lead gets of an experiment.
    #[must_use]
    pub fn ask_variant(&self, lead: LeadId, experiment: ExperimentId, names: &dyn Journal) -> Option<VariantAsked> {
        let definition = self.plan.rulebook.experiments.get(experiment).filter(|_| self.knows(lead))?;
        let (_, variant) = self.world.assigned(&self.plan, names, lead.0, experiment)?;
        Some(VariantAsked { variant, drawn: drawn(definition, names.lead_name(lead)) })
    }

    fn knows(&self, lead: LeadId) -> bool {
        self.world.leads.get(lead.0 as usize).is_some_and(Option::is_some)
    }

    fn moment<'a>(&'a self, lead: LeadId, props: Props<'a>, names: &'a dyn Journal) -> Moment<'a> {
        let now = self.world.now;
        let order = Order { at: now, after: 0, timer: 0, kind: 0, position: 0, lead };
        Moment {
            plan: &self.plan,
            names,
            now,
            order,
            position: 0,
            age: Span::ZERO,
            backfill: false,
            props,
            event: None,
        }
    }
}

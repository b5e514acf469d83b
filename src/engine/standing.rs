//! How a lead stands, for people who look at it or are about to do something with it by hand.
//! Nothing is changed by asking.

use crate::decision::reason::{Awaited, Decider};
use crate::event::{LeadId, Props};
use crate::local::Zone;
use crate::rulebook::{FactId, RuleId, Rulebook, SequenceId, TagId};
use crate::timestamp::{Span, Timestamp};
use crate::units::Length;
use crate::value::Value;

use super::judge::{LeadAsked, Stand};
use super::lead::Enrollment;
use super::{Engine, World};
use crate::decision::names::Journal;

/// A lead as it stands at the engine's present moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Tier, suppressions, scores and what else rules ask about.
    pub asked: LeadAsked,
    /// The tier was set by hand, and no rule moves the lead.
    pub tier_locked: bool,
    /// The zone its times are shown in, and where that came from.
    pub zone: (Zone, &'static str),
    /// What is known of it; facts that have their default are left out.
    pub facts: Vec<(FactId, Value)>,
    /// Its tags.
    pub tags: Vec<TagId>,
    /// Its touches are paused.
    pub paused: Option<Paused>,
    /// Since when no next step lies ahead of it; `None` while one does, or none is needed.
    pub idle_since: Option<Timestamp>,
    /// The sequences it is in.
    pub ways: Vec<Way>,
}

/// A hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Paused {
    /// Since when.
    pub since: Timestamp,
    /// Until when; `None`: until it is resumed.
    pub until: Option<Timestamp>,
    /// Who holds it.
    pub by: Decider,
}

/// A lead's way through a sequence.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// Which sequence.
    pub sequence: SequenceId,
    /// Which enrollment, from 1.
    pub number: u32,
    /// Since when.
    pub started: Timestamp,
    /// The names of the touches ahead, the next one first; a tail that goes on is the last.
    pub ahead: Vec<String>,
    /// The next touch has fallen due and waits: since when, and for what.
    pub waits: Option<(Timestamp, Awaited)>,
}

/// Why a lead waits for a person, by how it stands; in the order in which they are told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StuckWhy {
    /// A touch waits for approval.
    Approval {
        /// Its name.
        touch: String,
    },
    /// A person has paused it without an end.
    Held,
    /// No next step lies ahead.
    Idle,
}

/// So long a hold by hand without an end is let alone.
const HELD: Span = Span::days(30);

impl Standing {
    /// Why the lead waits for a person at a moment, the first that fits, and since when; `idle`: so long it may be
    /// without a next step.
    #[must_use]
    pub fn stuck(&self, now: Timestamp, idle: Span) -> Option<(StuckWhy, Timestamp)> {
        for way in &self.ways {
            if let Some((since, Awaited::Approval)) = &way.waits {
                let touch = way.ahead.first().cloned().unwrap_or_default();
                return Some((StuckWhy::Approval { touch }, *since));
            }
        }
        let paused = self.paused.as_ref();
        if let Some(hold) = paused.filter(|hold| hold.by == Decider::Person && hold.until.is_none()) {
            return (hold.since + HELD <= now).then_some((StuckWhy::Held, hold.since));
        }
        self.idle_since.filter(|since| *since + idle <= now).map(|since| (StuckWhy::Idle, since))
    }

    /// A fact of the lead that is a text.
    #[must_use]
    pub fn text(&self, rulebook: &Rulebook, name: &str) -> Option<String> {
        let id = rulebook.facts.ids().find(|id| rulebook.facts.name(*id) == name)?;
        match self.facts.iter().find(|(fact, _)| *fact == id) {
            Some((_, Value::Text(text))) => Some(text.to_string()),
            _ => None,
        }
    }
}

impl Engine {
    /// How a lead stands; `None` for one the engine has not heard of.
    #[must_use]
    pub fn standing(&self, lead: LeadId, names: &dyn Journal) -> Option<Standing> {
        let asked = self.ask_lead(lead, names)?;
        let of = self.world.lead(lead.0);
        let defaults = &self.plan.rulebook.facts;
        let usual = |(fact, value): &(FactId, Value)| defaults.get(*fact).is_some_and(|f| f.default == *value);
        Some(Standing {
            asked,
            tier_locked: of.tier_locked,
            zone: self.world.zone(&self.plan, of, &self.plan.zones),
            facts: self.facts(lead).into_iter().filter(|fact| !usual(fact)).collect(),
            tags: of.tags.to_vec(),
            paused: self.world.hold_of(of).map(|hold| Paused { since: hold.since, until: hold.until, by: hold.by }),
            idle_since: of.idle_since,
            ways: of.enrollments.iter().map(|enrollment| self.way(enrollment)).collect(),
        })
    }

    fn way(&self, enrollment: &Enrollment) -> Way {
        let sequence = self.plan.rulebook.sequences.get(enrollment.sequence);
        let touches = sequence.into_iter().flat_map(|sequence| {
            let tail = sequence.tail.as_ref().map(|(tail, _)| tail);
            sequence.touches.iter().chain(tail)
        });
        let ahead = touches.enumerate().skip(usize::from(enrollment.next));
        Way {
            sequence: enrollment.sequence,
            number: enrollment.number,
            started: enrollment.started,
            ahead: ahead
                .filter(|(place, _)| !enrollment.is_skipped(*place as u16))
                .map(|(_, touch)| touch.id.clone())
                .collect(),
            waits: enrollment.waiting.as_ref().map(|wait| (wait.since, wait.awaited.clone())),
        }
    }

    /// The rule that time alone makes fire next for a lead, and when, where nothing else happens.
    #[must_use]
    pub fn next_by_time(&self, lead: LeadId, names: &dyn Journal) -> Option<(RuleId, Timestamp)> {
        let stand = |id: RuleId| self.ask_rule(lead, id, Props::default(), names).map(|asked| asked.stand);
        let due = |id: RuleId| match stand(id)? {
            Stand::Absence { due, .. } | Stand::Periodic(due) => due,
            Stand::Deadline(waits) => waits.map(|(_, due)| due),
            Stand::Waits | Stand::Count { .. } | Stand::Follows(_) | Stand::Score { .. } => None,
        };
        let dues = self.plan.rulebook.rules.ids().filter_map(|id| Some((id, due(id)?)));
        dues.min_by_key(|(_, due)| *due)
    }

    /// A moment and a length after it as something is scheduled: a day is a calendar day of the
    /// lead, open hours and days are those of the usual calendar.
    #[must_use]
    pub fn later(&self, lead: LeadId, from: Timestamp, length: Length) -> Timestamp {
        super::schedule::later(from, length, self.zone_of(lead), World::office(&self.plan))
    }
}

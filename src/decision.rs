//! What the engine decides, as data: one [`Decision`] is one line of the timeline. Made by
//! `engine`, written by `report`.

pub mod code;
pub mod count;
pub mod line;
pub mod names;
pub mod pattern;
pub mod reason;
pub mod words;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

pub use self::reason::{Note, Reason};
use crate::decimal::Decimal;
use crate::event::{AccountId, EventNumber, LeadId};
use crate::local::Zone;
use crate::rulebook::{ChannelId, ExperimentId, FactId, Person, Reach, RuleId, ScoreId, SequenceId, TagId, TierId};
use crate::timestamp::{Span, Timestamp};
use crate::units::Content;
pub use crate::units::Status;
use crate::value::Value;

/// The events a decision rests on, in the order they arrived.
pub type Because = SmallVec<[EventNumber; 4]>;

/// One thing decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Its place among the decisions of the same log.
    pub order: Order,
    /// The moment of the decision; for what is still pending, the moment it is due.
    pub at: Timestamp,
    /// The zone the lead's times are shown in.
    pub zone: Zone,
    /// Whose it is.
    pub lead: LeadId,
    /// The lead's account.
    pub account: Option<AccountId>,
    /// What was decided.
    pub body: Body,
    /// What decided it.
    pub cause: Cause,
    /// The events it rests on.
    pub because: Because,
    /// Who did it by hand and why.
    pub note: Option<Box<Note>>,
    /// It rests on history that was loaded: it leaves the lead in a state, and nothing goes out.
    pub backfill: bool,
}

/// Where a decision stands: moment, then timers that were due before anything arrived at that
/// moment, then each entry with the timers it made due at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// The moment.
    pub at: Timestamp,
    /// 0 before the first entry of the moment, else one more than the entry's number.
    pub after: u32,
    /// 0 for the entry itself, 1 for timers.
    pub timer: u8,
    /// Which kind of timer.
    pub kind: u8,
    /// Rulebook position of the timer's rule or touch.
    pub position: u64,
    /// Whose entry or timer it was; timers alike in all else fire in the order of leads' names.
    pub lead: LeadId,
}

impl Order {
    /// All of it but the lead, whose name only the log knows.
    #[must_use]
    pub fn key(&self) -> (Timestamp, u32, u8, u8, u64) {
        (self.at, self.after, self.timer, self.kind, self.position)
    }
}

/// What decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// A rule, and which of its arms.
    Rule(RuleId, u8),
    /// A sequence, and which of its touches (the tail follows the last one).
    Sequence(SequenceId, Option<u16>),
    /// A score's own lines (only where a trace is asked for).
    Score(ScoreId),
    /// A person, by hand.
    Person,
    /// A change of the rulebook.
    Change,
}

/// What was decided.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// The lead moved to a tier.
    Tier {
        /// The new one; `None` where the rulebook no longer has the one before.
        to: Option<TierId>,
        /// The one before.
        from: Option<TierId>,
    },
    /// A rule wanted a tier, but another one came first.
    Overridden {
        /// What it wanted.
        to: TierId,
        /// Why it did not get it.
        reason: Reason,
    },
    /// An enrollment began; with a reason, it was kept from beginning.
    Enroll {
        /// The sequence.
        sequence: SequenceId,
        /// Which enrollment of the lead in it, from 1.
        enrollment: u32,
        /// The experiment on the sequence that was to be entered, and the variant the lead gets.
        experiment: Option<(ExperimentId, u8)>,
        /// Why it did not begin.
        suppressed: Option<Reason>,
    },
    /// An enrollment ended.
    Exit {
        /// The sequence.
        sequence: SequenceId,
        /// Which enrollment.
        enrollment: u32,
        /// Why.
        reason: Reason,
    },
    /// A touch of a sequence.
    Touch(Box<TouchLine>),
    /// A single action.
    Action(Box<ActionLine>),
    /// A person was told.
    Alert {
        /// Who.
        to: Person,
        /// What.
        text: Box<str>,
        /// When it expires, where its rule says so.
        expires: Option<Timestamp>,
    },
    /// The lead got an owner; `None`: the manager takes over (`escalate`).
    Assign(Option<Box<str>>),
    /// A fact was set.
    Set {
        /// Which.
        fact: FactId,
        /// To what.
        value: Value,
    },
    /// A tag was added or taken off.
    Tag {
        /// Which.
        tag: TagId,
        /// Whether it is on now.
        on: bool,
    },
    /// Touches are paused; `None`: until a `resume`.
    Hold(Option<Timestamp>),
    /// Touches go on.
    Resume,
    /// No more contact.
    Suppress {
        /// On this channel or about this topic, or at all.
        reach: Option<Reach>,
        /// Until then, or for good.
        until: Option<Timestamp>,
    },
    /// An address may not be used on a channel any more.
    Bar {
        /// The channel that goes by it.
        channel: ChannelId,
        /// Why.
        reason: Reason,
    },
    /// Contact is allowed again.
    Unsuppress(Option<Reach>),
    /// A score changed (only where a trace is asked for).
    Score {
        /// Which.
        score: ScoreId,
        /// What it read before.
        from: Decimal,
        /// What it reads now.
        to: Decimal,
        /// What it is made of, oldest first; empty for a script's.
        parts: Vec<Part>,
        /// What a script wrote with `print` and `debug`.
        said: String,
    },
    /// A named sink is called.
    Webhook {
        /// The sink.
        name: Box<str>,
        /// The action's id.
        id: ActionId,
    },
    /// A rule fired and was kept from acting.
    Muted(Reason),
    /// Something in the rulebook went wrong at run time.
    Fault(String),
}

impl Body {
    /// Why it is as it is, where there is more to say than what was decided.
    #[must_use]
    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Self::Tier { to: None, .. } => Some(&Reason::Removed),
            Self::Touch(touch) => touch.reason.as_ref(),
            Self::Action(action) => action.reason.as_ref(),
            Self::Enroll { suppressed, .. } => suppressed.as_ref(),
            Self::Overridden { reason, .. }
            | Self::Exit { reason, .. }
            | Self::Bar { reason, .. }
            | Self::Muted(reason) => Some(reason),
            Self::Tier { to: Some(_), .. }
            | Self::Alert { .. }
            | Self::Assign(_)
            | Self::Set { .. }
            | Self::Tag { .. }
            | Self::Hold(_)
            | Self::Resume
            | Self::Suppress { .. }
            | Self::Unsuppress(_)
            | Self::Score { .. }
            | Self::Webhook { .. }
            | Self::Fault(_) => None,
        }
    }

    /// What became of a touch or an action.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        match self {
            Self::Touch(touch) => Some(touch.status),
            Self::Action(action) => Some(action.status),
            _ => None,
        }
    }

    /// The zone a touch or an action was planned in.
    #[must_use]
    pub fn zone(&self) -> Option<Zone> {
        match self {
            Self::Touch(touch) => Some(touch.zone),
            Self::Action(action) => Some(action.zone),
            _ => None,
        }
    }

    /// When a touch or an action that ended before it fell due would have been due.
    #[must_use]
    pub fn was_due(&self) -> Option<Timestamp> {
        match self {
            Self::Touch(touch) => touch.was_due,
            Self::Action(action) => action.was_due,
            _ => None,
        }
    }

    /// Whether a rule was kept from acting because what it reacts to is too old.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        matches!(self, Self::Muted(Reason::Stale { .. }))
    }
}

/// One contribution to a score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// The event that brought it; `None` for an `add` of a rule.
    pub event: Option<EventNumber>,
    /// The points it brought.
    pub points: Decimal,
    /// How long ago.
    pub age: Span,
    /// What they are worth now.
    pub worth: Decimal,
}

/// A touch of a sequence.
#[derive(Clone, Debug, PartialEq)]
pub struct TouchLine {
    /// What became of it.
    pub status: Status,
    /// The channel used, or the first choice.
    pub channel: ChannelId,
    /// What it carries.
    pub content: Content,
    /// The sequence.
    pub sequence: SequenceId,
    /// Index of the touch; the tail follows the last one.
    pub touch: u16,
    /// Which enrollment.
    pub enrollment: u32,
    /// The experiment on it and the variant the lead gets.
    pub experiment: Option<(ExperimentId, u8)>,
    /// Its id.
    pub id: ActionId,
    /// Why it is not plainly sent, or how it came to its time.
    pub reason: Option<Reason>,
    /// When it would have been due, where it ended before.
    pub was_due: Option<Timestamp>,
    /// When it must be done by, for named parts of the day.
    pub due_by: Option<Timestamp>,
    /// At this moment it is too late, also to be handed over (`expires at`).
    pub expires: Option<Timestamp>,
    /// The zone it was planned in.
    pub zone: Zone,
    /// Where that zone came from: `lead`, `account`, `owner`, `calendar`, `default`.
    pub zone_from: &'static str,
}

/// A single action.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionLine {
    /// What became of it.
    pub status: Status,
    /// The channel.
    pub channel: ChannelId,
    /// What it carries.
    pub content: Content,
    /// Its id.
    pub id: ActionId,
    /// Why it is not plainly sent, or how it came to its time.
    pub reason: Option<Reason>,
    /// When it would have been due, where it ended before.
    pub was_due: Option<Timestamp>,
    /// What it is planned before: from that moment on it is too late, also to be handed over.
    pub before: Option<Timestamp>,
    /// When it expires, where its rule says so, also to be handed over.
    pub expires: Option<Timestamp>,
    /// The zone it was planned in.
    pub zone: Zone,
    /// Where that zone came from.
    pub zone_from: &'static str,
}

/// The identity of an action: the first 8 bytes of a BLAKE3 hash of lead, rule or sequence, touch
/// or effect, and enrollment or firing number. Neither due time nor position in a file is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ActionId(pub u64);

impl ActionId {
    /// The id of an action from the parts that name it.
    #[must_use]
    pub fn new(parts: &[&str], number: u32) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            // The length keeps ("ab", "c") apart from ("a", "bc").
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.update(&number.to_be_bytes());
        let mut first = [0; 8];
        first.copy_from_slice(hasher.finalize().as_bytes().split_at(8).0);
        Self(u64::from_be_bytes(first))
    }
}

impl std::fmt::Display for ActionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A replay of a million events holds as many decisions: one more word in each is felt.
    #[test]
    fn a_decision_is_small() {
        let (reason, body, decision) = (size_of::<Reason>(), size_of::<Body>(), size_of::<Decision>());
        assert!(reason <= 48 && body <= 80 && decision <= 208, "{reason}, {body}, {decision} bytes");
    }
}

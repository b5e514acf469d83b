//! What the engine decides, as data: one [`Decision`] is one line of the timeline. Made by
//! `engine`, written by `report`.

pub mod count;
pub mod line;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::event::{AccountId, EventNumber, LeadId};
use crate::local::Zone;
use crate::rulebook::{ChannelId, ExperimentId, FactId, Person, RuleId, ScoreId, SequenceId, TagId, TierId};
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
    /// Who did it by hand and why: `by bob: on holiday`.
    pub note: Option<Box<str>>,
}

impl RuleId {
    /// Stands for a person where a rule is named as the cause.
    pub const PERSON: Self = Self(u16::MAX);
    /// Stands for a change of the rulebook where a rule is named as the cause.
    pub const CHANGE: Self = Self(u16::MAX - 1);
}

impl TierId {
    /// No tier, where a lead's tier is gone from the rulebook.
    pub const NONE: Self = Self(u8::MAX);
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
}

/// What was decided.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// The lead moved to a tier.
    Tier {
        /// The new one.
        to: TierId,
        /// The one before.
        from: Option<TierId>,
    },
    /// A rule wanted a tier, but another one came first.
    Overridden {
        /// What it wanted.
        to: TierId,
        /// Why it did not get it.
        reason: String,
    },
    /// An enrollment began; with a reason, it was kept from beginning.
    Enroll {
        /// The sequence.
        sequence: SequenceId,
        /// Which enrollment of the lead in it, from 1.
        enrollment: u32,
        /// Why it did not begin.
        suppressed: Option<String>,
    },
    /// An enrollment ended.
    Exit {
        /// The sequence.
        sequence: SequenceId,
        /// Which enrollment.
        enrollment: u32,
        /// Why.
        reason: String,
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
        /// On this channel, or on all.
        channel: Option<ChannelId>,
        /// Until then, or for good.
        until: Option<Timestamp>,
    },
    /// Contact is allowed again.
    Unsuppress(Option<ChannelId>),
    /// A score changed (only where a trace is asked for).
    Score {
        /// Which.
        score: ScoreId,
        /// What it read before.
        from: f64,
        /// What it reads now.
        to: f64,
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
    Muted(String),
    /// Something in the rulebook went wrong at run time.
    Fault(String),
}

impl Body {
    /// Whether a rule was kept from acting because what it reacts to is too old.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        matches!(self, Self::Muted(reason) if reason.starts_with(STALE))
    }
}

/// How the reason begins of what is muted because it is too old.
pub(crate) const STALE: &str = "stale: ";

/// One contribution to a score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// The event that brought it; `None` for an `add` of a rule.
    pub event: Option<EventNumber>,
    /// The points it brought.
    pub points: f64,
    /// How long ago.
    pub age: Span,
    /// What they are worth now.
    pub worth: f64,
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
    pub reason: String,
    /// When it must be done by, for named parts of the day.
    pub due_by: Option<Timestamp>,
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
    pub reason: String,
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

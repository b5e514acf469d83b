//! What a rule does when it fires.

use super::{ChannelId, Expr, FactId, Reach, ScoreId, SequenceId, TagId, TierId};
use crate::source::Range;
use crate::units::{ClockTime, Content, Length, Weekday};

/// An effect with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// What it does.
    pub kind: EffectKind,
    /// Where it stands.
    pub range: Range,
}

/// Every effect.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each field is the part of its name")]
pub enum EffectKind {
    Tier(TierId),
    Start(SequenceId),
    Stop,
    StopSequence(SequenceId),
    StopAccount,
    StopAll,
    Hold { account: bool, until: HoldEnd },
    Resume,
    Suppress { reach: Option<Reach>, length: Option<Length> },
    Unsuppress { reach: Option<Reach> },
    Send { channel: ChannelId, content: Content, timing: Timing, expires: Option<Expiry> },
    Alert { to: Person, text: String, expires: Option<Expiry> },
    Escalate { to: Person, text: String, expires: Option<Expiry> },
    Assign(Expr),
    Set { fact: FactId, value: Expr },
    Add { score: ScoreId, amount: Expr },
    Tag(TagId),
    Untag(TagId),
    Webhook(String),
}

/// When it is too late for what is to go out.
#[derive(Clone, Debug, PartialEq)]
pub enum Expiry {
    /// So long after it is asked for; days are calendar days.
    After(Length),
    /// At a moment or at the beginning of a day; while that is unknown it is never too late.
    At(Expr),
}

/// When a hold ends.
#[derive(Clone, Debug, PartialEq)]
pub enum HoldEnd {
    /// After a length; days are calendar days.
    After(Length),
    /// At a moment or on a day; without a value there is no hold.
    Until(Expr),
}

/// Whom an alert is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Person {
    /// The lead's owner.
    Owner,
    /// The owner's manager.
    Manager,
}

impl Person {
    /// The word of the language.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Manager => "manager",
        }
    }
}

/// When a single action is due.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each field is the part of its name")]
pub enum Timing {
    /// At once.
    Now,
    /// After a length; days are calendar days; at a clock time where one is given.
    In { length: Length, at: Option<ClockTime> },
    /// The next such clock time.
    At(ClockTime),
    /// The next such weekday and time.
    Next { day: Weekday, at: ClockTime },
    /// So long before a moment (`event.start`).
    Before { length: Length, moment: Expr },
    /// So long after a moment.
    After { length: Length, moment: Expr },
}

//! Why a decision is as it is, as data: made by the engine where it decides, put into words by
//! `decision::words`, told apart by `decision::code`. What must outlive its rulebook (a wait, a move
//! of something pending, who holds or bars a lead) names things as they are called; all else has ids.

use chrono::{NaiveDate, NaiveDateTime};
use serde::{Deserialize, Serialize};

use super::Cause;
use crate::calendar::Refusal;
use crate::event::LeadId;
use crate::rulebook::{CapScope, ChannelId, FactId, Reach, RuleId, SequenceId, SetId, TierId, TouchTime, When};
use crate::timestamp::{Span, Timestamp};
use crate::units::{Length, Per};

/// Why a decision is as it is.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// How it came from the time that was asked for to its own; more than one place.
    Moved(Vec<Move>),
    /// It has no place in time: where it was looked for.
    NoPlace(Vec<Move>),
    /// It is due and waits.
    Awaits(Box<Awaited>),
    /// It waited too long.
    Waited {
        /// For what.
        awaited: Box<Awaited>,
        /// Until when.
        until: Timestamp,
        /// How it had come to its time.
        moves: Vec<Move>,
    },
    /// It could not be sent by its deadline.
    NotInTime {
        /// The deadline.
        deadline: Timestamp,
        /// How it came to a time after that.
        moves: Vec<Move>,
    },
    /// It was to go out before a moment, which has come.
    NotBefore {
        /// The moment.
        before: Timestamp,
        /// How it came to a time after that.
        moves: Vec<Move>,
    },
    /// It was put off for so long.
    PutOff {
        /// How long.
        length: Span,
        /// By what.
        moves: Vec<Move>,
    },
    /// The `if` of a touch does not hold.
    ConditionFails(SequenceId, u16),
    /// A person has skipped it.
    SkippedByHand,
    /// A change of the rulebook puts it at a moment that has passed.
    PutInPast(Timestamp),
    /// The lead may not be contacted on the channel, or about the topic.
    ChannelSuppressed(Reach, Decider),
    /// The channel needs an address, and the lead has none: the fact that would hold it.
    NoAddress(FactId),
    /// The lead's address may not be used: the fact that holds it, and why.
    AddressBarred(FactId, Barred),
    /// Another lead had the address first.
    SameAddress(LeadId),
    /// The `while` or `where` of its rule no longer holds.
    NoLongerSo,
    /// What the channel requires does not hold: its place among the channel's requirements.
    Requires(ChannelId, usize),
    /// The channel has no open hour.
    NeverOpen(ChannelId, Refusal),
    /// The rulebook has no such channel.
    NoChannel,
    /// None of several channels may be used, each for its reason.
    NoneOf(Vec<Reason>),
    /// The channel is not open in time before the moment it is to come before.
    NotOpenBefore(ChannelId, Timestamp),
    /// The time it is counted from is missing.
    TimeMissing,
    /// It was to come so long before a moment, which has passed.
    TooLate {
        /// How long before.
        length: Length,
        /// Before which moment.
        before: Timestamp,
        /// When that was.
        was: Timestamp,
    },
    /// There is no moment as it asks for.
    NoSuchTime,
    /// The lead's touches are paused without an end.
    HeldBy(Decider),
    /// It comes after a touch that waits without an end.
    Behind(SequenceId, u16),
    /// All touches are done.
    Finished,
    /// The lead left the sequence's tier.
    Left(TierId),
    /// Another sequence was started.
    Started(SequenceId),
    /// A `stop`, and how late the news of it came.
    StoppedBy(Cause, Span),
    /// An event of `exit on`, and how late the news of it came.
    ExitOn(SetId, Span),
    /// Suppressed for good, or stopped at this very moment; and how late the news of it came.
    SuppressedBy(Decider, Span),
    /// The rulebook no longer has it.
    Removed,
    /// `never again`
    NeverAgain,
    /// `again after D`, which is not over.
    AgainAfter(Length),
    /// A person has locked the tier.
    TierLocked,
    /// Another rule wrote the tier first.
    OverriddenBy(RuleId),
    /// `once`, and it has fired before.
    Once,
    /// `at most once per D`
    AtMostOncePer(Span),
    /// What it waited for was learned of after its time had passed.
    TimePassed,
    /// History that was loaded: nothing goes out for it.
    Backfill,
    /// What it reacts to is too old.
    Stale {
        /// How old it is.
        age: Span,
        /// How old it may be.
        limit: Span,
    },
    /// What it says of the lead is of an earlier moment than what is known.
    Older {
        /// The moment it is of.
        of: Timestamp,
        /// The moment of what is known.
        known: Timestamp,
    },
    /// The time a hold would end at is missing.
    HoldEndMissing,
    /// A person has paused the lead, and no rule ends that.
    PausedByHand,
    /// A rule cannot undo it.
    NotUndone(Decider),
    /// A person names a channel that the rulebook does not have.
    UnknownChannel(Box<str>),
    /// A person names a tier that the rulebook does not have.
    UnknownTier(Box<str>),
    /// A person names a touch that does not lie ahead.
    NoTouchAhead(Box<str>),
    /// A person approves what does not wait for it: the touch, or any.
    NothingToApprove(Option<Box<str>>),
    /// A message would break an invariant.
    Breach(Breach),
}

/// One step of something from the time it was asked for to the time it got. Kept in stores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Move {
    /// Where a touch would be if nothing moved it.
    Nominal {
        /// Its day or days.
        when: When,
        /// Its time of the day.
        time: TouchTime,
        /// The date that is.
        date: NaiveDate,
    },
    /// A moment on the lead's clock.
    Place(NaiveDateTime),
    /// A person moved it.
    ByHand,
    /// A hold moved it by so much.
    Held(Span),
    /// The best of several days.
    Best(When),
    /// A closed day or hour.
    Closed(Refusal),
    /// A channel that is not open, by its name.
    ChannelClosed(String, Refusal),
    /// A cap is full.
    Cap {
        /// How many it allows.
        count: u32,
        /// In how long.
        per: Per,
        /// Of whom.
        scope: CapScope,
    },
    /// The gap after another touch, by its name.
    Gap(Length, String),
    /// The moment had passed.
    Past,
    /// It fell due and waited.
    Waited(Awaited),
}

/// What something that is due waits for. Kept in stores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Awaited {
    /// A person's approval.
    Approval,
    /// A value of its message, by the name of the variable.
    Value(String),
    /// A template that can be filled in.
    Template {
        /// Its name.
        template: String,
        /// The line that cannot be filled in.
        line: u32,
        /// What the template engine says.
        message: String,
    },
    /// An invariant that it would break, by its name, and why.
    Invariant(String, Breach),
    /// The end of a hold, and whose that is.
    Hold(Decider),
    /// The end of a halt.
    Halted(HaltScope),
}

/// What a person has halted for everybody, by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum HaltScope {
    /// All messages to leads.
    All,
    /// Those of a sequence.
    Sequence(Box<str>),
    /// Those on a channel.
    Channel(Box<str>),
    /// The single messages of a rule.
    Rule(Box<str>),
}

/// Why a message would break an invariant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Breach {
    /// An event has happened after which it must not go out, as the rulebook writes it.
    After(String),
    /// So many went out already.
    Already {
        /// How many.
        sent: usize,
        /// In how long.
        per: Length,
    },
}

/// Why an address may not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Barred {
    /// Mail to it came back for good.
    Bounced,
    /// Its owner opted out, perhaps as another lead.
    OptedOut,
    /// Its owner complained.
    Complained,
    /// It is that of somebody who was erased.
    Erased,
}

/// Who decided something that outlives its rulebook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decider {
    /// A rule, by its label.
    Rule(Box<str>),
    /// A person.
    Person,
    /// A change of the rulebook.
    Change,
}

/// Who did something by hand, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// Who, where it was said.
    pub by: Option<Box<str>>,
    /// Why, where it was said.
    pub why: Option<Box<str>>,
}

impl Awaited {
    /// Whether a person must release it.
    #[must_use]
    pub fn is_for_person(&self) -> bool {
        matches!(self, Self::Approval)
    }

    /// Whether an invariant holds it: it is asked again when the invariant's limit ends.
    #[must_use]
    pub fn is_for_invariant(&self) -> bool {
        matches!(self, Self::Invariant(..))
    }

    /// Whether a halt holds it.
    #[must_use]
    pub fn is_for_halt(&self) -> bool {
        matches!(self, Self::Halted(_))
    }

    /// Whether it is asked again when what keeps it ends.
    #[must_use]
    pub fn is_asked_again(&self) -> bool {
        matches!(self, Self::Invariant(..) | Self::Hold(_))
    }

    /// Whether a fact that changes releases it.
    #[must_use]
    pub fn is_for_fact(&self) -> bool {
        matches!(self, Self::Value(_) | Self::Template { .. })
    }
}

impl Reason {
    /// How something came to its time, where something moved it.
    #[must_use]
    pub fn of_moves(moves: Vec<Move>) -> Option<Self> {
        (moves.len() > 1).then_some(Self::Moved(moves))
    }

    /// How late the news of what ended something came.
    #[must_use]
    pub fn lateness(&self) -> Span {
        match self {
            Self::StoppedBy(_, age) | Self::ExitOn(_, age) | Self::SuppressedBy(_, age) => *age,
            _ => Span::ZERO,
        }
    }

    /// The invariant that something is held for, by its name.
    #[must_use]
    pub fn held_for(&self) -> Option<&str> {
        match self {
            Self::Awaits(awaited) => match &**awaited {
                Awaited::Invariant(name, _) => Some(name),
                Awaited::Approval
                | Awaited::Value(_)
                | Awaited::Template { .. }
                | Awaited::Halted(_)
                | Awaited::Hold(_) => None,
            },
            _ => None,
        }
    }
}

//! The slugs of reasons: what a program reads where people read a sentence. Listed in
//! `docs/reasons.md`; a sentence may be reworded, a slug stays.

use super::reason::{Awaited, Breach, Move, Reason};
use crate::calendar::Refusal;

/// Defines the slugs once: as variants, as texts and as a list.
macro_rules! codes {
    ($($name:ident $text:literal $doc:literal,)*) => {
        /// The slug of a reason.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $doc] $name,)*
        }

        impl Code {
            /// Every slug, in the order of the manual.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// As it stands in a line.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// What it stands for.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$name => $doc,)*
                }
            }
        }
    };
}

codes! {
    AlreadyPast "already-past" "its moment had passed when it was planned: it came to a later one",
    BestDay "best-day" "the best of several days was taken",
    ByHand "by-hand" "a person did it, and says why",
    Cap "cap" "a cap is full: it came to a later moment",
    Closed "closed" "the day is closed: it came to another, or has none",
    Gap "gap" "the touch before it was too near: it came to a later moment",
    Hold "hold" "a hold has moved it, or keeps it waiting",
    OutsideHours "outside-hours" "the channel is not open at that hour: it came to another, or has none",
    QuietHours "quiet-hours" "the channel is quiet at that hour: it came to another, or has none",
    MovedByHand "moved-by-hand" "a person has moved it",
    NoSuchTime "no-such-time" "there is no moment as it asks for",
    MissingTime "missing-time" "the time it is counted from, or would end at, is missing",
    TooLate "too-late" "the moment it was to come before is too near or has passed",
    NotInTime "not-in-time" "it could not be sent by its deadline",
    PutOff "put-off" "it was put off for as long as anything is",
    Approval "approval" "a person must release it, or did not in time",
    MissingValue "missing-value" "a value of its message is missing",
    TemplateError "template-error" "its template cannot be filled in",
    BreaksInvariant "breaks-invariant" "it would break an invariant",
    Halted "halted" "a person has halted it for everybody",
    Condition "condition" "its `if` does not hold",
    SkippedByHand "skipped-by-hand" "a person has skipped it",
    PutInPast "put-in-past" "a change of the rulebook puts it at a moment that has passed",
    ChannelSuppressed "channel-suppressed" "the lead may not be contacted on the channel",
    NoAddress "no-address" "the channel needs an address, and the lead has none that may be used",
    AddressBarred "address-barred" "the address bounced, opted out or complained, or is of somebody who was erased",
    SameAddress "same-address" "another lead had the address first and gets what goes to it",
    NoLongerSo "no-longer-so" "what its rule asks of the lead no longer holds",
    Requires "requires" "what the channel requires does not hold",
    NeverOpen "never-open" "the channel has no open hour",
    NoChannel "no-channel" "the rulebook has no such channel",
    Paused "paused" "the lead is paused without an end",
    Behind "behind" "it comes after a touch that waits without an end",
    Finished "finished" "all touches of the sequence are done",
    LeftTier "left-tier" "the lead left the sequence's tier",
    OtherStarted "other-started" "another sequence was started",
    Stopped "stopped" "a rule or a person stopped it",
    ExitOn "exit-on" "an event ended the sequence",
    Suppressed "suppressed" "the lead may not be contacted, or a stop of that moment stands against it",
    Removed "removed" "the rulebook no longer has it",
    NeverAgain "never-again" "the sequence is entered once only",
    AgainAfter "again-after" "the sequence may not be entered again yet",
    TierLocked "tier-locked" "a person has locked the tier",
    Overridden "overridden" "another rule wrote the tier first",
    Once "once" "the rule fires once, and has",
    AtMostOnce "at-most-once" "the rule has fired too short a time ago",
    TimePassed "time-passed" "what it waited for was learned of after its time had passed",
    Backfill "backfill" "it rests on history that was loaded, for which nothing goes out",
    Stale "stale" "what it reacts to is too old",
    Older "older" "what it says of the lead is of an earlier moment than what is known",
    PausedByHand "paused-by-hand" "a person has paused the lead, and no rule ends that",
    NotUndone "not-undone" "a rule cannot lift the suppression",
    UnknownName "unknown-name" "a person names something that the rulebook does not have",
    NothingAhead "nothing-ahead" "a person names a touch that does not lie ahead",
    NothingToApprove "nothing-to-approve" "a person approves what does not wait for it",
}

impl Reason {
    /// Its slug. Of several moves it is that of the last one, which led to the time it has.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Moved(moves) => moves.iter().rev().find_map(Move::code).unwrap_or(Code::AlreadyPast),
            Self::NoPlace(moves) => moves.iter().rev().find_map(Move::code).unwrap_or(Code::NoSuchTime),
            // Whether it still waits or has waited too long, its status says.
            Self::Awaits(awaited) | Self::Waited { awaited, .. } => awaited.code(),
            Self::NotInTime { .. } | Self::NotBefore { .. } => Code::NotInTime,
            Self::PutOff { .. } => Code::PutOff,
            Self::ConditionFails(..) => Code::Condition,
            Self::SkippedByHand => Code::SkippedByHand,
            Self::PutInPast(_) => Code::PutInPast,
            Self::ChannelSuppressed(..) => Code::ChannelSuppressed,
            Self::NoAddress(_) => Code::NoAddress,
            Self::AddressBarred(..) => Code::AddressBarred,
            Self::SameAddress(_) => Code::SameAddress,
            Self::NoLongerSo => Code::NoLongerSo,
            Self::Requires(..) => Code::Requires,
            Self::NeverOpen(..) => Code::NeverOpen,
            Self::NoChannel => Code::NoChannel,
            Self::NoneOf(reasons) => reasons.first().map_or(Code::NoChannel, Self::code),
            Self::NotOpenBefore(..) | Self::TooLate { .. } => Code::TooLate,
            Self::TimeMissing | Self::HoldEndMissing => Code::MissingTime,
            Self::NoSuchTime => Code::NoSuchTime,
            Self::HeldBy(_) => Code::Paused,
            Self::Behind(..) => Code::Behind,
            Self::Finished => Code::Finished,
            Self::Left(_) => Code::LeftTier,
            Self::Started(_) => Code::OtherStarted,
            Self::StoppedBy(..) => Code::Stopped,
            Self::ExitOn(..) => Code::ExitOn,
            Self::SuppressedBy(..) => Code::Suppressed,
            Self::Removed => Code::Removed,
            Self::NeverAgain => Code::NeverAgain,
            Self::AgainAfter(_) => Code::AgainAfter,
            Self::TierLocked => Code::TierLocked,
            Self::OverriddenBy(_) => Code::Overridden,
            Self::Once => Code::Once,
            Self::AtMostOncePer(_) => Code::AtMostOnce,
            Self::TimePassed => Code::TimePassed,
            Self::Backfill => Code::Backfill,
            Self::Stale { .. } => Code::Stale,
            Self::Older { .. } => Code::Older,
            Self::PausedByHand => Code::PausedByHand,
            Self::NotUndone(_) => Code::NotUndone,
            Self::UnknownChannel(_) | Self::UnknownTier(_) => Code::UnknownName,
            Self::NoTouchAhead(_) => Code::NothingAhead,
            Self::NothingToApprove(_) => Code::NothingToApprove,
            Self::Breach(Breach::After(_) | Breach::Already { .. }) => Code::BreaksInvariant,
        }
    }
}

impl Awaited {
    /// Its slug.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Approval => Code::Approval,
            Self::Value(_) => Code::MissingValue,
            Self::Template { .. } => Code::TemplateError,
            Self::Invariant(..) => Code::BreaksInvariant,
            Self::Halted(_) => Code::Halted,
            Self::Hold(_) => Code::Hold,
        }
    }
}

impl Move {
    /// The slug of what moved something; `None` for a moment it came to.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        Some(match self {
            Self::Nominal { .. } | Self::Place(_) => return None,
            Self::ByHand => Code::MovedByHand,
            Self::Held(_) => Code::Hold,
            Self::Best(_) => Code::BestDay,
            Self::Closed(refusal) | Self::ChannelClosed(_, refusal) => match refusal {
                Refusal::Closed(_) => Code::Closed,
                Refusal::OutsideHours { .. } => Code::OutsideHours,
                Refusal::Quiet(_) => Code::QuietHours,
            },
            Self::Cap { .. } => Code::Cap,
            Self::Gap(..) => Code::Gap,
            Self::Past => Code::AlreadyPast,
            Self::Waited(awaited) => awaited.code(),
        })
    }
}

//! Rules: trigger, state, guard and what follows from them.

use super::{Effect, Expr, ScoreId, SequenceId, SetId, TierId};
use crate::decimal::Decimal;
use crate::source::Range;
use crate::timestamp::Span;
use crate::units::{ClockTime, Length};

/// A rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its stable name: the label, or one derived from its text.
    pub label: String,
    /// Where it stands; its start is what `source` shows.
    pub range: Range,
    /// `why "…"`
    pub why: Option<String>,
    /// When it is looked at.
    pub trigger: Trigger,
    /// `while`
    pub while_: Option<State>,
    /// `where`
    pub guard: Option<Expr>,
    /// Where the conditions stand that `and` and `or` join in it.
    pub guard_parts: Vec<Range>,
    /// `once`, `at most once per D`
    pub limit: Option<Limit>,
    /// The arms, the first that matches acts; a plain rule has one, without a guard.
    pub arms: Vec<Arm>,
    /// From the standard vocabulary.
    pub standard: bool,
}

/// How often a rule may act on one lead.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// Once, ever.
    Once,
    /// At most once in so long, measured.
    AtMostOncePer(Span),
}

/// One line of a decision list, or the whole of a plain rule.
#[derive(Clone, Debug)]
pub struct Arm {
    /// `where E`
    pub guard: Option<Expr>,
    /// Where the conditions stand that `and` and `or` join in it.
    pub guard_parts: Vec<Range>,
    /// What it does.
    pub effects: Vec<Effect>,
    /// Its own `why`.
    pub why: Option<String>,
    /// Where it stands.
    pub range: Range,
}

/// When a rule is looked at.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each field is the part of its name")]
pub enum Trigger {
    /// `EVENT`
    Event(SetId),
    /// `EVENT Nx [within D] [without EVENT2]`; `times >= 1`.
    Count { set: SetId, times: u32, within: Option<Span>, without: Option<SetId> },
    /// `EVENT within D after EVENT2`
    Follows { set: SetId, within: Length, after: SetId },
    /// `no EVENT within D after EVENT2`
    AbsentAfter { set: SetId, within: Length, after: SetId },
    /// `no EVENT for D`, and `silent D` with the set of engagement events.
    Absent { set: SetId, length: Length, silent: bool },
    /// `idle D`: no next step lies ahead for so long.
    Idle { length: Length },
    /// `SCORE >= n` (upward) or `SCORE < n` (downward); `inclusive`: `>=` and `<=`.
    Score { score: ScoreId, upward: bool, inclusive: bool, value: Decimal },
    /// `becomes TIER`
    Becomes(TierId),
    /// `leaves TIER`
    Leaves(TierId),
    /// `finished SEQ`
    Finished(SequenceId),
    /// `enrolled SEQ`
    Enrolled(SequenceId),
    /// `exited SEQ`
    Exited(SequenceId),
    /// `every D`
    Every { length: Length },
    /// `every mon at 09:00`; days from Monday.
    EveryWeekday { days: [bool; 7], at: ClockTime },
}

impl Trigger {
    /// The events at which the rule fires; `None` where it fires at something else, or because nothing
    /// happens.
    #[must_use]
    pub fn event(&self) -> Option<SetId> {
        match self {
            Self::Event(set) | Self::Count { set, .. } | Self::Follows { set, .. } => Some(*set),
            Self::AbsentAfter { .. }
            | Self::Absent { .. }
            | Self::Idle { .. }
            | Self::Score { .. }
            | Self::Becomes(_)
            | Self::Leaves(_)
            | Self::Finished(_)
            | Self::Enrolled(_)
            | Self::Exited(_)
            | Self::Every { .. }
            | Self::EveryWeekday { .. } => None,
        }
    }

    /// The events whose properties the rule may ask, `event.x`: those at which it fires, and those after
    /// which an answer stays away.
    #[must_use]
    pub fn asked_event(&self) -> Option<SetId> {
        match self {
            Self::AbsentAfter { after, .. } => Some(*after),
            other => other.event(),
        }
    }

    /// Whether it comes nearer step by step: it waits for more than one event, or for time to pass
    /// without one.
    #[must_use]
    pub fn waits(&self) -> bool {
        match self {
            Self::Count { .. }
            | Self::Follows { .. }
            | Self::AbsentAfter { .. }
            | Self::Absent { .. }
            | Self::Idle { .. }
            | Self::Score { .. } => true,
            Self::Event(_)
            | Self::Becomes(_)
            | Self::Leaves(_)
            | Self::Finished(_)
            | Self::Enrolled(_)
            | Self::Exited(_)
            | Self::Every { .. }
            | Self::EveryWeekday { .. } => false,
        }
    }

    /// Whether its clock runs only while the rule's `while` holds, so that the rule is not even
    /// triggered without.
    #[must_use]
    pub fn runs_in_state(&self) -> bool {
        match self {
            Self::Absent { .. } | Self::Idle { .. } | Self::Every { .. } | Self::EveryWeekday { .. } => true,
            Self::Event(_)
            | Self::Count { .. }
            | Self::Follows { .. }
            | Self::AbsentAfter { .. }
            | Self::Score { .. }
            | Self::Becomes(_)
            | Self::Leaves(_)
            | Self::Finished(_)
            | Self::Enrolled(_)
            | Self::Exited(_) => false,
        }
    }
}

/// A `while` condition.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// In the tier.
    Tier(TierId),
    /// Enrolled in the sequence.
    In(SequenceId),
    /// Suppressed on every channel.
    Suppressed,
    /// No next step lies ahead.
    Idle,
    /// Not.
    Not(Box<State>),
    /// Both.
    And(Box<State>, Box<State>),
    /// Either.
    Or(Box<State>, Box<State>),
}

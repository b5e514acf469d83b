//! The compiled plan: for every event the rules that listen to it, and where each lead keeps what
//! they need. Made from a checked rulebook by [`Plan::compile`], read by `engine` alone.

use std::sync::Arc;

use crate::decimal::Decimal;
use crate::rulebook::{
    ExperimentId, Expr, FactId, PropId, RuleId, Rulebook, ScoreId, SequenceId, SetId, Table, TierId, TypeId,
};
use crate::timestamp::Span;
use crate::units::{Length, ZoneSource};

mod addresses;
mod compile;
mod gauge;
mod overrides;

pub(crate) use addresses::{Addresses, Notice};
pub(crate) use gauge::{Gauge, GaugeTest, Gauged, GaugedExperiment, Use, Wait};
pub(crate) use overrides::{HaltKind, Override, Overrides};

/// A rulebook, ready to run. Cheap to share between threads.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What it was compiled from.
    pub rulebook: Arc<Rulebook>,
    /// By type: what is asked of an event of that type, and the sets it is then in.
    pub(crate) dispatch: Table<TypeId, Vec<Test>>,
    /// By type: whether one event may both answer and ask, by different sets.
    pub(crate) answers_first: Table<TypeId, bool>,
    /// Whether an event of a type does more than happen: it tells facts, says something of an address, or is of
    /// a person's hand. Most events of a log do not.
    pub(crate) tells: Table<TypeId, bool>,
    /// By set: what an event of the set does to the lead's state.
    pub(crate) reactions: Table<SetId, Vec<Reaction>>,
    /// Rules that count.
    pub(crate) counters: Vec<Counter>,
    /// How many stamps the counters of one lead hold together.
    pub(crate) ring_len: usize,
    /// How many sets' last occurrence a lead keeps.
    pub(crate) last_len: usize,
    /// Where a set's last occurrence is kept.
    pub(crate) last_of: Table<SetId, Option<usize>>,
    /// `no A for D`, `silent D`.
    pub(crate) absences: Vec<Absence>,
    /// `A within D after B`, `no A within D after B`.
    pub(crate) pairs: Vec<Pair>,
    /// `every …`.
    pub(crate) periodics: Vec<Periodic>,
    /// By rule: where the moment of its last firing is kept, for rules with a limit.
    pub(crate) limit_slot: Table<RuleId, Option<usize>>,
    pub(crate) limit_len: usize,
    /// By rule: where its firings are numbered, for rules that send.
    pub(crate) firing_slot: Table<RuleId, Option<usize>>,
    pub(crate) firing_len: usize,
    /// By score: rules that fire on the way up, and on the way down.
    pub(crate) upward: Table<ScoreId, Vec<RuleId>>,
    pub(crate) downward: Table<ScoreId, Vec<Fall>>,
    pub(crate) fall_len: usize,
    /// `becomes`, `leaves` by tier; `enrolled`, `exited`, `finished` by sequence.
    pub(crate) becomes: Table<TierId, Vec<RuleId>>,
    pub(crate) leaves: Table<TierId, Vec<RuleId>>,
    pub(crate) enrolled: Table<SequenceId, Vec<RuleId>>,
    pub(crate) exited: Table<SequenceId, Vec<RuleId>>,
    pub(crate) finished: Table<SequenceId, Vec<RuleId>>,
    /// By tier: sequences that entering it enrolls in, in rulebook order.
    pub(crate) auto: Table<TierId, Vec<SequenceId>>,
    /// By tier: sequences that end where a lead leaves it. Those that an experiment enters in the place of others
    /// are among them.
    pub(crate) bound: Table<TierId, Vec<SequenceId>>,
    /// Sets whose occurrences `count(…, D)` asks for, with the longest `D`.
    pub(crate) histories: Vec<History>,
    /// By set: where its history is kept.
    pub(crate) history_of: Table<SetId, Option<usize>>,
    /// By set: where `count(…)` without a length is kept.
    pub(crate) total_of: Table<SetId, Option<usize>>,
    pub(crate) total_len: usize,
    /// Scores that scripts compute, each after those it reads.
    pub(crate) scripts: Vec<ScoreId>,
    /// By score: its place among `scripts`.
    pub(crate) script_of: Table<ScoreId, Option<usize>>,
    /// By sequence and touch: the experiment on it.
    pub(crate) experiment_at: Table<SequenceId, Vec<Option<ExperimentId>>>,
    /// By sequence: the experiment that compares it with others, whose first variant it is.
    pub(crate) compared: Table<SequenceId, Option<ExperimentId>>,
    /// Some template asks for properties of the event that led to the message.
    pub(crate) keeps_props: bool,
    /// What is measured, where somebody does.
    pub(crate) gauge: Option<Arc<Gauge>>,
    /// Some `while` asks whether a lead is idle.
    pub(crate) asks_idle: bool,
    /// The zone chain for times that belong to no channel.
    pub(crate) zones: Vec<ZoneSource>,
    /// The fact `owner_timezone`, where the rulebook declares one.
    pub(crate) owner_zone: Option<FactId>,
    /// What people do by hand, by type of event.
    pub(crate) overrides: Overrides,
    /// Which facts are addresses, and what bars one.
    pub(crate) addresses: Addresses,
    /// Whether some cap counts across accounts, so that all leads must be run together.
    pub(crate) crosses_accounts: bool,
}

/// Conditions on an event of one type, and the sets it is in when they hold.
#[derive(Clone, Debug)]
pub(crate) struct Test {
    pub conditions: Vec<Condition>,
    pub sets: Vec<SetId>,
    /// Some set of it stands in another test of the type as well, and must not react twice.
    pub shares: bool,
}

/// A condition on an event; the two that nearly all are asked without evaluating a tree.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Condition {
    /// `not (machine ?? false)`
    NotTrue(PropId),
    /// `page == "pricing"`
    Is(PropId, Box<str>),
    /// Any other.
    Expr(Expr),
}

/// What an event of a set does, in the order of the variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reaction {
    /// `touches` counts from zero again.
    ResetTouches,
    /// Empties a count (`without`).
    Empty(usize),
    /// Is the A of `[no] A within D after B`.
    Answer(usize),
    /// Is its B.
    Ask(usize),
    /// Is remembered as the last of its set.
    Last(usize),
    /// Lets `no A for D` wait again.
    Rearm(usize),
    /// Is remembered for `count(…, D)`.
    Remember(usize),
    /// Is counted for `count(…)`.
    Total(usize),
    /// Brings points: score, index of the line.
    Points(ScoreId, usize),
    /// Runs the script of a score.
    Script(usize),
    /// Is counted.
    Count(usize),
    /// Triggers a rule.
    Fire(RuleId),
    /// Ends enrollments (`exit on`).
    Exit(SequenceId, SetId),
}

impl Reaction {
    /// Whether it is about an earlier event, and so comes before what the event itself begins.
    pub fn answers(self) -> bool {
        matches!(self, Self::Answer(_))
    }
}

/// A rule that counts and where a lead keeps its count.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counter {
    pub rule: RuleId,
    pub times: usize,
    pub within: Option<Span>,
    /// Where the last emptying event is kept.
    pub emptied: Option<usize>,
    /// First stamp in the lead's ring.
    pub start: usize,
    /// How many stamps.
    pub len: usize,
}

/// `no A for D while S`, `idle D`: index of a lead's `absences`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Absence {
    pub rule: RuleId,
    /// Where the last A is kept; `None` for `idle`.
    pub last: Option<usize>,
    pub length: Length,
}

/// `A within D after B`, `no A within D after B`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub rule: RuleId,
    pub within: Length,
    /// Whether the rule acts where an A came in time, and not where none did.
    pub yes: bool,
    /// Whether the rule asks for properties of the event it is about: the A, or the B without one.
    pub keeps_props: bool,
}

/// `every …`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Periodic {
    pub rule: RuleId,
}

/// A rule that fires when a score falls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fall {
    pub rule: RuleId,
    /// Where a lead keeps whether the score was above.
    pub slot: usize,
    pub value: Decimal,
    pub inclusive: bool,
}

/// Occurrences kept for `count(SET, D)`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct History {
    pub longest: Span,
}

impl Plan {
    /// Whether an event of a type may name an address.
    pub(crate) fn may_name_address(&self, ty: Option<crate::rulebook::TypeId>) -> bool {
        ty.is_some_and(|ty| !self.addresses.carriers(ty).is_empty())
    }

    /// Whether some rule or cap counts across accounts, so that leads cannot be run apart.
    #[must_use]
    pub fn crosses_accounts(&self) -> bool {
        self.crosses_accounts
    }
}

//! Metrics: what is measured over the log and what the engine decided, and what is good.

use super::{Arithmetic, Expr, MetricId, Person, SetId, State};
use crate::source::Range;
use crate::units::{Length, Period};
pub use crate::units::{RowsOf, Statistic};

/// `metric NAME = MEASURE { … }`
#[derive(Clone, Debug)]
pub struct Metric {
    /// Its name.
    pub name: String,
    /// One of the standard metrics.
    pub standard: bool,
    /// Its place among all metrics, the standard ones first.
    pub rank: usize,
    /// Where its name stands.
    pub range: Range,
    /// Its section of reports.
    pub kind: MetricKind,
    /// What is measured.
    pub measure: Measure,
    /// What its values are.
    pub unit: MetricUnit,
    /// What it is broken down by, one at a time.
    pub by: Vec<Breakdown>,
    /// Rows that meet this are left out.
    pub except: Option<(SetId, Length)>,
    /// The outcome may come from anyone of the account.
    pub credit_account: bool,
    /// Goals, each from a day on, the first from ever.
    pub targets: Vec<MetricTarget>,
    /// Whether less is better; `None` where nobody says.
    pub lower_is_better: Option<bool>,
    /// Reference values.
    pub benchmarks: Vec<Benchmark>,
    /// With fewer rows it is shown and never judged.
    pub least: u32,
    /// Who is told when it goes wrong.
    pub alerts: Vec<MetricAlert>,
    /// What to do when it is off.
    pub remedy: Option<String>,
    /// What it is for.
    pub why: Option<String>,
}

/// The sections of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum MetricKind {
    Activity,
    Engagement,
    Conversion,
    Efficiency,
}

impl MetricKind {
    /// All, in the order of reports.
    pub const ALL: [Self; 4] = [Self::Activity, Self::Engagement, Self::Conversion, Self::Efficiency];

    /// The word of the language.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Activity => "activity",
            Self::Engagement => "engagement",
            Self::Conversion => "conversion",
            Self::Efficiency => "efficiency",
        }
    }
}

/// What the values of a metric are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricUnit {
    /// How many.
    Count,
    /// A part of a whole, from 0 to 1; people see percent.
    Share,
    /// Microseconds.
    Length,
    /// A number.
    Number,
}

impl MetricUnit {
    /// As reports for programs name it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Share => "share",
            Self::Length => "length",
            Self::Number => "number",
        }
    }
}

/// What is measured.
#[derive(Clone, Debug)]
pub enum Measure {
    /// How many rows.
    Count(Rows),
    /// Which part of the rows has all outcomes.
    Share {
        /// The rows.
        rows: Rows,
        /// What each must have.
        outcomes: Vec<RowOutcome>,
    },
    /// A statistic of a value of each row.
    Statistic {
        /// Which.
        statistic: Statistic,
        /// The value, judged at the row.
        value: Expr,
        /// As it is written.
        text: String,
        /// The rows.
        rows: Rows,
    },
    /// How long it takes from a row to an event.
    Time {
        /// Which part of the rows.
        quantile: Statistic,
        /// Measured in open hours of the lead's calendar.
        open: bool,
        /// The rows.
        rows: Rows,
        /// The event.
        event: SetId,
        /// Waited for so long.
        within: Length,
    },
    /// How many of the rows reach each event.
    Steps {
        /// The rows.
        rows: Rows,
        /// The events, in order.
        steps: Vec<SetId>,
        /// Waited for so long.
        within: Length,
    },
    /// Made of other metrics.
    Formula(Formula),
}

impl Measure {
    /// What it has a row for; nothing where it is made of other metrics.
    #[must_use]
    pub fn rows(&self) -> Option<&Rows> {
        match self {
            Self::Count(rows)
            | Self::Share { rows, .. }
            | Self::Statistic { rows, .. }
            | Self::Time { rows, .. }
            | Self::Steps { rows, .. } => Some(rows),
            Self::Formula(_) => None,
        }
    }

    /// Whether it is known how sure its value is: sums, counts, quantiles of values and formulas are what they are.
    #[must_use]
    pub fn has_interval(&self) -> bool {
        match self {
            Self::Share { .. } | Self::Time { .. } | Self::Steps { .. } => true,
            Self::Statistic { statistic, .. } => *statistic == Statistic::Mean,
            Self::Count(_) | Self::Formula(_) => false,
        }
    }

    /// Whether it can be known that it changed: also of a count, by how often rows come.
    #[must_use]
    pub fn changes_surely(&self) -> bool {
        self.has_interval() || matches!(self, Self::Count(_))
    }

    /// How long one must wait after a row to know all of it.
    #[must_use]
    pub fn waits(&self) -> Vec<Length> {
        match self {
            Self::Share { outcomes, .. } => outcomes.iter().filter_map(RowOutcome::wait).collect(),
            Self::Time { within, .. } | Self::Steps { within, .. } => vec![*within],
            Self::Count(_) | Self::Statistic { .. } | Self::Formula(_) => Vec::new(),
        }
    }
}

/// What a metric has a row for.
#[derive(Clone, Debug)]
pub struct Rows {
    /// Events, or leads or accounts with such an event in a period.
    pub of: RowsOf,
    /// The events; `None` for every lead as it stands when a period ends.
    pub set: Option<SetId>,
    /// `while`
    pub state: Option<State>,
    /// `where`
    pub guard: Option<Expr>,
    /// As they are written.
    pub text: String,
}

/// What a row must have to count for a share.
#[derive(Clone, Debug)]
pub enum RowOutcome {
    /// Such an event within a length from the row on.
    Event {
        /// The event.
        set: SetId,
        /// How long.
        within: Length,
    },
    /// No such event within a length.
    Without {
        /// The event.
        set: SetId,
        /// How long.
        within: Length,
    },
    /// The row is itself such an event.
    Own(SetId),
    /// A condition, judged at the row, or so much later.
    Condition {
        /// The condition.
        expr: Expr,
        /// How much later.
        after: Option<Length>,
        /// As it is written.
        text: String,
    },
}

impl RowOutcome {
    /// How long one must wait to know.
    #[must_use]
    pub fn wait(&self) -> Option<Length> {
        match self {
            Self::Event { within, .. } | Self::Without { within, .. } => Some(*within),
            Self::Condition { after, .. } => *after,
            Self::Own(_) => None,
        }
    }
}

/// What a metric is broken down by.
#[derive(Clone, Debug, PartialEq)]
pub struct Breakdown {
    /// As it is written: `tier`, `(tier, channel)`.
    pub name: String,
    /// Its parts; more than one of a pair.
    pub parts: Vec<DimensionPart>,
}

/// One part of a breakdown.
#[derive(Clone, Debug, PartialEq)]
pub struct DimensionPart {
    /// Its name.
    pub name: String,
    /// Where its value comes from.
    pub source: DimensionSource,
    /// Where numbers are cut into ranges, ascending.
    pub edges: Vec<crate::decimal::Decimal>,
}

/// Where the value of a breakdown comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum DimensionSource {
    /// What the lead or the row says.
    Expr(Expr),
    /// The day of the week on which the row falls, in the lead's zone.
    Weekday,
    /// The hour of the day, in the lead's zone.
    Hour,
}

/// What is aimed at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MetricTarget {
    /// The goal, in the unit of the metric.
    pub goal: Goal,
    /// The first day of it, as days since 1970-01-01; `None` from ever.
    pub from: Option<i32>,
}

/// A goal, in the unit of its metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// `>= x`, `> x`
    AtLeast(f64),
    /// `<= x`, `< x`
    AtMost(f64),
    /// `a..b`
    Between(f64, f64),
}

impl Goal {
    /// Whether a value meets it.
    #[must_use]
    pub fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
            Self::Between(least, most) => (least..=most).contains(&value),
        }
    }
}

/// Who is told when a metric goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricAlert {
    /// Who.
    pub to: Person,
    /// When it goes wrong.
    pub when: AlertWhen,
    /// Judged once for each of these, when it is complete and ripe.
    pub each: Period,
    /// Where the clause stands.
    pub range: Range,
}

/// When a metric goes wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AlertWhen {
    /// It surely misses its target, or misses it so many periods in a row.
    OffTarget {
        /// `None`: only where it is sure. Of what has no interval it is never `None`.
        periods: Option<u32>,
    },
    /// It is surely by this part below the four periods before.
    Down(f64),
    /// It is surely by this part above the four periods before.
    Up(f64),
    /// It has no row for so long.
    NoneFor(Length),
}

/// A reference value.
#[derive(Clone, Debug, PartialEq)]
pub struct Benchmark {
    /// The value, in the unit of the metric.
    pub value: f64,
    /// The end of its range.
    pub to: Option<f64>,
    /// Who found it, and over what.
    pub source: String,
}

/// A metric made of others.
#[derive(Clone, Debug)]
pub enum Formula {
    /// Another metric.
    Metric(MetricId),
    /// A number, or a constant.
    Number(f64),
    /// `-x`
    Negate(Box<Self>),
    /// `a + b`
    Apply(Arithmetic, Box<Self>, Box<Self>),
}

impl Formula {
    /// Calls `f` with every metric in it.
    pub fn metrics(&self, f: &mut impl FnMut(MetricId)) {
        match self {
            Self::Metric(metric) => f(*metric),
            Self::Number(_) => {}
            Self::Negate(inner) => inner.metrics(f),
            Self::Apply(_, a, b) => {
                a.metrics(f);
                b.metrics(f);
            }
        }
    }
}

/// What counts as reaching out to a lead, beside messages of the engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reaching {
    /// The sets of such events: `called`, `wrote`, `done`.
    pub contacts: Vec<SetId>,
}

/// A standard metric that this rulebook cannot have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOutMetric {
    /// Its name.
    pub name: String,
    /// What it asks for, as the finding says it.
    pub why: String,
}

//! Metrics as they are written: what is measured, how it is broken down, and what is good.

use super::*;
pub use crate::units::{RowsOf, Statistic};

/// `metric NAME = MEASURE [{ CLAUSES }] [why "…"]`
#[derive(Clone, Debug, PartialEq)]
pub struct MetricDecl {
    /// The metric's name.
    pub name: Name,
    /// What is measured.
    pub measure: At<Measure>,
    /// Its clauses, in order.
    pub clauses: Vec<At<MetricClause>>,
    /// `why "…"`
    pub why: Option<Text>,
}

/// What a metric measures.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each field is the part of its name")]
pub enum Measure {
    /// `count booked`
    Count(Rows),
    /// `share of demo with picked_up within 5m`
    Share { rows: Rows, outcomes: Vec<At<Outcome>> },
    /// `median attempts of replied`
    Statistic { statistic: Statistic, value: Expr, rows: Rows },
    /// `median open time from replied to picked_up within 10d`
    Time { quantile: Statistic, open: bool, rows: Rows, event: EventRef, within: Option<At<Length>> },
    /// `steps created, contacted, replied within 120d`
    Steps { rows: Rows, steps: Vec<EventRef>, within: Option<At<Length>> },
    /// `pipeline / quota`
    Formula(Expr),
}

/// What a metric has a row for.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// One row for each lead or account in a period, or, without events, as it stands when the period ends.
    pub of: RowsOf,
    /// One row for each of these.
    pub events: Vec<EventRef>,
    /// `while STATE`
    pub while_: Option<State>,
    /// `where EXPR`
    pub guard: Option<Expr>,
    /// Where it stands.
    pub range: Range,
}

/// What a row must meet to count for a share.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each field is the part of its name")]
pub enum Outcome {
    /// `replied within 14d`
    Event { event: EventRef, within: At<Length> },
    /// `no picked_up within 1bd`
    Without { event: EventRef, within: Option<At<Length>> },
    /// `outcome == "answered"`; one of the row's own events: `won`; with a length: judged so much later.
    Expr { value: Expr, after: Option<At<Length>> },
}

/// One clause of a metric.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each field is the part of its name")]
pub enum MetricClause {
    /// `kind engagement`
    Kind(Name),
    /// `by tier, deal_value [10_000, 50_000]`
    By(Vec<At<Dimension>>),
    /// `except bounced within 3d`
    Except { event: EventRef, within: Option<At<Length>> },
    /// `credit account`
    CreditAccount,
    /// `target >= 8% from 2026-01-01`
    Target { goal: Goal, from: Option<Expr> },
    /// `better lower`
    Better { lower: bool },
    /// `benchmark 6..8 "source"`
    Benchmark { value: At<Amount>, to: Option<At<Amount>>, source: Option<Text> },
    /// `least 30`
    Least(At<u32>),
    /// `remedy "…"`
    Remedy(Text),
    /// `alert manager when down 10% each month`
    Alert { to: Name, when: At<AlertWhen>, each: Option<Name> },
}

/// When a metric makes an alert.
#[derive(Clone, Debug, PartialEq)]
pub enum AlertWhen {
    /// `off target for 2 weeks`
    OffTarget(Option<(At<u32>, Name)>),
    /// `down 10%`
    Down(At<Decimal>),
    /// `up 10%`
    Up(At<Decimal>),
    /// `none for 3bd`
    NoneFor(At<Length>),
}

/// What a metric is broken down by: one name, or a pair of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Dimension {
    /// The parts.
    pub parts: Vec<DimensionPart>,
}

/// One name of a breakdown.
#[derive(Clone, Debug, PartialEq)]
pub struct DimensionPart {
    /// A fact, a property, a score, or a word such as `weekday`.
    pub name: Name,
    /// `[10_000, 50_000]`
    pub edges: Vec<At<Decimal>>,
}

/// What a target asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Goal {
    /// `>= 8%`
    Compare(At<BinaryOp>, At<Amount>),
    /// `6..8`
    Between(At<Amount>, At<Amount>),
}

/// A value as targets and benchmarks write it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Amount {
    /// `8%`
    Percent(Decimal),
    /// `6`
    Number(Decimal),
    /// `5m`
    Length(Length),
}

/// `expect metric reply_rate by channel "sms" 1 of 1 at +21d`
#[derive(Clone, Debug, PartialEq)]
pub struct MeasuredExpect {
    /// The metric.
    pub metric: Name,
    /// `by channel "sms"`
    pub group: Option<(Name, Text)>,
    /// What it shows.
    pub shows: At<Shown>,
    /// As of when; without it, when the test ends.
    pub at: Option<At<Moment>>,
}

/// What a metric is expected to show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shown {
    /// `1 of 2`: outcomes and rows.
    Of(u64, u64),
    /// `4d`, `8%`, `6`
    Value(Amount),
    /// `-`: there are no rows.
    Nothing,
}

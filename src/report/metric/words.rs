//! The words of metrics: values with their units, formulas from the definition, goals, periods.

use chrono::Datelike;

use super::Drawn;
use super::entry::MetricEntry;
use crate::metric::figure::{Figure, Shift};
use crate::metric::period::{Cut, Periods, Stretch};
use crate::metric::table::PeriodFigure;
pub use crate::metric::value::value;
use crate::metric::value::{number, short};
use crate::plan::Plan;
use crate::rulebook::metric::{Benchmark, Formula, Goal, Measure, MetricUnit, RowOutcome, Rows};
use crate::rulebook::{Arithmetic, Metric, RowsOf, SetId};
use crate::units::{Length, Period, Unit};
use crate::words::many;

/// A number of a report: its value, with what it is made of.
#[must_use]
pub fn figure(metric: &Metric, figure: &Figure) -> String {
    let Some(shown) = figure.value.or(figure.more) else {
        return if figure.unripe > 0 && figure.rows == 0 {
            format!("so far {}/{}", figure.so_far, figure.unripe)
        } else {
            String::from("-")
        };
    };
    let more = if figure.more.is_some() { "> " } else { "" };
    let text = format!("{more}{}", value(metric.unit, shown));
    match metric.measure {
        Measure::Share { .. } | Measure::Time { .. } | Measure::Steps { .. } => {
            format!("{text} {}/{}", figure.outcomes, figure.rows)
        }
        Measure::Statistic { .. } => format!("{text} of {}", figure.rows),
        Measure::Count(_) | Measure::Formula(_) => text,
    }
}

/// `+3.1 pt`, `-2d 4h`, `+12 %`; with a sign where it is sure, with `~` where it may be chance.
#[must_use]
pub fn change(metric: &Metric, change: &Shift) -> String {
    let mark = match (change.sure, change.by < 0.0) {
        (true, true) => "▼",
        (true, false) => "▲",
        (false, _) => "~",
    };
    if change.by == 0.0 { String::from("=") } else { format!("{mark} {}", change_by(metric, change)) }
}

/// `+3.1 pt`
#[must_use]
pub fn change_by(metric: &Metric, change: &Shift) -> String {
    let sign = if change.by < 0.0 { "-" } else { "+" };
    let by = change.by.abs();
    match (&metric.measure, metric.unit) {
        (Measure::Count(_), _) => format!("{sign}{} %", short(by * 100.0)),
        (_, MetricUnit::Share) => format!("{sign}{} pt", short(by * 100.0)),
        (_, unit) => format!("{sign}{}", value(unit, by)),
    }
}

/// What is known of how a number changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PeriodChange<'a> {
    /// There is nothing to compare it with.
    Unknown,
    /// One of the two numbers rests on too few rows.
    Few,
    /// It changed so.
    Shift(&'a Shift),
}

/// How the number of a period changed.
#[must_use]
pub fn period_change<'a>(metric: &Metric, period: &'a PeriodFigure) -> PeriodChange<'a> {
    let few = |figure: &Figure| metric.measure.rows().is_some() && figure.is_few(metric);
    let Some(before) = &period.before else { return PeriodChange::Unknown };
    if few(&period.figure) || few(before) {
        return PeriodChange::Few;
    }
    period.change.as_ref().map_or(PeriodChange::Unknown, PeriodChange::Shift)
}

/// A change with its sign and a word: `+3.1 pt, better`, `-2 %, unsure`.
#[must_use]
pub fn change_told(metric: &Metric, shift: &Shift) -> String {
    let text = change_by(metric, shift);
    let word = match (shift.by == 0.0, shift.sure, is_worse(metric, shift)) {
        (true, ..) => return String::from("same"),
        (_, false, _) => "unsure",
        (_, true, Some(true)) => "worse",
        (_, true, Some(false)) => "better",
        (_, true, None) => "sure",
    };
    format!("{text}, {word}")
}

/// Whether a change is for the worse; `None` where nobody says which way is better.
#[must_use]
pub fn is_worse(metric: &Metric, shift: &Shift) -> Option<bool> {
    metric.lower_is_better.map(|lower| (shift.by > 0.0) == lower)
}

/// Whether a benchmark says of itself that nobody knows where it comes from.
#[must_use]
pub fn is_unsourced(benchmark: &Benchmark) -> bool {
    ["no source", "without a source", "unsourced"].iter().any(|said| benchmark.source.contains(said))
}

/// What a line across a picture stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ReferenceLine<'a> {
    /// What is aimed at now: a solid line.
    Target(MetricUnit, Goal),
    /// What others report: a dashed line.
    Benchmark(MetricUnit, &'a Benchmark),
    /// What is said, and nobody knows by whom: a dotted line.
    Unsourced(MetricUnit, &'a Benchmark),
}

impl ReferenceLine<'_> {
    /// `target >= 8 %`, `benchmark 8.5 % (…)`
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Target(unit, to) => format!("target {}", goal(*unit, *to)),
            Self::Benchmark(unit, of) | Self::Unsourced(unit, of) => format!("benchmark {}", benchmark(*unit, of)),
        }
    }
}

/// The target of the last period that is over, then the benchmarks.
#[must_use]
pub fn references<'a>(entry: &MetricEntry<'a>) -> Vec<ReferenceLine<'a>> {
    let unit = entry.metric.unit;
    let goal = entry.last_complete(entry.all).and_then(|last| last.goal).map(|goal| ReferenceLine::Target(unit, goal));
    let benchmarks = entry.metric.benchmarks.iter().map(|benchmark| {
        if is_unsourced(benchmark) {
            ReferenceLine::Unsourced(unit, benchmark)
        } else {
            ReferenceLine::Benchmark(unit, benchmark)
        }
    });
    goal.into_iter().chain(benchmarks).collect()
}

/// The title of a report as a page.
pub const TITLE: &str = "What follow-ups achieve";

/// What the part about experiments is called.
pub const EXPERIMENTS: &str = "Experiments";

/// A text that begins with a capital letter.
#[must_use]
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What must be known of every number of a log that was never handed over.
pub const SIMULATED: &str = "nothing of this log was handed over: what was sent is what the rules would have sent, and what leads did answers what was really sent";

/// The line that can be grepped.
#[must_use]
pub fn summary(drawn: &Drawn<'_>) -> String {
    let shown = &drawn.table.periods;
    let end = shown.shown.last().map(|stretch| shown.zone.to_local(stretch.to).date().to_string());
    let as_of = shown.zone.to_local(drawn.table.as_of).format("%Y-%m-%d %H:%M");
    format!(
        "report: {}, {} to {} ({}), {}, as of {as_of}\n",
        many(drawn.table.metrics.len() as u32, "metric"),
        periods(shown),
        end.unwrap_or_else(|| String::from("no end")),
        shown.zone.name(),
        many(drawn.table.entries as u32, "event"),
    )
}

/// `>= 8 %`, `<= 5m`, `6 to 8`
#[must_use]
pub fn goal(unit: MetricUnit, goal: Goal) -> String {
    match goal {
        Goal::AtLeast(least) => format!(">= {}", value(unit, least)),
        Goal::AtMost(most) => format!("<= {}", value(unit, most)),
        Goal::Between(least, most) => format!("{} to {}", value(unit, least), value(unit, most)),
    }
}

/// When a goal is missed: `below 8 %`, `over 5m`.
#[must_use]
pub fn off_goal(unit: MetricUnit, goal: Goal) -> String {
    match goal {
        Goal::AtLeast(least) => format!("below {}", value(unit, least)),
        Goal::AtMost(most) => format!("over {}", value(unit, most)),
        Goal::Between(least, most) => format!("not {} to {}", value(unit, least), value(unit, most)),
    }
}

/// `8.5 % (Backlinko and Pitchbox: …)`
#[must_use]
pub fn benchmark(unit: MetricUnit, benchmark: &Benchmark) -> String {
    let from = value(unit, benchmark.value);
    let range = benchmark.to.map_or(from.clone(), |to| format!("{from} to {}", value(unit, to)));
    format!("{range} ({})", benchmark.source)
}

/// What a period is called: `Jan`, `2 Mar`, `2026 Q1`.
#[must_use]
pub fn period(periods: &Periods, stretch: Stretch) -> String {
    let day = periods.zone.to_local(stretch.from).date();
    match periods.cut {
        Cut::Calendar(Period::Month) => day.format("%b").to_string(),
        Cut::Calendar(Period::Quarter) => format!("{} Q{}", day.year(), day.month0() / 3 + 1),
        Cut::Calendar(Period::Year) => day.year().to_string(),
        Cut::Range(first, last) => format!("{} to {}", first.format("%-d %b"), last.format("%-d %b")),
        Cut::Calendar(Period::Day | Period::Week) | Cut::Days(_) => day.format("%-d %b").to_string(),
    }
}

/// `4 months`, `8 weeks`, `3 times 28 days`
#[must_use]
pub fn periods(periods: &Periods) -> String {
    let count = periods.shown.len() as u32;
    match periods.cut {
        Cut::Calendar(period) => many(count, period.word()),
        Cut::Days(days) => format!("{} of {}", many(count, "period"), many(days, "day")),
        Cut::Range(..) => String::from("1 period"),
    }
}

/// `14 days`, `1 open day`
fn length(length: Length) -> String {
    let noun = match length.unit {
        Unit::Second => "second",
        Unit::Minute => "minute",
        Unit::Hour => "hour",
        Unit::Day => "day",
        Unit::Week => "week",
        Unit::BusinessHour => "open hour",
        Unit::BusinessDay => "open day",
    };
    many(length.amount, noun)
}

/// What a metric is, from its definition.
#[must_use]
pub fn formula(plan: &Plan, metric: &Metric) -> String {
    let set = |id: SetId| plan.rulebook.sets.get(id).map_or("", |set| set.text.as_str());
    let mut text = match &metric.measure {
        Measure::Count(rows) => format!("the number of {}", row_words(rows)),
        Measure::Share { rows, outcomes } => {
            let outcomes: Vec<String> = outcomes.iter().map(|outcome| outcome_words(outcome, set)).collect();
            format!("{} that {} / {}", row_words(rows), outcomes.join(" and "), row_words(rows))
        }
        Measure::Statistic { statistic, text, rows, .. } => {
            format!("the {} of {text} over {}", statistic.word(), row_words(rows))
        }
        Measure::Time { quantile, open, rows, event, within } => {
            let time = if *open { "open time" } else { "time" };
            format!(
                "the {} {time} from {} to {}, waited for {}",
                quantile.word(),
                row_words(rows),
                set(*event),
                length(*within)
            )
        }
        Measure::Steps { rows, steps, within } => {
            let steps: Vec<&str> = steps.iter().map(|step| set(*step)).collect();
            format!("{} that reached {} within {}", row_words(rows), steps.join(", "), length(*within))
        }
        Measure::Formula(formula) => formula_words(plan, formula, 0),
    };
    if let Some((except, within)) = metric.except {
        text = format!("{text}, without those with {} within {}", set(except), length(within));
    }
    text
}

fn row_words(rows: &Rows) -> String {
    match rows.of {
        RowsOf::Leads if rows.set.is_none() => rows.text.clone(),
        _ => rows.text.clone(),
    }
}

fn outcome_words<'a>(outcome: &RowOutcome, set: impl Fn(SetId) -> &'a str) -> String {
    match outcome {
        RowOutcome::Event { set: event, within } => format!("had {} within {}", article(set(*event)), length(*within)),
        RowOutcome::Without { set: event, within } => format!("had no {} within {}", set(*event), length(*within)),
        RowOutcome::Own(event) => format!("were {}", set(*event)),
        RowOutcome::Condition { text, after: None, .. } => format!("had {text}"),
        RowOutcome::Condition { text, after: Some(after), .. } => format!("had {text} after {}", length(*after)),
    }
}

fn article(word: &str) -> String {
    let vowel = word.starts_with(['a', 'e', 'i', 'o']) || word.starts_with("un");
    format!("{} {word}", if vowel { "an" } else { "a" })
}

fn formula_words(plan: &Plan, formula: &Formula, binds: u8) -> String {
    match formula {
        Formula::Metric(id) => plan.rulebook.metrics.name(*id).to_owned(),
        Formula::Number(value) => number(*value),
        Formula::Negate(inner) => format!("-{}", formula_words(plan, inner, 3)),
        Formula::Apply(arithmetic, a, b) => {
            let (sign, own) = match arithmetic {
                Arithmetic::Add => ("+", 1),
                Arithmetic::Subtract => ("-", 1),
                Arithmetic::Multiply => ("*", 2),
                Arithmetic::Divide => ("/", 2),
            };
            let text = format!("{} {sign} {}", formula_words(plan, a, own), formula_words(plan, b, own + 1));
            if own < binds { format!("({text})") } else { text }
        }
    }
}

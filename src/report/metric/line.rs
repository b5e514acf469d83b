//! A report for programs: one line a metric, period and group, as JSON or CSV.

use std::fmt::Write as _;

use serde::Serialize;

use super::{Drawn, csv, experiment, words};
use crate::metric::table::{GroupRows, PeriodFigure};
use crate::rulebook::Metric;
use crate::rulebook::metric::{Goal, MetricUnit};

/// One number, with keys in the order of the manual.
#[derive(Serialize)]
struct Line<'a> {
    metric: &'a str,
    kind: &'static str,
    period: String,
    from: String,
    to: String,
    complete: bool,
    group: Option<String>,
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    unit: &'static str,
    rows: u64,
    outcomes: u64,
    left_out: u64,
    unripe: u64,
    so_far: u64,
    sum: Option<f64>,
    before: Option<f64>,
    change: Option<f64>,
    change_low: Option<f64>,
    change_high: Option<f64>,
    sure: Option<bool>,
    within: Option<f64>,
    mix: Option<f64>,
    target: Option<String>,
    met: Option<&'static str>,
    benchmark: Option<String>,
    formula: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    simulated: bool,
}

/// The names of the columns of a table of these.
const COLUMNS: &str = "metric,kind,period,from,to,complete,group,value,low,high,unit,rows,outcomes,left_out,unripe,so_far,sum,before,change,change_low,change_high,sure,within,mix,target,met,benchmark,formula,simulated";

/// One JSON object a line.
#[must_use]
pub fn jsonl(drawn: &Drawn<'_>) -> String {
    let mut out = String::new();
    each(drawn, |line| {
        if let Ok(text) = serde_json::to_string(line) {
            let _ = writeln!(out, "{text}");
        }
    });
    out.push_str(&experiment::jsonl(drawn));
    out
}

/// Comma-separated values with a line of names.
#[must_use]
pub fn csv(drawn: &Drawn<'_>) -> String {
    let mut out = csv::row(COLUMNS.split(','));
    each(drawn, |line| {
        let Ok(serde_json::Value::Object(object)) = serde_json::to_value(line) else { return };
        let cells: Vec<String> = COLUMNS.split(',').map(|column| text(object.get(column))).collect();
        out.push_str(&csv::row(cells.iter().map(String::as_str)));
    });
    out
}

fn text(value: Option<&serde_json::Value>) -> String {
    match value {
        None | Some(serde_json::Value::Null) => String::new(),
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn each(drawn: &Drawn<'_>, mut write: impl FnMut(&Line<'_>)) {
    for rows in &drawn.table.metrics {
        let Some(metric) = drawn.plan.rulebook.metrics.get(rows.metric) else { continue };
        for group in &rows.groups {
            for (at, period) in group.periods.iter().enumerate() {
                if let Some(line) = line(drawn, metric, group, (at, period)) {
                    write(&line);
                }
            }
        }
    }
}

fn line<'a>(
    drawn: &Drawn<'_>,
    metric: &'a Metric,
    group: &GroupRows,
    (at, period): (usize, &PeriodFigure),
) -> Option<Line<'a>> {
    let periods = &drawn.table.periods;
    let stretch = periods.shown.get(at)?;
    let figure = &period.figure;
    let scale = |value: f64| scaled(metric.unit, value);
    let change = period.change.as_ref();
    let end = |pick: fn(crate::statistics::Interval) -> f64| {
        change.and_then(|change| change.interval).map(pick).filter(|end| end.is_finite()).map(scale)
    };
    Some(Line {
        metric: &metric.name,
        kind: metric.kind.word(),
        period: words::period(periods, *stretch),
        from: periods.zone.to_local(stretch.from).date().to_string(),
        to: periods.zone.to_local(stretch.to).date().to_string(),
        complete: !(periods.running && at + 1 == periods.shown.len()),
        group: group.group.as_ref().map(|(by, label)| {
            let name = metric.by.get(usize::from(*by)).map_or("", |by| by.name.as_str());
            format!("{name}={label}")
        }),
        value: figure.value.map(scale),
        low: figure.low.map(scale),
        high: figure.high.map(scale),
        unit: metric.unit.word(),
        rows: figure.rows,
        outcomes: figure.outcomes,
        left_out: figure.left_out,
        unripe: figure.unripe,
        so_far: figure.so_far,
        sum: figure.sum.map(scale),
        before: period.before.as_ref().and_then(|before| before.value).map(scale),
        change: change.map(|change| scale(change.by)),
        change_low: end(|interval| interval.low),
        change_high: end(|interval| interval.high),
        sure: change.map(|change| change.sure),
        within: period.mix.as_ref().map(|mix| mix.within),
        mix: period.mix.as_ref().map(|mix| mix.mix),
        target: period.goal.map(|goal| goal_text(metric.unit, goal)),
        met: period.standing.map(crate::metric::figure::GoalStanding::word),
        benchmark: metric.benchmarks.first().map(|benchmark| words::benchmark(metric.unit, benchmark)),
        formula: words::formula(drawn.plan, metric),
        simulated: drawn.is_simulated(metric),
    })
}

/// Lengths in seconds, all else as it is; no more digits than a number has of sense.
fn scaled(unit: MetricUnit, value: f64) -> f64 {
    let value = if unit == MetricUnit::Length { value / 1_000_000.0 } else { value };
    (value * 1e9).round() / 1e9
}

fn goal_text(unit: MetricUnit, goal: Goal) -> String {
    words::goal(unit, goal)
}

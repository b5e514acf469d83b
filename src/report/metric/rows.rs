//! The rows of one number, one a line: as many as its denominator, and those that do not count with why.

use std::fmt::Write as _;

use serde::Serialize;

use super::{Drawn, csv, words};
use crate::local::Zone;
use crate::log::Log;
use crate::metric::{RowLine, RowState};
use crate::rulebook::MetricId;
use crate::shown::Shown;
use crate::timestamp::Timestamp;

/// One row as programs get it.
#[derive(Serialize)]
struct Line<'a> {
    metric: &'a str,
    period: String,
    lead: &'a str,
    at: String,
    state: &'static str,
    outcome_at: Option<String>,
    value: Option<f64>,
    groups: std::collections::BTreeMap<&'a str, &'a str>,
}

/// What a row is, in a word.
fn word(state: RowState) -> &'static str {
    match state {
        RowState::With => "with",
        RowState::Without => "without",
        RowState::Unripe(_) => "unripe",
        RowState::LeftOut => "left_out",
    }
}

/// The rows of the shown periods; `day` is the first moment of the only period that is wanted.
pub fn shown<'a>(drawn: &'a Drawn<'_>) -> impl Iterator<Item = &'a RowLine> + 'a {
    let shown = drawn.table.periods.shown.len() as u32;
    drawn.table.rows.iter().filter(move |row| row.stretch < shown)
}

/// One JSON object a row.
#[must_use]
pub fn jsonl(drawn: &Drawn<'_>, log: &Log, id: MetricId) -> String {
    let Some(metric) = drawn.plan.rulebook.metrics.get(id) else { return String::new() };
    let zone = drawn.table.periods.zone;
    let mut out = String::new();
    for row in shown(drawn) {
        let by = metric.by.iter().map(|by| by.name.as_str());
        let line = Line {
            metric: &metric.name,
            period: period(drawn, row),
            lead: log.lead_name(row.lead),
            at: moment(row.at, zone),
            state: word(row.state),
            outcome_at: row.outcome_at.map(|at| moment(at, zone)),
            value: row.value.map(crate::decimal::Decimal::to_f64),
            groups: by.zip(row.groups.iter().map(String::as_str)).collect(),
        };
        if let Ok(text) = serde_json::to_string(&line) {
            let _ = writeln!(out, "{text}");
        }
    }
    out
}

/// Comma-separated values with a line of names; each breakdown is a column.
#[must_use]
pub fn csv(drawn: &Drawn<'_>, log: &Log, id: MetricId) -> String {
    let Some(metric) = drawn.plan.rulebook.metrics.get(id) else { return String::new() };
    let zone = drawn.table.periods.zone;
    let by = metric.by.iter().map(|by| by.name.as_str());
    let mut out = csv::row(["metric", "period", "lead", "at", "state", "outcome_at", "value"].into_iter().chain(by));
    for row in shown(drawn) {
        let outcome_at = row.outcome_at.map(|at| moment(at, zone)).unwrap_or_default();
        let value = row.value.map(|value| value.to_string()).unwrap_or_default();
        let (period, at) = (period(drawn, row), moment(row.at, zone));
        let cells = [&metric.name, &period, log.lead_name(row.lead), &at, word(row.state), &outcome_at, &value];
        out.push_str(&csv::row(cells.into_iter().chain(row.groups.iter().map(String::as_str))));
    }
    out
}

/// A table for people.
#[must_use]
pub fn human(drawn: &Drawn<'_>, log: &Log, id: MetricId) -> String {
    let Some(metric) = drawn.plan.rulebook.metrics.get(id) else { return String::new() };
    let zone = drawn.table.periods.zone;
    let mut out = format!("{}: {}\n", metric.name, words::formula(drawn.plan, metric));
    let (mut rows, mut with, mut others) = (0, 0, 0);
    for row in shown(drawn) {
        let state = match row.state {
            RowState::With => match row.outcome_at {
                Some(at) => format!("yes, after {}", (at - row.at).in_words()),
                None => String::from("yes"),
            },
            RowState::Without => String::from("no"),
            RowState::Unripe(true) => String::from("its time is not over; yes so far"),
            RowState::Unripe(false) => String::from("its time is not over"),
            RowState::LeftOut => String::from("left out"),
        };
        match row.state {
            RowState::With => (rows, with) = (rows + 1, with + 1),
            RowState::Without => rows += 1,
            RowState::Unripe(_) | RowState::LeftOut => others += 1,
        }
        let value = row.value.map_or_else(String::new, |value| format!("  {value}"));
        let at = zone.to_local(row.at).format("%Y-%m-%d %H:%M");
        let lead = Shown(log.lead_name(row.lead));
        let _ = writeln!(out, "  {}  {at}  {lead}{value}  {state}", period(drawn, row));
    }
    let _ =
        writeln!(out, "report: {rows} rows, {with} with the outcome, {others} that do not count yet or are left out");
    out
}

fn period(drawn: &Drawn<'_>, row: &RowLine) -> String {
    let periods = &drawn.table.periods;
    periods.shown.get(row.stretch as usize).map_or_else(String::new, |stretch| words::period(periods, *stretch))
}

fn moment(at: Timestamp, zone: Zone) -> String {
    crate::local::rfc3339(at, zone)
}

//! A report of metrics as a table for people.

use std::fmt::Write as _;

use super::entry::{self, MetricEntry};
use super::words::{self, PeriodChange};
use super::{Drawn, experiment};
use crate::metric::table::{GroupRows, PeriodFigure};
use crate::rulebook::Metric;
use crate::rulebook::metric::{Measure, MetricKind};
use crate::shown::Shown;

/// How a sparkline is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signs {
    /// `▁▂▃`
    Blocks,
    /// `_.-=#`, for terminals without them.
    Plain,
}

/// The report, and its last line.
#[must_use]
pub fn human(drawn: &Drawn<'_>, signs: Signs) -> String {
    let mut out = String::new();
    for (kind, entries) in entry::sections(drawn) {
        section(drawn, kind, &entries, signs, &mut out);
    }
    out.push_str(&experiment::human(drawn));
    out.push_str(&words::summary(drawn));
    out
}

/// One line of a table, and what stands below it.
struct Line {
    cells: Vec<String>,
    below: Vec<String>,
}

fn section(drawn: &Drawn<'_>, kind: MetricKind, entries: &[MetricEntry<'_>], signs: Signs, out: &mut String) {
    let periods = &drawn.table.periods;
    let mut head = vec![kind.word().to_owned()];
    head.extend(periods.shown.iter().enumerate().map(|(at, stretch)| {
        let runs = periods.running && at + 1 == periods.shown.len();
        format!("{}{}", words::period(periods, *stretch), if runs { " …" } else { "" })
    }));
    head.extend(["change", "target"].map(str::to_owned));
    let ends = periods.shown.first().zip(periods.shown.last());
    let ends = ends.filter(|(first, last)| first != last);
    head.push(ends.map_or_else(String::new, |(first, last)| {
        format!("{}..{}", words::period(periods, *first), words::period(periods, *last))
    }));
    let mut lines = vec![Line { cells: head, below: Vec::new() }];
    for entry in entries {
        lines.extend(metric_lines(drawn, entry, signs));
    }
    let columns = lines.iter().map(|line| line.cells.len()).max().unwrap_or(0);
    let width = |column: usize| {
        lines.iter().filter_map(|line| line.cells.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for line in &lines {
        let mut text = String::new();
        for (at, (cell, width)) in line.cells.iter().zip(&widths).enumerate() {
            let pad = " ".repeat(width - cell.chars().count().min(*width));
            let last = at + 1 == columns;
            match at {
                0 => text = format!("{cell}{pad}"),
                _ if last => text = format!("{text}   {cell}"),
                _ => text = format!("{text}   {pad}{cell}"),
            }
        }
        let _ = writeln!(out, "{}", text.trim_end());
        for below in &line.below {
            let _ = writeln!(out, "    {below}");
        }
    }
    out.push('\n');
}

fn metric_lines(drawn: &Drawn<'_>, entry: &MetricEntry<'_>, signs: Signs) -> Vec<Line> {
    let metric = entry.metric;
    let line = |name: String, group: &GroupRows, below: Vec<String>| {
        let last = entry.last_complete(group);
        let mut cells = vec![name];
        cells.extend(group.periods.iter().map(|period| words::figure(metric, &period.figure)));
        cells.push(change(metric, last));
        cells.push(last.and_then(|p| p.goal).map_or_else(String::new, |goal| words::goal(metric.unit, goal)));
        cells.push(if group.periods.len() > 1 { sparkline(drawn, group, signs) } else { String::new() });
        Line { cells, below }
    };
    let below = entry.steps().into_iter().chain(below(entry));
    // What a rulebook or a log says may hold anything.
    let below = below.map(|line| Shown(line).to_string()).collect();
    let mut lines = vec![line(format!("  {}", metric.name), entry.all, below)];
    lines.extend(entry.groups().map(|(label, group)| line(format!("    {}", Shown(label)), group, Vec::new())));
    lines
}

fn change(metric: &Metric, last: Option<&PeriodFigure>) -> String {
    match last.map_or(PeriodChange::Unknown, |last| words::period_change(metric, last)) {
        PeriodChange::Unknown => String::new(),
        PeriodChange::Few => String::from("few"),
        PeriodChange::Shift(shift) => words::change(metric, shift),
    }
}

/// Formula, what it comes to in all, what is not known, and what to do.
fn below(entry: &MetricEntry<'_>) -> Vec<String> {
    let formula = entry.formula();
    let mut lines = match (&entry.metric.measure, entry.in_all()) {
        (Measure::Share { .. }, Some(all)) => vec![format!("{formula}; {all}")],
        (_, all) => std::iter::once(formula).chain(all).collect(),
    };
    lines.extend(entry.unknown());
    lines.extend(entry.mix());
    lines.extend(entry.due());
    lines.extend(entry.missed().map(str::to_owned));
    lines
}

/// From nought to the largest; a gap where there are no rows, a dot for what is not over.
pub(super) fn sparkline(drawn: &Drawn<'_>, group: &GroupRows, signs: Signs) -> String {
    let steps: &[char] = match signs {
        Signs::Blocks => &['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
        Signs::Plain => &['_', '.', '-', '=', '#'],
    };
    let values: Vec<Option<f64>> =
        group.periods.iter().map(|period| period.figure.value.or(period.figure.more)).collect();
    let most = values.iter().flatten().copied().fold(0.0, f64::max);
    let last = values.len();
    let sign = |(at, value): (usize, Option<f64>)| {
        if drawn.table.periods.running && at + 1 == last {
            return '.';
        }
        let Some(value) = value else { return ' ' };
        let step = if most > 0.0 { (value.max(0.0) / most * (steps.len() - 1) as f64).round() as usize } else { 0 };
        steps.get(step).copied().unwrap_or(' ')
    };
    values.into_iter().enumerate().map(sign).collect()
}

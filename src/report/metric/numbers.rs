//! The numbers under a picture as a table: a line a period, and no column that is empty throughout.

use super::entry::MetricEntry;
use super::words::{self, PeriodChange};
use crate::metric::table::{GroupRows, PeriodFigure};

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Numbers {
    /// The names of its columns.
    pub head: Vec<&'static str>,
    /// Its lines.
    pub rows: Vec<Vec<String>>,
}

/// What is mostly empty stands last.
const HEAD: [&str; 9] = ["group", "period", "value", "rows", "outcomes", "low to high", "change", "left out", "unripe"];

/// All rows by period.
pub(super) fn numbers(entry: &MetricEntry<'_>) -> Numbers {
    without_empty(lines(entry, "", entry.all, true))
}

/// The groups by period; a period in which a group has no rows is left out.
pub(super) fn groups(entry: &MetricEntry<'_>) -> Numbers {
    without_empty(entry.groups().flat_map(|(label, group)| lines(entry, label, group, false)).collect())
}

fn lines(entry: &MetricEntry<'_>, label: &str, group: &GroupRows, all: bool) -> Vec<Vec<String>> {
    let has_rows = |period: &PeriodFigure| {
        let figure = &period.figure;
        figure.rows + figure.unripe + figure.left_out > 0
    };
    let shown = group.periods.iter().enumerate().filter(|(_, period)| all || has_rows(period));
    shown.map(|(at, period)| line(entry, label, (at, period))).collect()
}

fn line(entry: &MetricEntry<'_>, label: &str, (at, period): (usize, &PeriodFigure)) -> Vec<String> {
    let (metric, figure, periods) = (entry.metric, &period.figure, &entry.drawn.table.periods);
    let name = periods.shown.get(at).map_or_else(String::new, |stretch| words::period(periods, *stretch));
    let end = |end: Option<f64>| end.map_or(String::from("?"), |end| words::value(metric.unit, end));
    let count = |count: u64| if count > 0 { count.to_string() } else { String::new() };
    let shown = match (figure.value, figure.more) {
        (None, Some(more)) => format!("> {}", words::value(metric.unit, more)),
        (None, None) => String::from("-"),
        (Some(value), _) => words::value(metric.unit, value),
    };
    let has_outcomes = figure.rows > 0 && metric.unit != crate::rulebook::metric::MetricUnit::Count;
    vec![
        label.to_owned(),
        if entry.runs(at) { format!("{name}, running") } else { name },
        shown,
        // The rows of a count are its value.
        if has_outcomes { figure.rows.to_string() } else { String::new() },
        if has_outcomes && has_outcome(entry) { figure.outcomes.to_string() } else { String::new() },
        match (figure.low, figure.high) {
            (None, None) => String::new(),
            (low, high) => format!("{} to {}", end(low), end(high)),
        },
        match words::period_change(metric, period) {
            PeriodChange::Unknown => String::new(),
            PeriodChange::Few => String::from("too few"),
            PeriodChange::Shift(shift) => words::change_told(metric, shift),
        },
        count(figure.left_out),
        count(figure.unripe),
    ]
}

fn has_outcome(entry: &MetricEntry<'_>) -> bool {
    use crate::rulebook::metric::Measure;
    matches!(entry.metric.measure, Measure::Share { .. } | Measure::Time { .. } | Measure::Steps { .. })
}

fn without_empty(rows: Vec<Vec<String>>) -> Numbers {
    let is_used = |column: usize| rows.iter().any(|row| row.get(column).is_some_and(|cell| !cell.is_empty()));
    let used: Vec<bool> = (0..HEAD.len()).map(is_used).collect();
    let kept = |row: Vec<String>| row.into_iter().zip(&used).filter(|(_, used)| **used).map(|(cell, _)| cell).collect();
    let head = HEAD.into_iter().zip(&used).filter(|(_, used)| **used).map(|(head, _)| head).collect();
    Numbers { head, rows: rows.into_iter().map(kept).collect() }
}

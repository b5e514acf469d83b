//! A report of metrics as a table for people.

use std::fmt::Write as _;

use super::{Drawn, words};
use crate::metric::figure::{Figure, GoalStanding};
use crate::metric::table::{GroupRows, MetricRows, PeriodFigure};
use crate::rulebook::Metric;
use crate::rulebook::metric::{Measure, MetricKind};
use crate::shown::Shown;
use crate::words::many;

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
    for kind in MetricKind::ALL {
        let of_kind: Vec<&MetricRows> =
            drawn.table.metrics.iter().filter(|rows| metric(drawn, rows).is_some_and(|m| m.kind == kind)).collect();
        if !of_kind.is_empty() {
            section(drawn, kind, &of_kind, signs, &mut out);
        }
    }
    out.push_str(&summary(drawn));
    out
}

fn metric<'a>(drawn: &Drawn<'a>, rows: &MetricRows) -> Option<&'a Metric> {
    drawn.plan.rulebook.metrics.get(rows.metric)
}

/// One line of a table, and what stands below it.
struct Line {
    cells: Vec<String>,
    below: Vec<String>,
}

fn section(drawn: &Drawn<'_>, kind: MetricKind, metrics: &[&MetricRows], signs: Signs, out: &mut String) {
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
    for rows in metrics {
        lines.extend(metric_lines(drawn, rows, signs));
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

fn metric_lines(drawn: &Drawn<'_>, rows: &MetricRows, signs: Signs) -> Vec<Line> {
    let Some(metric) = metric(drawn, rows) else { return Vec::new() };
    let mut lines = Vec::new();
    for group in &rows.groups {
        let name = match &group.group {
            None => format!("  {}", metric.name),
            Some((by, label)) => {
                let known = metric.by.get(usize::from(*by)).map(|by| by.name.as_str());
                if known != drawn.by {
                    continue;
                }
                format!("    {}", Shown(label))
            }
        };
        let below = if group.group.is_none() { below(drawn, metric, group) } else { Vec::new() };
        let mut cells = vec![name];
        cells.extend(group.periods.iter().map(|period| words::figure(metric, &period.figure)));
        cells.push(change(drawn, metric, group));
        cells.push(
            last_complete(drawn, group)
                .and_then(|p| p.goal)
                .map_or_else(String::new, |goal| words::goal(metric.unit, goal)),
        );
        cells.push(if group.periods.len() > 1 { sparkline(drawn, group, signs) } else { String::new() });
        lines.push(Line { cells, below });
    }
    if let (Measure::Steps { steps, .. }, Some(all)) = (&metric.measure, rows.groups.first()) {
        let set = |at: usize| steps.get(at).and_then(|set| drawn.plan.rulebook.sets.get(*set));
        let whole = &all.whole;
        for (at, reached) in whole.each.iter().enumerate() {
            let name = set(at).map_or("", |set| set.text.as_str());
            let share = if whole.rows == 0 {
                String::from("-")
            } else {
                words::value(crate::rulebook::metric::MetricUnit::Share, *reached as f64 / whole.rows as f64)
            };
            if let Some(line) = lines.first_mut() {
                line.below.insert(at, format!("{name}: {reached} of {}, {share}", whole.rows));
            }
        }
    }
    lines
}

/// The last period that is over.
fn last_complete<'a>(drawn: &Drawn<'_>, group: &'a GroupRows) -> Option<&'a PeriodFigure> {
    let complete = group.periods.len() - usize::from(drawn.table.periods.running).min(group.periods.len());
    group.periods.get(complete.checked_sub(1)?)
}

fn change(drawn: &Drawn<'_>, metric: &Metric, group: &GroupRows) -> String {
    let Some(last) = last_complete(drawn, group) else { return String::new() };
    let few = |figure: &Figure| metric.measure.rows().is_some() && figure.is_few(metric);
    if few(&last.figure) || last.before.as_ref().is_some_and(few) {
        return String::from(if last.before.is_some() { "few" } else { "" });
    }
    last.change.as_ref().map_or_else(String::new, |change| words::change(metric, change))
}

/// Formula, what it comes to in all, what is not known, and what to do.
fn below(drawn: &Drawn<'_>, metric: &Metric, group: &GroupRows) -> Vec<String> {
    let whole = &group.whole;
    let mut first = words::formula(drawn.plan, metric);
    let periods = drawn.table.periods.shown.len();
    if let (Measure::Share { .. }, Some(low), Some(high)) = (&metric.measure, whole.low, whole.high)
        && periods > 1
    {
        let percent = |value: f64| (value * 100.0).round();
        let _ =
            write!(first, "; {} of {} in all ({} to {} %)", whole.outcomes, whole.rows, percent(low), percent(high));
    }
    let mut lines = vec![first];
    if let Measure::Time { .. } = metric.measure
        && whole.rows > 0
    {
        let end = |end: Option<f64>| end.map_or(String::from("?"), |end| words::value(metric.unit, end));
        let text = words::figure(metric, whole);
        lines.push(format!("{text} in all ({} to {})", end(whole.low), end(whole.high)));
    }
    let left_out: u64 = group.periods.iter().map(|period| period.figure.left_out).sum();
    let unripe: u64 = group.periods.iter().map(|period| period.figure.unripe).sum();
    let so_far: u64 = group.periods.iter().map(|period| period.figure.so_far).sum();
    let mut unknown = Vec::new();
    if unripe > 0 {
        unknown
            .push(format!("{} whose time is not over, {so_far} with the outcome so far", many(unripe as u32, "row")));
    }
    if left_out > 0 {
        unknown.push(format!("{left_out} left out"));
    }
    if !unknown.is_empty() {
        lines.push(unknown.join("; "));
    }
    let last = last_complete(drawn, group);
    if let Some(mix) = last.and_then(|last| last.mix.as_ref()).filter(|mix| mix.is_opposed()) {
        let pt = |value: f64| format!("{:+.2}", value * 100.0);
        let by = metric.by.first().map_or("", |by| by.name.as_str());
        lines.push(format!(
            "{} pt = {} within each {by}, {} by another mix of them",
            pt(mix.change),
            pt(mix.within),
            pt(mix.mix)
        ));
    }
    if let Some(remedy) = &metric.remedy {
        let goal = last.and_then(|last| last.goal);
        if let Some(goal) = goal {
            lines.push(format!("{}: {remedy}", words::off_goal(metric.unit, goal)));
        } else if last
            .and_then(|last| last.change.as_ref())
            .is_some_and(|change| is_worse(metric, change.by, change.sure))
        {
            lines.push(format!("worse: {remedy}"));
        }
    }
    if last.is_some_and(|last| last.standing == Some(GoalStanding::Missed)) {
        lines.push(String::from("the target is missed, and that is not chance"));
    }
    // What a rulebook says may hold anything.
    lines.iter().map(|line| Shown(line).to_string()).collect()
}

/// Whether a change is surely for the worse.
fn is_worse(metric: &Metric, by: f64, sure: bool) -> bool {
    sure && metric.lower_is_better.is_some_and(|lower| (by > 0.0) == lower)
}

/// From nought to the largest; a gap where there are no rows, a dot for what is not over.
fn sparkline(drawn: &Drawn<'_>, group: &GroupRows, signs: Signs) -> String {
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

/// The line that can be grepped.
#[must_use]
pub fn summary(drawn: &Drawn<'_>) -> String {
    let periods = &drawn.table.periods;
    let end = periods.shown.last().map(|stretch| periods.zone.to_local(stretch.to).date().to_string());
    let as_of = periods.zone.to_local(drawn.table.as_of).format("%Y-%m-%d %H:%M");
    format!(
        "report: {}, {} to {} ({}), {}, as of {as_of}\n",
        many(drawn.table.metrics.len() as u32, "metric"),
        words::periods(periods),
        end.unwrap_or_else(|| String::from("no end")),
        periods.zone.name(),
        many(drawn.table.entries as u32, "event"),
    )
}

//! Alerts on metrics in words, as rows of a timeline and as lines for programs.

use serde::Serialize;

use super::super::timeline::{Row, write_rows};
use super::words::{change_by, figure, off_goal};
use crate::local::{Zone, rfc3339};
use crate::metric::alert::{AlertFound, BookAlert};
use crate::metric::period::Stretch;
use crate::rulebook::{Metric, Rulebook};
use crate::timestamp::Timestamp;
use crate::units::Period;
use crate::words::many;

/// One alert as programs get it: a decision of the book, so without a lead.
#[derive(Serialize)]
struct Line<'a> {
    at: String,
    #[serde(rename = "do")]
    verb: &'static str,
    to: &'static str,
    text: String,
    metric: &'a str,
    period: String,
    id: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    over: bool,
    rule: &'a str,
    source: String,
}

/// One JSON object, without a line break.
#[must_use]
pub fn line(rulebook: &Rulebook, alert: &BookAlert) -> String {
    let Some(metric) = rulebook.metrics.get(alert.metric) else { return String::new() };
    let line = Line {
        at: rfc3339(alert.at, alert.zone),
        verb: "alert",
        to: alert.to.word(),
        text: text(metric, alert),
        metric: &metric.name,
        period: days(alert),
        id: alert.id.to_string(),
        over: alert.found == AlertFound::Over,
        rule: &metric.name,
        source: source(rulebook, metric, alert),
    };
    serde_json::to_string(&line).unwrap_or_default()
}

/// The block of the book in a timeline; empty without alerts.
#[must_use]
pub fn timeline(rulebook: &Rulebook, alerts: &[BookAlert], color: bool) -> String {
    let Some(first) = alerts.first() else { return String::new() };
    let rows: Vec<Row> = alerts.iter().filter_map(|alert| row(rulebook, alert)).collect();
    let head = format!("the metrics: {}", first.zone.name());
    let mut out = super::super::timeline::paint(&head, "1", color);
    out.push('\n');
    write_rows(&mut out, &rows, color);
    out.push('\n');
    out
}

fn row(rulebook: &Rulebook, alert: &BookAlert) -> Option<Row> {
    let metric = rulebook.metrics.get(alert.metric)?;
    Some(Row {
        at: super::super::timeline::clock(alert.at, alert.zone),
        verb: String::from(if alert.found == AlertFound::Over { "over" } else { "alert" }),
        what: format!("{} {}", alert.to.word(), metric.name),
        by: source(rulebook, metric, alert),
        notes: text(metric, alert),
    })
}

/// What the person is told.
#[must_use]
pub fn text(metric: &Metric, alert: &BookAlert) -> String {
    let name = &metric.name;
    let period = period(metric, alert);
    let told = match &alert.found {
        AlertFound::OffTarget { figure: shown, goal, sure, periods } => {
            let sure = if *sure { ", and that is not chance" } else { "" };
            let again = match each(metric, alert) {
                Some(each) if *periods > 1 => format!(", {} in a row", many(*periods, each.word())),
                _ => String::new(),
            };
            let off = off_goal(metric.unit, *goal);
            format!("{name} was {} in {period}: {off}{sure}{again}", figure(metric, shown))
        }
        AlertFound::Moved { figure: shown, before, shift } => {
            let way = if shift.by < 0.0 { "down" } else { "up" };
            let each = each(metric, alert).map_or("period", Period::word);
            format!(
                "{name} is {way}: {} in {period} against {} over the four {each}s before ({}, not chance)",
                figure(metric, shown),
                figure(metric, before),
                change_by(metric, shift),
            )
        }
        AlertFound::NoneSince(last) => {
            format!("{name}: nothing has come since {}; is what reports it still connected?", minute(*last, alert.zone))
        }
        AlertFound::Over => return format!("{name} is well again as of {period}"),
    };
    match metric.remedy.as_deref().filter(|remedy| !remedy.is_empty()) {
        Some(remedy) => format!("{told}; {remedy}"),
        None => told,
    }
}

fn each(metric: &Metric, alert: &BookAlert) -> Option<Period> {
    metric.alerts.get(alert.clause).map(|clause| clause.each)
}

/// `the week of 2026-03-02`, `2026-03`
fn period(metric: &Metric, alert: &BookAlert) -> String {
    let day = alert.zone.to_local(alert.period.from).date();
    if matches!(
        metric.alerts.get(alert.clause).map(|clause| clause.when),
        Some(crate::rulebook::metric::AlertWhen::NoneFor(_))
    ) {
        return minute(alert.at, alert.zone);
    }
    match each(metric, alert) {
        Some(Period::Day) => day.to_string(),
        Some(Period::Month) => day.format("%B %Y").to_string(),
        Some(each) => format!("the {} of {day}", each.word()),
        None => day.to_string(),
    }
}

/// The first and the last day of what was judged: `2026-03-02..2026-03-08`.
fn days(alert: &BookAlert) -> String {
    let Stretch { from, to } = alert.period;
    let last = Timestamp(to.0 - 1).max(from);
    let day = |at: Timestamp| alert.zone.to_local(at).date();
    format!("{}..{}", day(from), day(last))
}

fn minute(at: Timestamp, zone: Zone) -> String {
    zone.to_local(at).format("%Y-%m-%d %H:%M").to_string()
}

fn source(rulebook: &Rulebook, metric: &Metric, alert: &BookAlert) -> String {
    let range = metric.alerts.get(alert.clause).map_or(metric.range, |clause| clause.range);
    rulebook.sources.place(range)
}

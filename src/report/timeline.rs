//! The timeline of a dry run for people: one block per lead, one row per decision.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;

use chrono::{NaiveDateTime, Timelike};

use crate::decision::{Body, Decision, Part, Status};
use crate::local::Zone;
use crate::shown;
use crate::timestamp::Timestamp;
use crate::units::Content;

use crate::decision::line::plain;
use crate::decision::names::Names;
use crate::decision::words::note;

/// One row: when, what, what decided it, and why.
pub(super) struct Row {
    pub at: String,
    pub verb: String,
    pub what: String,
    pub by: String,
    pub notes: String,
}

/// The widest `what` that later columns still line up behind; longer ones push them to the right.
const WHAT: usize = 32;
/// Longer lines are broken before the cause.
const WIDTH: usize = 140;

/// The whole timeline, leads in the order of their names.
#[must_use]
pub fn timeline(names: &Names<'_>, decisions: &[&Decision], color: bool) -> String {
    let mut by_lead: BTreeMap<&str, Vec<&Decision>> = BTreeMap::new();
    for decision in decisions {
        by_lead.entry(names.log.lead_name(decision.lead)).or_default().push(decision);
    }
    let mut text = String::new();
    for (lead, decisions) in by_lead {
        let last = decisions.last();
        let account = last.and_then(|d| d.account).map(|account| format!(", {}", names.log.account_name(account)));
        let zone = last.map_or(Zone::UTC, |decision| decision.zone);
        let usual = decisions.iter().rev().find_map(|decision| planned_in(decision));
        let shown = usual.clone().unwrap_or_else(|| zone.name().to_owned());
        let _ = writeln!(text, "{}", paint(&format!("{lead}{}: {shown}", account.unwrap_or_default()), "1", color));
        let rows: Vec<Row> = decisions.iter().map(|decision| row(names, decision, usual.as_deref())).collect();
        write_rows(&mut text, &rows, color);
        text.push('\n');
    }
    text
}

/// A moment and its cause are written once for all that follows from them. What follows shows why
/// in the place of the cause; where both are there, the why has a line of its own.
pub(super) fn write_rows(text: &mut String, rows: &[Row], color: bool) {
    let width = |part: fn(&Row) -> &str| rows.iter().map(|row| part(row).chars().count()).max().unwrap_or(0);
    let (at, verb) = (width(|r| &r.at), width(|r| &r.verb));
    let what = rows.iter().map(|row| row.what.chars().count()).filter(|len| *len <= WHAT).max().unwrap_or(0);
    let indent = at + verb + 6;
    let (mut last_at, mut last_by) = ("", "");
    for row in rows {
        let moment = if row.at == last_at { "" } else { &row.at };
        let known = row.by == last_by && moment.is_empty();
        let (end, below) = if known { (row.notes.as_str(), "") } else { (row.by.as_str(), row.notes.as_str()) };
        let start = format!("  {moment:at$}  {:verb$}  {:what$}", row.verb, row.what);
        let fits = start.chars().count() + 2 + end.chars().count() <= WIDTH;
        let first = if fits { format!("{start}  {end}") } else { start };
        let rest = [if fits { "" } else { end }, below].into_iter().filter(|part| !part.is_empty());
        for line in std::iter::once(first).chain(rest.map(|part| format!("{:indent$}{part}", ""))) {
            let _ = writeln!(text, "{}", paint(line.trim_end(), tint(&row.verb), color));
        }
        (last_at, last_by) = (&row.at, &row.by);
    }
}

/// A color per kind of row: green for what goes out, red for what a person must see.
pub(super) fn tint(verb: &str) -> &'static str {
    match verb {
        "sent" | "taken" => "32",
        "alert" | "fault" | "failed" | "unknown" => "31",
        "tier" => "36",
        "scheduled" | "waits" => "34",
        "cancelled" | "skipped" | "muted" | "expired" | "suppressed" => "2",
        _ => "0",
    }
}

/// A line as a terminal shows it: colored, and with what would steer the terminal written out.
pub(super) fn paint(text: &str, code: &str, color: bool) -> String {
    let text = shown::line(text);
    if color && code != "0" { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.into_owned() }
}

/// One decision; `usual` is how the lead's times are planned where a row does not say otherwise.
fn row(names: &Names<'_>, decision: &Decision, usual: Option<&str>) -> Row {
    let line = names.line(decision);
    let (verb, what) = words(names, decision);
    let zone = planned_in(decision).filter(|zone| Some(zone.as_str()) != usual);
    let told = matches!(decision.body, Body::Exit { .. } | Body::Muted(_));
    let reason = if told { decision.note.as_deref().map(|by| note(by).into()) } else { line.reason };
    let notes: Vec<String> = reason.map(Cow::into_owned).into_iter().chain(zone).collect();
    let mut by: Vec<String> = line.rule.into_iter().chain(line.source).map(Cow::into_owned).collect();
    if !line.because.is_empty() {
        by.push(format!("[{}]", line.because.join(", ")));
    }
    Row {
        at: clock(decision.at, decision.zone),
        verb: verb.to_owned(),
        what,
        by: by.join(" "),
        notes: notes.join("; "),
    }
}

/// The zone a time was planned in and where it came from: `Europe/Berlin (lead)`.
fn planned_in(decision: &Decision) -> Option<String> {
    let (zone, from, status) = match &decision.body {
        Body::Touch(touch) => (touch.zone, touch.zone_from, touch.status),
        Body::Action(action) => (action.zone, action.zone_from, action.status),
        _ => return None,
    };
    matches!(status, Status::Sent | Status::Scheduled).then(|| format!("{} ({from})", zone.name()))
}

/// A decision in two columns: what kind, and what.
pub(super) fn words(names: &Names<'_>, decision: &Decision) -> (&'static str, String) {
    match &decision.body {
        Body::Tier { to, from } => {
            let from = from.map_or("none", |from| names.tier(from));
            ("tier", format!("{from} -> {}", to.map_or("", |to| names.tier(to))))
        }
        Body::Overridden { to, .. } => ("override", names.tier(*to).to_owned()),
        Body::Enroll { sequence, enrollment, suppressed: None, .. } => {
            ("enroll", format!("{} #{enrollment}", names.sequence(*sequence)))
        }
        Body::Enroll { sequence, .. } => ("suppressed", format!("enrollment in {}", names.sequence(*sequence))),
        Body::Exit { sequence, enrollment, .. } => {
            let why = names.why(decision).unwrap_or_default();
            ("exit", format!("{} #{enrollment}: {why}", names.sequence(*sequence)))
        }
        Body::Touch(touch) => {
            (touch.status.word(), format!("{} {}", names.channel(touch.channel), content(&touch.content)))
        }
        Body::Action(action) => {
            (action.status.word(), format!("{} {}", names.channel(action.channel), content(&action.content)))
        }
        Body::Alert { to, text, .. } => ("alert", format!("{}: {text}", to.word())),
        Body::Assign(owner) => ("assign", owner.as_deref().unwrap_or("manager").to_owned()),
        Body::Set { fact, value } => {
            let name = names.rulebook.facts.name(*fact);
            ("set", format!("{name} = {}", plain(value, decision.zone)))
        }
        Body::Tag { tag, on } => {
            let name = names.rulebook.tags.name(*tag);
            (if *on { "tag" } else { "untag" }, name.to_owned())
        }
        Body::Hold(until) => ("hold", until_words(*until, decision.zone, "until resumed")),
        Body::Resume => ("resume", String::new()),
        Body::Suppress { reach, until } => {
            let reach = names.reach(*reach);
            ("suppress", format!("{reach} {}", until_words(*until, decision.zone, "for good")))
        }
        Body::Bar { channel, .. } => ("bar", names.channel(*channel).to_owned()),
        Body::Unsuppress(reach) => ("unsuppress", names.reach(*reach).to_owned()),
        Body::Score { score, to, said, .. } if !said.is_empty() => {
            let name = names.rulebook.scores.name(*score);
            ("score", format!("{name} {to:.1}, the script says: {said}"))
        }
        Body::Score { score, from, to, parts, .. } => {
            let name = names.rulebook.scores.name(*score);
            let part = |part: &Part| {
                let event = part.event.map_or("a rule", |event| names.log.event_id(event));
                format!("{:.1} ({event}, {:+} {} ago)", part.worth, part.points, part.age.in_words())
            };
            let sum: Vec<String> = parts.iter().map(part).collect();
            let sum = if sum.is_empty() { String::new() } else { format!(" = {}", sum.join(" + ")) };
            ("score", format!("{name} {from:.1} -> {to:.1}{sum}"))
        }
        Body::Webhook { name, .. } => ("webhook", name.to_string()),
        Body::Muted(_) => ("muted", names.why(decision).unwrap_or_default()),
        Body::Fault(text) => ("fault", text.clone()),
    }
}

fn content(content: &Content) -> String {
    match content {
        Content::Template(name) => name.clone(),
        Content::Text(text) => format!("\"{text}\""),
    }
}

fn until_words(until: Option<Timestamp>, zone: Zone, forever: &str) -> String {
    until.map_or_else(|| String::from(forever), |until| format!("until {}", clock(until, zone)))
}

/// `Thu 2026-03-05 10:00 -05`; seconds, and minutes of the offset, only where there are any.
pub(super) fn clock(at: Timestamp, zone: Zone) -> String {
    clock_with(zone.to_local(at), zone.offset_at(at))
}

/// The same for what a clock shows that is so many seconds east of UTC.
pub(super) fn clock_with(local: NaiveDateTime, offset: i32) -> String {
    let whole = local.second() == 0 && local.nanosecond() == 0;
    let format = if whole { "%a %Y-%m-%d %H:%M" } else { "%a %Y-%m-%d %H:%M:%S" };
    let sign = if offset < 0 { '-' } else { '+' };
    let (hours, minutes) = (offset.unsigned_abs() / 3600, offset.unsigned_abs() / 60 % 60);
    let time = local.format(format);
    let minutes = if minutes == 0 { String::new() } else { format!(":{minutes:02}") };
    format!("{time} {sign}{hours:02}{minutes}")
}

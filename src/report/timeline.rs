//! The timeline of a dry run for people: one block per lead, one row per decision.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::decision::{Body, Decision, Status};
use crate::local::Zone;
use crate::timestamp::Timestamp;
use crate::units::Content;

use super::line::{Names, person, plain};

/// One row: when, what, and the rest.
struct Row {
    at: String,
    verb: &'static str,
    what: String,
    by: String,
    notes: String,
}

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
        let head = format!("{lead}{} ({})", account.unwrap_or_default(), zone.name());
        let _ = writeln!(text, "{}", paint(&head, "1", color));
        let rows: Vec<Row> = decisions.iter().map(|decision| row(names, decision)).collect();
        write_rows(&mut text, &rows, color);
        text.push('\n');
    }
    text
}

fn write_rows(text: &mut String, rows: &[Row], color: bool) {
    let width = |part: fn(&Row) -> &str| rows.iter().map(|row| part(row).chars().count()).max().unwrap_or(0);
    let (at, verb, what) = (width(|r| &r.at), width(|r| r.verb), width(|r| &r.what).min(56));
    let by = width(|r| &r.by).min(40);
    for row in rows {
        let line = format!("  {:at$}  {:verb$}  {:what$}  {:by$}  {}", row.at, row.verb, row.what, row.by, row.notes);
        let _ = writeln!(text, "{}", paint(line.trim_end(), tint(row.verb), color));
    }
}

/// A colour per kind of row: green for what goes out, red for what a person must see.
fn tint(verb: &str) -> &'static str {
    match verb {
        "sent" => "32",
        "alert" | "fault" => "31",
        "tier" => "36",
        "scheduled" => "34",
        "cancelled" | "skipped" | "muted" | "expired" | "suppressed" => "2",
        _ => "0",
    }
}

fn paint(text: &str, code: &str, color: bool) -> String {
    if color && code != "0" { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { String::from(text) }
}

fn row(names: &Names<'_>, decision: &Decision) -> Row {
    let line = names.line(decision);
    let (verb, what) = words(names, decision);
    let mut notes: Vec<String> = Vec::new();
    notes.extend(line.reason.map(String::from));
    notes.extend(planned_in(decision));
    if !line.because.is_empty() {
        notes.push(format!("[{}]", line.because.join(", ")));
    }
    Row {
        at: clock(decision.at, decision.zone),
        verb,
        what,
        by: line.rule.map(|rule| format!("{rule} {}", line.source.as_deref().unwrap_or(""))).unwrap_or_default(),
        notes: notes.join("  "),
    }
}

/// The zone a time was planned in and where it came from, where that is not the lead itself.
fn planned_in(decision: &Decision) -> Option<String> {
    let (zone, from, status) = match &decision.body {
        Body::Touch(touch) => (touch.zone, touch.zone_from, touch.status),
        Body::Action(action) => (action.zone, action.zone_from, action.status),
        _ => return None,
    };
    matches!(status, Status::Sent | Status::Scheduled).then(|| format!("{} ({from})", zone.name()))
}

fn words(names: &Names<'_>, decision: &Decision) -> (&'static str, String) {
    match &decision.body {
        Body::Tier { to, from } => {
            let from = from.map_or("none", |from| names.tier(from));
            ("tier", format!("{from} -> {}", names.tier(*to)))
        }
        Body::Overridden { to, .. } => ("override", names.tier(*to).to_owned()),
        Body::Enroll { sequence, enrollment, suppressed: None } => {
            ("enroll", format!("{} #{enrollment}", names.sequence(*sequence)))
        }
        Body::Enroll { sequence, .. } => ("suppressed", format!("enrollment in {}", names.sequence(*sequence))),
        Body::Exit { sequence, enrollment, .. } => ("exit", format!("{} #{enrollment}", names.sequence(*sequence))),
        Body::Touch(touch) => {
            (touch.status.word(), format!("{} {}", names.channel(touch.channel), content(&touch.content)))
        }
        Body::Action(action) => {
            (action.status.word(), format!("{} {}", names.channel(action.channel), content(&action.content)))
        }
        Body::Alert { to, text } => ("alert", format!("{}: {text}", person(*to))),
        Body::Assign(owner) => ("assign", owner.as_deref().unwrap_or("manager").to_owned()),
        Body::Set { fact, value } => {
            let name = names.rulebook.facts.get(fact.index()).map_or("", |fact| fact.name.as_str());
            ("set", format!("{name} = {}", plain(value, decision.zone)))
        }
        Body::Tag { tag, on } => {
            let name = names.rulebook.tags.get(tag.index()).map_or("", String::as_str);
            (if *on { "tag" } else { "untag" }, name.to_owned())
        }
        Body::Hold(until) => ("hold", until_words(*until, decision.zone, "until resumed")),
        Body::Resume => ("resume", String::new()),
        Body::Suppress { channel, until } => {
            let channel = channel.map_or("every channel", |channel| names.channel(channel));
            ("suppress", format!("{channel} {}", until_words(*until, decision.zone, "for good")))
        }
        Body::Unsuppress(channel) => {
            ("unsuppress", channel.map_or("every channel", |channel| names.channel(channel)).to_owned())
        }
        Body::Score { score, from, to } => {
            let name = names.rulebook.scores.get(score.index()).map_or("", |score| score.name.as_str());
            ("score", format!("{name} {from:.1} -> {to:.1}"))
        }
        Body::Webhook { name, .. } => ("webhook", name.to_string()),
        Body::Muted(_) => ("muted", String::new()),
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

/// `Thu 2026-03-05 10:00 -05:00`; seconds only where there are any.
fn clock(at: Timestamp, zone: Zone) -> String {
    let local = zone.to_local(at);
    let format = if at.0.rem_euclid(60_000_000) == 0 { "%a %Y-%m-%d %H:%M" } else { "%a %Y-%m-%d %H:%M:%S" };
    let offset = zone.offset_at(at);
    let sign = if offset < 0 { '-' } else { '+' };
    let minutes = offset.unsigned_abs() / 60;
    let time = local.format(format);
    format!("{time} {sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

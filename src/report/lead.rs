//! One lead of a store: how it stands, what was decided and handed over, what comes next. For
//! people, and as one JSON object.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Map;
use serde_json::value::RawValue;

use crate::decimal::Decimal;
use crate::live::{Delivery, DeliveryState, Done, Fate, LeadView, What};
use crate::local::rfc3339;
use crate::rulebook::Reach;
use crate::timestamp::Timestamp;
use crate::value::Value;

use super::timeline::{Row, clock, paint, write_rows};
use super::told::told_row;
use crate::decision::line::{plain, rounded, value_text};
use crate::decision::reason::{Awaited, Decider};
use crate::decision::words::{awaited, decider};
use crate::shown::Shown;
use crate::words::many;

/// The lead as people read it.
#[must_use]
pub fn human(view: &LeadView, color: bool) -> String {
    let mut text = String::new();
    let (zone, from) = view.standing.zone;
    let account = view.account.as_ref().map(|account| format!(", {account}")).unwrap_or_default();
    let at = clock(view.at, zone);
    let head = format!("{}{account}: {} ({from}), as of {at}", view.lead, zone.name());
    let _ = writeln!(text, "{}", paint(&head, "1", color));
    for (name, value) in state(view) {
        let tint = if matches!(name, "paused" | "suppressed" | "erased") { "31" } else { "0" };
        let _ = writeln!(text, "{}", paint(format!("  {name:10}  {value}").trim_end(), tint, color));
    }
    text.push('\n');
    let mut rows: Vec<(Timestamp, Row)> = view.decided.iter().map(|line| told_row(line)).collect();
    rows.extend(view.done.iter().map(|done| (done.at, outcome(view, done))));
    rows.sort_by_key(|(at, _)| *at);
    let waiting = view.waiting.iter().map(|item| waits(view, item)).collect();
    let parts = [
        ("so far", rows.into_iter().map(|(_, row)| row).collect()),
        ("to be handed over", waiting),
        ("ahead", ahead(&view.ahead)),
    ];
    for (title, rows) in parts {
        write_part(&mut text, title, rows, color);
    }
    text
}

/// What lies ahead, under its title; nothing where nothing does.
#[must_use]
pub fn what_lies_ahead(lines: &[String], color: bool) -> String {
    let mut text = String::new();
    write_part(&mut text, "ahead", ahead(lines), color);
    text
}

fn ahead(lines: &[String]) -> Vec<Row> {
    lines.iter().map(|line| told_row(line).1).collect()
}

fn write_part(text: &mut String, title: &str, rows: Vec<Row>, color: bool) {
    if !rows.is_empty() {
        let _ = writeln!(text, "{}", paint(title, "1", color));
        write_rows(text, &rows, color);
        text.push('\n');
    }
}

/// The last line: `lead: ana; 12 decisions, 3 handed over, 1 waiting, 4 scheduled`.
#[must_use]
pub fn summary(view: &LeadView) -> String {
    let taken = view.done.iter().filter(|done| done.fate == Fate::Taken).count();
    let other = view.done.len() - taken;
    let other = if other == 0 { String::new() } else { format!(", {other} ended otherwise") };
    format!(
        "lead: {}; {}, {taken} handed over{other}, {} waiting, {} scheduled",
        Shown(&view.lead),
        many(view.decided.len(), "decision"),
        view.waiting.len(),
        view.ahead.len()
    )
}

/// How it stands, by kind.
fn state(view: &LeadView) -> Vec<(&'static str, String)> {
    let (stands, rulebook) = (&view.standing, &view.plan.rulebook);
    let shown = |at: Timestamp| clock(at, stands.zone.0);
    let until = |until: Option<Timestamp>, forever: &str| {
        until.map_or_else(|| forever.to_owned(), |until| format!("until {}", shown(until)))
    };
    let by = |by: &Decider| format!("by {}", decider(by));
    let mut rows = Vec::new();
    if view.erased {
        rows.push(("erased", String::from("what was known of it was destroyed")));
    }
    if !rulebook.tiers.is_empty() {
        let tier = stands.asked.tier.and_then(|tier| rulebook.tiers.get(tier));
        let locked = if stands.tier_locked { ", locked by hand" } else { "" };
        rows.push(("tier", format!("{}{locked}", tier.map_or("none", |tier| tier.name.as_str()))));
    }
    for way in &stands.ways {
        let name = rulebook.sequences.name(way.sequence);
        let next = way.ahead.first().map(|touch| format!(", next {touch}")).unwrap_or_default();
        rows.push(("sequence", format!("{name} #{} since {}{next}", way.number, shown(way.started))));
        if let Some((since, awaited)) = &way.waits {
            let (touch, what) = (way.ahead.first().map_or("", |touch| touch), waits_for(awaited));
            rows.push(("waits", format!("{touch} since {}: {what}", shown(*since))));
        }
    }
    if let Some(paused) = &stands.paused {
        let end = until(paused.until, "until resumed");
        rows.push(("paused", format!("{end}, since {}, {}", shown(paused.since), by(&paused.by))));
    }
    for (reach, rule, end) in &stands.asked.suppressions {
        let reach = reach.map_or("every channel", |reach| reach.name(rulebook));
        rows.push(("suppressed", format!("{reach} {}, {}", until(*end, "for good"), by(rule))));
    }
    let scores = scores(view).map(|(name, worth)| format!("{name} {worth}")).collect::<Vec<_>>();
    let tags: Vec<&str> = stands.tags.iter().filter_map(|tag| rulebook.tags.get(*tag)).map(String::as_str).collect();
    let facts: Vec<String> =
        facts(view).map(|(name, value)| format!("{name} = {}", plain(value, stands.zone.0))).collect();
    rows.extend([("scores", scores.join(", ")), ("tags", tags.join(", ")), ("facts", facts.join(", "))]);
    if stands.asked.touches > 0 {
        rows.push(("touches", format!("{} since the last reply", stands.asked.touches)));
    }
    rows.retain(|(_, value)| !value.is_empty());
    rows
}

fn scores(view: &LeadView) -> impl Iterator<Item = (&str, Decimal)> {
    view.standing.asked.scores.iter().filter_map(|asked| {
        let score = view.plan.rulebook.scores.get(asked.score)?;
        Some((score.name.as_str(), rounded(asked.worth)))
    })
}

fn facts(view: &LeadView) -> impl Iterator<Item = (&str, &Value)> {
    view.standing.facts.iter().filter_map(|(fact, value)| {
        let fact = view.plan.rulebook.facts.get(*fact)?;
        Some((fact.name.as_str(), value))
    })
}

/// What became of an action.
fn outcome(view: &LeadView, done: &Done) -> Row {
    let at = clock(done.at, view.standing.zone.0);
    Row { at, verb: word(done.fate).to_owned(), what: what(&done.item), by: done.reason.clone(), notes: String::new() }
}

/// What a touch that is due waits for.
fn waits_for(wanted: &Awaited) -> String {
    if wanted.is_for_person() { String::from("for a person to approve it") } else { awaited(wanted) }
}

/// The timeline has `cancelled` for what was not due yet.
fn word(fate: Fate) -> &'static str {
    if fate == Fate::Withdrawn { "withdrawn" } else { fate.word() }
}

/// What is still to be handed over.
fn waits(view: &LeadView, item: &Delivery) -> Row {
    let at = clock(item.due, view.standing.zone.0);
    let tried = || match item.attempts.made {
        0 => String::new(),
        made => {
            let reason = item.refused.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            format!("tried {}{reason}", many(made, "time"))
        }
    };
    let (verb, notes) = match &item.state {
        DeliveryState::Waiting => ("waits", tried()),
        DeliveryState::Going { sink, .. } => ("going", format!("handed to {sink}")),
        DeliveryState::Unknown { sink, reason, .. } => ("unknown", format!("{sink}: {reason}")),
    };
    Row { at, verb: verb.to_owned(), what: what(item), by: item.rule.clone(), notes }
}

/// `email recap`, `alert owner: call now`
fn what(item: &Delivery) -> String {
    let to = item.to.as_deref().unwrap_or_default();
    match item.what {
        What::Alert => format!("alert {to}: {}", item.text.as_deref().unwrap_or_default()),
        What::Webhook => format!("webhook {to}"),
        What::Message | What::Task => {
            let text = item.text.as_ref().map(|text| format!("\"{text}\""));
            let content = item.template.clone().or(text).unwrap_or_default();
            format!("{} {content}", item.channel.as_deref().unwrap_or_default())
        }
    }
}

#[derive(Serialize)]
struct Object<'a> {
    lead: &'a str,
    account: Option<&'a str>,
    at: String,
    erased: bool,
    tier: Option<&'a str>,
    tier_locked: bool,
    zone: &'static str,
    zone_from: &'static str,
    touches: u32,
    paused: Option<PausedObject>,
    suppressed: Vec<SuppressedObject<'a>>,
    sequences: Vec<WayObject<'a>>,
    scores: Map<String, serde_json::Value>,
    tags: Vec<&'a str>,
    facts: Map<String, serde_json::Value>,
    decided: Vec<&'a RawValue>,
    outcomes: Vec<OutcomeObject<'a>>,
    waiting: Vec<WaitingObject<'a>>,
    ahead: Vec<&'a RawValue>,
}

#[derive(Serialize)]
struct PausedObject {
    since: String,
    until: Option<String>,
    by: Option<String>,
}

#[derive(Serialize)]
struct SuppressedObject<'a> {
    channel: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<&'a str>,
    until: Option<String>,
    by: Option<String>,
}

#[derive(Serialize)]
struct WayObject<'a> {
    sequence: &'a str,
    enrollment: u32,
    since: String,
    ahead: &'a [String],
    waits: Option<String>,
}

#[derive(Serialize)]
struct OutcomeObject<'a> {
    at: String,
    id: &'a str,
    what: String,
    outcome: &'static str,
    reason: &'a str,
}

#[derive(Serialize)]
struct WaitingObject<'a> {
    due_at: String,
    id: &'a str,
    what: String,
    state: &'static str,
    attempts: u32,
    reason: Option<&'a str>,
}

/// The lead as one JSON object.
#[must_use]
pub fn json(view: &LeadView) -> String {
    let (stands, rulebook) = (&view.standing, &view.plan.rulebook);
    let zone = stands.zone.0;
    let at = |at: Timestamp| rfc3339(at, zone);
    let by = |by: &'_ Decider| (*by != Decider::Person).then(|| decider(by).to_owned());
    let raw = |lines: &'_ [String]| -> Vec<Box<RawValue>> {
        lines.iter().filter_map(|line| RawValue::from_string(line.clone()).ok()).collect()
    };
    let (decided, ahead) = (raw(&view.decided), raw(&view.ahead));
    let tier = stands.asked.tier.and_then(|tier| rulebook.tiers.get(tier));
    let value = |value: &Value| {
        let json = value_text(value, zone).and_then(|text| serde_json::from_str(text.get()).ok());
        json.unwrap_or(serde_json::Value::Null)
    };
    let object = Object {
        lead: &view.lead,
        account: view.account.as_deref(),
        at: at(view.at),
        erased: view.erased,
        tier: tier.map(|tier| tier.name.as_str()),
        tier_locked: stands.tier_locked,
        zone: zone.name(),
        zone_from: stands.zone.1,
        touches: stands.asked.touches,
        paused: stands.paused.as_ref().map(|paused| PausedObject {
            since: at(paused.since),
            until: paused.until.map(at),
            by: by(&paused.by),
        }),
        suppressed: (stands.asked.suppressions.iter())
            .map(|(reach, rule, until)| SuppressedObject {
                channel: reach.filter(|reach| matches!(reach, Reach::Channel(_))).map(|reach| reach.name(rulebook)),
                topic: reach.filter(|reach| matches!(reach, Reach::Topic(_))).map(|reach| reach.name(rulebook)),
                until: until.map(at),
                by: by(rule),
            })
            .collect(),
        sequences: (stands.ways.iter())
            .map(|way| WayObject {
                sequence: rulebook.sequences.name(way.sequence),
                enrollment: way.number,
                since: at(way.started),
                ahead: &way.ahead,
                waits: way.waits.as_ref().map(|(_, awaited)| waits_for(awaited)),
            })
            .collect(),
        scores: scores(view).map(|(name, worth)| (name.to_owned(), serde_json::json!(worth))).collect(),
        tags: stands.tags.iter().filter_map(|tag| rulebook.tags.get(*tag)).map(String::as_str).collect(),
        facts: facts(view).map(|(name, found)| (name.to_owned(), value(found))).collect(),
        decided: decided.iter().map(|line| &**line).collect(),
        outcomes: (view.done.iter())
            .map(|done| OutcomeObject {
                at: at(done.at),
                id: &done.item.id,
                what: what(&done.item),
                outcome: word(done.fate),
                reason: &done.reason,
            })
            .collect(),
        waiting: (view.waiting.iter())
            .map(|item| WaitingObject {
                due_at: at(item.due),
                id: &item.id,
                what: what(item),
                state: match item.state {
                    DeliveryState::Waiting => "waiting",
                    DeliveryState::Going { .. } => "going",
                    DeliveryState::Unknown { .. } => "unknown",
                },
                attempts: item.attempts.made,
                reason: match &item.state {
                    DeliveryState::Unknown { reason, .. } => Some(reason),
                    DeliveryState::Waiting | DeliveryState::Going { .. } => item.refused.as_deref(),
                },
            })
            .collect(),
        ahead: ahead.iter().map(|line| &**line).collect(),
    };
    let text = serde_json::to_string_pretty(&object).unwrap_or_default();
    format!("{text}\n")
}

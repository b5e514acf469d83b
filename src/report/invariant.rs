//! Broken invariants drawn: each with its rule, and when and for whom it was broken.

use super::diagnostic::failure;
use crate::decision::Decision;
use crate::decision::line::Line;
use crate::decision::names::Names;
use crate::invariant::Violation;
#[cfg(feature = "live")]
use crate::live::{Broken, BrokenBy};
use crate::local::{Zone, rfc3339};
use crate::rulebook::Rulebook;
use crate::trial::Failure;
use crate::words::many;

/// How many places of one invariant are listed.
const SHOWN: usize = 10;

/// The broken invariants in rulebook order, each followed by an empty line; nothing where none is.
#[must_use]
pub fn human(names: &Names<'_>, decisions: &[Decision], violations: &[Violation], color: bool) -> String {
    let notes = violations.iter().map(|violation| (violation.invariant, note(names, decisions, violation)));
    drawn(names.rulebook, &notes.collect::<Vec<_>>(), color)
}

/// The same for what a live run has seen.
#[cfg(feature = "live")]
#[must_use]
pub fn seen_live(rulebook: &Rulebook, broken: &[Broken], color: bool) -> String {
    let notes: Vec<(usize, String)> = broken.iter().map(|one| (one.invariant, live_note(one))).collect();
    drawn(rulebook, &notes, color)
}

/// The same from the place of each invariant and a line about the break.
fn drawn(rulebook: &Rulebook, broken: &[(usize, String)], color: bool) -> String {
    let mut text = String::new();
    for (place, invariant) in rulebook.invariants.iter().enumerate() {
        let own: Vec<&String> = broken.iter().filter(|(of, _)| *of == place).map(|(_, note)| note).collect();
        if own.is_empty() {
            continue;
        }
        let mut notes: Vec<String> = own.iter().take(SHOWN).map(|note| (*note).clone()).collect();
        if own.len() > SHOWN {
            notes.push(format!("and {} more", own.len() - SHOWN));
        }
        let failed = Failure {
            message: match own.len() {
                1 => format!("invariant `{}` is broken", invariant.name),
                times => format!("invariant `{}` is broken {}", invariant.name, many(times, "time")),
            },
            range: invariant.range,
            label: String::from("this must always hold"),
            others: Vec::new(),
            notes,
            help: None,
        };
        text.push_str(&failure(&failed, &rulebook.sources, color));
        text.push_str("\n\n");
    }
    text
}

fn note(names: &Names<'_>, decisions: &[Decision], violation: &Violation) -> String {
    let because: Vec<&str> = violation.because.iter().map(|number| names.log.event_id(*number)).collect();
    let lead = names.log.lead_name(violation.lead);
    let decision = violation.decision.and_then(|place| decisions.get(place));
    let zone = decision
        .or_else(|| decisions.iter().find(|decision| decision.lead == violation.lead))
        .map_or(Zone::UTC, |decision| decision.zone);
    let at = rfc3339(violation.at, zone);
    let Some(decision) = decision else { return missed((&at, lead), &because) };
    held_note(&names.line(decision))
}

#[cfg(feature = "live")]
fn live_note(broken: &Broken) -> String {
    match &broken.by {
        BrokenBy::Held(line) => held_note(line),
        BrokenBy::Missing { lead, event } => missed((&rfc3339(broken.at, Zone::UTC), lead), &[event]),
    }
}

/// `2026-03-02T10:00:00-05:00 ana: email recap held by hot_leads rules/rules.ensue:12 [e12]`
fn held_note(line: &Line<'_>) -> String {
    let what = [line.channel.as_deref(), line.content()].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let (rule, source) = (line.rule.as_deref().unwrap_or_default(), line.source.as_deref().unwrap_or_default());
    let because: Vec<&str> = line.because.iter().map(|id| &**id).collect();
    format!("{} {}: {what} held by {rule} {source}{}", line.at, line.lead, bracketed(&because))
}

/// `2026-03-02T10:00:00-05:00 ana: nothing came in time [e12]`
fn missed((at, lead): (&str, &str), because: &[&str]) -> String {
    format!("{at} {lead}: nothing came in time{}", bracketed(because))
}

fn bracketed(because: &[&str]) -> String {
    if because.is_empty() { String::new() } else { format!(" [{}]", because.join(", ")) }
}

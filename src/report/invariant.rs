//! Broken invariants drawn: each with its rule, and when and for whom it was broken.

use super::diagnostic::failure;
use super::line::Names;
use super::summary::many;
use crate::decision::Decision;
use crate::invariant::Violation;
use crate::local::rfc3339;
use crate::trial::Failure;

/// How many places of one invariant are listed.
const SHOWN: usize = 10;

/// The broken invariants in rulebook order, each followed by an empty line; nothing where none is.
#[must_use]
pub fn human(names: &Names<'_>, decisions: &[Decision], violations: &[Violation], color: bool) -> String {
    let mut text = String::new();
    for (place, invariant) in names.rulebook.invariants.iter().enumerate() {
        let own: Vec<&Violation> = violations.iter().filter(|violation| violation.invariant == place).collect();
        if own.is_empty() {
            continue;
        }
        let mut notes: Vec<String> =
            own.iter().take(SHOWN).map(|violation| note(names, decisions, violation)).collect();
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
        text.push_str(&failure(&failed, &names.rulebook.sources, color));
        text.push_str("\n\n");
    }
    text
}

/// `2026-03-02T10:00:00-05:00 ana: email recap held by hot_leads [e12]`
fn note(names: &Names<'_>, decisions: &[Decision], violation: &Violation) -> String {
    let because: Vec<&str> = violation.because.iter().map(|number| names.log.event_id(*number)).collect();
    let because = if because.is_empty() { String::new() } else { format!(" [{}]", because.join(", ")) };
    let lead = names.log.lead_name(violation.lead);
    let decision = violation.decision.and_then(|place| decisions.get(place));
    let zone = decision
        .or_else(|| decisions.iter().find(|decision| decision.lead == violation.lead))
        .map_or(crate::local::Zone::UTC, |decision| decision.zone);
    let at = rfc3339(violation.at, zone);
    let Some(decision) = decision else { return format!("{at} {lead}: nothing came in time{because}") };
    let line = names.line(decision);
    let what = [line.channel, line.template.or(line.text)].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let rule = line.rule.unwrap_or("");
    let source = line.source.unwrap_or_default();
    format!("{at} {lead}: {what} held by {rule} {source}{because}")
}

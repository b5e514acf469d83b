//! What an explanation says is missing is what is missing: given that much, the rule acts, and given
//! one less, it does not; and what it says is due by time alone comes at that time.

use std::fmt::Write as _;

use ensue::event::LeadId;
use ensue::explain::{ClauseKind, Route};
use ensue::local::{Zone, rfc3339};
use ensue::rulebook::Pattern;
use ensue::rulebook::{RuleId, Trigger};
use ensue::timestamp::{Span, Timestamp};
use serde_json::Value;

use super::every_world;
use super::world::World;

/// Every rule asked about every lead, at the end of the log.
fn routes(world: &World, lead: LeadId, at: Timestamp) -> Vec<(RuleId, Route)> {
    let ids: Vec<RuleId> = (0..world.plan.rulebook.rules.len() as u16).map(RuleId).collect();
    let questions = ids.iter().map(|id| Pattern::Rule(*id)).collect();
    let answers = world.explain(lead, Some(at), questions).answers;
    ids.into_iter().zip(answers).map(|(id, mut answer)| (id, answer.routes.remove(0))).collect()
}

/// Whether all but the trigger lets the rule act.
fn else_passes(route: &Route) -> bool {
    route.clauses.iter().all(|clause| clause.kind == ClauseKind::When || clause.holds == Some(true))
}

/// How often a rule has acted on a lead.
fn acted(world: &World, lead: LeadId, id: RuleId) -> usize {
    let route = routes(world, lead, world.end()).into_iter().find(|(other, _)| *other == id).unwrap().1;
    route.tried.acted
}

#[test]
fn a_count_needs_what_it_says() {
    let mut tried = 0;
    for world in every_world() {
        let moments: Vec<Timestamp> = world.log.entries().iter().map(|entry| entry.received_at).collect();
        let step = (moments.len() / 12).max(1);
        for at in moments.into_iter().rev().step_by(step).filter(|at| *at <= world.end()) {
            for lead in world.leads_by(at) {
                tried += counts_of(&world, lead, at);
            }
        }
    }
    assert!(tried >= 40, "{tried} counts were tried");
}

/// Tries every rule that counts and has counted something: with what it needs, and with one less.
fn counts_of(world: &World, lead: LeadId, at: Timestamp) -> usize {
    let mut tried = 0;
    let soon = at + Span::seconds(20);
    for (id, route) in routes(world, lead, at) {
        let rule = &world.plan.rulebook.rules[usize::from(id.0)];
        let when = &route.clauses[0];
        let Some(counted) = when.events.last().filter(|event| !event.id.is_empty()) else { continue };
        let Some(needs) = when.needs.as_ref().and_then(|needs| needs.strip_prefix("needs ")) else { continue };
        let Some(needs) = needs.split(' ').next().and_then(|n| n.parse::<usize>().ok()) else { continue };
        let counts = matches!(rule.trigger, Trigger::Count { .. });
        if !counts || !else_passes(&route) || when.next.is_some_and(|next| next <= soon) {
            continue;
        }
        tried += 1;
        let line: usize = counted.place.rsplit(':').next().unwrap().parse().unwrap();
        let before = route.tried.acted;
        for (more, expected) in [(needs - 1, before), (needs, before + 1)] {
            let after = world.with_events(with_copies(world, line, more, at), soon);
            let lead = after.lead(world.log.lead_name(lead));
            let found = acted(&after, lead, id);
            assert_eq!(found, expected, "{}: {} with {more} more: {when:#?}", world.path, rule.label);
        }
    }
    tried
}

/// The log with copies of one of its records, just after a moment.
fn with_copies(world: &World, line: usize, count: usize, after: Timestamp) -> String {
    let mut record: Value = serde_json::from_str(world.events.lines().nth(line - 1).unwrap()).unwrap();
    let mut events = world.events.trim_end().to_owned();
    for n in 0..count {
        let at = rfc3339(after + Span(n as i64 * 1_000 + 1_000), Zone::UTC);
        let fields = record.as_object_mut().unwrap();
        fields.remove("received_at");
        for (key, value) in [("id", format!("copy{n}")), (if fields.contains_key("at") { "at" } else { "time" }, at)] {
            fields.insert(String::from(key), Value::String(value));
        }
        write!(events, "\n{record}").unwrap();
    }
    events
}

#[test]
fn what_is_due_by_time_comes_then() {
    let (mut due, mut other) = (0, 0);
    for world in every_world() {
        let moments: Vec<Timestamp> = world.log.entries().iter().map(|entry| entry.received_at).collect();
        let step = (moments.len() / 4).max(1);
        for at in moments.into_iter().step_by(step).filter(|at| *at <= world.end()) {
            for lead in world.leads_by(at) {
                for (id, route) in routes(&world, lead, at) {
                    let rule = &world.plan.rulebook.rules[usize::from(id.0)];
                    let by_time = matches!(
                        rule.trigger,
                        Trigger::Absent { .. }
                            | Trigger::Idle { .. }
                            | Trigger::AbsentAfter { .. }
                            | Trigger::Every { .. }
                            | Trigger::EveryWeekday { .. }
                    );
                    let when = &route.clauses[0];
                    let Some(next) = when.next.filter(|_| by_time && when.holds == Some(false)) else { continue };
                    if !else_passes(&route) {
                        continue;
                    }
                    // Something else may come in between and change what the other clauses say.
                    if route.next == Some(next) {
                        due += 1;
                    } else {
                        other += 1;
                    }
                    assert!(route.next.is_none_or(|first| first >= next), "{}: {} {when:#?}", world.path, rule.label);
                }
            }
        }
    }
    assert!(due >= 20 && other * 10 < due, "{due} came when they were due, {other} did not");
}

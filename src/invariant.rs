//! Which invariants a run has broken: what the engine held for one, and what did not come in time.
//! A pure function of log and decisions; used by dry runs and tests.

use crate::decision::{Because, Body, Decision, Status};
use crate::engine::BREAKS;
use crate::event::LeadId;
use crate::log::Log;
use crate::plan::Plan;
use crate::rulebook::{Invariant, InvariantKind, Kept};
use crate::timestamp::Timestamp;

/// A place at which an invariant is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Index into the rulebook's invariants.
    pub invariant: usize,
    /// Whose.
    pub lead: LeadId,
    /// When.
    pub at: Timestamp,
    /// The decision that was held; `None` where something is missing.
    pub decision: Option<usize>,
    /// The events it rests on.
    pub because: Because,
}

/// Every violation up to a moment, by time.
#[must_use]
pub fn violations(plan: &Plan, log: &Log, decisions: &[Decision], horizon: Timestamp) -> Vec<Violation> {
    let invariants = &plan.rulebook.invariants;
    if invariants.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<Violation> = Vec::new();
    for (place, decision) in decisions.iter().enumerate() {
        if let Some(invariant) = held_for(decision, invariants) {
            let (lead, at, because) = (decision.lead, decision.at, decision.because.clone());
            found.push(Violation { invariant, lead, at, decision: Some(place), because });
        }
    }
    for (place, invariant) in invariants.iter().enumerate() {
        found.extend(too_late(plan, log, decisions, horizon, (place, invariant)));
    }
    found.sort_by_key(|violation| (violation.at, violation.invariant));
    found
}

/// The invariant a decision was held for.
fn held_for(decision: &Decision, invariants: &[Invariant]) -> Option<usize> {
    let reason = match &decision.body {
        Body::Touch(touch) if touch.status == Status::Held => &touch.reason,
        Body::Action(action) if action.status == Status::Held => &action.reason,
        _ => return None,
    };
    let (name, _) = reason.strip_prefix(BREAKS)?.split_once(':')?;
    invariants.iter().position(|invariant| invariant.name == name)
}

/// Events after which what an invariant expects did not come in time.
fn too_late(
    plan: &Plan,
    log: &Log,
    decisions: &[Decision],
    horizon: Timestamp,
    (place, invariant): (usize, &Invariant),
) -> Vec<Violation> {
    let InvariantKind::InTime { within, set, expect } = invariant.kind else { return Vec::new() };
    let events = log.iter().filter(|event| event.received_at + within <= horizon && plan.in_set(set, event));
    let missed = events.filter(|event| {
        let until = event.received_at + within;
        !decisions.iter().any(|decision| {
            decision.lead == event.lead
                && event.received_at <= decision.at
                && decision.at <= until
                && is_expected(plan, expect, decision)
        })
    });
    missed
        .map(|event| Violation {
            invariant: place,
            lead: event.lead,
            at: event.received_at + within,
            decision: None,
            because: Because::from_slice(&[event.number]),
        })
        .collect()
}

fn is_expected(plan: &Plan, expect: Kept, decision: &Decision) -> bool {
    let (channel, status) = match &decision.body {
        Body::Alert { .. } => return expect == Kept::Alert,
        Body::Touch(touch) => (touch.channel, touch.status),
        Body::Action(action) => (action.channel, action.status),
        _ => return false,
    };
    let task = plan.rulebook.channels.get(channel.index()).is_some_and(|channel| channel.name == "task");
    status == Status::Sent
        && match expect {
            Kept::Channel(wanted) => wanted == channel,
            Kept::Touch => !task,
            Kept::Alert => false,
        }
}

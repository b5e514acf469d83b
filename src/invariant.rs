//! Which invariants a run has broken: what the engine held for one, and what did not come in time.
//! A pure function of log and decisions; used by dry runs and tests; a live run
//! looks at what it has kept of both (`live/watch.rs`).

use std::collections::BTreeMap;

use crate::decision::{Because, Body, Decision, Status};
use crate::engine::in_set;
use crate::event::LeadId;
use crate::log::Log;
use crate::plan::Plan;
use crate::rulebook::{ChannelId, Invariant, InvariantKind, Kept};
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

/// The invariant that something was held for.
pub(crate) fn held_for(decision: &Decision, invariants: &[Invariant]) -> Option<usize> {
    if decision.body.status() != Some(Status::Held) {
        return None;
    }
    let name = decision.body.reason()?.held_for()?;
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
    let events = log.iter().filter(|event| event.received_at + within <= horizon && in_set(plan, set, event));
    let mut expected: BTreeMap<LeadId, Vec<Timestamp>> = BTreeMap::new();
    for decision in decisions.iter().filter(|decision| is_expected(plan, expect, came(decision))) {
        expected.entry(decision.lead).or_default().push(decision.at);
    }
    expected.values_mut().for_each(|moments| moments.sort_unstable());
    let missed = events.filter(|event| {
        let own = expected.get(&event.lead).map_or(&[][..], Vec::as_slice);
        let first = own.get(own.partition_point(|at| *at < event.received_at));
        first.is_none_or(|at| *at > event.received_at + within)
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

/// What a decision lets a lead or a person have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Came {
    /// Words to a person.
    Alert,
    /// A message or a task on a channel.
    Sent(ChannelId),
    /// Nothing.
    Nothing,
}

fn came(decision: &Decision) -> Came {
    match &decision.body {
        Body::Alert { .. } => Came::Alert,
        Body::Touch(touch) if touch.status == Status::Sent => Came::Sent(touch.channel),
        Body::Action(action) if action.status == Status::Sent => Came::Sent(action.channel),
        _ => Came::Nothing,
    }
}

/// Whether what came is what an invariant expects.
pub(crate) fn is_expected(plan: &Plan, expect: Kept, came: Came) -> bool {
    match (expect, came) {
        (Kept::Alert, came) => came == Came::Alert,
        (Kept::Channel(wanted), Came::Sent(channel)) => wanted == channel,
        (Kept::Touch, Came::Sent(channel)) => {
            plan.rulebook.channels.get(channel).is_none_or(|channel| channel.name != "task")
        }
        (Kept::Channel(_) | Kept::Touch, _) => false,
    }
}

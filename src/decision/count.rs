//! Decisions counted by kind; drawn by `report::summary`.

use super::{Body, Decision, Status};

/// Counts of decisions by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Leads of the log.
    pub leads: usize,
    /// Events handled.
    pub events: usize,
    /// Touches, by what became of them.
    pub touches: Fates,
    /// Single actions, by what became of them.
    pub actions: Fates,
    /// Moves between tiers.
    pub tier_changes: usize,
    /// Alerts to people.
    pub alerts: usize,
    /// Faults of scripts.
    pub faults: usize,
}

/// How many went which way: indexed by [`Status`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fates([usize; 7]);

impl Fates {
    /// How many have a status.
    #[must_use]
    pub fn of(&self, status: Status) -> usize {
        self.0.get(status as usize).copied().unwrap_or(0)
    }

    fn join(&mut self, other: &Self) {
        for (count, more) in self.0.iter_mut().zip(other.0) {
            *count += more;
        }
    }

    fn add(&mut self, status: Status) {
        if let Some(count) = self.0.get_mut(status as usize) {
            *count += 1;
        }
    }
}

impl Counts {
    /// Adds what others counted, but for leads, which may be the same.
    pub fn join(&mut self, other: &Self) {
        self.events += other.events;
        self.touches.join(&other.touches);
        self.actions.join(&other.actions);
        self.tier_changes += other.tier_changes;
        self.alerts += other.alerts;
        self.faults += other.faults;
    }

    /// Counts one decision.
    pub fn add(&mut self, decision: &Decision) {
        match &decision.body {
            Body::Touch(touch) => self.touches.add(touch.status),
            Body::Action(action) => self.actions.add(action.status),
            Body::Tier { .. } => self.tier_changes += 1,
            Body::Alert { .. } => self.alerts += 1,
            Body::Fault(_) => self.faults += 1,
            _ => {}
        }
    }
}

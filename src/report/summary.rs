//! The last line of a dry run: what was counted.

use std::collections::BTreeMap;

use super::timeline::shown;
use crate::decision::{Body, Decision, Status};

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

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, {}; ", many(self.leads, "lead"), many(self.events, "event"))?;
        write_fates(f, &self.touches, "touch")?;
        if self.actions != Fates::default() {
            f.write_str("; ")?;
            write_fates(f, &self.actions, "action")?;
        }
        write!(f, "; {}, {}", many(self.tier_changes, "tier change"), many(self.alerts, "alert"))?;
        if self.faults > 0 {
            write!(f, ", {}", many(self.faults, "fault"))?;
        }
        Ok(())
    }
}

fn write_fates(f: &mut std::fmt::Formatter<'_>, fates: &Fates, noun: &str) -> std::fmt::Result {
    let (sent, scheduled) = (fates.of(Status::Sent), fates.of(Status::Scheduled));
    write!(f, "{} sent, {scheduled} scheduled, {} cancelled", many(sent, noun), fates.of(Status::Cancelled))?;
    for status in [Status::Skipped, Status::Expired, Status::Suppressed, Status::Held] {
        if fates.of(status) > 0 {
            write!(f, ", {} {}", fates.of(status), status.word())?;
        }
    }
    Ok(())
}

/// A note on the events of a log that are of no type the rulebook declares, by type; empty where all
/// are declared. Types are a log's own words, which must not steer a terminal.
#[must_use]
pub fn undeclared(types: &BTreeMap<String, u64>) -> String {
    if types.is_empty() {
        return String::new();
    }
    let types: Vec<String> = types.iter().map(|(name, n)| format!("`{}` ({n})", shown(name, |_| false))).collect();
    format!("note: no event of the rulebook is of these types: {}\n", types.join(", "))
}

/// `1 lead`, `2 leads`, `2 touches`
#[must_use]
pub fn many(count: usize, noun: &str) -> String {
    let ending = match (count, noun.ends_with("ch")) {
        (1, _) => "",
        (_, true) => "es",
        (_, false) => "s",
    };
    format!("{count} {noun}{ending}")
}

//! Leads without a next step: no touch, action, task, wait or hold with an end lies ahead, the lead may
//! be contacted, and its tier is not final. `idle D` counts from the end of what was planned last, else
//! from the lead's first event.

use crate::plan::Plan;
use crate::timestamp::Timestamp;

use super::lead::Lead;
use super::{Moment, World};

impl Lead {
    /// Whether nothing that time alone would bring lies ahead, and something should.
    fn is_idle(&self, plan: &Plan, now: Timestamp) -> bool {
        let is_final = self.tier.and_then(|tier| plan.rulebook.tiers.get(tier)).is_some_and(|tier| tier.is_final);
        let nothing_ahead = self.enrollments.is_empty() && self.actions.is_empty();
        let held = self.hold.as_ref().is_some_and(|hold| hold.until.is_some());
        nothing_ahead && !held && !is_final && self.suppressed(now).is_none()
    }
}

impl World {
    /// Something that may lie ahead of a lead has been planned or has ended.
    pub(super) fn note_idle(&mut self, moment: &Moment<'_>, slot: u32) {
        let lead = self.lead(slot);
        let is_idle = lead.is_idle(moment.plan, moment.now);
        if is_idle == lead.idle_since.is_some() {
            return;
        }
        self.idle_from(moment, slot, is_idle.then_some(moment.now));
    }

    /// Since when a lead is idle. A lead that comes in by history is idle from then on, whatever its past.
    pub(super) fn idle_from(&mut self, moment: &Moment<'_>, slot: u32, since: Option<Timestamp>) {
        self.lead_mut(slot).idle_since = since;
        if since.is_some() {
            for (index, absence) in moment.plan.absences.iter().enumerate() {
                if absence.last.is_none() {
                    self.arm_absence(moment.plan, slot, index);
                }
            }
        }
        if moment.plan.asks_idle {
            self.changed.push(slot);
        }
    }
}

//! What lies ahead when the log ends: one line per touch and action, by due time.

use crate::decision::{Body, Cause, Decision, Order, Reason, Status};
use crate::plan::Plan;
use crate::timestamp::Timestamp;

use super::World;
use super::timer::position;
use crate::decision::names::Journal;

impl World {
    /// Everything pending, as it stands at the engine's present moment.
    pub(super) fn scheduled(&self, plan: &Plan, names: &dyn Journal) -> Vec<Decision> {
        let mut lines = Vec::new();
        for slot in 0..self.leads.len() as u32 {
            if self.leads.get(slot as usize).is_some_and(Option::is_some) {
                self.scheduled_of(plan, names, slot, &mut lines);
            }
        }
        lines.sort_by(|a, b| {
            a.order.key().cmp(&b.order.key()).then_with(|| names.lead_name(a.lead).cmp(names.lead_name(b.lead)))
        });
        lines
    }

    fn scheduled_of(&self, plan: &Plan, names: &dyn Journal, slot: u32, lines: &mut Vec<Decision>) {
        let lead = self.lead(slot);
        let mut push = |due: Option<Timestamp>, position, body, cause, because| {
            let at = due.unwrap_or(self.now);
            lines.push(Decision {
                // What has no time comes last.
                order: Order {
                    at: due.unwrap_or(Timestamp::MAX),
                    after: 0,
                    timer: 1,
                    kind: 0,
                    position,
                    lead: lead.id,
                },
                at,
                zone: self.shown_zone(plan, lead),
                lead: lead.id,
                account: lead.account,
                body,
                cause,
                because,
                note: None,
                backfill: false,
            });
        };
        for enrollment in &lead.enrollments {
            let sequence = plan.rulebook.sequences.get(enrollment.sequence);
            for (due, line) in self.touches_ahead(plan, names, slot, enrollment.sequence) {
                let touches = sequence.map(|s| s.touches.as_slice()).unwrap_or_default();
                let tail = sequence.and_then(|s| s.tail.as_ref()).map(|(tail, _)| tail);
                let place = touches.get(usize::from(line.touch)).or(tail).map_or(0, |touch| position(touch.range));
                let cause = Cause::Sequence(enrollment.sequence, Some(line.touch));
                push(due, place, Body::Touch(Box::new(line)), cause, enrollment.because.clone());
            }
        }
        for (place, action) in lead.actions.iter().enumerate() {
            let reason = Reason::of_moves(action.trail.clone());
            let line = self.action_line(plan, slot, action, Status::Scheduled, reason);
            let place = self.action_position(plan, slot, place);
            push(Some(action.due), place, Body::Action(Box::new(line)), action.cause, action.because.clone());
        }
    }
}

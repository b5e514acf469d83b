//! Which of a touch's channels it is planned on: the first on which the lead may be contacted. It is asked
//! when the touch is planned, when a fact of the lead changes, and again when it is due.

use crate::event::Props;
use crate::plan::Plan;
use crate::rulebook::{ChannelId, Expiry, Sequence, Touch};
use crate::timestamp::Timestamp;
use crate::units::Content;

use super::evaluate::Scope;
use super::send::topics;
use super::{Moment, World};

impl World {
    /// The choice a touch is planned by; its first one where none may be used.
    pub(super) fn planned_choice<'t>(
        &self,
        plan: &Plan,
        slot: u32,
        touch: &'t Touch,
        now: Timestamp,
    ) -> Option<&'t (ChannelId, Content)> {
        let first = touch.choices.first();
        if touch.choices.len() < 2 {
            return first;
        }
        touch.choices.iter().find(|(channel, content)| self.may_contact(plan, slot, (*channel, content), now)).or(first)
    }

    /// Whether nothing but time stands between a lead and a message: no opt-out, no consent and no address
    /// that is missing.
    fn may_contact(&self, plan: &Plan, slot: u32, (channel, content): (ChannelId, &Content), now: Timestamp) -> bool {
        let lead = self.lead(slot);
        let Some(definition) = plan.rulebook.channels.get(channel) else { return false };
        let scope = Scope {
            before: None,
            past: None,
            plan,
            lead,
            props: Props::default(),
            now,
            accounts: &self.accounts,
            event: None,
            runner: &self.runner,
        };
        let topics = topics(plan, (channel, content), None);
        lead.barred(plan, channel, &topics, now).is_none()
            && definition.requires.iter().all(|(expr, _)| scope.holds(expr))
            && self.address_of(plan, slot, (channel, &topics)).is_ok()
    }

    /// A fact has changed: touches that may go out on one of several channels, or expire at a moment that a
    /// fact tells, are planned anew.
    pub(super) fn choose_anew(&mut self, moment: &Moment<'_>, slot: u32) {
        let sequences = &moment.plan.rulebook.sequences;
        let hangs = |touch: &Touch| touch.choices.len() > 1 || matches!(touch.expires, Some(Expiry::At(_)));
        let of = |s: &Sequence| s.touches.iter().chain(s.tail.as_ref().map(|(tail, _)| tail)).any(hangs);
        let may = |id| sequences.get(id).is_some_and(of);
        let ids: Vec<_> = self.lead(slot).enrollments.iter().map(|e| e.sequence).filter(|id| may(*id)).collect();
        for id in ids {
            let enrollment = self.lead(slot).enrollments.iter().find(|e| e.sequence == id);
            let touch = enrollment.and_then(|e| self.next_given(moment.plan, moment.names, slot, e));
            if touch.is_some_and(hangs) {
                self.replan(moment, slot, id);
            }
        }
    }
}

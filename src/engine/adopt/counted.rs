//! Timers set anew after a change of the rulebook. What would have fired already is taken as fired.

use crate::decision::Because;
use crate::timestamp::Timestamp;

use super::super::intake::{absence_base, rule_position};
use super::super::lead::FallState;
use super::super::pair::PairState;
use super::super::timer::{Kind, Timer, What};
use super::super::{Moment, World};

impl World {
    /// Since when the `while` clauses of silences and periodic rules hold; with their timers.
    pub(super) fn look_at_states(&mut self, moment: &Moment<'_>, slot: u32) {
        let plan = moment.plan;
        for (index, absence) in plan.absences.iter().enumerate() {
            let state = plan.rulebook.rules.get(absence.rule).and_then(|rule| rule.while_.as_ref());
            let holds = state.is_none_or(|state| self.scope(moment, slot).state(state));
            let Some(mut own) = self.lead(slot).absences.get(index).copied() else { continue };
            own.waiting = false;
            own.since = match (holds, state) {
                (false, _) => Timestamp::MAX,
                (true, None) => Timestamp::MIN,
                (true, Some(_)) if own.since == Timestamp::MAX => moment.now,
                (true, Some(_)) => own.since,
            };
            if let Some(base) = absence_base(self.lead(slot), absence, own.since).filter(|_| holds) {
                let due = self.silent_for(plan, slot, base, absence.length);
                if due <= moment.now && !self.lead(slot).stands_still(due) {
                    own.fired = own.fired.max(base);
                }
            }
            if let Some(place) = self.lead_mut(slot).absences.get_mut(index) {
                *place = own;
            }
            self.arm_absence(plan, slot, index);
        }
        for (index, periodic) in plan.periodics.iter().enumerate() {
            let state = plan.rulebook.rules.get(periodic.rule).and_then(|rule| rule.while_.as_ref());
            let holds = state.is_none_or(|state| self.scope(moment, slot).state(state));
            let Some((since, due)) = self.lead(slot).periodics.get(index).map(|state| (state.since, state.due)) else {
                continue;
            };
            if holds != (since != Timestamp::MAX) {
                self.note_periodic(moment, slot, index, holds);
            } else if holds && due <= moment.now {
                self.next_period(moment, slot, index, moment.now);
            } else if holds && due < Timestamp::MAX {
                let position = rule_position(plan, periodic.rule);
                let what = What::Periodic(index as u32);
                self.timers.push(Timer { due, kind: Kind::Periodic, position, slot, what });
            }
        }
    }

    /// Every other timer of a lead, but for those of its enrollments.
    pub(super) fn set_timers(&mut self, moment: &Moment<'_>, slot: u32) {
        self.set_deadlines(moment, slot);
        self.set_falls(moment, slot);
        let lead = self.lead(slot);
        let mut timers = Vec::new();
        if let Some((since, due)) = lead.hold.as_ref().and_then(|hold| Some((hold.since, hold.until?))) {
            timers.push((due, Kind::Resume, 0, What::HoldEnd(since)));
        }
        let ends = lead.suppressions.iter().filter_map(|suppression| suppression.until);
        timers.extend(ends.filter(|due| *due > moment.now).map(|due| (due, Kind::Resume, 0, What::SuppressionEnd)));
        for (place, action) in lead.actions.iter().enumerate() {
            let position = self.action_position(moment.plan, slot, place);
            timers.push((action.due, Kind::Touch, position, What::Action(action.serial)));
        }
        for (due, kind, position, what) in timers {
            self.timers.push(Timer { due, kind, position, slot, what });
        }
    }

    fn set_deadlines(&mut self, moment: &Moment<'_>, slot: u32) {
        for (index, pair) in moment.plan.pairs.iter().enumerate() {
            let Some(asked) = self.lead(slot).pairs.get(index).and_then(PairState::waits) else { continue };
            let due = self.measure(moment.plan, slot, asked.at, pair.within);
            if due > moment.now && !pair.yes {
                self.set_deadline(moment.plan, slot, (index, pair), (asked, due));
            } else if due <= moment.now
                && let Some(state) = self.lead_mut(slot).pairs.get_mut(index)
            {
                state.pass();
            }
        }
    }

    /// On which side of its line each falling rule's score stands.
    fn set_falls(&mut self, moment: &Moment<'_>, slot: u32) {
        for place in &mut self.lead_mut(slot).falls {
            *place = FallState { above: false, due: Timestamp::MAX };
        }
        for (score, falls) in moment.plan.downward.with_ids() {
            for index in 0..falls.len() {
                self.check_fall(moment, slot, score, index, &Because::new());
            }
        }
    }
}

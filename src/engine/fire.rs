//! Timers that fire: absences, falling scores, periodic rules, ends of holds, and what is due.

use chrono::{Datelike, Days, NaiveDate};

use crate::decision::{Because, Decision, Order};
use crate::event::Props;
use crate::plan::Plan;
use crate::rulebook::{ScoreId, SequenceId, Trigger};
use crate::timestamp::{Span, Timestamp};

use super::instant::Fired;
use super::intake::{absence_base, because_of, rule_position};
use super::schedule::clock;
use super::timer::{Kind, Timer, What};
use super::{Moment, World};
use crate::decision::names::Journal;

impl World {
    /// Fires one timer at its due time.
    pub(super) fn fire(&mut self, plan: &Plan, names: &dyn Journal, timer: Timer, out: &mut Vec<Decision>) {
        let (now, position) = (self.now, timer.position);
        let after = if self.last_entry.0 == now { self.last_entry.1 } else { 0 };
        // Even a timer that does nothing is one timer less.
        let (kind, lead) = (timer.kind as u8, self.lead_mut(timer.slot).id);
        let own = Order { at: now, after, timer: 1, kind, position: timer.position, lead };
        let order = self.place_of(own, timer.due < now, names);
        self.last_order = Some(order);
        let mut moment = Moment {
            plan,
            names,
            now,
            order,
            position,
            age: Span::ZERO,
            backfill: false,
            props: Props::default(),
            event: None,
        };
        if self.meter.is_some() {
            self.measure_before(plan, timer.slot, now);
        }
        match timer.what {
            What::Absence(index) => {
                moment.age = self.fire_absence(&moment, timer.slot, index as usize);
                moment.backfill = self.backfill && moment.age > Span::ZERO;
            }
            What::Deadline(index, number) => {
                moment.age = self.fire_deadline(&moment, timer.slot, index as usize, number);
                moment.backfill = self.backfill && moment.age > Span::ZERO;
            }
            What::Fall(score, index) => self.fire_fall(&moment, timer.slot, ScoreId(score), index as usize),
            What::Periodic(index) => self.fire_periodic(&moment, timer, index as usize),
            What::HoldEnd(since) => self.fire_hold_end(&moment, timer.slot, since, out),
            What::SuppressionEnd => {
                self.changed.push(timer.slot);
                self.note_idle(&moment, timer.slot);
            }
            What::Touch(sequence, version) => {
                self.fire_touch(&moment, timer.slot, SequenceId(sequence), version, out);
            }
            What::Action(serial) => self.fire_action(&moment, timer.slot, serial, out),
        }
        self.settle(&moment, out);
        if self.meter.is_some() {
            self.take_in_own(&moment, out);
        }
    }

    /// The place of a timer in the order of the log. One that was made at this very moment fires right after
    /// what made it, and has the place of that: it must not matter which other leads are about.
    fn place_of(&self, own: Order, overdue: bool, names: &dyn Journal) -> Order {
        let by_name = |last: Order| names.lead_name(own.lead).cmp(names.lead_name(last.lead));
        let before = |last: Order| own.key().cmp(&last.key()).then_with(|| by_name(last)).is_lt();
        self.last_order.filter(|last| last.at == own.at && (overdue || before(*last))).unwrap_or(own)
    }

    /// `no A for D`: fires where nothing came since; else waits for the rest of the time. How long
    /// ago it was due: a late event can make it so in the past.
    #[expect(clippy::indexing_slicing, reason = "a timer's index is made by the plan that sized the lead")]
    fn fire_absence(&mut self, moment: &Moment<'_>, slot: u32, index: usize) -> Span {
        let absence = moment.plan.absences[index];
        self.lead_mut(slot).absences[index].waiting = false;
        let lead = self.lead(slot);
        let state = lead.absences[index];
        if state.since == Timestamp::MAX {
            return Span::ZERO;
        }
        let base = absence_base(lead, &absence, state.since).filter(|base| *base > state.fired);
        let Some(base) = base else { return Span::ZERO };
        let due = self.silent_for(moment.plan, slot, base, absence.length);
        // Once it is let go of, the clock goes on.
        if lead.stands_still(due) {
            return Span::ZERO;
        }
        if due > moment.now {
            if self.halts.all(moment.now) {
                self.lead_mut(slot).absences[index].halted = true;
            } else {
                self.arm_absence(moment.plan, slot, index);
            }
            return Span::ZERO;
        }
        let last = absence.last.and_then(|last| lead.last.get(last)).copied().filter(|stamp| !stamp.is_never());
        let because = last.map_or_else(Because::new, because_of);
        self.lead_mut(slot).absences[index].fired = base;
        self.fired.push(Fired::new(slot, absence.rule, because));
        moment.now - due
    }

    #[expect(clippy::indexing_slicing, reason = "a timer's index is made by the plan that sized the lead")]
    fn fire_fall(&mut self, moment: &Moment<'_>, slot: u32, score: ScoreId, index: usize) {
        let fall = moment.plan.downward[score.index()][index];
        let state = &mut self.lead_mut(slot).falls[fall.slot];
        if state.due != moment.now {
            return;
        }
        state.due = Timestamp::MAX;
        self.check_fall(moment, slot, score, index, &Because::new());
    }

    #[expect(clippy::indexing_slicing, reason = "a timer's index is made by the plan that sized the lead")]
    fn fire_periodic(&mut self, moment: &Moment<'_>, timer: Timer, index: usize) {
        if self.lead(timer.slot).periodics[index].due != timer.due {
            return;
        }
        self.fired.push(Fired::new(timer.slot, moment.plan.periodics[index].rule, Because::new()));
        self.next_period(moment, timer.slot, index, moment.now);
    }

    /// Notes whether the `while` clause of a periodic rule holds, and begins or ends its periods.
    #[expect(clippy::indexing_slicing, reason = "indices are made by the plan that sized the lead")]
    pub(super) fn note_periodic(&mut self, moment: &Moment<'_>, slot: u32, index: usize, holds: bool) {
        let state = &mut self.lead_mut(slot).periodics[index];
        let held = state.since != Timestamp::MAX;
        if holds == held {
            return;
        }
        if holds {
            state.since = moment.now;
            self.next_period(moment, slot, index, moment.now);
        } else {
            state.since = Timestamp::MAX;
            state.due = Timestamp::MAX;
        }
    }

    /// A lead that changes zone keeps the local times of its `every WEEKDAY`: the one that lies nearest
    /// to what was pending.
    pub(super) fn replan_weekdays(&mut self, moment: &Moment<'_>, slot: u32) {
        for (index, periodic) in moment.plan.periodics.iter().enumerate() {
            let rule = moment.plan.rulebook.rules.get(periodic.rule);
            let Some(Trigger::EveryWeekday { days, at }) = rule.map(|rule| &rule.trigger) else { continue };
            let pending = self.lead(slot).periodics.get(index).map_or(Timestamp::MAX, |state| state.due);
            if pending == Timestamp::MAX {
                continue;
            }
            let zone = self.shown_zone(moment.plan, self.lead(slot));
            let Some(first) = zone.to_local(pending).date().checked_sub_days(Days::new(2)) else { continue };
            let is_day =
                |date: &NaiveDate| days.get(date.weekday().num_days_from_monday() as usize).copied().unwrap_or(false);
            let moments = first.iter_days().take(5).filter(is_day).map(|date| zone.resolve(date.and_time(clock(*at))));
            let nearest = moments.min_by_key(|at| at.0.abs_diff(pending.0)).map(|due| due.max(moment.now));
            let Some(due) = nearest.filter(|due| *due != pending) else { continue };
            if let Some(state) = self.lead_mut(slot).periodics.get_mut(index) {
                state.due = due;
            }
            let position = rule_position(moment.plan, periodic.rule);
            self.timers.push(Timer { due, kind: Kind::Periodic, position, slot, what: What::Periodic(index as u32) });
        }
    }

    #[expect(clippy::indexing_slicing, reason = "indices are made by the plan that sized the lead")]
    pub(super) fn next_period(&mut self, moment: &Moment<'_>, slot: u32, index: usize, from: Timestamp) {
        let rule = moment.plan.periodics[index].rule;
        let due = match &moment.plan.rulebook.rules[rule.index()].trigger {
            Trigger::Every { length } => self.later(moment.plan, slot, from, *length),
            Trigger::EveryWeekday { days, at } => {
                let zone = self.shown_zone(moment.plan, self.lead(slot));
                let today = zone.to_local(from).date();
                let is_day = |date: &NaiveDate| days[date.weekday().num_days_from_monday() as usize];
                (0..=14)
                    .filter_map(|n| today.checked_add_days(Days::new(n)))
                    .filter(is_day)
                    .map(|date| zone.resolve(date.and_time(clock(*at))))
                    .find(|due| *due > from)
                    .unwrap_or(Timestamp::MAX)
            }
            _ => Timestamp::MAX,
        };
        self.lead_mut(slot).periodics[index].due = due;
        if due < Timestamp::MAX {
            let position = rule_position(moment.plan, rule);
            self.timers.push(Timer { due, kind: Kind::Periodic, position, slot, what: What::Periodic(index as u32) });
        }
    }
}

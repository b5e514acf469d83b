//! Holds of leads and of accounts. An account that is held holds every lead that is in it and whoever
//! joins; a hold that is made longer is kept with the account alone, and each lead hears of it where its
//! own would end: a large account does not move all of its leads for each of them.
//!
//! What waits is not silent: the clocks of `silent` and `no A for D` stand still while a lead is held, or all is
//! halted.

use serde::{Deserialize, Serialize};

use crate::decision::reason::Decider;
use crate::decision::{Because, Body, Cause, Decision, Reason};
use crate::plan::Plan;
use crate::rulebook::{EffectKind, HoldEnd, RuleId};
use crate::timestamp::Timestamp;
use crate::units::Length;

use super::effect::By;
use super::enroll::decider;
use super::lead::{Hold, Lead};
use super::timer::{Kind, Timer, What};
use super::{Account, Moment, World};

/// So many past holds of a lead are kept, the latest.
const KEPT: usize = 32;

/// A hold of a whole account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AccountHold {
    pub until: Timestamp,
    pub by: Decider,
    /// Some lead was let go of before its end.
    pub let_go: bool,
}

impl Lead {
    /// Whether a moment lies behind the one at which the present hold began: time stands still there.
    pub fn stands_still(&self, due: Timestamp) -> bool {
        self.hold.as_ref().is_some_and(|hold| due > hold.since)
    }

    /// A hold that began at a moment is over.
    fn note_held(&mut self, since: Timestamp, until: Timestamp) {
        match self.held.last_mut() {
            Some((_, end)) if *end >= since => *end = until,
            _ => self.held.push((since, until)),
        }
        if self.held.len() > KEPT {
            self.held.remove(0);
        }
    }
}

impl Account {
    /// The hold of the account, while it lasts.
    fn held(&self, now: Timestamp) -> Option<&AccountHold> {
        self.hold.as_deref().filter(|hold| hold.until > now)
    }
}

impl World {
    /// `from` plus a length of silence: what a lead was held for since does not count, nor while all was halted.
    pub(super) fn silent_for(&self, plan: &Plan, slot: u32, from: Timestamp, length: Length) -> Timestamp {
        let mut due = self.measure(plan, slot, from, length);
        let mut counted = from;
        let held = &self.lead(slot).held;
        let both = if self.halts.is_empty() { Vec::new() } else { self.halts.all_with(held, self.now) };
        for (since, until) in if both.is_empty() { held } else { both.as_slice() } {
            if *until <= from {
                continue;
            }
            if *since >= due {
                break;
            }
            counted = counted + (*until - (*since).max(from));
            due = self.measure(plan, slot, counted, length);
        }
        due
    }

    /// `hold account`: every lead of the account, or the lead alone where it has none.
    pub(super) fn hold_account(
        &mut self,
        moment: &Moment<'_>,
        slot: u32,
        until: Timestamp,
        by: By<'_>,
        out: &mut Vec<Decision>,
    ) {
        if until <= moment.now {
            return;
        }
        let who = decider(moment.plan, by.0);
        let account = self.lead(slot).account_slot;
        let Some(account) = self.accounts.get_mut(account as usize) else {
            return self.hold(moment, slot, Some(until), by, out);
        };
        account.touched = true;
        let before = account.held(moment.now).map(|hold| (hold.until, hold.let_go));
        let longest = before.map_or(until, |(before, _)| before.max(until));
        if before.is_none_or(|(before, _)| before < until) {
            account.hold = Some(Box::new(AccountHold { until, by: who, let_go: false }));
        } else if let Some(hold) = &mut account.hold {
            hold.let_go = false;
        }
        match before {
            None => {
                for slot in self.account_of(slot) {
                    self.lead_mut(slot).let_go = false;
                    self.hold(moment, slot, Some(until), by, out);
                }
            }
            Some((_, let_go)) => {
                let free = if let_go { self.account_of(slot) } else { Vec::new() };
                for other in free.into_iter().filter(|other| *other != slot) {
                    if std::mem::take(&mut self.lead_mut(other).let_go) {
                        self.hold(moment, other, Some(longest), by, out);
                    }
                }
                self.lead_mut(slot).let_go = false;
                self.hold(moment, slot, Some(until), by, out);
            }
        }
    }

    /// A lead has joined an account that is held.
    pub(super) fn hold_newcomer(&mut self, moment: &Moment<'_>, slot: u32, because: &Because, out: &mut Vec<Decision>) {
        let account = self.accounts.get(self.lead(slot).account_slot as usize);
        let Some(hold) = account.and_then(|account| account.held(moment.now)).cloned() else { return };
        let as_own = Hold { since: moment.now, until: Some(hold.until), by: hold.by };
        let cause = self.cause_of_hold(moment, slot, &as_own);
        self.hold(moment, slot, as_own.until, (cause, because), out);
    }

    /// A hold of the lead ends where that of its account does, if that is later.
    pub(super) fn follow_account(&mut self, moment: &Moment<'_>, slot: u32) {
        let account = self.accounts.get(self.lead(slot).account_slot as usize);
        let Some(longer) = account.and_then(|account| account.held(moment.now)).cloned() else { return };
        let lead = self.lead(slot);
        let follows = |hold: &Hold| !hold.is_by_hand() && hold.until.is_some_and(|until| until < longer.until);
        if lead.let_go || !lead.hold.as_deref().is_some_and(follows) {
            return;
        }
        let Some(hold) = self.lead_mut(slot).hold.as_mut() else { return };
        (hold.until, hold.by) = (Some(longer.until), longer.by);
        let since = hold.since;
        self.set_hold_end(moment, slot, (since, longer.until));
    }

    /// The hold of a lead as it stands: one that its account's has outgrown ends with that.
    pub(super) fn hold_of(&self, lead: &Lead) -> Option<Hold> {
        let hold = lead.hold.as_deref()?;
        let account = self.accounts.get(lead.account_slot as usize).and_then(|account| account.held(self.now));
        let longer = account.filter(|longer| !lead.let_go && !hold.is_by_hand() && hold.until < Some(longer.until));
        let longer = longer.filter(|_| hold.until.is_some());
        Some(match longer {
            Some(longer) => Hold { since: hold.since, until: Some(longer.until), by: longer.by.clone() },
            None => hold.clone(),
        })
    }

    fn set_hold_end(&mut self, moment: &Moment<'_>, slot: u32, (since, due): (Timestamp, Timestamp)) {
        let position = moment.position;
        self.timers.push(Timer { due, kind: Kind::Resume, position, slot, what: What::HoldEnd(since) });
    }

    /// Pauses a lead's touches; a longer hold outlasts a shorter one.
    pub(super) fn hold(
        &mut self,
        moment: &Moment<'_>,
        slot: u32,
        until: Option<Timestamp>,
        by: By<'_>,
        out: &mut Vec<Decision>,
    ) {
        if until.is_some_and(|until| until <= moment.now) {
            return;
        }
        // The firing lead of an account's hold is asked with that hold in force already: it must not be
        // outlasted by what it asks for.
        let asked_for = |hold: &AccountHold| Some(hold.until) == until;
        let account = self.accounts.get(self.lead(slot).account_slot as usize);
        if !account.and_then(|account| account.held(moment.now)).is_some_and(asked_for) {
            self.follow_account(moment, slot);
        }
        let who = decider(moment.plan, by.0);
        let by_hand = by.0 == Cause::Person;
        let lead = self.lead_mut(slot);
        match &mut lead.hold {
            Some(hold) => {
                let outlasts = hold.until.is_none_or(|old| until.is_some_and(|new| new <= old));
                if outlasts && (hold.is_by_hand() || !by_hand) {
                    return;
                }
                // A person's word stands, be it longer or shorter than a rule's.
                if by_hand || !hold.is_by_hand() {
                    hold.until = until;
                    hold.by = who;
                } else {
                    return;
                }
            }
            None => lead.hold = Some(Box::new(Hold { since: moment.now, until, by: who })),
        }
        // A hold made longer counts from its first moment: what is pending is shifted once, at its end.
        let since = lead.hold.as_ref().map_or(moment.now, |hold| hold.since);
        for enrollment in &mut lead.enrollments {
            enrollment.due = Timestamp::MAX;
        }
        if let Some(due) = until {
            self.set_hold_end(moment, slot, (since, due));
        }
        self.replan_all(moment, slot);
        self.note_idle(moment, slot);
        self.decide(moment, slot, Body::Hold(until), by, out);
    }

    pub(super) fn resume(&mut self, moment: &Moment<'_>, slot: u32, by: By<'_>, out: &mut Vec<Decision>) {
        if by.0 != Cause::Person && self.lead(slot).hold.as_ref().is_some_and(|hold| hold.is_by_hand()) {
            return self.decide(moment, slot, Body::Muted(Reason::PausedByHand), by, out);
        }
        let Some(hold) = self.lead_mut(slot).hold.take() else { return };
        self.go_on_after(moment, slot, hold.since);
        self.decide(moment, slot, Body::Resume, by, out);
    }

    /// A hold's time is over, unless it was made longer or has ended.
    pub(super) fn fire_hold_end(&mut self, moment: &Moment<'_>, slot: u32, since: Timestamp, out: &mut Vec<Decision>) {
        // A hold that was made longer has another timer; a resume and a new hold have another beginning.
        let over = |hold: &Hold| hold.since == since && hold.until == Some(moment.now);
        if !self.lead(slot).hold.as_deref().is_some_and(over) {
            return;
        }
        self.follow_account(moment, slot);
        let Some(hold) = self.lead_mut(slot).hold.take_if(|hold| over(hold)) else { return };
        self.go_on_after(moment, slot, hold.since);
        let cause = self.cause_of_hold(moment, slot, &hold);
        self.decide(moment, slot, Body::Resume, (cause, &Because::new()), out);
    }

    /// What was planned goes on after a hold, and so do the clocks of silence.
    fn go_on_after(&mut self, moment: &Moment<'_>, slot: u32, since: Timestamp) {
        let lead = self.lead_mut(slot);
        lead.note_held(since, moment.now);
        let account = lead.account_slot;
        if let Some(account) = self.accounts.get_mut(account as usize).filter(|a| a.held(moment.now).is_some()) {
            account.touched = true;
            if let Some(hold) = &mut account.hold {
                hold.let_go = true;
            }
            self.lead_mut(slot).let_go = true;
        }
        self.shift_pending(moment, slot, since);
        self.note_idle(moment, slot);
        for index in 0..moment.plan.absences.len() {
            self.arm_absence(moment.plan, slot, index);
        }
    }

    /// Who a hold is of.
    fn cause_of_hold(&self, moment: &Moment<'_>, slot: u32, hold: &Hold) -> Cause {
        match &hold.by {
            Decider::Person => Cause::Person,
            Decider::Change => Cause::Change,
            Decider::Rule(label) => {
                let rule = moment.plan.rulebook.rules.iter().position(|rule| rule.label == **label);
                let rule = RuleId(rule.unwrap_or(0) as u16);
                Cause::Rule(rule, self.arm_of_hold(moment, slot, rule, hold))
            }
        }
    }

    /// The line of a rule that a hold comes from: the one with that end, else the first that holds.
    fn arm_of_hold(&self, moment: &Moment<'_>, slot: u32, rule: RuleId, hold: &Hold) -> u8 {
        let arms = moment.plan.rulebook.rules.get(rule).map_or(&[][..], |rule| &rule.arms);
        let ends = |effect: &EffectKind| match effect {
            EffectKind::Hold { until: HoldEnd::After(length), .. } => {
                Some(self.later(moment.plan, slot, hold.since, *length)) == hold.until
            }
            _ => false,
        };
        let holds = |effect: &EffectKind| matches!(effect, EffectKind::Hold { .. });
        let first = |fits: &dyn Fn(&EffectKind) -> bool| {
            arms.iter().position(|arm| arm.effects.iter().any(|effect| fits(&effect.kind)))
        };
        first(&ends).or_else(|| first(&holds)).unwrap_or(0) as u8
    }
}

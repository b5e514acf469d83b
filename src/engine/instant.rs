//! The rounds of an instant: rules are judged against one state, their effects applied by phase,
//! and what that changes is the next round. Each rule fires at most once, so rounds end; so does
//! what the timers of one moment bring about one after the other.

use std::sync::Arc;

use crate::decision::{Because, Body, Cause, Decision, Reason};
use crate::event::Props;
use crate::plan::Plan;
use crate::rulebook::{Arm, EffectKind, Expr, Limit, Rule, RuleId, SequenceId, SetId};
use crate::timestamp::Timestamp;

use super::evaluate::Scope;
use super::lead::{PendingAction, SavedProps, Stamp};
use super::timer::position;
use super::{Moment, World};

/// A rule whose trigger has happened for a lead, still to be judged.
#[derive(Clone, Debug)]
pub(super) struct Fired {
    pub slot: u32,
    pub rule: RuleId,
    pub because: Because,
    /// Properties kept from the event that armed the rule, in place of the moment's.
    pub saved: Option<Arc<SavedProps>>,
    /// What would have made it act has become known too late: its time had passed.
    pub passed: bool,
}

impl Fired {
    pub fn new(slot: u32, rule: RuleId, because: Because) -> Self {
        Self { slot, rule, because, saved: None, passed: false }
    }
}

/// The order in which effects of one round apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    Suppress,
    Stop,
    Hold,
    Tier,
    Start,
    Send,
    Record,
}

/// An effect that waits for its phase.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub slot: u32,
    pub phase: Phase,
    /// Rulebook position, which orders effects within a phase.
    pub position: u64,
    pub what: Wanted,
    pub because: Because,
    pub saved: Option<Arc<SavedProps>>,
}

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// An effect of a rule: arm and index in it.
    Effect(RuleId, u8, u16),
    /// `exit on`, and which of its events happened.
    Exit(SequenceId, SetId),
    /// `for TIER`
    Enter(SequenceId),
}

impl Pending {
    pub fn exit(plan: &Plan, slot: u32, (sequence, set): (SequenceId, SetId), because: Because) -> Self {
        Self::of_sequence(plan, slot, Phase::Stop, Wanted::Exit(sequence, set), sequence, because)
    }

    pub fn enter(plan: &Plan, slot: u32, sequence: SequenceId, because: Because) -> Self {
        Self::of_sequence(plan, slot, Phase::Start, Wanted::Enter(sequence), sequence, because)
    }

    fn of_sequence(plan: &Plan, slot: u32, phase: Phase, what: Wanted, sequence: SequenceId, because: Because) -> Self {
        let position = plan.rulebook.sequences.get(sequence).map_or(0, |s| position(s.range));
        Self { slot, phase, position, what, because, saved: None }
    }
}

/// The phase an effect belongs to.
fn phase(effect: &EffectKind) -> Phase {
    match effect {
        EffectKind::Suppress { .. } | EffectKind::Unsuppress { .. } => Phase::Suppress,
        EffectKind::Stop | EffectKind::StopSequence(_) | EffectKind::StopAccount | EffectKind::StopAll => Phase::Stop,
        EffectKind::Hold { .. } | EffectKind::Resume => Phase::Hold,
        EffectKind::Tier(_) => Phase::Tier,
        EffectKind::Start(_) => Phase::Start,
        EffectKind::Send { .. } | EffectKind::Webhook(_) => Phase::Send,
        EffectKind::Alert { .. }
        | EffectKind::Escalate { .. }
        | EffectKind::Assign(_)
        | EffectKind::Set { .. }
        | EffectKind::Add { .. }
        | EffectKind::Tag(_)
        | EffectKind::Untag(_) => Phase::Record,
    }
}

/// Effects that act however late the news is.
fn always_acts(effect: &EffectKind) -> bool {
    matches!(phase(effect), Phase::Suppress | Phase::Stop | Phase::Hold)
        && !matches!(effect, EffectKind::Unsuppress { .. } | EffectKind::Resume)
}

/// Effects that leave a lead in a state, and nothing goes out for: history that is loaded may have them.
fn leaves_a_state(effect: &EffectKind) -> bool {
    match effect {
        EffectKind::Tier(_)
        | EffectKind::Suppress { .. }
        | EffectKind::Assign(_)
        | EffectKind::Set { .. }
        | EffectKind::Add { .. }
        | EffectKind::Tag(_)
        | EffectKind::Untag(_) => true,
        EffectKind::Start(_)
        | EffectKind::Stop
        | EffectKind::StopSequence(_)
        | EffectKind::StopAccount
        | EffectKind::StopAll
        | EffectKind::Hold { .. }
        | EffectKind::Resume
        | EffectKind::Unsuppress { .. }
        | EffectKind::Send { .. }
        | EffectKind::Alert { .. }
        | EffectKind::Escalate { .. }
        | EffectKind::Webhook(_) => false,
    }
}

/// Whether an effect acts on news that is too old, or on history.
fn acts(moment: &Moment<'_>, effect: &EffectKind) -> bool {
    always_acts(effect) || moment.backfill && leaves_a_state(effect)
}

/// Whether some effect of a rule's arm is kept from acting when the news is too old, or history.
pub(super) fn heeds_age(moment: &Moment<'_>, arm: &Arm) -> bool {
    arm.effects.iter().any(|effect| !acts(moment, &effect.kind))
}

/// Whether the news is too old to act on, or history, for which nothing goes out.
pub(super) fn is_stale(moment: &Moment<'_>) -> bool {
    moment.backfill || moment.age > moment.plan.rulebook.settings.stale_after
}

/// The arm of a rule that acts: the first whose guard holds.
pub(super) fn arm_of<'a>(rule: &'a Rule, scope: &Scope<'a>) -> Option<usize> {
    rule.arms.iter().position(|arm| arm.guard.as_ref().is_none_or(|guard| scope.holds(guard)))
}

/// Whether a rule that acted last at `last` may act again; `MIN` where it never has.
pub(super) fn is_open(limit: Limit, last: Timestamp, now: Timestamp) -> bool {
    match limit {
        Limit::Once => last == Timestamp::MIN,
        Limit::AtMostOncePer(length) => now >= last + length,
    }
}

/// An instant: its moment, and the entry handled last at it.
fn instant_of(moment: &Moment<'_>) -> (Timestamp, u32) {
    (moment.now, moment.order.after)
}

impl World {
    /// Carries out everything that has fired, round after round.
    pub(super) fn settle(&mut self, moment: &Moment<'_>, out: &mut Vec<Decision>) {
        while !(self.fired.is_empty() && self.pending.is_empty() && self.changed.is_empty()) {
            self.note_states(moment, out);
            let fired = std::mem::take(&mut self.fired);
            for fired in &fired {
                if !self.has_fired(moment, fired) {
                    self.judge(moment, fired, out);
                }
            }
            self.recycle(fired);
            self.apply_round(moment, out);
        }
        if self.planned.is_empty() {
            return;
        }
        for (slot, serial) in std::mem::take(&mut self.planned) {
            let action = self.lead(slot).actions.iter().find(|action| action.serial == serial);
            let holds = action.is_some_and(|action| self.still_wanted(moment, slot, action));
            if let Some(action) = self.lead_mut(slot).actions.iter_mut().find(|action| action.serial == serial) {
                action.asked_again = holds;
            }
        }
    }

    /// Whether what its rule asks of the lead holds for a single message.
    pub(super) fn still_wanted(&self, moment: &Moment<'_>, slot: u32, action: &PendingAction) -> bool {
        let Cause::Rule(rule, arm) = action.cause else { return true };
        let Some(rule) = moment.plan.rulebook.rules.get(rule) else { return true };
        let mut scope = self.scope(moment, slot);
        scope.props = action.saved.as_ref().map_or_else(Props::default, |saved| saved.props());
        let guard = |guard: &Option<Expr>| guard.as_ref().is_none_or(|guard| scope.holds(guard));
        rule.while_.as_ref().is_none_or(|state| scope.state(state))
            && guard(&rule.guard)
            && rule.arms.get(usize::from(arm)).is_none_or(|arm| guard(&arm.guard))
    }

    /// Whether a rule has fired for its lead since the entry of this moment, in any of its timers.
    fn has_fired(&self, moment: &Moment<'_>, fired: &Fired) -> bool {
        let done = &self.lead(fired.slot).done;
        done.instant == instant_of(moment) && done.rules.contains(&fired.rule)
    }

    fn note_fired(&mut self, moment: &Moment<'_>, fired: &Fired) {
        let done = &mut self.lead_mut(fired.slot).done;
        if done.instant != instant_of(moment) {
            done.instant = instant_of(moment);
            done.rules.clear();
        }
        done.rules.push(fired.rule);
    }

    /// Keeps the memory of a list that has been worked through.
    fn recycle(&mut self, mut list: Vec<Fired>) {
        if self.fired.is_empty() {
            list.clear();
            self.fired = list;
        }
    }

    fn apply_round(&mut self, moment: &Moment<'_>, out: &mut Vec<Decision>) {
        if self.pending.is_empty() {
            return;
        }
        let mut round = std::mem::take(&mut self.pending);
        round.sort_by_key(|p| (p.phase, p.position));
        let (before, rest) = round.split_at(round.partition_point(|p| p.phase < Phase::Tier));
        for effect in before {
            self.apply(moment, effect, out);
        }
        let (tiers, rest) = rest.split_at(rest.partition_point(|p| p.phase == Phase::Tier));
        self.apply_tiers(moment, tiers, out);
        let (named, after) = rest.split_at(rest.partition_point(|p| p.phase == Phase::Start));
        // Moving to a tier has added enrollments to the starts of this round.
        let mut starts = std::mem::take(&mut self.pending);
        starts.extend_from_slice(named);
        starts.sort_by_key(|p| p.position);
        self.apply_starts(moment, &starts, out);
        for effect in after {
            self.apply(moment, effect, out);
        }
        // The list keeps its memory for the next round.
        if self.pending.is_empty() {
            round.clear();
            self.pending = round;
        }
    }

    /// Judges a rule whose trigger has happened: `while`, `where`, its limit, its arms.
    fn judge(&mut self, moment: &Moment<'_>, fired: &Fired, out: &mut Vec<Decision>) {
        let Some(rule) = moment.plan.rulebook.rules.get(fired.rule) else { return };
        self.witness_rule(moment, fired);
        let scope = self.scope_of(moment, fired);
        if rule.while_.as_ref().is_some_and(|state| !scope.state(state)) {
            return;
        }
        if rule.guard.as_ref().is_some_and(|guard| !scope.holds(guard)) {
            self.write_faults(moment, fired.slot, Cause::Rule(fired.rule, 0), out);
            return;
        }
        let arm = arm_of(rule, &scope);
        self.write_faults(moment, fired.slot, Cause::Rule(fired.rule, 0), out);
        let Some(arm) = arm else { return };
        self.note_fired(moment, fired);
        let cause = Cause::Rule(fired.rule, arm as u8);
        if fired.passed {
            return self.decide(moment, fired.slot, Body::Muted(Reason::TimePassed), (cause, &fired.because), out);
        }
        if let Some(reason) = self.limited(moment, fired, rule) {
            self.decide(moment, fired.slot, Body::Muted(reason), (cause, &fired.because), out);
            return;
        }
        self.want(moment, fired, rule, arm, out);
    }

    pub(super) fn scope_of<'a>(&'a self, moment: &Moment<'a>, fired: &'a Fired) -> Scope<'a> {
        let mut scope = self.scope(moment, fired.slot);
        if let Some(saved) = &fired.saved {
            scope.props = saved.props();
        }
        scope
    }

    /// `once`, `at most once per D`: why the rule may not act; a firing that may is noted.
    fn limited(&mut self, moment: &Moment<'_>, fired: &Fired, rule: &Rule) -> Option<Reason> {
        let slot = moment.plan.limit_slot.get(fired.rule).copied().flatten()?;
        let last = self.lead_mut(fired.slot).fired_at.get_mut(slot)?;
        let open = is_open(rule.limit?, *last, moment.now);
        if open {
            if moment.backfill {
                // Of history the rule has fired when that was.
                *last = (*last).max(moment.now - moment.age);
            } else if !is_stale(moment) {
                *last = moment.now;
            }
            return None;
        }
        Some(match rule.limit? {
            Limit::Once => Reason::Once,
            Limit::AtMostOncePer(length) => Reason::AtMostOncePer(length),
        })
    }

    /// Puts the effects of a rule's arm in line; late news keeps all but the safe ones out.
    fn want(&mut self, moment: &Moment<'_>, fired: &Fired, rule: &Rule, arm: usize, out: &mut Vec<Decision>) {
        let Some(effects) = rule.arms.get(arm).map(|arm| &arm.effects) else { return };
        let stale_after = moment.plan.rulebook.settings.stale_after;
        let stale = is_stale(moment);
        let mut kept_out = false;
        for (index, effect) in effects.iter().enumerate() {
            if stale && !acts(moment, &effect.kind) {
                kept_out = true;
                continue;
            }
            self.pending.push(Pending {
                slot: fired.slot,
                phase: phase(&effect.kind),
                position: position(effect.range),
                what: Wanted::Effect(fired.rule, arm as u8, index as u16),
                because: fired.because.clone(),
                saved: fired.saved.clone(),
            });
        }
        if kept_out {
            let reason =
                if moment.backfill { Reason::Backfill } else { Reason::Stale { age: moment.age, limit: stale_after } };
            let cause = Cause::Rule(fired.rule, arm as u8);
            self.decide(moment, fired.slot, Body::Muted(reason), (cause, &fired.because), out);
        }
    }

    /// Notes since when the `while` clauses of absences and periodic rules hold, for every lead
    /// whose tier, enrollments or suppressions changed.
    #[expect(clippy::indexing_slicing, reason = "indices are made by the plan that sized the lead")]
    fn note_states(&mut self, moment: &Moment<'_>, out: &mut Vec<Decision>) {
        let plan = moment.plan;
        for slot in std::mem::take(&mut self.changed) {
            if !plan.scripts.is_empty() {
                self.run_scripts(moment, slot, &[], Stamp::NEVER_HANDLED, out);
            }
            for (index, absence) in plan.absences.iter().enumerate() {
                let state = plan.rulebook.rules[absence.rule.index()].while_.as_ref();
                let holds = state.is_none_or(|state| self.scope(moment, slot).state(state));
                let since = &mut self.lead_mut(slot).absences[index].since;
                let held = *since != Timestamp::MAX;
                if holds != held {
                    *since = match (holds, state) {
                        (false, _) => Timestamp::MAX,
                        (true, None) => Timestamp::MIN,
                        (true, Some(_)) => moment.now,
                    };
                }
                self.arm_absence(plan, slot, index);
            }
            for (index, periodic) in plan.periodics.iter().enumerate() {
                let state = plan.rulebook.rules[periodic.rule.index()].while_.as_ref();
                let holds = state.is_none_or(|state| self.scope(moment, slot).state(state));
                self.note_periodic(moment, slot, index, holds);
            }
        }
    }
}

impl SavedProps {
    /// As properties of an event.
    pub fn props(&self) -> Props<'_> {
        Props { list: &self.list, texts: &self.texts, lists: &self.lists }
    }
}

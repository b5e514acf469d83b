//! Tiers and enrollments: who enters a sequence, when its next touch is due, and how it ends.

use crate::decision::names::Journal;
use crate::decision::reason::{Awaited, Decider};
use crate::decision::{ActionId, Because, Body, Cause, Decision, Reason, Status, TouchLine};
use crate::plan::Plan;
use crate::rulebook::{Again, EffectKind, RuleId, Sequence, SequenceId, TierId, Touch};
use crate::timestamp::Span;
use crate::timestamp::Timestamp;

use super::departure::Covered;
use super::instant::{Fired, Pending, Wanted};
use super::lead::{Enrollment, Lead, Past};
use super::message::{EXPIRES, PUT_OFF};
use super::schedule::{Ground, Planned};
use super::timer::{Kind, Timer, What, deferred_position, position};
use super::variant::shown;
use super::{Moment, World};

impl World {
    /// One writer of the tier a round and lead: the first in rulebook order.
    pub(super) fn apply_tiers(&mut self, moment: &Moment<'_>, wanted: &[Pending], out: &mut Vec<Decision>) {
        let mut written: Vec<(u32, RuleId, TierId)> = Vec::new();
        for pending in wanted {
            let Some((rule, arm, EffectKind::Tier(to))) = effect_of(moment.plan, pending) else { continue };
            let (to, cause) = (*to, Cause::Rule(rule, arm));
            let (of, known) = (moment.now - moment.age, self.lead(pending.slot).tier_at);
            if moment.backfill && of < known {
                if self.lead(pending.slot).tier != Some(to) {
                    let reason = Reason::Older { of, known };
                    self.decide(moment, pending.slot, Body::Overridden { to, reason }, (cause, &pending.because), out);
                }
                continue;
            }
            if self.lead(pending.slot).tier_locked {
                if self.lead(pending.slot).tier != Some(to) {
                    let reason = Reason::TierLocked;
                    self.decide(moment, pending.slot, Body::Overridden { to, reason }, (cause, &pending.because), out);
                }
                continue;
            }
            let first = written.iter().find(|(slot, ..)| *slot == pending.slot).map(|(_, rule, to)| (*rule, *to));
            match first {
                Some((by, tier)) if tier != to => {
                    let reason = Reason::OverriddenBy(by);
                    self.decide(moment, pending.slot, Body::Overridden { to, reason }, (cause, &pending.because), out);
                }
                Some(_) => {}
                None => {
                    written.push((pending.slot, rule, to));
                    let before = self.pending.len();
                    self.move_to(moment, pending.slot, to, (cause, &pending.because), out);
                    for enters in self.pending.iter_mut().skip(before) {
                        enters.saved.clone_from(&pending.saved);
                    }
                }
            }
        }
    }

    /// Moves a lead to a tier; its sequence of the old tier ends, and that of the new one begins.
    pub(super) fn move_to(
        &mut self,
        moment: &Moment<'_>,
        slot: u32,
        to: TierId,
        by: (Cause, &Because),
        out: &mut Vec<Decision>,
    ) {
        let plan = moment.plan;
        let from = self.lead(slot).tier;
        if from == Some(to) {
            return;
        }
        let lead = self.lead_mut(slot);
        lead.tier = Some(to);
        lead.tier_at = if moment.backfill { moment.now - moment.age } else { moment.now };
        self.changed.push(slot);
        self.note_idle(moment, slot);
        self.decide(moment, slot, Body::Tier { to: Some(to), from }, by, out);
        if let Some(from) = from {
            self.fire_all(plan.leaves.get(from), slot, by.1);
            for sequence in plan.bound.get(from).into_iter().flatten() {
                let reason = Reason::Left(from);
                self.exit(moment, slot, *sequence, &reason, by, out);
            }
        }
        self.fire_all(plan.becomes.get(to), slot, by.1);
        self.witness_tier(moment, slot, to);
        if moment.backfill {
            // History leaves the lead in the tier, and enrolls nobody.
            return;
        }
        let fits = |id: &&SequenceId| {
            let sequence = plan.rulebook.sequences.get(**id);
            let guard = sequence.and_then(|s| s.guard.as_ref());
            guard.is_none_or(|guard| self.scope(moment, slot).holds(guard))
        };
        let enters = plan.auto.get(to).into_iter().flatten().find(fits).copied();
        if let Some(sequence) = enters {
            self.pending.push(Pending::enter(plan, slot, sequence, by.1.clone()));
        }
    }

    /// Starts what this round starts. What a rule starts by name comes before what entering a tier
    /// would have started, since a lead is in one sequence at a time.
    pub(super) fn apply_starts(&mut self, moment: &Moment<'_>, wanted: &[Pending], out: &mut Vec<Decision>) {
        for pending in wanted {
            match (effect_of(moment.plan, pending), pending.what) {
                (Some((rule, arm, EffectKind::Start(sequence))), _) => {
                    self.start(moment, pending, *sequence, Cause::Rule(rule, arm), out);
                }
                (_, Wanted::Enter(sequence)) if !named_start(moment.plan, pending.slot, sequence, wanted) => {
                    let cause = Cause::Sequence(sequence, None);
                    self.start(moment, pending, sequence, cause, out);
                }
                _ => {}
            }
        }
    }

    /// Enrolls a lead, unless something keeps it from that. Where sequences are compared, it enters that of its
    /// variant; one that is in any of them stays where it is.
    fn start(&mut self, moment: &Moment<'_>, pending: &Pending, id: SequenceId, cause: Cause, out: &mut Vec<Decision>) {
        let (slot, by) = (pending.slot, (cause, &pending.because));
        let plan = moment.plan;
        if self.lead(slot).enrolled(id) || self.in_a_variant(moment, slot, id) {
            return;
        }
        let assigned = self.sequence_variant(moment, slot, id);
        let (experiment, id) = (assigned.map(|(assigned, _)| assigned), assigned.map_or(id, |(_, given)| given));
        let Some(sequence) = plan.rulebook.sequences.get(id) else { return };
        let number = self.past(slot, id).map_or(0, |past| past.count) + 1;
        let body = |suppressed| Body::Enroll { sequence: id, enrollment: number, experiment, suppressed };
        if let Some(reason) = self.kept_out(moment, slot, id, sequence) {
            self.decide(moment, slot, body(Some(reason)), by, out);
            return;
        }
        if !sequence.parallel {
            let others: Vec<SequenceId> = self.lead(slot).enrollments.iter().map(|e| e.sequence).collect();
            for other in others.into_iter().filter(|other| !is_parallel(plan, *other)) {
                self.exit(moment, slot, other, &Reason::Started(id), by, out);
            }
        }
        self.enroll(moment, pending, id, sequence, number);
        self.changed.push(slot);
        self.meets_experiment(slot, experiment);
        self.decide(moment, slot, body(None), by, out);
        self.fire_all(plan.enrolled.get(id), slot, by.1);
        if sequence.touches.is_empty() && sequence.tail.is_none() {
            self.finish(moment, slot, id, out);
        } else {
            self.replan(moment, slot, id);
        }
    }

    fn enroll(&mut self, moment: &Moment<'_>, pending: &Pending, id: SequenceId, sequence: &Sequence, number: u32) {
        let (slot, because) = (pending.slot, pending.because.clone());
        let given = |touch| self.given_touch(moment.plan, moment.names, slot, ((id, 0), touch));
        let first = sequence.touches.first().map(given);
        let day1 = match first.or(sequence.tail.as_ref().map(|(tail, _)| tail)) {
            Some(touch) => self.ground(moment.plan, slot, sequence, touch, moment.now).day1(first),
            None => self.shown_zone(moment.plan, self.lead(slot)).to_local(moment.now).date(),
        };
        let lead = self.lead_mut(slot);
        let previous = if sequence.parallel { None } else { lead.last_touch.clone() };
        let version = lead.serial();
        lead.enrollments.push(Box::new(Enrollment {
            sequence: id,
            number,
            started: moment.now,
            day1,
            next: 0,
            tail_done: 0,
            previous,
            anchor: moment.now,
            anchor_shift: 0,
            counted: moment.now,
            shift: 0,
            due: Timestamp::MAX,
            version,
            waiting: None,
            released: false,
            approved: false,
            deferred: Vec::new(),
            not_before: Timestamp::MIN,
            put_off: None,
            because,
            saved: pending.saved.clone().filter(|_| moment.plan.keeps_props).or_else(|| Self::keep_props(moment)),
            by_hand: None,
        }));
        self.note_idle(moment, slot);
    }

    /// Why a lead may not be enrolled now.
    pub(super) fn kept_out(
        &self,
        moment: &Moment<'_>,
        slot: u32,
        id: SequenceId,
        sequence: &Sequence,
    ) -> Option<Reason> {
        let plan = moment.plan;
        let lead = self.lead(slot);
        if let Some(shield) = lead.shield.as_ref().filter(|shield| shield.at == moment.now) {
            let some = shield.some.iter().find(|(other, _)| *other == id).map(|(_, by)| *by);
            let by = some.or(shield.all).or(if sequence.parallel { None } else { shield.sequences });
            if let Some(by) = by {
                return Some(Reason::SuppressedBy(decider(plan, by), Span::ZERO));
            }
        }
        if let Some(suppression) = lead.suppressed(moment.now).filter(|s| s.until.is_none()) {
            return Some(Reason::SuppressedBy(suppression.by.clone(), Span::ZERO));
        }
        let past = self.past(slot, id)?;
        match sequence.again {
            Again::Always => None,
            Again::Never => Some(Reason::NeverAgain),
            Again::After(length) => {
                let from = self.later(plan, slot, past.ended, length);
                (from > moment.now).then_some(Reason::AgainAfter(length))
            }
        }
    }

    fn past(&self, slot: u32, id: SequenceId) -> Option<Past> {
        self.lead(slot).past.iter().find(|past| past.sequence == id).copied()
    }

    /// Ends an enrollment early and cancels what is pending of it; nothing where there is none.
    pub(super) fn exit(
        &mut self,
        moment: &Moment<'_>,
        slot: u32,
        id: SequenceId,
        reason: &Reason,
        by: (Cause, &Because),
        out: &mut Vec<Decision>,
    ) {
        self.exit_as(moment, slot, id, (reason, Status::Cancelled), by, out);
    }

    /// [`Self::exit`] with what becomes of the pending touches.
    pub(super) fn exit_as(
        &mut self,
        moment: &Moment<'_>,
        slot: u32,
        id: SequenceId,
        (reason, status): (&Reason, Status),
        by: (Cause, &Because),
        out: &mut Vec<Decision>,
    ) {
        self.note_ending(moment, slot, (Covered::Sequence(id), reason), by.1, out.len());
        if !self.lead(slot).enrolled(id) {
            return;
        }
        self.measure_leaving(moment, slot, id, (reason, status));
        let lines = self.touches_ahead(moment.plan, moment.names, slot, id);
        let Some(enrollment) = self.leave(moment, slot, id) else { return };
        let body = Body::Exit { sequence: id, enrollment: enrollment.number, reason: reason.clone() };
        self.decide(moment, slot, body, by, out);
        for (due, mut line) in lines {
            line.reason = Some(reason.clone());
            line.was_due = due;
            line.status = status;
            self.decide(moment, slot, Body::Touch(Box::new(line)), by, out);
        }
        self.fire_all(moment.plan.exited.get(id), slot, by.1);
    }

    /// Ends an enrollment whose touches are all done.
    pub(super) fn finish(&mut self, moment: &Moment<'_>, slot: u32, id: SequenceId, out: &mut Vec<Decision>) {
        let Some(enrollment) = self.leave(moment, slot, id) else { return };
        let body = Body::Exit { sequence: id, enrollment: enrollment.number, reason: Reason::Finished };
        self.decide(moment, slot, body, (Cause::Sequence(id, None), &enrollment.because), out);
        self.fire_all(moment.plan.finished.get(id), slot, &enrollment.because);
    }

    pub(super) fn leave(&mut self, moment: &Moment<'_>, slot: u32, id: SequenceId) -> Option<Box<Enrollment>> {
        let lead = self.lead_mut(slot);
        let place = lead.enrollments.iter().position(|e| e.sequence == id)?;
        let enrollment = lead.enrollments.remove(place);
        let ended = moment.now;
        match lead.past.iter_mut().find(|past| past.sequence == id) {
            Some(past) => *past = Past { sequence: id, count: past.count + 1, ended },
            None => lead.past.push(Past { sequence: id, count: 1, ended }),
        }
        self.changed.push(slot);
        self.note_idle(moment, slot);
        Some(enrollment)
    }

    pub(super) fn fire_all(&mut self, rules: Option<&Vec<RuleId>>, slot: u32, because: &Because) {
        for rule in rules.into_iter().flatten() {
            self.fired.push(Fired::new(slot, *rule, because.clone()));
        }
    }

    /// What the time of a touch depends on.
    pub(super) fn ground<'a>(
        &self,
        plan: &'a Plan,
        slot: u32,
        sequence: &'a Sequence,
        touch: &Touch,
        now: Timestamp,
    ) -> Ground<'a> {
        let choice = self.planned_choice(plan, slot, touch, now);
        let channel = choice.map_or(crate::rulebook::ChannelId(0), |(channel, _)| *channel);
        let (zone, window) = (self.channel_zone(plan, slot, channel).0, Self::window(plan, channel));
        let expires_at = self.touch_expires(plan, slot, touch, now);
        Ground { zone, window, sequence, expires_at, now, told: true }
    }

    /// Works out when the next touch of an enrollment is due and sets its timer.
    pub(super) fn replan(&mut self, moment: &Moment<'_>, slot: u32, id: SequenceId) {
        self.replan_at(moment, slot, id, None);
    }

    /// [`Self::replan`] where the touch's place among what is due at one moment is known.
    pub(super) fn replan_at(&mut self, moment: &Moment<'_>, slot: u32, id: SequenceId, place: Option<u64>) {
        let plan = moment.plan;
        let held = self.lead(slot).hold.is_some();
        let Some(enrollment) = self.lead(slot).enrollments.iter().find(|e| e.sequence == id) else { return };
        let sequence = plan.rulebook.sequences.get(id);
        let touch = self.next_given(plan, moment.names, slot, enrollment);
        let Some((sequence, touch)) = sequence.zip(touch) else { return };
        let ground = self.ground(plan, slot, sequence, touch, moment.now).untold();
        let planned = ground.plan(touch, enrollment);
        // At the moment of an `expires at` it is too late; one that has passed ends the touch now.
        let deadline = ground.expires_at.map(|at| at.max(moment.now)).or(planned.deadline);
        let fires = match (planned.due, deadline) {
            // A touch that waits for a person can only expire.
            _ if enrollment.released => moment.now,
            (_, deadline) if let Some(wait) = &enrollment.waiting => {
                let usual = if wait.awaited.is_for_person() { Timestamp::MAX } else { wait.since + EXPIRES };
                let halted = wait.awaited.is_for_halt();
                let expires = if halted { Timestamp::MAX } else { deadline.unwrap_or(usual) };
                // What an invariant holds is asked again when its limit ends.
                let again =
                    Some(enrollment.not_before).filter(|at| wait.awaited.is_for_invariant() && *at > moment.now);
                again.map_or(expires, |again| again.min(expires))
            }
            (Some(due), deadline) => {
                // Nothing is put off for ever.
                let ends = deadline.into_iter().chain(enrollment.put_off.map(|since| since + PUT_OFF));
                ends.fold(due, Timestamp::min)
            }
            // Without a place it is let pass where it would have been due: what follows counts from there.
            (None, _) => planned.passes.max(moment.now),
        };
        let position = place.unwrap_or_else(|| self.touch_position(plan, slot, enrollment, touch));
        let lead = self.lead_mut(slot);
        let version = lead.serial();
        let Some(enrollment) = lead.enrollments.iter_mut().find(|e| e.sequence == id) else { return };
        enrollment.version = version;
        enrollment.due = if held { Timestamp::MAX } else { fires };
        if !held && fires < Timestamp::MAX {
            let what = What::Touch(id.0, version);
            self.timers.push(Timer { due: fires, kind: Kind::Touch, position, slot, what });
        }
    }

    /// Where a touch stands among what is due at the same moment: what was put off comes before what
    /// is due by its own plan, in the order in which it was due at first.
    fn touch_position(&self, plan: &Plan, slot: u32, enrollment: &Enrollment, touch: &Touch) -> u64 {
        let sequence = plan.rulebook.sequences.get(enrollment.sequence);
        let Some(sequence) = sequence.filter(|_| !enrollment.deferred.is_empty()) else { return position(touch.range) };
        let mut first = enrollment.clone();
        first.not_before = Timestamp::MIN;
        first.deferred.clear();
        let from = enrollment.anchor.max(enrollment.started);
        let planned = self.ground(plan, slot, sequence, touch, from).plan(touch, &first);
        planned.due.map_or(position(touch.range), deferred_position)
    }

    /// The next touch of an enrollment and its plan.
    pub(super) fn plan_next<'a>(
        &self,
        plan: &'a Plan,
        names: &dyn Journal,
        slot: u32,
        enrollment: &Enrollment,
        now: Timestamp,
    ) -> Option<(&'a Touch, Planned)> {
        let sequence = plan.rulebook.sequences.get(enrollment.sequence)?;
        let touch = self.next_given(plan, names, slot, enrollment)?;
        let planned = self.ground(plan, slot, sequence, touch, now).plan(touch, enrollment);
        Some((touch, planned))
    }

    /// Plans everything pending of a lead anew: its zone changed, or a hold ended.
    pub(super) fn replan_all(&mut self, moment: &Moment<'_>, slot: u32) {
        let ids: Vec<SequenceId> = self.lead(slot).enrollments.iter().map(|e| e.sequence).collect();
        for id in ids {
            self.replan(moment, slot, id);
        }
        self.replan_actions(moment, slot);
        self.replan_weekdays(moment, slot);
    }

    /// Moves what is pending by the length of a hold, on the lead's clock, so that spacing stays.
    pub(super) fn shift_pending(&mut self, moment: &Moment<'_>, slot: u32, since: Timestamp) {
        let ids: Vec<SequenceId> = self.lead(slot).enrollments.iter().map(|e| e.sequence).collect();
        for id in ids {
            self.count_halts(moment, slot, id);
        }
        let zone = self.shown_zone(moment.plan, self.lead(slot));
        for enrollment in &mut self.lead_mut(slot).enrollments {
            enrollment.stood_still(since, moment.now, zone);
        }
        self.replan_all(moment, slot);
        self.release_held(moment, slot);
    }

    /// Every touch an enrollment has ahead of it, as it would go out if nothing happened; of the
    /// recurring tail the next one.
    pub(super) fn touches_ahead(
        &self,
        plan: &Plan,
        names: &dyn Journal,
        slot: u32,
        id: SequenceId,
    ) -> Vec<(Option<Timestamp>, TouchLine)> {
        let lead = self.lead(slot);
        let found = lead.enrollments.iter().find(|e| e.sequence == id);
        let (Some(found), Some(sequence)) = (found, plan.rulebook.sequences.get(id)) else {
            return Vec::new();
        };
        let mut ahead = found.as_ref().clone();
        self.with_halts(plan, slot, &mut ahead);
        // A hold with an end moves what is pending by its length.
        let hold = self.hold_of(lead);
        let held = hold.as_ref().map(|hold| (hold.since, hold.until));
        if let Some((since, Some(until))) = held {
            let zone = self.shown_zone(plan, lead);
            ahead.stood_still(since, until, zone);
        }
        let mut now = self.now;
        let mut lines = Vec::new();
        // What waits without an end has no time, nor has what comes after it.
        let mut stuck = match &hold {
            Some(hold) if hold.until.is_none() => Some(Reason::HeldBy(hold.by.clone())),
            _ => ahead.waiting.as_ref().map(|wait| Reason::Awaits(Box::new(wait.awaited.clone()))),
        };
        let whole = super::Halted::sequence(plan, id);
        let halted = self.halts.of(whole, self.now).map(|scope| Awaited::Halted(scope.clone()));
        stuck = stuck.or_else(|| halted.map(|awaited| Reason::Awaits(Box::new(awaited))));
        while let Some((touch, planned)) = self.plan_next(plan, names, slot, &ahead, now) {
            let in_tail = usize::from(ahead.next) >= sequence.touches.len();
            let mut line = self.touch_line(plan, names, slot, &ahead, touch);
            line.status = if stuck.is_some() { Status::Held } else { Status::Scheduled };
            line.reason = stuck.clone().or_else(|| planned.reason());
            if ahead.is_skipped(ahead.next) {
                line.status = Status::Skipped;
                line.reason = Some(Reason::SkippedByHand);
                lines.push((planned.due.filter(|_| stuck.is_none()), line));
                if in_tail {
                    break;
                }
                let anchor = ahead.anchor;
                advance(&mut ahead, sequence, None, anchor);
                continue;
            }
            line.due_by = planned.due_by.filter(|_| stuck.is_none());
            if planned.due.is_none() && stuck.is_none() {
                line.status = Status::Skipped;
                line.reason = Some(Reason::NoPlace(planned.trail.clone()));
            }
            let at = planned.due.unwrap_or_else(|| planned.passes.max(now));
            lines.push((Some(at).filter(|_| stuck.is_none()), line));
            if ahead.waiting.is_some() {
                stuck = Some(Reason::Behind(id, ahead.next));
            }
            let due = planned.due.unwrap_or_else(|| planned.passes.max(now));
            if in_tail {
                break;
            }
            now = due;
            advance(&mut ahead, sequence, planned.due.map(|due| (due, touch.id.clone())), due);
        }
        lines
    }

    /// A line about the next touch of an enrollment, on its first channel.
    pub(super) fn touch_line(
        &self,
        plan: &Plan,
        names: &dyn Journal,
        slot: u32,
        enrollment: &Enrollment,
        touch: &Touch,
    ) -> TouchLine {
        let (channel, content) = self
            .planned_choice(plan, slot, touch, self.now)
            .cloned()
            .unwrap_or_else(|| (crate::rulebook::ChannelId(0), crate::units::Content::Text(String::new())));
        let sequence = plan.rulebook.sequences.get(enrollment.sequence);
        let name = sequence.map_or("", |s| s.name.as_str());
        // Each occurrence of the tail is an action of its own.
        let occurrence = if enrollment.tail_done > 0 {
            format!("{}#{}", touch.id, enrollment.tail_done + 1)
        } else {
            touch.id.clone()
        };
        let (zone, zone_from) = self.channel_zone(plan, slot, channel);
        let variant = self.variant(plan, names, slot, (enrollment.sequence, enrollment.next));
        TouchLine {
            experiment: shown(plan, variant, touch, (channel, &content)),
            status: Status::Scheduled,
            channel,
            content,
            sequence: enrollment.sequence,
            touch: enrollment.next,
            enrollment: enrollment.number,
            id: ActionId::new(&[names.lead_name(self.lead(slot).id), name, &occurrence], enrollment.number),
            reason: None,
            was_due: None,
            due_by: None,
            expires: self.touch_expires(plan, slot, touch, self.now),
            zone,
            zone_from,
        }
    }
}

/// Whether a rule starts another sequence for the lead that would end this one.
fn named_start(plan: &Plan, slot: u32, entered: SequenceId, wanted: &[Pending]) -> bool {
    !is_parallel(plan, entered)
        && wanted.iter().filter(|other| other.slot == slot).any(
            |other| matches!(effect_of(plan, other), Some((_, _, EffectKind::Start(id))) if !is_parallel(plan, *id)),
        )
}

/// The touch that comes next, the tail included.
pub(super) fn next_touch<'a>(sequence: &'a Sequence, enrollment: &Enrollment) -> Option<&'a Touch> {
    sequence.touches.get(usize::from(enrollment.next)).or_else(|| {
        let (tail, times) = sequence.tail.as_ref()?;
        times.is_none_or(|times| enrollment.tail_done < times).then_some(tail)
    })
}

/// Goes on to the next touch; `sent` names the one just sent, where it was.
pub(super) fn advance(
    enrollment: &mut Enrollment,
    sequence: &Sequence,
    sent: Option<(Timestamp, String)>,
    now: Timestamp,
) {
    if usize::from(enrollment.next) < sequence.touches.len() {
        enrollment.next += 1;
        // What was done before the rulebook put it here stays done.
        while usize::from(enrollment.next) < sequence.touches.len() && enrollment.is_done(enrollment.next) {
            enrollment.next += 1;
        }
    } else {
        enrollment.tail_done += 1;
    }
    enrollment.anchor = now;
    enrollment.anchor_shift = 0;
    enrollment.counted = enrollment.counted.max(now);
    enrollment.waiting = None;
    enrollment.released = false;
    enrollment.approved = false;
    enrollment.deferred.clear();
    enrollment.not_before = Timestamp::MIN;
    enrollment.put_off = None;
    if sent.is_some() {
        enrollment.previous = sent;
    }
}

/// The effect a pending entry stands for.
pub(super) fn effect_of<'a>(plan: &'a Plan, pending: &Pending) -> Option<(RuleId, u8, &'a EffectKind)> {
    let Wanted::Effect(rule, arm, index) = pending.what else { return None };
    let arms = &plan.rulebook.rules.get(rule)?.arms;
    let effect = arms.get(usize::from(arm))?.effects.get(usize::from(index))?;
    Some((rule, arm, &effect.kind))
}

pub(super) fn is_parallel(plan: &Plan, id: SequenceId) -> bool {
    plan.rulebook.sequences.get(id).is_some_and(|s| s.parallel)
}

pub(super) fn rule_label(plan: &Plan, rule: RuleId) -> &str {
    plan.rulebook.rules.name(rule)
}

/// Who decided, by a name that outlives the rulebook.
pub(super) fn decider(plan: &Plan, cause: Cause) -> Decider {
    let named = |name: Option<&str>| Decider::Rule(name.unwrap_or_default().into());
    match cause {
        Cause::Rule(rule, _) => Decider::Rule(rule_label(plan, rule).into()),
        Cause::Sequence(id, _) => named(plan.rulebook.sequences.get(id).map(|sequence| sequence.name.as_str())),
        Cause::Score(id) => named(plan.rulebook.scores.get(id).map(|score| score.name.as_str())),
        Cause::Person => Decider::Person,
        Cause::Change => Decider::Change,
    }
}

impl Lead {
    /// The sequences a lead is in, but for parallel ones.
    pub fn sequences(&self, plan: &Plan) -> Vec<SequenceId> {
        self.enrollments.iter().map(|e| e.sequence).filter(|id| !is_parallel(plan, *id)).collect()
    }
}

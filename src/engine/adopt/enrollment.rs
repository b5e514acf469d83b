//! Leads on their way through a sequence that has changed: what is done stays done, what comes next
//! is known by its name, and what the new rulebook puts into the past is let pass.

use crate::decision::{Because, Body, Cause, Decision, Reason, Status, TouchLine};
use crate::plan::Plan;
use crate::rulebook::{Sequence, SequenceId, Touch};
use crate::timestamp::Timestamp;
use crate::units::Content;

use super::super::enroll::{advance, next_touch};
use super::super::lead::{ByHand, Enrollment, PendingAction};
use super::super::{Moment, World};
use super::matching::Matching;
use super::standing;

/// An enrollment that goes on by the new rulebook.
#[derive(Debug)]
pub(super) struct Carried {
    enrollment: Box<Enrollment>,
    /// When its next touch would have been due by the old rulebook; `None` where another one was next.
    due: Option<Timestamp>,
}

impl World {
    /// Takes leave of what the new rulebook no longer has: the lead's tier, sequences, touches and
    /// single actions. What goes on of its enrollments.
    pub(super) fn part_with(
        &mut self,
        moment: &Moment<'_>,
        slot: u32,
        (matching, new): (&Matching, &Plan),
        gone: &mut Vec<Decision>,
    ) -> Vec<Carried> {
        if let Some(tier) = self.lead(slot).tier.filter(|tier| matching.tier(*tier).is_none()) {
            let body = Body::Tier { to: None, from: Some(tier) };
            self.decide(moment, slot, body, (Cause::Change, &Because::new()), gone);
        }
        let ids: Vec<SequenceId> = self.lead(slot).enrollments.iter().map(|e| e.sequence).collect();
        let mut carried = Vec::new();
        for id in ids {
            let kept = self.carry(moment, slot, id, (matching, new));
            self.cancel_vanished(moment, slot, id, (matching, kept.is_some()), gone);
            if kept.is_none() {
                self.leave(moment, slot, id);
            }
            carried.extend(kept);
        }
        self.lead_mut(slot).enrollments.clear();
        for action in std::mem::take(&mut self.lead_mut(slot).actions) {
            if is_kept(&action, moment.plan, (matching, new)) {
                self.lead_mut(slot).actions.push(action);
                continue;
            }
            let mut line = self.action_line(moment.plan, slot, &action, Status::Cancelled, Some(Reason::Removed));
            line.was_due = Some(action.due);
            self.decide(moment, slot, Body::Action(Box::new(line)), (action.cause, &action.because), gone);
        }
        self.changed.clear();
        carried
    }

    /// Cancels the touches ahead that the new rulebook no longer has; all, where the whole sequence
    /// is gone.
    fn cancel_vanished(
        &self,
        moment: &Moment<'_>,
        slot: u32,
        id: SequenceId,
        (matching, goes_on): (&Matching, bool),
        gone: &mut Vec<Decision>,
    ) {
        let Some(found) = self.lead(slot).enrollments.iter().find(|e| e.sequence == id) else { return };
        let because = found.because.clone();
        if !goes_on {
            let body = Body::Exit { sequence: id, enrollment: found.number, reason: Reason::Removed };
            self.decide(moment, slot, body, (Cause::Sequence(id, None), &because), gone);
        }
        let places = matching.touch_to.get(id);
        let kept = |touch: u16| places.and_then(|places| places.get(usize::from(touch))).copied().flatten().is_some();
        for (due, mut line) in self.touches_ahead(moment.plan, moment.names, slot, id) {
            if goes_on && kept(line.touch) {
                continue;
            }
            line.status = Status::Cancelled;
            line.due_by = None;
            line.reason = Some(Reason::Removed);
            line.was_due = due;
            let cause = Cause::Sequence(id, Some(line.touch));
            self.decide(moment, slot, Body::Touch(Box::new(line)), (cause, &because), gone);
        }
    }

    /// An enrollment by the new numbers; `None` where the sequence is gone.
    fn carry(
        &self,
        moment: &Moment<'_>,
        slot: u32,
        id: SequenceId,
        (matching, new): (&Matching, &Plan),
    ) -> Option<Carried> {
        let old = moment.plan;
        let to = matching.sequence(id)?;
        let found = self.lead(slot).enrollments.iter().find(|e| e.sequence == id)?;
        let (was, now) = (old.rulebook.sequences.get(id)?, new.rulebook.sequences.get(to)?);
        let places = matching.touch_to.get(id)?;
        let way = Way::of(found, (was, now), places);
        let mut enrollment = found.clone();
        enrollment.sequence = to;
        enrollment.saved = standing::rename_props(matching, found.saved.as_deref());
        enrollment.by_hand = by_hand(found, places, &way);
        enrollment.next = way.next;
        enrollment.tail_done = way.tail_done;
        if !way.is_same {
            enrollment.waiting = None;
            enrollment.released = false;
            enrollment.approved = false;
            enrollment.deferred.clear();
            enrollment.not_before = Timestamp::MIN;
        }
        let due = if way.is_same { self.nominal_due(moment, slot, found) } else { None };
        Some(Carried { enrollment, due })
    }

    /// When the next touch of an enrollment is due by a plan, be it past or not.
    fn nominal_due(&self, moment: &Moment<'_>, slot: u32, enrollment: &Enrollment) -> Option<Timestamp> {
        let from = enrollment.anchor.max(enrollment.started);
        self.plan_next(moment.plan, moment.names, slot, enrollment, from)?.1.due
    }

    /// Lets enrollments go on by the new rulebook; how many do.
    pub(super) fn go_on_by(
        &mut self,
        moment: &Moment<'_>,
        slot: u32,
        carried: Vec<Carried>,
        lines: &mut Vec<Decision>,
    ) -> usize {
        let mut count = 0;
        for Carried { enrollment, due } in carried {
            let id = enrollment.sequence;
            let Some(sequence) = moment.plan.rulebook.sequences.get(id) else { continue };
            self.lead_mut(slot).enrollments.push(enrollment);
            self.let_past_go(moment, slot, (id, sequence), due, lines);
            let next = self.lead(slot).enrollments.iter().find(|e| e.sequence == id);
            if next.is_some_and(|next| next_touch(sequence, next).is_some()) {
                self.fill_anew(moment, slot, id);
                self.replan(moment, slot, id);
                count += 1;
            } else {
                // Rules that wait for its end do not fire: it is the rulebook that has moved.
                self.finish(moment, slot, id, lines);
                self.fired.clear();
            }
        }
        self.changed.clear();
        count
    }

    /// Touches that the new rulebook puts into the past are let pass, not sent in a burst; what was
    /// overdue before goes on waiting.
    fn let_past_go(
        &mut self,
        moment: &Moment<'_>,
        slot: u32,
        (id, sequence): (SequenceId, &Sequence),
        mut due_before: Option<Timestamp>,
        lines: &mut Vec<Decision>,
    ) {
        // A hold moves what falls due inside it.
        let by = self.lead(slot).hold.as_ref().map_or(moment.now, |hold| hold.since);
        loop {
            self.pass_skipped(moment, slot, id, sequence, lines);
            let Some(found) = self.lead(slot).enrollments.iter().find(|e| e.sequence == id) else { return };
            let Some(touch) = self.next_given(moment.plan, moment.names, slot, found) else { return };
            let Some(due) = self.nominal_due(moment, slot, found).filter(|due| *due <= by) else { return };
            if due_before.take().is_some_and(|before| before <= by) {
                return;
            }
            let line = self.touch_line(moment.plan, moment.names, slot, found, touch);
            let line = TouchLine { status: Status::Skipped, reason: Some(Reason::PutInPast(due)), ..line };
            let (because, next) = (found.because.clone(), found.next);
            let cause = Cause::Sequence(id, Some(next));
            self.meets_experiment(slot, line.experiment);
            self.decide(moment, slot, Body::Touch(Box::new(line)), (cause, &because), lines);
            // A tail that has fallen behind goes on from now, not touch by touch.
            let anchor = if usize::from(next) < sequence.touches.len() { due } else { by };
            if let Some(found) = self.lead_mut(slot).enrollments.iter_mut().find(|e| e.sequence == id) {
                advance(found, sequence, None, anchor);
            }
        }
    }

    /// A touch that waits for a value is tried again where its message no longer asks for it.
    fn fill_anew(&mut self, moment: &Moment<'_>, slot: u32, id: SequenceId) {
        let Some(found) = self.lead(slot).enrollments.iter().find(|e| e.sequence == id) else { return };
        let waits = found.waiting.as_ref().is_some_and(|wait| !wait.awaited.is_for_person());
        let touch = self.next_given(moment.plan, moment.names, slot, found);
        let Some((channel, content)) = touch.and_then(|touch| touch.choices.first()) else { return };
        if !waits || self.unfilled(moment, slot, (*channel, content), found.saved.as_ref()).is_some() {
            return;
        }
        if let Some(found) = self.lead_mut(slot).enrollments.iter_mut().find(|e| e.sequence == id) {
            found.waiting = None;
            found.released = true;
        }
    }
}

/// Where a lead stands in a sequence that has changed.
struct Way {
    /// The touch that comes next, by the new numbers.
    next: u16,
    /// Whether it was next before.
    is_same: bool,
    /// Touches after it that are not to be sent.
    done: Vec<u16>,
    tail_done: u32,
    /// What was done of touches that the rulebook no longer has: id and how often.
    gone: Vec<(String, u32)>,
}

impl Way {
    /// `places` says where each touch of the old sequence is in the new one.
    fn of(enrollment: &Enrollment, (was, now): (&Sequence, &Sequence), places: &[Option<u16>]) -> Self {
        let (old_tail, tail) = (was.touches.len(), now.touches.len());
        let hand = enrollment.by_hand.as_deref();
        // How often a touch of the old sequence was done.
        let times = |old: usize| {
            let listed = || hand.is_some_and(|hand| hand.done.contains(&(old as u16)));
            match old == old_tail {
                true => enrollment.tail_done,
                false => u32::from(old < usize::from(enrollment.next) || listed()),
            }
        };
        let before = |new: usize| places.iter().position(|place| *place == Some(new as u16));
        let remembered: &[(String, u32)] = hand.map_or(&[], |hand| &hand.gone);
        let done = |new: usize| {
            let named = |(id, _): &&(String, u32)| touch_at(now, new).is_some_and(|touch| is_called(touch, id));
            let known = remembered.iter().find(named).map_or(0, |(_, times)| *times);
            known.max(before(new).map_or(0, times))
        };
        // A new touch lies ahead unless what stands around it is done.
        let lies_ahead = |new: usize| {
            let after = (new + 1..=tail).find_map(before);
            let previous = (0..new).rev().find_map(before);
            after.is_none_or(|old| times(old) == 0) || previous.is_some_and(|old| times(old) == 0)
        };
        let is_pending = |new: &usize| done(*new) == 0 && (before(*new).is_some() || lies_ahead(*new));
        let next = (0..tail).find(is_pending).unwrap_or(tail);
        let mut gone: Vec<(String, u32)> = remembered.to_vec();
        for (old, place) in places.iter().enumerate().filter(|(old, _)| times(*old) > 0) {
            // A tail that is one touch among others now has been sent more often than that one tells.
            let is_told = place.is_some_and(|place| old != old_tail || usize::from(place) == tail);
            if let Some(touch) = touch_at(was, old).filter(|_| !is_told) {
                gone.retain(|(id, _)| *id != touch.id);
                gone.push((touch.id.clone(), times(old)));
            }
        }
        Self {
            next: next as u16,
            is_same: before(next) == Some(usize::from(enrollment.next)),
            done: (next..tail).filter(|new| !is_pending(new)).map(|new| new as u16).collect(),
            tail_done: done(tail),
            gone,
        }
    }
}

/// A touch of a sequence, the tail after the last.
fn touch_at(sequence: &Sequence, place: usize) -> Option<&Touch> {
    let tail = sequence.tail.as_ref().filter(|_| place == sequence.touches.len()).map(|(tail, _)| tail);
    sequence.touches.get(place).or(tail)
}

fn is_called(touch: &Touch, id: &str) -> bool {
    touch.id == id || touch.renamed_from.as_deref() == Some(id)
}

/// What a person has skipped and moved, by the new numbers, and what is not to be sent again.
fn by_hand(enrollment: &Enrollment, places: &[Option<u16>], way: &Way) -> Option<Box<ByHand>> {
    let place = |touch: u16| places.get(usize::from(touch)).copied().flatten();
    let (skipped, moved) = match enrollment.by_hand.as_deref() {
        Some(hand) => (
            hand.skipped.iter().filter_map(|touch| place(*touch)).collect(),
            hand.moved.iter().filter_map(|(touch, to)| Some((place(*touch)?, *to))).collect(),
        ),
        None => (Vec::new(), Vec::new()),
    };
    let hand = ByHand { skipped, moved, done: way.done.clone(), gone: way.gone.clone() };
    let is_empty = hand.skipped.is_empty() && hand.moved.is_empty() && hand.done.is_empty() && hand.gone.is_empty();
    (!is_empty).then(|| Box::new(hand))
}

/// Whether the new rulebook still has what a single action comes from and needs.
fn is_kept(action: &PendingAction, old: &Plan, (matching, new): (&Matching, &Plan)) -> bool {
    let Cause::Rule(rule, _) = action.cause else { return true };
    let Some(channel) = matching.channel(action.channel).filter(|_| matching.rule(rule).is_some()) else {
        return false;
    };
    match &action.content {
        Content::Template(name) => {
            let had = old.rulebook.template(name, action.channel).is_some();
            !had || new.rulebook.template(name, channel).is_some()
        }
        Content::Text(_) => true,
    }
}

//! What a person does with a lead by hand: `override.*` events, appended to the log with who did it
//! and why, and taken in like any other. They outrank rules. Semantics section 8.

use crate::decision::reason::Decider;
use crate::decision::{Body, Cause, Decision, Note, Reason, Status, TouchLine};
use crate::event::{Event, Props};
use crate::plan::Override;
use crate::rulebook::{PropId, Sequence, SequenceId};
use crate::timestamp::{Span, Timestamp};
use crate::value::View;

use super::departure::Covered;
use super::effect::By;
use super::enroll::{advance, next_touch};
use super::facts::Facts;
use super::intake::because_of;
use super::lead::Stamp;
use super::pair::PairState;
use super::{Moment, World};

impl World {
    /// Does what an override says.
    pub(super) fn by_hand(
        &mut self,
        moment: &Moment<'_>,
        slot: u32,
        kind: Override,
        event: &Event<'_>,
        out: &mut Vec<Decision>,
    ) {
        let names = &moment.plan.overrides;
        let props = event.props;
        let said = |name| text(props, name).map(Into::into);
        self.note = Some(Box::new(Note { by: said(names.by), why: said(names.reason) }));
        let because = because_of(Stamp { at: event.at, number: event.number });
        let by: By<'_> = (Cause::Person, &because);
        let reach = text(props, names.channel).and_then(|name| moment.plan.rulebook.reach(name));
        let until = time(props, names.ends);
        if moment.backfill && !kind.protects() {
            return self.mute(moment, slot, Reason::Backfill, by, out);
        }
        match kind {
            Override::Pause => self.hold(moment, slot, until, by, out),
            Override::Resume => self.resume(moment, slot, by, out),
            Override::Stop if flag(props, names.all) => self.stop_all(moment, slot, by, out),
            Override::Stop => self.stop(moment, slot, by, out),
            Override::Skip => self.skip(moment, slot, text(props, names.touch), by, out),
            Override::Move => {
                if let (Some(touch), Some(to)) = (text(props, names.touch), time(props, names.to)) {
                    self.move_touch(moment, slot, touch, to, by, out);
                }
            }
            Override::Approve => self.approve(moment, slot, text(props, names.touch), by, out),
            Override::Tier => self.set_tier(moment, slot, (text(props, names.to), flag(props, names.lock)), by, out),
            Override::Unlock => self.lead_mut(slot).tier_locked = false,
            Override::Suppress if text(props, names.channel).is_some() && reach.is_none() => {
                let name = text(props, names.channel).unwrap_or_default();
                self.mute(moment, slot, Reason::UnknownChannel(name.into()), by, out);
            }
            Override::Suppress => self.suppress(moment, slot, (reach, until), by, out),
            Override::Unsuppress => self.unsuppress(moment, slot, reach, by, out),
            Override::Erase => self.forget(moment, slot, by, out),
        }
    }

    fn mute(&self, moment: &Moment<'_>, slot: u32, reason: Reason, by: By<'_>, out: &mut Vec<Decision>) {
        self.decide(moment, slot, Body::Muted(reason), by, out);
    }

    /// The touches of a name that lie ahead of a lead: sequence and place in it.
    fn ahead(&self, moment: &Moment<'_>, slot: u32, name: &str) -> Vec<(SequenceId, u16)> {
        let mut found = Vec::new();
        for enrollment in &self.lead(slot).enrollments {
            let Some(sequence) = moment.plan.rulebook.sequences.get(enrollment.sequence) else { continue };
            let tail = sequence.tail.as_ref().map(|(tail, _)| tail);
            let touches = sequence.touches.iter().chain(tail).enumerate().skip(usize::from(enrollment.next));
            let named = touches.filter(|(place, touch)| touch.id == name && !enrollment.is_done(*place as u16));
            found.extend(named.map(|(place, _)| (enrollment.sequence, place as u16)));
        }
        found
    }

    /// A touch that lies ahead is not sent.
    fn skip(&mut self, moment: &Moment<'_>, slot: u32, name: Option<&str>, by: By<'_>, out: &mut Vec<Decision>) {
        let name = name.unwrap_or_default();
        let found = self.ahead(moment, slot, name);
        if found.is_empty() {
            return self.mute(moment, slot, Reason::NoTouchAhead(name.into()), by, out);
        }
        for (id, place) in found {
            let Some(sequence) = moment.plan.rulebook.sequences.get(id) else { continue };
            let Some(enrollment) = self.lead_mut(slot).enrollments.iter_mut().find(|e| e.sequence == id) else {
                continue;
            };
            enrollment.by_hand.get_or_insert_default().skipped.push(place);
            if enrollment.next == place {
                self.resume_plan(moment, slot, id, sequence, out);
            }
        }
    }

    /// Lets pass what a person has skipped, until a touch comes that nobody has.
    pub(super) fn pass_skipped(
        &mut self,
        moment: &Moment<'_>,
        slot: u32,
        id: SequenceId,
        sequence: &Sequence,
        out: &mut Vec<Decision>,
    ) {
        loop {
            let found = self.lead(slot).enrollments.iter().find(|e| e.sequence == id);
            let Some(enrollment) = found.filter(|e| e.is_skipped(e.next)) else { return };
            let Some(touch) = self.next_given(moment.plan, moment.names, slot, enrollment) else { return };
            let line = self.touch_line(moment.plan, moment.names, slot, enrollment, touch);
            let line = TouchLine { status: Status::Skipped, reason: Some(Reason::SkippedByHand), ..line };
            let (because, next) = (enrollment.because.clone(), enrollment.next);
            let cause = Cause::Sequence(id, Some(next));
            self.meets_experiment(slot, line.experiment);
            self.decide(moment, slot, Body::Touch(Box::new(line)), (cause, &because), out);
            let Some(enrollment) = self.lead_mut(slot).enrollments.iter_mut().find(|e| e.sequence == id) else {
                return;
            };
            // Each occurrence of a tail is skipped by itself.
            if let Some(by_hand) = &mut enrollment.by_hand {
                by_hand.skipped.retain(|place| *place != next);
            }
            let anchor = enrollment.anchor;
            advance(enrollment, sequence, None, anchor);
        }
    }

    /// A touch that lies ahead falls due at another moment.
    fn move_touch(
        &mut self,
        moment: &Moment<'_>,
        slot: u32,
        name: &str,
        to: Timestamp,
        by: By<'_>,
        out: &mut Vec<Decision>,
    ) {
        let found = self.ahead(moment, slot, name);
        if found.is_empty() {
            return self.mute(moment, slot, Reason::NoTouchAhead(name.into()), by, out);
        }
        for (id, place) in found {
            let Some(enrollment) = self.lead_mut(slot).enrollments.iter_mut().find(|e| e.sequence == id) else {
                continue;
            };
            let moved = &mut enrollment.by_hand.get_or_insert_default().moved;
            moved.retain(|(other, _)| *other != place);
            moved.push((place, to));
            self.replan(moment, slot, id);
        }
    }

    /// Releases the touches that wait for a person, or the one of a name.
    fn approve(&mut self, moment: &Moment<'_>, slot: u32, name: Option<&str>, by: By<'_>, out: &mut Vec<Decision>) {
        let mut released = Vec::new();
        for enrollment in &mut self.lead_mut(slot).enrollments {
            let Some(sequence) = moment.plan.rulebook.sequences.get(enrollment.sequence) else { continue };
            let named = next_touch(sequence, enrollment).is_some_and(|touch| name.is_none_or(|name| touch.id == name));
            if named && enrollment.waiting.as_ref().is_some_and(|wait| wait.awaited.is_for_person()) {
                enrollment.waiting = None;
                enrollment.released = true;
                enrollment.approved = true;
                released.push(enrollment.sequence);
            }
        }
        if released.is_empty() {
            self.mute(moment, slot, Reason::NothingToApprove(name.map(Into::into)), by, out);
        }
        for id in released {
            self.replan(moment, slot, id);
        }
    }

    fn set_tier(
        &mut self,
        moment: &Moment<'_>,
        slot: u32,
        (name, lock): (Option<&str>, bool),
        by: By<'_>,
        out: &mut Vec<Decision>,
    ) {
        let name = name.unwrap_or_default();
        let Some(tier) = moment.plan.rulebook.tiers.find(name) else {
            return self.mute(moment, slot, Reason::UnknownTier(name.into()), by, out);
        };
        self.lead_mut(slot).tier_locked = lock;
        self.move_to(moment, slot, tier, by, out);
    }

    /// The lead is forgotten: everything ends, its facts go, and it is never contacted again.
    fn forget(&mut self, moment: &Moment<'_>, slot: u32, by: By<'_>, out: &mut Vec<Decision>) {
        self.suppress(moment, slot, (None, None), by, out);
        let reason = Reason::SuppressedBy(Decider::Person, Span::ZERO);
        self.forget_addresses(slot, moment.now - moment.age);
        // Nobody is to work on who is forgotten.
        self.note_ending(moment, slot, (Covered::All, &reason), by.1, out.len());
        self.cancel_actions(moment, slot, (&reason, Status::Suppressed), by, |_| true, out);
        let lead = self.lead_mut(slot);
        lead.erased = true;
        lead.facts = Facts::default();
        lead.pairs.iter_mut().flat_map(PairState::props_mut).for_each(|props| *props = None);
        self.changed.push(slot);
    }
}

fn get(props: Props<'_>, id: Option<PropId>) -> View<'_> {
    id.map_or(View::Missing, |id| props.get(id))
}

fn text(props: Props<'_>, id: Option<PropId>) -> Option<&str> {
    match get(props, id) {
        View::Text(text) => Some(text),
        _ => None,
    }
}

fn time(props: Props<'_>, id: Option<PropId>) -> Option<Timestamp> {
    match get(props, id) {
        View::Time(time) => Some(time),
        _ => None,
    }
}

fn flag(props: Props<'_>, id: Option<PropId>) -> bool {
    get(props, id) == View::Bool(true)
}

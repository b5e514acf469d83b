//! Single actions that a rule asked for: each falls due, goes out, waits, is put off, or ends.

use crate::decision::reason::{Awaited, Move};
use crate::decision::{ActionLine, Because, Body, Cause, Decision, Reason, Status};
use crate::plan::Plan;
use crate::timestamp::{Span, Timestamp};

use super::contact::action_name;
use super::enroll::decider;
use super::lead::{PendingAction, Wait};
use super::message::PUT_OFF;
use super::schedule::on_clock;
use super::send::{Use, push_move, topics};
use super::timer::{Kind, Timer, What, deferred_position, is_deferred};
use super::{Moment, World};

impl World {
    /// A single action falls due.
    pub(super) fn fire_action(&mut self, moment: &Moment<'_>, slot: u32, serial: u32, out: &mut Vec<Decision>) {
        let Some(place) = self.lead(slot).actions.iter().position(|action| action.serial == serial) else { return };
        let Some(action) = self.lead(slot).actions.get(place).cloned() else { return };
        if self.wait_for_hold(moment, slot, place, out) {
            return;
        }
        self.witness_due(moment, slot, (action.channel, &action.content), action.id);
        let verdict = self.verdict(moment, slot, &action);
        // What has waited until it expires tells for what.
        let late = if action.waiting.is_some() { action.before } else { action.too_late() };
        if let Some(before) = late.filter(|before| moment.now >= *before) {
            let reason = Reason::NotBefore { before, moves: action.trail };
            return self.end_action(moment, slot, place, (Status::Expired, Some(reason)), out);
        }
        let again = action
            .waiting
            .as_ref()
            .filter(|wait| wait.awaited.is_asked_again() && moment.now < action.expires_by(wait.since));
        if let Some(wait) = action.waiting.as_ref().filter(|_| again.is_none()) {
            let reason =
                Reason::Waited { awaited: Box::new(wait.awaited.clone()), until: moment.now, moves: Vec::new() };
            return self.end_action(moment, slot, place, (Status::Expired, Some(reason)), out);
        }
        if !matches!(verdict, Use::No(..))
            && let Some(scope) = self.halted_action(moment.plan, action.cause, action.channel)
        {
            return self.hold_action(moment, slot, place, Awaited::Halted(scope), out);
        }
        if matches!(verdict, Use::Yes)
            && let Some(awaited) = self
                .unfilled(moment, slot, (action.channel, &action.content), action.saved.as_ref())
                .or_else(|| self.breaks(moment, slot, action.channel))
        {
            return self.hold_action(moment, slot, place, awaited, out);
        }
        let (status, reason) = match verdict {
            Use::Yes => (Status::Sent, Reason::of_moves(action.trail)),
            Use::No(status, reason) => (status, Some(reason)),
            Use::Later(..) if action.put_off.is_some_and(|since| since + PUT_OFF <= moment.now) => {
                (Status::Expired, Some(Reason::PutOff { length: PUT_OFF, moves: action.trail }))
            }
            Use::Later(from, by) => return self.put_off(moment, slot, place, (from, by)),
        };
        self.end_action(moment, slot, place, (status, reason), out);
    }

    /// Whether a single action that is due may go now: no stop of this moment covers it, its rule still wants
    /// it, and its channel can be used.
    pub(super) fn verdict(&self, moment: &Moment<'_>, slot: u32, action: &PendingAction) -> Use {
        let shield = self.lead(slot).shield.as_ref().filter(|shield| shield.at == moment.now);
        if let Some(by) = shield.and_then(|shield| shield.all) {
            return Use::No(Status::Suppressed, Reason::SuppressedBy(decider(moment.plan, by), Span::ZERO));
        }
        if action.asked_again && !self.still_wanted(moment, slot, action) {
            return Use::No(Status::Skipped, Reason::NoLongerSo);
        }
        let topics = topics(moment.plan, (action.channel, &action.content), None);
        self.usable(moment, slot, (action.channel, &topics))
    }

    /// A single message falls due while its lead is held: it waits for the end of the hold, and expires as
    /// it would otherwise. Whether it waits.
    fn wait_for_hold(&mut self, moment: &Moment<'_>, slot: u32, place: usize, out: &mut Vec<Decision>) -> bool {
        let lead = self.lead(slot);
        let (Some(hold), Some(action)) = (lead.hold.as_ref(), lead.actions.get(place)) else { return false };
        let since = action.waiting.as_ref().map_or(moment.now, |wait| wait.since);
        let expires = action.expires_by(since);
        if moment.plan.rulebook.outlasts_stops(action.channel) || moment.now >= expires {
            return false;
        }
        let awaited = Awaited::Hold(hold.by.clone());
        let due = hold.until.map_or(expires, |until| until.min(expires));
        let same = action.waiting.as_ref().is_some_and(|wait| wait.awaited == awaited);
        let serial = self.lead_mut(slot).serial();
        let Some(action) = self.lead_mut(slot).actions.get_mut(place) else { return false };
        (action.serial, action.due) = (serial, due);
        action.waiting = Some(Box::new(Wait { since, awaited: awaited.clone() }));
        let action = action.clone();
        let position = moment.position;
        self.timers.push(Timer { due, kind: Kind::Touch, position, slot, what: What::Action(serial) });
        if !same {
            let reason = Some(Reason::Awaits(Box::new(awaited)));
            let line = self.action_line(moment.plan, slot, &action, Status::Held, reason);
            self.decide(moment, slot, Body::Action(Box::new(line)), (action.cause, &action.because), out);
        }
        true
    }

    /// A hold is over: single messages that waited for that are due.
    pub(super) fn release_held(&mut self, moment: &Moment<'_>, slot: u32) {
        let waits = |action: &PendingAction| {
            action.waiting.as_ref().is_some_and(|wait| matches!(wait.awaited, Awaited::Hold(_)))
        };
        for place in 0..self.lead(slot).actions.len() {
            if !self.lead(slot).actions.get(place).is_some_and(waits) {
                continue;
            }
            let position = self.action_position(moment.plan, slot, place);
            let lead = self.lead_mut(slot);
            let serial = lead.serial();
            let Some(action) = lead.actions.get_mut(place) else { continue };
            (action.serial, action.due) = (serial, moment.now);
            let timer = Timer { due: moment.now, kind: Kind::Touch, position, slot, what: What::Action(serial) };
            self.timers.push(timer);
        }
    }

    /// A single action has come to its end.
    fn end_action(
        &mut self,
        moment: &Moment<'_>,
        slot: u32,
        place: usize,
        (status, reason): (Status, Option<Reason>),
        out: &mut Vec<Decision>,
    ) {
        let action = self.lead_mut(slot).actions.remove(place);
        self.note_idle(moment, slot);
        if status == Status::Sent {
            let message =
                |world: &Self| world.filled(moment, slot, (action.channel, &action.content), action.saved.as_ref());
            self.note_departure(out.len(), message);
            let name = action_name(moment.plan, (action.channel, &action.content));
            self.note_send(moment.plan, slot, (action.channel, name), moment.now);
        }
        let line = self.action_line(moment.plan, slot, &action, status, reason);
        self.decide(moment, slot, Body::Action(Box::new(line)), (action.cause, &action.because), out);
    }

    /// A due action waits for a value.
    fn hold_action(&mut self, moment: &Moment<'_>, slot: u32, place: usize, awaited: Awaited, out: &mut Vec<Decision>) {
        let Some(channel) = self.lead(slot).actions.get(place).map(|action| action.channel) else { return };
        let until = if awaited.is_for_invariant() { self.guarded_until(moment, slot, channel) } else { None };
        let zone = self.channel_zone(moment.plan, slot, channel).0;
        let lead = self.lead_mut(slot);
        let serial = lead.serial();
        let Some(action) = lead.actions.get_mut(place) else { return };
        let old = action.waiting.take();
        let since = old.as_ref().map_or(moment.now, |wait| wait.since);
        action.serial = serial;
        let expires = action.expires_by(since);
        action.due = until.map_or(expires, |until| until.min(expires));
        if let Some(until) = until {
            push_move(&mut action.trail, Move::Waited(awaited.clone()));
            action.trail.push(on_clock(until, zone));
        }
        // Asked again and held for the same reason is no news.
        let same = old.is_some_and(|old| old.awaited == awaited);
        action.waiting = Some(Box::new(Wait { since, awaited: awaited.clone() }));
        let (due, action) = (action.due, action.clone());
        let position = moment.position;
        self.timers.push(Timer { due, kind: Kind::Touch, position, slot, what: What::Action(serial) });
        if same {
            return;
        }
        let line = self.action_line(moment.plan, slot, &action, Status::Held, Some(Reason::Awaits(Box::new(awaited))));
        self.decide(moment, slot, Body::Action(Box::new(line)), (action.cause, &action.because), out);
    }

    /// A fact of the lead has changed: what waited for a value is tried again at once.
    pub(super) fn release_values(&mut self, moment: &Moment<'_>, slot: u32) {
        let waits = |wait: &Option<Box<Wait>>| wait.as_ref().is_some_and(|wait| wait.awaited.is_for_fact());
        let (due, position) = (moment.now, moment.position);
        let mut released = Vec::new();
        let lead = self.lead_mut(slot);
        for enrollment in lead.enrollments.iter_mut().filter(|e| waits(&e.waiting)) {
            enrollment.waiting = None;
            enrollment.released = true;
            released.push(enrollment.sequence);
        }
        for place in 0..self.lead(slot).actions.len() {
            let lead = self.lead_mut(slot);
            let serial = lead.serial();
            let Some(action) = lead.actions.get_mut(place).filter(|action| waits(&action.waiting)) else { continue };
            action.waiting = None;
            action.due = due;
            action.serial = serial;
            self.timers.push(Timer { due, kind: Kind::Touch, position, slot, what: What::Action(serial) });
        }
        for sequence in released {
            self.replan(moment, slot, sequence);
        }
    }

    fn put_off(&mut self, moment: &Moment<'_>, slot: u32, place: usize, (from, by): (Timestamp, Move)) {
        let Some(channel) = self.lead(slot).actions.get(place).map(|action| action.channel) else { return };
        let zone = self.channel_zone(moment.plan, slot, channel).0;
        let from = Self::window(moment.plan, channel).next_open(from, zone).map_or(from, |(open, _)| open);
        // The order of what is put off is that of its first due times.
        let position = match moment.position {
            first if is_deferred(first) => first,
            _ => deferred_position(moment.now),
        };
        let lead = self.lead_mut(slot);
        let serial = lead.serial();
        let Some(action) = lead.actions.get_mut(place) else { return };
        action.serial = serial;
        // What waits expires as before.
        let from = action.waiting.as_ref().map_or(from, |wait| from.min(action.expires_by(wait.since)));
        // Nothing is put off for ever.
        let from = action.too_late().map_or(from, |before| from.min(before));
        let from = from.min(*action.put_off.get_or_insert(moment.now) + PUT_OFF);
        action.due = from;
        action.local = action.local.map(|_| zone.to_local(from));
        action.trail.push(by);
        action.trail.push(on_clock(from, zone));
        self.timers.push(Timer { due: from, kind: Kind::Touch, position, slot, what: What::Action(serial) });
    }

    /// A lead that changes zone keeps the local times of its actions.
    pub(super) fn replan_actions(&mut self, moment: &Moment<'_>, slot: u32) {
        for place in 0..self.lead(slot).actions.len() {
            let Some((channel, local, old)) = self.lead(slot).actions.get(place).map(|a| (a.channel, a.local, a.due))
            else {
                continue;
            };
            let zone = self.channel_zone(moment.plan, slot, channel).0;
            let Some(due) = local.map(|local| zone.resolve(local).max(moment.now)).filter(|due| *due != old) else {
                continue;
            };
            let position = self.action_position(moment.plan, slot, place);
            let lead = self.lead_mut(slot);
            let serial = lead.serial();
            if let Some(action) = lead.actions.get_mut(place) {
                action.serial = serial;
                action.due = due;
            }
            self.timers.push(Timer { due, kind: Kind::Touch, position, slot, what: What::Action(serial) });
        }
    }

    pub(super) fn action_position(&self, plan: &Plan, slot: u32, place: usize) -> u64 {
        let Some(action) = self.lead(slot).actions.get(place) else { return 0 };
        match (action.put_off, action.cause) {
            // What was put off keeps the place of the moment at which it was due at first.
            (Some(first), _) => deferred_position(first),
            (None, Cause::Rule(rule, _)) => super::intake::rule_position(plan, rule),
            (None, _) => 0,
        }
    }

    pub(super) fn action_line(
        &self,
        plan: &Plan,
        slot: u32,
        action: &super::lead::PendingAction,
        status: Status,
        reason: Option<Reason>,
    ) -> ActionLine {
        let (zone, zone_from) = self.channel_zone(plan, slot, action.channel);
        ActionLine {
            status,
            channel: action.channel,
            content: action.content.clone(),
            id: action.id,
            reason,
            was_due: None,
            before: action.before,
            expires: action.expires,
            zone,
            zone_from,
        }
    }

    /// Cancels the single actions that wait and are covered by a stop or an opt-out.
    pub(super) fn cancel_actions(
        &mut self,
        moment: &Moment<'_>,
        slot: u32,
        (reason, status): (&Reason, Status),
        by: (Cause, &Because),
        covers: impl Fn(&PendingAction) -> bool,
        out: &mut Vec<Decision>,
    ) {
        if !self.lead(slot).actions.iter().any(&covers) {
            return;
        }
        let all = std::mem::take(&mut self.lead_mut(slot).actions);
        let (ended, left): (Vec<_>, Vec<_>) = all.into_iter().partition(covers);
        self.lead_mut(slot).actions = left;
        for action in ended {
            let mut line = self.action_line(moment.plan, slot, &action, status, Some(reason.clone()));
            line.was_due = Some(action.due);
            self.decide(moment, slot, Body::Action(Box::new(line)), by, out);
        }
        self.note_idle(moment, slot);
    }
}

//! What happens when a touch falls due: conditions, consent, windows, caps, and then it goes out,
//! waits, or is let pass - with the reason. Single actions ask the same (`single.rs`).

use crate::decision::reason::{Awaited, Move};
use crate::decision::{Body, Cause, Decision, Reason, Status, TouchLine};
use crate::event::{PropValue, Props};
use crate::plan::Plan;
use crate::rulebook::{Cap, CapScope, ChannelId, Reach, Sequence, SequenceId, TopicId, Touch, TypeId};
use crate::timestamp::Timestamp;
use crate::units::Content;
use crate::value::Value;
use smallvec::SmallVec;

use super::enroll::{advance, next_touch};
use super::intake::{ENGINE, save};
use super::lead::{Enrollment, Stamp, Wait};
use super::message::{EXPIRES, PUT_OFF, template};
use super::timer::{Kind, Timer, What, is_deferred, unyielded, yielded};
use super::variant::shown;
use super::{Moment, World};

/// Whether a channel can be used for a lead now.
pub(super) enum Use {
    /// It can.
    Yes,
    /// Later: not before that moment, for this reason.
    Later(Timestamp, Move),
    /// Not at all.
    No(Status, Reason),
}

impl World {
    /// The next touch of an enrollment falls due. Timers of older plans are let pass.
    pub(super) fn fire_touch(
        &mut self,
        moment: &Moment<'_>,
        slot: u32,
        id: SequenceId,
        version: u32,
        out: &mut Vec<Decision>,
    ) {
        let plan = moment.plan;
        let Some(sequence) = plan.rulebook.sequences.get(id) else { return };
        let is_current = self.lead(slot).enrollments.iter().any(|e| e.sequence == id && e.version == version);
        if is_current && self.count_halts(moment, slot, id) {
            return self.replan(moment, slot, id);
        }
        let found = self.lead(slot).enrollments.iter().find(|e| e.sequence == id && e.version == version);
        let Some(enrollment) = found.map(|e| e.as_ref().clone()) else { return };
        let Some(touch) = self.next_given(plan, moment.names, slot, &enrollment) else { return };
        if self.yields(moment, slot, touch) {
            let (due, position) = (moment.now, yielded(moment.position));
            let what = What::Touch(id.0, version);
            return self.timers.push(Timer { due, kind: Kind::Touch, position, slot, what });
        }
        let ground = self.ground(plan, slot, sequence, touch, moment.now);
        let planned = ground.untold().plan(touch, &enrollment);
        let mut line = self.touch_line(plan, moment.names, slot, &enrollment, touch);
        line.due_by = planned.due_by;
        let passed = line.clone();
        let mut let_pass = |world: &mut Self, status: Status, reason: Reason| {
            let line = TouchLine { status, reason: Some(reason), ..passed.clone() };
            let cause = Cause::Sequence(id, Some(enrollment.next));
            world.meets_experiment(slot, line.experiment);
            world.decide(moment, slot, Body::Touch(Box::new(line)), (cause, &enrollment.because), out);
            world.go_on(moment, slot, id, sequence, None, out);
        };
        // Leads may wait for a cap in long lines: how one came to its time is asked where it is told.
        let moves = |world: &Self| world.moves_to(plan, slot, &enrollment, touch, moment.now);
        let Some(due) = planned.due else {
            if planned.passes > moment.now && !enrollment.released {
                return self.replan(moment, slot, id);
            }
            let trail = self.ground(plan, slot, sequence, touch, moment.now).plan(touch, &enrollment).trail;
            return let_pass(self, Status::Skipped, Reason::NoPlace(trail));
        };
        let expires = |wait: &Wait| planned.deadline.unwrap_or(wait.since + EXPIRES);
        let again =
            enrollment.waiting.as_ref().filter(|wait| wait.awaited.is_for_invariant() && moment.now < expires(wait));
        if again.is_some() && moment.now < enrollment.not_before {
            return self.replan(moment, slot, id);
        }
        if let Some(wait) = enrollment.waiting.as_ref().filter(|_| again.is_none()) {
            let awaited = wait.awaited.clone();
            // Of what an invariant held, its moves say no more than the invariant.
            let moves = if awaited.is_for_invariant() { Vec::new() } else { moves(self) };
            return let_pass(
                self,
                Status::Expired,
                Reason::Waited { awaited: Box::new(awaited), until: moment.now, moves },
            );
        }
        let limit = enrollment.put_off.map(|since| since + PUT_OFF).filter(|limit| *limit <= moment.now);
        let due = if enrollment.released || again.is_some() { moment.now } else { due };
        if let Some(deadline) = planned.deadline.filter(|deadline| due > *deadline) {
            let moves = moves(self);
            let reason = match line.expires {
                Some(before) => Reason::NotBefore { before, moves },
                None => Reason::NotInTime { deadline, moves },
            };
            return let_pass(self, Status::Expired, reason);
        }
        if due > moment.now {
            if limit.is_some() {
                let moves = moves(self);
                return let_pass(self, Status::Expired, Reason::PutOff { length: PUT_OFF, moves });
            }
            return self.replan(moment, slot, id);
        }
        // All its channels are halted: nothing is asked that may have another answer afterwards.
        let halted = touch.choices.iter().map(|(channel, _)| self.halted_touch(plan, id, *channel));
        if let Some(Some(scope)) = halted.reduce(|first, next| first.filter(|_| next.is_some())) {
            let wait = Wait { since: moment.now, awaited: Awaited::Halted(scope) };
            return self.wait_until(moment, slot, id, (wait, line), None, out);
        }
        self.witness_touch(moment, slot, touch, (id, enrollment.next, enrollment.number));
        if touch.condition.as_ref().is_some_and(|condition| !self.scope(moment, slot).holds(condition)) {
            return let_pass(self, Status::Skipped, Reason::ConditionFails(id, enrollment.next));
        }
        if touch.approve && !enrollment.approved {
            let wait = Wait { since: moment.now, awaited: Awaited::Approval };
            return self.wait_until(moment, slot, id, (wait, line), None, out);
        }
        match self.choose(moment, slot, touch, id) {
            Ok(choice) => {
                let (channel, content) = choice;
                line.channel = channel;
                if let Some(scope) = self.halted_touch(plan, id, channel) {
                    let wait = Wait { since: moment.now, awaited: Awaited::Halted(scope) };
                    return self.wait_until(moment, slot, id, (wait, line), None, out);
                }
                let variant = self.variant(plan, moment.names, slot, (id, enrollment.next));
                line.experiment = shown(plan, variant, touch, (channel, &content));
                line.content = content;
                let unfilled = self.unfilled(moment, slot, (channel, &line.content), enrollment.saved.as_ref());
                // What a person has released goes out.
                let asked = !enrollment.approved;
                if let Some(awaited) = unfilled.or_else(|| self.breaks(moment, slot, channel).filter(|_| asked)) {
                    let wait = Wait { since: again.map_or(moment.now, |wait| wait.since), awaited };
                    let until =
                        if wait.awaited.is_for_invariant() { self.guarded_until(moment, slot, channel) } else { None };
                    return self.wait_until(moment, slot, id, (wait, line), until, out);
                }
                line.status = Status::Sent;
                let moves = moves(self);
                line.reason = (!moves.is_empty()).then_some(Reason::Moved(moves));
                self.send_touch(moment, slot, id, sequence, (touch, line), out);
            }
            Err(Use::Later(..)) if limit.is_some() => {
                let moves = moves(self);
                let_pass(self, Status::Expired, Reason::PutOff { length: PUT_OFF, moves });
            }
            Err(Use::Later(from, by)) => {
                let found = self.lead_mut(slot).enrollments.iter_mut().find(|e| e.sequence == id);
                if let Some(enrollment) = found {
                    enrollment.not_before = from;
                    enrollment.put_off.get_or_insert(moment.now);
                    enrollment.released = false;
                    push_move(&mut enrollment.deferred, by);
                }
                // The place of what was put off before is that of its first due time: it stays.
                let place = Some(unyielded(moment.position)).filter(|place| is_deferred(*place));
                self.replan_at(moment, slot, id, place);
            }
            Err(Use::No(status, reason)) => let_pass(self, status, reason),
            Err(Use::Yes) => {}
        }
    }

    /// How a touch came from its nominal time to the one it is sent at; empty where nothing moved it.
    fn moves_to(&self, plan: &Plan, slot: u32, enrollment: &Enrollment, touch: &Touch, now: Timestamp) -> Vec<Move> {
        let Some(sequence) = plan.rulebook.sequences.get(enrollment.sequence) else { return Vec::new() };
        let from = enrollment.anchor.max(enrollment.started);
        let ground = self.ground(plan, slot, sequence, touch, from);
        let Some(wait) = enrollment.waiting.as_ref().filter(|wait| wait.awaited.is_for_invariant()) else {
            let trail = ground.plan(touch, enrollment).trail;
            return if trail.len() > 1 { trail } else { Vec::new() };
        };
        // It went by its plan until the invariant held it, and then by the invariant's limit.
        let mut before = enrollment.clone();
        before.not_before = Timestamp::MIN;
        let mut trail = ground.plan(touch, &before).trail;
        trail.push(Move::Waited(wait.awaited.clone()));
        trail.push(ground.landing(now));
        trail
    }

    /// When what an invariant holds is asked again: its limit has ended and the channel is open.
    pub(super) fn guarded_until(&self, moment: &Moment<'_>, slot: u32, channel: ChannelId) -> Option<Timestamp> {
        let until = self.breaks_until(moment, slot, channel).filter(|until| *until > moment.now)?;
        let zone = self.channel_zone(moment.plan, slot, channel).0;
        Some(Self::window(moment.plan, channel).next_open(until, zone).map_or(until, |(open, _)| open))
    }

    /// A due touch waits: it is held, and says for what; for an invariant, until its limit ends.
    fn wait_until(
        &mut self,
        moment: &Moment<'_>,
        slot: u32,
        id: SequenceId,
        (wait, mut line): (Wait, TouchLine),
        until: Option<Timestamp>,
        out: &mut Vec<Decision>,
    ) {
        line.status = Status::Held;
        line.reason = Some(Reason::Awaits(Box::new(wait.awaited.clone())));
        let Some(enrollment) = self.lead_mut(slot).enrollments.iter_mut().find(|e| e.sequence == id) else { return };
        // Asked again and held for the same reason is no news.
        let same = enrollment.waiting.as_ref().is_some_and(|old| old.awaited == wait.awaited);
        if let Some(until) = until {
            enrollment.not_before = until;
        }
        enrollment.waiting = Some(Box::new(wait));
        enrollment.released = false;
        if same {
            return self.replan(moment, slot, id);
        }
        let (because, next) = (enrollment.because.clone(), enrollment.next);
        let cause = Cause::Sequence(id, Some(next));
        self.decide(moment, slot, Body::Touch(Box::new(line)), (cause, &because), out);
        self.replan(moment, slot, id);
    }

    fn send_touch(
        &mut self,
        moment: &Moment<'_>,
        slot: u32,
        id: SequenceId,
        sequence: &Sequence,
        (touch, line): (&Touch, TouchLine),
        out: &mut Vec<Decision>,
    ) {
        let (channel, content, experiment) = (line.channel, line.content.clone(), line.experiment);
        let found = self.lead(slot).enrollments.iter().find(|e| e.sequence == id);
        let Some((because, next, saved)) = found.map(|e| (e.because.clone(), e.next, e.saved.clone())) else { return };
        let cause = Cause::Sequence(id, Some(next));
        let message = |world: &Self| world.filled(moment, slot, (channel, &content), saved.as_ref());
        self.note_departure(out.len(), message);
        self.decide(moment, slot, Body::Touch(Box::new(line)), (cause, &because), out);
        self.note_send(moment.plan, slot, (channel, &touch.id), moment.now);
        self.meets_experiment(slot, experiment);
        let lead = self.lead_mut(slot);
        lead.touches = lead.touches.saturating_add(1);
        let sent = (moment.now, touch.id.clone());
        if !sequence.parallel {
            lead.last_touch = Some(sent.clone());
        }
        self.ask_scripts(moment.plan, slot);
        self.touched(moment, slot, (channel, &content, &sequence.name, &touch.id), out);
        self.go_on(moment, slot, id, sequence, Some(sent), out);
    }

    /// The engine's own event: a touch was sent. Rules count it like any other.
    fn touched(
        &mut self,
        moment: &Moment<'_>,
        slot: u32,
        (channel, content, sequence, touch): (ChannelId, &Content, &str, &str),
        out: &mut Vec<Decision>,
    ) {
        let plan = moment.plan;
        if plan.dispatch.first().is_none_or(Vec::is_empty) {
            return;
        }
        let channel = plan.rulebook.channels.name(channel);
        let template = match content {
            Content::Template(name) => name.as_str(),
            Content::Text(_) => "",
        };
        let mut texts = String::new();
        let mut list = Vec::new();
        for (prop, text) in plan.rulebook.well_known.touched_props.iter().zip([channel, template, sequence, touch]) {
            list.push((*prop, PropValue::Text { start: texts.len() as u32, len: text.len() as u32 }));
            texts.push_str(text);
        }
        let inner = Moment { props: Props { list: &list, texts: &texts, lists: &[] }, ..*moment };
        let inner = Moment { event: Some((TypeId(0), moment.now)), ..inner };
        let before = self.fired.len();
        self.happen(&inner, slot, TypeId(0), Stamp { at: moment.now, number: ENGINE }, out);
        // Rules are judged after the instant's own properties are back in place.
        let saved = (self.fired.len() > before).then(|| std::sync::Arc::new(save(inner.props)));
        for fired in self.fired.iter_mut().skip(before) {
            fired.saved.clone_from(&saved);
        }
    }

    /// Goes on to the next touch of an enrollment, or ends it.
    fn go_on(
        &mut self,
        moment: &Moment<'_>,
        slot: u32,
        id: SequenceId,
        sequence: &Sequence,
        sent: Option<(Timestamp, String)>,
        out: &mut Vec<Decision>,
    ) {
        let Some(enrollment) = self.lead_mut(slot).enrollments.iter_mut().find(|e| e.sequence == id) else { return };
        advance(enrollment, sequence, sent, moment.now);
        self.resume_plan(moment, slot, id, sequence, out);
    }

    /// Plans the next touch of an enrollment, past those a person has skipped, or ends it.
    pub(super) fn resume_plan(
        &mut self,
        moment: &Moment<'_>,
        slot: u32,
        id: SequenceId,
        sequence: &Sequence,
        out: &mut Vec<Decision>,
    ) {
        self.pass_skipped(moment, slot, id, sequence, out);
        let Some(enrollment) = self.lead(slot).enrollments.iter().find(|e| e.sequence == id) else { return };
        if next_touch(sequence, enrollment).is_some() {
            self.replan(moment, slot, id);
        } else {
            self.finish(moment, slot, id, out);
        }
    }

    /// The first channel of a touch that may be used now; else when one may, else why none may.
    fn choose(
        &self,
        moment: &Moment<'_>,
        slot: u32,
        touch: &Touch,
        sequence: SequenceId,
    ) -> Result<(ChannelId, Content), Use> {
        let mut waits: Option<(Timestamp, Move)> = None;
        let mut refusals: Vec<(Status, Reason)> = Vec::new();
        for (channel, content) in &touch.choices {
            let topics = topics(moment.plan, (*channel, content), Some(sequence));
            match self.usable(moment, slot, (*channel, &topics)) {
                Use::Yes => return Ok((*channel, content.clone())),
                Use::Later(from, reason) => {
                    if waits.as_ref().is_none_or(|(other, _)| from < *other) {
                        waits = Some((from, reason));
                    }
                }
                Use::No(status, reason) => refusals.push((status, reason)),
            }
        }
        if let Some((from, by)) = waits {
            return Err(Use::Later(from, by));
        }
        let status = refusals.first().map_or(Status::Skipped, |(status, _)| *status);
        let mut reasons: Vec<Reason> = refusals.into_iter().map(|(_, reason)| reason).collect();
        let reason = if reasons.len() == 1 { reasons.pop() } else { None };
        Err(Use::No(status, reason.unwrap_or(Reason::NoneOf(reasons))))
    }

    /// Whether a channel can be used for a lead now, for a message about some topics: suppression, consent,
    /// address, window, caps.
    pub(super) fn usable(&self, moment: &Moment<'_>, slot: u32, (channel, topics): (ChannelId, &[TopicId])) -> Use {
        let plan = moment.plan;
        let Some(definition) = plan.rulebook.channels.get(channel) else {
            return Use::No(Status::Skipped, Reason::NoChannel);
        };
        let mut required = (0..definition.requires.len()).map(|place| self.require_gate(moment, slot, channel, place));
        let full = || {
            let caps = definition.caps.iter().filter_map(|cap| self.channel_cap(moment, slot, channel, cap));
            caps.chain(self.contact_gate(moment, slot, channel)).max_by_key(|(from, _)| *from)
        };
        self.suppression_gate(moment, slot, (channel, topics))
            .or_else(|| required.find_map(|gate| gate))
            .or_else(|| self.address_gate(moment, slot, (channel, topics)))
            .or_else(|| self.window_gate(moment, slot, channel))
            .or_else(|| full().map(|(from, by)| Use::Later(from, by)))
            .unwrap_or(Use::Yes)
    }

    /// Whether the lead may be contacted on a channel at all; `None` where it may.
    pub(super) fn suppression_gate(
        &self,
        moment: &Moment<'_>,
        slot: u32,
        (channel, topics): (ChannelId, &[TopicId]),
    ) -> Option<Use> {
        let suppression = self.lead(slot).barred(moment.plan, channel, topics, moment.now)?;
        let reach = match suppression.reach {
            Some(Reach::Topic(topic)) => Reach::Topic(topic),
            None | Some(Reach::Channel(_)) => Reach::Channel(channel),
        };
        Some(Use::No(Status::Suppressed, Reason::ChannelSuppressed(reach, suppression.by.clone())))
    }

    /// Whether something the channel requires holds, by its place; `None` where it does.
    pub(super) fn require_gate(&self, moment: &Moment<'_>, slot: u32, channel: ChannelId, place: usize) -> Option<Use> {
        let (expr, _) = moment.plan.rulebook.channels.get(channel)?.requires.get(place)?;
        let holds = self.scope(moment, slot).holds(expr);
        (!holds).then_some(Use::No(Status::Suppressed, Reason::Requires(channel, place)))
    }

    /// Whether the channel is open now; `None` where it is.
    pub(super) fn window_gate(&self, moment: &Moment<'_>, slot: u32, channel: ChannelId) -> Option<Use> {
        let name = &moment.plan.rulebook.channels.get(channel)?.name;
        let zone = self.channel_zone(moment.plan, slot, channel).0;
        let window = Self::window(moment.plan, channel);
        let refusal = window.allows(zone.to_local(moment.now)).err()?;
        Some(match window.next_open(moment.now, zone) {
            Some((from, _)) => Use::Later(from, Move::ChannelClosed(name.clone(), refusal)),
            None => Use::No(Status::Skipped, Reason::NeverOpen(channel, refusal)),
        })
    }

    /// A cap of a channel itself: from when on there is room again, where it is full.
    pub(super) fn channel_cap(
        &self,
        moment: &Moment<'_>,
        slot: u32,
        channel: ChannelId,
        cap: &Cap,
    ) -> Option<(Timestamp, Move)> {
        Some((self.capped(moment, slot, channel, (cap, &|other| other == channel))?, cap_move(cap)))
    }

    /// Where a cap is full, which counts what was sent on some channels: from when on there is room again.
    pub(super) fn capped(
        &self,
        moment: &Moment<'_>,
        slot: u32,
        channel: ChannelId,
        (cap, counts): (&Cap, &dyn Fn(ChannelId) -> bool),
    ) -> Option<Timestamp> {
        let lead = self.lead(slot);
        let start = self.span_start(moment, slot, channel, cap.per)?;
        let sends: &[(ChannelId, Timestamp)] = match cap.scope {
            CapScope::Lead => &lead.sends,
            CapScope::Account => match self.accounts.get(lead.account_slot as usize) {
                Some(account) => &account.sends,
                None => &lead.sends,
            },
            CapScope::Owner => self.owner_sends.get(owner(moment.plan, lead)?).map_or(&[], Vec::as_slice),
        };
        // Room comes when the oldest of the last `count` sends leaves the span. Sends are kept in order of time.
        let mut latest = sends.iter().rev().filter(|(other, _)| counts(*other)).map(|(_, at)| *at);
        let oldest = latest.nth((cap.count as usize).checked_sub(1)?).filter(|oldest| *oldest >= start)?;
        self.span_end(moment, slot, channel, (oldest, cap.per))
    }

    /// Remembers a send for the caps that count it, as many as the largest asks for, and by its name for the
    /// gaps after it.
    pub(super) fn note_send(&mut self, plan: &Plan, slot: u32, (channel, name): (ChannelId, &str), at: Timestamp) {
        self.note_guarded(plan, slot, channel, at);
        self.note_contact(plan, slot, (channel, name), at);
        let most = |scope: CapScope| plan.rulebook.most_counted(channel, scope);
        let keep = |sends: &mut Vec<(ChannelId, Timestamp)>, most: usize| {
            if most == 0 {
                return;
            }
            sends.push((channel, at));
            if sends.iter().filter(|(other, _)| *other == channel).count() > most
                && let Some(oldest) = sends.iter().position(|(other, _)| *other == channel)
            {
                sends.remove(oldest);
            }
        };
        // An account's cap falls back to the lead's own sends where there is no account.
        let lone = most(CapScope::Lead).max(most(CapScope::Account));
        keep(&mut self.lead_mut(slot).sends, lone);
        let account = self.lead(slot).account_slot as usize;
        if let Some(account) = self.accounts.get_mut(account) {
            keep(&mut account.sends, most(CapScope::Account));
        }
        if most(CapScope::Owner) > 0
            && let Some(owner) = owner(plan, self.lead(slot)).map(Box::from)
        {
            keep(self.owner_sends.entry(owner).or_default(), most(CapScope::Owner));
        }
    }
}

/// What a message is about: the topic of its sequence and that of its template.
pub(super) fn topics(
    plan: &Plan,
    (channel, content): (ChannelId, &Content),
    sequence: Option<SequenceId>,
) -> SmallVec<[TopicId; 2]> {
    if plan.rulebook.topics.is_empty() {
        return SmallVec::new();
    }
    let of_sequence = sequence.and_then(|id| plan.rulebook.sequences.get(id)).and_then(|sequence| sequence.topic);
    let of_template = template(plan, channel, content).and_then(|template| template.topic);
    of_sequence.into_iter().chain(of_template).collect()
}

/// The move that a full cap makes.
pub(super) fn cap_move(cap: &Cap) -> Move {
    Move::Cap { count: cap.count, per: cap.per, scope: cap.scope }
}

/// Adds a move, unless it was the last one.
pub(super) fn push_move(moves: &mut Vec<Move>, one: Move) {
    if moves.last() != Some(&one) {
        moves.push(one);
    }
}

/// The name of a lead's owner.
fn owner<'a>(plan: &Plan, lead: &'a super::lead::Lead) -> Option<&'a str> {
    match lead.facts.get(plan.rulebook.well_known.owner.index()) {
        Some(Value::Text(owner)) => Some(owner),
        _ => None,
    }
}

//! What each effect of a rule does. Effects that change nothing leave no line.

use crate::decision::reason::{Barred, Decider, Move};
use crate::decision::{ActionId, ActionLine, Because, Body, Cause, Decision, Reason, Status};
use crate::rulebook::{
    ChannelId, EffectKind, Expiry, FactId, HoldEnd, Person, Reach, RuleId, Timing, Trigger, is_consent,
};
use crate::timestamp::{Span, Timestamp};
use crate::units::Content;
use crate::value::{Value, View};

use super::departure::Covered;
use super::enroll::{decider, effect_of, is_parallel, rule_label};
use super::evaluate::Scope;
use super::facts::Written;
use super::instant::{Pending, Wanted};
use super::lead::{NO_NUMBER, PendingAction, Stamp, Suppression};
use super::schedule::on_clock;
use super::timer::{Kind, Timer, What};
use super::{Moment, World, score};

/// The safety rule by which a lead opts out.
const OPT_OUT: &str = "standard_opt_out";

/// The safety rule of mail that came back for good.
const HARD_BOUNCE: &str = "standard_hard_bounce";

/// A rule's arm and the events it rests on.
pub(super) type By<'a> = (Cause, &'a Because);

impl World {
    /// Applies one effect, but for tiers and starts, which a round applies together.
    pub(super) fn apply(&mut self, moment: &Moment<'_>, pending: &Pending, out: &mut Vec<Decision>) {
        let slot = pending.slot;
        if let Wanted::Exit(sequence, set) = pending.what {
            let by = (Cause::Sequence(sequence, None), &pending.because);
            return self.exit(moment, slot, sequence, &Reason::ExitOn(set, moment.age), by, out);
        }
        let Some((rule, arm, effect)) = effect_of(moment.plan, pending) else { return };
        let by: By<'_> = (Cause::Rule(rule, arm), &pending.because);
        match effect {
            // One rule writes the tier of a round, and what a rule starts by name comes before what a tier
            // starts: a round applies them together, after looking at all that want one.
            EffectKind::Tier(_) | EffectKind::Start(_) => {}
            EffectKind::Stop => self.stop(moment, slot, by, out),
            EffectKind::StopAll => self.stop_all(moment, slot, by, out),
            EffectKind::StopAccount => self.stop_account(moment, slot, by, out),
            EffectKind::StopSequence(sequence) => {
                self.exit(moment, slot, *sequence, &Reason::StoppedBy(by.0, moment.age), by, out);
                // Also where the lead is not in it: a start of the same instant must not outrun the stop.
                self.shield(moment, slot).some.push((*sequence, by.0));
            }
            EffectKind::Hold { account, until } => {
                let Some(until) = self.hold_end(moment, pending, until) else {
                    return self.decide(moment, slot, Body::Muted(Reason::HoldEndMissing), by, out);
                };
                // The end is that of the lead the rule fired for; its calendar holds for the whole account.
                if *account {
                    self.hold_account(moment, slot, until, by, out);
                } else {
                    self.hold(moment, slot, Some(until), by, out);
                }
            }
            EffectKind::Resume => self.resume(moment, slot, by, out),
            EffectKind::Suppress { reach: Some(Reach::Channel(channel)), .. }
                if moment.plan.rulebook.rules.name(rule) == HARD_BOUNCE && self.has_address(moment, slot, *channel) =>
            {
                let reason = Reason::AddressBarred(moment.plan.rulebook.well_known.email, Barred::Bounced);
                if self.address_of(moment.plan, slot, (*channel, &[])).is_err() {
                    let covered = Covered::Reach(Reach::Channel(*channel));
                    self.note_ending(moment, slot, (covered, &reason), by.1, out.len());
                }
                self.decide(moment, slot, Body::Bar { channel: *channel, reason }, by, out);
            }
            EffectKind::Suppress { reach, length } => {
                let until = length.map(|length| self.later(moment.plan, slot, moment.now, length));
                self.suppress(moment, slot, (*reach, until), by, out);
            }
            EffectKind::Unsuppress { reach } => self.unsuppress(moment, slot, *reach, by, out),
            EffectKind::Send { channel, content, timing, expires } => {
                self.schedule(moment, pending, rule, (*channel, content, timing, expires.as_ref()), by, out);
            }
            EffectKind::Alert { to, text, expires } => {
                self.alert(moment, pending, (*to, text, expires.as_ref()), by, out);
            }
            EffectKind::Escalate { to, text, expires } => {
                self.escalate(moment, slot, *to, by, out);
                self.alert(moment, pending, (*to, text, expires.as_ref()), by, out);
            }
            EffectKind::Assign(expr) => {
                let value = self.scope_for(moment, pending).value(expr).to_value();
                if let Value::Text(owner) = &value {
                    let fact = moment.plan.rulebook.well_known.owner;
                    if self.writes(moment, slot, fact, value.view(), by, out) {
                        self.decide(moment, slot, Body::Assign(Some(owner.clone())), by, out);
                    }
                }
            }
            EffectKind::Set { fact, value } => {
                let value = self.scope_for(moment, pending).value(value).to_value();
                if self.writes(moment, slot, *fact, value.view(), by, out) {
                    self.decide(moment, slot, Body::Set { fact: *fact, value }, by, out);
                }
            }
            EffectKind::Add { score, amount } => {
                let View::Number(points) = self.scope_for(moment, pending).value(amount) else { return };
                // Read before the points are added: crossings are told by where the score stood.
                let from = score::worth(moment.plan, self.lead(slot), *score, moment.now);
                let definition = moment.plan.rulebook.scores.get(*score);
                if let (Some(definition), Some(state)) = (definition, self.lead_mut(slot).scores.get_mut(score.index()))
                {
                    score::add(definition, state, points, moment.now, moment.now);
                }
                self.note_part(slot, (*score, Stamp { at: moment.now, number: NO_NUMBER }, points));
                self.score_changed(moment, slot, *score, from, by.1, out);
                self.ask_scripts(moment.plan, slot);
            }
            EffectKind::Tag(tag) => {
                if !self.lead(slot).tags.contains(tag) {
                    self.lead_mut(slot).tags.push(*tag);
                    self.decide(moment, slot, Body::Tag { tag: *tag, on: true }, by, out);
                }
            }
            EffectKind::Untag(tag) => {
                if self.lead(slot).tags.contains(tag) {
                    self.lead_mut(slot).tags.retain(|other| other != tag);
                    self.decide(moment, slot, Body::Tag { tag: *tag, on: false }, by, out);
                }
            }
            EffectKind::Webhook(name) => {
                let id = self.action_id(moment, slot, rule, name);
                self.decide(moment, slot, Body::Webhook { name: name.as_str().into(), id }, by, out);
            }
        }
    }

    pub(super) fn scope_for<'a>(&'a self, moment: &Moment<'a>, pending: &'a Pending) -> Scope<'a> {
        let mut scope = self.scope(moment, pending.slot);
        if let Some(saved) = &pending.saved {
            scope.props = saved.props();
        }
        scope
    }

    /// The leads of a lead's account, itself included, in the order they joined.
    pub(super) fn account_of(&self, slot: u32) -> Vec<u32> {
        let account = self.accounts.get(self.lead(slot).account_slot as usize);
        account.map_or_else(|| vec![slot], |account| account.leads.clone())
    }

    /// What a stop covers at this moment.
    fn shield(&mut self, moment: &Moment<'_>, slot: u32) -> &mut super::lead::Shield {
        let shield = self.lead_mut(slot).shield.get_or_insert_with(Box::default);
        if shield.at != moment.now {
            **shield = super::lead::Shield { at: moment.now, ..super::lead::Shield::default() };
        }
        shield
    }

    /// Ends the sequences and cancels every single message, but for what outlasts a stop.
    pub(super) fn stop(&mut self, moment: &Moment<'_>, slot: u32, by: By<'_>, out: &mut Vec<Decision>) {
        let reason = Reason::StoppedBy(by.0, moment.age);
        // Before anything is written: what was decided earlier and waits to be handed over ends too, even
        // where no enrollment is left that could end.
        self.note_ending(moment, slot, (Covered::Stopped, &reason), by.1, out.len());
        self.end_all(moment, slot, (&reason, &decider(moment.plan, by.0)), by, out);
    }

    /// Stops every lead of an account. Each reply of a colleague does, so what is done for a lead in which nothing
    /// goes on has to be little.
    fn stop_account(&mut self, moment: &Moment<'_>, slot: u32, by: By<'_>, out: &mut Vec<Decision>) {
        let Some(account) = self.lead(slot).account else { return self.stop(moment, slot, by, out) };
        let (reason, who) = (Reason::StoppedBy(by.0, moment.age), decider(moment.plan, by.0));
        let slots = self.account_of(slot);
        self.note_ending_of_all(moment, (account, &slots), (Covered::Stopped, &reason), by.1, out.len());
        for slot in slots {
            self.end_all(moment, slot, (&reason, &who), by, out);
        }
    }

    /// What a stop does to a lead.
    fn end_all(
        &mut self,
        moment: &Moment<'_>,
        slot: u32,
        (reason, who): (&Reason, &Decider),
        by: By<'_>,
        out: &mut Vec<Decision>,
    ) {
        for sequence in self.lead(slot).sequences(moment.plan) {
            self.exit(moment, slot, sequence, reason, by, out);
        }
        let rulebook = &moment.plan.rulebook;
        self.cancel_actions(
            moment,
            slot,
            (reason, Status::Cancelled),
            by,
            |a| !rulebook.outlasts_stops(a.channel),
            out,
        );
        self.shield(moment, slot).sequences.get_or_insert(by.0);
        let happened = moment.now - moment.age;
        let lead = self.lead_mut(slot);
        match lead.stopped.as_deref_mut() {
            Some((at, _)) if *at >= happened => {}
            Some((at, by)) => {
                *at = happened;
                if by != who {
                    *by = who.clone();
                }
            }
            None => lead.stopped = Some(Box::new((happened, who.clone()))),
        }
    }

    pub(super) fn stop_all(&mut self, moment: &Moment<'_>, slot: u32, by: By<'_>, out: &mut Vec<Decision>) {
        let reason = Reason::StoppedBy(by.0, moment.age);
        self.note_ending(moment, slot, (Covered::All, &reason), by.1, out.len());
        self.stop(moment, slot, by, out);
        let parallel: Vec<_> = self.lead(slot).enrollments.iter().map(|e| e.sequence).collect();
        for sequence in parallel.into_iter().filter(|id| is_parallel(moment.plan, *id)) {
            self.exit(moment, slot, sequence, &reason, by, out);
        }
        self.cancel_actions(moment, slot, (&reason, Status::Cancelled), by, |_| true, out);
        // The shield stands for the whole instant: what the exits above set off starts nothing in its later rounds.
        self.shield(moment, slot).all.get_or_insert(by.0);
    }

    /// The stop that a single message planned now would run into: one of this moment, or one that rests on
    /// something that happened later than what asks for the message.
    fn stopped(&self, moment: &Moment<'_>, slot: u32, channel: ChannelId) -> Option<Decider> {
        let (lead, plan) = (self.lead(slot), moment.plan);
        let outlasts = plan.rulebook.outlasts_stops(channel);
        let shield = lead.shield.as_ref().filter(|shield| shield.at == moment.now);
        let now = shield.and_then(|shield| shield.all.or(shield.sequences.filter(|_| !outlasts)));
        let before = || lead.stopped.as_deref().filter(|(at, _)| !outlasts && moment.now - moment.age < *at);
        now.map(|by| decider(plan, by)).or_else(|| before().map(|(_, by)| by.clone()))
    }

    fn hold_end(&self, moment: &Moment<'_>, pending: &Pending, until: &HoldEnd) -> Option<Timestamp> {
        match until {
            HoldEnd::After(length) => Some(self.later(moment.plan, pending.slot, moment.now, *length)),
            HoldEnd::Until(expr) => {
                let scope = self.scope_for(moment, pending);
                scope.moment(scope.value(expr))
            }
        }
    }

    /// No more contact. For good and on every channel, it also ends all that is under way.
    pub(super) fn suppress(
        &mut self,
        moment: &Moment<'_>,
        slot: u32,
        (reach, until): (Option<Reach>, Option<Timestamp>),
        by: By<'_>,
        out: &mut Vec<Decision>,
    ) {
        let standard = match by.0 {
            Cause::Rule(rule, _) => moment.plan.rulebook.rules.get(rule).is_some_and(|rule| rule.standard),
            Cause::Person => true,
            Cause::Sequence(..) | Cause::Score(_) | Cause::Change => false,
        };
        // One of a rule and one of the safety rules stand beside each other, though they say the same: a rule's
        // `unsuppress` lifts its own and must not lift the other.
        let known = self.lead(slot).suppressions.iter().any(|s| {
            s.reach == reach && (s.until.is_none() || until.is_some() && s.until >= until) && s.standard == standard
        });
        if known {
            return;
        }
        let opts_out = matches!(by.0, Cause::Rule(rule, _) if moment.plan.rulebook.rules.name(rule) == OPT_OUT);
        let opted_out = (standard && opts_out).then_some(moment.now - moment.age);
        let who = decider(moment.plan, by.0);
        self.lead_mut(slot).suppressions.retain(|s| s.until.is_none_or(|until| until > moment.now));
        self.lead_mut(slot).suppressions.push(Suppression { reach, until, by: who.clone(), standard, opted_out });
        self.changed.push(slot);
        self.note_idle(moment, slot);
        let covered = reach.map_or(Covered::Contact, Covered::Reach);
        // What waits to be handed over ends here and now; lateness is told where an enrollment ends by it.
        let told = Reason::SuppressedBy(who.clone(), Span::ZERO);
        self.note_ending(moment, slot, (covered, &told), by.1, out.len());
        self.decide(moment, slot, Body::Suppress { reach, until }, by, out);
        if let Some(due) = until {
            let position = moment.position;
            self.timers.push(Timer { due, kind: Kind::Resume, position, slot, what: What::SuppressionEnd });
        } else if reach.is_none() {
            let reason = Reason::SuppressedBy(who, moment.age);
            let all: Vec<_> = self.lead(slot).enrollments.iter().map(|e| e.sequence).collect();
            for sequence in all {
                self.exit_as(moment, slot, sequence, (&reason, Status::Suppressed), by, out);
            }
            let rulebook = &moment.plan.rulebook;
            let reaches = |action: &PendingAction| !rulebook.is_internal(action.channel);
            self.cancel_actions(moment, slot, (&reason, Status::Suppressed), by, reaches, out);
        }
    }

    /// Allows contact again, but for what the standard safety rules or a person have ended.
    pub(super) fn unsuppress(
        &mut self,
        moment: &Moment<'_>,
        slot: u32,
        reach: Option<Reach>,
        by: By<'_>,
        out: &mut Vec<Decision>,
    ) {
        let covers = |s: &Suppression| reach.is_none() || s.reach == reach;
        // Only consent anew lifts what the lead itself said, and only what it said before.
        let consent = match by.0 {
            Cause::Rule(rule, _) => match moment.plan.rulebook.rules.get(rule).map(|rule| &rule.trigger) {
                Some(Trigger::Event(set)) => is_consent(&moment.plan.rulebook, *set),
                _ => false,
            },
            _ => false,
        };
        let happened = moment.now - moment.age;
        let lifted = |s: &Suppression| consent && s.opted_out.is_some_and(|said| said < happened);
        let locks = |s: &Suppression| s.standard && by.0 != Cause::Person && !lifted(s);
        if by.0 == Cause::Person {
            self.lift(moment.plan, slot, reach, |_| true);
        }
        let lead = self.lead_mut(slot);
        let locked = lead.suppressions.iter().find(|s| covers(s) && locks(s)).map(|s| s.by.clone());
        let before = lead.suppressions.len();
        lead.suppressions.retain(|s| !covers(s) || locks(s));
        if lead.suppressions.len() < before {
            self.changed.push(slot);
            self.note_idle(moment, slot);
            self.decide(moment, slot, Body::Unsuppress(reach), by, out);
        }
        if let Some(by_safety) = locked {
            self.decide(moment, slot, Body::Muted(Reason::NotUndone(by_safety)), by, out);
        }
    }

    /// Hands a lead to a person: to its owner's manager where the facts name one.
    fn escalate(&mut self, moment: &Moment<'_>, slot: u32, to: Person, by: By<'_>, out: &mut Vec<Decision>) {
        if to != Person::Manager {
            return;
        }
        let rulebook = &moment.plan.rulebook;
        let fact = rulebook.facts.iter().position(|fact| fact.name == "manager");
        let manager = fact.and_then(|fact| self.lead(slot).facts.get(fact)).and_then(|value| match value {
            Value::Text(name) => Some(name.clone()),
            _ => None,
        });
        if let Some(name) = &manager {
            let (owner, at) = (rulebook.well_known.owner, moment.of());
            if let Written::Older(known) = self.set_fact(moment, slot, owner, (View::Text(name), at)) {
                return self.decide(moment, slot, Body::Muted(Reason::Older { of: at, known }), by, out);
            }
        }
        self.decide(moment, slot, Body::Assign(manager), by, out);
    }

    /// Sets a fact for a rule, as of what the rule answers; whether it changed. What loses against
    /// something newer leaves a line.
    fn writes(
        &mut self,
        moment: &Moment<'_>,
        slot: u32,
        fact: FactId,
        value: View<'_>,
        by: By<'_>,
        out: &mut Vec<Decision>,
    ) -> bool {
        let at = moment.of();
        match self.set_fact(moment, slot, fact, (value, at)) {
            Written::Changed => true,
            Written::Same => false,
            Written::Older(known) => {
                self.decide(moment, slot, Body::Muted(Reason::Older { of: at, known }), by, out);
                false
            }
        }
    }

    fn action_id(&mut self, moment: &Moment<'_>, slot: u32, rule: RuleId, effect: &str) -> ActionId {
        let number = moment.plan.firing_slot.get(rule).copied().flatten();
        let firing = number.and_then(|number| self.lead_mut(slot).firings.get_mut(number)).map_or(0, |n| {
            *n += 1;
            *n
        });
        let id =
            ActionId::new(&[moment.names.lead_name(self.lead(slot).id), rule_label(moment.plan, rule), effect], firing);
        self.witness_action(slot, rule, id);
        id
    }

    /// Puts a single action on its way: at the first moment its channel may be used from the time
    /// the rule asks for.
    fn schedule(
        &mut self,
        moment: &Moment<'_>,
        pending: &Pending,
        rule: RuleId,
        (channel, content, timing, expiry): (ChannelId, &Content, &Timing, Option<&Expiry>),
        by: By<'_>,
        out: &mut Vec<Decision>,
    ) {
        let slot = pending.slot;
        let name = moment.plan.rulebook.channels.name(channel);
        let words = match content {
            Content::Template(template) => template.as_str(),
            Content::Text(text) => text.as_str(),
        };
        // Counted before it is known whether it can go out: one that is skipped has its number too, and a
        // replay by other hours gives the same ids.
        let id = self.action_id(moment, slot, rule, &format!("{name} {words}"));
        if let Some(stopped) = self.stopped(moment, slot, channel) {
            let why = (Status::Suppressed, Reason::SuppressedBy(stopped, Span::ZERO));
            return self.refuse(moment, slot, (id, channel, content), why, by, out);
        }
        let (zone, _) = self.channel_zone(moment.plan, slot, channel);
        let (asked, bound) = match self.asked_for(moment, pending, channel, timing) {
            Ok(asked) => asked,
            Err(reason) => {
                return self.refuse(moment, slot, (id, channel, content), (Status::Skipped, reason), by, out);
            }
        };
        let opened = Self::window(moment.plan, channel).next_open(asked, zone);
        let due = opened.as_ref().map_or(asked, |(due, _)| *due);
        let target = match timing {
            Timing::Before { moment: expr, .. } => self.target(moment, pending, expr),
            _ => None,
        };
        if let Some(target) = target.filter(|target| due >= *target) {
            let why = (Status::Skipped, Reason::NotOpenBefore(channel, target));
            return self.refuse(moment, slot, (id, channel, content), why, by, out);
        }
        let mut trail = vec![on_clock(asked, zone)];
        if due > asked {
            trail.extend(opened.iter().flat_map(|(_, refusals)| refusals.iter().cloned().map(Move::Closed)));
            trail.dedup();
            trail.push(on_clock(due, zone));
        }
        let calendar = Self::window(moment.plan, channel).calendar.or(Self::office(moment.plan));
        let expires = self.expires(moment, pending, expiry, (asked, zone, calendar));
        // When it is too late it ends, even where its channel opens later.
        let due = expires.map_or(due, |expires| due.min(expires.max(moment.now)));
        let lead = self.lead_mut(slot);
        let serial = lead.serial();
        lead.actions.push(PendingAction {
            channel,
            content: content.clone(),
            due,
            local: bound.then(|| zone.to_local(due)),
            id,
            cause: by.0,
            because: by.1.clone(),
            trail,
            put_off: None,
            before: target,
            expires,
            waiting: None,
            saved: pending.saved.clone().or_else(|| Self::keep_props(moment)),
            serial,
            asked_again: false,
        });
        self.planned.push((slot, serial));
        let position = pending.position;
        self.timers.push(Timer { due, kind: Kind::Touch, position, slot, what: What::Action(serial) });
        self.note_idle(moment, slot);
    }

    /// A single action that is never planned: the line that says why.
    fn refuse(
        &mut self,
        moment: &Moment<'_>,
        slot: u32,
        (id, channel, content): (ActionId, ChannelId, &Content),
        (status, reason): (Status, Reason),
        by: By<'_>,
        out: &mut Vec<Decision>,
    ) {
        let (zone, zone_from) = self.channel_zone(moment.plan, slot, channel);
        let line = ActionLine {
            status,
            channel,
            content: content.clone(),
            id,
            reason: Some(reason),
            was_due: None,
            before: None,
            expires: None,
            zone,
            zone_from,
        };
        self.decide(moment, slot, Body::Action(Box::new(line)), by, out);
    }
}

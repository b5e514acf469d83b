//! Halts: messages to leads wait, whoever planned them, until a person lets them go on. They belong to no
//! lead, so that a lead is looked at only where something of it falls due, and time that was halted is
//! counted then. Alerts and tasks go on.

use serde::{Deserialize, Serialize};

use crate::decision::Cause;
use crate::decision::reason::{Awaited, HaltScope};
use crate::event::{Event, Props};
use crate::plan::{HaltKind, Plan};
use crate::rulebook::{ChannelId, PropId, SequenceId};
use crate::timestamp::Timestamp;
use crate::value::View;

use super::lead::{Enrollment, Lead, Wait};
use super::timer::{Kind, Timer, What};
use super::{Moment, World};

/// A halt, over or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Halt {
    /// What is halted.
    pub scope: HaltScope,
    /// From when on; it may lie ahead.
    pub since: Timestamp,
    /// When a person let it go on.
    pub until: Option<Timestamp>,
}

/// All halts there were, in the order in which they came. What is planned before one of them knows of it only
/// when it falls due, so none is forgotten.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Halts(Vec<Halt>);

/// What may be halted.
#[derive(Clone, Copy)]
pub struct Halted<'a> {
    /// Its sequence, where it is a touch.
    pub sequence: Option<&'a str>,
    /// What that was called before a change of the rulebook.
    pub before: Option<&'a str>,
    /// Its rule, where it is a single message.
    pub rule: Option<&'a str>,
    /// Its channel.
    pub channel: Option<&'a str>,
    /// The channel that is like.
    pub kind: Option<&'a str>,
}

impl Halts {
    /// Whether there never was one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those in force at a moment.
    pub fn in_force(&self, now: Timestamp) -> impl Iterator<Item = &Halt> {
        self.0.iter().filter(move |halt| halt.until.is_none() && halt.since <= now)
    }

    /// Whether all is halted at a moment.
    #[must_use]
    pub fn all(&self, now: Timestamp) -> bool {
        self.in_force(now).any(|halt| halt.scope == HaltScope::All)
    }

    /// Those that nobody has ended, those that lie ahead included.
    pub fn standing(&self) -> impl Iterator<Item = &Halt> {
        self.0.iter().filter(|halt| halt.until.is_none())
    }

    /// The first halt in force that something waits for.
    #[must_use]
    pub fn of(&self, what: Halted<'_>, now: Timestamp) -> Option<&HaltScope> {
        let covers = |halt: &&Halt| match &halt.scope {
            HaltScope::All => true,
            HaltScope::Sequence(name) => [what.sequence, what.before].contains(&Some(&**name)),
            HaltScope::Channel(name) => [what.channel, what.kind].contains(&Some(&**name)),
            HaltScope::Rule(name) => what.rule == Some(&**name),
        };
        self.in_force(now).find(covers).map(|halt| &halt.scope)
    }

    /// When a sequence stood still and goes on again by a moment, in the order in which that ended.
    fn over(&self, sequence: Halted<'_>, now: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        let whole = |halt: &&Halt| match &halt.scope {
            HaltScope::All => true,
            HaltScope::Sequence(name) => [sequence.sequence, sequence.before].contains(&Some(&**name)),
            HaltScope::Channel(_) | HaltScope::Rule(_) => false,
        };
        let over = self.0.iter().filter(whole).filter_map(|halt| Some((halt.since, halt.until?)));
        let mut over: Vec<_> = over.filter(|(since, until)| since < until && *until <= now).collect();
        over.sort_unstable_by_key(|(since, until)| (*until, *since));
        over
    }

    /// The stretches up to a moment in which all was halted or something else stood still, in order, none
    /// touching another.
    #[must_use]
    pub fn all_with(&self, others: &[(Timestamp, Timestamp)], now: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        let all = self.0.iter().filter(|halt| halt.scope == HaltScope::All);
        let cut = all.map(|halt| (halt.since, halt.until.unwrap_or(now).min(now)));
        let mut cut: Vec<_> = cut.filter(|(since, until)| since < until).chain(others.iter().copied()).collect();
        cut.sort_unstable();
        let mut joined: Vec<(Timestamp, Timestamp)> = Vec::new();
        for (since, until) in cut {
            match joined.last_mut() {
                Some(last) if since <= last.1 => last.1 = last.1.max(until),
                _ => joined.push((since, until)),
            }
        }
        joined
    }

    fn begin(&mut self, scope: HaltScope, since: Timestamp) {
        match self.0.iter_mut().find(|halt| halt.until.is_none() && halt.scope == scope) {
            Some(known) => known.since = known.since.min(since),
            None => self.0.push(Halt { scope, since, until: None }),
        }
    }

    /// Ends a halt: since when it was in force.
    fn end(&mut self, scope: &HaltScope, now: Timestamp) -> Option<Timestamp> {
        let halt = self.0.iter_mut().find(|halt| halt.until.is_none() && halt.scope == *scope)?;
        // One that lies ahead never was.
        halt.until = Some(now.max(halt.since));
        Some(halt.since)
    }
}

impl<'a> Halted<'a> {
    /// The touches of a sequence.
    #[must_use]
    pub fn sequence(plan: &'a Plan, id: SequenceId) -> Self {
        let sequence = plan.rulebook.sequences.get(id);
        let name = sequence.map(|sequence| sequence.name.as_str());
        let before = sequence.and_then(|sequence| sequence.renamed_from.as_deref());
        Self { sequence: name, before, rule: None, channel: None, kind: None }
    }

    /// The same on a channel; `None` where it is work of ours, which no halt is about.
    #[must_use]
    pub fn on(self, plan: &'a Plan, channel: ChannelId) -> Option<Self> {
        let channels = &plan.rulebook.channels;
        let kind = channels.name(plan.rulebook.kind(channel));
        (!plan.rulebook.is_internal(channel)).then(|| Self {
            channel: Some(channels.name(channel)),
            kind: Some(kind),
            ..self
        })
    }
}

impl Enrollment {
    /// It stood still for a while, by a hold or a halt: what is pending moves by that, but for what has moved it
    /// before.
    pub fn stood_still(&mut self, since: Timestamp, until: Timestamp, zone: crate::local::Zone) {
        let from = since.max(self.started).max(self.counted);
        if from < until {
            self.shift_by(zone.to_local(until) - zone.to_local(from), zone);
            self.counted = until;
        }
    }
}

impl Lead {
    /// Whether something of it waits for the end of a halt.
    pub fn waits_for_halt(&self) -> bool {
        let waits = |wait: &Option<Box<Wait>>| wait.as_ref().is_some_and(|wait| wait.awaited.is_for_halt());
        self.enrollments.iter().any(|e| waits(&e.waiting))
            || self.actions.iter().any(|a| waits(&a.waiting))
            || self.absences.iter().any(|absence| absence.halted)
    }
}

impl World {
    /// A halt begins or ends, for everybody.
    pub(super) fn take_halt(&mut self, moment: &Moment<'_>, kind: HaltKind, event: &Event<'_>) {
        self.now = moment.now;
        let Some(scope) = scope_of(moment.plan, event.props) else { return };
        match kind {
            HaltKind::Begin => {
                let from = match moment.plan.overrides.from.map(|from| event.props.get(from)) {
                    Some(View::Time(from)) => from,
                    _ => moment.now,
                };
                self.halts.begin(scope, from);
            }
            HaltKind::End => {
                if let Some(since) = self.halts.end(&scope, moment.now) {
                    for slot in 0..self.leads.len() as u32 {
                        let lead = self.leads.get(slot as usize).and_then(Option::as_ref);
                        if lead.is_some_and(|lead| lead.waits_for_halt()) {
                            self.release_halted(moment, slot, &scope, since);
                        }
                    }
                }
            }
        }
    }

    /// What waited for the end of a halt goes on: touches as after a hold, single messages at once.
    fn release_halted(&mut self, moment: &Moment<'_>, slot: u32, scope: &HaltScope, since: Timestamp) {
        let zone = self.shown_zone(moment.plan, self.lead(slot));
        let waited = |wait: &Option<Box<Wait>>| {
            wait.as_ref().is_some_and(|wait| matches!(&wait.awaited, Awaited::Halted(of) if of == scope))
        };
        let (due, position) = (moment.now, moment.position);
        let mut go_on = Vec::new();
        for enrollment in self.lead_mut(slot).enrollments.iter_mut().filter(|e| waited(&e.waiting)) {
            enrollment.waiting = None;
            // A whole sequence is moved where its next touch falls due.
            if matches!(scope, HaltScope::Channel(_) | HaltScope::Rule(_)) {
                enrollment.stood_still(since, moment.now, zone);
            }
            go_on.push(enrollment.sequence);
        }
        for place in 0..self.lead(slot).actions.len() {
            let lead = self.lead_mut(slot);
            let serial = lead.serial();
            let Some(action) = lead.actions.get_mut(place).filter(|action| waited(&action.waiting)) else { continue };
            action.waiting = None;
            action.due = due;
            action.serial = serial;
            self.timers.push(Timer { due, kind: Kind::Touch, position, slot, what: What::Action(serial) });
        }
        if *scope == HaltScope::All {
            self.go_on_being_silent(moment.plan, slot);
        }
        for id in go_on {
            self.count_halts(moment, slot, id);
            self.replan(moment, slot, id);
        }
    }

    /// The clocks of silence that a halt has stopped go on.
    fn go_on_being_silent(&mut self, plan: &Plan, slot: u32) {
        for index in 0..plan.absences.len() {
            let halted = self.lead_mut(slot).absences.get_mut(index).map(|state| &mut state.halted);
            if halted.is_some_and(std::mem::take) {
                self.arm_absence(plan, slot, index);
            }
        }
    }

    /// Moves an enrollment by the halts that are over and have not moved it yet; whether there was one.
    pub(super) fn count_halts(&mut self, moment: &Moment<'_>, slot: u32, id: SequenceId) -> bool {
        if self.halts.is_empty() {
            return false;
        }
        let over = self.halts.over(Halted::sequence(moment.plan, id), moment.now);
        let zone = self.shown_zone(moment.plan, self.lead(slot));
        let found = self.lead(slot).enrollments.iter().find(|e| e.sequence == id);
        if !found.is_some_and(|e| over.iter().any(|(_, until)| *until > e.counted.max(e.started))) {
            return false;
        }
        if let Some(enrollment) = self.lead_mut(slot).enrollments.iter_mut().find(|e| e.sequence == id) {
            for (since, until) in over {
                enrollment.stood_still(since, until, zone);
            }
        }
        true
    }

    /// The same for an enrollment that is looked at and not changed.
    pub(super) fn with_halts(&self, plan: &Plan, slot: u32, enrollment: &mut Enrollment) {
        if self.halts.is_empty() {
            return;
        }
        let zone = self.shown_zone(plan, self.lead(slot));
        for (since, until) in self.halts.over(Halted::sequence(plan, enrollment.sequence), self.now) {
            enrollment.stood_still(since, until, zone);
        }
    }

    /// The halt that a touch on a channel waits for.
    pub(super) fn halted_touch(&self, plan: &Plan, id: SequenceId, channel: ChannelId) -> Option<HaltScope> {
        self.halted(plan, Halted::sequence(plan, id), channel)
    }

    /// The halt that a single message of a rule waits for.
    pub(super) fn halted_action(&self, plan: &Plan, cause: Cause, channel: ChannelId) -> Option<HaltScope> {
        let rule = match cause {
            Cause::Rule(rule, _) => Some(plan.rulebook.rules.name(rule)),
            _ => None,
        };
        self.halted(plan, Halted { sequence: None, before: None, rule, channel: None, kind: None }, channel)
    }

    fn halted(&self, plan: &Plan, what: Halted<'_>, channel: ChannelId) -> Option<HaltScope> {
        if self.halts.is_empty() {
            return None;
        }
        self.halts.of(what.on(plan, channel)?, self.now).cloned()
    }
}

/// What a halt is about; `None` where it does not say.
fn scope_of(plan: &Plan, props: Props<'_>) -> Option<HaltScope> {
    let names = &plan.overrides;
    let text = |id: Option<PropId>| match id.map_or(View::Missing, |id| props.get(id)) {
        View::Text(text) => Some(Box::from(text)),
        _ => None,
    };
    if names.all.is_some_and(|all| props.get(all) == View::Bool(true)) {
        return Some(HaltScope::All);
    }
    let sequence = text(names.sequence).map(HaltScope::Sequence);
    sequence.or_else(|| text(names.channel).map(HaltScope::Channel)).or_else(|| text(names.rule).map(HaltScope::Rule))
}

//! Step one of an instant: an event becomes part of what is known of its lead, before any rule is
//! judged.

use smallvec::SmallVec;

use crate::address::Address;
use crate::decimal::Decimal;
use crate::decision::{Because, Decision, Part};
use crate::event::{AccountId, Event, EventNumber, PropValue, Props};
use crate::local::Zone;
use crate::plan::{Absence, Condition, Plan, Reaction};
use crate::rulebook::{EventType, FactId, RuleId, ScoreId, SetId, Setter, TypeId};
use crate::timestamp::Timestamp;
use crate::value::View;

use super::evaluate::Scope;
use super::facts::Written;
use super::instant::{Fired, Pending};
use super::lead::{Lead, NO_NUMBER, SavedProps, Stamp};
use super::timer::{Kind, Timer, What, position};
use super::witness::Dropped;
use super::{Account, Moment, World, count, score};

/// Scores that one event changed, with what they read before.
type Before = SmallVec<[(ScoreId, Decimal); 4]>;

impl World {
    /// Takes an event in, which `tells` something or only happens, and carries out what follows from it.
    pub(super) fn take_in(
        &mut self,
        moment: &Moment<'_>,
        slot: u32,
        (event, tells): (&Event<'_>, bool),
        out: &mut Vec<Decision>,
    ) {
        self.now = moment.now;
        if self.meter.is_some() {
            self.measure_before(moment.plan, slot, moment.now);
        }
        self.meet(moment, slot, event, out);
        let Some(ty) = event.ty else {
            self.settle(moment, out);
            return;
        };
        if tells {
            self.note_addresses(moment, slot, event);
            if let Some(ty) = moment.plan.rulebook.types.get(ty) {
                self.learn_facts(moment, slot, ty, event);
            }
            if let Some(kind) = moment.plan.overrides.kind(ty) {
                self.by_hand(moment, slot, kind, event, out);
            }
        }
        let stamp = Stamp { at: event.at, number: event.number };
        self.happen(moment, slot, ty, stamp, out);
        // As rules see the lead: the event is counted, and nothing has come of it.
        if self.meter.is_some() {
            self.measure_event(moment, slot, ty, stamp);
        }
        self.settle(moment, out);
        self.note = None;
        if self.meter.is_some() {
            self.take_in_own(moment, out);
        }
    }

    /// Makes sure the lead is known, and its account.
    fn meet(&mut self, moment: &Moment<'_>, slot: u32, event: &Event<'_>, out: &mut Vec<Decision>) {
        let index = slot as usize;
        if self.leads.len() <= index {
            self.leads.resize_with(index + 1, || None);
        }
        let Some(place) = self.leads.get_mut(index) else { return };
        if place.is_none() {
            *place = Some(Box::new(Lead::new(moment.plan, event.lead, event.at.min(moment.now))));
            self.changed.push(slot);
            let since = if moment.backfill { moment.now } else { event.at.min(moment.now) };
            self.idle_from(moment, slot, Some(since));
        }
        if event.at < self.lead(slot).first_at {
            self.begin_earlier(moment, slot, event.at);
        }
        let Some(account) = event.account else { return };
        let lead = self.lead_mut(slot);
        if lead.account.is_some() && event.at < lead.account_at {
            let (of, known) = (event.at, lead.account_at);
            if lead.account != event.account {
                self.witness_older(moment, slot, Dropped::Account(account), (of, known));
            }
            return;
        }
        lead.account_at = event.at;
        if lead.account != event.account {
            self.follow_account(moment, slot);
            self.join_account(moment, slot, account);
            self.hold_newcomer(moment, slot, &because_of(Stamp { at: event.at, number: event.number }), out);
        }
    }

    /// The lead's first event was learned of late: silences that are measured from it are due earlier.
    fn begin_earlier(&mut self, moment: &Moment<'_>, slot: u32, first_at: Timestamp) {
        let lead = self.lead_mut(slot);
        let was = std::mem::replace(&mut lead.first_at, first_at);
        if lead.idle_since == Some(was) && !moment.backfill {
            lead.idle_since = Some(first_at);
        }
        for index in 0..moment.plan.absences.len() {
            if let Some(state) = self.lead_mut(slot).absences.get_mut(index) {
                state.waiting = false;
            }
            self.arm_absence(moment.plan, slot, index);
        }
    }

    fn join_account(&mut self, moment: &Moment<'_>, slot: u32, account: AccountId) {
        let next = self.accounts.len() as u32;
        let place = *self.account_slots.entry(account).or_insert(next);
        if place == next {
            self.accounts.push(Account::default());
        }
        let old = self.lead(slot).account_slot;
        if let Some(old) = self.accounts.get_mut(old as usize) {
            old.leads.retain(|other| *other != slot);
            old.touched = true;
        }
        let lead = self.lead_mut(slot);
        lead.account = Some(account);
        lead.account_slot = place;
        lead.let_go = false;
        let zone = lead.zone;
        let zone_at = lead.facts.at(moment.plan.rulebook.well_known.timezone).unwrap_or(Timestamp::MIN);
        let Some(new) = self.accounts.get_mut(place as usize) else { return };
        new.leads.push(slot);
        // The others are planned anew only where the lead brings a zone: accounts may be large.
        if new.takes_zone(zone, zone_at) {
            self.replan_account(moment, place);
        } else if zone.is_none() {
            self.replan_all(moment, slot);
        }
    }

    /// Facts are set from the properties that set them.
    fn learn_facts(&mut self, moment: &Moment<'_>, slot: u32, ty: &EventType, event: &Event<'_>) {
        let mut gone: SmallVec<[Address; 2]> = SmallVec::new();
        let facts = ty.sets_facts.then(|| moment.plan.rulebook.facts.with_ids());
        for (id, fact) in facts.into_iter().flatten() {
            if let Some(value) = event.props.told(fact.prop) {
                gone.extend(self.learn_fact(moment, slot, id, (value, event.at)));
            }
        }
        for Setter { prop, fact, guard } in &ty.setters {
            let Some(value) = event.props.told(*prop) else { continue };
            if guard.as_ref().is_none_or(|guard| self.scope(moment, slot).holds(guard)) {
                gone.extend(self.learn_fact(moment, slot, *fact, (value, event.at)));
            }
        }
        for address in gone {
            self.let_address_go(slot, address);
        }
    }

    /// Sets a fact to what an event says, unless something newer is known. The address that it tells something
    /// instead of.
    fn learn_fact(
        &mut self,
        moment: &Moment<'_>,
        slot: u32,
        fact: FactId,
        told: (View<'_>, Timestamp),
    ) -> Option<Address> {
        let gone = self.tell_address(moment.plan, slot, fact, told);
        if let Written::Older(known) = self.set_fact(moment, slot, fact, told) {
            self.witness_older(moment, slot, Dropped::Fact(fact, told.0.to_value()), (told.1, known));
        }
        gone
    }

    /// Sets a fact as of a moment; `Missing` empties it.
    pub(super) fn set_fact(
        &mut self,
        moment: &Moment<'_>,
        slot: u32,
        fact: FactId,
        (value, at): (View<'_>, Timestamp),
    ) -> Written {
        let rulebook = &moment.plan.rulebook;
        let written = self.lead_mut(slot).facts.write(fact, value, at);
        if written != Written::Changed {
            return written;
        }
        if fact == rulebook.well_known.timezone {
            let zone = match value {
                View::Text(name) => Zone::parse(name),
                _ => None,
            };
            self.move_zone(moment, slot, zone, at);
        } else if moment.plan.owner_zone == Some(fact) {
            self.replan_all(moment, slot);
        }
        self.release_values(moment, slot);
        self.choose_anew(moment, slot);
        self.ask_scripts(moment.plan, slot);
        written
    }

    /// Scripts that read what has changed run in the next round.
    pub(super) fn ask_scripts(&mut self, plan: &Plan, slot: u32) {
        if !plan.scripts.is_empty() {
            self.changed.push(slot);
        }
    }

    /// A lead that changes zone keeps its local times for what is pending.
    fn move_zone(&mut self, moment: &Moment<'_>, slot: u32, zone: Option<Zone>, at: Timestamp) {
        let lead = self.lead_mut(slot);
        if lead.zone == zone {
            return;
        }
        lead.zone = zone;
        let place = lead.account_slot;
        self.replan_all(moment, slot);
        let Some(account) = self.accounts.get_mut(place as usize) else { return };
        if account.takes_zone(zone, at) {
            self.replan_account(moment, place);
        }
    }

    /// Plans anew what is pending of the leads that have no zone but their account's.
    fn replan_account(&mut self, moment: &Moment<'_>, account: u32) {
        let leads = self.accounts.get(account as usize).map(|account| account.leads.clone()).unwrap_or_default();
        for slot in leads {
            if self.lead(slot).zone.is_none() {
                self.replan_all(moment, slot);
            }
        }
    }

    /// An event of a known type: every set it is in reacts.
    pub(super) fn happen(&mut self, moment: &Moment<'_>, slot: u32, ty: TypeId, stamp: Stamp, out: &mut Vec<Decision>) {
        let plan = moment.plan;
        let Some(tests) = plan.dispatch.get(ty) else { return };
        self.witness_event(moment, slot, ty, stamp);
        let mut seen: SmallVec<[SetId; 16]> = SmallVec::new();
        let mut before: Before = SmallVec::new();
        let mut later: Vec<Reaction> = Vec::new();
        let answers_first = plan.answers_first.get(ty) == Some(&true);
        let mut scripts: SmallVec<[usize; 4]> = SmallVec::new();
        for test in tests {
            if !test.conditions.iter().all(|condition| self.meets(moment, slot, condition)) {
                continue;
            }
            for set in &test.sets {
                // A set may name one type twice, with conditions that both hold.
                if test.shares {
                    if seen.contains(set) {
                        continue;
                    }
                    seen.push(*set);
                }
                for reaction in plan.reactions.get(*set).into_iter().flatten() {
                    if let Reaction::Script(place) = reaction {
                        scripts.push(*place);
                    }
                    // What the event answers came before it, whichever set is named first.
                    if answers_first && !reaction.answers() {
                        later.push(*reaction);
                    } else {
                        self.react(moment, slot, *reaction, stamp, &mut before);
                    }
                }
            }
        }
        for reaction in later {
            self.react(moment, slot, reaction, stamp, &mut before);
        }
        for (score, from) in before {
            self.score_changed(moment, slot, score, from, &because_of(stamp), out);
        }
        if !plan.scripts.is_empty() {
            self.run_scripts(moment, slot, &scripts, stamp, out);
        }
    }

    /// Whether an event meets a condition of a set.
    pub(super) fn meets(&self, moment: &Moment<'_>, slot: u32, condition: &Condition) -> bool {
        match condition {
            Condition::NotTrue(prop) => moment.props.get(*prop) != View::Bool(true),
            Condition::Is(prop, text) => moment.props.get(*prop) == View::Text(text),
            Condition::Expr(expr) => self.scope(moment, slot).holds(expr),
        }
    }

    pub(super) fn scope<'a>(&'a self, moment: &Moment<'a>, slot: u32) -> Scope<'a> {
        Scope {
            plan: moment.plan,
            lead: self.lead(slot),
            props: moment.props,
            now: moment.now,
            accounts: &self.accounts,
            event: moment.event,
            runner: &self.runner,
            before: None,
            past: None,
        }
    }

    #[expect(clippy::indexing_slicing, reason = "a reaction's indices are made by the plan that sized the lead")]
    fn react(&mut self, moment: &Moment<'_>, slot: u32, reaction: Reaction, stamp: Stamp, before: &mut Before) {
        let plan = moment.plan;
        let lead = self.lead_mut(slot);
        match reaction {
            Reaction::ResetTouches => lead.touches = 0,
            Reaction::Empty(index) => {
                let counter = &plan.counters[index];
                let ring = &mut lead.ring[counter.start..counter.start + counter.len];
                count::empty(counter, &mut lead.counts[index], ring, stamp);
            }
            Reaction::Count(index) => {
                let counter = &plan.counters[index];
                if counter.emptied.is_some_and(|last| lead.last[last] >= stamp) {
                    return;
                }
                let ring = &mut lead.ring[counter.start..counter.start + counter.len];
                if let Some(because) = count::push(counter, &mut lead.counts[index], ring, stamp) {
                    self.fired.push(Fired::new(slot, counter.rule, because));
                }
            }
            Reaction::Fire(rule) => self.fired.push(Fired::new(slot, rule, because_of(stamp))),
            Reaction::Last(index) => lead.last[index] = lead.last[index].max(stamp),
            Reaction::Rearm(index) => self.arm_absence(plan, slot, index),
            Reaction::Remember(index) => {
                let history = &mut lead.histories[index];
                let place = history.partition_point(|at| *at <= stamp.at);
                history.insert(place, stamp.at);
                let longest = plan.histories[index].longest;
                while history.front().is_some_and(|at| *at + longest <= moment.now) {
                    history.pop_front();
                }
            }
            // The event's scripts run once it is taken in.
            Reaction::Script(_) => {}
            Reaction::Total(index) => lead.totals[index] = lead.totals[index].saturating_add(1),
            Reaction::Points(id, line) => {
                let definition = &plan.rulebook.scores[id.index()];
                if !before.iter().any(|(other, _)| *other == id) {
                    before.push((id, score::worth(plan, lead, id, moment.now)));
                }
                let points = definition.points[line].1;
                score::add(definition, &mut lead.scores[id.index()], points, stamp.at, moment.now);
                self.note_part(slot, (id, stamp, points));
            }
            Reaction::Answer(index) => self.answer(moment, slot, index, stamp),
            Reaction::Ask(index) => self.ask(moment, slot, index, stamp),
            Reaction::Exit(sequence, set) => {
                // A live run may still have something of an enrollment that is over.
                if lead.enrolled(sequence) || self.live.is_some() {
                    self.pending.push(Pending::exit(plan, slot, (sequence, set), because_of(stamp)));
                }
            }
        }
    }

    /// Sets the timer of `no A for D` where it is armed and none is waiting. A timer that finds a
    /// later A when it fires sets the next one, so most events set none.
    #[expect(clippy::indexing_slicing, reason = "indices are made by the plan that sized the lead")]
    pub(super) fn arm_absence(&mut self, plan: &Plan, slot: u32, index: usize) {
        let absence = &plan.absences[index];
        let lead = self.lead(slot);
        let state = lead.absences[index];
        if state.waiting || state.since == Timestamp::MAX {
            return;
        }
        let Some(base) = absence_base(lead, absence, state.since).filter(|base| *base > state.fired) else { return };
        let due = self.silent_for(plan, slot, base, absence.length);
        if lead.stands_still(due) {
            return;
        }
        let due = due.max(self.now);
        self.lead_mut(slot).absences[index].waiting = true;
        let position = rule_position(plan, absence.rule);
        self.timers.push(Timer { due, kind: Kind::Absence, position, slot, what: What::Absence(index as u32) });
    }

    /// Fires the rules that listen to a score which read `from` before.
    #[expect(clippy::indexing_slicing, reason = "indices are made by the plan that sized the lead")]
    pub(super) fn score_changed(
        &mut self,
        moment: &Moment<'_>,
        slot: u32,
        id: ScoreId,
        from: Decimal,
        because: &Because,
        out: &mut Vec<Decision>,
    ) {
        let plan = moment.plan;
        let to = score::worth(plan, self.lead(slot), id, moment.now);
        if self.trace && from != to {
            let cause = crate::decision::Cause::Score(id);
            self.decide(
                moment,
                slot,
                crate::decision::Body::Score {
                    score: id,
                    from,
                    to,
                    parts: self.parts(plan, slot, id, moment.now),
                    said: String::new(),
                },
                (cause, because),
                out,
            );
        }
        for rule in &plan.upward[id.index()] {
            let crate::rulebook::Trigger::Score { inclusive, value, .. } = plan.rulebook.rules[rule.index()].trigger
            else {
                continue;
            };
            if score::is_below(from, value, !inclusive) && !score::is_below(to, value, !inclusive) {
                self.fired.push(Fired::new(slot, *rule, because.clone()));
            }
        }
        for index in 0..plan.downward[id.index()].len() {
            self.check_fall(moment, slot, id, index, because);
        }
    }

    /// Keeps a contribution, where a trace is asked for.
    pub(super) fn note_part(&mut self, slot: u32, part: (ScoreId, Stamp, Decimal)) {
        if self.trace {
            self.lead_mut(slot).parts.push(part);
        }
    }

    /// What a score is made of now, oldest first; what has lost all worth is left out.
    pub(super) fn parts(&self, plan: &Plan, slot: u32, id: ScoreId, now: Timestamp) -> Vec<Part> {
        let Some(definition) = plan.rulebook.scores.get(id) else { return Vec::new() };
        let own = self.lead(slot).parts.iter().filter(|(score, ..)| *score == id);
        let mut parts: Vec<(Stamp, Part)> = own
            .map(|(_, stamp, points)| {
                let event = (stamp.number != NO_NUMBER).then_some(stamp.number);
                let worth = score::part_worth(definition, *points, stamp.at, now);
                (*stamp, Part { event, points: *points, age: now - stamp.at, worth })
            })
            .filter(|(_, part)| part.worth != Decimal::ZERO)
            .collect();
        parts.sort_by_key(|(stamp, _)| *stamp);
        parts.into_iter().map(|(_, part)| part).collect()
    }

    /// Fires a falling rule whose line the score has crossed, and sets its timer where decay will.
    #[expect(clippy::indexing_slicing, reason = "indices are made by the plan that sized the lead")]
    pub(super) fn check_fall(&mut self, moment: &Moment<'_>, slot: u32, id: ScoreId, index: usize, because: &Because) {
        let plan = moment.plan;
        let fall = plan.downward[id.index()][index];
        let definition = &plan.rulebook.scores[id.index()];
        let lead = self.lead_mut(slot);
        let worth = score::worth(plan, lead, id, moment.now);
        let below = score::is_below(worth, fall.value, fall.inclusive);
        let state = &mut lead.falls[fall.slot];
        let was_above = std::mem::replace(&mut state.above, !below);
        if below {
            if was_above {
                self.fired.push(Fired::new(slot, fall.rule, because.clone()));
            }
            return;
        }
        let due = lead.falls[fall.slot].due;
        let line = (fall.value, fall.inclusive);
        let falls = score::falls_at(definition, &lead.scores[id.index()], line, moment.now, due);
        let state = &mut lead.falls[fall.slot];
        if let Some(due) = falls.filter(|due| *due < state.due) {
            state.due = due;
            self.timers.push(Timer {
                due,
                kind: Kind::Crossing,
                position: rule_position(plan, fall.rule),
                slot,
                what: What::Fall(id.0, index as u16),
            });
        }
    }
}

impl Account {
    /// Takes over the zone a lead of it brings, unless a newer one is known; whether it is another.
    fn takes_zone(&mut self, zone: Option<Zone>, at: Timestamp) -> bool {
        if zone.is_none() || at < self.zone_at {
            return false;
        }
        self.zone_at = at;
        let other = self.zone != zone;
        self.zone = zone;
        other
    }
}

/// The moment a silence is measured from.
/// `None` where nothing is to be measured: a lead that is not idle.
pub(super) fn absence_base(lead: &Lead, absence: &Absence, since: Timestamp) -> Option<Timestamp> {
    let Some(last) = absence.last else { return Some(lead.idle_since?.max(since)) };
    let last = lead.last.get(last).map_or(Timestamp::MIN, |stamp| stamp.at);
    Some(last.max(since).max(lead.first_at))
}

pub(super) fn because_of(stamp: Stamp) -> Because {
    if stamp.number == NO_NUMBER { Because::new() } else { Because::from_slice(&[stamp.number]) }
}

pub(super) fn rule_position(plan: &Plan, rule: RuleId) -> u64 {
    plan.rulebook.rules.get(rule).map_or(0, |rule| position(rule.range))
}

pub(super) fn save(props: Props<'_>) -> SavedProps {
    let list = props.list.to_vec();
    let mut saved = SavedProps { list, texts: String::new(), lists: props.lists.to_vec() };
    for (_, value) in &mut saved.list {
        if let PropValue::Text { start, len } = value {
            let text = props.texts.get(*start as usize..(*start + *len) as usize).unwrap_or("");
            *start = saved.texts.len() as u32;
            saved.texts.push_str(text);
        }
    }
    saved
}

/// The event number of what the engine itself brings about.
pub(super) const ENGINE: EventNumber = NO_NUMBER;

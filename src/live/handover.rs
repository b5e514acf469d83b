//! Handing over what is due. The intent is durable before a sink hears of an action, and the outcome
//! after; what a crash leaves in between is unknown, and goes out again on its own only where that
//! does no harm. Semantics section 7.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::due_now::{PutOff, Routes};
use super::error::LiveError;
use super::outbox::{self, Fate, Item, State, What};
use super::record::{HANDED, HANDING, Record, kind};
use super::roster::Roster;
use super::{Live, shelf};
use crate::config::{self, Destination};
use crate::local::{Zone, rfc3339};
use crate::sink::attempt::{Breaker, Next};
use crate::sink::{Handed, Outcome, Sink};
use crate::store::{self, Batch, Committed, NewEntry, Store, StoreError, TreeName};
use crate::timestamp::Timestamp;

/// So many actions of a sink that only writes lines are handed over as one group.
const LINES: usize = 256;

/// An open sink and how it is asked.
pub struct Window {
    /// Its settings.
    pub settings: config::Sink,
    /// The sink.
    pub sink: Box<dyn Sink>,
}

/// All sinks of a run, and which action goes to which.
pub struct Desk<'a> {
    /// By name.
    pub windows: BTreeMap<String, Window>,
    /// The name of the sink for a destination.
    pub route: &'a dyn Fn(Destination<'_>) -> Option<String>,
}

/// What came of handing over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HandedOver {
    /// Taken by a sink.
    pub taken: u64,
    /// Refused, to be tried again.
    pub put_off: u64,
    /// Refused for good.
    pub failed: u64,
    /// Nobody knows.
    pub unknown: u64,
    /// Too late.
    pub expired: u64,
    /// Left for later: the lead is paused, its channel is closed now, the sink is left alone, or it is
    /// too early to try again.
    pub waiting: u64,
    /// Left because no sink takes them.
    pub unrouted: u64,
    /// What each sink put off, by its name.
    pub reasons: BTreeMap<String, PutOff>,
}

/// One thing to write down: the intent, or what came of it.
struct Note {
    item: Item,
    kind: u8,
    outcome: &'static str,
    sink: String,
    reason: String,
    at: Timestamp,
}

/// Moments around a hand-over at which a test ends the process, to see what is left then.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// Nothing is written down yet.
    BeforeIntent,
    /// The intent is durable.
    AfterIntent,
    /// The sink is about to be asked.
    BeforeSink,
    /// The sink has answered.
    AfterAnswer,
    /// The outcome is durable.
    AfterOutcome,
}

/// What is to become of an item now.
pub(super) enum Turn {
    Go(String),
    Wait,
    Unrouted,
    Late,
    Lost(String),
    Known,
}

impl Live {
    /// Hands over everything that may go out now; `clock` says what time it is, `stop` whether to
    /// end after the action at hand.
    ///
    /// # Errors
    /// The store cannot write. What was handed over by then and not written down is unknown.
    pub fn hand_over(
        &mut self,
        desk: &mut Desk<'_>,
        clock: &mut dyn FnMut() -> Timestamp,
        stop: &dyn Fn() -> bool,
    ) -> Result<HandedOver, LiveError> {
        let mut done = HandedOver::default();
        let mut breakers = self.breakers()?;
        let mut notes: Vec<Note> = Vec::new();
        let mut groups: BTreeMap<String, Vec<Item>> = BTreeMap::new();
        let now = clock().max(self.floor());
        // INVARIANT: what was acknowledged and what fell due by now is decided before anything
        // leaves, so that a stop among it is heeded.
        self.advance(now)?;
        let sinks: Vec<config::Sink> = desk.windows.values().map(|window| window.settings.clone()).collect();
        let routes = Routes { sinks: &sinks, route: desk.route };
        for item in outbox::waiting(&self.store)? {
            match self.turn(&item, routes, now)? {
                Turn::Go(sink) => groups.entry(sink).or_default().push(item),
                Turn::Wait => done.waiting += 1,
                Turn::Unrouted => done.unrouted += 1,
                Turn::Known => done.unknown += 1,
                Turn::Late => notes.push(too_late(item, now, &mut done)),
                Turn::Lost(sink) => {
                    done.unknown += 1;
                    let reason = String::from("the program ended before it was known");
                    notes.push(Note { kind: kind::OUTCOME, outcome: "unknown", sink, reason, at: now, item });
                }
            }
        }
        for (sink, items) in groups {
            let Some(window) = desk.windows.get_mut(&sink) else { continue };
            let size = if matches!(window.settings.kind, config::Kind::Exec { .. }) { 1 } else { LINES };
            let breaker = breakers.entry(sink.clone()).or_default();
            let mut rest = items.as_slice();
            while !rest.is_empty() && !stop() {
                let now = clock().max(self.floor());
                if breaker.admit(window.settings.breaker, now).is_err() {
                    break;
                }
                let (group, after) = rest.split_at(size.min(rest.len()));
                rest = after;
                let group = self.still_to_go(group, now, (&mut notes, &mut done), &breakers_of(breaker, &sink))?;
                if group.is_empty() {
                    continue;
                }
                let actions = self.actions(&group)?;
                for item in &group {
                    let (item, sink) = (item.clone(), sink.clone());
                    notes.push(Note { item, kind: kind::INTENT, outcome: "", sink, reason: String::new(), at: now });
                }
                (self.at_point)(Point::BeforeIntent);
                // What came of the group before is written together with the intent of this one.
                self.write_down(&mut notes, &breakers_of(breaker, &sink))?;
                (self.at_point)(Point::AfterIntent);
                (self.at_point)(Point::BeforeSink);
                let outcomes = window.sink.hand_over_all(&actions);
                (self.at_point)(Point::AfterAnswer);
                for (item, outcome) in group.iter().zip(outcomes) {
                    let now = clock().max(self.floor());
                    breaker.ended(&outcome, window.settings.breaker, now);
                    notes.push(after_attempt(item, outcome, &window.settings, now, &mut done));
                }
            }
            done.waiting += rest.len() as u64;
            self.write_down(&mut notes, &breakers_of(breaker, &sink))?;
            (self.at_point)(Point::AfterOutcome);
        }
        self.write_down(&mut notes, &BTreeMap::new())?;
        Ok(done)
    }

    /// A person says what became of an action whose outcome is unknown: it went out, or it is to go
    /// out again. Whether there was such an action.
    ///
    /// # Errors
    /// The store cannot write.
    pub fn settle(&mut self, action: &str, went_out: bool, now: Timestamp) -> Result<bool, LiveError> {
        let unknown = |item: &Item| item.id == action && matches!(item.state, State::Unknown { .. });
        let Some(mut item) = outbox::waiting(&self.store)?.into_iter().find(unknown) else { return Ok(false) };
        item.perhaps = None;
        let at = now.max(self.floor());
        let mut notes = vec![if went_out {
            Note::end(item, Fate::Settled, String::new(), String::from("a person says that it went out"), at)
        } else {
            let reason = String::from("a person says that it did not go out");
            Note { item, kind: kind::OUTCOME, outcome: "again", sink: String::new(), reason, at }
        }];
        self.write_down(&mut notes, &BTreeMap::new())?;
        Ok(true)
    }

    /// Those of a group that may still go out, as they are now: what fell due while others were handed
    /// over can stop them.
    fn still_to_go(
        &mut self,
        group: &[Item],
        now: Timestamp,
        (notes, done): (&mut Vec<Note>, &mut HandedOver),
        breakers: &BTreeMap<String, Breaker>,
    ) -> Result<Vec<Item>, LiveError> {
        if self.next_due()?.is_some_and(|due| due <= now) {
            self.write_down(notes, breakers)?;
            self.advance(now)?;
        }
        // INVARIANT: what was read before is not trusted. A group before this one may have let time
        // pass, and what fell due then may have ended or paused what is handed over now.
        let mut left = Vec::with_capacity(group.len());
        for item in group {
            let found = outbox::find(&self.store, item.decision)?.filter(|found| found.ended.is_none());
            let Some(mut item) = found else { continue };
            if is_late(&item, now) {
                notes.push(too_late(item, now, done));
            } else if self.is_closed(&item, now) || (is_to_lead(&item) && self.is_held(&item.lead)?) {
                done.waiting += 1;
            } else {
                if let State::Going { sink, .. } = &item.state {
                    item.perhaps = Some(sink.clone());
                }
                left.push(item);
            }
        }
        Ok(left)
    }

    /// Whether a message has to wait, since its channel may not be used now.
    fn is_closed(&self, item: &Item, now: Timestamp) -> bool {
        item.what == What::Message && self.plan().is_some_and(|plan| !item.is_open(plan, now))
    }

    pub(super) fn turn(&self, item: &Item, routes: Routes<'_>, now: Timestamp) -> Result<Turn, LiveError> {
        match &item.state {
            State::Unknown { .. } => return Ok(Turn::Known),
            State::Going { sink, .. } => {
                let idempotent = routes.sink(sink).is_some_and(|sink| sink.idempotent);
                // What was stopped meanwhile does not go out for the first time now.
                if item.ended.is_some() || !(item.may_repeat() || idempotent) {
                    return Ok(Turn::Lost(sink.clone()));
                }
            }
            State::Waiting => {}
        }
        if is_late(item, now) {
            return Ok(Turn::Late);
        }
        let is_held = is_to_lead(item) && self.is_held(&item.lead)?;
        if item.attempts.due_at() > now || self.is_closed(item, now) || is_held {
            return Ok(Turn::Wait);
        }
        Ok(routes.sink_for(item).map_or(Turn::Unrouted, Turn::Go))
    }

    /// Actions as sinks get them, with what is known of their leads now.
    fn actions(&self, items: &[Item]) -> Result<Vec<Handed>, LiveError> {
        let plan = Arc::clone(&self.ruleset.as_ref().ok_or(LiveError::NoRulebook)?.plan);
        let leads: BTreeSet<String> = items.iter().map(|item| item.lead.clone()).collect();
        let mut roster = Roster::default();
        let loaded = shelf::load(&self.store, &plan, self.progress.clock, (leads, BTreeSet::new()), &mut roster)?;
        let (engine, _) = loaded.into_parts();
        let facts = |lead: &str| -> BTreeMap<String, Value> {
            let Some(lead) = roster.known(lead) else { return BTreeMap::new() };
            let named = engine.facts(lead).into_iter().filter_map(|(fact, value)| {
                let name = plan.rulebook.facts.get(fact)?.name.clone();
                Some((name, crate::decision::line::json(&value, Zone::UTC)?))
            });
            named.collect()
        };
        Ok(items.iter().map(|item| item.handed(&self.store, facts(&item.lead))).collect())
    }

    pub(super) fn breakers(&self) -> Result<BTreeMap<String, Breaker>, LiveError> {
        let found = self.store.scan_prefix(TreeName::Meta, b"breaker ")?;
        let read = |(key, value): &(Vec<u8>, Vec<u8>)| {
            let name = String::from_utf8_lossy(key.strip_prefix(b"breaker ").unwrap_or(key)).into_owned();
            (name, postcard::from_bytes(value).unwrap_or_default())
        };
        Ok(found.iter().map(read).collect())
    }

    /// Writes notes into the log and the outbox, durably.
    fn write_down(&mut self, notes: &mut Vec<Note>, breakers: &BTreeMap<String, Breaker>) -> Result<(), LiveError> {
        if notes.is_empty() {
            return Ok(());
        }
        let first = self.store.len();
        let mut records = Vec::with_capacity(notes.len());
        for (note, number) in notes.iter().zip(first..) {
            let id = self.free_id(&format!("{} {number}", note.record_name()))?;
            let record = note.record(id);
            let payload = record.payload(&mut self.store)?;
            records.push((record, payload));
        }
        let mut batch = Batch::new();
        let mut floor = self.floor();
        for ((record, payload), note) in records.iter().zip(notes.iter()) {
            floor = floor.max(note.at);
            batch.append(NewEntry {
                kind: note.kind,
                id: &record.id,
                lead: &record.lead,
                account: None,
                ty: &record.ty,
                at: note.at,
                received_at: floor,
                payload,
            });
            note.apply(floor, &mut self.store, &mut batch)?;
        }
        for (sink, breaker) in breakers {
            batch.put(TreeName::Meta, format!("breaker {sink}").as_bytes(), shelf::encode(breaker));
        }
        // What is written here is known; it need not be handled again.
        if self.progress.handled == first {
            self.progress.handled += records.len() as u64;
            batch.put(TreeName::Meta, b"progress", shelf::encode(&self.progress));
        }
        let committed = self.store.commit(&batch)?;
        notes.clear();
        all_stored(&committed)
    }

    /// An id for a record of the store's own: the usual one, unless a record has it that came from
    /// elsewhere.
    pub(super) fn free_id(&mut self, usual: &str) -> Result<String, LiveError> {
        let mut id = usual.to_owned();
        let mut number = 1_u32;
        while self.store.lookup(&id)?.is_some() {
            number += 1;
            id = format!("{usual} ({number})");
        }
        Ok(id)
    }
}

/// INVARIANT: as many entries were stored as are counted as handled.
pub(super) fn all_stored(committed: &Committed) -> Result<(), LiveError> {
    if committed.outcomes.iter().all(|outcome| matches!(outcome, store::Outcome::Stored(_))) {
        return Ok(());
    }
    let reason = String::from("a record of its own is in the log already");
    Err(StoreError::Stopped { reason }.into())
}

fn breakers_of(breaker: &Breaker, sink: &str) -> BTreeMap<String, Breaker> {
    BTreeMap::from([(sink.to_owned(), *breaker)])
}

/// An entry has room for so much and no more.
fn short(reason: &str) -> String {
    reason.chars().take(500).collect()
}

fn is_to_lead(item: &Item) -> bool {
    matches!(item.what, What::Message | What::Task)
}

fn is_late(item: &Item, now: Timestamp) -> bool {
    item.expires.is_some_and(|expires| expires < now)
}

/// The end of an item that may not go out any more.
fn too_late(item: Item, now: Timestamp, done: &mut HandedOver) -> Note {
    let due = rfc3339(item.due, Zone::UTC);
    let under_way = match &item.state {
        State::Going { sink, .. } => Some(sink.clone()),
        State::Waiting | State::Unknown { .. } => item.perhaps.clone(),
    };
    // Of what may have gone out nobody may say that it did not.
    if let Some(sink) = under_way {
        done.unknown += 1;
        let reason = format!("was due {due}, an attempt may have gone out, and it is too late for another");
        return Note { item, kind: kind::OUTCOME, outcome: "unknown", sink, reason, at: now };
    }
    done.expired += 1;
    let reason = format!("was due {due} and could not be handed over in time");
    Note::end(item, Fate::Expired, String::new(), reason, now)
}

/// What follows from an attempt.
fn after_attempt(item: &Item, outcome: Outcome, sink: &config::Sink, now: Timestamp, done: &mut HandedOver) -> Note {
    let mut item = item.clone();
    if matches!(outcome, Outcome::Unknown { .. }) {
        item.perhaps = Some(sink.name.clone());
    }
    // What may be done twice is tried again like a refusal: after a wait, and so often and no more.
    let idempotent = sink.idempotent || item.may_repeat();
    let next = item.attempts.ended(outcome, &config::Sink { idempotent, ..sink.clone() }, &item.id, now);
    let note = |item, outcome, reason: String| {
        let (sink, reason) = (sink.name.clone(), short(&reason));
        Note { item, kind: kind::OUTCOME, outcome, sink, reason, at: now }
    };
    match next {
        Next::Done { note: said } => {
            done.taken += 1;
            Note::end(item, Fate::Taken, sink.name.clone(), short(&said.unwrap_or_default()), now)
        }
        Next::Failed { reason } => {
            done.failed += 1;
            Note::end(item, Fate::Refused, sink.name.clone(), short(&reason), now)
        }
        Next::Again { reason, .. } => {
            done.put_off += 1;
            done.reasons.entry(sink.name.clone()).or_default().add(Some(&reason));
            note(item, "again", reason)
        }
        Next::Unknown { reason } => {
            done.unknown += 1;
            note(item, "unknown", reason)
        }
    }
}

impl Note {
    fn end(item: Item, fate: Fate, sink: String, reason: String, at: Timestamp) -> Self {
        Self { item, kind: kind::OUTCOME, outcome: fate.word(), sink, reason, at }
    }

    fn record_name(&self) -> &'static str {
        if self.kind == kind::INTENT { "ensue to" } else { "ensue from" }
    }

    fn record(&self, id: String) -> Record {
        let ty = if self.kind == kind::INTENT { HANDING } else { HANDED };
        let mut props = Map::new();
        props.insert(String::from("action"), self.item.id.as_str().into());
        let perhaps = self.item.perhaps.as_deref().unwrap_or_default();
        let texts = [("outcome", self.outcome), ("sink", &self.sink), ("reason", &self.reason), ("perhaps", perhaps)];
        for (name, value) in texts {
            if !value.is_empty() {
                props.insert(String::from(name), value.into());
            }
        }
        let attempts = self.item.attempts;
        if self.kind == kind::OUTCOME && attempts.made > 0 {
            props.insert(String::from("attempts"), attempts.made.into());
            if attempts.due_at() > Timestamp(0) {
                props.insert(String::from("next"), rfc3339(attempts.due_at(), Zone::UTC).into());
            }
        }
        Record {
            id,
            ty: String::from(ty),
            lead: self.item.lead.clone(),
            account: None,
            at: self.at,
            received_at: None,
            props,
            backfill: false,
        }
    }

    /// What it does to the outbox when it arrives at a moment; the same follows from its record.
    fn apply(&self, at: Timestamp, store: &mut Store, batch: &mut Batch<'_>) -> Result<(), LiveError> {
        let sink = self.sink.clone();
        if self.kind == kind::INTENT {
            let state = State::Going { sink, since: at };
            return outbox::put(&self.item.standing(state), store, batch);
        }
        match Fate::parse(self.outcome) {
            Some(fate) => {
                let words = outbox::words(fate, &self.reason, &sink);
                outbox::finish(&self.item, fate, at, words, store, batch)
            }
            None if self.outcome == "unknown" => {
                let state = State::Unknown { sink, since: at, reason: self.reason.clone() };
                outbox::put(&self.item.standing(state), store, batch)
            }
            None => outbox::put_back(&self.item.refused_for(&self.reason), store, batch),
        }
    }
}

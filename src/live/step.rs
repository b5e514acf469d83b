//! One step of a live run: entries of the log and timers that are due go through the engine; what
//! is decided, what is left of the leads and what is to be handed over are written in one
//! transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::append::is_event;
use super::delivery::{self, Delivery, DeliveryState, Ended};
use super::early::Early;
use super::endings::Endings;
use super::error::LiveError;
use super::handover::is_to_lead;
use super::meaning::DecidedBefore;
use super::outbox::{self, Fate};
use super::places::Places;
use super::reading::Reader;
use super::record::kind;
use super::restored::{self, LostTimes};
use super::roster::Roster;
use super::shelf::Before;
use super::{Live, Progress, ledger, packed, shelf};
use crate::decision::Decision;
use crate::decision::count::Counts;
use crate::decision::names::Names;
use crate::engine::{Ending, Engine, LiveNotes as Kept, Stopped, named_addresses};
use crate::event::{Event, EventNumber, LeadId};
use crate::local::{Zone, parse_rfc3339};
use crate::log::Log;
use crate::plan::Plan;
use crate::sink::attempt::Attempts;
use crate::store::{Batch, Offset, Store, StoredEntry, TreeName};
use crate::timestamp::Timestamp;

/// How many entries one step handles at most.
pub(super) const ENTRIES: usize = 50_000;
/// About how many bytes of entries, since few of them may be large.
pub(super) const BYTES: usize = 64 << 20;
/// About how many leads with a due timer one step takes at most.
const LEADS: usize = 20_000;

/// What a live run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advanced {
    /// Entries of the log handled.
    pub entries: u64,
    /// Decisions made, by kind.
    pub counts: Counts,
    /// Decisions made.
    pub decisions: u64,
    /// Decisions among them that keep a rule from acting, as what it reacts to is too old.
    pub stale: u64,
    /// Items that ended before they were handed over.
    pub withdrawn: u64,
    /// Entries the rulebook in force cannot read; they are left out.
    pub unreadable: u64,
    /// Events of types that no event of the rulebook has, by type.
    pub undeclared: BTreeMap<String, u64>,
}

impl Advanced {
    /// Adds what was done after it.
    pub fn add(&mut self, other: &Self) {
        self.entries += other.entries;
        self.decisions += other.decisions;
        self.stale += other.stale;
        self.withdrawn += other.withdrawn;
        self.unreadable += other.unreadable;
        self.counts.join(&other.counts);
        for (ty, count) in &other.undeclared {
            *self.undeclared.entry(ty.clone()).or_default() += count;
        }
    }
}

/// What the engine made of a step.
struct Worked {
    decisions: Vec<Decision>,
    kept: Kept,
    /// The lead that is erased from here on.
    erased: Option<String>,
}

impl Live {
    /// Handles everything in the log, and every timer due by a moment.
    ///
    /// # Errors
    /// The store, no rulebook is in force, or the one in force is to be activated anew.
    pub fn advance(&mut self, until: Timestamp) -> Result<Advanced, LiveError> {
        if self.is_of_older_meaning() {
            return Err(LiveError::OlderMeaning { number: self.semantics });
        }
        self.advance_anyway(until)
    }

    /// The same whatever the rules in force meant when they were put there.
    pub(super) fn advance_anyway(&mut self, until: Timestamp) -> Result<Advanced, LiveError> {
        let mut total = Advanced::default();
        while let Some(step) = self.step(until)? {
            total.add(&step);
        }
        Ok(total)
    }

    /// Handles a part of the log, or of the timers; nothing where all is done.
    fn step(&mut self, until: Timestamp) -> Result<Option<Advanced>, LiveError> {
        let entries = self.next_entries()?;
        if let Some(first) = entries.first().filter(|entry| entry.kind == kind::ACTIVATION) {
            let entry = first.clone();
            // What is due by then is decided by the rulebook before.
            if self.ruleset.is_some() && self.is_behind(entry.received_at)? {
                return self.handle(Vec::new(), entry.received_at).map(Some);
            }
            return self.activate_again(&entry).map(Some);
        }
        let whole = self.progress.handled + entries.len() as u64 == self.store.len();
        let last = entries.last().map(|entry| entry.received_at);
        let mut horizon = if whole { until.max(last.unwrap_or(until)) } else { last.unwrap_or(until) };
        horizon = horizon.max(self.progress.clock.now);
        if entries.is_empty() && !self.is_behind(horizon)? {
            return Ok(None);
        }
        self.handle(entries, horizon).map(Some)
    }

    /// Whether something is left to do by a moment, beside the log.
    fn is_behind(&self, horizon: Timestamp) -> Result<bool, LiveError> {
        Ok(self.progress.clock.now < horizon || shelf::next_due(&self.store)?.is_some_and(|due| due <= horizon))
    }

    /// Handles entries and the timers due by a moment, or the first part of them.
    fn handle(&mut self, mut entries: Vec<StoredEntry>, mut horizon: Timestamp) -> Result<Advanced, LiveError> {
        let plan = Arc::clone(&self.ruleset.as_ref().ok_or(LiveError::NoRulebook)?.plan);
        let (mut leads, reached) = shelf::due(&self.store, horizon, LEADS)?;
        horizon = horizon.min(reached);
        entries.truncate(entries.partition_point(|entry| entry.received_at <= horizon));
        let events = || entries.iter().filter(|entry| is_event(entry.kind));
        leads.extend(events().map(|entry| entry.lead.clone()).filter(|lead| !lead.is_empty()));
        if events().any(|entry| entry.lead.is_empty()) {
            leads.extend(shelf::halted(&self.store)?);
        }
        let accounts: BTreeSet<String> = events().filter_map(|entry| entry.account.clone()).collect();
        let mut roster = Roster::default();
        let (log, places) = self.read_log(&plan, &entries)?;
        let addresses = log.iter().flat_map(|event| named_addresses(&plan, log.salt(), &event)).collect();
        let clock = self.progress.clock;
        let loaded = shelf::load(&self.store, &plan, clock, (leads, accounts), addresses, &mut roster)?;
        let (engine, before) = loaded.into_parts();
        let mut engine = engine.guarded(self.guard);
        // An erasure ends its step. One that the rulebook cannot read is left out like any such entry.
        let is_read = |entry: &&StoredEntry| log.iter().any(|event| log.event_id(event.number) == entry.id);
        let last = entries.last().filter(|entry| erases(entry) && !self.store.is_erased(&entry.lead));
        let erased = last.filter(is_read).map(|entry| entry.lead.clone());
        let mut worked = Worked { decisions: Vec::new(), kept: Kept::default(), erased };
        if let Err(stopped) = work(&mut engine, &log, &places, horizon, &mut roster, &mut worked) {
            return Err(self.up_to(&engine, entries, stopped));
        }
        worked.kept = engine.take_live();
        let mut done = Advanced {
            entries: entries.len() as u64,
            decisions: worked.decisions.len() as u64,
            stale: worked.decisions.iter().filter(|decision| decision.body.is_stale()).count() as u64,
            unreadable: log.bad.len() as u64,
            undeclared: log.undeclared.clone(),
            ..Advanced::default()
        };
        self.write(&plan, &entries, (engine, &before), &mut roster, worked, &mut done)?;
        Ok(done)
    }

    /// Handles what lies before the point at which an engine was stopped, so that it need not be
    /// handled again, and gives the reason of the stop.
    fn up_to(&mut self, engine: &Engine, mut entries: Vec<StoredEntry>, stopped: Stopped) -> LiveError {
        let reached = u64::from(engine.clock().last_entry.1);
        let before = entries.partition_point(|entry| entry.offset.0 + 1 < reached);
        // Not past an entry that is not handled, and not to the timer that asked the script.
        let mut horizon = Timestamp(engine.now().0 - 1);
        horizon = entries.get(before).map_or(horizon, |next| horizon.min(next.received_at));
        entries.truncate(before);
        horizon = entries.last().map_or(horizon, |last| horizon.max(last.received_at));
        if entries.is_empty() && horizon <= self.progress.clock.now {
            return stopped.into();
        }
        self.handle(entries, horizon).err().unwrap_or_else(|| stopped.into())
    }

    /// The next entries of the log, up to the next activation of a rulebook; that alone where it
    /// comes first.
    fn next_entries(&self) -> Result<Vec<StoredEntry>, LiveError> {
        let (mut entries, mut bytes) = (Vec::new(), 0);
        for entry in self.store.entries(Offset(self.progress.handled))? {
            let entry = entry?;
            let is_activation = entry.kind == kind::ACTIVATION;
            if is_activation && !entries.is_empty() {
                break;
            }
            let erases = erases(&entry);
            bytes += entry.payload.len();
            entries.push(entry);
            // What comes after an erasure is read without the lead's key.
            if is_activation || erases || entries.len() == self.step || bytes >= BYTES {
                break;
            }
        }
        Ok(entries)
    }

    /// The events among entries, read by the rulebook, and which entry each line is.
    pub(super) fn read_log(&self, plan: &Plan, entries: &[StoredEntry]) -> Result<(Log, Vec<u64>), LiveError> {
        let events = || entries.iter().filter(|entry| is_event(entry.kind));
        let log = Reader::new(Some(&self.store), &plan.rulebook).log(events().map(StoredEntry::as_entry))?;
        let log = log.salted(self.salt.unwrap_or_default());
        Ok((log, events().map(|entry| entry.offset.0).collect()))
    }

    fn write(
        &mut self,
        plan: &Plan,
        entries: &[StoredEntry],
        (engine, before): (Engine, &BTreeMap<String, Before>),
        roster: &mut Roster,
        worked: Worked,
        done: &mut Advanced,
    ) -> Result<(), LiveError> {
        let Worked { decisions, kept, erased } = worked;
        self.name_events(&decisions, &kept, roster)?;
        let names = Names { rulebook: &plan.rulebook, log: roster };
        let mut batch = Batch::new();
        let first = self.progress.decisions;
        let mut places = Places::default();
        ledger::append(&mut self.store, &names, &decisions, first, &mut places, &mut batch)?;
        for decision in &decisions {
            done.counts.add(decision);
        }
        self.move_outbox(plan, &names, (&decisions, &kept), entries, &mut batch, done)?;
        self.progress = Progress {
            clock: engine.clock(),
            handled: self.progress.handled + entries.len() as u64,
            decisions: first + decisions.len() as u64,
            ..self.progress
        };
        shelf::save(&mut self.store, engine, before, roster, places, &mut batch)?;
        batch.put(TreeName::Meta, b"progress", shelf::encode(&self.progress));
        if let Some(lead) = &erased {
            Self::mark_erasing(lead, &mut batch);
        }
        self.store.commit(&batch)?;
        self.halts = shelf::halts(&self.store)?;
        if erased.is_some() { self.finish_erasing() } else { Ok(()) }
    }

    /// What is to be handed over after this step, and what no longer is.
    fn move_outbox(
        &mut self,
        plan: &Plan,
        names: &Names<'_>,
        (decisions, kept): (&[Decision], &Kept),
        entries: &[StoredEntry],
        batch: &mut Batch<'_>,
        done: &mut Advanced,
    ) -> Result<(), LiveError> {
        let told = |entry: &&StoredEntry| matches!(entry.kind, kind::INTENT | kind::OUTCOME | kind::RESTORED);
        let told: Vec<&StoredEntry> = entries.iter().filter(told).collect();
        let mut items: BTreeMap<u64, Delivery> = BTreeMap::new();
        if !(kept.endings.is_empty() && told.is_empty()) {
            items.extend(outbox::waiting(&self.store)?.into_iter().map(|item| (item.decision, item)));
        }
        let old: BTreeSet<u64> = items.keys().copied().collect();
        let lost = LostTimes::with(&self.store, entries, batch)?;
        let endings = Endings::of(&kept.endings, names);
        let decided_before = self.progress.decisions;
        let first_ending = |item: &Delivery| -> Option<&Ending> {
            // What ended before it was decided does not cover it.
            let is_old = item.decision < decided_before;
            let before = |ending: &Ending| !is_old && ending.decisions as u64 + decided_before <= item.decision;
            endings.first(&item.lead, |ending| !before(ending) && item.is_covered(&ending.covered, plan))
        };
        let mut messages = kept.departures.iter().peekable();
        let before = DecidedBefore::of(&self.store)?;
        for (index, decision) in decisions.iter().enumerate() {
            let number = self.progress.decisions + index as u64;
            let Some(mut item) = delivery::item(names, plan, decision, number) else { continue };
            while let Some(departure) = messages.next_if(|departure| departure.decision <= index) {
                if departure.decision == index {
                    item.keep(&departure.message, &mut self.store)?;
                }
            }
            if !before.has(&item, &self.store)? {
                item.lost = lost.cover(&self.store, decision, is_to_lead(&item), first_ending(&item))?;
                if !item.lost && !lost.is_empty() && is_to_lead(&item) {
                    let held = decisions.iter().take(index).filter(|other| other.lead == decision.lead);
                    let held: Vec<_> = held.map(|decision| names.line(decision)).collect();
                    item.lost = lost.cover_held(&self.store, &item.lead, &item.id, &held)?;
                }
                items.insert(number, item);
            }
        }
        self.take_in_hand_overs(&mut items, &old, &told, &first_ending, batch)?;
        for mut item in items.into_values() {
            let is_old = old.contains(&item.decision);
            let ending = if item.ended.is_none() { first_ending(&item) } else { None };
            let is_new = ending.is_some();
            item.ended = ending.map(|ending| ended(ending, names)).or(item.ended);
            match (&item.state, &item.ended) {
                (DeliveryState::Waiting, Some(_)) => {
                    outbox::put_back(&item, &mut self.store, batch)?;
                    done.withdrawn += u64::from(item.perhaps.is_none() && !item.lost);
                }
                _ if is_new || !is_old => outbox::put(&item, &mut self.store, batch)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes in what the log tells of hand-overs: in this step, and before it of what was decided only now.
    fn take_in_hand_overs<'e>(
        &mut self,
        items: &mut BTreeMap<u64, Delivery>,
        old: &BTreeSet<u64>,
        told: &[&StoredEntry],
        first_ending: &dyn Fn(&Delivery) -> Option<&'e Ending>,
        batch: &mut Batch<'_>,
    ) -> Result<(), LiveError> {
        let mut early = Early::of(&self.store)?;
        let mut all = Vec::new();
        for item in items.values().filter(|item| !old.contains(&item.decision)) {
            all.extend(early.take(&item.id, &self.store)?);
        }
        all.extend(told.iter().map(|entry| (*entry).clone()));
        if all.is_empty() {
            return Ok(());
        }
        let named = outbox::ByAction::of(items.values());
        for entry in &all {
            if let Some(until) = restored::until(&self.store, entry)? {
                for item in items.values_mut().filter(|item| item.due <= until) {
                    // What had ended by then was not handed over in the time that is lost.
                    let had_ended = || first_ending(item).is_some_and(|ending| restored::has_ended_by(entry, ending));
                    if item.ended.is_none() && !had_ended() {
                        item.lost = true;
                        outbox::put(item, &mut self.store, batch)?;
                    }
                }
                continue;
            }
            let said = packed::props(&self.store, &entry.as_entry())?;
            if !take_in_outcome(items, &named, entry, &said, &mut self.store, batch)? {
                let action = said.get("action").and_then(serde_json::Value::as_str).unwrap_or_default();
                early.keep(action, entry, &self.store)?;
            }
        }
        early.write(batch);
        Ok(())
    }

    /// Names the events that decisions rest on.
    pub(super) fn name_events(
        &self,
        decisions: &[Decision],
        kept: &Kept,
        roster: &mut Roster,
    ) -> Result<(), LiveError> {
        let because = decisions.iter().flat_map(|decision| &decision.because);
        for number in because.chain(kept.endings.iter().flat_map(|ending| &ending.because)) {
            if !roster.knows_event(*number) {
                let id = self.store.with_entry(Offset(u64::from(number.0)), |entry| entry.id.to_owned())?;
                roster.name_event(*number, &id);
            }
        }
        Ok(())
    }
}

/// Whether an entry says that its lead is to be erased, whoever told it.
fn erases(entry: &StoredEntry) -> bool {
    is_event(entry.kind) && entry.ty == "override.erase"
}

/// Feeds events to an engine and fires what is due by the horizon.
fn work(
    engine: &mut Engine,
    log: &Log,
    places: &[u64],
    horizon: Timestamp,
    roster: &mut Roster,
    worked: &mut Worked,
) -> Result<(), Stopped> {
    for event in log.iter() {
        if let Some(number) = number(log, places, &event) {
            roster.name_event(number, log.event_id(event.number));
        }
    }
    feed(engine, log, places, roster, &mut worked.decisions)?;
    engine.drain(horizon, roster, &mut worked.decisions)
}

/// The number of an event in the store's log.
fn number(log: &Log, places: &[u64], event: &Event<'_>) -> Option<EventNumber> {
    let line = log.place(event.number).1;
    places.get((line as usize).saturating_sub(1)).map(|sequence| EventNumber(*sequence as u32))
}

/// Feeds events to an engine.
pub(super) fn feed(
    engine: &mut Engine,
    log: &Log,
    places: &[u64],
    roster: &mut Roster,
    out: &mut Vec<Decision>,
) -> Result<(), Stopped> {
    let mut events: Vec<Event<'_>> = Vec::with_capacity(log.len());
    for event in log.iter() {
        let Some(number) = number(log, places, &event) else { continue };
        let lead: LeadId = roster.lead(log.lead_name(event.lead));
        let account = event.account.map(|account| roster.account(log.account_name(account)));
        events.push(Event { number, lead, account, ..event });
    }
    for event in &events {
        engine.handle(event, roster, out)?;
    }
    Ok(())
}

/// What ended, in words.
fn ended(ending: &Ending, names: &Names<'_>) -> Ended {
    let because: Vec<&str> = ending.because.iter().map(|event| names.log.event_id(*event)).collect();
    let why = names.reason(&ending.reason, Zone::UTC);
    let reason = if because.is_empty() { why } else { format!("{why} [{}]", because.join(", ")) };
    Ended { at: ending.at, reason }
}

/// What a record of a hand-over says of an item; whether there is such an item.
fn take_in_outcome(
    items: &mut BTreeMap<u64, Delivery>,
    named: &outbox::ByAction,
    entry: &StoredEntry,
    said: &serde_json::Map<String, serde_json::Value>,
    store: &mut Store,
    batch: &mut Batch<'_>,
) -> Result<bool, LiveError> {
    let text = |name: &str| said.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
    let is_intent = entry.kind == kind::INTENT;
    let found = named.find(text("action"), items, is_intent);
    let Some(item) = found.and_then(|decision| items.get_mut(&decision)) else { return Ok(false) };
    let (sink, reason) = (text("sink"), text("reason"));
    item.perhaps = Some(text("perhaps").to_owned()).filter(|sink| !sink.is_empty());
    // What is known of it from here on is not lost any more.
    item.lost = false;
    if is_intent {
        item.state = DeliveryState::Going { sink: sink.to_owned(), since: entry.received_at };
        return outbox::put(item, store, batch).map(|()| true);
    }
    if let Some(made) = said.get("attempts").and_then(serde_json::Value::as_u64) {
        let next = parse_rfc3339(text("next").as_bytes()).unwrap_or(Timestamp(0));
        item.attempts = Attempts::known(made as u32, next);
    }
    match Fate::parse(text("outcome")) {
        Some(fate) => {
            let words = outbox::words(fate, reason, sink);
            outbox::finish(item, fate, entry.received_at, words, store, batch)?;
            let decision = item.decision;
            items.remove(&decision);
            return Ok(true);
        }
        None if text("outcome") == "unknown" => {
            let (sink, reason) = (sink.to_owned(), reason.to_owned());
            item.state = DeliveryState::Unknown { sink, since: entry.received_at, reason };
        }
        None => {
            item.state = DeliveryState::Waiting;
            *item = item.refused_for(reason);
            return outbox::put_back(item, store, batch).map(|()| true);
        }
    }
    outbox::put(item, store, batch).map(|()| true)
}

//! What rules mean changes with the program now and then, and decisions must not change by themselves:
//! each activation says by which meaning its rules are read, and under an older one nothing is decided
//! until somebody activates them anew. What was decided before stays as recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher;
use std::sync::Arc;

use super::delivery::Delivery;
use super::error::LiveError;
use super::places::Places;
use super::record::kind;
use super::roster::Roster;
use super::step::{self, Advanced};
use super::{FORMAT, Live, Progress, outbox, packed, shelf};
use crate::SEMANTICS;
use crate::decision::Decision;
use crate::decision::line::Line;
use crate::decision::names::Names;
use crate::engine::{Adopted, Engine};
use crate::plan::Plan;
use crate::store::{Batch, Offset, Store, StoredEntry, TreeName};

/// What a change of meaning would have made of the decisions so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meaning {
    /// The number of the meaning before.
    pub before: u32,
    /// Decisions that were made and would not be now.
    pub unmade: u64,
    /// Decisions that were not made and would be now.
    pub made: u64,
    /// Of so many leads.
    pub leads: u64,
}

impl Live {
    /// Whether the rules in force were put there under an older meaning: nothing is decided by them until they
    /// are activated anew.
    #[must_use]
    pub fn is_of_older_meaning(&self) -> bool {
        self.ruleset.is_some() && self.semantics < SEMANTICS
    }

    /// Handles what waits in the log, where that may be decided.
    ///
    /// # Errors
    /// As [`Live::advance`].
    pub fn catch_up(&mut self) -> Result<Advanced, LiveError> {
        if self.is_of_older_meaning() { Ok(Advanced::default()) } else { self.advance(self.floor()) }
    }

    /// By which meaning the rules in force are read.
    pub(super) fn read_semantics(&self) -> Result<u32, LiveError> {
        if self.ruleset.is_none() {
            return Ok(SEMANTICS);
        }
        let found = self.store.get(TreeName::Meta, b"semantics")?;
        // Those of before had no number.
        Ok(found.and_then(|bytes| postcard::from_bytes(&bytes).ok()).unwrap_or(1))
    }

    /// Brings the rows of leads into the layout of today by going through the log, and leaves what was decided
    /// as it is. Whether that could be done.
    pub(super) fn bring_over(&mut self) -> Result<bool, LiveError> {
        if self.ruleset.is_none() {
            return Ok(false);
        }
        let Some(before) = shelf::of_format(self.progress.format, &self.store)? else { return Ok(false) };
        if outbox::waiting(&self.store).is_err() || outbox::all_done(&self.store).is_err() {
            return Ok(false);
        }
        let Some((engine, roster)) = self.replayed(&mut |_, _| ())? else { return Ok(false) };
        let progress = Progress { format: FORMAT, clock: engine.clock(), ..self.progress };
        let mut batch = Batch::new();
        shelf::save(&mut self.store, engine, &before, &roster, Places::default(), &mut batch)?;
        batch.put(TreeName::Meta, b"progress", shelf::encode(&progress));
        self.store.commit(&batch)?;
        self.progress = progress;
        self.halts = shelf::halts(&self.store)?;
        Ok(true)
    }

    /// Begins to activate rules anew under another meaning: from here on nothing that was decided before is handed
    /// over again. How what was decided differs from what would be decided now.
    pub(super) fn begin_anew(&mut self) -> Result<Meaning, LiveError> {
        let meaning = self.meaning()?;
        let mut batch = Batch::new();
        batch.put(TreeName::Meta, CHANGED, Vec::new());
        self.store.commit(&batch)?;
        Ok(meaning)
    }

    fn meaning(&self) -> Result<Meaning, LiveError> {
        let mut counts: BTreeMap<(String, u64), i64> = BTreeMap::new();
        self.each_decision(&mut |line| {
            if let Some(line) = Line::parse(line) {
                *counts.entry(key(&line)).or_default() += 1;
            }
            std::ops::ControlFlow::Continue(())
        })?;
        self.replayed(&mut |names, decisions| {
            for decision in decisions {
                *counts.entry(key(&names.line(decision))).or_default() -= 1;
            }
        })?;
        let mut meaning = Meaning { before: self.semantics, ..Meaning::default() };
        let mut leads = BTreeSet::new();
        for ((lead, _), count) in counts.iter().filter(|(_, count)| **count != 0) {
            leads.insert(lead.as_str());
            if *count > 0 {
                meaning.unmade += count.unsigned_abs();
            } else {
                meaning.made += count.unsigned_abs();
            }
        }
        meaning.leads = leads.len() as u64;
        Ok(meaning)
    }

    /// An engine that has been through all that was handled, by the rulebooks that were in force, with what it
    /// decided told to `each`.
    fn replayed(&self, each: &mut dyn FnMut(&Names<'_>, &[Decision])) -> Result<Option<(Engine, Roster)>, LiveError> {
        let mut replay = Replay { live: self, engine: None, roster: Roster::default(), entries: Vec::new(), bytes: 0 };
        for entry in self.store.entries(Offset(0))?.take(self.progress.handled as usize) {
            let entry = entry?;
            if entry.kind == kind::ACTIVATION {
                replay.flush(each)?;
                replay.activate(&entry, each)?;
            } else {
                replay.bytes += entry.payload.len();
                replay.entries.push(entry);
                if replay.entries.len() >= self.step || replay.bytes >= step::BYTES {
                    replay.flush(each)?;
                }
            }
        }
        replay.flush(each)?;
        let Replay { engine, roster, .. } = replay;
        let Some((mut engine, plan, _)) = engine else { return Ok(None) };
        let mut out = Vec::new();
        engine.drain(self.progress.clock.now, &roster, &mut out)?;
        each(&Names { rulebook: &plan.rulebook, log: &roster }, &out);
        Ok(Some((engine, roster)))
    }
}

/// What was decided to be handed over before the meaning of the rules changed: it does not go out again.
pub(super) struct DecidedBefore {
    /// The actions that wait; nothing where the meaning never changed.
    waiting: Option<BTreeSet<String>>,
}

impl DecidedBefore {
    /// That of a store.
    pub fn of(store: &Store) -> Result<Self, LiveError> {
        let changed = store.get(TreeName::Meta, CHANGED)?.is_some();
        let ids = || Ok::<_, LiveError>(outbox::waiting(store)?.into_iter().map(|item| item.id).collect());
        Ok(Self { waiting: changed.then(ids).transpose()? })
    }

    /// Whether an item is among it.
    pub fn has(&self, item: &Delivery, store: &Store) -> Result<bool, LiveError> {
        let Some(waiting) = &self.waiting else { return Ok(false) };
        Ok(waiting.contains(&item.id) || outbox::done(store, &item.lead)?.iter().any(|done| done.item.id == item.id))
    }
}

/// The key that says that the meaning of the rules has changed under what was decided.
const CHANGED: &[u8] = b"meaning changed";

/// What two decisions have in common that are the same, whatever words and reasons they are told in.
fn key(line: &Line<'_>) -> (String, u64) {
    let raw = |value: &Option<Box<serde_json::value::RawValue>>| value.as_ref().map(|value| value.get().to_owned());
    let what = (line.at.as_ref(), line.verb.word(), line.status, raw(&line.to), raw(&line.from));
    let names = (&line.channel, &line.template, &line.text, &line.field, &line.tag, &line.sequence, &line.touch);
    let rest = (line.on, &line.name, &line.until, line.enrollment, &line.id);
    let text = format!("{what:?} {names:?} {rest:?}");
    (line.lead.as_ref().to_owned(), foldhash::fast::FixedState::default().hash_one(text))
}

/// A log on its way through an engine.
struct Replay<'a> {
    live: &'a Live,
    /// With its plan and the fingerprint of the rulebook.
    engine: Option<(Engine, Arc<Plan>, String)>,
    roster: Roster,
    entries: Vec<StoredEntry>,
    bytes: usize,
}

impl Replay<'_> {
    fn flush(&mut self, each: &mut dyn FnMut(&Names<'_>, &[Decision])) -> Result<(), LiveError> {
        self.bytes = 0;
        let entries = std::mem::take(&mut self.entries);
        let Some((engine, plan, _)) = self.engine.as_mut().filter(|_| !entries.is_empty()) else { return Ok(()) };
        let (log, places) = self.live.read_log(plan, &entries)?;
        let mut out = Vec::new();
        step::feed(engine, &log, &places, &mut self.roster, &mut out)?;
        each(&Names { rulebook: &plan.rulebook, log: &self.roster }, &out);
        Ok(())
    }

    fn activate(
        &mut self,
        entry: &StoredEntry,
        each: &mut dyn FnMut(&Names<'_>, &[Decision]),
    ) -> Result<(), LiveError> {
        let props = packed::props(&self.live.store, &entry.as_entry())?;
        let id = props.get("ruleset").and_then(serde_json::Value::as_str).unwrap_or_default();
        if self.engine.as_ref().is_some_and(|(_, _, in_force)| in_force == id) {
            return Ok(());
        }
        let plan = self.live.ruleset_of(id)?.plan;
        let engine = match self.engine.take() {
            None => Engine::new(Arc::clone(&plan)).guarded(self.live.guard).salted(self.live.salt.unwrap_or_default()),
            Some((mut engine, before, _)) => {
                let (at, place) = (entry.received_at, entry.offset.0);
                let mut out = Vec::new();
                engine.drain(at, &self.roster, &mut out)?;
                each(&Names { rulebook: &before.rulebook, log: &self.roster }, &out);
                let primed = self.live.primed(&plan, (place, at), &mut self.roster)?;
                let Adopted { engine, gone, lines, .. } =
                    Engine::adopt(engine, primed, Arc::clone(&plan), place as u32, &self.roster);
                each(&Names { rulebook: &before.rulebook, log: &self.roster }, &gone);
                each(&Names { rulebook: &plan.rulebook, log: &self.roster }, &lines);
                engine
            }
        };
        self.engine = Some((engine, plan, id.to_owned()));
        Ok(())
    }
}

//! Rulebooks in force: each is kept in the store under its fingerprint, and comes into force by an
//! entry of the log.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use super::delivery::{DeliveryState, Ended, What};
use super::error::LiveError;
use super::outbox;
use super::places::Places;
use super::record::{ACTIVATED, Record, kind};
use super::roster::Roster;
use super::step::{self, Advanced};
use super::{Live, Meaning, Progress, Ruleset, ledger, note, plans, shelf};
use crate::SEMANTICS;
use crate::address::Salt;
use crate::decision::names::Names;
use crate::decision::words;
use crate::decision::{Body, Decision, Status};
use crate::engine::{Adopted, Changes, Engine, LiveNotes as Kept};
use crate::load::Files;
use crate::plan::Plan;
use crate::rulebook::Rulebook;
use crate::store::{Batch, NewEntry, Offset, StoredEntry, TreeName};
use crate::timestamp::Timestamp;

/// The fingerprint of a rulebook, as text.
pub(super) fn id_of(files: &Files) -> String {
    let mut id = String::new();
    for byte in files.fingerprint().iter().take(8) {
        let _ = write!(id, "{byte:02x}");
    }
    id
}

/// What putting a rulebook in force did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Activation {
    /// The rulebook's fingerprint.
    pub ruleset: String,
    /// When it came into force; for one that was in force already, the moment that was asked for.
    pub at: Timestamp,
    /// It was in force already, and nothing was done.
    pub already: bool,
    /// Entries handled and decisions made by the rulebook before, up to the change.
    pub before: Advanced,
    /// What a change of meaning would have made of the decisions so far, where the rules meant something else.
    pub meaning: Option<Meaning>,
    /// How it differs from the rulebook before; nothing for the first one.
    pub changes: Changes,
    /// Leads that go on by it.
    pub leads: usize,
    /// Enrollments that go on.
    pub carried: usize,
    /// Enrollments that ended.
    pub ended: usize,
    /// Touches and single actions that were cancelled.
    pub cancelled: usize,
    /// Touches that were let pass, since the rulebook puts them into the past.
    pub skipped: usize,
}

/// A change of rulebooks, on its way into the store.
struct Change {
    activation: Activation,
    done: Advanced,
    progress: Progress,
}

impl Live {
    /// Puts a rulebook in force, the first one or a changed one: leads in flight go on by it from
    /// this moment on, and nothing fires for what is true already. First everything due by then is
    /// decided by the rulebook before.
    ///
    /// # Errors
    /// The store cannot read or write.
    pub fn activate(&mut self, files: &Files, rulebook: Rulebook, at: Timestamp) -> Result<Activation, LiveError> {
        let id = id_of(files);
        let said = Activation { ruleset: id.clone(), at: at.max(self.floor()), ..Activation::default() };
        if self.ruleset.is_none() {
            self.activate_first(files, rulebook, at)?;
            return Ok(said);
        }
        let is_older = self.is_of_older_meaning();
        if self.ruleset() == Some(id.as_str()) && !is_older {
            return Ok(Activation { already: true, ..said });
        }
        let meaning = is_older.then(|| self.begin_anew()).transpose()?;
        let before = self.advance_anyway(at)?;
        let at = at.max(self.floor());
        let bytes = shelf::encode(files);
        let plan = plans::of(&bytes, || Ok::<_, LiveError>(Plan::compile(rulebook)))?;
        let next = Ruleset { id, plan };
        let entry_id = self.free_id(&entry_id(&next.id, self.store.len()))?;
        let payload = activation(&next.id, &entry_id, at).payload(&mut self.store, Salt::default())?;
        let mut batch = Batch::new();
        batch.append(entry(&entry_id, at, &payload));
        batch.put_large(TreeName::Rulesets, next.id.as_bytes(), bytes);
        let change = self.change(&next, at, &mut batch)?;
        batch.put(TreeName::Meta, b"semantics", shelf::encode(&SEMANTICS));
        note::all_stored(&self.store.commit(&batch)?)?;
        self.ruleset = Some(next);
        self.semantics = SEMANTICS;
        self.progress = change.progress;
        Ok(Activation { before, meaning, ..change.activation })
    }

    /// Lets every lead go on by another rulebook, from the entry on that is handled next.
    fn change(&mut self, next: &Ruleset, at: Timestamp, batch: &mut Batch<'_>) -> Result<Change, LiveError> {
        let old = Arc::clone(&self.ruleset.as_ref().ok_or(LiveError::NoRulebook)?.plan);
        let mut roster = Roster::default();
        let wanted = (shelf::all_leads(&self.store)?, shelf::all_accounts(&self.store)?);
        let loaded = shelf::load(&self.store, &old, self.progress.clock, wanted, BTreeSet::new(), &mut roster)?;
        let (engine, before) = loaded.into_parts();
        let mut engine = engine.guarded(self.guard);
        shelf::load_addresses(&self.store, &mut engine, &mut roster)?;
        engine.drain(at, &roster, &mut Vec::new())?;
        let primed = self.primed(&next.plan, (self.progress.handled, at), &mut roster)?;
        let adopted = Engine::adopt(engine, primed, Arc::clone(&next.plan), self.progress.handled as u32, &roster);
        let Adopted { engine, gone, lines, changes, leads, carried } = adopted;
        if let Some(stopped) = engine.stopped() {
            return Err(stopped.clone().into());
        }
        let mut done = Advanced { entries: 1, ..Advanced::default() };
        let (mut number, mut places) = (self.progress.decisions, Places::default());
        for (plan, decisions) in [(&old, &gone), (&next.plan, &lines)] {
            self.name_events(decisions, &Kept::default(), &mut roster)?;
            let names = Names { rulebook: &plan.rulebook, log: &roster };
            ledger::append(&mut self.store, &names, decisions, number, &mut places, batch)?;
            number += decisions.len() as u64;
            decisions.iter().for_each(|decision| done.counts.add(decision));
        }
        done.decisions = number - self.progress.decisions;
        let progress =
            Progress { clock: engine.clock(), handled: self.progress.handled + 1, decisions: number, ..self.progress };
        shelf::save(&mut self.store, engine, &before, &roster, places, batch)?;
        let withdrawn = self.adopt_outbox(&changes, &next.plan, at, batch)?;
        done.withdrawn = withdrawn as u64;
        batch.put(TreeName::Meta, b"ruleset", next.id.as_bytes());
        batch.put(TreeName::Meta, b"progress", shelf::encode(&progress));
        let activation = Activation {
            ruleset: next.id.clone(),
            at,
            changes,
            leads,
            carried,
            ended: gone.iter().chain(&lines).filter(|line| matches!(line.body, Body::Exit { .. })).count(),
            cancelled: with_status(&gone, Status::Cancelled) + withdrawn,
            skipped: with_status(&lines, Status::Skipped),
            ..Activation::default()
        };
        Ok(Change { activation, done, progress })
    }

    /// What is due and not yet handed over goes by the new rulebook too: a message or task of a
    /// sequence or rule that is gone is withdrawn, one of a renamed sequence has the new name. How many
    /// were withdrawn.
    fn adopt_outbox(
        &mut self,
        changes: &Changes,
        plan: &Plan,
        at: Timestamp,
        batch: &mut Batch<'_>,
    ) -> Result<usize, LiveError> {
        let mut withdrawn = 0;
        for mut item in outbox::waiting(&self.store)? {
            if item.ended.is_some() || !matches!(item.what, What::Message | What::Task) {
                continue;
            }
            let is_gone = match &item.sequence {
                Some((sequence, _)) => changes.sequences.removed.contains(sequence),
                None => changes.rules.removed.contains(&item.rule),
            };
            if is_gone {
                item.ended = Some(Ended { at, reason: words::REMOVED.to_owned() });
                withdrawn += usize::from(item.state == DeliveryState::Waiting && item.perhaps.is_none() && !item.lost);
            } else if let Some((sequence, _)) = &mut item.sequence
                && plan.rulebook.sequences.iter().all(|s| s.name != *sequence)
                && let Some(new) = plan.rulebook.sequences.iter().find(|s| s.renamed_from.as_ref() == Some(sequence))
            {
                sequence.clone_from(&new.name);
            } else {
                continue;
            }
            if item.state == DeliveryState::Waiting {
                outbox::put_back(&item, &mut self.store, batch)?;
            } else {
                outbox::put(&item, &mut self.store, batch)?;
            }
        }
        Ok(withdrawn)
    }

    /// An engine that has been through the log up to an entry, and time up to a moment, by a plan, with what it
    /// decided thrown away.
    pub(super) fn primed(
        &self,
        plan: &Arc<Plan>,
        (handled, at): (u64, Timestamp),
        roster: &mut Roster,
    ) -> Result<Engine, LiveError> {
        let mut engine = Engine::new(Arc::clone(plan)).guarded(self.guard).salted(self.salt.unwrap_or_default());
        let (mut entries, mut bytes) = (Vec::new(), 0);
        let mut feed = |entries: &mut Vec<StoredEntry>, engine: &mut Engine| -> Result<(), LiveError> {
            let (log, places) = self.read_log(plan, entries)?;
            step::feed(engine, &log, &places, roster, &mut Vec::new())?;
            entries.clear();
            Ok(())
        };
        for entry in self.store.entries(Offset(0))? {
            let entry = entry?;
            if entry.offset.0 >= handled {
                break;
            }
            bytes += entry.payload.len();
            entries.push(entry);
            if entries.len() == self.step || bytes >= step::BYTES {
                feed(&mut entries, &mut engine)?;
                bytes = 0;
            }
        }
        feed(&mut entries, &mut engine)?;
        engine.drain(at, roster, &mut Vec::new())?;
        Ok(engine)
    }

    /// Puts the first rulebook of a store in force.
    ///
    /// # Errors
    /// The store cannot write.
    pub fn activate_first(&mut self, files: &Files, rulebook: Rulebook, at: Timestamp) -> Result<(), LiveError> {
        let id = id_of(files);
        let entry_id = self.free_id(&entry_id(&id, self.store.len()))?;
        let payload = activation(&id, &entry_id, at).payload(&mut self.store, Salt::default())?;
        let at = at.max(self.floor());
        let mut batch = Batch::new();
        batch.append(entry(&entry_id, at, &payload));
        let bytes = shelf::encode(files);
        let plan = plans::of(&bytes, || Ok::<_, LiveError>(Plan::compile(rulebook)))?;
        batch.put_large(TreeName::Rulesets, id.as_bytes(), bytes);
        batch.put(TreeName::Meta, b"ruleset", id.as_bytes());
        batch.put(TreeName::Meta, b"semantics", shelf::encode(&SEMANTICS));
        // The entry is handled when the log is.
        note::all_stored(&self.store.commit(&batch)?)?;
        self.ruleset = Some(Ruleset { id, plan });
        self.semantics = SEMANTICS;
        Ok(())
    }

    /// Handles an activation that stands in the log.
    pub(super) fn activate_again(&mut self, entry: &StoredEntry) -> Result<Advanced, LiveError> {
        let props = super::packed::props(&self.store, &entry.as_entry())?;
        let id = props.get("ruleset").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        let mut batch = Batch::new();
        let next = self.ruleset_of(&id)?;
        let (progress, done) = if self.ruleset().is_some_and(|in_force| in_force != id) {
            let change = self.change(&next, entry.received_at, &mut batch)?;
            (change.progress, change.done)
        } else {
            // The first one: there is nothing that could go on by it.
            let progress = Progress { handled: self.progress.handled + 1, ..self.progress };
            batch.put(TreeName::Meta, b"ruleset", id.as_bytes());
            batch.put(TreeName::Meta, b"progress", shelf::encode(&progress));
            (progress, Advanced { entries: 1, ..Advanced::default() })
        };
        let semantics = props.get("semantics").and_then(serde_json::Value::as_u64).map_or(1, |number| number as u32);
        batch.put(TreeName::Meta, b"semantics", shelf::encode(&semantics));
        self.store.commit(&batch)?;
        self.progress = progress;
        self.ruleset = Some(next);
        self.semantics = semantics;
        Ok(done)
    }

    /// A rulebook of the store's history.
    pub(super) fn ruleset_of(&self, id: &str) -> Result<Ruleset, LiveError> {
        let bytes = self.bytes_of(id)?;
        let plan = plans::of(&bytes, || {
            let checked = decoded(id, &bytes)?.check();
            let rulebook = checked.rulebook.ok_or_else(|| {
                let first = checked.diagnostics.first().map(|found| found.message.clone()).unwrap_or_default();
                wrong(id, &format!("this version of ensue refuses it: {first}"))
            })?;
            Ok::<_, LiveError>(Plan::compile(rulebook))
        })?;
        Ok(Ruleset { id: id.to_owned(), plan })
    }

    /// The files of a rulebook of the store's history.
    pub(super) fn files_of(&self, id: &str) -> Result<Files, LiveError> {
        decoded(id, &self.bytes_of(id)?)
    }

    fn bytes_of(&self, id: &str) -> Result<Vec<u8>, LiveError> {
        self.store.get(TreeName::Rulesets, id.as_bytes())?.ok_or_else(|| wrong(id, "it is not in the store"))
    }
}

fn decoded(id: &str, bytes: &[u8]) -> Result<Files, LiveError> {
    postcard::from_bytes(bytes).map_err(|_| wrong(id, "it is not in its format"))
}

fn wrong(id: &str, reason: &str) -> LiveError {
    LiveError::Ruleset { id: id.to_owned(), reason: reason.to_owned() }
}

/// How many touches and single actions have a status.
fn with_status(lines: &[Decision], status: Status) -> usize {
    let has = |line: &&Decision| match &line.body {
        Body::Touch(touch) => touch.status == status,
        Body::Action(action) => action.status == status,
        _ => false,
    };
    lines.iter().filter(has).count()
}

fn activation(ruleset: &str, id: &str, at: Timestamp) -> Record {
    let mut props = serde_json::Map::new();
    props.insert(String::from("ruleset"), ruleset.into());
    props.insert(String::from("semantics"), SEMANTICS.into());
    Record {
        id: id.to_owned(),
        ty: String::from(ACTIVATED),
        lead: String::new(),
        account: None,
        at,
        received_at: None,
        props,
        exact: std::collections::BTreeMap::new(),
        backfill: false,
    }
}

/// The same rulebook can come into force more than once.
fn entry_id(ruleset: &str, place: u64) -> String {
    format!("ensue.activated {ruleset} {place}")
}

fn entry<'a>(id: &'a str, at: Timestamp, payload: &'a [u8]) -> NewEntry<'a> {
    NewEntry { kind: kind::ACTIVATION, id, lead: "", account: None, ty: ACTIVATED, at, received_at: at, payload }
}

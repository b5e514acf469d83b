//! Notes of a hand-over: that an action is claimed, what came of it. Each is an entry of the log and a
//! move in the outbox, written in one transaction; the same move follows from the entry alone.

use std::collections::BTreeMap;

use serde_json::Map;

use super::delivery::{Delivery, DeliveryState};
use super::error::LiveError;
use super::outbox::{self, Fate};
use super::record::{HANDED, HANDING, Record, kind};
use super::{Live, shelf};
use crate::address::Salt;
use crate::local::{Zone, rfc3339};
use crate::sink::attempt::Breaker;
use crate::store::{self, Batch, Committed, NewEntry, Store, StoreError, TreeName};
use crate::timestamp::Timestamp;

/// One thing to write down: the intent, or what came of it.
pub(super) struct Note {
    pub item: Delivery,
    pub kind: u8,
    pub outcome: &'static str,
    pub sink: String,
    pub reason: String,
    pub at: Timestamp,
}

impl Live {
    /// Writes notes into the log and the outbox, durably.
    pub(super) fn write_down(
        &mut self,
        notes: &mut Vec<Note>,
        breakers: &BTreeMap<String, Breaker>,
    ) -> Result<(), LiveError> {
        if notes.is_empty() {
            return Ok(());
        }
        let first = self.store.len();
        let mut records = Vec::with_capacity(notes.len());
        for (note, number) in notes.iter().zip(first..) {
            let id = self.free_id(&format!("{} {number}", note.record_name()))?;
            let record = note.record(id);
            let payload = record.payload(&mut self.store, Salt::default())?;
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
    if committed.outcomes.iter().all(|outcome| matches!(outcome, store::Appending::Stored(_))) {
        return Ok(());
    }
    let reason = String::from("a record of its own is in the log already");
    Err(StoreError::Stopped { reason }.into())
}

impl Note {
    pub fn end(item: Delivery, fate: Fate, sink: String, reason: String, at: Timestamp) -> Self {
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
            exact: std::collections::BTreeMap::new(),
            backfill: false,
        }
    }

    /// What it does to the outbox when it arrives at a moment; the same follows from its record.
    fn apply(&self, at: Timestamp, store: &mut Store, batch: &mut Batch<'_>) -> Result<(), LiveError> {
        let sink = self.sink.clone();
        if self.kind == kind::INTENT {
            let state = DeliveryState::Going { sink, since: at };
            return outbox::put(&self.item.standing(state), store, batch);
        }
        match Fate::parse(self.outcome) {
            Some(fate) => {
                let words = outbox::words(fate, &self.reason, &sink);
                outbox::finish(&self.item, fate, at, words, store, batch)
            }
            None if self.outcome == "unknown" => {
                let state = DeliveryState::Unknown { sink, since: at, reason: self.reason.clone() };
                outbox::put(&self.item.standing(state), store, batch)
            }
            None => outbox::put_back(&self.item.refused_for(&self.reason), store, batch),
        }
    }
}

//! Rulebooks in force: each is kept in the store under its fingerprint, and comes into force by an
//! entry of the log.

use std::fmt::Write as _;

use super::error::LiveError;
use super::record::{ACTIVATED, Record};
use super::{Live, Ruleset, plans, shelf};
use crate::load::Files;
use crate::plan::Plan;
use crate::rulebook::Rulebook;
use crate::store::{Batch, NewEntry, StoredEntry, TreeName};
use crate::timestamp::Timestamp;

use super::record::kind;

/// The fingerprint of a rulebook, as text.
pub(super) fn id_of(files: &Files) -> String {
    let mut id = String::new();
    for byte in files.fingerprint().iter().take(8) {
        let _ = write!(id, "{byte:02x}");
    }
    id
}

impl Live {
    /// Puts the first rulebook of a store in force.
    ///
    /// # Errors
    /// The store cannot write.
    pub fn activate_first(&mut self, files: &Files, rulebook: Rulebook, at: Timestamp) -> Result<(), LiveError> {
        let id = id_of(files);
        let payload = self.activation(&id, at).payload(&mut self.store)?;
        let entry_id = entry_id(&id, self.store.len());
        let at = at.max(self.floor());
        let mut batch = Batch::new();
        batch.append(entry(&entry_id, at, &payload));
        let bytes = shelf::encode(files);
        let plan = plans::of(&bytes, || Ok::<_, LiveError>(Plan::compile(rulebook)))?;
        batch.put_large(TreeName::Rulesets, id.as_bytes(), bytes);
        batch.put(TreeName::Meta, b"ruleset", id.as_bytes());
        // The entry is handled when the log is.
        self.store.commit(&batch)?;
        self.ruleset = Some(Ruleset { id, plan });
        Ok(())
    }

    fn activation(&self, ruleset: &str, at: Timestamp) -> Record {
        let mut props = serde_json::Map::new();
        props.insert(String::from("ruleset"), ruleset.into());
        Record {
            id: entry_id(ruleset, self.store.len()),
            ty: String::from(ACTIVATED),
            lead: String::new(),
            account: None,
            at,
            received_at: None,
            props,
            backfill: false,
        }
    }

    /// Handles an activation that stands in the log.
    pub(super) fn activate_again(&mut self, entry: &StoredEntry) -> Result<(), LiveError> {
        let props = super::record::props(&self.store, &entry.as_entry())?;
        let id = props.get("ruleset").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        let mut batch = Batch::new();
        let next = self.ruleset_of(&id)?;
        batch.put(TreeName::Meta, b"ruleset", id.as_bytes());
        self.progress.handled += 1;
        batch.put(TreeName::Meta, b"progress", shelf::encode(&self.progress));
        self.store.commit(&batch)?;
        self.ruleset = Some(next);
        Ok(())
    }

    /// A rulebook of the store's history.
    pub(super) fn ruleset_of(&self, id: &str) -> Result<Ruleset, LiveError> {
        let wrong = |reason: &str| LiveError::Ruleset { id: id.to_owned(), reason: reason.to_owned() };
        let bytes =
            self.store.get(TreeName::Rulesets, id.as_bytes())?.ok_or_else(|| wrong("it is not in the store"))?;
        let plan = plans::of(&bytes, || {
            let files: Files = postcard::from_bytes(&bytes).map_err(|_| wrong("it is not in its format"))?;
            let checked = files.check();
            let rulebook = checked.rulebook.ok_or_else(|| {
                let first = checked.diagnostics.first().map(|found| found.message.clone()).unwrap_or_default();
                wrong(&format!("this version of ensue refuses it: {first}"))
            })?;
            Ok::<_, LiveError>(Plan::compile(rulebook))
        })?;
        Ok(Ruleset { id: id.to_owned(), plan })
    }
}

/// The same rulebook can come into force more than once.
fn entry_id(ruleset: &str, place: u64) -> String {
    format!("ensue.activated {ruleset} {place}")
}

fn entry<'a>(id: &'a str, at: Timestamp, payload: &'a [u8]) -> NewEntry<'a> {
    NewEntry { kind: kind::ACTIVATION, id, lead: "", account: None, ty: ACTIVATED, at, received_at: at, payload }
}

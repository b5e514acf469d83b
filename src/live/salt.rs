//! What a store hashes addresses with: an entry of its log, which stands before every event of it. What a
//! store is made from brings one along, so that addresses that were erased there are known here.

use serde_json::{Map, Value};

use super::append::is_event;
use super::error::LiveError;
use super::record::{Record, kind};
use super::{Live, packed};
use crate::address::Salt;
use crate::local::{Zone, rfc3339};
use crate::log::SALT_TYPE;
use crate::store::{Batch, Offset, Store, StoreError, TreeName, random_key};
use crate::timestamp::Timestamp;

/// The key of a copy at hand, among the single values; empty where events stand in the log without a salt.
const KEY: &[u8] = b"salt";

/// What a store hashes addresses with.
pub(super) fn of(store: &Store) -> Result<Salt, LiveError> {
    Ok(known(store)?.unwrap_or_default())
}

/// The same; `None` where that is not settled yet.
fn known(store: &Store) -> Result<Option<Salt>, LiveError> {
    let Some(bytes) = store.get(TreeName::Meta, KEY)? else { return Ok(None) };
    if bytes.is_empty() {
        return Ok(Some(Salt::default()));
    }
    let bytes = bytes.try_into().map_err(|_| damaged("meta", "a value that is not in its format"))?;
    Ok(Some(Salt::new(bytes)))
}

/// The salt in a record, where it is one of a salt.
pub(super) fn in_record(record: &Record) -> Option<Salt> {
    let digits = record.props.get("salt").filter(|_| record.ty == SALT_TYPE)?;
    Salt::parse(digits.as_str()?)
}

/// A salt as it goes into a log.
pub(super) fn record(salt: Salt, id: String, at: Timestamp) -> Record {
    let mut props = Map::new();
    props.insert(String::from("salt"), salt.text().into());
    Record {
        id,
        ty: SALT_TYPE.to_owned(),
        lead: String::new(),
        account: None,
        at,
        received_at: Some(at),
        props,
        exact: std::collections::BTreeMap::new(),
        backfill: false,
    }
}

/// The same as a line of an export, for a log without such an entry.
pub(super) fn line(salt: Salt, at: Timestamp) -> String {
    let (at, salt) = (rfc3339(at, Zone::UTC), salt.text());
    format!(
        r#"{{"id":"{SALT_TYPE}","type":"{SALT_TYPE}","lead":"ensue","at":"{at}","received_at":"{at}","props":{{"salt":"{salt}"}}}}"#
    )
}

/// Keeps a copy at hand.
pub(super) fn put(salt: Salt, batch: &mut Batch<'_>) {
    batch.put_large(TreeName::Meta, KEY, salt.bytes().map_or_else(Vec::new, |bytes| bytes.to_vec()));
}

/// A salt of its own for a new log.
pub(super) fn fresh() -> Result<Salt, StoreError> {
    random_key().map(Salt::new)
}

impl Live {
    /// Finds out what the log's addresses are hashed with, where the store does not have it at hand: one whose
    /// log was copied or repaired, or an older one.
    pub(super) fn settle_salt(&mut self) -> Result<(), LiveError> {
        self.salt = known(&self.store)?;
        if self.salt.is_some() {
            return Ok(());
        }
        for entry in self.store.entries(Offset(0))? {
            let entry = entry?;
            if entry.kind == kind::SALT {
                let props = packed::props(&self.store, &entry.as_entry())?;
                let digits = props.get("salt").and_then(Value::as_str);
                let found = digits.and_then(Salt::parse);
                self.salt = Some(found.ok_or_else(|| damaged("log", "a salt that is not in its format"))?);
                break;
            }
            if is_event(entry.kind) {
                self.salt = Some(Salt::default());
                break;
            }
        }
        if let Some(salt) = self.salt {
            let mut batch = Batch::new();
            put(salt, &mut batch);
            self.store.commit(&batch)?;
        }
        Ok(())
    }
}

fn damaged(part: &'static str, reason: &str) -> LiveError {
    LiveError::Store(StoreError::TreeDamaged { part, reason: reason.to_owned() })
}

//! Hand-overs that the log tells of before what was handed over is decided. Where a store was rewound they
//! stay while time does not: what is decided anew has gone out already, and does not go out again. Kept
//! beside the outbox as places in the log, by action, until the decision comes.

use super::error::LiveError;
use super::shelf::{encode, hash};
use crate::store::{Batch, Offset, Store, StoreError, StoredEntry, TreeName};

/// Keys begin with it.
const EARLY: u8 = b'k';

/// The hand-overs of a step that nothing was decided for yet, and those of steps before it.
#[derive(Debug, Default)]
pub(super) struct Early {
    /// Whether there are any of steps before.
    is_any: bool,
    /// In the order of their actions' keys, changed ones alone.
    changed: std::collections::BTreeMap<Vec<u8>, Vec<u64>>,
}

impl Early {
    /// Those a store knows of.
    pub fn of(store: &Store) -> Result<Self, LiveError> {
        let is_any = !store.scan_range(TreeName::Outbox, &[EARLY][..]..&[EARLY + 1][..], 1)?.is_empty();
        Ok(Self { is_any, ..Self::default() })
    }

    /// What the log has told of an action by now, in its order.
    pub fn take(&mut self, action: &str, store: &Store) -> Result<Vec<StoredEntry>, LiveError> {
        let key = key(action);
        let places = match self.changed.get_mut(&key) {
            Some(places) => std::mem::take(places),
            None if self.is_any => read(store, &key)?,
            None => return Ok(Vec::new()),
        };
        if !places.is_empty() {
            self.changed.insert(key, Vec::new());
        }
        places.into_iter().map(|place| Ok(store.entry(Offset(place))?)).collect()
    }

    /// Keeps what the log tells of an action that is not decided.
    pub fn keep(&mut self, action: &str, told: &StoredEntry, store: &Store) -> Result<(), LiveError> {
        let key = key(action);
        let mut places = match self.changed.remove(&key) {
            Some(places) => places,
            None if self.is_any => read(store, &key)?,
            None => Vec::new(),
        };
        places.push(told.offset.0);
        self.changed.insert(key, places);
        Ok(())
    }

    pub fn write(self, batch: &mut Batch<'_>) {
        for (key, places) in self.changed {
            if places.is_empty() {
                batch.delete(TreeName::Outbox, &key);
            } else {
                batch.put_large(TreeName::Outbox, &key, encode(&places));
            }
        }
    }
}

fn key(action: &str) -> Vec<u8> {
    let mut key = vec![EARLY];
    key.extend(hash(action));
    key
}

fn read(store: &Store, key: &[u8]) -> Result<Vec<u64>, LiveError> {
    let Some(bytes) = store.get(TreeName::Outbox, key)? else { return Ok(Vec::new()) };
    let reason = || String::from("a value that is not in its format");
    let damaged = |_| StoreError::TreeDamaged { part: "outbox", reason: reason() };
    Ok(postcard::from_bytes(&bytes).map_err(damaged)?)
}

//! Where decisions lie among those of the store: by lead, so that one lead is found without looking
//! at the others, and those that were held for an invariant. Noted by `ledger`, written by `shelf` into
//! the rows of leads, in the transaction of the decisions themselves; made anew with them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::LiveError;
use super::shelf::{self, encode, hash};
use crate::decision::{Decision, Status};
use crate::event::LeadId;
use crate::store::{Batch, Store, StoreError, TreeName};

/// Keys of what was decided about a lead begin with it.
const OF_LEAD: u8 = b'd';
/// Keys of what was held for an invariant begin with it.
const HELD: u8 = b'h';

/// Where a decision lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// Its block: the number of the first decision in it.
    pub block: u64,
    /// Which line of the block it is, from 0.
    pub line: u32,
}

impl Place {
    /// The number of the decision.
    pub fn number(self) -> u64 {
        self.block + u64::from(self.line)
    }
}

/// A lead's row holds so many places; more lie in a list of their own, which is never written again.
const IN_ROW: usize = 32;

/// Places of decisions that are written together.
#[derive(Debug, Default)]
pub(super) struct Places {
    of_leads: BTreeMap<LeadId, Vec<Place>>,
    held: Vec<(u64, String)>,
}

impl Places {
    /// Notes where the decision of a number lies.
    pub fn note(&mut self, decision: &Decision, place: Place) {
        self.of_leads.entry(decision.lead).or_default().push(place);
        let held = decision.body.reason().filter(|_| decision.body.status() == Some(Status::Held));
        if let Some(invariant) = held.and_then(|reason| reason.held_for()) {
            self.held.push((place.number(), invariant.to_owned()));
        }
    }

    /// The places a lead's row is to hold, from those it held before.
    pub fn add(&mut self, lead: LeadId, name: &str, before: &[Place], batch: &mut Batch<'_>) -> Vec<Place> {
        let mut all = before.to_vec();
        all.append(&mut self.of_leads.remove(&lead).unwrap_or_default());
        if all.len() <= IN_ROW {
            return all;
        }
        let mut key = of_lead(name);
        key.extend(all.first().map_or(0, |first| first.number()).to_be_bytes());
        batch.put_large(TreeName::State, &key, encode(&all));
        Vec::new()
    }

    /// Leads whose places no row has taken yet.
    pub fn left(&self) -> Vec<LeadId> {
        self.of_leads.keys().copied().collect()
    }

    /// Writes down what was held.
    pub fn write_held(&self, batch: &mut Batch<'_>) {
        for (number, invariant) in &self.held {
            let mut key = vec![HELD];
            key.extend(number.to_be_bytes());
            batch.put_large(TreeName::State, &key, invariant.as_bytes());
        }
    }
}

fn of_lead(lead: &str) -> Vec<u8> {
    let mut key = vec![OF_LEAD];
    key.extend(hash(lead));
    key
}

fn damaged() -> LiveError {
    let reason = String::from("a list of decisions that is not in its format");
    LiveError::Store(StoreError::TreeDamaged { part: "state", reason })
}

/// Where the decisions about a lead lie, in order.
pub(super) fn of(store: &Store, lead: &str) -> Result<Vec<Place>, LiveError> {
    let mut all = Vec::new();
    for (_, value) in store.scan_prefix(TreeName::State, &of_lead(lead))? {
        let places: Vec<Place> = postcard::from_bytes(&value).map_err(|_| damaged())?;
        all.extend(places);
    }
    all.extend(shelf::lead_row(store, lead)?.map(|row| row.decided).unwrap_or_default());
    Ok(all)
}

/// The numbers of the decisions that were held for an invariant, from a number on, with its name.
pub(super) fn held_from(store: &Store, first: u64) -> Result<Vec<(u64, String)>, LiveError> {
    let mut from = vec![HELD];
    from.extend(first.to_be_bytes());
    let rows = store.scan_range(TreeName::State, &from[..]..&[HELD + 1][..], usize::MAX)?;
    let read = |(key, value): (Vec<u8>, Vec<u8>)| {
        let number = key.get(1..).and_then(|number| number.try_into().ok()).map(u64::from_be_bytes);
        number.zip(String::from_utf8(value).ok()).ok_or_else(damaged)
    };
    rows.into_iter().map(read).collect()
}

//! A store as if its clock had not been ahead: the log up to a moment as it is, and what came later
//! arriving when it happened. How far the store was handled is forgotten, and with it what had expired;
//! what was handed over is not.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::delivery::{self, What};
use super::error::LiveError;
use super::outbox::{self, Fate};
use super::record::{HANDED, Record, kind};
use super::{Live, packed};
use crate::address::Salt;
use crate::decision::ActionId;
use crate::store::{Moved, NewEntry, Offset, StoreOptions};
use crate::timestamp::Timestamp;

/// What became of a store that was rewound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewound {
    /// Entries that are as they were.
    pub kept: u64,
    /// Entries that arrive at another moment.
    pub moved: u64,
    /// How far the store was handled before.
    pub before: Timestamp,
    /// How far it is now.
    pub now: Timestamp,
    /// Where the store is that was.
    pub aside: PathBuf,
}

impl Live {
    /// Puts a store in the place of this one in which everything that arrived after a moment arrives when it
    /// happened, or at that moment where it says that it happened before it or after `now`. This one is kept in
    /// a folder beside it.
    ///
    /// # Errors
    /// The store cannot be read, or no other one be written; then this one is as it was.
    pub fn rewind(mut self, moment: Timestamp, now: Timestamp) -> Result<Rewound, LiveError> {
        let before = self.floor();
        let kept = self.first_after(moment)?;
        let mut later = Vec::new();
        let mut arrivals = BTreeMap::new();
        for place in kept..self.store.len() {
            let offset = Offset(place);
            let (at, received_at, of) =
                self.store.with_entry(offset, |entry| (entry.at, entry.received_at, entry.kind))?;
            if of == kind::OUTCOME && self.has_only_expired(offset)? {
                continue;
            }
            let arrival = if at > now { moment } else { at.max(moment) };
            arrivals.insert(place, (received_at, arrival));
            later.push(Moved { offset, at: at.min(arrival), received_at: arrival });
        }
        // What arrives at one moment stays in the order in which it was told.
        later.sort_by_key(|moved| (moved.received_at, moved.offset));
        let alerts = self.alerts_anew(moment, &arrivals)?;
        let records = alerts.iter().map(|record| Ok((record, record.payload(&mut self.store, Salt::default())?)));
        let records = records.collect::<Result<Vec<_>, LiveError>>()?;
        let own: Vec<NewEntry<'_>> = records
            .iter()
            .map(|(record, payload)| NewEntry {
                kind: kind::OUTCOME,
                id: &record.id,
                lead: &record.lead,
                account: None,
                ty: &record.ty,
                at: moment,
                received_at: moment,
                payload,
            })
            .collect();
        self.store.commit(&crate::store::Batch::new())?;
        let rewriting = self.store.begin_rewriting(kept, &own, &later)?;
        let options = StoreOptions { unfinished: true, ..StoreOptions::default() };
        let mut fresh = Self::open_guarded(rewriting.place(), &options, self.guard, &mut |_| ())?;
        fresh.rebuild()?;
        let floor = fresh.floor();
        self.store.hand_latest_to(&fresh.store, fresh.own_bytes())?;
        drop(fresh.into_store());
        let moved = later.len() as u64;
        let aside = self.store.give_way_to(rewriting)?;
        Ok(Rewound { kept, moved, before, now: floor, aside })
    }

    /// The first entry that arrived after a moment.
    fn first_after(&self, moment: Timestamp) -> Result<u64, LiveError> {
        let (mut low, mut high) = (0, self.store.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.store.with_entry(Offset(middle), |entry| entry.received_at)? > moment {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Ok(low)
    }

    /// Whether an outcome says no more than that it was too late.
    fn has_only_expired(&self, offset: Offset) -> Result<bool, LiveError> {
        let props = self.store.with_entry(offset, |entry| packed::props(&self.store, &entry))??;
        Ok(props.get("outcome").and_then(serde_json::Value::as_str) == Some(Fate::Expired.word()))
    }

    /// Records of the alerts that were handed over, under the ids they get when what they rest on arrives
    /// at its new moment: the moment of an alert is part of what names it.
    fn alerts_anew(
        &mut self,
        moment: Timestamp,
        arrivals: &BTreeMap<u64, (Timestamp, Timestamp)>,
    ) -> Result<Vec<Record>, LiveError> {
        let mut found = Vec::new();
        let mut done = outbox::all_done(&self.store)?;
        done.retain(|done| done.item.what == What::Alert && matches!(done.fate, Fate::Taken | Fate::Settled));
        for done in done {
            let item = &done.item;
            let mut arrival = None;
            for id in &item.because {
                let place = self.store.lookup(id)?.map(|(offset, _)| offset.0);
                let moved = place.and_then(|place| arrivals.get(&place)).filter(|(was, _)| *was == item.due);
                arrival = moved.map(|(_, is)| *is).or(arrival);
            }
            let Some(at) = arrival else { continue };
            let (text, to) = (item.text.as_deref().unwrap_or_default(), item.to.as_deref().unwrap_or_default());
            let action = delivery::alert_id(&item.lead, &item.rule, to, text, at, &item.because);
            found.push(self.handed_over(action, item.lead.clone(), moment, found.len())?);
        }
        Ok(found)
    }

    fn handed_over(
        &mut self,
        action: ActionId,
        lead: String,
        at: Timestamp,
        number: usize,
    ) -> Result<Record, LiveError> {
        let mut props = serde_json::Map::new();
        props.insert(String::from("action"), action.to_string().into());
        props.insert(String::from("outcome"), Fate::Taken.word().into());
        let id = self.free_id(&format!("ensue rewound {} {number}", self.store.len()))?;
        Ok(Record {
            id,
            ty: String::from(HANDED),
            lead,
            account: None,
            at,
            received_at: None,
            props,
            backfill: false,
            exact: BTreeMap::new(),
        })
    }
}

impl Live {
    /// When the last entry arrived that arrived by a moment.
    ///
    /// # Errors
    /// Damage found on the way.
    pub fn last_arrival_by(&self, moment: Timestamp) -> Result<Option<Timestamp>, LiveError> {
        let last = self.first_after(moment)?.checked_sub(1);
        Ok(last.map(|last| self.store.with_entry(Offset(last), |entry| entry.received_at)).transpose()?)
    }
}

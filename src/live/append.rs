//! Records into the log: each gets its moment of arrival, and what cannot be taken in goes to
//! quarantine with the reason.

use super::error::LiveError;
use super::ingest::{Good, Group, Payload};
use super::record::{ACTIVATED, DRAINED, Record, kind};
use super::{Live, salt};
use crate::address::Salt;
use crate::event::LATEST;
use crate::log::{self, SALT_TYPE};
use crate::store::{Appending, Batch, NewEntry, Offset, TreeName, check_size};
use crate::timestamp::Timestamp;

/// When records arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Now, by the wall clock, but never before anything that arrived earlier.
    At(Timestamp),
    /// When they say themselves, else when they happened; never before anything that arrived
    /// earlier.
    Own,
}

/// What came of appending records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Appended {
    /// Entries that are new in the log.
    pub stored: u64,
    /// Records that were there before, with the same content.
    pub duplicates: u64,
    /// Records with the id of another one.
    pub conflicts: u64,
    /// Records that went to quarantine, conflicts among them.
    pub quarantined: u64,
    /// The number of the last record that went to quarantine.
    pub last_quarantined: Option<u64>,
    /// Salts among those in quarantine: addresses that were erased under them are not known here.
    pub salts_refused: u64,
    /// How far another store was drained, as its export says.
    pub drained_to: Option<Timestamp>,
}

impl Appended {
    /// Both together.
    pub fn add(&mut self, other: Self) {
        self.stored += other.stored;
        self.duplicates += other.duplicates;
        self.conflicts += other.conflicts;
        self.quarantined += other.quarantined;
        self.salts_refused += other.salts_refused;
        self.last_quarantined = self.last_quarantined.max(other.last_quarantined);
        self.drained_to = self.drained_to.max(other.drained_to);
    }
}

impl Live {
    /// Appends a record of the program's own.
    ///
    /// # Errors
    /// As [`Live::append`].
    pub fn append_own(&mut self, record: Record, arrival: Arrival) -> Result<Appended, LiveError> {
        self.append(Group::of_one(record), arrival)
    }

    /// Appends lines that were read, as one durable group. What cannot be taken in goes to quarantine,
    /// with what was no record.
    ///
    /// # Errors
    /// The store cannot write; nothing of the group is acknowledged.
    pub fn append(&mut self, group: Group<'_>, arrival: Arrival) -> Result<Appended, LiveError> {
        let Group { good, lines, names, mut payloads, bad: mut quarantine, salts_refused } = group;
        let mut appended = Appended { salts_refused, ..Appended::default() };
        let mut floor = self.floor();
        let brought = good.iter().find_map(salt_of);
        let is_first = self.salt.is_none() && good.iter().any(|good| is_event(good.kind));
        let salt = match (self.salt, brought) {
            (Some(salt), _) => salt,
            (None, Some(brought)) => brought,
            (None, None) if is_first => salt::fresh()?,
            (None, None) => Salt::default(),
        };
        let is_new = self.salt.is_none() && (is_first || brought.is_some());
        let salting = if is_new { Some((self.free_id(SALT_TYPE)?, floor)) } else { None };
        let mut taken = Vec::with_capacity(good.len());
        for (good, line) in good.iter().zip(&lines) {
            if let Payload::Whole(record) = &good.payload {
                // How far another store was drained is no event of this one.
                if record.ty == DRAINED {
                    appended.drained_to = appended.drained_to.max(Some(record.at));
                    continue;
                }
                if let Some(reason) = self.refused(record, arrival)? {
                    quarantine.push(line.bad(reason));
                    continue;
                }
                if good.kind == kind::SALT {
                    match salt::in_record(record) {
                        Some(own) if own == salt => appended.duplicates += u64::from(!is_new),
                        other => {
                            let reason = if other.is_some() { log::ANOTHER } else { log::NOT_ONE };
                            quarantine.push(line.bad(reason.to_owned()));
                            appended.salts_refused += 1;
                        }
                    }
                    continue;
                }
            }
            let received_at = match arrival {
                Arrival::At(now) => now.max(floor),
                Arrival::Own => good.received_at.max(floor),
            };
            if good.at > received_at + LATEST {
                let at = crate::local::rfc3339(good.at, crate::local::Zone::UTC);
                quarantine.push(line.bad(format!("it happened at {at}, more than 5 minutes after it arrived")));
                continue;
            }
            floor = received_at;
            let payload = match &good.payload {
                Payload::Packed(place) => place.clone(),
                Payload::Whole(record) => {
                    let start = payloads.len();
                    payloads.extend(record.payload(&mut self.store, salt)?);
                    start..payloads.len()
                }
            };
            taken.push((good, line, received_at, payload));
        }
        let mut batch = Batch { entries: Vec::with_capacity(taken.len()), ..Batch::default() };
        let salting = salting.map(|(id, at)| salt::record(salt, id, at));
        let salt_payload = match &salting {
            Some(record) => record.payload(&mut self.store, salt)?,
            None => Vec::new(),
        };
        if let Some(record) = &salting {
            batch.append(NewEntry {
                kind: kind::SALT,
                id: &record.id,
                lead: &record.lead,
                account: None,
                ty: &record.ty,
                at: record.at,
                received_at: record.at,
                payload: &salt_payload,
            });
            salt::put(salt, &mut batch);
        }
        let own = batch.entries.len();
        let mut kept = Vec::with_capacity(taken.len());
        for (good, line, received_at, payload) in taken {
            let [id, lead, ty, account] = good.names(&names);
            let entry = NewEntry {
                kind: good.kind,
                id,
                lead,
                account: Some(account).filter(|account| !account.is_empty()),
                ty,
                at: good.at,
                received_at,
                payload: payloads.get(payload).unwrap_or_default(),
            };
            if check_size(&entry).is_err() {
                quarantine.push(line.bad(String::from("the record is larger than a store can keep")));
                continue;
            }
            batch.append_marked(entry, good.marks);
            kept.push(line);
        }
        appended.quarantined = quarantine.len() as u64;
        for record in quarantine {
            batch.quarantine(record);
        }
        let committed = self.store.commit(&batch)?;
        appended.last_quarantined = committed.quarantined.last();
        if is_new {
            self.salt = Some(salt);
        }
        let mut conflicts = Vec::new();
        for ((outcome, (entry, _)), line) in committed.outcomes.iter().zip(&batch.entries).skip(own).zip(kept) {
            match outcome {
                Appending::Stored(_) => appended.stored += 1,
                Appending::Duplicate(_) => appended.duplicates += 1,
                Appending::Conflict(before) if self.is_same_but_for_backfill(entry, *before)? => {
                    appended.duplicates += 1
                }
                Appending::Conflict(_) => {
                    appended.conflicts += 1;
                    let reason = format!("the id `{}` stands for another event in the log", entry.id);
                    conflicts.push(line.bad(reason));
                }
            }
        }
        if !conflicts.is_empty() {
            appended.quarantined += conflicts.len() as u64;
            let mut batch = Batch::new();
            for record in conflicts {
                batch.quarantine(record);
            }
            appended.last_quarantined = self.store.commit(&batch)?.quarantined.last();
        }
        Ok(appended)
    }
}

impl Live {
    /// Whether an event stands in the log already, loaded as history where it is none now, or the
    /// other way round: that is how it was loaded, not what it says.
    fn is_same_but_for_backfill(&self, entry: &NewEntry<'_>, before: Offset) -> Result<bool, LiveError> {
        if !is_event(entry.kind) {
            return Ok(false);
        }
        let other = if entry.kind == kind::EVENT { kind::BACKFILL } else { kind::EVENT };
        let content = NewEntry { kind: other, ..*entry }.content();
        Ok(self.store.with_entry(before, |entry| entry.content() == content)?)
    }

    /// Why a record of another store cannot be taken over.
    fn refused(&self, record: &Record, arrival: Arrival) -> Result<Option<String>, LiveError> {
        // A salt says nothing of what was done, and without it erased addresses would not be known.
        if is_event(record.kind()) || record.kind() == kind::SALT {
            return Ok(None);
        }
        // Only a store says what it has done; whoever reads back what one exported vouches for it.
        if arrival != Arrival::Own {
            let reason = "a store writes such records itself; what one has exported is taken in with `--replay`";
            return Ok(Some(reason.to_owned()));
        }
        if record.ty != ACTIVATED {
            return Ok(None);
        }
        let ruleset = record.props.get("ruleset").and_then(serde_json::Value::as_str).unwrap_or_default();
        let known = self.store.get(TreeName::Rulesets, ruleset.as_bytes())?.is_some();
        Ok((!known).then(|| format!("the rulebook {ruleset} was in force then, and is not in this store")))
    }
}

/// The salt that another store's log brings along.
fn salt_of(good: &Good) -> Option<Salt> {
    match &good.payload {
        Payload::Whole(record) => salt::in_record(record),
        Payload::Packed(_) => None,
    }
}

/// Whether an entry is for the engine.
pub(super) fn is_event(of: u8) -> bool {
    of == kind::EVENT || of == kind::BACKFILL
}

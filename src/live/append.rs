//! Records into the log: each gets its moment of arrival, and what cannot be taken in goes to
//! quarantine with the reason.

use super::Live;
use super::error::LiveError;
use super::record::{ACTIVATED, DRAINED, Record, kind};
use crate::store::{BadRecord, Batch, NewEntry, Outcome, Sequence, TreeName, check_size};
use crate::timestamp::{Span, Timestamp};

/// How long after we learned of it an event may have happened: clocks differ.
const LATEST: Span = Span::seconds(300);

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
        self.last_quarantined = self.last_quarantined.max(other.last_quarantined);
        self.drained_to = self.drained_to.max(other.drained_to);
    }
}

/// A record, the line it came from, and where that stands.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The record.
    pub record: &'a Record,
    /// Its line.
    pub text: &'a str,
    /// A file's path, `-` for standard input.
    pub path: &'a str,
    /// The line's number, from 1.
    pub line: u64,
}

impl Live {
    /// Appends records as one durable group. Those that cannot be taken in go to quarantine, with
    /// `bad` records that were found before.
    ///
    /// # Errors
    /// The store cannot write; nothing of the group is acknowledged.
    pub fn append(&mut self, told: &[Told<'_>], bad: Vec<BadRecord>, arrival: Arrival) -> Result<Appended, LiveError> {
        let mut appended = Appended { quarantined: bad.len() as u64, ..Appended::default() };
        let mut quarantine = bad;
        let mut floor = self.floor();
        let (mut payloads, mut taken) = (Vec::with_capacity(told.len()), Vec::with_capacity(told.len()));
        for told in told {
            let record = told.record;
            // How far another store was drained is no event of this one.
            if record.ty == DRAINED {
                appended.drained_to = appended.drained_to.max(Some(record.at));
                continue;
            }
            if let Some(reason) = self.refused(record, arrival)? {
                quarantine.push(bad_record(told, reason));
                appended.quarantined += 1;
                continue;
            }
            let received_at = match arrival {
                Arrival::At(now) => now.max(floor),
                Arrival::Own => record.received_at.unwrap_or(record.at).max(floor),
            };
            if record.at > received_at + LATEST {
                let reason = format!(
                    "it happened at {}, more than 5 minutes after it arrived",
                    crate::local::rfc3339(record.at, crate::local::Zone::UTC)
                );
                quarantine.push(bad_record(told, reason));
                appended.quarantined += 1;
                continue;
            }
            floor = received_at;
            payloads.push(record.payload(&mut self.store)?);
            taken.push((told, received_at));
        }
        let entries = taken.iter().zip(&payloads).map(|((told, received_at), payload)| {
            let record = told.record;
            NewEntry {
                kind: record.kind(),
                id: &record.id,
                lead: if record.ty == ACTIVATED { "" } else { &record.lead },
                account: record.account.as_deref(),
                ty: &record.ty,
                at: record.at,
                received_at: *received_at,
                payload,
            }
        });
        let mut batch = Batch { entries: Vec::new(), ..Batch::default() };
        let mut kept = Vec::with_capacity(taken.len());
        for (entry, (told, _)) in entries.zip(&taken) {
            if check_size(&entry).is_err() {
                quarantine.push(bad_record(told, String::from("it is larger than 8 KB")));
                appended.quarantined += 1;
                continue;
            }
            batch.append(entry);
            kept.push(told);
        }
        for record in quarantine {
            batch.quarantine(record);
        }
        let committed = self.store.commit(&batch)?;
        appended.last_quarantined = committed.quarantined.last();
        let mut conflicts = Vec::new();
        for ((outcome, told), entry) in committed.outcomes.iter().zip(kept).zip(&batch.entries) {
            match outcome {
                Outcome::Stored(_) => appended.stored += 1,
                Outcome::Duplicate(_) => appended.duplicates += 1,
                Outcome::Conflict(before) if self.is_same_but_for_backfill(entry, *before)? => appended.duplicates += 1,
                Outcome::Conflict(_) => {
                    appended.conflicts += 1;
                    let reason = format!("the id `{}` stands for another event in the log", told.record.id);
                    conflicts.push(bad_record(told, reason));
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
    fn is_same_but_for_backfill(&self, entry: &NewEntry<'_>, before: Sequence) -> Result<bool, LiveError> {
        if !is_event(entry.kind) {
            return Ok(false);
        }
        let other = if entry.kind == kind::EVENT { kind::BACKFILL } else { kind::EVENT };
        let content = NewEntry { kind: other, ..*entry }.content();
        Ok(self.store.with_entry(before, |entry| entry.content() == content)?)
    }

    /// Why a record of another store cannot be taken over.
    fn refused(&self, record: &Record, arrival: Arrival) -> Result<Option<String>, LiveError> {
        if is_event(record.kind()) {
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

fn bad_record(told: &Told<'_>, reason: String) -> BadRecord {
    BadRecord { text: told.text.to_owned(), reason, path: told.path.to_owned(), line: told.line }
}

/// Whether an entry is for the engine.
pub(super) fn is_event(of: u8) -> bool {
    of == kind::EVENT || of == kind::BACKFILL
}

//! Writing to a store: batches checked, entries packed into blocks, all of it in one transaction
//! and durable before anyone is told.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::block::{self, Builder, ENTRY_LIMIT};
use super::entry::{Appending, NewEntry, Offset};
use super::error::StoreError;
use super::guard::guarded;
use super::head::{FORMAT, Head};
use super::index::{Marks, RUN, Waiting};
use super::quarantine::Quarantined;
use super::trees::{self, Batch, Change, LogWrites, TreeName};
use super::{Store, pieces, quarantine};

/// What one commit did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// What became of each entry, in the order they were handed in.
    pub outcomes: Vec<Appending>,
    /// The numbers the records for quarantine were given.
    pub quarantined: Range<u64>,
}

/// What the database knows of its last commit.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct CommitRecord {
    pub format: u32,
    pub commits: u64,
    /// The runs of the index cover all entries before this one.
    pub indexed: u64,
    pub last_received: i64,
    pub keys_generation: u64,
    pub keys: u64,
    /// The number the next record for quarantine gets.
    pub quarantined: u64,
}

impl CommitRecord {
    pub const KEY: &'static str = "commit";
    /// The key of the block that is still being filled.
    pub const LAST: &'static str = "last";

    pub const fn new() -> Self {
        Self {
            format: FORMAT,
            commits: 0,
            indexed: 0,
            last_received: i64::MIN,
            keys_generation: 0,
            keys: 0,
            quarantined: 1,
        }
    }

    /// Reads a record of this format.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }

    pub fn encode(&self) -> sled::IVec {
        // Writing numbers into memory cannot fail; an empty record would be refused at opening.
        postcard::to_allocvec(self).unwrap_or_default().into()
    }
}

impl Store {
    /// Appends entries, durably, as one group.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub fn append(&mut self, entries: &[NewEntry<'_>]) -> Result<Committed, StoreError> {
        let mut batch = Batch::new();
        for entry in entries {
            batch.append(*entry);
        }
        self.commit(&batch)
    }

    /// Writes a batch, as a whole and durably: when this returns, it survives a power loss. An
    /// entry whose id is in the log already is not appended again; its outcome says so.
    ///
    /// # Errors
    /// An entry or value that is too large or out of order fails the batch before anything is
    /// written. Any other error leaves the batch unacknowledged and stops the store.
    pub fn commit(&mut self, batch: &Batch<'_>) -> Result<Committed, StoreError> {
        self.check_running()?;
        self.check(batch)?;
        let result = self.commit_checked(batch, true);
        self.stopping(result)
    }

    pub(super) fn check_running(&self) -> Result<(), StoreError> {
        self.stopped.as_ref().map_or(Ok(()), |reason| Err(StoreError::Stopped { reason: reason.clone() }))
    }

    /// Remembers a failed write, so that nothing is written on top of it.
    pub(super) fn stopping<T>(&mut self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &result {
            self.stopped = Some(error.to_string());
        }
        result
    }

    /// Finds what makes a batch impossible before anything is changed.
    fn check(&self, batch: &Batch<'_>) -> Result<(), StoreError> {
        let mut received = self.record.last_received;
        for (entry, _) in &batch.entries {
            block::check_size(entry)?;
            if entry.received_at.0 < received {
                return Err(StoreError::OutOfOrder { id: entry.id.to_owned() });
            }
            received = entry.received_at.0;
        }
        if self.len() + batch.entries.len() as u64 > u64::from(u32::MAX) {
            return Err(StoreError::LogFull);
        }
        batch.changes.iter().try_for_each(trees::check_value)
    }

    pub(super) fn commit_checked(&mut self, batch: &Batch<'_>, unique: bool) -> Result<Committed, StoreError> {
        let quarantine = batch.quarantine.iter().map(|record| self.sealed(record)).collect::<Result<Vec<_>, _>>()?;
        self.keys.save(&self.syncs)?;
        let before = self.builder.next();
        let outcomes =
            batch.entries.iter().map(|(entry, marks)| self.take_in(entry, *marks, unique)).collect::<Result<_, _>>()?;
        let first = self.record.quarantined;
        let quarantined = first..first + batch.quarantine.len() as u64;
        let added = self.builder.next() != before;
        if added || !batch.changes.is_empty() || !batch.quarantine.is_empty() || self.keys_changed() {
            self.record.quarantined = quarantined.end;
            self.write(added, &batch.changes, (&quarantine, first))?;
        }
        Ok(Committed { outcomes, quarantined })
    }

    const fn keys_changed(&self) -> bool {
        self.keys.count() != self.record.keys || self.keys.generation() != self.record.keys_generation
    }

    /// Adds an entry to the block being filled, unless its id is known.
    fn take_in(&mut self, entry: &NewEntry<'_>, marks: Marks, unique: bool) -> Result<Appending, StoreError> {
        if unique {
            self.load_ids()?;
            if let Some((offset, content)) = self.find(marks.id, entry.id)? {
                // Facts sealed under a key that is gone cannot be compared any more.
                let same = content == entry.content() || self.keys.is_erased(entry.lead);
                return Ok(if same { Appending::Duplicate(offset) } else { Appending::Conflict(offset) });
            }
        }
        if !self.builder.push(entry) {
            if !self.builder.is_empty() {
                self.close_block();
            }
            if !self.builder.push(entry) {
                if !self.builder.push_alone(entry) {
                    let id = entry.id.to_owned();
                    return Err(StoreError::TooLarge { id, bytes: entry.payload.len(), limit: ENTRY_LIMIT });
                }
                self.close_block();
            }
        }
        let offset = Offset(self.builder.next().0 - 1);
        if let Some(ids) = &mut self.ids {
            ids.add(marks.id, offset);
        }
        self.waiting.add(marks);
        self.record.last_received = entry.received_at.0;
        Ok(Appending::Stored(offset))
    }

    /// Begins a block after the one being filled.
    fn close_block(&mut self) {
        let block = self.builder.finish();
        self.builder = Builder::new(block.end(), block.hash());
        self.full.push(block);
    }

    /// Writes the transaction of a commit and makes it durable.
    fn write(
        &mut self,
        added: bool,
        changes: &[Change],
        (quarantine, first_quarantined): (&[Quarantined], u64),
    ) -> Result<(), StoreError> {
        let mut writes = LogWrites::default();
        let last = if added { self.builder.finish() } else { self.last.clone() };
        let full = std::mem::take(&mut self.full);
        writes.blocks.extend(full.iter().flat_map(pieces::of));
        let run = (self.waiting.len() >= RUN).then(|| self.waiting.run());
        if let Some(run) = run {
            if !run.postings.is_empty() {
                self.runs.push(self.waiting.first().0);
            }
            writes.ids = run.ids;
            writes.postings = run.postings;
            self.waiting = Waiting::new(last.end());
            self.record.indexed = last.end().0;
        }
        self.record.format = FORMAT;
        self.record.commits += 1;
        self.record.keys = self.keys.count();
        self.record.keys_generation = self.keys.generation();
        writes.system.push((CommitRecord::KEY, self.record.encode()));
        if added {
            writes.system.push((CommitRecord::LAST, last.bytes().clone()));
        }
        let quarantined = quarantine.iter().zip(first_quarantined..).map(|(record, number)| Change {
            tree: TreeName::Quarantine,
            key: number.to_be_bytes().to_vec(),
            value: Some(quarantine::encode(record)),
            may_be_large: true,
        });
        let quarantined: Vec<Change> = quarantined.collect();
        let trees = &self.database.trees;
        let outcome = if quarantined.is_empty() {
            guarded(|| trees.write(&writes, changes))
        } else {
            let all: Vec<Change> = changes.iter().cloned().chain(quarantined).collect();
            guarded(|| trees.write(&writes, &all))
        };
        outcome.map_err(|reason| StoreError::Stopped { reason })??;
        self.last = last;
        self.acknowledge()
    }

    /// Makes everything written durable, then says so in the head file.
    pub(super) fn acknowledge(&mut self) -> Result<(), StoreError> {
        self.database.make_durable(&self.syncs)?;
        Head::of(self.record.commits, self.record.keys, &self.last).write(&self.dir, &self.syncs)?;
        self.acknowledged += 1;
        Ok(())
    }
}

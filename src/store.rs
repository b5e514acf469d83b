//! The store: an embedded log of events with the state that rests on it, durable and verified.
//!
//! A store is a folder: `sled/` (the database), `head` (how far the acknowledged log goes), `keys`
//! (what personal facts are encrypted under), `lock`.
//!
//! INVARIANT: what a returned [`Store::commit`] wrote is on the disk, in the log's hash chain, and
//! counted by the head file; a store that holds less does not open.
//! INVARIANT: a store whose write failed writes nothing more until it is opened again.

mod block;
mod commit;
mod copy;
mod database;
mod entry;
mod error;
mod files;
mod guard;
mod head;
mod index;
mod keys;
mod latest;
mod open;
mod pieces;
mod quarantine;
mod read;
mod repair;
mod rewrite;
mod scattered;
mod target;
mod trees;
mod turn;
mod verify;
mod wire;

use std::ops::{Bound, Range};
use std::path::{Path, PathBuf};
use std::time::Duration;

use block::Builder;
use commit::CommitRecord;
use database::Database;
use files::{Lock, Syncs};
use guard::guarded;
pub(crate) use index::Marks;
use index::{Ids, Postings, Waiting};
use keys::Keys;
pub(crate) use keys::random_key;
use read::Walk;
pub(crate) use wire::Wire;

pub(crate) use block::check_size;
pub use block::{Block, BlockHash, ENTRY_LIMIT, Entries};
pub use commit::Committed;
pub use entry::{Appending, ContentHash, Entry, NewEntry, Offset, StoredEntry};
pub use error::StoreError;
pub use head::FORMAT;
pub use quarantine::{Quarantined, RefusedFor};
pub use read::{Blocks, Iter};
pub(crate) use repair::begin_repair;
pub use repair::{Repaired, repair};
pub use rewrite::{Moved, Rewriting};
pub use target::remove as remove_copy;
pub use trees::{Batch, KEY_LIMIT, KeyValue, TreeName, VALUE_LIMIT};
pub use turn::{Alone, Wanted};
pub use verify::{Verified, verify};

/// How to open a store.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// Whether a store is made where there is none.
    pub create: bool,
    /// The most memory the database keeps pages in, in bytes.
    pub cache_capacity: u64,
    /// How long the database may take for one step before it is taken for damaged.
    pub watchdog: Duration,
    /// Whether a copy may be opened that is not finished: by whoever writes it.
    #[doc(hidden)]
    pub unfinished: bool,
    /// The number of the sync that fails, for tests of what happens then.
    #[doc(hidden)]
    pub fail_sync_at: Option<u64>,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            create: true,
            cache_capacity: 128 << 20,
            watchdog: Duration::from_secs(60),
            unfinished: false,
            fail_sync_at: None,
        }
    }
}

/// Figures of a store.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stats {
    /// Entries in the log.
    pub entries: u64,
    /// Commits acknowledged since the store was made.
    pub commits: u64,
    /// Bytes of all its files.
    pub bytes: u64,
    /// Bytes of all its files for each entry; 0 for an empty log.
    pub bytes_per_entry: f64,
    /// Calls that made bytes durable since it was opened.
    pub syncs: u64,
    /// Commits since it was opened.
    pub acknowledged: u64,
    /// Leads that have a key, and leads that had one and were erased.
    pub keys: u64,
}

/// An open store.
#[derive(Debug)]
pub struct Store {
    dir: PathBuf,
    watchdog: Duration,
    database: Database,
    record: CommitRecord,
    /// The block being filled, and as it stood at the last commit.
    builder: Builder,
    last: Block,
    /// Blocks filled since the last commit.
    full: Vec<Block>,
    /// Read when first needed.
    ids: Option<Ids>,
    waiting: Waiting,
    /// Where each run of the postings begins.
    runs: Vec<u64>,
    keys: Keys,
    syncs: Syncs,
    acknowledged: u64,
    stopped: Option<String>,
    _lock: Lock,
}

impl Store {
    /// The folder of the store.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// How many entries the log has; the next one gets this offset.
    pub fn len(&self) -> u64 {
        self.last.end().0
    }

    /// Whether the log has no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// When the last entry was received, in microseconds since 1970; `None` in an empty log.
    pub fn last_received_at(&self) -> Option<crate::timestamp::Timestamp> {
        (!self.is_empty()).then_some(crate::timestamp::Timestamp(self.record.last_received))
    }

    /// Where an id is in the log, and the hash of what is said there.
    ///
    /// # Errors
    /// Damage found on the way.
    pub fn lookup(&mut self, id: &str) -> Result<Option<(Offset, ContentHash)>, StoreError> {
        self.load_ids()?;
        self.find(index::hash(id), id)
    }

    fn load_ids(&mut self) -> Result<(), StoreError> {
        if self.ids.is_some() {
            return Ok(());
        }
        let mut ids = Ids::default();
        let mut walk = Walk::new(&self.database.trees.ids, Bound::Unbounded, self.watchdog)?;
        while let Some((key, value)) = walk.next().map_err(|trouble| trouble.of_tree("ids", self.watchdog))? {
            ids.load(&key, &value)?;
        }
        if ids.len() as u64 != self.waiting.first().0 {
            let reason = format!("the ids after entry {} are missing", ids.len());
            return Err(StoreError::TreeDamaged { part: "ids", reason });
        }
        for (id, offset) in self.waiting.ids() {
            ids.add(id, offset);
        }
        self.ids = Some(ids);
        Ok(())
    }

    fn find(&self, hash: u32, id: &str) -> Result<Option<(Offset, ContentHash)>, StoreError> {
        let Some(ids) = &self.ids else { return Ok(None) };
        for offset in ids.candidates(hash) {
            let found = self.with_entry(offset, |entry| (entry.id == id).then(|| entry.content()))?;
            if let Some(content) = found {
                return Ok(Some((offset, content)));
            }
        }
        Ok(None)
    }

    /// Reads one entry.
    ///
    /// # Errors
    /// Damage, also where there is no such entry.
    pub fn with_entry<T>(&self, offset: Offset, read: impl FnOnce(Entry<'_>) -> T) -> Result<T, StoreError> {
        let missing = || StoreError::Damaged { readable: offset.0, reason: "an entry is missing".to_owned() };
        let skip = |first: Offset| offset.0.checked_sub(first.0).map(|n| n as usize);
        if let Some(skip) = skip(self.builder.first()) {
            return self.builder.entries().nth(skip).ok_or_else(missing)?.map(read);
        }
        let pending = self.full.iter().find(|block| block.first() <= offset && offset < block.end());
        let block = match pending {
            Some(block) => block.clone(),
            None => self.block_of(offset)?,
        };
        let entry = skip(block.first()).and_then(|skip| block.entries().nth(skip));
        entry.ok_or_else(missing)?.map(read)
    }

    /// One entry, by itself.
    ///
    /// # Errors
    /// Damage, also where there is no such entry.
    #[expect(clippy::redundant_closure_for_method_calls, reason = "the method itself is of one lifetime, not of any")]
    pub fn entry(&self, offset: Offset) -> Result<StoredEntry, StoreError> {
        self.with_entry(offset, |entry| entry.to_stored())
    }

    /// The written block that holds an entry.
    fn block_of(&self, offset: Offset) -> Result<Block, StoreError> {
        if offset >= self.last.first() {
            return Ok(self.last.clone());
        }
        let damaged = |reason: String| StoreError::Damaged { readable: offset.0, reason };
        let log = &self.database.trees.log;
        let found = guarded(|| log.range(..=offset.0.to_be_bytes()).next_back().transpose());
        let found = found.map_err(damaged)?.map_err(|error| damaged(error.to_string()))?;
        let (_, bytes) = found.ok_or_else(|| damaged("blocks are missing".to_owned()))?;
        let block = guarded(|| pieces::block_in(log, bytes)).map_err(damaged)?.map_err(damaged)?;
        let holds = block.first() <= offset && offset < block.end();
        holds.then_some(block).ok_or_else(|| damaged("blocks are missing".to_owned()))
    }

    /// The blocks of the log, from the one that holds `from`.
    ///
    /// # Errors
    /// Damage found at the start; damage further on comes as an item.
    pub fn blocks(&self, from: Offset) -> Result<Blocks<'_>, StoreError> {
        Blocks::new(&self.database.trees.log, self.last.clone(), from, self.watchdog)
    }

    /// The entries of the log from `from` on, each block checked on the way.
    ///
    /// # Errors
    /// Damage found at the start; damage further on comes as an item.
    pub fn entries(&self, from: Offset) -> Result<Iter<'_>, StoreError> {
        self.blocks(from).map(Iter::new)
    }

    /// The entries of one lead, oldest first; reads only the blocks that hold them.
    ///
    /// # Errors
    /// Damage found on the way.
    pub fn entries_of(&self, lead: &str) -> Result<Vec<StoredEntry>, StoreError> {
        let mut places = self.postings_of(lead)?;
        places.extend(self.waiting.of_lead(lead));
        let mut found = Vec::with_capacity(places.len());
        let mut block: Option<Block> = None;
        for place in places {
            let offset = Offset(u64::from(place));
            let held = block.take().filter(|block| block.first() <= offset && offset < block.end());
            let current = held.map_or_else(|| self.block_of(offset), Ok)?;
            let skip = offset.0 - current.first().0;
            if let Some(entry) = current.entries().nth(skip as usize).transpose()?
                && entry.lead == lead
            {
                found.push(entry.to_stored());
            }
            block = Some(current);
        }
        Ok(found)
    }

    fn postings_of(&self, lead: &str) -> Result<Vec<u32>, StoreError> {
        let hash = index::hash(lead);
        let tree = &self.database.trees.postings;
        let mut places = Vec::new();
        for run in &self.runs {
            let found = guarded(|| {
                let key = index::postings_key(*run, hash);
                let start = tree.range(run.to_be_bytes().to_vec()..key.clone()).next_back().transpose()?;
                let start = start.map_or(key, |(key, _)| key.to_vec());
                let records = tree.range(start..(run + 1).to_be_bytes().to_vec());
                let mut list = Vec::new();
                for record in records {
                    let (key, value) = record?;
                    match Postings::parse_for(&key, &value, hash) {
                        Ok(record) if !record.may_precede(hash) => break,
                        parsed => list.push(parsed),
                    }
                }
                Ok::<_, sled::Error>(list)
            });
            let damaged = |reason| StoreError::TreeDamaged { part: "postings", reason };
            let records = found.map_err(damaged)?.map_err(|error| damaged(error.to_string()))?;
            for record in records {
                places.extend(record?.of_lead(hash));
            }
        }
        Ok(places)
    }

    /// The value at a key, of any size.
    ///
    /// # Errors
    /// Damage found on the way.
    pub fn get(&self, tree: TreeName, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let trees = &self.database.trees;
        guarded(|| trees.get(tree, key)).map_err(|reason| StoreError::TreeDamaged { part: tree.name(), reason })?
    }

    /// All keys that begin with `prefix`, with their values, in order.
    ///
    /// # Errors
    /// Damage found on the way.
    pub fn scan_prefix(&self, tree: TreeName, prefix: &[u8]) -> Result<Vec<KeyValue>, StoreError> {
        let trees = &self.database.trees;
        self.collect(tree, || trees.named(tree).scan_prefix(prefix), usize::MAX)
    }

    /// At most `most` keys of a range, with their values, in order.
    ///
    /// # Errors
    /// Damage found on the way.
    pub fn scan_range(&self, tree: TreeName, range: Range<&[u8]>, most: usize) -> Result<Vec<KeyValue>, StoreError> {
        let trees = &self.database.trees;
        self.collect(tree, || trees.named(tree).range(range), most)
    }

    /// The last key of a tree, with its value.
    ///
    /// # Errors
    /// Damage found on the way.
    pub(crate) fn last(&self, tree: TreeName) -> Result<Option<KeyValue>, StoreError> {
        let trees = &self.database.trees;
        let damaged = |reason| StoreError::TreeDamaged { part: tree.name(), reason };
        let last = guarded(|| trees.named(tree).last()).map_err(damaged)?;
        let Some((key, raw)) = last.map_err(|error| damaged(error.to_string()))? else { return Ok(None) };
        let value = guarded(|| trees.assemble(tree, &key, &raw)).map_err(damaged)??;
        Ok(Some((key.to_vec(), value)))
    }

    fn collect(
        &self,
        tree: TreeName,
        records: impl FnOnce() -> sled::Iter,
        most: usize,
    ) -> Result<Vec<KeyValue>, StoreError> {
        let damaged = |reason| StoreError::TreeDamaged { part: tree.name(), reason };
        let whole = guarded(|| {
            let records = records().take(most).map(|record| {
                let (key, raw) = record.map_err(|error| damaged(error.to_string()))?;
                let value = self.database.trees.assemble(tree, &key, &raw)?;
                Ok((key.to_vec(), value))
            });
            records.collect()
        });
        whole.map_err(damaged)?
    }

    /// Encrypts a personal fact under the key of its lead; `None` where the lead was erased, and
    /// the fact must not be kept. `context` is what the fact belongs to, for instance the event's
    /// id and the property's name. The key is durable with the next commit.
    ///
    /// # Errors
    /// No random bytes can be read from the system.
    pub fn seal(&mut self, lead: &str, context: &str, plain: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.keys.seal(lead, context, plain)
    }

    /// Decrypts a fact; `None` where its lead was erased.
    pub fn unseal(&self, lead: &str, context: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        self.keys.unseal(lead, context, sealed)
    }

    /// Whether the facts of a lead were erased.
    pub fn is_erased(&self, lead: &str) -> bool {
        self.keys.is_erased(lead)
    }

    /// Whether a lead has a key, or had one that was destroyed.
    pub(crate) fn knows_key(&self, lead: &str) -> bool {
        self.keys.knows(lead)
    }

    /// Whether this store is a copy, made with [`Store::backup`] or put back where the other had been, so that
    /// the other may have gone on since; until [`Store::is_no_copy`] is called.
    #[must_use]
    pub fn is_copy(&self) -> bool {
        self.dir.join(copy::COPIED).exists()
    }

    /// Marks the store as one that another may have outlived.
    fn mark_copy(&self) -> Result<(), StoreError> {
        self.syncs.replace(&self.dir.join(copy::COPIED), b"This store is a copy of another one.\n")
    }

    /// What may have happened since this store was copied is taken care of.
    ///
    /// # Errors
    /// The mark cannot be removed.
    pub fn is_no_copy(&self) -> Result<(), StoreError> {
        let mark = self.dir.join(copy::COPIED);
        match std::fs::remove_file(&mark) {
            Ok(()) => self.syncs.sync_dir(&self.dir),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(source) => Err(StoreError::io("remove", &mark, source)),
        }
    }

    /// Destroys the key of a lead, durably: its facts can never be read again.
    ///
    /// # Errors
    /// The key file cannot be written; the store stops.
    pub fn erase(&mut self, lead: &str) -> Result<(), StoreError> {
        self.check_running()?;
        let result = self.keys.erase(lead, &self.syncs);
        self.stopping(result)?;
        self.commit(&Batch::new()).map(drop)
    }

    /// Figures of the store.
    ///
    /// # Errors
    /// Its files cannot be read.
    pub fn stats(&self) -> Result<Stats, StoreError> {
        let entries = self.len();
        let bytes = files::size(&self.dir)?;
        let bytes_per_entry = if entries == 0 { 0.0 } else { bytes as f64 / entries as f64 };
        Ok(Stats {
            entries,
            commits: self.record.commits,
            bytes,
            bytes_per_entry,
            syncs: self.syncs.count(),
            acknowledged: self.acknowledged,
            keys: self.keys.of_leads(),
        })
    }
}

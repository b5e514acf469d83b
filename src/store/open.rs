//! Opening a store: the lock first, then the database, then what it holds against the head file.

use std::fs;
use std::ops::Bound;
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::block::{Block, BlockHash, Builder};
use super::commit::CommitRecord;
use super::copy::beside;
use super::database::Database;
use super::entry::Offset;
use super::error::StoreError;
use super::files::{self, Lock, Syncs};
use super::guard::watched;
use super::head::{FORMAT, Head};
use super::index::{Marks, Waiting};
use super::keys::Keys;
use super::read::Blocks;
use super::target;
use super::trees::LogWrites;
use super::{Store, StoreOptions, pieces};

/// What a database holds about the end of its log.
struct Loaded {
    record: CommitRecord,
    last: Block,
    waiting: Waiting,
    runs: Vec<u64>,
    fresh: bool,
}

impl Store {
    /// Opens the store in `dir`; makes one where there is none and the options allow it.
    ///
    /// # Errors
    /// Another process holds it, a later program wrote it, or it holds less than was acknowledged.
    pub fn open(dir: &Path, options: &StoreOptions) -> Result<Self, StoreError> {
        put_back(dir)?;
        if target::is_unfinished(dir) && !options.unfinished {
            return Err(StoreError::Unfinished { dir: dir.to_path_buf() });
        }
        let sled = dir.join("sled");
        // A folder that may not be entered is not one that is not there.
        let is_there = |path: &Path| path.try_exists().map_err(|source| StoreError::io("read", dir, source));
        if !is_there(&sled)? && !is_there(&dir.join("head"))? {
            no_copy(dir)?;
            if !options.create {
                return Err(StoreError::Missing { dir: dir.to_path_buf() });
            }
        }
        files::private_dir(dir)?;
        let dir = fs::canonicalize(dir).map_err(|source| StoreError::io("open", dir, source))?;
        let sled = dir.join("sled");
        let lock = Lock::take(&dir)?;
        // Nobody but the owner is to read what an earlier program or a copy by hand has left open.
        files::close_all_to_others(&dir);
        let head = Head::read(&dir)?;
        if let Some(head) = &head
            && !sled.join("db").exists()
        {
            return Err(StoreError::CutShort { acknowledged: head.entries, readable: 0 });
        }
        let syncs = Syncs::new(options.fail_sync_at);
        // The keys lie in a file of their own, and proving each takes as long as opening the database.
        let (opened, keys) = thread::scope(|scope| {
            let keys = scope.spawn(|| Keys::read_any(&dir));
            let opened = Database::open(&sled, options.cache_capacity, options.watchdog)
                .and_then(|database| Ok((read_end(&database, head, options.watchdog)?, database)));
            (opened, keys.join())
        });
        let (loaded, database) = opened?;
        let stopped = |_| Err(StoreError::Keys { reason: String::from("reading it was broken off") });
        let keys = keys.unwrap_or_else(stopped)?.known(loaded.record.keys_generation, loaded.record.keys)?;
        let mut store = Self {
            watchdog: options.watchdog,
            builder: Builder::resume(&loaded.last)?,
            database,
            record: loaded.record,
            last: loaded.last,
            full: Vec::new(),
            ids: None,
            waiting: loaded.waiting,
            runs: loaded.runs,
            keys,
            syncs,
            acknowledged: 0,
            stopped: None,
            dir,
            _lock: lock,
        };
        store.settle(head, loaded.fresh)?;
        Ok(store)
    }

    /// Makes durable what a new store needs, and what an earlier process wrote but did not come to
    /// acknowledge: from now on it is read, and relied upon.
    fn settle(&mut self, head: Option<Head>, fresh: bool) -> Result<(), StoreError> {
        if fresh {
            let first = (CommitRecord::KEY, self.record.encode());
            let last = (CommitRecord::LAST, self.last.bytes().clone());
            let writes = LogWrites { system: vec![first, last], ..LogWrites::default() };
            self.database.trees.write(&writes, &[])?;
        }
        if head.is_some_and(|head| head.commits == self.record.commits) {
            return Ok(());
        }
        self.acknowledge()?;
        self.acknowledged = 0;
        self.database.sync_names(&self.syncs)?;
        self.syncs.sync_dir(&self.dir)?;
        self.dir.parent().map_or(Ok(()), |parent| self.syncs.sync_dir(parent))
    }
}

/// Puts the old store back where `compact` was interrupted between its two moves, so that nobody
/// begins an empty one in its place.
fn put_back(dir: &Path) -> Result<(), StoreError> {
    let old = beside(dir, "before-compacting");
    if dir.join("head").exists() || dir.join("sled").exists() || !old.join("head").exists() {
        return Ok(());
    }
    // Whoever is between the two moves right now holds the lock.
    let lock = Lock::take(&old)?;
    fs::rename(&old, dir).map_err(|source| StoreError::io("move back", &old, source))?;
    drop(lock);
    Ok(())
}

/// Refuses to make a store, or to say that there is none, beside a copy that `compact` has written in
/// the place of one that is gone.
fn no_copy(dir: &Path) -> Result<(), StoreError> {
    let copy = beside(dir, "compacting");
    if copy.join("head").exists() {
        return Err(StoreError::Beside { dir: dir.to_path_buf(), copy });
    }
    Ok(())
}

/// Reads the end of the log in a thread that may not take longer than `limit`.
fn read_end(database: &Database, head: Option<Head>, limit: Duration) -> Result<Loaded, StoreError> {
    let inside = database.clone();
    let loaded = watched("reading the end of the log", limit, move || load(&inside, head, limit))?;
    let acknowledged = head.map_or(0, |head| head.entries);
    loaded.map_err(|reason| StoreError::Unopenable {
        reason: format!("the end of the log cannot be read ({acknowledged} entries acknowledged): {reason}"),
    })?
}

fn load(database: &Database, head: Option<Head>, limit: Duration) -> Result<Loaded, StoreError> {
    let Some((record, last)) = system(database)? else {
        return match head {
            None if is_empty(database)? => Ok(Loaded {
                record: CommitRecord::new(),
                last: Builder::new(Offset(0), BlockHash::default()).finish(),
                waiting: Waiting::new(Offset(0)),
                runs: Vec::new(),
                fresh: true,
            }),
            None => Err(end_damaged("the record of the last commit is missing")),
            Some(head) => Err(StoreError::CutShort { acknowledged: head.entries, readable: 0 }),
        };
    };
    match head {
        Some(head) => compare(database, &head, &record, &last)?,
        None if record.commits == 0 => {}
        None => return Err(StoreError::Head { reason: "it is missing".to_owned() }),
    }
    check_join(database, &last)?;
    let waiting = read_waiting(database, &record, &last, limit)?;
    Ok(Loaded { runs: runs(database)?, record, last, waiting, fresh: false })
}

/// The record of the last commit and the block being filled.
fn system(database: &Database) -> Result<Option<(CommitRecord, Block)>, StoreError> {
    let read = |key: &str| database.trees.system.get(key).map_err(|error| end_damaged(&error.to_string()));
    let (Some(record), Some(last)) = (read(CommitRecord::KEY)?, read(CommitRecord::LAST)?) else {
        return Ok(None);
    };
    // The format comes first in every version of the record.
    let (format, _) = postcard::take_from_bytes::<u32>(&record).map_err(|_| end_damaged("no format"))?;
    if format > FORMAT {
        return Err(StoreError::Newer { found: format, known: FORMAT });
    }
    let record = postcard::from_bytes(&record).map_err(|_| end_damaged("a record that is not in its format"))?;
    let last = Block::parse(last).map_err(end_damaged)?;
    Ok(Some((record, last)))
}

/// Compares what is there with what was acknowledged.
fn compare(database: &Database, head: &Head, record: &CommitRecord, last: &Block) -> Result<(), StoreError> {
    let readable = last.end().0;
    if readable < head.entries {
        return Err(StoreError::CutShort { acknowledged: head.entries, readable });
    }
    if record.commits < head.commits {
        return Err(StoreError::RolledBack { acknowledged: head.commits, readable: record.commits });
    }
    let agrees = if last.first() == head.block {
        head.agrees_with(last)
    } else {
        let found = database.trees.log.get(head.block.0.to_be_bytes());
        let found = found.map_err(|error| end_damaged(&error.to_string()))?;
        let block = found.and_then(|bytes| pieces::block_in(&database.trees.log, bytes).ok());
        block.is_some_and(|block| head.agrees_with(&block))
    };
    let reason = || "a block that is not the one that was acknowledged".to_owned();
    agrees.then_some(()).ok_or_else(|| StoreError::Damaged { readable: head.block.0, reason: reason() })
}

/// The block being filled follows the last full one.
fn check_join(database: &Database, last: &Block) -> Result<(), StoreError> {
    let log = &database.trees.log;
    let unreadable = |error: sled::Error| end_damaged(&error.to_string());
    let join = match log.last().map_err(unreadable)? {
        None => Some((Offset(0), BlockHash::default())),
        Some((key, _)) => {
            let before = log.get(pieces::first_key(&key)).map_err(unreadable)?;
            let block = before.and_then(|bytes| pieces::block_in(log, bytes).ok());
            block.map(|block| (block.end(), block.hash()))
        }
    };
    if join == Some((last.first(), last.previous())) {
        return Ok(());
    }
    Err(end_damaged("the last block does not follow the one before"))
}

/// The entries no run of the index covers, read once more.
fn read_waiting(
    database: &Database,
    record: &CommitRecord,
    last: &Block,
    limit: Duration,
) -> Result<Waiting, StoreError> {
    let first = Offset(record.indexed);
    let mut waiting = Waiting::new(first);
    for block in Blocks::new(&database.trees.log, last.clone(), first, limit)? {
        for entry in block?.entries() {
            let entry = entry?;
            if entry.offset >= first {
                waiting.add(Marks::of(entry.id, entry.lead));
            }
        }
    }
    Ok(waiting)
}

/// Where each run of the postings begins.
fn runs(database: &Database) -> Result<Vec<u64>, StoreError> {
    let mut runs = Vec::new();
    let mut from: Bound<Vec<u8>> = Bound::Unbounded;
    loop {
        let next = database.trees.postings.range((from, Bound::Unbounded)).next().transpose();
        let damaged = |reason| StoreError::TreeDamaged { part: "postings", reason };
        let Some((key, _)) = next.map_err(|error| damaged(error.to_string()))? else { return Ok(runs) };
        let run = key.first_chunk::<8>().ok_or_else(|| damaged("a key of the wrong length".to_owned()))?;
        let run = u64::from_be_bytes(*run);
        runs.push(run);
        from = Bound::Included((run + 1).to_be_bytes().to_vec());
    }
}

fn is_empty(database: &Database) -> Result<bool, StoreError> {
    let first = database.trees.log.first().map_err(|error| end_damaged(&error.to_string()))?;
    Ok(first.is_none())
}

fn end_damaged(reason: &str) -> StoreError {
    StoreError::TreeDamaged { part: "the end of the log", reason: reason.to_owned() }
}

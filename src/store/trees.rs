//! The parts of the database, what is written to them in one transaction, and how values lie in
//! them: small ones as they are, large ones in pieces.

use sled::transaction::{ConflictableTransactionError, TransactionError, Transactional, TransactionalTree};
use sled::{IVec, Tree};

use super::entry::NewEntry;
use super::error::StoreError;
use super::index::Marks;
use super::quarantine::Quarantined;

/// The most bytes a plain value may have.
pub const VALUE_LIMIT: usize = 8191;
/// The most bytes a key may have: the database keeps up to 257 of them in one page.
pub const KEY_LIMIT: usize = 512;
/// The bytes of one piece of a large value.
const PIECE: usize = 8000;

/// A key and its value.
pub type KeyValue = (Vec<u8>, Vec<u8>);

/// The parts of the store that belong to its callers. Their order is part of format 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TreeName {
    /// Per-lead state.
    State,
    /// Timers by due time.
    Timers,
    /// Actions to hand over.
    Outbox,
    /// Records that could not be taken into the log.
    Quarantine,
    /// The rulebooks that were in force.
    Rulesets,
    /// Single values: the floor, counters.
    Meta,
    /// What was decided, in blocks of lines.
    Decisions,
}

impl TreeName {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::State, Self::Timers, Self::Outbox, Self::Quarantine, Self::Rulesets, Self::Meta, Self::Decisions];

    /// Its name, in the database and in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Timers => "timers",
            Self::Outbox => "outbox",
            Self::Quarantine => "quarantine",
            Self::Rulesets => "rulesets",
            Self::Meta => "meta",
            Self::Decisions => "decisions",
        }
    }
}

/// All that one commit writes: entries for the log, changes of other trees, records for
/// quarantine. It happens as a whole or not at all.
#[derive(Debug, Default)]
pub struct Batch<'a> {
    pub(crate) entries: Vec<(NewEntry<'a>, Marks)>,
    pub(crate) changes: Vec<Change>,
    pub(crate) quarantine: Vec<Quarantined>,
}

/// A change of one value.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub tree: TreeName,
    pub key: Vec<u8>,
    /// `None` deletes.
    pub value: Option<Vec<u8>>,
    pub may_be_large: bool,
}

impl<'a> Batch<'a> {
    /// A batch that does nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether it does nothing.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.changes.is_empty() && self.quarantine.is_empty()
    }

    /// Appends an entry to the log.
    pub fn append(&mut self, entry: NewEntry<'a>) -> &mut Self {
        self.append_marked(entry, Marks::of(entry.id, entry.lead))
    }

    /// The same where the marks of its id and its lead are known.
    pub(crate) fn append_marked(&mut self, entry: NewEntry<'a>, marks: Marks) -> &mut Self {
        self.entries.push((entry, marks));
        self
    }

    /// Sets a value of at most [`VALUE_LIMIT`] bytes; a larger one makes the commit fail.
    pub fn put(&mut self, tree: TreeName, key: &[u8], value: impl Into<Vec<u8>>) -> &mut Self {
        self.change(tree, key, Some(value.into()), false)
    }

    /// Sets a value of any size.
    pub fn put_large(&mut self, tree: TreeName, key: &[u8], value: impl Into<Vec<u8>>) -> &mut Self {
        self.change(tree, key, Some(value.into()), true)
    }

    /// Deletes a value, of any size.
    pub fn delete(&mut self, tree: TreeName, key: &[u8]) -> &mut Self {
        self.change(tree, key, None, true)
    }

    /// Puts a record into quarantine.
    pub fn quarantine(&mut self, record: Quarantined) -> &mut Self {
        self.quarantine.push(record);
        self
    }

    fn change(&mut self, tree: TreeName, key: &[u8], value: Option<Vec<u8>>, may_be_large: bool) -> &mut Self {
        self.changes.push(Change { tree, key: key.to_vec(), value, may_be_large });
        self
    }
}

/// The database's trees.
#[derive(Clone, Debug)]
pub(crate) struct Trees {
    /// Whole blocks, by first offset; large ones in pieces.
    pub log: Tree,
    /// Ids seen, in runs.
    pub ids: Tree,
    /// Places of each lead's entries, in runs.
    pub postings: Tree,
    /// The commit record and the last block of the log.
    pub system: Tree,
    /// Pieces of large values.
    pub pieces: Tree,
    named: [Tree; 7],
}

/// What a commit writes beside the callers' changes.
#[derive(Debug, Default)]
pub(crate) struct LogWrites {
    pub blocks: Vec<(Vec<u8>, IVec)>,
    pub ids: Vec<KeyValue>,
    pub postings: Vec<KeyValue>,
    pub system: Vec<(&'static str, IVec)>,
}

impl Trees {
    /// Opens, and in a new store makes, every tree.
    pub fn open(db: &sled::Db) -> sled::Result<Self> {
        let [state, timers, outbox, quarantine, rulesets, meta, decisions] =
            TreeName::ALL.map(|tree| db.open_tree(tree.name()));
        Ok(Self {
            log: db.open_tree("log")?,
            ids: db.open_tree("ids")?,
            postings: db.open_tree("postings")?,
            system: db.open_tree("system")?,
            pieces: db.open_tree("pieces")?,
            named: [state?, timers?, outbox?, quarantine?, rulesets?, meta?, decisions?],
        })
    }

    /// One of the callers' trees.
    pub fn named(&self, name: TreeName) -> &Tree {
        let [state, timers, outbox, quarantine, rulesets, meta, decisions] = &self.named;
        match name {
            TreeName::State => state,
            TreeName::Timers => timers,
            TreeName::Outbox => outbox,
            TreeName::Quarantine => quarantine,
            TreeName::Rulesets => rulesets,
            TreeName::Meta => meta,
            TreeName::Decisions => decisions,
        }
    }

    /// Writes everything in one transaction over all trees concerned.
    pub fn write(&self, log: &LogWrites, changes: &[Change]) -> Result<(), StoreError> {
        let mut names: Vec<TreeName> = changes.iter().map(|change| change.tree).collect();
        names.sort_unstable();
        names.dedup();
        let mut trees = vec![&self.system, &self.pieces, &self.log, &self.ids, &self.postings];
        // A transaction looks after each of its trees, so those without a write stay outside.
        if log.ids.is_empty() {
            trees.truncate(3);
        }
        let fixed = trees.len();
        trees.extend(names.iter().map(|name| self.named(*name)));
        let outcome = trees.as_slice().transaction(|views| {
            write_log(views, log)?;
            for change in changes {
                let place = names.binary_search(&change.tree).ok().and_then(|at| views.get(fixed + at));
                if let (Some(tree), Some(pieces)) = (place, views.get(1)) {
                    write_change(tree, pieces, change)?;
                }
            }
            Ok::<(), ConflictableTransactionError<()>>(())
        });
        outcome.map_err(|error| match error {
            TransactionError::Storage(error) => StoreError::from_sled(&error),
            TransactionError::Abort(()) => StoreError::Stopped { reason: "the transaction was given up".to_owned() },
        })
    }

    /// The value at a key.
    pub fn get(&self, name: TreeName, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(raw) = self.named(name).get(key).map_err(|error| damaged(name, &error.to_string()))? else {
            return Ok(None);
        };
        self.assemble(name, key, &raw).map(Some)
    }

    /// A value, whole, from what lies at its key.
    pub fn assemble(&self, name: TreeName, key: &[u8], raw: &[u8]) -> Result<Vec<u8>, StoreError> {
        let short = || damaged(name, "a value that is not in its format");
        match raw.split_first().ok_or_else(short)? {
            (0, value) => Ok(value.to_vec()),
            (1, rest) => {
                let (count, sum) = rest.split_first_chunk::<4>().ok_or_else(short)?;
                let mut value = Vec::new();
                for piece in 0..u32::from_be_bytes(*count) {
                    let found = self.pieces.get(piece_key(name, key, piece));
                    let found = found.map_err(|error| damaged(name, &error.to_string()))?;
                    value.extend_from_slice(&found.ok_or_else(|| damaged(name, "a piece of a value is missing"))?);
                }
                let right = blake3::hash(&value).as_bytes().get(..16) == Some(sum);
                right.then_some(value).ok_or_else(|| damaged(name, "a value whose checksum is wrong"))
            }
            _ => Err(short()),
        }
    }
}

/// Refuses a change whose key is too large, or whose value is and may not be split.
pub(crate) fn check_value(change: &Change) -> Result<(), StoreError> {
    if change.key.len() > KEY_LIMIT {
        return Err(StoreError::ValueTooLarge { bytes: change.key.len(), limit: KEY_LIMIT });
    }
    let bytes = change.value.as_ref().map_or(0, Vec::len);
    if bytes > VALUE_LIMIT && !change.may_be_large {
        return Err(StoreError::ValueTooLarge { bytes, limit: VALUE_LIMIT });
    }
    Ok(())
}

type TxResult = Result<(), ConflictableTransactionError<()>>;

fn write_log(views: &[TransactionalTree], log: &LogWrites) -> TxResult {
    if let Some(system) = views.first() {
        for (key, value) in &log.system {
            system.insert(key.as_bytes(), value.clone())?;
        }
    }
    if let Some(blocks) = views.get(2) {
        for (key, value) in &log.blocks {
            blocks.insert(key.as_slice(), value.clone())?;
        }
    }
    if log.ids.is_empty() {
        return Ok(());
    }
    for (at, records) in [(3, &log.ids), (4, &log.postings)] {
        if let Some(tree) = views.get(at) {
            for (key, value) in records {
                tree.insert(key.as_slice(), value.as_slice())?;
            }
        }
    }
    Ok(())
}

fn write_change(tree: &TransactionalTree, pieces: &TransactionalTree, change: &Change) -> TxResult {
    let mut written = 0;
    let before = match &change.value {
        None => tree.remove(change.key.as_slice())?,
        Some(value) if value.len() <= VALUE_LIMIT => {
            let mut raw = Vec::with_capacity(value.len() + 1);
            raw.push(0);
            raw.extend_from_slice(value);
            tree.insert(change.key.as_slice(), raw)?
        }
        Some(value) => {
            for piece in value.chunks(PIECE) {
                pieces.insert(piece_key(change.tree, &change.key, written), piece)?;
                written += 1;
            }
            let mut raw = vec![1];
            raw.extend_from_slice(&written.to_be_bytes());
            raw.extend_from_slice(blake3::hash(value).as_bytes().get(..16).unwrap_or_default());
            tree.insert(change.key.as_slice(), raw)?
        }
    };
    for piece in written..before.as_deref().map_or(0, pieces_of) {
        pieces.remove(piece_key(change.tree, &change.key, piece))?;
    }
    Ok(())
}

/// How many pieces the value at a key has.
fn pieces_of(raw: &[u8]) -> u32 {
    let count = raw.strip_prefix(&[1]).and_then(|rest| rest.first_chunk::<4>());
    count.map_or(0, |count| u32::from_be_bytes(*count))
}

fn piece_key(tree: TreeName, key: &[u8], piece: u32) -> Vec<u8> {
    let mut out = vec![tree as u8];
    out.extend_from_slice(key);
    out.extend_from_slice(&piece.to_be_bytes());
    out
}

fn damaged(tree: TreeName, reason: &str) -> StoreError {
    StoreError::TreeDamaged { part: tree.name(), reason: reason.to_owned() }
}

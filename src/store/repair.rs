//! Recovers a damaged store into a new one. The log is not read through the database, which may not
//! open or drop more than is damaged, but searched for in its file: blocks carry their own place,
//! checksum and the hash of the block before, so the right ones can be told and put in order.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use super::block::{Block, BlockHash, LIMIT};
use super::commit::CommitRecord;
use super::copy::COPIED;
use super::database::Database;
use super::error::StoreError;
use super::files::{self, Lock};
use super::head::Head;
use super::keys::Keys;
use super::quarantine;
use super::read::Walk;
use super::scattered::{PREFIX, Scattered};
use super::target::{self, Target};
use super::trees::{Batch, TreeName};
use super::{Store, StoreOptions, scattered};
use crate::timestamp::Timestamp;

/// How much of the file is searched at a time.
const WINDOW: usize = 8 << 20;

/// What a repair brought over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repaired {
    /// Entries recovered: the first so many of the log.
    pub recovered: u64,
    /// Entries that were acknowledged and could not be recovered.
    pub lost: u64,
    /// Whether `lost` is all there was: without a head file, entries may be missing that left no
    /// trace.
    pub lost_is_certain: bool,
    /// Records in quarantine and rulebooks that were brought over.
    pub values: u64,
    /// Leads whose key was brought over, and leads that were erased.
    pub keys: u64,
    /// Keys that were acknowledged and could not be recovered.
    pub keys_lost: u64,
    /// When the last entry was received that there is a trace of, recovered or not.
    pub last_trace: Option<Timestamp>,
}

impl Repaired {
    /// Whether the log may have had more than was recovered.
    #[must_use]
    pub const fn lost_entries(&self) -> bool {
        self.lost > 0 || !self.lost_is_certain
    }
}

/// A repair whose new store is not finished yet.
#[derive(Debug)]
pub(crate) struct Repairing {
    target: Target,
    /// What was brought over.
    pub repaired: Repaired,
}

impl Repairing {
    /// Where the new store is, for [`StoreOptions::unfinished`] opening.
    pub fn place(&self) -> &Path {
        self.target.place()
    }

    /// Nobody has it open, and nothing is left to do.
    pub fn finish(self) -> Result<Repaired, StoreError> {
        self.target.finish()?;
        Ok(self.repaired)
    }
}

/// A block found in the file.
#[derive(Clone, Debug)]
struct Found {
    offset: u64,
    len: usize,
    /// Where the pieces after the first lie, of a block that lies in pieces.
    pieces: Vec<u64>,
    count: u32,
    previous: BlockHash,
    hash: BlockHash,
    /// When its last entry was received.
    last_received: Timestamp,
    /// It begins with what the head file says was acknowledged last.
    is_head: bool,
    /// How far a chain from here goes: over the head or not, and to which offset.
    reach: (bool, u64),
}

/// All blocks found, by first offset.
type Catalog = BTreeMap<u64, Vec<Found>>;

/// Recovers the store in `dir` into the empty or new folder `to`: the log up to the damage, the
/// keys, the quarantine and the rulebooks. State, timers and outbox follow from the log and are
/// left to be made anew. Nothing in `dir` is changed.
///
/// # Errors
/// Another process holds the store, or the new one cannot be written. Damage is not an error here.
pub fn repair(dir: &Path, to: &Path, options: &StoreOptions) -> Result<Repaired, StoreError> {
    begin_repair(dir, to, options)?.finish()
}

/// The same, with the new store left unfinished.
pub(crate) fn begin_repair(dir: &Path, to: &Path, options: &StoreOptions) -> Result<Repairing, StoreError> {
    if target::is_unfinished(dir) {
        return Err(StoreError::Unfinished { dir: dir.to_path_buf() });
    }
    if !dir.join("sled").exists() {
        return Err(StoreError::Missing { dir: dir.to_path_buf() });
    }
    files::check_free(to)?;
    let _lock = Lock::take(dir)?;
    let target = Target::begin(to)?;
    let head = Head::read(dir).ok().flatten();
    let data = dir.join("sled").join("db");
    let mut catalog = search(&data, head.as_ref())?;
    measure(&mut catalog);
    let chain = chain(&catalog);

    let keys = Keys::read_any(dir)?.salvaged()?;
    let options = StoreOptions { create: true, unfinished: true, fail_sync_at: None, ..options.clone() };
    let syncs = files::Syncs::default();
    let place = target.place();
    keys.copy_to(place, &syncs)?;
    if dir.join(COPIED).exists() {
        syncs.replace(&place.join(COPIED), b"This store was repaired from a copy of another one.\n")?;
    }
    let mut store = Store::open(place, &options)?;
    store.take_blocks(chain.iter().map(|found| read_at(&data, found)))?;
    store.commit(&Batch::new())?;
    let beside = bring_values(dir, place, &mut store, &options);
    let recovered = store.len();
    let traces = catalog.iter().flat_map(|(first, list)| list.iter().map(move |found| first + u64::from(found.count)));
    let known = head.map_or_else(|| traces.max().unwrap_or(0), |head| head.entries);
    let keys_known = [head.and_then(|head| head.keys), beside.keys, Some(keys.seen())].into_iter().flatten().max();
    let last_trace = catalog.values().flatten().map(|found| found.last_received).max();
    let repaired = Repaired {
        recovered,
        lost: known.saturating_sub(recovered),
        lost_is_certain: head.is_some(),
        values: beside.values,
        keys: keys.of_leads(),
        keys_lost: keys_known.unwrap_or(0).saturating_sub(keys.count()),
        last_trace,
    };
    Ok(Repairing { target, repaired })
}

/// Finds every block in the file, whole ones only.
fn search(path: &Path, head: Option<&Head>) -> Result<Catalog, StoreError> {
    let mut catalog = Catalog::new();
    let Ok(mut file) = File::open(path) else { return Ok(catalog) };
    let io = |source| StoreError::io("read", path, source);
    let finder = memchr::memmem::Finder::new(&PREFIX);
    let mut scattered = Scattered::default();
    let mut window = Vec::new();
    let mut start = 0_u64;
    loop {
        let read = file.by_ref().take((WINDOW - window.len()) as u64).read_to_end(&mut window).map_err(io)?;
        let at_end = read == 0;
        // A block that begins near the end of the window is left for the next one.
        let done = if at_end { window.len() } else { window.len().saturating_sub(LIMIT) };
        for place in finder.find_iter(&window).take_while(|place| *place < done) {
            let bytes = window.get(place..).unwrap_or_default();
            match Block::parse_prefix(bytes) {
                Some(block) if block.count() > 0 => {
                    note(&mut catalog, &block, (start + place as u64, Vec::new()), head);
                }
                Some(_) => {}
                None => scattered.note(bytes, start + place as u64),
            }
        }
        if at_end {
            for (block, offset, pieces) in scattered.blocks(&mut file) {
                note(&mut catalog, &block, (offset, pieces), head);
            }
            return Ok(catalog);
        }
        window.drain(..done);
        start += done as u64;
    }
}

fn note(catalog: &mut Catalog, block: &Block, (offset, pieces): (u64, Vec<u64>), head: Option<&Head>) {
    let list = catalog.entry(block.first().0).or_default();
    if list.iter().any(|other| other.hash == block.hash()) {
        return;
    }
    list.push(Found {
        offset,
        len: block.bytes().len(),
        pieces,
        count: block.count(),
        previous: block.previous(),
        hash: block.hash(),
        last_received: block.entries().flatten().map(|entry| entry.received_at).last().unwrap_or(Timestamp(0)),
        is_head: head.is_some_and(|head| head.agrees_with(block) || head.begins_after(block)),
        reach: (false, 0),
    });
}

/// Works out from the end how far each block leads: an abandoned block of a commit that was never
/// finished leads nowhere.
fn measure(catalog: &mut Catalog) {
    let firsts: Vec<u64> = catalog.keys().rev().copied().collect();
    for first in firsts {
        let list = catalog.get(&first).cloned().unwrap_or_default();
        let measured = list.into_iter().map(|found| {
            let end = first + u64::from(found.count);
            let next = successor(catalog, end, found.hash);
            let (over_head, reach) = next.map_or((false, end), |next| next.reach);
            Found { reach: (over_head || found.is_head, reach), ..found }
        });
        let measured = measured.collect();
        catalog.insert(first, measured);
    }
}

fn successor(catalog: &Catalog, first: u64, previous: BlockHash) -> Option<&Found> {
    let list = catalog.get(&first)?;
    list.iter().filter(|found| found.previous == previous).max_by_key(|found| found.reach)
}

/// The blocks of the log, from its beginning to the damage.
fn chain(catalog: &Catalog) -> Vec<Found> {
    let mut chain = Vec::new();
    let (mut first, mut previous) = (0, BlockHash::default());
    while let Some(found) = successor(catalog, first, previous) {
        first += u64::from(found.count);
        previous = found.hash;
        chain.push(found.clone());
    }
    chain
}

fn read_at(path: &Path, found: &Found) -> Result<Block, StoreError> {
    let io = |source| StoreError::io("read", path, source);
    let mut file = File::open(path).map_err(io)?;
    let block = if found.pieces.is_empty() {
        file.seek(SeekFrom::Start(found.offset)).map_err(io)?;
        let mut bytes = vec![0; found.len];
        file.read_exact(&mut bytes).map_err(io)?;
        Block::parse(bytes.into())
    } else {
        scattered::block_at(&mut file, found.offset, &found.pieces).ok_or("a block that has lost a piece")
    };
    block.map_err(|reason| StoreError::Unopenable { reason: reason.to_owned() })
}

/// What lies beside the log.
#[derive(Default)]
struct Beside {
    /// What was brought over of it.
    values: u64,
    /// How many keys the database knows of.
    keys: Option<u64>,
}

/// Brings over what lies beside the log, as far as the database still gives it: from a copy, since
/// opening a damaged database changes it.
fn bring_values(dir: &Path, to: &Path, store: &mut Store, options: &StoreOptions) -> Beside {
    let scratch = to.join("scratch");
    let copied = copy_folder(&dir.join("sled"), &scratch);
    let database = copied.and_then(|()| Database::open(&scratch, options.cache_capacity, options.watchdog));
    let mut brought = Beside::default();
    if let Ok(database) = database {
        for tree in [TreeName::Quarantine, TreeName::Rulesets] {
            brought.values += bring_tree(&database, tree, store, options).unwrap_or(0);
        }
        let record = super::guard::guarded(|| database.trees.system.get(CommitRecord::KEY));
        let record = record.ok().and_then(Result::ok).flatten();
        brought.keys = record.and_then(|record| CommitRecord::decode(&record)).map(|record| record.keys);
    }
    // What is left of the copy is only in the way; the repair stands without its removal.
    let _ = fs::remove_dir_all(&scratch);
    brought
}

fn bring_tree(
    database: &Database,
    tree: TreeName,
    store: &mut Store,
    options: &StoreOptions,
) -> Result<u64, StoreError> {
    let mut walk = Walk::new(database.trees.named(tree), std::ops::Bound::Unbounded, options.watchdog)?;
    let mut brought = 0;
    while let Ok(Some((key, raw))) = walk.next() {
        let value = super::guard::guarded(|| database.trees.assemble(tree, &key, &raw));
        let Ok(Ok(value)) = value else { continue };
        let mut batch = Batch::new();
        batch.put_large(tree, &key, value);
        if tree == TreeName::Quarantine
            && let Ok(number) = quarantine::number_of(&key)
        {
            store.record.quarantined = store.record.quarantined.max(number + 1);
        }
        store.commit(&batch)?;
        brought += 1;
    }
    Ok(brought)
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), StoreError> {
    files::private_dir(to)?;
    for path in files::list(from)? {
        let Some(name) = path.file_name() else { continue };
        if path.is_dir() {
            copy_folder(&path, &to.join(name))?;
        } else {
            fs::copy(&path, to.join(name)).map_err(|source| StoreError::io("copy", &path, source))?;
        }
    }
    Ok(())
}

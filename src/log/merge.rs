//! Blocks put together: duplicates and conflicts found, entries in order of arrival, leads and
//! accounts numbered by first appearance.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry as Place;

use super::chunk::{Key, Parsed};
use super::names::Names;
use super::{LogEntry, NONE};
use crate::crew::Crew;
use crate::event::LeadId;

/// Ids are told apart by so many shards, so that the table of each stays small.
const SHARDS: usize = 256;

/// An entry before it has its number: the block, and the position in it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot {
    pub(super) block: u32,
    pub(super) entry: u32,
}

/// What comes of comparing ids.
#[derive(Default)]
pub(super) struct Repeats {
    pub(super) duplicates: u64,
    /// Later records with the id of an earlier one and other content, each with that one.
    pub(super) conflicts: Vec<(Spot, Spot)>,
    /// Duplicates and conflicts, in order.
    pub(super) dropped: Vec<Spot>,
}

/// Finds the records whose id was there before. Of records with the same content the first to
/// arrive stays.
pub(super) fn repeats(blocks: &[Parsed], crew: &Crew) -> Repeats {
    let keys = |block: usize| blocks.get(block).map_or(&[][..], |block| &block.keys);
    let sorted = crew.numbered(blocks.len(), |block| ByShard::new(keys(block)));
    let mut all = Repeats::default();
    for shard in crew.numbered(SHARDS, |shard| in_shard(blocks, &sorted, shard)) {
        all.duplicates += shard.duplicates;
        all.conflicts.extend(shard.conflicts);
        all.dropped.extend(shard.dropped);
    }
    all.conflicts.sort_unstable();
    all.dropped.sort_unstable();
    all
}

/// The entries of one block, grouped by shard, in order within each.
struct ByShard {
    entries: Vec<(Key, u32)>,
    starts: Vec<u32>,
}

impl ByShard {
    fn new(keys: &[Key]) -> Self {
        let mut starts = vec![0_u32; SHARDS + 1];
        for key in keys {
            if let Some(count) = starts.get_mut(shard_of(*key) + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut next = starts.clone();
        let mut entries = vec![(Key { id: 0, content: 0 }, 0); keys.len()];
        for (i, key) in keys.iter().enumerate() {
            if let Some(place) = next.get_mut(shard_of(*key)) {
                if let Some(entry) = entries.get_mut(*place as usize) {
                    *entry = (*key, i as u32);
                }
                *place += 1;
            }
        }
        Self { entries, starts }
    }

    fn of(&self, shard: usize) -> &[(Key, u32)] {
        let (Some(start), Some(end)) = (self.starts.get(shard), self.starts.get(shard + 1)) else { return &[] };
        self.entries.get(*start as usize..*end as usize).unwrap_or_default()
    }
}

/// The middle bits: the table within a shard uses the low and the high ones.
fn shard_of(key: Key) -> usize {
    (key.id >> 32) as usize % SHARDS
}

/// An id seen before.
struct Seen {
    key: Key,
    /// The record that stands in a message about a conflict.
    first: Spot,
    /// The record that stays.
    kept: Spot,
}

fn in_shard(blocks: &[Parsed], sorted: &[ByShard], shard: usize) -> Repeats {
    let mut found = Repeats::default();
    let expected = sorted.iter().map(|block| block.of(shard).len()).sum();
    let mut table: HashTable<Seen> = HashTable::with_capacity(expected);
    for (block, by_shard) in sorted.iter().enumerate() {
        for (key, entry) in by_shard.of(shard) {
            let spot = Spot { block: block as u32, entry: *entry };
            let same = |seen: &Seen| seen.key.id == key.id && id(blocks, seen.first) == id(blocks, spot);
            match table.entry(key.id, same, |seen| seen.key.id) {
                Place::Vacant(free) => {
                    free.insert(Seen { key: *key, first: spot, kept: spot });
                }
                Place::Occupied(mut seen) => found.note(blocks, seen.get_mut(), *key, spot),
            }
        }
    }
    found
}

impl Repeats {
    fn note(&mut self, blocks: &[Parsed], seen: &mut Seen, key: Key, spot: Spot) {
        if seen.key.content != key.content {
            self.conflicts.push((spot, seen.first));
            self.dropped.push(spot);
            return;
        }
        self.duplicates += 1;
        let received = |spot| entry(blocks, spot).map(|entry| entry.received_at);
        if received(spot) < received(seen.kept) {
            self.dropped.push(std::mem::replace(&mut seen.kept, spot));
        } else {
            self.dropped.push(spot);
        }
    }
}

fn entry(blocks: &[Parsed], spot: Spot) -> Option<&LogEntry> {
    blocks.get(spot.block as usize)?.entries.get(spot.entry as usize)
}

/// The id of a record.
pub(super) fn id(blocks: &[Parsed], spot: Spot) -> &str {
    entry(blocks, spot)
        .zip(blocks.get(spot.block as usize))
        .and_then(|(entry, block)| block.chunk.texts.get(entry.id as usize..)?.get(..usize::from(entry.id_len)))
        .unwrap_or("")
}

/// Entries, leads and accounts of a whole log.
pub(super) struct Merged {
    pub(super) entries: Vec<LogEntry>,
    pub(super) leads: Names,
    pub(super) accounts: Names,
}

/// Puts the entries that stay into order of arrival.
pub(super) fn entries(blocks: &[Parsed], dropped: &[Spot], crew: &Crew) -> Merged {
    let count: usize = blocks.iter().map(|block| block.entries.len()).sum();
    let (mut leads, mut accounts) = (Names::default(), Names::default());
    let mut entries = Vec::with_capacity(count - dropped.len().min(count));
    let mut dropped = dropped.iter().peekable();
    for (i, block) in blocks.iter().enumerate() {
        let lead_ids: Vec<u32> = block.leads.iter().map(|(name, hash)| leads.intern(name, hash)).collect();
        let account_ids: Vec<u32> = block.accounts.iter().map(|(name, hash)| accounts.intern(name, hash)).collect();
        for (j, entry) in block.entries.iter().enumerate() {
            if dropped.next_if_eq(&&Spot { block: i as u32, entry: j as u32 }).is_some() {
                continue;
            }
            entries.push(LogEntry {
                lead: LeadId(*lead_ids.get(entry.lead.0 as usize).unwrap_or(&0)),
                account: *account_ids.get(entry.account as usize).unwrap_or(&NONE),
                chunk: i as u32,
                ..*entry
            });
        }
    }
    if !entries.is_sorted_by_key(|entry| entry.received_at) {
        crew.sort_by(&mut entries, |a, b| a.received_at.cmp(&b.received_at));
    }
    let leads = renumber(&leads, entries.iter_mut().map(|entry| &mut entry.lead.0));
    let accounts = renumber(&accounts, entries.iter_mut().map(|entry| &mut entry.account));
    Merged { entries, leads, accounts }
}

/// Numbers names by their first use; names without use go.
fn renumber<'e>(names: &Names, uses: impl Iterator<Item = &'e mut u32>) -> Names {
    let mut renumbered = Names::default();
    let mut new = vec![NONE; names.len()];
    let hashed: Vec<(&str, u64)> = names.iter().collect();
    for place in uses {
        let Some(number) = new.get_mut(*place as usize) else { continue };
        if *number == NONE
            && let Some((name, hash)) = hashed.get(*place as usize)
        {
            *number = renumbered.intern(name, *hash);
        }
        *place = *number;
    }
    renumbered
}

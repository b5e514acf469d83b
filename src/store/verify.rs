//! The full check of a store: every block, every entry, the index against the log, every value.
//! Used by `store verify`, and after a backup.

use std::ops::Bound;
use std::path::Path;

use super::entry::Offset;
use super::error::StoreError;
use super::index::{Ids, Postings, hash, id_of};
use super::read::Walk;
use super::trees::TreeName;
use super::{Store, StoreOptions};

/// What a full check found to be whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Entries of the log.
    pub entries: u64,
    /// Blocks they lie in.
    pub blocks: u64,
    /// Values beside the log.
    pub values: u64,
}

/// Checks the whole store in `dir`; the first thing found wrong is the error. Never panics, and
/// never takes longer than the watchdog for one step.
///
/// # Errors
/// As for [`Store::open`], and any damage.
pub fn verify(dir: &Path, options: &StoreOptions) -> Result<Verified, StoreError> {
    Store::open(dir, &StoreOptions { create: false, ..options.clone() })?.verify()
}

/// Sums over the places of leads, in whatever order they come.
#[derive(Default, PartialEq, Eq)]
struct Places {
    count: u64,
    mix: u64,
}

impl Places {
    fn add(&mut self, lead: u32, place: u32) {
        self.count += 1;
        let pair = (u64::from(lead) << 32) | u64::from(place);
        // Multiplied, so that two wrong places are unlikely to make up for each other.
        self.mix ^= pair.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    }
}

impl Store {
    /// Checks the whole store.
    ///
    /// # Errors
    /// The first damage found.
    pub fn verify(&self) -> Result<Verified, StoreError> {
        let mut found = Verified::default();
        let indexed = self.waiting.first();
        let mut ids = Vec::new();
        let mut places = Places::default();
        for block in self.blocks(Offset(0))? {
            let block = block?;
            found.blocks += 1;
            for entry in block.entries() {
                let entry = entry?;
                found.entries += 1;
                if entry.offset < indexed {
                    ids.push(id_of(&entry));
                    if !entry.lead.is_empty() {
                        places.add(hash(entry.lead), entry.offset.0 as u32);
                    }
                }
            }
        }
        if found.entries != self.len() {
            return Err(StoreError::CutShort { acknowledged: self.len(), readable: found.entries });
        }
        self.verify_ids(&ids)?;
        self.verify_postings(&places)?;
        for tree in TreeName::ALL {
            found.values += self.verify_tree(tree)?;
        }
        Ok(found)
    }

    fn verify_ids(&self, ids: &[u32]) -> Result<(), StoreError> {
        let mut table = Ids::default();
        let mut walk = self.walk_tree(&self.database.trees.ids)?;
        while let Some((key, value)) = walk.next().map_err(|trouble| trouble.of_tree("ids", self.watchdog))? {
            let at = table.len();
            table.load(&key, &value)?;
            let written = value.as_chunks::<4>().0.iter().map(|id| u32::from_be_bytes(*id));
            if !written.eq(ids.iter().skip(at).take(value.len() / 4).copied()) {
                let reason = "ids that are not those of the log".to_owned();
                return Err(StoreError::TreeDamaged { part: "ids", reason });
            }
        }
        if table.len() == ids.len() {
            return Ok(());
        }
        let reason = format!("the ids after entry {} are missing", table.len());
        Err(StoreError::TreeDamaged { part: "ids", reason })
    }

    fn verify_postings(&self, expected: &Places) -> Result<(), StoreError> {
        let mut places = Places::default();
        let mut walk = self.walk_tree(&self.database.trees.postings)?;
        while let Some((key, value)) = walk.next().map_err(|trouble| trouble.of_tree("postings", self.watchdog))? {
            for (lead, place) in Postings::parse(&key, &value)?.all() {
                places.add(lead, place);
            }
        }
        if places == *expected {
            return Ok(());
        }
        let reason = "places that are not those of the log".to_owned();
        Err(StoreError::TreeDamaged { part: "postings", reason })
    }

    fn verify_tree(&self, tree: TreeName) -> Result<u64, StoreError> {
        let mut values = 0;
        let mut walk = self.walk_tree(self.database.trees.named(tree))?;
        while let Some((key, raw)) = walk.next().map_err(|trouble| trouble.of_tree(tree.name(), self.watchdog))? {
            let whole = super::guard::guarded(|| self.database.trees.assemble(tree, &key, &raw));
            whole.map_err(|reason| StoreError::TreeDamaged { part: tree.name(), reason })??;
            values += 1;
        }
        Ok(values)
    }

    pub(super) fn walk_tree(&self, tree: &sled::Tree) -> Result<Walk, StoreError> {
        Walk::new(tree, Bound::Unbounded, self.watchdog)
    }
}

//! Copies of a whole store into a new folder: a backup, and a compacted store without what was
//! deleted or replaced.

use std::path::{Path, PathBuf};

use super::block::Block;
use super::entry::Offset;
use super::error::StoreError;
use super::files;
use super::guard::guarded;
use super::target::{self, Target};
use super::trees::{Batch, TreeName};
use super::verify::Verified;
use super::{Store, StoreOptions};

/// How many blocks or values are copied in one commit.
const HANDFUL: usize = 128;
/// About how many bytes of blocks, since a block of one large entry has no more than that.
const AT_ONCE: usize = 8 << 20;
/// The file that says that a store is a copy which another may have outlived.
pub(super) const COPIED: &str = "copied";

impl Store {
    /// Copies the store into the empty or new folder `to` and checks the copy, for as long as this one is the
    /// store: nothing is handed over from the copy.
    ///
    /// # Errors
    /// Something is in the folder, it cannot be written, or this store is damaged.
    pub fn copy(&self, to: &Path) -> Result<Verified, StoreError> {
        self.copy_marked(to, self.is_copy())
    }

    /// The same to take the place of this one some day. The copy knows what it is: this store may have handed
    /// over more by then than the copy has heard of.
    ///
    /// # Errors
    /// As [`Store::copy`].
    pub fn backup(&self, to: &Path) -> Result<Verified, StoreError> {
        self.copy_marked(to, true)
    }

    fn copy_marked(&self, to: &Path, is_backup: bool) -> Result<Verified, StoreError> {
        let target = Target::begin(to)?;
        let place = target.place();
        if is_backup {
            self.syncs.replace(&place.join(COPIED), b"This store is a copy of another one.\n")?;
        }
        self.keys.copy_to(place, &self.syncs)?;
        let options = StoreOptions { watchdog: self.watchdog, unfinished: true, ..StoreOptions::default() };
        let mut copy = Self::open(place, &options)?;
        copy.record.quarantined = self.record.quarantined;
        copy.take_blocks(self.blocks(Offset(0))?)?;
        for tree in TreeName::ALL {
            self.copy_tree(tree, &mut copy)?;
        }
        copy.commit(&Batch::new())?;
        let whole = copy.verify()?;
        drop(copy);
        target.finish()?;
        Ok(whole)
    }

    /// Writes the store anew into the empty or new folder `to`, without the room that deleted and
    /// replaced values take up.
    ///
    /// # Errors
    /// As [`Store::copy`].
    pub fn compact(&self, to: &Path) -> Result<Verified, StoreError> {
        self.copy(to)
    }

    /// [`Store::compact`] into a folder beside this one, which then takes the place of it. Returns
    /// what was checked, and the bytes of the new files.
    ///
    /// # Errors
    /// As [`Store::compact`], or another process hands over; the store is as it was. Where the last step fails, the error names the
    /// folder that holds it.
    pub fn compact_in_place(self) -> Result<(Verified, u64), StoreError> {
        let dir = self.dir.clone();
        let (fresh, old) = (beside(&dir, "compacting"), beside(&dir, "before-compacting"));
        if old.exists() {
            return Err(StoreError::Occupied { dir: old });
        }
        // Who hands over with the store closed comes back to this folder. Nobody begins to while it is open.
        drop(self.alone()?);
        // What an earlier attempt left is only in the way.
        if fresh.join("lock").exists() {
            target::remove(&fresh)?;
        }
        let whole = self.compact(&fresh)?;
        // The lock goes with the old folder; nobody opens what is about to be removed.
        let Self { database, _lock, .. } = self;
        drop(database);
        std::fs::rename(&dir, &old).map_err(|source| StoreError::io("move", &dir, source))?;
        if let Err(source) = std::fs::rename(&fresh, &dir) {
            std::fs::rename(&old, &dir).map_err(|source| StoreError::io("move back", &old, source))?;
            return Err(StoreError::io("move", &fresh, source));
        }
        if let Some(parent) = dir.parent() {
            files::Syncs::default().sync_dir(parent)?;
        }
        std::fs::remove_dir_all(&old).map_err(|source| StoreError::io("remove", &old, source))?;
        Ok((whole, files::size(&dir)?))
    }

    /// Appends the entries of whole blocks as they are.
    pub(super) fn take_blocks(
        &mut self,
        blocks: impl Iterator<Item = Result<Block, StoreError>>,
    ) -> Result<(), StoreError> {
        let mut blocks = blocks.peekable();
        while blocks.peek().is_some() {
            let (mut handful, mut bytes) = (Vec::new(), 0);
            while handful.len() < HANDFUL && bytes < AT_ONCE {
                let Some(block) = blocks.next().transpose()? else { break };
                bytes += block.bytes().len();
                handful.push(block);
            }
            let mut batch = Batch::new();
            for entry in handful.iter().flat_map(Block::entries) {
                batch.append(entry?.as_new());
            }
            let result = self.commit_checked(&batch, false);
            self.stopping(result)?;
        }
        Ok(())
    }

    pub(super) fn copy_tree(&self, tree: TreeName, copy: &mut Self) -> Result<(), StoreError> {
        let mut walk = self.walk_tree(self.database.trees.named(tree))?;
        let mut batch = Batch::new();
        while let Some((key, raw)) = walk.next().map_err(|trouble| trouble.of_tree(tree.name(), self.watchdog))? {
            let value = guarded(|| self.database.trees.assemble(tree, &key, &raw));
            let value = value.map_err(|reason| StoreError::TreeDamaged { part: tree.name(), reason })??;
            batch.put_large(tree, &key, value);
            if batch.changes.len() == HANDFUL {
                copy.commit(&batch)?;
                batch = Batch::new();
            }
        }
        copy.commit(&batch).map(drop)
    }
}

/// A folder beside another one: `.ensue.compacting` beside `.ensue`.
pub(super) fn beside(dir: &Path, word: &str) -> PathBuf {
    let mut name = dir.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{word}"));
    dir.with_file_name(name)
}

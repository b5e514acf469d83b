//! Copies of a whole store into a new folder: a backup, and a compacted store without what was
//! deleted or replaced.

use std::path::Path;

use super::block::Block;
use super::entry::Sequence;
use super::error::StoreError;
use super::files;
use super::guard::guarded;
use super::trees::{Batch, TreeName};
use super::verify::Verified;
use super::{Options, Store};

/// How many blocks or values are copied in one commit.
const HANDFUL: usize = 128;

impl Store {
    /// Copies the store into the empty or new folder `to` and checks the copy.
    ///
    /// # Errors
    /// Something is in the folder, it cannot be written, or this store is damaged.
    pub fn backup(&self, to: &Path) -> Result<Verified, StoreError> {
        files::fresh_dir(to)?;
        self.keys.copy_to(to, &self.syncs)?;
        let mut copy = Self::open(to, &Options { watchdog: self.watchdog, ..Options::default() })?;
        copy.record.quarantined = self.record.quarantined;
        copy.take_blocks(self.blocks(Sequence(0))?)?;
        for tree in TreeName::ALL {
            self.copy_tree(tree, &mut copy)?;
        }
        copy.commit(&Batch::new())?;
        copy.verify()
    }

    /// Writes the store anew into the empty or new folder `to`, without the room that deleted and
    /// replaced values take up.
    ///
    /// # Errors
    /// As [`Store::backup`].
    pub fn compact(&self, to: &Path) -> Result<Verified, StoreError> {
        self.backup(to)
    }

    /// Appends the entries of whole blocks as they are.
    pub(super) fn take_blocks(
        &mut self,
        blocks: impl Iterator<Item = Result<Block, StoreError>>,
    ) -> Result<(), StoreError> {
        let mut blocks = blocks.peekable();
        while blocks.peek().is_some() {
            let handful: Vec<Block> = blocks.by_ref().take(HANDFUL).collect::<Result<_, _>>()?;
            let entries = handful.iter().flat_map(Block::entries).map(|entry| entry.map(|entry| entry.as_new()));
            let batch = Batch { entries: entries.collect::<Result<_, _>>()?, ..Batch::default() };
            let result = self.commit_checked(&batch, false);
            self.stopping(result)?;
        }
        Ok(())
    }

    fn copy_tree(&self, tree: TreeName, copy: &mut Self) -> Result<(), StoreError> {
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

//! A store written anew with the later part of its log arriving at other moments, which then takes the
//! place of the old one. Used by `store rewind`.

use std::path::{Path, PathBuf};

use super::copy::{COPIED, beside};
use super::entry::{NewEntry, Offset, StoredEntry};
use super::error::StoreError;
use super::files;
use super::target::{self, Target};
use super::trees::{Batch, TreeName};
use super::{Store, StoreOptions};
use crate::timestamp::Timestamp;

/// How many entries are written in one commit, and about how many bytes of them.
const HANDFUL: (usize, usize) = (10_000, 8 << 20);

/// An entry at its new moments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Where it is in the old log.
    pub offset: Offset,
    /// When it happened.
    pub at: Timestamp,
    /// When it arrives.
    pub received_at: Timestamp,
}

/// A store that is written, and not in its place yet.
#[derive(Debug)]
pub struct Rewriting {
    target: Target,
    fresh: PathBuf,
}

impl Rewriting {
    /// Where it is, for [`StoreOptions::unfinished`] opening.
    pub fn place(&self) -> &Path {
        self.target.place()
    }
}

impl Store {
    /// Writes a store beside this one: the first `kept` entries of the log, `own` ones, and `later` ones, with
    /// the keys, the quarantine and the rulebooks. All else follows from the log, and is left to be made anew.
    ///
    /// # Errors
    /// It cannot be written, or this store is damaged.
    pub fn begin_rewriting(&self, kept: u64, own: &[NewEntry<'_>], later: &[Moved]) -> Result<Rewriting, StoreError> {
        let (fresh, aside) = (beside(&self.dir, "rewinding"), beside(&self.dir, "before-rewinding"));
        if aside.exists() {
            return Err(StoreError::Occupied { dir: aside });
        }
        if fresh.join("lock").exists() {
            target::remove(&fresh)?;
        }
        let target = Target::begin(&fresh)?;
        let place = target.place();
        if self.is_copy() {
            self.syncs.replace(&place.join(COPIED), b"This store is a copy of another one.\n")?;
        }
        self.keys.copy_to(place, &self.syncs)?;
        let options = StoreOptions { watchdog: self.watchdog, unfinished: true, ..StoreOptions::default() };
        let mut copy = Self::open(place, &options)?;
        copy.record.quarantined = self.record.quarantined;
        copy.take_entries(self.entries(Offset(0))?.take(kept as usize))?;
        copy.take_entries(own.iter().map(|entry| Ok(stored(entry))))?;
        let moved = |moved: &Moved| {
            let entry = self.entry(moved.offset)?;
            Ok(StoredEntry { at: moved.at, received_at: moved.received_at, ..entry })
        };
        copy.take_entries(later.iter().map(moved))?;
        for tree in [TreeName::Quarantine, TreeName::Rulesets] {
            self.copy_tree(tree, &mut copy)?;
        }
        copy.commit(&Batch::new())?;
        copy.verify()?;
        drop(copy);
        Ok(Rewriting { target, fresh })
    }

    /// Lets a rewritten store take the place of this one, which is kept: the folder it is in from now on.
    ///
    /// # Errors
    /// Another process hands over, or a folder cannot be moved.
    pub fn give_way_to(self, rewriting: Rewriting) -> Result<PathBuf, StoreError> {
        let Rewriting { target, fresh } = rewriting;
        target.finish()?;
        let (dir, aside) = (self.dir.clone(), beside(&self.dir, "before-rewinding"));
        // Should the machine stop between the two moves, whoever opens the store next finds it under this
        // name and puts it back.
        let between = beside(&dir, "before-compacting");
        if between.exists() {
            return Err(StoreError::Occupied { dir: between });
        }
        drop(self.alone()?);
        let Self { database, _lock, .. } = self;
        drop(database);
        let rename =
            |from: &Path, to: &Path| std::fs::rename(from, to).map_err(|source| StoreError::io("move", from, source));
        rename(&dir, &between)?;
        if let Err(error) = rename(&fresh, &dir) {
            rename(&between, &dir)?;
            return Err(error);
        }
        rename(&between, &aside)?;
        files::Syncs::default().sync_dir(files::above(&dir))?;
        Ok(aside)
    }

    fn take_entries(
        &mut self,
        mut entries: impl Iterator<Item = Result<StoredEntry, StoreError>>,
    ) -> Result<(), StoreError> {
        loop {
            let (mut handful, mut bytes) = (Vec::new(), 0);
            while handful.len() < HANDFUL.0 && bytes < HANDFUL.1 {
                let Some(entry) = entries.next().transpose()? else { break };
                bytes += entry.payload.len();
                handful.push(entry);
            }
            if handful.is_empty() {
                return Ok(());
            }
            let mut batch = Batch::new();
            for entry in &handful {
                batch.append(entry.as_new());
            }
            let result = self.commit_checked(&batch, false);
            self.stopping(result)?;
        }
    }
}

fn stored(entry: &NewEntry<'_>) -> StoredEntry {
    StoredEntry {
        offset: Offset(0),
        kind: entry.kind,
        id: entry.id.to_owned(),
        lead: entry.lead.to_owned(),
        account: entry.account.map(str::to_owned),
        ty: entry.ty.to_owned(),
        at: entry.at,
        received_at: entry.received_at,
        payload: entry.payload.to_vec(),
    }
}

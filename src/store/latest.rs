//! How far a store had come when something was last handed over from it, in a file beside its folder. Whoever
//! puts an older copy of the folder in its place leaves that file as it is, and so the copy is known for one.

use std::path::{Path, PathBuf};

use super::copy::beside;
use super::error::StoreError;
use super::{Offset, Store};

/// What the file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Latest {
    /// Which store it is: what its log begins with.
    log: [u8; 16],
    /// How many entries it had.
    entries: u64,
}

impl Latest {
    fn parse(text: &str) -> Option<Self> {
        let (log, entries) = text.trim_end().split_once(' ')?;
        let log = u128::from_str_radix(log, 16).ok()?.to_be_bytes();
        Some(Self { log, entries: entries.parse().ok()? })
    }

    fn write(self, path: &Path) {
        let text = format!("{:032x} {}\n", u128::from_be_bytes(self.log), self.entries);
        let fresh = beside(path, "new");
        // Not synced: what a crash takes with it is as if it had never been there.
        let _ = std::fs::write(&fresh, text).and_then(|()| std::fs::rename(&fresh, path));
    }
}

impl Store {
    fn latest_path(&self) -> Option<PathBuf> {
        // A folder that is the root of a disk, or the present one, has nothing beside it.
        self.dir.file_name().map(|_| beside(&self.dir, "latest"))
    }

    /// `of_its_own` are bytes that no other store has.
    fn latest(&self, of_its_own: &[u8]) -> Result<Option<Latest>, StoreError> {
        if self.is_empty() {
            return Ok(None);
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.with_entry(Offset(0), |entry| entry.content())?.0).update(of_its_own);
        let mut log = [0; 16];
        hasher.finalize_xof().fill(&mut log);
        Ok(Some(Latest { log, entries: self.len() }))
    }

    /// Notes how far the store is. It is a net below `backup` and not more: where the file cannot be written
    /// nothing is lost by that, and a copy that is put back is not known for one.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn note_latest(&self, of_its_own: &[u8]) -> Result<(), StoreError> {
        if let (Some(path), Some(latest)) = (self.latest_path(), self.latest(of_its_own)?) {
            latest.write(&path);
        }
        Ok(())
    }

    /// Marks the store as a copy where it had come further when something was last handed over from its place.
    ///
    /// # Errors
    /// The store cannot be read, or the mark not be written.
    pub(crate) fn find_put_back(&self, of_its_own: &[u8]) -> Result<(), StoreError> {
        let (Some(path), Some(own)) = (self.latest_path(), self.latest(of_its_own)?) else { return Ok(()) };
        let Some(known) = std::fs::read_to_string(&path).ok().as_deref().and_then(Latest::parse) else { return Ok(()) };
        if known.log == own.log && known.entries > own.entries {
            // The file stays as it is until that is taken care of: the same copy may be put back once more.
            self.mark_copy()?;
        }
        Ok(())
    }

    /// Another store takes the place of this one on purpose: the file speaks of that one from now on, which may
    /// have fewer entries and is no older copy.
    pub(crate) fn hand_latest_to(&self, other: &Self, of_its_own: &[u8]) -> Result<(), StoreError> {
        if let (Some(path), Some(latest)) = (self.latest_path(), other.latest(of_its_own)?)
            && path.exists()
        {
            latest.write(&path);
        }
        Ok(())
    }
}

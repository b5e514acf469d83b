//! Whose turn it is with a store, beside the lock that one process has at a time: who hands over from
//! it, and may close it meanwhile, and whether somebody waits for it.

use std::fs::{File, OpenOptions};
use std::path::Path;

use super::Store;
use super::error::StoreError;
use super::files::{self, Lock, NotLocked};

/// Locked by whoever hands over.
const HANDING: &str = "handing";
/// Locked by all who wait, together.
const WANTED: &str = "wanted";

/// As long as this lives no other process hands over from a store, whether the store is open or not.
///
/// INVARIANT: it is taken while the store is open, so whoever has the store open and has had this knows
/// that nobody else has it: `compact` may move the folder, and an intent may be judged.
#[derive(Debug)]
pub struct Alone {
    _lock: Lock,
}

impl Alone {
    /// Whether another process hands over from the store in a folder.
    #[must_use]
    pub fn is_taken(dir: &Path) -> bool {
        files::is_locked(dir, HANDING)
    }
}

impl Store {
    /// Keeps all other processes from handing over, also while this store is closed.
    ///
    /// # Errors
    /// Another process hands over.
    pub fn alone(&self) -> Result<Alone, StoreError> {
        match Lock::named(&self.dir, HANDING) {
            Ok(lock) => Ok(Alone { _lock: lock }),
            Err(NotLocked::Taken(pid)) => Err(StoreError::HandingOver { dir: self.dir.clone(), pid }),
            Err(NotLocked::Failed(error)) => Err(error),
        }
    }
}

/// As long as this lives, whoever hands over from a store knows that somebody waits for it.
#[derive(Debug)]
pub struct Wanted {
    file: Option<File>,
}

impl Wanted {
    /// Waits for the store in a folder. That nobody may learn of it is no error: they let go some time.
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        let mut options = OpenOptions::new();
        let options = files::private(options.read(true).write(true).create(true).truncate(false));
        let file = options.open(dir.join(WANTED)).ok();
        Self { file: file.filter(|file| file.lock_shared().is_ok()) }
    }

    /// Whether anybody waits for the store in a folder.
    #[must_use]
    pub fn is_there(dir: &Path) -> bool {
        files::is_locked(dir, WANTED)
    }
}

impl Drop for Wanted {
    fn drop(&mut self) {
        // Closing the file would not do, as for the lock of a store.
        if let Some(file) = &self.file {
            let _ = file.unlock();
        }
    }
}

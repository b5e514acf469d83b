//! The folder that a copy of a store is written to. From before its first byte until all of it is there,
//! checked and durable, a file in it says that it is not finished, and no store opens in it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::copy::beside;
use super::error::StoreError;
use super::files::{self, Lock, Syncs};

/// The name of the file that says so, and how the folder is called meanwhile: `backup.unfinished`.
const MARK: &str = "unfinished";

/// A copy that is being written. Dropped before [`Target::finish`] it stays behind as a crash would leave
/// it: marked.
#[derive(Debug)]
pub struct Target {
    /// Where it is written.
    place: PathBuf,
    /// Where it is to be in the end.
    to: PathBuf,
}

impl Target {
    /// Begins a copy that is to be in the empty or new folder `to`: in a folder beside it, or in itself where
    /// it is there already, for that may be a disk of its own.
    pub fn begin(to: &Path) -> Result<Self, StoreError> {
        files::check_free(to)?;
        let place = if to.exists() { to.to_path_buf() } else { beside(to, MARK) };
        if place.join(MARK).exists() {
            // What an earlier attempt has left. Whoever still writes it has it locked.
            drop(Lock::take(&place)?);
            remove(&place)?;
        }
        files::check_free(&place)?;
        files::private_dir(&place)?;
        let mark = place.join(MARK);
        let io = |source| StoreError::io("write", &mark, source);
        let mut file = files::private(fs::OpenOptions::new().write(true).create_new(true)).open(&mark).map_err(io)?;
        file.write_all(b"A copy of a store was begun here and is not finished.\n").map_err(io)?;
        let syncs = Syncs::default();
        syncs.sync(&file, &mark)?;
        syncs.sync_dir(&place)?;
        syncs.sync_dir(files::above(&place))?;
        Ok(Self { place, to: to.to_path_buf() })
    }

    /// Where it is written.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// All of it is there and durable, and nobody has it open: from now on it is a store.
    pub fn finish(self) -> Result<(), StoreError> {
        let syncs = Syncs::default();
        if self.place != self.to {
            fs::rename(&self.place, &self.to).map_err(|source| StoreError::io("move", &self.place, source))?;
            syncs.sync_dir(files::above(&self.to))?;
        }
        let mark = self.to.join(MARK);
        fs::remove_file(&mark).map_err(|source| StoreError::io("remove", &mark, source))?;
        syncs.sync_dir(&self.to)
    }
}

/// Whether a copy was begun in a folder, and not finished.
pub fn is_unfinished(dir: &Path) -> bool {
    dir.join(MARK).exists()
}

/// Removes a copy that nobody needs; the bytes of its keys are overwritten first.
///
/// # Errors
/// It cannot be removed.
pub fn remove(dir: &Path) -> Result<(), StoreError> {
    let keys = dir.join("keys");
    if let Ok(meta) = fs::metadata(&keys) {
        let zeros = vec![0; meta.len() as usize];
        let overwritten = fs::OpenOptions::new().write(true).open(&keys).and_then(|mut file| {
            file.write_all(&zeros)?;
            file.sync_all()
        });
        overwritten.map_err(|source| StoreError::io("overwrite", &keys, source))?;
    }
    // INVARIANT: the mark goes last. Whatever a removal that is broken off leaves is still no store.
    empty(dir)?;
    fs::remove_dir_all(dir).map_err(|source| StoreError::io("remove", dir, source))
}

/// Removes all that is in a folder but the mark.
fn empty(dir: &Path) -> Result<(), StoreError> {
    for path in files::list(dir)?.iter().filter(|path| !path.ends_with(MARK)) {
        let is_dir = path.is_dir() && !path.is_symlink();
        let removed = if is_dir { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        removed.map_err(|source| StoreError::io("remove", path, source))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_the_last_to_go() {
        let dir = tempfile::tempdir().unwrap();
        let to = dir.path().join("copy");
        let place = Target::begin(&to).unwrap().place().to_path_buf();
        fs::write(place.join("head"), "").unwrap();
        fs::create_dir(place.join("sled")).unwrap();
        empty(&place).unwrap();
        assert_eq!(files::list(&place).unwrap(), [place.join(MARK)]);
        // What an earlier attempt has left is out of the way of the next.
        drop(Target::begin(&to).unwrap());
        Target::begin(&to).unwrap().finish().unwrap();
        assert!(!is_unfinished(&to) && !place.exists());
    }
}

//! Files beside the database: replaced atomically, synced, counted. Used by the head, the keys and
//! every acknowledgment.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::error::StoreError;

/// Counts the calls that make bytes durable, and can be told to fail one of them.
#[derive(Clone, Debug, Default)]
pub struct Syncs {
    done: Arc<AtomicU64>,
    fail_at: Option<u64>,
}

impl Syncs {
    /// A counter; `fail_at` is the number of the call that fails, for tests of what happens then.
    pub fn new(fail_at: Option<u64>) -> Self {
        Self { done: Arc::default(), fail_at }
    }

    /// How many calls were made.
    pub fn count(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Makes the contents of a file durable.
    pub fn sync(&self, file: &File, path: &Path) -> Result<(), StoreError> {
        let number = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        let result = if self.fail_at == Some(number) {
            Err(std::io::Error::other("failed on request"))
        } else {
            file.sync_all()
        };
        result.map_err(|source| StoreError::io("sync", path, source))
    }

    /// Makes the names in a folder durable.
    pub fn sync_dir(&self, dir: &Path) -> Result<(), StoreError> {
        let folder = File::open(dir).map_err(|source| StoreError::io("open", dir, source))?;
        self.sync(&folder, dir)
    }

    /// Puts `bytes` in place of the file, so that after a crash it holds all of the old or all of
    /// the new ones.
    pub fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        let fresh = path.with_extension("new");
        let mut file = private(OpenOptions::new().write(true).create(true).truncate(true))
            .open(&fresh)
            .map_err(|source| StoreError::io("write", &fresh, source))?;
        // What an earlier process left of it may be open to everybody.
        close_to_others(&fresh);
        file.write_all(bytes).map_err(|source| StoreError::io("write", &fresh, source))?;
        self.sync(&file, &fresh)?;
        fs::rename(&fresh, path).map_err(|source| StoreError::io("replace", path, source))?;
        self.sync_dir(path.parent().unwrap_or(Path::new(".")))
    }
}

/// The lock of a store: held as long as this lives.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Drop for Lock {
    /// Closing the file would not do: a program that is being started just now holds a copy of it
    /// until it runs, and the lock with it.
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

/// Why a lock was not taken.
pub enum NotLocked {
    /// Another process has it, where it left its number with that.
    Taken(Option<u32>),
    Failed(StoreError),
}

impl Lock {
    /// Takes the lock of a store's folder.
    pub fn take(dir: &Path) -> Result<Self, StoreError> {
        Self::named(dir, "lock").map_err(|refused| match refused {
            NotLocked::Taken(pid) => StoreError::Locked { dir: dir.to_path_buf(), pid },
            NotLocked::Failed(error) => error,
        })
    }

    /// Takes the lock that is a file of this name in a store's folder.
    pub fn named(dir: &Path, name: &str) -> Result<Self, NotLocked> {
        let path = dir.join(name);
        let mut file = private(OpenOptions::new().read(true).write(true).create(true).truncate(false))
            .open(&path)
            .map_err(|source| NotLocked::Failed(StoreError::io("open", &path, source)))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let pid = fs::read_to_string(&path).ok().and_then(|text| text.trim().parse().ok());
                return Err(NotLocked::Taken(pid));
            }
            Err(TryLockError::Error(source)) => return Err(NotLocked::Failed(StoreError::io("lock", &path, source))),
        }
        // The number is only a courtesy to whoever finds the lock taken.
        let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self { file })
    }
}

/// Whether another process has the lock that is a file of this name, alone or with others. What cannot
/// be asked is taken for free; taking it will tell.
pub fn is_locked(dir: &Path, name: &str) -> bool {
    let Ok(file) = OpenOptions::new().read(true).write(true).open(dir.join(name)) else { return false };
    match file.try_lock() {
        Ok(()) => {
            let _ = file.unlock();
            false
        }
        Err(TryLockError::WouldBlock) => true,
        Err(TryLockError::Error(_)) => false,
    }
}

/// The bytes of a file, `None` where there is none.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StoreError::io("read", path, source)),
    }
}

/// The files directly in a folder, sorted by name.
pub fn list(dir: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let read = fs::read_dir(dir).map_err(|source| StoreError::io("read", dir, source))?;
    let mut files: Vec<PathBuf> = read.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    files.sort();
    Ok(files)
}

/// The bytes all files below a folder hold together.
pub fn size(dir: &Path) -> Result<u64, StoreError> {
    let mut total = 0;
    for path in list(dir)? {
        let meta = fs::symlink_metadata(&path).map_err(|source| StoreError::io("read", &path, source))?;
        total += if meta.is_dir() { size(&path)? } else { meta.len() };
    }
    Ok(total)
}

/// Makes a file that is still to be made one that its owner alone can read, whatever the umask.
pub fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Makes a folder, and those above it, where there is none; its owner alone can enter it, from its first
/// moment on.
pub fn private_dir(dir: &Path) -> Result<(), StoreError> {
    let made = || {
        if let Some(above) = dir.parent() {
            fs::create_dir_all(above)?;
        }
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(dir) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && dir.is_dir() => Ok(()),
            made => made,
        }
    };
    made().map_err(|source| StoreError::io("make", dir, source))?;
    close_to_others(dir);
    Ok(())
}

/// Takes from everybody but its owner what they may do with a file or folder. Whoever does not own it
/// cannot, and finds it as its owner left it.
pub fn close_to_others(path: &Path) {
    #[cfg(unix)]
    if let Ok(meta) = fs::symlink_metadata(path)
        && !meta.is_symlink()
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = meta.permissions().mode() & 0o7777;
        let own = if meta.is_dir() { mode & 0o700 } else { mode & 0o600 };
        if own != mode {
            let _ = fs::set_permissions(path, fs::Permissions::from_mode(own));
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// The same for a folder and everything in it.
pub fn close_all_to_others(dir: &Path) {
    close_to_others(dir);
    for path in list(dir).unwrap_or_default() {
        if path.is_dir() && !path.is_symlink() {
            close_all_to_others(&path);
        } else {
            close_to_others(&path);
        }
    }
}

/// The folder that a file or folder is in.
pub fn above(path: &Path) -> &Path {
    path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Refuses a target that already holds something.
pub fn check_free(dir: &Path) -> Result<(), StoreError> {
    if dir.exists() && !list(dir)?.is_empty() {
        return Err(StoreError::Occupied { dir: dir.to_path_buf() });
    }
    Ok(())
}

//! The sled database inside a store: opened so that neither a killed opening nor a damaged snapshot
//! keeps it shut, and made durable in the one way that holds through a power loss.

use std::fs::{self, File};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::error::StoreError;
use super::files::{self, Syncs};
use super::guard::{guarded, watched};
use super::trees::Trees;

/// The database puts a page of more than a quarter of this into a file of its own, which it never
/// syncs. A page has up to 17 values of 8 KB, more than a quarter of the default of 512 KB.
const SEGMENT: usize = 1 << 20;

/// An open database. Closing one whose disk failed panics inside, so it is closed under guard.
#[derive(Clone, Debug)]
pub(crate) struct Database(Option<Handles>);

/// What an open database consists of.
#[derive(Clone, Debug)]
pub(crate) struct Handles {
    db: sled::Db,
    file: Arc<File>,
    path: PathBuf,
    pub trees: Trees,
}

impl Deref for Database {
    type Target = Handles;

    fn deref(&self) -> &Handles {
        // INVARIANT: the handles are taken out only when this is dropped.
        let Some(handles) = &self.0 else { unreachable!("a closed database is not used") };
        handles
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let handles = self.0.take();
        let dir = handles.as_ref().and_then(|handles| handles.path.parent()).map(Path::to_path_buf);
        // What a failing disk says while closing was said by the write that failed.
        let _ = guarded(|| drop(handles));
        // The snapshot that closing may have written, in a folder that nobody else can enter.
        if let Some(dir) = dir {
            files::close_all_to_others(&dir);
        }
    }
}

/// Why one attempt to open failed.
enum Failure {
    /// An earlier user of this process has not let go yet.
    Busy(String),
    DiskFull,
    Other(String),
}

impl Database {
    /// Opens the database in `dir`, making it where there is none. The store's own lock is held.
    pub fn open(dir: &Path, cache: u64, limit: Duration) -> Result<Self, StoreError> {
        remove_unfinished(dir)?;
        make_private(dir)?;
        let first = match attempt_patiently(dir, cache, limit)? {
            Ok(database) => return Ok(database),
            Err(Failure::DiskFull) => return Err(StoreError::DiskFull),
            Err(Failure::Busy(reason)) => return Err(StoreError::Unopenable { reason }),
            Err(Failure::Other(reason)) => reason,
        };
        set_aside(dir)?;
        match attempt_patiently(dir, cache, limit)? {
            Ok(database) => Ok(database),
            Err(Failure::DiskFull) => Err(StoreError::DiskFull),
            Err(Failure::Busy(reason)) => Err(StoreError::Unopenable { reason }),
            Err(Failure::Other(second)) if second == first => Err(StoreError::Unopenable { reason: first }),
            Err(Failure::Other(second)) => {
                Err(StoreError::Unopenable { reason: format!("{first}; without its snapshot: {second}") })
            }
        }
    }

    /// Makes all that was written durable: the database's buffers to its file, the file to the disk.
    pub fn make_durable(&self, syncs: &Syncs) -> Result<(), StoreError> {
        let flushed = guarded(|| self.db.flush()).map_err(|reason| StoreError::Stopped { reason })?;
        flushed.map_err(|error| StoreError::from_sled(&error))?;
        self.sync_stray_pages(syncs)?;
        // The flush alone does not reach the disk on Linux.
        syncs.sync(&self.file, &self.path)
    }

    /// Syncs pages the database put into files of their own. With values of 8 KB there are none;
    /// if ever there is one, the log behind it would be lost with it.
    fn sync_stray_pages(&self, syncs: &Syncs) -> Result<(), StoreError> {
        let dir = self.path.with_file_name("blobs");
        let pages = files::list(&dir)?;
        for path in &pages {
            match File::open(path) {
                Ok(file) => syncs.sync(&file, path)?,
                // The database removes what it needs no longer.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(source) => return Err(StoreError::io("open", path, source)),
            }
        }
        if pages.is_empty() { Ok(()) } else { syncs.sync_dir(&dir) }
    }

    /// Makes durable what the database wrote once, when it was made.
    pub fn sync_names(&self, syncs: &Syncs) -> Result<(), StoreError> {
        let conf = self.path.with_file_name("conf");
        let file = File::open(&conf).map_err(|source| StoreError::io("open", &conf, source))?;
        syncs.sync(&file, &conf)?;
        self.path.parent().map_or(Ok(()), |dir| syncs.sync_dir(dir))
    }
}

/// Makes the folders and the file that hold the data before the database does, which asks the umask who may
/// read them.
fn make_private(dir: &Path) -> Result<(), StoreError> {
    files::private_dir(dir)?;
    files::private_dir(&dir.join("blobs"))?;
    let data = dir.join("db");
    let made = files::private(fs::OpenOptions::new().append(true).create(true)).open(&data);
    made.map(drop).map_err(|source| StoreError::io("make", &data, source))
}

/// A kill while the database wrote a snapshot leaves a file that would keep it shut, a kill while
/// it was made can leave half a configuration and no data.
fn remove_unfinished(dir: &Path) -> Result<(), StoreError> {
    if !dir.exists() {
        return Ok(());
    }
    for path in files::list(dir)? {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(&path).map_err(|source| StoreError::io("remove", &path, source))?;
        }
    }
    let data = fs::metadata(dir.join("db")).map_or(0, |meta| meta.len());
    let conf = dir.join("conf");
    if data == 0 && conf.exists() {
        fs::remove_file(&conf).map_err(|source| StoreError::io("remove", &conf, source))?;
    }
    Ok(())
}

/// Moves what the database can do without out of its way: its snapshots, and its configuration,
/// which is always the same.
fn set_aside(dir: &Path) -> Result<(), StoreError> {
    for path in files::list(dir)? {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with("snap.") || name == "conf" {
            let aside = dir.join(format!("aside.{name}"));
            fs::rename(&path, &aside).map_err(|source| StoreError::io("set aside", &path, source))?;
        }
    }
    Ok(())
}

/// A database of this process that was just closed lets go of its file a moment later.
fn attempt_patiently(dir: &Path, cache: u64, limit: Duration) -> Result<Result<Database, Failure>, StoreError> {
    let mut outcome = attempt(dir, cache, limit)?;
    let mut nap = Duration::from_millis(1);
    for _ in 0..100 {
        if !matches!(outcome, Err(Failure::Busy(_))) {
            break;
        }
        thread::sleep(nap);
        nap = (nap * 2).min(Duration::from_millis(50));
        outcome = attempt(dir, cache, limit)?;
    }
    Ok(outcome)
}

fn attempt(dir: &Path, cache: u64, limit: Duration) -> Result<Result<Database, Failure>, StoreError> {
    let path = dir.join("db");
    let folder = dir.to_path_buf();
    let opened = watched("opening", limit, move || {
        let db =
            sled::Config::new().path(folder).segment_size(SEGMENT).cache_capacity(cache).flush_every_ms(None).open()?;
        let trees = Trees::open(&db)?;
        Ok::<_, sled::Error>((db, trees))
    })?;
    let (db, trees) = match opened {
        Ok(Ok(open)) => open,
        Ok(Err(error)) if error.to_string().contains("could not acquire lock") => {
            return Ok(Err(Failure::Busy(error.to_string())));
        }
        Ok(Err(error)) => {
            let full = matches!(StoreError::from_sled(&error), StoreError::DiskFull);
            return Ok(Err(if full { Failure::DiskFull } else { Failure::Other(error.to_string()) }));
        }
        Err(reason) => return Ok(Err(Failure::Other(reason))),
    };
    files::close_all_to_others(dir);
    let file = File::open(&path).map_err(|source| StoreError::io("open", &path, source))?;
    Ok(Ok(Database(Some(Handles { db, file: file.into(), path, trees }))))
}

//! What can go wrong with a store, in the words a user sees. Made by every file of `store`, printed
//! by the command line.

use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Why the store could not do what it was asked.
#[derive(Debug)]
pub enum StoreError {
    /// There is no store in this folder.
    Missing {
        /// The folder.
        dir: PathBuf,
    },
    /// There is no store in this folder, but a copy beside it that `compact` wrote.
    Beside {
        /// The folder.
        dir: PathBuf,
        /// The copy's folder.
        copy: PathBuf,
    },
    /// A copy of a store was begun in this folder and never finished.
    Unfinished {
        /// The folder.
        dir: PathBuf,
    },
    /// Another process has the store open.
    Locked {
        /// The folder.
        dir: PathBuf,
        /// The other process, where it left its number.
        pid: Option<u32>,
    },
    /// Another process hands over from the store, which need not be open for that.
    HandingOver {
        /// The folder.
        dir: PathBuf,
        /// The other process, where it left its number.
        pid: Option<u32>,
    },
    /// The store was written by a later Ensue.
    Newer {
        /// The format it is in.
        found: u32,
        /// The latest format this program reads.
        known: u32,
    },
    /// The log ends before what was acknowledged.
    CutShort {
        /// Entries that were acknowledged.
        acknowledged: u64,
        /// Entries that can be read.
        readable: u64,
    },
    /// The log is whole, but commits of state that were acknowledged are gone.
    RolledBack {
        /// Commits that were acknowledged.
        acknowledged: u64,
        /// Commits that are there.
        readable: u64,
    },
    /// The head file is missing or not what was written.
    Head {
        /// What is wrong with it.
        reason: String,
    },
    /// The key file is missing, older than the store, or not what was written.
    Keys {
        /// What is wrong with it.
        reason: String,
    },
    /// Something in the log is not what was written.
    Damaged {
        /// How many entries can be read before the damage.
        readable: u64,
        /// What was found.
        reason: String,
    },
    /// Something beside the log (state, timers, outbox ...) is not what was written.
    TreeDamaged {
        /// Which part of the store.
        part: &'static str,
        /// What was found.
        reason: String,
    },
    /// The database did not answer.
    Stuck {
        /// What it was asked to do.
        doing: &'static str,
        /// How long it was given.
        seconds: u64,
    },
    /// The database cannot be opened, even without its snapshot.
    Unopenable {
        /// What the database said, first without and then with its snapshot set aside.
        reason: String,
    },
    /// An entry does not fit into a block.
    TooLarge {
        /// The entry's id.
        id: String,
        /// Its size, encoded.
        bytes: usize,
        /// The most an entry may have.
        limit: usize,
    },
    /// A value, or a key, does not fit into one record.
    ValueTooLarge {
        /// Its size.
        bytes: usize,
        /// The most a plain value may have.
        limit: usize,
    },
    /// An entry was received before the one in front of it.
    OutOfOrder {
        /// The entry's id.
        id: String,
    },
    /// The log holds as many entries as it can count.
    LogFull,
    /// The disk is full.
    DiskFull,
    /// An earlier write failed; nothing more is written before a restart.
    Stopped {
        /// What failed.
        reason: String,
    },
    /// The folder a copy should go to is not empty.
    Occupied {
        /// The folder.
        dir: PathBuf,
    },
    /// No record in quarantine has this number.
    NotInQuarantine {
        /// The number asked for.
        number: u64,
    },
    /// A file could not be read or written.
    Io {
        /// What was tried.
        doing: &'static str,
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl StoreError {
    /// An [`StoreError::Io`], or [`StoreError::DiskFull`] where that is what the system says.
    pub(crate) fn io(doing: &'static str, path: &Path, source: std::io::Error) -> Self {
        if source.kind() == ErrorKind::StorageFull {
            return Self::DiskFull;
        }
        Self::Io { doing, path: path.to_path_buf(), source }
    }

    /// What a failed call of the database means for a write.
    pub(crate) fn from_sled(error: &sled::Error) -> Self {
        if let sled::Error::Io(source) = error
            && (source.kind() == ErrorKind::StorageFull || source.to_string().contains("No space left"))
        {
            return Self::DiskFull;
        }
        Self::Stopped { reason: error.to_string() }
    }

    /// Whether the store itself is damaged, so that `repair` is what helps.
    #[must_use]
    pub const fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::CutShort { .. }
                | Self::RolledBack { .. }
                | Self::Head { .. }
                | Self::Keys { .. }
                | Self::Damaged { .. }
                | Self::TreeDamaged { .. }
                | Self::Stuck { .. }
                | Self::Unopenable { .. }
        )
    }

    /// What the user can do about it, where there is something.
    #[must_use]
    pub fn help(&self) -> Option<&'static str> {
        Some(match self {
            Self::Locked { .. } => "wait until it has ended, or name another store with `--store`",
            Self::HandingOver { .. } => "wait until it has ended: one at a time hands over",
            Self::Missing { .. } => "`ensue ingest LOG` makes one; another one is named with `--store`",
            Self::Beside { .. } => {
                "check the copy with `ensue store verify --store COPY`, then give it the name of the store"
            }
            Self::Unfinished { .. } => {
                "what it was copied from is as it was: delete this folder, and make the backup or the repair again"
            }
            Self::Newer { .. } => "use the newer program that wrote it",
            Self::RolledBack { .. } | Self::TreeDamaged { .. } => {
                "the log can be recovered: `ensue store repair --to NEW`"
            }
            Self::CutShort { .. }
            | Self::Head { .. }
            | Self::Damaged { .. }
            | Self::Stuck { .. }
            | Self::Unopenable { .. } => {
                "restore a backup, or recover what can be read with `ensue store repair --to NEW`"
            }
            Self::Keys { .. } => {
                "restore the file `keys` of this store, or see with `ensue store repair --to NEW` whose personal facts are lost"
            }
            Self::DiskFull => "make room and start again; nothing that was acknowledged is lost",
            Self::Stopped { .. } => "start again; nothing that was acknowledged is lost",
            Self::TooLarge { .. } => "shorten the event's texts, or leave out what no rule asks for",
            Self::ValueTooLarge { .. } => "shorten the longest name or text that this is about",
            Self::OutOfOrder { .. } => "nothing was written; `ensue store verify` says whether the store is whole",
            Self::LogFull => "export the log, and begin a new store with the part of it that is still needed",
            Self::Occupied { dir } if dir.extension().is_some_and(|end| end == "before-compacting") => {
                "it is the store from before an earlier `compact`: remove it once `ensue store verify` finds nothing"
            }
            Self::Occupied { dir } if dir.extension().is_some_and(|end| end == "before-rewinding") => {
                "it is the store from before an earlier `rewind`: remove it once `ensue store verify` finds nothing"
            }
            Self::Occupied { .. } => "name a new or an empty folder; what is in this one stays as it is",
            Self::Io { source, .. } => return help_io(source.kind()),
            Self::NotInQuarantine { .. } => return None,
        })
    }
}

/// What to do about a file that cannot be used, where the system says enough.
fn help_io(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::PermissionDenied => {
            Some("run ensue as the user whom the folder belongs to, or let this user read and write it")
        }
        ErrorKind::ReadOnlyFilesystem => {
            Some("a store is locked while it is looked at: copy the folder, and name the copy with `--store`")
        }
        ErrorKind::NotADirectory => Some("a store is a folder: name it with `--store`"),
        _ => None,
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { dir } => write!(f, "there is no store in `{}`", dir.display()),
            Self::Unfinished { dir } => write!(
                f,
                "`{}` is no store: a copy was begun in it, by `backup` or `repair`, and not finished",
                dir.display()
            ),
            Self::Locked { dir, pid: Some(pid) } => {
                write!(f, "the store `{}` is in use by another process ({pid})", dir.display())
            }
            Self::Locked { dir, pid: None } => {
                write!(f, "the store `{}` is in use by another process", dir.display())
            }
            Self::HandingOver { dir, pid } => {
                let number = pid.map(|pid| format!(" ({pid})")).unwrap_or_default();
                write!(f, "another run{number} is handing over from the store `{}`", dir.display())
            }
            Self::Newer { found, known } => {
                write!(f, "the store is in format {found}, this program reads up to format {known}")
            }
            Self::CutShort { acknowledged, readable } => {
                write!(f, "log cut short: {acknowledged} entries acknowledged, {readable} readable")
            }
            Self::RolledBack { acknowledged, readable } => {
                write!(f, "store rolled back: {acknowledged} commits acknowledged, {readable} readable")
            }
            Self::Head { reason } => write!(f, "the head file of the store cannot be trusted: {reason}"),
            Self::Keys { reason } => write!(f, "the key file of the store cannot be trusted: {reason}"),
            Self::Damaged { readable, reason } => {
                write!(f, "log damaged: the first {readable} entries are readable, then {reason}")
            }
            Self::TreeDamaged { part, reason } => write!(f, "store damaged: {part} cannot be read: {reason}"),
            Self::Stuck { doing, seconds } => {
                write!(f, "the store is damaged: {doing} did not get on for {seconds} s")
            }
            Self::Unopenable { reason } => write!(f, "the store cannot be opened: {reason}"),
            Self::TooLarge { id, bytes, limit } => {
                write!(f, "event `{id}` is too large: {bytes} bytes, at most {limit} are kept")
            }
            Self::ValueTooLarge { bytes, limit } => {
                write!(f, "key or value too large: {bytes} bytes, at most {limit} are kept in one piece")
            }
            Self::OutOfOrder { id } => write!(f, "event `{id}` was received before the event in front of it"),
            Self::LogFull => write!(f, "the log holds as many entries as it can count"),
            Self::DiskFull => write!(f, "no space is left on the disk of the store"),
            Self::Stopped { reason } => write!(f, "the store stopped after a failed write: {reason}"),
            Self::Beside { dir, copy } => write!(
                f,
                "there is no store in `{}`, but `compact` has left a copy of one in `{}`",
                dir.display(),
                copy.display()
            ),
            Self::Occupied { dir } => write!(f, "the folder `{}` is not empty", dir.display()),
            Self::NotInQuarantine { number } => write!(f, "no record {number} is in quarantine"),
            Self::Io { doing, path, source } => write!(f, "cannot {doing} `{}`: {source}", path.display()),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

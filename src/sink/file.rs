//! Actions as JSON Lines in a file that they are appended to: `kind: file`. An action is taken when it
//! is on the disk.

use std::fs;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::{Handed, LINES, Outcome, Sink};

/// Appends each action as a line.
#[derive(Debug)]
pub struct FileSink {
    file: fs::File,
    /// Whether it can be cut and synced; a pipe cannot.
    regular: bool,
}

impl FileSink {
    /// Opens a file for appending and makes it where it does not exist. A last line that a crash left
    /// without its end is ended, so that it spoils no other.
    ///
    /// # Errors
    /// Fails where the system does not let us read, write or sync it.
    pub fn open(path: &Path) -> io::Result<Self> {
        let existed = path.exists();
        let regular = !existed || path.metadata()?.is_file();
        let file = appending(path, regular)?;
        let mut opened = Self { file, regular };
        if !existed {
            sync_folder(path)?;
        }
        if regular && opened.ends_torn()? {
            opened.file.write_all(b"\n")?;
            opened.file.sync_data()?;
        }
        Ok(opened)
    }

    fn ends_torn(&mut self) -> io::Result<bool> {
        if self.file.metadata()?.len() == 0 {
            return Ok(false);
        }
        let mut last = [0];
        self.file.seek(SeekFrom::End(-1))?;
        self.file.read_exact(&mut last)?;
        Ok(last != *b"\n")
    }

    /// Appends an action; it is taken once it is synced.
    fn write(&mut self, action: &Handed) -> Outcome {
        match action.line() {
            Ok(line) => self.append(line.as_bytes()).map_or_else(|outcome| outcome, |()| Outcome::Taken { note: None }),
            Err(error) => Outcome::Refused { reason: error.to_string(), retry: false },
        }
    }

    fn sync(&self) -> io::Result<()> {
        if self.regular { self.file.sync_data() } else { Ok(()) }
    }

    /// Appends a line. What was only begun is taken back.
    fn append(&mut self, line: &[u8]) -> Result<(), Outcome> {
        let before = self.file.metadata().map_err(|error| Outcome::refused(failed(&error)))?.len();
        let Err(error) = self.file.write_all(line) else { return Ok(()) };
        match self.regular.then(|| self.file.set_len(before)) {
            Some(Ok(())) => Err(Outcome::refused(failed(&error))),
            _ => Err(Outcome::Unknown { reason: failed(&error) }),
        }
    }
}

impl Sink for FileSink {
    fn hand_over(&mut self, action: &Handed) -> Outcome {
        let outcome = self.write(action);
        match self.sync() {
            Ok(()) => outcome,
            Err(error) => unsynced(outcome, &error),
        }
    }

    fn hand_over_all(&mut self, actions: &[Handed]) -> Vec<Outcome> {
        let outcomes: Vec<Outcome> = actions.iter().map(|action| self.write(action)).collect();
        match self.sync() {
            Ok(()) => outcomes,
            Err(error) => outcomes.into_iter().map(|outcome| unsynced(outcome, &error)).collect(),
        }
    }

    fn at_once(&self) -> usize {
        LINES
    }

    /// Only a pipe waits, for whoever reads it.
    fn may_wait(&self) -> bool {
        !self.regular
    }
}

/// After a sync that failed nobody knows what of the written lines is on the disk.
fn unsynced(outcome: Outcome, error: &io::Error) -> Outcome {
    match outcome {
        Outcome::Taken { .. } => Outcome::Unknown { reason: format!("the file cannot be synced: {error}") },
        other => other,
    }
}

fn failed(error: &io::Error) -> String {
    format!("the file cannot be written: {error}")
}

/// Opens a file for appending. Whoever opens a pipe that nobody reads would wait, with the store in hand,
/// until somebody does.
fn appending(path: &Path, regular: bool) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.read(regular).append(true).create(true);
    #[cfg(unix)]
    if !regular {
        use std::os::unix::fs::OpenOptionsExt as _;

        use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

        let unread = |error: io::Error| match error.raw_os_error() {
            Some(code) if code == rustix::io::Errno::NXIO.raw_os_error() => {
                io::Error::new(io::ErrorKind::NotConnected, "it is a pipe that nobody reads")
            }
            _ => error,
        };
        let file = options.custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path).map_err(unread)?;
        fcntl_setfl(&file, fcntl_getfl(&file)? - OFlags::NONBLOCK)?;
        return Ok(file);
    }
    options.open(path)
}

/// Makes the name of a new file durable.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

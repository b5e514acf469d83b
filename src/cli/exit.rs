//! Exit codes, the same for all verbs, and the errors that lead to them.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use crate::load::LoadError;
use crate::log::ReadError;

use super::complaint::Complaint;

/// How a verb ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: fine.
    Fine,
    /// 1: findings, a failed test, a fault of a script.
    Findings,
    /// 2: the rules do not compile.
    Rules,
    /// 3: wrong use, a missing file, a bad record.
    Use,
    /// 4: a bug of ours.
    Bug,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Fine => 0,
            Exit::Findings => 1,
            Exit::Rules => 2,
            Exit::Use => 3,
            Exit::Bug => 4,
        })
    }
}

/// Why a verb could not do its work.
#[derive(Debug)]
pub enum Error {
    /// The reader of our output has gone away, which is no failure.
    Gone,
    /// The output cannot be written.
    Output(io::Error),
    /// Something about the call or its files.
    Use(Complaint),
    /// Another process has the store.
    Busy(Complaint),
    /// The rules do not compile; the findings are printed already.
    Rules,
    /// Wrong use or a mistake in a file, printed already.
    Told,
}

impl Error {
    /// Something about the call or its files: what is wrong.
    pub fn wrong(what: impl Into<String>) -> Self {
        Self::Use(Complaint::new(what))
    }

    /// With what to do about it.
    pub fn help(self, help: impl Into<String>) -> Self {
        match self {
            Self::Use(complaint) => Self::Use(complaint.help(help)),
            Self::Busy(complaint) => Self::Busy(complaint.help(help)),
            other => other,
        }
    }

    /// A file that cannot be read.
    pub fn unreadable(path: &Path, error: &io::Error) -> Self {
        Self::wrong(format!("`{}` cannot be read: {error}", path.display()))
    }

    /// A file that cannot be written.
    pub fn unwritten(path: impl AsRef<Path>, error: &io::Error) -> Self {
        Self::wrong(format!("`{}` cannot be written: {error}", path.as_ref().display()))
    }

    /// A failed write: success where the reader has gone away.
    pub fn from_write(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Gone,
            _ => Self::Output(error),
        }
    }

    /// Says what is wrong and gives the exit code.
    pub fn report(self) -> Exit {
        let text = match self {
            Self::Gone => return Exit::Fine,
            Self::Rules => return Exit::Rules,
            Self::Told => return Exit::Use,
            Self::Output(error) => format!("the output cannot be written: {error}"),
            Self::Use(complaint) | Self::Busy(complaint) => complaint.to_string(),
        };
        super::PLAIN.err(&format!("{text}\n"));
        Exit::Use
    }
}

impl From<LoadError> for Error {
    fn from(error: LoadError) -> Self {
        Self::wrong(error.to_string())
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Bad(bad) => Self::Use(
                Complaint::from(&bad)
                    .help("mend the record; `dry-run` and `explain` leave bad records out with `--skip-bad`"),
            ),
            other => Self::wrong(other.to_string()),
        }
    }
}

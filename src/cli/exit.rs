//! Exit codes, the same for all verbs, and the errors that lead to them.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::process::ExitCode;

use crate::load::LoadError;
use crate::log::{BadRecord, ReadError};
use crate::words::shown;

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
    /// Something about the call or its files, in words.
    Use(String),
    /// Another process has the store, in words.
    Busy(String),
    /// The rules do not compile; the findings are printed already.
    Rules,
    /// Wrong use or a mistake in a file, printed already.
    Told,
}

impl Error {
    /// A failed write: success where the reader has gone away.
    #[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
    pub fn from_write(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Gone,
            _ => Self::Use(format!("the output cannot be written: {error}")),
        }
    }

    /// Says what is wrong and gives the exit code.
    pub fn report(self) -> Exit {
        match self {
            Self::Gone => Exit::Fine,
            Self::Rules => Exit::Rules,
            Self::Told => Exit::Use,
            Self::Use(text) | Self::Busy(text) => {
                // Names in it may come from a log.
                let text = shown(&text, |c| c == '\n' || c == '\t');
                let _ = writeln!(io::stderr(), "{text}");
                Exit::Use
            }
        }
    }
}

impl From<LoadError> for Error {
    fn from(error: LoadError) -> Self {
        Self::Use(format!("error: {error}"))
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Bad(bad) => Self::Use(format!(
                "{}\n  = help: mend the record; `dry-run` and `explain` leave bad records out with `--skip-bad`",
                drawn(&bad)
            )),
            other => Self::Use(format!("error: {other}")),
        }
    }
}

/// A bad record as people see it: place, reason, the record's text, advice.
pub fn drawn(bad: &BadRecord) -> String {
    let mut text = format!("error: bad record: {}\n  --> {}:{}:{}", bad.reason, bad.path, bad.line, bad.column);
    if !bad.text.is_empty() {
        let _ = write!(text, "\n   | {}", printable(&bad.text));
    }
    if let Some(help) = &bad.help {
        let _ = write!(text, "\n  = help: {help}");
    }
    text
}

/// Text that cannot upset a terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect()
}

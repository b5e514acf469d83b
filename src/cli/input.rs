//! What verbs are given: rulebooks, logs and moments.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::check::{Checked, METRICS_PATH, REVIEW_PATH, VOCABULARY_PATH};
use crate::diagnostic::{Diagnostic, Severity};
use crate::local;
use crate::log::{self, Input, Log, ReadOptions};
use crate::report::diagnostic;
use crate::report::fold::Folded;
use crate::report::summary::Summary;
use crate::rulebook::Rulebook;
use crate::source::Sources;
use crate::timestamp::Timestamp;

use super::exit::Error;
use super::{Io, progress};

/// A moment of the command line.
pub fn moment(text: &str) -> Result<Timestamp, String> {
    local::parse_rfc3339(text.as_bytes()).map_err(|error| error.to_string())
}

/// How many threads a person may ask for: more would only take time to start.
const THREADS: usize = 256;

pub fn threads(text: &str) -> Result<usize, String> {
    let wanted = text.parse().ok().filter(|threads| *threads <= THREADS);
    wanted.ok_or_else(|| format!("write a number up to {THREADS}, or 0 for as many as there are cores"))
}

/// The rulebook at a path; its findings go to standard error where it does not compile.
pub fn compiled(path: &Path, io: Io) -> Result<Rulebook, Error> {
    let checked = crate::load::rulebook(path)?;
    if checked.rulebook.is_none() {
        return Err(refused(&checked, io));
    }
    checked.rulebook.ok_or(Error::Rules)
}

/// Shows the errors of a rulebook that does not compile.
pub fn refused(checked: &Checked, io: Io) -> Error {
    let errors: Vec<_> = checked.diagnostics.iter().filter(|d| d.severity == Severity::Error).cloned().collect();
    let folded = Folded::of(&errors, &checked.sources);
    if folded.leaves_out() {
        io.note("`ensue check --all` shows every finding");
    }
    let drawn = diagnostic::human_folded(&folded, &checked.sources, io.color_err());
    io.painted_err(&format!("{drawn}{}\n", summary(&errors, &checked.sources)));
    Error::Rules
}

/// How many findings there are, in how many files with rules that the author wrote; what stands
/// beside the rules does not count.
pub fn summary(findings: &[Diagnostic], sources: &Sources) -> Summary {
    let beside = |path: &str| [".yaml", ".yml", ".rhai", ".md"].iter().any(|end| path.ends_with(end));
    let ours = [VOCABULARY_PATH, METRICS_PATH, REVIEW_PATH];
    let own = |path: &str| !beside(path) && !ours.contains(&path);
    diagnostic::summary(findings, sources.iter().filter(|(_, source)| own(&source.path)).count())
}

/// When the first thing happened of what was received by a moment.
pub fn since(log: &Log, as_of: Timestamp, zone: local::Zone) -> Result<Timestamp, Error> {
    let received = log.iter().take_while(|event| event.received_at <= as_of);
    received.map(|event| event.at).min().ok_or_else(|| {
        let first =
            log.entries().first().map(|entry| zone.to_local(entry.received_at).format("%Y-%m-%d %H:%M").to_string());
        let first = first.unwrap_or_else(|| String::from("none"));
        Error::wrong(format!("nothing of the log was received by then; its first event came at {first}"))
    })
}

/// Logs to be read, in the order they were named.
pub fn logs(paths: &[PathBuf]) -> Result<Vec<Input>, Error> {
    paths.iter().map(|path| Ok(Input { path: path.display().to_string(), reader: open(path)?.0 })).collect()
}

/// Logs that are read more than once; of what can be opened once, such as standard input, the bytes are kept.
#[derive(Debug, Default)]
pub struct KeptLogs {
    /// By path: the bytes, where they had to be kept.
    kept: Vec<(PathBuf, Option<Kept>)>,
}

/// The bytes of a log that have been read so far.
type Kept = Arc<Mutex<Vec<u8>>>;

/// Keeps what is read.
struct Keeping {
    inner: Box<dyn Read + Send>,
    kept: Kept,
}

impl Read for Keeping {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(into.get(..count).unwrap_or_default());
        Ok(count)
    }
}

impl KeptLogs {
    /// Reads logs as one, with a bar of how far it has come; bad records are left out, and nobody is told.
    pub fn read(paths: &[PathBuf], rulebook: &Rulebook, threads: usize) -> Result<(Log, Self), Error> {
        let (mut inputs, mut total, mut logs) = (Vec::new(), Some(0), Self::default());
        for path in paths {
            let (mut reader, size) = open(path)?;
            total = total.zip(size).map(|(total, size)| total + size);
            let kept = size.is_none().then(Kept::default);
            if let Some(kept) = &kept {
                reader = Box::new(Keeping { inner: reader, kept: Arc::clone(kept) });
            }
            logs.kept.push((path.clone(), kept));
            inputs.push(Input { path: path.display().to_string(), reader });
        }
        Ok((read_inputs((inputs, total), rulebook, (true, threads))?, logs))
    }

    /// Reads them again.
    pub fn again(&self, rulebook: &Rulebook, threads: usize) -> Result<Log, Error> {
        let input = |(path, kept): &(PathBuf, Option<Kept>)| {
            let reader: Box<dyn Read + Send> = match kept {
                Some(kept) => Box::new(io::Cursor::new(kept.lock().unwrap_or_else(PoisonError::into_inner).clone())),
                None => open(path)?.0,
            };
            Ok(Input { path: path.display().to_string(), reader })
        };
        let inputs = self.kept.iter().map(input).collect::<Result<_, Error>>()?;
        read_inputs((inputs, None), rulebook, (true, threads))
    }
}

/// Reads logs as one, with a bar of how far it has come; records that are bad and left out are told of.
pub fn read_logs(
    paths: &[PathBuf],
    rulebook: &Rulebook,
    (skip_bad, threads): (bool, usize),
    io: Io,
) -> Result<Log, Error> {
    let (mut inputs, mut total) = (Vec::new(), Some(0));
    for path in paths {
        let (reader, size) = open(path)?;
        total = total.zip(size).map(|(total, size)| total + size);
        inputs.push(Input { path: path.display().to_string(), reader });
    }
    let log = read_inputs((inputs, total), rulebook, (skip_bad, threads))?;
    for bad in &log.bad {
        io.complain(&bad.into());
    }
    Ok(log)
}

/// Reads logs of so many bytes as one, with a bar of how far it has come.
fn read_inputs(
    (inputs, total): (Vec<Input>, Option<u64>),
    rulebook: &Rulebook,
    (skip_bad, threads): (bool, usize),
) -> Result<Log, Error> {
    let bar = progress::bytes(total);
    let options = ReadOptions { skip_bad, threads, ..ReadOptions::default() };
    let log = log::read(inputs, rulebook, &options, &|bytes| bar.inc(bytes));
    bar.finish_and_clear();
    Ok(log?)
}

/// A log and its size, where that is known.
pub fn open(path: &Path) -> Result<(Box<dyn Read + Send>, Option<u64>), Error> {
    if path == Path::new("-") {
        return Ok((Box::new(io::stdin()), None));
    }
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Error::wrong(format!("there is no log at `{}`", path.display())),
        _ => Error::unreadable(path, &error),
    };
    let file = File::open(path).map_err(failed)?;
    let about = file.metadata().map_err(failed)?;
    if about.is_dir() {
        return Err(Error::wrong(format!("`{}` is a folder: name the log in it", path.display())));
    }
    Ok((Box::new(file), about.is_file().then_some(about.len())))
}

/// A day, from its first moment in the zone of the report, or a moment.
pub fn as_of(text: &str, zone: local::Zone) -> Result<Timestamp, Error> {
    if let Ok(day) = text.parse::<chrono::NaiveDate>() {
        return Ok(zone.day_start(day));
    }
    local::parse_rfc3339(text.as_bytes())
        .map_err(|error| Error::wrong(format!("`--as-of {text}` is neither a day nor a moment: {error}")))
}

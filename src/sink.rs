//! Where actions go: standard output, a file, a program. A sink is handed one action at a time and
//! says what became of it; when it is asked again is for [`attempt`] to say, and what is recorded of it
//! for whoever asks. Opened by the verbs of live runs from [`crate::config`]; knows nothing of the store.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config;
use crate::shown::{self, Ours};

pub mod attempt;
mod exec;
mod feed;
mod file;
mod group;
mod lines;
mod nowhere;

pub use self::exec::{Exec, TEMPORARY};
pub use self::file::FileSink;
pub use self::lines::LinesSink;

/// What is handed over: one JSON object on one line. Keys are always these, in this order, absent where
/// they do not apply; `docs/ensue-yaml.md` describes them. Times are RFC 3339 in the lead's zone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handed {
    /// The action's id, the same at every attempt.
    pub id: String,
    /// `touch`, `action`, `alert` or `webhook`.
    #[serde(rename = "do")]
    pub verb: String,
    /// The lead.
    pub lead: String,
    /// Its account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The channel of a touch or action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Whether a person does it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub manual: bool,
    /// Whom an alert is for: `owner` or `manager`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The name of a webhook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The address a message goes to: the first of the lead's that may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The template of a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The subject, filled in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The body, filled in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The words of an alert or a task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The touch's note for the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// When it was due.
    pub due_at: String,
    /// The end of the part of the day it was due in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_by: Option<String>,
    /// From when on it must not be done any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// The sequence of a touch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<String>,
    /// The touch in its sequence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub touch: Option<String>,
    /// Which enrollment of the lead in the sequence, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrollment: Option<u32>,
    /// The experiment on the touch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experiment: Option<String>,
    /// The variant the lead gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// The rule or sequence that decided it.
    pub rule: String,
    /// Where that stands: `path:line`.
    pub source: String,
    /// The events it rests on, by id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<String>,
    /// What is known of the lead, by name of the fact.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, Value>,
    /// Which attempt this is, from 1.
    pub attempt: u32,
}

impl Handed {
    /// The object on one line, with its line break. What would steer a terminal is written out, as all that
    /// leaves the process is.
    ///
    /// # Errors
    /// None that is known: texts, numbers and truth values can always be written.
    pub fn line(&self) -> serde_json::Result<String> {
        serde_json::to_string(self).map(|json| shown::whole(&json, Ours::default()).into_owned() + "\n")
    }
}

/// What became of an action that was handed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The sink has it.
    Taken {
        /// What the sink says about it, as the number of a message.
        note: Option<String>,
    },
    /// The sink does not have it, and nothing of it has been done.
    Refused {
        /// Why.
        reason: String,
        /// Whether it may take it later.
        retry: bool,
    },
    /// Nobody can tell whether the sink has it.
    Unknown {
        /// What happened.
        reason: String,
    },
}

impl Outcome {
    fn refused(reason: impl Into<String>) -> Self {
        Self::Refused { reason: reason.into(), retry: true }
    }

    /// Whether the sink itself worked: it took the action, or refused this one for good.
    #[must_use]
    pub fn answered(&self) -> bool {
        matches!(self, Self::Taken { .. } | Self::Refused { retry: false, .. })
    }
}

/// So many lines are written at once.
const LINES: usize = 256;

/// Takes actions.
pub trait Sink: Send {
    /// Hands over an action and waits for what becomes of it.
    fn hand_over(&mut self, action: &Handed) -> Outcome;

    /// Hands over actions one after the other, and gives what becomes of each. A sink that can make
    /// many durable at once does so here.
    fn hand_over_all(&mut self, actions: &[Handed]) -> Vec<Outcome> {
        actions.iter().map(|action| self.hand_over(action)).collect()
    }

    /// How many actions it is handed at once at most. Should the program end meanwhile, nobody knows of
    /// any of them what came of it: more than one only where they take next to no time.
    fn at_once(&self) -> usize {
        1
    }

    /// Whether it may wait for somebody else, so that nobody should be kept waiting for its answer.
    fn may_wait(&self) -> bool {
        true
    }
}

/// Why a sink cannot be opened.
#[derive(Debug)]
pub enum OpenError {
    /// The file cannot be opened for appending.
    File {
        /// The sink.
        sink: String,
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The program is not there, or nobody may run it.
    Program {
        /// The sink.
        sink: String,
        /// As written.
        program: String,
        /// Where it would be; `None`: in a folder of `PATH`.
        path: Option<PathBuf>,
    },
    /// Standard output is closed, or thrown away by whoever started this program.
    Nowhere {
        /// The sink.
        sink: String,
    },
}

impl OpenError {
    /// What to do about it, where there is something to say.
    #[must_use]
    pub const fn help(&self) -> Option<&'static str> {
        match self {
            Self::Nowhere { .. } => Some(
                "let it lead to a file or a program, or name another sink in `ensue.yaml`; `> /dev/null` drops the actions",
            ),
            Self::File { .. } | Self::Program { .. } => None,
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { sink, path, error } => {
                write!(f, "sink `{sink}` cannot write to `{}`: {error}", path.display())
            }
            Self::Program { sink, program, path: None } => {
                write!(f, "sink `{sink}` runs `{program}`, and no folder of `PATH` has a program of that name")
            }
            Self::Program { sink, path: Some(path), .. } => {
                write!(f, "sink `{sink}` runs `{}`, and there is no program that can be run", path.display())
            }
            Self::Nowhere { sink } => {
                write!(f, "sink `{sink}` writes to standard output, which is closed or leads nowhere")
            }
        }
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { error, .. } => Some(error),
            Self::Program { .. } | Self::Nowhere { .. } => None,
        }
    }
}

/// Opens a sink; relative paths begin at the folder of `ensue.yaml`.
///
/// # Errors
/// Fails where its file cannot be appended to, its program is not there, or standard output is closed:
/// better before a run than in the middle of it.
#[expect(clippy::disallowed_methods, reason = "a line of an action is written out by `Handed::line`")]
pub fn open(sink: &config::SinkSettings, folder: &Path) -> Result<Box<dyn Sink>, OpenError> {
    Ok(match &sink.kind {
        config::SinkKind::Stdout if nowhere::is_stdout() => return Err(OpenError::Nowhere { sink: sink.name.clone() }),
        config::SinkKind::Stdout => Box::new(LinesSink::new(io::stdout(), "standard output")),
        config::SinkKind::File(path) => {
            let path = folder.join(path);
            let failed = |error| OpenError::File { sink: sink.name.clone(), path: path.clone(), error };
            Box::new(FileSink::open(&path).map_err(failed)?)
        }
        config::SinkKind::Exec { command, timeout } => Box::new(Exec::open(&sink.name, command, folder, *timeout)?),
    })
}

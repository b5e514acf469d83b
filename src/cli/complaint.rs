//! What a verb says on standard error beside its results, as it is drawn: an error with what to do
//! about it, and a note. Nothing else in `cli` writes these marks.

use std::fmt;

use crate::log::BadRecord;
use crate::shown::Shown;

/// What is wrong, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// One line, lower case, no full stop.
    pub what: String,
    /// `FILE:LINE:COLUMN`, and the text that stands there, which may be empty.
    place: Option<(String, String)>,
    help: Vec<String>,
}

impl Complaint {
    /// Without a place and without help.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), place: None, help: Vec::new() }
    }

    /// With what to do about it, below what was said to do already.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }
}

impl From<&BadRecord> for Complaint {
    fn from(bad: &BadRecord) -> Self {
        let BadRecord { path, line, column, text, reason, help } = bad;
        Self {
            what: format!("bad record: {reason}"),
            place: Some((format!("{path}:{line}:{column}"), text.clone())),
            help: help.iter().cloned().collect(),
        }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", Shown(&self.what))?;
        if let Some((place, text)) = &self.place {
            write!(f, "\n  --> {}", Shown(place))?;
            if !text.is_empty() {
                write!(f, "\n   | {}", Shown(text))?;
            }
        }
        self.help.iter().try_for_each(|help| write!(f, "\n  = help: {}", Shown(help)))
    }
}

/// A line that says what is worth knowing, and is no error.
pub fn note(text: &str) -> String {
    format!("note: {}\n", Shown(text))
}

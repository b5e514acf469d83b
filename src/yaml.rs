//! Small YAML files of authors - calendars, `ensue.yaml` - with every key in its place, so that each
//! mistake has one. Reads the part of YAML that such files need, each text on one line, and refuses the
//! rest. Used by `calendar::file` and `config`, which give their mistakes a meaning.
//!
//! The YAML crate reads the text; [`keys`] finds where each key stands, because the crate places no
//! mistake that it does not find itself, and refuses what has no place in the file before it is read.

use std::ops::Range;

mod keys;
mod node;

pub use self::node::{YamlEntry, YamlNode};

/// The largest file that is read, in bytes.
pub const MAX_BYTES: usize = 64 * 1024;

/// A mistake in such a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// First byte of what is wrong.
    pub range_start: usize,
    /// One past its last byte.
    pub range_end: usize,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl Mistake {
    /// A mistake at a place; an empty `help` is none.
    pub fn new(range: Range<usize>, message: impl Into<String>, help: &str) -> Self {
        let help = (!help.is_empty()).then(|| help.to_owned());
        Self { range_start: range.start, range_end: range.end, message: message.into(), help }
    }
}

/// What a kind of file may hold, and what is said about the rest.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    /// The file in words: `a calendar file`.
    pub file: &'static str,
    /// What it holds at most.
    pub holds: &'static str,
    /// How to write an entry.
    pub entry: &'static str,
    /// What to do about a file that is too large.
    pub smaller: &'static str,
    /// Whether there are lists, in brackets or with dashes.
    pub lists: bool,
}

/// Reads a file.
///
/// # Errors
/// The first thing that cannot be read.
pub fn read(text: &str, dialect: &Dialect) -> Result<YamlNode, Mistake> {
    if text.len() > MAX_BYTES {
        let message = format!("{} holds at most {MAX_BYTES} bytes, this one {}", dialect.file, text.len());
        return Err(Mistake::new(0..0, message, dialect.smaller));
    }
    node::read(text, &keys::find(text, dialect)?)
}

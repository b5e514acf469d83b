//! Actions as JSON Lines to a writer that cannot take anything back: `kind: stdout`.

use std::io::{ErrorKind, Write};

use super::{Handed, LINES, Outcome, Sink};

/// Writes each action as a line.
#[derive(Debug)]
pub struct LinesSink<W> {
    writer: W,
    /// The writer in words, for reasons.
    name: &'static str,
}

impl<W: Write + Send> LinesSink<W> {
    /// A sink that writes to `writer`, which is called `name` where it fails.
    pub fn new(writer: W, name: &'static str) -> Self {
        Self { writer, name }
    }
}

impl<W: Write + Send> Sink for LinesSink<W> {
    fn hand_over(&mut self, action: &Handed) -> Outcome {
        let line = match action.line() {
            Ok(line) => line,
            Err(error) => return Outcome::Refused { reason: error.to_string(), retry: false },
        };
        let mut rest = line.as_bytes();
        while !rest.is_empty() {
            match self.writer.write(rest) {
                Ok(written) if written > 0 => rest = rest.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Of an action that was not even begun it is sure that nobody has it.
                Err(error) if rest.len() == line.len() => {
                    return Outcome::refused(format!("{} cannot be written: {error}", self.name));
                }
                Err(error) => return self.unknown(&error.to_string()),
                Ok(_) => return self.unknown("it takes no more"),
            }
        }
        match self.writer.flush() {
            Ok(()) => Outcome::Taken { note: None },
            Err(error) => self.unknown(&error.to_string()),
        }
    }

    fn at_once(&self) -> usize {
        LINES
    }
}

impl<W> LinesSink<W> {
    fn unknown(&self, error: &str) -> Outcome {
        Outcome::Unknown { reason: format!("{} ended within the action: {error}", self.name) }
    }
}

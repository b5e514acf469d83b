//! Lines to standard output, many at a time.

use std::ops::ControlFlow;

use super::super::Io;
use super::super::exit::Error;

/// So many bytes are written together.
const ENOUGH: usize = 1 << 16;

/// Collects lines and writes them; remembers why it could not.
pub struct Lines {
    io: Io,
    text: String,
    failed: Option<Error>,
}

impl Lines {
    pub fn new(io: Io) -> Self {
        Self { io, text: String::new(), failed: None }
    }

    /// Takes a line; breaks off where nobody reads any more.
    pub fn push(&mut self, line: &str) -> ControlFlow<()> {
        self.text.push_str(line);
        self.text.push('\n');
        if self.text.len() < ENOUGH {
            return ControlFlow::Continue(());
        }
        self.write()
    }

    fn write(&mut self) -> ControlFlow<()> {
        match self.io.out(&self.text) {
            Ok(()) => {
                self.text.clear();
                ControlFlow::Continue(())
            }
            Err(error) => {
                self.failed = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    /// Writes the rest.
    pub fn finish(mut self) -> Result<(), Error> {
        if self.failed.is_none() && !self.text.is_empty() {
            let _ = self.write();
        }
        self.failed.map_or(Ok(()), Err)
    }
}

//! The input of a program that is about to be started, with its line in it already: so it is whole also
//! where this process is ended the moment after.

use std::io::{self, ErrorKind, PipeWriter, Write as _};
use std::process::Stdio;

/// What of a line did not fit into the pipe, to be written once somebody reads.
#[derive(Debug)]
pub struct Rest {
    pipe: PipeWriter,
    bytes: Vec<u8>,
}

/// A program's input that holds a line, as far as the pipe has room: 64 KB on Linux.
pub fn holding(line: String) -> io::Result<(Stdio, Option<Rest>)> {
    let (reader, mut pipe) = io::pipe()?;
    let mut bytes = line.into_bytes();
    let written = fill(&mut pipe, &bytes)?;
    bytes.drain(..written);
    let rest = (!bytes.is_empty()).then_some(Rest { pipe, bytes });
    Ok((reader.into(), rest))
}

impl Rest {
    /// Writes it, for as long as somebody reads. A program need not read what it does not want, so neither a
    /// closed nor a full pipe matters.
    pub fn write(mut self) {
        let _ = self.pipe.write_all(&self.bytes);
    }
}

/// Writes as much as there is room for without a reader.
#[cfg(unix)]
fn fill(pipe: &mut PipeWriter, bytes: &[u8]) -> io::Result<usize> {
    rustix::io::ioctl_fionbio(&pipe, true)?;
    let mut written = 0;
    while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
        match pipe.write(rest) {
            Ok(more) => written += more,
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    rustix::io::ioctl_fionbio(&pipe, false)?;
    Ok(written)
}

/// There is no asking how much room there is: all of it is written once the program reads.
#[cfg(not(unix))]
fn fill(_: &mut PipeWriter, _: &[u8]) -> io::Result<usize> {
    Ok(0)
}

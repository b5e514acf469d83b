//! Lines of a log as they are read: none is kept beyond what a record may have, and none is waited for
//! that has no end.

use std::io::{self, BufRead, BufReader, Read};

use crate::log::{ENDLESS, MAX_LINE, endless};

/// The most that is kept of a line: enough to see that it is too long, also behind a carriage return.
const KEPT: usize = MAX_LINE + 2;

/// The lines of an input.
pub struct BoundedLines<R> {
    reader: BufReader<R>,
}

impl<R: Read> BoundedLines<R> {
    /// Those of a reader.
    pub fn new(reader: R) -> Self {
        Self { reader: BufReader::with_capacity(1 << 20, reader) }
    }

    /// Reads the next line behind what `bytes` hold, without its line break; how much of the input that
    /// was, 0 at its end.
    pub fn next_into(&mut self, bytes: &mut Vec<u8>) -> io::Result<u64> {
        let (mut read, most) = (0, bytes.len() + KEPT);
        loop {
            let found = match self.reader.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                found => found?,
            };
            if found.is_empty() {
                return Ok(read);
            }
            let end = memchr::memchr(b'\n', found);
            let text = found.get(..end.unwrap_or(found.len())).unwrap_or_default();
            let room = most.saturating_sub(bytes.len()).min(text.len());
            bytes.extend_from_slice(text.get(..room).unwrap_or_default());
            let used = text.len() + usize::from(end.is_some());
            self.reader.consume(used);
            read += used as u64;
            if end.is_some() {
                return Ok(read);
            }
            if read > ENDLESS {
                return Err(endless());
            }
        }
    }

    /// Whether nothing more of the input is at hand.
    pub fn is_drained(&self) -> bool {
        self.reader.buffer().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(input: impl Read) -> Vec<Vec<u8>> {
        let mut lines = BoundedLines::new(input);
        let mut found = Vec::new();
        loop {
            let mut bytes = Vec::new();
            if lines.next_into(&mut bytes).unwrap() == 0 {
                return found;
            }
            found.push(bytes);
        }
    }

    #[test]
    fn lines_come_whole_and_a_long_one_is_cut() {
        let long = vec![b'x'; 3 * MAX_LINE];
        let input: Vec<u8> = [b"a\n\r\n", long.as_slice(), b"\n\nlast"].concat();
        let found = all(&input[..]);
        assert_eq!(found.len(), 5);
        assert_eq!(
            (&found[0][..], &found[1][..], &found[3][..], &found[4][..]),
            (&b"a"[..], &b"\r"[..], &b""[..], &b"last"[..])
        );
        assert_eq!(found[2].len(), KEPT);
    }

    #[test]
    fn a_line_without_an_end_is_not_waited_for() {
        let mut bytes = Vec::new();
        let error = BoundedLines::new(io::repeat(0)).next_into(&mut bytes).unwrap_err();
        assert_eq!(error.to_string(), "a line goes on for more than 256 MB, so this is no log of one record a line");
        assert!(bytes.capacity() < 4 * MAX_LINE, "{}", bytes.capacity());
    }
}

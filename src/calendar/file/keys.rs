//! Where the keys of a YAML text stand, in order, and the refusal of what could make a small text large
//! or change what its words mean: anchors, aliases, tags, directives, blocks of text, `?` keys.

use std::ops::Range;

use super::FileError;

/// The place of every key, in order.
pub fn find(text: &str) -> Result<Vec<Range<usize>>, FileError> {
    let mut scanner = Scanner { text, at: 0, depth: 0, keys: Vec::new() };
    while let Some(byte) = scanner.byte(0) {
        scanner.step(byte)?;
    }
    Ok(scanner.keys)
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// How many braces and brackets are open.
    depth: usize,
    keys: Vec<Range<usize>>,
}

impl Scanner<'_> {
    fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    /// Whether the byte `ahead` ends a word: a space, a line break or the end of the text.
    fn is_space(&self, ahead: usize) -> bool {
        self.byte(ahead).is_none_or(|byte| byte.is_ascii_whitespace())
    }

    /// One token, `byte` being its first; never in the middle of a word or a quoted text.
    fn step(&mut self, byte: u8) -> Result<(), FileError> {
        match byte {
            b'#' => self.comment(),
            b'{' | b'[' => self.open(),
            b'}' | b']' => self.close(),
            b'"' | b'\'' => {
                let start = self.at;
                self.quoted(byte);
                self.key(start..self.at);
            }
            b'&' => return Err(self.refused("an anchor")),
            b'*' => return Err(self.refused("an alias")),
            b'!' => return Err(self.refused("a tag")),
            b'|' | b'>' => return Err(self.refused("a block of text")),
            b'%' if self.at_line_start() => return Err(self.refused("a directive")),
            b'?' if self.is_space(1) => return Err(self.refused("a `?` key")),
            b'-' if self.is_space(1) => self.at += 1,
            b',' | b':' => self.at += 1,
            _ if byte.is_ascii_whitespace() => self.at += 1,
            _ => self.plain(),
        }
        Ok(())
    }

    fn refused(&self, what: &str) -> FileError {
        let message = format!("{what} has no place in a calendar file");
        FileError::new(
            self.at..self.at + 1,
            message,
            "write the words themselves, in quotes where they begin with this sign",
        )
    }

    fn open(&mut self) {
        self.depth += 1;
        self.at += 1;
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.at += 1;
    }

    fn at_line_start(&self) -> bool {
        self.text.get(..self.at).is_none_or(|before| before.is_empty() || before.ends_with('\n'))
    }

    fn comment(&mut self) {
        while self.byte(0).is_some_and(|byte| byte != b'\n') {
            self.at += 1;
        }
    }

    fn quoted(&mut self, quote: u8) {
        self.at += 1;
        while let Some(byte) = self.byte(0) {
            let escaped = if quote == b'"' { byte == b'\\' } else { byte == quote && self.byte(1) == Some(quote) };
            self.at += if escaped { 2 } else { 1 };
            if byte == quote && !escaped {
                return;
            }
        }
    }

    /// A word or words without quotes, to the end of the line at most.
    fn plain(&mut self) {
        let start = self.at;
        let mut end = start;
        while let Some(byte) = self.byte(0) {
            let flow = self.depth > 0 && matches!(byte, b',' | b'{' | b'}' | b'[' | b']');
            let comment = byte == b'#' && end < self.at;
            if byte == b'\n' || flow || comment || (byte == b':' && self.colon_ends(1)) {
                break;
            }
            self.at += 1;
            if !byte.is_ascii_whitespace() {
                end = self.at;
            }
        }
        self.key(start..end);
    }

    /// Whether a colon ends a key: followed by a space or, inside braces, by one of their signs.
    fn colon_ends(&self, ahead: usize) -> bool {
        let flow = self.depth > 0 && matches!(self.byte(ahead), Some(b',' | b'{' | b'}' | b'[' | b']'));
        self.is_space(ahead) || flow
    }

    /// Takes a scalar for a key if a colon follows it on its line; a quoted one inside braces needs no
    /// space after the colon.
    fn key(&mut self, range: Range<usize>) {
        let quoted = self.text.get(range.clone()).is_some_and(|text| text.starts_with(['"', '\'']));
        let spaces = self.text.get(self.at..).map_or(0, |rest| rest.len() - rest.trim_start_matches([' ', '\t']).len());
        if self.byte(spaces) == Some(b':') && (self.colon_ends(spaces + 1) || (quoted && self.depth > 0)) {
            self.at += spaces + 1;
            self.keys.push(range);
        }
    }
}

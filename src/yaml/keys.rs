//! Where the keys of a YAML text stand, in order, and the scalars after each. Reads the part of YAML
//! that our files need - keys, words, quoted texts, braces, lists, comments, each on one line - and
//! refuses the rest before the YAML crate sees it: anchors and aliases make a small text large, tags
//! change what words mean, and what goes on over lines could hide both.

use std::ops::Range;

use super::{Dialect, Mistake};

/// How deep braces may nest. The YAML crate takes time that grows with the square of the depth before
/// it refuses: 13 seconds for 60,000 braces.
const DEPTH: usize = 8;

const LINE: &str = "write each text on one line, in quotes where it holds signs like these";

/// Where a key stands, and what follows it.
#[derive(Clone, Debug, Default)]
pub struct YamlKey {
    /// The key itself.
    pub range: Range<usize>,
    /// The scalars between it and the next key: its value, or the items of its list.
    pub scalars: Vec<Range<usize>>,
}

/// The place of every key, in order.
pub fn find(text: &str, dialect: &Dialect) -> Result<Vec<YamlKey>, Mistake> {
    let mut scanner = Scanner { text, dialect, at: 0, depth: 0, value_ended: false, keys: Vec::new() };
    while let Some(byte) = scanner.byte(0) {
        scanner.step(byte)?;
    }
    Ok(scanner.keys)
}

struct Scanner<'a> {
    text: &'a str,
    dialect: &'a Dialect,
    at: usize,
    /// How many braces and brackets are open.
    depth: usize,
    /// Whether a value has just ended, so that another may not begin.
    value_ended: bool,
    keys: Vec<YamlKey>,
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
    fn step(&mut self, byte: u8) -> Result<(), Mistake> {
        match byte {
            _ if byte.is_ascii_whitespace() => self.at += 1,
            b'#' => self.at += self.rest_of_line(),
            b'-' if self.at_document_start() && self.keys.is_empty() => self.at += 3,
            b'-' if self.at_document_start() => {
                return Err(self.refused("a second document", "use a file for each"));
            }
            b'-' if self.is_space(1) && self.dialect.lists => self.dash()?,
            b'-' if self.is_space(1) => return Err(self.refused("a list with dashes", self.dialect.entry)),
            b'[' if self.dialect.lists => self.open()?,
            b']' if self.dialect.lists => self.close(),
            b'[' | b']' => return Err(self.refused("a list in brackets", self.dialect.entry)),
            b'&' => return Err(self.refused("an anchor", LINE)),
            b'*' => return Err(self.refused("an alias", LINE)),
            b'!' => return Err(self.refused("a tag", LINE)),
            b'|' | b'>' => return Err(self.refused("a block of text", LINE)),
            b'%' => return Err(self.refused("a directive", "delete this line")),
            b'?' if self.is_space(1) => return Err(self.refused("a `?` key", self.dialect.entry)),
            b':' if self.colon_ends(1) => {
                return Err(self.refused("a `:` without a word before it", self.dialect.entry));
            }
            b'{' => self.open()?,
            b'}' => self.close(),
            b',' => self.comma(),
            b'"' | b'\'' => self.quoted(byte)?,
            _ => self.plain()?,
        }
        Ok(())
    }

    fn refused(&self, what: &str, help: &str) -> Mistake {
        let message = format!("{what} has no place in {}", self.dialect.file);
        let sign = self.text.get(self.at..).and_then(|rest| rest.chars().next());
        Mistake::new(self.at..self.at + sign.map_or(0, char::len_utf8), message, help)
    }

    fn rest_of_line(&self) -> usize {
        self.text.get(self.at..).map_or(1, |rest| rest.find('\n').unwrap_or(rest.len()))
    }

    fn at_document_start(&self) -> bool {
        let line_start = self.text.get(..self.at).is_none_or(|before| before.is_empty() || before.ends_with('\n'));
        line_start && self.is_space(3) && self.text.get(self.at..self.at + 3) == Some("---")
    }

    /// The dash before an item of a list, first on its line.
    fn dash(&mut self) -> Result<(), Mistake> {
        let line = self.text.get(..self.at).and_then(|before| before.rsplit('\n').next()).unwrap_or("");
        if self.depth > 0 || !line.bytes().all(|byte| matches!(byte, b' ' | b'-')) {
            return Err(self.refused("a dash within a line", LINE));
        }
        self.value_ended = false;
        self.at += 1;
        Ok(())
    }

    fn open(&mut self) -> Result<(), Mistake> {
        if self.depth == DEPTH {
            return Err(self.refused("so deep a list", self.dialect.holds));
        }
        if self.value_ended {
            return Err(self.refused("a second value", LINE));
        }
        self.depth += 1;
        self.at += 1;
        Ok(())
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.value_ended = true;
        self.at += 1;
    }

    fn comma(&mut self) {
        self.value_ended &= self.depth == 0;
        self.at += 1;
    }

    /// A text in quotes, to the end of the line at most.
    fn quoted(&mut self, quote: u8) -> Result<(), Mistake> {
        let mut length = 1;
        loop {
            let (first, second) = (self.byte(length), self.byte(length + 1));
            let escaped = if quote == b'"' { first == Some(b'\\') } else { first == Some(quote) && second == first };
            match first {
                None | Some(b'\n') => return Err(self.refused("a quote that does not end on its line", LINE)),
                Some(byte) if byte == quote && !escaped => return self.scalar(length + 1, length + 1),
                // An escaped line break goes on over the line as well.
                Some(_) => length += if escaped && second != Some(b'\n') { 2 } else { 1 },
            }
        }
    }

    /// A word or words without quotes, to the end of the line at most.
    fn plain(&mut self) -> Result<(), Mistake> {
        let (mut length, mut end) = (0, 0);
        while let Some(byte) = self.byte(length) {
            let flow = self.depth > 0 && matches!(byte, b',' | b'{' | b'}' | b'[' | b']' | b'?');
            let comment = byte == b'#' && end < length;
            if byte == b'\n' || flow || comment || (byte == b':' && self.colon_ends(length + 1)) {
                break;
            }
            length += 1;
            if !byte.is_ascii_whitespace() {
                end = length;
            }
        }
        self.scalar(end, length.max(1))
    }

    /// Whether a colon before the byte `ahead` ends a key: a space follows or, within braces, a sign.
    fn colon_ends(&self, ahead: usize) -> bool {
        let flow = self.depth > 0 && matches!(self.byte(ahead), Some(b',' | b'{' | b'}' | b'[' | b']'));
        self.is_space(ahead) || flow
    }

    /// Takes a scalar of `length` bytes for a key if a colon follows on its line, else for a value;
    /// `read` bytes have been looked at. A quoted key within braces needs no space after its colon.
    fn scalar(&mut self, length: usize, read: usize) -> Result<(), Mistake> {
        let range = self.at..self.at + length;
        let quoted = matches!(self.byte(0), Some(b'"' | b'\''));
        let rest = self.text.get(self.at + read..).unwrap_or("");
        let colon = read + rest.len() - rest.trim_start_matches([' ', '\t']).len();
        let is_key = self.byte(colon) == Some(b':') && (self.colon_ends(colon + 1) || (quoted && self.depth > 0));
        if self.value_ended && (self.depth > 0 || !is_key) {
            return Err(self.refused("a second value", LINE));
        }
        self.value_ended = !is_key;
        if is_key {
            self.keys.push(YamlKey { range, scalars: Vec::new() });
            self.at += colon + 1;
        } else {
            if let Some(key) = self.keys.last_mut() {
                key.scalars.push(range);
            }
            self.at += read;
        }
        Ok(())
    }
}

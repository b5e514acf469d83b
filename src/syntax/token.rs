//! The hand scanner: words, numbers, texts, symbols and brackets with their places, comments left
//! out. Used to split a file into statements, to place ranges and to explain mistakes; the grammar
//! reads the text itself.

use super::words::{self, Class};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Letters, digits and `_`, beginning with a letter.
    Word(Class),
    /// Anything that begins with a digit: `7d`, `3x`, `09:00`, `2026-03-02`.
    Number,
    /// `"…"`; the flag says whether it ends.
    Text { closed: bool },
    /// `"""…"""`; the flag says whether it ends.
    LongText { closed: bool },
    /// `->`, `→`
    Arrow,
    /// `,`
    Comma,
    /// `:`
    Colon,
    /// `.`
    Dot,
    /// `(`, `[`, `{`
    Open(u8),
    /// `)`, `]`, `}`
    Close(u8),
    /// `==`, `+`, `??` and the like.
    Operator,
    /// A sign the language does not have.
    Stray,
}

/// A token: bytes `start..end` of the text.
#[derive(Clone, Copy, Debug)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// The number of white-space characters between the line's start and the token, for the first
    /// token of a line.
    pub indent: Option<u32>,
}

impl Token {
    /// The token's text.
    pub fn text<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.start..self.end).unwrap_or("")
    }
}

/// Cuts a text into tokens. Never fails: what is not in the language becomes [`TokenKind::Stray`].
pub fn scan(text: &str) -> Vec<Token> {
    let mut scanner = Scanner { text, at: 0, indent: Some(0), out: Vec::with_capacity(text.len() / 5) };
    while scanner.step() {}
    scanner.out
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    indent: Option<u32>,
    out: Vec<Token>,
}

impl Scanner<'_> {
    fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// Takes one token, comment or white-space character; false at the end of the text.
    fn step(&mut self) -> bool {
        let Some(first) = self.text.as_bytes().get(self.at).copied() else { return false };
        match first {
            b'\n' => {
                self.at += 1;
                self.indent = Some(0);
            }
            b' ' | b'\t' | b'\r' => self.blank(1),
            b'#' => self.comment(),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word(),
            b'0'..=b'9' => self.number(),
            b'"' => self.quoted(),
            0x80.. => self.beyond_ascii(),
            _ => self.symbol(first),
        }
        true
    }

    fn blank(&mut self, length: usize) {
        self.at += length;
        self.indent = self.indent.map(|n| n.saturating_add(1));
    }

    fn push(&mut self, kind: TokenKind, length: usize) {
        let (start, end) = (self.at, self.at + length);
        self.out.push(Token { kind, start, end, indent: self.indent.take() });
        self.at = end;
    }

    fn comment(&mut self) {
        let length = memchr::memchr(b'\n', self.rest().as_bytes()).unwrap_or(self.rest().len());
        self.at += length;
    }

    fn word(&mut self) {
        let length = self.rest().find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(self.rest().len());
        let class = words::class(self.rest().get(..length).unwrap_or(""));
        self.push(TokenKind::Word(class), length);
    }

    fn number(&mut self) {
        let bytes = self.rest().as_bytes();
        if is_date(bytes) {
            return self.push(TokenKind::Number, 10);
        }
        let mut length = 0;
        while let Some(&byte) = bytes.get(length) {
            let next = bytes.get(length + 1).copied().unwrap_or(0);
            match byte {
                b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'%' => length += 1,
                b'.' | b':' if next.is_ascii_digit() => length += 1,
                0xC3 if next == 0x97 => length += 2,
                _ => break,
            }
        }
        self.push(TokenKind::Number, length);
    }

    fn quoted(&mut self) {
        let rest = self.rest();
        if let Some(body) = rest.strip_prefix("\"\"\"") {
            let end = memchr::memmem::find(body.as_bytes(), b"\"\"\"");
            let length = end.map_or(rest.len(), |end| end + 6);
            return self.push(TokenKind::LongText { closed: end.is_some() }, length);
        }
        let bytes = rest.as_bytes();
        let mut length = 1;
        loop {
            match bytes.get(length) {
                Some(b'"') => return self.push(TokenKind::Text { closed: true }, length + 1),
                Some(b'\\') if !matches!(bytes.get(length + 1), None | Some(b'\n' | b'\r')) => length += 2,
                None | Some(b'\n') => break,
                Some(_) => length += 1,
            }
        }
        // An escape may have skipped into a character of several bytes.
        while !rest.is_char_boundary(length) {
            length += 1;
        }
        let length = rest.get(..length).map_or(length, |line| line.trim_end().len());
        self.push(TokenKind::Text { closed: false }, length);
    }

    fn beyond_ascii(&mut self) {
        let Some(first) = self.rest().chars().next() else { return };
        match first {
            '→' => self.push(TokenKind::Arrow, first.len_utf8()),
            '\u{A0}' | '\u{FEFF}' => self.blank(first.len_utf8()),
            _ if first.is_alphabetic() => self.word(),
            _ => self.push(TokenKind::Stray, first.len_utf8()),
        }
    }

    fn symbol(&mut self, first: u8) {
        let next = self.byte(1);
        let (kind, length) = match (first, next) {
            (b'-', b'>') => (TokenKind::Arrow, 2),
            (b'=', b'>') | (b'&', b'&') | (b'|', b'|') => (TokenKind::Stray, 2),
            (b'=' | b'!' | b'<' | b'>', b'=') | (b'?', b'?') | (b'.', b'.') => (TokenKind::Operator, 2),
            (b'=' | b'<' | b'>' | b'+' | b'-' | b'*' | b'/' | b'?', _) => (TokenKind::Operator, 1),
            (b',', _) => (TokenKind::Comma, 1),
            (b':', _) => (TokenKind::Colon, 1),
            (b'.', _) => (TokenKind::Dot, 1),
            (b'(' | b'[' | b'{', _) => (TokenKind::Open(first), 1),
            (b')' | b']' | b'}', _) => (TokenKind::Close(first), 1),
            (b'\'', _) => (TokenKind::Stray, self.single_quoted()),
            _ => (TokenKind::Stray, 1),
        };
        self.push(kind, length);
    }

    /// The length of `'…'` on one line, or 1.
    fn single_quoted(&self) -> usize {
        let line = self.rest().lines().next().unwrap_or("");
        line.get(1..).and_then(|body| body.find('\'')).map_or(1, |end| end + 2)
    }
}

fn is_date(bytes: &[u8]) -> bool {
    let shape = b"0000-00-00";
    bytes.len() >= shape.len()
        && bytes.iter().zip(shape).all(|(b, s)| if *s == b'0' { b.is_ascii_digit() } else { b == s })
}

//! The text files of a rulebook and places in them. Made by the loader, used by every diagnostic.

/// Which file of a [`Sources`] a span lies in: its index in path order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);

/// A half-open range of bytes in one source file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Range {
    /// The file.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Range {
    /// The smallest range that holds both; `other` must lie in the same file.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// One file: the path as people see it, and its text.
#[derive(Clone, Debug)]
pub struct Source {
    /// Path as shown in messages and in `source` fields, with `/` between folders.
    pub path: String,
    /// The whole text, valid UTF-8, without a byte order mark.
    pub text: String,
    line_starts: Vec<u32>,
}

impl Source {
    /// A source from a path to show and its text.
    #[must_use]
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let line_starts = std::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| clamp(i + 1)))
            .collect();
        Self { path: path.into(), text, line_starts }
    }

    /// Line and column of a byte, both from 1; the column counts characters.
    #[must_use]
    pub fn line_column(&self, byte: u32) -> (u32, u32) {
        let line = self.line_starts.partition_point(|start| *start <= byte).max(1);
        let start = self.line_starts.get(line - 1).copied().unwrap_or(0);
        let before = self.text.get(start as usize..byte as usize).unwrap_or("");
        (clamp(line), clamp(before.chars().count() + 1))
    }
}

fn clamp(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// All files of a rulebook in path order, the standard vocabulary first.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
}

impl Sources {
    /// Adds a file and returns its id.
    pub fn add(&mut self, source: Source) -> SourceId {
        self.files.push(source);
        SourceId(clamp(self.files.len() - 1))
    }

    /// The file of an id. Ids come from [`Sources::add`] alone, so the file exists; an id of
    /// another set reads as an empty file.
    #[must_use]
    pub fn file(&self, id: SourceId) -> &Source {
        static EMPTY: std::sync::LazyLock<Source> = std::sync::LazyLock::new(|| Source::new("", ""));
        self.files.get(id.0 as usize).unwrap_or(&EMPTY)
    }

    /// The files with their ids, in order.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        self.files.iter().enumerate().map(|(i, s)| (SourceId(clamp(i)), s))
    }

    /// The text a range covers, empty where it covers none.
    #[must_use]
    pub fn text(&self, range: Range) -> &str {
        self.file(range.source).text.get(range.start as usize..range.end as usize).unwrap_or("")
    }

    /// `path:line` of the start of a range, as decisions carry it.
    #[must_use]
    pub fn place(&self, range: Range) -> String {
        let file = self.file(range.source);
        format!("{}:{}", file.path, file.line_column(range.start).0)
    }
}

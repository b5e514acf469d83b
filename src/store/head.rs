//! The head file: a few lines beside the database that say how far the acknowledged log goes.
//! Written at every acknowledgment, compared with the log at every opening.

use std::fmt::Write as _;
use std::path::Path;

use super::block::{Block, BlockHash, Builder};
use super::entry::Offset;
use super::error::StoreError;
use super::files::{self, Syncs};

/// The store format this program writes. 2: a block may lie in pieces.
pub const FORMAT: u32 = 2;

/// How far the acknowledged log goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Commits acknowledged.
    pub commits: u64,
    /// Entries acknowledged.
    pub entries: u64,
    /// The first offset of the last block.
    pub block: Offset,
    /// How many bytes the body of that block had.
    pub len: usize,
    /// The hash that block had.
    pub hash: BlockHash,
    /// How many keys there were; nothing in what an earlier program wrote.
    pub keys: Option<u64>,
}

impl Head {
    /// The head of a log that ends with this block.
    pub fn of(commits: u64, keys: u64, last: &Block) -> Self {
        Self {
            commits,
            entries: last.end().0,
            block: last.first(),
            len: last.bytes().len() - super::block::HEADER,
            hash: last.hash(),
            keys: Some(keys),
        }
    }

    /// Reads the head of a store, `None` where it has none yet.
    pub fn read(dir: &Path) -> Result<Option<Self>, StoreError> {
        let Some(bytes) = files::read(&dir.join("head"))? else { return Ok(None) };
        let bad = |reason: &str| StoreError::Head { reason: reason.to_owned() };
        let text = String::from_utf8(bytes).map_err(|_| bad("it is not text"))?;
        let format = text.lines().next().and_then(|line| line.strip_prefix("ensue store "));
        let format: u32 = format.and_then(|n| n.parse().ok()).ok_or_else(|| bad("its first line is not known"))?;
        if format > FORMAT {
            return Err(StoreError::Newer { found: format, known: FORMAT });
        }
        let (body, sum) = text.rsplit_once("sum ").ok_or_else(|| bad("it is cut short"))?;
        if sum.trim_end() != sum_of(body) {
            return Err(bad("its checksum is wrong"));
        }
        Self::parse(body).map(Some).ok_or_else(|| bad("a line is missing"))
    }

    fn parse(body: &str) -> Option<Self> {
        let field = |name: &str| body.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let number = |name: &str| field(name)?.parse().ok();
        let hash = blake3::Hash::from_hex(field("hash")?).ok()?;
        Some(Self {
            commits: number("commits")?,
            entries: number("entries")?,
            block: Offset(number("block")?),
            len: usize::try_from(number("bytes")?).ok()?,
            hash: BlockHash(*hash.as_bytes()),
            keys: field("keys").and_then(|number| number.parse().ok()),
        })
    }

    /// Puts this head in place of the store's old one, durably.
    pub fn write(&self, dir: &Path, syncs: &Syncs) -> Result<(), StoreError> {
        let mut text = format!("ensue store {FORMAT}\n");
        // Writing into a string cannot fail.
        let _ = writeln!(text, "commits {}\nentries {}", self.commits, self.entries);
        let _ = writeln!(text, "block {}\nbytes {}", self.block.0, self.len);
        let _ = writeln!(text, "hash {}", blake3::Hash::from_bytes(self.hash.0).to_hex());
        if let Some(keys) = self.keys {
            let _ = writeln!(text, "keys {keys}");
        }
        let sum = sum_of(&text);
        let _ = writeln!(text, "sum {sum}");
        syncs.replace(&dir.join("head"), text.as_bytes())
    }

    /// Whether the block that held the last acknowledged entry still begins with what was
    /// acknowledged.
    pub fn agrees_with(&self, block: &Block) -> bool {
        let count = self.entries.checked_sub(block.first().0).and_then(|n| u32::try_from(n).ok());
        block.first() == self.block && count.and_then(|n| block.hash_then(n, self.len)) == Some(self.hash)
    }
}

impl Head {
    /// Whether the acknowledged log ended right behind this block, with nothing in the next one yet: so it
    /// is after a large entry, whose block is full at once.
    pub fn begins_after(&self, block: &Block) -> bool {
        self.len == 0 && self.hash == Builder::new(block.end(), block.hash()).finish().hash()
    }
}

fn sum_of(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().chars().take(32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_comes_back_and_a_changed_one_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let head = Head { commits: 3, entries: 9, block: Offset(4), len: 77, hash: BlockHash([5; 32]), keys: Some(2) };
        assert_eq!(Head::read(dir.path()).unwrap(), None);
        head.write(dir.path(), &Syncs::default()).unwrap();
        assert_eq!(Head::read(dir.path()).unwrap(), Some(head));
        let path = dir.path().join("head");
        let text = std::fs::read_to_string(&path).unwrap();
        for (from, to) in [("entries 9", "entries 8"), ("commits", "comits"), ("sum ", "")] {
            std::fs::write(&path, text.replace(from, to)).unwrap();
            assert!(matches!(Head::read(dir.path()), Err(StoreError::Head { .. })), "{from}");
        }
    }
}

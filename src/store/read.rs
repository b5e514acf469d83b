//! Reading the log in order, every block's place, checksum and hash checked on the way. The
//! database is read in a thread of its own, since a damaged one can spin forever.

use std::collections::VecDeque;
use std::marker::PhantomData;
use std::ops::Bound;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use sled::{IVec, Tree};

use super::block::{Block, BlockHash};
use super::entry::{Offset, StoredEntry};
use super::error::StoreError;
use super::guard::{guarded, receive, spawn};
use super::pieces::{self, Assembly};

/// How many records are handed over at a time.
const HANDFUL: usize = 128;

type Record = (IVec, IVec);

/// The records of a tree, in order of their keys, each as what is made of it in the walking thread.
#[derive(Debug)]
pub(crate) struct Walk<T = Record> {
    receiver: Receiver<Result<Vec<T>, String>>,
    ready: VecDeque<T>,
    limit: Duration,
}

/// Why a walk ended early.
pub(crate) enum Trouble {
    /// The database found or made an error.
    Broken(String),
    /// It did not get on within the limit.
    Stuck,
}

impl Trouble {
    /// As the error of a part of the store that is not the log.
    pub fn of_tree(self, part: &'static str, limit: Duration) -> StoreError {
        match self {
            Self::Broken(reason) => StoreError::TreeDamaged { part, reason },
            Self::Stuck => StoreError::Stuck { doing: "reading", seconds: limit.as_secs() },
        }
    }
}

impl Walk {
    /// Walks over a tree from a key on.
    pub fn new(tree: &Tree, from: Bound<Vec<u8>>, limit: Duration) -> Result<Self, StoreError> {
        Self::making(tree, from, limit, |record| record)
    }
}

impl<T: Send + 'static> Walk<T> {
    /// The same, with something made of each record on the way.
    pub fn making(
        tree: &Tree,
        from: Bound<Vec<u8>>,
        limit: Duration,
        make: fn(Record) -> T,
    ) -> Result<Self, StoreError> {
        let (sender, receiver) = mpsc::sync_channel(4);
        let tree = tree.clone();
        spawn(move || {
            let told = sender.clone();
            let outcome = guarded(move || {
                let mut handful = Vec::with_capacity(HANDFUL);
                for record in tree.range((from, Bound::Unbounded)) {
                    handful.push(make(record.map_err(|error| error.to_string())?));
                    // A receiver that is gone wants no more.
                    if handful.len() == HANDFUL && sender.send(Ok(std::mem::take(&mut handful))).is_err() {
                        return Ok(());
                    }
                }
                let _ = sender.send(Ok(handful));
                Ok(())
            });
            if let Err(reason) | Ok(Err(reason)) = outcome {
                let _ = told.send(Err(reason));
            }
        })?;
        Ok(Self { receiver, ready: VecDeque::new(), limit })
    }

    /// The next record.
    pub fn next(&mut self) -> Result<Option<T>, Trouble> {
        if self.ready.is_empty() {
            match receive(&self.receiver, self.limit) {
                Ok(Ok(handful)) => self.ready = handful.into(),
                Ok(Err(reason)) => return Err(Trouble::Broken(reason)),
                Err(RecvTimeoutError::Timeout) => return Err(Trouble::Stuck),
                Err(RecvTimeoutError::Disconnected) => {}
            }
        }
        Ok(self.ready.pop_front())
    }
}

/// A record of the log's tree.
#[derive(Debug)]
enum Lying {
    /// A block, or something that is none.
    Block(Result<Block, &'static str>),
    /// The first piece of a large block.
    Begun(IVec),
    /// Another piece of one.
    Piece(IVec),
}

impl Lying {
    fn of((key, value): Record) -> (IVec, Self) {
        let lying = if pieces::is_key(&key) {
            Self::Piece(value)
        } else if Assembly::begin(&value).is_some() {
            Self::Begun(value)
        } else {
            Self::Block(Block::parse(value))
        };
        (key, lying)
    }
}

/// The blocks of a log, in order. Ends after its first error.
#[derive(Debug)]
pub struct Blocks<'a> {
    walk: Walk<(IVec, Lying)>,
    last: Option<Block>,
    expected: Option<(Offset, BlockHash)>,
    /// Where reading begins.
    from: Offset,
    done: bool,
    store: PhantomData<&'a ()>,
}

impl Blocks<'_> {
    /// Reads `tree` from the block that holds `from`, then the block that is still being filled.
    pub(crate) fn new(tree: &Tree, last: Block, from: Offset, limit: Duration) -> Result<Self, StoreError> {
        let start = guarded(|| tree.range(..=from.0.to_be_bytes()).next_back().transpose());
        let reason = match start {
            Ok(Ok(start)) => {
                // A piece is read from the beginning of its block on.
                let bound =
                    start.map_or(Bound::Unbounded, |(key, _)| Bound::Included(pieces::first_key(&key).to_vec()));
                let origin = (from.0 == 0).then(|| (Offset(0), BlockHash::default()));
                let walk = Walk::making(tree, bound, limit, Lying::of)?;
                return Ok(Self { walk, last: Some(last), expected: origin, from, done: false, store: PhantomData });
            }
            Ok(Err(error)) => error.to_string(),
            Err(reason) => reason,
        };
        Err(StoreError::Damaged { readable: from.0, reason })
    }

    fn advance(&mut self) -> Result<Option<Block>, StoreError> {
        let readable = self.expected.map_or(self.from, |(offset, _)| offset).0;
        let damaged = |reason: &str| StoreError::Damaged { readable, reason: reason.to_owned() };
        let block = match self.next_record(readable)? {
            Some((key, lying)) => {
                let block = match lying {
                    Lying::Block(block) => block.map_err(damaged)?,
                    Lying::Begun(head) => self.put_together(&head, readable)?,
                    Lying::Piece(_) => return Err(damaged("a piece of a block without its beginning")),
                };
                if *key != block.first().0.to_be_bytes() {
                    return Err(damaged("a block in the place of another"));
                }
                Some(block)
            }
            None => self.last.take(),
        };
        let Some(block) = block else { return Ok(None) };
        match self.expected {
            Some((offset, _)) if block.first() != offset => return Err(damaged("blocks are missing")),
            Some((_, hash)) if block.previous() != hash => {
                return Err(damaged("a block that does not follow the one before"));
            }
            None if block.first() > self.from => return Err(damaged("blocks are missing")),
            _ => {}
        }
        self.expected = Some((block.end(), block.hash()));
        Ok(Some(block))
    }

    fn next_record(&mut self, readable: u64) -> Result<Option<(IVec, Lying)>, StoreError> {
        self.walk.next().map_err(|trouble| match trouble {
            Trouble::Broken(reason) => StoreError::Damaged { readable, reason },
            Trouble::Stuck => StoreError::Stuck { doing: "reading the log", seconds: self.walk.limit.as_secs() },
        })
    }

    /// The large block whose first piece was met; the others follow.
    fn put_together(&mut self, head: &[u8], readable: u64) -> Result<Block, StoreError> {
        let damaged = |reason: &str| StoreError::Damaged { readable, reason: reason.to_owned() };
        let missing = || damaged("a piece of a block is missing");
        let mut assembly = Assembly::begin(head).ok_or_else(missing)?;
        while let Some(wanted) = assembly.missing() {
            match self.next_record(readable)? {
                Some((key, Lying::Piece(piece))) if *key == *wanted => assembly.add(&piece).map_err(damaged)?,
                _ => return Err(missing()),
            }
        }
        assembly.finish().map_err(damaged)
    }
}

impl Iterator for Blocks<'_> {
    type Item = Result<Block, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.done {
            match self.advance() {
                Ok(Some(block)) if block.end() <= self.from || block.count() == 0 => {}
                Ok(Some(block)) => return Some(Ok(block)),
                Ok(None) => self.done = true,
                Err(error) => {
                    self.done = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

/// The entries of a log, in order. Ends after its first error.
#[derive(Debug)]
pub struct Iter<'a> {
    blocks: Blocks<'a>,
    ready: VecDeque<StoredEntry>,
}

impl<'a> Iter<'a> {
    pub(crate) fn new(blocks: Blocks<'a>) -> Self {
        Self { blocks, ready: VecDeque::new() }
    }
}

impl Iterator for Iter<'_> {
    type Item = Result<StoredEntry, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(entry) = self.ready.pop_front() {
                return Some(Ok(entry));
            }
            let block = match self.blocks.next()? {
                Ok(block) => block,
                Err(error) => return Some(Err(error)),
            };
            let from = self.blocks.from;
            for entry in block.entries() {
                match entry {
                    Ok(entry) if entry.offset < from => {}
                    Ok(entry) => self.ready.push_back(entry.to_stored()),
                    Err(error) => {
                        self.blocks.done = true;
                        self.ready.clear();
                        return Some(Err(error));
                    }
                }
            }
        }
    }
}

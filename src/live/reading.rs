//! The store's log as the engine reads it: entries straight into a typed log, and the whole log of a
//! store for a dry run over it.

use super::append::is_event;
use super::error::LiveError;
use super::{Live, packed, record};
use crate::crew::{Crew, NoThreads};
use crate::log::{Log, Part, Told, Words, join};
use crate::rulebook::Rulebook;
use crate::store::{Block, Entry, Offset, Store, StoreError};
use crate::timestamp::Timestamp;

/// So many blocks of the log are read at once by one thread: about 5 MB.
const BLOCKS: usize = 640;
/// About how many times the bytes of a block its records take as JSON.
const JSON: usize = 2;
/// What stands for a file in messages about entries.
pub(super) const PATH: &str = "store";

/// Entries on their way into a log.
pub(super) struct Reader<'a> {
    store: Option<&'a Store>,
    words: Words<'a>,
}

impl<'a> Reader<'a> {
    /// Reads entries of a store by a rulebook; without a store, as if their leads were erased.
    pub fn new(store: Option<&'a Store>, rulebook: &'a Rulebook) -> Self {
        Self { store, words: Words::new(rulebook) }
    }

    /// Takes an entry into a part of a log.
    ///
    /// # Errors
    /// A payload that is not in its format.
    pub fn take(&self, entry: &Entry<'_>, part: &mut Part) -> Result<(), StoreError> {
        if !is_event(entry.kind) {
            part.pass(entry.received_at);
            return Ok(());
        }
        let mut props = packed::Unpacked::new(self.store, entry)?;
        let told = Told {
            id: entry.id,
            ty: entry.ty,
            lead: entry.lead,
            account: entry.account,
            at: entry.at,
            received_at: entry.received_at,
            backfill: entry.kind == record::kind::BACKFILL,
        };
        // A line is asked for only where the entry cannot be read.
        let line = || self.store.and_then(|store| record::line(store, entry).ok()).unwrap_or_default();
        part.take(&told, props.by_ref(), &self.words, line);
        props.end()
    }

    /// Entries as one log, each one line of it.
    ///
    /// # Errors
    /// A payload that is not in its format.
    pub fn log<'e>(&self, entries: impl Iterator<Item = Entry<'e>>) -> Result<Log, StoreError> {
        let mut part = Part::new(0, 0);
        for entry in entries {
            self.take(&entry, &mut part)?;
        }
        Ok(join(vec![part], PATH, &Crew::alone()))
    }

    fn part(&self, number: u32, blocks: Vec<Result<Block, StoreError>>) -> Result<Part, StoreError> {
        let bytes: usize = blocks.iter().flatten().map(|block| block.bytes().len()).sum();
        let mut part = Part::new(number, JSON * bytes);
        for block in blocks {
            for entry in block?.entries() {
                self.take(&entry?, &mut part)?;
            }
        }
        part.trim();
        Ok(part)
    }
}

impl Live {
    /// The whole log, as a rulebook reads it: what a dry run over the export would read. `threads`
    /// is how many read at the same time; 0 for as many as the machine has cores.
    ///
    /// # Errors
    /// Damage found on the way, or threads that cannot be started.
    pub fn log(&self, rulebook: &Rulebook, threads: usize) -> Result<Log, LiveError> {
        let reader = Reader::new(Some(&self.store), rulebook);
        let mut blocks = self.store.blocks(Offset(0))?;
        let mut number = 0;
        let groups = std::iter::from_fn(move || {
            let group: Vec<_> = blocks.by_ref().take(BLOCKS).collect();
            number += 1;
            (!group.is_empty()).then_some((number - 1, group))
        });
        let failed = |error: NoThreads| StoreError::Stopped { reason: error.to_string() };
        let crew = Crew::new(threads).map_err(failed)?;
        let mut parts = crew.streamed(groups, |(number, group)| reader.part(number, group))?;
        if self.progress.clock.now > Timestamp(0) {
            let mut end = Part::new(u32::MAX, 0);
            end.pass(self.floor());
            parts.push(end);
        }
        Ok(join(parts, PATH, &crew).salted(self.salt.unwrap_or_default()))
    }
}

//! Event logs: JSON Lines in, typed events in order of arrival out. Made once for a run; the
//! engine and the reports borrow from it.
//!
//! Inputs are cut into blocks of whole lines; blocks are read at the same time, each into arenas
//! of its own (`chunk`); then ids are compared and entries put into order (`merge`). What the
//! fast reading of a line refuses is read again with care (`explain`). The result does not
//! depend on how inputs are cut or on the number of threads.

mod blocks;
mod chunk;
mod explain;
mod hash;
mod length;
mod merge;
mod names;
mod plain;
mod record;
mod salt;
#[cfg(feature = "live")]
mod stored;
mod survey;
mod value;
mod vocabulary;

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::address::Salt;
use crate::crew::{Crew, NoThreads};
use crate::event::{AccountId, Event, EventNumber, LeadId, Props};
use crate::rulebook::{Rulebook, TypeId};
use crate::timestamp::Timestamp;
use blocks::{Block, Blocks, Spare};
use chunk::{BadLine, Chunk, Parsed};
use merge::{Repeats, Spot};
use names::Names;
use vocabulary::Vocabulary;

pub(crate) use self::length::endless;
pub use self::survey::{Survey, Undeclared, survey};
#[cfg(feature = "live")]
pub(crate) use self::{
    chunk::OWN_TYPES,
    chunk::SALT_TYPE,
    chunk::too_long,
    explain::excerpt,
    explain::not_utf8_byte,
    record::Told,
    salt::ANOTHER,
    salt::NOT_ONE,
    stored::{Given, Part, Value, Words, join},
    value::date,
};

/// The longest line, in bytes without its line break: the one limit of a record, wherever it is read.
pub(crate) const MAX_LINE: usize = 1_000_000;
/// A line that goes on for longer than this is that of no log, and nobody waits for its end.
pub(crate) const ENDLESS: u64 = 256 << 20;
/// The longest id, type, lead or account, in bytes.
const MAX_NAME: usize = 1024;
/// An account that is not there.
const NONE: u32 = u32::MAX;

/// One log to read.
pub struct Input {
    /// As shown in messages and by [`Log::place`].
    pub path: String,
    /// Its bytes; best unbuffered, since it is read in large pieces.
    pub reader: Box<dyn Read + Send>,
}

/// How to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadOptions {
    /// Collect bad records in [`Log::bad`] instead of stopping at the first.
    pub skip_bad: bool,
    /// How many threads; 0 for as many as the machine has cores.
    pub threads: usize,
    /// About how many bytes are read at once by one thread; 8 MiB serve well.
    pub block_size: usize,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self { skip_bad: false, threads: 0, block_size: 8 << 20 }
    }
}

/// A line that is no record, or one that contradicts an earlier record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRecord {
    /// The input.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// The beginning of the line, at most 200 characters; empty for a conflict, whose text is no
    /// longer at hand when it is found.
    pub text: String,
    /// What is wrong.
    pub reason: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl fmt::Display for BadRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.path, self.line, self.column, self.reason)
    }
}

/// Why there is no log.
#[derive(Debug)]
pub enum ReadError {
    /// The first bad record in the order of the inputs.
    Bad(BadRecord),
    /// An input could not be read.
    Io {
        /// The input.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// More events than can be numbered, 2^32 - 1.
    TooManyEvents,
    /// The threads could not be started.
    Threads(NoThreads),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bad(bad) => bad.fmt(f),
            Self::Io { path, source } => write!(f, "`{path}` cannot be read: {source}"),
            Self::TooManyEvents => f.write_str("more than 4294967295 events in one log"),
            Self::Threads(source) => write!(f, "threads cannot be started: {source}"),
        }
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Bad(_) | Self::TooManyEvents => None,
            Self::Io { source, .. } => Some(source),
            Self::Threads(source) => Some(source),
        }
    }
}

/// An event as the log holds it: what the engine sorts and shards by. Properties and id are
/// reached through the log.
#[derive(Clone, Copy, Debug)]
pub struct LogEntry {
    /// When it happened.
    pub at: Timestamp,
    /// When it was learned of; entries are in this order.
    pub received_at: Timestamp,
    /// Whose it is.
    pub lead: LeadId,
    account: u32,
    id: u32,
    props: u32,
    /// In its chunk, from 1.
    line: u32,
    chunk: u32,
    ty: u16,
    id_len: u16,
    props_len: u16,
    backfill: bool,
}

const _: () = assert!(size_of::<LogEntry>() <= 56, "events are held by the million");

impl LogEntry {
    /// The lead's account, where the record names one.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        (self.account != NONE).then_some(AccountId(self.account))
    }

    /// Its type, `None` where the rulebook has no event of it.
    #[must_use]
    pub fn ty(&self) -> Option<TypeId> {
        (self.ty != u16::MAX).then_some(TypeId(self.ty))
    }
}

/// The events of one run in order of arrival.
#[derive(Debug)]
pub struct Log {
    entries: Vec<LogEntry>,
    chunks: Vec<Chunk>,
    paths: Vec<String>,
    leads: Names,
    accounts: Names,
    /// How many records were there before, with the same content.
    pub duplicates: u64,
    /// How many records have the id of an earlier one and other content; they are among the bad.
    pub conflicts: u64,
    /// Bad records that were skipped, in the order of the inputs.
    pub bad: Vec<BadRecord>,
    /// Types no event of the rulebook has, with how many records are of each.
    pub undeclared: BTreeMap<String, u64>,
    /// When the last record of a store's own was received: how far the store was drained.
    pub drained_to: Option<Timestamp>,
    salt: Salt,
}

impl Log {
    /// All entries in order of arrival; an entry's position is its [`EventNumber`].
    #[must_use]
    pub fn entries(&self) -> &[LogEntry] {
        &self.entries
    }

    /// What the addresses of people are hashed with.
    #[must_use]
    pub fn salt(&self) -> Salt {
        self.salt
    }

    /// The same where the log was read without the entry that says so.
    #[cfg(feature = "live")]
    pub(crate) fn salted(self, salt: Salt) -> Self {
        Self { salt, ..self }
    }

    /// How many events there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// An event by its number.
    #[must_use]
    pub fn event(&self, number: EventNumber) -> Option<Event<'_>> {
        self.entries.get(number.0 as usize).map(|entry| self.typed(number, entry))
    }

    /// Whether an event only keeps the place of a record that could not be read; nothing decides on it.
    #[must_use]
    pub fn is_gap(&self, number: EventNumber) -> bool {
        // Bad records of one input stand in its order, and keep a place in logs of one input alone.
        let line = || self.place(number).1;
        self.paths.len() == 1 && !self.bad.is_empty() && self.bad.binary_search_by_key(&line(), |bad| bad.line).is_ok()
    }

    /// The events in order of arrival.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Event<'_>> + Clone {
        self.entries.iter().enumerate().map(|(i, entry)| self.typed(EventNumber(i as u32), entry))
    }

    fn typed(&self, number: EventNumber, entry: &LogEntry) -> Event<'_> {
        let props = self.chunks.get(entry.chunk as usize).map_or(Props::default(), |chunk| {
            let start = entry.props as usize;
            Props {
                list: chunk.props.get(start..start + usize::from(entry.props_len)).unwrap_or_default(),
                texts: &chunk.texts,
                lists: &chunk.lists,
            }
        });
        Event {
            number,
            ty: entry.ty(),
            lead: entry.lead,
            account: entry.account(),
            at: entry.at,
            received_at: entry.received_at,
            backfill: entry.backfill,
            props,
        }
    }

    /// How many leads have events; what is about everybody has a number of its own without being one.
    #[must_use]
    pub fn named_lead_count(&self) -> usize {
        (0..self.leads.len() as u32).filter(|lead| !self.leads.name(*lead).is_empty()).count()
    }

    /// How many numbers of leads there are.
    #[must_use]
    pub fn lead_count(&self) -> usize {
        self.leads.len()
    }

    /// How many accounts have events.
    #[must_use]
    pub fn account_count(&self) -> usize {
        self.accounts.len()
    }

    /// The name of a lead, empty for one of another log.
    #[must_use]
    pub fn lead_name(&self, lead: LeadId) -> &str {
        self.leads.name(lead.0)
    }

    /// The name of an account, empty for one of another log.
    #[must_use]
    pub fn account_name(&self, account: AccountId) -> &str {
        self.accounts.name(account.0)
    }

    /// The id of an event, empty for one of another log.
    #[must_use]
    pub fn event_id(&self, number: EventNumber) -> &str {
        self.entries
            .get(number.0 as usize)
            .and_then(|entry| {
                let texts = &self.chunks.get(entry.chunk as usize)?.texts;
                texts.get(entry.id as usize..)?.get(..usize::from(entry.id_len))
            })
            .unwrap_or("")
    }

    /// The input an event stands in, and its line from 1.
    #[must_use]
    pub fn place(&self, number: EventNumber) -> (&str, u32) {
        self.entries
            .get(number.0 as usize)
            .and_then(|entry| {
                let chunk = self.chunks.get(entry.chunk as usize)?;
                Some((self.paths.get(chunk.input as usize)?.as_str(), chunk.lines_before + entry.line))
            })
            .unwrap_or(("", 0))
    }
}

/// Reads logs, one after the other, as one.
///
/// `progress` is told from time to time how many bytes have been read so far.
///
/// # Errors
/// The first bad record, unless they are skipped; an input that cannot be read.
pub fn read(
    inputs: Vec<Input>,
    rulebook: &Rulebook,
    options: &ReadOptions,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Log, ReadError> {
    let paths = inputs.iter().map(|input| input.path.clone()).collect();
    let crew = Crew::new(options.threads).map_err(ReadError::Threads)?;
    let vocabulary = Vocabulary::new(rulebook);
    let blocks = read_blocks(inputs, &vocabulary, *options, progress, &crew)?;
    assemble(blocks, paths, *options, &crew)
}

/// Reads blocks at the same time, and gives them in order.
fn read_blocks(
    inputs: Vec<Input>,
    vocabulary: &Vocabulary<'_>,
    options: ReadOptions,
    progress: &(dyn Fn(u64) + Sync),
    crew: &Crew,
) -> Result<Vec<Parsed>, ReadError> {
    let spare = Spare::default();
    let stop = AtomicBool::new(false);
    let mut cut = Blocks::new(inputs, options.block_size, &spare);
    // Blocks are handed out in order, so the blocks before the first bad one are all read.
    let next = || {
        if stop.load(Ordering::Relaxed) {
            return None;
        }
        let block = cut.next_block().map_err(|(path, source)| ReadError::Io { path, source }).transpose();
        progress(cut.bytes_read());
        if matches!(block, Some(Err(_))) {
            stop.store(true, Ordering::Relaxed);
        }
        block
    };
    let read = |block: Result<Block, ReadError>| {
        let block = block?;
        let parsed = chunk::read(&block, vocabulary, options.skip_bad);
        if !parsed.bad.is_empty() && !options.skip_bad {
            stop.store(true, Ordering::Relaxed);
        }
        spare.give_back(block);
        Ok(parsed)
    };
    let mut blocks = crew.streamed(std::iter::from_fn(next), read)?;
    blocks.sort_unstable_by_key(|block| block.number);
    count_lines(&mut blocks);
    Ok(blocks)
}

/// Tells each block how many lines of its input stand before it.
fn count_lines(blocks: &mut [Parsed]) {
    let (mut input, mut lines) = (0, 0);
    for block in blocks {
        if block.chunk.input != input {
            (input, lines) = (block.chunk.input, 0);
        }
        block.chunk.lines_before = lines;
        lines += block.lines;
    }
}

fn assemble(mut blocks: Vec<Parsed>, paths: Vec<String>, options: ReadOptions, crew: &Crew) -> Result<Log, ReadError> {
    let count: usize = blocks.iter().map(|block| block.entries.len()).sum();
    if u32::try_from(count).is_err() {
        return Err(ReadError::TooManyEvents);
    }
    let repeats = merge::repeats(&blocks, crew);
    let bad = all_bad(&mut blocks, &repeats.conflicts, &paths);
    if !options.skip_bad
        && let Some(first) = bad.first()
    {
        return Err(ReadError::Bad(first.clone()));
    }
    Ok(joined(blocks, paths, &repeats, bad, crew))
}

/// Blocks as one log.
fn joined(blocks: Vec<Parsed>, paths: Vec<String>, repeats: &Repeats, bad: Vec<BadRecord>, crew: &Crew) -> Log {
    let merged = merge::entries(&blocks, &repeats.dropped, crew);
    let mut undeclared = BTreeMap::new();
    for (ty, count) in blocks.iter().flat_map(|block| &block.undeclared) {
        *undeclared.entry(ty.clone()).or_default() += count;
    }
    let drained_to = blocks.iter().filter_map(|block| block.horizon).max();
    let salt = blocks.iter().flat_map(|block| &block.salts).next().map(|(_, salt)| *salt).unwrap_or_default();
    Log {
        entries: merged.entries,
        chunks: blocks.into_iter().map(|block| block.chunk).collect(),
        paths,
        leads: merged.leads,
        accounts: merged.accounts,
        duplicates: repeats.duplicates,
        conflicts: repeats.conflicts.len() as u64,
        bad,
        undeclared,
        drained_to,
        salt,
    }
}

/// Lines that are no records and records in conflict, in the order of the inputs.
fn all_bad(blocks: &mut [Parsed], conflicts: &[(Spot, Spot)], paths: &[String]) -> Vec<BadRecord> {
    let mut bad: Vec<(u32, BadRecord)> = Vec::new();
    for (later, first) in conflicts {
        let place = |spot: &Spot| {
            let block = blocks.get(spot.block as usize)?;
            let line = block.chunk.lines_before + block.entries.get(spot.entry as usize)?.line;
            Some((paths.get(block.chunk.input as usize)?.clone(), line))
        };
        let (Some((path, line)), Some((first_path, first_line))) = (place(later), place(first)) else { continue };
        let id = merge::id(blocks, *later);
        bad.push((
            later.block,
            BadRecord {
                path,
                line,
                column: 1,
                text: String::new(),
                reason: format!("the id `{id}` stands for another event at {first_path}:{first_line}"),
                help: Some("give every event an id of its own, and a repeated one the same content".to_owned()),
            },
        ));
    }
    let mut known = None;
    for (i, block) in blocks.iter_mut().enumerate() {
        let path = paths.get(block.chunk.input as usize).map_or("", |path| path);
        for (line, salt) in &block.salts {
            if *known.get_or_insert(*salt) != *salt {
                let fault = salt::another();
                block.bad.push(BadLine { line: *line, text: String::new(), fault });
            }
        }
        for line in block.bad.drain(..) {
            let fault = line.fault;
            bad.push((
                i as u32,
                BadRecord {
                    path: path.to_owned(),
                    line: block.chunk.lines_before + line.line + 1,
                    column: fault.column,
                    text: line.text,
                    reason: fault.reason,
                    help: fault.help,
                },
            ));
        }
    }
    bad.sort_by_key(|(block, bad)| (*block, bad.line));
    bad.into_iter().map(|(_, bad)| bad).collect()
}

//! The bytes of the log: entries packed into blocks of up to 8 KB that carry their place, a checksum
//! and the hash of the block before. An entry that is larger has a block to itself, which lies in
//! `pieces`. The only file that knows this layout; format 1.
//!
//! A block is a header and a body. The body only ever grows at its end (words are spelled out where
//! they first occur and numbered from there), so the hash of an earlier state of a block can be told
//! from a later one: that is what the head file relies on.

use std::hash::BuildHasher;
use std::ops::Range;

use hashbrown::HashTable;
#[cfg(test)]
use serde::Deserialize;
use serde::Serialize;

use super::entry::{Entry, NewEntry, Offset};
use super::error::StoreError;
use super::wire::Wire;
use crate::timestamp::Timestamp;

/// Opens every block, so that blocks can be found in a damaged file. Its last byte is the version.
pub const MAGIC: [u8; 4] = [0xE5, b'n', b'B', 1];
/// Bytes before the body: magic, first offset, count, body length, previous hash, checksum.
pub const HEADER: usize = 4 + 8 + 4 + 4 + 32 + 16;
/// The most bytes a value of the database may have: a larger one could be put into files that are never
/// synced. A block of more than one entry is no larger.
pub const LIMIT: usize = 8192;
/// The most bytes an encoded entry may have. A record of the log has at most 1 MB as text; sealed and
/// with its numbers written out it is a few times that at worst.
pub const ENTRY_LIMIT: usize = 16 << 20;

/// The hash of a block: of its header up to the checksum, and its body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct BlockHash(pub [u8; 32]);

/// One entry as it lies in a block. The order of the fields is part of format 1.
#[derive(Serialize)]
#[cfg_attr(test, derive(Debug, PartialEq, Deserialize))]
struct Record<'a> {
    kind: u8,
    id: &'a str,
    #[cfg_attr(test, serde(borrow))]
    lead: Word<'a>,
    #[cfg_attr(test, serde(borrow))]
    account: Word<'a>,
    #[cfg_attr(test, serde(borrow))]
    ty: Word<'a>,
    /// After the previous entry's `at`, microseconds; wraps.
    at: i64,
    /// After the previous entry's `received_at`, microseconds; wraps.
    received_at: i64,
    payload: &'a [u8],
}

/// A text that recurs within a block. The order of the variants is part of format 1.
#[derive(Clone, Copy, Serialize)]
#[cfg_attr(test, derive(Debug, PartialEq, Deserialize))]
enum Word<'a> {
    /// No text at all.
    Nothing,
    /// The word of this number, counted from 0 in the order they were first met.
    Known(u32),
    /// A word not met in this block before.
    Fresh(&'a str),
}

impl<'a> Record<'a> {
    /// Reads a record as postcard writes it.
    fn read(wire: &mut Wire<'a>) -> Option<Self> {
        Some(Self {
            kind: wire.byte()?,
            id: wire.text()?,
            lead: Word::read(wire)?,
            account: Word::read(wire)?,
            ty: Word::read(wire)?,
            at: wire.signed()?,
            received_at: wire.signed()?,
            payload: wire.bytes()?,
        })
    }
}

impl<'a> Word<'a> {
    fn read(wire: &mut Wire<'a>) -> Option<Self> {
        match wire.number()? {
            0 => Some(Self::Nothing),
            1 => wire.number().map(Self::Known),
            2 => wire.text().map(Self::Fresh),
            _ => None,
        }
    }
}

/// The words spelled out in a block, in one piece, and their numbers.
#[derive(Debug, Default)]
struct Words {
    texts: String,
    /// Where each word stands among the texts, and its number.
    table: HashTable<(Range<usize>, u32)>,
    /// How many words were spelled out.
    fresh: u32,
}

impl Words {
    fn number(&self, text: &str) -> Option<u32> {
        let found = self.table.find(hash_of_word(text), |(place, _)| self.texts.get(place.clone()) == Some(text));
        found.map(|(_, number)| *number)
    }

    /// Numbers a fresh word. One that occurs twice in an entry is spelled out twice, and numbered
    /// twice.
    fn learn(&mut self, text: &str) {
        let Self { texts, table, fresh } = self;
        let hash = hash_of_word(text);
        match table.find_mut(hash, |(place, _)| texts.get(place.clone()) == Some(text)) {
            Some((_, number)) => *number = *fresh,
            None => {
                let place = texts.len()..texts.len() + text.len();
                texts.push_str(text);
                let rehash =
                    |(place, _): &(Range<usize>, u32)| hash_of_word(texts.get(place.clone()).unwrap_or_default());
                table.insert_unique(hash, (place, *fresh), rehash);
            }
        }
        *fresh += 1;
    }
}

fn hash_of_word(text: &str) -> u64 {
    foldhash::fast::FixedState::default().hash_one(text)
}

/// A block being filled.
#[derive(Debug)]
pub struct Builder {
    first: Offset,
    count: u32,
    previous: BlockHash,
    /// Room for the header, then the body.
    bytes: Vec<u8>,
    /// The entry that is being added.
    scratch: Vec<u8>,
    words: Words,
    at: i64,
    received_at: i64,
}

impl Builder {
    /// An empty block after the block whose hash is `previous`.
    pub fn new(first: Offset, previous: BlockHash) -> Self {
        Self {
            first,
            count: 0,
            previous,
            bytes: vec![0; HEADER],
            scratch: Vec::new(),
            words: Words::default(),
            at: 0,
            received_at: 0,
        }
    }

    /// Takes up a block where it was left.
    pub fn resume(block: &Block) -> Result<Self, StoreError> {
        let mut builder = Self::new(block.first, block.previous);
        let mut entries = block.entries();
        for entry in entries.by_ref() {
            let entry = entry?;
            builder.at = entry.at.0;
            builder.received_at = entry.received_at.0;
        }
        for word in entries.words {
            builder.words.learn(word);
        }
        builder.count = block.count;
        builder.bytes.clear();
        builder.bytes.extend_from_slice(&block.bytes);
        Ok(builder)
    }

    /// The offset the next entry gets.
    pub const fn next(&self) -> Offset {
        Offset(self.first.0 + self.count as u64)
    }

    /// The offset of the first entry.
    pub const fn first(&self) -> Offset {
        self.first
    }

    /// How many bytes its body has.
    pub const fn body_len(&self) -> usize {
        self.bytes.len() - HEADER
    }

    /// The entries in it so far.
    pub fn entries(&self) -> Entries<'_> {
        Entries::new(&self.bytes, self.first, self.count)
    }

    /// Adds an entry; `false`, and nothing is changed, where it does not fit.
    pub fn push(&mut self, entry: &NewEntry<'_>) -> bool {
        let record = self.record(entry);
        self.scratch.clear();
        // Writing into memory cannot fail.
        self.scratch = postcard::to_extend(&record, std::mem::take(&mut self.scratch)).unwrap_or_default();
        if self.scratch.is_empty() || self.bytes.len() + self.scratch.len() > LIMIT {
            return false;
        }
        for word in [record.lead, record.account, record.ty] {
            if let Word::Fresh(text) = word {
                self.words.learn(text);
            }
        }
        self.bytes.extend_from_slice(&self.scratch);
        self.at = entry.at.0;
        self.received_at = entry.received_at.0;
        self.count += 1;
        true
    }

    /// Adds an entry that is too large for any other block to this empty one, which is full then; `false`
    /// where even that has no room.
    pub fn push_alone(&mut self, entry: &NewEntry<'_>) -> bool {
        if self.count > 0 {
            return false;
        }
        let bytes = postcard::to_allocvec(&self.record(entry)).unwrap_or_default();
        if bytes.is_empty() || bytes.len() > ENTRY_LIMIT {
            return false;
        }
        self.bytes.extend_from_slice(&bytes);
        self.count = 1;
        true
    }

    /// Whether nothing is in it yet.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn record<'e>(&self, entry: &NewEntry<'e>) -> Record<'e> {
        Record {
            kind: entry.kind,
            id: entry.id,
            lead: self.word(entry.lead),
            account: entry.account.map_or(Word::Nothing, |account| self.word(account)),
            ty: self.word(entry.ty),
            at: entry.at.0.wrapping_sub(self.at),
            received_at: entry.received_at.0.wrapping_sub(self.received_at),
            payload: entry.payload,
        }
    }

    fn word<'w>(&self, text: &'w str) -> Word<'w> {
        self.words.number(text).map_or(Word::Fresh(text), Word::Known)
    }

    /// The block as it stands, and its hash.
    pub fn finish(&self) -> Block {
        let mut bytes = self.bytes.clone();
        let header = header_of(self.first, self.count, self.body_len(), self.previous);
        if let Some(place) = bytes.get_mut(..HEADER - 16) {
            place.copy_from_slice(&header);
        }
        let hash = hash_of(&header, bytes.get(HEADER..).unwrap_or_default());
        if let (Some(place), Some(sum)) = (bytes.get_mut(HEADER - 16..HEADER), hash.0.get(..16)) {
            place.copy_from_slice(sum);
        }
        Block { first: self.first, count: self.count, previous: self.previous, hash, bytes: bytes.into() }
    }
}

/// A whole block, its checksum found right.
#[derive(Clone, Debug)]
pub struct Block {
    first: Offset,
    count: u32,
    previous: BlockHash,
    hash: BlockHash,
    bytes: sled::IVec,
}

impl Block {
    /// Reads a block; the reason where the bytes are not one.
    pub fn parse(bytes: sled::IVec) -> Result<Self, &'static str> {
        let (header, len) = parse_header(&bytes).ok_or("something that is not a block of the log")?;
        if bytes.len() != HEADER + len {
            return Err("a block of the wrong length");
        }
        let fixed = bytes.get(..HEADER - 16).unwrap_or_default();
        let hash = hash_of(fixed, bytes.get(HEADER..).unwrap_or_default());
        if hash.0.get(..16) != bytes.get(HEADER - 16..HEADER) {
            return Err("a block whose checksum is wrong");
        }
        Ok(Self { hash, bytes, ..header })
    }

    /// Finds the block at the start of `bytes`, which may go on behind it.
    pub fn parse_prefix(bytes: &[u8]) -> Option<Self> {
        let (_, len) = parse_header(bytes)?;
        let bytes = bytes.get(..HEADER + len).filter(|block| block.len() <= LIMIT)?;
        Self::parse(bytes.into()).ok()
    }

    /// The first offset, and the length of the body, of the block that `bytes` begin with.
    pub fn announced(bytes: &[u8]) -> Option<(Offset, usize)> {
        parse_header(bytes).map(|(block, len)| (block.first, len))
    }

    /// The offset of its first entry.
    pub const fn first(&self) -> Offset {
        self.first
    }

    /// How many entries it has.
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// The offset after its last entry.
    pub const fn end(&self) -> Offset {
        Offset(self.first.0 + self.count as u64)
    }

    /// The hash of the block before it.
    pub const fn previous(&self) -> BlockHash {
        self.previous
    }

    /// Its own hash.
    pub const fn hash(&self) -> BlockHash {
        self.hash
    }

    /// Its bytes, header and body.
    pub fn bytes(&self) -> &sled::IVec {
        &self.bytes
    }

    /// The hash this block had when it held `count` entries in `len` bytes of body.
    pub fn hash_then(&self, count: u32, len: usize) -> Option<BlockHash> {
        let body = self.bytes.get(HEADER..HEADER.checked_add(len)?)?;
        Some(hash_of(&header_of(self.first, count, len, self.previous), body))
    }

    /// Its entries, in order.
    pub fn entries(&self) -> Entries<'_> {
        Entries::new(&self.bytes, self.first, self.count)
    }
}

/// The entries of one block.
#[derive(Debug)]
pub struct Entries<'a> {
    rest: &'a [u8],
    next: Offset,
    left: u32,
    words: Vec<&'a str>,
    at: i64,
    received_at: i64,
}

impl<'a> Entries<'a> {
    fn new(bytes: &'a [u8], next: Offset, left: u32) -> Self {
        let rest = bytes.get(HEADER..).unwrap_or_default();
        Self { rest, next, left, words: Vec::with_capacity(left.min(256) as usize), at: 0, received_at: 0 }
    }

    fn decode(&mut self) -> Option<Entry<'a>> {
        let mut wire = Wire(self.rest);
        let record = Record::read(&mut wire)?;
        self.rest = wire.0;
        self.at = self.at.wrapping_add(record.at);
        self.received_at = self.received_at.wrapping_add(record.received_at);
        Some(Entry {
            offset: self.next,
            kind: record.kind,
            id: record.id,
            lead: self.word(record.lead)?,
            account: if matches!(record.account, Word::Nothing) { None } else { Some(self.word(record.account)?) },
            ty: self.word(record.ty)?,
            at: Timestamp(self.at),
            received_at: Timestamp(self.received_at),
            payload: record.payload,
        })
    }

    fn word(&mut self, word: Word<'a>) -> Option<&'a str> {
        match word {
            Word::Nothing => None,
            Word::Known(number) => self.words.get(number as usize).copied(),
            Word::Fresh(text) => {
                self.words.push(text);
                Some(text)
            }
        }
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let decoded = self.decode();
        if decoded.is_none() {
            self.left = 0;
        }
        let readable = self.next.0;
        self.next = Offset(readable + 1);
        let reason = || "an entry that is not in the format of this store".to_owned();
        Some(decoded.ok_or_else(|| StoreError::Damaged { readable, reason: reason() }))
    }
}

/// Refuses an entry no block has room for.
pub fn check_size(entry: &NewEntry<'_>) -> Result<(), StoreError> {
    let words = entry.lead.len() + entry.account.map_or(0, str::len) + entry.ty.len();
    // 64 bytes hold every number and length of an entry at its longest.
    let most = words + entry.id.len() + entry.payload.len() + 64;
    if most <= ENTRY_LIMIT {
        return Ok(());
    }
    let alone = Builder::new(Offset(0), BlockHash::default());
    let bytes = postcard::to_allocvec(&alone.record(entry)).map_or(most, |bytes| bytes.len());
    if bytes <= ENTRY_LIMIT {
        return Ok(());
    }
    Err(StoreError::TooLarge { id: entry.id.to_owned(), bytes, limit: ENTRY_LIMIT })
}

fn header_of(first: Offset, count: u32, len: usize, previous: BlockHash) -> [u8; HEADER - 16] {
    let mut header = [0; HEADER - 16];
    let parts: [&[u8]; 5] =
        [&MAGIC, &first.0.to_be_bytes(), &count.to_be_bytes(), &(len as u32).to_be_bytes(), &previous.0];
    for (place, byte) in header.iter_mut().zip(parts.into_iter().flatten()) {
        *place = *byte;
    }
    header
}

fn hash_of(header: &[u8], body: &[u8]) -> BlockHash {
    // Bytes in one piece are hashed many lanes at a time; two pieces are not.
    BlockHash(*blake3::hash(&[header, body].concat()).as_bytes())
}

/// The header of a block whose hash is not known yet, and the length of its body.
fn parse_header(bytes: &[u8]) -> Option<(Block, usize)> {
    let rest = bytes.strip_prefix(&MAGIC)?;
    let (first, rest) = rest.split_first_chunk::<8>()?;
    let (count, rest) = rest.split_first_chunk::<4>()?;
    let (len, rest) = rest.split_first_chunk::<4>()?;
    let (previous, _) = rest.split_first_chunk::<32>()?;
    let len = u32::from_be_bytes(*len) as usize;
    let block = Block {
        first: Offset(u64::from_be_bytes(*first)),
        count: u32::from_be_bytes(*count),
        previous: BlockHash(*previous),
        hash: BlockHash::default(),
        bytes: sled::IVec::default(),
    };
    (len <= ENTRY_LIMIT).then_some((block, len))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry<'a>(id: &'a str, lead: &'a str, payload: &'a [u8]) -> NewEntry<'a> {
        NewEntry {
            kind: 0,
            id,
            lead,
            account: Some("acme"),
            ty: "email.opened",
            at: Timestamp(1_700_000_000_000_000),
            received_at: Timestamp(1_700_000_000_000_001),
            payload,
        }
    }

    #[test]
    fn entries_come_back_and_a_block_can_be_taken_up_again() {
        let mut builder = Builder::new(Offset(7), BlockHash([3; 32]));
        assert!(builder.push(&entry("a", "ana", b"{}")));
        let early = builder.finish();
        let mut resumed = Builder::resume(&early).unwrap();
        for builder in [&mut builder, &mut resumed] {
            assert!(builder.push(&entry("b", "ben", b"{\"x\":1}")));
        }
        let block = Block::parse(builder.finish().bytes().clone()).unwrap();
        assert_eq!(block.bytes(), resumed.finish().bytes());
        assert_eq!(block.hash_then(1, early.bytes().len() - HEADER), Some(early.hash()));
        let entries: Vec<_> = block.entries().map(Result::unwrap).collect();
        assert_eq!(entries.len(), 2);
        assert_eq!((entries[1].offset, entries[1].id, entries[1].lead), (Offset(8), "b", "ben"));
        assert_eq!((entries[1].account, entries[1].ty), (Some("acme"), "email.opened"));
        assert_eq!(entries[1].payload, b"{\"x\":1}");
        assert_eq!(entries[1].received_at, Timestamp(1_700_000_000_000_001));
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let mut builder = Builder::new(Offset(0), BlockHash::default());
        assert!(builder.push(&entry("a", "ana", b"{}")));
        let bytes = builder.finish().bytes().to_vec();
        for bit in 0..bytes.len() * 8 {
            let mut bad = bytes.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(Block::parse(bad.into()).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn an_entry_is_refused_only_where_no_block_has_room() {
        let fits = vec![b'x'; 1_000_000];
        assert!(check_size(&entry("a", "ana", &fits)).is_ok());
        let large = vec![b'x'; ENTRY_LIMIT];
        assert!(matches!(check_size(&entry("a", "ana", &large)), Err(StoreError::TooLarge { .. })));
    }

    proptest::proptest! {
        /// Whatever the bytes are, they read as postcard reads them.
        #[test]
        fn records_are_read_as_postcard_reads_them(
            texts in proptest::collection::vec("[a-zé]{0,40}", 4),
            numbers: (u8, u32, i64, i64),
            words in proptest::collection::vec(0_u8..3, 3),
            payload: Vec<u8>,
            change: (usize, u8),
            cut: usize,
        ) {
            let word = |at: usize| match words[at] {
                0 => Word::Nothing,
                1 => Word::Known(numbers.1 >> (at * 9)),
                _ => Word::Fresh(&texts[at]),
            };
            let record = Record {
                kind: numbers.0,
                id: &texts[3],
                lead: word(0),
                account: word(1),
                ty: word(2),
                at: numbers.2 >> (numbers.0 % 60),
                received_at: numbers.3 >> (numbers.0 % 50),
                payload: &payload,
            };
            let good = postcard::to_allocvec(&record).unwrap();
            let mut bad = good.clone();
            let at = change.0 % bad.len();
            bad[at] = change.1;
            let short = &good[..cut % good.len()];
            for bytes in [&good[..], &bad, short] {
                let theirs = postcard::take_from_bytes::<Record<'_>>(bytes).ok();
                let mut wire = Wire(bytes);
                let ours = Record::read(&mut wire).map(|record| (record, wire.0));
                proptest::prop_assert_eq!(ours, theirs);
            }
        }
    }
}

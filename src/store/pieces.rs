//! How a block lies in the database that is larger than one value may be: in pieces, each with a
//! checksum of its own and the block's, so that they can be found and told in a damaged file. The only
//! file that knows their layout; format 2.
//!
//! The first piece is the beginning of the block itself, under the block's key; the others lie under
//! keys that follow it.

use sled::{IVec, Tree};

use super::block::{Block, HEADER, LIMIT};

/// Opens every piece but the first. Its last byte is the version.
const MAGIC: [u8; 4] = [0xE5, b'n', b'P', 1];
/// Bytes before what a piece holds: magic, checksum of the block, number, length, checksum.
const BEFORE: usize = 4 + 16 + 4 + 4 + 16;
/// The most bytes a piece holds.
const ROOM: usize = LIMIT - BEFORE;

/// The checksum a block carries.
pub type Sum = [u8; 16];

/// The records of the database that a block lies in, with their keys.
pub fn of(block: &Block) -> Vec<(Vec<u8>, IVec)> {
    let first = block.first().0;
    let bytes = block.bytes();
    let Some((head, rest)) = bytes.split_at_checked(LIMIT).filter(|(_, rest)| !rest.is_empty()) else {
        return vec![(first.to_be_bytes().to_vec(), bytes.clone())];
    };
    let mut records = vec![(first.to_be_bytes().to_vec(), IVec::from(head))];
    let sum = sum_in(head).unwrap_or_default();
    for (part, number) in rest.chunks(ROOM).zip(1_u32..) {
        let mut piece = Vec::with_capacity(BEFORE + part.len());
        piece.extend_from_slice(&MAGIC);
        piece.extend_from_slice(&sum);
        piece.extend_from_slice(&number.to_be_bytes());
        piece.extend_from_slice(&(part.len() as u32).to_be_bytes());
        let own = sum_of(&piece, part);
        piece.extend_from_slice(&own);
        piece.extend_from_slice(part);
        records.push((key(first, number), piece.into()));
    }
    records
}

/// Whether a key is that of a piece after the first.
pub fn is_key(key: &[u8]) -> bool {
    key.len() == 12
}

/// The first piece's key of the block that a record belongs to.
pub fn first_key(key: &[u8]) -> &[u8] {
    key.get(..8).unwrap_or(key)
}

fn key(first: u64, number: u32) -> Vec<u8> {
    let mut key = first.to_be_bytes().to_vec();
    key.extend_from_slice(&number.to_be_bytes());
    key
}

/// The block whose first piece, or all of which, lies in a tree.
///
/// # Errors
/// What is wrong with it, in words.
pub fn block_in(tree: &Tree, value: IVec) -> Result<Block, String> {
    let Some(mut assembly) = Assembly::begin(&value) else { return Block::parse(value).map_err(str::to_owned) };
    while let Some(key) = assembly.missing() {
        let piece = tree.get(key).map_err(|error| error.to_string())?.ok_or("a piece of a block is missing")?;
        assembly.add(&piece)?;
    }
    assembly.finish().map_err(str::to_owned)
}

/// A piece after the first.
#[derive(Clone, Copy, Debug)]
pub struct BlockPiece<'a> {
    /// The checksum of its block.
    pub block: Sum,
    /// Its number in the block, from 1.
    pub number: u32,
    bytes: &'a [u8],
}

impl<'a> BlockPiece<'a> {
    /// Finds the piece at the start of `bytes`, which may go on behind it.
    pub fn parse_prefix(bytes: &'a [u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(&MAGIC)?;
        let (block, rest) = rest.split_first_chunk::<16>()?;
        let (number, rest) = rest.split_first_chunk::<4>()?;
        let (len, rest) = rest.split_first_chunk::<4>()?;
        let (own, rest) = rest.split_first_chunk::<16>()?;
        let bytes_of = rest.get(..u32::from_be_bytes(*len) as usize).filter(|part| part.len() <= ROOM)?;
        let fixed = bytes.get(..BEFORE - 16)?;
        let piece = Self { block: *block, number: u32::from_be_bytes(*number), bytes: bytes_of };
        (sum_of(fixed, bytes_of) == *own).then_some(piece)
    }
}

/// A block being put together from its pieces.
#[derive(Debug)]
pub struct Assembly {
    first: u64,
    sum: Sum,
    bytes: Vec<u8>,
    whole: usize,
    next: u32,
}

impl Assembly {
    /// Begins with the first piece; `None` where the bytes do not begin a block that lies in pieces.
    pub fn begin(head: &[u8]) -> Option<Self> {
        let (first, len) = Block::announced(head)?;
        let head = head.get(..LIMIT).filter(|_| HEADER + len > LIMIT)?;
        let mut bytes = Vec::with_capacity(HEADER + len);
        bytes.extend_from_slice(head);
        Some(Self { first: first.0, sum: sum_in(head)?, bytes, whole: HEADER + len, next: 1 })
    }

    /// The key of the piece that comes next; `None` where all are there.
    pub fn missing(&self) -> Option<Vec<u8>> {
        (self.bytes.len() < self.whole).then(|| key(self.first, self.next))
    }

    /// What the piece that comes next is known by.
    pub const fn wanted(&self) -> (Sum, u32) {
        (self.sum, self.next)
    }

    /// Takes in the piece that comes next.
    ///
    /// # Errors
    /// It is another one, or damaged.
    pub fn add(&mut self, piece: &[u8]) -> Result<(), &'static str> {
        let piece = BlockPiece::parse_prefix(piece).ok_or("a piece of a block whose checksum is wrong")?;
        if (piece.block, piece.number) != self.wanted() {
            return Err("a piece in the place of another");
        }
        self.bytes.extend_from_slice(piece.bytes);
        self.next += 1;
        Ok(())
    }

    /// The whole block.
    ///
    /// # Errors
    /// It is not what was written.
    pub fn finish(self) -> Result<Block, &'static str> {
        Block::parse(self.bytes.into())
    }
}

/// The checksum a block carries in its header.
fn sum_in(head: &[u8]) -> Option<Sum> {
    head.get(HEADER - 16..HEADER).and_then(|sum| sum.try_into().ok())
}

fn sum_of(fixed: &[u8], part: &[u8]) -> Sum {
    let mut sum = Sum::default();
    blake3::Hasher::new().update(fixed).update(part).finalize_xof().fill(&mut sum);
    sum
}

#[cfg(test)]
mod tests {
    use super::super::block::{BlockHash, Builder};
    use super::super::entry::{NewEntry, Offset};
    use super::*;
    use crate::timestamp::Timestamp;

    fn block(payload: &[u8]) -> Block {
        let entry = NewEntry {
            kind: 0,
            id: "a",
            lead: "ana",
            account: None,
            ty: "email.replied",
            at: Timestamp(7),
            received_at: Timestamp(8),
            payload,
        };
        let mut builder = Builder::new(Offset(5), BlockHash([1; 32]));
        assert!(builder.push(&entry) || builder.push_alone(&entry));
        builder.finish()
    }

    #[test]
    fn a_large_block_comes_back_from_its_pieces_and_no_flipped_bit_is_missed() {
        let payload: Vec<u8> = (0..30_000_u32).map(|n| (n * 7 % 251) as u8).collect();
        let block = block(&payload);
        let records = of(&block);
        assert!(records.len() > 3 && records.iter().all(|(_, value)| value.len() <= LIMIT));
        assert!(records.windows(2).all(|pair| pair[0].0 < pair[1].0));
        let join = |records: &[(Vec<u8>, IVec)]| {
            let mut assembly = Assembly::begin(&records[0].1).ok_or("no beginning")?;
            for (_, piece) in &records[1..] {
                assembly.add(piece)?;
            }
            assert_eq!(assembly.missing(), None);
            assembly.finish()
        };
        let again = join(&records).unwrap();
        assert_eq!(again.bytes(), block.bytes());
        assert_eq!(again.entries().next().unwrap().unwrap().payload, payload);
        for (record, byte) in [(0, 3), (0, 60), (0, 70), (0, 8191), (1, 2), (1, 10), (1, 21), (1, 30), (2, 4000)] {
            let mut bad = records.clone();
            let mut bytes = bad[record].1.to_vec();
            bytes[byte] ^= 4;
            bad[record].1 = bytes.into();
            assert!(join(&bad).is_err(), "record {record}, byte {byte}");
        }
    }

    #[test]
    fn what_fits_lies_in_one_piece() {
        let block = block(b"{}");
        assert_eq!(of(&block), [(5_u64.to_be_bytes().to_vec(), block.bytes().clone())]);
    }
}

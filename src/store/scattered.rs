//! Large blocks in a damaged file: their pieces lie anywhere in it, some more than once, and are put
//! together by what they say of themselves. Used by `repair`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use super::block::{Block, LIMIT, MAGIC};
use super::pieces::{Assembly, BlockPiece, Sum};

/// What blocks and pieces alike begin with.
pub const PREFIX: [u8; 2] = [MAGIC[0], MAGIC[1]];

/// The pieces found in a file.
#[derive(Debug, Default)]
pub struct Scattered {
    /// Where large blocks begin.
    begun: Vec<u64>,
    /// Where a whole one of each other piece lies.
    pieces: BTreeMap<(Sum, u32), u64>,
}

impl Scattered {
    /// Notes what stands at an offset, where it is a piece.
    pub fn note(&mut self, bytes: &[u8], offset: u64) {
        if let Some(piece) = BlockPiece::parse_prefix(bytes) {
            self.pieces.insert((piece.block, piece.number), offset);
        } else if Assembly::begin(bytes).is_some() {
            self.begun.push(offset);
        }
    }

    /// Every block of which all pieces are there, with their offsets.
    pub fn blocks(&self, file: &mut File) -> Vec<(Block, u64, Vec<u64>)> {
        let mut found = Vec::new();
        for begun in &self.begun {
            let Some(mut assembly) = read(file, *begun).and_then(|bytes| Assembly::begin(&bytes)) else { continue };
            let mut places = Vec::new();
            while assembly.missing().is_some() {
                let Some(place) = self.pieces.get(&assembly.wanted()) else { break };
                if read(file, *place).and_then(|bytes| assembly.add(&bytes).ok()).is_none() {
                    break;
                }
                places.push(*place);
            }
            if assembly.missing().is_none()
                && let Ok(block) = assembly.finish()
            {
                found.push((block, *begun, places));
            }
        }
        found
    }
}

/// The block whose pieces lie at some offsets.
pub fn block_at(file: &mut File, begun: u64, pieces: &[u64]) -> Option<Block> {
    let mut assembly = Assembly::begin(&read(file, begun)?)?;
    for piece in pieces {
        assembly.add(&read(file, *piece)?).ok()?;
    }
    assembly.finish().ok()
}

/// As much as a piece has at most.
fn read(file: &mut File, offset: u64) -> Option<Vec<u8>> {
    file.seek(SeekFrom::Start(offset)).ok()?;
    let mut bytes = Vec::with_capacity(LIMIT);
    file.take(LIMIT as u64).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

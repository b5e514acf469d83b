//! Cuts the inputs into blocks of whole lines, so that they can be read at the same time.

use std::io::{self, Read};
use std::sync::Mutex;

use super::{ENDLESS, Input, MAX_LINE, endless};

/// How much is read at once where a block is full already, in bytes.
const LEAST: usize = 64 * 1024;

/// Whole lines of one input; the last may lack its line break. A line longer than [`MAX_LINE`]
/// stands alone or last, cut just beyond that length, and its rest is passed over.
pub(super) struct Block {
    /// Which input.
    pub(super) input: u32,
    /// Position among the blocks of all inputs.
    pub(super) number: u32,
    /// Whether it begins its input.
    pub(super) first: bool,
    buffer: Vec<u8>,
    len: usize,
}

impl Block {
    pub(super) fn bytes(&self) -> &[u8] {
        self.buffer.get(..self.len).unwrap_or(&[])
    }
}

/// Buffers that have served their block.
#[derive(Default)]
pub(super) struct Spare(Mutex<Vec<Vec<u8>>>);

impl Spare {
    pub(super) fn give_back(&self, block: Block) {
        if let Ok(mut buffers) = self.0.lock() {
            buffers.push(block.buffer);
        }
    }

    fn take(&self) -> Vec<u8> {
        self.0.lock().ok().and_then(|mut buffers| buffers.pop()).unwrap_or_default()
    }
}

/// The blocks of all inputs, in order.
pub(super) struct Blocks<'s> {
    inputs: std::vec::IntoIter<Input>,
    current: Option<Box<dyn Read + Send>>,
    path: String,
    opened: u32,
    first: bool,
    next: u32,
    size: usize,
    /// The beginning of a line whose end is not read yet.
    carry: Vec<u8>,
    spare: &'s Spare,
    read: u64,
}

impl<'s> Blocks<'s> {
    /// Blocks of about `size` bytes.
    pub(super) fn new(inputs: Vec<Input>, size: usize, spare: &'s Spare) -> Self {
        Self {
            inputs: inputs.into_iter(),
            current: None,
            path: String::new(),
            opened: 0,
            first: false,
            next: 0,
            size: size.max(1),
            carry: Vec::new(),
            spare,
            read: 0,
        }
    }

    /// How many bytes have been read so far.
    pub(super) fn bytes_read(&self) -> u64 {
        self.read
    }

    /// The next block, or the input that could not be read and why.
    pub(super) fn next_block(&mut self) -> Result<Option<Block>, (String, io::Error)> {
        loop {
            let Some(mut reader) = self.current.take() else {
                let Some(input) = self.inputs.next() else { return Ok(None) };
                self.opened += 1;
                self.first = true;
                self.path = input.path;
                self.current = Some(input.reader);
                continue;
            };
            let mut buffer = self.spare.take();
            let (len, ended) = self.fill(&mut *reader, &mut buffer).map_err(|e| (self.path.clone(), e))?;
            if !ended {
                self.current = Some(reader);
            }
            if len > 0 {
                let block = Block { input: self.opened - 1, number: self.next, first: self.first, buffer, len };
                self.first = false;
                self.next += 1;
                return Ok(Some(block));
            }
        }
    }

    /// Fills the buffer with whole lines; how many bytes, and whether the input has ended.
    fn fill(&mut self, reader: &mut dyn Read, buffer: &mut Vec<u8>) -> io::Result<(usize, bool)> {
        let mut filled = self.carry.len();
        grow(buffer, filled);
        buffer.iter_mut().zip(&self.carry).for_each(|(to, from)| *to = *from);
        self.carry.clear();
        let mut searched = 0;
        loop {
            // A small input needs a small buffer; a large one soon has one of the whole size.
            grow(buffer, (2 * filled).min(self.size).max(filled + self.size.min(LEAST)));
            let free = buffer.get_mut(filled..).unwrap_or_default();
            let wanted = free.len().min(self.size);
            let count = read_some(reader, free.get_mut(..wanted).unwrap_or_default())?;
            if count == 0 {
                return Ok((filled, true));
            }
            self.read += count as u64;
            filled += count;
            if filled < self.size {
                continue;
            }
            let seen = buffer.get(searched..filled).unwrap_or_default();
            if let Some(at) = memchr::memrchr(b'\n', seen) {
                let end = searched + at + 1;
                self.carry.extend_from_slice(buffer.get(end..filled).unwrap_or_default());
                return Ok((end, false));
            }
            searched = filled;
            if filled > MAX_LINE {
                let ended = self.pass_over_line(reader)?;
                return Ok((MAX_LINE + 1, ended));
            }
        }
    }

    /// Reads on to the end of a line that is too long to keep; whether the input has ended.
    fn pass_over_line(&mut self, reader: &mut dyn Read) -> io::Result<bool> {
        let mut scratch = vec![0; self.size.clamp(1, 64 * 1024)];
        let mut passed = 0;
        loop {
            let count = read_some(reader, &mut scratch)?;
            if count == 0 {
                return Ok(true);
            }
            self.read += count as u64;
            passed += count as u64;
            if passed > ENDLESS {
                return Err(endless());
            }
            let seen = scratch.get(..count).unwrap_or_default();
            if let Some(at) = memchr::memchr(b'\n', seen) {
                self.carry.extend_from_slice(seen.get(at + 1..).unwrap_or_default());
                return Ok(false);
            }
        }
    }
}

fn grow(buffer: &mut Vec<u8>, len: usize) {
    if buffer.len() < len {
        buffer.resize(len, 0);
    }
}

fn read_some(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(buffer) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

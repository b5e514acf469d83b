//! Reads what postcard writes, for the one record that is read a million times: fields straight off
//! the bytes, without a visitor for each. A property test holds it to postcard.
//! The format: <https://postcard.jamesmunns.com/wire-format>.

/// Bytes that are still to be read.
#[derive(Clone, Copy, Debug)]
pub struct Wire<'a>(pub &'a [u8]);

impl<'a> Wire<'a> {
    /// One byte.
    pub fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// A number without a sign in groups of seven bits, the lowest first; `None` where it has more
    /// than `bits`.
    fn varint(&mut self, bits: u32) -> Option<u64> {
        let first = self.byte()?;
        if first < 0x80 {
            return Some(u64::from(first));
        }
        let mut number = u64::from(first & 0x7f);
        let mut shift = 7;
        loop {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            if shift >= bits || part > u64::MAX >> (64 - bits) >> shift {
                return None;
            }
            number |= part << shift;
            if byte < 0x80 {
                return Some(number);
            }
            shift += 7;
        }
    }

    /// A number of up to 32 bits.
    pub fn number(&mut self) -> Option<u32> {
        self.varint(32).map(|number| number as u32)
    }

    /// A number with a sign, folded so that small ones of either sign are short.
    pub fn signed(&mut self) -> Option<i64> {
        let folded = self.varint(64)?;
        Some((folded >> 1) as i64 ^ -((folded & 1) as i64))
    }

    /// Bytes with their length before them.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.varint(64)?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(bytes)
    }

    /// A text with its length before it.
    pub fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }
}

//! Reads what postcard writes, for what is read a million times: fields straight off the bytes,
//! without a visitor for each. Property tests hold it to postcard.
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

    /// A number with a fraction.
    pub fn float(&mut self) -> Option<f64> {
        let (bytes, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(f64::from_le_bytes(*bytes))
    }

    /// So many bytes as they are.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*bytes)
    }

    /// True or false.
    pub fn flag(&mut self) -> Option<bool> {
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// How many things follow.
    pub fn length(&mut self) -> Option<usize> {
        usize::try_from(self.varint(64)?).ok()
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
        let len = self.length()?;
        let (bytes, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(bytes)
    }

    /// A text with its length before it.
    pub fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }
}

//! Hashes with a fixed seed, for finding equal names and comparing the content of records.
//! No order and no id ever comes out of them.

use std::hash::{BuildHasher, Hasher};

const STATE: foldhash::quality::FixedState = foldhash::quality::FixedState::with_seed(0x656e_7375_6521);

/// The hash of a text.
#[inline]
pub(super) fn of_text(text: &str) -> u64 {
    of_bytes(text.as_bytes())
}

/// The same of a text that may not be one.
#[inline]
pub(super) fn of_bytes(text: &[u8]) -> u64 {
    let mut hasher = STATE.build_hasher();
    hasher.write(text);
    hasher.finish()
}

/// Both hashes in one; the order matters.
#[inline]
pub(super) fn mix(first: u64, second: u64) -> u64 {
    let product =
        u128::from(first ^ 0x9e37_79b9_7f4a_7c15) * u128::from(second.rotate_left(32) ^ 0xd6e8_feb8_6659_fd93);
    (product as u64) ^ ((product >> 64) as u64)
}

/// The hash of a truth value.
#[inline]
pub(super) fn of_bool(value: bool) -> u64 {
    mix(0x626f_6f6c, u64::from(value))
}

/// The hash of a number; the same for every way to write it.
#[inline]
pub(super) fn of_number(number: f64) -> u64 {
    // Adding zero turns a negative zero into a positive one.
    mix(0x6e75_6d62_6572, (number + 0.0).to_bits())
}

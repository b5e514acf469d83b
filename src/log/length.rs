//! How long a record may be: as a line that is read, and as the line that a store writes of it, so that
//! what one store exports another can take in.

use std::io;

use super::MAX_LINE;

/// Shorter lines are not written longer than the limit: a number grows to less than five times its length.
const WORTH_MEASURING: usize = MAX_LINE / 5;
/// What an exported line has more than the record as it was told: `,"received_at":"2026-03-02T09:00:00.000001Z"`.
const ARRIVAL: usize = 44;

/// Whether a line is so short that a store cannot make it too long.
pub(super) const fn is_short(line: &str) -> bool {
    line.len() <= WORTH_MEASURING
}

/// Whether a store would write a record down as a line that nobody may read again: with its numbers
/// written out, and the moment of its arrival.
pub(super) fn grows_too_long(line: &str) -> bool {
    if is_short(line) {
        return false;
    }
    let Ok(value) = serde_json::from_str::<serde_json::Value>(line) else { return false };
    let arrival = if value.get("received_at").is_some() { 0 } else { ARRIVAL };
    value.to_string().len() + arrival > MAX_LINE
}

/// What is said of a line that does not end, as `/dev/zero` does not.
pub(crate) fn endless() -> io::Error {
    io::Error::other("a line goes on for more than 256 MB, so this is no log of one record a line")
}

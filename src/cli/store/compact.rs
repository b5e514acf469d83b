//! `ensue store compact`: writes a store anew, without the room that what was deleted takes up.

use crate::words::many;

use super::super::Io;
use super::super::exit::{Error, Exit};
use super::super::place::Workplace;

pub fn run(place: &Workplace, io: Io) -> Result<Exit, Error> {
    // Nobody who hands over may come back to a folder that was moved; see `Store::compact_in_place`.
    let (live, alone) = place.open_alone()?;
    drop(alone);
    let before = live.store().stats()?.bytes;
    let (whole, after) = live.into_store().compact_in_place()?;
    io.out(&format!(
        "store: {} and {} kept; {} before, {} now\n",
        many(whole.entries, "entry"),
        many(whole.values, "value"),
        size(before),
        size(after)
    ))?;
    Ok(Exit::Fine)
}

/// `312 KB`, `4.5 MB`
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} KB", bytes / 1_000),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

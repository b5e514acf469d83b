//! `ensue store verify`: checks everything in a store.

use crate::words::many;

use super::super::Io;
use super::super::exit::{Error, Exit};
use super::super::place::Workplace;

pub fn run(place: &Workplace, io: Io) -> Result<Exit, Error> {
    let live = place.open()?;
    let found = live.store().verify()?;
    let readable = live.check_readable()?;
    let keys = live.store().stats()?.keys;
    io.out(&format!(
        "log     {} in {}, chained and whole\nkeys    {}\nbeside  {}: {}, {}, {} to hand over, {} in quarantine\n\
         store: everything in `{}` is readable\n",
        many(found.entries, "entry"),
        many(found.blocks, "block"),
        many(keys, "key"),
        many(found.values, "value"),
        many(readable.leads as u64, "lead"),
        many(readable.decisions, "decision"),
        readable.items,
        readable.quarantined,
        place.store.display()
    ))?;
    Ok(Exit::Fine)
}

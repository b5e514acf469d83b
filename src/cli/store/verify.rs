//! `ensue store verify`: checks everything in a store.

use super::super::Io;
use super::super::exit::{Error, Exit};
use super::super::place::Place;
use super::count;

pub fn run(place: &Place, io: Io) -> Result<Exit, Error> {
    let live = place.open()?;
    let found = live.store().verify()?;
    let readable = live.check_readable()?;
    let keys = live.store().stats()?.keys;
    io.out(&format!(
        "log     {} in {}, chained and whole\nkeys    {}\nbeside  {}: {}, {}, {} to hand over, {} in quarantine\n\
         store: everything in `{}` is readable\n",
        count(found.entries, "entry"),
        count(found.blocks, "block"),
        count(keys, "key"),
        count(found.values, "value"),
        count(readable.leads as u64, "lead"),
        count(readable.decisions, "decision"),
        readable.items,
        readable.quarantined,
        place.store.display()
    ))?;
    Ok(Exit::Fine)
}

//! `ensue store export`: the log as JSON Lines, to be ingested again or replayed by a dry run.

use crate::words::many;

use super::super::Io;
use super::super::exit::{Error, Exit};
use super::super::place::Workplace;
use super::lines::Lines;

pub fn run(place: &Workplace, io: Io) -> Result<Exit, Error> {
    let live = place.open()?;
    let mut lines = Lines::new(io);
    live.export(&mut |line| lines.push(line))?;
    lines.finish()?;
    io.err(&format!("store: {} exported\n", many(live.store().len(), "entry")));
    Ok(Exit::Fine)
}

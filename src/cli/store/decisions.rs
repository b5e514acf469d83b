//! `ensue store decisions`: every decision so far, and what lies ahead, as `dry-run --format jsonl`
//! prints them.

use crate::words::many;

use super::super::Io;
use super::super::exit::{Error, Exit};
use super::super::place::Workplace;
use super::lines::Lines;

pub fn run(place: &Workplace, io: Io) -> Result<Exit, Error> {
    let mut live = place.open()?;
    live.catch_up()?;
    let mut lines = Lines::new(io);
    live.each_decision(&mut |line| lines.push(line))?;
    // A store that nothing was put into has no rulebook, and nothing ahead.
    let ahead = if live.plan().is_some() { live.ahead(None)? } else { Vec::new() };
    for line in &ahead {
        if lines.push(line).is_break() {
            break;
        }
    }
    lines.finish()?;
    io.err(&format!("store: {}, {} scheduled\n", many(live.decisions(), "decision"), ahead.len()));
    Ok(Exit::Fine)
}

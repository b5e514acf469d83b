//! `ensue store rewind`: a store as if its clock had not been ahead.

use crate::local::{Zone, rfc3339};
use crate::timestamp::Timestamp;
use crate::words::many;

use super::super::exit::{Error, Exit};
use super::super::place::Workplace;
use super::super::{Io, clock, input};

/// Make the store as if its clock had not been ahead; the old one is kept beside it
#[derive(Debug, clap::Args)]
#[command(
    after_help = "What arrived after TIME arrives when it happened. What had expired by then may go out after all, and what was handed over does not go out again."
)]
pub struct Args {
    /// The last moment at which the clock was right (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = input::moment)]
    to: Timestamp,
}

pub fn run(args: &Args, place: &Workplace, io: Io) -> Result<Exit, Error> {
    // Nobody who hands over may come back to a folder that was moved; see `Store::give_way_to`.
    let (live, alone) = place.open_alone()?;
    drop(alone);
    let (now, floor, told) = (clock::now(), live.floor(), |at| rfc3339(at, Zone::UTC));
    if args.to >= floor {
        let what =
            format!("`--to` is {}, and the store has been handled no further than {}", told(args.to), told(floor));
        return Err(Error::wrong(what).help("there is nothing to rewind"));
    }
    if args.to > now {
        let what = format!("`--to` is {}, later than now, {}", told(args.to), told(now));
        return Err(Error::wrong(what).help(
            "name the last moment at which the clock was right; `ensue store export` shows when entries arrived",
        ));
    }
    let done = live.rewind(args.to, now)?;
    io.out(&format!(
        "store: {} as before, {} when they happened; handled up to {} instead of {}\n",
        many(done.kept, "entry"),
        many(done.moved, "entry"),
        told(done.now),
        told(done.before)
    ))?;
    io.note(&format!(
        "the store as it was is `{}`: it holds the keys of all leads, so remove it once `ensue store verify` finds nothing",
        done.aside.display()
    ));
    Ok(Exit::Fine)
}

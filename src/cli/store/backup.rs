//! `ensue store backup`: copies a store and checks the copy.

use std::path::PathBuf;

use crate::words::many;

use super::super::Io;
use super::super::exit::{Error, Exit};
use super::super::place::Workplace;

/// Copy the store, and check the copy
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where to: a folder that is empty or not there
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

pub fn run(args: &Args, place: &Workplace, io: Io) -> Result<Exit, Error> {
    let live = place.open()?;
    let copied = live.store().backup(&args.to)?;
    io.out(&format!(
        "store: {} and {} copied to `{}`, and checked\n",
        many(copied.entries, "entry"),
        many(copied.values, "value"),
        args.to.display()
    ))?;
    Ok(Exit::Fine)
}

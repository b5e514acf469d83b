//! `ensue vocabulary`: the standard events, facts, calendar, channels and safety rules.

use super::Io;
use super::exit::{Error, Exit};

/// Print the standard vocabulary, which every rulebook knows without importing it
#[derive(Debug, clap::Args)]
#[command(before_help = "Example: ensue vocabulary")]
pub struct Args {}

pub fn run(_: &Args, io: Io) -> Result<Exit, Error> {
    io.out(crate::check::VOCABULARY)?;
    Ok(Exit::Fine)
}

//! `ensue vocabulary`: the standard events, facts, calendar, channels and safety rules.

use super::Io;
use super::exit::{Error, Exit};

/// Print the standard vocabulary, which every rulebook knows without importing it
#[derive(Debug, clap::Args)]
#[command(before_help = "Example: ensue vocabulary")]
pub struct Args {
    /// Print the standard metrics instead
    #[arg(value_enum)]
    what: Option<What>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum What {
    /// What follow-ups achieve
    Metrics,
}

pub fn run(args: &Args, io: Io) -> Result<Exit, Error> {
    io.out(match args.what {
        Some(What::Metrics) => crate::check::METRICS,
        None => crate::check::VOCABULARY,
    })?;
    Ok(Exit::Fine)
}

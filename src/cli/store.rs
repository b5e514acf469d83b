//! `ensue store`: what a store holds, and its upkeep. One file per verb.

mod backup;
mod compact;
mod decisions;
mod export;
mod lines;
mod quarantine;
mod repair;
mod rewind;
mod stats;
mod verify;

use super::Io;
use super::exit::{Error, Exit};
use super::place::StoreArgs;

/// Look after a store: check, copy, repair it, see what it holds
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example: ensue store verify",
    after_help = "Exit codes: 0 fine, 1 a record stays in quarantine after `retry`, or `repair` has lost something, 3 wrong use, or a store that is missing, damaged or in use.",
    disable_help_subcommand = true
)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Print every decision so far and what lies ahead, as `dry-run --format jsonl` does
    Decisions,
    /// Check everything: the log, its index, keys, state, decisions
    Verify,
    Repair(repair::Args),
    /// Print the log as JSON Lines, to be ingested again
    Export,
    Backup(backup::Args),
    /// Print figures: entries, leads, size, what waits
    Stats,
    /// Write the store anew, without the room of what was deleted
    Compact,
    Rewind(rewind::Args),
    Quarantine(quarantine::Args),
}

pub fn run(args: &Args, io: Io) -> Result<Exit, Error> {
    let place = args.store.place(io)?;
    match &args.verb {
        Verb::Decisions => decisions::run(&place, io),
        Verb::Verify => verify::run(&place, io),
        Verb::Repair(args) => repair::run(args, &place, io),
        Verb::Export => export::run(&place, io),
        Verb::Backup(args) => backup::run(args, &place, io),
        Verb::Stats => stats::run(&place, io),
        Verb::Compact => compact::run(&place, io),
        Verb::Rewind(args) => rewind::run(args, &place, io),
        Verb::Quarantine(args) => quarantine::run(args, &place, io),
    }
}

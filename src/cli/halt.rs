//! `ensue halt`: messages to leads wait, for everybody.

use super::by_hand::{Everybody, tell};
use super::exit::{Error, Exit};
use super::place::StoreArgs;
use super::{Io, leap};

/// Let messages to leads wait until `unhalt`: all, those of a sequence, on a channel, or of a rule
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example: ensue halt all --why \"the new prices are wrong\"\n         ensue halt channel email",
    after_help = "What was decided and not handed over yet waits too. Alerts and tasks go on.\nExit codes: 0 fine, 3 wrong use or a store that cannot be used."
)]
pub struct Args {
    #[command(flatten)]
    everybody: Everybody,
    #[command(flatten)]
    store: StoreArgs,
}

pub fn run(args: &Args, io: Io) -> Result<Exit, Error> {
    let mut live = args.store.place(io)?.open()?;
    let (what, by) = tell(&args.everybody, "override.halt", &mut live, io)?;
    let end = args.everybody.words();
    let command = leap::here(&format!("unhalt {end}"));
    io.out(&format!("halt: {what} wait from now on, by {by}; `{command}` lets them go on\n"))?;
    Ok(Exit::Fine)
}

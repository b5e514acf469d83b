//! `ensue unhalt`: messages to leads that were halted go on.

use crate::decision::words;
use crate::live::DeliveryState;
use crate::words::many;

use super::by_hand::{Everybody, tell};
use super::exit::{Error, Exit};
use super::place::StoreArgs;
use super::{Io, leap};

/// Let messages to leads go on that were halted
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example: ensue unhalt all",
    after_help = "Touches go on as after a pause, with their spacing; single messages go out, or have expired.\nExit codes: 0 fine, 3 wrong use, nothing of the sort is halted, or a store that cannot be used."
)]
pub struct Args {
    #[command(flatten)]
    everybody: Everybody,
    #[command(flatten)]
    store: StoreArgs,
}

pub fn run(args: &Args, io: Io) -> Result<Exit, Error> {
    let mut live = args.store.place(io)?.open()?;
    live.advance(live.floor())?;
    let scope = args.everybody.scope()?;
    if live.halts().standing().all(|halt| halt.scope != scope) {
        let halted: Vec<String> =
            live.halts().standing().map(|halt| format!("{} halted", words::halt(&halt.scope))).collect();
        let help = if halted.is_empty() { String::from("nothing is halted") } else { halted.join(", ") };
        return Err(Error::wrong(format!("{} not halted", words::halt(&scope))).help(help));
    }
    let (what, by) = tell(&args.everybody, "override.unhalt", &mut live, io)?;
    for halt in live.halts().standing() {
        io.note(&format!("{} still halted", words::halt(&halt.scope)));
    }
    let unknown = live.outbox()?.iter().filter(|item| matches!(item.state, DeliveryState::Unknown { .. })).count();
    if unknown > 0 {
        let count = many(unknown as u64, "action");
        let command = leap::here("run --unknown");
        io.note(&format!("nobody knows what became of {count}; `{command}` shows them"));
    }
    io.out(&format!("unhalt: {what} go on, by {by}\n"))?;
    Ok(Exit::Fine)
}

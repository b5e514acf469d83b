//! `ensue store repair`: brings what can be read of a damaged store into a new one.

use std::path::PathBuf;

use crate::live::Live;
use crate::store::{self, StoreOptions};
use crate::words::many;

use super::super::Io;
use super::super::exit::{Error, Exit};
use super::super::guard::guard;
use super::super::place::Workplace;

/// Recover what can be read into a new store; the old one is left as it is
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The new store: a folder that is empty or not there
    #[arg(long, value_name = "NEW")]
    to: PathBuf,
}

pub fn run(args: &Args, place: &Workplace, io: Io) -> Result<Exit, Error> {
    let options = StoreOptions::default();
    let repaired = store::repair(&place.store, &args.to, &options)?;
    let lost = match (repaired.lost, repaired.lost_is_certain) {
        (0, true) => String::from("all that was acknowledged"),
        (lost, true) => format!("{} could not be recovered", many(lost, "entry")),
        (0, false) => String::from("no trace of others, but what is lost cannot be told for sure"),
        (lost, false) => format!("at least {} could not be recovered", many(lost, "entry")),
    };
    io.out(&format!(
        "log     {} recovered; {lost}\nkeys    {}\nbeside  {} of quarantine and rulebooks\n",
        many(repaired.recovered, "entry"),
        many(repaired.keys, "key"),
        many(repaired.values, "value"),
    ))?;
    let mut live = Live::open_guarded(&args.to, &options, Some(guard()), &mut |_| ())?;
    live.rebuild()?;
    io.out(&format!(
        "state   made anew from the log: {}\nstore: `{}` is repaired into `{}`\n",
        many(live.decisions(), "decision"),
        place.store.display(),
        args.to.display()
    ))?;
    Ok(Exit::Fine)
}

//! `ensue store repair`: brings what can be read of a damaged store into a new one.

use std::path::PathBuf;

use crate::live::Live;
use crate::store::StoreOptions;
use crate::timestamp::Timestamp;
use crate::words::many;

use super::super::exit::{Error, Exit};
use super::super::guard::guard;
use super::super::place::Workplace;
use super::super::{Io, clock, input, leap, regain};

/// Recover what can be read into a new store; the old one is left as it is
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The new store: a folder that is empty or not there
    #[arg(long, value_name = "NEW")]
    to: PathBuf,
    /// Take this for the present moment (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = input::moment)]
    at: Option<Timestamp>,
}

/// So many leads are named one by one.
const NAMED: usize = 20;

pub fn run(args: &Args, place: &Workplace, io: Io) -> Result<Exit, Error> {
    let (done, rebuilt) = Live::repair(
        &place.store,
        &args.to,
        &StoreOptions::default(),
        Some(guard()),
        args.at.unwrap_or_else(clock::now),
    )?;
    let repaired = &done.repaired;
    let lost = match (repaired.lost, repaired.lost_is_certain) {
        (0, true) => String::from("all that was acknowledged"),
        (lost, true) => format!("{} could not be recovered", many(lost, "entry")),
        (0, false) => String::from("no trace of others, but what is lost cannot be told for sure"),
        (lost, false) => format!("at least {} could not be recovered", many(lost, "entry")),
    };
    let lost_keys = match repaired.keys_lost {
        0 => String::new(),
        lost => format!("; {} could not be recovered", many(lost, "key")),
    };
    io.out(&format!(
        "log     {} recovered; {lost}\nkeys    {}{lost_keys}\nbeside  {} of quarantine and rulebooks\n",
        many(repaired.recovered, "entry"),
        many(repaired.keys, "key"),
        many(repaired.values, "value"),
    ))?;
    io.out(&lost_facts(&done.lost_leads))?;
    rebuilt?;
    io.out(&format!(
        "state   made anew from the log: {}\nstore: `{}` is repaired into `{}`\n",
        many(done.decisions, "decision"),
        place.store.display(),
        args.to.display()
    ))?;
    if repaired.lost_entries() {
        let to = leap::quoted(&args.to.display().to_string());
        io.note(
            "nobody knows what was handed over at the time of the lost entries: what could have been is of unknown \
             outcome now, and all messages to leads are halted",
        );
        regain::steps(&|words| format!("ensue {words} --store {to}"), io);
    }
    let is_whole = !repaired.lost_entries() && repaired.keys_lost == 0;
    Ok(if is_whole { Exit::Fine } else { Exit::Findings })
}

/// Whose facts are lost with the keys, and what to do about it.
fn lost_facts(leads: &[String]) -> String {
    if leads.is_empty() {
        return String::new();
    }
    let named: Vec<&str> = leads.iter().take(NAMED).map(String::as_str).collect();
    let more = match leads.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "lost    personal facts of {}: {}{more}\n        nothing is handed over to an address that cannot be read: tell their names and addresses again,\n        as `lead.updated` with `ensue ingest`, or restore the file `keys` from a backup and repair once more\n",
        many(leads.len() as u64, "lead"),
        named.join(", ")
    )
}

//! `ensue store quarantine`: records that could not be taken in, until someone decides.

use std::borrow::Cow;

use crate::live::{Arrival, Live, LogLine};
use crate::shown::Shown;
use crate::store::Quarantined;
use crate::timestamp::Timestamp;
use crate::words::many;

use super::super::exit::{Error, Exit};
use super::super::leap::{self, Insist};
use super::super::place::Workplace;
use super::super::{Io, clock, input};

/// See the records that could not be taken in, take them in again, or let them go
#[derive(Debug, clap::Args)]
#[command(disable_help_subcommand = true)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// List them with their numbers and reasons
    List,
    /// Show one as it was read
    Show {
        /// Its number in the list
        number: u64,
    },
    /// Take one in again, or all; what is stored leaves quarantine
    Retry {
        /// Its number in the list
        #[arg(required_unless_present = "all")]
        number: Option<u64>,
        /// Every one
        #[arg(long, conflicts_with = "number")]
        all: bool,
        /// As history: nothing goes out for them, as with `ingest --backfill`
        #[arg(long)]
        backfill: bool,
        /// Let them arrive at this moment (RFC 3339); never before what arrived earlier
        #[arg(long, value_name = "TIME", value_parser = input::moment)]
        at: Option<Timestamp>,
    },
    /// Let one go for good
    Drop {
        /// Its number in the list
        number: u64,
    },
}

/// So much of a record's text is listed.
const SHOWN: usize = 100;

pub fn run(args: &Args, place: &Workplace, io: Io) -> Result<Exit, Error> {
    let mut live = place.open()?;
    match &args.verb {
        Verb::List => list(&live, io),
        Verb::Show { number } => {
            let record = live.store().quarantine_show(*number).map_err(|error| unknown(error, &live))?;
            io.out(&format!("{}\n{}\n", told(&record), Shown(&record.text)))?;
            Ok(Exit::Fine)
        }
        Verb::Retry { number, backfill, at, .. } => {
            let records = match number {
                Some(number) => {
                    let record = live.store().quarantine_show(*number).map_err(|error| unknown(error, &live))?;
                    vec![(*number, record)]
                }
                None => live.store().quarantine_list()?,
            };
            if at.is_none() {
                leap::refuse(clock::now(), &live, Insist::Run)?;
            }
            retry(&mut live, &records, at.unwrap_or_else(clock::now), *backfill, io)
        }
        Verb::Drop { number } => {
            live.store_mut().quarantine_drop(*number).map_err(|error| unknown(error, &live))?;
            io.out(&format!("store: record {number} left quarantine, and is not in the log\n"))?;
            Ok(Exit::Fine)
        }
    }
}

fn unknown(error: crate::store::StoreError, live: &Live) -> Error {
    let listed = live.store().quarantine_list().unwrap_or_default();
    let numbers: Vec<String> = listed.iter().take(20).map(|(number, _)| number.to_string()).collect();
    if !matches!(error, crate::store::StoreError::NotInQuarantine { .. }) {
        return error.into();
    }
    let help = if numbers.is_empty() {
        String::from("quarantine is empty")
    } else {
        format!("there are: {}", numbers.join(", "))
    };
    Error::wrong(error.to_string()).help(help)
}

fn list(live: &Live, io: Io) -> Result<Exit, Error> {
    let records = live.store().quarantine_list()?;
    for (number, record) in &records {
        let text: String = record.text.chars().take(SHOWN).collect();
        let more = if record.text.chars().count() > SHOWN { " ..." } else { "" };
        io.out(&format!("{number}  {}\n   | {}{more}\n", told(record), Shown(text)))?;
    }
    io.out(&format!("store: {} in quarantine\n", many(records.len() as u64, "record")))?;
    Ok(Exit::Fine)
}

/// `events.jsonl:3: the record has no lead`
fn told(record: &Quarantined) -> String {
    format!("{}:{}: {}", Shown(&record.path), record.line, Shown(&record.reason))
}

/// Takes records in again, one by one, each as its input had it.
fn retry(
    live: &mut Live,
    records: &[(u64, Quarantined)],
    now: Timestamp,
    backfill: bool,
    io: Io,
) -> Result<Exit, Error> {
    let (mut stored, mut known, mut left) = (0, 0, 0);
    for (number, record) in records {
        if !record.refused.is_whole() {
            left += 1;
            io.err(&format!("{number}  {}:{}: {}\n", record.path, record.line, record.reason));
            continue;
        }
        let text = Cow::Borrowed(record.text.as_str());
        let line = LogLine { path: record.path.as_str().into(), number: record.line, text, broken: None };
        let appended = live.ingest(vec![line], Arrival::At(now), backfill)?;
        if appended.quarantined == 0 {
            (stored, known) = (stored + appended.stored, known + appended.duplicates);
            live.store_mut().quarantine_drop(*number)?;
            continue;
        }
        left += 1;
        // It went to quarantine a second time; the one with the number that is known stays.
        if let Some(again) = appended.last_quarantined {
            let newest = live.store().quarantine_show(again)?;
            io.err(&format!("{number}  {}\n", told(&newest)));
            live.store_mut().quarantine_drop(again)?;
        }
    }
    let known = if known == 0 { String::new() } else { format!(", {known} in the log already") };
    io.out(&format!("store: {} stored{known}, {left} still in quarantine\n", many(stored, "event")))?;
    Ok(if left > 0 { Exit::Findings } else { Exit::Fine })
}

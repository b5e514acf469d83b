//! `ensue ingest`: appends events to the store.

use std::borrow::Cow;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;

use crate::live::{Appended, Arrival, Line, Live};
use crate::report::summary::many;
use crate::timestamp::Timestamp;

use super::exit::{Error, Exit};
use super::place::{self, Place, StoreArgs};
use super::{Io, clock, dry_run, progress};

/// Append events to the store; what cannot be read goes to quarantine
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example: ensue ingest events.jsonl",
    after_help = "The first time, the rulebook is put in force and the store is made.\nExit codes: 0 fine, 1 something went to quarantine, 2 the rules do not compile, 3 wrong use or a store that cannot be used."
)]
pub struct Args {
    /// Event logs in JSON Lines or CloudEvents, `-` for standard input
    #[arg(required = true, value_name = "LOG")]
    logs: Vec<PathBuf>,
    /// The rulebook to put in force in a new store; default: from `ensue.yaml`, else `rules`
    #[arg(long, value_name = "RULES")]
    rules: Option<PathBuf>,
    #[command(flatten)]
    store: StoreArgs,
    /// Load history: it is counted and remembered, and nothing acts on it
    #[arg(long)]
    backfill: bool,
    /// Let each event arrive when it says itself, not now: for trials and demonstrations
    #[arg(long)]
    replay: bool,
    /// Print `{"acknowledged":N}` when the first N lines are durable
    #[arg(long)]
    ack: bool,
    /// How many events are made durable together at most
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    batch: u32,
}

pub fn run(args: &Args, io: Io) -> Result<Exit, Error> {
    let place = args.store.place(io)?;
    let is_new = !place.store.exists();
    let mut live = place.open_or_make()?;
    let mut intake = Intake { args, place: &place, io, total: Appended::default(), lines: 0 };
    let taken = if args.replay { intake.sorted(&mut live) } else { intake.streamed(&mut live) };
    if let Err(error) = taken {
        // A store that holds nothing but its rulebook would only be in the way of the next attempt.
        if is_new && live.store().len() <= 1 && live.store().quarantine_list()?.is_empty() {
            let dir = live.store().dir().to_path_buf();
            drop(live);
            let _ = std::fs::remove_dir_all(dir);
        }
        return Err(error);
    }
    let Intake { total, .. } = intake;
    if let Some(until) = total.drained_to.filter(|_| args.replay) {
        live.advance(until)?;
    }
    let text = format!(
        "ingest: {} stored, {}, {} in quarantine\n",
        many(total.stored as usize, "event"),
        many(total.duplicates as usize, "duplicate"),
        total.quarantined
    );
    if args.ack {
        io.err(&text)
    } else {
        io.out(&text)?
    }
    if total.quarantined > 0 {
        io.err("note: `ensue store quarantine list` shows what went to quarantine, and why\n");
        return Ok(Exit::Findings);
    }
    Ok(Exit::Fine)
}

struct Intake<'a> {
    args: &'a Args,
    place: &'a Place,
    io: Io,
    total: Appended,
    /// Lines read so far.
    lines: u64,
}

impl Intake<'_> {
    /// Every line in the order it arrived by its own word, from all inputs.
    fn sorted(&mut self, live: &mut Live) -> Result<(), Error> {
        let mut texts = Vec::new();
        for path in &self.args.logs {
            let (mut reader, _) = dry_run::open(path)?;
            let (mut bytes, name) = (Vec::new(), path.display().to_string());
            let failed = |error| Error::Use(format!("error: `{name}` cannot be read: {error}"));
            reader.read_to_end(&mut bytes).map_err(failed)?;
            texts.push((name, bytes));
        }
        let mut lines: Vec<(Timestamp, Line<'_>)> = Vec::new();
        for (path, bytes) in &texts {
            let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
            for (text, number) in bytes.split(|byte| *byte == b'\n').zip(1..) {
                let line = line(path, number, text);
                // What is no record stays where it stands.
                let before = lines.last().map_or(Timestamp(0), |(at, _)| *at);
                lines.push((line.arrival().unwrap_or(before), line));
            }
        }
        lines.sort_by_key(|(at, _)| *at);
        let first = lines.iter().map(|(at, _)| *at).find(|at| at.0 > 0);
        self.put_in_force(live, first.unwrap_or_else(clock::now))?;
        let lines: Vec<Line<'_>> = lines.into_iter().map(|(_, line)| line).collect();
        for group in lines.chunks(self.args.batch as usize) {
            self.take(live, group, Arrival::Own)?;
        }
        Ok(())
    }

    /// Lines as they come. A group ends where no more input is at hand, so that nobody waits for an
    /// acknowledgment that waits for them.
    fn streamed(&mut self, live: &mut Live) -> Result<(), Error> {
        self.put_in_force(live, clock::now())?;
        for path in &self.args.logs {
            let (reader, size) = dry_run::open(path)?;
            let bar = progress::bytes(size);
            let name = path.display().to_string();
            let mut reader = BufReader::with_capacity(1 << 20, reader);
            let (mut group, mut number) = (Vec::new(), 0);
            loop {
                let mut bytes = Vec::new();
                let failed = |error| Error::Use(format!("error: `{name}` cannot be read: {error}"));
                let read = reader.read_until(b'\n', &mut bytes).map_err(failed)?;
                if read > 0 {
                    number += 1;
                    bar.inc(read as u64);
                    let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
                    let Line { text, broken, .. } = line(&name, number, text);
                    group.push(Line { path: &name, number, text: Cow::Owned(text.into_owned()), broken });
                }
                let enough = group.len() >= self.args.batch as usize || reader.buffer().is_empty();
                if !group.is_empty() && (read == 0 || enough) {
                    self.take(live, &group, Arrival::At(clock::now()))?;
                    group.clear();
                }
                if read == 0 {
                    break;
                }
            }
            bar.finish_and_clear();
        }
        Ok(())
    }

    fn put_in_force(&self, live: &mut Live, at: Timestamp) -> Result<(), Error> {
        if live.plan().is_some() {
            return Ok(());
        }
        let path = self.place.rules(self.args.rules.as_deref());
        let (files, rulebook) = place::rulebook(&path, self.io)?;
        live.activate_first(&files, rulebook, at)?;
        self.io.err(&format!("note: the rulebook `{}` is in force now\n", path.display()));
        Ok(())
    }

    fn take(&mut self, live: &mut Live, group: &[Line<'_>], arrival: Arrival) -> Result<(), Error> {
        self.total.add(live.ingest(group, arrival, self.args.backfill)?);
        self.lines += group.len() as u64;
        if self.args.ack {
            self.io.out(&format!("{{\"acknowledged\":{}}}\n", self.lines))?;
        }
        Ok(())
    }
}

fn line<'a>(path: &'a str, number: u64, bytes: &'a [u8]) -> Line<'a> {
    let text = String::from_utf8_lossy(bytes);
    let broken = matches!(text, Cow::Owned(_));
    Line { path, number, text, broken }
}

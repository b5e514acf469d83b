//! `ensue ingest`: appends events to the store.

use std::borrow::Cow;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use crate::live::{Appended, Arrival, Group, Intake, Live, LogLine};
use crate::local::{Zone, rfc3339};
use crate::log;
use crate::timestamp::Timestamp;
use crate::words::many;

use super::bounded::BoundedLines;
use super::exit::{Error, Exit};
use super::leap::{self, Insist};
use super::place::{self, StoreArgs, Workplace};
use super::{Io, clock, input, progress};

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
    /// Load history: it leaves leads in a state, and nothing goes out
    #[arg(long)]
    backfill: bool,
    /// Let each event arrive when it says itself, not now: for trials and demonstrations
    #[arg(long)]
    replay: bool,
    /// Say that the clock is right, although the store was left alone for more than 7 days
    #[arg(long, conflicts_with = "replay")]
    yes: bool,
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
    let mut taking = Taking { args, place: &place, io, total: Appended::default(), lines: 0 };
    let taken = if args.replay { taking.sorted(&mut live) } else { taking.streamed(&mut live) };
    if let Err(error) = taken {
        // A store that holds nothing but its rulebook would only be in the way of the next attempt.
        if is_new && live.store().len() <= 1 && live.store().quarantine_list()?.is_empty() {
            let dir = live.store().dir().to_path_buf();
            drop(live);
            let _ = std::fs::remove_dir_all(dir);
        }
        if taking.lines > 0 {
            let taken = many(taking.lines, "line");
            io.note(&format!("taken in before this: {taken}; the same input again stores no event twice"));
        }
        return Err(error);
    }
    let Taking { total, .. } = taking;
    if let Some(until) = total.drained_to.filter(|_| args.replay && !live.is_of_older_meaning()) {
        live.advance(until)?;
    }
    let text = format!(
        "ingest: {} stored, {}, {} in quarantine\n",
        many(total.stored, "event"),
        many(total.duplicates, "duplicate"),
        total.quarantined
    );
    if args.ack {
        io.err(&text)
    } else {
        io.out(&text)?
    }
    if total.salts_refused > 0 {
        let command = leap::here("halt all");
        io.note(&format!(
            "the salt by which another store knows addresses was refused: who was erased there is not known here, and \
             is written to where the address comes under another id; `{command}` keeps everything back until that is looked into"
        ));
    }
    if total.quarantined > 0 {
        io.note("`ensue store quarantine list` shows what went to quarantine, and why");
        return Ok(Exit::Findings);
    }
    Ok(Exit::Fine)
}

/// About how many bytes of lines are made durable together at most.
const AT_ONCE: usize = 8 << 20;
/// How many groups may be read ahead of the one that is made durable.
const AHEAD: usize = 2;

/// A group of lines as read, and how many lines it has.
type Read<'a> = Result<(Group<'a>, u64), Error>;

struct Taking<'a> {
    args: &'a Args,
    place: &'a Workplace,
    io: Io,
    total: Appended,
    /// Lines taken so far.
    lines: u64,
}

impl Taking<'_> {
    /// Every line in the order it arrived by its own word, from all inputs.
    fn sorted(&mut self, live: &mut Live) -> Result<(), Error> {
        let texts = self.args.logs.iter().map(|path| whole(path)).collect::<Result<Vec<_>, _>>()?;
        let mut lines: Vec<(Timestamp, LogLine<'_>)> = Vec::new();
        for (path, (bytes, places)) in self.args.logs.iter().map(|path| name(path)).zip(&texts) {
            for (place, number) in places.iter().zip(1..) {
                let line = line(&path, number, Cow::Borrowed(bytes.get(place.clone()).unwrap_or_default()));
                // What is no record stays where it stands.
                let before = lines.last().map_or(Timestamp(0), |(at, _)| *at);
                lines.push((line.arrival().unwrap_or(before), line));
            }
        }
        lines.sort_by_key(|(at, _)| *at);
        if let Some((at, line)) = lines.last() {
            not_ahead(*at, line)?;
        }
        let first = lines.iter().map(|(at, _)| *at).find(|at| at.0 > 0);
        self.put_in_force(live, first.unwrap_or_else(clock::now))?;
        let intake = live.intake(self.args.backfill)?;
        let batch = self.args.batch as usize;
        let mut lines = lines.into_iter().map(|(_, line)| line);
        thread::scope(|scope| {
            let (sender, groups) = mpsc::sync_channel(AHEAD);
            scope.spawn(move || {
                loop {
                    let group: Vec<LogLine<'_>> = lines.by_ref().take(batch).collect();
                    if group.is_empty() || sender.send(read(&intake, group)).is_err() {
                        break;
                    }
                }
            });
            self.take(live, groups, || Arrival::Own)
        })
    }

    /// Lines as they come.
    fn streamed(&mut self, live: &mut Live) -> Result<(), Error> {
        leap::refuse(clock::now(), live, if self.args.yes { Insist::Said } else { Insist::Yes })?;
        self.put_in_force(live, clock::now())?;
        let intake = live.intake(self.args.backfill)?;
        let (logs, batch) = (self.args.logs.clone(), self.args.batch as usize);
        let (sender, groups) = mpsc::sync_channel(AHEAD);
        // When the store fails nobody waits for this thread, since it may wait for input that never comes.
        let reader = thread::spawn(move || {
            let mut send = |group| sender.send(read(&intake, group)).is_ok();
            let outcome = logs.iter().try_for_each(|log| groups_of(log, batch, &mut send));
            if let Err(error) = outcome {
                let _ = sender.send(Err(error));
            }
        });
        self.take(live, groups, || Arrival::At(clock::now()))?;
        // Input that was not read to its end must not look as if it was.
        reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok(())
    }

    fn put_in_force(&self, live: &mut Live, at: Timestamp) -> Result<(), Error> {
        if live.plan().is_some() {
            return Ok(());
        }
        let path = self.place.rules(self.args.rules.as_deref());
        let (files, rulebook) = place::rulebook(&path, self.io)?;
        live.activate_first(&files, rulebook, at)?;
        self.io.note(&format!("the rulebook `{}` is in force now", path.display()));
        Ok(())
    }

    /// Makes durable what was read, group by group.
    fn take(&mut self, live: &mut Live, groups: Receiver<Read<'_>>, arrival: fn() -> Arrival) -> Result<(), Error> {
        for group in groups {
            let (group, lines) = group?;
            let arrival = arrival();
            if let Arrival::At(now) = arrival
                && self.lines > 0
            {
                leap::refuse(now, live, Insist::Yes)?;
            }
            self.total.add(live.append(group, arrival)?);
            self.lines += lines;
            if self.args.ack {
                self.io.out(&format!("{{\"acknowledged\":{}}}\n", self.lines))?;
            }
        }
        Ok(())
    }
}

/// Refuses a log that is told later than any clock can be.
fn not_ahead(at: Timestamp, line: &LogLine<'_>) -> Result<(), Error> {
    let now = clock::now();
    if at <= now + place::AHEAD {
        return Ok(());
    }
    let (at, now) = (rfc3339(at, Zone::UTC), rfc3339(now, Zone::UTC));
    let what = format!("{}:{}: the record arrived at {at}, more than a day after now, {now}", line.path, line.number);
    let help = "nothing was taken in: mend the times of the log, or the clock; `ensue dry-run --events LOG` shows what would be decided, whenever it is";
    Err(Error::wrong(what).help(help))
}

fn read<'a>(intake: &Intake, group: Vec<LogLine<'a>>) -> Read<'a> {
    let lines = group.len() as u64;
    Ok((intake.read(group), lines))
}

/// Sends the lines of a log on in groups, as long as somebody takes them. A group ends where no more
/// input is at hand, so that nobody waits for an acknowledgment that waits for them.
fn groups_of(log: &Path, batch: usize, send: &mut impl FnMut(Vec<LogLine<'static>>) -> bool) -> Result<(), Error> {
    let (reader, size) = input::open(log)?;
    let (bar, name) = (progress::bytes(size), name(log));
    let mut lines = BoundedLines::new(reader);
    let (mut group, mut held, mut number) = (Vec::new(), 0, 0);
    loop {
        let mut bytes = Vec::new();
        let read = lines.next_into(&mut bytes).map_err(|error| Error::unreadable(log, &error))?;
        if read > 0 {
            number += 1;
            bar.inc(read);
            held += bytes.len();
            group.push(line(&name, number, Cow::Owned(bytes)));
        }
        let enough = group.len() >= batch || held >= AT_ONCE || lines.is_drained();
        let due = !group.is_empty() && (read == 0 || enough);
        if due {
            held = 0;
        }
        let taken = !due || send(std::mem::take(&mut group));
        if read == 0 || !taken {
            bar.finish_and_clear();
            return Ok(());
        }
    }
}

fn name(log: &Path) -> Arc<str> {
    log.display().to_string().into()
}

/// All of a log, and where its lines stand.
fn whole(log: &Path) -> Result<(Vec<u8>, Vec<Range<usize>>), Error> {
    let mut lines = BoundedLines::new(input::open(log)?.0);
    let (mut bytes, mut places) = (Vec::new(), Vec::new());
    loop {
        let start = bytes.len();
        if lines.next_into(&mut bytes).map_err(|error| Error::unreadable(log, &error))? == 0 {
            return Ok((bytes, places));
        }
        places.push(start..bytes.len());
    }
}

fn line<'a>(path: &Arc<str>, number: u64, bytes: Cow<'a, [u8]>) -> LogLine<'a> {
    // Of a line that is too long the rest was passed over, perhaps in the middle of a character.
    let bad = std::str::from_utf8(&bytes).err().filter(|_| log::too_long(&bytes).is_none());
    let broken = bad.and_then(|error| bytes.get(error.valid_up_to()).copied());
    let text = match bytes {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Cow::Owned(text),
            Err(error) => Cow::Owned(String::from_utf8_lossy(error.as_bytes()).into_owned()),
        },
    };
    LogLine { path: Arc::clone(path), number, text, broken }
}

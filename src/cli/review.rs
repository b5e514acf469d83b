//! `ensue review`: who waits for a person, and which numbers to look at.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::load::Files;
use crate::metric::report_zone;
use crate::replay::{ReplayError, ReplayOptions};
use crate::report::review::{Command, DrawnReview, human, line, markdown, summary};
use crate::review;
use crate::shown::Shown;

use super::Io;
use super::exit::{Error, Exit};
use super::guard::guard;
use super::input::{as_of, read_logs, refused};
use super::leap::quoted;

/// Go through what needs a person: numbers, leads that wait, messages, tiers, and whom to let go
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example: ensue review weekly rules --events fixtures/quickstart/events.jsonl",
    after_help = "Exit codes: 0 fine, 2 the rules do not compile, 3 wrong use, a missing file, a bad record, or the review cannot be written."
)]
pub struct Args {
    /// Which review
    #[arg(value_enum, value_name = "WHICH")]
    which: Which,
    /// The rulebook: a folder or a file
    #[arg(default_value = "rules")]
    rules: PathBuf,
    /// Event logs in JSON Lines, `-` for standard input; may be given several times
    #[arg(long, required = true, num_args = 1.., value_name = "LOG")]
    events: Vec<PathBuf>,
    /// Use what was received until this moment, a day or RFC 3339; default: the last event
    #[arg(long, value_name = "TIME")]
    as_of: Option<String>,
    /// How to print; default: by the name of the file, else human
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// The file to write; default: standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// List and count bad records instead of stopping at the first
    #[arg(long)]
    skip_bad: bool,
    /// How many threads; 0 for as many as there are cores
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = super::input::threads)]
    threads: usize,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Which {
    /// Half an hour, once a week
    Weekly,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For a terminal
    Human,
    /// Markdown, with a box to tick for each item
    Md,
    /// One JSON object an item
    Jsonl,
}

pub fn run(args: &Args, io: Io) -> Result<Exit, Error> {
    let Which::Weekly = args.which;
    let format = format(args)?;
    let checked = Files::read(&args.rules)?.check_review();
    let Some(rulebook) = checked.rulebook.clone() else { return Err(refused(&checked, io)) };
    let log = read_logs(&args.events, &rulebook, (args.skip_bad, args.threads), io)?;
    let moment = match &args.as_of {
        Some(text) => as_of(text, report_zone(&rulebook))?,
        None => review::end(&log)
            .ok_or_else(|| Error::wrong("there is no event in the log, so there is nothing to review"))?,
    };
    let replay = ReplayOptions { threads: args.threads, guard: Some(guard()), ..ReplayOptions::default() };
    let (plan, review) = review::weekly(rulebook, &log, moment, replay).map_err(|error| match error {
        ReplayError::Threads(_) => Error::wrong(error.to_string()),
        ReplayError::Stopped(stopped) => stopped.into(),
    })?;
    let drawn = DrawnReview { plan: &plan, review: &review, command: &Place { args, moment } };
    let text = match format {
        Format::Human => human::render(&drawn),
        Format::Md => markdown::render(&drawn),
        Format::Jsonl => line::jsonl(&drawn),
    };
    match &args.output {
        Some(path) => super::out::put(path, &text)?,
        None => io.out(&text)?,
    }
    if args.output.is_some() || matches!(format, Format::Jsonl) {
        io.err(&summary(&drawn));
    }
    if let Some(path) = &args.output {
        io.err(&format!("review: written to {}\n", Shown(path.display())));
    }
    Ok(Exit::Fine)
}

/// The form that is asked for, or that the file's name asks for.
fn format(args: &Args) -> Result<Format, Error> {
    let end = args.output.as_deref().and_then(Path::extension).map(|end| end.to_string_lossy().to_lowercase());
    match (args.format, end.as_deref()) {
        (Some(format), _) => Ok(format),
        (None, Some("md" | "markdown")) => Ok(Format::Md),
        (None, Some("jsonl" | "ndjson")) => Ok(Format::Jsonl),
        (None, Some("txt") | None) => Ok(Format::Human),
        (None, Some(end)) => {
            let error = Error::wrong(format!("a review cannot be written as `.{}`", Shown(end)));
            Err(error.help("name it `.md`, `.jsonl` or `.txt`, or choose with `--format`"))
        }
    }
}

/// Where this review was asked for.
#[derive(Debug)]
struct Place<'a> {
    args: &'a Args,
    moment: crate::timestamp::Timestamp,
}

impl Place<'_> {
    fn logs(&self) -> String {
        let logs = self.args.events.iter().map(|log| quoted(&log.to_string_lossy()));
        format!("--events {}", logs.collect::<Vec<_>>().join(" "))
    }

    fn rules(&self) -> String {
        quoted(&self.args.rules.to_string_lossy())
    }

    /// The moment, where it was asked for: else the log says it.
    fn moment(&self, option: &str) -> String {
        let moment = crate::local::rfc3339(self.moment, crate::local::Zone::UTC);
        self.args.as_of.as_ref().map_or_else(String::new, |_| format!(" {option} {moment}"))
    }

    fn skip(&self) -> &'static str {
        if self.args.skip_bad { " --skip-bad" } else { "" }
    }
}

impl Command for Place<'_> {
    fn explain(&self, lead: &str) -> String {
        let lead = quoted(lead);
        format!("ensue explain {lead} {} {}{}{}", self.rules(), self.logs(), self.moment("--at"), self.skip())
    }

    fn report(&self, metric: &str, more: &str) -> String {
        let moment = self.moment("--as-of");
        format!("ensue report {} {metric} {}{moment}{}{more}", self.rules(), self.logs(), self.skip())
    }
}

//! `ensue audit`: what an old log says of how leads were cared for, where there are no rules.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::audit::book::MailsTold;
use crate::audit::finding::FindingKind;
use crate::audit::{self, book, playbook};
use crate::metric::report_zone;
use crate::replay::{ReplayError, ReplayOptions};
use crate::report::audit::{AuditDrawn, human, line, markdown, rows, summary};
use crate::shown::Shown;
use crate::words::{listed, nearest};

use super::Io;
use super::exit::{Error, Exit};
use super::guard::guard;
use super::input::{KeptLogs, as_of, since};
use super::leap::quoted;

/// Print what an old log says of how leads were cared for; it needs no rules
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example: ensue audit --events fixtures/quickstart/events.jsonl -o first-meeting.md",
    after_help = "Lines that cannot be read are counted and left out. Exit codes: 0 fine, 3 wrong use, a missing file, or the page cannot be written."
)]
pub struct Args {
    /// Event logs in JSON Lines, `-` for standard input; may be given several times
    #[arg(long, required = true, num_args = 1.., value_name = "LOG")]
    events: Vec<PathBuf>,
    /// Use what was received until this moment, a day or RFC 3339; default: the last event
    #[arg(long, value_name = "TIME")]
    as_of: Option<String>,
    /// List all that shows one finding, such as `never_contacted`
    #[arg(long, value_name = "FINDING")]
    rows: Option<String>,
    /// How to print; default: by the name of the file, else human
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// The file to write; default: standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How many threads; 0 for as many as there are cores
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = super::input::threads)]
    threads: usize,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Text
    Human,
    /// Markdown: the page for a first meeting
    Md,
    /// One JSON object a finding
    Jsonl,
}

pub fn run(args: &Args, io: Io) -> Result<Exit, Error> {
    let format = format(args)?;
    let wanted = args.rows.as_deref().map(finding).transpose()?;
    let rulebook = book::rulebook(MailsTold::Sent);
    let zone = report_zone(&rulebook);
    let until = args.as_of.as_deref().map(|text| as_of(text, zone)).transpose()?;
    let (log, logs) = KeptLogs::read(&args.events, &rulebook, args.threads)?;
    if let Some(until) = until.filter(|_| !log.is_empty()) {
        since(&log, until, zone)?;
    }
    let replay = ReplayOptions { threads: args.threads, guard: Some(guard()), ..ReplayOptions::default() };
    let failed = |error| match error {
        ReplayError::Threads(_) => Error::wrong(error.to_string()),
        ReplayError::Stopped(stopped) => stopped.into(),
    };
    let mut found = audit::audit(&log, until, replay).map_err(failed)?;
    if wanted.is_none() && found.known.events > 0 {
        let playbook = playbook::rulebook();
        let log = logs.again(&playbook, args.threads)?;
        found.playbook = Some(playbook::replayed(playbook, &log, until, replay).map_err(failed)?);
    }
    let command = command(args);
    print((args, format), &AuditDrawn { audit: &found, log: &log, command: &command }, wanted, io)?;
    Ok(Exit::Fine)
}

fn print(
    (args, format): (&Args, Format),
    drawn: &AuditDrawn<'_>,
    wanted: Option<FindingKind>,
    io: Io,
) -> Result<(), Error> {
    let finding = wanted.and_then(|kind| drawn.audit.findings.iter().find(|finding| finding.kind == kind));
    let text = match (format, wanted, finding) {
        (Format::Human, None, _) => human(drawn),
        (Format::Md, None, _) => markdown(drawn),
        (Format::Jsonl, None, _) => line::jsonl(drawn),
        // Of an empty log there are no findings.
        (_, Some(_), None) => String::new(),
        (Format::Human, _, Some(finding)) => rows::human(drawn, finding),
        (Format::Md, _, Some(finding)) => rows::markdown(drawn, finding),
        (Format::Jsonl, _, Some(finding)) => rows::jsonl(drawn, finding),
    };
    match &args.output {
        Some(path) => super::out::put(path, &text)?,
        None => io.out(&text)?,
    }
    if wanted.is_some() || args.output.is_some() || !matches!(format, Format::Human) {
        io.err(&summary(drawn));
    }
    if let Some(path) = &args.output {
        io.err(&format!("audit: written to {}\n", Shown(path.display())));
    }
    Ok(())
}

/// The form that is asked for, or that the file's name asks for.
fn format(args: &Args) -> Result<Format, Error> {
    let end = args.output.as_deref().and_then(Path::extension).map(|end| end.to_string_lossy().to_lowercase());
    let by_name = match end.as_deref() {
        Some("md" | "markdown") => Format::Md,
        Some("jsonl" | "ndjson") => Format::Jsonl,
        Some("txt") | None => Format::Human,
        Some(_) if args.format.is_some() => Format::Human,
        Some(end) => {
            let error = Error::wrong(format!("an audit cannot be written as `.{}`", Shown(end)));
            return Err(error.help("name it `.md`, `.jsonl` or `.txt`, or choose with `--format`"));
        }
    };
    Ok(args.format.unwrap_or(by_name))
}

fn finding(name: &str) -> Result<FindingKind, Error> {
    let known = FindingKind::ALL.into_iter().find(|kind| kind.word() == name);
    known.ok_or_else(|| {
        let names: Vec<String> = FindingKind::ALL.iter().map(|kind| kind.word().to_owned()).collect();
        let error = Error::wrong(format!("an audit has no finding `{name}`"));
        match nearest(name, &names) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help(format!("there are {}", listed(&names))),
        }
    })
}

/// The command that audits the same again.
fn command(args: &Args) -> String {
    let logs: Vec<String> = args.events.iter().map(|path| quoted(&path.to_string_lossy())).collect();
    let as_of = args.as_of.as_ref().map_or_else(String::new, |text| format!(" --as-of {}", quoted(text)));
    format!("ensue audit --events {}{as_of}", logs.join(" "))
}

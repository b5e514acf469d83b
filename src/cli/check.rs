//! `ensue check`: every finding of a rulebook at once.

use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use clap::ValueEnum;

use crate::diagnostic::{Diagnostic, Severity};
use crate::log::{self, Input, ReadOptions};
use crate::report::case::{CaseOutcome, CaseResult};
use crate::report::fold::Folded;
use crate::report::{diagnostic, github, junit, markdown, sarif};
use crate::rulebook::Rulebook;
use crate::shown::Shown;
use crate::source::Sources;

use super::exit::{Error, Exit};
use super::input::{logs, open, summary};
use super::out::{self, Form, Out};
use super::{Io, clock, complaint, unread};

/// Parse and check a rulebook; print every finding at once
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example: ensue check rules --fail-level warning",
    after_help = "Exit codes: 0 no finding at or above --fail-level, 1 findings, 2 the rules do not compile, 3 wrong use or a missing file."
)]
pub struct Args {
    /// The rulebook: a folder or a file
    #[arg(default_value = "rules")]
    rules: PathBuf,
    /// Also list what these logs have that nobody declared, types and properties, and facts they never carry
    #[arg(long, num_args = 1.., value_name = "LOG")]
    events: Vec<PathBuf>,
    /// Show every finding, also those that are like three others
    #[arg(long)]
    all: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Also write a report into a file: sarif, junit, github, json or md (repeatable)
    #[arg(long, value_name = "FORMAT=PATH")]
    out: Vec<Out>,
    /// Findings of this weight and above fail
    #[arg(long, value_enum, default_value_t = Level::Error)]
    fail_level: Level,
    /// The day by which `# ensue: allow` comments are judged; default: today
    #[arg(long, value_name = "DATE")]
    today: Option<NaiveDate>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// The rule's line with the place underlined
    Human,
    /// One line a finding
    Short,
    /// One JSON object a finding
    Json,
    /// Lines that GitHub shows beside the changed code
    Github,
    /// SARIF 2.1.0, for code hosts
    Sarif,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Level {
    Info,
    Warning,
    Error,
}

pub fn run(args: &Args, io: Io) -> Result<Exit, Error> {
    let mut checked = crate::load::rulebook(&args.rules)?;
    checked.expire(args.today.unwrap_or_else(clock::today));
    let (findings, sources) = (&checked.diagnostics, &checked.sources);
    let summary = summary(findings, sources);
    match args.format {
        Format::Human => {
            let drawn = diagnostic::human_folded(&folded(args, findings, sources), sources, io.color);
            io.painted(&format!("{drawn}{summary}\n"))?;
        }
        Format::Short => {
            let lines = diagnostic::short_folded(&folded(args, findings, sources), sources);
            io.out(&format!("{lines}{summary}\n"))?;
        }
        Format::Json | Format::Github | Format::Sarif => {
            match args.format {
                Format::Github => io.commands(&github::findings(findings, sources)),
                Format::Sarif => io.out(&sarif::report(findings, sources)),
                _ => io.out(&diagnostic::json(findings, sources)),
            }?;
            io.err(&format!("{summary}\n"));
        }
    }
    let fail = match args.fail_level {
        Level::Info => Severity::Info,
        Level::Warning => Severity::Warning,
        Level::Error => Severity::Error,
    };
    out::write(&args.out, |form| match form {
        Form::Sarif => sarif::report(findings, sources),
        Form::Junit => junit::report("ensue check", &cases(findings, sources, fail)),
        Form::Github => github::findings(findings, sources),
        Form::Json => diagnostic::json(findings, sources),
        Form::Markdown => markdown::findings(&summary, findings, sources),
    })?;
    if let Some(rulebook) = &checked.rulebook {
        io.err(&undeclared(&args.events, rulebook)?);
    }
    Ok(match findings.iter().map(|finding| finding.severity).max() {
        Some(Severity::Error) => Exit::Rules,
        Some(severity) if severity >= fail => Exit::Findings,
        _ => Exit::Fine,
    })
}

/// The findings for people: of those that are alike the first three, unless all are asked for.
fn folded<'a>(args: &Args, findings: &'a [Diagnostic], sources: &Sources) -> Folded<'a> {
    if args.all { Folded::whole(findings) } else { Folded::of(findings, sources) }
}

/// Each of the author's files as a case: one for every finding at or above the level that fails, one that
/// passed where there is none.
fn cases(findings: &[Diagnostic], sources: &Sources, fail: Severity) -> Vec<CaseResult> {
    let mut cases = Vec::new();
    for (id, source) in sources.iter().filter(|(_, source)| source.path != crate::check::VOCABULARY_PATH) {
        let failing = findings.iter().filter(|found| found.range.source == id && found.severity >= fail);
        let before = cases.len();
        for found in failing {
            let line = source.line_column(found.range.start).0;
            cases.push(CaseResult {
                outcome: CaseOutcome::Failed,
                message: found.message.clone(),
                detail: diagnostic::human(std::slice::from_ref(found), sources, false),
                ..CaseResult::passed(format!("{}:{line}", found.slug.name()), &source.path, line)
            });
        }
        if cases.len() == before {
            cases.push(CaseResult::passed("no findings", &source.path, 1));
        }
    }
    cases
}

/// The types of the logs that no event of the rulebook has, one a line, with how often they occur; properties
/// that nobody declared, and facts that no entry carries.
fn undeclared(paths: &[PathBuf], rulebook: &Rulebook) -> Result<String, Error> {
    let log = log::read(logs(paths)?, rulebook, &ReadOptions::default(), &|_| ())?;
    let survey =
        log::survey(files(paths)?, rulebook).map_err(|error| Error::unreadable(Path::new("the log"), &error))?;
    let line = |(name, count): (&String, &u64)| {
        complaint::note(&format!("no event is of type `{}` ({count} in the log)", Shown(name)))
    };
    let types: String = log.undeclared.iter().map(line).collect();
    let notes = if paths.is_empty() {
        String::new()
    } else if paths.iter().all(|path| path.is_file()) {
        unread::notes(&survey, rulebook)
    } else {
        // What comes from a pipe can be read once only.
        complaint::note("properties and facts are looked at in files only: name the log by its path")
    };
    Ok(types + notes.as_str())
}

/// The logs among some that can be read a second time: files.
fn files(paths: &[PathBuf]) -> Result<Vec<Input>, Error> {
    let mut files = Vec::new();
    for path in paths.iter().filter(|path| path.is_file()) {
        files.push(Input { path: path.display().to_string(), reader: open(path)?.0 });
    }
    Ok(files)
}

//! `ensue report`: what follow-ups achieve, in numbers, over a log.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::NaiveDate;
use clap::ValueEnum;

use crate::load::Files;
use crate::log::Log;
use crate::metric::figure::GoalStanding;
use crate::metric::period::{Compare, Cut, Periods};
use crate::metric::table::{MetricTable, ReportAsk, table};
use crate::metric::{self};
use crate::plan::Plan;
use crate::replay::{self, ReplayError, ReplayOptions};
use crate::report::metric::{Drawn, html, human, line, markdown, rows, words};
use crate::rulebook::{MetricId, Rulebook};
use crate::shown::Shown;
use crate::units::Period;
use crate::words::{listed, many, nearest};

use super::Io;
use super::exit::{Error, Exit};
use super::guard::guard;
use super::input::{as_of, read_logs, refused, since};

/// Print what follow-ups achieve: the metrics of the rulebook and the standard ones, over a log
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example: ensue report rules reply_rate --events fixtures/quickstart/events.jsonl --period month",
    after_help = "Exit codes: 0 fine, 1 a target is surely missed (with --exit-code), 2 the rules do not compile, 3 wrong use, a missing file, a bad record, or the report cannot be written."
)]
pub struct Args {
    /// The rulebook, a folder or a file [default: rules]; then metrics, all where none is named
    #[arg(value_name = "RULES] [METRIC")]
    named: Vec<String>,
    /// Event logs in JSON Lines, `-` for standard input; may be given several times
    #[arg(long, required = true, num_args = 1.., value_name = "LOG")]
    events: Vec<PathBuf>,
    /// How time is cut: day, week, month, quarter, year, a number of days such as 28d, or 2026-01-01..2026-03-31
    #[arg(long, default_value = "week", value_name = "PERIOD", value_parser = cut)]
    period: Cut,
    /// So many complete periods, then the running one
    #[arg(long, default_value_t = 8, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=400))]
    last: u16,
    /// Use what was received until this moment, a day or RFC 3339; default: the last event
    #[arg(long, value_name = "TIME")]
    as_of: Option<String>,
    /// Also show the groups of this breakdown
    #[arg(long, value_name = "DIM")]
    by: Option<String>,
    /// What each period is compared with
    #[arg(long, value_enum, default_value_t = With::Before)]
    compare: With,
    /// List the rows of one metric, as many as its denominator
    #[arg(long)]
    rows: bool,
    /// How to print; default: by the name of the file, else human
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// The file to write; default: standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Exit with 1 where a target is surely missed
    #[arg(long)]
    exit_code: bool,
    /// List and count bad records instead of stopping at the first
    #[arg(long)]
    skip_bad: bool,
    /// How many threads; 0 for as many as there are cores
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = super::input::threads)]
    threads: usize,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// A table
    Human,
    /// One JSON object a metric, period and group
    Jsonl,
    /// The same as a table for spreadsheets
    Csv,
    /// One file of HTML with pictures, which needs nothing else
    Html,
    /// Markdown
    Md,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum With {
    /// The one before
    Before,
    /// The same of the year before
    Year,
    /// Nothing
    None,
}

pub fn run(args: &Args, io: Io) -> Result<Exit, Error> {
    let format = format(args)?;
    let (rules, names) = rules_and_metrics(&args.named);
    let checked = Files::read(&rules)?.check_measured();
    let Some(rulebook) = checked.rulebook.clone() else { return Err(refused(&checked, io)) };
    let wanted = wanted(&rulebook, names, args)?;
    let log = read_logs(&args.events, &rulebook, (args.skip_bad, args.threads), io)?;
    let zone = metric::report_zone(&rulebook);
    let as_of = match &args.as_of {
        Some(text) => as_of(text, zone)?,
        None => replay::end(&log)
            .ok_or_else(|| Error::wrong("there is no event in the log, so there is nothing to report"))?,
    };
    let first = since(&log, as_of, zone)?;
    let compare = match args.compare {
        With::Before => Compare::Before,
        With::Year => Compare::Year,
        With::None => Compare::Nothing,
    };
    let periods = Periods::last(args.period, zone, usize::from(args.last), (first, as_of), compare);
    if periods.shown.is_empty() {
        return Err(Error::wrong(
            "no period ends between the first event of the log and the as-of moment; try a shorter one, such as `--period day`",
        ));
    }
    let listed = args.rows.then(|| wanted.first().copied()).flatten();
    let plan = Arc::new(Plan::compile_measured(rulebook, &wanted));
    let replay = ReplayOptions { threads: args.threads, guard: Some(guard()), ..ReplayOptions::default() };
    let asked = ReportAsk { metrics: wanted, periods, as_of, listed, replay };
    let mut table = table(&plan, &log, &asked).map_err(|error| match error {
        ReplayError::Threads(_) => Error::wrong(error.to_string()),
        ReplayError::Stopped(stopped) => stopped.into(),
    })?;
    // Who names metrics wants these alone.
    if !names.is_empty() {
        table.trials.clear();
    }
    print((args, format), (&plan, &log, &table), listed, io)?;
    let missed = table.metrics.iter().filter_map(|rows| rows.groups.first()).flat_map(|group| &group.periods);
    let missed = missed.into_iter().any(|period| period.standing == Some(GoalStanding::Missed));
    Ok(if args.exit_code && missed { Exit::Findings } else { Exit::Fine })
}

fn print(
    (args, format): (&Args, Format),
    (plan, log, table): (&Plan, &Log, &MetricTable),
    listed: Option<MetricId>,
    io: Io,
) -> Result<(), Error> {
    let drawn = Drawn { plan, table, simulated: true, by: args.by.as_deref() };
    let text = match (format, listed) {
        (Format::Human, Some(id)) => rows::human(&drawn, log, id),
        (Format::Human, None) => human::human(&drawn, human::Signs::Blocks),
        (Format::Jsonl, Some(id)) => rows::jsonl(&drawn, log, id),
        (Format::Jsonl, None) => line::jsonl(&drawn),
        (Format::Csv, Some(id)) => rows::csv(&drawn, log, id),
        (Format::Csv, None) => line::csv(&drawn),
        (Format::Html, _) => html::render(&drawn),
        (Format::Md, _) => markdown::render(&drawn),
    };
    match &args.output {
        Some(path) => super::out::put(path, &text)?,
        None => io.out(&text)?,
    }
    if args.output.is_some() || !matches!(format, Format::Human) {
        io.err(&words::summary(&drawn));
    }
    if let Some(path) = &args.output {
        io.err(&format!("report: written to {}\n", Shown(path.display())));
    }
    if drawn.shows_simulated() {
        io.note(words::SIMULATED);
    }
    if !plan.rulebook.left_out.is_empty() && args.named.len() < 2 {
        let names: Vec<String> = plan.rulebook.left_out.iter().map(|left| left.name.clone()).collect();
        io.note(&format!(
            "{} left out, for what this rulebook does not have: {}; name one to see what",
            many(names.len() as u32, "standard metric"),
            crate::words::listed(&names)
        ));
    }
    for rows in table.metrics.iter().filter(|rows| !rows.crowded.is_empty()) {
        let name = plan.rulebook.metrics.name(rows.metric);
        io.note(&format!("`{name}` has more than 1,000 groups; the smallest are one, `{}`", metric::cell::OTHER));
    }
    Ok(())
}

/// The form that is asked for, or that the file's name asks for.
fn format(args: &Args) -> Result<Format, Error> {
    let end = args.output.as_deref().and_then(Path::extension).map(|end| end.to_string_lossy().to_lowercase());
    let by_name = match end.as_deref() {
        Some("html" | "htm") => Format::Html,
        Some("md" | "markdown") => Format::Md,
        Some("csv") => Format::Csv,
        Some("jsonl" | "ndjson") => Format::Jsonl,
        Some("txt") | None => Format::Human,
        Some(_) if args.format.is_some() => Format::Human,
        Some(end) => {
            let error = Error::wrong(format!("a report cannot be written as `.{}`", Shown(end)));
            return Err(error.help("name it `.html`, `.md`, `.csv`, `.jsonl` or `.txt`, or choose with `--format`"));
        }
    };
    let format = args.format.unwrap_or(by_name);
    if args.rows && matches!(format, Format::Html | Format::Md) {
        let error = Error::wrong("`--rows` lists rows, and a page has none");
        return Err(error.help("choose `--format human`, `--format jsonl` or `--format csv`"));
    }
    Ok(format)
}

/// The rulebook comes first where it is one, and metrics follow.
fn rules_and_metrics(named: &[String]) -> (PathBuf, &[String]) {
    match named.split_first() {
        Some((first, rest)) if Path::new(first).exists() || first.contains(['/', '.']) => (PathBuf::from(first), rest),
        _ => (PathBuf::from("rules"), named),
    }
}

/// The metrics that are asked for, by kind and in rulebook order.
fn wanted(rulebook: &Rulebook, names: &[String], args: &Args) -> Result<Vec<MetricId>, Error> {
    let mut wanted = Vec::new();
    for name in names {
        match rulebook.metrics.find(name) {
            Some(id) if !wanted.contains(&id) => wanted.push(id),
            Some(_) => {}
            None => return Err(unknown(rulebook, name)),
        }
    }
    if names.is_empty() {
        wanted = rulebook.metrics.ids().collect();
        wanted.sort_by_key(|id| rulebook.metrics.get(*id).map(|metric| (metric.kind, metric.standard, metric.rank)));
    }
    if args.rows && wanted.len() != 1 {
        return Err(Error::wrong("`--rows` lists the rows of one number: name the metric"));
    }
    if let Some(by) = &args.by {
        let has = |id: &&MetricId| {
            rulebook.metrics.get(**id).is_some_and(|metric| metric.by.iter().any(|known| &known.name == by))
        };
        if !wanted.iter().any(|id| has(&id)) {
            return Err(no_such_groups(rulebook, &wanted, by));
        }
    }
    Ok(wanted)
}

fn no_such_groups(rulebook: &Rulebook, wanted: &[MetricId], by: &str) -> Error {
    let mut names: Vec<String> = wanted
        .iter()
        .filter_map(|id| rulebook.metrics.get(*id))
        .flat_map(|metric| &metric.by)
        .map(|by| by.name.clone())
        .collect();
    names.sort();
    names.dedup();
    let known = if names.is_empty() { String::from("nothing") } else { listed(&names) };
    Error::wrong(format!("these metrics are not broken down by `{by}`; they are by {known}"))
}

fn unknown(rulebook: &Rulebook, name: &str) -> Error {
    if let Some(left) = rulebook.left_out.iter().find(|left| left.name == name) {
        return Error::wrong(format!(
            "the standard metric `{name}` asks for something this rulebook does not have: {}",
            left.why
        ));
    }
    let names: Vec<String> = rulebook.metrics.iter().map(|metric| metric.name.clone()).collect();
    match nearest(name, &names) {
        Some(near) => Error::wrong(format!("there is no metric `{name}`; did you mean `{near}`?")),
        None => Error::wrong(format!("there is no metric `{name}`; `ensue report` without a name shows all")),
    }
}

/// `month`, `28d`, `2026-01-01..2026-03-31`
fn cut(text: &str) -> Result<Cut, String> {
    if let Some(period) = Period::of_word(text) {
        return Ok(Cut::Calendar(period));
    }
    let days = text.strip_suffix('d').and_then(|days| days.parse::<u32>().ok());
    if let Some(days) = days {
        return if (1..=3_660).contains(&days) {
            Ok(Cut::Days(days))
        } else {
            Err(String::from("a period has from 1 to 3660 days"))
        };
    }
    let day = |text: &str| text.parse::<NaiveDate>().ok();
    let range = text.split_once("..").and_then(|(first, last)| Some((day(first)?, day(last)?)));
    match range {
        Some((first, last)) if first <= last => Ok(Cut::Range(first, last)),
        Some(_) => Err(String::from("the first day comes after the last")),
        None => Err(String::from("write day, week, month, quarter, year, 28d, or 2026-01-01..2026-03-31")),
    }
}

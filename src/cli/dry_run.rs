//! `ensue dry-run`: replays logs in memory and prints what would be done.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use clap::ValueEnum;

use crate::decision::Decision;
use crate::decision::count::Counts;
use crate::decision::names::Names;
use crate::event::LeadId;
use crate::invariant::violations;
use crate::local;
use crate::log::Log;
use crate::metric::alert::{self, AlertFound, BookAlert};
use crate::plan::Plan;
use crate::replay::{self, ReplayError, Replayed};
use crate::report::metric::alert as told;
use crate::report::summary::undeclared;
use crate::report::timeline::timeline;
use crate::report::{self, experiment};
use crate::rulebook::Rulebook;
use crate::shown::Shown;
use crate::timestamp::Timestamp;
use crate::value::View;
use crate::words::many;

use super::Io;
use super::complaint::note;
use super::exit::{Error, Exit};
use super::guard::guard;
use super::input::{compiled, moment, read_logs, threads};

/// Replay event logs in memory and print what would be done; nothing is stored or sent
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example: ensue dry-run rules --events fixtures/quickstart/events.jsonl",
    after_help = "Exit codes: 0 fine, 1 a script fault or a broken invariant, 2 the rules do not compile, 3 wrong use, a missing file, or a bad record."
)]
pub struct Args {
    /// The rulebook: a folder or a file
    #[arg(default_value = "rules")]
    rules: PathBuf,
    /// Event logs in JSON Lines, `-` for standard input; may be given several times
    #[arg(long, required = true, num_args = 1.., value_name = "LOG")]
    events: Vec<PathBuf>,
    /// Handle what was received until this moment (RFC 3339); default: the last event
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Timestamp>,
    /// Show only this lead; may be given several times
    #[arg(long, value_name = "LEAD")]
    lead: Vec<String>,
    /// List and count bad records instead of stopping at the first
    #[arg(long)]
    skip_bad: bool,
    /// Also print every change of a score
    #[arg(long)]
    trace: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// How many threads; 0 for as many as there are cores
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = threads)]
    threads: usize,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// A table by lead and time
    Human,
    /// One JSON object a line, in the order decided
    Jsonl,
}

pub fn run(args: &Args, io: Io) -> Result<Exit, Error> {
    let rulebook = compiled(&args.rules, io)?;
    let log = read_logs(&args.events, &rulebook, (args.skip_bad, args.threads), io)?;
    let alerted = alert::alerted(&rulebook);
    let measured = (!alerted.is_empty()).then(|| Arc::new(Plan::compile_measured(rulebook.clone(), &alerted)));
    let plan = Arc::new(Plan::compile(rulebook));
    let options = replay::ReplayOptions {
        until: args.until,
        threads: args.threads,
        trace: args.trace,
        guard: Some(guard()),
        ..replay::ReplayOptions::default()
    };
    let failed = |error| match error {
        ReplayError::Threads(_) => Error::wrong(error.to_string()),
        ReplayError::Stopped(stopped) => stopped.into(),
    };
    let replayed = replay::replay(&plan, &log, &options).map_err(failed)?;
    // An alert on a metric is about no lead.
    let alerts = match measured.filter(|_| args.lead.is_empty()) {
        Some(measured) => alert::alerts(&measured, &log, &options).map_err(failed)?,
        None => Vec::new(),
    };
    print(args, &plan, (&log, &replayed, &alerts), io)
}

fn print(
    args: &Args,
    plan: &Plan,
    (log, replayed, alerts): (&Log, &Replayed, &[BookAlert]),
    io: Io,
) -> Result<Exit, Error> {
    let names = Names { rulebook: &plan.rulebook, log };
    let asked = |decision: &&Decision| {
        args.lead.is_empty() || args.lead.iter().any(|lead| lead == log.lead_name(decision.lead))
    };
    let known = |name: &str| (0..log.lead_count() as u32).any(|lead| log.lead_name(LeadId(lead)) == name);
    if let Some(lead) = args.lead.iter().find(|lead| !known(lead)) {
        return Err(Error::wrong(format!("no event of the log is about the lead `{lead}`")));
    }
    let shown: Vec<&Decision> = replayed.decisions.iter().chain(&replayed.pending).filter(asked).collect();
    let mut counts = counted(args, log, replayed);
    for decision in &shown {
        counts.add(decision);
    }
    counts.alerts += alerts.iter().filter(|alert| alert.found != AlertFound::Over).count();
    let mut broken = violations(plan, log, &replayed.decisions, replayed.horizon);
    broken.retain(|one| args.lead.is_empty() || args.lead.iter().any(|lead| lead == log.lead_name(one.lead)));
    let drawn = report::invariant::human(&names, &replayed.decisions, &broken, io.color_err());
    match args.format {
        Format::Human => {
            io.painted(&timeline(&names, &shown, io.color))?;
            io.painted(&told::timeline(&plan.rulebook, alerts, io.color))?;
            io.painted_err(&drawn);
            io.out(&summary(args, plan, (log, replayed), &counts))?;
        }
        Format::Jsonl => {
            let mut text = String::new();
            let mut alerts = alerts.iter().peekable();
            let mut last = None;
            for decision in &shown {
                // What the book decides comes after all that leads bring at its moment.
                if last != Some(decision.at) {
                    while let Some(alert) = alerts.next_if(|alert| alert.at < decision.at) {
                        let _ = writeln!(text, "{}", told::line(&plan.rulebook, alert));
                    }
                }
                last = Some(decision.at);
                let _ = writeln!(text, "{}", names.line(decision));
            }
            for alert in alerts {
                let _ = writeln!(text, "{}", told::line(&plan.rulebook, alert));
            }
            io.out(&text)?;
            io.painted_err(&drawn);
            io.err(&summary(args, plan, (log, replayed), &counts));
        }
    }
    Ok(if counts.faults > 0 || !broken.is_empty() { Exit::Findings } else { Exit::Fine })
}

/// Leads and events that are shown, before anything decided is counted.
fn counted(args: &Args, log: &Log, replayed: &Replayed) -> Counts {
    let mut counts = Counts { leads: log.named_lead_count(), events: replayed.handled, ..Counts::default() };
    if !args.lead.is_empty() {
        let asked: BTreeSet<&str> = args.lead.iter().map(String::as_str).collect();
        let handled = log.entries().iter().take(replayed.handled);
        counts.leads = asked.len();
        counts.events = handled.filter(|entry| asked.contains(log.lead_name(entry.lead))).count();
    }
    counts
}

/// Leads whose zone is not one, each with the first such name.
fn unknown_zones<'a>(rulebook: &Rulebook, log: &'a Log) -> BTreeMap<&'a str, &'a str> {
    let Some(fact) = rulebook.facts.get(rulebook.well_known.timezone) else { return BTreeMap::new() };
    let mut found = BTreeMap::new();
    for event in log.iter() {
        if let View::Text(zone) = event.props.get(fact.prop)
            && local::Zone::parse(zone).is_none()
        {
            found.entry(log.lead_name(event.lead)).or_insert(zone);
        }
    }
    found
}

/// Notes about the log, then the line that can be grepped.
fn summary(args: &Args, plan: &Plan, (log, replayed): (&Log, &Replayed), counts: &Counts) -> String {
    let mut text = String::new();
    for result in experiment::results(plan, log, &replayed.decisions) {
        let _ = writeln!(text, "{}", Shown(result));
    }
    text.push_str(&undeclared(&log.undeclared));
    for (lead, zone) in unknown_zones(&plan.rulebook, log) {
        text.push_str(&note(&format!("`{zone}` of lead `{lead}` is no time zone; the next of the chain is used")));
    }
    if log.duplicates > 0 {
        text.push_str(&note(&format!("{} left out", many(log.duplicates, "duplicate"))));
    }
    if args.skip_bad && !log.bad.is_empty() {
        text.push_str(&note(&format!("{} left out", many(log.bad.len(), "bad record"))));
    }
    let _ = writeln!(text, "dry-run: {counts}");
    text
}

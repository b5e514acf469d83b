//! `ensue explain`: why a lead got what it got, or the page of a finding.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;

use crate::decision::names::Names;
use crate::event::LeadId;
use crate::explain::{self, Era, Explanation, UnknownQuestion};
use crate::live::LiveError;
use crate::log::{self, Log, ReadOptions};
use crate::plan::Plan;
use crate::report::explain::{human, json, summary};
use crate::rulebook::{Pattern, Rulebook};
use crate::slug::Slug;
use crate::timestamp::Timestamp;
use crate::words::nearest;

use super::exit::{Error, Exit};
use super::guard::guard;
use super::input::{compiled, logs, moment};
use super::place::StoreArgs;
use super::{Io, near};

/// Show why an action about a lead happened or did not; or the page of a finding
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example: ensue explain ana --events fixtures/quickstart/events.jsonl --why-not \"email incentive\"\n         ensue explain ana --rule third_open\n         ensue explain unknown-tier",
    after_help = "Exit codes: 0 fine, 2 the rules do not compile, 3 wrong use, a missing file or store, or a bad record."
)]
pub struct Args {
    /// A lead, of a log or of the store; or the name in the brackets of a finding: what it means, why it
    /// matters, how to mend it. Without one, all names of findings are listed
    #[arg(value_name = "LEAD|FINDING")]
    name: Option<String>,
    /// The rulebook: a folder or a file
    #[arg(default_value = "rules", requires = "events")]
    rules: PathBuf,
    /// Event logs in JSON Lines, `-` for standard input; may be given several times. Default: the log of the
    /// store, with the rulebooks that were in force
    #[arg(long, num_args = 1.., value_name = "LOG", requires = "name", conflicts_with = "store")]
    events: Vec<PathBuf>,
    /// As of this moment (RFC 3339); default: the last event, for a store how far it was handled
    #[arg(long, value_name = "TIME", value_parser = moment, requires = "name")]
    at: Option<Timestamp>,
    /// What this rule or sequence did, each of its clauses now, and when it could act next
    #[arg(long, value_name = "RULE", requires = "name")]
    rule: Vec<String>,
    /// The same for all that could bring something: `email recap`, `becomes hot`, `sequence hot_leads`, `alert owner`
    #[arg(long, value_name = "WHAT", requires = "name")]
    why_not: Vec<String>,
    /// Leave bad records out instead of stopping at the first
    #[arg(long, requires = "events")]
    skip_bad: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    #[command(flatten)]
    store: StoreArgs,
}

impl Args {
    /// Whether something is asked that only a lead can answer.
    fn is_about_lead(&self) -> bool {
        self.store.store.is_some() || self.at.is_some() || !(self.rule.is_empty() && self.why_not.is_empty())
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// A tree
    Human,
    /// One JSON object
    Json,
}

pub fn run(args: &Args, io: Io) -> Result<Exit, Error> {
    match &args.name {
        Some(lead) if !args.events.is_empty() => in_log(lead, args, io),
        Some(name) if !args.is_about_lead() && slug(name).is_some() => page(name, io),
        Some(lead) => in_store(lead, args, io),
        None => {
            let names: String = Slug::ALL.iter().flat_map(|slug| [slug.name(), "\n"]).collect();
            io.out(&names)?;
            Ok(Exit::Fine)
        }
    }
}

fn slug(name: &str) -> Option<&'static Slug> {
    Slug::ALL.iter().find(|slug| slug.name() == name)
}

/// The finding that is meant, where one is near.
fn near_slug(name: &str) -> Option<&'static str> {
    nearest(name, Slug::ALL.iter().map(|slug| slug.name()))
}

/// The page of a finding.
fn page(name: &str, io: Io) -> Result<Exit, Error> {
    io.out(slug(name).map_or("", |slug| slug.page()))?;
    Ok(Exit::Fine)
}

/// A lead of the store, through all rulebooks that were in force.
fn in_store(name: &str, args: &Args, io: Io) -> Result<Exit, Error> {
    let place = args.store.place(io)?;
    if args.store.store.is_none() && !place.store.exists() {
        return Err(nothing(name, args, &place.store));
    }
    let live = place.open()?;
    let chapters = live.history(name, args.at.unwrap_or(Timestamp::MAX))?;
    let eras: Vec<Era<'_>> = chapters.iter().map(Era::from).collect();
    let Some(Era { plan, log, .. }) = eras.last().copied() else { return Err(LiveError::NoRulebook.into()) };
    for bad in &log.bad {
        io.complain(&bad.into());
    }
    let options = options(args, &plan.rulebook)?;
    let explained = lead_of(log, name).map(|lead| explain::through(&eras, lead, &options)).transpose()?;
    let explanation = explained.flatten();
    let explanation = explanation.ok_or_else(|| {
        let leads = live.leads_of_log().unwrap_or_default();
        let help = match near_slug(name).filter(|_| !args.is_about_lead()) {
            Some(slug) => format!("did you mean the finding `{slug}`?"),
            None => near::help(name, leads.iter().map(String::as_str), "the log of this store is empty"),
        };
        let by_then = if args.at.is_some() { " by then" } else { "" };
        Error::wrong(format!("no event of the store is about the lead `{name}`{by_then}")).help(help)
    })?;
    print(&Names { rulebook: &plan.rulebook, log }, &explanation, args, io)
}

/// A lead without a log and without a store, or a finding that does not exist.
fn nothing(name: &str, args: &Args, store: &Path) -> Error {
    let near = near_slug(name);
    let store = store.display();
    let help = match near.filter(|_| !args.is_about_lead()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => String::from(
            "for a lead, name its log with `--events LOG` or its store with `--store DIR`; `ensue explain` lists all names of findings",
        ),
    };
    let what = if args.is_about_lead() { "" } else { &format!("there is no finding named `{name}`, and ") };
    Error::wrong(format!("{what}no store at `{store}` that could know a lead `{name}`")).help(help)
}

/// A lead of logs, by one rulebook.
fn in_log(name: &str, args: &Args, io: Io) -> Result<Exit, Error> {
    let rulebook = compiled(&args.rules, io)?;
    let options = options(args, &rulebook)?;
    let reading = ReadOptions { skip_bad: args.skip_bad, ..ReadOptions::default() };
    let log = log::read(logs(&args.events)?, &rulebook, &reading, &|_| ())?;
    for bad in &log.bad {
        io.complain(&bad.into());
    }
    let plan = Arc::new(Plan::compile(rulebook));
    let explained = lead_of(&log, name).map(|lead| explain::explain(&plan, &log, lead, &options)).transpose()?;
    let explanation = explained.flatten().ok_or_else(|| no_lead(name, &log))?;
    print(&Names { rulebook: &plan.rulebook, log: &log }, &explanation, args, io)
}

fn lead_of(log: &Log, name: &str) -> Option<LeadId> {
    (0..log.lead_count() as u32).map(LeadId).find(|lead| log.lead_name(*lead) == name)
}

fn print(names: &Names<'_>, explanation: &Explanation, args: &Args, io: Io) -> Result<Exit, Error> {
    let end = format!("{}\n", summary(explanation));
    match args.format {
        Format::Human => io.painted(&format!("{}{end}", human(names, explanation, io.color)))?,
        Format::Json => {
            io.out(&json(names, explanation))?;
            io.err(&end);
        }
    }
    Ok(Exit::Fine)
}

fn options(args: &Args, rulebook: &Rulebook) -> Result<explain::ExplainOptions, Error> {
    Ok(explain::ExplainOptions { at: args.at, questions: questions(args, rulebook)?, guard: Some(guard()) })
}

fn questions(args: &Args, rulebook: &Rulebook) -> Result<Vec<Pattern>, Error> {
    let rules = args.rule.iter().map(|name| Pattern::rule(name, rulebook));
    let others = args.why_not.iter().map(|text| Pattern::parse(text, rulebook));
    let unknown = |found: UnknownQuestion| Error::wrong(found.message).help(found.help);
    rules.chain(others).collect::<Result<_, _>>().map_err(unknown)
}

fn no_lead(name: &str, log: &Log) -> Error {
    let names = (0..log.lead_count() as u32).map(|lead| log.lead_name(LeadId(lead)));
    let names = names.filter(|name| !name.is_empty());
    // A lead that only later events are about has the very name.
    let near = nearest(name, names).filter(|near| *near != name);
    let error = Error::wrong(format!("no event of the log is about the lead `{name}` by then"));
    match near {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error,
    }
}

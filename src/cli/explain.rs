//! `ensue explain`: why a lead got what it got, or the page of a finding.

use std::path::PathBuf;
use std::sync::Arc;

use clap::ValueEnum;

use crate::event::LeadId;
use crate::explain::{self, Question, UnknownQuestion};
use crate::log::{self, Input, Log, ReadOptions};
use crate::plan::Plan;
use crate::report::explain::{human, json, summary};
use crate::report::line::Names;
use crate::rulebook::Rulebook;
use crate::slug::Slug;
use crate::timestamp::Timestamp;

use super::Io;
use super::dry_run::{compiled, moment, open};
use super::exit::{Error, Exit, drawn};

/// Show why an action about a lead happened or did not; or the page of a finding
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example: ensue explain ana --events fixtures/quickstart/events.jsonl --why-not \"email incentive\"\n         ensue explain unknown-tier",
    after_help = "Exit codes: 0 fine, 2 the rules do not compile, 3 wrong use, a missing file, or a bad record."
)]
pub struct Args {
    /// With --events, a lead; else the name in the brackets of a finding: what it means, why it matters, how to
    /// mend it. Without one, all names are listed
    #[arg(value_name = "LEAD|FINDING")]
    name: Option<String>,
    /// The rulebook: a folder or a file
    #[arg(default_value = "rules", requires = "events")]
    rules: PathBuf,
    /// Event logs in JSON Lines, `-` for standard input; may be given several times
    #[arg(long, num_args = 1.., value_name = "LOG", requires = "name")]
    events: Vec<PathBuf>,
    /// As of this moment (RFC 3339); default: the last event
    #[arg(long, value_name = "TIME", value_parser = moment, requires = "events")]
    at: Option<Timestamp>,
    /// What this rule or sequence did, each of its clauses now, and when it could act next
    #[arg(long, value_name = "RULE", requires = "events")]
    rule: Vec<String>,
    /// The same for all that could bring something: `email recap`, `becomes hot`, `sequence hot_leads`, `alert owner`
    #[arg(long, value_name = "WHAT", requires = "events")]
    why_not: Vec<String>,
    /// Leave bad records out instead of stopping at the first
    #[arg(long, requires = "events")]
    skip_bad: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
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
        Some(lead) if !args.events.is_empty() => about_lead(lead, args, io),
        Some(name) => page(name, io),
        None => {
            let names: String = Slug::ALL.iter().flat_map(|slug| [slug.name(), "\n"]).collect();
            io.out(&names)?;
            Ok(Exit::Fine)
        }
    }
}

/// The page of a finding.
fn page(name: &str, io: Io) -> Result<Exit, Error> {
    let Some(slug) = Slug::ALL.iter().find(|slug| slug.name() == name) else {
        let near =
            Slug::ALL.iter().map(|slug| slug.name()).min_by_key(|other| strsim::damerau_levenshtein(name, other));
        let near = near.filter(|other| strsim::damerau_levenshtein(name, other) * 3 <= name.len());
        let help = near.map_or_else(
            || String::from("`ensue explain` lists all names; for a lead, name its log with `--events`"),
            |near| format!("did you mean `{near}`?"),
        );
        return Err(Error::Use(format!("error: there is no finding named `{name}`\n  = help: {help}")));
    };
    io.out(slug.page())?;
    Ok(Exit::Fine)
}

fn about_lead(name: &str, args: &Args, io: Io) -> Result<Exit, Error> {
    let rulebook = compiled(&args.rules, io)?;
    let options = explain::Options { at: args.at, questions: questions(args, &rulebook)? };
    let mut inputs = Vec::new();
    for path in &args.events {
        inputs.push(Input { path: path.display().to_string(), reader: open(path)?.0 });
    }
    let reading = ReadOptions { skip_bad: args.skip_bad, ..ReadOptions::default() };
    let log = log::read(inputs, &rulebook, &reading, &|_| ())?;
    for bad in &log.bad {
        io.err(&format!("{}\n", drawn(bad)));
    }
    let plan = Arc::new(Plan::compile(rulebook));
    let lead = (0..log.lead_count() as u32).map(LeadId).find(|lead| log.lead_name(*lead) == name);
    let explanation = lead.and_then(|lead| explain::explain(&plan, &log, lead, &options));
    let explanation = explanation.ok_or_else(|| no_lead(name, &log))?;
    let names = Names { rulebook: &plan.rulebook, log: &log };
    let end = format!("{}\n", summary(&explanation));
    match args.format {
        Format::Human => io.out(&format!("{}{end}", human(&names, &explanation, io.color)))?,
        Format::Json => {
            io.out(&json(&names, &explanation))?;
            io.err(&end);
        }
    }
    Ok(Exit::Fine)
}

fn questions(args: &Args, rulebook: &Rulebook) -> Result<Vec<Question>, Error> {
    let rules = args.rule.iter().map(|name| Question::rule(name, rulebook));
    let others = args.why_not.iter().map(|text| Question::parse(text, rulebook));
    let unknown = |found: UnknownQuestion| Error::Use(format!("error: {}\n  = help: {}", found.message, found.help));
    rules.chain(others).collect::<Result<_, _>>().map_err(unknown)
}

fn no_lead(name: &str, log: &Log) -> Error {
    let names = (0..log.lead_count() as u32).map(|lead| log.lead_name(LeadId(lead)));
    let near = names.min_by_key(|other| strsim::damerau_levenshtein(name, other));
    let near = near.filter(|other| *other != name && strsim::damerau_levenshtein(name, other) * 3 <= name.len());
    let help = near.map(|near| format!("\n  = help: did you mean `{near}`?")).unwrap_or_default();
    Error::Use(format!("error: no event of the log is about the lead `{name}` by then{help}"))
}

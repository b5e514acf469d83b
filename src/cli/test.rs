//! `ensue test`: runs the tests of a rulebook.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;

use crate::plan::Plan;
use crate::report::{self, github, junit, markdown, sarif};
use crate::trial::{self, Edit, TestReport};
use crate::words::many;

use super::Io;
use super::complaint::Complaint;
use super::exit::{Error, Exit};
use super::guard::guard;
use super::input::compiled;
use super::out::{self, Form, Out};
use super::replace;

/// Run every test of a rulebook
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example: ensue test rules",
    after_help = "Exit codes: 0 every test passed, 1 a test failed or there is none, 2 the rules or tests do not compile, 3 wrong use or a missing file."
)]
pub struct Args {
    /// The rulebook: a folder or a file
    #[arg(default_value = "rules")]
    rules: PathBuf,
    /// Run only tests whose name holds this text, in upper or lower case
    #[arg(long, value_name = "PATTERN", default_value = "", hide_default_value = true)]
    run: String,
    /// Also list what of the rulebook no test shows; with a number, fail where less is shown, in percent
    #[arg(long, value_name = "MIN", num_args = 0..=1, require_equals = true, default_missing_value = "0", value_parser = clap::value_parser!(u8).range(0..=100))]
    coverage: Option<u8>,
    /// Write what was observed into the tests marked `updated`
    #[arg(long)]
    update: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Also write a report into a file: sarif, junit, github, json or md (repeatable)
    #[arg(long, value_name = "FORMAT=PATH")]
    out: Vec<Out>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// One line a test, failures drawn below
    Human,
    /// One JSON object a test
    Json,
    /// JUnit XML, for CI systems
    Junit,
    /// Lines that GitHub shows beside the changed code
    Github,
}

pub fn run(args: &Args, io: Io) -> Result<Exit, Error> {
    let (mut plan, mut report) = tested(args, io)?;
    if args.update {
        let rulebook = &plan.rulebook;
        let edits = trial::edits(&rulebook.sources, &rulebook.tests, &report.tests);
        if !edits.is_empty() {
            for edit in &edits {
                write(&plan, edit, io)?;
            }
            (plan, report) = tested(args, io)?;
        }
    }
    let sources = &plan.rulebook.sources;
    let summary = report::trial::summary(&report);
    let cases = report::trial::cases(&report, sources);
    match args.format {
        Format::Human => {
            let coverage = report.coverage.as_ref().map(|coverage| report::trial::coverage(coverage, sources));
            let tests = report::trial::human(&report, sources, io.color);
            io.painted(&format!("{tests}{}{summary}\n", coverage.unwrap_or_default()))?;
        }
        Format::Json | Format::Junit | Format::Github => {
            match args.format {
                Format::Junit => io.out(&junit::report("ensue test", &cases)),
                Format::Github => io.commands(&github::cases(&cases)),
                _ => io.out(&report::trial::json(&report, sources)),
            }?;
            io.err(&format!("{summary}\n"));
        }
    }
    out::write(&args.out, |form| match form {
        Form::Sarif => sarif::cases(&cases),
        Form::Junit => junit::report("ensue test", &cases),
        Form::Github => github::cases(&cases),
        Form::Json => report::trial::json(&report, sources),
        Form::Markdown => markdown::cases(&summary, &cases),
    })?;
    if report.tests.is_empty() {
        io.complain(&none(args, &report));
    }
    let short = |min: u8| report.coverage.as_ref().is_some_and(|coverage| coverage.percent() < usize::from(min));
    if let Some(min) = args.coverage.filter(|min| short(*min)) {
        let percent = report.coverage.as_ref().map_or(0, trial::coverage::Coverage::percent);
        io.complain(&Complaint::new(format!("the tests show {percent} % of the rulebook, less than {min} %")));
        return Ok(Exit::Findings);
    }
    Ok(if report.is_fine() { Exit::Fine } else { Exit::Findings })
}

fn tested(args: &Args, io: Io) -> Result<(Arc<Plan>, TestReport), Error> {
    let plan = Arc::new(Plan::compile(compiled(&args.rules, io)?));
    let options =
        trial::TrialOptions { pattern: args.run.clone(), coverage: args.coverage.is_some(), guard: Some(guard()) };
    let report = trial::run(&plan, &options)?;
    Ok((plan, report))
}

fn write(plan: &Plan, edit: &Edit, io: Io) -> Result<(), Error> {
    let path = &plan.rulebook.sources.file(edit.source).path;
    replace::replace(Path::new(path), &edit.text).map_err(|error| Error::unwritten(path, &error))?;
    let tests = many(edit.tests, "test");
    io.note(&format!("updated {tests} in {path}"));
    Ok(())
}

/// Why no test is a failure.
fn none(args: &Args, report: &TestReport) -> Complaint {
    if report.left_out > 0 {
        let left_out = many(report.left_out, "test");
        return Complaint::new(format!("no name holds `{}`", args.run)).help(format!("the rulebook has {left_out}"));
    }
    Complaint::new(format!("`{}` holds no test", args.rules.display()))
        .help("write one into a rule file or into `tests/`: `test \"a demo makes a lead hot\" { … }`")
}

//! What came of tests: for people and as JSON.

use std::fmt::Write as _;

use serde::Serialize;

use super::diagnostic::failure;
use super::summary::many;
use crate::source::{Range, Sources};
use crate::trial::coverage::{Coverage, Kind};
use crate::trial::{Failure, Outcome, TestReport, TestResult};

/// One line a test, each failure drawn below its test.
#[must_use]
pub fn human(report: &TestReport, sources: &Sources, color: bool) -> String {
    let mut text = String::new();
    for test in &report.tests {
        let (word, tint) = match test.outcome {
            Outcome::Passed => ("ok  ", "32"),
            Outcome::Failed => ("FAIL", "31"),
            Outcome::Todo => ("todo", "33"),
            Outcome::TodoPasses => ("TODO", "33"),
        };
        let word = if color { format!("\u{1b}[{tint}m{word}\u{1b}[0m") } else { word.to_owned() };
        let _ = writeln!(text, "{word} {} ({})", test.name, sources.place(test.range));
        if test.outcome == Outcome::TodoPasses {
            text.push_str("     it passes now: make it a `test`\n");
        }
        if test.outcome == Outcome::Failed {
            text.push('\n');
            for failed in &test.failures {
                let _ = writeln!(text, "{}\n", failure(failed, sources, color));
            }
        }
    }
    text
}

/// What no test shows, one line each, then how much of each kind is shown.
#[must_use]
pub fn coverage(coverage: &Coverage, sources: &Sources) -> String {
    let mut text = String::new();
    for item in coverage.items.iter().filter(|item| !item.shown) {
        let _ = writeln!(text, "{}: {}", sources.place(item.range), item.missing);
    }
    for kind in Kind::ALL {
        let (shown, all) = coverage.count(kind);
        let percent = (shown * 100).checked_div(all).unwrap_or(100);
        let _ = writeln!(text, "  {:32} {shown:4} of {all:4}  {percent:3} %", kind.words());
    }
    text
}

/// `test: 12 passed, 1 failed, 1 todo; 31 events, 88 decisions`: the last line of a run.
#[must_use]
pub fn summary(report: &TestReport) -> String {
    let mut text = format!("test: {} passed, {} failed", report.count(Outcome::Passed), report.count(Outcome::Failed));
    let passes = report.count(Outcome::TodoPasses);
    let todo = report.count(Outcome::Todo) + passes;
    if todo > 0 {
        let _ = write!(text, ", {todo} todo");
    }
    if passes > 0 {
        let _ = write!(text, " ({passes} of them {})", if passes == 1 { "passes" } else { "pass" });
    }
    let events = report.tests.iter().map(|test| test.events).sum();
    let decisions = report.tests.iter().map(|test| test.decisions).sum();
    let _ = write!(text, "; {}, {}", many(events, "event"), many(decisions, "decision"));
    if report.left_out > 0 {
        let _ = write!(text, "; {} left out", report.left_out);
    }
    if let Some(coverage) = &report.coverage {
        let _ = write!(text, "; coverage {} %", coverage.percent());
    }
    text
}

/// One JSON object a test, keys always in the same order.
#[must_use]
pub fn json(report: &TestReport, sources: &Sources) -> String {
    let line = |test| serde_json::to_string(&Record::new(test, sources)).unwrap_or_default() + "\n";
    report.tests.iter().map(line).collect()
}

#[derive(Serialize)]
struct Record<'a> {
    test: &'a str,
    file: &'a str,
    line: u32,
    outcome: &'static str,
    events: usize,
    decisions: usize,
    failures: Vec<Failed<'a>>,
}

#[derive(Serialize)]
struct Failed<'a> {
    message: &'a str,
    file: &'a str,
    start: Place,
    end: Place,
    others: Vec<Other<'a>>,
    notes: &'a [String],
    help: Option<&'a str>,
}

#[derive(Serialize)]
struct Place {
    line: u32,
    column: u32,
    byte: u32,
}

#[derive(Serialize)]
struct Other<'a> {
    file: &'a str,
    line: u32,
    text: &'a str,
}

impl<'a> Record<'a> {
    fn new(test: &'a TestResult, sources: &'a Sources) -> Self {
        let file = sources.file(test.range.source);
        Self {
            test: &test.name,
            file: &file.path,
            line: file.line_column(test.range.start).0,
            outcome: test.outcome.word(),
            events: test.events,
            decisions: test.decisions,
            failures: test.failures.iter().map(|failed| Failed::new(failed, sources)).collect(),
        }
    }
}

impl<'a> Failed<'a> {
    fn new(failed: &'a Failure, sources: &'a Sources) -> Self {
        let file = sources.file(failed.range.source);
        let place = |byte| {
            let (line, column) = file.line_column(byte);
            Place { line, column, byte }
        };
        let other = |(range, text): &'a (Range, String)| {
            let file = sources.file(range.source);
            Other { file: &file.path, line: file.line_column(range.start).0, text }
        };
        Self {
            message: &failed.message,
            file: &file.path,
            start: place(failed.range.start),
            end: place(failed.range.end),
            others: failed.others.iter().map(other).collect(),
            notes: &failed.notes,
            help: failed.help.as_deref(),
        }
    }
}

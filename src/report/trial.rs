//! What came of tests: for people and as JSON.

use std::fmt::Write as _;

use serde::Serialize;

use super::case::{self, CaseResult};
use super::diagnostic::failure;
use super::summary::Summary;
use crate::shown::Shown;
use crate::source::{Range, Sources};
use crate::trial::coverage::{Coverage, PartKind};
use crate::trial::{Failure, TestReport, TestResult, Verdict};
use crate::words::many;

/// One line a test, each failure drawn below its test.
#[must_use]
pub fn human(report: &TestReport, sources: &Sources, color: bool) -> String {
    let mut text = String::new();
    for test in &report.tests {
        let (word, tint) = match test.outcome {
            Verdict::Passed => ("ok  ", "32"),
            Verdict::Failed => ("FAIL", "31"),
            Verdict::Todo => ("todo", "33"),
            Verdict::TodoPasses => ("done", "33"),
        };
        let word = if color { format!("\u{1b}[{tint}m{word}\u{1b}[0m") } else { word.to_owned() };
        let _ = writeln!(text, "{word} {} ({})", Shown(&test.name), Shown(sources.place(test.range)));
        if test.outcome == Verdict::TodoPasses {
            text.push_str("     it passes now: make it a `test`\n");
        }
        if test.outcome == Verdict::Failed {
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
        let _ = writeln!(text, "{}: {}", Shown(sources.place(item.range)), Shown(&item.missing));
    }
    for kind in PartKind::ALL {
        let (shown, all) = coverage.count(kind);
        let percent = (shown * 100).checked_div(all).unwrap_or(100);
        let _ = writeln!(text, "  {:32} {shown:4} of {all:4}  {percent:3} %", kind.words());
    }
    text
}

/// `test: 12 passed, 1 failed, 1 todo; 31 events, 88 decisions`: the last line of a run.
#[must_use]
pub fn summary(report: &TestReport) -> Summary {
    let (passed, failed) = (report.count(Verdict::Passed), report.count(Verdict::Failed));
    let mut text = format!("{passed} passed, {failed} failed");
    let passes = report.count(Verdict::TodoPasses);
    let todo = report.count(Verdict::Todo) + passes;
    if todo > 0 {
        let _ = write!(text, ", {todo} todo");
    }
    if passes > 0 {
        let _ = write!(text, " ({passes} of them {})", if passes == 1 { "passes" } else { "pass" });
    }
    let events: usize = report.tests.iter().map(|test| test.events).sum();
    let decisions: usize = report.tests.iter().map(|test| test.decisions).sum();
    let _ = write!(text, "; {}, {}", many(events, "event"), many(decisions, "decision"));
    if report.left_out > 0 {
        let _ = write!(text, "; {} left out", report.left_out);
    }
    if let Some(coverage) = &report.coverage {
        let _ = write!(text, "; coverage {} %", coverage.percent());
    }
    Summary { verb: "test", counts: text }
}

/// The tests as cases of a report.
#[must_use]
pub fn cases(report: &TestReport, sources: &Sources) -> Vec<CaseResult> {
    report.tests.iter().map(|test| case(test, sources)).collect()
}

fn case(test: &TestResult, sources: &Sources) -> CaseResult {
    let file = sources.file(test.range.source);
    let first = test.failures.first();
    let drawn: Vec<String> = test.failures.iter().map(|failed| failure(failed, sources, false)).collect();
    let more = test.failures.len().saturating_sub(1);
    let (outcome, message) = match (test.outcome, first) {
        (Verdict::Passed, _) => (case::CaseOutcome::Passed, String::new()),
        (Verdict::TodoPasses, _) => (case::CaseOutcome::Skipped, "it passes now: make it a `test`".to_owned()),
        (Verdict::Todo, _) => (case::CaseOutcome::Skipped, "todo".to_owned()),
        (Verdict::Failed, Some(first)) if more > 0 => {
            (case::CaseOutcome::Failed, format!("{} (and {more} more)", first.message))
        }
        (Verdict::Failed, first) => {
            (case::CaseOutcome::Failed, first.map(|first| first.message.clone()).unwrap_or_default())
        }
    };
    let at = first.filter(|first| first.range.source == test.range.source);
    CaseResult {
        outcome,
        message,
        detail: if test.outcome == Verdict::Failed { drawn.join("\n\n") } else { String::new() },
        at: at.map(|first| file.line_column(first.range.start).0),
        ..CaseResult::passed(&test.name, &file.path, file.line_column(test.range.start).0)
    }
}

/// One JSON object a test, keys always in the same order; where it was asked for, one more says what
/// no test shows.
#[must_use]
pub fn json(report: &TestReport, sources: &Sources) -> String {
    let line = |test| serde_json::to_string(&Record::new(test, sources)).unwrap_or_default() + "\n";
    let mut text: String = report.tests.iter().map(line).collect();
    if let Some(coverage) = &report.coverage {
        let missing = coverage.items.iter().filter(|item| !item.shown).map(|item| {
            let file = sources.file(item.range.source);
            Other { file: &file.path, line: file.line_column(item.range.start).0, text: &item.missing }
        });
        let shown = Covered { coverage: coverage.percent(), missing: missing.collect() };
        text.push_str(&(serde_json::to_string(&shown).unwrap_or_default() + "\n"));
    }
    text
}

#[derive(Serialize)]
struct Covered<'a> {
    coverage: usize,
    missing: Vec<Other<'a>>,
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

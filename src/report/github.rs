//! Findings and failed cases as workflow commands: lines that GitHub shows beside the changed code.

use std::fmt::Write as _;

use super::case::{CaseOutcome, CaseResult};
use super::diagnostic::advice;
use crate::diagnostic::{Diagnostic, Severity};
use crate::shown::{self, Ours};
use crate::source::Sources;

/// One line a finding.
#[must_use]
pub fn findings(findings: &[Diagnostic], sources: &Sources) -> String {
    let mut text = String::new();
    for found in findings {
        let source = sources.file(found.range.source);
        let (line, column) = source.line_column(found.range.start);
        let (end_line, end_column) = source.line_column(found.range.end);
        let level = match found.severity {
            Severity::Info => "notice",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        let _ = write!(text, "::{level} file={},line={line},endLine={end_line},col={column}", value(&source.path));
        // Columns are taken within one line only.
        if line == end_line {
            let _ = write!(text, ",endColumn={end_column}");
        }
        let _ = writeln!(text, ",title={}::{}", value(found.slug.name()), words(&advice(found)));
    }
    text
}

/// One line for each case that did not pass; those that do not count are notices.
#[must_use]
pub fn cases(cases: &[CaseResult]) -> String {
    let mut text = String::new();
    for case in cases {
        let level = match case.outcome {
            CaseOutcome::Passed => continue,
            CaseOutcome::Failed | CaseOutcome::Errored => "error",
            CaseOutcome::Skipped => "notice",
        };
        let (file, line) = (value(&case.file), case.at.unwrap_or(case.line));
        let detail = if case.detail.is_empty() { &case.message } else { &case.detail };
        let _ = writeln!(
            text,
            "::{level} file={file},line={line},title={}::{}",
            value(&case.name),
            words(detail.trim_end())
        );
    }
    text
}

/// Text of a command. A line break would end it.
fn words(text: &str) -> String {
    shown::whole(text, Ours::default()).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Text of one of its settings, which commas and colons would end.
fn value(text: &str) -> String {
    words(&shown::line(text)).replace(':', "%3A").replace(',', "%2C")
}

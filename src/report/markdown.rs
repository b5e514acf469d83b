//! Findings and cases as a page of Markdown: for the summary of a CI run or a comment on a change.

use std::fmt::Write as _;

use super::case::{CaseOutcome, CaseResult};
use super::diagnostic::{advice, severity};
use super::summary::Summary;
use crate::diagnostic::Diagnostic;
use crate::shown::{self, code, markdown, markdown_sentence};
use crate::source::Sources;

/// The findings as a table below a line of counts.
#[must_use]
pub fn findings(summary: &Summary, findings: &[Diagnostic], sources: &Sources) -> String {
    let mut text = heading(summary);
    if findings.is_empty() {
        return text;
    }
    text.push_str("\n| | where | what |\n|---|---|---|\n");
    for found in findings {
        let place = code(&sources.place(found.range));
        let (level, name) = (severity(found.severity), found.slug.name());
        let _ = writeln!(text, "| {level} | {place} | {} ({name}) |", markdown_sentence(&advice(found)));
    }
    text
}

/// The cases that did not pass, each with all that is shown of it, below a line of counts.
#[must_use]
pub fn cases(summary: &Summary, cases: &[CaseResult]) -> String {
    let mut text = heading(summary);
    for case in cases {
        let word = match case.outcome {
            CaseOutcome::Passed => continue,
            CaseOutcome::Failed => "failed",
            CaseOutcome::Errored => "error",
            CaseOutcome::Skipped => "skipped",
        };
        let place = format!("{}:{}", case.file, case.at.unwrap_or(case.line));
        let _ = write!(text, "\n- {word}: **{}** ({})", markdown(&case.name), code(&place));
        if !case.message.is_empty() {
            let _ = write!(text, ": {}", markdown_sentence(&case.message));
        }
        text.push('\n');
        if !case.detail.is_empty() {
            // As HTML rather than between fences: what is escaped is text to every reader of Markdown.
            let lines = case.detail.trim_end().lines().map(|line| format!("  {}\n", literal(line)));
            let _ = write!(text, "\n  <pre>\n{}  </pre>\n", lines.collect::<String>());
        }
    }
    text
}

/// The verb as a heading, and the counts.
fn heading(Summary { verb, counts }: &Summary) -> String {
    format!("## ensue {verb}\n\n{counts}\n")
}

/// A line inside `<pre>`, where blanks stay as they are: no sign in it is markup, an address or a name.
fn literal(line: &str) -> String {
    let mut safe = shown::markup(line);
    for sign in ['[', ']', '`', '@', '*'] {
        safe = safe.replace(sign, &format!("&#{};", u32::from(sign)));
    }
    safe.replace("://", ":&#47;&#47;").replace("www.", "www&#46;")
}

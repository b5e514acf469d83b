//! Rewrites what tests marked `updated` expect: the `expect` lines of tier changes, messages, alerts
//! and webhooks become those that were observed. All else stays byte for byte.

use super::TestResult;
use crate::rulebook::{Expect, Pattern, Test};
use crate::source::{Range, SourceId, Sources};
use crate::units::Status;

/// New text for a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Which file.
    pub source: SourceId,
    /// Its whole new text.
    pub text: String,
    /// How many tests of it changed.
    pub tests: usize,
}

/// The files that change when the tests marked `updated` expect what was observed.
#[must_use]
pub fn edits(sources: &Sources, tests: &[Test], results: &[TestResult]) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (source, file) in sources.iter() {
        let mut changes: Vec<(Range, String)> = Vec::new();
        let mut count = 0;
        for test in tests.iter().filter(|test| test.updated && test.range.source == source) {
            let Some(result) = results.iter().find(|result| result.range == test.range) else { continue };
            let own = changes_of(&file.text, test, result);
            count += usize::from(own.iter().any(|(range, text)| sources.text(*range) != text));
            changes.extend(own);
        }
        let text = applied(&file.text, changes);
        if text != file.text {
            edits.push(Edit { source, text, tests: count });
        }
    }
    edits
}

/// The places of a test that change, each with its new text.
fn changes_of(text: &str, test: &Test, result: &TestResult) -> Vec<(Range, String)> {
    let mut old: Vec<Range> =
        test.expects.iter().filter(|expect| is_observed(expect)).map(|expect| expect.range).collect();
    old.sort_by_key(|range| range.start);
    if old.is_empty() {
        let place = insertion(text, test).filter(|_| !result.observed.is_empty());
        let lines = result.observed.join("\n  ");
        let change = |(place, alone): (Range, bool)| {
            (place, if alone { format!("  {lines}\n") } else { format!("\n  {lines}\n") })
        };
        return place.map(change).into_iter().collect();
    }
    // Line for line, so that comments beside them stay; what is left over follows the last one.
    let last = old.len().saturating_sub(1);
    let change = |(place, range): (usize, &Range)| match result.observed.get(place) {
        None => (whole_line(text, *range), String::new()),
        Some(_) if place == last => (*range, result.observed.get(last..).unwrap_or_default().join("\n  ")),
        Some(line) => (*range, line.clone()),
    };
    old.iter().enumerate().map(change).collect()
}

/// Whether an expectation is about what a complete test must expect; all others are the author's.
fn is_observed(expect: &Expect) -> bool {
    let sent = expect.status.is_none_or(|status| status == Status::Sent);
    let kind = |wanted: &Pattern| match wanted {
        Pattern::Tier(_) | Pattern::Alert { .. } | Pattern::Webhook(_) => true,
        Pattern::Touch(_) | Pattern::Send { .. } => sent,
        _ => false,
    };
    !expect.never && expect.wanted.iter().all(kind)
}

/// The place before the brace that closes a test without expectations, with the blanks that go; and
/// whether the brace stands on a line of its own.
fn insertion(text: &str, test: &Test) -> Option<(Range, bool)> {
    let events = test.events.iter().map(|event| event.range.end);
    let last = events.chain(test.expects.iter().map(|expect| expect.range.end)).max();
    let after = last.unwrap_or(test.range.end) as usize;
    let rest = text.get(after..)?;
    let brace = after + if last.is_some() { closing(rest)? } else { rest.find("\n}")? + 1 };
    let before = text.get(..brace)?;
    let trimmed = before.trim_end_matches([' ', '\t']);
    let alone = trimmed.ends_with('\n');
    let start = if alone { trimmed.len() } else { before.trim_end().len() };
    let end = if alone { start } else { brace };
    Some((Range { start: u32::try_from(start).ok()?, end: u32::try_from(end).ok()?, ..test.range }, alone))
}

/// The first closing brace that stands in no comment.
fn closing(text: &str) -> Option<usize> {
    let mut in_comment = false;
    text.char_indices().find_map(|(at, c)| {
        in_comment = c == '#' || (in_comment && c != '\n');
        (c == '}' && !in_comment).then_some(at)
    })
}

/// A range with its line, where nothing else but a comment stands on it.
fn whole_line(text: &str, range: Range) -> Range {
    let (start, end) = (range.start as usize, range.end as usize);
    let before = text.get(..start).unwrap_or("");
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let blank = before.get(line_start..).is_some_and(|lead| lead.trim().is_empty());
    let after = text.get(end..).unwrap_or("");
    let line_end = after.find('\n').map_or(after.len(), |at| at + 1);
    let alone = after.get(..line_end).is_some_and(|rest| rest.trim().is_empty());
    if blank && alone { Range { start: line_start as u32, end: (end + line_end) as u32, ..range } } else { range }
}

fn applied(text: &str, mut changes: Vec<(Range, String)>) -> String {
    changes.sort_by_key(|(range, _)| range.start);
    let (mut out, mut done) = (String::with_capacity(text.len()), 0);
    for (range, new) in changes {
        out.push_str(text.get(done..range.start as usize).unwrap_or(""));
        out.push_str(&new);
        done = (range.end as usize).max(done);
    }
    out.push_str(text.get(done..).unwrap_or(""));
    out
}

//! Cases as JUnit XML, the form that CI systems read results of tests from: one suite a file.

use std::fmt::Write as _;
use std::time::Duration;

use super::case::{CaseOutcome, CaseResult, count};
use crate::shown::markup as escaped;

/// The report of a run called `name`: `ensue check`.
#[must_use]
pub fn report(name: &str, cases: &[CaseResult]) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(text, "<testsuites name=\"{}\"{}>", quoted(name), totals(cases));
    for (file, cases) in suites(cases) {
        let own: Vec<CaseResult> = cases.into_iter().cloned().collect();
        let skipped = count(&own, CaseOutcome::Skipped);
        let file = quoted(file);
        let _ = writeln!(text, "  <testsuite name=\"{file}\"{} skipped=\"{skipped}\" file=\"{file}\">", totals(&own));
        for case in &own {
            write_case(&mut text, case, &file);
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

/// The cases of each file, files in the order of their first case.
fn suites(cases: &[CaseResult]) -> Vec<(&str, Vec<&CaseResult>)> {
    let mut suites: Vec<(&str, Vec<&CaseResult>)> = Vec::new();
    for case in cases {
        match suites.iter_mut().find(|(file, _)| *file == case.file) {
            Some((_, own)) => own.push(case),
            None => suites.push((&case.file, vec![case])),
        }
    }
    suites
}

fn totals(cases: &[CaseResult]) -> String {
    let (failed, errored) = (count(cases, CaseOutcome::Failed), count(cases, CaseOutcome::Errored));
    let mut text = format!(" tests=\"{}\" failures=\"{failed}\" errors=\"{errored}\"", cases.len());
    let times: Option<Vec<Duration>> = cases.iter().map(|case| case.duration).collect();
    if let Some(times) = times.filter(|times| !times.is_empty()) {
        let _ = write!(text, " time=\"{}\"", seconds(times.into_iter().sum()));
    }
    text
}

fn write_case(text: &mut String, case: &CaseResult, file: &str) {
    let time = case.duration.map(|time| format!(" time=\"{}\"", seconds(time))).unwrap_or_default();
    let _ = write!(text, "    <testcase name=\"{}\" classname=\"{file}\"{time}", quoted(&case.name));
    let (tag, kind) = match case.outcome {
        CaseOutcome::Passed => {
            text.push_str("/>\n");
            return;
        }
        CaseOutcome::Failed => ("failure", " type=\"failed\""),
        CaseOutcome::Errored => ("error", " type=\"error\""),
        CaseOutcome::Skipped => ("skipped", ""),
    };
    let message = quoted(&case.message);
    let _ = write!(text, ">\n      <{tag}{kind} message=\"{message}\">");
    let _ = write!(text, "{}:{}", escaped(&case.file), case.at.unwrap_or(case.line));
    if !case.detail.is_empty() {
        let _ = write!(text, "\n{}", escaped(case.detail.trim_end()));
    }
    let _ = writeln!(text, "</{tag}>\n    </testcase>");
}

/// Seconds with three decimals.
fn seconds(time: Duration) -> String {
    format!("{}.{:03}", time.as_secs(), time.subsec_millis())
}

/// Text that may stand in quotes, where a bare line break would be read as a blank.
fn quoted(text: &str) -> String {
    escaped(text).replace('\n', "&#10;").replace('\t', "&#9;")
}

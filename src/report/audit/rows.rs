//! All that shows one finding, one a line.

use std::fmt::Write as _;

use serde::Serialize;

use super::AuditDrawn;
use super::page::moment;
use crate::audit::Example;
use crate::audit::finding::{Finding, FindingKind};
use crate::local::rfc3339;
use crate::shown::{Shown, markdown as escaped};

/// One example as programs get it.
#[derive(Serialize)]
pub(super) struct Row<'a> {
    pub finding: &'static str,
    pub lead: &'a str,
    pub at: String,
    pub file: &'a str,
    pub line: u32,
}

/// What shows a finding, as programs get it.
pub(super) fn rows<'a>(drawn: &AuditDrawn<'a>, kind: FindingKind, examples: &[Example]) -> Vec<Row<'a>> {
    let row = |example: &Example| {
        let (file, line) = drawn.log.place(example.entry);
        let at = rfc3339(example.at, drawn.audit.zone);
        Row { finding: kind.word(), lead: drawn.log.lead_name(example.lead), at, file, line }
    };
    examples.iter().map(row).collect()
}

/// One JSON object a line.
#[must_use]
pub fn jsonl(drawn: &AuditDrawn<'_>, finding: &Finding) -> String {
    let lines =
        rows(drawn, finding.kind, &finding.examples).into_iter().filter_map(|row| serde_json::to_string(&row).ok());
    lines.map(|line| line + "\n").collect()
}

/// Lines for people.
#[must_use]
pub fn human(drawn: &AuditDrawn<'_>, finding: &Finding) -> String {
    let mut out = String::new();
    for (row, example) in rows(drawn, finding.kind, &finding.examples).iter().zip(&finding.examples) {
        let at = moment(drawn.audit, example.at);
        let _ = writeln!(out, "{at}  {}  {}:{}", Shown(row.lead), Shown(row.file), row.line);
    }
    out
}

/// A table.
#[must_use]
pub fn markdown(drawn: &AuditDrawn<'_>, finding: &Finding) -> String {
    let mut out = String::from("| when | lead | in the log |\n|---|---|---|\n");
    for (row, example) in rows(drawn, finding.kind, &finding.examples).iter().zip(&finding.examples) {
        let (at, place) = (moment(drawn.audit, example.at), format!("{}:{}", row.file, row.line));
        let _ = writeln!(out, "| {at} | {} | {} |", escaped(row.lead), escaped(&place));
    }
    out
}

//! An audit as lines for programs: one for the log, one a stage, one a finding, one for the playbook.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{AuditDrawn, rows};
use crate::audit::finding::{Detail, Finding};
use crate::audit::{Audit, Stage, StageKind};
use crate::local::rfc3339;

/// One line; keys that do not apply are left out.
#[derive(Serialize)]
#[serde(tag = "audit", rename_all = "snake_case")]
enum Line<'a> {
    Log {
        as_of: Option<String>,
        events: usize,
        leads: usize,
        first: Option<String>,
        last: Option<String>,
        types: BTreeMap<&'a str, u64>,
        missing: &'a [&'static str],
        unknown: BTreeMap<&'a str, u64>,
        weeks: usize,
        empty_weeks: Vec<String>,
        duplicates: u64,
        bad: usize,
        mails: &'static str,
    },
    Response {
        median_seconds: Option<f64>,
        rows: u64,
        outcomes: u64,
        unripe: u64,
    },
    Stage {
        stage: &'static str,
        leads: u64,
        left: u64,
    },
    Finding {
        finding: &'static str,
        harm: &'static str,
        count: u64,
        of: u64,
        share: Option<f64>,
        low: Option<f64>,
        high: Option<f64>,
        unripe: u64,
        benchmarks: Vec<Reported<'a>>,
        worst: Vec<Worst<'a>>,
        examples: Vec<rows::Row<'a>>,
        rules: &'static [&'static str],
        #[serde(skip_serializing_if = "Option::is_none")]
        template: Option<&'a str>,
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        missing: BTreeMap<&'static str, u64>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        spread: Vec<SpreadLine<'a>>,
    },
    Playbook {
        alerts: u64,
        contacts: &'a BTreeMap<String, u64>,
        leads_contacted: usize,
        tasks: u64,
        stops: u64,
        cancelled: u64,
    },
}

#[derive(Serialize)]
struct Reported<'a> {
    value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<f64>,
    source: &'a str,
}

#[derive(Serialize)]
struct Worst<'a> {
    by: &'a str,
    group: &'a str,
    count: u64,
    of: u64,
}

#[derive(Serialize)]
struct SpreadLine<'a> {
    group: &'a str,
    leads: u64,
    contacts: f64,
    gap_seconds: Option<f64>,
}

/// One JSON object a line.
#[must_use]
pub fn jsonl(drawn: &AuditDrawn<'_>) -> String {
    let audit = drawn.audit;
    let mut lines = vec![log(audit)];
    if audit.known.events > 0 {
        let figure = &audit.response.all;
        let median_seconds = figure.value.map(|value| value / 1e6);
        let (rows, outcomes, unripe) = (figure.rows, figure.outcomes, figure.unripe);
        lines.push(Line::Response { median_seconds, rows, outcomes, unripe });
    }
    lines.extend(audit.findings.iter().map(|finding| self::finding(drawn, finding)));
    lines.extend(audit.stages.iter().map(stage));
    lines.extend(audit.playbook.as_ref().map(|replay| Line::Playbook {
        alerts: replay.alerts,
        contacts: &replay.contacts,
        leads_contacted: replay.leads_contacted,
        tasks: replay.tasks,
        stops: replay.stops,
        cancelled: replay.cancelled,
    }));
    let texts = lines.iter().filter_map(|line| serde_json::to_string(line).ok());
    texts.map(|text| text + "\n").collect()
}

fn log(audit: &Audit) -> Line<'_> {
    let known = &audit.known;
    Line::Log {
        as_of: audit.as_of.map(|as_of| rfc3339(as_of, audit.zone)),
        events: known.events,
        leads: known.leads,
        first: known.days.map(|(first, _)| first.to_string()),
        last: known.days.map(|(_, last)| last.to_string()),
        types: known.types.iter().map(|(ty, count)| (ty.as_str(), *count)).collect(),
        missing: &known.missing,
        unknown: known.unknown.iter().map(|(ty, count)| (ty.as_str(), *count)).collect(),
        weeks: known.weeks,
        empty_weeks: known.empty_weeks.iter().map(ToString::to_string).collect(),
        duplicates: known.duplicates,
        bad: known.bad.len(),
        mails: audit.mails.ty(),
    }
}

fn stage(stage: &Stage) -> Line<'_> {
    let name = match stage.kind {
        StageKind::Known => "known",
        StageKind::Contacted => "contacted",
        StageKind::Interested => "interested",
        StageKind::Replied => "replied",
        StageKind::Meeting => "meeting",
    };
    Line::Stage { stage: name, leads: stage.leads, left: stage.left }
}

fn finding<'a>(drawn: &AuditDrawn<'a>, finding: &'a Finding) -> Line<'a> {
    let interval = finding.interval();
    let (mut template, mut missing, mut spread, mut stage) = (None, BTreeMap::new(), Vec::new(), None);
    match &finding.detail {
        Detail::None => {}
        Detail::Stage(kind) => stage = Some(*kind),
        Detail::Template(name) => template = Some(name.as_str()),
        Detail::Fields(fields) => missing = fields.iter().copied().collect(),
        Detail::Spread(groups) => {
            let line = |group: &'a crate::audit::finding::SpreadGroup| SpreadLine {
                group: &group.label,
                leads: group.leads,
                contacts: group.contacts,
                gap_seconds: group.gap.map(|gap| gap.0 as f64 / 1e6),
            };
            spread = groups.iter().map(line).collect();
        }
    }
    let reported = finding.benchmarks.iter().map(|it| Reported { value: it.value, to: it.to, source: &it.source });
    let worst = finding.worst.iter().map(|it| Worst { by: &it.by, group: &it.label, count: it.count, of: it.of });
    Line::Finding {
        finding: finding.kind.word(),
        harm: finding.kind.harm().word(),
        count: finding.count,
        of: finding.of,
        share: finding.share(),
        low: interval.map(|interval| interval.low),
        high: interval.map(|interval| interval.high),
        unripe: finding.unripe,
        benchmarks: reported.collect(),
        worst: worst.collect(),
        examples: rows::rows(drawn, finding.kind, &finding.shown()),
        rules: finding.kind.rules(stage),
        template,
        missing,
        spread,
    }
}

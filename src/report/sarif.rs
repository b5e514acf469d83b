//! Findings as SARIF 2.1.0, the form in which code hosts take results of static analysis.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::case::{CaseOutcome, CaseResult};
use super::diagnostic::advice;
use crate::diagnostic::{Diagnostic, Severity};
use crate::slug::Slug;
use crate::source::{Range, Source, Sources};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The findings as one log with one run of `check`.
#[must_use]
pub fn report(findings: &[Diagnostic], sources: &Sources) -> String {
    let mut slugs: Vec<Slug> = findings.iter().map(|found| found.slug).collect();
    slugs.sort_unstable();
    slugs.dedup();
    let mut seen = BTreeMap::new();
    let results = findings.iter().map(|found| Finding::new(found, sources, &slugs, &mut seen)).collect();
    log(slugs.iter().map(|slug| Rule::new(*slug)).collect(), results)
}

/// The cases that failed as one log with one run of `test`.
#[must_use]
pub fn cases(cases: &[CaseResult]) -> String {
    let failed = |case: &&CaseResult| matches!(case.outcome, CaseOutcome::Failed | CaseOutcome::Errored);
    let results: Vec<Finding<'_>> = cases.iter().filter(failed).map(Finding::of_case).collect();
    let help = Help { text: FAILED_TEST, markdown: FAILED_TEST };
    let rule = Rule {
        id: "failed-test",
        short_description: Text { text: "A test of the rulebook fails.".to_owned() },
        help,
        default_configuration: Configuration { level: "error" },
    };
    log(if results.is_empty() { Vec::new() } else { vec![rule] }, results)
}

const FAILED_TEST: &str = "The rules decide something else than the test expects. Mend the rule or the test.";

fn log(rules: Vec<Rule>, results: Vec<Finding<'_>>) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let driver = Driver { name: "ensue", version, semantic_version: version, rules };
    let run = Run { tool: Tool { driver }, column_kind: "unicodeCodePoints", results };
    let log = Log { schema: SCHEMA, version: "2.1.0", runs: [run] };
    serde_json::to_string_pretty(&log).unwrap_or_default() + "\n"
}

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'a str,
    version: &'a str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    column_kind: &'a str,
    results: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'a str,
    version: &'a str,
    semantic_version: &'a str,
    rules: Vec<Rule>,
}

/// A kind of finding with its page.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    short_description: Text<String>,
    help: Help,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Text<T> {
    text: T,
}

#[derive(Serialize)]
struct Help {
    text: &'static str,
    markdown: &'static str,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

impl Rule {
    fn new(slug: Slug) -> Self {
        let page = slug.page();
        let first = page.split("\n\n").nth(1).unwrap_or("").split_whitespace().collect::<Vec<_>>().join(" ");
        Self {
            id: slug.name(),
            short_description: Text { text: first },
            help: Help { text: page, markdown: page },
            default_configuration: Configuration { level: level(slug.severity()) },
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding<'a> {
    rule_id: &'a str,
    rule_index: usize,
    level: &'a str,
    message: Text<String>,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    partial_fingerprints: BTreeMap<&'static str, String>,
}

impl<'a> Finding<'a> {
    fn new(found: &'a Diagnostic, sources: &Sources, slugs: &[Slug], seen: &mut BTreeMap<String, u32>) -> Self {
        let source = sources.file(found.range.source);
        let related = found.others.iter().map(|(range, words)| {
            Location::new(sources.file(range.source), *range, Some(words.as_str()).filter(|words| !words.is_empty()))
        });
        Self {
            rule_id: found.slug.name(),
            rule_index: slugs.binary_search(&found.slug).unwrap_or(0),
            level: level(found.severity),
            message: Text { text: advice(found) },
            locations: [Location::new(source, found.range, None)],
            related_locations: related.collect(),
            partial_fingerprints: [("ensueFinding/v1", fingerprint(found, source, seen))].into(),
        }
    }
}

impl<'a> Finding<'a> {
    fn of_case(case: &'a CaseResult) -> Self {
        let region = Region { start_line: case.at.unwrap_or(case.line), columns: None };
        let place = Physical { artifact_location: Artifact { uri: uri(&case.file) }, region };
        let fingerprint = hash(&["failed-test", &case.file, &case.name]);
        Self {
            rule_id: "failed-test",
            rule_index: 0,
            level: "error",
            message: Text { text: format!("{}: {}", case.name, case.message) },
            locations: [Location { physical_location: place, message: None }],
            related_locations: Vec::new(),
            partial_fingerprints: [("ensueFinding/v1", fingerprint)].into(),
        }
    }
}

/// The same for a finding that only moved: made of its kind, its file and its line's text, with a number
/// where several are alike.
fn fingerprint(found: &Diagnostic, source: &Source, seen: &mut BTreeMap<String, u32>) -> String {
    let at = found.range.start as usize;
    let start = source.text.get(..at).and_then(|text| text.rfind('\n')).map_or(0, |at| at + 1);
    let line = source.text.get(start..).unwrap_or("").lines().next().unwrap_or("").trim();
    let hash = hash(&[found.slug.name(), &source.path, line, &found.message]);
    let nth = seen.entry(hash.clone()).or_insert(0);
    *nth += 1;
    format!("{hash}:{nth}")
}

fn hash(parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex().chars().take(16).collect()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: Physical,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text<String>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    #[serde(flatten)]
    columns: Option<Columns>,
}

/// Where in its lines a region begins and ends.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Columns {
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

impl Location {
    fn new(source: &Source, range: Range, message: Option<&str>) -> Self {
        let (start_line, start_column) = source.line_column(range.start);
        let (end_line, end_column) = source.line_column(range.end);
        Self {
            physical_location: Physical {
                artifact_location: Artifact { uri: uri(&source.path) },
                region: Region { start_line, columns: Some(Columns { start_column, end_line, end_column }) },
            },
            message: message.map(|text| Text { text: text.to_owned() }),
        }
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// A path as a reference to it: signs that mean something there are written by their numbers.
fn uri(path: &str) -> String {
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

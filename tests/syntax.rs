//! The parser over fixture files, and under hostile input. A fixture added to
//! `fixtures/syntax/ok` or `fixtures/syntax/error` needs no Rust.

#[path = "syntax/outline.rs"]
mod outline;

use ensue::diagnostic::Diagnostic;
use ensue::source::{Source, SourceId, Sources};
use ensue::syntax;
use std::fmt::Write as _;
use std::path::Path;

/// Asserts a snapshot that lies beside its fixture: `name.ensue` and `name.snap`.
fn snapshot(path: &Path, shown: &str) {
    let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
    insta::with_settings!({
        snapshot_path => path.parent().unwrap(),
        snapshot_suffix => "",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!(stem, shown) });
}

fn read(path: &Path) -> (Sources, SourceId) {
    let mut sources = Sources::default();
    let text = std::fs::read_to_string(path).unwrap();
    let id = sources.add(Source::new(path.file_name().unwrap().to_str().unwrap(), text));
    (sources, id)
}

fn draw(sources: &Sources, findings: &[Diagnostic]) -> String {
    let mut out = String::new();
    for finding in findings {
        let (line, column) = sources.file(finding.range.source).line_column(finding.range.start);
        writeln!(out, "{line}:{column} {}", finding.message).unwrap();
        writeln!(out, "    text:  {}", sources.text(finding.range).escape_debug()).unwrap();
        if !finding.label.is_empty() {
            writeln!(out, "    label: {}", finding.label).unwrap();
        }
        for (range, label) in &finding.others {
            writeln!(out, "    other: {} {label}", sources.text(*range).escape_debug()).unwrap();
        }
        if let Some(help) = &finding.help {
            writeln!(out, "    help:  {help}").unwrap();
        }
    }
    out
}

#[test]
fn fixtures_that_parse() {
    insta::glob!("../fixtures/syntax/ok", "*.ensue", |path| {
        let (sources, id) = read(path);
        let (file, findings) = syntax::parse(id, &sources.file(id).text);
        assert!(findings.is_empty(), "{}", draw(&sources, &findings));
        snapshot(path, &outline::file(&file));
    });
}

#[test]
fn fixtures_with_mistakes() {
    insta::glob!("../fixtures/syntax/error", "*.ensue", |path| {
        let (sources, id) = read(path);
        let (file, findings) = syntax::parse(id, &sources.file(id).text);
        assert!(!findings.is_empty(), "no finding in {}", path.display());
        let shown = format!("{}---\n{}", draw(&sources, &findings), outline::file(&file));
        snapshot(path, &shown);
    });
}

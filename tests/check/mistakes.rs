//! The fixtures as a whole: that they hold every kind of finding, and many of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use ensue::check;
use ensue::diagnostic::{Diagnostic, Severity};
use ensue::slug::Slug;
use ensue::source::Sources;

use super::{folder, today};

/// A line of a fixture: its folder, its file and the line's number.
type Line = (PathBuf, String, u32);

/// Every folder of fixtures with what is found in it.
fn fixtures() -> Vec<(PathBuf, Vec<Diagnostic>, std::sync::Arc<Sources>)> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/check");
    let mut folders: Vec<PathBuf> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    let found = folders.into_iter().map(|path| {
        let (files, env) = folder(&path);
        let mut checked = check::load(files, &env);
        checked.expire(today());
        (path, checked.diagnostics, checked.sources)
    });
    found.collect()
}

fn line(found: &Diagnostic, sources: &Sources) -> (String, u32) {
    let source = sources.file(found.range.source);
    (source.path.clone(), source.line_column(found.range.start).0)
}

#[test]
fn every_kind_of_finding_has_a_fixture() {
    let seen: BTreeSet<Slug> = fixtures().iter().flat_map(|(_, found, _)| found.iter().map(|f| f.slug)).collect();
    let missing: Vec<&str> = Slug::ALL.iter().filter(|slug| !seen.contains(slug)).map(|slug| slug.name()).collect();
    assert!(missing.is_empty(), "no folder of fixtures/check shows {missing:?}");
}

#[test]
fn two_hundred_mistakes_are_found() {
    let mut lines: BTreeSet<Line> = BTreeSet::new();
    for (path, found, sources) in fixtures() {
        let mistakes = found.iter().filter(|found| found.slug != Slug::NoTemplates);
        lines.extend(mistakes.map(|found| line(found, &sources)).map(|(file, line)| (path.clone(), file, line)));
    }
    assert!(lines.len() >= 200, "only {} lines with mistakes", lines.len());
}

#[test]
fn ten_mistakes_are_found_in_one_run_in_order_and_once() {
    for (name, severity) in [("ten_mistakes", Severity::Error), ("ten_doubts", Severity::Warning)] {
        let all = fixtures();
        let (_, found, sources) = all.iter().find(|(path, ..)| path.ends_with(name)).unwrap();
        assert_eq!(found.len(), 10, "{name}");
        assert!(found.iter().all(|found| found.severity == severity), "{name}");
        let places: Vec<(String, u32)> = found.iter().map(|found| line(found, sources)).collect();
        assert!(places.is_sorted(), "{name}: {places:?}");
        let once: BTreeSet<(Slug, u32)> = found.iter().map(|found| (found.slug, found.range.start)).collect();
        assert_eq!(once.len(), 10, "{name}");
    }
}

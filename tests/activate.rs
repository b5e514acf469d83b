//! Changes of the rulebook while leads are in flight: `fixtures/activate/NAME` holds the rulebooks
//! `before` and `after`, `events.jsonl`, the `steps` with the moments of the changes, and the
//! `expected.snap` of every decision. A new folder needs no Rust. What each must show is written at
//! the head of its rules.
//!
//! Every folder is also made anew from its log, in steps of other sizes, which must not matter.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "live/explained.rs"]
mod explained;

use std::cell::{Cell, RefCell};
use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::Path;

use ensue::live::{Activation, Arrival, Live, LogLine};
use ensue::load::Files;
use ensue::local::{Zone, parse_rfc3339, rfc3339};
use ensue::store;
use ensue::timestamp::Timestamp;

fn moment(text: &str) -> Timestamp {
    parse_rfc3339(text.as_bytes()).unwrap()
}

fn open(dir: &Path) -> Live {
    Live::open(dir, &store::StoreOptions { cache_capacity: 8 << 20, ..store::StoreOptions::default() }).unwrap()
}

fn files(folder: &Path, name: &str) -> Files {
    let root = folder.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(folder);
    Files::read(&root.join(name)).unwrap()
}

/// Every decision so far, and what lies ahead.
fn decided(live: &Live) -> Vec<String> {
    let mut lines = Vec::new();
    let mut each = |line: &str| {
        lines.push(line.to_owned());
        ControlFlow::Continue(())
    };
    live.each_decision(&mut each).unwrap();
    lines.extend(live.ahead(None).unwrap());
    lines
}

fn ingest(live: &mut Live, events: &[&str]) {
    let line = |(text, number)| LogLine { path: "events.jsonl".into(), number, text: <&str>::into(text), broken: None };
    let lines: Vec<LogLine<'_>> = events.iter().copied().zip(1..).map(line).collect();
    let appended = live.ingest(lines, Arrival::Own, false).unwrap();
    assert_eq!(appended.quarantined, 0);
}

fn activate(live: &mut Live, folder: &Path, name: &str, at: Timestamp) -> Activation {
    let files = files(folder, name);
    let checked = files.check();
    let found = checked.diagnostics.iter().map(|d| format!("{}: {}", checked.sources.place(d.range), d.message));
    let found = found.collect::<Vec<_>>().join("\n");
    live.activate(&files, checked.rulebook.unwrap_or_else(|| panic!("{found}")), at).unwrap()
}

/// The decisions of a folder, with the changes of the rulebook between them.
fn run(folder: &Path, dir: &Path) -> String {
    let read = |name| std::fs::read_to_string(folder.join(name)).unwrap();
    let (events, steps) = (read("events.jsonl"), read("steps"));
    let arrival = |line: &str| moment(serde_json::from_str::<serde_json::Value>(line).unwrap()["at"].as_str().unwrap());
    let mut events: Vec<&str> = events.lines().collect();
    events.sort_by_key(|line| arrival(line));
    let mut live = open(dir);
    activate(&mut live, folder, "before", arrival(events[0]));
    let (mut changes, mut rest) = (Vec::new(), events.as_slice());
    for step in steps.lines() {
        let words: Vec<&str> = step.split_whitespace().collect();
        let at = moment(words[words.len() - 1]);
        let (now, later) = rest.split_at(rest.partition_point(|line| arrival(line) <= at));
        rest = later;
        ingest(&mut live, now);
        if words[0] == "activate" {
            let did = activate(&mut live, folder, words[1], at);
            assert!(!did.already && did.at == at);
            let lines = did.ended + did.cancelled + did.skipped;
            changes.push((live.decisions(), did));
            assert!(live.decisions() >= lines as u64);
        } else {
            live.advance(at).unwrap();
        }
        drop(live);
        live = open(dir);
    }
    let mut text = String::new();
    for (number, line) in decided(&live).iter().enumerate() {
        write_changes(&mut text, &changes, number as u64);
        writeln!(text, "{line}").unwrap();
    }
    text.replace(&format!("{}/", folder.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display()), "")
}

fn write_changes(text: &mut String, changes: &[(u64, Activation)], number: u64) {
    for (_, did) in changes.iter().filter(|(after, _)| *after == number) {
        let Activation { at, changes, leads, carried, ended, cancelled, skipped, .. } = did;
        let at = rfc3339(*at, Zone::UTC);
        writeln!(
            text,
            "=== {at}: {leads} leads, {carried} carried, {ended} ended, {cancelled} cancelled, {skipped} skipped"
        )
        .unwrap();
        for (kind, change) in
            [("rules", &changes.rules), ("sequences", &changes.sequences), ("scores", &changes.scores)]
        {
            if !change.is_empty() {
                let (added, changed, removed) =
                    (change.added.join(", "), change.changed.join(", "), change.removed.join(", "));
                writeln!(text, "    {kind}: added [{added}] changed [{changed}] removed [{removed}]").unwrap();
            }
        }
    }
}

#[test]
fn folders() {
    let wrong = RefCell::new(Vec::new());
    insta::glob!("../fixtures/activate", "*/steps", |path| {
        let folder = path.parent().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let expected = run(folder, dir.path());
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_snapshot_suffix("");
        settings.set_omit_expression(true);
        settings.remove_input_file();
        settings.bind(|| insta::assert_snapshot!("expected", expected));
        let before = decided(&open(dir.path()));
        for step in [1, 2, 50_000] {
            let mut live = open(dir.path()).with_step(step);
            live.rebuild().unwrap();
            if decided(&live) != before {
                let now = decided(&live).join("\n");
                wrong.borrow_mut().push(format!("{}: made anew in steps of {step}:\n{now}", folder.display()));
            }
        }
    });
    assert!(wrong.borrow().is_empty(), "{}", wrong.borrow().join("\n"));
}

/// An explanation from the store never disagrees with the decisions of the store, whatever changed
/// in between.
#[test]
fn explained_as_decided() {
    let (compared, by_former) = (Cell::new(0), Cell::new(0));
    insta::glob!("../fixtures/activate", "*/steps", |path| {
        let folder = path.parent().unwrap();
        let dir = tempfile::tempdir().unwrap();
        run(folder, dir.path());
        let live = open(dir.path());
        let all = decided(&live);
        for (lead, explained) in explained::of(&live) {
            let its = format!(r#""lead":"{lead}""#);
            let own: Vec<String> = all.iter().filter(|line| line.contains(&its)).cloned().collect();
            assert_eq!(explained, own, "{}: {lead}", folder.display());
            compared.set(compared.get() + own.len());
            by_former.set(by_former.get() + own.iter().filter(|line| line.contains("/before/")).count());
        }
    });
    assert!(compared.get() > 150 && by_former.get() > 50, "{} lines, {}", compared.get(), by_former.get());
}

#[test]
fn the_same_rulebook_changes_nothing() {
    let folder = Path::new("fixtures/activate/delete_a_touch");
    let dir = tempfile::tempdir().unwrap();
    let mut live = open(dir.path());
    let at = moment("2026-03-02T08:00:00Z");
    assert!(!activate(&mut live, folder, "before", at).already);
    let entries = live.store().len();
    assert!(activate(&mut live, folder, "before", at).already);
    assert_eq!(live.store().len(), entries);
}

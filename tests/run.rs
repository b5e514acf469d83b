//! Rulebooks and logs as files, and what a dry run of them decides: `fixtures/run/NAME` holds
//! `rules.ensue`, `events.jsonl`, perhaps `args`, and the `expected.snap` beside them. A new folder
//! needs no Rust. What each must show is written at the head of its rules.
//!
//! Every folder is also replayed in other ways that must not matter: threads, shards, the order of
//! the lines in the file, one engine fed by hand.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "run/case.rs"]
mod case;
#[path = "recipient/fair.rs"]
#[allow(dead_code, reason = "the random lives judge what was handed over as well")]
mod fair;
#[path = "recipient/playbook.rs"]
mod playbook;
#[path = "run/random.rs"]
mod random;
#[path = "run/recipient.rs"]
mod recipient;
#[path = "run/semantics.rs"]
mod semantics;

use std::cell::RefCell;
use std::path::Path;

use case::Case;

#[test]
fn folders() {
    let wrong = RefCell::new(Vec::new());
    insta::glob!("../fixtures/run", "*/events.jsonl", |path| {
        let folder = path.parent().unwrap();
        let case = match Case::read(folder) {
            Ok(case) => case,
            Err(why) => return wrong.borrow_mut().push(why),
        };
        let expected = case.sharded(1, 0);
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_snapshot_suffix("");
        settings.set_omit_expression(true);
        settings.remove_input_file();
        settings.bind(|| insta::assert_snapshot!("expected", expected));
        wrong.borrow_mut().extend(otherwise(&case, &expected).map(|how| format!("{}: {how}", folder.display())));
    });
    assert!(wrong.borrow().is_empty(), "{}", wrong.borrow().join("\n"));
}

/// The ways to run a case that gave something else; none may.
fn otherwise(case: &Case, expected: &str) -> impl Iterator<Item = String> {
    let mut ways = vec![(String::from("a second time"), case.sharded(1, 0))];
    for (threads, leads) in [(1, 1), (4, 1), (4, 2)] {
        ways.push((format!("{threads} threads, shards of {leads}"), case.sharded(threads, leads)));
    }
    ways.push((String::from("one engine, one event after the other"), case.fed_by_hand()));
    ways.push((String::from("taken apart between events"), case.taken_apart()));
    // Of two records with one id the first in the file counts, so bad records depend on its order.
    for seed in (1..=3).filter(|_| !case.skips_bad()) {
        ways.push((format!("lines shuffled, seed {seed}"), case.shuffled(seed).sharded(1, 0)));
    }
    ways.retain(|(_, text)| text != expected);
    ways.into_iter().map(|(how, text)| format!("{how}:\n{text}"))
}

#[test]
fn there_are_folders() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/run");
    assert!(std::fs::read_dir(root).unwrap().count() >= 70, "folders are found where they are looked for");
}

/// The quickstart log brings every rule of the playbook to act, and every tier's sequence to run;
/// and the whole of it comes out the same in every way it can be run.
#[test]
fn every_rule_of_the_playbook_acts_on_the_quickstart() {
    let events = std::fs::read_to_string("fixtures/quickstart/events.jsonl").unwrap();
    let case = Case::new(Path::new("rules"), events, "").unwrap();
    let decided = case.sharded(1, 0);
    let acts = |label: &str| {
        let by = format!("\"rule\":\"{label}\"");
        decided.lines().any(|line| line.contains(&by) && !line.contains("\"do\":\"muted\""))
    };
    let silent: Vec<String> = case.labels().into_iter().filter(|label| !acts(label)).collect();
    assert!(silent.is_empty(), "these rules never act: {silent:?}");
    let different: Vec<String> = otherwise(&case, &decided).collect();
    assert!(different.is_empty(), "{}", different.join("\n"));
}

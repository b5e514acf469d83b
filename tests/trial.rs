//! `test` blocks as people meet them: each folder of `fixtures/test` is a rulebook with tests, and
//! `expected.snap` beside it is what a run of them prints. A new folder needs no Rust.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use ensue::plan::Plan;
use ensue::report;
use ensue::trial::{self, TestReport, TrialOptions, Verdict};

/// The tests of a rulebook, run; shown under paths relative to the fixtures.
fn run(rules: &Path, coverage: bool) -> (Arc<Plan>, TestReport) {
    let checked = ensue::load::rulebook(rules).unwrap();
    let drawn = report::diagnostic::human(&checked.diagnostics, &checked.sources, false);
    let plan = Arc::new(Plan::compile(checked.rulebook.unwrap_or_else(|| panic!("{drawn}"))));
    let report = trial::run(&plan, &TrialOptions { coverage, ..TrialOptions::default() }).unwrap();
    (plan, report)
}

#[test]
fn folders() {
    insta::glob!("../fixtures/test", "*/rules.ensue", |path| {
        let folder = path.parent().unwrap();
        let shown = folder.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap();
        let name = folder.file_name().unwrap().to_str().unwrap();
        let (plan, report) = run(shown, name == "coverage");
        let sources = &plan.rulebook.sources;
        let mut text = report::trial::human(&report, sources, false);
        if let Some(coverage) = &report.coverage {
            text.push_str(&report::trial::coverage(coverage, sources));
        }
        writeln!(text, "{}", report::trial::summary(&report)).unwrap();
        for edit in trial::edits(sources, &plan.rulebook.tests, &report.tests) {
            write!(text, "--- updated\n{}", edit.text).unwrap();
        }
        insta::with_settings!({
            snapshot_path => folder, prepend_module_to_snapshot => false, snapshot_suffix => "", omit_expression => true,
        }, {
            insta::assert_snapshot!("expected", text);
        });
    });
}

#[test]
fn the_folder_of_failures_holds_no_passing_test() {
    let (_, report) = run(Path::new("fixtures/test/failing"), false);
    assert_eq!(report.count(Verdict::Passed), 0);
    assert!(report.tests.iter().filter(|test| test.outcome == Verdict::Failed).all(|test| !test.failures.is_empty()));
}

/// The playbook is tested: nothing fails, every rule and every line of a decision list acts, and
/// every touch is sent, skipped and cancelled.
#[test]
fn the_tests_of_the_playbook_show_every_rule() {
    use ensue::trial::coverage::PartKind;
    let (plan, report) = run(Path::new("rules"), true);
    let sources = &plan.rulebook.sources;
    assert!(report.is_fine(), "{}", report::trial::human(&report, sources, false));
    let coverage = report.coverage.unwrap();
    let missing = report::trial::coverage(&coverage, sources);
    for kind in [PartKind::Acts, PartKind::Touch] {
        let (shown, all) = coverage.count(kind);
        assert_eq!(shown, all, "{missing}");
    }
    assert_eq!(coverage.percent(), 100, "{missing}");
}

#[test]
fn an_updated_file_passes_and_is_not_updated_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rules.ensue");
    std::fs::copy("fixtures/test/update/rules.ensue", &path).unwrap();
    let (plan, report) = run(&path, false);
    let edits = trial::edits(&plan.rulebook.sources, &plan.rulebook.tests, &report.tests);
    assert_eq!(edits.len(), 1);
    std::fs::write(&path, &edits[0].text).unwrap();
    let (plan, report) = run(&path, false);
    assert!(trial::edits(&plan.rulebook.sources, &plan.rulebook.tests, &report.tests).is_empty());
    let failed: Vec<&str> =
        report.tests.iter().filter(|t| t.outcome == Verdict::Failed).map(|t| t.name.as_str()).collect();
    assert_eq!(failed, ["not marked"]);
}

/// What the program prints, and its exit code.
fn ensue(arguments: &str) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_ensue"))
        .args(arguments.split_whitespace())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn exit_codes_say_how_it_went() {
    assert_eq!(ensue("test fixtures/test/passing").0, 0);
    assert_eq!(ensue("test fixtures/test/two_lines/rules.ensue").0, 0);
    assert_eq!(ensue("test fixtures/test/failing").0, 1);
    let (code, _, err) = ensue("test fixtures/test/no_tests");
    assert_eq!(code, 1);
    assert!(err.contains("holds no test"), "{err}");
    let (code, _, err) = ensue("test fixtures/test/passing --run nowhere");
    assert_eq!(code, 1);
    assert!(err.contains("no name holds `nowhere`"), "{err}");
    assert_eq!(ensue("test fixtures/check/ten_mistakes").0, 2);
    assert_eq!(ensue("test fixtures/test/nowhere").0, 3);
}

#[test]
fn a_pattern_chooses_by_name() {
    let (code, out, _) = ensue("test fixtures/test/failing --run WORKS");
    assert_eq!(code, 0);
    assert!(out.lines().last().unwrap().contains("0 passed, 0 failed, 1 todo (1 of them passes)"), "{out}");
}

#[test]
fn too_little_coverage_fails() {
    assert_eq!(ensue("test fixtures/test/coverage --coverage").0, 0);
    assert_eq!(ensue("test fixtures/test/coverage --coverage=10").0, 0);
    let (code, _, err) = ensue("test fixtures/test/coverage --coverage=90");
    assert_eq!(code, 1);
    assert!(err.contains("less than 90 %"), "{err}");
}

#[test]
fn json_has_one_object_a_test() {
    let (code, out, err) = ensue("test fixtures/test/failing --format json");
    assert_eq!(code, 1);
    let lines: Vec<serde_json::Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 15);
    assert_eq!(lines[0]["outcome"], "failed");
    assert_eq!(lines[0]["failures"][0]["others"][0]["text"], "it counts 2 of 3 within 7d");
    assert!(err.starts_with("test: "), "{err}");
}

#[test]
fn a_dry_run_reports_broken_invariants() {
    let folder = "fixtures/run/invariants_hold_what_breaks_them";
    let (code, out, err) = ensue(&format!("dry-run {folder} --events {folder}/events.jsonl"));
    assert_eq!(code, 1);
    assert!(out.contains("breaks invariant no_pest: 1 in 1d already"), "{out}");
    insta::with_settings!({
        snapshot_path => "../fixtures/run/invariants_hold_what_breaks_them", prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("broken", err);
    });
    // Another lead's violations are not this one's.
    let (code, _, err) = ensue(&format!("dry-run {folder} --events {folder}/events.jsonl --lead ben"));
    assert_eq!(code, 1);
    assert!(err.contains("speed_to_lead") && !err.contains("no_pest"), "{err}");
}

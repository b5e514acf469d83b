//! Reports for programs: every folder of `fixtures/check` in every form, against the published schemas of
//! `fixtures/schema`, and one folder as it looks.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "report/audit.rs"]
mod audit;
#[path = "report/cases.rs"]
mod cases;
#[path = "report/experiments.rs"]
mod experiments;
#[path = "report/findings.rs"]
mod findings;
#[path = "report/metrics.rs"]
mod metrics;
#[path = "report/program.rs"]
mod program;
#[path = "report/reasons.rs"]
mod reasons;
#[path = "report/repository.rs"]
mod repository;
#[path = "report/review.rs"]
mod review;
#[path = "report/schema.rs"]
mod schema;
#[path = "doc/sober.rs"]
mod sober;

/// The text of a file of this package.
fn read(path: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A snapshot `fixtures/report/NAME.snap`.
fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/report"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

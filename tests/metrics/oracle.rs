//! The report against the standard metrics in SQL.

use std::path::Path;
use std::process::{Command, Output};

/// What the comparison says that could not run.
const SKIPPED: i32 = 77;

fn python(arguments: &[&str]) -> Option<Output> {
    let mut command = Command::new(std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned()));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env("ENSUE", env!("CARGO_BIN_EXE_ensue")).args(arguments);
    command.output().ok()
}

/// What differs over one log; `None` where Python or its module `duckdb` is missing.
fn compared(log: &str, as_of: &[&str]) -> Option<()> {
    let output = python(&[&["tests/oracle/compare.py", "rules", log], as_of].concat())?;
    let said = [output.stdout, output.stderr].concat();
    match output.status.code() {
        Some(SKIPPED) => None,
        Some(0) => Some(()),
        _ => panic!("{log}:\n{}", String::from_utf8_lossy(&said)),
    }
}

/// A log that is late, told twice and loaded as history.
fn generated(folder: &Path, seed: &str) -> Option<String> {
    let output = python(&["tests/oracle/logs.py", "--seed", seed, "--leads", "60", "--events", "1500"])?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let path = folder.join(format!("{seed}.jsonl"));
    std::fs::write(&path, output.stdout).expect("a log can be written");
    Some(path.display().to_string())
}

/// Needs Python with the module `duckdb`; `PYTHON` names another one.
#[test]
fn the_report_says_what_the_oracle_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let all = || {
        compared("fixtures/quickstart/events.jsonl", &["--as-of", "2026-05-06"])?;
        compared(&generated(folder.path(), "1")?, &[])?;
        compared(&generated(folder.path(), "3")?, &["--as-of", "2026-03-20T10:00:00Z"])
    };
    if all().is_none() {
        println!("note: skipped, Python or DuckDB is missing (`pip install duckdb`)");
    }
}

//! Experiments at the end of a report: as people and programs get them.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{snapshot, sober};

const RULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/report/experiments");

/// A lead an hour; every fifth answers, most of them late; every third has no company.
fn log() -> String {
    let mut events: Vec<(i64, String)> = Vec::new();
    let start = 1_767_603_600; // 2026-01-05T09:00:00Z
    for lead in 0..200_i64 {
        let mut put = |after: i64, ty: &str, props: &str| {
            let at = start + lead * 3_600 + after;
            let moment = chrono::DateTime::from_timestamp(at, 0).unwrap().format("%Y-%m-%dT%H:%M:%SZ");
            let number = events.len();
            let line = format!(r#"{{"id":"e{number}","type":"{ty}","lead":"lead{lead}","at":"{moment}"{props}}}"#);
            events.push((at, line));
        };
        let company = if lead % 3 == 0 { "" } else { r#","props":{"company":"Acme"}"# };
        put(0, "lead.created", company);
        if lead % 5 == 0 {
            put(86_400 * (2 + lead % 9), "email.replied", "");
        }
        if lead % 17 == 0 {
            put(86_400 * 6, "email.unsubscribed", "");
        }
    }
    events.sort();
    events.into_iter().fold(String::new(), |mut text, (_, line)| {
        let _ = writeln!(text, "{line}");
        text
    })
}

fn report(room: &Path, more: &[&str]) -> String {
    let path = room.join("events.jsonl");
    std::fs::write(&path, log()).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_ensue"))
        .args(["report", RULES])
        .args(more)
        .args(["--period", "month", "--as-of", "2026-01-24", "--events"])
        .arg(&path)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn experiments_as_they_look() {
    let room = tempfile::tempdir().unwrap();
    let human = report(room.path(), &[]);
    let (_, human) = human.split_once("\nexperiments\n").unwrap();
    snapshot("experiments_human", human.rsplit_once("\nreport: ").unwrap().0);
    let markdown = report(room.path(), &["--format", "md"]);
    let (_, markdown) = markdown.split_once("\n## Experiments\n").unwrap();
    snapshot("experiments_markdown", markdown.rsplit_once("\nreport: ").unwrap().0);
    let page = report(room.path(), &["--format", "html"]);
    sober::assert("experiments", &page);
    let (_, section) = page.split_once("<section id=\"experiments\">").unwrap();
    snapshot("experiments_html", section.split_once("</section>").unwrap().0);
    let lines = report(room.path(), &["--format", "jsonl"]);
    let lines: Vec<&str> = lines.lines().filter(|line| line.starts_with("{\"experiment\"")).collect();
    snapshot("experiments_jsonl", &lines.join("\n"));
}

/// Who names metrics wants these alone, and a table has the columns of metrics.
#[test]
fn experiments_stand_beside_all_metrics() {
    let room = tempfile::tempdir().unwrap();
    assert!(!report(room.path(), &["contacts"]).contains("experiments"));
    assert!(!report(room.path(), &["--format", "csv"]).contains("gathering"));
}

//! What a newcomer runs first: `init`, and what helps at the command line.

use std::path::Path;

use super::help::verbs;
use super::process::{Ran, program, run};

fn ensue_in(folder: &Path, words: &str) -> Ran {
    run(program().current_dir(folder).args(words.split_whitespace()), b"")
}

#[test]
fn the_starter_is_sound_and_teaches_by_one_failing_test() {
    let folder = tempfile::tempdir().unwrap();
    let ran = ensue_in(folder.path(), "init sales/follow-ups");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(ran.out.ends_with("init: 9 files; next: cd sales/follow-ups && ensue test\n"), "{}", ran.out);
    let home = folder.path().join("sales/follow-ups");
    let ran = ensue_in(&home, "check --fail-level info");
    assert_eq!((ran.code, ran.out.lines().count()), (0, 1), "{}", ran.out);
    assert_eq!(ensue_in(&home, "fmt --check").code, 0);
    let ran = ensue_in(&home, "test");
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("test: 2 passed, 1 failed; "), "{}", ran.out);
    assert!(ran.out.contains("FAIL the third click makes a cold lead hot"), "{}", ran.out);
    let ran = ensue_in(&home, "dry-run --events events.jsonl");
    assert_eq!(ran.code, 0);
    for decided in ["cold -> hot", "they asked for a demo: call today", "email recap"] {
        assert!(ran.out.contains(decided), "{decided}: {}", ran.out);
    }
    // The test says what to do, and that mends it.
    let test = home.join("rules/tests/first.ensue");
    let text = std::fs::read_to_string(&test).unwrap();
    assert_eq!(text.matches("\n  # +1h ").count(), 1);
    std::fs::write(&test, text.replace("\n  # +1h ", "\n  +1h ")).unwrap();
    let ran = ensue_in(&home, "test");
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert!(ran.out.contains("test: 3 passed, 0 failed; "), "{}", ran.out);
}

#[test]
fn the_commands_of_the_starter_run() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(ensue_in(folder.path(), "init").code, 0);
    let page = std::fs::read_to_string(folder.path().join("README.md")).unwrap();
    let commands: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("    ensue ")).collect();
    assert_eq!(commands.len(), 4);
    for command in commands {
        let words = command.split("  ").next().unwrap().trim_end();
        let words = words.split_once(".jsonl ").map_or(words.to_owned(), |(words, _)| format!("{words}.jsonl"));
        let ran = ensue_in(folder.path(), &words);
        assert_eq!(ran.code, i32::from(words == "test"), "{words}: {}{}", ran.out, ran.err);
    }
}

#[test]
fn the_starter_is_followed_up_live() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(ensue_in(folder.path(), "init").code, 0);
    let ran = ensue_in(folder.path(), "ingest events.jsonl --replay");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let ran = ensue_in(folder.path(), "run --at 2026-03-09T18:00:00Z");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let sent = std::fs::read_to_string(folder.path().join("outbox.jsonl")).unwrap();
    assert!(sent.contains("\"lead\":\"ben\"") && sent.contains("\"template\":\"check_in\""), "{sent}");
}

#[test]
fn nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("rules")).unwrap();
    std::fs::write(folder.path().join("rules/rules.ensue"), "tiers mine\n").unwrap();
    std::fs::write(folder.path().join("README.md"), "mine\n").unwrap();
    let ran = ensue_in(folder.path(), "init");
    assert_eq!((ran.code, ran.out.as_str()), (3, ""));
    assert_eq!(
        ran.err,
        "error: `.` holds `README.md`, `rules/rules.ensue` already, and nothing is overwritten\n  = help: name another folder: `ensue init follow-ups`\n"
    );
    assert_eq!(std::fs::read_to_string(folder.path().join("README.md")).unwrap(), "mine\n");
    assert!(!folder.path().join("ensue.yaml").exists());
}

#[test]
fn every_shell_gets_its_completions() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = ensue_in(folder.path(), &format!("completions {shell}"));
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{shell}");
        assert!(ran.out.contains("dry-run") && ran.out.contains("fail-level"), "{shell}");
    }
    assert_eq!(ensue_in(folder.path(), "completions cmd").code, 3);
}

#[test]
fn every_verb_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    let ran = ensue_in(folder.path(), "man");
    assert_eq!(ran.code, 0);
    assert!(ran.out.contains(".TH ensue 1"), "{}", ran.out);
    let ran = ensue_in(folder.path(), "man pages");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let help = ensue_in(folder.path(), "--help").out;
    let mut pages = 1;
    for verb in verbs(&help) {
        let page = std::fs::read_to_string(folder.path().join(format!("pages/ensue-{verb}.1"))).unwrap();
        assert!(page.contains(&format!(".TH ensue-{verb} 1")), "{verb}: {page}");
        assert!(page.contains(".SH EXAMPLES\n.nf\nensue "), "{verb}: {page}");
        pages += 1;
    }
    assert_eq!(ran.out, format!("man: {pages} pages in pages\n"));
}

//! Standard input, readers that go away, and silence on standard error.

use std::io::{BufRead, BufReader, Read};

use super::process::{ensue, program, run, wait};

const LOG: &str = "fixtures/quickstart/events.jsonl";

#[test]
fn a_log_from_standard_input_is_the_log() {
    let bytes = std::fs::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(LOG)).unwrap();
    let named = ensue(&format!("dry-run rules --events {LOG} --format jsonl"));
    let piped = run(program().args("dry-run rules --events - --format jsonl".split(' ')), &bytes);
    assert_eq!((named.code, piped.code), (0, 0));
    assert!(named.out.lines().count() > 300);
    assert_eq!(named.out, piped.out);
}

#[test]
fn no_progress_and_no_color_where_nobody_looks() {
    // A log of unknown length would show a bar at once.
    let bytes = std::fs::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(LOG)).unwrap();
    let ran = run(program().args("dry-run rules --events - --format jsonl".split(' ')), &bytes);
    assert!(!ran.err.contains(['\r', '\u{1b}']), "{:?}", ran.err);
    assert!(!ran.out.contains('\u{1b}'));
    assert!(ran.err.lines().all(|line| line.starts_with("note: ") || line.starts_with("dry-run: ")), "{}", ran.err);
    let ran = ensue(&format!("dry-run rules --events {LOG}"));
    assert!(!ran.out.contains('\u{1b}'));
    assert_eq!(ran.err, "");
}

#[test]
fn color_where_it_is_asked_for() {
    let ran = ensue(&format!("--color always dry-run rules --events {LOG}"));
    assert!(ran.out.contains('\u{1b}'));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    for (words, longer_than_a_pipe) in [
        (format!("dry-run rules --events {LOG} --format jsonl"), true),
        (format!("dry-run rules --events {LOG}"), false),
        (String::from("vocabulary"), false),
        (String::from("explain"), false),
    ] {
        let mut child = program().args(words.split(' ')).spawn().unwrap();
        let mut reader = BufReader::with_capacity(64, child.stdout.take().unwrap());
        let mut first = String::new();
        reader.read_line(&mut first).unwrap();
        drop(reader);
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(wait(&mut child), 0, "{words}: {said}");
        assert!(!first.is_empty() && !said.contains("cannot be written"), "{words}: {said}");
        if longer_than_a_pipe {
            assert!(ensue(&words).out.len() > 64 << 10, "{words} no longer fills a pipe");
        }
    }
}

#[test]
fn two_runs_and_any_number_of_threads_give_the_same_bytes() {
    let words = format!("dry-run rules --events {LOG} --format jsonl --trace");
    let first = ensue(&words);
    for threads in ["", " --threads 1", " --threads 2", " --threads 5"] {
        let again = ensue(&format!("{words}{threads}"));
        assert_eq!((&first.out, &first.err), (&again.out, &again.err), "{threads}");
    }
}

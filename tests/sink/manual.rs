//! `docs/ensue-yaml.md`: its examples are read, run and refused as it says.

use ensue::config::{parse, read};
use ensue::report::diagnostic;
use ensue::sink::Handed;

const PAGE: &str = include_str!("../../docs/ensue-yaml.md");

/// The fences of the page with their language.
fn fences() -> Vec<(&'static str, &'static str)> {
    let fences = PAGE.split("\n```").skip(1).step_by(2);
    fences.map(|fence| fence.split_once('\n').expect("a fence")).collect()
}

fn fence(language: &str, nth: usize) -> &'static str {
    fences().into_iter().filter(|(own, _)| *own == language).nth(nth).expect("a fence").1
}

#[test]
fn the_examples_are_read_or_refused_as_shown() {
    let config = parse(fence("yaml", 0)).expect("an example without mistakes");
    assert_eq!(config.sinks.len(), 3);
    // What the example writes down are the defaults that the table names.
    let mail = config.sink("mail").expect("a sink");
    assert_eq!((mail.retries, mail.breaker), Default::default());
    let wrong = fence("yaml", 1);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ensue.yaml");
    std::fs::write(&path, wrong).expect("a file");
    let error = read(&path).expect_err("a mistake");
    let drawn = diagnostic::config(&error, false).replace(path.to_str().expect("a path"), "ensue.yaml");
    assert_eq!(drawn.trim_end(), fence("text", 0));
}

#[test]
fn the_payload_is_what_is_handed_over() {
    let example = fence("json", 0);
    let handed: Handed = serde_json::from_str(example).expect("an action");
    assert_eq!(handed.line().expect("a line").trim_end(), example);
    let whole = Handed {
        account: Some(String::new()),
        channel: Some(String::new()),
        manual: true,
        to: Some(String::new()),
        name: Some(String::new()),
        template: Some(String::new()),
        subject: Some(String::new()),
        body: Some(String::new()),
        text: Some(String::new()),
        note: Some(String::new()),
        due_by: Some(String::new()),
        expires_at: Some(String::new()),
        sequence: Some(String::new()),
        touch: Some(String::new()),
        enrollment: Some(1),
        experiment: Some(String::new()),
        variant: Some(String::new()),
        because: vec![String::new()],
        facts: [(String::from("fact"), true.into())].into(),
        ..Handed::default()
    };
    let line = whole.line().expect("a line").replace("\"fact\":true", "");
    let keys: Vec<&str> =
        line.split(['{', ',', '}']).filter_map(|part| part.split_once("\":")).map(|(key, _)| &key[1..]).collect();
    let table = PAGE.split("## What a sink gets").nth(1).expect("the part");
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let named: Vec<&str> =
        rows.filter_map(|row| row.split('|').nth(1)).flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    assert_eq!(keys, named);
}

#[cfg(unix)]
#[test]
fn the_program_does_what_the_page_says() {
    use ensue::sink::{Outcome, Sink as _};
    let folder = tempfile::tempdir().expect("a folder");
    let take = folder.path().join("take.sh");
    std::fs::write(&take, fence("sh", 0)).expect("written");
    // Through the shell, so that a file just written need not be run itself.
    let command = ["sh".to_owned(), "./take.sh".to_owned()];
    let mut sink = ensue::sink::Exec::open("mail", &command, folder.path(), ensue::timestamp::Span::seconds(20))
        .expect("a program");
    let mail: Handed = serde_json::from_str(fence("json", 0)).expect("an action");
    assert_eq!(sink.hand_over(&mail), Outcome::Taken { note: Some("queued as 0b5d3c1f2a9e8d47".into()) });
    assert_eq!(std::fs::read_to_string(folder.path().join("sent.txt")).expect("sent"), "0b5d3c1f2a9e8d47\n");
    let call = Handed { channel: Some("call".into()), ..mail.clone() };
    let reason = "this program sends mails only (code 1)".to_owned();
    assert_eq!(sink.hand_over(&call), Outcome::Refused { reason, retry: false });
    std::fs::write(folder.path().join("busy"), "").expect("written");
    assert!(matches!(sink.hand_over(&mail), Outcome::Refused { retry: true, .. }));
}

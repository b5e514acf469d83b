//! The store while a run waits for a sink: others have it. The order is one of files and not of time: the
//! program that is asked to send a mail ends when a file is there that nobody makes before.

use std::process::{Child, Output};
use std::time::{Duration, Instant};

use ensue::live::{DeliveryState, Fate, Live};
use ensue::store;

use super::book::options;
use super::stand::Stand;

const SLOW: &str = r#"
printf '%s\n' "$ENSUE_ACTION_ID" >> asked
n=0
while [ ! -e go ]; do
  n=$((n+1)); [ $n -lt 4000 ] || exit 1
  sleep 0.02
done
printf '%s\n' "$ENSUE_ACTION_ID" >> sent
"#;

const CONFIG: &str = r#"
store: store
rules: rules
sinks:
  mail: { kind: exec, command: ["sh", "send"], timeout: 2m }
  bell: { kind: file, path: rung }
route: { default: mail, alerts: bell }
"#;

const AT: [&str; 2] = ["--at", "2026-03-02T10:00:00Z"];

/// A store in which a mail and an alert are due for each lead, and a program that is slow to send.
fn stand(leads: &[&str]) -> Stand {
    let stand = Stand::new("mail");
    stand.write("ensue.yaml", CONFIG);
    stand.write("send", SLOW);
    let line = |lead: &&str| event("lead.created", lead, "10:00");
    stand.write("events.jsonl", &leads.iter().map(line).collect::<String>());
    stand.done(&["ingest", "--replay", "events.jsonl"]);
    stand
}

fn event(ty: &str, lead: &str, clock: &str) -> String {
    format!(r#"{{"id":"{ty} {lead}","type":"{ty}","lead":"{lead}","at":"2026-03-02T{clock}:00Z"}}"#) + "\n"
}

/// Waits until something is so.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(300), "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A run that waits for its sink.
fn waiting(stand: &Stand) -> Child {
    let run = stand.spawn(&[&["run"], &AT[..]].concat());
    until("the program is asked", || !stand.lines("asked").is_empty());
    run
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The types of the entries about a lead, in the order of the log.
fn story(stand: &Stand, lead: &str) -> Vec<String> {
    let export = stand.done(&["store", "export"]);
    let entries = export.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    entries.filter(|entry| entry["lead"] == lead).map(|entry| entry["type"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn events_are_taken_in_while_a_sink_is_asked() {
    let stand = stand(&["ana", "ben"]);
    let run = waiting(&stand);
    // A stop for one whose mail is being sent, and for one whose mail is not.
    stand.write("more.jsonl", &["ana", "ben"].map(|lead| event("unsubscribed", lead, "10:00")).concat());
    assert_eq!(
        stand.done(&["ingest", "--replay", "more.jsonl"]),
        "ingest: 2 events stored, 0 duplicates, 0 in quarantine\n"
    );
    stand.done(&["store", "stats"]);
    let ahead = stand.done(&[&["run", "--dry"], &AT[..]].concat());
    assert_eq!(ahead, "run: 0 actions would go out\n", "one is under way, one is stopped");
    stand.write("go", "");
    let ended = run.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{}", said(&ended));
    let text = said(&ended);
    assert!(text.starts_with("run: 6 entries handled, "), "{text}");
    assert!(text.contains("; 3 handed over, 1 cancelled\n"), "two alerts and a mail: {text}");
    assert_eq!(stand.lines("sent").len(), 1);
    let types = ["lead.created", "ensue.handing_over", "ensue.handed_over"];
    assert_eq!(
        story(&stand, "ana"),
        [&types[..], &["ensue.handing_over", "unsubscribed", "ensue.handed_over"]].concat()
    );
    assert_eq!(story(&stand, "ben"), [&types[..], &["unsubscribed"]].concat());
}

#[test]
fn one_run_at_a_time_hands_over() {
    let stand = stand(&["ana"]);
    let run = waiting(&stand);
    let others = [&[&["run"], &AT[..]].concat()[..], &["store", "compact"], &["run", "--went-out", "x"]];
    let others: Vec<Child> = others.iter().map(|args| stand.spawn(args)).collect();
    for other in others {
        let other = other.wait_with_output().unwrap();
        assert_eq!(other.status.code(), Some(3), "{}", said(&other));
        let text = said(&other);
        let expected = format!("error: another run ({}) is handing over from the store `", run.id());
        assert!(text.starts_with(&expected), "{text}");
        assert!(text.ends_with("\n  = help: wait until it has ended: one at a time hands over\n"), "{text}");
    }
    assert!(stand.done(&["run", "--unknown"]).contains("run: 0 actions of unknown outcome"));
    stand.done(&["store", "backup", "--to", "copy"]);
    for verb in
        [&["store", "decisions"][..], &["store", "verify"], &["lead", "ana"], &["lead", "ana", "pause", AT[0], AT[1]]]
    {
        assert_eq!(stand.command(verb).env("USER", "kim").output().unwrap().status.code(), Some(0), "{verb:?}");
    }
    assert!(matches!(stand.live().outbox().unwrap()[0].state, DeliveryState::Going { .. }));
    stand.write("go", "");
    let ended = run.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{}", said(&ended));
    assert_eq!((stand.lines("asked").len(), stand.lines("sent").len()), (1, 1));
    stand.done(&["store", "compact"]);
    assert_eq!(stand.live().done("ana").unwrap().iter().filter(|done| done.fate == Fate::Taken).count(), 2);
    // Nobody says of a copy what came of it.
    stand.done(&[&["run", "--store", "copy"], &AT[..]].concat());
    let unknown = stand.done(&["run", "--unknown", "--store", "copy"]);
    assert!(unknown.ends_with("run: 1 action of unknown outcome\n"), "{unknown}");
    assert_eq!(stand.lines("sent").len(), 1);
}

#[test]
fn a_long_wait_frees_the_store_for_whoever_does_not_ask() {
    let stand = stand(&["ana"]);
    stand.write("ensue.yaml", &CONFIG.replace("timeout: 2m", "timeout: 2m, idempotent: true"));
    let run = waiting(&stand);
    let ahead = stand.done(&[&["run", "--dry"], &AT[..]].concat());
    assert_eq!(ahead, "run: 0 actions would go out\n", "it is under way, and not left by a crash");
    let open = || Live::open(&stand.path("store"), &store::StoreOptions { create: false, ..options() });
    let mut live = None;
    until("the store is free", || {
        live = open().ok();
        live.is_some()
    });
    // The run has its answer and waits for the store; it is patient.
    stand.write("go", "");
    until("the mail is sent", || stand.lines("sent").len() == 1);
    until("the run waits", || store::Wanted::is_there(&stand.path("store")));
    drop(live);
    let ended = run.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{}", said(&ended));
    assert_eq!(stand.live().outbox().unwrap().len(), 0);
}

#[test]
fn killed_with_an_answer_and_without_the_store() {
    let stand = stand(&["ana", "ben"]);
    let mut run = waiting(&stand);
    let mut live = None;
    until("the store is free", || {
        live = Live::open(&stand.path("store"), &options()).ok();
        live.is_some()
    });
    stand.write("go", "");
    until("the run waits", || store::Wanted::is_there(&stand.path("store")));
    run.kill().unwrap();
    run.wait().unwrap();
    drop(live);
    stand.done(&[&["run"], &AT[..]].concat());
    let listed = stand.done(&["run", "--unknown"]);
    assert!(listed.ends_with("run: 1 action of unknown outcome\n"), "{listed}");
    assert_eq!((stand.lines("asked").len(), stand.lines("sent").len()), (2, 2), "the other one, and each once");
}

#[test]
fn a_program_tells_events_while_it_is_asked() {
    let stand = stand(&["ana"]);
    stand.write("told.jsonl", &event("email.sent", "ana", "10:00"));
    stand.write("send", "\"$ENSUE\" ingest --replay told.jsonl\n");
    let output =
        stand.command(&[&["run"], &AT[..]].concat()).env("ENSUE", env!("CARGO_BIN_EXE_ensue")).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let story = story(&stand, "ana");
    assert_eq!(story[story.len() - 3..], ["ensue.handing_over", "email.sent", "ensue.handed_over"], "{story:?}");
}

/// A backup is put in the place of the store while a run waits for its sink: what the run has claimed is not
/// in it, and its lock has gone with the folder.
#[test]
fn another_store_in_the_place_of_its_own_gets_nothing() {
    let stand = stand(&["ana", "ben"]);
    stand.done(&["store", "backup", "--to", "copy"]);
    let run = waiting(&stand);
    let mut live = None;
    until("the store is free", || {
        live = Live::open(&stand.path("store"), &options()).ok();
        live.is_some()
    });
    std::fs::rename(stand.path("store"), stand.path("first")).unwrap();
    std::fs::rename(stand.path("copy"), stand.path("store")).unwrap();
    drop(live);
    stand.write("go", "");
    let ended = run.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(3), "{}", said(&ended));
    assert!(said(&ended).contains("`store` is another store than the run began in"), "{}", said(&ended));
    assert_eq!(stand.lines("sent").len(), 1, "the other mail is not sent");
    // The one that was under way is listed by the next run in the first store, and nothing goes out twice.
    stand.done(&[&["run", "--store", "first"], &AT[..]].concat());
    let listed = stand.done(&["run", "--unknown", "--store", "first"]);
    assert!(listed.ends_with("run: 1 action of unknown outcome\n"), "{listed}");
    assert_eq!(stand.lines("sent").len(), 2);
}

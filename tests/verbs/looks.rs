//! What must not change a store: looks, commands that fail, names mistyped, and what was left behind
//! by a process that was killed.

use std::fs;

use super::place::Place;

fn handled_to(place: &Place) -> String {
    let stats = place.good("store stats");
    stats.lines().find(|line| line.starts_with("handled to")).unwrap().to_owned()
}

fn begun() -> Place {
    let place = Place::new("live/lead_by_hand");
    place.good("ingest events.jsonl --replay --rules rules.ensue");
    place.good("run rules.ensue --at 2026-03-02T08:30:00Z");
    place
}

#[test]
fn looks_and_failures_do_not_move_the_clock() {
    let place = begun();
    let before = handled_to(&place);
    let shown = place.good("lead ana --at 2099-01-01");
    assert!(shown.contains("as of Thu 2099-01-01"), "{shown}");
    for words in [
        "lead ana tier warn --by kim --at 2026-04-20",
        "lead ana skip nothing --by kim --at 2026-04-20",
        "lead ana pause --until 2026-04-19 --by kim --at 2026-04-20",
        "lead ana approve nothing --by kim",
        "lead ana pause --for 1d --by kim --at 2199-01-01",
        "run rules.ensue --at 2099-01-01T00:00:00Z",
        "activate rules.ensue --at 2099-01-01T00:00:00Z",
    ] {
        let ran = place.ensue(words);
        assert_eq!(ran.code, 3, "{words}: {ran:?}");
        assert_eq!(handled_to(&place), before, "{words}");
    }
    let ran = place.ensue("lead ana --at 2026-03-01");
    assert!(ran.err.starts_with("note: the store has been handled up to 2026-03-02T08:30:00Z"), "{ran:?}");
}

#[test]
fn nothing_is_made_by_mistake() {
    let place = begun();
    let ran = place.ensue("run rules.ensue --store TMP/stoer");
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.starts_with("error: there is no store in `TMP/stoer`"), "{ran:?}");
    let ran = place.ensue("activate rules.ensue --store TMP/stoer");
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.starts_with("error: there is no store in `TMP/stoer`\n  = help: `ensue ingest LOG`"), "{ran:?}");
    let ran = place.ensue("ingest TMP/missing.jsonl --rules rules.ensue --store TMP/fresh");
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(!place.path("stoer").exists() && !place.path("fresh").exists());
    assert_eq!(place.ensue("run --unknown --went-out 00").code, 3);
}

#[test]
fn an_ingest_that_ends_early_says_how_far_it_came() {
    let place = begun();
    let ran = place.ensue("ingest events.jsonl TMP/missing.jsonl --yes");
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.starts_with("note: taken in before this: 1 line; the same input again"), "{ran:?}");
}

#[test]
fn a_store_that_cannot_be_read_is_not_called_missing() {
    let place = begun();
    fs::write(place.path("file"), "").unwrap();
    let ran = place.ensue("lead ana --store TMP/file");
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.starts_with("error: cannot read `TMP/file`: Not a directory"), "{ran:?}");
    assert!(ran.err.contains("= help: a store is a folder"), "{ran:?}");
}

#[cfg(unix)]
#[test]
fn a_store_of_another_user_says_what_to_do() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    use std::os::unix::process::CommandExt as _;
    let place = begun();
    let store = place.path("store");
    let is_root = fs::metadata(&store).unwrap().uid() == 0;
    fs::set_permissions(&store, fs::Permissions::from_mode(0o0)).unwrap();
    fs::set_permissions(place.dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    // Nothing is closed to root; the program may lie where nobody else can reach it.
    let program = place.path("ensue");
    fs::copy(super::process::program().get_program(), &program).unwrap();
    let mut command = std::process::Command::new(&program);
    command.args(["lead", "ana", "--store"]).arg(&store).current_dir(place.dir.path());
    if is_root {
        command.uid(65534).gid(65534);
    }
    let ran = command.output().unwrap();
    fs::set_permissions(&store, fs::Permissions::from_mode(0o755)).unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(3), "{said}");
    assert!(said.contains("cannot read `") && said.contains("Permission denied"), "{said}");
    assert!(said.contains("= help: run ensue as the user"), "{said}");
}

#[test]
fn what_compact_left_is_neither_forgotten_nor_taken_for_nothing() {
    let place = begun();
    place.good("store backup --to TMP/store.compacting");
    place.good("store stats");
    assert!(!place.path("store.compacting").exists(), "it has keys that no erasure would reach");
    fs::create_dir(place.path("store.compacting")).unwrap();
    fs::write(place.path("store.compacting/keys"), "begun").unwrap();
    place.good("store compact");
    fs::rename(place.path("store"), place.path("store.compacting")).unwrap();
    for words in ["ingest events.jsonl --replay --rules rules.ensue", "run rules.ensue", "store stats"] {
        let ran = place.ensue(words);
        assert_eq!(ran.code, 3, "{words}: {ran:?}");
        assert!(ran.err.contains("`compact` has left a copy of one in `TMP/store.compacting`\n  = help: "), "{ran:?}");
    }
    assert!(!place.path("store").exists());
    let ran = place.ensue("store backup --to TMP/store.compacting --store TMP/store.compacting");
    assert!(ran.err.contains("= help: name a new or an empty folder"), "{ran:?}");
}

#[test]
fn what_a_person_says_at_length_is_kept() {
    let place = begun();
    let why = "long ".repeat(2000);
    place.good(&format!("lead ana pause --for 1d --by kim --at 2026-03-02T12:00 --why \"{why}\""));
    assert!(place.good("store export").contains(why.trim_end()));
}

#[test]
fn an_interrupted_compact_is_put_back_and_a_preview_is_removed() {
    let place = begun();
    let before = place.good("store decisions");
    fs::rename(place.path("store"), place.path("store.before-compacting")).unwrap();
    fs::create_dir(place.path("store.preview-1234")).unwrap();
    fs::write(place.path("store.preview-1234/keys"), "keys of everyone").unwrap();
    place.good("run rules.ensue --at 2026-03-02T08:30:00Z");
    assert_eq!(place.good("store decisions"), before);
    assert!(!place.path("store.before-compacting").exists());
    assert!(!place.path("store.preview-1234").exists());
}

#[test]
fn a_line_that_was_no_text_stays_in_quarantine() {
    let place = begun();
    let line = b"{\"id\":\"x\",\"type\":\"email.opened\",\"lead\":\"b\xff\",\"at\":\"2026-03-02T09:00:00Z\"}\n";
    fs::write(place.path("bad.jsonl"), line).unwrap();
    assert_eq!(place.ensue("ingest TMP/bad.jsonl --replay").code, 1);
    let ran = place.ensue("store quarantine retry --all --at 2026-03-02T10:00:00Z");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("0 events stored, 1 still in quarantine"), "{ran:?}");
}

/// Whoever relies on an alert must know that a run does not make it, and can see it by what is said.
#[test]
fn a_run_says_that_alerts_on_metrics_do_not_come_from_it() {
    let place = Place::new("live/lead_by_hand");
    let rules = fs::read_to_string(place.cwd.join("rules.ensue")).unwrap();
    let metric = "metric demos = count demo { alert manager when none for 1h }\n";
    fs::write(place.path("own.ensue"), format!("{rules}\n{metric}")).unwrap();
    place.good("ingest events.jsonl --replay --rules TMP/own.ensue");
    let ran = place.ensue("run TMP/own.ensue --at 2026-03-02T12:30:00Z");
    let said = "hands over no alerts on metrics, of which this rulebook has 1";
    assert!(ran.err.contains(said) && ran.err.contains("ensue dry-run TMP/own.ensue --events log.jsonl"), "{ran:?}");
    let log = place.good("store export");
    fs::write(place.path("log.jsonl"), log).unwrap();
    let shown = place.good("dry-run TMP/own.ensue --events TMP/log.jsonl --until 2026-03-02T12:30:00Z");
    assert!(shown.contains("demos: nothing has come since"), "{shown}");
}

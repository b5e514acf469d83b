//! Runs whose sinks are closed, unopened or leave an outcome unknown.

use std::fs;

use super::place::Place;
use super::process::{Ran, program, run};

/// A store with three alerts that are due, and mails on the next day; actions go to `sinks`.
fn with_sinks(sinks: &str) -> Place {
    let place = Place::new("live/put_off");
    place.good("ingest events.jsonl --replay --rules rules.ensue");
    fs::write(place.path("ensue.yaml"), sinks).unwrap();
    place
}

#[test]
fn a_dry_run_opens_no_sink() {
    let place = with_sinks("sinks:\n  out: { kind: file, path: out.jsonl }\nroute: { default: out }\n");
    let words = "run rules.ensue --at 2026-03-02T15:00:00Z --config TMP/ensue.yaml";
    let shown = place.good(&format!("{words} --dry"));
    assert!(shown.ends_with("-> out\nrun: 3 actions would go out\n"), "{shown}");
    assert!(!place.path("out.jsonl").exists());
    place.good(words);
    assert_eq!(fs::read_to_string(place.path("out.jsonl")).unwrap().lines().count(), 3);
}

#[cfg(unix)]
#[test]
fn a_closed_standard_output_takes_nothing() {
    let place = with_sinks("sinks:\n  lines: { kind: stdout }\nroute: { default: lines }\n");
    let in_shell = |rest: &str| -> Ran {
        let mut shell = std::process::Command::new("sh");
        let script = format!("exec \"$0\" run rules.ensue --at 2026-03-02T15:00:00Z {rest}");
        shell.args(["-c", &script, program().get_program().to_str().unwrap(), place.dir.path().to_str().unwrap()]);
        shell.current_dir(&place.cwd);
        shell.stdin(std::process::Stdio::piped());
        shell.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        run(&mut shell, b"")
    };
    let store = "--store \"$1/store\" --config \"$1/ensue.yaml\"";
    let ran = in_shell(&format!("{store} >&-"));
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("standard output, which is closed or leads nowhere\n  = help: "), "{ran:?}");
    let ran = in_shell(&format!("{store} --dry >&-"));
    assert_eq!(ran.code, 0, "what opens no sink needs none: {ran:?}");
    let waits = place.good("run rules.ensue --dry --at 2026-03-02T15:00:00Z --config TMP/ensue.yaml");
    assert!(waits.ends_with("run: 3 actions would go out\n"), "{waits}");
    let ran = in_shell(&format!("{store} > /dev/null"));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.err.contains("3 handed over"), "{ran:?}");
}

#[cfg(unix)]
#[test]
fn a_wrong_id_settles_nothing() {
    let place = with_sinks(
        "sinks:\n  dies: { kind: exec, command: [\"sh\", \"-c\", \"kill -9 $$\"] }\n  out: { kind: file, path: out }\n\
         route: { default: dies, alerts: out }\n",
    );
    let words = "run rules.ensue --at 2026-03-03T10:00:00Z --config TMP/ensue.yaml";
    assert_eq!(place.ensue(words).code, 1);
    let list = || place.good(&format!("{words} --unknown"));
    let listed = list();
    let ids: Vec<&str> = listed.lines().take(3).map(|line| line.split(' ').next().unwrap()).collect();
    assert!(listed.ends_with("run: 3 actions of unknown outcome\n"), "{listed}");
    let (first, second) = (ids[0], ids[1]);
    for said in [
        format!("--went-out {first} --again nonsense"),
        format!("--again {first} --went-out {first}"),
        format!("--went-out {first} --went-out {first}"),
    ] {
        let ran = place.ensue(&format!("{words} {said}"));
        assert_eq!(ran.code, 3, "{said}: {ran:?}");
        assert!(ran.err.contains("; nothing was settled\n  = help: "), "{ran:?}");
        assert_eq!(list(), listed, "{said}");
    }
    let ran = place.ensue(&format!("{words} --went-out {first} --went-out {second}"));
    assert!(ran.code == 1 && ran.out.contains("0 handed over, 1 unknown"), "the third one is still open: {ran:?}");
    assert!(list().ends_with("run: 1 action of unknown outcome\n"));
}

#[test]
fn an_old_log_taken_for_news_is_told() {
    let place = Place::new("live/put_off");
    place.good("ingest events.jsonl --rules rules.ensue");
    let ran = place.ensue("run rules.ensue --config TMP/none.yaml");
    assert_eq!(ran.code, 3, "a configuration that is named must be there: {ran:?}");
    fs::write(place.path("ensue.yaml"), "sinks:\n  out: { kind: file, path: out }\nroute: { default: out }\n").unwrap();
    let ran = place.ensue("run rules.ensue --config TMP/ensue.yaml");
    assert_eq!(ran.code, 0, "{ran:?}");
    let note = "note: 3 decisions are muted, since their events are older than `stale_after`; to try an old log, ";
    assert!(ran.err.contains(note), "{ran:?}");
}

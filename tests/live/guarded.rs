//! A script that runs for too long ends what asked it: nothing is recorded of what it had a part in,
//! what came before stays, and who asks again without haste gets what he would have got at once.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ensue::engine::{Engine, Stopped};
use ensue::event::LeadId;
use ensue::explain;
use ensue::live::{Arrival, Live, LiveError, LogLine};
use ensue::load::Files;
use ensue::log::{self, Input, Log, ReadOptions};
use ensue::plan::Plan;
use ensue::replay::{self, ReplayError};
use ensue::rulebook::Pattern;
use ensue::script::TimeGuard;
use ensue::timestamp::{Span, Timestamp};
use ensue::trial;

use super::book::{Room, options, room};
use super::seen::decided;
use super::stand::{Stand, command};

const FOLDER: &str = "fixtures/live/long_script";

/// A clock that goes on by a second each time it is asked; no time passes in these tests.
fn hasty() -> Duration {
    static ASKED: AtomicU64 = AtomicU64::new(0);
    Duration::from_secs(ASKED.fetch_add(1, Ordering::Relaxed))
}

/// Strikes when it is asked for the second time, two thousand operations into a script.
fn guard() -> Option<TimeGuard> {
    Some(TimeGuard { clock: hasty, limit: Duration::from_secs(1) })
}

fn files() -> Files {
    Files::read(Path::new(FOLDER)).unwrap()
}

fn plan() -> Arc<Plan> {
    Arc::new(Plan::compile(files().check().rulebook.unwrap()))
}

fn lines() -> Vec<String> {
    std::fs::read_to_string(Path::new(FOLDER).join("events.jsonl")).unwrap().lines().map(str::to_owned).collect()
}

fn log(plan: &Plan, lines: &[String]) -> Log {
    let reader = Box::new(std::io::Cursor::new(lines.join("\n").into_bytes()));
    let input = Input { path: String::from("events.jsonl"), reader };
    log::read(vec![input], &plan.rulebook, &ReadOptions::default(), &|_| ()).unwrap()
}

fn at(text: &str) -> Timestamp {
    ensue::local::parse_rfc3339(text.as_bytes()).unwrap()
}

fn is_the_score(stopped: &Stopped) {
    let said = stopped.to_string();
    assert!(said.contains("/rules.ensue:") && said.ends_with(" has run for 1 s and was stopped"), "{said}");
}

fn is_the_function(stopped: &Stopped) {
    assert!(stopped.path.ends_with("long_script/scripts/sums.rhai"), "{stopped}");
    assert!(stopped.line >= 2, "{stopped}");
}

#[test]
fn a_replay_decides_nothing() {
    let plan = plan();
    let log = log(&plan, &lines());
    for (threads, leads_per_shard) in [(1, 0), (2, 1)] {
        let options =
            replay::ReplayOptions { threads, leads_per_shard, guard: guard(), ..replay::ReplayOptions::default() };
        let Err(ReplayError::Stopped(stopped)) = replay::replay(&plan, &log, &options) else { panic!("not stopped") };
        is_the_score(&stopped);
        let calm = replay::ReplayOptions { guard: None, ..options };
        assert_eq!(replay::replay(&plan, &log, &calm).unwrap().decisions.len(), 5);
        // Before the long script is asked there is nothing to stop.
        let before = replay::ReplayOptions { until: Some(at("2026-03-02T10:59:59Z")), ..options };
        assert_eq!(replay::replay(&plan, &log, &before).unwrap().decisions.len(), 3);
    }
}

/// Once stopped it stays so: nothing can be taken from it by asking again.
#[test]
fn an_engine_that_was_stopped_decides_no_more() {
    let plan = plan();
    let log = log(&plan, &lines());
    let mut engine = Engine::new(Arc::clone(&plan)).guarded(guard());
    let mut decisions = Vec::new();
    let said: Vec<bool> = log.iter().map(|event| engine.handle(&event, &log, &mut decisions).is_ok()).collect();
    assert_eq!(said, [true, true, true, false, false]);
    assert_eq!(decisions.len(), 3);
    is_the_score(&engine.drain(at("2026-04-02T00:00:00Z"), &log, &mut decisions).unwrap_err());
    is_the_score(engine.clone().stopped().unwrap());
}

#[test]
fn a_test_says_neither_passed_nor_failed() {
    let plan = plan();
    assert!(trial::run(&plan, &trial::TrialOptions::default()).unwrap().is_fine());
    let stopped =
        trial::run(&plan, &trial::TrialOptions { guard: guard(), ..trial::TrialOptions::default() }).unwrap_err();
    assert!(stopped.path.contains("long_script"), "{stopped}");
}

#[test]
fn nothing_is_explained() {
    let plan = plan();
    let log = log(&plan, &lines());
    let ask = |lead, guard, questions| {
        let options = explain::ExplainOptions { at: Some(at("2026-03-02T10:30:00Z")), questions, guard };
        explain::explain(&plan, &log, LeadId(lead), &options)
    };
    let summed = || vec![Pattern::rule("summed", &plan.rulebook).unwrap()];
    assert!(ask(0, guard(), summed()).unwrap().is_some(), "the short sum");
    assert!(ask(1, None, summed()).unwrap().is_some());
    assert!(ask(1, guard(), Vec::new()).unwrap().is_some(), "the long one has not been asked by then");
    is_the_function(&ask(1, guard(), summed()).unwrap_err());
}

/// A store with the rulebook in force and the lines in its log, none of them handled.
fn stored(lines: &[String]) -> Room {
    let room = room();
    let mut live = Live::open(room.path(), &options()).unwrap();
    let files = files();
    live.activate_first(&files, files.check().rulebook.unwrap(), at("2026-03-02T08:00:00Z")).unwrap();
    let lines = lines.iter().zip(1..);
    let lines = lines.map(|(text, number)| LogLine { path: "-".into(), number, text: text.into(), broken: None });
    live.ingest(lines.collect(), Arrival::Own, false).unwrap();
    room
}

fn open(room: &Room, guard: Option<TimeGuard>) -> Live {
    Live::open_guarded(room.path(), &options(), guard, &mut |_| ()).unwrap()
}

fn stopped_by(error: LiveError) -> Stopped {
    match error {
        LiveError::Stopped(stopped) => stopped,
        other => panic!("{other}"),
    }
}

#[test]
fn a_live_run_keeps_what_came_before_and_asks_again() {
    let until = at("2026-03-09T00:00:00Z");
    let (calm, hurried) = (stored(&lines()), stored(&lines()));
    let mut wanted = open(&calm, None);
    wanted.advance(until).unwrap();
    for step in [50_000, 1] {
        let mut live = open(&hurried, guard()).with_step(step);
        is_the_score(&stopped_by(live.advance(until).unwrap_err()));
        // Three events and the activation are handled; the fourth has the long script.
        assert_eq!((live.unhandled(), live.decisions()), (2, 3), "step {step}");
        assert_eq!(live.now(), at("2026-03-02T10:59:59.999999Z"), "step {step}");
        assert_eq!(live.outbox().unwrap().len(), 3, "step {step}");
        is_the_score(&stopped_by(live.advance(until).unwrap_err()));
        assert_eq!((live.unhandled(), live.decisions()), (2, 3), "step {step}");
    }
    let mut live = open(&hurried, None);
    live.advance(until).unwrap();
    assert_eq!(decided(&live), decided(&wanted));
    assert_eq!((live.now(), live.decisions()), (until, 5));
    live.rebuild().unwrap();
    assert_eq!(decided(&live), decided(&wanted));
}

/// Where a timer asks the script, what was due before it is decided, and the timer waits.
#[test]
fn a_timer_that_was_stopped_fires_later() {
    let clicked = String::from(r#"{"id":"e3","type":"link.clicked","lead":"lou","at":"2026-03-02T10:00:00Z"}"#);
    let lines = [&lines()[..2], &[clicked]].concat();
    let room = stored(&lines);
    let mut live = open(&room, guard());
    live.advance(at("2026-03-02T10:00:00Z")).unwrap();
    let until = at("2026-03-09T00:00:00Z");
    for _ in 0..2 {
        is_the_function(&stopped_by(live.advance(until).unwrap_err()));
        let due = at("2026-03-04T10:00:00Z");
        assert_eq!((live.now(), live.decisions(), live.unhandled()), (due - Span(1), 2, 0));
        assert_eq!(live.next_due().unwrap(), Some(due));
    }
    drop(live);
    let mut live = open(&room, None);
    live.advance(until).unwrap();
    assert_eq!((live.decisions(), live.next_due().unwrap()), (3, None));
}

/// A rulebook comes into force with all leads or not at all.
#[test]
fn an_activation_that_was_stopped_changes_nothing() {
    let edited = tempfile::tempdir().unwrap();
    super::stand::copy(Path::new(FOLDER), edited.path());
    let rules = edited.path().join("rules.ensue");
    let text = std::fs::read_to_string(&rules).unwrap();
    std::fs::write(&rules, text.replace("again:  opened", "anew:   opened")).unwrap();
    let changed = Files::read(edited.path()).unwrap();
    let room = stored(&lines());
    open(&room, None).advance(at("2026-03-03T00:00:00Z")).unwrap();
    let mut live = open(&room, guard());
    let (was, len) = (live.ruleset().unwrap().to_owned(), live.store().len());
    let activate =
        |live: &mut Live| live.activate(&changed, changed.check().rulebook.unwrap(), at("2026-03-03T01:00:00Z"));
    is_the_score(&stopped_by(activate(&mut live).unwrap_err()));
    assert_eq!((live.ruleset(), live.store().len()), (Some(was.as_str()), len));
    drop(live);
    let mut live = open(&room, None);
    assert_eq!(live.ruleset(), Some(was.as_str()));
    assert_eq!(activate(&mut live).unwrap().changes.rules.added, ["anew"]);
}

/// The program: exit code 3, the script by its place, and what to do.
#[test]
fn the_program_ends_with_exit_code_3() {
    let stand = Stand::new("long_script");
    let hurried = |args: &str| {
        let args: Vec<&str> = args.split(' ').collect();
        let output = command(stand.dir(), &args).env("ENSUE_TEST_GUARD_MS", "0").output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let stopped = |args: &str| {
        let (code, out, err) = hurried(args);
        assert_eq!(code, Some(3), "{args}: {out}{err}");
        assert!(
            err.contains("the script has run for 0 s and was stopped\n  = help: nothing of it is recorded"),
            "{err}"
        );
        assert!(err.contains("rules.ensue:") || err.contains("sums.rhai:"), "{err}");
        out
    };
    stand.write(
        "ensue.yaml",
        "store: store\nrules: .\nsinks: { out: { kind: file, path: out.jsonl } }\nroute: { default: out }\n",
    );
    for args in [
        "dry-run . --events events.jsonl",
        "test .",
        "explain lou . --events events.jsonl",
        "render hello . --lead lou --events events.jsonl",
    ] {
        assert_eq!(stopped(args), "", "{args}");
    }
    // Nobody asks a script where nothing is decided.
    assert_eq!(hurried("check .").0, Some(0));
    stand.done(&["ingest", "events.jsonl", "--replay"]);
    for _ in 0..2 {
        stopped("run --at 2026-03-09T00:00:00Z");
        assert_eq!(stand.lines("out.jsonl"), Vec::<String>::new());
    }
    stopped("store decisions");
    stopped("explain lou");
    let text = std::fs::read_to_string(stand.path("rules.ensue")).unwrap();
    stand.done(&["run", "--at", "2026-03-09T00:00:00Z"]);
    stand.write("rules.ensue", &text.replace("again:  opened", "anew:   opened"));
    stopped("activate --at 2026-03-09T00:00:00Z");
    stand.done(&["activate", "--at", "2026-03-09T00:00:00Z"]);
}

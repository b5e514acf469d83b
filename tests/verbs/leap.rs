//! Clocks that have leapt, told by the machine's own clock.

use std::fs;

use super::place::Place;

fn begun() -> Place {
    let place = Place::new("live/clock_leaps");
    place.good("ingest events.jsonl --replay --rules rules.ensue");
    place
}

#[test]
fn no_verb_lets_a_store_leap_to_a_clock_far_ahead() {
    let place = begun();
    // What waits in the log is taken in by whoever looks.
    place.good("lead ana");
    let before = place.good("store export");
    fs::write(
        place.path("new.jsonl"),
        "{\"id\":\"e9\",\"type\":\"email.opened\",\"lead\":\"ana\",\"at\":\"2026-03-02T08:00:00Z\"}",
    )
    .unwrap();
    for words in [
        "run rules.ensue",
        "ingest TMP/new.jsonl",
        "ingest TMP/new.jsonl --backfill",
        "activate rules.ensue",
        "lead ana pause --by kim",
        "store quarantine retry --all",
    ] {
        let ran = place.ensue(words);
        assert_eq!(ran.code, 3, "{words}: {ran:?}");
        assert!(ran.err.contains(" days after the last that this store knows of, 2026-03-05T12:00:00Z\n"), "{ran:?}");
        assert!(ran.err.contains("= help: if that is right, `ensue "), "{ran:?}");
        assert_eq!(place.good("store export"), before, "{words}");
    }
    place.good("run rules.ensue --yes");
    place.good("lead ana pause --by kim");
    place.good("ingest TMP/new.jsonl");
}

#[test]
fn a_replay_takes_in_what_any_clock_can_have_told() {
    let place = begun();
    place.good("ingest events.jsonl --replay");
    let before = place.good("store export");
    let ran = place.ensue("ingest events.jsonl late.jsonl --replay");
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(
        ran.err.contains("late.jsonl:1: the record arrived at 2090-03-02T08:00:00Z, more than a day after now, "),
        "{ran:?}"
    );
    assert_eq!(place.good("store export"), before);
    // What lies behind is the log's own, and so are gaps.
    let old = "{\"id\":\"e0\",\"type\":\"email.opened\",\"lead\":\"ana\",\"at\":\"2025-01-02T08:00:00Z\"}\n";
    let gap = "{\"id\":\"e4\",\"type\":\"email.opened\",\"lead\":\"ana\",\"at\":\"2026-06-02T08:00:00Z\"}\n";
    fs::write(place.path("both.jsonl"), format!("{gap}{old}")).unwrap();
    assert!(place.good("ingest TMP/both.jsonl --replay").starts_with("ingest: 2 events stored"));
}

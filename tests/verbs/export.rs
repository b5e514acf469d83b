//! What a store exports gives the same store again, and the same dry run.

use super::place::Place;

/// A store with a history of its own: events, what was done by hand, and what was handed over.
fn lived() -> Place {
    let place = Place::new("live/lead_story");
    for words in [
        "ingest events.jsonl --replay --rules rules.ensue",
        "run rules.ensue --at 2026-03-03T15:30:00Z",
        "lead ana pause --until 2026-03-06 --by kim@example.com --why \"on a fair: until Friday\" --at 2026-03-03T11:00",
        "lead ana move objection --to 2026-03-12T11:00 --by kim --at 2026-03-07T11:00",
        "lead boris tier hot --lock --by kim --at 2026-03-07T11:00:00Z",
        "run rules.ensue --at 2026-03-09T21:00:00Z",
        "ingest reply.jsonl --replay",
        "lead boris skip last_call --by kim --at 2026-03-11T11:00:00Z",
    ] {
        place.good(words);
    }
    place
}

fn dry_run(place: &Place, log: &str) -> String {
    place.good(&format!("dry-run rules.ensue --events TMP/{log} --format jsonl"))
}

fn export(place: &Place, name: &str) {
    let text = place.good("store export");
    std::fs::write(place.path(name), text).unwrap();
}

#[test]
fn the_decisions_are_those_of_a_dry_run_over_the_export() {
    let place = lived();
    let decisions = place.good("store decisions");
    assert!(decisions.lines().count() > 12, "{decisions}");
    export(&place, "export.jsonl");
    assert_eq!(decisions, dry_run(&place, "export.jsonl"));
    // The same when a lead is forgotten.
    place.good("lead ana erase --yes --by kim --at 2026-03-12T09:00");
    let decisions = place.good("store decisions");
    export(&place, "erased.jsonl");
    assert_eq!(decisions, dry_run(&place, "erased.jsonl"));
}

#[test]
fn an_export_gives_the_same_store_again() {
    let place = lived();
    export(&place, "export.jsonl");
    place.good("ingest TMP/export.jsonl --replay --rules rules.ensue --store TMP/again");
    for words in
        ["store decisions", "run rules.ensue --dry --at 2026-03-12T12:00:00Z", "lead ana", "lead boris --format json"]
    {
        assert_eq!(place.good(words), place.good(&format!("{words} --store TMP/again")), "{words}");
    }
    // And a second export of both is the same.
    assert_eq!(place.good("store export"), place.good("store export --store TMP/again"));
}

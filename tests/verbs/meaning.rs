//! A store of an ensue that read rules otherwise: what was decided stays, and nothing more is decided
//! until its rules are activated anew.

use std::fs;
use std::path::Path;

use super::place::Place;

fn older() -> Place {
    let place = Place::new("store/semantics_1");
    for (folder, files) in [("store", &["head", "keys"][..]), ("store/sled", &["conf", "db"])] {
        fs::create_dir_all(place.path(folder)).unwrap();
        for file in files {
            fs::copy(place.cwd.join(folder).join(file), place.path(folder).join(file)).unwrap();
        }
    }
    place
}

/// The decisions that an earlier program made, and none that lie ahead.
fn recorded(place: &Path) -> Vec<String> {
    let text = fs::read_to_string(place.join("decisions.jsonl")).unwrap();
    text.lines().filter(|line| !line.contains("\"scheduled\"")).map(str::to_owned).collect()
}

#[test]
fn nothing_is_decided_by_rules_that_meant_something_else_until_they_are_activated() {
    let place = older();
    let recorded = recorded(&place.cwd);
    let made = |place: &Place| {
        let lines = place.good("store decisions");
        let made = lines.lines().filter(|line| !line.contains("\"scheduled\"")).map(str::to_owned);
        made.collect::<Vec<_>>()
    };
    assert_eq!(made(&place), recorded);
    for words in [
        "run rules.ensue --at 2026-03-04T12:00:00Z",
        "run rules.ensue --dry --at 2026-03-04T12:00:00Z",
        "lead ana pause --by kim --at 2026-03-04T12:00:00Z",
    ] {
        let ran = place.ensue(words);
        assert_eq!(ran.code, 3, "{words}: {ran:?}");
        assert!(
            ran.err
                .contains("an ensue that read some of them otherwise (semantics 1, now 2)\n  = help: `ensue activate`"),
            "{ran:?}"
        );
    }
    // Looking, and telling, go on.
    assert!(place.good("lead ben").contains("scheduled"));
    fs::write(
        place.path("more.jsonl"),
        "{\"id\":\"e6\",\"type\":\"email.opened\",\"lead\":\"ana\",\"at\":\"2026-03-03T13:00:00Z\"}\n",
    )
    .unwrap();
    place.good("ingest TMP/more.jsonl --replay");
    assert_eq!(made(&place), recorded);
    let told = place.good("activate rules.ensue --at 2026-03-03T14:00:00Z");
    assert!(
        told.starts_with(
            "the rules are read otherwise than before (semantics 1, now 2): 0 decisions made so far would not be made now, 1 more would be, of 1 lead;"
        ),
        "{told}"
    );
    assert_eq!(made(&place), recorded);
    assert!(place.good("store export").contains("\"semantics\":2"));
    assert!(place.good("activate rules.ensue --at 2026-03-03T14:00:00Z").contains("is in force already"));
    let out = place.good("run rules.ensue --at 2026-03-06T12:00:00Z");
    // What went out before is in no line again, and the sequence goes on where it stood.
    assert!(!out.contains("recap") && !out.contains("a new lead"), "{out}");
    assert!(out.contains("silent for three days"), "{out}");
    assert_eq!(made(&place)[..recorded.len()], recorded);
    place.good("store verify");
}

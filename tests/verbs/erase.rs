//! An erased lead: nothing that tells who it was is in any file of the store, whatever was done
//! with it before.

use std::path::Path;

use super::place::Place;

/// What tells who the lead is: from facts, a reply, the words of a colleague, a sink's answer, a
/// record in quarantine.
const PERSONAL: [&str; 7] = [
    "Ana Li",
    "ana@acme.example",
    "+1 555 0100",
    "my daughter is ill",
    "met her and her daughter",
    "no such mailbox ana@acme.example",
    "her quarantined words",
];

fn files(dir: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
}

/// Where any of some texts is.
fn found_in(dir: &Path, texts: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    files(dir, &mut found);
    let mut leaks = Vec::new();
    for (path, bytes) in found {
        for text in texts {
            if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
                leaks.push(format!("`{text}` in {path}"));
            }
        }
    }
    leaks
}

#[test]
fn no_file_of_the_store_knows_an_erased_lead() {
    let place = Place::new("live/lead_erase");
    for words in [
        "ingest personal.jsonl --replay --rules rules.ensue",
        "lead ana tier hot --by kim --why \"met her and her daughter\" --at 2026-03-04T09:00",
        "lead ana pause --for 2d --by kim@acme.example --why \"met her and her daughter\" --at 2026-03-04T09:10",
        "lead ana resume --by kim --at 2026-03-04T09:11",
    ] {
        let ran = place.ensue(words);
        assert!(ran.code <= 1, "{words}: {ran:?}");
    }
    let refused = place.ensue("run rules.ensue --config refusing.yaml --at 2026-03-05T16:00:00Z");
    assert_eq!(refused.code, 1, "{refused:?}");
    let shown = place.good("lead ana") + &place.good("store quarantine list");
    for text in PERSONAL {
        assert!(shown.contains(text) || text.starts_with("my") || text.starts_with("+1"), "{text} is known: {shown}");
    }
    place.good("lead ana erase --yes --by kim --why \"asked for it\" --at 2026-03-06T09:00");
    assert_eq!(found_in(&place.path("store"), &PERSONAL), Vec::<String>::new());
    // What is not personal lies there as it was told, so the search would find what is.
    assert!(!found_in(&place.path("store"), &["kim"]).is_empty());
    for words in ["lead ana", "lead ana --format json", "store export", "store decisions", "store quarantine list"] {
        let shown = place.good(words);
        for text in PERSONAL {
            assert!(!shown.contains(text), "`{text}` in {words}: {shown}");
        }
    }
    // What was decided can be made anew without what is gone.
    place.good("store verify");
    let decisions = place.good("store decisions");
    place.good("store repair --to TMP/repaired");
    assert_eq!(decisions, place.good("store decisions --store TMP/repaired"));
}

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

#[test]
fn an_erasure_that_was_ingested_destroys_the_key_as_one_by_hand() {
    let place = Place::new("live/lead_erase");
    place.good("ingest events.jsonl --replay --rules rules.ensue");
    let told = concat!(
        r#"{"id":"p1","type":"lead.updated","lead":"ana","at":"2026-03-04T09:00:00Z","props":{"mobile":4917012345678,"#,
        r#""firstName":"Anastasia","Phone":"0170-SECRET"}}"#,
        "\n",
        r#"{"id":"x1","type":"override.erase","lead":"ana","at":"2026-03-05T09:00:00Z","props":{"by":"kim"}}"#,
        "\n",
    );
    std::fs::write(place.path("told.jsonl"), told).unwrap();
    let texts = ["Ana Li", "ana@acme.example", "my daughter is ill", "4917012345678", "Anastasia", "0170-SECRET"];
    place.good("ingest TMP/told.jsonl --replay");
    let known = place.good("store export");
    for text in texts {
        assert!(known.contains(text), "`{text}` in {known}");
    }
    place.good("run rules.ensue --at 2026-03-05T10:00:00Z");
    let shown = place.good("store export") + &place.good("store decisions") + &place.good("lead ana");
    for text in texts {
        assert!(!shown.contains(text), "`{text}` in {shown}");
    }
    assert_eq!(found_in(&place.path("store"), &texts), Vec::<String>::new());
}

#[test]
fn a_fact_that_quotes_what_a_lead_wrote_goes_with_it() {
    let place = Place::new("live/lead_erase");
    let rules = "tiers warm\n\nevent asked is \"asked\" { text text }\nlead { topic text? }\n\nt: asked -> set topic = event.text\n";
    std::fs::write(place.path("topic.ensue"), rules).unwrap();
    let told =
        r#"{"id":"q1","type":"asked","lead":"ana","at":"2026-03-04T09:00:00Z","props":{"text":"call 0170-SECRET"}}"#;
    std::fs::write(place.path("told.jsonl"), format!("{told}\n")).unwrap();
    place.good("ingest TMP/told.jsonl --replay --rules TMP/topic.ensue");
    assert!(place.good("store decisions").contains("0170-SECRET"));
    place.good("lead ana erase --yes --by kim --at 2026-03-05T09:00");
    let decisions = place.good("store decisions");
    assert!(!decisions.contains("0170-SECRET"), "{decisions}");
    assert_eq!(found_in(&place.path("store"), &["0170-SECRET"]), Vec::<String>::new());
    // The same as a dry run says over what is left.
    std::fs::write(place.path("export.jsonl"), place.good("store export")).unwrap();
    assert_eq!(decisions, place.good("dry-run TMP/topic.ensue --events TMP/export.jsonl --format jsonl"));
}

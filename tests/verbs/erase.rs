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
    let shown = place.good("lead ana") + place.good("store quarantine list").as_str();
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
    let shown = place.good("store export") + place.good("store decisions").as_str() + place.good("lead ana").as_str();
    for text in texts {
        assert!(!shown.contains(text), "`{text}` in {shown}");
    }
    assert_eq!(found_in(&place.path("store"), &texts), Vec::<String>::new());
}

/// Rules copy facts, of every type, and facts that were copied; a script quotes one where it fails.
#[test]
fn what_was_copied_of_a_lead_goes_with_it() {
    let place = Place::new("live/lead_copies");
    let told = ["Ana Li", "ana@acme.example", "ana@home.example", "49170", "1980-05-01", "has a dog", "2019-12-31T2"];
    place.good("ingest events.jsonl --replay --rules rules.ensue");
    place.good("run rules.ensue --at 2026-03-03T09:00:00Z");
    let decisions = place.good("store decisions");
    for text in told {
        assert!(decisions.contains(text), "`{text}` in {decisions}");
    }
    place.good("lead ana erase --yes --by kim --at 2026-03-05T09:00");
    let (decisions, export) = (place.good("store decisions"), place.good("store export"));
    // What the rulebook says by itself is no secret of the lead, and an owner is not the lead.
    let decisions_of_lead = decisions.replace(r#""to":"Ana Li","field":"stage""#, "");
    for text in told {
        assert!(!decisions_of_lead.contains(text), "`{text}` in {decisions_of_lead}");
        assert!(!export.contains(text), "`{text}` in {export}");
    }
    assert!(export.contains("kim@ours.example"), "{export}");
    assert_eq!(found_in(&place.path("store"), &told[1..]), Vec::<String>::new());
    // The same as a dry run says over what is left.
    std::fs::write(place.path("export.jsonl"), &export).unwrap();
    let dry_run = place.ensue("dry-run rules.ensue --events TMP/export.jsonl --format jsonl");
    assert_eq!(decisions, dry_run.out);
}

/// What nobody can read as a record lies sealed too, and goes with the lead it tells of.
#[test]
fn quarantine_keeps_nothing_of_an_erased_lead_though_it_is_no_json() {
    let place = Place::new("live/lead_erase");
    place.good("ingest events.jsonl --replay --rules rules.ensue");
    let bad = concat!(
        "{\"id\":\"q2 broken ANA@acme.example\n",
        "id,lead,note\n",
        "7;\"ana\";her secret words\n",
        "Ana Li called, says a csv\n",
        "{\"id\":\"x\",\"type\":5,\"lead\":7,\"props\":{\"mail\":\"ana@acme.example\"}}\n",
        "banana@acme.example.org is another one\n",
    );
    std::fs::write(place.path("bad.jsonl"), bad).unwrap();
    place.ensue("ingest TMP/bad.jsonl --yes");
    let texts = ["ANA@acme.example", "her secret words", "Ana Li called", "banana@acme.example.org", "id,lead,note"];
    assert_eq!(found_in(&place.path("store"), &texts), Vec::<String>::new());
    let listed = place.good("store quarantine list");
    for text in texts {
        assert!(listed.contains(text), "`{text}` in {listed}");
    }
    let keys = place.good("store verify");
    assert!(keys.contains("keys    2 keys\n"), "what belongs to no lead is no lead's key: {keys}");
    place.good("lead ana erase --yes --by kim --at 2026-03-06T09:00");
    let listed = place.good("store quarantine list");
    for text in &texts[..3] {
        assert!(!listed.contains(text), "`{text}` in {listed}");
    }
    assert!(listed.contains("banana@acme.example.org") && listed.contains("id,lead,note"), "{listed}");
    assert!(listed.contains("store: 2 records in quarantine"), "{listed}");
    place.good("store compact");
    assert_eq!(listed, place.good("store quarantine list"));
    assert_eq!(place.ensue("store quarantine retry --all --at 2026-03-06T10:00:00Z").code, 1);
}

/// What the second test store is told, beside what the first one exports: the same addresses under another id.
const BACK_AGAIN: &str = concat!(
    r#"{"id":"n1","type":"lead.created","lead":"ana-2","at":"2026-03-09T09:00:00Z","props":{"email":"Ana Li <ANA@Acme.example>"}}"#,
    "\n",
    r#"{"id":"n2","type":"lead.created","lead":"ben-2","at":"2026-03-09T09:00:00Z","props":{"phone":"0049 30 123456"}}"#,
    "\n",
    r#"{"id":"n3","type":"lead.created","lead":"cleo","at":"2026-03-09T09:00:00Z","props":{"email":"cleo@acme.example"}}"#,
    "\n",
    r#"{"id":"n4","type":"lead.created","lead":"dan-2","at":"2026-03-09T09:00:00Z","props":{"email":"dan@acme.example"}}"#,
    "\n",
);

/// Whose addresses were erased is known after an export too, though nobody can read them: under the other id,
/// in another store, in a dry run, and by the number as by the mail address.
#[test]
fn erased_addresses_are_known_in_what_an_export_is_read_into() {
    let place = Place::new("live/lead_erase");
    let rules = "tiers hot\ncreated where has email -> email hello\ncreated where has phone -> sms hello\n";
    std::fs::write(place.path("rules.ensue"), rules).unwrap();
    let log = concat!(
        r#"{"id":"e1","type":"lead.created","lead":"ana","at":"2026-03-02T09:00:00Z","props":{"email":"ana@acme.example"}}"#,
        "\n",
        r#"{"id":"e2","type":"lead.created","lead":"ben","at":"2026-03-02T09:00:00Z","props":{"phone":"tel:+49 (0)30 123-456"}}"#,
        "\n",
        r#"{"id":"e3","type":"lead.created","lead":"dan","at":"2026-03-02T09:00:00Z","props":{"email":"dan@acme.example"}}"#,
        "\n",
        r#"{"id":"e4","type":"email.unsubscribed","lead":"dan","at":"2026-03-02T10:00:00Z"}"#,
        "\n",
    );
    std::fs::write(place.path("log.jsonl"), log).unwrap();
    place.good("ingest TMP/log.jsonl --replay --rules TMP/rules.ensue");
    place.good("run TMP/rules.ensue --at 2026-03-03T09:00:00Z");
    for lead in ["ana", "ben", "dan"] {
        place.good(&format!("lead {lead} erase --yes --by kim --at 2026-03-04T09:00"));
    }
    let export = place.good("store export");
    for told in ["ana@acme", "dan@acme", "123-456"] {
        assert!(!export.contains(told), "{export}");
    }
    std::fs::write(place.path("back.jsonl"), BACK_AGAIN).unwrap();
    std::fs::write(place.path("export.jsonl"), export.clone() + BACK_AGAIN).unwrap();
    place.good("ingest TMP/back.jsonl --replay");
    place.good("ingest TMP/export.jsonl --replay --rules TMP/rules.ensue --store TMP/again");
    let dry_run =
        place.good("dry-run TMP/rules.ensue --events TMP/export.jsonl --until 2026-03-10T09:00:00Z --format jsonl");
    let mut all = vec![dry_run];
    for store in ["store", "again"] {
        place.good(&format!("run TMP/rules.ensue --at 2026-03-10T09:00:00Z --store TMP/{store}"));
        all.push(place.good(&format!("store decisions --store TMP/{store}")));
    }
    place.good("store repair --store TMP/again --to TMP/repaired");
    all.push(place.good("store decisions --store TMP/repaired"));
    for decisions in all {
        let of = |lead: &str, status: &str| {
            let is = |line: &&str| {
                line.contains(&format!(r#""lead":"{lead}""#)) && line.contains(&format!(r#""status":"{status}""#))
            };
            decisions.lines().filter(is).count()
        };
        for lead in ["ana-2", "ben-2", "dan-2"] {
            assert_eq!(of(lead, "sent"), 0, "{lead}: {decisions}");
        }
        assert_eq!((of("ana-2", "suppressed"), of("dan-2", "suppressed")), (1, 1), "{decisions}");
        assert!(of("ben-2", "suppressed") >= 1, "{decisions}");
        assert_eq!(of("cleo", "sent"), 1, "who is new gets it: {decisions}");
    }
    // And once more, from the store that was made of the export.
    let again = place.good("store export --store TMP/again");
    std::fs::write(place.path("third.jsonl"), &again).unwrap();
    place.good("ingest TMP/third.jsonl --replay --rules TMP/rules.ensue --store TMP/third");
    assert_eq!(again, place.good("store export --store TMP/third"));
}

/// Two stores hash addresses each in its own way: what one exports is not read into the other as if it were its
/// own, and says so.
#[test]
fn the_salt_of_another_store_is_told_apart() {
    let place = Place::new("live/lead_erase");
    let mut salts = Vec::new();
    for store in ["store", "other"] {
        place.good(&format!("ingest events.jsonl --replay --rules rules.ensue --store TMP/{store}"));
        let export = place.good(&format!("store export --store TMP/{store}"));
        salts.push(export.lines().find(|line| line.contains("ensue.salt")).unwrap().to_owned());
        std::fs::write(place.path(&format!("{store}.jsonl")), export).unwrap();
    }
    assert_ne!(salts[0], salts[1]);
    let bad = |words: &str, reason: &str| {
        let ran = place.ensue(words);
        let store = words.split_once("--store").map_or(String::new(), |(_, store)| format!(" --store{store}"));
        let listed = place.good(&format!("store quarantine list{}", store.replace(" --rules rules.ensue", "")));
        assert!(ran.code == 1 && listed.contains(reason), "{ran:?}\n{listed}");
        assert!(
            ran.err.contains("who was erased there is not known here") && ran.err.contains("ensue halt all"),
            "{ran:?}"
        );
    };
    bad("ingest TMP/other.jsonl --replay", "hashes addresses with a salt of its own");
    let own = place.good("ingest TMP/store.jsonl --replay");
    assert!(own.contains("0 events stored") && own.contains("0 in quarantine"), "{own}");
    let ran = place.ensue("dry-run rules.ensue --events TMP/store.jsonl --events TMP/other.jsonl");
    assert!(ran.code != 0 && ran.err.contains("hashes addresses with a salt of its own"), "{ran:?}");
    for broken in [salts[0].replace("\"salt\":\"", "\"salt\":\"zz"), salts[0].replace("\"salt\"", "\"other\"")] {
        std::fs::write(place.path("broken.jsonl"), &broken).unwrap();
        let ran = place.ensue("dry-run rules.ensue --events TMP/broken.jsonl");
        assert!(ran.code != 0 && ran.err.contains("64 hexadecimal digits"), "{broken}: {ran:?}");
        bad("ingest TMP/broken.jsonl --replay --store TMP/new --rules rules.ensue", "64 hexadecimal digits");
    }
}

/// A store of before has no salt of its own, and what is made from its export goes on with the fixed one.
#[test]
fn an_export_of_a_store_of_before_says_that_its_salt_is_the_fixed_one() {
    let place = Place::new("live/lead_erase");
    let rules = "tiers hot\ncreated where has email -> email hello\n";
    std::fs::write(place.path("rules.ensue"), rules).unwrap();
    let log = concat!(
        r#"{"id":"s","type":"ensue.salt","lead":"ensue","at":"2026-03-02T08:00:00Z","props":{"salt":"fixed"}}"#,
        "\n",
        r#"{"id":"e1","type":"lead.created","lead":"ana","at":"2026-03-02T09:00:00Z","props":{"email":"ana@acme.example"}}"#,
        "\n",
    );
    std::fs::write(place.path("log.jsonl"), log).unwrap();
    place.good("ingest TMP/log.jsonl --replay --rules TMP/rules.ensue");
    place.good("run TMP/rules.ensue --at 2026-03-03T09:00:00Z");
    place.good("lead ana erase --yes --by kim --at 2026-03-04T09:00");
    let export = place.good("store export");
    assert!(export.contains(r#""salt":"fixed""#), "{export}");
    std::fs::write(place.path("export.jsonl"), export + BACK_AGAIN).unwrap();
    place.good("ingest TMP/export.jsonl --replay --rules TMP/rules.ensue --store TMP/again");
    place.good("run TMP/rules.ensue --at 2026-03-10T09:00:00Z --store TMP/again");
    let decisions = place.good("store decisions --store TMP/again");
    let of_back = decisions.lines().find(|line| line.contains(r#""lead":"ana-2""#)).unwrap();
    assert!(of_back.contains(r#""code":"address-barred""#), "{of_back}");
}

//! A damaged store: `verify` says so and by which name, `repair` brings what is readable.

use std::fs;

use super::place::Place;

#[test]
fn verify_names_the_damage_and_repair_says_what_is_lost() {
    let place = Place::new("live/store_upkeep");
    place.good("ingest events.jsonl --replay --rules rules.ensue");
    // Enough for several blocks, so that the damage has something before it.
    let mut more = String::new();
    for n in 0..2000 {
        let at = format!("2026-03-03T{:02}:{:02}:{:02}Z", 9 + n / 3600, n / 60 % 60, n % 60);
        more += &format!(
            "{{\"id\":\"m{n}\",\"type\":\"page.viewed\",\"lead\":\"l{}\",\"at\":\"{at}\",\"props\":{{\"page\":\"pricing\"}}}}\n",
            n % 7
        );
    }
    fs::write(place.path("more.jsonl"), more).unwrap();
    place.good("ingest TMP/more.jsonl --replay");
    let decisions = place.good("store decisions");
    let whole = place.good("store verify");
    assert!(whole.contains("2006 entries"), "{whole}");

    // The key file cut short.
    let keys = fs::read(place.path("store/keys")).unwrap();
    fs::write(place.path("store/keys"), &keys[..keys.len() - 3]).unwrap();
    let ran = place.ensue("store verify");
    assert_eq!(ran.code, 3);
    assert!(
        ran.err.contains("error: the key file of the store cannot be trusted") && ran.err.contains("= help:"),
        "{ran:?}"
    );
    fs::write(place.path("store/keys"), &keys).unwrap();

    // A value of the middle of the log turned over, wherever it lies in the file.
    let db = place.path("store/sled/db");
    let bytes = fs::read(&db).unwrap();
    let mut harmed = bytes.clone();
    for (at, window) in bytes.windows(5).enumerate() {
        if window == b"m1200" {
            harmed[at] ^= 0x20;
        }
    }
    assert_ne!(bytes, harmed);
    fs::write(&db, &harmed).unwrap();
    let ran = place.ensue("store verify");
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.starts_with("error: ") && ran.err.contains("store repair --to NEW"), "{ran:?}");

    let repaired = place.ensue("store repair --to TMP/new");
    assert_eq!(repaired.code, 1, "something was lost: {repaired:?}");
    let said = repaired.out;
    let number = |text: &str| text.split_whitespace().find_map(|word| word.parse::<u64>().ok()).unwrap();
    let (recovered, lost) = said.lines().next().unwrap().split_once(';').unwrap();
    assert_eq!(number(recovered) + number(lost), 2006, "{said}");
    assert!(number(recovered) > 500 && number(lost) > 500, "{said}");
    place.good("store verify --store TMP/new");
    // What was decided on what is left is a beginning of what was decided.
    let left = place.good("store decisions --store TMP/new");
    let before = left.lines().filter(|line| !line.contains(r#""status":"scheduled""#));
    let all: Vec<&str> = decisions.lines().collect();
    let kept = before.inspect(|line| assert!(all.contains(line), "{line}")).count();
    assert!(kept > 3, "{left}");
}

#[test]
fn a_store_that_is_not_there_is_said_to_be_missing() {
    let place = Place::new("live/store_upkeep");
    for words in ["store verify", "store decisions", "store stats", "store repair --to TMP/new", "lead ana"] {
        let ran = place.ensue(words);
        assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{words}");
        assert!(ran.err.starts_with("error: there is no store in `TMP/store`"), "{words}: {ran:?}");
    }
}

/// One flipped bit in the key file costs one lead its facts and no other; who it is is said, and nothing goes
/// to an address that nobody can read.
#[test]
fn a_damaged_key_is_one_lost_key_and_nothing_goes_to_nobody() {
    let place = Place::new("live/store_upkeep");
    let mut log = String::new();
    for n in 0..40 {
        log += &format!(
            "{{\"id\":\"e{n}\",\"type\":\"lead.created\",\"lead\":\"l{n}\",\"at\":\"2026-03-02T14:00:00Z\",\"props\":{{\"name\":\"Lead {n}\",\"email\":\"l{n}@acme.example\"}}}}\n"
        );
    }
    fs::write(place.path("log.jsonl"), log).unwrap();
    let rules = "tiers hot\nchannel email { require email_ok }\nfirst: created -> hot, email hello\n";
    fs::write(place.path("rules.ensue"), rules).unwrap();
    fs::write(
        place.path("ensue.yaml"),
        "rules: rules.ensue\nsinks: { out: { kind: file, path: out.jsonl } }\nroute: { default: out }\n",
    )
    .unwrap();
    place.good("ingest TMP/log.jsonl --replay --config TMP/ensue.yaml");
    let keys = place.path("store/keys");
    let bytes = fs::read(&keys).unwrap();
    let hit = |from: usize, to: usize| {
        let mut harmed = bytes.clone();
        harmed[from..to].iter_mut().for_each(|byte| *byte ^= 4);
        fs::write(&keys, harmed).unwrap();
    };
    // Within the key of a lead, within the length of a name, the generation, and over several.
    let at = |name: &str| {
        let whole = [&(name.len() as u32).to_be_bytes()[..], name.as_bytes()].concat();
        bytes.windows(whole.len()).position(|found| found == whole).unwrap()
    };
    for (from, to, lost) in [
        (at("l12") + 20, at("l12") + 21, vec!["l12"]),
        (at("l20"), at("l20") + 4, vec!["l20"]),
        (12, 20, vec![]),
        (at("l30") + 5, at("l32") + 10, vec!["l30", "l31", "l32"]),
    ] {
        hit(from, to);
        let ran = place.ensue("store verify");
        assert_eq!(ran.code, 3, "{ran:?}");
        assert!(ran.err.contains("error: the key file of the store cannot be trusted"), "{ran:?}");
        if !lost.is_empty() {
            let said = format!("{} of 40 that were acknowledged", ensue::words::many(lost.len() as u64, "key"));
            assert!(ran.err.contains(&said), "{said}: {ran:?}");
        }
        let _ = fs::remove_dir_all(place.path("new"));
        // What is repaired anew is no older copy of what was repaired before.
        let _ = fs::remove_file(place.path("new.latest"));
        let ran = place.ensue("store repair --to TMP/new");
        assert_eq!(ran.code, i32::from(!lost.is_empty()), "{ran:?}");
        if lost.is_empty() {
            continue;
        }
        let keys = format!(
            "keys    {} keys; {} could not be recovered\n",
            40 - lost.len(),
            ensue::words::many(lost.len() as u64, "key")
        );
        assert!(ran.out.contains(&keys), "{ran:?}");
        let named = format!("of {}: {}\n", ensue::words::many(lost.len() as u64, "lead"), lost.join(", "));
        assert!(ran.out.contains(&named), "{ran:?}");
        let _ = fs::remove_file(place.path("out.jsonl"));
        let ran = place.ensue("run --store TMP/new --config TMP/ensue.yaml --at 2026-03-02T14:00:01Z");
        assert!(ran.out.contains(&format!("{} without an address that can be read", lost.len())), "{ran:?}");
        let out = fs::read_to_string(place.path("out.jsonl")).unwrap();
        assert_eq!(out.lines().count(), 40 - lost.len(), "{out}");
        assert!(!out.contains("erased"), "{out}");
        // Told again, it goes out.
        let told = format!(
            "{{\"id\":\"again\",\"type\":\"lead.updated\",\"lead\":\"{}\",\"at\":\"2026-03-02T14:30:00Z\",\"props\":{{\"name\":\"Again\",\"email\":\"again@acme.example\"}}}}\n",
            lost[0]
        );
        fs::write(place.path("again.jsonl"), told).unwrap();
        place.good("ingest TMP/again.jsonl --replay --store TMP/new");
        place.ensue("run --store TMP/new --config TMP/ensue.yaml --at 2026-03-02T15:00:00Z");
        let out = fs::read_to_string(place.path("out.jsonl")).unwrap();
        assert_eq!(out.lines().count(), 41 - lost.len(), "{out}");
        assert!(out.lines().last().unwrap().contains("again@acme.example"), "{out}");
    }
}

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
    assert!(whole.contains("2005 entries"), "{whole}");

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

    let said = place.good("store repair --to TMP/new");
    let number = |text: &str| text.split_whitespace().find_map(|word| word.parse::<u64>().ok()).unwrap();
    let (recovered, lost) = said.lines().next().unwrap().split_once(';').unwrap();
    assert_eq!(number(recovered) + number(lost), 2005, "{said}");
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

//! Records up to a megabyte: in a store as in a dry run, and what is above it in neither.

use std::fmt::Write as _;
use std::fs;

use super::place::Place;

const RULES: &str = "begin: created -> start s\n\
    halt: replied -> stop, alert owner \"they replied\"\n\
    sequence s { day 1 at 10:00 email one, day 2 at 10:00 email two, day 3 at 10:00 email three }\n";

fn record(id: &str, ty: &str, day: u32, props: &str) -> String {
    format!(r#"{{"id":"{id}","type":"{ty}","lead":"ana","at":"2026-03-0{day}T12:00:00Z","props":{{{props}}}}}"#)
}

/// A place with rules and a log.
fn place(log: &str) -> Place {
    let mut place = Place::new("quickstart");
    place.cwd = place.dir.path().to_owned();
    fs::write(place.path("rules.ensue"), RULES).unwrap();
    fs::write(place.path("log.jsonl"), log).unwrap();
    place
}

fn dry_run(place: &Place) -> String {
    place.good("dry-run rules.ensue --events log.jsonl --format jsonl --until 2026-03-06T00:00:00Z")
}

#[test]
fn a_long_reply_stops_live_as_in_a_dry_run() {
    let long = "> quoted ".repeat(60_000);
    let nearly: usize = 1_000_000 - record("o", "email.opened", 3, r#""html":"""#).len() - 50;
    let log = [
        record("c", "lead.created", 2, r#""name":"Ana","timezone":"UTC""#),
        record("r", "email.replied", 3, &format!(r#""text":"{long}","n":1"#)),
        record("o", "email.opened", 3, &format!(r#""html":"{}""#, "x".repeat(nearly))),
    ];
    let place = place(&log.join("\n"));
    let dry = dry_run(&place);
    assert!(dry.contains("they replied") && dry.matches("stopped by halt").count() == 3, "{dry}");
    assert_eq!(
        place.good("ingest log.jsonl --replay --rules rules.ensue").lines().last(),
        Some("ingest: 3 events stored, 0 duplicates, 0 in quarantine")
    );
    place.good("run rules.ensue --at 2026-03-06T00:00:00Z");
    assert_eq!(place.good("store decisions"), dry);
    let exported = place.good("store export");
    for words in ["store backup --to copy", "store repair --to mended", "store compact"] {
        place.good(words);
    }
    for store in ["copy", "mended", "TMP/store"] {
        place.good(&format!("store verify --store {store}"));
    }
    assert_eq!(place.good("store decisions --store copy"), dry);
    assert_eq!(place.good("store export"), exported);
    // What one store exports another can take in, and the same again is no news.
    fs::write(place.path("export.jsonl"), &exported).unwrap();
    place.good("ingest export.jsonl --replay --rules rules.ensue --store again");
    assert_eq!(place.good("store decisions --store again"), dry);
    assert!(place.good("ingest log.jsonl --yes").ends_with("0 events stored, 3 duplicates, 0 in quarantine\n"));
    // Nothing of it is left once its lead is erased.
    place.good("lead ana erase --yes --by kim --at 2026-03-06T01:00:00Z");
    let after = place.good("store export");
    assert!(after.len() < 4_000 && !after.contains("quoted"), "{} bytes", after.len());
    place.good("store verify");
}

/// Lines that are no records, one of each kind.
fn bad() -> Vec<Vec<u8>> {
    let long = "x".repeat(1_000_000);
    let many = "1e15,".repeat(60_000);
    vec![
        record("a", "lead.created", 2, r#""deal_value":"many""#).into_bytes(),
        br#"{"id":"b","type":"email.opened""#.to_vec(),
        record("d", "email.opened", 2, &format!(r#""html":"{long}""#)).into_bytes(),
        [b"{\"id\":\"e\xff".as_slice(), b"\"}"].concat(),
        [long.as_bytes(), b"\xe2\x86"].concat(),
        record("f", "email.opened", 2, &format!(r#""list":[{many}1]"#)).into_bytes(),
        br#"{"id":"g","type":"x.y","lead":"ana","at":"2026-03-02T12:00:00Z","when":1}"#.to_vec(),
        br#"{"id":"h","type":"x.y","lead":"ana","at":"2026-03-02T12:00:00Z","received_at":"2026-03-02T11:00:00Z"}"#
            .to_vec(),
        b"[1]".to_vec(),
    ]
}

#[test]
fn what_is_bad_is_told_with_the_same_words_dry_and_live() {
    let place = place("");
    let lines = bad();
    fs::write(place.path("log.jsonl"), lines.join(&b'\n')).unwrap();
    let dry = place.ensue("dry-run rules.ensue --events log.jsonl --skip-bad");
    for (how, store) in [("--replay", "replayed"), ("", "streamed")] {
        let ran = place.ensue(&format!("ingest log.jsonl {how} --rules rules.ensue --store {store}"));
        assert_eq!(ran.code, 1, "{ran:?}");
        let listed = place.good(&format!("store quarantine list --store {store}"));
        for number in 1..=lines.len() {
            let listed = listed.lines().find_map(|line| line.split_once(&format!("log.jsonl:{number}: ")));
            let reason = listed.unwrap_or_else(|| panic!("{how} line {number}")).1;
            let before = dry.err.split(&format!("\n  --> log.jsonl:{number}:")).next().unwrap();
            let told = before.lines().last().unwrap().strip_prefix("error: bad record: ").unwrap();
            assert_eq!(reason, told, "{how} line {number}");
        }
        let before: Vec<&str> = listed.lines().filter(|line| !line.starts_with("   |")).collect();
        let retried = place.ensue(&format!("store quarantine retry --all --at 2026-03-02T13:00:00Z --store {store}"));
        let mut expected = before.join("\n").replace("store: 9 records in quarantine", "");
        writeln!(expected, "store: 0 events stored, 9 still in quarantine").unwrap();
        assert_eq!(format!("{}{}", retried.err, retried.out), expected);
        // Of what is too long only the beginning is kept.
        let kept: u64 = fs::metadata(place.path(store).join("sled/db")).unwrap().len();
        assert!(kept < 12_000_000, "{kept} bytes");
        assert!(place.good(&format!("store quarantine show 3 --store {store}")).len() < 1_000);
    }
}

#[test]
fn an_input_without_an_end_is_refused() {
    let place = place("");
    for words in ["ingest /dev/zero", "ingest /dev/zero --replay", "dry-run rules.ensue --events /dev/zero"] {
        let rules = if words.starts_with("ingest") { " --rules rules.ensue" } else { "" };
        let ran = place.ensue(&format!("{words}{rules}"));
        assert_eq!(ran.code, 3, "{words}: {ran:?}");
        assert!(
            ran.err.contains("`/dev/zero` cannot be read: a line goes on for more than 256 MB, so this is no log"),
            "{words}: {ran:?}"
        );
    }
}

#[test]
fn what_quarantine_holds_below_the_limit_is_taken_in_again() {
    let log = [
        record("a", "email.opened", 2, &format!(r#""deal_value":1,"html":"{}""#, "y".repeat(200_000))),
        record("b", "lead.created", 2, &format!(r#""plan":7,"html":"{}""#, "z".repeat(200_000))),
    ];
    let place = place(&log.join("\n"));
    fs::write(place.path("rules.ensue"), format!("lead {{ plan text? }}\n{RULES}")).unwrap();
    place.ensue("ingest log.jsonl --replay --rules rules.ensue");
    assert!(place.good("store quarantine list").ends_with("store: 1 record in quarantine\n"));
    fs::write(place.path("rules.ensue"), format!("lead {{ plan number? }}\n{RULES}")).unwrap();
    place.good("activate rules.ensue --at 2026-03-02T13:00:00Z");
    assert_eq!(
        place.good("store quarantine retry 1 --at 2026-03-02T13:00:00Z"),
        "store: 1 event stored, 0 still in quarantine\n"
    );
}

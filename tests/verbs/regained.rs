//! Stores that have lost a part of their past: nothing that may have gone out goes out again, and nothing
//! goes to leads until a person has looked.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::place::Place;

const RULES: &str = "tiers hot
channel email { require email_ok }
first:    created -> hot, email hello
asked:    demo -> alert owner \"asked\"
on_reply: replied -> stop

sequence s for hot { gap 1h  day 1 email a  +2h email b  +2h email c }
";

fn place() -> Place {
    let place = Place::new("live/store_upkeep");
    fs::write(place.path("rules.ensue"), RULES).unwrap();
    let config = "rules: rules.ensue\nsinks: { out: { kind: file, path: out.jsonl } }\nroute: { default: out }\n";
    fs::write(place.path("ensue.yaml"), config).unwrap();
    place
}

fn told(place: &Place, name: &str, events: &[(&str, &str, &str)]) {
    let line = |(n, (ty, lead, at)): (usize, &(&str, &str, &str))| {
        format!("{{\"id\":\"{name} {n}\",\"type\":\"{ty}\",\"lead\":\"{lead}\",\"at\":\"2026-03-02T{at}Z\"}}\n")
    };
    let lines: String = events.iter().enumerate().map(line).collect();
    fs::write(place.path(&format!("{name}.jsonl")), lines).unwrap();
}

fn leads(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("l{n}")).collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &to) } else { assert!(fs::copy(&path, &to).is_ok()) }
    }
}

/// What went out: how often each template went to each lead, and each alert.
fn out(place: &Place) -> BTreeMap<(String, String), u32> {
    let mut found = BTreeMap::new();
    for line in fs::read_to_string(place.path("out.jsonl")).unwrap_or_default().lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        *found.entry((text("lead"), text("template") + text("text").as_str())).or_default() += 1;
    }
    found
}

fn of_template(place: &Place, template: &str) -> Vec<String> {
    out(place).into_keys().filter(|(_, what)| what == template).map(|(lead, _)| lead).collect()
}

fn none_twice(place: &Place) {
    let twice: Vec<_> = out(place).into_iter().filter(|(_, times)| *times > 1).collect();
    assert_eq!(twice, [], "went out twice");
}

fn unknown(place: &Place) -> Vec<String> {
    let listed = place.good("run --unknown --config TMP/ensue.yaml");
    let mut found: Vec<String> = listed
        .lines()
        .filter_map(|line| line.split_once(" -> "))
        .map(|(item, _)| item.split_whitespace().skip(2).collect::<Vec<_>>().join(" "))
        .collect();
    found.sort();
    found
}

const RUN: &str = "run --config TMP/ensue.yaml --at 2026-03-02T";

/// A store with 20 leads, to whom the first two mails went out.
fn begun() -> (Place, Vec<String>) {
    let place = place();
    let leads = leads(20);
    let created: Vec<_> = leads.iter().map(|lead| ("lead.created", lead.as_str(), "08:00:00")).collect();
    told(&place, "created", &created);
    place.good("ingest TMP/created.jsonl --replay --config TMP/ensue.yaml");
    place.good(&format!("{RUN}08:00:01Z"));
    (place, leads)
}

/// 20 leads; the first two mails went out before the backup, the third and an alert after it.
fn with_backup() -> (Place, Vec<String>) {
    let (place, leads) = begun();
    place.good("store backup --to TMP/backup");
    told(&place, "earlier", &[("lead.created", "r1", "09:00:00"), ("demo.requested", "l5", "09:30:00")]);
    place.good("ingest TMP/earlier.jsonl --replay --config TMP/ensue.yaml");
    place.good(&format!("{RUN}10:30:00Z"));
    told(&place, "later", &[("replied", "l3", "10:40:00")]);
    place.good("ingest TMP/later.jsonl --replay --config TMP/ensue.yaml");
    place.good(&format!("{RUN}10:45:00Z"));
    // l3 had its third before the reply; of r1 the first two went out.
    assert_eq!((of_template(&place, "b").len(), of_template(&place, "asked").len()), (20, 1));
    (place, leads)
}

#[test]
fn a_backup_put_back_sends_nothing_twice_and_nobody_is_written_to_before_a_person_says_so() {
    let (place, _) = with_backup();
    let before = out(&place);
    fs::remove_dir_all(place.path("store")).unwrap();
    copy(&place.path("backup"), &place.path("store"));
    // To look at it changes nothing.
    place.good("store verify");
    let ran = place.ensue(&format!("{RUN}11:00:00Z"));
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("note: this store is a copy, and nobody knows"), "{ran:?}");
    for command in ["ingest --replay LOG", "run", "run --unknown", "unhalt all"] {
        let command = format!("`ensue {command} --config TMP/ensue.yaml --store TMP/store`");
        assert!(ran.err.contains(&command), "{command}: {ran:?}");
    }
    assert_eq!(out(&place), before);
    assert_eq!(unknown(&place).len(), 20);

    // The sources once more, among it who replied, and news.
    for log in ["created", "earlier", "later"] {
        place.good(&format!("ingest TMP/{log}.jsonl --replay"));
    }
    told(&place, "news", &[("lead.created", "n1", "11:30:00"), ("demo.requested", "n1", "11:40:00")]);
    place.good("ingest TMP/news.jsonl --replay");
    let ran = place.ensue(&format!("{RUN}12:00:00Z"));
    assert!(!ran.err.contains("this store is a copy"), "once is enough: {ran:?}");
    // What is told again may have gone out; news of an alert are news.
    assert_eq!(of_template(&place, "asked"), ["l5", "n1"]);
    none_twice(&place);
    assert_eq!(out(&place).len(), before.len() + 1);

    place.good("unhalt all --by kim --at 2026-03-02T13:00:00Z");
    for at in ["13:00:01Z", "16:00:00Z", "18:00:00Z", "23:00:00Z"] {
        place.ensue(&format!("{RUN}{at}"));
        none_twice(&place);
    }
    // Who had replied gets nothing more, the new one everything, and the others their last.
    let last = of_template(&place, "c");
    assert!(!last.contains(&String::from("l3")) && last.len() == 21, "{last:?}");
    for template in ["hello", "a", "b", "c"] {
        assert!(of_template(&place, template).contains(&String::from("n1")), "{template}");
    }
    let of_r1: Vec<String> = unknown(&place).into_iter().filter(|item| item.starts_with("r1 ")).collect();
    assert_eq!(of_r1, ["r1 email a", "r1 email b", "r1 email hello"]);
}

/// A copy that somebody made by hand knows nothing of it; where it is put back in the place it was copied from,
/// the place does.
#[test]
fn a_plain_copy_put_back_sends_nothing_twice() {
    for first in ["run", "ingest"] {
        let (place, _) = begun();
        copy(&place.path("store"), &place.path("plain"));
        for at in ["09:30:00Z", "10:30:00Z"] {
            place.good(&format!("{RUN}{at}"));
        }
        assert_eq!(of_template(&place, "b").len(), 20);
        let before = out(&place);
        // The copy in a place of its own is another store.
        let ran = place.ensue("store stats --store TMP/plain --config TMP/ensue.yaml");
        assert_eq!(ran.code, 0, "{ran:?}");
        fs::remove_dir_all(place.path("store")).unwrap();
        copy(&place.path("plain"), &place.path("store"));
        if first == "ingest" {
            // More than the store that was: to count entries later would not tell.
            let more: Vec<(&str, String, &str)> =
                (0..400).map(|n| ("page.viewed", format!("v{n}"), "10:31:00")).collect();
            let more: Vec<(&str, &str, &str)> = more.iter().map(|(ty, lead, at)| (*ty, lead.as_str(), *at)).collect();
            told(&place, "more", &more);
            place.good("ingest TMP/more.jsonl --replay");
        }
        let dry = place.ensue(&format!("{RUN}11:00:00Z --dry"));
        assert!(dry.err.contains("note: this store is a copy: the next `run` hands none of it over"), "{dry:?}");
        let ran = place.ensue(&format!("{RUN}11:00:00Z"));
        assert_eq!(ran.code, 1, "{first}: {ran:?}");
        assert!(ran.err.contains("note: this store is a copy, and nobody knows"), "{ran:?}");
        none_twice(&place);
        assert_eq!(out(&place), before, "{first}");
        // The same copy once more, as somebody does who begins again.
        fs::remove_dir_all(place.path("store")).unwrap();
        copy(&place.path("plain"), &place.path("store"));
        let ran = place.ensue(&format!("{RUN}11:30:00Z"));
        assert!(ran.err.contains("note: this store is a copy, and nobody knows"), "{ran:?}");
        assert_eq!(out(&place), before, "{first}");
        let ran = place.ensue(&format!("{RUN}12:00:00Z"));
        assert!(!ran.err.contains("this store is a copy"), "once is enough: {ran:?}");
        // What is not a copy is not taken for one.
        place.good("unhalt all --by kim --at 2026-03-02T13:00:00Z");
        place.ensue(&format!("{RUN}14:00:00Z"));
        let ran = place.ensue(&format!("{RUN}15:00:00Z"));
        assert!(!ran.err.contains("this store is a copy"), "{ran:?}");
        none_twice(&place);
    }
}

#[test]
fn a_repair_that_lost_entries_sends_nothing_twice() {
    let (place, _) = with_backup();
    let before = out(&place);
    // What was handed over after the backup leaves no trace: its blocks are gone, with the head file.
    let db = place.path("store/sled/db");
    let mut bytes = fs::read(&db).unwrap();
    let late = bytes.windows(9).rposition(|part| part == b"earlier 0").unwrap();
    let from = bytes.windows(9).position(|part| part == b"earlier 0").unwrap();
    assert!(from <= late);
    bytes[from - 200..].iter_mut().for_each(|byte| *byte = 0);
    fs::write(&db, bytes).unwrap();
    assert_eq!(place.ensue("store verify").code, 3);
    let ran = place.ensue("store repair --to TMP/new --at 2026-03-02T11:00:00Z");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("could not be recovered"), "{ran:?}");
    for command in ["ingest --replay LOG", "run", "run --unknown", "unhalt all"] {
        assert!(ran.err.contains(&format!("`ensue {command} --store TMP/new`")), "{command}: {ran:?}");
    }
    fs::remove_dir_all(place.path("store")).unwrap();
    fs::rename(place.path("new"), place.path("store")).unwrap();
    let ran = place.ensue(&format!("{RUN}11:10:00Z"));
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.err.contains("note: all is halted since 2026-03-02T11:00:00Z; `ensue unhalt all")
            || !ran.out.contains("halted"),
        "{ran:?}"
    );
    assert_eq!(out(&place), before, "{ran:?}");
    assert!(unknown(&place).len() >= 20);
    for log in ["created", "earlier", "later"] {
        place.good(&format!("ingest TMP/{log}.jsonl --replay"));
    }
    place.ensue(&format!("{RUN}12:00:00Z"));
    place.good("unhalt all --by kim --at 2026-03-02T13:00:00Z");
    for at in ["13:00:01Z", "18:00:00Z", "23:00:00Z"] {
        place.ensue(&format!("{RUN}{at}"));
        none_twice(&place);
    }
    assert!(!of_template(&place, "c").contains(&String::from("l3")));
    assert!(of_template(&place, "c").len() >= 19, "{:?}", of_template(&place, "c"));
    // All of it follows from the log.
    let decisions = place.good("store decisions");
    place.good("store repair --to TMP/again");
    assert_eq!(place.good("store decisions --store TMP/again"), decisions);
}

/// What a stop had taken back before the first lost entry cannot have gone out after it.
#[test]
fn what_was_stopped_before_the_loss_is_not_asked_about() {
    let place = place();
    told(&place, "created", &[("lead.created", "l0", "08:00:00"), ("lead.created", "l1", "08:00:00")]);
    told(&place, "stopped", &[("replied", "l0", "08:30:00")]);
    for log in ["created", "stopped"] {
        place.good(&format!("ingest TMP/{log}.jsonl --replay --config TMP/ensue.yaml"));
    }
    place.good(&format!("{RUN}09:00:00Z"));
    assert_eq!(
        (of_template(&place, "hello"), of_template(&place, "a")),
        (vec![String::from("l1")], vec![String::from("l1")])
    );
    told(&place, "earlier", &[("lead.created", "r1", "09:00:00")]);
    place.good("ingest TMP/earlier.jsonl --replay --config TMP/ensue.yaml");
    let db = place.path("store/sled/db");
    let mut bytes = fs::read(&db).unwrap();
    let from = bytes.windows(9).position(|part| part == b"earlier 0").unwrap();
    bytes[from - 200..].iter_mut().for_each(|byte| *byte = 0);
    fs::write(&db, bytes).unwrap();
    let ran = place.ensue("store repair --to TMP/new --at 2026-03-02T11:00:00Z");
    assert!(ran.code == 1 && ran.out.contains("could not be recovered"), "{ran:?}");
    fs::remove_dir_all(place.path("store")).unwrap();
    fs::rename(place.path("new"), place.path("store")).unwrap();
    place.ensue(&format!("{RUN}11:10:00Z"));
    let (of_l0, others): (Vec<_>, Vec<_>) = unknown(&place).into_iter().partition(|item| item.starts_with("l0 "));
    assert!(of_l0.is_empty() && !others.is_empty(), "{of_l0:?} {others:?}");
}

/// A copy of a copy is one, a compacted copy too; a store that only moved its room is none.
#[test]
fn what_is_a_copy_stays_one_until_it_is_run() {
    let (place, _) = with_backup();
    place.good("store compact");
    let ran = place.ensue(&format!("{RUN}10:50:00Z"));
    assert!(ran.code == 0 && !ran.err.contains("copy"), "{ran:?}");
    place.good("store backup --to TMP/second --store TMP/backup");
    place.good("store compact --store TMP/backup");
    place.good("store repair --to TMP/third --store TMP/backup");
    for name in ["backup", "second", "third"] {
        let ran = place.ensue(&format!("{RUN}10:50:00Z --store TMP/{name}"));
        assert!(ran.err.contains("this store is a copy, and nobody knows"), "{name}: {ran:?}");
        none_twice(&place);
    }
}

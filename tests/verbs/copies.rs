//! Copies of stores: one that was not finished is none, and nobody but the owner reads any.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use super::place::Place;
use super::process::program;

fn filled(place: &Place, count: u32) {
    let mut log = String::new();
    for n in 0..count {
        log += &format!(
            r#"{{"id":"e{n}","type":"lead.created","lead":"l{n}","at":"2026-03-02T14:00:00Z","props":{{"name":"Lead {n}","email":"l{n}@acme.example"}}}}"#
        );
        log.push('\n');
    }
    fs::write(place.path("log.jsonl"), log).unwrap();
    place.good("ingest TMP/log.jsonl --replay --rules rules.ensue");
}

/// A copy that was killed in the middle is not there, or no store, or whole: never a shorter one.
#[test]
fn a_copy_that_was_killed_is_no_store() {
    let place = Place::new("live/store_upkeep");
    filled(&place, 4_000);
    let (store, to) = (place.path("store"), place.path("copy"));
    let (mut refused, mut whole) = (0, 0);
    for round in 0..12 {
        let beside = place.path("copy.unfinished");
        let verb = if round % 2 == 0 { "backup" } else { "repair" };
        let mut child = program()
            .args(["store", verb, "--to", to.to_str().unwrap(), "--store", store.to_str().unwrap()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // From the first file on, later in each round.
        let begun = |dir: &Path| fs::metadata(dir.join("sled/db")).is_ok_and(|meta| meta.len() >= round * 40_000);
        while child.try_wait().unwrap().is_none() && !begun(&beside) && !begun(&to) {
            std::thread::yield_now();
        }
        let _ = child.kill();
        child.wait().unwrap();
        for dir in ["TMP/copy", "TMP/copy.unfinished"] {
            let ran = place.ensue(&format!("store verify --store {dir}"));
            if ran.code == 0 {
                assert!(ran.out.contains("4002 entries"), "{round}: {ran:?}");
                whole += 1;
            } else {
                assert_eq!(ran.code, 3, "{round}: {ran:?}");
                refused += u64::from(ran.err.contains("and not finished"));
            }
        }
        // The next attempt is not kept from it by what the last one left.
        if to.exists() {
            fs::remove_dir_all(&to).unwrap();
        }
    }
    assert!(refused > 0, "{refused} refused, {whole} whole: no kill met a copy");
    place.good("store backup --to TMP/copy");
    assert!(!place.path("copy.unfinished").exists() && !place.path("copy/unfinished").exists());
    assert!(place.good("store verify --store TMP/copy").contains("4002 entries"));
}

#[test]
fn every_verb_refuses_an_unfinished_copy_by_name() {
    let place = Place::new("live/store_upkeep");
    filled(&place, 3);
    // A folder that is there may be a disk of its own, and is written to in place.
    fs::create_dir(place.path("copy")).unwrap();
    place.good("store backup --to TMP/copy");
    fs::write(place.path("copy/unfinished"), "").unwrap();
    for words in [
        "store verify",
        "store export",
        "store repair --to TMP/new",
        "store backup --to TMP/new",
        "run --dry",
        "ingest TMP/log.jsonl",
        "lead l1",
    ] {
        let ran = place.ensue(&format!("{words} --store TMP/copy"));
        assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{words}: {ran:?}");
        assert!(ran.err.starts_with("error: `TMP/copy` is no store: a copy was begun in it"), "{words}: {ran:?}");
        assert!(ran.err.contains("= help: what it was copied from is as it was"), "{words}: {ran:?}");
    }
    assert!(!place.path("new").exists());
}

/// What a copy by hand left half done is not gone on with: it follows from the log, and is made anew.
#[test]
fn state_that_does_not_fit_the_log_is_made_anew() {
    use ensue::store::{Batch, Store, StoreOptions, TreeName};

    let place = Place::new("live/store_upkeep");
    filled(&place, 20);
    place.good("run --at 2026-03-03T16:00:00Z");
    let decisions = place.good("store decisions");
    for (tree, key) in [(TreeName::Meta, &b"progress"[..]), (TreeName::Decisions, &[0; 8])] {
        let mut store = Store::open(&place.path("store"), &StoreOptions::default()).unwrap();
        assert!(store.get(tree, key).unwrap().is_some(), "{key:?}");
        let mut batch = Batch::new();
        batch.delete(tree, key);
        store.commit(&batch).unwrap();
        drop(store);
        assert_eq!(place.good("store decisions"), decisions, "{key:?}");
        place.good("store verify");
        let again = place.ensue("run --at 2026-03-03T16:00:00Z");
        assert!(again.code == 0 && again.err.contains("; 0 handed over"), "{again:?}");
    }
}

#[cfg(unix)]
#[test]
fn nobody_but_the_owner_reads_a_store_whatever_the_umask() {
    use std::os::unix::fs::PermissionsExt;

    fn open_to_others(path: &Path, found: &mut Vec<String>) {
        let meta = fs::symlink_metadata(path).unwrap();
        let mode = meta.permissions().mode() & 0o7777;
        if mode != if meta.is_dir() { 0o700 } else { 0o600 } {
            found.push(format!("{mode:o} {}", path.display()));
        }
        if meta.is_dir() {
            fs::read_dir(path).unwrap().for_each(|entry| open_to_others(&entry.unwrap().path(), found));
        }
    }

    let place = Place::new("live/store_upkeep");
    filled(&place, 50);
    let tmp = place.dir.path().to_str().unwrap().to_owned();
    let program = program().get_program().to_str().unwrap().to_owned();
    for umask in ["022", "000"] {
        fs::remove_dir_all(place.path("store")).unwrap();
        for words in [
            "ingest TMP/log.jsonl --replay --rules rules.ensue",
            "run --at 2026-03-03T16:00:00Z",
            "lead l1 erase --yes --by kim --at 2026-03-04T16:00:00Z",
            "store compact",
            "store verify",
            "store backup --to TMP/backup",
            "store repair --to TMP/repaired",
        ] {
            // As an earlier program left them.
            if words == "store verify" {
                for name in ["store", "store/keys", "store/sled", "store/sled/db"] {
                    fs::set_permissions(place.path(name), fs::Permissions::from_mode(0o777)).unwrap();
                }
            }
            let words = words.replace("TMP", &tmp);
            let shell = format!("umask {umask}; exec {program} {words} --store {tmp}/store");
            let ran = std::process::Command::new("sh").args(["-c", &shell]).current_dir(&place.cwd).output().unwrap();
            assert!(ran.status.success(), "{words}: {ran:?}");
            let mut found = Vec::new();
            for name in ["store", "backup", "repaired"] {
                if place.path(name).exists() {
                    open_to_others(&place.path(name), &mut found);
                }
            }
            assert_eq!(found, Vec::<String>::new(), "umask {umask}, {words}");
        }
        fs::remove_dir_all(place.path("backup")).unwrap();
        fs::remove_dir_all(place.path("repaired")).unwrap();
    }
}

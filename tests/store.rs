//! The store against kills, damage and misuse. Longer runs: `ENSUE_SOAK_RUNS` (how many) and
//! `ENSUE_SOAK_SEED` (where the random numbers begin).

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "helpers of tests are not seen as tests"
)]

#[path = "store/power.rs"]
mod power;
#[path = "store/support.rs"]
mod support;

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::Child;
use std::time::Duration;

use ensue::store::{
    Alone, Appending, Batch, ENTRY_LIMIT, KEY_LIMIT, NewEntry, Offset, Store, StoreError, StoreOptions, TreeName,
    VALUE_LIMIT, Wanted, repair, verify,
};
use support::{
    Random, append, child, copy_dir, damaged_blocks, digest, expected_digest, files_below, made, open, soak,
};

#[test]
fn what_was_appended_is_there_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    assert!(store.is_empty());
    let committed = append(&mut store, 0..1000);
    assert_eq!(committed.outcomes[999], Appending::Stored(Offset(999)));
    append(&mut store, 1000..1001);
    drop(store);
    let store = open(dir.path());
    assert_eq!(store.len(), 1001);
    assert_eq!(digest(&store), expected_digest(1001));
    let from: Vec<_> = store.entries(Offset(998)).unwrap().map(|entry| entry.unwrap().id).collect();
    assert_eq!(from, ["e000000998", "e000000999", "e000001000"]);
    assert_eq!(store.entries(Offset(1001)).unwrap().count(), 0);
}

#[test]
fn ids_and_leads_are_found_in_runs_and_after_them() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    for start in (0..36_000).step_by(2_000) {
        append(&mut store, start..start + 2_000);
    }
    for _ in 0..2 {
        for lead in ["L0000000", "L0000007", "L0000333", "nobody"] {
            let found: Vec<u64> = store.entries_of(lead).unwrap().iter().map(|entry| entry.offset.0).collect();
            let all = (0..36_000).filter(|n| made(*n).lead == lead).collect::<Vec<_>>();
            assert_eq!(found, all, "{lead}");
        }
        for number in [0, 1, 16_383, 16_384, 20_000, 35_999] {
            let found = store.lookup(&made(number).id).unwrap().map(|(sequence, _)| sequence);
            assert_eq!(found, Some(Offset(number)));
        }
        assert_eq!(store.lookup("unheard of").unwrap(), None);
        drop(store);
        store = open(dir.path());
    }
    assert_eq!(store.verify().unwrap().entries, 36_000);
}

#[test]
fn a_repeated_entry_is_a_duplicate_and_another_with_its_id_a_conflict() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    append(&mut store, 0..10);
    let same = made(4);
    let mut other = made(5);
    other.payload = b"{\"page\":\"elsewhere\"}".to_vec();
    let new = made(10);
    let late = made(10).received_at;
    let entries: Vec<NewEntry<'_>> =
        [&same, &other, &new, &new].map(|entry| NewEntry { received_at: late, ..entry.as_new() }).into();
    let outcomes = store.append(&entries).unwrap().outcomes;
    let expected = [
        Appending::Duplicate(Offset(4)),
        Appending::Conflict(Offset(5)),
        Appending::Stored(Offset(10)),
        Appending::Duplicate(Offset(10)),
    ];
    assert_eq!(outcomes, expected);
    assert_eq!(store.len(), 11);
}

#[test]
fn an_acknowledgment_costs_a_sync_and_a_group_costs_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let mut costs = Vec::new();
    for range in [0..1, 1..2, 2..1002] {
        let before = store.stats().unwrap().syncs;
        append(&mut store, range);
        costs.push(store.stats().unwrap().syncs - before);
    }
    // The data, the head file, and its name.
    assert_eq!(costs, [3, 3, 3]);
    let before = store.stats().unwrap();
    append(&mut store, 0..1002);
    assert_eq!(store.stats().unwrap().syncs, before.syncs, "nothing new, nothing written");
    assert_eq!(before.acknowledged, 3);
}

#[test]
fn a_failed_sync_stops_the_store_and_loses_nothing() {
    for fail_sync_at in 12..18 {
        let dir = tempfile::tempdir().unwrap();
        let options = StoreOptions { fail_sync_at: Some(fail_sync_at), ..StoreOptions::default() };
        let mut store = Store::open(dir.path(), &options).unwrap();
        let mut acknowledged = 0;
        while let Ok(committed) = support::try_append(&mut store, acknowledged..acknowledged + 10) {
            acknowledged += committed.outcomes.len() as u64;
        }
        let again = support::try_append(&mut store, 900..901);
        assert!(matches!(again, Err(StoreError::Stopped { .. })), "{again:?}");
        drop(store);
        let store = open(dir.path());
        assert!(acknowledged > 0 && store.len() >= acknowledged);
        assert_eq!(digest(&store), expected_digest(store.len()));
    }
}

#[test]
fn what_is_too_large_or_out_of_order_is_refused_and_nothing_of_its_batch_written() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    append(&mut store, 0..2);
    let mut large = made(3);
    large.payload = vec![b'x'; ENTRY_LIMIT];
    let (fine, early) = (made(2), made(0));
    let refused = store.append(&[fine.as_new(), large.as_new()]).unwrap_err();
    assert_eq!(refused.to_string(), "event `e000000003` is too large: 16777283 bytes, at most 16777216 are kept");
    let early = NewEntry { id: "early", ..early.as_new() };
    assert!(matches!(store.append(&[early]), Err(StoreError::OutOfOrder { .. })));
    let mut batch = Batch::new();
    batch.append(fine.as_new()).put(TreeName::State, b"k", vec![0; VALUE_LIMIT + 1]);
    assert!(matches!(store.commit(&batch), Err(StoreError::ValueTooLarge { .. })));
    assert_eq!(store.len(), 2);
    append(&mut store, 2..3);
    assert_eq!(digest(&store), expected_digest(3));
}

#[test]
fn values_of_any_size_come_back_and_leave_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let sizes = [0, 1, VALUE_LIMIT, VALUE_LIMIT + 1, 100_000, 20_000, 5];
    for (round, size) in sizes.into_iter().enumerate() {
        let value: Vec<u8> = (0..size).map(|n| (n * 7 + round) as u8).collect();
        let mut batch = Batch::new();
        batch.put_large(TreeName::State, b"lead/ana", value.clone());
        batch.put_large(TreeName::State, format!("lead/{round}").as_bytes(), value.clone());
        batch.put(TreeName::Timers, &[round as u8], b"x".to_vec());
        store.commit(&batch).unwrap();
        assert_eq!(store.get(TreeName::State, b"lead/ana").unwrap(), Some(value));
    }
    assert_eq!(store.get(TreeName::Outbox, b"lead/ana").unwrap(), None);
    drop(store);
    let mut store = open(dir.path());
    let sizes_found: Vec<usize> =
        store.scan_prefix(TreeName::State, b"lead/").unwrap().iter().map(|(_, value)| value.len()).collect();
    assert_eq!(sizes_found, [0, 1, VALUE_LIMIT, VALUE_LIMIT + 1, 100_000, 20_000, 5, 5]);
    let timers = store.scan_range(TreeName::Timers, &[2]..&[6], 3).unwrap();
    assert_eq!(timers.iter().map(|(key, _)| key[0]).collect::<Vec<_>>(), [2, 3, 4]);
    let mut batch = Batch::new();
    batch.delete(TreeName::State, b"lead/4");
    store.commit(&batch).unwrap();
    assert_eq!(store.get(TreeName::State, b"lead/4").unwrap(), None);
    store.verify().unwrap();
}

#[test]
fn no_page_is_put_where_it_is_never_synced() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let blobs = dir.path().join("sled").join("blobs");
    let mut random = Random(3);
    for round in 0..120_u64 {
        // Keys and values up to the largest, in any order, some written over.
        let mut batch = Batch::new();
        let mut key = vec![b'k'; if round % 2 == 0 { 8 } else { KEY_LIMIT - 8 }];
        key.extend_from_slice(&random.below(100).to_be_bytes());
        batch.put(TreeName::State, &key, vec![b'x'; VALUE_LIMIT]);
        batch.put_large(TreeName::Outbox, &key, vec![b'y'; random.below(30_000) as usize]);
        for copy in 0..20 {
            key[0] = copy;
            batch.put(TreeName::Timers, &key, vec![copy]);
        }
        store.commit(&batch).unwrap();
        append(&mut store, round * 40..round * 40 + 40);
        assert_eq!(files_below(&blobs), Vec::<std::path::PathBuf>::new(), "commit {round}");
    }
}

#[test]
fn quarantine_keeps_numbers_and_text() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let long = "x".repeat(50_000);
    assert_eq!(store.quarantine_put("{oops", "not JSON", "log.jsonl", 3).unwrap(), 1);
    assert_eq!(store.quarantine_put(&long, "too large", "log.jsonl", 9).unwrap(), 2);
    store.quarantine_drop(1).unwrap();
    drop(store);
    let mut store = open(dir.path());
    assert_eq!(store.quarantine_put("again", "not JSON", "-", 1).unwrap(), 3);
    let list = store.quarantine_list().unwrap();
    assert_eq!(list.iter().map(|(number, record)| (*number, record.line)).collect::<Vec<_>>(), [(2, 9), (3, 1)]);
    assert_eq!(store.quarantine_show(2).unwrap().text, long);
    assert_eq!(store.quarantine_show(1).unwrap_err().to_string(), "no record 1 is in quarantine");
}

#[test]
fn a_second_opener_is_told_who_holds_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let _store = open(dir.path());
    let second = Store::open(dir.path(), &StoreOptions::default()).unwrap_err();
    let expected = format!("is in use by another process ({})", std::process::id());
    assert!(second.to_string().ends_with(&expected), "{second}");
}

#[test]
fn one_process_hands_over_also_while_the_store_is_closed() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("store");
    let store = open(&dir);
    assert!(!Alone::is_taken(&dir));
    let alone = store.alone().unwrap();
    drop(store);
    let store = open(&dir);
    let second = store.alone().unwrap_err();
    let expected = format!("another run ({}) is handing over from the store", std::process::id());
    assert!(second.to_string().starts_with(&expected) && Alone::is_taken(&dir), "{second}");
    let moved = store.compact_in_place().unwrap_err();
    assert!(matches!(moved, StoreError::HandingOver { .. }), "it comes back to this folder: {moved}");
    drop(alone);
    open(&dir).compact_in_place().unwrap();
    assert!(!Alone::is_taken(&dir));
}

#[test]
fn whoever_waits_for_a_store_is_seen() {
    let dir = tempfile::tempdir().unwrap();
    assert!(!Wanted::is_there(dir.path()));
    let (first, second) = (Wanted::new(dir.path()), Wanted::new(dir.path()));
    assert!(Wanted::is_there(dir.path()));
    drop(first);
    assert!(Wanted::is_there(dir.path()));
    drop(second);
    assert!(!Wanted::is_there(dir.path()));
}

#[test]
fn no_store_is_made_unasked_and_a_newer_one_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let missing = Store::open(&dir.path().join("none"), &StoreOptions { create: false, ..StoreOptions::default() });
    assert!(matches!(missing, Err(StoreError::Missing { .. })));
    assert!(!dir.path().join("none").exists());
    drop(open(dir.path()));
    let head = dir.path().join("head");
    let text = fs::read_to_string(&head).unwrap();
    fs::write(&head, text.replace("ensue store 2", "ensue store 3")).unwrap();
    let newer = Store::open(dir.path(), &StoreOptions::default()).unwrap_err();
    assert_eq!(newer.to_string(), "the store is in format 3, this program reads up to format 2");
}

#[test]
fn an_unfinished_snapshot_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    append(&mut open(dir.path()), 0..300);
    let sled = dir.path().join("sled");
    fs::write(sled.join("snap.0000000000FFFFFF.generating"), b"half").unwrap();
    assert_eq!(digest(&open(dir.path())), expected_digest(300));
    assert_eq!(named(&sled, "generating") + named(&sled, "aside."), 0);
}

#[test]
fn a_bad_snapshot_is_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    append(&mut open(dir.path()), 0..300);
    drop(open(dir.path()));
    let sled = dir.path().join("sled");
    for path in files_below(&sled) {
        if path.file_name().unwrap().to_string_lossy().starts_with("snap.") {
            let mut bytes = fs::read(&path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 4;
            fs::write(&path, bytes).unwrap();
        }
    }
    assert!(named(&sled, "snap.") > 0, "there is a snapshot to damage");
    assert_eq!(digest(&open(dir.path())), expected_digest(300));
    assert!(named(&sled, "aside.snap.") > 0);
}

fn named(dir: &Path, part: &str) -> usize {
    files_below(dir).iter().filter(|path| path.to_string_lossy().contains(part)).count()
}

#[test]
fn erased_facts_are_nowhere_in_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let secret = b"ana.secret@example.com";
    let mut store = open(dir.path());
    let sealed = store.seal("ana", "e0/email", secret).unwrap().unwrap();
    let kept = store.seal("ben", "e0/email", b"ben@example.com").unwrap().unwrap();
    let mut entry = made(0);
    entry.lead = "ana".to_owned();
    entry.payload = sealed.clone();
    store.append(&[entry.as_new()]).unwrap();
    let mut batch = Batch::new();
    batch.put(TreeName::State, b"ana", sealed.clone());
    store.commit(&batch).unwrap();
    drop(store);
    let mut store = open(dir.path());
    assert_eq!(store.unseal("ana", "e0/email", &sealed).unwrap(), secret);
    let old_keys = fs::read(dir.path().join("keys")).unwrap();
    store.erase("ana").unwrap();
    drop(store);
    let mut store = open(dir.path());
    assert_eq!(store.unseal("ana", "e0/email", &sealed), None);
    assert_eq!(store.unseal("ben", "e0/email", &kept).unwrap(), b"ben@example.com");
    assert_eq!(store.seal("ana", "e0/email", secret).unwrap(), None);
    let outcome = store.append(&[NewEntry { payload: b"", ..entry.as_new() }]).unwrap().outcomes;
    assert_eq!(outcome, [Appending::Duplicate(Offset(0))], "what cannot be compared any more is no conflict");
    drop(store);
    let at = old_keys.windows(3).position(|part| part == b"ana").unwrap() + 3;
    let key = old_keys[at..at + 32].to_vec();
    for path in files_below(dir.path()) {
        let bytes = fs::read(&path).unwrap();
        for needle in [secret.as_slice(), key.as_slice()] {
            assert!(!bytes.windows(needle.len()).any(|part| part == needle), "{}", path.display());
        }
    }
    // An old key file put back would bring the facts back.
    fs::write(dir.path().join("keys"), old_keys).unwrap();
    assert!(matches!(Store::open(dir.path(), &StoreOptions::default()), Err(StoreError::Keys { .. })));
}

#[test]
fn a_backup_holds_everything_and_less_room() {
    let dir = tempfile::tempdir().unwrap();
    let to = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    for number in 0..400 {
        append(&mut store, number..number + 1);
    }
    let mut batch = Batch::new();
    batch.put_large(TreeName::Rulesets, b"1", vec![7; 30_000]);
    store.commit(&batch).unwrap();
    store.quarantine_put("{oops", "not JSON", "-", 3).unwrap();
    let sealed = store.seal("ben", "c", b"ben@example.com").unwrap().unwrap();
    assert_eq!(store.backup(to.path()).unwrap().entries, 400);
    assert!(matches!(store.compact(to.path()), Err(StoreError::Occupied { .. })));
    let mut copy = open(to.path());
    assert_eq!(digest(&copy), digest(&store));
    assert_eq!(copy.get(TreeName::Rulesets, b"1").unwrap().unwrap(), vec![7; 30_000]);
    assert_eq!(copy.quarantine_put("b", "c", "-", 1).unwrap(), 2);
    assert_eq!(copy.unseal("ben", "c", &sealed).unwrap(), b"ben@example.com");
    assert!(copy.stats().unwrap().bytes <= store.stats().unwrap().bytes);
}

#[test]
fn killed_anywhere_nothing_acknowledged_is_lost() {
    let (seed, runs) = soak(30);
    let mut random = Random(seed);
    let dir = tempfile::tempdir().unwrap();
    let mut during_open = 0;
    for run in 0..runs {
        let mut process = child("append", dir.path(), random.next());
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let starting = lines.by_ref().find(|line| line.starts_with("starting"));
        assert!(starting.is_some(), "seed {seed}, run {run}: the child did not start");
        // One in three is killed while it opens.
        let most = if run % 3 == 0 { 15_000 } else { 120_000 };
        std::thread::sleep(Duration::from_micros(random.below(most)));
        kill(&mut process);
        let acknowledged = lines.filter_map(|line| line.strip_prefix("ack ")?.parse::<u64>().ok()).last();
        during_open += u32::from(acknowledged.is_none());
        let store = open(dir.path());
        let len = store.len();
        assert!(len >= acknowledged.unwrap_or(0), "seed {seed}, run {run}: {len} of {acknowledged:?}");
        // Each commit of the child says in two trees how long the log is with it.
        for tree in [TreeName::State, TreeName::Outbox] {
            let said =
                store.get(tree, b"len").unwrap().map_or(0, |value| u64::from_be_bytes(value.try_into().unwrap()));
            assert_eq!(said, len, "seed {seed}, run {run}: {tree:?} came apart from the log");
        }
        store.verify().unwrap_or_else(|error| panic!("seed {seed}, run {run}: {error}"));
        if run % 10 == 9 {
            assert_eq!(digest(&store), expected_digest(len), "seed {seed}, run {run}");
        }
    }
    assert!(during_open > 0, "some of the kills came before the first acknowledgment");
}

#[test]
fn a_power_loss_takes_nothing_acknowledged() {
    let (seed, runs) = soak(8);
    let mut random = Random(seed ^ 0x0FF);
    let room = tempfile::tempdir().unwrap();
    let disk = match power::Disk::new(room.path(), 512) {
        Ok(disk) => disk,
        Err(reason) => return support::say(&format!("skipped, this machine cannot lose a disk's power: {reason}")),
    };
    let dir = disk.mounted_at.join("store");
    for run in 0..runs {
        let mut process = child("append", &dir, random.next());
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(lines.by_ref().any(|line| line.starts_with("starting")));
        std::thread::sleep(Duration::from_micros(random.below(150_000)));
        disk.lose_power().unwrap();
        // It says so and ends by itself, or is ended.
        std::thread::sleep(Duration::from_millis(20));
        kill(&mut process);
        let mut said = String::new();
        process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(!said.contains("panicked"), "seed {seed}, run {run}: {said}");
        let acknowledged = lines.filter_map(|line| line.strip_prefix("ack ")?.parse::<u64>().ok()).last();
        disk.restart().unwrap();
        let store =
            Store::open(&dir, &support::options()).unwrap_or_else(|error| panic!("seed {seed}, run {run}: {error}"));
        let len = store.len();
        assert!(len >= acknowledged.unwrap_or(0), "seed {seed}, run {run}: {len} of {acknowledged:?}");
        store.verify().unwrap_or_else(|error| panic!("seed {seed}, run {run}: {error}"));
        assert_eq!(digest(&store), expected_digest(len), "seed {seed}, run {run}");
    }
}

#[test]
fn a_full_disk_is_told_and_loses_nothing() {
    let room = tempfile::tempdir().unwrap();
    let disk = match power::Disk::new(room.path(), 24) {
        Ok(disk) => disk,
        Err(reason) => return support::say(&format!("skipped, this machine cannot make a small disk: {reason}")),
    };
    let dir = disk.mounted_at.join("store");
    let filler = disk.mounted_at.join("filler");
    fs::write(&filler, vec![1; 10 << 20]).unwrap();
    let mut store = open(&dir);
    let mut acknowledged = 0;
    let error = loop {
        match support::try_append(&mut store, acknowledged..acknowledged + 500) {
            Ok(_) => acknowledged += 500,
            Err(error) => break error,
        }
    };
    assert_eq!(error.to_string(), "no space is left on the disk of the store");
    assert!(acknowledged > 1_000);
    drop(store);
    fs::remove_file(filler).unwrap();
    let mut store = open(&dir);
    assert!(store.len() >= acknowledged);
    let next = store.len();
    append(&mut store, next..next + 500);
    assert_eq!(digest(&store), expected_digest(next + 500));
}

fn kill(process: &mut Child) {
    process.kill().unwrap();
    process.wait().unwrap();
}

#[test]
fn damage_ends_in_everything_readable_or_a_named_error() {
    let (seed, runs) = soak(100);
    let mut random = Random(seed ^ 0x00DA_3A6E);
    let base = tempfile::tempdir().unwrap();
    let whole = support::store_to_damage(base.path());
    let targets = files_below(base.path());
    let room = tempfile::tempdir().unwrap();
    let mut mutations = Vec::new();
    for run in 0..runs {
        let dir = room.path().join(run.to_string());
        copy_dir(base.path(), &dir);
        let target = targets.get(run as usize).map_or_else(
            || {
                // Most of the bytes, and of the trouble, are in the data.
                let data = base.path().join("sled").join("db");
                if random.below(3) > 0 { data } else { targets[random.below(targets.len() as u64) as usize].clone() }
            },
            Clone::clone,
        );
        let path = dir.join(target.strip_prefix(base.path()).unwrap());
        let what = support::mutate(&path, (run as usize) < targets.len(), &mut random);
        mutations.push((dir, format!("seed {seed}, run {run}: {what} in {}", path.display())));
    }
    let mut noticed = 0;
    for group in mutations.chunks(10) {
        for ((_, what), verdict) in group.iter().zip(support::judge(group)) {
            if let Some(found) = verdict.strip_prefix("whole ") {
                assert_eq!(found, whole, "{what}");
            } else {
                assert!(verdict.starts_with("damage "), "{what}: {verdict}");
                noticed += 1;
            }
        }
    }
    assert!(noticed > runs / 10, "{noticed} of {runs} noticed: the mutations do not reach the data");
}

#[test]
fn repair_brings_over_all_before_the_damage() {
    let base = tempfile::tempdir().unwrap();
    support::store_to_damage(base.path());
    let data = base.path().join("sled").join("db");
    let bytes = fs::read(&data).unwrap();
    let blocks = damaged_blocks(&bytes);
    for at in [0, blocks.len() / 2, blocks.len() - 1] {
        let (first, places) = &blocks[at];
        let mut bad = bytes.clone();
        for place in places {
            bad[place + 100] ^= 1;
        }
        fs::write(&data, bad).unwrap();
        let room = tempfile::tempdir().unwrap();
        let to = room.path().join("new");
        let repaired = repair(base.path(), &to, &StoreOptions::default()).unwrap();
        assert_eq!(repaired.recovered, *first);
        assert_eq!(repaired.recovered + repaired.lost, 3_000);
        assert!(repaired.lost_is_certain);
        assert!(!to.join("scratch").exists());
        let store = open(&to);
        assert_eq!(digest(&store), expected_digest(*first));
        store.verify().unwrap();
    }
    // What is not damaged is brought over whole, with what lies beside the log.
    fs::write(&data, &bytes).unwrap();
    fs::remove_file(base.path().join("head")).unwrap();
    let room = tempfile::tempdir().unwrap();
    let repaired = repair(base.path(), &room.path().join("new"), &StoreOptions::default()).unwrap();
    assert_eq!((repaired.recovered, repaired.lost, repaired.lost_is_certain), (3_000, 0, false));
    assert_eq!((repaired.values, repaired.keys), (2, 1));
}

#[test]
fn repair_needs_every_piece_of_a_large_entry() {
    let base = tempfile::tempdir().unwrap();
    support::store_to_damage(base.path());
    let data = base.path().join("sled").join("db");
    let mut bytes = fs::read(&data).unwrap();
    let places = support::places_of_a_piece(&bytes);
    for place in places {
        bytes[place + 500] ^= 1;
    }
    fs::write(&data, bytes).unwrap();
    let damage = verify(base.path(), &StoreOptions::default()).unwrap_err();
    assert!(damage.is_damage(), "{damage}");
    let room = tempfile::tempdir().unwrap();
    let repaired = repair(base.path(), &room.path().join("new"), &StoreOptions::default()).unwrap();
    // Which of the large entries it is, chance decides: blocks are found by checksums, and keys are random.
    assert!(repaired.lost > 0, "{repaired:?}");
    assert_eq!(repaired.recovered + repaired.lost, 3_000);
    assert_eq!(digest(&open(&room.path().join("new"))), expected_digest(repaired.recovered));
}

#[test]
fn a_log_that_ends_with_a_large_entry_is_opened_and_repaired() {
    let base = tempfile::tempdir().unwrap();
    let mut store = open(base.path());
    append(&mut store, 0..1_501);
    drop(store);
    let mut store = open(base.path());
    assert_eq!(digest(&store), expected_digest(1_501));
    assert_eq!(store.entries_of(&made(1_500).lead).unwrap().last(), Some(&made(1_500)));
    assert_eq!(append(&mut store, 1_500..1_501).outcomes, [Appending::Duplicate(Offset(1_500))]);
    drop(store);
    let room = tempfile::tempdir().unwrap();
    let repaired = repair(base.path(), &room.path().join("new"), &StoreOptions::default()).unwrap();
    assert_eq!((repaired.recovered, repaired.lost), (1_501, 0));
    let mut store = open(base.path());
    append(&mut store, 1_501..1_700);
    store.verify().unwrap();
    drop(store);
    assert_eq!(digest(&open(base.path())), expected_digest(1_700));
}

#[test]
fn a_store_of_format_1_opens_forever() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/store/v1");
    if std::env::var_os("ENSUE_FREEZE").is_some() {
        support::freeze(&fixture);
    }
    let dir = tempfile::tempdir().unwrap();
    copy_dir(&fixture.join("store"), dir.path());
    let expected = fs::read_to_string(fixture.join("expected.txt")).unwrap();
    assert_eq!(support::describe(&open(dir.path())), expected);
    verify(dir.path(), &StoreOptions::default()).unwrap();
}

/// What child processes of these tests do; does nothing when run as a test.
#[test]
fn as_child() {
    support::child_main();
}

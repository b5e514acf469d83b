//! The program killed at random moments while it takes events in and hands actions over, and its
//! disk without power: nothing acknowledged is lost, no group is torn, and log, state and outbox
//! agree. `ENSUE_SOAK_RUNS=2000` kills 2,000 times, `ENSUE_SOAK_SEED` begins elsewhere.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use ensue::live::{Live, What};
use ensue::local::{Zone, rfc3339};
use ensue::store::{Offset, StoreOptions};

use super::book::{options, room};
use super::power;
use super::promise;
use super::random::Random;
use super::seen::{decided, export};
use super::stand::{Stand, asked, command, copy};
use super::told::{minutes, start};

/// Events are made durable together in groups of so many.
const GROUP: usize = 40;
const LEADS: u64 = 60;

/// Events of many leads, each an hour or so after the one before.
fn events(random: &mut Random, count: u64) -> Vec<String> {
    let types = ["lead.created", "demo.requested", "page.viewed", "link.clicked", "replied", "meeting.booked"];
    let mut at = start();
    let mut line = |n| {
        at = at + minutes(random.below(90));
        let ty = types[random.below(types.len() as u64) as usize];
        let props = if ty == "page.viewed" { r#"{"page":"pricing"}"# } else { r#"{"name":"Ana","sms_ok":true}"# };
        let (lead, at) = (random.below(LEADS), rfc3339(at, Zone::UTC));
        format!(r#"{{"id":"e{n}","type":"{ty}","lead":"l{lead}","at":"{at}","props":{props}}}"#)
    };
    (0..count).map(&mut line).collect()
}

/// What is fed to the program, and how far.
struct Feed {
    lines: Vec<String>,
    /// So many were acknowledged.
    acknowledged: usize,
    /// So many are in the log.
    stored: usize,
}

impl Feed {
    /// Checks the log after a process that was fed from `from` on has ended.
    fn check(&mut self, live: &Live, from: usize, what: &str) {
        let mut ids = Vec::new();
        for entry in live.store().entries(Offset(0)).unwrap() {
            let entry = entry.unwrap();
            if entry.kind == 0 {
                ids.push(entry.id);
            }
        }
        assert!(ids.len() >= self.acknowledged, "{what}: {} of {} acknowledged", ids.len(), self.acknowledged);
        assert!(ids.iter().enumerate().all(|(n, id)| *id == format!("e{n}")), "{what}: out of order");
        let whole =
            ids.len() == self.stored || ids.len() == self.lines.len() || (ids.len() - from).is_multiple_of(GROUP);
        assert!(whole, "{what}: a group is torn: {} stored, fed from {from}, {} before", ids.len(), self.stored);
        self.stored = ids.len();
    }
}

/// What was decided and what waits follows from the log: made anew it is the same.
fn check_agreement(store: &Path, what: &str) {
    let copied = room();
    copy(store, copied.path());
    let mut live = Live::open(copied.path(), &options()).unwrap();
    live.advance(live.floor()).unwrap();
    live.store().verify().unwrap_or_else(|error| panic!("{what}: {error}"));
    let leads: BTreeSet<String> = (0..LEADS).map(|lead| format!("l{lead}")).collect();
    let view = |live: &Live| (decided(live), promise::outbox(live, &leads, &BTreeSet::new()));
    let before = view(&live);
    live.rebuild().unwrap();
    let after = view(&live);
    assert!(
        before == after,
        "{what}: made anew it differs\n{}\nstored:\n{before:#?}\nanew:\n{after:#?}",
        export(&live)
    );
}

/// Ends a process at a random moment: while it opens the store, or later.
fn kill(process: &mut Child, store: &Path, during_open: bool, random: &mut Random) {
    if during_open {
        // The lock names who has it; from then on the store is being opened.
        let pid = process.id().to_string();
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(20) && process.try_wait().unwrap().is_none() {
            if std::fs::read_to_string(store.join("lock")).is_ok_and(|text| text.trim() == pid) {
                break;
            }
            std::hint::spin_loop();
        }
        std::thread::sleep(Duration::from_micros(random.below(12_000)));
    } else {
        std::thread::sleep(Duration::from_micros(random.below(400_000)));
    }
    let _ = process.kill();
    process.wait().unwrap();
}

/// The last number acknowledged.
fn acknowledged(process: &mut Child) -> usize {
    let lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
    let number = |line: String| line.strip_prefix(r#"{"acknowledged":"#)?.strip_suffix('}')?.parse().ok();
    lines.filter_map(number).last().unwrap_or(0)
}

#[test]
fn killed_at_any_moment_nothing_acknowledged_is_lost() {
    let (runs, seed) = (asked("ENSUE_SOAK_RUNS", 100), asked("ENSUE_SOAK_SEED", 1));
    let mut random = Random::new(seed);
    let (mut during_open, mut before_an_end) = (0, 0);
    let mut run = 0;
    while run < runs {
        // A store that has seen 50 kills, and then another one.
        let stand = Stand::new("outreach");
        let store = stand.path("store");
        let mut feed = Feed { lines: events(&mut random, 1_500), acknowledged: 0, stored: 0 };
        stand.write("first.jsonl", &format!("{}\n", feed.lines[0]));
        stand.done(&["ingest", "--rules", ".", "--replay", "--store", "store", "first.jsonl"]);
        (feed.acknowledged, feed.stored) = (1, 1);
        for kills in 0..(runs - run).min(50) {
            let what = format!("seed {seed}, run {run}");
            run += 1;
            let while_opening = kills % 4 == 1;
            let from = feed.acknowledged;
            let mut process = if random.one_in(3) {
                let at = stand.live().floor() + minutes(random.below(600));
                let at = rfc3339(at, Zone::UTC);
                stand.spawn(&["run", ".", "--store", "store", "--at", &at])
            } else {
                let mut text = String::new();
                feed.lines[from..].iter().for_each(|line| writeln!(text, "{line}").unwrap());
                stand.write("rest.jsonl", &text);
                let group = GROUP.to_string();
                let args = ["ingest", "--replay", "--ack", "--batch", &group, "--store", "store", "rest.jsonl"];
                stand.spawn(&args)
            };
            kill(&mut process, &store, while_opening, &mut random);
            let count = acknowledged(&mut process);
            feed.acknowledged = (from + count).min(feed.lines.len());
            during_open += u64::from(while_opening);
            before_an_end += u64::from(process.wait().unwrap().code().is_none());
            let live = stand.live();
            feed.check(&live, from, &what);
            drop(live);
            if kills % 5 == 4 {
                check_agreement(&store, &what);
            }
        }
        check_handed_over(&stand);
    }
    assert!(during_open * 4 >= runs - 4 && before_an_end * 2 > runs, "{during_open} {before_an_end} of {runs}");
}

/// What was written to standard output by killed runs is lost with them; the store knows each
/// message at most once.
fn check_handed_over(stand: &Stand) {
    let live = stand.live();
    let mut seen = BTreeSet::new();
    for lead in 0..LEADS {
        for done in live.done(&format!("l{lead}")).unwrap() {
            assert!(done.item.what == What::Alert || seen.insert(done.item.id.clone()), "{done:?}");
        }
    }
}

#[test]
fn without_power_nothing_acknowledged_is_lost() {
    let (runs, seed) = (asked("ENSUE_SOAK_RUNS", 20), asked("ENSUE_SOAK_SEED", 1));
    let mut random = Random::new(seed ^ 0x0FF);
    let place = tempfile::tempdir().unwrap();
    let disk = match power::Disk::new(place.path(), 512) {
        Ok(disk) => disk,
        Err(reason) => return eprintln!("skipped, this machine cannot lose a disk's power: {reason}"),
    };
    let stand = Stand::new("outreach");
    let dir = disk.mounted_at.join("store");
    let store = dir.display().to_string();
    let mut feed = Feed { lines: events(&mut random, 4_000), acknowledged: 0, stored: 0 };
    stand.write("first.jsonl", &format!("{}\n", feed.lines[0]));
    stand.done(&["ingest", "--rules", ".", "--replay", "--store", &store, "first.jsonl"]);
    (feed.acknowledged, feed.stored) = (1, 1);
    for run in 0..runs {
        let what = format!("seed {seed}, run {run}");
        let from = feed.acknowledged;
        let mut text = String::new();
        feed.lines[from..].iter().for_each(|line| writeln!(text, "{line}").unwrap());
        stand.write("rest.jsonl", &text);
        let group = GROUP.to_string();
        let args = ["ingest", "--replay", "--ack", "--batch", &group, "--store", &store, "rest.jsonl"];
        let mut process = command(stand.dir(), &args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(random.below(500_000)));
        disk.lose_power().unwrap();
        std::thread::sleep(Duration::from_millis(20));
        let _ = process.kill();
        let status = process.wait().unwrap();
        let mut said = String::new();
        process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(status.code() != Some(4) && !said.contains("panicked"), "{what}: {said}");
        feed.acknowledged = (from + acknowledged(&mut process)).min(feed.lines.len());
        disk.restart().unwrap();
        let live =
            Live::open(&dir, &StoreOptions { create: false, ..options() }).unwrap_or_else(|e| panic!("{what}: {e}"));
        feed.check(&live, from, &what);
        drop(live);
        if run % 5 == 4 {
            check_agreement(&dir, &what);
        }
    }
}

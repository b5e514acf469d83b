//! Figures of a store: durable ingest next to a bare database, a run with much due, opening, bytes,
//! a replay from the store next to one from JSON Lines. Prints one line a figure.
//! `cargo bench --bench store`; `ENSUE_EVENTS=100000` for a smaller log, `-- ingest`, `-- read`,
//! `-- run` or `-- lead` for a part. Speeds hang on the disk and on what else it does, so what is compared is
//! measured in turns.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a bench may panic, looks at the clock, and prints"
)]

use std::borrow::Cow;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use ensue::config::{self, BreakerSettings, Retries, SinkKind};
use ensue::live::{Arrival, Desk, Live, LogLine, OpenSink};
use ensue::load::Files;
use ensue::local::{Zone, parse_rfc3339, rfc3339};
use ensue::log::Log;
use ensue::sink;
use ensue::store::{self, NewEntry, Offset, Store, StoredEntry};
use ensue::timestamp::{Span, Timestamp};

#[path = "workload/engine.rs"]
#[expect(dead_code, reason = "it also reads logs that lie in memory")]
mod engine;
#[path = "workload/generate.rs"]
mod generate;
#[path = "workload/truth.rs"]
#[expect(dead_code, reason = "the logs it knows are those of other benches")]
mod truth;

use generate::Workload;

const LEADS: u32 = 10_000;

fn main() {
    let part = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let asked = |name: &str| part.as_deref().is_none_or(|part| part == name);
    if asked("run") {
        run();
    }
    let count = std::env::var("ENSUE_EVENTS").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000_u32);
    let log: &'static [u8] =
        generate::bytes(Workload { leads: LEADS.min(count / 10), events: count, seed: 42, dirty: false }).leak();
    let texts: Vec<&str> = std::str::from_utf8(log).unwrap().lines().collect();
    say("events", &count.to_string());
    if asked("lead") {
        lead(count);
    }
    if asked("ingest") {
        ingest(&texts[..texts.len().min(500)], 1);
        ingest(&texts[..texts.len().min(100_000)], 1_000);
    }
    if asked("read") {
        let dir = tempfile::tempdir().unwrap();
        fill(dir.path(), &texts);
        opening(dir.path());
        reading(dir.path(), log);
    }
}

fn say(what: &str, figure: &str) {
    println!("{what:<44} {figure}");
}

fn rate(count: usize, begun: Instant) -> f64 {
    count as f64 / begun.elapsed().as_secs_f64()
}

fn seconds(begun: Instant) -> String {
    format!("{:.3} s", begun.elapsed().as_secs_f64())
}

fn open(dir: &Path) -> Live {
    Live::open(dir, &store::StoreOptions::default()).unwrap()
}

fn in_force(live: &mut Live, rules: &str) {
    let files = Files { rules: vec![("rules.ensue".to_owned(), rules.to_owned())], ..Files::default() };
    let at = parse_rfc3339(b"2026-01-01T00:00:00Z").unwrap();
    live.activate_first(&files, files.check().rulebook.unwrap(), at).unwrap();
}

fn lines<'a>(texts: &[&'a str]) -> Vec<LogLine<'a>> {
    let path = Arc::from("-");
    let line = |(text, number): (&&'a str, u64)| LogLine {
        path: Arc::clone(&path),
        number,
        text: Cow::Borrowed(*text),
        broken: None,
    };
    texts.iter().zip(1..).map(line).collect()
}

/// As `ensue ingest` does: the next groups are read while one is made durable.
fn take(live: &mut Live, texts: &[&str], batch: usize) {
    let intake = live.intake(false).unwrap();
    thread::scope(|scope| {
        let (sender, groups) = mpsc::sync_channel(2);
        scope.spawn(move || {
            for group in texts.chunks(batch) {
                sender.send(intake.read(lines(group))).unwrap();
            }
        });
        for group in groups {
            live.append(group, Arrival::Own).unwrap();
        }
    });
}

/// One lead looked at in a store with as many decisions as events, ten for each lead: opening the
/// store, and all that was decided about the lead.
fn lead(count: u32) {
    let leads = (count / 10).max(1);
    let mut log = String::new();
    let start = parse_rfc3339(b"2026-01-01T00:00:00Z").unwrap();
    for n in 0..count {
        let (lead, page) = (n % leads, n / leads);
        let at = rfc3339(start + Span::seconds(i64::from(n)), Zone::UTC);
        let _ = writeln!(
            log,
            r#"{{"id":"e{n}","type":"page.viewed","lead":"l{lead}","at":"{at}","props":{{"page":"p{page}"}}}}"#
        );
    }
    let texts: Vec<&str> = log.lines().collect();
    let dir = tempfile::tempdir().unwrap();
    let mut live = open(dir.path());
    in_force(&mut live, "lead { last_page text? }\nseen: visited -> set last_page = event.page");
    take(&mut live, &texts, 1_000);
    let begun = Instant::now();
    live.advance(live.floor()).unwrap();
    say("decisions", &live.decisions().to_string());
    say("decided in a live run", &format!("{:.0} /s", rate(count as usize, begun)));
    drop(live);
    let mut times: Vec<Duration> = (0..9)
        .map(|n| {
            let begun = Instant::now();
            let view = open(dir.path()).lead(&format!("l{}", n * leads / 9)).unwrap().unwrap();
            assert_eq!(view.decided.len() as u32, count / leads);
            begun.elapsed()
        })
        .collect();
    times.sort_unstable();
    say("opening the store and looking at one lead", &format!("{:.1} ms", times[4].as_secs_f64() * 1e3));
}

fn fill(dir: &Path, texts: &[&str]) {
    let mut live = open(dir);
    in_force(&mut live, include_str!("workload/w1.ensue"));
    take(&mut live, texts, 1_000);
}

/// Rounds of what is measured in turns; the middle one counts.
const ROUNDS: usize = 9;

/// What lies in the middle of all rounds.
fn middle<const N: usize>(rounds: &[[f64; N]], of: &dyn Fn(&[f64; N]) -> f64) -> f64 {
    let mut values: Vec<f64> = rounds.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Events a second from lines of JSON to the disk, in groups, beside the byte layer alone and a bare
/// database that writes the same blocks with the same syncs.
fn ingest(texts: &[&str], batch: usize) {
    let mut rounds: Vec<[f64; 3]> = Vec::new();
    for round in 0..ROUNDS {
        let dir = tempfile::tempdir().unwrap();
        let mut live = open(dir.path());
        in_force(&mut live, include_str!("workload/w1.ensue"));
        let begun = Instant::now();
        take(&mut live, texts, batch);
        let ours = rate(texts.len(), begun);
        let stats = live.store().stats().unwrap();
        let blocks: Vec<Vec<u8>> =
            live.store().blocks(Offset(0)).unwrap().map(|block| block.unwrap().bytes().to_vec()).collect();
        if round == 0 {
            let on_disk = format!("{:.0} bytes/event, {} syncs", stats.bytes_per_entry, stats.syncs);
            say(&format!("batch {batch}: on disk"), &on_disk);
            let bytes: usize = blocks.iter().map(Vec::len).sum();
            say(&format!("batch {batch}: in blocks"), &format!("{:.0} bytes/event", bytes as f64 / texts.len() as f64));
        }
        rounds.push([ours, appending(live, batch), bare(&blocks, texts.len(), batch)]);
    }
    for (number, what) in ["durable ingest", "the byte layer alone", "a bare database"].into_iter().enumerate() {
        say(&format!("batch {batch}: {what}"), &format!("{:.0} events/s", middle(&rounds, &|round| round[number])));
    }
    let part = middle(&rounds, &|round| round[0] / round[2]);
    say(&format!("batch {batch}: ingest to the bare database"), &format!("{part:.2}"));
    let part = middle(&rounds, &|round| round[1] / round[2]);
    say(&format!("batch {batch}: byte layer to the bare database"), &format!("{part:.2}"));
}

/// The byte layer alone: the same entries, encoded already.
fn appending(live: Live, batch: usize) -> f64 {
    let entries: Vec<StoredEntry> = live.store().entries(Offset(0)).unwrap().map(Result::unwrap).collect();
    drop(live);
    let new: Vec<NewEntry<'_>> = entries.iter().map(StoredEntry::as_new).collect();
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path(), &store::StoreOptions::default()).unwrap();
    let begun = Instant::now();
    for group in new.chunks(batch) {
        store.append(group).unwrap();
    }
    rate(new.len(), begun)
}

/// The same blocks through a bare database with the same syncs: as many groups, each with its part
/// of the blocks. A group smaller than a block writes the block anew as far as it is filled.
fn bare(blocks: &[Vec<u8>], events: usize, batch: usize) -> f64 {
    let dir = tempfile::tempdir().unwrap();
    let db = sled::Config::new()
        .path(dir.path())
        .segment_size(1 << 20)
        .cache_capacity(128 << 20)
        .flush_every_ms(None)
        .open()
        .unwrap();
    let file = fs::File::open(dir.path().join("db")).unwrap();
    let groups = events.div_ceil(batch);
    let begun = Instant::now();
    for group in 0..groups {
        // Where the group begins and ends among the blocks, in thousandths of a block.
        let place = |group: usize| group * blocks.len() * 1_000 / groups;
        for number in place(group) / 1_000..=(place(group + 1) - 1).max(place(group)) / 1_000 {
            let Some(block) = blocks.get(number) else { continue };
            let filled = (place(group + 1) - number * 1_000).min(1_000);
            let end = (block.len() * filled).div_ceil(1_000);
            db.insert((number as u64).to_be_bytes(), &block[..end]).unwrap();
        }
        db.flush().unwrap();
        file.sync_all().unwrap();
        fs::write(dir.path().join("head.new"), b"head").unwrap();
        fs::File::open(dir.path().join("head.new")).unwrap().sync_all().unwrap();
        fs::rename(dir.path().join("head.new"), dir.path().join("head")).unwrap();
        fs::File::open(dir.path()).unwrap().sync_all().unwrap();
    }
    rate(events, begun)
}

fn opening(dir: &Path) {
    for what in ["after a run", "again"] {
        let begun = Instant::now();
        let live = open(dir);
        say(&format!("open the whole log, {what}"), &seconds(begun));
        drop(live);
    }
    let begun = Instant::now();
    store::verify(dir, &store::StoreOptions::default()).unwrap();
    say("verify the whole log", &seconds(begun));
}

fn reading(dir: &Path, json: &[u8]) {
    let file = dir.with_extension("jsonl");
    fs::write(&file, json).unwrap();
    let live = open(dir);
    let plan = engine::plan();
    for threads in [1, 2] {
        let from_json = |replays: bool| {
            let begun = Instant::now();
            let reader = Box::new(fs::File::open(&file).unwrap());
            let log = engine::read_from(&plan, reader, threads);
            replays.then(|| engine::replay(&plan, &log, threads));
            rate(log.len(), begun)
        };
        let from_store = |replays: bool| {
            let begun = Instant::now();
            let log = live.log(&plan.rulebook, threads).unwrap();
            replays.then(|| engine::replay(&plan, &log, threads));
            rate(log.len(), begun)
        };
        for (what, replays) in [("read", false), ("replay", true)] {
            let rounds: Vec<[f64; 2]> = (0..ROUNDS).map(|_| [from_json(replays), from_store(replays)]).collect();
            let say = |words: &str, figure: String| say(&format!("{what}, {threads} threads: {words}"), &figure);
            say("from JSON Lines", format!("{:.0} events/s", middle(&rounds, &|round| round[0])));
            say("from the store", format!("{:.0} events/s", middle(&rounds, &|round| round[1])));
            say("store to JSON Lines", format!("{:.2}", middle(&rounds, &|round| round[1] / round[0])));
        }
    }
    let decided = |log: &Log| engine::count(&plan, log, &engine::replay(&plan, log, 1));
    let from_json = engine::read_from(&plan, Box::new(fs::File::open(&file).unwrap()), 1);
    assert_eq!(decided(&from_json), decided(&live.log(&plan.rulebook, 1).unwrap()));
    fs::remove_file(&file).unwrap();
    let count = live.store().len() as usize;
    let (mut live, begun) = (live, Instant::now());
    live.advance(live.floor()).unwrap();
    say("a live run decides the whole log", &format!("{:.0} events/s", rate(count, begun)));
    say("on disk with all that follows", &format!("{:.0} bytes/event", live.store().stats().unwrap().bytes_per_entry));
}

/// A hundred thousand leads, of which ten thousand have something due.
fn run() {
    const ALL: usize = 100_000;
    const DUE: usize = 10_000;
    let rules = "tiers hot\nchannel email { require email_ok }\ndemo -> email thanks in 1d\n";
    let dir = tempfile::tempdir().unwrap();
    let mut live = open(dir.path());
    in_force(&mut live, rules);
    let start = parse_rfc3339(b"2026-03-02T09:00:00Z").unwrap();
    let at = rfc3339(start, Zone::UTC);
    let mut text = String::new();
    for lead in 0..ALL {
        writeln!(text, r#"{{"id":"c{lead}","type":"lead.created","lead":"l{lead}","at":"{at}"}}"#).unwrap();
    }
    for lead in 0..DUE {
        writeln!(text, r#"{{"id":"d{lead}","type":"demo.requested","lead":"l{}","at":"{at}"}}"#, lead * 10).unwrap();
    }
    let texts: Vec<&str> = text.lines().collect();
    take(&mut live, &texts, 1_000);
    let begun = Instant::now();
    live.advance(start).unwrap();
    say("take in 110000 events of 100000 leads", &seconds(begun));
    drop(live);
    let due = start + Span::days(1);
    let whole = Instant::now();
    let mut live = open(dir.path());
    say("open it", &seconds(whole));
    let begun = Instant::now();
    let advanced = live.advance(due).unwrap();
    assert_eq!(advanced.decisions as usize, DUE);
    say("decide 10000 that are due", &seconds(begun));
    let begun = Instant::now();
    hand_over(&mut live, dir.path(), due);
    say("hand 10000 over to a file", &seconds(begun));
    say("the run as a whole", &seconds(whole));
}

fn hand_over(live: &mut Live, dir: &Path, now: Timestamp) {
    let settings = config::SinkSettings {
        name: "file".to_owned(),
        kind: SinkKind::File("out.jsonl".into()),
        idempotent: false,
        retries: Retries::default(),
        breaker: BreakerSettings::default(),
    };
    let sink = sink::open(&settings, dir).unwrap();
    let windows = [("file".to_owned(), OpenSink { settings, sink })].into();
    let mut desk = Desk { windows, route: &|_| Some("file".to_owned()) };
    let handed = live.hand_over(&mut desk, &mut || now, &|| false).unwrap();
    assert_eq!(handed.taken, 10_000);
}

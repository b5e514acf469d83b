//! Every case of `fixtures/run` lived through: its log comes into a store that is killed and polled between the
//! entries, and what was decided is what a dry run decides. `ENSUE_CASES=20` lives through each twenty times,
//! `ENSUE_SEED` begins elsewhere.

use std::path::Path;
use std::sync::Arc;

use ensue::decision::names::Names;
use ensue::live::{Arrival, Live, LiveError, LogLine};
use ensue::load::Files;
use ensue::local::parse_rfc3339;
use ensue::log::{self, Input, Log, ReadOptions};
use ensue::plan::Plan;
use ensue::replay::{self, ReplayOptions};
use ensue::store::{StoreError, StoreOptions};
use ensue::timestamp::{Span, Timestamp};

use super::book::{Room, options, room};
use super::random::Random;
use super::seen::{decided, export};
use super::stand::{asked, copy};

/// Fewer folders than this are not found as they should be.
const FOLDERS: usize = 200;

struct Case {
    files: Files,
    plan: Arc<Plan>,
    /// In the order in which they are told.
    lines: Vec<(Timestamp, String)>,
    until: Option<Timestamp>,
}

impl Case {
    /// The case of a folder; none where its log has records that cannot be read, which a store puts aside.
    fn read(folder: &Path) -> Option<Self> {
        let args = std::fs::read_to_string(folder.join("args")).unwrap_or_default();
        let words: Vec<&str> = args.split_whitespace().collect();
        if words.contains(&"--skip-bad") {
            return None;
        }
        let until = words.iter().position(|word| *word == "--until");
        let until = until.map(|at| parse_rfc3339(words[at + 1].as_bytes()).unwrap());
        let files = Files::read(folder).unwrap();
        let plan = Arc::new(Plan::compile(files.check().rulebook.unwrap()));
        let text = std::fs::read_to_string(folder.join("events.jsonl")).unwrap();
        let told = |line: &str| {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            let at = record.get("received_at").or(record.get("time")).or(record.get("at")).unwrap().as_str().unwrap();
            (parse_rfc3339(at.as_bytes()).unwrap(), line.to_owned())
        };
        let mut lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).map(told).collect();
        lines.sort_by_key(|(at, _)| *at);
        lines.retain(|(at, _)| until.is_none_or(|until| *at <= until));
        Some(Self { files, plan, lines, until })
    }

    fn told(&self) -> String {
        self.lines.iter().map(|(_, line)| format!("{line}\n")).collect()
    }

    fn log(&self, text: String) -> Log {
        let input = Input { path: String::from("events.jsonl"), reader: Box::new(std::io::Cursor::new(text)) };
        let options = ReadOptions { threads: 1, ..ReadOptions::default() };
        log::read(vec![input], &self.plan.rulebook, &options, &|_| {}).unwrap()
    }

    /// The lines of a dry run, with what lies ahead, and the moment that they are of.
    fn dry_run(&self, text: String) -> (String, Timestamp) {
        let log = self.log(text);
        let last = self.lines.last().map_or(Timestamp(0), |(at, _)| *at);
        let until = self.until.unwrap_or(last).max(log.drained_to.unwrap_or(last));
        let options = ReplayOptions { threads: 1, until: Some(until), ..ReplayOptions::default() };
        let replayed = replay::replay(&self.plan, &log, &options).unwrap();
        let names = Names { rulebook: &self.plan.rulebook, log: &log };
        let lines = replayed.decisions.iter().chain(&replayed.pending).map(|one| names.line(one).to_string());
        (lines.collect::<Vec<_>>().join("\n"), until)
    }
}

/// A store that is killed.
struct Killed<'r> {
    random: &'r mut Random,
    room: Room,
    live: Option<Live>,
    step: usize,
    kills: u64,
}

impl Killed<'_> {
    fn open(&mut self) {
        self.live = None;
        if self.random.one_in(3) {
            // One of its syncs will fail, which stops it as a crash would.
            let failing = StoreOptions { fail_sync_at: Some(1 + self.random.below(20)), ..options() };
            self.live = Live::open(self.room.path(), &failing).ok();
        }
        let live = self.live.take().unwrap_or_else(|| Live::open(self.room.path(), &options()).unwrap());
        self.live = Some(live.with_step(self.step));
    }

    /// The files as a kill leaves them.
    fn kill(&mut self) {
        self.kills += 1;
        let next = room();
        copy(self.room.path(), next.path());
        self.live = None;
        self.room = next;
        self.open();
    }

    fn insist<T>(&mut self, mut attempt: impl FnMut(&mut Live) -> Result<T, LiveError>) -> T {
        loop {
            match attempt(self.live.as_mut().unwrap()) {
                Ok(done) => return done,
                Err(LiveError::Store(StoreError::Io { .. } | StoreError::Stopped { .. })) => {
                    self.kills += 1;
                    self.open();
                }
                Err(other) => panic!("{other}"),
            }
        }
    }
}

/// Lives through a case; how often the store was killed, or what differs.
fn live_through(case: &Case, random: &mut Random) -> Result<u64, String> {
    let (mut dry, until) = case.dry_run(case.told());
    let step = 1 + random.below(5) as usize;
    let mut killed = Killed { random, room: room(), live: None, step, kills: 0 };
    killed.open();
    let first = case.lines.first().map_or(until, |(at, _)| *at);
    killed.insist(|live| match live.plan() {
        Some(_) => Ok(()),
        None => live.activate_first(&case.files, (*case.plan.rulebook).clone(), first),
    });
    let mut rest = case.lines.as_slice();
    while let Some((now, _)) = rest.first() {
        let now = *now;
        if killed.random.one_in(2) {
            killed.kill();
        }
        // Time may have passed up to the next entry, and not to it.
        if killed.random.one_in(2) {
            let floor = killed.live.as_ref().unwrap().floor();
            let ahead = (now.0 - floor.0).max(1) as u64;
            let at = floor + Span(killed.random.below(ahead) as i64);
            killed.insist(|live| live.advance(at));
        }
        let (group, after) = rest.split_at(1 + killed.random.below(rest.len().min(4) as u64) as usize);
        rest = after;
        let told = group.iter().zip(1..);
        let lines: Vec<LogLine<'_>> = told
            .map(|((_, text), number)| LogLine { path: "-".into(), number, text: text.into(), broken: None })
            .collect();
        killed.insist(|live| live.ingest(lines.clone(), Arrival::Own, false));
    }
    killed.kill();
    killed.insist(|live| live.advance(until));
    let store = killed.live.as_ref().unwrap();
    let live = decided(store);
    // What was said of somebody who is forgotten is not in the store any more.
    if case.told().contains("override.erase") {
        (dry, _) = case.dry_run(export(store));
    }
    if live == dry {
        return Ok(killed.kills);
    }
    let at = live.lines().zip(dry.lines()).position(|(a, b)| a != b).map_or(0, |at| at + 1);
    Err(format!("from line {at} on, live:\n{live}\ndry run:\n{dry}"))
}

#[test]
fn every_case_lived_through_with_kills_decides_what_a_dry_run_decides() {
    let (times, first) = (asked("ENSUE_CASES", 1), asked("ENSUE_SEED", 1));
    let mut folders: Vec<_> = std::fs::read_dir("fixtures/run").unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let (mut lived, mut kills, mut wrong) = (0, 0, Vec::new());
    for folder in &folders {
        let Some(case) = Case::read(folder) else { continue };
        for seed in first..first + times {
            match live_through(&case, &mut Random::new(seed ^ folders.len() as u64)) {
                Ok(killed) => (lived, kills) = (lived + 1, kills + killed),
                Err(why) => wrong.push(format!("{}, ENSUE_SEED={seed}: {why}", folder.display())),
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ: {}", wrong.len(), wrong.join("\n\n"));
    assert!(lived >= FOLDERS && kills > lived as u64, "{lived} lived through, {kills} kills");
}

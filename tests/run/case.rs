//! One rulebook and one log, and the ways to run them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use ensue::decision::Decision;
use ensue::decision::count::Counts;
use ensue::decision::names::Names;
use ensue::engine::{Engine, SavedAccount, SavedAddress, SavedLead};
use ensue::local::parse_rfc3339;
use ensue::log::{self, Input, Log, ReadOptions};
use ensue::plan::Plan;
use ensue::replay::{self, ReplayOptions};
use ensue::timestamp::Timestamp;

pub struct Case {
    plan: Arc<Plan>,
    root: String,
    events: String,
    until: Option<Timestamp>,
    trace: bool,
    skip_bad: bool,
}

impl Case {
    /// The case of a folder.
    pub fn read(folder: &Path) -> Result<Self, String> {
        let root = folder.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(folder);
        let args = std::fs::read_to_string(folder.join("args")).unwrap_or_default();
        Self::new(root, std::fs::read_to_string(folder.join("events.jsonl")).unwrap(), &args)
    }

    /// A rulebook with a log that is not in a file.
    pub fn new(rules: &Path, events: String, args: &str) -> Result<Self, String> {
        let checked = ensue::load::rulebook(rules).unwrap();
        let Some(rulebook) = checked.rulebook else {
            let found =
                checked.diagnostics.iter().map(|d| format!("{}: {}", checked.sources.place(d.range), d.message));
            return Err(found.collect::<Vec<_>>().join("\n"));
        };
        let words: Vec<&str> = args.split_whitespace().collect();
        let until = words.iter().position(|word| *word == "--until");
        Ok(Self {
            plan: Arc::new(Plan::compile(rulebook)),
            root: format!("{}/", rules.display()),
            events,
            until: until.map(|at| parse_rfc3339(words[at + 1].as_bytes()).unwrap()),
            trace: words.contains(&"--trace"),
            skip_bad: words.contains(&"--skip-bad"),
        })
    }

    /// The labels of the rulebook's own rules.
    pub fn labels(&self) -> Vec<String> {
        let own = self.plan.rulebook.rules.iter().filter(|rule| !rule.standard);
        own.map(|rule| rule.label.clone()).collect()
    }

    /// Whether bad records are listed instead of refused.
    pub fn skips_bad(&self) -> bool {
        self.skip_bad
    }

    /// The same with its lines in another order; lines of one time keep theirs.
    pub fn shuffled(&self, seed: u64) -> Self {
        let mut lines: Vec<(u64, &str)> =
            self.events.lines().enumerate().map(|(n, line)| (mixed(seed, n as u64), line)).collect();
        lines.sort_unstable();
        let mut lines: Vec<&str> = lines.into_iter().map(|(_, line)| line).collect();
        let original: Vec<&str> = self.events.lines().collect();
        let times: Vec<String> = lines.iter().map(|line| arrival(line)).collect();
        for time in &times {
            let places: Vec<usize> = (0..lines.len()).filter(|at| times[*at] == *time).collect();
            let group: Vec<&str> = original.iter().copied().filter(|line| arrival(line) == *time).collect();
            for (place, line) in places.into_iter().zip(group) {
                lines[place] = line;
            }
        }
        Self { plan: Arc::clone(&self.plan), root: self.root.clone(), events: lines.join("\n"), ..*self }
    }

    fn log(&self) -> Log {
        let reader = Box::new(std::io::Cursor::new(self.events.clone().into_bytes()));
        let inputs = vec![Input { path: String::from("events.jsonl"), reader }];
        let options = ReadOptions { skip_bad: self.skip_bad, threads: 1, ..ReadOptions::default() };
        log::read(inputs, &self.plan.rulebook, &options, &|_| {})
            .unwrap_or_else(|error| panic!("{}: {error}", self.root))
    }

    /// Leads split into shards; 0 for the usual size.
    pub fn sharded(&self, threads: usize, leads_per_shard: usize) -> String {
        let log = self.log();
        let options = ReplayOptions { until: self.until, threads, trace: self.trace, leads_per_shard, guard: None };
        let replayed = replay::replay(&self.plan, &log, &options).unwrap();
        self.text(&log, replayed.handled, &replayed.decisions, &replayed.pending)
    }

    /// One engine for all leads, with the clock moved on between events as a caller might.
    pub fn fed_by_hand(&self) -> String {
        let log = self.log();
        let mut engine = Engine::new(Arc::clone(&self.plan));
        if self.trace {
            engine = engine.with_trace();
        }
        let (mut decisions, mut handled, mut last) = (Vec::new(), 0, Timestamp(0));
        for event in log.iter().filter(|event| self.until.is_none_or(|until| event.received_at <= until)) {
            // Polling halfway between two events changes nothing.
            engine.drain(Timestamp(i64::midpoint(last.0, event.received_at.0)), &log, &mut decisions).unwrap();
            engine.handle(&event, &log, &mut decisions).unwrap();
            last = event.received_at;
            handled += 1;
        }
        engine.drain(self.until.unwrap_or(last), &log, &mut decisions).unwrap();
        self.text(&log, handled, &decisions, &engine.pending(&log))
    }

    /// The same with the engine taken apart into bytes and put together again before every event.
    pub fn taken_apart(&self) -> String {
        let log = self.log();
        let mut shelf = Shelf::default();
        let (mut decisions, mut handled, mut last) = (Vec::new(), 0, Timestamp(0));
        let traced = |engine: Engine| if self.trace { engine.with_trace() } else { engine };
        let mut engine = traced(Engine::new(Arc::clone(&self.plan)));
        for event in log.iter().filter(|event| self.until.is_none_or(|until| event.received_at <= until)) {
            engine.drain(Timestamp(i64::midpoint(last.0, event.received_at.0)), &log, &mut decisions).unwrap();
            engine = traced(shelf.through(engine, &self.plan));
            engine.handle(&event, &log, &mut decisions).unwrap();
            last = event.received_at;
            handled += 1;
        }
        engine = traced(shelf.through(engine, &self.plan));
        engine.drain(self.until.unwrap_or(last), &log, &mut decisions).unwrap();
        self.text(&log, handled, &decisions, &engine.pending(&log))
    }

    fn text(&self, log: &Log, handled: usize, decisions: &[Decision], pending: &[Decision]) -> String {
        let names = Names { rulebook: &self.plan.rulebook, log };
        let mut counts = Counts { leads: log.named_lead_count(), events: handled, ..Counts::default() };
        let mut text = String::new();
        for (count, bad) in log.bad.iter().enumerate() {
            // Where a bad line stands depends on the order of the lines.
            writeln!(text, "bad {}: {}", count + 1, bad.reason).unwrap();
        }
        for decision in decisions.iter().chain(pending) {
            counts.add(decision);
            writeln!(text, "{}", names.line(decision)).unwrap();
        }
        if log.duplicates > 0 {
            writeln!(text, "duplicates: {}", log.duplicates).unwrap();
        }
        writeln!(text, "{counts}").unwrap();
        text.replace(&self.root, "")
    }
}

/// When a line arrived, to the letter; the fixtures of one folder write a moment in one way only.
fn arrival(line: &str) -> String {
    let record: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
    let time = record.get("received_at").or(record.get("at")).and_then(serde_json::Value::as_str).unwrap_or("");
    parse_rfc3339(time.as_bytes()).map_or_else(|_| String::from(time), |at| format!("{:020}", at.0))
}

/// A number that looks random (`SplitMix64`).
fn mixed(seed: u64, n: u64) -> u64 {
    let mut z = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(n.wrapping_mul(0xD1B5_4A32_D192_ED03));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Leads and accounts as bytes.
#[derive(Default)]
struct Shelf {
    leads: BTreeMap<u32, SavedLead>,
    accounts: BTreeMap<u32, SavedAccount>,
    addresses: BTreeMap<[u8; 16], SavedAddress>,
}

impl Shelf {
    /// An engine with the state of another one.
    fn through(&mut self, engine: Engine, plan: &Arc<Plan>) -> Engine {
        let (clock, owner_sends, halts) = (engine.clock(), engine.owner_sends().clone(), engine.halts().clone());
        let addresses = engine.changed_addresses().unwrap();
        self.addresses.extend(addresses.into_iter().map(|saved| (saved.address.bytes(), saved)));
        let (leads, accounts) = engine.into_changed().unwrap();
        self.leads.extend(leads.into_iter().map(|saved| (saved.lead.0, saved)));
        self.accounts.extend(accounts.into_iter().map(|saved| (saved.account.0, saved)));
        let mut engine = Engine::resume(Arc::clone(plan), clock, owner_sends).with_halts(halts);
        for saved in self.accounts.values() {
            engine.put_account(saved).unwrap();
        }
        for saved in self.leads.values() {
            engine.put_lead(saved.lead, saved.account, &saved.bytes).unwrap();
        }
        for saved in self.addresses.values() {
            engine.put_address(saved).unwrap();
        }
        engine
    }
}

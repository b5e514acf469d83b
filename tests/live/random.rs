//! Random logs, taken in live in random ways, and compared with a dry run over what was exported.

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use ensue::decision::names::Names;
use ensue::live::{Arrival, Live, LogLine};
use ensue::load::Files;
use ensue::local::{Zone, parse_rfc3339, rfc3339};
use ensue::log::{self, Input, ReadOptions};
use ensue::plan::Plan;
use ensue::replay::{self, ReplayOptions};
use ensue::timestamp::{Span, Timestamp};

use super::book::{options, room};
use super::explained;
use super::stand::asked;

/// Folders whose rules are fed with random logs; between them they use every kind of timer.
const RULEBOOKS: [&str; 5] = ["mixed_everything", "mixed_accounts", "mixed_scores", "mixed_absences", "mixed_contact"];

const TYPES: [&str; 14] = [
    "lead.created",
    "email.opened",
    "page.viewed",
    "replied",
    "email.sent",
    "demo.requested",
    "meeting.booked",
    "lead.updated",
    "unsubscribed",
    "link.clicked",
    "override.pause",
    "override.resume",
    "override.stop",
    "unknown.thing",
];

/// xorshift64*: Vigna 2016, "An experimental exploration of Marsaglia's xorshift generators".
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 11) % n
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// Lines of a random log in the order they are told, each with the moment of the wall clock; lines
/// are repeated, and the clock is set back now and then.
fn log(random: &mut Random) -> Vec<(Timestamp, String)> {
    let mut lines: Vec<(Timestamp, String)> = Vec::new();
    // Friday before the clock change in New York.
    let mut now = parse_rfc3339(b"2024-03-08T14:00:00Z").unwrap();
    for n in 0..=random.below(25) {
        now = now
            + Span::seconds(60 * [0, random.below(600), 1440, random.below(20_000)][random.below(4) as usize] as i64);
        if random.one_in(6) && !lines.is_empty() {
            let again = lines[random.below(lines.len() as u64) as usize].1.clone();
            lines.push((now, again));
            continue;
        }
        let wall = if random.one_in(8) { now - Span::seconds(60 * random.below(3000) as i64) } else { now };
        let late = if random.one_in(4) { random.below(8000) } else { 0 };
        let at = rfc3339(wall - Span::seconds(60 * late as i64), Zone::UTC);
        let ty = TYPES[random.below(TYPES.len() as u64) as usize];
        let props = match (ty, n % 3) {
            ("lead.created" | "lead.updated", 0) => r#"{"timezone":"America/New_York","sms_ok":true,"name":"Ana Li"}"#,
            ("lead.created" | "lead.updated", 1) => r#"{"timezone":"Asia/Tokyo","deal_value":70000}"#,
            ("lead.created" | "lead.updated", _) => r#"{"owner":"kim"}"#,
            ("page.viewed", 0 | 1) => r#"{"page":"pricing"}"#,
            ("email.opened", 2) => r#"{"machine":true}"#,
            ("meeting.booked", 0) => r#"{"start":"2024-04-02T15:00:00Z"}"#,
            ("unsubscribed", _) => r#"{"channel":"sms"}"#,
            ("override.pause", 1) => r#"{"ends":"2024-03-20T12:00:00Z","by":"bob"}"#,
            _ => "{}",
        };
        let lead = random.below(5);
        let account = if lead.is_multiple_of(2) { r#","account":"acme""# } else { "" };
        let line = format!(r#"{{"id":"e{n}","type":"{ty}","lead":"l{lead}"{account},"at":"{at}","props":{props}}}"#);
        lines.push((wall, line));
    }
    lines
}

pub fn files(name: &str) -> Files {
    Files::read(&Path::new("fixtures/run").join(name)).unwrap()
}

/// The same rulebook with some of its lines left out, and lengths and lines changed: another of its
/// family.
fn changed(files: &Files, random: &mut Random) -> Files {
    let mut files = files.clone();
    for (_, text) in &mut files.rules {
        let keep = |line: &str, random: &mut Random| {
            // Others may name what these declare.
            let declares = ["tiers", "score", "sequence", "calendar", "channel", "#"];
            !line.contains("->") || declares.iter().any(|word| line.starts_with(word)) || !random.one_in(4)
        };
        let change = |line: &str, random: &mut Random| {
            let pairs = [
                ("within 7d", "within 3d"),
                ("3x", "2x"),
                ("2x", "3x"),
                ("silent 10d", "silent 4d"),
                ("silent 3d", "silent 1d"),
                ("no reply within 2d", "no reply within 5d"),
                (">= 50", ">= 10"),
                ("half_life 3d", "half_life 9d"),
                ("window 5d", "window 2d"),
                ("day 1 email a, day 2", "day 1 email zero, day 1 email a, day 2"),
                ("day 1 at 10:00 email a, ", ""),
                (", +2d at 11:00 sms c if sms_ok expires after 2d", ""),
                (", day 3 at 10:00 email c", ", +1d email c, +1d email cc"),
                ("then every 7d email e up to 3 times", "day 4 email e"),
                ("hold 3d", "hold 1d"),
                ("every 2d", "every 3d"),
                ("cap 1 per 1d per lead", "cap 2 per 1d per lead"),
                ("contact email, sms { gap 3h,", "contact email { gap 5h, cap 9 per 9d per owner,"),
            ];
            let pair = pairs[random.below(pairs.len() as u64) as usize];
            line.replace(pair.0, pair.1)
        };
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let kept = lines.iter().filter(|line| keep(line, random)).cloned().collect::<Vec<_>>();
        *text = kept.iter().map(|line| format!("{}\n", change(line, random))).collect();
    }
    files
}

/// All lines of a group arrive together, when the last of them is told.
fn arrival(group: &[(Timestamp, String)]) -> Arrival {
    Arrival::At(group.iter().map(|line| line.0).max().unwrap())
}

/// Takes the log in, polled and reopened at random; gives the decisions, what lies ahead, and the
/// export.
fn live(random: &mut Random, files: &Files, lines: &[(Timestamp, String)]) -> (String, String) {
    let dir = room();
    let step = 1 + random.below(7) as usize;
    let open = || Live::open(dir.path(), &options()).unwrap().with_step(step);
    let mut live = open();
    live.activate_first(files, files.check().rulebook.unwrap(), lines[0].0).unwrap();
    let mut rest = lines;
    while !rest.is_empty() {
        let (group, after) = rest.split_at(1 + random.below(rest.len() as u64) as usize);
        rest = after;
        live.ingest(told(group), arrival(group), random.one_in(12)).unwrap();
        if random.one_in(2) {
            // A poll by a clock that may have been set back.
            live.advance(group[0].0 + Span::seconds(random.below(100_000) as i64)).unwrap();
        }
        if random.one_in(4) {
            drop(live);
            live = open();
        }
    }
    let floor = live.floor() + Span::seconds(random.below(1_000_000) as i64);
    live.advance(floor).unwrap();
    let text = decided(&live);
    let mut export = String::new();
    let mut each = |line: &str| {
        writeln!(export, "{line}").unwrap();
        ControlFlow::Continue(())
    };
    live.export(&mut each).unwrap();
    if random.one_in(3) {
        live.rebuild().unwrap();
        assert_eq!(text, decided(&live), "made anew from the log");
    }
    (text, export)
}

/// Lines as they are told.
fn told(group: &[(Timestamp, String)]) -> Vec<LogLine<'_>> {
    let lines = group.iter().zip(1..);
    lines.map(|((_, text), number)| LogLine { path: "-".into(), number, text: text.into(), broken: None }).collect()
}

fn decided(live: &Live) -> String {
    let mut text = String::new();
    let mut each = |line: &str| {
        writeln!(text, "{line}").unwrap();
        ControlFlow::Continue(())
    };
    live.each_decision(&mut each).unwrap();
    for line in live.ahead(None).unwrap() {
        writeln!(text, "{line}").unwrap();
    }
    text
}

/// What a dry run over an exported log decides.
fn dry_run(files: &Files, export: &str) -> String {
    let plan = Arc::new(Plan::compile(files.check().rulebook.unwrap()));
    let input =
        Input { path: String::from("export"), reader: Box::new(std::io::Cursor::new(export.as_bytes().to_vec())) };
    let log = log::read(vec![input], &plan.rulebook, &ReadOptions::default(), &|_| {}).unwrap();
    let replayed = replay::replay(&plan, &log, &ReplayOptions { threads: 1, ..ReplayOptions::default() }).unwrap();
    let names = Names { rulebook: &plan.rulebook, log: &log };
    let mut text = String::new();
    for decision in replayed.decisions.iter().chain(&replayed.pending) {
        writeln!(text, "{}", names.line(decision)).unwrap();
    }
    text
}

/// One case; what differs.
pub fn case(seed: u64) -> Result<(), String> {
    let mut random = Random::new(seed);
    let files = files(RULEBOOKS[random.below(RULEBOOKS.len() as u64) as usize]);
    let lines = log(&mut random);
    let (decided, export) = live(&mut random, &files, &lines);
    let dry = dry_run(&files, &export);
    if decided == dry { Ok(()) } else { Err(format!("live:\n{decided}\ndry run:\n{dry}\nlog:\n{export}")) }
}

/// One case with changes of the rulebook at random moments: made anew from its log in steps of
/// another size, the store says the same.
fn changing_case(seed: u64) -> Result<(), String> {
    let mut random = Random::new(seed);
    let base = files(RULEBOOKS[random.below(RULEBOOKS.len() as u64) as usize]);
    let lines = log(&mut random);
    let dir = tempfile::tempdir().unwrap();
    let open = |step| Live::open(dir.path(), &options()).unwrap().with_step(step);
    let mut live = open(1 + random.below(7) as usize);
    live.activate_first(&base, base.check().rulebook.unwrap(), lines[0].0).unwrap();
    let (mut rest, mut texts) = (lines.as_slice(), vec![base.clone()]);
    while !rest.is_empty() {
        let (group, after) = rest.split_at(1 + random.below(rest.len() as u64) as usize);
        rest = after;
        live.ingest(told(group), arrival(group), random.one_in(12)).unwrap();
        if random.one_in(2) {
            live.advance(group[0].0 + Span::seconds(random.below(100_000) as i64)).unwrap();
        }
        let next = if random.one_in(4) { base.clone() } else { changed(&base, &mut random) };
        let checked = next.check();
        let Some(rulebook) = checked.rulebook else {
            let found = checked.diagnostics.iter().map(|found| found.message.clone()).collect::<Vec<_>>();
            return Err(format!("a changed rulebook does not compile: {}\n{:?}", found.join("; "), next.rules));
        };
        live.activate(&next, rulebook, group[0].0 + Span::seconds(random.below(200_000) as i64)).unwrap();
        texts.push(next);
        if random.one_in(3) {
            drop(live);
            live = open(1 + random.below(7) as usize);
        }
    }
    let floor = live.floor() + Span::seconds(random.below(1_000_000) as i64);
    live.advance(floor).unwrap();
    let before = decided(&live);
    drop(live);
    let mut live = open(1 + random.below(7) as usize);
    live.rebuild().unwrap();
    let after = decided(&live);
    for (lead, explained) in explained::of(&live) {
        let its = format!(r#""lead":"{lead}","#);
        let own: Vec<&str> = before.lines().filter(|line| line.contains(&its)).collect();
        if explained != own {
            let (explained, own) = (explained.join("\n"), own.join("\n"));
            return Err(format!("{lead} as decided:\n{own}\nas explained:\n{explained}\n{texts:?}"));
        }
    }
    let ids: Vec<&str> = before.lines().filter(|line| line.contains(r#""status":"sent""#)).filter_map(id).collect();
    let mut once = ids.clone();
    once.sort_unstable();
    once.dedup();
    if once.len() < ids.len() {
        return Err(format!("an action was sent twice:\n{before}\n{texts:?}"));
    }
    if before == after { Ok(()) } else { Err(format!("at first:\n{before}\nmade anew:\n{after}\n{texts:?}")) }
}

/// The id of an action's line.
fn id(line: &str) -> Option<&str> {
    line.split_once(r#""id":""#)?.1.split('"').next()
}

#[test]
fn a_store_made_anew_says_the_same_after_changes_of_the_rulebook() {
    let (cases, first) = (asked("ENSUE_CASES", 60), asked("ENSUE_SEED", 1));
    for seed in first..first + cases {
        if let Err(difference) = changing_case(seed) {
            panic!("seed {seed} (ENSUE_SEED={seed} ENSUE_CASES=1 repeats it)\n{difference}");
        }
    }
}

#[test]
fn a_live_run_decides_what_a_dry_run_decides() {
    let (cases, first) = (asked("ENSUE_CASES", 200), asked("ENSUE_SEED", 1));
    for seed in first..first + cases {
        if let Err(difference) = case(seed) {
            panic!("seed {seed} (ENSUE_SEED={seed} ENSUE_CASES=1 repeats it)\n{difference}");
        }
    }
}

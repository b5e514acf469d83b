//! Logs in which messages cause answers, each at a rate that is known: by the text, the hour, the attempt, the
//! variant of an experiment, and the month. Whatever a report says about them can be held against the truth.
//!
//! The rulebook `known.ensue` sends every lead five mails that depend on nothing but its creation, so the log is made
//! in one go: the engine says who gets what and when, then every mail is answered or not. An answer comes within
//! [`ANSWERED_WITHIN`] seconds, and so before the next mail, and is credited to the mail that caused it.
//!
//! True rates, in thousandths, are sums: [`BASE`] and one line of each table. In the month of the drop they are lower
//! by the part that [`World`] says.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::Arc;

use ensue::check::{self, Env};
use ensue::decision::{Body, Decision};
use ensue::local::parse_rfc3339;
use ensue::log::{self, Input, Log, ReadOptions};
use ensue::plan::Plan;
use ensue::replay::{self, ReplayOptions};
use ensue::timestamp::Timestamp;
use ensue::units::{Content, Status};

/// The rulebook that decides who is written to.
pub const RULES: &str = include_str!("known.ensue");

/// By when every mail has been sent and its 14 days are over.
pub const UNTIL: &str = "2026-12-01T00:00:00Z";

/// Of a thousand mails so many are answered, before anything else is looked at.
pub const BASE: i64 = 100;

/// By text. `hello` and `hello_short` are the variants of the opening; what the second adds is [`World::lift`].
pub const TEXTS: [(&str, i64); 5] = [("hello", 0), ("guide", 0), ("story", 40), ("proof", 15), ("offer", -25)];

/// By hour, UTC. The opening goes out at 9.
pub const HOURS: [(i64, i64); 5] = [(8, 20), (9, 0), (11, 5), (14, -15), (17, -10)];

/// By attempt, which is the number of mails since the last answer, this one included.
pub const ATTEMPTS: [(u32, i64); 5] = [(1, 20), (2, 10), (3, 0), (4, -10), (5, -20)];

/// An answer comes at the latest so many seconds after its mail: five days.
pub const ANSWERED_WITHIN: i64 = 5 * DAY;

/// 2026-01-01T00:00:00Z, in seconds since 1970.
const START: i64 = 1_767_225_600;
const DAY: i64 = 86_400;
/// So long after [`START`] the last lead may be created: 30 September.
const CREATED_WITHIN: i64 = 273 * DAY;
const SOURCES: [&str; 4] = ["north", "east", "south", "west"];

/// What may be set of the truth.
#[derive(Clone, Copy, Debug)]
pub struct World {
    /// How many leads are created from January to September 2026.
    pub leads: u32,
    /// How many of a thousand more answer `hello_short` than `hello`.
    pub lift: i64,
    /// In which month of 2026 fewer answer, 1 to 12.
    pub drop_in: u32,
    /// How many percent fewer.
    pub drop: i64,
}

impl Default for World {
    fn default() -> Self {
        Self { leads: 600, lift: 60, drop_in: 7, drop: 50 }
    }
}

/// A mail, and what is true of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Whose, by number: its lead is called `L0001`.
    pub lead: u32,
    /// When it was sent, in seconds since 1970.
    pub at: i64,
    /// Its text.
    pub template: String,
    /// The hour it was sent in, UTC.
    pub hour: i64,
    /// The month it was sent in, 1 to 12.
    pub month: u32,
    /// How many mails since the last answer, this one included.
    pub attempts: u32,
    /// Of 100,000 such mails so many are answered.
    pub rate: i64,
    /// When this one was, in seconds since 1970.
    pub answered: Option<i64>,
}

/// A log and the truth about it.
#[derive(Clone, Debug)]
pub struct Known {
    /// The log in JSON Lines.
    pub events: String,
    /// Every mail, by lead and time.
    pub messages: Vec<Message>,
}

/// Some of the mails.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Group {
    /// How many.
    pub rows: u32,
    /// How many were answered.
    pub answered: u32,
    /// How many answers were to be expected: the sum of the true rates.
    pub expected: f64,
    /// The variance of that number.
    pub variance: f64,
}

impl Group {
    /// The true rate: of the mails in the group, whatever came of them.
    pub fn rate(&self) -> f64 {
        self.expected / f64::from(self.rows)
    }
}

impl Known {
    /// The mails of which something holds.
    pub fn group(&self, of: impl Fn(&Message) -> bool) -> Group {
        self.messages.iter().filter(|message| of(message)).fold(Group::default(), |mut group, message| {
            let rate = message.rate as f64 / 100_000.0;
            group.rows += 1;
            group.answered += u32::from(message.answered.is_some());
            group.expected += rate;
            group.variance += rate * (1.0 - rate);
            group
        })
    }
}

/// The rulebook, compiled.
pub fn plan() -> Arc<Plan> {
    let file = ("known.ensue".to_owned(), RULES.to_owned());
    Arc::new(Plan::compile(check::load([file], &Env::default()).rulebook.expect("the rulebook compiles")))
}

/// Reads a log for it.
pub fn read(plan: &Plan, events: &str) -> Log {
    let reader = Box::new(Cursor::new(events.to_owned().into_bytes()));
    let input = Input { path: "known.jsonl".to_owned(), reader };
    log::read(vec![input], &plan.rulebook, &ReadOptions::default(), &|_| ()).expect("the log can be read")
}

/// What is decided on a log up to [`UNTIL`].
pub fn decide(plan: &Arc<Plan>, log: &Log) -> Vec<Decision> {
    let until = parse_rfc3339(UNTIL.as_bytes()).expect("a moment");
    let options = ReplayOptions { until: Some(until), threads: 1, ..ReplayOptions::default() };
    replay::replay(plan, log, &options).expect("nothing stops it").decisions
}

/// The mails that were sent: lead, moment in seconds since 1970, text.
pub fn sent(log: &Log, decisions: &[Decision]) -> Vec<(u32, i64, String)> {
    let mut sent: Vec<_> = decisions.iter().filter_map(|decision| mail(log, decision)).collect();
    sent.sort();
    sent
}

fn mail(log: &Log, decision: &Decision) -> Option<(u32, i64, String)> {
    let Body::Touch(touch) = &decision.body else { return None };
    let (Status::Sent, Content::Template(template)) = (touch.status, &touch.content) else { return None };
    let lead = log.lead_name(decision.lead).trim_start_matches('L').parse().expect("leads have numbers");
    Some((lead, seconds(decision.at), template.clone()))
}

fn seconds(at: Timestamp) -> i64 {
    at.0 / 1_000_000
}

/// Makes a log; the same for the same seed and world.
pub fn log(seed: u64, world: &World, plan: &Arc<Plan>) -> Known {
    let mut lines: Vec<(i64, String)> = (0..world.leads).map(|lead| created(seed, lead)).collect();
    let events = joined(&mut lines.clone());
    let log = read(plan, &events);
    let messages = answered(seed, world, sent(&log, &decide(plan, &log)));
    lines.extend(messages.iter().enumerate().filter_map(|(i, message)| Some((message.answered?, reply(i, message)?))));
    Known { events: joined(&mut lines), messages }
}

fn joined(lines: &mut [(i64, String)]) -> String {
    lines.sort();
    lines.iter().map(|(_, line)| line.as_str()).collect()
}

fn created(seed: u64, lead: u32) -> (i64, String) {
    let mut random = Random::of(seed, lead, 0);
    let at = START + random.below(CREATED_WITHIN);
    let source = SOURCES[random.below(4) as usize];
    let line = format!(
        "{{\"id\":\"c{lead:05}\",\"type\":\"lead.created\",\"lead\":\"L{lead:05}\",\"at\":\"{}\",\
         \"props\":{{\"source\":\"{source}\"}}}}\n",
        moment(at)
    );
    (at, line)
}

fn reply(number: usize, message: &Message) -> Option<String> {
    let (lead, at) = (message.lead, moment(message.answered?));
    Some(format!("{{\"id\":\"r{number:06}\",\"type\":\"email.replied\",\"lead\":\"L{lead:05}\",\"at\":\"{at}\"}}\n"))
}

fn moment(seconds: i64) -> String {
    let moment = chrono::DateTime::from_timestamp(seconds, 0).expect("within the year");
    moment.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Which mails are answered, and when.
fn answered(seed: u64, world: &World, sent: Vec<(u32, i64, String)>) -> Vec<Message> {
    let mut since: BTreeMap<u32, u32> = BTreeMap::new();
    let mut place: BTreeMap<u32, u32> = BTreeMap::new();
    let mut messages = Vec::with_capacity(sent.len());
    for (lead, at, template) in sent {
        let attempts = *since.entry(lead).and_modify(|n| *n += 1).or_insert(1);
        let place = *place.entry(lead).and_modify(|n| *n += 1).or_insert(1);
        let mut random = Random::of(seed, lead, place);
        let (hour, month) = (at.rem_euclid(DAY) / 3_600, month(at));
        let rate = rate(world, &template, hour, attempts, month);
        let comes = random.below(100_000) < rate;
        let answered = comes.then(|| at + 60 + random.below(ANSWERED_WITHIN - 60));
        if comes {
            since.insert(lead, 0);
        }
        messages.push(Message { lead, at, template, hour, month, attempts, rate, answered });
    }
    messages
}

fn month(at: i64) -> u32 {
    moment(at)[5..7].parse().expect("a month")
}

/// Of 100,000 such mails so many are answered.
fn rate(world: &World, template: &str, hour: i64, attempts: u32, month: u32) -> i64 {
    let by_text = if template == "hello_short" { world.lift } else { of(&TEXTS, &template) };
    let thousandths = BASE + by_text + of(&HOURS, &hour) + of(&ATTEMPTS, &attempts);
    thousandths * (100 - if month == world.drop_in { world.drop } else { 0 })
}

fn of<K: PartialEq + std::fmt::Debug>(table: &[(K, i64)], key: &K) -> i64 {
    table.iter().find(|(known, _)| known == key).unwrap_or_else(|| panic!("{key:?} is in the table")).1
}

/// `SplitMix64` (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
pub struct Random(u64);

impl Random {
    /// One stream of numbers for each mail of each lead, so that none hangs on another.
    pub fn of(seed: u64, lead: u32, place: u32) -> Self {
        let mut random = Self(seed.wrapping_mul(0xD134_2543_DE82_EF95) ^ u64::from(lead) << 8 ^ u64::from(place));
        random.0 = random.next();
        random
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: i64) -> i64 {
        ((u128::from(self.next()) * n as u128) >> 64) as i64
    }
}

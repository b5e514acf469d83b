//! Makes event logs of a realistic skew: 180 days from 2026-01-05, a few busy leads and many
//! quiet ones, bursts of attention, dark weeks, working hours. The same arguments give the same
//! bytes everywhere, and the figures in `truth` hold for these bytes.

use std::io::{self, Write};

/// What log to make.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// How many leads.
    pub leads: u32,
    /// How many events, one `lead.created` for each lead among them.
    pub events: u32,
    /// Where the random numbers begin.
    pub seed: u64,
    /// Whether 2 % of the events come up to 48 hours late and 1 % a second time.
    pub dirty: bool,
}

/// 2026-01-05T00:00:00Z, a Monday, in seconds since 1970.
const START: i64 = 1_767_571_200;
const DAY: i64 = 86_400;
/// How long the log lasts, in seconds.
const HORIZON: i64 = 180 * DAY;

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Created,
    Sent,
    Opened,
    Clicked,
    Visited(&'static str),
    Replied,
    Demo,
    Booked,
    Bounced,
    Unsubscribed,
    Called,
}

/// How often each kind happens, in thousandths; the rest are calls.
const MIX: [(Kind, u64); 12] = [
    (Kind::Sent, 330),
    (Kind::Opened, 270),
    (Kind::Clicked, 90),
    (Kind::Visited("home"), 90),
    (Kind::Visited("docs"), 70),
    (Kind::Visited("pricing"), 40),
    (Kind::Replied, 25),
    (Kind::Demo, 7),
    (Kind::Booked, 9),
    (Kind::Bounced, 14),
    (Kind::Unsubscribed, 5),
    (Kind::Called, 50),
];

/// Zones with their distance from UTC in winter, in hours.
const ZONES: [(&str, i64); 8] = [
    ("America/New_York", -5),
    ("America/Los_Angeles", -8),
    ("America/Chicago", -6),
    ("Europe/London", 0),
    ("Europe/Berlin", 1),
    ("Asia/Kolkata", 5),
    ("Asia/Tokyo", 9),
    ("Australia/Sydney", 10),
];
const SOURCES: [&str; 6] = ["webinar", "inbound", "referral", "outbound", "event", "partner"];
const OUTCOMES: [&str; 3] = ["no_answer", "voicemail", "connected"];
const SENTIMENTS: [&str; 3] = ["positive", "neutral", "negative"];

#[derive(Clone, Copy)]
struct Happening {
    /// Seconds since [`START`].
    at: u32,
    lead: u32,
    kind: Kind,
    /// Whatever the properties are made of.
    detail: u32,
}

/// `SplitMix64` (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// In `0.0..1.0`.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, n: i64) -> i64 {
        ((u128::from(self.next()) * n as u128) >> 64) as i64
    }

    fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (2.0 * std::f64::consts::PI * self.unit()).cos()
    }
}

/// Writes the log as JSON Lines.
pub fn generate(workload: Workload, out: &mut impl Write) -> io::Result<()> {
    let mut random = Random(workload.seed ^ 0xF011_0117);
    let happenings = happenings(workload, &mut random);
    let mut line = Vec::with_capacity(400);
    for i in order(workload, &happenings, &mut random) {
        line.clear();
        write_record(&mut line, workload, i, happenings[i as usize])?;
        out.write_all(&line)?;
    }
    Ok(())
}

/// The log in memory.
pub fn bytes(workload: Workload) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(workload.events as usize * 152);
    generate(workload, &mut bytes).expect("memory takes everything");
    bytes
}

/// Everything that happens, by time and lead.
fn happenings(workload: Workload, random: &mut Random) -> Vec<Happening> {
    let mut all = Vec::with_capacity(workload.events as usize);
    for (lead, count) in (0..).zip(activity(workload, random)) {
        life(lead, count, random, &mut all);
    }
    all.sort_by_key(|happening| (happening.at, happening.lead));
    all
}

/// How many events each lead has beside its creation: log-normal, so a few have very many.
fn activity(workload: Workload, random: &mut Random) -> Vec<i64> {
    let weights: Vec<f64> = (0..workload.leads).map(|_| (1.1 * random.normal()).exp()).collect();
    let sum: f64 = weights.iter().sum();
    let events = workload.events - workload.leads;
    let mut counts: Vec<i64> = weights.iter().map(|weight| (f64::from(events) * weight / sum) as i64).collect();
    let mut left = i64::from(events) - counts.iter().sum::<i64>();
    for i in (0..counts.len()).cycle() {
        if left == 0 {
            break;
        }
        counts[i] += 1;
        left -= 1;
    }
    counts
}

/// The events of one lead.
fn life(lead: u32, count: i64, random: &mut Random, all: &mut Vec<Happening>) {
    let zone = zone(lead).1;
    // Two leads in five exist within the first week, the rest arrive over 120 days.
    let created = if random.chance(0.4) { random.below(7 * DAY) } else { random.below(120 * DAY) };
    let any_time = |random: &mut Random| created + random.below(HORIZON - created);
    let bursts: Vec<i64> = (0..=count / 6).map(|_| any_time(random)).collect();
    // One lead in three has weeks without any response.
    let dark = random.chance(0.35).then(|| {
        let length = (31 + random.below(45)) * DAY;
        let start = any_time(random);
        start..start + length
    });
    let engaged = random.chance(0.3);
    let mut mine = vec![(created, Kind::Created, 0)];
    for _ in 0..count {
        let mut kind = kind(random);
        let eager = matches!(kind, Kind::Visited("pricing") | Kind::Replied | Kind::Demo | Kind::Booked);
        if !engaged && eager && random.chance(0.5) {
            kind = Kind::Sent;
        }
        let burst = bursts[random.below(bursts.len() as i64) as usize];
        let mut at = burst + random.exponential(1.5 * DAY as f64) as i64;
        if at >= HORIZON - 2 {
            at = any_time(random);
        }
        if random.chance(0.85) {
            at = in_working_hours(at, zone, random);
        }
        at = at.clamp(created + 1, HORIZON - 2);
        let response = !matches!(kind, Kind::Sent | Kind::Bounced | Kind::Called);
        if let Some(dark) = dark.as_ref().filter(|dark| response && dark.contains(&at)) {
            if dark.start > created + DAY && random.chance(0.5) {
                at = (created + 1 + random.below(dark.start - created - 1)).min(HORIZON - 2);
            } else {
                kind = Kind::Sent;
            }
        }
        mine.push((at, kind, random.below(65_536) as u32));
    }
    mine.sort_by_key(|(at, ..)| *at);
    // No two events of a lead share a second.
    let mut next = 0;
    for (at, kind, detail) in mine {
        let at = at.max(next);
        next = at + 1;
        all.push(Happening { at: at as u32, lead, kind, detail });
    }
}

fn kind(random: &mut Random) -> Kind {
    let mut point = random.below(1000) as u64;
    for (kind, weight) in MIX {
        if point < weight {
            return kind;
        }
        point -= weight;
    }
    Kind::Called
}

/// Moves a moment to office hours of its local day, mostly of a weekday.
fn in_working_hours(at: i64, zone: i64, random: &mut Random) -> i64 {
    let day = (at + zone * 3600).div_euclid(DAY);
    let weekday = day.rem_euclid(7);
    let day = if weekday >= 5 && random.chance(0.8) { day - (weekday - 4) } else { day };
    let hour = 8.0 + 5.0 * (random.unit() + random.unit());
    day * DAY + (hour * 3600.0) as i64 + random.below(60) - zone * 3600
}

fn zone(lead: u32) -> (&'static str, i64) {
    ZONES[(lead * 7 + lead / 13) as usize % ZONES.len()]
}

/// Which event stands on which line.
fn order(workload: Workload, happenings: &[Happening], random: &mut Random) -> Vec<u32> {
    const DELAY: i64 = 48 * 3600;
    let mut order = Vec::with_capacity(happenings.len() + happenings.len() / 90);
    for (i, happening) in (0..).zip(happenings) {
        let mut place = happening.at;
        if workload.dirty {
            if random.chance(0.02) {
                place += random.below(DELAY) as u32;
            }
            if random.chance(0.01) {
                order.push((place + 1 + random.below(DELAY) as u32, i));
            }
        }
        order.push((place, i));
    }
    if workload.dirty {
        order.sort_by_key(|(place, _)| *place);
    }
    order.into_iter().map(|(_, i)| i).collect()
}

fn write_record(out: &mut Vec<u8>, workload: Workload, i: u32, happening: Happening) -> io::Result<()> {
    let Happening { at, lead, kind, detail: x } = happening;
    let name = match kind {
        Kind::Created => "lead.created",
        Kind::Sent => "email.sent",
        Kind::Opened => "email.opened",
        Kind::Clicked => "link.clicked",
        Kind::Visited(_) => "page.viewed",
        Kind::Replied => "replied",
        Kind::Demo => "demo.requested",
        Kind::Booked => "meeting.booked",
        Kind::Bounced => "email.bounced",
        Kind::Unsubscribed => "unsubscribed",
        Kind::Called => "call.completed",
    };
    // Squaring makes some accounts much larger than others.
    let share = Random(workload.seed ^ 0x4d ^ u64::from(lead)).unit();
    let account = (share * share * f64::from((workload.leads / 4).max(1))) as u32;
    write!(out, r#"{{"id":"e{:09}","type":"{name}","lead":"L{lead:07}","account":"A{account:06}","at":""#, i + 1)?;
    write_moment(out, START + i64::from(at))?;
    write!(out, r#"","props":"#)?;
    match kind {
        Kind::Created => {
            let mut random = Random(workload.seed ^ 0x3df ^ u64::from(lead));
            let source = SOURCES[random.below(6) as usize];
            let value = 500 + random.exponential(12_000.0) as u64 / 100 * 100;
            let zone = zone(lead).0;
            write!(
                out,
                r#"{{"source":"{source}","company":"Company {account}","deal_value":{value},"timezone":"{zone}"}}"#
            )
        }
        Kind::Sent => {
            let channel = if x.is_multiple_of(9) { "sms" } else { "email" };
            write!(out, r#"{{"template":"t{:02}","channel":"{channel}"}}"#, x % 24)
        }
        Kind::Opened => write!(out, r#"{{"message":"m{x}"}}"#),
        Kind::Clicked => write!(out, r#"{{"message":"m{x}","url":"https://example.com/r/{}"}}"#, x % 512),
        Kind::Visited(page) => write!(out, r#"{{"page":"{page}","seconds":{}}}"#, x % 300),
        Kind::Replied => write!(out, r#"{{"sentiment":"{}"}}"#, SENTIMENTS[x as usize % 3]),
        Kind::Demo => write!(out, r#"{{"seats":{}}}"#, x % 200 + 1),
        Kind::Booked => write!(out, r#"{{"minutes":{}}}"#, 15 + x % 4 * 15),
        Kind::Bounced => write!(out, r#"{{"hard":{}}}"#, x.is_multiple_of(2)),
        Kind::Unsubscribed => write!(out, "{{}}"),
        Kind::Called => write!(out, r#"{{"outcome":"{}","seconds":{}}}"#, OUTCOMES[x as usize % 3], x % 900),
    }?;
    out.write_all(b"}\n")
}

fn write_moment(out: &mut Vec<u8>, seconds: i64) -> io::Result<()> {
    let moment = chrono::DateTime::from_timestamp(seconds, 0).expect("within the log's 180 days");
    write!(out, "{}", moment.format("%Y-%m-%dT%H:%M:%SZ"))
}

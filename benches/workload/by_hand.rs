//! The eight rules of `truth`, written by hand as one loop with a small state per lead: what the
//! engine is measured against. It knows these rules and these logs alone: no windows of other
//! sizes, no late events, no reasons, and nothing is checked that is not needed.

use hashbrown::{HashMap, HashSet};
use serde::Deserialize;

use super::truth::Truth;

/// 2026-01-05T00:00:00Z
const START: i64 = 1_767_571_200;
const DAY: i64 = 86_400;
/// 2026-07-05T00:00:00Z: until then the last leads may go dark.
const END: i64 = START + 181 * DAY;
const LONG_AGO: i64 = i64::MIN / 2;

/// What the rules tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sent,
    Called,
    Opened,
    Clicked,
    ViewedPricing,
    Viewed,
    Replied,
    Demo,
    Booked,
    Other,
}

/// An event as the rules need it.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// Seconds since 1970.
    pub at: i64,
    /// The lead's number.
    pub lead: u32,
    pub kind: Kind,
}

#[derive(Clone, Copy)]
struct Lead {
    number: u32,
    /// The last three of each, the latest first.
    opens: [i64; 3],
    pricing: [i64; 3],
    last_active: i64,
    hot: bool,
    replied: bool,
    touches: u32,
    points: u32,
}

impl Lead {
    fn new(number: u32) -> Self {
        let never = [LONG_AGO; 3];
        let last_active = LONG_AGO;
        Self { number, opens: never, pricing: never, last_active, hot: false, replied: false, touches: 0, points: 0 }
    }
}

#[derive(Default)]
struct Tally(Truth);

impl Tally {
    fn fire(&mut self, rule: usize, at: i64, lead: u32) {
        let row = &mut self.0[rule - 1];
        row[0] += 1;
        row[1] += (at - START) as u64;
        row[2] += u64::from(lead);
    }

    fn handle(&mut self, lead: &mut Lead, at: i64, kind: Kind) {
        match kind {
            Kind::Sent | Kind::Called => {
                lead.touches += 1;
                if lead.touches == 8 {
                    self.fire(6, at, lead.number);
                }
                return;
            }
            Kind::Other => return,
            _ => {}
        }
        self.go_dark(lead, at);
        lead.last_active = at;
        match kind {
            Kind::Opened => {
                if becomes_three(&mut lead.opens, at, 7 * DAY) {
                    self.fire(1, at, lead.number);
                    lead.hot = true;
                }
                self.add_points(lead, at, 5);
            }
            Kind::Clicked => self.add_points(lead, at, 10),
            Kind::ViewedPricing => {
                if becomes_three(&mut lead.pricing, at, 14 * DAY) {
                    self.fire(2, at, lead.number);
                    lead.hot = true;
                }
                self.fire(3, at, lead.number);
                self.add_points(lead, at, 15);
            }
            Kind::Replied => {
                if !std::mem::replace(&mut lead.replied, true) {
                    self.fire(4, at, lead.number);
                }
                lead.touches = 0;
            }
            Kind::Demo => {
                lead.touches = 0;
                self.add_points(lead, at, 50);
            }
            Kind::Booked => {
                lead.touches = 0;
                self.fire(8, at, lead.number);
            }
            Kind::Viewed | Kind::Sent | Kind::Called | Kind::Other => {}
        }
    }

    fn go_dark(&mut self, lead: &mut Lead, now: i64) {
        let due = lead.last_active + 30 * DAY;
        if lead.hot && due <= now {
            lead.hot = false;
            self.fire(5, due, lead.number);
        }
    }

    fn add_points(&mut self, lead: &mut Lead, at: i64, points: u32) {
        let before = lead.points;
        lead.points += points;
        if before < 60 && lead.points >= 60 {
            self.fire(7, at, lead.number);
        }
    }

    fn finish<'l>(mut self, leads: impl Iterator<Item = &'l mut Lead>) -> Truth {
        for lead in leads {
            self.go_dark(lead, END);
        }
        self.0
    }
}

/// Notes one more, and says whether there now are three in the window and were not before.
fn becomes_three(last: &mut [i64; 3], at: i64, window: i64) -> bool {
    let [first, second, third] = *last;
    *last = [at, first, second];
    second > at - window && third <= at - window
}

/// Decides from events in order, of leads numbered from 0.
pub fn from_events(events: &[Event], leads: u32) -> Truth {
    let mut tally = Tally::default();
    let mut leads: Vec<Lead> = (0..leads).map(Lead::new).collect();
    for event in events {
        tally.handle(&mut leads[event.lead as usize], event.at, event.kind);
    }
    tally.finish(leads.iter_mut())
}

/// Decides from a log that is in order and free of duplicates, line by line.
pub fn from_clean_json(log: &[u8]) -> Truth {
    let mut tally = Tally::default();
    let mut leads: HashMap<&str, Lead> = HashMap::new();
    for record in records(log) {
        let lead = leads.entry(record.lead).or_insert_with(|| Lead::new(lead_number(record.lead)));
        tally.handle(lead, seconds(record.at), kind(&record));
    }
    tally.finish(leads.values_mut())
}

/// Decides from any log: events are sorted by time, and of several with one id the first counts.
pub fn from_json(log: &[u8]) -> Truth {
    let (events, leads) = parse(log);
    from_events(&events, leads)
}

/// The events of a log in order, each once, and how many leads there are.
pub fn parse(log: &[u8]) -> (Vec<Event>, u32) {
    let mut events = Vec::new();
    let mut ids = HashSet::new();
    let mut leads = 0;
    for record in records(log) {
        if ids.insert(record.id) {
            let lead = lead_number(record.lead);
            leads = leads.max(lead + 1);
            events.push(Event { at: seconds(record.at), lead, kind: kind(&record) });
        }
    }
    events.sort_by_key(|event| event.at);
    (events, leads)
}

#[derive(Deserialize)]
struct Record<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    ty: &'a str,
    lead: &'a str,
    at: &'a str,
    #[serde(borrow)]
    props: Props<'a>,
}

#[derive(Deserialize)]
struct Props<'a> {
    page: Option<&'a str>,
}

fn records(log: &[u8]) -> impl Iterator<Item = Record<'_>> {
    let text = std::str::from_utf8(log).expect("logs are UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("every line is a record"))
}

fn kind(record: &Record<'_>) -> Kind {
    match record.ty {
        "email.sent" => Kind::Sent,
        "call.completed" => Kind::Called,
        "email.opened" => Kind::Opened,
        "link.clicked" => Kind::Clicked,
        "page.viewed" if record.props.page == Some("pricing") => Kind::ViewedPricing,
        "page.viewed" => Kind::Viewed,
        "replied" => Kind::Replied,
        "demo.requested" => Kind::Demo,
        "meeting.booked" => Kind::Booked,
        _ => Kind::Other,
    }
}

fn lead_number(name: &str) -> u32 {
    name.strip_prefix('L').and_then(|digits| digits.parse().ok()).expect("leads are L and a number")
}

/// The seconds since 1970 of `2026-01-05T00:00:00Z`: all times of these logs are written so.
fn seconds(time: &str) -> i64 {
    let bytes = time.as_bytes();
    assert!(bytes.len() == 20 && bytes[19] == b'Z', "times are in UTC and whole seconds");
    let number = |from: usize, to: usize| bytes[from..to].iter().fold(0, |sum, b| sum * 10 + u32::from(b - b'0'));
    let (year, month, day) = (number(0, 4), number(5, 7), number(8, 10));
    let date = chrono::NaiveDate::from_ymd_opt(year as i32, month, day).expect("there is such a day");
    let days = i64::from(date.to_epoch_days());
    days * DAY + i64::from(number(11, 13) * 3600 + number(14, 16) * 60 + number(17, 19))
}

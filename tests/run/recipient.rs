//! As the one who gets it: reads nothing but a log and the lines of what was decided, knows nothing of the
//! engine, and asks of every message whether its lead might have got it. The shipped playbook is judged over
//! the quickstart and over a log of its own; over another log by
//! `ENSUE_LOG=events.jsonl cargo test --test run recipient`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::{DateTime, Datelike, FixedOffset, TimeDelta, Timelike, Weekday};
use serde_json::Value;

use super::case::Case;

/// The channels of the playbook: what a message on them is, and whether it answers what the lead has just done.
const CHANNELS: [(&str, &str, bool); 6] = [
    ("email", "email", false),
    ("notice", "email", true),
    ("sms", "sms", false),
    ("text_notice", "sms", true),
    ("call", "call", false),
    ("linkedin", "linkedin", false),
];

/// The playbook holds an account so long after a reply; two hours of it are left to a change of the clock.
const ACCOUNT_HELD: TimeDelta = TimeDelta::hours(5 * 24 - 2);

type Moment = DateTime<FixedOffset>;

fn moment(value: &Value) -> Moment {
    DateTime::parse_from_rfc3339(value.as_str().unwrap()).unwrap()
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

/// What is known of whom, by what was told.
#[derive(Default)]
struct Known {
    facts: BTreeMap<String, BTreeMap<String, Value>>,
    account: BTreeMap<String, String>,
    replied: BTreeMap<String, Moment>,
    account_replied: BTreeMap<String, Vec<Moment>>,
    opted_out: BTreeMap<String, BTreeSet<String>>,
    addresses_out: BTreeMap<String, BTreeSet<String>>,
    bounced: BTreeSet<String>,
    enrolled: BTreeMap<(String, String, u64), Moment>,
    resumed: BTreeMap<String, Vec<Moment>>,
}

fn plain(address: &str) -> String {
    address.trim().to_lowercase()
}

impl Known {
    fn fact(&self, lead: &str, name: &str) -> Option<&Value> {
        self.facts.get(lead)?.get(name).filter(|value| !value.is_null())
    }

    fn learn(&mut self, event: &Value) {
        let (lead, props) = (text(event, "lead").to_owned(), &event["props"]);
        let told = moment(event.get("received_at").unwrap_or(&event["at"]));
        if let Some(account) = event["account"].as_str() {
            self.account.insert(lead.clone(), account.to_owned());
        }
        match text(event, "type") {
            "lead.created" | "lead.updated" => {
                let facts = self.facts.entry(lead).or_default();
                for (name, value) in props.as_object().into_iter().flatten() {
                    facts.insert(name.clone(), value.clone());
                }
            }
            "replied" | "email.replied" | "sms.replied" => {
                if let Some(account) = self.account.get(&lead) {
                    self.account_replied.entry(account.clone()).or_default().push(told);
                }
                self.replied.insert(lead, told);
            }
            "unsubscribed" | "email.unsubscribed" | "email.complained" => {
                let said = text(props, "channel");
                let known = ["email", "sms", "call"].contains(&said) && text(event, "type") != "email.complained";
                for (kind, fact) in [("email", "email"), ("sms", "phone"), ("call", "phone")] {
                    if known && kind != said {
                        continue;
                    }
                    self.opted_out.entry(lead.clone()).or_default().insert(kind.to_owned());
                    if let Some(address) = self.fact(&lead, fact).and_then(Value::as_str).map(plain) {
                        self.addresses_out.entry(address).or_default().insert(kind.to_owned());
                    }
                }
                if !known {
                    self.opted_out.entry(lead).or_default().insert("linkedin".to_owned());
                }
            }
            "email.bounced" if props["hard"] == Value::Bool(true) => {
                let named = props["address"].as_str().map(plain);
                self.bounced.extend(named.or_else(|| self.fact(&lead, "email")?.as_str().map(plain)));
            }
            _ => {}
        }
    }

    /// Why a message that was sent must not have been.
    fn fault(&self, line: &Value, events: &BTreeMap<&str, &Value>, closed: &BTreeSet<String>) -> Option<&'static str> {
        let (lead, at) = (text(line, "lead"), moment(&line["at"]));
        let (_, kind, answers) = *CHANNELS.iter().find(|(name, ..)| *name == text(line, "channel"))?;
        if !answers {
            let by_hand = kind == "linkedin";
            if !by_hand && matches!(at.weekday(), Weekday::Sat | Weekday::Sun) {
                return Some("on a closed day");
            }
            if !by_hand && closed.contains(&text(line, "at")[..10]) {
                return Some("on a holiday");
            }
            if !by_hand && !(9..17).contains(&at.hour()) {
                return Some("outside the hours");
            }
            let planned = match line["enrollment"].as_u64() {
                Some(number) => {
                    let key = (lead.to_owned(), text(line, "sequence").to_owned(), number);
                    self.enrolled.get(&key).copied()
                }
                None => {
                    let because = line["because"].as_array().into_iter().flatten();
                    because.filter_map(|id| events.get(id.as_str()?)).map(|event| moment(&event["at"])).max()
                }
            };
            let replied = self.replied.get(lead);
            if replied.zip(planned).is_some_and(|(replied, planned)| planned < *replied) {
                return Some("planned before the lead replied");
            }
            let replies = self.account.get(lead).and_then(|account| self.account_replied.get(account));
            let resumed = |since: &Moment| self.resumed.get(lead).is_some_and(|all| all.iter().any(|at| at > since));
            if replies.is_some_and(|all| all.iter().any(|r| *r < at && at < *r + ACCOUNT_HELD && !resumed(r))) {
                return Some("in the days after a colleague has replied");
            }
        }
        let says = |fact: &str, value: bool| self.fact(lead, fact) == Some(&Value::Bool(value));
        let consents = match kind {
            "sms" => says("sms_ok", true),
            "call" => !says("call_ok", false),
            "email" => answers || !says("email_ok", false),
            _ => true,
        };
        if !consents {
            return Some("without consent");
        }
        if self.opted_out.get(lead).is_some_and(|kinds| kinds.contains(kind)) {
            return Some("to somebody who has opted out");
        }
        let fact = match kind {
            "email" => "email",
            "sms" => "phone",
            _ => return None,
        };
        let Some(address) = self.fact(lead, fact).and_then(Value::as_str).map(plain) else {
            return Some("to an address nobody gave");
        };
        if kind == "email" && self.bounced.contains(&address) {
            return Some("to an address that does not exist");
        }
        let out = self.addresses_out.get(&address).is_some_and(|kinds| kinds.contains(kind));
        out.then_some("to an address whose owner has opted out")
    }
}

/// Every message that must not have been sent, and how many were.
fn judge(log: &str, lines: &str, closed: &BTreeSet<String>) -> (Vec<String>, usize) {
    let events: Vec<Value> = log.lines().filter(|l| !l.is_empty()).map(|l| serde_json::from_str(l).unwrap()).collect();
    let by_id: BTreeMap<&str, &Value> = events.iter().map(|event| (text(event, "id"), event)).collect();
    let told = |event: &Value| moment(event.get("received_at").unwrap_or(&event["at"]));
    let mut in_order: Vec<&Value> = events.iter().collect();
    in_order.sort_by_key(|event| told(event));
    let mut ahead = in_order.into_iter().peekable();
    let (mut known, mut faults, mut sent) = (Known::default(), Vec::new(), 0);
    for line in lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let (at, lead) = (moment(&line["at"]), text(&line, "lead").to_owned());
        // What falls due at a moment comes before what is told at it; a line that rests on an event comes after it.
        while let Some(event) = ahead.next_if(|event| told(event) < at) {
            known.learn(event);
        }
        let rests: Vec<&str> = line["because"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for event in rests.iter().filter_map(|id| by_id.get(id)).filter(|event| told(event) == at) {
            if text(event, "type").starts_with("lead.") {
                known.learn(event);
            }
        }
        match (text(&line, "do"), text(&line, "status")) {
            ("enroll", "") => {
                let number = line["enrollment"].as_u64().unwrap_or(1);
                known.enrolled.insert((lead, text(&line, "sequence").to_owned(), number), at);
            }
            ("resume", _) => known.resumed.entry(lead).or_default().push(at),
            ("touch" | "action", "sent") if text(&line, "channel") != "task" => {
                sent += 1;
                faults.extend(known.fault(&line, &by_id, closed).map(|why| format!("{why}: {line}")));
            }
            _ => {}
        }
    }
    (faults, sent)
}

/// The days on which the playbook's calendar is closed.
fn closed() -> BTreeSet<String> {
    let file = std::fs::read_to_string("rules/calendars/us.yaml").unwrap();
    let days = file.lines().filter_map(|line| line.trim().split_once(':')).map(|(day, _)| day.to_owned());
    days.filter(|day| day.len() == 10 && day.starts_with("20")).collect()
}

fn is_fair(log: String, least: usize) {
    let case = Case::new(Path::new("rules"), log.clone(), "--skip-bad").unwrap();
    let (faults, sent) = judge(&log, &case.sharded(1, 0), &closed());
    assert!(faults.is_empty(), "{} of {sent} messages: {}", faults.len(), faults[..faults.len().min(5)].join("\n"));
    assert!(sent >= least, "{sent} messages");
}

#[test]
fn nobody_of_the_quickstart_gets_what_they_must_not() {
    is_fair(std::fs::read_to_string("fixtures/quickstart/events.jsonl").unwrap(), 100);
}

/// Four hundred leads of a hundred accounts over a quarter, some under two ids: what people do, in an order that
/// follows from nothing but a number.
#[test]
fn nobody_of_a_busy_quarter_gets_what_they_must_not() {
    is_fair(
        std::env::var("ENSUE_LOG").map_or_else(|_| busy_quarter(), |path| std::fs::read_to_string(path).unwrap()),
        1_000,
    );
}

fn busy_quarter() -> String {
    let mut state = 0x00c0_ffee_u64;
    let mut pick = |n: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    let start = DateTime::parse_from_rfc3339("2026-01-05T00:00:00Z").unwrap();
    let mut lines = Vec::new();
    let mut number = 0;
    let mut tell = |lines: &mut Vec<(Moment, String)>, at: Moment, lead: u64, ty: &str, props: String| {
        number += 1;
        let (account, at_text) = (lead % 100, at.to_rfc3339());
        lines.push((
            at,
            format!(r#"{{"id":"e{number}","type":"{ty}","lead":"l{lead}","account":"a{account}","at":"{at_text}","props":{{{props}}}}}"#),
        ));
    };
    for lead in 0..400 {
        let came = start + TimeDelta::seconds(pick(30 * 86_400) as i64);
        let zone = ["America/New_York", "Europe/Berlin", "Asia/Tokyo"][pick(3) as usize];
        let source = ["list", "webinar", "referral", "demo", "inbound"][pick(5) as usize];
        // Every twentieth is somebody under a second id; every fifteenth has no address.
        let same = if lead % 20 == 19 { lead - 1 } else { lead };
        let address = if lead % 15 == 14 { String::new() } else { format!(r#","email":"p{same}@x.example""#) };
        let (sms, mail) = (pick(2) == 0, pick(12) != 0);
        let props = format!(
            r#""name":"P {lead}","source":"{source}","timezone":"{zone}","phone":"+1 202 555 {lead:04}","sms_ok":{sms},"email_ok":{mail}{address}"#
        );
        tell(&mut lines, came, lead, "lead.created", props);
        let mut at = came;
        for _ in 0..pick(12) {
            at += TimeDelta::seconds(1 + pick(12 * 86_400) as i64);
            let (ty, props) = match pick(14) {
                0 | 1 => ("email.opened", String::new()),
                2..=4 => ("link.clicked", String::new()),
                5..=7 => ("page.viewed", r#""page":"pricing""#.to_owned()),
                8 => ("replied", r#""text":"later""#.to_owned()),
                9 => (
                    "unsubscribed",
                    [r#""channel":"email""#, r#""channel":"sms""#, "", r#""channel":"the list""#][pick(4) as usize]
                        .to_owned(),
                ),
                10 => ("email.bounced", format!(r#""hard":{}"#, pick(2) == 0)),
                11 => ("demo.requested", String::new()),
                12 => ("meeting.booked", format!(r#""start":"{}""#, (at + TimeDelta::hours(50)).to_rfc3339())),
                _ => ("lead.updated", format!(r#""email":"n{lead}@y.example""#)),
            };
            tell(&mut lines, at, lead, ty, props);
        }
    }
    lines.sort();
    lines.into_iter().map(|(_, line)| line + "\n").collect()
}

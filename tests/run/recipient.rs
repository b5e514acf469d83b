//! As the one who gets it: the shipped playbook is judged over the quickstart and over a log of its own; over
//! another log by `ENSUE_LOG=events.jsonl cargo test --test run recipient`.

use std::path::Path;

use chrono::{DateTime, TimeDelta};

use super::case::Case;
use super::fair::{Moment, judge};
use super::playbook::playbook;

fn is_fair(log: String, least: usize) {
    let case = Case::new(Path::new("rules"), log.clone(), "--skip-bad").unwrap();
    let (faults, sent) = judge(&playbook(), &log, &case.sharded(1, 0));
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

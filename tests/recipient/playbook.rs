//! What the shipped playbook says of its channels.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::fair::{Book, Channel, Consent};

/// The playbook holds an account so long after a reply; two hours of it are left to a change of the clock.
const ACCOUNT_HELD: TimeDelta = TimeDelta::hours(5 * 24 - 2);

pub fn playbook() -> Book {
    let channel = |name, kind, consent| Channel { name, kind, answers: false, hours: true, consent, needs: true };
    let answer = |name, kind, consent| Channel { name, kind, answers: true, hours: false, consent, needs: true };
    Book {
        channels: vec![
            channel("email", "email", Consent::NotDenied("email_ok")),
            answer("notice", "email", Consent::Free),
            channel("sms", "sms", Consent::Given("sms_ok")),
            answer("text_notice", "sms", Consent::Given("sms_ok")),
            Channel { needs: false, ..channel("call", "call", Consent::NotDenied("call_ok")) },
            Channel { needs: false, hours: false, ..channel("linkedin", "linkedin", Consent::Free) },
        ],
        mail: &["email"],
        closed: closed(),
        reply_stops: true,
        account_held: Some(ACCOUNT_HELD),
        gap: None,
        parallel: &["meeting_reminders"],
        topics: &[],
        about: &[],
        anew: None,
    }
}

/// The days on which the playbook's calendar is closed.
fn closed() -> BTreeSet<String> {
    let file = std::fs::read_to_string("rules/calendars/us.yaml").unwrap();
    let days = file.lines().filter_map(|line| line.trim().split_once(':')).map(|(day, _)| day.to_owned());
    days.filter(|day| day.len() == 10 && day.starts_with("20")).collect()
}

//! Configuration and sinks of live runs: `fixtures/config`, and programs that take actions or not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "sink/attempt.rs"]
mod attempt;
#[path = "sink/config.rs"]
mod config;
#[cfg(unix)]
#[path = "sink/exec.rs"]
mod exec;
#[path = "sink/lines.rs"]
mod lines;
#[path = "sink/manual.rs"]
mod manual;

use std::collections::BTreeMap;

use ensue::sink::Handed;

/// A touch with all that one can have.
fn touch(id: &str) -> Handed {
    let facts = [("email", "ana@example.com".into()), ("deal_value", 1200.into()), ("sms_ok", false.into())];
    Handed {
        id: id.into(),
        verb: "touch".into(),
        lead: "ana".into(),
        account: Some("acme".into()),
        channel: Some("email".into()),
        template: Some("recap".into()),
        subject: Some("Hello, Ana".into()),
        body: Some("Two\nlines \u{e9}".into()),
        due_at: "2026-03-06T10:00:00-05:00".into(),
        expires_at: Some("2026-03-07T10:00:00-05:00".into()),
        sequence: Some("hot_leads".into()),
        touch: Some("recap".into()),
        enrollment: Some(1),
        rule: "hot_leads".into(),
        source: "rules/rules.ensue:14".into(),
        because: vec!["e3".into(), "e4".into()],
        facts: facts
            .into_iter()
            .map(|(name, value): (&str, serde_json::Value)| (name.into(), value))
            .collect::<BTreeMap<_, _>>(),
        attempt: 1,
        ..Handed::default()
    }
}

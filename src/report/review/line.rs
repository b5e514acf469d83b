//! The review for programs: one JSON object an item.

use std::fmt::Write as _;

use serde::Serialize;

use super::{DrawnReview, left, parts};

#[derive(Serialize)]
struct Line<'a> {
    list: &'a str,
    about: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    lead: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    times: Option<u32>,
    why: &'a str,
    command: Option<&'a str>,
}

const LISTS: [&str; 5] = ["numbers", "stuck", "messages", "tiers", "archive"];

/// All items, then those that have left the lists.
#[must_use]
pub fn jsonl(drawn: &DrawnReview<'_>) -> String {
    let mut out = String::new();
    for (list, part) in LISTS.iter().zip(parts(drawn)) {
        let mut items = drawn.review.items.iter().filter(|item| item.why.list().word() == *list);
        for entry in &part.entries {
            let item = items.next();
            write(
                &mut out,
                &Line {
                    list,
                    about: &entry.about,
                    lead: item.map(|item| item.lead.as_str()),
                    code: item.map(|item| item.why.word()),
                    days: item.and_then(|item| item.days),
                    times: item.map(|item| item.times),
                    why: &entry.why,
                    command: entry.command.as_deref(),
                },
            );
        }
    }
    for (item, text) in drawn.review.left.iter().zip(left(drawn)) {
        let lead = Some(item.lead.as_str());
        let code = Some(item.why.word());
        let line = Line {
            list: "left",
            about: &item.lead,
            lead,
            code,
            days: item.days,
            times: None,
            why: &text,
            command: None,
        };
        write(&mut out, &line);
    }
    out
}

fn write(out: &mut String, line: &Line<'_>) {
    if let Ok(text) = serde_json::to_string(line) {
        let _ = writeln!(out, "{text}");
    }
}

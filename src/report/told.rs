//! The lines of a dry run, as a store keeps them, in the look of the timeline. The rulebooks that
//! made them may have changed since, so nothing is read but the lines.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Deserialize;
use serde_json::Value;

use crate::local::{Zone, parse_rfc3339};
use crate::timestamp::Timestamp;

use super::timeline::{Row, clock_with, paint, write_rows};

/// A line of a dry run, read again.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Told {
    at: String,
    lead: String,
    #[serde(rename = "do")]
    verb: String,
    status: Option<String>,
    to: Option<Value>,
    from: Option<Value>,
    channel: Option<String>,
    template: Option<String>,
    text: Option<String>,
    field: Option<String>,
    tag: Option<String>,
    on: Option<bool>,
    score: Option<String>,
    name: Option<String>,
    sequence: Option<String>,
    enrollment: Option<u32>,
    until: Option<String>,
    reason: Option<String>,
    rule: Option<String>,
    source: Option<String>,
    because: Vec<String>,
}

/// The rows of lines, leads in the order of their names.
#[must_use]
pub fn timeline(lines: &[String], color: bool) -> String {
    let mut by_lead: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for line in lines {
        let told = read(line);
        by_lead.entry(told.lead.clone()).or_default().push(row(&told));
    }
    let mut text = String::new();
    for (lead, rows) in by_lead {
        let _ = writeln!(text, "{}", paint(&lead, "1", color));
        write_rows(&mut text, &rows, color);
        text.push('\n');
    }
    text
}

/// A line as a row, with its moment.
pub(super) fn told_row(line: &str) -> (Timestamp, Row) {
    let told = read(line);
    (parse_rfc3339(told.at.as_bytes()).unwrap_or_default(), row(&told))
}

fn read(line: &str) -> Told {
    // What no version of ours wrote is shown as it is.
    serde_json::from_str(line).unwrap_or_else(|_| Told { verb: line.to_owned(), ..Told::default() })
}

fn row(told: &Told) -> Row {
    let (verb, what) = words(told);
    let in_what = matches!(told.verb.as_str(), "exit" | "muted");
    let mut by: Vec<String> = told.rule.iter().chain(&told.source).cloned().collect();
    if !told.because.is_empty() {
        by.push(format!("[{}]", told.because.join(", ")));
    }
    let notes = told.reason.clone().filter(|_| !in_what).unwrap_or_default();
    Row { at: shown(&told.at), verb, what, by: by.join(" "), notes }
}

/// A line in two columns: what kind, and what.
fn words(told: &Told) -> (String, String) {
    let or = |text: &Option<String>, other: &str| text.clone().unwrap_or_else(|| other.to_owned());
    let reason = || or(&told.reason, "");
    let sequence = || or(&told.sequence, "");
    let numbered = || format!("{} #{}", sequence(), told.enrollment.unwrap_or(1));
    let until = |forever: &str| match &told.until {
        Some(until) => format!("until {}", shown(until)),
        None => forever.to_owned(),
    };
    let what = match told.verb.as_str() {
        "tier" => format!("{} -> {}", plain(told.from.as_ref(), "none"), plain(told.to.as_ref(), "none")),
        "override" | "assign" => plain(told.to.as_ref(), ""),
        "enroll" if told.status.is_some() => {
            return (String::from("suppressed"), format!("enrollment in {}", sequence()));
        }
        "enroll" => numbered(),
        "exit" => format!("{}: {}", numbered(), reason()),
        "touch" | "action" => {
            let text = told.text.as_ref().map(|text| format!("\"{text}\""));
            let content = told.template.clone().or(text).unwrap_or_default();
            return (or(&told.status, &told.verb), format!("{} {content}", or(&told.channel, "")));
        }
        "alert" => format!("{}: {}", plain(told.to.as_ref(), ""), or(&told.text, "")),
        "set" => format!("{} = {}", or(&told.field, ""), plain(told.to.as_ref(), "nothing")),
        "tag" if told.on == Some(false) => return (String::from("untag"), or(&told.tag, "")),
        "tag" => or(&told.tag, ""),
        "hold" => until("until resumed"),
        "suppress" => format!("{} {}", or(&told.channel, "every channel"), until("for good")),
        "unsuppress" => or(&told.channel, "every channel"),
        "score" => {
            format!("{} {} -> {}", or(&told.score, ""), plain(told.from.as_ref(), "0"), plain(told.to.as_ref(), "0"))
        }
        "webhook" => or(&told.name, ""),
        "muted" => reason(),
        "fault" => or(&told.text, ""),
        _ => String::new(),
    };
    (told.verb.clone(), what)
}

/// A value as people read it.
fn plain(value: Option<&Value>, missing: &str) -> String {
    match value {
        None => missing.to_owned(),
        Some(Value::Null) => String::from("nothing"),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => items.iter().map(|item| plain(Some(item), "")).collect::<Vec<_>>().join(", "),
        Some(other) => other.to_string(),
    }
}

/// A moment of a line on the clock it was written for.
fn shown(at: &str) -> String {
    let Ok(moment) = parse_rfc3339(at.as_bytes()) else { return at.to_owned() };
    let offset = offset_of(at);
    let local = Zone::UTC.to_local(Timestamp(moment.0 + i64::from(offset) * 1_000_000));
    clock_with(local, offset)
}

/// The offset at the end of a moment, in seconds.
fn offset_of(at: &str) -> i32 {
    let Some((hours, minutes)) = at.get(at.len().saturating_sub(6)..).and_then(|end| end.split_once(':')) else {
        return 0;
    };
    let sign = if hours.starts_with('-') { -1 } else { 1 };
    let number = |text: &str| text.trim_start_matches(['+', '-']).parse::<i32>().ok();
    match (number(hours).filter(|_| hours.starts_with(['+', '-'])), number(minutes)) {
        (Some(hours), Some(minutes)) => sign * (hours * 3600 + minutes * 60),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_keeps_its_clock() {
        assert_eq!(shown("2026-03-05T10:00:00-05:00"), "Thu 2026-03-05 10:00 -05");
        assert_eq!(shown("2026-03-05T10:00:30+05:45"), "Thu 2026-03-05 10:00:30 +05:45");
        assert_eq!(shown("2026-03-05T10:00:00Z"), "Thu 2026-03-05 10:00 +00");
    }
}

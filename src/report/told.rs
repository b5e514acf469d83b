//! The lines of a dry run, as a store keeps them, in the look of the timeline. The rulebooks that
//! made them may have changed since, so nothing is read but the lines.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::decision::Status;
use crate::decision::line::{Line, Verb};
use crate::local::{Zone, parse_rfc3339};
use crate::timestamp::Timestamp;

use super::timeline::{Row, clock_with, paint, write_rows};

/// The rows of lines, leads in the order of their names.
#[must_use]
pub fn timeline(lines: &[String], color: bool) -> String {
    let mut by_lead: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for text in lines {
        let line = Line::parse(text);
        let lead = line.as_ref().map_or_else(String::new, |line| line.lead.to_string());
        by_lead.entry(lead).or_default().push(row(text, line.as_ref()));
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
pub(super) fn told_row(text: &str) -> (Timestamp, Row) {
    let line = Line::parse(text);
    (line.as_ref().map(Line::moment).unwrap_or_default(), row(text, line.as_ref()))
}

/// A line in columns; what no version of ours has written is shown as it is.
fn row(text: &str, line: Option<&Line<'_>>) -> Row {
    let Some(line) = line else {
        let (at, what, by, notes) = <(String, String, String, String)>::default();
        return Row { at, verb: text.to_owned(), what, by, notes };
    };
    let (verb, what) = words(line);
    let in_what = matches!(line.verb, Verb::Exit | Verb::Muted);
    let mut by: Vec<String> = line.rule.iter().chain(&line.source).map(ToString::to_string).collect();
    if !line.because.is_empty() {
        by.push(format!("[{}]", line.because.join(", ")));
    }
    let notes = line.reason.as_ref().filter(|_| !in_what).map(ToString::to_string).unwrap_or_default();
    Row { at: shown(&line.at), verb: verb.to_owned(), what, by: by.join(" "), notes }
}

/// A line in two columns: what kind, and what.
fn words(line: &Line<'_>) -> (&'static str, String) {
    let reason = line.reason.as_deref().unwrap_or_default();
    let sequence = line.sequence.as_deref().unwrap_or_default();
    let numbered = || format!("{sequence} #{}", line.enrollment.unwrap_or(1));
    let channel = line.channel.as_deref().or(line.topic.as_deref());
    let until = |forever: &str| match &line.until {
        Some(until) => format!("until {}", shown(until)),
        None => forever.to_owned(),
    };
    let text = || line.text.as_deref().unwrap_or_default().to_owned();
    let to = |missing| value(line.to.as_deref(), missing);
    let what = match line.verb {
        Verb::Tier => format!("{} -> {}", value(line.from.as_deref(), "none"), to("none")),
        Verb::Override | Verb::Assign => to(""),
        Verb::Enroll if line.status.is_some() => {
            return (Status::Suppressed.word(), format!("enrollment in {sequence}"));
        }
        Verb::Enroll => numbered(),
        Verb::Exit => format!("{}: {reason}", numbered()),
        Verb::Touch | Verb::Action => {
            let quoted = line.text.as_ref().map(|text| format!("\"{text}\""));
            let content = line.template.as_ref().map(ToString::to_string).or(quoted).unwrap_or_default();
            let verb = line.status.map_or(line.verb.word(), Status::word);
            return (verb, format!("{} {content}", channel.unwrap_or_default()));
        }
        Verb::Alert => format!("{}: {}", to(""), text()),
        Verb::Set => format!("{} = {}", line.field.as_deref().unwrap_or_default(), to("nothing")),
        Verb::Tag if line.on == Some(false) => return ("untag", line.tag.as_deref().unwrap_or_default().to_owned()),
        Verb::Tag => line.tag.as_deref().unwrap_or_default().to_owned(),
        Verb::Hold => until("until resumed"),
        Verb::Resume => String::new(),
        Verb::Suppress => format!("{} {}", channel.unwrap_or("every channel"), until("for good")),
        Verb::Bar => channel.unwrap_or_default().to_owned(),
        Verb::Unsuppress => channel.unwrap_or("every channel").to_owned(),
        Verb::Score => {
            let (name, from) = (line.score.as_deref().unwrap_or_default(), value(line.from.as_deref(), "0"));
            format!("{name} {from} -> {}", to("0"))
        }
        Verb::Webhook => line.name.as_deref().unwrap_or_default().to_owned(),
        Verb::Muted => reason.to_owned(),
        Verb::Fault => text(),
    };
    (line.verb.word(), what)
}

/// A value of a line as people read it.
fn value(raw: Option<&RawValue>, missing: &str) -> String {
    let value = raw.and_then(|raw| serde_json::from_str(raw.get()).ok());
    plain(value.as_ref(), missing)
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

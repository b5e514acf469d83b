//! How complete a log is, in words.

use crate::audit::Audit;
use crate::audit::book::MailsTold;
use crate::words::{counted, many, nearest};

/// So many types, weeks and lines are named.
const NAMED: usize = 8;
const BAD: usize = 3;

/// Sentences about the log.
pub(super) fn lines(audit: &Audit) -> Vec<String> {
    let known = &audit.known;
    let mut lines = Vec::new();
    match known.days {
        Some((first, last)) => lines.push(format!(
            "{} of {}, from {first} to {last}",
            many(known.events as u32, "event"),
            many(known.leads as u32, "lead")
        )),
        None => lines.push(String::from("there is no event in the log, so there is nothing to look at")),
    }
    if !known.types.is_empty() {
        lines.push(format!(
            "what it tells of: {}",
            named(known.types.iter().map(|(ty, count)| format!("`{ty}` {count}")))
        ));
    }
    if known.events > 0 {
        lines.extend(absent(audit));
        lines.push(weeks(audit));
        lines.extend(mails(audit));
        lines.push(String::from("a share of fewer than 30 is marked `few`: take it as a hint"));
    }
    lines.extend(unread(audit));
    lines
}

/// At most eight, and how many more.
fn named(names: impl ExactSizeIterator<Item = String>) -> String {
    let all = names.len();
    let shown: Vec<String> = names.take(NAMED).collect();
    let more = all - shown.len();
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

fn absent(audit: &Audit) -> Option<String> {
    let missing = &audit.known.missing;
    let names = missing.iter().map(|name| format!("`{name}`"));
    let what = "what rests on them cannot be told, and may look worse than it was";
    (!missing.is_empty()).then(|| format!("it has none of {}: {what}", named(names)))
}

fn weeks(audit: &Audit) -> String {
    let (all, empty) = (many(audit.known.weeks as u32, "week"), &audit.known.empty_weeks);
    match empty.len() {
        0 => format!("each of its {all} has events"),
        count => format!(
            "{count} of {all} {} no event at all, from {} {}: was anything lost there?",
            if count == 1 { "has" } else { "have" },
            counted(count == 1, "Monday"),
            named(empty.iter().map(ToString::to_string))
        ),
    }
}

fn mails(audit: &Audit) -> Option<String> {
    let (told, known) = (audit.mails, &audit.known);
    let other = if told == MailsTold::Sent { MailsTold::Delivered } else { MailsTold::Sent };
    let why = match (known.count(told.ty()), known.count(other.ty())) {
        (0, _) => return None,
        (_, 0) => format!("it has no `{}`", other.ty()),
        (_, less) => format!("it has {less} `{}`, which would be counted twice", other.ty()),
    };
    Some(format!("mails are counted by `{}`: {why}", told.ty()))
}

/// What could not be read or is not understood.
fn unread(audit: &Audit) -> Vec<String> {
    let known = &audit.known;
    let mut lines = Vec::new();
    if !known.unknown.is_empty() {
        let standard: Vec<String> = crate::audit::book::types();
        let name = |(ty, count): &(String, u64)| match nearest(ty, &standard) {
            Some(near) => format!("`{ty}` {count} (did somebody mean `{near}`?)"),
            None => format!("`{ty}` {count}"),
        };
        let names = named(known.unknown.iter().map(name));
        lines.push(format!("not understood: {names}; `ensue vocabulary` shows the names that are"));
    }
    if known.leads_unread > 0 {
        lines.push(format!("{} have no other event, and are left out below", many(known.leads_unread as u32, "lead")));
    }
    if known.duplicates > 0 {
        lines.push(format!("{} left out, each the same as one before", many(known.duplicates, "record")));
    }
    if !known.bad.is_empty() {
        let line = |bad: &crate::log::BadRecord| format!("`{}:{}`: {}", bad.path, bad.line, bad.reason);
        let shown: Vec<String> = known.bad.iter().take(BAD).map(line).collect();
        let more = match known.bad.len() - shown.len() {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let all = many(known.bad.len() as u32, "line");
        lines.push(format!(
            "{all} could not be read and {} left out: {}{more}",
            if known.bad.len() == 1 { "is" } else { "are" },
            shown.join("; ")
        ));
    }
    lines
}

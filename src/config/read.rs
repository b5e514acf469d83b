//! `ensue.yaml` from its text: every mistake in one run.

use std::ops::Range;
use std::path::PathBuf;

use super::entries::{Found, Part};
use super::{BreakerSettings, Config, Retries, SinkKind, SinkRoute, SinkSettings, TIMEOUT};
use crate::timestamp::Span;
use crate::yaml::{Dialect, Mistake, YamlEntry, YamlNode};

pub(super) const DIALECT: Dialect = Dialect {
    file: "`ensue.yaml`",
    holds: "write names, kinds and settings of sinks",
    entry: "write an entry as `store: .ensue`",
    smaller: "leave out what is not about sinks",
    lists: true,
};

const HOUR: Span = Span::seconds(3_600);
const DAY: Span = Span::days(1);

const SINKS: &str = "write it as `sinks: { outbox: { kind: file, path: outbox.jsonl } }`";
const ROUTE: &str = "write it as `route: { default: outbox }`";

/// Reads the text of an `ensue.yaml`.
///
/// # Errors
/// Every mistake, in the order of the text; a mistake in the YAML itself hides those after it.
pub fn parse(text: &str) -> Result<Config, Vec<Mistake>> {
    let root = crate::yaml::read(text, &DIALECT).map_err(|mistake| vec![mistake])?;
    let mut found = Found::default();
    let config = config(&mut found, &root);
    if found.mistakes.is_empty() {
        return Ok(config);
    }
    found.mistakes.sort_by_key(|mistake| (mistake.range_start, mistake.range_end));
    Err(found.mistakes)
}

fn config(found: &mut Found, root: &YamlNode) -> Config {
    let keys = ["store", "rules", "sinks", "route"];
    let part = found.part(&(0..0), root, "`ensue.yaml`", &keys, "write an entry as `store: .ensue`");
    let mut config = Config::default();
    if let Some(path) = part.entry("store").and_then(|entry| found.text(entry, "store: .ensue")) {
        config.store = path.into();
    }
    if let Some(path) = part.entry("rules").and_then(|entry| found.text(entry, "rules: rules")) {
        config.rules = path.into();
    }
    let mut names = Vec::new();
    if let Some(entry) = part.entry("sinks") {
        for entry in found.names(&entry.range, &entry.value, "`sinks`", SINKS).iter() {
            // A sink with mistakes has a name all the same, so that nothing else is said of it.
            names.push(entry.key.clone());
            config.sinks.extend(sink(found, entry));
        }
    }
    if let Some(entry) = part.entry("route") {
        config.route = route(found, entry, &names);
    }
    config
}

fn sink(found: &mut Found, entry: &YamlEntry) -> Option<SinkSettings> {
    let known = found.mistakes.len();
    if !is_name(&entry.key) {
        let message = format!("`{}` is not a name for a sink", entry.key);
        found.report(entry.range.clone(), message, "a name is of small letters, digits and `_`, as in `sales_desk`");
    }
    let what = format!("sink `{}`", entry.key);
    let keys = ["kind", "path", "command", "timeout", "idempotent", "retries", "breaker"];
    let part = found.part(&entry.range, &entry.value, &what, &keys, SINKS);
    if matches!(entry.value, YamlNode::Text(_) | YamlNode::Plain(_) | YamlNode::List(_)) {
        return None;
    }
    let kind = kind(found, &what, &entry.range, &part);
    let idempotent = part.entry("idempotent").and_then(|entry| found.truth(entry)).unwrap_or(false);
    let retries = part.entry("retries").map(|entry| retries(found, entry)).unwrap_or_default();
    let breaker = part.entry("breaker").map(|entry| breaker(found, entry)).unwrap_or_default();
    (found.mistakes.len() == known).then_some(kind).flatten().map(|kind| SinkSettings {
        name: entry.key.clone(),
        kind,
        idempotent,
        retries,
        breaker,
    })
}

fn kind(found: &mut Found, what: &str, range: &Range<usize>, part: &Part<'_>) -> Option<SinkKind> {
    const KINDS: [&str; 3] = ["stdout", "file", "exec"];
    let Some(entry) = part.entry("kind") else {
        found.report(
            range.clone(),
            format!("{what} has no `kind`"),
            "write `kind: stdout`, `kind: file` or `kind: exec`",
        );
        return None;
    };
    let kind = found.text(entry, "kind: file")?;
    if !KINDS.contains(&kind) {
        let names = KINDS.map(str::to_owned);
        found.unknown(entry.value_range(), String::from("there is no such kind of sink"), kind, &names, "");
        return None;
    }
    for (key, of) in [("path", "file"), ("command", "exec"), ("timeout", "exec")] {
        if kind != of
            && let Some(entry) = part.entry(key)
        {
            let message = format!("a sink of kind `{kind}` has no `{key}`");
            found.report(entry.range.clone(), message, &format!("`{key}` is for `kind: {of}`"));
        }
    }
    match kind {
        "stdout" => Some(SinkKind::Stdout),
        "file" => path(found, what, range, part).map(SinkKind::File),
        _ => {
            let timeout = part.entry("timeout").and_then(|entry| found.length(entry, HOUR)).unwrap_or(TIMEOUT);
            command(found, what, range, part).map(|command| SinkKind::Exec { command, timeout })
        }
    }
}

fn path(found: &mut Found, what: &str, range: &Range<usize>, part: &Part<'_>) -> Option<PathBuf> {
    let Some(entry) = part.entry("path") else {
        found.report(range.clone(), format!("{what} needs a `path`"), "write it as `path: outbox.jsonl`");
        return None;
    };
    found.text(entry, "path: outbox.jsonl").map(PathBuf::from)
}

/// The program and its arguments: a list, or a single word.
fn command(found: &mut Found, what: &str, range: &Range<usize>, part: &Part<'_>) -> Option<Vec<String>> {
    const EXAMPLE: &str = "command: [\"bin/send-mail\", \"--live\"]";
    let Some(entry) = part.entry("command") else {
        let help = format!("write it as `{EXAMPLE}`");
        found.report(range.clone(), format!("{what} needs a `command`"), &help);
        return None;
    };
    match &entry.value {
        YamlNode::List(items) if !items.is_empty() => {
            let known = found.mistakes.len();
            let exact = items.len() == entry.scalars.len();
            let mut words = Vec::new();
            for (at, item) in items.iter().enumerate() {
                let own = entry.scalars.get(at).filter(|_| exact);
                match item {
                    // An argument may be empty, the program may not.
                    YamlNode::Text(text) if at > 0 || !text.trim().is_empty() => words.push(text.clone()),
                    _ => found.not_text("command", item, own.cloned().unwrap_or_else(|| entry.value_range()), EXAMPLE),
                }
            }
            (found.mistakes.len() == known).then_some(words)
        }
        YamlNode::Text(text) if !text.trim().is_empty() => {
            if text.trim().contains(char::is_whitespace) {
                let help = format!("no shell reads it: write each word by itself, as in `{EXAMPLE}`");
                found.report(entry.value_range(), "`command` is a list of words", &help);
                return None;
            }
            Some(vec![text.clone()])
        }
        _ => {
            let help = format!("write it as `{EXAMPLE}`");
            found.report(entry.value_range(), "`command` is a list of words", &help);
            None
        }
    }
}

fn retries(found: &mut Found, entry: &YamlEntry) -> Retries {
    const EXAMPLE: &str = "write it as `retries: { attempts: 8, first_wait: 30s, longest_wait: 1h }`";
    let keys = ["attempts", "first_wait", "longest_wait"];
    let part = found.part(&entry.range, &entry.value, "`retries`", &keys, EXAMPLE);
    let usual = Retries::default();
    let attempts = part.entry("attempts").and_then(|entry| found.number(entry, 1..=100)).unwrap_or(usual.attempts);
    let first = part.entry("first_wait").and_then(|entry| found.length(entry, DAY));
    let longest = part.entry("longest_wait").and_then(|entry| found.length(entry, DAY));
    if let (Some(first), Some(longest)) = (first, longest)
        && first > longest
    {
        let message = "`first_wait` is longer than `longest_wait`";
        found.report(entry.range.clone(), message, "waits double from the first to the longest");
    }
    // Whoever gives one of the two alone never gives a contradiction.
    let first_wait = first.unwrap_or(longest.map_or(usual.first_wait, |longest| longest.min(usual.first_wait)));
    let longest_wait = longest.unwrap_or(first_wait.max(usual.longest_wait));
    Retries { attempts, first_wait, longest_wait }
}

fn breaker(found: &mut Found, entry: &YamlEntry) -> BreakerSettings {
    const EXAMPLE: &str = "write it as `breaker: { failures: 5, pause: 5m }`";
    let part = found.part(&entry.range, &entry.value, "`breaker`", &["failures", "pause"], EXAMPLE);
    let usual = BreakerSettings::default();
    let failures = part.entry("failures").and_then(|entry| found.number(entry, 1..=1_000)).unwrap_or(usual.failures);
    let pause = part.entry("pause").and_then(|entry| found.length(entry, DAY)).unwrap_or(usual.pause);
    BreakerSettings { failures, pause }
}

fn route(found: &mut Found, entry: &YamlEntry, sinks: &[String]) -> SinkRoute {
    let keys = ["default", "alerts", "channels", "webhooks"];
    let part = found.part(&entry.range, &entry.value, "`route`", &keys, ROUTE);
    let mut route = SinkRoute::default();
    if let Some(entry) = part.entry("default") {
        route.default = target(found, entry, sinks);
    }
    if let Some(entry) = part.entry("alerts") {
        route.alerts = target(found, entry, sinks);
    }
    for (key, map) in [("channels", &mut route.channels), ("webhooks", &mut route.webhooks)] {
        let Some(entry) = part.entry(key) else { continue };
        let example = format!("write it as `{key}: {{ {}: outbox }}`", if key == "channels" { "email" } else { "crm" });
        for entry in found.names(&entry.range, &entry.value, &format!("`{key}`"), &example).iter() {
            if let Some(sink) = target(found, entry, sinks) {
                map.insert(entry.key.clone(), sink);
            }
        }
    }
    route
}

/// The name of a sink that exists.
fn target(found: &mut Found, entry: &YamlEntry, sinks: &[String]) -> Option<String> {
    let name = found.text(entry, &format!("{}: outbox", entry.key))?;
    if sinks.iter().any(|sink| sink == name) {
        return Some(name.to_owned());
    }
    found.unknown(entry.value_range(), String::from("there is no sink of this name"), name, sinks, SINKS);
    None
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

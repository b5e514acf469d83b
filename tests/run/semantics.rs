//! The cases of `docs/semantics.md`, each run as it stands there; and that every section that the
//! source cites is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use ensue::check::{self, Env};
use ensue::decision::Decision;
use ensue::decision::names::Names;
use ensue::local::parse_rfc3339;
use ensue::log::{self, Input, Log, ReadOptions};
use ensue::plan::Plan;
use ensue::replay::{self, ReplayOptions};
use ensue::timestamp::{Span, Timestamp};
use serde_json::Value;

const PAGE: &str = include_str!("../../docs/semantics.md");
/// Fewer cases than this are not read as they should be.
const CASES: usize = 30;
const DAY: i64 = 86_400_000_000;

/// The start of every log that counts in days.
fn start() -> Timestamp {
    parse_rfc3339(b"2026-03-02T09:00:00Z").unwrap()
}

/// A row of the table.
struct Case<'p> {
    section: &'p str,
    rules: &'p str,
    log: &'p str,
    decided: &'p str,
    /// The whole row.
    row: &'p str,
}

/// A moment of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Moment {
    /// Days after the start.
    Days(Timestamp),
    /// `2024-03-12 14:00 -04:00`, the offset as written.
    Written(String, Timestamp),
}

impl Moment {
    /// Takes a moment off the front of some words: `2`, `6.9999`, `2+1s`, `2024-03-12 14:00 -04:00`.
    fn take(words: &mut &[&str]) -> Option<Self> {
        let (first, rest) = words.split_first()?;
        if let Some(at) = days(first) {
            *words = rest;
            return Some(Self::Days(at));
        }
        let ([date, time, offset], rest) = words.split_first_chunk::<3>()?;
        let at = parse_rfc3339(format!("{date}T{time}:00{offset}").as_bytes()).ok()?;
        *words = rest;
        Some(Self::Written(format!("{date} {time} {offset}"), at))
    }

    fn at(&self) -> Timestamp {
        match self {
            Self::Days(at) | Self::Written(_, at) => *at,
        }
    }
}

/// A number of days, exactly, perhaps with whole seconds: `2`, `6.9999`, `2+1s`.
fn days(word: &str) -> Option<Timestamp> {
    let (days, seconds) = match word.split_once('+') {
        Some((days, seconds)) => (days, seconds.strip_suffix('s')?.parse::<i64>().ok()?),
        None => (word, 0),
    };
    let (whole, part) = days.split_once('.').unwrap_or((days, "0"));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<i64>().ok())?;
    let scale = 10i64.pow(u32::try_from(part.len()).ok()?);
    let part = digits(part)?.checked_mul(DAY)?;
    assert_eq!(part % scale, 0, "`{word}` is no whole number of microseconds");
    Some(start() + Span(digits(whole)? * DAY + part / scale + seconds * 1_000_000))
}

/// A number of days as a row would write it: with whole seconds where it has no short fraction.
fn days_in_words(at: Timestamp) -> String {
    let since = (at - start()).0;
    let (ten_thousandths, rest) = (since.div_euclid(DAY / 10_000), since.rem_euclid(DAY / 10_000));
    let (days, seconds) =
        if rest == 0 { (ten_thousandths, 0) } else { (since / DAY * 10_000, since % DAY / 1_000_000) };
    let text = format!("{}.{:04}", days / 10_000, days % 10_000);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if seconds == 0 { text.to_owned() } else { format!("{text}+{seconds}s") }
}

/// Something decided, as a row names it.
#[derive(Debug, PartialEq, Eq)]
struct Decided {
    what: String,
    moment: Moment,
    late: bool,
    stale: bool,
}

/// The rulebooks of the page by name.
fn rulebooks() -> BTreeMap<&'static str, String> {
    let blocks = PAGE.split("\n```ensue ").skip(1);
    let block = |block: &'static str| {
        let (name, rest) = block.split_once('\n').unwrap();
        let (rules, _) = rest.split_once("\n```").unwrap();
        (name, format!("{rules}\n"))
    };
    blocks.map(block).collect()
}

fn cases() -> Vec<Case<'static>> {
    let table = PAGE.split("| section | rules | log | decided |\n|---|---|---|---|\n").nth(1).unwrap();
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    let case = |row: &'static str| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [section, rules, log, decided] = cells[..] else { panic!("a row has four cells: {row}") };
        Case { section, rules, log, decided, row }
    };
    rows.map(case).collect()
}

/// Properties off the front of some words, `plan=pro seats=null`, as a JSON object.
fn props<'w>(words: &mut &[&'w str]) -> serde_json::Map<String, Value> {
    let mut props = serde_json::Map::new();
    while let Some((name, value)) = words.first().and_then(|word: &&'w str| word.split_once('=')) {
        props.insert(name.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| Value::from(value)));
        *words = &words[1..];
    }
    props
}

/// `email.opened 0, 1, 2@4, again, until 9`: the records, and the moment time passes up to; of events
/// with properties `lead.updated plan=pro 2`.
fn events(case: &Case<'_>) -> (String, Option<Timestamp>) {
    let (mut lines, mut until) = (Vec::<String>::new(), None);
    let mut ty = "";
    let misread = |item: &str| -> ! { panic!("`{item}` is not understood: {}", case.row) };
    let log = case.log.replace('@', " @ ");
    for item in log.split(", ") {
        let words: Vec<&str> = item.split(' ').collect();
        let mut words = &words[..];
        if words == ["again"] {
            lines.push(lines.last().cloned().unwrap_or_else(|| misread(item)));
            continue;
        }
        let is_end = words[0] == "until";
        if words[0].starts_with(|c: char| c.is_ascii_lowercase()) && !words[0].contains('=') {
            if !is_end {
                ty = words[0];
            }
            words = &words[1..];
        }
        let props = Value::Object(props(&mut words));
        let Some(at) = Moment::take(&mut words).filter(|_| !ty.is_empty()) else { misread(item) };
        let told = match words.split_first() {
            None => Some(at.clone()),
            Some((&"@", rest)) if !is_end => {
                words = rest;
                Moment::take(&mut words).filter(|_| words.is_empty())
            }
            Some(_) => None,
        };
        let told = told.unwrap_or_else(|| misread(item));
        if is_end {
            until = Some(at.at());
            continue;
        }
        let time = |moment: &Moment| ensue::local::rfc3339(moment.at(), ensue::local::Zone::UTC);
        lines.push(format!(
            r#"{{"id":"e{}","type":"{ty}","lead":"ana","at":"{}","received_at":"{}","props":{props}}}"#,
            lines.len(),
            time(&at),
            time(&told)
        ));
    }
    (lines.join("\n"), until)
}

/// `fires 2, exit outreach 30.04 late; 1 duplicate`
fn expected(case: &Case<'_>) -> (Vec<Decided>, usize) {
    let misread = |item: &str| -> ! { panic!("`{item}` is not understood: {}", case.row) };
    let (decided, duplicates) = case.decided.split_once(';').unwrap_or((case.decided, "0 duplicate"));
    let duplicates = duplicates.trim().strip_suffix(" duplicate").and_then(|number| number.parse().ok());
    let duplicates = duplicates.unwrap_or_else(|| misread(case.decided));
    let items = decided.split(", ").filter(|item| !item.trim().is_empty());
    let item = |item: &str| {
        let words: Vec<&str> = item.trim().split(' ').collect();
        let named = words.iter().position(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        let (what, mut rest) = words.split_at(named.unwrap_or_else(|| misread(item)));
        let moment = Moment::take(&mut rest).filter(|_| !what.is_empty()).unwrap_or_else(|| misread(item));
        let (late, stale) = (rest == ["late"], rest == ["stale"]);
        if !(rest.is_empty() || late || stale) {
            misread(item);
        }
        Decided { what: what.join(" "), moment, late, stale }
    };
    (items.map(item).collect(), duplicates)
}

/// What a line of a dry run is called in a row; times are written as the row writes them.
fn named(line: &Value, decision: &Decision, in_days: bool) -> Decided {
    let at = decision.at;
    let text = |key: &str| line[key].as_str().unwrap_or_default();
    let what = match (text("do"), text("status")) {
        ("tier", _) => text("to").to_owned(),
        ("override", _) => format!("override {}", text("to")),
        ("alert", _) => text("text").to_owned(),
        ("set", _) => format!("set {}", text("field")),
        ("enroll", "suppressed") => format!("suppressed {}", text("sequence")),
        ("enroll", _) => format!("enroll {}", text("sequence")),
        ("exit", _) => format!("exit {}", text("sequence")),
        ("touch" | "action", status) => format!("{status} {}", text("template")),
        ("hold", _) => String::from("hold"),
        ("resume", _) => String::from("resume"),
        ("muted", _) => String::from("muted"),
        _ => panic!("no row can name this: {line}"),
    };
    let written = || {
        let (date, rest) = text("at").split_once('T').unwrap();
        let (time, rest) = rest.split_at("09:00".len());
        let offset = rest.strip_prefix(":00").unwrap_or(rest);
        Moment::Written(format!("{date} {time} {offset}"), at)
    };
    let reason = decision.body.reason();
    Decided {
        what,
        moment: if in_days { Moment::Days(at) } else { written() },
        late: reason.is_some_and(|reason| reason.lateness() > Span::ZERO),
        stale: decision.body.is_stale(),
    }
}

/// As a row would say it.
fn shown(decided: &[Decided]) -> String {
    let mut text = String::new();
    for Decided { what, moment, late, stale } in decided {
        let separator = if text.is_empty() { "" } else { ", " };
        let flag = if *late {
            " late"
        } else if *stale {
            " stale"
        } else {
            ""
        };
        let when = match moment {
            Moment::Written(text, _) => text.clone(),
            Moment::Days(at) => days_in_words(*at),
        };
        write!(text, "{separator}{what} {when}{flag}").unwrap();
    }
    text
}

fn read(plan: &Plan, lines: String) -> Log {
    let input = Input { path: String::from("case.jsonl"), reader: Box::new(std::io::Cursor::new(lines.into_bytes())) };
    log::read(vec![input], &plan.rulebook, &ReadOptions::default(), &|_| ()).unwrap()
}

#[test]
fn the_cases_of_the_page_decide_what_it_says() {
    let mut plans = BTreeMap::new();
    for (name, rules) in rulebooks() {
        let checked = check::load([(format!("{name}.ensue"), rules)], &Env::default());
        let rulebook = checked.rulebook.unwrap_or_else(|| panic!("`{name}`: {:?}", checked.diagnostics));
        plans.insert(name, Arc::new(Plan::compile(rulebook)));
    }
    let cases = cases();
    assert!(cases.len() >= CASES, "the page has {} cases", cases.len());
    let sections: BTreeSet<&str> = cases.iter().map(|case| case.section).collect();
    assert_eq!(sections.into_iter().collect::<Vec<_>>(), ["1", "2", "3", "4", "5", "6"], "no section without a case");
    let used: BTreeSet<&str> = cases.iter().map(|case| case.rules).collect();
    assert_eq!(used.into_iter().collect::<Vec<_>>(), plans.keys().copied().collect::<Vec<_>>(), "rulebooks in use");
    let mut wrong = String::new();
    for case in &cases {
        let plan = &plans[case.rules];
        let (lines, until) = events(case);
        let log = read(plan, lines);
        let replayed =
            replay::replay(plan, &log, &ReplayOptions { until, threads: 1, ..ReplayOptions::default() }).unwrap();
        let names = Names { rulebook: &plan.rulebook, log: &log };
        let (wanted, duplicates) = expected(case);
        let in_days = !case.log.contains(':');
        let line = |decision| serde_json::from_str(&names.line(decision).to_string()).unwrap();
        let found: Vec<Decided> = replayed.decisions.iter().map(|d| named(&line(d), d, in_days)).collect();
        if found != wanted || log.duplicates as usize != duplicates {
            writeln!(wrong, "{}\n    decides: {}; {} duplicate", case.row, shown(&found), log.duplicates).unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// `Semantics section 6` in a comment leads somewhere.
#[test]
fn the_sections_that_the_source_cites_are_there() {
    let mut cited = BTreeMap::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let text: Vec<&str> = text.lines().map(|line| line.trim_start().trim_start_matches('/')).collect();
            let text = text.join(" ").replace("! ", " ");
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            for after in text.split("Semantics section ").skip(1) {
                let number: String = after.chars().take_while(char::is_ascii_digit).collect();
                cited.entry(number).or_insert(path.clone());
            }
        }
    }
    assert!(cited.len() >= 4, "comments cite the page: {cited:?}");
    for (number, path) in cited {
        assert!(PAGE.contains(&format!("\n## {number}. ")), "{} cites section {number}", path.display());
    }
}

//! `fixtures/tz`: every change of the clocks of an independent tz database, and times that are valid
//! or not by RFC 3339.

use std::collections::BTreeSet;

use chrono::NaiveDateTime;
use ensue::local::{Zone, parse_rfc3339, rfc3339};
use ensue::timestamp::Timestamp;
use serde_json::Value;

use crate::read;

fn moment(text: &str) -> Timestamp {
    parse_rfc3339(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// What differs from one row of the oracle, if anything does.
fn difference(zone: Zone, row: &[&str]) -> Option<String> {
    let [at, before, after, kind, probe, first, second] = row else { panic!("odd row {row:?}") };
    let at = moment(at);
    let offsets = (zone.offset_at(Timestamp(at.0 - 1)), zone.offset_at(at));
    let expected: (i32, i32) = (before.parse().unwrap(), after.parse().unwrap());
    if offsets != expected {
        return Some(format!("offsets {offsets:?}, expected {expected:?}"));
    }
    let clock: NaiveDateTime = probe.parse().unwrap();
    let resolved = zone.resolve(clock);
    if resolved != moment(first) {
        return Some(format!("{kind} {probe} is {}, expected {first}", rfc3339(resolved, Zone::UTC)));
    }
    // In an overlap both readings show the same clock; in a gap neither does.
    let shows = |text: &str| zone.to_local(moment(text)) == clock;
    let twice = (*kind == "fold", *kind == "fold");
    ((shows(first), shows(second)) != twice).then(|| format!("{kind} {probe} is not one"))
}

#[test]
fn clock_changes_agree_with_the_oracle() {
    let known_text = read("fixtures/tz/known-differences.tsv");
    let known: BTreeSet<(&str, &str)> = known_text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            assert!(fields.len() == 3 && !fields[2].is_empty(), "a reason is missing: {line}");
            (fields[0], fields[1])
        })
        .collect();
    let text = read("fixtures/tz/transitions-2011-2040.tsv");
    let (mut zones, mut rows, mut differing, mut wrong) = (Vec::new(), 0, BTreeSet::new(), Vec::new());
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some(names) = line.strip_prefix("zones ") {
            zones = names.split(' ').collect();
            continue;
        }
        let row: Vec<&str> = line.split('\t').collect();
        for name in &zones {
            rows += 1;
            let difference = match Zone::parse(name) {
                Some(zone) => difference(zone, &row),
                None => Some("is not known".to_owned()),
            };
            let Some(difference) = difference else { continue };
            differing.insert((*name, row[0]));
            if !known.contains(&(*name, row[0])) {
                wrong.push(format!("{name}\t{}\t{difference}", row[0]));
            }
        }
    }
    assert_eq!(rows, 12_426);
    assert!(wrong.is_empty(), "{} rows differ:\n{}", wrong.len(), wrong.join("\n"));
    let stale: Vec<_> = known.difference(&differing).collect();
    assert!(stale.is_empty(), "listed as known, but no longer differing: {stale:?}");
}

/// The texts of a JSON Schema suite file with whether they are valid.
fn suite(name: &str) -> Vec<(String, bool)> {
    let groups: Vec<Value> = serde_json::from_str(&read(&format!("fixtures/tz/json-schema-{name}.json"))).unwrap();
    let tests = groups.iter().flat_map(|group| group["tests"].as_array().unwrap());
    // Data of other types passes any format; it is no text to read.
    tests.filter_map(|test| Some((test["data"].as_str()?.to_owned(), test["valid"].as_bool()?))).collect()
}

#[test]
fn times_agree_with_the_json_schema_suite() {
    let known_text = read("fixtures/tz/json-schema-known.tsv");
    let known: BTreeSet<(String, String)> = known_text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            line.split_once('\t')
                .and_then(|(file, rest)| Some((file.to_owned(), rest.split_once('\t')?.0.to_owned())))
                .unwrap()
        })
        .collect();
    let (mut seen, mut stale) = (0, known);
    for (file, before, after) in [("date-time", "", ""), ("date", "", "T00:00:00Z"), ("time", "2026-03-05T", "")] {
        for (text, valid) in suite(file) {
            seen += 1;
            let accepted = parse_rfc3339(format!("{before}{text}{after}").as_bytes()).is_ok();
            let listed = stale.remove(&(file.to_owned(), text.clone()));
            assert_eq!(accepted, valid != listed, "{file} {text:?}: valid {valid}, listed as known {listed}");
        }
    }
    assert!(seen > 130, "only {seen} texts were read");
    assert!(stale.is_empty(), "listed as known, but not in the suite: {stale:?}");
}

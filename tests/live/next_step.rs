//! Nobody is left without a next step, or else is listed: of each lead of a life, by what was told, what was decided
//! and what lies ahead of it.

use std::collections::BTreeMap;

use ensue::live::Live;
use ensue::local::parse_rfc3339;
use ensue::timestamp::{Span, Timestamp};
use serde_json::Value;

/// Rulebooks with a rule for whoever has no next step, with how long that takes and the tiers that need none.
const NETS: [(&str, Span, &[&str]); 2] =
    [("live/channels", Span::days(3), &["gone"]), ("../rules", Span::days(7), &["dead"])];

/// What is known of a lead that bears on it.
#[derive(Default)]
struct Course {
    tier: String,
    /// Everything is barred, for good or for a while.
    is_barred: bool,
    /// It waits for a day, or for a person.
    is_held: bool,
    /// When something of it was decided last, or told.
    last: Option<Timestamp>,
}

fn moment(line: &Value, key: &str) -> Option<Timestamp> {
    parse_rfc3339(line[key].as_str()?.as_bytes()).ok()
}

impl Course {
    fn take_in(&mut self, line: &Value) {
        self.last = self.last.max(moment(line, "at"));
        let is_all = line["channel"].is_null();
        match line["do"].as_str().unwrap_or_default() {
            "tier" => self.tier = line["to"].as_str().unwrap_or_default().to_owned(),
            "suppress" if is_all => self.is_barred = true,
            "hold" => self.is_held = true,
            "resume" => self.is_held = false,
            _ => {}
        }
    }
}

/// Leads without anything ahead of them that are in no list of those that wait for a person.
pub fn left_alone(folder: &str, live: &Live, export: &str, decided: &[String]) -> Vec<String> {
    let Some((_, net, finals)) = NETS.iter().find(|(of, ..)| *of == folder) else { return Vec::new() };
    let parsed = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let mut courses: BTreeMap<String, Course> = BTreeMap::new();
    let mut was_halted = false;
    for entry in export.lines().map(parsed) {
        let ty = entry["type"].as_str().unwrap_or_default();
        was_halted |= ty == "override.halt";
        match entry["lead"].as_str().filter(|_| !ty.starts_with("ensue.")) {
            Some(lead) if ty == "override.erase" => courses.entry(lead.to_owned()).or_default().is_barred = true,
            Some(lead) => {
                let course = courses.entry(lead.to_owned()).or_default();
                course.last = course.last.max(moment(&entry, "received_at"));
            }
            None => {}
        }
    }
    for line in decided.iter().map(|line| parsed(line)) {
        if let Some(course) = line["lead"].as_str().and_then(|lead| courses.get_mut(lead)) {
            course.take_in(&line);
        }
    }
    let listed = |idle| live.stuck(idle).unwrap().into_iter().map(|stuck| stuck.lead).collect::<Vec<_>>();
    let (at_all, for_long) = (listed(Span::ZERO), listed(*net));
    let mut left = Vec::new();
    for (lead, course) in &courses {
        let needs_none = course.is_barred || course.is_held || finals.contains(&course.tier.as_str());
        if needs_none || !live.knows(lead).unwrap() || !live.ahead(Some(lead)).unwrap().is_empty() {
            continue;
        }
        if !at_all.contains(lead) {
            left.push(format!("{lead} has nothing ahead, and is not listed"));
        }
        // The rule for it is asked so often; while all is halted its clock stands still.
        let is_long_ago = course.last.is_some_and(|last| last + *net < live.now());
        if is_long_ago && !was_halted && !for_long.contains(lead) {
            left.push(format!("{lead} has had nothing for {net:?}, and is not listed"));
        }
    }
    left
}

//! What the tests of metrics share.

use std::io::Cursor;
use std::sync::Arc;

use ensue::check::{self, Env};
use ensue::load::Files;
use ensue::local::{Zone, parse_rfc3339};
use ensue::log::{self, Input, Log, ReadOptions};
use ensue::metric::cell::{Tally, TallyKey};
use ensue::metric::figure::Figure;
use ensue::metric::period::Stretch;
use ensue::metric::{self, Counted, Counting};
use ensue::plan::Plan;
use ensue::replay::ReplayOptions;
use ensue::rulebook::MetricId;
use ensue::timestamp::Timestamp;

use crate::known;

/// A number that somebody may ask for by the environment.
pub fn asked(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().expect("a number"))
}

pub fn at(moment: &str) -> Timestamp {
    parse_rfc3339(moment.as_bytes()).expect("a moment")
}

/// All time.
pub fn always() -> Stretch {
    Stretch { from: at("2020-01-01T00:00:00Z"), to: at("2030-01-01T00:00:00Z") }
}

/// The playbook of the repository with other files, measured in all its metrics.
pub fn playbook_with(files: &[(&str, &str)]) -> Arc<Plan> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let mut read = Files::read(&root).expect("the playbook can be read");
    read.rules.extend(files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())));
    measured(read.check_measured())
}

/// The rulebook with known rates and other files, measured in all its metrics.
pub fn plan_with(files: &[(&str, &str)]) -> Arc<Plan> {
    measured(checked_with(files))
}

/// The same, before it is compiled.
pub fn checked_with(files: &[(&str, &str)]) -> check::Checked {
    let files =
        [("known.ensue", known::RULES)].iter().chain(files).map(|(name, text)| ((*name).into(), (*text).into()));
    let env = Env { metrics: true, ..Env::default() };
    check::load(files.collect::<Vec<(String, String)>>(), &env)
}

/// A rulebook of one text, measured in all its metrics.
pub fn plan_of(rules: &str) -> Arc<Plan> {
    let env = Env { metrics: true, ..Env::default() };
    measured(check::load([("rules.ensue".to_owned(), rules.to_owned())], &env))
}

/// The rulebook of a folder, measured in all its metrics.
pub fn plan_in(root: &std::path::Path) -> Arc<Plan> {
    measured(Files::read(root).expect("it can be read").check_measured())
}

fn measured(checked: check::Checked) -> Arc<Plan> {
    let rulebook = checked.rulebook.unwrap_or_else(|| panic!("{:?}", checked.diagnostics));
    let all: Vec<MetricId> = rulebook.metrics.ids().collect();
    Arc::new(Plan::compile_measured(rulebook, &all))
}

pub fn read(plan: &Plan, events: &str) -> Log {
    let reader = Box::new(Cursor::new(events.to_owned().into_bytes()));
    let input = Input { path: "events.jsonl".to_owned(), reader };
    log::read(vec![input], &plan.rulebook, &ReadOptions::default(), &|_| ()).expect("the log can be read")
}

pub fn count(plan: &Arc<Plan>, log: &Log, stretch: Stretch, as_of: Timestamp) -> Counted {
    count_rows(plan, log, stretch, as_of, None)
}

/// The same with the rows of one metric.
pub fn count_rows(plan: &Arc<Plan>, log: &Log, stretch: Stretch, as_of: Timestamp, listed: Option<&str>) -> Counted {
    let listed = listed.map(|name| id(plan, name));
    let counting = Counting {
        stretches: &[stretch],
        as_of,
        listed: listed.as_slice(),
        apart: false,
        zone: Zone::UTC,
        replay: ReplayOptions { threads: 1, ..ReplayOptions::default() },
    };
    metric::count(plan, log, &counting).expect("nothing stops it")
}

pub fn id(plan: &Plan, name: &str) -> MetricId {
    plan.rulebook.metrics.find(name).unwrap_or_else(|| panic!("there is a metric {name}"))
}

pub fn figure(plan: &Plan, counted: &Counted, name: &str, group: Option<(u8, String)>, stretch: u32) -> Figure {
    let metric = id(plan, name);
    let key = TallyKey { metric, group, stretch };
    let cell = counted.cells.0.get(&key).cloned().unwrap_or_else(Tally::default);
    Figure::of(plan.rulebook.metrics.get(metric).expect("it was found"), &cell)
}

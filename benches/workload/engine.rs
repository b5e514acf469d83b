//! The eight rules of the workload by the engine, counted as the truth counts them.

use std::io::{Cursor, Read};
use std::sync::Arc;

use ensue::check::{self, Env};
use ensue::decision::{Body, Cause};
use ensue::local::parse_rfc3339;
use ensue::log::{self, Input, Log, ReadOptions};
use ensue::plan::Plan;
use ensue::replay::{self, ReplayOptions, Replayed};
use ensue::timestamp::Timestamp;

use super::truth::Truth;

/// 2026-01-05T00:00:00Z, where the workload begins.
const START: i64 = 1_767_571_200;

/// The workload's rules, compiled.
pub fn plan() -> Arc<Plan> {
    let file = ("w1.ensue".to_owned(), include_str!("w1.ensue").to_owned());
    Arc::new(Plan::compile(check::load([file], &Env::default()).rulebook.unwrap()))
}

/// Reads a log from JSON Lines.
pub fn read(plan: &Plan, log: &'static [u8], threads: usize) -> Log {
    read_from(plan, Box::new(Cursor::new(log)), threads)
}

/// The same from wherever the bytes are.
pub fn read_from(plan: &Plan, reader: Box<dyn Read + Send>, threads: usize) -> Log {
    let input = Input { path: "log.jsonl".to_owned(), reader };
    let options = ReadOptions { threads, ..ReadOptions::default() };
    log::read(vec![input], &plan.rulebook, &options, &|_| ()).unwrap()
}

/// Decides a log to the end of the workload, 2026-07-05T00:00:00Z.
pub fn replay(plan: &Arc<Plan>, log: &Log, threads: usize) -> Replayed {
    let until = parse_rfc3339(b"2026-07-05T00:00:00Z").unwrap();
    replay::replay(plan, log, &ReplayOptions { until: Some(until), threads, ..ReplayOptions::default() }).unwrap()
}

/// The alerts of the eight rules as the truth counts them.
pub fn count(plan: &Plan, log: &Log, replayed: &Replayed) -> Truth {
    let mut truth = Truth::default();
    for decision in &replayed.decisions {
        let (Body::Alert { .. }, Cause::Rule(rule, _)) = (&decision.body, decision.cause) else { continue };
        let label = &plan.rulebook.rules[rule.index()].label;
        let row = label.strip_prefix('r').and_then(|rest| rest.split('_').next()).unwrap().parse::<usize>().unwrap();
        let lead: u64 = log.lead_name(decision.lead).trim_start_matches('L').parse().unwrap();
        let row = &mut truth[row - 1];
        row[0] += 1;
        row[1] += seconds(decision.at);
        row[2] += lead;
    }
    truth
}

fn seconds(at: Timestamp) -> u64 {
    u64::try_from(at.0 / 1_000_000 - START).unwrap()
}

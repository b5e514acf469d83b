//! A rulebook and a log, to be replayed and explained.

use std::path::Path;
use std::sync::Arc;

use ensue::decision::names::Names;
use ensue::event::LeadId;
use ensue::explain::{self, Explanation};
use ensue::local::parse_rfc3339;
use ensue::log::{self, Input, Log, ReadOptions};
use ensue::plan::Plan;
use ensue::replay::{self, ReplayOptions, Replayed};
use ensue::rulebook::Pattern;
use ensue::timestamp::Timestamp;

pub struct World {
    pub path: String,
    pub plan: Arc<Plan>,
    pub events: String,
    pub log: Log,
    until: Option<Timestamp>,
    skip_bad: bool,
}

impl World {
    /// A folder of the dry run, with its `args`.
    pub fn of(folder: &Path) -> Self {
        let events = std::fs::read_to_string(folder.join("events.jsonl")).unwrap();
        let args = std::fs::read_to_string(folder.join("args")).unwrap_or_default();
        let words: Vec<&str> = args.split_whitespace().collect();
        let until = words.iter().position(|word| *word == "--until");
        let until = until.map(|at| parse_rfc3339(words[at + 1].as_bytes()).unwrap());
        Self::new(folder, events, until, words.contains(&"--skip-bad"))
    }

    pub fn quickstart() -> Self {
        let events = std::fs::read_to_string("fixtures/quickstart/events.jsonl").unwrap();
        Self::new(Path::new("rules"), events, None, false)
    }

    pub fn new(rules: &Path, events: String, until: Option<Timestamp>, skip_bad: bool) -> Self {
        let rulebook = ensue::load::rulebook(rules).unwrap().rulebook.expect("the rules compile");
        let plan = Arc::new(Plan::compile(rulebook));
        let log = read(&plan, &events, skip_bad);
        Self { path: rules.display().to_string(), plan, events, log, until, skip_bad }
    }

    /// The same rulebook with another log, until a moment.
    pub fn with_events(&self, events: String, until: Timestamp) -> Self {
        let log = read(&self.plan, &events, self.skip_bad);
        let (path, plan) = (self.path.clone(), Arc::clone(&self.plan));
        Self { path, plan, events, log, until: Some(until), skip_bad: self.skip_bad }
    }

    pub fn names(&self) -> Names<'_> {
        Names { rulebook: &self.plan.rulebook, log: &self.log }
    }

    /// The leads the engine hears of.
    pub fn leads(&self) -> Vec<LeadId> {
        self.leads_by(self.end())
    }

    /// The leads the engine has heard of by then.
    pub fn leads_by(&self, at: Timestamp) -> Vec<LeadId> {
        let handled =
            |lead: &LeadId| self.log.entries().iter().any(|entry| entry.lead == *lead && entry.received_at <= at);
        // What is about no lead, such as a halt, is told under no name.
        let named = |lead: &LeadId| !self.log.lead_name(*lead).is_empty();
        (0..self.log.lead_count() as u32).map(LeadId).filter(named).filter(handled).collect()
    }

    pub fn lead(&self, name: &str) -> LeadId {
        (0..self.log.lead_count() as u32).map(LeadId).find(|lead| self.log.lead_name(*lead) == name).unwrap()
    }

    /// The last moment that is looked at.
    pub fn end(&self) -> Timestamp {
        self.until.unwrap_or_else(|| self.log.entries().last().map_or(Timestamp(0), |entry| entry.received_at))
    }

    pub fn replay(&self) -> Replayed {
        replay::replay(
            &self.plan,
            &self.log,
            &ReplayOptions { until: self.until, threads: 1, ..ReplayOptions::default() },
        )
        .unwrap()
    }

    pub fn replay_until(&self, until: Timestamp) -> Replayed {
        let options = ReplayOptions { until: Some(until), threads: 1, ..ReplayOptions::default() };
        replay::replay(&self.plan, &self.log, &options).unwrap()
    }

    pub fn explain(&self, lead: LeadId, at: Option<Timestamp>, questions: Vec<Pattern>) -> Explanation {
        let options = explain::ExplainOptions { at: at.or(self.until), questions, guard: None };
        explain::explain(&self.plan, &self.log, lead, &options).unwrap().expect("the lead is known")
    }
}

fn read(plan: &Plan, events: &str, skip_bad: bool) -> Log {
    let reader = Box::new(std::io::Cursor::new(events.as_bytes().to_vec()));
    let inputs = vec![Input { path: String::from("events.jsonl"), reader }];
    let options = ReadOptions { skip_bad, threads: 1, ..ReadOptions::default() };
    log::read(inputs, &plan.rulebook, &options, &|_| {}).unwrap_or_else(|error| panic!("{error}"))
}

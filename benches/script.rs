//! Evaluations a second of a ten-line scoring script: inside the engine, where every event changes
//! what the script reads, beside a bare `call_fn` of the same lines. `cargo bench --bench script`
#![expect(clippy::unwrap_used, reason = "a bench may panic")]

use std::fmt::Write as _;
use std::io::Cursor;
use std::sync::Arc;

use divan::Bencher;
use divan::counter::ItemsCount;
use ensue::check::{self, Env};
use ensue::event::EventNumber;
use ensue::log::{self, Input, Log, ReadOptions};
use ensue::plan::Plan;
use ensue::replay::{self, ReplayOptions};

const EVALUATIONS: u32 = 100_000;

const TEN_LINES: &str = r#"
let s = 0;
if lead.deal_value > 50000.0 { s += 30; }
if lead.industry == "software" { s += 20; }
if lead.title != () && lead.title.contains("VP") { s += 25; }
if tier == "hot" { s += 10; }
if touches > 5 { s -= 10; }
let value = lead.deal_value / 1000.0;
if value > 100.0 { value = 100.0; }
s += value.to_int();
s
"#;

fn main() {
    divan::main();
}

fn plan() -> Arc<Plan> {
    let rules = format!("tiers hot, warm\nscore fit {{ rhai \"\"\"{TEN_LINES}\"\"\" }}\n");
    let rules = rules.replace("lead.deal_value", "lead.worth");
    let rules = format!("lead {{ worth number = 0 }}\n{rules}");
    let checked = check::load([("bench.ensue".to_owned(), rules)], &Env::default());
    assert!(checked.rulebook.is_some(), "{:?}", checked.diagnostics);
    Arc::new(Plan::compile(checked.rulebook.unwrap()))
}

/// Updates of a thousand leads; `step` is how much each changes the value the script reads.
fn updates(plan: &Plan, step: u32) -> Log {
    let mut text = String::new();
    for n in 0..EVALUATIONS {
        let worth = 40_000 + n / 1_000 * step;
        let (hour, minute, second) = (n / 3_600, n / 60 % 60, n % 60);
        let _ = writeln!(
            text,
            r#"{{"id":"e{n}","type":"lead.updated","lead":"L{:04}","at":"2026-03-{:02}T{:02}:{minute:02}:{second:02}Z","props":{{"worth":{worth},"industry":"software","title":"VP of Sales"}}}}"#,
            n % 1_000,
            hour / 24 + 1,
            hour % 24,
        );
    }
    let input = Input { path: "log.jsonl".to_owned(), reader: Box::new(Cursor::new(text.into_bytes())) };
    log::read(vec![input], &plan.rulebook, &ReadOptions::default(), &|_| ()).unwrap()
}

fn run(bencher: Bencher, step: u32) {
    let plan = plan();
    let log = updates(&plan, step);
    assert!(log.event(EventNumber(EVALUATIONS - 1)).is_some());
    let options = ReplayOptions { threads: 1, ..ReplayOptions::default() };
    bencher.counter(ItemsCount::new(EVALUATIONS)).bench(|| replay::replay(&plan, &log, &options).unwrap());
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn in_the_engine(bencher: Bencher) {
    run(bencher, 17);
}

/// Nothing the script reads changes after a lead's first event, so it runs once a lead.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn in_the_engine_unchanged(bencher: Bencher) {
    run(bencher, 0);
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn bare_call_fn(bencher: Bencher) {
    let mut engine = rhai::Engine::new();
    engine.set_max_operations(10_000).set_max_string_size(1_024).set_max_array_size(100).set_max_map_size(100);
    let ast = engine.compile(format!("fn score(lead, tier, touches) {{ {TEN_LINES} }}")).unwrap();
    let facts: [(&str, rhai::Dynamic); 3] =
        [("deal_value", 60_000.0.into()), ("industry", "software".into()), ("title", "VP of Sales".into())];
    let lead: rhai::Dynamic = facts.into_iter().map(|(k, v)| (k.into(), v)).collect::<rhai::Map>().into();
    bencher.counter(ItemsCount::new(EVALUATIONS)).bench_local(|| {
        let mut scope = rhai::Scope::new();
        for _ in 0..EVALUATIONS {
            let args = (lead.clone(), rhai::Dynamic::UNIT, 3_i64);
            assert_eq!(engine.call_fn::<i64>(&mut scope, &ast, "score", args).unwrap(), 135);
        }
    });
}

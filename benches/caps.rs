//! Leads that wait in line: for a cap of their owner, and in an account that is held. The figures must grow
//! with the leads, and not with their square. `cargo bench --bench caps`
#![expect(clippy::unwrap_used, reason = "a bench may panic")]

use std::fmt::Write as _;
use std::sync::Arc;

use divan::Bencher;
use divan::counter::ItemsCount;
use ensue::check::{self, Env};
use ensue::log::{self, Input, Log, ReadOptions};
use ensue::plan::Plan;
use ensue::replay::{self, ReplayOptions};

const CAPPED: &str = r#"tiers hot
    calendar office { days mon..fri hours 09:00-17:00 zone "UTC" }
    channel email { calendar office cap 50 per 1d per owner }
    created -> hot
    sequence s for hot { day 1 at 10:00 email a day 2 at 10:00 email b day 3 at 10:00 email c }"#;

const HELD: &str = r"tiers hot
    created -> hot
    opened -> hold account 2d
    sequence s for hot { day 1 at 10:00 email a day 2 at 10:00 email b }";

fn main() {
    divan::main();
}

fn read(rules: &str, events: &str) -> (Arc<Plan>, Log) {
    let rulebook = check::load([("rules.ensue".into(), rules.into())], &Env::default()).rulebook.unwrap();
    let input = Input { path: "events.jsonl".into(), reader: Box::new(std::io::Cursor::new(events.to_owned())) };
    let log = log::read(vec![input], &rulebook, &ReadOptions::default(), &|_| ()).unwrap();
    (Arc::new(Plan::compile(rulebook)), log)
}

fn run(bencher: Bencher, leads: u32, rules: &str, events: &str) {
    let (plan, log) = read(rules, events);
    let until = ensue::local::parse_rfc3339(b"2026-01-01T00:00:00Z").ok();
    let options = ReplayOptions { until, threads: 1, ..ReplayOptions::default() };
    bencher.counter(ItemsCount::new(leads)).bench(|| replay::replay(&plan, &log, &options).unwrap().decisions.len());
}

/// One salesperson, one mail box, many leads.
#[divan::bench(sample_count = 3, sample_size = 1, args = [1_000, 4_000, 16_000, 100_000])]
fn leads_of_one_owner_under_a_cap(bencher: Bencher, leads: u32) {
    let mut events = String::new();
    for lead in 0..leads {
        let (id, at) = (format!("e{lead}"), "2025-03-03T08:00:00Z");
        writeln!(
            events,
            r#"{{"id":"{id}","type":"lead.created","lead":"l{lead}","at":"{at}","props":{{"owner":"kim"}}}}"#
        )
        .unwrap();
    }
    run(bencher, leads, CAPPED, &events);
}

/// Each lead of an account has the whole of it held, one after the other.
#[divan::bench(sample_count = 3, sample_size = 1, args = [1_000, 4_000, 16_000])]
fn holds_of_one_account(bencher: Bencher, leads: u32) {
    let mut events = String::new();
    for (ty, hour) in [("lead.created", 8), ("email.opened", 9)] {
        for lead in 0..leads {
            let at = format!("2025-03-03T{:02}:{:02}:{:02}Z", hour + lead / 3_600, lead / 60 % 60, lead % 60);
            writeln!(events, r#"{{"id":"{ty}{lead}","type":"{ty}","lead":"l{lead}","account":"big","at":"{at}"}}"#)
                .unwrap();
        }
    }
    run(bencher, leads, HELD, &events);
}

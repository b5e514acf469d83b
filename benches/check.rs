//! How long `check` and `test` take: the playbook, and generated rulebooks of which every line is different, with
//! everything that checking them finds. `cargo bench --bench check`
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench may panic")]

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use divan::Bencher;
use ensue::check::{self, Checked, Env};
use ensue::load;
use ensue::plan::Plan;
use ensue::trial;

fn main() {
    divan::main();
}

/// The shipped playbook, read from its folder.
#[divan::bench]
fn playbook(bencher: Bencher) {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/rules"));
    bencher.bench(|| load::rulebook(folder).unwrap().rulebook.unwrap());
}

/// The same with all of its tests, which is what `ensue test rules` does.
#[divan::bench]
fn playbook_with_tests(bencher: Bencher) {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/rules"));
    bencher.bench(|| {
        let plan = Arc::new(Plan::compile(load::rulebook(folder).unwrap().rulebook.unwrap()));
        let report = trial::run(&plan, &trial::TrialOptions::default()).unwrap();
        assert!(report.is_fine());
        report
    });
}

/// A generated rulebook of so many lines.
#[divan::bench(args = [500, 2_000, 8_000])]
fn generated(bencher: Bencher, lines: usize) {
    let text = rulebook(lines);
    assert!(text.lines().count().abs_diff(lines) < 40);
    assert!(checked(&text).rulebook.is_some());
    bencher.bench(|| checked(&text));
}

/// Rulebooks as no person writes them: a thing that is cheap to write, as often as a megabyte has room for it. Each
/// is checked in the time that it takes to read, and said to be what it is.
#[divan::bench(args = ["sequences", "effects", "tiers", "alerts"], sample_count = 5)]
fn large(bencher: Bencher, what: &str) {
    let text = large_book(what);
    assert!(text.len() > 350_000 && !checked(&text).diagnostics.is_empty());
    bencher.bench(|| checked(&text));
}

/// A test that expects five thousand alerts, all alike.
#[divan::bench(sample_count = 5)]
fn large_test(bencher: Bencher) {
    let mut text = String::from(
        "tiers hot\nx: opened -> alert owner \"a\"\ntest \"t\" { lead a { }\n 2026-03-02 09:00 a opened\n",
    );
    text.push_str(&"+1m a opened\n".repeat(4_999));
    text.push_str(&"expect alert owner \"a\" for a\n".repeat(5_000));
    text.push('}');
    let plan = Arc::new(Plan::compile(checked(&text).rulebook.unwrap()));
    bencher.bench(|| {
        let report = trial::run(&plan, &trial::TrialOptions::default()).unwrap();
        assert!(report.is_fine());
        report
    });
}

fn large_book(what: &str) -> String {
    let mut text = String::from("tiers hot, cold\n");
    match what {
        "sequences" => {
            for n in 0..12_000 {
                writeln!(text, "sequence s{n} for hot where deal_value ?? 0 > {n} {{ day 1 at 10:00 email a }}")
                    .unwrap();
            }
            text.push_str("x: opened -> hot\n");
        }
        "effects" => text.push_str(&format!("x: opened -> {}\n", vec!["hot"; 96_000].join(","))),
        "tiers" => text = format!("tiers {}\n", (0..120_000).map(|n| format!("t{n}")).collect::<Vec<_>>().join(", ")),
        _ => (0..25_000).for_each(|n| writeln!(text, "r{n}: opened -> alert owner \"a\"").unwrap()),
    }
    text
}

fn checked(text: &str) -> Checked {
    check::load([("generated.ensue".to_owned(), text.to_owned())], &Env::default())
}

/// Rules, decision lists, sequences, scores and declarations, as many of each as a large team would have.
fn rulebook(lines: usize) -> String {
    let mut text = String::from("tiers hot, warm, cold, dead\nlead { seats number?, plan text? }\n");
    let events = ["opened", "clicked", "visited", "downloaded", "replied", "demo", "booked", "met", "called", "staged"];
    let tiers = ["hot", "warm", "cold", "dead"];
    let mut count = 2;
    let mut n = 0;
    while count < lines {
        let event = events[n % events.len()];
        let (tier, other) = (tiers[n % tiers.len()], tiers[(n + 1) % tiers.len()]);
        let block = block(n, event, tier, other);
        count += block.lines().count();
        text.push_str(&block);
        n += 1;
    }
    text
}

fn block(n: usize, event: &str, tier: &str, other: &str) -> String {
    let mut text = String::new();
    writeln!(text, "let line_{n} = {}", 10 + n % 90).unwrap();
    writeln!(text, "event seen_{n} is \"product.seen\" where page == \"p{n}\" {{ page text? }}").unwrap();
    writeln!(text, "group signs_{n} = seen_{n}, {event}").unwrap();
    writeln!(text, "score points_{n} {{ {event} +5, seen_{n} +10, half_life 14d, floor 0 }}").unwrap();
    writeln!(text, "crossed_{n}: points_{n} >= line_{n} while {other} where seats ?? 0 > {n} -> {tier}").unwrap();
    writeln!(text, "  why \"so much of {event}\"").unwrap();
    writeln!(text, "counted_{n}: seen_{n} 3x within 7d while not {tier} where plan == \"p{n}\" -> {tier}").unwrap();
    writeln!(text, "  why \"three times in a week\"").unwrap();
    writeln!(text, "plain_{n}: {event} where source == \"s{n}\" and count(signs_{n}, 30d) > 2 -> {tier}, tag t{n}")
        .unwrap();
    writeln!(text, "quiet_{n}: no signs_{n} for {}d while in talk_{n} -> alert owner \"silent {n}\"", 5 + n % 60)
        .unwrap();
    writeln!(text, "listed_{n}: on {event} while {other} {{").unwrap();
    writeln!(text, "  where source in [\"a{n}\", \"b{n}\"]  -> start talk_{n}").unwrap();
    writeln!(text, "  where deal_value ?? 0 >= {}_000  -> task \"look at {n}\"", n + 1).unwrap();
    writeln!(text, "  otherwise  -> tag rest_{n}").unwrap();
    writeln!(text, "}}").unwrap();
    writeln!(text, "sequence talk_{n} where seats ?? 0 > {n} {{").unwrap();
    writeln!(text, "  exit on replied, booked").unwrap();
    for (day, name) in [(1, "recap"), (2, "case_study"), (5, "objection"), (9, "social_proof"), (14, "closing")] {
        writeln!(text, "  day {day} at 10:00 email {name}_{n} if count({event}, 7d) < {}", day + 1).unwrap();
    }
    writeln!(text, "  then every 30d email insight_{n} up to 3 times").unwrap();
    writeln!(text, "}}").unwrap();
    text
}

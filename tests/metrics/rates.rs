//! The logs with known rates: they are what they say, and so is what is reported of them.

use std::sync::Arc;

use ensue::metric::figure::Figure;
use ensue::metric::period::Stretch;
use ensue::plan::Plan;
use ensue::report::experiment;

use crate::known::{self, ATTEMPTS, Group, HOURS, Known, Message, TEXTS, World};
use crate::support;

#[test]
fn the_same_seed_makes_the_same_log() {
    let (plan, world) = (known::plan(), World::default());
    let once = known::log(1, &world, &plan);
    assert_eq!(once.events, known::log(1, &world, &plan).events);
    assert_ne!(once.events, known::log(2, &world, &plan).events);
    assert_eq!(once.messages.len(), 5 * world.leads as usize);
}

/// Answers change nothing about what is sent, come before the next mail, and are the only replies there are.
#[test]
fn answers_leave_the_messages_as_they_are() {
    let plan = known::plan();
    let made = known::log(3, &World::default(), &plan);
    let log = known::read(&plan, &made.events);
    let sent = known::sent(&log, &known::decide(&plan, &log));
    let said: Vec<_> = made.messages.iter().map(|m| (m.lead, m.at, m.template.clone())).collect();
    assert_eq!(sent, said);
    for pair in made.messages.windows(2) {
        let next = if pair[0].lead == pair[1].lead { pair[1].at } else { i64::MAX };
        assert!(pair[0].answered.is_none_or(|at| pair[0].at < at && at < next), "{pair:?}");
    }
    let replies = made.events.lines().filter(|line| line.contains("email.replied")).count();
    assert_eq!(replies, made.group(|_| true).answered as usize);
}

/// The engine's own count of the experiment's goal.
#[test]
fn the_experiment_reaches_its_goal_as_often_as_the_opening_is_answered() {
    let plan = known::plan();
    let made = known::log(4, &World::default(), &plan);
    let log = known::read(&plan, &made.events);
    let results = experiment::results(&plan, &log, &known::decide(&plan, &log));
    assert_eq!(results.len(), 2);
    for result in results {
        let truth = made.group(|m| m.template == result.variant);
        assert_eq!((result.sent, result.reached), (truth.rows as usize, Some(truth.answered as usize)));
    }
}

/// Each text stands once at each place and hour, so it is not mixed up with them.
#[test]
fn texts_places_and_hours_are_balanced() {
    let made = known::log(5, &World { leads: 4_000, ..World::default() }, &known::plan());
    for (text, _) in &TEXTS[1..] {
        for (hour, _) in HOURS.iter().filter(|(hour, _)| *hour != 9) {
            let rows = made.group(|m| m.template == *text && m.hour == *hour).rows;
            assert!((850..1_150).contains(&rows), "{text} at {hour}: {rows}");
        }
    }
}

/// Over fifty logs the answers are as many as the rates say: within 4 standard errors for each text, hour, attempt and
/// month, and an effect is as large as it was set.
#[test]
fn answers_are_as_frequent_as_their_rates() {
    let (plan, world) = (known::plan(), World::default());
    let logs: Vec<Known> = (0..50).map(|seed| known::log(seed, &world, &plan)).collect();
    let over = |of: &dyn Fn(&known::Message) -> bool| {
        logs.iter().map(|log| log.group(of)).fold(Group::default(), |a, b| Group {
            rows: a.rows + b.rows,
            answered: a.answered + b.answered,
            expected: a.expected + b.expected,
            variance: a.variance + b.variance,
        })
    };
    let check = |name: String, group: Group| {
        let errors = (f64::from(group.answered) - group.expected) / group.variance.sqrt();
        assert!(group.rows > 500 && errors.abs() < 4.0, "{name}: {group:?}, {errors:.1} standard errors");
        group.rate()
    };
    let texts = TEXTS.map(|(text, _)| check(text.to_owned(), over(&|m| m.template == text)));
    let short = check("hello_short".to_owned(), over(&|m| m.template == "hello_short"));
    for (hour, _) in HOURS {
        check(format!("at {hour}"), over(&|m| m.hour == hour));
    }
    for (attempt, _) in ATTEMPTS {
        check(format!("attempt {attempt}"), over(&|m| m.attempts == attempt));
    }
    let months: Vec<f64> = (1..=10).map(|month| check(format!("month {month}"), over(&|m| m.month == month))).collect();
    // One month in ten answers half as often, so effects are seen at about 0.94 of their size.
    assert!((0.05..0.061).contains(&(short - texts[0])), "the lift: {}", short - texts[0]);
    assert!((0.035..0.045).contains(&(texts[2] - texts[1])), "story over guide: {}", texts[2] - texts[1]);
    assert!((0.45..0.55).contains(&(months[6] / months[5])), "the drop: {}", months[6] / months[5]);
}

/// Without an effect there is none.
#[test]
fn a_world_without_effects_has_even_variants_and_months() {
    let made = known::log(6, &World { lift: 0, drop: 0, ..World::default() }, &known::plan());
    let [long, short] = ["hello", "hello_short"].map(|text| made.group(|m| m.template == text).rate());
    assert!((long - 0.12).abs() < 1e-9 && (short - 0.12).abs() < 1e-9, "{long}, {short}");
    assert!((made.group(|m| m.month == 7).rate() - made.group(|m| m.month == 6).rate()).abs() < 0.01);
}

/// The metric that counts the answers.
const ANSWERED: &str = "metric answered = share of messaged with replied within 5d { by template, hour, attempts }\n";

/// By breakdown: the truth about each group of a log, and the number that is reported.
fn held_against(seed: u64, plan: &Arc<Plan>) -> Vec<(&'static str, Group, Figure)> {
    let made = known::log(seed, &World::default(), plan);
    let log = known::read(plan, &made.events);
    let counted = support::count(plan, &log, support::always(), support::at(known::UNTIL));
    let figure = |by: Option<(u8, String)>| support::figure(plan, &counted, "answered", by, 0);
    let mut all = vec![("all", made.group(|_| true), figure(None))];
    let texts = TEXTS.map(|(text, _)| text).into_iter().chain(["hello_short"]);
    let mut put = |name, label: String, by: u8, of: &dyn Fn(&Message) -> bool| {
        all.push((name, made.group(of), figure(Some((by, label)))));
    };
    texts.for_each(|text| put("template", text.to_owned(), 0, &|m| m.template == text));
    HOURS.iter().for_each(|(hour, _)| put("hour", format!("{hour:02}"), 1, &|m| m.hour == *hour));
    ATTEMPTS.iter().for_each(|(n, _)| put("attempts", n.to_string(), 2, &|m| m.attempts == *n));
    all
}

/// Every count is the true one, and 95 of 100 intervals hold the true rate, with the binomial error of so many.
/// `ENSUE_CASES=1000` looks at so many logs, `ENSUE_SEED` begins elsewhere.
#[test]
fn the_intervals_hold_the_true_rates() {
    let (cases, first) = (support::asked("ENSUE_CASES", 50), support::asked("ENSUE_SEED", 1));
    let plan = support::plan_with(&[("answered.ensue", ANSWERED)]);
    let mut held: std::collections::BTreeMap<&str, (f64, f64)> = std::collections::BTreeMap::new();
    for seed in first..first + cases {
        for (name, truth, figure) in held_against(seed, &plan) {
            let counts = (u64::from(truth.rows), u64::from(truth.answered));
            assert_eq!((figure.rows, figure.outcomes), counts, "seed {seed}, by {name}: {truth:?}");
            let (low, high) = figure.low.zip(figure.high).expect("there are rows");
            let slot = held.entry(name).or_default();
            slot.0 += f64::from(u8::from(low <= truth.rate() && truth.rate() <= high));
            slot.1 += 1.0;
        }
    }
    for (name, (inside, all)) in held {
        println!("by {name}: {inside} of {all} intervals hold the true rate, {:.2} %", 100.0 * inside / all);
        let error = (0.95 * 0.05 / all).sqrt();
        // With few answers an interval that holds 95 % does so on average over rates: one percent more or less.
        assert!((inside / all - 0.95).abs() < 3.0 * error + 0.01, "by {name}: {inside} of {all}");
    }
}

/// A lead is there from its first event on, also at ends of periods before its next one, and where none comes.
#[test]
fn a_lead_stands_somewhere_from_its_first_event_on() {
    let plan = support::plan_with(&[("own.ensue", "metric everybody = count leads")]);
    let created = |lead: &str, id: &str, ty: &str, day: &str| {
        format!(r#"{{"id":"{id}","type":"{ty}","lead":"{lead}","at":"2026-{day}T12:00:00Z"}}"#)
    };
    let events = [
        created("once", "1", "lead.created", "01-05"),
        created("twice", "2", "lead.created", "01-05"),
        created("late", "3", "lead.created", "02-10"),
        created("twice", "4", "email.opened", "03-10"),
    ];
    let log = support::read(&plan, &events.join("\n"));
    let at = |day: &str, until: &str| {
        let stretch = Stretch { from: support::at(day), to: support::at(until) };
        let counted = support::count(&plan, &log, stretch, support::at("2026-04-01T00:00:00Z"));
        support::figure(&plan, &counted, "everybody", None, 0).rows
    };
    assert_eq!(at("2025-12-01T00:00:00Z", "2026-01-01T00:00:00Z"), 0, "nobody yet");
    assert_eq!(at("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"), 2, "two, of whom one comes back in March");
    assert_eq!(at("2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"), 3);
}

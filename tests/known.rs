//! The logs with known rates: they are what they say.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "metrics/known.rs"]
mod known;

use ensue::report::experiment;
use known::{ATTEMPTS, Group, HOURS, Known, TEXTS, World};

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

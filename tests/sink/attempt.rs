//! When an action is tried again, and when a sink is left alone.

use ensue::config::{BreakerSettings as Settings, Retries, SinkKind, SinkSettings};
use ensue::sink::Outcome;
use ensue::sink::attempt::{Attempts, Breaker, Next, wait};
use ensue::timestamp::{Span, Timestamp};
use proptest::prelude::*;

fn sink(idempotent: bool, attempts: u32) -> SinkSettings {
    let retries = Retries { attempts, first_wait: Span::seconds(10), longest_wait: Span::seconds(60) };
    SinkSettings { name: "crm".into(), kind: SinkKind::Stdout, idempotent, retries, breaker: Settings::default() }
}

fn busy() -> Outcome {
    Outcome::Refused { reason: "busy".into(), retry: true }
}

fn lost() -> Outcome {
    Outcome::Unknown { reason: "lost".into() }
}

fn gone() -> Outcome {
    Outcome::Refused { reason: "no such address".into(), retry: false }
}

fn taken() -> Outcome {
    Outcome::Taken { note: None }
}

const START: Timestamp = Timestamp::from_seconds(1_772_000_000);

#[test]
fn a_refused_action_is_tried_so_often_and_then_fails() {
    let sink = sink(false, 3);
    let mut attempts = Attempts::default();
    assert!(attempts.due_at() <= START);
    let mut now = START;
    for made in 1..3 {
        let Next::Again { at, reason } = attempts.ended(busy(), &sink, "0b5d", now) else { panic!("again") };
        assert_eq!((reason.as_str(), attempts.made, attempts.due_at()), ("busy", made, at));
        assert_eq!(at, now + wait(&sink.retries, "0b5d", made));
        now = at;
    }
    assert_eq!(attempts.ended(busy(), &sink, "0b5d", now), Next::Failed { reason: "tried 3 times: busy".into() });
}

#[test]
fn other_outcomes_are_the_last_word() {
    let after = |sink: &SinkSettings, outcome| Attempts::default().ended(outcome, sink, "0b5d", START);
    let once = sink(false, 3);
    assert_eq!(after(&once, taken()), Next::Done { note: None });
    assert_eq!(after(&once, gone()), Next::Failed { reason: "no such address".into() });
    assert_eq!(after(&once, lost()), Next::Unknown { reason: "lost".into() });
    // Only a sink that knows an action again may get it again.
    assert!(matches!(after(&sink(true, 3), lost()), Next::Again { .. }));
    assert_eq!(after(&sink(true, 1), lost()), Next::Unknown { reason: "lost".into() });
    assert_eq!(after(&sink(true, 1), busy()), Next::Failed { reason: "tried once: busy".into() });
}

#[test]
fn waits_are_the_same_each_time() {
    let retries = sink(false, 9).retries;
    let waits: Vec<i64> = (1..6).map(|made| wait(&retries, "0b5d", made).0).collect();
    assert_eq!(waits, WAITS, "a wait that changes changes what live runs do");
}

const WAITS: [i64; 5] = [5_332_559, 14_397_180, 22_379_408, 43_877_593, 42_100_031];

#[test]
fn actions_that_failed_together_do_not_come_back_together() {
    let retries = sink(false, 9).retries;
    let mut buckets = [0; 10];
    for n in 0..1_000 {
        let wait = wait(&retries, &format!("{n:016x}"), 1).0;
        buckets[((wait - 5_000_000) / 500_001) as usize] += 1;
    }
    assert!(buckets.iter().all(|count| (60..140).contains(count)), "{buckets:?}");
}

#[test]
fn a_sink_that_keeps_failing_is_left_alone_and_tried_once() {
    let settings = Settings { failures: 3, pause: Span::seconds(60) };
    let mut breaker = Breaker::default();
    let at = |seconds| START + Span::seconds(seconds);
    for second in 0..3 {
        assert_eq!(breaker.admit(settings, at(second)), Ok(()));
        breaker.ended(&busy(), settings, at(second));
    }
    assert!(breaker.is_open(at(3)));
    assert_eq!(breaker.admit(settings, at(3)), Err(at(62)));
    assert_eq!(breaker.admit(settings, at(61)), Err(at(62)));
    // One is tried, and no second one beside it.
    assert_eq!(breaker.admit(settings, at(62)), Ok(()));
    assert_eq!(breaker.admit(settings, at(62)), Err(at(122)));
    breaker.ended(&lost(), settings, at(70));
    assert_eq!(breaker.admit(settings, at(129)), Err(at(130)));
    assert_eq!(breaker.admit(settings, at(130)), Ok(()));
    breaker.ended(&taken(), settings, at(131));
    assert_eq!(breaker, Breaker::default());
}

#[test]
fn a_trial_that_never_ended_does_not_close_the_sink_for_good() {
    let settings = Settings { failures: 1, pause: Span::seconds(60) };
    let mut breaker = Breaker::Open { until: START.0 };
    assert_eq!(breaker.admit(settings, START), Ok(()));
    // Killed here, and started again.
    let kept = serde_json::to_string(&breaker).unwrap();
    let mut breaker: Breaker = serde_json::from_str(&kept).unwrap();
    assert_eq!(breaker.admit(settings, START + Span::seconds(59)), Err(START + Span::seconds(60)));
    assert_eq!(breaker.admit(settings, START + Span::seconds(60)), Ok(()));
}

#[test]
fn failures_must_come_in_a_row() {
    let settings = Settings { failures: 2, pause: Span::seconds(60) };
    let mut breaker = Breaker::default();
    for outcome in [busy(), gone(), busy(), taken(), lost(), gone()] {
        assert_eq!(breaker.admit(settings, START), Ok(()));
        breaker.ended(&outcome, settings, START);
    }
    assert!(!breaker.is_open(START));
}

#[test]
fn states_are_small() {
    assert_eq!(serde_json::to_string(&Attempts::default()).unwrap(), r#"{"made":0,"not_before":0}"#);
    assert_eq!(serde_json::to_string(&Breaker::default()).unwrap(), r#"{"Closed":{"failures":0}}"#);
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    prop_oneof![Just(busy()), Just(lost()), Just(gone()), Just(taken())]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn waits_are_bounded_and_their_bounds_grow(
        first in 1_i64..100_000_000, more in 0_i64..100_000_000_000, id in "[0-9a-f]{1,16}", made in 1_u32..200,
    ) {
        let retries = Retries { attempts: 100, first_wait: Span(first), longest_wait: Span(first + more) };
        let full = |made: u32| {
            (i128::from(first) << made.saturating_sub(1).min(60)).min(i128::from(first + more))
        };
        let waited = i128::from(wait(&retries, &id, made).0);
        prop_assert!(waited >= full(made) / 2 && waited <= full(made));
        prop_assert!(full(made + 1) >= full(made));
        prop_assert_eq!(wait(&retries, &id, made), wait(&retries, &id, made));
    }

    #[test]
    fn nothing_is_handed_over_while_a_sink_is_left_alone(
        steps in proptest::collection::vec((0_i64..90, outcomes()), 1..60), failures in 1_u32..5,
    ) {
        let settings = Settings { failures, pause: Span::seconds(60) };
        let (mut breaker, mut now, mut in_row, mut left_alone) = (Breaker::default(), START, 0, None);
        for (seconds, outcome) in steps {
            now = now + Span::seconds(seconds);
            let admitted = breaker.admit(settings, now);
            prop_assert_eq!(admitted.is_ok(), left_alone.is_none_or(|until| now >= until));
            if let Err(until) = admitted {
                prop_assert_eq!(Some(until), left_alone);
                continue;
            }
            breaker.ended(&outcome, settings, now);
            in_row = if outcome.answered() { 0 } else { in_row + 1 };
            let trips = in_row >= failures;
            left_alone = trips.then_some(now + settings.pause);
            prop_assert_eq!(breaker.is_open(now), trips);
        }
    }
}

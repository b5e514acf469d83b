//! Experiments: the numbers of their variants, and what is concluded.

use std::sync::Arc;

use ensue::decision::{Reason, Status};
use ensue::event::LeadId;
use ensue::log::Log;
use ensue::metric::experiment::{Exposed, Trial, TrialState, trials};
use ensue::plan::Plan;
use ensue::rulebook::ExperimentId;
use ensue::statistics::Proportion;
use ensue::timestamp::{Span, Timestamp};

use crate::known::{self, Random, World};
use crate::support;

/// A rulebook in which every kind of variant can be tried on one sequence.
const RULES: &str = r#"
calendar always { days mon..sun, hours 00:00-24:00, zone "UTC" }
channel email { calendar always }
channel sms { calendar always }
demo -> start hello
replied -> stop
clicked -> hold 2d
sequence hello {
  day 1 at 10:00 email recap
  day 4 at 10:00 email nudge
  day 9 at 10:00 email bye
}
sequence hello_slow {
  day 1 at 10:00 email recap
  day 6 at 10:00 email nudge
}
"#;

fn plan(experiments: &str) -> Arc<Plan> {
    support::plan_of(&format!("{RULES}{experiments}\n"))
}

fn event(number: usize, ty: &str, lead: &str, at: &str) -> String {
    format!("{{\"id\":\"e{number}\",\"type\":\"{ty}\",\"lead\":\"{lead}\",\"at\":\"{at}\"}}\n")
}

fn log(plan: &Plan, events: &[(&str, &str, &str)]) -> Log {
    let lines = events.iter().enumerate().map(|(number, (ty, lead, at))| event(number, ty, lead, at));
    support::read(plan, &lines.collect::<String>())
}

fn measured(plan: &Arc<Plan>, log: &Log, as_of: &str) -> Vec<Trial> {
    let as_of = support::at(as_of);
    let counted = support::count(plan, log, support::always(), as_of);
    trials(plan, log, &counted.exposed, as_of)
}

/// Two leads that the experiment `x` gives different variants: the first one, and the other.
fn one_of_each(plan: &Arc<Plan>) -> [String; 2] {
    let names: Vec<String> = (0..40).map(|number| format!("lead{number}")).collect();
    let events: Vec<_> = names.iter().map(|name| ("demo.requested", name.as_str(), "2026-03-02T09:00:00Z")).collect();
    let log = log(plan, &events);
    let counted = support::count(plan, &log, support::always(), support::at("2026-06-01T00:00:00Z"));
    [0, 1].map(|variant| {
        let lead = counted.exposed.iter().find(|lead| lead.variant == variant).expect("both are given");
        log.lead_name(lead.lead).to_owned()
    })
}

const TEXTS: &str = "experiment x on hello.nudge { nudge 50%, nudge_short 50%, goal replied within 7d }";

#[test]
fn a_lead_counts_once_its_time_is_over() {
    let plan = plan(TEXTS);
    let [lead, _] = one_of_each(&plan);
    // The touch goes out on 5 March at 10:00, and the window is half-open.
    let on_time = ("email.replied", lead.as_str(), "2026-03-05T10:00:00Z");
    let last = ("email.replied", lead.as_str(), "2026-03-12T09:59:59Z");
    let late = ("email.replied", lead.as_str(), "2026-03-12T10:00:00Z");
    let before = ("email.replied", lead.as_str(), "2026-03-05T09:59:59Z");
    for (reply, as_of, leads, reached, so_far) in [
        (on_time, "2026-03-12T09:59:59Z", 1, (0, 0), 1),
        (on_time, "2026-03-12T10:00:00Z", 1, (1, 1), 0),
        (last, "2026-03-12T10:00:00Z", 1, (1, 1), 0),
        (late, "2026-03-20T10:00:00Z", 1, (0, 1), 0),
        // Who has answered does not get it, and is in no variant.
        (before, "2026-03-20T10:00:00Z", 0, (0, 0), 0),
    ] {
        let log = log(&plan, &[("demo.requested", lead.as_str(), "2026-03-02T09:00:00Z"), reply]);
        let trial = measured(&plan, &log, as_of).remove(0);
        let figure = &trial.variants[0];
        assert_eq!(figure.leads, leads, "{reply:?} as of {as_of}");
        assert_eq!(figure.reached, Proportion::new(reached.0, reached.1), "{reply:?} as of {as_of}");
        assert_eq!((figure.so_far, figure.unripe()), (so_far, leads - reached.1), "{reply:?} as of {as_of}");
        assert_eq!(trial.variants[1].leads, 0);
        assert_eq!((trial.state, trial.needed), (TrialState::Gathering, Some(211)));
    }
}

/// A lead that comes again is the same lead.
#[test]
fn the_first_exposure_counts() {
    let plan = plan(TEXTS);
    let [lead, _] = one_of_each(&plan);
    let again = [
        ("demo.requested", lead.as_str(), "2026-03-02T09:00:00Z"),
        ("demo.requested", lead.as_str(), "2026-04-02T09:00:00Z"),
        ("email.replied", lead.as_str(), "2026-04-06T09:00:00Z"),
    ];
    let trial = measured(&plan, &log(&plan, &again), "2026-06-01T00:00:00Z").remove(0);
    assert_eq!((trial.variants[0].leads, trial.variants[0].reached), (1, Proportion::new(0, 1)));
    assert_eq!(trial.began, Some(support::at("2026-03-05T10:00:00Z")));
}

/// Day 6 is cancelled by an answer that an earlier day would have had: it counts there too.
#[test]
fn who_answers_between_two_days_counts_in_both() {
    let plan = plan("experiment x on hello.nudge { day 4 50%, day 6 50%, goal replied within 7d }");
    for (place, lead) in one_of_each(&plan).iter().enumerate() {
        for (at, leads, reached) in [
            // Before either of them.
            ("2026-03-05T09:00:00Z", 0, 0),
            // After day 4, before day 6.
            ("2026-03-06T09:00:00Z", 1, 1),
            // Within seven days of day 6, the later of them.
            ("2026-03-14T09:00:00Z", 1, 1),
            ("2026-03-14T10:00:00Z", 1, 0),
        ] {
            let events =
                [("demo.requested", lead.as_str(), "2026-03-02T09:00:00Z"), ("email.replied", lead.as_str(), at)];
            let trial = measured(&plan, &log(&plan, &events), "2026-06-01T00:00:00Z").remove(0);
            let figure = &trial.variants[place];
            assert_eq!((figure.leads, figure.reached.successes), (leads, reached), "{lead} answers at {at}");
            assert_eq!(trial.variants[1 - place].leads, 0);
        }
    }
}

/// Leads that ask, answer, pause and opt out at any time.
fn crowd(plan: &Plan, seed: u64) -> Log {
    let mut events = Vec::new();
    for lead in 0..300 {
        let mut random = Random::of(seed, lead, 0);
        let start = support::at("2026-01-05T00:00:00Z").0 / 1_000_000 + random.below(60 * 86_400);
        let mut put = |ty: &str, percent: i64, days: i64| {
            if random.below(100) < percent {
                events.push((start + random.below(days * 86_400), ty.to_owned(), format!("lead{lead}")));
            }
        };
        put("demo.requested", 100, 1);
        put("email.replied", 50, 16);
        put("email.clicked", 15, 10);
        put("email.unsubscribed", 10, 14);
        put("demo.requested", 20, 40);
    }
    events.sort();
    let line = |(number, (at, ty, lead)): (usize, &(i64, String, String))| {
        let at = chrono::DateTime::from_timestamp(*at, 0).expect("a moment").format("%Y-%m-%dT%H:%M:%SZ").to_string();
        event(number, ty, lead, &at)
    };
    support::read(plan, &events.iter().enumerate().map(line).collect::<String>())
}

/// Whom an experiment counts, and as what, must not depend on which variant the lead was given: else a variant
/// that does nothing would differ from another one.
#[test]
fn who_counts_does_not_depend_on_the_variant() {
    for (on, first, second) in [
        ("hello.nudge", "nudge", "nudge_short"),
        ("hello.nudge", "day 4", "day 7"),
        ("hello.nudge", "day 3", "nudge"),
        ("hello.nudge", "+3d", "+5d"),
        ("hello.nudge", "nudge", "+1d"),
        ("hello.nudge", "at 09:00", "at 21:30"),
        ("hello.nudge", "email nudge", "sms nudge"),
        ("hello", "hello", "hello_slow"),
    ] {
        let counted = |shares: (&str, &str)| {
            let goal = "goal replied within 7d, guard unsubscribed within 5d";
            let plan = plan(&format!("experiment x on {on} {{ {first} {}, {second} {}, {goal} }}", shares.0, shares.1));
            let log = crowd(&plan, 7);
            let trial = measured(&plan, &log, "2026-12-01T00:00:00Z").remove(0);
            let sum = |pick: fn(&Proportion) -> u64| trial.variants.iter().map(|v| pick(&v.reached)).sum::<u64>();
            let guarded = trial.variants.iter().map(|v| v.guarded.successes).sum::<u64>();
            let leads: Vec<u64> = trial.variants.iter().map(|v| v.leads).collect();
            (leads, sum(|reached| reached.successes), sum(|reached| reached.rows), guarded)
        };
        let (one, other) = (counted(("99.999999%", "0.000001%")), counted(("0.000001%", "99.999999%")));
        assert!(one.0[0] > 150 && one.0[1] == 0 && one.1 > 30 && one.3 > 3, "{on} {first}: {one:?}");
        assert_eq!((&one.0[0], one.1, one.2, one.3), (&other.0[1], other.1, other.2, other.3), "{on} {first} {second}");
    }
}

/// What did not go out is in its variant, and beside it is said why.
#[test]
fn what_is_held_counts_and_is_shown_apart() {
    let root = tempfile::tempdir().expect("a folder");
    let template = |name: &str, text: &str| {
        std::fs::create_dir_all(root.path().join("templates")).expect("a folder");
        let text = format!("---\nchannel: email\nsubject: Hello\n---\n{text}\n");
        std::fs::write(root.path().join("templates").join(name), text).expect("it is written");
    };
    template("recap.md", "Hello {{ company }}");
    template("nudge.md", "Hello");
    template("nudge_short.md", "Hello {{ company }}");
    template("bye.md", "Hello");
    let rules = RULES.replace("email recap", "email bye as recap");
    std::fs::write(root.path().join("rules.ensue"), format!("{rules}{TEXTS}\n")).expect("it is written");
    let plan = support::plan_in(root.path());
    let [first, second] = one_of_each(&plan);
    let mut lines = String::new();
    for (number, lead) in [&first, &second].into_iter().enumerate() {
        lines.push_str(&event(number, "demo.requested", lead, "2026-03-02T09:00:00Z"));
    }
    let later = format!(
        "{{\"id\":\"e9\",\"type\":\"lead.updated\",\"lead\":\"{second}\",\"at\":\"2026-03-05T15:00:00Z\",\"props\":{{\"company\":\"Acme\"}}}}\n"
    );
    for (events, sent) in [(lines.clone(), 0), (format!("{lines}{later}"), 1)] {
        let log = support::read(&plan, &events);
        let trial = measured(&plan, &log, "2026-03-09T00:00:00Z").remove(0);
        let leads: Vec<u64> = trial.variants.iter().map(|variant| variant.leads).collect();
        assert_eq!(leads, [1, 1]);
        assert!(trial.variants[0].withheld.is_empty());
        let [withheld] = trial.variants[1].withheld.as_slice() else { panic!("{:?}", trial.variants[1].withheld) };
        assert_eq!((withheld.status, withheld.leads, withheld.sent), (Status::Held, 1, sent));
        let awaited = match &withheld.reason {
            Some(Reason::Awaits(awaited)) => format!("{awaited:?}"),
            other => panic!("{other:?}"),
        };
        assert_eq!(awaited, "Value(\"company\")");
    }
}

/// What the log with known rates says of its own experiment, by a way that shares nothing with this one.
#[test]
fn known_rates_are_counted_and_a_large_lift_wins() {
    let plan = support::plan_with(&[]);
    for (lift, seed) in [(120, 11), (0, 12)] {
        let made = known::log(seed, &World { leads: 3_000, lift, drop: 0, ..World::default() }, &known::plan());
        let log = known::read(&plan, &made.events);
        let trial = measured(&plan, &log, known::UNTIL).remove(0);
        for (variant, text) in trial.variants.iter().zip(["hello", "hello_short"]) {
            let truth = made.group(|message| message.template == text);
            assert_eq!(variant.reached, Proportion::new(truth.answered.into(), truth.rows.into()));
        }
        match trial.state {
            TrialState::Winner { variant: 1, at } => assert!(lift > 0 && at < support::at(known::UNTIL)),
            TrialState::NoWinner { .. } => assert_eq!((lift, trial.gathered), (0, 211)),
            other => panic!("lift {lift}: {other:?}"),
        }
    }
}

/// An experiment of so many variants, and leads for it that come one an hour.
struct Course {
    plan: Arc<Plan>,
    log: Log,
    leads: Vec<Exposed>,
}

const HOUR: Span = Span::seconds(3_600);

impl Course {
    fn of(experiment: &str) -> Self {
        let plan = plan(experiment);
        let log = log(&plan, &[]);
        Self { plan, log, leads: Vec::new() }
    }

    fn lead(&mut self, variant: u8, reached: bool, guarded: bool) {
        let at = support::at("2026-01-01T00:00:00Z") + Span(HOUR.0 * self.leads.len() as i64);
        let closes = at + Span::days(7);
        self.leads.push(Exposed {
            experiment: ExperimentId(0),
            variant,
            lead: LeadId(0),
            at,
            until: at,
            closes,
            reached: reached.then_some(at + HOUR),
            guard: Some((closes, guarded.then_some(at + HOUR))),
            status: Status::Sent,
            reason: None,
            sent: true,
        });
    }

    /// Leads of a variant of whom so many reach the goal and so many meet the guard.
    fn leads(&mut self, variant: u8, leads: u32, reached: u32, guarded: u32) {
        for lead in 0..leads {
            self.lead(variant, lead < reached, lead < guarded);
        }
    }

    fn judged(&self, as_of: Timestamp) -> Trial {
        trials(&self.plan, &self.log, &self.leads, as_of).remove(0)
    }

    fn state(&self) -> TrialState {
        self.judged(support::at("2027-01-01T00:00:00Z")).state
    }
}

const GUARDED: &str = "experiment x on hello.nudge { nudge 50%, nudge_short 50%, goal replied within 7d, find +100%, guard unsubscribed within 7d }";

#[test]
fn an_uneven_split_concludes_nothing() {
    for (first, second, uneven) in
        [(540, 460, false), (560, 440, true), (50, 49, false), (70, 30, true), (69, 30, false)]
    {
        let mut course = Course::of(GUARDED);
        course.leads(0, first, 0, 0);
        course.leads(1, second, 40, 0);
        assert_eq!(course.state() == TrialState::Uneven, uneven, "{first}:{second}");
        if !uneven {
            assert!(matches!(course.state(), TrialState::Winner { variant: 1, .. }), "{first}:{second}");
        }
    }
}

#[test]
fn harm_comes_before_a_winner() {
    // 2 of 100 against 10 of 100: +8 pt, from +1.2 to +15.4.
    for (first, second, harmful) in [(2, 10, true), (2, 6, false), (10, 2, false)] {
        let mut course = Course::of(GUARDED);
        course.leads(0, 100, 0, first);
        course.leads(1, 100, 60, second);
        match course.state() {
            TrialState::Harm { variant, by } => assert!(harmful && variant == 1 && by.interval.low > 0.0),
            TrialState::Winner { variant: 1, .. } => assert!(!harmful, "{first} against {second}"),
            other => panic!("{other:?}"),
        }
    }
    // So few say nothing, however bad they look.
    let mut course = Course::of(GUARDED);
    course.leads(0, 29, 0, 0);
    course.leads(1, 29, 0, 29);
    assert_eq!(course.state(), TrialState::Gathering);
}

#[test]
fn a_verdict_stays_and_time_ends_what_has_none() {
    let experiment = GUARDED.replace("find +100%", "find +100%, at most 30d");
    let start = support::at("2026-01-01T00:00:00Z");
    let mut course = Course::of(&experiment);
    for lead in 0..200 {
        course.lead((lead % 2) as u8, lead % 20 == 0, false);
    }
    assert_eq!(course.judged(start + Span::days(29)).state, TrialState::Gathering);
    let trial = course.judged(start + Span::days(30));
    assert_eq!(
        (trial.state, trial.ends),
        (TrialState::TimeUp { at: start + Span::days(30) }, Some(start + Span::days(30)))
    );
    // 2.25 · √76 = 19.6: the twentieth of twenty on one side wins, and what comes later takes nothing back.
    let mut course = Course::of(&experiment);
    for lead in 0..40 {
        course.lead((lead % 2) as u8, lead % 2 == 1, false);
    }
    for lead in 0..400 {
        course.lead((lead % 2) as u8, lead % 2 == 0, false);
    }
    let won = start + Span::days(7) + Span(HOUR.0 * 39);
    assert_eq!(course.judged(won - Span(1)).state, TrialState::Gathering);
    for as_of in [won, start + Span::days(20), start + Span::days(300)] {
        assert_eq!(course.judged(as_of).state, TrialState::Winner { variant: 1, at: won });
    }
}

#[test]
fn without_a_goal_nothing_is_concluded() {
    let mut course = Course::of("experiment x on hello.nudge { nudge 50%, nudge_short 50% }");
    course.leads(0, 100, 0, 0);
    course.leads(1, 10, 10, 0);
    assert_eq!(course.state(), TrialState::WithoutGoal);
}

/// Many experiments whose leads reach the goal at these rates, looked at after every lead.
fn ended(cases: u64, rates: &[u64], is_so: impl Fn(TrialState) -> bool) -> f64 {
    let names = ["nudge", "a", "b", "c"].iter().take(rates.len());
    let variants: Vec<String> = names.map(|name| format!("{name} {}%", 100.0 / rates.len() as f64)).collect();
    let experiment =
        format!("experiment x on hello.nudge {{ {}, goal replied within 7d, find +200% }}", variants.join(", "));
    let mut course = Course::of(&experiment);
    let mut count = 0;
    for seed in 0..cases {
        course.leads.clear();
        let mut random = Random::of(seed, 0, 0);
        for _ in 0..900 {
            let variant = random.below(rates.len() as i64) as u8;
            course.lead(variant, random.below(1_000) < rates[usize::from(variant)] as i64, false);
        }
        count += u64::from(is_so(course.state()));
    }
    count as f64 / cases as f64
}

/// A rate with the error of so many.
fn with_error(rate: f64, cases: u64) -> f64 {
    rate + 1.96 * (rate * (1.0 - rate) / cases as f64).sqrt()
}

#[test]
fn an_experiment_without_effect_hardly_ever_has_a_winner() {
    let cases = support::asked("ENSUE_CASES", 1_000);
    for rates in [&[60, 60][..], &[200, 200, 200, 200]] {
        let won = ended(cases, rates, |state| matches!(state, TrialState::Winner { .. }));
        println!("{} variants: {:.2} % false winners", rates.len(), won * 100.0);
        assert!(won <= with_error(0.05, cases), "{} variants: {won}", rates.len());
    }
}

#[test]
fn a_large_effect_wins_four_times_in_five() {
    let cases = support::asked("ENSUE_CASES", 500);
    for rates in [&[60, 180][..], &[60, 60, 180]] {
        let best = rates.len() - 1;
        let won = ended(cases, rates, |state| matches!(state, TrialState::Winner { variant, .. } if variant == best));
        println!("{} variants: found {:.1} %", rates.len(), won * 100.0);
        assert!(1.0 - won <= with_error(0.2, cases), "{} variants: {won}", rates.len());
    }
}

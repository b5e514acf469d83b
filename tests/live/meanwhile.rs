//! What happens while actions are handed over: time passes, and what an action was when the run
//! began is not what it is when its turn comes.

use std::path::Path;
use std::sync::{Arc, Mutex};

use ensue::config::{self, BreakerSettings, Destination, Retries, SinkKind};
use ensue::live::{Appended, Arrival, DeliveryState, Desk, Done, Fate, HandedOver, Live, LogLine, OpenSink, What};
use ensue::load::Files;
use ensue::sink::{Handed, Outcome, Sink};
use ensue::store::{Batch, Offset, TreeName};
use ensue::timestamp::{Span, Timestamp};

use super::book::{Room, options, room};
use super::told::start;

/// A store, and a sink that takes its time.
struct Stage {
    live: Live,
    room: Room,
    clock: Arc<Mutex<Timestamp>>,
    /// What the sink answers, the last of it for ever.
    answers: Vec<Outcome>,
    idempotent: bool,
    retries: Retries,
    got: Arc<Mutex<Vec<Handed>>>,
}

struct Slow {
    clock: Arc<Mutex<Timestamp>>,
    answers: Vec<Outcome>,
    got: Arc<Mutex<Vec<Handed>>>,
}

impl Sink for Slow {
    fn hand_over(&mut self, action: &Handed) -> Outcome {
        let mut now = self.clock.lock().unwrap();
        *now = *now + Span::seconds(4);
        let mut got = self.got.lock().unwrap();
        got.push(action.clone());
        self.answers[(got.len() - 1).min(self.answers.len() - 1)].clone()
    }
}

fn taken() -> Outcome {
    Outcome::Taken { note: None }
}

fn files(folder: &str) -> Files {
    Files::read(&Path::new("fixtures/live").join(folder)).unwrap()
}

impl Stage {
    fn new() -> Self {
        let room = room();
        let mut live = Live::open(room.path(), &options()).unwrap();
        let files = files("meanwhile/rules.ensue");
        live.activate_first(&files, files.check().rulebook.unwrap(), start()).unwrap();
        let (clock, got) = (Arc::new(Mutex::new(start())), Arc::default());
        Self { live, room, clock, answers: vec![taken()], idempotent: false, retries: Retries::default(), got }
    }

    fn now(&self) -> Timestamp {
        *self.clock.lock().unwrap()
    }

    fn pass(&self, seconds: i64) {
        *self.clock.lock().unwrap() = self.now() + Span::seconds(seconds);
    }

    fn lines(&mut self, lines: &[String], arrival: Arrival, backfill: bool) -> Appended {
        let lines = lines.iter().zip(1..);
        let lines = lines.map(|(text, number)| LogLine { path: "-".into(), number, text: text.into(), broken: None });
        self.live.ingest(lines.collect(), arrival, backfill).unwrap()
    }

    /// Something happens to leads, now.
    fn happens(&mut self, event: &str, leads: &str, props: &str) {
        let at = ensue::local::rfc3339(self.now(), ensue::local::Zone::UTC);
        let line = |lead: char| {
            format!(
                r#"{{"id":"{event} {lead} {at}","type":"{event}","lead":"{lead}","at":"{at}","props":{{{props}}}}}"#
            )
        };
        let lines: Vec<String> = leads.chars().map(line).collect();
        let appended = self.lines(&lines, Arrival::At(self.now()), false);
        assert_eq!(appended.stored, lines.len() as u64, "{appended:?}");
    }

    /// When the first thing that was decided falls due.
    fn due(&mut self) -> Timestamp {
        self.live.advance(self.now()).unwrap();
        let items = self.live.outbox().unwrap();
        let due = items.iter().filter(|item| item.what == What::Message).map(|item| item.due).max();
        self.live.next_due().unwrap().or(due).unwrap()
    }

    fn hand_over(&mut self) -> HandedOver {
        let mut desk = self.desk();
        let clock = self.clock.clone();
        let mut now = || *clock.lock().unwrap();
        self.live.hand_over(&mut desk, &mut now, &|| false).unwrap()
    }

    /// Hands over in the three cuts; while the sink is first asked, and has not answered, the store is
    /// closed and others use it.
    fn hand_over_while(&mut self, others: impl FnOnce(&mut Self)) -> HandedOver {
        let mut desk = self.desk();
        let alone = self.live.store().alone().unwrap();
        let mut round = self.live.begin(alone, &desk, self.now()).unwrap();
        let mut others = Some(others);
        while let Some(claim) = self.live.claim(&mut round, &desk, self.now()).unwrap() {
            if let Some(others) = others.take() {
                self.open_again();
                others(self);
                self.open_again();
            }
            let outcomes = claim.attempt(desk.windows.get_mut("mail").unwrap().sink.as_mut());
            self.live.settle(&mut round, claim, outcomes, self.now()).unwrap();
        }
        self.live.end(round).unwrap()
    }

    /// Another process has the store from here on.
    fn open_again(&mut self) {
        let elsewhere = room();
        self.live = Live::open(elsewhere.path(), &options()).unwrap();
        self.live = Live::open(self.room.path(), &options()).unwrap();
    }

    fn desk(&self) -> Desk<'static> {
        let (clock, answers, got) = (self.clock.clone(), self.answers.clone(), self.got.clone());
        let settings = config::SinkSettings {
            name: String::from("mail"),
            kind: SinkKind::Exec { command: vec![String::from("unused")], timeout: Span::seconds(1) },
            idempotent: self.idempotent,
            retries: self.retries,
            breaker: BreakerSettings { failures: 1000, ..BreakerSettings::default() },
        };
        let window = OpenSink { settings, sink: Box::new(Slow { clock, answers, got }) };
        Desk { windows: [(String::from("mail"), window)].into(), route: &|_: Destination<'_>| Some("mail".into()) }
    }

    /// What became of a lead's actions, also by a state made anew from the log.
    fn lasting_fates(&mut self, lead: &str) -> Vec<Fate> {
        let (fates, states) = (self.fates(lead), self.states());
        self.live.rebuild().unwrap();
        assert_eq!((self.fates(lead), self.states()), (fates.clone(), states));
        fates
    }

    /// Whose actions the sink got, in order.
    fn got(&self) -> String {
        self.got.lock().unwrap().iter().map(|action| action.lead.as_str()).collect()
    }

    fn fates(&self, lead: &str) -> Vec<Fate> {
        self.live.done(lead).unwrap().into_iter().map(|Done { fate, .. }| fate).collect()
    }

    fn states(&self) -> Vec<(String, DeliveryState)> {
        self.live.outbox().unwrap().into_iter().map(|item| (item.lead, item.state)).collect()
    }
}

#[test]
fn what_is_suppressed_while_others_go_out_does_not_go_out() {
    let mut stage = Stage::new();
    // Nobody says halt: while b or c is handed over, d and e are suppressed.
    stage.happens("arm", "de", "");
    stage.pass(1);
    stage.happens("go", "abcde", "");
    stage.hand_over();
    assert_eq!(stage.got(), "abc");
    assert_eq!(stage.fates("d"), [Fate::Withdrawn]);
    assert_eq!(stage.fates("e"), [Fate::Withdrawn]);
    assert_eq!(stage.states(), []);
}

#[test]
fn what_is_paused_while_others_go_out_waits() {
    let mut stage = Stage::new();
    stage.happens("rest", "de", "");
    stage.pass(1);
    stage.happens("go", "abcde", "");
    stage.hand_over();
    assert_eq!(stage.got(), "abc");
    assert_eq!(stage.states(), [("d".into(), DeliveryState::Waiting), ("e".into(), DeliveryState::Waiting)]);
}

#[test]
fn what_is_too_late_when_its_turn_comes_does_not_go_out() {
    let mut stage = Stage::new();
    stage.happens("begin", "abcd", "");
    let due = stage.due();
    *stage.clock.lock().unwrap() = due + Span::seconds(3600 - 6);
    let handed = stage.hand_over();
    assert_eq!((stage.got().as_str(), handed.taken, handed.expired), ("ab", 2, 2));
    assert_eq!(stage.fates("d"), [Fate::Expired]);
}

#[test]
fn an_alert_of_unknown_outcome_waits_and_is_given_up() {
    let mut stage = Stage::new();
    stage.answers = vec![Outcome::Unknown { reason: String::from("the bell hangs") }];
    stage.retries = Retries { attempts: 2, first_wait: Span::seconds(600), longest_wait: Span::seconds(600) };
    stage.happens("bell", "a", "");
    for _ in 0..3 {
        stage.hand_over();
    }
    assert_eq!(stage.got(), "a", "it waits before it is tried again");
    for _ in 0..3 {
        stage.pass(600);
        stage.hand_over();
    }
    assert_eq!(stage.got(), "aa", "twice and no more");
    let states = stage.states();
    assert!(
        matches!(&states[..], [(_, DeliveryState::Unknown { reason, .. })] if reason == "the bell hangs"),
        "{states:?}"
    );
}

#[test]
fn ids_of_the_store_that_are_taken_cost_no_event() {
    let mut stage = Stage::new();
    let ids: Vec<String> = (10..15).flat_map(|n| [format!("ensue to {n}"), format!("ensue from {n}")]).collect();
    let line = |id: &String| format!(r#"{{"id":"{id}","type":"halt","lead":"z","at":"2020-01-01T00:00:00Z"}}"#);
    let lines: Vec<String> = ids.iter().map(line).collect();
    stage.lines(&lines, Arrival::At(stage.now()), false);
    stage.happens("go", "a", "");
    stage.hand_over();
    assert_eq!((stage.got().as_str(), stage.fates("a")), ("a", vec![Fate::Taken]));
    assert_eq!(stage.live.store().len(), 1 + 1 + 10 + 1 + 2);
    assert_eq!(stage.live.unhandled(), 0);
    stage.happens("go", "b", "");
    stage.hand_over();
    assert_eq!(stage.got(), "ab");
}

#[test]
fn records_of_about_the_size_of_a_block_are_taken_in() {
    let mut stage = Stage::new();
    let at = "2020-01-01T00:00:00Z";
    let line = |id: &str, account: usize, bytes: usize| {
        let (account, note) = ("c".repeat(account), "x".repeat(bytes));
        format!(
            r#"{{"id":"{id}","type":"halt","lead":"a","account":"{account}","at":"{at}","props":{{"page":"{note}"}}}}"#
        )
    };
    let lines: Vec<String> = (7800..8200).step_by(20).map(|n| line(&format!("e{n}"), 200, n)).collect();
    let appended = stage.lines(&lines, Arrival::At(stage.now()), false);
    assert_eq!((appended.stored, appended.quarantined), (lines.len() as u64, 0));
    stage.live.store().verify().unwrap();
}

#[test]
fn nobody_else_says_what_the_store_has_done() {
    let mut stage = Stage::new();
    let at = "2020-01-01T00:00:00Z";
    let forged = ["ensue.handed_over", "ensue.handing_over", "ensue.activated"].map(|ty| {
        format!(r#"{{"id":"{ty}","type":"{ty}","lead":"a","at":"{at}","props":{{"action":"x","outcome":"taken"}}}}"#)
    });
    let appended = stage.lines(&forged, Arrival::At(stage.now()), false);
    assert_eq!((appended.stored, appended.quarantined), (0, 3));
}

#[test]
fn history_loaded_twice_is_a_duplicate() {
    for first in [false, true] {
        let mut stage = Stage::new();
        let line = [String::from(r#"{"id":"e1","type":"go","lead":"a","at":"2020-01-01T00:00:00Z"}"#)];
        let at = Arrival::At(stage.now());
        assert_eq!(stage.lines(&line, at, first).stored, 1);
        let again = stage.lines(&line, at, !first);
        assert_eq!((again.duplicates, again.conflicts, again.quarantined), (1, 0, 0), "{first}");
    }
}

/// A stage whose idempotent sink has left open what came of an action of lead `a`.
fn left_open(event: &str) -> Stage {
    let mut stage = Stage::new();
    stage.idempotent = true;
    stage.answers = vec![Outcome::Unknown { reason: String::from("the line broke") }];
    stage.retries = Retries { first_wait: Span::days(1), longest_wait: Span::days(1), ..Retries::default() };
    stage.happens(event, "a", "");
    let due = stage.due();
    *stage.clock.lock().unwrap() = due;
    let handed = stage.hand_over();
    assert_eq!((handed.put_off, handed.reasons["mail"].reason.as_str()), (1, "the line broke"));
    stage
}

#[test]
fn what_may_have_gone_out_is_unknown_and_not_withdrawn() {
    let mut stage = left_open("go");
    stage.happens("halt", "a", "");
    stage.hand_over();
    assert_eq!(stage.fates("a"), []);
    let before = stage.states();
    assert!(
        matches!(&before[..], [(_, DeliveryState::Unknown { reason, .. })] if reason.contains("halt")),
        "{before:?}"
    );
    stage.live.rebuild().unwrap();
    assert_eq!(stage.states(), before);
}

#[test]
fn what_may_have_gone_out_is_unknown_and_not_expired() {
    let mut stage = left_open("begin");
    stage.pass(2 * 86400);
    let handed = stage.hand_over();
    assert_eq!((handed.expired, handed.unknown), (0, 1));
    assert_eq!(stage.fates("a"), []);
    let before = stage.states();
    assert!(matches!(&before[..], [(_, DeliveryState::Unknown { .. })]), "{before:?}");
    stage.live.rebuild().unwrap();
    assert_eq!(stage.states(), before);
}

#[test]
fn what_a_new_rulebook_does_not_have_does_not_go_out() {
    let mut stage = Stage::new();
    stage.happens("begin", "a", "");
    stage.happens("go", "b", "");
    stage.happens("bell", "c", "");
    let due = stage.due();
    *stage.clock.lock().unwrap() = due;
    stage.live.advance(due).unwrap();
    assert_eq!(stage.states().len(), 3);
    let files = files("meanwhile/after");
    let activation = stage.live.activate(&files, files.check().rulebook.unwrap(), due).unwrap();
    assert_eq!(activation.cancelled, 2);
    stage.hand_over();
    assert_eq!(stage.got(), "c", "an alert goes out all the same");
    assert_eq!((stage.fates("a"), stage.fates("b")), (vec![Fate::Withdrawn], vec![Fate::Withdrawn]));
    stage.live.rebuild().unwrap();
    assert_eq!((stage.fates("a"), stage.fates("b")), (vec![Fate::Withdrawn], vec![Fate::Withdrawn]));
}

#[test]
fn bookkeeping_of_an_earlier_version_is_made_anew() {
    let mut stage = left_open("go");
    stage.happens("begin", "b", "");
    stage.live.advance(stage.now()).unwrap();
    let seen = |live: &Live| {
        let waits: Vec<_> = live.outbox().unwrap().into_iter().map(|item| (item.id, item.state)).collect();
        let leads = ["a", "b"].map(|lead| format!("{:?}", live.lead(lead).unwrap().unwrap().standing));
        (waits, leads, live.now(), live.decisions())
    };
    let before = seen(&stage.live);
    assert_eq!(before.0.len(), 2);
    // What an earlier version has left: the first byte is its number, and leads it wrote otherwise.
    let store = stage.live.store_mut();
    let mut progress = store.get(TreeName::Meta, b"progress").unwrap().unwrap();
    progress[0] = 1;
    let mut batch = Batch::new();
    batch.put(TreeName::Meta, b"progress", progress);
    let leads = store.scan_prefix(TreeName::State, b"").unwrap();
    assert!(!leads.is_empty());
    for (key, _) in leads {
        batch.put(TreeName::State, &key, b"otherwise");
    }
    store.commit(&batch).unwrap();
    let Stage { live, room, .. } = stage;
    drop(live);
    let live = Live::open(room.path(), &options()).unwrap();
    assert_eq!(seen(&live), before);
}

fn refused() -> Outcome {
    Outcome::Refused { reason: String::from("the line is busy"), retry: true }
}

#[test]
fn a_stop_after_the_intent_does_not_undo_what_was_taken() {
    let mut stage = Stage::new();
    stage.happens("go", "ab", "");
    let handed = stage.hand_over_while(|stage| stage.happens("halt", "ab", ""));
    assert_eq!((stage.got().as_str(), handed.taken), ("a", 1), "it was logged before the intent of the second");
    assert_eq!((handed.advanced.entries, handed.advanced.withdrawn), (1 + 1 + 2 + 2, 1));
    assert_eq!(stage.lasting_fates("a"), [Fate::Taken]);
    assert_eq!(stage.lasting_fates("b"), [Fate::Withdrawn]);
}

#[test]
fn what_was_refused_is_not_tried_again_after_a_stop() {
    let mut stage = Stage::new();
    stage.answers = vec![refused()];
    stage.happens("go", "a", "");
    let handed = stage.hand_over_while(|stage| stage.happens("halt", "a", ""));
    assert_eq!((handed.put_off, handed.unknown, handed.advanced.withdrawn), (0, 0, 1));
    assert_eq!(stage.lasting_fates("a"), [Fate::Withdrawn]);
    assert_eq!(stage.states(), []);
}

#[test]
fn what_may_have_gone_out_during_a_stop_is_unknown() {
    let mut stage = Stage::new();
    (stage.idempotent, stage.answers) = (true, vec![Outcome::Unknown { reason: String::from("the line broke") }]);
    stage.happens("go", "a", "");
    let handed = stage.hand_over_while(|stage| stage.happens("halt", "a", ""));
    assert_eq!((handed.put_off, handed.unknown), (0, 1));
    assert!(matches!(&stage.states()[..], [(_, DeliveryState::Unknown { reason, .. })] if reason.contains("halt")));
    assert_eq!(stage.lasting_fates("a"), []);
}

#[test]
fn a_rulebook_put_in_force_meanwhile_decides_what_is_claimed_next() {
    for (answer, fate) in [(taken(), Fate::Taken), (refused(), Fate::Withdrawn)] {
        let mut stage = Stage::new();
        stage.answers = vec![answer, taken()];
        stage.happens("go", "ab", "");
        stage.happens("bell", "c", "");
        stage.hand_over_while(|stage| {
            let files = files("meanwhile/after");
            let activation = stage.live.activate(&files, files.check().rulebook.unwrap(), stage.now()).unwrap();
            assert_eq!(activation.cancelled, 1, "what a sink is being asked for is not cancelled any more");
        });
        assert_eq!(stage.got(), "ac", "the rule of the second is gone");
        assert_eq!(stage.lasting_fates("a"), [fate]);
        assert_eq!(stage.lasting_fates("b"), [Fate::Withdrawn]);
        assert_eq!(stage.lasting_fates("c"), [Fate::Taken]);
    }
}

#[test]
fn nothing_is_written_of_a_lead_that_is_erased_meanwhile() {
    let failed = Outcome::Refused { reason: String::from("ana@acme.example is over quota"), retry: false };
    for (answer, fate) in
        [(Outcome::Taken { note: Some("to ana@acme.example".into()) }, Fate::Taken), (failed, Fate::Refused)]
    {
        let mut stage = Stage::new();
        stage.answers = vec![answer];
        stage.happens("go", "a", "");
        stage.hand_over_while(|stage| {
            stage.happens("override.erase", "a", "");
            stage.live.advance(stage.now()).unwrap();
            assert!(stage.live.store().is_erased("a"));
        });
        assert_eq!(stage.got(), "a", "it was under way");
        assert_eq!(stage.lasting_fates("a"), [fate]);
        let mut export = String::new();
        let mut add = |line: &str| {
            export.push_str(line);
            std::ops::ControlFlow::Continue(())
        };
        stage.live.export(&mut add).unwrap();
        let done = stage.live.done("a").unwrap().remove(0);
        assert!(export.contains("ensue.handed_over") && !export.contains("acme"), "{export}");
        assert!(!done.reason.contains("acme"), "{done:?}");
    }
}

#[test]
fn whoever_opens_the_store_meanwhile_takes_no_intent_for_a_crash() {
    let mut stage = Stage::new();
    stage.happens("go", "a", "");
    stage.hand_over_while(|stage| {
        stage.live.advance(stage.now() + Span::seconds(60)).unwrap();
        let mut desk = stage.desk();
        let now = stage.now();
        let second = stage.live.hand_over(&mut desk, &mut || now, &|| false).unwrap_err();
        let said = format!("another run ({}) is handing over from the store", std::process::id());
        assert!(second.to_string().starts_with(&said) && second.help().is_some(), "{second}");
        assert!(matches!(&stage.states()[..], [(_, DeliveryState::Going { .. })]));
    });
    assert_eq!((stage.got().as_str(), stage.lasting_fates("a")), ("a", vec![Fate::Taken]));
    // Whoever hands over after a crash does.
    stage.happens("go", "b", "");
    let (desk, now) = (stage.desk(), stage.now());
    let mut round = stage.live.begin(stage.live.store().alone().unwrap(), &desk, now).unwrap();
    let claim = stage.live.claim(&mut round, &desk, now).unwrap().unwrap();
    assert_eq!((claim.sink(), claim.actions()[0].lead.as_str(), claim.actions()[0].attempt), ("mail", "b", 1));
    drop((round, claim));
    assert_eq!(stage.hand_over().unknown, 1);
    assert_eq!(stage.got(), "a");
}

/// One run under a clock that is a year ahead, and news after it.
#[test]
fn a_store_that_was_handled_under_a_wrong_clock_is_rewound() {
    let mut stage = Stage::new();
    stage.happens("go", "a", "");
    stage.happens("begin", "b", "");
    stage.hand_over();
    assert_eq!(stage.got(), "ab");
    stage.pass(60);
    let right = stage.now();
    // What falls due and is said now meets a clock that is a year ahead.
    stage.happens("begin", "c", "");
    stage.pass(365 * 86_400);
    stage.happens("go", "d", "");
    stage.happens("bell", "e", "");
    stage.hand_over();
    assert_eq!(stage.fates("c"), [Fate::Expired]);
    assert_eq!(stage.got().len(), 4, "{}", stage.got());
    // The clock is right again: what happens now arrives a year later, and is of no use.
    *stage.clock.lock().unwrap() = right + Span::seconds(600);
    stage.happens("go", "f", "");
    stage.hand_over();
    let now = stage.now();
    let Stage { live, room: before, .. } = std::mem::replace(&mut stage, Stage::new());
    let told =
        live.store().entries(Offset(0)).unwrap().filter(|entry| !entry.as_ref().unwrap().ty.starts_with("ensue."));
    let told = told.count();
    let rewound = live.rewind(right, now).unwrap();
    assert!(rewound.before > now + Span::days(300) && rewound.now <= now, "{rewound:?}");
    let got = stage.got.clone();
    stage.live = Live::open(before.path(), &options()).unwrap();
    stage.room = before;
    *stage.clock.lock().unwrap() = now;
    let kept = stage
        .live
        .store()
        .entries(Offset(0))
        .unwrap()
        .filter(|entry| !entry.as_ref().unwrap().ty.starts_with("ensue."));
    assert_eq!(kept.count(), told);
    stage.hand_over();
    let mut leads: Vec<String> = got.lock().unwrap().iter().map(|action| action.lead.clone()).collect();
    leads.sort_unstable();
    // What had expired and what came too late goes out, and nothing that went out before.
    assert_eq!(leads, ["c", "f"]);
    assert_eq!(stage.fates("d"), [Fate::Taken]);
    assert_eq!(stage.fates("e"), [Fate::Taken]);
    // Also where the records of what was handed over lie in steps of their own, before it is decided.
    let live = std::mem::replace(&mut stage.live, Live::open(super::book::room().path(), &options()).unwrap());
    stage.live = live.with_step(1);
    assert_eq!(stage.lasting_fates("d"), [Fate::Taken]);
    stage.live.store().verify().unwrap();
}

//! What happens while actions are handed over: time passes, and what an action was when the run
//! began is not what it is when its turn comes.

use std::path::Path;
use std::sync::{Arc, Mutex};

use ensue::config::{self, Breaker, Destination, Kind, Retries};
use ensue::live::{Appended, Arrival, Desk, Done, Fate, HandedOver, Line, Live, State, Window};
use ensue::load::Files;
use ensue::sink::{Handed, Outcome, Sink};
use ensue::timestamp::{Span, Timestamp};
use tempfile::TempDir;

use super::book::{options, room};
use super::told::start;

/// A store, and a sink that takes its time.
struct Stage {
    live: Live,
    _room: TempDir,
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
        Self {
            live,
            _room: room,
            clock,
            answers: vec![taken()],
            idempotent: false,
            retries: Retries::default(),
            got,
        }
    }

    fn now(&self) -> Timestamp {
        *self.clock.lock().unwrap()
    }

    fn pass(&self, seconds: i64) {
        *self.clock.lock().unwrap() = self.now() + Span::seconds(seconds);
    }

    fn lines(&mut self, lines: &[String], arrival: Arrival, backfill: bool) -> Appended {
        let lines = lines.iter().zip(1..);
        let lines = lines.map(|(text, number)| Line { path: "-", number, text: text.into(), broken: false });
        self.live.ingest(&lines.collect::<Vec<_>>(), arrival, backfill).unwrap()
    }

    /// Something happens to leads, now.
    fn happens(&mut self, event: &str, leads: &str, props: &str) {
        let at = ensue::local::rfc3339(self.now(), ensue::local::Zone::UTC);
        let line = |lead: char| {
            format!(r#"{{"id":"{event} {lead} {at}","type":"{event}","lead":"{lead}","at":"{at}","props":{{{props}}}}}"#)
        };
        let lines: Vec<String> = leads.chars().map(line).collect();
        let appended = self.lines(&lines, Arrival::At(self.now()), false);
        assert_eq!(appended.stored, lines.len() as u64, "{appended:?}");
    }

    fn hand_over(&mut self) -> HandedOver {
        let (clock, answers, got) = (self.clock.clone(), self.answers.clone(), self.got.clone());
        let settings = config::Sink {
            name: String::from("mail"),
            kind: Kind::Exec { command: vec![String::from("unused")], timeout: Span::seconds(1) },
            idempotent: self.idempotent,
            retries: self.retries,
            breaker: Breaker { failures: 1000, ..Breaker::default() },
        };
        let window = Window { settings, sink: Box::new(Slow { clock, answers, got }) };
        let route = |_: Destination<'_>| Some(String::from("mail"));
        let mut desk = Desk { windows: [(String::from("mail"), window)].into(), route: &route };
        let clock = self.clock.clone();
        let mut now = || *clock.lock().unwrap();
        self.live.hand_over(&mut desk, &mut now, &|| false).unwrap()
    }

    /// Whose actions the sink got, in order.
    fn got(&self) -> String {
        self.got.lock().unwrap().iter().map(|action| action.lead.as_str()).collect()
    }

    fn fates(&self, lead: &str) -> Vec<Fate> {
        self.live.done(lead).unwrap().into_iter().map(|Done { fate, .. }| fate).collect()
    }

    fn states(&self) -> Vec<(String, State)> {
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
    assert_eq!(stage.got(), "ab");
    assert_eq!(stage.states(), [("d".into(), State::Waiting), ("e".into(), State::Waiting)]);
}

#[test]
fn what_is_too_late_when_its_turn_comes_does_not_go_out() {
    let mut stage = Stage::new();
    stage.happens("start_s", "abcd", "");
    let due = stage.live.next_due().unwrap().unwrap();
    *stage.clock.lock().unwrap() = due + Span::seconds(3600 - 6);
    let handed = stage.hand_over();
    assert_eq!((stage.got().as_str(), handed.taken, handed.expired), ("ab", 2, 2));
    assert_eq!(stage.fates("d"), [Fate::Expired]);
}

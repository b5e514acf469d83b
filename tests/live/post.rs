//! Sinks that take, refuse, or leave open what became of an action, at random; and remember it all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use ensue::config::{self, BreakerSettings, Destination, Retries, SinkKind};
use ensue::live::{Desk, OpenSink};
use ensue::sink::{Handed, Outcome, Sink};

use super::random::Random;

/// What two sinks, one for leads and one for alerts, know of themselves.
#[derive(Clone)]
pub struct Post(Arc<Mutex<State>>);

pub struct State {
    random: Random,
    /// Takes whatever comes.
    pub willing: bool,
    /// Every action that came, with what was answered.
    pub calls: Vec<(Handed, Outcome)>,
    /// Actions a person has said to hand over again.
    pub again: BTreeSet<String>,
    last: BTreeMap<String, Outcome>,
    idempotent: bool,
    grouped: bool,
    /// What must not have happened.
    pub wrong: Vec<String>,
}

impl Post {
    pub fn new(random: &mut Random) -> Self {
        let (idempotent, grouped) = (random.one_in(4), random.one_in(2));
        Self(Arc::new(Mutex::new(State {
            random: Random::new(random.next()),
            willing: false,
            calls: Vec::new(),
            again: BTreeSet::new(),
            last: BTreeMap::new(),
            idempotent,
            grouped,
            wrong: Vec::new(),
        })))
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub fn desk(&self) -> Desk<'static> {
        let idempotent = self.state().idempotent;
        let window = |name: &str| {
            let settings = config::SinkSettings {
                name: name.to_owned(),
                kind: SinkKind::Stdout,
                idempotent,
                retries: Retries { attempts: 4, ..Retries::default() },
                breaker: BreakerSettings::default(),
            };
            (name.to_owned(), OpenSink { settings, sink: Box::new(self.clone()) })
        };
        Desk { windows: [window("mail"), window("bell")].into(), route: &route }
    }
}

fn route(destination: Destination<'_>) -> Option<String> {
    Some(if destination == Destination::Alert { "bell" } else { "mail" }.to_owned())
}

impl Sink for Post {
    fn hand_over(&mut self, action: &Handed) -> Outcome {
        let mut state = self.state();
        let outcome = if state.willing { Outcome::Taken { note: None } } else { answer(&mut state.random) };
        let is_message = matches!(action.verb.as_str(), "touch" | "action") && !action.manual;
        if let Some(before) = state.last.get(&action.id)
            && is_message
            && !state.idempotent
            && !matches!(before, Outcome::Refused { retry: true, .. })
            && !state.again.contains(&action.id)
        {
            let was = state.calls.iter().rev().find(|(call, _)| call.id == action.id).map(|(call, _)| &call.due_at);
            let (id, lead, due) = (&action.id, &action.lead, &action.due_at);
            let wrong = format!("{id} to {lead}, due {due}, came again after {before:?}, due {was:?} then");
            state.wrong.push(wrong);
        }
        state.again.remove(&action.id);
        state.last.insert(action.id.clone(), outcome.clone());
        state.calls.push((action.clone(), outcome.clone()));
        outcome
    }

    fn at_once(&self) -> usize {
        if self.state().grouped { 5 } else { 1 }
    }
}

fn answer(random: &mut Random) -> Outcome {
    let reason = String::from("the line is busy");
    match random.below(10) {
        0..6 => Outcome::Taken { note: random.one_in(2).then(|| String::from("message 7")) },
        6 | 7 => Outcome::Refused { reason, retry: true },
        8 => Outcome::Refused { reason, retry: false },
        _ => Outcome::Unknown { reason },
    }
}

//! Handing over what is due, in three cuts. [`Live::claim`] writes down what is about to be handed
//! over, [`super::Claim::attempt`] asks the sink and needs no store, [`Live::settle`] takes in what came of
//! it. What a crash leaves between the first and the last is unknown, and goes out again on its own
//! only where that does no harm. Semantics section 7.
//!
//! INVARIANT: at most one process is within a [`Round`], so an intent without an outcome is its own or
//! what a crash has left; see [`Alone`].

use std::collections::BTreeMap;

use super::Live;
use super::delivery::{Delivery, DeliveryState, What};
use super::due_now::{PutOff, Routes};
use super::error::LiveError;
use super::note::Note;
use super::outbox;
use super::record::kind;
use super::settle::too_late;
use super::step::Advanced;
use crate::config::{self, Destination};
use crate::engine::Halted;
use crate::plan::Plan;
use crate::sink::Sink;
use crate::sink::attempt::Breaker;
use crate::store::{Alone, TreeName};
use crate::timestamp::Timestamp;

/// An open sink and how it is asked.
pub struct OpenSink {
    /// Its settings.
    pub settings: config::SinkSettings,
    /// The sink.
    pub sink: Box<dyn Sink>,
}

/// All sinks of a run, and which action goes to which.
pub struct Desk<'a> {
    /// By name.
    pub windows: BTreeMap<String, OpenSink>,
    /// The name of the sink for a destination.
    pub route: &'a dyn Fn(Destination<'_>) -> Option<String>,
}

/// What came of handing over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HandedOver {
    /// Taken by a sink.
    pub taken: u64,
    /// Refused, to be tried again.
    pub put_off: u64,
    /// Refused for good.
    pub failed: u64,
    /// Nobody knows.
    pub unknown: u64,
    /// Too late.
    pub expired: u64,
    /// Left for later: the lead is paused, its channel is closed now, the sink is left alone, or it is
    /// too early to try again.
    pub waiting: u64,
    /// Left because the lead's address was erased, or cannot be read any more.
    pub unaddressed: u64,
    /// Left because a person has halted them.
    pub halted: u64,
    /// Left because no sink takes them.
    pub unrouted: u64,
    /// What each sink put off, by its name.
    pub reasons: BTreeMap<String, PutOff>,
    /// What was decided meanwhile: events that arrived, and what fell due.
    pub advanced: Advanced,
}

/// One time through all that is due. It borrows no store: between a claim and its settlement the store
/// may be closed, so that others can write, and opened again. At all other times the same one stays
/// open, since what is settled is written together with the next claim, or by [`Live::end`].
pub struct Round {
    /// What may go out, by its sink, in the order decided.
    pub(super) left: BTreeMap<String, Vec<Delivery>>,
    pub(super) breakers: BTreeMap<String, Breaker>,
    /// What is to be written down next.
    pub(super) notes: Vec<Note>,
    pub(super) done: HandedOver,
    _alone: Alone,
}

/// Moments around a hand-over at which a test ends the process, to see what is left then.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// Nothing is written down yet.
    BeforeIntent,
    /// The intent is durable.
    AfterIntent,
    /// The store was closed for others while the sink is asked.
    LetGo,
    /// The sink is about to be asked.
    BeforeSink,
    /// The sink has answered.
    AfterAnswer,
    /// The outcome is durable.
    AfterOutcome,
}

/// What is to become of an item now.
pub(super) enum Turn {
    Go(String),
    Wait,
    Halted,
    Unrouted,
    Late,
    Lost(String),
    Forgotten(String),
    Known,
}

impl Live {
    /// Hands over everything that may go out now, with the store open all the while; `clock` says what
    /// time it is, `stop` whether to end after the action at hand.
    ///
    /// # Errors
    /// The store cannot write, or another process is handing over. What was handed over by then and not
    /// written down is unknown.
    pub fn hand_over(
        &mut self,
        desk: &mut Desk<'_>,
        clock: &mut dyn FnMut() -> Timestamp,
        stop: &dyn Fn() -> bool,
    ) -> Result<HandedOver, LiveError> {
        let alone = self.store.alone()?;
        let mut round = self.begin(alone, desk, clock())?;
        while !stop()
            && let Some(claim) = self.claim(&mut round, desk, clock())?
        {
            let Some(window) = desk.windows.get_mut(claim.sink()) else { continue };
            let outcomes = claim.attempt(window.sink.as_mut());
            self.settle(&mut round, claim, outcomes, clock())?;
        }
        self.end(round)
    }

    /// Begins to hand over what is due: what there is, and to which sink it goes. An intent without an
    /// outcome is judged here to be what a crash has left.
    ///
    /// # Errors
    /// The store cannot write.
    pub fn begin(&mut self, alone: Alone, desk: &Desk<'_>, now: Timestamp) -> Result<Round, LiveError> {
        let now = now.max(self.floor());
        let breakers = self.breakers()?;
        let mut round =
            Round { left: BTreeMap::new(), breakers, notes: Vec::new(), done: HandedOver::default(), _alone: alone };
        let Round { left, notes, done, .. } = &mut round;
        // INVARIANT: what was acknowledged and what fell due by now is decided before anything
        // leaves, so that a stop among it is heeded.
        done.advanced = self.advance(now)?;
        let sinks: Vec<config::SinkSettings> = desk.windows.values().map(|window| window.settings.clone()).collect();
        let routes = Routes { sinks: &sinks, route: desk.route };
        for item in outbox::waiting(&self.store)? {
            match self.turn(&item, routes, now)? {
                Turn::Go(sink) => left.entry(sink).or_default().push(item),
                Turn::Wait => done.waiting += 1,
                Turn::Halted => done.halted += 1,
                Turn::Unrouted => done.unrouted += 1,
                Turn::Known => done.unknown += 1,
                Turn::Late => notes.push(too_late(item, now, done)),
                Turn::Forgotten(sink) => {
                    done.unknown += 1;
                    let reason = String::from(outbox::LOST);
                    notes.push(Note { kind: kind::OUTCOME, outcome: "unknown", sink, reason, at: now, item });
                }
                Turn::Lost(sink) => {
                    done.unknown += 1;
                    let reason = String::from("the program ended before it was known");
                    notes.push(Note { kind: kind::OUTCOME, outcome: "unknown", sink, reason, at: now, item });
                }
            }
        }
        Ok(round)
    }

    /// Ends a round, whatever is left of it: what is not written down yet is written.
    ///
    /// # Errors
    /// The store cannot write.
    pub fn end(&mut self, mut round: Round) -> Result<HandedOver, LiveError> {
        round.done.waiting += round.left.values().map(|items| items.len() as u64).sum::<u64>();
        // What was settled last is of the sink that comes first among those left.
        let last = round.left.first_key_value().map(|(sink, _)| sink.clone());
        self.write_round(&mut round, last.as_deref())?;
        if last.is_some() {
            (self.at_point)(Point::AfterOutcome);
        }
        Ok(round.done)
    }

    /// Writes what a round has to write down, and how a sink fares.
    pub(super) fn write_round(&mut self, round: &mut Round, sink: Option<&str>) -> Result<(), LiveError> {
        let breaker = sink.and_then(|sink| Some((sink.to_owned(), *round.breakers.get(sink)?)));
        self.write_down(&mut round.notes, &breaker.into_iter().collect())
    }

    pub(super) fn turn(&self, item: &Delivery, routes: Routes<'_>, now: Timestamp) -> Result<Turn, LiveError> {
        if item.lost && !matches!(item.state, DeliveryState::Unknown { .. }) {
            let sink = routes.sink_for(item).unwrap_or_default();
            let idempotent = routes.sink(&sink).is_some_and(|sink| sink.idempotent);
            if item.ended.is_some() || item.what != What::Alert || !idempotent {
                return Ok(Turn::Forgotten(sink));
            }
        }
        match &item.state {
            DeliveryState::Unknown { .. } => return Ok(Turn::Known),
            DeliveryState::Going { sink, .. } => {
                let idempotent = routes.sink(sink).is_some_and(|sink| sink.idempotent);
                // What was stopped meanwhile does not go out for the first time now.
                if item.ended.is_some() || !(item.may_repeat() || idempotent) {
                    return Ok(Turn::Lost(sink.clone()));
                }
            }
            DeliveryState::Waiting => {}
        }
        if is_late(item, now) {
            return Ok(Turn::Late);
        }
        if self.is_halted(item, now) {
            return Ok(Turn::Halted);
        }
        let is_held = self.keeps(item)?;
        if item.attempts.due_at() > now || self.is_closed(item, now) || is_held {
            return Ok(Turn::Wait);
        }
        Ok(routes.sink_for(item).map_or(Turn::Unrouted, Turn::Go))
    }

    /// Whether a message to a lead waits for the end of a halt, though it was decided before.
    pub(super) fn is_halted(&self, item: &Delivery, now: Timestamp) -> bool {
        let what = Halted {
            sequence: item.sequence.as_ref().map(|(sequence, _)| sequence.as_str()),
            before: None,
            rule: Some(item.rule.as_str()).filter(|_| item.sequence.is_none()),
            channel: item.channel.as_deref(),
            kind: None,
        };
        let named = |plan: &Plan| item.channel.as_deref().and_then(|name| plan.rulebook.channels.find(name));
        let on = self.plan().and_then(|plan| Some((plan, named(plan)?)));
        // A channel that is gone is like no other.
        let what = on.map_or(Some(what), |(plan, channel)| what.on(plan, channel));
        is_to_lead(item) && what.is_some_and(|what| self.halts().of(what, now).is_some())
    }

    /// Whether something has to wait, since its lead is held.
    pub(super) fn keeps(&self, item: &Delivery) -> Result<bool, LiveError> {
        let outlasts = || self.plan().is_some_and(|plan| item.outlasts_holds(plan));
        Ok(is_to_lead(item) && self.is_held(&item.lead)? && !outlasts())
    }

    /// Whether a message has to wait, since its channel may not be used now.
    pub(super) fn is_closed(&self, item: &Delivery, now: Timestamp) -> bool {
        item.what == What::Message && self.plan().is_some_and(|plan| !item.is_open(plan, now))
    }

    pub(super) fn breakers(&self) -> Result<BTreeMap<String, Breaker>, LiveError> {
        let found = self.store.scan_prefix(TreeName::Meta, b"breaker ")?;
        let read = |(key, value): &(Vec<u8>, Vec<u8>)| {
            let name = String::from_utf8_lossy(key.strip_prefix(b"breaker ").unwrap_or(key)).into_owned();
            (name, postcard::from_bytes(value).unwrap_or_default())
        };
        Ok(found.iter().map(read).collect())
    }
}

pub(super) fn is_to_lead(item: &Delivery) -> bool {
    matches!(item.what, What::Message | What::Task)
}

pub(super) fn is_late(item: &Delivery, now: Timestamp) -> bool {
    item.expiry().is_some_and(|expires| expires < now)
}

//! The first two cuts of a hand-over: what a sink is about to be asked to take is written down, and the
//! sink is asked. A claim owns all that the sink gets, so that no store need be open for the second.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::delivery::{Delivery, DeliveryState};
use super::error::LiveError;
use super::handover::{Desk, Point, Round, is_late, is_to_lead};
use super::note::Note;
use super::outbox::{self, Fate};
use super::record::kind;
use super::roster::Roster;
use super::settle::too_late;
use super::{Live, shelf};
use crate::address::is_nobody;
use crate::config;
use crate::decision::names::Names;
use crate::local::Zone;
use crate::sink::{Handed, Outcome, Sink};
use crate::timestamp::Timestamp;

/// Actions that one sink is about to be asked to take: so many as it takes at once, for most sinks one.
/// Their intents are durable. Whoever drops it unsettled leaves them as a crash would.
///
/// INVARIANT: a claim is no larger than what its sink takes at once. A crash leaves all of a claim
/// unknown, so that nothing is claimed beforehand to save a write.
pub struct Claim {
    pub(super) settings: config::SinkSettings,
    pub(super) items: Vec<Delivery>,
    actions: Vec<Handed>,
    at_point: fn(Point),
}

impl Claim {
    /// The name of the sink that is to be asked.
    #[must_use]
    pub fn sink(&self) -> &str {
        &self.settings.name
    }

    /// What the sink gets, each with the number of the attempt and, where it has one, the moment after
    /// which it is too late.
    #[must_use]
    pub fn actions(&self) -> &[Handed] {
        &self.actions
    }

    /// Asks the sink: what became of each action. Nothing of it is written down anywhere.
    pub fn attempt(&self, sink: &mut dyn Sink) -> Vec<Outcome> {
        (self.at_point)(Point::BeforeSink);
        let mut outcomes = sink.hand_over_all(&self.actions);
        (self.at_point)(Point::AfterAnswer);
        let silent = || Outcome::Unknown { reason: String::from("the sink said nothing of it") };
        outcomes.resize_with(self.actions.len(), silent);
        outcomes
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim")
            .field("sink", &self.settings.name)
            .field("actions", &self.actions)
            .finish_non_exhaustive()
    }
}

impl Live {
    /// What a sink is to be asked to take next, with its intents durable; `None` where nothing is left
    /// to ask for. What was settled before is durable too then.
    ///
    /// # Errors
    /// The store cannot write.
    pub fn claim(&mut self, round: &mut Round, desk: &Desk<'_>, now: Timestamp) -> Result<Option<Claim>, LiveError> {
        while let Some((sink, rest)) = round.left.pop_first() {
            let Some(window) = desk.windows.get(&sink) else { continue };
            let now = now.max(self.floor());
            let breaker = round.breakers.entry(sink.clone()).or_default();
            if rest.is_empty() || breaker.admit(window.settings.breaker, now).is_err() {
                round.done.waiting += rest.len() as u64;
                self.write_round(round, Some(&sink))?;
                (self.at_point)(Point::AfterOutcome);
                continue;
            }
            let mut group = rest;
            let rest = group.split_off(window.sink.at_once().clamp(1, group.len()));
            // A sink of which nothing is left stays until what came of the last is written.
            round.left.insert(sink.clone(), rest);
            let group = self.still_to_go(round, &sink, group, now)?;
            if group.is_empty() {
                continue;
            }
            let (group, actions) = self.with_address(round, group, now)?;
            if group.is_empty() {
                continue;
            }
            for item in &group {
                let (item, sink) = (item.clone(), sink.clone());
                round.notes.push(Note { item, kind: kind::INTENT, outcome: "", sink, reason: String::new(), at: now });
            }
            (self.at_point)(Point::BeforeIntent);
            // What came of the group before is written together with the intent of this one.
            self.write_round(round, Some(&sink))?;
            self.store.note_latest(self.own_bytes())?;
            (self.at_point)(Point::AfterIntent);
            let (settings, at_point) = (window.settings.clone(), self.at_point);
            return Ok(Some(Claim { settings, items: group, actions, at_point }));
        }
        self.write_round(round, None)?;
        Ok(None)
    }

    /// Those of a group that may still go out, as they are now: what fell due or arrived while others
    /// were handed over can stop them.
    fn still_to_go(
        &mut self,
        round: &mut Round,
        sink: &str,
        group: Vec<Delivery>,
        now: Timestamp,
    ) -> Result<Vec<Delivery>, LiveError> {
        if self.unhandled() > 0 || self.next_due()?.is_some_and(|due| due <= now) {
            self.write_round(round, Some(sink))?;
            round.done.advanced.add(&self.advance(now)?);
        }
        // INVARIANT: what was read before is not trusted. A group before this one may have let time
        // pass, and what fell due then may have ended or paused what is handed over now.
        let mut left = Vec::with_capacity(group.len());
        for item in group {
            let found = outbox::find(&self.store, item.decision)?.filter(|found| found.ended.is_none());
            let Some(mut item) = found else { continue };
            if is_late(&item, now) {
                round.notes.push(too_late(item, now, &mut round.done));
            } else if self.is_halted(&item, now) {
                round.done.halted += 1;
            } else if self.is_closed(&item, now) || self.keeps(&item)? {
                round.done.waiting += 1;
            } else {
                if let DeliveryState::Going { sink, .. } = &item.state {
                    item.perhaps = Some(sink.clone());
                }
                left.push(item);
            }
        }
        Ok(left)
    }

    /// Those of a group that go to somebody, as sinks get them. What would go to an address that was erased or
    /// cannot be read any more waits until the address is told again, or it has expired.
    fn with_address(
        &self,
        round: &mut Round,
        group: Vec<Delivery>,
        now: Timestamp,
    ) -> Result<(Vec<Delivery>, Vec<Handed>), LiveError> {
        let (group, actions) = self.actions(round, group, now)?;
        let (mut items, mut ready) = (Vec::with_capacity(group.len()), Vec::with_capacity(group.len()));
        for (item, mut action) in group.into_iter().zip(actions) {
            if is_to_lead(&item) && self.goes_to_nobody(&action)? {
                round.done.unaddressed += 1;
                continue;
            }
            action.facts.retain(|_, value| !value.as_str().is_some_and(is_nobody));
            items.push(item);
            ready.push(action);
        }
        Ok((items, ready))
    }

    /// Actions as sinks get them, with what is known of their leads now. What would go to an address that has
    /// been barred since it was decided, or to somebody who has taken back their consent, is withdrawn.
    fn actions(
        &self,
        round: &mut Round,
        group: Vec<Delivery>,
        now: Timestamp,
    ) -> Result<(Vec<Delivery>, Vec<Handed>), LiveError> {
        let plan = Arc::clone(&self.ruleset.as_ref().ok_or(LiveError::NoRulebook)?.plan);
        let leads: BTreeSet<String> = group.iter().map(|item| item.lead.clone()).collect();
        let (mut roster, clock) = (Roster::default(), self.progress.clock);
        let loaded = shelf::load(&self.store, &plan, clock, (leads, BTreeSet::new()), BTreeSet::new(), &mut roster)?;
        let (engine, _) = loaded.into_parts();
        let facts = |lead: &str| -> BTreeMap<String, Value> {
            let Some(lead) = roster.known(lead) else { return BTreeMap::new() };
            let named = engine.facts(lead).into_iter().filter_map(|(fact, value)| {
                let name = plan.rulebook.facts.get(fact)?.name.clone();
                Some((name, crate::decision::line::json(&value, Zone::UTC)?))
            });
            named.collect()
        };
        let names = Names { rulebook: &plan.rulebook, log: &roster };
        let (mut left, mut actions) = (Vec::with_capacity(group.len()), Vec::with_capacity(group.len()));
        for item in group {
            let message = item.on(&plan.rulebook).zip(roster.known(&item.lead));
            let address =
                message.map_or(Ok(None), |((channel, topics), lead)| match engine.taken_back(lead, channel, &roster) {
                    Some(reason) => Err(reason),
                    None => engine.address_of(lead, (channel, &topics)),
                });
            match address {
                Ok(address) => {
                    actions.push(Handed { address, ..item.handed(&self.store, facts(&item.lead)) });
                    left.push(item);
                }
                Err(reason) => {
                    round.done.advanced.withdrawn += 1;
                    let reason = names.reason(&reason, Zone::UTC);
                    round.notes.push(Note::end(item, Fate::Withdrawn, String::new(), reason, now));
                }
            }
        }
        Ok((left, actions))
    }
}

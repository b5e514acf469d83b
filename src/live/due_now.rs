//! What a hand-over would do now, without doing it: what goes to which sink, and what sinks have put
//! off and why. No sink is opened for it.

use std::collections::BTreeMap;

use super::Live;
use super::delivery::{Delivery, What};
use super::error::LiveError;
use super::handover::Turn;
use super::outbox;
use crate::config::{self, Destination};
use crate::timestamp::Timestamp;

/// What a sink did not take for now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PutOff {
    /// So many actions.
    pub count: u64,
    /// Why, of the last of them; empty where nobody said.
    pub reason: String,
}

impl PutOff {
    pub(super) fn add(&mut self, reason: Option<&str>) {
        self.count += 1;
        if let Some(reason) = reason {
            reason.clone_into(&mut self.reason);
        }
    }
}

/// Which sinks there are and which action goes to which; none of them need be open.
#[derive(Clone, Copy)]
pub struct Routes<'a> {
    /// The settings of all sinks.
    pub sinks: &'a [config::SinkSettings],
    /// The name of the sink for a destination.
    pub route: &'a dyn Fn(Destination<'_>) -> Option<String>,
}

impl Routes<'_> {
    pub(super) fn sink(&self, name: &str) -> Option<&config::SinkSettings> {
        self.sinks.iter().find(|sink| sink.name == name)
    }

    /// The name of the sink for an item.
    pub(super) fn sink_for(&self, item: &Delivery) -> Option<String> {
        let destination = match (&item.channel, item.what, &item.to) {
            (Some(channel), ..) => Destination::Channel(channel),
            (None, What::Webhook, Some(name)) => Destination::Webhook(name),
            _ => Destination::Alert,
        };
        (self.route)(destination).filter(|name| self.sink(name).is_some())
    }
}

/// What a hand-over would do now.
#[derive(Clone, Debug, Default)]
pub struct DueNow {
    /// What would be handed over, each with its sink.
    pub due: Vec<(Delivery, Option<String>)>,
    /// What waits for another attempt at a sink, or for a sink that is left alone, by its name.
    pub put_off: BTreeMap<String, PutOff>,
}

impl Live {
    /// What would be handed over now, and what sinks have put off.
    ///
    /// # Errors
    /// Damage found on the way.
    pub fn due_now(&self, routes: Routes<'_>, now: Timestamp) -> Result<DueNow, LiveError> {
        let breakers = self.breakers()?;
        let left_alone = |sink: &str| breakers.get(sink).is_some_and(|breaker| breaker.is_open(now));
        let mut found = DueNow::default();
        for item in outbox::waiting(&self.store)? {
            match self.turn(&item, routes, now)? {
                Turn::Go(sink) if left_alone(&sink) => {
                    found.put_off.entry(sink).or_default().add(item.refused.as_deref());
                }
                Turn::Go(sink) => found.due.push((item, Some(sink))),
                Turn::Unrouted => found.due.push((item, None)),
                Turn::Wait if item.attempts.due_at() > now => {
                    let Some(sink) = routes.sink_for(&item) else { continue };
                    found.put_off.entry(sink).or_default().add(item.refused.as_deref());
                }
                Turn::Wait | Turn::Halted | Turn::Late | Turn::Lost(_) | Turn::Forgotten(_) | Turn::Known => {}
            }
        }
        Ok(found)
    }
}

//! When an action is handed over again, and when a sink is left alone: two small machines without a
//! clock. They are told what time it is, and their states are small enough to be kept in a store.

use serde::{Deserialize, Serialize};

use super::Outcome;
use crate::config;
use crate::timestamp::{Span, Timestamp};
use crate::words::times;

/// How an action fares at its sink.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempts {
    /// How often it was handed over.
    pub made: u32,
    /// Not to be handed over again before this moment, in microseconds since 1970.
    not_before: i64,
}

/// What is to be done with an action after an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing: the sink has it.
    Done {
        /// What the sink says about it.
        note: Option<String>,
    },
    /// Hand it over again, at that moment or later.
    Again {
        /// The moment.
        at: Timestamp,
        /// Why it was not taken.
        reason: String,
    },
    /// It failed, for good.
    Failed {
        /// Why.
        reason: String,
    },
    /// Nobody knows; a person decides.
    Unknown {
        /// What happened.
        reason: String,
    },
}

impl Attempts {
    /// So many attempts made, and not to be handed over again before a moment.
    #[must_use]
    pub fn known(made: u32, due_at: Timestamp) -> Self {
        Self { made, not_before: due_at.0 }
    }

    /// From when on the action may be handed over.
    #[must_use]
    pub fn due_at(&self) -> Timestamp {
        Timestamp(self.not_before)
    }

    /// Takes in what became of an attempt that ended `now`. An unknown outcome is tried again only at
    /// a sink that is idempotent.
    pub fn ended(&mut self, outcome: Outcome, sink: &config::SinkSettings, id: &str, now: Timestamp) -> Next {
        self.made = self.made.saturating_add(1);
        match outcome {
            Outcome::Taken { note } => Next::Done { note },
            Outcome::Refused { reason, retry: false } => Next::Failed { reason },
            Outcome::Unknown { reason } if !sink.idempotent => Next::Unknown { reason },
            Outcome::Unknown { reason } if self.made >= sink.retries.attempts => Next::Unknown { reason },
            Outcome::Refused { reason, .. } if self.made >= sink.retries.attempts => {
                Next::Failed { reason: format!("tried {}: {reason}", times(self.made)) }
            }
            Outcome::Refused { reason, .. } | Outcome::Unknown { reason } => {
                let at = now + wait(&sink.retries, id, self.made);
                self.not_before = at.0;
                Next::Again { at, reason }
            }
        }
    }
}

/// The wait after so many attempts: it doubles from the first to the longest, and each action waits
/// between half of that and all of it, so that what failed together does not come back together. Which
/// part is a function of the action's id and the number of attempts alone.
#[must_use]
pub fn wait(retries: &config::Retries, id: &str, made: u32) -> Span {
    let doublings = made.saturating_sub(1).min(40);
    let full = retries.first_wait.0.saturating_mul(1 << doublings).min(retries.longest_wait.0).max(0);
    let half = full / 2;
    let share = jitter(id, made);
    // A product of 64 bits each, of which the upper half is wanted.
    let part = (u128::from(share) * u128::from((full - half).unsigned_abs() + 1)) >> 64;
    Span(half + part as i64)
}

/// A number that looks random, and is the same each time.
fn jitter(id: &str, made: u32) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"ensue retry 1");
    hasher.update(&(id.len() as u64).to_be_bytes());
    hasher.update(id.as_bytes());
    hasher.update(&made.to_be_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(hasher.finalize().as_bytes().split_at(8).0);
    u64::from_be_bytes(first)
}

/// Whether a sink is asked at all. After some failures in a row it is left alone for a pause; then one
/// action is tried, and how that ends decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Breaker {
    /// The sink works, but for so many failures in a row.
    Closed {
        /// How many.
        failures: u32,
    },
    /// The sink is left alone.
    Open {
        /// Until this moment, in microseconds since 1970.
        until: i64,
    },
    /// One action is being tried.
    HalfOpen {
        /// When the next one may be, should this one never end; in microseconds since 1970.
        until: i64,
    },
}

impl Default for Breaker {
    fn default() -> Self {
        Self::Closed { failures: 0 }
    }
}

impl Breaker {
    /// Asks to hand over one action now.
    ///
    /// # Errors
    /// Where the sink is left alone: the moment to ask again.
    pub fn admit(&mut self, settings: config::BreakerSettings, now: Timestamp) -> Result<(), Timestamp> {
        match *self {
            Self::Closed { .. } => Ok(()),
            Self::Open { until } | Self::HalfOpen { until } if now.0 < until => Err(Timestamp(until)),
            Self::Open { .. } | Self::HalfOpen { .. } => {
                *self = Self::HalfOpen { until: (now + settings.pause).0 };
                Ok(())
            }
        }
    }

    /// Takes in how an action fared that was admitted. One that was refused for good shows that the
    /// sink works.
    pub fn ended(&mut self, outcome: &Outcome, settings: config::BreakerSettings, now: Timestamp) {
        *self = match *self {
            _ if outcome.answered() => Self::default(),
            Self::Closed { failures } if failures.saturating_add(1) < settings.failures => {
                Self::Closed { failures: failures + 1 }
            }
            // An outcome that was still awaited when the sink was left alone makes the pause no longer.
            Self::Open { until } => Self::Open { until },
            Self::Closed { .. } | Self::HalfOpen { .. } => Self::Open { until: (now + settings.pause).0 },
        };
    }

    /// Whether the sink is left alone at a moment.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        matches!(*self, Self::Open { until } | Self::HalfOpen { until } if now.0 < until)
    }
}

//! Timers of all leads in the order they fire: due time, kind, rulebook position, lead.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use serde::{Deserialize, Serialize};

use crate::source::Range;
use crate::timestamp::Timestamp;

/// What kind of timer, in the order they fire at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// Something did not happen in time.
    Absence,
    /// A score fell across a line.
    Crossing,
    /// `every …`
    Periodic,
    /// A hold or a suppression ends.
    Resume,
    /// A touch or an action is due.
    Touch,
}

/// One timer. Those that are out of date when they fire are let pass: whoever set them can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Timer {
    pub due: Timestamp,
    pub kind: Kind,
    pub position: u64,
    /// The lead's place in the engine.
    pub slot: u32,
    pub what: What,
}

impl Timer {
    /// What orders timers, whoever their leads are.
    pub fn place(&self) -> (Timestamp, Kind, u64) {
        (self.due, self.kind, self.position)
    }
}

/// What fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum What {
    /// `no A for D`: index into the plan's absences.
    Absence(u32),
    /// `no A within D after B`: index into the plan's deadlines, number of the arming event.
    Deadline(u32, u32),
    /// A falling score: score, index among its falling rules.
    Fall(u16, u16),
    /// `every …`: index into the plan's periodics.
    Periodic(u32),
    /// The hold that began at a moment ends.
    HoldEnd(Timestamp),
    /// A suppression ends.
    SuppressionEnd,
    /// The next touch of an enrollment: sequence, version.
    Touch(u16, u32),
    /// A single action by its serial.
    Action(u32),
}

/// The timers of an engine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<Timer>>,
}

impl Timers {
    pub fn push(&mut self, timer: Timer) {
        self.heap.push(Reverse(timer));
    }

    /// Takes all timers, in no order.
    pub fn take(&mut self) -> Vec<Timer> {
        std::mem::take(&mut self.heap).into_iter().map(|timer| timer.0).collect()
    }

    /// When the next timer fires.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.heap.peek().map(|timer| timer.0.due)
    }

    /// The timer that fires next.
    pub fn first(&self) -> Option<&Timer> {
        self.heap.peek().map(|timer| &timer.0)
    }

    /// Takes the timers that come first and differ in their lead alone, all due by `until`.
    pub fn pop_tied(&mut self, until: Timestamp, tied: &mut Vec<Timer>) {
        tied.clear();
        while let Some(Reverse(next)) = self.heap.peek() {
            let belongs = match tied.first() {
                None => next.due <= until,
                Some(first) => first.place() == next.place(),
            };
            if !belongs {
                break;
            }
            tied.extend(self.heap.pop().map(|timer| timer.0));
        }
    }
}

/// The place of what was put off: before all that a rulebook sends by its own plan, by the second in
/// which it was due at first.
pub(crate) fn deferred_position(due: Timestamp) -> u64 {
    u64::try_from(due.0.div_euclid(1_000_000)).unwrap_or(0).min(u64::from(u32::MAX))
}

/// Whether a place is one of [`deferred_position`].
pub(crate) fn is_deferred(position: u64) -> bool {
    (1..=u64::from(u32::MAX)).contains(&position)
}

/// What is set on the place of a touch that has let others of its moment go first.
const YIELDED: u64 = 1 << 63;

/// The place of a touch after it has let others of its moment go first: behind all of them, and among its like
/// as before.
pub(crate) fn yielded(position: u64) -> u64 {
    position | YIELDED
}

/// The place it had before.
pub(crate) fn unyielded(position: u64) -> u64 {
    position & !YIELDED
}

/// Whether a place is one of [`yielded`].
pub(crate) fn is_yielded(position: u64) -> bool {
    position & YIELDED != 0
}

/// The place of something in the rulebook: vocabulary first, then path, then line.
pub(crate) fn position(range: Range) -> u64 {
    u64::from(range.source.0) << 32 | u64::from(range.start)
}

//! Providers tell of what we sent: such a report is the echo of our message and no message of its own.

use std::ops::RangeInclusive;

use crate::decision::ActionId;
use crate::rulebook::ChannelId;
use crate::timestamp::{Span, Timestamp};

/// A report without the id of an action is the echo of a message that is younger than this.
const YOUNG: Span = Span::days(1);

/// What a provider tells: something went out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    pub kind: Option<ChannelId>,
    pub at: Timestamp,
    /// The message it says it is of.
    pub action: Option<ActionId>,
    /// When it was told.
    pub seen: Timestamp,
}

/// A message of ours.
#[derive(Clone, Copy, Debug)]
struct Sent {
    kind: ChannelId,
    at: Timestamp,
    id: ActionId,
}

/// What we sent to a lead, and what was told of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Echoes {
    sent: Vec<Sent>,
    /// Those that nobody has told of yet, as far as is known while the log is read.
    untold: Vec<Sent>,
    /// What was told, with the numbers of the events that it brought.
    told: Vec<(Told, RangeInclusive<u32>)>,
}

impl Echoes {
    /// A message went out.
    pub(super) fn sent(&mut self, kind: ChannelId, at: Timestamp, id: ActionId) {
        self.sent.push(Sent { kind, at, id });
        self.untold.push(Sent { kind, at, id });
    }

    /// Whether what is told now is an echo, as far as is known; each message has one.
    pub(super) fn take(&mut self, told: Told) -> bool {
        let place = echoed(&self.untold, told);
        place.map(|place| self.untold.remove(place)).is_some()
    }

    /// Remembers what was told, and the numbers of the events that it brought.
    pub(super) fn told(&mut self, told: Told, numbers: RangeInclusive<u32>) {
        self.told.push((told, numbers));
    }

    /// Whether anything was told.
    pub(super) fn is_told(&self) -> bool {
        !self.told.is_empty()
    }

    /// The numbers of all events that were echoes, as far as was told by a moment. Reports that name their message come
    /// first, the others by when they happened: the order in which news comes must not matter.
    pub(super) fn numbers(&self, known: Timestamp) -> Vec<u32> {
        let mut untold: Vec<Sent> = self.sent.iter().copied().filter(|sent| sent.at <= known).collect();
        let mut told: Vec<&(Told, RangeInclusive<u32>)> =
            self.told.iter().filter(|(told, _)| told.seen <= known).collect();
        told.sort_by_key(|(told, numbers)| (told.action.is_none(), told.at, *numbers.start()));
        let mut numbers = Vec::new();
        let mut named: Vec<ActionId> = Vec::new();
        for (told, own) in told {
            // A message that is told of twice by its name is still one.
            let again = told.action.is_some_and(|action| named.contains(&action));
            let place = echoed(&untold, *told);
            if let Some(place) = place {
                named.push(untold.remove(place).id);
            }
            if place.is_some() || again {
                numbers.extend(own.clone());
            }
        }
        numbers
    }
}

/// The message that a report is the echo of: the one it names, else the oldest of its kind that is young enough.
fn echoed(untold: &[Sent], told: Told) -> Option<usize> {
    match told.action {
        Some(action) => untold.iter().position(|sent| sent.id == action),
        None => untold
            .iter()
            .position(|sent| Some(sent.kind) == told.kind && sent.at <= told.at && told.at < sent.at + YOUNG),
    }
}

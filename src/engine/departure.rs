//! What a live run must know beside the decisions: the messages as they were when they fell due,
//! and what ended while something was still to be handed over. Kept only where it is asked for.

use crate::decision::{Because, Reason};
use crate::event::LeadId;
use crate::rulebook::{Reach, SequenceId};
use crate::template::Message;
use crate::timestamp::Timestamp;

use super::{Engine, Moment, World};

/// A message that goes with a decision.
#[derive(Clone, Debug)]
pub struct Departure {
    /// Index of the decision.
    pub decision: usize,
    /// The message, filled in.
    pub message: Message,
}

/// What a stop covers of the messages that were decided before it and not handed over yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Covered {
    /// Touches of one sequence.
    Sequence(SequenceId),
    /// What a `stop` ends: touches of every sequence that is not parallel, and single messages, but for
    /// what outlasts a stop.
    Stopped,
    /// Everything that is planned for the lead.
    All,
    /// Every contact with the lead, and what its sequences have for our own people.
    Contact,
    /// Every message on a channel and those like it, or about a topic.
    Reach(Reach),
}

/// Something ended for a lead.
#[derive(Clone, Debug)]
pub struct Ending {
    /// So many decisions were made before.
    pub decisions: usize,
    /// Whose.
    pub lead: LeadId,
    /// When.
    pub at: Timestamp,
    /// Of what.
    pub covered: Covered,
    /// Why.
    pub reason: Reason,
    /// The events it rests on.
    pub because: Because,
}

/// What a live run keeps beside the decisions.
#[derive(Clone, Debug, Default)]
pub struct LiveNotes {
    /// Messages that go out, in the order decided.
    pub departures: Vec<Departure>,
    /// What ended, in order.
    pub endings: Vec<Ending>,
}

impl Engine {
    /// The same, keeping what a live run must know.
    #[must_use]
    pub fn for_live_run(mut self) -> Self {
        self.world.live = Some(Box::default());
        self
    }

    /// What was kept since the last call.
    pub fn take_live(&mut self) -> LiveNotes {
        self.world.live.as_mut().map(|live| std::mem::take(live.as_mut())).unwrap_or_default()
    }
}

impl World {
    /// Notes that something ended, for what is not handed over yet.
    pub(super) fn note_ending(
        &mut self,
        moment: &Moment<'_>,
        slot: u32,
        (covered, reason): (Covered, &Reason),
        because: &Because,
        decisions: usize,
    ) {
        if self.live.is_none() {
            return;
        }
        let lead = self.lead(slot).id;
        let (reason, because) = (reason.clone(), because.clone());
        if let Some(live) = &mut self.live {
            live.endings.push(Ending { decisions, lead, at: moment.now, covered, reason, because });
        }
    }

    /// Keeps a message as it is now.
    pub(super) fn note_departure(&mut self, decision: usize, message: impl FnOnce(&Self) -> Option<Message>) {
        if self.live.is_none() {
            return;
        }
        let message = message(self);
        if let (Some(live), Some(message)) = (&mut self.live, message) {
            live.departures.push(Departure { decision, message });
        }
    }
}

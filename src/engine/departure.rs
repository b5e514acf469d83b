//! What a live run must know beside the decisions: the messages as they were when they fell due,
//! and what ended while something was still to be handed over. Kept only where it is asked for.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::decision::{Because, Reason};
use crate::event::{AccountId, LeadId};
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

/// Whose something is that ended.
#[derive(Clone, Debug)]
pub enum Whose {
    /// One lead's.
    Lead(LeadId),
    /// Each lead's of an account, in the order of their ids. Kept once for as long as they are the same, since
    /// each of them may end something for all.
    Account(AccountId, Arc<[LeadId]>),
}

/// Something ended for a lead, or for those of an account.
#[derive(Clone, Debug)]
pub struct Ending {
    /// So many decisions were made before.
    pub decisions: usize,
    /// Whose.
    pub whose: Whose,
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
    /// The leads of accounts for which something ended last.
    accounts: BTreeMap<AccountId, Arc<[LeadId]>>,
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
        let whose = Whose::Lead(self.lead(slot).id);
        let (reason, because) = (reason.clone(), because.clone());
        if let Some(live) = &mut self.live {
            live.endings.push(Ending { decisions, whose, at: moment.now, covered, reason, because });
        }
    }

    /// Notes that something ended for all leads of an account.
    pub(super) fn note_ending_of_all(
        &mut self,
        moment: &Moment<'_>,
        (account, slots): (AccountId, &[u32]),
        (covered, reason): (Covered, &Reason),
        because: &Because,
        decisions: usize,
    ) {
        let Some(mut live) = self.live.take() else { return };
        let mut leads: Vec<LeadId> = slots.iter().map(|slot| self.lead(*slot).id).collect();
        leads.sort_unstable();
        let known = live.accounts.entry(account).or_insert_with(|| leads.as_slice().into());
        if **known != *leads {
            *known = leads.into();
        }
        let whose = Whose::Account(account, Arc::clone(known));
        let (reason, because) = (reason.clone(), because.clone());
        live.endings.push(Ending { decisions, whose, at: moment.now, covered, reason, because });
        self.live = Some(live);
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

//! What the numbers of decisions stand for, in a rulebook and in a log.

use std::borrow::Cow;
use std::fmt;

use super::{Cause, Decision};
use crate::event::{AccountId, EventNumber, LeadId};
use crate::log::Log;
use crate::rulebook::{ChannelId, Reach, Rulebook, SequenceId, TierId, Touch};
use crate::source::Range;

/// Names the ids of decisions stand for.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// The rulebook that decided.
    pub rulebook: &'a Rulebook,
    /// The log it decided on.
    pub log: &'a dyn Journal,
}

/// What a decision's numbers stand for in the log it was made on.
pub trait Journal: fmt::Debug {
    /// A lead's id as the log writes it, empty for one it does not have.
    fn lead_name(&self, lead: LeadId) -> &str;
    /// An account's id, empty for one it does not have.
    fn account_name(&self, account: AccountId) -> &str;
    /// An event's id, empty for one it does not have.
    fn event_id(&self, number: EventNumber) -> &str;
}

impl Journal for Log {
    fn lead_name(&self, lead: LeadId) -> &str {
        self.lead_name(lead)
    }

    fn account_name(&self, account: AccountId) -> &str {
        self.account_name(account)
    }

    fn event_id(&self, number: EventNumber) -> &str {
        self.event_id(number)
    }
}

impl<'a> Names<'a> {
    /// The name and place of what decided: a rule's label and its arm, a sequence and its touch.
    pub(super) fn cause(&self, decision: &Decision) -> (Option<&'a str>, Range) {
        let (name, range) = match decision.cause {
            Cause::Person | Cause::Change => return (None, Range::default()),
            Cause::Rule(id, arm) => self.rulebook.rules.get(id).map_or(("", Range::default()), |rule| {
                let arms = rule.arms.len();
                let arm = rule.arms.get(usize::from(arm)).filter(|_| arms > 1);
                (rule.label.as_str(), arm.map_or(rule.range, |arm| arm.range))
            }),
            Cause::Sequence(id, touch) => self.rulebook.sequences.get(id).map_or(("", Range::default()), |sequence| {
                let touch = touch.and_then(|touch| {
                    sequence.touches.get(usize::from(touch)).or(sequence.tail.as_ref().map(|(tail, _)| tail))
                });
                (sequence.name.as_str(), touch.map_or(sequence.range, |touch| touch.range))
            }),
            Cause::Score(id) => {
                self.rulebook.scores.get(id).map_or(("", Range::default()), |s| (s.name.as_str(), s.range))
            }
        };
        (Some(name), range)
    }

    /// The name of a tier.
    #[must_use]
    pub fn tier(&self, id: TierId) -> &'a str {
        self.rulebook.tiers.name(id)
    }

    /// The name of a sequence.
    #[must_use]
    pub fn sequence(&self, id: SequenceId) -> &'a str {
        self.rulebook.sequences.name(id)
    }

    /// What a suppression is about, in words.
    #[must_use]
    pub fn reach(&self, reach: Option<Reach>) -> &'a str {
        reach.map_or("every channel", |reach| reach.name(self.rulebook))
    }

    /// The channel a suppression is about, and the topic.
    pub(super) fn reached(&self, reach: Option<Reach>) -> (Option<Cow<'a, str>>, Option<Cow<'a, str>>) {
        let name = reach.map(|reach| Cow::Borrowed(reach.name(self.rulebook)));
        match reach {
            Some(Reach::Topic(_)) => (None, name),
            Some(Reach::Channel(_)) | None => (name, None),
        }
    }

    /// The name of a channel.
    #[must_use]
    pub fn channel(&self, id: ChannelId) -> &'a str {
        self.rulebook.channels.name(id)
    }

    /// The name of a touch.
    #[must_use]
    pub fn touch(&self, sequence: SequenceId, touch: u16) -> &'a str {
        self.touch_at(sequence, touch).map_or("", |touch| touch.id.as_str())
    }

    /// A touch of a sequence; the tail follows the last one.
    pub(crate) fn touch_at(&self, sequence: SequenceId, touch: u16) -> Option<&'a Touch> {
        let sequence = self.rulebook.sequences.get(sequence)?;
        sequence.touches.get(usize::from(touch)).or(sequence.tail.as_ref().map(|(tail, _)| tail))
    }
}

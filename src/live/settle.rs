//! The last cut of a hand-over: what came of an attempt is taken in, by a store that others may have
//! written to since the claim. Also what a person says of an outcome that nobody knows.

use super::Live;
use super::claim::Claim;
use super::delivery::{Delivery, DeliveryState};
use super::error::LiveError;
use super::handover::{HandedOver, Round};
use super::note::Note;
use super::outbox::{self, Fate};
use super::record::kind;
use crate::config;
use crate::local::{Zone, rfc3339};
use crate::sink::Outcome;
use crate::sink::attempt::Next;
use crate::timestamp::Timestamp;

impl Live {
    /// Takes in what came of a claim. It is durable with the next claim of the round, or at its end.
    ///
    /// Where the store was closed meanwhile, what others have put into the log comes first, and an
    /// action stands as that has left it: a stop that came after the intent does not undo what a sink has
    /// taken, but what was refused is not tried again after it; an action keeps the new name of its
    /// sequence; of an erased lead nothing is written that tells who it was.
    ///
    /// # Errors
    /// The store cannot read or write.
    pub fn settle(
        &mut self,
        round: &mut Round,
        claim: Claim,
        outcomes: Vec<Outcome>,
        now: Timestamp,
    ) -> Result<(), LiveError> {
        let now = now.max(self.floor());
        // INVARIANT: an outcome is written when all before it in the log is handled, since what it does
        // to the outbox is done with it, and not once more by the step that comes to its entry.
        if self.unhandled() > 0 {
            round.done.advanced.add(&self.advance(now)?);
        }
        let Claim { settings: sink, items, .. } = claim;
        for (claimed, outcome) in items.into_iter().zip(outcomes) {
            round.breakers.entry(sink.name.clone()).or_default().ended(&outcome, sink.breaker, now);
            // A store that an older copy was put in the place of learns all the same what went out.
            let item = outbox::find(&self.store, claimed.decision)?.unwrap_or(claimed);
            round.notes.push(after_attempt(item, outcome, &sink, now, &mut round.done));
        }
        Ok(())
    }

    /// A person says what became of an action whose outcome is unknown: it went out, or it is to go
    /// out again. Whether there was such an action.
    ///
    /// # Errors
    /// The store cannot write.
    pub fn settle_by_hand(&mut self, action: &str, went_out: bool, now: Timestamp) -> Result<bool, LiveError> {
        let unknown = |item: &Delivery| item.id == action && matches!(item.state, DeliveryState::Unknown { .. });
        let Some(mut item) = outbox::waiting(&self.store)?.into_iter().find(unknown) else { return Ok(false) };
        (item.perhaps, item.lost) = (None, false);
        let at = now.max(self.floor());
        let mut notes = vec![if went_out {
            Note::end(item, Fate::Settled, String::new(), String::from("a person says that it went out"), at)
        } else {
            let reason = String::from("a person says that it did not go out");
            Note { item, kind: kind::OUTCOME, outcome: "again", sink: String::new(), reason, at }
        }];
        self.write_down(&mut notes, &std::collections::BTreeMap::new())?;
        Ok(true)
    }
}

/// An entry has room for so much and no more.
fn short(reason: &str) -> String {
    reason.chars().take(500).collect()
}

/// The end of an item that may not go out any more.
pub(super) fn too_late(item: Delivery, now: Timestamp, done: &mut HandedOver) -> Note {
    let due = rfc3339(item.due, Zone::UTC);
    let under_way = match &item.state {
        DeliveryState::Going { sink, .. } => Some(sink.clone()),
        DeliveryState::Waiting | DeliveryState::Unknown { .. } => item.perhaps.clone(),
    };
    // Of what may have gone out nobody may say that it did not.
    if let Some(sink) = under_way {
        done.unknown += 1;
        let reason = format!("was due {due}, an attempt may have gone out, and it is too late for another");
        return Note { item, kind: kind::OUTCOME, outcome: "unknown", sink, reason, at: now };
    }
    done.expired += 1;
    let reason = format!("was due {due} and could not be handed over in time");
    Note::end(item, Fate::Expired, String::new(), reason, now)
}

/// What follows from an attempt.
fn after_attempt(
    mut item: Delivery,
    outcome: Outcome,
    sink: &config::SinkSettings,
    now: Timestamp,
    done: &mut HandedOver,
) -> Note {
    if matches!(outcome, Outcome::Unknown { .. }) {
        item.perhaps = Some(sink.name.clone());
    }
    // What may be done twice is tried again like a refusal: after a wait, and so often and no more.
    let idempotent = sink.idempotent || item.may_repeat();
    let next = item.attempts.ended(outcome, &config::SinkSettings { idempotent, ..sink.clone() }, &item.id, now);
    let note = |item, outcome, reason: String| {
        let (sink, reason) = (sink.name.clone(), short(&reason));
        Note { item, kind: kind::OUTCOME, outcome, sink, reason, at: now }
    };
    match next {
        Next::Done { note: said } => {
            done.taken += 1;
            Note::end(item, Fate::Taken, sink.name.clone(), short(&said.unwrap_or_default()), now)
        }
        Next::Failed { reason } => {
            done.failed += 1;
            Note::end(item, Fate::Refused, sink.name.clone(), short(&reason), now)
        }
        Next::Again { reason, .. } => {
            match (&item.ended, &item.perhaps) {
                (None, _) => {
                    done.put_off += 1;
                    done.reasons.entry(sink.name.clone()).or_default().add(Some(&reason));
                }
                // What ended it during the attempt is heeded as it is put back.
                (Some(_), None) => done.advanced.withdrawn += 1,
                (Some(_), Some(_)) => done.unknown += 1,
            }
            note(item, "again", reason)
        }
        Next::Unknown { reason } => {
            done.unknown += 1;
            note(item, "unknown", reason)
        }
    }
}

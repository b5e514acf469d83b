//! What a decision has to do with a pattern: whether it is what was expected or asked for, or of its
//! kind. Asked by `trial` and `explain`.

use super::{Body, Cause, Decision, Reason, Status};
use crate::rulebook::{ChannelId, Pattern, Reach, Rulebook};
use crate::units::Content;

impl Body {
    /// Channel, content and status of a message.
    #[must_use]
    pub fn message(&self) -> Option<(ChannelId, &Content, Status)> {
        match self {
            Self::Touch(touch) => Some((touch.channel, &touch.content, touch.status)),
            Self::Action(action) => Some((action.channel, &action.content, action.status)),
            _ => None,
        }
    }
}

impl Pattern {
    /// Whether a decision is this, whatever became of it.
    #[must_use]
    pub fn fits(&self, decision: &Decision) -> bool {
        match (self, &decision.body) {
            (Self::Rule(wanted), _) => matches!(decision.cause, Cause::Rule(rule, _) if rule == *wanted),
            (Self::Tier(tier), Body::Tier { to, .. }) => *to == Some(*tier),
            (Self::Starts(wanted), Body::Enroll { sequence, .. })
            | (Self::Exits(wanted), Body::Exit { sequence, .. })
            | (Self::Finishes(wanted), Body::Exit { sequence, reason: Reason::Finished, .. }) => wanted == sequence,
            (Self::Holds(until), Body::Hold(held)) => until.is_none() || until == held,
            (Self::Resumes, Body::Resume) => true,
            (Self::Suppressed(wanted), Body::Bar { channel, .. }) => {
                wanted.is_none_or(|wanted| wanted == Reach::Channel(*channel))
            }
            (Self::Suppressed(wanted), Body::Suppress { reach, .. })
            | (Self::Unsuppressed(wanted), Body::Unsuppress(reach)) => wanted.is_none() || wanted == reach,
            (Self::Tag { tag, on }, Body::Tag { tag: other, on: is_on }) => tag == other && on == is_on,
            (Self::Set(fact, value), Body::Set { fact: other, value: set }) => {
                fact == other && value.as_ref().is_none_or(|value| value == set)
            }
            (Self::Assign(owner), Body::Assign(to)) => owner.is_none() || owner.as_deref() == to.as_deref(),
            (Self::Alert { to, text }, Body::Alert { to: person, text: words, .. }) => {
                to.is_none_or(|to| to == *person) && text.as_ref().is_none_or(|text| **text == **words)
            }
            (Self::Webhook(wanted), Body::Webhook { name, .. }) => wanted.as_ref().is_none_or(|w| **w == **name),
            (Self::Touch(task), body) => body.message().is_some_and(|(channel, ..)| *task != Some(channel)),
            (Self::Send { .. }, body) => {
                body.message().is_some_and(|(channel, content, _)| self.is_message(channel, content))
            }
            _ => false,
        }
    }

    /// Whether a decision is of the same kind: what may have been meant where this did not happen.
    #[must_use]
    pub fn is_alike(&self, body: &Body) -> bool {
        matches!(
            (self, body),
            (Self::Tier(_), Body::Tier { .. } | Body::Overridden { .. })
                | (Self::Starts(_) | Self::Exits(_) | Self::Finishes(_), Body::Enroll { .. } | Body::Exit { .. })
                | (Self::Send { .. } | Self::Touch(_), Body::Touch(_) | Body::Action(_))
                | (Self::Alert { .. }, Body::Alert { .. })
                | (Self::Tag { .. }, Body::Tag { .. })
                | (Self::Set(..), Body::Set { .. })
                | (Self::Assign(_), Body::Assign(_))
                | (Self::Holds(_) | Self::Resumes, Body::Hold(_) | Body::Resume)
        )
    }

    /// Whether a decision is about this, and then whether it happened by it.
    #[must_use]
    pub fn answered_by(&self, decision: &Decision, rulebook: &Rulebook) -> Option<bool> {
        match (self, &decision.body) {
            (Self::Rule(_), body) => {
                self.fits(decision).then_some(!matches!(body, Body::Muted(_) | Body::Overridden { .. }))
            }
            // A rule that was kept from acting would have brought it.
            (_, Body::Muted(_)) => {
                let Cause::Rule(rule, arm) = decision.cause else { return None };
                let arm = rulebook.rules.get(rule)?.arms.get(usize::from(arm))?;
                arm.effects.iter().any(|effect| self.could_come_of(&effect.kind)).then_some(false)
            }
            (Self::Tier(tier), Body::Overridden { to, .. }) => (to == tier).then_some(false),
            (Self::Starts(_), Body::Enroll { suppressed, .. }) => self.fits(decision).then_some(suppressed.is_none()),
            // What was not sent may have been planned for another channel than the one it shows.
            (Self::Send { channel, .. }, Body::Touch(line)) => {
                let written = rulebook.touch(line.sequence, line.touch)?;
                let given = line.experiment.and_then(|(id, variant)| rulebook.experiments.get(id)?.touch_of(variant));
                let choices = written.choices.iter().chain(given.into_iter().flat_map(|touch| &touch.choices));
                let planned = choices.into_iter().any(|(on, content)| self.is_message(*on, content));
                let sent = line.status == Status::Sent;
                let fits = if sent { line.channel == *channel && (planned || self.fits(decision)) } else { planned };
                fits.then_some(sent)
            }
            (Self::Send { .. }, Body::Action(line)) => self.fits(decision).then_some(line.status == Status::Sent),
            _ => self.fits(decision).then_some(true),
        }
    }
}

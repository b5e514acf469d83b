//! What may be decided, as tests expect it and people ask for it: one vocabulary for `expect` and
//! `--why-not`. What a decision has to do with it, `decision::pattern` says.

use super::{ChannelId, EffectKind, FactId, Person, Reach, RuleId, Rulebook, SequenceId, TagId, TierId};
use crate::timestamp::Timestamp;
use crate::units::Content;
use crate::value::Value;

/// Something that may be decided; a part that is `None` may be anything.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each field is the part of its name")]
pub enum Pattern {
    /// A rule acts, whatever it does.
    Rule(RuleId),
    /// The lead moves to a tier.
    Tier(TierId),
    /// The lead enters a sequence.
    Starts(SequenceId),
    /// An enrollment ends, early or not.
    Exits(SequenceId),
    /// An enrollment has all its touches done.
    Finishes(SequenceId),
    /// Touches are paused, until a moment.
    Holds(Option<Timestamp>),
    /// Touches go on.
    Resumes,
    /// No more contact, on a channel or about a topic.
    Suppressed(Option<Reach>),
    /// Contact is allowed again.
    Unsuppressed(Option<Reach>),
    /// A tag is put on or taken off.
    Tag { tag: TagId, on: bool },
    /// A fact is set.
    Set(FactId, Option<Value>),
    /// The lead gets an owner.
    Assign(Option<String>),
    /// A person is told.
    Alert { to: Option<Person>, text: Option<String> },
    /// A named sink is called.
    Webhook(Option<String>),
    /// A message on any channel but this one, which is for tasks.
    Touch(Option<ChannelId>),
    /// A message or a task.
    Send { channel: ChannelId, content: Option<Content> },
}

impl Pattern {
    /// Whether an effect of a rule would bring it by itself.
    #[must_use]
    pub fn could_come_of(&self, effect: &EffectKind) -> bool {
        match (self, effect) {
            (Self::Tier(tier), EffectKind::Tier(to)) => tier == to,
            (Self::Starts(wanted), EffectKind::Start(sequence))
            | (Self::Exits(wanted), EffectKind::StopSequence(sequence)) => wanted == sequence,
            (Self::Send { .. }, EffectKind::Send { channel, content, .. }) => self.is_message(*channel, content),
            (
                Self::Alert { to, text },
                EffectKind::Alert { to: who, text: say, .. } | EffectKind::Escalate { to: who, text: say, .. },
            ) => to.is_none_or(|to| to == *who) && text.as_ref().is_none_or(|text| text == say),
            (Self::Webhook(wanted), EffectKind::Webhook(name)) => wanted.as_ref().is_none_or(|wanted| wanted == name),
            (Self::Exits(_), EffectKind::Stop | EffectKind::StopAll)
            | (Self::Holds(_), EffectKind::Hold { .. })
            | (Self::Resumes, EffectKind::Resume)
            | (Self::Assign(_), EffectKind::Assign(_) | EffectKind::Escalate { .. }) => true,
            (Self::Suppressed(wanted), EffectKind::Suppress { reach, .. })
            | (Self::Unsuppressed(wanted), EffectKind::Unsuppress { reach }) => wanted.is_none() || wanted == reach,
            (Self::Tag { tag, on: true }, EffectKind::Tag(other))
            | (Self::Tag { tag, on: false }, EffectKind::Untag(other)) => tag == other,
            (Self::Set(wanted, _), EffectKind::Set { fact, .. }) => wanted == fact,
            _ => false,
        }
    }

    /// Whether it is a message with a content on a channel.
    #[must_use]
    pub fn is_message(&self, on: ChannelId, carries: &Content) -> bool {
        match self {
            Self::Send { channel, content } => {
                *channel == on && content.as_ref().is_none_or(|content| content == carries)
            }
            _ => false,
        }
    }

    /// The same in another rulebook, by the names of things; `None` where that has no such thing.
    #[must_use]
    pub fn in_other(&self, own: &Rulebook, other: &Rulebook) -> Option<Self> {
        let sequence = |id: &SequenceId| {
            let sequence_of = own.sequences.get(*id)?;
            let before = || other.sequences.find(sequence_of.renamed_from.as_deref()?);
            other.sequences.find(&sequence_of.name).or_else(before)
        };
        let channel = |id: &ChannelId| other.channels.find(&own.channels.get(*id)?.name);
        let reach = |wanted: &Option<Reach>| match wanted {
            Some(wanted) => other.reach(wanted.name(own)).map(Some),
            None => Some(None),
        };
        Some(match self {
            Self::Rule(id) => Self::Rule(other.rules.find(&own.rules.get(*id)?.label)?),
            Self::Tier(id) => Self::Tier(other.tiers.find(&own.tiers.get(*id)?.name)?),
            Self::Starts(id) => Self::Starts(sequence(id)?),
            Self::Exits(id) => Self::Exits(sequence(id)?),
            Self::Finishes(id) => Self::Finishes(sequence(id)?),
            Self::Suppressed(wanted) => Self::Suppressed(reach(wanted)?),
            Self::Unsuppressed(wanted) => Self::Unsuppressed(reach(wanted)?),
            Self::Touch(task) => Self::Touch(task.as_ref().and_then(channel)),
            Self::Send { channel: wanted, content } => {
                Self::Send { channel: channel(wanted)?, content: content.clone() }
            }
            Self::Tag { tag, on } => Self::Tag { tag: other.tags.find(own.tags.get(*tag)?)?, on: *on },
            Self::Set(fact, value) => Self::Set(other.facts.find(&own.facts.get(*fact)?.name)?, value.clone()),
            Self::Holds(_) | Self::Resumes | Self::Assign(_) | Self::Alert { .. } | Self::Webhook(_) => self.clone(),
        })
    }
}

//! Every word of the page: the checked rulebook as plain English. How it looks is for the drawing.

mod condition;
mod contact;
mod effect;
mod event;
mod rule;
mod score;
mod sequence;
pub mod time;

pub use sequence::{TouchWords, effects};

pub use super::prose::{NameKind, Prose, fill, joined, listed};
use crate::rulebook::{ChannelId, Reach, Rulebook, ScoreId, SequenceId, TierId};
use crate::units::Content;

/// Puts a rulebook into words.
#[derive(Clone, Copy, Debug)]
pub struct ProseWords<'a> {
    /// What is told.
    pub rulebook: &'a Rulebook,
    /// Properties stand without "the event's", beside the event they are of.
    pub bare: bool,
}

impl<'a> ProseWords<'a> {
    /// The words of a rulebook.
    pub fn new(rulebook: &'a Rulebook) -> Self {
        Self { rulebook, bare: false }
    }

    /// A tier's name.
    pub fn tier(&self, id: TierId) -> Prose {
        let name = self.rulebook.tiers.name(id);
        Prose::name(NameKind::Tier(id.index(), self.rulebook.tiers.len()), name)
    }

    /// A tier by its name.
    fn tier_named(&self, name: &str) -> Prose {
        self.rulebook.tiers.find(name).map_or_else(|| Prose::other(name), |id| self.tier(id))
    }

    /// A sequence's name.
    pub fn sequence(&self, id: SequenceId) -> Prose {
        let name = self.rulebook.sequences.name(id);
        Prose::name(NameKind::Sequence, name)
    }

    /// A score's name.
    pub fn score(&self, id: ScoreId) -> Prose {
        let name = self.rulebook.scores.name(id);
        Prose::name(NameKind::Score, name)
    }

    /// A channel's name as the rulebook has it.
    pub fn channel_name(&self, id: ChannelId) -> &'a str {
        self.rulebook.channels.name(id)
    }

    /// What a channel carries: `email`, `text message`, or with its article `an email`.
    fn message(&self, id: ChannelId, article: bool) -> Prose {
        let (a, noun) = match self.channel_name(id) {
            "email" => ("an ", "email".into()),
            "sms" => ("a ", "text message".into()),
            "call" => ("a ", "call".into()),
            "task" => ("a ", "task".into()),
            "linkedin" => ("a ", "LinkedIn message".into()),
            other => ("a ", fill("message by {}", [Prose::quote(&spaced(other))])),
        };
        if article { fill("{}{}", [a.into(), noun]) } else { noun }
    }

    /// `by email`, `about the newsletter`
    fn by_reach(&self, reach: Reach) -> Prose {
        match reach {
            Reach::Channel(channel) => self.by_channel(channel),
            Reach::Topic(topic) => fill("about {}", [Prose::quote(&spaced(self.rulebook.topics.name(topic)))]),
        }
    }

    /// `by email`, `by phone`
    fn by_channel(&self, id: ChannelId) -> Prose {
        match self.channel_name(id) {
            "email" => "by email".into(),
            "sms" => "by text message".into(),
            "call" => "by phone".into(),
            "task" => "by tasks".into(),
            "linkedin" => "on LinkedIn".into(),
            other => fill("by {}", [Prose::quote(&spaced(other))]),
        }
    }

    /// A channel as a reader knows it, to stand by itself: `Email`.
    pub fn channel_title(&self, id: ChannelId) -> String {
        match self.channel_name(id) {
            "sms" => "Text message".to_owned(),
            "linkedin" => "LinkedIn".to_owned(),
            other => Prose::from(spaced(other)).capital().text(),
        }
    }

    /// A template by its name, or the words of a task.
    pub fn content(content: &Content) -> Prose {
        match content {
            Content::Template(name) => Prose::other(name),
            Content::Text(text) => Prose::quote(text),
        }
    }
}

/// A name as words: `deal_value` is `deal value`.
pub fn spaced(name: &str) -> String {
    name.replace('_', " ")
}

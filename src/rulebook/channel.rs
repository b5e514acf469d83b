//! Channels: when, how often and under which conditions a lead may be written to.

use super::{CalendarId, ChannelId, Expr, FactId, Rulebook, TopicId};
use crate::calendar::Window;
use crate::source::Range;
use crate::units::{ClockTime, Per};

/// A channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// Its name.
    pub name: String,
    /// `like email`: the channel whose consent, addresses, opt-outs and bounces hold for it; itself where
    /// it is like no other.
    pub kind: ChannelId,
    /// When it may be used; `None`: any time.
    pub calendar: Option<CalendarId>,
    /// `quiet 20:00-09:00`: never inside, start and end in minutes; its own first, then those of the `contact`
    /// blocks about it.
    pub quiet: Vec<(ClockTime, ClockTime)>,
    /// `cap N per D per scope`
    pub caps: Vec<Cap>,
    /// `require EXPR`, with its text: must hold when a message is due.
    pub requires: Vec<(Expr, String)>,
    /// `needs FACT also FACT`: the lead must have one of these.
    pub needs: Vec<FactId>,
    /// A person does it.
    pub manual: bool,
    /// `transactional`: it answers what the lead has done, so neither hours nor limits hold for it, and a
    /// `stop` or a hold lets it go out. What bars the lead bars it as well.
    pub transactional: bool,
    /// Where it is declared.
    pub range: Range,
}

/// What a suppression is about where it is not about everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub enum Reach {
    /// A channel, and with it all that are like it.
    Channel(ChannelId),
    /// A topic, on every channel.
    Topic(TopicId),
}

impl Reach {
    /// Whether it is about a message on a channel that is about some topics.
    #[must_use]
    pub fn covers(self, rulebook: &Rulebook, channel: ChannelId, topics: &[TopicId]) -> bool {
        match self {
            Self::Channel(kind) => rulebook.is_of(channel, kind),
            Self::Topic(topic) => topics.contains(&topic),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self, rulebook: &Rulebook) -> &str {
        match self {
            Self::Channel(channel) => rulebook.channels.name(channel),
            Self::Topic(topic) => rulebook.topics.name(topic),
        }
    }
}

/// The channel on which our own people get work; nobody outside hears of it.
pub const TASK: &str = "task";

impl Rulebook {
    /// What a suppression names: a channel or a topic.
    #[must_use]
    pub fn reach(&self, name: &str) -> Option<Reach> {
        let channel = self.channels.find(name).map(Reach::Channel);
        channel.or_else(|| self.topics.find(name).map(Reach::Topic))
    }

    /// When a channel is open; a transactional one always is.
    #[must_use]
    pub fn window(&self, channel: ChannelId) -> Window<'_> {
        match self.channels.get(channel) {
            Some(channel) if !channel.transactional => {
                let calendar = channel.calendar.and_then(|id| self.calendars.get(id));
                Window { calendar, quiet: &channel.quiet }
            }
            _ => Window { calendar: None, quiet: &[] },
        }
    }

    /// Whether what holds for one channel holds for another: they are the same, or it is of its kind.
    #[must_use]
    pub fn is_of(&self, channel: ChannelId, kind: ChannelId) -> bool {
        channel == kind || self.channels.get(channel).is_some_and(|channel| channel.kind == kind)
    }

    /// The channel whose kind a channel is of; itself where it is like no other.
    #[must_use]
    pub fn kind(&self, channel: ChannelId) -> ChannelId {
        self.channels.get(channel).map_or(channel, |channel| channel.kind)
    }

    /// Whether what goes out on a channel is work of our own people and no contact with the lead.
    #[must_use]
    pub fn is_internal(&self, channel: ChannelId) -> bool {
        self.channels.name(self.kind(channel)) == TASK
    }

    /// Whether a `stop` or a hold lets what goes out on a channel go out all the same.
    #[must_use]
    pub fn outlasts_stops(&self, channel: ChannelId) -> bool {
        self.is_internal(channel) || self.channels.get(channel).is_some_and(|channel| channel.transactional)
    }
}

/// A limit on how much a channel sends.
#[derive(Clone, Debug, PartialEq)]
pub struct Cap {
    /// How many.
    pub count: u32,
    /// In how long: days and periods are those of the calendar in the lead's zone, hours are measured.
    pub per: Per,
    /// For whom.
    pub scope: CapScope,
    /// Where it stands.
    pub range: Range,
}

/// Whose messages a cap counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum CapScope {
    /// Of one lead.
    Lead,
    /// Of all leads of one account.
    Account,
    /// Of all leads of one owner.
    Owner,
}

impl CapScope {
    /// The word of the language.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Account => "account",
            Self::Owner => "owner",
        }
    }
}

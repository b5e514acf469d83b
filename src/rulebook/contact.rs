//! Limits over the messages of several channels together, of sequences and of rules alike.

use super::{Cap, CapScope, ChannelId, Rulebook};
use crate::source::Range;
use crate::units::{ClockTime, Length};

/// `contact email, sms { gap 4h, quiet 21:00-08:00, cap 2 per 1d per lead }`
#[derive(Clone, Debug, PartialEq)]
pub struct Contact {
    /// The kinds of channels it is about; all that need no person where there are none.
    pub kinds: Vec<ChannelId>,
    /// `gap 4h`: so long lies between two messages to a lead.
    pub gap: Option<Length>,
    /// `quiet 21:00-08:00`: its channels have it among their own.
    pub quiet: Option<(ClockTime, ClockTime)>,
    /// `cap N per D per scope`, of all its channels together.
    pub caps: Vec<Cap>,
    /// Where it is declared.
    pub range: Range,
}

impl Rulebook {
    /// Whether a `contact` block is about a channel. Work of our own people is no contact, and what is
    /// transactional knows no limits.
    #[must_use]
    pub fn is_contact(&self, contact: &Contact, channel: ChannelId) -> bool {
        if self.is_internal(channel) {
            return false;
        }
        let Some(definition) = self.channels.get(channel).filter(|channel| !channel.transactional) else {
            return false;
        };
        if contact.kinds.is_empty() { !definition.manual } else { contact.kinds.contains(&definition.kind) }
    }

    /// The `contact` blocks about a channel, each with its place among all.
    pub fn contacts_of(&self, channel: ChannelId) -> impl Iterator<Item = (usize, &Contact)> {
        self.contacts.iter().enumerate().filter(move |(_, contact)| self.is_contact(contact, channel))
    }

    /// The most that caps of a scope, its own and those of `contact` blocks, ask to be remembered of what was
    /// sent on a channel.
    #[must_use]
    pub fn most_counted(&self, channel: ChannelId, scope: CapScope) -> usize {
        let own = self.channels.get(channel).into_iter().flat_map(|channel| &channel.caps);
        let caps = own.chain(self.contacts_of(channel).flat_map(|(_, contact)| &contact.caps));
        caps.filter(|cap| cap.scope == scope).map(|cap| cap.count as usize).max().unwrap_or(0)
    }

    /// A `contact` block as it begins: `contact email, sms`.
    #[must_use]
    pub fn contact_name(&self, contact: &Contact) -> String {
        let kinds: Vec<&str> = contact.kinds.iter().map(|kind| self.channels.name(*kind)).collect();
        if kinds.is_empty() { "contact".to_owned() } else { format!("contact {}", kinds.join(", ")) }
    }
}

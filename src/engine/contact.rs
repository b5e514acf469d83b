//! What holds for the messages of several channels together: the gap between two, caps over all of them,
//! and which of two goes that are due at one moment.

use crate::decision::reason::Move;
use crate::plan::Plan;
use crate::rulebook::{ChannelId, Contact, Touch};
use crate::timestamp::Timestamp;
use crate::units::Content;

use super::lead::PendingAction;
use super::schedule::later;
use super::send::{Use, cap_move};
use super::timer::is_yielded;
use super::{Moment, World};

impl World {
    /// What keeps a message on a channel from going now, of all that `contact` blocks say; of several the one
    /// that keeps it longest.
    pub(super) fn contact_gate(&self, moment: &Moment<'_>, slot: u32, channel: ChannelId) -> Option<(Timestamp, Move)> {
        let rulebook = &moment.plan.rulebook;
        let kept = rulebook.contacts_of(channel).flat_map(|(_, contact)| {
            let caps =
                (0..contact.caps.len()).filter_map(|place| self.contact_cap(moment, slot, channel, (contact, place)));
            caps.chain(self.contact_gap(moment, slot, channel, contact)).collect::<Vec<_>>()
        });
        kept.max_by_key(|(from, _)| *from)
    }

    /// A cap of a `contact` block, by its place in it: from when on there is room again, where it is full.
    pub(super) fn contact_cap(
        &self,
        moment: &Moment<'_>,
        slot: u32,
        channel: ChannelId,
        (contact, place): (&Contact, usize),
    ) -> Option<(Timestamp, Move)> {
        let cap = contact.caps.get(place)?;
        let counts = |other: ChannelId| moment.plan.rulebook.is_contact(contact, other);
        Some((self.capped(moment, slot, channel, (cap, &counts))?, cap_move(cap)))
    }

    /// Until when the last message to the lead keeps another from going.
    pub(super) fn contact_gap(
        &self,
        moment: &Moment<'_>,
        slot: u32,
        channel: ChannelId,
        contact: &Contact,
    ) -> Option<(Timestamp, Move)> {
        let (gap, rulebook) = (contact.gap?, &moment.plan.rulebook);
        let sent = self.lead(slot).contacted.iter().filter(|(other, ..)| rulebook.is_contact(contact, *other));
        let (_, at, name) = sent.max_by_key(|(_, at, _)| *at)?;
        let (zone, calendar) = (self.channel_zone(moment.plan, slot, channel).0, rulebook.window(channel).calendar);
        let from = later(*at, gap, zone, calendar);
        (from > moment.now).then(|| (from, Move::Gap(gap, name.to_string())))
    }

    /// Remembers a message for the gaps that count from it: the last on each channel.
    pub(super) fn note_contact(&mut self, plan: &Plan, slot: u32, (channel, name): (ChannelId, &str), at: Timestamp) {
        if !plan.rulebook.contacts_of(channel).any(|(_, contact)| contact.gap.is_some()) {
            return;
        }
        let contacted = &mut self.lead_mut(slot).contacted;
        contacted.retain(|(other, ..)| *other != channel);
        contacted.push((channel, at, name.into()));
    }

    /// Whether a touch that is due lets a single message go first: one of a rule is due at the same moment and
    /// can go, and the gap between the two lets one of them go alone.
    pub(super) fn yields(&self, moment: &Moment<'_>, slot: u32, touch: &Touch) -> bool {
        let rulebook = &moment.plan.rulebook;
        if is_yielded(moment.position) || self.lead(slot).actions.is_empty() {
            return false;
        }
        let apart = |contact: &&Contact| {
            let about = |(channel, _): &(ChannelId, Content)| rulebook.is_contact(contact, *channel);
            contact.gap.is_some() && touch.choices.iter().any(about)
        };
        let contacts: Vec<&Contact> = rulebook.contacts.iter().filter(apart).collect();
        let rivals = |action: &&PendingAction| {
            action.due == moment.now && contacts.iter().any(|contact| rulebook.is_contact(contact, action.channel))
        };
        self.lead(slot).actions.iter().filter(rivals).any(|action| self.goes(moment, slot, action))
    }

    /// Whether a single message that is due would go out if it were asked now.
    fn goes(&self, moment: &Moment<'_>, slot: u32, action: &PendingAction) -> bool {
        let waits = action.waiting.as_ref().is_some_and(|wait| !wait.awaited.is_asked_again());
        let is_held = self.lead(slot).hold.is_some() && !moment.plan.rulebook.outlasts_stops(action.channel);
        !waits
            && !is_held
            && action.too_late().is_none_or(|before| moment.now < before)
            && self.halted_action(moment.plan, action.cause, action.channel).is_none()
            && matches!(self.verdict(moment, slot, action), Use::Yes)
            && self.unfilled(moment, slot, (action.channel, &action.content), action.saved.as_ref()).is_none()
            && self.breaks(moment, slot, action.channel).is_none()
    }
}

/// What a single message is called where another waits for the gap after it.
pub(super) fn action_name<'a>(plan: &'a Plan, (channel, content): (ChannelId, &'a Content)) -> &'a str {
    match content {
        Content::Template(name) => name,
        Content::Text(_) => plan.rulebook.channels.name(channel),
    }
}

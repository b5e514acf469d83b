//! Invariants, asked before something leaves: what would break one is held.

use chrono::Days;

use crate::plan::Plan;
use crate::rulebook::{CapScope, ChannelId, Invariant, InvariantKind, Kept};
use crate::timestamp::Timestamp;
use crate::units::{Length, Unit};

use super::{Moment, World};

/// How the reason of what an invariant holds begins.
pub(crate) const BREAKS: &str = "breaks invariant ";

impl World {
    /// The invariant that a message on a channel would break now, in words.
    pub(super) fn breaks(&self, moment: &Moment<'_>, slot: u32, channel: ChannelId) -> Option<String> {
        let broken = |(place, invariant): (usize, &Invariant)| {
            let why = self.breaks_one(moment, slot, channel, (place, invariant))?;
            Some(format!("{BREAKS}{}: {why}", invariant.name))
        };
        moment.plan.rulebook.invariants.iter().enumerate().find_map(broken)
    }

    fn breaks_one(
        &self,
        moment: &Moment<'_>,
        slot: u32,
        channel: ChannelId,
        (place, invariant): (usize, &Invariant),
    ) -> Option<String> {
        let plan = moment.plan;
        match &invariant.kind {
            InvariantKind::NeverAfter { set, never, length } => {
                let last = plan.last_of.get(set.index()).copied().flatten()?;
                let last = self.lead(slot).last.get(last).filter(|stamp| !stamp.is_never())?.at;
                let over = |length: &Length| self.later(plan, slot, last, *length) <= moment.now;
                let holds = length.as_ref().is_none_or(|length| !over(length));
                let text = plan.rulebook.sets.get(set.index()).map_or("", |set| set.text.as_str());
                (holds && never.iter().any(|kept| is_kept(plan, *kept, channel))).then(|| format!("after {text}"))
            }
            InvariantKind::AtMost { count, what, per, scope } if is_kept(plan, *what, channel) => {
                let slots = match (scope, self.accounts.get(self.lead(slot).account_slot as usize)) {
                    (CapScope::Account, Some(account)) => account.leads.clone(),
                    _ => vec![slot],
                };
                let from = self.span_start(moment, slot, channel, *per)?;
                let sent = slots.iter().flat_map(|slot| &self.lead(*slot).guarded);
                let sent = sent.filter(|(of, at)| usize::from(*of) == place && *at >= from).count();
                (sent >= *count as usize).then(|| format!("{sent} in {per} already"))
            }
            InvariantKind::AtMost { .. } | InvariantKind::InTime { .. } => None,
        }
    }

    /// Days are calendar days in the lead's zone and end with today, as for caps.
    fn span_start(&self, moment: &Moment<'_>, slot: u32, channel: ChannelId, per: Length) -> Option<Timestamp> {
        let zone = self.channel_zone(moment.plan, slot, channel).0;
        let days = match per.unit {
            Unit::Day | Unit::BusinessDay => u64::from(per.amount),
            Unit::Week => u64::from(per.amount) * 7,
            _ => return Some(Timestamp((moment.now - per.measured()?).0 + 1)),
        };
        let today = zone.to_local(moment.now).date();
        Some(zone.day_start(today.checked_sub_days(Days::new(days.saturating_sub(1)))?))
    }

    /// Remembers what left for the invariants that count it, as many as each asks for.
    pub(super) fn note_guarded(&mut self, plan: &Plan, slot: u32, channel: ChannelId, at: Timestamp) {
        for (place, invariant) in plan.rulebook.invariants.iter().enumerate() {
            let InvariantKind::AtMost { count, what, .. } = invariant.kind else { continue };
            if !is_kept(plan, what, channel) {
                continue;
            }
            let place = place as u16;
            let list = &mut self.lead_mut(slot).guarded;
            list.push((place, at));
            if list.iter().filter(|(of, _)| *of == place).count() > count as usize
                && let Some(oldest) = list.iter().position(|(of, _)| *of == place)
            {
                list.remove(oldest);
            }
        }
    }
}

/// Whether a channel is what an invariant speaks of; a task is for the owner and reaches no lead.
pub(super) fn is_kept(plan: &Plan, kept: Kept, channel: ChannelId) -> bool {
    match kept {
        Kept::Channel(other) => other == channel,
        Kept::Touch => plan.rulebook.channels.get(channel.index()).is_some_and(|channel| channel.name != "task"),
        Kept::Alert => false,
    }
}

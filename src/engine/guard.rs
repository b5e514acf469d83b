//! Invariants, asked before something leaves: what would break one is held.

use chrono::Days;

use crate::decision::reason::{Awaited, Breach};
use crate::plan::Plan;
use crate::rulebook::{CapScope, ChannelId, Invariant, InvariantKind, Kept};
use crate::timestamp::Timestamp;
use crate::units::{Length, Per, Unit};

use super::{Moment, World};

/// Why a message would break an invariant, and from when on it would not.
type Broken = (Breach, Option<Timestamp>);

impl World {
    /// The invariant that a message on a channel would break now; of several the one that holds it longest.
    pub(super) fn breaks(&self, moment: &Moment<'_>, slot: u32, channel: ChannelId) -> Option<Awaited> {
        let mut longest: Option<(usize, Broken)> = None;
        for (place, broken) in self.ask_invariants(moment, slot, channel) {
            let Some((why, until)) = broken else { continue };
            let end = |until: Option<Timestamp>| until.unwrap_or(Timestamp::MAX);
            if longest.as_ref().is_none_or(|(_, (_, other))| end(until) > end(*other)) {
                longest = Some((place, (why, until)));
            }
        }
        let (place, (why, _)) = longest?;
        let name = moment.plan.rulebook.invariants.get(place).map_or("", |invariant| invariant.name.as_str());
        Some(Awaited::Invariant(name.to_owned(), why))
    }

    /// From when on a message on a channel would break no invariant any more; `None` where time alone
    /// does not end it.
    pub(super) fn breaks_until(&self, moment: &Moment<'_>, slot: u32, channel: ChannelId) -> Option<Timestamp> {
        let broken = self.ask_invariants(moment, slot, channel).into_iter().filter_map(|(_, broken)| broken);
        broken.map(|(_, until)| until).try_fold(Timestamp::MIN, |latest, until| Some(latest.max(until?)))
    }

    /// The invariants that speak of a channel, each with why a message would break it now and from when
    /// on it would not.
    pub(super) fn ask_invariants(
        &self,
        moment: &Moment<'_>,
        slot: u32,
        channel: ChannelId,
    ) -> Vec<(usize, Option<Broken>)> {
        let plan = moment.plan;
        let all = plan.rulebook.invariants.iter().enumerate();
        let own = all.filter(|(_, invariant)| match &invariant.kind {
            InvariantKind::NeverAfter { never, .. } => never.iter().any(|kept| is_kept(plan, *kept, channel)),
            InvariantKind::AtMost { what, .. } => is_kept(plan, *what, channel),
            InvariantKind::InTime { .. } => false,
        });
        own.map(|(place, invariant)| (place, self.breaks_one(moment, slot, channel, (place, invariant)))).collect()
    }

    fn breaks_one(
        &self,
        moment: &Moment<'_>,
        slot: u32,
        channel: ChannelId,
        (place, invariant): (usize, &Invariant),
    ) -> Option<Broken> {
        let plan = moment.plan;
        match &invariant.kind {
            InvariantKind::NeverAfter { set, never, length } => {
                let last = plan.last_of.get(*set).copied().flatten()?;
                let last = self.lead(slot).last.get(last).filter(|stamp| !stamp.is_never())?.at;
                let until = length.map(|length| self.later(plan, slot, last, length));
                let holds = until.is_none_or(|until| until > moment.now);
                let text = plan.rulebook.sets.get(*set).map_or("", |set| set.text.as_str());
                (holds && never.iter().any(|kept| is_kept(plan, *kept, channel)))
                    .then(|| (Breach::After(text.to_owned()), until))
            }
            InvariantKind::AtMost { count, what, per, scope } if is_kept(plan, *what, channel) => {
                let slots = match (scope, self.accounts.get(self.lead(slot).account_slot as usize)) {
                    (CapScope::Account, Some(account)) => account.leads.clone(),
                    _ => vec![slot],
                };
                let per = *per;
                let from = self.span_start(moment, slot, channel, Per::Length(per))?;
                let sent = slots.iter().flat_map(|slot| &self.lead(*slot).guarded);
                let mut sent: Vec<Timestamp> =
                    sent.filter(|(of, at)| usize::from(*of) == place && *at >= from).map(|(_, at)| *at).collect();
                let over = sent.len().checked_sub(*count as usize)?;
                sent.sort_unstable();
                let until = sent.get(over).and_then(|at| self.span_end(moment, slot, channel, (*at, Per::Length(per))));
                Some((Breach::Already { sent: sent.len(), per }, until))
            }
            InvariantKind::AtMost { .. } | InvariantKind::InTime { .. } => None,
        }
    }

    /// Days are calendar days in the lead's zone and end with today, as for caps.
    pub(super) fn span_start(&self, moment: &Moment<'_>, slot: u32, channel: ChannelId, per: Per) -> Option<Timestamp> {
        let zone = self.channel_zone(moment.plan, slot, channel).0;
        let today = zone.to_local(moment.now).date();
        let per = match per {
            Per::Length(per) => per,
            Per::Period(period) => return Some(zone.day_start(period.first_day(today)?)),
        };
        let Some(days) = days_of(per) else { return Some(Timestamp((moment.now - per.measured()?).0 + 1)) };
        Some(zone.day_start(today.checked_sub_days(Days::new(days.saturating_sub(1)))?))
    }

    /// When what left at a moment no longer counts.
    pub(super) fn span_end(
        &self,
        moment: &Moment<'_>,
        slot: u32,
        channel: ChannelId,
        (at, per): (Timestamp, Per),
    ) -> Option<Timestamp> {
        let zone = self.channel_zone(moment.plan, slot, channel).0;
        let day = zone.to_local(at).date();
        let per = match per {
            Per::Length(per) => per,
            Per::Period(period) => return Some(zone.day_start(period.next(day)?)),
        };
        let Some(days) = days_of(per) else { return Some(at + per.measured()?) };
        Some(zone.day_start(day.checked_add_days(Days::new(days))?))
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

/// How many days a length has that counts days.
fn days_of(per: Length) -> Option<u64> {
    match per.unit {
        Unit::Day | Unit::BusinessDay => Some(u64::from(per.amount)),
        Unit::Week => Some(u64::from(per.amount) * 7),
        _ => None,
    }
}

/// Whether a channel is what an invariant speaks of; a task is for the owner and reaches no lead.
pub(super) fn is_kept(plan: &Plan, kept: Kept, channel: ChannelId) -> bool {
    match kept {
        Kept::Channel(other) => other == channel,
        Kept::Touch => plan.rulebook.channels.get(channel).is_some_and(|channel| channel.name != "task"),
        Kept::Alert => false,
    }
}

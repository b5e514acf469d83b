//! One lead by the numbers of the new rulebook: what it is and what was done with it comes from the
//! old state, what rules have counted from there or from the muted replay.

use std::sync::Arc;

use crate::decimal::Decimal;
use crate::decision::Cause;
use crate::plan::Plan;
use crate::rulebook::{ChannelId, Invariant, InvariantKind, Kept, RuleId, ScoreId, SetId, Table, TypeId};
use crate::timestamp::Timestamp;

use super::super::guard::is_kept;
use super::super::lead::{Former, Lead, Past, PendingAction, SavedProps, Shield, Stamp, Suppression};
use super::super::pair::PairState;
use super::matching::Matching;

/// A contribution to a score: when and by what, and its points.
type ScorePart = (ScoreId, Stamp, Decimal);

/// Both plans, the old one first.
type Plans<'a> = (&'a Plan, &'a Plan);

/// The lead by the new rulebook. `was` is its state by the old one, `would` what it would be if the
/// new one had been in force all along; its shape is the new one's.
pub(super) fn merged(matching: &Matching, plans: Plans<'_>, was: Lead, mut would: Box<Lead>) -> Box<Lead> {
    let mut former = was.former.as_deref().cloned().unwrap_or_default();
    merge_facts(matching, &was, &mut would);
    merge_touched(matching, plans, &was, &mut would);
    merge_counts(matching, plans, &was, &mut would);
    merge_firings(matching, plans, &was, &mut would, &mut former);
    would.past = merge_past(matching, plans, &was, &mut former);
    would.tier_at = was.tier_at;
    would.tier = was.tier.and_then(|tier| matching.tier(tier));
    // A lock on a tier that is gone would keep the lead out of every other.
    would.tier_locked = was.tier_locked && would.tier.is_some() == was.tier.is_some();
    would.variants = was.variants.iter().filter_map(|variant| matching.variant(*variant)).collect();
    would.tags = was.tags.iter().filter_map(|tag| matching.tag(*tag)).collect();
    would.stopped = was.stopped.clone();
    would.suppressions = was.suppressions.into_iter().filter_map(|s| rename_suppression(matching, s)).collect();
    would.shield = was.shield.map(|shield| Box::new(rename_shield(matching, &shield)));
    would.guarded = merge_guarded(matching, plans, (&was.guarded, &was.sends, was.last_touch.as_ref()));
    would.contacted = merge_contacted(matching, plans, (&was.contacted, &was.sends));
    would.sends = was.sends;
    rename_sends(matching, &mut would.sends);
    would.actions = was.actions.into_iter().map(|action| rename_action(matching, plans.1, action)).collect();
    would.enrollments.clear();
    would.parts = merge_parts(matching, &was.parts, &would.parts);
    (would.id, would.account, would.account_slot) = (was.id, was.account, was.account_slot);
    would.account_at = was.account_at;
    (would.first_at, would.zone, would.touches) = (was.first_at, was.zone, was.touches);
    would.idle_since = was.idle_since;
    (would.hold, would.let_go, would.held) = (was.hold, was.let_go, was.held);
    (would.next_serial, would.last_touch) = (was.next_serial, was.last_touch);
    would.former = (!former.is_empty()).then(|| Box::new(former));
    would.touched = true;
    would
}

/// Facts of the lead; one that is new is what its events say.
fn merge_facts(matching: &Matching, was: &Lead, would: &mut Lead) {
    // A lead that was forgotten has no facts, whatever the log says.
    let primed = std::mem::take(&mut would.facts);
    for (fact, old) in matching.facts.with_ids() {
        match old {
            Some(old) => would.facts.take_over(fact, &was.facts, *old),
            None => would.facts.take_over(fact, &primed, fact),
        }
    }
}

/// What the lead remembers of its touches: those that were really sent.
fn merge_touched(matching: &Matching, (old, new): Plans<'_>, was: &Lead, would: &mut Lead) {
    for (id, set) in new.rulebook.sets.with_ids() {
        if set.alternatives.iter().all(|alternative| alternative.ty != TypeId(0)) {
            continue;
        }
        let Some(before) = matching.sets.get(id).copied().flatten() else { continue };
        let pair = |new: &Table<SetId, Option<usize>>, old: &Table<SetId, Option<usize>>| {
            new.get(id).copied().flatten().zip(old.get(before).copied().flatten())
        };
        copy(&mut would.last, &was.last, pair(&new.last_of, &old.last_of));
        copy(&mut would.histories, &was.histories, pair(&new.history_of, &old.history_of));
        copy(&mut would.totals, &was.totals, pair(&new.total_of, &old.total_of));
    }
}

/// Copies one place of a list, `places` being the new and the old one.
fn copy<T: Clone>(to: &mut [T], from: &[T], places: Option<(usize, usize)>) {
    let Some((new, old)) = places else { return };
    if let (Some(to), Some(from)) = (to.get_mut(new), from.get(old)) {
        *to = from.clone();
    }
}

/// What unchanged rules and scores have counted.
fn merge_counts(matching: &Matching, (old, new): Plans<'_>, was: &Lead, would: &mut Lead) {
    for (at, counter) in new.counters.iter().enumerate() {
        let Some(before) = matching.unchanged(counter.rule) else { continue };
        let Some(place) = old.counters.iter().position(|other| other.rule == before) else { continue };
        copy(&mut would.counts, &was.counts, Some((at, place)));
        let Some(other) = old.counters.get(place) else { continue };
        for offset in 0..counter.len.min(other.len) {
            copy(&mut would.ring, &was.ring, Some((counter.start + offset, other.start + offset)));
        }
    }
    let absences = places(matching, &new.absences, &old.absences, |absence| absence.rule);
    absences.for_each(|places| copy(&mut would.absences, &was.absences, Some(places)));
    for (at, place) in places(matching, &new.pairs, &old.pairs, |pair| pair.rule) {
        copy(&mut would.pairs, &was.pairs, Some((at, place)));
        for props in would.pairs.get_mut(at).into_iter().flat_map(PairState::props_mut) {
            *props = props.as_deref().map(|props| Box::new(renamed(matching, props)));
        }
    }
    let periodics = places(matching, &new.periodics, &old.periodics, |periodic| periodic.rule);
    periodics.for_each(|places| copy(&mut would.periodics, &was.periodics, Some(places)));
    for (id, kin) in matching.scores.with_ids() {
        let Some(before) = kin.old.filter(|_| kin.same) else { continue };
        copy(&mut would.scores, &was.scores, Some((id.index(), before.index())));
        let script = |plan: &Plan, id: ScoreId| plan.script_of.get(id).copied().flatten();
        copy(&mut would.scripts, &was.scripts, script(new, id).zip(script(old, before)));
    }
}

/// What scores are made of, where it is kept: as [`merge_counts`] takes the scores.
fn merge_parts(matching: &Matching, was: &[ScorePart], would: &[ScorePart]) -> Vec<ScorePart> {
    let old_of = |new: ScoreId| matching.scores.get(new).filter(|kin| kin.same).and_then(|kin| kin.old);
    let new_of = |old: ScoreId| matching.scores.ids().find(|new| old_of(*new) == Some(old));
    let kept = was.iter().filter_map(|(score, stamp, points)| Some((new_of(*score)?, *stamp, *points)));
    kept.chain(would.iter().filter(|(score, ..)| old_of(*score).is_none()).copied()).collect()
}

/// New and old places of what unchanged rules keep.
fn places<'a, T>(
    matching: &'a Matching,
    new: &'a [T],
    old: &'a [T],
    rule: impl Fn(&T) -> RuleId + Copy + 'a,
) -> impl Iterator<Item = (usize, usize)> + 'a {
    new.iter().enumerate().filter_map(move |(at, part)| {
        let before = matching.unchanged(rule(part))?;
        Some((at, old.iter().position(|other| rule(other) == before)?))
    })
}

/// When rules with a limit have fired, and how often those that send. Ids of actions must not come
/// twice, so what is gone from the rulebook is remembered.
fn merge_firings(matching: &Matching, (old, new): Plans<'_>, was: &Lead, would: &mut Lead, former: &mut Former) {
    let slot = |slots: &Table<RuleId, Option<usize>>, rule: RuleId| slots.get(rule).copied().flatten();
    for (id, rule) in new.rulebook.rules.with_ids() {
        let kin = matching.rules.get(id);
        let before = kin.and_then(|kin| kin.old);
        let remembered = former.rules.iter().position(|(label, ..)| *label == rule.label);
        let (mut firings, mut fired_at) = (0, Timestamp::MIN);
        if let Some(place) = remembered {
            (_, firings, fired_at) = former.rules.remove(place);
        }
        let own = before.and_then(|rule| was.firings.get(slot(&old.firing_slot, rule)?));
        firings = firings.max(own.copied().unwrap_or(0));
        let own = before.and_then(|rule| was.fired_at.get(slot(&old.limit_slot, rule)?));
        fired_at = fired_at.max(own.copied().unwrap_or(Timestamp::MIN));
        let place = slot(&new.firing_slot, id).and_then(|slot| would.firings.get_mut(slot));
        let numbered = place.is_some();
        if let Some(place) = place {
            *place = firings;
        }
        let place = slot(&new.limit_slot, id).and_then(|slot| would.fired_at.get_mut(slot));
        let limited = place.is_some();
        if let Some(place) = place {
            // A rule that has changed heeds what it did and what it would have done.
            let same = kin.is_some_and(|kin| kin.same);
            *place = if same { fired_at } else { fired_at.max(*place) };
        }
        let (firings, fired_at) = (if numbered { 0 } else { firings }, if limited { Timestamp::MIN } else { fired_at });
        if firings > 0 || fired_at > Timestamp::MIN {
            former.rules.push((rule.label.clone(), firings, fired_at));
        }
    }
    for (id, rule) in old.rulebook.rules.with_ids() {
        if matching.rule(id).is_some() {
            continue;
        }
        let firings = slot(&old.firing_slot, id).and_then(|slot| was.firings.get(slot)).copied().unwrap_or(0);
        let fired_at = slot(&old.limit_slot, id).and_then(|slot| was.fired_at.get(slot)).copied();
        let fired_at = fired_at.unwrap_or(Timestamp::MIN);
        if firings > 0 || fired_at > Timestamp::MIN {
            former.rules.push((rule.label.clone(), firings, fired_at));
        }
    }
}

/// Past enrollments; those of sequences that are gone are remembered by name.
fn merge_past(matching: &Matching, (old, new): Plans<'_>, was: &Lead, former: &mut Former) -> Vec<Past> {
    let mut past = Vec::new();
    for own in &was.past {
        match matching.sequence(own.sequence) {
            Some(sequence) => past.push(Past { sequence, ..*own }),
            None => {
                let name = old.rulebook.sequences.get(own.sequence).map(|sequence| sequence.name.clone());
                former.sequences.push((name.unwrap_or_default(), own.count, own.ended));
            }
        }
    }
    for (id, sequence) in new.rulebook.sequences.with_ids() {
        let is_new = matching.sequences.get(id).is_some_and(|kin| kin.old.is_none());
        let names = [Some(&sequence.name), sequence.renamed_from.as_ref()];
        let known = former.sequences.iter().position(|(name, ..)| names.contains(&Some(name)));
        if let Some(place) = known.filter(|_| is_new) {
            let (_, count, ended) = former.sequences.remove(place);
            past.push(Past { sequence: id, count, ended });
        }
    }
    past
}

type Sent<'a> = (&'a [(u16, Timestamp)], &'a [(ChannelId, Timestamp)], Option<&'a (Timestamp, String)>);

/// What really left, for the invariants that count it. For one that is new, as much of it as is
/// known from other invariants, from caps and from the last touch.
fn merge_guarded(
    matching: &Matching,
    (old, new): Plans<'_>,
    (guarded, sends, last): Sent<'_>,
) -> Vec<(u16, Timestamp)> {
    let counts = |invariant: &Invariant| match invariant.kind {
        InvariantKind::AtMost { count, what, .. } => Some((count as usize, what)),
        _ => None,
    };
    let mut all = Vec::new();
    for (invariant, place) in new.rulebook.invariants.iter().zip(0..) {
        let Some((count, what)) = counts(invariant) else { continue };
        let speaks_of = |channel: ChannelId| matching.channel(channel).is_some_and(|new_id| is_kept(new, what, new_id));
        let counts_same = |of: &Invariant| match counts(of) {
            Some((_, Kept::Channel(channel))) => speaks_of(channel),
            Some((_, other)) => what == other,
            None => false,
        };
        let counted = |of: &Invariant, of_place: usize| -> Vec<Timestamp> {
            let own = guarded.iter().filter(|(other, _)| usize::from(*other) == of_place && counts_same(of));
            own.map(|(_, at)| *at).collect()
        };
        let known = old.rulebook.invariants.iter().enumerate();
        let same = known.clone().find(|(_, of)| of.name == invariant.name && counts_same(of));
        let mut moments = match same {
            Some((of_place, of)) => counted(of, of_place),
            None => {
                let mut moments: Vec<Timestamp> = known.flat_map(|(of_place, of)| counted(of, of_place)).collect();
                moments.extend(sends.iter().filter(|(channel, _)| speaks_of(*channel)).map(|(_, at)| *at));
                moments.extend(last.filter(|_| what == Kept::Touch).map(|(at, _)| *at));
                moments.sort_unstable();
                moments.dedup();
                moments
            }
        };
        let from = moments.len().saturating_sub(count);
        all.extend(moments.split_off(from).into_iter().map(|at| (place, at)));
    }
    all
}

/// The last message on a channel: when, and what it is called.
type Contacted = (ChannelId, Timestamp, Box<str>);

/// The last messages that the gaps of the new rulebook count from. Where the old one had no gap over a channel,
/// they are those that its caps have counted, which are called like the channel.
fn merge_contacted(
    matching: &Matching,
    (old, new): Plans<'_>,
    (contacted, sends): (&[Contacted], &[(ChannelId, Timestamp)]),
) -> Vec<Contacted> {
    let gap_over = |plan: &Plan, channel| plan.rulebook.contacts_of(channel).any(|(_, contact)| contact.gap.is_some());
    let mut all: Vec<_> = contacted.iter().map(|(channel, at, name)| (*channel, *at, name.clone())).collect();
    for (channel, at) in sends.iter().rev().filter(|(channel, _)| !gap_over(old, *channel)) {
        if all.iter().all(|(other, ..)| other != channel) {
            all.push((*channel, *at, old.rulebook.channels.name(*channel).into()));
        }
    }
    let renamed = all.into_iter().filter_map(|(channel, at, name)| Some((matching.channel(channel)?, at, name)));
    renamed.filter(|(channel, ..)| gap_over(new, *channel)).collect()
}

fn rename_suppression(matching: &Matching, suppression: Suppression) -> Option<Suppression> {
    let reach = match suppression.reach {
        Some(reach) => Some(matching.reach(reach)?),
        None => None,
    };
    Some(Suppression { reach, ..suppression })
}

/// A stop of this very moment goes on, by whatever name.
fn rename_shield(matching: &Matching, shield: &Shield) -> Shield {
    let cause = |cause: Cause| match cause {
        Cause::Rule(rule, _) => matching.rule(rule).map_or(Cause::Change, |rule| Cause::Rule(rule, 0)),
        other => other,
    };
    let some = shield.some.iter().filter_map(|(sequence, by)| Some((matching.sequence(*sequence)?, cause(*by))));
    Shield { at: shield.at, sequences: shield.sequences.map(cause), all: shield.all.map(cause), some: some.collect() }
}

fn rename_action(matching: &Matching, new: &Plan, action: PendingAction) -> PendingAction {
    let cause = match action.cause {
        Cause::Rule(old, arm) => {
            let arms = |rule: RuleId| new.rulebook.rules.get(rule).map_or(0, |rule| rule.arms.len());
            let kept = |rule| Cause::Rule(rule, if usize::from(arm) < arms(rule) { arm } else { 0 });
            matching.rule(old).map_or(Cause::Change, kept)
        }
        other => other,
    };
    let channel = matching.channel(action.channel).unwrap_or(action.channel);
    let saved = rename_props(matching, action.saved.as_deref());
    PendingAction { cause, channel, saved, ..action }
}

/// Sends by the new numbers of channels; those on channels that are gone are forgotten.
pub(super) fn rename_sends(matching: &Matching, sends: &mut Vec<(ChannelId, Timestamp)>) {
    *sends = sends.iter().filter_map(|(channel, at)| Some((matching.channel(*channel)?, *at))).collect();
}

/// Kept properties by their new numbers.
pub(super) fn rename_props(matching: &Matching, saved: Option<&SavedProps>) -> Option<Arc<SavedProps>> {
    saved.map(|saved| Arc::new(renamed(matching, saved)))
}

fn renamed(matching: &Matching, saved: &SavedProps) -> SavedProps {
    let list = saved.list.iter().filter_map(|(prop, value)| Some((matching.prop(*prop)?, *value)));
    SavedProps { list: list.collect(), texts: saved.texts.clone(), lists: saved.lists.clone() }
}

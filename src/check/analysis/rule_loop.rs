//! Rules that drive each other round and round: tiers and sequences that lead back to where they began
//! without anything happening outside.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::book::{Book, Own};
use super::formula::Formula;
use crate::diagnostic::Diagnostic;
use crate::rulebook::{Again, Arm, Effect, EffectKind, Expr, SequenceId, SetId, State, TierId, Trigger, TypeId};
use crate::slug::Slug;
use crate::source::Range;

/// Where a lead can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Tier(TierId),
    Sequence(SequenceId),
}

/// A place, with the tier the lead is in there: a rule that asks for another tier does not act.
type Stand = (Option<TierId>, Place);

/// A way from one place to another that time alone opens.
struct Way<'a> {
    from: Stand,
    to: Stand,
    /// The rule that goes it, with the effect; `None`: a sequence for a tier.
    by: Option<(&'a Own<'a>, Range)>,
}

/// Finds each loop once.
pub(super) fn analyze(book: &Book, found: &mut Vec<Diagnostic>) {
    let ways = ways(book);
    let mut next: BTreeMap<Stand, Vec<&Way>> = BTreeMap::new();
    for way in &ways {
        next.entry(way.from).or_default().push(way);
    }
    let mut reported = BTreeSet::new();
    for way in &ways {
        let Some((own, _)) = way.by else { continue };
        if reported.contains(&own.rule.range) {
            continue;
        }
        if let Some(back) = path(&next, way.to, way.from) {
            let mut round: Vec<_> = std::iter::once(way).chain(back).filter_map(|way| way.by).collect();
            reported.extend(round.iter().map(|(own, _)| own.rule.range));
            round.sort_by_key(|(own, range)| (own.rule.range, *range));
            round.dedup_by_key(|(_, range)| *range);
            found.extend(report(&round));
        }
    }
}

fn report(round: &[(&Own, Range)]) -> Option<Diagnostic> {
    let ((last, place), others) = round.split_last()?;
    let message = if others.is_empty() {
        format!("rule `{}` leads back to itself, without anything happening outside", last.rule.label)
    } else {
        let labels: Vec<String> = round.iter().map(|(own, _)| format!("`{}`", own.rule.label)).collect();
        format!("{} lead back to each other, without anything happening outside", labels.join(", "))
    };
    let mut turning = Diagnostic::new(Slug::RuleLoop, *place, message).label("leads back");
    for (_, other) in others {
        turning = turning.other(*other, "and on from here");
    }
    Some(turning.help("let one of them wait for something the lead does, or act `once`"))
}

/// The shortest way from one place to another.
fn path<'b, 'a>(next: &BTreeMap<Stand, Vec<&'b Way<'a>>>, from: Stand, to: Stand) -> Option<Vec<&'b Way<'a>>> {
    let mut came: BTreeMap<Stand, Option<&'b Way<'a>>> = BTreeMap::from([(from, None)]);
    let mut open = VecDeque::from([from]);
    while let Some(place) = open.pop_front() {
        if place == to {
            let mut ways = Vec::new();
            let mut at = place;
            while let Some(Some(way)) = came.get(&at) {
                ways.push(*way);
                at = way.from;
            }
            return Some(ways);
        }
        for way in next.get(&place).into_iter().flatten() {
            if let std::collections::btree_map::Entry::Vacant(entry) = came.entry(way.to) {
                entry.insert(Some(way));
                open.push_back(way.to);
            }
        }
    }
    None
}

fn ways<'a>(book: &'a Book<'a>) -> Vec<Way<'a>> {
    let mut ways = Vec::new();
    for own in book.rules.iter().filter(|own| own.rule.limit.is_none()) {
        for (arm, guard) in own.rule.arms.iter().zip(&own.guards) {
            if [&own.rule.guard, &arm.guard].into_iter().flatten().any(asks_outside) {
                continue;
            }
            for from in stands(book, own, guard) {
                let way = |effect: &Effect, to: Stand| Way { from, to, by: Some((own, effect.range)) };
                ways.extend(
                    arm.effects
                        .iter()
                        .filter_map(|effect| leads_to(book, from, (arm, &effect.kind)).map(|to| way(effect, to))),
                );
            }
        }
    }
    for (id, sequence, _) in &book.sequences {
        let waits = sequence.guard.as_ref().is_some_and(asks_outside);
        if let Some(tier) = sequence.tier.filter(|_| !waits && may_return(book, *id)) {
            let from = (Some(tier), Place::Tier(tier));
            ways.push(Way { from, to: (Some(tier), Place::Sequence(*id)), by: None });
        }
    }
    ways
}

/// Where an effect leads; nowhere where the lead stays in its tier, or may not enter again. What an
/// arm starts, it starts in the tier that it names.
fn leads_to(book: &Book, (tier, _): Stand, (arm, effect): (&Arm, &EffectKind)) -> Option<Stand> {
    let named = arm.effects.iter().find_map(|effect| match effect.kind {
        EffectKind::Tier(tier) => Some(tier),
        _ => None,
    });
    match *effect {
        EffectKind::Tier(to) if tier != Some(to) => Some((Some(to), Place::Tier(to))),
        EffectKind::Start(sequence) if may_return(book, sequence) => Some((named.or(tier), Place::Sequence(sequence))),
        _ => None,
    }
}

/// Whether a lead may be enrolled again at any time.
fn may_return(book: &Book, sequence: SequenceId) -> bool {
    book.rulebook.sequences.get(sequence).is_some_and(|sequence| sequence.again == Again::Always)
}

/// Where a lead can be when an arm acts that nothing outside has to trigger, with its tier.
fn stands(book: &Book, own: &Own, guard: &Formula) -> Vec<Stand> {
    let tiers = || book.rulebook.tiers.ids();
    let none = Formula::All(tiers().map(|tier| Formula::tier(tier, book.rulebook).not()).collect());
    let acts = |tier: Option<TierId>| {
        let inside = tier.map_or_else(|| none.clone(), |tier| Formula::tier(tier, book.rulebook));
        book.possible(&[&own.fires, guard, &inside])
    };
    let with_tiers = |place: Place| -> Vec<Stand> {
        match place {
            Place::Tier(tier) => vec![(Some(tier), place)],
            Place::Sequence(_) => tiers().map(Some).chain([None]).map(|tier| (tier, place)).collect(),
        }
    };
    sources(book, own, guard).into_iter().flat_map(with_tiers).filter(|(tier, _)| acts(*tier)).collect()
}

/// Where a lead is when a rule acts that nothing outside has to trigger; empty where it has to.
fn sources(book: &Book, own: &Own, guard: &Formula) -> Vec<Place> {
    match &own.rule.trigger {
        Trigger::Becomes(tier) => vec![Place::Tier(*tier)],
        // `exited` is an early end, which something outside brings.
        Trigger::Finished(sequence) | Trigger::Enrolled(sequence) => vec![Place::Sequence(*sequence)],
        // A silence begins again only where the state does.
        Trigger::Absent { .. } if own.rule.while_.is_some() => held(book, own, guard),
        Trigger::AbsentAfter { after, .. } if is_touched(book, *after) && own.rule.while_.is_some() => {
            held(book, own, guard)
        }
        Trigger::Every { .. } | Trigger::EveryWeekday { .. } => held(book, own, guard),
        _ => Vec::new(),
    }
}

/// The tiers in which the rule can act, and the sequences without which it cannot.
fn held(book: &Book, own: &Own, guard: &Formula) -> Vec<Place> {
    let acts = |also: &Formula| book.possible(&[&own.fires, guard, also]);
    let tiers = book.rulebook.tiers.ids().filter(|tier| acts(&Formula::tier(*tier, book.rulebook))).map(Place::Tier);
    let mut named = Vec::new();
    own.rule.while_.iter().for_each(|state| named_in(state, &mut named));
    let sequences = named.into_iter().filter(|id| !acts(&Formula::inside(*id).not())).map(Place::Sequence);
    tiers.chain(sequences).collect()
}

/// The sequences that a state speaks of.
fn named_in(state: &State, named: &mut Vec<SequenceId>) {
    match state {
        State::In(sequence) => named.push(*sequence),
        State::Not(inner) => named_in(inner, named),
        State::And(a, b) | State::Or(a, b) => {
            named_in(a, named);
            named_in(b, named);
        }
        State::Tier(_) | State::Suppressed | State::Idle => {}
    }
}

fn is_touched(book: &Book, set: SetId) -> bool {
    book.set(set).is_some_and(|set| set.alternatives.iter().all(|alternative| alternative.ty == TypeId(0)))
}

/// Whether an expression asks about what happens outside, so that a loop would wait for it.
fn asks_outside(expr: &Expr) -> bool {
    expr.any(|part| {
        let moves = matches!(part, Expr::Prop(_) | Expr::Score(_) | Expr::Touches | Expr::Now);
        moves || matches!(part, Expr::Count(..) | Expr::DaysSince(_) | Expr::Pending(..) | Expr::Call { .. })
    })
}

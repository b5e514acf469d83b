//! Rules that write different tiers at one moment, of which only the first is heard, and tiers written
//! that the lead is in already.

use std::collections::BTreeSet;

use super::book::{Book, COMPARED, Own};
use super::formula::Formula;
use super::leaps;
use crate::diagnostic::Diagnostic;
use crate::rulebook::{EffectKind, TierId, Trigger};
use crate::slug::Slug;
use crate::source::Range;

/// One tier that a rule writes.
struct Write<'a> {
    own: &'a Own<'a>,
    guard: &'a Formula,
    tier: TierId,
    range: Range,
}

/// Finds them.
pub(super) fn analyze(book: &Book, found: &mut Vec<Diagnostic>) {
    let writes = writes(book);
    // The first writes of other tiers than each.
    let mut against: Vec<Vec<&Write>> = vec![Vec::new(); book.rulebook.tiers.len()];
    let mut reported = BTreeSet::new();
    for later in &writes {
        no_effect(book, later, found);
        let others = against.get(usize::from(later.tier.0)).map_or(&[][..], Vec::as_slice);
        // One finding for a rule is enough, whatever number of rules it meets.
        if let Some(earlier) = others.iter().find(|earlier| in_conflict(book, earlier, later))
            && reported.insert(later.own.rule.range)
        {
            report(book, earlier, later, found);
        }
        let open = against.iter_mut().enumerate().filter(|(tier, _)| *tier != usize::from(later.tier.0));
        open.filter(|(_, others)| others.len() < COMPARED).for_each(|(_, others)| others.push(later));
    }
}

fn writes<'a>(book: &'a Book<'a>) -> Vec<Write<'a>> {
    let mut writes = Vec::new();
    for own in &book.rules {
        for (arm, guard) in own.rule.arms.iter().zip(&own.guards) {
            for effect in &arm.effects {
                if let EffectKind::Tier(tier) = effect.kind {
                    writes.push(Write { own, guard, tier, range: effect.range });
                }
            }
        }
    }
    writes
}

fn no_effect(book: &Book, write: &Write, found: &mut Vec<Diagnostic>) {
    let elsewhere = Formula::tier(write.tier, book.rulebook).not();
    let acts = [&write.own.fires, write.guard];
    if book.possible(&acts) && !book.possible(&[acts[0], acts[1], &elsewhere]) {
        let name = book.tier(write.tier);
        let message = format!("a lead that gets here is in `{name}` already");
        let idle = Diagnostic::new(Slug::NoEffect, write.range, message).label("changes nothing");
        found.push(idle.help("name another tier, or change when the rule acts"));
    }
}

fn in_conflict(book: &Book, earlier: &Write, later: &Write) -> bool {
    if earlier.tier == later.tier {
        return false;
    }
    if std::ptr::eq(earlier.own, later.own) {
        // Lines of one decision list never act together.
        return std::ptr::eq(earlier.guard, later.guard);
    }
    at_once(book, &earlier.own.rule.trigger, &later.own.rule.trigger)
        && book.possible(&[&earlier.own.fires, earlier.guard, &later.own.fires, later.guard])
        && !is_special_case(book, earlier, later)
}

/// Whether two triggers can be met by one and the same thing.
fn at_once(book: &Book, earlier: &Trigger, later: &Trigger) -> bool {
    use Trigger::{Becomes, Count, Event, Leaves, Score};
    match (earlier, later) {
        (Count { times: a, set: one, .. }, Count { times: b, set: other, .. }) => a == b && one == other,
        // Whether their conditions go together is asked later; most pairs have no type in common.
        (Event(set), other) | (other, Event(set)) => other.event().is_some_and(|other| book.share_a_type(*set, other)),
        (Leaves(_), Becomes(_)) | (Becomes(_), Leaves(_)) => true,
        (Score { score: a, upward: up, .. }, Score { score: b, upward, .. }) => {
            a == b && up == upward && leaps::both(book, earlier, later)
        }
        (a, b) => a == b,
    }
}

/// Whether the earlier rule acts in a part of the later one's cases only: then its place above the
/// general one says which is meant.
fn is_special_case(book: &Book, earlier: &Write, later: &Write) -> bool {
    let counted = |trigger: &Trigger| matches!(trigger, Trigger::Count { .. } | Trigger::Follows { .. });
    let (a, b) = (&earlier.own.rule.trigger, &later.own.rule.trigger);
    if counted(b) && !counted(a) {
        return false;
    }
    let general = Formula::All(vec![later.own.fires.clone(), later.guard.clone()]);
    let special = [&earlier.own.fires, earlier.guard];
    let narrower = !book.possible(&[special[0], special[1], &general.clone().not()]);
    let special = Formula::All(vec![earlier.own.fires.clone(), earlier.guard.clone()]);
    narrower && (counted(a) && !counted(b) || book.possible(&[&general, &special.not()]))
}

fn report(book: &Book, earlier: &Write, later: &Write, found: &mut Vec<Diagnostic>) {
    let (first, second) = (book.tier(earlier.tier), book.tier(later.tier));
    let conflict = if std::ptr::eq(earlier.own, later.own) {
        let message = format!("the rule moves a lead to `{first}` and to `{second}` at once");
        Diagnostic::new(Slug::TierConflict, later.range, message).help("a lead is in one tier; keep one of the two")
    } else {
        let (one, other) = (&earlier.own.rule.label, &later.own.rule.label);
        let message = format!("`{one}` and `{other}` can act at one moment and name different tiers");
        Diagnostic::new(Slug::TierConflict, later.range, message).help(
            "put both into one decision list `on … { where … -> … }`, make their conditions exclude each other, or put the special case first",
        )
    };
    let stands = format!("`{first}` stands first and wins");
    found.push(conflict.label(format!("`{second}` is not heard then")).other(earlier.range, stands));
}

//! Rules that do again what another rule does at the same moment, and effects named twice.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::book::{Book, COMPARED, Own};
use crate::diagnostic::Diagnostic;
use crate::rulebook::{Effect, EffectKind};
use crate::slug::Slug;

/// Finds them.
pub(super) fn analyze(book: &Book, found: &mut Vec<Diagnostic>) {
    let mut alike: BTreeMap<String, Vec<&Own>> = BTreeMap::new();
    for own in &book.rules {
        twice(book, own, found);
        // What never acts has its own finding.
        if !book.possible(&[&own.fires]) {
            continue;
        }
        alike.entry(conditions(own)).or_default().push(own);
    }
    for rules in alike.values() {
        for (at, later) in rules.iter().enumerate() {
            if let Some((first, own)) =
                rules.iter().take(at).take(COMPARED).find_map(|earlier| one_in_the_other(earlier, later))
            {
                report(first, own, found);
            }
        }
    }
}

/// What must be true for a rule to act, as a key.
fn conditions(own: &Own) -> String {
    let rule = own.rule;
    let guards: Vec<_> = rule.arms.iter().map(|arm| &arm.guard).collect();
    format!("{:?} {:?} {:?} {:?} {guards:?}", rule.trigger, rule.while_, rule.guard, rule.limit)
}

/// The rule that does all the other does, and the other; of two that are equal the first stays.
fn one_in_the_other<'a, 'b>(earlier: &'b Own<'a>, later: &'b Own<'a>) -> Option<(&'b Own<'a>, &'b Own<'a>)> {
    let within = |small: &Own, large: &Own| {
        if small.rule.arms.iter().chain(&large.rule.arms).any(|arm| arm.effects.len() > COMPARED) {
            return false;
        }
        small.rule.arms.iter().zip(&large.rule.arms).all(|(small, large)| {
            small.effects.iter().all(|effect| large.effects.iter().any(|other| other.kind == effect.kind))
        })
    };
    if within(later, earlier) {
        Some((earlier, later))
    } else if within(earlier, later) {
        Some((later, earlier))
    } else {
        None
    }
}

fn report(first: &Own, own: &Own, found: &mut Vec<Diagnostic>) {
    let message = format!("rule `{}` does nothing that `{}` does not do too", own.rule.label, first.rule.label);
    let duplicate = Diagnostic::new(Slug::DuplicateRule, own.head(), message).label("the same once more");
    found.push(duplicate.other(first.head(), "at the same moments").help("remove one of the two rules"));
}

/// Effects named twice in one rule.
fn twice(book: &Book, own: &Own, found: &mut Vec<Diagnostic>) {
    for arm in &own.rule.arms {
        let mut seen: BTreeMap<String, &Effect> = BTreeMap::new();
        for effect in arm.effects.iter().filter(|effect| !matches!(effect.kind, EffectKind::Add { .. })) {
            match seen.entry(format!("{:?}", effect.kind)) {
                Entry::Occupied(first) => {
                    let message = format!("the rule says `{}` twice", book.text(effect.range));
                    let found_here = Diagnostic::new(Slug::DuplicateEffect, effect.range, message).label("said again");
                    found.push(found_here.other(first.get().range, "said first").help("remove one of them"));
                }
                Entry::Vacant(first) => drop(first.insert(effect)),
            }
        }
    }
}

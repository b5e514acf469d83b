//! Effects that another effect of the same moment undoes: a sequence started by a rule that stops, a
//! message to a lead that is suppressed.

use std::collections::{BTreeMap, BTreeSet};

use super::book::{Book, COMPARED, Own, effects};
use crate::diagnostic::Diagnostic;
use crate::rulebook::{Effect, EffectKind, Expr, Reach, Rule, SequenceId, SetId, Timing, Trigger, TypeId};
use crate::slug::Slug;

/// Finds them.
pub(super) fn analyze(book: &Book, found: &mut Vec<Diagnostic>) {
    let undoers = Undoers::of(book);
    for own in &book.rules {
        for arm in &own.rule.arms {
            for (at, effect) in arm.effects.iter().enumerate() {
                let above = arm.effects.iter().take(at).skip(at.saturating_sub(COMPARED));
                let below = arm.effects.iter().skip(at + 1).take(COMPARED);
                let by_own = below.clone().find(|below| takes_back(&effect.kind, &below.kind));
                let by_own =
                    by_own.or_else(|| above.chain(below).find(|other| forbids(book, &other.kind, &effect.kind)));
                if let Some(by) = by_own {
                    found.push(report(book, effect, by, None));
                } else if let Some((rule, by)) = undoers.of_effect(book, own, effect) {
                    found.push(report(book, effect, by, Some(rule)));
                }
            }
        }
    }
}

fn report(book: &Book, effect: &Effect, by: &Effect, rule: Option<&Rule>) -> Diagnostic {
    let (text, by_text) = (book.text(effect.range), book.text(by.range));
    let message = match rule {
        Some(rule) => format!("`{text}` is undone at the same moment by `{by_text}` of rule `{}`", rule.label),
        None => format!("`{text}` is undone at the same moment by `{by_text}`"),
    };
    let help = match (&effect.kind, &by.kind) {
        (EffectKind::Start(_), EffectKind::Stop | EffectKind::StopAccount) if rule.is_none() => {
            format!("take `{by_text}` out: a sequence that starts ends the one the lead is in")
        }
        (EffectKind::Start(_) | EffectKind::Send { .. }, _) if rule.is_some() => String::from(
            "let it wait for another event, or take it out; for what a person shall do, write `alert owner \"…\"`",
        ),
        (EffectKind::Send { .. }, _) => {
            String::from("take one of the two out; for what a person shall do, write `alert owner \"…\"`")
        }
        _ => String::from("keep the one that is meant"),
    };
    let undone = Diagnostic::new(Slug::UndoneEffect, effect.range, message).label("comes to nothing");
    // What stands in the vocabulary is not the author's to look at.
    if rule.is_some_and(|rule| rule.standard) {
        undone.help(help)
    } else {
        undone.other(by.range, "undoes it").help(help)
    }
}

/// Whether a later effect of a rule sets back what an earlier one has set.
fn takes_back(earlier: &EffectKind, later: &EffectKind) -> bool {
    use EffectKind::{Assign, Hold, Resume, Set, Suppress, Tag, Unsuppress, Untag};
    match (earlier, later) {
        (Tag(a), Untag(b)) | (Untag(a), Tag(b)) => a == b,
        (Hold { account: false, .. }, Resume) => true,
        (Suppress { reach, .. }, Unsuppress { reach: again }) => again.is_none() || reach == again,
        (Set { fact: a, value: one }, Set { fact: b, value: Expr::Constant(other) }) => {
            a == b && *one != Expr::Constant(other.clone())
        }
        (Assign(one), Assign(Expr::Constant(other))) => *one != Expr::Constant(other.clone()),
        _ => false,
    }
}

/// Whether one effect keeps another of the same moment from having any, wherever they stand.
fn forbids(book: &Book, by: &EffectKind, effect: &EffectKind) -> bool {
    use EffectKind::{Send, Start, Stop, StopAccount, StopAll, StopSequence, Suppress};
    match (by, effect) {
        (Stop | StopAccount, Start(sequence)) => !is_parallel(book, *sequence),
        (StopSequence(stopped), Start(sequence)) => stopped == sequence,
        (StopAll | Suppress { reach: None, length: None }, Start(_)) => true,
        (StopAll, Send { timing, .. }) => *timing == Timing::Now,
        (Stop | StopAccount, Send { channel, .. }) => !book.rulebook.outlasts_stops(*channel),
        (Suppress { reach, length }, Send { channel: used, timing, .. }) => {
            let covers = |reach: &Reach| reach.covers(book.rulebook, *used, &[]);
            let covered = reach.as_ref().map_or(!book.rulebook.is_internal(*used), covers);
            covered && (length.is_none() || *timing == Timing::Now)
        }
        _ => false,
    }
}

fn is_parallel(book: &Book, sequence: SequenceId) -> bool {
    book.rulebook.sequences.get(sequence).is_some_and(|sequence| sequence.parallel)
}

/// Rules that act on every event of a set and forbid something, by the types of these events.
struct Undoers<'a>(BTreeMap<TypeId, Vec<(&'a Rule, SetId)>>);

impl<'a> Undoers<'a> {
    fn of(book: &Book<'a>) -> Self {
        use EffectKind::{Stop, StopAccount, StopAll, StopSequence, Suppress};
        let mut by_type: BTreeMap<TypeId, Vec<(&Rule, SetId)>> = BTreeMap::new();
        for rule in &book.rulebook.rules {
            let forbids =
                |by: &Effect| matches!(by.kind, Stop | StopAccount | StopAll | StopSequence(_) | Suppress { .. });
            let Some(set) = always(rule).filter(|_| effects(rule).any(forbids)) else { continue };
            let types: BTreeSet<TypeId> =
                book.set(set).into_iter().flat_map(|set| &set.alternatives).map(|alternative| alternative.ty).collect();
            types.into_iter().for_each(|ty| by_type.entry(ty).or_default().push((rule, set)));
        }
        Self(by_type)
    }

    /// Another rule that acts on each event on which this one does, and forbids the effect.
    fn of_effect(&self, book: &Book<'a>, own: &Own, effect: &Effect) -> Option<(&'a Rule, &'a Effect)> {
        if !matches!(effect.kind, EffectKind::Start(_) | EffectKind::Send { .. }) {
            return None;
        }
        let set = own.rule.trigger.event()?;
        let ty = book.set(set)?.alternatives.first()?.ty;
        let others = self.0.get(&ty)?.iter().filter(|(other, _)| other.range != own.rule.range).take(COMPARED);
        others.filter(|(_, other)| book.covers(*other, set)).find_map(|(other, _)| {
            let effects = &other.arms.first()?.effects;
            let stands = |by: &Effect| !effects.iter().any(|later| takes_back(&by.kind, &later.kind));
            let by = effects.iter().find(|by| forbids(book, &by.kind, &effect.kind) && stands(by))?;
            Some((*other, by))
        })
    }
}

/// The events at every one of which a rule acts.
fn always(rule: &Rule) -> Option<SetId> {
    let unasked = rule.while_.is_none() && rule.guard.is_none() && rule.limit.is_none();
    match (&rule.trigger, rule.arms.as_slice()) {
        (Trigger::Event(set), [arm]) if unasked && arm.guard.is_none() => Some(*set),
        _ => None,
    }
}

//! Lines of decision lists, and sequences of one tier, that nobody gets to, because those above take
//! everybody.

use super::book::{Book, Own};
use super::formula::Formula;
use crate::diagnostic::Diagnostic;
use crate::rulebook::{Arm, Sequence};
use crate::slug::Slug;
use crate::source::Range;

/// Finds them.
pub(super) fn analyze(book: &Book, found: &mut Vec<Diagnostic>) {
    for own in book.rules.iter().filter(|own| own.rule.arms.len() > 1) {
        lines(book, own, found);
    }
    for (at, (_, sequence, _)) in book.sequences.iter().enumerate() {
        let earlier = book.sequences.iter().take(at).map(|(_, earlier, _)| *earlier);
        same_tier(book, sequence, earlier, found);
    }
}

fn lines(book: &Book, own: &Own, found: &mut Vec<Diagnostic>) {
    let mut above: Vec<(&Arm, Formula)> = Vec::new();
    for (arm, guard) in own.rule.arms.iter().zip(&own.guards) {
        // What can never be true has its own finding.
        if book.possible(&[&own.fires, guard]) {
            let taken: Vec<(Range, &Formula)> = above.iter().map(|(arm, not)| (arm.range, not)).collect();
            if let Some(places) = covered(book, &[&own.fires, guard], &taken) {
                let shadowed = Diagnostic::new(Slug::ShadowedLine, arm.range, "no lead ever gets to this line");
                found.push(
                    placed(shadowed.label("never reached"), places)
                        .help("the first line that matches acts; put the narrower line first, or remove this one"),
                );
                continue;
            }
            above.push((arm, guard.clone().not()));
        }
    }
}

/// Of the sequences for one tier, a lead enters the first whose `where` holds.
fn same_tier<'a>(
    book: &Book,
    sequence: &Sequence,
    earlier: impl Iterator<Item = &'a Sequence>,
    found: &mut Vec<Diagnostic>,
) {
    let started = book.sequences.iter().any(|(id, other, _)| other.range == sequence.range && book.is_started(*id));
    let Some(tier) = sequence.tier.filter(|_| !sequence.parallel && !started) else { return };
    let guard = |sequence: &Sequence| sequence.guard.as_ref().map_or(Formula::Known(true), Formula::expr);
    // A lead that may not enter a sequence again goes on to the next.
    let takes = |other: &&Sequence| {
        other.tier == Some(tier) && !other.parallel && other.again == crate::rulebook::Again::Always
    };
    let above: Vec<(Range, Formula)> = earlier.filter(takes).map(|other| (other.range, guard(other).not())).collect();
    let above: Vec<(Range, &Formula)> = above.iter().map(|(range, not)| (*range, not)).collect();
    let own = [&Formula::tier(tier, book.rulebook), &guard(sequence)];
    if !book.possible(&own) {
        return;
    }
    if let Some(places) = covered(book, &own, &above) {
        let message = format!("no lead ever enters sequence `{}`", sequence.name);
        let shadowed = Diagnostic::new(Slug::ShadowedLine, sequence.range, message).label("never entered");
        found.push(placed(shadowed, places).help(format!(
            "a lead that becomes `{}` enters the first sequence for it whose `where` holds; put the narrower one first",
            book.tier(tier)
        )));
    }
}

/// The lines above that leave nothing over: one alone where one does, else all.
fn covered<'f>(book: &Book, own: &[&'f Formula], above: &[(Range, &'f Formula)]) -> Option<Vec<Range>> {
    let possible_with = |rest: &[&'f Formula]| book.possible(&[own, rest].concat());
    if let Some((range, _)) = above.iter().find(|(_, not)| !possible_with(&[not])) {
        return Some(vec![*range]);
    }
    let all: Vec<&Formula> = above.iter().map(|(_, not)| *not).collect();
    (!possible_with(&all)).then(|| above.iter().map(|(range, _)| *range).collect())
}

fn placed(found: Diagnostic, places: Vec<Range>) -> Diagnostic {
    let label = if places.len() == 1 { "takes them all" } else { "takes a part of them" };
    places.into_iter().fold(found, |found, place| found.other(place, label))
}

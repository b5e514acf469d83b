//! Lines of decision lists, and sequences of one tier, that nobody gets to, because those above take
//! everybody.

use std::collections::BTreeMap;

use super::book::{Book, Own};
use super::formula::Formula;
use crate::diagnostic::Diagnostic;
use crate::rulebook::{Again, Arm, Sequence, TierId};
use crate::slug::Slug;
use crate::source::Range;

/// Finds them.
pub(super) fn analyze(book: &Book, found: &mut Vec<Diagnostic>) {
    for own in book.rules.iter().filter(|own| own.rule.arms.len() > 1) {
        lines(book, own, found);
    }
    // The sequences of each tier that take leads, and what is true of those that they leave.
    let mut above: BTreeMap<TierId, Vec<(Range, Formula)>> = BTreeMap::new();
    for (id, sequence, _) in &book.sequences {
        // One that an experiment enters in the place of another is for the leads of that one.
        let stands_in = book.rulebook.enters(*id).is_some();
        let Some(tier) = sequence.tier.filter(|_| !sequence.parallel && !stands_in) else { continue };
        let guard = sequence.guard.as_ref().map_or(Formula::Known(true), Formula::expr);
        let earlier = above.entry(tier).or_default();
        if !book.is_started(*id) {
            same_tier(book, (sequence, &guard, tier), earlier, found);
        }
        // A lead that may not enter a sequence again goes on to the next.
        if sequence.again == Again::Always && earlier.len() < ABOVE {
            earlier.push((sequence.range, guard.not()));
        }
    }
}

/// Below how many lines, or sequences of a tier, another one is looked for to be reached. All that stand above
/// are asked about at once, and whoever writes more of them does so by a program.
const ABOVE: usize = 64;

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
            if above.len() < ABOVE {
                above.push((arm, guard.clone().not()));
            }
        }
    }
}

/// Of the sequences for one tier, a lead enters the first whose `where` holds.
fn same_tier(
    book: &Book,
    (sequence, guard, tier): (&Sequence, &Formula, TierId),
    earlier: &[(Range, Formula)],
    found: &mut Vec<Diagnostic>,
) {
    let above: Vec<(Range, &Formula)> = earlier.iter().map(|(range, not)| (*range, not)).collect();
    let own = [&Formula::tier(tier, book.rulebook), guard];
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

//! Sequences that go on when the lead replies.

use super::book::{Book, Own, effects};
use super::formula::Formula;
use crate::diagnostic::Diagnostic;
use crate::rulebook::{EffectKind, Sequence, SequenceId, Trigger};
use crate::slug::Slug;

/// Finds them; a parallel sequence is meant to go on.
pub(super) fn analyze(book: &Book, found: &mut Vec<Diagnostic>) {
    let replies = book.rulebook.well_known.replied;
    let on_reply = |own: &&Own| match own.rule.trigger {
        Trigger::Event(set) | Trigger::Count { set, times: 1, .. } => book.covers(set, replies),
        _ => false,
    };
    let rules: Vec<&Own> = book.rules.iter().filter(on_reply).collect();
    for (id, sequence, _) in &book.sequences {
        let exits = sequence.exit_on.iter().any(|set| book.covers(*set, replies));
        // What nobody starts has its own finding.
        let begins = sequence.tier.is_some() || book.is_started(*id);
        if !begins || sequence.parallel || exits || stopped(book, &rules, *id, sequence) {
            continue;
        }
        let message = format!("a reply does not stop sequence `{}`", sequence.name);
        let goes_on = Diagnostic::new(Slug::NoStopOnReply, sequence.range, message).label("goes on after a reply");
        found.push(goes_on.help("add the rule `replied -> stop`, or `exit on replied` to the sequence"));
    }
}

/// Whether the rules that act on a reply end a sequence, in whatever tier and sequences its leads are. What
/// a rule asks beside its `while` is taken to be the author's exception.
fn stopped(book: &Book, rules: &[&Own], id: SequenceId, sequence: &Sequence) -> bool {
    let tier = sequence.tier.filter(|_| !book.is_started(id)).map(|tier| Formula::tier(tier, book.rulebook));
    let mut going_on: Vec<Formula> = tier.into_iter().chain([Formula::inside(id)]).collect();
    for own in rules.iter().filter(|own| effects(own.rule).any(|effect| ends(book, &effect.kind, id, sequence))) {
        let state = own.rule.while_.as_ref().map(|state| Formula::state(state, book.rulebook));
        going_on.push(state.unwrap_or(Formula::Known(true)).not());
    }
    !book.possible(&going_on.iter().collect::<Vec<_>>())
}

fn ends(book: &Book, kind: &EffectKind, id: SequenceId, sequence: &Sequence) -> bool {
    let takes_its_place =
        |other: SequenceId| other != id && book.rulebook.sequences.get(other).is_some_and(|other| !other.parallel);
    match kind {
        EffectKind::Stop | EffectKind::StopAll | EffectKind::StopAccount => true,
        EffectKind::StopSequence(stopped) => *stopped == id,
        EffectKind::Suppress { reach: None, length: None } => true,
        EffectKind::Tier(tier) => sequence.tier.is_some_and(|own| own != *tier),
        EffectKind::Start(started) => takes_its_place(*started),
        _ => false,
    }
}

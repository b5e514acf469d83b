//! Sequences that go on when the lead replies.

use super::book::{Book, Own};
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
        if !begins || sequence.parallel || exits || rules.iter().any(|own| stops(book, own, *id, sequence)) {
            continue;
        }
        let message = format!("a reply does not stop sequence `{}`", sequence.name);
        let goes_on = Diagnostic::new(Slug::NoStopOnReply, sequence.range, message).label("goes on after a reply");
        found.push(goes_on.help("add the rule `replied -> stop`, or `exit on replied` to the sequence"));
    }
}

/// Whether a rule that acts on a reply ends a sequence, at least for some leads that are in it.
fn stops(book: &Book, own: &Own, id: SequenceId, sequence: &Sequence) -> bool {
    let elsewhere = |other: SequenceId| {
        other != id && book.rulebook.sequences.get(other.index()).is_some_and(|other| !other.parallel)
    };
    let ends = |kind: &EffectKind| match kind {
        EffectKind::Stop | EffectKind::StopAll | EffectKind::StopAccount => true,
        EffectKind::StopSequence(stopped) => *stopped == id,
        EffectKind::Suppress { channel: None, length: None } => true,
        EffectKind::Tier(tier) => sequence.tier.is_some_and(|own| own != *tier),
        EffectKind::Start(started) => elsewhere(*started),
        _ => false,
    };
    let tier = sequence.tier.filter(|_| !book.is_started(id)).map(|tier| Formula::tier(tier, book.rulebook));
    let inside = Formula::All(tier.into_iter().chain([Formula::inside(id)]).collect());
    own.rule.arms.iter().zip(&own.guards).any(|(arm, guard)| {
        arm.effects.iter().any(|effect| ends(&effect.kind)) && book.possible(&[&own.fires, guard, &inside])
    })
}

//! Tiers no rule moves a lead to, and rules that wait for the end of what never ends.

use super::book::{Book, effects};
use crate::diagnostic::Diagnostic;
use crate::rulebook::{EffectKind, Trigger};
use crate::slug::Slug;

/// Finds them.
pub(super) fn analyze(book: &Book, found: &mut Vec<Diagnostic>) {
    for (id, tier) in book.rulebook.tiers.with_ids() {
        let reaches = EffectKind::Tier(id);
        if !book.rules.iter().flat_map(|own| effects(own.rule)).any(|effect| effect.kind == reaches) {
            let message = format!("no rule moves a lead to tier `{}`", tier.name);
            let unreached = Diagnostic::new(Slug::UnreachedTier, tier.range, message).label("nobody gets here");
            found.push(unreached.help(format!("write a rule that does, `… -> {}`, or take the tier out", tier.name)));
        }
    }
    for own in &book.rules {
        let Trigger::Finished(id) = own.rule.trigger else { continue };
        let Some(sequence) = book.rulebook.sequences.get(id) else { continue };
        if let Some((tail, None)) = &sequence.tail {
            let message = format!("sequence `{}` never finishes", sequence.name);
            let endless = Diagnostic::new(Slug::NeverFinished, own.decl.trigger.range, message).label("never fires");
            let endless = endless.other(tail.range, "goes on for ever");
            found.push(endless.help("end it, `up to 4 times`, or wait for something else, such as `exited`"));
        }
    }
}

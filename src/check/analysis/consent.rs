//! Messages to leads who were never asked: consent to text messages taken for granted, and channels of
//! one's own that ask nothing.

use std::collections::BTreeMap;

use super::book::{Book, effects, touches};
use crate::diagnostic::Diagnostic;
use crate::rulebook::{ChannelId, EffectKind};
use crate::slug::Slug;
use crate::source::Range;
use crate::syntax::tree::ItemKind;
use crate::value::Value;

/// Finds them where something is sent on the channel.
pub(super) fn analyze(book: &Book, found: &mut Vec<Diagnostic>) {
    let sent = sent(book);
    for (id, channel) in book.rulebook.channels.with_ids() {
        let Some(first) = sent.get(&id) else { continue };
        if channel.manual || channel.transactional || !channel.requires.is_empty() {
            continue;
        }
        let message = format!("nobody is asked before `{}` is used", channel.name);
        let unasked = Diagnostic::new(Slug::NoConsent, channel.range, message).label("requires nothing");
        found.push(unasked.other(*first, "used here").help(format!(
            "declare the consent and require it: `lead {{ {0}_ok bool = false }}`, `channel {0} {{ require {0}_ok }}`",
            channel.name
        )));
    }
    if let Some(first) = book.rulebook.channels.find("sms").and_then(|id| sent.get(&id)) {
        assumed(book, *first, found);
    }
}

/// `lead { sms_ok bool = true }`
fn assumed(book: &Book, first: Range, found: &mut Vec<Diagnostic>) {
    let granted = book.rulebook.facts.iter().any(|fact| fact.name == "sms_ok" && fact.default == Value::Bool(true));
    let fields = book.files.iter().flat_map(|file| &file.items).filter_map(|item| match &item.node {
        ItemKind::Lead(fields) => Some(fields),
        _ => None,
    });
    if let Some(field) = fields.flatten().find(|field| field.name.node == "sms_ok").filter(|_| granted) {
        let message = "text messages go to every lead who has not objected";
        let taken = Diagnostic::new(Slug::NoConsent, field.range, message).label("consent taken for granted");
        found.push(
            taken.other(first, "sent here").help(
                "say `= false` and let the log set it, or allow this finding with the reason why all have agreed",
            ),
        );
    }
}

/// The channels on which something is sent, with the first place.
fn sent(book: &Book) -> BTreeMap<ChannelId, Range> {
    let mut sent = BTreeMap::new();
    for touch in book.sequences.iter().flat_map(|(_, sequence, _)| touches(sequence)) {
        for (channel, _) in &touch.choices {
            sent.entry(*channel).or_insert(touch.range);
        }
    }
    for effect in book.rules.iter().flat_map(|own| effects(own.rule)) {
        if let EffectKind::Send { channel, .. } = effect.kind {
            sent.entry(channel).or_insert(effect.range);
        }
    }
    sent
}

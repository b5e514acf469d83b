//! Channels that send mail or texts and do not say so: opt-outs, bounces and consent of the usual channel
//! do not reach them.

use super::book::{Book, effects, touches};
use crate::diagnostic::Diagnostic;
use crate::rulebook::{Channel, ChannelId, EffectKind, Expr, is_consent};
use crate::slug::Slug;

/// The usual channels that a program uses by itself, and the words in a channel's name that tell of them.
const USUAL: [(&str, &[&str]); 2] =
    [("email", &["mail", "newsletter", "smtp"]), ("sms", &["sms", "text_message", "texting"])];

/// Finds them.
pub(super) fn analyze(book: &Book, found: &mut Vec<Diagnostic>) {
    let rulebook = book.rulebook;
    for (id, channel) in rulebook.channels.with_ids() {
        let own = book.files.iter().any(|file| file.source == channel.range.source);
        if !own || channel.manual || channel.kind != id || USUAL.iter().any(|(usual, _)| *usual == channel.name) {
            continue;
        }
        let Some((usual, _)) = USUAL.iter().find(|(usual, words)| is_such(book, (id, channel), usual, words)) else {
            continue;
        };
        let message = format!("`{}` looks like {usual}, and opt-outs of {usual} do not reach it", channel.name);
        let apart = Diagnostic::new(Slug::ChannelWithoutKind, channel.range, message).label("of a kind of its own");
        found.push(apart.help(format!(
            "write `channel {} like {usual} {{ … }}`: then consent, opt-outs and bounces of {usual} hold for it",
            channel.name
        )));
    }
}

/// Finds outreach on transactional channels, and rules that lift opt-outs.
pub(super) fn permissions(book: &Book, found: &mut Vec<Diagnostic>) {
    let rulebook = book.rulebook;
    for (_, sequence, _) in book.sequences.iter().filter(|(_, sequence, _)| !sequence.parallel) {
        for touch in touches(sequence) {
            let transactional = touch
                .choices
                .iter()
                .find(|(channel, _)| rulebook.channels.get(*channel).is_some_and(|channel| channel.transactional));
            let Some((channel, _)) = transactional else { continue };
            let name = rulebook.channels.name(*channel);
            let message = format!("a touch of `{}` goes out on `{name}`, which is transactional", sequence.name);
            let loose = Diagnostic::new(Slug::TransactionalInSequence, touch.range, message).label("no limit holds");
            found.push(loose.help("send it on a channel with hours and consent, or answer an event by a rule"));
        }
    }
    for own in &book.rules {
        let Some(set) = own.rule.trigger.event().filter(|set| is_consent(rulebook, *set)) else { continue };
        let _ = set;
        for effect in effects(own.rule).filter(|effect| matches!(effect.kind, EffectKind::Unsuppress { .. })) {
            let lifts = Diagnostic::new(Slug::LiftsOptOut, effect.range, "this lets mail go to people who opted out");
            let help = "be sure that they asked for it, and allow the finding with the reason";
            found.push(lifts.label("lifts an opt-out that is older").help(help));
        }
    }
}

/// Whether a channel is a usual one under another name: by its name, by the consent or the address it asks
/// for, or, for mail, by a subject.
fn is_such(book: &Book, (id, channel): (ChannelId, &Channel), usual: &str, words: &[&str]) -> bool {
    let facts = &book.rulebook.facts;
    let consent = format!("{usual}_ok");
    let address = if usual == "email" { "email" } else { "phone" };
    let asks = |expr: &Expr| matches!(expr, Expr::Fact(fact) if facts.name(*fact) == consent);
    let named = words.iter().any(|word| channel.name.contains(word));
    let asked = channel.requires.iter().any(|(expr, _)| asks(expr));
    let addressed = channel.needs.iter().any(|fact| facts.name(*fact) == address);
    let of_channel = || book.rulebook.templates.iter().filter(move |template| template.channel == id);
    let headed = usual == "email" && of_channel().any(|template| template.template.has_subject());
    named || asked || addressed || headed
}

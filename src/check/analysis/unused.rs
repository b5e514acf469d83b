//! What is declared and never used.

use std::collections::BTreeSet;

use super::book::{Book, effects, touches};
use super::mention::Mentions;
use crate::diagnostic::Diagnostic;
use crate::rulebook::{EffectKind, Experiment, Expiry, Expr, Reach, Read, ScoreId, Trigger};
use crate::slug::Slug;
use crate::source::Range;
use crate::syntax::tree::{ItemKind, Name};

/// Finds them; templates are judged with the messages that name them.
pub(super) fn analyze(book: &Book, found: &mut Vec<Diagnostic>) {
    let mentions = Mentions::of(&book.files);
    let is_standard = |name: &Name| book.standard_events.contains(name.node.as_str());
    let scripts = script_words(book);
    for item in book.files.iter().flat_map(|file| &file.items) {
        match &item.node {
            ItemKind::Event(event) => {
                let used = |name: &Name| {
                    let name_used = |names: &BTreeSet<&str>| names.contains(name.node.as_str());
                    name_used(&mentions.names) || name_used(&mentions.members) || name_used(&scripts)
                };
                // One that sets facts of the lead does something by itself.
                let sets = event.fields.iter().any(|field| field.sets.is_some());
                if !sets && !event.names.iter().any(|name| used(name) || is_standard(name)) {
                    found.extend(
                        event.names.first().map(|name| unused(Slug::UnusedEvent, "event", name.range, &name.node)),
                    );
                }
            }
            ItemKind::Group(group) => {
                let name = group.name.node.as_str();
                let used = mentions.names.contains(name) || mentions.members.contains(name) || scripts.contains(name);
                if !used && !is_standard(&group.name) {
                    found.push(unused(Slug::UnusedEvent, "group", group.name.range, name));
                }
            }
            ItemKind::Let(constant) => {
                if !mentions.names.contains(constant.name.node.as_str()) {
                    let name = &constant.name;
                    found.push(unused(Slug::UnusedConstant, "constant", name.range, &name.node));
                }
            }
            ItemKind::Calendar(calendar) => {
                // Parts of the day and open hours go by `office` where a channel has no calendar.
                let name = &calendar.name;
                let id = book.rulebook.calendars.find(&name.node);
                let used = book.rulebook.channels.iter().any(|channel| channel.calendar == id);
                if !used && name.node != "office" {
                    found.push(unused(Slug::UnusedCalendar, "calendar", name.range, &name.node));
                }
            }
            ItemKind::Channel(channel) => channels(book, &channel.name, found),
            _ => {}
        }
    }
    sequences(book, found);
    scores(book, found);
    functions(book, &mentions, found);
}

fn unused(slug: Slug, what: &str, range: Range, name: &str) -> Diagnostic {
    let found = Diagnostic::new(slug, range, format!("nothing uses {what} `{name}`"));
    found.label("never used").help("use it, or take it out")
}

/// Every text and word of the scripts: they name events, scores and functions in quotes.
fn script_words<'a>(book: &'a Book<'a>) -> BTreeSet<&'a str> {
    let texts = book.rulebook.scripts.iter().map(|script| book.rulebook.sources.text(script.range));
    texts.flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')).collect()
}

fn channels(book: &Book, name: &Name, found: &mut Vec<Diagnostic>) {
    let Some(id) = book.rulebook.channels.position(|channel| channel.range == name.range) else { return };
    let standard = ["email", "sms", "call", "task", "linkedin"].contains(&name.node.as_str());
    let sent = book
        .sequences
        .iter()
        .flat_map(|(_, sequence, _)| touches(sequence))
        .chain(book.rulebook.experiments.iter().flat_map(Experiment::touches))
        .any(|touch| touch.choices.iter().any(|(channel, _)| *channel == id));
    let named = book.rules.iter().flat_map(|own| effects(own.rule)).any(|effect| match effect.kind {
        EffectKind::Send { channel, .. } => channel == id,
        EffectKind::Suppress { reach, .. } | EffectKind::Unsuppress { reach } => reach == Some(Reach::Channel(id)),
        _ => false,
    });
    if !standard && !sent && !named {
        found.push(unused(Slug::UnusedChannel, "channel", name.range, &name.node));
    }
}

fn sequences(book: &Book, found: &mut Vec<Diagnostic>) {
    for (id, sequence, _) in &book.sequences {
        if sequence.tier.is_none() && !book.is_started(*id) {
            let message = format!("nothing starts sequence `{}`", sequence.name);
            let idle = Diagnostic::new(Slug::UnusedSequence, sequence.range, message).label("never started");
            found.push(idle.help(format!(
                "start it by a rule, `… -> start {0}`, or for a tier, `sequence {0} for hot`",
                sequence.name
            )));
        }
    }
}

fn scores(book: &Book, found: &mut Vec<Diagnostic>) {
    let mut read: BTreeSet<ScoreId> = BTreeSet::new();
    for expr in expressions(book) {
        expr.walk(&mut |part| read.extend(if let Expr::Score(score) = part { Some(*score) } else { None }));
    }
    for own in &book.rules {
        if let Trigger::Score { score, .. } = own.rule.trigger {
            read.insert(score);
        }
    }
    for script in &book.rulebook.scripts {
        read.extend(script.reads.iter().filter_map(|read| match read {
            Read::Score(score) => Some(*score),
            _ => None,
        }));
    }
    for (id, score) in book.rulebook.scores.with_ids() {
        if !read.contains(&id) {
            let message = format!("no rule asks for score `{}`", score.name);
            let idle = Diagnostic::new(Slug::UnusedScore, score.range, message).label("never asked for");
            found.push(idle.help(format!("let a rule act on it, `{} >= 60 -> …`, or take it out", score.name)));
        }
    }
}

/// Every expression of rules, sequences and channels.
fn expressions<'a>(book: &'a Book<'a>) -> impl Iterator<Item = &'a Expr> {
    let rules = book.rules.iter().flat_map(|own| {
        let guards = own.rule.arms.iter().filter_map(|arm| arm.guard.as_ref());
        let values = effects(own.rule).filter_map(|effect| match &effect.kind {
            EffectKind::Assign(value) | EffectKind::Set { value, .. } | EffectKind::Add { amount: value, .. } => {
                Some(value)
            }
            _ => None,
        });
        let expiries = effects(own.rule).filter_map(|effect| match &effect.kind {
            EffectKind::Send { expires: Some(Expiry::At(moment)), .. }
            | EffectKind::Alert { expires: Some(Expiry::At(moment)), .. }
            | EffectKind::Escalate { expires: Some(Expiry::At(moment)), .. } => Some(moment),
            _ => None,
        });
        own.rule.guard.iter().chain(guards).chain(values).chain(expiries)
    });
    let sequences = book.sequences.iter().flat_map(|(_, sequence, _)| {
        sequence.guard.iter().chain(touches(sequence).filter_map(|touch| touch.condition.as_ref()))
    });
    let channels = book.rulebook.channels.iter().flat_map(|channel| channel.requires.iter().map(|(expr, _)| expr));
    rules.chain(sequences).chain(channels)
}

fn functions(book: &Book, mentions: &Mentions, found: &mut Vec<Diagnostic>) {
    let texts: Vec<&str> =
        book.rulebook.scripts.iter().map(|script| book.rulebook.sources.text(script.range)).collect();
    for script in &book.rulebook.scripts {
        let text = book.rulebook.sources.text(script.range);
        // Functions of a score's own script are its own affair.
        if script.script.has_result() {
            continue;
        }
        for function in script.script.functions() {
            let declared = format!("fn {}", function.name);
            let Some(at) = text.find(&declared) else { continue };
            let called = texts.iter().map(|text| words(text, &function.name)).sum::<usize>() > 1;
            if !called && !mentions.calls.contains(function.name.as_str()) {
                let start = script.range.start + at as u32 + 3;
                let range = Range { start, end: start + function.name.len() as u32, ..script.range };
                found.push(unused(Slug::UnusedFunction, "function", range, &function.name));
            }
        }
    }
}

/// How often a name stands in a text.
fn words(text: &str, name: &str) -> usize {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| *word == name).count()
}

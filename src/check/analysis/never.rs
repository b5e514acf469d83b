//! Conditions that no lead can ever meet: alone, or together with what stands around them.

use std::collections::BTreeSet;

use super::book::{Book, Own, Written, touches};
use super::formula::Formula;
use super::leaps;
use crate::decimal::Decimal;
use crate::diagnostic::Diagnostic;
use crate::rulebook::{ChannelId, EventSet, Sequence, SequenceId, SetId, Touch, Trigger};
use crate::slug::Slug;
use crate::source::Range;
use crate::syntax::tree::{ChannelClause, EventRef, ItemKind, RuleBody, ScoreLine, SequenceClause, TriggerKind};

/// Finds them in events, rules, sequences, scores and channels.
pub(super) fn analyze(book: &Book, found: &mut Vec<Diagnostic>) {
    let broken = events(book, found);
    for own in &book.rules {
        rule(book, own, &broken, found);
    }
    sequences(book, &broken, found);
    scores(book, &broken, found);
    channels(book, found);
}

/// Events that never happen for their own `where`; what else speaks of them is not reported again.
fn events<'a>(book: &Book<'a>, found: &mut Vec<Diagnostic>) -> BTreeSet<&'a str> {
    let mut broken = BTreeSet::new();
    for item in book.files.iter().flat_map(|file| &file.items) {
        let ItemKind::Event(event) = &item.node else { continue };
        let Some(guard) = &event.guard else { continue };
        let is_whole = |set: &EventSet| event.names.iter().any(|name| set.is_named(&name.node));
        let set = book.rulebook.sets.position(is_whole);
        if set.is_some_and(|set| !book.possible(&[&Formula::event(set, book.rulebook)])) {
            broken.extend(event.names.iter().map(|name| name.node.as_str()));
            found.push(alone(book, Written::expr(guard)));
        }
    }
    broken
}

/// Whether a set of events can never happen; reported where it is spoken of.
fn event(book: &Book, set: SetId, at: &EventRef, broken: &BTreeSet<&str>, found: &mut Vec<Diagnostic>) -> bool {
    let never = !book.possible(&[&Formula::event(set, book.rulebook)]);
    if never && !broken.contains(at.name.node.as_str()) {
        let message = format!("`{}` never happens", book.text(at.range));
        let place = at.filters.first().map_or(at.range, |filter| filter.range);
        let found_here = Diagnostic::new(Slug::NeverTrue, place, message).label("never true");
        found.push(found_here.help(format!("no event of `{}` meets this condition; change it", at.name.node)));
    }
    never
}

fn rule(book: &Book, own: &Own, broken: &BTreeSet<&str>, found: &mut Vec<Diagnostic>) {
    if trigger(book, own, broken, found) {
        return;
    }
    let head = own.decl.trigger.range;
    let mut before = vec![(head, Formula::trigger(&own.rule.trigger, book.rulebook))];
    let state = own.rule.while_.as_ref().map(|state| Formula::state(state, book.rulebook));
    let state = own.decl.while_.as_ref().map(Written::state).zip(state);
    let guard = own.decl.guard.as_ref().map(Written::expr);
    let guard = guard.zip(own.rule.guard.as_ref().map(Formula::expr));
    for (at, formula) in [state, guard].into_iter().flatten() {
        if let Some(never) = contradiction(book, at, &formula, &before) {
            found.push(never);
            return;
        }
        before.push((at.range, formula));
    }
    let RuleBody::Decision(arms) = &own.decl.body else { return };
    for (arm, formula) in arms.iter().zip(&own.guards) {
        if let Some(guard) = &arm.guard {
            found.extend(contradiction(book, Written::expr(guard), formula, &before));
        }
    }
}

/// Whether a rule's trigger can never be.
fn trigger(book: &Book, own: &Own, broken: &BTreeSet<&str>, found: &mut Vec<Diagnostic>) -> bool {
    match (&own.rule.trigger, &own.decl.trigger.node) {
        (Trigger::Event(set), TriggerKind::Event(at))
        | (Trigger::Absent { set, .. }, TriggerKind::Absent { event: at, .. }) => event(book, *set, at, broken, found),
        (Trigger::Count { set, without, .. }, TriggerKind::Count { event: at, without: at_without, .. }) => {
            if let (Some(set), Some(at)) = (without, at_without) {
                event(book, *set, at, broken, found);
            }
            event(book, *set, at, broken, found) || emptied(book, own, found)
        }
        (Trigger::Follows { set, after, .. }, TriggerKind::Follows { event: at, after: at_after, .. })
        | (Trigger::AbsentAfter { set, after, .. }, TriggerKind::AbsentAfter { event: at, after: at_after, .. }) => {
            let second = event(book, *after, at_after, broken, found);
            event(book, *set, at, broken, found) || second
        }
        (Trigger::Score { score, .. }, _) => {
            let never = !book.possible(&[&Formula::trigger(&own.rule.trigger, book.rulebook)]);
            if !never && beyond(book, own, found) {
                return true;
            }
            if let Some(score) = book.rulebook.scores.get(*score).filter(|_| never) {
                let message = format!("score `{}` never crosses this line", score.name);
                let found_here = Diagnostic::new(Slug::NeverTrue, own.decl.trigger.range, message);
                let found_here =
                    found_here.label("out of reach").other(score.range, "its `cap` and `floor` stand here");
                found.push(found_here.help("choose a line between the score's `floor` and its `cap`"));
            }
            never
        }
        _ => false,
    }
}

/// Whether every event that a rule counts also empties its count.
fn emptied(book: &Book, own: &Own, found: &mut Vec<Diagnostic>) -> bool {
    let Trigger::Count { set, times, without: Some(without), .. } = own.rule.trigger else { return false };
    let never = times > 1 && book.covers(without, set);
    if never {
        let message = format!("this count never gets to {times}");
        let found_here = Diagnostic::new(Slug::NeverTrue, own.decl.trigger.range, message);
        let found_here = found_here.label("each event empties it again");
        found.push(found_here.help("after `without`, name an event that is not counted, or take it out"));
    }
    never
}

/// Whether a score is always past the line a rule waits for, so that it never gets there.
fn beyond(book: &Book, own: &Own, found: &mut Vec<Diagnostic>) -> bool {
    let Trigger::Score { score: id, upward, inclusive, value } = own.rule.trigger else { return false };
    let Some(score) = book.rulebook.scores.get(id) else { return false };
    let before = Formula::trigger(&own.rule.trigger, book.rulebook).not();
    let bounded = !book.possible(&[&before]);
    // Without points of the other sign a score never leaves its side of zero, where it begins.
    let past = if upward { value < Decimal::ZERO } else { value > Decimal::ZERO };
    let starts_past = (past || inclusive && value == Decimal::ZERO) && !leaps::leaves_zero(book, id, !upward);
    if bounded || starts_past {
        let side = if upward { "below" } else { "above" };
        let message = format!("score `{}` is never {side} this line, and so never crosses it", score.name);
        let found_here = Diagnostic::new(Slug::NeverTrue, own.decl.trigger.range, message).label("true from the start");
        let found_here = found_here.other(score.range, "declared here");
        let help = if upward { "choose a higher line" } else { "choose a lower line" };
        found.push(found_here.help(format!("{help}; for what holds from the start, write `created`")));
    }
    bounded || starts_past
}

fn sequences(book: &Book, broken: &BTreeSet<&str>, found: &mut Vec<Diagnostic>) {
    for (id, sequence, decl) in &book.sequences {
        let exits = decl.clauses.iter().filter_map(|clause| match &clause.node {
            SequenceClause::ExitOn(events) => Some(events),
            _ => None,
        });
        for (set, at) in sequence.exit_on.iter().zip(exits.flatten()) {
            event(book, *set, at, broken, found);
        }
        let mut before = Vec::new();
        if let (Some(tier), Some(at)) = (sequence.tier.filter(|_| !book.is_started(*id)), &decl.tier) {
            before.push((at.range, Formula::tier(tier, book.rulebook)));
        }
        if let (Some(guard), Some(at)) = (&sequence.guard, &decl.guard)
            && let Some(never) = contradiction(book, Written::expr(at), &Formula::expr(guard), &before)
        {
            found.push(never);
            continue;
        }
        touch_conditions(book, (*id, sequence), &before, found);
    }
}

/// `if` of touches, with the tier of their sequence and with what their channels require.
fn touch_conditions(
    book: &Book,
    (id, sequence): (SequenceId, &Sequence),
    before: &[(Range, Formula)],
    found: &mut Vec<Diagnostic>,
) {
    let written = book.sequences.iter().find(|(other, ..)| *other == id).map(|(_, _, decl)| decl);
    let conditions = written.into_iter().flat_map(|decl| {
        let messages = decl.touches.iter().map(|touch| (touch.range, &touch.message));
        messages.chain(decl.tail.iter().map(|tail| (tail.range, &tail.message)))
    });
    for (range, message) in conditions {
        let Some(at) = &message.condition else { continue };
        let Some(touch) = touches(sequence).find(|touch| touch.range == range) else { continue };
        let Some(condition) = touch.condition.as_ref().map(Formula::expr) else { continue };
        if let Some(never) = contradiction(book, Written::expr(at), &condition, before) {
            found.push(never);
        } else if !book.possible(&[&condition, &sendable(book, touch)]) {
            let message = format!("`{}` is never true where the channel may be used", book.text(at.range));
            let found_here =
                Diagnostic::new(Slug::NeverTrue, at.range, message).label("the channel requires otherwise");
            found.push(found_here.help("take the condition out, or send on another channel"));
        }
    }
}

/// That one of a touch's channels may be used.
fn sendable(book: &Book, touch: &Touch) -> Formula {
    let required = |channel: &ChannelId| {
        let channel = book.rulebook.channels.get(*channel);
        Formula::All(channel.into_iter().flat_map(|c| &c.requires).map(|(expr, _)| Formula::expr(expr)).collect())
    };
    Formula::Any(touch.choices.iter().map(|(channel, _)| required(channel)).collect())
}

fn scores(book: &Book, broken: &BTreeSet<&str>, found: &mut Vec<Diagnostic>) {
    for item in book.files.iter().flat_map(|file| &file.items) {
        let ItemKind::Score(decl) = &item.node else { continue };
        let Some(score) = book.rulebook.scores.iter().find(|score| score.range == decl.name.range) else { continue };
        let lines = decl.lines.iter().filter_map(|line| match &line.node {
            ScoreLine::Points(event, _) => Some(event),
            _ => None,
        });
        for ((set, _), at) in score.points.iter().zip(lines) {
            event(book, *set, at, broken, found);
        }
    }
}

fn channels(book: &Book, found: &mut Vec<Diagnostic>) {
    for item in book.files.iter().flat_map(|file| &file.items) {
        let ItemKind::Channel(decl) = &item.node else { continue };
        let channel = book.rulebook.channels.iter().find(|channel| channel.range == decl.name.range);
        let mut before: Vec<(Range, Formula)> = Vec::new();
        for clause in &decl.clauses {
            let ChannelClause::Require(at) = &clause.node else { continue };
            let text = book.text(at.range);
            let required = channel.and_then(|channel| channel.requires.iter().find(|(_, other)| *other == text));
            let Some((expr, _)) = required else { continue };
            let formula = Formula::expr(expr);
            if let Some(never) = contradiction(book, Written::expr(at), &formula, &before) {
                found.push(never);
                break;
            }
            before.push((at.range, formula));
        }
    }
}

/// The finding where a condition can never hold, alone or after those before it.
fn contradiction(book: &Book, at: Written, formula: &Formula, before: &[(Range, Formula)]) -> Option<Diagnostic> {
    if !book.possible(&[formula]) {
        return Some(alone(book, at));
    }
    let all: Vec<&Formula> = before.iter().map(|(_, formula)| formula).chain([formula]).collect();
    if book.possible(&all) {
        return None;
    }
    let message = format!("`{}` is never true here", book.text(at.range));
    let mut never = Diagnostic::new(Slug::NeverTrue, at.range, message).label("never true");
    // One place before it is enough where that alone contradicts it.
    let single = before.iter().find(|(_, other)| !book.possible(&[other, formula]));
    for (place, _) in single.map_or(before, std::slice::from_ref) {
        never = never.other(*place, "contradicts this");
    }
    Some(never.help("both must hold at the same moment; change one of them, or remove the line"))
}

fn alone(book: &Book, at: Written) -> Diagnostic {
    let text = book.text(at.range);
    let help = if at.and {
        "no lead can meet all of this at one moment; change a part, or say `or` where one of them is enough"
    } else {
        "no value can meet this; change the condition, or remove what depends on it"
    };
    Diagnostic::new(Slug::NeverTrue, at.range, format!("`{text}` is never true")).label("never true").help(help)
}

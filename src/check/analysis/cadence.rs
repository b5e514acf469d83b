//! The rhythm of sequences: touches closer than the gap, and long silences where a lead is warm.

use super::book::Book;
use crate::diagnostic::Diagnostic;
use crate::rulebook::{Experiment, Given, Sequence, Touch, TouchTime, When};
use crate::slug::Slug;
use crate::source::Range;

/// Minutes of a day.
const DAY: i64 = 1_440;
/// For how many days a lead of an urgent tier should not be left alone.
const LONGEST: u32 = 7;

/// Finds them.
pub(super) fn analyze(book: &Book, found: &mut Vec<Diagnostic>) {
    for (id, sequence, _) in &book.sequences {
        for pair in sequence.touches.windows(2) {
            if let [before, touch] = pair {
                found.extend(too_close(book, sequence, (before, before.range), (touch, touch.range)));
            }
        }
        for experiment in book.rulebook.experiments.iter().filter(|of| of.sequence == *id) {
            variants_too_close(book, sequence, experiment, found);
        }
        // Of several long silences in a sequence the first stands for all.
        if is_urgent(book, sequence) {
            found.extend(sequence.touches.windows(2).find_map(|pair| match pair {
                [before, touch] => long_silence(before, touch),
                _ => None,
            }));
        }
    }
}

/// Variants of a touch that the gap always moves, or that always move the touch after them: what is compared is
/// not what is written then.
fn variants_too_close(book: &Book, sequence: &Sequence, experiment: &Experiment, found: &mut Vec<Diagnostic>) {
    let Some(at) = experiment.touch.map(usize::from) else { return };
    let before = at.checked_sub(1).and_then(|at| sequence.touches.get(at));
    let (Some(written), after) = (sequence.touches.get(at), sequence.touches.get(at + 1)) else { return };
    for variant in &experiment.variants {
        let Given::Touch(touch) = &variant.given else { continue };
        // What is written has been looked at as it stands.
        if (touch.when, &touch.time) == (written.when, &written.time) {
            continue;
        }
        let own = (touch.as_ref(), variant.range);
        let early = before.and_then(|before| too_close(book, sequence, (before, before.range), own));
        let late = || after.and_then(|after| too_close(book, sequence, own, (after, after.range)));
        found.extend(early.or_else(late));
    }
}

/// A touch that the gap always moves.
fn too_close(
    book: &Book,
    sequence: &Sequence,
    (before, earlier): (&Touch, Range),
    (touch, place): (&Touch, Range),
) -> Option<Diagnostic> {
    let (When::Days(first, _), When::Days(_, last)) = (before.when, touch.when) else { return None };
    let gap = sequence.gap.measured()?;
    // A touch that is skipped leaves no gap.
    if before.condition.is_some() || before.expires.is_some() {
        return None;
    }
    let apart = (i64::from(last) - i64::from(first)) * DAY + bounds(book, touch).1 - bounds(book, before).0;
    if apart * 60_000_000 >= gap.0 {
        return None;
    }
    let message = format!("this touch is always moved: the gap before it is {}", sequence.gap);
    let close = Diagnostic::new(Slug::CloserThanGap, place, message).label("too soon");
    let close = close.other(earlier, "after this one");
    Some(close.help("put it on a later day, or say a shorter `gap` in the sequence"))
}

/// The first and the last minute of a day at which a touch can be nominally due.
fn bounds(book: &Book, touch: &Touch) -> (i64, i64) {
    match &touch.time {
        TouchTime::At(at) => (i64::from(at.0), i64::from(at.0)),
        TouchTime::Part(_, start, end) if start < end => (i64::from(start.0), i64::from(end.0)),
        TouchTime::Part(..) => (0, DAY),
        TouchTime::Any => {
            let calendar = touch.choices.first().and_then(|(channel, _)| {
                let channel = book.rulebook.channels.get(*channel)?;
                book.rulebook.calendars.get(channel.calendar?)?.hours
            });
            calendar.filter(|(start, end)| start < end).map_or((0, DAY), |(s, e)| (i64::from(s.0), i64::from(e.0)))
        }
    }
}

/// Whether a sequence is for a tier of the more urgent half.
fn is_urgent(book: &Book, sequence: &Sequence) -> bool {
    let half = book.rulebook.tiers.len().div_ceil(2);
    sequence.tier.is_some_and(|tier| tier.index() < half)
}

fn long_silence(before: &Touch, touch: &Touch) -> Option<Diagnostic> {
    let (When::Days(_, last), When::Days(first, _)) = (before.when, touch.when) else { return None };
    let days = first.checked_sub(last).filter(|days| *days > LONGEST)?;
    let message = format!("{days} days pass without a touch");
    let silence = Diagnostic::new(Slug::LongSilence, touch.range, message).label(format!("{days} days later"));
    let silence = silence.other(before.range, "the touch before");
    Some(silence.help("a warm lead cools within a week; put a touch between the two"))
}

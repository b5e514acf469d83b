//! Times at which a channel is never open: channels closed all week, and actions at a time that is
//! always moved.

use super::book::{Book, effects};
use crate::calendar::ClockRange;
use crate::diagnostic::Diagnostic;
use crate::rulebook::{Channel, Effect, EffectKind, Timing};
use crate::slug::Slug;
use crate::units::ClockTime;

/// Minutes of a day.
const DAY: u16 = 1_440;

/// Finds them.
pub(super) fn analyze(book: &Book, found: &mut Vec<Diagnostic>) {
    let own = |channel: &&Channel| book.files.iter().any(|file| file.source == channel.range.source);
    for channel in book.rulebook.channels.iter().filter(own) {
        if !(0..DAY).any(|minute| is_open(book, channel, ClockTime(minute))) {
            let message = format!("channel `{}` is never open", channel.name);
            let closed = Diagnostic::new(Slug::ChannelNeverOpen, channel.range, message).label("nothing is ever sent");
            found.push(closed.help("its calendar and its `quiet` hours leave no minute over; change one of them"));
        }
    }
    for effect in book.rules.iter().flat_map(|own| effects(own.rule)) {
        action(book, effect, found);
    }
}

fn action(book: &Book, effect: &Effect, found: &mut Vec<Diagnostic>) {
    let EffectKind::Send { channel, timing, .. } = &effect.kind else { return };
    let Some(channel) = book.rulebook.channels.get(*channel) else { return };
    let (day, at) = match timing {
        Timing::At(at) | Timing::In { at: Some(at), .. } => (None, *at),
        Timing::Next { day, at } => (Some(*day), *at),
        _ => return,
    };
    let calendar = channel.calendar.and_then(|id| book.rulebook.calendars.get(id));
    let closed = day.zip(calendar).filter(|(day, calendar)| {
        calendar.days.get(usize::from(day.0)) == Some(&false) && calendar.exceptions.is_empty()
    });
    let reason = match closed {
        Some((day, calendar)) => format!("calendar `{}` is closed on {day}", calendar.name),
        None if is_open(book, channel, at) => return,
        None => hours(book, channel),
    };
    let message = format!("`{}` is outside the hours of `{}`", book.text(effect.range), channel.name);
    let moved = Diagnostic::new(Slug::ActionOutsideWindow, effect.range, message).label("always moved");
    found.push(moved.help(format!("{reason}; the action waits for the next open moment, so name a time inside")));
}

fn hours(book: &Book, channel: &Channel) -> String {
    let calendar = channel.calendar.and_then(|id| book.rulebook.calendars.get(id));
    let hours = calendar.and_then(|calendar| calendar.hours.map(|hours| (&calendar.name, hours)));
    let quiet: Vec<String> = channel.quiet.iter().map(|(from, to)| format!("{from}-{to}")).collect();
    let quiet = quiet.join(" and ");
    match (hours, quiet.as_str()) {
        (Some((name, (start, end))), "") => format!("calendar `{name}` is open {start}-{end}"),
        (Some((name, (start, end))), quiet) => {
            format!("calendar `{name}` is open {start}-{end} and `{}` is quiet {quiet}", channel.name)
        }
        (None, "") => format!("channel `{}` is never open", channel.name),
        (None, quiet) => format!("channel `{}` is quiet {quiet}", channel.name),
    }
}

/// Whether a channel may be used at a clock time on some day.
fn is_open(book: &Book, channel: &Channel, at: ClockTime) -> bool {
    let calendar = channel.calendar.and_then(|id| book.rulebook.calendars.get(id));
    let open = calendar.is_none_or(|calendar| {
        calendar.hours.is_none_or(|hours| within(hours, at))
            && (calendar.days.contains(&true) || !calendar.exceptions.is_empty())
    });
    open && channel.quiet.iter().all(|quiet| !within(*quiet, at))
}

fn within((start, end): ClockRange, at: ClockTime) -> bool {
    if start < end { (start..end).contains(&at) } else { at >= start || at < end }
}

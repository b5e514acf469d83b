//! `EVENT Nx [within D] [without E2]`: when the count of matching events reaches N.
//!
//! With a window, the count at a moment t is the number of events in (t - D, t]. The moments at
//! which it is at least N form stretches of time; the rule fires when a new stretch begins. A late
//! event fires it when it makes a stretch that touches none there was before.

use smallvec::SmallVec;

use crate::decision::Because;
use crate::plan::Counter;
use crate::timestamp::{Span, Timestamp};

use super::lead::{Count, NO_NUMBER, Stamp};

/// Counts an event; the events it rests on when the rule fires.
pub(crate) fn push(counter: &Counter, count: &mut Count, ring: &mut [Stamp], new: Stamp) -> Option<Because> {
    match (counter.within, counter.emptied) {
        (Some(within), _) => push_window(counter.times, within, count, ring, new),
        (None, Some(_)) => push_until_emptied(counter.times, count, ring, new),
        (None, None) => push_batch(counter.times, count, ring, new),
    }
}

/// An emptying event: what happened up to it no longer counts. Of what happened at the same moment
/// all that is counted came before it; the engine's own events have no number that would tell.
pub(crate) fn empty(counter: &Counter, count: &mut Count, ring: &mut [Stamp], by: Stamp) {
    let len = usize::from(count.len);
    let gone = ring.iter().take(len).filter(|stamp| stamp.at <= by.at).count();
    ring.copy_within(gone..len, 0);
    count.len = (len - gone) as u16;
    if len - gone < counter.times {
        count.fired = false;
    }
}

/// Puts a stamp at its place, dropping the oldest of a full ring. The place, or `None` where the
/// stamp is older than everything in a full ring.
fn insert(count: &mut Count, ring: &mut [Stamp], new: Stamp) -> Option<usize> {
    let len = usize::from(count.len);
    let mut place = len;
    while place > 0 && ring.get(place - 1).is_some_and(|stamp| *stamp > new) {
        place -= 1;
    }
    if len < ring.len() {
        ring.copy_within(place..len, place + 1);
        count.len += 1;
    } else {
        place = place.checked_sub(1)?;
        ring.copy_within(1..=place, 0);
    }
    *ring.get_mut(place)? = new;
    Some(place)
}

/// Counts from zero again at each firing.
fn push_batch(times: usize, count: &mut Count, ring: &mut [Stamp], new: Stamp) -> Option<Because> {
    insert(count, ring, new);
    if usize::from(count.len) < times {
        return None;
    }
    count.len = 0;
    Some(numbers(ring))
}

/// Fires at the Nth, and again only once emptied.
fn push_until_emptied(times: usize, count: &mut Count, ring: &mut [Stamp], new: Stamp) -> Option<Because> {
    insert(count, ring, new);
    if count.fired || usize::from(count.len) < times {
        return None;
    }
    count.fired = true;
    Some(numbers(ring))
}

fn push_window(times: usize, within: Span, count: &mut Count, ring: &mut [Stamp], new: Stamp) -> Option<Because> {
    let latest = usize::from(count.len).checked_sub(1).and_then(|i| ring.get(i));
    if latest.is_some_and(|latest| *latest > new) {
        return push_late(times, within, count, ring, new);
    }
    let last = insert(count, ring, new)?;
    let first = (last + 1).checked_sub(times)?;
    let run = ring.get(first..=last)?;
    let begins = run.first()?.at > new.at - within;
    // The count stood at N already when N events before this one lie in the window as well.
    let stood = first.checked_sub(1).and_then(|i| ring.get(i)).is_some_and(|s| s.at > new.at - within);
    (begins && !stood).then(|| numbers(run))
}

fn push_late(times: usize, within: Span, count: &mut Count, ring: &mut [Stamp], new: Stamp) -> Option<Because> {
    let before = stretches(ring.get(..usize::from(count.len))?, times, within);
    let place = insert(count, ring, new)?;
    let after = ring.get(..usize::from(count.len))?;
    let fresh = stretches(after, times, within).into_iter().find(|s| {
        s.runs.0 <= place && place < s.runs.1 + times && !before.iter().any(|b| b.from < s.to && s.from < b.to)
    });
    let stretch = fresh?;
    let run = place.saturating_sub(times - 1).max(stretch.runs.0)..=stretch.runs.1.min(place);
    let first = run.into_iter().find(|first| spans_less(after, *first, times, within))?;
    after.get(first..first + times).map(numbers)
}

/// A stretch of time during which the count is at least N.
struct Stretch {
    from: Timestamp,
    to: Timestamp,
    /// First and last index at which a run of N events within the window begins.
    runs: (usize, usize),
}

fn stretches(stamps: &[Stamp], times: usize, within: Span) -> SmallVec<[Stretch; 4]> {
    let mut list: SmallVec<[Stretch; 4]> = SmallVec::new();
    for first in 0..(stamps.len() + 1).saturating_sub(times) {
        let (Some(start), Some(end)) = (stamps.get(first), stamps.get(first + times - 1)) else { continue };
        if !spans_less(stamps, first, times, within) {
            continue;
        }
        match list.last_mut() {
            Some(open) if end.at < open.to => {
                open.to = start.at + within;
                open.runs.1 = first;
            }
            _ => list.push(Stretch { from: end.at, to: start.at + within, runs: (first, first) }),
        }
    }
    list
}

fn spans_less(stamps: &[Stamp], first: usize, times: usize, within: Span) -> bool {
    match (stamps.get(first), stamps.get(first + times - 1)) {
        (Some(start), Some(end)) => end.at - start.at < within,
        _ => false,
    }
}

fn numbers(stamps: &[Stamp]) -> Because {
    stamps.iter().map(|stamp| stamp.number).filter(|number| *number != NO_NUMBER).collect()
}

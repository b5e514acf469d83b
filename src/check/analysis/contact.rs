//! Caps of `contact` blocks that can never be full, since something else lets less go.

use super::book::Book;
use crate::diagnostic::Diagnostic;
use crate::rulebook::{Cap, CapScope, Contact};
use crate::slug::Slug;
use crate::timestamp::Span;
use crate::units::{Length, Per, Period, Unit};

/// Finds them.
pub(super) fn analyze(book: &Book, found: &mut Vec<Diagnostic>) {
    let own = |contact: &&Contact| book.files.iter().any(|file| file.source == contact.range.source);
    for contact in book.rulebook.contacts.iter().filter(own) {
        for (place, cap) in contact.caps.iter().enumerate() {
            let Some((most, why)) = least(book, contact, (place, cap)) else { continue };
            let message = format!("this cap is never full: by {why} no more than {most} go in that time");
            let idle = Diagnostic::new(Slug::CapNeverFull, cap.range, message).label("never full");
            found.push(idle.help("allow fewer, or take it out"));
        }
    }
}

/// How many can go at the most in the time of a cap, where that is no more than it allows, and what sees to it.
fn least(book: &Book, contact: &Contact, (place, cap): (usize, &Cap)) -> Option<(u64, String)> {
    let by_gap = contact.gap.filter(|_| cap.scope == CapScope::Lead).and_then(|gap| {
        let most = by_gap(gap, cap.per)?;
        Some((most, format!("`gap {gap}`")))
    });
    let others = contact.caps.iter().enumerate().filter(|(other, _)| *other != place);
    let beside = others.filter_map(|(at, other)| {
        let most = by_cap(other, cap)?;
        // Of two that say the same the second is one too many.
        let mutual = by_cap(cap, other).is_some_and(|most| most <= u64::from(other.count));
        (at < place || !mutual).then(|| (most, format!("`cap {} per {}` beside it", other.count, other.per)))
    });
    let of_channels = book.rulebook.channels.with_ids().filter(|(id, _)| book.rulebook.is_contact(contact, *id));
    let each = of_channels.map(|(_, channel)| channel.caps.iter().filter_map(|own| by_cap(own, cap)).min());
    let together = each.collect::<Option<Vec<u64>>>().filter(|each| !each.is_empty());
    let together = together.map(|each| (each.iter().sum(), "the caps of its channels".to_owned()));
    let all = by_gap.into_iter().chain(beside).chain(together);
    all.filter(|(most, _)| *most <= u64::from(cap.count)).min_by_key(|(most, _)| *most)
}

/// How many a gap lets go in some time.
fn by_gap(gap: Length, per: Per) -> Option<u64> {
    match (days(Per::Length(gap)), days(per)) {
        (Some(gap), Some(per)) => Some(per.div_ceil(gap)),
        // A day on which clocks are set back has an hour more.
        (None, Some(per)) => Some((per * 24 + 1).checked_mul(3_600)?.div_ceil(seconds(gap)?)),
        (None, None) => match per {
            Per::Length(per) => Some(seconds(per)?.div_ceil(seconds(gap)?)),
            Per::Period(_) => None,
        },
        (Some(_), None) => None,
    }
}

/// How many a cap lets go in the time of another one, for the same leads.
fn by_cap(cap: &Cap, other: &Cap) -> Option<u64> {
    if cap.scope != other.scope {
        return None;
    }
    let times = match (cap.per, other.per) {
        (one, two) if one == two => 1,
        (Per::Length(one), two) => match (days(cap.per), days(two), two) {
            (Some(one), Some(two), _) => two.div_ceil(one),
            (None, None, Per::Length(two)) => seconds(two)?.div_ceil(seconds(one)?),
            _ => return None,
        },
        (Per::Period(_), _) => return None,
    };
    Some(times * u64::from(cap.count))
}

/// How many days a span has at the most that counts days.
fn days(per: Per) -> Option<u64> {
    match per {
        Per::Length(Length { amount, unit: Unit::Day }) => Some(u64::from(amount)),
        Per::Length(Length { amount, unit: Unit::Week }) => Some(u64::from(amount) * 7),
        Per::Length(_) => None,
        Per::Period(Period::Day) => Some(1),
        Per::Period(Period::Week) => Some(7),
        Per::Period(Period::Month) => Some(31),
        Per::Period(Period::Quarter) => Some(92),
        Per::Period(Period::Year) => Some(366),
    }
}

/// The seconds of a length that is measured; none where it counts open hours or days.
fn seconds(length: Length) -> Option<u64> {
    let seconds = length.measured()?.0 / Span::seconds(1).0;
    u64::try_from(seconds).ok().filter(|seconds| *seconds > 0)
}

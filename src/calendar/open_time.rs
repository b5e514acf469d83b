//! How long a calendar is open between two moments.

use crate::local::Zone;
use crate::timestamp::{Span, Timestamp};

use super::Calendar;

/// So many days are looked at one by one.
const MOST_DAYS: usize = 4_000;

/// How long a calendar is open from one moment to a later one; all of the time without a calendar.
#[must_use]
pub fn open_time(calendar: Option<&Calendar>, from: Timestamp, to: Timestamp, zone: Zone) -> Span {
    let Some(calendar) = calendar else { return (to - from).max(Span::ZERO) };
    let (first, last) = (zone.to_local(from).date(), zone.to_local(to).date());
    let first = first.pred_opt().unwrap_or(first);
    let days = first.iter_days().take_while(|day| *day <= last).take(MOST_DAYS);
    let open = days.filter_map(|day| calendar.opening(day)).map(|(start, end)| {
        let (start, end) = (zone.resolve(start).max(from), zone.resolve(end).min(to));
        (end - start).max(Span::ZERO).0
    });
    Span(open.sum())
}

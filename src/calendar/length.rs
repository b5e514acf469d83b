//! Business lengths: `4bh` counted in open hours, `2bd` counted in open days. Without a calendar every
//! day is open for 24 hours.

use super::{Calendar, Window};
use crate::local::{Zone, add_days};
use crate::timestamp::{Span, Timestamp};

/// How far a business length may reach before it counts as never: 40 years.
const REACH: Span = Span::days(40 * 366);

/// The moment at which `hours` open hours have passed since `from`. Hours are measured, so a clock
/// change inside the opening hours makes that day longer or shorter. A length that is used up exactly at
/// closing time ends there, not at the next opening; 0 hours is `from` itself. `None` if the calendar
/// does not have that many hours within 40 years.
pub fn add_open_hours(calendar: Option<&Calendar>, from: Timestamp, hours: u32, zone: Zone) -> Option<Timestamp> {
    let mut left = Span::seconds(i64::from(hours) * 3_600);
    let Some(calendar) = calendar else { return Some(from + left) };
    let window = Window { calendar: Some(calendar), quiet: &[] };
    let (mut at, end) = (from, from + REACH);
    while left > Span::ZERO && at < end {
        let (open, _) = window.next_open(at, zone)?;
        let close = open_until(calendar, open, zone)?;
        let passed = left.min(close - open);
        left = Span(left.0 - passed.0);
        at = open + passed;
    }
    (left == Span::ZERO).then_some(at)
}

/// The same clock time on the `days`-th open day after the date of `from`, which is itself never
/// counted: from Friday, Saturday or Sunday, one open day later is Monday, as in a spreadsheet's
/// `WORKDAY`. 0 days is `from` itself. `None` if there is no such day within 40 years.
pub fn add_open_days(calendar: Option<&Calendar>, from: Timestamp, days: u32, zone: Zone) -> Option<Timestamp> {
    if days == 0 {
        return Some(from);
    }
    let Some(calendar) = calendar else { return Some(add_days(from, i64::from(days), zone)) };
    let local = zone.to_local(from);
    let later = local.date().iter_days().skip(1).take(40 * 366);
    let date = later.filter(|date| calendar.is_open_day(*date)).nth(days as usize - 1)?;
    Some(zone.resolve(date.and_time(local.time())))
}

/// The end of the stretch of even clocks and opening hours that begins at an open moment.
fn open_until(calendar: &Calendar, open: Timestamp, zone: Zone) -> Option<Timestamp> {
    let segment = zone.segment_at(open);
    let close = calendar.open_until(segment.local(open))?;
    Some(segment.instant(close).min(segment.end))
}

//! Calendars: which days and hours are open, and when a channel may be used. Made by `check` from the
//! rulebook and its calendar files, asked by the scheduler. All of it is a pure function of its
//! arguments; weekdays and closed days are those of the local date.

pub mod file;
mod length;
mod open_time;
mod window;

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};

pub use self::length::{add_open_days, add_open_hours};
pub use self::open_time::open_time;
pub use self::window::{Refusal, Window};
use crate::local::clock_on;
use crate::source::Range;
use crate::units::{ClockTime, ZoneSource};

/// How many days a search for an open day or moment goes before it gives up.
pub const SEARCH_DAYS: u32 = 400;

/// A part of the day, half-open. Where the end is not after the start it wraps midnight; `check` and
/// [`file::parse`] refuse an empty one.
pub type ClockRange = (ClockTime, ClockTime);

/// `calendar office { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Calendar {
    /// Its name.
    pub name: String,
    /// Which weekdays are open, Monday first.
    pub days: [bool; 7],
    /// The hours of an open day; the part after midnight of hours that wrap belongs to the day on
    /// which they began. `None` is the whole day.
    pub hours: Option<ClockRange>,
    /// Named parts of the day: `morning`.
    pub parts: BTreeMap<String, ClockRange>,
    /// The best days and hours.
    pub prefer: Option<Prefer>,
    /// Days that differ from their weekday.
    pub exceptions: BTreeMap<NaiveDate, Exception>,
    /// Where the zone comes from, the first known wins.
    pub zones: Vec<ZoneSource>,
    /// Where it is declared.
    pub range: Range,
}

/// `prefer wed, thu 10:00-14:00`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefer {
    /// Which weekdays, Monday first.
    pub days: [bool; 7],
    /// Which hours of them.
    pub hours: Option<ClockRange>,
}

/// A day that differs from its weekday, with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exception {
    /// Closed all day.
    Closed {
        /// `Independence Day`
        name: String,
    },
    /// Open, but not as long; on a weekday that is closed anyway it stays closed.
    Short {
        /// `Christmas Eve`
        name: String,
        /// Its hours.
        hours: ClockRange,
    },
    /// Open, whatever its weekday.
    Extra {
        /// `Inventory Saturday`
        name: String,
        /// Its hours; the calendar's where they are `None`.
        hours: Option<ClockRange>,
    },
}

/// What a calendar says of a date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DayState<'a> {
    /// Open.
    Open {
        /// In these hours, all day where `None`.
        hours: Option<ClockRange>,
        /// The name of a short or extra day.
        name: Option<&'a str>,
    },
    /// Closed.
    Closed {
        /// The name of the day, else `weekend`, else `closed`.
        reason: String,
    },
}

impl Calendar {
    /// What this calendar says of a date. A name from a calendar file outranks `weekend`.
    pub fn day(&self, date: NaiveDate) -> DayState<'_> {
        let weekday = date.weekday().num_days_from_monday() as usize;
        let usual = self.days.get(weekday).copied().unwrap_or(false);
        match self.exceptions.get(&date) {
            Some(Exception::Closed { name }) => DayState::Closed { reason: name.clone() },
            Some(Exception::Extra { name, hours }) => DayState::Open { hours: hours.or(self.hours), name: Some(name) },
            Some(Exception::Short { name, hours }) if usual => DayState::Open { hours: Some(*hours), name: Some(name) },
            _ if usual => DayState::Open { hours: self.hours, name: None },
            _ => DayState::Closed { reason: if weekday >= 5 { "weekend" } else { "closed" }.to_owned() },
        }
    }

    /// How many minutes it is open on a usual open day.
    #[must_use]
    pub fn open_minutes(&self) -> u32 {
        let (start, end) = self.hours.unwrap_or((ClockTime(0), ClockTime(1_440)));
        let length = i32::from(end.0) - i32::from(start.0);
        (if length <= 0 { length + 1_440 } else { length }) as u32
    }

    /// Whether a date is open at all.
    pub fn is_open_day(&self, date: NaiveDate) -> bool {
        matches!(self.day(date), DayState::Open { .. })
    }

    /// The first open day at or after `date`; `None` if there is none within [`SEARCH_DAYS`].
    pub fn next_open_day(&self, date: NaiveDate) -> Option<NaiveDate> {
        date.iter_days().take(SEARCH_DAYS as usize).find(|day| self.is_open_day(*day))
    }

    /// The last open day at or before `date`; `None` if there is none within [`SEARCH_DAYS`].
    pub fn previous_open_day(&self, date: NaiveDate) -> Option<NaiveDate> {
        date.iter_days().rev().take(SEARCH_DAYS as usize).find(|day| self.is_open_day(*day))
    }

    /// The open day nearest to `date`, the later of two equally near.
    pub fn nearest_open_day(&self, date: NaiveDate) -> Option<NaiveDate> {
        match (self.next_open_day(date), self.previous_open_day(date)) {
            (Some(next), Some(previous)) if date - previous < next - date => Some(previous),
            (next, previous) => next.or(previous),
        }
    }

    /// When the opening hours of a date begin and end on a clock that runs evenly; `None` where it is
    /// closed.
    fn opening(&self, date: NaiveDate) -> Option<(NaiveDateTime, NaiveDateTime)> {
        let DayState::Open { hours, .. } = self.day(date) else { return None };
        let (start, end) = hours.unwrap_or((ClockTime(0), ClockTime(1_440)));
        let end_date = if end <= start { date.succ_opt()? } else { date };
        Some((clock_on(date, start), clock_on(end_date, end)))
    }

    /// The end of the opening hours that hold a clock reading; `None` where none do.
    fn open_until(&self, local: NaiveDateTime) -> Option<NaiveDateTime> {
        let today = local.date();
        let days = [today.pred_opt(), Some(today)];
        let openings = days.into_iter().flatten().filter_map(|date| self.opening(date));
        openings.filter(|(start, end)| (*start..*end).contains(&local)).map(|(_, end)| end).max()
    }
}

/// Minutes since midnight on a clock.
fn minute_of(local: NaiveDateTime) -> ClockTime {
    ClockTime((local.hour() * 60 + local.minute()) as u16)
}

/// Whether a part of the day holds a clock time.
fn holds((start, end): ClockRange, clock: ClockTime) -> bool {
    if start < end { start <= clock && clock < end } else { start <= clock || clock < end }
}

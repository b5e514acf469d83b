//! When a channel may be used: its calendar and its quiet hours. The scheduler asks whether a moment is
//! allowed, and for the next one that is, and keeps the refusals as the reasons of a move.

use std::fmt;

use chrono::{NaiveDate, NaiveDateTime};

use super::{Calendar, ClockRange, Day, SEARCH_DAYS, holds, minute_of};
use crate::local::{Zone, clock_on};
use crate::timestamp::{Span, Timestamp};
use crate::units::{ClockTime, Roll};

/// When a channel may be used. Without a calendar every day is open for 24 hours.
#[derive(Clone, Copy, Debug, Default)]
pub struct Window<'a> {
    /// Its open days and hours.
    pub calendar: Option<&'a Calendar>,
    /// Hours in which it stays silent even so.
    pub quiet: Option<ClockRange>,
}

/// Why a moment is not allowed. Prints as `closed (weekend)`, `outside hours 09:00-17:00`,
/// `quiet 20:00-09:00`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The day is closed, for this reason.
    Closed(String),
    /// The day is open in other hours.
    OutsideHours {
        /// Its hours.
        hours: ClockRange,
        /// The name of the day where its hours are its own.
        name: Option<String>,
    },
    /// The quiet hours hold it.
    Quiet(ClockRange),
}

/// Where [`Window::roll`] puts a nominal day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rolled {
    /// The moment; `None` where it is skipped or nothing is allowed within [`SEARCH_DAYS`].
    pub at: Option<Timestamp>,
    /// Why the nominal moment and those tried after it were refused, each reason once.
    pub refusals: Vec<Refusal>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(reason) => write!(f, "closed ({reason})"),
            Self::OutsideHours { hours: (start, end), name } => {
                write!(f, "outside hours {start}-{end}")?;
                name.as_ref().map_or(Ok(()), |name| write!(f, " ({name})"))
            }
            Self::Quiet((start, end)) => write!(f, "quiet {start}-{end}"),
        }
    }
}

impl Window<'_> {
    /// Whether a clock reading is allowed; the calendar is asked before the quiet hours.
    pub fn allows(&self, local: NaiveDateTime) -> Result<(), Refusal> {
        if let Some(calendar) = self.calendar
            && calendar.open_until(local).is_none()
        {
            return Err(refusal(calendar, local));
        }
        match self.quiet {
            Some(quiet) if holds(quiet, minute_of(local)) => Err(Refusal::Quiet(quiet)),
            _ => Ok(()),
        }
    }

    /// The first allowed moment at or after `from`, and why the moments before it were refused, each
    /// reason once, in order. `None` if nothing is allowed within [`SEARCH_DAYS`].
    pub fn next_open(&self, from: Timestamp, zone: Zone) -> Option<(Timestamp, Vec<Refusal>)> {
        let mut refusals = Vec::new();
        let horizon = from + Span::days(i64::from(SEARCH_DAYS));
        let mut start = from;
        // Within a segment clocks run evenly, so there the search can be made on the clock alone.
        while start < horizon {
            let segment = zone.segment_at(start);
            let end = segment.end.min(horizon);
            if let Some(local) = self.next_on_clock(segment.local(start), segment.local(end), &mut refusals) {
                return Some((segment.instant(local), refusals));
            }
            start = end;
        }
        None
    }

    /// The first moment at or after `from` that is allowed and at which clocks show `clock` (by
    /// [`Zone::resolve`] on a day that skips it), and why the days before were refused. `None` if there
    /// is none within [`SEARCH_DAYS`]: the clock time lies outside the hours of every open day.
    pub fn next_at(&self, from: Timestamp, clock: ClockTime, zone: Zone) -> Option<(Timestamp, Vec<Refusal>)> {
        let mut refusals = Vec::new();
        let first = zone.to_local(from).date();
        // A day early, since a reading that is skipped just before midnight falls on the next day.
        for date in first.pred_opt()?.iter_days().take(SEARCH_DAYS as usize + 2) {
            let at = zone.resolve(clock_on(date, clock));
            if at < from {
                continue;
            }
            match self.allows(zone.to_local(at)) {
                Ok(()) => return Some((at, refusals)),
                Err(refusal) => note(&mut refusals, refusal),
            }
        }
        None
    }

    /// Where a touch that is nominally due at `clock` on `date` goes: there if that is allowed, else by
    /// `roll` to the next, previous or nearest day on which that clock time is allowed, or nowhere.
    pub fn roll(&self, date: NaiveDate, clock: ClockTime, roll: Roll, zone: Zone) -> Rolled {
        let nominal = zone.resolve(clock_on(date, clock));
        let refusal = match self.allows(zone.to_local(nominal)) {
            Ok(()) => return Rolled { at: Some(nominal), refusals: Vec::new() },
            Err(refusal) => refusal,
        };
        let next = || self.next_at(nominal, clock, zone);
        let previous = || {
            let mut days = date.iter_days().rev().skip(1).take(SEARCH_DAYS as usize);
            days.find_map(|day| self.allowed_at(day, clock, zone).map(|at| (day, at)))
        };
        match roll {
            Roll::Next => match next() {
                Some((at, refusals)) => Rolled { at: Some(at), refusals },
                None => Rolled { at: None, refusals: vec![refusal] },
            },
            Roll::Previous => Rolled { at: previous().map(|(_, at)| at), refusals: vec![refusal] },
            Roll::Nearest => {
                let before = previous().map(|(day, at)| (date - day, at));
                let after = next().map(|(at, _)| (zone.to_local(at).date() - date, at));
                let at = match (after, before) {
                    (Some((later, _)), Some((earlier, at))) if earlier < later => Some(at),
                    (after, before) => after.or(before).map(|(_, at)| at),
                };
                Rolled { at, refusals: vec![refusal] }
            }
            Roll::Skip => Rolled { at: None, refusals: vec![refusal] },
        }
    }

    fn allowed_at(&self, date: NaiveDate, clock: ClockTime, zone: Zone) -> Option<Timestamp> {
        let at = zone.resolve(clock_on(date, clock));
        self.allows(zone.to_local(at)).ok().map(|()| at)
    }

    /// The first allowed reading in `[local, end)` of a clock that runs evenly.
    fn next_on_clock(
        &self,
        mut local: NaiveDateTime,
        end: NaiveDateTime,
        refusals: &mut Vec<Refusal>,
    ) -> Option<NaiveDateTime> {
        while local < end {
            let Err(refusal) = self.allows(local) else { return Some(local) };
            let next = match &refusal {
                Refusal::Quiet((_, quiet_end)) => next_reading(local, *quiet_end),
                _ => self.next_opening(local),
            };
            note(refusals, refusal);
            local = next?;
        }
        None
    }

    /// Where to look after a reading that the calendar refuses: the next opening today or tomorrow,
    /// else the beginning of tomorrow, whose reason for being closed is then noted.
    fn next_opening(&self, local: NaiveDateTime) -> Option<NaiveDateTime> {
        let calendar = self.calendar?;
        let tomorrow = local.date().succ_opt()?;
        let openings = [local.date(), tomorrow].into_iter().filter_map(|date| calendar.opening(date));
        let next = openings.map(|(start, _)| start).find(|start| *start > local);
        Some(next.unwrap_or_else(|| clock_on(tomorrow, ClockTime(0))))
    }
}

/// Why a calendar refuses a clock reading: its date is closed, or the night it would belong to began on
/// a closed day, or the hours of its date do not hold it.
fn refusal(calendar: &Calendar, local: NaiveDateTime) -> Refusal {
    let hours = match calendar.day(local.date()) {
        Day::Closed { reason } => return Refusal::Closed(reason),
        Day::Open { hours, name } => (hours.unwrap_or((ClockTime(0), ClockTime(1_440))), name),
    };
    if let Some((start, end)) = calendar.hours
        && end <= start
        && minute_of(local) < end
        && let Some(Day::Closed { reason }) = local.date().pred_opt().map(|date| calendar.day(date))
    {
        return Refusal::Closed(reason);
    }
    Refusal::OutsideHours { hours: hours.0, name: hours.1.map(str::to_owned) }
}

/// Adds a reason that is not there yet.
fn note(refusals: &mut Vec<Refusal>, refusal: Refusal) {
    if !refusals.contains(&refusal) {
        refusals.push(refusal);
    }
}

/// The next time after `local` at which an evenly running clock shows `clock`.
fn next_reading(local: NaiveDateTime, clock: ClockTime) -> Option<NaiveDateTime> {
    let today = clock_on(local.date(), clock);
    if today > local { Some(today) } else { Some(clock_on(local.date().succ_opt()?, clock)) }
}

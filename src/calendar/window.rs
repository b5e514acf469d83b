//! When a channel may be used: its calendar and its quiet hours. The scheduler asks whether a moment is
//! allowed, and for the next one that is, and keeps the refusals as the reasons of a move.

use std::fmt;

use chrono::NaiveDateTime;

use super::{Calendar, ClockRange, DayState, SEARCH_DAYS, holds, minute_of};
use crate::local::{Zone, clock_on};
use crate::timestamp::{Span, Timestamp};
use crate::units::ClockTime;

/// When a channel may be used. Without a calendar every day is open for 24 hours.
#[derive(Clone, Copy, Debug, Default)]
pub struct Window<'a> {
    /// Its open days and hours.
    pub calendar: Option<&'a Calendar>,
    /// Hours in which it stays silent even so.
    pub quiet: &'a [ClockRange],
}

/// Why a moment is not allowed. Prints as `closed (weekend)`, `outside hours 09:00-17:00`,
/// `quiet 20:00-09:00`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
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
        let quiet = self.quiet.iter().find(|quiet| holds(**quiet, minute_of(local)));
        quiet.map_or(Ok(()), |quiet| Err(Refusal::Quiet(*quiet)))
    }

    /// Why a clock time is refused on every day of usual hours; `None` where it is allowed on those.
    #[must_use]
    pub fn usual_refusal(&self, time: ClockTime) -> Option<Refusal> {
        let hours = self.calendar.and_then(|calendar| calendar.hours).filter(|hours| !holds(*hours, time));
        let outside = hours.map(|hours| Refusal::OutsideHours { hours, name: None });
        outside.or_else(|| self.quiet.iter().find(|quiet| holds(**quiet, time)).copied().map(Refusal::Quiet))
    }

    /// Whether no time of a part of the day is allowed on days of usual hours.
    #[must_use]
    pub fn is_never_open_in(&self, part: ClockRange) -> bool {
        // Where nothing is open at its beginning, it can open within it only where hours begin or quiet ends.
        let opens = self.calendar.and_then(|calendar| calendar.hours).map(|hours| hours.0);
        let ends = self.quiet.iter().map(|quiet| quiet.1);
        let mut edges = [Some(part.0), opens].into_iter().flatten().chain(ends).filter(|edge| holds(part, *edge));
        edges.all(|edge| self.usual_refusal(edge).is_some())
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
        DayState::Closed { reason } => return Refusal::Closed(reason),
        DayState::Open { hours, name } => (hours.unwrap_or((ClockTime(0), ClockTime(1_440))), name),
    };
    if let Some((start, end)) = calendar.hours
        && end <= start
        && minute_of(local) < end
        && let Some(DayState::Closed { reason }) = local.date().pred_opt().map(|date| calendar.day(date))
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

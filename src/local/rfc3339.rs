//! RFC 3339 in and out. The reader lies on the hot path of the log: it allocates nothing and looks at
//! each byte once.

use std::fmt::{self, Write};

use chrono::{Datelike, Timelike};

use super::Zone;
use crate::timestamp::Timestamp;

/// 2000-01-01T00:00:00Z, the first second Ensue accepts.
const FIRST_SECOND: i64 = 946_684_800;
/// 2101-01-01T00:00:00Z, the first second it no longer accepts.
const END_SECOND: i64 = 4_133_980_800;

/// Why a text is not a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeError {
    /// Not of the form of RFC 3339.
    Form,
    /// A date and a clock time without an offset.
    NoOffset,
    /// A month or a day that no calendar has.
    NoSuchDay,
    /// An hour, minute or second that no clock shows.
    NoSuchTime,
    /// An offset of 24 hours or more, or with 60 minutes or more.
    NoSuchOffset,
    /// A second `60` elsewhere than at 23:59:60 UTC.
    LeapSecond,
    /// Outside the years 2000 to 2100, as written or in UTC.
    Year,
}

impl fmt::Display for TimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "not a time; write it as `2026-03-05T10:00:00-05:00`",
            Self::NoOffset => "a time without an offset; add `Z` or one like `-05:00`",
            Self::NoSuchDay => "no such day of the month",
            Self::NoSuchTime => "no such time of day",
            Self::NoSuchOffset => "no such offset; it lies between `-23:59` and `+23:59`",
            Self::LeapSecond => "second `60` exists at 23:59:60 UTC only",
            Self::Year => "outside the years 2000 to 2100",
        })
    }
}

impl std::error::Error for TimeError {}

/// Reads a moment in RFC 3339 with its offset: `T` and `Z` in either case, no space for the `T`,
/// fractions of any length cut to microseconds, the years 2000 to 2100 as written and in UTC.
///
/// A leap second, `:60` at 23:59:60 UTC of any day, is read as the last microsecond before the next
/// second: moments are counted without leap seconds, and it stays after `:59` and before `:00`.
pub fn parse_rfc3339(text: &[u8]) -> Result<Timestamp, TimeError> {
    let &[y1, y2, y3, y4, b'-', o1, o2, b'-', d1, d2, b'T' | b't', h1, h2, b':', m1, m2, b':', s1, s2, ref rest @ ..] =
        text
    else {
        return Err(TimeError::Form);
    };
    let year = two(y1, y2)? * 100 + two(y3, y4)?;
    let (month, day) = (two(o1, o2)?, two(d1, d2)?);
    let (hour, minute, second) = (two(h1, h2)?, two(m1, m2)?, two(s1, s2)?);
    let (micros, rest) = fraction(rest)?;
    let offset = offset(rest)?;
    if !(2000..=2100).contains(&year) {
        return Err(TimeError::Year);
    }
    if month == 0 || month > 12 || day == 0 || day > days_in(year, month) {
        return Err(TimeError::NoSuchDay);
    }
    if hour > 23 || minute > 59 || second > 60 {
        return Err(TimeError::NoSuchTime);
    }
    let utc = days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset;
    let leap = second == 60;
    if leap && utc.rem_euclid(86_400) != 0 {
        return Err(TimeError::LeapSecond);
    }
    let at = utc * 1_000_000 + if leap { -1 } else { micros };
    if !(FIRST_SECOND * 1_000_000..END_SECOND * 1_000_000).contains(&at) {
        return Err(TimeError::Year);
    }
    Ok(Timestamp(at))
}

/// Two digits as a number.
#[inline]
fn two(tens: u8, ones: u8) -> Result<i64, TimeError> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    if tens > 9 || ones > 9 {
        return Err(TimeError::Form);
    }
    Ok(i64::from(tens) * 10 + i64::from(ones))
}

/// The microseconds of a fraction, 0 where there is none, and what follows.
#[inline]
fn fraction(text: &[u8]) -> Result<(i64, &[u8]), TimeError> {
    let [b'.', digits @ ..] = text else { return Ok((0, text)) };
    let (mut micros, mut worth, mut rest) = (0, 100_000, digits);
    while let [digit @ b'0'..=b'9', after @ ..] = rest {
        micros += i64::from(digit - b'0') * worth;
        worth /= 10;
        rest = after;
    }
    if rest.len() == digits.len() { Err(TimeError::Form) } else { Ok((micros, rest)) }
}

/// Seconds east of UTC.
#[inline]
fn offset(text: &[u8]) -> Result<i64, TimeError> {
    match *text {
        [b'Z' | b'z'] => Ok(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (two(h1, h2)?, two(m1, m2)?);
            if hours > 23 || minutes > 59 {
                return Err(TimeError::NoSuchOffset);
            }
            let seconds = hours * 3_600 + minutes * 60;
            Ok(if sign == b'-' { -seconds } else { seconds })
        }
        [] => Err(TimeError::NoOffset),
        _ => Err(TimeError::Form),
    }
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01, counted in years that begin in March so that the leap day comes last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leaps = year / 4 - year / 100 + year / 400;
    year * 365 + leaps + (153 * month + 2) / 5 + day - 1 - 719_468
}

/// A moment as people in the zone write it: `2026-03-05T10:00:00-05:00`, a fraction of 3 or 6 digits
/// only where it is not zero, `Z` for [`Zone::UTC`]. An offset is cut to whole minutes, which loses
/// nothing after 1972.
pub fn rfc3339(at: Timestamp, zone: Zone) -> String {
    let offset = zone.offset_at(at);
    let local = zone.to_local(at);
    let mut text = String::with_capacity(32);
    // Writing to a string does not fail.
    let _ = write(&mut text, local, offset, zone == Zone::UTC);
    text
}

fn write(text: &mut String, local: chrono::NaiveDateTime, offset: i32, utc: bool) -> fmt::Result {
    let (date, time) = (local.date(), local.time());
    write!(text, "{:04}-{:02}-{:02}T", date.year(), date.month(), date.day())?;
    write!(text, "{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())?;
    match time.nanosecond() / 1_000 {
        0 => {}
        micros if micros % 1_000 == 0 => write!(text, ".{:03}", micros / 1_000)?,
        micros => write!(text, ".{micros:06}")?,
    }
    if utc {
        return text.write_char('Z');
    }
    let sign = if offset < 0 { '-' } else { '+' };
    let minutes = offset.unsigned_abs() / 60;
    write!(text, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

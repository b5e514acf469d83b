//! Moments and days as logs write them: RFC 3339 with an offset, and `YYYY-MM-DD`.

use crate::timestamp::Timestamp;

/// Why a text is not a moment, to be read after its name.
const SHAPE: &str = "is not a time with an offset";
const NO_SUCH: &str = "names a day or time that does not exist";
const YEARS: &str = "is not in the years 2000 to 2100";

/// Reads `YYYY-MM-DDTHH:MM:SS[.fff](Z|±hh:mm)`, strictly.
#[inline]
pub(super) fn parse_rfc3339(text: &[u8]) -> Result<Timestamp, &'static str> {
    let [date @ .., b'T', h1, h0, b':', m1, m0, b':', s1, s0] = text.get(..19).ok_or(SHAPE)? else { return Err(SHAPE) };
    let (year, month, day) = digits_of_date(date).ok_or(SHAPE)?;
    let hour = two(*h1, *h0).ok_or(SHAPE)?;
    let minute = two(*m1, *m0).ok_or(SHAPE)?;
    let second = two(*s1, *s0).ok_or(SHAPE)?;
    let (micros, zone) = fraction(text.get(19..).ok_or(SHAPE)?)?;
    let offset = offset_minutes(zone)?;
    if day == 0 || day > days_in_month(year, month) || hour > 23 || minute > 59 || second > 59 {
        return Err(NO_SUCH);
    }
    if !(2000..=2100).contains(&year) {
        return Err(YEARS);
    }
    let minutes = i64::from(days_from_civil(year, month, day)) * 1440 + i64::from(hour * 60 + minute) - offset;
    Ok(Timestamp((minutes * 60 + i64::from(second)) * 1_000_000 + micros))
}

/// Reads `YYYY-MM-DD` as days since 1970-01-01.
pub(super) fn parse_date(text: &[u8]) -> Option<i32> {
    let (year, month, day) = digits_of_date(text)?;
    (year > 0 && day > 0 && day <= days_in_month(year, month)).then(|| days_from_civil(year, month, day))
}

#[inline]
fn digits_of_date(text: &[u8]) -> Option<(u32, u32, u32)> {
    let [y3, y2, y1, y0, b'-', m1, m0, b'-', d1, d0] = text else { return None };
    Some((two(*y3, *y2)? * 100 + two(*y1, *y0)?, two(*m1, *m0)?, two(*d1, *d0)?))
}

#[inline]
fn two(tens: u8, ones: u8) -> Option<u32> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| u32::from(tens) * 10 + u32::from(ones))
}

/// The microseconds of `.123…`, cut after six digits, and what follows it.
#[inline]
fn fraction(text: &[u8]) -> Result<(i64, &[u8]), &'static str> {
    let Some((b'.', rest)) = text.split_first() else { return Ok((0, text)) };
    let count = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    if count == 0 || count > 9 {
        return Err(SHAPE);
    }
    let (digits, zone) = rest.split_at(count);
    let padded = digits.iter().chain(std::iter::repeat(&b'0')).take(6);
    Ok((padded.fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')), zone))
}

#[inline]
fn offset_minutes(zone: &[u8]) -> Result<i64, &'static str> {
    match zone {
        [b'Z'] => Ok(0),
        [sign @ (b'+' | b'-'), h1, h0, b':', m1, m0] => {
            let (hours, minutes) = (two(*h1, *h0).ok_or(SHAPE)?, two(*m1, *m0).ok_or(SHAPE)?);
            if hours > 23 || minutes > 59 {
                return Err(NO_SUCH);
            }
            let total = i64::from(hours * 60 + minutes);
            Ok(if *sign == b'-' { -total } else { total })
        }
        _ => Err(SHAPE),
    }
}

#[inline]
fn days_in_month(year: u32, month: u32) -> u32 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 0,
    }
}

/// Days since 1970-01-01 in the Gregorian calendar; years are counted from March, so that the
/// leap day comes last (after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
#[inline]
fn days_from_civil(year: u32, month: u32, day: u32) -> i32 {
    let year = if month <= 2 { year as i32 - 1 } else { year as i32 };
    let from_march = (month as i32 + 9) % 12;
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * from_march + 2) / 5 + day as i32 - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Result<i64, &'static str> {
        parse_rfc3339(text.as_bytes()).map(|t| t.0 / 1_000_000)
    }

    #[test]
    fn moments_are_read() {
        assert_eq!(seconds("2026-01-05T00:00:00Z"), Ok(1_767_571_200));
        assert_eq!(seconds("2026-01-05T01:30:00+01:30"), Ok(1_767_571_200));
        assert_eq!(seconds("2026-01-04T19:00:00-05:00"), Ok(1_767_571_200));
        assert_eq!(seconds("2024-02-29T23:59:59.999999999Z"), Ok(1_709_251_199));
        assert_eq!(parse_rfc3339(b"2026-01-05T00:00:00.25Z"), Ok(Timestamp(1_767_571_200_250_000)));
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "2026-01-05",
            "2026-01-05 00:00:00Z",
            "2026-01-05T00:00:00",
            "2026-01-05T00:00Z",
            "2026-01-05T00:00:00.Z",
        ] {
            assert_eq!(seconds(text), Err(SHAPE), "{text}");
        }
        for text in ["2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T23:59:60Z"] {
            assert_eq!(seconds(text), Err(NO_SUCH), "{text}");
        }
        assert_eq!(seconds("1999-12-31T23:59:59Z"), Err(YEARS));
        assert_eq!(seconds("2101-01-01T00:00:00Z"), Err(YEARS));
    }

    #[test]
    fn days_are_read() {
        assert_eq!(parse_date(b"1970-01-01"), Some(0));
        assert_eq!(parse_date(b"2026-01-05"), Some(20_458));
        assert_eq!(parse_date(b"1969-12-31"), Some(-1));
        assert_eq!(parse_date(b"2026-02-30"), None);
        assert_eq!(parse_date(b"2026-2-3"), None);
    }
}

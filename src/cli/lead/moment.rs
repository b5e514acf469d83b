//! A moment of the command line that may leave its zone to the lead.

use chrono::{NaiveDate, NaiveDateTime};

use crate::local::{TimeError, Zone, parse_rfc3339, rfc3339};
use crate::timestamp::Timestamp;
use crate::units::{Length, Unit};

/// A moment as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MomentArg {
    /// With an offset.
    Exact(Timestamp),
    /// What the lead's clock shows.
    Clock(NaiveDateTime),
    /// The first moment of a day of the lead.
    Day(NaiveDate),
}

impl MomentArg {
    /// Reads `2026-03-20`, `2026-03-20T09:00` or `2026-03-20T09:00:00Z`; a space does for the `T`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let error = match parse_rfc3339(text.as_bytes()) {
            Ok(at) => return Ok(Self::Exact(at)),
            Err(error @ (TimeError::Form | TimeError::NoOffset)) => error,
            Err(error) => return Err(error.to_string()),
        };
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(Self::Day);
        let forms = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"];
        let clock = || forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok()).map(Self::Clock);
        match day.or_else(clock) {
            Some(moment) if moment.is_in_range() => Ok(moment),
            Some(_) => Err(TimeError::Year.to_string()),
            None if error == TimeError::NoOffset => Err(String::from("no such day, or no such time")),
            None => Err(String::from("write it as `2026-03-20`, `2026-03-20T09:00` or `2026-03-20T09:00:00Z`")),
        }
    }

    /// The moment, by the clock of a zone.
    pub fn in_zone(self, zone: Zone) -> Timestamp {
        match self {
            Self::Exact(at) => at,
            Self::Clock(local) => zone.resolve(local),
            Self::Day(day) => zone.day_start(day),
        }
    }

    fn is_in_range(self) -> bool {
        parse_rfc3339(rfc3339(self.in_zone(Zone::UTC), Zone::UTC).as_bytes()).is_ok()
    }
}

/// Reads a length of time as rules write it: `90d`, `2w`, `3bd`.
pub fn length(text: &str) -> Result<Length, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (amount, unit) = text.split_at(digits);
    let unit = match unit {
        "s" => Some(Unit::Second),
        "m" => Some(Unit::Minute),
        "h" => Some(Unit::Hour),
        "d" => Some(Unit::Day),
        "w" => Some(Unit::Week),
        "bh" => Some(Unit::BusinessHour),
        "bd" => Some(Unit::BusinessDay),
        _ => None,
    };
    let length = amount.parse().ok().zip(unit).map(|(amount, unit)| Length { amount, unit });
    let length = length.filter(|length| length.amount > 0 && length.measured().is_none_or(|span| span.0 < CENTURY));
    length.ok_or_else(|| String::from("write a length of time such as `14d`, `2w`, `36h` or `3bd`"))
}

/// No plan reaches farther, in microseconds.
const CENTURY: i64 = 36_525 * 86_400 * 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_without_an_offset_is_the_leads() {
        let zone = Zone::parse("America/New_York").unwrap();
        let shown = |text: &str| rfc3339(MomentArg::parse(text).unwrap().in_zone(zone), zone);
        assert_eq!(shown("2026-03-20"), "2026-03-20T00:00:00-04:00");
        assert_eq!(shown("2026-03-20 09:30"), "2026-03-20T09:30:00-04:00");
        assert_eq!(shown("2026-03-20T09:30:15"), "2026-03-20T09:30:15-04:00");
        assert_eq!(shown("2026-03-20T09:30:00Z"), "2026-03-20T05:30:00-04:00");
        // Clocks skip it: read with the offset before.
        assert_eq!(shown("2026-03-08T02:30"), "2026-03-08T03:30:00-04:00");
        for wrong in ["tomorrow", "2026-02-30", "2026-03-20T25:00", "1999-01-01", "2026-3", ""] {
            assert!(MomentArg::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn lengths_are_those_of_rules() {
        assert_eq!(length("14d").unwrap().to_string(), "14d");
        assert_eq!(length("3bd").unwrap().to_string(), "3bd");
        for wrong in ["0d", "d", "14", "14 d", "-1d", "4000000000w", "1y"] {
            assert!(length(wrong).is_err(), "{wrong}");
        }
    }
}

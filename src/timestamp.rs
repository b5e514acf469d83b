//! Moments and measured lengths of time, in whole microseconds. Made by the log reader and the
//! engine, used by everything below the command line. Nothing here reads a clock.

use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

/// A moment: microseconds since 1970-01-01T00:00:00Z. Ensue accepts moments of the years 2000 to
/// 2100 only, so sums with any [`Span`] a rulebook can express stay far from overflow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(pub i64);

/// A measured length of time in microseconds; a day is exactly 24 hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span(pub i64);

impl Timestamp {
    /// Earlier than every moment of a log.
    pub const MIN: Self = Self(i64::MIN / 4);
    /// Later than every moment of a log.
    pub const MAX: Self = Self(i64::MAX / 4);

    /// The moment `seconds` after 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }
}

/// Microseconds of a day of 24 hours, to reckon with lengths as numbers.
pub const DAY: f64 = 86_400_000_000.0;

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of whole seconds.
    #[must_use]
    pub const fn seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// As people say it, in at most two units: `38d`, `1d 1h`, `90s` is `1m 30s`.
    #[must_use]
    pub fn in_words(self) -> String {
        let units = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];
        let mut rest = self.0 / 1_000_000;
        let mut words = Vec::new();
        for (unit, size) in units {
            if rest >= size && words.len() < 2 {
                words.push(format!("{}{unit}", rest / size));
                rest %= size;
            } else if !words.is_empty() {
                break;
            }
        }
        if words.is_empty() { String::from("0s") } else { words.join(" ") }
    }

    /// A span of days of 24 hours.
    #[must_use]
    pub const fn days(days: i64) -> Self {
        Self::seconds(days * 86_400)
    }
}

impl Add<Span> for Timestamp {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub<Span> for Timestamp {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl Sub for Timestamp {
    type Output = Span;
    fn sub(self, other: Self) -> Span {
        Span(self.0.saturating_sub(other.0))
    }
}

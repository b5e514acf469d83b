//! The small words of the language that mean the same before and after checking: lengths of
//! time, clock times, weekdays, zone sources. Made by `syntax`, used up to the engine.

use chrono::{Datelike, Days, Months, NaiveDate};

use crate::timestamp::Span;

/// One link of a zone chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ZoneSource {
    /// The lead's `timezone` fact.
    Lead,
    /// The zone another lead of the account was known by last.
    Account,
    /// The owner's zone.
    Owner,
    /// A fixed IANA zone.
    Fixed(String),
}

/// A day of the week; Monday is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Weekday(pub u8);

impl Weekday {
    /// The days as they are written in rules, from Monday.
    pub const NAMES: [&'static str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
}

/// A clock time in minutes since midnight, 0..=1439 (1440 only as the end of a range, `24:00`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct ClockTime(pub u16);

/// A length of time as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Length {
    /// How many.
    pub amount: u32,
    /// Of what.
    pub unit: Unit,
}

/// The units a length can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Unit {
    /// `s`
    Second,
    /// `m`
    Minute,
    /// `h`
    Hour,
    /// `d`
    Day,
    /// `w`
    Week,
    /// `bh`: open hours of the calendar in force.
    BusinessHour,
    /// `bd`: open days of the calendar in force.
    BusinessDay,
}

/// What becomes of the values of many rows of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// `median`
    Median,
    /// `p75`: three quarters are at or below it.
    P75,
    /// `p90`
    P90,
    /// `mean`
    Mean,
    /// `sum`
    Sum,
}

impl Statistic {
    /// The word of the language.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Median => "median",
            Self::P75 => "p75",
            Self::P90 => "p90",
            Self::Mean => "mean",
            Self::Sum => "sum",
        }
    }

    /// Which part of the values lies at or below it, in percent; none of a mean or a sum.
    #[must_use]
    pub fn percent(self) -> Option<u32> {
        match self {
            Self::Median => Some(50),
            Self::P75 => Some(75),
            Self::P90 => Some(90),
            Self::Mean | Self::Sum => None,
        }
    }
}

/// What a metric has one row for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowsOf {
    /// Each event.
    Events,
    /// Each lead with such an event in a period; without an event, each as it stands when the period ends.
    Leads,
    /// The same of accounts.
    Accounts,
}

/// In how long a cap counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Per {
    /// The last so long: days are days of the calendar, hours are measured.
    Length(Length),
    /// The running period of the calendar.
    Period(Period),
}

/// A period of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Period {
    /// `day`
    Day,
    /// `week`, from Monday
    Week,
    /// `month`
    Month,
    /// `quarter`, from January, April, July and October
    Quarter,
    /// `year`
    Year,
}

impl Period {
    /// The period of a word of the language.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        let all = [Self::Day, Self::Week, Self::Month, Self::Quarter, Self::Year];
        all.into_iter().find(|period| period.word() == word)
    }

    /// The word of the language.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    /// The first day of the period that a day lies in.
    #[must_use]
    pub fn first_day(self, day: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Day => Some(day),
            Self::Week => day.checked_sub_days(Days::new(u64::from(day.weekday().num_days_from_monday()))),
            Self::Month => day.with_day(1),
            Self::Quarter => NaiveDate::from_ymd_opt(day.year(), day.month0() / 3 * 3 + 1, 1),
            Self::Year => NaiveDate::from_ymd_opt(day.year(), 1, 1),
        }
    }

    /// The first day of the next period.
    #[must_use]
    pub fn next(self, day: NaiveDate) -> Option<NaiveDate> {
        let first = self.first_day(day)?;
        match self {
            Self::Day => first.succ_opt(),
            Self::Week => first.checked_add_days(Days::new(7)),
            Self::Month => first.checked_add_months(Months::new(1)),
            Self::Quarter => first.checked_add_months(Months::new(3)),
            Self::Year => first.checked_add_months(Months::new(12)),
        }
    }
}

impl std::fmt::Display for Per {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Length(length) => write!(f, "{length}"),
            Self::Period(period) => f.write_str(period.word()),
        }
    }
}

/// Where a touch on a closed day goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Roll {
    /// The next open day (the default).
    Next,
    /// The open day before.
    Previous,
    /// The nearest open day, the later of two equally near.
    Nearest,
    /// Nowhere: the touch is skipped.
    Skip,
}

/// What an action carries.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Content {
    /// A template by name.
    Template(String),
    /// Words, for a person.
    Text(String),
}

/// What became of a touch or an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Due later.
    Scheduled,
    /// Handed over.
    Sent,
    /// Not wanted when it fell due.
    Skipped,
    /// Ended before it fell due.
    Cancelled,
    /// Could not be sent in time.
    Expired,
    /// The lead may not be contacted.
    Suppressed,
    /// Waits for a person.
    Held,
}

impl Length {
    /// The length where time is measured: a day is 24 hours. `None` for business units, which
    /// need a calendar.
    #[must_use]
    pub fn measured(self) -> Option<Span> {
        let seconds = match self.unit {
            Unit::Second => 1,
            Unit::Minute => 60,
            Unit::Hour => 3_600,
            Unit::Day => 86_400,
            Unit::Week => 7 * 86_400,
            Unit::BusinessHour | Unit::BusinessDay => return None,
        };
        Some(Span::seconds(i64::from(self.amount) * seconds))
    }
}

impl std::fmt::Display for Length {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let unit = match self.unit {
            Unit::Second => "s",
            Unit::Minute => "m",
            Unit::Hour => "h",
            Unit::Day => "d",
            Unit::Week => "w",
            Unit::BusinessHour => "bh",
            Unit::BusinessDay => "bd",
        };
        write!(f, "{}{unit}", self.amount)
    }
}

impl std::fmt::Display for ClockTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl std::fmt::Display for Weekday {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(Self::NAMES.get(usize::from(self.0)).unwrap_or(&"?"))
    }
}

impl Status {
    /// The word of the output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Sent => "sent",
            Self::Skipped => "skipped",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Suppressed => "suppressed",
            Self::Held => "held",
        }
    }
}

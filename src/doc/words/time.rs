//! Lengths, clock times, days and numbers as people say them.

use crate::decimal::Decimal;
use crate::timestamp::Span;
use crate::units::{ClockTime, Length, Per, Period, Unit};
use crate::words::counted;

/// `1 day`, `3 business hours`.
pub fn many(count: impl Into<u64>, unit: &str) -> String {
    let count = count.into();
    format!("{} {}", thousands(&count.to_string()), counted(count == 1, unit))
}

/// `3 business days`
pub fn length(length: Length) -> String {
    many(length.amount, unit(length.unit))
}

/// `day`, `2 days`: after "a" or "each".
pub fn each(length: Length) -> String {
    if length.amount == 1 { unit(length.unit).to_owned() } else { self::length(length) }
}

/// `a day`, `an hour`, `in 2 weeks`.
pub fn per(length: Length) -> String {
    per_unit((u64::from(length.amount), length.unit))
}

/// `in 7 days`, `in a calendar month`: the span that a cap counts in.
pub fn cap_span(span: Per) -> String {
    match span {
        Per::Length(length) => per(length),
        Per::Period(Period::Day) => "a day".to_owned(),
        Per::Period(period) => format!("a calendar {}", period.word()),
    }
}

fn per_unit(length: (u64, Unit)) -> String {
    match length {
        (1, Unit::Hour) => "an hour".to_owned(),
        (1, unit) => format!("a {}", self::unit(unit)),
        (amount, unit) => format!("in {}", many(amount, self::unit(unit))),
    }
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Second => "second",
        Unit::Minute => "minute",
        Unit::Hour => "hour",
        Unit::Day => "day",
        Unit::Week => "week",
        Unit::BusinessHour => "business hour",
        Unit::BusinessDay => "business day",
    }
}

/// A measured length in the largest unit that it is whole in.
fn whole(span: Span) -> (u64, Unit) {
    let seconds = (span.0 / 1_000_000).unsigned_abs();
    let units = [(Unit::Day, 86_400), (Unit::Hour, 3_600), (Unit::Minute, 60)];
    let whole = units.into_iter().find(|(_, size)| seconds != 0 && seconds.is_multiple_of(*size));
    let (unit, size) = whole.unwrap_or((Unit::Second, 1));
    (seconds / size, unit)
}

/// `7 days`, measured.
pub fn span(span: Span) -> String {
    let (amount, unit) = whole(span);
    many(amount, self::unit(unit))
}

/// `7 days`, but `day` for one: after "the last".
pub fn last(span: Span) -> String {
    match whole(span) {
        (1, unit) => self::unit(unit).to_owned(),
        (amount, unit) => many(amount, self::unit(unit)),
    }
}

/// `a day`, `an hour`, `in 2 days`, measured.
pub fn per_span(span: Span) -> String {
    per_unit(whole(span))
}

/// `09:00 to 17:00`
pub fn hours((start, end): (ClockTime, ClockTime)) -> String {
    format!("{start} to {end}")
}

const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The name of a weekday, 0 is Monday.
pub fn weekday(day: usize) -> &'static str {
    DAYS.get(day).copied().unwrap_or_default()
}

/// `Monday to Friday`, `Monday, Wednesday and Friday`, `every day`; days from Monday.
pub fn weekdays(days: &[bool; 7]) -> String {
    let on: Vec<usize> = days.iter().enumerate().filter_map(|(at, on)| on.then_some(at)).collect();
    match (on.as_slice(), on.first(), on.last()) {
        ([], ..) => "no day".to_owned(),
        (all, ..) if all.len() == 7 => "every day".to_owned(),
        (many, Some(first), Some(last)) if many.len() > 2 && last - first + 1 == many.len() => {
            format!("{} to {}", weekday(*first), weekday(*last))
        }
        (many, ..) => {
            let names: Vec<_> = many.iter().map(|day| super::Prose::from(weekday(*day))).collect();
            super::listed(names, "and").text()
        }
    }
}

/// `March 2, 2026`
pub fn date(days: i32) -> String {
    let date = chrono::NaiveDate::default().checked_add_signed(chrono::TimeDelta::days(i64::from(days)));
    date.map_or_else(|| days.to_string(), |date| date.format("%B %-d, %Y").to_string())
}

/// `50,000`, at most four decimals.
pub fn number(number: Decimal) -> String {
    let rounded = number.rounded(4);
    let text = rounded.abs().to_string();
    let (whole, rest) = text.split_once('.').map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let sign = if rounded.is_negative() { "−" } else { "" };
    let rest = rest.map(|rest| format!(".{rest}")).unwrap_or_default();
    format!("{sign}{}{rest}", thousands(whole))
}

fn thousands(digits: &str) -> String {
    let first = digits.len() % 3;
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && at % 3 == first {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

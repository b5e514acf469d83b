//! `fixtures/calendar/window`: questions to a calendar and their answers; and the laws that hold for
//! every window.

use std::collections::BTreeMap;
use std::fmt::Display;

use chrono::{NaiveDate, NaiveDateTime};
use ensue::calendar::{Calendar, ClockRange, DayState, Exception, Refusal, Window, add_open_days, add_open_hours};
use ensue::local::{Zone, parse_rfc3339, rfc3339};
use ensue::source::Range;
use ensue::timestamp::{Span, Timestamp};
use ensue::units::ClockTime;
use proptest::prelude::*;

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

fn calendar(days: [bool; 7], hours: Option<ClockRange>) -> Calendar {
    Calendar {
        name: "office".to_owned(),
        days,
        hours,
        parts: BTreeMap::new(),
        prefer: None,
        exceptions: BTreeMap::new(),
        zones: Vec::new(),
        range: Range::default(),
    }
}

/// The state of a case: what its lines so far have said.
struct Case {
    calendar: Option<Calendar>,
    quiet: Option<ClockRange>,
    zone: Zone,
}

fn clock(text: &str) -> ClockTime {
    let (hours, minutes) = text.split_once(':').unwrap();
    ClockTime(hours.parse::<u16>().unwrap() * 60 + minutes.parse::<u16>().unwrap())
}

fn range(text: &str) -> ClockRange {
    let (start, end) = text.split_once('-').unwrap();
    (clock(start), clock(end))
}

fn weekdays(text: &str) -> [bool; 7] {
    let words: Vec<&str> = text.split_whitespace().collect();
    assert!(words.iter().all(|word| WEEKDAYS.contains(word)), "{text}");
    WEEKDAYS.map(|day| words.contains(&day))
}

fn local(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn or_never(answer: Option<impl Display>) -> String {
    answer.map_or("never".to_owned(), |answer| answer.to_string())
}

impl Case {
    fn calendar(&mut self) -> &mut Calendar {
        self.calendar.get_or_insert_with(|| calendar([true; 7], None))
    }

    fn except(&mut self, date: &str, exception: Exception) {
        self.calendar().exceptions.insert(date.parse().unwrap(), exception);
    }

    fn declare(&mut self, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let dated = || rest.split_once(' ').unwrap();
        match word {
            "days" => self.calendar().days = weekdays(rest),
            "hours" => self.calendar().hours = Some(range(rest)),
            "quiet" => self.quiet = Some(range(rest)),
            "zone" => self.zone = Zone::parse(rest).unwrap(),
            "closed" => self.except(dated().0, Exception::Closed { name: dated().1.to_owned() }),
            "short" | "extra" => {
                let (date, words) = dated();
                let (hours, name) = words.split_once(' ').unwrap();
                let (hours, name) = (range(hours), name.to_owned());
                let short = word == "short";
                let exception = if short {
                    Exception::Short { name, hours }
                } else {
                    Exception::Extra { name, hours: Some(hours) }
                };
                self.except(date, exception);
            }
            _ => panic!("no such line: {line}"),
        }
    }

    fn moment(&self, text: &str) -> Timestamp {
        parse_rfc3339(text.as_bytes()).unwrap_or_else(|_| self.zone.resolve(local(text)))
    }

    fn print(&self, at: Option<Timestamp>, refusals: &[Refusal]) -> String {
        let at = at.map_or("never".to_owned(), |at| rfc3339(at, self.zone));
        std::iter::once(at).chain(refusals.iter().map(Refusal::to_string)).collect::<Vec<_>>().join(" | ")
    }

    fn found(&self, found: Option<(Timestamp, Vec<Refusal>)>) -> String {
        found.map_or("never".to_owned(), |(at, refusals)| self.print(Some(at), &refusals))
    }

    fn answer(&self, question: &str) -> String {
        let words: Vec<&str> = question.split_whitespace().collect();
        let window = Window { calendar: self.calendar.as_ref(), quiet: self.quiet.as_slice() };
        let office = || self.calendar.as_ref().unwrap();
        let date = |index: usize| words[index].parse::<NaiveDate>().unwrap();
        let count = || words[2].parse::<u32>().unwrap();
        let zone = self.zone;
        match words[0] {
            "day" => match office().day(date(1)) {
                DayState::Closed { reason } => format!("closed ({reason})"),
                DayState::Open { hours, name } => {
                    let hours = hours.map(|(start, end)| format!(" {start}-{end}")).unwrap_or_default();
                    format!("open{hours}{}", name.map(|name| format!(" {name}")).unwrap_or_default())
                }
            },
            "allows" => {
                window.allows(local(words[1])).map_or_else(|refusal| refusal.to_string(), |()| "yes".to_owned())
            }
            "next_open" => self.found(window.next_open(self.moment(words[1]), zone)),
            "next_open_day" => or_never(office().next_open_day(date(1))),
            "previous_open_day" => or_never(office().previous_open_day(date(1))),
            "nearest_open_day" => or_never(office().nearest_open_day(date(1))),
            "open_hours" => {
                self.print(add_open_hours(self.calendar.as_ref(), self.moment(words[1]), count(), zone), &[])
            }
            "open_days" => self.print(add_open_days(self.calendar.as_ref(), self.moment(words[1]), count(), zone), &[]),
            _ => panic!("no such question: {question}"),
        }
    }
}

#[test]
fn windows_answer_as_their_cases_say() {
    insta::glob!("../../fixtures/calendar/window", "*.case", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        let mut case = Case { calendar: None, quiet: None, zone: Zone::UTC };
        let (mut asked, mut wrong) = (0, Vec::new());
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some((question, expected)) = line.split_once(" -> ") else {
                case.declare(line);
                continue;
            };
            asked += 1;
            let answer = case.answer(question);
            if answer != expected {
                wrong.push(format!("{}: {question} -> {answer}, expected {expected}", number + 1));
            }
        }
        assert!(asked > 0, "{} asks nothing", path.display());
        assert!(wrong.is_empty(), "{}\n{}", path.display(), wrong.join("\n"));
    });
}

fn clock_ranges() -> impl Strategy<Value = ClockRange> {
    let ranges = (0..96_u16, 0..=96_u16).prop_filter("not empty", |(start, end)| start != end);
    ranges.prop_map(|(start, end)| (ClockTime(start * 15), ClockTime(end * 15)))
}

/// Calendars with an open day, a closed, a short and an extra day around the moments below.
fn calendars() -> impl Strategy<Value = Calendar> {
    let days = proptest::array::uniform7(any::<bool>());
    let exceptions = (0..12_u64, 0..12_u64, 0..12_u64, clock_ranges());
    (days, proptest::option::of(clock_ranges()), exceptions).prop_map(|(days, hours, (closed, short, extra, other))| {
        let mut calendar = calendar(days, hours);
        let day = |n: u64| NaiveDate::from_ymd_opt(2024, 10, 28).unwrap() + chrono::Days::new(n);
        calendar.exceptions.insert(day(closed), Exception::Closed { name: "closed day".to_owned() });
        calendar.exceptions.insert(day(short), Exception::Short { name: "short day".to_owned(), hours: other });
        calendar.exceptions.insert(day(extra), Exception::Extra { name: "extra day".to_owned(), hours: Some(other) });
        calendar
    })
}

/// Zones that change their clocks within the days of the moments below, and some that do not.
fn zones() -> impl Strategy<Value = Zone> {
    let names = ["America/New_York", "Europe/Paris", "Africa/Cairo", "Asia/Tokyo", "UTC", "America/St_Johns"];
    proptest::sample::select(names.map(|name| Zone::parse(name).unwrap()).to_vec())
}

/// Whole minutes from 2024-10-26 to 2024-11-06.
fn minutes() -> impl Strategy<Value = Timestamp> {
    (0..11 * 1_440_i64).prop_map(|minute| Timestamp::from_seconds(1_729_900_800 + minute * 60))
}

/// Nothing is written to the tree when a law fails: the failing values are printed.
fn laws() -> ProptestConfig {
    ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() }
}

const MINUTE: Span = Span::seconds(60);

proptest! {
    #![proptest_config(laws())]

    #[test]
    fn the_next_open_moment_is_the_first_allowed(
        calendar in proptest::option::of(calendars()),
        quiet in proptest::option::of(clock_ranges()),
        from in minutes(),
        zone in zones(),
    ) {
        let window = Window { calendar: calendar.as_ref(), quiet: quiet.as_slice() };
        let allowed = |at: &Timestamp| window.allows(zone.to_local(*at)).is_ok();
        let mut steps = (0..8 * 1_440_i64).map(|minute| from + Span::seconds(minute * 60));
        let expected = steps.find(allowed);
        let found = window.next_open(from, zone);
        match (expected, &found) {
            (Some(expected), Some((found, _))) => prop_assert_eq!(expected, *found),
            (None, Some((found, _))) => prop_assert!(*found >= from + Span::days(8)),
            (None, None) => {}
            (Some(expected), None) => prop_assert!(false, "{} was not found", rfc3339(expected, zone)),
        }
        if let Some((at, refusals)) = found {
            prop_assert_eq!(refusals.is_empty(), at == from);
            prop_assert!(allowed(&at));
        }
    }

    #[test]
    fn open_hours_are_the_open_minutes(calendar in calendars(), from in minutes(), zone in zones(), hours in 1..30_u32) {
        let window = Window { calendar: Some(&calendar), quiet: &[] };
        let end = add_open_hours(Some(&calendar), from, hours, zone);
        if let Some(end) = end.filter(|end| *end < from + Span::days(40)) {
            let mut at = from;
            let mut open = 0;
            while at < end {
                open += u32::from(window.allows(zone.to_local(at)).is_ok());
                at = at + MINUTE;
            }
            prop_assert_eq!(open, hours * 60);
            prop_assert!(window.allows(zone.to_local(end - MINUTE)).is_ok(), "it ends with an open minute");
        }
    }

    #[test]
    fn open_hours_add_up(calendar in calendars(), from in minutes(), zone in zones(), a in 0..20_u32, b in 0..20_u32) {
        let add = |at, hours| add_open_hours(Some(&calendar), at, hours, zone);
        prop_assert_eq!(add(from, a).and_then(|at| add(at, b)), add(from, a + b));
    }

    #[test]
    fn open_days_are_counted(calendar in calendars(), from in minutes(), zone in zones(), days in 1..15_u32) {
        if let Some(end) = add_open_days(Some(&calendar), from, days, zone) {
            let (first, last) = (zone.to_local(from).date(), zone.to_local(end).date());
            let open = first.iter_days().skip(1).take_while(|day| *day <= last).filter(|day| calendar.is_open_day(*day));
            prop_assert_eq!(open.count(), days as usize);
            prop_assert!(calendar.is_open_day(last));
        }
    }
}

//! Calendars: open days and hours, parts of the day, zones, and closed days from files.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::checker::Checker;
use super::script::has_ending;
use crate::calendar::{Calendar, Exception, Prefer, file};
use crate::diagnostic::Diagnostic;
use crate::local::Zone;
use crate::slug::Slug;
use crate::source::{Range, Source};
use crate::syntax::tree::{At, CalendarDecl, CalendarEntry, DayRange, Text, TimeRange, ZoneSource};
use crate::units::ClockTime;
use crate::words::{listed, nearest};

/// The calendar that times go by where no other is named.
const OFFICE: &str = "office";

/// Days that differ from their weekday.
pub(super) type Exceptions = BTreeMap<NaiveDate, Exception>;

impl Checker<'_> {
    /// Resolves every calendar.
    pub fn check_calendars(&mut self) {
        let calendars: Vec<_> = self.declared.calendars.iter().map(|entry| (entry.item, entry.standard)).collect();
        for (calendar, _) in &calendars {
            let calendar = self.check_calendar(calendar);
            self.resolved.calendars.push(calendar);
        }
        // Nearest to what the author declared: `office`, else the first, else the standard one.
        let own = calendars.iter().zip(&self.resolved.calendars).filter(|((_, standard), _)| !standard);
        let own: Vec<_> = own.map(|(_, calendar)| calendar).collect();
        let usual = own.iter().find(|calendar| calendar.name == OFFICE).or(own.first()).copied();
        let usual = usual.or(self.resolved.calendars.first());
        self.resolved.zones = usual.map_or_else(|| vec![ZoneSource::Lead], |calendar| calendar.zones.clone());
    }

    fn check_calendar(&mut self, declared: &CalendarDecl) -> Calendar {
        let mut calendar = Calendar {
            name: declared.name.node.clone(),
            days: [true; 7],
            hours: None,
            parts: BTreeMap::new(),
            prefer: None,
            exceptions: BTreeMap::new(),
            zones: vec![ZoneSource::Lead],
            range: declared.name.range,
        };
        let mut seen: BTreeMap<String, Range> = BTreeMap::new();
        for entry in &declared.entries {
            if let Some(word) = single(&entry.node) {
                self.refuse_second(word, entry.range, &mut seen);
            }
            self.check_calendar_entry(entry, &mut calendar);
        }
        calendar
    }

    fn check_calendar_entry(&mut self, entry: &At<CalendarEntry>, calendar: &mut Calendar) {
        match &entry.node {
            CalendarEntry::Days(days) => calendar.days = weekdays(days),
            CalendarEntry::Hours(hours) => calendar.hours = self.clock_range(*hours),
            CalendarEntry::Part(name, range) => {
                if let Some(range) = self.clock_range(*range) {
                    calendar.parts.insert(name.node.clone(), range);
                } else {
                    self.broken.insert(name.node.clone());
                }
            }
            CalendarEntry::Prefer(days, hours) => {
                let hours = hours.and_then(|hours| self.clock_range(hours));
                calendar.prefer = Some(Prefer { days: weekdays(days), hours });
            }
            CalendarEntry::ClosedFrom(path) => {
                if let Some(exceptions) = self.calendar_file(path) {
                    calendar.exceptions.extend(exceptions);
                }
            }
            CalendarEntry::Zone(zones) => {
                for zone in zones {
                    if let ZoneSource::Fixed(name) = &zone.node {
                        self.known_zone(name, zone.range);
                    }
                }
                calendar.zones = zones.iter().map(|zone| zone.node.clone()).collect();
            }
        }
    }

    /// Reports a clause that may stand once and stands again.
    pub fn refuse_second(&mut self, word: String, range: Range, seen: &mut BTreeMap<String, Range>) {
        if let Some(first) = seen.get(&word) {
            let found = Diagnostic::new(Slug::DuplicateClause, range, format!("`{word}` is said twice"));
            self.report(found.label("said again").other(*first, "said first").help("keep one of them"));
        } else {
            seen.insert(word, range);
        }
    }

    /// A range of clock times that is not empty.
    pub fn clock_range(&mut self, times: TimeRange) -> Option<(ClockTime, ClockTime)> {
        if times.start == times.end {
            let text = self.text(times.range);
            let found = Diagnostic::new(Slug::EmptyRange, times.range, format!("`{text}` holds no time at all"));
            let help = "the end is outside the range; for the whole day write `00:00-24:00`";
            self.report(found.label("start and end are the same").help(help));
            return None;
        }
        Some((times.start, times.end))
    }

    /// Whether a zone is in the zone database, reported if not.
    pub fn known_zone(&mut self, name: &str, range: Range) -> bool {
        if Zone::parse(name).is_some() {
            return true;
        }
        let zones: Vec<String> = Zone::all().map(|zone| zone.name().to_owned()).collect();
        let help = match nearest(name, &zones) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "zones are written like `Europe/Paris`, `America/New_York` or `UTC`".to_owned(),
        };
        let found = Diagnostic::new(Slug::UnknownZone, range, format!("zone `{name}` does not exist"));
        self.report(found.label("not a zone").help(help));
        false
    }

    /// The days of a calendar file, read once however many calendars name it.
    fn calendar_file(&mut self, path: &Text) -> Option<Exceptions> {
        let key = path.node.trim_start_matches("./").to_owned();
        if let Some(read) = self.calendar_files.get(&key) {
            return read.clone();
        }
        let Some(text) = self.env.files.get(&key) else {
            self.missing_file(&key, path, &["yaml", "yml"]);
            return None;
        };
        let read = match file::parse(text) {
            Ok(days) => Some(days),
            Err(errors) => {
                let source = Source::new(self.env.shown(&key), text.clone());
                let source = std::sync::Arc::make_mut(&mut self.sources).add(source);
                for error in errors {
                    let range = Range { source, start: error.range_start as u32, end: error.range_end as u32 };
                    let found = Diagnostic::new(Slug::CalendarFile, range, error.message);
                    let found = Diagnostic { help: error.help, ..found };
                    self.report(found.other(path.range, "the file is named here"));
                }
                None
            }
        };
        self.calendar_files.insert(key, read.clone());
        read
    }

    /// Reports a file that does not exist; where none has a near name, those of its kind are listed.
    pub fn missing_file(&mut self, key: &str, path: &Text, ends: &[&str]) {
        let files: Vec<String> = self.env.files.keys().cloned().collect();
        let alike: Vec<String> = files.iter().filter(|file| has_ending(file, ends)).cloned().collect();
        // The folders are left out: they would make any two files of one folder look alike.
        let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
        let names: Vec<String> = files.iter().map(|file| name(file)).collect();
        let near = nearest(&name(key), &names).and_then(|near| files.iter().find(|file| name(file) == near));
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None if alike.is_empty() => {
                "paths begin at the rulebook's folder; make the file, or take the line out".to_owned()
            }
            None => format!("paths begin at the rulebook's folder; there are {}", listed(&alike)),
        };
        let found = Diagnostic::new(Slug::MissingFile, path.range, format!("file `{}` does not exist", path.node));
        self.report(found.label("no such file").help(help));
    }
}

/// The word of an entry that may stand once.
fn single(entry: &CalendarEntry) -> Option<String> {
    Some(match entry {
        CalendarEntry::Days(_) => "days".to_owned(),
        CalendarEntry::Hours(_) => "hours".to_owned(),
        CalendarEntry::Part(name, _) => name.node.clone(),
        CalendarEntry::Prefer(..) => "prefer".to_owned(),
        CalendarEntry::Zone(_) => "zone".to_owned(),
        CalendarEntry::ClosedFrom(_) => return None,
    })
}

/// Days from Monday; `fri..mon` wraps.
pub(super) fn weekdays(ranges: &[DayRange]) -> [bool; 7] {
    let mut days = [false; 7];
    for range in ranges {
        let (first, last) = (usize::from(range.first.0), usize::from(range.last.0));
        for (at, day) in days.iter_mut().enumerate() {
            *day |= if first <= last { (first..=last).contains(&at) } else { at >= first || at <= last };
        }
    }
    days
}

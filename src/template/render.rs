//! Fills templates in. Values are data: whatever they contain, it is not read as a template.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::ops::Range;

use chrono::{DateTime, NaiveDate};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::ValueKind;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value as Jinja};

use super::filters::{self, TemplateMoment};
use super::{Template, scan};
use crate::timestamp::Timestamp;
use crate::value::Value;

/// Steps one part of a template may take; far more than any that is written by hand.
const FUEL: u64 = 50_000;
/// Longest result of one part, in bytes.
const MAX_RESULT: usize = 256 * 1024;
/// Deepest nesting while filling in.
const MAX_DEPTH: usize = 64;

/// What is said of a result that gets longer.
pub(super) const TOO_LONG: &str = "the message is too long";

/// A result as it grows, up to its longest.
#[derive(Default)]
struct Bounded {
    bytes: Vec<u8>,
    is_full: bool,
}

impl io::Write for Bounded {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        self.is_full |= self.bytes.len() + more.len() > MAX_RESULT;
        if self.is_full {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(more);
        Ok(more.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Refuses to build a text of so many bytes.
pub(super) fn fits(bytes: usize) -> Result<(), Error> {
    if bytes <= MAX_RESULT { Ok(()) } else { Err(Error::new(ErrorKind::InvalidOperation, TOO_LONG)) }
}

/// What a rendering depends on besides values.
pub struct RenderSetting<'a> {
    /// Seconds that the lead's local time is ahead of UTC at a moment.
    pub offset: &'a dyn Fn(Timestamp) -> i32,
}

/// A message as it would go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// One line, where the template has one.
    pub subject: Option<String>,
    /// Plain text.
    pub body: String,
}

/// Why there is no message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfilled {
    /// A value that is printed is missing.
    Missing {
        /// Which: `company`, `event.page`.
        variable: String,
    },
    /// The template failed on the values it got.
    Failed {
        /// Line of the template, from 1.
        line: u32,
        /// One line, lower case, no full stop.
        message: String,
    },
}

impl Template {
    /// The message for these values: `values` is asked for every name of [`Template::variables`];
    /// `None` and [`Value::Missing`] mean that there is no value.
    ///
    /// # Errors
    /// A value is missing where it is printed, or does not fit a filter.
    pub fn render(&self, values: &dyn Fn(&str) -> Option<Value>, setting: &RenderSetting) -> Result<Message, Unfilled> {
        let repeats = |variable: &&super::Variable| {
            self.multiplied.contains(&variable.name)
                && matches!(values(&variable.name), Some(Value::Text(_) | Value::List(_)))
        };
        if let Some(variable) = self.variables.iter().find(repeats) {
            let message = "texts cannot be joined or repeated here".to_owned();
            return Err(Unfilled::Failed { line: variable.line, message });
        }
        let (context, missing) = self.context(values, setting);
        let subject = self.subject.as_ref().map(|subject| self.part(subject, &context, &missing)).transpose()?;
        let body = self.part(&self.body, &context, &missing)?;
        let body = if self.channel.name == "sms" { without_controls(&body) } else { body };
        Ok(Message { subject: subject.map(|subject| one_line(&subject)), body })
    }

    fn context(&self, values: &dyn Fn(&str) -> Option<Value>, setting: &RenderSetting) -> (Jinja, Vec<&str>) {
        let (mut plain, mut event, mut missing) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        for variable in &self.variables {
            let name = variable.name.as_str();
            match values(name).and_then(|value| jinja(&value, setting)) {
                None => missing.push(name),
                Some(value) => match name.strip_prefix("event.") {
                    Some(part) => drop(event.insert(part.to_owned(), value)),
                    None => drop(plain.insert(name.to_owned(), value)),
                },
            }
        }
        plain.insert("event".to_owned(), Jinja::from(event));
        (Jinja::from(plain), missing)
    }

    fn part(&self, text: &str, context: &Jinja, missing: &[&str]) -> Result<String, Unfilled> {
        let environment = environment();
        let mut result = Bounded::default();
        let rendered = environment
            .template_from_named_str(&self.name, text)
            .and_then(|template| template.render_captured_to(context, &mut result).map(drop));
        match rendered {
            _ if result.is_full => Err(self.failed(text, 1, TOO_LONG)),
            Ok(()) => Ok(String::from_utf8_lossy(&result.bytes).into_owned()),
            Err(error) => Err(self.unfilled(text, &error, missing)),
        }
    }

    fn unfilled(&self, text: &str, error: &Error, missing: &[&str]) -> Unfilled {
        let line = error.line().unwrap_or(1);
        let whole: Range<usize> = 0..text.len();
        let within = error.range().and_then(|range| scan::first_missing(text, &range, missing));
        if let Some(variable) = within {
            return Unfilled::Missing { variable };
        }
        if error.kind() == ErrorKind::UndefinedError
            && let Some(variable) = scan::first_missing(text, &whole, missing)
        {
            return Unfilled::Missing { variable };
        }
        let message = match error.kind() {
            ErrorKind::OutOfFuel => "the template takes too many steps",
            ErrorKind::InvalidOperation => error.detail().unwrap_or("a value does not fit"),
            _ => "a value does not fit",
        };
        self.failed(text, line, message)
    }

    fn failed(&self, text: &str, line: usize, message: &str) -> Unfilled {
        let above = if text == self.body { self.body_line } else { self.subject_line };
        Unfilled::Failed { line: above + line as u32 - 1, message: message.to_owned() }
    }
}

impl Message {
    /// How many short messages the body is sent as: 160 letters of the standard alphabet in one,
    /// 153 in each of several; with any other letter 70 and 67.
    pub fn segments(&self) -> usize {
        let standard = self.body.chars().map(letter_size).sum::<Option<usize>>();
        let (length, single, each) = match standard {
            Some(length) => (length, 160, 153),
            None => (self.body.encode_utf16().count(), 70, 67),
        };
        if length <= single { 1 } else { length.div_ceil(each) }
    }
}

/// What a letter takes of the standard alphabet (GSM 03.38), `None` where it is not in it.
fn letter_size(c: char) -> Option<usize> {
    const ONE: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà";
    const TWO: &str = "^{}\\[~]|€";
    if c.is_ascii_alphanumeric() || ONE.contains(c) {
        return Some(1);
    }
    TWO.contains(c).then_some(2)
}

/// An environment with our filters and nothing else.
pub fn environment<'s>() -> Environment<'s> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_formatter(print);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(MAX_DEPTH);
    // A tag on a line of its own leaves no empty line behind.
    if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        environment.set_syntax(syntax);
    }
    // Keeps the range of an error, from which the missing value is found.
    environment.set_debug(true);
    filters::register(&mut environment);
    environment
}

fn print(out: &mut Output, _: &mut State, value: &Jinja) -> Result<(), Error> {
    let text = match value.kind() {
        ValueKind::Undefined | ValueKind::None => return Err(Error::from(ErrorKind::UndefinedError)),
        ValueKind::Bool => if value.is_true() { "yes" } else { "no" }.to_owned(),
        ValueKind::Number => number(value),
        ValueKind::Seq => joined(value)?,
        _ => value.to_string(),
    };
    out.write_str(&text).map_err(Error::from)
}

/// Whole numbers have no fraction, whatever a filter made of them.
fn number(value: &Jinja) -> String {
    if value.is_integer() {
        return value.to_string();
    }
    match f64::try_from(value.clone()) {
        Ok(n) if n.fract() == 0.0 && n.abs() < 1e15 => format!("{n:.0}"),
        Ok(n) => n.to_string(),
        Err(_) => value.to_string(),
    }
}

fn joined(list: &Jinja) -> Result<String, Error> {
    let mut out = String::new();
    for item in list.try_iter()? {
        let separator = if out.is_empty() { "" } else { ", " };
        let _ = write!(
            out,
            "{separator}{}",
            if item.kind() == ValueKind::Number { number(&item) } else { item.to_string() }
        );
        fits(out.len())?;
    }
    Ok(out)
}

fn jinja(value: &Value, setting: &RenderSetting) -> Option<Jinja> {
    Some(match value {
        Value::Missing => return None,
        Value::Bool(b) => Jinja::from(*b),
        Value::Number(n) => n.to_whole().map_or_else(|| Jinja::from(n.to_f64()), Jinja::from),
        Value::Text(text) => Jinja::from(&**text),
        Value::Time(time) => {
            let local = time.checked_add(i64::from((setting.offset)(Timestamp(*time))) * 1_000_000)?;
            Jinja::from_object(TemplateMoment::Time(DateTime::from_timestamp_micros(local)?.naive_utc()))
        }
        Value::Date(days) => Jinja::from_object(TemplateMoment::Date(day(*days)?)),
        Value::Length(micros) => Jinja::from(micros / 1_000_000),
        Value::List(items) => items.iter().filter_map(|item| jinja(item, setting)).collect::<Vec<_>>().into(),
    })
}

fn day(days: i32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(1970, 1, 1)?.checked_add_signed(chrono::TimeDelta::days(i64::from(days)))
}

/// A subject is one line of a mail's head: a line break in a value would begin another.
fn one_line(text: &str) -> String {
    let breaks = |c: char| matches!(c, '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let folded: String = text.chars().map(|c| if breaks(c) { ' ' } else { c }).filter(|c| !c.is_control()).collect();
    folded.trim().to_owned()
}

fn without_controls(text: &str) -> String {
    text.chars().filter(|c| *c == '\n' || !c.is_control()).collect()
}

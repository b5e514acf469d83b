//! Values of facts, properties and expressions. Made by the log reader and by evaluation.

use crate::decimal::Decimal;
use crate::timestamp::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// The types an author can name, plus those only expressions have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Type {
    /// Any text.
    Text,
    /// An exact decimal number.
    Number,
    /// `true`, `false`.
    Bool,
    /// A moment: RFC 3339 with an offset in the log.
    Time,
    /// A calendar day: `2026-03-02`.
    Date,
    /// An IANA zone's name.
    Zone,
    /// An email address.
    Email,
    /// A list of texts, numbers or booleans.
    List,
    /// A measured length of time; expressions only.
    Length,
    /// What a function of a script gives, a number or a truth value; expressions only.
    Any,
}

/// A value that lives by itself: facts of a lead, constants of a rulebook.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// No value.
    #[default]
    Missing,
    /// A truth value.
    Bool(bool),
    /// A number.
    Number(Decimal),
    /// Text; also zones, emails and the names of tiers.
    Text(Box<str>),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Time(i64),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds.
    Length(i64),
    /// Values of one list.
    List(Box<[Value]>),
}

/// A value while an expression is evaluated: borrowed where it is text or a list, so that
/// evaluation allocates nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum View<'a> {
    /// No value; equal to nothing.
    Missing,
    /// A truth value.
    Bool(bool),
    /// A number.
    Number(Decimal),
    /// Text, zone, email, tier.
    Text(&'a str),
    /// A moment.
    Time(Timestamp),
    /// Days since 1970-01-01.
    Date(i32),
    /// A measured length.
    Length(Span),
    /// A list.
    List(&'a [Value]),
}

impl Value {
    /// This value, borrowed.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        match self {
            Self::Missing => View::Missing,
            Self::Bool(b) => View::Bool(*b),
            Self::Number(n) => View::Number(*n),
            Self::Text(t) => View::Text(t),
            Self::Time(t) => View::Time(Timestamp(*t)),
            Self::Date(d) => View::Date(*d),
            Self::Length(l) => View::Length(Span(*l)),
            Self::List(items) => View::List(items),
        }
    }
}

impl View<'_> {
    /// A value of its own.
    #[must_use]
    pub fn to_value(self) -> Value {
        match self {
            Self::Missing => Value::Missing,
            Self::Bool(b) => Value::Bool(b),
            Self::Number(n) => Value::Number(n),
            Self::Text(t) => Value::Text(t.into()),
            Self::Time(t) => Value::Time(t.0),
            Self::Date(d) => Value::Date(d),
            Self::Length(l) => Value::Length(l.0),
            Self::List(items) => Value::List(items.into()),
        }
    }
}

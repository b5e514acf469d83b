//! A YAML document as it is written: every entry in order, the repeated ones too, each with the place
//! of its key.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::FileError;

/// A value of a calendar file.
#[derive(Debug)]
pub enum Node {
    /// Nothing was written.
    Nothing,
    /// A text.
    Text(String),
    /// A number, a truth value or a list: nowhere of use in a calendar.
    Other,
    /// Entries in order: key, where the key stands, value.
    Map(Vec<(String, Range<usize>, Node)>),
}

impl Node {
    /// The text, where this is one with something in it.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) if !text.trim().is_empty() => Some(text),
            _ => None,
        }
    }

    /// The entries, where this has any.
    pub fn entries(&self) -> Option<&[(String, Range<usize>, Self)]> {
        match self {
            Self::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// Whether nothing was written.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }
}

/// Reads a document; `keys` are the places of its keys in order.
pub fn read(text: &str, keys: &[Range<usize>]) -> Result<Node, FileError> {
    let raw: Raw = yaml::from_str(text).map_err(|error| syntax_error(text, &error))?;
    // Were the two readers ever to disagree, no place would be better than a wrong one.
    let whole = [0..0];
    let mut places = if count(&raw) == keys.len() { keys.iter() } else { whole.iter() };
    Ok(place(raw, &mut places))
}

fn syntax_error(text: &str, error: &yaml::Error) -> FileError {
    let at = error.location().map_or(0, |place| text.floor_char_boundary(place.index()));
    let end = text.get(at..).and_then(|rest| rest.chars().next()).map_or(at, |c| at + c.len_utf8());
    let words = error.to_string();
    let what = words.split(" at line ").next().unwrap_or(&words).to_lowercase();
    FileError::new(at..end, format!("this is not YAML: {what}"), "")
}

fn count(raw: &Raw) -> usize {
    match raw {
        Raw::Map(entries) => entries.iter().map(|(key, value)| 1 + count(key) + count(value)).sum(),
        Raw::List(items) => items.iter().map(count).sum(),
        _ => 0,
    }
}

fn place<'k>(raw: Raw, keys: &mut impl Iterator<Item = &'k Range<usize>>) -> Node {
    match raw {
        Raw::Nothing => Node::Nothing,
        Raw::Text(text) => Node::Text(text),
        Raw::Number(_) => Node::Other,
        Raw::List(items) => {
            for item in items {
                place(item, keys);
            }
            Node::Other
        }
        Raw::Map(entries) => Node::Map(entries.into_iter().map(|entry| placed(entry, keys)).collect()),
    }
}

fn placed<'k>(
    (key, value): (Raw, Raw),
    keys: &mut impl Iterator<Item = &'k Range<usize>>,
) -> (String, Range<usize>, Node) {
    let range = keys.next().cloned().unwrap_or_default();
    let name = match key {
        Raw::Text(text) | Raw::Number(text) => text,
        Raw::Nothing => String::new(),
        other => {
            place(other, keys);
            "…".to_owned()
        }
    };
    (name, range, place(value, keys))
}

/// A document as the YAML crate hands it over.
enum Raw {
    Nothing,
    Text(String),
    Number(String),
    List(Vec<Raw>),
    Map(Vec<(Raw, Raw)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a calendar")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Nothing)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Number(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Number(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Number(value.to_string()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Raw, E> {
        Ok(Raw::Number(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Raw, E> {
        Ok(Raw::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Number(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}

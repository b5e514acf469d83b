//! A YAML document as it is written: every entry in order, the repeated ones too, each with the place
//! of its key, and no more of it than the text is long.

use std::cell::Cell;
use std::fmt;
use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

use super::FileError;

/// A value of a calendar file.
#[derive(Debug)]
pub enum Node {
    /// Nothing was written.
    Nothing,
    /// A text.
    Text(String),
    /// A number or a truth value: nowhere of use in a calendar.
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
    // An alias the key finder let through would spend more than was written.
    let budget = Cell::new(2 * text.len() + 16);
    let document = yaml::Deserializer::from_str(text);
    let raw = Reader { budget: &budget }.deserialize(document).map_err(|error| syntax_error(text, &error))?;
    // Were the two readers ever to disagree, no place would be better than a wrong one.
    let places = if count(&raw) == keys.len() { keys } else { &[] };
    Ok(place(raw, &mut places.iter()))
}

fn syntax_error(text: &str, error: &yaml::Error) -> FileError {
    let index = error.location().map_or(0, |place| place.index().min(text.len()));
    let at = (0..=index).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let end = text.get(at..).and_then(|rest| rest.chars().next()).map_or(at, |c| at + c.len_utf8());
    let words = error.to_string();
    let what = words.split(" at line ").next().unwrap_or(&words).to_lowercase();
    let help = if text.get(at..end) == Some("\t") { "indent with spaces" } else { "" };
    FileError::new(at..end, format!("this is not YAML: {what}"), help)
}

fn count(raw: &Raw) -> usize {
    match raw {
        Raw::Map(entries) => entries.iter().map(|(key, value)| 1 + count(key) + count(value)).sum(),
        _ => 0,
    }
}

fn place<'k>(raw: Raw, keys: &mut impl Iterator<Item = &'k Range<usize>>) -> Node {
    match raw {
        Raw::Nothing => Node::Nothing,
        Raw::Text(text) => Node::Text(text),
        Raw::Number(_) => Node::Other,
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
        other @ Raw::Map(_) => {
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
    Map(Vec<(Raw, Raw)>),
}

/// Reads a value for as many bytes as the budget has left.
#[derive(Clone, Copy)]
struct Reader<'b> {
    budget: &'b Cell<usize>,
}

impl Reader<'_> {
    fn spend<E: Error>(self, bytes: usize, raw: Raw) -> Result<Raw, E> {
        let left = self.budget.get().checked_sub(bytes + 1);
        self.budget.set(left.unwrap_or(0));
        left.map(|_| raw).ok_or_else(|| E::custom("it repeats itself"))
    }

    fn number<E: Error>(self, text: String) -> Result<Raw, E> {
        self.spend(0, Raw::Number(text))
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Raw;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a calendar")
    }

    fn visit_unit<E: Error>(self) -> Result<Raw, E> {
        self.spend(0, Raw::Nothing)
    }

    fn visit_none<E: Error>(self) -> Result<Raw, E> {
        self.spend(0, Raw::Nothing)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Raw, E> {
        self.number(value.to_string())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Raw, E> {
        self.number(value.to_string())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Raw, E> {
        self.number(value.to_string())
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<Raw, E> {
        self.number(value.to_string())
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<Raw, E> {
        self.number(value.to_string())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Raw, E> {
        self.number(value.to_string())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Raw, E> {
        self.spend(value.len(), Raw::Text(value.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry_seed(self, self)? {
            entries.push(entry);
        }
        self.spend(0, Raw::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_spend_the_budget() {
        let mut text = "a0: &a0 { x: 1, y: 2 }\n".to_owned();
        for n in 1..20 {
            let before = n - 1;
            let line = format!("a{n}: &a{n} {{ x: *a{before}, y: *a{before} }}\n");
            text.push_str(&line);
        }
        let error = read(&text, &[]).expect_err("more than was written");
        assert!(error.message.contains("repeat") || error.message.contains("repetition"), "{}", error.message);
    }
}

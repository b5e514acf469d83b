//! A YAML document as it is written: every entry in order, the repeated ones too, each with the place
//! of its key, and no more of it than the text is long.

use std::cell::Cell;
use std::fmt;
use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::Mistake;
use super::keys::YamlKey;

/// A value as it is written.
#[derive(Clone, Debug)]
pub enum YamlNode {
    /// Nothing was written.
    Nothing,
    /// A text.
    Text(String),
    /// A number or a truth value, as it is printed.
    Plain(String),
    /// Items in order.
    List(Vec<YamlNode>),
    /// Entries in order.
    Map(Vec<YamlEntry>),
}

/// A key with its value.
#[derive(Clone, Debug)]
pub struct YamlEntry {
    /// The key.
    pub key: String,
    /// Where the key stands; empty where that is not known.
    pub range: Range<usize>,
    /// The value.
    pub value: YamlNode,
    /// Where each scalar of the value stands, up to the next key; empty where that is not known.
    pub scalars: Vec<Range<usize>>,
}

impl YamlEntry {
    /// Where the value stands, as far as it is scalars; else where the key does.
    pub fn value_range(&self) -> Range<usize> {
        match (self.scalars.first(), self.scalars.last()) {
            (Some(first), Some(last)) => first.start..last.end,
            _ => self.range.clone(),
        }
    }
}

impl YamlNode {
    /// The text, where this is one with something in it.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) if !text.trim().is_empty() => Some(text),
            _ => None,
        }
    }

    /// The entries, where this has any.
    pub fn entries(&self) -> Option<&[YamlEntry]> {
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
pub fn read(text: &str, keys: &[YamlKey]) -> Result<YamlNode, Mistake> {
    // An alias the key finder let through would spend more than was written.
    let budget = Cell::new(2 * text.len() + 16);
    let document = yaml::Deserializer::from_str(text);
    let raw = Reader { budget: &budget }.deserialize(document).map_err(|error| syntax_error(text, &error))?;
    // Were the two readers ever to disagree, no place would be better than a wrong one.
    let places = if count(&raw) == keys.len() { keys } else { &[] };
    Ok(place(raw, &mut places.iter()))
}

fn syntax_error(text: &str, error: &yaml::Error) -> Mistake {
    let index = error.location().map_or(0, |place| place.index().min(text.len()));
    let at = (0..=index).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let end = text.get(at..).and_then(|rest| rest.chars().next()).map_or(at, |c| at + c.len_utf8());
    let words = error.to_string();
    let what = words.split(" at line ").next().unwrap_or(&words).to_lowercase();
    let help = if text.get(at..end) == Some("\t") { "indent with spaces" } else { "" };
    Mistake::new(at..end, format!("this is not YAML: {what}"), help)
}

fn count(raw: &Raw) -> usize {
    match raw {
        Raw::Map(entries) => entries.iter().map(|(key, value)| 1 + count(key) + count(value)).sum(),
        Raw::List(items) => items.iter().map(count).sum(),
        _ => 0,
    }
}

fn place<'k>(raw: Raw, keys: &mut impl Iterator<Item = &'k YamlKey>) -> YamlNode {
    match raw {
        Raw::Nothing => YamlNode::Nothing,
        Raw::Text(text) => YamlNode::Text(text),
        Raw::Number(text) => YamlNode::Plain(text),
        Raw::List(items) => YamlNode::List(items.into_iter().map(|item| place(item, keys)).collect()),
        Raw::Map(entries) => YamlNode::Map(entries.into_iter().map(|entry| placed(entry, keys)).collect()),
    }
}

fn placed<'k>((key, value): (Raw, Raw), keys: &mut impl Iterator<Item = &'k YamlKey>) -> YamlEntry {
    let YamlKey { range, scalars } = keys.next().cloned().unwrap_or_default();
    let key = match key {
        Raw::Text(text) | Raw::Number(text) => text,
        Raw::Nothing => String::new(),
        other @ (Raw::List(_) | Raw::Map(_)) => {
            place(other, keys);
            "…".to_owned()
        }
    };
    YamlEntry { key, range, value: place(value, keys), scalars }
}

/// A document as the YAML crate hands it over.
enum Raw {
    Nothing,
    Text(String),
    Number(String),
    List(Vec<Raw>),
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
        f.write_str("a file of entries")
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

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(self)? {
            items.push(item);
        }
        self.spend(0, Raw::List(items))
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
        let long = "x".repeat(1_000);
        let text = format!("a: &a {long}\nb: {{ c: *a, d: *a, e: *a }}\n");
        let error = read(&text, &[]).expect_err("more than was written");
        assert_eq!(error.message.rsplit(": ").next(), Some("it repeats itself"));
    }
}

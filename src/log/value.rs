//! JSON values as they come, and what they must be to become properties.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use smallvec::SmallVec;

use super::hash;
use crate::decimal::Decimal;
use crate::local::{TimeError, parse_rfc3339};
use crate::timestamp::Timestamp;
use crate::value::{Type, Value};

/// A JSON value, borrowed from its line where it can be.
#[derive(Debug)]
pub(super) enum Raw<'a> {
    Null,
    Bool(bool),
    Number(Decimal),
    /// A number with more digits before the point than any may have.
    TooLarge,
    Text(Cow<'a, str>),
    /// A list of texts, numbers and truth values.
    List(Vec<Value>),
    /// An object, or a list that is not kept or holds other things.
    Other,
}

/// A value with the hash of its content: equal for all ways to write the same.
pub(super) type Hashed<'a> = (Raw<'a>, u64);

/// Reads a value from its text: numbers by their digits, lists where they are wanted.
pub(super) fn read(text: &str, lists: bool) -> serde_json::Result<Hashed<'_>> {
    if matches!(text.as_bytes().first(), Some(b'-' | b'0'..=b'9')) {
        return number(text);
    }
    Any { lists }.deserialize(&mut serde_json::Deserializer::from_str(text))
}

/// A number by its digits: as floating point it would lose some.
fn number<'a, E: Error>(text: &str) -> Result<Hashed<'a>, E> {
    let near = text.parse::<f64>().ok().filter(|near| near.is_finite());
    let near = near.ok_or_else(|| E::custom("the number is too large"))?;
    let hash = hash::of_number(near);
    let Ok(exact) = Decimal::parse(text) else { return Ok((Raw::TooLarge, hash)) };
    // Numbers that are not exact as floating point are told apart by all their digits.
    let same = Decimal::from_f64(near) == Some(exact);
    let hash = if same { hash } else { hash::mix(hash, hash::of_text(&exact.to_string())) };
    Ok((Raw::Number(exact), hash))
}

/// The text of what lies in an object at the end of a path; at each step an exact name comes before the
/// part of it up to a dot.
pub(super) fn inside<'a>(object: &'a str, path: &str) -> Option<&'a str> {
    let members = serde_json::from_str::<Members<'_>>(object).ok()?.0;
    let named = |name: &str| members.iter().find(|(key, _)| key == name).map(|(_, raw)| raw.get());
    named(path).or_else(|| {
        let (first, rest) = path.split_once('.')?;
        inside(named(first)?, rest)
    })
}

/// The members of an object; `None` where it is none.
pub(super) fn members(text: &str) -> Option<Vec<(Cow<'_, str>, &RawValue)>> {
    let is_object = text.starts_with('{');
    is_object.then(|| serde_json::from_str::<Members<'_>>(text).ok().map(|members| members.0)).flatten()
}

/// The members of an object as they stand.
pub(super) struct Members<'a>(pub(super) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> serde::Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(MemberName(key)) = map.next_key()? {
            members.push((key, map.next_value()?));
        }
        Ok(Members(members))
    }
}

/// A key, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct MemberName<'a>(#[serde(borrow)] Cow<'a, str>);

/// Takes in the value of a property.
pub(super) struct PropValueSeed {
    pub(super) lists: bool,
}

impl<'de> DeserializeSeed<'de> for PropValueSeed {
    type Value = Hashed<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Hashed<'de>, D::Error> {
        let raw = <&RawValue as serde::Deserialize>::deserialize(deserializer)?;
        read(raw.get(), self.lists).map_err(D::Error::custom)
    }
}

/// Takes in any value; lists are kept only where they are wanted.
#[derive(Clone, Copy)]
struct Any {
    lists: bool,
}

impl<'de> DeserializeSeed<'de> for Any {
    type Value = Hashed<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Hashed<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Any {
    type Value = Hashed<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Hashed<'de>, E> {
        Ok((Raw::Null, 0x6e75_6c6c))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Hashed<'de>, E> {
        Ok((Raw::Bool(value), hash::of_bool(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Hashed<'de>, E> {
        let number = value as f64;
        // Whole numbers that are not exact as floating point are told apart by all their digits.
        let exact = value < 1 << 53 || number as u64 == value;
        let hash = if exact { hash::of_number(number) } else { hash::mix(0x7768_6f6c, value) };
        Ok((Raw::Other, hash))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Hashed<'de>, E> {
        let number = value as f64;
        let exact = value > -(1 << 53) || number as i64 == value;
        let hash = if exact { hash::of_number(number) } else { hash::mix(0x7369_676e, value as u64) };
        Ok((Raw::Other, hash))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Hashed<'de>, E> {
        Ok((Raw::Other, hash::of_number(value)))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Hashed<'de>, E> {
        Ok((Raw::Text(Cow::Borrowed(value)), hash::of_text(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Hashed<'de>, E> {
        Ok((Raw::Text(Cow::Owned(value.to_owned())), hash::of_text(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Hashed<'de>, A::Error> {
        let mut items = self.lists.then(Vec::new);
        let mut hash = 0x6c69_7374;
        loop {
            // Nobody reads the numbers of a list that is not kept.
            let next = if self.lists {
                seq.next_element_seed(PropValueSeed { lists: false })?
            } else {
                seq.next_element_seed(self)?
            };
            let Some((item, item_hash)) = next else { break };
            hash = hash::mix(hash, item_hash);
            let item = match item {
                Raw::Bool(b) => Value::Bool(b),
                Raw::Number(n) => Value::Number(n),
                Raw::Text(text) => Value::Text(text.into()),
                _ => {
                    items = None;
                    continue;
                }
            };
            if let Some(items) = &mut items {
                items.push(item);
            }
        }
        Ok((items.map_or(Raw::Other, Raw::List), hash))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Hashed<'de>, A::Error> {
        let mut keys = Keys::default();
        let mut sum = 0x6d61_7073;
        while let Some(key) = map.next_key_seed(KeyHash)? {
            keys.add(key);
            let (_, value) = map.next_value_seed(Self { lists: false })?;
            sum = hash::mix(key, value).wrapping_add(sum);
        }
        keys.distinct().map_err(A::Error::custom)?;
        Ok((Raw::Other, hash::mix(0x6f62_6a65_6374, sum)))
    }
}

/// Takes in a key as its hash.
struct KeyHash;

impl<'de> DeserializeSeed<'de> for KeyHash {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u64, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeyHash {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<u64, E> {
        Ok(hash::of_text(key))
    }
}

/// The hashes of the keys of one object.
#[derive(Default)]
pub(super) struct Keys(SmallVec<[u64; 16]>);

impl Keys {
    #[inline]
    pub(super) fn add(&mut self, key: u64) {
        self.0.push(key);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Refuses keys that are given twice.
    #[inline]
    pub(super) fn distinct(&mut self) -> Result<(), &'static str> {
        // Few keys are compared each with each; sorting pays for many.
        let twice = if self.0.len() <= 16 {
            self.0.iter().enumerate().any(|(i, key)| self.0.iter().take(i).any(|before| before == key))
        } else {
            self.0.sort_unstable();
            self.0.iter().zip(self.0.iter().skip(1)).any(|(a, b)| a == b)
        };
        if twice { Err("an object has a key twice") } else { Ok(()) }
    }
}

/// A value that has become a property.
pub(super) enum Fitted<'v> {
    Bool(bool),
    Number(Decimal),
    Text(&'v str),
    Time(Timestamp),
    Date(i32),
    List(&'v [Value]),
}

/// What is wrong with a time that is written as it should be.
pub(super) const OUT_OF_YEARS: &str = "is outside the years 2000 to 2100";

/// What is wrong with a number that is one.
pub(super) const TOO_LARGE: &str = "has more than 18 digits before the point";

/// A value as its declared type wants it, or what is wrong, to be read after its name.
#[inline]
pub(super) fn fit<'v>(value: &'v Raw<'_>, ty: Type) -> Result<Fitted<'v>, &'static str> {
    match (ty, value) {
        (Type::Text | Type::Zone, Raw::Text(text)) => Ok(Fitted::Text(text)),
        (Type::Text, _) => Err("is not text"),
        (Type::Zone, _) => Err("is not the name of a zone"),
        (Type::Number, Raw::Number(number)) => Ok(Fitted::Number(*number)),
        (Type::Number, Raw::TooLarge) => Err(TOO_LARGE),
        (Type::Number | Type::Length | Type::Any, _) => Err("is not a number"),
        (Type::Bool, Raw::Bool(value)) => Ok(Fitted::Bool(*value)),
        (Type::Bool, _) => Err("is not true or false"),
        (Type::Time, Raw::Text(text)) => {
            parse_rfc3339(text.as_bytes()).map(Fitted::Time).map_err(|error| match error {
                TimeError::Year => OUT_OF_YEARS,
                _ => "is not a time with an offset",
            })
        }
        (Type::Time, _) => Err("is not a time with an offset"),
        (Type::Date, Raw::Text(text)) => date(text).map(Fitted::Date).ok_or("is not a date"),
        (Type::Date, _) => Err("is not a date"),
        (Type::Email, Raw::Text(text)) if is_email(text) => Ok(Fitted::Text(text)),
        (Type::Email, _) => Err("is not an email address"),
        (Type::List, Raw::List(items)) => Ok(Fitted::List(items)),
        (Type::List, _) => Err("is not a list of texts, numbers or truth values"),
    }
}

/// `YYYY-MM-DD` as days since 1970-01-01; years 1 to 9999.
pub(crate) fn date(text: &str) -> Option<i32> {
    let dashes = text.len() == 10
        && text.bytes().enumerate().all(|(i, b)| match i {
            4 | 7 => b == b'-',
            _ => b.is_ascii_digit(),
        });
    let part = |range: std::ops::Range<usize>| text.get(range)?.parse::<u32>().ok();
    let (year, month, day): (i32, u32, u32) = (text.get(0..4)?.parse().ok()?, part(5..7)?, part(8..10)?);
    let date = chrono::NaiveDate::from_ymd_opt(year, month, day).filter(|_| dashes && year > 0)?;
    i32::try_from(date.signed_duration_since(chrono::NaiveDate::default()).num_days()).ok()
}

/// One `@` with something on either side.
fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'))
}

//! The properties of a record as they lie in an entry's payload, sealed or open, and what they say.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};

use super::personal_text::Shape;
use crate::address::{Address, AddressKind};
use crate::decimal::Decimal;
use crate::log;
use crate::store::{Entry, Store, StoreError, Wire};

pub(crate) fn context(id: &str, name: &str) -> String {
    format!("{id}\0{name}")
}

/// A property's value in a payload. The order of the variants is part of the store's format.
#[derive(Serialize)]
#[cfg_attr(test, derive(Clone, Debug, PartialEq, serde::Deserialize))]
pub(crate) enum Packed<'a> {
    Bool(bool),
    Whole(i64),
    Number(f64),
    Text(Cow<'a, str>),
    /// A text that is sealed.
    Sealed(Cow<'a, [u8]>),
    /// The same for one in the shape of an address.
    SealedAddress(Cow<'a, [u8]>),
    /// Any other value as JSON, sealed.
    SealedJson(Cow<'a, [u8]>),
    /// A number that is sealed, as JSON; 0 where its lead was erased.
    SealedNumber(Cow<'a, [u8]>),
    /// A text in the shape of a day.
    SealedDate(Cow<'a, [u8]>),
    /// A text in the shape of a moment.
    SealedTime(Cow<'a, [u8]>),
    /// A list as JSON; an empty one where its lead was erased.
    SealedList(Cow<'a, [u8]>),
    /// It is null.
    Null,
    /// A number that floating point cannot hold, as it is written.
    Digits(Cow<'a, str>),
    /// A mail address that is sealed, with the hash by which it is known.
    SealedMail(Cow<'a, [u8]>, [u8; 16]),
    /// The same for a telephone number.
    SealedPhone(Cow<'a, [u8]>, [u8; 16]),
}

impl<'a> Packed<'a> {
    /// Reads a value as postcard writes it.
    fn read(wire: &mut Wire<'a>) -> Option<Self> {
        Some(match wire.number()? {
            0 => Self::Bool(wire.flag()?),
            1 => Self::Whole(wire.signed()?),
            2 => Self::Number(wire.float()?),
            3 => Self::Text(wire.text()?.into()),
            4 => Self::Sealed(wire.bytes()?.into()),
            5 => Self::SealedAddress(wire.bytes()?.into()),
            6 => Self::SealedJson(wire.bytes()?.into()),
            7 => Self::SealedNumber(wire.bytes()?.into()),
            8 => Self::SealedDate(wire.bytes()?.into()),
            9 => Self::SealedTime(wire.bytes()?.into()),
            10 => Self::SealedList(wire.bytes()?.into()),
            11 => Self::Null,
            12 => Self::Digits(wire.text()?.into()),
            13 => Self::SealedMail(wire.bytes()?.into(), wire.array()?),
            14 => Self::SealedPhone(wire.bytes()?.into(), wire.array()?),
            _ => return None,
        })
    }

    fn is_open(&self) -> bool {
        matches!(self, Self::Null | Self::Bool(_) | Self::Whole(_) | Self::Number(_) | Self::Text(_) | Self::Digits(_))
    }
}

/// Whether any property of an entry is sealed.
///
/// # Errors
/// A payload that is not in its format.
pub(crate) fn has_sealed(entry: &Entry<'_>) -> Result<bool, StoreError> {
    let mut packed = Unpacked::new(None, entry)?;
    let found = packed.by_ref().any(|closed| !closed.value.is_open());
    packed.end().map(|()| found)
}

/// What the sealed properties of an entry say.
///
/// # Errors
/// A payload that is not in its format.
pub(crate) fn sealed_texts(store: &Store, entry: &Entry<'_>) -> Result<Vec<String>, StoreError> {
    let mut packed = Unpacked::new(Some(store), entry)?;
    let mut texts = Vec::new();
    for Closed { name, value, .. } in packed.by_ref().filter(|closed| !closed.value.is_open()) {
        let name = std::str::from_utf8(name).map_err(|_| unreadable(entry))?;
        match open(Some(store), entry, name, value) {
            Some(Open::Text(text)) => texts.push(text.into_owned()),
            Some(Open::Json(json)) => texts.extend(String::from_utf8(json).ok()),
            _ => {}
        }
    }
    packed.end()?;
    texts.sort_unstable();
    texts.dedup();
    Ok(texts)
}

/// The properties of an entry; those of an erased lead with placeholders.
///
/// # Errors
/// A payload that is not in its format.
pub(crate) fn props(store: &Store, entry: &Entry<'_>) -> Result<Map<String, Value>, StoreError> {
    let mut props = Map::new();
    each_prop(store, entry, |name, value| {
        let value = match value {
            Open::Null => Value::Null,
            Open::Bool(value) => Value::Bool(value),
            Open::Whole(number) => Value::from(number),
            Open::Number(number) => Value::from(number),
            Open::Text(text) => Value::String(text.into_owned()),
            Open::Json(json) => serde_json::from_slice(&json).map_err(|_| damaged(entry, NOT_JSON))?,
        };
        props.insert(name.to_owned(), value);
        Ok(())
    })?;
    Ok(props)
}

pub(crate) const NOT_JSON: &str = "a property is not JSON";

pub(crate) fn each_prop(
    store: &Store,
    entry: &Entry<'_>,
    mut each: impl FnMut(&str, Open<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut packed = Unpacked::new(Some(store), entry)?;
    for Closed { name, value, .. } in packed.by_ref() {
        let name = std::str::from_utf8(name).map_err(|_| unreadable(entry))?;
        if let Some(value) = open(Some(store), entry, name, value) {
            each(name, value)?;
        }
    }
    packed.end()
}

pub(crate) fn damaged(entry: &Entry<'_>, reason: &str) -> StoreError {
    StoreError::Damaged { readable: entry.offset.0, reason: reason.to_owned() }
}

/// A property's value, unsealed.
pub(crate) enum Open<'a> {
    Null,
    Bool(bool),
    Whole(i64),
    Number(f64),
    Text(Cow<'a, str>),
    Json(Vec<u8>),
}

/// What a property says; `None` for what lay under the key of an erased lead and has no shape of its
/// own. Without a store it reads as if its lead were erased.
fn open<'a>(store: Option<&Store>, entry: &Entry<'_>, name: &str, value: Packed<'a>) -> Option<Open<'a>> {
    let unseal = |sealed: &[u8]| store?.unseal(entry.lead, &context(entry.id, name), sealed);
    let text = |sealed: &[u8], shape: Shape| {
        let open = unseal(sealed).and_then(|bytes| String::from_utf8(bytes).ok());
        Open::Text(open.map_or_else(|| shape.erased(), Cow::Owned))
    };
    Some(match value {
        Packed::Null => Open::Null,
        Packed::Digits(digits) => Open::Json(digits.into_owned().into_bytes()),
        Packed::Bool(value) => Open::Bool(value),
        Packed::Whole(number) => Open::Whole(number),
        Packed::Number(number) => Open::Number(number),
        Packed::Text(text) => Open::Text(text),
        Packed::Sealed(sealed) => text(&sealed, Shape::Words),
        Packed::SealedAddress(sealed) => text(&sealed, Shape::Address(AddressKind::Email, None)),
        Packed::SealedMail(sealed, hash) => {
            text(&sealed, Shape::Address(AddressKind::Email, Some(Address::from_bytes(hash))))
        }
        Packed::SealedPhone(sealed, hash) => {
            text(&sealed, Shape::Address(AddressKind::Phone, Some(Address::from_bytes(hash))))
        }
        Packed::SealedDate(sealed) => text(&sealed, Shape::Date),
        Packed::SealedTime(sealed) => text(&sealed, Shape::Time),
        Packed::SealedJson(sealed) => Open::Json(unseal(&sealed)?),
        Packed::SealedList(sealed) => Open::Json(unseal(&sealed).unwrap_or_else(|| b"[]".to_vec())),
        Packed::SealedNumber(sealed) => Open::Json(unseal(&sealed).unwrap_or_else(|| b"0".to_vec())),
    })
}

/// The properties of an entry, one after the other.
pub(crate) struct Unpacked<'a, 'e> {
    store: Option<&'e Store>,
    entry: &'e Entry<'a>,
    rest: Wire<'a>,
    left: usize,
    broken: bool,
}

impl<'a, 'e> Unpacked<'a, 'e> {
    /// Those of an entry; without a store, as if its lead were erased.
    ///
    /// # Errors
    /// A payload that is not in its format.
    pub(crate) fn new(store: Option<&'e Store>, entry: &'e Entry<'a>) -> Result<Self, StoreError> {
        let mut rest = Wire(entry.payload);
        // A list is its length, then its items.
        let left = rest.length().ok_or_else(|| unreadable(entry))?;
        // No payload holds more properties than bytes.
        let left = left.min(rest.0.len() + 1);
        Ok(Self { store, entry, rest, left, broken: false })
    }

    /// Whether all of them could be read.
    ///
    /// # Errors
    /// A payload that is not in its format.
    pub(crate) fn end(&self) -> Result<(), StoreError> {
        if self.broken { Err(unreadable(self.entry)) } else { Ok(()) }
    }
}

fn unreadable(entry: &Entry<'_>) -> StoreError {
    damaged(entry, "the properties of an entry cannot be read")
}

impl<'a, 'e> Iterator for Unpacked<'a, 'e> {
    type Item = Closed<'a, 'e>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let read = self.rest.bytes().and_then(|name| Some((name, Packed::read(&mut self.rest)?)));
        let Some((name, value)) = read else {
            (self.broken, self.left) = (true, 0);
            return None;
        };
        Some(Closed { name, value, store: self.store, entry: self.entry })
    }
}

/// A property as it lies in a payload; what is sealed stays so until it is asked for.
pub(crate) struct Closed<'a, 'e> {
    name: &'a [u8],
    value: Packed<'a>,
    store: Option<&'e Store>,
    entry: &'e Entry<'a>,
}

impl<'a> log::Given<'a> for Closed<'a, '_> {
    fn name(&self) -> &'a [u8] {
        self.name
    }

    fn value(self) -> Option<log::Value<'a>> {
        let name = std::str::from_utf8(self.name).ok()?;
        Some(match open(self.store, self.entry, name, self.value)? {
            Open::Null => log::Value::Null,
            Open::Bool(value) => log::Value::Bool(value),
            Open::Whole(number) => match Decimal::whole(number) {
                Some(number) => log::Value::Number(number),
                None => log::Value::Json(number.to_string().into_bytes()),
            },
            Open::Number(number) => match Decimal::from_f64(number) {
                Some(number) => log::Value::Number(number),
                None => log::Value::Json(number.to_string().into_bytes()),
            },
            Open::Text(text) => log::Value::Text(text),
            Open::Json(json) => log::Value::Json(json),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever the bytes are, they read as postcard reads them.
        #[test]
        fn values_are_read_as_postcard_reads_them(
            which in 0_u8..15,
            hash: [u8; 16],
            text in "[a-zé]{0,20}",
            bits: u64,
            bytes: Vec<u8>,
            change: (usize, u8),
            cut: usize,
        ) {
            let bytes = Cow::Owned(bytes);
            let value = match which {
                0 => Packed::Bool(bits & 1 == 1),
                1 => Packed::Whole((bits as i64) >> (bits % 60)),
                2 => Packed::Number(bits as f64 / 7.0),
                3 => Packed::Text(text.into()),
                4 => Packed::Sealed(bytes),
                5 => Packed::SealedAddress(bytes),
                6 => Packed::SealedJson(bytes),
                7 => Packed::SealedNumber(bytes),
                8 => Packed::SealedDate(bytes),
                9 => Packed::SealedTime(bytes),
                10 => Packed::SealedList(bytes),
                11 => Packed::Null,
                12 => Packed::SealedMail(bytes, hash),
                13 => Packed::SealedPhone(bytes, hash),
                _ => Packed::Digits("12345678901.123456789".into()),
            };
            let good = postcard::to_allocvec(&value).unwrap();
            let mut bad = good.clone();
            let at = change.0 % bad.len();
            bad[at] = change.1;
            for bytes in [&good[..], &bad, &good[..cut % good.len()]] {
                let theirs = postcard::take_from_bytes::<Packed<'_>>(bytes).ok();
                let mut wire = Wire(bytes);
                let ours = Packed::read(&mut wire).map(|value| (value, wire.0));
                // Not a number is not equal to itself.
                prop_assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
            }
        }
    }
}

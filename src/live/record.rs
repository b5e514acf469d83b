//! One record on its way into the store and out again: from a line of JSON to an entry's fields and
//! payload, and back. Texts that may tell who a lead is are sealed under the lead's key.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};
use smallvec::SmallVec;

use super::append::is_event;
use crate::address::{Address, AddressKind, Salt, is_nobody};
use crate::decimal::Decimal;
use crate::event::OF_NOBODY;
use crate::local::{Zone, parse_rfc3339, rfc3339};
use crate::log;
use crate::store::{Entry, Store, StoreError, Wire};
use crate::timestamp::Timestamp;

/// What sort an entry of the log is. The numbers are part of the store's format.
pub(crate) mod kind {
    /// An event, as it was told.
    pub const EVENT: u8 = 0;
    /// An event of history, loaded so that nothing acts.
    pub const BACKFILL: u8 = 1;
    /// A rulebook came into force.
    pub const ACTIVATION: u8 = 3;
    /// An action is about to be handed over.
    pub const INTENT: u8 = 4;
    /// What came of handing it over.
    pub const OUTCOME: u8 = 5;
    /// Something of the past is lost.
    pub const RESTORED: u8 = 6;
    /// What addresses are hashed with.
    pub const SALT: u8 = 7;
}

/// Types of the store's own records.
pub(crate) const ACTIVATED: &str = "ensue.activated";
pub(crate) const HANDING: &str = "ensue.handing_over";
pub(crate) const HANDED: &str = "ensue.handed_over";
pub(crate) const RESTORED: &str = "ensue.restored";
pub(crate) const DRAINED: &str = "ensue.drained";

/// Names who works for the lead, and not who the lead is; limits of owners rest on it.
const OWNER: &str = "owner";
/// Longer texts are taken for free text, and may tell more than a rule should ask for.
const FREE_TEXT: usize = 40;
/// Telephone numbers have at least so many digits.
const DIGITS: usize = 6;
/// Properties that tell who someone is, whatever their value: the letters of their names.
const PERSONAL: [&str; 29] = [
    "name",
    "firstname",
    "lastname",
    "fullname",
    "email",
    "phone",
    "mobile",
    "phonenumber",
    "mobilephone",
    "workphone",
    "telephone",
    "tel",
    "cell",
    "whatsapp",
    "address",
    "street",
    "birthday",
    "linkedin",
    "text",
    "subject",
    "body",
    "note",
    "notes",
    "message",
    "comment",
    "reason",
    "signature",
    "ip",
    "useragent",
];

/// A record as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Unique in the log.
    pub id: String,
    /// Its type.
    pub ty: String,
    /// Whose it is.
    pub lead: String,
    /// The lead's account.
    pub account: Option<String>,
    /// When it happened.
    pub at: Timestamp,
    /// When it was learned of, where the record says so.
    pub received_at: Option<Timestamp>,
    /// Its properties, by name.
    pub props: Map<String, Value>,
    /// By name, the digits of those numbers among them that floating point cannot hold.
    pub exact: BTreeMap<String, String>,
    /// History that nothing should act on.
    pub backfill: bool,
}

#[derive(Deserialize)]
struct Line {
    specversion: Option<String>,
    id: Option<String>,
    #[serde(rename = "type")]
    ty: Option<String>,
    lead: Option<String>,
    subject: Option<String>,
    account: Option<String>,
    at: Option<String>,
    time: Option<String>,
    received_at: Option<String>,
    props: Option<Map<String, Value>>,
    data: Option<Map<String, Value>>,
    #[serde(default)]
    backfill: bool,
}

/// The numbers of a line as they are written.
#[derive(Deserialize)]
struct Digits<'a> {
    #[serde(borrow)]
    props: Option<BTreeMap<String, &'a RawValue>>,
    #[serde(borrow)]
    data: Option<BTreeMap<String, &'a RawValue>>,
}

/// The digits of numbers that floating point cannot hold.
fn exact(line: &str, cloud: bool, props: &Map<String, Value>) -> BTreeMap<String, String> {
    let broken = |value: &Value| value.is_f64();
    if !props.values().any(broken) {
        return BTreeMap::new();
    }
    let written = serde_json::from_str::<Digits<'_>>(line).ok();
    let written = written.and_then(|written| if cloud { written.data } else { written.props }).unwrap_or_default();
    let digits = written.into_iter().filter_map(|(name, raw)| {
        let near = props.get(&name).filter(|value| broken(value))?.as_f64()?;
        let exact = Decimal::parse(raw.get()).ok()?;
        (Decimal::from_f64(near) != Some(exact)).then(|| (name, exact.to_string()))
    });
    digits.collect()
}

impl Record {
    /// A line that the log's reader has found good; `None` for one it would refuse.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let line: Line = serde_json::from_str(text).ok()?;
        let cloud = line.specversion.is_some();
        let (lead, at, props) =
            if cloud { (line.subject, line.time, line.data) } else { (line.lead, line.at, line.props) };
        let moment = |text: String| parse_rfc3339(text.as_bytes()).ok();
        let props = props.unwrap_or_default();
        let ty = line.ty?;
        let lead = if OF_NOBODY.contains(&ty.as_str()) { lead.unwrap_or_default() } else { lead? };
        Some(Self {
            exact: exact(text, cloud, &props),
            id: line.id?,
            ty,
            lead,
            account: line.account.filter(|account| !account.is_empty()),
            at: moment(at?)?,
            received_at: line.received_at.and_then(moment),
            props,
            backfill: line.backfill,
        })
    }

    /// Its kind among the entries of the log.
    pub(crate) fn kind(&self) -> u8 {
        kind_of(&self.ty, self.backfill)
    }

    /// Its properties as an entry's payload; personal ones sealed.
    ///
    /// # Errors
    /// No key can be made.
    pub(crate) fn payload(&self, store: &mut Store, salt: Salt) -> Result<Vec<u8>, StoreError> {
        let mut props: Vec<(&str, Packed<'_>)> = Vec::with_capacity(self.props.len());
        for (name, value) in &self.props {
            props.push((name, self.pack(name, value, store, salt)?));
        }
        props.sort_unstable_by_key(|(name, _)| *name);
        // Writing into memory cannot fail.
        Ok(postcard::to_allocvec(&props).unwrap_or_default())
    }

    fn pack<'a>(
        &'a self,
        name: &str,
        value: &'a Value,
        store: &mut Store,
        salt: Salt,
    ) -> Result<Packed<'a>, StoreError> {
        let json = match value {
            Value::Null => return Ok(Packed::Null),
            Value::Bool(value) => return Ok(Packed::Bool(*value)),
            // What belongs to no lead has no key.
            Value::String(text) if self.lead.is_empty() => return Ok(Packed::Text(Cow::Borrowed(text))),
            Value::Number(_) if is_named(name) => {
                let json = self.exact.get(name).cloned().unwrap_or_else(|| value.to_string());
                let sealed = store.seal(&self.lead, &context(&self.id, name), json.as_bytes())?;
                return Ok(Packed::SealedNumber(Cow::Owned(sealed.unwrap_or_default())));
            }
            Value::Number(number) => match (number.as_i64(), self.exact.get(name), number.as_f64()) {
                (Some(number), ..) => return Ok(Packed::Whole(number)),
                (None, Some(digits), _) => return Ok(Packed::Digits(Cow::Borrowed(digits))),
                (None, None, Some(number)) if !value.is_u64() => return Ok(Packed::Number(number)),
                _ => value.to_string(),
            },
            Value::String(text) if !is_personal(name, text) => return Ok(Packed::Text(Cow::Borrowed(text))),
            Value::String(text) => {
                let sealed = store.seal(&self.lead, &context(&self.id, name), text.as_bytes())?;
                let sealed = Cow::Owned(sealed.unwrap_or_default());
                return Ok(match Shape::of(text, salt) {
                    Shape::Address(AddressKind::Email, Some(address)) => Packed::SealedMail(sealed, address.bytes()),
                    Shape::Address(AddressKind::Phone, Some(address)) => Packed::SealedPhone(sealed, address.bytes()),
                    Shape::Address(AddressKind::Email, None) => Packed::SealedAddress(sealed),
                    Shape::Date => Packed::SealedDate(sealed),
                    Shape::Time => Packed::SealedTime(sealed),
                    Shape::Address(AddressKind::Phone, None) | Shape::Words => Packed::Sealed(sealed),
                });
            }
            Value::Array(_) | Value::Object(_) => value.to_string(),
        };
        // What lies deeper could hold anything.
        let sealed = Cow::Owned(store.seal(&self.lead, &context(&self.id, name), json.as_bytes())?.unwrap_or_default());
        Ok(match value {
            Value::Array(_) => Packed::SealedList(sealed),
            Value::Number(_) => Packed::SealedNumber(sealed),
            _ => Packed::SealedJson(sealed),
        })
    }
}

/// The kind of a record of this type among the entries of the log.
pub(crate) fn kind_of(ty: &str, backfill: bool) -> u8 {
    match ty {
        ACTIVATED => kind::ACTIVATION,
        HANDING => kind::INTENT,
        HANDED => kind::OUTCOME,
        RESTORED => kind::RESTORED,
        log::SALT_TYPE => kind::SALT,
        _ if backfill => kind::BACKFILL,
        _ => kind::EVENT,
    }
}

/// Properties as an entry's payload, put behind `out`; `None`, and nothing is put there, where one has
/// to be sealed. They come from a line in which every number is a whole one.
pub(crate) fn pack_open(props: &[(&str, log::Value<'_>)], out: &mut Vec<u8>) -> Option<()> {
    let mut packed: SmallVec<[(&str, Packed<'_>); 8]> = SmallVec::with_capacity(props.len());
    for (name, value) in props {
        let value = match value {
            log::Value::Bool(value) => Packed::Bool(*value),
            log::Value::Number(number) if !is_named(name) => Packed::Whole(number.to_whole()?),
            log::Value::Text(text) if !is_personal(name, text) => Packed::Text(Cow::Borrowed(text)),
            _ => return None,
        };
        packed.push((name, value));
    }
    packed.sort_unstable_by_key(|(name, _)| *name);
    // Writing into memory cannot fail.
    *out = postcard::to_extend(packed.as_slice(), std::mem::take(out)).unwrap_or_default();
    Some(())
}

/// Whether a text may tell who somebody is.
fn is_personal(name: &str, text: &str) -> bool {
    if name == OWNER {
        return false;
    }
    let named = is_named(name) && !(name.eq_ignore_ascii_case("message") && is_id(text));
    named || text.len() > FREE_TEXT || text.contains('@') || text.starts_with('+') && is_number(text)
}

/// Whether a text is a telephone number: the letters of some property names say so, and so do these.
fn is_number(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    digits >= DIGITS && text.bytes().all(|byte| byte.is_ascii_digit() || b"+ ()-./".contains(&byte))
}

/// Whether a property's name says that its value tells who somebody is, however it is spelled:
/// `first_name`, `firstName`.
fn is_named(name: &str) -> bool {
    let letters = name.bytes().filter(|byte| !matches!(byte, b'_' | b'-')).map(|byte| byte.to_ascii_lowercase());
    let letters: SmallVec<[u8; 24]> = letters.collect();
    PERSONAL.iter().any(|personal| personal.as_bytes() == letters.as_slice())
}

/// Whether a text is one word of letters and digits, both among them, as the number of a message.
/// Neither words that somebody writes are, nor numbers of telephones.
fn is_id(text: &str) -> bool {
    let any = |is: fn(&char) -> bool| text.chars().any(|c| is(&c));
    any(char::is_ascii_alphabetic)
        && any(char::is_ascii_digit)
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

fn context(id: &str, name: &str) -> String {
    format!("{id}\0{name}")
}

/// A property's value in a payload. The order of the variants is part of the store's format.
#[derive(Serialize)]
#[cfg_attr(test, derive(Clone, Debug, PartialEq, Deserialize))]
enum Packed<'a> {
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

/// What a text looks like to whoever reads it as a property of a declared type.
#[derive(Clone, Copy)]
enum Shape {
    /// With what it is known by; without it is nobody's in particular.
    Address(AddressKind, Option<Address>),
    Date,
    Time,
    Words,
}

impl Shape {
    fn of(text: &str, salt: Salt) -> Self {
        let address = |kind| {
            let is_one = !text.trim().contains(char::is_whitespace) || kind == AddressKind::Phone;
            Self::Address(kind, Address::of(kind, text, salt).filter(|_| is_one))
        };
        match text {
            _ if text.contains('@') => address(AddressKind::Email),
            _ if log::date(text).is_some() => Self::Date,
            _ if parse_rfc3339(text.as_bytes()).is_ok() => Self::Time,
            _ if is_number(text) || is_nobody(text) => address(AddressKind::Phone),
            _ => Self::Words,
        }
    }

    /// What stands in the place of a text whose lead was erased: of the same shape, so that whatever
    /// could read the one can read the other. Rules that only ask whether there is a value, and
    /// templates, decide as they did.
    fn erased(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Address(kind, Some(address)) => return Cow::Owned(address.erased(kind)),
            Self::Address(AddressKind::Email, None) => "erased@erased.invalid",
            Self::Date => "2000-01-01",
            Self::Time => "2000-01-01T00:00:00Z",
            Self::Address(AddressKind::Phone, None) | Self::Words => ERASED,
        })
    }
}

/// What stands in the place of words whose lead was erased.
pub(crate) const ERASED: &str = "erased";

/// What stands in the place of a personal text once its lead is erased.
pub(crate) fn placeholder(name: &str, text: &str, salt: Salt) -> Option<Cow<'static, str>> {
    is_personal(name, text).then(|| Shape::of(text, salt).erased())
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

/// The same as they are written, digit by digit.
fn written(store: &Store, entry: &Entry<'_>) -> Result<BTreeMap<String, Box<RawValue>>, StoreError> {
    let mut props = BTreeMap::new();
    each_prop(store, entry, |name, value| {
        let raw = match value {
            Open::Null => to_raw_value(&()),
            Open::Bool(value) => to_raw_value(&value),
            Open::Whole(number) => to_raw_value(&number),
            Open::Number(number) => to_raw_value(&number),
            Open::Text(text) => to_raw_value(&text),
            Open::Json(json) => RawValue::from_string(String::from_utf8(json).unwrap_or_default()),
        };
        props.insert(name.to_owned(), raw.map_err(|_| damaged(entry, NOT_JSON))?);
        Ok(())
    })?;
    Ok(props)
}

const NOT_JSON: &str = "a property is not JSON";

fn each_prop(
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

fn damaged(entry: &Entry<'_>, reason: &str) -> StoreError {
    StoreError::Damaged { readable: entry.offset.0, reason: reason.to_owned() }
}

/// A property's value, unsealed.
enum Open<'a> {
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

#[derive(Serialize)]
struct Shown<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    ty: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    lead: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    at: String,
    received_at: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    props: BTreeMap<String, Box<RawValue>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    backfill: bool,
}

/// An entry as a line of JSON, without a line break.
///
/// # Errors
/// A payload that is not in its format.
pub(crate) fn line(store: &Store, entry: &Entry<'_>) -> Result<String, StoreError> {
    let shown = Shown {
        id: entry.id,
        ty: entry.ty,
        lead: match entry.lead {
            "" => Some("ensue").filter(|_| !is_event(entry.kind)),
            lead => Some(lead),
        },
        account: entry.account,
        at: rfc3339(entry.at, Zone::UTC),
        received_at: rfc3339(entry.received_at, Zone::UTC),
        props: written(store, entry)?,
        backfill: entry.kind == kind::BACKFILL,
    };
    Ok(serde_json::to_string(&shown).unwrap_or_default())
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

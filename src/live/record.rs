//! One record on its way into the store and out again: from a line of JSON to an entry's fields and
//! payload, and back. Texts that may tell who a lead is are sealed under the lead's key.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};
use smallvec::SmallVec;

use super::append::is_event;
use super::packed::{NOT_JSON, Open, Packed, context, damaged, each_prop};
use super::personal_text::{Shape, is_named, is_personal};
use crate::address::{AddressKind, Salt};
use crate::decimal::Decimal;
use crate::event::OF_NOBODY;
use crate::local::{Zone, parse_rfc3339, rfc3339};
use crate::log;
use crate::store::{Entry, Store, StoreError};
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

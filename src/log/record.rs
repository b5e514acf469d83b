//! One line as a record: any that may be written, without copies where there are no escapes. What
//! is refused is read again by `explain`, which finds out why and where.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use smallvec::SmallVec;

use super::hash;
use super::value::{self, Keys, PropValueSeed, Raw};
use super::vocabulary::Vocabulary;
use crate::rulebook::PropId;
use crate::timestamp::Timestamp;

/// The fields of a record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told<'a> {
    /// Unique in the log.
    pub id: &'a str,
    /// Its type.
    pub ty: &'a str,
    /// Whose it is.
    pub lead: &'a str,
    /// The lead's account.
    pub account: Option<&'a str>,
    /// When it happened.
    pub at: Timestamp,
    /// When it was learned of.
    pub received_at: Timestamp,
    /// History that nothing acts on.
    pub backfill: bool,
}

/// A field of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Id,
    Type,
    Lead,
    Account,
    At,
    ReceivedAt,
    Props,
    Backfill,
    Specversion,
    Subject,
    Time,
    Data,
    DataBase64,
}

/// The fields of a record of our own shape.
pub(super) const OWN: [&str; 8] = ["id", "type", "lead", "account", "at", "received_at", "props", "backfill"];

impl Field {
    #[inline]
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "id" => Self::Id,
            "type" => Self::Type,
            "lead" => Self::Lead,
            "account" => Self::Account,
            "at" => Self::At,
            "received_at" => Self::ReceivedAt,
            "props" => Self::Props,
            "backfill" => Self::Backfill,
            "specversion" => Self::Specversion,
            "subject" => Self::Subject,
            "time" => Self::Time,
            "data" => Self::Data,
            "data_base64" => Self::DataBase64,
            _ => return None,
        })
    }

    /// Whether it means something in a record of our own shape.
    #[inline]
    pub(super) fn is_own(self) -> bool {
        matches!(
            self,
            Self::Id
                | Self::Type
                | Self::Lead
                | Self::Account
                | Self::At
                | Self::ReceivedAt
                | Self::Props
                | Self::Backfill
        )
    }
}

/// The fields as found; in a `CloudEvent` `lead`, `at` and `props` are its subject, time and data.
#[derive(Default)]
pub(super) struct Record<'a> {
    pub(super) id: Option<Cow<'a, str>>,
    pub(super) ty: Option<Cow<'a, str>>,
    pub(super) lead: Option<Cow<'a, str>>,
    pub(super) account: Option<Cow<'a, str>>,
    pub(super) at: Option<Cow<'a, str>>,
    pub(super) received_at: Option<Cow<'a, str>>,
    /// History that was loaded so that nothing acts.
    pub(super) backfill: bool,
    /// The hash of all properties, declared or not; what is null is told, too.
    pub(super) props_hash: u64,
}

/// Room for the properties of one record, used again for the next.
#[derive(Default)]
pub(super) struct Scratch<'a> {
    /// The properties with a name the rulebook knows.
    pub(super) props: Vec<(PropId, Raw<'a>)>,
    /// The hashes of their names and of all others.
    pub(super) keys: Keys,
}

/// Takes in a record.
pub(super) struct RecordSeed<'s, 'a> {
    pub(super) vocabulary: &'s Vocabulary<'s>,
    pub(super) scratch: &'s mut Scratch<'a>,
}

impl<'de> DeserializeSeed<'de> for RecordSeed<'_, 'de> {
    type Value = Record<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Record<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for RecordSeed<'_, 'de> {
    type Value = Record<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Record<'de>, A::Error> {
        let mut record = Record::default();
        let mut extensions = Keys::default();
        let (mut subject, mut time, mut version) = (None, None, None);
        let mut seen = 0_u16;
        self.scratch.props.clear();
        while let Some(key) = map.next_key_seed(KeySeed)? {
            let field = match key {
                Ok(field) => field,
                Err(unknown) => {
                    extensions.add(unknown);
                    map.next_value_seed(PropValueSeed { lists: false })?;
                    continue;
                }
            };
            let bit = 1 << field as u16;
            if seen & bit != 0 {
                return Err(A::Error::custom("a field is given twice"));
            }
            seen |= bit;
            let place = match field {
                Field::Id => &mut record.id,
                Field::Type => &mut record.ty,
                Field::Lead => &mut record.lead,
                Field::Account => &mut record.account,
                Field::At => &mut record.at,
                Field::ReceivedAt => &mut record.received_at,
                Field::Subject => &mut subject,
                Field::Time => &mut time,
                Field::Specversion => &mut version,
                Field::Props | Field::Data => {
                    let vocabulary = self.vocabulary;
                    record.props_hash = map.next_value_seed(PropsSeed { vocabulary, scratch: self.scratch })?;
                    continue;
                }
                Field::Backfill => {
                    record.backfill = map.next_value()?;
                    continue;
                }
                Field::DataBase64 => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *place = map.next_value_seed(TextSeed)?;
        }
        let has = |field: Field| seen & (1 << field as u16) != 0;
        if has(Field::Specversion) {
            if version.as_deref() != Some("1.0") || has(Field::Props) || has(Field::DataBase64) {
                return Err(A::Error::custom("not a CloudEvent 1.0 with JSON data"));
            }
            extensions.distinct().map_err(A::Error::custom)?;
            (record.lead, record.at) = (subject, time);
        } else if !extensions.is_empty() || seen & CLOUD_ONLY != 0 {
            return Err(A::Error::custom("an unknown field"));
        }
        Ok(record)
    }
}

const CLOUD_ONLY: u16 =
    1 << Field::Subject as u16 | 1 << Field::Time as u16 | 1 << Field::Data as u16 | 1 << Field::DataBase64 as u16;

/// Takes in the name of a field: the field, or the hash of a name that is none.
struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Result<Field, u64>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed {
    type Value = Result<Field, u64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Field::of(name).ok_or_else(|| hash::of_text(name)))
    }
}

/// Takes in text or null.
struct TextSeed;

impl<'de> DeserializeSeed<'de> for TextSeed {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for TextSeed {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text.to_owned())))
    }
}

/// Takes in the properties; gives the hash of them all.
struct PropsSeed<'s, 'a> {
    vocabulary: &'s Vocabulary<'s>,
    scratch: &'s mut Scratch<'a>,
}

impl<'de> DeserializeSeed<'de> for PropsSeed<'_, 'de> {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u64, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for PropsSeed<'_, 'de> {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E>(self) -> Result<u64, E> {
        Ok(0)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<u64, A::Error> {
        let Self { vocabulary, scratch } = self;
        let mut sum = 0_u64;
        scratch.keys.clear();
        let mut inside: Vec<(PropId, Raw<'de>)> = Vec::new();
        while let Some(Found { prop, hash: key, paths }) = map.next_key_seed(PropSeed(vocabulary))? {
            scratch.keys.add(key);
            let raw: &'de RawValue = map.next_value()?;
            let (value, value_hash) = value::read(raw.get(), prop.is_some()).map_err(A::Error::custom)?;
            sum = hash::mix(key, value_hash).wrapping_add(sum);
            if let Some(prop) = prop {
                scratch.props.push((prop, value));
            }
            for (rest, prop) in paths {
                let found = value::inside(raw.get(), rest).and_then(|raw| value::read(raw, true).ok());
                inside.extend(found.map(|(value, _)| (prop, value)));
            }
        }
        // An exact name comes before a path.
        inside.retain(|(prop, _)| scratch.props.iter().all(|(exact, _)| exact != prop));
        scratch.props.append(&mut inside);
        scratch.keys.distinct().map_err(A::Error::custom)?;
        Ok(sum)
    }
}

/// Takes in the name of a property.
struct PropSeed<'s>(&'s Vocabulary<'s>);

/// A name that is read.
struct Found<'s> {
    /// Which it is, where the rulebook knows it.
    prop: Option<PropId>,
    hash: u64,
    /// Where names lead that begin with it.
    paths: SmallVec<[(&'s str, PropId); 1]>,
}

impl<'de, 's> DeserializeSeed<'de> for PropSeed<'s> {
    type Value = Found<'s>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'s> Visitor<'_> for PropSeed<'s> {
    type Value = Found<'s>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a property")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        let hash = hash::of_text(name);
        let paths = self.0.paths(name.as_bytes()).map(|path| (path.rest, path.prop)).collect();
        Ok(Found { prop: self.0.prop_id(name, hash), hash, paths })
    }
}

//! Why a line is no record, and where: the careful second reading of what the fast one refused.

use std::borrow::Cow;

use serde_json::error::Category;
use serde_json::value::RawValue;

use super::record::{Field, OWN};
use super::value::{self, Members, Raw};
use super::vocabulary::{Null, Read, Vocabulary};
use super::{MAX_LINE, MAX_NAME, hash};
use crate::event::{LATEST, OF_NOBODY};
use crate::local::{TimeError, parse_rfc3339};
use crate::rulebook::{PropId, TOUCHED_TYPE, TypeId};
use crate::timestamp::Timestamp;
use crate::value::Type;
use crate::words::nearest;

/// What is wrong with a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Counts characters, from 1.
    pub(super) column: u32,
    pub(super) reason: String,
    pub(super) help: Option<String>,
}

const EXCERPT: usize = 200;
const WRITE_TIME: &str = "write it like 2026-03-02T09:00:00Z or 2026-03-02T09:00:00+01:00";

/// The beginning of a line, for people to recognize it.
pub(crate) fn excerpt(line: &[u8]) -> String {
    // A character has up to four bytes; anything beyond is cut anyway.
    let text = String::from_utf8_lossy(line.get(..4 * EXCERPT + 4).unwrap_or(line));
    let text = text.trim_end_matches('\r');
    match text.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or("")),
        None => text.to_owned(),
    }
}

pub(super) fn too_long() -> Fault {
    let help = Some("one record a line, without line breaks inside and at most 1 MB".to_owned());
    Fault { column: MAX_LINE as u32 + 1, reason: "the line is longer than 1 MB".to_owned(), help }
}

/// A record that would come out of a store as a line nobody may read again.
pub(super) fn grows_too_long() -> Fault {
    let help = Some("leave out what no rule asks for: at most 1 MB, numbers written out".to_owned());
    Fault { column: 1, reason: "the record is longer than 1 MB as a store writes it down".to_owned(), help }
}

pub(super) fn not_utf8(line: &[u8]) -> Fault {
    let valid = std::str::from_utf8(line).map_or_else(|e| e.valid_up_to(), str::len);
    let column = String::from_utf8_lossy(line.get(..valid).unwrap_or_default()).chars().count() as u32 + 1;
    let byte = line.get(valid).copied().unwrap_or(0);
    let help = Some("save the log as UTF-8".to_owned());
    Fault { column, reason: not_utf8_byte(byte), help }
}

/// What is wrong with a line in which a byte is no part of a text.
pub(crate) fn not_utf8_byte(byte: u8) -> String {
    format!("not UTF-8: the byte 0x{byte:02x} is no part of a text")
}

/// What is wrong with a line that was refused; `None` where nothing is.
pub(super) fn line(line: &str, vocabulary: &Vocabulary<'_>) -> Option<Fault> {
    Careful { line, vocabulary }.check().err().map(|at| {
        let before = line.get(..at.byte).unwrap_or(line);
        Fault { column: before.chars().count() as u32 + 1, reason: at.reason, help: at.help }
    })
}

/// A fault at a byte of the line.
struct At {
    byte: usize,
    reason: String,
    help: Option<String>,
}

fn at<T>(byte: usize, reason: impl Into<String>) -> Result<T, At> {
    Err(At { byte, reason: reason.into(), help: None })
}

impl At {
    fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

/// A key of an object and its value, with the bytes of the line where they stand.
struct Member<'a> {
    key: Cow<'a, str>,
    key_at: usize,
    raw: &'a str,
    value_at: usize,
    value: Raw<'a>,
}

struct Careful<'a> {
    line: &'a str,
    vocabulary: &'a Vocabulary<'a>,
}

impl<'a> Careful<'a> {
    fn check(&self) -> Result<(), At> {
        let members = self.members(self.line, "field")?;
        let cloud = members.iter().find(|member| member.key == "specversion");
        match cloud {
            Some(version) => Self::check_cloud(version, &members)?,
            None => Self::check_names(&members)?,
        }
        let (lead, at_) = if cloud.is_some() { ("subject", "time") } else { ("lead", "at") };
        let find = |name: &str| members.iter().find(|member| member.key == name);
        for member in &members {
            Self::check_text(member)?;
        }
        let mut times = [None; 2];
        for member in &members {
            if member.key == at_ {
                times[0] = moment(member)?;
            } else if member.key == "received_at" {
                times[1] = moment(member)?;
            }
        }
        let ty = find("type").and_then(|member| match &member.value {
            Raw::Text(text) => Some(&**text),
            _ => None,
        });
        let of_nobody = ty.is_some_and(|ty| OF_NOBODY.contains(&ty));
        if of_nobody
            && let (Some(ty), Some(member)) = (ty, find(lead).filter(|member| !matches!(member.value, Raw::Null)))
        {
            return at(member.value_at, format!("`{ty}` is about everybody: leave out `{lead}`"));
        }
        for name in ["id", "type", lead, at_].into_iter().filter(|name| !of_nobody || *name != lead) {
            match find(name) {
                None => {
                    return at(self.line.len() - self.line.trim_start().len(), format!("field `{name}` is missing"));
                }
                Some(Member { value: Raw::Null, value_at, .. }) => {
                    return at(*value_at, format!("field `{name}` is null"));
                }
                Some(_) => {}
            }
        }
        if let ([Some(happened), Some(received)], Some(member)) = (times, find(at_))
            && happened > received + LATEST
        {
            return at(member.value_at, format!("field `{at_}` is more than 5 minutes after `received_at`"));
        }
        let data = find(if cloud.is_some() { "data" } else { "props" });
        self.check_props(find("type"), data)
    }

    /// The members of an object that is all of `text`, with every value read to its depth.
    fn members(&self, text: &'a str, what: &str) -> Result<Vec<Member<'a>>, At> {
        let start = offset(self.line, text);
        if !text.trim_start().starts_with('{') {
            let json = serde_json::from_str::<&RawValue>(text).map_or("not JSON: ", |_| "");
            let begin = start + text.len() - text.trim_start().len();
            return at(begin, format!("{json}a record is an object, `{{…}}`"));
        }
        let found: Vec<(Cow<'a, str>, &'a RawValue)> =
            serde_json::from_str::<Members<'a>>(text).map_err(|e| self.syntax(text, &e))?.0;
        let mut members: Vec<Member<'a>> = Vec::with_capacity(found.len());
        // Between the end of one value and the next key there is only space and punctuation.
        let mut end = start;
        for (key, raw) in found {
            let raw = raw.get();
            let value_at = offset(self.line, raw);
            let gap = self.line.get(end..value_at).unwrap_or("");
            let key_at = end + gap.find('"').unwrap_or(0);
            let (value, _) = match value::read(raw, true) {
                Ok(value) => value,
                Err(error) => {
                    if error.classify() == Category::Data && raw.starts_with('{') {
                        // A key is given twice somewhere inside; this finds out which.
                        self.members(raw, "property")?;
                    }
                    return Err(self.syntax(raw, &error));
                }
            };
            members.push(Member { key, key_at, raw, value_at, value });
            end = value_at + raw.len();
        }
        let mut seen = std::collections::BTreeSet::new();
        if let Some(twice) = members.iter().find(|member| !seen.insert(&*member.key)) {
            return at(twice.key_at, format!("{what} `{}` is given twice", cut(&twice.key)));
        }
        Ok(members)
    }

    /// A message of the JSON reader in plain words, at its place in the line.
    fn syntax(&self, text: &str, error: &serde_json::Error) -> At {
        let full = error.to_string();
        let message = full.rsplit_once(" at line ").map_or(full.as_str(), |(message, _)| message);
        let byte = offset(self.line, text) + error.column().saturating_sub(1).min(text.len());
        // The reader may point into the middle of a character.
        let byte = (0..=byte).rev().find(|byte| self.line.is_char_boundary(*byte)).unwrap_or(0);
        if error.classify() == Category::Data {
            return At { byte, reason: message.to_owned(), help: None };
        }
        let reason = match message {
            "EOF while parsing a value" => "the line ends where a value should be",
            "EOF while parsing an object" => "the line ends inside an object",
            "EOF while parsing a list" => "the line ends inside a list",
            "EOF while parsing a string" => "the line ends inside a text",
            "expected value" => "expected a value",
            "expected ident" => "expected `true`, `false` or `null`",
            "key must be a string" => "a key must be a text in double quotes",
            "trailing characters" => "something follows the end of the record",
            "trailing comma" => "nothing follows the comma",
            "recursion limit exceeded" => "values are nested deeper than 128 levels",
            "number out of range" => "the number is too large",
            "invalid escape" => "there is no such escape",
            "invalid unicode code point" => "there is no such character",
            "lone leading surrogate in hex escape" | "unexpected end of hex escape" => {
                "half of a pair of `\\u` escapes stands alone"
            }
            _ if message.starts_with("control character") => "a control character stands inside a text",
            other => other,
        };
        let help = match message {
            "trailing characters" => Some("one record a line".to_owned()),
            _ if message.starts_with("control character") => Some("write it as an escape, like `\\t`".to_owned()),
            _ => None,
        };
        At { byte, reason: format!("not JSON: {reason}"), help }
    }

    fn check_cloud(version: &Member<'_>, members: &[Member<'_>]) -> Result<(), At> {
        match &version.value {
            Raw::Text(text) if text == "1.0" => {}
            _ => return at(version.value_at, "field `specversion` is not `1.0`"),
        }
        match members.iter().find(|member| member.key == "props" || member.key == "data_base64") {
            Some(member) => at(member.key_at, format!("field `{}` is not read from a CloudEvent", member.key))
                .map_err(|at| at.help("give the properties as an object in `data`")),
            None => Ok(()),
        }
    }

    fn check_names(members: &[Member<'_>]) -> Result<(), At> {
        let Some(unknown) = members.iter().find(|m| !Field::of(&m.key).is_some_and(Field::is_own)) else {
            return Ok(());
        };
        let help = match Field::of(&unknown.key) {
            Some(_) => "a CloudEvent also needs `specversion`".to_owned(),
            None => match near(&unknown.key) {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!("the fields are {}; what else is known goes into `props`", list(&OWN)),
            },
        };
        at(unknown.key_at, format!("unknown field `{}`", cut(&unknown.key))).map_err(|at| at.help(help))
    }

    /// Fields that are text, whatever they say.
    fn check_text(member: &Member<'_>) -> Result<(), At> {
        let Some(field) = Field::of(&member.key) else { return Ok(()) };
        if field == Field::Backfill && !matches!(member.value, Raw::Bool(_)) {
            return at(member.value_at, "field `backfill` is neither `true` nor `false`");
        }
        if matches!(field, Field::Backfill | Field::Props | Field::Data | Field::DataBase64 | Field::Specversion) {
            return Ok(());
        }
        let name = &member.key;
        match &member.value {
            Raw::Null => Ok(()),
            Raw::Text(text) => {
                let is_name = matches!(field, Field::Id | Field::Type | Field::Lead | Field::Subject);
                if is_name && text.is_empty() {
                    at(member.value_at, format!("field `{name}` is empty"))
                } else if (is_name || field == Field::Account) && text.len() > MAX_NAME {
                    at(member.value_at, format!("field `{name}` is longer than 1 KB"))
                } else if field == Field::Type && text == TOUCHED_TYPE {
                    at(member.value_at, format!("the type `{TOUCHED_TYPE}` is kept for touches that were sent"))
                        .map_err(|at| at.help("record mails sent by other programs as `email.sent`"))
                } else {
                    Ok(())
                }
            }
            _ => at(member.value_at, format!("field `{name}` is not text: `{}`", cut(member.raw))),
        }
    }

    fn check_props(&self, ty: Option<&Member<'_>>, data: Option<&Member<'a>>) -> Result<(), At> {
        let Some(Member { value: Raw::Text(name), .. }) = ty else { return Ok(()) };
        let ty = self.vocabulary.type_id(name, hash::of_text(name));
        let mut members = Vec::new();
        let mut place = self.line.len() - self.line.trim_start().len();
        if let Some(data) = data.filter(|data| !matches!(data.value, Raw::Null)) {
            if !data.raw.starts_with('{') {
                return at(data.value_at, format!("field `{}` is not an object: `{}`", data.key, cut(data.raw)));
            }
            place = data.value_at;
            members = self.members(data.raw, "property")?;
        }
        let Some(ty) = ty else { return Ok(()) };
        let mut faults: Vec<At> = Vec::new();
        for read in self.vocabulary.reads(ty) {
            let found = self.found(&members, &read.names)?;
            faults.extend(self.check_prop(ty, &read, found.as_ref(), place).err());
        }
        // The first in the line is told.
        faults.into_iter().min_by_key(|at| at.byte).map_or(Ok(()), Err)
    }

    /// What a record gives under the first of some names that is there, by the name that is.
    fn found(&self, members: &[Member<'a>], names: &[PropId]) -> Result<Option<Member<'a>>, At> {
        let mut null = None;
        for name in names {
            let name = self.vocabulary.prop_name(*name);
            let exact = members.iter().find(|member| member.key == name);
            let raw = exact.map(|member| member.raw).or_else(|| {
                let (root, rest) = name.split_once('.')?;
                value::inside(members.iter().find(|member| member.key == root)?.raw, rest)
            });
            let Some(raw) = raw else { continue };
            let value_at = offset(self.line, raw);
            let (value, _) = value::read(raw, true).map_err(|error| self.syntax(raw, &error))?;
            let member = Member { key: Cow::Owned(name.to_owned()), key_at: value_at, raw, value_at, value };
            if matches!(member.value, Raw::Null) {
                null = null.or(Some(member));
            } else {
                return Ok(Some(member));
            }
        }
        Ok(null)
    }

    fn check_prop(&self, ty: TypeId, read: &Read, found: Option<&Member<'a>>, place: usize) -> Result<(), At> {
        let Some(member) = found else {
            let names = read.names.iter().map(|name| self.vocabulary.prop_name(*name));
            let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
            return if read.required {
                at(place, format!("property {} is missing", names.join(" or ")))
            } else {
                Ok(())
            };
        };
        if matches!(member.value, Raw::Null) {
            let refused = self.vocabulary.null(ty, read.prop) == Null::Refused;
            if !refused && !read.required {
                return Ok(());
            }
            let null = at(member.value_at, format!("property `{}` is null", member.key));
            let help = "the fact it sets must be there; declare it with `?` if it may be emptied";
            return if refused { null.map_err(|at| at.help(help)) } else { null };
        }
        let Err(reason) = value::fit(&member.value, read.ty) else { return Ok(()) };
        at(member.value_at, format!("property `{}` {reason}: `{}`", member.key, shown(member)))
            .map_err(|at| At { help: how_to_write(read.ty, reason), ..at })
    }
}

fn how_to_write(ty: Type, reason: &str) -> Option<String> {
    match ty {
        _ if reason == value::OUT_OF_YEARS => None,
        Type::Number if reason == value::TOO_LARGE => Some("declare it as `text` if it is no amount".to_owned()),
        Type::Time => Some(WRITE_TIME.to_owned()),
        Type::Date => Some("write it like 2026-03-02".to_owned()),
        _ => None,
    }
}

fn moment(member: &Member<'_>) -> Result<Option<Timestamp>, At> {
    let Raw::Text(text) = &member.value else { return Ok(None) };
    parse_rfc3339(text.as_bytes()).map(Some).or_else(|reason| {
        at(member.value_at, format!("field `{}`: {reason}: `{}`", member.key, cut(text)))
            .map_err(|at| if reason == TimeError::Year { at } else { at.help(WRITE_TIME) })
    })
}

/// The known field nearest to a name, where it is near; the same letters in another case are.
fn near(name: &str) -> Option<&'static str> {
    nearest(&name.to_ascii_lowercase(), OWN)
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// A value as people would say it.
fn shown(member: &Member<'_>) -> String {
    match &member.value {
        Raw::Text(text) => cut(text),
        _ => cut(member.raw),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or("")),
        None => text.to_owned(),
    }
}

/// Where in the line a part of it begins.
fn offset(line: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(line.as_ptr() as usize)
}

//! The records of one block, read into arenas of their own, so that blocks can be read at the
//! same time and an event costs no allocation.

use std::collections::BTreeMap;

use serde::de::DeserializeSeed;

use super::blocks::Block;
use super::explain::{self, Fault};
use super::names::Names;
use super::record::{Record, RecordSeed, Scratch, Told};
use super::value::{self, Fitted, Raw};
use super::vocabulary::{Null, Vocabulary};
use super::{LogEntry, MAX_LINE, MAX_NAME, NONE, hash, length, plain, salt};
use crate::address::Salt;
use crate::event::{LATEST, LeadId, OF_NOBODY, PropValue};
use crate::rulebook::{PropId, TOUCHED_TYPE, TypeId};
use crate::timestamp::Timestamp;
use crate::value::Value;

/// Types of records by which a store keeps what it did itself: rulebooks put in force, actions
/// handed over, how far it was drained. They move the clock and nothing else.
pub(crate) const OWN_TYPES: &str = "ensue.";
/// The type of the record that says what the addresses of a log are hashed with.
pub(crate) const SALT_TYPE: &str = "ensue.salt";

/// What stays of a block: the texts and properties its entries point into.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    /// Which input.
    pub(super) input: u32,
    /// The line of the input before its first.
    pub(super) lines_before: u32,
    pub(super) texts: String,
    pub(super) props: Vec<(PropId, PropValue)>,
    pub(super) lists: Vec<Box<[Value]>>,
}

/// A block as read.
#[derive(Default)]
pub(super) struct Parsed {
    /// Position among the blocks.
    pub(super) number: u32,
    pub(super) chunk: Chunk,
    /// How many lines the block has.
    pub(super) lines: u32,
    /// Leads and accounts are positions in `leads` and `accounts`.
    pub(super) entries: Vec<LogEntry>,
    /// One for each entry.
    pub(super) keys: Vec<Key>,
    pub(super) leads: Names,
    pub(super) accounts: Names,
    /// What could not be read.
    pub(super) bad: Vec<BadLine>,
    pub(super) undeclared: BTreeMap<String, u64>,
    /// When the last record of the program's own was received.
    pub(super) horizon: Option<Timestamp>,
    /// What addresses are hashed with, by the lines that say so, from 0.
    pub(super) salts: Vec<(u32, Salt)>,
}

/// What duplicates are known by.
#[derive(Clone, Copy)]
pub(super) struct Key {
    /// The hash of the id.
    pub(super) id: u64,
    /// The hash of all but id and `received_at`: two records of one id are taken for the same
    /// content when it is equal, wrongly once in 2^64.
    pub(super) content: u64,
}

/// A line of a block that is no record.
pub(super) struct BadLine {
    /// Line in the block, from 0.
    pub(super) line: u32,
    pub(super) text: String,
    pub(super) fault: Fault,
}

/// Reads the lines of a block. Of a block with a bad line nothing after it is read, unless bad
/// lines are to be skipped.
pub(super) fn read(block: &Block, vocabulary: &Vocabulary<'_>, skip_bad: bool) -> Parsed {
    let bytes = block.bytes();
    let mut parsed = Parsed { number: block.number, ..Parsed::with_room_for(bytes.len()) };
    parsed.chunk.input = block.input;
    let bytes = if block.first { bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes) } else { bytes };
    // Checking the whole block is much faster than each line by itself.
    let text = std::str::from_utf8(bytes).ok();
    let mut scratch = Scratch::default();
    let mut start = 0;
    while start < bytes.len() {
        let rest = bytes.get(start..).unwrap_or_default();
        let len = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let line = match text {
            // What was cut off may have been the rest of a character.
            _ if rest.get(..len).is_some_and(is_too_long) => Ok(""),
            Some(text) => Ok(text.get(start..start + len).unwrap_or("")),
            None => std::str::from_utf8(rest.get(..len).unwrap_or_default())
                .map_err(|_| rest.get(..len).unwrap_or_default()),
        };
        let fault = match line {
            Ok(_) if rest.get(..len).is_some_and(is_too_long) => Some(explain::too_long()),
            Ok(line) => parsed.read_line(line.strip_suffix('\r').unwrap_or(line), vocabulary, &mut scratch).err(),
            Err(line) => Some(explain::not_utf8(line)),
        };
        if let Some(fault) = fault {
            let text = explain::excerpt(rest.get(..len).unwrap_or_default());
            parsed.bad.push(BadLine { line: parsed.lines, text, fault });
            if !skip_bad {
                break;
            }
        }
        parsed.lines += 1;
        start += len + 1;
    }
    parsed.trim();
    parsed
}

/// Whether a line is longer than a record may be; a carriage return before its end does not count.
fn is_too_long(line: &[u8]) -> bool {
    line.strip_suffix(b"\r").unwrap_or(line).len() > MAX_LINE
}

/// What is wrong with a line that is longer than a record may be; `None` for any other.
#[cfg(feature = "live")]
pub(crate) fn too_long(line: &[u8]) -> Option<String> {
    is_too_long(line).then(|| explain::too_long().reason)
}

/// A record that was refused; why is for `explain` to find out.
pub(super) struct Refused;

impl Parsed {
    /// Room that is not used costs no memory: the system gives pages only when they are written.
    pub(super) fn with_room_for(bytes: usize) -> Self {
        Self {
            chunk: Chunk {
                texts: String::with_capacity(bytes / 4),
                props: Vec::with_capacity(bytes / 50),
                ..Chunk::default()
            },
            entries: Vec::with_capacity(bytes / 75),
            keys: Vec::with_capacity(bytes / 75),
            ..Self::default()
        }
    }

    /// Gives back what room was not used.
    pub(super) fn trim(&mut self) {
        self.chunk.texts.shrink_to_fit();
        self.chunk.props.shrink_to_fit();
        self.chunk.lists.shrink_to_fit();
    }

    /// Takes in a line, or says what is wrong with it.
    pub(super) fn read_line<'b>(
        &mut self,
        line: &'b str,
        vocabulary: &'b Vocabulary<'_>,
        scratch: &mut Scratch<'b>,
    ) -> Result<(), Fault> {
        if line.len() > MAX_LINE {
            return Err(explain::too_long());
        }
        if line.bytes().all(|b| matches!(b, b' ' | b'\t' | b'\r')) {
            return Ok(());
        }
        if length::grows_too_long(line) {
            return Err(explain::grows_too_long());
        }
        let record = match plain::read(line, vocabulary, scratch) {
            Some(record) => Ok(record),
            None => any_record(line, vocabulary, scratch),
        };
        let refused = match record {
            Ok(record) => match self.take_in(&record, scratch, vocabulary) {
                Ok(()) if record.ty.as_deref() == Some(SALT_TYPE) => {
                    self.salts.push((self.lines, salt::read(line)?));
                    return Ok(());
                }
                Ok(()) => return Ok(()),
                Err(Refused) => "this is not a record".to_owned(),
            },
            Err(error) => error.to_string(),
        };
        Err(explain::line(line, vocabulary).unwrap_or(Fault { column: 1, reason: refused, help: None }))
    }

    fn take_in(
        &mut self,
        record: &Record<'_>,
        scratch: &Scratch<'_>,
        vocabulary: &Vocabulary<'_>,
    ) -> Result<(), Refused> {
        let id = name(record.id.as_deref())?;
        let ty = name(record.ty.as_deref())?;
        let lead = lead_of(ty, record.lead.as_deref())?;
        let account = record.account.as_deref().filter(|account| !account.is_empty());
        let at = moment(record.at.as_deref().ok_or(Refused)?)?;
        let received_at = record.received_at.as_deref().map_or(Ok(at), moment)?;
        let told = Told { id, ty, lead, account, at, received_at, backfill: record.backfill };
        let type_hash = hash::of_text(ty);
        let content = hash::mix(type_hash, record.props_hash);
        self.enter(&told, vocabulary.type_id(ty, type_hash), &scratch.props, Some(content), vocabulary)
    }

    /// Takes in a record whose fields are read; with the hash of its type and properties where it may
    /// be a repetition of another one.
    pub(super) fn enter(
        &mut self,
        told: &Told<'_>,
        type_id: Option<TypeId>,
        given: &[(PropId, Raw<'_>)],
        content: Option<u64>,
        vocabulary: &Vocabulary<'_>,
    ) -> Result<(), Refused> {
        let Told { id, ty, lead, account, at, received_at, backfill } = *told;
        check(told)?;
        if ty.starts_with(OWN_TYPES) {
            self.horizon = self.horizon.max(Some(received_at));
            return Ok(());
        }
        let lead_hash = hash::of_text(lead);
        let props = self.chunk.props.len();
        match type_id {
            Some(type_id) => self.take_in_props(given, vocabulary, type_id)?,
            // Overrides belong to the program, not to the rulebook.
            None if ty.starts_with("override.") => {}
            None => self.count_undeclared(ty),
        }
        let account_hash = account.map_or(0, hash::of_text);
        if let Some(content) = content {
            let about = hash::mix(lead_hash, hash::mix(account_hash, at.0 as u64));
            self.keys.push(Key { id: hash::of_text(id), content: hash::mix(content, about) });
        }
        self.entries.push(LogEntry {
            at,
            received_at,
            lead: LeadId(self.leads.intern(lead, lead_hash)),
            account: account.map_or(NONE, |account| self.accounts.intern(account, account_hash)),
            id: self.chunk.texts.len() as u32,
            props: props as u32,
            line: self.lines + 1,
            chunk: 0,
            ty: type_id.map_or(u16::MAX, |id| id.0),
            id_len: id.len() as u16,
            props_len: (self.chunk.props.len() - props) as u16,
            backfill,
        });
        self.chunk.texts.push_str(id);
        Ok(())
    }

    fn take_in_props(
        &mut self,
        given: &[(PropId, Raw<'_>)],
        vocabulary: &Vocabulary<'_>,
        ty: TypeId,
    ) -> Result<(), Refused> {
        has_required(given, vocabulary, ty)?;
        let before = (self.chunk.props.len(), self.chunk.texts.len(), self.chunk.lists.len());
        let chunk = &mut self.chunk;
        let kept = vocabulary.each(ty, given, |prop, value, declared| match value {
            Raw::Null => chunk.empty(prop, vocabulary.null(ty, prop)),
            value => chunk.keep(prop, value, declared),
        });
        if kept.is_err() {
            self.chunk.props.truncate(before.0);
            self.chunk.texts.truncate(before.1);
            self.chunk.lists.truncate(before.2);
        }
        kept
    }

    fn count_undeclared(&mut self, ty: &str) {
        if let Some(count) = self.undeclared.get_mut(ty) {
            *count += 1;
        } else {
            self.undeclared.insert(ty.to_owned(), 1);
        }
    }
}

impl Chunk {
    fn empty(&mut self, prop: PropId, null: Null) -> Result<(), Refused> {
        match null {
            Null::Nothing => {}
            Null::Empties => self.props.push((prop, PropValue::Empty)),
            Null::Refused => return Err(Refused),
        }
        Ok(())
    }

    fn keep(&mut self, prop: PropId, value: &Raw<'_>, declared: crate::value::Type) -> Result<(), Refused> {
        let value = match value::fit(value, declared).map_err(|_| Refused)? {
            Fitted::Bool(value) => PropValue::Bool(value),
            Fitted::Number(number) => PropValue::Number(number),
            Fitted::Time(moment) => PropValue::Time(moment),
            Fitted::Date(days) => PropValue::Date(days),
            Fitted::Text(text) => {
                let start = self.texts.len() as u32;
                self.texts.push_str(text);
                PropValue::Text { start, len: text.len() as u32 }
            }
            Fitted::List(items) => {
                self.lists.push(items.into());
                PropValue::List(self.lists.len() as u32 - 1)
            }
        };
        self.props.push((prop, value));
        Ok(())
    }
}

/// The lead of a record; nothing for one that is about everybody.
pub(super) fn lead_of<'a>(ty: &str, lead: Option<&'a str>) -> Result<&'a str, Refused> {
    if OF_NOBODY.contains(&ty) {
        return if lead.is_none_or(str::is_empty) { Ok("") } else { Err(Refused) };
    }
    name(lead)
}

/// Whether a rulebook can read a record with these properties of a name it knows.
#[cfg(feature = "live")]
pub(super) fn admits(told: &Told<'_>, given: &[(PropId, Raw<'_>)], vocabulary: &Vocabulary<'_>) -> Result<(), Refused> {
    [told.id, told.ty].into_iter().try_for_each(|text| name(Some(text)).map(drop))?;
    lead_of(told.ty, Some(told.lead))?;
    check(told)?;
    let Some(ty) = vocabulary.type_id(told.ty, hash::of_text(told.ty)) else { return Ok(()) };
    has_required(given, vocabulary, ty)?;
    vocabulary.each(ty, given, |prop, value, declared| match value {
        Raw::Null if vocabulary.null(ty, prop) == Null::Refused => Err(Refused),
        Raw::Null => Ok(()),
        value => value::fit(value, declared).map(drop).map_err(|_| Refused),
    })
}

/// What every record must be, whatever the rulebook.
fn check(told: &Told<'_>) -> Result<(), Refused> {
    let good = told.at <= told.received_at + LATEST
        && told.ty != TOUCHED_TYPE
        && told.account.is_none_or(|account| account.len() <= MAX_NAME);
    good.then_some(()).ok_or(Refused)
}

fn has_required(given: &[(PropId, Raw<'_>)], vocabulary: &Vocabulary<'_>, ty: TypeId) -> Result<(), Refused> {
    vocabulary.is_complete(ty, given).then_some(()).ok_or(Refused)
}

fn any_record<'b>(
    line: &'b str,
    vocabulary: &'b Vocabulary<'_>,
    scratch: &mut Scratch<'b>,
) -> serde_json::Result<Record<'b>> {
    let mut json = serde_json::Deserializer::from_str(line);
    let record = RecordSeed { vocabulary, scratch }.deserialize(&mut json)?;
    json.end().map(|()| record)
}

pub(super) fn name(text: Option<&str>) -> Result<&str, Refused> {
    text.filter(|text| !text.is_empty() && text.len() <= MAX_NAME).ok_or(Refused)
}

pub(super) fn moment(text: &str) -> Result<Timestamp, Refused> {
    crate::local::parse_rfc3339(text.as_bytes()).map_err(|_| Refused)
}

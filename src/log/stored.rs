//! Logs from where records lie typed already, as in a store: the same log that their lines of JSON
//! would give, without a text in between.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::chunk::{self, BadLine, Parsed};
use super::explain::{self, Fault};
use super::merge::Repeats;
use super::record::{Scratch, Told};
use super::value::{self, Keys, Raw};
use super::vocabulary::Vocabulary;
use super::{Log, count_lines, hash, joined, length, plain};
use crate::crew::Crew;
use crate::decimal::Decimal;
use crate::rulebook::{Rulebook, TypeId};
use crate::timestamp::Timestamp;

/// A property of a record.
pub(crate) trait Given<'a> {
    /// The bytes of its name: to look at all of them as text would cost more than to look them up.
    fn name(&self) -> &'a [u8];
    /// Its value, asked for only where the rulebook knows the name; `None` where there is none any
    /// more.
    fn value(self) -> Option<Value<'a>>;
}

/// A property's value as it is kept.
#[derive(Clone, Debug)]
pub(crate) enum Value<'a> {
    /// It is null.
    Null,
    Bool(bool),
    Number(Decimal),
    Text(Cow<'a, str>),
    /// Anything else.
    Json(Vec<u8>),
}

/// The names of a rulebook, ready for many records.
pub(crate) struct Words<'r>(Vocabulary<'r>);

impl<'r> Words<'r> {
    /// Those of a rulebook.
    pub fn new(rulebook: &'r Rulebook) -> Self {
        Self(Vocabulary::new(rulebook))
    }

    /// The fields of a line in the plainest writing, where the rulebook can read it, with `each` told of
    /// all its properties, declared or not; `None` for any other line, good or bad.
    pub fn plain<'a>(&self, line: &'a str, each: &mut impl FnMut(&'a str, Value<'a>)) -> Option<Told<'a>> {
        if !length::is_short(line) {
            return None;
        }
        let mut known = SmallVec::<[_; 8]>::new();
        let told = told(line, &mut |name, key, value| {
            match &value {
                Raw::Bool(value) => each(name, Value::Bool(*value)),
                Raw::Number(number) => each(name, Value::Number(*number)),
                Raw::Text(Cow::Borrowed(text)) => each(name, Value::Text(Cow::Borrowed(text))),
                Raw::Text(Cow::Owned(_)) | Raw::Null | Raw::TooLarge | Raw::List(_) | Raw::Other => {}
            }
            if let Some(prop) = self.0.prop_id(name, key) {
                known.push((prop, value));
            }
        })?;
        chunk::admits(&told, &known, &self.0).ok()?;
        Some(told)
    }

    /// Why a line is no record the rulebook can read; `None` where it is one.
    pub fn refusal(&self, line: &str) -> Option<String> {
        let refused = Parsed::default().read_line(line, &self.0, &mut Scratch::default());
        refused.err().map(|fault| fault.reason)
    }
}

/// The fields of a plain record, with `each` told of every property: its name, the hash of that, and
/// its value; `None` where it is not plain. Whether a rulebook can read it is not asked.
fn told<'a>(line: &'a str, each: &mut impl FnMut(&'a str, u64, Raw<'a>)) -> Option<Told<'a>> {
    let record = plain::read_with(line, &mut Keys::default(), each)?;
    let borrowed = |text: Option<Cow<'a, str>>| match text {
        Some(Cow::Borrowed(text)) => Some(text),
        _ => None,
    };
    let at = chunk::moment(&record.at?).ok()?;
    Some(Told {
        id: borrowed(record.id)?,
        ty: borrowed(record.ty)?,
        lead: borrowed(record.lead)?,
        account: borrowed(record.account).filter(|account| !account.is_empty()),
        at,
        received_at: record.received_at.map_or(Some(at), |text| chunk::moment(&text).ok())?,
        backfill: record.backfill,
    })
}

/// Some records of a log in their order; parts can be filled at the same time.
#[derive(Default)]
pub(crate) struct Part {
    parsed: Parsed,
    keeps_places: bool,
    /// Some of the types met so far.
    types: Vec<(String, Option<TypeId>)>,
}

/// So many types are kept at hand.
const TYPES: usize = 12;

/// Stands for the type of a record that cannot be read.
const GAP: &str = "gap";

impl Part {
    /// The part of a position among all parts, from 0, with room for as many records as so many
    /// bytes of JSON hold.
    pub fn new(number: u32, bytes: usize) -> Self {
        Self { parsed: Parsed { number, ..Parsed::with_room_for(bytes) }, keeps_places: false, types: Vec::new() }
    }

    /// The same, where a record that the rulebook cannot read keeps its place: so all rulebooks
    /// number events, leads and accounts alike.
    pub fn keeping_places(self) -> Self {
        Self { keeps_places: true, ..self }
    }

    /// Takes in a record with its properties by name. Where the rulebook cannot read it, `line`
    /// gives it as JSON for the reason.
    pub fn take<'a>(
        &mut self,
        told: &Told<'_>,
        props: impl Iterator<Item = impl Given<'a>>,
        words: &Words<'_>,
        line: impl FnOnce() -> String,
    ) {
        let vocabulary = &words.0;
        let (mut known, mut inside) = (SmallVec::<[_; 8]>::new(), SmallVec::<[_; 8]>::new());
        for prop in props {
            let name = prop.name();
            let id = vocabulary.prop_id_of_bytes(name, hash::of_bytes(name));
            let mut paths = vocabulary.paths(name).peekable();
            if id.is_none() && paths.peek().is_none() {
                continue;
            }
            let Some(value) = prop.value() else { continue };
            if let Value::Json(json) = &value {
                for path in paths {
                    let found = std::str::from_utf8(json).ok().and_then(|json| value::inside(json, path.rest));
                    inside.extend(found.map(|found| (path.prop, raw(Value::Json(found.as_bytes().to_vec())))));
                }
            }
            known.extend(id.map(|id| (id, raw(value))));
        }
        // An exact name comes before a path.
        inside.retain(|(prop, _)| known.iter().all(|(exact, _)| exact != prop));
        known.append(&mut inside);
        let account = told.account.filter(|account| !account.is_empty());
        let named = [told.id, told.ty].into_iter().all(|text| chunk::name(Some(text)).is_ok())
            && chunk::lead_of(told.ty, Some(told.lead)).is_ok();
        let told = Told { account, ..*told };
        let ty = self.type_of(told.ty, vocabulary);
        if !named || self.parsed.enter(&told, ty, &known, None, vocabulary).is_err() {
            if named && self.keeps_places {
                let _ = self.parsed.enter(&Told { ty: GAP, ..told }, None, &[], None, vocabulary);
            }
            let line = line();
            let unclear = || Fault { column: 1, reason: String::from("this is not a record"), help: None };
            let fault = explain::line(&line, vocabulary).unwrap_or_else(unclear);
            self.parsed.bad.push(BadLine { line: self.parsed.lines, text: explain::excerpt(line.as_bytes()), fault });
        }
        self.parsed.lines += 1;
    }

    /// The type of a name. A log speaks of few, so those met lately are compared before any is looked up.
    fn type_of(&mut self, name: &str, vocabulary: &Vocabulary<'_>) -> Option<TypeId> {
        if let Some((_, ty)) = self.types.iter().find(|(known, _)| known == name) {
            return *ty;
        }
        let ty = vocabulary.type_id(name, hash::of_text(name));
        if self.types.len() < TYPES {
            self.types.push((name.to_owned(), ty));
        }
        ty
    }

    /// Gives back what room was not used.
    pub fn trim(&mut self) {
        self.parsed.trim();
    }

    /// Lets a record of the program's own pass.
    pub fn pass(&mut self, received_at: Timestamp) {
        self.parsed.horizon = self.parsed.horizon.max(Some(received_at));
        self.skip();
    }

    /// Lets time pass without a record.
    pub fn drained_to(&mut self, at: Timestamp) {
        self.parsed.horizon = self.parsed.horizon.max(Some(at));
    }

    /// Lets a record pass that is about nobody in question.
    pub fn skip(&mut self) {
        self.parsed.lines += 1;
    }
}

/// Parts as one log; no two of their records have the same id.
pub(crate) fn join(parts: Vec<Part>, path: &str, crew: &Crew) -> Log {
    let mut blocks: Vec<Parsed> = parts.into_iter().map(|part| part.parsed).collect();
    blocks.sort_unstable_by_key(|block| block.number);
    count_lines(&mut blocks);
    let paths = vec![path.to_owned()];
    let bad = super::all_bad(&mut blocks, &[], &paths);
    joined(blocks, paths, &Repeats::default(), bad, crew)
}

fn raw(value: Value<'_>) -> Raw<'_> {
    match value {
        Value::Null => Raw::Null,
        Value::Bool(value) => Raw::Bool(value),
        Value::Number(number) => Raw::Number(number),
        Value::Text(text) => Raw::Text(text),
        Value::Json(json) => {
            let read = std::str::from_utf8(&json).ok().and_then(|json| value::read(json, true).ok());
            match read {
                // Text borrowed from the bytes would not outlive them.
                Some((Raw::Text(text), _)) => Raw::Text(Cow::Owned(text.into_owned())),
                Some((Raw::Number(number), _)) => Raw::Number(number),
                Some((Raw::TooLarge, _)) => Raw::TooLarge,
                Some((Raw::Bool(value), _)) => Raw::Bool(value),
                Some((Raw::List(items), _)) => Raw::List(items),
                Some((Raw::Null, _)) => Raw::Null,
                _ => Raw::Other,
            }
        }
    }
}

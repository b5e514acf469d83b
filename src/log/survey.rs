//! What logs carry that a rulebook does not read, and what it could read that they do not carry: asked
//! for by `check --events`, once the logs have been found good.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, BufReader};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::chunk::OWN_TYPES;
use super::value::{self, Raw};
use super::{Input, MAX_LINE};
use crate::local::parse_rfc3339;
use crate::rulebook::{EventType, FactId, PropId, Rulebook};
use crate::value::Type;

/// What a log carries beside what is declared.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Properties that no event declares for their type, by name.
    pub undeclared: BTreeMap<String, Undeclared>,
    /// Facts that some entry sets.
    pub seen: BTreeSet<FactId>,
}

/// A property that nobody declared.
#[derive(Clone, Debug)]
pub struct Undeclared {
    /// The types of the entries that carry it.
    pub types: BTreeSet<String>,
    /// How many entries carry it.
    pub count: u64,
    /// What its first value looks like.
    pub ty: Type,
}

/// So many names are told apart: of a log that makes up names, more would help nobody.
const NAMES: usize = 1_000;
/// Objects are looked into so deep.
const DEPTH: usize = 4;

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(rename = "type", borrow)]
    ty: Option<Cow<'a, str>>,
    #[serde(borrow)]
    specversion: Option<&'a RawValue>,
    #[serde(borrow)]
    props: Option<BTreeMap<Cow<'a, str>, &'a RawValue>>,
    #[serde(borrow)]
    data: Option<BTreeMap<Cow<'a, str>, &'a RawValue>>,
}

/// Looks through logs; lines that are no records are passed over.
///
/// # Errors
/// An input cannot be read.
pub fn survey(inputs: Vec<Input>, rulebook: &Rulebook) -> io::Result<Survey> {
    let mut survey = Survey::default();
    for input in inputs {
        let mut reader = BufReader::new(input.reader);
        let mut line = Vec::new();
        loop {
            line.clear();
            let most = MAX_LINE as u64 + 2;
            if io::Read::take(&mut reader, most).read_until(b'\n', &mut line)? == 0 {
                break;
            }
            if let Ok(line) = serde_json::from_slice::<Line<'_>>(&line) {
                survey.take_in(&line, rulebook);
            }
        }
    }
    Ok(survey)
}

impl Survey {
    /// Notes a property that is not read; of an object what lies in it, since only that can be.
    fn look_at(&mut self, name: &str, raw: &str, ty: &str, read: &BTreeSet<&str>) {
        if raw == "null" || read.contains(name) {
            return;
        }
        let inside = (name.matches('.').count() < DEPTH).then(|| value::members(raw)).flatten();
        if let Some(inside) = inside {
            return inside.iter().for_each(|(key, raw)| self.look_at(&format!("{name}.{key}"), raw.get(), ty, read));
        }
        if let Some(known) = self.undeclared.get_mut(name) {
            known.count += 1;
            known.types.insert(ty.to_owned());
        } else if self.undeclared.len() < NAMES {
            let first = Undeclared { types: BTreeSet::from([ty.to_owned()]), count: 1, ty: looks_like(raw) };
            self.undeclared.insert(name.to_owned(), first);
        }
    }

    fn take_in(&mut self, line: &Line<'_>, rulebook: &Rulebook) {
        let name = line.ty.as_deref().unwrap_or_default();
        let own = name.starts_with(OWN_TYPES) || name.starts_with("override.");
        let Some(ty) = rulebook.types.find(name).and_then(|id| rulebook.types.get(id)).filter(|_| !own) else { return };
        let props = if line.specversion.is_some() { &line.data } else { &line.props };
        let Some(props) = props else { return };
        let read = names(ty, rulebook);
        for (name, raw) in props {
            self.look_at(name, raw.get(), &ty.name, &read);
        }
        let by_name = rulebook.facts.with_ids().filter(|_| ty.sets_facts).map(|(id, fact)| (id, fact.prop));
        let set = by_name.chain(ty.setters.iter().map(|setter| (setter.fact, setter.prop)));
        for (fact, prop) in set {
            if !self.seen.contains(&fact) && names_of(ty, prop).any(|name| carries(props, rulebook, name)) {
                self.seen.insert(fact);
            }
        }
    }
}

/// The names in the log of a property of a type.
fn names_of(ty: &EventType, prop: PropId) -> impl Iterator<Item = PropId> {
    let names = ty.prop(prop).map_or_else(Vec::new, |prop| prop.names.clone());
    if names.is_empty() { vec![prop] } else { names }.into_iter()
}

/// All names that are read of a type.
fn names<'r>(ty: &EventType, rulebook: &'r Rulebook) -> BTreeSet<&'r str> {
    ty.props.iter().flat_map(|prop| names_of(ty, prop.id)).map(|name| rulebook.props.name(name)).collect()
}

fn carries(props: &BTreeMap<Cow<'_, str>, &RawValue>, rulebook: &Rulebook, name: PropId) -> bool {
    let name = rulebook.props.name(name);
    let exact = props.get(name).map(|raw| raw.get());
    let found = exact.or_else(|| {
        let (root, rest) = name.split_once('.')?;
        value::inside(props.get(root)?.get(), rest)
    });
    found.is_some_and(|raw| raw != "null")
}

/// The type of a property with such a value.
fn looks_like(raw: &str) -> Type {
    match value::read(raw, true).map(|(value, _)| value) {
        Ok(Raw::Number(_) | Raw::TooLarge) => Type::Number,
        Ok(Raw::Bool(_)) => Type::Bool,
        Ok(Raw::List(_)) => Type::List,
        Ok(Raw::Text(text)) if value::date(&text).is_some() => Type::Date,
        Ok(Raw::Text(text)) if parse_rfc3339(text.as_bytes()).is_ok() => Type::Time,
        Ok(raw @ Raw::Text(_)) if value::fit(&raw, Type::Email).is_ok() => Type::Email,
        _ => Type::Text,
    }
}

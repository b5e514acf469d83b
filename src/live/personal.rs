//! Personal facts in decisions: rules copy what somebody told of a lead into a fact of another name,
//! or make it an owner, and scripts quote it where they fail. What is sealed in the log must not stay
//! readable in what was decided.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::error::LiveError;
use super::packed::has_sealed;
use super::reading::Reader;
use crate::decision::names::Names;
use crate::decision::{Body, Cause, Decision};
use crate::event::LeadId;
use crate::rulebook::{EffectKind, Expr};
use crate::store::{Offset, Store, StoredEntry};
use crate::timestamp::Timestamp;
use crate::value::Value;

/// What lies sealed of the leads that decisions are made about, read where it is asked for.
pub(super) struct Personal<'a> {
    store: &'a Store,
    names: &'a Names<'a>,
    /// With the keys of the leads, and without.
    readers: Option<(Reader<'a>, Reader<'a>)>,
    of_leads: HashMap<LeadId, Vec<Told>>,
}

/// A value that lies sealed in the log.
struct Told {
    /// When it was learned of.
    received_at: Timestamp,
    value: Value,
    /// What it reads once its lead is erased.
    erased: Value,
}

/// Where a value that a rule sets may come from.
struct Origin {
    props: bool,
    facts: bool,
}

impl<'a> Personal<'a> {
    /// Nothing is read yet.
    pub fn new(store: &'a Store, names: &'a Names<'a>) -> Self {
        Self { store, names, readers: None, of_leads: HashMap::new() }
    }

    /// What a decision says once its lead is erased; `None` where it tells nothing of the lead.
    ///
    /// # Errors
    /// Damage found on the way.
    pub fn redacted(&mut self, decision: &Decision) -> Result<Option<Body>, LiveError> {
        Ok(match &decision.body {
            Body::Set { fact, value } => {
                self.instead_of(value, decision)?.map(|value| Body::Set { fact: *fact, value })
            }
            Body::Assign(Some(owner)) => match self.instead_of(&Value::Text(owner.clone()), decision)? {
                Some(Value::Text(owner)) => Some(Body::Assign(Some(owner))),
                _ => None,
            },
            Body::Fault(text) => self.without_words(text, decision)?.map(Body::Fault),
            _ => None,
        })
    }

    /// A value that was copied reads as what it was copied from.
    fn instead_of(&mut self, value: &Value, decision: &Decision) -> Result<Option<Value>, LiveError> {
        let origin = self.origin(decision);
        let find = |told: &[Told]| {
            let same = |told: &&Told| told.received_at <= decision.at && told.value == *value;
            told.iter().rfind(same).map(|told| told.erased.clone())
        };
        if origin.props
            && let Some(erased) = find(&self.told_by(decision)?)
        {
            return Ok(Some(erased));
        }
        Ok(if origin.facts { find(self.told_of(decision.lead)?) } else { None })
    }

    fn without_words(&mut self, text: &str, decision: &Decision) -> Result<Option<String>, LiveError> {
        let told = self.told_of(decision.lead)?.iter().filter(|told| told.received_at <= decision.at);
        let mut words: Vec<(&str, &str)> = told
            .filter_map(|told| match (&told.value, &told.erased) {
                (Value::Text(value), Value::Text(erased)) if !value.is_empty() => Some((&**value, &**erased)),
                _ => None,
            })
            .collect();
        // One may hold another.
        words.sort_by_key(|(value, _)| Reverse(value.len()));
        let shown = words.iter().fold(text.to_owned(), |text, (value, erased)| text.replace(value, erased));
        Ok((shown != text).then_some(shown))
    }

    fn origin(&self, decision: &Decision) -> Origin {
        let Cause::Rule(rule, arm) = decision.cause else { return Origin { props: true, facts: true } };
        let arms = self.names.rulebook.rules.get(rule).map(|rule| &rule.arms);
        let effects = arms.and_then(|arms| arms.get(usize::from(arm))).map_or(&[][..], |arm| &arm.effects);
        let any = |is: fn(&Expr) -> bool| {
            effects.iter().any(|effect| match &effect.kind {
                EffectKind::Set { value, .. } | EffectKind::Assign(value) => value.any(is),
                _ => false,
            })
        };
        Origin { props: any(|part| matches!(part, Expr::Prop(_))), facts: any(|part| matches!(part, Expr::Fact(_))) }
    }

    /// What is sealed in the events that a decision rests on.
    fn told_by(&mut self, decision: &Decision) -> Result<Vec<Told>, LiveError> {
        let mut entries = Vec::new();
        for event in &decision.because {
            let sealed = self.store.with_entry(Offset(u64::from(event.0)), |entry| {
                Ok::<_, LiveError>(has_sealed(&entry)?.then(|| entry.to_stored()))
            })?;
            entries.extend(sealed?);
        }
        self.told(&entries)
    }

    /// What is sealed in all that the log says of a lead.
    fn told_of(&mut self, lead: LeadId) -> Result<&[Told], LiveError> {
        if !self.of_leads.contains_key(&lead) {
            let told = self.told(&self.store.entries_of(self.names.log.lead_name(lead))?)?;
            self.of_leads.insert(lead, told);
        }
        Ok(self.of_leads.get(&lead).map_or(&[], |told| told))
    }

    /// All that reads differently without its key.
    fn told(&mut self, entries: &[StoredEntry]) -> Result<Vec<Told>, LiveError> {
        let mut told = Vec::new();
        if entries.is_empty() {
            return Ok(told);
        }
        let (store, rulebook) = (self.store, self.names.rulebook);
        let (open, closed) =
            self.readers.get_or_insert_with(|| (Reader::new(Some(store), rulebook), Reader::new(None, rulebook)));
        let read = |reader: &Reader<'_>| reader.log(entries.iter().map(StoredEntry::as_entry));
        let (open, closed) = (read(open)?, read(closed)?);
        let closed: HashMap<u32, _> = closed.iter().map(|event| (closed.place(event.number).1, event)).collect();
        for event in open.iter() {
            let Some(erased) = closed.get(&open.place(event.number).1) else { continue };
            for (prop, _) in event.props.list {
                let (value, erased) = (event.props.get(*prop), erased.props.get(*prop));
                if value != erased {
                    let received_at = event.received_at;
                    told.push(Told { received_at, value: value.to_value(), erased: erased.to_value() });
                }
            }
        }
        Ok(told)
    }
}

//! What `check --events` says of logs and a rulebook that do not meet: properties that nobody declared, and
//! facts that no entry carries, each with a line to paste.

use std::collections::BTreeSet;

use crate::check::{self, Env, VOCABULARY_PATH};
use crate::log::{Survey, Undeclared};
use crate::rulebook::{EffectKind, Fact, FactId, Rulebook, TypeId};
use crate::value::{Type, Value};
use crate::words::{listed, nearest};

use super::complaint;

/// So many of a kind are told.
const TOLD: usize = 30;

/// The notes, a line each.
pub fn notes(survey: &Survey, rulebook: &Rulebook) -> String {
    let usual = check::load([(VOCABULARY_PATH.to_owned(), String::new())], &Env::default()).rulebook;
    let usual = usual.map_or_else(BTreeSet::new, |usual| usual.facts.iter().map(|fact| fact.name.clone()).collect());
    let unread = Unread { survey, rulebook, usual };
    let properties = survey.undeclared.iter().map(|(name, found)| unread.property(name, found));
    let facts = cut(unread.unseen().map(|fact| unread.unseen_fact(fact)).collect(), "facts that no entry carries");
    cut(properties.collect(), "properties that nobody declared") + facts.as_str()
}

/// The first of some notes, and how many more there are.
fn cut(notes: Vec<String>, what: &str) -> String {
    let more = notes.len().saturating_sub(TOLD);
    let mut text: String = notes.iter().take(TOLD).map(|note| complaint::note(note)).collect();
    if more > 0 {
        text.push_str(&complaint::note(&format!("and {more} more {what}")));
    }
    text
}

/// A survey beside its rulebook.
struct Unread<'a> {
    survey: &'a Survey,
    rulebook: &'a Rulebook,
    /// The facts of the vocabulary.
    usual: BTreeSet<String>,
}

impl<'a> Unread<'a> {
    fn property(&self, name: &str, found: &Undeclared) -> String {
        let types: Vec<String> = found.types.iter().cloned().collect();
        let ty = |name: &String| self.rulebook.types.find(name).and_then(|id| self.rulebook.types.get(id));
        let types_told = listed(&types);
        let said =
            format!("undeclared-property: nobody declared `{name}` of {types_told} ({} in the log)", found.count);
        if types.iter().any(|name| ty(name).is_some_and(|ty| ty.sets_facts)) {
            let Some((id, fact)) = near(name, self.rulebook) else {
                return format!("{said}; to read it as a fact, write `lead {{ {} }}`", field(name, found.ty));
            };
            let own = if self.survey.seen.contains(&id) { format!(", {:?}", fact.name) } else { String::new() };
            let line = self.fact_line(fact, &format!("{name:?}{own}"));
            return format!("{said}; did you mean the fact `{}`? {line}", fact.name);
        }
        let first = types.first().map_or("", String::as_str);
        let field = field(name, found.ty);
        match self.rulebook.types.find(first).and_then(|id| event_of(id, self.rulebook)) {
            Some(event) => format!("{said}; to read it, write `{field}` in event `{event}`"),
            // A standard event that is declared anew would lose what the vocabulary says of it.
            None => {
                let event = crate::syntax::own_name(&first.replace('.', "_"));
                format!("{said}; to read it, write `event {event} is {first:?} {{ {field} }}`")
            }
        }
    }

    /// What to write for a fact that goes by another name in the log.
    fn fact_line(&self, fact: &Fact, names: &str) -> String {
        let field = format!("{} is {names}", declared(fact));
        if self.usual.contains(&fact.name) {
            format!("write `lead {{ {field} }}`")
        } else {
            format!("write `{field}` in `lead`")
        }
    }

    /// The author's facts that no entry carries and no rule sets.
    fn unseen(&self) -> impl Iterator<Item = &'a Fact> {
        let effects = || self.rulebook.rules.iter().flat_map(|rule| &rule.arms).flat_map(|arm| &arm.effects);
        let by_rule =
            move |id: FactId| effects().any(|effect| matches!(effect.kind, EffectKind::Set { fact, .. } if fact == id));
        let all = self.rulebook.facts.with_ids().filter(|(id, _)| !self.survey.seen.contains(id));
        all.filter(move |(id, fact)| !self.usual.contains(&fact.name) && !by_rule(*id)).map(|(_, fact)| fact)
    }

    fn unseen_fact(&self, fact: &Fact) -> String {
        let said = format!("never-seen: no entry of the log carries the fact `{}`", fact.name);
        match nearest(&fact.name, self.survey.undeclared.keys().map(String::as_str)) {
            Some(near) => format!("{said}; did you mean `{near}`? {}", self.fact_line(fact, &format!("{near:?}"))),
            None => {
                format!("{said}: send it with `lead.created` or `lead.updated`, or let a property of an event set it")
            }
        }
    }
}

/// The author's own event of one type.
fn event_of(ty: TypeId, rulebook: &Rulebook) -> Option<&str> {
    let mut own = rulebook.events.iter().filter(|event| !event.standard);
    own.find(|event| event.types() == [ty]).and_then(|event| event.names.first()).map(String::as_str)
}

/// The fact that a property of the log is meant for: the same letters, else a near name.
fn near<'r>(name: &str, rulebook: &'r Rulebook) -> Option<(FactId, &'r Fact)> {
    let letters = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
    };
    let (wanted, names) = (letters(name), || rulebook.facts.iter().map(|fact| fact.name.as_str()));
    let same = names().find(|fact| letters(fact) == wanted);
    let id = rulebook.facts.find(same.or_else(|| nearest(&wanted, names()))?)?;
    Some((id, rulebook.facts.get(id)?))
}

/// A fact as it is declared: `sms_ok bool = false`.
fn declared(fact: &Fact) -> String {
    let mark = if fact.optional { "?" } else { "" };
    let default = match &fact.default {
        Value::Missing => String::new(),
        Value::Text(text) => format!(" = {text:?}"),
        value => format!(" = {}", crate::decision::line::plain(value, crate::local::Zone::UTC)),
    };
    format!("{} {}{mark}{default}", fact.name, word(fact.ty))
}

/// A property as it can be declared: by its own name where the language has such names.
fn field(name: &str, ty: Type) -> String {
    let own = crate::syntax::own_name(name);
    let is = if own == name { String::new() } else { format!(" is {name:?}") };
    format!("{own} {}?{is}", word(ty))
}

fn word(ty: Type) -> &'static str {
    match ty {
        Type::Number => "number",
        Type::Bool => "bool",
        Type::Time => "time",
        Type::Date => "date",
        Type::Zone => "zone",
        Type::Email => "email",
        Type::List => "list",
        Type::Text | Type::Length | Type::Any => "text",
    }
}

//! What events and groups mean: which log types, under which conditions.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::checker::Checker;
use super::event::Named;
use super::expression::{Known, Scope};
use super::name::EVENT;
use super::words::{comparable, one_line, type_words};
use crate::diagnostic::Diagnostic;
use crate::rulebook::{Alternative, EventSet, Expr, MEASURED_TYPES, PropId, SetId, TypeId};
use crate::slug::Slug;
use crate::syntax::tree::{self, EventRef, Name};
use crate::value::Type;
use crate::words::{listed, nearest};

/// How far the meaning of a name is known.
#[derive(Clone, Debug)]
pub(super) enum Meaning {
    /// It is being looked at; coming here again is a circle.
    Open,
    /// It has a mistake, which is reported.
    Broken,
    /// Known.
    Known(Rc<Events>),
}

/// The ways an event can happen.
#[derive(Clone, Debug, Default)]
pub(super) struct Events {
    /// Types with their conditions.
    pub alternatives: Vec<Alternative>,
    /// Which event brings which type; a group has many.
    pub members: Vec<(String, TypeId)>,
}

/// An event as a rule speaks of it.
#[derive(Clone, Debug)]
pub(super) struct Occurrence {
    /// Its set.
    pub set: SetId,
    /// Its events, for the properties they have.
    pub events: Rc<Events>,
    /// Properties its conditions have shown to be there.
    pub known: Known,
}

/// Events that meet conditions.
struct Narrowed {
    events: Events,
    /// The conditions, `a and b` as two.
    conditions: Vec<Expr>,
    /// Properties they have shown to be there.
    known: Known,
}

/// What a property is to all events of a set.
pub(super) enum Property {
    /// All have it: its id and type, and whether it may be missing.
    Has(PropId, Type, bool),
    /// Some have it, this one does not.
    Lacks(String),
    /// It differs: two events with their types.
    Differs(String, Type, String, Type),
    /// None has it.
    Unknown,
}

impl Checker<'_> {
    /// What a name means among all members of a set.
    pub fn property(&self, events: &Events, name: &str) -> Property {
        let Some(id) = self.resolved.props.find(name) else {
            return Property::Unknown;
        };
        let mut first: Option<(&str, Type)> = None;
        let (mut lacks, mut may_miss) = (None, false);
        for (member, ty) in &events.members {
            let prop = self.resolved.types.get(*ty).and_then(|ty| ty.props.iter().find(|prop| prop.id == id));
            match (prop, first) {
                (None, _) => lacks = lacks.or_else(|| Some(member.clone())),
                (Some(prop), Some((other, ty))) if !comparable(prop.ty, ty) => {
                    return Property::Differs(other.to_owned(), ty, member.clone(), prop.ty);
                }
                (Some(prop), _) => {
                    first = first.or(Some((member, prop.ty)));
                    may_miss |= prop.optional;
                }
            }
        }
        match (first, lacks) {
            (None, _) => Property::Unknown,
            (Some(_), Some(member)) => Property::Lacks(member),
            (Some((_, ty)), None) => Property::Has(id, ty, may_miss),
        }
    }

    /// The names of all properties the members of a set share or have.
    pub fn property_names(&self, events: &Events) -> Vec<String> {
        let mut names: Vec<String> = events
            .members
            .iter()
            .filter_map(|(_, ty)| self.resolved.types.get(*ty))
            .flat_map(|ty| &ty.props)
            .filter_map(|prop| self.resolved.props.get(prop.id).cloned())
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// Reports a property that not all events of a set have.
    pub fn report_property(&mut self, events: &Events, name: &Name, found: &Property) {
        if self.broken.contains(&name.node) {
            return;
        }
        let whose = events.members.first().map(|(member, _)| member.clone()).unwrap_or_default();
        let (slug, message) = match found {
            Property::Lacks(member) => {
                (Slug::UnknownProperty, format!("`{}` is not a property of `{member}`", name.node))
            }
            Property::Differs(one, a, other, b) => (
                Slug::TypeMismatch,
                format!("`{}` is {} in `{one}` and {} in `{other}`", name.node, type_words(*a), type_words(*b)),
            ),
            _ => (Slug::UnknownProperty, format!("`{}` is not a property of `{whose}`", name.node)),
        };
        let names = self.property_names(events);
        let help = match (found, nearest(&name.node, &names)) {
            (Property::Lacks(member), _) => {
                format!(
                    "leave `{member}` out, or declare the property for it: `event {member} is \"…\" {{ {} text? }}`",
                    name.node
                )
            }
            (Property::Differs(..), _) => "name one of the events instead".to_owned(),
            (_, Some(near)) => format!("did you mean `{near}`?"),
            _ if names.is_empty() => format!("declare it: `event {whose} is \"…\" {{ {} text? }}`", name.node),
            _ => format!("it has {}; text is written in quotes", listed(&names)),
        };
        self.report(Diagnostic::new(slug, name.range, message).label("not known here").help(help));
    }

    /// The meaning of an event or group where a file names it.
    pub fn events_named(&mut self, name: &Name) -> Option<Rc<Events>> {
        self.refer_event(&name.node, name.range);
        self.events_of(name)
    }

    /// The meaning of an event or group in the table in force, worked out at first use.
    pub fn events_of(&mut self, name: &Name) -> Option<Rc<Events>> {
        let Some(at) = self.events().find(&name.node) else {
            let names = self.events().names();
            let hint = self.event_hint(&name.node);
            self.unknown(&EVENT, &name.node, name.range, &names, hint);
            return None;
        };
        let key = (self.standard, at);
        match self.resolved.meanings.get(&key) {
            Some(Meaning::Known(events)) => return Some(Rc::clone(events)),
            Some(Meaning::Broken) => return None,
            Some(Meaning::Open) => {
                let message = format!("group `{}` contains itself", name.node);
                let found = Diagnostic::new(Slug::Circular, name.range, message).label("leads back to the group");
                self.report(found.help("take this member out"));
                return None;
            }
            None => {}
        }
        let named = self.events().at(at).map(|entry| entry.item)?;
        self.resolved.meanings.insert(key, Meaning::Open);
        let events = match named {
            Named::Event(event) => self.event_meaning(event),
            Named::Group(group) => self.deeper(name.range, |checker| checker.group_meaning(group)),
        };
        let events = events.map(Rc::new);
        let meaning = events.as_ref().map_or(Meaning::Broken, |events| Meaning::Known(Rc::clone(events)));
        self.resolved.meanings.insert(key, meaning);
        events
    }

    fn event_hint(&self, name: &str) -> Option<String> {
        if self.declared.tiers.has(name) {
            Some(format!("`{name}` is a tier; to act when a lead enters it, say `becomes {name}`"))
        } else if self.declared.sequences.has(name) {
            Some(format!("`{name}` is a sequence; say `finished {name}`, `enrolled {name}` or `exited {name}`"))
        } else if self.declared.scores.has(name) {
            Some(format!("`{name}` is a score; say which line it crosses: `{name} >= 60`"))
        } else {
            None
        }
    }

    fn event_meaning(&mut self, event: &tree::EventDecl) -> Option<Events> {
        let name = event.names.first()?.node.clone();
        let types: Vec<TypeId> = event.types.iter().map(|ty| self.type_id(&ty.node)).collect();
        let members = types.iter().map(|ty| (name.clone(), *ty)).collect();
        let plain = types.into_iter().map(|ty| Alternative { ty, conditions: Vec::new() }).collect();
        let events = Events { alternatives: plain, members };
        let Some(guard) = &event.guard else { return Some(events) };
        let guards = std::slice::from_ref(guard);
        let narrowed = self.narrowed(Rc::new(events), guards)?;
        let whole = narrowed.conditions.into_iter().reduce(|a, b| Expr::And(Box::new(a), Box::new(b)));
        self.resolved.event_guards.extend(whole.map(|whole| (guard.range, whole)));
        Some(narrowed.events)
    }

    fn group_meaning(&mut self, group: &tree::GroupDecl) -> Option<Events> {
        let mut whole = Some(Events::default());
        // A group is a set: whoever is named twice is in it once.
        let mut seen = BTreeSet::new();
        for member in &group.members {
            let events = self.events_named(member);
            if !seen.insert(member.node.as_str()) && events.is_some() {
                continue;
            }
            let fits = events.as_ref().is_none_or(|events| self.may_grow(events.members.len(), member.range));
            whole = whole.zip(events.filter(|_| fits)).map(|(mut whole, events)| {
                whole.alternatives.extend(events.alternatives.iter().cloned());
                let types: BTreeSet<TypeId> = events.members.iter().map(|(_, ty)| *ty).collect();
                whole.members.extend(types.into_iter().map(|ty| (member.node.clone(), ty)));
                whole
            });
        }
        whole.map(|mut whole| {
            whole.alternatives = in_order(whole.alternatives);
            whole
        })
    }

    /// The events that meet all conditions.
    fn narrowed(&mut self, events: Rc<Events>, filters: &[tree::Expr]) -> Option<Narrowed> {
        let scope = Scope::filter(Rc::clone(&events));
        let (mut conditions, mut known, mut sound) = (Vec::new(), Known::new(), true);
        for filter in filters {
            match self.condition(filter, &scope, &known, "a condition on an event") {
                Some(condition) => {
                    split(condition.expr, &mut conditions);
                    known.extend(condition.yes.into_iter().filter(|expr| matches!(expr, Expr::Prop(_))));
                }
                None => sound = false,
            }
        }
        let mut events = Rc::unwrap_or_clone(events);
        for alternative in &mut events.alternatives {
            alternative.conditions.extend(conditions.iter().cloned());
        }
        sound.then_some(Narrowed { events, conditions, known })
    }

    /// An event as a rule, score or expression speaks of it.
    pub fn occurrence(&mut self, event: &EventRef) -> Option<Occurrence> {
        let events = self.events_named(&event.name)?;
        if !self.measuring && self.is_measured_alone(&events) {
            let message = format!("`{}` is what metrics see, and rules do not", event.name.node);
            let found = Diagnostic::new(Slug::NotHere, event.name.range, message).label("an event of metrics");
            let help = "rules know what was sent as `touched`, tiers as `becomes`, sequences as `enrolled`, `finished` and `exited`";
            self.report(found.help(help));
            return None;
        }
        let Narrowed { events, conditions, known } = self.narrowed(events, &event.filters)?;
        let set = self.set(EventSet {
            text: one_line(self.sources.text(event.range)),
            name: Some(event.name.node.clone()),
            narrowed: conditions.len(),
            alternatives: in_order(events.alternatives.clone()),
        });
        Some(Occurrence { set, events: Rc::new(events), known })
    }

    /// Whether one of the events is known to metrics alone.
    fn is_measured_alone(&self, events: &Events) -> bool {
        let name = |ty: TypeId| self.resolved.types.get(ty).map_or("", |ty| ty.name.as_str());
        events.members.iter().any(|(_, ty)| MEASURED_TYPES.contains(&name(*ty)))
    }

    /// The set of a declared event by name, without conditions of its own.
    pub fn named_set(&mut self, name: &str) -> Option<SetId> {
        let events = self.meaning(name)?;
        let alternatives = in_order(events.alternatives.clone());
        Some(self.set(EventSet { text: name.to_owned(), name: Some(name.to_owned()), narrowed: 0, alternatives }))
    }

    /// Every `lead.created` and `lead.updated`.
    pub fn fact_set(&mut self) -> SetId {
        let types = self.resolved.types.with_ids().filter(|(_, ty)| ty.sets_facts);
        let alternatives = types.map(|(id, _)| plain(id)).collect();
        self.set(EventSet { text: "created or updated".to_owned(), name: None, narrowed: 0, alternatives })
    }

    /// Every touch.
    pub fn touched_set(&mut self) -> SetId {
        let name = "touched".to_owned();
        self.set(EventSet { text: name.clone(), name: Some(name), narrowed: 0, alternatives: vec![plain(TypeId(0))] })
    }
}

fn plain(ty: TypeId) -> Alternative {
    Alternative { ty, conditions: Vec::new() }
}

/// In the order of types and each once, so that equal sets look alike.
pub(super) fn in_order(mut alternatives: Vec<Alternative>) -> Vec<Alternative> {
    alternatives.sort_by_key(|alternative| alternative.ty);
    let mut kept: Vec<Alternative> = Vec::new();
    for alternative in alternatives {
        // Those that could be equal are of its type, and stand last.
        let of_its_type = kept.iter().rev().take_while(|other| other.ty == alternative.ty);
        if !of_its_type.clone().any(|other| *other == alternative) {
            kept.push(alternative);
        }
    }
    kept
}

/// `a and b and c` as three conditions.
fn split(expr: Expr, into: &mut Vec<Expr>) {
    match expr {
        Expr::And(left, right) => {
            split(*left, into);
            split(*right, into);
        }
        other => into.push(other),
    }
}

//! Log types and the properties declared for them.

use super::checker::Checker;
use super::words::{TYPES, type_meant, type_named, type_words};
use crate::diagnostic::Diagnostic;
use crate::rulebook::{DeclaredEvent, EventType, Expr, Means, Prop, PropId, Setter, TOUCHED_TYPE, TypeId};
use crate::slug::Slug;
use crate::syntax::tree::{EventDecl, Field, GroupDecl, Name};
use crate::value::Type;
use crate::words::{listed, nearest};

/// What stands where an event can.
#[derive(Clone, Copy, Debug)]
pub(super) enum Named<'a> {
    /// An event.
    Event(&'a EventDecl),
    /// A group.
    Group(&'a GroupDecl),
}

const FACT_TYPES: [&str; 2] = ["lead.created", "lead.updated"];

impl Checker<'_> {
    /// The id of a log type, new or known.
    pub fn type_id(&mut self, name: &str) -> TypeId {
        let types = &mut self.resolved.types;
        types.find(name).unwrap_or_else(|| {
            types.push(EventType {
                name: name.to_owned(),
                props: Vec::new(),
                sets_facts: FACT_TYPES.contains(&name),
                setters: Vec::new(),
            })
        })
    }

    /// Every log type with the properties events declare for it.
    pub fn check_types(&mut self) {
        self.type_id(TOUCHED_TYPE);
        for name in FACT_TYPES {
            self.type_id(name);
        }
        for (named, ..) in self.declared.event_decls.clone() {
            let Named::Event(event) = named else { continue };
            for (at, ty) in event.types.iter().enumerate() {
                let id = self.type_id(&ty.node);
                for field in &event.fields {
                    // A mistake of a field is the same for every type: report it for the first.
                    self.check_prop(id, &ty.node, field, at == 0);
                }
            }
        }
    }

    fn check_prop(&mut self, id: TypeId, type_name: &str, field: &Field, first: bool) {
        if first {
            self.check_prop_alone(field);
        }
        let Some(ty) = type_named(&field.ty.node) else {
            self.broken.insert(field.name.node.clone());
            return;
        };
        let names = self.names_in_log(field, first);
        let prop = Prop { id: self.prop(&field.name.node), ty, optional: field.optional, names };
        let key = (id.index(), prop.id);
        let place = self.resolved.prop_places.get(&key).copied();
        let Some(props) = self.resolved.types.get_mut(id).map(|ty| &mut ty.props) else { return };
        let Some(old) = props.iter_mut().find(|old| old.id == prop.id) else {
            props.push(prop);
            self.resolved.prop_places.insert(key, field.range);
            return;
        };
        if old.ty == prop.ty {
            // Who says it is always there, vouches for it.
            old.optional &= prop.optional;
            old.names = both_names(old, &prop);
            return;
        }
        let message = format!(
            "property `{}` of \"{type_name}\" is {} here and {} elsewhere",
            field.name.node,
            type_words(ty),
            type_words(old.ty)
        );
        let help =
            format!("say `{} {}` in both places", field.name.node, type_words(old.ty).rsplit(' ').next().unwrap_or(""));
        let found = Diagnostic::new(Slug::ConflictingType, field.range, message).label("another type").help(help);
        self.report(match place {
            Some(place) => found.other(place, "the type it has"),
            None => found,
        });
    }

    /// What a property is called in the log, where that is said.
    pub fn names_in_log(&mut self, field: &Field, reports: bool) -> Vec<PropId> {
        let mut names = Vec::new();
        for name in &field.names {
            if name.node.trim().is_empty() || name.node.len() > 200 {
                let message = "this is no name of a property in the log";
                let found = Diagnostic::new(Slug::Syntax, name.range, message).label("not a name");
                if reports {
                    self.report(found.help("write the name as the log has it, such as `is \"trialEndsAt\"`"));
                }
                continue;
            }
            let id = self.prop(&name.node);
            if !names.contains(&id) {
                names.push(id);
            }
        }
        names
    }

    /// The facts that properties of events set, once facts and the conditions of events are known.
    pub fn check_setters(&mut self) {
        for (named, ..) in self.declared.event_decls.clone() {
            let Named::Event(event) = named else { continue };
            for field in &event.fields {
                let Some(fact) = &field.sets else { continue };
                let Some(setter) = self.setter(event, field, fact) else { continue };
                for ty in &event.types {
                    let id = self.type_id(&ty.node);
                    let setters = self.resolved.types.get_mut(id).map(|ty| &mut ty.setters);
                    if let Some(setters) = setters.filter(|setters| !setters.contains(&setter)) {
                        setters.push(setter.clone());
                    }
                }
            }
        }
    }

    fn setter(&mut self, event: &EventDecl, field: &Field, fact: &Name) -> Option<Setter> {
        let (id, ty) = self.fact_named(fact)?;
        let own = type_named(&field.ty.node)?;
        if own != ty {
            let message = format!(
                "property `{}` is {}, but the lead fact `{}` it sets is {}",
                field.name.node,
                type_words(own),
                fact.node,
                type_words(ty)
            );
            let found = Diagnostic::new(Slug::ConflictingType, field.range, message).label("another type");
            let ty = type_words(ty).rsplit(' ').next().unwrap_or("text");
            self.report(found.help(format!("declare it as the fact is: `{} {ty}`", field.name.node)));
            return None;
        }
        Some(Setter { prop: self.prop(&field.name.node), fact: id, guard: self.guard(event) })
    }

    fn check_prop_alone(&mut self, field: &Field) {
        self.field_type(&field.ty);
        if let Some(default) = &field.default {
            let found = Diagnostic::new(
                Slug::MisplacedDefault,
                default.range,
                format!("property `{}` of an event cannot have a default", field.name.node),
            );
            self.report(found.help("only lead facts have defaults; where it is read, say `… ?? default`"));
        }
    }

    /// The type an author named.
    pub fn field_type(&mut self, word: &Name) -> Option<Type> {
        let ty = type_named(&word.node);
        if ty.is_none() {
            let types = TYPES.map(str::to_owned);
            let help = match nearest(&word.node, &types).or(type_meant(&word.node)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the types are {}", listed(&types)),
            };
            let found = Diagnostic::new(Slug::UnknownType, word.range, format!("`{}` is not a type", word.node));
            self.report(found.label("not a type").help(help));
        }
        ty
    }

    /// Events and groups as the rulebook holds them.
    pub fn declared_events(&mut self) -> Vec<DeclaredEvent> {
        let declared = self.declared.event_decls.clone();
        let event = |(named, range, standard)| match named {
            Named::Event(event) => DeclaredEvent {
                names: written(&event.names),
                means: Means::Types(event.types.iter().map(|ty| self.type_id(&ty.node)).collect(), self.guard(event)),
                range,
                standard,
            },
            Named::Group(group) => DeclaredEvent {
                names: vec![group.name.node.clone()],
                means: Means::Group(written(&group.members)),
                range,
                standard,
            },
        };
        declared.into_iter().map(event).collect()
    }

    fn guard(&self, event: &EventDecl) -> Option<Expr> {
        event.guard.as_ref().and_then(|guard| self.resolved.event_guards.get(&guard.range)).cloned()
    }

    /// Works out every event, so that mistakes are found where nothing uses them.
    pub fn check_events(&mut self) {
        for standard in [true, false] {
            self.standard = standard;
            let names: Vec<Name> =
                self.events().iter().map(|entry| Name { node: entry.name.clone(), range: entry.range }).collect();
            for name in names {
                self.events_of(&name);
            }
        }
    }
}

/// The names of a property that is declared twice: those that are said come before its own.
pub(super) fn both_names(old: &Prop, new: &Prop) -> Vec<PropId> {
    if old.names.is_empty() && new.names.is_empty() {
        return Vec::new();
    }
    let mut names = Vec::new();
    let own = [old, new].into_iter().filter(|prop| prop.names.is_empty()).map(|prop| prop.id);
    for name in old.names.iter().chain(&new.names).copied().chain(own) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn written(names: &[Name]) -> Vec<String> {
    names.iter().map(|name| name.node.clone()).collect()
}

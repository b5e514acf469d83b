//! Facts that have the name of a property of an event, where nothing but the lead's own events could
//! set them.

use super::book::{Book, effects};
use super::mention::Mentions;
use crate::diagnostic::Diagnostic;
use crate::rulebook::{EffectKind, FactId};
use crate::slug::Slug;
use crate::syntax::tree::{EventDecl, Field, ItemKind};

/// Finds them: the property that looks as if it set the fact.
pub(super) fn analyze(book: &Book, found: &mut Vec<Diagnostic>) {
    let mentions = Mentions::of(&book.files);
    let items = || book.files.iter().flat_map(|file| &file.items);
    let facts = items().filter_map(|item| match &item.node {
        ItemKind::Lead(fields) => Some(fields),
        _ => None,
    });
    for fact in facts.flatten().filter(|fact| mentions.names.contains(fact.name.node.as_str())) {
        if book.rulebook.facts.find(&fact.name.node).is_none_or(|id| is_set(book, id)) {
            continue;
        }
        let events = items().filter_map(|item| match &item.node {
            ItemKind::Event(event) => Some(event),
            _ => None,
        });
        let named = events.filter(|event| !sets_facts(book, event)).find_map(|event| {
            let field = event.fields.iter().find(|field| field.name.node == fact.name.node)?;
            (field.ty.node == fact.ty.node).then_some((event, field))
        });
        if let Some((event, field)) = named {
            found.push(only_in_event(event, field, fact));
        }
    }
}

fn only_in_event(event: &EventDecl, field: &Field, fact: &Field) -> Diagnostic {
    let name = &field.name.node;
    let of = event.names.first().map_or("", |name| name.node.as_str());
    let message = format!("`{name}` is a property of `{of}`, and nothing sets the fact `{name}`");
    let optional = if field.optional { "?" } else { "" };
    Diagnostic::new(Slug::FactOnlyInEvent, field.name.range, message)
        .label("is not the fact")
        .other(fact.name.range, "the fact")
        .help(format!("let the event set it: `{name} {}{optional} sets {name}`", field.ty.node))
}

/// Whether a rule or a property of an event sets a fact.
fn is_set(book: &Book, id: FactId) -> bool {
    let by_rule = book.rulebook.rules.iter().flat_map(effects);
    let by_event = book.rulebook.types.iter().flat_map(|ty| &ty.setters);
    let sets = |effect: &crate::rulebook::Effect| matches!(effect.kind, EffectKind::Set { fact, .. } if fact == id);
    by_rule.into_iter().any(sets) || by_event.into_iter().any(|setter| setter.fact == id)
}

/// Whether an event is one of those whose properties are facts.
fn sets_facts(book: &Book, event: &EventDecl) -> bool {
    let ty = |name: &str| book.rulebook.types.find(name).and_then(|id| book.rulebook.types.get(id));
    event.types.iter().any(|name| ty(&name.node).is_some_and(|ty| ty.sets_facts))
}

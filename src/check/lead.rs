//! Lead facts: their types, their defaults, and their place in `created` and `updated`.

use super::checker::Checker;
use super::event::both_names;
use super::expression::Scope;
use super::words::{type_named, type_words};
use crate::diagnostic::Diagnostic;
use crate::rulebook::{Expr, Fact, FactId, Prop};
use crate::slug::Slug;
use crate::syntax::tree::{self, Field};
use crate::value::{Type, Value};

/// A declared fact.
#[derive(Clone, Copy, Debug)]
pub(super) struct FactDecl<'a> {
    /// As declared.
    pub field: &'a Field,
    /// The type the standard vocabulary gives it, where it declares the fact too.
    pub standard_ty: Option<Type>,
}

impl Checker<'_> {
    /// The type of a fact the standard vocabulary declares.
    pub fn standard_type(&self, name: &str) -> Option<Type> {
        let entry = self.declared.facts.entry(name).filter(|entry| entry.standard)?;
        type_named(&entry.item.field.ty.node)
    }

    /// Resolves all facts and makes them properties of the events that set them.
    pub fn check_facts(&mut self) {
        let facts: Vec<FactDecl<'_>> = self.declared.facts.iter().map(|entry| entry.item).collect();
        for fact in facts {
            self.check_fact(fact);
        }
    }

    fn check_fact(&mut self, fact: FactDecl<'_>) {
        let field = fact.field;
        let name = &field.name.node;
        let ty = self.field_type(&field.ty).unwrap_or_else(|| {
            self.broken.insert(name.clone());
            Type::Text
        });
        if let Some(standard) = fact.standard_ty.filter(|standard| *standard != ty && !self.broken.contains(name)) {
            let message = format!(
                "lead fact `{name}` is {} here and {} in the standard vocabulary",
                type_words(ty),
                type_words(standard)
            );
            let found = Diagnostic::new(Slug::ConflictingType, field.range, message).label("another type");
            self.report(found.help("keep the standard type, or choose another name"));
        }
        let default = field.default.as_ref().and_then(|default| self.fact_default(name, ty, default));
        let prop = self.prop(name);
        let default = default.unwrap_or_default();
        self.resolved.facts.push(Fact { name: name.clone(), prop, ty, default, optional: field.optional });
        if let Some(sets) = &field.sets {
            let message = format!("lead fact `{name}` is no property of an event");
            let found = Diagnostic::new(Slug::Syntax, sets.range, message).label("only properties of events set facts");
            self.report(found.help("leave `sets` out; `is \"…\"` says what the fact is called in the log"));
        }
        let names = self.names_in_log(field, true);
        self.fact_as_property(field, &Prop { id: prop, ty, optional: true, names });
    }

    fn fact_default(&mut self, name: &str, ty: Type, default: &tree::Expr) -> Option<Value> {
        let typed = self.expr(default, &Scope::constant("the default of a lead fact"), &Vec::new())?;
        let typed = self.fitting(typed, ty, &format!("lead fact `{name}`"))?;
        if let Expr::Constant(value) = typed.expr {
            return Some(value);
        }
        let found = Diagnostic::new(Slug::NotConstant, default.range, "a default must be a fixed value");
        self.report(found.help("write a text, a number, `true`, `false`, a date or a list"));
        None
    }

    fn fact_as_property(&mut self, field: &Field, prop: &Prop) {
        let mut clash = None;
        for (at, ty) in self.resolved.types.iter_mut().enumerate().filter(|(_, ty)| ty.sets_facts) {
            match ty.props.iter_mut().find(|old| old.id == prop.id) {
                Some(old) if old.ty != prop.ty => clash = Some((at, ty.name.clone(), old.ty)),
                Some(old) if !prop.names.is_empty() => old.names = both_names(prop, old),
                Some(_) => {}
                None => ty.props.push(prop.clone()),
            }
        }
        if let Some((at, type_name, ty)) = clash {
            let place = self.resolved.prop_places.get(&(at, prop.id)).copied().unwrap_or(field.range);
            let message = format!(
                "property `{}` of \"{type_name}\" is {}, but the lead fact it sets is {}",
                field.name.node,
                type_words(ty),
                type_words(prop.ty)
            );
            let found = Diagnostic::new(Slug::ConflictingType, place, message).label("another type");
            let found = found.other(field.range, "the lead fact");
            self.report(found.help("leave the property out; every lead fact is one already"));
        }
    }

    /// The fact of a name, with whether it may be missing.
    pub fn fact(&self, name: &str) -> Option<(FactId, Type, bool)> {
        let at = self.declared.facts.find(name)?;
        let id = FactId(at as u16);
        let fact = self.resolved.facts.get(id)?;
        let field = self.declared.facts.at(at)?.item.field;
        Some((id, fact.ty, field.optional && field.default.is_none()))
    }
}

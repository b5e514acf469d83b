//! `let`: constants, worked out once wherever they are declared.

use super::checker::Checker;
use super::expression::{Scope, Typed};
use crate::diagnostic::Diagnostic;
use crate::rulebook::Expr;
use crate::slug::Slug;
use crate::source::Range;
use crate::value::Type;

/// How far a constant is known.
#[derive(Clone, Debug)]
pub(super) enum Constant {
    /// It is being worked out; coming here again is a circle.
    Open,
    /// It has a mistake, which is reported.
    Broken,
    /// Its value, type, and the type of its elements where it is a list.
    Known(Expr, Type, Option<Type>),
}

impl Checker<'_> {
    /// Works out every constant.
    pub fn check_constants(&mut self) {
        for at in 0..self.declared.constants.len() {
            let place = self.declared.constants.at(at).map(|entry| entry.range).unwrap_or_default();
            self.constant(at, place);
        }
    }

    /// A constant by index, as used at a place.
    pub fn constant(&mut self, at: usize, used: Range) -> Option<Typed> {
        match self.resolved.constants.get(&at) {
            Some(Constant::Known(expr, ty, element)) => {
                // What cannot be reckoned before a lead's zone is known is copied wherever it is used.
                let (mut typed, size) = (Typed::new(expr.clone(), *ty, used), size(expr));
                typed.element = *element;
                return self.may_grow(size, used).then_some(typed);
            }
            Some(Constant::Broken) => return None,
            Some(Constant::Open) => {
                let name = self.text(used);
                let found = Diagnostic::new(Slug::Circular, used, format!("constant `{name}` is defined by itself"));
                self.report(found.label("leads back to the constant").help("give one of them a fixed value"));
                return None;
            }
            None => {}
        }
        let entry = self.declared.constants.at(at)?;
        let value = &entry.item.value;
        self.resolved.constants.insert(at, Constant::Open);
        let typed = self.deeper(used, |checker| checker.expr(value, &Scope::constant("a constant"), &Vec::new()));
        let typed = typed.filter(|typed| self.is_fixed(typed) && self.is_small(typed));
        let constant = typed
            .as_ref()
            .map_or(Constant::Broken, |typed| Constant::Known(typed.expr.clone(), typed.ty, typed.element));
        self.resolved.constants.insert(at, constant);
        typed.map(|typed| Typed { range: used, ..typed })
    }

    fn is_fixed(&mut self, typed: &Typed) -> bool {
        let fixed = constant(&typed.expr);
        if !fixed {
            let found = Diagnostic::new(Slug::NotConstant, typed.range, "the value of a constant must be fixed");
            self.report(found.help("write a text, a number, a length of time, a date or a list"));
        }
        fixed
    }
}

impl Checker<'_> {
    /// What is kept unreckoned stays small, and with it whatever is made of it.
    fn is_small(&mut self, typed: &Typed) -> bool {
        const MOST: usize = 1_000;
        let small = size(&typed.expr) <= MOST;
        if !small {
            let message = format!("this constant is made of more than {MOST} parts");
            let found = Diagnostic::new(Slug::TooMany, typed.range, message).label("too many");
            self.report(found.help("write its value as one length, time or number"));
        }
        small
    }
}

/// How many parts an expression has.
fn size(expr: &Expr) -> usize {
    let mut parts = 0;
    expr.walk(&mut |_| parts += 1);
    parts
}

/// Whether the expression is made of constants alone.
fn constant(expr: &Expr) -> bool {
    match expr {
        Expr::Constant(_) | Expr::DateTime { .. } => true,
        Expr::Arithmetic(_, left, right) => constant(left) && constant(right),
        Expr::List(items) => items.iter().all(constant),
        _ => false,
    }
}

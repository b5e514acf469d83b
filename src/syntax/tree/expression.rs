//! Expressions as they are written.

use crate::decimal::Decimal;

use super::*;

/// An expression.
pub type Expr = At<ExprKind>;

/// The forms of an expression. Which names mean what is for `check` to find.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each field is the part of its name")]
pub enum ExprKind {
    Number(Decimal),
    Text(String),
    Bool(bool),
    Length(Length),
    Time(ClockTime),
    /// `2026-03-02`
    Date {
        year: i32,
        month: u8,
        day: u8,
    },
    /// `2026-03-02 09:00`
    DateTime {
        year: i32,
        month: u8,
        day: u8,
        time: ClockTime,
    },
    List(Vec<Expr>),
    /// A bare name: fact, property, constant, score, tier, or an event inside `count(…)`.
    Name(String),
    /// `event.prop`: the name before the dot and the one after it.
    Property {
        base: Name,
        name: Name,
    },
    /// `count(opened, 7d)`, `visited(page == "pricing")`, a Rhai function
    Call {
        name: Name,
        args: Vec<Expr>,
    },
    /// `has x`
    Has(Box<Expr>),
    /// `x ?? default`
    Default(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    Binary {
        op: At<BinaryOp>,
        left: Box<Expr>,
        right: Box<Expr>,
    },
}

impl At<ExprKind> {
    /// Calls `f` with this expression and every expression inside it.
    pub fn walk<'a>(&'a self, f: &mut impl FnMut(&'a Self)) {
        f(self);
        match &self.node {
            ExprKind::Has(a) | ExprKind::Not(a) | ExprKind::Negate(a) => a.walk(f),
            ExprKind::Default(a, b) | ExprKind::Binary { left: a, right: b, .. } => {
                a.walk(f);
                b.walk(f);
            }
            ExprKind::List(items) | ExprKind::Call { args: items, .. } => items.iter().for_each(|item| item.walk(f)),
            ExprKind::Number(_)
            | ExprKind::Text(_)
            | ExprKind::Bool(_)
            | ExprKind::Length(_)
            | ExprKind::Time(_)
            | ExprKind::Date { .. }
            | ExprKind::DateTime { .. }
            | ExprKind::Name(_)
            | ExprKind::Property { .. } => {}
        }
    }
}

/// Operators between two expressions, loosest first: `or`; `and`; comparisons and `in` (which do
/// not chain); `+ -`; `* /`; then `??`, which binds tighter than all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum BinaryOp {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
}

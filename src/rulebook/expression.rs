//! Expressions of guards, conditions and effects, names resolved and types checked.

use super::{FactId, PropId, ScoreId, ScriptId, SetId};
use crate::source::Range;
use crate::timestamp::Span;
use crate::units::ClockTime;
use crate::value::Value;

/// A typed expression. Missing values follow section 3 of the language: `==`, `!=`, `in` take a
/// missing value as equal to nothing; where `check` let ordering or arithmetic through, no operand
/// can be missing, and the engine treats one as false or missing all the same.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A constant; `let` names and tier names are already replaced by it (tiers as text).
    Constant(Value),
    /// A date with a clock time, `2026-03-02 09:00`: that clock in the lead's zone.
    DateTime {
        /// Days since 1970-01-01.
        days: i32,
        /// The time of that day.
        clock: ClockTime,
    },
    /// A fact of the lead.
    Fact(FactId),
    /// A property of the triggering event (`Missing` where it has none).
    Prop(PropId),
    /// The name of the lead's tier, missing where it has none.
    Tier,
    /// A score's present worth.
    Score(ScoreId),
    /// Touches sent to this lead since its last reply.
    Touches,
    /// The moment of the decision.
    Now,
    /// `count(EVENT, D)`, `count(EVENT)`
    Count(SetId, Option<Span>),
    /// `days_since(EVENT)`: whole days.
    DaysSince(SetId),
    /// `pending(A, B)`: an A has happened, and no B since.
    Pending(SetId, SetId),
    /// Contacts with the lead since its last reply, the row included; metrics alone ask for it.
    Attempts,
    /// `has x`
    Has(Box<Expr>),
    /// `x ?? default`
    Default(Box<Expr>, Box<Expr>),
    /// `not x`
    Not(Box<Expr>),
    /// `-x`
    Negate(Box<Expr>),
    /// Both.
    And(Box<Expr>, Box<Expr>),
    /// Either.
    Or(Box<Expr>, Box<Expr>),
    /// `left op right` with values of comparable types.
    Compare(Comparison, Box<Expr>, Box<Expr>),
    /// `x in list`
    In(Box<Expr>, Box<Expr>),
    /// A list of expressions that are not all constant.
    List(Vec<Expr>),
    /// Numbers; a time and a length; two times give a length; two lengths.
    Arithmetic(Arithmetic, Box<Expr>, Box<Expr>),
    /// A function of a script: a number or a truth value, missing where it fails.
    Call {
        /// The script that defines it.
        script: ScriptId,
        /// Its name.
        function: String,
        /// What it is given.
        args: Vec<Expr>,
        /// Where it is called.
        range: Range,
    },
}

impl Expr {
    /// Calls `f` with this expression and every expression inside it.
    pub fn walk(&self, f: &mut impl FnMut(&Self)) {
        f(self);
        match self {
            Self::Has(a) | Self::Not(a) | Self::Negate(a) => a.walk(f),
            Self::Default(a, b)
            | Self::And(a, b)
            | Self::Or(a, b)
            | Self::Compare(_, a, b)
            | Self::In(a, b)
            | Self::Arithmetic(_, a, b) => {
                a.walk(f);
                b.walk(f);
            }
            Self::List(items) | Self::Call { args: items, .. } => items.iter().for_each(|item| item.walk(f)),
            Self::Constant(_)
            | Self::DateTime { .. }
            | Self::Fact(_)
            | Self::Prop(_)
            | Self::Tier
            | Self::Score(_)
            | Self::Touches
            | Self::Now
            | Self::Count(..)
            | Self::Pending(..)
            | Self::Attempts
            | Self::DaysSince(_) => {}
        }
    }

    /// Whether it asks about nothing but facts of the lead, so that any entry may change its answer and time does not.
    #[must_use]
    pub fn is_of_facts_alone(&self) -> bool {
        !self.any(|part| {
            matches!(
                part,
                Self::Prop(_)
                    | Self::Tier
                    | Self::Score(_)
                    | Self::Touches
                    | Self::Now
                    | Self::DateTime { .. }
                    | Self::Count(..)
                    | Self::Pending(..)
                    | Self::Attempts
                    | Self::DaysSince(_)
                    | Self::Call { .. }
            )
        })
    }

    /// Whether it asks about nothing but how often something has happened, so that it can be answered for any moment
    /// of the past.
    #[must_use]
    pub fn is_of_counts_alone(&self) -> bool {
        !self.any(|part| {
            matches!(
                part,
                Self::Fact(_)
                    | Self::Prop(_)
                    | Self::Tier
                    | Self::Score(_)
                    | Self::Touches
                    | Self::Now
                    | Self::DateTime { .. }
                    | Self::Pending(..)
                    | Self::Attempts
                    | Self::DaysSince(_)
                    | Self::Call { .. }
            )
        })
    }

    /// Whether a part of this expression, or the whole of it, is such a one.
    pub fn any(&self, mut is: impl FnMut(&Self) -> bool) -> bool {
        let mut found = false;
        self.walk(&mut |part| found |= is(part));
        found
    }
}

/// Comparison operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Arithmetic operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
}

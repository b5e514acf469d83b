//! Conditions as formulas: `where` and `while` clauses and what a trigger says of its moment, taken
//! apart into claims about one thing each. Made for [`super::solve`], which asks whether all can hold.

use crate::decimal::Decimal;
use crate::rulebook::{Alternative, Arithmetic, Comparison, Expr, Rulebook, SequenceId, SetId, State, TierId, Trigger};
use crate::value::Value;

/// A condition.
#[derive(Clone, Debug)]
pub(super) enum Formula {
    /// Always or never.
    Known(bool),
    /// A claim that must hold, or must not.
    Claim(Box<Claim>, bool),
    /// All of them.
    All(Vec<Formula>),
    /// At least one of them.
    Any(Vec<Formula>),
}

/// Something that holds or does not, about one subject.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    /// What it is about.
    pub subject: Subject,
    /// What stands for a missing value.
    pub default: Option<Value>,
    /// What is claimed.
    pub test: Test,
}

/// What a claim is about. Two expressions that are written differently are two subjects.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Subject {
    /// The value of an expression.
    Value(Expr),
    /// The type of the triggering event.
    EventType,
    /// Whether the lead is in a sequence.
    In(SequenceId),
    /// Whether the lead is suppressed.
    Suppressed,
    /// Whether no next step lies ahead of the lead.
    Idle,
}

/// What is claimed of a value.
#[derive(Clone, Debug)]
pub(super) enum Test {
    /// It is true.
    Truth,
    /// It is there.
    Has,
    /// It compares so.
    Compare(Comparison, Value),
    /// It is one of these.
    In(Vec<Value>),
}

impl Formula {
    /// That an expression is true.
    pub fn expr(expr: &Expr) -> Self {
        match expr {
            Expr::Constant(value) => Self::Known(*value == Value::Bool(true)),
            Expr::Not(inner) => Self::expr(inner).not(),
            Expr::And(a, b) => Self::All(vec![Self::expr(a), Self::expr(b)]),
            Expr::Or(a, b) => Self::Any(vec![Self::expr(a), Self::expr(b)]),
            Expr::Compare(op, a, b) => comparison(*op, a, b),
            Expr::In(value, list) => membership(value, list),
            Expr::Has(inner) => Self::claim(subject(inner), None, Test::Has),
            Expr::Default(inner, default) => match fixed(default) {
                Some(default) => Self::claim(subject(inner), Some(default), Test::Truth),
                None => Self::claim(subject(expr), None, Test::Truth),
            },
            other => Self::claim(subject(other), None, Test::Truth),
        }
    }

    /// That a `while` condition holds.
    pub fn state(state: &State, rulebook: &Rulebook) -> Self {
        match state {
            State::Tier(tier) => Self::tier(*tier, rulebook),
            State::In(sequence) => Self::inside(*sequence),
            State::Suppressed => Self::claim(Subject::Suppressed, None, Test::Truth),
            State::Idle => Self::claim(Subject::Idle, None, Test::Truth),
            State::Not(inner) => Self::state(inner, rulebook).not(),
            State::And(a, b) => Self::All(vec![Self::state(a, rulebook), Self::state(b, rulebook)]),
            State::Or(a, b) => Self::Any(vec![Self::state(a, rulebook), Self::state(b, rulebook)]),
        }
    }

    /// That the lead is in a tier.
    pub fn tier(tier: TierId, rulebook: &Rulebook) -> Self {
        let name = rulebook.tiers.name(tier);
        let test = Test::Compare(Comparison::Equal, Value::Text(name.into()));
        Self::claim(Subject::Value(Expr::Tier), None, test)
    }

    /// That the lead is in a sequence.
    pub fn inside(sequence: SequenceId) -> Self {
        Self::claim(Subject::In(sequence), None, Test::Truth)
    }

    /// That the triggering event is in a set.
    pub fn event(set: SetId, rulebook: &Rulebook) -> Self {
        let alternatives = rulebook.sets.get(set).map_or(&[][..], |set| &set.alternatives);
        Self::Any(alternatives.iter().map(alternative).collect())
    }

    /// What a trigger says of the moment at which its rule is judged.
    pub fn trigger(trigger: &Trigger, rulebook: &Rulebook) -> Self {
        match trigger {
            Trigger::Event(_) | Trigger::Count { .. } | Trigger::Follows { .. } | Trigger::AbsentAfter { .. } => {
                trigger.asked_event().map_or(Self::Known(true), |set| Self::event(set, rulebook))
            }
            Trigger::Score { score, upward, inclusive, value } => {
                let op = match (upward, inclusive) {
                    (true, true) => Comparison::GreaterOrEqual,
                    (true, false) => Comparison::Greater,
                    (false, true) => Comparison::LessOrEqual,
                    (false, false) => Comparison::Less,
                };
                let subject = Subject::Value(Expr::Score(*score));
                Self::claim(subject, None, Test::Compare(op, Value::Number(*value)))
            }
            Trigger::Becomes(tier) => Self::tier(*tier, rulebook),
            Trigger::Leaves(tier) => Self::tier(*tier, rulebook).not(),
            Trigger::Enrolled(sequence) => Self::inside(*sequence),
            Trigger::Idle { .. } => Self::claim(Subject::Idle, None, Test::Truth),
            Trigger::Absent { .. }
            | Trigger::Finished(_)
            | Trigger::Exited(_)
            | Trigger::Every { .. }
            | Trigger::EveryWeekday { .. } => Self::Known(true),
        }
    }

    /// The opposite.
    pub fn not(self) -> Self {
        match self {
            Self::Known(truth) => Self::Known(!truth),
            Self::Claim(claim, wanted) => Self::Claim(claim, !wanted),
            Self::All(parts) => Self::Any(parts.into_iter().map(Self::not).collect()),
            Self::Any(parts) => Self::All(parts.into_iter().map(Self::not).collect()),
        }
    }

    fn claim(subject: Subject, default: Option<Value>, test: Test) -> Self {
        Self::Claim(Box::new(Claim { subject, default, test }), true)
    }
}

/// A type with the conditions on its properties.
fn alternative(alternative: &Alternative) -> Formula {
    let number = Value::Number(Decimal::from(u32::from(alternative.ty.0)));
    let ty = Formula::claim(Subject::EventType, None, Test::Compare(Comparison::Equal, number));
    Formula::All(std::iter::once(ty).chain(alternative.conditions.iter().map(Formula::expr)).collect())
}

fn comparison(op: Comparison, a: &Expr, b: &Expr) -> Formula {
    let (op, side, value) = match (fixed(a), fixed(b)) {
        (None, Some(value)) => (op, a, value),
        (Some(value), None) => (mirrored(op), b, value),
        (Some(a), Some(b)) => return Formula::Known(compare(op, &a, &b)),
        (None, None) => {
            let whole = Expr::Compare(op, Box::new(a.clone()), Box::new(b.clone()));
            return Formula::claim(Subject::Value(whole), None, Test::Truth);
        }
    };
    let (subject, default) = with_default(side);
    Formula::claim(subject, default, Test::Compare(op, value))
}

fn membership(value: &Expr, list: &Expr) -> Formula {
    let Some(Value::List(items)) = fixed(list) else {
        let whole = Expr::In(Box::new(value.clone()), Box::new(list.clone()));
        return Formula::claim(Subject::Value(whole), None, Test::Truth);
    };
    if items.is_empty() {
        return Formula::Known(false);
    }
    match fixed(value) {
        Some(value) => Formula::Known(items.iter().any(|item| compare(Comparison::Equal, &value, item))),
        None => {
            let (subject, default) = with_default(value);
            Formula::claim(subject, default, Test::In(items.into_vec()))
        }
    }
}

fn subject(expr: &Expr) -> Subject {
    Subject::Value(expr.clone())
}

/// `x ?? 0` is a claim about `x`.
fn with_default(expr: &Expr) -> (Subject, Option<Value>) {
    match expr {
        Expr::Default(inner, default) => match fixed(default) {
            Some(default) => (subject(inner), Some(default)),
            None => (subject(expr), None),
        },
        other => (subject(other), None),
    }
}

/// The value of an expression that is the same for every lead. Dates count as times, all in one
/// zone, so that their order is right.
fn fixed(expr: &Expr) -> Option<Value> {
    const DAY: i64 = 86_400_000_000;
    match expr {
        Expr::Constant(Value::Date(days)) => Some(Value::Time(i64::from(*days) * DAY)),
        Expr::DateTime { days, clock } => Some(Value::Time(i64::from(*days) * DAY + i64::from(clock.0) * 60_000_000)),
        Expr::Constant(value) => Some(value.clone()),
        Expr::Negate(inner) => match fixed(inner)? {
            Value::Number(number) => Some(Value::Number(-number)),
            _ => None,
        },
        Expr::Arithmetic(op, a, b) => match (op, fixed(a)?, fixed(b)?) {
            (Arithmetic::Add, Value::Number(a), Value::Number(b)) => a.plus(b).map(Value::Number),
            (Arithmetic::Subtract, Value::Number(a), Value::Number(b)) => a.minus(b).map(Value::Number),
            (Arithmetic::Multiply, Value::Number(a), Value::Number(b)) => a.times(b).map(Value::Number),
            (Arithmetic::Divide, Value::Number(a), Value::Number(b)) => a.over(b).map(Value::Number),
            (Arithmetic::Add, Value::Time(time), Value::Length(length)) => Some(Value::Time(time + length)),
            (Arithmetic::Subtract, Value::Time(time), Value::Length(length)) => Some(Value::Time(time - length)),
            (Arithmetic::Add, Value::Length(a), Value::Length(b)) => Some(Value::Length(a + b)),
            (Arithmetic::Subtract, Value::Length(a), Value::Length(b)) => Some(Value::Length(a - b)),
            _ => None,
        },
        _ => None,
    }
}

fn mirrored(op: Comparison) -> Comparison {
    match op {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        same => same,
    }
}

/// How two values compare, as the engine has it: a missing one is equal to nothing.
pub(super) fn compare(op: Comparison, a: &Value, b: &Value) -> bool {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let order = match (a, b) {
        (Value::Missing, _) | (_, Value::Missing) => return op == Comparison::NotEqual,
        (Value::Number(a), Value::Number(b)) => Some(a.cmp(b)),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Length(a), Value::Length(b)) | (Value::Time(a), Value::Time(b)) => Some(a.cmp(b)),
        (a, b) => (a == b).then_some(Equal),
    };
    match op {
        Comparison::Equal => order == Some(Equal),
        Comparison::NotEqual => order != Some(Equal),
        Comparison::Less => order == Some(Less),
        Comparison::LessOrEqual => matches!(order, Some(Less | Equal)),
        Comparison::Greater => order == Some(Greater),
        Comparison::GreaterOrEqual => matches!(order, Some(Greater | Equal)),
    }
}

//! Operators: which types they take, what they make of missing values, and constants folded.

use super::checker::Checker;
use super::expression::{Known, Scope, Typed, constant_value};
use super::name::TIER;
use super::words::{comparable, type_words, types_words};
use crate::decimal::Decimal;
use crate::diagnostic::Diagnostic;
use crate::rulebook::{Arithmetic, Comparison, Expr};
use crate::slug::Slug;
use crate::source::Range;
use crate::syntax::tree::{self, At, BinaryOp};
use crate::value::{Type, Value};

impl Checker<'_> {
    /// `has x`
    pub fn has(&mut self, inner: &tree::Expr, range: Range, scope: &Scope) -> Option<Typed> {
        let typed = self.expr(inner, scope, &Known::new())?;
        if !matches!(typed.expr, Expr::Fact(_) | Expr::Prop(_) | Expr::Tier) {
            let text = self.text(inner.range);
            let found = Diagnostic::new(Slug::HasOfValue, inner.range, format!("`{text}` always has a value"));
            self.report(found.label("never missing").help("`has` asks for a lead fact or a property of the event"));
            return None;
        }
        let mut has = Typed::new(Expr::Has(Box::new(typed.expr.clone())), Type::Bool, range);
        has.yes.push(typed.expr);
        Some(has)
    }

    /// `x ?? default`
    pub fn default(
        &mut self,
        inner: &tree::Expr,
        default: &tree::Expr,
        range: Range,
        scope: &Scope,
        known: &Known,
    ) -> Option<Typed> {
        let left = self.expr(inner, scope, known);
        let right = self.expr(default, scope, known);
        let (left, right) = (left?, right?);
        if !comparable(left.ty, right.ty) {
            return self.mismatch(&left, &right, right.range, "stand for one another");
        }
        if constant_value(&left.expr).is_some() {
            return Some(left);
        }
        let mut typed = Typed::new(Expr::Default(Box::new(left.expr), Box::new(right.expr)), left.ty, range);
        typed.missing = left.missing && right.missing;
        Some(typed)
    }

    /// `not x`
    pub fn not(&mut self, inner: &tree::Expr, range: Range, scope: &Scope, known: &Known) -> Option<Typed> {
        let inner = self.condition(inner, scope, known, "what follows `not`")?;
        let expr = match inner.expr {
            Expr::Constant(Value::Bool(truth)) => Expr::Constant(Value::Bool(!truth)),
            expr => Expr::Not(Box::new(expr)),
        };
        Some(Typed { yes: inner.no, no: inner.yes, ..Typed::new(expr, Type::Bool, range) })
    }

    /// `-x`
    pub fn negate(&mut self, inner: &tree::Expr, range: Range, scope: &Scope, known: &Known) -> Option<Typed> {
        let inner = self.expr(inner, scope, known)?;
        if !matches!(inner.ty, Type::Number | Type::Any) {
            let message = format!("`-` needs a number, and `{}` is {}", self.text(inner.range), type_words(inner.ty));
            let found = Diagnostic::new(Slug::TypeMismatch, inner.range, message).label("not a number");
            self.report(found.help("give a number"));
            return None;
        }
        let inner = self.present(inner)?;
        let expr = match inner.expr {
            Expr::Constant(Value::Number(number)) => Expr::Constant(Value::Number(-number)),
            expr => Expr::Negate(Box::new(expr)),
        };
        Some(Typed::new(expr, Type::Number, range))
    }

    /// `left op right`
    pub fn binary(
        &mut self,
        op: &At<BinaryOp>,
        left: &tree::Expr,
        right: &tree::Expr,
        range: Range,
        scope: &Scope,
        known: &Known,
    ) -> Option<Typed> {
        if matches!(op.node, BinaryOp::And | BinaryOp::Or) {
            return self.logic(op.node == BinaryOp::And, left, right, range, scope, known);
        }
        let left = self.expr(left, scope, known);
        let right = self.expr(right, scope, known);
        let (left, right) = (left?, right?);
        match op.node {
            BinaryOp::Equal => self.equality(Comparison::Equal, left, right, range),
            BinaryOp::NotEqual => self.equality(Comparison::NotEqual, left, right, range),
            BinaryOp::Less => self.order(Comparison::Less, left, right, range),
            BinaryOp::LessOrEqual => self.order(Comparison::LessOrEqual, left, right, range),
            BinaryOp::Greater => self.order(Comparison::Greater, left, right, range),
            BinaryOp::GreaterOrEqual => self.order(Comparison::GreaterOrEqual, left, right, range),
            BinaryOp::In => self.membership(left, right, range),
            BinaryOp::Add => self.arithmetic(Arithmetic::Add, left, right, range),
            BinaryOp::Subtract => self.arithmetic(Arithmetic::Subtract, left, right, range),
            BinaryOp::Multiply => self.arithmetic(Arithmetic::Multiply, left, right, range),
            BinaryOp::Divide => self.arithmetic(Arithmetic::Divide, left, right, range),
            BinaryOp::And | BinaryOp::Or => None,
        }
    }

    /// `and`, `or`: the right side is asked only where the left has not settled it.
    fn logic(
        &mut self,
        and: bool,
        left: &tree::Expr,
        right: &tree::Expr,
        range: Range,
        scope: &Scope,
        known: &Known,
    ) -> Option<Typed> {
        let what = if and { "each side of `and`" } else { "each side of `or`" };
        let left = self.condition(left, scope, known, what);
        let mut then = known.clone();
        if let Some(left) = &left {
            then.extend(if and { left.yes.iter().cloned() } else { left.no.iter().cloned() });
        }
        let right = self.condition(right, scope, &then, what);
        let (left, right) = (left?, right?);
        let both = |a: Known, b: Known| a.into_iter().chain(b).collect::<Known>();
        let shared = |a: &Known, b: &Known| a.iter().filter(|expr| b.contains(expr)).cloned().collect::<Known>();
        let (a, b) = (Box::new(left.expr), Box::new(right.expr));
        let (expr, yes, no) = if and {
            (Expr::And(a, b), both(left.yes, right.yes), shared(&left.no, &right.no))
        } else {
            (Expr::Or(a, b), shared(&left.yes, &right.yes), both(left.no, right.no))
        };
        Some(Typed { yes, no, ..Typed::new(expr, Type::Bool, range) })
    }

    fn equality(&mut self, op: Comparison, left: Typed, right: Typed, range: Range) -> Option<Typed> {
        if !comparable(left.ty, right.ty) {
            return self.mismatch(&left, &right, range, "be equal");
        }
        self.tier_texts(&left, &right)?;
        self.tier_texts(&right, &left)?;
        // A missing value equals nothing, so equality shows that both sides are there.
        let there: Known = [&left, &right].iter().filter(|side| side.missing).map(|side| side.expr.clone()).collect();
        let (yes, no) = if op == Comparison::Equal { (there, Known::new()) } else { (Known::new(), there) };
        let expr = Expr::Compare(op, Box::new(left.expr), Box::new(right.expr));
        Some(Typed { yes, no, ..Typed::new(expr, Type::Bool, range) })
    }

    fn order(&mut self, op: Comparison, left: Typed, right: Typed, range: Range) -> Option<Typed> {
        if !comparable(left.ty, right.ty) {
            return self.mismatch(&left, &right, range, "be put in order");
        }
        let ordered = [left.ty, right.ty]
            .iter()
            .all(|ty| matches!(ty, Type::Number | Type::Time | Type::Date | Type::Length | Type::Any));
        if !ordered {
            let message = format!("`{}` is {}, which has no order", self.text(left.range), type_words(left.ty));
            let found = Diagnostic::new(Slug::TypeMismatch, range, message).label("no larger or smaller here");
            self.report(found.help("use `==`, `!=` or `in`; numbers, times and lengths of time have an order"));
            return None;
        }
        let left = self.present(left);
        let right = self.present(right);
        let (left, right) = (left?, right?);
        let expr = Expr::Compare(op, Box::new(left.expr), Box::new(right.expr));
        Some(Typed::new(expr, Type::Bool, range))
    }

    fn membership(&mut self, left: Typed, right: Typed, range: Range) -> Option<Typed> {
        if right.ty != Type::List {
            let text = self.text(right.range);
            let message = format!("`in` needs a list, and `{text}` is {}", type_words(right.ty));
            let found = Diagnostic::new(Slug::TypeMismatch, right.range, message).label("not a list");
            self.report(found.help(format!("put it in brackets, `[{text}]`, or use `==`")));
            return None;
        }
        if left.ty == Type::List {
            return self.mismatch(&left, &right, range, "be in one another");
        }
        if let Some(element) = right.element.filter(|element| !comparable(left.ty, *element)) {
            let (text, list) = (self.text(left.range), self.text(right.range));
            let message = format!(
                "`{text}` is {} and `{list}` holds {}, so it can never be in it",
                type_words(left.ty),
                types_words(element)
            );
            let found = Diagnostic::new(Slug::TypeMismatch, range, message).label("unlike types");
            self.report(found.help(format!("list {}", types_words(left.ty))));
            return None;
        }
        self.tier_texts(&left, &right)?;
        let yes = if left.missing { vec![left.expr.clone()] } else { Known::new() };
        let expr = Expr::In(Box::new(left.expr), Box::new(right.expr));
        Some(Typed { yes, ..Typed::new(expr, Type::Bool, range) })
    }

    /// Texts compared with the tier must be tiers.
    fn tier_texts(&mut self, tier: &Typed, other: &Typed) -> Option<()> {
        if tier.expr != Expr::Tier {
            return Some(());
        }
        let texts = match constant_value(&other.expr) {
            Some(Value::Text(text)) => vec![text.to_string()],
            Some(Value::List(items)) => items
                .iter()
                .filter_map(|item| if let Value::Text(text) = item { Some(text.to_string()) } else { None })
                .collect(),
            _ => Vec::new(),
        };
        let unknown: Vec<String> = texts.into_iter().filter(|text| !self.declared.tiers.has(text)).collect();
        let names = self.declared.tiers.names();
        for text in &unknown {
            self.unknown(&TIER, text, other.range, &names, None);
        }
        unknown.is_empty().then_some(())
    }

    fn arithmetic(&mut self, op: Arithmetic, left: Typed, right: Typed, range: Range) -> Option<Typed> {
        let sum = matches!(op, Arithmetic::Add | Arithmetic::Subtract);
        let moment = |ty| matches!(ty, Type::Time | Type::Date);
        let ty = match (left.ty, right.ty) {
            (Type::Number | Type::Any, Type::Number | Type::Any) => Some(Type::Number),
            (Type::Length, Type::Length) if sum => Some(Type::Length),
            (a, Type::Length) if sum && moment(a) => Some(Type::Time),
            (Type::Length, b) if op == Arithmetic::Add && moment(b) => Some(Type::Time),
            (a, b) if op == Arithmetic::Subtract && moment(a) && moment(b) => Some(Type::Length),
            _ => None,
        };
        let Some(ty) = ty else {
            return self.cannot_reckon(op, &left, &right, range);
        };
        if op == Arithmetic::Divide && constant_value(&right.expr) == Some(&Value::Number(Decimal::ZERO)) {
            let found = Diagnostic::new(Slug::DivisionByZero, range, format!("`{}` divides by zero", self.text(range)));
            self.report(found.label("divides by zero").help("divide by another number"));
            return None;
        }
        let left = self.present(left);
        let right = self.present(right);
        let (left, right) = (left?, right?);
        let expr = match folded(op, &left.expr, &right.expr) {
            Folded::Value(value) => Expr::Constant(value),
            Folded::Open => Expr::Arithmetic(op, Box::new(left.expr), Box::new(right.expr)),
            Folded::TooLarge => return self.too_large(ty, range),
        };
        Some(Typed::new(expr, ty, range))
    }

    /// What is fixed is reckoned here, once; a result that cannot be held is a mistake. Kept as it is
    /// written it would grow with every constant that uses it.
    fn too_large(&mut self, ty: Type, range: Range) -> Option<Typed> {
        let what = if ty == Type::Length { "longer than any length of time" } else { "larger than any number" };
        let message = format!("`{}` is {what} that can be reckoned with", self.text(range));
        let found = Diagnostic::new(Slug::NumberTooLarge, range, message).label("too large");
        self.report(found.help("use smaller numbers"));
        None
    }

    fn cannot_reckon(&mut self, op: Arithmetic, left: &Typed, right: &Typed, range: Range) -> Option<Typed> {
        let what = match op {
            Arithmetic::Add => "added",
            Arithmetic::Subtract => "subtracted",
            Arithmetic::Multiply => "multiplied",
            Arithmetic::Divide => "divided",
        };
        let (a, b) = (self.text(left.range), self.text(right.range));
        let message =
            format!("`{a}` is {} and `{b}` is {}, which cannot be {what}", type_words(left.ty), type_words(right.ty));
        let moment = matches!(left.ty, Type::Time | Type::Date);
        let help = if moment {
            "say how much time: `3d`"
        } else {
            "numbers can be reckoned with, and times with lengths of time"
        };
        self.report(Diagnostic::new(Slug::TypeMismatch, range, message).label("cannot be reckoned").help(help));
        None
    }

    fn mismatch(&mut self, left: &Typed, right: &Typed, range: Range, what: &str) -> Option<Typed> {
        let (a, b) = (self.text(left.range), self.text(right.range));
        let message =
            format!("`{a}` is {} and `{b}` is {}, so they can never {what}", type_words(left.ty), type_words(right.ty));
        let help = match (left.ty, right.ty) {
            (Type::Number, Type::Text) | (Type::Text, Type::Number) => "numbers are written without quotes, texts with",
            (Type::Bool, _) | (_, Type::Bool) => "a bool is compared with `true` or `false`, or stands by itself",
            (Type::List, _) => "to look into a list, say `\"…\" in list`",
            _ => "make both sides the same kind of value",
        };
        self.report(Diagnostic::new(Slug::TypeMismatch, range, message).label("unlike types").help(help));
        None
    }
}

/// What came of arithmetic.
enum Folded {
    /// A side is not fixed.
    Open,
    /// Both are, and so is the result.
    Value(Value),
    /// Both are, and the result is beyond what a value can be.
    TooLarge,
}

/// Arithmetic between constants, done once here.
fn folded(op: Arithmetic, left: &Expr, right: &Expr) -> Folded {
    let (Some(left), Some(right)) = (constant_value(left), constant_value(right)) else { return Folded::Open };
    let value = match (op, left, right) {
        (Arithmetic::Add, Value::Number(a), Value::Number(b)) => a.plus(*b).map(Value::Number),
        (Arithmetic::Subtract, Value::Number(a), Value::Number(b)) => a.minus(*b).map(Value::Number),
        (Arithmetic::Multiply, Value::Number(a), Value::Number(b)) => a.times(*b).map(Value::Number),
        (Arithmetic::Divide, Value::Number(a), Value::Number(b)) => a.over(*b).map(Value::Number),
        (Arithmetic::Add, Value::Length(a), Value::Length(b)) => a.checked_add(*b).map(Value::Length),
        (Arithmetic::Subtract, Value::Length(a), Value::Length(b)) => a.checked_sub(*b).map(Value::Length),
        _ => return Folded::Open,
    };
    value.map_or(Folded::TooLarge, Folded::Value)
}

//! Metrics that are made of others: `pipeline / quota`.

use super::super::checker::Checker;
use super::super::words::type_words;
use crate::diagnostic::Diagnostic;
use crate::rulebook::metric::{Formula, Measure};
use crate::rulebook::{Arithmetic, Expr};
use crate::slug::Slug;
use crate::source::Range;
use crate::syntax::tree::{self, BinaryOp, ExprKind};
use crate::timestamp::DAY;
use crate::units::Unit;
use crate::value::Value;

impl Checker<'_> {
    pub(super) fn metric_formula(&mut self, e: &tree::Expr) -> Option<Formula> {
        match &e.node {
            ExprKind::Number(number) => Some(Formula::Number(number.to_f64())),
            ExprKind::Length(length) => {
                let days = match length.unit {
                    Unit::BusinessDay => f64::from(length.amount),
                    _ => self.measurable(*length, e.range, "a length in a formula")?.0 as f64 / DAY,
                };
                Some(Formula::Number(days))
            }
            ExprKind::Name(name) => self.formula_name(name, e.range),
            ExprKind::Negate(inner) => Some(Formula::Negate(Box::new(self.metric_formula(inner)?))),
            ExprKind::Binary { op, left, right } => {
                let arithmetic = match op.node {
                    BinaryOp::Add => Arithmetic::Add,
                    BinaryOp::Subtract => Arithmetic::Subtract,
                    BinaryOp::Multiply => Arithmetic::Multiply,
                    BinaryOp::Divide => Arithmetic::Divide,
                    _ => return self.no_formula(op.range),
                };
                let (left, right) = (self.metric_formula(left), self.metric_formula(right));
                Some(Formula::Apply(arithmetic, Box::new(left?), Box::new(right?)))
            }
            _ => self.no_formula(e.range),
        }
    }

    fn formula_name(&mut self, name: &str, range: Range) -> Option<Formula> {
        if self.declared.metrics.has(name) {
            let id = self.metric_named(name, range)?;
            let steps = self.resolved.metrics.get(id).is_some_and(|m| matches!(m.measure, Measure::Steps { .. }));
            if steps {
                let found = Diagnostic::new(Slug::TypeMismatch, range, format!("`{name}` is a funnel of many numbers"));
                self.report(found.label("not one number").help("name a metric that is one number, such as a share"));
                return None;
            }
            return Some(Formula::Metric(id));
        }
        let Some(at) = self.declared.constants.find(name) else {
            let mut names = self.declared.metrics.names();
            names.extend(self.declared.constants.names());
            self.unknown(&super::METRIC, name, range, &names, None);
            return None;
        };
        let declared = self.declared.constants.at(at).map(|entry| entry.range);
        declared.into_iter().for_each(|declared| {
            self.refer(super::super::reference::ReferenceKind::Constant, name, range, declared);
        });
        let typed = self.constant(at, range)?;
        match typed.expr {
            Expr::Constant(Value::Number(number)) => Some(Formula::Number(number.to_f64())),
            Expr::Constant(Value::Length(length)) => Some(Formula::Number(length as f64 / DAY)),
            _ => {
                let message = format!("`{name}` is {}, and a formula is of numbers", type_words(typed.ty));
                let found = Diagnostic::new(Slug::TypeMismatch, range, message).label("not a number");
                self.report(found.help("use a constant that is a number"));
                None
            }
        }
    }

    fn no_formula(&mut self, range: Range) -> Option<Formula> {
        let found = Diagnostic::new(Slug::TypeMismatch, range, "this cannot stand in a formula");
        self.report(found.label("not a metric or a number").help(
            "a formula is made of metrics, constants and numbers with `+ - * /`: `pipeline / quota`; to measure rows, begin with `count`, `share of`, `median` or `steps`",
        ));
        None
    }
}

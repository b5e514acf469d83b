//! Conditions that every lead meets at any time: they ask nothing.

use super::book::{Book, Written, touches};
use super::formula::Formula;
use crate::diagnostic::Diagnostic;
use crate::rulebook::Expr;
use crate::slug::Slug;
use crate::syntax::tree::{self, RuleBody};

/// Finds them in rules, decision lists, sequences and touches.
pub(super) fn analyze(book: &Book, found: &mut Vec<Diagnostic>) {
    for own in &book.rules {
        if let (Some(state), Some(at)) = (&own.rule.while_, &own.decl.while_) {
            judge(book, Written::state(at), Formula::state(state, book.rulebook), found);
        }
        if let (Some(guard), Some(at)) = (&own.rule.guard, &own.decl.guard) {
            condition(book, at, guard, found);
        }
        let RuleBody::Decision(arms) = &own.decl.body else { continue };
        for (arm, written) in own.rule.arms.iter().zip(arms) {
            if let (Some(guard), Some(at)) = (&arm.guard, &written.guard) {
                condition(book, at, guard, found);
            }
        }
    }
    for (_, sequence, decl) in &book.sequences {
        if let (Some(guard), Some(at)) = (&sequence.guard, &decl.guard) {
            condition(book, at, guard, found);
        }
        let messages = decl.touches.iter().map(|touch| (touch.range, &touch.message));
        for (range, message) in messages.chain(decl.tail.iter().map(|tail| (tail.range, &tail.message))) {
            let touch = touches(sequence).find(|touch| touch.range == range);
            if let (Some(at), Some(asked)) = (&message.condition, touch.and_then(|touch| touch.condition.as_ref())) {
                condition(book, at, asked, found);
            }
        }
    }
}

/// A bare `true`, or a constant that is true, is a switch that somebody set.
fn condition(book: &Book, at: &tree::Expr, expr: &Expr, found: &mut Vec<Diagnostic>) {
    if !matches!(expr, Expr::Constant(_)) {
        judge(book, Written::expr(at), Formula::expr(expr), found);
    }
}

fn judge(book: &Book, at: Written, formula: Formula, found: &mut Vec<Diagnostic>) {
    if book.possible(&[&formula.not()]) {
        return;
    }
    let text = book.text(at.range);
    let help = if at.or {
        "every lead meets one side of the `or`; say `and` where both are meant, or leave the condition out"
    } else {
        "every value meets it; change the condition, or leave it out"
    };
    let always = Diagnostic::new(Slug::AlwaysTrue, at.range, format!("`{text}` is always true"));
    found.push(always.label("asks nothing").help(help));
}

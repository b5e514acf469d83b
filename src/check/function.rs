//! The functions an expression can call: `count(…)`, `days_since(…)`, and those of scripts.

use super::checker::Checker;
use super::expression::{Known, Scope, Typed, constant_value};
use super::reference::ReferenceKind;
use crate::diagnostic::Diagnostic;
use crate::rulebook::Expr;
use crate::slug::Slug;
use crate::source::Range;
use crate::syntax::tree::{self, EventRef, ExprKind, Name};
use crate::timestamp::Span;
use crate::value::{Type, Value};
use crate::words::{listed, nearest};

impl Checker<'_> {
    /// `count(EVENT, D)`, `count(EVENT)`, `days_since(EVENT)`
    pub fn call(
        &mut self,
        name: &Name,
        args: &[tree::Expr],
        range: Range,
        scope: &Scope,
        known: &Known,
    ) -> Option<Typed> {
        if !["count", "days_since", "pending"].contains(&name.node.as_str()) {
            return self.script_call(name, args, range, scope, known);
        }
        if !scope.history {
            let message = format!("`{}` looks at a lead's history, which {} cannot read", name.node, scope.place);
            let found = Diagnostic::new(Slug::NotHere, range, message).label("not known here");
            self.report(found.help("move the condition to a rule's `where` or a touch's `if`"));
            return None;
        }
        if name.node == "pending" {
            return self.pending(name, args, range);
        }
        let most = if name.node == "count" { 2 } else { 1 };
        let (Some(event), true) = (args.first(), args.len() <= most) else {
            return self.wrong_arguments(name, range);
        };
        let set = event_ref(event).map(|event| self.occurrence(&event).map(|event| event.set));
        let Some(set) = set else {
            return self.wrong_arguments(name, range);
        };
        let within = match args.get(1) {
            Some(length) => Some(self.count_window(length, name, scope)?),
            None => None,
        };
        let set = set?;
        let expr = if name.node == "count" { Expr::Count(set, within) } else { Expr::DaysSince(set) };
        Some(Typed::new(expr, Type::Number, range))
    }

    /// `fit_for(deal_value ?? 0, "x")`: a function of a script.
    fn script_call(
        &mut self,
        name: &Name,
        args: &[tree::Expr],
        range: Range,
        scope: &Scope,
        known: &Known,
    ) -> Option<Typed> {
        let arities = self.scripts.arities(&name.node);
        if arities.is_empty() {
            return self.unknown_function(name);
        }
        if !scope.history {
            let found = Diagnostic::new(Slug::NotHere, range, format!("{} cannot call `{}`", scope.place, name.node));
            let found = found.label("a function of a script, which may read the lead's history");
            self.report(found.help("move the condition to a rule's `where` or a touch's `if`"));
            return None;
        }
        let Some(script) = self.scripts.function(&name.node, args.len()) else {
            let takes: Vec<String> = arities.iter().map(ToString::to_string).collect();
            let values = if takes == ["1"] { "value" } else { "values" };
            let found = Diagnostic::new(Slug::WrongArguments, range, format!("`{}` is not asked like this", name.node));
            let found = found.label(format!("{} given", args.len()));
            self.report(found.help(format!("its script defines it with {} {values}", takes.join(" or "))));
            return None;
        };
        if let Some(place) = self.scripts.place(&name.node, args.len()) {
            self.refer(ReferenceKind::Function, &name.node, name.range, place);
        }
        let args: Vec<Option<Expr>> = args
            .iter()
            .map(|arg| {
                let typed = self.expr(arg, scope, known)?;
                self.present(typed).map(|typed| typed.expr)
            })
            .collect();
        let args = args.into_iter().collect::<Option<_>>()?;
        let expr = Expr::Call { script, function: name.node.clone(), args, range };
        Some(Typed::new(expr, Type::Any, range))
    }

    /// `pending(staged, deal_closed)`
    fn pending(&mut self, name: &Name, args: &[tree::Expr], range: Range) -> Option<Typed> {
        let events: Vec<EventRef> = args.iter().filter_map(event_ref).collect();
        let ([since, until], 2) = (events.as_slice(), args.len()) else {
            return self.wrong_arguments(name, range);
        };
        let (since, until) = (self.occurrence(since), self.occurrence(until));
        Some(Typed::new(Expr::Pending(since?.set, until?.set), Type::Bool, range))
    }

    fn count_window(&mut self, length: &tree::Expr, name: &Name, scope: &Scope) -> Option<Span> {
        if let ExprKind::Length(written) = length.node {
            return self.measured_at(written, length.range, "the window of a count");
        }
        let typed = self.expr(length, scope, &Known::new())?;
        if let Some(Value::Length(span)) = constant_value(&typed.expr) {
            return Some(Span(*span));
        }
        self.wrong_arguments(name, length.range);
        None
    }

    fn wrong_arguments(&mut self, name: &Name, range: Range) -> Option<Typed> {
        let help = if name.node == "count" {
            "say what to count, and how far back: `count(opened, 7d)`, or over all time: `count(opened)`"
        } else if name.node == "pending" {
            "say what has begun and what ends it: `pending(staged, won)`"
        } else {
            "say since when: `days_since(replied)`"
        };
        let found = Diagnostic::new(Slug::WrongArguments, range, format!("`{}` is not asked like this", name.node));
        self.report(found.label("something else belongs here").help(help));
        None
    }

    fn unknown_function(&mut self, name: &Name) -> Option<Typed> {
        if self.broken.contains(&name.node) {
            return None;
        }
        let mut functions = ["count", "days_since", "pending"].map(str::to_owned).to_vec();
        functions.extend(self.scripts.function_names());
        let help = if self.declared.events.has(&name.node) {
            format!("`{0}` is an event; to count it, say `count({0}, 7d)`", name.node)
        } else if let Some(near) = nearest(&name.node, &functions) {
            format!("did you mean `{near}`?")
        } else {
            format!("the functions are {}", listed(&functions))
        };
        let found =
            Diagnostic::new(Slug::UnknownFunction, name.range, format!("function `{}` is not known", name.node));
        self.report(found.label("not a function").help(help));
        None
    }
}

/// An event as an argument: `opened`, `visited(page == "pricing")`.
pub(super) fn event_ref(e: &tree::Expr) -> Option<EventRef> {
    let (name, filters) = match &e.node {
        ExprKind::Name(name) => (Name { node: name.clone(), range: e.range }, Vec::new()),
        ExprKind::Call { name, args } => (name.clone(), args.clone()),
        _ => return None,
    };
    Some(EventRef { name, filters, range: e.range })
}

//! Expressions: names resolved, types found, and what may be missing followed through `and`, `or`
//! and `not`.

use std::rc::Rc;

use chrono::NaiveDate;

use super::checker::Checker;
use super::meaning::{Events, Property};
use super::reference::ReferenceKind;
use super::words::{comparable, type_words};
use crate::diagnostic::Diagnostic;
use crate::rulebook::Expr;
use crate::slug::Slug;
use crate::source::Range;
use crate::syntax::tree::{self, ExprKind, Name};
use crate::units::{ClockTime, Length};
use crate::value::{Type, Value};
use crate::words::{listed, nearest};

/// Facts and properties known to be there.
pub(super) type Known = Vec<Expr>;

/// An expression with what checking found out about it.
#[derive(Clone, Debug)]
pub(super) struct Typed {
    pub expr: Expr,
    pub ty: Type,
    /// Its value may be missing.
    pub missing: bool,
    /// The type of its elements, where it is a list that was written out.
    pub element: Option<Type>,
    /// What is there if this is true.
    pub yes: Known,
    /// What is there if this is false.
    pub no: Known,
    pub range: Range,
}

impl Typed {
    /// An expression that always has a value.
    pub fn new(expr: Expr, ty: Type, range: Range) -> Self {
        Self { expr, ty, missing: false, element: None, yes: Known::new(), no: Known::new(), range }
    }
}

/// What names mean where an expression stands.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    /// The place in words: `a condition on an event`.
    pub place: &'static str,
    /// Whose properties bare names are.
    pub bare: Option<Rc<Events>>,
    /// Lead facts can be read.
    pub facts: bool,
    /// Scores, the tier, counts and the time can be read.
    pub history: bool,
    /// `attempts` can be read: a metric.
    pub measures: bool,
    /// Whose properties `event.x` is, or why there is no event; `None` where that cannot be told
    /// for a mistake already reported.
    pub event: Option<Result<Rc<Events>, &'static str>>,
}

impl Scope {
    /// Where nothing about a lead is known.
    pub fn constant(place: &'static str) -> Self {
        Self {
            place,
            bare: None,
            facts: false,
            history: false,
            measures: false,
            event: Some(Err("there is no event here")),
        }
    }

    /// Conditions on an event.
    pub fn filter(events: Rc<Events>) -> Self {
        let event = Some(Err("inside a condition on an event, its properties are written without `event.`"));
        Self {
            place: "a condition on an event",
            bare: Some(events),
            facts: true,
            history: false,
            measures: false,
            event,
        }
    }

    /// What a channel requires.
    pub fn channel() -> Self {
        let event = Some(Err("a channel is asked when a message is due, not when an event happens"));
        Self { place: "what a channel requires", bare: None, facts: true, history: true, measures: false, event }
    }

    /// Conditions of sequences and touches.
    pub fn sequence() -> Self {
        let event = Some(Err("a sequence is asked when a touch is due, not when an event happens"));
        Self { place: "a sequence", bare: None, facts: true, history: true, measures: false, event }
    }

    /// Guards and effects of a rule.
    pub fn rule(event: Option<Result<Rc<Events>, &'static str>>) -> Self {
        Self { place: "a rule", bare: None, facts: true, history: true, measures: false, event }
    }

    /// What a metric asks of its rows.
    pub fn metric(events: Option<Rc<Events>>) -> Self {
        let event = match &events {
            Some(events) => Ok(Rc::clone(events)),
            None => Err("the rows are leads as they stand, not events"),
        };
        Self { place: "a metric", bare: events, facts: true, history: true, measures: true, event: Some(event) }
    }
}

impl Checker<'_> {
    /// Types an expression; `None` where a mistake was reported.
    pub fn expr(&mut self, e: &tree::Expr, scope: &Scope, known: &Known) -> Option<Typed> {
        let constant = |value, ty| Some(Typed::new(Expr::Constant(value), ty, e.range));
        match &e.node {
            ExprKind::Number(number) => constant(Value::Number(*number), Type::Number),
            ExprKind::Text(text) => constant(Value::Text(text.as_str().into()), Type::Text),
            ExprKind::Bool(truth) => constant(Value::Bool(*truth), Type::Bool),
            ExprKind::Length(length) => self.length_value(*length, e.range),
            ExprKind::Time(time) => self.clock_time(*time, e.range),
            ExprKind::Date { year, month, day } => self.date(*year, *month, *day, e.range),
            ExprKind::DateTime { year, month, day, time } => {
                let days = self.day(*year, *month, *day)?;
                Some(Typed::new(Expr::DateTime { days, clock: *time }, Type::Time, e.range))
            }
            ExprKind::List(items) => self.list(items, e.range, scope, known),
            ExprKind::Name(name) => self.name(name, e.range, scope, known),
            ExprKind::Property { base, name } => self.event_property(base, name, e.range, scope, known),
            ExprKind::Call { name, args } => self.call(name, args, e.range, scope, known),
            ExprKind::Has(inner) => self.has(inner, e.range, scope),
            ExprKind::Default(inner, default) => self.default(inner, default, e.range, scope, known),
            ExprKind::Not(inner) => self.not(inner, e.range, scope, known),
            ExprKind::Negate(inner) => self.negate(inner, e.range, scope, known),
            ExprKind::Binary { op, left, right } => self.binary(op, left, right, e.range, scope, known),
        }
    }

    /// Types an expression that must be true or false; a missing value counts as false.
    pub fn condition(&mut self, e: &tree::Expr, scope: &Scope, known: &Known, what: &str) -> Option<Typed> {
        let mut typed = self.expr(e, scope, known)?;
        if !matches!(typed.ty, Type::Bool | Type::Any) {
            let text = self.text(e.range);
            let message = format!("{what} must be true or false, and `{text}` is {}", type_words(typed.ty));
            let help = match typed.ty {
                Type::Number => format!("compare it: `{text} > 0`"),
                Type::Text => format!("compare it: `{text} == \"…\"`"),
                _ => format!("compare it, or ask whether it is there: `has {text}`"),
            };
            self.report(Diagnostic::new(Slug::TypeMismatch, e.range, message).label("not a condition").help(help));
            return None;
        }
        if typed.missing {
            typed.yes.push(typed.expr.clone());
            typed.expr = Expr::Default(Box::new(typed.expr), Box::new(Expr::Constant(Value::Bool(false))));
            typed.missing = false;
        }
        Some(typed)
    }

    /// Requires the value of a typed expression to be there.
    pub fn present(&mut self, typed: Typed) -> Option<Typed> {
        if !typed.missing {
            return Some(typed);
        }
        let text = self.text(typed.range);
        let default = match typed.ty {
            Type::Number => "0",
            Type::Time | Type::Date => "now",
            _ => "…",
        };
        let help = match typed.expr {
            Expr::Default(..) => {
                format!("the default may be missing too; end with a fixed value: `{text} ?? {default}`")
            }
            _ => format!("say what stands for a missing one, `{text} ?? {default}`, or ask first: `has {text} and …`"),
        };
        let found = Diagnostic::new(Slug::MayBeMissing, typed.range, format!("`{text}` may be missing here"));
        self.report(found.label("may have no value").help(help));
        None
    }

    /// Requires a value to be of a type, as the target of a default or a `set`.
    pub fn fitting(&mut self, typed: Typed, ty: Type, target: &str) -> Option<Typed> {
        let same = typed.ty == ty || typed.ty == Type::Any;
        if !(comparable(typed.ty, ty) && (same || comparable(ty, Type::Text))) {
            let text = self.text(typed.range);
            let message = format!("{target} is {}, and `{text}` is {}", type_words(ty), type_words(typed.ty));
            let found = Diagnostic::new(Slug::TypeMismatch, typed.range, message);
            self.report(found.label(format!("not {}", type_words(ty))).help(format!("give {}", type_words(ty))));
            return None;
        }
        match &typed.expr {
            Expr::Constant(Value::Text(zone)) if ty == Type::Zone => {
                let zone = zone.to_string();
                self.known_zone(&zone, typed.range).then_some(typed)
            }
            _ => Some(typed),
        }
    }

    fn length_value(&mut self, length: Length, range: Range) -> Option<Typed> {
        let span = self.measurable(length, range, "a length in an expression")?;
        Some(Typed::new(Expr::Constant(Value::Length(span.0)), Type::Length, range))
    }

    fn clock_time(&mut self, time: ClockTime, range: Range) -> Option<Typed> {
        let found = Diagnostic::new(Slug::ClockTimeAsValue, range, format!("`{time}` is a time of day without a day"));
        self.report(found.label("which day?").help(format!("write the day too: `2026-03-02 {time}`")));
        None
    }

    fn date(&mut self, year: i32, month: u8, day: u8, range: Range) -> Option<Typed> {
        let days = self.day(year, month, day)?;
        Some(Typed::new(Expr::Constant(Value::Date(days)), Type::Date, range))
    }

    /// Days since 1970-01-01.
    fn day(&mut self, year: i32, month: u8, day: u8) -> Option<i32> {
        let epoch = NaiveDate::default();
        let date =
            NaiveDate::from_ymd_opt(year, u32::from(month), u32::from(day)).filter(|_| (1900..=2200).contains(&year));
        let Some(date) = date else {
            // The parser has reported it.
            self.incomplete = true;
            return None;
        };
        Some(date.signed_duration_since(epoch).num_days() as i32)
    }

    fn list(&mut self, items: &[tree::Expr], range: Range, scope: &Scope, known: &Known) -> Option<Typed> {
        let typed: Vec<Option<Typed>> = items.iter().map(|item| self.expr(item, scope, known)).collect();
        let typed: Vec<Typed> = typed.into_iter().collect::<Option<_>>()?;
        let element = typed.first().map(|item| item.ty);
        for item in &typed {
            let wrong = item.ty == Type::List || element.is_some_and(|ty| !comparable(ty, item.ty));
            if wrong {
                let of = element.map_or("a text", type_words);
                let message =
                    format!("`{}` is {} in a list that begins with {of}", self.text(item.range), type_words(item.ty));
                let found = Diagnostic::new(Slug::TypeMismatch, item.range, message).label("another type");
                self.report(found.help("a list holds texts, or numbers, or bools, of one kind only"));
                return None;
            }
        }
        let exprs: Vec<Expr> = typed.into_iter().map(|item| item.expr).collect();
        let values: Option<Vec<Value>> = exprs.iter().map(|expr| constant_value(expr).cloned()).collect();
        let expr = match values {
            Some(values) => Expr::Constant(Value::List(values.into())),
            None => Expr::List(exprs),
        };
        let mut list = Typed::new(expr, Type::List, range);
        list.element = element;
        Some(list)
    }

    fn name(&mut self, name: &str, range: Range, scope: &Scope, known: &Known) -> Option<Typed> {
        if let Some(events) = &scope.bare {
            match self.property(events, name) {
                Property::Has(id, ty, optional) => {
                    self.refer_property(&Rc::clone(events), id, range);
                    return Some(maybe(Expr::Prop(id), ty, optional, known, range));
                }
                Property::Unknown if self.is_bare_name(name, scope) => {}
                found => {
                    let name = Name { node: name.to_owned(), range };
                    self.report_property(&Rc::clone(events), &name, &found);
                    return None;
                }
            }
        }
        if let Some(at) = self.declared.constants.find(name) {
            let declared = self.declared.constants.at(at).map(|entry| entry.range);
            declared.into_iter().for_each(|declared| self.refer(ReferenceKind::Constant, name, range, declared));
            return self.constant(at, range);
        }
        if self.declared.facts.has(name) && !scope.facts {
            return self.not_here(name, "a lead fact", range, scope);
        }
        if let Some((fact, ty, optional)) = self.fact(name) {
            self.refer_fact(name, range);
            let known = maybe(Expr::Fact(fact), ty, optional, known, range);
            return (!self.broken.contains(name)).then_some(known);
        }
        if let Some(id) = self.declared.scores.id(name) {
            self.refer_score(name, range);
            let score = Typed::new(Expr::Score(id), Type::Number, range);
            return if scope.history { Some(score) } else { self.not_here(name, "a score", range, scope) };
        }
        if self.declared.tiers.has(name) {
            self.refer_tier(name, range);
            return Some(Typed::new(Expr::Constant(Value::Text(name.into())), Type::Text, range));
        }
        match (name, scope.history) {
            ("tier", true) => Some(maybe(Expr::Tier, Type::Text, true, known, range)),
            ("touches", true) => Some(Typed::new(Expr::Touches, Type::Number, range)),
            ("now", true) => Some(Typed::new(Expr::Now, Type::Time, range)),
            ("attempts", _) if scope.measures => Some(Typed::new(Expr::Attempts, Type::Number, range)),
            ("tier" | "touches" | "now", false) => {
                self.not_here(name, "known to rules and sequences only", range, scope)
            }
            _ => self.unknown_name(name, range, scope),
        }
    }

    fn is_bare_name(&self, name: &str, scope: &Scope) -> bool {
        let declared = &self.declared;
        (scope.facts && declared.facts.has(name))
            || declared.constants.has(name)
            || declared.scores.has(name)
            || declared.tiers.has(name)
            || ["tier", "touches", "now"].contains(&name)
            || (scope.measures && name == "attempts")
    }

    fn not_here(&mut self, name: &str, what: &str, range: Range, scope: &Scope) -> Option<Typed> {
        let found = Diagnostic::new(Slug::NotHere, range, format!("{} cannot read `{name}`", scope.place));
        let help = if scope.history || scope.facts {
            "move the condition to a rule's `where` or a touch's `if`"
        } else {
            "write a fixed value, or another constant"
        };
        self.report(found.label(what).help(help));
        None
    }

    fn unknown_name(&mut self, name: &str, range: Range, scope: &Scope) -> Option<Typed> {
        if self.broken.contains(name) {
            return None;
        }
        let mut names = self.declared.constants.names();
        if scope.facts {
            names.extend(self.declared.facts.names());
        }
        if scope.history {
            names.extend(self.declared.scores.names());
            names.extend(["tier", "touches", "now"].map(str::to_owned));
        }
        names.extend(self.declared.tiers.names());
        let event = scope.event.as_ref().and_then(|event| event.as_ref().ok());
        let property = event.is_some_and(|events| matches!(self.property(events, name), Property::Has(..)));
        let help = if property {
            format!("`{name}` is a property of the event: write `event.{name}`")
        } else if self.declared.events.has(name) {
            format!(
                "`{name}` is an event; to count it, say `count({name}, 7d)`; a text is written in quotes: `\"{name}\"`"
            )
        } else if let Some(near) = nearest(name, &names) {
            format!("did you mean `{near}`?")
        } else if names.is_empty() {
            format!("text is written in quotes: `\"{name}\"`")
        } else {
            format!("text is written in quotes: `\"{name}\"`; the names known here are {}", listed(&names))
        };
        let found = Diagnostic::new(Slug::UnknownName, range, format!("`{name}` means nothing here"));
        self.report(found.label("not a fact, constant, score or tier").help(help));
        None
    }

    fn event_property(
        &mut self,
        base: &Name,
        name: &Name,
        range: Range,
        scope: &Scope,
        known: &Known,
    ) -> Option<Typed> {
        if base.node != "event" {
            let help = match base.node.as_str() {
                "lead" => format!("facts of the lead are written bare: `{}`", name.node),
                _ => format!("only `event.{}` is written with a dot, for the event that triggers the rule", name.node),
            };
            let found =
                Diagnostic::new(Slug::UnknownName, base.range, format!("`{}` has no properties here", base.node));
            self.report(found.label("not `event`").help(help));
            return None;
        }
        match scope.event.as_ref()? {
            Ok(events) => match self.property(events, &name.node) {
                Property::Has(id, ty, optional) => {
                    self.refer_property(&Rc::clone(events), id, name.range);
                    Some(maybe(Expr::Prop(id), ty, optional, known, range))
                }
                found => {
                    self.report_property(&Rc::clone(events), name, &found);
                    None
                }
            },
            Err(why) => {
                let message = format!("`event.{}` means nothing here", name.node);
                let found = Diagnostic::new(Slug::NoEventHere, range, message).label("no event to ask");
                self.report(found.help((*why).to_owned()));
                None
            }
        }
    }
}

/// The value of a constant expression.
pub(super) fn constant_value(expr: &Expr) -> Option<&Value> {
    match expr {
        Expr::Constant(value) => Some(value),
        _ => None,
    }
}

fn maybe(expr: Expr, ty: Type, optional: bool, known: &Known, range: Range) -> Typed {
    let missing = optional && !known.contains(&expr);
    Typed { missing, ..Typed::new(expr, ty, range) }
}

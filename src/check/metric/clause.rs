//! The clauses of a metric: breakdowns, goals, references.

use std::collections::BTreeMap;
use std::mem::discriminant;
use std::rc::Rc;

use super::super::checker::Checker;
use super::super::expression::{Known, Scope};
use super::super::meaning::{Events, Property};
use crate::diagnostic::Diagnostic;
use crate::rulebook::metric::{
    Benchmark, Breakdown, DimensionPart, DimensionSource, Goal, Measure, MetricKind, MetricTarget, MetricUnit,
};
use crate::rulebook::{Expr, Metric};
use crate::slug::Slug;
use crate::source::Range;
use crate::syntax::tree::{self, Amount, At, BinaryOp, ExprKind, MetricClause, MetricDecl};
use crate::timestamp::DAY;
use crate::units::{Length, Unit};
use crate::value::{Type, Value};
use crate::words::{listed, nearest};

/// Facts that tell who somebody is.
const SEALED: [&str; 3] = ["name", "email", "phone"];

/// Microseconds of an hour.
const HOUR: f64 = DAY / 24.0;

impl Checker<'_> {
    /// Takes in every clause; whether all are sound.
    pub(super) fn metric_clauses(
        &mut self,
        declared: &MetricDecl,
        metric: &mut Metric,
        events: Option<&Rc<Events>>,
    ) -> bool {
        let mut sound = true;
        let mut seen = BTreeMap::new();
        for clause in &declared.clauses {
            let many = matches!(
                clause.node,
                MetricClause::Target { .. } | MetricClause::Benchmark { .. } | MetricClause::Alert { .. }
            );
            let key = format!("{:?}", discriminant(&clause.node));
            if let Some(first) = seen.insert(key, clause.range).filter(|_| !many) {
                let text = self.text(clause.range);
                let word = text.split(' ').next().unwrap_or("");
                let found = Diagnostic::new(Slug::DuplicateClause, clause.range, format!("`{word}` is said twice"));
                self.report(found.label("said again").other(first, "said first").help("keep one"));
                sound = false;
                continue;
            }
            sound &= self.metric_clause(clause, metric, events).is_some();
        }
        // What is good must be known before it can be said when somebody is told.
        for clause in &declared.clauses {
            if let MetricClause::Alert { to, when, each } = &clause.node {
                let alert = self.metric_alert(clause.range, (to, when, each.as_ref()), metric);
                sound &= alert.is_some();
                metric.alerts.extend(alert);
            }
        }
        metric.targets.sort_by_key(|target| target.from);
        if metric.lower_is_better.is_none() {
            metric.lower_is_better = metric.targets.iter().find_map(|target| match target.goal {
                Goal::AtLeast(_) => Some(false),
                Goal::AtMost(_) => Some(true),
                Goal::Between(..) => None,
            });
        }
        sound
    }

    fn metric_clause(
        &mut self,
        clause: &At<MetricClause>,
        metric: &mut Metric,
        events: Option<&Rc<Events>>,
    ) -> Option<()> {
        match &clause.node {
            MetricClause::Kind(name) => metric.kind = self.metric_kind(name)?,
            MetricClause::By(list) => {
                if matches!(metric.measure, Measure::Formula(_)) {
                    let message = "a metric made of others has no rows to break down";
                    let found = Diagnostic::new(Slug::UnknownDimension, clause.range, message).label("not here");
                    self.report(found.help("break down the metrics it is made of"));
                    return None;
                }
                let list: Vec<Option<Breakdown>> = list.iter().map(|by| self.breakdown(by, events)).collect();
                metric.by = list.into_iter().collect::<Option<_>>()?;
            }
            MetricClause::Except { event, within } => {
                let set = self.occurrence_of_metric(event).map(|event| event.set);
                let Some(within) = within else {
                    let text = self.text(clause.range);
                    let found =
                        Diagnostic::new(Slug::NoWindow, clause.range, "it is not said how long this is waited for");
                    self.report(found.label("no `within`").help(format!("say how long: `{text} within 3d`")));
                    return None;
                };
                let within = self.length(within, "the time of an exception")?;
                metric.except = Some((set?, within));
            }
            MetricClause::CreditAccount => metric.credit_account = true,
            MetricClause::Target { goal, from } => {
                let goal = self.goal(goal, metric)?;
                let from = match from {
                    Some(from) => Some(self.target_day(from)?),
                    None => None,
                };
                metric.targets.push(MetricTarget { goal, from });
            }
            MetricClause::Better { lower } => metric.lower_is_better = Some(*lower),
            MetricClause::Benchmark { value, to, source } => {
                let (value, to) = (self.amount(value, metric), to.as_ref().map(|to| self.amount(to, metric)));
                let Some(source) = source.as_ref().filter(|text| !text.node.trim().is_empty()) else {
                    let found = Diagnostic::new(Slug::NoSource, clause.range, "it is not said where this comes from");
                    let help = "name who found it, and over what: `benchmark 8.5% \"12 M outreach mails for links\"`";
                    self.report(found.label("no source").help(help));
                    return None;
                };
                let to = super::super::rule::all_or_none(to)?;
                metric.benchmarks.push(Benchmark { value: value?, to, source: source.node.clone() });
            }
            MetricClause::Least(least) => metric.least = least.node,
            MetricClause::Remedy(text) => metric.remedy = Some(text.node.clone()),
            MetricClause::Alert { .. } => {}
        }
        Some(())
    }

    fn metric_kind(&mut self, name: &tree::Name) -> Option<MetricKind> {
        let kind = MetricKind::ALL.into_iter().find(|kind| kind.word() == name.node);
        if kind.is_none() {
            let words: Vec<String> = MetricKind::ALL.iter().map(|kind| kind.word().to_owned()).collect();
            let help = match nearest(&name.node, &words) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the kinds are {}", listed(&words)),
            };
            let message = format!("`{}` is no kind of metric", name.node);
            self.report(Diagnostic::new(Slug::UnknownName, name.range, message).label("not a kind").help(help));
        }
        kind
    }

    fn breakdown(&mut self, by: &At<tree::Dimension>, events: Option<&Rc<Events>>) -> Option<Breakdown> {
        let parts: Vec<Option<DimensionPart>> = by.node.parts.iter().map(|part| self.dimension(part, events)).collect();
        let parts: Vec<DimensionPart> = parts.into_iter().collect::<Option<_>>()?;
        let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
        let name = if names.len() > 1 { format!("({})", names.join(", ")) } else { names.concat() };
        Some(Breakdown { name, parts })
    }

    fn dimension(&mut self, part: &tree::DimensionPart, events: Option<&Rc<Events>>) -> Option<DimensionPart> {
        let name = part.name.node.as_str();
        let (source, ty) = match name {
            "weekday" => (DimensionSource::Weekday, Type::Text),
            "hour" => (DimensionSource::Hour, Type::Number),
            _ => self.dimension_source(&part.name, events)?,
        };
        let edges: Vec<crate::decimal::Decimal> = part.edges.iter().map(|edge| edge.node).collect();
        if !edges.is_empty() && ty != Type::Number {
            let message = format!("`{name}` is not a number, and has no edges");
            let found = Diagnostic::new(Slug::UnknownDimension, part.name.range, message).label("not a number");
            self.report(found.help(format!("leave them out: `by {name}`")));
            return None;
        }
        if edges.windows(2).any(|pair| matches!(pair, [a, b] if a >= b)) {
            let found = Diagnostic::new(Slug::UnknownDimension, part.name.range, "these edges do not ascend");
            self.report(found.label("out of order").help(format!("write them in order: `{name} [10, 50]`")));
            return None;
        }
        if edges.is_empty() && matches!(source, DimensionSource::Expr(Expr::Score(_))) {
            let message = format!("`{name}` is a score, which has too many values");
            let found = Diagnostic::new(Slug::UnknownDimension, part.name.range, message).label("no edges");
            self.report(found.help(format!("say where to cut it: `{name} [20, 60]`")));
            return None;
        }
        Some(DimensionPart { name: name.to_owned(), source, edges })
    }

    fn dimension_source(&mut self, name: &tree::Name, events: Option<&Rc<Events>>) -> Option<(DimensionSource, Type)> {
        let word = name.node.as_str();
        let property = events.is_some_and(|events| matches!(self.property(events, word), Property::Has(..)));
        let is_fact = !property && self.declared.facts.has(word);
        let known =
            property || is_fact || self.declared.scores.has(word) || matches!(word, "tier" | "attempts" | "touches");
        if !known {
            self.unknown_dimension(name, events);
            return None;
        }
        let scope = Scope::metric(events.cloned());
        let expr = tree::Expr { node: ExprKind::Name(word.to_owned()), range: name.range };
        let typed = self.expr(&expr, &scope, &Known::new())?;
        if (is_fact && SEALED.contains(&word)) || typed.ty == Type::Email {
            let message = format!("`{word}` tells who somebody is, and reports go to many");
            let found = Diagnostic::new(Slug::SealedDimension, name.range, message).label("would be printed");
            self.report(found.help("break it down by something that many share, such as `source` or `owner`"));
            return None;
        }
        if matches!(typed.ty, Type::Time | Type::List) {
            let message = format!("`{word}` has a value of its own for nearly every row");
            let found = Diagnostic::new(Slug::UnknownDimension, name.range, message).label("too many values");
            self.report(found.help("break it down by a text, a number with edges, `weekday` or `hour`"));
            return None;
        }
        Some((DimensionSource::Expr(typed.expr), typed.ty))
    }

    fn unknown_dimension(&mut self, name: &tree::Name, events: Option<&Rc<Events>>) {
        if self.broken.contains(&name.node) {
            return;
        }
        let mut names = events.map(|events| self.property_names(events)).unwrap_or_default();
        names.extend(["tier", "weekday", "hour", "attempts"].map(str::to_owned));
        names.extend(self.declared.facts.names());
        names.extend(self.declared.scores.names());
        let help = match nearest(&name.node, &names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it can be broken down by {}", listed(&names)),
        };
        let message = format!("a row has no `{}`", name.node);
        self.report(Diagnostic::new(Slug::UnknownDimension, name.range, message).label("not known here").help(help));
    }

    fn goal(&mut self, goal: &tree::Goal, metric: &Metric) -> Option<Goal> {
        match goal {
            tree::Goal::Between(least, most) => {
                let (low, high) = (self.amount(least, metric), self.amount(most, metric));
                let (low, high) = (low?, high?);
                if low >= high {
                    let range = least.range.to(most.range);
                    let found = Diagnostic::new(Slug::EmptyRange, range, "this range holds nothing");
                    self.report(found.label("from more to less").help("write the smaller one first: `6..8`"));
                    return None;
                }
                Some(Goal::Between(low, high))
            }
            tree::Goal::Compare(op, amount) => {
                let value = self.amount(amount, metric)?;
                match op.node {
                    BinaryOp::Greater | BinaryOp::GreaterOrEqual => Some(Goal::AtLeast(value)),
                    BinaryOp::Less | BinaryOp::LessOrEqual => Some(Goal::AtMost(value)),
                    _ => {
                        let found =
                            Diagnostic::new(Slug::TargetType, op.range, "a target is a least, a most or a range");
                        self.report(found.label("neither").help("write `>= 8%`, `<= 5m` or `6..8`"));
                        None
                    }
                }
            }
        }
    }

    /// An amount in the unit of a metric.
    pub(super) fn amount(&mut self, amount: &At<Amount>, metric: &Metric) -> Option<f64> {
        let open = matches!(metric.measure, Measure::Time { open: true, .. });
        let value = match (metric.unit, amount.node) {
            (MetricUnit::Share | MetricUnit::Number, Amount::Percent(percent)) => Some(percent.to_f64() / 100.0),
            (MetricUnit::Count | MetricUnit::Number, Amount::Number(number)) => Some(number.to_f64()),
            (MetricUnit::Length, Amount::Length(length)) => Some(self.span(length, open)),
            (MetricUnit::Number, Amount::Length(length)) => Some(self.span(length, open) / DAY),
            _ => None,
        };
        if value.is_none() {
            let written = self.text(amount.range);
            let (is, example) = match metric.unit {
                MetricUnit::Share => ("a share", "8%"),
                MetricUnit::Count | MetricUnit::Number => ("a number", "6"),
                MetricUnit::Length => ("a length of time", "5m"),
            };
            let message = format!("`{}` is {is}, and `{written}` is not", metric.name);
            let found = Diagnostic::new(Slug::TargetType, amount.range, message).label(format!("not {is}"));
            self.report(found.help(format!("write for example `{example}`")));
        }
        value
    }

    /// A length in microseconds; where open hours are measured, a day is as long as it is open.
    fn span(&self, length: Length, open: bool) -> f64 {
        let amount = f64::from(length.amount);
        match (length.unit, length.measured()) {
            (Unit::BusinessHour, _) => amount * HOUR,
            (Unit::BusinessDay | Unit::Day, _) if open => amount * self.open_day(),
            (_, Some(span)) => span.0 as f64,
            (_, None) => amount * DAY,
        }
    }

    /// How long the usual calendar is open on a day it is open, in microseconds.
    fn open_day(&self) -> f64 {
        let calendars = &self.resolved.calendars;
        let usual = calendars.iter().find(|calendar| calendar.name == "office").or_else(|| calendars.iter().next());
        usual.map_or(8.0 * HOUR, |calendar| f64::from(calendar.open_minutes()) * HOUR / 60.0)
    }

    /// The day from which a target holds.
    fn target_day(&mut self, from: &tree::Expr) -> Option<i32> {
        let typed = self.expr(from, &Scope::constant("a target"), &Known::new())?;
        match typed.expr {
            Expr::Constant(Value::Date(days)) => Some(days),
            _ => {
                self.day_only(from.range);
                None
            }
        }
    }

    fn day_only(&mut self, range: Range) {
        let found = Diagnostic::new(Slug::TypeMismatch, range, "a target begins with a day");
        self.report(found.label("not a day").help("write the day alone: `from 2026-01-01`"));
    }
}

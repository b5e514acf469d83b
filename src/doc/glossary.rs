//! What the rulebook's own events and groups are, as its files declare them: checking puts their
//! meaning in their place, and a reader wants the names.

use std::collections::BTreeMap;

use crate::check::VOCABULARY_PATH;
use crate::rulebook::{Arithmetic, Comparison, Expr, PropId, Rulebook};
use crate::source::{Range, SourceId};
use crate::syntax::tree::{BinaryOp, EventDecl, ExprKind, ItemKind};
use crate::syntax::{self, tree};
use crate::value::Value;

/// An event or a group of the rulebook.
#[derive(Clone, Debug)]
pub struct Term {
    /// Its names, the first first.
    pub names: Vec<String>,
    /// Its `type` values in the log; none of a group.
    pub types: Vec<String>,
    /// The events of a group.
    pub members: Vec<String>,
    /// The condition that narrows it.
    pub guard: Option<tree::Expr>,
    /// Where it is declared.
    pub range: Range,
}

/// Everything declared, by name.
#[derive(Clone, Debug, Default)]
pub struct Glossary {
    /// In the order declared.
    pub own: Vec<Term>,
    /// `type` values of the standard events, by each name.
    standard: BTreeMap<String, Vec<String>>,
}

impl Glossary {
    /// Reads the declarations of a rulebook.
    pub fn of(rulebook: &Rulebook) -> Self {
        let mut glossary = Self::default();
        for source in rule_files(rulebook) {
            let file = rulebook.sources.file(source);
            for item in syntax::parse(source, &file.text).0.items {
                let term = match &item.node {
                    ItemKind::Event(event) => event_term(event, item.range),
                    ItemKind::Group(group) => Term {
                        names: vec![group.name.node.clone()],
                        types: Vec::new(),
                        members: group.members.iter().map(|member| member.node.clone()).collect(),
                        guard: None,
                        range: item.range,
                    },
                    _ => continue,
                };
                if file.path == VOCABULARY_PATH {
                    glossary.standard.extend(term.names.iter().map(|name| (name.clone(), term.types.clone())));
                } else {
                    glossary.own.push(term);
                }
            }
        }
        glossary
    }

    /// Whether a name still means what the standard vocabulary says, if perhaps more or less of it.
    pub fn is_standard(&self, name: &str) -> bool {
        let Some(usual) = self.standard.get(name) else { return false };
        let own = self.own.iter().find(|term| term.names.iter().any(|known| known == name));
        own.is_none_or(|own| {
            own.types.iter().any(|ty| usual.contains(ty)) || (usual.is_empty() && own.types.is_empty())
        })
    }
}

fn event_term(event: &EventDecl, range: Range) -> Term {
    Term {
        names: event.names.iter().map(|name| name.node.clone()).collect(),
        types: event.types.iter().map(|ty| ty.node.clone()).collect(),
        members: Vec::new(),
        guard: event.guard.clone(),
        range,
    }
}

/// The sources that hold rules: texts beside them hold none.
pub fn rule_files(rulebook: &Rulebook) -> Vec<SourceId> {
    let holds = |id: SourceId| rulebook.rules.iter().any(|rule| rule.range.source == id);
    let is_rules = |(id, file): &(SourceId, &crate::source::Source)| {
        std::path::Path::new(&file.path).extension().is_some_and(|end| end == "ensue") || holds(*id)
    };
    rulebook.sources.iter().filter(is_rules).map(|(id, _)| id).collect()
}

/// How many conditions stand in the parentheses of `visited(page == "pricing")`.
pub fn filters(text: &str) -> usize {
    let statement = format!("x: {text} -> stop");
    let (file, _) = syntax::parse(SourceId::default(), &statement);
    let Some(tree::Item { node: ItemKind::Rule(rule), .. }) = file.items.first() else { return 0 };
    match &rule.trigger.node {
        tree::TriggerKind::Event(event) => event.filters.iter().map(conditions).sum(),
        _ => 0,
    }
}

fn conditions(expr: &tree::Expr) -> usize {
    match &expr.node {
        ExprKind::Binary { op, left, right } if op.node == BinaryOp::And => conditions(left) + conditions(right),
        _ => 1,
    }
}

/// A condition on an event's own properties as checking would have it; `None` where it speaks of more.
pub fn resolved(rulebook: &Rulebook, expr: &tree::Expr) -> Option<Expr> {
    let one = |inner: &tree::Expr| resolved(rulebook, inner).map(Box::new);
    Some(match &expr.node {
        ExprKind::Number(number) => Expr::Constant(Value::Number(*number)),
        ExprKind::Text(text) => Expr::Constant(Value::Text(text.as_str().into())),
        ExprKind::Bool(truth) => Expr::Constant(Value::Bool(*truth)),
        ExprKind::List(items) => Expr::List(items.iter().map(|item| resolved(rulebook, item)).collect::<Option<_>>()?),
        ExprKind::Name(name) => Expr::Prop(prop(rulebook, name)?),
        ExprKind::Property { name, .. } => Expr::Prop(prop(rulebook, &name.node)?),
        ExprKind::Has(inner) => Expr::Has(one(inner)?),
        ExprKind::Not(inner) => Expr::Not(one(inner)?),
        ExprKind::Negate(inner) => Expr::Negate(one(inner)?),
        ExprKind::Default(value, default) => Expr::Default(one(value)?, one(default)?),
        ExprKind::Binary { op, left, right } => binary(op.node, one(left)?, one(right)?),
        _ => return None,
    })
}

fn prop(rulebook: &Rulebook, name: &str) -> Option<PropId> {
    rulebook.props.iter().position(|known| known == name).map(|at| PropId(at as u16))
}

fn binary(op: BinaryOp, left: Box<Expr>, right: Box<Expr>) -> Expr {
    match op {
        BinaryOp::Or => Expr::Or(left, right),
        BinaryOp::And => Expr::And(left, right),
        BinaryOp::In => Expr::In(left, right),
        BinaryOp::Equal => Expr::Compare(Comparison::Equal, left, right),
        BinaryOp::NotEqual => Expr::Compare(Comparison::NotEqual, left, right),
        BinaryOp::Less => Expr::Compare(Comparison::Less, left, right),
        BinaryOp::LessOrEqual => Expr::Compare(Comparison::LessOrEqual, left, right),
        BinaryOp::Greater => Expr::Compare(Comparison::Greater, left, right),
        BinaryOp::GreaterOrEqual => Expr::Compare(Comparison::GreaterOrEqual, left, right),
        BinaryOp::Add => Expr::Arithmetic(Arithmetic::Add, left, right),
        BinaryOp::Subtract => Expr::Arithmetic(Arithmetic::Subtract, left, right),
        BinaryOp::Multiply => Expr::Arithmetic(Arithmetic::Multiply, left, right),
        BinaryOp::Divide => Expr::Arithmetic(Arithmetic::Divide, left, right),
    }
}

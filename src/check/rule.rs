//! Rules: trigger, guards and arms put together.

use super::checker::{Checker, is_vocabulary};
use super::expression::{Known, Scope};
use crate::diagnostic::Diagnostic;
use crate::rulebook::{Arm, ChannelId, Comparison, Effect, EffectKind, Expr, Limit, Reach, Rule, TopicId};
use crate::slug::Slug;
use crate::source::Range;
use crate::syntax::tree::{self, At, BinaryOp, ExprKind, ItemKind, Name, RuleBody, RuleDecl};
use crate::value::Value;

/// The prefix of the labels that only the vocabulary may use.
const RESERVED: &str = "standard_";

/// The channels of the standard vocabulary, which its safety rules name themselves.
const USUAL: [&str; 5] = ["email", "sms", "call", "task", "linkedin"];

/// The safety rule of opt-outs.
const OPT_OUT: &str = "standard_opt_out";

impl Checker<'_> {
    /// Resolves every rule, in rulebook order.
    pub fn check_rules(&mut self) {
        let rules: Vec<(&RuleDecl, Range)> = self
            .declared
            .rules
            .iter()
            .filter_map(|item| match &item.node {
                ItemKind::Rule(rule) => Some((rule, item.range)),
                _ => None,
            })
            .collect();
        let labels = self.labels(&rules);
        for ((rule, range), label) in rules.into_iter().zip(labels) {
            self.standard = is_vocabulary(self.sources.file(range.source));
            let rule = self.rule(rule, range, label);
            self.resolved.rules.extend(rule);
        }
        self.standard = false;
    }

    fn rule(&mut self, declared: &RuleDecl, range: Range, label: String) -> Option<Rule> {
        self.reserved_label(declared);
        let fires = self.trigger(&declared.trigger);
        let state = declared.while_.as_ref().map(|state| self.state(state));
        let scope = Scope::rule(fires.event);
        let mut known = fires.known;
        let guard = declared.guard.as_ref().map(|guard| self.condition(guard, &scope, &known, "what follows `where`"));
        if let Some(Some(guard)) = &guard {
            known.extend(guard.yes.iter().cloned());
        }
        let limit = declared.limit.as_ref().map(|limit| self.limit(limit));
        let mut arms = self.arms(&declared.body, range, &scope, known);
        if self.standard && label == OPT_OUT {
            arms.iter_mut().for_each(|arms| self.opt_outs(arms));
        }
        Some(Rule {
            label,
            range,
            why: declared.why.as_ref().map(|why| why.node.clone()),
            trigger: fires.trigger?,
            while_: all_or_none(state)?,
            guard: all_or_none(guard)?.map(|guard| guard.expr),
            guard_parts: parts(declared.guard.as_ref()),
            limit: all_or_none(limit)?,
            arms: arms?,
            standard: self.standard,
        })
    }

    /// An opt-out that names a topic or a channel of the rulebook bars that: a line for each, before those
    /// of the usual channels for topics, after them for channels of its own.
    fn opt_outs(&mut self, arms: &mut Vec<Arm>) {
        let (topic, channel) = (Expr::Prop(self.prop("topic")), Expr::Prop(self.prop("channel")));
        let named = Expr::Default(Box::new(topic), Box::new(channel.clone()));
        let Some(rest) = arms.pop() else { return };
        let line = |asked: &Expr, name: &str, reach: Reach| {
            let name = Expr::Constant(Value::Text(name.into()));
            let guard = Expr::Compare(Comparison::Equal, Box::new(asked.clone()), Box::new(name));
            let effect = Effect { kind: EffectKind::Suppress { reach: Some(reach), length: None }, range: rest.range };
            Arm { guard: Some(guard), effects: vec![effect], ..rest.clone() }
        };
        // By name: lists in another order are no other rule.
        let mut topics: Vec<_> = self.declared.topics.iter().enumerate().collect();
        topics.sort_by(|a, b| a.1.name.cmp(&b.1.name));
        let mut lines: Vec<Arm> =
            topics.into_iter().map(|(id, topic)| line(&named, &topic.name, Reach::Topic(TopicId(id as u8)))).collect();
        lines.append(arms);
        let own = self.declared.channels.iter().enumerate().filter(|(_, entry)| !USUAL.contains(&entry.name.as_str()));
        let mut own: Vec<_> = own.collect();
        own.sort_by(|a, b| a.1.name.cmp(&b.1.name));
        lines.extend(
            own.into_iter().map(|(id, entry)| line(&channel, &entry.name, Reach::Channel(ChannelId(id as u8)))),
        );
        lines.push(rest);
        *arms = lines;
    }

    fn reserved_label(&mut self, rule: &RuleDecl) {
        if let Some(label) = rule.label.as_ref().filter(|label| self.is_reserved(label)) {
            let message =
                format!("label `{}` begins with `{RESERVED}`, which names the standard safety rules", label.node);
            let found = Diagnostic::new(Slug::ReservedLabel, label.range, message).label("reserved");
            self.report(found.help("choose another label; the standard safety rules cannot be replaced"));
        }
    }

    /// Whether a label is one that only the vocabulary may use, and is used elsewhere.
    pub fn is_reserved(&self, label: &Name) -> bool {
        label.node.starts_with(RESERVED) && !is_vocabulary(self.sources.file(label.range.source))
    }

    fn limit(&mut self, limit: &At<tree::Limit>) -> Option<Limit> {
        match &limit.node {
            tree::Limit::Once => Some(Limit::Once),
            tree::Limit::AtMostOncePer(length) => {
                self.measured(length, "the time between two firings").map(Limit::AtMostOncePer)
            }
        }
    }

    fn arms(&mut self, body: &RuleBody, range: Range, scope: &Scope, known: Known) -> Option<Vec<Arm>> {
        match body {
            RuleBody::Effects(effects) => {
                let effects = self.effects(effects, scope, &known)?;
                Some(vec![Arm { guard: None, guard_parts: Vec::new(), effects, why: None, range }])
            }
            RuleBody::Decision(arms) => self.decision(arms, range, scope, known),
        }
    }

    /// The arms of a decision list: each may rely on the earlier ones not having matched.
    fn decision(&mut self, declared: &[tree::Arm], range: Range, scope: &Scope, mut known: Known) -> Option<Vec<Arm>> {
        if declared.is_empty() {
            let found = Diagnostic::new(Slug::EmptyRule, range, "the decision list has no lines");
            self.report(found.help("add a line: `where … -> hot` or `otherwise -> cold`"));
        }
        let mut arms = Some(Vec::new());
        let mut otherwise: Option<Range> = None;
        for arm in declared {
            if let Some(first) = otherwise {
                let found = Diagnostic::new(Slug::AfterOtherwise, arm.range, "no lead ever gets to this line");
                self.report(
                    found
                        .label("never reached")
                        .other(first, "`otherwise` takes all the rest")
                        .help("put `otherwise` last"),
                );
            }
            if arm.guard.is_none() {
                otherwise = otherwise.or(Some(arm.range));
            }
            let guard = arm.guard.as_ref().map(|guard| self.condition(guard, scope, &known, "what follows `where`"));
            let mut inside = known.clone();
            if let Some(Some(guard)) = &guard {
                inside.extend(guard.yes.iter().cloned());
                known.extend(guard.no.iter().cloned());
            }
            let effects = self.effects(&arm.effects, scope, &inside);
            let why = arm.why.as_ref().map(|why| why.node.clone());
            let done = all_or_none(guard).zip(effects).map(|(guard, effects)| Arm {
                guard: guard.map(|guard| guard.expr),
                guard_parts: parts(arm.guard.as_ref()),
                effects,
                why,
                range: arm.range,
            });
            arms = arms.zip(done).map(|(mut arms, arm)| {
                arms.push(arm);
                arms
            });
        }
        arms
    }
}

/// Where the conditions stand that `and` and `or` join, in the order written.
pub(super) fn parts(guard: Option<&tree::Expr>) -> Vec<Range> {
    let mut found = Vec::new();
    if let Some(guard) = guard {
        push_parts(guard, &mut found);
    }
    found
}

fn push_parts(expr: &tree::Expr, found: &mut Vec<Range>) {
    let joins = |expr: &tree::Expr| matches!(&expr.node, ExprKind::Binary { op, .. } if matches!(op.node, BinaryOp::And | BinaryOp::Or));
    match &expr.node {
        ExprKind::Binary { left, right, .. } if joins(expr) => {
            push_parts(left, found);
            push_parts(right, found);
        }
        ExprKind::Not(inner) if joins(inner) => push_parts(inner, found),
        _ => found.push(expr.range),
    }
}

/// `None` where a part that was written has a mistake.
#[expect(clippy::option_option, reason = "absent and mistaken are two things")]
pub(super) fn all_or_none<T>(part: Option<Option<T>>) -> Option<Option<T>> {
    match part {
        None => Some(None),
        Some(Some(part)) => Some(Some(part)),
        Some(None) => None,
    }
}

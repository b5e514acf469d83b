//! Labels of rules: unique, and derived from the text where the author gave none.

use std::collections::BTreeMap;

use super::checker::Checker;
use super::words::{Taken, snake_case};
use crate::diagnostic::Diagnostic;
use crate::slug::Slug;
use crate::source::Range;
use crate::syntax::tree::{RuleBody, RuleDecl};

impl Checker<'_> {
    /// One label per rule, in the same order.
    pub fn labels(&mut self, rules: &[(&RuleDecl, Range)]) -> Vec<String> {
        let mut taken: BTreeMap<String, Range> = BTreeMap::new();
        for (rule, _) in rules {
            let Some(label) = rule.label.as_ref().filter(|label| !self.is_reserved(label)) else { continue };
            if let Some(first) = taken.get(&label.node).copied() {
                let message = format!("two rules have the label `{}`", label.node);
                let found = Diagnostic::new(Slug::DuplicateLabel, label.range, message).label("used again");
                self.report(
                    found.other(first, "used first").help("a label is a rule's name in every report; choose another"),
                );
            } else {
                taken.insert(label.node.clone(), label.range);
            }
        }
        let mut names = Taken::default();
        for label in taken.keys() {
            names.take(label);
        }
        rules.iter().map(|(rule, _)| self.label(rule, &mut names)).collect()
    }

    fn label(&self, rule: &RuleDecl, taken: &mut Taken) -> String {
        if let Some(label) = &rule.label {
            return label.node.clone();
        }
        let name = snake_case(&self.rule_words(rule));
        taken.take_unused(if name.is_empty() { "rule" } else { &name })
    }

    /// The words a rule is named after: they do not depend on where it stands.
    fn rule_words(&self, rule: &RuleDecl) -> String {
        let trigger = self.sources.text(rule.trigger.range);
        match &rule.body {
            RuleBody::Effects(effects) => {
                let effects = effects.iter().map(|effect| self.sources.text(effect.range));
                std::iter::once(trigger).chain(effects).collect::<Vec<_>>().join("\n")
            }
            RuleBody::Decision(_) => format!("on {trigger}"),
        }
    }
}

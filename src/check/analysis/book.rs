//! The rulebook beside the text it was resolved from: what the analyses look at.

use std::collections::{BTreeMap, BTreeSet};

use super::formula::Formula;
use super::solve;
use crate::rulebook::{
    Arm, Effect, EffectKind, EventSet, Experiment, Rule, Rulebook, Sequence, SequenceId, SetId, TierId, Touch,
};
use crate::source::Range;
use crate::syntax::tree::{BinaryOp, Expr, ExprKind, File, Item, ItemKind, RuleDecl, SequenceDecl, State, StateKind};

/// A rulebook with its tree; the standard vocabulary is left out of the lists.
pub(super) struct Book<'a> {
    /// The whole rulebook.
    pub rulebook: &'a Rulebook,
    /// Its files without the vocabulary.
    pub files: Vec<&'a File>,
    /// Events and groups of the vocabulary: a rulebook may declare them anew.
    pub standard_events: BTreeSet<&'a str>,
    /// The author's rules in rulebook order.
    pub rules: Vec<Own<'a>>,
    /// The sequences with their declarations, in rulebook order.
    pub sequences: Vec<(SequenceId, &'a Sequence, &'a SequenceDecl)>,
    /// The sequences that some rule starts by name, and those that an experiment enters in their place.
    started: BTreeSet<SequenceId>,
}

/// A rule of the author's.
pub(super) struct Own<'a> {
    /// As resolved.
    pub rule: &'a Rule,
    /// As written.
    pub decl: &'a RuleDecl,
    /// What is true when its trigger, its `while` and its `where` let it act.
    pub fires: Formula,
    /// What each of its arms asks, `otherwise` nothing.
    pub guards: Vec<Formula>,
}

/// With how many others of its kind a rule, an effect or a line is compared. A rulebook with more of them that
/// could be in each other's way was written by a program, and is checked in the time that it takes to read.
pub(super) const COMPARED: usize = 500;

impl<'a> Book<'a> {
    /// Puts rulebook and tree side by side.
    pub fn new(rulebook: &'a Rulebook, files: &'a [File]) -> Self {
        let standard = |file: &&File| super::super::checker::is_vocabulary(rulebook.sources.file(file.source));
        let (vocabulary, files): (Vec<&File>, Vec<&File>) = files.iter().partition(standard);
        let standard_events = vocabulary.iter().flat_map(|file| &file.items).flat_map(event_names).collect();
        let (mut rules, mut sequences) = (BTreeMap::new(), BTreeMap::new());
        for item in files.iter().flat_map(|file| &file.items) {
            match &item.node {
                ItemKind::Rule(rule) => drop(rules.insert(item.range, rule)),
                ItemKind::Sequence(sequence) => drop(sequences.insert(sequence.name.range, sequence)),
                _ => {}
            }
        }
        let own = |rule: &'a Rule| {
            let decl = *rules.get(&rule.range)?;
            let guard = |arm: &Arm| arm.guard.as_ref().map_or(Formula::Known(true), Formula::expr);
            let guards = rule.arms.iter().map(guard).collect();
            Some(Own { rule, decl, fires: fires(rule, rulebook), guards })
        };
        let rules = rulebook.rules.iter().filter(|rule| !rule.standard).filter_map(own).collect();
        let numbered = rulebook.sequences.with_ids();
        let sequences =
            numbered.filter_map(|(id, sequence)| Some((id, sequence, *sequences.get(&sequence.range)?))).collect();
        let started = rulebook.rules.iter().flat_map(effects).filter_map(|effect| match effect.kind {
            EffectKind::Start(sequence) => Some(sequence),
            _ => None,
        });
        let mut started: BTreeSet<SequenceId> = started.collect();
        let compared = rulebook.experiments.iter().filter(|of| started.contains(&of.sequence));
        let stand_ins: Vec<SequenceId> = compared.flat_map(Experiment::sequences).collect();
        started.extend(stand_ins);
        Self { rulebook, files, standard_events, rules, sequences, started }
    }

    /// Whether all formulas can hold at one moment.
    pub fn possible(&self, formulas: &[&Formula]) -> bool {
        solve::possible(self.rulebook, formulas)
    }

    /// A set of events.
    pub fn set(&self, set: SetId) -> Option<&'a EventSet> {
        self.rulebook.sets.get(set)
    }

    /// The name of a tier.
    pub fn tier(&self, tier: TierId) -> &'a str {
        self.rulebook.tiers.name(tier)
    }

    /// The text of a range on one line.
    pub fn text(&self, range: Range) -> String {
        super::super::words::one_line(self.rulebook.sources.text(range))
    }

    /// Whether some rule starts a sequence by its name, or one whose place it takes in an experiment.
    pub fn is_started(&self, sequence: SequenceId) -> bool {
        self.started.contains(&sequence)
    }

    /// Whether some type of the log is in both sets.
    pub fn share_a_type(&self, a: SetId, b: SetId) -> bool {
        let alternatives = |set| self.set(set).map_or(&[][..], |set| &set.alternatives);
        a == b || alternatives(a).iter().any(|a| alternatives(b).iter().any(|b| a.ty == b.ty))
    }

    /// Whether every event of `inner` is also in `outer`.
    pub fn covers(&self, outer: SetId, inner: SetId) -> bool {
        let alternatives = |set| self.set(set).map_or(&[][..], |set| &set.alternatives);
        alternatives(inner).iter().all(|inner| {
            alternatives(outer).iter().any(|outer| {
                outer.ty == inner.ty && outer.conditions.iter().all(|condition| inner.conditions.contains(condition))
            })
        })
    }
}

/// A condition as it is written: where, and whether `and` and `or` join parts of it.
#[derive(Clone, Copy)]
pub(super) struct Written {
    pub range: Range,
    pub and: bool,
    pub or: bool,
}

impl Written {
    /// A `where`, an `if`, a `require`.
    pub fn expr(expr: &Expr) -> Self {
        let mut written = Self { range: expr.range, and: false, or: false };
        expr.walk(&mut |part| {
            if let ExprKind::Binary { op, .. } = &part.node {
                written.and |= op.node == BinaryOp::And;
                written.or |= op.node == BinaryOp::Or;
            }
        });
        written
    }

    /// A `while`.
    pub fn state(state: &State) -> Self {
        let (and, or) = joins(&state.node);
        Self { range: state.range, and, or }
    }
}

/// Whether `and`, and whether `or` joins parts of a state.
fn joins(state: &StateKind) -> (bool, bool) {
    match state {
        StateKind::Tier(_) | StateKind::In(_) | StateKind::Suppressed => (false, false),
        StateKind::Not(inner) => joins(&inner.node),
        StateKind::And(a, b) => (true, joins(&a.node).1 || joins(&b.node).1),
        StateKind::Or(a, b) => (joins(&a.node).0 || joins(&b.node).0, true),
    }
}

impl Own<'_> {
    /// A place that stands for the whole rule: its label, else its trigger.
    pub fn head(&self) -> Range {
        self.decl.label.as_ref().map_or(self.decl.trigger.range, |label| label.range)
    }
}

/// The names that an item gives to events.
fn event_names(item: &Item) -> Vec<&str> {
    match &item.node {
        ItemKind::Event(event) => event.names.iter().map(|name| name.node.as_str()).collect(),
        ItemKind::Group(group) => vec![group.name.node.as_str()],
        _ => Vec::new(),
    }
}

/// What is true when a rule acts.
fn fires(rule: &Rule, rulebook: &Rulebook) -> Formula {
    let mut parts = vec![Formula::trigger(&rule.trigger, rulebook)];
    parts.extend(rule.while_.as_ref().map(|state| Formula::state(state, rulebook)));
    parts.extend(rule.guard.as_ref().map(Formula::expr));
    Formula::All(parts)
}

/// Every effect of a rule.
pub(super) fn effects(rule: &Rule) -> impl Iterator<Item = &Effect> {
    rule.arms.iter().flat_map(|arm| &arm.effects)
}

/// All touches of a sequence, the tail last.
pub(super) fn touches(sequence: &Sequence) -> impl Iterator<Item = &Touch> {
    sequence.touches.iter().chain(sequence.tail.iter().map(|(tail, _)| tail))
}

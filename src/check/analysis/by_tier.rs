//! Conditions by the tier a lead is in: whether one holds, may hold or cannot. Kept for the tiers that a
//! condition names and once for all others, so that a rulebook with many tiers costs no more than its text.

use std::collections::BTreeMap;

use crate::rulebook::{Comparison, Expr, Rulebook, State, TierId};
use crate::value::Value;

/// Whether something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Truth {
    No,
    /// It hangs on something else than the tier.
    Maybe,
    Yes,
}

/// Whether something holds, by tier.
#[derive(Clone, Debug)]
pub(super) struct ByTier {
    usual: Truth,
    others: BTreeMap<TierId, Truth>,
}

/// The tiers of a rulebook by name.
pub(super) struct Tiers<'a> {
    rulebook: &'a Rulebook,
    by_name: BTreeMap<&'a str, TierId>,
}

impl Truth {
    fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Maybe => Self::Maybe,
            Self::Yes => Self::No,
        }
    }
}

impl ByTier {
    /// The same in every tier.
    pub fn all(truth: Truth) -> Self {
        Self { usual: truth, others: BTreeMap::new() }
    }

    fn only(tier: TierId) -> Self {
        Self { usual: Truth::No, others: BTreeMap::from([(tier, Truth::Yes)]) }
    }

    /// Whether it holds in a tier.
    pub fn at(&self, tier: TierId) -> Truth {
        self.others.get(&tier).copied().unwrap_or(self.usual)
    }

    /// Whether it holds in every tier.
    pub fn is_always(&self) -> bool {
        self.usual == Truth::Yes && self.others.values().all(|truth| *truth == Truth::Yes)
    }

    /// The tiers that are named, and what holds in all others.
    pub fn parts(&self) -> (Truth, impl Iterator<Item = (TierId, Truth)>) {
        (self.usual, self.others.iter().map(|(tier, truth)| (*tier, *truth)))
    }

    pub fn not(mut self) -> Self {
        self.usual = self.usual.not();
        self.others.values_mut().for_each(|truth| *truth = truth.not());
        self
    }

    pub fn and(self, other: Self) -> Self {
        self.merged(other, Ord::min, Truth::Yes, Truth::No)
    }

    pub fn or(self, other: Self) -> Self {
        self.merged(other, Ord::max, Truth::No, Truth::Yes)
    }

    /// Both by tier; `leaves` leaves the other as it is, `wins` is what comes out whatever the other is.
    fn merged(self, other: Self, join: fn(Truth, Truth) -> Truth, leaves: Truth, wins: Truth) -> Self {
        let (mut many, few) = if self.others.len() >= other.others.len() { (self, other) } else { (other, self) };
        let named: Vec<(TierId, Truth)> =
            few.others.iter().map(|(tier, truth)| (*tier, join(many.at(*tier), *truth))).collect();
        if few.usual == wins {
            many.others.clear();
        } else if few.usual != leaves {
            many.others.values_mut().for_each(|truth| *truth = join(*truth, few.usual));
        }
        many.usual = join(many.usual, few.usual);
        many.others.extend(named);
        many
    }
}

impl<'a> Tiers<'a> {
    pub fn new(rulebook: &'a Rulebook) -> Self {
        let by_name = rulebook.tiers.with_ids().map(|(id, tier)| (tier.name.as_str(), id)).collect();
        Self { rulebook, by_name }
    }

    /// Where a `while` holds for a lead without a next step: it is in no sequence but those beside others.
    pub fn state(&self, state: &State) -> ByTier {
        match state {
            State::Tier(tier) => ByTier::only(*tier),
            State::In(sequence) => {
                let beside = self.rulebook.sequences.get(*sequence).is_some_and(|sequence| sequence.parallel);
                ByTier::all(if beside { Truth::Maybe } else { Truth::No })
            }
            State::Suppressed => ByTier::all(Truth::No),
            State::Idle => ByTier::all(Truth::Yes),
            State::Not(inner) => self.state(inner).not(),
            State::And(a, b) => self.state(a).and(self.state(b)),
            State::Or(a, b) => self.state(a).or(self.state(b)),
        }
    }

    /// Where an expression is true.
    pub fn expr(&self, expr: &Expr) -> ByTier {
        match expr {
            Expr::Constant(value) => ByTier::all(if *value == Value::Bool(true) { Truth::Yes } else { Truth::No }),
            Expr::Not(inner) => self.expr(inner).not(),
            Expr::And(a, b) => self.expr(a).and(self.expr(b)),
            Expr::Or(a, b) => self.expr(a).or(self.expr(b)),
            Expr::Has(inner) if **inner == Expr::Tier => ByTier::all(Truth::Yes),
            Expr::Compare(op, a, b) => match (op, &**a, &**b) {
                (Comparison::Equal, Expr::Tier, Expr::Constant(name))
                | (Comparison::Equal, Expr::Constant(name), Expr::Tier) => self.named(name),
                (Comparison::NotEqual, Expr::Tier, Expr::Constant(name))
                | (Comparison::NotEqual, Expr::Constant(name), Expr::Tier) => self.named(name).not(),
                _ => ByTier::all(Truth::Maybe),
            },
            Expr::In(value, list) => match (&**value, &**list) {
                (Expr::Tier, Expr::Constant(Value::List(names))) => {
                    names.iter().fold(ByTier::all(Truth::No), |any, name| any.or(self.named(name)))
                }
                _ => ByTier::all(Truth::Maybe),
            },
            _ => ByTier::all(Truth::Maybe),
        }
    }

    fn named(&self, name: &Value) -> ByTier {
        let tier = match name {
            Value::Text(name) => self.by_name.get(&**name),
            _ => None,
        };
        tier.map_or(ByTier::all(Truth::No), |tier| ByTier::only(*tier))
    }
}

//! Which rules move a lead from where to where.

use super::words::effects;
use crate::rulebook::{EffectKind, Rule, Rulebook, SetId, State, TierId, Trigger};

/// The tiers, and what moves a lead between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moves {
    /// Names of the tiers, most urgent first.
    pub tiers: Vec<String>,
    /// What moves a lead, by where it goes and then in rulebook order.
    pub moves: Vec<TierMove>,
}

/// What one rule does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierMove {
    /// The rule's label.
    pub rule: String,
    /// The tiers it moves a lead from.
    pub from: Vec<usize>,
    /// Whether it gives a new lead its first tier.
    pub new: bool,
    /// The tier it moves to.
    pub to: usize,
}

/// Every move of a rulebook.
pub fn moves(rulebook: &Rulebook) -> Moves {
    let tiers = rulebook.tiers.len();
    let mut moves: Vec<TierMove> = Vec::new();
    for rule in &rulebook.rules {
        for effect in effects(rule) {
            let EffectKind::Tier(to) = effect else { continue };
            let new = starts(rulebook, rule);
            let from = if new { Vec::new() } else { sources(rule, tiers, *to) };
            let known = TierMove { rule: rule.label.clone(), from, new, to: to.index() };
            if !moves.contains(&known) {
                moves.push(known);
            }
        }
    }
    moves.sort_by_key(|known| known.to);
    Moves { tiers: rulebook.tiers.iter().map(|tier| tier.name.clone()).collect(), moves }
}

/// Whether a rule is for leads that have just come, and asks for no tier.
fn starts(rulebook: &Rulebook, rule: &Rule) -> bool {
    let created = |set: SetId| {
        let set = rulebook.sets.get(set);
        let of_creation =
            |ty: crate::rulebook::TypeId| rulebook.types.get(ty).is_some_and(|ty| ty.name == "lead.created");
        set.is_some_and(|set| set.alternatives.iter().all(|alternative| of_creation(alternative.ty)))
    };
    rule.while_.is_none() && matches!(rule.trigger, Trigger::Event(set) if created(set))
}

/// The tiers a lead may be in when the rule acts, but for the one it goes to.
fn sources(rule: &Rule, tiers: usize, to: TierId) -> Vec<usize> {
    let fits = |tier: usize| {
        let by_trigger = match rule.trigger {
            Trigger::Becomes(tier_then) => tier_then.index() == tier,
            Trigger::Leaves(tier_then) => tier_then.index() != tier,
            _ => true,
        };
        tier != to.index() && by_trigger && rule.while_.as_ref().is_none_or(|state| may_hold(state, tier, true))
    };
    (0..tiers).filter(|tier| fits(*tier)).collect()
}

/// Whether a state can be `wanted` in a tier; what is not about tiers can always be.
fn may_hold(state: &State, tier: usize, wanted: bool) -> bool {
    match state {
        State::Tier(id) => (id.index() == tier) == wanted,
        State::In(_) | State::Suppressed | State::Idle => true,
        State::Not(inner) => may_hold(inner, tier, !wanted),
        State::And(a, b) if wanted => may_hold(a, tier, true) && may_hold(b, tier, true),
        State::Or(a, b) if !wanted => may_hold(a, tier, false) && may_hold(b, tier, false),
        State::And(a, b) | State::Or(a, b) => may_hold(a, tier, wanted) || may_hold(b, tier, wanted),
    }
}

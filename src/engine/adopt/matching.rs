//! Which part of one rulebook is which of another: everything is known by its name, sequences and
//! touches also by the name they had before.

use std::collections::BTreeMap;

use crate::plan::Plan;
use crate::rulebook::same::{Same, renamed};
use crate::rulebook::{
    ChannelId, EventSet, ExperimentId, FactId, PropId, RuleId, Rulebook, ScoreId, Sequence, SequenceId, SetId, TagId,
    TierId, Touch,
};

use super::Changes;

/// The same part in the rulebook before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kin<T> {
    /// Which it was; `None` for a new one.
    pub old: Option<T>,
    /// Whether it says what it said.
    pub same: bool,
}

/// Parts of an old rulebook matched with those of a new one.
pub(super) struct Matching {
    /// By new rule.
    pub rules: Vec<Kin<RuleId>>,
    /// By new score.
    pub scores: Vec<Kin<ScoreId>>,
    /// By new fact: the old one, of the same type.
    pub facts: Vec<Option<FactId>>,
    /// By new set: the old one that is the same.
    pub sets: Vec<Option<SetId>>,
    /// By new sequence.
    pub sequences: Vec<Kin<SequenceId>>,
    /// By old sequence, and by its touches with the tail after the last.
    pub sequence_to: Vec<Option<SequenceId>>,
    pub touch_to: Vec<Vec<Option<u16>>>,
    rule_to: Vec<Option<RuleId>>,
    tier_to: Vec<Option<TierId>>,
    channel_to: Vec<Option<ChannelId>>,
    prop_to: Vec<Option<PropId>>,
    tag_to: Vec<Option<TagId>>,
    /// By old experiment and variant.
    variant_to: Vec<Vec<Option<(ExperimentId, u8)>>>,
}

impl Matching {
    /// Matches two rulebooks.
    pub fn of(old: &Plan, new: &Plan) -> Self {
        let (old, new) = (&*old.rulebook, &*new.rulebook);
        let same = Same::new(old, new);
        let sequence_to = same.sequences.clone();
        let touches = |(at, to): (usize, &Option<SequenceId>)| match old.sequences.get(at) {
            Some(sequence) => touches(sequence, to.and_then(|to| new.sequences.get(to.index()))),
            None => Vec::new(),
        };
        let rule_to = by_name(&old.rules, &new.rules, |rule| &rule.label, RuleId);
        let back = |to: &[Option<SequenceId>], id: usize| to.iter().position(|to| *to == Some(SequenceId(id as u16)));
        Self {
            rules: kin(&old.rules, &new.rules, |rule| &rule.label, RuleId, |old, new| same.rule(old, new)),
            scores: kin(&old.scores, &new.scores, |score| &score.name, ScoreId, |old, new| same.score(old, new)),
            facts: facts(old, new),
            sets: sets(&same),
            sequences: (0..new.sequences.len())
                .map(|at| {
                    let old_id = back(&sequence_to, at).map(|at| SequenceId(at as u16));
                    Kin { old: old_id, same: old_id.is_some_and(|id| same.sequence(id, SequenceId(at as u16))) }
                })
                .collect(),
            touch_to: sequence_to.iter().enumerate().map(touches).collect(),
            sequence_to,
            rule_to,
            tier_to: by_name(&old.tiers, &new.tiers, |tier| &tier.name, |at| TierId(at as u8)),
            channel_to: by_name(&old.channels, &new.channels, |channel| &channel.name, |at| ChannelId(at as u8)),
            prop_to: by_name(&old.props, &new.props, |prop| prop, PropId),
            tag_to: by_name(&old.tags, &new.tags, |tag| tag, TagId),
            variant_to: variants(old, new),
        }
    }

    pub fn rule(&self, old: RuleId) -> Option<RuleId> {
        self.rule_to.get(old.index()).copied().flatten()
    }

    pub fn tier(&self, old: TierId) -> Option<TierId> {
        self.tier_to.get(old.index()).copied().flatten()
    }

    pub fn channel(&self, old: ChannelId) -> Option<ChannelId> {
        self.channel_to.get(old.index()).copied().flatten()
    }

    pub fn prop(&self, old: PropId) -> Option<PropId> {
        self.prop_to.get(old.index()).copied().flatten()
    }

    pub fn tag(&self, old: TagId) -> Option<TagId> {
        self.tag_to.get(old.index()).copied().flatten()
    }

    pub fn sequence(&self, old: SequenceId) -> Option<SequenceId> {
        self.sequence_to.get(old.index()).copied().flatten()
    }

    pub fn variant(&self, (old, variant): (ExperimentId, u8)) -> Option<(ExperimentId, u8)> {
        self.variant_to.get(old.index())?.get(usize::from(variant)).copied().flatten()
    }

    /// Whether a rule counts on as it did, and which it was.
    pub fn unchanged(&self, rule: RuleId) -> Option<RuleId> {
        self.rules.get(rule.index()).filter(|kin| kin.same).and_then(|kin| kin.old)
    }

    /// What changed from one rulebook to the other, by name.
    pub fn changes(&self, old: &Rulebook, new: &Rulebook) -> Changes {
        let mut changes = Changes::default();
        let rules = new.rules.iter().map(|rule| rule.label.as_str());
        let kept = |at: usize| self.rule_to.get(at).copied().flatten().is_some();
        let gone = old.rules.iter().enumerate().filter(|(at, _)| !kept(*at)).map(|(_, rule)| rule.label.as_str());
        changes.rules.fill(rules.zip(&self.rules).map(|(name, kin)| (name, kin.old.is_some(), kin.same)), gone);
        let names = new.sequences.iter().map(|sequence| sequence.name.as_str());
        let kept = |at: usize| self.sequence_to.get(at).copied().flatten().is_some();
        let gone = old.sequences.iter().enumerate().filter(|(at, _)| !kept(*at)).map(|(_, s)| s.name.as_str());
        changes.sequences.fill(names.zip(&self.sequences).map(|(name, kin)| (name, kin.old.is_some(), kin.same)), gone);
        let names = new.scores.iter().map(|score| score.name.as_str());
        let is_gone = |score: &&crate::rulebook::Score| new.scores.iter().all(|other| other.name != score.name);
        let gone = old.scores.iter().filter(is_gone).map(|score| score.name.as_str());
        changes.scores.fill(names.zip(&self.scores).map(|(name, kin)| (name, kin.old.is_some(), kin.same)), gone);
        changes
    }
}

/// By old part: the new one of the same name.
fn by_name<T, Id: Copy>(old: &[T], new: &[T], name: impl Fn(&T) -> &str, id: impl Fn(u16) -> Id) -> Vec<Option<Id>> {
    let places: BTreeMap<&str, u16> = new.iter().map(&name).zip(0..).collect();
    old.iter().map(|part| places.get(name(part)).map(|at| id(*at))).collect()
}

/// By new part: the old one of the same name, and whether it says the same.
fn kin<T, Id: Copy>(
    old: &[T],
    new: &[T],
    name: impl Fn(&T) -> &str,
    id: impl Fn(u16) -> Id,
    same: impl Fn(Id, Id) -> bool,
) -> Vec<Kin<Id>> {
    let places: BTreeMap<&str, u16> = old.iter().map(&name).zip(0..).collect();
    let kin = |(part, at): (&T, u16)| {
        let old = places.get(name(part)).map(|at| id(*at));
        Kin { old, same: old.is_some_and(|old| same(old, id(at))) }
    };
    new.iter().zip(0..).map(kin).collect()
}

fn facts(old: &Rulebook, new: &Rulebook) -> Vec<Option<FactId>> {
    let places: BTreeMap<&str, usize> = old.facts.iter().map(|fact| fact.name.as_str()).zip(0..).collect();
    let find = |fact: &crate::rulebook::Fact| {
        let at = *places.get(fact.name.as_str())?;
        old.facts.get(at).filter(|was| was.ty == fact.ty).map(|_| FactId(at as u16))
    };
    new.facts.iter().map(find).collect()
}

/// By new set: the old one of the same events, looked for among those of the same types.
fn sets(same: &Same<'_>) -> Vec<Option<SetId>> {
    let mut places: BTreeMap<Vec<&str>, Vec<SetId>> = BTreeMap::new();
    for (set, at) in same.old.sets.iter().zip(0..) {
        places.entry(type_names(same.old, set)).or_default().push(SetId(at));
    }
    let old_of = |(set, at): (&EventSet, u16)| {
        let of_types = places.get(&type_names(same.new, set))?;
        of_types.iter().copied().find(|old| same.set(*old, SetId(at)))
    };
    same.new.sets.iter().zip(0..).map(old_of).collect()
}

fn type_names<'a>(book: &'a Rulebook, set: &EventSet) -> Vec<&'a str> {
    let types = set.alternatives.iter().filter_map(|alternative| book.types.get(alternative.ty.index()));
    let mut names: Vec<&str> = types.map(|ty| ty.name.as_str()).collect();
    names.sort_unstable();
    names
}

/// By old touch and tail: its place in the new sequence.
fn touches(old: &Sequence, new: Option<&Sequence>) -> Vec<Option<u16>> {
    fn all(sequence: &Sequence) -> impl Iterator<Item = &Touch> {
        sequence.touches.iter().chain(sequence.tail.iter().map(|(tail, _)| tail))
    }
    let own: Vec<(&str, Option<&str>)> =
        new.into_iter().flat_map(all).map(|touch| (touch.id.as_str(), touch.renamed_from.as_deref())).collect();
    let names: Vec<&str> = all(old).map(|touch| touch.id.as_str()).collect();
    renamed(&names, &own)
}

fn variants(old: &Rulebook, new: &Rulebook) -> Vec<Vec<Option<(ExperimentId, u8)>>> {
    let of = |experiment: &crate::rulebook::Experiment| {
        let at = new.experiments.iter().position(|other| other.name == experiment.name);
        let now = at.and_then(|at| new.experiments.get(at));
        let place = |(template, _): &(String, f64)| {
            let variant = now?.variants.iter().position(|(other, _)| other == template)?;
            Some((ExperimentId(at? as u16), variant as u8))
        };
        experiment.variants.iter().map(place).collect()
    };
    old.experiments.iter().map(of).collect()
}

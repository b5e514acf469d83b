//! Which part of one rulebook is which of another: everything is known by its name, sequences and
//! touches also by the name they had before.

use std::collections::BTreeMap;

use crate::plan::Plan;
use crate::rulebook::same::{Same, renamed};
use crate::rulebook::{
    ChannelId, EventSet, ExperimentId, Fact, FactId, Named, PropId, Reach, RuleId, Rulebook, ScoreId, Sequence,
    SequenceId, SetId, Table, TableId, TagId, TierId, TopicId, Touch, Variant,
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
    pub rules: Table<RuleId, Kin<RuleId>>,
    /// By new score.
    pub scores: Table<ScoreId, Kin<ScoreId>>,
    /// By new fact: the old one, of the same type.
    pub facts: Table<FactId, Option<FactId>>,
    /// By new set: the old one that is the same.
    pub sets: Table<SetId, Option<SetId>>,
    /// By new sequence.
    pub sequences: Table<SequenceId, Kin<SequenceId>>,
    /// By old sequence, and by its touches with the tail after the last.
    pub sequence_to: Table<SequenceId, Option<SequenceId>>,
    pub touch_to: Table<SequenceId, Vec<Option<u16>>>,
    rule_to: Table<RuleId, Option<RuleId>>,
    tier_to: Table<TierId, Option<TierId>>,
    channel_to: Table<ChannelId, Option<ChannelId>>,
    topic_to: Table<TopicId, Option<TopicId>>,
    prop_to: Table<PropId, Option<PropId>>,
    tag_to: Table<TagId, Option<TagId>>,
    /// By old experiment and variant.
    variant_to: Table<ExperimentId, Vec<Option<(ExperimentId, u8)>>>,
}

impl Matching {
    /// Matches two rulebooks.
    pub fn of(old: &Plan, new: &Plan) -> Self {
        let (old, new) = (&*old.rulebook, &*new.rulebook);
        let same = Same::new(old, new);
        let sequence_to = same.sequences.clone();
        let touches = |(sequence, to): (&Sequence, &Option<SequenceId>)| {
            touches(sequence, to.and_then(|to| new.sequences.get(to)))
        };
        let rule_to = by_name(&old.rules, &new.rules);
        let sequence = |id: SequenceId| {
            let old = sequence_to.position(|to| *to == Some(id));
            Kin { old, same: old.is_some_and(|old| same.sequence(old, id)) }
        };
        Self {
            rules: kin(&old.rules, &new.rules, |old, new| same.rule(old, new)),
            scores: kin(&old.scores, &new.scores, |old, new| same.score(old, new)),
            facts: facts(old, new),
            sets: sets(&same),
            sequences: new.sequences.ids().map(sequence).collect(),
            touch_to: old.sequences.iter().zip(&sequence_to).map(touches).collect(),
            sequence_to,
            rule_to,
            tier_to: by_name(&old.tiers, &new.tiers),
            channel_to: by_name(&old.channels, &new.channels),
            topic_to: by_name(&old.topics, &new.topics),
            prop_to: by_name(&old.props, &new.props),
            tag_to: by_name(&old.tags, &new.tags),
            variant_to: variants(old, new),
        }
    }

    pub fn rule(&self, old: RuleId) -> Option<RuleId> {
        self.rule_to.get(old).copied().flatten()
    }

    pub fn tier(&self, old: TierId) -> Option<TierId> {
        self.tier_to.get(old).copied().flatten()
    }

    pub fn reach(&self, old: Reach) -> Option<Reach> {
        match old {
            Reach::Channel(old) => self.channel(old).map(Reach::Channel),
            Reach::Topic(old) => self.topic_to.get(old).copied().flatten().map(Reach::Topic),
        }
    }

    pub fn channel(&self, old: ChannelId) -> Option<ChannelId> {
        self.channel_to.get(old).copied().flatten()
    }

    pub fn prop(&self, old: PropId) -> Option<PropId> {
        self.prop_to.get(old).copied().flatten()
    }

    pub fn tag(&self, old: TagId) -> Option<TagId> {
        self.tag_to.get(old).copied().flatten()
    }

    pub fn sequence(&self, old: SequenceId) -> Option<SequenceId> {
        self.sequence_to.get(old).copied().flatten()
    }

    pub fn variant(&self, (old, variant): (ExperimentId, u8)) -> Option<(ExperimentId, u8)> {
        self.variant_to.get(old)?.get(usize::from(variant)).copied().flatten()
    }

    /// Whether a rule counts on as it did, and which it was.
    pub fn unchanged(&self, rule: RuleId) -> Option<RuleId> {
        self.rules.get(rule).filter(|kin| kin.same).and_then(|kin| kin.old)
    }

    /// What changed from one rulebook to the other, by name.
    pub fn changes(&self, old: &Rulebook, new: &Rulebook) -> Changes {
        let mut changes = Changes::default();
        let rules = new.rules.iter().map(|rule| rule.label.as_str());
        let kept = |id: RuleId| self.rule_to.get(id).copied().flatten().is_some();
        let gone = old.rules.ids().filter(|id| !kept(*id)).map(|id| old.rules.name(id));
        changes.rules.fill(rules.zip(&self.rules).map(|(name, kin)| (name, kin.old.is_some(), kin.same)), gone);
        let names = new.sequences.iter().map(|sequence| sequence.name.as_str());
        let kept = |id: SequenceId| self.sequence_to.get(id).copied().flatten().is_some();
        let gone = old.sequences.ids().filter(|id| !kept(*id)).map(|id| old.sequences.name(id));
        changes.sequences.fill(names.zip(&self.sequences).map(|(name, kin)| (name, kin.old.is_some(), kin.same)), gone);
        let names = new.scores.iter().map(|score| score.name.as_str());
        let is_gone = |score: &&crate::rulebook::Score| new.scores.iter().all(|other| other.name != score.name);
        let gone = old.scores.iter().filter(is_gone).map(|score| score.name.as_str());
        changes.scores.fill(names.zip(&self.scores).map(|(name, kin)| (name, kin.old.is_some(), kin.same)), gone);
        changes
    }
}

/// By old part: the new one of the same name.
fn by_name<Id: TableId, T: Named>(old: &Table<Id, T>, new: &Table<Id, T>) -> Table<Id, Option<Id>> {
    let places = places(new);
    old.iter().map(|part| places.get(part.name()).copied()).collect()
}

/// By new part: the old one of the same name, and whether it says the same.
fn kin<Id: TableId, T: Named>(
    old: &Table<Id, T>,
    new: &Table<Id, T>,
    same: impl Fn(Id, Id) -> bool,
) -> Table<Id, Kin<Id>> {
    let places = places(old);
    let kin = |(id, part): (Id, &T)| {
        let old = places.get(part.name()).copied();
        Kin { old, same: old.is_some_and(|old| same(old, id)) }
    };
    new.with_ids().map(kin).collect()
}

fn places<Id: TableId, T: Named>(table: &Table<Id, T>) -> BTreeMap<&str, Id> {
    table.with_ids().map(|(id, part)| (part.name(), id)).collect()
}

fn facts(old: &Rulebook, new: &Rulebook) -> Table<FactId, Option<FactId>> {
    let places = places(&old.facts);
    let find = |fact: &Fact| {
        let at = places.get(fact.name.as_str()).copied()?;
        old.facts.get(at).filter(|was| was.ty == fact.ty).map(|_| at)
    };
    new.facts.iter().map(find).collect()
}

/// By new set: the old one of the same events, looked for among those of the same types.
fn sets(same: &Same<'_>) -> Table<SetId, Option<SetId>> {
    let mut places: BTreeMap<Vec<&str>, Vec<SetId>> = BTreeMap::new();
    for (id, set) in same.old.sets.with_ids() {
        places.entry(type_names(same.old, set)).or_default().push(id);
    }
    let old_of = |(id, set): (SetId, &EventSet)| {
        let of_types = places.get(&type_names(same.new, set))?;
        of_types.iter().copied().find(|old| same.set(*old, id))
    };
    same.new.sets.with_ids().map(old_of).collect()
}

fn type_names<'a>(book: &'a Rulebook, set: &EventSet) -> Vec<&'a str> {
    let types = set.alternatives.iter().filter_map(|alternative| book.types.get(alternative.ty));
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

fn variants(old: &Rulebook, new: &Rulebook) -> Table<ExperimentId, Vec<Option<(ExperimentId, u8)>>> {
    let of = |experiment: &crate::rulebook::Experiment| {
        let id = new.experiments.find(&experiment.name);
        let now = id.and_then(|id| new.experiments.get(id));
        let place = |variant: &Variant| {
            let variant = now?.variants.iter().position(|other| other.name == variant.name)?;
            Some((id?, variant as u8))
        };
        experiment.variants.iter().map(place).collect()
    };
    old.experiments.iter().map(of).collect()
}

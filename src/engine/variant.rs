//! Which variant of an experiment a lead gets: the touch or the sequence in the place of the one that is written.

use crate::decision::names::Journal;
use crate::plan::Plan;
use crate::rulebook::{ChannelId, Experiment, ExperimentId, SequenceId, Touch, Variant, Varies};
use crate::units::Content;

use super::enroll::next_touch;
use super::lead::Enrollment;
use super::{Moment, World};

/// An experiment and one of its variants, by its place.
pub(super) type Assigned = (ExperimentId, u8);

impl World {
    /// The variant a lead gets of the experiment on a touch.
    pub(super) fn variant(
        &self,
        plan: &Plan,
        names: &dyn Journal,
        slot: u32,
        (sequence, touch): (SequenceId, u16),
    ) -> Option<Assigned> {
        let id = plan.experiment_at.get(sequence)?.get(usize::from(touch)).copied().flatten()?;
        self.assigned(plan, names, slot, id)
    }

    /// The variant a lead gets of the experiment that a sequence is the first variant of, and the sequence to enter.
    pub(super) fn sequence_variant(
        &self,
        moment: &Moment<'_>,
        slot: u32,
        sequence: SequenceId,
    ) -> Option<(Assigned, SequenceId)> {
        let id = compared_with(moment, sequence)?;
        let assigned = self.assigned(moment.plan, moment.names, slot, id)?;
        Some((assigned, moment.plan.rulebook.experiments.get(id)?.sequence_of(assigned.1)?))
    }

    /// Whether a lead is in one of the sequences that are compared with this one.
    pub(super) fn in_a_variant(&self, moment: &Moment<'_>, slot: u32, sequence: SequenceId) -> bool {
        let experiment = compared_with(moment, sequence).and_then(|id| moment.plan.rulebook.experiments.get(id));
        experiment.is_some_and(|experiment| experiment.sequences().any(|other| self.lead(slot).enrolled(other)))
    }

    /// Once a lead has met an experiment, it stays with its variant.
    pub(super) fn assigned(&self, plan: &Plan, names: &dyn Journal, slot: u32, id: ExperimentId) -> Option<Assigned> {
        let lead = self.lead(slot);
        if let Some((_, variant)) = lead.variants.iter().find(|(other, _)| *other == id) {
            return Some((id, *variant));
        }
        let experiment = plan.rulebook.experiments.get(id)?;
        Some((id, drawn(experiment, names.lead_name(lead.id))))
    }

    /// A lead has met an experiment: its touch has been sent or let pass, its sequence has begun.
    pub(super) fn meets_experiment(&mut self, slot: u32, experiment: Option<Assigned>) {
        let lead = self.lead_mut(slot);
        if let Some(assigned) = experiment.filter(|assigned| !lead.variants.contains(assigned)) {
            lead.variants.push(assigned);
        }
    }

    /// A touch of a sequence as the lead's variant has it.
    pub(super) fn given_touch<'a>(
        &self,
        plan: &'a Plan,
        names: &dyn Journal,
        slot: u32,
        (place, written): ((SequenceId, u16), &'a Touch),
    ) -> &'a Touch {
        let assigned = self.variant(plan, names, slot, place);
        assigned.and_then(|(id, variant)| plan.rulebook.experiments.get(id)?.touch_of(variant)).unwrap_or(written)
    }

    /// The touch that comes next as the lead's variant has it, the tail included.
    pub(super) fn next_given<'a>(
        &self,
        plan: &'a Plan,
        names: &dyn Journal,
        slot: u32,
        enrollment: &Enrollment,
    ) -> Option<&'a Touch> {
        let written = next_touch(plan.rulebook.sequences.get(enrollment.sequence)?, enrollment)?;
        let place = (enrollment.sequence, enrollment.next);
        Some(self.given_touch(plan, names, slot, (place, written)))
    }
}

/// The experiment that a sequence is the first variant of.
fn compared_with(moment: &Moment<'_>, sequence: SequenceId) -> Option<ExperimentId> {
    moment.plan.compared.get(sequence).copied().flatten()
}

/// The experiment that what goes out belongs to. One of templates is about the touch's first channel alone: on
/// another one every lead gets the same.
pub(super) fn shown(
    plan: &Plan,
    assigned: Option<Assigned>,
    touch: &Touch,
    (channel, content): (ChannelId, &Content),
) -> Option<Assigned> {
    let first = touch.choices.first().is_some_and(|(on, own)| *on == channel && own == content);
    let of_first = |id| plan.rulebook.experiments.get(id).is_some_and(|of| of.varies == Varies::Template);
    assigned.filter(|(id, _)| first || !of_first(*id))
}

/// The variant a lead is assigned: a function of the lead and of the names of experiment and
/// variants, by weighted rendezvous hashing (Wang et al. 2014, "Weighted Rendezvous Hashing"). A
/// variant that is added takes its share from all others, and no lead moves between those.
pub(super) fn drawn(experiment: &Experiment, lead: &str) -> u8 {
    let cost = |variant: &Variant| {
        let mut hasher = blake3::Hasher::new();
        for part in [lead, &experiment.name, &variant.name] {
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        let mut first = [0; 8];
        first.copy_from_slice(hasher.finalize().as_bytes().split_at(8).0);
        // In (0, 1): 53 bits and a half, so that the logarithm is finite.
        let unit = ((u64::from_be_bytes(first) >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
        -libm::log(unit) / variant.share.to_f64()
    };
    let costs = experiment.variants.iter().map(cost).enumerate();
    costs.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(index, _)| index as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decimal::Decimal;
    use crate::rulebook::Given;
    use crate::source::Range;

    fn experiment(variants: &[(&str, f64)]) -> Experiment {
        let variant = |(name, share): &(&str, f64)| Variant {
            name: (*name).to_owned(),
            share: Decimal::from_f64(*share).unwrap(),
            given: Given::Sequence(SequenceId(0)),
            range: Range::default(),
        };
        Experiment {
            name: "subject".to_owned(),
            sequence: SequenceId(0),
            touch: None,
            varies: Varies::Sequence,
            variants: variants.iter().map(variant).collect(),
            goal: None,
            find: Experiment::usual_find(),
            at_most: None,
            guard: None,
            range: Range::default(),
        }
    }

    #[test]
    fn shares_follow_the_weights() {
        let experiment = experiment(&[("a", 20.0), ("b", 80.0)]);
        let first = (0..10_000).filter(|n| drawn(&experiment, &format!("lead{n}")) == 0).count();
        assert!((1_850..2_150).contains(&first), "{first} of 10,000 got a share of 20 %");
    }

    /// A variant that is added, its share taken from the others in their proportion, moves leads
    /// to itself and to nowhere else.
    #[test]
    fn an_added_variant_moves_leads_to_itself_alone() {
        let (old, new) =
            (experiment(&[("a", 50.0), ("b", 50.0)]), experiment(&[("a", 40.0), ("b", 40.0), ("c", 20.0)]));
        let moved = (0..10_000).map(|n| format!("lead{n}")).filter(|lead| {
            let (before, after) = (drawn(&old, lead), drawn(&new, lead));
            assert!(after == before || after == 2, "{lead} moved from {before} to {after}");
            after == 2
        });
        let moved = moved.count();
        assert!((1_850..2_150).contains(&moved), "{moved} of 10,000 moved to a share of 20 %");
    }
}

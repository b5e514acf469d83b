//! Why a lead gets the variant of an experiment that it gets.

use crate::engine::ask::VariantAsked;
use crate::rulebook::{Experiment, ExperimentId, SequenceId, Touch};

use super::{Clause, ClauseKind, Inquiry};

impl Inquiry<'_> {
    /// The variant that a decision names.
    pub(super) fn given(&self, (id, variant): (ExperimentId, u8)) -> Option<Clause> {
        let experiment = self.rulebook().experiments.get(id)?;
        let asked = self.engine.ask_variant(self.lead, id, self.log)?;
        Some(clause(experiment, variant, true)?.says(why(experiment, variant, asked)))
    }

    /// Whether a lead gets a variant.
    fn gets(&self, (id, variant): (ExperimentId, u8)) -> Option<Clause> {
        let experiment = self.rulebook().experiments.get(id)?;
        let asked = self.engine.ask_variant(self.lead, id, self.log)?;
        if asked.variant == variant {
            return self.given((id, variant));
        }
        let own = experiment.variants.get(usize::from(asked.variant)).map_or("", |own| own.name.as_str());
        let says = format!("gets {own}, {}", why(experiment, asked.variant, asked));
        Some(clause(experiment, variant, false)?.says(says).needs("a lead stays with its variant"))
    }

    /// Whether a lead that would enter a sequence enters this one; `None` where it is not compared.
    pub(super) fn enters(&self, through: SequenceId, into: SequenceId) -> Option<Clause> {
        let (id, experiment) = self.compares(through)?;
        let variant = experiment.sequences().position(|other| other == into)?;
        self.gets((id, variant as u8))
    }

    /// The experiment that compares a sequence with others, whose first variant it is.
    pub(super) fn compares(&self, sequence: SequenceId) -> Option<(ExperimentId, &Experiment)> {
        self.rulebook().experiments.with_ids().find(|(_, of)| of.touch.is_none() && of.sequence == sequence)
    }

    /// The touches that can stand at a place of a sequence, each with whether the lead gets it where an experiment
    /// is on it.
    pub(super) fn touches_of(&self, sequence: SequenceId, place: u16) -> Vec<(&Touch, Option<Clause>)> {
        let mut experiments = self.rulebook().experiments.with_ids();
        let on = experiments.find(|(_, of)| of.sequence == sequence && of.touch == Some(place));
        let Some((id, experiment)) = on else {
            return self.rulebook().touch(sequence, place).map(|touch| (touch, None)).into_iter().collect();
        };
        experiment.touches().zip(0..).map(|(touch, variant)| (touch, self.gets((id, variant)))).collect()
    }
}

fn clause(experiment: &Experiment, variant: u8, holds: bool) -> Option<Clause> {
    let name = &experiment.variants.get(usize::from(variant))?.name;
    Some(Clause::new(ClauseKind::Variant, format!("{name} of {}", experiment.name), holds))
}

fn why(experiment: &Experiment, variant: u8, asked: VariantAsked) -> String {
    if variant != asked.drawn {
        return String::from("kept from when it met the experiment");
    }
    let share = experiment.variants.get(usize::from(variant)).map(|variant| variant.share).unwrap_or_default();
    format!("drawn by the lead's name, as for {share}% of leads")
}

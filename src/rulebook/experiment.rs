//! Experiments: one of several variants for each lead.

use super::{SequenceId, SetId, Touch};
use crate::decimal::Decimal;
use crate::source::Range;
use crate::timestamp::Span;

/// `experiment NAME on SEQ.TOUCH { … }`, `experiment NAME on SEQ { … }`
#[derive(Clone, Debug)]
pub struct Experiment {
    /// Its name.
    pub name: String,
    /// The sequence; of an experiment on whole sequences the one that is written, which is the first variant.
    pub sequence: SequenceId,
    /// Index of the touch, the tail following the last one; `None` where sequences are compared.
    pub touch: Option<u16>,
    /// In what its variants differ.
    pub varies: Varies,
    /// Its variants, in order; their shares sum to 100.
    pub variants: Vec<Variant>,
    /// What counts as a success, and within how long after the touch or the enrollment.
    pub goal: Option<(SetId, Span)>,
    /// The lift to find, in percent of the first variant's rate: 50 where nothing is said.
    pub find: Decimal,
    /// How long it runs at most, from its first exposure on.
    pub at_most: Option<Span>,
    /// What must not come more often, and within how long.
    pub guard: Option<(SetId, Span)>,
    /// Where it stands.
    pub range: Range,
}

/// In what the variants of an experiment differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Varies {
    /// The template on the touch's first channel: `recap 50%`.
    Template,
    /// The day: `day 5 50%`, `+2d 50%`.
    Day,
    /// The time of the day: `at 14:00 50%`.
    Time,
    /// The channel and what it carries: `sms check_in 50%`.
    Channel,
    /// The whole sequence: `hot_slow 50%`.
    Sequence,
}

/// One variant of an experiment.
#[derive(Clone, Debug)]
pub struct Variant {
    /// What it is called in decisions, as it is written: `recap`, `day 5`, `+2d`, `at 14:00`, `sms check_in`.
    pub name: String,
    /// Its share of the leads, in percent.
    pub share: Decimal,
    /// What a lead of it gets.
    pub given: Given,
    /// Where it stands.
    pub range: Range,
}

/// What a lead of a variant gets.
#[derive(Clone, Debug)]
pub enum Given {
    /// This touch in place of the one that is written. It is called as that one, and says where that one stands.
    Touch(Box<Touch>),
    /// This sequence in place of the one that is written.
    Sequence(SequenceId),
}

impl Experiment {
    /// The lift that is found where nothing is said: 50 percent.
    #[must_use]
    pub fn usual_find() -> Decimal {
        Decimal::from(50)
    }

    /// The touch that a variant gives; `None` where it gives a sequence.
    #[must_use]
    pub fn touch_of(&self, variant: u8) -> Option<&Touch> {
        match &self.variants.get(usize::from(variant))?.given {
            Given::Touch(touch) => Some(touch),
            Given::Sequence(_) => None,
        }
    }

    /// The sequence that a variant gives; `None` where it gives a touch.
    #[must_use]
    pub fn sequence_of(&self, variant: u8) -> Option<SequenceId> {
        match self.variants.get(usize::from(variant))?.given {
            Given::Sequence(sequence) => Some(sequence),
            Given::Touch(_) => None,
        }
    }

    /// The touches it compares; none where it is on a whole sequence.
    pub fn touches(&self) -> impl Iterator<Item = &Touch> {
        self.variants.iter().filter_map(|variant| match &variant.given {
            Given::Touch(touch) => Some(touch.as_ref()),
            Given::Sequence(_) => None,
        })
    }

    /// The sequences it compares, the one that is written first; none where it is on a touch.
    pub fn sequences(&self) -> impl Iterator<Item = SequenceId> {
        self.variants.iter().filter_map(|variant| match variant.given {
            Given::Sequence(sequence) => Some(sequence),
            Given::Touch(_) => None,
        })
    }
}

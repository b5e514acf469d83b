//! Experiments as data: how many leads each variant has, how many of them reached the goal, and what may be
//! concluded from it.
//!
//! The unit is the lead, from its first exposure on, in the variant that it was given, also where its message was
//! then skipped or held. It counts once its time is over, with the goal or without.

mod exposed;
mod verdict;

use std::collections::BTreeMap;

pub use self::exposed::Exposed;
pub(super) use self::exposed::exposed;
use crate::decision::{Reason, Status};
use crate::log::Log;
use crate::plan::Plan;
use crate::rulebook::{Experiment, ExperimentId};
use crate::statistics::{Difference, Interval, Proportion, newcombe, wilson};
use crate::timestamp::Timestamp;

/// An experiment with what came of it.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Which experiment.
    pub experiment: ExperimentId,
    /// Its variants, in their order.
    pub variants: Vec<VariantFigure>,
    /// When the first lead met it.
    pub began: Option<Timestamp>,
    /// When it is over, where it says how long it runs and a lead has met it.
    pub ends: Option<Timestamp>,
    /// How many successes are enough; `None` without a goal, or where no number is.
    pub needed: Option<u32>,
    /// How many of them there are: of the pair of variants that has the fewest.
    pub gathered: u32,
    /// What may be concluded.
    pub state: TrialState,
}

/// What may be concluded from an experiment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TrialState {
    /// It has no goal, so there is nothing to conclude.
    WithoutGoal,
    /// Leads came into the variants surely otherwise than by their shares, so that something else than chance brought
    /// them there: nothing is concluded.
    Uneven,
    /// Leads of this variant surely meet the guard more often than those of the first one: stop it.
    Harm {
        /// Its place.
        variant: usize,
        /// By how much more often.
        by: Difference,
    },
    /// There are not enough successes yet; looking decides nothing.
    Gathering,
    /// A variant has won.
    Winner {
        /// Its place.
        variant: usize,
        /// When.
        at: Timestamp,
    },
    /// There were as many successes as are needed, and nobody has won.
    NoWinner {
        /// When.
        at: Timestamp,
    },
    /// It has run for as long as it may, and nobody has won.
    TimeUp {
        /// When.
        at: Timestamp,
    },
}

/// The leads of one variant.
#[derive(Clone, Debug, Default)]
pub struct VariantFigure {
    /// All that met it.
    pub leads: u64,
    /// Those whose time is over, and how many of them reached the goal; all, without a goal.
    pub reached: Proportion,
    /// Where the rate may lie.
    pub interval: Option<Interval>,
    /// By how much it exceeds the rate of the first variant.
    pub change: Option<Difference>,
    /// Of those whose time is not over, how many reached it so far.
    pub so_far: u64,
    /// Those whose time for the guard is over, and how many of them met it.
    pub guarded: Proportion,
    /// Those whose message did not go out at once, by what became of it, the most first.
    pub withheld: Vec<Withheld>,
}

/// Leads of a variant whose message did not go out at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Withheld {
    /// What became of it.
    pub status: Status,
    /// Why; that of the first of them stands for all.
    pub reason: Option<Reason>,
    /// How many leads.
    pub leads: u64,
    /// To how many of them it went out later.
    pub sent: u64,
}

impl VariantFigure {
    /// Leads whose time is not over.
    #[must_use]
    pub fn unripe(&self) -> u64 {
        self.leads - self.reached.rows
    }
}

/// What came of every experiment of the rulebook, as of a moment.
#[must_use]
pub fn trials(plan: &Plan, log: &Log, exposed: &[Exposed], as_of: Timestamp) -> Vec<Trial> {
    let mut by: BTreeMap<ExperimentId, Vec<&Exposed>> = BTreeMap::new();
    // What comes to all variants has to have come: else those of an earlier one would be there first.
    for one in exposed.iter().filter(|one| one.until <= as_of) {
        by.entry(one.experiment).or_default().push(one);
    }
    let trial = |(id, experiment): (ExperimentId, &Experiment)| {
        let mut leads = by.remove(&id).unwrap_or_default();
        leads.sort_by(|a, b| a.closes.cmp(&b.closes).then_with(|| log.lead_name(a.lead).cmp(log.lead_name(b.lead))));
        trial((id, experiment), &leads, as_of)
    };
    plan.rulebook.experiments.with_ids().map(trial).collect()
}

/// One experiment, from its leads in the order in which their time is over.
fn trial((id, experiment): (ExperimentId, &Experiment), leads: &[&Exposed], as_of: Timestamp) -> Trial {
    let mut variants: Vec<VariantFigure> = (0..experiment.variants.len())
        .map(|place| VariantFigure::of(leads.iter().filter(|lead| usize::from(lead.variant) == place), as_of))
        .collect();
    if experiment.goal.is_some() {
        let first = variants.first().map(|first| first.reached).unwrap_or_default();
        for (place, variant) in variants.iter_mut().enumerate() {
            variant.interval = wilson(variant.reached);
            variant.change = newcombe(variant.reached, first).filter(|_| place > 0);
        }
    }
    let began = leads.iter().map(|lead| lead.at).min();
    let ends = began.zip(experiment.at_most).map(|(began, at_most)| began + at_most);
    let judged = verdict::judge(experiment, &variants, leads, (ends, as_of));
    Trial {
        experiment: id,
        variants,
        began,
        ends,
        needed: judged.needed,
        gathered: judged.gathered,
        state: judged.state,
    }
}

impl VariantFigure {
    fn of<'a>(leads: impl Iterator<Item = &'a &'a Exposed>, as_of: Timestamp) -> Self {
        let mut figure = Self::default();
        for lead in leads {
            figure.leads += 1;
            let reached = u64::from(lead.reached.is_some());
            if lead.closes <= as_of {
                figure.reached.rows += 1;
                figure.reached.successes += reached;
            } else {
                figure.so_far += reached;
            }
            if let Some((_, guarded)) = lead.guard.filter(|(closes, _)| *closes <= as_of) {
                figure.guarded.rows += 1;
                figure.guarded.successes += u64::from(guarded.is_some());
            }
            figure.withhold(lead);
        }
        figure.withheld.sort_by_key(|withheld| std::cmp::Reverse(withheld.leads));
        figure
    }

    fn withhold(&mut self, lead: &Exposed) {
        if lead.status == Status::Sent {
            return;
        }
        let same = |withheld: &&mut Withheld| {
            withheld.status == lead.status && is_alike(withheld.reason.as_ref(), lead.reason.as_ref())
        };
        let sent = u64::from(lead.sent);
        match self.withheld.iter_mut().find(same) {
            Some(withheld) => (withheld.leads, withheld.sent) = (withheld.leads + 1, withheld.sent + sent),
            None => {
                self.withheld.push(Withheld { status: lead.status, reason: lead.reason.clone(), leads: 1, sent });
            }
        }
    }
}

/// Whether two reasons are the same but for moments.
fn is_alike(a: Option<&Reason>, b: Option<&Reason>) -> bool {
    match (a, b) {
        (Some(Reason::Awaits(a)), Some(Reason::Awaits(b))) => a == b,
        (Some(Reason::Waited { awaited: a, .. }), Some(Reason::Waited { awaited: b, .. })) => a == b,
        (Some(a), Some(b)) => a.code() == b.code(),
        (None, None) => true,
        _ => false,
    }
}

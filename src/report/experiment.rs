//! What became of the variants of experiments in a dry run: how many were sent or entered, and after how
//! many of them the goal was reached in time.

use std::collections::BTreeMap;
use std::fmt;

use crate::decision::{Body, Decision, Status};
use crate::engine::in_set;
use crate::event::LeadId;
use crate::log::Log;
use crate::plan::Plan;
use crate::rulebook::{Experiment, ExperimentId};
use crate::timestamp::Timestamp;

use crate::words::many;

/// One variant of an experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariantResult {
    /// The experiment.
    pub experiment: String,
    /// The variant: what is sent, when, or the sequence that is entered.
    pub variant: String,
    /// How often it was sent or entered.
    pub sent: usize,
    /// After how many of them the goal was reached in time; `None` without a goal.
    pub reached: Option<usize>,
}

impl fmt::Display for VariantResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "experiment {}: {} {}", self.experiment, self.variant, many(self.sent, "time"))?;
        match self.reached {
            Some(reached) if self.sent > 0 => {
                write!(f, ", goal reached {reached} ({:.0} %)", reached as f64 * 100.0 / self.sent as f64)
            }
            _ => Ok(()),
        }
    }
}

/// The results of every variant, in rulebook order.
#[must_use]
pub fn results(plan: &Plan, log: &Log, decisions: &[Decision]) -> Vec<VariantResult> {
    let mut all = Vec::new();
    for (id, experiment) in plan.rulebook.experiments.with_ids() {
        for (place, variant) in experiment.variants.iter().enumerate() {
            let sent = sent(decisions, (id, place as u8));
            all.push(VariantResult {
                experiment: experiment.name.clone(),
                variant: variant.name.clone(),
                reached: reached(plan, log, experiment, &sent),
                sent: sent.len(),
            });
        }
    }
    all
}

fn sent(decisions: &[Decision], variant: (ExperimentId, u8)) -> Vec<(LeadId, Timestamp)> {
    let of = |decision: &Decision| match &decision.body {
        Body::Touch(touch) if touch.status == Status::Sent && touch.experiment == Some(variant) => {
            Some((decision.lead, decision.at))
        }
        Body::Enroll { experiment, suppressed: None, .. } if *experiment == Some(variant) => {
            Some((decision.lead, decision.at))
        }
        _ => None,
    };
    decisions.iter().filter_map(of).collect()
}

/// After how many sends an event of the goal happened within its length.
fn reached(plan: &Plan, log: &Log, experiment: &Experiment, sent: &[(LeadId, Timestamp)]) -> Option<usize> {
    let (set, within) = experiment.goal?;
    let mut goals: BTreeMap<LeadId, Vec<Timestamp>> = BTreeMap::new();
    for event in log.iter().filter(|event| in_set(plan, set, event)) {
        goals.entry(event.lead).or_default().push(event.at);
    }
    let in_time = |(lead, at): &&(LeadId, Timestamp)| {
        goals.get(lead).into_iter().flatten().any(|goal| goal > at && *goal <= *at + within)
    };
    Some(sent.iter().filter(in_time).count())
}

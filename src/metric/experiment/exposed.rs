//! The first exposure of each lead to an experiment, and what the lead did from then on.

use std::collections::BTreeMap;

use crate::decision::{Reason, Status};
use crate::engine::meter::{Exposure, Samples};
use crate::event::LeadId;
use crate::plan::{GaugedExperiment, Plan};
use crate::rulebook::ExperimentId;
use crate::timestamp::{Span, Timestamp};

/// A lead in an experiment.
#[derive(Clone, Debug)]
pub struct Exposed {
    /// The experiment.
    pub experiment: ExperimentId,
    /// The variant that it was given.
    pub variant: u8,
    /// Who.
    pub lead: LeadId,
    /// When the first of the variants came for it: from here on what it does counts.
    pub at: Timestamp,
    /// When the last of them did.
    pub until: Timestamp,
    /// When its time is over; its `until` without a goal.
    pub closes: Timestamp,
    /// When it first reached the goal in this time.
    pub reached: Option<Timestamp>,
    /// When its time for the guard is over, and when it first met that in this time.
    pub guard: Option<(Timestamp, Option<Timestamp>)>,
    /// What became of its message at first.
    pub status: Status,
    /// Why it did not go out.
    pub reason: Option<Reason>,
    /// Whether it went out, then or later.
    pub sent: bool,
}

/// The leads of one shard.
pub(in crate::metric) fn exposed(plan: &Plan, samples: &Samples) -> Vec<Exposed> {
    let Some(gauge) = plan.gauge.as_ref().filter(|_| !samples.exposures.is_empty()) else { return Vec::new() };
    let mut by: BTreeMap<(ExperimentId, LeadId), Vec<&Exposure>> = BTreeMap::new();
    for exposure in &samples.exposures {
        by.entry((exposure.experiment, exposure.lead)).or_default().push(exposure);
    }
    let happened = Happenings::of(samples, gauge.experiments.iter());
    let lead = |((experiment, lead), all): ((ExperimentId, LeadId), Vec<&Exposure>)| {
        // They are in the order in which they came; the first lines of a touch have one beginning.
        let first = *all.iter().min_by_key(|exposure| exposure.from)?;
        let gauged = gauge.experiments.get(experiment).copied().unwrap_or_default();
        let within = |(awaited, length): (u16, Span)| {
            let closes = first.until + length;
            (closes, happened.first(awaited, lead, first.from..closes))
        };
        let goal = gauged.goal.map(within);
        Some(Exposed {
            experiment,
            variant: first.variant,
            lead,
            at: first.from,
            until: first.until,
            closes: goal.map_or(first.until, |(closes, _)| closes),
            reached: goal.and_then(|(_, reached)| reached),
            guard: gauged.guard.map(within),
            status: first.status,
            reason: first.reason.clone(),
            sent: all.iter().any(|later| later.enrollment == first.enrollment && later.status == Status::Sent),
        })
    };
    by.into_iter().filter_map(lead).collect()
}

/// When what experiments look for happened, by what it is and whose.
struct Happenings(BTreeMap<(u16, LeadId), Vec<Timestamp>>);

impl Happenings {
    fn of<'a>(samples: &Samples, gauged: impl Iterator<Item = &'a GaugedExperiment>) -> Self {
        let awaited: Vec<u16> =
            gauged.flat_map(|of| [of.goal, of.guard]).flatten().map(|(awaited, _)| awaited).collect();
        let mut all: BTreeMap<(u16, LeadId), Vec<Timestamp>> = BTreeMap::new();
        for happened in samples.happened.iter().filter(|happened| awaited.contains(&happened.awaited)) {
            all.entry((happened.awaited, happened.lead)).or_default().push(happened.at);
        }
        all.values_mut().for_each(|moments| moments.sort_unstable());
        Self(all)
    }

    fn first(&self, awaited: u16, lead: LeadId, within: std::ops::Range<Timestamp>) -> Option<Timestamp> {
        let moments = self.0.get(&(awaited, lead))?;
        let from = moments.partition_point(|at| *at < within.start);
        moments.get(from).copied().filter(|at| *at < within.end)
    }
}

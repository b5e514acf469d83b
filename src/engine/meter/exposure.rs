//! Leads that meet an experiment, as those that measure it see them.
//!
//! Variants of a day, a time or a channel part before the first of them goes out. A lead counts from that moment on,
//! whichever it was given, and until the last of them has had its whole time. Counted each from its own
//! message, leads of the earlier one would have the answers of a day on which those of the later one do not count yet.

use crate::decision::{Body, Decision, Reason, Status, TouchLine};
use crate::event::LeadId;
use crate::rulebook::{Experiment, ExperimentId, SequenceId, Varies};
use crate::timestamp::Timestamp;

use super::Meter;
use crate::engine::lead::Enrollment;
use crate::engine::{Moment, World};

/// What became of a lead in an experiment at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Exposure {
    pub experiment: ExperimentId,
    /// Its variant.
    pub variant: u8,
    pub lead: LeadId,
    /// Which enrollment of the lead in the sequence.
    pub enrollment: u32,
    /// When the first of the variants comes for it.
    pub from: Timestamp,
    /// When the last of them does.
    pub until: Timestamp,
    /// What became of the message; `Sent` of an enrollment.
    pub status: Status,
    /// Why it did not go out.
    pub reason: Option<Reason>,
}

impl World {
    /// A line that names a variant.
    pub(super) fn measure_exposure(&self, meter: &mut Meter, moment: &Moment<'_>, slot: u32, decision: &Decision) {
        let at = decision.at;
        match &decision.body {
            Body::Enroll { enrollment, experiment: Some((experiment, variant)), suppressed: None, .. } => {
                meter.samples.exposures.push(Exposure {
                    experiment: *experiment,
                    variant: *variant,
                    lead: decision.lead,
                    enrollment: *enrollment,
                    from: at,
                    until: at,
                    status: Status::Sent,
                    reason: None,
                });
            }
            Body::Touch(line) => {
                let Some((id, variant)) = line.experiment else { return };
                // What is cancelled with its enrollment is looked at when that ends.
                let Some(enrollment) = self.enrolled_by(slot, line) else { return };
                let (from, until) = match moment.plan.rulebook.experiments.get(id) {
                    Some(experiment) => self.span_of(moment, slot, enrollment, experiment),
                    None => return,
                };
                let exposure = Exposure {
                    experiment: id,
                    variant,
                    lead: decision.lead,
                    enrollment: line.enrollment,
                    from: from.unwrap_or(at).min(at),
                    until: until.unwrap_or(at).max(at),
                    status: line.status,
                    reason: line.reason.clone(),
                };
                meter.samples.exposures.push(exposure);
            }
            _ => {}
        }
    }

    /// An enrollment ends early: its next touch may have come by now in another variant.
    pub(in crate::engine) fn measure_leaving(
        &self,
        moment: &Moment<'_>,
        slot: u32,
        id: SequenceId,
        (reason, status): (&Reason, Status),
    ) {
        let Some(meter) = self.meter.as_ref().filter(|_| !moment.backfill) else { return };
        let lead = self.lead(slot);
        let Some(enrollment) = lead.enrollments.iter().find(|enrollment| enrollment.sequence == id) else { return };
        let given = self.variant(moment.plan, moment.names, slot, (id, enrollment.next));
        let Some((experiment, variant)) = given else { return };
        let Some(of) = moment.plan.rulebook.experiments.get(experiment).filter(|of| parts_early(of.varies)) else {
            return;
        };
        // A lead that is held meets none of them.
        let now = self.hold_of(lead).map_or(moment.now, |hold| hold.since.min(moment.now));
        let (Some(from), Some(until)) = self.span_of(moment, slot, enrollment, of) else { return };
        if from <= now {
            meter.borrow_mut().samples.exposures.push(Exposure {
                experiment,
                variant,
                lead: lead.id,
                enrollment: enrollment.number,
                from,
                until,
                status,
                reason: Some(reason.clone()),
            });
        }
    }

    /// The enrollment that a line is of, while it runs.
    fn enrolled_by(&self, slot: u32, line: &TouchLine) -> Option<&Enrollment> {
        let of = |enrollment: &&Enrollment| {
            enrollment.sequence == line.sequence
                && enrollment.number == line.enrollment
                && enrollment.next == line.touch
        };
        self.lead(slot).enrollments.iter().map(AsRef::as_ref).find(of)
    }

    /// When the first and the last variant of an enrollment's next touch come, but for what puts one off; none where
    /// they part only in what is sent.
    fn span_of(
        &self,
        moment: &Moment<'_>,
        slot: u32,
        enrollment: &Enrollment,
        experiment: &Experiment,
    ) -> (Option<Timestamp>, Option<Timestamp>) {
        let sequence = moment.plan.rulebook.sequences.get(experiment.sequence);
        let Some(sequence) = sequence.filter(|_| parts_early(experiment.varies)) else { return (None, None) };
        let mut at_first = enrollment.clone();
        at_first.not_before = Timestamp::MIN;
        let dues = experiment.touches().filter_map(|touch| {
            let ground = self.ground(moment.plan, slot, sequence, touch, enrollment.started).untold();
            ground.plan(touch, &at_first).due
        });
        let dues: Vec<Timestamp> = dues.collect();
        (dues.iter().copied().min(), dues.iter().copied().max())
    }
}

/// Whether variants part before one of them goes out.
fn parts_early(varies: Varies) -> bool {
    match varies {
        Varies::Day | Varies::Time | Varies::Channel => true,
        Varies::Template | Varies::Sequence => false,
    }
}

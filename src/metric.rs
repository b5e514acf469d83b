//! What follow-ups achieve, in numbers: a number is a pure function of rulebook, entries received up to the as-of
//! moment, and that moment. It has a denominator that anybody can list, and says what it does not know.

pub mod alert;
pub mod cell;
mod credit;
pub mod experiment;
pub mod figure;
mod fold;
pub mod period;
pub mod table;
pub mod value;

use std::sync::Arc;

use self::cell::Tallies;
use self::experiment::{Exposed, exposed};
use self::fold::Folding;
pub use self::fold::{RowLine, RowState};
use self::period::Stretch;
use crate::local::Zone;
use crate::log::Log;
use crate::plan::Plan;
use crate::replay::{self, ReplayError, ReplayOptions};
use crate::rulebook::{MetricId, Rulebook};
use crate::timestamp::Timestamp;
use crate::units::ZoneSource;

/// What is to be counted.
#[derive(Clone, Debug)]
pub struct Counting<'a> {
    /// The stretches of time, in any order; they may overlap.
    pub stretches: &'a [Stretch],
    /// Entries received by then count, and what is not over by then is not ripe.
    pub as_of: Timestamp,
    /// The metrics whose rows are wanted one by one.
    pub listed: &'a [MetricId],
    /// Leads of a stretch ripen one by one and not at its end: for tests, where time has no periods.
    pub apart: bool,
    /// Where days begin.
    pub zone: Zone,
    /// How to go through the log.
    pub replay: ReplayOptions,
}

/// What was counted.
#[derive(Clone, Debug, Default)]
pub struct Counted {
    /// The numbers, by metric, group and stretch.
    pub cells: Tallies,
    /// The rows of the metrics that were asked for, by time.
    pub rows: Vec<RowLine>,
    /// Breakdowns with more groups than can be shown.
    pub crowded: Vec<(MetricId, u8)>,
    /// The leads of experiments.
    pub exposed: Vec<Exposed>,
}

/// Goes through a log once and counts the metrics of a measured plan.
///
/// # Errors
/// The threads cannot be started, or the guard has stopped a script.
pub fn count(plan: &Arc<Plan>, log: &Log, counting: &Counting<'_>) -> Result<Counted, ReplayError> {
    // Of a running day there is none yet: leads are looked at when the last whole one ended.
    let midnight = counting.zone.day_start(counting.zone.to_local(counting.as_of).date());
    let latest = if counting.apart { counting.as_of } else { midnight };
    let ends: Vec<Timestamp> = counting.stretches.iter().map(|stretch| stretch.to.min(latest)).collect();
    let folding = Folding {
        plan,
        stretches: counting.stretches,
        ends: &ends,
        as_of: counting.as_of,
        listed: counting.listed,
        apart: counting.apart,
    };
    let mut moments = ends.clone();
    moments.sort_unstable();
    moments.dedup();
    let options = ReplayOptions { until: Some(counting.as_of), ..counting.replay };
    let parts = replay::measured(plan, log, &options, &moments.into(), |samples| {
        (exposed(plan, &samples), folding.fold(samples))
    })?;
    let mut counted = Counted::default();
    for (exposed, part) in parts {
        counted.exposed.extend(exposed);
        counted.cells.add(part.cells);
        counted.rows.extend(part.rows);
    }
    counted.crowded = counted.cells.settle();
    counted.rows.sort_by(|a, b| {
        a.at.cmp(&b.at)
            .then_with(|| log.lead_name(a.lead).cmp(log.lead_name(b.lead)))
            .then(a.stretch.cmp(&b.stretch))
            .then(a.metric.cmp(&b.metric))
    });
    Ok(counted)
}

/// Where the days of reports begin: as the rulebook says, else in the last fixed zone of its calendar, else in UTC.
#[must_use]
pub fn report_zone(rulebook: &Rulebook) -> Zone {
    let fixed = rulebook.zones.iter().rev().find_map(|source| match source {
        ZoneSource::Fixed(name) => Zone::parse(name),
        ZoneSource::Lead | ZoneSource::Account | ZoneSource::Owner => None,
    });
    rulebook.report_zone.or(fixed).unwrap_or(Zone::UTC)
}

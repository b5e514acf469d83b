//! A report of metrics as people and programs get it.

pub mod alert;
mod csv;
pub mod entry;
mod experiment;
pub mod html;
pub mod human;
pub mod line;
pub mod markdown;
mod numbers;
mod picture;
pub mod rows;
pub mod words;

use crate::metric::table::MetricTable;
use crate::plan::Plan;
use crate::rulebook::{MEASURED_TYPES, Metric};

/// What a report is drawn from.
#[derive(Clone, Copy, Debug)]
pub struct Drawn<'a> {
    /// The rulebook.
    pub plan: &'a Plan,
    /// The numbers.
    pub table: &'a MetricTable,
    /// Nothing of the log was handed over: what was sent is what the rules would have sent.
    pub simulated: bool,
    /// Groups of this breakdown are shown too.
    pub by: Option<&'a str>,
}

impl Drawn<'_> {
    /// Whether a metric has rows of what the rules would have sent, where nothing was handed over.
    #[must_use]
    pub fn is_simulated(&self, metric: &Metric) -> bool {
        let rulebook = &self.plan.rulebook;
        let set = metric.measure.rows().and_then(|rows| rows.set).and_then(|set| rulebook.sets.get(set));
        let mut types = set.into_iter().flat_map(|set| &set.alternatives).map(|it| rulebook.types.name(it.ty));
        self.simulated && types.any(|name| MEASURED_TYPES.contains(&name))
    }

    /// Whether any of its metrics has such rows.
    #[must_use]
    pub fn shows_simulated(&self) -> bool {
        let metrics = &self.plan.rulebook.metrics;
        let has_rows = |metric| self.is_simulated(metric);
        let tries = self.simulated && !self.table.trials.is_empty();
        tries || self.table.metrics.iter().filter_map(|rows| metrics.get(rows.metric)).any(has_rows)
    }
}

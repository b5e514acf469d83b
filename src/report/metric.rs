//! A report of metrics as people and programs get it.

pub mod human;
pub mod line;
pub mod rows;
pub mod words;

use crate::metric::table::MetricTable;
use crate::plan::Plan;

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

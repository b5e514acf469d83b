//! Experiments: one of several templates for each lead.

use super::{SequenceId, SetId};
use crate::decimal::Decimal;
use crate::source::Range;
use crate::timestamp::Span;

/// `experiment NAME on SEQ.TOUCH { … }`
#[derive(Clone, Debug)]
pub struct Experiment {
    /// Its name.
    pub name: String,
    /// The sequence.
    pub sequence: SequenceId,
    /// Index of the touch; the tail follows the last one.
    pub touch: u16,
    /// Templates with their weights in percent, summing to 100.
    pub variants: Vec<(String, Decimal)>,
    /// What counts as a success, and within how long after the touch.
    pub goal: Option<(SetId, Span)>,
    /// Where it stands.
    pub range: Range,
}

//! What will happen if nothing else does: the engine itself goes on without events, on a copy.

use crate::decision::Decision;
use crate::rulebook::RuleId;
use crate::timestamp::{Span, Timestamp};

use super::Inquiry;

/// How far ahead is looked.
const AHEAD: Span = Span::days(366);

/// What the engine decides by the passing of time alone.
pub(super) struct Future {
    /// What it decides about the lead, in order.
    pub decisions: Vec<Decision>,
    /// When rules act on the lead, in order.
    pub acts: Vec<(RuleId, Timestamp)>,
}

impl Inquiry<'_> {
    /// A year without events.
    pub(super) fn future(&self) -> Future {
        let mut engine = self.engine.clone();
        let known = engine.seen().judged.len();
        let mut decisions = Vec::new();
        if let Err(stopped) = engine.drain(engine.now() + AHEAD, self.log, &mut decisions) {
            self.stopped_ahead.get_or_init(|| stopped);
        }
        decisions.retain(|decision| decision.lead == self.lead);
        let judged = engine.seen().judged.iter().skip(known);
        let acts = judged.filter(|judged| judged.lead == self.lead && judged.asked.passes());
        Future { acts: acts.map(|judged| (judged.rule, judged.at)).collect(), decisions }
    }
}

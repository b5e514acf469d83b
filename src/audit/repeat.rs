//! Mails of a template that the lead had already: what went before it is not asked of a metric.

use std::collections::BTreeSet;

use crate::event::{EventNumber, LeadId};
use crate::log::Log;
use crate::rulebook::Rulebook;
use crate::timestamp::Timestamp;
use crate::value::View;

use super::Example;
use super::book::MailsTold;

/// Mails with a template, and those of them that repeat one.
#[derive(Clone, Debug, Default)]
pub(super) struct Repeats {
    /// How many mails say of which template they are.
    pub mails: u64,
    /// Those that repeat one, in order of arrival.
    pub again: Vec<Example>,
}

impl Repeats {
    /// Those of a log, of what was received until a moment.
    pub fn of(log: &Log, rulebook: &Rulebook, told: MailsTold, as_of: Timestamp) -> Self {
        let mut repeats = Self::default();
        let mut seen: BTreeSet<(LeadId, &str)> = BTreeSet::new();
        let (ty, template) = (rulebook.types.find(told.ty()), rulebook.props.find("template"));
        let handled = log.entries().iter().zip(0..).take_while(|(entry, _)| entry.received_at <= as_of);
        for (entry, number) in handled.filter(|(entry, _)| entry.ty() == ty) {
            let event = log.event(EventNumber(number)).zip(template);
            let Some(View::Text(name)) = event.map(|(event, template)| event.props.get(template)) else { continue };
            repeats.mails += 1;
            if !seen.insert((entry.lead, name)) {
                repeats.again.push(Example { lead: entry.lead, at: entry.at, entry: EventNumber(number) });
            }
        }
        repeats
    }
}

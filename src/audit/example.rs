//! Leads that show a finding: whose, when, and which entry of the log shows it.

use super::Example;
use crate::event::{EventNumber, LeadId};
use crate::log::{Log, LogEntry};
use crate::rulebook::{EventSet, Metric, Rulebook, TypeId};
use crate::timestamp::Timestamp;

/// The entries of a log by lead, in order of arrival, of what was received until a moment.
pub(super) struct Histories<'a> {
    log: &'a Log,
    /// The numbers of all entries: those of one lead together, by when they happened.
    numbers: Vec<u32>,
    /// Where those of each lead begin; one more at the end.
    starts: Vec<usize>,
}

/// Which moment of a lead is shown.
#[derive(Clone, Debug)]
pub(super) enum Anchor {
    /// That of the row itself, which is an event of such a type.
    Row(Vec<TypeId>),
    /// The first thing known of the lead.
    First,
    /// The last event of such a type; the last of all, where there is none.
    Last(Vec<TypeId>),
}

impl Anchor {
    /// The last event of a group or an event, by its name.
    pub fn last(rulebook: &Rulebook, name: &str) -> Self {
        Self::Last(types(rulebook.sets.iter().filter(|set| set.is_named(name))))
    }

    /// The row of a metric, where that is an event.
    pub fn row(rulebook: &Rulebook, metric: &Metric) -> Self {
        let set = metric.measure.rows().and_then(|rows| rows.set).and_then(|set| rulebook.sets.get(set));
        Self::Row(types(set.into_iter()))
    }
}

/// The types of sets, each once, in order.
fn types<'a>(sets: impl Iterator<Item = &'a EventSet>) -> Vec<TypeId> {
    let mut types: Vec<TypeId> = sets.flat_map(|set| &set.alternatives).map(|it| it.ty).collect();
    types.sort_unstable();
    types.dedup();
    types
}

impl<'a> Histories<'a> {
    /// Those of a log.
    pub fn of(log: &'a Log, as_of: Timestamp) -> Self {
        let handled = log.entries().partition_point(|entry| entry.received_at <= as_of);
        let entries = log.entries().get(..handled).unwrap_or_default();
        let mut starts = vec![0; log.lead_count() + 1];
        for entry in entries {
            if let Some(count) = starts.get_mut(entry.lead.0 as usize + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut next = starts.clone();
        let mut numbers = vec![0; handled];
        for (entry, number) in entries.iter().zip(0..) {
            let place = next.get_mut(entry.lead.0 as usize);
            let place = place.map(|next| std::mem::replace(next, *next + 1));
            if let Some(slot) = place.and_then(|place| numbers.get_mut(place)) {
                *slot = number;
            }
        }
        for range in starts.windows(2) {
            let (Some(from), Some(to)) = (range.first(), range.last()) else { continue };
            let own = numbers.get_mut(*from..*to).unwrap_or_default();
            own.sort_by_key(|number| (log.entries().get(*number as usize).map(|entry| entry.at), *number));
        }
        Self { log, numbers, starts }
    }

    /// The numbers of the entries of a lead, by when they happened.
    fn of_lead(&self, lead: LeadId) -> &[u32] {
        let at = lead.0 as usize;
        let range = self.starts.get(at).copied().zip(self.starts.get(at + 1).copied());
        range.and_then(|(from, to)| self.numbers.get(from..to)).unwrap_or_default()
    }

    fn entry(&self, number: u32) -> Option<&LogEntry> {
        self.log.entries().get(number as usize)
    }

    fn is_of(&self, number: u32, types: &[TypeId]) -> bool {
        self.entry(number).and_then(LogEntry::ty).is_some_and(|ty| types.binary_search(&ty).is_ok())
    }

    /// The entry that shows a row of a lead.
    fn shown(&self, lead: LeadId, at: Timestamp, anchor: &Anchor) -> Option<Example> {
        let own = self.of_lead(lead);
        let number = match anchor {
            Anchor::Row(types) => {
                let before = |number: &u32| self.entry(*number).is_some_and(|entry| entry.at < at);
                let from = own.get(own.partition_point(before)..).unwrap_or_default();
                let then = |number: &&u32| self.entry(**number).is_some_and(|entry| entry.at == at);
                from.iter().take_while(then).find(|number| self.is_of(**number, types))
            }
            Anchor::First => own.first(),
            Anchor::Last(types) => own.iter().rev().find(|number| self.is_of(**number, types)).or(own.last()),
        };
        let number = *number?;
        Some(Example { lead, at: self.entry(number)?.at, entry: EventNumber(number) })
    }

    /// The times from one event of such types to the next, in microseconds.
    pub fn gaps(&self, lead: LeadId, types: &[Option<TypeId>]) -> Vec<f64> {
        let entries = self.of_lead(lead).iter().filter_map(|number| self.entry(*number));
        let is_one = |entry: &&LogEntry| entry.ty().is_some() && types.contains(&entry.ty());
        let moments: Vec<Timestamp> = entries.filter(is_one).map(|entry| entry.at).collect();
        moments.iter().zip(moments.iter().skip(1)).map(|(one, next)| (*next - *one).0 as f64).collect()
    }

    /// The entries that show these rows.
    pub fn all(&self, rows: impl IntoIterator<Item = (LeadId, Timestamp)>, anchor: &Anchor) -> Vec<Example> {
        rows.into_iter().filter_map(|(lead, at)| self.shown(lead, at, anchor)).collect()
    }

    /// The latest first, and of one moment by name.
    pub fn latest(&self, mut shown: Vec<Example>) -> Vec<Example> {
        shown.sort_by(|a, b| {
            let name = |example: &Example| self.log.lead_name(example.lead);
            b.at.cmp(&a.at).then_with(|| name(a).cmp(name(b))).then(a.entry.cmp(&b.entry))
        });
        shown
    }
}

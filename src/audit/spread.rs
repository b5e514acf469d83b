//! How evenly leads are cared for, from owner to owner and from source to source.

use std::collections::BTreeMap;

use super::finding::SpreadGroup;
use super::measure::{Counts, LEAST};
use crate::statistics;
use crate::timestamp::Span;

/// The owners or sources of a log with enough leads to be compared.
#[derive(Clone, Debug, Default)]
pub(super) struct Spread {
    /// The least contacted first.
    pub groups: Vec<SpreadGroup>,
}

impl Spread {
    /// The groups of one breakdown, by its name, each with the time between two contacts, in microseconds.
    pub fn of(counts: &Counts<'_>, by: &str, mut gaps: BTreeMap<&str, Vec<f64>>) -> Self {
        let mut groups: Vec<SpreadGroup> = counts
            .groups("contacts_each", by)
            .filter(|(_, figure)| figure.rows >= LEAST)
            .filter_map(|(label, figure)| {
                let gap = gaps.get_mut(label).and_then(|gaps| statistics::quantile(gaps, 50, f64::total_cmp));
                let gap = gap.map(|gap| Span(gap.round() as i64));
                Some(SpreadGroup { label: label.to_owned(), leads: figure.rows, contacts: figure.value?, gap })
            })
            .collect();
        groups.sort_by(|a, b| a.contacts.total_cmp(&b.contacts).then_with(|| a.label.cmp(&b.label)));
        Self { groups }
    }

    /// Groups that are contacted less than half as often as the best one.
    pub fn neglected(&self) -> impl Iterator<Item = &SpreadGroup> {
        let best = self.groups.last().map_or(0.0, |group| group.contacts);
        self.groups.iter().filter(move |group| group.contacts * 2.0 < best)
    }

    /// All leads that are compared; none where there is nothing to compare with.
    pub fn leads(&self) -> u64 {
        if self.groups.len() < 2 { 0 } else { self.groups.iter().map(|group| group.leads).sum() }
    }
}

//! What rows come to: numbers that can be added, for each metric, group and stretch of time.

use std::collections::BTreeMap;

use smallvec::SmallVec;

use crate::decimal::Decimal;
use crate::rulebook::MetricId;

/// Which number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TallyKey {
    /// The metric.
    pub metric: MetricId,
    /// Which of its breakdowns, and the group; `None` for all rows.
    pub group: Option<(u8, String)>,
    /// Index of the stretch of time.
    pub stretch: u32,
}

/// What the rows of one metric, group and stretch come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Rows whose time is over: the denominator.
    pub rows: u64,
    /// Of these, rows with the outcome.
    pub outcomes: u64,
    /// Rows that `except` leaves out, or that have no value.
    pub left_out: u64,
    /// Rows whose time is not over.
    pub unripe: u64,
    /// Of these, rows that have the outcome by now.
    pub so_far: u64,
    /// Rows, ripe ones, with each outcome, or that reached each step.
    pub each: SmallVec<[u64; 1]>,
    /// The values of rows, in no order.
    pub values: Vec<Decimal>,
    /// How long each row took in microseconds, and whether it is known: else it took longer.
    pub times: Vec<(i64, bool)>,
}

impl Tally {
    /// Adds what other rows come to.
    pub fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.outcomes += other.outcomes;
        self.left_out += other.left_out;
        self.unripe += other.unripe;
        self.so_far += other.so_far;
        if self.each.len() < other.each.len() {
            self.each.resize(other.each.len(), 0);
        }
        for (each, more) in self.each.iter_mut().zip(other.each) {
            *each += more;
        }
        self.values.extend(other.values);
        self.times.extend(other.times);
    }
}

/// All numbers of some metrics.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tallies(pub BTreeMap<TallyKey, Tally>);

/// No breakdown has more groups than this; the smallest beyond are one.
const MOST_GROUPS: usize = 1_000;

/// What groups beyond the largest are called.
pub const OTHER: &str = "other";

impl Tallies {
    /// Adds the numbers of other leads.
    pub fn add(&mut self, other: Self) {
        for (key, cell) in other.0 {
            self.0.entry(key).or_default().add(cell);
        }
    }

    /// Puts the smallest groups of a breakdown with too many into one. The breakdowns that had too many.
    pub fn settle(&mut self) -> Vec<(MetricId, u8)> {
        let mut sizes: BTreeMap<(MetricId, u8), BTreeMap<&str, u64>> = BTreeMap::new();
        for (key, cell) in &self.0 {
            if let Some((by, label)) = &key.group {
                *sizes.entry((key.metric, *by)).or_default().entry(label).or_default() += cell.rows + cell.unripe;
            }
        }
        let mut many = Vec::new();
        let mut small: Vec<TallyKey> = Vec::new();
        for ((metric, by), groups) in &sizes {
            if groups.len() <= MOST_GROUPS {
                continue;
            }
            many.push((*metric, *by));
            let mut by_size: Vec<(&str, u64)> = groups.iter().map(|(label, size)| (*label, *size)).collect();
            by_size.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
            let rest: std::collections::BTreeSet<&str> =
                by_size.iter().skip(MOST_GROUPS - 1).map(|(label, _)| *label).collect();
            let inside = |key: &&TallyKey| {
                key.metric == *metric
                    && key.group.as_ref().is_some_and(|(other, label)| other == by && rest.contains(label.as_str()))
            };
            small.extend(self.0.keys().filter(inside).cloned());
        }
        for key in small {
            let Some(cell) = self.0.remove(&key) else { continue };
            let group = key.group.map(|(by, _)| (by, OTHER.to_owned()));
            self.0.entry(TallyKey { group, ..key }).or_default().add(cell);
        }
        many
    }
}

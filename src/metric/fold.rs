//! From rows and what they waited for to numbers: credit, ripeness, groups.

use std::collections::{BTreeMap, BTreeSet};

use smallvec::SmallVec;

use super::cell::{Tallies, Tally, TallyKey};
use super::credit::{credited, first};
use super::period::Stretch;
use crate::calendar::{Calendar, open_time};
use crate::engine::meter::{Happened, Row, Samples};
use crate::event::{AccountId, LeadId};
use crate::plan::{Gauged, Plan, Wait};
use crate::rulebook::metric::Measure;
use crate::rulebook::{Metric, MetricId, RowsOf};
use crate::timestamp::Timestamp;

/// One row of a number, as people open it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowLine {
    /// Which metric's.
    pub metric: MetricId,
    /// Whose.
    pub lead: LeadId,
    /// When.
    pub at: Timestamp,
    /// The stretch of time it belongs to.
    pub stretch: u32,
    /// Its groups, by breakdown.
    pub groups: Vec<String>,
    /// What is known of it.
    pub state: RowState,
    /// When the outcome came, where it is an event.
    pub outcome_at: Option<Timestamp>,
    /// Its value, where a statistic is made of them.
    pub value: Option<crate::decimal::Decimal>,
}

/// What is known of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowState {
    /// It counts, and has the outcome.
    With,
    /// It counts, and has it not.
    Without,
    /// Its time is not over; whether it has the outcome by now.
    Unripe(bool),
    /// It is left out.
    LeftOut,
}

/// What a fold is asked for.
pub(super) struct Folding<'a> {
    pub plan: &'a Plan,
    /// The stretches of time, in any order.
    pub stretches: &'a [Stretch],
    /// By stretch: the moment at which leads as they stand are looked at.
    pub ends: &'a [Timestamp],
    pub as_of: Timestamp,
    /// The metrics whose rows are wanted one by one.
    pub listed: &'a [MetricId],
    /// Leads ripen one by one.
    pub apart: bool,
}

/// What came of one shard.
#[derive(Default)]
pub(super) struct Folded {
    pub cells: Tallies,
    pub rows: Vec<RowLine>,
}

/// A row with what became of it.
struct Judged<'a> {
    row: &'a Row,
    /// By outcome.
    hits: SmallVec<[bool; 1]>,
    /// When the first outcome came, where it is an event.
    hit_at: Option<Timestamp>,
    except: bool,
    /// When all is known.
    ripe_at: Timestamp,
}

/// Whose rows compete for an outcome.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Lead(LeadId),
    Account(AccountId),
}

impl Folding<'_> {
    pub fn fold(&self, mut samples: Samples) -> Folded {
        let mut folded = Folded::default();
        samples.settle(self.as_of);
        samples.happened.sort_by_key(|happened| (happened.at, happened.number));
        let by_lead = |happened: &Happened| Owner::Lead(happened.lead);
        let outcomes = grouped(&samples.happened, by_lead);
        let by_account = |happened: &Happened| owner(true, happened.lead, happened.account);
        let shared = grouped(&samples.happened, by_account);
        samples.rows.sort_by_key(|row| (row.metric, row.at, row.number));
        for rows in samples.rows.chunk_by(|a, b| a.metric == b.metric) {
            let Some(id) = rows.first().map(|row| row.metric) else { continue };
            let gauge = self.plan.gauge.as_ref().and_then(|gauge| gauge.metrics.get(id)).and_then(Option::as_ref);
            let Some((metric, gauged)) = self.plan.rulebook.metrics.get(id).zip(gauge) else { continue };
            let outcomes = if metric.credit_account { &shared } else { &outcomes };
            let mut owned: BTreeMap<Owner, Vec<&Row>> = BTreeMap::new();
            for row in rows {
                owned.entry(owner(metric.credit_account, row.lead, row.account)).or_default().push(row);
            }
            let judged: Vec<Judged<'_>> =
                owned.into_iter().flat_map(|(owner, rows)| judge(metric, gauged, &rows, outcomes, owner)).collect();
            self.count((id, metric), &judged, &samples.labels, &mut folded);
        }
        folded
    }

    fn count(&self, (id, metric): (MetricId, &Metric), judged: &[Judged<'_>], labels: &[String], folded: &mut Folded) {
        let of = metric.measure.rows().map_or(RowsOf::Events, |rows| rows.of);
        let together = of != RowsOf::Events && metric.measure.rows().is_some_and(|rows| rows.set.is_some());
        if together {
            return self.count_together((id, metric), of, judged, labels, folded);
        }
        if self.listed.contains(&id) {
            for row in judged {
                let state = self.state(metric, std::slice::from_ref(&row), row.ripe_at);
                let stretches = self.stretches_of(row.row);
                folded.rows.extend(stretches.map(|stretch| line(id, &[row], labels, stretch, state)));
            }
        }
        for row in judged {
            let cell = self.cell(metric, std::slice::from_ref(row), row.ripe_at, row.except);
            self.put(id, row.row, labels, &cell, &mut folded.cells);
        }
    }

    /// Adds what one row comes to to its numbers.
    fn put(&self, metric: MetricId, row: &Row, labels: &[String], cell: &Tally, cells: &mut Tallies) {
        for stretch in self.stretches_of(row) {
            cells.0.entry(TallyKey { metric, group: None, stretch }).or_default().add(cell.clone());
            for (by, label) in row.groups.iter().enumerate() {
                let label = labels.get(*label as usize).cloned().unwrap_or_default();
                let key = TallyKey { metric, group: Some((by as u8, label)), stretch };
                cells.0.entry(key).or_default().add(cell.clone());
            }
        }
    }

    /// Leads or accounts, each once in a stretch with all its rows there.
    fn count_together(
        &self,
        (id, metric): (MetricId, &Metric),
        of: RowsOf,
        judged: &[Judged<'_>],
        labels: &[String],
        folded: &mut Folded,
    ) {
        type Key = (TallyKey, Owner);
        let mut together: BTreeMap<Key, Vec<&Judged<'_>>> = BTreeMap::new();
        for row in judged {
            let whose = owner(of == RowsOf::Accounts, row.row.lead, row.row.account);
            for stretch in self.stretches_of(row.row) {
                let groups: BTreeSet<(u8, u32)> =
                    row.row.groups.iter().enumerate().map(|(by, l)| (by as u8, *l)).collect();
                let named =
                    groups.into_iter().map(|(by, label)| (by, labels.get(label as usize).cloned().unwrap_or_default()));
                for group in std::iter::once(None).chain(named.map(Some)) {
                    together.entry((TallyKey { metric: id, group, stretch }, whose)).or_default().push(row);
                }
            }
        }
        // The leads of a stretch ripen together: one by one they would not do, since a reply ends the messages and
        // with them the wait.
        let wait = judged.iter().map(|row| row.ripe_at - row.row.at).max().unwrap_or_default();
        for ((key, _), rows) in together {
            let end = self.stretches.get(key.stretch as usize).map_or(self.as_of, |stretch| stretch.to);
            let left: Vec<&Judged<'_>> = rows.iter().copied().filter(|row| !row.except).collect();
            let own = rows.iter().map(|row| row.ripe_at).max().unwrap_or(end);
            let ripe_at = if self.apart { own } else { end + wait };
            let cell = self.cell_of(metric, if left.is_empty() { &rows } else { &left }, ripe_at, left.is_empty());
            if self.listed.contains(&id) && key.group.is_none() {
                folded.rows.push(line(id, &rows, labels, key.stretch, self.state(metric, &rows, ripe_at)));
            }
            folded.cells.0.entry(key).or_default().add(cell);
        }
    }

    /// What is known of one row, or of one lead with its rows.
    fn state(&self, metric: &Metric, rows: &[&Judged<'_>], ripe_at: Timestamp) -> RowState {
        let hit = rows.iter().any(|row| !row.except && !row.hits.is_empty() && row.hits.iter().all(|hit| *hit));
        let left_out = rows.iter().all(|row| row.except) || rows.last().is_some_and(|row| is_valueless(metric, row));
        let waits = waits(metric) || matches!(metric.measure, Measure::Time { .. });
        match (left_out, waits && ripe_at > self.as_of, hit) {
            (true, ..) => RowState::LeftOut,
            (_, true, hit) => RowState::Unripe(hit),
            (_, false, true) => RowState::With,
            (_, false, false) => RowState::Without,
        }
    }

    fn cell(&self, metric: &Metric, rows: &[Judged<'_>], ripe_at: Timestamp, except: bool) -> Tally {
        self.cell_of(metric, &rows.iter().collect::<Vec<_>>(), ripe_at, except)
    }

    /// What one row, or one lead with its rows, comes to.
    fn cell_of(&self, metric: &Metric, rows: &[&Judged<'_>], ripe_at: Timestamp, except: bool) -> Tally {
        let mut cell = Tally::default();
        let Some(last) = rows.last() else { return cell };
        if except || is_valueless(metric, last) {
            cell.left_out = 1;
            return cell;
        }
        if let Measure::Time { open, .. } = metric.measure {
            return self.timed(last, open);
        }
        let hit = rows.iter().any(|row| !row.hits.is_empty() && row.hits.iter().all(|hit| *hit));
        if waits(metric) && ripe_at > self.as_of {
            cell.unripe = 1;
            cell.so_far = u64::from(hit);
            return cell;
        }
        cell.rows = 1;
        cell.outcomes = u64::from(hit);
        let outcomes = last.hits.len();
        cell.each = (0..outcomes).map(|at| u64::from(rows.iter().any(|row| row.hits.get(at) == Some(&true)))).collect();
        cell.values.extend(last.row.value.filter(|_| matches!(metric.measure, Measure::Statistic { .. })));
        cell
    }

    /// How long a row took, or has waited until now.
    fn timed(&self, row: &Judged<'_>, open: bool) -> Tally {
        let until = row.row.until.first().copied().unwrap_or(row.row.at);
        let end = row.hit_at.unwrap_or(until.min(self.as_of)).max(row.row.at);
        let calendar = self.office().filter(|_| open);
        let took = if open { open_time(calendar, row.row.at, end, row.row.zone) } else { end - row.row.at };
        let ripe = row.ripe_at <= self.as_of;
        Tally {
            rows: u64::from(ripe),
            outcomes: u64::from(ripe && row.hit_at.is_some()),
            unripe: u64::from(!ripe),
            so_far: u64::from(!ripe && row.hit_at.is_some()),
            times: vec![(took.0, row.hit_at.is_some())],
            ..Tally::default()
        }
    }

    fn office(&self) -> Option<&Calendar> {
        let calendars = &self.plan.rulebook.calendars;
        calendars.iter().find(|calendar| calendar.name == "office").or(calendars.first())
    }

    fn stretches_of<'r>(&'r self, row: &'r Row) -> impl Iterator<Item = u32> + 'r {
        let inside = |(stretch, end): &(&Stretch, &Timestamp)| {
            if row.snapshot { **end == row.at } else { stretch.holds(row.at) }
        };
        let stretches = self.stretches.iter().zip(self.ends).enumerate();
        stretches.filter(move |(_, of)| inside(of)).map(|(at, _)| at as u32)
    }
}

/// A statistic is made of values, and the row has none.
fn is_valueless(metric: &Metric, row: &Judged<'_>) -> bool {
    matches!(metric.measure, Measure::Statistic { .. }) && row.row.value.is_none()
}

/// Rows do not count before their time is over.
fn waits(metric: &Metric) -> bool {
    matches!(metric.measure, Measure::Share { .. } | Measure::Steps { .. })
}

/// One line of the rows of a number: a row, or a lead with its first row and first outcome.
fn line(metric: MetricId, rows: &[&Judged<'_>], labels: &[String], stretch: u32, state: RowState) -> RowLine {
    let first = rows.first().map(|row| row.row);
    let with = rows.iter().find(|row| row.hit_at.is_some());
    let shown = with.map(|row| row.row).or(first);
    let groups = shown.into_iter().flat_map(|row| &row.groups);
    RowLine {
        metric,
        lead: first.map_or(LeadId(0), |row| row.lead),
        at: shown.map_or(Timestamp::MIN, |row| row.at),
        stretch,
        groups: groups.map(|label| labels.get(*label as usize).cloned().unwrap_or_default()).collect(),
        state,
        outcome_at: with.and_then(|row| row.hit_at),
        value: shown.and_then(|row| row.value),
    }
}

fn owner(accounts: bool, lead: LeadId, account: Option<AccountId>) -> Owner {
    match account.filter(|_| accounts) {
        Some(account) => Owner::Account(account),
        None => Owner::Lead(lead),
    }
}

/// By what it is and whose it is, in the order in which it happened.
type Outcomes = BTreeMap<(u16, Owner), Vec<Happened>>;

fn grouped(happened: &[Happened], owner: impl Fn(&Happened) -> Owner) -> Outcomes {
    let mut all = Outcomes::new();
    for one in happened {
        all.entry((one.awaited, owner(one))).or_default().push(*one);
    }
    all
}

/// What became of the rows of one lead or account, in the order in which they happened.
fn judge<'a>(metric: &Metric, gauged: &Gauged, rows: &[&'a Row], outcomes: &Outcomes, owner: Owner) -> Vec<Judged<'a>> {
    let of = |awaited: u16| outcomes.get(&(awaited, owner)).map_or(&[][..], Vec::as_slice);
    let mut judged: Vec<Judged<'_>> = rows
        .iter()
        .map(|row| Judged {
            row,
            hits: SmallVec::new(),
            hit_at: None,
            except: gauged.except.is_some_and(|(awaited, _)| first(row, of(awaited), row.except_until).is_some()),
            ripe_at: row.until.iter().copied().max().unwrap_or(row.at).max(row.at),
        })
        .collect();
    for (which, wait) in gauged.waits.iter().enumerate() {
        // A lead reaches a step of a funnel or not, whatever row it belongs to.
        let credits = match wait {
            Wait::For(awaited, _) if !matches!(metric.measure, Measure::Steps { .. }) => {
                Some(credited(rows, of(*awaited), which))
            }
            _ => None,
        };
        for (at, judged) in judged.iter_mut().enumerate() {
            let row = judged.row;
            let until = row.until.get(which).copied().unwrap_or(row.at);
            let hit = match wait {
                Wait::For(awaited, _) => {
                    let found = match &credits {
                        Some(credits) => credits.get(at).copied().flatten(),
                        None => first(row, of(*awaited), until),
                    };
                    judged.hit_at = judged.hit_at.or(found);
                    found.is_some()
                }
                Wait::NotFor(awaited, _) => first(row, of(*awaited), until).is_none(),
                Wait::Own(_) | Wait::Now(_) | Wait::Later(..) => {
                    row.held & 1u64.checked_shl(which as u32).unwrap_or(0) != 0
                }
            };
            judged.hits.push(hit);
        }
    }
    judged
}

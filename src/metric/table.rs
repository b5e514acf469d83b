//! A report as data: for each metric, group and period its number, what it changed by, and how it stands to its goal.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cell::{Tally, TallyKey};
use super::experiment::{Trial, trials};
use super::figure::{Figure, GoalStanding, Shift, change, standing};
use super::period::{Periods, Stretch};
use super::{Counted, Counting, count};
use crate::local::Zone;
use crate::log::Log;
use crate::plan::Plan;
use crate::replay::{ReplayError, ReplayOptions};
use crate::rulebook::metric::{Formula, Goal, Measure, MetricUnit};
use crate::rulebook::{Arithmetic, Metric, MetricId};
use crate::statistics;
use crate::timestamp::Timestamp;

/// A report.
#[derive(Clone, Debug)]
pub struct MetricTable {
    /// The moment as of which it is.
    pub as_of: Timestamp,
    /// Its periods.
    pub periods: Periods,
    /// The metrics, by kind and in rulebook order.
    pub metrics: Vec<MetricRows>,
    /// How many entries of the log it rests on.
    pub entries: usize,
    /// The rows of one number, where they were asked for.
    pub rows: Vec<super::RowLine>,
    /// What came of the experiments of the rulebook.
    pub trials: Vec<Trial>,
}

/// The numbers of one metric.
#[derive(Clone, Debug)]
pub struct MetricRows {
    /// Which metric.
    pub metric: MetricId,
    /// All rows first, then each group of each breakdown.
    pub groups: Vec<GroupRows>,
    /// Breakdowns that had too many groups, by index.
    pub crowded: Vec<u8>,
}

/// The numbers of one group.
#[derive(Clone, Debug)]
pub struct GroupRows {
    /// Which breakdown, and the group; `None` for all rows.
    pub group: Option<(u8, String)>,
    /// By period.
    pub periods: Vec<PeriodFigure>,
    /// All complete periods together.
    pub whole: Figure,
}

/// A number in a period.
#[derive(Clone, Debug, Default)]
pub struct PeriodFigure {
    /// The number.
    pub figure: Figure,
    /// What it was before.
    pub before: Option<Figure>,
    /// The change since.
    pub change: Option<Shift>,
    /// The change of a share as two parts: within groups, and by other weights of the groups.
    pub mix: Option<statistics::MixSplit>,
    /// The goal of the period.
    pub goal: Option<Goal>,
    /// How the number stands to it.
    pub standing: Option<GoalStanding>,
}

/// What a table is made of.
#[derive(Clone, Debug)]
pub struct ReportAsk {
    /// The metrics, as they are to be shown.
    pub metrics: Vec<MetricId>,
    /// The periods.
    pub periods: Periods,
    /// The moment as of which it is.
    pub as_of: Timestamp,
    /// The metric whose rows are wanted one by one.
    pub listed: Option<MetricId>,
    /// How to go through the log.
    pub replay: ReplayOptions,
}

/// Makes a report over a log, with a plan that measures the metrics asked for.
///
/// # Errors
/// The threads cannot be started, or the guard has stopped a script.
pub fn table(plan: &Arc<Plan>, log: &Log, asked: &ReportAsk) -> Result<MetricTable, ReplayError> {
    let mut stretches = asked.periods.all();
    let complete = asked.periods.shown.len() - usize::from(asked.periods.running);
    let whole = whole(asked.periods.shown.get(..complete).unwrap_or_default());
    stretches.extend(whole);
    let counting = Counting {
        stretches: &stretches,
        as_of: asked.as_of,
        listed: asked.listed.as_slice(),
        apart: false,
        zone: asked.periods.zone,
        replay: asked.replay,
    };
    let counted = count(plan, log, &counting)?;
    let handled = log.entries().partition_point(|entry| entry.received_at <= asked.as_of);
    let book = Book { plan, stretches: &stretches, counted: &counted };
    let metrics = asked.metrics.iter().filter_map(|id| book.rows(*id, asked, whole)).collect();
    Ok(MetricTable {
        as_of: asked.as_of,
        periods: asked.periods.clone(),
        metrics,
        entries: handled,
        trials: trials(plan, log, &counted.exposed, asked.as_of),
        rows: counted.rows,
    })
}

/// From the first period to the last.
fn whole(periods: &[Stretch]) -> Option<Stretch> {
    Some(Stretch { from: periods.first()?.from, to: periods.last()?.to })
}

/// The numbers that were counted, to be looked up.
pub(super) struct Book<'a> {
    pub plan: &'a Plan,
    pub stretches: &'a [Stretch],
    pub counted: &'a Counted,
}

impl Book<'_> {
    fn metric(&self, id: MetricId) -> Option<&Metric> {
        self.plan.rulebook.metrics.get(id)
    }

    pub fn figure(&self, id: MetricId, group: Option<&(u8, String)>, stretch: Stretch) -> Option<Figure> {
        let metric = self.metric(id)?;
        if let Measure::Formula(formula) = &metric.measure {
            let part = |id: MetricId| self.figure(id, None, stretch).and_then(|figure| figure.value);
            return Some(Figure { value: formula_value(self.plan, formula, &part), ..Figure::default() });
        }
        let at = self.stretches.iter().position(|other| *other == stretch)?;
        let key = TallyKey { metric: id, group: group.cloned(), stretch: at as u32 };
        let empty = Tally::default();
        Some(Figure::of(metric, self.counted.cells.0.get(&key).unwrap_or(&empty)))
    }

    fn rows(&self, id: MetricId, asked: &ReportAsk, whole: Option<Stretch>) -> Option<MetricRows> {
        let mut groups = vec![self.group(id, None, asked, whole)?];
        let own = |key: &&TallyKey| key.metric == id && key.group.is_some();
        let labels: BTreeSet<&(u8, String)> =
            self.counted.cells.0.keys().filter(own).filter_map(|key| key.group.as_ref()).collect();
        groups.extend(labels.into_iter().filter_map(|label| self.group(id, Some(label), asked, whole)));
        let crowded = self.counted.crowded.iter().filter(|(metric, _)| *metric == id).map(|(_, by)| *by).collect();
        Some(MetricRows { metric: id, groups, crowded })
    }

    fn group(
        &self,
        id: MetricId,
        group: Option<&(u8, String)>,
        asked: &ReportAsk,
        whole: Option<Stretch>,
    ) -> Option<GroupRows> {
        let metric = self.metric(id)?;
        let pairs = asked.periods.shown.iter().zip(&asked.periods.before);
        let last = asked.periods.shown.len();
        let periods = pairs.enumerate().map(|(at, (stretch, other))| {
            let figure = self.figure(id, group, *stretch).unwrap_or_default();
            let runs = asked.periods.running && at + 1 == last;
            let before = other.and_then(|other| self.figure(id, group, other));
            let change = other.zip(before.as_ref());
            let change = change.and_then(|(other, before)| change_of(metric, (before, other), (&figure, *stretch)));
            let goal = goal_of(metric, *stretch, asked.periods.zone);
            let judged = !runs && (figure.is_ripe() || !matches!(metric.measure, Measure::Time { .. }));
            let standing = goal.filter(|_| judged).and_then(|goal| standing(metric, &figure, goal));
            let mix = other.filter(|_| group.is_none()).and_then(|other| self.mix(id, metric, other, *stretch));
            PeriodFigure { figure, before, change, mix, goal, standing }
        });
        Some(GroupRows {
            group: group.cloned(),
            periods: periods.collect(),
            whole: whole.and_then(|whole| self.figure(id, group, whole)).unwrap_or_default(),
        })
    }

    /// The change of a share over its first breakdown.
    fn mix(&self, id: MetricId, metric: &Metric, before: Stretch, after: Stretch) -> Option<statistics::MixSplit> {
        if !matches!(metric.measure, Measure::Share { .. }) || metric.by.is_empty() {
            return None;
        }
        let cells = &self.counted.cells.0;
        let at = |stretch: Stretch| self.stretches.iter().position(|other| *other == stretch).map(|at| at as u32);
        let (before, after) = (at(before)?, at(after)?);
        let mut groups: BTreeMap<&str, [(u64, u64); 2]> = BTreeMap::new();
        for (key, cell) in cells.range(TallyKey { metric: id, group: None, stretch: 0 }..) {
            if key.metric != id {
                break;
            }
            let Some((0, label)) = &key.group else { continue };
            for (place, stretch) in [before, after].into_iter().enumerate() {
                if key.stretch == stretch
                    && let Some(slot) = groups.entry(label).or_default().get_mut(place)
                {
                    *slot = (cell.outcomes, cell.rows);
                }
            }
        }
        let share = |(outcomes, rows)| statistics::Proportion::new(outcomes, rows);
        let groups: Vec<_> = groups.into_values().map(|[before, after]| (share(before), share(after))).collect();
        statistics::mix_split(&groups)
    }
}

/// The goal that holds when a period begins.
pub(super) fn goal_of(metric: &Metric, stretch: Stretch, zone: Zone) -> Option<Goal> {
    let day = zone.to_local(stretch.from).date();
    let day = day.signed_duration_since(chrono::NaiveDate::default()).num_days() as i32;
    let holds = |from: Option<i32>| from.is_none_or(|from| from <= day);
    metric.targets.iter().rev().find(|target| holds(target.from)).map(|target| target.goal)
}

fn change_of(metric: &Metric, before: (&Figure, Stretch), after: (&Figure, Stretch)) -> Option<Shift> {
    change(metric, before, after)
}

/// What a formula comes to, where `part` is what a metric shows. Nothing divides by zero: where one part is not known
/// or nought, nothing is.
#[must_use]
pub fn formula_value(plan: &Plan, formula: &Formula, part: &dyn Fn(MetricId) -> Option<f64>) -> Option<f64> {
    Some(match formula {
        Formula::Number(number) => *number,
        Formula::Negate(inner) => -formula_value(plan, inner, part)?,
        Formula::Metric(id) => {
            let value = part(*id)?;
            // In formulas a length counts in days.
            let is_length = plan.rulebook.metrics.get(*id).is_some_and(|metric| metric.unit == MetricUnit::Length);
            if is_length { value / crate::timestamp::DAY } else { value }
        }
        Formula::Apply(arithmetic, a, b) => {
            let (a, b) = (formula_value(plan, a, part)?, formula_value(plan, b, part)?);
            match arithmetic {
                Arithmetic::Add => a + b,
                Arithmetic::Subtract => a - b,
                Arithmetic::Multiply => a * b,
                Arithmetic::Divide if b == 0.0 => return None,
                Arithmetic::Divide => a / b,
            }
        }
    })
}

//! What changed in the numbers, and what is off its target.

use crate::metric::figure::{GoalStanding, Shift};
use crate::metric::table::{MetricTable, PeriodFigure};
use crate::plan::Plan;
use crate::rulebook::MetricId;

/// A number to look at.
#[derive(Clone, Debug, PartialEq)]
pub struct Trend {
    /// Which metric.
    pub metric: MetricId,
    /// Index of the week among those of the table: the last one of which all is known.
    pub week: usize,
    /// What is to be said of it.
    pub kind: TrendKind,
    /// The change since the week before.
    pub shift: Option<Shift>,
}

/// What is to be said of a number, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TrendKind {
    /// It misses its target, and that is not chance.
    Off,
    /// It is worse than the week before, and that is not chance.
    Worse,
    /// It misses its target, which may be chance.
    MayBeOff,
    /// It is better than the week before, and that is not chance.
    Better,
    /// It changed, which is not chance; nobody says which way is better.
    Changed,
    /// It is worse than the week before, which may be chance.
    MayBeWorse,
}

/// What is to be said of all numbers, the worst first, then in the order of the table.
pub(super) fn trends(plan: &Plan, table: &MetricTable) -> Vec<Trend> {
    let complete = table.periods.shown.len() - usize::from(table.periods.running);
    let mut found = Vec::new();
    for rows in &table.metrics {
        let Some(metric) = plan.rulebook.metrics.get(rows.metric) else { continue };
        let periods = rows.groups.first().map_or(&[][..], |all| all.periods.as_slice());
        // What is waited for is not over in the last weeks: the last one that shows something.
        let known = |period: &PeriodFigure| period.figure.value.is_some() && period.figure.unripe == 0;
        let Some(week) = periods.iter().take(complete).rposition(known) else { continue };
        let Some(period) = periods.get(week) else { continue };
        let few = |figure: &crate::metric::figure::Figure| metric.measure.rows().is_some() && figure.is_few(metric);
        let judged = period.before.as_ref().is_some_and(|before| !few(before)) && !few(&period.figure);
        let shift = period.change.filter(|_| judged);
        let worse = shift
            .and_then(|shift| Some((shift.by > 0.0) == metric.lower_is_better?))
            .filter(|_| shift.is_some_and(|shift| shift.by != 0.0));
        let sure = shift.is_some_and(|shift| shift.sure);
        let kind = match (period.standing, worse, sure) {
            (Some(GoalStanding::Missed), ..) => TrendKind::Off,
            (_, Some(true), true) => TrendKind::Worse,
            (Some(GoalStanding::MayBeMissed), ..) => TrendKind::MayBeOff,
            (_, Some(false), true) => TrendKind::Better,
            (_, None, true) => TrendKind::Changed,
            (_, Some(true), false) => TrendKind::MayBeWorse,
            _ => continue,
        };
        found.push(Trend { metric: rows.metric, week, kind, shift });
    }
    found.sort_by_key(|trend| trend.kind);
    found
}

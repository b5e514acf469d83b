//! One metric of a report with all that is said of it, in the words that every form for people shares.

use super::{Drawn, words};
use crate::metric::figure::GoalStanding;
use crate::metric::table::{GroupRows, MetricRows, PeriodFigure};
use crate::rulebook::Metric;
use crate::rulebook::metric::{Measure, MetricKind, MetricUnit};
use crate::words::many;

/// A metric and its numbers.
#[derive(Clone, Copy, Debug)]
pub struct MetricEntry<'a> {
    /// The report it is of.
    pub drawn: &'a Drawn<'a>,
    /// What it is.
    pub metric: &'a Metric,
    /// Its numbers over all rows.
    pub all: &'a GroupRows,
    rows: &'a MetricRows,
}

/// The metrics of a report by kind, in order; no kind is empty.
#[must_use]
pub fn sections<'a>(drawn: &'a Drawn<'a>) -> Vec<(MetricKind, Vec<MetricEntry<'a>>)> {
    let entry = |rows: &'a MetricRows| {
        let metric = drawn.plan.rulebook.metrics.get(rows.metric)?;
        Some(MetricEntry { drawn, metric, all: rows.groups.first()?, rows })
    };
    let of_kind = |kind| {
        let entries: Vec<_> =
            drawn.table.metrics.iter().filter_map(entry).filter(|entry| entry.metric.kind == kind).collect();
        (!entries.is_empty()).then_some((kind, entries))
    };
    MetricKind::ALL.into_iter().filter_map(of_kind).collect()
}

impl<'a> MetricEntry<'a> {
    /// The groups of the breakdown that is asked for, each with its label.
    pub fn groups(&self) -> impl Iterator<Item = (&'a str, &'a GroupRows)> {
        let Self { drawn, metric, rows, .. } = *self;
        rows.groups.iter().filter_map(move |group| {
            let (by, label) = group.group.as_ref()?;
            let known = metric.by.get(usize::from(*by)).map(|by| by.name.as_str());
            (known == drawn.by).then_some((label.as_str(), group))
        })
    }

    /// Whether the period at a place still runs.
    #[must_use]
    pub fn runs(&self, at: usize) -> bool {
        let periods = &self.drawn.table.periods;
        periods.running && at + 1 == periods.shown.len()
    }

    /// The last period that is over.
    #[must_use]
    pub fn last_complete<'b>(&self, group: &'b GroupRows) -> Option<&'b PeriodFigure> {
        let running = usize::from(self.drawn.table.periods.running);
        group.periods.get(group.periods.len().checked_sub(running + 1)?)
    }

    fn last(&self) -> Option<&'a PeriodFigure> {
        self.last_complete(self.all)
    }

    /// What it is, from its definition.
    #[must_use]
    pub fn formula(&self) -> String {
        words::formula(self.drawn.plan, self.metric)
    }

    /// How many reached each step, of a metric that has steps.
    #[must_use]
    pub fn steps(&self) -> Vec<String> {
        let Measure::Steps { steps, .. } = &self.metric.measure else { return Vec::new() };
        let whole = &self.all.whole;
        let line = |(at, reached): (usize, &u64)| {
            let set = steps.get(at).and_then(|set| self.drawn.plan.rulebook.sets.get(*set));
            let share = if whole.rows == 0 {
                String::from("-")
            } else {
                words::value(MetricUnit::Share, *reached as f64 / whole.rows as f64)
            };
            format!("{}: {reached} of {}, {share}", set.map_or("", |set| set.text.as_str()), whole.rows)
        };
        whole.each.iter().enumerate().map(line).collect()
    }

    /// What a share or a time comes to over all periods that are over.
    #[must_use]
    pub fn in_all(&self) -> Option<String> {
        let whole = &self.all.whole;
        match self.metric.measure {
            Measure::Share { .. } if self.drawn.table.periods.shown.len() > 1 => {
                let (low, high) = (whole.low?, whole.high?);
                let percent = |value: f64| (value * 100.0).round();
                let (outcomes, rows) = (whole.outcomes, whole.rows);
                Some(format!("{outcomes} of {rows} in all ({} to {} %)", percent(low), percent(high)))
            }
            Measure::Time { .. } if whole.rows > 0 => {
                let end = |end: Option<f64>| end.map_or(String::from("?"), |end| words::value(self.metric.unit, end));
                let text = words::figure(self.metric, whole);
                Some(format!("{text} in all ({} to {})", end(whole.low), end(whole.high)))
            }
            _ => None,
        }
    }

    /// How many rows say nothing yet, or are left out.
    #[must_use]
    pub fn unknown(&self) -> Option<String> {
        let sum = |pick: fn(&PeriodFigure) -> u64| self.all.periods.iter().map(pick).sum::<u64>();
        let (unripe, so_far) = (sum(|period| period.figure.unripe), sum(|period| period.figure.so_far));
        let left_out = sum(|period| period.figure.left_out);
        let mut unknown = Vec::new();
        if unripe > 0 {
            let rows = many(unripe as u32, "row");
            unknown.push(format!("{rows} whose time is not over, {so_far} with the outcome so far"));
        }
        if left_out > 0 {
            unknown.push(format!("{left_out} left out"));
        }
        (!unknown.is_empty()).then(|| unknown.join("; "))
    }

    /// The last change as two parts, where they point in different directions.
    #[must_use]
    pub fn mix(&self) -> Option<String> {
        let mix = self.last()?.mix.as_ref().filter(|mix| mix.is_opposed())?;
        let pt = |value: f64| format!("{:+.2}", value * 100.0);
        let by = self.metric.by.first().map_or("", |by| by.name.as_str());
        let (change, within, mix) = (pt(mix.change), pt(mix.within), pt(mix.mix));
        Some(format!("{change} pt = {within} within each {by}, {mix} by another mix of them"))
    }

    /// What to do, with when: where there is a goal, or it has become worse.
    #[must_use]
    pub fn due(&self) -> Option<String> {
        let (remedy, last) = (self.metric.remedy.as_ref()?, self.last()?);
        if let Some(goal) = last.goal {
            return Some(format!("{}: {remedy}", words::off_goal(self.metric.unit, goal)));
        }
        let shift = last.change.as_ref().filter(|shift| shift.sure)?;
        words::is_worse(self.metric, shift)?.then(|| format!("worse: {remedy}"))
    }

    /// What to do, whether or not it is off now.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        let whenever = || self.metric.remedy.as_ref().map(|remedy| format!("when it is off: {remedy}"));
        self.due().or_else(whenever)
    }

    /// Said where the target is surely missed.
    #[must_use]
    pub fn missed(&self) -> Option<&'static str> {
        let missed = self.last()?.standing == Some(GoalStanding::Missed);
        missed.then_some("the target is missed, and that is not chance")
    }
}

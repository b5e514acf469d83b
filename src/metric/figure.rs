//! One number of a report with what is known of it.

use super::cell::Tally;
use super::period::Stretch;
use crate::decimal::Decimal;
use crate::rulebook::Metric;
use crate::rulebook::metric::{Goal, Measure};
use crate::statistics::{self, Interval, PeriodCount, Proportion};
use crate::units::Statistic;

/// One number: its value, how sure it is, and what it was made of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figure {
    /// The value in the unit of the metric; `None` where there are no rows, or nothing is known.
    pub value: Option<f64>,
    /// There is no value: it is more than this, the longest time that is waited for.
    pub more: Option<f64>,
    /// Where the value lies with 95 %.
    pub low: Option<f64>,
    /// The upper end of it; `None` with `low` where no end is known.
    pub high: Option<f64>,
    /// The rows.
    pub rows: u64,
    /// Those with the outcome.
    pub outcomes: u64,
    /// Those left out.
    pub left_out: u64,
    /// Those whose time is not over.
    pub unripe: u64,
    /// Of these, those with the outcome by now.
    pub so_far: u64,
    /// The sum of the values.
    pub sum: Option<f64>,
    /// Rows with each outcome, or that reached each step.
    pub each: Vec<u64>,
}

impl Figure {
    /// The number of a metric over rows.
    #[must_use]
    pub fn of(metric: &Metric, cell: &Tally) -> Self {
        let mut figure = Self {
            rows: cell.rows,
            outcomes: cell.outcomes,
            left_out: cell.left_out,
            unripe: cell.unripe,
            so_far: cell.so_far,
            each: cell.each.to_vec(),
            ..Self::default()
        };
        match &metric.measure {
            Measure::Count(_) => figure.value = Some(cell.rows as f64),
            Measure::Share { .. } | Measure::Steps { .. } => figure.share(),
            Measure::Statistic { statistic, .. } => figure.statistic(*statistic, &cell.values),
            Measure::Time { quantile, within, open, .. } => {
                let longest = within.measured().filter(|_| !open).map(|span| span.0 as f64);
                figure.time(*quantile, &cell.times, longest);
            }
            Measure::Formula(_) => {}
        }
        figure
    }

    fn share(&mut self) {
        if self.rows == 0 {
            return;
        }
        self.value = Some(self.outcomes as f64 / self.rows as f64);
        if let Some(interval) = statistics::wilson(Proportion::new(self.outcomes, self.rows)) {
            (self.low, self.high) = (Some(interval.low), Some(interval.high));
        }
    }

    fn statistic(&mut self, statistic: Statistic, values: &[Decimal]) {
        let mut values: Vec<f64> = values.iter().map(|value| value.to_f64()).collect();
        values.sort_by(f64::total_cmp);
        let sum: f64 = values.iter().sum();
        self.sum = (!values.is_empty()).then_some(sum);
        match (statistic, statistic.percent()) {
            (Statistic::Sum, _) => self.value = self.sum,
            (_, Some(percent)) => self.value = statistics::quantile(&mut values, percent, f64::total_cmp),
            (_, None) => {
                if let Some(mean) = statistics::mean(&values) {
                    self.value = Some(mean.mean);
                    (self.low, self.high) = (mean.interval.map(|i| i.low), mean.interval.map(|i| i.high));
                }
            }
        }
    }

    fn time(&mut self, quantile: Statistic, times: &[(i64, bool)], longest: Option<f64>) {
        if times.is_empty() {
            return;
        }
        let quantile = statistics::kaplan_meier(times.to_vec()).quantile(quantile.percent().unwrap_or(50));
        (self.low, self.high) = (quantile.low.map(|at| at as f64), quantile.high.map(|at| at as f64));
        self.value = quantile.time.map(|at| at as f64);
        self.more = longest.filter(|_| self.value.is_none());
    }

    /// Whether there are enough rows to judge it.
    #[must_use]
    pub fn is_few(&self, metric: &Metric) -> bool {
        self.rows < u64::from(metric.least)
    }

    /// Whether every row's time is over, so that a number over all rows may be judged.
    #[must_use]
    pub fn is_ripe(&self) -> bool {
        self.unripe == 0
    }
}

/// A change from one number to a later one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shift {
    /// The difference, in the unit of the metric; of a count, the part by which it rose or fell.
    pub by: f64,
    /// Where it lies with 95 %.
    pub interval: Option<Interval>,
    /// The interval leaves out zero: it is not chance.
    pub sure: bool,
}

/// The change of a metric between two stretches of time.
#[must_use]
pub fn change(metric: &Metric, before: (&Figure, Stretch), after: (&Figure, Stretch)) -> Option<Shift> {
    let ((old, earlier), (new, later)) = (before, after);
    match &metric.measure {
        Measure::Share { .. } | Measure::Steps { .. } => {
            let share = |figure: &Figure| Proportion::new(figure.outcomes, figure.rows);
            let difference = statistics::newcombe(share(new), share(old))?;
            Some(Shift { by: difference.difference, interval: Some(difference.interval), sure: difference.is_sure() })
        }
        Measure::Count(_) => {
            let count = |figure: &Figure, stretch: Stretch| PeriodCount { count: figure.rows, days: stretch.days() };
            let ratio = statistics::count_ratio(count(old, earlier), count(new, later))?;
            let interval = Interval { low: ratio.low - 1.0, high: ratio.high.unwrap_or(f64::INFINITY) - 1.0 };
            Some(Shift { by: ratio.ratio? - 1.0, interval: Some(interval), sure: ratio.is_sure() })
        }
        Measure::Time { .. } => {
            let interval = difference_of_quantiles(old, new);
            let sure = interval.is_some_and(|interval| interval.leaves_out(0.0));
            Some(Shift { by: new.value? - old.value?, interval, sure })
        }
        Measure::Statistic { statistic: Statistic::Mean, .. } => {
            let (a, b) = (old.value?, new.value?);
            let half = |figure: &Figure| Some((figure.high? - figure.low?) / 2.0);
            let interval = half(old).zip(half(new)).map(|(a, b)| (a * a + b * b).sqrt());
            let interval = interval.map(|half| Interval { low: b - a - half, high: b - a + half });
            Some(Shift { by: b - a, interval, sure: interval.is_some_and(|interval| interval.leaves_out(0.0)) })
        }
        Measure::Statistic { .. } | Measure::Formula(_) => {
            Some(Shift { by: new.value? - old.value?, interval: None, sure: false })
        }
    }
}

/// Where the difference of two quantiles lies, from the limits of each: the method of variance estimates recovery
/// (Zou and Donner, "Construction of confidence limits about effect measures", 2008). Where a limit is not known, that
/// side is open.
fn difference_of_quantiles(old: &Figure, new: &Figure) -> Option<Interval> {
    let (a, b) = (old.value?, new.value?);
    let side = |up: Option<f64>, down: Option<f64>| up.zip(down).map(|(up, down)| (up * up + down * down).sqrt());
    let low = side(new.low.map(|low| b - low), old.high.map(|high| high - a)).map(|half| b - a - half);
    let high = side(new.high.map(|high| high - b), old.low.map(|low| a - low)).map(|half| b - a + half);
    Some(Interval { low: low.unwrap_or(f64::NEG_INFINITY), high: high.unwrap_or(f64::INFINITY) })
}

/// How a number stands to its goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoalStanding {
    /// It meets the goal, and its interval too.
    Met,
    /// It meets the goal, which may be chance.
    MayBeMet,
    /// It misses the goal, which may be chance.
    MayBeMissed,
    /// It misses the goal, and its interval too.
    Missed,
}

impl GoalStanding {
    /// The word of reports for programs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::MayBeMet => "may_be_met",
            Self::MayBeMissed => "may_be_missed",
            Self::Missed => "missed",
        }
    }
}

/// How a number stands to a goal; nothing of one that is not to be judged. A number without an interval (a count, a sum,
/// a formula, a mean of few) is never surely on one side of it.
#[must_use]
pub fn standing(metric: &Metric, figure: &Figure, goal: Goal) -> Option<GoalStanding> {
    let value = figure.value.or(figure.more)?;
    // A count is what it is, however small; it may be small because something is wrong.
    let is_made_of_rows = !matches!(metric.measure, Measure::Count(_) | Measure::Formula(_));
    if figure.is_few(metric) && is_made_of_rows {
        return None;
    }
    let meets = goal.is_met(value) && !(figure.more.is_some() && matches!(goal, Goal::AtMost(_)));
    let low = figure.low.or(figure.more).unwrap_or(f64::NEG_INFINITY);
    let high = figure.high.unwrap_or(f64::INFINITY);
    let inside = goal.is_met(low) && goal.is_met(high);
    let apart = match goal {
        Goal::AtLeast(least) => high < least,
        Goal::AtMost(most) => low > most || (figure.more.is_some() && low >= most),
        Goal::Between(least, most) => high < least || low > most,
    };
    Some(match (meets, inside, apart) {
        (true, true, _) => GoalStanding::Met,
        (true, false, _) => GoalStanding::MayBeMet,
        (false, _, true) => GoalStanding::Missed,
        (false, _, false) => GoalStanding::MayBeMissed,
    })
}

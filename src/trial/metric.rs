//! What tests expect of metrics: `expect metric reply_rate 1 of 2 at +21d`.

use std::sync::Arc;

use super::Failure;
use super::stage::Played;
use crate::engine::Stopped;
use crate::metric::cell::{Tally, TallyKey};
use crate::metric::figure::Figure;
use crate::metric::period::Stretch;
use crate::metric::table::formula_value;
use crate::metric::value::value;
use crate::metric::{Counted, Counting, count};
use crate::plan::Plan;
use crate::replay::{ReplayError, ReplayOptions};
use crate::rulebook::metric::Measure;
use crate::rulebook::{Metric, MetricExpect, MetricId, MetricShown, Test};
use crate::script::TimeGuard;
use crate::timestamp::Timestamp;

/// The plan that measures what tests look at; nothing where none does.
pub(super) fn measured(plan: &Plan) -> Option<Arc<Plan>> {
    let mut wanted: Vec<MetricId> = Vec::new();
    for expected in plan.rulebook.tests.iter().flat_map(|test| &test.metrics) {
        if !wanted.contains(&expected.metric) {
            wanted.push(expected.metric);
        }
    }
    let rulebook = || (*plan.rulebook).clone();
    (!wanted.is_empty()).then(|| Arc::new(Plan::compile_measured(rulebook(), &wanted)))
}

/// Metrics that are not as expected.
pub(super) fn failures(
    plan: &Arc<Plan>,
    test: &Test,
    played: &Played,
    guard: Option<TimeGuard>,
) -> Result<Vec<Failure>, Stopped> {
    let mut failures = Vec::new();
    for expected in &test.metrics {
        let Some(metric) = plan.rulebook.metrics.get(expected.metric) else { continue };
        let figure = shown(test, plan, (expected, metric), played, expected.at.unwrap_or(test.until), guard)?;
        if !is_as_expected(expected, &figure) {
            failures.push(failure(expected, metric, &figure));
        }
    }
    Ok(failures)
}

/// What the metric shows as of a moment, that moment included, over all that was before.
fn shown(
    test: &Test,
    plan: &Arc<Plan>,
    (expected, metric): (&MetricExpect, &Metric),
    played: &Played,
    at: Timestamp,
    guard: Option<TimeGuard>,
) -> Result<Figure, Stopped> {
    let end = Timestamp(at.0.saturating_add(1));
    let stretches = [Stretch { from: Timestamp::MIN, to: end }];
    let replay = ReplayOptions { threads: 1, guard, ..ReplayOptions::default() };
    let counting = Counting { stretches: &stretches, as_of: end, listed: &[], apart: true, zone: test.zone, replay };
    let counted = match count(plan, &played.log, &counting) {
        Ok(counted) => counted,
        Err(ReplayError::Stopped(stopped)) => return Err(stopped),
        // One thread is always there.
        Err(ReplayError::Threads(_)) => Counted::default(),
    };
    let figure = |id: MetricId, group: Option<(u8, String)>| {
        let key = TallyKey { metric: id, group, stretch: 0 };
        let metric = plan.rulebook.metrics.get(id)?;
        Some(Figure::of(metric, counted.cells.0.get(&key).unwrap_or(&Tally::default())))
    };
    if let Measure::Formula(formula) = &metric.measure {
        let part = |id: MetricId| figure(id, None).and_then(|figure| figure.value);
        return Ok(Figure { value: formula_value(plan, formula, &part), ..Figure::default() });
    }
    let group = expected.group.as_ref().map(|(by, label)| (*by as u8, label.clone()));
    Ok(figure(expected.metric, group).unwrap_or_default())
}

fn is_as_expected(expected: &MetricExpect, figure: &Figure) -> bool {
    match expected.shows {
        MetricShown::Of(outcomes, rows) => (figure.outcomes, figure.rows) == (outcomes, rows),
        MetricShown::Nothing => figure.value.is_none(),
        MetricShown::Value(wanted) => {
            // As precise as people write it: a thousandth of it, or of one.
            let near = |value: f64| (value - wanted).abs() <= wanted.abs().max(1.0) * 1e-3;
            figure.value.is_some_and(near)
        }
    }
}

fn failure(expected: &MetricExpect, metric: &Metric, figure: &Figure) -> Failure {
    let counts = format!("{} of {}", figure.outcomes, figure.rows);
    let shown = match (expected.shows, figure.value) {
        (MetricShown::Of(..), _) => counts,
        (_, Some(shown)) => value(metric.unit, shown),
        (_, None) => match figure.more {
            Some(more) => format!("more than {}", value(metric.unit, more)),
            None => String::from("`-`, for there are no rows"),
        },
    };
    let mut notes = Vec::new();
    if figure.unripe > 0 {
        notes.push(format!("{} whose time is not over: `at` a later moment they count", rows(figure.unripe)));
    }
    if figure.left_out > 0 {
        notes.push(format!("{} left out", rows(figure.left_out)));
    }
    Failure {
        message: format!("metric `{}` shows {shown}", metric.name),
        range: expected.range,
        label: String::from("something else is expected"),
        others: vec![(metric.range, String::from("the metric"))],
        notes,
        help: None,
    }
}

fn rows(count: u64) -> String {
    crate::words::many(count as u32, "row")
}

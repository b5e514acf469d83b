//! Alerts on metrics: decisions of the book and not of a lead. Each complete period is judged once, at the moment at
//! which all of it is known, with what was received by then; what is told of later takes no alert back.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::cell::Tallies;
use super::figure::{Figure, GoalStanding, Shift, change, standing};
use super::fold::Folding;
use super::period::Stretch;
use super::table::{Book, goal_of};
use super::{Counted, report_zone};
use crate::decision::ActionId;
use crate::engine::later;
use crate::engine::meter::Samples;
use crate::local::Zone;
use crate::log::Log;
use crate::plan::Plan;
use crate::replay::{self, ReplayError, ReplayOptions};
use crate::rulebook::metric::{AlertWhen, Formula, Goal, Measure, MetricAlert};
use crate::rulebook::{Metric, MetricId, Person, Rulebook};
use crate::timestamp::{Span, Timestamp};
use crate::units::Period;

/// So many periods before one are what it is held against, taken together.
const BEFORE: usize = 4;

/// What is due by open days or hours is due in the zone of each lead: so much after the report's zone it is everywhere.
const ZONES: Span = Span::days(1);

/// Something that was judged of a metric: an alert, or the end of one.
#[derive(Clone, Debug, PartialEq)]
pub struct BookAlert {
    /// When.
    pub at: Timestamp,
    /// The zone of the report.
    pub zone: Zone,
    /// The metric.
    pub metric: MetricId,
    /// Which of its alerts.
    pub clause: usize,
    /// Who is told.
    pub to: Person,
    /// The period that was judged; of rows that do not come, from the last one to the moment.
    pub period: Stretch,
    /// A hash of metric, clause and period.
    pub id: ActionId,
    /// What was found.
    pub found: AlertFound,
}

/// What was found of a metric.
#[derive(Clone, Debug, PartialEq)]
pub enum AlertFound {
    /// It misses its target.
    OffTarget {
        /// The number.
        figure: Figure,
        /// What is aimed at.
        goal: Goal,
        /// That is no chance.
        sure: bool,
        /// So many periods in a row, this one included.
        periods: u32,
    },
    /// It has surely changed.
    Moved {
        /// The number.
        figure: Figure,
        /// What it was over the four periods before, taken together.
        before: Figure,
        /// By how much.
        shift: Shift,
    },
    /// No row has come for so long.
    NoneSince(Timestamp),
    /// What an earlier alert told of is over.
    Over,
}

/// The metrics of a rulebook that somebody is alerted about.
#[must_use]
pub fn alerted(rulebook: &Rulebook) -> Vec<MetricId> {
    let alerted = rulebook.metrics.with_ids().filter(|(_, metric)| !metric.alerts.is_empty());
    alerted.map(|(id, _)| id).collect()
}

/// One period of one alert, and when it is judged.
#[derive(Clone, Copy, Debug)]
struct Judging<'a> {
    at: Timestamp,
    metric: MetricId,
    clause: usize,
    alert: &'a MetricAlert,
    period: Stretch,
    /// The periods before, taken together.
    before: Option<Stretch>,
}

/// Every alert on a metric that a log brings until a moment, in the order in which they come, those of one moment by
/// metric. The plan must measure the metrics that are [`alerted`].
///
/// # Errors
/// The threads cannot be started, or the guard has stopped a script.
pub fn alerts(plan: &Arc<Plan>, log: &Log, options: &ReplayOptions) -> Result<Vec<BookAlert>, ReplayError> {
    let until = options.until.or_else(|| replay::end(log)).unwrap_or_default();
    let received = log.iter().take_while(|event| event.received_at <= until);
    let Some(first) = received.map(|event| event.at).min() else { return Ok(Vec::new()) };
    let zone = report_zone(&plan.rulebook);
    let judgings = judgings(plan, zone, (first, until));
    let moments: Vec<Timestamp> =
        judgings.chunk_by(|a, b| a.at == b.at).filter_map(|same| Some(same.first()?.at)).collect();
    let stretches: Vec<Vec<Stretch>> = judgings.chunk_by(|a, b| a.at == b.at).map(stretches_of).collect();
    let mut ends: Vec<Timestamp> = stretches.iter().flatten().map(|stretch| stretch.to).collect();
    ends.sort_unstable();
    ends.dedup();
    let silences = silences(&plan.rulebook);
    let fold = |samples: Samples| {
        let cells = moments.iter().zip(&stretches).map(|(at, stretches)| cells(plan, &samples, (*at, stretches)));
        let cells: Vec<Tallies> = cells.collect();
        let come = silences.keys().map(|metric| come(&samples, *metric)).collect::<Vec<_>>();
        (cells, come)
    };
    let options = ReplayOptions { until: Some(until), ..*options };
    let parts = replay::measured(plan, log, &options, &ends.into(), fold)?;
    let mut counted: Vec<Counted> = moments.iter().map(|_| Counted::default()).collect();
    let mut come: Vec<Vec<(Timestamp, Timestamp)>> = silences.keys().map(|_| Vec::new()).collect();
    for (cells, rows) in parts {
        counted.iter_mut().zip(cells).for_each(|(all, cells)| all.cells.add(cells));
        come.iter_mut().zip(rows).for_each(|(all, rows)| all.extend(rows));
    }
    let mut found = judged(plan, zone, &judgings, (&moments, &stretches, &counted));
    for ((metric, clauses), rows) in silences.iter().zip(come) {
        for (clause, alert) in clauses {
            found.extend(silence(plan, zone, (*metric, *clause, alert), rows.clone(), (first, until)));
        }
    }
    found.sort_by(|a, b| {
        let name = |alert: &BookAlert| plan.rulebook.metrics.name(alert.metric);
        a.at.cmp(&b.at).then_with(|| name(a).cmp(name(b))).then(a.clause.cmp(&b.clause))
    });
    Ok(found)
}

/// All that is judged, by moment.
fn judgings(plan: &Plan, zone: Zone, (first, until): (Timestamp, Timestamp)) -> Vec<Judging<'_>> {
    let mut all = Vec::new();
    for (id, metric) in plan.rulebook.metrics.with_ids() {
        for (clause, alert) in metric.alerts.iter().enumerate() {
            if matches!(alert.when, AlertWhen::NoneFor(_)) {
                continue;
            }
            let periods = complete(alert.each, zone, (first, until));
            for (place, period) in periods.iter().enumerate() {
                let at = ripe(plan, zone, metric, period.to);
                // What lies before the log is not known to have been nothing.
                let before = place
                    .checked_sub(BEFORE)
                    .and_then(|from| periods.get(from))
                    .map(|from| Stretch { from: from.from, to: period.from });
                if at <= until {
                    all.push(Judging { at, metric: id, clause, alert, period: *period, before });
                }
            }
        }
    }
    all.sort_by_key(|judging| (judging.at, judging.metric, judging.clause, judging.period.from));
    all
}

/// The periods that lie whole between two moments.
fn complete(each: Period, zone: Zone, (first, until): (Timestamp, Timestamp)) -> Vec<Stretch> {
    let mut all = Vec::new();
    let mut day = each.first_day(zone.to_local(first).date());
    while let Some(this) = day {
        let Some(next) = each.next(this) else { break };
        let stretch = Stretch { from: zone.day_start(this), to: zone.day_start(next) };
        if stretch.to > until {
            break;
        }
        if stretch.from >= first {
            all.push(stretch);
        }
        day = Some(next);
    }
    all
}

/// When all is known of what happened before a moment.
fn ripe(plan: &Plan, zone: Zone, metric: &Metric, end: Timestamp) -> Timestamp {
    let rulebook = &plan.rulebook;
    let office = rulebook.calendars.iter().find(|calendar| calendar.name == "office").or(rulebook.calendars.first());
    let due = |wait: crate::units::Length| match wait.measured() {
        Some(span) => end + span,
        None => later(end, wait, zone, office) + ZONES,
    };
    let own = metric.measure.waits().into_iter().map(due).max().unwrap_or(end);
    let parts = parts(&metric.measure).into_iter().filter_map(|part| rulebook.metrics.get(part));
    parts.map(|part| ripe(plan, zone, part, end)).max().unwrap_or(own).max(own)
}

/// The metrics that a formula is made of.
fn parts(measure: &Measure) -> Vec<MetricId> {
    fn collect(formula: &Formula, all: &mut Vec<MetricId>) {
        match formula {
            Formula::Metric(id) => all.push(*id),
            Formula::Number(_) => {}
            Formula::Negate(inner) => collect(inner, all),
            Formula::Apply(_, a, b) => {
                collect(a, all);
                collect(b, all);
            }
        }
    }
    let mut all = Vec::new();
    if let Measure::Formula(formula) = measure {
        collect(formula, &mut all);
    }
    all
}

/// The stretches of time that are looked at in one moment, each once.
fn stretches_of(judgings: &[Judging<'_>]) -> Vec<Stretch> {
    let mut all = Vec::new();
    for stretch in judgings.iter().flat_map(|judging| [Some(judging.period), judging.before]).flatten() {
        if !all.contains(&stretch) {
            all.push(stretch);
        }
    }
    all
}

/// What was known at a moment of some stretches of time.
fn cells(plan: &Plan, samples: &Samples, (at, stretches): (Timestamp, &[Stretch])) -> Tallies {
    let known = Samples {
        rows: samples.rows.iter().filter(|row| row.seen <= at).cloned().collect(),
        happened: samples.happened.iter().filter(|happened| happened.seen <= at).copied().collect(),
        exposures: Vec::new(),
        labels: samples.labels.clone(),
        echoes: samples.echoes.clone(),
    };
    let ends: Vec<Timestamp> = stretches.iter().map(|stretch| stretch.to).collect();
    let folding = Folding { plan, stretches, ends: &ends, as_of: at, listed: &[], apart: false };
    folding.fold(known).cells
}

/// Each alert on rows that do not come, by metric.
fn silences(rulebook: &Rulebook) -> BTreeMap<MetricId, Vec<(usize, &MetricAlert)>> {
    let mut all: BTreeMap<MetricId, Vec<(usize, &MetricAlert)>> = BTreeMap::new();
    for (id, metric) in rulebook.metrics.with_ids() {
        for (clause, alert) in metric.alerts.iter().enumerate() {
            if matches!(alert.when, AlertWhen::NoneFor(_)) {
                all.entry(id).or_default().push((clause, alert));
            }
        }
    }
    all
}

/// The rows of a metric: when each was known, and when it happened.
fn come(samples: &Samples, metric: MetricId) -> Vec<(Timestamp, Timestamp)> {
    let rows = samples.rows.iter().filter(|row| row.metric == metric && !row.snapshot);
    rows.map(|row| (row.seen, row.at)).collect()
}

/// One alert each time that no row has come for so long since the last one, or since the log begins.
fn silence(
    plan: &Plan,
    zone: Zone,
    (metric, clause, alert): (MetricId, usize, &MetricAlert),
    mut rows: Vec<(Timestamp, Timestamp)>,
    (first, until): (Timestamp, Timestamp),
) -> Vec<BookAlert> {
    let AlertWhen::NoneFor(length) = alert.when else { return Vec::new() };
    let rulebook = &plan.rulebook;
    let office = rulebook.calendars.iter().find(|calendar| calendar.name == "office").or(rulebook.calendars.first());
    let due = |from: Timestamp| match length.measured() {
        Some(span) => from + span,
        None => later(from, length, zone, office),
    };
    rows.sort_unstable();
    let mut found = Vec::new();
    let mut last = first;
    // The silence that somebody was told of, and that is not over.
    let mut open: Option<Stretch> = None;
    for row in rows.into_iter().map(Some).chain([None]) {
        let seen = row.map_or(until + Span(1), |(seen, _)| seen);
        let deadline = due(last);
        let make = |at, period, what| of(plan, zone, (metric, clause, alert), (at, period), what);
        if open.is_none() && deadline <= seen && deadline <= until {
            let period = Stretch { from: last, to: deadline };
            found.push(make(deadline, period, AlertFound::NoneSince(last)));
            open = Some(period);
        }
        let Some((seen, at)) = row else { break };
        last = last.max(at);
        // What is told of so late that it is too long ago already ends no silence.
        if let Some(period) = open.filter(|_| due(last) > seen) {
            found.push(make(seen, period, AlertFound::Over));
            open = None;
        }
    }
    found
}

/// What is known of an alert on one metric while its periods are judged.
#[derive(Clone, Copy, Debug, Default)]
struct Episode {
    /// Somebody was alerted, and it is not over.
    open: bool,
    /// So many periods in a row that missed the target.
    missed: u32,
}

/// What a period is found to be.
enum Judgement {
    /// As it should be.
    Fine,
    /// Somebody is to be told.
    Off(Box<AlertFound>),
}

fn judged(
    plan: &Plan,
    zone: Zone,
    judgings: &[Judging<'_>],
    (moments, stretches, counted): (&[Timestamp], &[Vec<Stretch>], &[Counted]),
) -> Vec<BookAlert> {
    let mut episodes: BTreeMap<(MetricId, usize), Episode> = BTreeMap::new();
    let mut found = Vec::new();
    for judging in judgings {
        let Ok(place) = moments.binary_search(&judging.at) else { continue };
        let (Some(stretches), Some(counted)) = (stretches.get(place), counted.get(place)) else { continue };
        let book = Book { plan, stretches, counted };
        let episode = episodes.entry((judging.metric, judging.clause)).or_default();
        // What cannot be judged neither begins an episode nor ends one.
        let Some(what) = judge(&book, zone, judging, episode) else { continue };
        let make =
            |what| of(plan, zone, (judging.metric, judging.clause, judging.alert), (judging.at, judging.period), what);
        match (what, episode.open) {
            (Judgement::Off(what), false) => found.push(make(*what)),
            (Judgement::Fine, true) => found.push(make(AlertFound::Over)),
            _ => continue,
        }
        episode.open = !episode.open;
    }
    found
}

/// What is wrong with a period; `None` of one that is not to be judged.
fn judge(book: &Book<'_>, zone: Zone, judging: &Judging<'_>, episode: &mut Episode) -> Option<Judgement> {
    let metric = book.plan.rulebook.metrics.get(judging.metric)?;
    let figure = book.figure(judging.metric, None, judging.period)?;
    match judging.alert.when {
        AlertWhen::OffTarget { periods } => {
            let goal = goal_of(metric, judging.period, zone)?;
            let standing = standing(metric, &figure, goal)?;
            let sure = standing == GoalStanding::Missed;
            let missed = sure || standing == GoalStanding::MayBeMissed;
            episode.missed = if missed { episode.missed + 1 } else { 0 };
            let off = sure || periods.is_some_and(|periods| episode.missed >= periods);
            let found = AlertFound::OffTarget { figure, goal, sure, periods: episode.missed };
            Some(if off { Judgement::Off(Box::new(found)) } else { Judgement::Fine })
        }
        AlertWhen::Down(part) => moved(book, judging, metric, figure, |now, old| now <= old * (1.0 - part)),
        AlertWhen::Up(part) => moved(book, judging, metric, figure, |now, old| now >= old * (1.0 + part)),
        AlertWhen::NoneFor(_) => None,
    }
}

fn moved(
    book: &Book<'_>,
    judging: &Judging<'_>,
    metric: &Metric,
    figure: Figure,
    far: impl Fn(f64, f64) -> bool,
) -> Option<Judgement> {
    let stretch = judging.before?;
    let before = book.figure(judging.metric, None, stretch)?;
    if before.is_few(metric) || (figure.is_few(metric) && !matches!(metric.measure, Measure::Count(_))) {
        return None;
    }
    // Counts are held against each other by how long they took.
    let scale = match metric.measure {
        Measure::Count(_) => judging.period.days() / stretch.days(),
        _ => 1.0,
    };
    let (now, old) = (figure.value.or(figure.more)?, before.value? * scale);
    let shift = change(metric, (&before, stretch), (&figure, judging.period))?;
    let fires = shift.sure && far(now, old);
    Some(if fires { Judgement::Off(Box::new(AlertFound::Moved { figure, before, shift })) } else { Judgement::Fine })
}

fn of(
    plan: &Plan,
    zone: Zone,
    (metric, clause, alert): (MetricId, usize, &MetricAlert),
    (at, period): (Timestamp, Stretch),
    found: AlertFound,
) -> BookAlert {
    let name = plan.rulebook.metrics.name(metric);
    // What is said and not where it stands: to move the clause makes no other alert.
    let said = format!("{:?} {:?}", alert.when, alert.each);
    let over = if found == AlertFound::Over { "over" } else { "" };
    let (from, to) = (period.from.0.to_string(), period.to.0.to_string());
    let id = ActionId::new(&[name, alert.to.word(), &said, over, &from, &to], 0);
    BookAlert { at, zone, metric, clause, to: alert.to, period, id, found }
}

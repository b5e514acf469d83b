//! Metrics: names resolved, expressions typed, targets in the unit of what is measured.

mod alert;
mod clause;
mod expect;
mod formula;
mod measure;

use std::collections::BTreeMap;

use super::checker::Checker;
use super::name::Kind;
use super::table::Entry;
use crate::diagnostic::Diagnostic;
use crate::rulebook::metric::{LeftOutMetric, Measure, MetricKind, MetricUnit};
use crate::rulebook::{Metric, MetricId};
use crate::slug::Slug;
use crate::source::Range;
use crate::syntax::tree::{self, MetricDecl};

pub(super) const METRIC: Kind =
    Kind { slug: Slug::UnknownMetric, one: "metric", many: "metrics", declare: "metric NAME = count booked" };

/// With fewer rows a value is shown and not judged, where nothing else is said.
const LEAST: u32 = 30;

/// How far a metric is known.
#[derive(Clone, Copy, Debug)]
pub(super) enum Known {
    /// It is being looked at; coming here again is a circle.
    Open,
    /// It has a mistake, which is reported, or is left out.
    Broken,
    /// Known.
    Is(MetricId),
}

/// Metrics by their place among those declared.
pub(super) type Metrics = BTreeMap<usize, Known>;

impl<'a> Checker<'a> {
    /// Resolves every metric, those that others are made of before them.
    pub fn check_metrics(&mut self) {
        self.measuring = true;
        for at in 0..self.declared.metrics.len() {
            let place = self.declared.metrics.at(at).map(|entry| entry.range).unwrap_or_default();
            self.metric_at(at, place);
        }
        if self.declared.metrics.len() > 0 {
            let sets = ["called", "wrote", "done"].into_iter().filter_map(|name| self.named_set(name));
            self.reaching.contacts = sets.collect();
        }
        self.measuring = false;
    }

    /// The metric of a name, as used at a place.
    pub fn metric_named(&mut self, name: &str, used: Range) -> Option<MetricId> {
        let Some(at) = self.declared.metrics.find(name) else {
            let names = self.declared.metrics.names();
            self.unknown(&METRIC, name, used, &names, None);
            return None;
        };
        if let Some(declared) = self.declared.metrics.at(at).map(|entry| entry.range) {
            self.refer(super::reference::ReferenceKind::Metric, name, used, declared);
        }
        self.metric_at(at, used)
    }

    fn metric_at(&mut self, at: usize, used: Range) -> Option<MetricId> {
        match self.resolved.known_metrics.get(&at) {
            Some(Known::Is(id)) => return Some(*id),
            Some(Known::Broken) => {
                // What a formula is made of may be left out without a word of its own.
                let entry = self.declared.metrics.at(at).filter(|entry| entry.standard && entry.range != used)?;
                let message = format!("the standard metric `{}` cannot be had here", entry.name);
                let help = format!("`ensue report {}` says what it asks for", entry.name);
                self.report(Diagnostic::new(Slug::UnknownMetric, used, message).label("left out").help(help));
                return None;
            }
            Some(Known::Open) => {
                let name = self.text(used);
                let found = Diagnostic::new(Slug::MetricCycle, used, format!("metric `{name}` is made of itself"));
                self.report(found.label("leads back to the metric").help("take it out of the formula"));
                return None;
            }
            None => {}
        }
        let Entry { item, standard, range, name } = self.declared.metrics.at(at)?.clone();
        self.resolved.known_metrics.insert(at, Known::Open);
        let before = self.diagnostics.len();
        let metric = self.deeper(used, |checker| checker.metric(item, (standard, range, at)));
        let metric = if standard { self.settle_standard(before, name, metric) } else { metric };
        let known = metric.map(|metric| self.resolved.metrics.push(metric));
        self.resolved.known_metrics.insert(at, known.map_or(Known::Broken, Known::Is));
        known
    }

    /// A standard metric that does not fit this rulebook is left out: nobody here has made a mistake.
    fn settle_standard(&mut self, before: usize, name: String, metric: Option<Metric>) -> Option<Metric> {
        let mut found = self.diagnostics.split_off(before.min(self.diagnostics.len()));
        self.reported.retain(|_, at| *at < before);
        if found.is_empty() && metric.is_some() {
            return metric;
        }
        let why = if found.is_empty() { String::new() } else { found.swap_remove(0).message };
        self.resolved.left_out.push(LeftOutMetric { name, why });
        None
    }

    fn metric(&mut self, declared: &'a MetricDecl, (standard, range, rank): (bool, Range, usize)) -> Option<Metric> {
        let measured = self.measure(&declared.measure);
        let events = measured.as_ref().and_then(|measured| measured.events.clone());
        let mut metric = Metric {
            name: declared.name.node.clone(),
            standard,
            rank,
            range,
            kind: MetricKind::Activity,
            unit: measured.as_ref().map_or(MetricUnit::Number, |measured| measured.unit),
            measure: measured.map(|measured| measured.measure)?,
            by: Vec::new(),
            except: None,
            credit_account: false,
            targets: Vec::new(),
            lower_is_better: None,
            benchmarks: Vec::new(),
            least: LEAST,
            alerts: Vec::new(),
            remedy: None,
            why: declared.why.as_ref().map(|text| text.node.clone()),
        };
        metric.kind = usual_kind(&metric.measure);
        let sound = self.metric_clauses(declared, &mut metric, events.as_ref());
        sound.then_some(metric)
    }
}

/// Where a metric stands in a report that does not say.
fn usual_kind(measure: &Measure) -> MetricKind {
    match measure {
        Measure::Count(_) => MetricKind::Activity,
        Measure::Share { .. } | Measure::Steps { .. } => MetricKind::Conversion,
        Measure::Statistic { .. } | Measure::Time { .. } | Measure::Formula(_) => MetricKind::Efficiency,
    }
}

/// The name of an event with which an expression is written, `won`, `called(outcome == "answered")`.
pub(super) fn named_event(e: &tree::Expr) -> Option<tree::EventRef> {
    super::function::event_ref(e)
}

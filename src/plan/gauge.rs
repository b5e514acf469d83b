//! What an engine that measures asks of every event: which metrics have a row for it, and which wait for it.

use super::Condition;
use super::compile::condition;
use crate::rulebook::metric::{DimensionPart, Measure, Metric, RowOutcome};
use crate::rulebook::{
    ChannelId, Experiment, ExperimentId, Expr, MEASURED_TYPES, MetricId, PropId, Rulebook, SetId, Table, TypeId,
};
use crate::timestamp::Span;
use crate::units::Length;

/// What an event is to those that measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// A row of a metric.
    Row(MetricId),
    /// Something that rows wait for; index into [`Gauge::awaited`].
    Awaited(u16),
    /// Somebody of ours reached out.
    Contact,
    /// The lead answered.
    Reply,
}

/// What must hold of an event of a type, and what it then is.
#[derive(Clone, Debug)]
pub(crate) struct GaugeTest {
    pub conditions: Vec<Condition>,
    pub uses: Vec<Use>,
}

/// A metric with what its rows are asked.
#[derive(Clone, Debug)]
pub(crate) struct Gauged {
    /// Its breakdowns; each has one or two indices into [`Gauge::dimensions`].
    pub by: Vec<Vec<usize>>,
    /// How long each outcome is waited for, and as what; in the order of the outcomes, steps or the one event.
    pub waits: Vec<Wait>,
    /// `except`
    pub except: Option<(u16, Length)>,
}

/// What a row waits for.
#[derive(Clone, Debug)]
pub(crate) enum Wait {
    /// Such an event within a length; index into [`Gauge::awaited`].
    For(u16, Length),
    /// No such event within a length.
    NotFor(u16, Length),
    /// Nothing: whether the row is itself in a set.
    Own(SetId),
    /// Nothing: a condition that is judged at the row.
    Now(Expr),
    /// A condition that is judged so much later.
    Later(Expr, Length),
}

/// What the leads of an experiment are looked at for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct GaugedExperiment {
    /// Its goal; index into [`Gauge::awaited`].
    pub goal: Option<(u16, Span)>,
    /// What must not come more often.
    pub guard: Option<(u16, Span)>,
}

/// What an engine that measures asks of every event.
#[derive(Clone, Debug)]
pub(crate) struct Gauge {
    /// By type.
    pub tests: Table<TypeId, Vec<GaugeTest>>,
    /// By metric; `None` of those that are not measured, or made of others.
    pub metrics: Table<MetricId, Option<Gauged>>,
    /// Metrics of leads as they stand when a period ends.
    pub snapshots: Vec<MetricId>,
    /// By experiment: what its leads are looked at for.
    pub experiments: Table<ExperimentId, GaugedExperiment>,
    /// What rows are broken down by.
    pub dimensions: Vec<DimensionPart>,
    /// Sets that rows wait for.
    pub awaited: Vec<SetId>,
    /// The types of what the engine does, in the order of [`MEASURED_TYPES`].
    pub types: [Option<TypeId>; MEASURED_TYPES.len()],
    /// Properties of these.
    pub props: GaugeProps,
    /// By type: the channel that such an event comes by, as its name says: `sms.replied`.
    pub channels: Table<TypeId, Option<ChannelId>>,
    /// Types by which providers report what was sent: `email.sent`.
    reports: Vec<TypeId>,
}

/// Properties that the engine gives its own events, and those it looks for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct GaugeProps {
    pub channel: Option<PropId>,
    pub kind: Option<PropId>,
    pub template: Option<PropId>,
    pub sequence: Option<PropId>,
    pub touch: Option<PropId>,
    pub enrollment: Option<PropId>,
    pub experiment: Option<PropId>,
    pub variant: Option<PropId>,
    pub manual: Option<PropId>,
    pub auto: Option<PropId>,
    pub nth: Option<PropId>,
    pub status: Option<PropId>,
    pub reason: Option<PropId>,
    pub from: Option<PropId>,
    pub to: Option<PropId>,
    pub rule: Option<PropId>,
    pub action: Option<PropId>,
}

impl Gauge {
    /// What is asked for these metrics.
    pub fn of(rulebook: &Rulebook, wanted: &[MetricId]) -> Self {
        let props = |name: &str| rulebook.props.find(name);
        let mut gauge = Self {
            tests: vec![Vec::new(); rulebook.types.len()].into(),
            metrics: vec![None; rulebook.metrics.len()].into(),
            snapshots: Vec::new(),
            experiments: Table::default(),
            dimensions: Vec::new(),
            awaited: Vec::new(),
            types: MEASURED_TYPES.map(|name| rulebook.types.find(name)),
            channels: rulebook.types.iter().map(|ty| channel_of(rulebook, &ty.name)).collect(),
            reports: ["email.sent", "sms.sent"].into_iter().filter_map(|name| rulebook.types.find(name)).collect(),
            props: GaugeProps {
                channel: props("channel"),
                kind: props("kind"),
                template: props("template"),
                sequence: props("sequence"),
                touch: props("touch"),
                enrollment: props("enrollment"),
                experiment: props("experiment"),
                variant: props("variant"),
                manual: props("manual"),
                auto: props("auto"),
                nth: props("nth"),
                status: props("status"),
                reason: props("reason"),
                from: props("from"),
                to: props("to"),
                rule: props("rule"),
                action: props("action"),
            },
        };
        for (id, metric) in rulebook.metrics.with_ids().filter(|(id, _)| wanted.contains(id)) {
            gauge.place(rulebook, id, metric);
        }
        gauge.experiments =
            rulebook.experiments.iter().map(|experiment| gauge.experiment(rulebook, experiment)).collect();
        for set in rulebook.reaching.contacts.iter().copied() {
            gauge.listen(rulebook, set, Use::Contact);
        }
        gauge.listen(rulebook, rulebook.well_known.replied, Use::Reply);
        gauge
    }

    /// Whether a provider reports by such events what was sent.
    pub fn is_report(&self, ty: TypeId) -> bool {
        self.reports.contains(&ty)
    }

    fn place(&mut self, rulebook: &Rulebook, id: MetricId, metric: &Metric) {
        let Some(rows) = metric.measure.rows() else { return };
        match rows.set {
            Some(set) => self.listen(rulebook, set, Use::Row(id)),
            None => self.snapshots.push(id),
        }
        let waits = match &metric.measure {
            Measure::Share { outcomes, .. } => outcomes.iter().map(|outcome| self.wait(outcome)).collect(),
            Measure::Time { event, within, .. } => vec![Wait::For(self.await_set(*event), *within)],
            Measure::Steps { steps, within, .. } => {
                steps.iter().map(|step| Wait::For(self.await_set(*step), *within)).collect()
            }
            Measure::Count(_) | Measure::Statistic { .. } | Measure::Formula(_) => Vec::new(),
        };
        let by = metric.by.iter().map(|by| by.parts.iter().map(|part| self.dimension(part)).collect()).collect();
        let except = metric.except.map(|(set, within)| (self.await_set(set), within));
        if let Some(place) = self.metrics.get_mut(id) {
            *place = Some(Gauged { by, waits, except });
        }
        for awaited in 0..self.awaited.len() {
            let Some(set) = self.awaited.get(awaited).copied() else { continue };
            self.listen(rulebook, set, Use::Awaited(awaited as u16));
        }
    }

    fn experiment(&mut self, rulebook: &Rulebook, experiment: &Experiment) -> GaugedExperiment {
        let mut awaited = |(set, within): (SetId, Span)| {
            let awaited = self.await_set(set);
            self.listen(rulebook, set, Use::Awaited(awaited));
            (awaited, within)
        };
        GaugedExperiment { goal: experiment.goal.map(&mut awaited), guard: experiment.guard.map(&mut awaited) }
    }

    fn wait(&mut self, outcome: &RowOutcome) -> Wait {
        match outcome {
            RowOutcome::Event { set, within } => Wait::For(self.await_set(*set), *within),
            RowOutcome::Without { set, within } => Wait::NotFor(self.await_set(*set), *within),
            RowOutcome::Own(set) => Wait::Own(*set),
            RowOutcome::Condition { expr, after: None, .. } => Wait::Now(expr.clone()),
            RowOutcome::Condition { expr, after: Some(after), .. } => Wait::Later(expr.clone(), *after),
        }
    }

    fn await_set(&mut self, set: SetId) -> u16 {
        let known = self.awaited.iter().position(|other| *other == set);
        known.unwrap_or_else(|| {
            self.awaited.push(set);
            self.awaited.len() - 1
        }) as u16
    }

    fn dimension(&mut self, part: &DimensionPart) -> usize {
        let known = self.dimensions.iter().position(|other| other.source == part.source && other.edges == part.edges);
        known.unwrap_or_else(|| {
            self.dimensions.push(part.clone());
            self.dimensions.len() - 1
        })
    }

    fn listen(&mut self, rulebook: &Rulebook, set: SetId, to: Use) {
        let Some(set) = rulebook.sets.get(set) else { return };
        for alternative in &set.alternatives {
            let Some(tests) = self.tests.get_mut(alternative.ty) else { continue };
            let conditions: Vec<Condition> = alternative.conditions.iter().map(condition).collect();
            match tests.iter_mut().find(|test| test.conditions == conditions) {
                Some(test) if test.uses.contains(&to) => {}
                Some(test) => test.uses.push(to),
                None => tests.push(GaugeTest { conditions, uses: vec![to] }),
            }
        }
    }
}

/// The channel that the name of a type says: `sms.replied`, `call.completed`.
fn channel_of(rulebook: &Rulebook, name: &str) -> Option<ChannelId> {
    name.split_once('.')
        .and_then(|(channel, _)| rulebook.channels.find(channel))
        .filter(|it| !rulebook.is_internal(*it))
}

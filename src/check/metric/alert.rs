//! Alerts on metrics: who is told, when, and whether that can ever be.

use super::super::checker::Checker;
use crate::diagnostic::Diagnostic;
use crate::rulebook::metric::{AlertWhen, Measure, MetricAlert};
use crate::rulebook::{Metric, Person};
use crate::slug::Slug;
use crate::source::Range;
use crate::syntax::tree::{self, At, Name};
use crate::timestamp::Span;
use crate::units::{Length, Period, RowsOf};
use crate::words::{listed, nearest};

/// An alert that comes so much after what it is about is noted.
const LATE: Span = Span::days(7);

impl Checker<'_> {
    pub(super) fn metric_alert(
        &mut self,
        range: Range,
        (to, when, each): (&Name, &At<tree::AlertWhen>, Option<&Name>),
        metric: &Metric,
    ) -> Option<MetricAlert> {
        let to = self.told_of_metrics(to);
        let each = match each {
            Some(name) => self.alert_period(name),
            None => Some(Period::Week),
        };
        let each = each?;
        let condition = match &when.node {
            tree::AlertWhen::OffTarget(times) => self.off_target(when.range, times.as_ref(), each, metric),
            tree::AlertWhen::Down(by) => self.moved(when.range, by, metric).map(AlertWhen::Down),
            tree::AlertWhen::Up(by) => self.moved(when.range, by, metric).map(AlertWhen::Up),
            tree::AlertWhen::NoneFor(length) => self.none_for(when.range, length, metric),
        };
        let (to, when) = (to?, condition?);
        if !matches!(when, AlertWhen::NoneFor(_)) {
            self.late_alert(range, metric, each);
        }
        Some(MetricAlert { to, when, each, range })
    }

    /// A metric is about many leads, so no lead's owner is meant.
    fn told_of_metrics(&mut self, name: &Name) -> Option<Person> {
        let person = self.person(name)?;
        if person == Person::Owner {
            let found =
                Diagnostic::new(Slug::UnknownPerson, name.range, "a metric belongs to no lead, so it has no owner");
            self.report(found.label("whose owner?").help("say `manager`: `alert manager when off target`"));
            return None;
        }
        Some(person)
    }

    fn alert_period(&mut self, name: &Name) -> Option<Period> {
        let period = Period::of_word(&name.node);
        if period.is_none() {
            let words = ["day", "week", "month", "quarter", "year"].map(str::to_owned);
            let help = match nearest(&name.node, &words) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the periods are {}", listed(&words)),
            };
            let found =
                Diagnostic::new(Slug::UnknownName, name.range, format!("`{}` is no period of reports", name.node));
            self.report(found.label("not a period").help(help));
        }
        period
    }

    fn off_target(
        &mut self,
        range: Range,
        times: Option<&(At<u32>, Name)>,
        each: Period,
        metric: &Metric,
    ) -> Option<AlertWhen> {
        if metric.targets.is_empty() {
            let message = format!("`{}` has no target, so it is never off it", metric.name);
            let found = Diagnostic::new(Slug::NeverAlerts, range, message).label("off which target?");
            self.report(found.help("say what is aimed at: `target >= 8%`"));
            return None;
        }
        let Some((times, unit)) = times else {
            let periods = (!metric.measure.has_interval()).then_some(1);
            return Some(AlertWhen::OffTarget { periods });
        };
        let word = unit.node.strip_suffix('s').unwrap_or(&unit.node);
        if word != each.word() {
            let (wanted, count) = (each.word(), times.node);
            let message = format!("it is judged each {wanted}, and `{}` is something else", unit.node);
            let found = Diagnostic::new(Slug::UnknownName, unit.range, message).label(format!("not {wanted}s"));
            let plural = if count == 1 { "" } else { "s" };
            let other = Period::of_word(word).map(|other| format!(", or add `each {}`", other.word()));
            let other = other.unwrap_or_default();
            self.report(found.help(format!("write `off target for {count} {wanted}{plural}`{other}")));
            return None;
        }
        Some(AlertWhen::OffTarget { periods: Some(times.node) })
    }

    fn moved(&mut self, range: Range, by: &At<crate::decimal::Decimal>, metric: &Metric) -> Option<f64> {
        if !metric.measure.changes_surely() {
            let message = format!("nobody can say whether a change of `{}` is chance", metric.name);
            let found = Diagnostic::new(Slug::NeverAlerts, range, message).label("has no interval");
            self.report(found.help("give it a target and alert when `off target for 2 weeks`"));
            return None;
        }
        Some(by.node.to_f64() / 100.0)
    }

    fn none_for(&mut self, range: Range, length: &At<Length>, metric: &Metric) -> Option<AlertWhen> {
        let is_event = metric.measure.rows().is_some_and(|rows| rows.set.is_some());
        if matches!(metric.measure, Measure::Formula(_)) || !is_event {
            let message = format!("`{}` is not made of events, so none can be missing", metric.name);
            let found = Diagnostic::new(Slug::NeverAlerts, range, message).label("no events");
            self.report(found.help("alert on a metric that counts events, such as `count created`"));
            return None;
        }
        Some(AlertWhen::NoneFor(self.length(length, "the time without a row")?))
    }

    /// What is waited for makes the alert come late, which the author should know.
    fn late_alert(&mut self, range: Range, metric: &Metric, each: Period) {
        let waits = metric.measure.waits();
        let wait = waits.iter().filter_map(|wait| Some((wait.measured()?, *wait))).max_by_key(|(span, _)| *span);
        let Some((span, length)) = wait.filter(|(span, _)| *span >= LATE) else { return };
        let together = metric.measure.rows().is_some_and(|rows| rows.of != RowsOf::Events);
        let message = format!(
            "what `{}` shows of a {} is known {} after it ended, and the alert comes then",
            metric.name,
            each.word(),
            span.in_words()
        );
        let found = Diagnostic::new(Slug::LateAlert, range, message).label("comes late");
        let help = if together {
            format!("to be told sooner, alert on an activity that leads to it, or wait for less than {length}")
        } else {
            format!("to be told sooner, wait for less than {length}, or alert on an activity that leads to it")
        };
        self.report(found.help(help));
    }
}

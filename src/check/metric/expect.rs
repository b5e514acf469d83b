//! What a test expects of a metric: `expect metric reply_rate 1 of 2 at +21d`.

use super::super::checker::Checker;
use super::super::test::Reading;
use crate::diagnostic::Diagnostic;
use crate::rulebook::metric::Measure;
use crate::rulebook::{MetricExpect, MetricShown};
use crate::slug::Slug;
use crate::source::Range;
use crate::syntax::tree::{MeasuredExpect, Name, Shown, Text};
use crate::words::{listed, nearest};

impl Checker<'_> {
    /// Takes in what a test expects of a metric.
    pub(in super::super) fn expect_metric(
        &mut self,
        expected: &MeasuredExpect,
        range: Range,
        reading: &mut Reading<'_>,
    ) -> Option<()> {
        let metric = self.metric_named(&expected.metric.node, expected.metric.range)?;
        let known = self.resolved.metrics.get(metric)?.clone();
        let group = match &expected.group {
            Some(group) => Some(self.expected_group(group, &known)?),
            None => None,
        };
        let has_rows = matches!(known.measure, Measure::Share { .. } | Measure::Time { .. });
        let shows = match expected.shows.node {
            Shown::Nothing => MetricShown::Nothing,
            Shown::Of(outcomes, rows) if has_rows => MetricShown::Of(outcomes, rows),
            Shown::Of(..) => {
                let message = format!("`{}` is no part of a whole", known.name);
                let found = Diagnostic::new(Slug::TargetType, expected.shows.range, message).label("not a share");
                self.report(found.help("write its value, for example `6`, or `-` where there is none"));
                return None;
            }
            Shown::Value(amount) => {
                let amount = crate::syntax::tree::At { node: amount, range: expected.shows.range };
                MetricShown::Value(self.amount(&amount, &known)?)
            }
        };
        let at = match &expected.at {
            Some(moment) => Some(self.test_moment(moment, reading.clock, reading.test.zone)?),
            None => None,
        };
        reading.named.extend(at.zip(expected.at.as_ref()).map(|(at, moment)| (at, moment.range)));
        let place = expected.shows.range;
        reading.test.metrics.push(MetricExpect { range, place, metric, group, shows, at });
        Some(())
    }

    fn expected_group(
        &mut self,
        (name, value): &(Name, Text),
        metric: &crate::rulebook::Metric,
    ) -> Option<(usize, String)> {
        if let Some(at) = metric.by.iter().position(|by| by.name == name.node) {
            return Some((at, value.node.clone()));
        }
        let names: Vec<String> = metric.by.iter().map(|by| by.name.clone()).collect();
        let help = match nearest(&name.node, &names) {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.is_empty() => format!("give the metric the clause `by {}`", name.node),
            None => format!("it is broken down by {}", listed(&names)),
        };
        let message = format!("`{}` is not broken down by `{}`", metric.name, name.node);
        self.report(Diagnostic::new(Slug::UnknownDimension, name.range, message).label("no such groups").help(help));
        None
    }
}

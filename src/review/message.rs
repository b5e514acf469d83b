//! Templates by the answers they bring.

use crate::metric::figure::Figure;
use crate::metric::table::MetricTable;
use crate::plan::Plan;
use crate::statistics;

/// The standard metric that templates are judged by.
const RATE: &str = "reply_rate_per_message";

/// One template is used for so large a part of all messages at most.
const MOST: f64 = 0.4;

/// A template and what it brought over the weeks of the review.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageWork {
    /// The template.
    pub template: String,
    /// Its replies.
    pub figure: Figure,
    /// How it stands among the others.
    pub standing: MessageStanding,
    /// Which part of all messages it is, where that is too much.
    pub too_much: Option<f64>,
}

/// How a template stands among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MessageStanding {
    /// It brings fewer replies than most, and that is not chance.
    Fails,
    /// It brings more replies than most, and that is not chance.
    Works,
    /// Nothing can be said against it.
    Fine,
    /// It went out too rarely to be judged.
    Few,
}

/// Every template that went out, those to change first.
pub(super) fn messages(plan: &Plan, table: &MetricTable) -> Vec<MessageWork> {
    let Some(id) = plan.rulebook.metrics.find(RATE) else { return Vec::new() };
    let Some(rows) = table.metrics.iter().find(|rows| rows.metric == id) else { return Vec::new() };
    let Some(metric) = plan.rulebook.metrics.get(id) else { return Vec::new() };
    let Some(by) = metric.by.iter().position(|by| by.name == "template") else { return Vec::new() };
    let own = rows.groups.iter().filter_map(|group| {
        let (of, label) = group.group.as_ref()?;
        (usize::from(*of) == by && label != "-").then_some((label, &group.whole))
    });
    let own: Vec<(&String, &Figure)> = own.filter(|(_, figure)| figure.rows + figure.unripe > 0).collect();
    let mut rates: Vec<f64> =
        own.iter().filter(|(_, figure)| !figure.is_few(metric)).filter_map(|(_, figure)| figure.value).collect();
    let median = statistics::quantile(&mut rates, 50, f64::total_cmp);
    let all: u64 = own.iter().map(|(_, figure)| figure.rows + figure.unripe).sum();
    let mut found: Vec<MessageWork> = own
        .iter()
        .map(|(template, figure)| {
            let standing = match (figure.is_few(metric), median, figure.low, figure.high) {
                (true, ..) => MessageStanding::Few,
                (_, Some(median), _, Some(high)) if high < median => MessageStanding::Fails,
                (_, Some(median), Some(low), _) if low > median => MessageStanding::Works,
                _ => MessageStanding::Fine,
            };
            let part = (figure.rows + figure.unripe) as f64 / all as f64;
            MessageWork {
                template: (*template).clone(),
                figure: (*figure).clone(),
                standing,
                too_much: (part > MOST && own.len() > 1).then_some(part),
            }
        })
        .collect();
    found.sort_by(|a, b| {
        let rate = |work: &MessageWork| work.figure.low.unwrap_or(0.0);
        a.standing.cmp(&b.standing).then(rate(b).total_cmp(&rate(a))).then_with(|| a.template.cmp(&b.template))
    });
    found
}

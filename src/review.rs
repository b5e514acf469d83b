//! The weekly review: who waits for a person and why, what changed in the numbers, which messages work, which tiers
//! promise too much, and whom to let go. Everything is data; `report` makes the words.

mod lists;
mod message;
mod trend;

use std::sync::Arc;

pub use self::lists::{ReviewItem, ReviewList, ReviewWhy};
pub use self::message::{MessageStanding, MessageWork};
pub use self::trend::{Trend, TrendKind};

use crate::local::Zone;
use crate::log::Log;
use crate::metric::alert::{self, BookAlert};
use crate::metric::period::{Compare, Cut, Periods};
use crate::metric::report_zone;
use crate::metric::table::{MetricTable, ReportAsk, table};
use crate::plan::Plan;
use crate::replay::{self, ReplayError, ReplayOptions};
use crate::rulebook::{MetricId, Rulebook};
use crate::timestamp::{Span, Timestamp};
use crate::units::Period;

/// What lies between two reviews.
pub const EVERY: Span = Span::days(7);

/// So many weeks of numbers are looked at.
const WEEKS: usize = 8;

/// So many earlier reviews tell how often an item was there.
pub const EARLIER: usize = 3;

/// A weekly review.
#[derive(Clone, Debug)]
pub struct WeeklyReview {
    /// The moment as of which it is.
    pub as_of: Timestamp,
    /// Where its days begin.
    pub zone: Zone,
    /// The numbers it rests on.
    pub table: MetricTable,
    /// What changed, and what is off its target.
    pub trends: Vec<Trend>,
    /// The alerts on metrics since the review before.
    pub alerts: Vec<BookAlert>,
    /// Templates by what they bring.
    pub messages: Vec<MessageWork>,
    /// Leads to look after, by list.
    pub items: Vec<ReviewItem>,
    /// Leads that stood in a list a week ago and do no more.
    pub left: Vec<ReviewItem>,
}

/// Holds a review over a log, with a rulebook that was checked for one, as of a moment or the log's end.
///
/// # Errors
/// The threads cannot be started, or the guard has stopped a script.
pub fn weekly(
    rulebook: Rulebook,
    log: &Log,
    as_of: Timestamp,
    replay: ReplayOptions,
) -> Result<(Arc<Plan>, WeeklyReview), ReplayError> {
    let zone = report_zone(&rulebook);
    let asked = lists::questions(&rulebook);
    let numbers: Vec<MetricId> = rulebook.metrics.ids().filter(|id| !asked.iter().any(|(_, of)| of == id)).collect();
    let questions: Vec<MetricId> = asked.iter().map(|(_, id)| *id).collect();
    let asking = Arc::new(Plan::compile_measured(rulebook.clone(), &questions));
    let plan = Arc::new(Plan::compile_measured(rulebook, &numbers));
    let received = log.iter().take_while(|event| event.received_at <= as_of);
    let first = received.map(|event| event.at).min().unwrap_or(as_of);
    let cut = Cut::Calendar(Period::Week);
    let periods = Periods::last(cut, zone, WEEKS, (first, as_of), Compare::Before);
    let ask = ReportAsk { metrics: numbers, periods, as_of, listed: None, replay };
    let table = table(&plan, log, &ask)?;
    let since = as_of - EVERY;
    let mut alerts = alert::alerts(&plan, log, &ReplayOptions { until: Some(as_of), ..replay })?;
    alerts.retain(|alert| alert.at > since);
    let mut items = lists::items(&asking, log, (as_of, &asked), replay)?;
    let mut left = Vec::new();
    for back in 1..=EARLIER {
        let then = as_of - Span(EVERY.0 * back as i64);
        if then < first {
            break;
        }
        let before = lists::items(&asking, log, (then, &asked), replay)?;
        // Only who stood there each time until now is still there.
        let still = |item: &&mut ReviewItem| item.times as usize == back;
        items.iter_mut().filter(still).for_each(|item| {
            item.times += u32::from(before.iter().any(|other| other.is_earlier(item, back as u32 * 7)));
        });
        if back == 1 {
            left = before.into_iter().filter(|old| !items.iter().any(|item| item.lead == old.lead)).collect();
        }
    }
    let trends = trend::trends(&plan, &table);
    let messages = message::messages(&plan, &table);
    Ok((Arc::clone(&plan), WeeklyReview { as_of, zone, table, trends, alerts, messages, items, left }))
}

/// The last moment that a log knows of.
#[must_use]
pub fn end(log: &Log) -> Option<Timestamp> {
    replay::end(log)
}

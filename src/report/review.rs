//! The weekly review as people and programs get it. Every item says why, and has a command that works when pasted.

pub mod human;
pub mod line;
pub mod markdown;

use crate::metric::table::PeriodFigure;
use crate::metric::value::value;
use crate::plan::Plan;
use crate::report::metric::{alert, words};
use crate::review::{
    EARLIER, MessageStanding, MessageWork, ReviewItem, ReviewList, ReviewWhy, Trend, TrendKind, WeeklyReview,
};
use crate::rulebook::metric::Measure;
use crate::rulebook::{Metric, Rulebook};
use crate::units::Content;
use crate::words::{many, ordinal};

/// What a review is drawn from.
#[derive(Clone, Copy, Debug)]
pub struct DrawnReview<'a> {
    /// The rulebook.
    pub plan: &'a Plan,
    /// The review.
    pub review: &'a WeeklyReview,
    /// Puts a verb and what it is about before the rulebook, the log and the moment of this review: a command that works
    /// when pasted.
    pub command: &'a dyn Command,
}

/// Makes commands that work when pasted.
pub trait Command: std::fmt::Debug {
    /// `ensue explain ana rules --events log.jsonl --at …`
    fn explain(&self, lead: &str) -> String;
    /// `ensue report rules reply_rate --events log.jsonl --as-of … --rows`
    fn report(&self, metric: &str, more: &str) -> String;
}

/// One thing to look at: what it is about, why, and what to do.
struct Entry {
    about: String,
    why: String,
    command: Option<String>,
    /// To be put into a rulebook.
    paste: Option<String>,
}

/// A part of the review.
struct Part {
    title: &'static str,
    /// What is said where it has no entries.
    nothing: &'static str,
    entries: Vec<Entry>,
}

/// The parts, in the order in which they are gone through.
fn parts(drawn: &DrawnReview<'_>) -> Vec<Part> {
    let list = |wanted: ReviewList| -> Vec<Entry> {
        let items = drawn.review.items.iter().filter(|item| item.why.list() == wanted);
        items.map(|item| lead(drawn, item)).collect()
    };
    vec![
        Part {
            title: "Numbers",
            nothing: "no number changed for sure, and none is off its target",
            entries: numbers(drawn),
        },
        Part { title: "Leads that wait for somebody", nothing: "nobody waits", entries: list(ReviewList::Stuck) },
        Part {
            title: "Messages",
            nothing: "no message stands out",
            entries: drawn.review.messages.iter().filter_map(|work| message(drawn, work)).collect(),
        },
        Part {
            title: "Tiers that promise too much",
            nothing: "every tier is as it should be",
            entries: list(ReviewList::Tiers),
        },
        Part { title: "Leads to let go", nothing: "nobody to let go", entries: list(ReviewList::Archive) },
    ]
}

fn numbers(drawn: &DrawnReview<'_>) -> Vec<Entry> {
    let alerts = drawn.review.alerts.iter().filter_map(|alert| {
        let metric = drawn.plan.rulebook.metrics.get(alert.metric)?;
        let about = format!("alert to the {}", alert.to.word());
        let command = drawn.command.report(&metric.name, "");
        Some(Entry { about, why: alert::text(metric, alert), command: Some(command), paste: None })
    });
    alerts.chain(drawn.review.trends.iter().filter_map(|one| trend(drawn, one))).collect()
}

fn trend(drawn: &DrawnReview<'_>, trend: &Trend) -> Option<Entry> {
    let table = &drawn.review.table;
    let metric = drawn.plan.rulebook.metrics.get(trend.metric)?;
    let rows = table.metrics.iter().find(|rows| rows.metric == trend.metric)?;
    let period = rows.groups.first()?.periods.get(trend.week)?;
    let week = table.periods.shown.get(trend.week)?;
    let day = table.periods.zone.to_local(week.from).date();
    let mut why =
        format!("{} in the week of {day}{}", words::figure(metric, &period.figure), told(metric, period, trend));
    if let Some(remedy) = metric.remedy.as_deref().filter(|_| trend.kind != TrendKind::Better) {
        why = format!("{why}; {remedy}");
    }
    let rows = if matches!(metric.measure, Measure::Formula(_)) { "" } else { " --rows" };
    let command = drawn.command.report(&metric.name, rows);
    Some(Entry { about: metric.name.clone(), why, command: Some(command), paste: None })
}

fn told(metric: &Metric, period: &PeriodFigure, trend: &Trend) -> String {
    let off = period.goal.map(|goal| words::off_goal(metric.unit, goal)).unwrap_or_default();
    let by = trend.shift.map(|shift| words::change_by(metric, &shift)).unwrap_or_default();
    match trend.kind {
        TrendKind::Off => format!(", {off}, and that is not chance"),
        TrendKind::MayBeOff => format!(", {off}, which may be chance"),
        TrendKind::Worse => format!(", {by} against the week before: worse, and not by chance"),
        TrendKind::Better => format!(", {by} against the week before: better, and not by chance"),
        TrendKind::Changed => format!(", {by} against the week before, and not by chance"),
        TrendKind::MayBeWorse => format!(", {by} against the week before, which may be chance"),
    }
}

fn lead(drawn: &DrawnReview<'_>, item: &ReviewItem) -> Entry {
    let known: Vec<&str> = [&item.name, &item.tier, &item.owner].into_iter().flatten().map(String::as_str).collect();
    let about = if known.is_empty() { item.lead.clone() } else { format!("{} ({})", item.lead, known.join(", ")) };
    let again = match item.times {
        1 => String::from("new"),
        times if times as usize > EARLIER => format!("still, the {} time or more", ordinal(times)),
        times => format!("still, the {} time", ordinal(times)),
    };
    let why = format!("{} ({again})", why(item));
    Entry { about, why, command: Some(drawn.command.explain(&item.lead)), paste: None }
}

/// Why a lead stands in a list, in a sentence.
fn why(item: &ReviewItem) -> String {
    let ago = match item.days {
        Some(0) => String::from("today"),
        Some(days) => format!("{} ago", many(days, "day")),
        None => String::from("some time ago"),
    };
    let long = item.days.map_or_else(|| String::from("some time"), |days| many(days, "day"));
    match &item.why {
        ReviewWhy::Reply => format!("replied {ago}, and nobody has answered"),
        ReviewWhy::Demo => format!("asked for a demo {ago}, and nobody has answered"),
        ReviewWhy::Alert => match &item.told {
            Some((to, text)) => {
                format!("the {} was told {ago}: \u{201c}{text}\u{201d}, and nobody has taken it up", to.word())
            }
            None => format!("somebody was alerted {ago}, and nobody has taken it up"),
        },
        ReviewWhy::Approval { touch } => format!("`{touch}` has waited for approval for {long}"),
        ReviewWhy::Interest => format!("showed interest {ago}, and nobody has been in touch since"),
        ReviewWhy::MissedCalls => format!("did not answer three calls or more, the last one {ago}"),
        ReviewWhy::Overstayed => match &item.tier {
            Some(tier) => format!("has been {tier} for {long}, and no deal is closed"),
            None => format!("has been in its tier for {long}"),
        },
        ReviewWhy::Stage => format!("its deal has been in one stage for {long}"),
        ReviewWhy::Held => format!("has been held by hand for {long}, without an end"),
        ReviewWhy::Idle => format!("has had no next step for {long}"),
        ReviewWhy::NoInterest => match &item.tier {
            Some(tier) => format!("is {tier} and has shown no interest for {long}"),
            None => format!("has shown no interest for {long}"),
        },
        ReviewWhy::Locked => String::from("its tier is locked by hand, so no rule moves it"),
        ReviewWhy::Bounced => String::from("its address does not exist"),
        ReviewWhy::OptedOut => String::from("wants no messages at all"),
        ReviewWhy::Through => String::from("has been through a sequence and never showed interest"),
        ReviewWhy::LongAgo => format!("showed interest {ago}, and not since"),
    }
}

fn message(drawn: &DrawnReview<'_>, work: &MessageWork) -> Option<Entry> {
    let name = "reply_rate_per_message";
    let metric = drawn.plan.rulebook.metrics.get(drawn.plan.rulebook.metrics.find(name)?)?;
    let figure = words::figure(metric, &work.figure);
    let much = work.too_much.map(|part| {
        format!("it is {} of all messages, which is more than one template should be", value(metric.unit, part))
    });
    let mut why = match work.standing {
        MessageStanding::Fails => format!("fails: {figure} replies, surely fewer than most templates bring"),
        MessageStanding::Works => format!("works: {figure} replies, surely more than most templates bring"),
        MessageStanding::Fine | MessageStanding::Few if much.is_none() => return None,
        MessageStanding::Fine => format!("{figure} replies"),
        MessageStanding::Few => format!("{figure} replies, too few to judge it"),
    };
    if let Some(much) = much {
        why = format!("{why}; {much}");
    }
    let paste =
        (work.standing == MessageStanding::Fails).then(|| experiment(&drawn.plan.rulebook, &work.template)).flatten();
    let command = drawn.command.report(name, " --by template");
    Some(Entry { about: work.template.clone(), why, command: Some(command), paste })
}

/// An experiment with the first touch that sends a template.
fn experiment(rulebook: &Rulebook, template: &str) -> Option<String> {
    let touches =
        rulebook.sequences.iter().flat_map(|sequence| sequence.touches.iter().map(move |touch| (sequence, touch)));
    let sends = |content: &Content| matches!(content, Content::Template(name) if name == template);
    let (sequence, touch) =
        touches.into_iter().find(|(_, touch)| touch.choices.iter().map(|(_, content)| content).any(sends))?;
    Some(format!(
        "experiment {template}_test on {}.{} {{ {template} 50%, {template}_new 50%, goal replied within 7d }}",
        sequence.name, touch.id
    ))
}

/// Who stood in a list a week ago and does no more.
fn left(drawn: &DrawnReview<'_>) -> Vec<String> {
    drawn.review.left.iter().map(|item| format!("{}: {}", item.lead, why(item))).collect()
}

/// The head of the review: which week, as of when.
fn head(drawn: &DrawnReview<'_>) -> String {
    let review = drawn.review;
    let local = review.zone.to_local(review.as_of);
    format!("weekly review as of {} ({})", local.format("%Y-%m-%d %H:%M"), review.zone.name())
}

/// The line that can be grepped.
#[must_use]
pub fn summary(drawn: &DrawnReview<'_>) -> String {
    let review = drawn.review;
    let count = |list| review.items.iter().filter(|item| item.why.list() == list).count() as u32;
    let off = review.trends.iter().filter(|trend| matches!(trend.kind, TrendKind::Off | TrendKind::MayBeOff)).count();
    format!(
        "review: {} stuck, {} off target, {} in a tier that promises too much, {} to let go; {} left the lists since a week ago\n",
        count(ReviewList::Stuck),
        many(off as u32, "number"),
        count(ReviewList::Tiers),
        count(ReviewList::Archive),
        many(review.left.len() as u32, "lead"),
    )
}

//! Who stands in which list, and why.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::check::REVIEW_PATH;
use crate::decision::{Body, Decision};
use crate::engine::{Engine, StuckWhy};
use crate::event::{EventNumber, LeadId};
use crate::log::Log;
use crate::metric::period::Stretch;
use crate::metric::{Counting, RowState, count, report_zone};
use crate::plan::Plan;
use crate::replay::{ReplayError, ReplayOptions};
use crate::rulebook::{MetricId, Person, Rulebook};
use crate::timestamp::{Span, Timestamp};

/// So long a lead may be without a next step.
const IDLE: Span = Span::days(7);

/// A list of the review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReviewList {
    /// It waits for a person.
    Stuck,
    /// Its tier promises more than it shows.
    Tiers,
    /// Nothing more is to be expected of it.
    Archive,
}

impl ReviewList {
    /// The word of programs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Stuck => "stuck",
            Self::Tiers => "tiers",
            Self::Archive => "archive",
        }
    }
}

/// Why a lead stands in a list. The first that fits counts, in this order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReviewWhy {
    /// It replied, and nobody answered.
    Reply,
    /// It asked for a demo, and nobody answered.
    Demo,
    /// Somebody was alerted more than a day ago, and nobody took it up.
    Alert,
    /// A touch waits for approval.
    Approval {
        /// Its name.
        touch: String,
    },
    /// It showed interest since the last contact.
    Interest,
    /// It was called three times and did not answer.
    MissedCalls,
    /// It has been in its tier for too long.
    Overstayed,
    /// Its deal has been in one stage for too long.
    Stage,
    /// A person has paused it without an end.
    Held,
    /// No next step lies ahead.
    Idle,
    /// It is hot or warm and has shown no interest for long.
    NoInterest,
    /// A person has locked its tier.
    Locked,
    /// Its address does not exist.
    Bounced,
    /// It wants no messages at all.
    OptedOut,
    /// It has been through a sequence and never showed interest.
    Through,
    /// It showed interest a year ago, and not since.
    LongAgo,
}

impl ReviewWhy {
    /// The list it belongs to.
    #[must_use]
    pub fn list(&self) -> ReviewList {
        match self {
            Self::Bounced | Self::OptedOut | Self::Through | Self::LongAgo => ReviewList::Archive,
            Self::NoInterest | Self::Locked => ReviewList::Tiers,
            _ => ReviewList::Stuck,
        }
    }

    /// The word of programs.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Demo => "demo",
            Self::Alert => "alert",
            Self::Approval { .. } => "approval",
            Self::Interest => "interest",
            Self::MissedCalls => "missed_calls",
            Self::Overstayed => "overstayed",
            Self::Stage => "stage",
            Self::Held => "held",
            Self::Idle => "idle",
            Self::NoInterest => "no_interest",
            Self::Locked => "locked",
            Self::Bounced => "bounced",
            Self::OptedOut => "opted_out",
            Self::Through => "through",
            Self::LongAgo => "long_ago",
        }
    }
}

/// A lead to look after.
#[derive(Clone, Debug, PartialEq)]
pub struct ReviewItem {
    /// Its id.
    pub lead: String,
    /// Its name, where it is known.
    pub name: Option<String>,
    /// Who looks after it.
    pub owner: Option<String>,
    /// Its tier.
    pub tier: Option<String>,
    /// Why it stands there.
    pub why: ReviewWhy,
    /// Since how many days; `None` where nobody knows.
    pub days: Option<u32>,
    /// Of an alert: who was told, and what.
    pub told: Option<(Person, String)>,
    /// In how many weekly reviews in a row it stands there for this, this one included.
    pub times: u32,
}

impl ReviewItem {
    /// Whether it is what a review so many days later shows too: the same lead for the same thing that happened.
    pub(super) fn is_earlier(&self, later: &Self, apart: u32) -> bool {
        let since = match (self.days, later.days) {
            (Some(then), Some(now)) => now.abs_diff(then + apart) <= 1,
            (then, now) => then == now,
        };
        self.lead == later.lead && self.why == later.why && since
    }
}

/// The questions of the review that the rulebook can be asked, each with its metric.
pub(super) fn questions(rulebook: &Rulebook) -> Vec<(ReviewWhy, MetricId)> {
    const QUESTIONS: [(&str, ReviewWhy); 14] = [
        ("review_reply", ReviewWhy::Reply),
        ("review_demo", ReviewWhy::Demo),
        ("review_alert", ReviewWhy::Alert),
        ("review_interest", ReviewWhy::Interest),
        ("review_calls", ReviewWhy::MissedCalls),
        ("review_hot_long", ReviewWhy::Overstayed),
        ("review_warm_long", ReviewWhy::Overstayed),
        ("review_stage", ReviewWhy::Stage),
        ("review_hot_silent", ReviewWhy::NoInterest),
        ("review_warm_silent", ReviewWhy::NoInterest),
        ("review_bounced", ReviewWhy::Bounced),
        ("review_opted_out", ReviewWhy::OptedOut),
        ("review_through", ReviewWhy::Through),
        ("review_long_ago", ReviewWhy::LongAgo),
    ];
    let ours = |id: &MetricId| {
        let range = rulebook.metrics.get(*id).map(|metric| metric.range);
        range.is_some_and(|range| rulebook.sources.file(range.source).path == REVIEW_PATH)
    };
    let found = |(name, why): (&str, ReviewWhy)| Some((why, rulebook.metrics.find(name).filter(ours)?));
    QUESTIONS.into_iter().filter_map(found).collect()
}

/// Every lead that is to be looked after at a moment, each in at most one list, by list, reason and how long.
pub(super) fn items(
    plan: &Arc<Plan>,
    log: &Log,
    (as_of, asked): (Timestamp, &[(ReviewWhy, MetricId)]),
    replay: ReplayOptions,
) -> Result<Vec<ReviewItem>, ReplayError> {
    let mut reasons: BTreeMap<LeadId, Vec<(ReviewWhy, Option<u32>)>> = BTreeMap::new();
    let listed: Vec<MetricId> = asked.iter().map(|(_, id)| *id).collect();
    let stretch = Stretch { from: Timestamp::MIN, to: Timestamp(as_of.0.saturating_add(1)) };
    let counting = Counting {
        stretches: &[stretch],
        as_of: stretch.to,
        listed: &listed,
        apart: true,
        zone: report_zone(&plan.rulebook),
        replay,
    };
    for row in count(plan, log, &counting)?.rows {
        let Some((why, _)) = asked.iter().find(|(_, id)| *id == row.metric) else { continue };
        if row.state != RowState::LeftOut {
            let days = row.value.map(|days| days.to_f64().max(0.0) as u32);
            reasons.entry(row.lead).or_default().push((why.clone(), days));
        }
    }
    let (engine, mut alerts) = engine_at(plan, log, as_of, replay)?;
    let mut items = Vec::new();
    for lead in (0..log.lead_count() as u32).map(LeadId).filter(|lead| !log.lead_name(*lead).is_empty()) {
        let Some(standing) = engine.standing(lead, log) else { continue };
        let mut found = reasons.remove(&lead).unwrap_or_default();
        let days = |since: Timestamp| Some(((as_of - since).0.max(0) / Span::days(1).0) as u32);
        found.extend(standing.stuck(as_of, IDLE).map(|(why, since)| match why {
            StuckWhy::Approval { touch } => (ReviewWhy::Approval { touch }, days(since)),
            StuckWhy::Held => (ReviewWhy::Held, days(since)),
            StuckWhy::Idle => (ReviewWhy::Idle, days(since)),
        }));
        if standing.tier_locked {
            found.push((ReviewWhy::Locked, None));
        }
        // Whom nothing is to be expected of waits for nobody, unless somebody was promised something.
        let gone = found.iter().any(|(why, _)| why.list() == ReviewList::Archive);
        found.retain(|(why, _)| !gone || *why <= ReviewWhy::Demo || why.list() == ReviewList::Archive);
        let Some((why, days)) = found.into_iter().min() else { continue };
        let rulebook = &plan.rulebook;
        items.push(ReviewItem {
            lead: log.lead_name(lead).to_owned(),
            name: standing.text(rulebook, "name"),
            owner: standing.text(rulebook, "owner"),
            tier: standing.asked.tier.map(|tier| rulebook.tiers.name(tier).to_owned()),
            told: alerts.remove(&lead).filter(|_| why == ReviewWhy::Alert),
            why,
            days,
            times: 1,
        });
    }
    items.sort_by(|a, b| {
        let key = |item: &ReviewItem| (item.why.list(), item.why.clone(), std::cmp::Reverse(item.days));
        key(a).cmp(&key(b)).then_with(|| a.lead.cmp(&b.lead))
    });
    Ok(items)
}

/// The last alert about each lead: who was told, and what.
type LastAlerts = BTreeMap<LeadId, (Person, String)>;

/// An engine that has handled a log until a moment, and the last alert about each lead.
fn engine_at(
    plan: &Arc<Plan>,
    log: &Log,
    as_of: Timestamp,
    replay: ReplayOptions,
) -> Result<(Engine, LastAlerts), ReplayError> {
    let mut engine = Engine::new(Arc::clone(plan)).guarded(replay.guard).salted(log.salt());
    let (mut decisions, mut alerts) = (Vec::new(), LastAlerts::new());
    let mut note = |decisions: &mut Vec<Decision>| {
        for decision in decisions.drain(..).filter(|decision| !decision.backfill) {
            if let Body::Alert { to, text, .. } = decision.body {
                alerts.insert(decision.lead, (to, text.into()));
            }
        }
    };
    for number in 0..log.len() as u32 {
        let Some(event) = log.event(EventNumber(number)).filter(|event| event.received_at <= as_of) else { break };
        engine.handle(&event, log, &mut decisions)?;
        note(&mut decisions);
    }
    engine.drain(as_of, log, &mut decisions)?;
    note(&mut decisions);
    Ok((engine, alerts))
}

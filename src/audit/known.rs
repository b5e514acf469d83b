//! How complete a log is: what it holds, how much of it could not be read, and when it is silent.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};

use crate::local::Zone;
use crate::log::{BadRecord, Log};
use crate::rulebook::Rulebook;
use crate::timestamp::Timestamp;
use crate::units::Period;

/// What is known of a log as a whole.
#[derive(Clone, Debug, Default)]
pub struct LogKnown {
    /// Events that count: received by the as-of moment, of a known type or not, without duplicates.
    pub events: usize,
    /// Leads with such events.
    pub leads: usize,
    /// The first and the last day on which something happened.
    pub days: Option<(NaiveDate, NaiveDate)>,
    /// How many events there are of each type that is known, the most frequent first.
    pub types: Vec<(String, u64)>,
    /// The same of types that are not known, over the whole log.
    pub unknown: Vec<(String, u64)>,
    /// Leads of whom there are only events of unknown types.
    pub leads_unread: usize,
    /// Types that an audit looks for and the log has none of.
    pub missing: Vec<&'static str>,
    /// How many weeks there are from the first day to the last.
    pub weeks: usize,
    /// The Mondays of weeks without any event.
    pub empty_weeks: Vec<NaiveDate>,
    /// Records that were there before.
    pub duplicates: u64,
    /// Lines that are no records.
    pub bad: Vec<BadRecord>,
}

/// Types without which an audit cannot tell much, each as one may name it.
const LOOKED_FOR: [&[&str]; 8] = [
    &["lead.created"],
    &["email.sent", "email.delivered"],
    &["call.completed"],
    &["email.replied", "replied", "sms.replied"],
    &["email.opened"],
    &["meeting.booked"],
    &["deal.won"],
    &["deal.lost"],
];

/// A log that lies a thousand years apart has a wrong date in it, and no such weeks.
const MOST_WEEKS: usize = 5_000;

impl LogKnown {
    /// How many events there are of a known type.
    #[must_use]
    pub fn count(&self, ty: &str) -> u64 {
        self.types.iter().find(|(name, _)| name == ty).map_or(0, |(_, count)| *count)
    }

    /// What is known of a log, of what was received until a moment.
    pub(super) fn of(log: &Log, rulebook: &Rulebook, as_of: Option<Timestamp>, zone: Zone) -> Self {
        let until = |received| as_of.is_none_or(|as_of| received <= as_of);
        let entries = log.entries().iter().take_while(|entry| until(entry.received_at));
        let mut types: BTreeMap<&str, u64> = BTreeMap::new();
        let (mut leads, mut read) = (BTreeSet::new(), BTreeSet::new());
        let mut days = BTreeSet::new();
        let mut events = 0;
        for entry in entries {
            events += 1;
            leads.insert(entry.lead);
            days.insert(zone.to_local(entry.at).date());
            if let Some(ty) = entry.ty() {
                read.insert(entry.lead);
                *types.entry(rulebook.types.name(ty)).or_default() += 1;
            }
        }
        let named = |lead: &&crate::event::LeadId| !log.lead_name(**lead).is_empty();
        let (weeks, empty_weeks) = weeks(&days);
        let is_missing = |names: &&&[&'static str]| !names.iter().any(|name| types.contains_key(name));
        Self {
            events,
            leads: leads.iter().filter(named).count(),
            days: days.first().copied().zip(days.last().copied()),
            missing: LOOKED_FOR.iter().filter(is_missing).filter_map(|names| names.first().copied()).collect(),
            unknown: by_count(log.undeclared.iter().map(|(ty, count)| (ty.as_str(), *count))),
            leads_unread: leads.difference(&read).filter(named).count(),
            types: by_count(types.into_iter()),
            weeks,
            empty_weeks,
            duplicates: log.duplicates,
            bad: log.bad.clone(),
        }
    }
}

/// The most frequent first.
fn by_count<'a>(types: impl Iterator<Item = (&'a str, u64)>) -> Vec<(String, u64)> {
    let mut types: Vec<(String, u64)> = types.map(|(name, count)| (name.to_owned(), count)).collect();
    types.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    types
}

/// How many weeks lie from the first day to the last, and the Mondays of those without any.
fn weeks(days: &BTreeSet<NaiveDate>) -> (usize, Vec<NaiveDate>) {
    let monday = |day: &NaiveDate| Period::Week.first_day(*day);
    let with: BTreeSet<NaiveDate> = days.iter().filter_map(monday).collect();
    let (Some(first), Some(last)) = (with.first(), with.last()) else { return (0, Vec::new()) };
    let all = std::iter::successors(Some(*first), |week| week.checked_add_days(Days::new(7)));
    let all = all.take_while(|week| week <= last).take(MOST_WEEKS);
    let (mut count, mut empty) = (0, Vec::new());
    for week in all {
        count += 1;
        if !with.contains(&week) {
            empty.push(week);
        }
    }
    (count, empty)
}

//! Invariants watched in a live run: each break is told once, by the first run that sees it. What the
//! engine held for one is among the decisions; what did not come in time is looked up in log and
//! decisions, back to the events that were still in time when last looked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::LiveError;
use super::step::ENTRIES;
use super::{Live, places, shelf};
use crate::decision::Status;
use crate::decision::line::{Line, Verb};
use crate::engine::in_set;
use crate::invariant::{Came, is_expected};
use crate::plan::Plan;
use crate::rulebook::{Channel, InvariantKind, Kept, SetId};
use crate::store::{Batch, Offset, StoredEntry, TreeName};
use crate::timestamp::{Span, Timestamp};

/// The key of how far it was looked.
const SEEN: &[u8] = b"invariants seen";

/// A break of an invariant.
#[derive(Clone, Debug)]
pub struct Broken {
    /// Index into the rulebook's invariants.
    pub invariant: usize,
    /// When.
    pub at: Timestamp,
    /// By what.
    pub by: BrokenBy,
}

/// What broke an invariant.
#[derive(Clone, Debug)]
pub enum BrokenBy {
    /// What was held, as it was decided.
    Held(Box<Line<'static>>),
    /// Nothing came in time.
    Missing {
        /// Whose.
        lead: String,
        /// The id of the event it was expected after.
        event: String,
    },
}

/// How far it was looked: decisions, and the moment they were made up to.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    decisions: u64,
    until: Timestamp,
}

/// What is expected after an event, and when at the latest.
#[derive(Clone, Copy)]
struct Expected {
    invariant: usize,
    within: Span,
    set: SetId,
    what: Kept,
}

impl Live {
    /// What has broken invariants since it was last told, by time; [`Live::broken_were_told`] says that
    /// it was.
    ///
    /// # Errors
    /// Damage found on the way.
    pub fn newly_broken(&self) -> Result<Vec<Broken>, LiveError> {
        let Some(plan) = self.plan().cloned().filter(|plan| !plan.rulebook.invariants.is_empty()) else {
            return Ok(Vec::new());
        };
        let seen = self.seen()?.unwrap_or(Seen { decisions: 0, until: Timestamp(0) });
        let now = Seen { decisions: self.decisions(), until: self.now() };
        if now == seen {
            return Ok(Vec::new());
        }
        let mut broken = self.held(&plan, seen.decisions)?;
        for (invariant, kept) in plan.rulebook.invariants.iter().enumerate() {
            if let InvariantKind::InTime { within, set, expect: what } = kept.kind {
                broken.extend(self.too_late(&plan, Expected { invariant, within, set, what }, seen.until)?);
            }
        }
        broken.sort_by_key(|one| (one.at, one.invariant));
        Ok(broken)
    }

    /// Remembers that all breaks up to now were told.
    ///
    /// # Errors
    /// The store cannot write.
    pub fn broken_were_told(&mut self) -> Result<(), LiveError> {
        let now = Seen { decisions: self.decisions(), until: self.now() };
        if self.plan().is_none_or(|plan| plan.rulebook.invariants.is_empty()) || self.seen()? == Some(now) {
            return Ok(());
        }
        let mut batch = Batch::new();
        batch.put(TreeName::Meta, SEEN, shelf::encode(&now));
        self.store.commit(&batch)?;
        Ok(())
    }

    fn seen(&self) -> Result<Option<Seen>, LiveError> {
        Ok(self.store.get(TreeName::Meta, SEEN)?.and_then(|bytes| postcard::from_bytes(&bytes).ok()))
    }

    /// What was held for an invariant, from a decision on.
    fn held(&self, plan: &Plan, first: u64) -> Result<Vec<Broken>, LiveError> {
        let mut held = Vec::new();
        for (number, name) in places::held_from(&self.store, first)? {
            let Some(invariant) = plan.rulebook.invariants.iter().position(|invariant| invariant.name == name) else {
                continue;
            };
            self.lines_from(number, &mut |line| {
                held.push(Broken { invariant, at: line.moment(), by: BrokenBy::Held(Box::new(line)) });
                false
            })?;
        }
        Ok(held)
    }

    /// Events whose time is up since a moment, and nothing came.
    fn too_late(&self, plan: &Plan, expected: Expected, since: Timestamp) -> Result<Vec<Broken>, LiveError> {
        let (after, until) = (since - expected.within, self.now() - expected.within);
        let mut first = first_from(self.store.len(), |number| {
            Ok(self.store.with_entry(Offset(number), |entry| entry.received_at)? > after)
        })?;
        let mut missed: BTreeMap<String, Vec<(Timestamp, String)>> = BTreeMap::new();
        while first < self.store.len() {
            let mut entries: Vec<StoredEntry> = Vec::new();
            for entry in self.store.entries(Offset(first))?.take(ENTRIES) {
                entries.push(entry?);
            }
            first += entries.len() as u64;
            let ended = entries.last().is_none_or(|entry| entry.received_at > until);
            entries.retain(|entry| entry.received_at <= until);
            let (log, _) = self.read_log(plan, &entries)?;
            for event in log.iter().filter(|event| in_set(plan, expected.set, event)) {
                let since = (event.received_at, log.event_id(event.number).to_owned());
                missed.entry(log.lead_name(event.lead).to_owned()).or_default().push(since);
            }
            if ended {
                break;
            }
        }
        let Some(earliest) = missed.values().flatten().map(|(since, _)| *since).min() else { return Ok(Vec::new()) };
        let decided = first_from(self.decisions(), |number| {
            let mut at = Timestamp(i64::MAX);
            self.lines_from(number, &mut |line| {
                at = line.moment();
                false
            })?;
            Ok(at >= earliest)
        })?;
        self.lines_from(decided, &mut |line| {
            if let Some(open) = missed.get_mut(&*line.lead)
                && is_expected(plan, expected.what, came(plan, &line))
            {
                let at = line.moment();
                open.retain(|(since, _)| at < *since || at > *since + expected.within);
            }
            true
        })?;
        let mut broken = Vec::new();
        for (lead, open) in missed {
            for (since, id) in open {
                let (at, by) = (since + expected.within, BrokenBy::Missing { lead: lead.clone(), event: id });
                broken.push(Broken { invariant: expected.invariant, at, by });
            }
        }
        Ok(broken)
    }

    /// Gives decisions from a number on to `each`, as long as it wants more.
    fn lines_from(&self, first: u64, each: &mut dyn FnMut(Line<'static>) -> bool) -> Result<(), LiveError> {
        self.decisions_from(first, &mut |line| {
            let Some(line) = Line::parse(line) else { return std::ops::ControlFlow::Continue(()) };
            if each(line) { std::ops::ControlFlow::Continue(()) } else { std::ops::ControlFlow::Break(()) }
        })
    }
}

/// The first of so many numbers from which on something is so.
fn first_from(count: u64, is_so: impl Fn(u64) -> Result<bool, LiveError>) -> Result<u64, LiveError> {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        if is_so(middle)? {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(low)
}

fn came(plan: &Plan, line: &Line<'_>) -> Came {
    if line.verb == Verb::Alert {
        return Came::Alert;
    }
    let named = |channel: &Channel| Some(channel.name.as_str()) == line.channel.as_deref();
    let channel = plan.rulebook.channels.position(named).filter(|_| line.status == Some(Status::Sent));
    channel.map_or(Came::Nothing, Came::Sent)
}

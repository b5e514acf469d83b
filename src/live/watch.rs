//! Invariants watched in a live run: each break is told once, by the first run that sees it. What the
//! engine held for one is among the decisions; what did not come in time is looked up in log and
//! decisions, back to the events that were still in time when last looked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::LiveError;
use super::step::ENTRIES;
use super::{Live, shelf};
use crate::engine::in_set;
use crate::invariant::{Came, held_for, is_expected};
use crate::local::parse_rfc3339;
use crate::plan::Plan;
use crate::report::invariant as report;
use crate::rulebook::{ChannelId, InvariantKind, Kept, SetId};
use crate::store::{Batch, Sequence, StoredEntry, TreeName};
use crate::timestamp::{Span, Timestamp};

/// The key of how far it was looked.
const SEEN: &[u8] = b"invariants seen";

/// A break of an invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Index into the rulebook's invariants.
    pub invariant: usize,
    /// When, whose, and what was held, or that nothing came: one line.
    pub note: String,
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
        let mut broken: Vec<(Timestamp, Broken)> = self.held(&plan, seen.decisions)?;
        for (invariant, kept) in plan.rulebook.invariants.iter().enumerate() {
            if let InvariantKind::InTime { within, set, expect: what } = kept.kind {
                broken.extend(self.too_late(&plan, Expected { invariant, within, set, what }, seen.until)?);
            }
        }
        broken.sort_by_key(|(at, one)| (*at, one.invariant));
        Ok(broken.into_iter().map(|(_, one)| one).collect())
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
    fn held(&self, plan: &Plan, first: u64) -> Result<Vec<(Timestamp, Broken)>, LiveError> {
        let mut held = Vec::new();
        self.lines_from(first, &mut |line| {
            if text(line, "status") == "held"
                && let Some(invariant) = held_for(text(line, "reason"), &plan.rulebook.invariants)
            {
                held.push((moment(line), Broken { invariant, note: note(line) }));
            }
            true
        })?;
        Ok(held)
    }

    /// Events whose time is up since a moment, and nothing came.
    fn too_late(
        &self,
        plan: &Plan,
        expected: Expected,
        since: Timestamp,
    ) -> Result<Vec<(Timestamp, Broken)>, LiveError> {
        let (after, until) = (since - expected.within, self.now() - expected.within);
        let mut first = first_from(self.store.len(), |number| {
            Ok(self.store.with_entry(Sequence(number), |entry| entry.received_at)? > after)
        })?;
        let mut missed: BTreeMap<String, Vec<(Timestamp, String)>> = BTreeMap::new();
        while first < self.store.len() {
            let mut entries: Vec<StoredEntry> = Vec::new();
            for entry in self.store.entries(Sequence(first))?.take(ENTRIES) {
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
                at = moment(line);
                false
            })?;
            Ok(at >= earliest)
        })?;
        self.lines_from(decided, &mut |line| {
            if let Some(open) = missed.get_mut(text(line, "lead"))
                && is_expected(plan, expected.what, came(plan, line))
            {
                let at = moment(line);
                open.retain(|(since, _)| at < *since || at > *since + expected.within);
            }
            true
        })?;
        let mut broken = Vec::new();
        for (lead, open) in missed {
            for (since, id) in open {
                let at = since + expected.within;
                let shown = crate::local::rfc3339(at, crate::local::Zone::UTC);
                let note = report::missed((&shown, &lead), &[&id]);
                broken.push((at, Broken { invariant: expected.invariant, note }));
            }
        }
        Ok(broken)
    }

    /// Gives decisions from a number on to `each`, as long as it wants more.
    fn lines_from(&self, first: u64, each: &mut dyn FnMut(&Value) -> bool) -> Result<(), LiveError> {
        self.decisions_from(first, &mut |line| {
            let line: Value = serde_json::from_str(line).unwrap_or_default();
            if each(&line) { std::ops::ControlFlow::Continue(()) } else { std::ops::ControlFlow::Break(()) }
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

fn text<'l>(line: &'l Value, key: &str) -> &'l str {
    line.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn moment(line: &Value) -> Timestamp {
    parse_rfc3339(text(line, "at").as_bytes()).unwrap_or(Timestamp(0))
}

fn came(plan: &Plan, line: &Value) -> Came {
    if text(line, "do") == "alert" {
        return Came::Alert;
    }
    let channel = plan.rulebook.channels.iter().position(|channel| channel.name == text(line, "channel"));
    let sent = channel.filter(|_| text(line, "status") == "sent");
    sent.map_or(Came::Nothing, |channel| Came::Sent(ChannelId(channel as u8)))
}

/// A decision that was held.
fn note(line: &Value) -> String {
    let because: Vec<&str> =
        line.get("because").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let words = [text(line, "template"), text(line, "text")].into_iter().find(|words| !words.is_empty());
    let what = [text(line, "channel"), words.unwrap_or_default()].join(" ");
    report::held(
        (text(line, "at"), text(line, "lead")),
        what.trim(),
        (text(line, "rule"), text(line, "source")),
        &because,
    )
}

//! A store that has lost a part of its past: by a repair that could not bring everything over, or because it
//! is a copy, and the store that it was made of has gone on. What could have been handed over in that time is
//! unknown, and messages to leads are halted from its end on, until a person lets them go on.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::error::LiveError;
use super::record::{RESTORED, Record, kind};
use super::{Arrival, Live, append, ledger, packed, places, shelf};
use crate::decision::line::Line;
use crate::decision::reason::Move;
use crate::decision::{Decision, Reason, Status};
use crate::engine::Ending;
use crate::local::{Zone, rfc3339};
use crate::store::{Batch, Offset, Store, StoreError, StoredEntry, TreeName};
use crate::timestamp::{Span, Timestamp};

/// The key of what is known of such times.
const KEY: &[u8] = b"restored";

/// A time of which something is lost.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct LostTime {
    /// The entry that says so.
    offset: u64,
    /// When it ends.
    until: Timestamp,
    /// When a person let messages go on.
    lifted: Option<Timestamp>,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct LostTimes(Vec<LostTime>);

impl LostTimes {
    /// Those that a store knows of, with what the entries of a step say.
    pub fn with(store: &Store, entries: &[StoredEntry], batch: &mut Batch<'_>) -> Result<Self, LiveError> {
        let known = store.get(TreeName::Meta, KEY)?;
        let mut times: Vec<LostTime> = match known {
            Some(bytes) => postcard::from_bytes(&bytes).map_err(|_| damaged())?,
            None => Vec::new(),
        };
        let mut changed = false;
        for entry in entries {
            if let Some(until) = until(store, entry)? {
                times.push(LostTime { offset: entry.offset.0, until, lifted: None });
                changed = true;
            } else if !times.is_empty() && lifts(store, entry)? {
                times.iter_mut().for_each(|time| _ = time.lifted.get_or_insert(entry.received_at));
                changed = true;
            }
        }
        if changed {
            batch.put_large(TreeName::Meta, KEY, shelf::encode(&times));
        }
        Ok(Self(times))
    }

    /// Whether what is decided may have been handed over in such a time. What was known before fell due in it.
    /// What is told again only now is put back to when it would have fallen due, had it been told when it
    /// happened and nothing been halted: rather one too many that a person looks at than a message twice.
    /// What `ending` took back before such a time began was not handed over in it.
    pub fn cover(
        &self,
        store: &Store,
        decision: &Decision,
        waits_for_halt: bool,
        ending: Option<&Ending>,
    ) -> Result<bool, LiveError> {
        for time in &self.0 {
            if let Some(ending) = ending
                && has_ended_by(&store.entry(Offset(time.offset))?, ending)
            {
                continue;
            }
            // What waited, or stood still, may have been let go by a person or by news that is lost.
            if first_due(decision) <= time.until {
                return Ok(true);
            }
            let mut newest: Option<(Timestamp, Timestamp)> = None;
            for event in decision.because.iter().filter(|event| u64::from(event.0) > time.offset) {
                let at = store.with_entry(Offset(u64::from(event.0)), |entry| (entry.received_at, entry.at))?;
                newest = newest.max(Some(at));
            }
            let Some((received_at, at)) = newest else { continue };
            let halted = match time.lifted.filter(|lifted| waits_for_halt && *lifted > received_at) {
                Some(lifted) => lifted - received_at.max(time.until),
                None => Span::ZERO,
            };
            let late = (received_at - at).max(Span::ZERO);
            if decision.at - late - halted <= time.until {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The same of an action of a lead that waited: what had fallen due by the end of such a time, and was held
    /// then, may have got there what it waited for.
    pub fn cover_held(&self, store: &Store, lead: &str, action: &str, of_step: &[Line<'_>]) -> Result<bool, LiveError> {
        let Some(last) = self.0.iter().map(|time| time.until).max() else { return Ok(false) };
        let was_held = |line: &Line<'_>| {
            let at = crate::local::parse_rfc3339(line.at.as_bytes());
            line.status == Some(Status::Held) && line.id.as_deref() == Some(action) && at.is_ok_and(|at| at <= last)
        };
        if of_step.iter().any(was_held) {
            return Ok(true);
        }
        let before = ledger::at(store, &places::of(store, lead)?)?;
        Ok(before.iter().filter_map(|text| Line::parse(text)).any(|line| was_held(&line)))
    }

    /// Whether there never was one.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// When something would have been due, had no hold and no halt moved it.
fn first_due(decision: &Decision) -> Timestamp {
    let Some(Reason::Moved(moves)) = decision.body.reason() else { return decision.at };
    moves.iter().fold(decision.at, |due, step| if let Move::Held(by) = step { due - *by } else { due })
}

/// When the time ends of which an entry says that something of it is lost.
pub(super) fn until(store: &Store, entry: &StoredEntry) -> Result<Option<Timestamp>, LiveError> {
    if entry.kind != kind::RESTORED {
        return Ok(None);
    }
    let props = packed::props(store, &entry.as_entry())?;
    let until = props.get("until").and_then(Value::as_str);
    Ok(until.and_then(|until| crate::local::parse_rfc3339(until.as_bytes()).ok()))
}

/// Whether something had ended when an entry came that says that what comes after it in time is lost. Whoever
/// handed over later knew of it.
pub(super) fn has_ended_by(entry: &StoredEntry, ending: &Ending) -> bool {
    let was_told = || ending.because.iter().all(|event| u64::from(event.0) < entry.offset.0);
    ending.at < entry.received_at || ending.at == entry.received_at && was_told()
}

/// Whether an entry lets all messages go on.
fn lifts(store: &Store, entry: &StoredEntry) -> Result<bool, LiveError> {
    if !append::is_event(entry.kind) || entry.ty != "override.unhalt" {
        return Ok(false);
    }
    let props = packed::props(store, &entry.as_entry())?;
    Ok(props.get("all").and_then(Value::as_bool) == Some(true))
}

/// Forgets all of it, to be made anew from the log.
pub(super) fn clear(batch: &mut Batch<'_>) {
    batch.delete(TreeName::Meta, KEY);
}

impl Live {
    /// Writes down that something of the past up to a moment is lost: what could have been handed over by then
    /// is unknown, and messages to leads are halted from then on. `why` is for whoever reads the log.
    ///
    /// # Errors
    /// The store cannot write.
    pub fn has_lost(&mut self, until: Timestamp, why: &str) -> Result<(), LiveError> {
        let floor = self.floor();
        let told = rfc3339(until.max(floor), Zone::UTC);
        let mut lost = Map::new();
        lost.insert(String::from("until"), told.as_str().into());
        lost.insert(String::from("reason"), why.into());
        let mut halt = Map::new();
        halt.insert(String::from("all"), true.into());
        halt.insert(String::from("from"), told.as_str().into());
        halt.insert(String::from("by"), "ensue".into());
        halt.insert(String::from("reason"), why.into());
        for (ty, props) in [(RESTORED, lost), ("override.halt", halt)] {
            let id = self.free_id(&format!("{ty} {}", self.store.len()))?;
            let record = Record {
                id,
                ty: ty.to_owned(),
                lead: String::new(),
                account: None,
                at: floor,
                received_at: Some(floor),
                props,
                exact: std::collections::BTreeMap::new(),
                backfill: false,
            };
            self.append_own(record, Arrival::Own)?;
        }
        Ok(())
    }
}

fn damaged() -> LiveError {
    let reason = String::from("a value that is not in its format");
    LiveError::Store(StoreError::TreeDamaged { part: "meta", reason })
}

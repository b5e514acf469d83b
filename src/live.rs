//! Live runs: events into the store, decisions out of the engine, state and outbox kept between the
//! two, all of one step in one transaction. Used by the command line; reads no clock itself.
//!
//! INVARIANT: what is decided depends on the rulebooks, the log and the moments drained to alone,
//! never on how the log was cut into steps; see `tests/live`.

mod activate;
mod append;
mod claim;
mod delivery;
mod due_now;
mod early;
mod endings;
mod error;
mod handover;
mod history;
mod ingest;
mod ledger;
mod look;
mod meaning;
mod note;
mod outbox;
mod packed;
mod personal;
mod personal_text;
mod places;
mod plans;
mod reading;
mod record;
mod repair;
mod restored;
mod rewind;
mod roster;
mod salt;
mod settle;
mod shelf;
mod step;
mod stuck;
mod twins;
mod view;
mod watch;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::address::Salt;
use crate::engine::{Clock, Halts};
use crate::load::Files;
use crate::plan::Plan;
use crate::script::TimeGuard;
use crate::store::{self, Batch, Offset, Store, StoreError, TreeName};
use crate::timestamp::Timestamp;

pub use activate::Activation;
pub use append::{Appended, Arrival};
pub use claim::Claim;
pub use delivery::{Delivery, DeliveryState, Ended, What};
pub use due_now::{DueNow, PutOff, Routes};
pub use error::LiveError;
#[doc(hidden)]
pub use handover::Point;
pub use handover::{Desk, HandedOver, OpenSink, Round};
pub use ingest::{Group, Intake, LogLine};
pub use look::Who;
pub use meaning::Meaning;
pub use outbox::{Done, Fate};
pub use record::Record;
pub use repair::RepairedStore;
pub use rewind::Rewound;
pub use step::Advanced;
pub use stuck::{Stuck, StuckWhy};
pub use twins::{Shared, Twins};
pub use view::{LeadView, Readable};
pub use watch::{Broken, BrokenBy};

/// The version of the bookkeeping in the store: of leads, timers, decisions and outbox, which follow
/// from the log. 2: an enrollment knows what a hold has moved it by. 3: reasons are kept as what they
/// are and no longer as sentences, and decisions are found by their lead. 4: a lead keeps what may
/// answer an event that is told of late, and the moments its facts are of; numbers are decimals; halts. 5: a lead
/// keeps the messages that gaps count from, and when what a rule sends expires.
const FORMAT: u32 = 5;

/// How far the log has been handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Progress {
    format: u32,
    clock: Clock,
    /// Entries handled: the first so many of the log.
    handled: u64,
    decisions: u64,
}

/// A rulebook in force.
#[derive(Clone, Debug)]
struct Ruleset {
    id: String,
    plan: Arc<Plan>,
}

/// An open store with the rulebook in force.
#[derive(Debug)]
pub struct Live {
    store: Store,
    progress: Progress,
    ruleset: Option<Ruleset>,
    /// By which meaning its rules are read.
    semantics: u32,
    /// How many entries one step handles at most.
    step: usize,
    /// Told of every moment at which a test may end the process.
    at_point: fn(Point),
    /// What is or was halted, as the store has it.
    halts: Halts,
    /// Stops scripts that run for too long.
    guard: Option<TimeGuard>,
    /// What addresses are hashed with; `None` before the first event.
    salt: Option<Salt>,
}

impl Live {
    /// Opens the store in a folder.
    ///
    /// # Errors
    /// The store cannot be opened, or the rulebook in force cannot be read.
    pub fn open(dir: &Path, options: &store::StoreOptions) -> Result<Self, LiveError> {
        Self::open_guarded(dir, options, None, &mut |_| ())
    }

    /// The same with a guard over how long a script runs. Where it strikes, nothing is recorded of
    /// what the script had a part in; what came before it is. `before_rebuild` is told of how many entries
    /// the bookkeeping of an older store is made anew, which takes a while.
    ///
    /// # Errors
    /// The store cannot be opened, or the rulebook in force cannot be read.
    pub fn open_guarded(
        dir: &Path,
        options: &store::StoreOptions,
        guard: Option<TimeGuard>,
        before_rebuild: &mut dyn FnMut(u64),
    ) -> Result<Self, LiveError> {
        let store = Store::open(dir, options)?;
        let known = store.get(TreeName::Meta, b"progress")?;
        let is_new = known.is_none();
        let progress = match known {
            Some(bytes) => postcard::from_bytes::<Progress>(&bytes).map_err(|_| {
                let reason = String::from("a value that is not in its format");
                StoreError::TreeDamaged { part: "meta", reason }
            })?,
            None => Progress { format: FORMAT, clock: Clock::default(), handled: 0, decisions: 0 },
        };
        let halts = if is_new || progress.format < FORMAT { Halts::default() } else { shelf::halts(&store)? };
        if progress.format > FORMAT {
            return Err(LiveError::Newer);
        }
        let (semantics, step) = (crate::SEMANTICS, step::ENTRIES);
        let mut live =
            Self { store, progress, ruleset: None, semantics, step, at_point: |_| {}, halts, guard, salt: None };
        live.settle_salt()?;
        if let Some(id) = live.store.get(TreeName::Meta, b"ruleset")? {
            live.ruleset = Some(live.ruleset_of(&String::from_utf8_lossy(&id))?);
        }
        live.semantics = live.read_semantics()?;
        let is_old = live.progress.format < FORMAT;
        if is_old {
            before_rebuild(live.store.len());
            live.bring_over()?;
        }
        if live.progress.format < FORMAT || !live.fits(is_new)? {
            if !is_old {
                before_rebuild(live.store.len());
            }
            live.rebuild()?;
        }
        live.finish_erasing()?;
        live.store.find_put_back(live.own_bytes())?;
        Ok(live)
    }

    /// Bytes that no other store has, where it has a salt.
    fn own_bytes(&self) -> &[u8] {
        self.salt.as_ref().and_then(Salt::bytes).map_or(&[], |bytes| bytes)
    }

    /// What may have happened since this store was copied is taken care of.
    ///
    /// # Errors
    /// The mark cannot be removed.
    pub fn is_no_copy(&self) -> Result<(), LiveError> {
        self.store.is_no_copy()?;
        Ok(self.store.note_latest(self.own_bytes())?)
    }

    /// Whether the bookkeeping can be that of this log: a copy by hand, or damage, may have left parts of it.
    fn fits(&self, is_new: bool) -> Result<bool, LiveError> {
        if !is_new {
            let last = ledger::count(&self.store)?;
            return Ok(self.progress.handled <= self.store.len() && self.progress.decisions == last);
        }
        for tree in [TreeName::State, TreeName::Timers, TreeName::Outbox, TreeName::Decisions] {
            if self.store.last(tree)?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The same with steps of at most so many entries, for tests that how a log is cut does not
    /// matter.
    #[doc(hidden)]
    #[must_use]
    pub fn with_step(mut self, entries: usize) -> Self {
        self.step = entries;
        self
    }

    /// The same, telling `at_point` of the moments around a hand-over, for tests of what is left by a
    /// process that ends there.
    #[doc(hidden)]
    #[must_use]
    pub fn with_points(mut self, at_point: fn(Point)) -> Self {
        self.at_point = at_point;
        self
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The store, to put records into quarantine and take them out.
    pub fn store_mut(&mut self) -> &mut Store {
        &mut self.store
    }

    /// The store alone, with nothing left to handle it.
    #[must_use]
    pub fn into_store(self) -> Store {
        self.store
    }

    /// The plan in force.
    #[must_use]
    pub fn plan(&self) -> Option<&Arc<Plan>> {
        self.ruleset.as_ref().map(|ruleset| &ruleset.plan)
    }

    /// The fingerprint of the rulebook in force, as text.
    #[must_use]
    pub fn ruleset(&self) -> Option<&str> {
        self.ruleset.as_ref().map(|ruleset| ruleset.id.as_str())
    }

    /// Whether a rulebook decides as the one in force does: it may differ in tests, comments and layout.
    ///
    /// # Errors
    /// Damage found on the way, or no rulebook is in force.
    pub fn is_in_force(&self, files: &Files) -> Result<bool, LiveError> {
        let id = self.ruleset().ok_or(LiveError::NoRulebook)?;
        Ok(id == activate::id_of(files) || self.files_of(id)?.means_the_same(files))
    }

    /// The earliest moment anything may still happen at: how far the store was drained, and the
    /// arrival of its last entry.
    #[must_use]
    pub fn floor(&self) -> Timestamp {
        self.progress.clock.now.max(self.store.last_received_at().unwrap_or(Timestamp(0)))
    }

    /// The moment up to which everything has been decided.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.progress.clock.now
    }

    /// What is halted, or will be.
    #[must_use]
    pub fn halts(&self) -> &Halts {
        &self.halts
    }

    /// How many entries of the log wait to be handled.
    #[must_use]
    pub fn unhandled(&self) -> u64 {
        self.store.len().saturating_sub(self.progress.handled)
    }

    /// How many decisions were made so far.
    #[must_use]
    pub fn decisions(&self) -> u64 {
        self.progress.decisions
    }

    /// When the first timer of any lead is due.
    ///
    /// # Errors
    /// Damage found on the way.
    pub fn next_due(&self) -> Result<Option<Timestamp>, LiveError> {
        shelf::next_due(&self.store)
    }

    /// Everything that waits to be handed over, is under way or unknown, in the order decided.
    ///
    /// # Errors
    /// Damage found on the way.
    pub fn outbox(&self) -> Result<Vec<Delivery>, LiveError> {
        outbox::waiting(&self.store)
    }

    /// What became of a lead's actions.
    ///
    /// # Errors
    /// Damage found on the way.
    pub fn done(&self, lead: &str) -> Result<Vec<Done>, LiveError> {
        outbox::done(&self.store, lead)
    }

    /// What expired before it could be handed over, the oldest first.
    ///
    /// # Errors
    /// Damage found on the way.
    pub fn expired(&self) -> Result<Vec<Done>, LiveError> {
        outbox::expired(&self.store)
    }

    /// Gives every decision so far to `each`, as the lines of a dry run, in order.
    ///
    /// # Errors
    /// Damage found on the way.
    pub fn each_decision(&self, each: &mut dyn FnMut(&str) -> ControlFlow<()>) -> Result<(), LiveError> {
        ledger::read(&self.store, 0, each)
    }

    /// The same from the decision of a number on; the first is 0.
    ///
    /// # Errors
    /// Damage found on the way.
    pub fn decisions_from(&self, first: u64, each: &mut dyn FnMut(&str) -> ControlFlow<()>) -> Result<(), LiveError> {
        ledger::read(&self.store, first, each)
    }

    /// Gives every entry of the log to `each` as a line of JSON that can be appended to an empty
    /// store again, and at last how far this one was drained.
    ///
    /// # Errors
    /// Damage found on the way.
    pub fn export(&self, each: &mut dyn FnMut(&str) -> ControlFlow<()>) -> Result<(), LiveError> {
        let mut says_salt = false;
        for entry in self.store.entries(Offset(0))? {
            let entry = entry?;
            says_salt |= entry.kind == record::kind::SALT;
            if !says_salt && append::is_event(entry.kind) {
                // A store of before has no entry of it. What is made from the export needs one, since a new store
                // would take a salt of its own.
                says_salt = true;
                if each(&salt::line(self.salt.unwrap_or_default(), entry.received_at)).is_break() {
                    return Ok(());
                }
            }
            let line = record::line(&self.store, &entry.as_entry())?;
            if each(&line).is_break() {
                return Ok(());
            }
        }
        if self.progress.clock.now > Timestamp(0) {
            let at = crate::local::rfc3339(self.floor(), crate::local::Zone::UTC);
            let line = format!(
                r#"{{"id":"ensue.drained {at}","type":"{}","lead":"ensue","at":"{at}","received_at":"{at}"}}"#,
                record::DRAINED
            );
            let _ = each(&line);
        }
        Ok(())
    }

    /// Makes leads, timers, decisions and outbox anew from the log and the rulebooks, as after a
    /// repair. What was handed over stays so.
    ///
    /// # Errors
    /// Damage found on the way, or a rulebook that is missing.
    pub fn rebuild(&mut self) -> Result<Advanced, LiveError> {
        let floor = self.floor();
        let mut batch = Batch::new();
        shelf::clear(&self.store, &mut batch)?;
        ledger::clear(&self.store, &mut batch)?;
        outbox::clear(&self.store, &mut batch)?;
        self.progress = Progress { format: FORMAT, clock: Clock::default(), handled: 0, decisions: 0 };
        self.ruleset = None;
        self.halts = Halts::default();
        restored::clear(&mut batch);
        batch.put(TreeName::Meta, b"progress", shelf::encode(&self.progress));
        batch.delete(TreeName::Meta, b"ruleset");
        self.store.commit(&batch)?;
        self.advance_anyway(floor)
    }
}

//! The engine: events in, decisions out. A pure function of the plan, the events in the order they
//! arrived, and the moment it is drained to; it reads no clock and no file, and iterates over
//! nothing whose order is not fixed.
//!
//! At one moment timers come before entries, and entries come in the order they arrived; see
//! [`Engine::handle`] and [`Engine::drain`].

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;

use crate::address::{Address, Salt};
use crate::decision::names::Journal;
use crate::decision::{Because, Body, Cause, Decision, Order};
use crate::event::{AccountId, Event, LeadId, Props};
use crate::local::Zone;
use crate::plan::Plan;
use crate::rulebook::{Expr, SetId, TemplateId};
use crate::script::TimeGuard;
use crate::template::{Message, Unfilled};
use crate::timestamp::{Span, Timestamp};
use crate::units::ZoneSource;

mod address;
mod adopt;
pub mod ask;
mod choice;
mod contact;
mod count;
mod departure;
mod effect;
mod enroll;
mod evaluate;
mod expiry;
mod facts;
mod fire;
mod guard;
mod halt;
mod hold;
mod idle;
mod instant;
mod intake;
pub mod judge;
mod lead;
mod manual;
mod message;
pub(crate) mod meter;
mod pair;
mod pending;
mod persist;
mod schedule;
mod score;
mod script;
mod send;
mod single;
mod standing;
mod timer;
mod timing;
mod variant;
mod window;
pub mod witness;

pub(crate) use address::named_addresses;
pub use adopt::{Adopted, Change, Changes};
pub use departure::{Covered, Departure, Ending, LiveNotes, Whose};
pub use halt::{Halt, Halted, Halts};
pub use persist::{Clock, OwnerSends, SavedAccount, SavedAddress, SavedLead};
pub(crate) use schedule::later;
pub use script::Stopped;
pub use standing::{Paused, Standing, StuckWhy, Way};

use address::Holding;
use instant::{Fired, Pending};
use lead::Lead;
use timer::{Timer, Timers};

/// The engine: a plan and the state of every lead it has heard of.
#[derive(Clone, Debug)]
pub struct Engine {
    plan: Arc<Plan>,
    world: World,
}

/// The state of all leads, apart from the plan so that both can be borrowed at once.
#[derive(Clone, Debug, Default)]
struct World {
    leads: Vec<Option<Box<Lead>>>,
    accounts: Vec<Account>,
    account_slots: HashMap<AccountId, u32>,
    timers: Timers,
    now: Timestamp,
    /// The entry handled last: its moment, and one more than its number.
    last_entry: (Timestamp, u32),
    /// The place, in the order of the log, of what was handled or fired last.
    last_order: Option<Order>,
    /// Sends counted by caps of owners.
    owner_sends: OwnerSends,
    /// What a person has halted for everybody.
    halts: Halts,
    /// Who has which address, and what bars it.
    ledger: BTreeMap<Address, Holding>,
    /// What the addresses of the log are hashed with.
    salt: Salt,
    trace: bool,
    runner: script::Runner,
    /// Writes down why, where the engine is watched.
    witness: Option<Box<witness::Witness>>,
    /// Writes down rows of metrics, where somebody measures.
    meter: Option<std::cell::RefCell<Box<meter::Meter>>>,
    // What one instant is working on; empty between instants.
    fired: Vec<Fired>,
    pending: Vec<Pending>,
    changed: Vec<u32>,
    /// Single messages planned in it, by lead and serial number.
    planned: Vec<(u32, u32)>,
    tied: Vec<Timer>,
    /// Who does by hand what this instant does, and why.
    note: Option<Box<crate::decision::Note>>,
    /// What a live run must know, where it is asked for.
    live: Option<Box<LiveNotes>>,
    /// History is being handled: what it makes due in the past is history too.
    backfill: bool,
}

/// What leads of one account share.
#[derive(Clone, Debug, Default)]
struct Account {
    leads: Vec<u32>,
    zone: Option<Zone>,
    /// The moment the zone is of.
    zone_at: Timestamp,
    sends: Vec<(crate::rulebook::ChannelId, Timestamp)>,
    /// What holds all that are in it.
    hold: Option<Box<hold::AccountHold>>,
    /// Something of it changed since it was read from a store, or a lead has left it.
    touched: bool,
}

/// What holds for one instant.
#[derive(Clone, Copy)]
struct Moment<'a> {
    plan: &'a Plan,
    names: &'a dyn Journal,
    now: Timestamp,
    order: Order,
    /// Rulebook position of the timer that fires; 0 where an entry is handled.
    position: u64,
    /// How long ago what is handled happened or was due.
    age: Span,
    /// History that was loaded so that nothing acts.
    backfill: bool,
    props: Props<'a>,
    /// Type and time of the event that is handled.
    event: Option<(crate::rulebook::TypeId, Timestamp)>,
}

impl Moment<'_> {
    /// The moment of what is handled: when the event happened, or the timer's own.
    fn of(&self) -> Timestamp {
        self.event.map_or(self.now, |(_, at)| at)
    }
}

impl Engine {
    /// An engine that has heard of nothing.
    #[must_use]
    pub fn new(plan: Arc<Plan>) -> Self {
        Self { plan, world: World::default() }
    }

    /// The same with `score` lines for every change of a score.
    #[must_use]
    pub fn with_trace(mut self) -> Self {
        self.world.trace = true;
        self
    }

    /// The same with a guard over how long a script runs; without one no clock is ever looked at.
    #[must_use]
    pub fn guarded(mut self, guard: Option<TimeGuard>) -> Self {
        self.world.runner = script::Runner::guarded(guard);
        self
    }

    /// The same, writing down rows of the metrics of its plan, for periods that end at these moments.
    #[must_use]
    pub(crate) fn measuring(mut self, ends: Arc<[Timestamp]>) -> Self {
        self.world.measure_from(&self.plan, ends);
        self
    }

    /// What was written down, once everything is handled up to a moment.
    pub(crate) fn measured(&mut self, until: Timestamp) -> Option<meter::Samples> {
        self.world.measured(&self.plan, until)
    }

    /// The same for a log whose addresses are hashed with another salt than the fixed one.
    #[must_use]
    pub fn salted(mut self, salt: Salt) -> Self {
        self.world.salt = salt;
        self
    }

    /// The script that the guard has stopped, if it has: then nothing that was asked of the engine or
    /// decided by it since it was last fed counts, and it decides nothing more.
    #[must_use]
    pub fn stopped(&self) -> Option<&Stopped> {
        self.world.runner.stopped()
    }

    /// Handles one event: first the timers due at or before its `received_at` fire, then the event
    /// is taken in, then what it made due at once.
    ///
    /// Events must come in the order of `received_at`; the clock never goes back, so one that does
    /// not is handled at the moment of the one before.
    ///
    /// # Errors
    /// The guard has stopped a script. What is in `out` since the call may be wrong; see [`Stopped`].
    pub fn handle(&mut self, event: &Event<'_>, names: &dyn Journal, out: &mut Vec<Decision>) -> Result<(), Stopped> {
        self.handle_in(event.lead.0, event, names, out)
    }

    /// [`Self::handle`] for an engine that holds part of the leads, each at a slot of its own.
    pub(crate) fn handle_in(
        &mut self,
        slot: u32,
        event: &Event<'_>,
        names: &dyn Journal,
        out: &mut Vec<Decision>,
    ) -> Result<(), Stopped> {
        let now = event.received_at.max(self.world.now);
        self.drain(now, names, out)?;
        let after = event.number.0.saturating_add(1);
        self.world.last_entry = (now, after);
        let moment = Moment {
            plan: &self.plan,
            names,
            now,
            order: Order { at: now, after, timer: 0, kind: 0, position: 0, lead: event.lead },
            position: 0,
            age: (now - event.at).max(Span::ZERO),
            backfill: event.backfill,
            props: event.props,
            event: event.ty.map(|ty| (ty, event.at)),
        };
        self.world.last_order = Some(moment.order);
        let tells = event.ty.is_none_or(|ty| self.plan.tells.get(ty) != Some(&false));
        match event.ty.filter(|_| tells).and_then(|ty| self.plan.overrides.halt(ty)) {
            Some(kind) => self.world.take_halt(&moment, kind, event),
            None => self.world.take_in(&moment, slot, (event, tells), out),
        }
        self.world.backfill = event.backfill;
        let drained = self.drain(now, names, out);
        self.world.backfill = false;
        drained
    }

    /// Fires every timer due at or before `until`, each at its own due time.
    ///
    /// # Errors
    /// The guard has stopped a script. What is in `out` since the call may be wrong; see [`Stopped`].
    pub fn drain(&mut self, until: Timestamp, names: &dyn Journal, out: &mut Vec<Decision>) -> Result<(), Stopped> {
        while self.stopped().is_none() && self.world.timers.next_due().is_some_and(|due| due <= until) {
            self.fire_tied(until, names, out);
        }
        if let Some(stopped) = self.stopped() {
            return Err(stopped.clone());
        }
        self.world.now = self.world.now.max(until);
        Ok(())
    }

    /// Fires the timers that come first and differ in their lead alone, in the order of names.
    /// What one of them makes due ahead of the next is fired in between: which leads are tied with
    /// it must not change the order of a lead's own decisions.
    fn fire_tied(&mut self, until: Timestamp, names: &dyn Journal, out: &mut Vec<Decision>) {
        let mut tied = std::mem::take(&mut self.world.tied);
        self.world.timers.pop_tied(until, &mut tied);
        if tied.len() > 1 {
            tied.sort_by(|a, b| self.name(a, names).cmp(self.name(b, names)).then(a.what.cmp(&b.what)));
        }
        for (place, timer) in tied.iter().enumerate() {
            while place > 0 && self.precedes(timer, names) {
                self.fire_tied(timer.due, names, out);
            }
            self.world.now = timer.due.max(self.world.now);
            self.world.fire(&self.plan, names, *timer, out);
        }
        self.world.tied = tied;
    }

    /// Whether the timer that comes first comes before another one.
    fn precedes(&self, timer: &Timer, names: &dyn Journal) -> bool {
        self.world.timers.first().is_some_and(|first| {
            let by_name = || self.name(first, names).cmp(self.name(timer, names));
            first.place().cmp(&timer.place()).then_with(by_name).is_lt()
        })
    }

    /// What is scheduled and not yet due: one decision per touch and action, by due time.
    #[must_use]
    pub fn pending(&self, names: &dyn Journal) -> Vec<Decision> {
        self.world.scheduled(&self.plan, names)
    }

    /// A template as it would go out to a lead now; `props` are those of the event that leads to
    /// it. `None` where the rulebook has no such template or the engine no such lead.
    ///
    /// # Errors
    /// A value that is printed is missing, or does not fit.
    #[must_use]
    pub fn message(
        &self,
        lead: LeadId,
        template: TemplateId,
        props: Props<'_>,
        names: &dyn Journal,
    ) -> Option<Result<Message, Unfilled>> {
        let known = self.world.leads.get(lead.0 as usize).is_some_and(Option::is_some);
        let template = self.plan.rulebook.templates.get(template)?;
        let order = Order { at: self.world.now, after: 0, timer: 0, kind: 0, position: 0, lead };
        let moment = Moment {
            plan: &self.plan,
            names,
            now: self.world.now,
            order,
            position: 0,
            age: Span::ZERO,
            backfill: false,
            props,
            event: None,
        };
        known.then(|| message::message(&self.world.scope(&moment, lead.0), template))
    }

    fn name<'a>(&self, timer: &Timer, names: &'a dyn Journal) -> &'a str {
        self.world.leads.get(timer.slot as usize).and_then(Option::as_ref).map_or("", |lead| names.lead_name(lead.id))
    }
}

impl World {
    /// The lead at a slot. Slots come from [`World::take_in`], which fills them before use.
    #[expect(clippy::indexing_slicing, clippy::expect_used, reason = "slots are filled when they are handed out")]
    fn lead(&self, slot: u32) -> &Lead {
        self.leads[slot as usize].as_deref().expect("a slot in use holds a lead")
    }

    #[expect(clippy::indexing_slicing, clippy::expect_used, reason = "slots are filled when they are handed out")]
    fn lead_mut(&mut self, slot: u32) -> &mut Lead {
        let lead = self.leads[slot as usize].as_deref_mut().expect("a slot in use holds a lead");
        lead.touched = true;
        lead
    }

    /// The first known zone of a chain, and which link it was.
    fn zone(&self, plan: &Plan, lead: &Lead, chain: &[ZoneSource]) -> (Zone, &'static str) {
        zone_of(plan, &self.accounts, lead, chain)
    }

    /// The zone a lead's decisions are shown in.
    fn shown_zone(&self, plan: &Plan, lead: &Lead) -> Zone {
        self.zone(plan, lead, &plan.zones).0
    }

    /// Writes a decision down.
    fn decide(&self, moment: &Moment<'_>, slot: u32, body: Body, by: (Cause, &Because), out: &mut Vec<Decision>) {
        let lead = self.lead(slot);
        let decision = Decision {
            order: moment.order,
            at: moment.now,
            zone: self.shown_zone(moment.plan, lead),
            lead: lead.id,
            account: lead.account,
            body,
            cause: by.0,
            because: by.1.clone(),
            note: self.note.clone().filter(|_| by.0 == Cause::Person),
            backfill: moment.backfill,
        };
        if self.meter.is_some() {
            self.measure_decision(moment, slot, &decision);
        }
        out.push(decision);
    }
}

/// The first known zone of a chain, and which link it was.
fn zone_of(plan: &Plan, accounts: &[Account], lead: &Lead, chain: &[ZoneSource]) -> (Zone, &'static str) {
    for source in chain {
        let known = match source {
            ZoneSource::Lead => lead.zone.map(|zone| (zone, "lead")),
            ZoneSource::Account => {
                accounts.get(lead.account_slot as usize).and_then(|account| account.zone).map(|zone| (zone, "account"))
            }
            ZoneSource::Owner => plan
                .owner_zone
                .and_then(|fact| lead.facts.get(fact.index()))
                .and_then(|value| match value {
                    crate::value::Value::Text(name) => Zone::parse(name),
                    _ => None,
                })
                .map(|zone| (zone, "owner")),
            ZoneSource::Fixed(name) => Zone::parse(name).map(|zone| (zone, "calendar")),
        };
        if let Some(known) = known {
            return known;
        }
    }
    (Zone::UTC, "default")
}

/// Whether an event is in a set, as far as its own properties tell: conditions on facts of the
/// lead are asked of a lead without any.
#[must_use]
pub fn in_set(plan: &Plan, set: SetId, event: &Event<'_>) -> bool {
    let Some(set) = plan.rulebook.sets.get(set) else { return false };
    let of_type = set.alternatives.iter().filter(|alternative| Some(alternative.ty) == event.ty);
    of_type.into_iter().any(|alternative| meets(plan, event, &alternative.conditions))
}

/// Whether an event meets conditions that ask for no more than its properties.
fn meets(plan: &Plan, event: &Event<'_>, conditions: &[Expr]) -> bool {
    if conditions.is_empty() {
        return true;
    }
    // No decision is made here, so there is no guard.
    let (lead, runner) = (Lead::new(plan, event.lead, event.at), script::Runner::default());
    let scope = evaluate::Scope {
        plan,
        lead: &lead,
        props: event.props,
        now: event.received_at,
        accounts: &[],
        event: event.ty.map(|ty| (ty, event.at)),
        runner: &runner,
        before: None,
        past: None,
    };
    conditions.iter().all(|condition| scope.holds(condition))
}

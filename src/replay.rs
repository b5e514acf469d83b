//! A whole log through the engine: leads are split into shards that nothing crosses, shards run
//! side by side, and their decisions are put back into the order of the log. The result does not
//! depend on the number of shards or threads.

use std::fmt;
use std::sync::Arc;

use hashbrown::HashMap;

use crate::address::Address;
use crate::crew::{Crew, NoThreads};
use crate::decision::Decision;
use crate::engine::meter::Samples;
use crate::engine::{Engine, Stopped, named_addresses};
use crate::event::{EventNumber, LeadId};
use crate::log::{Log, LogEntry};
use crate::plan::Plan;
use crate::script::TimeGuard;
use crate::timestamp::Timestamp;

/// So many leads share a shard: few enough that their state stays in a core's cache.
const LEADS_PER_SHARD: usize = 2_048;

/// How to replay.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReplayOptions {
    /// Handle what was received until then; default: the last entry.
    pub until: Option<Timestamp>,
    /// How many threads; 0 for as many as the machine has cores.
    pub threads: usize,
    /// Also report changes of scores.
    pub trace: bool,
    /// How many leads are run together; 0 for as many as serve well.
    pub leads_per_shard: usize,
    /// Stops scripts that run for too long.
    pub guard: Option<TimeGuard>,
}

/// Why a log could not be replayed.
#[derive(Debug)]
pub enum ReplayError {
    /// The threads cannot be started.
    Threads(NoThreads),
    /// The guard has stopped a script.
    Stopped(Stopped),
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Threads(error) => write!(f, "threads cannot be started: {error}"),
            Self::Stopped(stopped) => stopped.fmt(f),
        }
    }
}

impl std::error::Error for ReplayError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Threads(error) => Some(error),
            Self::Stopped(stopped) => Some(stopped),
        }
    }
}

impl From<NoThreads> for ReplayError {
    fn from(error: NoThreads) -> Self {
        Self::Threads(error)
    }
}

impl From<Stopped> for ReplayError {
    fn from(stopped: Stopped) -> Self {
        Self::Stopped(stopped)
    }
}

/// What a replay decided.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Replayed {
    /// Every decision, in order.
    pub decisions: Vec<Decision>,
    /// What is scheduled after the horizon, by due time.
    pub pending: Vec<Decision>,
    /// How many entries were handled.
    pub handled: usize,
    /// The moment it was replayed to.
    pub horizon: Timestamp,
}

/// A rulebook that was in force for a time, with the part of a store's log that decides about a lead.
#[derive(Debug)]
pub struct Chapter {
    /// The rulebook's fingerprint, as text.
    pub ruleset: String,
    /// The rulebook.
    pub plan: Arc<Plan>,
    /// Events about the lead, and about all that share an account with it, as the rulebook reads
    /// them; all chapters number them alike.
    pub log: Log,
    /// When it came into force.
    pub at: Timestamp,
    /// The number of the first event it decided on.
    pub first: u32,
}

/// How many entries of a log were received until a moment, and the moment to which it is handled: that one, else that
/// of the last entry.
fn extent(log: &Log, until: Option<Timestamp>) -> (usize, Timestamp) {
    let entries = log.entries();
    let handled = until.map_or(entries.len(), |until| entries.partition_point(|entry| entry.received_at <= until));
    (handled, until.unwrap_or_else(|| end(log).unwrap_or(Timestamp(0))))
}

/// The last moment that a log knows of; `None` of a log in which nothing ever happened.
#[must_use]
pub fn end(log: &Log) -> Option<Timestamp> {
    log.entries().last().map(|entry| entry.received_at).max(log.drained_to)
}

/// Replays a log.
///
/// # Errors
/// The threads cannot be started, or the guard has stopped a script.
pub fn replay(plan: &Arc<Plan>, log: &Log, options: &ReplayOptions) -> Result<Replayed, ReplayError> {
    let (handled, horizon) = extent(log, options.until);
    let shards = Shards::of(plan, log, handled, options);
    let run = |shard| shards.run(shard, plan, log, horizon, options);
    let crew = Crew::new(options.threads)?;
    let parts: Vec<_> = crew.numbered(shards.len(), run).into_iter().collect::<Result<_, Stopped>>()?;
    let (decisions, pending): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
    let (decisions, pending) = crew.both(|| in_order(decisions, log, &crew), || in_order(pending, log, &crew));
    Ok(Replayed { decisions, pending, handled, horizon })
}

/// What an engine that measures has written down of each shard, each turned into what is wanted of it as soon as
/// it is there; decisions are let go of.
///
/// # Errors
/// The threads cannot be started, or the guard has stopped a script.
pub(crate) fn measured<T: Send>(
    plan: &Arc<Plan>,
    log: &Log,
    options: &ReplayOptions,
    ends: &Arc<[Timestamp]>,
    fold: impl Fn(Samples) -> T + Sync,
) -> Result<Vec<T>, ReplayError> {
    let (handled, horizon) = extent(log, options.until);
    let shards = Shards::of(plan, log, handled, options);
    let run = |shard: usize| {
        let engine = Engine::new(Arc::clone(plan)).guarded(options.guard).salted(log.salt());
        let mut engine = engine.measuring(Arc::clone(ends));
        shards.feed(shard, log, horizon, &mut engine, &mut |decisions| decisions.clear())?;
        Ok(fold(engine.measured(horizon).unwrap_or_default()))
    };
    let crew = Crew::new(options.threads)?;
    Ok(crew.numbered(shards.len(), run).into_iter().collect::<Result<_, Stopped>>()?)
}

/// Which events decide about one lead, and the leads of its account, itself included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeadPart {
    /// The events, in order.
    pub events: Vec<EventNumber>,
    /// The leads that share an account with it at any time.
    pub together: Vec<LeadId>,
}

/// The part of a log that decides about a lead: its own events and those of its account; all, where
/// something counts across accounts.
#[must_use]
pub fn part(plan: &Plan, log: &Log, lead: LeadId) -> LeadPart {
    let leads = log.lead_count() as u32;
    let mut groups = Groups::new(leads as usize + log.account_count());
    for entry in log.entries() {
        if let Some(account) = entry.account() {
            groups.join(entry.lead.0, leads + account.0);
        }
    }
    join_by_address(plan, log, log.len(), &mut groups);
    let own = groups.find(lead.0);
    let mut inside = |other: LeadId| groups.find(other.0) == own;
    let together: Vec<LeadId> = (0..leads).map(LeadId).filter(|other| inside(*other)).collect();
    let decides = |entry: &LogEntry| {
        plan.crosses_accounts() || log.lead_name(entry.lead).is_empty() || together.binary_search(&entry.lead).is_ok()
    };
    let numbered = log.entries().iter().zip(0..).filter(|(entry, _)| decides(entry));
    LeadPart { events: numbered.map(|(_, number)| EventNumber(number)).collect(), together }
}

/// Decisions of all shards in the order of the log. Each shard's own order is kept.
fn in_order(shards: Vec<Vec<Decision>>, log: &Log, crew: &Crew) -> Vec<Decision> {
    let one = shards.len() == 1;
    let mut all: Vec<Decision> = shards.into_iter().flatten().collect();
    if !one {
        crew.sort_by(&mut all, |a, b| {
            let names = || log.lead_name(a.order.lead).cmp(log.lead_name(b.order.lead));
            a.order.key().cmp(&b.order.key()).then_with(names)
        });
    }
    all
}

/// Which lead is run where.
struct Shards {
    /// By shard: the numbers of its entries, in order.
    entries: Vec<Vec<u32>>,
    /// By lead: its place within its shard.
    slots: Vec<u32>,
}

impl Shards {
    /// Leads that share an account or an address, at any time, share a shard.
    fn of(plan: &Plan, log: &Log, handled: usize, options: &ReplayOptions) -> Self {
        let most = if options.leads_per_shard == 0 { LEADS_PER_SHARD } else { options.leads_per_shard };
        let together = plan.crosses_accounts();
        let leads = log.lead_count();
        let mut groups = Groups::new(leads + log.account_count());
        for entry in log.entries() {
            if let Some(account) = entry.account() {
                groups.join(entry.lead.0, leads as u32 + account.0);
            }
        }
        join_by_address(plan, log, handled, &mut groups);
        let mut shard_of_group = vec![u32::MAX; leads + log.account_count()];
        let mut shard_of = vec![0u32; leads];
        let mut slots = vec![0u32; leads];
        let mut sizes: Vec<u32> = vec![0];
        for lead in 0..leads as u32 {
            let group = groups.find(lead) as usize;
            let Some(shard) = shard_of_group.get_mut(group) else { continue };
            if *shard == u32::MAX {
                let full = sizes.last().is_some_and(|size| *size as usize >= most);
                if full && !together {
                    sizes.push(0);
                }
                *shard = sizes.len() as u32 - 1;
            }
            if let (Some(size), Some(of), Some(slot)) =
                (sizes.get_mut(*shard as usize), shard_of.get_mut(lead as usize), slots.get_mut(lead as usize))
            {
                *of = *shard;
                *slot = *size;
                *size += 1;
            }
        }
        let mut entries = vec![Vec::new(); sizes.len()];
        let everybody = (0..leads as u32).map(LeadId).find(|lead| log.lead_name(*lead).is_empty());
        for (number, entry) in log.entries().iter().take(handled).enumerate() {
            if Some(entry.lead) == everybody {
                entries.iter_mut().for_each(|list: &mut Vec<u32>| list.push(number as u32));
                continue;
            }
            let shard = shard_of.get(entry.lead.0 as usize).copied().unwrap_or(0);
            if let Some(list) = entries.get_mut(shard as usize) {
                list.push(number as u32);
            }
        }
        Self { entries, slots }
    }

    fn len(&self) -> usize {
        self.entries.len()
    }

    fn run(
        &self,
        shard: usize,
        plan: &Arc<Plan>,
        log: &Log,
        horizon: Timestamp,
        options: &ReplayOptions,
    ) -> Result<(Vec<Decision>, Vec<Decision>), Stopped> {
        let mut engine = Engine::new(Arc::clone(plan)).guarded(options.guard).salted(log.salt());
        if options.trace {
            engine = engine.with_trace();
        }
        let decisions = self.feed(shard, log, horizon, &mut engine, &mut |_| ())?;
        Ok((decisions, engine.pending(log)))
    }

    /// Lets an engine handle the entries of a shard and time pass up to a moment; what was decided, as far as `after`
    /// each entry leaves it.
    fn feed(
        &self,
        shard: usize,
        log: &Log,
        horizon: Timestamp,
        engine: &mut Engine,
        after: &mut dyn FnMut(&mut Vec<Decision>),
    ) -> Result<Vec<Decision>, Stopped> {
        let mut decisions = Vec::new();
        for number in self.entries.get(shard).into_iter().flatten() {
            let Some(event) = log.event(EventNumber(*number)) else { continue };
            let slot = self.slots.get(event.lead.0 as usize).copied().unwrap_or(0);
            engine.handle_in(slot, &event, log, &mut decisions)?;
            after(&mut decisions);
        }
        engine.drain(horizon, log, &mut decisions)?;
        Ok(decisions)
    }
}

/// Joins the leads that ever name the same address: what is known of it decides about all of them.
fn join_by_address(plan: &Plan, log: &Log, handled: usize, groups: &mut Groups) {
    let mut first: HashMap<Address, u32> = HashMap::new();
    for (entry, number) in log.entries().iter().take(handled).zip(0..) {
        let Some(event) = plan.may_name_address(entry.ty()).then(|| log.event(EventNumber(number))).flatten() else {
            continue;
        };
        for address in named_addresses(plan, log.salt(), &event) {
            let other = *first.entry(address).or_insert(event.lead.0);
            groups.join(other, event.lead.0);
        }
    }
}

/// Disjoint sets, by halving paths.
struct Groups {
    parents: Vec<u32>,
}

impl Groups {
    fn new(len: usize) -> Self {
        Self { parents: (0..len as u32).collect() }
    }

    fn parent(&self, of: u32) -> u32 {
        self.parents.get(of as usize).copied().unwrap_or(of)
    }

    fn find(&mut self, mut of: u32) -> u32 {
        while self.parent(of) != of {
            let grandparent = self.parent(self.parent(of));
            if let Some(parent) = self.parents.get_mut(of as usize) {
                *parent = grandparent;
            }
            of = grandparent;
        }
        of
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.find(a), self.find(b));
        // The smaller number leads, so that groups do not depend on the order of joins.
        let (low, high) = (a.min(b), a.max(b));
        if let Some(parent) = self.parents.get_mut(high as usize) {
            *parent = low;
        }
    }
}

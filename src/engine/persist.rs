//! The engine's state taken apart by lead, to be kept in a store and put together again: what a
//! lead's entry leaves out comes from the plan, so the bytes belong to one rulebook.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::decision::Reason;
use crate::event::{AccountId, LeadId};
use crate::local::Zone;
use crate::plan::Plan;
use crate::rulebook::{ChannelId, FactId, ScoreId, TopicId};
use crate::timestamp::Timestamp;
use crate::value::Value;

use super::address::Holding;
use super::hold::AccountHold;
use super::lead::Lead;
use super::pair::PairState;
use super::timer::{Timer, What};
use super::{Account, Engine, Halts, World};

/// Where an engine stands in its log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// The moment it has been drained to.
    pub now: Timestamp,
    /// The entry handled last: its moment, and one more than its number.
    pub last_entry: (Timestamp, u32),
}

/// What is kept of a lead.
#[derive(Debug)]
pub struct SavedLead {
    /// Which lead.
    pub lead: LeadId,
    /// Its account.
    pub account: Option<AccountId>,
    /// Its state and timers.
    pub bytes: Vec<u8>,
    /// When its next timer fires.
    pub next_due: Option<Timestamp>,
    /// Its touches are paused.
    pub held: bool,
    /// Something of it waits for the end of a halt.
    pub halted: bool,
}

/// What is kept of an account.
#[derive(Debug)]
pub struct SavedAccount {
    /// Which account.
    pub account: AccountId,
    /// Its leads, in the order they joined.
    pub leads: Vec<LeadId>,
    /// What they share.
    pub bytes: Vec<u8>,
}

/// What is kept of an address.
#[derive(Debug)]
pub struct SavedAddress {
    /// Which address.
    pub address: Address,
    /// The leads that have it, in the order in which they told of it.
    pub holders: Vec<LeadId>,
    /// What bars it.
    pub bytes: Vec<u8>,
}

/// Sends of owners that caps count, by owner.
pub type OwnerSends = std::collections::BTreeMap<Box<str>, Vec<(ChannelId, Timestamp)>>;

#[derive(Serialize, Deserialize)]
struct Shared {
    zone: Option<Zone>,
    zone_at: Timestamp,
    hold: Option<Box<AccountHold>>,
    sends: Vec<(ChannelId, Timestamp)>,
}

impl Engine {
    /// An engine that goes on where another one stood; its leads come with [`Self::put_lead`].
    #[must_use]
    pub fn resume(plan: std::sync::Arc<Plan>, clock: Clock, owner_sends: OwnerSends) -> Self {
        let mut engine = Self::new(plan);
        engine.world.now = clock.now;
        engine.world.last_entry = clock.last_entry;
        engine.world.owner_sends = owner_sends;
        engine
    }

    /// Where the engine stands.
    #[must_use]
    pub fn clock(&self) -> Clock {
        Clock { now: self.world.now, last_entry: self.world.last_entry }
    }

    /// The same with what is halted.
    #[must_use]
    pub fn with_halts(mut self, halts: Halts) -> Self {
        self.world.halts = halts;
        self
    }

    /// What is or was halted.
    #[must_use]
    pub fn halts(&self) -> &Halts {
        &self.world.halts
    }

    /// What caps of owners count.
    #[must_use]
    pub fn owner_sends(&self) -> &OwnerSends {
        &self.world.owner_sends
    }

    /// Puts a lead in its place, with its timers. Its account must be there before.
    ///
    /// # Errors
    /// The bytes are not those of a lead.
    pub fn put_lead(&mut self, id: LeadId, account: Option<AccountId>, bytes: &[u8]) -> Result<(), postcard::Error> {
        let (mut lead, timers): (Box<Lead>, Vec<Timer>) = postcard::from_bytes(bytes)?;
        lead.id = id;
        lead.account = account;
        let place = account.and_then(|account| self.world.account_slots.get(&account).copied());
        lead.account_slot = place.unwrap_or(u32::MAX);
        for timer in timers {
            self.world.timers.push(Timer { slot: id.0, ..timer });
        }
        let index = id.0 as usize;
        if self.world.leads.len() <= index {
            self.world.leads.resize_with(index + 1, || None);
        }
        if let Some(place) = self.world.leads.get_mut(index) {
            *place = Some(lead);
        }
        Ok(())
    }

    /// Puts an account in its place.
    ///
    /// # Errors
    /// The bytes are not those of an account.
    pub fn put_account(&mut self, saved: &SavedAccount) -> Result<(), postcard::Error> {
        let shared: Shared = postcard::from_bytes(&saved.bytes)?;
        let leads = saved.leads.iter().map(|lead| lead.0).collect();
        self.world.account_slots.insert(saved.account, self.world.accounts.len() as u32);
        self.world.accounts.push(Account {
            leads,
            zone: shared.zone,
            zone_at: shared.zone_at,
            sends: shared.sends,
            hold: shared.hold,
            touched: false,
        });
        Ok(())
    }

    /// Puts what is known of an address in its place.
    ///
    /// # Errors
    /// The bytes are not those of an address.
    pub fn put_address(&mut self, saved: &SavedAddress) -> Result<(), postcard::Error> {
        let bars = postcard::from_bytes(&saved.bytes)?;
        let holding = Holding { holders: saved.holders.clone(), bars, touched: false };
        self.world.ledger.insert(saved.address, holding);
        Ok(())
    }

    /// The addresses of the leads that are here.
    #[must_use]
    pub fn addresses(&self) -> BTreeSet<Address> {
        let facts = &self.plan.addresses.facts;
        let own = |lead: &Lead| {
            let known = facts.iter().filter_map(|(fact, kind)| match lead.facts.get(fact.index()) {
                Some(Value::Text(text)) => Address::of(*kind, text, self.world.salt),
                _ => None,
            });
            known.chain(lead.told.iter().filter_map(|told| told.address)).collect::<Vec<_>>()
        };
        self.world.leads.iter().flatten().flat_map(|lead| own(lead)).collect()
    }

    /// What is known of addresses and has changed since it was put in, by address.
    ///
    /// # Errors
    /// State that cannot be written as bytes: a bug.
    pub fn changed_addresses(&self) -> Result<Vec<SavedAddress>, postcard::Error> {
        let changed = self.world.ledger.iter().filter(|(_, holding)| holding.touched);
        let saved = |(address, holding): (&Address, &Holding)| {
            let (holders, bytes) = (holding.holders.clone(), postcard::to_allocvec(&holding.bars)?);
            Ok(SavedAddress { address: *address, holders, bytes })
        };
        changed.map(saved).collect()
    }

    /// The address a message on a channel goes to now; `None` where the channel goes by none or the lead
    /// has none.
    ///
    /// # Errors
    /// No address of the lead may be used, and why.
    pub fn address_of(&self, lead: LeadId, message: (ChannelId, &[TopicId])) -> Result<Option<String>, Reason> {
        if self.world.leads.get(lead.0 as usize).is_none_or(Option::is_none) {
            return Ok(None);
        }
        self.world.address_of(&self.plan, lead.0, message).map_err(|(_, reason)| reason)
    }

    /// What is known of a lead, by fact; defaults are left out.
    #[must_use]
    pub fn facts(&self, lead: LeadId) -> Vec<(FactId, Value)> {
        let found = self.world.leads.get(lead.0 as usize).and_then(Option::as_ref);
        let facts = found.into_iter().flat_map(|lead| lead.facts.iter());
        facts.map(|(fact, value)| (fact, value.clone())).collect()
    }

    /// Takes the engine apart: the leads that changed since they were put in, in the order of their
    /// numbers, and the accounts they are in.
    ///
    /// # Errors
    /// State that cannot be written as bytes: a bug.
    pub fn into_changed(mut self) -> Result<(Vec<SavedLead>, Vec<SavedAccount>), postcard::Error> {
        let mut timers = self.world.timers.take();
        timers.retain(|timer| self.world.is_current(timer, &self.plan));
        timers.sort_unstable_by_key(|timer| (timer.slot, *timer));
        let mut leads = Vec::new();
        let mut touched = vec![false; self.world.accounts.len()];
        for (slot, lead) in self.world.leads.iter().enumerate() {
            let Some(lead) = lead.as_ref().filter(|lead| lead.touched) else { continue };
            if let Some(place) = touched.get_mut(lead.account_slot as usize) {
                *place = true;
            }
            let from = timers.partition_point(|timer| (timer.slot as usize) < slot);
            let to = timers.partition_point(|timer| (timer.slot as usize) <= slot);
            let own = timers.get(from..to).unwrap_or_default();
            leads.push(SavedLead {
                lead: lead.id,
                account: lead.account,
                bytes: postcard::to_allocvec(&(lead, own))?,
                held: lead.hold.is_some(),
                halted: lead.waits_for_halt(),
                next_due: own.iter().map(|timer| timer.due).min(),
            });
        }
        let mut slots: Vec<(AccountId, u32)> =
            self.world.account_slots.iter().map(|(account, slot)| (*account, *slot)).collect();
        slots.sort_unstable_by_key(|(_, slot)| *slot);
        let mut accounts = Vec::new();
        for (account, slot) in slots {
            let changed = |shared: &&Account| shared.touched || touched.get(slot as usize) == Some(&true);
            let shared = self.world.accounts.get(slot as usize).filter(changed);
            let Some(shared) = shared else { continue };
            let bytes = postcard::to_allocvec(&Shared {
                zone: shared.zone,
                zone_at: shared.zone_at,
                hold: shared.hold.clone(),
                sends: shared.sends.clone(),
            })?;
            accounts.push(SavedAccount {
                account,
                leads: shared.leads.iter().map(|slot| LeadId(*slot)).collect(),
                bytes,
            });
        }
        Ok((leads, accounts))
    }
}

impl World {
    /// Whether a timer still does something when it fires.
    fn is_current(&self, timer: &Timer, plan: &Plan) -> bool {
        let Some(lead) = self.leads.get(timer.slot as usize).and_then(Option::as_ref) else { return false };
        match timer.what {
            What::Absence(_) | What::SuppressionEnd => true,
            What::Deadline(index, number) => {
                let waits = lead.pairs.get(index as usize).and_then(PairState::waits);
                waits.is_some_and(|asked| asked.number.0 == number)
            }
            What::Fall(score, index) => {
                let fall = plan.downward.get(ScoreId(score)).and_then(|falls| falls.get(usize::from(index)));
                fall.and_then(|fall| lead.falls.get(fall.slot)).is_some_and(|state| state.due == timer.due)
            }
            What::Periodic(index) => lead.periodics.get(index as usize).is_some_and(|state| state.due == timer.due),
            What::HoldEnd(since) => {
                lead.hold.as_ref().is_some_and(|hold| hold.since == since && hold.until == Some(timer.due))
            }
            What::Touch(sequence, version) => {
                lead.enrollments.iter().any(|e| e.sequence.0 == sequence && e.version == version)
            }
            What::Action(serial) => lead.actions.iter().any(|action| action.serial == serial),
        }
    }
}

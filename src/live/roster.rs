//! The names behind the numbers of one step: leads, accounts and events that the engine speaks of.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use crate::decision::names::Journal;
use crate::event::{AccountId, EventNumber, LeadId};

/// Names in the order they were met.
#[derive(Debug, Default)]
struct List {
    names: Vec<Box<str>>,
    numbers: HashMap<Box<str>, u32, foldhash::fast::FixedState>,
}

impl List {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.names.len() as u32;
        self.names.push(name.into());
        self.numbers.insert(name.into(), number);
        number
    }

    fn name(&self, number: u32) -> &str {
        self.names.get(number as usize).map_or("", |name| name)
    }
}

/// The names of one step.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    leads: List,
    accounts: List,
    events: BTreeMap<u32, Box<str>>,
}

impl Roster {
    pub fn lead(&mut self, name: &str) -> LeadId {
        LeadId(self.leads.number(name))
    }

    pub fn account(&mut self, name: &str) -> AccountId {
        AccountId(self.accounts.number(name))
    }

    /// The number of a lead that was named before.
    pub fn known(&self, name: &str) -> Option<LeadId> {
        self.leads.numbers.get(name).copied().map(LeadId)
    }

    pub fn name_event(&mut self, number: EventNumber, id: &str) {
        self.events.entry(number.0).or_insert_with(|| id.into());
    }

    pub fn knows_event(&self, number: EventNumber) -> bool {
        self.events.contains_key(&number.0)
    }
}

impl Journal for Roster {
    fn lead_name(&self, lead: LeadId) -> &str {
        self.leads.name(lead.0)
    }

    fn account_name(&self, account: AccountId) -> &str {
        self.accounts.name(account.0)
    }

    fn event_id(&self, number: EventNumber) -> &str {
        self.events.get(&number.0).map_or("", |id| id)
    }
}

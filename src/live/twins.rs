//! Leads that have an address which another lead had first: mostly one person under two ids.

use std::collections::{BTreeMap, BTreeSet};

use super::error::LiveError;
use super::look::{HANDFUL, Look, Who};
use super::{Live, shelf};
use crate::address::{Address, AddressKind};
use crate::event::LeadId;
use crate::timestamp::Timestamp;

/// A lead, and one that had an address of it before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twins {
    /// The one that told of the address later.
    pub lead: Who,
    /// The one that had it first.
    pub first: Who,
    /// What they share.
    pub shared: Vec<Shared>,
    /// Since when.
    pub since: Timestamp,
    /// The rulebook lets messages go to both: `settings { same_address send }`.
    pub both: bool,
}

/// An address that two leads have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// What it is an address of.
    pub kind: AddressKind,
    /// The fact of the lead that holds it.
    pub fact: String,
    /// The fact of the first that holds it.
    pub of_first: String,
}

impl Live {
    /// Every lead with an address that another had first, by the first and then by id; of three leads with
    /// one address there are two pairs.
    ///
    /// # Errors
    /// Damage found on the way, or no rulebook is in force.
    pub fn twins(&self) -> Result<Vec<Twins>, LiveError> {
        let mut pairs: BTreeMap<(String, String), Vec<Address>> = BTreeMap::new();
        for (address, holders) in shelf::shared(&self.store)? {
            let mut holders = holders.into_iter();
            let Some(first) = holders.next() else { continue };
            for lead in holders {
                pairs.entry((first.clone(), lead)).or_default().push(address);
            }
        }
        let pairs: Vec<_> = pairs.into_iter().collect();
        let mut found = Vec::new();
        for handful in pairs.chunks(HANDFUL) {
            let leads: BTreeSet<String> =
                handful.iter().flat_map(|((first, lead), _)| [first, lead]).cloned().collect();
            let look = self.look(leads)?;
            found.extend(handful.iter().filter_map(|((first, lead), shared)| look.twins((first, lead), shared)));
        }
        Ok(found)
    }
}

impl Look {
    fn twins(&self, (first, lead): (&str, &str), addresses: &[Address]) -> Option<Twins> {
        let ids = (self.roster.known(first)?, self.roster.known(lead)?);
        let mut shared: Vec<(Shared, Timestamp)> =
            addresses.iter().filter_map(|address| self.shared(ids, *address)).collect();
        shared.sort_by(|(a, _), (b, _)| (a.kind, &a.fact).cmp(&(b.kind, &b.fact)));
        let who = |name: &str, id: LeadId| Some(self.who(name, &self.engine.standing(id, &self.roster)?));
        Some(Twins {
            lead: who(lead, ids.1)?,
            first: who(first, ids.0)?,
            since: shared.iter().map(|(_, since)| *since).min()?,
            shared: shared.into_iter().map(|(shared, _)| shared).collect(),
            both: !self.plan.rulebook.settings.same_address_once,
        })
    }

    /// Where two leads have an address, and since when both do.
    fn shared(&self, (first, lead): (LeadId, LeadId), address: Address) -> Option<(Shared, Timestamp)> {
        let told = |lead: LeadId| self.engine.told(lead).iter().find(|told| told.address == Some(address));
        let (own, of_first) = (told(lead)?, told(first)?);
        let rulebook = &self.plan.rulebook;
        let shared = Shared {
            kind: self.plan.addresses.of_fact(own.fact)?,
            fact: rulebook.facts.name(own.fact).to_owned(),
            of_first: rulebook.facts.name(of_first.fact).to_owned(),
        };
        Some((shared, own.at.max(of_first.at)))
    }
}

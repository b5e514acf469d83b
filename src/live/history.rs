//! The rulebooks of a store one after the other, each with the log as it reads it: what an
//! explanation goes through. Nothing is written.

use std::collections::BTreeSet;

use super::append::is_event;
use super::error::LiveError;
use super::reading::Reader;
use super::record::kind;
use super::{Live, Ruleset, packed};
use crate::address::Address;
use crate::crew::Crew;
use crate::engine::named_addresses;
use crate::log::{Log, Part, join};
use crate::plan::Plan;
use crate::replay::Chapter;
use crate::store::Offset;
use crate::timestamp::Timestamp;

/// A rulebook that came into force, with its place in the log.
struct Activated {
    ruleset: Ruleset,
    at: Timestamp,
    place: u64,
}

/// What leads can share, so that what is known of one decides about the others.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Shared {
    Account(String),
    Address(Address),
}

impl Live {
    /// The rulebooks that were in force by a moment, the oldest first.
    ///
    /// # Errors
    /// Damage found on the way, or a rulebook that is missing.
    pub fn history(&self, lead: &str, until: Timestamp) -> Result<Vec<Chapter>, LiveError> {
        let mut all = self.activated()?;
        // The first one decides on whatever there is.
        let in_force = all.iter().skip(1).take_while(|activated| activated.at <= until).count() + 1;
        all.truncate(in_force);
        let together = if all.iter().any(|activated| activated.ruleset.plan.crosses_accounts()) {
            None
        } else {
            let plans: Vec<&Plan> = all.iter().map(|activated| &*activated.ruleset.plan).collect();
            Some(self.together(lead, &plans)?)
        };
        let chapter = |activated: Activated| {
            let Activated { ruleset: Ruleset { id, plan }, at, place } = activated;
            let (log, first) = self.part_of_log(&plan, together.as_ref(), place)?;
            Ok(Chapter { ruleset: id, plan, log, at, first })
        };
        all.into_iter().map(chapter).collect()
    }

    /// The leads that the log has events about, handled or not, in the order of their names.
    ///
    /// # Errors
    /// Damage found on the way.
    pub fn leads_of_log(&self) -> Result<BTreeSet<String>, LiveError> {
        let mut leads = BTreeSet::new();
        for block in self.store.blocks(Offset(0))? {
            for entry in block?.entries() {
                let entry = entry?;
                if is_event(entry.kind) && !entry.lead.is_empty() && !leads.contains(entry.lead) {
                    leads.insert(entry.lead.to_owned());
                }
            }
        }
        Ok(leads)
    }

    /// Every change of the rulebook in the log.
    fn activated(&self) -> Result<Vec<Activated>, LiveError> {
        let mut found: Vec<Activated> = Vec::new();
        for block in self.store.blocks(Offset(0))? {
            for entry in block?.entries() {
                let entry = entry?;
                if entry.kind != kind::ACTIVATION {
                    continue;
                }
                let props = packed::props(&self.store, &entry)?;
                let id = props.get("ruleset").and_then(serde_json::Value::as_str).unwrap_or_default();
                if found.last().is_none_or(|last| last.ruleset.id != id) {
                    let ruleset = self.ruleset_of(id)?;
                    found.push(Activated { ruleset, at: entry.received_at, place: entry.offset.0 });
                }
            }
        }
        if found.is_empty() {
            return Err(LiveError::NoRulebook);
        }
        Ok(found)
    }

    /// The lead and all that shared an account or an address with it at any time, directly or through others.
    fn together(&self, lead: &str, plans: &[&Plan]) -> Result<BTreeSet<String>, LiveError> {
        let mut pairs: BTreeSet<(String, Shared)> = BTreeSet::new();
        for block in self.store.blocks(Offset(0))? {
            for entry in block?.entries() {
                let entry = entry?;
                if let Some(account) = entry.account.filter(|_| is_event(entry.kind)) {
                    pairs.insert((entry.lead.to_owned(), Shared::Account(account.to_owned())));
                }
            }
        }
        for plan in plans {
            let log = self.log_of_addresses(plan)?;
            for event in log.iter() {
                let name = log.lead_name(event.lead);
                let named = named_addresses(plan, log.salt(), &event).into_iter();
                pairs.extend(named.map(|address| (name.to_owned(), Shared::Address(address))));
            }
        }
        let (mut leads, mut shared) = (BTreeSet::from([lead.to_owned()]), BTreeSet::new());
        loop {
            let known = (leads.len(), shared.len());
            for (lead, what) in &pairs {
                if leads.contains(lead) || shared.contains(what) {
                    leads.insert(lead.clone());
                    shared.insert(what.clone());
                }
            }
            if known == (leads.len(), shared.len()) {
                return Ok(leads);
            }
        }
    }

    /// What the log says of addresses, as a rulebook reads it.
    fn log_of_addresses(&self, plan: &Plan) -> Result<Log, LiveError> {
        let reader = Reader::new(Some(&self.store), &plan.rulebook);
        let mut part = Part::new(0, 0);
        for block in self.store.blocks(Offset(0))? {
            for entry in block?.entries() {
                let entry = entry?;
                if is_event(entry.kind) && plan.may_name_address(plan.rulebook.types.find(entry.ty)) {
                    reader.take(&entry, &mut part)?;
                }
            }
        }
        Ok(join(vec![part], super::reading::PATH, &Crew::alone()).salted(self.salt.unwrap_or_default()))
    }

    /// The log of some leads or of all as a rulebook reads it, and how many of its events stand
    /// before an entry.
    fn part_of_log(&self, plan: &Plan, leads: Option<&BTreeSet<String>>, before: u64) -> Result<(Log, u32), LiveError> {
        let reader = Reader::new(Some(&self.store), &plan.rulebook);
        let mut part = Part::new(0, 0).keeping_places();
        for block in self.store.blocks(Offset(0))? {
            for entry in block?.entries() {
                let entry = entry?;
                let is_wanted = !is_event(entry.kind)
                    || entry.lead.is_empty()
                    || leads.is_none_or(|leads| leads.contains(entry.lead));
                if is_wanted {
                    reader.take(&entry, &mut part)?;
                } else {
                    part.skip();
                }
            }
        }
        part.drained_to(self.floor());
        let log = join(vec![part], super::reading::PATH, &Crew::alone()).salted(self.salt.unwrap_or_default());
        // Each entry of the store is a line.
        let is_before = |number: u32| u64::from(log.place(crate::event::EventNumber(number)).1) <= before;
        let first = (0..log.len() as u32).take_while(|number| is_before(*number)).count() as u32;
        Ok((log, first))
    }
}

//! What people ask of a store about leads: what lies ahead, what a lead's state is; and what they
//! do by hand that is more than an event.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::error::LiveError;
use super::roster::Roster;
use super::{Live, shelf};
use crate::decision::Decision;
use crate::engine::Live as Kept;
use crate::report::line::Names;
use crate::store::{Batch, StoredEntry, TreeName};

/// A lead as it stands.
#[derive(Clone, Debug, Default)]
pub struct LeadView {
    /// Its entries in the log, oldest first, as lines of JSON.
    pub entries: Vec<(StoredEntry, String)>,
    /// What lies ahead, as lines of a dry run.
    pub ahead: Vec<String>,
}

impl Live {
    /// What lies ahead of every lead, or of one, as the lines of a dry run, by due time.
    ///
    /// # Errors
    /// Damage found on the way, or no rulebook is in force.
    pub fn ahead(&self, lead: Option<&str>) -> Result<Vec<String>, LiveError> {
        let leads = match lead {
            Some(lead) => BTreeSet::from([lead.to_owned()]),
            None => shelf::all_leads(&self.store)?,
        };
        let plan = Arc::clone(&self.ruleset.as_ref().ok_or(LiveError::NoRulebook)?.plan);
        let mut roster = Roster::default();
        let loaded = shelf::load(&self.store, &plan, self.progress.clock, (leads, BTreeSet::new()), &mut roster)?;
        let (engine, _) = loaded.into_parts();
        let of_lead = |decision: &Decision| lead.is_none_or(|lead| roster.known(lead) == Some(decision.lead));
        let pending: Vec<Decision> = engine.pending(&roster).into_iter().filter(of_lead).collect();
        self.name_events(&pending, &Kept::default(), &mut roster)?;
        let names = Names { rulebook: &plan.rulebook, log: &roster };
        Ok(pending.iter().map(|decision| names.line(decision).to_string()).collect())
    }

    /// Whether a lead is paused, so that nothing of it is handed over.
    ///
    /// # Errors
    /// Damage found on the way.
    pub fn is_held(&self, lead: &str) -> Result<bool, LiveError> {
        Ok(shelf::lead_row(&self.store, lead)?.is_some_and(|row| row.held))
    }

    /// Whether anything is known of a lead.
    ///
    /// # Errors
    /// Damage found on the way.
    pub fn knows(&self, lead: &str) -> Result<bool, LiveError> {
        Ok(shelf::lead_row(&self.store, lead)?.is_some())
    }

    /// Destroys the key of a lead whose `override.erase` has been handled: nothing that tells who
    /// it is can be read again.
    ///
    /// # Errors
    /// The store cannot write; opening it again finishes the work.
    pub fn erase(&mut self, lead: &str) -> Result<(), LiveError> {
        let mut batch = Batch::new();
        batch.put_large(TreeName::Meta, b"erasing", lead.as_bytes());
        self.store.commit(&batch)?;
        self.finish_erasing()
    }

    /// Finishes an erasure that a crash has interrupted.
    pub(super) fn finish_erasing(&mut self) -> Result<(), LiveError> {
        let Some(lead) = self.store.get(TreeName::Meta, b"erasing")? else { return Ok(()) };
        let lead = String::from_utf8_lossy(&lead).into_owned();
        let mut batch = Batch::new();
        shelf::unseal_lead(&self.store, &lead, &mut batch)?;
        self.store.commit(&batch)?;
        self.store.erase(&lead)?;
        let mut batch = Batch::new();
        batch.delete(TreeName::Meta, b"erasing");
        self.store.commit(&batch)?;
        Ok(())
    }
}

//! What people ask of a store about leads: what lies ahead, what a lead's state is; and what they
//! do by hand that is more than an event.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::delivery::Delivery;
use super::error::LiveError;
use super::look::{HANDFUL, Look};
use super::outbox::Done;
use super::places::Place;
use super::roster::Roster;
use super::{Live, ledger, outbox, packed, places, shelf};
use crate::decision::Decision;
use crate::decision::names::Names;
use crate::engine::{Engine, LiveNotes as Kept, Standing};
use crate::event::LeadId;
use crate::local::Zone;
use crate::plan::Plan;
use crate::store::{Batch, StoreError, TreeName};
use crate::timestamp::{Span, Timestamp};
use crate::units::Length;

/// A lead as it stands, with all that was decided about it.
#[derive(Debug)]
pub struct LeadView {
    /// Its id.
    pub lead: String,
    /// Its account.
    pub account: Option<String>,
    /// The moment of all this.
    pub at: Timestamp,
    /// Its facts were erased.
    pub erased: bool,
    /// The rulebook in force, which has the names of what stands below.
    pub plan: Arc<Plan>,
    /// How it stands.
    pub standing: Standing,
    /// Every decision about it, as lines of a dry run.
    pub decided: Vec<String>,
    /// What became of its actions.
    pub done: Vec<Done>,
    /// What waits to be handed over, is under way or unknown.
    pub waiting: Vec<Delivery>,
    /// What lies ahead, as lines of a dry run.
    pub ahead: Vec<String>,
}

/// What a full check found readable beside the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Readable {
    /// Leads.
    pub leads: usize,
    /// Decisions.
    pub decisions: u64,
    /// Items to hand over.
    pub items: usize,
    /// Records in quarantine.
    pub quarantined: usize,
}

/// Begins the keys of the leads whose erasure is under way.
const ERASING: &[u8] = b"erasing";
/// Shorter words are in too many texts to tell of somebody.
const TELLING: usize = 3;

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
        let Look { plan, engine, mut roster } = self.look(leads)?;
        let of_lead = |decision: &Decision| lead.is_none_or(|lead| roster.known(lead) == Some(decision.lead));
        let pending: Vec<Decision> = engine.pending(&roster).into_iter().filter(of_lead).collect();
        self.name_events(&pending, &Kept::default(), &mut roster)?;
        let names = Names { rulebook: &plan.rulebook, log: &roster };
        Ok(pending.iter().map(|decision| names.line(decision).to_string()).collect())
    }

    /// A lead as it stands at [`Live::now`]; `None` for one nobody has heard of.
    ///
    /// # Errors
    /// Damage found on the way, or no rulebook is in force.
    pub fn lead(&self, lead: &str) -> Result<Option<LeadView>, LiveError> {
        let Some(row) = shelf::lead_row(&self.store, lead)? else { return Ok(None) };
        let plan = Arc::clone(&self.ruleset.as_ref().ok_or(LiveError::NoRulebook)?.plan);
        let Some(standing) = self.ask(lead, |engine, id, roster| engine.standing(id, roster))?.flatten() else {
            return Ok(None);
        };
        let places = places::of(&self.store, lead)?;
        let waits = |place: &Place| outbox::find(&self.store, place.number()).transpose();
        Ok(Some(LeadView {
            lead: lead.to_owned(),
            account: row.account,
            at: self.now(),
            erased: self.store.is_erased(lead),
            plan,
            standing,
            decided: ledger::at(&self.store, &places)?,
            done: self.done(lead)?,
            waiting: places.iter().filter_map(waits).collect::<Result<_, _>>()?,
            ahead: self.ahead(Some(lead))?,
        }))
    }

    /// A lead as it would stand at a moment that lies ahead, without what was and will be decided;
    /// `None` for one nobody has heard of. Nothing is written.
    ///
    /// # Errors
    /// Damage found on the way, or no rulebook is in force.
    pub fn lead_at(&self, lead: &str, at: Timestamp) -> Result<Option<LeadView>, LiveError> {
        let Some(row) = shelf::lead_row(&self.store, lead)? else { return Ok(None) };
        let Look { plan, engine, roster } = self.look(BTreeSet::from([lead.to_owned()]))?;
        let mut engine = engine.guarded(self.guard);
        engine.drain(at, &roster, &mut Vec::new())?;
        let Some(standing) = roster.known(lead).and_then(|id| engine.standing(id, &roster)) else { return Ok(None) };
        Ok(Some(LeadView {
            lead: lead.to_owned(),
            account: row.account,
            at,
            erased: self.store.is_erased(lead),
            plan,
            standing,
            decided: Vec::new(),
            done: Vec::new(),
            waiting: Vec::new(),
            ahead: Vec::new(),
        }))
    }

    /// How many entries of the log are about a lead.
    ///
    /// # Errors
    /// Damage found on the way.
    pub fn entries_about(&self, lead: &str) -> Result<usize, LiveError> {
        Ok(self.store.entries_of(lead)?.len())
    }

    /// The names of all leads, in their order.
    ///
    /// # Errors
    /// Damage found on the way.
    pub fn leads(&self) -> Result<BTreeSet<String>, LiveError> {
        shelf::all_leads(&self.store)
    }

    /// A moment and a length after it as something is scheduled for a lead.
    ///
    /// # Errors
    /// Damage found on the way, or no rulebook is in force.
    pub fn later(&self, lead: &str, from: Timestamp, length: Length) -> Result<Timestamp, LiveError> {
        let later = self.ask(lead, |engine, id, _| engine.later(id, from, length))?;
        Ok(later.unwrap_or_else(|| from + length.measured().unwrap_or(Span::ZERO)))
    }

    /// The zone a lead's times are shown in; UTC for one nobody has heard of.
    ///
    /// # Errors
    /// Damage found on the way, or no rulebook is in force.
    pub fn zone_of(&self, lead: &str) -> Result<Zone, LiveError> {
        Ok(self.ask(lead, |engine, id, _| engine.zone_of(id))?.unwrap_or(Zone::UTC))
    }

    /// Reads all that rests on the log: leads, decisions, what is to be handed over, quarantine.
    ///
    /// # Errors
    /// The first thing that cannot be read.
    pub fn check_readable(&self) -> Result<Readable, LiveError> {
        let mut found = Readable::default();
        let leads: Vec<String> = shelf::all_leads(&self.store)?.into_iter().collect();
        found.leads = leads.len();
        if self.ruleset.is_some() {
            for handful in leads.chunks(HANDFUL) {
                self.look(handful.iter().cloned().collect())?;
            }
        }
        self.each_decision(&mut |_| {
            found.decisions += 1;
            ControlFlow::Continue(())
        })?;
        if found.decisions != self.progress.decisions {
            let reason = format!("{} were made, {} can be read", self.progress.decisions, found.decisions);
            return Err(StoreError::TreeDamaged { part: "decisions", reason }.into());
        }
        found.items = self.outbox()?.len();
        found.quarantined = self.store.quarantine_list()?.len();
        Ok(found)
    }

    /// Asks the engine about one lead.
    fn ask<T>(&self, lead: &str, question: impl FnOnce(&Engine, LeadId, &Roster) -> T) -> Result<Option<T>, LiveError> {
        let Look { engine, roster, .. } = self.look(BTreeSet::from([lead.to_owned()]))?;
        Ok(roster.known(lead).map(|id| question(&engine, id, &roster)))
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

    /// Texts that tell of a lead, in what nobody can read as a record: its id, and what is known of it.
    fn telling(&self, lead: &str) -> Result<Vec<String>, LiveError> {
        let mut texts = vec![format!("\"{lead}\"")];
        let mut words = vec![lead.to_owned()];
        for entry in self.store.entries_of(lead)? {
            words.extend(packed::sealed_texts(&self.store, &entry.as_entry())?);
        }
        texts.extend(words.into_iter().filter(|text| text.chars().count() >= TELLING));
        Ok(texts)
    }

    /// Notes that a lead is to be erased; a crash does not forget it.
    pub(super) fn mark_erasing(lead: &str, batch: &mut Batch<'_>) {
        let key = [ERASING, &shelf::hash(lead)].concat();
        batch.put_large(TreeName::Meta, &key, lead.as_bytes());
    }

    /// Destroys the keys of leads whose `override.erase` has been handled, also where a crash came in
    /// between: nothing that tells who they are can be read again.
    pub(super) fn finish_erasing(&mut self) -> Result<(), LiveError> {
        for (key, lead) in self.store.scan_prefix(TreeName::Meta, ERASING)? {
            // A long name lies in pieces.
            let lead = self.store.get(TreeName::Meta, &key)?.unwrap_or_else(|| lead.clone());
            let lead = String::from_utf8_lossy(&lead).into_owned();
            let mut batch = Batch::new();
            shelf::unseal_lead(&self.store, &lead, &mut batch)?;
            self.store.commit(&batch)?;
            let texts = self.telling(&lead)?;
            self.store.quarantine_forget(&lead, &texts)?;
            self.store.erase(&lead)?;
            let mut batch = Batch::new();
            batch.delete(TreeName::Meta, &key);
            self.store.commit(&batch)?;
        }
        Ok(())
    }
}

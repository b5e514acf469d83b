//! A damaged store repaired into a new one that can be used: what follows from its log made anew, and
//! whose facts are lost told.

use std::collections::BTreeSet;
use std::path::Path;

use super::error::LiveError;
use super::{Live, packed, personal_text, shelf};
use crate::address::{NOBODY, is_nobody};
use crate::script::TimeGuard;
use crate::store::{self, Batch, Offset, Repaired, StoreOptions, TreeName};
use crate::timestamp::Timestamp;

/// Keys of leads whose facts of before a repair cannot be read begin with it.
const LOST: &[u8] = b"lost ";

/// What became of a damaged store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepairedStore {
    /// What was brought over.
    pub repaired: Repaired,
    /// The leads whose personal facts cannot be read any more, by name.
    pub lost_leads: Vec<String>,
    /// Decisions that were made anew.
    pub decisions: u64,
}

impl Live {
    /// Repairs the store in `dir` into the empty or new folder `to`; nothing in `dir` is changed. Where
    /// something is lost, what may have been handed over by `now` is unknown.
    ///
    /// # Errors
    /// As [`store::repair`]; or what follows from the log cannot be made anew, since a rulebook is missing:
    /// then the log is there all the same.
    pub fn repair(
        dir: &Path,
        to: &Path,
        options: &StoreOptions,
        guard: Option<TimeGuard>,
        now: Timestamp,
    ) -> Result<(RepairedStore, Result<(), LiveError>), LiveError> {
        let repairing = store::begin_repair(dir, to, options)?;
        let unfinished = StoreOptions { unfinished: true, ..options.clone() };
        let mut live = Self::open_guarded(repairing.place(), &unfinished, guard, &mut |_| ())?;
        let without = if repairing.repaired.keys_lost > 0 { live.leads_without_key()? } else { BTreeSet::new() };
        let repaired = &repairing.repaired;
        if repaired.lost_entries() {
            let until = repaired.last_trace.map_or(now, |last| last.max(now));
            live.has_lost(until, "a repair has lost entries")?;
        }
        let rebuilt = live.rebuild().map(drop);
        let lost_leads: Vec<String> = without.into_iter().filter(|lead| !live.store.is_erased(lead)).collect();
        let mut batch = Batch::new();
        for lead in &lost_leads {
            batch.put_large(TreeName::Meta, &lost_key(lead), lead.as_bytes());
        }
        live.store.commit(&batch)?;
        let decisions = live.decisions();
        drop(live);
        let repaired = repairing.finish()?;
        Ok((RepairedStore { repaired, lost_leads, decisions }, rebuilt))
    }

    /// The leads of which the log holds something sealed that no key is there for.
    fn leads_without_key(&self) -> Result<BTreeSet<String>, LiveError> {
        let mut leads = BTreeSet::new();
        for entry in self.store.entries(Offset(0))? {
            let entry = entry?;
            if !self.store.knows_key(&entry.lead) && packed::has_sealed(&entry.as_entry())? {
                leads.insert(entry.lead);
            }
        }
        Ok(leads)
    }

    /// Whether what is to be handed over to a lead would go to nobody: to an address that was erased or can no
    /// longer be read, or with such words in it.
    pub(super) fn goes_to_nobody(&self, action: &crate::sink::Handed) -> Result<bool, LiveError> {
        let lost = self.store.get(TreeName::Meta, &lost_key(&action.lead))?.is_some();
        let is_gone = |text: &str| is_nobody(text) || lost && text == personal_text::ERASED;
        let facts = action.facts.values().filter_map(serde_json::Value::as_str);
        let texts = [&action.subject, &action.body, &action.address].into_iter().flatten();
        Ok(facts.into_iter().any(is_gone) || texts.into_iter().any(|text| text.contains(NOBODY)))
    }
}

fn lost_key(lead: &str) -> Vec<u8> {
    [LOST, &shelf::hash(lead)[..]].concat()
}

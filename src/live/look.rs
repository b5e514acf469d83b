//! Leads taken out of the store to be looked at: nothing is written.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::error::LiveError;
use super::roster::Roster;
use super::{Live, shelf};
use crate::engine::{Engine, Standing};
use crate::plan::Plan;

/// So many leads are looked at in one go.
pub(super) const HANDFUL: usize = 1000;

/// An engine with some leads as they stand, and the names it needs.
pub(super) struct Look {
    pub plan: Arc<Plan>,
    pub engine: Engine,
    pub roster: Roster,
}

impl Live {
    /// Some leads, with all that share an account with one of them.
    pub(super) fn look(&self, leads: BTreeSet<String>) -> Result<Look, LiveError> {
        let plan = Arc::clone(&self.ruleset.as_ref().ok_or(LiveError::NoRulebook)?.plan);
        let (mut roster, clock) = (Roster::default(), self.progress.clock);
        let loaded = shelf::load(&self.store, &plan, clock, (leads, BTreeSet::new()), BTreeSet::new(), &mut roster)?;
        let (engine, _) = loaded.into_parts();
        Ok(Look { plan, engine, roster })
    }
}

/// Who a lead is, as far as one must know to look after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// Its id.
    pub lead: String,
    /// Its name.
    pub name: Option<String>,
    /// Who looks after it.
    pub owner: Option<String>,
    /// Its tier.
    pub tier: Option<String>,
}

impl Look {
    /// Who a lead is that stands like this.
    pub fn who(&self, lead: &str, standing: &Standing) -> Who {
        let rulebook = &self.plan.rulebook;
        let fact = |name: &str| standing.text(rulebook, name);
        Who {
            lead: lead.to_owned(),
            name: fact("name"),
            owner: fact("owner"),
            tier: standing.asked.tier.map(|tier| rulebook.tiers.name(tier).to_owned()),
        }
    }
}

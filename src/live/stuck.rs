//! Leads that wait for a person: without a next step, for an approval, or held by hand without an end.

use super::error::LiveError;
use super::look::{HANDFUL, Look};
use super::{Live, shelf};
pub use crate::engine::StuckWhy;
use crate::timestamp::{Span, Timestamp};

/// A lead that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stuck {
    /// Its id.
    pub lead: String,
    /// Its name and its owner, where they are known.
    pub name: Option<String>,
    /// Who looks after it.
    pub owner: Option<String>,
    /// Its tier.
    pub tier: Option<String>,
    /// Why it is stuck.
    pub why: StuckWhy,
    /// Since when.
    pub since: Timestamp,
    /// The sequence it was in last, and when that ended.
    pub ended: Option<(String, Timestamp)>,
    /// The rule that time alone makes fire next, and when.
    pub next: Option<(String, Timestamp)>,
}

impl Live {
    /// Every lead that waits for a person at [`Live::now`], by reason and then by how long; `idle`: so long
    /// a lead may be without a next step.
    ///
    /// # Errors
    /// Damage found on the way, or no rulebook is in force.
    pub fn stuck(&self, idle: Span) -> Result<Vec<Stuck>, LiveError> {
        let names: Vec<String> = shelf::all_leads(&self.store)?.into_iter().collect();
        let mut found = Vec::new();
        for handful in names.chunks(HANDFUL) {
            let look = self.look(handful.iter().cloned().collect())?;
            let living = handful.iter().filter(|name| !self.store.is_erased(name));
            found.extend(living.filter_map(|name| stuck(&look, name, idle)));
        }
        found.sort_by(|a, b| (&a.why, a.since, &a.lead).cmp(&(&b.why, b.since, &b.lead)));
        Ok(found)
    }
}

/// A lead as one that waits for a person, where it does.
fn stuck(look: &Look, lead: &str, idle: Span) -> Option<Stuck> {
    let id = look.roster.known(lead)?;
    let standing = look.engine.standing(id, &look.roster)?;
    let (why, since) = standing.stuck(look.engine.now(), idle)?;
    let rulebook = &look.plan.rulebook;
    let last = standing.asked.past.iter().max_by_key(|(_, _, ended)| *ended);
    let next = look.engine.next_by_time(id, &look.roster);
    let who = look.who(lead, &standing);
    Some(Stuck {
        lead: who.lead,
        name: who.name,
        owner: who.owner,
        tier: who.tier,
        why,
        since,
        ended: last.map(|(sequence, _, ended)| (rulebook.sequences.name(*sequence).to_owned(), *ended)),
        next: next.map(|(rule, due)| (rulebook.rules.name(rule).to_owned(), due)),
    })
}

//! What ended in a step, by the leads it ended for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::decision::names::Names;
use crate::engine::{Ending, Whose};
use crate::event::{AccountId, LeadId};

/// Endings with their places in the order in which they came.
type Placed<'e> = Vec<(usize, &'e Ending)>;

/// What ended.
pub(super) struct Endings<'e> {
    of_lead: BTreeMap<&'e str, Placed<'e>>,
    of_accounts: BTreeMap<AccountId, Vec<OfAll<'e>>>,
}

/// What ended for the same leads of an account.
struct OfAll<'e> {
    leads: &'e Arc<[LeadId]>,
    names: BTreeSet<&'e str>,
    endings: Placed<'e>,
}

impl<'e> Endings<'e> {
    pub fn of(endings: &'e [Ending], names: &Names<'e>) -> Self {
        let mut found = Self { of_lead: BTreeMap::new(), of_accounts: BTreeMap::new() };
        for (place, ending) in endings.iter().enumerate() {
            match &ending.whose {
                Whose::Lead(lead) => {
                    found.of_lead.entry(names.log.lead_name(*lead)).or_default().push((place, ending));
                }
                Whose::Account(account, leads) => {
                    let of_account = found.of_accounts.entry(*account).or_default();
                    if of_account.last().is_none_or(|last| !Arc::ptr_eq(last.leads, leads)) {
                        let names = leads.iter().map(|lead| names.log.lead_name(*lead)).collect();
                        of_account.push(OfAll { leads, names, endings: Vec::new() });
                    }
                    if let Some(last) = of_account.last_mut() {
                        last.endings.push((place, ending));
                    }
                }
            }
        }
        found
    }

    /// The first that is about a lead and covers what is asked about.
    pub fn first(&self, lead: &str, covers: impl Fn(&Ending) -> bool) -> Option<&'e Ending> {
        let of_all = self.of_accounts.values().flatten().filter(|of_all| of_all.names.contains(lead));
        let lists = self.of_lead.get(lead).into_iter().chain(of_all.map(|of_all| &of_all.endings));
        let firsts = lists.filter_map(|list| list.iter().find(|(_, ending)| covers(ending)));
        firsts.min_by_key(|(place, _)| *place).map(|(_, ending)| *ending)
    }
}

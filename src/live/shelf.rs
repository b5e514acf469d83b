//! Leads, accounts and timers as they lie in the store between two steps. All of it follows from
//! the log and the rulebooks, and can be made anew from them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::error::LiveError;
use super::places::{Place, Places};
use super::roster::Roster;
use super::salt;
use crate::address::Address;
use crate::engine::{Clock, Engine, Halts, OwnerSends, SavedAccount, SavedAddress};
use crate::event::{AccountId, LeadId};
use crate::plan::Plan;
use crate::store::{Batch, Store, StoreError, TreeName};
use crate::timestamp::Timestamp;

/// A lead as it lies in the store.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LeadRow {
    pub name: String,
    pub account: Option<String>,
    /// When its next timer fires.
    pub next_due: Option<Timestamp>,
    /// Nothing of it is handed over for now.
    pub held: bool,
    /// Something of it waits for the end of a halt.
    halted: bool,
    /// Whether the bytes are sealed under the lead's key; those of an erased lead are not, and tell
    /// nothing of it.
    sealed: bool,
    bytes: Vec<u8>,
    /// Where the latest of what was decided about it lies.
    pub decided: Vec<Place>,
}

/// What a lead's row held before a step.
#[derive(Debug, Default)]
pub(crate) struct Before {
    next_due: Option<Timestamp>,
    decided: Vec<Place>,
    halted: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct AccountRow {
    name: String,
    leads: Vec<String>,
    bytes: Vec<u8>,
}

/// The key of what is or was halted.
const HALTS: &[u8] = b"halts";
/// Keys of leads of which something waits for the end of a halt begin with it.
const HALTED: &[u8] = b"w";

/// What is known of an address.
#[derive(Debug, Serialize, Deserialize)]
struct AddressRow {
    holders: Vec<String>,
    bytes: Vec<u8>,
}

fn address_key(address: Address) -> Vec<u8> {
    let mut key = vec![b'm'];
    key.extend(address.bytes());
    key
}

fn address_of(key: &[u8]) -> Result<Address, LiveError> {
    let bytes = key.get(1..).and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| damaged("state"))?;
    Ok(Address::from_bytes(bytes))
}

/// Puts what is known of addresses into an engine.
fn put_address(engine: &mut Engine, address: Address, value: &[u8], roster: &mut Roster) -> Result<(), LiveError> {
    let row: AddressRow = postcard::from_bytes(value).map_err(|_| damaged("state"))?;
    let holders = row.holders.iter().map(|name| roster.lead(name)).collect();
    engine.put_address(&SavedAddress { address, holders, bytes: row.bytes }).map_err(|_| damaged("state"))
}

/// Everything that is known of addresses, for a change of the rulebook.
pub(crate) fn load_addresses(store: &Store, engine: &mut Engine, roster: &mut Roster) -> Result<(), LiveError> {
    for (key, value) in store.scan_prefix(TreeName::State, b"m")? {
        put_address(engine, address_of(&key)?, &value, roster)?;
    }
    Ok(())
}

/// Addresses that several leads have, each with these leads in the order in which they told of it.
pub(crate) fn shared(store: &Store) -> Result<Vec<(Address, Vec<String>)>, LiveError> {
    let mut shared = Vec::new();
    for (key, value) in store.scan_prefix(TreeName::State, b"m")? {
        let row: AddressRow = postcard::from_bytes(&value).map_err(|_| damaged("state"))?;
        if row.holders.len() > 1 {
            shared.push((address_of(&key)?, row.holders));
        }
    }
    Ok(shared)
}

/// Keys have a fixed length, whatever the length of a name.
fn key(kind: u8, name: &str) -> Vec<u8> {
    let mut key = vec![kind];
    key.extend(hash(name));
    key
}

/// The first 16 bytes of a name's BLAKE3 hash.
pub(crate) fn hash(name: &str) -> [u8; 16] {
    let mut out = [0; 16];
    blake3::Hasher::new().update(name.as_bytes()).finalize_xof().fill(&mut out);
    out
}

fn lead_key(name: &str) -> Vec<u8> {
    key(b'l', name)
}

fn account_key(name: &str) -> Vec<u8> {
    key(b'a', name)
}

/// Orders like the moments: the sign bit is turned.
pub(crate) fn time_key(at: Timestamp) -> [u8; 8] {
    ((at.0 as u64) ^ (1 << 63)).to_be_bytes()
}

fn timer_key(due: Timestamp, lead: &str) -> Vec<u8> {
    let mut key = time_key(due).to_vec();
    key.extend(hash(lead));
    key
}

fn damaged(part: &'static str) -> LiveError {
    LiveError::Store(StoreError::TreeDamaged { part, reason: String::from("a value that is not in its format") })
}

/// The row of a lead.
pub(crate) fn lead_row(store: &Store, name: &str) -> Result<Option<LeadRow>, LiveError> {
    let value = store.get(TreeName::State, &lead_key(name))?;
    value.map(|value| postcard::from_bytes(&value).map_err(|_| damaged("state"))).transpose()
}

fn account_row(store: &Store, name: &str) -> Result<Option<AccountRow>, LiveError> {
    let value = store.get(TreeName::State, &account_key(name))?;
    value.map(|value| postcard::from_bytes(&value).map_err(|_| damaged("state"))).transpose()
}

/// The names of all leads, in their order.
pub(crate) fn all_leads(store: &Store) -> Result<BTreeSet<String>, LiveError> {
    let rows = store.scan_prefix(TreeName::State, b"l")?;
    let name = |value: &[u8]| postcard::from_bytes::<LeadRow>(value).map(|row| row.name).map_err(|_| damaged("state"));
    rows.iter().map(|(_, value)| name(value)).collect()
}

/// The names of all accounts, those that every lead has left included.
pub(crate) fn all_accounts(store: &Store) -> Result<BTreeSet<String>, LiveError> {
    let rows = store.scan_prefix(TreeName::State, b"a")?;
    let name =
        |value: &[u8]| postcard::from_bytes::<AccountRow>(value).map(|row| row.name).map_err(|_| damaged("state"));
    rows.iter().map(|(_, value)| name(value)).collect()
}

/// The leads with a timer due by a moment, at most about `most`, and the moment up to which they
/// are all there.
pub(crate) fn due(store: &Store, by: Timestamp, most: usize) -> Result<(BTreeSet<String>, Timestamp), LiveError> {
    let end = time_key(Timestamp(by.0 + 1));
    let rows = store.scan_range(TreeName::Timers, &[][..]..&end[..], most)?;
    let name = |value: &[u8]| String::from_utf8(value.to_vec()).map_err(|_| damaged("timers"));
    if rows.len() < most {
        return Ok((rows.iter().map(|(_, value)| name(value)).collect::<Result<_, _>>()?, by));
    }
    // All that are due at the last moment found, however many.
    let last = rows.last().and_then(|(key, _)| key.first_chunk::<8>()).ok_or_else(|| damaged("timers"))?;
    let last = Timestamp((u64::from_be_bytes(*last) ^ (1 << 63)) as i64);
    let end = time_key(Timestamp(last.0 + 1));
    let rows = store.scan_range(TreeName::Timers, &[][..]..&end[..], usize::MAX)?;
    Ok((rows.iter().map(|(_, value)| name(value)).collect::<Result<_, _>>()?, last))
}

/// When the first timer of any lead is due.
pub(crate) fn next_due(store: &Store) -> Result<Option<Timestamp>, LiveError> {
    let first = store.scan_range(TreeName::Timers, &[][..]..&[0xff; 9][..], 1)?;
    let Some((key, _)) = first.first() else { return Ok(None) };
    let due = key.first_chunk::<8>().ok_or_else(|| damaged("timers"))?;
    Ok(Some(Timestamp((u64::from_be_bytes(*due) ^ (1 << 63)) as i64)))
}

/// An engine with some leads, and with every lead that shares an account with one of them.
pub(crate) struct Loaded {
    pub engine: Engine,
    /// What the rows of the leads held, by name.
    before: BTreeMap<String, Before>,
}

/// Takes leads out of the store; `accounts` are those they are about to join, `addresses` those that are
/// about to be named.
pub(crate) fn load(
    store: &Store,
    plan: &Arc<Plan>,
    clock: Clock,
    (leads, accounts): (BTreeSet<String>, BTreeSet<String>),
    mut addresses: BTreeSet<Address>,
    roster: &mut Roster,
) -> Result<Loaded, LiveError> {
    let mut rows: BTreeMap<String, Option<LeadRow>> = BTreeMap::new();
    let mut found: BTreeMap<String, Option<AccountRow>> = BTreeMap::new();
    let (mut wanted, mut asked): (Vec<String>, Vec<String>) =
        (leads.into_iter().collect(), accounts.into_iter().collect());
    loop {
        if let Some(name) = wanted.pop() {
            if !rows.contains_key(&name) {
                let row = lead_row(store, &name)?;
                asked.extend(row.as_ref().and_then(|row| row.account.clone()));
                rows.insert(name, row);
            }
        } else if let Some(name) = asked.pop() {
            if !found.contains_key(&name) {
                let row = account_row(store, &name)?;
                wanted.extend(row.iter().flat_map(|row| row.leads.iter().cloned()));
                found.insert(name, row);
            }
        } else {
            break;
        }
    }
    let owners = store.get(TreeName::Meta, b"owners")?;
    let owners: OwnerSends = match owners {
        Some(bytes) => postcard::from_bytes(&bytes).map_err(|_| damaged("meta"))?,
        None => OwnerSends::new(),
    };
    let engine = Engine::resume(Arc::clone(plan), clock, owners).with_halts(halts(store)?).salted(salt::of(store)?);
    let mut engine = engine.for_live_run();
    for row in found.into_values().flatten() {
        let account = roster.account(&row.name);
        let leads = row.leads.iter().map(|name| roster.lead(name)).collect();
        engine.put_account(&SavedAccount { account, leads, bytes: row.bytes }).map_err(|_| damaged("state"))?;
    }
    let mut before = BTreeMap::new();
    for (name, row) in rows {
        let Some(row) = row else {
            before.insert(name, Before::default());
            continue;
        };
        let lead = roster.lead(&name);
        let account = row.account.as_deref().map(|account| roster.account(account));
        let opened = if row.sealed { store.unseal(&name, "state", &row.bytes) } else { Some(row.bytes) };
        let bytes = opened.ok_or_else(|| damaged("state"))?;
        engine.put_lead(lead, account, &bytes).map_err(|_| damaged("state"))?;
        before.insert(name, Before { next_due: row.next_due, decided: row.decided, halted: row.halted });
    }
    addresses.extend(engine.addresses());
    for address in addresses {
        if let Some(value) = store.get(TreeName::State, &address_key(address))? {
            put_address(&mut engine, address, &value, roster)?;
        }
    }
    Ok(Loaded { engine, before })
}

/// Puts what changed of an engine back.
pub(crate) fn save(
    store: &mut Store,
    engine: Engine,
    before: &BTreeMap<String, Before>,
    names: &Roster,
    mut places: Places,
    batch: &mut Batch<'_>,
) -> Result<(), LiveError> {
    use crate::decision::names::Journal;
    if engine.owner_sends().is_empty() {
        batch.delete(TreeName::Meta, b"owners");
    } else {
        batch.put_large(TreeName::Meta, b"owners", encode(engine.owner_sends()));
    }
    if !engine.halts().is_empty() {
        batch.put_large(TreeName::Meta, HALTS, encode(engine.halts()));
    }
    let lead_name = |lead: LeadId| names.lead_name(lead).to_owned();
    for saved in engine.changed_addresses().map_err(|_| damaged("state"))? {
        let row = AddressRow { holders: saved.holders.into_iter().map(lead_name).collect(), bytes: saved.bytes };
        batch.put_large(TreeName::State, &address_key(saved.address), encode(&row));
    }
    let (leads, accounts) = engine.into_changed().map_err(|_| damaged("state"))?;
    let account_name = |account: AccountId| names.account_name(account).to_owned();
    for saved in accounts {
        let leads = saved.leads.into_iter().map(lead_name).collect();
        let row = AccountRow { name: account_name(saved.account), leads, bytes: saved.bytes };
        batch.put_large(TreeName::State, &account_key(&row.name), encode(&row));
    }
    for saved in leads {
        let name = lead_name(saved.lead);
        let sealed = store.seal(&name, "state", &saved.bytes)?;
        let (sealed, bytes) = sealed.map_or((false, saved.bytes), |sealed| (true, sealed));
        let was = before.get(&name);
        let before = was.and_then(|was| was.next_due);
        if before != saved.next_due {
            if let Some(before) = before {
                batch.delete(TreeName::Timers, &timer_key(before, &name));
            }
            if let Some(due) = saved.next_due {
                batch.put_large(TreeName::Timers, &timer_key(due, &name), name.as_bytes());
            }
        }
        if was.is_some_and(|was| was.halted) != saved.halted {
            let key = [HALTED, &hash(&name)[..]].concat();
            if saved.halted {
                batch.put_large(TreeName::State, &key, name.as_bytes());
            } else {
                batch.delete(TreeName::State, &key);
            }
        }
        let row = LeadRow {
            account: saved.account.map(account_name),
            next_due: saved.next_due,
            held: saved.held,
            halted: saved.halted,
            sealed,
            bytes,
            decided: places.add(saved.lead, &name, was.map_or(&[], |was| &was.decided), batch),
            name,
        };
        batch.put_large(TreeName::State, &lead_key(&row.name), encode(&row));
    }
    // A decision that changed nothing of its lead.
    for lead in places.left() {
        let name = lead_name(lead);
        let Some(mut row) = lead_row(store, &name)? else { continue };
        row.decided = places.add(lead, &name, &row.decided, batch);
        batch.put_large(TreeName::State, &lead_key(&name), encode(&row));
    }
    places.write_held(batch);
    Ok(())
}

impl Loaded {
    /// The engine, and what the rows of the leads held.
    pub fn into_parts(self) -> (Engine, BTreeMap<String, Before>) {
        (self.engine, self.before)
    }
}

/// The rows of leads as a store of format 2 or 3 has them, as far as they are taken over; `None` where they are
/// not in that layout. Where what was decided about a lead lies, those of format 2 do not say.
pub(crate) fn of_format(format: u32, store: &Store) -> Result<Option<BTreeMap<String, Before>>, LiveError> {
    #[derive(Deserialize)]
    struct Row {
        name: String,
        _account: Option<String>,
        next_due: Option<Timestamp>,
        _held: bool,
        _sealed: bool,
        _bytes: Vec<u8>,
    }
    let mut found = BTreeMap::new();
    for (_, value) in store.scan_prefix(TreeName::State, b"l")? {
        let Ok((row, rest)) = postcard::take_from_bytes::<Row>(&value) else { return Ok(None) };
        let decided: Vec<Place> = match (format, rest) {
            (2, []) => Vec::new(),
            (3, rest) => match postcard::take_from_bytes(rest) {
                Ok((places, [])) => places,
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        found.insert(row.name, Before { next_due: row.next_due, decided, halted: false });
    }
    if format == 2 {
        for (lead, places) in super::ledger::places(store)? {
            found.entry(lead).or_default().decided = places;
        }
    }
    Ok(Some(found))
}

/// Removes every lead, account and timer.
pub(crate) fn clear(store: &Store, batch: &mut Batch<'_>) -> Result<(), LiveError> {
    for tree in [TreeName::State, TreeName::Timers] {
        for (key, _) in store.scan_prefix(tree, &[])? {
            batch.delete(tree, &key);
        }
    }
    batch.delete(TreeName::Meta, b"owners");
    batch.delete(TreeName::Meta, HALTS);
    Ok(())
}

/// What is or was halted.
pub(crate) fn halts(store: &Store) -> Result<Halts, LiveError> {
    let halts = store.get(TreeName::Meta, HALTS)?;
    halts.map_or(Ok(Halts::default()), |bytes| postcard::from_bytes(&bytes).map_err(|_| damaged("meta")))
}

/// The leads of which something waits for the end of a halt.
pub(crate) fn halted(store: &Store) -> Result<Vec<String>, LiveError> {
    let rows = store.scan_prefix(TreeName::State, HALTED)?;
    rows.into_iter().map(|(_, name)| String::from_utf8(name).map_err(|_| damaged("state"))).collect()
}

pub(crate) fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    // Writing into memory cannot fail; an empty value would be found as damage.
    postcard::to_allocvec(value).unwrap_or_default()
}

/// Keeps the state of a lead that is about to be erased, which tells nothing of it any more, without
/// its key.
pub(crate) fn unseal_lead(store: &Store, name: &str, batch: &mut Batch<'_>) -> Result<(), LiveError> {
    let Some(row) = lead_row(store, name)?.filter(|row| row.sealed) else { return Ok(()) };
    if let Some(bytes) = store.unseal(name, "state", &row.bytes) {
        batch.put_large(TreeName::State, &lead_key(name), encode(&LeadRow { sealed: false, bytes, ..row }));
    }
    Ok(())
}

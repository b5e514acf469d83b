//! The store's outbox: what is still to be handed over, and what became of what was.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::delivery::{Delivery, DeliveryState};
use super::error::LiveError;
use super::personal_text::ERASED;
use super::shelf::{encode, hash};
use crate::store::{Batch, Store, StoreError, TreeName};
use crate::timestamp::Timestamp;

/// Why nobody knows what came of something.
pub(super) const LOST: &str = "it may have gone out at a time of which this store has lost the record";

/// Stands behind an item whose hand-over is lost; stores of before have nothing there.
const LOST_MARK: &[u8] = &[1];

/// How an item ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fate {
    /// A sink has taken it.
    Taken,
    /// No sink would take it.
    Refused,
    /// Too late.
    Expired,
    /// Something ended before it was handed over.
    Withdrawn,
    /// A person has settled an unknown outcome.
    Settled,
}

impl Fate {
    /// As it is written in the log.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Refused => "failed",
            Self::Expired => "expired",
            Self::Withdrawn => "cancelled",
            Self::Settled => "settled",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Taken, Self::Refused, Self::Expired, Self::Withdrawn, Self::Settled]
            .into_iter()
            .find(|fate| fate.word() == word)
    }
}

/// What became of an item.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Done {
    /// The item, without its message.
    pub item: Delivery,
    /// How it ended.
    pub fate: Fate,
    /// When.
    pub at: Timestamp,
    /// Why, where it did not simply go out; the sink that has it, where it did.
    pub reason: String,
    /// The same, sealed, where a sink said it.
    said: Option<Vec<u8>>,
}

/// Whose words a reason is in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum WhoseWords<'a> {
    /// They tell nothing of the lead.
    Ours(&'a str),
    /// A sink may have said anything.
    Sinks(&'a str),
}

fn waiting_key(decision: u64) -> Vec<u8> {
    let mut key = vec![b'w'];
    key.extend(decision.to_be_bytes());
    key
}

fn done_key(lead: &str, decision: u64) -> Vec<u8> {
    let mut key = vec![b'd'];
    key.extend(hash(lead));
    key.extend(decision.to_be_bytes());
    key
}

fn damaged() -> LiveError {
    let reason = String::from("a value that is not in its format");
    LiveError::Store(StoreError::TreeDamaged { part: "outbox", reason })
}

/// Everything that waits, is under way or unknown, in the order decided.
pub(crate) fn waiting(store: &Store) -> Result<Vec<Delivery>, LiveError> {
    let rows = store.scan_prefix(TreeName::Outbox, b"w")?;
    rows.iter().map(|(_, value)| read(store, value)).collect()
}

fn read(store: &Store, value: &[u8]) -> Result<Delivery, LiveError> {
    let (mut item, rest): (Delivery, &[u8]) = postcard::take_from_bytes(value).map_err(|_| damaged())?;
    item.lost = rest == LOST_MARK;
    let Some(said) = &item.said else { return Ok(item) };
    let words = unsealed(store, &item.lead, &item.id, said);
    match &mut item.state {
        DeliveryState::Unknown { reason, .. } => *reason = words,
        DeliveryState::Waiting | DeliveryState::Going { .. } => item.refused = Some(words),
    }
    Ok(item)
}

/// One of them.
pub(crate) fn find(store: &Store, decision: u64) -> Result<Option<Delivery>, LiveError> {
    store.get(TreeName::Outbox, &waiting_key(decision))?.map(|value| read(store, &value)).transpose()
}

/// What became of a lead's actions, in the order decided.
pub(crate) fn done(store: &Store, lead: &str) -> Result<Vec<Done>, LiveError> {
    let mut prefix = vec![b'd'];
    prefix.extend(hash(lead));
    let rows = store.scan_prefix(TreeName::Outbox, &prefix)?;
    let read = |(_, value): &(Vec<u8>, Vec<u8>)| {
        let mut done: Done = postcard::from_bytes(value).map_err(|_| damaged())?;
        if let Some(said) = &done.said {
            done.reason = unsealed(store, &done.item.lead, &done.item.id, said);
        }
        Ok(done)
    };
    rows.iter().map(read).collect()
}

/// All that came to its end, in no order.
pub(crate) fn all_done(store: &Store) -> Result<Vec<Done>, LiveError> {
    let rows = store.scan_prefix(TreeName::Outbox, b"d")?;
    rows.iter().map(|(_, value)| postcard::from_bytes(value).map_err(|_| damaged())).collect()
}

/// What expired before it could be handed over, in the order in which it did.
pub(crate) fn expired(store: &Store) -> Result<Vec<Done>, LiveError> {
    let mut found = all_done(store)?;
    found.retain(|done| done.fate == Fate::Expired);
    found.sort_by_key(|done| (done.at, done.item.decision));
    Ok(found)
}

fn unsealed(store: &Store, lead: &str, id: &str, said: &[u8]) -> String {
    let open = store.unseal(lead, &context(id), said).and_then(|bytes| String::from_utf8(bytes).ok());
    open.unwrap_or_else(|| ERASED.to_owned())
}

fn context(id: &str) -> String {
    format!("said {id}")
}

/// Words of a sink, sealed; those about an erased lead are gone.
fn sealed(store: &mut Store, item: &Delivery, words: &str) -> Result<Vec<u8>, LiveError> {
    Ok(store.seal(&item.lead, &context(&item.id), words.as_bytes())?.unwrap_or_default())
}

pub(crate) fn put(item: &Delivery, store: &mut Store, batch: &mut Batch<'_>) -> Result<(), LiveError> {
    let mut kept = item.clone();
    let words = match &mut kept.state {
        DeliveryState::Unknown { reason, .. } => Some(std::mem::take(reason)),
        DeliveryState::Waiting | DeliveryState::Going { .. } => kept.refused.take(),
    };
    kept.said = words.map(|words| sealed(store, item, &words)).transpose()?;
    let mut bytes = encode(&kept);
    if item.lost {
        bytes.extend(LOST_MARK);
    }
    batch.put_large(TreeName::Outbox, &waiting_key(item.decision), bytes);
    Ok(())
}

/// An item has come to its end.
pub(crate) fn finish(
    item: &Delivery,
    fate: Fate,
    at: Timestamp,
    words: WhoseWords<'_>,
    store: &mut Store,
    batch: &mut Batch<'_>,
) -> Result<(), LiveError> {
    batch.delete(TreeName::Outbox, &waiting_key(item.decision));
    let (reason, said) = match words {
        WhoseWords::Ours(words) => (words.to_owned(), None),
        WhoseWords::Sinks(words) => (String::new(), Some(sealed(store, item, words)?)),
    };
    let item = Delivery { message: None, state: DeliveryState::Waiting, ended: None, said: None, ..item.clone() };
    let done = Done { item, fate, at, reason, said };
    batch.put_large(TreeName::Outbox, &done_key(&done.item.lead, done.item.decision), encode(&done));
    Ok(())
}

/// Items by their action's id, which two that were decided at one moment can share.
#[derive(Debug, Default)]
pub(crate) struct ByAction(BTreeMap<String, Vec<u64>>);

impl ByAction {
    /// The numbers of items.
    pub fn of<'i>(items: impl Iterator<Item = &'i Delivery>) -> Self {
        let mut named = Self::default();
        for item in items {
            named.0.entry(item.id.clone()).or_default().push(item.decision);
        }
        named
    }

    /// Which item a record of a hand-over is about: an intent is about one that waits, an outcome
    /// about one that does not, where there is such a one.
    pub fn find(&self, id: &str, items: &BTreeMap<u64, Delivery>, is_intent: bool) -> Option<u64> {
        let mut left = self.0.get(id)?.iter().copied().filter(|decision| items.contains_key(decision)).peekable();
        let first = *left.peek()?;
        let fits = |decision: &u64| {
            items.get(decision).is_some_and(|item| (item.state == DeliveryState::Waiting) == is_intent)
        };
        Some(left.find(fits).unwrap_or(first))
    }
}

/// Why an item ended, of what its sink said and which that was.
pub(crate) fn words<'a>(fate: Fate, reason: &'a str, sink: &'a str) -> WhoseWords<'a> {
    match fate {
        _ if reason.is_empty() => WhoseWords::Ours(sink),
        Fate::Taken | Fate::Refused => WhoseWords::Sinks(reason),
        Fate::Expired | Fate::Withdrawn | Fate::Settled => WhoseWords::Ours(reason),
    }
}

/// Removes everything.
pub(crate) fn clear(store: &Store, batch: &mut Batch<'_>) -> Result<(), LiveError> {
    for (key, _) in store.scan_prefix(TreeName::Outbox, &[])? {
        batch.delete(TreeName::Outbox, &key);
    }
    Ok(())
}

/// An item goes back among those that wait, or comes to its end where a stop has covered it since.
/// INVARIANT: what a stop covers does not go out after it.
pub(crate) fn put_back(item: &Delivery, store: &mut Store, batch: &mut Batch<'_>) -> Result<(), LiveError> {
    if let (Some(ended), true) = (&item.ended, item.lost) {
        let (sink, reason) = (item.perhaps.clone().unwrap_or_default(), format!("{LOST}; then {}", ended.reason));
        return put(&item.standing(DeliveryState::Unknown { sink, since: ended.at, reason }), store, batch);
    }
    match (&item.ended, &item.perhaps) {
        (Some(ended), None) => finish(item, Fate::Withdrawn, ended.at, WhoseWords::Ours(&ended.reason), store, batch),
        // Of what may have gone out nobody may say that it did not.
        (Some(ended), Some(sink)) => {
            let reason = format!("an attempt may have gone out; then {}", ended.reason);
            put(&item.standing(DeliveryState::Unknown { sink: sink.clone(), since: ended.at, reason }), store, batch)
        }
        (None, _) => put(&item.standing(DeliveryState::Waiting), store, batch),
    }
}

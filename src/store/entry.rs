//! Entries of the log as callers see them: new ones to append, stored ones read back.

use crate::timestamp::Timestamp;

/// The place of an entry in the log, from 0, without gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset(pub u64);

/// An entry to append.
#[derive(Clone, Copy, Debug)]
pub struct NewEntry<'a> {
    /// What sort of entry it is; numbers are the caller's and are never reused.
    pub kind: u8,
    /// Unique in the log.
    pub id: &'a str,
    /// Whose it is; empty for an entry that belongs to no lead.
    pub lead: &'a str,
    /// The lead's account, where the record names one.
    pub account: Option<&'a str>,
    /// The type, as the record has it.
    pub ty: &'a str,
    /// When it happened.
    pub at: Timestamp,
    /// When it was learned of; never before the entry in front of it.
    pub received_at: Timestamp,
    /// Its properties in the caller's encoding; the same properties must give the same bytes, since
    /// that is how a repeated entry is told from a conflicting one.
    pub payload: &'a [u8],
}

/// An entry of the log, borrowed from its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its place in the log.
    pub offset: Offset,
    /// What sort of entry it is.
    pub kind: u8,
    /// Unique in the log.
    pub id: &'a str,
    /// Whose it is; empty for none.
    pub lead: &'a str,
    /// The lead's account.
    pub account: Option<&'a str>,
    /// The type.
    pub ty: &'a str,
    /// When it happened.
    pub at: Timestamp,
    /// When it was learned of.
    pub received_at: Timestamp,
    /// Its properties.
    pub payload: &'a [u8],
}

/// An entry of the log that lives by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    /// Its place in the log.
    pub offset: Offset,
    /// What sort of entry it is.
    pub kind: u8,
    /// Unique in the log.
    pub id: String,
    /// Whose it is; empty for none.
    pub lead: String,
    /// The lead's account.
    pub account: Option<String>,
    /// The type.
    pub ty: String,
    /// When it happened.
    pub at: Timestamp,
    /// When it was learned of.
    pub received_at: Timestamp,
    /// Its properties.
    pub payload: Vec<u8>,
}

/// A hash of what an entry says: all of it but its id and its arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ContentHash(pub [u8; 16]);

/// What became of an entry that was handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appending {
    /// It is in the log, here.
    Stored(Offset),
    /// The same entry was in the log before, here; nothing was added.
    Duplicate(Offset),
    /// Another entry with this id is in the log, here; nothing was added.
    Conflict(Offset),
}

impl NewEntry<'_> {
    /// The hash of what it says.
    pub fn content(&self) -> ContentHash {
        content(self.kind, self.lead, self.account, self.ty, self.at, self.payload)
    }
}

impl<'a> Entry<'a> {
    /// The hash of what it says.
    pub fn content(&self) -> ContentHash {
        content(self.kind, self.lead, self.account, self.ty, self.at, self.payload)
    }

    /// A copy that lives by itself.
    pub fn to_stored(self) -> StoredEntry {
        StoredEntry {
            offset: self.offset,
            kind: self.kind,
            id: self.id.to_owned(),
            lead: self.lead.to_owned(),
            account: self.account.map(str::to_owned),
            ty: self.ty.to_owned(),
            at: self.at,
            received_at: self.received_at,
            payload: self.payload.to_vec(),
        }
    }

    /// The same entry as one to append.
    pub const fn as_new(&self) -> NewEntry<'a> {
        NewEntry {
            kind: self.kind,
            id: self.id,
            lead: self.lead,
            account: self.account,
            ty: self.ty,
            at: self.at,
            received_at: self.received_at,
            payload: self.payload,
        }
    }
}

impl StoredEntry {
    /// The same entry, borrowed.
    pub fn as_entry(&self) -> Entry<'_> {
        Entry {
            offset: self.offset,
            kind: self.kind,
            id: &self.id,
            lead: &self.lead,
            account: self.account.as_deref(),
            ty: &self.ty,
            at: self.at,
            received_at: self.received_at,
            payload: &self.payload,
        }
    }

    /// The same entry as one to append.
    pub fn as_new(&self) -> NewEntry<'_> {
        NewEntry {
            kind: self.kind,
            id: &self.id,
            lead: &self.lead,
            account: self.account.as_deref(),
            ty: &self.ty,
            at: self.at,
            received_at: self.received_at,
            payload: &self.payload,
        }
    }
}

fn content(kind: u8, lead: &str, account: Option<&str>, ty: &str, at: Timestamp, payload: &[u8]) -> ContentHash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[kind, u8::from(account.is_some())]);
    hasher.update(&at.0.to_be_bytes());
    for part in [lead.as_bytes(), account.unwrap_or_default().as_bytes(), ty.as_bytes(), payload] {
        hasher.update(&(part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let mut hash = [0; 16];
    hasher.finalize_xof().fill(&mut hash);
    ContentHash(hash)
}

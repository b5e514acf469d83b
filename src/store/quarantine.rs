//! Records that could not be taken into the log, kept with the reason until someone decides.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::Store;
use super::error::StoreError;
use super::keys::NO_LEAD;
use super::trees::{Batch, TreeName};

/// A record that could not be taken into the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// The record as it was read.
    pub text: String,
    /// Why it was not taken.
    pub reason: String,
    /// Where it came from: a file's path, `-` for standard input.
    pub path: String,
    /// Its line there, from 1.
    pub line: u64,
}

/// Begins a text that is sealed: then come the lead, a zero, and the sealed bytes in hexadecimal.
const SEALED: char = '\u{1}';

impl Store {
    /// A record as it is written: where it can be told whose it is, under the key of its lead, else under one
    /// that all such records share.
    pub(super) fn sealed(&mut self, record: &Quarantined) -> Result<Quarantined, StoreError> {
        let lead = lead_of(&record.text).unwrap_or_else(|| shared_key(self.shared()));
        self.sealed_under(&lead, record)
    }

    fn sealed_under(&mut self, lead: &str, record: &Quarantined) -> Result<Quarantined, StoreError> {
        // The reason may quote what is wrong.
        let plain = format!("{}\0{}", record.reason, record.text);
        let sealed = self.keys.seal(lead, CONTEXT, plain.as_bytes())?.unwrap_or_default();
        let mut text = format!("{SEALED}{lead}\0");
        for byte in sealed {
            let _ = write!(text, "{byte:02x}");
        }
        Ok(Quarantined { text, reason: String::new(), ..record.clone() })
    }

    fn opened(&self, record: Quarantined) -> Quarantined {
        let Some((lead, hex)) = record.text.strip_prefix(SEALED).and_then(|rest| rest.split_once('\0')) else {
            return record;
        };
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        let bytes: Option<Vec<u8>> = hex.as_bytes().chunks(2).map(byte).collect();
        let plain = bytes.and_then(|bytes| self.keys.unseal(lead, CONTEXT, &bytes));
        let plain = plain.and_then(|plain| String::from_utf8(plain).ok());
        let (reason, text) = plain.as_deref().and_then(|plain| plain.split_once('\0')).unwrap_or((ERASED, ERASED));
        Quarantined { text: text.to_owned(), reason: reason.to_owned(), ..record }
    }

    /// The number of the shared key that is in use, or will be.
    fn shared(&self) -> u32 {
        let mut number = 1;
        while self.keys.is_erased(&shared_key(number)) || self.keys.knows(&shared_key(number + 1)) {
            number += 1;
        }
        number
    }

    /// Removes from quarantine what is a lead's, and what may be: records in which nobody can read whose they
    /// are and that have one of the texts in them. Their key is destroyed; those that stay get another.
    pub(crate) fn quarantine_forget(&mut self, lead: &str, texts: &[String]) -> Result<(), StoreError> {
        let old = self.shared();
        let mut stay = Vec::new();
        let mut batch = Batch::new();
        for (number, record) in self.quarantine_list()? {
            let owner = record.lead();
            let mentions = || texts.iter().any(|text| mentions(&record.text, text) || mentions(&record.reason, text));
            if owner.as_deref() == Some(lead) || (owner.is_none() && mentions()) {
                batch.delete(TreeName::Quarantine, &number.to_be_bytes());
            } else if owner.is_none() && record.text != ERASED {
                stay.push((number, record));
            }
        }
        if !batch.is_empty() {
            for (number, record) in stay {
                let record = self.sealed_under(&shared_key(old + 1), &record)?;
                batch.put_large(TreeName::Quarantine, &number.to_be_bytes(), encode(&record));
            }
            self.commit(&batch)?;
            if self.shared() == old && self.keys.knows(&shared_key(old)) {
                self.erase(&shared_key(old))?;
            }
        }
        // Also where a crash came between the two.
        for number in (1..self.shared()).rev() {
            let name = shared_key(number);
            if self.keys.is_erased(&name) || !self.keys.knows(&name) {
                break;
            }
            self.erase(&name)?;
        }
        Ok(())
    }

    /// Puts a record into quarantine, durably, and returns its number.
    pub fn quarantine_put(&mut self, text: &str, reason: &str, path: &str, line: u64) -> Result<u64, StoreError> {
        let record = Quarantined { text: text.into(), reason: reason.into(), path: path.into(), line };
        let mut batch = Batch::new();
        batch.quarantine(record);
        Ok(self.commit(&batch)?.quarantined.start)
    }

    /// All records in quarantine with their numbers, oldest first.
    pub fn quarantine_list(&self) -> Result<Vec<(u64, Quarantined)>, StoreError> {
        let found = self.scan_prefix(TreeName::Quarantine, &[])?;
        found.iter().map(|(key, value)| Ok((number_of(key)?, self.opened(decode(value)?)))).collect()
    }

    /// One record in quarantine.
    pub fn quarantine_show(&self, number: u64) -> Result<Quarantined, StoreError> {
        let value = self.get(TreeName::Quarantine, &number.to_be_bytes())?;
        Ok(self.opened(decode(&value.ok_or(StoreError::NotInQuarantine { number })?)?))
    }

    /// Takes a record out of quarantine.
    pub fn quarantine_drop(&mut self, number: u64) -> Result<(), StoreError> {
        self.quarantine_show(number)?;
        let mut batch = Batch::new();
        batch.delete(TreeName::Quarantine, &number.to_be_bytes());
        self.commit(&batch).map(drop)
    }
}

const CONTEXT: &str = "quarantine";
const ERASED: &str = "(erased)";

impl Quarantined {
    /// Whose it is, where that much of it can be read.
    #[must_use]
    pub fn lead(&self) -> Option<String> {
        lead_of(&self.text)
    }
}

/// The name of a key that records of nobody share.
fn shared_key(number: u32) -> String {
    format!("{NO_LEAD}quarantine {number}")
}

/// Whether a text has another one in it as words of its own, in whatever case.
fn mentions(text: &str, part: &str) -> bool {
    let (text, part) = (text.to_lowercase(), part.to_lowercase());
    let ends = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    text.match_indices(&part).any(|(at, found)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + found.len()..).and_then(|after| after.chars().next());
        ends(before) && ends(after)
    })
}

/// Whose a record is, where that much of it can be read.
fn lead_of(text: &str) -> Option<String> {
    let record: serde_json::Value = serde_json::from_str(text).ok()?;
    let lead = record.get("lead").or_else(|| record.get("subject"))?.as_str()?;
    (!lead.is_empty() && !lead.contains('\0')).then(|| lead.to_owned())
}

/// The bytes of a record in quarantine.
pub(crate) fn encode(record: &Quarantined) -> Vec<u8> {
    // Writing text into memory cannot fail; an empty value would be found as damage.
    postcard::to_allocvec(record).unwrap_or_default()
}

fn decode(value: &[u8]) -> Result<Quarantined, StoreError> {
    postcard::from_bytes(value).map_err(|_| damage())
}

/// The number of a record in quarantine, from its key.
pub(crate) fn number_of(key: &[u8]) -> Result<u64, StoreError> {
    key.try_into().map(u64::from_be_bytes).map_err(|_| damage())
}

fn damage() -> StoreError {
    StoreError::TreeDamaged { part: "quarantine", reason: "a record that is not in its format".to_owned() }
}

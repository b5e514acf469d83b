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
    /// What it was refused for, as far as it matters for what can be done with it.
    pub refused: RefusedFor,
}

/// What a record was refused for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefusedFor {
    /// What it says. Its text is kept as it was, and may be read again.
    Content,
    /// A byte of it is no part of a text. What is kept has signs in the place of such bytes.
    NotText,
    /// It is too long, and only its beginning is kept.
    Length,
}

impl RefusedFor {
    /// Whether its text is all of it, so that it may be taken in again.
    #[must_use]
    pub fn is_whole(self) -> bool {
        self == Self::Content
    }

    /// What a record of a store made before was refused for, which had words for it alone: these, and never
    /// others since.
    fn of_words(reason: &str) -> Self {
        if reason == "it is not UTF-8 text" || reason.starts_with("not UTF-8: ") {
            Self::NotText
        } else if reason == "the line is longer than 1 MB" {
            Self::Length
        } else {
            Self::Content
        }
    }
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

    fn opened(&self, kept: Kept) -> Quarantined {
        let record = self.unsealed(kept.record);
        // Only now are the words of a sealed one known.
        if kept.is_told { record } else { Quarantined { refused: RefusedFor::of_words(&record.reason), ..record } }
    }

    fn unsealed(&self, record: Quarantined) -> Quarantined {
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
        let record = Quarantined {
            text: text.into(),
            reason: reason.into(),
            path: path.into(),
            line,
            refused: RefusedFor::Content,
        };
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

/// A record as it lies in the store.
struct Kept {
    record: Quarantined,
    /// It says itself what it was refused for.
    is_told: bool,
}

fn decode(value: &[u8]) -> Result<Kept, StoreError> {
    /// As stores kept it before.
    #[derive(Deserialize)]
    struct Untold {
        text: String,
        reason: String,
        path: String,
        line: u64,
    }
    if let Ok(record) = postcard::from_bytes(value) {
        return Ok(Kept { record, is_told: true });
    }
    let Untold { text, reason, path, line } = postcard::from_bytes(value).map_err(|_| damage())?;
    Ok(Kept { record: Quarantined { text, reason, path, line, refused: RefusedFor::Content }, is_told: false })
}

/// The number of a record in quarantine, from its key.
pub(crate) fn number_of(key: &[u8]) -> Result<u64, StoreError> {
    key.try_into().map(u64::from_be_bytes).map_err(|_| damage())
}

fn damage() -> StoreError {
    StoreError::TreeDamaged { part: "quarantine", reason: "a record that is not in its format".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreOptions;

    #[test]
    fn records_of_older_stores_say_by_their_words_what_they_were_refused_for() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path(), &StoreOptions::default()).unwrap();
        let reasons = [
            ("it is not UTF-8 text", RefusedFor::NotText),
            ("not UTF-8: the byte 0xff is no part of a text", RefusedFor::NotText),
            ("the line is longer than 1 MB", RefusedFor::Length),
            ("the record has no lead", RefusedFor::Content),
        ];
        let mut expected = Vec::new();
        let mut batch = Batch::new();
        for (number, (reason, refused)) in (1_u64..).zip(reasons) {
            let (text, path) = (r#"{"lead":"ana"}"#.to_owned(), "log.jsonl".to_owned());
            let record = Quarantined { text, reason: reason.to_owned(), path, line: 3, refused: RefusedFor::Content };
            let sealed = store.sealed(&record).unwrap();
            for (number, kept) in [(2 * number, &record), (2 * number + 1, &sealed)] {
                let untold = (&kept.text, &kept.reason, &kept.path, kept.line);
                batch.put_large(TreeName::Quarantine, &number.to_be_bytes(), postcard::to_allocvec(&untold).unwrap());
                expected.push((number, Quarantined { refused, ..record.clone() }));
            }
        }
        store.commit(&batch).unwrap();
        assert_eq!(store.quarantine_list().unwrap(), expected);
    }

    #[test]
    fn what_a_record_was_refused_for_does_not_hang_on_words() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path(), &StoreOptions::default()).unwrap();
        let mut batch = Batch::new();
        let kept = [("not UTF-8: no", RefusedFor::Content), ("some bytes are wrong", RefusedFor::NotText)];
        for (reason, refused) in kept {
            let (text, path) = ("{oops".to_owned(), "-".to_owned());
            batch.quarantine(Quarantined { text, reason: reason.to_owned(), path, line: 1, refused });
        }
        store.commit(&batch).unwrap();
        let listed = store.quarantine_list().unwrap();
        let listed: Vec<_> = listed.iter().map(|(_, record)| (record.reason.as_str(), record.refused)).collect();
        assert_eq!(listed, kept);
    }
}

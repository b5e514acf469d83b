//! Records that could not be taken into the log, kept with the reason until someone decides.

use serde::{Deserialize, Serialize};

use super::Store;
use super::error::StoreError;
use super::trees::{Batch, TreeName};

/// A record that could not be taken into the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadRecord {
    /// The record as it was read.
    pub text: String,
    /// Why it was not taken.
    pub reason: String,
    /// Where it came from: a file's path, `-` for standard input.
    pub path: String,
    /// Its line there, from 1.
    pub line: u64,
}

impl Store {
    /// Puts a record into quarantine, durably, and returns its number.
    pub fn quarantine_put(&mut self, text: &str, reason: &str, path: &str, line: u64) -> Result<u64, StoreError> {
        let record = BadRecord { text: text.into(), reason: reason.into(), path: path.into(), line };
        let mut batch = Batch::new();
        batch.quarantine(record);
        Ok(self.commit(&batch)?.quarantined.start)
    }

    /// All records in quarantine with their numbers, oldest first.
    pub fn quarantine_list(&self) -> Result<Vec<(u64, BadRecord)>, StoreError> {
        let found = self.scan_prefix(TreeName::Quarantine, &[])?;
        found.iter().map(|(key, value)| Ok((number_of(key)?, self.opened(value)?))).collect()
    }

    /// One record in quarantine.
    pub fn quarantine_show(&self, number: u64) -> Result<BadRecord, StoreError> {
        let value = self.get(TreeName::Quarantine, &number.to_be_bytes())?;
        self.opened(&value.ok_or(StoreError::NotInQuarantine { number })?)
    }

    /// Takes a record out of quarantine.
    pub fn quarantine_drop(&mut self, number: u64) -> Result<(), StoreError> {
        self.quarantine_show(number)?;
        let mut batch = Batch::new();
        batch.delete(TreeName::Quarantine, &number.to_be_bytes());
        self.commit(&batch).map(drop)
    }
}

/// What a record says may tell who its lead is, so it is sealed under the lead's key. Records
/// without a lead that could be read share one key.
#[derive(Serialize, Deserialize)]
struct Sealed {
    lead: String,
    text: Vec<u8>,
    reason: Vec<u8>,
}

/// Whose key seals a record that names no lead.
const NOBODY: &str = "\0quarantine";
/// No lead has a longer name.
const LONGEST: usize = 256;
const ERASED: &str = "erased";

#[derive(Deserialize)]
struct Whose {
    lead: Option<String>,
    subject: Option<String>,
}

impl BadRecord {
    /// The lead it is about, where that can be read.
    #[must_use]
    pub fn lead(&self) -> Option<String> {
        let whose: Whose = serde_json::from_str(&self.text).ok()?;
        whose.lead.or(whose.subject).filter(|lead| !lead.is_empty() && lead.len() <= LONGEST)
    }
}

impl Store {
    /// The bytes of a record in quarantine.
    pub(super) fn sealed_record(&mut self, record: &BadRecord) -> Result<Vec<u8>, StoreError> {
        let lead = record.lead().unwrap_or_else(|| NOBODY.to_owned());
        let mut seal = |what: &str, text: &str| self.keys.seal(&lead, what, text.as_bytes());
        let text = seal("quarantined", &record.text)?.unwrap_or_default();
        let reason = seal("quarantined for", &record.reason)?.unwrap_or_default();
        let outside = BadRecord { text: String::new(), reason: String::new(), ..record.clone() };
        let sealed = Some(Sealed { lead, text, reason });
        // Writing into memory cannot fail; an empty value would be found as damage.
        Ok(postcard::to_allocvec(&(outside, sealed)).unwrap_or_default())
    }

    fn opened(&self, value: &[u8]) -> Result<BadRecord, StoreError> {
        let (record, rest) = postcard::take_from_bytes::<BadRecord>(value).map_err(|_| damage())?;
        // The first stores kept records as they were.
        if rest.is_empty() {
            return Ok(record);
        }
        let sealed: Option<Sealed> = postcard::from_bytes(rest).map_err(|_| damage())?;
        let Some(Sealed { lead, text, reason }) = sealed else { return Ok(record) };
        let open = |what: &str, sealed: &[u8]| {
            let open = self.keys.unseal(&lead, what, sealed).and_then(|bytes| String::from_utf8(bytes).ok());
            open.unwrap_or_else(|| ERASED.to_owned())
        };
        Ok(BadRecord { text: open("quarantined", &text), reason: open("quarantined for", &reason), ..record })
    }
}

/// The number of a record in quarantine, from its key.
pub(crate) fn number_of(key: &[u8]) -> Result<u64, StoreError> {
    key.try_into().map(u64::from_be_bytes).map_err(|_| damage())
}

fn damage() -> StoreError {
    StoreError::TreeDamaged { part: "quarantine", reason: "a record that is not in its format".to_owned() }
}

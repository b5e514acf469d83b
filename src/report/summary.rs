//! The last line of a verb: what was counted.

use std::collections::BTreeMap;

use crate::decision::Status;
use crate::decision::count::{Counts, Fates};
use crate::shown::Shown;
use crate::words::many;

/// The last line of a verb.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Which verb.
    pub verb: &'static str,
    /// What was counted: `2 errors in 3 files`.
    pub counts: String,
}

impl std::fmt::Display for Summary {
    /// `check: 2 errors in 3 files`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.verb, self.counts)
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, {}; ", many(self.leads, "lead"), many(self.events, "event"))?;
        write_fates(f, &self.touches, "touch")?;
        if self.actions != Fates::default() {
            f.write_str("; ")?;
            write_fates(f, &self.actions, "action")?;
        }
        write!(f, "; {}, {}", many(self.tier_changes, "tier change"), many(self.alerts, "alert"))?;
        if self.faults > 0 {
            write!(f, ", {}", many(self.faults, "fault"))?;
        }
        Ok(())
    }
}

fn write_fates(f: &mut std::fmt::Formatter<'_>, fates: &Fates, noun: &str) -> std::fmt::Result {
    let (sent, scheduled) = (fates.of(Status::Sent), fates.of(Status::Scheduled));
    write!(f, "{} sent, {scheduled} scheduled, {} cancelled", many(sent, noun), fates.of(Status::Cancelled))?;
    for status in [Status::Skipped, Status::Expired, Status::Suppressed, Status::Held] {
        if fates.of(status) > 0 {
            write!(f, ", {} {}", fates.of(status), status.word())?;
        }
    }
    Ok(())
}

/// A note on the events of a log that are of no type the rulebook declares, by type; empty where all
/// are declared. Types are a log's own words, which must not steer a terminal.
#[must_use]
pub fn undeclared(types: &BTreeMap<String, u64>) -> String {
    if types.is_empty() {
        return String::new();
    }
    let types: Vec<String> = types.iter().map(|(name, n)| format!("`{}` ({n})", Shown(name))).collect();
    format!("note: no event of the rulebook is of these types: {}\n", types.join(", "))
}

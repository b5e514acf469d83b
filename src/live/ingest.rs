//! Lines of JSON into the log: found good by the log's own reader, appended as one durable group.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Cursor;

use super::Live;
use super::append::{Appended, Arrival, Told};
use super::error::LiveError;
use super::record::Record;
use crate::log::{self, Input, ReadOptions};
use crate::store::BadRecord;
use crate::timestamp::Timestamp;

/// Fewer lines than this are looked at faster than another thread is woken.
const FEW: usize = 64;

/// Why a line goes to quarantine that had to be changed to be shown at all.
pub const NOT_TEXT: &str = "it is not UTF-8 text";

/// A line of an input.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    /// A file's path, `-` for standard input.
    pub path: &'a str,
    /// Its number, from 1.
    pub number: u64,
    /// What it says, without its line break.
    pub text: Cow<'a, str>,
    /// It was not UTF-8; the text has replacement characters.
    pub broken: bool,
}

impl Line<'_> {
    /// When its record says that it arrived, else when it happened; `None` for no record.
    #[must_use]
    pub fn arrival(&self) -> Option<Timestamp> {
        let record = Record::parse(self.record())?;
        Some(record.received_at.unwrap_or(record.at))
    }

    fn record(&self) -> &str {
        self.text.trim_start_matches('\u{feff}').trim()
    }
}

impl Live {
    /// Takes lines into the log. What is no record, or no record the rulebook in force can read, goes
    /// to quarantine. With `backfill` nothing acts on them.
    ///
    /// # Errors
    /// The store cannot write, or no rulebook is in force; nothing is acknowledged.
    pub fn ingest(&mut self, lines: &[Line<'_>], arrival: Arrival, backfill: bool) -> Result<Appended, LiveError> {
        let parse = || lines.iter().map(|line| Record::parse(line.record())).collect::<Vec<_>>();
        let (wrong, parsed) =
            if lines.len() < FEW { (self.wrong(lines), parse()) } else { rayon::join(|| self.wrong(lines), parse) };
        let wrong = wrong?;
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        let mut conflicts = 0;
        for ((line, record), number) in lines.iter().zip(parsed).zip(1_u64..) {
            let text = line.record();
            let reason = match wrong.get(&number) {
                _ if line.broken => NOT_TEXT.to_owned(),
                Some((reason, is_conflict)) => {
                    conflicts += u64::from(*is_conflict);
                    reason.clone()
                }
                None if text.is_empty() => continue,
                None => match record {
                    Some(record) => {
                        good.push((Record { backfill: record.backfill || backfill, ..record }, line));
                        continue;
                    }
                    None => String::from("this is not a record"),
                },
            };
            bad.push(BadRecord { text: text.to_owned(), reason, path: line.path.to_owned(), line: line.number });
        }
        let told =
            good.iter().map(|(record, line)| Told { record, text: line.record(), path: line.path, line: line.number });
        let told: Vec<Told<'_>> = told.collect();
        let mut appended = self.append(&told, bad, arrival)?;
        appended.conflicts += conflicts;
        Ok(appended)
    }

    /// What is wrong with lines, by their place from 1, and whether it is a conflict of ids.
    fn wrong(&self, lines: &[Line<'_>]) -> Result<BTreeMap<u64, (String, bool)>, LiveError> {
        let plan = self.plan().ok_or(LiveError::NoRulebook)?;
        let mut text = String::new();
        for line in lines {
            // A carriage return in the middle would be taken for part of the text.
            if line.text.contains(['\n', '\r']) {
                text.push_str(&line.text.replace(['\n', '\r'], " "));
            } else {
                text.push_str(&line.text);
            }
            text.push('\n');
        }
        let input = Input { path: String::from("input"), reader: Box::new(Cursor::new(text.into_bytes())) };
        let options = ReadOptions { skip_bad: true, threads: 1, ..ReadOptions::default() };
        let read = log::read(vec![input], &plan.rulebook, &options, &|_| {})
            .map_err(|error| LiveError::Unreadable { id: String::new(), reason: error.to_string() })?;
        // A conflict is found when the record's text is no longer at hand.
        let found = read.bad.into_iter().map(|bad| (u64::from(bad.line), (bad.reason, bad.text.is_empty())));
        Ok(found.collect())
    }
}

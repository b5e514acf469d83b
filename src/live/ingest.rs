//! Lines of JSON into the log: found good by the log's own reader, appended as one durable group.

use std::collections::BTreeMap;
use std::io::Cursor;

use super::Live;
use super::append::{Appended, Arrival, Told};
use super::error::LiveError;
use super::record::Record;
use crate::log::{self, Input, ReadOptions};
use crate::store::BadRecord;

/// Lines of one input that stand together.
#[derive(Clone, Copy, Debug)]
pub struct Lines<'a> {
    /// A file's path, `-` for standard input.
    pub path: &'a str,
    /// The number of the first line, from 1.
    pub first: u64,
    /// The lines.
    pub text: &'a str,
}

impl Live {
    /// Takes lines into the log. What is no record, or no record the rulebook in force can read, goes
    /// to quarantine. With `backfill` nothing acts on them.
    ///
    /// # Errors
    /// The store cannot write, or no rulebook is in force; nothing is acknowledged.
    pub fn ingest(&mut self, lines: Lines<'_>, arrival: Arrival, backfill: bool) -> Result<Appended, LiveError> {
        let plan = self.plan().ok_or(LiveError::NoRulebook)?;
        let input =
            Input { path: lines.path.to_owned(), reader: Box::new(Cursor::new(lines.text.as_bytes().to_vec())) };
        let options = ReadOptions { skip_bad: true, threads: 1, ..ReadOptions::default() };
        let read = log::read(vec![input], &plan.rulebook, &options, &|_| {})
            .map_err(|error| LiveError::Unreadable { id: String::new(), reason: error.to_string() })?;
        let wrong: BTreeMap<u64, &log::BadRecord> = read.bad.iter().map(|bad| (u64::from(bad.line), bad)).collect();
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        for (text, number) in lines.text.lines().zip(1_u64..) {
            let line = lines.first + number - 1;
            let text = text.trim_start_matches('\u{feff}').trim();
            let reason = match wrong.get(&number) {
                Some(bad) => bad.reason.clone(),
                None if text.is_empty() => continue,
                None => match Record::parse(text) {
                    Some(record) => {
                        good.push((Record { backfill: record.backfill || backfill, ..record }, text, line));
                        continue;
                    }
                    None => String::from("this is not a record"),
                },
            };
            bad.push(BadRecord { text: text.to_owned(), reason, path: lines.path.to_owned(), line });
        }
        let told: Vec<Told<'_>> =
            good.iter().map(|(record, text, line)| Told { record, text, path: lines.path, line: *line }).collect();
        let mut appended = self.append(&told, bad, arrival)?;
        appended.conflicts += read.conflicts;
        Ok(appended)
    }
}

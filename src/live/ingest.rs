//! Lines of JSON on their way into the log: found good by the log's own reader, which needs no store,
//! so that a group can be read while the one before it is made durable.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use smallvec::SmallVec;

use super::append::{Appended, Arrival};
use super::error::LiveError;
use super::record::Record;
use super::{Live, record};
use crate::log::{self, Told, Words};
use crate::plan::Plan;
use crate::store::{Marks, Quarantined, RefusedFor};
use crate::timestamp::Timestamp;

const NO_RECORD: &str = "this is not a record";

/// A line of an input.
#[derive(Clone, Debug)]
pub struct LogLine<'a> {
    /// A file's path, `-` for standard input.
    pub path: Arc<str>,
    /// Its number, from 1.
    pub number: u64,
    /// What it says, without its line break.
    pub text: Cow<'a, str>,
    /// The first byte of it that is no part of a text; it has replacement characters then.
    pub broken: Option<u8>,
}

impl LogLine<'_> {
    /// When its record says that it arrived, else when it happened; `None` for no record.
    #[must_use]
    pub fn arrival(&self) -> Option<Timestamp> {
        let record = Record::parse(self.record())?;
        Some(record.received_at.unwrap_or(record.at))
    }

    /// What it says of a record.
    pub(super) fn record(&self) -> &str {
        let text = if self.number == 1 { self.text.trim_start_matches('\u{feff}') } else { &self.text };
        text.trim_ascii()
    }

    /// The line as it goes to quarantine for what it says.
    pub(super) fn bad(&self, reason: String) -> Quarantined {
        self.refused(RefusedFor::Content, reason)
    }

    /// The line as it goes to quarantine; of one that nobody may read again only the beginning.
    fn refused(&self, refused: RefusedFor, reason: String) -> Quarantined {
        let text = self.record();
        let text = if text.len() > log::MAX_LINE { log::excerpt(text.as_bytes()) } else { text.to_owned() };
        Quarantined { text, reason, path: self.path.to_string(), line: self.number, refused }
    }
}

/// Lines that were read, to be appended as one durable group.
#[derive(Debug, Default)]
pub struct Group<'a> {
    pub(super) good: Vec<Good>,
    /// The line of each good one.
    pub(super) lines: Vec<LogLine<'a>>,
    /// The names in the good ones, since a record is too small for allocations of its own.
    pub(super) names: String,
    pub(super) payloads: Vec<u8>,
    pub(super) bad: Vec<Quarantined>,
    /// Salts among the bad ones.
    pub(super) salts_refused: u64,
}

/// A record the rulebook can read.
#[derive(Debug)]
pub(super) struct Good {
    pub kind: u8,
    pub at: Timestamp,
    /// When it says that it arrived, else when it happened.
    pub received_at: Timestamp,
    /// Where its names begin among those of the group, and how long each is.
    names: usize,
    lens: [usize; 4],
    pub marks: Marks,
    pub payload: Payload,
}

/// The properties of a record on their way to an entry's payload.
#[derive(Debug)]
pub(super) enum Payload {
    /// They stand here among the payloads of the group.
    Packed(Range<usize>),
    /// Some have to be sealed, or it is a record of a store's own.
    Whole(Box<Record>),
}

impl Group<'_> {
    /// A group of one record that has no line.
    pub(super) fn of_one(record: Record) -> Self {
        let mut group = Self::default();
        group.lines.push(LogLine { path: "".into(), number: 0, text: "".into(), broken: None });
        group.whole(record);
        group
    }

    /// Takes in a line in the plainest writing that has nothing to be sealed and is no record of a
    /// store's own.
    fn plain(&mut self, text: &str, intake: &Intake, words: &Words<'_>) -> Option<()> {
        let mut props = SmallVec::<[_; 8]>::new();
        let told = words.plain(text, &mut |name, value| props.push((name, value)))?;
        if told.ty.starts_with(log::OWN_TYPES) {
            return None;
        }
        let start = self.payloads.len();
        record::pack_open(&props, &mut self.payloads)?;
        let backfill = told.backfill || intake.backfill;
        self.enter(&Told { backfill, ..told }, Payload::Packed(start..self.payloads.len()));
        Some(())
    }

    fn whole(&mut self, record: Record) {
        let record = Box::new(record);
        let told = Told {
            id: &record.id,
            ty: &record.ty,
            lead: &record.lead,
            account: record.account.as_deref(),
            at: record.at,
            received_at: record.received_at.unwrap_or(record.at),
            backfill: record.backfill,
        };
        self.enter(&told, Payload::Packed(0..0));
        if let Some(good) = self.good.last_mut() {
            good.payload = Payload::Whole(record);
        }
    }

    fn enter(&mut self, told: &Told<'_>, payload: Payload) {
        let kind = record::kind_of(told.ty, told.backfill);
        // What a store says of its rulebooks belongs to no lead.
        let lead = if matches!(kind, record::kind::ACTIVATION | record::kind::RESTORED | record::kind::SALT) {
            ""
        } else {
            told.lead
        };
        let start = self.names.len();
        let names = [told.id, lead, told.ty, told.account.unwrap_or_default()];
        names.into_iter().for_each(|name| self.names.push_str(name));
        self.good.push(Good {
            kind,
            at: told.at,
            received_at: told.received_at,
            names: start,
            lens: names.map(str::len),
            marks: Marks::of(told.id, lead),
            payload,
        });
    }
}

impl Good {
    /// Its id, lead, type and account among the names of its group.
    pub(super) fn names<'n>(&self, names: &'n str) -> [&'n str; 4] {
        let mut rest = names.get(self.names..).unwrap_or_default();
        self.lens.map(|len| {
            let (name, after) = rest.split_at_checked(len).unwrap_or_default();
            rest = after;
            name
        })
    }
}

/// Reads lines as the rulebook in force does.
#[derive(Clone, Debug)]
pub struct Intake {
    plan: Arc<Plan>,
    backfill: bool,
}

impl Intake {
    /// Reads lines. What is no record, or no record the rulebook can read, is told apart.
    #[must_use]
    pub fn read<'a>(&self, lines: Vec<LogLine<'a>>) -> Group<'a> {
        let words = Words::new(&self.plan.rulebook);
        let mut group = Group { good: Vec::with_capacity(lines.len()), ..Group::default() };
        for line in lines {
            let text = line.record();
            if let Some(byte) = line.broken {
                group.bad.push(line.refused(RefusedFor::NotText, log::not_utf8_byte(byte)));
            } else if let Some(reason) = log::too_long(line.text.as_bytes()) {
                group.bad.push(line.refused(RefusedFor::Length, reason));
            } else if group.plain(text, self, &words).is_some() {
                group.lines.push(line);
            } else if !text.is_empty() {
                match words.refusal(text).map_or_else(|| Record::parse(text).ok_or_else(|| NO_RECORD.to_owned()), Err) {
                    Ok(record) => {
                        group.whole(Record { backfill: record.backfill || self.backfill, ..record });
                        group.lines.push(line);
                    }
                    Err(reason) => {
                        let is_salt = Record::parse(text).is_some_and(|record| record.ty == log::SALT_TYPE);
                        group.salts_refused += u64::from(is_salt);
                        group.bad.push(line.bad(reason));
                    }
                }
            }
        }
        group
    }
}

impl Live {
    /// What reads lines by the rulebook in force, away from the store. With `backfill` nothing acts on
    /// them.
    ///
    /// # Errors
    /// No rulebook is in force.
    pub fn intake(&self, backfill: bool) -> Result<Intake, LiveError> {
        let plan = self.plan().ok_or(LiveError::NoRulebook)?;
        Ok(Intake { plan: Arc::clone(plan), backfill })
    }

    /// Takes lines into the log: [`Intake::read`] and [`Live::append`] in one.
    ///
    /// # Errors
    /// The store cannot write, or no rulebook is in force; nothing is acknowledged.
    pub fn ingest(&mut self, lines: Vec<LogLine<'_>>, arrival: Arrival, backfill: bool) -> Result<Appended, LiveError> {
        let group = self.intake(backfill)?.read(lines);
        self.append(group, arrival)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use proptest::prelude::*;
    use proptest::test_runner::{Config, TestRunner};

    use super::*;
    use crate::address::Salt;
    use crate::load::Files;
    use crate::store::{self, Store};

    const LINE: &str = r#"{"id":"e1", "type":"page.viewed","lead":"ana","account":"acme","at":"2026-03-02T09:00:00Z","received_at":"2026-03-02T09:00:01Z" ,"props":{"page" : "pricing","seconds":17,"hard":true,"name":"Ana","note":7}}"#;

    /// A line in the plainest writing is taken in as it would be if it were read the long way.
    #[test]
    fn plain_lines_are_taken_in_like_all_others() {
        let rules = "tiers hot\nevent seen is \"page.viewed\" { page text, seconds number? }\nseen -> hot\n";
        let files = Files { rules: vec![("rules.ensue".to_owned(), rules.to_owned())], ..Files::default() };
        let plan = Arc::new(Plan::compile(files.check().rulebook.unwrap()));
        let intake = Intake { plan, backfill: false };
        let words = Words::new(&intake.plan.rulebook);
        let dir = tempfile::tempdir().unwrap();
        let store = RefCell::new(Store::open(dir.path(), &store::StoreOptions::default()).unwrap());
        let taken = RefCell::new(0);
        let agree = |line: &str| {
            let mut group = Group::default();
            if group.plain(line, &intake, &words).is_none() {
                return Ok(());
            }
            *taken.borrow_mut() += 1;
            prop_assert_eq!(words.refusal(line), None);
            let record = Record::parse(line).unwrap();
            let payload = record.payload(&mut store.borrow_mut(), Salt::default()).unwrap();
            let mut whole = Group::default();
            whole.whole(record);
            let (plain, whole_one) = (&group.good[0], &whole.good[0]);
            prop_assert_eq!(plain.names(&group.names), whole_one.names(&whole.names));
            prop_assert_eq!(
                (plain.kind, plain.at, plain.received_at),
                (whole_one.kind, whole_one.at, whole_one.received_at)
            );
            let Payload::Packed(place) = &plain.payload else { panic!("{line}") };
            prop_assert_eq!(&group.payloads[place.clone()], &payload);
            Ok(())
        };
        let change = (any::<prop::sample::Index>(), "[ -~]|[\"\\\\,:{}0e.\u{1}ä]", any::<bool>());
        let changes = prop::collection::vec(change, 0..4);
        let start =
            prop::sample::select(vec![LINE.to_owned(), LINE.replace(r#""name":"Ana","note":7"#, r#""other":"x""#)]);
        let mut runner = TestRunner::new(Config { cases: 2_000, ..Config::default() });
        let outcome = runner.run(&(start, changes), |(start, changes)| {
            let mut line: Vec<char> = start.chars().collect();
            for (at, new, instead) in changes {
                let at = at.index(line.len());
                line.splice(at..at + usize::from(instead), new.chars());
            }
            agree(&line.into_iter().collect::<String>())
        });
        outcome.unwrap();
        assert!(*taken.borrow() > 200, "hardly any line was plain: {}", taken.borrow());
    }
}

//! What finds entries in the log: a table of the ids seen, and for each lead the places of its
//! entries. Both are written in runs of many entries, since one record for each event would cost
//! ten times the log itself; what no run covers yet is kept in memory and read again at opening.

use hashbrown::HashTable;

use super::block::LIMIT;
use super::entry::{Entry, Offset};
use super::error::StoreError;
use super::wire::Wire;

/// How many entries wait in memory before a run is written.
pub const RUN: usize = 16_384;
const IDS_PER_RECORD: usize = 2_000;
/// The most entries of one lead in one group of a postings record.
const GROUP: usize = 1_000;

/// Every id of the log as four bytes of its hash and its place; what matches is compared with the
/// log itself. About 10 to 18 bytes an entry.
#[derive(Debug, Default)]
pub struct Ids {
    table: HashTable<(u32, u32)>,
}

impl Ids {
    /// Notes an id.
    pub fn add(&mut self, id: u32, offset: Offset) {
        self.table.insert_unique(spread(id), (id, offset.0 as u32), |(id, _)| spread(*id));
    }

    /// The places that may hold an id.
    pub fn candidates(&self, id: u32) -> impl Iterator<Item = Offset> + '_ {
        let same = self.table.iter_hash(spread(id)).filter(move |(other, _)| *other == id);
        same.map(|(_, offset)| Offset(u64::from(*offset)))
    }

    /// How many ids are known.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Notes the ids of a record of the id tree.
    pub fn load(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let damage = || StoreError::TreeDamaged { part: "ids", reason: "a record of the wrong size".to_owned() };
        let first = key.first_chunk::<8>().ok_or_else(damage)?;
        if key.len() != 8 || !value.len().is_multiple_of(4) {
            return Err(damage());
        }
        let first = u64::from_be_bytes(*first);
        if first != self.len() as u64 {
            let reason = format!("the ids after entry {} are missing", self.len());
            return Err(StoreError::TreeDamaged { part: "ids", reason });
        }
        self.table.reserve(value.len() / 4, |(id, _)| spread(*id));
        for (offset, id) in value.as_chunks::<4>().0.iter().enumerate() {
            self.add(u32::from_be_bytes(*id), Offset(first + offset as u64));
        }
        Ok(())
    }
}

/// The entries no run covers yet.
#[derive(Debug, Default)]
pub struct Waiting {
    first: u64,
    marks: Vec<Marks>,
}

/// Records to write for a run.
#[derive(Debug, Default)]
pub struct RunRecords {
    /// For the tree of ids.
    pub ids: Vec<(Vec<u8>, Vec<u8>)>,
    /// For the tree of postings.
    pub postings: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Waiting {
    /// Nothing waits; the runs cover all before `first`.
    pub fn new(first: Offset) -> Self {
        Self { first: first.0, marks: Vec::new() }
    }

    /// Takes in the next entry of the log.
    pub fn add(&mut self, marks: Marks) {
        self.marks.push(marks);
    }

    /// Where the runs end.
    pub const fn first(&self) -> Offset {
        Offset(self.first)
    }

    /// How many entries wait.
    pub const fn len(&self) -> usize {
        self.marks.len()
    }

    /// The ids that wait, with their places.
    pub fn ids(&self) -> impl Iterator<Item = (u32, Offset)> + '_ {
        self.marks.iter().enumerate().map(|(offset, marks)| (marks.id, Offset(self.first + offset as u64)))
    }

    /// The places of a lead's waiting entries (and perhaps of others').
    pub fn of_lead(&self, lead: &str) -> Vec<u32> {
        let lead = hash(lead);
        self.leads().filter(|(other, _)| *other == lead).map(|(_, place)| place).collect()
    }

    /// The lead of every entry that has one, and its place.
    fn leads(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        let places = self.first as u32..;
        self.marks.iter().zip(places).filter_map(|(marks, place)| Some((marks.lead?, place)))
    }

    /// The records of a run that covers all that waits.
    pub fn run(&self) -> RunRecords {
        let ids = self.marks.chunks(IDS_PER_RECORD).enumerate().map(|(number, marks)| {
            let first = self.first + (number * IDS_PER_RECORD) as u64;
            (first.to_be_bytes().to_vec(), marks.iter().flat_map(|marks| marks.id.to_be_bytes()).collect())
        });
        RunRecords { ids: ids.collect(), postings: self.postings() }
    }

    fn postings(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut leads: Vec<(u32, u32)> = self.leads().collect();
        leads.sort_unstable();
        let leads = leads.chunk_by(|(lead, _), (next, _)| lead == next);
        let groups = leads.flat_map(|list| list.chunks(GROUP));
        let mut records = Vec::new();
        let mut open: Vec<(u32, Vec<u32>)> = Vec::new();
        let mut size = 0;
        for group in groups {
            let Some((lead, _)) = group.first() else { continue };
            let list: Vec<u32> = group.iter().map(|(_, place)| *place).collect();
            // A group is at most five bytes for each number in it and its two lengths.
            let most = 5 * (list.len() + 2);
            if size + most > LIMIT - 8 {
                records.push(self.postings_record(records.len(), &open));
                open.clear();
                size = 0;
            }
            open.push((*lead, list));
            size += most;
        }
        if !open.is_empty() {
            records.push(self.postings_record(records.len(), &open));
        }
        records
    }

    fn postings_record(&self, number: usize, groups: &[(u32, Vec<u32>)]) -> (Vec<u8>, Vec<u8>) {
        let first_lead = groups.first().map_or(0, |(lead, _)| *lead);
        let mut key = self.first.to_be_bytes().to_vec();
        key.extend_from_slice(&first_lead.to_be_bytes());
        key.extend_from_slice(&(number as u32).to_be_bytes());
        let mut lead_before = first_lead;
        let deltas: Vec<(u32, Vec<u32>)> = groups
            .iter()
            .map(|(lead, list)| {
                let step = lead - lead_before;
                lead_before = *lead;
                let mut before = self.first as u32;
                let steps = list.iter().map(|place| {
                    let step = place - before;
                    before = *place;
                    step
                });
                (step, steps.collect())
            })
            .collect();
        // Writing numbers into memory cannot fail; an empty record would be found as damage.
        (key, postcard::to_allocvec(&deltas).unwrap_or_default())
    }
}

/// A record of the postings tree: the run it belongs to and the first lead in it.
#[derive(Debug)]
pub struct Postings {
    first_lead: u32,
    groups: Vec<(u32, Vec<u32>)>,
}

impl Postings {
    /// Reads a record.
    pub fn parse(key: &[u8], value: &[u8]) -> Result<Self, StoreError> {
        Self::read(key, value, |_| true)
    }

    /// The same with the places of one lead alone.
    pub fn parse_for(key: &[u8], value: &[u8], lead: u32) -> Result<Self, StoreError> {
        Self::read(key, value, |other| other == lead)
    }

    fn read(key: &[u8], value: &[u8], keep: impl Fn(u32) -> bool) -> Result<Self, StoreError> {
        let read = || {
            let (run, rest) = key.split_first_chunk::<8>()?;
            let first_lead = u32::from_be_bytes(*rest.first_chunk::<4>()?);
            let run = u64::from_be_bytes(*run) as u32;
            let (mut wire, mut lead, mut groups) = (Wire(value), first_lead, Vec::new());
            for _ in 0..wire.length()? {
                lead = lead.wrapping_add(wire.number()?);
                let (kept, mut place, mut list) = (keep(lead), run, Vec::new());
                for _ in 0..wire.length()? {
                    place = place.wrapping_add(wire.number()?);
                    if kept {
                        list.push(place);
                    }
                }
                if kept {
                    groups.push((lead, list));
                }
            }
            Some(Self { first_lead, groups })
        };
        let reason = || String::from("a record that is not in its format");
        read().ok_or_else(|| StoreError::TreeDamaged { part: "postings", reason: reason() })
    }

    /// Whether a later record of the run may still hold the lead.
    pub const fn may_precede(&self, lead: u32) -> bool {
        self.first_lead <= lead
    }

    /// The places of the lead in this record.
    pub fn of_lead(&self, lead: u32) -> impl Iterator<Item = u32> + '_ {
        self.groups.iter().filter(move |(other, _)| *other == lead).flat_map(|(_, list)| list.iter().copied())
    }

    /// Every lead and place in this record.
    pub fn all(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.groups.iter().flat_map(|(lead, list)| list.iter().map(move |place| (*lead, *place)))
    }
}

/// The key at or after which the records of a run that may hold a lead begin, searching backwards.
pub fn postings_key(run: u64, lead: u32) -> Vec<u8> {
    let mut key = run.to_be_bytes().to_vec();
    key.extend_from_slice(&lead.to_be_bytes());
    key
}

/// Four bytes that stand for an id or a lead; the same in every version.
pub fn hash(text: &str) -> u32 {
    blake3::hash(text.as_bytes()).as_bytes().first_chunk::<4>().map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

/// What stands for the id and the lead of an entry in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    pub id: u32,
    /// `None` for an entry that belongs to no lead.
    pub lead: Option<u32>,
}

impl Marks {
    /// Those of an entry.
    pub fn of(id: &str, lead: &str) -> Self {
        Self { id: hash(id), lead: (!lead.is_empty()).then(|| hash(lead)) }
    }
}

/// What an entry is known by in the id table.
pub fn id_of(entry: &Entry<'_>) -> u32 {
    hash(entry.id)
}

/// Spreads four bytes over the eight a table wants.
const fn spread(id: u32) -> u64 {
    (id as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_finds_what_waited() {
        let mut waiting = Waiting::new(Offset(100));
        for number in 0..9_000 {
            // One lead with more entries than a record holds, among three thousand small ones.
            let lead = if number % 3 == 0 { "busy".to_owned() } else { format!("lead{}", number % 3_000) };
            waiting.add(Marks::of(&format!("e{number}"), &lead));
        }
        let run = waiting.run();
        assert!(run.ids.iter().chain(&run.postings).all(|(_, value)| value.len() <= LIMIT));
        assert!(run.postings.windows(2).all(|pair| pair[0].0 < pair[1].0));
        let records: Vec<_> = run.postings.iter().map(|(key, value)| Postings::parse(key, value).unwrap()).collect();
        for lead in ["busy", "lead1", "lead2999", "nobody"] {
            let found: Vec<u32> = records.iter().flat_map(|record| record.of_lead(hash(lead))).collect();
            assert_eq!(found, waiting.of_lead(lead), "{lead}");
            let alone = run.postings.iter().map(|(key, value)| Postings::parse_for(key, value, hash(lead)).unwrap());
            assert_eq!(
                alone.flat_map(|record| record.all().collect::<Vec<_>>()).map(|(_, at)| at).collect::<Vec<_>>(),
                found
            );
        }
        assert_eq!(records.iter().flat_map(Postings::all).count(), 9_000);
    }
}

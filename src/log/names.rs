//! Names of leads or accounts, each kept once and known by its position.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// A set of names in order of first appearance.
#[derive(Debug, Default)]
pub(super) struct Names {
    table: HashTable<u32>,
    text: String,
    /// Where each name ends in `text`, with its hash.
    ends: Vec<(usize, u64)>,
}

impl Names {
    /// The position of a name with its hash, which is added where it is new.
    pub(super) fn intern(&mut self, name: &str, hash: u64) -> u32 {
        let Self { table, text, ends } = self;
        let same = |i: &u32| ends.get(*i as usize).is_some_and(|(_, h)| *h == hash) && get(text, ends, *i) == name;
        match table.entry(hash, same, |i| ends.get(*i as usize).map_or(0, |(_, h)| *h)) {
            Entry::Occupied(found) => *found.get(),
            Entry::Vacant(free) => {
                let new = ends.len() as u32;
                free.insert(new);
                text.push_str(name);
                ends.push((text.len(), hash));
                new
            }
        }
    }

    /// A name by its position, empty where there is none.
    pub(super) fn name(&self, i: u32) -> &str {
        get(&self.text, &self.ends, i)
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The names with their hashes, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.ends.iter().enumerate().map(|(i, (_, hash))| (self.name(i as u32), *hash))
    }
}

fn get<'a>(text: &'a str, ends: &[(usize, u64)], i: u32) -> &'a str {
    let i = i as usize;
    let start = i.checked_sub(1).and_then(|before| ends.get(before)).map_or(0, |(end, _)| *end);
    ends.get(i).and_then(|(end, _)| text.get(start..*end)).unwrap_or("")
}

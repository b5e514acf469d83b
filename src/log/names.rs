//! Names of leads or accounts, each kept once and known by its position.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// A set of names in order of first appearance.
#[derive(Debug, Default)]
pub(super) struct Names {
    table: HashTable<Name>,
    text: String,
    list: Vec<Name>,
}

/// All that is needed to compare a name, so that a look-up touches little memory.
#[derive(Clone, Copy, Debug)]
struct Name {
    hash: u64,
    start: usize,
    len: u32,
    number: u32,
}

impl Name {
    #[inline]
    fn of(self, text: &str) -> &str {
        text.get(self.start..self.start + self.len as usize).unwrap_or("")
    }
}

impl Names {
    /// The position of a name with its hash, which is added where it is new.
    #[inline]
    pub(super) fn intern(&mut self, name: &str, hash: u64) -> u32 {
        let same = |known: &Name| known.hash == hash && known.of(&self.text) == name;
        match self.table.entry(hash, same, |known| known.hash) {
            Entry::Occupied(found) => found.get().number,
            Entry::Vacant(free) => {
                let number = self.list.len() as u32;
                let new = Name { hash, start: self.text.len(), len: name.len() as u32, number };
                free.insert(new);
                self.text.push_str(name);
                self.list.push(new);
                number
            }
        }
    }

    /// A name by its position, empty where there is none.
    pub(super) fn name(&self, i: u32) -> &str {
        self.list.get(i as usize).map_or("", |name| name.of(&self.text))
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// The names with their hashes, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.list.iter().map(|name| (name.of(&self.text), name.hash))
    }
}

//! Declared names of one kind, in rulebook order; a rulebook's declaration takes the place of a
//! standard one of the same name.

use std::collections::BTreeMap;

use crate::rulebook::TableId;
use crate::source::Range;

/// One declared name.
#[derive(Clone, Debug)]
pub(super) struct Entry<T> {
    /// The name.
    pub name: String,
    /// Where the name stands.
    pub range: Range,
    /// From the standard vocabulary.
    pub standard: bool,
    /// What it names.
    pub item: T,
}

/// Names of one kind; an entry's index is its id.
#[derive(Clone, Debug)]
pub(super) struct NameTable<T> {
    entries: Vec<Entry<T>>,
    index: BTreeMap<String, usize>,
}

impl<T> Default for NameTable<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), index: BTreeMap::new() }
    }
}

impl<T> NameTable<T> {
    /// Declares a name. Where the rulebook has declared it already, gives the place of that
    /// declaration and keeps it.
    pub fn declare(&mut self, entry: Entry<T>) -> Result<(), Range> {
        let at = self.index.get(&entry.name).copied();
        match at.and_then(|at| self.entries.get_mut(at)) {
            Some(old) if old.standard && !entry.standard => *old = entry,
            Some(old) => return Err(old.range),
            None => {
                self.index.insert(entry.name.clone(), self.entries.len());
                self.entries.push(entry);
            }
        }
        Ok(())
    }

    /// The index of a name.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }

    /// The id of a name.
    pub fn id<Id: TableId>(&self, name: &str) -> Option<Id> {
        self.find(name).map(Id::at)
    }

    /// Whether the name is declared.
    pub fn has(&self, name: &str) -> bool {
        self.index.contains_key(name)
    }

    /// The entry of an index.
    pub fn at(&self, index: usize) -> Option<&Entry<T>> {
        self.entries.get(index)
    }

    /// The entry of a name.
    pub fn entry(&self, name: &str) -> Option<&Entry<T>> {
        self.find(name).and_then(|at| self.at(at))
    }

    /// All entries in order.
    pub fn iter(&self) -> impl Iterator<Item = &Entry<T>> {
        self.entries.iter()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// All names in order.
    pub fn names(&self) -> Vec<String> {
        self.iter().map(|entry| entry.name.clone()).collect()
    }
}

//! Lists whose places are ids: what a [`super::RuleId`] finds is a rule, and nothing else can be
//! looked up by it. Made by `check`, read by everyone after it.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use super::{BookTemplate, Channel, EventType, Experiment, Fact, Metric, Rule, Score, Sequence, Tier, Topic};
use crate::calendar::Calendar;

/// A place in a table.
pub trait TableId: Copy {
    /// The key of a place.
    fn at(index: usize) -> Self;
    /// The place.
    fn place(self) -> usize;
}

/// What is known by a name.
pub trait Named {
    /// Its name.
    fn name(&self) -> &str;
}

/// Things of one kind by id, in the order of their ids. As a slice it is all of them.
pub struct Table<Id, T> {
    rows: Vec<T>,
    key: PhantomData<fn(Id) -> Id>,
}

impl<Id: TableId, T> Table<Id, T> {
    /// What an id stands for; `None` for an id of another rulebook at most.
    #[must_use]
    pub fn get(&self, id: Id) -> Option<&T> {
        self.rows.get(id.place())
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, id: Id) -> Option<&mut T> {
        self.rows.get_mut(id.place())
    }

    /// Adds one at the end.
    pub fn push(&mut self, row: T) -> Id {
        self.rows.push(row);
        Id::at(self.rows.len() - 1)
    }

    /// Every id, in order.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = Id> + ExactSizeIterator + Clone + use<Id, T> {
        (0..self.rows.len()).map(Id::at)
    }

    /// Everything with its id, in order.
    pub fn with_ids(&self) -> impl DoubleEndedIterator<Item = (Id, &T)> + ExactSizeIterator + Clone {
        self.rows.iter().enumerate().map(|(index, row)| (Id::at(index), row))
    }

    /// The first that is such a one.
    pub fn position(&self, is: impl FnMut(&T) -> bool) -> Option<Id> {
        self.rows.iter().position(is).map(Id::at)
    }
}

impl<Id: TableId, T: Named> Table<Id, T> {
    /// The name of what an id stands for; empty where there is no such thing.
    #[must_use]
    pub fn name(&self, id: Id) -> &str {
        self.get(id).map_or("", T::name)
    }

    /// What has a name; the first of several.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Id> {
        self.position(|row| row.name() == name)
    }
}

impl<Id, T> Deref for Table<Id, T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.rows
    }
}

impl<Id, T> DerefMut for Table<Id, T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.rows
    }
}

impl<'a, Id, T> IntoIterator for &'a Table<Id, T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.rows.iter()
    }
}

impl<'a, Id, T> IntoIterator for &'a mut Table<Id, T> {
    type Item = &'a mut T;
    type IntoIter = std::slice::IterMut<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.rows.iter_mut()
    }
}

impl<Id, T> From<Vec<T>> for Table<Id, T> {
    fn from(rows: Vec<T>) -> Self {
        Self { rows, key: PhantomData }
    }
}

impl<Id, T> FromIterator<T> for Table<Id, T> {
    fn from_iter<I: IntoIterator<Item = T>>(rows: I) -> Self {
        rows.into_iter().collect::<Vec<T>>().into()
    }
}

impl<Id, T> Extend<T> for Table<Id, T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, rows: I) {
        self.rows.extend(rows);
    }
}

impl<Id, T> Default for Table<Id, T> {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl<Id, T: Clone> Clone for Table<Id, T> {
    fn clone(&self) -> Self {
        self.rows.clone().into()
    }
}

impl<Id, T: fmt::Debug> fmt::Debug for Table<Id, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rows.fmt(f)
    }
}

macro_rules! named {
    ($($thing:ty, $field:ident;)*) => {$(
        impl Named for $thing {
            fn name(&self) -> &str { &self.$field }
        }
    )*};
}

named! {
    EventType, name;
    Fact, name;
    Tier, name;
    Topic, name;
    Calendar, name;
    Channel, name;
    Sequence, name;
    Score, name;
    BookTemplate, name;
    Experiment, name;
    Metric, name;
    Rule, label;
}

/// Properties and tags are nothing but their names.
impl Named for String {
    fn name(&self) -> &str {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::TagId;

    #[test]
    fn ids_are_places() {
        let tags: Table<TagId, String> = ["keen", "shy", "keen"].map(str::to_owned).into_iter().collect();
        assert_eq!(tags.get(TagId(1)).map(String::as_str), Some("shy"));
        assert_eq!((tags.name(TagId(2)), tags.name(TagId(3))), ("keen", ""));
        assert_eq!((tags.find("keen"), tags.find("loud")), (Some(TagId(0)), None));
        assert_eq!(tags.position(|tag| tag.ends_with('y')), Some(TagId(1)));
        assert!(tags.ids().eq([TagId(0), TagId(1), TagId(2)]));
        assert!(tags.with_ids().rev().map(|(id, tag)| (id.0, tag.len())).eq([(2, 4), (1, 3), (0, 4)]));
        assert_eq!((tags.len(), tags.iter().count(), (&tags).into_iter().count()), (3, 3, 3));
    }
}

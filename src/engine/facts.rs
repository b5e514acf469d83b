//! What is known of a lead: each fact with the moment it is of. Field by field the last writer by
//! that moment wins, whoever it is and whenever we learned of it; at one moment the later in the log.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::rulebook::FactId;
use crate::timestamp::Timestamp;
use crate::value::{Value, View};

/// The facts of one lead; empty while none was ever written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// By fact; as long as the highest one that was written asks for.
    list: Vec<Option<Known>>,
}

/// A fact as it was written last.
#[derive(Clone, Debug)]
struct Known {
    /// `Missing` where it was emptied.
    value: Value,
    /// The moment it is of.
    at: Timestamp,
}

/// What came of writing a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// It has another value now.
    Changed,
    /// It has the value it had.
    Same,
    /// The value is older than what is known, which is of this moment: it was dropped.
    Older(Timestamp),
}

impl Facts {
    /// The value of a fact by its index: `Missing` where it was emptied, `None` where it was never
    /// written.
    pub fn get(&self, fact: usize) -> Option<&Value> {
        self.known(fact).map(|known| &known.value)
    }

    /// The moment a fact is of.
    pub fn at(&self, fact: FactId) -> Option<Timestamp> {
        self.known(fact.index()).map(|known| known.at)
    }

    fn known(&self, index: usize) -> Option<&Known> {
        self.list.get(index)?.as_ref()
    }

    /// Writes a fact as of a moment; `Missing` empties it.
    pub fn write(&mut self, fact: FactId, value: View<'_>, at: Timestamp) -> Written {
        let index = fact.index();
        let known = self.known(index);
        let same = known.map_or(View::Missing, |known| known.value.view()) == value;
        if let Some(newer) = known.map(|known| known.at).filter(|known| *known > at) {
            // What says the same as is known is no news, however old.
            return if same { Written::Same } else { Written::Older(newer) };
        }
        match self.list.get_mut(index) {
            Some(Some(known)) if same => known.at = at,
            _ => self.put(index, Known { value: value.to_value(), at }),
        }
        if same { Written::Same } else { Written::Changed }
    }

    /// Takes a fact over from another list, with the moment it is of.
    pub fn take_over(&mut self, fact: FactId, from: &Self, place: FactId) {
        if let Some(known) = from.known(place.index()) {
            self.put(fact.index(), known.clone());
        }
    }

    /// Every value that is there.
    pub fn iter(&self) -> impl Iterator<Item = (FactId, &Value)> {
        let all = self.list.iter().enumerate();
        let known = all.filter_map(|(index, known)| Some((FactId(index as u16), &known.as_ref()?.value)));
        known.filter(|(_, value)| **value != Value::Missing)
    }

    fn put(&mut self, index: usize, known: Known) {
        if self.list.len() <= index {
            self.list.resize(index + 1, None);
        }
        if let Some(place) = self.list.get_mut(index) {
            *place = Some(known);
        }
    }
}

/// Only what was written is kept: a fact costs its value and its moment, one that nobody told nothing.
impl Serialize for Facts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = self.list.iter().enumerate().filter_map(|(index, known)| Some((index as u16, known.as_ref()?)));
        let written: Vec<(u16, Timestamp, &Value)> =
            written.map(|(index, known)| (index, known.at, &known.value)).collect();
        written.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Facts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written: Vec<(u16, Timestamp, Value)> = Deserialize::deserialize(deserializer)?;
        let mut facts = Self::default();
        for (index, at, value) in written {
            facts.put(usize::from(index), Known { value, at });
        }
        Ok(facts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: FactId = FactId(3);
    const NONE: View<'static> = View::Missing;

    fn text(text: &'static str) -> View<'static> {
        View::Text(text)
    }

    #[test]
    fn the_last_writer_by_its_moment_wins() {
        let mut facts = Facts::default();
        assert_eq!(facts.write(PLAN, text("pro"), Timestamp(20)), Written::Changed);
        assert_eq!(facts.write(PLAN, text("free"), Timestamp(10)), Written::Older(Timestamp(20)));
        assert_eq!(facts.write(PLAN, text("pro"), Timestamp(5)), Written::Same);
        assert_eq!(facts.get(3), Some(&Value::Text("pro".into())));
        // At one moment the later in the log, and what says the same once more is of that moment.
        assert_eq!(facts.write(PLAN, text("team"), Timestamp(20)), Written::Changed);
        assert_eq!(facts.write(PLAN, text("team"), Timestamp(30)), Written::Same);
        assert_eq!(facts.write(PLAN, text("pro"), Timestamp(25)), Written::Older(Timestamp(30)));
    }

    #[test]
    fn an_emptied_fact_has_its_moment() {
        let mut facts = Facts::default();
        assert_eq!(facts.write(PLAN, NONE, Timestamp(10)), Written::Same);
        assert_eq!(facts.write(PLAN, text("pro"), Timestamp(5)), Written::Older(Timestamp(10)));
        assert_eq!((facts.get(3), facts.iter().count()), (Some(&Value::Missing), 0));
    }

    #[test]
    fn only_what_was_written_is_kept() {
        let mut facts = Facts::default();
        facts.write(FactId(200), text("pro"), Timestamp(20));
        facts.write(FactId(2), NONE, Timestamp(30));
        let bytes = postcard::to_allocvec(&facts).unwrap();
        assert!(bytes.len() < 16, "{bytes:?}");
        let again: Facts = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(again.get(200), facts.get(200));
        assert_eq!((again.at(FactId(2)), again.at(FactId(3))), (Some(Timestamp(30)), None));
    }
}

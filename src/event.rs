//! Events as the engine takes them in: typed, compact, borrowed from the log that holds them.
//! Made by `log` (from text) and `store` (from blocks).

use serde::{Deserialize, Serialize};

use crate::decimal::Decimal;
use crate::rulebook::{PropId, TypeId};
use crate::timestamp::{Span, Timestamp};
use crate::value::{Value, View};

/// How long after we learned of it an event may have happened: clocks differ.
pub const LATEST: Span = Span::seconds(300);

/// Types of events that belong to no lead, and are about everybody: their records have no `lead`.
pub const OF_NOBODY: [&str; 2] = ["override.halt", "override.unhalt"];

/// The position of an event in its log, in order of arrival, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EventNumber(pub u32);

/// A lead of a log: index into its names, in order of first appearance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LeadId(pub u32);

/// An account of a log: index into its names, in order of first appearance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AccountId(pub u32);

/// One event, as the engine sees it.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// Which entry of the log it is.
    pub number: EventNumber,
    /// Its type, `None` where no event of the rulebook is of that type.
    pub ty: Option<TypeId>,
    /// Whose it is.
    pub lead: LeadId,
    /// The lead's account, where the record names one.
    pub account: Option<AccountId>,
    /// When it happened.
    pub at: Timestamp,
    /// When it was learned of; never before the entry before it.
    pub received_at: Timestamp,
    /// History that was loaded so that nothing acts, but for what protects the lead.
    pub backfill: bool,
    /// Its properties.
    pub props: Props<'a>,
}

/// The declared properties of one event.
#[derive(Clone, Copy, Debug, Default)]
pub struct Props<'a> {
    /// What is there, in no order; a property that is missing is left out, and so is one that
    /// is null where that sets no fact.
    pub list: &'a [(PropId, PropValue)],
    /// The texts that [`PropValue::Text`] points into.
    pub texts: &'a str,
    /// The lists that [`PropValue::List`] points to.
    pub lists: &'a [Box<[Value]>],
}

/// A property's value; texts and lists live beside it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum PropValue {
    /// It is emptied: `null` where that sets a fact of the lead.
    Empty,
    /// A truth value.
    Bool(bool),
    /// A number.
    Number(Decimal),
    /// Bytes `start..start + len` of [`Props::texts`].
    Text {
        /// First byte.
        start: u32,
        /// How many bytes.
        len: u32,
    },
    /// A moment.
    Time(Timestamp),
    /// Days since 1970-01-01.
    Date(i32),
    /// Index into [`Props::lists`].
    List(u32),
}

impl<'a> Props<'a> {
    /// The value of a property, `Missing` where the event has none.
    #[must_use]
    pub fn get(&self, id: PropId) -> View<'a> {
        self.list.iter().find(|(prop, _)| *prop == id).map_or(View::Missing, |(_, value)| self.view(*value))
    }

    /// What the event says of a property: `Missing` where it empties it, `None` where it is silent.
    #[must_use]
    pub fn told(&self, id: PropId) -> Option<View<'a>> {
        self.list.iter().find(|(prop, _)| *prop == id).map(|(_, value)| self.view(*value))
    }

    fn view(&self, value: PropValue) -> View<'a> {
        match value {
            PropValue::Empty => View::Missing,
            PropValue::Bool(b) => View::Bool(b),
            PropValue::Number(n) => View::Number(n),
            PropValue::Text { start, len } => {
                View::Text(self.texts.get(start as usize..(start + len) as usize).unwrap_or(""))
            }
            PropValue::Time(t) => View::Time(t),
            PropValue::Date(d) => View::Date(d),
            PropValue::List(i) => self.lists.get(i as usize).map_or(View::Missing, |items| View::List(items)),
        }
    }
}

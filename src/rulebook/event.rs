//! Events as the log has them, and the sets of them that rules speak of.

use super::{Expr, FactId, PropId, SetId, TypeId};
use crate::value::Type;

/// A `type` value of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct EventType {
    /// As written in the log: `email.opened`.
    pub name: String,
    /// What the properties of such an event must be; others are allowed and ignored.
    pub props: Vec<Prop>,
    /// Whether its properties become facts of the lead (`lead.created`, `lead.updated`).
    pub sets_facts: bool,
}

/// A declared property of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prop {
    /// Which property.
    pub id: PropId,
    /// Its type.
    pub ty: Type,
    /// Whether it may be missing or null.
    pub optional: bool,
}

/// A named set of events: an event happens in the set when one alternative matches.
#[derive(Clone, Debug, PartialEq)]
pub struct EventSet {
    /// As the author would say it: `visited(page == "pricing")`.
    pub text: String,
    /// The ways to be in the set.
    pub alternatives: Vec<Alternative>,
}

/// One way to be in a set: the type, and conditions on the properties that must all hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Alternative {
    /// The log type.
    pub ty: TypeId,
    /// Conditions over [`Expr::Prop`] and [`Expr::Fact`].
    pub conditions: Vec<Expr>,
}

/// `type` of the entries the engine makes when a touch is sent; no log may use it.
pub const TOUCHED_TYPE: &str = "ensue.touched";

/// Facts and events with a meaning to the engine; all are declared by the standard vocabulary.
#[derive(Clone, Copy, Debug)]
pub struct WellKnown {
    /// `timezone`: the lead's zone.
    pub timezone: FactId,
    /// `owner`
    pub owner: FactId,
    /// `email`: the address.
    pub email: FactId,
    /// `phone`
    pub phone: FactId,
    /// `replied`: resets `touches`.
    pub replied: SetId,
    /// `created` and `updated`: their properties become facts.
    pub facts: SetId,
    /// `touched`, every channel.
    pub touched: SetId,
    /// Properties of `touched`: channel, template, sequence, touch (texts, in this order).
    pub touched_props: [PropId; 4],
}

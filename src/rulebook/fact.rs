//! What is known about a lead.

use super::PropId;
use crate::value::{Type, Value};

/// A declared lead fact.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// Its name, also the name of the property that sets it.
    pub name: String,
    /// The property of `lead.created` and `lead.updated` that sets it.
    pub prop: PropId,
    /// Its type.
    pub ty: Type,
    /// `Missing` where there is no default.
    pub default: Value,
    /// Whether it may be missing.
    pub optional: bool,
}

impl Fact {
    /// Whether a lead must have it: it cannot be emptied.
    #[must_use]
    pub fn must_be_there(&self) -> bool {
        !self.optional && self.default == Value::Missing
    }
}

//! Under construction.

/// A calendar.
#[derive(Clone, Debug)]
pub struct Calendar;

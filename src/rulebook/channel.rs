//! Channels: when, how often and under which conditions a lead may be written to.

use super::{CalendarId, Expr};
use crate::source::Range;
use crate::units::{ClockTime, Length};

/// A channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// Its name.
    pub name: String,
    /// When it may be used; `None`: any time.
    pub calendar: Option<CalendarId>,
    /// `quiet 20:00-09:00`: never inside, start and end in minutes.
    pub quiet: Option<(ClockTime, ClockTime)>,
    /// `cap N per D per scope`
    pub caps: Vec<Cap>,
    /// `require EXPR`, with its text: must hold when a message is due.
    pub requires: Vec<(Expr, String)>,
    /// A person does it.
    pub manual: bool,
    /// Where it is declared.
    pub range: Range,
}

/// A limit on how much a channel sends.
#[derive(Clone, Debug, PartialEq)]
pub struct Cap {
    /// How many.
    pub count: u32,
    /// In how long: days are calendar days in the lead's zone, hours are measured.
    pub per: Length,
    /// For whom.
    pub scope: CapScope,
}

/// Whose messages a cap counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum CapScope {
    /// Of one lead.
    Lead,
    /// Of all leads of one account.
    Account,
    /// Of all leads of one owner.
    Owner,
}

impl CapScope {
    /// The word of the language.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Account => "account",
            Self::Owner => "owner",
        }
    }
}

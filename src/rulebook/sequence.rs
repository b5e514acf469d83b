//! Sequences and their touches.

use super::{ChannelId, Expiry, Expr, SetId, TierId, TopicId};
use crate::source::Range;
use crate::units::{ClockTime, Content, Length, Roll};

/// A sequence.
#[derive(Clone, Debug)]
pub struct Sequence {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub range: Range,
    /// Entering this tier enrolls.
    pub tier: Option<TierId>,
    /// `where`: for whom.
    pub guard: Option<Expr>,
    /// Where the conditions stand that `and` and `or` join in it.
    pub guard_parts: Vec<Range>,
    /// Runs beside others, and a plain `stop` leaves it alone.
    pub parallel: bool,
    /// `exit on`
    pub exit_on: Vec<SetId>,
    /// Least time between two touches; days are calendar days. Default 20 hours.
    pub gap: Length,
    /// Re-enrollment.
    pub again: Again,
    /// The touches.
    pub touches: Vec<Touch>,
    /// The recurring tail, as a touch whose `when` is `Later`, and how often (`None`: forever).
    pub tail: Option<(Touch, Option<u32>)>,
    /// `renamed from`
    pub renamed_from: Option<String>,
    /// `topic`: what its messages are about.
    pub topic: Option<TopicId>,
}

/// Whether a lead may be enrolled again once the last enrollment has ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Again {
    /// At any time.
    Always,
    /// So long after the last enrollment ended; days are calendar days.
    After(Length),
    /// Never.
    Never,
}

/// A touch.
#[derive(Clone, Debug)]
pub struct Touch {
    /// Stable id within its sequence.
    pub id: String,
    /// Where it stands.
    pub range: Range,
    /// The day.
    pub when: When,
    /// The time of the day.
    pub time: TouchTime,
    /// Channels and what they carry, in order of preference; never empty.
    pub choices: Vec<(ChannelId, Content)>,
    /// A note for the person.
    pub note: Option<String>,
    /// `if`
    pub condition: Option<Expr>,
    /// `if`, as written.
    pub condition_text: String,
    /// `expires after`, `expires at`
    pub expires: Option<Expiry>,
    /// A person releases it first.
    pub approve: bool,
    /// Where it goes from a closed day.
    pub roll: Roll,
    /// `renamed from`
    pub renamed_from: Option<String>,
}

/// Which day a touch belongs to.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum When {
    /// The days N..=M of the enrollment, from 1; `day N` is N..=N.
    Days(u32, u32),
    /// So long after the previous touch was sent; days are calendar days.
    Later(Length),
}

/// At which time of the day.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum TouchTime {
    /// No clock time.
    Any,
    /// A clock time.
    At(ClockTime),
    /// A named part of the day of the channel's calendar, with its name.
    Part(String, ClockTime, ClockTime),
}

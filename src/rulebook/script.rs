//! Scripts with everything they read resolved.

use super::{FactId, PropId, ScoreId, SetId};
use crate::source::Range;
use crate::timestamp::Span;

/// A script with everything it reads resolved.
#[derive(Clone, Debug)]
pub struct BookScript {
    /// The compiled script.
    pub script: crate::script::Script,
    /// What each of its [`crate::script::Script::uses`] stands for, by index.
    pub reads: Vec<Read>,
    /// The script's text among the sources; places inside it count from its start.
    pub range: Range,
}

/// What a script reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Read {
    /// A fact of the lead.
    Fact(FactId),
    /// Whether an event triggered this run.
    Event,
    /// The event's type.
    EventType,
    /// When it happened.
    EventAt,
    /// A property of the event.
    Prop(PropId),
    /// The lead's tier.
    Tier,
    /// Touches since the last reply.
    Touches,
    /// The moment of the run.
    Now,
    /// How often, in how long.
    Count(SetId, Option<Span>),
    /// Whole days since.
    DaysSince(SetId),
    /// When last.
    Last(SetId),
    /// Another score.
    Score(ScoreId),
}

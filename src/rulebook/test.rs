//! Tests and invariants with every name resolved and every moment worked out.

use super::{CapScope, ChannelId, MetricId, Pattern, PropId, RuleId, ScoreId, SequenceId, SetId, TypeId};
use crate::decimal::Decimal;
use crate::local::Zone;
use crate::source::Range;
use crate::timestamp::{Span, Timestamp};
use crate::units::{Length, Status};
use crate::value::Value;

/// A test: what happens, and what is expected of it.
#[derive(Clone, Debug)]
pub struct Test {
    /// What it shows, in words.
    pub name: String,
    /// Where its name stands.
    pub range: Range,
    /// A known gap, which does not fail.
    pub todo: bool,
    /// What it expects is written by the program.
    pub updated: bool,
    /// The zone its times are in.
    pub zone: Zone,
    /// Its leads; others index into this.
    pub leads: Vec<TestLead>,
    /// What happens, in the order it is learned of.
    pub events: Vec<TestEvent>,
    /// When its clock starts.
    pub start: Timestamp,
    /// The last moment it looks at.
    pub until: Timestamp,
    /// Whether `until` says so.
    pub bounded: bool,
    /// What need not be expected.
    pub allowed: Allowed,
    /// What is expected of decisions.
    pub expects: Vec<Expect>,
    /// What is expected of scores.
    pub scores: Vec<ScoreExpect>,
    /// What is expected of metrics.
    pub metrics: Vec<MetricExpect>,
}

/// `expect metric reply_rate by channel "sms" 1 of 1 at +21d`
#[derive(Clone, Debug)]
pub struct MetricExpect {
    /// The whole line.
    pub range: Range,
    /// What it shows, as written.
    pub place: Range,
    /// Which metric.
    pub metric: MetricId,
    /// One group of one of its breakdowns: which, and its value.
    pub group: Option<(usize, String)>,
    /// What it shows.
    pub shows: MetricShown,
    /// As of when; `None` for when the test ends.
    pub at: Option<Timestamp>,
}

/// What a metric is expected to show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MetricShown {
    /// So many outcomes of so many rows.
    Of(u64, u64),
    /// A value in the unit of the metric.
    Value(f64),
    /// There are no rows.
    Nothing,
}

/// A lead of a test.
#[derive(Clone, Debug)]
pub struct TestLead {
    /// Its id.
    pub name: String,
    /// Its account.
    pub account: Option<String>,
}

/// An event of a test.
#[derive(Clone, Debug)]
pub struct TestEvent {
    /// Whose; nobody's, where it is about everybody.
    pub lead: Option<usize>,
    /// Its log type.
    pub ty: TypeId,
    /// The events it must be one of.
    pub set: SetId,
    /// When it happened.
    pub at: Timestamp,
    /// When it is learned of.
    pub received_at: Timestamp,
    /// Its properties.
    pub props: Vec<(PropId, Value)>,
    /// Its line.
    pub range: Range,
}

/// What a test lets pass without an expectation.
#[derive(Clone, Debug, Default)]
pub struct Allowed {
    /// `allow alerts`
    pub alerts: bool,
    /// `allow email`
    pub channels: Vec<ChannelId>,
}

/// What is expected, or must not happen.
#[derive(Clone, Debug)]
pub struct Expect {
    /// The whole line.
    pub range: Range,
    /// The part of it that says what.
    pub place: Range,
    /// It must not happen.
    pub never: bool,
    /// What; more than one only of what must not happen.
    pub wanted: Vec<Pattern>,
    /// Whose.
    pub lead: Option<usize>,
    /// When.
    pub at: Option<ExpectedAt>,
    /// What must have decided it.
    pub by: Option<By>,
    /// A part of its reason.
    pub because: Option<String>,
    /// What must have become of a message.
    pub status: Option<Status>,
    /// How often.
    pub times: u32,
}

/// When something is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectedAt {
    /// At a moment.
    Moment(Timestamp),
    /// At a time of any day, in minutes since midnight.
    Clock(u16),
    /// From the first moment to before the second: a day.
    Day(Timestamp, Timestamp),
}

/// What must have decided: a rule or a sequence of that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    /// As written.
    pub text: String,
    /// The rule.
    pub rule: Option<RuleId>,
    /// The sequence, and which of its touches.
    pub sequence: Option<(SequenceId, Option<u16>)>,
}

/// What a score must read.
#[derive(Clone, Debug)]
pub struct ScoreExpect {
    /// Which score.
    pub score: ScoreId,
    /// Whose.
    pub lead: usize,
    /// When.
    pub at: Timestamp,
    /// What it must read.
    pub value: Decimal,
    /// To how many decimals.
    pub decimals: usize,
    /// The row.
    pub range: Range,
    /// The number in it.
    pub place: Range,
}

/// What must always hold.
#[derive(Clone, Debug)]
pub struct Invariant {
    /// Its name.
    pub name: String,
    /// What stands after the name.
    pub range: Range,
    /// What must hold.
    pub kind: InvariantKind,
}

/// The forms of an invariant.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each field is the part of its name")]
pub enum InvariantKind {
    /// Nothing of the sort after an event, for so long or ever.
    NeverAfter { set: SetId, never: Vec<Kept>, length: Option<Length> },
    /// At most so many in so long.
    AtMost { count: u32, what: Kept, per: Length, scope: CapScope },
    /// Something in time after an event.
    InTime { within: Span, set: SetId, expect: Kept },
}

/// What an invariant is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// A message on any channel but `task`.
    Touch,
    /// An alert.
    Alert,
    /// A message or a task on a channel.
    Channel(ChannelId),
}

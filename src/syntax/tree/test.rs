//! `test`, `todo` and `invariant`: what the author wrote.

use super::{At, ClockTime, Content, EventRef, Expr, Length, MeasuredExpect, Name, Text};
use crate::decimal::Decimal;
use crate::source::Range;
pub use crate::units::Status;

/// `test "NAME" [updated] { … }`, `todo "NAME" { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct TestDecl {
    /// What it shows, in words.
    pub name: Text,
    /// `todo`: a known gap that does not fail.
    pub todo: bool,
    /// `updated`: what is expected is written by the program.
    pub updated: bool,
    /// Its lines, in order.
    pub lines: Vec<At<TestLine>>,
}

/// One line of a test.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each field is the part of its name")]
pub enum TestLine {
    /// `in "Europe/Paris"`
    Zone(Text),
    /// `lead ana of acme { source: "webinar" }`
    Lead { name: Name, account: Option<Name>, facts: Vec<Property> },
    /// `allow alerts, email`
    Allow(Vec<Name>),
    /// `until 2026-03-06`
    Until(At<Moment>),
    /// `+1d ana opened`; without an event, time passes.
    Clock { moment: At<Moment>, event: Option<Happening> },
    /// `expect …`
    Expect(Expectation),
}

/// `page: "pricing"`
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    /// Which fact or property.
    pub name: Name,
    /// Its value, written out.
    pub value: Expr,
}

/// A moment of a test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Moment {
    /// `2026-03-02 09:00`; without a time, the first moment of the day.
    Date(Day, Option<ClockTime>),
    /// `+1d`, `+1d at 09:00`: after the line before.
    Later(Length, Option<ClockTime>),
}

/// A calendar day that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// 2000 to 2100.
    pub year: i32,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
}

/// `ana visited { page: "pricing" } late 2d`
#[derive(Clone, Debug, PartialEq)]
pub struct Happening {
    /// Whose event.
    pub lead: Name,
    /// Which event.
    pub event: Name,
    /// What `halt` and `unhalt` are about: the sequence, channel or rule that the event's place names.
    pub halted: Option<Name>,
    /// Its properties.
    pub properties: Vec<Property>,
    /// How long ago it happened when it is learned of.
    pub late: Option<At<Length>>,
}

/// `expect …`
#[derive(Clone, Debug, PartialEq)]
pub enum Expectation {
    /// What must happen.
    Some(Wanted, Clauses),
    /// What must not happen: `no sms`, `ana never becomes hot`.
    None(Vec<Wanted>, Clauses),
    /// `score interest of ana { … }`
    Score {
        /// Which score.
        score: Name,
        /// Whose; the only lead where none is named.
        lead: Option<Name>,
        /// What it reads when.
        rows: Vec<ScoreRow>,
    },
    /// `metric reply_rate 1 of 2 at +21d`
    Metric(MeasuredExpect),
}

/// `+1d 10`
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreRow {
    /// When.
    pub moment: At<Moment>,
    /// What the score reads, as precise as it is written.
    pub value: At<Decimal>,
    /// How many decimals are written.
    pub decimals: usize,
}

/// What an expectation is about.
pub type Wanted = At<WantedKind>;

/// Everything that can be expected.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each field is the part of its name")]
pub enum WantedKind {
    /// `ana becomes hot`
    Becomes(Name),
    /// `ana starts hot_leads`
    Starts(Name),
    /// `ana exits hot_leads`
    Exits(Name),
    /// `ana finishes hot_leads`
    Finishes(Name),
    /// `ana holds until 2026-03-09`
    Holds(Option<At<Moment>>),
    /// `ana resumes`
    Resumes,
    /// `ana suppressed sms`
    Suppressed(Option<Name>),
    /// `ana unsuppressed sms`
    Unsuppressed(Option<Name>),
    /// `ana tag vip`
    Tag(Name),
    /// `ana untag vip`
    Untag(Name),
    /// `ana set region = "north"`
    Set { field: Name, value: Option<Expr> },
    /// `ana assign "ben"`
    Assign(Option<Text>),
    /// `alert owner "call now"`
    Alert { to: Option<Name>, text: Option<Text> },
    /// `webhook crm`
    Webhook(Option<Name>),
    /// `touch`: a message on any channel but `task`.
    Touch,
    /// `email`, `email recap`, `task "look at it"`
    Send { channel: Name, content: Option<At<Content>> },
}

/// The fields an expectation cares about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Clauses {
    /// `to ana`, or the lead that stands first.
    pub lead: Option<Name>,
    /// `at 2026-03-05 10:00`, `at 10:00`, `on 2026-03-05`
    pub at: Option<At<AtTime>>,
    /// `by third_open`, `by hot_leads.recap`
    pub by: Option<(Name, Option<Name>)>,
    /// `because "…"`
    pub because: Option<Text>,
    /// `held`; `sent` where nothing is said.
    pub status: Option<At<Status>>,
    /// `3x`
    pub times: Option<At<u32>>,
}

/// When something is expected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AtTime {
    /// At a moment.
    Moment(Moment),
    /// At a time of any day.
    Clock(ClockTime),
    /// At any time of a day.
    Day(Day),
}

/// `invariant NAME: …`
#[derive(Clone, Debug, PartialEq)]
pub struct InvariantDecl {
    /// Its name.
    pub name: Name,
    /// What must always hold.
    pub rule: InvariantKind,
    /// The rule's own text.
    pub range: Range,
}

/// What must always hold.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each field is the part of its name")]
pub enum InvariantKind {
    /// `after replied never email, sms for 2d`
    NeverAfter { event: EventRef, never: Vec<Name>, length: Option<At<Length>> },
    /// `at most 1 touch per 1d per lead`
    AtMost { count: At<u32>, what: Name, per: At<Length>, scope: Name },
    /// `within 5m after demo expect alert`
    InTime { within: At<Length>, event: EventRef, expect: Name },
}

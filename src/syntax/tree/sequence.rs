//! Sequences and their touches as they are written.

use super::*;

/// `sequence NAME [for TIER] [where EXPR] [parallel] [renamed from OLD] { … }`
/// `parallel`, `renamed from` and `again …` may stand in the header or in the body.
#[derive(Clone, Debug, PartialEq)]
pub struct SequenceDecl {
    /// The sequence's name.
    pub name: Name,
    /// `for TIER`
    pub tier: Option<Name>,
    /// `where EXPR`
    pub guard: Option<Expr>,
    /// `renamed from OLD`
    pub renamed_from: Option<Name>,
    /// Clauses other than touches, in order.
    pub clauses: Vec<At<SequenceClause>>,
    /// The touches, in order.
    pub touches: Vec<TouchDecl>,
    /// `then every D …`
    pub tail: Option<TailDecl>,
}

/// A clause of a sequence.
#[derive(Clone, Debug, PartialEq)]
pub enum SequenceClause {
    /// `exit on replied, booked`
    ExitOn(Vec<EventRef>),
    /// `gap 20h`
    Gap(At<Length>),
    /// `again after 90d`
    AgainAfter(At<Length>),
    /// `never again`
    NeverAgain,
    /// `parallel`
    Parallel,
    /// `roll previous`
    Roll(Roll),
    /// `topic newsletter`
    Topic(Name),
}

/// `day 4..6 at 10:00 email insight or sms insight as x "note" if E expires after 2bd approve roll skip renamed from y`
#[derive(Clone, Debug, PartialEq)]
pub struct TouchDecl {
    /// The day.
    pub when: At<When>,
    /// `at 10:00` or a named part of the day.
    pub time: Option<At<TouchTime>>,
    /// What to send, and how.
    pub message: MessageDecl,
    /// The whole touch.
    pub range: Range,
}

/// The part that a touch and a tail share.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageDecl {
    /// Channels with their templates, in order of preference; never empty.
    pub choices: Vec<Choice>,
    /// `as name`
    pub id: Option<Name>,
    /// `"note for the rep"`
    pub note: Option<Text>,
    /// `if EXPR`
    pub condition: Option<Expr>,
    /// `expires after D`, `expires at E`
    pub expires: Option<Expiry>,
    /// `approve`
    pub approve: bool,
    /// `roll …`
    pub roll: Option<At<Roll>>,
    /// `renamed from old`
    pub renamed_from: Option<Name>,
}

/// `email recap`, or `task "call them"` with words in place of a template.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The channel.
    pub channel: Name,
    /// The template or the words.
    pub content: At<Content>,
}

/// Which day a touch belongs to.
#[derive(Clone, Debug, PartialEq)]
pub enum When {
    /// `day N`
    Day(u32),
    /// `day N..M`
    Days(u32, u32),
    /// `+3d`
    Later(Length),
}

/// At which time of the day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TouchTime {
    /// `at 10:00`
    At(ClockTime),
    /// `morning`
    Part(String),
}

/// `then every 30d [at 10:00 | morning] email insight up to 12 times`
#[derive(Clone, Debug, PartialEq)]
pub struct TailDecl {
    /// How far apart.
    pub every: At<Length>,
    /// `at 10:00` or a named part of the day.
    pub time: Option<At<TouchTime>>,
    /// What to send.
    pub message: MessageDecl,
    /// `up to N times`
    pub times: Option<At<u32>>,
    /// The whole tail.
    pub range: Range,
}

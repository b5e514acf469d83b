//! The checked rulebook: every name resolved to an index, every expression typed. Made by
//! `check`, compiled by `plan`. What stands here is free of mistakes an author can make.

mod test;

use std::sync::Arc;

pub use test::*;

use crate::calendar::Calendar;
use crate::source::{Range, Sources};
use crate::timestamp::Span;
use crate::units::{ClockTime, Content, Length, Roll, Weekday};
use crate::value::{Type, Value};

macro_rules! index {
    ($($(#[$doc:meta])* $name:ident($int:ty)),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $int);
        impl $name {
            /// As an index into the list of its kind.
            #[must_use]
            pub fn index(self) -> usize { self.0 as usize }
        }
    )*};
}

index! {
    /// A `type` value of the log; index into [`Rulebook::types`].
    TypeId(u16),
    /// A property by name; index into [`Rulebook::props`].
    PropId(u16),
    /// A lead fact; index into [`Rulebook::facts`].
    FactId(u16),
    /// A set of events; index into [`Rulebook::sets`].
    SetId(u16),
    /// A tier; index into [`Rulebook::tiers`], most urgent first.
    TierId(u8),
    /// A channel; index into [`Rulebook::channels`].
    ChannelId(u8),
    /// A calendar; index into [`Rulebook::calendars`].
    CalendarId(u8),
    /// A sequence; index into [`Rulebook::sequences`].
    SequenceId(u16),
    /// A score; index into [`Rulebook::scores`].
    ScoreId(u16),
    /// A tag; index into [`Rulebook::tags`].
    TagId(u16),
    /// A rule; index into [`Rulebook::rules`].
    RuleId(u16),
    /// A script; index into [`Rulebook::scripts`].
    ScriptId(u16),
    /// A template; index into [`Rulebook::templates`].
    TemplateId(u16),
    /// An experiment; index into [`Rulebook::experiments`].
    ExperimentId(u16),
}

/// A rulebook without mistakes, the standard vocabulary merged in.
#[derive(Clone, Debug)]
pub struct Rulebook {
    /// The texts everything below points into.
    pub sources: Arc<Sources>,
    /// Log types that some event names. Index 0 is always [`TOUCHED_TYPE`].
    pub types: Vec<EventType>,
    /// Names of event properties.
    pub props: Vec<String>,
    /// The facts a lead can have. The facts named in [`WellKnown`] always exist.
    pub facts: Vec<Fact>,
    /// Sets of events that triggers, scores and expressions speak of; equal sets appear once.
    pub sets: Vec<EventSet>,
    /// Tiers, most urgent first.
    pub tiers: Vec<Tier>,
    /// Calendars, by name.
    pub calendars: Vec<Calendar>,
    /// Channels, standard ones included.
    pub channels: Vec<Channel>,
    /// Sequences in rulebook order.
    pub sequences: Vec<Sequence>,
    /// Scores in rulebook order.
    pub scores: Vec<Score>,
    /// Rhai scripts: those of scores, and files with functions that expressions call.
    pub scripts: Vec<BookScript>,
    /// Templates by name, those of one name by channel; empty where the rulebook has no `templates`
    /// folder, and then messages are not looked into. [`Rulebook::template`] finds one.
    pub templates: Vec<BookTemplate>,
    /// Experiments in rulebook order.
    pub experiments: Vec<Experiment>,
    /// Names of tags.
    pub tags: Vec<String>,
    /// Rules in rulebook order: vocabulary first, then by path and line.
    pub rules: Vec<Rule>,
    /// Tests in rulebook order.
    pub tests: Vec<Test>,
    /// Invariants in rulebook order.
    pub invariants: Vec<Invariant>,
    /// Settings with their defaults.
    pub settings: Settings,
    /// Which facts and events the engine itself looks at.
    pub well_known: WellKnown,
}

impl Rulebook {
    /// The template that messages of a channel call by this name.
    #[must_use]
    pub fn template(&self, name: &str, channel: ChannelId) -> Option<TemplateId> {
        let key = |template: &BookTemplate| template.name.as_str().cmp(name).then(template.channel.cmp(&channel));
        self.templates.binary_search_by(key).ok().map(|at| TemplateId(at as u16))
    }
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

/// A tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tier {
    /// Its name.
    pub name: String,
    /// Where it is declared.
    pub range: Range,
}

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapScope {
    /// Of one lead.
    Lead,
    /// Of all leads of one account.
    Account,
    /// Of all leads of one owner.
    Owner,
}

/// `settings { … }`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How old news may be and still act (but for stops, holds and suppressions). Default 3 days.
    pub stale_after: Span,
}

/// A rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its stable name: the label, or one derived from its text.
    pub label: String,
    /// Where it stands; its start is what `source` shows.
    pub range: Range,
    /// `why "…"`
    pub why: Option<String>,
    /// When it is looked at.
    pub trigger: Trigger,
    /// `while`
    pub while_: Option<State>,
    /// `where`
    pub guard: Option<Expr>,
    /// `once`, `at most once per D`
    pub limit: Option<Limit>,
    /// The arms, the first that matches acts; a plain rule has one, without a guard.
    pub arms: Vec<Arm>,
    /// From the standard vocabulary.
    pub standard: bool,
}

/// How often a rule may act on one lead.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// Once, ever.
    Once,
    /// At most once in so long, measured.
    AtMostOncePer(Span),
}

/// One line of a decision list, or the whole of a plain rule.
#[derive(Clone, Debug)]
pub struct Arm {
    /// `where E`
    pub guard: Option<Expr>,
    /// What it does.
    pub effects: Vec<Effect>,
    /// Its own `why`.
    pub why: Option<String>,
    /// Where it stands.
    pub range: Range,
}

/// When a rule is looked at.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each field is the part of its name")]
pub enum Trigger {
    /// `EVENT`
    Event(SetId),
    /// `EVENT Nx [within D] [without EVENT2]`; `times >= 1`.
    Count { set: SetId, times: u32, within: Option<Span>, without: Option<SetId> },
    /// `EVENT within D after EVENT2`
    Follows { set: SetId, within: Length, after: SetId },
    /// `no EVENT within D after EVENT2`
    AbsentAfter { set: SetId, within: Length, after: SetId },
    /// `no EVENT for D`, and `silent D` with the set of engagement events.
    Absent { set: SetId, length: Length },
    /// `SCORE >= n` (upward) or `SCORE < n` (downward); `inclusive`: `>=` and `<=`.
    Score { score: ScoreId, upward: bool, inclusive: bool, value: f64 },
    /// `becomes TIER`
    Becomes(TierId),
    /// `leaves TIER`
    Leaves(TierId),
    /// `finished SEQ`
    Finished(SequenceId),
    /// `enrolled SEQ`
    Enrolled(SequenceId),
    /// `exited SEQ`
    Exited(SequenceId),
    /// `every D`
    Every { length: Length },
    /// `every mon at 09:00`; days from Monday.
    EveryWeekday { days: [bool; 7], at: ClockTime },
}

/// A `while` condition.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// In the tier.
    Tier(TierId),
    /// Enrolled in the sequence.
    In(SequenceId),
    /// Suppressed on every channel.
    Suppressed,
    /// Not.
    Not(Box<State>),
    /// Both.
    And(Box<State>, Box<State>),
    /// Either.
    Or(Box<State>, Box<State>),
}

/// A typed expression. Missing values follow section 3 of the language: `==`, `!=`, `in` take a
/// missing value as equal to nothing; where `check` let ordering or arithmetic through, no operand
/// can be missing, and the engine treats one as false or missing all the same.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A constant; `let` names and tier names are already replaced by it (tiers as text).
    Constant(Value),
    /// A fact of the lead.
    Fact(FactId),
    /// A property of the triggering event (`Missing` where it has none).
    Prop(PropId),
    /// The name of the lead's tier, missing where it has none.
    Tier,
    /// A score's present worth.
    Score(ScoreId),
    /// Touches sent to this lead since its last reply.
    Touches,
    /// The moment of the decision.
    Now,
    /// `count(EVENT, D)`, `count(EVENT)`
    Count(SetId, Option<Span>),
    /// `days_since(EVENT)`: whole days.
    DaysSince(SetId),
    /// `has x`
    Has(Box<Expr>),
    /// `x ?? default`
    Default(Box<Expr>, Box<Expr>),
    /// `not x`
    Not(Box<Expr>),
    /// `-x`
    Negate(Box<Expr>),
    /// Both.
    And(Box<Expr>, Box<Expr>),
    /// Either.
    Or(Box<Expr>, Box<Expr>),
    /// `left op right` with values of comparable types.
    Compare(Comparison, Box<Expr>, Box<Expr>),
    /// `x in list`
    In(Box<Expr>, Box<Expr>),
    /// A list of expressions that are not all constant.
    List(Vec<Expr>),
    /// Numbers; a time and a length; two times give a length; two lengths.
    Arithmetic(Arithmetic, Box<Expr>, Box<Expr>),
    /// A function of a script: a number or a truth value, missing where it fails.
    Call {
        /// The script that defines it.
        script: ScriptId,
        /// Its name.
        function: String,
        /// What it is given.
        args: Vec<Expr>,
        /// Where it is called.
        range: Range,
    },
}

/// Comparison operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Arithmetic operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// An effect with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// What it does.
    pub kind: EffectKind,
    /// Where it stands.
    pub range: Range,
}

/// Every effect.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each field is the part of its name")]
pub enum EffectKind {
    Tier(TierId),
    Start(SequenceId),
    Stop,
    StopSequence(SequenceId),
    StopAccount,
    StopAll,
    Hold { account: bool, until: HoldEnd },
    Resume,
    Suppress { channel: Option<ChannelId>, length: Option<Length> },
    Unsuppress { channel: Option<ChannelId> },
    Send { channel: ChannelId, content: Content, timing: Timing },
    Alert { to: Person, text: String },
    Escalate { to: Person, text: String },
    Assign(Expr),
    Set { fact: FactId, value: Expr },
    Add { score: ScoreId, amount: Expr },
    Tag(TagId),
    Untag(TagId),
    Webhook(String),
}

/// When a hold ends.
#[derive(Clone, Debug, PartialEq)]
pub enum HoldEnd {
    /// After a length; days are calendar days.
    After(Length),
    /// At a moment or on a day; a missing value holds until a `resume`.
    Until(Expr),
}

/// Whom an alert is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Person {
    /// The lead's owner.
    Owner,
    /// The owner's manager.
    Manager,
}

/// When a single action is due.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each field is the part of its name")]
pub enum Timing {
    /// At once.
    Now,
    /// After a length; days are calendar days; at a clock time where one is given.
    In { length: Length, at: Option<ClockTime> },
    /// The next such clock time.
    At(ClockTime),
    /// The next such weekday and time.
    Next { day: Weekday, at: ClockTime },
    /// So long before a moment (`event.start`).
    Before { length: Length, moment: Expr },
    /// So long after a moment.
    After { length: Length, moment: Expr },
}

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
    /// `expires after`
    pub expires: Option<Length>,
    /// A person releases it first.
    pub approve: bool,
    /// Where it goes from a closed day.
    pub roll: Roll,
    /// `renamed from`
    pub renamed_from: Option<String>,
}

/// Which day a touch belongs to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum When {
    /// The days N..=M of the enrollment, from 1; `day N` is N..=N.
    Days(u32, u32),
    /// So long after the previous touch was sent; days are calendar days.
    Later(Length),
}

/// At which time of the day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TouchTime {
    /// No clock time.
    Any,
    /// A clock time.
    At(ClockTime),
    /// A named part of the day of the channel's calendar, with its name.
    Part(String, ClockTime, ClockTime),
}

/// A score.
#[derive(Clone, Debug)]
pub struct Score {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub range: Range,
    /// How many points which events bring.
    pub points: Vec<(SetId, f64)>,
    /// How points lose worth.
    pub decay: Decay,
    /// The score never reads above this.
    pub cap: Option<f64>,
    /// The score never reads below this.
    pub floor: Option<f64>,
    /// The script whose result is the score, in place of points.
    pub script: Option<ScriptScore>,
}

/// A score that a script computes.
#[derive(Clone, Debug)]
pub struct ScriptScore {
    /// The script.
    pub script: ScriptId,
    /// `on EVENT, …`: only these run it; empty: whatever changes what it reads.
    pub on: Vec<SetId>,
}

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

/// A template of the rulebook.
#[derive(Clone, Debug)]
pub struct BookTemplate {
    /// Its name: the file's name without `.md`, whatever folder below `templates` it is in. One name
    /// may stand for a template on each of several channels.
    pub name: String,
    /// The parsed template.
    pub template: crate::template::Template,
    /// The channel it is for.
    pub channel: ChannelId,
    /// What each of its [`crate::template::Template::variables`] stands for, by index.
    pub values: Vec<Filling>,
    /// The file among the sources.
    pub range: Range,
}

/// Where a template's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filling {
    /// A fact of the lead.
    Fact(FactId),
    /// A property of the triggering event.
    Prop(PropId),
    /// A person supplies it.
    Need,
}

/// `experiment NAME on SEQ.TOUCH { … }`
#[derive(Clone, Debug)]
pub struct Experiment {
    /// Its name.
    pub name: String,
    /// The sequence.
    pub sequence: SequenceId,
    /// Index of the touch; the tail follows the last one.
    pub touch: u16,
    /// Templates with their weights in percent, summing to 100.
    pub variants: Vec<(String, f64)>,
    /// What counts as a success, and within how long after the touch.
    pub goal: Option<(SetId, Span)>,
    /// Where it stands.
    pub range: Range,
}

/// How points lose worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Decay {
    /// Never.
    None,
    /// By half in every such span, each from its own time.
    HalfLife(Span),
    /// Whole for so long, then nothing.
    Window(Span),
}

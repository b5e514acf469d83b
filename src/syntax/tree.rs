//! The syntax tree: what the author wrote, with the place of every part. Made by `syntax::parse`,
//! read by `check` alone. Names are not resolved and nothing is typed here.

mod expression;
mod metric;
mod rule;
mod sequence;
mod test;

use crate::decimal::Decimal;
use crate::source::{Range, SourceId};
pub use crate::units::{ClockTime, Content, Length, Per, Period, Roll, Unit, Weekday, ZoneSource};
pub use expression::*;
pub use metric::*;
pub use rule::*;
pub use sequence::*;
pub use test::*;

/// Something with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct At<T> {
    /// The thing.
    pub node: T,
    /// Where it stands.
    pub range: Range,
}

/// A name as written.
pub type Name = At<String>;
/// A tier as declared: `dead final`.
#[derive(Clone, Debug, PartialEq)]
pub struct TierDecl {
    /// Its name.
    pub name: Name,
    /// Whoever is in it needs no next step.
    pub is_final: bool,
}

/// The value of a quoted text, escapes resolved.
pub type Text = At<String>;

/// One parsed file; items in the order written. Items that did not parse are left out.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// Which file.
    pub source: SourceId,
    /// Its declarations and rules.
    pub items: Vec<Item>,
}

/// One declaration or rule.
pub type Item = At<ItemKind>;

/// Every kind of declaration.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each variant is the declaration of its name")]
pub enum ItemKind {
    Event(EventDecl),
    Group(GroupDecl),
    Lead(Vec<Field>),
    Tiers(Vec<TierDecl>),
    Topics(Vec<Name>),
    Calendar(CalendarDecl),
    Channel(ChannelDecl),
    Contact(ContactDecl),
    Let(LetDecl),
    Settings(Vec<Setting>),
    Rule(RuleDecl),
    Sequence(SequenceDecl),
    Score(ScoreDecl),
    Experiment(ExperimentDecl),
    Test(TestDecl),
    Invariant(InvariantDecl),
    Metric(MetricDecl),
}

/// `event trial_started is "product.trial_started" where E { plan text, seats number? }`
#[derive(Clone, Debug, PartialEq)]
pub struct EventDecl {
    /// The event's names; all mean the same.
    pub names: Vec<Name>,
    /// Values of `type` in the log.
    pub types: Vec<Text>,
    /// `where`: over the event's own properties, by bare name.
    pub guard: Option<Expr>,
    /// Typed properties.
    pub fields: Vec<Field>,
}

/// `name type[?] [= default] [is "…", "…"] [sets fact]`, in `event { }` and `lead { }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Property or fact.
    pub name: Name,
    /// `text number bool time date zone email list`, as written.
    pub ty: Name,
    /// `?`: may be missing.
    pub optional: bool,
    /// `= value` (lead facts only).
    pub default: Option<Expr>,
    /// `is`: its names in the log, the first that is there; its own where there are none.
    pub names: Vec<Text>,
    /// `sets`: the lead fact that it sets (events only).
    pub sets: Option<Name>,
    /// The whole field.
    pub range: Range,
}

/// `group engagement = opened, clicked`
#[derive(Clone, Debug, PartialEq)]
pub struct GroupDecl {
    /// The group's name.
    pub name: Name,
    /// Events or groups.
    pub members: Vec<Name>,
}

/// `calendar office { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct CalendarDecl {
    /// The calendar's name.
    pub name: Name,
    /// Its lines, in order.
    pub entries: Vec<At<CalendarEntry>>,
}

/// One line of a calendar.
#[derive(Clone, Debug, PartialEq)]
pub enum CalendarEntry {
    /// `days mon..fri` or `days mon, wed, fri`
    Days(Vec<DayRange>),
    /// `hours 09:00-17:00`
    Hours(TimeRange),
    /// `morning 09:00-12:00`: a named part of the day.
    Part(Name, TimeRange),
    /// `prefer wed, thu 10:00-14:00`
    Prefer(Vec<DayRange>, Option<TimeRange>),
    /// `closed from "calendars/us.yaml"`
    ClosedFrom(Text),
    /// `zone lead, account, owner, "America/New_York"`
    Zone(Vec<At<ZoneSource>>),
}

/// `mon` or `mon..fri`; may wrap (`fri..mon`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DayRange {
    /// First day.
    pub first: Weekday,
    /// Last day, the same for a single day.
    pub last: Weekday,
    /// Where it stands.
    pub range: Range,
}

/// `09:00-17:00`, half-open; `start > end` wraps midnight; `start == end` is for `check` to refuse.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeRange {
    /// First minute inside.
    pub start: ClockTime,
    /// First minute outside.
    pub end: ClockTime,
    /// Where it stands.
    pub range: Range,
}

/// `channel email { calendar office, cap 1 per 1d per lead }`
#[derive(Clone, Debug, PartialEq)]
pub struct ChannelDecl {
    /// The channel's name.
    pub name: Name,
    /// `like email`: the channel whose kind it is of.
    pub like: Option<Name>,
    /// Its clauses, in order.
    pub clauses: Vec<At<ChannelClause>>,
}

/// One clause of a channel.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each field is the part of its name")]
pub enum ChannelClause {
    /// `calendar office`
    Calendar(Name),
    /// `cap 1 per 1d per lead`; the last name is `lead`, `owner` or `account`, as written.
    Cap { count: At<Decimal>, per: At<Per>, scope: Name },
    /// `quiet 20:00-09:00`
    Quiet(TimeRange),
    /// `require sms_ok`
    Require(Expr),
    /// `needs email also work_email`: facts, the one that must be known first.
    Needs(Vec<Name>),
    /// `manual`: a person does it, from a task.
    Manual,
    /// `transactional`: answers to what the lead has done; neither hours nor limits hold for it.
    Transactional,
}

/// `contact email, sms { gap 4h, cap 2 per 1d per lead }`
#[derive(Clone, Debug, PartialEq)]
pub struct ContactDecl {
    /// The kinds of channels it is about; all that need no person where there are none.
    pub kinds: Vec<Name>,
    /// Its clauses, in order.
    pub clauses: Vec<At<ContactClause>>,
}

/// One clause of a `contact` block.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each field is the part of its name")]
pub enum ContactClause {
    /// `gap 4h`
    Gap(At<Length>),
    /// `quiet 21:00-08:00`
    Quiet(TimeRange),
    /// `cap 2 per 1d per lead`; the last name is `lead`, `owner` or `account`, as written.
    Cap { count: At<Decimal>, per: At<Per>, scope: Name },
}

/// `let hot_score = 60`
#[derive(Clone, Debug, PartialEq)]
pub struct LetDecl {
    /// The constant's name.
    pub name: Name,
    /// A constant expression.
    pub value: Expr,
}

/// `settings { stale_after 3d }`: one line.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The setting.
    pub name: Name,
    /// Its value.
    pub value: Expr,
}

/// `score NAME { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreDecl {
    /// The score's name.
    pub name: Name,
    /// Its lines, in order.
    pub lines: Vec<At<ScoreLine>>,
}

/// One line of a score.
#[derive(Clone, Debug, PartialEq)]
pub enum ScoreLine {
    /// `opened +5`, `unsubscribed -20`
    Points(EventRef, Decimal),
    /// `half_life 14d`
    HalfLife(At<Length>),
    /// `window 30d`
    Window(At<Length>),
    /// `cap 100`
    Cap(Decimal),
    /// `floor 0`
    Floor(Decimal),
    /// `rhai """…"""`: the script's text; the range covers the text inside the quotes.
    Rhai(Text),
    /// `script "scripts/x.rhai"`
    Script(Text),
    /// `on visited, demo`: when a script is run again.
    On(Vec<EventRef>),
}

/// `experiment NAME on SEQ.TOUCH { recap 50%, recap_short 50%, goal replied within 7d }`
#[derive(Clone, Debug, PartialEq)]
pub struct ExperimentDecl {
    /// The experiment's name.
    pub name: Name,
    /// The sequence.
    pub sequence: Name,
    /// The touch's id; of an experiment on the whole sequence none.
    pub touch: Option<Name>,
    /// Its variants, in order.
    pub variants: Vec<VariantDecl>,
    /// `goal EVENT within D`
    pub goal: Option<(EventRef, At<Length>)>,
    /// `find +50%`: the lift to find.
    pub find: Option<At<Decimal>>,
    /// `at most 120d`
    pub at_most: Option<At<Length>>,
    /// `guard EVENT within D`
    pub guard: Option<(EventRef, At<Length>)>,
}

/// One variant of an experiment and its share.
#[derive(Clone, Debug, PartialEq)]
pub struct VariantDecl {
    /// What it is.
    pub what: At<VariantKind>,
    /// Its share of the leads, in percent.
    pub share: At<Decimal>,
}

/// What a variant puts in the place of what is written.
#[derive(Clone, Debug, PartialEq)]
pub enum VariantKind {
    /// `recap`: a template; of an experiment on a whole sequence, a sequence.
    Named(String),
    /// `day 5`
    Day(u32),
    /// `+2d`
    Later(Length),
    /// `at 14:00`
    At(ClockTime),
    /// `sms check_in`
    Choice(Choice),
}

//! The syntax tree: what the author wrote, with the place of every part. Made by `syntax::parse`,
//! read by `check` alone. Names are not resolved and nothing is typed here.

mod test;

use crate::source::{Range, SourceId};
pub use crate::units::{ClockTime, Content, Length, Roll, Unit, Weekday, ZoneSource};
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
    Tiers(Vec<Name>),
    Calendar(CalendarDecl),
    Channel(ChannelDecl),
    Let(LetDecl),
    Settings(Vec<Setting>),
    Rule(RuleDecl),
    Sequence(SequenceDecl),
    Score(ScoreDecl),
    Experiment(ExperimentDecl),
    Test(TestDecl),
    Invariant(InvariantDecl),
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

/// `name type[?] [= default]`, in `event { }` and `lead { }`.
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
    Cap { count: At<f64>, per: At<Length>, scope: Name },
    /// `quiet 20:00-09:00`
    Quiet(TimeRange),
    /// `require sms_ok`
    Require(Expr),
    /// `manual`: a person does it, from a task.
    Manual,
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

/// `[label:] TRIGGER [while STATE] [where EXPR] [once | at most once per D] -> EFFECT, … [why "…"]`
/// or `[label:] on TRIGGER [while …] [where …] [once …] { where E -> … otherwise -> … } [why "…"]`
#[derive(Clone, Debug, PartialEq)]
pub struct RuleDecl {
    /// The rule's stable name.
    pub label: Option<Name>,
    /// When it is looked at.
    pub trigger: Trigger,
    /// `while`
    pub while_: Option<State>,
    /// `where`
    pub guard: Option<Expr>,
    /// `once`, `at most once per D`
    pub limit: Option<At<Limit>>,
    /// What it does.
    pub body: RuleBody,
    /// `why "…"`
    pub why: Option<Text>,
}

/// How often a rule may act on one lead.
#[derive(Clone, Debug, PartialEq)]
pub enum Limit {
    /// `once`: once per lead, ever.
    Once,
    /// `at most once per D`
    AtMostOncePer(At<Length>),
}

/// What a rule does.
#[derive(Clone, Debug, PartialEq)]
pub enum RuleBody {
    /// `-> EFFECT, EFFECT`
    Effects(Vec<Effect>),
    /// `on … { where E -> … }`: the first arm that matches acts.
    Decision(Vec<Arm>),
}

/// One line of a decision list.
#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    /// `where E`, or `None` for `otherwise`.
    pub guard: Option<Expr>,
    /// `-> EFFECT, EFFECT`
    pub effects: Vec<Effect>,
    /// `why "…"`
    pub why: Option<Text>,
    /// The whole line.
    pub range: Range,
}

/// An event by name with conditions on its properties: `visited(page == "pricing")`.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRef {
    /// An event or a group.
    pub name: Name,
    /// Conditions, all of which must hold; bare names are the event's properties.
    pub filters: Vec<Expr>,
    /// The whole reference.
    pub range: Range,
}

/// When a rule is looked at.
pub type Trigger = At<TriggerKind>;

/// Every trigger form.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each field is the part of its name")]
pub enum TriggerKind {
    /// `EVENT`
    Event(EventRef),
    /// `EVENT Nx [within D] [without EVENT2]`
    Count { event: EventRef, times: At<u32>, within: Option<At<Length>>, without: Option<EventRef> },
    /// `EVENT within D after EVENT2`
    Follows { event: EventRef, within: At<Length>, after: EventRef },
    /// `no EVENT within D after EVENT2`
    AbsentAfter { event: EventRef, within: At<Length>, after: EventRef },
    /// `no EVENT for D`
    Absent { event: EventRef, length: At<Length> },
    /// `silent D`
    Silent { length: At<Length> },
    /// `SCORE >= n`, `SCORE < n` (any comparison parses; `check` allows `>=`, `>`, `<`, `<=`)
    Score { score: Name, op: At<BinaryOp>, value: Expr },
    /// `becomes TIER`
    Becomes(Name),
    /// `leaves TIER`
    Leaves(Name),
    /// `finished SEQ`
    Finished(Name),
    /// `enrolled SEQ`
    Enrolled(Name),
    /// `exited SEQ`
    Exited(Name),
    /// `every D`
    Every { length: At<Length> },
    /// `every mon at 09:00`, `every mon..fri at 09:00`
    EveryWeekday { days: Vec<DayRange>, at: At<ClockTime> },
}

/// `while` conditions.
pub type State = At<StateKind>;

/// The parts of a `while` condition.
#[derive(Clone, Debug, PartialEq)]
pub enum StateKind {
    /// A tier's name.
    Tier(String),
    /// `in SEQ` (`not in SEQ` is `Not(In(SEQ))`).
    In(Name),
    /// `suppressed`
    Suppressed,
    /// `not S`
    Not(Box<State>),
    /// `S and S`
    And(Box<State>, Box<State>),
    /// `S or S`
    Or(Box<State>, Box<State>),
}

/// An expression.
pub type Expr = At<ExprKind>;

/// The forms of an expression. Which names mean what is for `check` to find.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each field is the part of its name")]
pub enum ExprKind {
    Number(f64),
    Text(String),
    Bool(bool),
    Length(Length),
    Time(ClockTime),
    /// `2026-03-02`
    Date {
        year: i32,
        month: u8,
        day: u8,
    },
    /// `2026-03-02 09:00`
    DateTime {
        year: i32,
        month: u8,
        day: u8,
        time: ClockTime,
    },
    List(Vec<Expr>),
    /// A bare name: fact, property, constant, score, tier, or an event inside `count(…)`.
    Name(String),
    /// `event.prop`: the name before the dot and the one after it.
    Property {
        base: Name,
        name: Name,
    },
    /// `count(opened, 7d)`, `visited(page == "pricing")`, a Rhai function
    Call {
        name: Name,
        args: Vec<Expr>,
    },
    /// `has x`
    Has(Box<Expr>),
    /// `x ?? default`
    Default(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    Binary {
        op: At<BinaryOp>,
        left: Box<Expr>,
        right: Box<Expr>,
    },
}

impl At<ExprKind> {
    /// Calls `f` with this expression and every expression inside it.
    pub fn walk<'a>(&'a self, f: &mut impl FnMut(&'a Self)) {
        f(self);
        match &self.node {
            ExprKind::Has(a) | ExprKind::Not(a) | ExprKind::Negate(a) => a.walk(f),
            ExprKind::Default(a, b) | ExprKind::Binary { left: a, right: b, .. } => {
                a.walk(f);
                b.walk(f);
            }
            ExprKind::List(items) | ExprKind::Call { args: items, .. } => items.iter().for_each(|item| item.walk(f)),
            ExprKind::Number(_)
            | ExprKind::Text(_)
            | ExprKind::Bool(_)
            | ExprKind::Length(_)
            | ExprKind::Time(_)
            | ExprKind::Date { .. }
            | ExprKind::DateTime { .. }
            | ExprKind::Name(_)
            | ExprKind::Property { .. } => {}
        }
    }
}

/// Operators between two expressions, loosest first: `or`; `and`; comparisons and `in` (which do
/// not chain); `+ -`; `* /`; then `??`, which binds tighter than all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum BinaryOp {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// One effect of a rule.
pub type Effect = At<EffectKind>;

/// Every effect form.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each field is the part of its name")]
pub enum EffectKind {
    /// A bare name: a tier.
    Tier(String),
    /// `start SEQ`
    Start(Name),
    /// `stop`
    Stop,
    /// `stop SEQ`
    StopSequence(Name),
    /// `stop account`
    StopAccount,
    /// `stop all`
    StopAll,
    /// `hold D`, `hold account D`
    Hold { account: bool, length: At<Length> },
    /// `hold until EXPR`, `hold account until EXPR`
    HoldUntil { account: bool, until: Expr },
    /// `resume`
    Resume,
    /// `suppress [CHANNEL] [for D]`
    Suppress { channel: Option<Name>, length: Option<At<Length>> },
    /// `unsuppress [CHANNEL]`
    Unsuppress { channel: Option<Name> },
    /// `email T`, any channel with a template or a quoted text (`task "…"`)
    Send { channel: Name, content: At<Content>, timing: Option<At<Timing>> },
    /// `alert owner "…"`
    Alert { to: Name, text: Text },
    /// `escalate manager "…"`
    Escalate { to: Name, text: Text },
    /// `assign EXPR`
    Assign(Expr),
    /// `set field = EXPR`
    Set { field: Name, value: Expr },
    /// `add N to SCORE`
    Add { amount: Expr, score: Name },
    /// `tag x`
    Tag(Name),
    /// `untag x`
    Untag(Name),
    /// `webhook NAME`
    Webhook(Name),
}

/// When a single action is due; without one, at once.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each field is the part of its name")]
pub enum Timing {
    /// `in 2h`, optionally `in 2d at 10:00`
    In { length: At<Length>, at: Option<At<ClockTime>> },
    /// `at 10:00`: the next such time
    At(At<ClockTime>),
    /// `next mon at 09:00`
    Next { day: Weekday, at: At<ClockTime> },
    /// `24h before event.start`
    Before { length: At<Length>, moment: Expr },
    /// `1h after event.start`
    After { length: At<Length>, moment: Expr },
}

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
    /// `expires after D`
    pub expires: Option<At<Length>>,
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
    Points(EventRef, f64),
    /// `half_life 14d`
    HalfLife(At<Length>),
    /// `window 30d`
    Window(At<Length>),
    /// `cap 100`
    Cap(f64),
    /// `floor 0`
    Floor(f64),
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
    /// The touch's id.
    pub touch: Name,
    /// Variants: template and percent.
    pub variants: Vec<(Name, At<f64>)>,
    /// `goal EVENT within D`
    pub goal: Option<(EventRef, At<Length>)>,
}

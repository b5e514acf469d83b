//! Rules as they are written: triggers, states, effects and their times.

use super::*;

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
    /// `idle D`
    Idle { length: At<Length> },
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
    Send { channel: Name, content: At<Content>, timing: Option<At<Timing>>, expires: Option<Expiry> },
    /// `alert owner "…"`
    Alert { to: Name, text: Text, expires: Option<Expiry> },
    /// `escalate manager "…"`
    Escalate { to: Name, text: Text, expires: Option<Expiry> },
    /// `assign EXPR`
    Assign(Expr),
    /// `set field = EXPR`
    Set { field: Name, value: Expr },
    /// `add N to SCORE`
    Add { amount: Expr, score: Name },
    /// `unset FACT`; where a channel is called `unset`, a message on it.
    Unset { word: Name, field: Name },
    /// `tag x`
    Tag(Name),
    /// `untag x`
    Untag(Name),
    /// `webhook NAME`
    Webhook(Name),
}

/// When it is too late for what is to go out.
#[derive(Clone, Debug, PartialEq)]
pub enum Expiry {
    /// `expires after 2h`
    After(At<Length>),
    /// `expires at event.start`
    At(Box<Expr>),
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

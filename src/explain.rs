//! Why: what was decided about one lead, each decision with the events, counts, scores and clauses
//! it rests on; and what stands between a lead and what has not happened. Built by asking the engine
//! that decides; drawn by `report::explain`.

mod absent;
mod clause;
mod decided;
mod era;
mod future;
mod question;
mod route;
mod trigger;
mod variant;
pub mod words;

use std::cell::OnceCell;
use std::sync::Arc;

use crate::decimal::Decimal;
use crate::decision::names::Names;
use crate::decision::{Decision, Part, Reason};
use crate::engine::{Engine, Stopped};
use crate::event::LeadId;
use crate::local::Zone;
use crate::log::Log;
use crate::plan::Plan;
use crate::rulebook::{Pattern, Rulebook};
use crate::script::TimeGuard;
use crate::timestamp::Timestamp;
use crate::value::Value;

pub use era::{Era, Former, through};
pub use question::UnknownQuestion;
use words::ClauseWords;

/// What is asked for, beside what was decided.
#[derive(Clone, Debug, Default)]
pub struct ExplainOptions {
    /// As of this moment; default: the last entry of the log.
    pub at: Option<Timestamp>,
    /// Things that may not have happened.
    pub questions: Vec<Pattern>,
    /// Stops scripts that run for too long.
    pub guard: Option<TimeGuard>,
}

/// Everything there is to say about a lead at a moment.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// Whom it is about.
    pub lead: LeadId,
    /// As of when.
    pub at: Timestamp,
    /// In which zone times are written.
    pub zone: Zone,
    /// The rulebooks before the one in force, oldest first; none but for stores.
    pub former: Vec<Former>,
    /// How the lead stands.
    pub stands: Stands,
    /// What was decided, in order; what was decided at once by one cause stands together. With
    /// questions, only what answers them.
    pub decided: Vec<Why>,
    /// What is planned, by due time.
    pub ahead: Vec<Decision>,
    /// The answers to the questions.
    pub answers: Vec<Answer>,
}

/// How a lead stands.
#[derive(Clone, Debug, Default)]
pub struct Stands {
    /// Its tier, and since when.
    pub tier: Option<(String, Option<Timestamp>)>,
    /// The sequences it is in: name, which enrollment, since when.
    pub sequences: Vec<(String, u32, Timestamp)>,
    /// Touches sent since the last reply.
    pub touches: u32,
    /// Its scores.
    pub scores: Vec<ScoreWhy>,
    /// What keeps it from being moved or contacted: a locked tier, holds, suppressions, in words.
    pub barred: Vec<String>,
    /// What was told of it and not taken over, as something newer was known.
    pub older: Vec<OlderWhy>,
}

/// A value that was told of a lead and is older than what was known then.
#[derive(Clone, Debug)]
pub struct OlderWhy {
    /// The fact, or `account`.
    pub name: String,
    /// The value that was dropped; missing where it was to be emptied.
    pub value: Value,
    /// The moment it is of.
    pub of: Timestamp,
    /// The moment of what was known.
    pub known: Timestamp,
    /// When it was told.
    pub at: Timestamp,
    /// The event that told it.
    pub event: Option<EventWhy>,
}

/// Decisions of one cause at one moment, and why.
#[derive(Clone, Debug)]
pub struct Why {
    /// When.
    pub at: Timestamp,
    /// By which rulebook: an index into [`Explanation::former`], or beyond it for the one in force.
    pub era: usize,
    /// What decided.
    pub by: Origin,
    /// The decisions.
    pub did: Vec<Decision>,
    /// The events they rest on.
    pub events: Vec<EventWhy>,
    /// What was asked, in the order it was asked.
    pub clauses: Vec<Clause>,
    /// The scores the cause asks for, as they were.
    pub scores: Vec<ScoreWhy>,
    /// What led here, the nearest first.
    pub chain: Vec<Link>,
}

/// A rule, a line of it, a sequence or a touch, where the author wrote it; all empty for a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The name that stands in the timeline.
    pub name: String,
    /// `rules/rules.ensue:14`
    pub place: String,
    /// The text of that line.
    pub line: String,
    /// Its `why`.
    pub why: Option<String>,
}

/// An event of the log, or a touch of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventWhy {
    /// Its id; empty for a touch of the engine.
    pub id: String,
    /// Its type; for a touch of the engine channel and template.
    pub ty: String,
    /// When it happened.
    pub at: Timestamp,
    /// When it was learned of, where that was later.
    pub received_at: Option<Timestamp>,
    /// Whose it is, where it is another lead.
    pub lead: Option<String>,
    /// The log and the line, `events.jsonl:7`; empty for a touch of the engine.
    pub place: String,
}

/// What a clause is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClauseKind {
    /// The trigger.
    When,
    /// `while`
    While,
    /// `where`, of a rule, a line of it, or a sequence
    Where,
    /// `once`, `at most once per`
    Limit,
    /// News that is not too old.
    Fresh,
    /// An enrollment.
    Enrolled,
    /// The lead's variant of an experiment.
    Variant,
    /// A touch's turn in its sequence.
    Turn,
    /// `if`
    If,
    /// No hold.
    Hold,
    /// What a channel asks for: no suppression, `require`, its hours, its caps.
    Channel,
    /// What the effect would change.
    Effect,
}

impl ClauseKind {
    /// The word that stands before the clause.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::When => "when",
            Self::While => "while",
            Self::Where => "where",
            Self::Limit => "limit",
            Self::Fresh => "fresh",
            Self::Enrolled => "enrolled",
            Self::Variant => "variant",
            Self::Turn => "turn",
            Self::If => "if",
            Self::Hold => "hold",
            Self::Channel => "channel",
            Self::Effect => "effect",
        }
    }
}

/// A value that a condition asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// What was asked for, as the language says it.
    pub name: String,
    /// What was found.
    pub value: Value,
    /// It is a property of the event.
    pub of_event: bool,
}

/// One thing that was asked, and the answer.
#[derive(Clone, Debug)]
pub struct Clause {
    /// What it is.
    pub kind: ClauseKind,
    /// As the language says it.
    pub text: String,
    /// Whether it holds; `None` where only the event that is to come can tell.
    pub holds: Option<bool>,
    /// The values found.
    pub values: Vec<Found>,
    /// The answer in words: `2 of 3`.
    pub says: String,
    /// What would make it hold: `needs 1 more opened before 2026-03-09 10:00`.
    pub needs: Option<String>,
    /// When it will hold by the passing of time, or the last moment for what it needs.
    pub next: Option<Timestamp>,
    /// What was counted.
    pub events: Vec<EventWhy>,
    /// What was not, by reason.
    pub left_out: Vec<LeftOut>,
    /// The score it asks for.
    pub score: Option<ScoreWhy>,
    /// The parts of an `and` or `or`.
    pub parts: Vec<Clause>,
}

impl Clause {
    fn new(kind: ClauseKind, text: impl Into<String>, holds: bool) -> Self {
        Self {
            kind,
            text: text.into(),
            holds: Some(holds),
            values: Vec::new(),
            says: String::new(),
            needs: None,
            next: None,
            events: Vec::new(),
            left_out: Vec::new(),
            score: None,
            parts: Vec::new(),
        }
    }

    fn says(mut self, says: impl Into<String>) -> Self {
        self.says = says.into();
        self
    }

    fn needs(mut self, needs: impl Into<String>) -> Self {
        self.needs = Some(needs.into());
        self
    }

    fn next(mut self, next: Option<Timestamp>) -> Self {
        self.next = next;
        self
    }
}

/// Events that look as if they counted, and why they do not.
#[derive(Clone, Debug)]
pub struct LeftOut {
    /// Why.
    pub reason: String,
    /// Which.
    pub events: Vec<EventWhy>,
}

/// A score and what it is made of.
#[derive(Clone, Debug)]
pub struct ScoreWhy {
    /// Its name.
    pub name: String,
    /// What it reads.
    pub worth: Decimal,
    /// Its contributions, oldest first; empty for a script's.
    pub parts: Vec<Part>,
}

/// A step on the way to a decision.
#[derive(Clone, Debug)]
pub struct Link {
    /// When.
    pub at: Timestamp,
    /// What happened: `enrolled in hot_leads #1`.
    pub what: String,
    /// What decided it.
    pub by: Origin,
}

/// The answer to a question.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What was asked about, in words.
    pub question: String,
    /// When it happened, the latest last, each with its rulebook as in [`Why::era`].
    pub happened: Vec<(usize, Decision)>,
    /// What became of it where it did not: skipped, cancelled, muted.
    pub instead: Vec<(usize, Decision)>,
    /// When it will happen if nothing else does, and what will bring it; looked for within a year.
    pub next: Option<(Timestamp, Origin)>,
    /// Everything that could bring it.
    pub routes: Vec<Route>,
}

/// One thing that could have brought what did not happen.
#[derive(Clone, Debug)]
pub struct Route {
    /// The rule, touch or sequence.
    pub by: Origin,
    /// Each clause as of the moment.
    pub clauses: Vec<Clause>,
    /// How often its trigger has happened, and what came of it.
    pub tried: Tried,
    /// When it will act if nothing else happens; looked for within a year.
    pub next: Option<Timestamp>,
    /// What could bring what it waits for.
    pub routes: Vec<Route>,
}

impl Route {
    /// Whether every clause holds.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.clauses.iter().all(|clause| clause.holds == Some(true))
    }
}

/// How often a rule was judged.
#[derive(Clone, Debug, Default)]
pub struct Tried {
    /// How often its trigger happened.
    pub times: usize,
    /// How often it then acted.
    pub acted: usize,
    /// The last time: when, for which events, and the clause that stopped it.
    pub last: Option<(Timestamp, Vec<String>, Option<Clause>)>,
}

/// What an explanation is made from.
struct Inquiry<'a> {
    log: &'a Log,
    lead: LeadId,
    /// At the moment asked for.
    engine: Engine,
    /// What was decided about the lead.
    decisions: Vec<Decision>,
    /// What is planned for it.
    pending: Vec<Decision>,
    words: ClauseWords<'a>,
    /// The same up to the change that put this rulebook in force.
    earlier: Option<Box<Inquiry<'a>>>,
    /// The script that was stopped when the engine was let go on.
    stopped_ahead: OnceCell<Stopped>,
}

impl<'a> Inquiry<'a> {
    fn rulebook(&self) -> &'a Rulebook {
        self.words.rulebook
    }

    /// The names of its decisions.
    fn names(&self) -> Names<'_> {
        Names { rulebook: self.words.rulebook, log: self.log }
    }

    /// A reason in words.
    fn reason(&self, reason: &Reason) -> String {
        self.names().reason(reason, self.words.zone)
    }

    /// Which rulebook this is about, counted from the first.
    fn era(&self) -> usize {
        self.earlier.as_ref().map_or(0, |earlier| earlier.era() + 1)
    }

    /// The script that was stopped in the course of it, by any of the rulebooks.
    fn stopped(&self) -> Option<&Stopped> {
        self.back().find_map(|inquiry| inquiry.engine.stopped().or_else(|| inquiry.stopped_ahead.get()))
    }

    /// This and those of the rulebooks before, the newest first.
    fn back(&self) -> impl Iterator<Item = &Inquiry<'a>> {
        std::iter::successors(Some(self), |inquiry| inquiry.earlier.as_deref())
    }
}

/// Explains a lead; `None` where no event of the log is about it by then.
///
/// # Errors
/// The guard has stopped a script.
pub fn explain(
    plan: &Arc<Plan>,
    log: &Log,
    lead: LeadId,
    options: &ExplainOptions,
) -> Result<Option<Explanation>, Stopped> {
    through(&[Era { ruleset: "", plan, log, at: Timestamp::MIN, first: 0 }], lead, options)
}

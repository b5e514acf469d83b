//! Scoring scripts in Rhai: checked against everything that can be known before they run, then
//! run in a sandbox as functions of their inputs. Nothing here knows the engine; it connects
//! itself through [`ScriptReads`].
//!
//! A run ends by operations, by depth or by sizes, at the same place on every machine: how fast a
//! machine is decides nothing. A [`TimeGuard`], where there is one, takes back a run as if it had
//! not been asked for.
//!
//! A script sees
//! - `lead`: the lead's facts, read as `lead.NAME`; a missing one is `()`, numbers are fractions
//!   (`50000.0`; `to_int` makes one whole),
//! - `event`: the triggering event, `()` where there is none; `event.type`, `event.at`,
//!   `event.props.NAME`, all `()` where there is none,
//! - `tier`: the tier's name or `()`; `touches`: touches sent since the last reply,
//! - `now` and every other time: seconds since 1970-01-01T00:00:00Z, a whole number, with
//!   `seconds minutes hours days weeks` for lengths: `now - event.at < days(3)`; a date is its first
//!   moment in UTC unless the input says otherwise,
//! - `count("opened", "7d")`, `count("opened")`: how often; `days_since("replied")`: whole days;
//!   `last("opened")`: the time of the last one or `()`; `score("name")`: another score's present
//!   worth. Their arguments are texts, written out.
//!
//! The value of the last line (or of `return`) is the result. Division of two whole numbers drops
//! the rest, as everywhere in Rhai. Functions of a script see only what they are given:
//! no inputs, and no history.

mod compare;
mod evaluator;
mod library;
mod rewrite;
mod sandbox;
mod survey;
mod time_guard;
mod words;

use std::sync::Arc;

use rhai::{AST, Expr, Position};

use crate::units::Length;

pub use evaluator::{Evaluator, Fault, NoResult, ScriptReads};
pub use library::FUNCTIONS;
pub use time_guard::TimeGuard;

/// The names a script's inputs go by, in the order they lie in its scope.
pub(crate) const INPUTS: [&str; 5] = ["lead", "event", "tier", "touches", "now"];

/// A place in a script's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScriptPlace {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Bytes before it.
    pub byte: u32,
}

/// A mistake found before a script runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptError {
    /// Where.
    pub place: ScriptPlace,
    /// One line, lower case, no full stop, the author's text in backticks.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// Something a script reads; what it reads is known before it runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Need {
    /// `lead.NAME`
    Fact(String),
    /// `event`: whether an event triggered this run, as a truth value.
    Event,
    /// `event.type`: the type as written in the log, a text.
    EventType,
    /// `event.at`: a time.
    EventAt,
    /// `event.props.NAME`
    Prop(String),
    /// `tier`: a text, or missing.
    Tier,
    /// `touches`: a number.
    Touches,
    /// `now`: a time.
    Now,
    /// `count("EVENT")`, `count("EVENT", "LENGTH")`: a number. The length is never of business units.
    Count {
        /// The event's name.
        event: String,
        /// In how long; `None`: ever.
        length: Option<Length>,
    },
    /// `days_since("EVENT")`: a number.
    DaysSince(String),
    /// `last("EVENT")`: a time, or missing.
    Last(String),
    /// `score("NAME")`: a number.
    Score(String),
}

/// One thing a script reads, with the first place it does so.
#[derive(Clone, Debug, PartialEq)]
pub struct Use {
    /// What.
    pub need: Need,
    /// Where the name stands.
    pub place: ScriptPlace,
}

/// A function a script defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// How many values it takes.
    pub arity: usize,
}

/// A script without mistakes that can be found before it runs. Cheap to clone, free to share
/// between threads.
#[derive(Clone, Debug)]
pub struct Script(Arc<Compiled>);

/// What an evaluator runs.
#[derive(Debug)]
struct Compiled {
    text: String,
    ast: AST,
    /// All statements outside functions, as one block, with slots for what they read.
    body: Expr,
    uses: Vec<Use>,
    functions: Vec<Function>,
}

impl Script {
    /// Checks a script: its size, its syntax, its variables, and every function it calls.
    ///
    /// # Errors
    /// Every mistake found: only the first one of the syntax, else all of them by place.
    pub fn compile(text: &str) -> Result<Self, Vec<ScriptError>> {
        if text.len() > sandbox::MAX_SOURCE {
            return Err(vec![words::too_long(text)]);
        }
        let ast = evaluator::compiler()
            .compile_with_scope(&evaluator::scope(), text)
            .map_err(|error| vec![words::syntax(&error, text)])?;
        let (uses, functions) = survey::survey(&ast, text)?;
        let body = rewrite::body(&ast, &uses);
        Ok(Self(Arc::new(Compiled { text: text.to_owned(), ast, body, uses, functions })))
    }

    /// Everything the script reads, each thing once, by place. An [`ScriptReads`] answers by index.
    pub fn uses(&self) -> &[Use] {
        &self.0.uses
    }

    /// The functions the script defines, by name and number of values.
    pub fn functions(&self) -> &[Function] {
        &self.0.functions
    }

    /// Whether there is anything outside functions, that is, whether the script can be a score.
    pub fn has_result(&self) -> bool {
        !self.0.ast.statements().is_empty()
    }
}

/// The place of a position of the engine's; the first one where it knows none.
fn place(position: Position, text: &str) -> ScriptPlace {
    let line = position.line().unwrap_or(1).max(1);
    let column = position.position().unwrap_or(1).max(1);
    let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let rest = text.get(start..).unwrap_or("");
    let within: usize = rest.chars().take(column - 1).map(char::len_utf8).sum();
    let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    ScriptPlace { line: small(line), column: small(column), byte: small(start + within) }
}

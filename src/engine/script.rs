//! Scores that scripts compute, and script functions in expressions. A script is run when what it
//! reads has changed; its result is the score's new value, and one that fails leaves it as it was.

use std::cell::{OnceCell, RefCell, RefMut};
use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};
use std::time::Duration;

use crate::decision::{Because, Body, Cause, Decision};
use crate::plan::Plan;
use crate::rulebook::{BookScript, Read, ScriptId, SetId};
use crate::script::{Evaluator, Fault, NoResult, ScriptPlace, ScriptReads, TimeGuard};
use crate::source::Range;
use crate::timestamp::Timestamp;
use crate::value::{Value, View};

use super::evaluate::Scope;
use super::intake::because_of;
use super::lead::Stamp;
use super::{Moment, World, score};

/// A script that the time guard has stopped. What it would have said is not known: whatever was
/// decided since the engine was last fed is to be thrown away, and so is the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// The file the script stands in.
    pub path: String,
    /// The line in it, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// How long it was let run.
    pub limit: Duration,
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, column, limit } = self;
        write!(f, "{path}:{line}:{column}: the script has run for {} s and was stopped", limit.as_secs_f64())
    }
}

impl std::error::Error for Stopped {}

/// Runs the scripts of an engine. Copies of an engine start with one of their own.
#[derive(Debug, Default)]
pub(crate) struct Runner {
    guard: Option<TimeGuard>,
    /// Once a script was stopped, none runs any more.
    stopped: OnceCell<Stopped>,
    evaluator: RefCell<Option<Box<Evaluator>>>,
    /// Faults of functions in expressions, until the instant writes them down.
    faults: RefCell<Vec<String>>,
}

impl Clone for Runner {
    fn clone(&self) -> Self {
        Self { guard: self.guard, stopped: self.stopped.clone(), ..Self::default() }
    }
}

impl Runner {
    /// One that is watched by a guard, where there is one.
    pub fn guarded(guard: Option<TimeGuard>) -> Self {
        Self { guard, ..Self::default() }
    }

    pub fn guard(&self) -> Option<TimeGuard> {
        self.guard
    }

    /// The script that was stopped, if one was.
    pub fn stopped(&self) -> Option<&Stopped> {
        self.stopped.get()
    }

    /// Takes over that another one was stopped.
    pub fn stop_with(&self, other: &Self) {
        if let Some(stopped) = other.stopped() {
            self.stopped.get_or_init(|| stopped.clone());
        }
    }

    fn stop(&self, plan: &Plan, script: &BookScript, place: ScriptPlace) {
        let (path, line, column) = position(plan, script, place);
        let limit = self.guard.map_or(Duration::ZERO, |guard| guard.limit);
        self.stopped.get_or_init(|| Stopped { path: path.to_owned(), line, column, limit });
    }

    fn evaluator(&self) -> RefMut<'_, Box<Evaluator>> {
        let make = || Box::new(Evaluator::new(self.guard));
        RefMut::map(self.evaluator.borrow_mut(), |evaluator| evaluator.get_or_insert_with(make))
    }

    /// The value of a function; missing where it fails, and then the fault is kept.
    pub fn call<'a>(
        &self,
        scope: &Scope<'a>,
        (script, function): (ScriptId, &str),
        args: &[View<'_>],
        from: Range,
    ) -> View<'a> {
        let Some(definition) = scope.plan.rulebook.scripts.get(script) else { return View::Missing };
        if self.stopped().is_some() {
            return View::Missing;
        }
        let result = self.evaluator().call(&definition.script, function, args);
        match result {
            Ok(Value::Bool(truth)) => View::Bool(truth),
            Ok(Value::Number(number)) => View::Number(number),
            Ok(_) => {
                let place = scope.plan.rulebook.sources.place(from);
                let text = format!("{place}: `{function}` gave neither a number nor a truth value");
                self.faults.borrow_mut().push(text);
                View::Missing
            }
            Err(NoResult::Stopped(place)) => {
                self.stop(scope.plan, definition, place);
                View::Missing
            }
            Err(NoResult::Fault(fault)) => {
                let place = scope.plan.rulebook.sources.place(from);
                let text = format!("{}, called from {place}", located(scope.plan, definition, &fault));
                self.faults.borrow_mut().push(text);
                View::Missing
            }
        }
    }

    /// Takes the faults of functions since this was last asked.
    pub fn take_faults(&self) -> Vec<String> {
        std::mem::take(&mut self.faults.borrow_mut())
    }
}

/// `rules/scores.ensue:12:5: message`
fn located(plan: &Plan, script: &BookScript, fault: &Fault) -> String {
    let (path, line, column) = position(plan, script, fault.place);
    format!("{path}:{line}:{column}: {}", fault.message)
}

/// A place of a script in the file it stands in.
fn position<'a>(plan: &'a Plan, script: &BookScript, place: ScriptPlace) -> (&'a str, u32, u32) {
    let file = plan.rulebook.sources.file(script.range.source);
    let (line, column) = file.line_column(script.range.start + place.byte);
    (&file.path, line, column)
}

/// What a script reads, answered from a scope.
struct ScriptInput<'a, 'b> {
    scope: &'b Scope<'a>,
    reads: &'b [Read],
}

impl ScriptReads for ScriptInput<'_, '_> {
    fn value(&self, index: usize) -> View<'_> {
        self.reads.get(index).map_or(View::Missing, |read| self.scope.read(*read))
    }

    fn date(&self, days: i32) -> i64 {
        self.scope.moment(View::Date(days)).map_or(0, |at| at.0.div_euclid(1_000_000))
    }
}

impl<'a> Scope<'a> {
    /// The value of something a script reads.
    fn read(&self, read: Read) -> View<'a> {
        match read {
            Read::Fact(fact) => self.fact(fact),
            Read::Event => View::Bool(self.event.is_some()),
            Read::EventType => self
                .event
                .and_then(|(ty, _)| self.plan.rulebook.types.get(ty))
                .map_or(View::Missing, |ty| View::Text(&ty.name)),
            Read::EventAt => self.event.map_or(View::Missing, |(_, at)| View::Time(at)),
            Read::Prop(prop) => self.props.get(prop),
            Read::Tier => self.tier(),
            Read::Touches => View::Number(self.lead.touches.into()),
            Read::Now => View::Time(self.now),
            Read::Count(set, within) => View::Number(self.count(set, within)),
            Read::DaysSince(set) => View::Number(self.days_since(set)),
            Read::Last(set) => self.last(set).map_or(View::Missing, View::Time),
            Read::Score(id) => View::Number(score::worth(self.plan, self.lead, id, self.now)),
        }
    }

    fn last(&self, set: SetId) -> Option<Timestamp> {
        let slot = self.plan.last_of.get(set).copied().flatten()?;
        self.lead.last.get(slot).filter(|stamp| !stamp.is_never()).map(|stamp| stamp.at)
    }

    /// A fingerprint of everything a script reads: while it stays, so does the score.
    fn fingerprint(&self, reads: &[Read]) -> u64 {
        let mut hasher = foldhash::fast::FixedState::with_seed(0).build_hasher();
        for read in reads {
            match self.read(*read) {
                View::Missing => 0u8.hash(&mut hasher),
                View::Bool(truth) => (1u8, truth).hash(&mut hasher),
                View::Number(number) => (2u8, number).hash(&mut hasher),
                View::Text(text) => (3u8, text).hash(&mut hasher),
                View::Time(at) => (4u8, at).hash(&mut hasher),
                View::Date(day) => (5u8, day).hash(&mut hasher),
                View::Length(length) => (6u8, length).hash(&mut hasher),
                View::List(items) => format!("{items:?}").hash(&mut hasher),
            }
        }
        // 0 stands for a script that has not run.
        hasher.finish().max(1)
    }
}

impl World {
    /// Runs the scripts whose events the present one is among, and those that say none, where
    /// what they read has changed.
    #[expect(clippy::indexing_slicing, reason = "indices are made by the plan that sized the lead")]
    pub(super) fn run_scripts(
        &mut self,
        moment: &Moment<'_>,
        slot: u32,
        asked: &[usize],
        stamp: Stamp,
        out: &mut Vec<Decision>,
    ) {
        let plan = moment.plan;
        for (place, id) in plan.scripts.iter().enumerate() {
            if self.runner.stopped().is_some() {
                return;
            }
            let definition = &plan.rulebook.scores[id.index()];
            let Some(scripted) = &definition.script else { continue };
            if !scripted.on.is_empty() && !asked.contains(&place) {
                continue;
            }
            let script = &plan.rulebook.scripts[scripted.script.index()];
            let scope = self.scope(moment, slot);
            let fingerprint = scope.fingerprint(&script.reads);
            if self.lead(slot).scripts[place] == fingerprint {
                continue;
            }
            let input = ScriptInput { scope: &scope, reads: &script.reads };
            let result = match self.runner.evaluator().run(&script.script, &input) {
                Ok(result) => Ok(result),
                Err(NoResult::Fault(fault)) => Err(fault),
                Err(NoResult::Stopped(at)) => return self.runner.stop(plan, script, at),
            };
            let from = score::worth(plan, self.lead(slot), *id, moment.now);
            let said = self.runner.evaluator().take_trace().join("; ");
            self.lead_mut(slot).scripts[place] = fingerprint;
            let because = because_of(stamp);
            if self.trace && !said.is_empty() {
                let to = *result.as_ref().unwrap_or(&from);
                let body = Body::Score { score: *id, from, to, parts: Vec::new(), said };
                self.decide(moment, slot, body, (Cause::Score(*id), &because), out);
            }
            match result {
                Ok(result) => {
                    self.lead_mut(slot).scores[id.index()].sum = result;
                    self.score_changed(moment, slot, *id, from, &because, out);
                }
                Err(fault) => {
                    let text = format!("{} (score {})", located(plan, script, &fault), definition.name);
                    self.decide(moment, slot, Body::Fault(text), (Cause::Score(*id), &because), out);
                }
            }
        }
    }

    /// Writes down faults of functions that an expression has called.
    pub(super) fn write_faults(&mut self, moment: &Moment<'_>, slot: u32, cause: Cause, out: &mut Vec<Decision>) {
        for text in self.runner.take_faults() {
            self.decide(moment, slot, Body::Fault(text), (cause, &Because::new()), out);
        }
    }
}

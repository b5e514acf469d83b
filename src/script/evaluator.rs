//! Runs scripts. One evaluator belongs to one thread; it keeps, for every script it has seen, a
//! scope and the functions found so far, so that a run fills in values and builds nothing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rhai::{Array, Caches, Dynamic, Engine, EvalAltResult, EvalContext, Expression, Map, Position, Scope, Stmt};

use super::{Compiled, INPUTS, Need, Place, Script, compare, place, sandbox, words};
use crate::value::{Value, View};

/// How long one run may take. Counting operations does not bound time, so this does.
const DEADLINE_NANOSECONDS: u64 = 50_000_000;
/// The clock is read once in so many operations.
const LOOK_EVERY: u64 = 64;
/// Most lines of `print` and `debug` kept until they are taken.
const MAX_TRACE: usize = 100;
const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400;

/// Where a script's values come from.
pub trait Input {
    /// The value of `script.uses()[index]` at the moment of the run; [`Need`] says of which type.
    fn value(&self, index: usize) -> View<'_>;

    /// The first moment of a date, in seconds since 1970-01-01T00:00:00Z; in UTC unless the
    /// implementor knows the lead's zone.
    fn date(&self, days: i32) -> i64 {
        i64::from(days) * DAY
    }
}

/// A run that gave no result. The score stays as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where, in the script's text.
    pub place: Place,
    /// One line, lower case, no full stop, the author's text in backticks.
    pub message: String,
}

/// Runs scripts on one thread.
#[derive(Debug)]
pub struct Evaluator {
    engine: Engine,
    host: Arc<Mutex<Host>>,
    started: Arc<AtomicU64>,
    seen: Vec<Prepared>,
}

/// What the functions of the library that belong to a run look at.
#[derive(Debug, Default)]
struct Host {
    answers: Vec<Answer>,
    trace: Vec<String>,
}

/// The value of one call of `count`, `days_since`, `last` or `score`.
#[derive(Debug)]
struct Answer {
    function: &'static str,
    name: String,
    length: Option<String>,
    value: Dynamic,
    index: usize,
}

/// One script with everything that is kept between its runs.
#[derive(Debug)]
struct Prepared {
    script: Arc<Compiled>,
    scope: Scope<'static>,
    caches: Caches,
    /// Uses of `lead.NAME`, in the order of the names, which is that of the map.
    facts: Vec<usize>,
    /// Use of `event`, then of its type and time, then of its properties in the order of the names.
    event: Option<usize>,
    event_type: Option<usize>,
    event_at: Option<usize>,
    props: Vec<usize>,
    event_map: Map,
    /// Uses of `tier`, `touches`, `now`.
    plain: [Option<usize>; 3],
    answers: Vec<Answer>,
}

/// The engine that compiles; scripts are checked where nothing runs.
pub fn compiler() -> &'static Engine {
    static COMPILER: LazyLock<Engine> = LazyLock::new(sandbox::engine);
    &COMPILER
}

/// The inputs, as yet without values.
pub fn scope() -> Scope<'static> {
    let mut scope = Scope::new();
    for name in INPUTS {
        scope.push_dynamic(name, Dynamic::UNIT);
    }
    scope
}

impl Default for Evaluator {
    fn default() -> Self {
        Self::new()
    }
}

impl Evaluator {
    /// An evaluator that has seen no script.
    pub fn new() -> Self {
        let (host, started) = (Arc::default(), Arc::default());
        let mut engine = sandbox::engine();
        register(&mut engine, &host);
        watch(&mut engine, &started);
        Self { engine, host, started, seen: Vec::new() }
    }

    /// The result of a script's last line, a finite number.
    ///
    /// # Errors
    /// The script failed, took too long, or gave something else.
    pub fn run(&mut self, script: &Script, input: &dyn Input) -> Result<f64, Fault> {
        let result = self.evaluate(script, input, |prepared, engine| {
            let compiled = Arc::clone(&prepared.script);
            in_context(prepared, engine, |context| {
                let body = Expression::from(&compiled.body);
                #[expect(deprecated, reason = "marked so only because it may change; the version is pinned")]
                context.eval_expression_tree_raw(&body, false)
            })
        })?;
        let last = || script.0.ast.statements().last().map_or(Position::NONE, result_position);
        match compare::number(&result) {
            Some(number) if number.is_finite() => Ok(number),
            Some(_) => Err(script.0.fault("the result is not a finite number", last())),
            None if result.is_unit() => {
                Err(script.0.fault("the script gives no value; its last line must be a number", last()))
            }
            None => Err(script.0.fault(format!("the result must be a number, not {}", compare::kind(&result)), last())),
        }
    }

    /// The result of one of the script's functions.
    ///
    /// # Errors
    /// The function failed, took too long, or gave something that is no value of a rulebook.
    pub fn call(&mut self, script: &Script, name: &str, args: &[View], input: &dyn Input) -> Result<Value, Fault> {
        let args: Vec<Dynamic> = args.iter().map(|arg| dynamic(*arg, input)).collect();
        let result = self.evaluate(script, input, |prepared, engine| {
            in_context(prepared, engine, |context| context.call_fn::<Dynamic>(name, args))
        })?;
        let at = || words::definition(name, &script.0.text);
        value(&result).ok_or_else(|| {
            let message = format!("`{name}` gave {}, which is not a value of a rule", compare::kind(&result));
            Fault { place: at(), message }
        })
    }

    /// What scripts wrote with `print` and `debug` since this was last asked, at most 100 lines.
    pub fn take_trace(&mut self) -> Vec<String> {
        std::mem::take(&mut lock(&self.host).trace)
    }

    fn evaluate(
        &mut self,
        script: &Script,
        input: &dyn Input,
        run: impl FnOnce(&mut Prepared, &Engine) -> Result<Dynamic, Box<EvalAltResult>>,
    ) -> Result<Dynamic, Fault> {
        let Some(prepared) = prepared(&mut self.seen, script) else {
            return Err(script.0.fault("the script cannot be run", Position::NONE));
        };
        prepared.fill(input);
        std::mem::swap(&mut prepared.answers, &mut lock(&self.host).answers);
        self.started.store(0, Ordering::Relaxed);
        let result = run(prepared, &self.engine);
        prepared.scope.rewind(INPUTS.len());
        std::mem::swap(&mut prepared.answers, &mut lock(&self.host).answers);
        match result.map_err(|error| *error) {
            Ok(value) | Err(EvalAltResult::Return(value, _)) => Ok(value),
            Err(error) => {
                let (message, position) = words::fault(&error);
                Err(script.0.fault(message, position))
            }
        }
    }
}

impl Compiled {
    fn fault(&self, message: impl Into<String>, position: Position) -> Fault {
        Fault { place: place(position, &self.text), message: message.into() }
    }
}

fn prepared<'a>(seen: &'a mut Vec<Prepared>, script: &Script) -> Option<&'a mut Prepared> {
    let known = seen.iter().position(|known| Arc::ptr_eq(&known.script, &script.0));
    let index = known.unwrap_or_else(|| {
        seen.push(Prepared::new(script));
        seen.len() - 1
    });
    seen.get_mut(index)
}

fn in_context<T>(
    prepared: &mut Prepared,
    engine: &Engine,
    run: impl FnOnce(&mut EvalContext) -> T,
) -> T {
    let mut state = engine.new_global_runtime_state();
    state.lib.push(prepared.script.ast.shared_lib().clone());
    // Functions found in one run are kept for the next, as long as the list is not empty.
    if prepared.caches.fn_resolution_caches_len() == 0 {
        prepared.caches.push_fn_resolution_cache();
    }
    run(&mut EvalContext::new(engine, &mut state, &mut prepared.caches, &mut prepared.scope, None))
}

fn result_position(last: &Stmt) -> Position {
    match last {
        Stmt::Expr(expr) => expr.start_position(),
        other => other.position(),
    }
}

impl Prepared {
    fn new(script: &Script) -> Self {
        let compiled = Arc::clone(&script.0);
        let find = |need: &Need| compiled.uses.iter().position(|found| found.need == *need);
        let facts = named(&compiled, |need| if let Need::Fact(name) = need { Some(name) } else { None });
        let props = named(&compiled, |need| if let Need::Prop(name) = need { Some(name) } else { None });
        let mut scope = scope();
        if let Some(lead) = scope.get_mut("lead") {
            *lead = Dynamic::from_map(facts.iter().map(|(name, _)| (name.as_str().into(), Dynamic::UNIT)).collect());
        }
        Self {
            scope,
            caches: Caches::new(),
            event: find(&Need::Event),
            event_type: find(&Need::EventType),
            event_at: find(&Need::EventAt),
            event_map: event_map(&props),
            facts: facts.into_iter().map(|(_, index)| index).collect(),
            props: props.into_iter().map(|(_, index)| index).collect(),
            plain: [find(&Need::Tier), find(&Need::Touches), find(&Need::Now)],
            answers: answers(&compiled),
            script: compiled,
        }
    }

    /// Puts the values of one run where the script reads them.
    fn fill(&mut self, input: &dyn Input) {
        if !self.facts.is_empty()
            && let Some(Ok(mut lead)) = self.scope.get_mut("lead").map(Dynamic::as_map_mut)
        {
            fill_map(&mut lead, &self.facts, input);
        }
        if let Some(index) = self.event {
            self.fill_event(input, index);
        }
        for (name, index) in INPUTS.iter().skip(2).zip(self.plain) {
            if let (Some(index), Some(slot)) = (index, self.scope.get_mut(name)) {
                fill_whole(slot, input, index);
            }
        }
        for answer in &mut self.answers {
            fill_whole(&mut answer.value, input, answer.index);
        }
    }

    fn fill_event(&mut self, input: &dyn Input, index: usize) {
        let Some(slot) = self.scope.get_mut("event") else { return };
        if input.value(index) != View::Bool(true) {
            *slot = Dynamic::UNIT;
            return;
        }
        if slot.is_unit() {
            *slot = Dynamic::from_map(self.event_map.clone());
        }
        let Ok(mut event) = slot.as_map_mut() else { return };
        for (name, index) in [("type", self.event_type), ("at", self.event_at)] {
            if let (Some(index), Some(part)) = (index, event.get_mut(name)) {
                fill_slot(part, input.value(index), input);
            }
        }
        if let Some(Ok(mut props)) = event.get_mut("props").map(Dynamic::as_map_mut) {
            fill_map(&mut props, &self.props, input);
        }
    }
}

fn named<'a>(compiled: &'a Compiled, name: impl Fn(&'a Need) -> Option<&'a String>) -> Vec<(String, usize)> {
    let uses = compiled.uses.iter().enumerate();
    let mut found: Vec<(String, usize)> =
        uses.filter_map(|(index, found)| name(&found.need).map(|name| (name.clone(), index))).collect();
    found.sort();
    found
}

fn event_map(props: &[(String, usize)]) -> Map {
    let props: Map = props.iter().map(|(name, _)| (name.as_str().into(), Dynamic::UNIT)).collect();
    [("type", Dynamic::UNIT), ("at", Dynamic::UNIT), ("props", Dynamic::from_map(props))]
        .into_iter()
        .map(|(name, value)| (name.into(), value))
        .collect()
}

fn answers(compiled: &Compiled) -> Vec<Answer> {
    let uses = compiled.uses.iter().enumerate();
    let answer = |index, function, name: &String, length: Option<String>| {
        Some(Answer { function, name: name.clone(), length, value: Dynamic::UNIT, index })
    };
    uses.filter_map(|(index, found)| match &found.need {
        Need::Count { event, length } => answer(index, "count", event, length.map(|l| l.to_string())),
        Need::DaysSince(event) => answer(index, "days_since", event, None),
        Need::Last(event) => answer(index, "last", event, None),
        Need::Score(name) => answer(index, "score", name, None),
        _ => None,
    })
    .collect()
}

/// INVARIANT: `indexes` are in the order of the map's keys, and as many.
fn fill_map(map: &mut Map, indexes: &[usize], input: &dyn Input) {
    for (slot, index) in map.values_mut().zip(indexes) {
        fill_slot(slot, input.value(*index), input);
    }
}

fn fill_slot(slot: &mut Dynamic, view: View, input: &dyn Input) {
    if let View::Text(text) = view
        && slot.as_immutable_string_ref().is_ok_and(|old| old.as_str() == text)
    {
        return;
    }
    *slot = dynamic(view, input);
}

/// Counts and days are whole numbers, so that they can be indexes and ends of ranges.
fn fill_whole(slot: &mut Dynamic, input: &dyn Input, index: usize) {
    match input.value(index) {
        View::Number(n) if n.fract() == 0.0 && n.abs() < 1e15 => *slot = Dynamic::from_int(n as i64),
        view => fill_slot(slot, view, input),
    }
}

fn dynamic(view: View, input: &dyn Input) -> Dynamic {
    match view {
        View::Missing => Dynamic::UNIT,
        View::Bool(b) => Dynamic::from_bool(b),
        View::Number(n) => Dynamic::from_float(n),
        View::Text(text) => text.into(),
        View::Time(time) => Dynamic::from_int(time.0.div_euclid(SECOND)),
        View::Date(days) => Dynamic::from_int(input.date(days)),
        View::Length(span) => Dynamic::from_int(span.0 / SECOND),
        View::List(items) => {
            Dynamic::from_array(items.iter().map(|item| dynamic(item.view(), input)).collect::<Array>())
        }
    }
}

/// A result as a value of rules; `None` for maps, ranges, and numbers that are not finite.
fn value(result: &Dynamic) -> Option<Value> {
    if let Some(number) = compare::number(result) {
        return number.is_finite().then_some(Value::Number(number));
    }
    if let Ok(items) = result.as_array_ref() {
        return items.iter().map(value).collect::<Option<Box<[Value]>>>().map(Value::List);
    }
    if result.is_string() || result.is_char() {
        return Some(Value::Text(result.to_string().into()));
    }
    if result.is_unit() {
        return Some(Value::Missing);
    }
    result.as_bool().ok().map(Value::Bool)
}

/// The functions that look at the run.
fn register(engine: &mut Engine, host: &Arc<Mutex<Host>>) {
    for function in ["count", "days_since", "last", "score"] {
        let host = Arc::clone(host);
        engine.register_fn(function, move |name: &str| answer(&host, function, name, None));
    }
    let counts = Arc::clone(host);
    engine.register_fn("count", move |name: &str, length: &str| answer(&counts, "count", name, Some(length)));
    for function in ["print", "debug"] {
        let host = Arc::clone(host);
        engine.register_fn(function, move |value: Dynamic| {
            let mut host = lock(&host);
            if host.trace.len() < MAX_TRACE {
                host.trace.push(value.to_string());
            }
            // The engine wants a text of these two functions, to write it somewhere itself.
            String::new()
        });
    }
}

fn answer(host: &Mutex<Host>, function: &str, name: &str, length: Option<&str>) -> Dynamic {
    let asked = |known: &&Answer| {
        known.function == function && known.name == name && known.length.as_deref() == length.map(plain)
    };
    lock(host).answers.iter().find(asked).map_or(Dynamic::UNIT, |found| found.value.clone())
}

/// A length as `Length` writes it: `07d` is `7d`.
fn plain(length: &str) -> &str {
    length.trim_start_matches('0')
}

fn lock(host: &Mutex<Host>) -> MutexGuard<'_, Host> {
    host.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends a run that takes too long. The deadline decides only whether there is a result, never
/// which, so reading the clock here leaves results a function of their inputs.
fn watch(engine: &mut Engine, started: &Arc<AtomicU64>) {
    let started = Arc::clone(started);
    let origin = instant();
    engine.on_progress(move |operations| {
        if operations % LOOK_EVERY != 0 {
            return None;
        }
        let now = u64::try_from((instant() - origin).as_nanos()).unwrap_or(u64::MAX).max(1);
        match started.load(Ordering::Relaxed) {
            0 => started.store(now, Ordering::Relaxed),
            start if now - start > DEADLINE_NANOSECONDS => {
                return Some(format!("the script did not end within {} ms", DEADLINE_NANOSECONDS / 1_000_000).into());
            }
            _ => {}
        }
        None
    });
}

#[expect(clippy::disallowed_methods, reason = "a deadline needs a clock; it never reaches a result")]
fn instant() -> Instant {
    Instant::now()
}

//! Runs scripts. One evaluator belongs to one thread; it keeps, for every script it has seen, a
//! scope and the functions found so far, so that a run fills in values and builds nothing.

use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rhai::{Array, Caches, Dynamic, Engine, EvalAltResult, EvalContext, Expression, Position, Scope, Stmt};

use super::{Compiled, INPUTS, Need, Script, ScriptPlace, TimeGuard, compare, place, rewrite, sandbox, words};
use crate::decimal::Decimal;
use crate::value::{Value, View};

/// The time guard is asked once in so many operations; most scripts end before the first time.
const LOOK_EVERY: u64 = 1_000;
/// Most lines of `print` and `debug` kept until they are taken.
const MAX_TRACE: usize = 100;
const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400;

/// Where a script's values come from.
pub trait ScriptReads {
    /// The value of `script.uses()[index]` at the moment of the run; [`Need`] says of which type.
    fn value(&self, index: usize) -> View<'_>;

    /// The first moment of a date, in seconds since 1970-01-01T00:00:00Z; in UTC unless the
    /// implementor knows the lead's zone.
    fn date(&self, days: i32) -> i64 {
        first_moment(days)
    }
}

/// Why a run gave no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoResult {
    /// The script's own doing, the same on every machine.
    Fault(Fault),
    /// The time guard has struck, at this place of the script's text. What the script would have said
    /// is not known, so nothing may be concluded from it.
    Stopped(ScriptPlace),
}

/// A mistake of a script in a run. The score stays as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where, in the script's text.
    pub place: ScriptPlace,
    /// One line, lower case, no full stop, the author's text in backticks.
    pub message: String,
}

/// Runs scripts on one thread.
#[derive(Debug)]
pub struct Evaluator {
    engine: Engine,
    trace: Arc<Mutex<Vec<String>>>,
    seen: Vec<Prepared>,
}

/// One script with everything that is kept between its runs.
#[derive(Debug)]
struct Prepared {
    script: Arc<Compiled>,
    scope: Scope<'static>,
    caches: Caches,
    /// The value of every use, by index; a run borrows them.
    values: Array,
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
        Self::new(None)
    }
}

impl Evaluator {
    /// An evaluator that has seen no script, watched by a guard where there is one.
    pub fn new(guard: Option<TimeGuard>) -> Self {
        let trace = Arc::default();
        let mut engine = sandbox::engine();
        measure(&mut engine);
        compare::register_nodes(&mut engine);
        register_slots(&mut engine);
        register_trace(&mut engine, &trace);
        if let Some(guard) = guard {
            watch(&mut engine, guard);
        }
        Self { engine, trace, seen: Vec::new() }
    }

    /// The result of a script's last line, a finite number.
    ///
    /// # Errors
    /// The script failed, came to a limit, or gave something else.
    pub fn run(&mut self, script: &Script, input: &dyn ScriptReads) -> Result<Decimal, NoResult> {
        let result = self.evaluate(script, Some(input), |context| {
            let body = Expression::from(&script.0.body);
            #[expect(deprecated, reason = "marked so only because it may change; the version is pinned")]
            context.eval_expression_tree_raw(&body, false)
        })?;
        let last = || script.0.ast.statements().last().map_or(Position::NONE, result_position);
        match compare::number(&result) {
            Some(number) => Decimal::from_f64(number).ok_or_else(|| {
                let large = "the result has more than 18 digits before the point";
                script.0.fault(if number.is_finite() { large } else { "the result is not a finite number" }, last())
            }),
            None if result.is_unit() => {
                Err(script.0.fault("the script gives no value; its last line must be a number", last()))
            }
            None => Err(script.0.fault(format!("the result must be a number, not {}", compare::kind(&result)), last())),
        }
    }

    /// The result of one of the script's functions. Dates among the values are their first moment
    /// in UTC.
    ///
    /// # Errors
    /// The function failed, came to a limit, or gave something that is no value of a rulebook.
    pub fn call(&mut self, script: &Script, name: &str, args: &[View]) -> Result<Value, NoResult> {
        let args: Vec<Dynamic> = args.iter().map(|arg| dynamic(*arg, &first_moment)).collect();
        let at = || words::definition(name, &script.0.text);
        let result = self.evaluate(script, None, |context| context.call_fn::<Dynamic>(name, args));
        let result = result.map_err(|why| match why {
            // Not every operation has a place.
            NoResult::Stopped(ScriptPlace { byte: 0, .. }) => NoResult::Stopped(at()),
            other => other,
        })?;
        value(&result).ok_or_else(|| {
            let message = format!("`{name}` gave {}, which is not a value of a rule", compare::kind(&result));
            NoResult::Fault(Fault { place: at(), message })
        })
    }

    /// What scripts wrote with `print` and `debug` since this was last asked, at most 100 lines.
    pub fn take_trace(&mut self) -> Vec<String> {
        std::mem::take(&mut lock(&self.trace))
    }

    fn evaluate(
        &mut self,
        script: &Script,
        input: Option<&dyn ScriptReads>,
        run: impl FnOnce(&mut EvalContext) -> Result<Dynamic, Box<EvalAltResult>>,
    ) -> Result<Dynamic, NoResult> {
        let Some(prepared) = prepared(&mut self.seen, script) else {
            return Err(script.0.fault("the script cannot be run", Position::NONE));
        };
        if let Some(input) = input {
            prepared.fill(input);
        }
        match prepared.in_context(&self.engine, run).map_err(|error| *error) {
            Ok(value) | Err(EvalAltResult::Return(value, _)) => Ok(value),
            Err(error) => Err(match stopped(&error) {
                Some(at) => NoResult::Stopped(place(at, &script.0.text)),
                None => {
                    let (message, position) = words::fault(&error);
                    script.0.fault(message, position)
                }
            }),
        }
    }
}

impl Compiled {
    fn fault(&self, message: impl Into<String>, position: Position) -> NoResult {
        NoResult::Fault(Fault { place: place(position, &self.text), message: message.into() })
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

fn result_position(last: &Stmt) -> Position {
    match last {
        Stmt::Expr(expr) => expr.start_position(),
        other => other.position(),
    }
}

impl Prepared {
    fn new(script: &Script) -> Self {
        let script = Arc::clone(&script.0);
        let values = script.uses.iter().map(|_| Dynamic::UNIT).collect();
        Self { script, scope: scope(), caches: Caches::new(), values }
    }

    /// Puts the values of one run where the script reads them.
    fn fill(&mut self, input: &dyn ScriptReads) {
        for (index, (slot, found)) in self.values.iter_mut().zip(&self.script.uses).enumerate() {
            match input.value(index) {
                // A text that stayed the same is not copied.
                View::Text(text) if slot.as_immutable_string_ref().is_ok_and(|old| old.as_str() == text) => {}
                View::Number(n) if counts(&found.need) && n.to_whole().is_some() => {
                    *slot = Dynamic::from_int(n.to_whole().unwrap_or_default());
                }
                // Only its being there matters: it can be compared with `()` alone.
                View::Bool(false) if found.need == Need::Event => *slot = Dynamic::UNIT,
                view => *slot = dynamic(view, &|days| input.date(days)),
            }
        }
    }

    fn in_context<T>(&mut self, engine: &Engine, run: impl FnOnce(&mut EvalContext) -> T) -> T {
        let mut state = engine.new_global_runtime_state();
        state.lib.push(self.script.ast.shared_lib().clone());
        state.tag = Dynamic::from_array(std::mem::take(&mut self.values));
        // Functions found in one run are kept for the next, as long as the list is not empty.
        if self.caches.fn_resolution_caches_len() == 0 {
            self.caches.push_fn_resolution_cache();
        }
        let result = run(&mut EvalContext::new(engine, &mut state, &mut self.caches, &mut self.scope, None));
        self.values = state.tag.into_array().unwrap_or_default();
        self.scope.rewind(INPUTS.len());
        result
    }
}

/// Counts and days are whole numbers, so that they can be indexes and ends of ranges.
fn counts(need: &Need) -> bool {
    matches!(need, Need::Count { .. } | Need::DaysSince(_) | Need::Touches)
}

fn first_moment(days: i32) -> i64 {
    i64::from(days) * DAY
}

fn dynamic(view: View, date: &dyn Fn(i32) -> i64) -> Dynamic {
    match view {
        View::Missing => Dynamic::UNIT,
        View::Bool(b) => Dynamic::from_bool(b),
        View::Number(n) => Dynamic::from_float(n.to_f64()),
        View::Text(text) => text.into(),
        View::Time(time) => Dynamic::from_int(time.0.div_euclid(SECOND)),
        View::Date(days) => Dynamic::from_int(date(days)),
        View::Length(span) => Dynamic::from_int(span.0 / SECOND),
        View::List(items) => {
            Dynamic::from_array(items.iter().map(|item| dynamic(item.view(), date)).collect::<Array>())
        }
    }
}

/// A result as a value of rules; `None` for maps, ranges, and numbers that are not finite.
fn value(result: &Dynamic) -> Option<Value> {
    if let Some(number) = compare::number(result) {
        return Decimal::from_f64(number).map(Value::Number);
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

/// The node that stands for something the script reads: its value in this run.
fn register_slots(engine: &mut Engine) {
    let registered = engine.register_custom_syntax_handler(rewrite::SLOT, false, |context, _, index| {
        let index = index.as_int().ok().and_then(|index| usize::try_from(index).ok());
        let values = context.tag().as_array_ref().ok();
        Ok(values.zip(index).and_then(|(values, index)| values.get(index).cloned()).unwrap_or_default())
    });
    debug_assert!(registered.is_ok(), "a node can be registered");
}

fn register_trace(engine: &mut Engine, trace: &Arc<Mutex<Vec<String>>>) {
    for function in ["print", "debug"] {
        let trace = Arc::clone(trace);
        engine.register_fn(function, move |value: Dynamic| {
            let mut trace = lock(&trace);
            if trace.len() < MAX_TRACE {
                trace.push(line(&value));
            }
            // The engine wants a text of these two functions, to write it somewhere itself.
            String::new()
        });
    }
}

fn lock(trace: &Mutex<Vec<String>>) -> MutexGuard<'_, Vec<String>> {
    trace.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A value as a line of the trace, cut to the length of a text: the names in a map are not measured.
fn line(value: &Dynamic) -> String {
    let mut line = value.to_string();
    if line.len() > sandbox::MAX_TEXT {
        let fits = |(at, _): &(usize, char)| *at <= sandbox::MAX_TEXT - '…'.len_utf8();
        let end = line.char_indices().take_while(fits).last().map_or(0, |(at, _)| at);
        line.truncate(end);
        line.push('…');
    }
    line
}

/// Measures what a variable holds whenever it is used. The engine measures what functions and
/// operators give, but not a list after another was added to it, nor one of which an item was
/// replaced: without this they would grow with each operation, and so would what it costs.
fn measure(engine: &mut Engine) {
    #[expect(deprecated, reason = "marked so only because it may change; the version is pinned")]
    engine.on_var(|name, from_end, context| {
        let scope = context.scope();
        let value = match from_end.checked_sub(1) {
            Some(newer) => scope.iter_raw().nth(newer).map(|(.., value)| value),
            None => scope.get(name),
        };
        if let Some(value) = value.filter(|value| value.is_array() || value.is_map() || value.is_string()) {
            context.engine().ensure_data_size_within_limits(value)?;
        }
        Ok(None)
    });
}

/// Ends a run that the guard finds too long.
fn watch(engine: &mut Engine, guard: TimeGuard) {
    let started = Mutex::new(Duration::ZERO);
    engine.on_progress(move |operations| {
        if operations % LOOK_EVERY != 0 {
            return None;
        }
        let mut started = started.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (guard.clock)();
        if operations == LOOK_EVERY {
            *started = now;
            return None;
        }
        (now.saturating_sub(*started) >= guard.limit).then_some(Dynamic::UNIT)
    });
}

/// Where the guard has ended a run, if it was the guard.
fn stopped(error: &EvalAltResult) -> Option<Position> {
    match error {
        EvalAltResult::ErrorInFunctionCall(_, _, inner, at) => {
            stopped(inner).map(|inside| if inside.is_none() { *at } else { inside })
        }
        EvalAltResult::ErrorTerminated(_, at) => Some(*at),
        _ => None,
    }
}

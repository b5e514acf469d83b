//! Scripts as files: what they give, what is said about mistakes in them, and that none of them,
//! however hostile, takes long or much memory. A fixture's inputs stand in its comments.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "a test may stop at once")]
#![allow(clippy::disallowed_methods, reason = "a hang is ended")]
#![allow(clippy::float_cmp, reason = "small whole numbers are exact")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ensue::decimal::Decimal;
use ensue::script::{Evaluator, Fault, Need, NoResult, Script, ScriptReads, TimeGuard};
use ensue::timestamp::Timestamp;
use ensue::value::{Value, View};

/// Who takes longer hangs: what bounds a script is how much it does, and what it says then is in its fixture.
const PATIENCE: Duration = Duration::from_secs(300);
const MEMORY_KB: u64 = 20 * 1024;

/// Inputs from comments `// lead.deal_value = 60000`; what is not given is missing, or zero.
struct Comments {
    needs: Vec<Need>,
    values: BTreeMap<String, Value>,
}

impl Comments {
    fn new(text: &str, script: &Script) -> Self {
        let lines = text.lines().filter_map(|line| line.strip_prefix("// ")?.split_once(" = "));
        let values = lines.map(|(name, value)| (name.to_owned(), parse(value))).collect();
        Self { needs: script.uses().iter().map(|found| found.need.clone()).collect(), values }
    }

    fn get(&self, name: &str) -> View<'_> {
        self.values.get(name).map_or(View::Missing, Value::view)
    }

    fn number(&self, name: &str) -> View<'_> {
        match self.get(name) {
            View::Missing => View::Number(Decimal::ZERO),
            found => found,
        }
    }

    fn time(&self, name: &str) -> View<'_> {
        match self.get(name) {
            View::Number(seconds) => View::Time(Timestamp::from_seconds(seconds.to_whole().unwrap())),
            found => found,
        }
    }
}

impl ScriptReads for Comments {
    fn value(&self, index: usize) -> View<'_> {
        match &self.needs[index] {
            Need::Fact(name) => self.get(&format!("lead.{name}")),
            Need::Event => View::Bool(self.values.contains_key("event.type")),
            Need::EventType => self.get("event.type"),
            Need::EventAt => self.time("event.at"),
            Need::Prop(name) => self.get(&format!("event.props.{name}")),
            Need::Tier => self.get("tier"),
            Need::Touches => self.number("touches"),
            Need::Now => self.time("now"),
            Need::Count { event, length: None } => self.number(&format!("count {event}")),
            Need::Count { event, length: Some(length) } => self.number(&format!("count {event} {length}")),
            Need::DaysSince(event) => self.number(&format!("days_since {event}")),
            Need::Last(event) => self.time(&format!("last {event}")),
            Need::Score(name) => self.number(&format!("score {name}")),
        }
    }
}

fn parse(text: &str) -> Value {
    match text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(text) => Value::Text(text.into()),
        None => Value::Number(Decimal::parse(text).unwrap()),
    }
}

fn stated(text: &str, what: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("// ")?.strip_prefix(what)?.strip_prefix(": "));
    lines.map(str::to_owned).collect()
}

/// What happens to a script, as people would see it.
fn outcome(text: &str) -> String {
    let script = match Script::compile(text) {
        Ok(script) => script,
        Err(errors) => {
            let mut out = String::from("refused\n");
            for error in errors {
                let _ = writeln!(out, "{}:{}: {}", error.place.line, error.place.column, error.message);
                let _ = writeln!(out, "  > {}", shortened(&text[error.place.byte as usize..]));
                if let Some(help) = error.help {
                    let _ = writeln!(out, "  = help: {help}");
                }
            }
            return out;
        }
    };
    let input = Comments::new(text, &script);
    match Evaluator::new(None).run(&script, &input) {
        Ok(number) => format!("gave {number}\n"),
        Err(NoResult::Stopped(place)) => panic!("stopped at {place:?} without a guard"),
        Err(NoResult::Fault(fault)) => {
            let rest = shortened(&text[fault.place.byte as usize..]);
            format!("fault\n{}:{}: {}\n  > {rest}\n", fault.place.line, fault.place.column, fault.message)
        }
    }
}

fn shortened(rest: &str) -> String {
    rest.lines().next().unwrap_or("").chars().take(60).collect()
}

fn snapshot(path: &Path, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(path.parent().unwrap().canonicalize().unwrap());
    settings.set_prepend_module_to_snapshot(false);
    settings.remove_snapshot_suffix();
    settings.set_omit_expression(true);
    settings.remove_input_file();
    settings.bind(|| insta::assert_snapshot!(path.file_stem().unwrap().to_str().unwrap(), text));
}

#[test]
fn scripts_give_the_score_they_state() {
    insta::glob!("..", "fixtures/script/ok/*.rhai", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        let script = Script::compile(&text).unwrap_or_else(|errors| panic!("{}: {errors:?}", path.display()));
        let input = Comments::new(&text, &script);
        let mut evaluator = Evaluator::new(None);
        // Twice, since a run must not see what the one before it left behind.
        for _ in 0..2 {
            let score = evaluator.run(&script, &input).unwrap_or_else(|f| panic!("{}: {f:?}", path.display()));
            assert_eq!(vec![score.to_string()], stated(&text, "score"), "{}", path.display());
            assert_eq!(evaluator.take_trace(), stated(&text, "trace"), "{}", path.display());
        }
    });
}

#[test]
fn mistakes_are_found_before_a_script_runs() {
    insta::glob!("..", "fixtures/script/error/*.rhai", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        let outcome = outcome(&text);
        assert!(outcome.starts_with("refused"), "{}: {outcome}", path.display());
        snapshot(path, &outcome);
    });
}

#[test]
fn hostile_scripts_end_soon_in_a_fault_with_a_line() {
    outcome("1");
    insta::glob!("..", "fixtures/script/hostile/*.rhai", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        let (outcome, memory) = (timed(path, &text), resident_kb());
        assert!(!outcome.starts_with("gave"), "{}: {outcome}", path.display());
        snapshot(path, &outcome);
        for _ in 0..5 {
            timed(path, &text);
        }
        assert!(resident_kb() < memory + MEMORY_KB, "{} takes too much memory", path.display());
    });
}

fn timed(path: &Path, text: &str) -> String {
    let (peak, start) = (peak_kb(), Instant::now());
    let outcome = outcome(text);
    let took = start.elapsed();
    assert!(took < PATIENCE, "{} took {took:?}", path.display());
    assert!(peak_kb() < peak + MEMORY_KB, "{} takes too much memory", path.display());
    outcome
}

#[test]
fn huge_sources_are_refused_before_they_are_read() {
    for text in ["(".repeat(1 << 20), "{".repeat(1 << 14), "let a = 1;\n".repeat(2_000), "é".repeat(10_000)] {
        let start = Instant::now();
        let errors = Script::compile(&text).unwrap_err();
        assert!(start.elapsed() < PATIENCE);
        assert!(errors[0].place.line >= 1 && text.is_char_boundary(errors[0].place.byte as usize));
    }
    // Just under the limit and nested as deep as can be.
    for open in ["(", "[", "{", "if true {", "#{a:", "-", "!", "fn a() {", "1 + (", "a[", "`${"] {
        let start = Instant::now();
        let errors = Script::compile(&open.repeat(16_000 / open.len())).unwrap_err();
        assert!(start.elapsed() < PATIENCE, "{open}");
        assert!(!errors[0].message.is_empty());
    }
}

#[test]
fn functions_are_called_with_values_of_rules() {
    let text = "fn bucket(value, names) { if value == () { return (); } if value > 100 { names[0] } else { names[1] } }\n\
                fn half(n) { n / 2 }\nfn bad() { #{} }";
    let script = Script::compile(text).unwrap();
    let names: Vec<(&str, usize)> = script.functions().iter().map(|f| (f.name.as_str(), f.arity)).collect();
    assert_eq!(names, [("bad", 0), ("bucket", 2), ("half", 1)]);
    assert!(!script.has_result());
    let mut evaluator = Evaluator::new(None);
    let list = [Value::Text("big".into()), Value::Text("small".into())];
    let mut bucket = |value| evaluator.call(&script, "bucket", &[value, View::List(&list)]).unwrap();
    assert_eq!(bucket(View::Number(Decimal::from(500))), Value::Text("big".into()));
    assert_eq!(bucket(View::Number(Decimal::from(5))), Value::Text("small".into()));
    assert_eq!(bucket(View::Missing), Value::Missing);
    assert_eq!(
        evaluator.call(&script, "half", &[View::Number(Decimal::from(5))]),
        Ok(Value::Number(Decimal::parse("2.5").unwrap()))
    );
    let fault = fault_of(evaluator.call(&script, "bad", &[]));
    assert_eq!((fault.message.as_str(), fault.place.line), ("`bad` gave a map, which is not a value of a rule", 3));
    let fault = fault_of(evaluator.call(&script, "half", &[View::Text("x")]));
    assert_eq!((fault.message.as_str(), fault.place.line), ("`/` cannot be used with a text and a number", 2));
}

fn fault_of<T: std::fmt::Debug>(result: Result<T, NoResult>) -> Fault {
    match result {
        Err(NoResult::Fault(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_a_function_is_given_has_the_size_of_any_value() {
    let script =
        Script::compile("fn same(a) { let n = 0; loop { if a == a { n += 1; } if n > 99 { return n; } } }").unwrap();
    let mut evaluator = Evaluator::new(None);
    let mut given = |view| {
        let (start, result) = (Instant::now(), evaluator.call(&script, "same", &[view]));
        assert!(start.elapsed() < PATIENCE);
        result
    };
    let (text, list) = ("x".repeat(1_024), vec![Value::Number(Decimal::from(1)); 100]);
    assert_eq!(given(View::Text(&text)), Ok(Value::Number(Decimal::from(100))));
    assert_eq!(given(View::List(&list)), Ok(Value::Number(Decimal::from(100))));
    // As much as a record of a log can hold.
    let (text, list) = ("x".repeat(1 << 20), vec![Value::Number(Decimal::from(1)); 1 << 15]);
    assert_eq!(fault_of(given(View::Text(&text))).message, "the text is longer than 1024 bytes");
    assert_eq!(fault_of(given(View::List(&list))).message, "the list has more than 100 values");
}

/// A clock that goes on by a second each time it is asked.
fn hasty() -> Duration {
    static ASKED: AtomicU64 = AtomicU64::new(0);
    Duration::from_secs(ASKED.fetch_add(1, Ordering::Relaxed))
}

#[test]
fn a_guard_by_time_stops_a_script_and_is_no_fault() {
    let long = Script::compile("let s = 0;\nfor n in 0..1000 {\n  s += n;\n}\ns").unwrap();
    let short = Script::compile("fn twice(n) { n + n }\ntwice(4)").unwrap();
    let input = Comments::new("", &long);
    assert_eq!(Evaluator::new(None).run(&long, &input), Ok(Decimal::from(499_500)));
    let mut evaluator = Evaluator::new(Some(TimeGuard { clock: hasty, limit: Duration::from_secs(1) }));
    for _ in 0..3 {
        let Err(NoResult::Stopped(place)) = evaluator.run(&long, &input) else { panic!("it was not stopped") };
        assert_eq!(place.line, 3);
        // The clock counts from the beginning of each run, and what came before leaves nothing behind.
        assert_eq!(evaluator.run(&short, &input), Ok(Decimal::from(8)));
    }
    let mut evaluator = Evaluator::new(Some(TimeGuard { clock: hasty, limit: Duration::from_secs(3600) }));
    assert_eq!(evaluator.run(&long, &input), Ok(Decimal::from(499_500)));
}

#[test]
fn one_evaluator_keeps_scripts_apart() {
    let mut evaluator = Evaluator::new(None);
    let scripts =
        ["count(\"opened\")", "count(\"opened\") + score(\"fit\")", "touches"].map(|t| Script::compile(t).unwrap());
    let inputs = scripts.each_ref().map(|s| Comments::new("// count opened = 3\n// score fit = 4\n// touches = 5", s));
    for _ in 0..3 {
        let scores = [0, 1, 2].map(|i| evaluator.run(&scripts[i], &inputs[i]).unwrap());
        assert_eq!(scores, [3, 7, 5].map(Decimal::from));
    }
}

fn resident_kb() -> u64 {
    status_kb("VmRSS:")
}

fn peak_kb() -> u64 {
    status_kb("VmHWM:")
}

/// A line of `/proc/self/status`; zero where there is no such file, which tests nothing.
fn status_kb(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

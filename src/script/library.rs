//! The functions a script may call besides its own. All are bounded by the sizes of their
//! arguments, see no clock, file or chance, and give the same result on every machine.
//!
//! numbers: `abs sign min max clamp floor ceiling round sqrt exp ln log pow to_int to_float`
//! texts: `len is_empty contains starts_with ends_with to_lower to_upper index_of sub_string split to_string`
//! lists: `len is_empty contains push pop`; maps: `len is_empty contains keys values remove`
//! lengths of time, in seconds: `seconds minutes hours days weeks`
//! the lead's history: `count days_since last score`; for `--trace`: `print debug`

use rhai::{Array, Dynamic, Engine, EvalAltResult, ImmutableString, Map};

use super::compare;

type Answer<T> = Result<T, Box<EvalAltResult>>;

/// Every function with the numbers of values it takes, the value before a dot included.
pub const FUNCTIONS: &[(&str, &[usize])] = &[
    ("abs", &[1]),
    ("ceiling", &[1]),
    ("clamp", &[3]),
    ("contains", &[2]),
    ("count", &[1, 2]),
    ("days", &[1]),
    ("days_since", &[1]),
    ("debug", &[1]),
    ("ends_with", &[2]),
    ("exp", &[1]),
    ("floor", &[1]),
    ("hours", &[1]),
    ("index_of", &[2]),
    ("is_empty", &[1]),
    ("keys", &[1]),
    ("last", &[1]),
    ("len", &[1]),
    ("ln", &[1]),
    ("log", &[1]),
    ("max", &[2]),
    ("min", &[2]),
    ("minutes", &[1]),
    ("pop", &[1]),
    ("pow", &[2]),
    ("print", &[1]),
    ("push", &[2]),
    ("remove", &[2]),
    ("round", &[1]),
    ("score", &[1]),
    ("seconds", &[1]),
    ("sign", &[1]),
    ("split", &[2]),
    ("sqrt", &[1]),
    ("starts_with", &[2]),
    ("sub_string", &[2, 3]),
    ("to_float", &[1]),
    ("to_int", &[1]),
    ("to_lower", &[1]),
    ("to_string", &[1]),
    ("to_upper", &[1]),
    ("values", &[1]),
    ("weeks", &[1]),
];

/// The numbers of values a function of the library takes, `None` where there is no such function.
pub fn arity(name: &str) -> Option<&'static [usize]> {
    FUNCTIONS.iter().find(|(known, _)| *known == name).map(|(_, counts)| *counts)
}

/// Gives an engine every function but those that need a running evaluator.
pub fn register(engine: &mut Engine) {
    whole_numbers(engine);
    fractions(engine);
    texts(engine);
    lists(engine);
    maps(engine);
    times(engine);
    engine.register_iterator::<Array>();
    engine.register_iterator::<std::ops::Range<i64>>();
    engine.register_iterator::<std::ops::RangeInclusive<i64>>();
}

fn whole_numbers(engine: &mut Engine) {
    engine.register_fn("abs", |n: i64| n.checked_abs().ok_or_else(too_large));
    engine.register_fn("sign", i64::signum);
    engine.register_fn("min", |a: i64, b: i64| a.min(b)).register_fn("max", |a: i64, b: i64| a.max(b));
    engine.register_fn("clamp", |n: i64, low: i64, high: i64| n.min(high).max(low));
    for name in ["floor", "ceiling", "round", "to_int"] {
        engine.register_fn(name, |n: i64| n);
    }
    engine.register_fn("to_float", |n: i64| n as f64);
    unary(engine, "sqrt", f64::sqrt);
    unary(engine, "exp", libm::exp);
    unary(engine, "ln", libm::log);
    unary(engine, "log", libm::log10);
}

/// A function of a fraction, which a whole number may stand for.
fn unary(engine: &mut Engine, name: &str, run: fn(f64) -> f64) {
    engine.register_fn(name, run).register_fn(name, move |n: i64| run(n as f64));
}

fn fractions(engine: &mut Engine) {
    engine.register_fn("abs", f64::abs);
    engine.register_fn("sign", |n: f64| if n == 0.0 { 0.0 } else { n.signum() });
    engine.register_fn("floor", f64::floor).register_fn("ceiling", f64::ceil).register_fn("round", f64::round);
    engine.register_fn("to_float", |n: f64| n).register_fn("to_int", to_int);
    binary(engine, "min", f64::min);
    binary(engine, "max", f64::max);
    binary(engine, "pow", libm::pow);
    engine.register_fn("pow", |a: i64, b: i64| libm::pow(a as f64, b as f64));
    engine.register_fn("clamp", |n: Dynamic, low: Dynamic, high: Dynamic| -> Answer<f64> {
        let value = |n: &Dynamic| compare::number(n).ok_or_else(|| not_numbers("clamp"));
        Ok(value(&n)?.min(value(&high)?).max(value(&low)?))
    });
}

fn binary(engine: &mut Engine, name: &str, run: fn(f64, f64) -> f64) {
    engine.register_fn(name, run);
    engine.register_fn(name, move |a: i64, b: f64| run(a as f64, b));
    engine.register_fn(name, move |a: f64, b: i64| run(a, b as f64));
}

fn to_int(n: f64) -> Answer<i64> {
    const LIMIT: f64 = 9.0e18;
    if n.abs() < LIMIT { Ok(n.trunc() as i64) } else { Err(too_large()) }
}

fn texts(engine: &mut Engine) {
    engine.register_fn("len", |t: &str| t.chars().count() as i64).register_fn("is_empty", |t: &str| t.is_empty());
    engine.register_fn("contains", |t: &str, part: &str| t.contains(part));
    engine.register_fn("contains", |t: &str, part: char| t.contains(part));
    engine.register_fn("starts_with", |t: &str, part: &str| t.starts_with(part));
    engine.register_fn("ends_with", |t: &str, part: &str| t.ends_with(part));
    engine.register_fn("to_lower", |t: &str| t.to_lowercase()).register_fn("to_upper", |t: &str| t.to_uppercase());
    engine.register_fn("index_of", |t: &str, part: &str| -> i64 {
        t.find(part).map_or(-1, |byte| t.get(..byte).unwrap_or("").chars().count() as i64)
    });
    engine.register_fn("sub_string", |t: &str, start: i64| sub_string(t, start, i64::MAX));
    engine.register_fn("sub_string", sub_string);
    engine.register_fn("split", split);
    engine.register_fn("to_string", |value: Dynamic| -> ImmutableString { value.to_string().into() });
}

fn sub_string(text: &str, start: i64, length: i64) -> String {
    let count = |n: i64| usize::try_from(n).unwrap_or(0);
    text.chars().skip(count(start)).take(count(length)).collect()
}

fn split(text: &str, by: &str) -> Array {
    // One more than the limit, so that a longer list is refused as too large.
    text.split(by).take(super::sandbox::MAX_ITEMS + 1).map(|part| Dynamic::from(part.to_owned())).collect()
}

fn lists(engine: &mut Engine) {
    engine.register_fn("len", |list: &mut Array| list.len() as i64);
    engine.register_fn("is_empty", |list: &mut Array| list.is_empty());
    engine.register_fn("push", |list: &mut Array, item: Dynamic| list.push(item));
    engine.register_fn("pop", |list: &mut Array| list.pop().unwrap_or_default());
    engine.register_fn("contains", |list: &mut Array, item: Dynamic| -> Answer<bool> {
        list.iter().try_fold(false, |found, each| Ok(compare::equal(each, &item, "in")? || found))
    });
    engine.register_fn("contains", |range: &mut std::ops::Range<i64>, n: i64| range.contains(&n));
    engine.register_fn("contains", |range: &mut std::ops::RangeInclusive<i64>, n: i64| range.contains(&n));
}

fn maps(engine: &mut Engine) {
    engine.register_fn("len", |map: &mut Map| map.len() as i64);
    engine.register_fn("is_empty", |map: &mut Map| map.is_empty());
    engine.register_fn("contains", |map: &mut Map, key: &str| map.contains_key(key));
    engine.register_fn("keys", |map: &mut Map| -> Array { map.keys().map(|k| Dynamic::from(k.to_string())).collect() });
    engine.register_fn("values", |map: &mut Map| -> Array { map.values().cloned().collect() });
    engine.register_fn("remove", |map: &mut Map, key: &str| map.remove(key).unwrap_or_default());
}

fn times(engine: &mut Engine) {
    for (name, seconds) in [("seconds", 1), ("minutes", 60), ("hours", 3_600), ("days", 86_400), ("weeks", 604_800)] {
        engine.register_fn(name, move |n: i64| n.checked_mul(seconds).ok_or_else(too_large));
        engine.register_fn(name, move |n: f64| n * seconds as f64);
    }
}

#[expect(clippy::unnecessary_box_returns, reason = "the engine's errors are boxed everywhere")]
fn too_large() -> Box<EvalAltResult> {
    compare::fault("the number is too large for a whole number")
}

#[expect(clippy::unnecessary_box_returns, reason = "the engine's errors are boxed everywhere")]
fn not_numbers(name: &str) -> Box<EvalAltResult> {
    compare::fault(format!("`{name}` takes numbers"))
}

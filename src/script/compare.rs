//! Comparison in scripts: unlike types are a mistake that stops the script, where Rhai by itself
//! would quietly answer false. A missing value, `()`, is equal to nothing but itself and has no
//! order. Numbers compare exactly, whole or not.

use std::cmp::Ordering;

use rhai::{Dynamic, Engine, EvalAltResult, Position};

type Answer<T> = Result<T, Box<EvalAltResult>>;

/// How tightly the signs bind, as in Rhai.
const EQUALITY: u8 = 90;
const ORDER: u8 = 130;

/// Replaces the six comparisons of the engine, and gives it `in`.
pub fn register(engine: &mut Engine) {
    operator(engine, "==", EQUALITY, |a, b| equal(a, b, "=="));
    operator(engine, "!=", EQUALITY, |a, b| Ok(!equal(a, b, "!=")?));
    operator(engine, "<", ORDER, |a, b| Ok(order(a, b, "<")?.is_lt()));
    operator(engine, "<=", ORDER, |a, b| Ok(order(a, b, "<=")?.is_le()));
    operator(engine, ">", ORDER, |a, b| Ok(order(a, b, ">")?.is_gt()));
    operator(engine, ">=", ORDER, |a, b| Ok(order(a, b, ">=")?.is_ge()));
}

fn operator(engine: &mut Engine, sign: &'static str, binds: u8, run: fn(&Dynamic, &Dynamic) -> Answer<bool>) {
    engine.disable_symbol(sign);
    let registered = engine.register_custom_operator(sign, binds).is_ok();
    debug_assert!(registered, "a disabled sign can be registered");
    engine.register_fn(sign, move |a: Dynamic, b: Dynamic| run(&a, &b));
}

/// Whether two values are equal; an error where they can never be.
pub fn equal(a: &Dynamic, b: &Dynamic, sign: &str) -> Answer<bool> {
    if let (Ok(a), Ok(b)) = (a.as_int(), b.as_int()) {
        return Ok(a == b);
    }
    if a.is_unit() || b.is_unit() {
        return Ok(a.is_unit() && b.is_unit());
    }
    if let Some((a, b)) = numbers(a, b) {
        return Ok(a.partial_cmp(&b) == Some(Ordering::Equal));
    }
    if let Some(order) = texts(a, b) {
        return Ok(order.is_eq());
    }
    if let (Ok(a), Ok(b)) = (a.as_bool(), b.as_bool()) {
        return Ok(a == b);
    }
    if let (Ok(a), Ok(b)) = (a.as_array_ref(), b.as_array_ref()) {
        return equal_all(a.len() == b.len(), a.iter().zip(b.iter()), sign);
    }
    if let (Ok(a), Ok(b)) = (a.as_map_ref(), b.as_map_ref()) {
        return equal_all(a.keys().eq(b.keys()), a.values().zip(b.values()), sign);
    }
    Err(unlike(a, b, sign))
}

fn equal_all<'a>(
    alike: bool,
    mut pairs: impl Iterator<Item = (&'a Dynamic, &'a Dynamic)>,
    sign: &str,
) -> Answer<bool> {
    if !alike {
        return Ok(false);
    }
    pairs.try_fold(true, |so_far, (a, b)| Ok(equal(a, b, sign)? && so_far))
}

fn order(a: &Dynamic, b: &Dynamic, sign: &str) -> Answer<Ordering> {
    if let (Ok(a), Ok(b)) = (a.as_int(), b.as_int()) {
        return Ok(a.cmp(&b));
    }
    let found = numbers(a, b).and_then(|(a, b)| a.partial_cmp(&b)).or_else(|| texts(a, b));
    found.ok_or_else(|| unlike(a, b, sign))
}

/// Both as numbers. Whole numbers of scores and counts are far below the 2^53 where this would
/// lose digits; beyond it, two numbers that differ by less than one part in 10^15 are equal.
fn numbers(a: &Dynamic, b: &Dynamic) -> Option<(f64, f64)> {
    Some((number(a)?, number(b)?))
}

/// A number, whole or not.
pub fn number(value: &Dynamic) -> Option<f64> {
    value.as_float().ok().or_else(|| value.as_int().ok().map(|n| n as f64))
}

/// The order of two texts; a single character is a text.
fn texts(a: &Dynamic, b: &Dynamic) -> Option<Ordering> {
    if let (Ok(a), Ok(b)) = (a.as_immutable_string_ref(), b.as_immutable_string_ref()) {
        return Some(a.as_str().cmp(b.as_str()));
    }
    let text = |v: &Dynamic| (v.is_char() || v.is_string()).then(|| v.to_string());
    Some(text(a)?.cmp(&text(b)?))
}

fn unlike(a: &Dynamic, b: &Dynamic, sign: &str) -> Box<EvalAltResult> {
    let (left, right) = (kind(a), kind(b));
    fault(if a.is_unit() || b.is_unit() {
        format!("`{sign}` compares {left} with {right}; test for `()` first, or give a default with `??`")
    } else if left == right {
        format!("`{sign}` cannot order {left} and {right}")
    } else {
        format!("`{sign}` compares {left} with {right}")
    })
}

/// What a value is, in words an author uses.
pub fn kind(value: &Dynamic) -> &'static str {
    super::words::kind(value.type_name())
}

/// An error of our own words; the place is filled in by the call.
pub fn fault(message: impl Into<Dynamic>) -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorRuntime(message.into(), Position::NONE))
}

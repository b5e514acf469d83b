//! Comparison in scripts: unlike types are a mistake that stops the script, where Rhai by itself
//! would quietly answer false. A missing value, `()`, is equal to nothing but itself and has no
//! order. Numbers compare exactly, whole or not.

use std::cmp::Ordering;

use rhai::{Dynamic, Engine, EvalAltResult, Position};

use super::rewrite;

type Answer<T> = Result<T, Box<EvalAltResult>>;

/// How tightly the signs bind, as in Rhai.
const EQUALITY: u8 = 90;
const ORDER: u8 = 130;

/// The six comparisons: sign, node of the rewritten tree, how tightly the sign binds, what it does.
const COMPARISONS: [(&str, &str, u8, Compare); 6] = [
    ("==", "\u{1}==", EQUALITY, |a, b| equal(a, b, "==")),
    ("!=", "\u{1}!=", EQUALITY, |a, b| Ok(!equal(a, b, "!=")?)),
    ("<", "\u{1}<", ORDER, |a, b| Ok(order(a, b, "<")?.is_lt())),
    ("<=", "\u{1}<=", ORDER, |a, b| Ok(order(a, b, "<=")?.is_le())),
    (">", "\u{1}>", ORDER, |a, b| Ok(order(a, b, ">")?.is_gt())),
    (">=", "\u{1}>=", ORDER, |a, b| Ok(order(a, b, ">=")?.is_ge())),
];

type Compare = fn(&Dynamic, &Dynamic) -> Answer<bool>;

/// The node that compares as a sign does, `None` where it is no comparison.
pub fn node(sign: &str) -> Option<&'static str> {
    COMPARISONS.iter().find(|(known, ..)| *known == sign).map(|(_, node, ..)| *node)
}

/// Replaces the comparisons of an engine by operators of our own, which functions use.
pub fn register(engine: &mut Engine) {
    for (sign, _, binds, run) in COMPARISONS {
        engine.disable_symbol(sign);
        let registered = engine.register_custom_operator(sign, binds).is_ok();
        debug_assert!(registered, "a disabled sign can be registered");
        engine.register_fn(sign, move |a: Dynamic, b: Dynamic| run(&a, &b));
    }
}

/// Says what the nodes of the rewritten tree do.
pub fn register_nodes(engine: &mut Engine) {
    for (_, node, _, run) in COMPARISONS {
        let registered = engine.register_custom_syntax_handler(node, false, move |context, sides, state| {
            let [left, right] = sides else { return Ok(Dynamic::UNIT) };
            let left = context.eval_expression_tree(left)?;
            let right = context.eval_expression_tree(right)?;
            run(&left, &right).map(Dynamic::from_bool).map_err(|mut error| {
                error.set_position(rewrite::position(state));
                error
            })
        });
        debug_assert!(registered.is_ok(), "a node can be registered");
    }
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

fn equal_all<'a>(alike: bool, mut pairs: impl Iterator<Item = (&'a Dynamic, &'a Dynamic)>, sign: &str) -> Answer<bool> {
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

#[expect(clippy::unnecessary_box_returns, reason = "the engine's errors are boxed everywhere")]
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
#[expect(clippy::unnecessary_box_returns, reason = "the engine's errors are boxed everywhere")]
pub fn fault(message: impl Into<Dynamic>) -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorRuntime(message.into(), Position::NONE))
}

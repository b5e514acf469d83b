//! How far a score can move in one moment: whether it can cross two lines at once.

use super::book::{Book, effects};
use crate::rulebook::{Decay, EffectKind, Expr, Score, ScoreId, SetId, Trigger};
use crate::value::Value;

/// Whether a score can cross two lines of one direction in one moment, so that the further one is
/// not heard: it must stand later.
pub(super) fn both(book: &Book, earlier: &Trigger, later: &Trigger) -> bool {
    let (
        Trigger::Score { score, upward, inclusive, value: first },
        Trigger::Score { inclusive: later_inclusive, value: second, .. },
    ) = (earlier, later)
    else {
        return false;
    };
    let gap = if *upward { second - first } else { first - second };
    if gap <= 0.0 {
        return gap == 0.0;
    }
    // `s > 10` is crossed from 10 itself.
    let touching = !inclusive && *later_inclusive;
    furthest(book, *score, *upward).is_none_or(|step| step > gap || (touching && step >= gap))
}

/// Whether anything gives a score worth of a sign.
pub(super) fn leaves_zero(book: &Book, id: ScoreId, upward: bool) -> bool {
    let sign = if upward { 1.0 } else { -1.0 };
    let score = book.rulebook.scores.get(id).filter(|score| score.script.is_none());
    score.is_none_or(|score| at_one_event(book, score, sign) > 0.0) || added(book, id, sign) != Some(0.0)
}

/// The furthest that a score can move in one moment; `None` where nothing bounds it. Points that
/// fade by half do so without a leap, those that count for a time fall away whole.
fn furthest(book: &Book, id: ScoreId, upward: bool) -> Option<f64> {
    let score = book.rulebook.scores.get(id).filter(|score| score.script.is_none())?;
    let sign = if upward { 1.0 } else { -1.0 };
    let gained = at_one_event(book, score, sign);
    let lost = if matches!(score.decay, Decay::Window(_)) { at_one_event(book, score, -sign) } else { 0.0 };
    Some(gained.max(lost).max(added(book, id, sign)?))
}

/// The most points of a sign that one event can bring.
fn at_one_event(book: &Book, score: &Score, sign: f64) -> f64 {
    let signed = || score.points.iter().filter(|(_, points)| points * sign > 0.0);
    let with =
        |set: SetId| signed().filter(move |(other, _)| book.share_a_type(set, *other)).map(|(_, points)| points.abs());
    signed().map(|(set, _)| with(*set).sum()).fold(0.0, f64::max)
}

/// The points of a sign that all rules together can add; `None` where an amount is not fixed.
fn added(book: &Book, id: ScoreId, sign: f64) -> Option<f64> {
    let amounts = book.rulebook.rules.iter().flat_map(effects).filter_map(|effect| match &effect.kind {
        EffectKind::Add { score, amount } if *score == id => Some(fixed(amount)),
        _ => None,
    });
    amounts.map(|amount| amount.map(|amount| (amount * sign).max(0.0))).sum()
}

fn fixed(amount: &Expr) -> Option<f64> {
    match amount {
        Expr::Constant(Value::Number(number)) => Some(*number),
        Expr::Negate(inner) => fixed(inner).map(|number| -number),
        _ => None,
    }
}

//! How far a score can move in one moment: whether it can cross two lines at once.

use super::book::{Book, effects};
use crate::decimal::Decimal;
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
    let gap = if *upward { *second - *first } else { *first - *second };
    if gap <= Decimal::ZERO {
        return gap == Decimal::ZERO;
    }
    // `s > 10` is crossed from 10 itself.
    let touching = !inclusive && *later_inclusive;
    furthest(book, *score, *upward).is_none_or(|step| step > gap || (touching && step >= gap))
}

/// Whether anything gives a score worth of a sign.
pub(super) fn leaves_zero(book: &Book, id: ScoreId, upward: bool) -> bool {
    let score = book.rulebook.scores.get(id).filter(|score| score.script.is_none());
    score.is_none_or(|score| at_one_event(book, score, upward) > Decimal::ZERO)
        || added(book, id, upward) != Some(Decimal::ZERO)
}

/// The furthest that a score can move in one moment; `None` where nothing bounds it. Points that
/// fade by half do so without a leap, those that count for a time fall away whole.
fn furthest(book: &Book, id: ScoreId, upward: bool) -> Option<Decimal> {
    let score = book.rulebook.scores.get(id).filter(|score| score.script.is_none())?;
    let gained = at_one_event(book, score, upward);
    let window = matches!(score.decay, Decay::Window(_));
    let lost = if window { at_one_event(book, score, !upward) } else { Decimal::ZERO };
    Some(gained.max(lost).max(added(book, id, upward)?))
}

/// Points as far as they move a score that way.
fn moving(points: Decimal, upward: bool) -> Decimal {
    (if upward { points } else { -points }).max(Decimal::ZERO)
}

/// The most points of a sign that one event can bring.
fn at_one_event(book: &Book, score: &Score, upward: bool) -> Decimal {
    let signed = || score.points.iter().filter(|(_, points)| moving(*points, upward) > Decimal::ZERO);
    let with =
        |set: SetId| signed().filter(move |(other, _)| book.share_a_type(set, *other)).map(|(_, points)| points.abs());
    signed().map(|(set, _)| with(*set).sum()).max().unwrap_or_default()
}

/// The points of a sign that all rules together can add; `None` where an amount is not fixed.
fn added(book: &Book, id: ScoreId, upward: bool) -> Option<Decimal> {
    let amounts = book.rulebook.rules.iter().flat_map(effects).filter_map(|effect| match &effect.kind {
        EffectKind::Add { score, amount } if *score == id => Some(fixed(amount)),
        _ => None,
    });
    amounts.map(|amount| amount.map(|amount| moving(amount, upward))).sum()
}

fn fixed(amount: &Expr) -> Option<Decimal> {
    match amount {
        Expr::Constant(Value::Number(number)) => Some(*number),
        Expr::Negate(inner) => fixed(inner).map(|number| -number),
        _ => None,
    }
}

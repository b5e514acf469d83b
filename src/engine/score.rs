//! Scores made of points. Decay is computed when a score is read, never ticked.
//!
//! With a half-life *h*, points *p* won at *t* are worth `p * 2^(-(now - t) / h)`, rounded to nine
//! digits; the sum of all is kept as one number and one moment. It is done with whole numbers, so that
//! every machine gets the same; see [`Decimal::faded`].

use crate::decimal::Decimal;
use crate::plan::Plan;
use crate::rulebook::{Decay, Score, ScoreId};
use crate::timestamp::{Span, Timestamp};

use super::lead::{Lead, ScoreState};

/// What a score reads at a moment, between its floor and its cap.
pub(crate) fn worth(plan: &Plan, lead: &Lead, id: ScoreId, now: Timestamp) -> Decimal {
    match (plan.rulebook.scores.get(id), lead.scores.get(id.index())) {
        (Some(score), Some(state)) => clamp(score, raw(score, state, now)),
        _ => Decimal::ZERO,
    }
}

/// Adds points won at `at`, which may lie before `now`.
pub(crate) fn add(score: &Score, state: &mut ScoreState, points: Decimal, at: Timestamp, now: Timestamp) {
    match score.decay {
        Decay::None => state.sum = state.sum + points,
        Decay::HalfLife(half_life) => {
            state.sum = raw(score, state, now) + fade(points, now - at, half_life);
            state.at = now;
        }
        Decay::Window(length) => {
            state.window.add(at, points);
            state.window.forget(|at| at + length <= now);
        }
    }
}

/// What points won at `at` are worth at `now`.
pub(crate) fn part_worth(score: &Score, points: Decimal, at: Timestamp, now: Timestamp) -> Decimal {
    match score.decay {
        Decay::None => points,
        Decay::HalfLife(half_life) => fade(points, now - at, half_life),
        Decay::Window(length) if at + length > now => points,
        Decay::Window(_) => Decimal::ZERO,
    }
}

/// The first whole second after `now` at which a score that stands above a line stands below it.
/// `inclusive`: standing on the line counts as below. A moment at `before` or later may be left out.
pub(crate) fn falls_at(
    score: &Score,
    state: &ScoreState,
    (line, inclusive): (Decimal, bool),
    now: Timestamp,
    before: Timestamp,
) -> Option<Timestamp> {
    let fallen = |sum: Decimal| is_below(clamp(score, sum), line, inclusive);
    match score.decay {
        Decay::None => None,
        Decay::HalfLife(half_life) => {
            let sum = raw(score, state, now);
            // In the end nothing is left: is that below the line?
            if sum <= Decimal::ZERO || !fallen(Decimal::ZERO) {
                return None;
            }
            let near = libm::log2(sum.to_f64() / line.max(Decimal::STEP).to_f64()) * half_life.0 as f64;
            first_second(now, (now + Span(near as i64)).0.div_euclid(SECOND), |at| fallen(raw(score, state, at)))
        }
        Decay::Window(length) => {
            let before = if before == Timestamp::MAX { before } else { before - length };
            state.window.first_end(now - length, before, fallen).map(|at| at + length)
        }
    }
}

const SECOND: i64 = 1_000_000;

/// The first whole second after a moment from which on something holds that will hold in the end,
/// looked for around a guess: from there in growing steps, then by halves.
fn first_second(now: Timestamp, guess: i64, holds: impl Fn(Timestamp) -> bool) -> Option<Timestamp> {
    let at = Timestamp::from_seconds;
    // The last second at which it need not be asked: it does not hold now.
    let floor = now.0.div_euclid(SECOND);
    let mut high = guess.max(floor + 1);
    let mut low = high;
    let mut step = 1;
    while !holds(at(high)) {
        low = high;
        high = high.checked_add(step).filter(|second| *second < i64::MAX / SECOND)?;
        step *= 2;
    }
    step = 1;
    while low == high || (low > floor && holds(at(low))) {
        high = low;
        low = (low - step).max(floor);
        step *= 2;
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if holds(at(middle)) {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(at(high))
}

/// Whether a score is on the lower side of a line.
pub(crate) fn is_below(worth: Decimal, line: Decimal, inclusive: bool) -> bool {
    worth < line || (inclusive && worth <= line)
}

fn raw(score: &Score, state: &ScoreState, now: Timestamp) -> Decimal {
    match score.decay {
        Decay::None => state.sum,
        Decay::HalfLife(half_life) => fade(state.sum, now - state.at, half_life),
        Decay::Window(length) => state.window.sum_after(now - length),
    }
}

fn fade(points: Decimal, age: Span, half_life: Span) -> Decimal {
    points.faded(age.0, half_life.0)
}

fn clamp(score: &Score, sum: Decimal) -> Decimal {
    let capped = score.cap.map_or(sum, |cap| sum.min(cap));
    score.floor.map_or(capped, |floor| capped.max(floor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_found_from_any_guess() {
        for (now, first) in [(0, 1), (0, 17), (5_400_000, 6), (-1, 0), (3_000_000, 1_000_000)] {
            for guess in [-3, 0, 1, 5, 16, 17, 18, 400, 999_999, 1_000_001, 5_000_000] {
                let found = first_second(Timestamp(now), guess, |at| at.0 >= first * SECOND);
                assert_eq!(found, Some(Timestamp(first * SECOND)), "{now} {first} {guess}");
            }
        }
        assert_eq!(first_second(Timestamp(0), 5, |_| false), None);
    }
}

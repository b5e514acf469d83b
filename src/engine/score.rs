//! Scores made of points. Decay is computed when a score is read, never ticked.
//!
//! With a half-life *h*, points *p* won at *t* are worth `p * 2^(-(now - t) / h)`; the sum of all
//! is kept as one number and one moment. Powers of two come from `libm`, so that every machine
//! computes the same bits.

use crate::plan::Plan;
use crate::rulebook::{Decay, Score, ScoreId};
use crate::timestamp::{Span, Timestamp};

use super::lead::{Lead, ScoreState};

/// What a score reads at a moment, between its floor and its cap.
pub(crate) fn worth(plan: &Plan, lead: &Lead, id: ScoreId, now: Timestamp) -> f64 {
    match (plan.rulebook.scores.get(id), lead.scores.get(id.index())) {
        (Some(score), Some(state)) => clamp(score, raw(score, state, now)),
        _ => 0.0,
    }
}

/// Adds points won at `at`, which may lie before `now`.
pub(crate) fn add(score: &Score, state: &mut ScoreState, points: f64, at: Timestamp, now: Timestamp) {
    match score.decay {
        Decay::None => state.sum += points,
        Decay::HalfLife(half_life) => {
            state.sum = raw(score, state, now) + points * fade(now - at, half_life);
            state.at = now;
        }
        Decay::Window(length) => {
            state.window.add(at, points);
            state.window.forget(|at| at + length <= now);
        }
    }
}

/// What points won at `at` are worth at `now`.
pub(crate) fn part_worth(score: &Score, points: f64, at: Timestamp, now: Timestamp) -> f64 {
    match score.decay {
        Decay::None => points,
        Decay::HalfLife(half_life) => points * fade(now - at, half_life),
        Decay::Window(length) if at + length > now => points,
        Decay::Window(_) => 0.0,
    }
}

/// The first whole second after `now` at which a score that stands above a line stands below it.
/// `inclusive`: standing on the line counts as below. A moment at `before` or later may be left out.
pub(crate) fn falls_at(
    score: &Score,
    state: &ScoreState,
    (line, inclusive): (f64, bool),
    now: Timestamp,
    before: Timestamp,
) -> Option<Timestamp> {
    let fallen = |sum: f64| is_below(clamp(score, sum), line, inclusive);
    let below = |at: Timestamp| fallen(raw(score, state, at));
    match score.decay {
        Decay::None => None,
        Decay::HalfLife(half_life) => {
            let sum = raw(score, state, now);
            if sum <= 0.0 || line <= 0.0 || score.floor.is_some_and(|floor| !is_below(floor, line, inclusive)) {
                return None;
            }
            let micros = libm::log2(sum / line) * half_life.0 as f64;
            let exact = now + Span(micros as i64);
            let mut second = Timestamp::from_seconds((exact.0 - 1).div_euclid(1_000_000)).max(now);
            // The logarithm is good to less than a microsecond; the second it names may still be
            // on the wrong side of the line.
            for _ in 0..4 {
                if second > now && below(second) {
                    return Some(second);
                }
                second = Timestamp::from_seconds(second.0.div_euclid(1_000_000) + 1);
            }
            None
        }
        Decay::Window(length) => {
            let before = if before == Timestamp::MAX { before } else { before - length };
            state.window.first_end(now - length, before, fallen).map(|at| at + length)
        }
    }
}

/// Whether a score is on the lower side of a line.
pub(crate) fn is_below(worth: f64, line: f64, inclusive: bool) -> bool {
    worth < line || (inclusive && worth <= line)
}

fn raw(score: &Score, state: &ScoreState, now: Timestamp) -> f64 {
    match score.decay {
        Decay::None => state.sum,
        Decay::HalfLife(_) if state.sum == 0.0 => 0.0,
        Decay::HalfLife(half_life) => state.sum * fade(now - state.at, half_life),
        Decay::Window(length) => state.window.sum_after(now - length),
    }
}

fn fade(age: Span, half_life: Span) -> f64 {
    libm::exp2(-(age.0 as f64) / half_life.0 as f64)
}

fn clamp(score: &Score, sum: f64) -> f64 {
    let capped = score.cap.map_or(sum, |cap| sum.min(cap));
    score.floor.map_or(capped, |floor| capped.max(floor))
}

//! What a score with `window` is made of: contributions by time, each with the sum up to it, so that
//! no reading walks the whole window. Whole points add up to the same bits in any order; as soon as
//! others come in, each sum is made from its first point on, as if no sums were kept.

use std::collections::VecDeque;

use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::timestamp::Timestamp;

/// Below this, whole numbers and their sums are exact.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Contributions in order of time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Window {
    list: VecDeque<Contribution>,
    /// The sum up to the first contribution that is still there.
    base: f64,
    /// How much was ever added, whatever its sign; infinite once sums may be inexact.
    weight: f64,
    /// How many contributions take points away.
    negative: usize,
}

#[derive(Clone, Copy, Debug)]
struct Contribution {
    at: Timestamp,
    points: f64,
    /// The sum up to this one and with it.
    sum: f64,
}

impl Window {
    /// Adds points at their place in time.
    pub fn add(&mut self, at: Timestamp, points: f64) {
        let place = self.list.partition_point(|other| other.at <= at);
        let whole = points.is_finite() && points.fract() == 0.0;
        self.weight += if whole { points.abs() } else { f64::INFINITY };
        if self.weight >= EXACT {
            self.weight = f64::INFINITY;
        }
        self.negative += usize::from(points < 0.0);
        let before = self.sum_before(place);
        self.list.insert(place, Contribution { at, points, sum: before + points });
        for later in self.list.range_mut(place + 1..) {
            later.sum += points;
        }
    }

    /// Forgets the contributions that `is_over` holds for, from the oldest on.
    pub fn forget(&mut self, is_over: impl Fn(Timestamp) -> bool) {
        while let Some(first) = self.list.front().copied().filter(|first| is_over(first.at)) {
            self.list.pop_front();
            self.base = first.sum;
            self.negative -= usize::from(first.points < 0.0);
        }
    }

    /// The sum of what was won after a moment.
    pub fn sum_after(&self, after: Timestamp) -> f64 {
        self.sum_from(self.list.partition_point(|one| one.at <= after))
    }

    /// The first contribution, after a moment and before another, with whose end the sum of those
    /// after it is one for which `is_below` holds; `is_below` holds below every sum it holds for.
    pub fn first_end(&self, after: Timestamp, before: Timestamp, is_below: impl Fn(f64) -> bool) -> Option<Timestamp> {
        let first = self.list.partition_point(|one| one.at <= after);
        let end = self.list.partition_point(|one| one.at < before);
        let found = if self.is_exact() && self.negative == 0 {
            // Where nothing takes points away, the sum only falls as contributions end.
            let (mut low, mut high) = (first, end);
            while low < high {
                let middle = low + (high - low) / 2;
                let below = self.at(middle).is_some_and(|at| is_below(self.sum_after(at)));
                (low, high) = if below { (low, middle) } else { (middle + 1, high) };
            }
            low
        } else {
            let mut places = first..end;
            places.find(|place| self.at(*place).is_some_and(|at| is_below(self.sum_after(at)))).unwrap_or(end)
        };
        (found < end).then(|| self.at(found)).flatten()
    }

    fn at(&self, place: usize) -> Option<Timestamp> {
        self.list.get(place).map(|one| one.at)
    }

    fn is_exact(&self) -> bool {
        self.weight < EXACT
    }

    fn sum_before(&self, place: usize) -> f64 {
        place.checked_sub(1).and_then(|last| self.list.get(last)).map_or(self.base, |one| one.sum)
    }

    fn sum_from(&self, place: usize) -> f64 {
        if self.is_exact() {
            return self.sum_before(self.list.len()) - self.sum_before(place);
        }
        // A sum of nothing would be minus zero.
        self.list.range(place..).fold(0.0, |sum, one| sum + one.points)
    }
}

/// Sums are made anew when a window is read.
impl Serialize for Window {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.list.len()))?;
        for one in &self.list {
            list.serialize_element(&(one.at, one.points))?;
        }
        list.end()
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list: Vec<(Timestamp, f64)> = Deserialize::deserialize(deserializer)?;
        let mut window = Self::default();
        for (at, points) in list {
            window.add(at, points);
        }
        Ok(window)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a window says is what a walk through all of it would say, to the last bit.
    fn agrees(steps: &[(i64, f64)], line: f64) -> Result<(), TestCaseError> {
        let (mut window, mut plain): (Window, Vec<(i64, f64)>) = Default::default();
        for (now, (late, points)) in steps.iter().enumerate() {
            let now = now as i64 * 3;
            let at = now - late;
            window.add(Timestamp(at), *points);
            plain.insert(plain.partition_point(|(other, _)| *other <= at), (at, *points));
            window.forget(|at| at.0 + 40 <= now);
            let sum =
                |after: i64| plain.iter().filter(|(at, _)| *at > after).fold(0.0, |sum, (_, points)| sum + points);
            prop_assert_eq!(window.sum_after(Timestamp(now - 40)).to_bits(), sum(now - 40).to_bits());
            let mut ends = plain.iter().map(|(at, _)| *at).filter(|at| *at > now - 40);
            let found = window.first_end(Timestamp(now - 40), Timestamp::MAX, |sum| sum < line);
            prop_assert_eq!(found.map(|at| at.0), ends.find(|at| sum(*at) < line));
            let again: Window = postcard::from_bytes(&postcard::to_stdvec(&window).unwrap()).unwrap();
            prop_assert_eq!(again.sum_after(Timestamp(now - 20)).to_bits(), sum(now - 20).to_bits());
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn whole_points_agree(steps in prop::collection::vec((0_i64..30, (1_i8..9).prop_map(f64::from)), 0..60)) {
            agrees(&steps, 12.0)?;
        }

        #[test]
        fn points_taken_away_agree(steps in prop::collection::vec((0_i64..30, (-9_i8..9).prop_map(f64::from)), 0..60)) {
            agrees(&steps, 3.0)?;
        }

        #[test]
        fn broken_points_agree(steps in prop::collection::vec((0_i64..30, -3.0_f64..7.0), 0..60)) {
            agrees(&steps, 5.0)?;
        }
    }
}

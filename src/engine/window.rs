//! What a score with `window` is made of: contributions by time, each with the sum up to it, so that
//! no reading walks the whole window. Decimals add up to the same in any order.

use std::collections::VecDeque;

use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::decimal::Decimal;
use crate::timestamp::Timestamp;

/// Contributions in order of time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Window {
    list: VecDeque<Contribution>,
    /// The sum up to the first contribution that is still there.
    base: Decimal,
    /// How many contributions take points away.
    negative: usize,
}

#[derive(Clone, Copy, Debug)]
struct Contribution {
    at: Timestamp,
    points: Decimal,
    /// The sum up to this one and with it.
    sum: Decimal,
}

impl Window {
    /// Adds points at their place in time.
    pub fn add(&mut self, at: Timestamp, points: Decimal) {
        let place = self.list.partition_point(|other| other.at <= at);
        self.negative += usize::from(points.is_negative());
        let before = self.sum_before(place);
        self.list.insert(place, Contribution { at, points, sum: before + points });
        for later in self.list.range_mut(place + 1..) {
            later.sum = later.sum + points;
        }
    }

    /// Forgets the contributions that `is_over` holds for, from the oldest on.
    pub fn forget(&mut self, is_over: impl Fn(Timestamp) -> bool) {
        while let Some(first) = self.list.front().copied().filter(|first| is_over(first.at)) {
            self.list.pop_front();
            self.base = first.sum;
            self.negative -= usize::from(first.points.is_negative());
        }
    }

    /// The sum of what was won after a moment.
    pub fn sum_after(&self, after: Timestamp) -> Decimal {
        let place = self.list.partition_point(|one| one.at <= after);
        self.sum_before(self.list.len()) - self.sum_before(place)
    }

    /// The first contribution, after a moment and before another, with whose end the sum of those
    /// after it is one for which `is_below` holds; `is_below` holds below every sum it holds for.
    pub fn first_end(
        &self,
        after: Timestamp,
        before: Timestamp,
        is_below: impl Fn(Decimal) -> bool,
    ) -> Option<Timestamp> {
        let first = self.list.partition_point(|one| one.at <= after);
        let end = self.list.partition_point(|one| one.at < before);
        let below = |place: usize| self.at(place).is_some_and(|at| is_below(self.sum_after(at)));
        let found = if self.negative == 0 {
            // Where nothing takes points away, the sum only falls as contributions end.
            let (mut low, mut high) = (first, end);
            while low < high {
                let middle = low + (high - low) / 2;
                (low, high) = if below(middle) { (low, middle) } else { (middle + 1, high) };
            }
            low
        } else {
            (first..end).find(|place| below(*place)).unwrap_or(end)
        };
        (found < end).then(|| self.at(found)).flatten()
    }

    fn at(&self, place: usize) -> Option<Timestamp> {
        self.list.get(place).map(|one| one.at)
    }

    fn sum_before(&self, place: usize) -> Decimal {
        place.checked_sub(1).and_then(|last| self.list.get(last)).map_or(self.base, |one| one.sum)
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
        let list: Vec<(Timestamp, Decimal)> = Deserialize::deserialize(deserializer)?;
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

    /// What a window says is what a walk through all of it would say.
    fn agrees(steps: &[(i64, Decimal)], line: i32) -> Result<(), TestCaseError> {
        let line = Decimal::from(line);
        let (mut window, mut plain): (Window, Vec<(i64, Decimal)>) = Default::default();
        for (now, (late, points)) in steps.iter().enumerate() {
            let now = now as i64 * 3;
            let at = now - late;
            window.add(Timestamp(at), *points);
            plain.insert(plain.partition_point(|(other, _)| *other <= at), (at, *points));
            window.forget(|at| at.0 + 40 <= now);
            let sum =
                |after: i64| plain.iter().filter(|(at, _)| *at > after).map(|(_, points)| *points).sum::<Decimal>();
            prop_assert_eq!(window.sum_after(Timestamp(now - 40)), sum(now - 40));
            let mut ends = plain.iter().map(|(at, _)| *at).filter(|at| *at > now - 40);
            let found = window.first_end(Timestamp(now - 40), Timestamp::MAX, |sum| sum < line);
            prop_assert_eq!(found.map(|at| at.0), ends.find(|at| sum(*at) < line));
            let again: Window = postcard::from_bytes(&postcard::to_stdvec(&window).unwrap()).unwrap();
            prop_assert_eq!(again.sum_after(Timestamp(now - 20)), sum(now - 20));
        }
        Ok(())
    }

    /// Cents.
    fn points(range: std::ops::Range<i32>) -> impl Strategy<Value = Decimal> {
        range.prop_map(|cents| Decimal::parse(&format!("{cents}e-2")).unwrap())
    }

    proptest! {
        #[test]
        fn points_agree(steps in prop::collection::vec((0_i64..30, points(1..900)), 0..60)) {
            agrees(&steps, 12)?;
        }

        #[test]
        fn points_taken_away_agree(steps in prop::collection::vec((0_i64..30, points(-900..900)), 0..60)) {
            agrees(&steps, 3)?;
        }
    }
}

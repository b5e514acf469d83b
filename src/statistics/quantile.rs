//! Quantiles of plain values.

use std::cmp::Ordering;

/// The place of a quantile among so many values in order, from 0: of the least that has at least `percent` of
/// the values at or below it, which for the median is the lower of two middles. `None` without values.
///
/// It is ⌈n · percent / 100⌉ − 1: the inverse of the empirical distribution function, the first of R. J. Hyndman
/// and Y. Fan, "Sample quantiles in statistical packages", The American Statistician 50 (1996).
#[must_use]
pub fn rank(count: usize, percent: u32) -> Option<usize> {
    let percent = percent.clamp(1, 100) as usize;
    // count = 100 hundreds + rest, so that no product is too large.
    let (hundreds, rest) = (count / 100, count % 100);
    (hundreds * percent + (rest * percent).div_ceil(100)).checked_sub(1)
}

/// The value at the [`rank`] of a quantile, in the order of `compare`, which must be a total one, as `f64::total_cmp`
/// is; `None` without values. The values are left in another order.
#[must_use]
pub fn quantile<T: Copy>(values: &mut [T], percent: u32, compare: impl Fn(&T, &T) -> Ordering) -> Option<T> {
    let rank = rank(values.len(), percent)?;
    let (_, value, _) = values.select_nth_unstable_by(rank, compare);
    Some(*value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_lower_of_two_middles() {
        assert_eq!(quantile(&mut [4, 1, 3, 2], 50, Ord::cmp), Some(2));
        assert_eq!(quantile(&mut [5, 4, 1, 3, 2], 50, Ord::cmp), Some(3));
        assert_eq!(quantile(&mut [19.0, 9.0, 21.0], 50, f64::total_cmp), Some(19.0));
    }

    #[test]
    fn a_quantile_is_the_least_value_with_so_many_at_or_below_it() {
        for count in 1..250_u64 {
            for percent in 1..=100_u64 {
                let least = (1..=count).find(|at_or_below| at_or_below * 100 >= count * percent).unwrap();
                assert_eq!(rank(count as usize, percent as u32), Some(least as usize - 1), "{percent} % of {count}");
            }
        }
    }

    #[test]
    fn the_ends_are_the_least_and_the_most() {
        assert_eq!((rank(0, 50), rank(7, 0), rank(7, 100), rank(7, 300)), (None, Some(0), Some(6), Some(6)));
        assert_eq!(rank(usize::MAX, 100), Some(usize::MAX - 1));
    }
}

//! Shares: Wilson's interval of one, Newcombe's of the difference of two.

use super::{Interval, Z};

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proportion {
    /// Rows with the outcome.
    pub successes: u64,
    /// All rows.
    pub rows: u64,
}

impl Proportion {
    /// `successes` of `rows`
    #[must_use]
    pub const fn new(successes: u64, rows: u64) -> Self {
        Self { successes, rows }
    }

    /// The share, from 0 to 1; `None` without rows.
    #[must_use]
    pub fn rate(self) -> Option<f64> {
        (self.rows > 0).then(|| self.successes as f64 / self.rows as f64)
    }
}

/// The score interval of a share, from 0 to 1; `None` without rows, or with more successes than rows.
///
/// With p = s / n it is (p + z²/2n ± z √(p (1 − p) / n + z²/4n²)) / (1 + z²/n): E. B. Wilson, "Probable
/// inference, the law of succession, and statistical inference", Journal of the American Statistical
/// Association 22 (1927).
#[must_use]
pub fn wilson(share: Proportion) -> Option<Interval> {
    let rate = share.rate().filter(|_| share.successes <= share.rows)?;
    let rows = share.rows as f64;
    let weight = Z * Z / rows;
    let center = rate + weight / 2.0;
    let half = (rate * (1.0 - rate) * weight + weight * weight / 4.0).sqrt();
    // None and all are limits themselves, which rounding would miss by a hair.
    let low = if share.successes == 0 { 0.0 } else { (center - half) / (1.0 + weight) };
    let high = if share.successes == share.rows { 1.0 } else { (center + half) / (1.0 + weight) };
    Some(Interval { low, high })
}

/// By how much one share exceeds another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// The first share less the second, from -1 to 1.
    pub difference: f64,
    /// Where it may lie.
    pub interval: Interval,
}

impl Difference {
    /// Whether the shares surely differ: the interval leaves out zero.
    #[must_use]
    pub fn is_sure(self) -> bool {
        self.interval.leaves_out(0.0)
    }
}

/// The difference p₁ − p₂ of two shares; `None` where one has no interval.
///
/// With Wilson's limits l and u of each it goes from p₁ − p₂ − √((p₁ − l₁)² + (u₂ − p₂)²) to
/// p₁ − p₂ + √((u₁ − p₁)² + (p₂ − l₂)²): R. G. Newcombe, "Interval estimation for the difference between
/// independent proportions", Statistics in Medicine 17 (1998), method 10.
#[must_use]
pub fn newcombe(first: Proportion, second: Proportion) -> Option<Difference> {
    let (one, other) = (first.rate()?, second.rate()?);
    let (of_one, of_other) = (wilson(first)?, wilson(second)?);
    let difference = one - other;
    let below = (one - of_one.low).hypot(of_other.high - other);
    let above = (of_one.high - one).hypot(other - of_other.low);
    Some(Difference { difference, interval: Interval { low: difference - below, high: difference + above } })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percent(successes: u64, rows: u64) -> String {
        let interval = wilson(Proportion::new(successes, rows)).unwrap();
        format!("{:.1} to {:.1}", 100.0 * interval.low, 100.0 * interval.high)
    }

    #[test]
    fn few_rows_have_a_wide_interval() {
        assert_eq!(percent(0, 10), "0.0 to 27.8");
        assert_eq!(percent(3, 14), "7.6 to 47.6");
        assert_eq!(percent(23, 291), "5.3 to 11.6");
    }

    #[test]
    fn none_and_all_are_limits_themselves() {
        for rows in 1..200 {
            assert_eq!(wilson(Proportion::new(0, rows)).unwrap().low.to_bits(), 0.0_f64.to_bits(), "0 of {rows}");
            assert_eq!(wilson(Proportion::new(rows, rows)).unwrap().high.to_bits(), 1.0_f64.to_bits(), "all of {rows}");
        }
    }

    #[test]
    fn without_rows_there_is_no_share() {
        let none = Proportion::new(0, 0);
        assert_eq!((none.rate(), wilson(none), newcombe(none, Proportion::new(1, 2))), (None, None, None));
        assert_eq!(wilson(Proportion::new(3, 2)), None);
    }

    #[test]
    fn a_small_difference_may_be_chance() {
        let found = newcombe(Proportion::new(23, 291), Proportion::new(34, 310)).unwrap();
        let points =
            [found.difference, found.interval.low, found.interval.high].map(|part| format!("{:.2}", 100.0 * part));
        assert_eq!(points, ["-3.06", "-7.80", "1.69"]);
        assert!(!found.is_sure());
        assert!(newcombe(Proportion::new(23, 291), Proportion::new(64, 310)).unwrap().is_sure());
    }

    #[test]
    fn a_difference_turned_around_is_the_same_with_its_sign_changed() {
        let (first, second) = (Proportion::new(3, 14), Proportion::new(5, 9));
        let (there, back) = (newcombe(first, second).unwrap(), newcombe(second, first).unwrap());
        assert!((there.interval.low + back.interval.high).abs() < 1e-15);
        assert!((there.interval.high + back.interval.low).abs() < 1e-15);
    }
}

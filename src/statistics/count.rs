//! Counts of two periods: how many times as many, for the days each had.

use super::{Interval, Proportion, wilson};

/// How many there were in so many days.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PeriodCount {
    /// How many.
    pub count: u64,
    /// The length of the period in days, more than 0.
    pub days: f64,
}

/// How many times as many a day there were later.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio {
    /// The rate of later by that of before: 1 is no change. `None` where there were none before.
    pub ratio: Option<f64>,
    /// The least it may be.
    pub low: f64,
    /// The most it may be; `None` where there is no such limit, as there were none before.
    pub high: Option<f64>,
}

impl Ratio {
    /// Whether the rates surely differ: the interval leaves out 1, a change of zero.
    #[must_use]
    pub fn is_sure(self) -> bool {
        Interval { low: self.low, high: self.high.unwrap_or(f64::INFINITY) }.leaves_out(1.0)
    }
}

/// The change of a count, per day; `None` where nothing was counted, or a length is not above 0.
///
/// Of two Poisson counts, given their sum, one is binomial with the share π = ρ d₂ / (ρ d₂ + d₁) for the ratio ρ
/// of rates and lengths d: so ρ = π / (1 − π) · d₁ / d₂, at the share and at Wilson's limits of it. The conditioning
/// is of J. Przyborowski and H. Wilenski, "Homogeneity of results in testing samples from Poisson series",
/// Biometrika 31 (1940).
#[must_use]
pub fn count_ratio(before: PeriodCount, later: PeriodCount) -> Option<Ratio> {
    let scale = Some(before.days / later.days).filter(|_| is_length(before.days) && is_length(later.days))?;
    let part = wilson(Proportion::new(later.count, later.count.checked_add(before.count)?))?;
    let odds = |share: f64| scale * share / (1.0 - share);
    let has_before = before.count > 0;
    Some(Ratio {
        ratio: has_before.then(|| later.count as f64 / before.count as f64 * scale),
        low: odds(part.low),
        high: has_before.then(|| odds(part.high)),
    })
}

fn is_length(days: f64) -> bool {
    days > 0.0 && days.is_finite()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(before: (u64, f64), later: (u64, f64)) -> Option<Ratio> {
        let count = |(count, days)| PeriodCount { count, days };
        count_ratio(count(before), count(later))
    }

    #[test]
    fn a_longer_period_may_have_more() {
        let same = ratio((280, 28.0), (310, 31.0)).unwrap();
        assert!((same.ratio.unwrap() - 1.0).abs() < 1e-15 && !same.is_sure());
        assert!(ratio((280, 28.0), (310, 14.0)).unwrap().is_sure());
    }

    #[test]
    fn the_ratio_lies_within_its_limits_also_turned_around() {
        let (there, back) = (ratio((40, 30.0), (60, 31.0)).unwrap(), ratio((60, 31.0), (40, 30.0)).unwrap());
        let high = there.high.unwrap();
        assert!(there.low < there.ratio.unwrap() && there.ratio.unwrap() < high);
        assert!((high * back.low - 1.0).abs() < 1e-12 && (there.low * back.high.unwrap() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn from_nothing_there_is_no_ratio_but_a_lower_limit() {
        let risen = ratio((0, 7.0), (12, 7.0)).unwrap();
        assert_eq!((risen.ratio, risen.high), (None, None));
        // Wilson's lower limit of 12 of 12 is 12 / (12 + z²).
        assert!((risen.low - 12.0 / (super::super::Z * super::super::Z)).abs() < 1e-12 && risen.is_sure());
        assert!(!ratio((0, 7.0), (2, 7.0)).unwrap().is_sure());
        let gone = ratio((12, 7.0), (0, 7.0)).unwrap();
        assert_eq!((gone.ratio, gone.low), (Some(0.0), 0.0));
        assert!(gone.is_sure());
    }

    #[test]
    fn of_nothing_and_in_no_time_nothing_is_said() {
        assert_eq!(ratio((0, 7.0), (0, 7.0)), None);
        assert_eq!(ratio((1, 0.0), (1, 7.0)), None);
        assert_eq!(ratio((1, 7.0), (1, f64::NAN)), None);
    }
}

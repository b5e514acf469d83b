//! Pearson's test of counts against the shares they should have: whether a split is as it was meant to be.

/// An uneven split is seen from so many rows on,
const LEAST: u64 = 100;
/// of which so many are expected in each part.
const LEAST_EXPECTED: f64 = 5.0;
/// A split is uneven if chance gives one like it more rarely than this.
const RARE: f64 = 0.001;
/// Terms after which a series is given up. It takes about √a of them, and a is half the degrees of freedom.
const TERMS: u32 = 10_000;

/// What the test finds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChiSquared {
    /// The sum of (count − expected)² / expected.
    pub statistic: f64,
    /// How often chance alone gives as much or more, from 0 to 1.
    pub p_value: f64,
    /// The smallest count that was expected.
    pub least_expected: f64,
}

/// Counts against their shares, which are in proportion and need not sum to 1; `None` with fewer than two counts, as
/// many shares as are not counts, a share not above 0, or nothing counted.
///
/// The p-value is Q(f/2, x/2), the regularized upper incomplete gamma function, of the statistic x with one degree of
/// freedom f less than counts: M. Abramowitz and I. A. Stegun, "Handbook of Mathematical Functions" (1964), 26.4.19.
#[must_use]
pub fn chi_squared(counts: &[u64], shares: &[f64]) -> Option<ChiSquared> {
    let (total, whole) = (counts.iter().sum::<u64>() as f64, shares.iter().sum::<f64>());
    let is_fit = counts.len() == shares.len()
        && counts.len() >= 2
        && total > 0.0
        && whole.is_finite()
        && shares.iter().all(|share| *share > 0.0);
    if !is_fit {
        return None;
    }
    let expected = || shares.iter().map(|share| total * share / whole);
    let statistic = counts.iter().zip(expected()).map(|(count, part)| (*count as f64 - part).powi(2) / part).sum();
    Some(ChiSquared {
        statistic,
        p_value: upper_gamma((counts.len() - 1) as f64 / 2.0, statistic / 2.0),
        least_expected: expected().fold(f64::INFINITY, f64::min),
    })
}

/// Whether leads fell into variants surely otherwise than by their shares: p below 0.001. `None` until there are 100 of
/// them, and 5 expected in each.
#[must_use]
pub fn uneven(counts: &[u64], shares: &[f64]) -> Option<bool> {
    let found = chi_squared(counts, shares)?;
    let is_enough = counts.iter().sum::<u64>() >= LEAST && found.least_expected >= LEAST_EXPECTED;
    is_enough.then_some(found.p_value < RARE)
}

/// Q(a, x) for a above 0: the series of P = 1 − Q left of a + 1, the continued fraction of Q right of it, as in
/// W. H. Press and others, "Numerical Recipes" (2007), 6.2; in Abramowitz and Stegun they are 6.5.29 and 6.5.31.
fn upper_gamma(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let scale = libm::exp(a * libm::log(x) - x - libm::lgamma(a));
    if x < a + 1.0 { 1.0 - scale * series(a, x) } else { scale * fraction(a, x) }
}

/// 1/a · (1 + x/(a+1) + x²/((a+1)(a+2)) + ...)
fn series(a: f64, x: f64) -> f64 {
    let mut term = 1.0 / a;
    let mut sum = term;
    for step in 1..TERMS {
        term *= x / (a + f64::from(step));
        sum += term;
        if term < sum * f64::EPSILON {
            break;
        }
    }
    sum
}

/// 1/(x+1−a − 1(1−a)/(x+3−a − 2(2−a)/(x+5−a − ...))), from the front: W. J. Lentz's way.
fn fraction(a: f64, x: f64) -> f64 {
    let apart = |part: f64| if part.abs() < f64::MIN_POSITIVE { f64::MIN_POSITIVE } else { part };
    let mut below = x + 1.0 - a;
    let (mut above, mut inverse) = (1.0 / f64::MIN_POSITIVE, 1.0 / below);
    let mut value = inverse;
    for step in 1..TERMS {
        let step = f64::from(step);
        let part = -step * (step - a);
        below += 2.0;
        inverse = 1.0 / apart(part * inverse + below);
        above = apart(below + part / above);
        value *= inverse * above;
        if (inverse * above - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_is_uneven_when_chance_hardly_gives_it() {
        let p_value = |counts: [u64; 2]| chi_squared(&counts, &[50.0, 50.0]).unwrap().p_value;
        assert_eq!(format!("{:.3}", p_value([540, 460])), "0.011");
        assert_eq!(format!("{:.5}", p_value([560, 440])), "0.00015");
        assert_eq!(uneven(&[540, 460], &[50.0, 50.0]), Some(false));
        assert_eq!(uneven(&[552, 448], &[0.5, 0.5]), Some(false), "p is .00101");
        assert_eq!(uneven(&[553, 447], &[0.5, 0.5]), Some(true), "p is .00080");
        assert_eq!(uneven(&[560, 440], &[0.5, 0.5]), Some(true));
    }

    #[test]
    fn few_leads_are_not_judged() {
        assert_eq!(uneven(&[99, 0], &[1.0, 1.0]), None);
        assert_eq!(uneven(&[100, 0], &[1.0, 1.0]), Some(true));
        assert_eq!(uneven(&[120, 0], &[96.0, 4.0]), None, "4.8 are expected");
        assert_eq!(uneven(&[100, 0], &[95.0, 5.0]), Some(false), "5 are expected, and p is .02");
    }

    #[test]
    fn one_degree_of_freedom_is_a_normal_squared_and_two_are_exponential() {
        for step in 1..400 {
            let x = f64::from(step) * 0.1;
            let (one, two) = (libm::erfc((x / 2.0).sqrt()), libm::exp(-x / 2.0));
            assert!((upper_gamma(0.5, x / 2.0) / one - 1.0).abs() < 1e-11, "{x}");
            assert!((upper_gamma(1.0, x / 2.0) / two - 1.0).abs() < 1e-11, "{x}");
            // Q(a + 1, x) = Q(a, x) + xᵃ e⁻ˣ / Γ(a + 1)
            for a in [0.5, 1.0, 4.5, 30.0] {
                let more = libm::exp(a * libm::log(x) - x - libm::lgamma(a + 1.0));
                assert!((upper_gamma(a + 1.0, x) - upper_gamma(a, x) - more).abs() < 1e-12, "{a} {x}");
            }
        }
    }

    #[test]
    fn what_cannot_be_tested_is_not() {
        assert_eq!(chi_squared(&[1, 2], &[1.0]), None);
        assert_eq!(chi_squared(&[1], &[1.0]), None);
        assert_eq!(chi_squared(&[0, 0], &[1.0, 1.0]), None);
        assert_eq!(chi_squared(&[1, 2], &[1.0, 0.0]), None);
        assert_eq!(chi_squared(&[5, 5], &[1.0, 1.0]).unwrap().p_value.to_bits(), 1.0_f64.to_bits());
    }
}

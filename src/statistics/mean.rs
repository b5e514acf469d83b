//! Means of plain values.

use super::Interval;

/// So many values have a mean whose interval is worth printing.
const LEAST: usize = 30;
/// So many standard errors to each side.
const ERRORS: f64 = 1.96;

/// A mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean {
    /// The mean.
    pub mean: f64,
    /// 1.96 standard errors to each side; `None` of fewer than 30 values.
    pub interval: Option<Interval>,
}

/// The mean of values, the same for the same values in any order; `None` without values.
///
/// The standard error is s / √n, with s² = Σ (x − mean)² / (n − 1).
#[must_use]
pub fn mean(values: &[f64]) -> Option<Mean> {
    // A sum of floating-point numbers hangs on their order.
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    let count = values.len() as f64;
    let mean = (!values.is_empty()).then(|| values.iter().sum::<f64>() / count)?;
    let interval = (values.len() >= LEAST).then(|| {
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        let half = ERRORS * (squares / (count - 1.0) / count).sqrt();
        Interval { low: mean - half, high: mean + half }
    });
    Some(Mean { mean, interval })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_takes_thirty_values() {
        let values: Vec<f64> = (1..=30).map(f64::from).collect();
        assert_eq!(mean(&values[..29]), Some(Mean { mean: 15.0, interval: None }));
        let found = mean(&values).unwrap();
        // The variance of 1..=n is n (n + 1) / 12.
        let half = 1.96 * (30.0 * 31.0 / 12.0 / 30.0_f64).sqrt();
        let interval = found.interval.unwrap();
        assert!((found.mean - 15.5).abs() < 1e-12);
        assert!((interval.low - (15.5 - half)).abs() < 1e-12 && (interval.high - (15.5 + half)).abs() < 1e-12);
    }

    #[test]
    fn the_order_of_values_is_of_no_account() {
        let values: Vec<f64> = (1..200).map(|number| 1.0 / f64::from(number)).collect();
        let turned: Vec<f64> = values.iter().rev().copied().collect();
        assert_eq!(mean(&values), mean(&turned));
        assert_ne!(values.iter().sum::<f64>().to_bits(), turned.iter().sum::<f64>().to_bits());
    }

    #[test]
    fn of_no_values_there_is_no_mean() {
        assert_eq!(mean(&[]), None);
    }
}

//! The statistics of metrics and experiments: what a number says, and what may be chance. Functions of numbers
//! alone, in `f64`, with the logarithms of `libm`, so that they give the same bits on every machine.
//!
//! Every interval is one of 95 %.

mod chi_squared;
mod count;
mod mean;
mod mix;
mod power;
mod proportion;
mod quantile;
mod race;
mod survival;

#[cfg(test)]
mod tests;

pub use chi_squared::{ChiSquared, chi_squared, uneven};
pub use count::{PeriodCount, Ratio, count_ratio};
pub use mean::{Mean, mean};
pub use mix::{MixSplit, mix_split};
pub use power::needed;
pub use proportion::{Difference, Proportion, newcombe, wilson};
pub use quantile::{quantile, rank};
pub use race::{Race, RaceVerdict, bound};
pub use survival::{Survival, SurvivalStep, TimeQuantile, kaplan_meier};

/// The normal quantile of 97.5 %: so many standard errors to each side are an interval of 95 %.
pub const Z: f64 = 1.959_963_984_540_054;

/// From where to where a value may lie, both ends included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower limit.
    pub low: f64,
    /// The upper limit.
    pub high: f64,
}

impl Interval {
    /// Whether a value lies outside.
    #[must_use]
    pub fn leaves_out(self, value: f64) -> bool {
        value < self.low || self.high < value
    }
}

//! Times until an event of rows of which some still wait: Kaplan and Meier's estimate, and its quantiles.

use super::Z;

/// One, in the steps in which survival is counted. Its room for 40 bits more holds any count of rows.
const ONE: u128 = 1 << 88;

/// What part of the rows still waits, by how long they have waited.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Survival {
    steps: Vec<SurvivalStep>,
}

/// A time at which events happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SurvivalStep {
    /// The time, in the unit of the rows.
    pub time: i64,
    /// Rows that had waited so long, those of the events among them.
    pub at_risk: u64,
    /// Events at this time.
    pub events: u64,
    /// S(t): the part that waits longer, from 0 to 1.
    pub survival: f64,
    /// The lower limit of S(t); 0 where S(t) is.
    pub low: f64,
    /// The upper limit of S(t); where S(t) is 0 there is none, and that of the step before holds on.
    pub high: f64,
    /// S(t) in parts of `ONE`, rounded down.
    exact: u128,
}

/// A quantile of times with its interval, in the unit of the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeQuantile {
    /// The quantile; `None` where it is more than the longest wait.
    pub time: Option<i64>,
    /// Its lower limit; `None` as above.
    pub low: Option<i64>,
    /// Its upper limit; `None` where nothing is known of it but that it is not below the others.
    pub high: Option<i64>,
}

/// The survival of rows: each with how long it waited, and whether the event came then. The others are censored:
/// all that is known of them is that they waited so long. Of equal times events come before censorings.
///
/// S(t) is the product of 1 − d/n over the times of events up to t, with d events among the n rows that waited so
/// long: E. L. Kaplan and P. Meier, "Nonparametric estimation from incomplete observations", Journal of the American
/// Statistical Association 53 (1958). Its limits are S^exp(± z √V / ln S) with M. Greenwood's variance of ln S,
/// V = Σ d / (n (n − d)): those of ln(−ln S), J. D. Kalbfleisch and R. L. Prentice, "The Statistical Analysis of
/// Failure Time Data" (1980).
#[must_use]
pub fn kaplan_meier(mut rows: Vec<(i64, bool)>) -> Survival {
    rows.sort_unstable_by_key(|(time, _)| *time);
    let mut survival = Survival::default();
    let (mut exact, mut variance, mut at_risk, mut high) = (ONE, 0.0, rows.len() as u64, 1.0);
    for group in rows.chunk_by(|one, other| one.0 == other.0) {
        let events = group.iter().filter(|(_, is_event)| *is_event).count() as u64;
        if let (Some((time, _)), 1..) = (group.first(), events) {
            let left = at_risk - events;
            exact = exact * u128::from(left) / u128::from(at_risk);
            variance += events as f64 / (at_risk as f64 * left as f64);
            let part = exact as f64 / ONE as f64;
            let mut low = 0.0;
            if left > 0 {
                (low, high) = limits(part, variance);
            }
            survival.steps.push(SurvivalStep { time: *time, at_risk, events, survival: part, low, high, exact });
        }
        at_risk -= group.len() as u64;
    }
    survival
}

/// The limits of a survival between 0 and 1, with the variance of its logarithm.
fn limits(survival: f64, variance: f64) -> (f64, f64) {
    let log = libm::log(survival);
    let shift = Z * variance.sqrt() / log;
    // The logarithm is negative, and so is the shift.
    (libm::exp(log * libm::exp(-shift)), libm::exp(log * libm::exp(shift)))
}

impl Survival {
    /// The times of events, in order.
    #[must_use]
    pub fn steps(&self) -> &[SurvivalStep] {
        &self.steps
    }

    /// The least time at which no more than `100 - percent` of a hundred wait: S(t) <= 1 - q. A limit of it is the
    /// least time at which that limit of S(t) is there: R. Brookmeyer and J. Crowley, "A confidence interval for
    /// the median survival time", Biometrics 38 (1982).
    ///
    /// What is reached exactly counts as reached: 5 of 10 are half. So does what is missed by less than 2⁻⁸⁸ a step.
    #[must_use]
    pub fn quantile(&self, percent: u32) -> TimeQuantile {
        let waiting = 100_u32.saturating_sub(percent);
        // A step is rounded down, so one that is at the mark cannot lie above it.
        let mark = ONE * u128::from(waiting) / 100;
        let part = f64::from(waiting) / 100.0;
        let least = |is_there: &dyn Fn(&SurvivalStep) -> bool| {
            self.steps.iter().find(|step| is_there(step)).map(|step| step.time)
        };
        TimeQuantile {
            time: least(&|step| step.exact <= mark),
            low: least(&|step| step.low <= part),
            high: least(&|step| step.high <= part),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(times: impl IntoIterator<Item = i64>) -> Vec<(i64, bool)> {
        times.into_iter().map(|time| (time, true)).collect()
    }

    #[test]
    fn who_still_waits_counts() {
        let survival = kaplan_meier(vec![(1, true), (2, true), (4, true), (2, false), (10, false)]);
        let parts: Vec<String> = survival.steps().iter().map(|step| format!("{:.12}", step.survival)).collect();
        assert_eq!(parts, ["0.800000000000", "0.600000000000", "0.300000000000"]);
        assert_eq!(survival.quantile(50).time, Some(4));
        assert_eq!(survival.quantile(90).time, None);
    }

    #[test]
    fn a_part_that_is_reached_exactly_is_reached() {
        for count in 1..=300_i64 {
            let survival = kaplan_meier(events(1..=count));
            for percent in 1..=100 {
                let least = (count * percent).div_euclid(100) + i64::from(count * percent % 100 > 0);
                assert_eq!(survival.quantile(percent as u32).time, Some(least), "{percent} % of {count}");
            }
        }
    }

    #[test]
    fn a_part_that_is_reached_over_many_roundings_is_reached() {
        // Rows at risk and events; who leaves in between is censored. All marks are compared as fractions.
        let groups = [(20, 1), (18, 3), (14, 2), (12, 4), (7, 1), (6, 1)];
        let (mut rows, mut rest, mut top, mut bottom) = (Vec::new(), 20_i64, 1_u128, 1_u128);
        for (time, (at_risk, events)) in (1..).zip(groups) {
            rows.extend((0..rest - at_risk).map(|_| (time - 1, false)));
            rows.extend((0..events).map(|_| (time, true)));
            (top, bottom) = (top * (at_risk - events) as u128, bottom * at_risk as u128);
            rest = at_risk - events;
            let mut shown = rows.clone();
            shown.extend((0..rest).map(|_| (99, false)));
            let survival = kaplan_meier(shown);
            for percent in 1..100_u32 {
                let is_reached = top * 100 <= u128::from(100 - percent) * bottom;
                assert_eq!(survival.quantile(percent).time.is_some(), is_reached, "{percent} %, {top}/{bottom}");
            }
        }
    }

    #[test]
    fn events_come_before_censorings_of_the_same_time() {
        let survival = kaplan_meier(vec![(5, false), (5, true), (5, false), (5, true)]);
        let step = survival.steps()[0];
        assert_eq!((step.time, step.at_risk, step.events, step.survival), (5, 4, 2, 0.5));
        assert_eq!(survival.quantile(50).time, Some(5));
    }

    #[test]
    fn who_all_wait_have_no_median() {
        assert_eq!(kaplan_meier(vec![(3, false); 7]).quantile(50), TimeQuantile::default());
        assert_eq!(kaplan_meier(Vec::new()).quantile(50), TimeQuantile::default());
    }

    #[test]
    fn the_last_event_is_no_upper_limit() {
        let survival = kaplan_meier(events([7]));
        assert_eq!(survival.quantile(50), TimeQuantile { time: Some(7), low: Some(7), high: None });
        assert_eq!((survival.steps()[0].low, survival.steps()[0].high), (0.0, 1.0));
    }

    #[test]
    fn the_order_of_rows_is_of_no_account() {
        let rows: Vec<(i64, bool)> = (0..97).map(|row| (row * 37 % 23, row % 3 != 0)).collect();
        let turned = rows.iter().rev().copied().collect();
        assert_eq!(kaplan_meier(rows), kaplan_meier(turned));
    }
}

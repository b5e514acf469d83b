//! A change of a share, split: what changed within groups, and what is that there were more of some.

use super::Proportion;

/// A change of a share as a sum of two.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MixSplit {
    /// The share of later less that of before; the sum of the other two.
    pub change: f64,
    /// What groups changed by: the sum of mean weight times change of rate.
    pub within: f64,
    /// What their weights changed by: the sum of mean rate times change of weight.
    pub mix: f64,
}

impl MixSplit {
    /// Whether the two work against each other, so that the change alone says little.
    #[must_use]
    pub fn is_opposed(self) -> bool {
        self.within * self.mix < 0.0
    }
}

/// Splits the change of a share from before to later over its groups, each with its rows before and later. A
/// group's weight is its part of the rows of its period. A group without rows in one period takes its rate there
/// from the other, so that its coming or going is mix and nothing else. `None` where a period has no rows.
///
/// w₂ r₂ − w₁ r₁ = (w₁ + w₂)/2 · (r₂ − r₁) + (r₁ + r₂)/2 · (w₂ − w₁): E. M. Kitagawa, "Components of a difference
/// between two rates", Journal of the American Statistical Association 50 (1955).
#[must_use]
pub fn mix_split(groups: &[(Proportion, Proportion)]) -> Option<MixSplit> {
    let rows = |of: fn(&(Proportion, Proportion)) -> Proportion| -> Option<f64> {
        let rows: u64 = groups.iter().map(|group| of(group).rows).sum();
        (rows > 0).then_some(rows as f64)
    };
    let (all_before, all_later) = (rows(|group| group.0)?, rows(|group| group.1)?);
    let (mut within, mut mix) = (0.0, 0.0);
    for (before, later) in groups {
        let Some(either) = later.rate().or(before.rate()) else { continue };
        let (old, new) = (before.rate().unwrap_or(either), later.rate().unwrap_or(either));
        let (from, to) = (before.rows as f64 / all_before, later.rows as f64 / all_later);
        within += f64::midpoint(from, to) * (new - old);
        mix += f64::midpoint(old, new) * (to - from);
    }
    Some(MixSplit { change: within + mix, within, mix })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(groups: &[[u64; 4]]) -> String {
        let group = |[a, b, c, d]: &[u64; 4]| (Proportion::new(*a, *b), Proportion::new(*c, *d));
        let split = mix_split(&groups.iter().map(group).collect::<Vec<_>>()).unwrap();
        let rate = |at: usize| {
            let sum = |place: usize| groups.iter().map(|group| group[place]).sum::<u64>() as f64;
            sum(at) / sum(at + 1)
        };
        assert!((split.change - (rate(2) - rate(0))).abs() < 1e-12, "{split:?}");
        format!("{:+.2} = {:+.2} {:+.2}", 100.0 * split.change, 100.0 * split.within, 100.0 * split.mix)
    }

    #[test]
    fn more_cold_leads_hide_that_every_tier_got_better() {
        assert_eq!(points(&[[40, 200, 21, 100], [10, 200, 18, 300]]), "-2.75 = +1.00 -3.75");
    }

    #[test]
    fn a_group_that_comes_or_goes_is_mix_alone() {
        assert_eq!(points(&[[40, 200, 40, 200], [0, 0, 100, 200]]), "+15.00 = +0.00 +15.00");
        assert_eq!(points(&[[40, 200, 40, 200], [100, 200, 0, 0]]), "-15.00 = +0.00 -15.00");
        assert_eq!(points(&[[40, 200, 50, 200], [0, 0, 0, 0]]), "+5.00 = +5.00 +0.00");
    }

    #[test]
    fn against_each_other_is_what_has_opposite_signs() {
        let split = |within, mix| MixSplit { change: within + mix, within, mix };
        assert!(split(0.01, -0.0375).is_opposed());
        assert!(!split(0.01, 0.0375).is_opposed() && !split(0.0, -0.02).is_opposed());
    }

    #[test]
    fn from_a_period_without_rows_nothing_changed() {
        assert_eq!(mix_split(&[(Proportion::default(), Proportion::new(1, 2))]), None);
        assert_eq!(mix_split(&[]), None);
    }
}

//! How many successes an experiment needs, to find a lift if there is one.

use super::race::bound;

/// How often a lift that there is has to be found.
const POWER: f64 = 0.8;
/// Below this barrier chances of neighboring ones may cross, so they are tried one by one.
const SMALL: u32 = 64;

/// The successes of a pair of variants, shared half and half, that find a lift of one by `find` (0.5 for +50 %)
/// with power 80 %: the least number N for which a variant with so much more wins by N. `None` for a lift that is
/// not above 0, no number, or takes more than four billion.
///
/// E. Miller, "Simple sequential A/B testing" (2015): each success is a step up or down, up with p = (1 + find) / (2 +
/// find), and the first to be d = [`bound`] · √N ahead within N steps has won.
#[must_use]
pub fn needed(find: f64, variants: usize) -> Option<u32> {
    let up = ((1.0 + find) / (2.0 + find)).min(1.0 - f64::EPSILON);
    if !find.is_finite() || find <= 0.0 || up <= 0.5 {
        return None;
    }
    let bound = bound(variants);
    let is_found = |barrier: u32| reaches(last(barrier, bound), barrier, up) >= POWER;
    let most = (bound * f64::from(u32::MAX).sqrt()) as u32;
    let barrier = (1..=SMALL.min(most)).find(|barrier| is_found(*barrier)).or_else(|| least(SMALL, most, is_found))?;
    // With one barrier more steps do no harm.
    let (before, until) = (last(barrier - 1, bound), last(barrier, bound));
    least(before, until, |steps| reaches(steps, barrier, up) >= POWER)
}

/// The largest number of steps with this barrier: d = ⌈bound · √N⌉.
fn last(barrier: u32, bound: f64) -> u32 {
    (f64::from(barrier) / bound).powi(2) as u32
}

/// The least number above `below`, up to `most`, of which something holds that holds of all above it.
fn least(below: u32, most: u32, holds: impl Fn(u32) -> bool) -> Option<u32> {
    let (mut below, mut found) = (below, most);
    if below >= most || !holds(most) {
        return None;
    }
    while found - below > 1 {
        let middle = below + (found - below) / 2;
        if holds(middle) {
            found = middle;
        } else {
            below = middle;
        }
    }
    Some(found)
}

/// The chance that a walk of so many steps, up with the chance `up` above 1/2 and else down, reaches the barrier.
///
/// By reflection it is P(S ≥ d) + (up/down)ᵈ · P(S < −d) for the walk's end S. That it may reach −d before, and has
/// lost then, is left out: it does so less often than (down/up)ᵈ, two times in a million.
fn reaches(steps: u32, barrier: u32, up: f64) -> f64 {
    if barrier > steps {
        return 0.0;
    }
    let ahead = (steps - barrier).div_ceil(2) + barrier;
    let mean = f64::from(steps) * up;
    let at_end = if f64::from(ahead) > mean {
        tail(steps, up, ahead, true, 0.0)
    } else {
        1.0 - tail(steps, up, ahead - 1, false, 0.0)
    };
    if steps == barrier {
        return at_end;
    }
    let behind = (steps - barrier - 1) / 2;
    at_end + tail(steps, up, behind, false, f64::from(barrier) * libm::log(up / (1.0 - up)))
}

/// The chance of as many steps up as `from`, or of more (`is_upper`) or fewer, times e to the `scale`. It goes away
/// from the mean, so that it may end where the terms do not matter any more.
fn tail(steps: u32, up: f64, from: u32, is_upper: bool, scale: f64) -> f64 {
    let (all, odds) = (f64::from(steps), up / (1.0 - up));
    let mut count = f64::from(from);
    let ways = libm::lgamma(all + 1.0) - libm::lgamma(count + 1.0) - libm::lgamma(all - count + 1.0);
    let mut term = libm::exp(ways + count * libm::log(up) + (all - count) * libm::log(1.0 - up) + scale);
    let mut sum = 0.0;
    while term > sum * f64::EPSILON {
        sum += term;
        if is_upper {
            term *= (all - count) / (count + 1.0) * odds;
            count += 1.0;
        } else {
            term *= count / (all - count + 1.0) / odds;
            count -= 1.0;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The chances that a walk has reached the barrier above, and the one below, after 0, 1, ... steps: exact, by going
    /// through all that can happen.
    fn walk(steps: u32, barrier: u32, up: f64) -> Vec<(f64, f64)> {
        let width = 2 * barrier as usize + 1;
        let mut at = vec![0.0; width];
        at[barrier as usize] = 1.0;
        let mut reached = vec![(0.0, 0.0)];
        for _ in 0..steps {
            let mut next = vec![0.0; width];
            for place in 1..width - 1 {
                next[place + 1] += at[place] * up;
                next[place - 1] += at[place] * (1.0 - up);
            }
            let (above, below) = reached[reached.len() - 1];
            reached.push((above + next[width - 1], below + next[0]));
            (next[0], next[width - 1]) = (0.0, 0.0);
            at = next;
        }
        reached
    }

    #[test]
    fn a_larger_lift_needs_fewer() {
        let found = [0.5, 0.75, 1.0, 2.0].map(|find| needed(find, 2));
        assert_eq!(found, [Some(211), Some(112), Some(76), Some(33)]);
    }

    /// Barrier for barrier, with both of them, until one finds the lift.
    fn needed_by_walking(find: f64, variants: usize) -> u32 {
        let (up, bound) = ((1.0 + find) / (2.0 + find), bound(variants));
        (1..)
            .find_map(|barrier| {
                let (before, until) = (last(barrier - 1, bound), last(barrier, bound));
                let reached = walk(until, barrier, up);
                (before + 1..=until).find(|steps| reached[*steps as usize].0 >= POWER)
            })
            .unwrap()
    }

    #[test]
    fn it_is_what_walking_through_all_that_can_happen_gives() {
        for variants in 2..=6 {
            for find in
                [0.2, 0.25, 0.33, 0.4, 0.5, 0.6, 0.75, 0.9, 1.0, 1.3, 1.5, 2.0, 3.0, 4.5, 7.0, 9.9, 20.0, 1000.0]
            {
                assert_eq!(needed(find, variants), Some(needed_by_walking(find, variants)), "{find} {variants}");
            }
        }
    }

    #[test]
    fn chances_are_those_of_the_walk() {
        for (steps, barrier, up) in
            [(211, 33, 0.6), (211, 33, 0.5), (33, 13, 0.75), (60, 60, 0.9), (61, 60, 0.9), (7, 9, 0.9)]
        {
            // Without the barrier below: it is too far down to be reached.
            let mut at = vec![0.0; steps as usize + 2 + barrier as usize];
            let start = steps as usize + 1;
            at[start] = 1.0;
            let mut reached = 0.0;
            for _ in 0..steps {
                let mut next = vec![0.0; at.len()];
                for place in 1..at.len() - 1 {
                    next[place + 1] += at[place] * up;
                    next[place - 1] += at[place] * (1.0 - up);
                }
                reached += next[start + barrier as usize];
                next[start + barrier as usize] = 0.0;
                at = next;
            }
            let found = reaches(steps, barrier, up);
            assert!((found - reached).abs() < 1e-12, "{steps} {barrier} {up}: {found} {reached}");
        }
    }

    #[test]
    fn a_false_alarm_is_rare_however_often_one_looks() {
        let alarms: Vec<f64> = (1..=64_u32)
            .flat_map(|barrier| {
                let (before, until) = (last(barrier - 1, 2.25), last(barrier, 2.25));
                let reached = walk(until, barrier, 0.5);
                (before + 1..=until)
                    .filter(|steps| (20..=800).contains(steps))
                    .map(move |steps| {
                        let (above, below) = reached[steps as usize];
                        above + below
                    })
                    .collect::<Vec<_>>()
            })
            .collect();
        let (least, most) = (alarms.iter().copied().fold(1.0, f64::min), alarms.iter().copied().fold(0.0, f64::max));
        assert_eq!(
            (alarms.len(), format!("{least:.4}"), format!("{most:.4}")),
            (781, "0.0236".into(), "0.0496".into())
        );
    }

    #[test]
    fn a_small_lift_needs_many_and_none_cannot_be_found() {
        let (percent, tenth) = (needed(0.01, 2).unwrap(), needed(0.001, 2).unwrap());
        // The number falls with the square of the lift.
        assert!((f64::from(tenth) / f64::from(percent) / 100.0 - 1.0).abs() < 0.02, "{percent} {tenth}");
        // With all successes it is the least number that a barrier fits into: 2.25 · √6 = 5.5.
        assert_eq!([1e9, f64::MAX].map(|find| needed(find, 2)), [Some(6); 2]);
        assert_eq!([0.0, -0.5, -1.9, -3.0, f64::NAN, f64::INFINITY, 1e-6].map(|find| needed(find, 2)), [None; 7]);
    }
}

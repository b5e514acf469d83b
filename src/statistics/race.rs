//! When an experiment may be stopped: the variants race for successes, and looking at them decides nothing.

/// How rare a false winner is to be.
const FALSE_WINNERS: f64 = 0.05;

/// How far ahead a variant has to be, in standard deviations of all the successes of a pair: 2.25 for two variants,
/// 2.50 for three, 2.64 for four.
///
/// A walk without drift comes so far from where it began with a chance of 4 (1 − Φ(bound)), by reflection at both
/// sides. With k variants there are k − 1 pairs, and the bound is the least of two digits for which all their
/// chances together are no more than 5 %.
#[must_use]
pub fn bound(variants: usize) -> f64 {
    let pairs = variants.saturating_sub(1).max(1) as f64;
    let hundredths = (200..1000).map(|hundredths| f64::from(hundredths) / 100.0);
    // 2 (1 − Φ(x)) = erfc(x / √2)
    let is_rare = |bound: &f64| 2.0 * libm::erfc(bound * std::f64::consts::FRAC_1_SQRT_2) * pairs <= FALSE_WINNERS;
    hundredths.into_iter().find(is_rare).unwrap_or(10.0)
}

/// Variants of an experiment as their successes come in, in the order their windows close.
///
/// The rule is that of E. Miller, "Simple sequential A/B testing" (2015), with the shares that the variants really
/// have. Each variant runs against the first: with s of the t successes of the two and the share p of their ripe
/// leads it beats it once s − p t ≥ [`bound`] · √(N p (1 − p)), and is beaten once that holds the other way; after
/// N successes neither does. Who beats the first has won; the first has won once it has beaten all the others.
#[derive(Clone, Debug, PartialEq)]
pub struct Race {
    needed: u32,
    bound: f64,
    /// The first and each of the others, in their order.
    pairs: Vec<Pair>,
    verdict: RaceVerdict,
}

/// What is known of a race. Once it is more than gathering it stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RaceVerdict {
    /// Nobody has won yet.
    Gathering,
    /// The variant of this number, from 0, has won.
    Winner(usize),
    /// There were as many successes as are needed, and nobody has won.
    NoWinner,
}

/// The first variant and another one.
#[derive(Clone, Debug, PartialEq)]
struct Pair {
    first: u32,
    other: u32,
    end: PairEnd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PairEnd {
    Open,
    First,
    Other,
    Neither,
}

impl Race {
    /// So many variants, and the successes of two of them after which a pair is over: [`super::needed`], at least 1.
    #[must_use]
    pub fn new(needed: u32, variants: usize) -> Self {
        let pair = Pair { first: 0, other: 0, end: PairEnd::Open };
        let pairs = vec![pair; variants.saturating_sub(1)];
        Self { needed: needed.max(1), bound: bound(variants), pairs, verdict: RaceVerdict::Gathering }
    }

    /// A success of a variant, from 0, with the leads of each variant that are ripe by now, this one among them. A
    /// pair of which one has no ripe lead is not compared. That of a variant that does not run changes nothing.
    pub fn take(&mut self, variant: usize, ripe: &[u64]) -> RaceVerdict {
        if self.verdict != RaceVerdict::Gathering {
            return self.verdict;
        }
        let ripe_first = ripe.first().copied().unwrap_or(0);
        for (pair, other) in self.pairs.iter_mut().zip(1..) {
            if (variant == 0 || variant == other) && pair.end == PairEnd::Open {
                let ripe_other = ripe.get(other).copied().unwrap_or(0);
                pair.take(variant == other, (ripe_first, ripe_other), self.needed, self.bound);
            }
        }
        self.verdict = self.judge();
        self.verdict
    }

    /// What is known by now.
    #[must_use]
    pub fn verdict(&self) -> RaceVerdict {
        self.verdict
    }

    /// How many successes a pair needs.
    #[must_use]
    pub fn needed(&self) -> u32 {
        self.needed
    }

    /// How many there are: of the pair that has the fewest of those that are not over, or the most of all once all are.
    #[must_use]
    pub fn gathered(&self) -> u32 {
        let open = self.pairs.iter().filter(|pair| pair.end == PairEnd::Open).map(Pair::successes).min();
        open.or_else(|| self.pairs.iter().map(Pair::successes).max()).unwrap_or(0)
    }

    fn judge(&self) -> RaceVerdict {
        let has_end = |end: PairEnd| self.pairs.iter().position(|pair| pair.end == end);
        match has_end(PairEnd::Other) {
            Some(place) => RaceVerdict::Winner(place + 1),
            None if has_end(PairEnd::Open).is_some() => RaceVerdict::Gathering,
            None if has_end(PairEnd::Neither).is_some() || self.pairs.is_empty() => RaceVerdict::NoWinner,
            None => RaceVerdict::Winner(0),
        }
    }
}

impl Pair {
    fn successes(&self) -> u32 {
        self.first + self.other
    }

    fn take(&mut self, is_other: bool, (ripe_first, ripe_other): (u64, u64), needed: u32, bound: f64) {
        *(if is_other { &mut self.other } else { &mut self.first }) += 1;
        let share = ripe_other as f64 / (ripe_first as f64 + ripe_other as f64);
        let is_compared = ripe_first > 0 && ripe_other > 0;
        let ahead = f64::from(self.other) - share * f64::from(self.successes());
        let line = bound * (f64::from(needed) * share * (1.0 - share)).sqrt();
        self.end = match () {
            () if is_compared && ahead >= line => PairEnd::Other,
            () if is_compared && -ahead >= line => PairEnd::First,
            () if self.successes() >= needed => PairEnd::Neither,
            () => PairEnd::Open,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::super::needed;
    use super::*;

    #[test]
    fn more_variants_have_a_higher_bound() {
        let bounds = [2, 3, 4, 5, 6].map(|variants| format!("{:.2}", bound(variants)));
        assert_eq!(bounds, ["2.25", "2.50", "2.64", "2.74", "2.81"]);
    }

    #[test]
    fn at_half_and_half_a_lead_of_so_many_wins() {
        // 2.25 · √211 = 32.7
        let mut race = Race::new(211, 2);
        for _ in 0..32 {
            assert_eq!(race.take(1, &[500, 500]), RaceVerdict::Gathering);
        }
        assert_eq!((race.gathered(), race.take(1, &[500, 500])), (32, RaceVerdict::Winner(1)));
        // 2.25 · √16 = 9
        let mut race = Race::new(16, 2);
        let verdicts: Vec<RaceVerdict> = (0..9).map(|_| race.take(0, &[50, 50])).collect();
        assert_eq!((verdicts[7], verdicts[8]), (RaceVerdict::Gathering, RaceVerdict::Winner(0)));
    }

    #[test]
    fn a_verdict_stays() {
        let mut race = Race::new(16, 2);
        (0..9).for_each(|_| _ = race.take(1, &[50, 50]));
        (0..30).for_each(|_| assert_eq!(race.take(0, &[50, 50]), RaceVerdict::Winner(1)));
        assert_eq!(race.gathered(), 9);
    }

    #[test]
    fn after_so_many_nobody_wins() {
        let mut race = Race::new(33, 2);
        let verdicts: Vec<RaceVerdict> = (0..40).map(|success| race.take(success % 2, &[50, 50])).collect();
        assert_eq!(verdicts[31], RaceVerdict::Gathering);
        assert!(verdicts[32..].iter().all(|verdict| *verdict == RaceVerdict::NoWinner));
    }

    #[test]
    fn the_real_shares_count() {
        // Three of four leads are of the second variant, and so are three of four successes.
        let mut race = Race::new(211, 2);
        let verdicts: Vec<RaceVerdict> = (0..211).map(|success| race.take((success % 4).min(1), &[25, 75])).collect();
        assert_eq!((verdicts[209], verdicts[210]), (RaceVerdict::Gathering, RaceVerdict::NoWinner));
        let mut race = Race::new(211, 2);
        let won = (0..211).position(|success| race.take((success % 4).min(1), &[50, 50]) == RaceVerdict::Winner(1));
        assert!(won.is_some());
    }

    #[test]
    fn who_has_no_ripe_lead_is_not_compared() {
        let mut race = Race::new(20, 2);
        (0..19).for_each(|_| assert_eq!(race.take(1, &[0, 50]), RaceVerdict::Gathering));
        assert_eq!(race.take(1, &[0, 50]), RaceVerdict::NoWinner);
    }

    #[test]
    fn one_alone_does_not_win() {
        assert_eq!(Race::new(20, 1).take(0, &[1]), RaceVerdict::NoWinner);
        assert_eq!(Race::new(0, 2).take(1, &[50, 50]), RaceVerdict::NoWinner);
        assert_eq!(Race::new(20, 2).take(2, &[50, 50]), RaceVerdict::Gathering);
    }

    #[test]
    fn of_three_one_has_to_beat_the_first_and_the_first_both() {
        // 2.5 · √16 = 10
        let ripe = [50, 50, 50];
        let mut race = Race::new(16, 3);
        (0..9).for_each(|_| _ = race.take(2, &ripe));
        assert_eq!((race.gathered(), race.take(2, &ripe)), (0, RaceVerdict::Winner(2)));
        let mut race = Race::new(16, 3);
        race.take(2, &ripe);
        (0..10).for_each(|_| assert_eq!(race.take(0, &ripe), RaceVerdict::Gathering));
        assert_eq!(race.take(0, &ripe), RaceVerdict::Winner(0));
        let mut race = Race::new(16, 3);
        (0..8).for_each(|_| _ = race.take(2, &ripe));
        (0..8).for_each(|_| _ = race.take(0, &ripe));
        (0..8).for_each(|_| assert_eq!(race.take(2, &ripe), RaceVerdict::Gathering, "that pair is over"));
        (0..7).for_each(|_| _ = race.take(1, &ripe));
        assert_eq!(race.take(1, &ripe), RaceVerdict::NoWinner);
    }

    /// Numbers from 0 to 1 that are the same each time: G. L. Steele and others, "Fast splittable pseudorandom number
    /// generators" (2014).
    struct Draws(u64);

    impl Draws {
        fn next(&mut self) -> f64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = self.0;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
        }
    }

    /// One experiment: leads come one by one, each into a variant by its share, and have the success at its rate.
    fn experiment(draws: &mut Draws, find: f64, variants: &[(f64, f64)]) -> RaceVerdict {
        let mut race = Race::new(needed(find, variants.len()).unwrap(), variants.len());
        let mut ripe = vec![0; variants.len()];
        while race.verdict() == RaceVerdict::Gathering {
            let mut place = draws.next();
            let within = |(share, _): &(f64, f64)| {
                place -= share;
                place < 0.0
            };
            let variant = variants.iter().position(within).unwrap_or(variants.len() - 1);
            ripe[variant] += 1;
            if draws.next() < variants[variant].1 {
                race.take(variant, &ripe);
            }
        }
        race.verdict()
    }

    /// How many of so many experiments end like this.
    fn ended(cases: u32, find: f64, variants: &[(f64, f64)], is_so: impl Fn(RaceVerdict) -> bool) -> f64 {
        let mut draws = Draws(1);
        let count = (0..cases).filter(|_| is_so(experiment(&mut draws, find, variants))).count();
        count as f64 / f64::from(cases)
    }

    /// A rate with the error of so many.
    fn with_error(rate: f64, cases: u32) -> f64 {
        rate + super::super::Z * (rate * (1.0 - rate) / f64::from(cases)).sqrt()
    }

    fn has_winner(verdict: RaceVerdict) -> bool {
        matches!(verdict, RaceVerdict::Winner(_))
    }

    fn without_effect(cases: u32) {
        let splits: [&[f64]; 6] =
            [&[0.5, 0.5], &[0.47, 0.53], &[0.7, 0.3], &[0.3, 0.7], &[0.34, 0.33, 0.33], &[0.25, 0.25, 0.25, 0.25]];
        for split in splits {
            for find in [0.5, 2.0] {
                let variants: Vec<(f64, f64)> = split.iter().map(|share| (*share, 0.08)).collect();
                let rate = ended(cases, find, &variants, has_winner);
                println!("{split:?}, find +{:.0} %: {:.2} % false winners", 100.0 * find, 100.0 * rate);
                assert!(rate <= with_error(0.05, cases), "{split:?} {find}: {rate}");
            }
        }
    }

    /// `ENSUE_CASES=10000 cargo test --release --lib without_effect -- --nocapture` runs more of them.
    #[test]
    fn an_experiment_without_effect_hardly_ever_has_a_winner() {
        without_effect(std::env::var("ENSUE_CASES").map_or(1000, |cases| cases.parse().unwrap()));
    }

    #[test]
    fn a_lift_is_found_four_times_in_five() {
        let cases = 1000;
        for (variants, find) in [(2, 0.5), (2, 1.0), (3, 1.0), (4, 1.0)] {
            let mut split = vec![(1.0 / variants as f64, 0.06); variants];
            split[variants - 1].1 *= 1.0 + find;
            let missed = 1.0 - ended(cases, find, &split, |verdict| verdict == RaceVerdict::Winner(variants - 1));
            assert!(missed <= with_error(0.2, cases), "{variants} variants, {find}: {missed}");
        }
    }
}

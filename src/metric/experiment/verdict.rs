//! What may be concluded from an experiment.

use super::{Exposed, TrialState, VariantFigure};
use crate::rulebook::Experiment;
use crate::statistics::{Difference, Race, RaceVerdict, needed, newcombe, uneven};
use crate::timestamp::Timestamp;

/// So many leads of a variant have to have had their time before a guard says anything.
const LEAST_GUARDED: u64 = 30;

/// What an experiment comes to.
pub(super) struct Judged {
    pub state: TrialState,
    pub needed: Option<u32>,
    pub gathered: u32,
}

/// Judges an experiment by its leads, which are in the order in which their time is over.
pub(super) fn judge(
    experiment: &Experiment,
    variants: &[VariantFigure],
    leads: &[&Exposed],
    (ends, as_of): (Option<Timestamp>, Timestamp),
) -> Judged {
    if experiment.goal.is_none() {
        return Judged { state: TrialState::WithoutGoal, needed: None, gathered: 0 };
    }
    let needed = needed(experiment.find.to_f64() / 100.0, experiment.variants.len());
    let over = ends.filter(|ends| *ends <= as_of);
    let last = over.unwrap_or(as_of);
    let (race, decided) = run(needed, variants.len(), leads.iter().copied().filter(|lead| lead.closes <= last));
    let state = if is_uneven(experiment, variants) {
        TrialState::Uneven
    } else if let Some((variant, by)) = harm(variants) {
        TrialState::Harm { variant, by }
    } else {
        let at = decided.unwrap_or(last);
        match (race.verdict(), over) {
            (RaceVerdict::Winner(variant), _) => TrialState::Winner { variant, at },
            (RaceVerdict::NoWinner, _) => TrialState::NoWinner { at },
            (RaceVerdict::Gathering, Some(at)) => TrialState::TimeUp { at },
            (RaceVerdict::Gathering, None) => TrialState::Gathering,
        }
    };
    Judged { state, needed, gathered: race.gathered() }
}

/// Lets the variants race, and says when that was over.
fn run<'a>(
    needed: Option<u32>,
    variants: usize,
    leads: impl Iterator<Item = &'a Exposed>,
) -> (Race, Option<Timestamp>) {
    let mut race = Race::new(needed.unwrap_or(u32::MAX), variants);
    let mut ripe = vec![0_u64; variants];
    for lead in leads {
        let variant = usize::from(lead.variant);
        if let Some(ripe) = ripe.get_mut(variant) {
            *ripe += 1;
        }
        if lead.reached.is_some() && race.take(variant, &ripe) != RaceVerdict::Gathering {
            return (race, Some(lead.closes));
        }
    }
    (race, None)
}

fn is_uneven(experiment: &Experiment, variants: &[VariantFigure]) -> bool {
    let leads: Vec<u64> = variants.iter().map(|variant| variant.leads).collect();
    let shares: Vec<f64> = experiment.variants.iter().map(|variant| variant.share.to_f64()).collect();
    uneven(&leads, &shares) == Some(true)
}

/// The first variant whose leads surely meet the guard more often than those of the first one.
fn harm(variants: &[VariantFigure]) -> Option<(usize, Difference)> {
    let is_known = |variant: &&VariantFigure| variant.guarded.rows >= LEAST_GUARDED;
    let first = variants.first().filter(is_known)?;
    let mut others = variants.iter().enumerate().skip(1).filter(|(_, variant)| is_known(variant));
    others.find_map(|(place, variant)| {
        let by = newcombe(variant.guarded, first.guarded)?;
        (by.interval.low > 0.0).then_some((place, by))
    })
}

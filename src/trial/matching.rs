//! Which expectations are met by which decisions: each covers one, or as many as it says, and
//! together they cover as many as can be.

use std::rc::Rc;

use crate::decision::names::Names;
use crate::decision::{Body, Decision, Status};
use crate::rulebook::{By, Expect, ExpectedAt, Pattern, Test};
use crate::timestamp::Timestamp;

use crate::decision::Cause;

/// A decision as far as expectations can see it.
pub(super) struct Candidate<'a> {
    pub decision: &'a Decision,
    /// It lies after the end of the test.
    pub pending: bool,
}

/// How much of an expectation is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Strictness {
    /// All of it.
    All,
    /// What and whose, but neither when, nor by what, nor what became of it.
    What,
}

/// Whether a decision is what an expectation speaks of.
pub(super) fn meets(
    test: &Test,
    names: &Names<'_>,
    expect: &Expect,
    wanted: &Pattern,
    candidate: &Candidate<'_>,
    how: Strictness,
) -> bool {
    let decision = candidate.decision;
    let lead = expect.lead.and_then(|lead| test.leads.get(lead));
    let same_lead = lead.is_none_or(|lead| lead.name == names.log.lead_name(decision.lead));
    if !same_lead || !wanted.fits(decision) {
        return false;
    }
    how == Strictness::What
        || (fits_status(expect, wanted, candidate)
            && expect.at.is_none_or(|at| is_at(test, at, decision.at))
            && expect.by.as_ref().is_none_or(|by| is_by(by, decision.cause))
            && expect.because.as_ref().is_none_or(|text| names.why(decision).is_some_and(|why| why.contains(text))))
}

/// A message counts where it was sent, unless the expectation says what else became of it.
fn fits_status(expect: &Expect, wanted: &Pattern, candidate: &Candidate<'_>) -> bool {
    let body = &candidate.decision.body;
    let Some((_, _, status)) = body.message() else {
        let kept_out = matches!(body, Body::Enroll { suppressed: Some(_), .. });
        let asked = expect.status == Some(Status::Suppressed);
        return !candidate.pending && (!matches!(wanted, Pattern::Starts(_)) || kept_out == asked);
    };
    match expect.status {
        Some(Status::Scheduled) => candidate.pending && status == Status::Scheduled,
        wanted => !candidate.pending && status == wanted.unwrap_or(Status::Sent),
    }
}

/// A test's clock shows minutes.
pub(super) fn is_at(test: &Test, wanted: ExpectedAt, at: Timestamp) -> bool {
    match wanted {
        ExpectedAt::Moment(moment) => minute(at) == minute(moment),
        ExpectedAt::Day(start, end) => start <= at && at < end,
        ExpectedAt::Clock(clock) => {
            use chrono::Timelike;
            let local = test.zone.to_local(at);
            local.hour() * 60 + local.minute() == u32::from(clock)
        }
    }
}

fn minute(at: Timestamp) -> i64 {
    at.0.div_euclid(60_000_000)
}

pub(super) fn is_by(by: &By, cause: Cause) -> bool {
    match cause {
        Cause::Rule(rule, _) => by.rule == Some(rule),
        Cause::Sequence(sequence, touch) => {
            by.sequence.is_some_and(|(wanted, place)| wanted == sequence && (place.is_none() || place == touch))
        }
        Cause::Score(_) | Cause::Person | Cause::Change => false,
    }
}

/// Pairs units (each an expectation once) with candidates so that as many as possible are paired;
/// `choices` are the candidates of each unit. The result has the candidate of each unit.
pub(super) fn pair(choices: &[Rc<[usize]>], candidates: usize) -> Vec<Option<usize>> {
    let mut taken: Vec<Option<usize>> = vec![None; candidates];
    // What a search in vain has come to leads nowhere for those after it either.
    let mut dead = vec![false; candidates];
    for unit in 0..choices.len() {
        let mut tried = dead.clone();
        if !place(unit, choices, &mut taken, &mut tried) {
            dead = tried;
        }
    }
    let mut of_unit = vec![None; choices.len()];
    for (candidate, unit) in taken.iter().enumerate() {
        if let Some(slot) = unit.and_then(|unit| of_unit.get_mut(unit)) {
            *slot = Some(candidate);
        }
    }
    of_unit
}

/// Finds a candidate for a unit, moving others where that makes room.
fn place(unit: usize, choices: &[Rc<[usize]>], taken: &mut [Option<usize>], tried: &mut [bool]) -> bool {
    let own = choices.get(unit).map_or(&[][..], |own| own);
    // One that nobody has needs no moving.
    let is_free = |candidate: &&usize| taken.get(**candidate).is_some_and(Option::is_none);
    if let Some(slot) = own.iter().find(is_free).copied().and_then(|free| taken.get_mut(free)) {
        *slot = Some(unit);
        return true;
    }
    for candidate in own {
        let Some(seen) = tried.get_mut(*candidate) else { continue };
        if std::mem::replace(seen, true) {
            continue;
        }
        let other = taken.get(*candidate).copied().flatten();
        if other.is_none_or(|other| place(other, choices, taken, tried)) {
            if let Some(slot) = taken.get_mut(*candidate) {
                *slot = Some(unit);
            }
            return true;
        }
    }
    false
}

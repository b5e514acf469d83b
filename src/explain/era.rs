//! A lead through changes of the rulebook: each stretch of the log is decided by the rulebook that
//! was in force, and handed on as a live store does it.

use std::cell::OnceCell;
use std::sync::Arc;

use super::words::ClauseWords;
use super::{ExplainOptions, Explanation, Inquiry};
use crate::decision::{Body, Decision};
use crate::engine::{Engine, Stopped};
use crate::event::{EventNumber, LeadId};
use crate::log::Log;
use crate::plan::Plan;
use crate::replay::{self, Chapter, LeadPart};
use crate::rulebook::{SequenceId, TierId};
use crate::timestamp::Timestamp;

/// A stretch of a log with the rulebook in force.
#[derive(Clone, Copy, Debug)]
pub struct Era<'a> {
    /// The rulebook's fingerprint, as text; empty outside of stores.
    pub ruleset: &'a str,
    /// The rulebook.
    pub plan: &'a Arc<Plan>,
    /// The whole log as this rulebook reads it. All eras must know events, leads and accounts by the
    /// same numbers.
    pub log: &'a Log,
    /// When it came into force.
    pub at: Timestamp,
    /// The first event it decides on.
    pub first: u32,
}

/// A rulebook that is no longer in force.
#[derive(Clone, Debug)]
pub struct Former {
    /// Its fingerprint, as text.
    pub ruleset: String,
    /// The rulebook.
    pub plan: Arc<Plan>,
    /// When it came into force.
    pub since: Timestamp,
    /// When another one did.
    pub until: Timestamp,
}

impl<'a> From<&'a Chapter> for Era<'a> {
    fn from(chapter: &'a Chapter) -> Self {
        let Chapter { ruleset, plan, log, at, first } = chapter;
        Self { ruleset, plan, log, at: *at, first: *first }
    }
}

impl Era<'_> {
    /// Feeds the events of a lead's part up to a number, and lets time pass.
    fn run(&self, engine: &mut Engine, events: &[EventNumber], until: Timestamp) -> Result<Vec<Decision>, Stopped> {
        let mut decisions = Vec::new();
        let readable = events.iter().filter(|number| !self.log.is_gap(**number));
        for event in readable.filter_map(|number| self.log.event(*number)) {
            if event.received_at > until {
                break;
            }
            engine.handle(&event, self.log, &mut decisions)?;
        }
        engine.drain(until, self.log, &mut decisions)?;
        Ok(decisions)
    }

    fn inquiry<'a>(
        &'a self,
        lead: LeadId,
        engine: Engine,
        mut decisions: Vec<Decision>,
        earlier: Option<Inquiry<'a>>,
    ) -> Inquiry<'a> {
        decisions.retain(|decision| decision.lead == lead);
        let words = ClauseWords { rulebook: &self.plan.rulebook, zone: engine.zone_of(lead) };
        let pending = engine.pending(self.log).into_iter().filter(|decision| decision.lead == lead).collect();
        Inquiry {
            log: self.log,
            lead,
            engine,
            decisions,
            pending,
            words,
            earlier: earlier.map(Box::new),
            stopped_ahead: OnceCell::new(),
        }
    }
}

/// Explains a lead through changes of the rulebook, the first era first; `None` where no event of the
/// log is about it by then. Questions are those of the last era.
///
/// # Errors
/// The guard has stopped a script.
pub fn through(eras: &[Era<'_>], lead: LeadId, options: &ExplainOptions) -> Result<Option<Explanation>, Stopped> {
    let (Some(first), Some(last)) = (eras.first(), eras.last()) else { return Ok(None) };
    let end = || last.log.entries().last().map(|entry| entry.received_at).max(last.log.drained_to);
    let at = options.at.or_else(end).unwrap_or(Timestamp(0));
    let Some(LeadPart { events, together }) = part(eras, lead) else { return Ok(None) };
    let up_to = |number: u32| events.partition_point(|event| event.0 < number);
    let engine_of = |plan: &Arc<Plan>| {
        let engine = Engine::new(Arc::clone(plan)).guarded(options.guard).salted(last.log.salt());
        engine.watching(together.clone())
    };
    let mut engine = engine_of(first.plan);
    let (mut earlier, mut decisions) = (None, Vec::new());
    for (era, next) in eras.iter().zip(eras.iter().skip(1)) {
        let own = events.get(up_to(era.first)..up_to(next.first)).unwrap_or_default();
        decisions.extend(era.run(&mut engine, own, next.at)?);
        let mut primed = engine_of(next.plan);
        next.run(&mut primed, events.get(..up_to(next.first)).unwrap_or_default(), next.at)?;
        let adopted = Engine::adopt(engine.clone(), primed, Arc::clone(next.plan), next.first, next.log);
        decisions.extend(adopted.gone);
        earlier = Some(era.inquiry(lead, engine, std::mem::take(&mut decisions), earlier));
        (engine, decisions) = (adopted.engine, adopted.lines);
    }
    let own = events.get(up_to(last.first)..).unwrap_or_default();
    decisions.extend(last.run(&mut engine, own, at)?);
    if engine.ask_lead(lead, last.log).is_none() {
        return Ok(None);
    }
    let inquiry = last.inquiry(lead, engine, decisions, earlier);
    let former = |(era, next): (&Era<'_>, &Era<'_>)| Former {
        ruleset: era.ruleset.to_owned(),
        plan: Arc::clone(era.plan),
        since: era.at,
        until: next.at,
    };
    let explanation = Explanation {
        lead,
        at,
        zone: inquiry.words.zone,
        former: eras.iter().zip(eras.iter().skip(1)).map(former).collect(),
        stands: inquiry.stands(),
        decided: inquiry.all_decided(&options.questions),
        ahead: inquiry.pending.clone(),
        answers: inquiry.answers(&options.questions),
    };
    match inquiry.stopped() {
        Some(stopped) => Err(stopped.clone()),
        None => Ok(Some(explanation)),
    }
}

/// What decides about a lead under any of the rulebooks.
fn part(eras: &[Era<'_>], lead: LeadId) -> Option<LeadPart> {
    let widest = eras.iter().find(|era| era.plan.crosses_accounts()).or_else(|| eras.last())?;
    Some(replay::part(widest.plan, widest.log, lead))
}

impl Inquiry<'_> {
    /// A sequence in this rulebook and, as far back as it is known, in those before.
    pub(super) fn of_sequence(&self, id: SequenceId) -> impl Iterator<Item = (&Self, SequenceId)> {
        std::iter::successors(Some((self, id)), |(inquiry, id)| {
            let own = inquiry.rulebook().sequences.get(*id)?;
            let earlier = inquiry.earlier.as_deref()?;
            let called = |name: &str| earlier.rulebook().sequences.find(name);
            Some((earlier, called(&own.name).or_else(|| called(own.renamed_from.as_deref()?))?))
        })
    }

    /// A tier by its name in this rulebook and in those before.
    pub(super) fn of_tier(&self, id: TierId) -> impl Iterator<Item = (&Self, TierId)> {
        let name = self.tier_name(id).to_owned();
        self.back().filter_map(move |inquiry| Some((inquiry, inquiry.rulebook().tiers.find(&name)?)))
    }

    /// When the lead last moved to a tier, by a moment.
    pub(super) fn tier_since(&self, tier: TierId, by: Timestamp) -> Option<Timestamp> {
        self.of_tier(tier).find_map(|(inquiry, tier)| {
            let moved = |d: &&Decision| d.at <= by && matches!(d.body, Body::Tier { to, .. } if to == Some(tier));
            inquiry.decisions.iter().rev().find(moved).map(|moved| moved.at)
        })
    }
}

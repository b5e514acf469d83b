//! What time alone brings to a lead without a next step: rules that wait for time to pass, by the tiers in
//! which they act, and the tiers from which a lead gets to one in which they do.

use std::collections::{BTreeMap, BTreeSet};

use super::book::{Book, Own};
use super::by_tier::{ByTier, Tiers, Truth};
use crate::rulebook::{Again, Arm, Decay, Effect, EffectKind, Limit, ScoreId, SetId, TierId, Timing, Trigger, TypeId};
use crate::source::Range;
use crate::syntax::tree::RuleBody;

/// So many lines of a list are set against those above them, and so many sequences and rules of a kind are
/// looked at for one tier.
pub(super) const LOOKED_AT: usize = 64;

/// A line of a rule that brings something.
pub(super) struct Line<'a> {
    /// The rule.
    pub own: &'a Own<'a>,
    /// The line.
    pub arm: &'a Arm,
    /// Where it acts.
    pub acts: ByTier,
    /// What its acting hangs on, beside the tier.
    pub hangs_on: Range,
    /// What it brings.
    pub brings: Brings,
}

/// What a line brings to a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Brings {
    /// Nothing that lies ahead.
    Nothing,
    /// A step, or an end of all steps that is meant.
    Step,
    /// Another tier, in which to go on.
    Tier(TierId),
}

/// When a line acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Acts {
    /// When time has passed: all that it does is brought by time.
    InTime,
    /// When something happens: what it does at once is over with it.
    AtOnce,
    /// When a `stop` happens, which takes back what is planned then.
    Stopping,
}

/// What closes a gap, and on what that hangs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closed {
    pub truth: Truth,
    pub hangs_on: Option<Range>,
}

/// What lies ahead, by tier.
pub(super) struct NextSteps<'a> {
    book: &'a Book<'a>,
    /// Scores whose lines make rules act.
    crossed: BTreeSet<ScoreId>,
    tiers: Tiers<'a>,
    /// Lines of rules that time alone makes act.
    timed: Vec<Line<'a>>,
    /// Lines of rules at the beginning of a tier, by that tier, acting in time.
    becoming: BTreeMap<TierId, Vec<Line<'a>>>,
    /// Leads that come into a tier are taken into a sequence.
    taken: BTreeMap<TierId, Closed>,
    /// Lines on events and on what stays away after them, by type.
    by_type: BTreeMap<TypeId, Vec<(SetId, Line<'a>)>>,
    stays: Vec<Closed>,
    arrives: Vec<Closed>,
}

impl Closed {
    pub const OPEN: Self = Self { truth: Truth::No, hangs_on: None };
    pub const SURE: Self = Self { truth: Truth::Yes, hangs_on: None };

    fn so(truth: Truth, hangs_on: Range) -> Self {
        Self { truth, hangs_on: (truth == Truth::Maybe).then_some(hangs_on) }
    }

    /// The surer of two, the first where they are alike.
    pub fn or(self, other: Self) -> Self {
        if other.truth > self.truth { other } else { self }
    }
}

impl<'a> NextSteps<'a> {
    pub fn new(book: &'a Book<'a>) -> Self {
        let count = book.rulebook.tiers.len();
        let lines = book.rules.iter().filter_map(|own| match own.rule.trigger {
            Trigger::Score { score, .. } => Some(score),
            _ => None,
        });
        let mut steps = Self {
            book,
            crossed: lines.collect(),
            tiers: Tiers::new(book.rulebook),
            timed: Vec::new(),
            becoming: BTreeMap::new(),
            taken: BTreeMap::new(),
            by_type: BTreeMap::new(),
            stays: vec![Closed::OPEN; count],
            arrives: vec![Closed::OPEN; count],
        };
        for own in &book.rules {
            steps.add(own);
        }
        for (_, sequence, decl) in &book.sequences {
            let Some(tier) = sequence.tier else { continue };
            let fits = sequence.guard.as_ref().map_or(ByTier::all(Truth::Yes), |guard| steps.tiers.expr(guard));
            let again = if sequence.again == Again::Always { Truth::Yes } else { Truth::Maybe };
            let place = decl.guard.as_ref().map_or(decl.name.range, |guard| guard.range);
            let taken = Closed::so(fits.at(tier).min(again), place);
            steps.taken.entry(tier).and_modify(|known| *known = known.or(taken)).or_insert(taken);
        }
        // The net first: what it hangs on is what people look for.
        steps.timed.sort_by_key(|line| !matches!(line.own.rule.trigger, Trigger::Idle { .. }));
        steps.spread(Truth::Yes);
        steps.spread(Truth::Maybe);
        steps
    }

    fn add(&mut self, own: &'a Own<'a>) {
        let trigger = &own.rule.trigger;
        match trigger {
            _ if waits_for_time(self.book, own) => {
                let mut lines = self.lines(own, Acts::InTime);
                if fades(trigger) {
                    lines.iter_mut().for_each(|line| line.hang_on(own.decl.trigger.range));
                }
                self.timed.extend(lines);
            }
            Trigger::Becomes(tier) => {
                let lines = self.lines(own, Acts::InTime);
                self.becoming.entry(*tier).or_default().extend(lines);
            }
            Trigger::Event(set) => self.hear(*set, own, Acts::AtOnce),
            Trigger::AbsentAfter { after, .. } => self.hear(*after, own, Acts::InTime),
            _ => {}
        }
    }

    fn hear(&mut self, set: SetId, own: &'a Own<'a>, acts: Acts) {
        let types: BTreeSet<TypeId> =
            self.book.set(set).into_iter().flat_map(|set| &set.alternatives).map(|found| found.ty).collect();
        for ty in types {
            let known = self.by_type.get(&ty).map_or(0, Vec::len);
            if known < LOOKED_AT {
                let lines = self.lines(own, acts);
                self.by_type.entry(ty).or_default().extend(lines.into_iter().map(|line| (set, line)));
            }
        }
    }

    /// The lines of a rule that bring something. A list of which each line does is one line that always acts.
    pub fn lines(&self, own: &'a Own<'a>, acts: Acts) -> Vec<Line<'a>> {
        let mut lines = self.all(own, acts);
        let each = lines.iter().all(|line| line.brings != Brings::Nothing);
        if lines.len() > 1 && each && own.rule.arms.last().is_some_and(|arm| arm.guard.is_none()) {
            let (acts, hangs_on) = self.gate(own);
            lines.truncate(1);
            return lines
                .into_iter()
                .map(|line| Line { acts: acts.clone(), hangs_on, brings: Brings::Step, ..line })
                .collect();
        }
        lines.retain(|line| line.brings != Brings::Nothing);
        lines
    }

    /// A line of a rule, by its place.
    pub fn line(&self, own: &'a Own<'a>, place: usize) -> Option<Line<'a>> {
        self.all(own, Acts::AtOnce).into_iter().nth(place)
    }

    /// Where the conditions of a whole rule hold, and the one that it hangs on.
    fn gate(&self, own: &Own) -> (ByTier, Range) {
        let rule = own.rule;
        let mut base = rule.while_.as_ref().map_or(ByTier::all(Truth::Yes), |state| self.tiers.state(state));
        let (decl, trigger) = (own.decl, own.decl.trigger.range);
        let mut hangs_on = decl.while_.as_ref().map_or(trigger, |state| state.range);
        if let Some(guard) = &rule.guard {
            base = base.and(self.tiers.expr(guard));
            hangs_on = decl.guard.as_ref().map_or(trigger, |guard| guard.range);
        }
        if rule.limit == Some(Limit::Once) {
            base = base.and(ByTier::all(Truth::Maybe));
            hangs_on = decl.limit.as_ref().map_or(trigger, |limit| limit.range);
        }
        (base, hangs_on)
    }

    /// All lines of a rule.
    fn all(&self, own: &'a Own<'a>, acts: Acts) -> Vec<Line<'a>> {
        let (rule, decl) = (own.rule, own.decl);
        let (base, hangs_on) = self.gate(own);
        let places: Vec<Option<Range>> = match &decl.body {
            RuleBody::Decision(arms) => arms.iter().map(|arm| arm.guard.as_ref().map(|guard| guard.range)).collect(),
            RuleBody::Effects(_) => Vec::new(),
        };
        let mut rest = ByTier::all(Truth::Yes);
        let mut lines = Vec::new();
        for (place, arm) in rule.arms.iter().enumerate() {
            let guard = arm.guard.as_ref().map_or(ByTier::all(Truth::Yes), |guard| self.tiers.expr(guard));
            let own_place = places.get(place).copied().flatten().filter(|_| !guard.is_always());
            // Where nothing is asked here, it hangs on those above.
            let above = places.iter().take(place).rev().copied().flatten().next().filter(|_| !rest.is_always());
            let hangs_on = own_place.or(above).unwrap_or(hangs_on);
            let meets = base.clone().and(guard.clone()).and(rest.clone());
            lines.push(Line { own, arm, acts: meets, hangs_on, brings: self.brings(arm, acts) });
            if place < LOOKED_AT {
                rest = rest.and(guard.not());
            }
        }
        lines
    }

    /// Notes in which tiers a lead gets somewhere by time, at least so surely.
    fn spread(&mut self, least: Truth) {
        let mut into: BTreeMap<TierId, Vec<usize>> = BTreeMap::new();
        let mut becoming: BTreeMap<TierId, Vec<TierId>> = BTreeMap::new();
        let mut acting = Vec::new();
        for (place, line) in self.timed.iter().enumerate() {
            match line.brings {
                Brings::Step => acting.push(place),
                Brings::Tier(to) => into.entry(to).or_default().push(place),
                Brings::Nothing => {}
            }
        }
        let mut open: Vec<(TierId, Closed)> = Vec::new();
        for (tier, lines) in &self.becoming {
            for line in lines.iter().filter(|line| line.acts.at(*tier) >= least) {
                match line.brings {
                    Brings::Step => open.push((*tier, line.closes(*tier))),
                    Brings::Tier(to) => becoming.entry(to).or_default().push(*tier),
                    Brings::Nothing => {}
                }
            }
        }
        open.extend(self.taken.iter().filter(|(_, taken)| taken.truth >= least).map(|(tier, taken)| (*tier, *taken)));
        open.reverse();
        acting.reverse();
        let mut remaining: BTreeSet<TierId> =
            (0..self.stays.len()).map(|at| TierId(at as _)).filter(|tier| self.stay(*tier).truth < least).collect();
        loop {
            if let Some(place) = acting.pop() {
                let Some(line) = self.timed.get(place) else { continue };
                let (usual, named) = line.acts.parts();
                let tiers: Vec<TierId> = if usual >= least {
                    remaining.iter().copied().filter(|tier| line.acts.at(*tier) >= least).collect()
                } else {
                    named.map(|(tier, _)| tier).filter(|tier| remaining.contains(tier)).collect()
                };
                for tier in tiers.into_iter().filter(|tier| line.acts.at(*tier) >= least) {
                    remaining.remove(&tier);
                    let closes = line.closes(tier);
                    if let Some(stays) = self.stays.get_mut(tier.index()) {
                        *stays = stays.or(closes);
                    }
                    open.push((tier, closes));
                }
            } else if let Some((tier, closes)) = open.pop() {
                let Some(arrives) = self.arrives.get_mut(tier.index()).filter(|known| known.truth < least) else {
                    continue;
                };
                *arrives = closes;
                acting.extend(into.get(&tier).into_iter().flatten().rev());
                open.extend(becoming.get(&tier).into_iter().flatten().map(|from| (*from, closes)));
            } else {
                return;
            }
        }
    }

    /// What time alone brings to a lead that stays in a tier, in no sequence.
    pub fn stay(&self, tier: TierId) -> Closed {
        self.stays.get(tier.index()).copied().unwrap_or(Closed::SURE)
    }

    /// What time alone brings after a line has acted for a lead in a tier.
    pub fn after(&self, line: &Line, tier: TierId) -> Closed {
        let closes = line.closes(tier);
        match line.brings {
            Brings::Nothing => Closed::OPEN,
            Brings::Step => closes,
            Brings::Tier(to) => {
                let arrives = self.arrives.get(to.index()).copied().unwrap_or(Closed::SURE);
                if arrives.truth < closes.truth { arrives } else { closes }
            }
        }
    }

    /// What the beginning of a tier brings.
    pub fn becoming(&self, tier: TierId, acts: Acts) -> Closed {
        let lines = self.becoming.get(&tier).into_iter().flatten().take(LOOKED_AT);
        let lines = lines.filter(|line| acts == Acts::InTime || line.acts.at(tier) == Truth::Yes || !line.moves());
        let brings = lines.filter(|line| acts == Acts::InTime || self.brings(line.arm, acts) != Brings::Nothing);
        brings.fold(Closed::OPEN, |closed, line| closed.or(self.after(line, tier)))
    }

    /// What an event brings later: by rules on it that plan ahead, and by what stays away after it.
    pub fn event(&self, set: SetId, tier: TierId, acts: Acts) -> Closed {
        let types = self.book.set(set).into_iter().flat_map(|set| &set.alternatives).map(|alternative| alternative.ty);
        let heard = types.flat_map(|ty| self.by_type.get(&ty).into_iter().flatten()).take(LOOKED_AT);
        heard.fold(Closed::OPEN, |closed, (other, line)| {
            let at_once = matches!(line.own.rule.trigger, Trigger::Event(_));
            if at_once && self.brings(line.arm, acts) == Brings::Nothing {
                return closed;
            }
            let mut after = self.after(line, tier);
            // Whom the same event moves elsewhere is not left here.
            if after.truth == Truth::Maybe && at_once && line.moves() {
                return closed;
            }
            if after.truth == Truth::Yes && !self.book.covers(*other, set) {
                after = Closed::so(Truth::Maybe, line.own.decl.trigger.range);
            }
            closed.or(after)
        })
    }
    /// What a line brings.
    pub fn brings(&self, arm: &Arm, acts: Acts) -> Brings {
        let tiers = &self.book.rulebook.tiers;
        let step = |kind: &EffectKind| match kind {
            EffectKind::Start(_) | EffectKind::Suppress { reach: None, .. } => true,
            EffectKind::Tier(tier) => tiers.get(*tier).is_none_or(|tier| tier.is_final),
            EffectKind::Send { channel, timing, .. } => match acts {
                Acts::InTime => true,
                Acts::AtOnce => *timing != Timing::Now,
                Acts::Stopping => *timing != Timing::Now && self.book.rulebook.outlasts_stops(*channel),
            },
            EffectKind::Alert { .. } | EffectKind::Escalate { .. } | EffectKind::Webhook(_) => acts == Acts::InTime,
            // Points may lead on to whatever a line of the score brings.
            EffectKind::Add { score, .. } => self.crossed.contains(score),
            _ => false,
        };
        if arm.effects.iter().any(|effect| step(&effect.kind)) {
            return Brings::Step;
        }
        let moves = arm.effects.iter().find_map(|effect| match effect.kind {
            EffectKind::Tier(tier) => Some(Brings::Tier(tier)),
            _ => None,
        });
        moves.unwrap_or(Brings::Nothing)
    }

    /// What stays away after touches, once the last of them is sent.
    pub fn unanswered(&self, tier: TierId) -> Closed {
        let heard = self.by_type.get(&TypeId(0)).into_iter().flatten();
        let absent = heard.filter(|(_, line)| matches!(line.own.rule.trigger, Trigger::AbsentAfter { .. }));
        absent.fold(Closed::OPEN, |closed, (_, line)| closed.or(self.after(line, tier)))
    }
}

impl Line<'_> {
    fn closes(&self, tier: TierId) -> Closed {
        Closed::so(self.acts.at(tier), self.hangs_on)
    }

    fn moves(&self) -> bool {
        matches!(self.brings, Brings::Tier(_))
    }

    fn hang_on(&mut self, place: Range) {
        let acts = std::mem::replace(&mut self.acts, ByTier::all(Truth::No));
        (self.acts, self.hangs_on) = (acts.and(ByTier::all(Truth::Maybe)), place);
    }
}

/// Whether time alone makes a rule act.
pub(super) fn waits_for_time(book: &Book, own: &Own) -> bool {
    match &own.rule.trigger {
        Trigger::Idle { .. } | Trigger::Every { .. } | Trigger::EveryWeekday { .. } | Trigger::Absent { .. } => true,
        // Points that fade may fall below a line.
        Trigger::Score { score, upward: false, .. } => {
            book.rulebook.scores.get(*score).is_some_and(|score| score.decay != Decay::None || score.script.is_some())
        }
        _ => false,
    }
}

fn fades(trigger: &Trigger) -> bool {
    matches!(trigger, Trigger::Score { .. })
}

/// The effect of a line that ends sequences: all that do not run beside others, or one.
pub(super) fn stops(arm: &Arm) -> Option<&Effect> {
    let ends = |kind: &EffectKind| {
        use EffectKind::{Stop, StopAccount, StopAll, StopSequence};
        matches!(kind, Stop | StopAccount | StopAll | StopSequence(_))
    };
    arm.effects.iter().find(|effect| ends(&effect.kind))
}

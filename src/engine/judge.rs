//! What the engine would say if it were asked now: whether conditions hold and with which values,
//! how far a trigger has come, what stands between a message and its lead. Read-only, and answered
//! by the functions that decide. Read by `explain`.

use crate::decimal::Decimal;
use crate::decision::reason::Decider;
use crate::decision::{Part, Reason};
use crate::event::EventNumber;
use crate::rulebook::{
    ChannelId, Expr, Limit, Reach, Rule, RuleId, ScoreId, SequenceId, State, TierId, TopicId, Touch, Trigger,
};
use crate::timestamp::{Span, Timestamp};
use crate::units::Content;
use crate::value::Value;

use super::evaluate::Scope;
use super::instant::{arm_of, heeds_age, is_open, is_stale};
use super::intake::absence_base;
use super::lead::{NO_NUMBER, Stamp};
use super::send::{Use, topics};
use super::{Moment, World, score};

/// A condition, asked at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The condition.
    pub expr: Expr,
    /// Whether it holds.
    pub holds: bool,
    /// What it asks for, with the values found; constants are left out.
    pub values: Vec<(Expr, Value)>,
    /// Of a condition joined by `and` or `or`, its parts.
    pub parts: Vec<Asked>,
}

/// A `while` condition, asked at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct StateAsked {
    /// The condition.
    pub state: State,
    /// Whether it holds.
    pub holds: bool,
    /// Of a condition joined by `and` or `or`, its parts.
    pub parts: Vec<StateAsked>,
}

/// `once`, `at most once per D`, asked at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LimitAsked {
    /// Whether the rule may act.
    pub open: bool,
    /// When it acted last.
    pub last: Option<Timestamp>,
    /// When it may act again, where time alone will let it.
    pub opens: Option<Timestamp>,
}

/// A score at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreAsked {
    /// Which.
    pub score: ScoreId,
    /// What it reads.
    pub worth: Decimal,
    /// What it is made of, oldest first; empty for a script's.
    pub parts: Vec<Part>,
}

/// An occurrence that counts: its time and, where the log has it, its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occurred {
    /// When it happened.
    pub at: Timestamp,
    /// Which event; `None` for what the engine did itself.
    pub number: Option<EventNumber>,
}

/// How far a trigger has come.
#[derive(Clone, Debug, PartialEq)]
pub enum Stand {
    /// It waits for something to happen: an event, a tier, a sequence.
    Waits,
    /// It counts.
    Count {
        /// What counts now, oldest first.
        counted: Vec<Occurred>,
        /// How many more would make it fire; from zero again where the count must fall first.
        needs: u32,
        /// They must happen before this moment.
        before: Option<Timestamp>,
        /// It has fired and fires again only after the count has fallen, which time does then.
        falls: Option<Timestamp>,
        /// It has fired and fires again only after the emptying event.
        spent: bool,
        /// The last emptying event.
        emptied: Option<Occurred>,
    },
    /// `A within D after B`: the B that waits for its answer, and until when.
    Follows(Option<(Occurred, Timestamp)>),
    /// `no A within D after B`: the B that waits, and when the time is over.
    Deadline(Option<(Occurred, Timestamp)>),
    /// `no A for D`.
    Absence {
        /// The last A.
        last: Option<Occurred>,
        /// Since when the `while` clause holds; `None` while it does not, or where there is none.
        since: Option<Timestamp>,
        /// When it is due; `None` where it waits for the `while` clause or a new A.
        due: Option<Timestamp>,
        /// It has fired for this silence.
        spent: bool,
        /// The lead is held: its clock stands still.
        held: bool,
    },
    /// A score and its line.
    Score {
        /// The score.
        asked: ScoreAsked,
        /// It stands where the rule wants it.
        beyond: bool,
        /// When fading alone takes it below the line.
        falls: Option<Timestamp>,
    },
    /// `every …`: when next; `None` while its `while` clause does not hold.
    Periodic(Option<Timestamp>),
}

/// A rule, asked about one lead at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleAsked {
    /// How far its trigger has come.
    pub stand: Stand,
    /// The lead's tier.
    pub tier: Option<TierId>,
    /// `while`
    pub state: Option<StateAsked>,
    /// `where`
    pub guard: Option<Asked>,
    /// `once`, `at most once per D`
    pub limit: Option<LimitAsked>,
    /// The guards of its arms, in order; `None` for an arm without one.
    pub arms: Vec<Option<Asked>>,
    /// The arm that acts.
    pub arm: Option<usize>,
    /// How old the news is, where it is too old for some effect.
    pub stale: Option<Span>,
    /// Whether the news is history that was loaded so that nothing acts.
    pub backfill: bool,
    /// The scores it asks for.
    pub scores: Vec<ScoreAsked>,
}

impl RuleAsked {
    /// Whether its clauses let it act, once its trigger has happened.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.state.as_ref().is_none_or(|state| state.holds)
            && self.guard.as_ref().is_none_or(|guard| guard.holds)
            && self.limit.is_none_or(|limit| limit.open)
            && self.arm.is_some()
    }
}

/// What may stand between a message and its lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateKind {
    /// The lead may not be contacted.
    Suppression,
    /// `require`, by its place in the channel.
    Require(usize),
    /// An address, where the channel needs one.
    Address,
    /// The channel's calendar and quiet hours.
    Window,
    /// `cap`, by its place in the channel.
    Cap(usize),
    /// The gap of a `contact` block, by its index.
    Gap(usize),
    /// A cap of a `contact` block, by its index and its place in it.
    ContactCap(usize, usize),
    /// An invariant, by its index; only what a message on this channel can break.
    Invariant(usize),
}

/// One of them, asked at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// Which.
    pub kind: GateKind,
    /// Whether it lets the message pass.
    pub open: bool,
    /// Why not.
    pub reason: Option<Reason>,
    /// From when on it will.
    pub from: Option<Timestamp>,
    /// The condition of a `require`.
    pub asked: Option<Asked>,
}

/// How a lead stands.
#[derive(Clone, Debug, PartialEq)]
pub struct LeadAsked {
    /// Its tier.
    pub tier: Option<TierId>,
    /// A person has locked it: no rule moves the lead.
    pub tier_locked: bool,
    /// The sequences it is in: which enrollment, since when, and the touch that comes next.
    pub enrollments: Vec<(SequenceId, u32, Timestamp, u16)>,
    /// Enrollments that have ended: how many, and when the last.
    pub past: Vec<(SequenceId, u32, Timestamp)>,
    /// A hold: by whom, and until when.
    pub hold: Option<(Decider, Option<Timestamp>)>,
    /// Suppressions in force: of what, by whom, and until when.
    pub suppressions: Vec<(Option<Reach>, Decider, Option<Timestamp>)>,
    /// Touches sent since the last reply.
    pub touches: u32,
    /// What its scores read.
    pub scores: Vec<ScoreAsked>,
}

impl<'a> Scope<'a> {
    /// Asks a condition, part by part.
    pub fn ask(&self, expr: &'a Expr) -> Asked {
        let parts = match expr {
            Expr::And(..) => conjuncts(expr).into_iter().map(|part| self.ask(part)).collect(),
            Expr::Or(a, b) => vec![self.ask(a), self.ask(b)],
            Expr::Not(inner) if matches!(**inner, Expr::And(..) | Expr::Or(..)) => vec![self.ask(inner)],
            _ => Vec::new(),
        };
        let mut values = Vec::new();
        if parts.is_empty() {
            self.note_values(expr, &mut values);
        }
        Asked { expr: expr.clone(), holds: self.holds(expr), values, parts }
    }

    fn note_values(&self, expr: &'a Expr, values: &mut Vec<(Expr, Value)>) {
        match expr {
            Expr::Constant(_) | Expr::DateTime { .. } => {}
            Expr::Has(a) | Expr::Not(a) | Expr::Negate(a) => self.note_values(a, values),
            Expr::Default(a, b)
            | Expr::And(a, b)
            | Expr::Or(a, b)
            | Expr::Compare(_, a, b)
            | Expr::In(a, b)
            | Expr::Arithmetic(_, a, b) => {
                self.note_values(a, values);
                self.note_values(b, values);
            }
            Expr::List(items) => {
                for item in items {
                    self.note_values(item, values);
                }
            }
            Expr::Call { args, .. } => {
                for arg in args {
                    self.note_values(arg, values);
                }
                values.push((expr.clone(), self.value(expr).to_value()));
            }
            _ => {
                if !values.iter().any(|(other, _)| other == expr) {
                    values.push((expr.clone(), self.value(expr).to_value()));
                }
            }
        }
    }

    /// Asks a `while` condition, part by part.
    pub fn ask_state(&self, state: &State) -> StateAsked {
        let parts = match state {
            State::And(a, b) | State::Or(a, b) => vec![self.ask_state(a), self.ask_state(b)],
            State::Not(inner) if matches!(**inner, State::And(..) | State::Or(..)) => vec![self.ask_state(inner)],
            _ => Vec::new(),
        };
        StateAsked { state: state.clone(), holds: self.state(state), parts }
    }
}

fn conjuncts(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::And(a, b) => [conjuncts(a), conjuncts(b)].concat(),
        other => vec![other],
    }
}

fn occurred(stamp: Stamp) -> Option<Occurred> {
    let number = (stamp.number != NO_NUMBER).then_some(stamp.number);
    (!stamp.is_never()).then_some(Occurred { at: stamp.at, number })
}

impl World {
    /// Asks a rule about a lead, with the properties the scope holds.
    pub(super) fn ask_rule<'a>(
        &'a self,
        moment: &Moment<'a>,
        slot: u32,
        id: RuleId,
        scope: &Scope<'a>,
    ) -> Option<RuleAsked> {
        let rule = moment.plan.rulebook.rules.get(id)?;
        let arm = arm_of(rule, scope);
        let stale =
            is_stale(moment) && arm.and_then(|arm| rule.arms.get(arm)).is_some_and(|arm| heeds_age(moment, arm));
        let scores = scores_of(rule).into_iter().map(|score| self.ask_score(moment, slot, score)).collect();
        Some(RuleAsked {
            stand: self.stand(moment, slot, id, rule),
            tier: self.lead(slot).tier,
            state: rule.while_.as_ref().map(|state| scope.ask_state(state)),
            guard: rule.guard.as_ref().map(|guard| scope.ask(guard)),
            limit: self.ask_limit(moment, slot, id, rule),
            arms: rule.arms.iter().map(|arm| arm.guard.as_ref().map(|guard| scope.ask(guard))).collect(),
            arm,
            stale: (stale && !moment.backfill).then_some(moment.age),
            backfill: stale && moment.backfill,
            scores,
        })
    }

    fn ask_limit(&self, moment: &Moment<'_>, slot: u32, id: RuleId, rule: &Rule) -> Option<LimitAsked> {
        let limit = rule.limit?;
        let place = moment.plan.limit_slot.get(id).copied().flatten()?;
        let last = *self.lead(slot).fired_at.get(place)?;
        let open = is_open(limit, last, moment.now);
        let opens = match limit {
            Limit::AtMostOncePer(length) if !open => Some(last + length),
            _ => None,
        };
        Some(LimitAsked { open, last: (last != Timestamp::MIN).then_some(last), opens })
    }

    pub(super) fn ask_score(&self, moment: &Moment<'_>, slot: u32, score: ScoreId) -> ScoreAsked {
        let worth = score::worth(moment.plan, self.lead(slot), score, moment.now);
        ScoreAsked { score, worth, parts: self.parts(moment.plan, slot, score, moment.now) }
    }

    /// How far a rule's trigger has come.
    fn stand(&self, moment: &Moment<'_>, slot: u32, id: RuleId, rule: &Rule) -> Stand {
        let waits = || Stand::Waits;
        match rule.trigger {
            Trigger::Count { .. } => self.stand_count(moment, slot, id).unwrap_or_else(waits),
            Trigger::Follows { .. } => Stand::Follows(self.stand_pair(moment, slot, id)),
            Trigger::AbsentAfter { .. } => Stand::Deadline(self.stand_pair(moment, slot, id)),
            Trigger::Absent { .. } | Trigger::Idle { .. } => {
                self.stand_absence(moment, slot, id, rule).unwrap_or_else(waits)
            }
            Trigger::Score { score, upward, inclusive, value } => {
                self.stand_score(moment, slot, (score, upward, inclusive, value))
            }
            Trigger::Every { .. } | Trigger::EveryWeekday { .. } => {
                let place = moment.plan.periodics.iter().position(|periodic| periodic.rule == id);
                let due = place.and_then(|place| self.lead(slot).periodics.get(place)).map(|state| state.due);
                Stand::Periodic(due.filter(|due| *due < Timestamp::MAX))
            }
            Trigger::Event(_)
            | Trigger::Becomes(_)
            | Trigger::Leaves(_)
            | Trigger::Finished(_)
            | Trigger::Enrolled(_)
            | Trigger::Exited(_) => Stand::Waits,
        }
    }

    fn stand_count(&self, moment: &Moment<'_>, slot: u32, id: RuleId) -> Option<Stand> {
        let place = moment.plan.counters.iter().position(|counter| counter.rule == id)?;
        let counter = moment.plan.counters.get(place)?;
        let lead = self.lead(slot);
        let state = lead.counts.get(place)?;
        let ring = lead.ring.get(counter.start..counter.start + usize::from(state.len))?;
        let inside = |at: Timestamp| counter.within.is_none_or(|within| at > moment.now - within);
        let counted: Vec<Occurred> = ring.iter().copied().filter(|s| inside(s.at)).filter_map(occurred).collect();
        let leaves = |place: usize| counted.get(place).zip(counter.within).map(|(first, within)| first.at + within);
        let emptied = counter.emptied.and_then(|last| lead.last.get(last).copied()).and_then(occurred);
        let missing = counter.times.saturating_sub(counted.len());
        // Where the count stands at its line, it must fall below it first: then one is missing, before
        // the next of what counts leaves the window.
        let over = counted.len().checked_sub(counter.times).filter(|_| counter.within.is_some());
        let (needs, before, falls) = match over {
            Some(over) => (1, leaves(over + 1), leaves(over)),
            None => (missing as u32, leaves(0), None),
        };
        Some(Stand::Count { counted, needs, before, falls, spent: state.fired && missing == 0, emptied })
    }

    fn stand_pair(&self, moment: &Moment<'_>, slot: u32, id: RuleId) -> Option<(Occurred, Timestamp)> {
        let place = moment.plan.pairs.iter().position(|pair| pair.rule == id)?;
        let asked = self.lead(slot).pairs.get(place)?.waits()?;
        let until = self.measure(moment.plan, slot, asked.at, moment.plan.pairs.get(place)?.within);
        Some((occurred(asked)?, until))
    }

    fn stand_absence(&self, moment: &Moment<'_>, slot: u32, id: RuleId, rule: &Rule) -> Option<Stand> {
        let place = moment.plan.absences.iter().position(|absence| absence.rule == id)?;
        let absence = moment.plan.absences.get(place)?;
        let lead = self.lead(slot);
        let state = lead.absences.get(place)?;
        let holds = state.since != Timestamp::MAX;
        let base = absence_base(lead, absence, state.since).filter(|_| holds);
        let spent = base.is_some_and(|base| base <= state.fired);
        let due = base.filter(|_| !spent).map(|base| self.silent_for(moment.plan, slot, base, absence.length));
        let held = due.is_some_and(|due| lead.stands_still(due));
        let due = due.filter(|_| !held);
        let since = (holds && rule.while_.is_some()).then_some(state.since);
        let since = if absence.last.is_none() { lead.idle_since } else { since };
        let last = absence.last.and_then(|last| lead.last.get(last)).copied().and_then(occurred);
        Some(Stand::Absence { last, since, due, spent, held })
    }

    fn stand_score(
        &self,
        moment: &Moment<'_>,
        slot: u32,
        (id, upward, inclusive, value): (ScoreId, bool, bool, Decimal),
    ) -> Stand {
        let asked = self.ask_score(moment, slot, id);
        // Rising, `>=` is left at the first moment below; falling, `<=` is reached on the line itself.
        let on_line = if upward { !inclusive } else { inclusive };
        let below = score::is_below(asked.worth, value, on_line);
        let state = self.lead(slot).scores.get(id.index());
        let definition = moment.plan.rulebook.scores.get(id).filter(|_| !below);
        let falls = definition
            .zip(state)
            .and_then(|(d, s)| score::falls_at(d, s, (value, on_line), moment.now, Timestamp::MAX));
        Stand::Score { asked, beyond: below != upward, falls }
    }

    /// Everything between a message on a channel and its lead, each by itself.
    pub(super) fn ask_gates(
        &self,
        moment: &Moment<'_>,
        slot: u32,
        (channel, topics): (ChannelId, &[TopicId]),
    ) -> Vec<Gate> {
        let Some(definition) = moment.plan.rulebook.channels.get(channel) else { return Vec::new() };
        let scope = self.scope(moment, slot);
        let gate = |kind, refused: Option<Use>, asked| {
            let (open, reason, from) = match refused {
                None | Some(Use::Yes) => (true, None, None),
                Some(Use::Later(from, by)) => (false, Some(Reason::Moved(vec![by])), Some(from)),
                Some(Use::No(_, reason)) => (false, Some(reason), None),
            };
            Gate { kind, open, reason, from, asked }
        };
        let mut gates = vec![gate(GateKind::Suppression, self.suppression_gate(moment, slot, (channel, topics)), None)];
        for (place, (expr, _)) in definition.requires.iter().enumerate() {
            let refused = self.require_gate(moment, slot, channel, place);
            gates.push(gate(GateKind::Require(place), refused, Some(scope.ask(expr))));
        }
        let refused = self.address_gate(moment, slot, (channel, topics));
        if !definition.needs.is_empty() || refused.is_some() {
            gates.push(gate(GateKind::Address, refused, None));
        }
        gates.push(gate(GateKind::Window, self.window_gate(moment, slot, channel), None));
        for (place, cap) in definition.caps.iter().enumerate() {
            let refused = self.channel_cap(moment, slot, channel, cap);
            gates.push(gate(GateKind::Cap(place), refused.map(|(from, by)| Use::Later(from, by)), None));
        }
        for (of, contact) in moment.plan.rulebook.contacts_of(channel) {
            if contact.gap.is_some() {
                let refused = self.contact_gap(moment, slot, channel, contact);
                gates.push(gate(GateKind::Gap(of), refused.map(|(from, by)| Use::Later(from, by)), None));
            }
            for place in 0..contact.caps.len() {
                let refused = self.contact_cap(moment, slot, channel, (contact, place));
                let refused = refused.map(|(from, by)| Use::Later(from, by));
                gates.push(gate(GateKind::ContactCap(of, place), refused, None));
            }
        }
        for (place, broken) in self.ask_invariants(moment, slot, channel) {
            let open = broken.is_none();
            let (breach, from) = broken.map_or((None, None), |(breach, from)| (Some(breach), from));
            let reason = breach.map(Reason::Breach);
            gates.push(Gate { kind: GateKind::Invariant(place), open, reason, from, asked: None });
        }
        gates
    }

    /// The same for each of a touch's channels.
    pub(super) fn ask_choices(
        &self,
        moment: &Moment<'_>,
        slot: u32,
        touch: &Touch,
        sequence: Option<SequenceId>,
    ) -> Vec<(ChannelId, Vec<Gate>)> {
        let ask = |(channel, content): &(ChannelId, Content)| {
            let topics = topics(moment.plan, (*channel, content), sequence);
            (*channel, self.ask_gates(moment, slot, (*channel, &topics)))
        };
        touch.choices.iter().map(ask).collect()
    }

    /// How a lead stands.
    pub(super) fn ask_lead(&self, moment: &Moment<'_>, slot: u32) -> LeadAsked {
        let lead = self.lead(slot);
        let in_force = |until: Option<Timestamp>| until.is_none_or(|until| until > moment.now);
        let scores = (0..moment.plan.rulebook.scores.len() as u16).map(ScoreId);
        LeadAsked {
            tier: lead.tier,
            tier_locked: lead.tier_locked,
            enrollments: lead.enrollments.iter().map(|e| (e.sequence, e.number, e.started, e.next)).collect(),
            past: lead.past.iter().map(|past| (past.sequence, past.count, past.ended)).collect(),
            hold: self.hold_of(lead).map(|hold| (hold.by, hold.until)),
            suppressions: lead
                .suppressions
                .iter()
                .filter(|s| in_force(s.until))
                .map(|s| (s.reach, s.by.clone(), s.until))
                .collect(),
            touches: lead.touches,
            scores: scores.map(|score| self.ask_score(moment, slot, score)).collect(),
        }
    }
}

/// The scores a rule asks for.
fn scores_of(rule: &Rule) -> Vec<ScoreId> {
    let mut found = Vec::new();
    if let Trigger::Score { score, .. } = rule.trigger {
        found.push(score);
    }
    let guards = rule.guard.iter().chain(rule.arms.iter().filter_map(|arm| arm.guard.as_ref()));
    guards.for_each(|guard| {
        guard.walk(&mut |expr| {
            if let Expr::Score(score) = expr {
                found.push(*score);
            }
        });
    });
    found.sort_unstable();
    found.dedup();
    found
}

//! Routes: every rule, touch and sequence that could bring something, clause by clause as of now.

use crate::decision::reason::Decider;
use crate::decision::{Body, Decision, Reason, Status};
use crate::engine::judge::LeadAsked;
use crate::event::{EventNumber, Props};
use crate::rulebook::{ChannelId, Effect, EffectKind, Pattern, RuleId, SequenceId, TierId, Touch};
use crate::timestamp::Timestamp;
use crate::units::Content;

use super::future::Future;
use super::{Clause, ClauseKind, Inquiry, Route, Tried};

/// A message comes by a sequence, a sequence by a tier, a tier by a rule: no need to go deeper.
const DEEPEST: usize = 3;

impl Inquiry<'_> {
    /// Everything that could bring what is asked for.
    pub(super) fn routes(&self, question: &Pattern, future: &Future, depth: usize) -> Vec<Route> {
        if depth >= DEEPEST {
            return Vec::new();
        }
        let mut routes = match question {
            Pattern::Rule(id) => vec![self.rule_route(*id, None, question, future)],
            Pattern::Starts(id) => self.tier_route(*id, future, depth).into_iter().collect(),
            Pattern::Send { channel, .. } => self.touch_routes(*channel, question, future, depth),
            _ => Vec::new(),
        };
        let through = self.through(question);
        let brings = |effect: &Effect| {
            question.could_come_of(&effect.kind) || through.as_ref().is_some_and(|of| of.could_come_of(&effect.kind))
        };
        for (id, rule) in self.rulebook().rules.with_ids() {
            for (arm, line) in rule.arms.iter().enumerate() {
                if line.effects.iter().any(brings) {
                    routes.push(self.rule_route(id, Some(arm), question, future));
                }
            }
        }
        routes
    }

    /// What brings a sequence that an experiment enters in the place of another: the start of that one.
    fn through(&self, question: &Pattern) -> Option<Pattern> {
        let Pattern::Starts(into) = question else { return None };
        self.rulebook().enters(*into).map(|(_, experiment)| Pattern::Starts(experiment.sequence))
    }

    fn rule_route(&self, id: RuleId, arm: Option<usize>, question: &Pattern, future: &Future) -> Route {
        let event = self.last_event(id);
        let props = event.and_then(|number| self.log.event(number)).map_or(Props::default(), |event| event.props);
        let mut clauses = Vec::new();
        if let Some(asked) = self.engine.ask_rule(self.lead, id, props, self.log) {
            clauses.push(self.standing_trigger(id, &asked));
            let mut rest = self.rule_clauses(id, &asked, self.engine.now(), arm);
            for clause in &mut rest {
                self.mark_event(clause, event);
            }
            clauses.append(&mut rest);
        }
        clauses.extend(self.effect_clauses(id, arm, question));
        let next = future.acts.iter().find(|(rule, _)| *rule == id).map(|(_, at)| *at);
        Route { by: self.rule_source(id, arm), clauses, tried: self.tried(id), next, routes: Vec::new() }
    }

    /// The last event that could have triggered a rule.
    fn last_event(&self, id: RuleId) -> Option<EventNumber> {
        let set = self.rulebook().rules.get(id)?.trigger.asked_event()?;
        self.heard().filter(|heard| heard.sets.contains(&set)).filter_map(|heard| heard.number).last()
    }

    /// What a clause finds in an event is said of the last one, or left open.
    fn mark_event(&self, clause: &mut Clause, event: Option<EventNumber>) {
        let of_event = |clause: &Clause| clause.values.iter().any(|found| found.of_event);
        for part in &mut clause.parts {
            self.mark_event(part, event);
        }
        if !of_event(clause) && !clause.parts.iter().any(|part| part.holds.is_none()) {
            return;
        }
        if let Some(number) = event {
            clause.says = format!("of {}", self.log.event_id(number));
        } else {
            clause.holds = None;
            clause.values.retain(|found| !found.of_event);
            clause.says = String::from("the event will tell");
        }
    }

    /// What stands between a rule that acts and what it brings.
    fn effect_clauses(&self, id: RuleId, arm: Option<usize>, question: &Pattern) -> Vec<Clause> {
        let Some(stands) = self.engine.ask_lead(self.lead, self.log) else { return Vec::new() };
        match question {
            Pattern::Tier(tier) => {
                let locked = || Clause::new(ClauseKind::Effect, "the tier is not locked", false).says("locked by hand");
                let locked = stands.tier_locked.then(locked);
                std::iter::once(self.not_in_tier(&stands, *tier)).chain(locked).collect()
            }
            Pattern::Starts(into) => {
                let arms = self.rulebook().rules.get(id).map_or(&[][..], |rule| &rule.arms);
                let arms = arms.iter().enumerate().filter(|(place, _)| arm.is_none_or(|arm| arm == *place));
                let mut effects = arms.flat_map(|(_, arm)| &arm.effects);
                let direct = effects.any(|effect| question.could_come_of(&effect.kind));
                let through = self.through(question).filter(|_| !direct);
                let through = if let Some(Pattern::Starts(through)) = through { through } else { *into };
                self.entry_clauses(&stands, (through, *into))
            }
            Pattern::Send { .. } => {
                let effects = self.rulebook().rules.get(id).and_then(|rule| rule.arms.get(arm.unwrap_or(0)));
                let effects = effects.into_iter().flat_map(|arm| &arm.effects);
                let sends = effects.filter(|effect| question.could_come_of(&effect.kind));
                let sent = sends.filter_map(|effect| match &effect.kind {
                    EffectKind::Send { channel, content, .. } => Some((*channel, content)),
                    _ => None,
                });
                let gates = |sent: (ChannelId, &Content)| {
                    self.gates(sent.0, &self.engine.ask_channel(self.lead, sent, self.log), false)
                };
                sent.take(1).flat_map(gates).collect()
            }
            _ => Vec::new(),
        }
    }

    fn not_in_tier(&self, stands: &LeadAsked, tier: TierId) -> Clause {
        let name = self.tier_name(tier);
        let clause = Clause::new(ClauseKind::Effect, format!("not {name} yet"), stands.tier != Some(tier));
        clause.says(self.tier_words(stands.tier, self.engine.now()))
    }

    /// What stands between a lead and an enrollment, but for how it comes about; `through` is the sequence that is
    /// started, in whose place an experiment may enter another.
    fn entry_clauses(&self, stands: &LeadAsked, (through, id): (SequenceId, SequenceId)) -> Vec<Clause> {
        let compared = self.compares(through).map(|(_, experiment)| experiment);
        let is_one = |other: SequenceId| other == id || compared.is_some_and(|of| of.sequences().any(|s| s == other));
        let found = stands.enrollments.iter().map(|(other, ..)| *other).find(|other| is_one(*other));
        let (inside, shown) = (found.is_some(), found.unwrap_or(id));
        let now = self.engine.now();
        let mut clauses: Vec<Clause> = self.enters(through, id).into_iter().collect();
        let text = format!("not in {} yet", self.rulebook().sequences.name(shown));
        clauses.push(Clause::new(ClauseKind::Effect, text, !inside).says(self.enrolled_words(shown, now)));
        let entry = self.engine.ask_entry(self.lead, id, self.log);
        if let Some(reason) = entry.and_then(|entry| entry.kept_out).filter(|_| !inside) {
            clauses.push(Clause::new(ClauseKind::Effect, "may be enrolled", false).says(self.reason(&reason)));
        }
        clauses
    }

    /// A sequence that entering its tier brings.
    fn tier_route(&self, id: SequenceId, future: &Future, depth: usize) -> Option<Route> {
        let through = self.rulebook().enters(id).map_or(id, |(_, experiment)| experiment.sequence);
        let tier = self.rulebook().sequences.get(through)?.tier?;
        let stands = self.engine.ask_lead(self.lead, self.log)?;
        let inside = stands.tier == Some(tier);
        let name = self.tier_name(tier);
        let needs =
            if inside { format!("must leave {name}, then become it") } else { format!("needs to become {name}") };
        let when = Clause::new(ClauseKind::When, format!("becomes {name}"), inside);
        let mut clauses = vec![when.says(self.tier_words(stands.tier, self.engine.now())).needs(needs)];
        let siblings = self.rulebook().sequences.with_ids();
        let siblings = siblings.filter(|(other, s)| s.tier == Some(tier) && self.rulebook().enters(*other).is_none());
        for (other, _) in siblings.take_while(|(other, _)| *other < through) {
            let guard = self.engine.ask_entry(self.lead, other, self.log).and_then(|entry| entry.guard);
            let source = self.sequence_source(other);
            let fits = guard.as_ref().is_none_or(|guard| guard.holds);
            let mut clause = Clause::new(ClauseKind::Where, format!("{} does not fit", source.name), !fits);
            clause.parts = guard.iter().map(|guard| self.asked(ClauseKind::Where, guard)).collect();
            clauses.push(clause);
        }
        let guard = self.engine.ask_entry(self.lead, through, self.log).and_then(|entry| entry.guard);
        clauses.extend(guard.iter().flat_map(|guard| self.condition(ClauseKind::Where, guard)));
        clauses.extend(self.entry_clauses(&stands, (through, id)));
        let routes = if inside { Vec::new() } else { self.routes(&Pattern::Tier(tier), future, depth + 1) };
        let next =
            first(future, |body| matches!(body, Body::Enroll { sequence, suppressed: None, .. } if *sequence == id));
        Some(Route { by: self.sequence_source(through), clauses, tried: Tried::default(), next, routes })
    }

    /// Touches of sequences that carry a message.
    fn touch_routes(&self, channel: ChannelId, question: &Pattern, future: &Future, depth: usize) -> Vec<Route> {
        let mut routes = Vec::new();
        for (id, sequence) in self.rulebook().sequences.with_ids() {
            let carries = |touch: &Touch| touch.choices.iter().any(|(on, content)| question.is_message(*on, content));
            for place in 0..sequence.touches.len() as u16 + u16::from(sequence.tail.is_some()) {
                let mut touches = self.touches_of(id, place);
                touches.retain(|(touch, _)| carries(touch));
                // Where the lead gets one that carries it, the others say nothing more.
                let gets =
                    |(_, variant): &(_, Option<Clause>)| variant.as_ref().is_none_or(|of| of.holds == Some(true));
                let at = touches.iter().position(gets).unwrap_or(0);
                if let Some((touch, variant)) = touches.into_iter().nth(at) {
                    routes.extend(self.touch_route((id, place), (touch, variant), channel, future, depth));
                }
            }
        }
        routes
    }

    fn touch_route(
        &self,
        (id, place): (SequenceId, u16),
        (touch, variant): (&Touch, Option<Clause>),
        channel: ChannelId,
        future: &Future,
        depth: usize,
    ) -> Option<Route> {
        let stands = self.engine.ask_lead(self.lead, self.log)?;
        let now = self.engine.now();
        let name = self.rulebook().sequences.name(id);
        let enrolled = stands.enrollments.iter().find(|(other, ..)| *other == id);
        let clause = Clause::new(ClauseKind::Enrolled, format!("in {name}"), enrolled.is_some());
        let mut clauses = vec![clause.says(self.enrolled_words(id, now))];
        if let Some((_, number, ..)) = enrolled {
            clauses.push(self.turn(id, place, *number));
            clauses.extend(stands.hold.iter().map(|(by, until)| self.held(by, *until)));
        }
        clauses.extend(variant);
        if let Some(asked) = self.engine.ask_touch(self.lead, (id, touch), self.log) {
            clauses.extend(asked.condition.iter().flat_map(|asked| self.condition(ClauseKind::If, asked)));
            let own = asked.channels.iter().filter(|(other, _)| *other == channel);
            clauses.extend(own.flat_map(|(channel, gates)| self.gates(*channel, gates, false)));
        }
        let sent = |body: &Body| {
            matches!(body, Body::Touch(line)
                if line.sequence == id && line.touch == place && line.status == Status::Sent)
        };
        let routes = if enrolled.is_some() { Vec::new() } else { self.routes(&Pattern::Starts(id), future, depth + 1) };
        let next = first(future, sent);
        Some(Route { by: self.touch_source(id, place, true), clauses, tried: Tried::default(), next, routes })
    }

    /// A touch's turn in the enrollment the lead is in.
    fn turn(&self, id: SequenceId, place: u16, number: u32) -> Clause {
        let clause = Clause::new(ClauseKind::Turn, "its turn", false);
        let of = |decision: &Decision| match &decision.body {
            Body::Touch(line) if line.sequence == id && line.touch == place && line.enrollment == number => {
                Some((line.status, self.names().why(decision).unwrap_or_default()))
            }
            _ => None,
        };
        let planned = self.pending.iter().find_map(|decision| Some((decision.at, of(decision)?)));
        if let Some((at, (status, reason))) = planned {
            return match status {
                Status::Held => clause.says(reason).needs("waits without an end of its own"),
                _ => clause.says(reason).needs(format!("due {}", self.words.clock(at))).next(Some(at)),
            };
        }
        let past = self.decisions.iter().rev().find_map(|decision| Some((decision.at, of(decision)?)));
        let past = past.or_else(|| self.turn_before(id, place, number));
        let Some((at, (status, reason))) = past else { return clause.says("comes later") };
        let why = if reason.is_empty() || status == Status::Sent { String::new() } else { format!(": {reason}") };
        let says = format!("was {} {}{why}", status.word(), self.words.clock(at));
        clause.says(says).needs("comes again in another enrollment")
    }

    /// What became of a touch of an enrollment under the rulebooks before.
    fn turn_before(&self, id: SequenceId, place: u16, number: u32) -> Option<(Timestamp, (Status, String))> {
        let touch = |inquiry: &Self, id: SequenceId, place: u16| {
            let sequence = inquiry.rulebook().sequences.get(id)?;
            let tail = sequence.tail.as_ref().map(|(tail, _)| tail);
            sequence.touches.get(usize::from(place)).or(tail).map(|touch| touch.id.clone())
        };
        let name = touch(self, id, place)?;
        self.of_sequence(id).skip(1).find_map(|(inquiry, id)| {
            let is_it = |decision: &Decision| match &decision.body {
                Body::Touch(line) if line.sequence == id && line.enrollment == number => {
                    (touch(inquiry, id, line.touch)? == name)
                        .then(|| (line.status, inquiry.names().why(decision).unwrap_or_default()))
                }
                _ => None,
            };
            inquiry.decisions.iter().rev().find_map(|decision| Some((decision.at, is_it(decision)?)))
        })
    }

    fn held(&self, by: &Decider, until: Option<Timestamp>) -> Clause {
        let clause = Clause::new(ClauseKind::Hold, "not on hold", false).says(self.reason(&Reason::HeldBy(by.clone())));
        match until {
            Some(until) => clause.needs(format!("waits until {}", self.words.clock(until))).next(Some(until)),
            None => clause.needs("waits for a `resume`"),
        }
    }
}

fn first(future: &Future, fits: impl Fn(&Body) -> bool) -> Option<Timestamp> {
    future.decisions.iter().find(|decision| fits(&decision.body)).map(|decision| decision.at)
}

//! What was decided: each decision with its cause as the engine judged it at that moment.

use crate::decision::words::decider;
use crate::decision::{ActionLine, Body, Cause, Decision, Reason, Status, TouchLine};
use crate::engine::witness::{Dropped, Due, DueWhat, Judged, Older};
use crate::rulebook::{Pattern, RuleId, SequenceId, Trigger};

use super::{Clause, ClauseKind, Inquiry, Link, OlderWhy, Origin, Stands, Why};
use crate::timestamp::Timestamp;
use crate::value::Value;

impl Inquiry<'_> {
    /// How the lead stands.
    pub(super) fn stands(&self) -> Stands {
        let Some(asked) = self.engine.ask_lead(self.lead, self.log) else { return Stands::default() };
        let since = |tier| self.tier_since(tier, Timestamp::MAX);
        let until = |until: Option<Timestamp>| {
            until.map_or_else(String::new, |until| format!(" until {}", self.words.clock(until)))
        };
        let locked = asked.tier_locked.then(|| String::from("tier locked by hand"));
        let hold = asked.hold.iter().map(|(by, end)| format!("held by {}{}", decider(by), until(*end)));
        let suppressed = asked.suppressions.iter().map(|(reach, by, end)| {
            let on = reach.map_or_else(String::new, |reach| format!(" on {}", reach.name(self.rulebook())));
            format!("suppressed{on} by {}{}", decider(by), until(*end))
        });
        let sequence = |id: SequenceId| self.rulebook().sequences.name(id);
        Stands {
            tier: asked.tier.map(|tier| (self.tier_name(tier).to_owned(), since(tier))),
            sequences: asked.enrollments.iter().map(|(id, n, at, _)| (sequence(*id).to_owned(), *n, *at)).collect(),
            touches: asked.touches,
            scores: asked.scores.iter().map(|score| self.score(score)).collect(),
            barred: locked.into_iter().chain(hold).chain(suppressed).collect(),
            older: self.older(),
        }
    }

    /// What was told of the lead and dropped under any of the rulebooks, the first told first.
    fn older(&self) -> Vec<OlderWhy> {
        let mut all: Vec<OlderWhy> = Vec::new();
        for inquiry in self.back() {
            let own = inquiry.engine.seen().older.iter().filter(|older| older.lead == self.lead);
            all.extend(own.map(|older| inquiry.dropped(older)));
        }
        all.sort_by_key(|older| older.at);
        all
    }

    fn dropped(&self, older: &Older) -> OlderWhy {
        let (name, value) = match &older.what {
            Dropped::Fact(fact, value) => (self.rulebook().facts.name(*fact), value.clone()),
            Dropped::Account(account) => ("account", Value::Text(self.log.account_name(*account).into())),
        };
        OlderWhy {
            name: name.to_owned(),
            value,
            of: older.of,
            known: older.known,
            at: older.at,
            event: older.number.map(|number| self.event(number)),
        }
    }

    /// [`Self::decided`] by every rulebook, the first one first.
    pub(super) fn all_decided(&self, questions: &[Pattern]) -> Vec<Why> {
        let mut eras: Vec<Vec<Why>> = Vec::new();
        for inquiry in self.back() {
            let asked: Vec<Pattern> = self.asked_of(questions, inquiry);
            let is_about = questions.is_empty() || !asked.is_empty();
            eras.push(if is_about { inquiry.decided(&asked) } else { Vec::new() });
        }
        eras.into_iter().rev().flatten().collect()
    }

    /// Questions of this rulebook that make sense to one of those before.
    pub(super) fn asked_of(&self, questions: &[Pattern], other: &Inquiry<'_>) -> Vec<Pattern> {
        if other.era() == self.era() {
            return questions.to_vec();
        }
        questions.iter().filter_map(|question| question.in_other(self.rulebook(), other.rulebook())).collect()
    }

    /// Every decision about the lead, or those about the questions; what one cause decided at once
    /// stands together.
    pub(super) fn decided(&self, questions: &[Pattern]) -> Vec<Why> {
        let asked = |d: &Decision| {
            questions.is_empty() || questions.iter().any(|q| q.answered_by(d, self.rulebook()).is_some())
        };
        let told = self.decisions.iter().filter(|d| !matches!(d.body, Body::Score { .. }) && asked(d));
        let told: Vec<&Decision> = told.collect();
        let same = |a: &&Decision, b: &&Decision| {
            a.order == b.order && a.cause == b.cause && a.because == b.because && a.at == b.at
        };
        told.chunk_by(same).filter_map(|together| self.why(together)).collect()
    }

    fn why(&self, together: &[&Decision]) -> Option<Why> {
        let first = together.first()?;
        let mut why = Why {
            at: first.at,
            era: self.era(),
            by: self.cause(first.cause),
            did: together.iter().map(|decision| (*decision).clone()).collect(),
            events: first.because.iter().map(|number| self.event(*number)).collect(),
            clauses: Vec::new(),
            scores: Vec::new(),
            chain: Vec::new(),
        };
        match first.cause {
            Cause::Rule(id, _) => self.because_of_rule(&mut why, first, id),
            Cause::Sequence(id, touch) => self.because_of_sequence(&mut why, first, id, touch),
            Cause::Score(_) | Cause::Person | Cause::Change => {}
        }
        why.clauses.extend(together.iter().filter_map(|decision| match &decision.body {
            Body::Enroll { experiment, .. } => self.given((*experiment)?),
            _ => None,
        }));
        Some(why)
    }

    /// What decided, as the timeline names it.
    pub(super) fn cause(&self, cause: Cause) -> Origin {
        match cause {
            Cause::Rule(id, arm) => self.rule_source(id, Some(usize::from(arm))),
            Cause::Sequence(id, None) => self.sequence_source(id),
            Cause::Sequence(id, Some(touch)) => self.touch_source(id, touch, false),
            Cause::Score(id) => {
                let score = self.rulebook().scores.get(id);
                score.map_or_else(Origin::default, |score| self.source(&score.name, score.range, None))
            }
            Cause::Person | Cause::Change => Origin::default(),
        }
    }

    fn because_of_rule(&self, why: &mut Why, decision: &Decision, id: RuleId) {
        let Some((inquiry, judged)) = self.judged_at_all(decision, id) else { return };
        why.clauses.push(inquiry.fired_trigger(judged));
        why.clauses.extend(inquiry.rule_clauses(judged.rule, &judged.asked, judged.at, judged.asked.arm));
        why.scores = judged.asked.scores.iter().map(|score| inquiry.score(score)).collect();
        // What a person or a safety rule has done keeps single effects from acting, whatever the clauses say.
        if why.clauses.iter().all(|clause| clause.holds == Some(true)) {
            let muted = why.did.iter().filter_map(|decision| match &decision.body {
                Body::Muted(reason) => Some(self.reason(reason)),
                _ => None,
            });
            let kept = |reason| Clause::new(ClauseKind::Effect, "nothing stands against it", false).says(reason);
            why.clauses.extend(muted.map(kept));
        }
        if let Some(action) = own_action(decision)
            && let Some(due) = self.due(decision, |what| what == DueWhat::Action(action.id))
        {
            why.clauses.extend(due.channels.iter().flat_map(|(channel, gates)| self.gates(*channel, gates, true)));
        }
        if judged.at < decision.at {
            let by = inquiry.rule_source(judged.rule, judged.asked.arm);
            let before = if inquiry.era() == self.era() { "" } else { ", by the rulebook of that time" };
            why.chain.push(Link { at: judged.at, what: format!("{} asked for it{before}", why.by.name), by });
        }
        if judged.lead != self.lead {
            let what = format!("about {}", self.log.lead_name(judged.lead));
            why.chain.push(Link { at: judged.at, what, by: why.by.clone() });
        } else if let Some(rule) = inquiry.rulebook().rules.get(judged.rule) {
            why.chain.extend(inquiry.trigger_link(&rule.trigger, judged));
        }
    }

    /// The judgement a decision of a rule comes from; where the rulebook has changed since, that of the
    /// rulebook which asked for the action.
    fn judged_at_all(&self, decision: &Decision, id: RuleId) -> Option<(&Self, &Judged)> {
        if let Some(judged) = self.judged(decision, id) {
            return Some((self, judged));
        }
        let action = own_action(decision)?.id;
        self.back().skip(1).find_map(|inquiry| {
            let seen = inquiry.engine.seen();
            let (_, place) = seen.actions.iter().rfind(|(other, _)| *other == action)?;
            Some((inquiry, seen.judged.get(*place)?))
        })
    }

    /// The judgement a decision of a rule comes from: that of the same instant, that which asked for
    /// the action, or the rule's last one.
    fn judged(&self, decision: &Decision, id: RuleId) -> Option<&Judged> {
        let seen = self.engine.seen();
        let asked_for = own_action(decision).and_then(|action| {
            let (_, place) = seen.actions.iter().rfind(|(other, _)| *other == action.id)?;
            seen.judged.get(*place).filter(|judged| judged.rule == id)
        });
        if asked_for.is_some() {
            return asked_for;
        }
        let of_rule = || seen.judged.iter().rev().filter(|judged| judged.rule == id && judged.at <= decision.at);
        let same = |judged: &&Judged| judged.because == decision.because;
        of_rule()
            .find(|judged| judged.order == decision.order && same(judged) && judged.lead == self.lead)
            .or_else(|| of_rule().find(|judged| judged.order == decision.order && same(judged)))
            .or_else(|| of_rule().find(|judged| same(judged) && judged.asked.passes()))
            .or_else(|| of_rule().find(|judged| judged.asked.passes()))
    }

    fn due(&self, decision: &Decision, fits: impl Fn(DueWhat) -> bool) -> Option<&Due> {
        let mine = |due: &&Due| due.lead == self.lead && due.order == decision.order && fits(due.what);
        self.engine.seen().due.iter().rfind(mine)
    }

    /// What triggered a rule that waits for a tier or a sequence.
    fn trigger_link(&self, trigger: &Trigger, judged: &Judged) -> Option<Link> {
        let fits = |body: &Body| match (trigger, body) {
            (Trigger::Becomes(tier), Body::Tier { to, .. }) => *to == Some(*tier),
            (Trigger::Leaves(tier), Body::Tier { from, .. }) => *from == Some(*tier),
            (Trigger::Enrolled(id), Body::Enroll { sequence, suppressed: None, .. }) => sequence == id,
            (Trigger::Exited(id), Body::Exit { sequence, reason, .. }) => sequence == id && *reason != Reason::Finished,
            (Trigger::Finished(id), Body::Exit { sequence, reason, .. }) => {
                sequence == id && *reason == Reason::Finished
            }
            _ => false,
        };
        let found = self.decisions.iter().rev().find(|d| d.order == judged.order && fits(&d.body))?;
        Some(self.link(found))
    }

    /// A decision as a step on the way.
    fn link(&self, decision: &Decision) -> Link {
        let sequence = |id: SequenceId| self.rulebook().sequences.name(id);
        let what = match &decision.body {
            Body::Tier { to, from } => {
                let from = from.map_or("none", |from| self.tier_name(from));
                format!("tier {from} -> {}", to.map_or("", |to| self.tier_name(to)))
            }
            Body::Enroll { sequence: id, enrollment, .. } => format!("enrolled in {} #{enrollment}", sequence(*id)),
            Body::Exit { sequence: id, enrollment, reason } => {
                format!("left {} #{enrollment}: {}", sequence(*id), self.reason(reason))
            }
            _ => String::new(),
        };
        Link { at: decision.at, what, by: self.cause(decision.cause) }
    }

    fn because_of_sequence(&self, why: &mut Why, decision: &Decision, id: SequenceId, touch: Option<u16>) {
        match (&decision.body, touch) {
            (Body::Touch(line), Some(touch)) => self.because_of_touch(why, decision, line, touch),
            (Body::Enroll { .. }, _) => self.because_of_tier(why, decision, id),
            (Body::Exit { enrollment, reason, .. }, _) => {
                let text = match reason {
                    Reason::Finished => String::from("all touches are done"),
                    reason => self.reason(reason),
                };
                why.clauses.push(Clause::new(ClauseKind::When, text, true));
                why.chain.extend(self.enrollment(id, *enrollment));
            }
            _ => {}
        }
    }

    fn because_of_touch(&self, why: &mut Why, decision: &Decision, line: &TouchLine, touch: u16) {
        let id = line.sequence;
        let name = self.rulebook().sequences.name(id);
        let chain = self.enrollment(id, line.enrollment);
        let enrolled = chain
            .first()
            .map_or_else(String::new, |began| format!("#{} since {}", line.enrollment, self.words.clock(began.at)));
        why.clauses.push(Clause::new(ClauseKind::Enrolled, format!("in {name}"), true).says(enrolled));
        why.clauses.extend(line.experiment.and_then(|given| self.given(given)));
        if let Some(due) = self.due(decision, |what| what == DueWhat::Touch(id, touch, line.enrollment)) {
            why.clauses.extend(due.condition.iter().flat_map(|asked| self.condition(ClauseKind::If, asked)));
            let sent = line.status == Status::Sent;
            let gates = due.channels.iter().filter(|(channel, _)| *channel == line.channel || !sent);
            let mut gates: Vec<Clause> = gates.flat_map(|(channel, gates)| self.gates(*channel, gates, true)).collect();
            // Of what a person has released, no invariant is asked.
            gates.retain(|gate| !sent || gate.holds == Some(true));
            why.clauses.extend(gates);
        }
        why.chain.extend(chain);
    }

    /// How an enrollment began: it, and the tier or rule that brought it.
    fn enrollment(&self, id: SequenceId, number: u32) -> Vec<Link> {
        let began = self.of_sequence(id).find_map(|(inquiry, id)| {
            let began = inquiry.decisions.iter().rfind(|decision| {
                matches!(&decision.body, Body::Enroll { sequence, enrollment, suppressed: None, .. }
                    if *sequence == id && *enrollment == number)
            });
            Some((inquiry, id, began?))
        });
        let Some((inquiry, id, began)) = began else { return Vec::new() };
        let tier = matches!(began.cause, Cause::Sequence(..)).then(|| inquiry.entered(began, id)).flatten();
        std::iter::once(inquiry.link(began)).chain(tier).collect()
    }

    /// The move to a sequence's tier that began an enrollment.
    fn entered(&self, began: &Decision, id: SequenceId) -> Option<Link> {
        let tier = self.rulebook().sequences.get(id)?.tier?;
        let moved =
            |d: &&Decision| d.order == began.order && matches!(d.body, Body::Tier { to, .. } if to == Some(tier));
        self.decisions.iter().rev().find(moved).map(|moved| self.link(moved))
    }

    /// An enrollment that entering a tier brings.
    fn because_of_tier(&self, why: &mut Why, decision: &Decision, id: SequenceId) {
        let Some(tier) = self.rulebook().sequences.get(id).and_then(|sequence| sequence.tier) else { return };
        let text = format!("becomes {}", self.tier_name(tier));
        why.clauses.push(Clause::new(ClauseKind::When, text, true));
        let entered = self.engine.seen().entered.iter();
        let entered = entered.rev().find(|e| e.lead == self.lead && e.order == decision.order && e.tier == tier);
        for (other, guard) in entered.into_iter().flat_map(|entered| &entered.sequences) {
            let Some(guard) = guard else { break };
            if *other == id {
                why.clauses.extend(self.condition(ClauseKind::Where, guard));
                break;
            }
            let name = self.rulebook().sequences.name(*other);
            let mut earlier = Clause::new(ClauseKind::Where, format!("{name} does not fit"), !guard.holds);
            earlier.parts = vec![self.asked(ClauseKind::Where, guard)];
            why.clauses.push(earlier);
        }
        why.chain.extend(self.entered(decision, id));
    }
}

fn own_action(decision: &Decision) -> Option<&ActionLine> {
    match &decision.body {
        Body::Action(action) => Some(action),
        _ => None,
    }
}

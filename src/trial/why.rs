//! Why something expected did not happen: the rules and sequences that could have brought it, and
//! how far each of them came.

use super::Failure;
use super::stage::Played;
use super::words::ExpectWords;
use crate::engine::judge::{Asked, RuleAsked, Stand};
use crate::engine::witness::Judged;
use crate::event::LeadId;
use crate::rulebook::{Effect, EffectKind, Expect, Expr, Pattern, Rule, RuleId, SequenceId, Test, Trigger};
use crate::source::Range;

/// How many rules are named beside a failure.
const SHOWN: usize = 4;

pub(super) struct Why<'a> {
    pub test: &'a Test,
    pub played: &'a Played,
    pub words: ExpectWords<'a>,
}

impl Why<'_> {
    /// Adds what could have brought what is missing.
    pub fn not(&self, expect: &Expect, failure: &mut Failure) {
        let lead = expect.lead.and_then(|lead| self.test.leads.get(lead)).map(|lead| lead.name.as_str());
        let lead = (0..self.played.log.lead_count() as u32)
            .map(LeadId)
            .find(|id| lead.is_none_or(|lead| self.played.log.lead_name(*id) == lead));
        let Some(wanted) = expect.wanted.first() else { return };
        let asked = expect.by.as_ref();
        let mut told = 0;
        for (id, rule) in self.words.rulebook.rules.with_ids() {
            let able = rule.arms.iter().flat_map(|arm| &arm.effects).any(|effect| self.brings(effect, wanted));
            let meant = asked.is_none_or(|by| by.rule == Some(id));
            if able && meant && told < SHOWN {
                told += 1;
                failure.others.extend(self.rule(id, rule, lead));
            }
        }
        for (id, sequence) in self.words.rulebook.sequences.with_ids() {
            let places = 0..sequence.touches.len() as u16 + u16::from(sequence.tail.is_some());
            let touch = places
                .flat_map(|place| self.words.rulebook.touches_at(id, place))
                .find(|touch| touch.choices.iter().any(|(channel, content)| wanted.is_message(*channel, content)));
            let meant = asked.is_none_or(|by| by.sequence.is_some_and(|(wanted, _)| wanted == id));
            if let Some(touch) = touch.filter(|_| meant && told < SHOWN) {
                told += 1;
                failure.others.push((touch.range, self.enrolled(id, lead)));
            }
        }
        if let Pattern::Finishes(sequence) | Pattern::Exits(sequence) = wanted
            && let Some(found) = self.words.rulebook.sequences.get(*sequence).filter(|_| told == 0)
        {
            told += 1;
            failure.others.push((found.range, self.enrolled(*sequence, lead)));
        }
        if told == 0 && asked.is_none() {
            failure.notes.push(String::from("no rule and no sequence can bring this"));
        } else if let Some(by) = asked.filter(|_| told == 0) {
            failure.notes.push(format!("`{}` does not do this", by.text));
        }
    }

    /// Whether an effect would have brought what is wanted: by itself, or by the tier it moves the lead to.
    fn brings(&self, effect: &Effect, wanted: &Pattern) -> bool {
        match (&effect.kind, wanted) {
            (EffectKind::Tier(tier), Pattern::Starts(wanted)) => {
                self.words.rulebook.sequences.get(*wanted).is_some_and(|s| s.tier == Some(*tier))
            }
            (effect, wanted) => wanted.could_come_of(effect),
        }
    }

    /// How far a rule came for a lead: the places that say so.
    fn rule(&self, id: RuleId, rule: &Rule, lead: Option<LeadId>) -> Vec<(Range, String)> {
        let is_its = |judged: &&Judged| judged.rule == id && lead.is_none_or(|lead| judged.lead == lead);
        let last = self.played.seen.judged.iter().rfind(is_its);
        match last {
            Some(judged) => {
                let at = self.words.moment(judged.at);
                let state = judged.asked.state.as_ref().is_none_or(|state| state.holds);
                let guard = judged.asked.guard.as_ref().filter(|guard| state && !guard.holds);
                let parts = guard.map(|guard| self.parts(rule, guard, &at)).unwrap_or_default();
                if parts.is_empty() { vec![(rule.range, judged_words(&judged.asked, &at))] } else { parts }
            }
            None => vec![(rule.range, self.unfired(id, rule, lead))],
        }
    }

    /// The parts of a `where` that do not hold, with what they found.
    fn parts(&self, rule: &Rule, guard: &Asked, at: &str) -> Vec<(Range, String)> {
        let mut leaves = Vec::new();
        leaves_of(guard, &mut leaves);
        let parts = rule.guard_parts.iter().zip(leaves).filter(|(_, leaf)| !leaf.holds);
        parts.map(|(range, leaf)| (*range, format!("not so at {at}{}", self.values(leaf)))).collect()
    }

    /// `: deal_value is nothing`
    fn values(&self, asked: &Asked) -> String {
        let rulebook = self.words.rulebook;
        let name = |expr: &Expr| match expr {
            Expr::Fact(fact) => rulebook.facts.get(*fact).map(|fact| fact.name.clone()),
            Expr::Prop(prop) => rulebook.props.get(*prop).map(|prop| format!("event.{prop}")),
            Expr::Score(score) => rulebook.scores.get(*score).map(|score| score.name.clone()),
            Expr::Count(set, _) => rulebook.sets.get(*set).map(|set| format!("the count of {}", set.text)),
            Expr::DaysSince(set) => rulebook.sets.get(*set).map(|set| format!("days since {}", set.text)),
            Expr::Tier => Some(String::from("tier")),
            Expr::Touches => Some(String::from("touches")),
            _ => None,
        };
        let found: Vec<String> = asked
            .values
            .iter()
            .filter_map(|(expr, value)| Some(format!("{} is {}", name(expr)?, self.words.value(value))))
            .collect();
        if found.is_empty() { String::new() } else { format!(": {}", found.join(", ")) }
    }

    /// A rule whose trigger has not happened: how far it came.
    fn unfired(&self, id: RuleId, rule: &Rule, lead: Option<LeadId>) -> String {
        let stands = self.played.stands.iter().filter(|(of, rule, ..)| *rule == id && lead.is_none_or(|l| l == *of));
        let most = |stand: &Stand| match stand {
            Stand::Count { counted, .. } => counted.len(),
            _ => 0,
        };
        match rule.trigger {
            Trigger::Count { times, within, .. } => {
                let count = stands.map(|(.., stand)| most(stand)).max().unwrap_or(0);
                let within = within.map(|within| format!(" within {}", within.in_words())).unwrap_or_default();
                format!("it counts {count} of {times}{within}")
            }
            Trigger::Score { value, upward, .. } => {
                let worth = stands.filter_map(|(.., stand)| match stand {
                    Stand::Score { asked, .. } => Some(asked.worth),
                    _ => None,
                });
                let best = worth.reduce(|a, b| if upward { a.max(b) } else { a.min(b) }).unwrap_or_default();
                format!("the score comes to {best:.1}, and the line is {value}")
            }
            _ => String::from("it is never triggered"),
        }
    }

    /// Whether a lead was ever in a sequence.
    fn enrolled(&self, id: SequenceId, lead: Option<LeadId>) -> String {
        use crate::decision::{Body, Decision, Reason};
        let of_lead = self.played.decisions.iter().filter(|decision| lead.is_none_or(|lead| decision.lead == lead));
        let mut state = String::from("the lead is never in this sequence");
        let why = |reason: &Reason, of: &Decision| self.words.names().reason(reason, of.zone);
        for decision in of_lead {
            match &decision.body {
                Body::Enroll { sequence, suppressed: None, .. } if *sequence == id => {
                    state = format!("the lead is in this sequence since {}", self.words.moment(decision.at));
                }
                Body::Enroll { sequence, suppressed: Some(reason), .. } if *sequence == id => {
                    state = format!(
                        "the lead is kept out of it at {}: {}",
                        self.words.moment(decision.at),
                        why(reason, decision)
                    );
                }
                Body::Exit { sequence, reason, .. } if *sequence == id => {
                    state = format!(
                        "the lead has left it at {}: {}",
                        self.words.moment(decision.at),
                        why(reason, decision)
                    );
                }
                _ => {}
            }
        }
        state
    }
}

/// A rule whose trigger happened: what its clauses said.
fn judged_words(asked: &RuleAsked, at: &str) -> String {
    if asked.state.as_ref().is_some_and(|state| !state.holds) {
        return format!("`while` does not hold at {at}");
    }
    if asked.guard.as_ref().is_some_and(|guard| !guard.holds) {
        return format!("`where` does not hold at {at}");
    }
    if asked.limit.is_some_and(|limit| !limit.open) {
        return format!("it has acted before and may not again at {at}");
    }
    match asked.arm {
        None => format!("no line of it holds at {at}"),
        Some(arm) if asked.arms.len() > 1 => format!("its line {} acts at {at}", arm + 1),
        Some(_) => format!("it acts at {at}, without this"),
    }
}

/// The parts of a condition that `and` and `or` join.
fn leaves_of<'a>(asked: &'a Asked, into: &mut Vec<&'a Asked>) {
    if asked.parts.is_empty() {
        into.push(asked);
    }
    asked.parts.iter().for_each(|part| leaves_of(part, into));
}

//! Triggers: what made one happen, or how far it has come and what it still needs.

use std::collections::BTreeMap;

use crate::decimal::Decimal;
use crate::engine::judge::{Asked, Occurred, RuleAsked, ScoreAsked, Stand};
use crate::engine::witness::{Heard, Judged};
use crate::event::LeadId;
use crate::rulebook::{Expr, Rule, RuleId, SetId, Trigger};
use crate::timestamp::Timestamp;
use crate::words::times;

use super::words::{length, number_words};
use super::{Clause, ClauseKind, EventWhy, Inquiry, LeftOut};

impl Inquiry<'_> {
    /// The trigger of a rule that has fired, with the events that made it.
    pub(super) fn fired_trigger(&self, judged: &Judged) -> Clause {
        let Judged { rule: id, asked, because, at, lead, .. } = judged;
        let (id, at, lead) = (*id, *at, *lead);
        let mut clause = Clause::new(ClauseKind::When, self.words.trigger(id), true);
        let Some(rule) = self.rulebook().rules.get(id) else { return clause };
        clause.events = because.iter().map(|number| self.event(*number)).collect();
        match (&rule.trigger, &asked.stand) {
            (Trigger::Count { set, times, .. }, _) => {
                let missing = (*times as usize).saturating_sub(clause.events.len());
                let own = self.own_touches(lead, *set, at, missing);
                clause.events.extend(own);
                clause.events.sort_by_key(|event| event.at);
                clause.says = format!("{times} of {times}");
                let first = clause.events.first().map_or(at, |event| event.at);
                clause.left_out = self.left_out(lead, rule, first, at);
            }
            (Trigger::AbsentAfter { set, .. }, _) => {
                clause.says = format!("no {} until {}", self.words.set(*set), self.words.clock(at));
            }
            (Trigger::Follows { .. }, _) => {
                if let [first, .., last] = clause.events.as_slice() {
                    clause.says = format!("{} after", (last.at - first.at).in_words());
                }
            }
            (Trigger::Absent { set, .. }, Stand::Absence { last, since, .. }) => {
                clause.says = self.silence_words(*set, *last, *since);
            }
            (Trigger::Idle { .. }, Stand::Absence { since, .. }) => clause.says = self.idle_words(*since),
            (Trigger::Score { value, .. }, Stand::Score { asked, .. }) => {
                clause.says = reads(asked.worth, *value);
                clause.score = Some(self.score(asked));
            }
            _ => {}
        }
        clause
    }

    /// The last touches of the engine that a count rests on; they are in no log.
    fn own_touches(&self, lead: LeadId, set: SetId, at: Timestamp, count: usize) -> Vec<EventWhy> {
        let own = |heard: &&Heard| heard.number.is_none() && heard.sets.contains(&set) && heard.at <= at;
        let found: Vec<&Heard> = self.heard_of(lead).filter(own).collect();
        let from = found.len().saturating_sub(count);
        let touch = |heard: &&Heard| self.occurred(Occurred { at: heard.happened, number: None });
        found.iter().skip(from).map(touch).collect()
    }

    /// The events of this lead.
    pub(super) fn heard(&self) -> impl Iterator<Item = &Heard> {
        self.heard_of(self.lead)
    }

    fn heard_of(&self, lead: LeadId) -> impl Iterator<Item = &Heard> {
        self.engine.seen().heard.iter().filter(move |heard| heard.lead == lead)
    }

    /// What looks as if it counted from `first` on and did not, by reason.
    fn left_out(&self, lead: LeadId, rule: &Rule, first: Timestamp, at: Timestamp) -> Vec<LeftOut> {
        let Trigger::Count { set, within, without, .. } = rule.trigger else { return Vec::new() };
        let opens = within.map_or(Timestamp::MIN, |within| at - within);
        let mut reasons: BTreeMap<String, Vec<EventWhy>> = BTreeMap::new();
        for heard in self.heard_of(lead).filter(|heard| heard.at <= at) {
            let kept_out = heard.out.iter().find(|(other, _)| *other == set);
            let reason = if let Some((_, asked)) = kept_out {
                self.kept_out_words(asked)
            } else if heard.sets.contains(&set) && heard.happened < first {
                match (within, without) {
                    (Some(within), _) if heard.happened <= opens => format!("older than {}", length(within)),
                    (Some(_), _) => continue,
                    (None, Some(other)) => format!("before the last {}", self.words.set(other)),
                    (None, None) => String::from("counted before"),
                }
            } else {
                continue;
            };
            // Of what never could count, only what lies in the same stretch of time is of interest.
            if kept_out.is_none() || heard.happened > opens {
                let occurred = Occurred { at: heard.happened, number: heard.number };
                reasons.entry(reason).or_default().push(self.occurred(occurred));
            }
        }
        reasons.into_iter().map(|(reason, events)| LeftOut { reason, events }).collect()
    }

    /// Why an event is kept out of a set.
    fn kept_out_words(&self, asked: &Asked) -> String {
        let machine = asked.values.iter().any(|(expr, _)| match expr {
            Expr::Prop(prop) => self.rulebook().props.get(*prop).is_some_and(|name| name == "machine"),
            _ => false,
        });
        if machine && matches!(asked.expr, Expr::Not(_)) {
            return String::from("done by a machine");
        }
        // Inside a set, properties stand by their bare names.
        format!("not {}", self.words.expr(&asked.expr).replace("event.", ""))
    }

    fn silence_words(&self, set: SetId, last: Option<Occurred>, since: Option<Timestamp>) -> String {
        let last = last.map_or_else(
            || format!("no {} ever", self.words.set(set)),
            |last| {
                let event = self.occurred(last);
                let id = if event.id.is_empty() { String::new() } else { format!(" ({})", event.id) };
                format!("last {} {}{id}", self.words.set(set), self.words.clock(last.at))
            },
        );
        let since = since.map(|since| format!(", held since {}", self.words.clock(since)));
        format!("{last}{}", since.unwrap_or_default())
    }

    fn idle_words(&self, since: Option<Timestamp>) -> String {
        let since = since.map(|since| format!("no next step since {}", self.words.clock(since)));
        since.unwrap_or_else(|| String::from("a next step lies ahead, or none is needed"))
    }

    /// The trigger of a rule as it stands, and what it needs.
    pub(super) fn standing_trigger(&self, id: RuleId, asked: &RuleAsked) -> Clause {
        let clause = Clause::new(ClauseKind::When, self.words.trigger(id), false);
        let Some(rule) = self.rulebook().rules.get(id) else { return clause };
        match (&asked.stand, &rule.trigger) {
            (Stand::Count { .. }, Trigger::Count { .. }) => self.standing_count(clause, rule, &asked.stand),
            (Stand::Follows(waits), Trigger::Follows { set, within, after }) => {
                let (set, after) = (self.words.set(*set), self.words.set(*after));
                match waits {
                    Some((asked, until)) if self.engine.now() < *until => clause
                        .says(format!("{after} {}", self.words.clock(asked.at)))
                        .needs(format!("needs {set} before {}", self.words.clock(*until)))
                        .next(Some(*until)),
                    Some((asked, _)) => clause
                        .says(format!("{after} {} is too long ago", self.words.clock(asked.at)))
                        .needs(format!("needs {after}, then {set} within {within}")),
                    None => clause
                        .says(format!("no {after} waits for an answer"))
                        .needs(format!("needs {after}, then {set} within {within}")),
                }
            }
            (Stand::Deadline(waits), Trigger::AbsentAfter { set, within, after }) => {
                let (set, after) = (self.words.set(*set), self.words.set(*after));
                match waits {
                    Some((asked, due)) => clause
                        .says(format!("{after} {} waits", self.words.clock(asked.at)))
                        .needs(format!("needs no {set} until {}", self.words.clock(*due)))
                        .next(Some(*due)),
                    None => clause
                        .says(format!("no {after} waits"))
                        .needs(format!("needs {after}, then no {set} within {within}")),
                }
            }
            (Stand::Absence { last, since, due, spent, held }, Trigger::Absent { set, length, .. }) => {
                let mut clause = clause.says(self.silence_words(*set, *last, *since));
                clause.holds = Some(*spent);
                let (set, state) = (self.words.set(*set), rule.while_.as_ref().map(|state| self.words.state(state)));
                match (due, state) {
                    (Some(due), _) => {
                        clause.needs(format!("needs no {set} until {}", self.words.clock(*due))).next(Some(*due))
                    }
                    (None, _) if *held => clause
                        .needs(format!("stands still while the lead is held, then goes on to {length} without {set}")),
                    (None, _) if *spent => {
                        clause.needs(format!("has fired for this silence; needs {set}, then {length} without"))
                    }
                    (None, state) => {
                        let state = state.unwrap_or_default();
                        clause.needs(format!("waits for {state}, then {length} without {set}"))
                    }
                }
            }
            (Stand::Absence { since, due, spent, held, .. }, Trigger::Idle { length }) => {
                let mut clause = clause.says(self.idle_words(*since));
                clause.holds = Some(*spent);
                match due {
                    Some(due) => {
                        clause.needs(format!("needs no next step until {}", self.words.clock(*due))).next(Some(*due))
                    }
                    None if *held => {
                        clause.needs(format!("stands still while the lead is held, then goes on to {length}"))
                    }
                    None if *spent => clause
                        .needs(format!("has fired since then; needs a next step that ends, then {length} without")),
                    None => clause.needs(format!("waits until no next step lies ahead, then {length}")),
                }
            }
            (Stand::Score { asked, beyond, falls }, Trigger::Score { .. }) => {
                self.standing_score(clause, rule, asked, *beyond, *falls)
            }
            (Stand::Periodic(due), _) => match due {
                Some(due) => clause.needs(format!("due {}", self.words.clock(*due))).next(Some(*due)),
                None => clause.needs("waits for its `while` clause"),
            },
            _ => self.standing_event(clause, rule, asked),
        }
    }

    fn standing_count(&self, mut clause: Clause, rule: &Rule, stand: &Stand) -> Clause {
        let (Stand::Count { counted, needs, before, falls, spent, .. }, Trigger::Count { set, times, within, without }) =
            (stand, &rule.trigger)
        else {
            return clause;
        };
        clause.holds = Some(counted.len() >= *times as usize);
        clause.says = format!("{} of {times}", counted.len());
        clause.events = counted.iter().map(|occurred| self.occurred(*occurred)).collect();
        let first = counted.first().map_or(Timestamp::MAX, |first| first.at);
        clause.left_out = self.left_out(self.lead, rule, first, self.engine.now());
        let name = self.words.set(*set);
        let by = before.map(|before| format!(" before {}", self.words.clock(before))).unwrap_or_default();
        let text = match (falls, within, without) {
            (Some(falls), ..) => {
                let falls = self.words.clock(*falls);
                format!("has fired; the count falls below {times} at {falls}, then needs 1 more {name}{by}")
            }
            (None, _, Some(other)) if *spent => {
                format!("has fired; needs {}, then {times} {name}", self.words.set(*other))
            }
            (None, Some(within), _) if counted.is_empty() => format!("needs {times} {name} within {}", length(*within)),
            _ => format!("needs {needs} more {name}{by}"),
        };
        clause.needs(text).next(falls.or(*before))
    }

    fn standing_score(
        &self,
        mut clause: Clause,
        rule: &Rule,
        asked: &ScoreAsked,
        beyond: bool,
        falls: Option<Timestamp>,
    ) -> Clause {
        let Trigger::Score { upward, value, .. } = rule.trigger else { return clause };
        clause.holds = Some(beyond);
        clause.says = reads(asked.worth, value);
        clause.score = Some(self.score(asked));
        let line = number_words(value);
        let fades =
            falls.map(|falls| format!(", which fading does at {}", self.words.clock(falls))).unwrap_or_default();
        let text = match (upward, beyond) {
            (true, true) => format!("has crossed {line}; it must fall below first{fades}"),
            (true, false) => {
                let definition = self.rulebook().scores.get(asked.score);
                let lines = definition.map(|score| score.points.iter()).into_iter().flatten();
                let lines: Vec<String> = lines
                    .filter(|(_, points)| *points > Decimal::ZERO)
                    .map(|(set, points)| format!("{} +{}", self.words.set(*set), number_words(*points)))
                    .collect();
                let from = if lines.is_empty() { String::new() } else { format!(" ({})", lines.join(", ")) };
                format!("needs {} more points{from}", number_words(value - asked.worth))
            }
            (false, true) => format!("is below {line} already; it must rise to it first"),
            (false, false) => falls.map_or_else(
                || format!("must fall by {}", number_words(asked.worth - value)),
                |falls| format!("fades to it at {}", self.words.clock(falls)),
            ),
        };
        clause.needs(text).next(falls)
    }

    /// A trigger that waits for something to happen.
    fn standing_event(&self, mut clause: Clause, rule: &Rule, asked: &RuleAsked) -> Clause {
        match rule.trigger {
            Trigger::Event(set) => {
                let happened: Vec<&Heard> = self.heard().filter(|heard| heard.sets.contains(&set)).collect();
                clause.holds = Some(!happened.is_empty());
                let last = happened.last().map(|h| self.occurred(Occurred { at: h.happened, number: h.number }));
                clause.says = match &last {
                    None => String::from("never happened"),
                    Some(last) => format!("happened {}, last {}", times(happened.len()), self.words.clock(last.at)),
                };
                let another = if last.is_some() { "another " } else { "" };
                clause.events = last.into_iter().collect();
                let kept_out = self.heard().filter_map(|heard| {
                    let (_, asked) = heard.out.iter().find(|(other, _)| *other == set)?;
                    let occurred = Occurred { at: heard.happened, number: heard.number };
                    Some((self.kept_out_words(asked), self.occurred(occurred)))
                });
                let mut reasons: BTreeMap<String, Vec<EventWhy>> = BTreeMap::new();
                kept_out.for_each(|(reason, event)| reasons.entry(reason).or_default().push(event));
                clause.left_out = reasons.into_iter().map(|(reason, events)| LeftOut { reason, events }).collect();
                clause.needs(format!("needs {another}{}", self.words.set(set)))
            }
            Trigger::Becomes(tier) => {
                clause.holds = Some(asked.tier == Some(tier));
                let text = format!("needs to become {}", self.tier_name(tier));
                let text = if clause.holds == Some(true) { format!("must leave it first, then {text}") } else { text };
                clause.says(self.tier_words(asked.tier, self.engine.now())).needs(text)
            }
            Trigger::Leaves(tier) => {
                let text = if asked.tier == Some(tier) { "needs to leave" } else { "needs to be in and leave" };
                let text = format!("{text} {}", self.tier_name(tier));
                clause.says(self.tier_words(asked.tier, self.engine.now())).needs(text)
            }
            Trigger::Finished(sequence) | Trigger::Enrolled(sequence) | Trigger::Exited(sequence) => {
                let what = match rule.trigger {
                    Trigger::Finished(_) => "all touches of",
                    Trigger::Enrolled(_) => "an enrollment in",
                    _ => "an early end of",
                };
                let name = self.rulebook().sequences.name(sequence);
                clause.says(self.enrolled_words(sequence, self.engine.now())).needs(format!("needs {what} {name}"))
            }
            _ => clause,
        }
    }

    pub(super) fn tier_name(&self, tier: crate::rulebook::TierId) -> &str {
        self.rulebook().tiers.name(tier)
    }
}

/// What a score reads, with as many decimals as it takes to tell it from its line.
fn reads(worth: Decimal, line: Decimal) -> String {
    let short = number_words(worth);
    let told = short != number_words(line) || worth == line;
    if told { format!("reads {short}") } else { format!("reads {worth:.8}") }
}

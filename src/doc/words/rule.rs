//! A rule as one sentence.

use super::{NameKind, Prose, ProseWords, fill, joined, listed, time};
use crate::rulebook::{Arm, Limit, Rule, State, Trigger};

impl ProseWords<'_> {
    /// A rule as a sentence; of a decision list its lines come after it.
    pub fn rule(&self, rule: &Rule) -> Prose {
        let head = self.when(rule);
        let limit = rule.limit.map(limit).unwrap_or_default();
        match self.lines(rule).is_empty() {
            false => fill("{}, the first of these that fits is done{}:", [head, limit.into()]),
            true => {
                let effects = rule.arms.first().map(|arm| self.effects(&arm.effects)).unwrap_or_default();
                fill("{}, {}{}.", [head, effects, limit.into()])
            }
        }
    }

    /// The lines of a decision list, each with its own reason.
    pub fn lines(&self, rule: &Rule) -> Vec<(Prose, Option<String>)> {
        if rule.arms.len() < 2 {
            return Vec::new();
        }
        rule.arms.iter().map(|arm| (self.line(arm), arm.why.clone())).collect()
    }

    fn line(&self, arm: &Arm) -> Prose {
        let effects = self.effects(&arm.effects);
        match &arm.guard {
            Some(guard) => fill("If {}: {}.", [self.condition(guard), effects]),
            None => fill("Otherwise: {}.", [effects]),
        }
    }

    /// `When the lead replies while it is hot, if customer is no`.
    fn when(&self, rule: &Rule) -> Prose {
        let mut head = self.trigger(&rule.trigger);
        if let Some(state) = &rule.while_ {
            head = fill("{}{}", [head, self.standing(&rule.trigger, state)]);
        }
        if let Some(guard) = &rule.guard {
            head = fill("{}, if {}", [head, self.condition(guard)]);
        }
        match rule.arms.as_slice() {
            // A list of one line is a condition like any other.
            [Arm { guard: Some(guard), .. }] => fill("{}, if {}", [head, self.condition(guard)]),
            _ => head,
        }
    }

    fn standing(&self, trigger: &Trigger, state: &State) -> Prose {
        let state = self.state(state);
        match trigger {
            Trigger::Absent { .. } | Trigger::Idle { .. } => fill(", and all that time the lead was {}", [state]),
            Trigger::AbsentAfter { .. } | Trigger::Follows { .. } => fill(", and the lead is {}", [state]),
            Trigger::Every { .. } | Trigger::EveryWeekday { .. } => fill(" for as long as the lead is {}", [state]),
            _ => fill(" while the lead is {}", [state]),
        }
    }

    fn trigger(&self, trigger: &Trigger) -> Prose {
        match trigger {
            Trigger::Event(set) => fill("When {}", [self.happens(*set)]),
            Trigger::Count { set, times, within, without } => {
                let mut text = fill("When {} {}", [self.happens(*set), count(*times).into()]);
                if let Some(within) = within {
                    text = fill("{} within {}", [text, time::span(*within).into()]);
                }
                without.map_or(text.clone(), |without| fill("{} without {} in between", [text, self.one(without)]))
            }
            Trigger::Follows { set, within, after } => fill(
                "When {} within {} after {}",
                [self.happens(*set), time::length(*within).into(), self.happened(*after)],
            ),
            Trigger::AbsentAfter { set, within, after } => fill(
                "When {} within {} after {}",
                [self.has_not_happened(*set), time::length(*within).into(), self.happened(*after)],
            ),
            Trigger::Absent { set, length, silent } if *silent || self.is_engagement(*set) => {
                fill("When the lead has been silent for {}", [time::length(*length).into()])
            }
            Trigger::Absent { set, length, .. } => {
                fill("When {} for {}", [self.has_not_happened(*set), time::length(*length).into()])
            }
            Trigger::Idle { length } => fill("When no next step has lain ahead for {}", [time::length(*length).into()]),
            Trigger::Score { score, upward, inclusive, value } => {
                let pattern = match (upward, inclusive) {
                    (true, true) => "When the score {} rises to {} or more",
                    (true, false) => "When the score {} rises above {}",
                    (false, true) => "When the score {} falls to {} or less",
                    (false, false) => "When the score {} falls below {}",
                };
                fill(pattern, [self.score(*score), time::number(*value).into()])
            }
            Trigger::Becomes(tier) => fill("When the lead becomes {}", [self.tier(*tier)]),
            Trigger::Leaves(tier) => fill("When the lead is no longer {}", [self.tier(*tier)]),
            Trigger::Finished(id) => fill("When the lead has had every touch of the sequence {}", [self.sequence(*id)]),
            Trigger::Enrolled(id) => fill("When the lead enters the sequence {}", [self.sequence(*id)]),
            Trigger::Exited(id) => fill("When the lead leaves the sequence {} before its end", [self.sequence(*id)]),
            Trigger::Every { length } => fill("Every {}", [time::each(*length).into()]),
            Trigger::EveryWeekday { days, at } => match days.iter().all(|on| *on) {
                true => format!("Every day at {at}").into(),
                false => format!("Every {} at {at}", weekdays(days)).into(),
            },
        }
    }

    /// Whether this is the group that `silent` asks for.
    fn is_engagement(&self, set: crate::rulebook::SetId) -> bool {
        self.rulebook.sets.get(set).is_some_and(|set| set.is_named("engagement"))
    }

    /// Labels as names, `a, b and c`.
    pub fn labels<'r>(rules: impl IntoIterator<Item = &'r Rule>) -> Prose {
        listed(rules.into_iter().map(|rule| Prose::name(NameKind::Rule, &rule.label)).collect(), "and")
    }
}

/// `Monday`, `Monday, Wednesday and Friday`; never a range, since each day counts.
fn weekdays(days: &[bool; 7]) -> String {
    let on = days.iter().enumerate().filter(|(_, on)| **on).map(|(day, _)| Prose::from(time::weekday(day)));
    let on: Vec<Prose> = on.collect();
    if on.len() == 5 && days.iter().take(5).all(|on| *on) {
        return "weekday from Monday to Friday".to_owned();
    }
    if on.len() > 2 { joined(on, ", ").text() } else { listed(on, "and").text() }
}

fn count(times: u32) -> String {
    match times {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        many => time::many(many, "time"),
    }
}

fn limit(limit: Limit) -> String {
    match limit {
        Limit::Once => " (only once for each lead)".to_owned(),
        Limit::AtMostOncePer(span) => format!(" (at most once {})", time::per_span(span)),
    }
}

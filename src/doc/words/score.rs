//! Scores.

use super::{NameKind, Prose, ProseWords, fill, listed, time};
use crate::decimal::Decimal;
use crate::rulebook::{Decay, EffectKind, Read, Rule, Score, ScoreId, ScriptScore, Trigger};

/// What an event is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Points {
    /// When it counts.
    pub when: Prose,
    /// `+5`
    pub points: Prose,
}

impl ProseWords<'_> {
    /// What each event is worth.
    pub fn points(&self, score: &Score) -> Vec<Points> {
        let row = |(set, points): &(crate::rulebook::SetId, Decimal)| {
            let sign = if *points > Decimal::ZERO { "+" } else { "" };
            Points { when: self.happens(*set).capital(), points: format!("{sign}{}", time::number(*points)).into() }
        };
        score.points.iter().map(row).collect()
    }

    /// What else is to know of a score, a sentence each.
    pub fn score_facts(&self, id: ScoreId, score: &Score) -> Vec<Prose> {
        let mut facts: Vec<Prose> = score.script.iter().map(|script| self.script(score, script)).collect();
        match score.decay {
            Decay::None => {}
            Decay::HalfLife(span) => {
                facts.push(fill("Points lose half their worth every {}.", [time::last(span).into()]))
            }
            Decay::Window(span) => facts.push(fill("Points count for {} and then no more.", [time::span(span).into()])),
        }
        match (score.floor, score.cap) {
            (None, None) => {}
            (Some(floor), None) => facts.push(fill("It never falls below {}.", [time::number(floor).into()])),
            (None, Some(cap)) => facts.push(fill("It never rises above {}.", [time::number(cap).into()])),
            (Some(floor), Some(cap)) => {
                facts.push(fill("It stays between {} and {}.", [time::number(floor).into(), time::number(cap).into()]))
            }
        }
        let added = |rule: &&Rule| {
            super::sequence::effects(rule).any(|effect| matches!(effect, EffectKind::Add { score, .. } if *score == id))
        };
        let added: Vec<&Rule> = self.rulebook.rules.iter().filter(added).collect();
        if !added.is_empty() {
            facts.push(fill("Rules that change it: {}.", [Self::labels(added)]));
        }
        let asked = |rule: &&Rule| matches!(rule.trigger, Trigger::Score { score, .. } if score == id);
        let asked: Vec<&Rule> = self.rulebook.rules.iter().filter(asked).collect();
        if !asked.is_empty() {
            facts.push(fill("Rules that it sets off: {}.", [Self::labels(asked)]));
        }
        facts
    }

    fn script(&self, score: &Score, script: &ScriptScore) -> Prose {
        let book = self.rulebook.scripts.get(script.script);
        let file = book.map(|book| self.rulebook.sources.file(book.range.source).path.clone());
        let own = self.rulebook.sources.file(score.range.source).path.clone();
        let place = match file.filter(|file| *file != own) {
            Some(file) => fill("by the script {}", [Prose::other(&file)]),
            None => "by a script".into(),
        };
        let reads: Vec<Prose> = book.map(|book| self.reads(&book.reads)).unwrap_or_default();
        let from = match reads.is_empty() {
            true => Prose::default(),
            false => fill(" from {}", [listed(reads, "and")]),
        };
        let on: Vec<Prose> = script.on.iter().map(|set| self.happens(*set)).collect();
        let on = match on.is_empty() {
            true => Prose::default(),
            false => fill(", whenever {}", [listed(on, "or")]),
        };
        fill("It is worked out {}{}{}.", [place, from, on])
    }

    /// What a script looks at, each once.
    fn reads(&self, reads: &[Read]) -> Vec<Prose> {
        let read = |read: &Read| match read {
            Read::Fact(id) => self.fact(*id),
            Read::Event | Read::EventType => "what happened".into(),
            Read::EventAt => "when it happened".into(),
            Read::Prop(id) => {
                let name = self.rulebook.props.name(*id);
                fill("the event's {}", [Prose::name(NameKind::Fact, &super::spaced(name))])
            }
            Read::Tier => "the tier".into(),
            Read::Touches => "the number of touches since the last reply".into(),
            Read::Now => "the time".into(),
            Read::Count(set, None) => fill("the number of {}", [self.nouns(*set)]),
            Read::Count(set, Some(span)) => {
                fill("the number of {} in the last {}", [self.nouns(*set), time::last(*span).into()])
            }
            Read::DaysSince(set) => fill("the days since the last {}", [self.noun(*set)]),
            Read::Last(set) => fill("the time of the last {}", [self.noun(*set)]),
            Read::Score(id) => fill("the score {}", [self.score(*id)]),
        };
        let mut parts: Vec<Prose> = Vec::new();
        for part in reads.iter().map(read) {
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
        parts
    }
}

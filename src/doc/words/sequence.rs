//! Sequences and their touches.

use super::{Prose, ProseWords, fill, joined, listed, time};
use crate::rulebook::{Again, EffectKind, Rule, Sequence, SequenceId, Touch, TouchTime, When};
use crate::units::{Length, Roll, Unit};

/// The cells of a touch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TouchWords {
    /// `day 3`, `then every 90 days`
    pub day: Prose,
    /// `10:00`, `morning`
    pub time: Prose,
    /// Its name.
    pub id: Prose,
    /// What is sent.
    pub what: Prose,
    /// Conditions and notes.
    pub notes: Prose,
}

const USUAL_GAP: Length = Length { amount: 20, unit: Unit::Hour };

impl ProseWords<'_> {
    /// What is to know of a sequence beside its touches, a sentence each.
    pub fn sequence_facts(&self, id: SequenceId, sequence: &Sequence) -> Vec<Prose> {
        let mut facts = vec![self.beginning(id, sequence), self.end(id, sequence)];
        facts.push(match sequence.again {
            Again::Always => "A lead may go through it again once it has ended.".into(),
            Again::After(length) => {
                fill("A lead may go through it again {} after it has ended.", [time::length(length).into()])
            }
            Again::Never => "A lead goes through it once and never again.".into(),
        });
        if sequence.gap != USUAL_GAP {
            facts.push(fill("Touches are at least {} apart.", [time::length(sequence.gap).into()]));
        }
        if sequence.parallel {
            facts.push("It runs beside other sequences.".into());
        }
        if let Some(old) = &sequence.renamed_from {
            facts.push(fill("It used to be called {}.", [Prose::other(old)]));
        }
        facts
    }

    fn beginning(&self, id: SequenceId, sequence: &Sequence) -> Prose {
        let Some((_, experiment)) = self.rulebook.enters(id) else { return self.begins_by_itself(id, sequence) };
        let names = [self.sequence(experiment.sequence), Prose::other(&experiment.name)];
        let stands_in = fill("Some leads enter it in the place of {}, by the experiment {}.", names);
        // Its tier and its `where` are those of the other one.
        let alone = Sequence { tier: None, guard: None, ..sequence.clone() };
        let starts = |rule: &Rule| effects(rule).any(|effect| *effect == EffectKind::Start(id));
        let started = self.rulebook.rules.iter().any(starts).then(|| self.begins_by_itself(id, &alone));
        joined(std::iter::once(stands_in).chain(started), " ")
    }

    fn begins_by_itself(&self, id: SequenceId, sequence: &Sequence) -> Prose {
        let starts = |rule: &&Rule| effects(rule).any(|effect| *effect == EffectKind::Start(id));
        let rules: Vec<&Rule> = self.rulebook.rules.iter().filter(starts).collect();
        let guard = sequence.guard.as_ref().map(|guard| fill(" if {}", [self.condition(guard)])).unwrap_or_default();
        let tier = sequence.tier.map(|tier| {
            let mut earlier = self.rulebook.sequences.iter().take(id.index());
            let rival = earlier.any(|other| other.tier == Some(tier) && !other.parallel);
            let rivals = if rival { ", unless an earlier one fits" } else { "" };
            fill("when a lead becomes {}{}{}", [self.tier(tier), guard.clone(), rivals.into()])
        });
        let by = |rules: Vec<&Rule>| match rules.len() {
            1 => fill("by the rule {}", [Self::labels(rules)]),
            _ => fill("by the rules {}", [Self::labels(rules)]),
        };
        match (tier, rules.is_empty()) {
            (Some(tier), true) => fill("It begins {}.", [tier]),
            (Some(tier), false) => fill("It begins {}; it is also started {}.", [tier, by(rules)]),
            (None, false) => fill("It is started {}{}.", [by(rules), guard]),
            (None, true) => "Nothing starts it.".into(),
        }
    }

    fn end(&self, id: SequenceId, sequence: &Sequence) -> Prose {
        let mut ends: Vec<Prose> = Vec::new();
        if let Some(tier) = sequence.tier {
            ends.push(fill("the lead is no longer {}", [self.tier(tier)]));
        }
        ends.extend(sequence.exit_on.iter().map(|set| self.happens(*set)));
        if !sequence.parallel {
            ends.push("another sequence starts".into());
        }
        let stops = |rule: &&Rule| {
            effects(rule).any(|effect| match effect {
                EffectKind::StopSequence(other) => *other == id,
                EffectKind::Stop | EffectKind::StopAccount => !sequence.parallel,
                EffectKind::StopAll => true,
                _ => false,
            })
        };
        let rules: Vec<&Rule> = self.rulebook.rules.iter().filter(stops).collect();
        let many = if rules.len() == 1 { "the rule {} stops it" } else { "one of the rules {} stops it" };
        if !rules.is_empty() {
            let names = rules.iter().map(|rule| Prose::name(super::NameKind::Rule, &rule.label)).collect();
            ends.push(fill(many, [listed(names, if rules.len() == 1 { "and" } else { "or" })]));
        }
        if ends.is_empty() {
            return "Nothing ends it early.".into();
        }
        fill("It ends early when {}.", [listed(ends, "or")])
    }

    /// A touch of a sequence.
    pub fn touch(&self, touch: &Touch) -> TouchWords {
        let day = match touch.when {
            When::Days(first, last) if first == last => format!("day {first}"),
            When::Days(first, last) => format!("day {first} to {last}, on the best day"),
            When::Later(length) => format!("{} after the touch before", time::length(length)),
        };
        self.touch_on(day.into(), touch)
    }

    /// What recurs at the end of a sequence, and how often (`None`: for ever).
    pub fn tail(&self, touch: &Touch, limit: Option<u32>) -> TouchWords {
        let every = match touch.when {
            When::Later(length) => time::each(length),
            When::Days(..) => String::new(),
        };
        let limit = limit.map(|limit| format!(", up to {}", time::many(limit, "time"))).unwrap_or_default();
        self.touch_on(format!("then every {every}{limit}").into(), touch)
    }

    fn touch_on(&self, day: Prose, touch: &Touch) -> TouchWords {
        let clock = match &touch.time {
            TouchTime::Any => "as soon as allowed".to_owned(),
            TouchTime::At(at) => at.to_string(),
            TouchTime::Part(name, start, end) => {
                format!("{}, {}", super::spaced(name), time::hours((*start, *end)))
            }
        };
        let choices = touch
            .choices
            .iter()
            .map(|(channel, content)| fill("{} {}", [self.channel_title(*channel).into(), Self::content(content)]));
        TouchWords {
            day,
            time: clock.into(),
            id: Prose::other(&touch.id),
            what: joined(choices, ", else "),
            notes: self.notes(touch),
        }
    }

    fn notes(&self, touch: &Touch) -> Prose {
        let mut notes: Vec<Prose> = Vec::new();
        if let Some(condition) = &touch.condition {
            notes.push(fill("only if {}", [self.condition(condition)]));
        }
        if touch.approve {
            notes.push("a person approves it first".into());
        }
        if let Some(expiry) = &touch.expires {
            notes.push(fill("dropped if it could not go out {}", [self.expiry(expiry)]));
        }
        match touch.roll {
            Roll::Next => {}
            Roll::Previous => notes.push("moved to the open day before if its day is closed".into()),
            Roll::Nearest => notes.push("moved to the nearest open day if its day is closed".into()),
            Roll::Skip => notes.push("left out if its day is closed".into()),
        }
        if let Some(note) = &touch.note {
            notes.push(fill("note: {}", [Prose::quote(note)]));
        }
        if let Some(old) = &touch.renamed_from {
            notes.push(fill("used to be called {}", [Prose::other(old)]));
        }
        joined(notes, "; ").capital()
    }
}

/// Every effect of a rule, whichever line it stands in.
pub fn effects(rule: &Rule) -> impl Iterator<Item = &EffectKind> {
    rule.arms.iter().flat_map(|arm| &arm.effects).map(|effect| &effect.kind)
}

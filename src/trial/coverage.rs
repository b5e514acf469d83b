//! What of a rulebook its tests show: every rule acting and held back, every condition true and
//! false, every line crossed and just missed, every touch sent, skipped and cancelled.

use std::collections::{BTreeMap, BTreeSet};

use super::stage::Played;
use crate::decimal::Decimal;
use crate::decision::{Body, Status};
use crate::engine::judge::{Asked, Stand};
use crate::event::LeadId;
use crate::rulebook::{Rule, RuleId, Rulebook, Sequence, SequenceId, Touch, Trigger};
use crate::source::Range;
use crate::timestamp::Timestamp;

/// What is counted, in the order it is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartKind {
    /// A rule, or a line of a decision list, has acted.
    Acts,
    /// A rule was triggered and did not act.
    HeldBack,
    /// A condition was true, or false.
    Condition,
    /// A count, a score or a time was reached, or just missed.
    Line,
    /// A touch was sent, skipped or cancelled.
    Touch,
}

impl PartKind {
    /// All kinds in order.
    pub const ALL: [Self; 5] = [Self::Acts, Self::HeldBack, Self::Condition, Self::Line, Self::Touch];

    /// The words of the report.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Acts => "rules act",
            Self::HeldBack => "rules held back",
            Self::Condition => "conditions true and false",
            Self::Line => "lines reached and just missed",
            Self::Touch => "touches sent, skipped, cancelled",
        }
    }
}

/// One thing a test can show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoveredPart {
    /// What kind of thing.
    pub kind: PartKind,
    /// What no test shows, in words.
    pub missing: String,
    /// Where it stands.
    pub range: Range,
    /// Whether some test shows it.
    pub shown: bool,
}

/// What the tests show of a rulebook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Everything that can be shown, in rulebook order.
    pub items: Vec<CoveredPart>,
}

impl Coverage {
    /// How many things of a kind are shown, and how many there are.
    #[must_use]
    pub fn count(&self, kind: PartKind) -> (usize, usize) {
        let of_kind = self.items.iter().filter(|item| item.kind == kind);
        (of_kind.clone().filter(|item| item.shown).count(), of_kind.count())
    }

    /// The share of all that is shown, in percent, rounded down; 100 where there is nothing to show.
    #[must_use]
    pub fn percent(&self) -> usize {
        let shown = self.items.iter().filter(|item| item.shown).count();
        (shown * 100).checked_div(self.items.len()).unwrap_or(100)
    }

    pub(super) fn of(rulebook: &Rulebook, hits: &Hits) -> Self {
        let mut all = Items { hits, items: Vec::new() };
        for (id, rule) in rulebook.rules.with_ids().filter(|(_, rule)| !rule.standard) {
            all.rule(id, rule, rulebook);
        }
        for (id, sequence) in rulebook.sequences.with_ids() {
            all.sequence(id, sequence, rulebook);
        }
        let mut items = all.items;
        items.sort_by_key(|item| (item.range.source, item.range.start, item.kind));
        Self { items }
    }
}

/// What was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Hit {
    /// A rule's arm acted.
    Acts(RuleId, usize),
    HeldBack(RuleId),
    While(RuleId, bool),
    /// A condition of a rule: of its `where` (0) or an arm's, from 1.
    Rule(RuleId, usize, usize, bool),
    Sequence(SequenceId, usize, bool),
    Reached(RuleId),
    Missed(RuleId),
    Touch(SequenceId, u16, Fate),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Sent,
    Skipped,
    Cancelled,
}

/// What all tests together show.
#[derive(Clone, Debug, Default)]
pub(super) struct Hits {
    seen: BTreeSet<Hit>,
}

impl Hits {
    /// Adds what a test shows.
    pub fn add(&mut self, played: &Played) {
        for judged in &played.seen.judged {
            let (rule, asked) = (judged.rule, &judged.asked);
            self.seen.insert(match asked.arm.filter(|_| asked.passes()) {
                Some(arm) => Hit::Acts(rule, arm),
                None => Hit::HeldBack(rule),
            });
            self.seen.extend(asked.state.as_ref().map(|state| Hit::While(rule, state.holds)));
            // What `while` lets through is what `where` is asked about.
            if asked.state.as_ref().is_none_or(|state| state.holds) {
                self.conditions(asked.guard.as_ref(), |part, holds| Hit::Rule(rule, 0, part, holds));
                for (arm, guard) in asked.arms.iter().enumerate() {
                    self.conditions(guard.as_ref(), |part, holds| Hit::Rule(rule, arm + 1, part, holds));
                }
            }
            self.seen.insert(Hit::Reached(rule));
        }
        for (sequence, guard) in played.seen.entered.iter().flat_map(|entered| &entered.sequences) {
            self.conditions(guard.as_ref(), |part, holds| Hit::Sequence(*sequence, part, holds));
        }
        for decision in &played.decisions {
            if let Body::Touch(touch) = &decision.body {
                let fate = match touch.status {
                    Status::Sent => Fate::Sent,
                    Status::Skipped => Fate::Skipped,
                    Status::Cancelled | Status::Suppressed => Fate::Cancelled,
                    _ => continue,
                };
                self.seen.insert(Hit::Touch(touch.sequence, touch.touch, fate));
            }
        }
        self.lines(played);
    }

    fn conditions(&mut self, asked: Option<&Asked>, hit: impl Fn(usize, bool) -> Hit) {
        let mut parts = Vec::new();
        if let Some(asked) = asked {
            leaves(asked, &mut parts);
        }
        self.seen.extend(parts.into_iter().enumerate().map(|(part, holds)| hit(part, holds)));
    }

    /// Lines that were nearly reached: what each rule waited for, from event to event.
    fn lines(&mut self, played: &Played) {
        let mut course: BTreeMap<(LeadId, RuleId), Vec<(Timestamp, &Stand)>> = BTreeMap::new();
        for (lead, rule, at, stand) in &played.stands {
            course.entry((*lead, *rule)).or_default().push((*at, stand));
        }
        for ((lead, rule), stands) in course {
            let fires = |after: Timestamp| {
                let judged = &played.seen.judged;
                judged.iter().any(|judged| judged.lead == lead && judged.rule == rule && judged.at > after)
            };
            if missed(&stands, fires) {
                self.seen.insert(Hit::Missed(rule));
            }
        }
    }
}

/// Whether a line was just missed: one short of a count that was not reached afterwards, a score
/// that moved and stayed on its side, an answer that came in time or too late.
fn missed(stands: &[(Timestamp, &Stand)], fires: impl Fn(Timestamp) -> bool) -> bool {
    let next = stands.iter().skip(1).map(Some).chain(std::iter::once(None));
    stands.iter().zip(next).any(|((at, stand), next)| match (stand, next) {
        (Stand::Count { needs: 1, falls: None, .. }, next) => {
            !fires(*at) || next.is_some_and(|(_, next)| matches!(next, Stand::Count { needs: 2.., .. }))
        }
        (Stand::Score { asked, beyond: false, .. }, _) => asked.worth != Decimal::ZERO && !fires(*at),
        (Stand::Follows(Some((_, until))), Some((at, Stand::Follows(None)))) => at >= until,
        (Stand::Deadline(Some((_, due))), Some((at, Stand::Deadline(None)))) => at < due,
        (Stand::Absence { due: Some(due), .. }, Some((at, Stand::Absence { due: later, held: false, .. }))) => {
            at < due && *later != Some(*due)
        }
        _ => false,
    })
}

fn leaves(asked: &Asked, into: &mut Vec<bool>) {
    if asked.parts.is_empty() {
        into.push(asked.holds);
    }
    asked.parts.iter().for_each(|part| leaves(part, into));
}

struct Items<'a> {
    hits: &'a Hits,
    items: Vec<CoveredPart>,
}

impl Items<'_> {
    fn push(&mut self, kind: PartKind, range: Range, hit: Hit, missing: String) {
        let shown = self.hits.seen.contains(&hit);
        self.items.push(CoveredPart { kind, missing, range, shown });
    }

    fn rule(&mut self, id: RuleId, rule: &Rule, rulebook: &Rulebook) {
        let name = &rule.label;
        for (arm, line) in rule.arms.iter().enumerate() {
            let which = if rule.arms.len() > 1 { format!("line {} of `{name}`", arm + 1) } else { format!("`{name}`") };
            self.push(PartKind::Acts, line.range, Hit::Acts(id, arm), format!("{which} never acts"));
        }
        let timed = rule.trigger.runs_in_state();
        let fails = rule.while_.is_some() && !timed
            || rule.guard.is_some()
            || rule.limit.is_some()
            || rule.arms.iter().all(|arm| arm.guard.is_some());
        if fails {
            self.push(PartKind::HeldBack, rule.range, Hit::HeldBack(id), format!("`{name}` is never held back"));
        }
        // Without its state, such a rule is not even triggered.
        if rule.while_.is_some() && !timed {
            for truth in [true, false] {
                let missing = format!("`while` of `{name}` is never {truth}");
                self.push(PartKind::Condition, rule.range, Hit::While(id, truth), missing);
            }
        }
        self.conditions(rulebook, &rule.guard_parts, name, |part, truth| Hit::Rule(id, 0, part, truth));
        for (arm, line) in rule.arms.iter().enumerate() {
            self.conditions(rulebook, &line.guard_parts, name, |part, truth| Hit::Rule(id, arm + 1, part, truth));
        }
        if let Some((reached, missed)) = line_words(rule) {
            self.push(PartKind::Line, rule.range, Hit::Reached(id), format!("`{name}`: {reached}"));
            self.push(PartKind::Line, rule.range, Hit::Missed(id), format!("`{name}`: {missed}"));
        }
    }

    fn conditions(&mut self, rulebook: &Rulebook, parts: &[Range], name: &str, hit: impl Fn(usize, bool) -> Hit) {
        for (part, range) in parts.iter().enumerate() {
            let text = rulebook.sources.text(*range).split_whitespace().collect::<Vec<_>>().join(" ");
            for truth in [true, false] {
                let missing = format!("`{text}` of `{name}` is never {truth}");
                self.push(PartKind::Condition, *range, hit(part, truth), missing);
            }
        }
    }

    fn sequence(&mut self, id: SequenceId, sequence: &Sequence, rulebook: &Rulebook) {
        let hit = |part, truth| Hit::Sequence(id, part, truth);
        if sequence.tier.is_some() {
            self.conditions(rulebook, &sequence.guard_parts, &sequence.name, hit);
        }
        let tail = sequence.tail.iter().map(|(tail, _)| tail);
        for (place, touch) in sequence.touches.iter().chain(tail).enumerate() {
            self.touch(id, place as u16, sequence, touch);
        }
    }

    fn touch(&mut self, id: SequenceId, place: u16, sequence: &Sequence, touch: &Touch) {
        let name = format!("`{}.{}`", sequence.name, touch.id);
        let mut push = |fate, words: &str| {
            self.push(PartKind::Touch, touch.range, Hit::Touch(id, place, fate), format!("{name} is never {words}"));
        };
        push(Fate::Sent, "sent");
        if touch.condition.is_some() {
            push(Fate::Skipped, "skipped");
        }
        push(Fate::Cancelled, "cancelled");
    }
}

/// What no test shows of a rule that waits for a line: reaching it, and just missing it.
fn line_words(rule: &Rule) -> Option<(String, String)> {
    let of = |text: &str| Some((format!("{text} is never reached"), format!("{text} is never just missed")));
    match rule.trigger {
        Trigger::Count { times, .. } if times > 1 => {
            Some((format!("its count never comes to {times}"), format!("its count never stops at {}", times - 1)))
        }
        Trigger::Score { upward: true, value, .. } => of(&format!("the score of {value}")),
        Trigger::Score { value, .. } => {
            Some((format!("the score never falls below {value}"), format!("the score never stays above {value}")))
        }
        Trigger::Follows { .. } => {
            Some((String::from("the answer never comes in time"), String::from("the answer never comes too late")))
        }
        Trigger::AbsentAfter { .. } | Trigger::Absent { .. } | Trigger::Idle { .. } => {
            Some((String::from("the time never passes"), String::from("nothing ever comes in time")))
        }
        _ => None,
    }
}

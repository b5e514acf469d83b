//! Sequences: whom they take in, and how their touches follow one another.

use std::collections::BTreeMap;

use super::checker::Checker;
use super::expression::{Known, Scope};
use crate::diagnostic::Diagnostic;
use crate::rulebook::{Again, Sequence, Touch, When};
use crate::slug::Slug;
use crate::source::Range;
use crate::syntax::tree::{At, Length, Roll, SequenceClause, SequenceDecl, TailDecl, Unit};

/// The least time between two touches where none is given.
const GAP: Length = Length { amount: 20, unit: Unit::Hour };

impl Checker<'_> {
    /// Resolves every sequence.
    pub fn check_sequences(&mut self) {
        let sequences: Vec<&SequenceDecl> = self.declared.sequences.iter().map(|entry| entry.item).collect();
        for declared in sequences {
            let sequence = self.check_sequence(declared);
            self.resolved.sequences.push(sequence);
        }
    }

    fn check_sequence(&mut self, declared: &SequenceDecl) -> Sequence {
        let mut sequence = Sequence {
            name: declared.name.node.clone(),
            range: declared.name.range,
            tier: declared.tier.as_ref().and_then(|tier| self.tier(&tier.node, tier.range)),
            guard: None,
            guard_parts: super::rule::parts(declared.guard.as_ref()),
            parallel: false,
            exit_on: Vec::new(),
            gap: GAP,
            again: Again::Always,
            touches: Vec::new(),
            tail: None,
            renamed_from: declared.renamed_from.as_ref().map(|name| name.node.clone()),
            topic: None,
        };
        if let Some(guard) = &declared.guard {
            let typed = self.condition(guard, &Scope::sequence(), &Known::new(), "what follows `where`");
            sequence.guard = typed.map(|typed| typed.expr);
        }
        let roll = self.sequence_clauses(&declared.clauses, &mut sequence);
        if declared.touches.is_empty() && declared.tail.is_none() && !self.broken.contains(&sequence.name) {
            let message = format!("sequence `{}` has no touches", sequence.name);
            let found = Diagnostic::new(Slug::EmptySequence, declared.name.range, message);
            self.report(found.label("nothing to send").help("add a touch: `day 1 at 10:00 email TEMPLATE`"));
        }
        let ids = self.touch_ids(declared);
        let mut ids = ids.into_iter();
        for touch in &declared.touches {
            let touch = self.touch(touch, ids.next().unwrap_or_default(), roll);
            sequence.touches.extend(touch);
        }
        self.touch_order(&sequence.touches);
        if let Some(tail) = &declared.tail {
            sequence.tail = self.tail(tail, ids.next().unwrap_or_default(), roll);
        }
        sequence
    }

    fn sequence_clauses(&mut self, clauses: &[At<SequenceClause>], sequence: &mut Sequence) -> Roll {
        let mut roll = Roll::Next;
        let mut seen: BTreeMap<String, Range> = BTreeMap::new();
        for clause in clauses {
            if let Some(word) = single(&clause.node) {
                self.refuse_second(word.to_owned(), clause.range, &mut seen);
            }
            match &clause.node {
                SequenceClause::ExitOn(events) => {
                    for event in events {
                        sequence.exit_on.extend(self.occurrence(event).map(|event| event.set));
                    }
                }
                SequenceClause::Gap(gap) => sequence.gap = self.length(gap, "a gap").unwrap_or(GAP),
                SequenceClause::AgainAfter(length) => {
                    if let Some(length) = self.length(length, "the time before a new enrollment") {
                        sequence.again = Again::After(length);
                    }
                }
                SequenceClause::NeverAgain => sequence.again = Again::Never,
                SequenceClause::Parallel => sequence.parallel = true,
                SequenceClause::Roll(word) => roll = *word,
                SequenceClause::Topic(name) => sequence.topic = self.topic(name),
            }
        }
        roll
    }

    /// Touches stand in the order of their days.
    fn touch_order(&mut self, touches: &[Touch]) {
        let mut last: Option<(u32, Range)> = None;
        for touch in touches {
            let When::Days(day, _) = touch.when else { continue };
            if let Some((before, place)) = last.filter(|(before, _)| *before > day) {
                let message = format!("day {day} stands after day {before}");
                let found = Diagnostic::new(Slug::TouchOrder, touch.range, message).label("an earlier day");
                self.report(found.other(place, "a later day").help("put the touches in the order of their days"));
                continue;
            }
            last = Some((day, touch.range));
        }
    }

    fn tail(&mut self, declared: &TailDecl, id: String, roll: Roll) -> Option<(Touch, Option<u32>)> {
        let every = self.length(&declared.every, "the time between two touches");
        let times = declared.times.as_ref().map(|times| self.times(times));
        let time = declared.time.as_ref();
        let touch = self.message(&declared.message, time, id, roll, declared.range);
        let (touch, every) = touch.zip(every)?;
        let times = super::rule::all_or_none(times)?;
        Some((Touch { when: When::Later(every), ..touch }, times))
    }
}

/// The word of a clause that may stand once.
fn single(clause: &SequenceClause) -> Option<&'static str> {
    Some(match clause {
        SequenceClause::Gap(_) => "gap",
        SequenceClause::AgainAfter(_) | SequenceClause::NeverAgain => "again",
        SequenceClause::Parallel => "parallel",
        SequenceClause::Roll(_) => "roll",
        SequenceClause::Topic(_) => "topic",
        SequenceClause::ExitOn(_) => return None,
    })
}

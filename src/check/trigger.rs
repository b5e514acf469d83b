//! Triggers: when a rule is looked at, and which event its expressions may ask.

use std::rc::Rc;

use super::calendar::weekdays;
use super::checker::Checker;
use super::expression::{Known, Scope, constant_value};
use super::meaning::{Events, Occurrence};
use super::words::type_words;
use crate::diagnostic::Diagnostic;
use crate::rulebook::{State, Trigger};
use crate::slug::Slug;
use crate::syntax::tree::{self, At, BinaryOp, EventRef, Length, Name, StateKind, TriggerKind};
use crate::timestamp::Span;
use crate::value::Value;

/// A resolved trigger.
pub(super) struct Fires {
    /// The trigger; `None` where a mistake was reported.
    pub trigger: Option<Trigger>,
    /// Whose properties `event.x` is, or why there is no event; `None` where the event itself has a
    /// mistake, so that its properties cannot be told.
    pub event: Option<Result<Rc<Events>, &'static str>>,
    /// Properties the trigger's conditions have shown to be there.
    pub known: Known,
}

impl Fires {
    fn alone(trigger: Option<Trigger>, why: &'static str) -> Self {
        Self { trigger, event: Some(Err(why)), known: Known::new() }
    }

    fn by(event: Option<Occurrence>, trigger: Option<Trigger>) -> Self {
        match event {
            Some(event) => Self { trigger, event: Some(Ok(event.events)), known: event.known },
            None => Self { trigger, event: None, known: Known::new() },
        }
    }
}

const ABSENT: &str = "the rule fires because nothing happened, so there is no event to ask";
const IDLE: &str = "the rule fires because no next step lies ahead, so there is no event to ask";
const TIER: &str = "the rule fires on a change of tier, not on an event";
const SEQUENCE: &str = "the rule fires on an enrollment, not on an event";
const PERIOD: &str = "the rule fires by the clock, not on an event";

impl Checker<'_> {
    /// Resolves a trigger.
    pub fn trigger(&mut self, trigger: &tree::Trigger) -> Fires {
        match &trigger.node {
            TriggerKind::Event(event) => {
                let event = self.occurrence(event);
                let trigger = event.as_ref().map(|event| Trigger::Event(event.set));
                Fires::by(event, trigger)
            }
            TriggerKind::Count { event, times, within, without } => {
                self.count_trigger(event, times, within.as_ref(), without.as_ref())
            }
            TriggerKind::Follows { event, within, after } => {
                let event = self.occurrence(event);
                let after = self.occurrence(after);
                let within = self.length(within, "the time to follow in");
                let trigger = event.as_ref().zip(after).zip(within).map(|((event, after), within)| Trigger::Follows {
                    set: event.set,
                    within,
                    after: after.set,
                });
                Fires::by(event, trigger)
            }
            TriggerKind::AbsentAfter { event, within, after } => {
                let event = self.occurrence(event);
                let after = self.occurrence(after);
                let within = self.length(within, "the time to wait");
                let trigger = event
                    .zip(after.as_ref())
                    .zip(within)
                    .map(|((event, after), within)| Trigger::AbsentAfter { set: event.set, within, after: after.set });
                Fires::by(after, trigger)
            }
            TriggerKind::Absent { event, length } => {
                let event = self.occurrence(event);
                let length = self.length(length, "the time to wait");
                let absent =
                    |(event, length): (Occurrence, Length)| Trigger::Absent { set: event.set, length, silent: false };
                Fires::alone(event.zip(length).map(absent), ABSENT)
            }
            TriggerKind::Silent { length } => {
                let set = self.named_set("engagement");
                let length = self.length(length, "a silence");
                let silent = |(set, length)| Trigger::Absent { set, length, silent: true };
                Fires::alone(set.zip(length).map(silent), ABSENT)
            }
            TriggerKind::Idle { length } => {
                let length = self.length(length, "the time without a next step");
                Fires::alone(length.map(|length| Trigger::Idle { length }), IDLE)
            }
            TriggerKind::Score { score, op, value } => {
                let why = "the rule fires when a score crosses a line, not on an event";
                Fires::alone(self.score_trigger(score, op, value), why)
            }
            TriggerKind::Becomes(name) => Fires::alone(self.tier(&name.node, name.range).map(Trigger::Becomes), TIER),
            TriggerKind::Leaves(name) => Fires::alone(self.tier(&name.node, name.range).map(Trigger::Leaves), TIER),
            TriggerKind::Finished(name) => Fires::alone(self.sequence(name).map(Trigger::Finished), SEQUENCE),
            TriggerKind::Enrolled(name) => Fires::alone(self.sequence(name).map(Trigger::Enrolled), SEQUENCE),
            TriggerKind::Exited(name) => Fires::alone(self.sequence(name).map(Trigger::Exited), SEQUENCE),
            TriggerKind::Every { length } => {
                let length = self.period(length);
                Fires::alone(length.map(|length| Trigger::Every { length }), PERIOD)
            }
            TriggerKind::EveryWeekday { days, at } => {
                Fires::alone(Some(Trigger::EveryWeekday { days: weekdays(days), at: at.node }), PERIOD)
            }
        }
    }

    fn count_trigger(
        &mut self,
        event: &EventRef,
        times: &At<u32>,
        within: Option<&At<Length>>,
        without: Option<&EventRef>,
    ) -> Fires {
        let event = self.occurrence(event);
        let times = self.times(times);
        let within = within.map(|within| self.measured(within, "the window of a count"));
        let without = without.map(|without| self.occurrence(without).map(|event| event.set));
        let trigger = match (&event, times, within, without) {
            (Some(event), Some(times), None | Some(Some(_)), None | Some(Some(_))) => {
                Some(Trigger::Count { set: event.set, times, within: within.flatten(), without: without.flatten() })
            }
            _ => None,
        };
        Fires::by(event, trigger)
    }

    /// A count of 1 to 1000.
    pub fn times(&mut self, times: &At<u32>) -> Option<u32> {
        if (1..=1000).contains(&times.node) {
            return Some(times.node);
        }
        let found =
            Diagnostic::new(Slug::CountOutOfRange, times.range, format!("`{}` times cannot be counted", times.node));
        self.report(found.label("not from 1 to 1000").help("count from 1 to 1000"));
        None
    }

    fn period(&mut self, at: &At<Length>) -> Option<Length> {
        let length = self.length(at, "a period")?;
        if length.measured().is_some_and(|span| span < Span::seconds(60)) {
            let found = Diagnostic::new(Slug::PeriodTooShort, at.range, format!("`{length}` is too short a period"));
            self.report(
                found.label("less than a minute").help("write `1m` or more; most follow-ups think in days: `1d`"),
            );
            return None;
        }
        Some(length)
    }

    fn score_trigger(&mut self, name: &Name, op: &At<BinaryOp>, value: &tree::Expr) -> Option<Trigger> {
        let score = self.score(name);
        let (upward, inclusive) = match op.node {
            BinaryOp::GreaterOrEqual => (true, true),
            BinaryOp::Greater => (true, false),
            BinaryOp::Less => (false, false),
            BinaryOp::LessOrEqual => (false, true),
            _ => {
                let found = Diagnostic::new(
                    Slug::ScoreOperator,
                    op.range,
                    format!("a score crosses a line, and `{}` is none", self.text(op.range)),
                );
                self.report(found.label("not a line to cross").help("write `>=`, `>`, `<` or `<=`"));
                return None;
            }
        };
        let typed = self.expr(value, &Scope::constant("the line a score crosses"), &Known::new())?;
        let Some(Value::Number(value)) = constant_value(&typed.expr) else {
            let message = format!(
                "a score is compared with a number, and `{}` is {}",
                self.text(value.range),
                type_words(typed.ty)
            );
            let found = Diagnostic::new(Slug::TypeMismatch, value.range, message).label("not a number");
            self.report(found.help("write a number or a constant that is one"));
            return None;
        };
        Some(Trigger::Score { score: score?, upward, inclusive, value: *value })
    }

    /// Resolves a `while` condition.
    pub fn state(&mut self, state: &tree::State) -> Option<State> {
        let both = |checker: &mut Self, left: &tree::State, right: &tree::State| {
            let (left, right) = (checker.state(left), checker.state(right));
            Some((Box::new(left?), Box::new(right?)))
        };
        Some(match &state.node {
            StateKind::Tier(name) if name == "idle" && !self.declared.tiers.has(name) => State::Idle,
            StateKind::Tier(name) => State::Tier(self.state_tier(name, state.range)?),
            StateKind::In(name) => State::In(self.sequence(name)?),
            StateKind::Suppressed => State::Suppressed,
            StateKind::Not(inner) => State::Not(Box::new(self.state(inner)?)),
            StateKind::And(left, right) => both(self, left, right).map(|(left, right)| State::And(left, right))?,
            StateKind::Or(left, right) => both(self, left, right).map(|(left, right)| State::Or(left, right))?,
        })
    }

    fn state_tier(&mut self, name: &str, range: crate::source::Range) -> Option<crate::rulebook::TierId> {
        if self.declared.tiers.has(name) || !self.declared.sequences.has(name) {
            return self.tier(name, range);
        }
        let names = self.declared.tiers.names();
        let hint = format!("`{name}` is a sequence; say `while in {name}`");
        self.unknown(&super::name::TIER, name, range, &names, Some(hint));
        None
    }
}

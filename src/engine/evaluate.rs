//! Expressions and `while` conditions, evaluated against one lead at one moment. Nothing here
//! allocates but calls of script functions.

use chrono::{NaiveDate, TimeDelta};
use smallvec::SmallVec;

use crate::decimal::Decimal;
use crate::event::Props;
use crate::local::{Zone, clock_on};
use crate::plan::Plan;
use crate::rulebook::{Arithmetic, Comparison, Expr, FactId, SetId, State, TierId, TypeId};
use crate::timestamp::{Span, Timestamp};
use crate::value::{Value, View};

use super::lead::Lead;
use super::score;
use super::script::Runner;
use super::{Account, zone_of};

/// What an expression can see.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub plan: &'a Plan,
    pub lead: &'a Lead,
    pub props: Props<'a>,
    pub now: Timestamp,
    pub accounts: &'a [Account],
    /// Type and time of the event that is handled.
    pub event: Option<(TypeId, Timestamp)>,
    pub runner: &'a Runner,
    /// What was known before anything came of this instant, where somebody measures.
    pub before: Option<Before>,
    /// Counts are those of this moment, by when things happened, whenever they were told.
    pub past: Option<Timestamp>,
}

/// What a metric knows of a lead at a row: what was so before anything came of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Before {
    /// Contacts since the last reply.
    pub attempts: u32,
    /// The tier.
    pub tier: Option<TierId>,
}

impl<'a> Scope<'a> {
    /// The tier in question.
    fn tier_id(&self) -> Option<TierId> {
        self.before.map_or(self.lead.tier, |before| before.tier)
    }

    /// The zone in which the lead's days begin.
    pub fn zone(&self) -> Zone {
        zone_of(self.plan, self.accounts, self.lead, &self.plan.zones).0
    }

    /// A fact of the lead, its default where it was never set.
    pub fn fact(&self, fact: FactId) -> View<'a> {
        match self.lead.facts.get(fact.index()) {
            None | Some(Value::Missing) => {
                self.plan.rulebook.facts.get(fact).map_or(View::Missing, |f| f.default.view())
            }
            Some(value) => value.view(),
        }
    }

    /// Whether a condition holds; a missing value does not.
    pub fn holds(&self, expr: &'a Expr) -> bool {
        self.value(expr) == View::Bool(true)
    }

    /// What an expression is worth now.
    pub fn value(&self, expr: &'a Expr) -> View<'a> {
        match expr {
            Expr::Constant(value) => value.view(),
            Expr::DateTime { days, clock } => match date(*days) {
                Some(date) => View::Time(self.zone().resolve(clock_on(date, *clock))),
                None => View::Missing,
            },
            Expr::Fact(fact) => self.fact(*fact),
            Expr::Prop(prop) => self.props.get(*prop),
            Expr::Tier => self.tier(),
            Expr::Score(score) => View::Number(score::worth(self.plan, self.lead, *score, self.now)),
            Expr::Touches => View::Number(self.lead.touches.into()),
            Expr::Now => View::Time(self.now),
            Expr::Count(set, within) => View::Number(self.count(*set, *within)),
            Expr::DaysSince(set) => View::Number(self.days_since(*set)),
            Expr::Pending(since, until) => View::Bool(self.is_pending(*since, *until)),
            Expr::Attempts => View::Number(self.before.map_or(0, |before| before.attempts).into()),
            Expr::Has(inner) => View::Bool(self.value(inner) != View::Missing),
            Expr::Default(value, default) => match self.value(value) {
                View::Missing => self.value(default),
                there => there,
            },
            Expr::Not(inner) => View::Bool(!self.holds(inner)),
            Expr::Negate(inner) => match self.value(inner) {
                View::Number(n) => View::Number(-n),
                View::Length(l) => View::Length(Span(-l.0)),
                _ => View::Missing,
            },
            Expr::And(a, b) => View::Bool(self.holds(a) && self.holds(b)),
            Expr::Or(a, b) => View::Bool(self.holds(a) || self.holds(b)),
            Expr::Compare(op, a, b) => View::Bool(self.compare(*op, self.value(a), self.value(b))),
            Expr::In(value, list) => View::Bool(self.is_in(self.value(value), list)),
            // A list with parts that are not constant stands only right of `in`.
            Expr::List(_) => View::Missing,
            Expr::Arithmetic(op, a, b) => self.arithmetic(*op, self.value(a), self.value(b)),
            Expr::Call { script, function, args, range } => {
                let args: SmallVec<[View<'_>; 8]> = args.iter().map(|arg| self.value(arg)).collect();
                self.runner.call(self, (*script, function), &args, *range)
            }
        }
    }

    pub fn tier(&self) -> View<'a> {
        let tier = self.tier_id().and_then(|tier| self.plan.rulebook.tiers.get(tier));
        tier.map_or(View::Missing, |tier| View::Text(&tier.name))
    }

    pub fn count(&self, set: SetId, within: Option<Span>) -> Decimal {
        if let Some(past) = self.past {
            let from = within.map_or(Timestamp::MIN, |span| past - span);
            return Decimal::from(self.happened(set, from, past) as u32);
        }
        let Some(span) = within else {
            let slot = self.plan.total_of.get(set).copied().flatten();
            return slot.and_then(|slot| self.lead.totals.get(slot)).map_or(Decimal::ZERO, |n| (*n).into());
        };
        let slot = self.plan.history_of.get(set).copied().flatten();
        let Some(history) = slot.and_then(|slot| self.lead.histories.get(slot)) else { return Decimal::ZERO };
        let after = self.now - span;
        Decimal::from((history.len() - history.partition_point(|at| *at <= after)) as u32)
    }

    /// Whether an event of the first set has happened, and none of the second since.
    fn is_pending(&self, since: SetId, until: SetId) -> bool {
        let last = |set: SetId| {
            let slot = self.plan.last_of.get(set).copied().flatten();
            slot.and_then(|slot| self.lead.last.get(slot)).copied().filter(|stamp| !stamp.is_never())
        };
        last(since).is_some_and(|began| last(until).is_none_or(|ended| ended < began))
    }

    /// How often something happened after a moment and before another, as far as it is remembered.
    fn happened(&self, set: SetId, after: Timestamp, before: Timestamp) -> usize {
        let slot = self.plan.history_of.get(set).copied().flatten();
        let Some(history) = slot.and_then(|slot| self.lead.histories.get(slot)) else { return 0 };
        history.partition_point(|at| *at < before).saturating_sub(history.partition_point(|at| *at <= after))
    }

    /// Whole days since the last event of a set, or since the lead's first event.
    pub fn days_since(&self, set: SetId) -> Decimal {
        let slot = self.plan.last_of.get(set).copied().flatten();
        let last = slot.and_then(|slot| self.lead.last.get(slot)).filter(|stamp| !stamp.is_never());
        let from = last.map_or(self.lead.first_at, |stamp| stamp.at);
        Decimal::from(((self.now - from).0 / Span::days(1).0) as i32)
    }

    fn is_in(&self, value: View<'a>, list: &'a Expr) -> bool {
        let same = |other: View<'a>| self.compare(Comparison::Equal, value, other);
        match list {
            Expr::List(items) => items.iter().any(|item| same(self.value(item))),
            other => match self.value(other) {
                View::List(items) => items.iter().any(|item| same(item.view())),
                _ => false,
            },
        }
    }

    /// A missing value is equal to nothing, not even to another missing one.
    fn compare(&self, op: Comparison, a: View<'a>, b: View<'a>) -> bool {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let order = match (a, b) {
            (View::Missing, _) | (_, View::Missing) => return op == Comparison::NotEqual,
            (View::Number(a), View::Number(b)) => Some(a.cmp(&b)),
            (View::Text(a), View::Text(b)) => Some(a.cmp(b)),
            (View::Bool(a), View::Bool(b)) => Some(a.cmp(&b)),
            (View::Length(a), View::Length(b)) => Some(a.cmp(&b)),
            (View::List(a), View::List(b)) if a == b => Some(Equal),
            (View::Date(a), View::Date(b)) => Some(a.cmp(&b)),
            (a, b) => self.moment(a).zip(self.moment(b)).map(|(a, b)| a.cmp(&b)),
        };
        match op {
            Comparison::Equal => order == Some(Equal),
            Comparison::NotEqual => order != Some(Equal),
            Comparison::Less => order == Some(Less),
            Comparison::LessOrEqual => matches!(order, Some(Less | Equal)),
            Comparison::Greater => order == Some(Greater),
            Comparison::GreaterOrEqual => matches!(order, Some(Greater | Equal)),
        }
    }

    /// A time, or the first moment of a date in the lead's zone.
    pub fn moment(&self, value: View<'a>) -> Option<Timestamp> {
        match value {
            View::Time(time) => Some(time),
            View::Date(days) => Some(self.zone().day_start(date(days)?)),
            _ => None,
        }
    }

    fn arithmetic(&self, op: Arithmetic, a: View<'a>, b: View<'a>) -> View<'a> {
        let number = |n: Option<Decimal>| n.map_or(View::Missing, View::Number);
        match (op, a, b) {
            (Arithmetic::Add, View::Number(a), View::Number(b)) => number(a.plus(b)),
            (Arithmetic::Subtract, View::Number(a), View::Number(b)) => number(a.minus(b)),
            (Arithmetic::Multiply, View::Number(a), View::Number(b)) => number(a.times(b)),
            (Arithmetic::Divide, View::Number(a), View::Number(b)) => number(a.over(b)),
            (Arithmetic::Add, View::Length(a), View::Length(b)) => View::Length(Span(a.0.saturating_add(b.0))),
            (Arithmetic::Subtract, View::Length(a), View::Length(b)) => View::Length(Span(a.0.saturating_sub(b.0))),
            (Arithmetic::Add, a, View::Length(l)) | (Arithmetic::Add, View::Length(l), a) => {
                self.moment(a).map_or(View::Missing, |t| View::Time(t + l))
            }
            (Arithmetic::Subtract, a, View::Length(l)) => self.moment(a).map_or(View::Missing, |t| View::Time(t - l)),
            (Arithmetic::Subtract, a, b) => match self.moment(a).zip(self.moment(b)) {
                Some((a, b)) => View::Length(a - b),
                None => View::Missing,
            },
            _ => View::Missing,
        }
    }

    /// Whether a `while` condition holds.
    pub fn state(&self, state: &State) -> bool {
        match state {
            State::Tier(tier) => self.tier_id() == Some(*tier),
            State::In(sequence) => self.lead.enrolled(*sequence),
            State::Idle => self.lead.idle_since.is_some(),
            State::Suppressed => self.lead.suppressed(self.now).is_some(),
            State::Not(inner) => !self.state(inner),
            State::And(a, b) => self.state(a) && self.state(b),
            State::Or(a, b) => self.state(a) || self.state(b),
        }
    }
}

/// A date by its days since 1970-01-01.
pub(super) fn date(days: i32) -> Option<NaiveDate> {
    NaiveDate::default().checked_add_signed(TimeDelta::days(i64::from(days)))
}

//! What a metric measures: its rows, and what is asked of them.

use std::rc::Rc;

use super::super::checker::Checker;
use super::super::expression::{Known, Scope};
use super::super::meaning::{Events, Occurrence};
use super::super::words::type_words;
use super::named_event;
use crate::diagnostic::Diagnostic;
use crate::rulebook::metric::{Measure, MetricUnit, RowOutcome, Rows};
use crate::rulebook::{Alternative, ChannelId, Comparison, EventSet, Expr, RowsOf, SetId};
use crate::slug::Slug;
use crate::source::Range;
use crate::syntax::tree::{self, At, EventRef};
use crate::units::{Length, Statistic};
use crate::value::{Type, Value};

/// What is reported of mails alone.
const MAIL_ALONE: [&str; 2] = ["email.opened", "email.delivered"];

/// What came of a measure.
pub(super) struct Measured {
    pub measure: Measure,
    pub unit: MetricUnit,
    /// The events of its rows, for the properties they have.
    pub events: Option<Rc<Events>>,
}

/// Rows with what conditions on them may see.
struct Found {
    rows: Rows,
    scope: Scope,
    known: Known,
    events: Option<Rc<Events>>,
    range: Range,
}

impl Checker<'_> {
    pub(super) fn measure(&mut self, measure: &At<tree::Measure>) -> Option<Measured> {
        match &measure.node {
            tree::Measure::Count(rows) => {
                let found = self.rows(rows)?;
                Some(Measured { measure: Measure::Count(found.rows), unit: MetricUnit::Count, events: found.events })
            }
            tree::Measure::Share { rows, outcomes } => {
                let found = self.rows(rows);
                let outcomes: Vec<Option<RowOutcome>> = match &found {
                    Some(found) => outcomes.iter().map(|outcome| self.outcome(outcome, found)).collect(),
                    None => Vec::new(),
                };
                let (found, outcomes) = (found?, outcomes.into_iter().collect::<Option<_>>()?);
                let measure = Measure::Share { rows: found.rows, outcomes };
                Some(Measured { measure, unit: MetricUnit::Share, events: found.events })
            }
            tree::Measure::Statistic { statistic, value, rows } => self.statistic(*statistic, value, rows),
            tree::Measure::Time { quantile, open, rows, event, within } => {
                let found = self.rows(rows);
                let event = self.occurrence_of_metric(event);
                let within = self.window(within.as_ref(), measure.range);
                let found = found.filter(|found| self.has_moment(found))?;
                let measure = Measure::Time {
                    quantile: *quantile,
                    open: *open,
                    rows: found.rows,
                    event: event?.set,
                    within: within?,
                };
                Some(Measured { measure, unit: MetricUnit::Length, events: found.events })
            }
            tree::Measure::Steps { rows, steps, within } => {
                let found = self.rows(rows);
                let steps: Vec<Option<SetId>> =
                    steps.iter().map(|step| self.occurrence_of_metric(step).map(|step| step.set)).collect();
                let within = self.window(within.as_ref(), measure.range);
                let found = found.filter(|found| self.has_moment(found))?;
                let steps = steps.into_iter().collect::<Option<_>>()?;
                let measure = Measure::Steps { rows: found.rows, steps, within: within? };
                Some(Measured { measure, unit: MetricUnit::Share, events: found.events })
            }
            tree::Measure::Formula(formula) => {
                let formula = self.metric_formula(formula)?;
                Some(Measured { measure: Measure::Formula(formula), unit: MetricUnit::Number, events: None })
            }
        }
    }

    fn statistic(&mut self, statistic: Statistic, value: &tree::Expr, rows: &tree::Rows) -> Option<Measured> {
        let found = self.rows(rows)?;
        let typed = self.expr(value, &found.scope, &found.known)?;
        let unit = match typed.ty {
            Type::Number => MetricUnit::Number,
            Type::Length => MetricUnit::Length,
            other => {
                let text = self.text(value.range);
                let message = format!("`{text}` is {}, and a {} is of numbers", type_words(other), statistic.word());
                let found = Diagnostic::new(Slug::TypeMismatch, value.range, message).label("not a number");
                self.report(
                    found.help(
                        "name a number of the row or the lead: `sum amount of won`; to count rows, say `count won`",
                    ),
                );
                return None;
            }
        };
        let text = self.text(value.range);
        let measure = Measure::Statistic { statistic, value: typed.expr, text, rows: found.rows };
        Some(Measured { measure, unit, events: found.events })
    }

    fn rows(&mut self, rows: &tree::Rows) -> Option<Found> {
        let events = if rows.events.is_empty() { None } else { Some(self.row_events(&rows.events)?) };
        if events.is_none() && rows.of != RowsOf::Leads {
            let found = Diagnostic::new(Slug::Syntax, rows.range, "it is not said what has a row");
            self.report(found.label("no event").help("name events, `count booked`, or say `leads` for every lead"));
            return None;
        }
        let scope = Scope::metric(events.as_ref().map(|occurrence| Rc::clone(&occurrence.events)));
        let known = events.as_ref().map_or_else(Known::new, |occurrence| occurrence.known.clone());
        let state = rows.while_.as_ref().map(|state| self.state(state));
        let guard = rows.guard.as_ref().map(|guard| self.condition(guard, &scope, &known, "`where`"));
        let state = super::super::rule::all_or_none(state)?;
        let guard = super::super::rule::all_or_none(guard)?.map(|guard| guard.expr);
        let set = events.as_ref().map(|occurrence| occurrence.set);
        let text = self.text(rows.range);
        Some(Found {
            rows: Rows { of: rows.of, set, state, guard, text },
            scope,
            known,
            events: events.map(|occurrence| occurrence.events),
            range: rows.range,
        })
    }

    /// All of several events, as one set.
    fn row_events(&mut self, events: &[EventRef]) -> Option<Occurrence> {
        if let [event] = events {
            return self.occurrence_of_metric(event);
        }
        let found: Vec<Option<Occurrence>> = events.iter().map(|event| self.occurrence_of_metric(event)).collect();
        let mut all = Events::default();
        let mut texts = Vec::new();
        for (occurrence, event) in found.into_iter().zip(events) {
            let occurrence = occurrence?;
            all.members.extend(occurrence.events.members.iter().cloned());
            let set = self.resolved.sets.get(occurrence.set)?;
            all.alternatives.extend(set.alternatives.iter().cloned());
            texts.push(super::super::words::one_line(self.sources.text(event.range)));
        }
        all.alternatives = super::super::meaning::in_order(all.alternatives);
        let alternatives = all.alternatives.clone();
        let set = self.set(EventSet { text: texts.join(", "), name: None, narrowed: 0, alternatives });
        Some(Occurrence { set, events: Rc::new(all), known: Known::new() })
    }

    /// An event as a metric names it; `enrolled hot_leads` and the like are events too.
    pub(super) fn occurrence_of_metric(&mut self, event: &EventRef) -> Option<Occurrence> {
        self.occurrence(event)
    }

    fn outcome(&mut self, outcome: &At<tree::Outcome>, found: &Found) -> Option<RowOutcome> {
        match &outcome.node {
            tree::Outcome::Event { event, within } => {
                let set = self.occurrence_of_metric(event).map(|event| event.set);
                let within = self.length(within, "the time an outcome is waited for");
                self.has_moment(found).then_some(())?;
                self.may_be_reported(set?, found, outcome.range);
                Some(RowOutcome::Event { set: set?, within: within? })
            }
            tree::Outcome::Without { event, within } => {
                let set = self.occurrence_of_metric(event).map(|event| event.set);
                let within = self.window(within.as_ref(), outcome.range);
                self.has_moment(found).then_some(())?;
                Some(RowOutcome::Without { set: set?, within: within? })
            }
            tree::Outcome::Expr { value, after } => self.condition_of_row(value, after.as_ref(), found),
        }
    }

    fn condition_of_row(
        &mut self,
        value: &tree::Expr,
        after: Option<&At<Length>>,
        found: &Found,
    ) -> Option<RowOutcome> {
        if let Some(event) = named_event(value).filter(|event| self.names_event(event)) {
            let occurrence = self.occurrence_of_metric(&event)?;
            let types = |events: &Events| events.members.iter().map(|(_, ty)| *ty).collect::<Vec<_>>();
            let rows = found.events.as_ref().map(|events| types(events)).unwrap_or_default();
            if types(&occurrence.events).iter().any(|ty| rows.contains(ty)) {
                return Some(RowOutcome::Own(occurrence.set));
            }
            self.no_window(value.range);
            return None;
        }
        let after = super::super::rule::all_or_none(
            after.map(|after| self.length(after, "the time after which an outcome is judged")),
        );
        let condition = self.condition(value, &found.scope, &found.known, "an outcome");
        let text = self.text(value.range);
        Some(RowOutcome::Condition { expr: condition?.expr, after: after?, text })
    }

    /// Whether anybody reports such an outcome of messages on the channel of the rows: nobody tells whether a text was
    /// opened.
    fn may_be_reported(&mut self, set: SetId, found: &Found, range: Range) {
        let sets = &self.resolved.sets;
        let outcome = sets.get(set).map_or(&[][..], |set| set.alternatives.as_slice());
        let name = |alternative: &Alternative| self.resolved.types.name(alternative.ty);
        let of_mail = !outcome.is_empty() && outcome.iter().all(|it| MAIL_ALONE.contains(&name(it)));
        let rows = found.rows.set.and_then(|set| sets.get(set));
        let conditions = rows.into_iter().flat_map(|set| &set.alternatives).flat_map(|it| &it.conditions);
        let channel = conditions.into_iter().find_map(|condition| self.channel_said(condition));
        let Some(channel) = channel.filter(|channel| of_mail && channel != "email") else { return };
        let message = format!("nobody reports this of messages on `{channel}`");
        let found = Diagnostic::new(Slug::NotMeasurable, range, message).label("always nought");
        self.report(found.help("ask for something that is told: `replied within 2d`"));
    }

    /// The kind of channel that `kind == "sms"` or `channel == "sms"` says.
    fn channel_said(&self, condition: &Expr) -> Option<String> {
        let Expr::Compare(Comparison::Equal, a, b) = condition else { return None };
        let (Expr::Prop(prop), Expr::Constant(Value::Text(text))) = (&**a, &**b) else { return None };
        let name = self.resolved.props.get(*prop)?;
        let id: ChannelId = ["kind", "channel"].contains(&name.as_str()).then(|| self.declared.channels.id(text))??;
        let kind = self.resolved.channels.get(id)?.kind;
        self.resolved.channels.get(kind).map(|channel| channel.name.clone())
    }

    /// Whether an expression is an event and not a fact, a property or a function.
    fn names_event(&self, event: &EventRef) -> bool {
        let name = event.name.node.as_str();
        self.declared.events.has(name)
            && !self.declared.facts.has(name)
            && !self.declared.constants.has(name)
            && !self.declared.scores.has(name)
    }

    fn has_moment(&mut self, found: &Found) -> bool {
        if found.rows.set.is_none() {
            let message =
                "`leads` without an event are looked at when a period ends, and what comes after that is not known";
            let found = Diagnostic::new(Slug::NoWindow, found.range, message).label("no moment to measure from");
            self.report(found.help("name the event to measure from: `leads contacted`"));
            return false;
        }
        true
    }

    /// `within D`, without which a share falls as the log grows.
    fn window(&mut self, within: Option<&At<Length>>, range: Range) -> Option<Length> {
        match within {
            Some(within) => self.length(within, "the time an outcome is waited for"),
            None => {
                self.no_window(range);
                None
            }
        }
    }

    fn no_window(&mut self, range: Range) {
        let text = self.text(range);
        let found = Diagnostic::new(Slug::NoWindow, range, "it is not said how long this is waited for");
        self.report(found.label("no `within`").help(format!("say how long: `{text} within 14d`")));
    }
}

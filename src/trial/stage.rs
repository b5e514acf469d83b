//! A test on the stage: its events as a log, the engine fed with them, what it decided.

use std::sync::Arc;

use serde_json::{Map, json};

use super::Failure;
use crate::decimal::Decimal;
use crate::decision::{Body, Decision, Part};
use crate::engine::judge::Stand;
use crate::engine::witness::Seen;
use crate::engine::{Engine, Stopped, in_set};
use crate::event::{EventNumber, LeadId};
use crate::local::{Zone, rfc3339};
use crate::log::{self, Input, Log, ReadError, ReadOptions};
use crate::plan::Plan;
use crate::rulebook::{Expr, RuleId, Rulebook, Test, TestEvent};
use crate::script::TimeGuard;
use crate::timestamp::Timestamp;
use crate::value::Value;

/// What came of playing a test.
pub(super) struct Played {
    /// Its events.
    pub log: Log,
    /// What was decided, changes of scores left out.
    pub decisions: Vec<Decision>,
    /// What is scheduled after its end.
    pub pending: Vec<Decision>,
    /// What each expected score read, and what it was made of.
    pub scores: Vec<(Decimal, Vec<Part>)>,
    /// What the engine saw and judged.
    pub seen: Seen,
    /// After each event: how far each rule that waits for more had come.
    pub stands: Vec<(LeadId, RuleId, Timestamp, Stand)>,
}

/// Plays a test; a failure where its events are none.
pub(super) fn play(
    plan: &Arc<Plan>,
    test: &Test,
    guard: Option<TimeGuard>,
) -> Result<Result<Played, Box<Failure>>, Stopped> {
    match events(plan, test) {
        Ok(log) => staged(plan, test, guard, log).map(Ok),
        Err(failure) => Ok(Err(failure)),
    }
}

/// The events of a test as a log, each the event it says it is.
fn events(plan: &Plan, test: &Test) -> Result<Log, Box<Failure>> {
    let log = read(&plan.rulebook, test)?;
    for (event, made) in log.iter().zip(in_order(test)) {
        if !asks_for_facts(&plan.rulebook, made) && !in_set(plan, made.set, &event) {
            return Err(Box::new(not_made(&plan.rulebook, made)));
        }
    }
    Ok(log)
}

fn staged(plan: &Arc<Plan>, test: &Test, guard: Option<TimeGuard>, log: Log) -> Result<Played, Stopped> {
    let leads = (0..log.lead_count() as u32).map(LeadId).collect();
    let engine = Engine::new(Arc::clone(plan)).guarded(guard).salted(log.salt()).watching(leads);
    let mut run = Run { plan, engine, log: &log, test, decisions: Vec::new(), stands: Vec::new(), asked: Vec::new() };
    for event in log.iter() {
        let before = Timestamp(event.received_at.0 - 1);
        run.scores_until(before)?;
        run.engine.drain(before, &log, &mut run.decisions)?;
        run.look(event.lead);
        run.engine.handle(&event, &log, &mut run.decisions)?;
        run.look(event.lead);
    }
    run.scores_until(test.until)?;
    run.engine.drain(test.until, &log, &mut run.decisions)?;
    for lead in (0..log.lead_count() as u32).map(LeadId) {
        run.look(lead);
    }
    if let Some(stopped) = run.engine.stopped() {
        return Err(stopped.clone());
    }
    let pending = run.engine.pending(&log);
    let seen = run.engine.seen().clone();
    let (mut decisions, stands, asked) = (run.decisions, run.stands, run.asked);
    decisions.retain(|decision| !matches!(decision.body, Body::Score { .. }));
    let mut scores = vec![(Decimal::ZERO, Vec::new()); test.scores.len()];
    for (place, read) in asked {
        if let Some(slot) = scores.get_mut(place) {
            *slot = read;
        }
    }
    Ok(Played { log, decisions, pending, scores, seen, stands })
}

/// Whether an event's conditions ask for facts of the lead, which only the engine knows.
fn asks_for_facts(rulebook: &Rulebook, event: &TestEvent) -> bool {
    let set = rulebook.sets.get(event.set);
    let mut conditions =
        set.into_iter().flat_map(|set| &set.alternatives).flat_map(|alternative| &alternative.conditions);
    conditions.any(|condition| condition.any(|part| matches!(part, Expr::Fact(_))))
}

/// The events in order of arrival; those of one moment as they are written.
fn in_order(test: &Test) -> impl Iterator<Item = &TestEvent> {
    let mut events: Vec<&TestEvent> = test.events.iter().collect();
    events.sort_by_key(|event| event.received_at);
    events.into_iter()
}

struct Run<'a> {
    plan: &'a Plan,
    engine: Engine,
    log: &'a Log,
    test: &'a Test,
    decisions: Vec<Decision>,
    stands: Vec<(LeadId, RuleId, Timestamp, Stand)>,
    /// By the place of the expectation: what the score read.
    asked: Vec<(usize, (Decimal, Vec<Part>))>,
}

impl Run<'_> {
    /// Reads the scores that are expected until a moment and not yet read.
    fn scores_until(&mut self, until: Timestamp) -> Result<(), Stopped> {
        let mut due: Vec<usize> = (0..self.test.scores.len()).collect();
        due.retain(|place| self.asked.iter().all(|(done, _)| done != place));
        due.sort_by_key(|place| self.test.scores.get(*place).map(|score| score.at));
        for place in due {
            let Some(expected) = self.test.scores.get(place).filter(|score| score.at <= until) else { continue };
            self.engine.drain(expected.at, self.log, &mut self.decisions)?;
            let name = self.test.leads.get(expected.lead).map_or("", |lead| lead.name.as_str());
            let lead = (0..self.log.lead_count() as u32).map(LeadId).find(|lead| self.log.lead_name(*lead) == name);
            let asked = lead.and_then(|lead| self.engine.ask_lead(lead, self.log));
            let read = asked.into_iter().flat_map(|asked| asked.scores).find(|score| score.score == expected.score);
            self.asked.push((place, read.map_or((Decimal::ZERO, Vec::new()), |score| (score.worth, score.parts))));
        }
        Ok(())
    }

    /// Notes how far the rules of a lead have come that wait for more than one event.
    fn look(&mut self, lead: LeadId) {
        for (id, rule) in self.plan.rulebook.rules.with_ids() {
            if !rule.trigger.waits() {
                continue;
            }
            if let Some(asked) = self.engine.ask_rule(lead, id, crate::event::Props::default(), self.log) {
                self.stands.push((lead, id, self.engine.now(), asked.stand));
            }
        }
    }
}

/// The events of a test as a log.
fn read(rulebook: &Rulebook, test: &Test) -> Result<Log, Box<Failure>> {
    let events: Vec<&TestEvent> = in_order(test).collect();
    let mut text = String::new();
    let line = |event: &TestEvent| rulebook.sources.file(event.range.source).line_column(event.range.start).0;
    let lines: Vec<u32> = test.events.iter().map(line).collect();
    let one_line = lines.windows(2).any(|pair| matches!(pair, [a, b] if a == b));
    for (place, event) in events.iter().enumerate() {
        text.push_str(&record(rulebook, test, event, one_line.then_some(place)));
        text.push('\n');
    }
    let path = rulebook.sources.file(test.range.source).path.clone();
    let input = Input { path, reader: Box::new(std::io::Cursor::new(text.into_bytes())) };
    let options = ReadOptions { threads: 1, ..ReadOptions::default() };
    log::read(vec![input], rulebook, &options, &|_| ()).map_err(|error| Box::new(refused(test, &events, &error)))
}

fn record(rulebook: &Rulebook, test: &Test, event: &TestEvent, place: Option<usize>) -> String {
    let lead = event.lead.and_then(|lead| test.leads.get(lead));
    let line = rulebook.sources.file(event.range.source).line_column(event.range.start).0;
    let mut object = Map::new();
    object.insert("id".into(), json!(event_id(line, place)));
    object.insert("type".into(), json!(rulebook.types.name(event.ty)));
    if let Some(lead) = lead {
        object.insert("lead".into(), json!(lead.name));
    }
    if let Some(account) = lead.and_then(|lead| lead.account.as_ref()) {
        object.insert("account".into(), json!(account));
    }
    object.insert("at".into(), json!(rfc3339(event.at, Zone::UTC)));
    object.insert("received_at".into(), json!(rfc3339(event.received_at, Zone::UTC)));
    let ty = rulebook.types.get(event.ty);
    // In the log a property may go by another name than in the rules.
    let prop = |id: crate::rulebook::PropId| {
        let written = ty.and_then(|ty| ty.prop(id)).and_then(|prop| prop.names.first().copied());
        rulebook.props.get(written.unwrap_or(id)).cloned().unwrap_or_default()
    };
    let props: Map<String, serde_json::Value> =
        event.props.iter().map(|(id, value)| (prop(*id), json_value(value))).collect();
    object.insert("props".into(), serde_json::Value::Object(props));
    serde_json::Value::Object(object).to_string()
}

/// `line 12`; where several events of a test stand on one line, each has its place too.
fn event_id(line: u32, place: Option<usize>) -> String {
    place.map_or_else(|| format!("line {line}"), |place| format!("line {line} #{place}"))
}

fn json_value(value: &Value) -> serde_json::Value {
    match value {
        Value::Missing => serde_json::Value::Null,
        Value::Bool(truth) => json!(truth),
        Value::Number(number) => json!(number),
        Value::Text(text) => json!(&**text),
        Value::Time(at) => json!(rfc3339(Timestamp(*at), Zone::UTC)),
        Value::Date(days) => json!(super::words::date(*days)),
        Value::Length(micros) => json!(micros),
        Value::List(items) => items.iter().map(json_value).collect(),
    }
}

fn refused(test: &Test, events: &[&TestEvent], error: &ReadError) -> Failure {
    let (place, reason) = match error {
        ReadError::Bad(bad) => (events.get((bad.line as usize).saturating_sub(1)), bad.reason.clone()),
        other => (None, other.to_string()),
    };
    Failure {
        message: format!("a log with this event would be refused: {reason}"),
        range: place.map_or(test.range, |event| event.range),
        label: String::from("no record"),
        others: Vec::new(),
        notes: Vec::new(),
        help: None,
    }
}

fn not_made(rulebook: &Rulebook, event: &TestEvent) -> Failure {
    let name = rulebook.sets.get(event.set).map_or("", |set| set.text.as_str());
    Failure {
        message: format!("this does not make the event `{name}`"),
        range: event.range,
        label: String::from("its `where` does not hold"),
        others: Vec::new(),
        notes: Vec::new(),
        help: Some(format!("give the properties that `{name}` asks for, in braces after its name")),
    }
}

/// The numbers of a decision's events as places in the test.
pub(super) fn event_range(test: &Test, number: EventNumber) -> Option<crate::source::Range> {
    in_order(test).nth(number.0 as usize).map(|event| event.range)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay;

    /// What a test sees is what a dry run of the same events decides.
    #[test]
    fn a_test_decides_what_a_replay_decides() {
        let checked = crate::load::rulebook(std::path::Path::new("rules")).unwrap();
        let plan = Arc::new(Plan::compile(checked.rulebook.unwrap()));
        assert!(plan.rulebook.tests.len() > 90);
        let told = |decisions: &[Decision]| -> Vec<_> {
            decisions.iter().map(|d| (d.at, d.lead, d.body.clone(), d.cause, d.because.clone())).collect()
        };
        for test in &plan.rulebook.tests {
            let played = play(&plan, test, None).unwrap().unwrap();
            let options =
                replay::ReplayOptions { until: Some(test.until), threads: 1, ..replay::ReplayOptions::default() };
            let replayed = replay::replay(&plan, &played.log, &options).unwrap();
            assert_eq!(told(&replayed.decisions), told(&played.decisions), "{}", test.name);
            assert_eq!(told(&replayed.pending), told(&played.pending), "{}", test.name);
        }
    }
}

//! Tests: leads, the clock, and what happens. What is expected is for `expect`.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::checker::Checker;
use super::event::Named;
use super::expression::{Known, Scope, constant_value};
use super::meaning::{Events, Property};
use super::name::EVENT;
use super::reference::ReferenceKind;
use super::words::type_words;
use crate::diagnostic::Diagnostic;
use crate::local::{Zone, add_days, clock_on};
use crate::rulebook::{
    Allowed, Alternative, Comparison, EventSet, Expr, PropId, TOUCHED_TYPE, Test, TestEvent, TestLead,
};
use crate::slug::Slug;
use crate::source::Range;
use crate::syntax::tree::{self, At, Day, ExprKind, Happening, Moment, Name, TestDecl, TestLine, Unit};
use crate::timestamp::{Span, Timestamp};
use crate::units::{Length, ZoneSource};
use crate::value::{Type, Value};
use crate::words::{listed, nearest};

/// A test while its lines are read.
pub(super) struct Reading<'a> {
    pub test: Test,
    /// The moment of the line before.
    pub clock: Option<Timestamp>,
    /// The moments that expectations name, each with its place.
    pub named: Vec<(Timestamp, Range)>,
    /// Facts that wait for the event that sets them.
    facts: BTreeMap<usize, (&'a [tree::Property], Range)>,
    /// Where each lead is declared.
    lead_places: Vec<Range>,
    /// `until`, which must come after all that happens.
    until: Option<(Timestamp, Range)>,
    /// A line was left out for a mistake that was reported.
    pub sound: bool,
}

impl<'a> Checker<'a> {
    /// Resolves every test.
    pub fn check_tests(&mut self) {
        let mut names: BTreeMap<&str, Range> = BTreeMap::new();
        for declared in self.declared.tests.clone() {
            if let Some(first) = names.insert(&declared.name.node, declared.name.range) {
                let message = format!("two tests have the name `{}`", declared.name.node);
                let found = Diagnostic::new(Slug::DuplicateName, declared.name.range, message).label("used again");
                self.report(found.other(first, "used first").help("a test's name says what it shows; choose another"));
            }
            let test = self.test(declared);
            self.resolved.tests.extend(test);
        }
    }

    fn test(&mut self, declared: &'a TestDecl) -> Option<Test> {
        let mut reading = Reading {
            test: Test {
                name: declared.name.node.clone(),
                range: declared.name.range,
                todo: declared.todo,
                updated: declared.updated,
                zone: Zone::UTC,
                leads: Vec::new(),
                events: Vec::new(),
                start: Timestamp(0),
                until: Timestamp(0),
                bounded: false,
                allowed: Allowed::default(),
                expects: Vec::new(),
                scores: Vec::new(),
                metrics: Vec::new(),
            },
            clock: None,
            named: Vec::new(),
            facts: BTreeMap::new(),
            lead_places: Vec::new(),
            until: None,
            sound: true,
        };
        self.test_leads(declared, &mut reading);
        for line in &declared.lines {
            let done = self.test_line(line, &mut reading);
            reading.sound &= done.is_some();
        }
        self.unset_facts(&reading);
        self.test_ends(declared, &mut reading);
        reading.sound.then_some(reading.test)
    }

    /// The leads and the zone, wherever they stand in the test.
    fn test_leads(&mut self, declared: &'a TestDecl, reading: &mut Reading<'a>) {
        let mut zone: Option<Option<Zone>> = None;
        for line in &declared.lines {
            match &line.node {
                TestLine::Lead { name, account, facts } => {
                    if reading.test.leads.iter().any(|lead| lead.name == name.node) {
                        let message = format!("lead `{}` stands in the test twice", name.node);
                        let found = Diagnostic::new(Slug::DuplicateName, name.range, message).label("declared again");
                        self.report(found.help("keep one of the two lines"));
                        reading.sound = false;
                        continue;
                    }
                    let index = reading.test.leads.len();
                    let account = account.as_ref().map(|account| account.node.clone());
                    reading.lead_places.push(name.range);
                    reading.test.leads.push(TestLead { name: name.node.clone(), account });
                    if !facts.is_empty() {
                        reading.facts.insert(index, (facts, name.range));
                    }
                    if index == 0 && zone.is_none() {
                        zone = facts.iter().find(|fact| fact.name.node == "timezone").map(|fact| zone_of(&fact.value));
                    }
                }
                TestLine::Zone(text) => {
                    let known = self.known_zone(&text.node, text.range);
                    reading.sound &= known;
                    zone = Some(Zone::parse(&text.node));
                }
                _ => {}
            }
        }
        reading.test.zone = zone.flatten().unwrap_or_else(|| self.usual_zone());
    }

    /// The zone of a lead of which nothing is known.
    fn usual_zone(&self) -> Zone {
        let fixed = |source: &ZoneSource| match source {
            ZoneSource::Fixed(name) => Zone::parse(name),
            _ => None,
        };
        self.resolved.zones.iter().find_map(fixed).unwrap_or(Zone::UTC)
    }

    fn test_line(&mut self, line: &'a At<TestLine>, reading: &mut Reading<'a>) -> Option<()> {
        match &line.node {
            TestLine::Zone(_) | TestLine::Lead { .. } => Some(()),
            TestLine::Allow(names) => self.test_allow(names, reading),
            TestLine::Until(moment) => {
                let until = self.test_moment(moment, reading.clock, reading.test.zone)?;
                if reading.until.replace((until, moment.range)).is_some() {
                    let found = Diagnostic::new(Slug::DuplicateClause, line.range, "`until` is written twice");
                    self.report(found.label("the second one").help("keep one of them"));
                    return None;
                }
                Some(())
            }
            TestLine::Clock { moment, event } => {
                let at = self.test_moment(moment, reading.clock, reading.test.zone);
                let event = event.as_ref().map(|event| self.happening(event, line.range, reading));
                let at = at?;
                if let Some(before) = reading.clock.filter(|before| at < *before) {
                    let zone = reading.test.zone;
                    let before = zone.to_local(before).format("%Y-%m-%d %H:%M");
                    let found = Diagnostic::new(Slug::TestClock, moment.range, "the clock of a test never goes back");
                    self.report(found.label(format!("earlier than {before}")).help("put the lines in order"));
                    return None;
                }
                if reading.clock.is_none() {
                    reading.test.start = at;
                }
                reading.clock = Some(at);
                let Some((mut event, late)) = super::rule::all_or_none(event)? else { return Some(()) };
                event.received_at = at;
                event.at = at - late;
                reading.test.events.push(event);
                Some(())
            }
            TestLine::Expect(expectation) => self.expectation(expectation, line.range, reading),
        }
    }

    fn test_allow(&mut self, names: &[Name], reading: &mut Reading<'_>) -> Option<()> {
        let mut sound = Some(());
        for name in names {
            if matches!(name.node.as_str(), "alerts" | "alert") {
                reading.test.allowed.alerts = true;
            } else if let Some(id) = self.declared.channels.id(&name.node) {
                self.refer_channel(&name.node, name.range);
                reading.test.allowed.channels.push(id);
            } else {
                let mut known = self.declared.channels.names();
                known.push(String::from("alerts"));
                self.unknown(&super::name::CHANNEL, &name.node, name.range, &known, None);
                sound = None;
            }
        }
        sound
    }

    /// A moment, after the one before where it is written so.
    pub(super) fn test_moment(
        &mut self,
        moment: &At<Moment>,
        before: Option<Timestamp>,
        zone: Zone,
    ) -> Option<Timestamp> {
        match moment.node {
            Moment::Date(day, time) => {
                let date = self.test_day(day)?;
                Some(time.map_or_else(|| zone.day_start(date), |time| zone.resolve(clock_on(date, time))))
            }
            Moment::Later(length, time) => {
                let Some(before) = before else {
                    let found = Diagnostic::new(Slug::TestClock, moment.range, "the clock of this test has no start");
                    self.report(
                        found.label("after what?").help("begin with a date and a time: `2026-03-02 09:00 ana created`"),
                    );
                    return None;
                };
                let at = self.test_later(before, length, moment.range, zone)?;
                Some(time.map_or(at, |time| zone.resolve(clock_on(zone.to_local(at).date(), time))))
            }
        }
    }

    /// Days are calendar days, so that 09:00 stays 09:00.
    fn test_later(&mut self, from: Timestamp, length: Length, range: Range, zone: Zone) -> Option<Timestamp> {
        let span = self.measurable(length, range, "the clock of a test")?;
        Some(match length.unit {
            Unit::Day => add_days(from, i64::from(length.amount), zone),
            Unit::Week => add_days(from, i64::from(length.amount) * 7, zone),
            _ => from + span,
        })
    }

    /// A date; `None` where the parser has reported it.
    pub(super) fn test_day(&mut self, day: Day) -> Option<NaiveDate> {
        let date = NaiveDate::from_ymd_opt(day.year, u32::from(day.month), u32::from(day.day));
        let date = date.filter(|_| (2000..=2100).contains(&day.year));
        self.incomplete |= date.is_none();
        date
    }

    /// The lead of a name.
    pub(super) fn test_lead(&mut self, name: &Name, reading: &Reading<'_>) -> Option<usize> {
        let found = reading.test.leads.iter().position(|lead| lead.name == name.node);
        if let Some(declared) = found.and_then(|at| reading.lead_places.get(at)) {
            self.refer(ReferenceKind::Lead, &name.node, name.range, *declared);
        }
        if found.is_none() {
            let names: Vec<String> = reading.test.leads.iter().map(|lead| lead.name.clone()).collect();
            let help = match nearest(&name.node, &names) {
                Some(near) => format!("did you mean `{near}`?"),
                None if names.is_empty() => format!("declare it in the test: `lead {}`", name.node),
                None => format!(
                    "the leads of this test are {}; a new one needs a line: `lead {}`",
                    listed(&names),
                    name.node
                ),
            };
            let message = format!("lead `{}` is not declared in this test", name.node);
            let found = Diagnostic::new(Slug::UnknownLead, name.range, message).label("not a lead");
            self.report(found.help(help));
        }
        found
    }

    /// An event, and how late it is learned of; its moments are set by its line.
    fn happening(
        &mut self,
        happening: &Happening,
        range: Range,
        reading: &mut Reading<'_>,
    ) -> Option<(TestEvent, Span)> {
        if let Some(event) = halting(happening, reading) {
            let event = Name { node: event.to_owned(), range: happening.lead.range };
            return self.halted(&event, happening, range).map(|event| (event, Span::ZERO));
        }
        let lead = self.test_lead(&happening.lead, reading);
        let late = happening.late.as_ref().map(|late| self.measured(late, "how late an event is learned of"));
        let made = self.test_event(&happening.event);
        let (alternative, events) = made?;
        let mut props = solved(&alternative);
        let mut sound = self.put_properties(&happening.properties, &events, reading.test.zone, &mut props);
        let ty = self.resolved.types.get(alternative.ty)?.clone();
        if let Some((facts, _)) = lead.filter(|_| ty.sets_facts).and_then(|lead| reading.facts.remove(&lead)) {
            let mut own = std::mem::take(&mut props);
            sound &= self.put_properties(facts, &events, reading.test.zone, &mut props);
            props.retain(|(prop, _)| own.iter().all(|(other, _)| other != prop));
            props.append(&mut own);
        }
        for prop in ty.props.iter().filter(|prop| !prop.optional) {
            if sound && props.iter().all(|(id, _)| *id != prop.id) {
                let name = self.resolved.props.get(prop.id).cloned().unwrap_or_default();
                let message =
                    format!("`{}` needs the property `{name}`, {}", happening.event.node, type_words(prop.ty));
                let found = Diagnostic::new(Slug::TestEvent, happening.event.range, message).label("not complete");
                self.report(found.help(format!("write it: `{} {{ {name}: … }}`", happening.event.node)));
                sound = false;
            }
        }
        let text = happening.event.node.clone();
        let alternatives = events.alternatives.clone();
        let set = self.set(EventSet { text: text.clone(), name: Some(text), narrowed: 0, alternatives });
        let late = super::rule::all_or_none(late)?.unwrap_or(Span::ZERO);
        let (at, received_at) = (Timestamp(0), Timestamp(0));
        let event = TestEvent { lead: Some(lead?), ty: alternative.ty, set, at, received_at, props, range };
        sound.then_some((event, late))
    }

    fn halted(&mut self, event: &Name, happening: &Happening, range: Range) -> Option<TestEvent> {
        let (kind, known) = match happening.event.node.as_str() {
            "sequence" => (&super::name::SEQUENCE, self.declared.sequences.names()),
            "channel" => (&super::name::CHANNEL, self.declared.channels.names()),
            _ => (&EVENT, Vec::new()),
        };
        if let Some(name) = happening.halted.as_ref().filter(|name| !known.is_empty() && !known.contains(&name.node)) {
            self.unknown(kind, &name.node, name.range, &known, None);
            return None;
        }
        let (alternative, events) = self.test_event(event)?;
        let prop = self.resolved.props.find(&happening.event.node)?;
        let value = happening.halted.as_ref().map_or(Value::Bool(true), |name| Value::Text(name.node.as_str().into()));
        let (text, alternatives) = (event.node.clone(), events.alternatives.clone());
        let set = self.set(EventSet { text: text.clone(), name: Some(text), narrowed: 0, alternatives });
        let (at, received_at) = (Timestamp(0), Timestamp(0));
        Some(TestEvent { lead: None, ty: alternative.ty, set, at, received_at, props: vec![(prop, value)], range })
    }

    /// The way in which an event happens in a test: its first type.
    fn test_event(&mut self, name: &Name) -> Option<(Alternative, std::rc::Rc<Events>)> {
        let refuse = |checker: &mut Self, message: String, help: String| {
            let found = Diagnostic::new(Slug::TestEvent, name.range, message).label("no event of a log");
            checker.report(found.help(help));
            None
        };
        if let Some(Named::Group(group)) = self.events().entry(&name.node).map(|entry| entry.item) {
            let members: Vec<String> = group.members.iter().map(|member| member.node.clone()).collect();
            let help = format!("name one of its events: {}", listed(&members));
            return refuse(self, format!("`{}` is a group of events", name.node), help);
        }
        if !self.events().has(&name.node) {
            let names = self.events().names();
            self.unknown(&EVENT, &name.node, name.range, &names, None);
            return None;
        }
        let events = self.events_named(name)?;
        let alternative = events.alternatives.first()?.clone();
        let ty = self.resolved.types.get(alternative.ty).map(|ty| ty.name.clone());
        if ty.as_deref() == Some(TOUCHED_TYPE) {
            let help = String::from("let time pass until a touch is sent, for example with a line `+1d`");
            return refuse(self, format!("`{}` is what the engine itself does", name.node), help);
        }
        Some((alternative, events))
    }

    /// Adds properties as written; whether all were sound.
    fn put_properties(
        &mut self,
        written: &[tree::Property],
        events: &Events,
        zone: Zone,
        props: &mut Vec<(PropId, Value)>,
    ) -> bool {
        let mut sound = true;
        for property in written {
            let value = self.test_property(property, events, zone);
            sound &= value.is_some();
            if let Some((id, value)) = value {
                props.retain(|(other, _)| *other != id);
                props.push((id, value));
            }
        }
        sound
    }

    fn test_property(&mut self, property: &tree::Property, events: &Events, zone: Zone) -> Option<(PropId, Value)> {
        let found = self.property(events, &property.name.node);
        let Property::Has(id, ty, _) = found else {
            self.report_property(events, &property.name, &found);
            return None;
        };
        self.refer_property(events, id, property.name.range);
        Some((id, self.test_value(&property.value, ty, zone, &format!("property `{}`", property.name.node))?))
    }

    /// A value that is written out, of a type.
    pub(super) fn test_value(&mut self, value: &tree::Expr, ty: Type, zone: Zone, what: &str) -> Option<Value> {
        // No word is reserved: a constant may have been called so.
        if matches!(&value.node, ExprKind::Name(name) if name == EMPTY) && !self.declared.constants.has(EMPTY) {
            return Some(Value::Missing);
        }
        let typed = self.expr(value, &Scope::constant("a test"), &Known::new())?;
        let moment = |expr: &Expr| moment_in(expr, zone).map(|at| Value::Time(at.0));
        if ty == Type::Time && matches!(typed.ty, Type::Time | Type::Date) {
            return moment(&typed.expr);
        }
        let typed = self.fitting(typed, ty, what)?;
        constant_value(&typed.expr).cloned().or_else(|| moment(&typed.expr))
    }

    /// Facts that no event of the test sets.
    fn unset_facts(&mut self, reading: &Reading<'_>) {
        for (index, (_, range)) in reading.facts.iter().filter(|_| reading.sound) {
            let name = reading.test.leads.get(*index).map_or("", |lead| lead.name.as_str());
            let message = format!("the facts of `{name}` are never set");
            let found = Diagnostic::new(Slug::TestFacts, *range, message).label("known from `created` on");
            self.report(found.help(format!("add a line that creates the lead: `2026-03-02 09:00 {name} created`")));
        }
    }

    /// Works out the last moment the test looks at.
    fn test_ends(&mut self, declared: &TestDecl, reading: &mut Reading<'_>) {
        let test = &mut reading.test;
        test.until = reading.clock.unwrap_or(test.start);
        if reading.clock.is_none() && !declared.todo && reading.sound {
            let message = format!("nothing happens in the test `{}`", declared.name.node);
            let found = Diagnostic::new(Slug::EmptyTest, declared.name.range, message).label("no event");
            self.report(found.help("say what happens when: `2026-03-02 09:00 ana created`"));
        }
        let Some((until, place)) = reading.until else {
            let named = reading.named.iter().map(|(at, _)| *at).max();
            test.until = named.map_or(test.until, |named| named.max(test.until));
            return;
        };
        if until < test.until {
            let found = Diagnostic::new(Slug::TestClock, place, "the test ends before its last line");
            self.report(found.label("too early").help("write a later moment, or leave `until` out"));
        }
        test.until = until;
        test.bounded = true;
        for (_, range) in reading.named.iter().filter(|(at, _)| *at > until) {
            let message = "this moment lies after the end of the test";
            let found = Diagnostic::new(Slug::OutsideTest, *range, message).label("not looked at");
            self.report(found.other(place, "the test ends here").help("write a later moment after `until`"));
        }
    }
}

/// What stands in a test where a fact is emptied.
pub(crate) const EMPTY: &str = "empty";

/// The event that `halt all` or `unhalt sequence hot_leads` is, where no lead of the test is called so.
fn halting(happening: &Happening, reading: &Reading<'_>) -> Option<&'static str> {
    let event = match happening.lead.node.as_str() {
        "halt" => "override_halt",
        "unhalt" => "override_unhalt",
        _ => return None,
    };
    let is_lead = reading.test.leads.iter().any(|lead| lead.name == happening.lead.node);
    (happening.halted.is_some() || happening.event.node == "all" && !is_lead).then_some(event)
}

/// The zone a fact names.
fn zone_of(value: &tree::Expr) -> Option<Zone> {
    match &value.node {
        ExprKind::Text(name) => Zone::parse(name),
        _ => None,
    }
}

/// A date, or a date with a time, as a moment.
fn moment_in(expr: &Expr, zone: Zone) -> Option<Timestamp> {
    let date = |days: i32| NaiveDate::default().checked_add_signed(chrono::TimeDelta::days(i64::from(days)));
    match expr {
        Expr::Constant(Value::Date(days)) => Some(zone.day_start(date(*days)?)),
        Expr::Constant(Value::Time(at)) => Some(Timestamp(*at)),
        Expr::DateTime { days, clock } => Some(zone.resolve(clock_on(date(*days)?, *clock))),
        _ => None,
    }
}

/// The properties that an event's own conditions ask for: `ana pricing` is a look at that page.
fn solved(alternative: &Alternative) -> Vec<(PropId, Value)> {
    alternative.conditions.iter().filter_map(solve).collect()
}

fn solve(condition: &Expr) -> Option<(PropId, Value)> {
    match condition {
        Expr::Prop(prop) => Some((*prop, Value::Bool(true))),
        Expr::Default(inner, _) => solve(inner),
        Expr::Or(left, right) => solve(left).or_else(|| solve(right)),
        Expr::Compare(Comparison::Equal, left, right) => match (&**left, &**right) {
            (Expr::Prop(prop), Expr::Constant(value)) | (Expr::Constant(value), Expr::Prop(prop)) => {
                Some((*prop, value.clone()))
            }
            _ => None,
        },
        Expr::In(value, list) => match (&**value, &**list) {
            (Expr::Prop(prop), Expr::Constant(Value::List(items))) => Some((*prop, items.first()?.clone())),
            _ => None,
        },
        _ => None,
    }
}

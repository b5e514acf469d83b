//! What an engine that measures writes down: a row of a metric where one happens, with the lead as it is at that
//! moment, and what rows wait for. Measuring changes no decision. What becomes of rows is for `metric` to say.

use std::cell::RefCell;
use std::sync::Arc;

use hashbrown::HashMap;
use smallvec::SmallVec;

use crate::decimal::Decimal;
use crate::decision::ActionId;
use crate::event::{AccountId, LeadId, Props};
use crate::local::Zone;
use crate::plan::{Gauge, GaugeTest, Gauged, Plan, Use, Wait};
use crate::rulebook::{ChannelId, MetricId, PropId, TierId, TypeId};
use crate::timestamp::Timestamp;
use crate::value::View;

use self::echo::{Echoes, Told};
use super::evaluate::{Before, Scope};
use super::lead::{NO_NUMBER, SavedProps, Stamp};
use super::{Moment, World};

pub(crate) use exposure::Exposure;

pub(crate) mod echo;
mod exposure;
mod label;
mod own;
mod row;

/// One row of a metric.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub metric: MetricId,
    pub lead: LeadId,
    pub account: Option<AccountId>,
    /// When it happened; of a lead as it stands, the end of the period.
    pub at: Timestamp,
    /// A lead as it stands when a period ends.
    pub snapshot: bool,
    /// When it was written down: what is told of late happened before.
    pub seen: Timestamp,
    /// Which event of the engine's it is, in the order in which they came; an event is never its own outcome.
    pub number: u32,
    /// When what it waits for must have come by, by outcome; the row's own moment where it waits for nothing.
    pub until: SmallVec<[Timestamp; 1]>,
    /// Until when `except` looks.
    pub except_until: Timestamp,
    /// What is known of its outcomes already, by bit.
    pub held: u64,
    /// Its value, where a statistic is made of them.
    pub value: Option<Decimal>,
    /// The kind of channel it is on.
    pub channel: Option<ChannelId>,
    /// The action it is.
    pub action: Option<ActionId>,
    /// Its group by breakdown: indices into [`Samples::labels`].
    pub groups: SmallVec<[u32; 4]>,
    /// The zone of the lead's days.
    pub zone: Zone,
}

/// Something that rows wait for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Happened {
    /// Index into the gauge's sets.
    pub awaited: u16,
    pub lead: LeadId,
    pub account: Option<AccountId>,
    pub at: Timestamp,
    /// When it was written down.
    pub seen: Timestamp,
    pub number: u32,
    /// The action it answers.
    pub action: Option<ActionId>,
    /// The kind of channel it came by.
    pub channel: Option<ChannelId>,
}

/// What an engine that measures has written down, in no order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples {
    pub rows: Vec<Row>,
    pub happened: Vec<Happened>,
    /// Leads that met an experiment, each as often as something came of it.
    pub exposures: Vec<Exposure>,
    /// What groups are called.
    pub labels: Vec<String>,
    /// What was told of what we sent, by lead.
    pub echoes: Vec<Echoes>,
}

/// What is remembered of a lead to measure it.
#[derive(Clone, Debug, Default)]
struct Memory {
    /// Contacts since the last reply.
    attempts: u32,
    /// The tier when the instant in hand began.
    tier: Option<TierId>,
    /// Index of the next period end at which it is looked at; `None` before the lead is known.
    next: Option<usize>,
    /// Conditions to be judged later: when, which row, which outcome.
    later: SmallVec<[(Timestamp, u32, u8); 2]>,
    /// How often each template went out.
    templates: Vec<(Box<str>, u32)>,
    /// What we sent and providers tell of.
    echoes: Echoes,
    /// Rows of this moment for which no tier was known.
    tierless: SmallVec<[(Timestamp, u32, u8); 2]>,
}

/// Writes down rows.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    gauge: Arc<Gauge>,
    /// The ends of periods, ascending.
    ends: Arc<[Timestamp]>,
    samples: Samples,
    places: HashMap<String, u32>,
    memory: Vec<Memory>,
    /// What the engine did and has not taken in as its own event yet.
    own: Vec<(u32, TypeId, Timestamp, SavedProps)>,
    /// The group of each dimension for the event in hand.
    known: Vec<Option<u32>>,
    number: u32,
}

/// An event of the engine or the log, as it is measured.
#[derive(Clone, Copy)]
struct Event<'a> {
    ty: TypeId,
    at: Timestamp,
    props: Props<'a>,
    action: Option<ActionId>,
    /// The action that it answers: what the engine does answers none.
    answers: Option<ActionId>,
    channel: Option<ChannelId>,
    /// The engine reaches out by it.
    reaches: bool,
}

impl Meter {
    pub fn new(plan: &Plan, ends: Arc<[Timestamp]>) -> Option<RefCell<Box<Self>>> {
        let gauge = Arc::clone(plan.gauge.as_ref()?);
        let known = vec![None; gauge.dimensions.len()];
        Some(RefCell::new(Box::new(Self {
            gauge,
            ends,
            samples: Samples::default(),
            places: HashMap::new(),
            memory: Vec::new(),
            own: Vec::new(),
            known,
            number: 0,
        })))
    }

    fn memory(&mut self, slot: u32) -> &mut Memory {
        let index = slot as usize;
        if self.memory.len() <= index {
            self.memory.resize_with(index + 1, Memory::default);
        }
        // The line above made room for it.
        #[expect(clippy::indexing_slicing, reason = "there is room for it")]
        &mut self.memory[index]
    }

    fn label(&mut self, text: &str) -> u32 {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        let place = self.samples.labels.len() as u32;
        self.samples.labels.push(text.to_owned());
        self.places.insert(text.to_owned(), place);
        place
    }

    fn group(&mut self, scope: &Scope<'_>, at: Timestamp, dimension: usize) -> u32 {
        if let Some(Some(known)) = self.known.get(dimension) {
            return *known;
        }
        let gauge = Arc::clone(&self.gauge);
        let Some(part) = gauge.dimensions.get(dimension) else { return 0 };
        let place = self.label(&label::of(part, scope, at));
        if let Some(known) = self.known.get_mut(dimension) {
            *known = Some(place);
        }
        place
    }

    fn groups(&mut self, scope: &Scope<'_>, at: Timestamp, gauged: &Gauged) -> SmallVec<[u32; 4]> {
        let mut all = SmallVec::new();
        for by in &gauged.by {
            let parts: SmallVec<[u32; 2]> = by.iter().map(|part| self.group(scope, at, *part)).collect();
            all.push(match parts.as_slice() {
                [one] => *one,
                several => {
                    let names = several.iter().filter_map(|part| self.samples.labels.get(*part as usize));
                    let name = names.map(String::as_str).collect::<Vec<_>>().join(", ");
                    self.label(&name)
                }
            });
        }
        all
    }

    fn forget_groups(&mut self) {
        self.known.iter_mut().for_each(|known| *known = None);
    }
}

impl World {
    /// Begins to measure, for periods that end at these moments.
    pub(super) fn measure_from(&mut self, plan: &Plan, ends: Arc<[Timestamp]>) {
        self.meter = Meter::new(plan, ends);
    }

    /// What was written down, once everything is handled up to a moment.
    pub(super) fn measured(&mut self, plan: &Plan, until: Timestamp) -> Option<Samples> {
        for slot in 0..self.leads.len() as u32 {
            self.measure_before(plan, slot, until);
            if let Some(meter) = &self.meter
                && self.leads.get(slot as usize).is_some_and(Option::is_some)
            {
                self.measure_later(&mut meter.borrow_mut(), (plan, slot), until, true);
            }
        }
        let meter = *self.meter.take()?.into_inner();
        let told = meter.memory.into_iter().map(|memory| memory.echoes).filter(Echoes::is_told);
        Some(Samples { echoes: told.collect(), ..meter.samples })
    }

    /// What is due before anything of a lead changes at a moment: leads as they stood at the end of periods, and
    /// conditions that are judged later.
    pub(super) fn measure_before(&self, plan: &Plan, slot: u32, now: Timestamp) {
        let Some(meter) = &self.meter else { return };
        let meter = &mut *meter.borrow_mut();
        if self.leads.get(slot as usize).is_none_or(Option::is_none) {
            // It becomes known now, and stands somewhere from the next end on.
            let next = meter.ends.partition_point(|end| *end <= now);
            meter.memory(slot).next = Some(next);
            return;
        }
        let gauge = Arc::clone(&meter.gauge);
        meter.memory(slot).tier = self.lead(slot).tier;
        if !gauge.snapshots.is_empty() {
            let ends = Arc::clone(&meter.ends);
            let last = ends.partition_point(|end| *end <= now);
            let first = meter.memory(slot).next.replace(last).unwrap_or(last);
            for end in ends.get(first..last).unwrap_or_default() {
                meter.forget_groups();
                let before = meter.memory(slot).before();
                let scope = self.metering(plan, slot, (*end, Props::default(), None), before);
                for id in &gauge.snapshots {
                    self.measure_row(meter, (plan, slot), *id, &scope, (None, *end));
                }
            }
        }
        self.measure_later(meter, (plan, slot), now, false);
    }

    /// Conditions that are due by a moment; those of counts alone wait for `last`, since what is told of late counts
    /// when it happened.
    fn measure_later(&self, meter: &mut Meter, (plan, slot): (&Plan, u32), now: Timestamp, last: bool) {
        let memory = meter.memory(slot);
        if !last && memory.later.iter().all(|(due, ..)| *due > now) {
            return;
        }
        let before = memory.before();
        let mut due = std::mem::take(&mut memory.later);
        due.sort_unstable();
        let gauge = Arc::clone(&meter.gauge);
        for (at, place, outcome) in due {
            let row = meter.samples.rows.get_mut(place as usize);
            let gauged = row.as_ref().and_then(|row| gauge.metrics.get(row.metric)).and_then(Option::as_ref);
            let wait = gauged.and_then(|gauged| gauged.waits.get(usize::from(outcome)));
            let (Some(row), Some(Wait::Later(expr, _))) = (row, wait) else { continue };
            let of_counts = expr.is_of_counts_alone();
            if !last && (at > now || of_counts) {
                meter.memory(slot).later.push((at, place, outcome));
                continue;
            }
            // At the end, what is not due yet is judged as it stands, for what is so far.
            let at = at.min(now);
            let scope = self.metering(plan, slot, (at, Props::default(), None), before);
            let scope = Scope { past: of_counts.then_some(at), ..scope };
            if scope.holds(expr) {
                row.held |= 1 << outcome;
            }
        }
    }

    /// What an expression of a metric sees.
    fn metering<'a>(
        &'a self,
        plan: &'a Plan,
        slot: u32,
        (now, props, event): (Timestamp, Props<'a>, Option<(TypeId, Timestamp)>),
        before: Before,
    ) -> Scope<'a> {
        let lead = self.lead(slot);
        Scope {
            plan,
            lead,
            props,
            now,
            accounts: &self.accounts,
            event,
            runner: &self.runner,
            before: Some(before),
            past: None,
        }
    }

    /// An event of the log that is taken in, before anything comes of it.
    pub(super) fn measure_event(&self, moment: &Moment<'_>, slot: u32, ty: TypeId, stamp: Stamp) {
        let Some(meter) = &self.meter else { return };
        let meter = &mut *meter.borrow_mut();
        if stamp.number == NO_NUMBER || meter.gauge.types.contains(&Some(ty)) {
            return;
        }
        let action = text(moment.props, meter.gauge.props.action);
        let action = action.and_then(|id| u64::from_str_radix(id, 16).ok()).map(ActionId);
        let rulebook = &moment.plan.rulebook;
        let named = text(moment.props, meter.gauge.props.channel).and_then(|name| rulebook.channels.find(name));
        let channel = named.or_else(|| meter.gauge.channels.get(ty).copied().flatten());
        let channel = channel.map(|channel| rulebook.kind(channel));
        let report =
            meter.gauge.is_report(ty).then_some(Told { kind: channel, at: stamp.at, action, seen: moment.now });
        // Whether it is an echo is settled at the end, when all is told; for `attempts` what is known now must do.
        let is_echo = report.is_some_and(|told| meter.memory(slot).echoes.take(told));
        let first = meter.number + 1;
        let event = Event { ty, at: stamp.at, props: moment.props, action, answers: action, channel, reaches: false };
        let (contact, reply) = self.measure_as(meter, moment, slot, event);
        if contact {
            self.measure_contact(meter, moment, slot, event, !is_echo);
        }
        if let Some(told) = report {
            let numbers = first..=meter.number;
            meter.memory(slot).echoes.told(told, numbers);
        }
        if reply {
            meter.memory(slot).attempts = 0;
        }
    }

    /// Somebody of ours reached out, as the log says.
    fn measure_contact(&self, meter: &mut Meter, moment: &Moment<'_>, slot: u32, event: Event<'_>, counts: bool) {
        if !self.is_outward(meter, moment, event) {
            return;
        }
        let named = text(event.props, meter.gauge.props.channel);
        let channel = named.and_then(|name| moment.plan.rulebook.channels.find(name)).or(event.channel);
        let template = text(event.props, meter.gauge.props.template).map(str::to_owned);
        let ids = (event.action, event.answers);
        self.contacted(meter, moment, slot, (channel, template.as_deref(), event.at), ids, counts);
    }

    /// Whether what somebody of ours did reaches the lead: no task does.
    fn is_outward(&self, meter: &Meter, moment: &Moment<'_>, event: Event<'_>) -> bool {
        let rulebook = &moment.plan.rulebook;
        let named = text(event.props, meter.gauge.props.channel);
        let channel = named.and_then(|name| rulebook.channels.find(name)).or(event.channel);
        named != Some("task") && channel.is_none_or(|channel| !rulebook.is_internal(channel))
    }

    /// Everything an event is to those that measure; whether it is a contact, and a reply.
    fn measure_as(&self, meter: &mut Meter, moment: &Moment<'_>, slot: u32, event: Event<'_>) -> (bool, bool) {
        let gauge = Arc::clone(&meter.gauge);
        let tests = gauge.tests.get(event.ty).map_or(&[][..], Vec::as_slice);
        if tests.is_empty() {
            return (false, false);
        }
        meter.forget_groups();
        meter.number += 1;
        let (number, before) = (meter.number, meter.memory(slot).before());
        // What is measured goes from the moment of the event, also where it is learned of late.
        let asked = (event.at, event.props, Some((event.ty, event.at)));
        let mut scope = self.metering(moment.plan, slot, asked, before);
        let met: SmallVec<[&GaugeTest; 8]> =
            tests.iter().filter(|test| test.conditions.iter().all(|condition| scope.meets(condition))).collect();
        let contact = met.iter().any(|test| test.uses.contains(&Use::Contact));
        // A contact is one attempt more, itself included.
        let reaches = event.reaches || (contact && self.is_outward(meter, moment, event));
        scope.before = Some(Before { attempts: before.attempts + u32::from(reaches), ..before });
        let mut reply = false;
        let mut seen: SmallVec<[Use; 16]> = SmallVec::new();
        for test in met {
            for to in &test.uses {
                if seen.contains(to) {
                    continue;
                }
                seen.push(*to);
                match to {
                    Use::Row(metric) => {
                        let event = Some((event, number));
                        self.measure_row(meter, (moment.plan, slot), *metric, &scope, (event, moment.now));
                    }
                    Use::Awaited(awaited) => {
                        let lead = self.lead(slot);
                        let (lead, account) = (lead.id, lead.account);
                        let Event { at, .. } = event;
                        // What we do ourselves comes by no channel of an answer.
                        let channel = event.channel.filter(|_| !gauge.types.contains(&Some(event.ty)));
                        let action = event.answers;
                        let awaited = *awaited;
                        let seen = moment.now;
                        let happened = Happened { awaited, lead, account, at, seen, number, action, channel };
                        meter.samples.happened.push(happened);
                    }
                    Use::Contact => {}
                    Use::Reply => reply = true,
                }
            }
        }
        (contact, reply)
    }
}

impl Memory {
    fn before(&self) -> Before {
        Before { attempts: self.attempts, tier: self.tier }
    }
}

impl Samples {
    /// Leaves out what was no event of its own but the echo of another, as far as was known at a moment.
    pub fn settle(&mut self, known: Timestamp) {
        let mut numbers: Vec<u32> = self.echoes.iter().flat_map(|echoes| echoes.numbers(known)).collect();
        if numbers.is_empty() {
            return;
        }
        numbers.sort_unstable();
        self.rows.retain(|row| row.snapshot || numbers.binary_search(&row.number).is_err());
        self.happened.retain(|happened| numbers.binary_search(&happened.number).is_err());
    }
}

impl Scope<'_> {
    /// Whether an event meets a condition of a set.
    fn meets(&self, condition: &crate::plan::Condition) -> bool {
        use crate::plan::Condition;
        match condition {
            Condition::NotTrue(prop) => self.props.get(*prop) != View::Bool(true),
            Condition::Is(prop, text) => self.props.get(*prop) == View::Text(text),
            Condition::Expr(expr) => self.value(expr) == View::Bool(true),
        }
    }
}

/// A text among the properties of an event.
fn text(props: Props<'_>, prop: Option<PropId>) -> Option<&str> {
    match props.get(prop?) {
        View::Text(text) => Some(text),
        _ => None,
    }
}

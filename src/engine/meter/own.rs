//! What the engine does, as events that metrics see.

use super::{Event, Meter};
use crate::decimal::Decimal;
use crate::decision::{ActionId, Body, Cause, Decision, Status};
use crate::engine::lead::{NO_NUMBER, SavedProps, Stamp};
use crate::engine::{Moment, World};
use crate::event::{PropValue, Props};
use crate::rulebook::{ChannelId, PropId, SequenceId};
use crate::timestamp::Timestamp;
use crate::units::Content;

/// The places of types in the list of the rulebook.
#[derive(Clone, Copy)]
enum Own {
    Messaged,
    Contacted,
    Planned,
    Tiered,
    Alerted,
    Enrolled,
    Finished,
    Exited,
}

/// A message, as far as metrics look at it.
#[derive(Clone, Copy)]
struct Message<'a> {
    status: Status,
    channel: ChannelId,
    content: &'a Content,
    sequence: Option<(SequenceId, u16, u32)>,
    variant: Option<(&'a str, &'a str)>,
    id: ActionId,
    reason: Option<&'static str>,
}

/// Properties in the making.
#[derive(Default)]
struct Made(SavedProps);

impl Made {
    fn text(mut self, prop: Option<PropId>, text: Option<&str>) -> Self {
        if let Some((prop, text)) = prop.zip(text) {
            let (start, len) = (self.0.texts.len() as u32, text.len() as u32);
            self.0.texts.push_str(text);
            self.0.list.push((prop, PropValue::Text { start, len }));
        }
        self
    }

    fn number(mut self, prop: Option<PropId>, number: Option<u32>) -> Self {
        let pair = prop.zip(number);
        self.0.list.extend(pair.map(|(prop, number)| (prop, PropValue::Number(Decimal::from(number)))));
        self
    }

    fn truth(mut self, prop: Option<PropId>, truth: bool) -> Self {
        self.0.list.extend(prop.map(|prop| (prop, PropValue::Bool(truth))));
        self
    }
}

impl World {
    /// A decision, as what the engine did; what history brought about makes no rows.
    pub(in crate::engine) fn measure_decision(&self, moment: &Moment<'_>, slot: u32, decision: &Decision) {
        let Some(meter) = &self.meter else { return };
        if decision.backfill {
            return;
        }
        let meter = &mut *meter.borrow_mut();
        self.measure_exposure(meter, moment, slot, decision);
        let rulebook = &moment.plan.rulebook;
        let props = meter.gauge.props;
        match &decision.body {
            Body::Touch(touch) => {
                let message = Message {
                    status: touch.status,
                    channel: touch.channel,
                    content: &touch.content,
                    sequence: Some((touch.sequence, touch.touch, touch.enrollment)),
                    variant: rulebook.variant_names(touch.experiment),
                    id: touch.id,
                    reason: touch.reason.as_ref().map(|reason| reason.code().text()),
                };
                self.measure_message(meter, moment, slot, message);
            }
            Body::Action(action) => {
                let message = Message {
                    status: action.status,
                    channel: action.channel,
                    content: &action.content,
                    sequence: None,
                    variant: None,
                    id: action.id,
                    reason: action.reason.as_ref().map(|reason| reason.code().text()),
                };
                self.measure_message(meter, moment, slot, message);
            }
            Body::Tier { to, from } => {
                let name =
                    |tier: &Option<_>| tier.and_then(|tier| rulebook.tiers.get(tier)).map(|tier| tier.name.as_str());
                let made = Made::default().text(props.from, name(from)).text(props.to, name(to));
                self.settle_tier(meter, slot, decision.at, name(to));
                self.own(meter, moment, slot, Own::Tiered, (made.text(props.rule, rule(moment, decision)), None, None));
            }
            Body::Alert { to, .. } => {
                let made = Made::default().text(props.to, Some(to.word())).text(props.rule, rule(moment, decision));
                self.own(meter, moment, slot, Own::Alerted, (made, None, None));
            }
            Body::Enroll { sequence, enrollment, experiment, suppressed: None } => {
                let name = rulebook.sequences.get(*sequence).map(|sequence| sequence.name.as_str());
                let made = Made::default().text(props.sequence, name).number(props.enrollment, Some(*enrollment));
                let given = rulebook.variant_names(*experiment);
                let made = made.text(props.experiment, given.map(|(experiment, _)| experiment));
                let made = made.text(props.variant, given.map(|(_, variant)| variant));
                self.own(meter, moment, slot, Own::Enrolled, (made, None, None));
            }
            Body::Exit { sequence, enrollment, reason } => {
                let name = rulebook.sequences.get(*sequence).map(|sequence| sequence.name.as_str());
                let finished = matches!(reason, crate::decision::Reason::Finished);
                let made = Made::default().text(props.sequence, name).number(props.enrollment, Some(*enrollment));
                let made = made.text(props.reason, Some(reason.code().text()));
                let own = if finished { Own::Finished } else { Own::Exited };
                self.own(meter, moment, slot, own, (made, None, None));
            }
            _ => {}
        }
    }

    fn measure_message(&self, meter: &mut Meter, moment: &Moment<'_>, slot: u32, message: Message<'_>) {
        let rulebook = &moment.plan.rulebook;
        let props = meter.gauge.props;
        if !matches!(
            message.status,
            Status::Sent | Status::Skipped | Status::Cancelled | Status::Expired | Status::Suppressed
        ) {
            return;
        }
        let Some(channel) = rulebook.channels.get(message.channel) else { return };
        let kind = rulebook.kind(message.channel);
        let template = match message.content {
            Content::Template(name) => Some(name.as_str()),
            Content::Text(_) => None,
        };
        let sequence = message.sequence.and_then(|(id, touch, enrollment)| {
            let sequence = rulebook.sequences.get(id)?;
            Some((sequence.name.as_str(), touch_id(sequence, touch)?, enrollment))
        });
        let described = |made: Made| {
            made.text(props.experiment, message.variant.map(|(experiment, _)| experiment))
                .text(props.variant, message.variant.map(|(_, variant)| variant))
                .text(props.channel, Some(&channel.name))
                .text(props.template, template)
                .text(props.sequence, sequence.map(|(name, ..)| name))
                .text(props.touch, sequence.map(|(_, touch, _)| touch))
                .truth(props.manual, channel.manual)
        };
        let planned = described(Made::default())
            .text(props.status, Some(message.status.word()))
            .text(props.reason, message.reason);
        self.own(meter, moment, slot, Own::Planned, (planned, Some(kind), Some(message.id)));
        if message.status != Status::Sent || rulebook.is_internal(message.channel) {
            return;
        }
        // Nobody looked at it: no person does it, and none had to approve it.
        let approved = message.sequence.is_some_and(|(id, touch, _)| asks_approval(moment, id, touch));
        let nth = meter.memory(slot).count_template(template);
        let kind_name = rulebook.channels.get(kind).map(|kind| kind.name.as_str());
        let made = described(Made::default())
            .text(props.kind, kind_name)
            .number(props.enrollment, sequence.map(|(.., enrollment)| enrollment))
            .truth(props.auto, !channel.manual && !approved)
            .number(props.nth, Some(nth));
        let own = (made, Some(kind), Some(message.id));
        self.own_at(meter, moment, slot, Own::Messaged, own, (moment.now, !channel.manual, None));
        if !channel.manual {
            meter.memory(slot).echoes.sent(kind, moment.now, message.id);
            let ids = (Some(message.id), None);
            self.contacted(meter, moment, slot, (Some(message.channel), template, moment.now), ids, true);
        }
    }

    /// Somebody reached out to a lead: the engine, or a person, who may answer an action by it. What seems to be an
    /// echo is written down too, and counted nowhere: at the end it may have been none.
    pub(super) fn contacted(
        &self,
        meter: &mut Meter,
        moment: &Moment<'_>,
        slot: u32,
        (channel, template, at): (Option<ChannelId>, Option<&str>, Timestamp),
        (id, answers): (Option<ActionId>, Option<ActionId>),
        counts: bool,
    ) {
        let rulebook = &moment.plan.rulebook;
        let props = meter.gauge.props;
        let kind = channel.map(|channel| rulebook.kind(channel));
        let name = |channel: Option<ChannelId>| {
            channel.and_then(|channel| rulebook.channels.get(channel)).map(|channel| channel.name.as_str())
        };
        let made = Made::default()
            .text(props.channel, name(channel))
            .text(props.kind, name(kind))
            .text(props.template, template);
        let queued = meter.own.len();
        self.own_at(meter, moment, slot, Own::Contacted, (made, kind, id), (at, true, answers));
        if counts {
            meter.memory(slot).attempts += 1;
        } else {
            meter.own.truncate(queued);
        }
    }

    fn own(
        &self,
        meter: &mut Meter,
        moment: &Moment<'_>,
        slot: u32,
        own: Own,
        made: (Made, Option<ChannelId>, Option<ActionId>),
    ) {
        self.own_at(meter, moment, slot, own, made, (moment.now, false, None));
    }

    fn own_at(
        &self,
        meter: &mut Meter,
        moment: &Moment<'_>,
        slot: u32,
        own: Own,
        (Made(props), channel, action): (Made, Option<ChannelId>, Option<ActionId>),
        (at, reaches, answers): (Timestamp, bool, Option<ActionId>),
    ) {
        let Some(ty) = meter.gauge.types.get(own as usize).copied().flatten() else { return };
        let event = Event { ty, at, props: props.props(), action, answers, channel, reaches };
        self.measure_as(meter, moment, slot, event);
        // What counts it hears of it once this instant is over.
        if moment.plan.dispatch.get(ty).is_some_and(|tests| !tests.is_empty()) {
            meter.own.push((slot, ty, at, props));
        }
    }

    /// Rows of this moment for which no tier was known come under the first one the lead gets.
    fn settle_tier(&self, meter: &mut Meter, slot: u32, at: Timestamp, tier: Option<&str>) {
        let waiting = std::mem::take(&mut meter.memory(slot).tierless);
        let Some(tier) = tier.filter(|_| !waiting.is_empty()) else { return };
        let label = meter.label(tier);
        for (_, row, breakdown) in waiting.into_iter().filter(|(of, ..)| *of == at) {
            let row = meter.samples.rows.get_mut(row as usize);
            if let Some(group) = row.and_then(|row| row.groups.get_mut(usize::from(breakdown))) {
                *group = label;
            }
        }
    }

    /// The engine's own events are counted once the instant in which they came is over.
    pub(in crate::engine) fn take_in_own(&mut self, moment: &Moment<'_>, out: &mut Vec<Decision>) {
        let Some(meter) = &self.meter else { return };
        let own = std::mem::take(&mut meter.borrow_mut().own);
        for (slot, ty, at, props) in own {
            let props: Props<'_> = props.props();
            let moment = Moment { props, event: Some((ty, at)), ..*moment };
            self.happen(&moment, slot, ty, Stamp { at, number: NO_NUMBER }, out);
        }
    }
}

impl super::Memory {
    /// How often a template went to the lead, this time included.
    fn count_template(&mut self, template: Option<&str>) -> u32 {
        let Some(template) = template else { return 1 };
        if let Some((_, count)) = self.templates.iter_mut().find(|(name, _)| **name == *template) {
            *count += 1;
            return *count;
        }
        self.templates.push((template.into(), 1));
        1
    }
}

/// Whether a touch waits for somebody to approve it.
fn asks_approval(moment: &Moment<'_>, id: SequenceId, touch: u16) -> bool {
    let sequence = moment.plan.rulebook.sequences.get(id);
    sequence.and_then(|sequence| touch_of(sequence, touch)).is_some_and(|touch| touch.approve)
}

/// A touch; the tail follows the last one.
fn touch_of(sequence: &crate::rulebook::Sequence, touch: u16) -> Option<&crate::rulebook::Touch> {
    let tail = sequence.tail.as_ref().map(|(touch, _)| touch);
    sequence.touches.get(usize::from(touch)).or(tail)
}

/// The name of a touch; the tail follows the last one.
fn touch_id(sequence: &crate::rulebook::Sequence, touch: u16) -> Option<&str> {
    touch_of(sequence, touch).map(|touch| touch.id.as_str())
}

fn rule<'a>(moment: &Moment<'a>, decision: &Decision) -> Option<&'a str> {
    match decision.cause {
        Cause::Rule(rule, _) => Some(moment.plan.rulebook.rules.name(rule)),
        _ => None,
    }
}

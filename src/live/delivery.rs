//! Something to hand over: what it is, what covers it, and how a sink gets it. One decision is one item;
//! messages lie in it as they were when they fell due, sealed under the key of their lead.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::LiveError;
use super::shelf::encode;
use crate::decision::names::Names;
use crate::decision::{ActionId, ActionLine, Body, Decision, Status, TouchLine};
use crate::engine::Covered;
use crate::local::Zone;
use crate::plan::Plan;
use crate::rulebook::{ChannelId, Expiry, Reach, Rulebook, SequenceId, TopicId, Touch};
use crate::sink::Handed;
use crate::sink::attempt::Attempts;
use crate::store::Store;
use crate::template::Message;
use crate::timestamp::{Span, Timestamp};
use crate::units::Content;

/// A message to a lead that could not be handed over so long after it fell due has expired.
const EXPIRES: Span = Span::days(1);

/// An alert that could not be handed over so long after it fell due is of no use to anybody any more.
const ALERT_EXPIRES: Span = Span::days(3);

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// A message to the lead: goes out at most once.
    Message,
    /// A task for a person.
    Task,
    /// Words to a person: goes out at least once.
    Alert,
    /// A call of a named sink.
    Webhook,
}

/// Where an item stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum DeliveryState {
    /// It waits to be handed over.
    Waiting,
    /// It is being handed over: whoever finds it so later does not know what came of it.
    Going {
        /// To which sink.
        sink: String,
        /// Since when.
        since: Timestamp,
    },
    /// What came of it is not known; a person must look.
    Unknown {
        /// Which sink had it.
        sink: String,
        /// Since when.
        since: Timestamp,
        /// Why it is not known.
        reason: String,
    },
}

/// Something to hand over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Delivery {
    /// The number of its decision.
    pub decision: u64,
    /// The action's id.
    pub id: String,
    /// What it is.
    pub what: What,
    /// Whose.
    pub lead: String,
    /// The lead's account.
    pub account: Option<String>,
    /// The channel; none for alerts and webhooks.
    pub channel: Option<String>,
    /// The template, for messages that have one.
    pub template: Option<String>,
    /// Words, for what has no template.
    pub text: Option<String>,
    /// Whom an alert is for; the name of a webhook.
    pub to: Option<String>,
    /// The sequence and the touch.
    pub sequence: Option<(String, String)>,
    /// Whether the sequence runs beside others.
    pub parallel: bool,
    /// The rule or sequence that decided, and where it stands.
    pub rule: String,
    /// `rules/rules.ensue:14`
    pub source: String,
    /// When it fell due.
    pub due: Timestamp,
    /// After this moment it has expired.
    pub expires: Option<Timestamp>,
    /// The ids of the events it rests on.
    pub because: Vec<String>,
    /// The zone its time was planned in.
    pub zone: Option<Zone>,
    /// When it fell due, and the end of the part of the day it fell into, on the lead's clock.
    pub due_at: (String, Option<String>),
    /// Which enrollment, from 1.
    pub enrollment: Option<u32>,
    /// The experiment and the variant the lead gets.
    pub variant: Option<(String, String)>,
    /// The touch's note for the person.
    pub note: Option<String>,
    /// How it fared at its sink.
    pub attempts: Attempts,
    /// Where it stands.
    pub state: DeliveryState,
    /// What ended it while it was under way or unknown: it does not go out again.
    pub ended: Option<Ended>,
    /// The sink that may have it all the same: what came of an attempt is not known, and it was or is
    /// to be handed over again.
    pub perhaps: Option<String>,
    /// It may have been handed over in a time of which the store has lost the record.
    #[serde(skip)]
    pub lost: bool,
    /// Why it was not taken for good at the last attempt.
    #[serde(skip)]
    pub refused: Option<String>,
    /// Subject and body, sealed.
    pub(super) message: Option<Vec<u8>>,
    /// Why its outcome is unknown, or why it was not taken, sealed.
    pub(super) said: Option<Vec<u8>>,
}

/// A stop that covers an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// `stopped by stop_on_reply [e7]`
    pub reason: String,
}

/// The name of an alert, of what it says, when, and on what it rests.
pub(crate) fn alert_id(lead: &str, rule: &str, to: &str, text: &str, at: Timestamp, because: &[String]) -> ActionId {
    let (at, because) = (at.0.to_string(), because.join(" "));
    ActionId::new(&[lead, rule, "alert", to, text, &at, &because], 0)
}

impl Delivery {
    /// The message, where there is one and its lead was not erased.
    pub(crate) fn message(&self, store: &Store) -> Option<Message> {
        let open = store.unseal(&self.lead, &self.id, self.message.as_ref()?)?;
        let (subject, body) = postcard::from_bytes(&open).ok()?;
        Some(Message { subject, body })
    }

    /// The same in another state.
    pub(crate) fn standing(&self, state: DeliveryState) -> Self {
        Self { state, ..self.clone() }
    }

    /// The same after an attempt that is to be followed by another, for a reason.
    pub(crate) fn refused_for(&self, reason: &str) -> Self {
        let refused = Some(reason.to_owned()).filter(|reason| !reason.is_empty());
        Self { refused, ..self.clone() }
    }

    /// Keeps the message, sealed.
    pub(crate) fn keep(&mut self, message: &Message, store: &mut Store) -> Result<(), LiveError> {
        let plain = encode(&(&message.subject, &message.body));
        self.message = store.seal(&self.lead, &self.id, &plain)?;
        Ok(())
    }

    /// As a sink gets it, with what is known of its lead.
    pub(crate) fn handed(&self, store: &Store, facts: BTreeMap<String, serde_json::Value>) -> Handed {
        let message = self.message(store);
        let (subject, body) = message.map_or((None, None), |message| (message.subject, Some(message.body)));
        let verb = match (self.what, &self.sequence) {
            (What::Alert, _) => "alert",
            (What::Webhook, _) => "webhook",
            (_, Some(_)) => "touch",
            (_, None) => "action",
        };
        let is_webhook = self.what == What::Webhook;
        Handed {
            id: self.id.clone(),
            verb: String::from(verb),
            lead: self.lead.clone(),
            account: self.account.clone(),
            channel: self.channel.clone(),
            manual: self.what == What::Task,
            to: self.to.clone().filter(|_| !is_webhook),
            name: self.to.clone().filter(|_| is_webhook),
            template: self.template.clone(),
            subject,
            body,
            text: self.text.clone(),
            note: self.note.clone(),
            due_at: self.due_at.0.clone(),
            due_by: self.due_at.1.clone(),
            expires_at: self.expiry().map(|at| crate::local::rfc3339(at, crate::local::Zone::UTC)),
            sequence: self.sequence.as_ref().map(|(sequence, _)| sequence.clone()),
            touch: self.sequence.as_ref().map(|(_, touch)| touch.clone()),
            enrollment: self.enrollment,
            experiment: self.variant.as_ref().map(|(experiment, _)| experiment.clone()),
            variant: self.variant.as_ref().map(|(_, variant)| variant.clone()),
            rule: self.rule.clone(),
            source: self.source.clone(),
            because: self.because.clone(),
            address: None,
            facts,
            attempt: self.attempts.made + 1,
        }
    }

    /// Whether its channel may be used now, by the lead's clock: what fell due in the afternoon is not
    /// to go out at night.
    pub(crate) fn is_open(&self, plan: &Plan, now: Timestamp) -> bool {
        let channel = self.channel.as_deref().and_then(|name| plan.rulebook.channels.find(name));
        let (Some(channel), Some(zone)) = (channel, self.zone) else { return true };
        plan.rulebook.window(channel).allows(zone.to_local(now)).is_ok()
    }

    /// After which moment it has expired. Alerts of an older store have none of their own.
    pub(crate) fn expiry(&self) -> Option<Timestamp> {
        self.expires.or_else(|| (self.what == What::Alert).then(|| self.due + ALERT_EXPIRES))
    }

    /// Whether handing it over twice does less harm than not at all.
    #[must_use]
    pub fn may_repeat(&self) -> bool {
        matches!(self.what, What::Alert | What::Task)
    }

    pub(super) fn is_covered(&self, ending: &Covered, plan: &Plan) -> bool {
        let reaches_lead = matches!(self.what, What::Message | What::Task);
        reaches_lead
            && match ending {
                Covered::All => true,
                Covered::Contact => self.sequence.is_some() || !self.outlasts(plan, Rulebook::is_internal),
                Covered::Stopped if self.sequence.is_some() => {
                    !self.parallel
                        && !self
                            .outlasts(plan, |book, channel| !book.is_internal(channel) && book.outlasts_stops(channel))
                }
                Covered::Stopped => !self.outlasts(plan, Rulebook::outlasts_stops),
                Covered::Sequence(id) => {
                    let name = plan.rulebook.sequences.get(*id).map(|sequence| sequence.name.as_str());
                    self.sequence.as_ref().is_some_and(|(sequence, _)| Some(sequence.as_str()) == name)
                }
                Covered::Reach(reach) => self.is_about(*reach, &plan.rulebook),
            }
    }

    /// Whether something holds for its channel, where the rulebook still has it.
    fn outlasts(&self, plan: &Plan, does: impl Fn(&Rulebook, ChannelId) -> bool) -> bool {
        let channel = self.channel.as_deref().and_then(|name| plan.rulebook.channels.find(name));
        channel.is_some_and(|channel| does(&plan.rulebook, channel))
    }

    /// Whether a suppression of a channel or a topic is about it.
    fn is_about(&self, reach: Reach, rulebook: &Rulebook) -> bool {
        let Some((channel, topics)) = self.on(rulebook) else { return true };
        reach.covers(rulebook, channel, &topics)
    }

    /// Its channel and what it is about, where the rulebook still has that channel.
    pub(crate) fn on(&self, rulebook: &Rulebook) -> Option<(ChannelId, Vec<TopicId>)> {
        let channel = self.channel.as_deref().and_then(|name| rulebook.channels.find(name))?;
        let sequence = self.sequence.as_ref().and_then(|(name, _)| rulebook.sequences.find(name));
        let of_sequence = sequence.and_then(|id| rulebook.sequences.get(id)).and_then(|sequence| sequence.topic);
        let template = self.template.as_deref().and_then(|name| rulebook.template(name, channel));
        let of_template = template.and_then(|id| rulebook.templates.get(id)).and_then(|template| template.topic);
        Some((channel, of_sequence.into_iter().chain(of_template).collect()))
    }

    /// Whether a hold of its lead leaves it alone.
    pub(crate) fn outlasts_holds(&self, plan: &Plan) -> bool {
        self.outlasts(plan, Rulebook::outlasts_stops)
    }
}

/// A decision as something to hand over, where it is one.
pub(crate) fn item(names: &Names<'_>, plan: &Plan, decision: &Decision, number: u64) -> Option<Delivery> {
    let goes_out = match &decision.body {
        Body::Touch(_) | Body::Action(_) => decision.body.status() == Some(Status::Sent),
        Body::Alert { .. } | Body::Webhook { .. } => true,
        _ => false,
    };
    if !goes_out {
        return None;
    }
    let line = names.line(decision);
    let own = |text: Option<Cow<'_, str>>| text.map(Cow::into_owned);
    let mut item = Delivery {
        decision: number,
        id: String::new(),
        what: What::Alert,
        lead: line.lead.into_owned(),
        account: own(line.account),
        channel: own(line.channel),
        template: own(line.template),
        text: own(line.text),
        to: None,
        sequence: own(line.sequence).zip(own(line.touch)),
        parallel: false,
        rule: own(line.rule).unwrap_or_default(),
        source: own(line.source).unwrap_or_default(),
        due: decision.at,
        expires: None,
        because: line.because.into_iter().map(Cow::into_owned).collect(),
        zone: None,
        due_at: (line.at.into_owned(), own(line.due_by)),
        enrollment: line.enrollment,
        variant: own(line.experiment).zip(own(line.variant)),
        note: None,
        attempts: Attempts::default(),
        state: DeliveryState::Waiting,
        ended: None,
        perhaps: None,
        lost: false,
        refused: None,
        message: None,
        said: None,
    };
    match &decision.body {
        Body::Touch(touch) => item.be_touch(plan, touch),
        Body::Action(action) => item.be_action(plan, action),
        Body::Alert { to, text, expires } => {
            // An alert has no number of its own; what names it is all that tells it from others.
            item.id = alert_id(&item.lead, &item.rule, to.word(), text, decision.at, &item.because).to_string();
            item.to = Some(to.word().to_owned());
            // At the moment it expires it is too late.
            item.expires = Some(expires.map_or(decision.at + ALERT_EXPIRES, |expires| expires - Span(1)));
        }
        Body::Webhook { name, id } => {
            item.what = What::Webhook;
            item.id = id.to_string();
            item.to = Some(name.to_string());
        }
        _ => return None,
    }
    Some(item)
}

impl Delivery {
    fn be_touch(&mut self, plan: &Plan, line: &TouchLine) {
        self.id = line.id.to_string();
        self.zone = Some(line.zone);
        self.carry(plan, line.channel, &line.content);
        let sequence = plan.rulebook.sequences.get(line.sequence);
        self.parallel = sequence.is_some_and(|sequence| sequence.parallel);
        self.note = touch_of(plan, line.sequence, line.touch).and_then(|touch| touch.note.clone());
        let after = expires_after(plan, line.sequence, line.touch);
        let usual = (self.what == What::Message).then_some(EXPIRES);
        self.expires = after.or(usual).map(|after| self.due + after);
        self.expires = line.expires.map(|expires| expires - Span(1)).or(self.expires);
    }

    fn be_action(&mut self, plan: &Plan, line: &ActionLine) {
        self.id = line.id.to_string();
        self.zone = Some(line.zone);
        self.carry(plan, line.channel, &line.content);
        if self.what == What::Message {
            self.expires = Some(self.due + EXPIRES);
        }
        self.expires = line.expires.map(|expires| expires - Span(1)).or(self.expires);
        // At the moment it is planned before it is too late, for tasks as well.
        if let Some(last) = line.before.map(|before| before - Span(1)) {
            self.expires = Some(self.expires.map_or(last, |expires| expires.min(last)));
        }
    }

    fn carry(&mut self, plan: &Plan, channel: ChannelId, content: &Content) {
        let manual = plan.rulebook.channels.get(channel).is_some_and(|channel| channel.manual);
        self.what = if manual { What::Task } else { What::Message };
        match content {
            Content::Template(template) => self.template = Some(template.clone()),
            Content::Text(text) => self.text = Some(text.clone()),
        }
    }
}

/// How long after it fell due a touch may still be handed over, where it says so.
fn expires_after(plan: &Plan, sequence: SequenceId, touch: u16) -> Option<Span> {
    touch_of(plan, sequence, touch).and_then(|touch| match &touch.expires {
        Some(Expiry::After(length)) => length.measured(),
        Some(Expiry::At(_)) | None => None,
    })
}

fn touch_of(plan: &Plan, sequence: SequenceId, touch: u16) -> Option<&Touch> {
    let sequence = plan.rulebook.sequences.get(sequence)?;
    sequence.touches.get(usize::from(touch)).or(sequence.tail.as_ref().map(|(tail, _)| tail))
}

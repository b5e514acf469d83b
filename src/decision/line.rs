//! A decision as one JSON line, with the keys of the manual in their order.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::code::Code;
use super::names::Names;
use super::words;
use super::{Body, Decision, Part, Reason, Status};
use crate::decimal::Decimal;
use crate::event::EventNumber;
use crate::local::{Zone, parse_rfc3339, rfc3339};
use crate::rulebook::ExperimentId;
use crate::timestamp::Timestamp;
use crate::units::Content;
use crate::value::Value;

/// One line of the timeline, as it is written and as it is read again; keys that do not apply are
/// absent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the keys of the output, described in the manual")]
pub struct Line<'a> {
    pub at: Cow<'a, str>,
    #[serde(default)]
    pub lead: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Cow<'a, str>>,
    #[serde(rename = "do")]
    pub verb: Verb,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    #[serde(default, deserialize_with = "any", skip_serializing_if = "Option::is_none")]
    pub to: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "any", skip_serializing_if = "Option::is_none")]
    pub from: Option<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartLine<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub touch: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experiment: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrollment: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_by: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<Cow<'a, str>>,
}

/// What a line says was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words of the output, described in the manual")]
pub enum Verb {
    #[default]
    Tier,
    Override,
    Enroll,
    Exit,
    Touch,
    Action,
    Alert,
    Assign,
    Set,
    Tag,
    Hold,
    Resume,
    Suppress,
    Bar,
    Unsuppress,
    Score,
    Webhook,
    Muted,
    Fault,
}

impl Verb {
    /// As it stands in a line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Tier => "tier",
            Self::Override => "override",
            Self::Enroll => "enroll",
            Self::Exit => "exit",
            Self::Touch => "touch",
            Self::Action => "action",
            Self::Alert => "alert",
            Self::Assign => "assign",
            Self::Set => "set",
            Self::Tag => "tag",
            Self::Hold => "hold",
            Self::Resume => "resume",
            Self::Suppress => "suppress",
            Self::Bar => "bar",
            Self::Unsuppress => "unsuppress",
            Self::Score => "score",
            Self::Webhook => "webhook",
            Self::Muted => "muted",
            Self::Fault => "fault",
        }
    }
}

/// One contribution to a score.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the keys of the output, described in the manual")]
pub struct PartLine<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Cow<'a, str>>,
    pub points: Decimal,
    pub age: Cow<'a, str>,
    pub worth: Decimal,
}

impl Line<'static> {
    /// A line read again; `None` for what no version of ours has written.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

impl Line<'_> {
    /// When.
    #[must_use]
    pub fn moment(&self) -> Timestamp {
        parse_rfc3339(self.at.as_bytes()).unwrap_or_default()
    }

    /// Of a touch or an action, what it carries.
    #[must_use]
    pub fn content(&self) -> Option<&str> {
        self.template.as_deref().or(self.text.as_deref())
    }
}

/// A value that is there, be it `null`.
fn any<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(input).map(Some)
}

impl<'a> Names<'a> {
    /// A decision with its names.
    #[must_use]
    pub fn line(&self, decision: &'a Decision) -> Line<'a> {
        let (rule, range) = self.cause(decision);
        let mut line = Line {
            at: rfc3339(decision.at, decision.zone).into(),
            lead: self.log.lead_name(decision.lead).into(),
            account: decision.account.map(|account| self.log.account_name(account).into()),
            rule: rule.map(Cow::Borrowed),
            source: rule.map(|_| self.rulebook.sources.place(range).into()),
            because: self.because(&decision.because),
            ..Line::default()
        };
        self.fill(&mut line, &decision.body, decision.zone);
        let note = decision.note.as_deref().map(words::note);
        line.reason = match (self.why(decision), note) {
            (Some(why), Some(note)) => Some(Cow::Owned(format!("{why} ({note})"))),
            (why, note) => why.or(note).map(Cow::Owned),
        };
        if decision.backfill && line.reason.is_none() {
            line.reason = Some(words::BACKFILL.into());
        }
        let by_hand = || decision.note.as_ref().map(|_| Code::ByHand);
        let history = || decision.backfill.then_some(Code::Backfill);
        let code = decision.body.reason().map(Reason::code).or_else(by_hand).or_else(history);
        line.code = code.map(|code| code.text().into());
        line
    }

    fn fill(&self, line: &mut Line<'a>, body: &'a Body, zone: Zone) {
        match body {
            Body::Tier { to, from } => {
                line.verb = Verb::Tier;
                line.to = to.and_then(|to| raw(self.tier(to)));
                line.from = from.and_then(|from| raw(self.tier(from)));
            }
            Body::Overridden { to, .. } => {
                line.verb = Verb::Override;
                line.to = raw(self.tier(*to));
            }
            Body::Enroll { sequence, enrollment, experiment, suppressed } => {
                line.verb = Verb::Enroll;
                line.sequence = Some(self.sequence(*sequence).into());
                (line.experiment, line.variant) = self.variant(*experiment);
                line.enrollment = Some(*enrollment);
                line.status = suppressed.as_ref().map(|_| Status::Suppressed);
            }
            Body::Exit { sequence, enrollment, .. } => {
                line.verb = Verb::Exit;
                line.sequence = Some(self.sequence(*sequence).into());
                line.enrollment = Some(*enrollment);
            }
            Body::Touch(touch) => {
                line.verb = Verb::Touch;
                line.status = Some(touch.status);
                line.channel = Some(self.channel(touch.channel).into());
                carry(line, &touch.content);
                line.sequence = Some(self.sequence(touch.sequence).into());
                line.touch = Some(self.touch(touch.sequence, touch.touch).into());
                (line.experiment, line.variant) = self.variant(touch.experiment);
                line.enrollment = Some(touch.enrollment);
                line.id = Some(touch.id.to_string().into());
                line.due_by = touch.due_by.map(|by| rfc3339(by, touch.zone).into());
            }
            Body::Action(action) => {
                line.verb = Verb::Action;
                line.status = Some(action.status);
                line.channel = Some(self.channel(action.channel).into());
                carry(line, &action.content);
                line.id = Some(action.id.to_string().into());
            }
            Body::Alert { to, text, .. } => {
                line.verb = Verb::Alert;
                line.to = raw(to.word());
                line.text = Some(Cow::Borrowed(text));
            }
            Body::Assign(owner) => {
                line.verb = Verb::Assign;
                line.to = raw(owner.as_deref().unwrap_or("manager"));
            }
            Body::Set { fact, value } => {
                line.verb = Verb::Set;
                line.field = self.rulebook.facts.get(*fact).map(|fact| fact.name.as_str().into());
                line.to = value_text(value, zone);
            }
            Body::Tag { tag, on } => {
                line.verb = Verb::Tag;
                line.tag = self.rulebook.tags.get(*tag).map(|tag| tag.as_str().into());
                line.on = (!on).then_some(false);
            }
            Body::Hold(until) => {
                line.verb = Verb::Hold;
                line.until = until.map(|until| rfc3339(until, zone).into());
            }
            Body::Resume => line.verb = Verb::Resume,
            Body::Suppress { reach, until } => {
                line.verb = Verb::Suppress;
                (line.channel, line.topic) = self.reached(*reach);
                line.until = until.map(|until| rfc3339(until, zone).into());
            }
            Body::Bar { channel, .. } => {
                line.verb = Verb::Bar;
                line.channel = Some(self.channel(*channel).into());
            }
            Body::Unsuppress(reach) => {
                line.verb = Verb::Unsuppress;
                (line.channel, line.topic) = self.reached(*reach);
            }
            Body::Score { score, from, to, parts, said } => {
                line.text = some(said).map(Cow::Borrowed);
                line.parts = parts.iter().map(|part| self.part(part)).collect();
                line.verb = Verb::Score;
                line.score = self.rulebook.scores.get(*score).map(|score| score.name.as_str().into());
                line.from = raw(&rounded(*from));
                line.to = raw(&rounded(*to));
            }
            Body::Webhook { name, id } => {
                line.verb = Verb::Webhook;
                line.name = Some(Cow::Borrowed(name));
                line.id = Some(id.to_string().into());
            }
            Body::Muted(_) => line.verb = Verb::Muted,
            Body::Fault(text) => {
                line.verb = Verb::Fault;
                line.text = Some(Cow::Borrowed(text));
            }
        }
    }

    /// The names of an experiment and of one of its variants.
    fn variant(&self, assigned: Option<(ExperimentId, u8)>) -> (Option<Cow<'a, str>>, Option<Cow<'a, str>>) {
        self.rulebook.variant_names(assigned).map(|(experiment, variant)| (experiment.into(), variant.into())).unzip()
    }

    fn part(&self, part: &Part) -> PartLine<'a> {
        PartLine {
            event: part.event.map(|event| self.log.event_id(event).into()),
            points: part.points,
            age: part.age.in_words().into(),
            worth: rounded(part.worth),
        }
    }

    fn because(&self, numbers: &[EventNumber]) -> Vec<Cow<'a, str>> {
        numbers.iter().map(|number| self.log.event_id(*number).into()).collect()
    }
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_string(self).map_err(|_| fmt::Error)?;
        f.write_str(&json)
    }
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn carry<'a>(line: &mut Line<'a>, content: &'a Content) {
    match content {
        Content::Template(template) => line.template = Some(template.as_str().into()),
        Content::Text(text) => line.text = Some(text.as_str().into()),
    }
}

/// A score as it is shown: at most two decimals.
pub(crate) fn rounded(number: Decimal) -> Decimal {
    number.rounded(2)
}

fn raw<T: Serialize + ?Sized>(value: &T) -> Option<Box<RawValue>> {
    serde_json::value::to_raw_value(value).ok()
}

pub(crate) fn value_text(value: &Value, zone: Zone) -> Option<Box<RawValue>> {
    match value {
        Value::Missing => raw(&()),
        Value::Bool(b) => raw(b),
        Value::Number(n) => raw(n),
        Value::Text(t) => raw(t),
        Value::Time(t) => raw(&rfc3339(Timestamp(*t), zone)),
        Value::Date(_) | Value::Length(_) => raw(&plain(value, zone)),
        Value::List(items) => {
            let items: Vec<_> = items.iter().filter_map(|item| value_text(item, zone)).collect();
            raw(&items)
        }
    }
}

/// A value as JSON.
#[must_use]
pub fn json(value: &Value, zone: Zone) -> Option<serde_json::Value> {
    serde_json::from_str(value_text(value, zone)?.get()).ok()
}

/// A value as people read it.
#[must_use]
pub fn plain(value: &Value, zone: Zone) -> String {
    match value {
        Value::Missing => String::from("nothing"),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => n.to_string(),
        Value::Text(t) => t.to_string(),
        Value::Time(t) => rfc3339(Timestamp(*t), zone),
        Value::Date(days) => {
            let epoch = chrono::NaiveDate::default();
            epoch
                .checked_add_signed(chrono::TimeDelta::days(i64::from(*days)))
                .map_or_else(|| days.to_string(), |date| date.to_string())
        }
        Value::Length(micros) => format!("{}s", micros / 1_000_000),
        Value::List(items) => items.iter().map(|item| plain(item, zone)).collect::<Vec<_>>().join(", "),
    }
}

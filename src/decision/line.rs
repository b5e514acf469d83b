//! A decision as one JSON line, with the keys of the manual in their order.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::decision::{Body, Cause, Decision, Part};
use crate::event::{AccountId, EventNumber, LeadId};
use crate::local::{Zone, rfc3339};
use crate::log::Log;
use crate::rulebook::{ChannelId, Person, RuleId, Rulebook, SequenceId, TierId};
use crate::source::Range;
use crate::timestamp::Timestamp;
use crate::units::Content;
use crate::value::Value;

/// Names the ids of decisions stand for.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// The rulebook that decided.
    pub rulebook: &'a Rulebook,
    /// The log it decided on.
    pub log: &'a dyn Journal,
}

/// What a decision's numbers stand for in the log it was made on.
pub trait Journal: fmt::Debug {
    /// A lead's id as the log writes it, empty for one it does not have.
    fn lead_name(&self, lead: LeadId) -> &str;
    /// An account's id, empty for one it does not have.
    fn account_name(&self, account: AccountId) -> &str;
    /// An event's id, empty for one it does not have.
    fn event_id(&self, number: EventNumber) -> &str;
}

impl Journal for Log {
    fn lead_name(&self, lead: LeadId) -> &str {
        self.lead_name(lead)
    }

    fn account_name(&self, account: AccountId) -> &str {
        self.account_name(account)
    }

    fn event_id(&self, number: EventNumber) -> &str {
        self.event_id(number)
    }
}

/// One line of the timeline; keys that do not apply are absent.
#[derive(Clone, Debug, Default, Serialize)]
#[expect(missing_docs, reason = "the keys of the output, described in the manual")]
pub struct Line<'a> {
    pub at: String,
    pub lead: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<&'a str>,
    #[serde(rename = "do")]
    pub verb: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartLine<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub touch: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub experiment: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enrollment: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<&'a str>,
}

/// One contribution to a score.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the keys of the output, described in the manual")]
pub struct PartLine<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<&'a str>,
    pub points: f64,
    pub age: String,
    pub worth: f64,
}

impl<'a> Names<'a> {
    /// A decision with its names.
    #[must_use]
    pub fn line(&self, decision: &'a Decision) -> Line<'a> {
        let (rule, range) = self.cause(decision);
        let mut line = Line {
            at: rfc3339(decision.at, decision.zone),
            lead: self.log.lead_name(decision.lead),
            account: decision.account.map(|account| self.log.account_name(account)),
            rule,
            source: rule.map(|_| self.rulebook.sources.place(range)),
            because: self.because(&decision.because),
            ..Line::default()
        };
        self.fill(&mut line, &decision.body, decision.zone);
        if let Some(note) = &decision.note {
            line.reason = Some(match line.reason {
                Some(reason) => Cow::Owned(format!("{reason} ({note})")),
                None => Cow::Borrowed(note),
            });
        }
        line
    }

    fn fill(&self, line: &mut Line<'a>, body: &'a Body, zone: Zone) {
        match body {
            Body::Tier { to, from } => {
                line.verb = "tier";
                line.to = some(self.tier(*to)).and_then(raw);
                line.from = from.and_then(|from| raw(self.tier(from)));
            }
            Body::Overridden { to, reason } => {
                line.verb = "override";
                line.to = raw(self.tier(*to));
                line.reason = some(reason).map(Cow::Borrowed);
            }
            Body::Enroll { sequence, enrollment, suppressed } => {
                line.verb = "enroll";
                line.sequence = Some(self.sequence(*sequence));
                line.enrollment = Some(*enrollment);
                line.status = suppressed.as_ref().map(|_| "suppressed");
                line.reason = suppressed.as_deref().map(Cow::Borrowed);
            }
            Body::Exit { sequence, enrollment, reason } => {
                line.verb = "exit";
                line.sequence = Some(self.sequence(*sequence));
                line.enrollment = Some(*enrollment);
                line.reason = some(reason).map(Cow::Borrowed);
            }
            Body::Touch(touch) => {
                line.verb = "touch";
                line.status = Some(touch.status.word());
                line.channel = Some(self.channel(touch.channel));
                carry(line, &touch.content);
                line.sequence = Some(self.sequence(touch.sequence));
                line.touch = Some(self.touch(touch.sequence, touch.touch));
                if let Some((id, variant)) = touch.experiment {
                    let experiment = self.rulebook.experiments.get(id.index());
                    line.experiment = experiment.map(|experiment| experiment.name.as_str());
                    let variant = experiment.and_then(|e| e.variants.get(usize::from(variant)));
                    line.variant = variant.map(|(template, _)| template.as_str());
                }
                line.enrollment = Some(touch.enrollment);
                line.id = Some(touch.id.to_string());
                line.due_by = touch.due_by.map(|by| rfc3339(by, touch.zone));
                line.reason = some(&touch.reason).map(Cow::Borrowed);
            }
            Body::Action(action) => {
                line.verb = "action";
                line.status = Some(action.status.word());
                line.channel = Some(self.channel(action.channel));
                carry(line, &action.content);
                line.id = Some(action.id.to_string());
                line.reason = some(&action.reason).map(Cow::Borrowed);
            }
            Body::Alert { to, text } => {
                line.verb = "alert";
                line.to = raw(person(*to));
                line.text = Some(text);
            }
            Body::Assign(owner) => {
                line.verb = "assign";
                line.to = raw(owner.as_deref().unwrap_or("manager"));
            }
            Body::Set { fact, value } => {
                line.verb = "set";
                line.field = self.rulebook.facts.get(fact.index()).map(|fact| fact.name.as_str());
                line.to = value_text(value, zone);
            }
            Body::Tag { tag, on } => {
                line.verb = "tag";
                line.tag = self.rulebook.tags.get(tag.index()).map(String::as_str);
                line.on = (!on).then_some(false);
            }
            Body::Hold(until) => {
                line.verb = "hold";
                line.until = until.map(|until| rfc3339(until, zone));
            }
            Body::Resume => line.verb = "resume",
            Body::Suppress { channel, until } => {
                line.verb = "suppress";
                line.channel = channel.map(|channel| self.channel(channel));
                line.until = until.map(|until| rfc3339(until, zone));
            }
            Body::Unsuppress(channel) => {
                line.verb = "unsuppress";
                line.channel = channel.map(|channel| self.channel(channel));
            }
            Body::Score { score, from, to, parts, said } => {
                line.text = some(said);
                line.parts = parts.iter().map(|part| self.part(part)).collect();
                line.verb = "score";
                line.score = self.rulebook.scores.get(score.index()).map(|score| score.name.as_str());
                line.from = raw(&rounded(*from));
                line.to = raw(&rounded(*to));
            }
            Body::Webhook { name, id } => {
                line.verb = "webhook";
                line.name = Some(name);
                line.id = Some(id.to_string());
            }
            Body::Muted(reason) => {
                line.verb = "muted";
                line.reason = some(reason).map(Cow::Borrowed);
            }
            Body::Fault(text) => {
                line.verb = "fault";
                line.text = Some(text);
            }
        }
    }

    /// The name and place of what decided: a rule's label and its arm, a sequence and its touch.
    fn cause(&self, decision: &Decision) -> (Option<&'a str>, Range) {
        if matches!(decision.cause, Cause::Rule(RuleId::PERSON | RuleId::CHANGE, _)) {
            return (None, Range::default());
        }
        let (name, range) = self.named_cause(decision.cause);
        (Some(name), range)
    }

    fn named_cause(&self, cause: Cause) -> (&'a str, Range) {
        match cause {
            Cause::Rule(id, arm) => self.rulebook.rules.get(id.index()).map_or(("", Range::default()), |rule| {
                let arms = rule.arms.len();
                let arm = rule.arms.get(usize::from(arm)).filter(|_| arms > 1);
                (rule.label.as_str(), arm.map_or(rule.range, |arm| arm.range))
            }),
            Cause::Sequence(id, touch) => {
                self.rulebook.sequences.get(id.index()).map_or(("", Range::default()), |sequence| {
                    let touch = touch.and_then(|touch| {
                        sequence.touches.get(usize::from(touch)).or(sequence.tail.as_ref().map(|(tail, _)| tail))
                    });
                    (sequence.name.as_str(), touch.map_or(sequence.range, |touch| touch.range))
                })
            }
            Cause::Score(id) => {
                self.rulebook.scores.get(id.index()).map_or(("", Range::default()), |s| (s.name.as_str(), s.range))
            }
        }
    }

    fn part(&self, part: &Part) -> PartLine<'a> {
        PartLine {
            event: part.event.map(|event| self.log.event_id(event)),
            points: part.points,
            age: part.age.in_words(),
            worth: rounded(part.worth),
        }
    }

    fn because(&self, numbers: &[EventNumber]) -> Vec<&'a str> {
        numbers.iter().map(|number| self.log.event_id(*number)).collect()
    }

    /// The name of a tier.
    #[must_use]
    pub fn tier(&self, id: TierId) -> &'a str {
        self.rulebook.tiers.get(id.index()).map_or("", |tier| tier.name.as_str())
    }

    /// The name of a sequence.
    #[must_use]
    pub fn sequence(&self, id: SequenceId) -> &'a str {
        self.rulebook.sequences.get(id.index()).map_or("", |sequence| sequence.name.as_str())
    }

    /// The name of a channel.
    #[must_use]
    pub fn channel(&self, id: ChannelId) -> &'a str {
        self.rulebook.channels.get(id.index()).map_or("", |channel| channel.name.as_str())
    }

    fn touch(&self, sequence: SequenceId, touch: u16) -> &'a str {
        self.rulebook.sequences.get(sequence.index()).map_or("", |sequence| {
            let tail = sequence.tail.as_ref().map(|(tail, _)| tail);
            sequence.touches.get(usize::from(touch)).or(tail).map_or("", |touch| touch.id.as_str())
        })
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
        Content::Template(template) => line.template = Some(template),
        Content::Text(text) => line.text = Some(text),
    }
}

/// Whom an alert is for, in the words of the language.
#[must_use]
pub fn person(person: Person) -> &'static str {
    person.word()
}

/// A score as it is shown: at most two decimals.
pub(crate) fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
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

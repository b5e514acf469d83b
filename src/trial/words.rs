//! Decisions in the words of a test, and moments as its clock shows them.

use crate::decision::names::Names;
use crate::decision::{Body, Cause, Decision, Reason, Status};
use crate::local::Zone;
use crate::log::Log;
use crate::rulebook::{ChannelId, Reach, RuleId, Rulebook, SequenceId};
use crate::source::Range;
use crate::timestamp::Timestamp;
use crate::units::Content;
use crate::value::Value;

/// What words need to know.
#[derive(Clone, Copy)]
pub(super) struct ExpectWords<'a> {
    pub rulebook: &'a Rulebook,
    pub log: &'a Log,
    pub zone: Zone,
}

impl<'a> ExpectWords<'a> {
    /// The names that lines have.
    pub fn names(&self) -> Names<'a> {
        Names { rulebook: self.rulebook, log: self.log }
    }

    /// `2026-03-05 10:00`
    pub fn moment(&self, at: Timestamp) -> String {
        self.zone.to_local(at).format("%Y-%m-%d %H:%M").to_string()
    }

    /// A decision as an `expect` line could say it, without when and by what; `None` for what no
    /// expectation speaks of.
    pub fn what(&self, decision: &Decision) -> Option<String> {
        let lead = self.log.lead_name(decision.lead);
        Some(match &decision.body {
            Body::Tier { to, .. } => {
                format!(
                    "{lead} becomes {}",
                    to.and_then(|to| self.rulebook.tiers.get(to)).map_or("", |tier| tier.name.as_str())
                )
            }
            Body::Enroll { sequence, .. } => format!("{lead} starts {}", self.sequence(*sequence)),
            Body::Exit { sequence, reason: Reason::Finished, .. } => {
                format!("{lead} finishes {}", self.sequence(*sequence))
            }
            Body::Exit { sequence, .. } => format!("{lead} exits {}", self.sequence(*sequence)),
            Body::Touch(_) | Body::Action(_) => {
                let (channel, content, _) = decision.body.message()?;
                format!("{} {} to {lead}", self.channel(channel), carried(content))
            }
            Body::Alert { to, text, .. } => format!("alert {} {} for {lead}", to.word(), quoted(text)),
            Body::Webhook { name, .. } => format!("webhook {name} for {lead}"),
            Body::Assign(Some(owner)) => format!("{lead} assign {}", quoted(owner)),
            Body::Assign(None) => format!("{lead} assign"),
            Body::Set { fact, value } => {
                let name = self.rulebook.facts.name(*fact);
                format!("{lead} set {name} = {}", self.value(value))
            }
            Body::Tag { tag, on } => {
                let name = self.rulebook.tags.name(*tag);
                format!("{lead} {} {name}", if *on { "tag" } else { "untag" })
            }
            Body::Hold(None) => format!("{lead} holds"),
            Body::Hold(Some(until)) => format!("{lead} holds until {}", self.moment(*until)),
            Body::Resume => format!("{lead} resumes"),
            Body::Suppress { reach, .. } => format!("{lead} suppressed{}", self.maybe(*reach)),
            Body::Bar { channel, .. } => format!("{lead} suppressed {}", self.channel(*channel)),
            Body::Unsuppress(reach) => format!("{lead} unsuppressed{}", self.maybe(*reach)),
            Body::Overridden { .. } | Body::Score { .. } | Body::Muted(_) | Body::Fault(_) => return None,
        })
    }

    /// The whole `expect` line for a decision.
    pub fn expect(&self, decision: &Decision) -> Option<String> {
        let what = self.what(decision)?;
        let status = match decision.body.message() {
            Some((_, _, status)) if status != Status::Sent => format!(" {}", status.word()),
            _ => String::new(),
        };
        Some(format!("expect {what}{status} at {} by {}", self.moment(decision.at), self.by(decision.cause)))
    }

    /// A decision as it is told beside a failure.
    pub fn told(&self, decision: &Decision) -> Option<String> {
        let status = match (&decision.body, decision.body.message()) {
            (_, Some((_, _, status))) => format!(" {}", status.word()),
            (Body::Enroll { suppressed: Some(_), .. }, _) => String::from(" suppressed"),
            _ => String::new(),
        };
        let why = if decision.body.reason() == Some(&Reason::Finished) { None } else { self.names().why(decision) };
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        let because: Vec<&str> = decision.because.iter().map(|number| self.log.event_id(*number)).collect();
        let because = if because.is_empty() { String::new() } else { format!(" [{}]", because.join(", ")) };
        let (at, by) = (self.moment(decision.at), self.by(decision.cause));
        Some(format!("{at} {}{status} by {by}{because}{why}", self.what(decision)?))
    }

    /// The name of what decided.
    pub fn by(&self, cause: Cause) -> &'a str {
        match cause {
            Cause::Rule(rule, _) => self.rule(rule),
            Cause::Sequence(sequence, _) => self.sequence(sequence),
            Cause::Score(score) => self.rulebook.scores.name(score),
            Cause::Person | Cause::Change => "",
        }
    }

    /// Where what decided stands.
    pub fn place(&self, cause: Cause) -> Option<Range> {
        match cause {
            Cause::Rule(rule, arm) => {
                let rule = self.rulebook.rules.get(rule)?;
                let arm = rule.arms.get(usize::from(arm)).filter(|_| rule.arms.len() > 1);
                Some(arm.map_or(rule.range, |arm| arm.range))
            }
            Cause::Sequence(sequence, touch) => {
                let sequence = self.rulebook.sequences.get(sequence)?;
                let tail = sequence.tail.as_ref().map(|(tail, _)| tail);
                let touch = touch.and_then(|touch| sequence.touches.get(usize::from(touch)).or(tail));
                Some(touch.map_or(sequence.range, |touch| touch.range))
            }
            Cause::Score(score) => self.rulebook.scores.get(score).map(|score| score.range),
            Cause::Person | Cause::Change => None,
        }
    }

    pub fn rule(&self, rule: RuleId) -> &'a str {
        self.rulebook.rules.name(rule)
    }

    pub fn sequence(&self, sequence: SequenceId) -> &'a str {
        self.rulebook.sequences.name(sequence)
    }

    pub fn channel(&self, channel: ChannelId) -> &'a str {
        self.rulebook.channels.name(channel)
    }

    fn maybe(&self, reach: Option<Reach>) -> String {
        reach.map(|reach| format!(" {}", reach.name(self.rulebook))).unwrap_or_default()
    }

    /// A value as it is written in a rulebook.
    pub fn value(&self, value: &Value) -> String {
        match value {
            Value::Missing => String::from("empty"),
            Value::Bool(truth) => truth.to_string(),
            Value::Number(number) => number.to_string(),
            Value::Text(text) => quoted(text),
            Value::Time(at) => self.moment(Timestamp(*at)),
            Value::Date(days) => date(*days),
            Value::Length(micros) => format!("{}s", micros / 1_000_000),
            Value::List(items) => {
                format!("[{}]", items.iter().map(|item| self.value(item)).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// A day as it is written.
pub(super) fn date(days: i32) -> String {
    let date = chrono::NaiveDate::default().checked_add_signed(chrono::TimeDelta::days(i64::from(days)));
    date.map_or_else(|| days.to_string(), |date| date.to_string())
}

/// What a message carries, as it is written.
pub(super) fn carried(content: &Content) -> String {
    match content {
        Content::Template(name) => name.clone(),
        Content::Text(text) => quoted(text),
    }
}

/// A text in quotes as the language reads it.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

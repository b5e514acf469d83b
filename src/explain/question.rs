//! What can be asked about: a rule, a tier, a sequence, a message, an alert.

use crate::decision::{Body, Cause, Decision, Status};
use crate::rulebook::{ChannelId, EffectKind, Person, RuleId, Rulebook, SequenceId, TierId};
use crate::units::Content;
use crate::words::nearest;

/// Something that may not have happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// A rule acts.
    Rule(RuleId),
    /// The lead moves to a tier.
    Becomes(TierId),
    /// The lead enters a sequence.
    Enrolled(SequenceId),
    /// A message goes out on a channel: a template or a text, or any.
    Message(ChannelId, Option<String>),
    /// A person is told.
    Alert(Option<Person>),
    /// A receiver is called.
    Webhook(String),
}

/// A question about something the rulebook does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownQuestion {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl Question {
    /// The rule or sequence of a name, as the timeline shows it.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn rule(name: &str, rulebook: &Rulebook) -> Result<Self, UnknownQuestion> {
        if let Some(id) = rulebook.rules.iter().position(|rule| rule.label == name) {
            return Ok(Self::Rule(RuleId(id as u16)));
        }
        if let Some(id) = rulebook.sequences.iter().position(|sequence| sequence.name == name) {
            return Ok(Self::Enrolled(SequenceId(id as u16)));
        }
        let names = rulebook.rules.iter().map(|rule| rule.label.as_str());
        let names = names.chain(rulebook.sequences.iter().map(|sequence| sequence.name.as_str()));
        let help = near(name, names).unwrap_or_else(|| String::from("`ensue dry-run` prints the rule of each line"));
        Err(UnknownQuestion { message: format!("there is no rule or sequence `{name}`"), help })
    }

    /// A question in words: `email recap`, `becomes hot`, `sequence hot_leads`, `alert owner`,
    /// `webhook crm`, or a rule's name.
    ///
    /// # Errors
    /// The words name nothing the rulebook has.
    pub fn parse(text: &str, rulebook: &Rulebook) -> Result<Self, UnknownQuestion> {
        let (first, rest) = text.trim().split_once(char::is_whitespace).unwrap_or((text.trim(), ""));
        let rest = rest.trim().trim_matches('"');
        match first {
            "becomes" | "tier" => return Self::becomes(rest, rulebook),
            "sequence" | "enrolled" | "start" => return Self::enrolled(rest, rulebook),
            "rule" => return Self::rule(rest, rulebook),
            "webhook" => return Ok(Self::Webhook(rest.to_owned())),
            "alert" => {
                let known = [("", None), ("owner", Some(Person::Owner)), ("manager", Some(Person::Manager))];
                let person = known.into_iter().find(|(name, _)| *name == rest).map(|(_, person)| Self::Alert(person));
                return person.ok_or_else(|| UnknownQuestion {
                    message: format!("an alert is for `owner` or `manager`, not for `{rest}`"),
                    help: String::from("ask for `alert owner`, `alert manager`, or any `alert`"),
                });
            }
            _ => {}
        }
        if let Some(channel) = rulebook.channels.iter().position(|channel| channel.name == first) {
            return Self::message(ChannelId(channel as u8), first, rest, rulebook);
        }
        if rest.is_empty() {
            let tier = rulebook.tiers.iter().position(|tier| tier.name == first);
            return tier.map_or_else(|| Self::rule(first, rulebook), |tier| Ok(Self::Becomes(TierId(tier as u8))));
        }
        let channels: Vec<&str> = rulebook.channels.iter().map(|channel| channel.name.as_str()).collect();
        let help = near(first, channels.iter().copied()).unwrap_or_else(|| {
            String::from("ask for `email recap`, `becomes hot`, `sequence hot_leads`, `alert owner`, or a rule's name")
        });
        Err(UnknownQuestion { message: format!("there is no channel `{first}`"), help })
    }

    fn becomes(name: &str, rulebook: &Rulebook) -> Result<Self, UnknownQuestion> {
        let tier = rulebook.tiers.iter().position(|tier| tier.name == name);
        tier.map(|tier| Self::Becomes(TierId(tier as u8))).ok_or_else(|| UnknownQuestion {
            message: format!("there is no tier `{name}`"),
            help: one_of(name, rulebook.tiers.iter().map(|tier| tier.name.as_str())),
        })
    }

    fn enrolled(name: &str, rulebook: &Rulebook) -> Result<Self, UnknownQuestion> {
        let sequence = rulebook.sequences.iter().position(|sequence| sequence.name == name);
        sequence.map(|sequence| Self::Enrolled(SequenceId(sequence as u16))).ok_or_else(|| UnknownQuestion {
            message: format!("there is no sequence `{name}`"),
            help: one_of(name, rulebook.sequences.iter().map(|sequence| sequence.name.as_str())),
        })
    }

    /// A message that some rule or touch can send.
    fn message(id: ChannelId, channel: &str, rest: &str, rulebook: &Rulebook) -> Result<Self, UnknownQuestion> {
        if rest.is_empty() {
            return Ok(Self::Message(id, None));
        }
        let sent = sent_on(id, rulebook);
        if sent.contains(&rest) {
            return Ok(Self::Message(id, Some(rest.to_owned())));
        }
        let message = format!("no rule and no touch sends `{channel} {rest}`");
        Err(UnknownQuestion { message, help: one_of(rest, sent.into_iter()) })
    }

    /// In the words it is asked in.
    #[must_use]
    pub fn words(&self, rulebook: &Rulebook) -> String {
        let channel = |id: &ChannelId| rulebook.channels.get(id.index()).map_or("", |channel| channel.name.as_str());
        match self {
            Self::Rule(id) => {
                format!("rule {}", rulebook.rules.get(id.index()).map_or("", |rule| rule.label.as_str()))
            }
            Self::Becomes(id) => {
                format!("becomes {}", rulebook.tiers.get(id.index()).map_or("", |tier| tier.name.as_str()))
            }
            Self::Enrolled(id) => {
                format!("sequence {}", rulebook.sequences.get(id.index()).map_or("", |s| s.name.as_str()))
            }
            Self::Message(id, None) => channel(id).to_owned(),
            Self::Message(id, Some(content)) => format!("{} {content}", channel(id)),
            Self::Alert(None) => String::from("alert"),
            Self::Alert(Some(Person::Owner)) => String::from("alert owner"),
            Self::Alert(Some(Person::Manager)) => String::from("alert manager"),
            Self::Webhook(name) => format!("webhook {name}"),
        }
    }

    /// Whether a decision is about it, and then whether it happened by it.
    pub(super) fn answered_by(&self, decision: &Decision, rulebook: &Rulebook) -> Option<bool> {
        match (self, &decision.body) {
            (Self::Rule(id), body) => match decision.cause {
                Cause::Rule(rule, _) if rule == *id => Some(!matches!(body, Body::Muted(_) | Body::Overridden { .. })),
                _ => None,
            },
            // A rule that was kept from acting would have brought it.
            (_, Body::Muted(_)) => {
                let Cause::Rule(rule, arm) = decision.cause else { return None };
                let arm = rulebook.rules.get(rule.index())?.arms.get(usize::from(arm))?;
                arm.effects.iter().any(|effect| self.wanted_by(&effect.kind)).then_some(false)
            }
            (Self::Becomes(tier), Body::Tier { to, .. }) if to == tier => Some(true),
            (Self::Becomes(tier), Body::Overridden { to, .. }) if to == tier => Some(false),
            (Self::Enrolled(id), Body::Enroll { sequence, suppressed, .. }) if sequence == id => {
                Some(suppressed.is_none())
            }
            (Self::Message(channel, content), Body::Touch(line)) => {
                let wanted = |other: &Content| content.as_deref().is_none_or(|content| carries(other, content));
                let sequence = rulebook.sequences.get(line.sequence.index())?;
                let touch = sequence.touches.get(usize::from(line.touch)).or(sequence.tail.as_ref().map(|(t, _)| t))?;
                let planned = touch.choices.iter().any(|(other, content)| other == channel && wanted(content));
                let sent = line.status == Status::Sent;
                let fits = if sent { line.channel == *channel && (planned || wanted(&line.content)) } else { planned };
                fits.then_some(sent)
            }
            (Self::Message(channel, content), Body::Action(line)) => {
                let wanted = content.as_deref().is_none_or(|content| carries(&line.content, content));
                (line.channel == *channel && wanted).then_some(line.status == Status::Sent)
            }
            (Self::Alert(person), Body::Alert { to, .. }) => person.is_none_or(|person| person == *to).then_some(true),
            (Self::Webhook(name), Body::Webhook { name: other, .. }) => (**other == **name).then_some(true),
            _ => None,
        }
    }

    /// Whether an effect of a rule can bring it.
    pub(super) fn wanted_by(&self, effect: &EffectKind) -> bool {
        match (self, effect) {
            (Self::Becomes(tier), EffectKind::Tier(to)) => tier == to,
            (Self::Enrolled(id), EffectKind::Start(sequence)) => id == sequence,
            (Self::Message(wanted, text), EffectKind::Send { channel, content, .. }) => {
                wanted == channel && text.as_deref().is_none_or(|text| carries(content, text))
            }
            (Self::Alert(person), EffectKind::Alert { to, .. } | EffectKind::Escalate { to, .. }) => {
                person.is_none_or(|person| person == *to)
            }
            (Self::Webhook(name), EffectKind::Webhook(other)) => name == other,
            _ => false,
        }
    }
}

/// Whether a message is the one of a name or a text.
pub(super) fn carries(content: &Content, name: &str) -> bool {
    match content {
        Content::Template(text) | Content::Text(text) => text == name,
    }
}

/// Everything that is sent on a channel.
fn sent_on(id: ChannelId, rulebook: &Rulebook) -> Vec<&str> {
    let by_rules = rulebook.rules.iter().flat_map(|rule| &rule.arms).flat_map(|arm| &arm.effects);
    let by_rules = by_rules.filter_map(|effect| match &effect.kind {
        EffectKind::Send { channel, content, .. } => Some((*channel, content)),
        _ => None,
    });
    let touches = rulebook.sequences.iter().flat_map(|s| s.touches.iter().chain(s.tail.iter().map(|(tail, _)| tail)));
    let by_touches = touches.flat_map(|touch| &touch.choices).map(|(channel, content)| (*channel, content));
    let all = by_rules.chain(by_touches).filter(|(channel, _)| *channel == id);
    let mut names: Vec<&str> = all
        .map(|(_, content)| match content {
            Content::Template(text) | Content::Text(text) => text.as_str(),
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn near<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    nearest(name, names).map(|near| format!("did you mean `{near}`?"))
}

fn one_of<'a>(name: &str, names: impl Iterator<Item = &'a str> + Clone) -> String {
    near(name, names.clone()).unwrap_or_else(|| match names.collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => String::from("there are none"),
        names => format!("there are: {names}"),
    })
}

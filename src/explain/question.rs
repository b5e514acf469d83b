//! Patterns in the words people ask in: a rule, a tier, a sequence, a message, an alert.

use std::collections::BTreeMap;

use crate::rulebook::{ChannelId, EffectKind, Experiment, Pattern, Person, Rulebook};
use crate::units::Content;
use crate::words::nearest;

/// A question about something the rulebook does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownQuestion {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl Pattern {
    /// The rule or sequence of a name, as the timeline shows it.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn rule(name: &str, rulebook: &Rulebook) -> Result<Self, UnknownQuestion> {
        if let Some(id) = rulebook.rules.find(name) {
            return Ok(Self::Rule(id));
        }
        if let Some(id) = rulebook.sequences.find(name) {
            return Ok(Self::Starts(id));
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
            "webhook" => return Ok(Self::Webhook(Some(rest.to_owned()))),
            "alert" => {
                let known = [("", None), ("owner", Some(Person::Owner)), ("manager", Some(Person::Manager))];
                let person =
                    known.into_iter().find(|(name, _)| *name == rest).map(|(_, to)| Self::Alert { to, text: None });
                return person.ok_or_else(|| UnknownQuestion {
                    message: format!("an alert is for `owner` or `manager`, not for `{rest}`"),
                    help: String::from("ask for `alert owner`, `alert manager`, or any `alert`"),
                });
            }
            _ => {}
        }
        if let Some(channel) = rulebook.channels.find(first) {
            return Self::message(channel, first, rest, rulebook);
        }
        if rest.is_empty() {
            let tier = rulebook.tiers.find(first);
            return tier.map_or_else(|| Self::rule(first, rulebook), |tier| Ok(Self::Tier(tier)));
        }
        let channels: Vec<&str> = rulebook.channels.iter().map(|channel| channel.name.as_str()).collect();
        let help = near(first, channels.iter().copied()).unwrap_or_else(|| {
            String::from("ask for `email recap`, `becomes hot`, `sequence hot_leads`, `alert owner`, or a rule's name")
        });
        Err(UnknownQuestion { message: format!("there is no channel `{first}`"), help })
    }

    fn becomes(name: &str, rulebook: &Rulebook) -> Result<Self, UnknownQuestion> {
        rulebook.tiers.find(name).map(Self::Tier).ok_or_else(|| UnknownQuestion {
            message: format!("there is no tier `{name}`"),
            help: one_of(name, rulebook.tiers.iter().map(|tier| tier.name.as_str())),
        })
    }

    fn enrolled(name: &str, rulebook: &Rulebook) -> Result<Self, UnknownQuestion> {
        rulebook.sequences.find(name).map(Self::Starts).ok_or_else(|| UnknownQuestion {
            message: format!("there is no sequence `{name}`"),
            help: one_of(name, rulebook.sequences.iter().map(|sequence| sequence.name.as_str())),
        })
    }

    /// A message that some rule or touch can send.
    fn message(id: ChannelId, channel: &str, rest: &str, rulebook: &Rulebook) -> Result<Self, UnknownQuestion> {
        if rest.is_empty() {
            return Ok(Self::Send { channel: id, content: None });
        }
        let sent = sent_on(id, rulebook);
        if let Some(content) = sent.get(rest) {
            return Ok(Self::Send { channel: id, content: Some((*content).clone()) });
        }
        let message = format!("no rule and no touch sends `{channel} {rest}`");
        Err(UnknownQuestion { message, help: one_of(rest, sent.keys().copied()) })
    }

    /// In the words it is asked in; empty for what cannot be asked for.
    #[must_use]
    pub fn words(&self, rulebook: &Rulebook) -> String {
        let channel = |id: &ChannelId| rulebook.channels.name(*id);
        match self {
            Self::Rule(id) => {
                format!("rule {}", rulebook.rules.name(*id))
            }
            Self::Tier(id) => {
                format!("becomes {}", rulebook.tiers.name(*id))
            }
            Self::Starts(id) => {
                format!("sequence {}", rulebook.sequences.name(*id))
            }
            Self::Send { channel: on, content: None } => channel(on).to_owned(),
            Self::Send { channel: on, content: Some(Content::Template(name) | Content::Text(name)) } => {
                format!("{} {name}", channel(on))
            }
            Self::Alert { to: None, .. } => String::from("alert"),
            Self::Alert { to: Some(Person::Owner), .. } => String::from("alert owner"),
            Self::Alert { to: Some(Person::Manager), .. } => String::from("alert manager"),
            Self::Webhook(name) => format!("webhook {}", name.as_deref().unwrap_or_default()),
            Self::Exits(_)
            | Self::Finishes(_)
            | Self::Holds(_)
            | Self::Resumes
            | Self::Suppressed(_)
            | Self::Unsuppressed(_)
            | Self::Tag { .. }
            | Self::Set(..)
            | Self::Assign(_)
            | Self::Touch(_) => String::new(),
        }
    }
}

/// Everything that is sent on a channel, by its name or its text.
fn sent_on(id: ChannelId, rulebook: &Rulebook) -> BTreeMap<&str, &Content> {
    let by_rules = rulebook.rules.iter().flat_map(|rule| &rule.arms).flat_map(|arm| &arm.effects);
    let by_rules = by_rules.filter_map(|effect| match &effect.kind {
        EffectKind::Send { channel, content, .. } => Some((*channel, content)),
        _ => None,
    });
    let touches = rulebook.sequences.iter().flat_map(|s| s.touches.iter().chain(s.tail.iter().map(|(tail, _)| tail)));
    let touches = touches.chain(rulebook.experiments.iter().flat_map(Experiment::touches));
    let by_touches = touches.flat_map(|touch| &touch.choices).map(|(channel, content)| (*channel, content));
    let all = by_rules.chain(by_touches).filter(|(channel, _)| *channel == id);
    all.map(|(_, content)| match content {
        Content::Template(text) | Content::Text(text) => (text.as_str(), content),
    })
    .collect()
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

//! The configuration next to the rulebook: names that the rulebook does not have, and what would go
//! nowhere.

use std::collections::BTreeSet;

use super::entries::unknown;
use super::{Config, Destination};
use crate::rulebook::{EffectKind, Rulebook};
use crate::yaml::Mistake;

impl Config {
    /// Channels and webhooks of the route that the rulebook does not have, in the order of the file.
    #[must_use]
    pub fn unknown_names(&self, rulebook: &Rulebook) -> Vec<Mistake> {
        let channels: Vec<String> = rulebook.channels.iter().map(|channel| channel.name.clone()).collect();
        let mut webhooks: Vec<String> = webhooks(rulebook).map(str::to_owned).collect();
        webhooks.sort();
        webhooks.dedup();
        let mut found = Vec::new();
        for name in self.route.channels.keys().filter(|name| !channels.contains(name)) {
            let message = format!("the rulebook has no channel `{name}`");
            found.push(unknown(self.key("channels", name), message, name, &channels, ""));
        }
        for name in self.route.webhooks.keys().filter(|name| !webhooks.contains(name)) {
            let message = format!("no rule says `webhook {name}`");
            found.push(unknown(self.key("webhooks", name), message, name, &webhooks, "take the line out"));
        }
        found.sort_by_key(|mistake| (mistake.range_start, mistake.range_end));
        found
    }

    /// What the rulebook can decide to hand over that goes to no sink, in order.
    #[must_use]
    pub fn unrouted<'r>(&self, rulebook: &'r Rulebook) -> Vec<Destination<'r>> {
        destinations(rulebook).into_iter().filter(|destination| self.sink_for(*destination).is_none()).collect()
    }

    /// Where a key of a part of the route stands.
    fn key(&self, part: &str, name: &str) -> std::ops::Range<usize> {
        let root = crate::yaml::read(&self.source.text, &super::read::DIALECT).ok();
        let entry = |node: &crate::yaml::Node, key: &str| {
            node.entries().unwrap_or_default().iter().find(|entry| entry.key == key).cloned()
        };
        root.and_then(|root| entry(&root, "route"))
            .and_then(|route| entry(&route.value, part))
            .and_then(|part| entry(&part.value, name))
            .map_or(0..0, |entry| entry.range)
    }
}

/// What the rulebook can decide to hand over.
fn destinations(rulebook: &Rulebook) -> BTreeSet<Destination<'_>> {
    let channel = |id: crate::rulebook::ChannelId| {
        rulebook.channels.get(id.index()).map(|channel| Destination::Channel(&channel.name))
    };
    let mut found: BTreeSet<_> = webhooks(rulebook).map(Destination::Webhook).collect();
    for effect in rulebook.rules.iter().flat_map(|rule| &rule.arms).flat_map(|arm| &arm.effects) {
        match &effect.kind {
            EffectKind::Send { channel: id, .. } => found.extend(channel(*id)),
            EffectKind::Alert { .. } | EffectKind::Escalate { .. } => {
                found.insert(Destination::Alert);
            }
            _ => {}
        }
    }
    for sequence in &rulebook.sequences {
        let tail = sequence.tail.as_ref().map(|(touch, _)| touch);
        let choices = sequence.touches.iter().chain(tail).flat_map(|touch| &touch.choices);
        found.extend(choices.filter_map(|(id, _)| channel(*id)));
    }
    found
}

fn webhooks(rulebook: &Rulebook) -> impl Iterator<Item = &str> {
    let effects = rulebook.rules.iter().flat_map(|rule| &rule.arms).flat_map(|arm| &arm.effects);
    effects.filter_map(|effect| match &effect.kind {
        EffectKind::Webhook(name) => Some(name.as_str()),
        _ => None,
    })
}

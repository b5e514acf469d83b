//! The configuration next to the rulebook: names that the rulebook does not have.

use super::Config;
use super::entries::unknown;
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

    /// Where a key of a part of the route stands.
    fn key(&self, part: &str, name: &str) -> std::ops::Range<usize> {
        let root = crate::yaml::read(&self.text, &super::read::DIALECT).ok();
        let entry = |node: &crate::yaml::YamlNode, key: &str| {
            node.entries().unwrap_or_default().iter().find(|entry| entry.key == key).cloned()
        };
        root.and_then(|root| entry(&root, "route"))
            .and_then(|route| entry(&route.value, part))
            .and_then(|part| entry(&part.value, name))
            .map_or(0..0, |entry| entry.range)
    }
}

fn webhooks(rulebook: &Rulebook) -> impl Iterator<Item = &str> {
    let effects = rulebook.rules.iter().flat_map(|rule| &rule.arms).flat_map(|arm| &arm.effects);
    effects.filter_map(|effect| match &effect.kind {
        EffectKind::Webhook(name) => Some(name.as_str()),
        _ => None,
    })
}

//! The entries of one part of `ensue.yaml`, taken by name, and the mistakes found on the way.

use std::ops::{Range, RangeInclusive};

use crate::timestamp::Span;
use crate::words::{listed, nearest};
use crate::yaml::{Mistake, YamlEntry, YamlNode};

/// The mistakes found so far. No message quotes a value, which may be a secret.
#[derive(Default)]
pub(super) struct Found {
    pub mistakes: Vec<Mistake>,
}

/// The entries of a part, each key once.
pub(super) struct Part<'n> {
    entries: Vec<&'n YamlEntry>,
}

impl<'n> Part<'n> {
    /// The entry of a key.
    pub fn entry(&self, key: &str) -> Option<&'n YamlEntry> {
        self.entries.iter().copied().find(|entry| entry.key == key)
    }

    /// The entries in order.
    pub fn iter(&self) -> impl Iterator<Item = &'n YamlEntry> {
        self.entries.iter().copied()
    }
}

impl Found {
    pub fn report(&mut self, range: Range<usize>, message: impl Into<String>, help: &str) {
        self.mistakes.push(Mistake::new(range, message, help));
    }

    /// Reports a name that is not among those there are, with the near one, else with all of them.
    pub fn unknown(&mut self, range: Range<usize>, message: String, name: &str, names: &[String], none: &str) {
        self.mistakes.push(unknown(range, message, name, names, none));
    }

    /// The entries of a part whose keys are names the author gives; none where nothing is written.
    pub fn names<'n>(&mut self, range: &Range<usize>, node: &'n YamlNode, what: &str, example: &str) -> Part<'n> {
        let mut entries: Vec<&YamlEntry> = Vec::new();
        match node {
            YamlNode::Map(map) => {
                for entry in map {
                    if entries.iter().any(|earlier| earlier.key == entry.key) {
                        let message = format!("`{}` is given twice", entry.key);
                        self.report(entry.range.clone(), message, "keep one of the two");
                    } else {
                        entries.push(entry);
                    }
                }
            }
            YamlNode::Nothing => {}
            _ => self.report(range.clone(), format!("{what} needs entries"), example),
        }
        Part { entries }
    }

    /// The entries of a part that may have these keys; the others are reported and left out.
    pub fn part<'n>(
        &mut self,
        range: &Range<usize>,
        node: &'n YamlNode,
        what: &str,
        keys: &[&str],
        example: &str,
    ) -> Part<'n> {
        let mut part = self.names(range, node, what, example);
        part.entries.retain(|entry| {
            let known = keys.contains(&entry.key.as_str());
            if !known {
                let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
                let message = format!("{what} has no `{}`", entry.key);
                let mut mistake = unknown(entry.range.clone(), message, &entry.key, &keys, "");
                mistake.help = mistake.help.map(|help| help.replace("there are", "it has"));
                self.mistakes.push(mistake);
            }
            known
        });
        part
    }

    /// A text.
    pub fn text<'n>(&mut self, entry: &'n YamlEntry, example: &str) -> Option<&'n str> {
        let text = entry.value.text();
        if text.is_none() {
            self.not_text(&entry.key, &entry.value, entry.value_range(), example);
        }
        text
    }

    pub fn not_text(&mut self, key: &str, value: &YamlNode, range: Range<usize>, example: &str) {
        if let YamlNode::Plain(_) = value {
            let message = format!("`{key}` is not a text: it reads as a number or a truth value");
            self.report(range, message, "put it in quotes");
            return;
        }
        let message = match value {
            YamlNode::Nothing | YamlNode::Text(_) => format!("`{key}` says nothing"),
            _ => format!("`{key}` is not a text"),
        };
        self.report(range, message, &format!("write it as `{example}`"));
    }

    /// A whole number within bounds.
    pub fn number(&mut self, entry: &YamlEntry, bounds: RangeInclusive<u32>) -> Option<u32> {
        let number = match &entry.value {
            YamlNode::Plain(value) => value.parse().ok().filter(|number| bounds.contains(number)),
            _ => None,
        };
        if number.is_none() {
            let message = format!("`{}` is a whole number from {} to {}", entry.key, bounds.start(), bounds.end());
            let help = format!("write it as `{}: {}`", entry.key, bounds.start().max(&5));
            self.report(entry.value_range(), message, &help);
        }
        number
    }

    /// A truth value.
    pub fn truth(&mut self, entry: &YamlEntry) -> Option<bool> {
        match &entry.value {
            YamlNode::Plain(value) if value == "true" => Some(true),
            YamlNode::Plain(value) if value == "false" => Some(false),
            _ => {
                self.report(entry.value_range(), format!("`{}` is `true` or `false`", entry.key), "");
                None
            }
        }
    }

    /// A length of time up to the longest.
    pub fn length(&mut self, entry: &YamlEntry, longest: Span) -> Option<Span> {
        let span = entry.value.text().and_then(span);
        match span {
            Some(span) if span > longest => {
                let message = format!("`{}` is longer than it may be", entry.key);
                self.report(entry.value_range(), message, &format!("it may be {} at most", longest.in_words()));
                None
            }
            Some(span) if span == Span::ZERO => {
                let message = format!("`{}` is no time at all", entry.key);
                self.report(entry.value_range(), message, "the shortest is `1s`");
                None
            }
            Some(span) => Some(span),
            None => {
                let message = format!("`{}` is not a length of time", entry.key);
                self.report(entry.value_range(), message, "write it as `30s`, `5m`, `2h` or `1d`");
                None
            }
        }
    }
}

/// What is said of a name that is not among those there are.
pub(super) fn unknown(range: Range<usize>, message: String, name: &str, names: &[String], none: &str) -> Mistake {
    let help = match nearest(name, names) {
        Some(near) => format!("did you mean `{near}`?"),
        None if names.is_empty() => none.to_owned(),
        None => format!("there are {}", listed(names)),
    };
    Mistake::new(range, message, &help)
}

/// `30s`, `5m`, `2h`, `1d`; a day is 24 hours.
fn span(text: &str) -> Option<Span> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    let amount: u32 = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()?;
    Some(Span::seconds(i64::from(amount) * seconds))
}

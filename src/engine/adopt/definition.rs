//! What a rule, a sequence or a score says, as a text that is the same in two rulebooks exactly
//! where it means the same: names stand for indices, and places in files are left out.

use std::fmt::Write as _;

use crate::rulebook::{Experiment, Rule, Rulebook, Score, Sequence, SequenceId, SetId, Touch};
use crate::source::Range;

/// Definitions of one rulebook.
pub(super) struct Definitions<'a> {
    rulebook: &'a Rulebook,
    /// Sequences that another rulebook calls by another name.
    renamed: Vec<Option<&'a str>>,
}

impl<'a> Definitions<'a> {
    /// `renamed` gives each sequence the name the other rulebook has for it.
    pub fn new(rulebook: &'a Rulebook, renamed: Vec<Option<&'a str>>) -> Self {
        Self { rulebook, renamed }
    }

    /// What a rule says, but for its label and its `why`.
    pub fn rule(&self, rule: &Rule) -> String {
        let mut rule = Rule { label: String::new(), range: Range::default(), why: None, ..rule.clone() };
        for arm in &mut rule.arms {
            (arm.range, arm.why) = (Range::default(), None);
        }
        self.resolved(&format!("{rule:?}"))
    }

    /// What a sequence says, but for what it was called.
    pub fn sequence(&self, id: SequenceId, sequence: &Sequence) -> String {
        let plain = |touch: &Touch| Touch { renamed_from: None, condition_text: String::new(), ..touch.clone() };
        let sequence = Sequence {
            name: String::new(),
            renamed_from: None,
            touches: sequence.touches.iter().map(plain).collect(),
            tail: sequence.tail.as_ref().map(|(touch, times)| (plain(touch), *times)),
            ..sequence.clone()
        };
        let here = |experiment: &&Experiment| experiment.sequence == id;
        let experiments: Vec<&Experiment> = self.rulebook.experiments.iter().filter(here).collect();
        self.resolved(&format!("{sequence:?} {experiments:?}"))
    }

    /// What a score says.
    pub fn score(&self, score: &Score) -> String {
        self.resolved(&format!("{score:?}"))
    }

    /// What a set of events is.
    pub fn set(&self, id: SetId) -> String {
        let alternatives = self.rulebook.sets.get(id.index()).map(|set| &set.alternatives);
        self.resolved(&format!("{alternatives:?}"))
    }

    /// A debug text without places in files, and with names in place of indices.
    fn resolved(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find("Id(") {
            let (before, found) = rest.split_at(at);
            let (start, inner) = found.split_at(3);
            out.push_str(before);
            let index = inner.split_once(')').and_then(|(digits, after)| Some((digits.parse().ok()?, after)));
            let Some((index, after)) = index else {
                // An author's own text.
                out.push_str(start);
                rest = inner;
                continue;
            };
            let word = out.len() - out.chars().rev().take_while(char::is_ascii_alphabetic).count();
            let kind = out.split_off(word);
            self.write_named(&kind, index, &mut out);
            rest = after;
            if kind == "Source" {
                // The rest of a place in a file.
                rest = after.split_once('}').map_or("", |(_, rest)| rest);
            }
        }
        out.push_str(rest);
        out
    }

    fn write_named(&self, kind: &str, index: usize, out: &mut String) {
        let book = self.rulebook;
        let name = match kind {
            "Source" => Some(""),
            "Type" => book.types.get(index).map(|ty| ty.name.as_str()),
            "Prop" => book.props.get(index).map(String::as_str),
            "Fact" => book.facts.get(index).map(|fact| fact.name.as_str()),
            "Tier" => book.tiers.get(index).map(|tier| tier.name.as_str()),
            "Channel" => book.channels.get(index).map(|channel| channel.name.as_str()),
            "Sequence" => {
                let own = book.sequences.get(index).map(|sequence| sequence.name.as_str());
                self.renamed.get(index).copied().flatten().or(own)
            }
            "Score" => book.scores.get(index).map(|score| score.name.as_str()),
            "Tag" => book.tags.get(index).map(String::as_str),
            "Script" => book.scripts.get(index).map(|script| book.sources.text(script.range)),
            "Set" => {
                out.push_str(&self.set(SetId(index as u16)));
                return;
            }
            _ => None,
        };
        match name {
            Some(name) => {
                let _ = write!(out, "{kind} {name:?}");
            }
            None => {
                let _ = write!(out, "{kind} {index}");
            }
        }
    }
}

//! Experiments: the touch, its variants with their shares, and the goal.

use std::collections::BTreeMap;

use super::checker::Checker;
use crate::decimal::Decimal;
use crate::diagnostic::Diagnostic;
use crate::rulebook::{ChannelId, Experiment, SequenceId, Touch};
use crate::slug::Slug;
use crate::source::Range;
use crate::syntax::tree::{At, ExperimentDecl, Name};
use crate::units::Content;
use crate::words::{listed, nearest};

impl Checker<'_> {
    /// Resolves every experiment.
    pub fn check_experiments(&mut self) {
        let experiments: Vec<&ExperimentDecl> = self.declared.experiments.iter().map(|entry| entry.item).collect();
        let mut on = BTreeMap::new();
        for declared in experiments {
            let experiment = self.experiment(declared, &mut on);
            self.resolved.experiments.extend(experiment);
        }
    }

    fn experiment(
        &mut self,
        declared: &ExperimentDecl,
        on: &mut BTreeMap<(SequenceId, u16), Range>,
    ) -> Option<Experiment> {
        let place = self.sequence(&declared.sequence).and_then(|sequence| {
            let (touch, channel) = self.experiment_touch(sequence, &declared.touch)?;
            Some((sequence, touch, channel))
        });
        self.variants(declared, place.and_then(|(.., channel)| channel));
        let goal = declared.goal.as_ref().map(|(event, within)| {
            let event = self.occurrence(event);
            let within = self.measured(within, "the time to reach a goal in");
            Some((event?.set, within?))
        });
        let (sequence, touch, _) = place?;
        let range = declared.sequence.range.to(declared.touch.range);
        if let Some(first) = on.insert((sequence, touch), range) {
            let message = format!("`{}` has two experiments", self.text(range));
            let found = Diagnostic::new(Slug::DuplicateExperiment, range, message).label("a second one");
            let found = found.other(first, "the first one");
            self.report(found.help("a touch can be in one experiment; put all variants into one"));
            return None;
        }
        Some(Experiment {
            name: declared.name.node.clone(),
            sequence,
            touch,
            variants: declared.variants.iter().map(|(name, percent)| (name.node.clone(), percent.node)).collect(),
            goal: super::rule::all_or_none(goal)?,
            range: declared.name.range,
        })
    }

    /// The index of a touch of a sequence, and its first channel.
    fn experiment_touch(&mut self, sequence: SequenceId, name: &Name) -> Option<(u16, Option<ChannelId>)> {
        let found = self.resolved.sequences.get(sequence)?;
        let touches: Vec<&Touch> = found.touches.iter().chain(found.tail.as_ref().map(|(touch, _)| touch)).collect();
        if let Some(at) = touches.iter().position(|touch| touch.id == name.node) {
            let channel = touches.get(at).and_then(|touch| touch.choices.first()).map(|(channel, _)| *channel);
            self.refer_touch(sequence, &name.node, name.range);
            return Some((at as u16, channel));
        }
        let declared = self.declared.sequences.at(sequence.index())?.item;
        let complete = touches.len() == declared.touches.len() + usize::from(declared.tail.is_some());
        // A touch that is left out for a mistake may be the one meant.
        if complete && !self.broken.contains(&found.name) {
            let ids: Vec<String> = touches.iter().map(|touch| touch.id.clone()).collect();
            let help = match nearest(&name.node, &ids) {
                Some(near) => format!("did you mean `{near}`?"),
                None if ids.is_empty() => "the sequence has no touches".to_owned(),
                None => format!("its touches are {}; `as NAME` gives a touch another name", listed(&ids)),
            };
            let message = format!("sequence `{}` has no touch `{}`", found.name, name.node);
            self.report(Diagnostic::new(Slug::UnknownTouch, name.range, message).label("not a touch").help(help));
        }
        None
    }

    fn variants(&mut self, declared: &ExperimentDecl, channel: Option<ChannelId>) {
        let name = &declared.name;
        let mut seen: BTreeMap<&str, Range> = BTreeMap::new();
        let mut again = false;
        for (variant, _) in &declared.variants {
            let content = At { node: Content::Template(variant.node.clone()), range: variant.range };
            self.use_template(&content, channel);
            if let Some(first) = seen.get(variant.node.as_str()) {
                again = true;
                let message = format!("`{}` is a variant twice", variant.node);
                let found = Diagnostic::new(Slug::DuplicateVariant, variant.range, message).label("named again");
                self.report(found.other(*first, "named first").help("name each template once, with its whole share"));
            } else {
                seen.insert(&variant.node, variant.range);
            }
        }
        if declared.variants.len() < 2 {
            let message = format!("experiment `{}` has nothing to compare", name.node);
            let found = Diagnostic::new(Slug::TooFewVariants, name.range, message).label("fewer than two variants");
            self.report(found.help("name two templates or more: `recap 50%, recap_short 50%`"));
        } else if !again {
            self.shares(declared);
        }
    }

    fn shares(&mut self, declared: &ExperimentDecl) {
        let nothing = declared.variants.iter().find(|(_, percent)| percent.node <= Decimal::ZERO);
        if let Some((variant, percent)) = nothing {
            let message = format!("variant `{}` gets no lead at all", variant.node);
            let found = Diagnostic::new(Slug::PercentSum, percent.range, message).label("not more than zero");
            self.report(found.help("give it a share, or take it out"));
            return;
        }
        let sum: Decimal = declared.variants.iter().map(|(_, percent)| percent.node).sum();
        let whole = Decimal::from(100);
        // Three thirds of two digits are a hundred.
        if (sum - whole).abs().rounded(6) > Decimal::ZERO {
            let first = declared.variants.first().map_or(declared.name.range, |(_, percent)| percent.range);
            let last = declared.variants.last().map_or(first, |(_, percent)| percent.range);
            let sum = sum.rounded(6);
            let message = format!("the variants of experiment `{}` get {sum}% together", declared.name.node);
            let found = Diagnostic::new(Slug::PercentSum, first.to(last), message).label("not 100%");
            self.report(found.help("let the shares sum to 100%"));
        }
    }
}

//! Experiments: what they are on, their shares, the goal, and how long they look for it.

use std::collections::BTreeMap;

use super::checker::Checker;
use super::rule::all_or_none;
use super::variant::Written;
use crate::decimal::Decimal;
use crate::diagnostic::Diagnostic;
use crate::rulebook::{Experiment, SequenceId, SetId, Touch, Variant, Varies};
use crate::slug::Slug;
use crate::source::Range;
use crate::syntax::tree::{At, EventRef, ExperimentDecl, Length, Name, VariantKind};
use crate::timestamp::Span;
use crate::words::{listed, nearest};

/// The largest number of variants: each lead has the number of its own in a byte.
const MOST_VARIANTS: usize = 255;

/// The lifts that can be looked for, in percent.
const LIFTS: (i32, i32) = (1, 1_000);

/// What experiments are on already, and where it is said.
#[derive(Default)]
pub(super) struct Taken {
    touches: BTreeMap<(SequenceId, u16), Range>,
    pub sequences: BTreeMap<SequenceId, Range>,
}

impl Checker<'_> {
    /// Resolves every experiment.
    pub fn check_experiments(&mut self) {
        let experiments: Vec<&ExperimentDecl> = self.declared.experiments.iter().map(|entry| entry.item).collect();
        let mut taken = Taken::default();
        for declared in experiments {
            let experiment = self.experiment(declared, &mut taken);
            self.resolved.experiments.extend(experiment);
        }
    }

    fn experiment(&mut self, declared: &ExperimentDecl, taken: &mut Taken) -> Option<Experiment> {
        let sequence = self.sequence(&declared.sequence);
        let (touch, variants) = match &declared.touch {
            Some(touch) => {
                let written = sequence.and_then(|sequence| self.written(sequence, touch));
                let variants = self.touch_variants(declared, written.as_ref());
                (written.map(|written| written.at), variants)
            }
            None => (None, self.sequence_variants(declared, sequence, taken)),
        };
        self.few_variants(declared);
        let aims = self.aims(declared);
        let sequence = sequence?;
        if let Some(touch) = touch {
            let range = declared.sequence.range.to(declared.touch.as_ref()?.range);
            self.first_on(taken.touches.insert((sequence, touch), range), range)?;
        }
        let (varies, variants) = variants?;
        Some(Experiment {
            name: declared.name.node.clone(),
            sequence,
            touch,
            varies,
            variants,
            range: declared.name.range,
            ..aims?
        })
    }

    /// Refuses a second experiment on one touch.
    fn first_on(&mut self, first: Option<Range>, range: Range) -> Option<()> {
        let Some(first) = first else { return Some(()) };
        let message = format!("`{}` has two experiments", self.text(range));
        let found = Diagnostic::new(Slug::DuplicateExperiment, range, message).label("a second one");
        let found = found.other(first, "the first one");
        self.report(found.help("a touch can be in one experiment; put all variants into one"));
        None
    }

    /// A touch of a sequence by its name.
    fn written(&mut self, sequence: SequenceId, name: &Name) -> Option<Written> {
        let found = self.resolved.sequences.get(sequence)?;
        let touches: Vec<&Touch> = found.touches.iter().chain(found.tail.as_ref().map(|(touch, _)| touch)).collect();
        if let Some(at) = touches.iter().position(|touch| touch.id == name.node) {
            let touch = touches.get(at).map(|touch| (*touch).clone())?;
            self.refer_touch(sequence, &name.node, name.range);
            return Some(Written { sequence, at: at as u16, touch });
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

    /// Refuses fewer variants than two, more than can be told apart, and what is named twice; judges the shares
    /// of all others.
    fn few_variants(&mut self, declared: &ExperimentDecl) {
        let (name, count) = (&declared.name, declared.variants.len());
        if count > MOST_VARIANTS {
            let message = format!("experiment `{}` has {count} variants", name.node);
            let found = Diagnostic::new(Slug::TooMany, name.range, message).label("too many");
            return self.report(found.help(format!("compare at most {MOST_VARIANTS}; few leads get each of so many")));
        }
        if count < 2 {
            let message = format!("experiment `{}` has nothing to compare", name.node);
            let found = Diagnostic::new(Slug::TooFewVariants, name.range, message).label("fewer than two variants");
            return self.report(found.help(match &declared.touch {
                Some(_) => String::from("name two templates or more: `recap 50%, recap_short 50%`"),
                None => format!("name two sequences or more: `{} 50%, OTHER 50%`", declared.sequence.node),
            }));
        }
        if !self.named_twice(declared) {
            self.shares(declared);
        }
    }

    fn named_twice(&mut self, declared: &ExperimentDecl) -> bool {
        let mut seen: BTreeMap<String, Range> = BTreeMap::new();
        let mut again = false;
        for variant in &declared.variants {
            let name = super::variant::name(&variant.what.node);
            if let Some(first) = seen.get(&name).copied() {
                again = true;
                self.same_variant(format!("`{name}` is a variant twice"), (first, variant.what.range));
            } else {
                seen.insert(name, variant.what.range);
            }
        }
        again
    }

    fn shares(&mut self, declared: &ExperimentDecl) {
        let nothing = declared.variants.iter().find(|variant| variant.share.node <= Decimal::ZERO);
        if let Some(variant) = nothing {
            let message = format!("variant `{}` gets no lead at all", super::variant::name(&variant.what.node));
            let found = Diagnostic::new(Slug::PercentSum, variant.share.range, message).label("not more than zero");
            self.report(found.help("give it a share, or take it out"));
            return;
        }
        let sum: Decimal = declared.variants.iter().map(|variant| variant.share.node).sum();
        let whole = Decimal::from(100);
        // Three thirds of two digits are a hundred.
        if (sum - whole).abs().rounded(6) > Decimal::ZERO {
            let first = declared.variants.first().map_or(declared.name.range, |variant| variant.share.range);
            let last = declared.variants.last().map_or(first, |variant| variant.share.range);
            let sum = sum.rounded(6);
            let message = format!("the variants of experiment `{}` get {sum}% together", declared.name.node);
            let found = Diagnostic::new(Slug::PercentSum, first.to(last), message).label("not 100%");
            let is_find = |what: &VariantKind| matches!(what, VariantKind::Named(name) if name == "find");
            let find = declared.variants.iter().find(|variant| is_find(&variant.what.node));
            self.report(found.help(match find {
                Some(find) => format!("a lift to look for is written `find +{}%`", find.share.node),
                None => String::from("let the shares sum to 100%"),
            }));
        }
    }

    /// What it looks for and for how long, in an experiment that is on nothing yet.
    fn aims(&mut self, declared: &ExperimentDecl) -> Option<Experiment> {
        self.aims_without_goal(declared);
        let goal = declared.goal.as_ref().map(|goal| self.event_within(goal, "the time to reach a goal in"));
        let guard = declared.guard.as_ref().map(|guard| self.event_within(guard, "the time to guard in"));
        let at_most = declared.at_most.as_ref();
        let at_most = at_most.map(|at_most| self.measured(at_most, "the time an experiment runs at most"));
        let find = declared.find.as_ref().map(|find| self.lift(find));
        Some(Experiment {
            name: String::new(),
            sequence: SequenceId(0),
            touch: None,
            varies: Varies::Template,
            variants: Vec::<Variant>::new(),
            goal: all_or_none(goal)?,
            find: all_or_none(find)?.unwrap_or_else(Experiment::usual_find),
            at_most: all_or_none(at_most)?,
            guard: all_or_none(guard)?,
            range: declared.name.range,
        })
    }

    fn event_within(&mut self, (event, within): &(EventRef, At<Length>), what: &str) -> Option<(SetId, Span)> {
        let event = self.occurrence(event);
        let within = self.measured(within, what);
        Some((event?.set, within?))
    }

    fn lift(&mut self, find: &At<Decimal>) -> Option<Decimal> {
        let (least, most) = LIFTS;
        if find.node >= Decimal::from(least) && find.node <= Decimal::from(most) {
            return Some(find.node);
        }
        let message = format!("a lift of {}% cannot be looked for", find.node);
        let found = Diagnostic::new(Slug::LiftOutOfRange, find.range, message);
        let found = found.label(format!("not from {least}% to {most}%"));
        self.report(found.help("say how much better than the first variant another must be: `find +50%`"));
        None
    }

    /// What says how long and for how much to look, where nothing is looked for.
    fn aims_without_goal(&mut self, declared: &ExperimentDecl) {
        if declared.goal.is_some() {
            return;
        }
        let find = declared.find.as_ref().map(|find| ("find", find.range));
        let at_most = declared.at_most.as_ref().map(|at_most| ("at most", at_most.range));
        let guard = declared.guard.as_ref().map(|(event, within)| ("guard", event.range.to(within.range)));
        let Some((word, range)) = find.or(at_most).or(guard) else { return };
        let message = format!("`{word}` stands in an experiment without a goal");
        let found = Diagnostic::new(Slug::NoGoal, range, message).label("nothing is looked for");
        self.report(found.help("say what counts as a success: `goal replied within 7d`"));
    }
}

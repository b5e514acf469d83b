//! Variants of experiments: the touch or the sequence that each of them puts in the place of what is written.

use super::checker::Checker;
use super::experiment::Taken;
use super::name::SEQUENCE;
use crate::diagnostic::Diagnostic;
use crate::rulebook::{ChannelId, Given, SequenceId, Touch, TouchTime, Variant, Varies, When};
use crate::slug::Slug;
use crate::source::Range;
use crate::syntax::tree::{self, At, ExperimentDecl, Name, VariantDecl, VariantKind};
use crate::units::Content;
use crate::words::nearest;

/// The touch that an experiment is on.
pub(super) struct Written {
    /// Its sequence.
    pub sequence: SequenceId,
    /// Its index; the tail follows the last one.
    pub at: u16,
    /// The touch.
    pub touch: Touch,
}

/// The variants of an experiment, and in what they differ.
type Variants = (Varies, Vec<Variant>);

impl Checker<'_> {
    /// The variants of a touch; where the touch has a mistake, its templates and channels are still looked up.
    pub fn touch_variants(&mut self, declared: &ExperimentDecl, written: Option<&Written>) -> Option<Variants> {
        let named = |variant: &VariantDecl| matches!(variant.what.node, VariantKind::Named(_));
        let templates = declared.variants.iter().all(named);
        let (mut found, mut sound) = (Vec::new(), true);
        for one in &declared.variants {
            let touch = match &one.what.node {
                VariantKind::Named(name) if !templates && written.is_some_and(|written| written.is_called(name)) => {
                    written.map(|written| written.touch.clone())
                }
                what => self.varied(what, one.what.range, written),
            };
            sound &= touch.is_some();
            found.extend(touch.map(|touch| (one, touch)));
        }
        let written = written?;
        let varies = if templates { Varies::Template } else { self.one_kind(declared, written, &found)? };
        if !templates {
            self.same_touches(&found)?;
        }
        let variant = |(one, touch): (&VariantDecl, Touch)| resolved(one, Given::Touch(Box::new(touch)));
        sound.then(|| (varies, found.into_iter().map(variant).collect()))
    }

    /// The touch with what a variant says.
    fn varied(&mut self, what: &VariantKind, range: Range, written: Option<&Written>) -> Option<Touch> {
        match what {
            VariantKind::Named(name) => {
                let content = Content::Template(name.clone());
                let channel = written.and_then(|written| written.channels().first().copied());
                self.use_template(&At { node: content.clone(), range }, channel);
                let mut touch = written?.touch.clone();
                touch.choices.iter_mut().take(1).for_each(|(_, own)| *own = content.clone());
                Some(touch)
            }
            VariantKind::Day(day) => {
                let when = self.when(&At { node: tree::When::Day(*day), range })?;
                let written = written?;
                self.keeps_order(written, *day, range)?;
                Some(Touch { when, ..written.touch.clone() })
            }
            VariantKind::Later(length) => {
                let when = self.when(&At { node: tree::When::Later(*length), range })?;
                Some(Touch { when, ..written?.touch.clone() })
            }
            VariantKind::At(clock) => {
                let time = At { node: tree::TouchTime::At(*clock), range };
                let written = written?;
                let time = self.touch_time(&time, &written.channels())?;
                Some(Touch { time, ..written.touch.clone() })
            }
            VariantKind::Choice(choice) => {
                let channel = self.channel(&choice.channel);
                self.use_template(&choice.content, channel);
                self.on_channel(written?, (channel?, &choice.content.node), range)
            }
        }
    }

    /// The touch with another first choice, at a time that its channel has.
    fn on_channel(&mut self, written: &Written, choice: (ChannelId, &Content), range: Range) -> Option<Touch> {
        let choice = (choice.0, choice.1.clone());
        let rest = written.touch.choices.iter().skip(1).filter(|other| **other != choice).cloned();
        let choices: Vec<(ChannelId, Content)> = std::iter::once(choice.clone()).chain(rest).collect();
        let channels: Vec<ChannelId> = choices.iter().map(|(channel, _)| *channel).collect();
        let time = match &written.touch.time {
            TouchTime::Any => TouchTime::Any,
            TouchTime::At(clock) => self.sent_at(*clock, range, &channels)?,
            TouchTime::Part(name, ..) => self.day_part(name, range, &channels, false)?,
        };
        Some(Touch { choices, time, ..written.touch.clone() })
    }

    /// A touch on another day still stands between those before and after it.
    fn keeps_order(&mut self, written: &Written, day: u32, range: Range) -> Option<()> {
        let sequence = self.resolved.sequences.get(written.sequence)?;
        let at = usize::from(written.at);
        let days = |touch: &Touch| match touch.when {
            When::Days(first, _) => Some((first, touch.range)),
            When::Later(_) => None,
        };
        if at >= sequence.touches.len() {
            let message = format!("`{}` comes again and again, on no day of its own", written.touch.id);
            let found = Diagnostic::new(Slug::DayOutOfRange, range, message).label("a single day");
            self.report(found.help("vary how long it waits, `+30d`, or its time, `at 14:00`"));
            return None;
        }
        let before = sequence.touches.iter().take(at).rev().find_map(days).filter(|(before, _)| *before > day);
        let after = sequence.touches.iter().skip(at + 1).find_map(days).filter(|(after, _)| *after < day);
        let (message, place, label) = match (before, after) {
            (Some((before, place)), _) => (format!("day {day} stands after day {before}"), place, "a later day"),
            (None, Some((after, place))) => (format!("day {day} stands before day {after}"), place, "an earlier day"),
            (None, None) => return Some(()),
        };
        let found = Diagnostic::new(Slug::TouchOrder, range, message).label("out of order").other(place, label);
        self.report(found.help("let it stay between the touch before and the one after"));
        None
    }

    /// What the variants differ in: one thing. The touch as it is written goes with all.
    fn one_kind(
        &mut self,
        declared: &ExperimentDecl,
        written: &Written,
        found: &[(&VariantDecl, Touch)],
    ) -> Option<Varies> {
        let other = |(one, touch): &(&VariantDecl, Touch)| {
            (!is_same(touch, &written.touch)).then(|| (kind(&one.what.node), one.what.range))
        };
        let mut kinds = found.iter().filter_map(other);
        // Where none of them differs, two are the same.
        let Some((first, place)) = kinds.next() else { return Some(Varies::Day) };
        let Some((second, range)) = kinds.find(|(other, _)| *other != first) else { return Some(first) };
        let name = &declared.name.node;
        let message = format!("experiment `{name}` compares {} with {}", thing(first), thing(second));
        let mixed = Diagnostic::new(Slug::MixedVariants, range, message).label(thing(second));
        let mixed = mixed.other(place, thing(first));
        let id = &written.touch.id;
        self.report(
            mixed.help(format!("let variants differ in one thing; `{id}` stands for the touch as it is written")),
        );
        None
    }

    /// Refuses variants that are called otherwise and are the same.
    fn same_touches(&mut self, found: &[(&VariantDecl, Touch)]) -> Option<()> {
        for (at, (one, touch)) in found.iter().enumerate() {
            let earlier = found.iter().take(at).find(|(_, other)| is_same(touch, other));
            let Some((first, _)) = earlier else { continue };
            let own = name(&one.what.node);
            if own != name(&first.what.node) {
                let message = format!("variant `{own}` is the same as `{}`", name(&first.what.node));
                self.same_variant(message, (first.what.range, one.what.range));
                return None;
            }
        }
        Some(())
    }

    /// Reports a variant that is there already.
    pub fn same_variant(&mut self, message: String, (first, second): (Range, Range)) {
        let found = Diagnostic::new(Slug::DuplicateVariant, second, message).label("named again");
        self.report(found.other(first, "named first").help("name each variant once, with its whole share"));
    }

    /// The variants of an experiment on whole sequences.
    pub fn sequence_variants(
        &mut self,
        declared: &ExperimentDecl,
        on: Option<SequenceId>,
        taken: &mut Taken,
    ) -> Option<Variants> {
        let found: Vec<Option<Variant>> =
            declared.variants.iter().map(|one| self.sequence_variant(declared, one, taken)).collect();
        let variants: Vec<Variant> = found.into_iter().collect::<Option<_>>()?;
        let ids = |variant: &Variant| match variant.given {
            Given::Sequence(id) => Some(id),
            Given::Touch(_) => None,
        };
        let (on, first) = (on?, variants.first()?);
        if ids(first) != Some(on) {
            let name = &declared.sequence.node;
            let message = format!("the first variant of experiment `{}` is not `{name}`", declared.name.node);
            let wrong = Diagnostic::new(Slug::VariantSequence, first.range, message).label("not the one it is on");
            let wrong = wrong.other(declared.sequence.range, "the one it is on");
            self.report(wrong.help(format!("begin with the sequence as it is: `{name} 50%`")));
            return None;
        }
        let rest = variants.iter().skip(1).filter_map(|variant| Some((variant.range, ids(variant)?)));
        let rest: Vec<(Range, SequenceId)> = rest.filter(|(_, id)| *id != on).collect();
        let fits: Vec<Option<()>> = rest.into_iter().map(|(range, id)| self.stands_for(on, id, range)).collect();
        fits.iter().all(Option::is_some).then_some((Varies::Sequence, variants))
    }

    fn sequence_variant(&mut self, declared: &ExperimentDecl, one: &VariantDecl, taken: &mut Taken) -> Option<Variant> {
        let range = one.what.range;
        let VariantKind::Named(name) = &one.what.node else {
            let what = name(&one.what.node);
            let message = format!("experiment `{}` compares sequences, and `{what}` is none", declared.name.node);
            let found = Diagnostic::new(Slug::MixedVariants, range, message).label(thing(kind(&one.what.node)));
            let on = &declared.sequence.node;
            self.report(found.help(format!("name sequences, or the touch it is about: `on {on}.TOUCH`")));
            return None;
        };
        let names = self.declared.sequences.names();
        if !names.contains(name) && nearest(name, &names).is_none() {
            let on = &declared.sequence.node;
            let hint = format!("without a touch the variants are sequences; of a touch, write `on {on}.TOUCH`");
            self.unknown(&SEQUENCE, name, range, &names, Some(hint));
            return None;
        }
        let id = self.sequence(&Name { node: name.clone(), range })?;
        let mine = declared.variants.iter().any(|other| taken.sequences.get(&id) == Some(&other.what.range));
        if let Some(first) = taken.sequences.get(&id).copied().filter(|_| !mine) {
            let message = format!("sequence `{name}` is in two experiments");
            let found = Diagnostic::new(Slug::DuplicateExperiment, range, message).label("a second one");
            let found = found.other(first, "the first one");
            self.report(found.help("a sequence can be compared in one experiment; put all variants into one"));
            return None;
        }
        taken.sequences.entry(id).or_insert(range);
        Some(resolved(one, Given::Sequence(id)))
    }

    /// Whether a sequence can be entered in the place of the one that is written. It is for
    /// the leads of the other: of its tier, by its `where`.
    fn stands_for(&mut self, on: SequenceId, id: SequenceId, range: Range) -> Option<()> {
        let (written, own) = (self.resolved.sequences.get(on)?, self.resolved.sequences.get(id)?);
        let declared = self.declared.sequences.at(id.index())?.item;
        // A tier that is unknown is reported where it is named.
        let tier = declared.tier.as_ref().filter(|_| own.tier.is_some() && own.tier != written.tier);
        let tier = tier.map(|tier| tier.range);
        let guard = declared.guard.as_ref().map(|guard| guard.range);
        let (mistake, place, help) = if let Some(place) = tier {
            ("is for another tier", place, "leave `for` out: it is for the leads of the other one")
        } else if let Some(place) = guard {
            ("asks a `where` of its own", place, "leave `where` out: that of the other one decides for both")
        } else if own.parallel != written.parallel {
            let mistake = if own.parallel { "is `parallel`" } else { "is not `parallel`" };
            (mistake, own.range, "let both be `parallel`, or none")
        } else {
            let (tier, guard) = (written.tier, written.guard.clone());
            if let Some(own) = self.resolved.sequences.get_mut(id) {
                (own.tier, own.guard) = (tier, guard);
            }
            return Some(());
        };
        let (written, own) = (written.name.clone(), own.name.clone());
        let message = format!("`{own}` cannot stand for `{written}`: it {mistake}");
        let found = Diagnostic::new(Slug::VariantSequence, range, message).label("not in its place");
        self.report(found.other(place, "said here").help(help));
        None
    }
}

impl Written {
    /// Whether a name means the touch as it is: its own, or that of its first template.
    fn is_called(&self, name: &str) -> bool {
        let template = self.touch.choices.first().map(|(_, content)| content);
        self.touch.id == name || matches!(template, Some(Content::Template(own)) if own == name)
    }

    fn channels(&self) -> Vec<ChannelId> {
        self.touch.choices.iter().map(|(channel, _)| *channel).collect()
    }
}

/// What a variant is called: as it is written in canonical form.
pub(super) fn name(what: &VariantKind) -> String {
    match what {
        VariantKind::Named(name) => name.clone(),
        VariantKind::Day(day) => format!("day {day}"),
        VariantKind::Later(length) => format!("+{length}"),
        VariantKind::At(clock) => format!("at {clock}"),
        VariantKind::Choice(choice) => match &choice.content.node {
            Content::Template(template) => format!("{} {template}", choice.channel.node),
            Content::Text(text) => format!("{} \"{}\"", choice.channel.node, super::words::one_line(text)),
        },
    }
}

fn resolved(one: &VariantDecl, given: Given) -> Variant {
    Variant { name: name(&one.what.node), share: one.share.node, given, range: one.what.range }
}

fn kind(what: &VariantKind) -> Varies {
    match what {
        VariantKind::Named(_) => Varies::Template,
        VariantKind::Day(_) | VariantKind::Later(_) => Varies::Day,
        VariantKind::At(_) => Varies::Time,
        VariantKind::Choice(_) => Varies::Channel,
    }
}

fn thing(varies: Varies) -> &'static str {
    match varies {
        Varies::Template => "a template",
        Varies::Day => "a day",
        Varies::Time => "a time of the day",
        Varies::Channel => "a channel",
        Varies::Sequence => "a sequence",
    }
}

/// Whether two touches go out at the same time with the same.
fn is_same(a: &Touch, b: &Touch) -> bool {
    a.when == b.when && a.time == b.time && a.choices == b.choices
}

//! Channels, calendars, experiments and invariants.

use super::{NameKind, Prose, ProseWords, fill, joined, listed, spaced, time};
use crate::calendar::{Calendar, Exception};
use crate::decimal::Decimal;
use crate::rulebook::{
    Cap, CapScope, Channel, Contact, Experiment, Given, Invariant, InvariantKind, Kept, SetId, TouchTime, Variant,
    Varies, When,
};
use crate::timestamp::Span;
use crate::units::{ClockTime, ZoneSource};

impl ProseWords<'_> {
    /// When a channel may be used.
    pub fn open(&self, channel: &Channel) -> Prose {
        let calendar = channel.calendar.and_then(|id| self.rulebook.calendars.get(id));
        let hours = calendar.map_or_else(
            || "any time".into(),
            |calendar| fill("open hours of {}", [Prose::name(NameKind::Calendar, &calendar.name)]),
        );
        let quiet = |hours, quiet: &(ClockTime, ClockTime)| fill("{}, never {}", [hours, time::hours(*quiet).into()]);
        channel.quiet.iter().fold(hours, quiet)
    }

    /// What a channel asks for.
    pub fn needs(&self, channel: &Channel) -> Prose {
        joined(channel.requires.iter().map(|(expr, _)| self.condition(expr)), "; and ")
    }

    /// How much a channel carries at most.
    pub fn caps(channel: &Channel) -> Prose {
        joined(channel.caps.iter().map(|cap| cap_words(cap).into()), "; ")
    }

    /// What holds for channels together: `By email or text message together: at least 4 hours between two
    /// messages to a lead; at most 2 a day for each lead.`
    pub fn contact(&self, contact: &Contact) -> Prose {
        let kinds: Vec<Prose> = contact.kinds.iter().map(|kind| self.channel_title(*kind).into()).collect();
        let whose = match kinds.as_slice() {
            [] => "Everything that reaches a lead without a person".into(),
            _ => fill("{} together", [listed(kinds, "and")]),
        };
        let gap = contact.gap.map(|gap| format!("at least {} between two messages to a lead", time::length(gap)));
        let quiet = contact.quiet.map(|quiet| format!("never {}", time::hours(quiet)));
        let caps = contact.caps.iter().map(|cap| format!("at most {}", cap_words(cap)));
        let limits = gap.into_iter().chain(quiet).chain(caps).map(Prose::from);
        fill("{}: {}.", [whose, joined(limits, "; ")])
    }

    /// A calendar, a sentence each.
    pub fn calendar(calendar: &Calendar) -> Vec<Prose> {
        let hours = calendar.hours.map_or_else(|| "all day".to_owned(), time::hours);
        let mut facts: Vec<Prose> = vec![format!("Open {}, {hours}.", time::weekdays(&calendar.days)).into()];
        if !calendar.parts.is_empty() {
            let mut parts: Vec<_> = calendar.parts.iter().collect();
            parts.sort_by_key(|(_, range)| **range);
            let parts = parts
                .into_iter()
                .map(|(name, range)| fill("{} is {}", [Prose::quote(&spaced(name)), time::hours(*range).into()]));
            facts.push(fill("{}.", [listed(parts.collect(), "and")]).capital());
        }
        if let Some(prefer) = &calendar.prefer {
            let hours = prefer.hours.map(|hours| format!(", {}", time::hours(hours))).unwrap_or_default();
            facts.push(format!("Best on {}{hours}.", time::weekdays(&prefer.days)).into());
        }
        facts.extend(special_days(calendar).into_iter().map(Prose::from));
        facts.push(zones(&calendar.zones));
        facts
    }

    /// An experiment, a sentence each.
    pub fn experiment(&self, experiment: &Experiment) -> Vec<Prose> {
        let touch = experiment.touch.and_then(|place| self.rulebook.touch(experiment.sequence, place));
        let touch = Prose::other(touch.map_or("", |touch| touch.id.as_str()));
        let sequence = self.sequence(experiment.sequence);
        let given = |variant: &Variant| self.variant(experiment.varies, variant);
        let share = |variant: &Variant| fill("{} ({}%)", [given(variant), time::number(variant.share).into()]);
        let variants = listed(experiment.variants.iter().map(share).collect(), "or");
        let mut facts = vec![match experiment.varies {
            Varies::Template => fill("For the touch {} of {}, each lead gets one of {}.", [touch, sequence, variants]),
            Varies::Day | Varies::Time => fill("The touch {} of {} is due {}.", [touch, sequence, variants]),
            Varies::Channel => fill("The touch {} of {} goes out as {}.", [touch, sequence, variants]),
            Varies::Sequence => fill("Whoever would enter {} enters {}.", [sequence, variants]),
        }];
        let after = if experiment.touch.is_some() { "it" } else { "that" };
        let within = |(set, within): (SetId, Span)| [self.happens(set), time::span(within).into(), after.into()];
        if let Some(goal) = experiment.goal {
            facts.push(fill("It has worked when {} within {} after {}.", within(goal)));
            let lift = time::number(experiment.find);
            facts.push(fill("It looks for a variant that makes this {}% more frequent.", [lift.into()]));
        }
        if let Some(at_most) = experiment.at_most {
            facts.push(fill("It is over after {} at the latest.", [time::span(at_most).into()]));
        }
        if let Some(guard) = experiment.guard {
            facts.push(fill("It does harm where it becomes more frequent that {} within {} after {}.", within(guard)));
        }
        facts
    }

    /// What a variant gives: `recap`, `on day 5`, `at 14:00`, `Email recap`.
    fn variant(&self, varies: Varies, variant: &Variant) -> Prose {
        let touch = match &variant.given {
            Given::Sequence(sequence) => return self.sequence(*sequence),
            Given::Touch(touch) => touch,
        };
        let words = self.touch(touch);
        match (varies, touch.when, &touch.time) {
            (Varies::Day, When::Days(..), _) => fill("on {}", [words.day]),
            (Varies::Day, When::Later(_), _) => words.day,
            (Varies::Time, _, TouchTime::At(_)) => fill("at {}", [words.time]),
            (Varies::Time, ..) => words.time,
            (Varies::Channel, ..) => words.what,
            (Varies::Template | Varies::Sequence, ..) => Prose::other(&variant.name),
        }
    }

    /// An invariant as a sentence.
    pub fn invariant(&self, invariant: &Invariant) -> Prose {
        match &invariant.kind {
            InvariantKind::NeverAfter { set, never, length } => {
                let until = length.map(|length| format!(" for {}", time::length(length))).unwrap_or_default();
                let never = never.iter().map(|kept| self.kept(*kept)).collect();
                fill("Once {}, there is never {}{}.", [self.has_happened(*set), listed(never, "or"), until.into()])
            }
            InvariantKind::AtMost { count, what, per, scope } => {
                let scope = match scope {
                    CapScope::Lead => "a lead",
                    CapScope::Account => "all leads of an account together",
                    CapScope::Owner => "all leads of an owner together",
                };
                let what = if *count == 1 { self.kept_one(*what) } else { self.kept_many(*what) };
                fill("At most {} {} {} for {}.", [count.to_string().into(), what, time::per(*per).into(), scope.into()])
            }
            InvariantKind::InTime { within, set, expect } => fill(
                "Within {} after {}, there is always {}.",
                [time::span(*within).into(), self.happened(*set), self.kept(*expect)],
            ),
        }
    }

    fn kept(&self, kept: Kept) -> Prose {
        match kept {
            Kept::Touch => "a touch".into(),
            Kept::Alert => "an alert".into(),
            Kept::Channel(id) => self.message(id, true),
        }
    }

    fn kept_one(&self, kept: Kept) -> Prose {
        match kept {
            Kept::Touch => "touch".into(),
            Kept::Alert => "alert".into(),
            Kept::Channel(id) => self.message(id, false),
        }
    }

    fn kept_many(&self, kept: Kept) -> Prose {
        match kept {
            Kept::Touch => "touches".into(),
            Kept::Alert => "alerts".into(),
            Kept::Channel(id) => match self.channel_name(id) {
                "email" => "emails".into(),
                "sms" => "text messages".into(),
                "call" => "calls".into(),
                "task" => "tasks".into(),
                "linkedin" => "LinkedIn messages".into(),
                other => fill("messages by {}", [Prose::quote(&spaced(other))]),
            },
        }
    }
}

fn cap_words(cap: &Cap) -> String {
    format!("{} {} for each {}", time::number(Decimal::from(cap.count)), time::cap_span(cap.per), cap.scope.word())
}

/// `It has 21 closed days between January 1, 2026 and December 25, 2028.`
fn special_days(calendar: &Calendar) -> Vec<String> {
    let mut counts = [0_u64; 3];
    for exception in calendar.exceptions.values() {
        let at = match exception {
            Exception::Closed { .. } => 0,
            Exception::Short { .. } => 1,
            Exception::Extra { .. } => 2,
        };
        if let Some(count) = counts.get_mut(at) {
            *count += 1;
        }
    }
    let dates = calendar.exceptions.keys();
    let (Some(first), Some(last)) = (dates.clone().next(), dates.last()) else { return Vec::new() };
    let kinds = ["closed day", "shorter day", "extra working day"];
    let kinds = counts.iter().zip(kinds).filter(|(count, _)| **count > 0);
    let kinds: Vec<Prose> = kinds.map(|(count, kind)| time::many(*count, kind).into()).collect();
    let (first, last) = (first.format("%B %-d, %Y"), last.format("%B %-d, %Y"));
    vec![format!("It has {} between {first} and {last}.", listed(kinds, "and").text())]
}

fn zones(zones: &[ZoneSource]) -> Prose {
    let zone = |zone: &ZoneSource| match zone {
        ZoneSource::Lead => "the lead's".to_owned(),
        ZoneSource::Account => "the account's".to_owned(),
        ZoneSource::Owner => "the owner's".to_owned(),
        ZoneSource::Fixed(name) => name.replace('_', " "),
    };
    let names: Vec<Prose> = zones.iter().map(|source| zone(source).into()).collect();
    match names.as_slice() {
        [] => "Times are in UTC.".into(),
        [_] => fill("Times are in one time zone: {}.", [joined(names, "")]),
        _ => fill("The time zone is the first that is known of: {}.", [joined(names, ", ")]),
    }
}

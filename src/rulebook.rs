//! The checked rulebook: every name resolved to an index, every expression typed. Made by
//! `check`, compiled by `plan`. What stands here is free of mistakes an author can make.

mod channel;
mod contact;
mod effect;
mod event;
mod experiment;
mod expression;
mod fact;
pub mod metric;
mod pattern;
mod rule;
pub mod same;
mod score;
mod script;
mod sequence;
mod table;
mod template;
mod test;

use std::sync::Arc;

pub use self::channel::{Cap, CapScope, Channel, Reach, TASK};
pub use self::contact::Contact;
pub use self::effect::{Effect, EffectKind, Expiry, HoldEnd, Person, Timing};
pub use self::event::{
    Alternative, DeclaredEvent, EventSet, EventType, MEASURED_TYPES, Means, Prop, RESUBSCRIBED, Setter, TOUCHED_TYPE,
    WellKnown, is_consent,
};
pub use self::experiment::{Experiment, Given, Variant, Varies};
pub use self::expression::{Arithmetic, Comparison, Expr};
pub use self::fact::Fact;
pub use self::metric::{Metric, RowsOf};
pub use self::pattern::Pattern;
pub use self::rule::{Arm, Limit, Rule, State, Trigger};
pub use self::score::{Decay, Score, ScriptScore};
pub use self::script::{BookScript, Read};
pub use self::sequence::{Again, Sequence, Touch, TouchTime, When};
pub use self::table::{Named, Table, TableId};
pub use self::template::{BookTemplate, Filling};
pub use self::test::{
    Allowed, By, Expect, ExpectedAt, Invariant, InvariantKind, Kept, MetricExpect, MetricShown, ScoreExpect, Test,
    TestEvent, TestLead,
};

use crate::calendar::Calendar;
use crate::source::{Range, Sources};
use crate::timestamp::Span;

macro_rules! index {
    ($($(#[$doc:meta])* $name:ident($int:ty)),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub struct $name(pub $int);
        impl $name {
            /// As an index into the list of its kind.
            #[must_use]
            pub fn index(self) -> usize { self.0 as usize }
        }
        impl TableId for $name {
            fn at(index: usize) -> Self { Self(index as $int) }
            fn place(self) -> usize { self.index() }
        }
    )*};
}

index! {
    /// A `type` value of the log; index into [`Rulebook::types`].
    TypeId(u16),
    /// A property by name; index into [`Rulebook::props`].
    PropId(u16),
    /// A lead fact; index into [`Rulebook::facts`].
    FactId(u16),
    /// A set of events; index into [`Rulebook::sets`].
    SetId(u16),
    /// A tier; index into [`Rulebook::tiers`], most urgent first.
    TierId(u8),
    /// A channel; index into [`Rulebook::channels`].
    ChannelId(u8),
    /// A topic; index into [`Rulebook::topics`].
    TopicId(u8),
    /// A calendar; index into [`Rulebook::calendars`].
    CalendarId(u8),
    /// A sequence; index into [`Rulebook::sequences`].
    SequenceId(u16),
    /// A score; index into [`Rulebook::scores`].
    ScoreId(u16),
    /// A tag; index into [`Rulebook::tags`].
    TagId(u16),
    /// A rule; index into [`Rulebook::rules`].
    RuleId(u16),
    /// A script; index into [`Rulebook::scripts`].
    ScriptId(u16),
    /// A template; index into [`Rulebook::templates`].
    TemplateId(u16),
    /// An experiment; index into [`Rulebook::experiments`].
    ExperimentId(u16),
    /// A metric; index into [`Rulebook::metrics`].
    MetricId(u16),
}

/// A rulebook without mistakes, the standard vocabulary merged in.
#[derive(Clone, Debug)]
pub struct Rulebook {
    /// The texts everything below points into.
    pub sources: Arc<Sources>,
    /// Log types that some event names. Index 0 is always [`TOUCHED_TYPE`].
    pub types: Table<TypeId, EventType>,
    /// Names of event properties.
    pub props: Table<PropId, String>,
    /// The facts a lead can have. The facts named in [`WellKnown`] always exist.
    pub facts: Table<FactId, Fact>,
    /// Events and groups as they are declared, the standard ones first, then in rulebook order.
    pub events: Vec<DeclaredEvent>,
    /// Sets of events that triggers, scores and expressions speak of; equal sets appear once.
    pub sets: Table<SetId, EventSet>,
    /// Tiers, most urgent first.
    pub tiers: Table<TierId, Tier>,
    /// Calendars, by name.
    pub calendars: Table<CalendarId, Calendar>,
    /// Where the zone comes from in which a lead's days begin, where no calendar is asked: as in the
    /// calendar `office` of the rulebook, else in its first, else in the standard one.
    pub zones: Vec<crate::units::ZoneSource>,
    /// Channels, standard ones included.
    pub channels: Table<ChannelId, Channel>,
    /// Limits over channels together, in rulebook order.
    pub contacts: Vec<Contact>,
    /// What messages can be about, where people may have enough of one thing and not of all.
    pub topics: Table<TopicId, Topic>,
    /// Sequences in rulebook order.
    pub sequences: Table<SequenceId, Sequence>,
    /// Scores in rulebook order.
    pub scores: Table<ScoreId, Score>,
    /// Rhai scripts: those of scores, and files with functions that expressions call.
    pub scripts: Table<ScriptId, BookScript>,
    /// Templates by name, those of one name by channel; empty where the rulebook has no `templates`
    /// folder, and then messages are not looked into. [`Rulebook::template`] finds one.
    pub templates: Table<TemplateId, BookTemplate>,
    /// Experiments in rulebook order.
    pub experiments: Table<ExperimentId, Experiment>,
    /// Names of tags.
    pub tags: Table<TagId, String>,
    /// Rules in rulebook order: vocabulary first, then by path and line.
    pub rules: Table<RuleId, Rule>,
    /// Tests in rulebook order.
    pub tests: Vec<Test>,
    /// Invariants in rulebook order.
    pub invariants: Vec<Invariant>,
    /// Metrics, those that others are made of before them; the standard ones only where it was asked for
    /// them or the rulebook has some of its own.
    pub metrics: Table<MetricId, Metric>,
    /// Standard metrics that ask for something this rulebook does not have.
    pub left_out: Vec<metric::LeftOutMetric>,
    /// What else counts as reaching out to a lead; empty where nothing is measured.
    pub reaching: metric::Reaching,
    /// `report_zone`: where the days and weeks of reports begin; without it, the last fixed zone of
    /// [`Self::zones`].
    pub report_zone: Option<crate::local::Zone>,
    /// Settings with their defaults.
    pub settings: Settings,
    /// Which facts and events the engine itself looks at.
    pub well_known: WellKnown,
}

impl Rulebook {
    /// The template that messages of a channel call by this name: its own, else that of its kind.
    #[must_use]
    pub fn template(&self, name: &str, channel: ChannelId) -> Option<TemplateId> {
        let of = |channel: ChannelId| {
            let key = |template: &BookTemplate| template.name.as_str().cmp(name).then(template.channel.cmp(&channel));
            self.templates.binary_search_by(key).ok().map(|at| TemplateId(at as u16))
        };
        of(channel).or_else(|| of(self.kind(channel)))
    }

    /// The touch that is written at a place of a sequence; the tail follows the last one.
    #[must_use]
    pub fn touch(&self, sequence: SequenceId, place: u16) -> Option<&Touch> {
        let sequence = self.sequences.get(sequence)?;
        sequence.touches.get(usize::from(place)).or(sequence.tail.as_ref().map(|(tail, _)| tail))
    }

    /// The touches that can stand at a place of a sequence: that which is written, and those of an experiment on it.
    pub fn touches_at(&self, sequence: SequenceId, place: u16) -> impl Iterator<Item = &Touch> {
        let on = self.experiments.iter().filter(move |of| of.sequence == sequence && of.touch == Some(place));
        self.touch(sequence, place).into_iter().chain(on.flat_map(Experiment::touches))
    }

    /// The names of an experiment and of one of its variants.
    #[must_use]
    pub fn variant_names(&self, assigned: Option<(ExperimentId, u8)>) -> Option<(&str, &str)> {
        let (id, variant) = assigned?;
        let experiment = self.experiments.get(id)?;
        Some((&experiment.name, &experiment.variants.get(usize::from(variant))?.name))
    }

    /// The experiment that enters a sequence in the place of another.
    #[must_use]
    pub fn enters(&self, sequence: SequenceId) -> Option<(ExperimentId, &Experiment)> {
        self.experiments.with_ids().find(|(_, of)| of.sequences().skip(1).any(|other| other == sequence))
    }
}

/// A topic of messages: `topics newsletter, product`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// Where it is declared.
    pub range: Range,
}

/// A tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tier {
    /// Its name.
    pub name: String,
    /// `final`: whoever is in it needs no next step.
    pub is_final: bool,
    /// Where it is declared.
    pub range: Range,
}

/// `settings { … }`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How old news may be and still act (but for stops, holds and suppressions). Default 3 days.
    pub stale_after: Span,
    /// Of two leads with one address the one that had it first gets mails and texts; `same_address send`
    /// turns that off.
    pub same_address_once: bool,
}

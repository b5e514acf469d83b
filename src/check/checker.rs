//! The state of one check: what is declared, what is resolved so far, and what was found.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use super::calendar::Exceptions;
use super::constant::Constant;
use super::event::Named;
use super::lead::FactDecl;
use super::meaning::Meaning;
use super::reference::References;
use super::script::Scripts;
use super::table::NameTable;
use super::template::Templates;
use super::{Checked, Env, METRICS, METRICS_PATH, REVIEW, REVIEW_PATH, VOCABULARY, VOCABULARY_PATH};
use crate::calendar::Calendar;
use crate::diagnostic::{Diagnostic, Severity};
use crate::local::Zone;
use crate::rulebook::metric::{LeftOutMetric, Reaching};
use crate::rulebook::{
    BookScript, BookTemplate, CalendarId, Channel, ChannelId, Contact, EventSet, EventType, Experiment, ExperimentId,
    Expr, Fact, FactId, Invariant, Metric, MetricId, PropId, Rule, RuleId, Rulebook, Score, ScoreId, ScriptId,
    Sequence, SequenceId, SetId, Settings, Table, TagId, TemplateId, Test, Tier, Topic, TypeId, WellKnown,
};
use crate::slug::Slug;
use crate::source::{Range, Source, Sources};
use crate::syntax::tree;
use crate::timestamp::Span;

/// Everything the rulebook declares, by kind of name.
#[derive(Default)]
pub(super) struct Declared<'a> {
    pub events: NameTable<Named<'a>>,
    /// The vocabulary's own events, which the safety rules go by whatever a rulebook declares.
    pub standard_events: NameTable<Named<'a>>,
    pub facts: NameTable<FactDecl<'a>>,
    pub constants: NameTable<&'a tree::LetDecl>,
    pub tiers: NameTable<bool>,
    /// Where the tiers are declared.
    pub tiers_at: Option<Range>,
    pub calendars: NameTable<&'a tree::CalendarDecl>,
    pub channels: NameTable<&'a tree::ChannelDecl>,
    pub contacts: Vec<(&'a tree::ContactDecl, Range)>,
    pub topics: NameTable<()>,
    pub sequences: NameTable<&'a tree::SequenceDecl>,
    pub scores: NameTable<&'a tree::ScoreDecl>,
    pub experiments: NameTable<&'a tree::ExperimentDecl>,
    pub rules: Vec<&'a tree::At<tree::ItemKind>>,
    pub tests: Vec<&'a tree::TestDecl>,
    pub invariants: NameTable<&'a tree::InvariantDecl>,
    pub metrics: NameTable<&'a tree::MetricDecl>,
    pub settings: Vec<&'a tree::Setting>,
    /// Every event and group, those replaced by a rulebook too: where it stands, and whether it is the
    /// vocabulary's own.
    pub event_decls: Vec<(Named<'a>, Range, bool)>,
}

/// What is resolved, as the rulebook will hold it.
#[derive(Default)]
pub(super) struct Resolved {
    pub types: Table<TypeId, EventType>,
    pub props: Table<PropId, String>,
    /// Where the type of a property was declared, by type and property.
    pub prop_places: BTreeMap<(usize, PropId), Range>,
    pub facts: Table<FactId, Fact>,
    /// What `where` says of a declared event, by its place.
    pub event_guards: BTreeMap<Range, Expr>,
    pub sets: Table<SetId, EventSet>,
    /// The sets by all that they hold.
    pub known_sets: BTreeMap<String, SetId>,
    pub calendars: Table<CalendarId, Calendar>,
    pub zones: Vec<tree::ZoneSource>,
    pub channels: Table<ChannelId, Channel>,
    pub contacts: Vec<Contact>,
    pub sequences: Table<SequenceId, Sequence>,
    pub scores: Table<ScoreId, Score>,
    pub scripts: Table<ScriptId, BookScript>,
    pub templates: Table<TemplateId, BookTemplate>,
    pub experiments: Table<ExperimentId, Experiment>,
    pub tags: Table<TagId, String>,
    /// The tags by name.
    pub known_tags: BTreeMap<String, TagId>,
    pub rules: Table<RuleId, Rule>,
    pub tests: Vec<Test>,
    pub invariants: Vec<Invariant>,
    pub metrics: Table<MetricId, Metric>,
    /// Metrics by their place among those declared.
    pub known_metrics: super::metric::Metrics,
    pub left_out: Vec<LeftOutMetric>,
    /// Meanings of events by index into the two tables, `true` for the vocabulary's own.
    pub meanings: BTreeMap<(bool, usize), Meaning>,
    pub constants: BTreeMap<usize, Constant>,
}

/// One run.
pub(super) struct Checker<'a> {
    pub sources: Arc<Sources>,
    pub env: &'a Env,
    pub declared: Declared<'a>,
    pub resolved: Resolved,
    /// Names whose own declaration is broken; they are not reported again.
    pub broken: BTreeSet<String>,
    /// Something was left out whose mistake the parser has reported.
    pub incomplete: bool,
    /// Events are looked up among the vocabulary's own.
    pub standard: bool,
    /// Calendar files by path, `None` where one has a mistake.
    pub calendar_files: BTreeMap<String, Option<Exceptions>>,
    pub scripts: Scripts,
    pub templates: Templates,
    pub settings: Settings,
    /// `report_zone`
    pub report_zone: Option<Zone>,
    pub reaching: Reaching,
    /// A metric is being looked at, which sees what rules do not.
    pub measuring: bool,
    pub diagnostics: Vec<Diagnostic>,
    /// Which declarations names stand for.
    pub references: References,
    /// Where each unknown name was reported first.
    pub reported: BTreeMap<(Slug, String), usize>,
    /// How many parts have been copied from where they are declared to where they are used.
    pub copied: usize,
    /// How many constants and groups are being looked at, each for the one before it.
    depth: usize,
}

/// How many constants or groups may lead to each other, each naming one that stands below it.
const MOST_DEEP: usize = 100;

/// How many parts may be copied. A few lines that name each other twice would else grow beyond all memory;
/// a rulebook of people copies some thousands.
const MOST_COPIED: usize = 2_000_000;

/// Whether a source is of the standard vocabulary, its metrics included.
pub(super) fn is_vocabulary(source: &Source) -> bool {
    (source.path == VOCABULARY_PATH && source.text == VOCABULARY)
        || (source.path == METRICS_PATH && source.text == METRICS)
        || (source.path == REVIEW_PATH && source.text == REVIEW)
}

impl<'a> Checker<'a> {
    /// Checks the files, the vocabulary first among them.
    pub fn run(sources: Arc<Sources>, files: &'a [tree::File], env: &'a Env) -> Checked {
        let mut checker = Self {
            sources,
            env,
            declared: Declared::default(),
            resolved: Resolved::default(),
            broken: BTreeSet::new(),
            incomplete: false,
            standard: false,
            calendar_files: BTreeMap::new(),
            scripts: Scripts::default(),
            templates: Templates::default(),
            settings: Settings { stale_after: Span::days(3), same_address_once: true },
            report_zone: None,
            reaching: Reaching::default(),
            measuring: false,
            diagnostics: Vec::new(),
            references: References::default(),
            reported: BTreeMap::new(),
            copied: 0,
            depth: 0,
        };
        checker.find_broken(files);
        checker.collect(files);
        checker.compile_script_files();
        checker.check_types();
        checker.check_constants();
        checker.check_facts();
        checker.check_events();
        checker.check_setters();
        let well_known = checker.well_known();
        checker.check_settings();
        checker.check_calendars();
        checker.check_channels();
        checker.check_contacts();
        checker.resolve_script_files();
        checker.check_scores();
        checker.check_templates();
        checker.check_sequences();
        checker.check_rules();
        checker.check_experiments();
        checker.check_invariants();
        checker.check_metrics();
        checker.check_tests();
        checker.check_template_uses();
        checker.check_sizes();
        checker.finish(well_known)
    }

    fn finish(mut self, well_known: Option<WellKnown>) -> Checked {
        let events = self.declared_events();
        let clean = !self.incomplete && self.diagnostics.iter().all(|found| found.severity != Severity::Error);
        let tiers = self.declared.tiers.iter().map(|tier| Tier {
            name: tier.name.clone(),
            is_final: tier.item,
            range: tier.range,
        });
        let tiers = tiers.collect();
        let topics = self.declared.topics.iter();
        let topics = topics.map(|topic| Topic { name: topic.name.clone(), range: topic.range }).collect();
        let resolved = self.resolved;
        let rulebook = well_known.filter(|_| clean).map(|well_known| Rulebook {
            sources: Arc::clone(&self.sources),
            types: resolved.types,
            props: resolved.props,
            facts: resolved.facts,
            events,
            sets: resolved.sets,
            tiers,
            calendars: resolved.calendars,
            zones: resolved.zones,
            channels: resolved.channels,
            contacts: resolved.contacts,
            topics,
            sequences: resolved.sequences,
            scores: resolved.scores,
            scripts: resolved.scripts,
            templates: resolved.templates,
            experiments: resolved.experiments,
            tags: resolved.tags,
            rules: resolved.rules,
            tests: resolved.tests,
            invariants: resolved.invariants,
            metrics: resolved.metrics,
            left_out: resolved.left_out,
            reaching: self.reaching,
            report_zone: self.report_zone,
            settings: self.settings,
            well_known,
        });
        let references = self.references.into_list();
        Checked { rulebook, diagnostics: self.diagnostics, sources: self.sources, references, allowed: Vec::new() }
    }

    /// Adds a finding.
    pub fn report(&mut self, found: Diagnostic) {
        self.diagnostics.push(found);
    }

    /// The text of a range, as a value of its own so that it can go into a message.
    pub fn text(&self, range: Range) -> String {
        super::words::one_line(self.sources.text(range))
    }

    /// Whether so many parts of a constant or a group may be copied to a place that uses it; says once that
    /// there are too many.
    pub fn may_grow(&mut self, parts: usize, place: Range) -> bool {
        let before = self.copied;
        self.copied = before.saturating_add(parts);
        if before <= MOST_COPIED && self.copied > MOST_COPIED {
            let message = format!("constants and groups stand for more than {MOST_COPIED} parts in all");
            let found = Diagnostic::new(Slug::TooMany, place, message).label("one too many");
            self.report(found.help("let fewer constants and groups be made of others"));
        }
        self.copied <= MOST_COPIED
    }

    /// Looks at a constant or group that another one names.
    pub fn deeper<T>(&mut self, place: Range, look: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth >= MOST_DEEP {
            let message = format!("more than {MOST_DEEP} constants or groups lead to one another here");
            let found = Diagnostic::new(Slug::TooMany, place, message).label("too far down");
            self.report(found.help("declare each before the one that is made of it"));
            return None;
        }
        self.depth += 1;
        let seen = look(self);
        self.depth -= 1;
        seen
    }

    /// The id of a property name, new or known.
    pub fn prop(&mut self, name: &str) -> PropId {
        let props = &mut self.resolved.props;
        props.find(name).unwrap_or_else(|| props.push(name.to_owned()))
    }

    /// The id of a tag, new or known.
    pub fn tag(&mut self, name: &str) -> TagId {
        let (known, tags) = (&mut self.resolved.known_tags, &mut self.resolved.tags);
        *known.entry(name.to_owned()).or_insert_with(|| tags.push(name.to_owned()))
    }

    /// The id of a set of events; equal sets are kept once.
    pub fn set(&mut self, set: EventSet) -> SetId {
        let key = format!("{:?}", set.alternatives);
        let (known, sets) = (&mut self.resolved.known_sets, &mut self.resolved.sets);
        *known.entry(key).or_insert_with(|| sets.push(set))
    }

    /// The meaning of an event by name in the scope in force, where it is known.
    pub fn meaning(&self, name: &str) -> Option<Rc<super::meaning::Events>> {
        let at = self.events().find(name)?;
        match self.resolved.meanings.get(&(self.standard, at)) {
            Some(Meaning::Known(events)) => Some(Rc::clone(events)),
            _ => None,
        }
    }

    /// The table of events in force.
    pub fn events(&self) -> &NameTable<Named<'a>> {
        if self.standard { &self.declared.standard_events } else { &self.declared.events }
    }

    fn well_known(&mut self) -> Option<WellKnown> {
        let facts = |checker: &Self, name: &str| checker.declared.facts.id(name);
        let prop = |checker: &mut Self, name: &str| checker.prop(name);
        Some(WellKnown {
            timezone: facts(self, "timezone")?,
            owner: facts(self, "owner")?,
            email: facts(self, "email")?,
            phone: facts(self, "phone")?,
            replied: self.named_set("replied")?,
            facts: self.fact_set(),
            touched: self.touched_set(),
            touched_props: [prop(self, "channel"), prop(self, "template"), prop(self, "sequence"), prop(self, "touch")],
        })
    }

    /// Ids are small numbers; nobody writes so much by hand, but a generator might.
    fn check_sizes(&mut self) {
        let sizes = [
            ("event types", self.resolved.types.len(), 65_535),
            ("properties", self.resolved.props.len(), 65_535),
            ("lead facts", self.declared.facts.len(), 65_535),
            ("sets of events", self.resolved.sets.len(), 65_535),
            ("calendars", self.declared.calendars.len(), 255),
            ("channels and topics", self.declared.channels.len() + self.declared.topics.len(), 200),
            ("sequences", self.declared.sequences.len(), 65_535),
            ("scores", self.declared.scores.len(), 65_535),
            ("scripts", self.resolved.scripts.len(), 65_535),
            ("templates", self.resolved.templates.len(), 65_535),
            ("experiments", self.declared.experiments.len(), 65_535),
            ("tags", self.resolved.tags.len(), 65_535),
            ("rules", self.declared.rules.len(), 65_535),
            ("metrics", self.declared.metrics.len(), 10_000),
        ];
        let place = self.declared.rules.last().map(|rule| rule.range).unwrap_or_default();
        for (what, size, most) in sizes {
            if size > most {
                let found = Diagnostic::new(Slug::TooMany, place, format!("the rulebook has {size} {what}"));
                self.report(found.help(format!("a rulebook can have at most {most} {what}; split it")));
            }
        }
    }
}

//! First pass: every declared name into its table, clashes reported.

use std::collections::BTreeMap;

use super::checker::{Checker, is_vocabulary};
use super::event::Named;
use super::lead::FactDecl;
use super::table::Entry;
use crate::diagnostic::Diagnostic;
use crate::slug::Slug;
use crate::source::Range;
use crate::syntax::tree::{File, Item, ItemKind, Name, TierDecl};

impl<'a> Checker<'a> {
    /// Declares everything the files declare.
    pub fn collect(&mut self, files: &'a [File]) {
        for file in files {
            let standard = is_vocabulary(self.sources.file(file.source));
            for item in &file.items {
                self.collect_item(item, standard);
            }
        }
        self.check_shared_names();
    }

    fn collect_item(&mut self, item: &'a Item, standard: bool) {
        match &item.node {
            ItemKind::Event(event) => {
                self.declared.event_decls.push((Named::Event(event), item.range, standard));
                for name in &event.names {
                    self.collect_event(name, Named::Event(event), standard);
                }
            }
            ItemKind::Group(group) => {
                self.declared.event_decls.push((Named::Group(group), item.range, standard));
                self.collect_event(&group.name, Named::Group(group), standard);
            }
            ItemKind::Lead(fields) => {
                for field in fields {
                    let fact = FactDecl { field, standard_ty: self.standard_type(&field.name.node) };
                    let done = self.declared.facts.declare(entry(&field.name, standard, fact));
                    self.refuse("lead fact", &field.name, done);
                }
            }
            ItemKind::Tiers(tiers) => self.collect_tiers(item, tiers),
            ItemKind::Topics(names) => {
                for name in names {
                    let done = self.declared.topics.declare(entry(name, standard, ()));
                    self.refuse("topic", name, done);
                }
            }
            ItemKind::Calendar(calendar) => {
                let done = self.declared.calendars.declare(entry(&calendar.name, standard, calendar));
                self.refuse("calendar", &calendar.name, done);
            }
            ItemKind::Channel(channel) => {
                let done = self.declared.channels.declare(entry(&channel.name, standard, channel));
                self.refuse("channel", &channel.name, done);
            }
            ItemKind::Contact(contact) => self.declared.contacts.push((contact, item.range)),
            ItemKind::Let(constant) => {
                let done = self.declared.constants.declare(entry(&constant.name, standard, constant));
                self.refuse("constant", &constant.name, done);
            }
            ItemKind::Settings(settings) => self.declared.settings.extend(settings),
            ItemKind::Rule(_) => self.declared.rules.push(item),
            ItemKind::Sequence(sequence) => {
                let done = self.declared.sequences.declare(entry(&sequence.name, standard, sequence));
                self.refuse("sequence", &sequence.name, done);
            }
            ItemKind::Score(score) => {
                let done = self.declared.scores.declare(entry(&score.name, standard, score));
                self.refuse("score", &score.name, done);
            }
            ItemKind::Test(test) => self.declared.tests.push(test),
            ItemKind::Invariant(invariant) => {
                let done = self.declared.invariants.declare(entry(&invariant.name, standard, invariant));
                self.refuse("invariant", &invariant.name, done);
            }
            ItemKind::Metric(metric) => {
                // The standard metrics come last, and give way to the rulebook's own.
                if standard && self.declared.metrics.has(&metric.name.node) {
                    return;
                }
                let done = self.declared.metrics.declare(entry(&metric.name, standard, metric));
                self.refuse("metric", &metric.name, done);
            }
            ItemKind::Experiment(experiment) => {
                let done = self.declared.experiments.declare(entry(&experiment.name, standard, experiment));
                self.refuse("experiment", &experiment.name, done);
            }
        }
    }

    fn collect_event(&mut self, name: &'a Name, named: Named<'a>, standard: bool) {
        if standard {
            // The vocabulary declares each name once, so this cannot clash.
            let _ = self.declared.standard_events.declare(entry(name, standard, named));
        }
        let done = self.declared.events.declare(entry(name, standard, named));
        self.refuse("event", name, done);
    }

    fn collect_tiers(&mut self, item: &'a Item, tiers: &'a [TierDecl]) {
        let names = || tiers.iter().map(|tier| (&tier.name, tier.is_final));
        if let Some(first) = self.declared.tiers_at {
            let found = Diagnostic::new(Slug::DuplicateTiers, item.range, "the tiers are declared twice");
            let found = found.label("declared again").other(first, "declared first");
            self.report(found.help("their order says which is most urgent, so name them all in one declaration"));
            // The names are known all the same, so that their uses are not reported as well.
            for (name, is_final) in names() {
                let _ = self.declared.tiers.declare(entry(name, false, is_final));
            }
            return;
        }
        self.declared.tiers_at = Some(item.range);
        for (name, is_final) in names() {
            let done = self.declared.tiers.declare(entry(name, false, is_final));
            self.refuse("tier", name, done);
        }
        if let Some(TierDecl { name, .. }) = tiers.get(200..).and_then(<[TierDecl]>::first) {
            let found = Diagnostic::new(Slug::TooMany, name.range, "more than 200 tiers");
            self.report(found.help("a rulebook can have at most 200 tiers; most need three to five"));
        }
    }

    fn refuse(&mut self, what: &str, name: &Name, done: Result<(), Range>) {
        if let Err(first) = done {
            let found =
                Diagnostic::new(Slug::DuplicateName, name.range, format!("{what} `{}` is declared twice", name.node));
            self.report(
                found.label("declared again").other(first, "declared first").help("keep one, or rename the other"),
            );
        }
    }

    /// Facts, constants, scores and tiers stand in expressions by their bare names.
    fn check_shared_names(&mut self) {
        let mut seen: BTreeMap<String, (Range, bool, &'static str)> = ["tier", "touches", "now"]
            .map(|name| (name.to_owned(), (Range::default(), true, "word of the language")))
            .into();
        let declared = &self.declared;
        let tables = [
            ("lead fact", declared.facts.iter().map(shared).collect::<Vec<_>>()),
            ("constant", declared.constants.iter().map(shared).collect()),
            ("score", declared.scores.iter().map(shared).collect()),
            ("tier", declared.tiers.iter().map(shared).collect()),
        ];
        let mut clashes = Vec::new();
        for (what, names) in tables {
            for (name, range, standard) in names {
                match seen.get(&name) {
                    Some((other, built_in, kind)) => {
                        // Of the two, the later one the author wrote is the one to point at.
                        let swap = standard || (!built_in && *other > range);
                        let (at, other) = if swap { (*other, range) } else { (range, *other) };
                        let (what, kind) = if swap { (*kind, what) } else { (what, *kind) };
                        let shown = !built_in || kind == "lead fact";
                        clashes.push((name, what, kind, at, shown.then_some(other)));
                    }
                    None => drop(seen.insert(name, (range, standard, what))),
                }
            }
        }
        for (name, what, kind, at, other) in clashes {
            let found = Diagnostic::new(Slug::NameClash, at, format!("`{name}` is both a {what} and a {kind}"))
                .label("the same name again")
                .help("an expression could mean either; rename one of them");
            self.report(match other {
                Some(other) => found.other(other, format!("the {kind}")),
                None => found,
            });
        }
    }
}

fn shared<T>(entry: &Entry<T>) -> (String, Range, bool) {
    (entry.name.clone(), entry.range, entry.standard)
}

fn entry<T>(name: &Name, standard: bool, item: T) -> Entry<T> {
    Entry { name: name.node.clone(), range: name.range, standard, item }
}

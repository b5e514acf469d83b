//! Scripts: compiled once each, everything they read resolved, and their functions known by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::checker::Checker;
use super::name::{FACT, SCORE};
use crate::diagnostic::Diagnostic;
use crate::rulebook::{BookScript, PropId, Read, ScoreId, ScriptId, SetId};
use crate::script::{Need, Script};
use crate::slug::Slug;
use crate::source::{Range, Source, SourceId};
use crate::syntax::tree::{At, Name, ScoreLine, Text};
use crate::words::nearest;

/// The folder whose scripts define functions for expressions.
const FOLDER: &str = "scripts/";

/// What is known of the script files of a rulebook.
#[derive(Default)]
pub(super) struct Scripts {
    /// Files by path; `None` where one has a mistake.
    files: BTreeMap<String, Option<ScriptId>>,
    /// Where a score names the file of a script first.
    named: BTreeMap<ScriptId, Range>,
    /// Functions by name and number of values, with the place of the name.
    functions: BTreeMap<(String, usize), (ScriptId, Range)>,
}

impl Scripts {
    /// The script with a function of that name and number of values.
    pub fn function(&self, name: &str, arity: usize) -> Option<ScriptId> {
        self.functions.get(&(name.to_owned(), arity)).map(|(script, _)| *script)
    }

    /// The place of its name.
    pub fn place(&self, name: &str, arity: usize) -> Option<Range> {
        self.functions.get(&(name.to_owned(), arity)).map(|(_, place)| *place)
    }

    /// The numbers of values that functions of that name take.
    pub fn arities(&self, name: &str) -> Vec<usize> {
        self.functions.keys().filter(|(known, _)| known == name).map(|(_, arity)| *arity).collect()
    }

    /// The names of all functions, each once.
    pub fn function_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.functions.keys().map(|(name, _)| name.clone()).collect();
        names.dedup();
        names
    }
}

impl Checker<'_> {
    /// Compiles every script file below `scripts`, and those that scores name elsewhere.
    pub fn compile_script_files(&mut self) {
        let env = self.env;
        let named = self.script_files_named();
        for (path, text) in &env.files {
            let naming = named.get(path).copied();
            if !(naming.is_some() || path.starts_with(FOLDER) && has_ending(path, &["rhai"])) {
                continue;
            }
            let range = self.side_file(path, text);
            let id = self.compile_script(text, range, naming);
            match id {
                Some(id) if path.starts_with(FOLDER) => self.declare_functions(id, text),
                Some(_) => {}
                // What the file would define is not reported where it is called.
                None => self.broken.extend(definitions(text).map(|(name, _)| name.to_owned())),
            }
            self.scripts.named.extend(id.zip(naming));
            self.scripts.files.insert(path.clone(), id);
        }
    }

    /// The paths that scores name, each with the first place.
    fn script_files_named(&self) -> BTreeMap<String, Range> {
        let mut named = BTreeMap::new();
        for line in self.declared.scores.iter().flat_map(|score| &score.item.lines) {
            if let ScoreLine::Script(path) = &line.node {
                named.entry(key(path)).or_insert(path.range);
            }
        }
        named
    }

    /// A file beside the rules as a source: the whole of its text.
    pub fn side_file(&mut self, path: &str, text: &str) -> Range {
        let source: SourceId = Arc::make_mut(&mut self.sources).add(Source::new(self.env.shown(path), text));
        Range { source, start: 0, end: text.len() as u32 }
    }

    fn compile_script(&mut self, text: &str, range: Range, named: Option<Range>) -> Option<ScriptId> {
        match Script::compile(text) {
            Ok(script) => Some(self.resolved.scripts.push(BookScript { script, reads: Vec::new(), range })),
            Err(errors) => {
                for error in errors {
                    let place = self.word_at(range, error.place.byte);
                    let found = Diagnostic::new(Slug::BadScript, place, error.message);
                    let found = Diagnostic { help: error.help, ..found };
                    self.report(named.into_iter().fold(found, |found, named| found.other(named, NAMED)));
                }
                None
            }
        }
    }

    /// The word, the text in quotes or the sign at a byte of a script.
    fn word_at(&self, script: Range, byte: u32) -> Range {
        let start = (script.start + byte).min(script.end);
        let rest = self.sources.text(Range { start, ..script });
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let length = match rest.chars().next() {
            Some('"') => rest.get(1..).and_then(|inner| inner.find(['"', '\n'])).map_or(1, |end| end + 2),
            Some(sign) => word.max(sign.len_utf8()),
            None => 0,
        };
        Range { source: script.source, start, end: (start + length as u32).min(script.end) }
    }

    fn declare_functions(&mut self, id: ScriptId, text: &str) {
        let Some(book) = self.resolved.scripts.get(id) else { return };
        let (range, functions) = (book.range, book.script.functions().to_vec());
        for function in functions {
            let byte = definitions(text).find(|(name, _)| *name == function.name).map_or(0, |(_, at)| at);
            let place = self.word_at(range, byte as u32);
            let key = (function.name, function.arity);
            if let Some((_, first)) = self.scripts.functions.get(&key) {
                let message = format!("function `{}` is defined twice", key.0);
                let found = Diagnostic::new(Slug::DuplicateFunction, place, message).label("defined again");
                let found = found.other(*first, "defined first");
                self.report(found.help("rules call functions by name alone; rename one, or keep one"));
            } else {
                self.scripts.functions.insert(key, (id, place));
            }
        }
    }

    /// Resolves what the script files read.
    pub fn resolve_script_files(&mut self) {
        for id in self.resolved.scripts.ids() {
            self.resolve_script(id);
        }
    }

    fn resolve_script(&mut self, id: ScriptId) {
        let Some(book) = self.resolved.scripts.get(id) else { return };
        let (script, range) = (book.script.clone(), book.range);
        let before = self.diagnostics.len();
        let reads: Vec<Option<Read>> = script
            .uses()
            .iter()
            .map(|found| {
                let place = self.word_at(range, found.place.byte);
                self.refer_in_script(&found.need, place, range);
                self.read(&found.need, place)
            })
            .collect();
        if let Some(named) = self.scripts.named.get(&id) {
            for found in self.diagnostics.iter_mut().skip(before) {
                found.others.push((*named, NAMED.to_owned()));
            }
        }
        let book = self.resolved.scripts.get_mut(id);
        if let Some((book, reads)) = book.zip(reads.into_iter().collect()) {
            book.reads = reads;
        }
    }

    fn refer_in_script(&mut self, need: &Need, place: Range, script: Range) {
        let at = |checker: &Self, name: &str| checker.name_in_script(name, place, script);
        match need {
            Need::Fact(name) => at(self, name).into_iter().for_each(|at| self.refer_fact(name, at)),
            Need::Prop(name) => {
                let prop = self.property_of_any(name).zip(at(self, name));
                prop.into_iter().for_each(|(id, at)| self.refer_any_property(id, at));
            }
            Need::Count { event, .. } | Need::DaysSince(event) | Need::Last(event) => {
                at(self, event).into_iter().for_each(|at| self.refer_event(event, at));
            }
            Need::Score(name) => at(self, name).into_iter().for_each(|at| self.refer_score(name, at)),
            Need::Event | Need::EventType | Need::EventAt | Need::Tier | Need::Touches | Need::Now => {}
        }
    }

    fn read(&mut self, need: &Need, range: Range) -> Option<Read> {
        Some(match need {
            Need::Fact(name) => {
                let fact = self.fact(name).map(|(id, ..)| id);
                if fact.is_none() {
                    let names = self.declared.facts.names();
                    self.unknown(&FACT, name, range, &names, None);
                }
                Read::Fact(fact.filter(|_| !self.broken.contains(name))?)
            }
            Need::Event => Read::Event,
            Need::EventType => Read::EventType,
            Need::EventAt => Read::EventAt,
            Need::Prop(name) => Read::Prop(self.any_property(name, range)?),
            Need::Tier => Read::Tier,
            Need::Touches => Read::Touches,
            Need::Now => Read::Now,
            Need::Count { event, length } => {
                let set = self.event_in_script(event, range)?;
                Read::Count(set, length.and_then(crate::units::Length::measured))
            }
            Need::DaysSince(event) => Read::DaysSince(self.event_in_script(event, range)?),
            Need::Last(event) => Read::Last(self.event_in_script(event, range)?),
            Need::Score(name) => {
                let id = self.declared.scores.id(name);
                if id.is_none() {
                    let names = self.declared.scores.names();
                    self.unknown(&SCORE, name, range, &names, None);
                }
                Read::Score(id?)
            }
        })
    }

    fn event_in_script(&mut self, name: &str, range: Range) -> Option<SetId> {
        self.events_of(&Name { node: name.to_owned(), range })?;
        self.named_set(name)
    }

    /// A property that some event has.
    pub fn any_property(&mut self, name: &str, range: Range) -> Option<PropId> {
        if let Some(id) = self.property_of_any(name) {
            return (!self.broken.contains(name)).then_some(id);
        }
        if !self.broken.contains(name) {
            let names: Vec<String> =
                self.resolved.props.iter().filter(|name| self.property_of_any(name).is_some()).cloned().collect();
            let help = match nearest(name, &names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("declare it for the event that has it: `event NAME is \"…\" {{ {name} text? }}`"),
            };
            let found = Diagnostic::new(Slug::UnknownProperty, range, format!("no event has a property `{name}`"));
            self.report(found.label("not known").help(help));
        }
        None
    }

    /// A property of any log type.
    pub fn property_of_any(&self, name: &str) -> Option<PropId> {
        let id = self.resolved.props.find(name)?;
        let mut props = self.resolved.types.iter().flat_map(|ty| &ty.props);
        props.any(|prop| prop.id == id).then_some(id)
    }

    /// The script of a score, from the line that gives it.
    pub fn score_script(&mut self, score: &str, line: &At<ScoreLine>) -> Option<ScriptId> {
        let id = match &line.node {
            ScoreLine::Rhai(text) => self.inline_script(text)?,
            ScoreLine::Script(path) => {
                let key = key(path);
                let Some(id) = self.scripts.files.get(&key).copied() else {
                    self.missing_file(&key, path, &["rhai"]);
                    return None;
                };
                id?
            }
            _ => return None,
        };
        if self.resolved.scripts.get(id).is_some_and(|book| !book.script.has_result()) {
            let message = format!("the script of score `{score}` gives no result");
            let found = Diagnostic::new(Slug::NoResult, line.range, message).label("functions alone, or nothing");
            self.report(found.help("let the last line of the script be a number, or call a function there"));
            return None;
        }
        Some(id)
    }

    /// INVARIANT: the text of a script is the text of its range, so that places inside it are places
    /// of the file.
    fn inline_script(&mut self, text: &Text) -> Option<ScriptId> {
        if self.sources.text(text.range) != text.node {
            let message = "a script with `\\` is written between three quotes";
            let found = Diagnostic::new(Slug::Syntax, text.range, message).label("one quote on each side");
            self.report(found.help("write `rhai \"\"\" … \"\"\"`; inside, `\"` needs no `\\`"));
            return None;
        }
        let id = self.compile_script(&text.node, text.range, None)?;
        self.resolve_script(id);
        Some(id)
    }

    /// What a script asks of other scores, with the places.
    pub fn scores_read(&self, id: ScriptId) -> Vec<(ScoreId, Range)> {
        let Some(book) = self.resolved.scripts.get(id) else { return Vec::new() };
        let read = book.script.uses().iter().zip(&book.reads).filter_map(|(found, read)| match read {
            Read::Score(score) => Some((*score, self.word_at(book.range, found.place.byte))),
            _ => None,
        });
        read.collect()
    }

    /// What a script asks of the event that runs it, with names and places.
    pub fn props_read(&self, id: ScriptId) -> Vec<(String, PropId, Range)> {
        let Some(book) = self.resolved.scripts.get(id) else { return Vec::new() };
        let read = book.script.uses().iter().zip(&book.reads).filter_map(|(found, read)| match (&found.need, read) {
            (Need::Prop(name), Read::Prop(prop)) => {
                Some((name.clone(), *prop, self.word_at(book.range, found.place.byte)))
            }
            _ => None,
        });
        read.collect()
    }
}

const NAMED: &str = "the script is named here";

/// A path as the files beside the rules are known by.
fn key(path: &Text) -> String {
    path.node.trim_start_matches("./").to_owned()
}

/// Whether a path ends in a dot and one of these.
pub(super) fn has_ending(path: &str, ends: &[&str]) -> bool {
    std::path::Path::new(path).extension().is_some_and(|end| ends.iter().any(|known| end == *known))
}

/// The names after `fn`, with the byte each begins at.
fn definitions(text: &str) -> impl Iterator<Item = (&str, usize)> {
    text.match_indices("fn ").filter_map(|(at, word)| {
        let rest = text.get(at + word.len()..)?;
        let name = rest.trim_start();
        let start = at + word.len() + rest.len() - name.len();
        let end = name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
        Some((name.get(..end)?, start)).filter(|(name, _)| !name.is_empty())
    })
}

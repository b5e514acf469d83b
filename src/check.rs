//! Tree to rulebook: every name resolved, every expression typed, every mistake of a rulebook
//! found in one run. Made from what `syntax` read; what comes out is compiled by `plan`.
//!
//! One root cause is one finding: a name whose own declaration is broken is never reported again.

mod allow;
mod analysis;
mod broken;
mod calendar;
mod channel;
mod checker;
mod collect;
mod constant;
mod contact;
mod effect;
mod event;
mod expect;
mod experiment;
mod expression;
mod function;
mod invariant;
mod label;
mod lead;
mod length;
mod meaning;
mod metric;
mod name;
mod operator;
mod reference;
mod rule;
mod score;
mod script;
mod sequence;
mod setting;
mod table;
mod template;
mod test;
mod touch;
mod trigger;
mod variant;
pub(crate) mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use self::allow::Allowance;
pub use self::reference::{Reference, ReferenceKind};

use crate::diagnostic::{Diagnostic, Severity};
use crate::rulebook::Rulebook;
use crate::source::{Source, Sources};
use crate::syntax;
use crate::syntax::tree;

/// The path under which people see the standard vocabulary.
pub const VOCABULARY_PATH: &str = "vocabulary.ensue";

/// The standard vocabulary: an ordinary rulebook file.
pub const VOCABULARY: &str = include_str!("check/vocabulary.ensue");

/// The path under which people see the standard metrics.
pub const METRICS_PATH: &str = "metrics.ensue";

/// The standard metrics: an ordinary rulebook file, read where somebody measures.
pub const METRICS: &str = include_str!("check/metrics.ensue");

/// The path under which the questions of the weekly review stand.
pub const REVIEW_PATH: &str = "review.ensue";

/// The questions of the weekly review: metrics that no report shows, read where somebody holds one.
pub const REVIEW: &str = include_str!("check/review.ensue");

/// The files beside the rules that a rulebook may name: calendars, scripts, templates.
#[derive(Clone, Debug, Default)]
pub struct Env {
    /// The rulebook's folder as people see it (`rules`); empty for the current folder. It is put
    /// before the path of a side file wherever a finding points into one.
    pub root: String,
    /// Texts by path relative to the rulebook's folder, with `/` between folders.
    pub files: BTreeMap<String, String>,
    /// The standard metrics are wanted. They are there too where the rulebook has metrics of its own, or tests that
    /// look at some.
    pub metrics: bool,
    /// The questions of the weekly review are wanted, and with them the standard metrics.
    pub review: bool,
}

impl Env {
    /// The path of a side file as people see it.
    #[must_use]
    pub fn shown(&self, path: &str) -> String {
        match self.root.trim_end_matches('/') {
            "" => path.to_owned(),
            root => format!("{root}/{path}"),
        }
    }
}

/// What came of checking.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The rulebook; `None` where a finding is an error.
    pub rulebook: Option<Rulebook>,
    /// Every finding, by file and position.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts that findings and rulebook point into: those given, the standard vocabulary, and
    /// the side files that were read.
    pub sources: Arc<Sources>,
    /// Every name that is used and declared, by place. What stands in a standard declaration that the
    /// rulebook has replaced is left out, as is what a mistake keeps from being looked at.
    pub references: Vec<Reference>,
    /// Findings that a comment of the author allows; [`Checked::expire`] looks at their dates.
    pub allowed: Vec<Allowance>,
}

/// The standard vocabulary as a source, to stand first among the sources of a rulebook.
#[must_use]
pub fn vocabulary() -> Source {
    Source::new(VOCABULARY_PATH, VOCABULARY)
}

/// Checks a rulebook from the texts of its files, given as (path as shown, text) in any order.
#[must_use]
pub fn load(files: impl IntoIterator<Item = (String, String)>, env: &Env) -> Checked {
    let mut files: Vec<_> = files.into_iter().collect();
    files.sort();
    let mut sources = Sources::default();
    sources.add(vocabulary());
    for (path, text) in files {
        // A byte order mark is how some editors begin a file; it is no part of the text.
        let text = text.strip_prefix('\u{feff}').map_or(text.clone(), str::to_owned);
        sources.add(Source::new(path, text));
    }
    let (mut trees, mut diagnostics) = (Vec::new(), Vec::new());
    for (id, source) in sources.iter() {
        let (file, found) = syntax::parse(id, &source.text);
        trees.push(file);
        diagnostics.extend(found);
    }
    run(Arc::new(sources), trees, diagnostics, env)
}

/// Checks parsed files. Where the standard vocabulary is not among them, it is added. Findings of
/// the parser are not repeated; text it could not read is not held against the rest.
#[must_use]
pub fn check(sources: Arc<Sources>, files: Vec<tree::File>, env: &Env) -> Checked {
    run(sources, files, Vec::new(), env)
}

/// Checks parsed files of which the parser found this; what compiles is analyzed too.
fn run(sources: Arc<Sources>, files: Vec<tree::File>, parsed: Vec<Diagnostic>, env: &Env) -> Checked {
    let (sources, files) = with_vocabulary(sources, files);
    let (sources, files) = with_metrics(sources, files, env);
    let mut checked = checker::Checker::run(sources, &files, env);
    checked.diagnostics.extend(parsed);
    if checked.diagnostics.iter().any(|found| found.severity == Severity::Error) {
        checked.rulebook = None;
    }
    if let Some(rulebook) = &checked.rulebook {
        checked.diagnostics.extend(analysis::run(rulebook, &files));
    }
    checked.allow(&files);
    sort(&mut checked.diagnostics, &checked.sources);
    checked
}

/// Puts the vocabulary first, as rulebook order has it.
fn with_vocabulary(mut sources: Arc<Sources>, mut files: Vec<tree::File>) -> (Arc<Sources>, Vec<tree::File>) {
    files.sort_by_key(|file| file.source);
    let standard = sources.iter().find(|(_, source)| checker::is_vocabulary(source)).map(|(id, _)| id);
    let at = standard.and_then(|id| files.iter().position(|file| file.source == id));
    let file = if let Some(at) = at {
        files.remove(at)
    } else {
        let id = standard.unwrap_or_else(|| Arc::make_mut(&mut sources).add(vocabulary()));
        syntax::parse(id, VOCABULARY).0
    };
    files.insert(0, file);
    (sources, files)
}

/// Puts the standard metrics last, where they are wanted: what stands before them is numbered as without them.
fn with_metrics(mut sources: Arc<Sources>, mut files: Vec<tree::File>, env: &Env) -> (Arc<Sources>, Vec<tree::File>) {
    let measures = |item: &tree::Item| match &item.node {
        tree::ItemKind::Metric(_) => true,
        tree::ItemKind::Test(test) => {
            let expects = |line: &tree::TestLine| matches!(line, tree::TestLine::Expect(tree::Expectation::Metric(_)));
            test.lines.iter().any(|line| expects(&line.node))
        }
        _ => false,
    };
    if env.metrics || env.review || files.iter().flat_map(|file| &file.items).any(measures) {
        let id = Arc::make_mut(&mut sources).add(Source::new(METRICS_PATH, METRICS));
        files.push(syntax::parse(id, METRICS).0);
    }
    if env.review {
        let id = Arc::make_mut(&mut sources).add(Source::new(REVIEW_PATH, REVIEW));
        files.push(syntax::parse(id, REVIEW).0);
    }
    (sources, files)
}

/// By file in path order (the vocabulary first) and position.
fn sort(diagnostics: &mut [Diagnostic], sources: &Sources) {
    diagnostics.sort_by_cached_key(|found| {
        let path = &sources.file(found.range.source).path;
        (path != VOCABULARY_PATH, path.clone(), found.range.start, found.range.end, found.slug, found.message.clone())
    });
}

//! What stands on the page, in order: the one model that every form of it draws.

mod contact;
mod rules;
mod sequences;
mod tiers;

pub use super::moves::{Move, Moves};
use super::prose::{Kind, Prose};
use super::words::{Words, time};
use crate::rulebook::Rulebook;

/// The page of a rulebook.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// Its title.
    pub title: String,
    /// What is read first.
    pub summary: Vec<Prose>,
    /// Its sections in order; none is empty.
    pub sections: Vec<Section>,
}

/// A part of the page.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Its title, different from every other.
    pub title: String,
    /// What stands in it.
    pub blocks: Vec<Block>,
}

/// A thing on the page.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// A paragraph.
    Text(Prose),
    /// Facts, one a line.
    Facts(Vec<Prose>),
    /// A heading below the section's.
    Heading(Heading),
    /// Rules.
    Rules(Vec<RuleEntry>),
    /// A table.
    Table(Grid),
    /// What moves a lead between tiers.
    Moves(Moves),
    /// A sequence over its days; a table of the same touches follows.
    Timeline(Timeline),
}

/// A heading below a section's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    /// What it says.
    pub title: Prose,
    /// `rules/tiers.ensue:12`
    pub place: Option<String>,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleEntry {
    /// Its label.
    pub label: String,
    /// What it does.
    pub sentence: Prose,
    /// The lines of a decision list, each with its own reason.
    pub lines: Vec<(Prose, Option<String>)>,
    /// Why.
    pub why: Option<String>,
    /// `rules/tiers.ensue:12`
    pub place: String,
}

/// A table; every row has a cell for each head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Names of the columns.
    pub head: Vec<&'static str>,
    /// Its rows.
    pub rows: Vec<Vec<Prose>>,
    /// Whether each row explains the name in its first cell.
    pub explains: bool,
}

impl Grid {
    /// Without the columns in which nothing stands.
    fn without_empty(mut self) -> Self {
        for at in (0..self.head.len()).rev() {
            if self.rows.iter().all(|row| row.get(at).is_none_or(Prose::is_empty)) {
                self.head.remove(at);
                self.rows.iter_mut().filter(|row| at < row.len()).for_each(|row| drop(row.remove(at)));
            }
        }
        self
    }
}

/// A sequence over its days.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    /// The sequence's name.
    pub sequence: String,
    /// Its touches in order.
    pub marks: Vec<Mark>,
    /// What recurs after them.
    pub tail: Option<Tail>,
}

/// A touch on a timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Its first day, from 1; an estimate where the day depends on the touch before.
    pub day: f64,
    /// Its last day.
    pub last: f64,
    /// As written below the axis: `4`, `4–6`, `+3 days`.
    pub day_label: String,
    /// The channel's name.
    pub channel: String,
    /// The channel as a reader knows it.
    pub channel_title: String,
    /// What is sent.
    pub label: String,
    /// Whether it goes out under a condition only.
    pub conditional: bool,
    /// Whether its day is an estimate.
    pub relative: bool,
}

/// The recurring end of a timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Tail {
    /// The touch.
    pub mark: Mark,
    /// `every 90 days`
    pub rhythm: String,
}

impl Page {
    /// What it tells of: `40 rules and 8 sequences`.
    #[must_use]
    pub fn counted(&self) -> String {
        let (mut rules, mut sequences) = (0, 0);
        for block in self.sections.iter().flat_map(|section| &section.blocks) {
            match block {
                Block::Rules(entries) => rules += entries.len(),
                Block::Heading(heading) => {
                    sequences += usize::from(matches!(heading.title.first_name(), Some((Kind::Sequence, _))));
                }
                _ => {}
            }
        }
        format!("{} and {}", number(rules, "rule"), number(sequences, "sequence"))
    }
}

/// The page of a rulebook.
#[must_use]
pub fn page(rulebook: &Rulebook) -> Page {
    let words = Words::new(rulebook);
    let (own, standard) = rules::rules(&words);
    let sections = [
        ("Tiers", tiers::tiers(&words)),
        ("Rules", own),
        ("Sequences", sequences::sequences(&words)),
        ("Scores", contact::scores(&words)),
        ("Channels and hours", contact::channels(&words)),
        ("Experiments", contact::experiments(&words)),
        ("What must always hold", contact::invariants(&words)),
        ("Tests", contact::tests(&words)),
        ("What events mean", contact::glossary(&words)),
        ("Rules that are always in force", standard),
    ];
    let sections = sections.into_iter().filter(|(_, blocks)| !blocks.is_empty());
    Page {
        title: "How we follow up".to_owned(),
        summary: summary(rulebook),
        sections: sections.map(|(title, blocks)| Section { title: title.to_owned(), blocks }).collect(),
    }
}

fn summary(rulebook: &Rulebook) -> Vec<Prose> {
    let touches = |sequence: &crate::rulebook::Sequence| sequence.touches.len() + usize::from(sequence.tail.is_some());
    let touches: usize = rulebook.sequences.iter().map(touches).sum();
    let rules = rulebook.rules.iter().filter(|rule| !rule.standard).count();
    let counts = [
        (rulebook.tiers.len(), "tier"),
        (rules, "rule"),
        (rulebook.sequences.len(), "sequence"),
        (touches, "touch"),
        (rulebook.scores.len(), "score"),
        (rulebook.tests.len(), "test"),
    ];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let counts: Vec<Prose> = counts.map(|(count, what)| number(count, what).into()).collect();
    vec![
        "This page says in plain words what the rule files say. It is written by the program from the rules that \
         decide, so the two agree."
            .into(),
        super::words::fill("There are {}.", [super::words::listed(counts, "and")]),
        "A touch is a message, a call or a task on a planned day. Names in another type are those of the rule files."
            .into(),
    ]
}

fn number(count: usize, what: &str) -> String {
    time::many(count as u64, what)
}

/// A paragraph of a comment, with names in backticks as names.
fn remark(text: &str) -> Prose {
    let mut prose = Prose::default();
    for (at, part) in text.split('`').enumerate() {
        prose = match at % 2 {
            0 => prose.then(part),
            _ => prose.then(Prose::name(Kind::Other, part)),
        };
    }
    prose
}

/// The lines of a comment as one text, without what is for programs or only for the eye.
fn comment<'t>(lines: impl Iterator<Item = &'t str>) -> Option<Prose> {
    let words = lines.map(|line| line.trim_start_matches('#').trim());
    let words: Vec<&str> = words.filter(|line| !line.starts_with("ensue:") && !line.contains("---")).collect();
    let text = words.join(" ");
    (!text.trim().is_empty()).then(|| remark(text.trim()))
}

//! `# ensue: allow SLUG until 2026-12-31 "why"`: findings an author has looked at and lets stand, for a
//! reason and until a day. The comment stands on the line before a statement or at its end, and is
//! itself looked into: that it can be read, belongs to a statement, is needed, and has not run out.

use chrono::{Datelike, NaiveDate};

use super::Checked;
use crate::diagnostic::{Diagnostic, Severity};
use crate::slug::Slug;
use crate::source::{Range, Source, SourceId};
use crate::syntax;
use crate::syntax::tree::{File, ItemKind, RuleBody};
use crate::words::nearest;

/// What every such comment begins with, after its `#`.
const PREFIX: &str = "ensue:";
/// How one is written.
const FORM: &str = "# ensue: allow SLUG until 2026-12-31 \"why\"";

/// A comment that allows findings, with those it allows; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// The comment.
    pub range: Range,
    /// The last day on which it holds.
    pub until: NaiveDate,
    /// What it says as the reason.
    pub why: String,
    /// What would be reported without it.
    pub findings: Vec<Diagnostic>,
}

/// A comment that could be read.
struct Allow {
    range: Range,
    slug: Slug,
    until: NaiveDate,
    why: String,
}

impl Checked {
    /// Takes out the findings that comments allow, and adds those about the comments.
    pub(super) fn allow(&mut self, files: &[File]) {
        let sources = std::sync::Arc::clone(&self.sources);
        for file in files {
            let source = sources.file(file.source);
            if !source.text.contains(PREFIX) {
                continue;
            }
            let statements = statements(file);
            let mut last = 0;
            for comment in syntax::comments(&source.text) {
                let follows = std::mem::replace(&mut last, comment.end)..comment.start;
                let range = place(file.source, &comment);
                let words = sources.text(range).trim_start_matches('#').trim();
                let Some(words) = words.strip_prefix(PREFIX) else { continue };
                match parse(words.trim(), range) {
                    Err(found) => self.diagnostics.push(*found),
                    // Where the rulebook does not compile there is no telling what a comment is for.
                    Ok(_) if self.rulebook.is_none() => {}
                    Ok(allow) => match statement(source, &statements, &comment, follows) {
                        Some(statement) => self.apply(allow, statement),
                        None => self.diagnostics.push(misplaced(range)),
                    },
                }
            }
        }
    }

    fn apply(&mut self, allow: Allow, statement: Range) {
        let covered = |found: &Diagnostic| {
            found.slug == allow.slug
                && found.severity != Severity::Error
                && found.range.source == statement.source
                && (statement.start..statement.end.max(statement.start + 1)).contains(&found.range.start)
        };
        let (findings, rest) = std::mem::take(&mut self.diagnostics).into_iter().partition(covered);
        self.diagnostics = rest;
        let findings: Vec<Diagnostic> = findings;
        if findings.is_empty() {
            let message = format!("nothing here needs `allow {}`", allow.slug.name());
            let needless = Diagnostic::new(Slug::NeedlessAllow, allow.range, message).label("allows nothing");
            self.diagnostics.push(needless.help("take the comment out"));
            return;
        }
        self.allowed.push(Allowance { range: allow.range, until: allow.until, why: allow.why, findings });
    }

    /// Reports anew what comments allowed until a day before `today`, and that they have run out.
    pub fn expire(&mut self, today: NaiveDate) {
        let (expired, held): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.allowed).into_iter().partition(|allowed| allowed.until < today);
        self.allowed = held;
        for allowed in expired {
            let message = format!("this was allowed until {} only", allowed.until);
            let found = Diagnostic::new(Slug::ExpiredAllow, allowed.range, message).label("has run out");
            self.diagnostics.push(found.help("mend what it allows, or look at it again and give a later day"));
            self.diagnostics.extend(allowed.findings);
        }
        super::sort(&mut self.diagnostics, &self.sources);
    }
}

/// Reads what stands after `ensue:`.
fn parse(words: &str, range: Range) -> Result<Allow, Box<Diagnostic>> {
    let broken = |message: String, label: &str, help: String| {
        Box::new(Diagnostic::new(Slug::BrokenAllow, range, message).label(label).help(help))
    };
    let form = || format!("write `{FORM}`");
    let (verb, rest) = word(words);
    if verb != "allow" {
        return Err(broken(format!("`{verb}` is not what a comment can ask for"), "only `allow`", form()));
    }
    let (name, rest) = word(rest);
    let slug = slug(name).map_err(|(message, help)| broken(message, "no such finding", help))?;
    if slug.severity() == Severity::Error {
        let message = format!("`{name}` is an error, and errors cannot be allowed");
        return Err(broken(message, "an error", "mend the error; only warnings and notes can be allowed".to_owned()));
    }
    let (until, rest) = word(rest);
    let (day, rest) = word(rest);
    let date = NaiveDate::parse_from_str(day, "%Y-%m-%d").ok().filter(|date| (1900..=2200).contains(&date.year()));
    let Some(until) = date.filter(|_| until == "until" && day.len() == 10) else {
        let help = format!("say until when: `# ensue: allow {name} until 2026-12-31 \"why\"`");
        return Err(broken(format!("`allow {name}` needs a day on which it ends"), "no such day", help));
    };
    let why = rest.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or("").trim();
    if why.is_empty() {
        let help = format!("say why, in quotes: `# ensue: allow {name} until {until} \"why\"`");
        return Err(broken(format!("`allow {name}` needs a reason"), "no reason", help));
    }
    Ok(Allow { range, slug, until, why: why.to_owned() })
}

fn slug(name: &str) -> Result<Slug, (String, String)> {
    if let Some(slug) = Slug::ALL.iter().find(|slug| slug.name() == name) {
        return Ok(*slug);
    }
    let names: Vec<String> = Slug::ALL.iter().map(|slug| slug.name().to_owned()).collect();
    let help = match nearest(name, &names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "take the name in the brackets of the finding; `ensue explain` lists all".to_owned(),
    };
    Err((format!("there is no finding named `{name}`"), help))
}

/// The first word and what follows it.
fn word(text: &str) -> (&str, &str) {
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (first, rest.trim())
}

fn misplaced(range: Range) -> Diagnostic {
    let found = Diagnostic::new(Slug::MisplacedAllow, range, "this comment belongs to no statement");
    found.label("allows nothing").help("put it on the line before the statement, or at its end")
}

/// Every statement of a file, and the lines inside its braces, the outer before the inner.
fn statements(file: &File) -> Vec<Range> {
    let mut all = Vec::new();
    for item in &file.items {
        all.push(item.range);
        match &item.node {
            ItemKind::Rule(rule) => {
                if let RuleBody::Decision(arms) = &rule.body {
                    all.extend(arms.iter().map(|arm| arm.range));
                }
            }
            ItemKind::Sequence(sequence) => {
                all.extend(sequence.clauses.iter().map(|clause| clause.range));
                all.extend(sequence.touches.iter().map(|touch| touch.range));
                all.extend(sequence.tail.iter().map(|tail| tail.range));
            }
            ItemKind::Score(score) => all.extend(score.lines.iter().map(|line| line.range)),
            ItemKind::Channel(channel) => all.extend(channel.clauses.iter().map(|clause| clause.range)),
            ItemKind::Contact(contact) => all.extend(contact.clauses.iter().map(|clause| clause.range)),
            ItemKind::Calendar(calendar) => all.extend(calendar.entries.iter().map(|entry| entry.range)),
            ItemKind::Lead(fields) => all.extend(fields.iter().map(|field| field.range)),
            _ => {}
        }
    }
    all
}

/// The statement a comment belongs to. Where lines break inside a statement must not matter, as `fmt`
/// may break them elsewhere.
///
/// `follows` is what stands between the comment before and this one.
fn statement(
    source: &Source,
    statements: &[Range],
    comment: &std::ops::Range<usize>,
    follows: std::ops::Range<usize>,
) -> Option<Range> {
    let bytes = |range: &Range| range.start as usize..range.end as usize;
    let before = source.text.get(..comment.start)?;
    let outermost = |range: &&Range| (range.start, std::cmp::Reverse(range.end));
    let is_blank = |text: &str| text.chars().all(|c| c.is_whitespace() || c == ',');
    // A comma goes to the line before, and after a comment there the next one stands alone.
    let alone = before.rsplit('\n').next()?.trim().is_empty();
    if alone || follows.start > 0 && source.text.get(follows).is_some_and(is_blank) {
        // Alone on its line: the statement that begins the next one.
        let start = next_word(source, comment.end)?;
        return statements.iter().filter(|range| bytes(range).start == start).min_by_key(outermost).copied();
    }
    let around = |range: &&Range| bytes(range).contains(&comment.start);
    let inner = statements.iter().filter(around).max_by_key(outermost);
    if let Some(range) = inner {
        let inside = |other: &&Range| *other != range && range.start <= other.start && other.end <= range.end;
        let mut parts = statements.iter().filter(inside).peekable();
        // In a statement without others inside, or in the head of one.
        if parts.peek().is_none() || parts.all(|part| bytes(part).start > comment.start) {
            return Some(*range);
        }
    }
    // At the end of one: only a comma may stand between.
    let ends = |range: &&Range| {
        let between = source.text.get(bytes(range).end..comment.start);
        between.is_some_and(is_blank)
    };
    statements.iter().filter(ends).max_by_key(|range| (range.end, std::cmp::Reverse(range.start))).copied()
}

/// Where the first word of the next line begins that is no comment; `None` at an empty line.
fn next_word(source: &Source, from: usize) -> Option<usize> {
    let mut at = from + source.text.get(from..)?.find('\n')? + 1;
    loop {
        let line = source.text.get(at..)?.split_inclusive('\n').next()?;
        // `fmt` moves a comma to the line before.
        let (blank, word) = (line.trim().is_empty(), line.trim_start_matches(|c: char| c.is_whitespace() || c == ','));
        if blank || !(word.is_empty() || word.starts_with('#')) {
            return (!blank).then_some(at + line.len() - word.len());
        }
        at += line.len();
    }
}

fn place(source: SourceId, bytes: &std::ops::Range<usize>) -> Range {
    Range { source, start: bytes.start as u32, end: bytes.end as u32 }
}

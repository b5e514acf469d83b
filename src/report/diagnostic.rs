//! Findings drawn: for people, one a line, and as JSON. Made by `check` and the parser, printed by the
//! command line.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};
use serde::Serialize;

use crate::config::ConfigError;
use crate::diagnostic::{Diagnostic, Severity};
use crate::shown::{self, Shown};
use crate::source::{Range, Source, SourceId, Sources};

use super::fold::{Fold, Folded};
use super::summary::Summary;
use crate::trial::Failure;
use crate::words::many;
use crate::yaml::Mistake;

/// How wide a line is shown, in characters; longer ones are cut around what is underlined.
const WIDTH: usize = 140;
/// Places of a file that are further apart, in bytes, are drawn one after the other.
const APART: u32 = 4096;

/// The findings as people read them, each followed by an empty line.
#[must_use]
pub fn human(diagnostics: &[Diagnostic], sources: &Sources, color: bool) -> String {
    human_folded(&Folded::whole(diagnostics), sources, color)
}

/// The same of those that are not folded, with a line for those that are.
#[must_use]
pub fn human_folded(folded: &Folded<'_>, sources: &Sources, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(WIDTH);
    let fold = |fold: &Option<Fold>| fold.as_ref().map(|fold| format!("{fold}\n\n")).unwrap_or_default();
    folded.0.iter().map(|(found, more)| format!("{}\n\n{}", draw(found, sources, &renderer), fold(more))).collect()
}

/// Mistakes of a file beside the rules, which have no page: `error: there is no sink` with their lines.
#[must_use]
pub fn mistakes(mistakes: &[Mistake], source: &Source, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(WIDTH);
    let draw = |mistake: &Mistake| {
        let snippet = Snippet::source(source.text.as_str()).path(shown::line(&source.path)).fold(true);
        let mark = AnnotationKind::Primary.span(mistake.range_start..mistake.range_end);
        let group = Level::ERROR.primary_title(shown::line(&mistake.message)).element(snippet.annotation(mark));
        let help = mistake.help.iter().map(|help| Level::HELP.message(shown::line(help)));
        tight(&renderer.render(&[group.elements(help)])) + "\n\n"
    };
    mistakes.iter().map(draw).collect()
}

/// Why there is no configuration, with the lines of its mistakes.
#[must_use]
pub fn config(error: &ConfigError, color: bool) -> String {
    match error {
        ConfigError::Mistakes(source, found) => mistakes(found, source, color),
        other => format!("error: {}\n", Shown(other)),
    }
}

/// One line a finding: `path:line:column: error[slug]: message`.
#[must_use]
pub fn short(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    short_folded(&Folded::whole(diagnostics), sources)
}

/// The same of those that are not folded, with a line for those that are.
#[must_use]
pub fn short_folded(folded: &Folded<'_>, sources: &Sources) -> String {
    let fold = |fold: &Option<Fold>| fold.as_ref().map(|fold| format!("{fold}\n")).unwrap_or_default();
    let line = |found: &Diagnostic| {
        let source = sources.file(found.range.source);
        let (line, column) = source.line_column(found.range.start);
        let severity = severity(found.severity);
        let (path, message) = (Shown(&source.path), Shown(&found.message));
        format!("{path}:{line}:{column}: {severity}[{}]: {message}\n", found.slug.name())
    };
    folded.0.iter().map(|(found, more)| format!("{}{}", line(found), fold(more))).collect()
}

/// One JSON object a line, keys always in the same order; `help` is null where there is none. Lines
/// and columns count from 1 and columns count characters; bytes count from 0 of the file.
#[must_use]
pub fn json(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let line = |found| serde_json::to_string(&Record::new(found, sources)).unwrap_or_default() + "\n";
    diagnostics.iter().map(line).collect()
}

/// `check: 3 errors, 1 warning in 4 files`: the last line of a run. `files` counts the rulebook's own.
#[must_use]
pub fn summary(diagnostics: &[Diagnostic], files: usize) -> Summary {
    let count = |severity| diagnostics.iter().filter(|found| found.severity == severity).count();
    let counts =
        [(count(Severity::Error), "error"), (count(Severity::Warning), "warning"), (count(Severity::Info), "note")];
    let counts: Vec<String> = counts.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| many(n, what)).collect();
    let found = if counts.is_empty() { "no findings".to_owned() } else { counts.join(", ") };
    Summary { verb: "check", counts: format!("{found} in {}", many(files, "file")) }
}

/// The message with what to do about it, on one line.
pub(super) fn advice(found: &Diagnostic) -> String {
    match &found.help {
        Some(help) => format!("{}; {help}", found.message),
        None => found.message.clone(),
    }
}

pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

fn draw(found: &Diagnostic, sources: &Sources, renderer: &Renderer) -> String {
    let level = match found.severity {
        Severity::Info => Level::NOTE,
        Severity::Warning => Level::WARNING,
        Severity::Error => Level::ERROR,
    };
    let mut group: Group<'_> = level
        .primary_title(shown::line(&found.message))
        .id(found.slug.name())
        .elements(snippets((found.range, &found.label), &found.others, sources));
    if let Some(help) = &found.help {
        group = group.element(Level::HELP.message(shown::line(help)));
    }
    tight(&renderer.render(&[group]))
}

/// A failed test drawn like a finding, with notes below.
#[must_use]
pub(super) fn failure(failed: &Failure, sources: &Sources, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(WIDTH);
    let mut group: Group<'_> = Level::ERROR.primary_title(shown::line(&failed.message)).elements(snippets(
        (failed.range, &failed.label),
        &failed.others,
        sources,
    ));
    for note in &failed.notes {
        group = group.element(Level::NOTE.message(shown::line(note)));
    }
    if let Some(help) = &failed.help {
        group = group.element(Level::HELP.message(shown::line(help)));
    }
    tight(&renderer.render(&[group]))
}

/// A place that is drawn: how it is underlined, where, and with which words.
type Mark<'a> = (AnnotationKind, Range, &'a str);

/// One snippet for marks near each other, that of the finding first.
fn snippets<'a>(
    (range, label): (Range, &'a str),
    others: &'a [(Range, String)],
    sources: &'a Sources,
) -> Vec<Snippet<'a, Annotation<'a>>> {
    let mut groups = vec![vec![(AnnotationKind::Primary, range, label)]];
    for (range, label) in others {
        let mark = (AnnotationKind::Context, *range, label.as_str());
        match groups.iter_mut().find(|group| group.iter().all(|(_, other, _)| near(*other, *range))) {
            Some(group) => group.push(mark),
            None => groups.push(vec![mark]),
        }
    }
    groups.into_iter().map(|marks| snippet(marks, sources)).collect()
}

/// Whether two places are drawn together. The drawing costs time for every line between them, so
/// places far apart in a file have a snippet each.
fn near(a: Range, b: Range) -> bool {
    a.source == b.source && a.start.abs_diff(b.start) <= APART
}

fn snippet<'a>(marks: Vec<Mark<'a>>, sources: &'a Sources) -> Snippet<'a, Annotation<'a>> {
    let source =
        marks.first().map_or_else(|| sources.file(SourceId::default()), |(_, range, _)| sources.file(range.source));
    // Only the lines from the first mark to the last.
    let first = marks.iter().map(|(_, range, _)| range.start).min().unwrap_or(0);
    let last = marks.iter().map(|(_, range, _)| range.start).max().unwrap_or(0) as usize;
    let start = source.text.get(..first as usize).and_then(|text| text.rfind('\n')).map_or(0, |at| at + 1);
    let end = source.text.get(last..).and_then(|text| text.find('\n')).map_or(source.text.len(), |at| last + at);
    let text = source.text.get(start..end).unwrap_or("");
    let line = source.line_column(first).0 as usize;
    Snippet::source(text).path(shown::line(&source.path)).line_start(line).fold(true).annotations(
        marks.into_iter().map(move |(kind, range, label)| {
            // Of text over several lines the first is enough.
            let from = (range.start as usize).saturating_sub(start).min(text.len());
            let to = (range.end as usize).saturating_sub(start).min(text.len()).max(from);
            let to = text.get(from..to).and_then(|text| text.find('\n')).map_or(to, |at| from + at);
            kind.span(from..to).label((!label.is_empty()).then(|| shown::line(label)))
        }),
    )
}

/// Without the empty line before the notes and the help.
fn tight(drawn: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in drawn.trim_end().lines() {
        let plain = uncolored(line);
        let helps = plain.trim_start().starts_with("= help") || plain.trim_start().starts_with("= note");
        if helps && lines.last().is_some_and(|last| uncolored(last).trim() == "|") {
            lines.pop();
        }
        lines.push(line);
    }
    lines.join("\n")
}

/// A line without the codes that color it.
fn uncolored(line: &str) -> String {
    let mut text = String::new();
    let mut code = false;
    for c in line.chars() {
        match c {
            '\u{1b}' => code = true,
            'm' if code => code = false,
            _ if code => {}
            c => text.push(c),
        }
    }
    text
}

#[derive(Serialize)]
struct Record<'a> {
    code: &'static str,
    severity: &'static str,
    message: &'a str,
    file: &'a str,
    start: Place,
    end: Place,
    labels: Vec<Label<'a>>,
    help: Option<&'a str>,
}

#[derive(Serialize)]
struct Place {
    line: u32,
    column: u32,
    byte: u32,
}

#[derive(Serialize)]
struct Label<'a> {
    file: &'a str,
    start: Place,
    end: Place,
    text: &'a str,
}

impl<'a> Record<'a> {
    fn new(found: &'a Diagnostic, sources: &'a Sources) -> Self {
        let label = |range: Range, text: &'a str| {
            let source = sources.file(range.source);
            Label {
                file: &source.path,
                start: Place::new(source, range.start),
                end: Place::new(source, range.end),
                text,
            }
        };
        let source = sources.file(found.range.source);
        let own = (!found.label.is_empty()).then(|| label(found.range, &found.label));
        Self {
            code: found.slug.name(),
            severity: severity(found.severity),
            message: &found.message,
            file: &source.path,
            start: Place::new(source, found.range.start),
            end: Place::new(source, found.range.end),
            labels: own.into_iter().chain(found.others.iter().map(|(range, text)| label(*range, text))).collect(),
            help: found.help.as_deref(),
        }
    }
}

impl Place {
    fn new(source: &Source, byte: u32) -> Self {
        let (line, column) = source.line_column(byte);
        Self { line, column, byte }
    }
}
#[cfg(test)]
mod tests {
    use super::*;
    use crate::slug::Slug;

    const TEXT: &str = "tiers hot\nthird_open: opened 3x within 7d -> hto\n";

    fn found(text: &str) -> (Vec<Diagnostic>, Sources) {
        let mut sources = Sources::default();
        let source = sources.add(Source::new("rules/rules.ensue", text));
        let start = text.find("hto").unwrap() as u32;
        let found =
            Diagnostic::new(Slug::UnknownTier, Range { source, start, end: start + 3 }, "tier `hto` is not declared");
        (vec![found.label("not a tier").help("did you mean `hot`?")], sources)
    }

    #[test]
    fn the_drawing_points_at_the_text() {
        let (found, sources) = found(TEXT);
        let expected = "error[unknown-tier]: tier `hto` is not declared
 --> rules/rules.ensue:2:36
  |
2 | third_open: opened 3x within 7d -> hto
  |                                    ^^^ not a tier
  = help: did you mean `hot`?

";
        assert_eq!(human(&found, &sources, false), expected);
        let colored = human(&found, &sources, true);
        assert_ne!(colored, expected);
        assert_eq!(uncolored(&colored), expected);
    }

    #[test]
    fn a_line_of_a_megabyte_is_cut() {
        let (found, sources) = found(&format!("{} -> hto {}", "word ".repeat(100_000), "more ".repeat(100_000)));
        let drawn = human(&found, &sources, false);
        assert!(drawn.len() < 1_000, "{}", drawn.len());
        assert!(drawn.contains("rules/rules.ensue:1:500005\n"), "{drawn}");
        assert!(drawn.contains("-> hto more"), "{drawn}");
    }

    #[test]
    fn a_place_of_another_file_is_drawn_after_the_first() {
        let (mut found, mut sources) = found(TEXT);
        let source = sources.add(Source::new("rules/tiers.ensue", "\n\ntiers 日本, hot\n"));
        found[0].others.push((Range { source, start: 16, end: 19 }, "this one".to_owned()));
        let drawn = human(&found, &sources, false);
        assert!(drawn.contains(" ::: rules/tiers.ensue:3:11\n  |\n3 | tiers 日本, hot\n"), "{drawn}");
        assert!(drawn.contains("--- this one"), "{drawn}");
    }

    #[test]
    fn json_has_the_keys_in_order() {
        let (mut found, sources) = found(TEXT);
        found[0].help = None;
        let expected = concat!(
            r#"{"code":"unknown-tier","severity":"error","message":"tier `hto` is not declared","file":"rules/rules.ensue","#,
            r#""start":{"line":2,"column":36,"byte":45},"end":{"line":2,"column":39,"byte":48},"#,
            r#""labels":[{"file":"rules/rules.ensue","start":{"line":2,"column":36,"byte":45},"#,
            r#""end":{"line":2,"column":39,"byte":48},"text":"not a tier"}],"help":null}"#,
            "\n"
        );
        assert_eq!(json(&found, &sources), expected);
    }

    #[test]
    fn one_line_a_finding_and_counts() {
        let (found, sources) = found(TEXT);
        let expected = "rules/rules.ensue:2:36: error[unknown-tier]: tier `hto` is not declared\n";
        assert_eq!(short(&found, &sources), expected);
        assert_eq!(summary(&found, 4).to_string(), "check: 1 error in 4 files");
        assert_eq!(summary(&[], 1).to_string(), "check: no findings in 1 file");
    }
}

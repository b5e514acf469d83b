//! Findings drawn: for people, one a line, and as JSON. Made by `check` and the parser, printed by the
//! command line.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};
use serde::Serialize;

use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{Range, Source, SourceId, Sources};

/// How wide a line is shown, in characters; longer ones are cut around what is underlined.
const WIDTH: usize = 140;

/// The findings as people read them, each followed by an empty line.
#[must_use]
pub fn human(diagnostics: &[Diagnostic], sources: &Sources, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(WIDTH);
    diagnostics.iter().map(|found| draw(found, sources, &renderer) + "\n\n").collect()
}

/// One line a finding: `path:line:column: error[slug]: message`.
#[must_use]
pub fn short(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    diagnostics.iter().map(|found| {
        let source = sources.file(found.range.source);
        let (line, column) = source.line_column(found.range.start);
        let severity = severity(found.severity);
        format!("{}:{line}:{column}: {severity}[{}]: {}\n", source.path, found.slug.name(), found.message)
    }).collect()
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
pub fn summary(diagnostics: &[Diagnostic], files: usize) -> String {
    let count = |severity| diagnostics.iter().filter(|found| found.severity == severity).count();
    let counts = [(count(Severity::Error), "error"), (count(Severity::Warning), "warning"), (count(Severity::Info), "note")];
    let counts: Vec<String> = counts.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| plural(n, what)).collect();
    let found = if counts.is_empty() { "no findings".to_owned() } else { counts.join(", ") };
    format!("check: {found} in {}", plural(files, "file"))
}

fn plural(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn severity(severity: Severity) -> &'static str {
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
    let mut group: Group<'_> = level.primary_title(found.message.as_str()).id(found.slug.name()).elements(snippets(found, sources));
    if let Some(help) = &found.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    tight(&renderer.render(&[group]))
}

/// One snippet per file, the file of the finding first.
fn snippets<'a>(found: &'a Diagnostic, sources: &'a Sources) -> Vec<Snippet<'a, Annotation<'a>>> {
    let mut files: Vec<SourceId> = vec![found.range.source];
    for (range, _) in &found.others {
        if !files.contains(&range.source) {
            files.push(range.source);
        }
    }
    files.into_iter().map(|id| {
        let source = sources.file(id);
        let others = found.others.iter().filter(|(range, _)| range.source == id);
        let mut snippet = Snippet::source(source.text.as_str()).path(source.path.as_str()).fold(true);
        if found.range.source == id {
            snippet = snippet.annotation(mark(AnnotationKind::Primary, found.range, source, &found.label));
        }
        snippet.annotations(others.map(|(range, label)| mark(AnnotationKind::Context, *range, source, label)))
    }).collect()
}

fn mark<'a>(kind: AnnotationKind, range: Range, source: &Source, label: &'a str) -> Annotation<'a> {
    let (start, end) = (range.start as usize, range.end as usize);
    // Of text over several lines the first is enough.
    let text = source.text.get(start..end).unwrap_or("");
    let end = text.find('\n').map_or(end, |at| start + at).max(start);
    kind.span(start..end).label((!label.is_empty()).then_some(label))
}

/// Without the empty line before the help.
fn tight(drawn: &str) -> String {
    drawn.to_owned()
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
struct Place { line: u32, column: u32, byte: u32 }

#[derive(Serialize)]
struct Label<'a> { file: &'a str, start: Place, end: Place, text: &'a str }

impl<'a> Record<'a> {
    fn new(found: &'a Diagnostic, sources: &'a Sources) -> Self {
        let label = |range: Range, text: &'a str| {
            let source = sources.file(range.source);
            Label { file: &source.path, start: Place::new(source, range.start), end: Place::new(source, range.end), text }
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
    #[test]
    fn look() {
        let mut sources = Sources::default();
        let a = sources.add(Source::new("rules/a.ensue", "tiers hot\n\n\tthird: opened 3x -> hto # x\n\n\n\n\n\nfoo bar\n"));
        let b = sources.add(Source::new("rules/b.ensue", "x 日本 y\n"));
        let long = format!("{} -> hto {}", "word ".repeat(100_000), "more ".repeat(100_000));
        let at = long.find("hto").unwrap() as u32;
        let c = sources.add(Source::new("rules/c.ensue", long));
        let d = vec![
            Diagnostic::new(Slug::UnknownTier, Range{source:a,start:31,end:34}, "tier `hto` is not declared").label("not a tier").other(Range{source:a,start:6,end:9}, "here").other(Range{source:a,start:46,end:49}, "there").other(Range{source:b,start:9,end:10}, "far").help("did you mean `hot`?"),
            Diagnostic::new(Slug::UnknownTier, Range{source:a,start:31,end:34}, "tier `hto` is not declared").label("not a tier").help("did you mean `hot`?"),
            Diagnostic::new(Slug::UnknownTier, Range{source:c,start:at,end:at+3}, "tier `hto` is not declared").label("not a tier").help("did you mean `hot`?"),
            Diagnostic::new(Slug::UnknownTier, Range{source:a,start:54,end:54}, "at the end").label("x"),
        ];
        let t = std::time::Instant::now();
        println!("{}", human(&d, &sources, false));
        println!("{:?}", t.elapsed());
        println!("{}", json(&d, &sources));
    }
}

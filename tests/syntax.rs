//! The parser over fixture files, and under hostile input. A fixture added to
//! `fixtures/syntax/ok` or `fixtures/syntax/error` needs no Rust.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "syntax/outline.rs"]
mod outline;

use ensue::diagnostic::Diagnostic;
use ensue::source::{Source, SourceId, Sources};
use ensue::syntax;
use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::path::Path;

/// Asserts a snapshot that lies beside its fixture: `name.ensue` and `name.snap`.
fn snapshot(path: &Path, shown: &str) {
    let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
    insta::with_settings!({
        snapshot_path => path.parent().unwrap(),
        snapshot_suffix => "",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!(stem, shown) });
}

fn read(path: &Path) -> (Sources, SourceId) {
    let mut sources = Sources::default();
    let text = std::fs::read_to_string(path).unwrap();
    let id = sources.add(Source::new(path.file_name().unwrap().to_str().unwrap(), text));
    (sources, id)
}

fn draw(sources: &Sources, findings: &[Diagnostic]) -> String {
    let mut out = String::new();
    for finding in findings {
        let (line, column) = sources.file(finding.range.source).line_column(finding.range.start);
        writeln!(out, "{line}:{column} {}", finding.message).unwrap();
        writeln!(out, "    text:  {}", sources.text(finding.range).escape_debug()).unwrap();
        if !finding.label.is_empty() {
            writeln!(out, "    label: {}", finding.label).unwrap();
        }
        for (range, label) in &finding.others {
            writeln!(out, "    other: {} {label}", sources.text(*range).escape_debug()).unwrap();
        }
        if let Some(help) = &finding.help {
            writeln!(out, "    help:  {help}").unwrap();
        }
    }
    out
}

#[test]
fn fixtures_that_parse() {
    insta::glob!("../fixtures/syntax/ok", "*.ensue", |path| {
        let (sources, id) = read(path);
        let (file, findings) = syntax::parse(id, &sources.file(id).text);
        assert!(findings.is_empty(), "{}", draw(&sources, &findings));
        snapshot(path, &outline::file(&file));
    });
}

#[test]
fn fixtures_with_mistakes() {
    insta::glob!("../fixtures/syntax/error", "*.ensue", |path| {
        let (sources, id) = read(path);
        let (file, findings) = syntax::parse(id, &sources.file(id).text);
        assert!(!findings.is_empty(), "no finding in {}", path.display());
        let shown = format!("{}---\n{}", draw(&sources, &findings), outline::file(&file));
        snapshot(path, &shown);
    });
}

fn parse(text: &str) -> (syntax::tree::File, Vec<Diagnostic>) {
    syntax::parse(SourceId::default(), text)
}

/// What everybody may rely on, whatever the text.
fn assert_sound(text: &str) {
    let (file, findings) = parse(text);
    for range in findings.iter().map(|f| f.range).chain(file.items.iter().map(|item| item.range)) {
        assert!(text.get(range.start as usize..range.end as usize).is_some(), "{range:?} in {text:?}");
    }
    assert!(findings.is_sorted_by_key(|finding| finding.range.start));
    assert!(
        !text.chars().any(char::is_alphanumeric)
            || text.contains('#')
            || !(file.items.is_empty() && findings.is_empty())
    );
}

const VOCABULARY: &[&str] = &[
    "opened",
    "hot",
    "email",
    "recap",
    "x",
    "event",
    "group",
    "lead",
    "tiers",
    "calendar",
    "channel",
    "let",
    "settings",
    "sequence",
    "score",
    "experiment",
    "test",
    "todo",
    "invariant",
    "on",
    "no",
    "silent",
    "becomes",
    "finished",
    "every",
    "while",
    "where",
    "once",
    "at most once per",
    "why",
    "within",
    "without",
    "after",
    "for",
    "in",
    "and",
    "or",
    "not",
    "has",
    "if",
    "is",
    "start",
    "stop",
    "hold",
    "until",
    "suppress",
    "alert",
    "owner",
    "set",
    "add",
    "to",
    "task",
    "day",
    "then",
    "up",
    "times",
    "otherwise",
    "as",
    "roll",
    "gap",
    "exit",
    "3x",
    "7d",
    "09:00",
    "10:00-11:00",
    "2026-03-02",
    "5",
    "50%",
    "1_000.5",
    "4..6",
    "mon",
    "mon..fri",
    "\"text\"",
    "\"",
    "\"\"\"",
    "'",
    ";",
    "->",
    "→",
    "=>",
    ",",
    ":",
    ".",
    "..",
    "=",
    "==",
    "!=",
    "<",
    ">",
    ">=",
    "+",
    "-",
    "*",
    "/",
    "??",
    "?",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "#",
    "\n",
    "\n",
    "\n",
    "\u{feff}",
    "é",
    "×",
];

proptest::proptest! {
    #[test]
    fn any_text_is_survived(text in "\\PC{0,200}") {
        assert_sound(&text);
    }

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        assert_sound(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_soup_of_words_is_survived(
        words in proptest::collection::vec(proptest::sample::select(VOCABULARY), 0..120),
        tight in proptest::prelude::any::<bool>(),
    ) {
        assert_sound(&words.join(if tight { "" } else { " " }));
    }
}

/// Fixtures cut short or with a piece taken out, as files are while they are typed.
/// `contact`, `topics` and `metric` are names too; behind a whole effect they begin a statement.
#[test]
fn a_declaration_begins_behind_an_effect_that_ends_with_a_channel() {
    for effect in ["suppress email", "unsuppress email", "tag late, suppress sms"] {
        for next in ["contact { gap 4h }", "topics news, offers", "metric demos = count demo"] {
            let (file, findings) = parse(&format!("quiet: leaves hot -> {effect}\n{next}\n"));
            assert!(findings.is_empty(), "{effect}, {next}: {findings:?}");
            assert_eq!(file.items.len(), 2, "{effect}, {next}");
        }
    }
    // What follows on the same line is a message.
    assert_eq!(parse("quiet: leaves hot -> email contact\n").0.items.len(), 1);
}

#[test]
fn half_written_fixtures_are_survived() {
    insta::glob!("../fixtures/syntax/ok", "*.ensue", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        let places: Vec<usize> = text.char_indices().map(|(place, _)| place).collect();
        for (n, place) in places.iter().enumerate().step_by(7) {
            assert_sound(&text[..*place]);
            let after = places.get(n + 5).copied().unwrap_or(text.len());
            assert_sound(&format!("{}{}", &text[..*place], &text[after..]));
        }
    });
}

#[test]
fn hostile_files_end_with_a_finding_in_few_steps() {
    let deep = |n: usize| format!("opened where {}x{} -> hot", "(".repeat(n), ")".repeat(n));
    let hostile = [
        "(".repeat(25_000),
        "{[".repeat(12_500),
        "x: (\n".repeat(5_000),
        deep(65),
        deep(25_000),
        format!("let x = {}y", "not ".repeat(25_000)),
        format!("let x = {}y", "- ".repeat(25_000)),
        format!("let x = {}1", "1 + ".repeat(25_000)),
        format!("let x = {}1", "x ?? ".repeat(25_000)),
        format!("opened while {}hot -> hot", "hot or ".repeat(25_000)),
        format!("let x = [{}]", "[[[[-".repeat(5_000)),
        "opened ".repeat(40_000),
        "opened\n".repeat(40_000),
        "opened 3x hot\n".repeat(20_000),
        "a".repeat(1 << 18),
        "\"".repeat(1 << 18),
        "@".repeat(1 << 18),
        "\\\"\n".repeat(75_000),
        format!("sequence x {{ {} ", "day 1 ".repeat(40_000)),
    ];
    // What is found out is the same when the grammar may take no more steps than some for each byte, so that
    // none of this is near to the backstop; and of a line there are two things to tell at most.
    for text in hostile {
        let head: String = text.chars().take(30).collect();
        let (_, findings) = parse(&text);
        assert!(!findings.is_empty(), "no finding for {head}");
        assert!(findings.len() <= 2 * text.lines().count() + 20, "{} findings for {head}", findings.len());
        let (_, bounded) = within(5_000_000, || parse(&text));
        assert!(bounded == findings, "{head} takes more steps than some for each byte");
    }
    // Shared beginnings of alternatives would double with each bracket.
    let (file, findings) = within(100_000, || parse(&deep(64)));
    assert!(findings.is_empty() && file.items.len() == 1, "{findings:?}");
}

/// What comes of reading with at most so many steps of the grammar a statement. It holds for all that is read
/// meanwhile, so that one test alone does this.
fn within<T>(steps: usize, read: impl FnOnce() -> T) -> T {
    pest::set_call_limit(NonZeroUsize::new(steps));
    let read = read();
    pest::set_call_limit(None);
    read
}

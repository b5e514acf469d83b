//! The manual is true: its rulebooks check without a finding, and its tour prints what it says.
//! In a tour, a line `...` stands for any lines, and `...` within a line for any text.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use ensue::check::{self, Env};
use ensue::diagnostic::Severity;
use ensue::report;

const README: &str = include_str!("../README.md");

/// The fenced blocks of a kind, with the line each begins at.
fn blocks(kind: &str) -> Vec<(usize, String)> {
    let of_kind = fences(README).into_iter().filter(|(_, name, _)| *name == kind);
    of_kind.map(|(line, _, text)| (line, text)).collect()
}

/// The fenced blocks of a page: the line each begins at, what is said behind its fence, and its text.
fn fences(page: &str) -> Vec<(usize, &str, String)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, &str, String)> = None;
    for (number, line) in page.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(name)) => open = Some((number + 1, name, String::new())),
            (Some(_), Some("")) => found.extend(open.take()),
            (Some((_, _, text)), _) => {
                writeln!(text, "{line}").unwrap();
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block of the manual is not closed");
    found
}

#[test]
fn every_rulebook_checks() {
    let rulebooks = blocks("ensue");
    assert!(rulebooks.len() >= 4, "the manual shows rules");
    for (line, rules) in rulebooks {
        let checked = check::load([(String::from("README.ensue"), rules)], &Env::default());
        // Excerpts leave out what a whole rulebook has, so that advice of `check` is not for them.
        let told = |d: &ensue::diagnostic::Diagnostic| d.severity == Severity::Error;
        let found: Vec<_> = checked.diagnostics.into_iter().filter(told).collect();
        let drawn = report::diagnostic::human(&found, &checked.sources, false);
        assert!(found.is_empty(), "the rulebook at README.md:{line}:\n{drawn}");
    }
}

#[test]
fn the_smallest_rulebook_is_the_file_it_names() {
    let file = include_str!("../fixtures/cli/two_lines.ensue");
    assert!(blocks("ensue").iter().any(|(_, rules)| rules == file));
}

#[test]
fn the_two_commands_stand_at_the_front() {
    let front = README.split("## Five minutes").next().unwrap();
    for command in
        ["    cargo run --release -- dry-run rules --events fixtures/quickstart/events.jsonl\n", "    cargo test\n"]
    {
        assert!(front.contains(command), "{command}");
    }
}

#[test]
fn the_tour_prints_what_it_says() {
    let mut commands = 0;
    let room = tempfile::tempdir().unwrap();
    for (line, block) in blocks("console") {
        for (command, expected) in steps(&block) {
            commands += 1;
            let printed = run(command, room.path(), Path::new(env!("CARGO_MANIFEST_DIR")));
            let (want, have): (Vec<_>, Vec<_>) = (expected.lines().collect(), printed.lines().collect());
            assert!(
                lines_match(&want, &have),
                "the tour at README.md:{line}: `{command}`\n--- says\n{expected}\n--- prints\n{printed}"
            );
        }
    }
    assert!(commands >= 5, "the tour has steps");
}

/// The pieces on the page are one rulebook, and what it prints is what the page says.
#[test]
fn the_page_on_files_is_a_rulebook() {
    const PAGE: &str = include_str!("../docs/files.md");
    let room = tempfile::tempdir().unwrap();
    for (_, name, text) in fences(PAGE) {
        let Some((_, path)) = name.split_once(' ') else { continue };
        let path = room.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let tours: Vec<_> = fences(PAGE).into_iter().filter(|(_, name, _)| *name == "console").collect();
    assert!(!tours.is_empty());
    for (line, _, block) in tours {
        for (command, expected) in steps(&block) {
            let printed = run(command, room.path(), room.path());
            let (want, have): (Vec<_>, Vec<_>) = (expected.lines().collect(), printed.lines().collect());
            assert!(
                lines_match(&want, &have),
                "docs/files.md:{line}: `{command}`\n--- says\n{expected}\n--- prints\n{printed}"
            );
        }
    }
    let words: Vec<&str> = PAGE.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    for name in ensue::template::FILTERS.iter().chain(ensue::script::FUNCTIONS.iter().map(|(name, _)| name)) {
        assert!(words.contains(name), "the page does not name `{name}`");
    }
}

/// The commands of a block, each with what it is said to print.
fn steps(block: &str) -> Vec<(&str, String)> {
    let mut steps: Vec<(&str, String)> = Vec::new();
    for line in block.lines() {
        match (line.strip_prefix("$ ensue "), steps.last_mut()) {
            (Some(command), _) => steps.push((command, String::new())),
            (None, Some((_, expected))) => writeln!(expected, "{line}").unwrap(),
            (None, None) => panic!("a tour begins with a command, not with `{line}`"),
        }
    }
    steps
}

/// What a terminal would show: results, then notes. The store of the tour lies in a room of its own.
fn run(command: &str, room: &Path, place: &Path) -> String {
    let words = command.split_whitespace().map(|word| match word {
        "demo" => room.join("demo").display().to_string(),
        word => word.to_owned(),
    });
    let output = Command::new(env!("CARGO_BIN_EXE_ensue"))
        .args(words)
        .current_dir(place)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

fn lines_match(want: &[&str], have: &[&str]) -> bool {
    match (want, have) {
        ([], []) => true,
        ([first, rest @ ..], _) if *first == "..." => {
            lines_match(rest, have) || (!have.is_empty() && lines_match(want, &have[1..]))
        }
        ([first, rest @ ..], [line, others @ ..]) => text_matches(first, line) && lines_match(rest, others),
        _ => false,
    }
}

fn text_matches(want: &str, have: &str) -> bool {
    let Some((before, after)) = want.split_once("...") else { return want == have };
    let Some(rest) = have.strip_prefix(before) else { return false };
    (0..=rest.len()).any(|at| rest.is_char_boundary(at) && text_matches(after, &rest[at..]))
}

#[test]
fn elision_is_no_blank_cheque() {
    assert!(lines_match(&["a", "...", "d"], &["a", "b", "c", "d"]));
    assert!(lines_match(&["a", "...", "d"], &["a", "d"]));
    assert!(!lines_match(&["a", "...", "d"], &["a", "b", "c"]));
    assert!(!lines_match(&["a"], &["a", "b"]));
    assert!(text_matches("tier ... hot", "tier cold -> hot"));
    assert!(!text_matches("tier ... hot", "tier hot -> cold"));
}

/// The tables of the manual name files; each is there.
#[test]
fn what_the_tables_name_is_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for page in ["docs/forms.md", "docs/requirements.md"] {
        let text = std::fs::read_to_string(root.join(page)).unwrap();
        let kinds = ["fixtures/", "rules/", "src/", "tests/", "benches/"];
        let named = text.split('`').skip(1).step_by(2).filter(|name| kinds.iter().any(|kind| name.starts_with(kind)));
        let named: Vec<&str> = named.collect();
        assert!(named.len() > 50, "{page} names files");
        for name in named {
            assert!(root.join(name).exists(), "{page} names `{name}`");
        }
    }
}

/// The lists of `docs/adding.md`: what a list names is there, and no file that knows a form which marks
/// the list is missing from it.
#[test]
fn whoever_adds_something_is_told_of_every_file() {
    let page = std::fs::read_to_string("docs/adding.md").unwrap();
    let sources = sources(Path::new("src"));
    let lists: Vec<&str> = page.split("\n## ").skip(1).collect();
    let names: Vec<&str> = lists.iter().map(|list| list.lines().next().unwrap()).collect();
    assert_eq!(names, ["A trigger", "An effect", "A finding", "A verb", "A sink", "A reason"]);
    for (list, name) in lists.iter().zip(names) {
        let marks = list.lines().find_map(|line| line.strip_prefix("Marked by ")).unwrap();
        let marks: Vec<&str> = marks.split('`').skip(1).step_by(2).collect();
        let rows = list.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        let listed: Vec<&str> = rows.collect();
        for path in &listed {
            assert!(Path::new(path).is_file(), "{name}: there is no `{path}`");
        }
        for mark in marks {
            let knows = |(path, text): &&(String, String)| !path.ends_with("tests.rs") && has_word(text, mark);
            let knowing: Vec<&str> = sources.iter().filter(knows).map(|(path, _)| path.as_str()).collect();
            assert!(!knowing.is_empty(), "{name}: `{mark}` is nowhere in `src`");
            let missing: Vec<&str> = knowing.into_iter().filter(|path| !listed.contains(path)).collect();
            assert!(missing.is_empty(), "{name}: not listed, and `{mark}` stands there: {missing:?}");
        }
    }
}

/// Every file below a folder, with its text.
fn sources(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else {
            found.push((path.to_str().unwrap().replace('\\', "/"), std::fs::read_to_string(&path).unwrap()));
        }
    }
    found
}

/// Whether a word of code stands in a text, and not as a part of a longer one.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(is_part) && !text[at + word.len()..].starts_with(is_part))
}

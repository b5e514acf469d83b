//! The canonical form: as fixtures (`fixtures/fmt/NAME` holds `input.ensue` and `expected.ensue`; a
//! new folder needs no Rust), over every rulebook of the repository, and over generated ones.

#![allow(
    clippy::manual_strip,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "fmt/generate.rs"]
mod generate;
#[path = "fmt/meaning.rs"]
mod meaning;

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};

use ensue::source::SourceId;
use ensue::syntax::format::{Unformatted, format};
use ensue::syntax::parse;
use generate::Tape;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

fn formatted(text: &str) -> String {
    match format(SourceId::default(), text) {
        Ok(formatted) => formatted,
        Err(why) => panic!("{why:?}\n{text}"),
    }
}

#[test]
fn fixtures() {
    let mut wrong = String::new();
    insta::glob!("../fixtures/fmt", "*/input.ensue", |path| {
        let expected = path.with_file_name("expected.ensue");
        let made = formatted(&fs::read_to_string(path).unwrap());
        if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
            fs::write(&expected, &made).unwrap();
        }
        let expected = fs::read_to_string(expected).unwrap_or_default();
        if made != expected {
            wrong += &format!("{}:\n--- expected\n{expected}\n--- made\n{made}\n", path.display());
        }
        sound(&made, &made);
    });
    assert!(wrong.is_empty(), "{wrong}");
}

/// What holds for every text and its canonical form.
fn sound(text: &str, made: &str) {
    assert_eq!(formatted(made), made, "formatting again changes it; made of\n{text}");
    let tree = |text| meaning::without_places(&format!("{:?}", parse(SourceId::default(), text)));
    assert_eq!(tree(text), tree(made), "the tree changes:\n{text}\nbecomes\n{made}");
    assert_eq!(comments(text), comments(made), "comments change:\n{text}\nbecomes\n{made}");
    assert!(!made.contains('\r') || made.contains("\"\"\""), "{made}");
    assert!(!made.starts_with(['\n', '\u{feff}']) && !made.ends_with("\n\n"), "{made}");
    assert!(made.is_empty() || made.ends_with('\n'), "{made}");
    if !made.contains("\"\"\"") {
        assert!(!made.contains("\n\n\n"), "two empty lines:\n{made}");
        assert!(made.lines().all(|line| line.trim_end() == line), "a line ends in white space:\n{made}");
    }
}

/// The comments of a text: what stands after a `#` outside quotes, each on its line.
fn comments(text: &str) -> Vec<&str> {
    let (mut found, mut rest) = (Vec::new(), text);
    while let Some(at) = rest.find(['"', '#']) {
        let found_at = &rest[at..];
        let length = if let Some(long) = found_at.strip_prefix("\"\"\"") {
            long.find("\"\"\"").map_or(found_at.len(), |end| end + 6)
        } else if found_at.starts_with('"') {
            let mut escaped = false;
            let ends = |c: char| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            };
            found_at[1..].find(ends).map_or(found_at.len(), |end| end + 2)
        } else {
            let line = found_at.lines().next().unwrap();
            found.push(line.trim_end());
            line.len()
        };
        rest = &found_at[length..];
    }
    found
}

fn rule_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rule_files(&path, found);
        } else if path.extension().is_some_and(|end| end == "ensue") {
            found.push(path);
        }
    }
}

#[test]
fn every_rulebook_of_the_repository_keeps_its_meaning() {
    let mut files = Vec::new();
    for folder in ["rules", "fixtures", "src/check", "benches"] {
        rule_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut files);
    }
    let mut parsed = 0;
    for path in &files {
        let text = fs::read_to_string(path).unwrap();
        match format(SourceId::default(), &text) {
            Ok(made) => {
                parsed += 1;
                sound(text.trim_start_matches('\u{feff}'), &made);
            }
            Err(Unformatted::Mistakes(found)) => assert!(!found.is_empty()),
            Err(Unformatted::Bug(why)) => panic!("{}: {why}", path.display()),
        }
    }
    assert!(parsed > 180, "{parsed} of {} files", files.len());
}

#[test]
fn every_plan_of_the_repository_stays_the_same() {
    let folders =
        ["rules", "fixtures/run", "fixtures/check"].map(|name| Path::new(env!("CARGO_MANIFEST_DIR")).join(name));
    let mut rulebooks = vec![folders[0].clone()];
    for folder in &folders[1..] {
        rulebooks.extend(fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()));
    }
    let mut compiled = 0;
    for folder in &rulebooks {
        compiled += usize::from(meaning::of_folder(folder, |text| format(SourceId::default(), text).ok()));
    }
    assert!(compiled > 110, "{compiled} of {}", rulebooks.len());
}

#[test]
fn the_shipped_rules_are_in_canonical_form() {
    let mut files = Vec::new();
    for folder in ["rules", "src/check"] {
        rule_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut files);
    }
    assert!(files.len() >= 18);
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(formatted(&text), text, "{}: run `ensue fmt -w` on it", path.display());
    }
}

/// A failed assertion as the failure of a case, to be made smaller.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
fn failure(panic: Box<dyn std::any::Any + Send>) -> TestCaseError {
    TestCaseError::fail(panic.downcast_ref::<String>().cloned().unwrap_or_default())
}

/// Generated rulebooks: one form, the same tree, the same plan, every comment in its order.
#[test]
fn any_rulebook_keeps_its_meaning() {
    let (cases, laid_out, compiled) = (Cell::new(0_u32), Cell::new(0_u32), Cell::new(0_u32));
    let config = Config { source_file: Some(file!()), ..Config::default() };
    let tapes = (proptest::collection::vec(0..10_000_u16, 0..600), proptest::collection::vec(0..10_000_u16, 0..900));
    TestRunner::new(config)
        .run(&tapes, |(words, layout)| {
            let statements = generate::rulebook(&mut Tape::new(words));
            let plain = statements.join("\n");
            let (_, findings) = parse(SourceId::default(), &plain);
            assert!(findings.is_empty(), "{findings:?}\n{plain}");
            let wild = generate::lay_out(&statements, &mut Tape::new(layout.clone()), true);
            let means_the_same = meaning::same_tree(&plain, &wild);
            cases.set(cases.get() + 1);
            laid_out.set(laid_out.get() + u32::from(means_the_same));
            // Where a statement begins can hang on a line break: such a layout is another rulebook.
            let text =
                if means_the_same { wild } else { generate::lay_out(&statements, &mut Tape::new(layout), false) };
            let made = std::panic::catch_unwind(|| {
                let made = formatted(&text);
                sound(&text, &made);
                made
            });
            let made = made.map_err(failure)?;
            let has_plan = std::panic::catch_unwind(|| meaning::same_plan(&text, &made)).map_err(failure)?;
            compiled.set(compiled.get() + u32::from(has_plan));
            Ok(())
        })
        .unwrap();
    assert!(laid_out.get() * 10 > cases.get() * 7, "{} of {} layouts", laid_out.get(), cases.get());
    // The rest have a test whose lines contradict each other, or more of a kind than fits.
    assert!(compiled.get() * 2 > cases.get(), "{} of {} compile", compiled.get(), cases.get());
}

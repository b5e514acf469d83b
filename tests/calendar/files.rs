//! `fixtures/calendar/{ok,error}`: what is read from a calendar file, or what is wrong with it.

use std::fmt::Write;

use ensue::calendar::Exception;
use ensue::calendar::file::{FileError, MAX_BYTES, parse};
use ensue::source::Source;
use ensue::units::ClockTime;
use proptest::prelude::ProptestConfig;

fn days(text: &str) -> Result<String, Vec<FileError>> {
    let hours = |(start, end): &(ClockTime, ClockTime)| format!("{start}-{end}");
    let mut out = String::new();
    for (date, exception) in parse(text)? {
        let words = match &exception {
            Exception::Closed { name } => format!("closed {name}"),
            Exception::Short { name, hours: h } => format!("short {} {name}", hours(h)),
            Exception::Extra { name, hours: Some(h) } => format!("extra {} {name}", hours(h)),
            Exception::Extra { name, hours: None } => format!("extra {name}"),
        };
        writeln!(out, "{date} {words}").unwrap();
    }
    Ok(if out.is_empty() { "no days".to_owned() } else { out })
}

fn mistakes(text: &str, errors: &[FileError]) -> String {
    let source = Source::new("", text);
    let mut out = String::new();
    for error in errors {
        let (line, column) = source.line_column(error.range_start as u32);
        let underlined = text.get(error.range_start..error.range_end).expect("a range of the text");
        writeln!(out, "{line}:{column} {underlined:?} {}", error.message).unwrap();
        if let Some(help) = &error.help {
            writeln!(out, "    help: {help}").unwrap();
        }
    }
    out
}

#[test]
fn files_are_read_or_refused_as_shown_beside_them() {
    insta::glob!("../../fixtures/calendar", "{ok,error}/*.yaml", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        let folder = path.parent().unwrap();
        let shown = match (days(&text), folder.ends_with("ok")) {
            (Ok(days), true) => days,
            (Err(errors), false) => mistakes(&text, &errors),
            (outcome, _) => panic!("{}: {outcome:?}", path.display()),
        };
        let name = path.file_stem().unwrap().to_str().unwrap();
        insta::with_settings!({
            snapshot_path => folder, prepend_module_to_snapshot => false, snapshot_suffix => "", omit_expression => true
        }, { insta::assert_snapshot!(name, shown) });
    });
}

#[test]
fn hostile_files_are_refused_quickly() {
    let braces = format!("closed: {}", "{".repeat(60_000));
    let brackets = "[".repeat(60_000);
    let dashes = "- ".repeat(30_000);
    let colons = "a: ".repeat(20_000);
    let keys = format!("closed: {{{}", "? ".repeat(30_000));
    let quotes = "\"".repeat(60_001);
    let large = " ".repeat(MAX_BYTES + 1);
    for text in [&braces, &brackets, &dashes, &colons, &keys, &quotes, &large] {
        let errors = parse(text).expect_err("a mistake");
        for error in errors {
            assert!(text.get(error.range_start..error.range_end).is_some());
        }
    }
}

proptest::proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused(text in "[ -~\n\t\u{e9}]{0,80}") {
        if let Err(errors) = parse(&text) {
            for error in errors {
                proptest::prop_assert!(text.get(error.range_start..error.range_end).is_some());
            }
        }
    }

    #[test]
    fn mistakes_stand_where_the_key_does(lines in proptest::collection::vec("[a-z\"'{}:,# 0-9-]{0,12}", 0..6)) {
        let text = format!("closed:\n  2026-12-25: Christmas Day\n{}\nwrong: 1\n", lines.join("\n"));
        // Whatever stands between: where the text is YAML, the unknown key is found in its place.
        if let Err(errors) = parse(&text) && let Some(error) = errors.iter().find(|e| e.message.contains("no `wrong`")) {
            proptest::prop_assert_eq!(&text[error.range_start..error.range_end], "wrong");
        }
    }
}

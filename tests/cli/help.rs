//! Help begins with an example and is what it was.

use super::process::ensue;

const VERBS: [&str; 22] = [
    "activate",
    "audit",
    "check",
    "completions",
    "doc",
    "dry-run",
    "explain",
    "fmt",
    "halt",
    "ingest",
    "init",
    "lead",
    "leads",
    "man",
    "render",
    "report",
    "review",
    "run",
    "store",
    "test",
    "unhalt",
    "vocabulary",
];

/// The verbs that the help of the program names; a description may go on over lines.
pub fn verbs(help: &str) -> Vec<&str> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    lines.filter_map(|line| line.strip_prefix("  ")?.split(' ').next().filter(|verb| !verb.is_empty())).collect()
}

#[test]
fn every_help_begins_with_an_example() {
    for verb in std::iter::once("").chain(VERBS) {
        let ran = ensue(&format!("{verb} --help"));
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{verb}");
        let example = format!("Example: ensue {verb}");
        assert!(ran.out.starts_with(&example), "{verb}: {}", ran.out);
        let name = if verb.is_empty() { "help" } else { &format!("help-{verb}") };
        insta::with_settings!({
            snapshot_path => "../../fixtures/cli", prepend_module_to_snapshot => false, omit_expression => true
        }, {
            insta::assert_snapshot!(name, ran.out);
        });
    }
}

#[test]
fn every_verb_is_known_to_the_help() {
    let ran = ensue("--help");
    assert_eq!(verbs(&ran.out), VERBS, "a new verb needs its help above");
}

#[test]
fn the_version_says_which_language_and_which_zones() {
    let ran = ensue("--version");
    assert_eq!(ran.code, 0);
    assert!(ran.out.starts_with("ensue ") && ran.out.contains("(language 1, tz 20"), "{}", ran.out);
}

#[test]
fn a_long_timeline_fits_a_terminal() {
    let ran = ensue("dry-run rules --events fixtures/quickstart/events.jsonl");
    let rows: Vec<usize> =
        ran.out.lines().filter(|line| line.starts_with("  ")).map(|line| line.chars().count()).collect();
    let wide = rows.iter().filter(|width| **width > 140).count();
    assert!(rows.len() > 300, "{}", rows.len());
    assert!(wide * 20 < rows.len(), "{wide} of {} rows are wider than 140 columns", rows.len());
}

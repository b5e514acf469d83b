//! Folders of `fixtures/live`: the lines of `commands` are run in order; what they print is kept.

use std::fmt::Write as _;

use super::place::Place;

#[test]
fn commands_print_what_they_printed() {
    insta::glob!("../../fixtures/live", "*/commands", |path| {
        let folder = path.parent().unwrap();
        let place = Place::new(
            folder.strip_prefix(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures")).unwrap().to_str().unwrap(),
        );
        let mut text = String::new();
        for line in std::fs::read_to_string(path).unwrap().lines() {
            if line.is_empty() || line.starts_with('#') {
                writeln!(text, "{line}").unwrap();
                continue;
            }
            let ran = place.ensue(line.strip_prefix("ensue ").unwrap());
            let code = if ran.code == 0 { String::new() } else { format!("[exit code {}]\n", ran.code) };
            write!(text, "$ {line}\n{}{}{code}", ran.out, ran.err).unwrap();
        }
        insta::with_settings!({
            snapshot_path => folder, prepend_module_to_snapshot => false, omit_expression => true, snapshot_suffix => "",
            // Room on the disk is not the same everywhere.
            filters => [
                (r"\d+(\.\d)? (KB|MB)", "[size]"),
                (r"\d+ bytes an entry", "[n] bytes an entry"),
                // Every store hashes addresses with a salt of its own.
                (r#""salt":"[0-9a-f]{64}""#, r#""salt":"[salt]""#),
                (r"[0-9a-f]{32}@erased\.invalid", "[hash]@erased.invalid"),
            ],
        }, {
            insta::assert_snapshot!("expected", text);
        });
    });
}

//! The canonical form on the command line: diff, check, write, standard input.

use std::fs;
use std::path::{Path, PathBuf};

use super::process::{Ran, ensue, program, run};

const SLOPPY: &str = "tiers   hot\nreply→stop\n";
const NEAT: &str = "tiers hot\nreply -> stop\n";
const BROKEN: &str = "tiers hot\nopened 3x within 7 days -> hot\n";

/// A folder with rule files of these names.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn fmt(folder: &Path, words: &str) -> Ran {
    run(program().current_dir(folder).arg("fmt").args(words.split_whitespace()), b"")
}

fn names(folder: &Path) -> Vec<PathBuf> {
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    names
}

#[test]
fn the_diff_changes_nothing() {
    let folder = folder(&[("a.ensue", SLOPPY), ("b.ensue", NEAT)]);
    let ran = fmt(folder.path(), ".");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let diff = "--- a.ensue\n+++ a.ensue\n@@ -1,2 +1,2 @@\n-tiers   hot\n-reply→stop\n+tiers hot\n+reply -> stop\n";
    assert_eq!(ran.out.replace("./", ""), diff);
    assert_eq!(ran.err, "fmt: 1 of 2 files would change\n");
    assert_eq!(fs::read_to_string(folder.path().join("a.ensue")).unwrap(), SLOPPY);
    let ran = run(program().current_dir(folder.path()).args(["fmt", ".", "--color", "always"]), b"");
    assert!(ran.out.contains("\u{1b}[32m+tiers hot\u{1b}[0m\n"), "{}", ran.out);
}

#[test]
fn check_names_what_would_change() {
    let folder = folder(&[("a.ensue", SLOPPY), ("b.ensue", NEAT)]);
    let ran = fmt(folder.path(), "a.ensue b.ensue --check");
    assert_eq!((ran.code, ran.out.as_str()), (1, "a.ensue\nfmt: 1 of 2 files would change\n"));
    let ran = fmt(folder.path(), "b.ensue --check");
    assert_eq!((ran.code, ran.out.as_str()), (0, "fmt: no change in 1 file\n"));
}

#[test]
fn write_changes_only_what_changes() {
    let folder =
        folder(&[("a.ensue", SLOPPY), ("b.ensue", NEAT), ("c.ensue", "\u{feff}tiers hot\r\n"), ("x.md", SLOPPY)]);
    let before = fs::metadata(folder.path().join("b.ensue")).unwrap().modified().unwrap();
    let ran = fmt(folder.path(), ". -w");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert_eq!(ran.out.replace("./", ""), "a.ensue\nc.ensue\nfmt: 2 of 3 files written\n");
    let text = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!([text("a.ensue"), text("b.ensue"), text("c.ensue")], [NEAT, NEAT, "tiers hot\n"]);
    assert_eq!(text("x.md"), SLOPPY);
    assert_eq!(fs::metadata(folder.path().join("b.ensue")).unwrap().modified().unwrap(), before);
    assert_eq!(names(folder.path()).len(), 4, "no other file is left behind");
    let again = fmt(folder.path(), ". -w");
    assert_eq!((again.code, again.out.as_str()), (0, "fmt: 0 of 3 files written\n"));
}

#[cfg(unix)]
#[test]
fn write_keeps_permissions_and_links() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = folder(&[("a.ensue", SLOPPY), ("locked.ensue", SLOPPY)]);
    let (file, link) = (folder.path().join("a.ensue"), folder.path().join("link.ensue"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("a.ensue", &link).unwrap();
    assert_eq!(fmt(folder.path(), "link.ensue -w").code, 0);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&file).unwrap(), NEAT);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    let locked = folder.path().join("locked.ensue");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o444)).unwrap();
    let ran = fmt(folder.path(), "locked.ensue -w");
    assert_eq!(ran.code, 3, "{}", ran.out);
    assert_eq!(ran.err, "error: `locked.ensue` cannot be written: it is marked as read-only\n");
    assert_eq!(fs::read_to_string(&locked).unwrap(), SLOPPY);
}

#[test]
fn nothing_is_written_where_a_file_does_not_parse() {
    let folder = folder(&[("a.ensue", SLOPPY), ("b.ensue", BROKEN)]);
    for words in [".", ". -w", ". --check"] {
        let ran = fmt(folder.path(), words);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{words}");
        assert!(ran.err.contains("`7 days` is not a length") && ran.err.contains("b.ensue:2:18"), "{}", ran.err);
        assert!(ran.err.ends_with("fmt: 1 error, nothing is changed\n"), "{}", ran.err);
    }
    assert_eq!(fs::read_to_string(folder.path().join("a.ensue")).unwrap(), SLOPPY);
}

/// Rules that parse are formatted whatever `check` has to say about them.
#[test]
fn names_need_not_be_known() {
    let ran = run(program().args(["fmt", "-"]), b"opened->nowhere");
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "opened -> nowhere\n", ""));
}

#[test]
fn a_dash_is_standard_input() {
    let ran = run(program().args(["fmt", "-"]), SLOPPY.as_bytes());
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, NEAT, ""));
    let ran = run(program().args(["fmt", "-"]), b"");
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    let ran = run(program().args(["fmt", "-", "--check"]), SLOPPY.as_bytes());
    assert_eq!((ran.code, ran.out.as_str()), (1, "fmt: 1 of 1 file would change\n"));
    let ran = run(program().args(["fmt", "-"]), BROKEN.as_bytes());
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    let ran = run(program().args(["fmt", "-"]), b"tiers \xff");
    assert_eq!((ran.code, ran.out.as_str()), (3, ""));
    for words in ["fmt - -w", "fmt - rules", "fmt rules -w --check", "fmt nowhere", "fmt docs"] {
        let ran = ensue(words);
        assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{words}");
        assert!(ran.err.starts_with("error: "), "{words}: {}", ran.err);
    }
}

#[test]
fn the_shipped_rules_need_no_change() {
    let ran = ensue("fmt --check");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(ran.out.starts_with("fmt: no change in "), "{}", ran.out);
}

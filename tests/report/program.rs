//! `check --format` and `check --out` as programs call them.

use std::path::Path;
use std::process::Command;

use uppsala::{XsdValidator, parse};

use crate::read;

/// The exit code, standard output and standard error of a run in the folder of the project.
fn ensue(words: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ensue"));
    let done = command.current_dir(env!("CARGO_MANIFEST_DIR")).args(words).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (done.status.code().unwrap(), text(done.stdout), text(done.stderr))
}

#[test]
fn reports_are_written_beside_the_output() {
    let folder = tempfile::tempdir().unwrap();
    let rules = "fixtures/check/ten_mistakes";
    let forms = ["sarif", "junit", "github", "json", "md"];
    let path = |form: &str| folder.path().join(form).display().to_string();
    let mut words = vec!["check", rules];
    let outs: Vec<String> = forms.iter().map(|form| format!("--out={form}={}", path(form))).collect();
    words.extend(outs.iter().map(String::as_str));
    let (code, out, _) = ensue(&words);
    assert_eq!(code, 2);
    assert_eq!(out, ensue(&["check", rules]).1, "the output is what it was");
    let written = |form: &str| std::fs::read_to_string(path(form)).unwrap();
    for form in ["sarif", "github", "json"] {
        let (code, out, err) = ensue(&["check", rules, "--format", form]);
        assert_eq!((code, out), (2, written(form)));
        assert_eq!(err, "check: 10 errors in 1 file\n");
    }
    assert!(written("md").starts_with("## ensue check\n\n10 errors in 1 file\n"));
    let report = written("junit");
    let schema = read("fixtures/schema/junit-10.xsd");
    let validator = XsdValidator::from_schema(&parse(&schema).unwrap()).unwrap();
    assert!(validator.validate(&parse(&report).unwrap()).is_empty());
    assert!(report.contains("<testsuites name=\"ensue check\" tests=\"10\" failures=\"10\" errors=\"0\">"), "{report}");
}

#[test]
fn a_rulebook_without_findings_passes_in_every_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("junit.xml");
    let (code, ..) = ensue(&["check", "rules", "--out", &format!("junit={}", path.display())]);
    assert_eq!(code, 0);
    let report = std::fs::read_to_string(path).unwrap();
    assert!(
        report.contains(" failures=\"0\" errors=\"0\">") && report.contains("file=\"rules/tiers.ensue\""),
        "{report}"
    );
}

#[test]
fn tests_are_reported_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    let path = |form: &str| folder.path().join(form).display().to_string();
    let rules = "fixtures/test/failing";
    let outs = ["sarif", "junit", "github", "json", "md"].map(|form| format!("--out={form}={}", path(form)));
    let words: Vec<&str> = ["test", rules].into_iter().chain(outs.iter().map(String::as_str)).collect();
    let (code, out, _) = ensue(&words);
    assert_eq!((code, &out), (1, &ensue(&["test", rules]).1), "the output is what it was");
    let written = |form: &str| std::fs::read_to_string(path(form)).unwrap();
    for form in ["junit", "github", "json"] {
        let (code, out, err) = ensue(&["test", rules, "--format", form]);
        assert_eq!((code, out), (1, written(form)));
        assert!(err.starts_with("test: "), "{err}");
    }
    let failed = out.lines().filter(|line| line.starts_with("FAIL ")).count();
    assert!(failed > 1);
    assert_eq!(written("junit").matches("<failure ").count(), failed);
    assert_eq!(written("github").matches("::error ").count(), failed);
    assert_eq!(written("sarif").matches("\"ruleId\": \"failed-test\"").count(), failed);
    assert_eq!(written("md").matches("- failed: **").count(), failed);
    let schema = read("fixtures/schema/junit-10.xsd");
    let validator = XsdValidator::from_schema(&parse(&schema).unwrap()).unwrap();
    assert!(validator.validate(&parse(&written("junit")).unwrap()).is_empty());
}

#[test]
fn wrong_reports_are_wrong_use() {
    let wrong = |out: &str| {
        let (code, _, err) = ensue(&["check", "fixtures/cli/two_lines.ensue", "--out", out]);
        assert_eq!(code, 3, "{err}");
        err
    };
    assert!(wrong("report.sarif").contains("write it as `FORMAT=PATH`, as in `sarif=report.sarif`"));
    assert!(wrong("xml=a").contains("there is no report `xml`; there are sarif, junit, github, json and md"));
    assert!(wrong("md=").contains("the path is missing"));
    let error = wrong("md=no/such/folder/a.md");
    assert!(error.starts_with("error: `no/such/folder/a.md` cannot be written: "), "{error}");
    assert!(!Path::new("no").exists());
}

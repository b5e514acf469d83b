//! Findings of every folder of `fixtures/check` in every form.

use std::path::Path;

use ensue::check::Checked;
use ensue::load::LoadError;
use ensue::report::{diagnostic, github, markdown, sarif};
use serde_json::Value;

use crate::{read, schema, snapshot};

/// The rulebook of a folder of `fixtures/check`.
fn checked(folder: &str) -> Checked {
    ensue::load::rulebook(Path::new(folder)).unwrap()
}

/// Every folder of `fixtures/check`, as people name it.
fn folders() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/check");
    let entries = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap());
    // A folder may be there for what lies beside the rules alone.
    let has_rules = |folder: &Path| !matches!(ensue::load::rulebook(folder), Err(LoadError::NoRules(_)));
    let folders = entries.filter(|entry| entry.path().is_dir() && has_rules(&entry.path()));
    let folders = folders.map(|entry| entry.file_name());
    let mut names: Vec<String> = folders.map(|name| format!("fixtures/check/{}", name.to_str().unwrap())).collect();
    names.sort();
    assert!(names.len() > 20, "{names:?}");
    names
}

#[test]
fn sarif_is_valid_and_says_all() {
    let schema: Value = serde_json::from_str(&read("fixtures/schema/sarif-2.1.0.json")).unwrap();
    for folder in folders() {
        let checked = checked(&folder);
        let log: Value = serde_json::from_str(&sarif::report(&checked.diagnostics, &checked.sources)).unwrap();
        assert_eq!(schema::wrong(&schema, &log), Vec::<String>::new(), "{folder}");
        let results = log["runs"][0]["results"].as_array().unwrap();
        let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
        assert_eq!(results.len(), checked.diagnostics.len());
        let mut fingerprints: Vec<&str> = Vec::new();
        for (result, found) in results.iter().zip(&checked.diagnostics) {
            // The page shown beside a finding is that of its kind.
            let rule = &rules[result["ruleIndex"].as_u64().unwrap() as usize];
            assert_eq!((&result["ruleId"], rule["id"].as_str()), (&rule["id"], Some(found.slug.name())));
            assert_eq!(result["relatedLocations"].as_array().map_or(0, Vec::len), found.others.len());
            fingerprints.push(result["partialFingerprints"]["ensueFinding/v1"].as_str().unwrap());
        }
        fingerprints.sort_unstable();
        fingerprints.dedup();
        assert_eq!(fingerprints.len(), results.len(), "{folder}: a fingerprint names one finding");
    }
}

#[test]
fn a_finding_that_moves_keeps_its_fingerprint() {
    let fingerprints = |text: &str| {
        let checked = ensue::check::load([("rules.ensue".into(), text.into())], &ensue::check::Env::default());
        let log: Value = serde_json::from_str(&sarif::report(&checked.diagnostics, &checked.sources)).unwrap();
        let results = log["runs"][0]["results"].as_array().unwrap().clone();
        results.iter().map(|result| result["partialFingerprints"].to_string()).collect::<Vec<_>>()
    };
    let wrong = "tiers hot\nreply -> hto\n";
    let one = fingerprints(wrong);
    assert_eq!(one, fingerprints(&format!("# moved\n\n{wrong}")));
    assert_ne!(one, fingerprints("tiers hot\nreply -> hott\n"));
}

#[test]
fn commands_are_one_line_each() {
    for folder in folders() {
        let checked = checked(&folder);
        let text = github::findings(&checked.diagnostics, &checked.sources);
        assert_eq!(text.lines().count(), checked.diagnostics.len(), "{folder}");
        for line in text.lines() {
            let (head, message) = line.strip_prefix("::").and_then(|rest| rest.split_once("::")).unwrap();
            let (level, settings) = head.split_once(' ').unwrap();
            assert!(["error", "warning", "notice"].contains(&level) && !message.is_empty());
            assert!(
                settings.split(',').all(|setting| setting.split_once('=').is_some_and(|(_, value)| !value.is_empty()))
            );
        }
    }
}

#[test]
fn one_folder_as_it_looks() {
    let checked = checked("fixtures/check/ten_mistakes");
    let (found, sources) = (&checked.diagnostics, &checked.sources);
    // The pages of all kinds are shown elsewhere.
    let mut log: Value = serde_json::from_str(&sarif::report(&found[..2], sources)).unwrap();
    for rule in log["runs"][0]["tool"]["driver"]["rules"].as_array_mut().unwrap() {
        let page = rule["help"].as_object_mut().unwrap();
        assert!(page.values().all(|page| page.as_str().unwrap().starts_with(&format!("# {}", "unknown-"))));
        page.clear();
    }
    log["runs"][0]["tool"]["driver"]["version"] = "VERSION".into();
    log["runs"][0]["tool"]["driver"]["semanticVersion"] = "VERSION".into();
    snapshot("sarif", &serde_json::to_string_pretty(&log).unwrap());
    snapshot("github", &github::findings(found, sources));
    snapshot("markdown", &markdown::findings(&diagnostic::summary(found, 1), found, sources));
    snapshot("markdown_fine", &markdown::findings(&diagnostic::summary(&[], 1), &[], sources));
}

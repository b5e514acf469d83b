//! `check` as people see it: every folder of `fixtures/check` with its findings beside it, every
//! page of `docs/diagnostics`, and small rulebooks that must be free of findings.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ensue::check::{self, Checked, Env};
use ensue::diagnostic::{Diagnostic, Severity};
use ensue::report::diagnostic::{human, json, short, summary};
use ensue::slug::Slug;

/// All files of a folder: rule files by path as shown, and everything as side files.
fn folder(path: &Path) -> (Vec<(String, String)>, Env) {
    let mut env = Env { root: String::new(), files: BTreeMap::new() };
    collect(path, path, &mut env.files);
    let rules = env.files.iter().filter(|(path, _)| path.ends_with(".ensue"));
    (rules.map(|(path, text)| (path.clone(), text.clone())).collect(), env)
}

fn collect(root: &Path, path: &Path, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            files.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
}

fn check_text(text: &str) -> Checked {
    check_with(text, Vec::new())
}

/// Checks a text with further files beside it.
fn check_with(text: &str, beside: Vec<(String, String)>) -> Checked {
    let (_, mut env) = folder(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/check/calendar_files")));
    env.files.extend(beside);
    check::load([("rules.ensue".to_owned(), text.to_owned())], &env)
}

fn drawn(checked: &Checked) -> String {
    human(&checked.diagnostics, &checked.sources, false)
}

/// The fence of a page's part that holds rules.
fn rules(part: &str) -> &str {
    part.split("```ensue\n").nth(1).and_then(|rest| rest.split("\n```").next()).unwrap_or("")
}

/// The fences of a page's part that name a file: "```md templates/recap.md".
fn files(part: &str) -> Vec<(String, String)> {
    let fences = part.split("\n```").skip(1).step_by(2).filter_map(|fence| fence.split_once('\n'));
    fences.filter_map(|(info, text)| Some((info.split_once(' ')?.1.to_owned(), text.to_owned()))).collect()
}

#[test]
fn fixtures() {
    insta::glob!("..", "fixtures/check/*", |path| {
        if !path.is_dir() {
            return;
        }
        let (files, env) = folder(path);
        let count = files.len();
        let checked = check::load(files, &env);
        let text = format!("{}{}", drawn(&checked), summary(&checked.diagnostics, count));
        insta::with_settings!({
            snapshot_path => path, prepend_module_to_snapshot => false, snapshot_suffix => "", omit_expression => true,
        }, {
            insta::assert_snapshot!("expected", text);
        });
    });
}

#[test]
fn the_standard_vocabulary_alone_is_a_rulebook() {
    let checked = check::load([], &Env::default());
    assert_eq!(drawn(&checked), "");
    let rulebook = checked.rulebook.unwrap();
    let labels: Vec<&str> = rulebook.rules.iter().map(|rule| rule.label.as_str()).collect();
    assert_eq!(labels, ["standard_opt_out", "standard_hard_bounce", "standard_complaint"]);
    assert!(rulebook.rules.iter().all(|rule| rule.standard && rule.why.is_some()));
    assert_eq!(rulebook.types[0].name, ensue::rulebook::TOUCHED_TYPE);
}

#[test]
fn every_page_shows_its_mistake_and_the_way_out() {
    let mut wrong = Vec::new();
    for slug in Slug::ALL {
        let (example, fix) = slug.page().split_once("\n## Fix\n").unwrap_or_default();
        let found = check_with(rules(example), files(example));
        let errors: Vec<Slug> =
            found.diagnostics.iter().filter(|f| f.severity == Severity::Error).map(|f| f.slug).collect();
        if !found.diagnostics.iter().any(|f| f.slug == *slug) || errors.iter().any(|error| error != slug) {
            wrong.push(format!("{}: the example gives\n{}", slug.name(), drawn(&found)));
        }
        // A fix that shows no file of its own mends the rules beside the files of the example.
        let beside = if files(fix).is_empty() { files(example) } else { files(fix) };
        let found = check_with(rules(fix), beside);
        let others_notes = |f: &Diagnostic| f.severity == Severity::Info && f.slug != *slug;
        if !found.diagnostics.iter().all(others_notes) || rules(fix).is_empty() {
            wrong.push(format!("{}: the fix gives\n{}", slug.name(), drawn(&found)));
        }
        if !slug.page().starts_with(&format!("# {}\n", slug.name())) || !slug.page().contains("\n## Why\n") {
            wrong.push(format!("{}: the page lacks its title or its reason", slug.name()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn two_lines_are_a_rulebook() {
    let checked = check_text("tiers hot\nopened 3x -> hot\nreply -> stop\n");
    assert_eq!(drawn(&checked), "");
    let rulebook = checked.rulebook.unwrap();
    let labels: Vec<&str> = rulebook.rules.iter().skip(3).map(|rule| rule.label.as_str()).collect();
    assert_eq!(labels, ["opened_3x_hot", "reply_stop"]);
    assert_eq!(short(&checked.diagnostics, &checked.sources), "");
    assert_eq!(json(&checked.diagnostics, &checked.sources), "");
}

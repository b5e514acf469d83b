//! The floors of the crate: the modules of `src/lib.rs` from the ground up, a blank line between two
//! floors. A module names only modules of floors below its own, and verbs of the command line do not
//! use each other. Unit tests may: what they are about is often made by a later stage.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

/// A path in the code that begins at the crate or above its own module.
#[derive(Debug, PartialEq)]
struct Named {
    file: String,
    line: usize,
    /// The module it stands in: `["cli", "lead", "deed"]`.
    from: Vec<String>,
    /// What it names, as far as the first name after `crate::` or `super::`.
    to: Vec<String>,
}

#[test]
fn a_module_names_only_what_stands_below_it() {
    let floors = floors();
    let floor = |name: &String| floors.iter().position(|modules| modules.contains(name));
    let mut wrong = Vec::new();
    for named in everything_named() {
        let (from, Some(to)) = (&named.from[0], named.to.first()) else { continue };
        if from == to || floor(to) < floor(from) {
            continue;
        }
        wrong.push(format!("{}:{}: `{from}` names `{to}`", named.file, named.line));
    }
    assert!(wrong.is_empty(), "not below in src/lib.rs; move down what is needed:\n{}", wrong.join("\n"));
}

#[test]
fn every_file_belongs_to_a_floor() {
    let modules = floors().concat();
    for (path, _) in files() {
        let module = module_of(&path).remove(0);
        assert!(modules.contains(&module) || module == "main", "{}: `{module}` is not in src/lib.rs", path.display());
    }
}

#[test]
fn no_verb_uses_another() {
    let program = fs::read_to_string("src/cli.rs").expect("the command line");
    // A verb is what has arguments: `DryRun(dry_run::Args)`.
    let verbs: Vec<&str> = program
        .lines()
        .filter_map(|line| line.trim().strip_suffix("::Args),")?.split_once('('))
        .map(|(_, v)| v)
        .collect();
    assert!(verbs.contains(&"dry_run") && !verbs.contains(&"input"), "{verbs:?}");
    let is_other = |named: &&Named| match (named.from.as_slice(), named.to.as_slice()) {
        ([cli, file, ..], [over, verb, ..]) => {
            cli == "cli" && over == "cli" && file != verb && verbs.contains(&verb.as_str())
        }
        _ => false,
    };
    let all = everything_named();
    let wrong: Vec<&Named> = all.iter().filter(is_other).collect();
    assert!(wrong.is_empty(), "move what both verbs need into a file of its own: {wrong:#?}");
}

/// One name, one idea. What may share a name: what was written and what it means (`syntax::tree`, `rulebook`),
/// the arguments of verbs, and the two crews of which one is built.
#[test]
fn no_two_public_types_share_a_name() {
    let is_pair = |path: &Path| {
        path.starts_with("src/syntax/tree") || path.ends_with("syntax/tree.rs") || path.starts_with("src/crew")
    };
    let mut known: Vec<(String, PathBuf)> = Vec::new();
    let mut twice = Vec::new();
    for (path, text) in files().into_iter().filter(|(path, _)| !is_pair(path)) {
        let kinds = ["pub struct ", "pub enum ", "pub trait ", "pub type "];
        let named = text.lines().filter_map(|line| kinds.iter().find_map(|kind| line.strip_prefix(kind)));
        for name in named {
            let name: String = name.chars().take_while(|c| *c == '_' || c.is_alphanumeric()).collect();
            if name == "Args" {
                continue;
            }
            if let Some((_, other)) = known.iter().find(|(known, _)| *known == name) {
                twice.push(format!("`{name}` in {} and in {}", other.display(), path.display()));
            }
            known.push((name, path.clone()));
        }
    }
    assert!(known.len() > 200, "the types of the crate are not found");
    assert!(twice.is_empty(), "give one of them the name of what it is:\n{}", twice.join("\n"));
}

#[test]
fn paths_are_found_in_code_and_not_in_comments() {
    let code = "//! [`crate::cli`]\nuse crate::{report::{diagnostic, sarif}, log};\n\nlet at = super::super::near::help();\n\
                #[cfg(test)]\nmod tests {\n    use crate::cli;\n}\n";
    let module = ["cli", "lead", "deed"].map(String::from);
    let found: Vec<(usize, String)> =
        named("deed.rs", &module, code).into_iter().map(|named| (named.line, named.to.join("::"))).collect();
    assert_eq!(found, [(2, "report".into()), (2, "log".into()), (4, "cli::near".into())]);
}

/// The modules of each floor, from the ground up.
fn floors() -> Vec<Vec<String>> {
    let text = fs::read_to_string("src/lib.rs").expect("the crate");
    let module = |line: &str| Some(line.strip_prefix("pub mod ")?.strip_suffix(';')?.to_owned());
    // A module may need a feature, which makes no new floor.
    let modules: Vec<Option<String>> = text.lines().filter(|line| !line.starts_with("#[")).map(module).collect();
    modules
        .split(Option::is_none)
        .filter(|floor| !floor.is_empty())
        .map(|floor| floor.iter().flatten().cloned().collect())
        .collect()
}

/// Every file of the crate but its root, with its text. Left out are tests that stand in it: their
/// examples are made by later stages.
fn files() -> Vec<(PathBuf, String)> {
    let (mut folders, mut files) = (vec![PathBuf::from("src")], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the crate") {
            let path = entry.expect("an entry of a folder").path();
            if path.is_dir() {
                folders.push(path);
            } else if is_code(&path) {
                let text = fs::read_to_string(&path).expect("a file of the crate");
                let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default().to_owned();
                files.push((path, code));
            }
        }
    }
    files.sort();
    files
}

fn is_code(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "rs") && path != Path::new("src/lib.rs") && !path.ends_with("tests.rs")
}

/// `src/cli/lead/deed.rs` is the module `["cli", "lead", "deed"]`.
fn module_of(path: &Path) -> Vec<String> {
    let path = path.with_extension("");
    path.iter().skip(1).map(|part| part.to_string_lossy().into_owned()).collect()
}

fn everything_named() -> Vec<Named> {
    files().iter().flat_map(|(path, text)| named(&path.to_string_lossy(), &module_of(path), text)).collect()
}

/// The paths of a file, without its unit tests, which stand at its end or in `tests.rs`.
fn named(file: &str, module: &[String], text: &str) -> Vec<Named> {
    if module.last().is_some_and(|name| name == "tests") {
        return Vec::new();
    }
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines: Vec<&str> = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let code = lines.join("\n");
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::").chain(code.match_indices("super::")) {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c == ':' || c == '_' || c.is_alphanumeric()) {
            continue;
        }
        let (mut base, mut rest) = (module.to_vec(), &code[at..]);
        if let Some(path) = rest.strip_prefix("crate::") {
            (base, rest) = (Vec::new(), path);
        }
        while let Some(path) = rest.strip_prefix("super::") {
            (_, rest) = (base.pop(), path);
        }
        for name in first_names(rest) {
            let to = base.iter().cloned().chain([name]).collect();
            let line = code[..at].matches('\n').count() + 1;
            found.push(Named { file: file.to_owned(), line, from: module.to_vec(), to });
        }
    }
    found
}

/// The name a path goes on with; those of a group in braces.
fn first_names(path: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| *c == '_' || c.is_alphanumeric()).collect::<String>();
    let Some(group) = path.strip_prefix('{') else { return vec![word(path)] };
    let (mut depth, mut names, mut start) = (0, Vec::new(), 0);
    for (at, c) in group.char_indices() {
        if depth == 0 && matches!(c, ',' | '}') {
            names.push(word(group[start..at].trim_start()));
            start = at + 1;
        }
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            _ => {}
        }
    }
    names
}

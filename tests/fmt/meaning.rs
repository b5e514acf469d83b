//! Whether two texts mean the same: as trees and as plans, wherever their parts stand.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use ensue::check::{self, Checked, Env};
use ensue::plan::Plan;
use ensue::source::SourceId;
use ensue::syntax::parse;

/// A debug form without `Range { … }`.
pub fn without_places(shown: &str) -> String {
    let mut out = String::new();
    let mut rest = shown;
    while let Some(at) = rest.find("Range { source: SourceId(") {
        out.push_str(&rest[..at]);
        rest = &rest[at + rest[at..].find('}').unwrap() + 1..];
    }
    out + rest
}

/// Whether two texts have the same tree, and no findings.
pub fn same_tree(a: &str, b: &str) -> bool {
    let ((a, _), (b, found)) = (parse(SourceId::default(), a), parse(SourceId::default(), b));
    found.is_empty() && without_places(&format!("{a:?}")) == without_places(&format!("{b:?}"))
}

/// The compiled plan without texts and places, or what is wrong. Messages repeat what the author
/// wrote, spaces and all, so only their kinds are compared.
fn plan(checked: Checked) -> Result<String, Vec<String>> {
    // Findings stand in the order of their places, and clauses get the canonical order.
    let mut kinds: Vec<String> = checked.diagnostics.iter().map(|found| found.slug.name().to_owned()).collect();
    kinds.sort_unstable();
    let Some(mut rulebook) = checked.rulebook else { return Err(kinds) };
    rulebook.sources = Arc::default();
    // How the author wrote an event or a condition is shown to people and decides nothing.
    rulebook.sets.iter_mut().for_each(|set| set.text.clear());
    rulebook.channels.iter_mut().flat_map(|channel| &mut channel.requires).for_each(|(_, text)| text.clear());
    for sequence in &mut rulebook.sequences {
        let tail = sequence.tail.iter_mut().map(|tail| &mut tail.0);
        sequence.touches.iter_mut().chain(tail).for_each(|touch| touch.condition_text.clear());
    }
    let plan = Plan::compile(rulebook);
    Ok(without_places(&format!("{kinds:?} {plan:?}")))
}

/// Asserts that two texts give the same plan or the same findings; whether it was a plan.
pub fn same_plan(a: &str, b: &str) -> bool {
    let load = |text: &str| plan(check::load([(String::from("rules.ensue"), text.to_owned())], &Env::default()));
    let (before, after) = (load(a), load(b));
    assert!(before == after, "the plan changes:\n{a}\nbecomes\n{b}\n{}", difference(&before, &after));
    before.is_ok()
}

/// Asserts that a folder means the same after each of its files was changed; whether it has a plan. Folders
/// with a file that is not changed are left alone.
pub fn of_folder(folder: &Path, change: impl Fn(&str) -> Option<String>) -> bool {
    let (mut rules, mut files) = (Vec::new(), BTreeMap::new());
    read(folder, folder, &mut rules, &mut files);
    let changed = rules.iter().map(|(path, text)| Some((path.clone(), change(text)?))).collect::<Option<Vec<_>>>();
    let Some(changed) = changed else { return false };
    let env = Env { files, ..Env::default() };
    let (before, after) = (plan(check::load(rules, &env)), plan(check::load(changed, &env)));
    assert!(before == after, "{}: {}", folder.display(), difference(&before, &after));
    before.is_ok()
}

/// The first place at which two plans differ.
fn difference(a: &Result<String, Vec<String>>, b: &Result<String, Vec<String>>) -> String {
    let (a, b) = (format!("{a:?}"), format!("{b:?}"));
    let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    let near = |text: &str| text.chars().skip(same.saturating_sub(100)).take(200).collect::<String>();
    format!("{}\n{}", near(&a), near(&b))
}

fn read(root: &Path, folder: &Path, rules: &mut Vec<(String, String)>, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let inner = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        match path.extension().and_then(|end| end.to_str()) {
            _ if path.is_dir() => read(root, &path, rules, files),
            Some("ensue") => rules.push((inner, fs::read_to_string(&path).unwrap())),
            Some("yaml" | "yml" | "rhai" | "md") => drop(files.insert(inner, fs::read_to_string(&path).unwrap())),
            _ => {}
        }
    }
}

//! The rules, by the file they stand in.

use super::{Heading, PageBlock, RuleEntry, comment};
use crate::doc::prose::Prose;
use crate::doc::words::{ProseWords, spaced};
use crate::rulebook::Rule;
use crate::source::SourceId;

/// The rulebook's own rules, and those of the standard vocabulary.
pub fn rules(words: &ProseWords<'_>) -> (Vec<PageBlock>, Vec<PageBlock>) {
    let rulebook = words.rulebook;
    let mut own = Vec::new();
    let mut files: Vec<SourceId> = Vec::new();
    for rule in rulebook.rules.iter().filter(|rule| !rule.standard) {
        if !files.contains(&rule.range.source) {
            files.push(rule.range.source);
        }
    }
    for file in &files {
        let source = rulebook.sources.file(*file);
        if files.len() > 1 {
            own.push(PageBlock::Heading(Heading { title: file_title(&source.path).into(), place: None }));
        }
        own.extend(opening(&source.text).map(PageBlock::Text));
        let of_file = rulebook.rules.iter().filter(|rule| !rule.standard && rule.range.source == *file);
        own.push(PageBlock::Rules(of_file.map(|rule| entry(words, rule)).collect()));
    }
    let standard: Vec<RuleEntry> =
        rulebook.rules.iter().filter(|rule| rule.standard).map(|rule| entry(words, rule)).collect();
    let standard = match standard.is_empty() {
        true => Vec::new(),
        false => vec![
            PageBlock::Text("They come with the program, and no rulebook can switch them off.".into()),
            PageBlock::Rules(standard),
        ],
    };
    (own, standard)
}

fn entry(words: &ProseWords<'_>, rule: &Rule) -> RuleEntry {
    RuleEntry {
        label: rule.label.clone(),
        sentence: words.rule(rule),
        lines: words.lines(rule),
        why: rule.why.clone().or_else(|| match rule.arms.as_slice() {
            [only] => only.why.clone(),
            _ => None,
        }),
        place: words.rulebook.sources.place(rule.range),
    }
}

/// `rules/after_sale.ensue` is `After sale`.
fn file_title(path: &str) -> String {
    let stem = path.rsplit('/').next().unwrap_or(path);
    let stem = stem.strip_suffix(".ensue").unwrap_or(stem);
    match stem {
        "rules" => "General rules".to_owned(),
        stem => Prose::from(spaced(stem)).capital().text(),
    }
}

/// The first paragraph of the comment a file opens with, where it is not about what follows at once.
fn opening(text: &str) -> Option<Prose> {
    let lines: Vec<&str> = text.lines().collect();
    let count = lines.iter().take_while(|line| line.starts_with('#') && line.trim() != "#").count();
    let ends = lines.get(count).is_none_or(|next| next.trim().is_empty() || next.trim() == "#");
    if !ends {
        return None;
    }
    comment(lines.into_iter().take(count))
}

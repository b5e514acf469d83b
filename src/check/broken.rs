//! Names whose declaration the parser could not read. The text no item covers shows them; they
//! are left out of further findings, since their one root cause is reported already.

use super::checker::Checker;
use super::words::without_comments;
use crate::source::Source;
use crate::syntax::tree::File;

const DECLARE_ONE: [&str; 7] = ["group", "calendar", "channel", "let", "sequence", "score", "metric"];
const DECLARE_MANY: [&str; 3] = ["event", "tiers", "lead"];
const OTHERS: [&str; 6] = ["experiment", "settings", "test", "todo", "invariant", "on"];

impl Checker<'_> {
    /// Finds the names that broken declarations would have declared.
    pub fn find_broken(&mut self, files: &[File]) {
        for file in files {
            let gaps = gaps(self.sources.file(file.source), file);
            self.incomplete |= !gaps.is_empty();
            self.broken.extend(gaps.iter().flat_map(|gap| declared_in(gap)));
        }
    }
}

/// The parts of a file that belong to no item.
fn gaps(source: &Source, file: &File) -> Vec<String> {
    let mut ranges: Vec<_> =
        file.items.iter().map(|item| (item.range.start as usize, item.range.end as usize)).collect();
    ranges.sort_unstable();
    let mut gaps = Vec::new();
    let mut at = 0;
    for (start, end) in ranges.into_iter().chain([(source.text.len(), source.text.len())]) {
        let gap = without_comments(source.text.get(at..start).unwrap_or(""));
        if !gap.trim().is_empty() {
            gaps.push(gap);
        }
        at = at.max(end);
    }
    gaps
}

/// Names after a declaring keyword that stands first on its line.
fn declared_in(gap: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut many = false;
    for line in gap.lines() {
        let mut words = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty());
        let first = words.next().unwrap_or("");
        if DECLARE_ONE.contains(&first) {
            many = false;
            names.extend(words.next().map(str::to_owned));
        } else if DECLARE_MANY.contains(&first) {
            many = true;
            names.extend(words.map(str::to_owned));
        } else if OTHERS.contains(&first) || line.contains("->") {
            many = false;
        } else if many {
            names.extend(std::iter::once(first).chain(words).filter(|word| !word.is_empty()).map(str::to_owned));
        }
    }
    names
}

//! Findings that are alike, folded: of one mistake that a rulebook makes a hundred times the first three tell
//! what to do, and one line says where the others are. For people alone; programs get every finding.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::diagnostic::Diagnostic;
use crate::shown::Shown;
use crate::slug::Slug;
use crate::source::Sources;
use crate::words::many;

/// So many findings that are alike are shown.
const ALIKE: usize = 3;
/// So many places of the others are named.
const PLACES: usize = 3;

/// The findings that are shown, each with the fold that follows it.
#[derive(Debug)]
pub struct Folded<'a>(pub Vec<(Cow<'a, Diagnostic>, Option<Fold>)>);

/// The findings left out after those that they are like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fold {
    more: usize,
    files: BTreeSet<String>,
    places: Vec<String>,
}

impl<'a> Folded<'a> {
    /// Every finding.
    #[must_use]
    pub fn whole(findings: &'a [Diagnostic]) -> Self {
        Self(findings.iter().map(|found| (Cow::Borrowed(found), None)).collect())
    }

    /// At most three of those that are alike: of one kind, with one message but for the names in it.
    #[must_use]
    pub fn of(findings: &'a [Diagnostic], sources: &Sources) -> Self {
        let mut shown: Vec<(Cow<'_, Diagnostic>, Option<Fold>)> = Vec::new();
        // How many are shown, and where the last of them stands.
        let mut alike: BTreeMap<(Slug, String), (usize, usize)> = BTreeMap::new();
        for found in findings {
            let (count, last) = alike.entry((found.slug, without_names(&found.message))).or_default();
            if *count < ALIKE {
                (*count, *last) = (*count + 1, shown.len());
                shown.push((few_places(found), None));
                continue;
            }
            let Some((_, fold)) = shown.get_mut(*last) else { continue };
            let fold = fold.get_or_insert_with(|| Fold { more: 0, files: BTreeSet::new(), places: Vec::new() });
            fold.more += 1;
            fold.files.insert(sources.file(found.range.source).path.clone());
            if fold.places.len() < PLACES {
                fold.places.push(sources.place(found.range));
            }
        }
        Self(shown)
    }

    /// Whether anything is left out.
    #[must_use]
    pub fn leaves_out(&self) -> bool {
        self.0.iter().any(|(found, fold)| fold.is_some() || matches!(found, Cow::Owned(_)))
    }
}

impl fmt::Display for Fold {
    /// `+37 more like it in 4 files (rules/a.ensue:12, ...); --all shows them`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = many(self.files.len(), "file");
        let more = if self.more > self.places.len() { ", ..." } else { "" };
        let (count, places) = (self.more, Shown(self.places.join(", ")));
        let them = if count == 1 { "it" } else { "them" };
        write!(f, "+{count} more like it in {files} ({places}{more}); --all shows {them}")
    }
}

/// A finding with at most three of its further places, the last of which says how many more there are.
fn few_places(found: &Diagnostic) -> Cow<'_, Diagnostic> {
    let more = found.others.len().saturating_sub(ALIKE);
    if more == 0 {
        return Cow::Borrowed(found);
    }
    let mut few = found.clone();
    few.others.truncate(ALIKE);
    if let Some((_, label)) = few.others.last_mut() {
        label.push_str(&format!(", and at {}; --all shows them", many(more, "further place")));
    }
    Cow::Owned(few)
}

/// A message without what stands in backticks.
fn without_names(message: &str) -> String {
    message.split('`').step_by(2).collect::<Vec<_>>().join("``")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Range, Source};

    #[test]
    fn the_first_three_stand_and_the_others_are_counted() {
        let mut sources = Sources::default();
        let files = ["a.ensue", "b.ensue"].map(|path| sources.add(Source::new(path, "x\ny\nz\n")));
        let found = |file: usize, line: u32, name: &str| {
            let range = Range { source: files[file], start: line * 2, end: line * 2 + 1 };
            Diagnostic::new(Slug::UnknownTier, range, format!("tier `{name}` is not declared"))
        };
        let other = Diagnostic::new(Slug::UnknownTier, Range::default(), "another message");
        let mut findings: Vec<Diagnostic> = (0..3).map(|line| found(0, line, "hto")).collect();
        findings.extend([other, found(1, 0, "wram"), found(1, 1, "cool")]);
        let folded = Folded::of(&findings, &sources);
        let shown: Vec<String> = folded
            .0
            .iter()
            .map(|(found, fold)| {
                format!("{}{}", found.message, fold.as_ref().map(|fold| format!(" {fold}")).unwrap_or_default())
            })
            .collect();
        let hto = "tier `hto` is not declared";
        let last = format!("{hto} +2 more like it in 1 file (b.ensue:1, b.ensue:2); --all shows them");
        assert_eq!(shown, [hto, hto, &last, "another message"]);
        assert!(folded.leaves_out() && !Folded::whole(&findings).leaves_out());
        findings.extend((0..3).map(|line| found(0, line, "colt")));
        let folded = Folded::of(&findings, &sources);
        let fold = folded.0.iter().find_map(|(_, fold)| fold.as_ref()).map(ToString::to_string);
        let said = "+5 more like it in 2 files (b.ensue:1, b.ensue:2, a.ensue:1, ...); --all shows them";
        assert_eq!(fold.as_deref(), Some(said));
    }
}

//! The words of a file with what stands between them: spaces, line breaks, comments. Made from the
//! token stream, marked by the nodes, printed by the printer.

use std::borrow::Cow;

use super::super::token::{self, Token, TokenKind};

/// A comment, from `#` to the end of its line.
#[derive(Clone, Copy, Debug)]
pub struct Comment<'a> {
    /// Its text, without white space at the end.
    pub text: &'a str,
    /// Whether it stands on the line of the word before.
    pub trailing: bool,
    /// Whether an empty line comes before it.
    pub blank: bool,
}

/// What stands before a word.
#[derive(Clone, Debug, Default)]
pub struct Gap<'a> {
    /// Comments in order; only the first can be trailing.
    pub comments: Vec<Comment<'a>>,
    /// Whether a line ends between the last word and this one.
    pub newline: bool,
    /// Whether an empty line comes directly before the word.
    pub blank: bool,
}

/// A word and how it joins the one before.
#[derive(Clone, Debug)]
pub struct Word<'a> {
    /// Its canonical text.
    pub text: Cow<'a, str>,
    /// No space before it.
    pub tight: bool,
    /// A line that is too long may be broken before it.
    pub breaks: bool,
    /// A comma that the canonical form leaves out.
    pub dropped: bool,
    /// What stands before it.
    pub gap: Gap<'a>,
}

/// All words of a file; those of a statement are a range of them.
#[derive(Debug)]
pub struct FormatWords<'a> {
    list: Vec<Word<'a>>,
    /// What stands after the last word.
    pub end: Gap<'a>,
}

/// The words of a text.
pub fn words<'a>(text: &'a str, tokens: &[Token]) -> FormatWords<'a> {
    let mut end = 0;
    let mut list = Vec::with_capacity(tokens.len());
    for token in tokens {
        let between = text.get(end..token.start).unwrap_or("");
        let gap = gap(between, end == 0);
        list.push(Word { text: canonical(text, token), tight: false, breaks: false, dropped: false, gap });
        end = token.end;
    }
    FormatWords { list, end: gap(text.get(end..).unwrap_or(""), end == 0) }
}

/// The comments of a text in order.
pub fn comments(text: &str) -> impl Iterator<Item = &str> {
    let words = words(text, &token::scan(text));
    let gaps = words.list.into_iter().map(|word| word.gap).chain([words.end]);
    gaps.flat_map(|gap| gap.comments).map(|comment| comment.text)
}

fn canonical<'a>(text: &'a str, token: &Token) -> Cow<'a, str> {
    let written = text.get(token.start..token.end).unwrap_or("");
    match token.kind {
        TokenKind::Arrow => Cow::Borrowed("->"),
        TokenKind::Number if written.ends_with('×') => Cow::Owned(written.replace('×', "x")),
        _ => Cow::Borrowed(written),
    }
}

fn gap(between: &str, starts_file: bool) -> Gap<'_> {
    let mut comments = Vec::new();
    let mut breaks = usize::from(starts_file);
    for line in between.split_inclusive('\n') {
        if let Some(comment) = line.find('#').and_then(|at| line.get(at..)) {
            comments.push(Comment { text: comment.trim_end(), trailing: breaks == 0, blank: breaks > 1 });
            breaks = 0;
        }
        breaks += usize::from(line.ends_with('\n'));
    }
    Gap { newline: breaks > 0 || !comments.is_empty(), blank: breaks > 1, comments }
}

impl<'a> FormatWords<'a> {
    /// A word by its place in the file.
    pub fn at(&self, index: usize) -> Option<&Word<'a>> {
        self.list.get(index)
    }

    /// Changes a word, if there is one at the place.
    pub fn change(&mut self, index: usize, change: impl FnOnce(&mut Word<'a>)) {
        self.list.get_mut(index).map(change);
    }

    /// What stands before a word; at the end, what stands after the last.
    pub fn gap(&self, index: usize) -> &Gap<'a> {
        self.list.get(index).map_or(&self.end, |word| &word.gap)
    }

    /// Moves comments that stand before a comma behind it, so that a comma can follow its word or
    /// be left out.
    pub fn settle_commas(&mut self, tokens: &[Token]) {
        for (index, _) in tokens.iter().enumerate().filter(|(_, token)| token.kind == TokenKind::Comma) {
            let Some(word) = self.list.get_mut(index) else { return };
            let before = std::mem::take(&mut word.gap);
            let after = self.list.get_mut(index + 1).map_or(&mut self.end, |word| &mut word.gap);
            after.newline |= before.newline;
            if !before.comments.is_empty() {
                after.comments.iter_mut().for_each(|comment| comment.trailing = false);
                after.comments.splice(..0, before.comments);
            }
        }
    }
}

//! Text to tree: the grammar, the parser and the syntax tree. Used by the loader, `check` and
//! `fmt`. A file is cut into tokens and statements by hand, each statement is parsed by itself,
//! so every syntax error of a file is found at once.

mod bracket;
mod build;
mod comment;
pub mod format;
mod grammar;
mod mistake;
mod slip;
mod split;
mod token;
pub mod tree;
mod words;

pub use self::comment::comments;
pub use self::slip::log_name::own_name;
use crate::diagnostic::Diagnostic;
use crate::slug::Slug;
use crate::source::{Range, SourceId};

/// Files of this many bytes or more are not read: a rulebook is written by people.
const SIZE_LIMIT: usize = 64 << 20;

/// Parses one file. The text may begin with a byte order mark, and its lines may end in CR LF.
///
/// Never fails: statements that are not in the language are left out of the tree, each with a
/// finding. Findings come in the order of their places; ranges are bytes of `text`.
#[must_use]
pub fn parse(source: SourceId, text: &str) -> (tree::File, Vec<Diagnostic>) {
    let mut file = tree::File { source, items: Vec::new() };
    if text.len() >= SIZE_LIMIT {
        let place = Range { source, start: 0, end: 0 };
        return (file, vec![Diagnostic::new(Slug::Syntax, place, "the file is larger than 64 MB")]);
    }
    let tokens = token::scan(text);
    let brackets = bracket::check(source, text, &tokens);
    let statements = split::split(text, &tokens, &brackets);
    let mut parser = build::Parser::new(source, text, &tokens, &brackets);
    for statement in &statements {
        file.items.extend(parser.statement(statement));
    }
    let mut findings = parser.findings;
    findings.sort_by_key(|finding| (finding.range.start, finding.range.end));
    (file, findings)
}

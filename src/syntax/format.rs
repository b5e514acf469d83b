//! The one canonical form of a file. Statements are laid out from the grammar's pairs and the words
//! of the token stream, comments from the gaps between the words; the result must mean the same
//! before anybody gets to see it. Used by `fmt`.

mod block;
mod item;
mod node;
mod printer;
mod rule;
mod same;
mod sequence;
mod sheet;
mod words;

use super::tree::{Item, ItemKind};
use super::{bracket, parse, split, token};
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::SourceId;
use node::FormatNode;
use printer::Printer;

/// No line is wider than this many characters, if it can be broken.
const WIDTH: usize = 110;

/// What the statements of a file say but for its tests, wherever they stand and however they are laid
/// out: equal lists mean the same. `None` where the file has mistakes.
#[must_use]
pub fn meaning(text: &str) -> Option<Vec<String>> {
    let (file, findings) = parse(SourceId::default(), text);
    let broken = findings.iter().any(|finding| finding.severity == Severity::Error);
    let decides = |item: &&Item| !matches!(item.node, ItemKind::Test(_) | ItemKind::Metric(_));
    (!broken).then(|| file.items.iter().filter(decides).map(same::said).collect())
}

/// Why a file was not formatted.
#[derive(Clone, Debug, PartialEq)]
pub enum Unformatted {
    /// It has mistakes: all findings of the parser.
    Mistakes(Vec<Diagnostic>),
    /// The canonical form would not say the same, which is a bug of ours: what differs.
    Bug(String),
}

/// The canonical form of a file: UTF-8 without a byte order mark, lines that end in LF.
///
/// It parses to the same tree, apart from the places of its parts, and holds the same comments in
/// the same order. A file in canonical form comes back as it is.
///
/// # Errors
/// Refuses files that do not parse.
pub fn format(source: SourceId, text: &str) -> Result<String, Unformatted> {
    let (before, findings) = parse(source, text);
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        return Err(Unformatted::Mistakes(findings));
    }
    let tokens = token::scan(text);
    let brackets = bracket::check(source, text, &tokens);
    let mut words = words::words(text, &tokens);
    let mut statements = Vec::new();
    for statement in split::split(text, &tokens, &brackets) {
        let node = FormatNode::of(text, &tokens, statement.tokens);
        let node = node.ok_or_else(|| Unformatted::Bug("a statement that parsed is not read again".to_owned()))?;
        node.mark(&mut words);
        statements.push(node);
    }
    words.settle_commas(&tokens);
    let mut printer = Printer::new(words);
    for node in &statements {
        printer.statement(node);
    }
    let formatted = printer.finish();
    let (after, findings) = parse(source, &formatted);
    if let Some(finding) = findings.first() {
        return Err(Unformatted::Bug(format!("the canonical form does not parse: {}", finding.message)));
    }
    if let Some(difference) = same::difference(&before, &after) {
        return Err(Unformatted::Bug(difference));
    }
    if !words::comments(text).eq(words::comments(&formatted)) {
        return Err(Unformatted::Bug("a comment is lost or moved".to_owned()));
    }
    Ok(formatted)
}

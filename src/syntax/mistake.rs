//! From a failed statement to words: the common mistakes by name, all others as "expected … found".

use super::grammar::{self, Rule};
use super::slip;
use super::split::Statement;
use super::token::{Token, TokenKind};
use crate::diagnostic::Diagnostic;
use crate::shown;
use crate::slug::Slug;
use crate::source::{Range, SourceId};
use pest::error::{Error, ErrorVariant, InputLocation};

/// A statement that failed, among its file.
pub struct Context<'a> {
    /// The file.
    pub source: SourceId,
    /// Its text.
    pub text: &'a str,
    /// All its tokens.
    pub all: &'a [Token],
    /// The statement.
    pub statement: &'a Statement,
}

/// Message, label and help, before a range is attached.
pub type Said = (String, String, String);

/// A finding for each sign of a statement that the language does not have, one a line, and for a
/// text without an end.
pub fn strays(source: SourceId, text: &str, tokens: &[Token]) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    let mut line_done = false;
    for (at, token) in tokens.iter().enumerate() {
        line_done &= token.indent.is_none();
        let said = match token.kind {
            TokenKind::Stray if !line_done => {
                let (message, label, help) = stray(token.text(text));
                let of_log = slip::log_name::of_sign(text, token, tokens.get(at + 1));
                (message, label, of_log.unwrap_or(help))
            }
            TokenKind::Text { closed: false } => {
                said("this text is not closed", "no `\"` before the end of the line", "write `\"` where it ends")
            }
            TokenKind::LongText { closed: false } => {
                said("this text is not closed", "no `\"\"\"` after this", "write `\"\"\"` where it ends")
            }
            _ => continue,
        };
        line_done |= token.kind == TokenKind::Stray;
        let end = if matches!(token.kind, TokenKind::LongText { .. }) { token.start + 3 } else { token.end };
        let range = Range { source, start: token.start as u32, end: end as u32 };
        out.push(diagnose(range, said));
    }
    out
}

/// Message, label and help together.
pub fn said(message: impl Into<String>, label: impl Into<String>, help: impl Into<String>) -> Said {
    (message.into(), label.into(), help.into())
}

fn diagnose(range: Range, (message, label, help): Said) -> Diagnostic {
    Diagnostic::new(Slug::Syntax, range, message).label(label).help(help)
}

fn stray(sign: &str) -> Said {
    let shown = shown::line(sign);
    match sign {
        ";" => {
            let help = "remove it, or write `,` between two effects; a statement ends where the next one begins";
            said("`;` does not end statements", "not needed", help)
        }
        "=>" => said("`=>` is not the arrow", "", "write `->`"),
        "&&" => said("`&&` is not an operator", "", "write `and`"),
        "||" => said("`||` is not an operator", "", "write `or`"),
        "!" => said("`!` is not an operator", "", "write `not`"),
        "&" => said("`&` is not an operator", "", "write `and`"),
        "|" => said("`|` is not an operator", "", "write `or`"),
        "“" | "”" | "„" => said("text is written in straight quotes", "a curly quote", "write `\"`"),
        _ if sign.starts_with('\'') => said("text is written in double quotes", "", "write `\"...\"`"),
        _ => said(format!("`{shown}` is not a sign of the language"), "", "remove it, or put it into a text in quotes"),
    }
}

impl Context<'_> {
    /// The finding for a statement that begins at `base` and failed.
    pub fn explain(&self, base: usize, error: &Error<Rule>) -> Diagnostic {
        let at = self.place(base, error);
        let expected = expected(error);
        slip::find(self, at, &expected).unwrap_or_else(|| self.generic(at, &expected))
    }

    /// The same for a line of a test by itself.
    pub fn explain_test_line(&self, base: usize, error: &Error<Rule>) -> Diagnostic {
        let at = self.place(base, error);
        let expected = expected(error);
        let known = slip::of_test_line(self, at).or_else(|| slip::find(self, at, &expected));
        known.unwrap_or_else(|| self.generic(at, &expected))
    }

    /// The token at which it failed.
    fn place(&self, base: usize, error: &Error<Rule>) -> usize {
        let place = base
            + match error.location {
                InputLocation::Pos(place) | InputLocation::Span((place, _)) => place,
            };
        let range = &self.statement.tokens;
        let own = self.all.get(range.clone()).unwrap_or(&[]);
        range.start + own.partition_point(|t| t.end <= place)
    }

    /// The text of a token of the statement, empty outside it.
    pub fn word(&self, index: usize) -> &str {
        self.own(index).map_or("", |t| t.text(self.text))
    }

    /// What a token of the statement is, `None` outside it.
    pub fn kind(&self, index: usize) -> Option<TokenKind> {
        self.own(index).map(|t| t.kind)
    }

    fn own(&self, index: usize) -> Option<&Token> {
        self.all.get(index).filter(|_| self.statement.tokens.contains(&index))
    }

    /// The statement in one line.
    pub fn line(&self) -> String {
        let tokens = self.all.get(self.statement.tokens.clone()).unwrap_or(&[]);
        tokens.iter().map(|token| token.text(self.text)).collect::<Vec<_>>().join(" ")
    }

    /// Whether nothing stands between a token and the next.
    pub fn touches(&self, index: usize) -> bool {
        self.own(index).zip(self.own(index + 1)).is_some_and(|(a, b)| a.end == b.start)
    }

    /// The text of tokens `first..=last` with what is between them.
    pub fn covered(&self, first: usize, last: usize) -> &str {
        let range = self.token_range(first).to(self.token_range(last));
        self.text.get(range.start as usize..range.end as usize).unwrap_or("")
    }

    /// A finding about tokens `first..=last`.
    pub fn tell(&self, first: usize, last: usize, said: Said) -> Diagnostic {
        diagnose(self.token_range(first).to(self.token_range(last)), said)
    }

    fn token_range(&self, index: usize) -> Range {
        let (start, end) = self.all.get(index).map_or((0, 0), |t| (t.start as u32, t.end as u32));
        Range { source: self.source, start, end }
    }

    fn generic(&self, at: usize, expected: &[&'static str]) -> Diagnostic {
        let list = match at.checked_sub(1).and_then(|before| self.kind(before)) {
            Some(TokenKind::Arrow) => grammar::words(Rule::effect).to_owned(),
            None | Some(TokenKind::Colon) if expected.contains(&"`on`") => grammar::words(Rule::trigger).to_owned(),
            _ => listed(&shortened(expected)),
        };
        if at >= self.statement.tokens.end {
            let last = self.statement.tokens.end.saturating_sub(1);
            return self.tell(
                last,
                last,
                said(format!("expected {list} after this"), "", "write what is missing here"),
            );
        }
        let found: String = shown::line(self.word(at)).chars().take(40).collect();
        let help = if expected == [grammar::END] { "remove it, or begin a new statement with it" } else { "" };
        let said = said(format!("expected {list}, found `{found}`"), "not expected here", help);
        let mut finding = self.tell(at, at, said);
        finding.help = finding.help.filter(|help| !help.is_empty());
        finding
    }
}

/// The words for what could have stood where a statement failed, each once.
fn expected(error: &Error<Rule>) -> Vec<&'static str> {
    let mut out = Vec::new();
    if let ErrorVariant::ParsingError { positives, .. } = &error.variant {
        for kind in positives {
            let words = grammar::words(*kind);
            if !out.contains(&words) {
                out.push(words);
            }
        }
    }
    out
}

/// At most five of what was expected: what always may follow a value says little.
fn shortened(expected: &[&'static str]) -> Vec<&'static str> {
    let minor = ["`and`", "`or`", "`in`", "`(`", "`.`", grammar::OPERATOR, grammar::END];
    let values = [
        "`[`",
        "`-`",
        "`not`",
        "`has`",
        TEXT,
        "a number",
        "a length such as `7d`",
        "a time such as `09:30`",
        "a date such as `2026-03-02`",
    ];
    let clauses = ["`while`", "`where`", "`once`", "`at`", "`within`", "`without`", "`why`"];
    let mut out = expected.to_vec();
    if out.iter().any(|words| !minor.contains(words)) {
        out.retain(|words| !minor.contains(words));
    }
    if out.contains(&grammar::VALUE) {
        out.retain(|words| !values.contains(words));
    }
    if out.len() > LISTED && out.iter().filter(|words| clauses.contains(words)).count() < out.len() {
        out.retain(|words| !clauses.contains(words));
    }
    // What closes or joins first, then the rest in the order of the grammar.
    out.sort_by_key(|words| words.len() > 4);
    out.truncate(LISTED);
    out
}

/// The words for a quoted text.
const TEXT: &str = "a text such as `\"call now\"`";

/// How many things an "expected ..." list names.
const LISTED: usize = 5;

/// "a, b or c".
fn listed(words: &[&'static str]) -> String {
    match words {
        [] => "something else".to_owned(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

//! Brackets: which are never closed or close nothing, and how deep they nest. Runs before the
//! grammar, which recurses as deep as an author nests.

use super::token::{Token, TokenKind};
use super::words::Class;
use crate::diagnostic::Diagnostic;
use crate::slug::Slug;
use crate::source::{Range, SourceId};

/// How deep brackets and chains of `not` and `-` may nest.
pub const DEPTH_LIMIT: usize = 64;

/// After so many brackets without an end, one file's rest is taken as it is.
const RECOVERY_LIMIT: usize = 20;

/// What is known about a file's brackets.
#[derive(Debug)]
pub struct Brackets {
    /// For each token: how many brackets are open before it.
    pub depths: Vec<u32>,
    /// Tokens at which open brackets were given up: a statement begins there whatever came before.
    pub cuts: Vec<usize>,
    /// Mistakes in the order found.
    pub findings: Vec<Diagnostic>,
    /// Tokens that nest too deep: their statements are not parsed.
    pub too_deep: Vec<usize>,
    /// From this token on nothing is parsed.
    pub given_up: Option<usize>,
}

/// Checks the brackets of a whole file.
pub fn check(source: SourceId, text: &str, tokens: &[Token]) -> Brackets {
    let mut out = Brackets {
        depths: vec![0; tokens.len()],
        cuts: Vec::new(),
        findings: Vec::new(),
        too_deep: Vec::new(),
        given_up: None,
    };
    let mut from = 0;
    loop {
        let mut walk = Walk { source, text, tokens, stack: Vec::new(), chain: 0 };
        let Some(stop) = walk.run(from, &mut out) else { return out };
        let cut = (stop + 1..tokens.len()).find(|i| is_hard_start(text, tokens, *i));
        match cut.filter(|_| out.cuts.len() < RECOVERY_LIMIT) {
            None => {
                out.given_up = (out.too_deep.last() == Some(&stop)).then_some(stop);
                return out;
            }
            Some(cut) => {
                out.cuts.push(cut);
                from = cut;
            }
        }
    }
}

/// Whether a token at the very start of a line looks like the head of a declaration or a label.
fn is_hard_start(text: &str, tokens: &[Token], index: usize) -> bool {
    let Some(token) = tokens.get(index).filter(|t| t.indent == Some(0)) else { return false };
    let next = tokens.get(index + 1);
    let colon = next.is_some_and(|t| t.kind == TokenKind::Colon);
    let third = tokens.get(index + 2);
    match token.kind {
        TokenKind::Word(Class::Plain) => colon,
        TokenKind::Word(Class::Declaration) => match token.text(text) {
            "settings" | "lead" => next.is_some_and(|t| t.kind == TokenKind::Open(b'{')),
            "tiers" | "let" | "group" | "event" | "invariant" => next.is_some(),
            _ => third.is_some_and(|t| !matches!(t.kind, TokenKind::Comma)),
        },
        _ => false,
    }
}

struct Walk<'a> {
    source: SourceId,
    text: &'a str,
    tokens: &'a [Token],
    /// Open brackets: token, sign, and how many levels it adds.
    stack: Vec<(usize, u8, usize)>,
    /// `not` and `-` directly before this token.
    chain: usize,
}

impl Walk<'_> {
    /// Matches brackets from a token on; returns the outermost bracket left open, or the token that
    /// nests too deep.
    fn run(&mut self, from: usize, out: &mut Brackets) -> Option<usize> {
        let findings = out.findings.len();
        let mut levels = 0;
        for index in from..self.tokens.len() {
            let Some(token) = self.tokens.get(index) else { break };
            if let Some(depth) = out.depths.get_mut(index) {
                *depth = self.stack.len() as u32;
            }
            match token.kind {
                TokenKind::Open(sign) => {
                    self.stack.push((index, sign, self.chain + 1));
                    levels += self.chain + 1;
                    self.chain = 0;
                }
                TokenKind::Close(sign) => levels = self.close(index, sign, levels, out),
                TokenKind::Operator if token.text(self.text) == "-" => self.chain += 1,
                TokenKind::Word(Class::Joint) if token.text(self.text) == "not" => self.chain += 1,
                _ => self.chain = 0,
            }
            if levels + self.chain > DEPTH_LIMIT {
                out.findings.push(self.too_deep(index));
                out.too_deep.push(index);
                return Some(index);
            }
        }
        let opening = self.stack.first().map(|open| open.0)?;
        // What seemed not to match after the bracket is a consequence of it.
        let place = self.tokens.get(opening).map_or(0, |t| t.start);
        let kept = out.findings.drain(findings..).filter(|d| (d.range.start as usize) < place).collect::<Vec<_>>();
        out.findings.extend(kept);
        out.findings.push(self.unclosed(opening));
        Some(opening)
    }

    fn close(&mut self, index: usize, sign: u8, mut levels: usize, out: &mut Brackets) -> usize {
        self.chain = 0;
        let wanted = opening_of(sign);
        if let Some(&(opening, open, added)) = self.stack.last() {
            if open == wanted {
                self.stack.pop();
                levels -= added;
                return levels;
            }
            let below = self.stack.len().checked_sub(2).and_then(|i| self.stack.get(i));
            if below.is_some_and(|b| b.1 == wanted) {
                out.findings.push(self.unclosed(opening));
                let popped: usize = self.stack.drain(self.stack.len() - 2..).map(|b| b.2).sum();
                return levels - popped;
            }
        }
        let sign = char::from(sign);
        out.findings.push(
            Diagnostic::new(Slug::Syntax, self.range(index), format!("`{sign}` closes nothing"))
                .label("no bracket is open for it")
                .help(format!("remove it, or write the `{}` it belongs to", char::from(wanted))),
        );
        levels
    }

    fn unclosed(&self, opening: usize) -> Diagnostic {
        let token = self.tokens.get(opening);
        let sign = token.map_or("", |t| t.text(self.text));
        let close = match sign {
            "{" => "}",
            "[" => "]",
            _ => ")",
        };
        Diagnostic::new(Slug::Syntax, self.range(opening), format!("`{sign}` is never closed"))
            .label("opened here")
            .help(format!("write `{close}` where it ends"))
    }

    fn too_deep(&self, index: usize) -> Diagnostic {
        Diagnostic::new(Slug::Syntax, self.range(index), format!("nested deeper than {DEPTH_LIMIT} levels"))
            .label("one level too many")
            .help("split it into several rules, or name a part with `let`")
    }

    fn range(&self, index: usize) -> Range {
        let (start, end) = self.tokens.get(index).map_or((0, 0), |t| (t.start as u32, t.end as u32));
        Range { source: self.source, start, end }
    }
}

fn opening_of(close: u8) -> u8 {
    match close {
        b')' => b'(',
        b']' => b'[',
        _ => b'{',
    }
}

//! From the grammar's pairs to the tree, one statement at a time. `Parser` goes over a file's
//! statements; `Build` turns the pairs of one statement into its node, with ranges of the file.

pub mod declare;
mod experiment;
mod expr;
mod literal;
mod metric;
mod rule;
mod sequence;
mod test;

use super::bracket::Brackets;
use super::grammar::{Grammar, Rule};
use super::mistake;
use super::split::{Statement, lines_of_test};
use super::token::{Token, TokenKind};
use super::tree::{Item, ItemKind, Name, TierDecl};
use crate::diagnostic::Diagnostic;
use crate::slug::Slug;
use crate::source::{Range, SourceId};
use pest::Parser as _;
use std::borrow::Cow;
use std::num::NonZeroUsize;
use std::sync::Once;

/// A pair of the grammar.
pub type Pair<'i> = pest::iterators::Pair<'i, Rule>;

/// No statement of this many grammar calls is written by a person; a backstop against time.
const CALL_LIMIT: usize = 200_000_000;

/// Goes over the statements of a file.
pub struct Parser<'a> {
    source: SourceId,
    text: &'a str,
    tokens: &'a [Token],
    /// Places of bracket mistakes, in order: their statements have their finding already.
    troubles: Vec<u32>,
    too_deep: Vec<usize>,
    given_up: usize,
    /// What was found so far.
    pub findings: Vec<Diagnostic>,
}

impl<'a> Parser<'a> {
    /// A parser for a file that was scanned.
    pub fn new(source: SourceId, text: &'a str, tokens: &'a [Token], brackets: &Brackets) -> Self {
        static LIMIT: Once = Once::new();
        LIMIT.call_once(|| pest::set_call_limit(NonZeroUsize::new(CALL_LIMIT)));
        let findings = brackets.findings.clone();
        let mut troubles: Vec<u32> = findings.iter().map(|f| f.range.start).collect();
        troubles.sort_unstable();
        Self {
            source,
            text,
            tokens,
            troubles,
            too_deep: brackets.too_deep.clone(),
            given_up: brackets.given_up.unwrap_or(usize::MAX),
            findings,
        }
    }

    /// The item of a statement, or `None` with a finding.
    pub fn statement(&mut self, statement: &Statement) -> Option<Item> {
        let tokens = self.tokens.get(statement.tokens.clone())?;
        let (first, last) = (tokens.first()?, tokens.last()?);
        if self.given_up < statement.tokens.end || self.too_deep.iter().any(|i| statement.tokens.contains(i)) {
            return None;
        }
        let text = self.text.get(first.start..last.end)?;
        let base = first.start;
        let strays = mistake::strays(self.source, self.text, tokens);
        let troubled = !strays.is_empty() || self.in_trouble(first.start, last.end);
        self.findings.extend(strays);
        let repaired = repair(text, base, tokens);
        match Grammar::parse(Rule::statement, &repaired) {
            Ok(pairs) => {
                let mut build = Build { source: self.source, base, tokens, findings: &mut self.findings };
                let range = build.place(first.start, last.end);
                let item = pairs.flat_map(Pair::into_inner).next().and_then(|pair| build.item(pair));
                item.map(|node| Item { node, range })
            }
            Err(_) if troubled => None,
            Err(error) => {
                let lines = self.lines_of_test(statement);
                if lines.is_empty() {
                    let context =
                        mistake::Context { source: self.source, text: self.text, all: self.tokens, statement };
                    self.findings.push(context.explain(base, &error));
                }
                self.findings.extend(lines);
                None
            }
        }
    }

    /// A finding for each line of a test that cannot be read by itself; none where the mistake lies elsewhere.
    fn lines_of_test(&self, statement: &Statement) -> Vec<Diagnostic> {
        let parse = |line: Statement| {
            let tokens = self.tokens.get(line.tokens.clone())?;
            let base = tokens.first()?.start;
            let text = self.text.get(base..tokens.last()?.end)?;
            let error = Grammar::parse(Rule::test_lines, text).err()?;
            let context = mistake::Context { source: self.source, text: self.text, all: self.tokens, statement: &line };
            Some(context.explain_test_line(base, &error))
        };
        lines_of_test(self.text, self.tokens, statement).into_iter().filter_map(parse).collect()
    }

    fn in_trouble(&self, start: usize, end: usize) -> bool {
        let from = self.troubles.partition_point(|place| (*place as usize) < start);
        self.troubles.get(from).is_some_and(|place| (*place as usize) < end)
    }
}

/// The text of a statement with strays blanked, `=>` read as the arrow and `;` as a comma, both reported already.
fn repair<'t>(text: &'t str, base: usize, tokens: &[Token]) -> Cow<'t, str> {
    if tokens.iter().all(|t| t.kind != TokenKind::Stray) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| token.kind == TokenKind::Stray) {
        let (start, end) = (token.start - base, token.end - base);
        let sign = text.get(start..end).unwrap_or("");
        out.push_str(text.get(done..start).unwrap_or(""));
        match sign {
            "=>" => out.push_str("->"),
            ";" => out.push(if between(base, text, tokens, at) { ',' } else { ' ' }),
            _ => out.push_str(sign),
        }
        done = end;
    }
    out.push_str(text.get(done..).unwrap_or(""));
    Cow::Owned(out)
}

/// Whether a sign stands where a comma could, with something to follow: `-> hot; cold`.
fn between(base: usize, text: &str, tokens: &[Token], at: usize) -> bool {
    let next = tokens.get(at + 1).and_then(|next| text.get(next.start - base..next.end - base));
    next.is_some_and(|next| !matches!(next, "}" | ")" | "]" | "," | ";" | "where" | "otherwise"))
}

/// Builds the tree of one statement.
struct Build<'a> {
    source: SourceId,
    /// Where the statement begins in the file.
    base: usize,
    /// The tokens of the statement, placed in the file.
    tokens: &'a [Token],
    findings: &'a mut Vec<Diagnostic>,
}

impl Build<'_> {
    fn place(&self, start: usize, end: usize) -> Range {
        Range { source: self.source, start: start as u32, end: end as u32 }
    }

    /// Where a pair stands. A pair that ends in something optional reaches over the white space
    /// and the comments after it; its range ends with its last token.
    fn range(&self, pair: &Pair<'_>) -> Range {
        let span = pair.as_span();
        let (start, end) = (self.base + span.start(), self.base + span.end());
        let after = self.tokens.partition_point(|t| t.start < end);
        let last = after.checked_sub(1).and_then(|i| self.tokens.get(i)).map_or(end, |t| t.end);
        self.place(start, last.min(end).max(start))
    }

    fn report(&mut self, range: Range, message: impl Into<String>, label: &str, help: &str) {
        self.findings.push(Diagnostic::new(Slug::Syntax, range, message).label(label).help(help));
    }

    /// Keeps the first of two values; the second is a finding.
    fn once<T>(&mut self, slot: &mut Option<T>, value: Option<T>, range: Range, what: &str) {
        if slot.is_some() && value.is_some() {
            self.report(range, format!("`{what}` is written twice"), "the second one", "keep one of them");
        } else if value.is_some() {
            *slot = value;
        }
    }

    fn name(&self, pair: &Pair<'_>) -> Name {
        Name { node: pair.as_str().to_owned(), range: self.range(pair) }
    }

    /// The first name directly inside a pair.
    fn name_in(&self, pair: &Pair<'_>) -> Option<Name> {
        pair.clone().into_inner().find(is_name).map(|kid| self.name(&kid))
    }

    fn item(&mut self, pair: Pair<'_>) -> Option<ItemKind> {
        Some(match pair.as_rule() {
            Rule::event_decl => ItemKind::Event(self.event(pair)),
            Rule::group_decl => ItemKind::Group(self.group(&pair)?),
            Rule::lead_decl => ItemKind::Lead(self.fields_in(pair)),
            Rule::tiers_decl => ItemKind::Tiers(self.tiers(&pair)),
            Rule::topics_decl => ItemKind::Topics(self.names_in(&pair)),
            Rule::calendar_decl => ItemKind::Calendar(self.calendar(pair)?),
            Rule::channel_decl => ItemKind::Channel(self.channel(pair)?),
            Rule::contact_decl => ItemKind::Contact(self.contact(pair)),
            Rule::let_decl => ItemKind::Let(self.constant(&pair)?),
            Rule::settings_decl => ItemKind::Settings(self.settings(pair)),
            Rule::sequence_decl => ItemKind::Sequence(self.sequence(pair)?),
            Rule::score_decl => ItemKind::Score(self.score(pair)?),
            Rule::experiment_decl => ItemKind::Experiment(self.experiment(pair)?),
            Rule::test_decl => ItemKind::Test(self.test(pair)?),
            Rule::invariant_decl => ItemKind::Invariant(self.invariant(&pair)?),
            Rule::metric_decl => ItemKind::Metric(self.metric(pair)?),
            Rule::rule_decl => ItemKind::Rule(self.rule(pair)?),
            _ => return None,
        })
    }

    fn tiers(&self, pair: &Pair<'_>) -> Vec<TierDecl> {
        let mut tiers: Vec<TierDecl> = Vec::new();
        for kid in pair.clone().into_inner() {
            match (kid.as_rule(), tiers.last_mut()) {
                (Rule::name, _) => tiers.push(TierDecl { name: self.name(&kid), is_final: false }),
                (Rule::kw_final, Some(tier)) => tier.is_final = true,
                _ => {}
            }
        }
        tiers
    }

    fn names_in(&self, pair: &Pair<'_>) -> Vec<Name> {
        pair.clone().into_inner().filter(is_name).map(|kid| self.name(&kid)).collect()
    }
}

fn is_name(pair: &Pair<'_>) -> bool {
    matches!(pair.as_rule(), Rule::name | Rule::soft_name | Rule::value_name | Rule::step_name | Rule::type_name)
        || matches!(pair.as_rule(), Rule::lead_name | Rule::wanted_name | Rule::row_name)
}

/// The first pair of a rule directly inside another.
fn child<'i>(pair: &Pair<'i>, rule: Rule) -> Option<Pair<'i>> {
    pair.clone().into_inner().find(|kid| kid.as_rule() == rule)
}

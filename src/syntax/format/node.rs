//! The grammar's pairs as nodes over words, and what they say about single words: where there is
//! no space, where a line may be broken, which commas are left out.

use std::ops::Range;

use pest::Parser as _;

use super::super::build::Pair;
use super::super::build::declare::is_own_field;
use super::super::grammar::{Grammar, Rule};
use super::super::token::Token;
use super::words::FormatWords;

/// A part of a statement.
#[derive(Debug)]
pub struct FormatNode {
    /// What the grammar calls it.
    pub rule: Rule,
    /// Its words, by their places in the file.
    pub words: Range<usize>,
    /// Its parts in order.
    pub kids: Vec<FormatNode>,
}

impl FormatNode {
    /// The item of a statement that parses.
    pub fn of(text: &str, tokens: &[Token], statement: Range<usize>) -> Option<Self> {
        let (first, last) = (tokens.get(statement.start)?, tokens.get(statement.end.checked_sub(1)?)?);
        let pairs = Grammar::parse(Rule::statement, text.get(first.start..last.end)?).ok()?;
        let item = pairs.flat_map(Pair::into_inner).next()?;
        Some(Self::new(item, tokens, first.start))
    }

    fn new(pair: Pair<'_>, tokens: &[Token], base: usize) -> Self {
        let span = pair.as_span();
        let place = |byte: usize| tokens.partition_point(|token| token.start < base + byte);
        let words = place(span.start())..place(span.end());
        let kids = pair.clone().into_inner().flat_map(|kid| Self::apart(kid, tokens, base));
        Self { rule: pair.as_rule(), words, kids: kids.collect() }
    }

    /// A part; where the grammar takes two properties for one, both.
    fn apart(pair: Pair<'_>, tokens: &[Token], base: usize) -> Vec<Self> {
        let mut kids = pair.clone().into_inner();
        let names: Vec<Pair<'_>> = kids.clone().filter(|kid| kid.as_rule() == Rule::named_in_log).collect();
        let two = kids.any(|kid| kid.as_rule() == Rule::sets && is_own_field(&kid, &names));
        let mut node = Self::new(pair, tokens, base);
        if !two {
            return vec![node];
        }
        let Some(sets) = node.kids.pop() else { return vec![node] };
        node.words.end = sets.words.start;
        let (name, ty) = (sets.words.start..sets.words.start + 1, sets.words.start + 1..sets.words.end);
        let part = |rule, words| Self { rule, words, kids: Vec::new() };
        let kids = vec![part(Rule::soft_name, name), part(Rule::type_name, ty)];
        vec![node, Self { rule: Rule::field, words: sets.words, kids }]
    }

    /// The first part of a kind.
    pub fn child(&self, rule: Rule) -> Option<&Self> {
        self.kids.iter().find(|kid| kid.rule == rule)
    }

    /// The places of its words.
    pub fn order(&self) -> Vec<usize> {
        self.words.clone().collect()
    }

    /// Marks the words of this part.
    pub fn mark(&self, words: &mut FormatWords<'_>) {
        self.mark_signs(words);
        for kid in &self.kids {
            self.mark_kid(kid, words);
            kid.mark(words);
        }
        self.mark_dropped(words);
        if matches!(self.rule, Rule::properties | Rule::score_table) {
            self.mark_listed(words);
        }
    }

    /// Braces within a line have a comma after each part but the last, whatever the author wrote.
    fn mark_listed(&self, words: &mut FormatWords<'_>) {
        let parts = self.kids.iter().filter(|kid| matches!(kid.rule, Rule::property | Rule::score_row));
        let parts: Vec<&Self> = parts.collect();
        for (part, next) in parts.iter().zip(parts.iter().skip(1)) {
            words.change(part.words.end - 1, |word| word.text.to_mut().push(','));
            words.change(next.words.start, |word| word.breaks = true);
        }
    }

    fn mark_kid(&self, kid: &Self, words: &mut FormatWords<'_>) {
        let (first, next) = (kid.words.start, kid.words.end);
        let mut tight = |index| words.change(index, |word| word.tight = true);
        match kid.rule {
            Rule::colon | Rule::optional | Rule::close_paren | Rule::close_square => tight(first),
            Rule::comma => {
                tight(first);
                words.change(next, |word| word.breaks = true);
            }
            Rule::dot | Rule::dots | Rule::until_sign => {
                tight(first);
                tight(next);
            }
            Rule::open_square => tight(next),
            Rule::open_paren => {
                tight(next);
                if matches!(self.rule, Rule::filters | Rule::arguments) {
                    tight(first);
                }
            }
            Rule::kw_and
            | Rule::kw_or
            | Rule::where_clause
            | Rule::while_clause
            | Rule::once_clause
            | Rule::at_most_clause
            | Rule::as_id
            | Rule::note
            | Rule::condition
            | Rule::expires
            | Rule::effect_expires
            | Rule::up_to => words.change(first, |word| word.breaks = true),
            _ => {}
        }
    }

    /// A sign joins its number: `-5`, `+3d`.
    fn mark_signs(&self, words: &mut FormatWords<'_>) {
        let always = matches!(
            self.rule,
            Rule::points
                | Rule::cap
                | Rule::floor
                | Rule::touch_day
                | Rule::variant_day
                | Rule::find
                | Rule::moment
                | Rule::score_row
        );
        let mut after_operand = false;
        for kid in &self.kids {
            let is_sign = matches!(kid.rule, Rule::plus | Rule::minus);
            if is_sign && (always || !after_operand) {
                words.change(kid.words.end, |word| word.tight = true);
            }
            after_operand = !is_operator(kid.rule);
        }
    }

    /// Commas between the lines of a block, and one after the last value of a list.
    fn mark_dropped(&self, words: &mut FormatWords<'_>) {
        let mut in_block = false;
        for (number, kid) in self.kids.iter().enumerate() {
            in_block |= kid.rule == Rule::open_brace;
            let ends_list = self.rule == Rule::list && self.kids.get(number + 1).is_some_and(closes);
            if kid.rule == Rule::comma && (in_block || ends_list) {
                words.change(kid.words.start, |word| word.dropped = true);
                words.change(kid.words.end, |word| word.breaks = false);
            }
        }
    }
}

fn closes(node: &FormatNode) -> bool {
    node.rule == Rule::close_square
}

/// Whether a value follows, so that a sign after this is the value's own.
fn is_operator(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::kw_not
            | Rule::kw_or
            | Rule::kw_and
            | Rule::kw_in
            | Rule::compare
            | Rule::default_op
            | Rule::plus
            | Rule::minus
            | Rule::times_op
            | Rule::over
    )
}

//! Statements other than rules: declarations of one line, events, and the heads of blocks.

use super::node::FormatNode;
use super::printer::{Kin, Printer};
use super::sheet::Cell;
use crate::syntax::grammar::Rule;

impl Printer<'_> {
    /// Writes a statement; the answer is the table it is a row of.
    pub fn item(&mut self, node: &FormatNode, run: Option<(Kin, u32)>) -> Option<(Kin, u32)> {
        match node.rule {
            Rule::rule_decl => self.rule(node, run),
            Rule::tiers_decl => self.plain(node, node.words.end, run),
            Rule::let_decl | Rule::group_decl => {
                let sign = node.child(Rule::equals).map_or(node.words.end, |sign| sign.words.start);
                self.plain(node, sign, run)
            }
            Rule::invariant_decl => {
                let sign = node.child(Rule::colon).map_or(node.words.end, |sign| sign.words.end);
                self.plain(node, sign, run)
            }
            Rule::event_decl => self.event(node, run),
            Rule::metric_decl => self.metric(node, run),
            _ => self.block_statement(node, run),
        }
    }

    /// A declaration without braces; those of a kind are lined up at a word.
    fn plain(&mut self, node: &FormatNode, at: usize, run: Option<(Kin, u32)>) -> Option<(Kin, u32)> {
        let order = node.order();
        if !self.fits(&order, 0) {
            self.fill(&order, 0, 2);
            return None;
        }
        let (head, rest) = order.split_at(at - node.words.start);
        let cells = vec![Cell::new(self.flat(head)), Cell::new(self.flat(rest))];
        self.single((node.rule, false), run, cells)
    }

    /// `metric booked_rate = share of created with booked within 30d { by source } why "…"`
    fn metric(&mut self, node: &FormatNode, run: Option<(Kin, u32)>) -> Option<(Kin, u32)> {
        let block = node.child(Rule::metric_block);
        if block.is_none_or(|block| self.is_inline(block)) && self.fits(&node.order(), 0) {
            let sign = node.child(Rule::equals).map_or(node.words.end, |sign| sign.words.start);
            let body = block.map_or(node.words.end, |block| block.words.start);
            let flat = |from: usize, to: usize| self.flat(&(from..to).collect::<Vec<_>>());
            let why = node.child(Rule::why_clause).map(|why| flat(why.words.start, why.words.end));
            let mut measure = flat(sign, body);
            if let Some(block) = block {
                measure = format!("{measure} {}", self.inline_body(block));
            }
            if let Some(why) = why.filter(|_| block.is_some()) {
                measure = format!("{measure} {why}");
            }
            let cells = vec![Cell::new(flat(node.words.start, sign)), Cell::new(measure)];
            return self.single((node.rule, false), run, cells);
        }
        let Some(block) = block else {
            self.fill(&node.order(), 0, 2);
            return None;
        };
        self.open_block(node, block);
        if let Some(why) = node.child(Rule::why_clause) {
            let words = self.flat(&why.order());
            self.sheet.append(&format!(" {words}"));
        }
        None
    }

    /// `event pricing is "page.viewed" where …`
    fn event(&mut self, node: &FormatNode, run: Option<(Kin, u32)>) -> Option<(Kin, u32)> {
        let fields = node.child(Rule::fields);
        let order = node.order();
        let inline = fields.is_none_or(|fields| self.is_inline(fields));
        if !(inline && self.fits(&order, 0)) {
            match fields {
                Some(fields) => self.open_block(node, fields),
                None => self.fill(&order, 0, 2),
            }
            return None;
        }
        let is = node.child(Rule::kw_is).map_or(node.words.end, |is| is.words.start);
        let types: Vec<&FormatNode> = node.kids.iter().filter(|kid| is_type(kid)).collect();
        let rest = types.last().map_or(node.words.end, |last| last.words.end);
        let span = |from: usize, to: usize| self.flat(&(from..to).collect::<Vec<_>>());
        let guard = span(rest, fields.map_or(node.words.end, |fields| fields.words.start));
        let cells = vec![
            Cell::new(span(node.words.start, is)),
            Cell::new(span(is, rest)).spoils(types.len() > 1),
            Cell::new(guard).free(true),
            Cell::new(fields.map_or(String::new(), |fields| self.inline_body(fields))),
        ];
        self.single((node.rule, false), run, cells)
    }
}

fn is_type(node: &FormatNode) -> bool {
    matches!(node.rule, Rule::short_text | Rule::long_text)
}

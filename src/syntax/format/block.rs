//! Blocks: on one line where the author began one there and it fits, else a line for each part.

use super::WIDTH;
use super::node::FormatNode;
use super::printer::{Kin, Printer};
use super::sheet::{Cell, width};
use crate::syntax::grammar::Rule;

/// How far the lines of a block are indented.
const INDENT: usize = 2;
/// How far what is broken off a line of a block is indented.
const REST: usize = 6;

impl Printer<'_> {
    /// A declaration with braces.
    pub fn block_statement(&mut self, node: &FormatNode, run: Option<(Kin, u32)>) -> Option<(Kin, u32)> {
        let block = node.child(Rule::fields).unwrap_or(node);
        let Some(open) = block.child(Rule::open_brace).map(|open| open.words.start) else {
            self.fill(&node.order(), 0, 2);
            return None;
        };
        let head: Vec<usize> = (node.words.start..open).collect();
        if self.is_inline(block) && self.is_plain(&node.order()) {
            // What sequences, experiments and tests have before the brace differs too much to be lined up.
            let alone = matches!(node.rule, Rule::sequence_decl | Rule::experiment_decl | Rule::test_decl);
            let cells = vec![Cell::new(self.flat(&head)).free(alone), Cell::new(self.inline_body(block)).free(true)];
            let line = format!("{} {}", self.flat(&head), self.inline_body(block));
            if width(&line) <= WIDTH && !line.contains('\n') {
                return self.single((node.rule, false), run, cells);
            }
        }
        self.open_block(node, block);
        None
    }

    /// Whether the author began the block's first part on the line of its brace.
    pub fn is_inline(&self, block: &FormatNode) -> bool {
        let (Some(open), Some(close)) = (block.child(Rule::open_brace), block.child(Rule::close_brace)) else {
            return false;
        };
        let inside: Vec<usize> = (open.words.start..close.words.end).collect();
        let first = self.words.gap(open.words.end);
        let parts = parts(block).len();
        let may_be_long = block.rule != Rule::test_decl || parts < 2;
        may_be_long && self.is_plain(&inside) && (!first.newline || parts == 0)
    }

    /// `{ plan text, seats number? }`
    pub fn inline_body(&self, block: &FormatNode) -> String {
        let parts = parts(block);
        let mut out = String::from("{");
        for (number, part) in parts.iter().enumerate() {
            let last = number.checked_sub(1).and_then(|before| parts.get(before));
            out.push_str(match last {
                Some(last) if is_separate(last.rule, part.rule) => ", ",
                _ => " ",
            });
            out.push_str(&self.flat(&self.part_order(part)));
        }
        out.push_str(if parts.is_empty() { "}" } else { " }" });
        out
    }

    /// A statement whose block has a line for each part; what follows the block is left to the caller.
    pub fn open_block(&mut self, node: &FormatNode, block: &FormatNode) {
        let open = block.child(Rule::open_brace).map_or(node.words.end, |open| open.words.end);
        self.fill(&(node.words.start..open).collect::<Vec<_>>(), 0, 4);
        self.body(block);
    }

    /// The lines of a block and its closing brace.
    pub fn body(&mut self, block: &FormatNode) {
        let table = self.sheet.table();
        let parts = parts(block);
        for (number, part) in parts.iter().enumerate() {
            self.inner_gap(part.words.start, number == 0);
            self.part(part, table);
            // A comma keeps `roll` and `renamed` apart from the touch before.
            if parts.get(number + 1).is_some_and(|next| is_modifier_or_part(part.rule, next.rule)) {
                self.sheet.append(",");
            }
        }
        if let Some(close) = block.child(Rule::close_brace) {
            self.inner_gap(close.words.start, parts.is_empty());
            self.sheet.blank(false);
            self.sheet.line(0, "}");
        }
    }

    /// The comments before a line of a block; no empty line after the opening brace.
    fn inner_gap(&mut self, index: usize, is_first: bool) {
        if !is_first {
            return self.gap(index, INDENT);
        }
        self.close_gap(index, INDENT);
        let gap = self.words.gap(index);
        let blank = gap.blank && gap.comments.iter().any(|comment| !comment.trailing);
        self.sheet.blank(blank);
    }

    fn part(&mut self, part: &FormatNode, table: u32) {
        if part.rule == Rule::arm {
            return self.arm(part, table);
        }
        let order = self.part_order(part);
        // What a test expects stays on one line, so that it can be compared and rewritten as it is.
        let keeps_line = part.rule == Rule::expectation && self.is_plain(&order);
        if keeps_line || self.fits(&order, INDENT) {
            let cells = self.cells(part).unwrap_or_else(|| vec![Cell::new(self.flat(&order))]);
            let table = Some(table).filter(|_| cells.len() > 1);
            self.sheet.row(INDENT, cells, table);
        } else {
            self.fill(&order, INDENT, REST);
        }
    }

    /// The columns of a part, for those that have some.
    fn cells(&self, part: &FormatNode) -> Option<Vec<Cell>> {
        Some(match part.rule {
            Rule::touch => self.touch_cells(part),
            Rule::clock_line => self.clock_cells(part)?,
            Rule::points => {
                let (event, points) = part.kids.split_first()?;
                let points: Vec<usize> = points.iter().flat_map(FormatNode::order).collect();
                vec![Cell::new(self.flat_of(event)), Cell::new(self.flat(&points)).right()]
            }
            Rule::field => {
                let (name, rest) = part.kids.split_first()?;
                let rest: Vec<usize> = rest.iter().flat_map(FormatNode::order).collect();
                vec![Cell::new(self.flat_of(name)), Cell::new(self.flat(&rest))]
            }
            _ => return None,
        })
    }

    /// When, who, and what happened.
    fn clock_cells(&self, line: &FormatNode) -> Option<Vec<Cell>> {
        let (moment, what) = (line.child(Rule::moment)?, line.child(Rule::happening)?);
        let (lead, event) = what.order().split_first().map(|(lead, event)| (self.flat(&[*lead]), self.flat(event)))?;
        Some(vec![Cell::new(self.flat_of(moment)), Cell::new(lead).gap(2), Cell::new(event).free(true)])
    }

    /// The words of a part in canonical order.
    pub fn part_order(&self, part: &FormatNode) -> Vec<usize> {
        match part.rule {
            Rule::touch | Rule::tail => self.touch_order(part),
            _ => part.order(),
        }
    }
}

/// The parts of a block.
pub fn parts(block: &FormatNode) -> Vec<&FormatNode> {
    let after = block.kids.iter().skip_while(|kid| kid.rule != Rule::open_brace).skip(1);
    after.take_while(|kid| kid.rule != Rule::close_brace).filter(|kid| kid.rule != Rule::comma).collect()
}

/// Whether two parts on one line have a comma between them. There is none between a script and when
/// it runs, nor where it would make the next part one more of a list.
fn is_separate(last: Rule, next: Rule) -> bool {
    match last {
        Rule::script | Rule::rhai => next != Rule::script_on,
        Rule::script_on => next != Rule::points,
        Rule::days_entry | Rule::prefer_entry | Rule::zone_entry => next != Rule::part_entry,
        _ => true,
    }
}

/// Whether the next part would belong to the touch before, were there no comma.
fn is_modifier_or_part(last: Rule, next: Rule) -> bool {
    matches!(last, Rule::touch | Rule::tail) && matches!(next, Rule::roll | Rule::renamed)
}

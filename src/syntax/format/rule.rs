//! Rules and the lines of decision lists: on one line, else broken before the arrow, else with a
//! line for each effect.

use super::node::FormatNode;
use super::printer::{Kin, Printer};
use super::sheet::Cell;
use crate::syntax::grammar::Rule;

/// What is broken off the head of a rule is indented this far beyond its effects.
const CLAUSE: usize = 2;

impl Printer<'_> {
    /// A rule.
    pub fn rule(&mut self, node: &FormatNode, run: Option<(Kin, u32)>) -> Option<(Kin, u32)> {
        let why = node.child(Rule::why_clause);
        if let Some(list) = node.child(Rule::decision) {
            self.decision(node, list, why);
            return None;
        }
        let body = node.child(Rule::reaction)?;
        let label = node.child(Rule::label);
        let order = self.head_order(body);
        let line: Vec<usize> = (node.words.start..body.words.end).collect();
        if why.is_none() && self.fits(&line, 0) {
            let mut cells: Vec<Cell> = label.map(|label| Cell::new(self.flat_of(label))).into_iter().collect();
            cells.push(Cell::new(self.flat(&order)));
            cells.push(Cell::new(self.reaction(body)).free(true));
            return self.single((node.rule, label.is_some()), run, cells);
        }
        let head: Vec<usize> = label.into_iter().flat_map(FormatNode::order).chain(order).collect();
        self.head_and_effects(&head, body, 0);
        if let Some(why) = why {
            self.why(why, 2);
        }
        None
    }

    /// The reason on a line of its own.
    fn why(&mut self, why: &FormatNode, indent: usize) {
        self.close_gap(why.words.start, indent);
        self.fill(&why.order(), indent, indent + CLAUSE);
    }

    /// `on created { … }`
    fn decision(&mut self, node: &FormatNode, list: &FormatNode, why: Option<&FormatNode>) {
        let open = list.child(Rule::open_brace).map_or(list.words.end, |open| open.words.start);
        let label = node.child(Rule::label).into_iter().flat_map(FormatNode::order);
        let head: Vec<usize> = label.chain(self.head_order(list)).chain([open]).collect();
        self.fill(&head, 0, 4);
        self.body(list);
        let Some(why) = why else { return };
        if self.words.gap(why.words.start).comments.is_empty() && self.is_plain(&why.order()) {
            self.sheet.append(&format!(" {}", self.flat_of(why)));
        } else {
            self.why(why, 2);
        }
    }

    /// The words before the arrow or the brace, with the clauses in the canonical order; as written
    /// if there is a comment among them.
    fn head_order(&self, body: &FormatNode) -> Vec<usize> {
        let ends = |kid: &&FormatNode| !matches!(kid.rule, Rule::arrow | Rule::open_brace);
        let mut kids: Vec<&FormatNode> = body.kids.iter().take_while(ends).collect();
        let written: Vec<usize> = kids.iter().flat_map(|kid| kid.order()).collect();
        if !self.is_plain(&written) {
            return written;
        }
        kids.sort_by_key(|kid| rank(kid.rule));
        kids.into_iter().flat_map(FormatNode::order).collect()
    }

    /// `-> hot, email recap`
    fn reaction(&self, body: &FormatNode) -> String {
        let arrow = body.child(Rule::arrow).into_iter();
        let effects = body.child(Rule::effects).into_iter();
        self.flat(&arrow.chain(effects).flat_map(FormatNode::order).collect::<Vec<_>>())
    }

    /// One line of a decision list.
    pub fn arm(&mut self, arm: &FormatNode, table: u32) {
        let why = arm.child(Rule::why_clause);
        let order = arm.order();
        let (head, line): (Vec<usize>, Vec<usize>) = (
            self.head_order(arm),
            match why {
                Some(why) => (arm.words.start..why.words.start).collect(),
                None => order.clone(),
            },
        );
        if !self.fits(&line, 2) {
            self.head_and_effects(&head, arm, 2);
        } else {
            let whole = self.fits(&order, 2);
            let why = why.filter(|_| whole).map_or(String::new(), |why| self.flat_of(why));
            let cells = vec![Cell::wide(self.flat(&head)), Cell::new(self.reaction(arm)).free(true), Cell::new(why)];
            self.sheet.row(2, cells, Some(table));
            if whole {
                return;
            }
        }
        if let Some(why) = why {
            self.why(why, 4);
        }
    }

    /// Head, then arrow and effects: on one line, on the next, or a line each.
    fn head_and_effects(&mut self, head: &[usize], body: &FormatNode, indent: usize) {
        let inner = indent + 2;
        let parts = [Rule::arrow, Rule::effects].into_iter().filter_map(|rule| body.child(rule));
        let reaction: Vec<usize> = parts.flat_map(FormatNode::order).collect();
        let whole: Vec<usize> = head.iter().chain(&reaction).copied().collect();
        if self.fits(&whole, indent) {
            return self.sheet.line(indent, self.flat(&whole));
        }
        self.fill(head, indent, inner + CLAUSE);
        let Some(arrow) = reaction.first().copied() else { return };
        self.close_gap(arrow, inner);
        if self.fits(&reaction, inner) {
            return self.sheet.line(inner, self.flat(&reaction));
        }
        let effects = body.child(Rule::effects).map_or(&[][..], |effects| &effects.kids);
        let mut at = inner;
        let mut line = vec![arrow];
        for part in effects {
            if part.rule == Rule::effect && line.is_empty() {
                at = inner + 3;
                self.close_gap(part.words.start, at);
            }
            line.extend(part.order());
            if part.rule == Rule::comma {
                self.fill(&line, at, inner + 5);
                line.clear();
            }
        }
        self.fill(&line, at, inner + 5);
    }
}

/// The place of a clause after the trigger; 0 for what stands before.
fn rank(rule: Rule) -> u8 {
    match rule {
        Rule::while_clause => 1,
        Rule::where_clause => 2,
        Rule::once_clause | Rule::at_most_clause => 3,
        _ => 0,
    }
}

//! Touches: their columns, and the order of what may follow the template.

use super::node::FormatNode;
use super::printer::Printer;
use super::sheet::Cell;
use crate::syntax::grammar::Rule;

impl Printer<'_> {
    /// The words of a touch with its clauses in the canonical order; as written if there is a comment
    /// among them.
    pub fn touch_order(&self, touch: &FormatNode) -> Vec<usize> {
        let order = touch.order();
        if !self.is_plain(&order) {
            return order;
        }
        let mut kids: Vec<&FormatNode> = touch.kids.iter().collect();
        kids.sort_by_key(|kid| rank(kid.rule));
        kids.into_iter().flat_map(FormatNode::order).collect()
    }

    /// Day, time, channel, template, stable name, the rest.
    pub fn touch_cells(&self, touch: &FormatNode) -> Vec<Cell> {
        let text = |rule| touch.child(rule).map_or(String::new(), |kid| self.flat_of(kid));
        let mut clauses: Vec<&FormatNode> = touch.kids.iter().filter(|kid| rank(kid.rule) > 0).collect();
        clauses.sort_by_key(|kid| rank(kid.rule));
        let id = clauses.iter().take_while(|kid| kid.rule == Rule::as_id).count();
        let (id, clauses) = clauses.split_at(id);
        let joined = |nodes: &[&FormatNode]| nodes.iter().map(|kid| self.flat_of(kid)).collect::<Vec<_>>().join(" ");
        let choices: Vec<&FormatNode> = touch.kids.iter().filter(|kid| kid.rule == Rule::choice).collect();
        let (channel, content) = self.choice(&choices);
        vec![
            Cell::new(text(Rule::touch_day)),
            Cell::new(text(Rule::touch_time)),
            Cell::new(channel).gap(2),
            Cell::new(content).free(choices.len() > 1),
            Cell::new(joined(id)).free(id.is_empty()),
            Cell::new(joined(clauses)).free(true),
        ]
    }

    /// The first channel, and what is sent on it or on others.
    fn choice(&self, choices: &[&FormatNode]) -> (String, String) {
        let (Some(first), Some(last)) = (choices.first(), choices.last()) else { return Default::default() };
        let channel = first.words.start..first.words.start + 1;
        let content = channel.end..last.words.end;
        (self.flat(&channel.collect::<Vec<_>>()), self.flat(&content.collect::<Vec<_>>()))
    }
}

/// The place of a clause after the template; 0 for what stands before.
fn rank(rule: Rule) -> u8 {
    match rule {
        Rule::as_id => 1,
        Rule::note => 2,
        Rule::condition => 3,
        Rule::expires => 4,
        Rule::approve => 5,
        Rule::roll => 6,
        Rule::renamed => 7,
        Rule::up_to => 8,
        _ => 0,
    }
}

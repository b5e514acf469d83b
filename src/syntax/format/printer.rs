//! Writes words to rows: in one line where it fits, else broken where a line may be. Comments
//! between the words break lines by themselves.

use super::WIDTH;
use super::node::FormatNode;
use super::sheet::{Cell, Sheet, width};
use super::words::{Comment, FormatWords};
use crate::syntax::grammar::Rule;

/// Which statements are lined up with each other: their kind, and whether they have a label.
pub type Kin = (Rule, bool);

/// Writes a file.
#[derive(Debug)]
pub struct Printer<'a> {
    /// The words of the file.
    pub words: FormatWords<'a>,
    /// What is written so far.
    pub sheet: Sheet<'a>,
    /// The table that the statement before belongs to.
    run: Option<(Kin, u32)>,
}

impl<'a> Printer<'a> {
    /// A printer that has written nothing.
    pub fn new(words: FormatWords<'a>) -> Self {
        Self { words, sheet: Sheet::default(), run: None }
    }

    /// The whole text, with the comments after the last statement.
    pub fn finish(mut self) -> String {
        self.gap(usize::MAX, 0);
        self.sheet.draw()
    }

    /// Writes a statement and the comments before it.
    pub fn statement(&mut self, node: &FormatNode) {
        let gap = self.words.gap(node.words.start);
        let apart = gap.blank || gap.comments.iter().any(|comment| comment.blank);
        let run = self.run.take().filter(|_| !apart);
        self.gap(node.words.start, 0);
        let kin = self.item(node, run);
        self.run = kin;
    }

    /// Adds a statement of one row, lined up with the one before where they are kin.
    pub fn single(&mut self, kin: Kin, run: Option<(Kin, u32)>, cells: Vec<Cell>) -> Option<(Kin, u32)> {
        let table = run.filter(|(other, _)| *other == kin).map_or_else(|| self.sheet.table(), |(_, table)| table);
        self.sheet.row(0, cells, Some(table));
        Some((kin, table))
    }

    /// Writes the comments before a word; an empty line before it is kept.
    pub fn gap(&mut self, index: usize, indent: usize) {
        let gap = self.words.gap(index);
        for comment in &gap.comments {
            self.sheet.comment(indent, comment);
        }
        self.sheet.blank(gap.blank);
    }

    /// The same without empty lines: within a statement, and at the borders of a block.
    pub fn close_gap(&mut self, index: usize, indent: usize) {
        let gap = self.words.gap(index);
        let mut first = true;
        for comment in &gap.comments {
            let blank = comment.blank && !first;
            self.sheet.comment(indent, &Comment { blank, ..*comment });
            first &= comment.trailing;
        }
        self.sheet.blank(false);
    }

    /// Whether no comment stands between the words.
    pub fn is_plain(&self, order: &[usize]) -> bool {
        order.iter().skip(1).all(|index| self.words.gap(*index).comments.is_empty())
    }

    /// The words in one line.
    pub fn flat(&self, order: &[usize]) -> String {
        let mut line = String::new();
        for word in order.iter().filter_map(|index| self.words.at(*index)).filter(|word| !word.dropped) {
            if !line.is_empty() && !word.tight && !(word.text == "}" && line.ends_with('{')) {
                line.push(' ');
            }
            line.push_str(&word.text);
        }
        line
    }

    /// The words of a part in one line.
    pub fn flat_of(&self, node: &FormatNode) -> String {
        self.flat(&node.order())
    }

    /// Whether words without comments fit into a line of their own.
    pub fn fits(&self, order: &[usize], indent: usize) -> bool {
        let text = self.flat(order);
        self.is_plain(order) && !text.contains('\n') && indent + width(&text) <= WIDTH
    }

    /// Writes words as rows: as many to a row as fit, rows after the first indented by `rest`.
    pub fn fill(&mut self, order: &[usize], indent: usize, rest: usize) {
        let (mut line, mut at) = (Vec::new(), indent);
        for (number, index) in order.iter().copied().enumerate() {
            let Some(word) = self.words.at(index) else { continue };
            let has_comments = !line.is_empty() && !word.gap.comments.is_empty();
            let breaks = word.breaks && !line.is_empty() && {
                let ahead = order.get(number..).unwrap_or_default();
                let chunk = width(&self.flat(self.chunk(ahead)));
                at + width(&self.flat(&line)) + 1 + chunk > WIDTH
            };
            if has_comments || breaks {
                self.sheet.line(at, self.flat(&line));
                line.clear();
                at = rest;
            }
            if has_comments {
                self.close_gap(index, rest);
            }
            line.push(index);
        }
        self.sheet.line(at, self.flat(&line));
    }

    /// The words up to where a line may next be broken.
    fn chunk<'o>(&self, order: &'o [usize]) -> &'o [usize] {
        let ends =
            |index: &usize| self.words.at(*index).is_some_and(|word| word.breaks || !word.gap.comments.is_empty());
        let length = order.iter().skip(1).position(ends).map_or(order.len(), |at| at + 1);
        order.get(..length).unwrap_or(order)
    }
}

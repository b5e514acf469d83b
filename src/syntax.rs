//! Text to tree: the grammar, the parser and the syntax tree.

pub mod tree;

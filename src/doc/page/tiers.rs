//! The tiers and what moves a lead between them.

use super::{Block, Grid};
use crate::doc::moves::moves;
use crate::doc::prose::{Kind, Prose};
use crate::doc::words::{Words, listed};

/// The tiers, or nothing where there are none.
pub fn tiers(words: &Words<'_>) -> Vec<Block> {
    let rulebook = words.rulebook;
    if rulebook.tiers.is_empty() {
        return Vec::new();
    }
    let moves = moves(rulebook);
    let rows = rulebook.tiers.ids().map(|id| {
        let at = id.index();
        let sequences = rulebook.sequences.iter().filter(|sequence| sequence.tier == Some(id));
        let sequences: Vec<Prose> = sequences.map(|sequence| Prose::name(Kind::Sequence, &sequence.name)).collect();
        let rules = moves.moves.iter().filter(|known| known.to == at);
        let rules: Vec<Prose> = rules.map(|known| Prose::name(Kind::Rule, &known.rule)).collect();
        vec![words.tier(id), dash(listed(sequences, "or")), dash(listed(rules, "and"))]
    });
    let table = Grid {
        head: vec!["Tier", "Sequence for it", "Rules that move a lead into it"],
        rows: rows.collect(),
        explains: true,
    };
    let text = "A tier says how much attention a lead gets, the most urgent first. A lead is in one tier at a time.";
    let mut blocks = vec![Block::Text(text.into()), Block::Table(table)];
    if !moves.moves.is_empty() {
        blocks.push(Block::Moves(moves));
    }
    blocks
}

fn dash(prose: Prose) -> Prose {
    if prose.is_empty() { "–".into() } else { prose }
}

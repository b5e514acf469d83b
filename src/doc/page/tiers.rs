//! The tiers and what moves a lead between them.

use super::{PageBlock, PageTable};
use crate::doc::moves::moves;
use crate::doc::prose::{NameKind, Prose, fill};
use crate::doc::words::{ProseWords, listed};

/// The tiers, or nothing where there are none.
pub fn tiers(words: &ProseWords<'_>) -> Vec<PageBlock> {
    let rulebook = words.rulebook;
    if rulebook.tiers.is_empty() {
        return Vec::new();
    }
    let moves = moves(rulebook);
    let rows = rulebook.tiers.ids().map(|id| {
        let at = id.index();
        let sequences = rulebook.sequences.iter().filter(|sequence| sequence.tier == Some(id));
        let sequences: Vec<Prose> = sequences.map(|sequence| Prose::name(NameKind::Sequence, &sequence.name)).collect();
        let rules = moves.moves.iter().filter(|known| known.to == at);
        let rules: Vec<Prose> = rules.map(|known| Prose::name(NameKind::Rule, &known.rule)).collect();
        let name = if rulebook.tiers.get(id).is_some_and(|tier| tier.is_final) {
            fill("{}, final", [words.tier(id)])
        } else {
            words.tier(id)
        };
        vec![name, dash(listed(sequences, "or")), dash(listed(rules, "and"))]
    });
    let table = PageTable {
        head: vec!["Tier", "Sequence for it", "Rules that move a lead into it"],
        rows: rows.collect(),
        explains: true,
    };
    let text = "A tier says how much attention a lead gets, the most urgent first. A lead is in one tier at a time.";
    let mut blocks = vec![PageBlock::Text(text.into()), PageBlock::Table(table)];
    if !moves.moves.is_empty() {
        blocks.push(PageBlock::Moves(moves));
    }
    blocks
}

fn dash(prose: Prose) -> Prose {
    if prose.is_empty() { "–".into() } else { prose }
}

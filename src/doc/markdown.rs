//! The page as Markdown, as code hosts show it. Pictures are tables here: their marks need room of their own.

use std::fmt::Write as _;

use super::page::{Heading, Moves, Page, PageBlock, PageTable, RuleEntry};
use super::prose::{NameKind, Piece, Prose};
use crate::shown::{code, markdown as escaped};

/// The page as Markdown.
#[must_use]
pub fn render(page: &Page) -> String {
    let mut text = format!("# {}\n", escaped(&page.title));
    for said in &page.summary {
        let _ = write!(text, "\n{}\n", prose(said));
    }
    text.push('\n');
    for section in &page.sections {
        let title = &section.title;
        let _ = writeln!(text, "- [{}](#{})", escaped(title), title.to_lowercase().replace(' ', "-"));
    }
    for section in &page.sections {
        let _ = write!(text, "\n## {}\n", escaped(&section.title));
        for block in &section.blocks {
            draw(block, &mut text);
        }
    }
    text
}

fn draw(block: &PageBlock, text: &mut String) {
    match block {
        PageBlock::Text(said) => {
            let _ = write!(text, "\n{}\n", prose(said));
        }
        PageBlock::Facts(facts) => {
            text.push('\n');
            for fact in facts {
                let _ = writeln!(text, "- {}", prose(fact));
            }
        }
        PageBlock::Heading(heading) => title(heading, text),
        PageBlock::Rules(rules) => {
            text.push('\n');
            for entry in rules {
                rule(entry, text);
            }
        }
        PageBlock::Table(known) => table(known, text),
        PageBlock::Moves(known) => moves(known, text),
        // The table of the same touches follows.
        PageBlock::Timeline(_) => {}
    }
}

fn title(heading: &Heading, text: &mut String) {
    let _ = write!(text, "\n### {}\n", escaped(&heading.title.text()));
    if let Some(place) = &heading.place {
        let _ = write!(text, "\n<sub>{}</sub>\n", code(place));
    }
}

fn rule(rule: &RuleEntry, text: &mut String) {
    let _ = write!(text, "- **{}**: {}", escaped(&rule.label), prose(&rule.sentence));
    for (line, why) in &rule.lines {
        let why = why.as_ref().map(|why| format!(" _{}_", escaped(why.trim()))).unwrap_or_default();
        let _ = write!(text, "\n  - {}{why}", prose(line));
    }
    let why = rule.why.as_ref().map(|why| format!("_Why: {}_ ", escaped(why.trim()))).unwrap_or_default();
    let _ = write!(text, "\n\n  {why}<sub>{}</sub>\n", code(&rule.place));
}

fn table(table: &PageTable, text: &mut String) {
    let cells = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    text.push('\n');
    text.push_str(&cells(table.head.iter().map(|head| escaped(head)).collect()));
    text.push_str(&format!("|{}\n", "---|".repeat(table.head.len())));
    for row in &table.rows {
        text.push_str(&cells(row.iter().map(prose).collect()));
    }
}

fn moves(moves: &Moves, text: &mut String) {
    let tier =
        |at: usize| Prose::name(NameKind::Tier(at, moves.tiers.len()), moves.tiers.get(at).map_or("", String::as_str));
    let rows = moves.moves.iter().map(|known| {
        let from = match known.new {
            true => "a new lead".into(),
            false => super::words::listed(known.from.iter().map(|at| tier(*at)).collect(), "or"),
        };
        vec![from, tier(known.to), Prose::name(NameKind::Rule, &known.rule)]
    });
    table(&PageTable { head: vec!["From", "To", "By the rule"], rows: rows.collect(), explains: false }, text);
}

/// A sentence; names of the rule files as code, tiers in bold.
fn prose(prose: &Prose) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Plain(text) => escaped(text),
        Piece::Quote(text) => format!("“{}”", escaped(text)),
        Piece::Name(NameKind::Tier(..), name) => format!("**{}**", escaped(name)),
        Piece::Name(kind @ NameKind::Event, name) => escaped(&kind.shown(name)),
        Piece::Name(NameKind::Fact, name) => format!("_{}_", escaped(name)),
        Piece::Name(_, name) => code(name),
    };
    prose.0.iter().map(piece).collect()
}

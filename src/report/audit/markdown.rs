//! An audit as Markdown: the page for the first meeting.

use std::fmt::Write as _;

use super::AuditDrawn;
use super::page::{PageItem, PageTable, page, summary};
use crate::report::metric::words::capital;
use crate::shown::{code, markdown as escaped, markdown_sentence};

/// The page, and its last line.
#[must_use]
pub fn render(drawn: &AuditDrawn<'_>) -> String {
    let page = page(drawn);
    let mut text = format!("# {}\n", page.title);
    for part in &page.parts {
        let _ = write!(text, "\n## {}\n", part.title);
        if !part.lines.is_empty() {
            text.push('\n');
        }
        for line in &part.lines {
            let _ = writeln!(text, "- {}", markdown_sentence(&capital(line)));
        }
        if let Some(table) = &part.table {
            self::table(table, &mut text);
        }
        for item in &part.items {
            self::item(item, &mut text);
        }
    }
    let _ = write!(text, "\n{}\n", escaped(summary(drawn).trim_end()));
    text
}

fn item(item: &PageItem, text: &mut String) {
    let _ = write!(text, "\n### {}\n\n", markdown_sentence(&capital(&item.head)));
    for (word, fact) in &item.facts {
        let _ = writeln!(text, "- **{word}**: {}", markdown_sentence(fact));
    }
    if !item.examples.is_empty() {
        text.push_str("\n| lead | when | in the log |\n|---|---|---|\n");
        for [name, moment, place] in &item.examples {
            let _ = writeln!(text, "| {} | {moment} | {} |", escaped(name), escaped(place));
        }
    }
    if let Some(command) = &item.command {
        let _ = write!(text, "\nAll of them: {}\n", code(command));
    }
}

fn table(table: &PageTable, text: &mut String) {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    text.push('\n');
    text.push_str(&line(table.head.iter().map(|head| (*head).to_owned()).collect()));
    let side = |at: usize| if at == 0 { "---|" } else { "---:|" };
    let _ = writeln!(text, "|{}", (0..table.head.len()).map(side).collect::<String>());
    for row in &table.rows {
        text.push_str(&line(row.iter().map(|cell| escaped(cell)).collect()));
    }
}

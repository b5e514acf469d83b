//! An audit as text for people.

use std::fmt::Write as _;

use super::AuditDrawn;
use super::page::{PageItem, PageTable, page, summary};
use crate::report::metric::words::capital;
use crate::shown::Shown;

/// The page, and its last line.
#[must_use]
pub fn render(drawn: &AuditDrawn<'_>) -> String {
    let page = page(drawn);
    let mut out = format!("{}\n", page.title);
    for part in &page.parts {
        let _ = write!(out, "\n{}\n", part.title);
        for line in &part.lines {
            let _ = writeln!(out, "  {}", Shown(line));
        }
        if let Some(table) = &part.table {
            self::table(table, &mut out);
        }
        for item in &part.items {
            self::item(item, &mut out);
        }
    }
    let _ = write!(out, "\n{}", summary(drawn));
    out
}

fn item(item: &PageItem, out: &mut String) {
    let _ = writeln!(out, "  {}", Shown(capital(&item.head)));
    let wide = |column: usize| {
        item.examples.iter().filter_map(|row| row.get(column)).map(|cell| Shown(cell).to_string().chars().count()).max()
    };
    let (lead, at) = (wide(0).unwrap_or(0), wide(1).unwrap_or(0));
    for [name, moment, place] in &item.examples {
        let name = Shown(name).to_string();
        let _ = writeln!(out, "      {name:lead$}   {moment:at$}   {}", Shown(place));
    }
    if let Some(command) = &item.command {
        let _ = writeln!(out, "      all of them: {}", Shown(command));
    }
    for (word, fact) in &item.facts {
        let _ = writeln!(out, "    {word}: {}", Shown(fact));
    }
}

fn table(table: &PageTable, out: &mut String) {
    let head: Vec<String> = table.head.iter().map(|head| (*head).to_owned()).collect();
    let lines: Vec<&Vec<String>> = std::iter::once(&head).chain(&table.rows).collect();
    let width = |column: usize| {
        lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    for line in &lines {
        let cells = line.iter().zip(&widths).enumerate();
        let cells =
            cells.map(|(at, (cell, width))| if at == 0 { format!("{cell:width$}") } else { format!("{cell:>width$}") });
        let _ = writeln!(out, "  {}", cells.collect::<Vec<_>>().join("   ").trim_end());
    }
}

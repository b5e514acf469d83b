//! The page as one file of HTML: no script, nothing from elsewhere, light and dark, good on paper and on a
//! phone. It is also well-formed XML, so that a mistake in it is found by a test.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::page::{Heading, Page, PageBlock, PageTable, RuleEntry};
use super::prose::{NameKind, Piece, Prose};
use super::svg;
use crate::shown::markup as escaped;

const STYLE: &str = include_str!("html/style.css");

/// The page as a file of HTML.
#[must_use]
pub fn render(page: &Page) -> String {
    let mut ids = BTreeSet::new();
    for section in &page.sections {
        section.blocks.iter().for_each(|block| collect(block, &mut ids));
    }
    let draw = Draw { ids };
    let title = escaped(&page.title);
    let mut text = format!(
        "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"color-scheme\" content=\"light dark\"/>\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n\
         <body>\n<div class=\"page\">\n<nav aria-label=\"Contents\">\n<p class=\"nav-title\">{title}</p>\n<ul>\n"
    );
    for section in &page.sections {
        let _ = writeln!(text, "<li><a href=\"#{}\">{}</a></li>", anchor(&section.title), escaped(&section.title));
    }
    let _ = write!(text, "</ul>\n</nav>\n<main>\n<header>\n<h1>{title}</h1>\n");
    for said in &page.summary {
        let _ = writeln!(text, "<p>{}</p>", draw.prose(said));
    }
    text.push_str("</header>\n");
    for section in &page.sections {
        let (id, title) = (anchor(&section.title), escaped(&section.title));
        let _ = write!(text, "<section id=\"{id}\">\n<h2>{title}</h2>\n");
        section.blocks.iter().for_each(|block| draw.block(block, &mut text));
        text.push_str("</section>\n");
    }
    text.push_str("</main>\n</div>\n</body>\n</html>\n");
    text
}

/// Where names are explained.
fn collect(block: &PageBlock, ids: &mut BTreeSet<String>) {
    match block {
        PageBlock::Heading(heading) => ids.extend(heading.title.first_name().and_then(|(kind, name)| id(kind, name))),
        PageBlock::Rules(rules) => ids.extend(rules.iter().filter_map(|rule| id(NameKind::Rule, &rule.label))),
        PageBlock::Table(table) if table.explains => {
            let firsts = table.rows.iter().filter_map(|row| row.first()?.first_name());
            ids.extend(firsts.filter_map(|(kind, name)| id(kind, name)));
        }
        _ => {}
    }
}

/// The anchor at which a name is explained.
fn id(kind: NameKind, name: &str) -> Option<String> {
    kind.anchor().map(|kind| format!("{kind}-{}", anchor(name)))
}

/// Text as an anchor: letters, digits, `_` and `-`.
fn anchor(text: &str) -> String {
    text.chars().map(|c| if c.is_alphanumeric() || c == '_' { c.to_ascii_lowercase() } else { '-' }).collect()
}

struct Draw {
    ids: BTreeSet<String>,
}

impl Draw {
    fn block(&self, block: &PageBlock, text: &mut String) {
        match block {
            PageBlock::Text(said) => {
                let _ = writeln!(text, "<p>{}</p>", self.prose(said));
            }
            PageBlock::Facts(facts) => {
                text.push_str("<ul class=\"facts\">\n");
                for fact in facts {
                    let _ = writeln!(text, "<li>{}</li>", self.prose(fact));
                }
                text.push_str("</ul>\n");
            }
            PageBlock::Heading(heading) => heading_of(heading, text),
            PageBlock::Rules(rules) => rules.iter().for_each(|rule| self.rule(rule, text)),
            PageBlock::Table(table) => self.table(table, text),
            PageBlock::Moves(moves) => {
                let link = |rule: &str| id(NameKind::Rule, rule).filter(|id| self.ids.contains(id));
                figure(&svg::moves(moves, &link), text);
            }
            PageBlock::Timeline(timeline) => figure(&svg::timeline(timeline), text),
        }
    }

    fn rule(&self, rule: &RuleEntry, text: &mut String) {
        let id = id(NameKind::Rule, &rule.label).unwrap_or_default();
        let _ = write!(
            text,
            "<article class=\"rule\" id=\"{id}\">\n<p class=\"label\"><span class=\"name\">{}</span> <span class=\"place\">{}</span></p>\n<p>{}</p>\n",
            breakable(&rule.label),
            breakable(&rule.place),
            self.prose(&rule.sentence)
        );
        if !rule.lines.is_empty() {
            text.push_str("<ol>\n");
            for (line, why) in &rule.lines {
                let why = why.as_ref().map(|why| format!(" <span class=\"why\">{}</span>", escaped(why)));
                let _ = writeln!(text, "<li>{}{}</li>", self.prose(line), why.unwrap_or_default());
            }
            text.push_str("</ol>\n");
        }
        if let Some(why) = &rule.why {
            let _ = writeln!(text, "<p class=\"why\">{}</p>", escaped(why));
        }
        text.push_str("</article>\n");
    }

    /// On a phone each row is a card, and each cell says which column it is of.
    fn table(&self, table: &PageTable, text: &mut String) {
        text.push_str("<table>\n<thead><tr>");
        for head in &table.head {
            let _ = write!(text, "<th scope=\"col\">{}</th>", escaped(head));
        }
        text.push_str("</tr></thead>\n<tbody>\n");
        for row in &table.rows {
            let own = row.first().and_then(Prose::first_name).filter(|_| table.explains);
            let own = own.and_then(|(kind, name)| id(kind, name));
            let attribute = own.map(|id| format!(" id=\"{id}\"")).unwrap_or_default();
            let _ = write!(text, "<tr{attribute}>");
            for (at, (cell, head)) in row.iter().zip(&table.head).enumerate() {
                let prose = if at == 0 && table.explains { unlinked(cell) } else { self.prose(cell) };
                let class = if cell.is_empty() || cell.text() == "–" { " class=\"none\"" } else { "" };
                let _ = write!(text, "<td{class} data-head=\"{}\"><div>{prose}</div></td>", escaped(head));
            }
            text.push_str("</tr>\n");
        }
        text.push_str("</tbody>\n</table>\n");
    }

    fn prose(&self, prose: &Prose) -> String {
        prose.0.iter().map(|piece| self.piece(piece)).collect()
    }

    fn piece(&self, part: &Piece) -> String {
        let Piece::Name(kind, name) = part else { return piece(part) };
        match id(*kind, name).filter(|id| self.ids.contains(id)) {
            Some(id) => format!("<a class=\"{}\" href=\"#{id}\">{}</a>", class(*kind), shown(*kind, name)),
            None => piece(part),
        }
    }
}

fn heading_of(heading: &Heading, text: &mut String) {
    let own = heading.title.first_name().and_then(|(kind, name)| id(kind, name));
    let attribute = own.map(|id| format!(" id=\"{id}\"")).unwrap_or_default();
    let place = heading.place.as_ref().map(|place| format!(" <span class=\"place\">{}</span>", breakable(place)));
    let _ = writeln!(text, "<h3{attribute}>{}{}</h3>", unlinked(&heading.title), place.unwrap_or_default());
}

fn figure(svg: &str, text: &mut String) {
    let _ = write!(text, "<figure>\n{svg}</figure>\n");
}

/// A sentence without links, for the place that they would lead to.
fn unlinked(prose: &Prose) -> String {
    prose.0.iter().map(piece).collect()
}

fn piece(piece: &Piece) -> String {
    match piece {
        Piece::Plain(text) => escaped(text),
        Piece::Quote(text) => format!("<q>{}</q>", escaped(text)),
        Piece::Name(kind, name) => format!("<span class=\"{}\">{}</span>", class(*kind), shown(*kind, name)),
    }
}

fn shown(kind: NameKind, name: &str) -> String {
    match kind {
        NameKind::Event => format!("<q>{}</q>", escaped(&name.replace('_', " "))),
        NameKind::Fact | NameKind::Tier(..) => escaped(name),
        _ => breakable(name),
    }
}

fn class(kind: NameKind) -> String {
    match kind {
        NameKind::Tier(at, of) => format!("tier {}", svg::tint(at, of)),
        NameKind::Event => "event".to_owned(),
        NameKind::Fact => "fact".to_owned(),
        NameKind::Sequence | NameKind::Rule | NameKind::Score | NameKind::Calendar | NameKind::Other => {
            "name".to_owned()
        }
    }
}

/// A long name, which may break after `_` and `/`.
fn breakable(name: &str) -> String {
    const SHORT: usize = 20;
    if name.chars().count() <= SHORT {
        return escaped(name);
    }
    let part = |c: char| if c == '_' || c == '/' { format!("{c}<wbr/>") } else { escaped(c.encode_utf8(&mut [0; 4])) };
    name.chars().map(part).collect()
}

//! Which rules move a lead from where to where: a column for each tier, a row for each rule, and in it
//! an arrow from every tier the rule moves a lead from.

use std::fmt::Write as _;

use super::{round, tint, width};
use crate::doc::page::{Moves, TierMove};
use crate::shown::markup as escaped;

const ROW: f64 = 27.0;
const GROUP: f64 = 12.0;
const TOP: f64 = 52.0;
const SIZE: f64 = 12.5;

/// Where things are.
struct Place {
    /// The width of the column of rules.
    left: f64,
    /// The width of a column.
    column: f64,
    /// How many columns stand before those of tiers.
    before: usize,
    width: f64,
}

impl Place {
    fn of(moves: &Moves) -> Self {
        let longest =
            |texts: &mut dyn Iterator<Item = &str>, size| texts.map(|text| width(text, size)).fold(0.0, f64::max);
        let left = longest(&mut moves.moves.iter().map(|known| known.rule.as_str()), SIZE) + 26.0;
        let names = longest(&mut moves.tiers.iter().map(String::as_str), 13.0);
        let before = usize::from(moves.moves.iter().any(|known| known.new));
        let columns = (moves.tiers.len() + before) as f64;
        let column = ((704.0 - left) / columns).clamp((names + 40.0).max(88.0), 150.0_f64.max(names + 40.0));
        Self { left, column, before, width: left + column * columns + 4.0 }
    }

    fn tier(&self, at: usize) -> f64 {
        self.left + self.column * ((at + self.before) as f64 + 0.5)
    }

    fn newcomer(&self) -> f64 {
        self.left + self.column * 0.5
    }
}

/// The picture; `link` gives the anchor of a rule that the page explains.
pub fn moves(moves: &Moves, link: &dyn Fn(&str) -> Option<String>) -> String {
    let place = Place::of(moves);
    let (mut rows, mut bands) = (String::new(), String::new());
    let mut y = TOP;
    let mut group: Option<(usize, f64)> = None;
    for known in &moves.moves {
        if group.is_some_and(|(to, _)| to != known.to) {
            y += GROUP;
        }
        group = group.filter(|(to, _)| *to == known.to).or(Some((known.to, y)));
        let mid = y + ROW / 2.0;
        let _ = writeln!(
            bands,
            "<rect class=\"band\" x=\"0\" y=\"{}\" width=\"{}\" height=\"{ROW}\"/>",
            round(y),
            round(place.width)
        );
        rows.push_str(&label(known, mid, link));
        rows.push_str(&arrow(moves, known, &place, mid));
        y += ROW;
    }
    let height = y + 8.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" role=\"img\" \
         aria-label=\"Which rules move a lead from which tier to which\">\n{bands}",
        w = round(place.width),
        h = round(height)
    );
    svg.push_str(&columns(moves, &place, height));
    svg.push_str(&rows);
    svg.push_str("</svg>\n");
    svg
}

fn columns(moves: &Moves, place: &Place, height: f64) -> String {
    let mut text = String::new();
    let mut column = |x: f64, name: &str, class: &str| {
        let w = width(name, 13.0) + 24.0;
        let _ = writeln!(
            text,
            "<g class=\"{class}\"><line class=\"rail\" x1=\"{x}\" y1=\"36\" x2=\"{x}\" y2=\"{bottom}\"/><rect class=\"chip\" x=\"{left}\" y=\"8\" width=\"{w}\" height=\"28\" rx=\"14\"/><text class=\"chip-name\" x=\"{x}\" y=\"26.5\" text-anchor=\"middle\">{name}</text></g>",
            x = round(x),
            bottom = round(height - 4.0),
            left = round(x - w / 2.0),
            w = round(w),
            name = escaped(name),
        );
    };
    if place.before > 0 {
        column(place.newcomer(), "new lead", "new");
    }
    for (at, tier) in moves.tiers.iter().enumerate() {
        column(place.tier(at), tier, tint(at, moves.tiers.len()));
    }
    text
}

fn label(known: &TierMove, mid: f64, link: &dyn Fn(&str) -> Option<String>) -> String {
    let text = format!("<text x=\"10\" y=\"{}\">{}</text>", round(mid + 4.5), escaped(&known.rule));
    match link(&known.rule) {
        Some(id) => format!("<a href=\"#{id}\">{text}</a>\n"),
        None => format!("{text}\n"),
    }
}

/// From every tier it moves a lead from, to the one it moves it to.
fn arrow(moves: &Moves, known: &TierMove, place: &Place, mid: f64) -> String {
    let to = place.tier(known.to);
    let mut from: Vec<f64> = known.from.iter().map(|at| place.tier(*at)).collect();
    if known.new {
        from.push(place.newcomer());
    }
    let mut text = format!("<g class=\"{}\">", tint(known.to, moves.tiers.len()));
    let y = round(mid);
    // From each side one line to the head, from the farthest tier on.
    for side in [-1.0, 1.0] {
        let far = from.iter().map(|x| (x - to) * side).fold(0.0, f64::max);
        if far <= 0.0 {
            continue;
        }
        let (start, tip) = (to + side * far, to + side * 3.0);
        let _ = write!(
            text,
            "<line class=\"move\" x1=\"{}\" y1=\"{y}\" x2=\"{}\" y2=\"{y}\"/><path class=\"head\" d=\"M{} {y} l{} -5.5 v11 z\"/>",
            round(start),
            round(tip + side * 8.0),
            round(tip),
            round(side * 11.0)
        );
    }
    for x in from {
        let _ = write!(text, "<circle class=\"start\" cx=\"{}\" cy=\"{y}\" r=\"4.5\"/>", round(x));
    }
    text.push_str("</g>\n");
    text
}

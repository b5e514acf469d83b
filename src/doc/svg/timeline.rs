//! A sequence over its days: an axis, a mark for each touch above its day, and what recurs at the end.

use std::fmt::Write as _;

use super::{round, spread, width};
use crate::doc::page::{Mark, Tail, Timeline};
use crate::shown::markup as escaped;

/// Marks are at least so far apart.
const GAP: f64 = 30.0;
const RADIUS: f64 = 10.0;
const SIZE: f64 = 12.5;
/// How labels lean, in degrees, with sine and cosine.
const LEAN: f64 = 40.0;
const SIN: f64 = 0.643;
const COS: f64 = 0.766;
const LEFT: f64 = 24.0;
/// From one mark of the tail to the next.
const STEP: f64 = 30.0;

/// The picture.
pub fn timeline(timeline: &Timeline) -> String {
    let days = axis(timeline);
    let wished: Vec<f64> = timeline.marks.iter().map(|mark| days.x(f64::midpoint(mark.day, mark.last))).collect();
    let gaps = gaps(timeline);
    let mut places = spread(&wished, &gaps);
    // None leaves the picture on the left; those behind it make room.
    let mut before: Option<f64> = None;
    for (place, gap) in places.iter_mut().zip(&gaps) {
        *place = place.max(before.map_or(LEFT, |before| before + gap));
        before = Some(*place);
    }
    let end = places.last().copied().unwrap_or(LEFT).max(days.x(days.last));
    let tail_at = timeline.tail.as_ref().map(|_| if timeline.marks.is_empty() { LEFT } else { end + 44.0 });
    let reach = |label: &str, x: f64| x + width(label, SIZE) * COS + 22.0;
    let labels = timeline.marks.iter().zip(&places).map(|(mark, x)| (mark.label.clone(), *x));
    let tail_label = timeline.tail.iter().zip(tail_at).map(|(tail, x)| (tail.mark.label.clone(), x));
    let labels: Vec<(String, f64)> = labels.chain(tail_label).collect();
    let rise = labels.iter().map(|(label, _)| width(label, SIZE) * SIN).fold(30.0, f64::max);
    let row = rise + 30.0;
    let right = tail_at.map_or(end + 16.0, |x| x + STEP * 3.0);
    let wide = labels.iter().map(|(label, x)| reach(label, *x)).fold(right + 8.0, f64::max);
    let mut body = days.draw(row + 36.0, end);
    if places.first().is_some_and(|first| *first > LEFT + 60.0) {
        body.push_str(&day("day 1", LEFT, row));
    }
    for (at, (mark, x)) in timeline.marks.iter().zip(&places).enumerate() {
        body.push_str(&stem(mark, *x, row, &days));
        body.push_str(&day(&day_word(at, mark), *x, row));
        body.push_str(&touch(mark, *x, row, "mark"));
        body.push_str(&label(&mark.label, *x, row));
    }
    if let (Some(tail), Some(x)) = (&timeline.tail, tail_at) {
        body.push_str(&recurring(tail, x, row, end, timeline.marks.is_empty()));
    }
    let (legend, legend_width) = legend(timeline, row + 84.0);
    let (w, h) = (round(wide.max(legend_width)), round(row + 98.0));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" role=\"img\" \
         aria-label=\"The touches of {} over its days\">\n{body}{legend}</svg>\n",
        escaped(&timeline.sequence)
    )
}

/// Days along the picture.
struct Days {
    last: f64,
    width: f64,
}

fn axis(timeline: &Timeline) -> Days {
    let last = timeline.marks.iter().map(|mark| mark.last).fold(1.0, f64::max);
    let room = if timeline.tail.is_some() { 500.0 } else { 600.0 };
    let crowd = timeline.marks.len().saturating_sub(1) as f64 * (GAP + 8.0);
    // A short sequence needs no long axis.
    let width = (room * (last / 14.0).min(1.0)).max(crowd);
    Days { last, width: if last > 1.0 { width } else { 0.0 } }
}

impl Days {
    fn x(&self, day: f64) -> f64 {
        if self.last > 1.0 { LEFT + (day - 1.0) / (self.last - 1.0) * self.width } else { LEFT }
    }

    /// The line, with a small stroke for each day, week or month.
    fn draw(&self, y: f64, end: f64) -> String {
        let y = round(y);
        let mut text =
            format!("<line class=\"axis\" x1=\"{}\" y1=\"{y}\" x2=\"{}\" y2=\"{y}\"/>\n", LEFT - 8.0, round(end + 8.0));
        let step = [1.0, 7.0, 30.0, 90.0, 365.0].into_iter().find(|step| self.last / step <= 32.0).unwrap_or(3650.0);
        let mut strokes = String::new();
        let mut day = 1.0;
        while day <= self.last {
            let _ = write!(strokes, "M{} {y}v-4", round(self.x(day)));
            day += step;
        }
        let _ = writeln!(text, "<path class=\"stem\" d=\"{strokes}\"/>");
        text
    }
}

/// From the mark down to its day.
fn stem(mark: &Mark, x: f64, row: f64, days: &Days) -> String {
    let (top, axis) = (row + RADIUS, row + 36.0);
    let true_x = days.x(f64::midpoint(mark.day, mark.last));
    let guess = if mark.relative { " guess" } else { "" };
    let mut text = format!(
        "<path class=\"stem{guess}\" d=\"M{x} {top}C{x} {mid} {day} {mid} {day} {axis}\"/>",
        x = round(x),
        top = round(top),
        mid = round(row + 24.0),
        day = round(true_x),
        axis = round(axis),
    );
    if mark.last > mark.day {
        let _ = write!(
            text,
            "<line class=\"span axis\" x1=\"{}\" y1=\"{y}\" x2=\"{}\" y2=\"{y}\"/>",
            round(days.x(mark.day)),
            round(days.x(mark.last)),
            y = round(axis)
        );
    }
    text.push('\n');
    text
}

/// How far each mark must be from the one before, for the sake of the words below.
fn gaps(timeline: &Timeline) -> Vec<f64> {
    let widths = timeline.marks.iter().enumerate().map(|(at, mark)| width(&day_word(at, mark), 11.5));
    let mut before = 0.0;
    let gap = |width: f64| {
        let gap = f64::midpoint(before, width) + 8.0;
        before = width;
        gap.max(GAP)
    };
    widths.map(gap).collect()
}

/// The day of a mark; the first says what is counted.
fn day_word(at: usize, mark: &Mark) -> String {
    if at == 0 && !mark.relative { format!("day {}", mark.day_label) } else { mark.day_label.clone() }
}

/// A word below the axis.
fn day(word: &str, x: f64, row: f64) -> String {
    format!(
        "<text class=\"quiet\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
        round(x),
        round(row + 53.0),
        escaped(word)
    )
}

/// The mark of a touch with the sign of its channel.
fn touch(mark: &Mark, x: f64, y: f64, class: &str) -> String {
    let mut text = format!("<g class=\"{}\">", tone(&mark.channel));
    if mark.conditional {
        let _ = write!(text, "<circle class=\"ring\" cx=\"{}\" cy=\"{}\" r=\"{}\"/>", round(x), round(y), RADIUS + 3.0);
    }
    let _ = writeln!(
        text,
        "<circle class=\"{class}\" cx=\"{}\" cy=\"{}\" r=\"{RADIUS}\"/>{}</g>",
        round(x),
        round(y),
        glyph(&mark.channel, x, y)
    );
    text
}

/// The class with the color of a channel.
fn tone(channel: &str) -> &'static str {
    match channel {
        "email" => "email",
        "sms" => "sms",
        "call" => "call",
        "task" => "task",
        "linkedin" => "linkedin",
        _ => "by",
    }
}

/// The sign of a channel: an envelope, a bubble, a receiver, a tick, two people, a dot.
fn glyph(channel: &str, x: f64, y: f64) -> String {
    let path = match channel {
        "email" => "M-5 -3.5h10v7h-10zM-5 -3.2l5 3.9l5 -3.9",
        "sms" => "M-5 -4h10v6.2h-6l-2.4 2.4v-2.4h-1.6z",
        "call" => {
            "M-4.6 -3.6c0 4.8 3.4 8.2 8.2 8.2l1 -2.6l-2.8 -1.2l-1.2 1.2c-1.6 -.7 -2.7 -1.8 -3.4 -3.4l1.2 -1.2l-1.2 -2.8z"
        }
        "task" => "M-4.2 .2l2.9 3l5.4 -6.2",
        "linkedin" => "M-4.4 -1.2v5M-4.4 -4v.1M-1 3.8v-5M-1 .8c0 -2.6 4.8 -2.8 4.8 .2v2.8",
        _ => "",
    };
    let at = format!("transform=\"translate({} {})\"", round(x), round(y));
    match path {
        "" => format!("<circle class=\"glyph dot\" r=\"3\" {at}/>"),
        path => format!("<path class=\"glyph\" d=\"{path}\" {at}/>"),
    }
}

/// What is sent, leaning over its mark.
fn label(text: &str, x: f64, y: f64) -> String {
    format!(
        "<text transform=\"translate({} {}) rotate(-{LEAN})\">{}</text>\n",
        round(x + 5.0),
        round(y - RADIUS - 7.0),
        escaped(text)
    )
}

/// What recurs: three marks that grow faint, on a line that goes on.
fn recurring(tail: &Tail, x: f64, row: f64, end: f64, alone: bool) -> String {
    let axis = round(row + 36.0);
    let from = if alone { x - 8.0 } else { end + 8.0 };
    let mut text =
        format!("<path class=\"axis guess\" d=\"M{} {axis}H{}\"/>\n", round(from), round(x + STEP * 2.0 + 22.0));
    for (at, faint) in ["1", ".65", ".35"].into_iter().enumerate() {
        let place = x + STEP * at as f64;
        let _ = writeln!(
            text,
            "<g opacity=\"{faint}\"><path class=\"stem guess\" d=\"M{} {}V{axis}\"/>{}</g>",
            round(place),
            round(row + RADIUS),
            touch(&tail.mark, place, row, "ghost").trim_end()
        );
    }
    text.push_str(&day(&tail.rhythm, x + STEP, row));
    text.push_str(&label(&tail.mark.label, x, row));
    text
}

/// The signs that occur, with their names, and how wide they stand.
fn legend(timeline: &Timeline, y: f64) -> (String, f64) {
    let marks = timeline.marks.iter().chain(timeline.tail.iter().map(|tail| &tail.mark));
    let mut seen: Vec<&Mark> = Vec::new();
    for mark in marks.clone() {
        if !seen.iter().any(|known| known.channel == mark.channel) {
            seen.push(mark);
        }
    }
    let (mut text, mut x) = (String::new(), LEFT);
    let mut entry = |sign: String, words: &str, text: &mut String| {
        let _ = writeln!(
            text,
            "{}<text class=\"quiet\" x=\"{}\" y=\"{}\">{}</text>",
            sign.replace("{x}", &round(x).to_string()),
            round(x + 15.0),
            round(y + 4.0),
            escaped(words)
        );
        x += width(words, 11.5) + 42.0;
    };
    for mark in seen {
        let sign = format!(
            "<g class=\"{}\" transform=\"translate({{x}} {}) scale(.8)\"><circle class=\"mark\" r=\"{RADIUS}\"/>{}</g>",
            tone(&mark.channel),
            round(y),
            glyph(&mark.channel, 0.0, 0.0)
        );
        entry(sign, &mark.channel_title, &mut text);
    }
    if marks.clone().any(|mark| mark.conditional) {
        let sign = format!("<circle class=\"ring by\" cx=\"{{x}}\" cy=\"{}\" r=\"8\"/>", round(y));
        entry(sign, "only under a condition", &mut text);
    }
    (text, x)
}

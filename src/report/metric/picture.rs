//! The picture of a metric: its periods as bars or as a line with intervals, its target and its benchmarks. All of it
//! stands in attributes, so that it is legible where styles are blocked.

use std::fmt::Write as _;

use super::entry::MetricEntry;
use super::words::{self, ReferenceLine};
use crate::metric::table::PeriodFigure;
use crate::rulebook::metric::{Goal, Measure, MetricUnit};
use crate::shown::markup as escaped;
use crate::timestamp::DAY;

const LEFT: f64 = 54.0;
const TOP: f64 = 10.0;
const HEIGHT: f64 = 110.0;
/// With so little from one period to the next there is no room for dots.
const CROWDED: f64 = 10.0;
/// Between the names of two periods.
const APART: f64 = 52.0;

/// Where things stand.
struct Scale {
    count: usize,
    step: f64,
    least: f64,
    most: f64,
}

impl Scale {
    fn x(&self, at: usize) -> f64 {
        LEFT + self.step * (at as f64 + 0.5)
    }

    /// What lies beyond an edge is drawn at it.
    fn y(&self, value: f64) -> f64 {
        let part = (self.most - value) / (self.most - self.least);
        TOP + HEIGHT * part.clamp(0.0, 1.0)
    }

    fn right(&self) -> f64 {
        LEFT + self.step * self.count as f64
    }
}

/// The picture; nothing where no period has a number.
pub(super) fn picture(entry: &MetricEntry<'_>) -> Option<String> {
    let scale = scale(entry)?;
    let (wide, high) = (px(scale.right() + 14.0), px(TOP + HEIGHT + 22.0));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide} {high}\" width=\"{wide}\" height=\"{high}\" \
         role=\"img\" aria-label=\"{}\" fill=\"none\" stroke=\"currentColor\" font-size=\"11\">\n",
        escaped(&label(entry))
    );
    frame(entry, &scale, &mut svg);
    for reference in words::references(entry) {
        match reference {
            ReferenceLine::Target(..) => {}
            ReferenceLine::Benchmark(_, of) | ReferenceLine::Unsourced(_, of) => {
                let d: String = ends(of.value, of.to).map(|value| across(&scale, value)).collect();
                let _ = writeln!(svg, "<path {} d=\"{d}\"/>", stroke(&reference));
            }
        }
    }
    targets(entry, &scale, &mut svg);
    if matches!(entry.metric.measure, Measure::Count(_)) {
        bars(entry, &scale, &mut svg)
    } else {
        line(entry, &scale, &mut svg)
    }
    svg.push_str("</svg>\n");
    Some(svg)
}

/// A short piece of the line that stands for something, for the words beside it.
pub(super) fn swatch(reference: &ReferenceLine<'_>) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"30\" height=\"10\" fill=\"none\" stroke=\"currentColor\"><path {} d=\"M1 5h28\"/></svg>",
        stroke(reference)
    )
}

fn stroke(reference: &ReferenceLine<'_>) -> &'static str {
    match reference {
        ReferenceLine::Target(..) => "class=\"goal\" stroke-width=\"1.6\"",
        ReferenceLine::Benchmark(..) => "class=\"mark\" stroke-dasharray=\"7 4\"",
        ReferenceLine::Unsourced(..) => {
            "class=\"mark\" stroke-width=\"1.6\" stroke-linecap=\"round\" stroke-dasharray=\"0 4.5\""
        }
    }
}

fn label(entry: &MetricEntry<'_>) -> String {
    let last = entry.last_complete(entry.all);
    let last = last.map(|last| format!(", the last one {}", words::figure(entry.metric, &last.figure)));
    format!("{} over {}{}", entry.metric.name, words::periods(&entry.drawn.table.periods), last.unwrap_or_default())
}

fn scale(entry: &MetricEntry<'_>) -> Option<Scale> {
    let periods = &entry.all.periods;
    let values: Vec<f64> = periods.iter().filter_map(shown).map(|(value, _)| value).collect();
    if values.is_empty() {
        return None;
    }
    let goals = periods.iter().filter_map(|period| period.goal).flat_map(goal_ends);
    let marks = entry.metric.benchmarks.iter().flat_map(|of| ends(of.value, of.to));
    let top = values.iter().copied().chain(goals).chain(marks).fold(0.0, f64::max);
    // Few rows have wide intervals, which must not flatten everything else.
    let highs = periods.iter().filter_map(|period| period.figure.high).filter(|high| high.is_finite());
    let top = highs.map(|high| high.min(top * 1.6)).fold(top, f64::max);
    let bottom = values.iter().copied().fold(0.0, f64::min);
    // Nothing but zeros lies on the floor of any scale.
    let top = if top > 0.0 { top } else { 1.0 };
    let unit = entry.metric.unit;
    let count = periods.len();
    let step = if count <= 9 {
        20.0
    } else if count <= 27 {
        14.0
    } else {
        10.0
    };
    Some(Scale { count, step, least: -nice(unit, -bottom), most: nice(unit, top) })
}

/// What a period shows, and whether it is hollow: it runs, has rows whose time is not over, or is more than can be said.
fn shown(period: &PeriodFigure) -> Option<(f64, bool)> {
    let figure = &period.figure;
    let value = figure.value.or(figure.more).filter(|value| value.is_finite())?;
    Some((value, figure.unripe > 0 || figure.value.is_none()))
}

/// The next number that is easily said.
fn nice(unit: MetricUnit, value: f64) -> f64 {
    const MINUTE: f64 = 60e6;
    if value <= 0.0 {
        return 0.0;
    }
    let lengths = [1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 240.0, 480.0, 720.0].map(|minutes| minutes * MINUTE);
    let days = [1.0, 2.0, 4.0, 7.0, 14.0, 20.0, 30.0, 40.0, 60.0, 90.0, 120.0, 180.0].map(|days| days * DAY);
    let listed = lengths.into_iter().chain(days).find(|length| *length >= value);
    if let (MetricUnit::Length, Some(length)) = (unit, listed) {
        return length;
    }
    let ten = 10_f64.powf(value.log10().floor());
    let ten = if unit == MetricUnit::Count { ten.max(1.0) } else { ten };
    [1.0, 2.0, 2.5, 4.0, 5.0, 6.0, 8.0]
        .map(|part| part * ten)
        .into_iter()
        .find(|nice| *nice >= value * 0.999_999)
        .unwrap_or(ten * 10.0)
}

/// Floor, middle and top with their values, and the names of periods with room between them.
fn frame(entry: &MetricEntry<'_>, scale: &Scale, svg: &mut String) {
    let (right, unit) = (scale.right(), entry.metric.unit);
    let (least, most) = (scale.least, scale.most);
    let _ = writeln!(
        svg,
        "<path class=\"grid\" opacity=\".25\" d=\"{}{}\"/>",
        across(scale, most),
        across(scale, f64::midpoint(least, most))
    );
    let _ = writeln!(svg, "<path class=\"floor\" opacity=\".6\" d=\"{}\"/>", across(scale, 0.0));
    svg.push_str("<g class=\"said\" fill=\"currentColor\" stroke=\"none\">");
    let mut marks = vec![0.0, most];
    marks.extend((least < 0.0).then_some(least));
    for value in marks {
        let (x, y) = (px(LEFT - 6.0), px(scale.y(value) + 4.0));
        let _ =
            write!(svg, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"end\">{}</text>", escaped(&words::value(unit, value)));
    }
    let every = (APART / scale.step).ceil() as usize;
    let periods = &entry.drawn.table.periods;
    let y = px(TOP + HEIGHT + 17.0);
    for (at, stretch) in periods.shown.iter().enumerate() {
        // The last one always has its name.
        if (scale.count - 1 - at).is_multiple_of(every) {
            let x = px(scale.x(at).min(right - 4.0));
            let _ = write!(
                svg,
                "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">{}</text>",
                escaped(&words::period(periods, *stretch))
            );
        }
    }
    svg.push_str("</g>\n");
}

fn across(scale: &Scale, value: f64) -> String {
    format!("M{} {}H{}", px(LEFT), px(scale.y(value)), px(scale.right()))
}

/// The target of each period; one that stays the same is one line.
fn targets(entry: &MetricEntry<'_>, scale: &Scale, svg: &mut String) {
    let mut d = String::new();
    let mut at = 0;
    for same in entry.all.periods.chunk_by(|one, next| one.goal == next.goal) {
        let from = scale.x(at) - scale.step / 2.0;
        at += same.len();
        let goal = same.first().and_then(|period| period.goal);
        for value in goal.into_iter().flat_map(goal_ends) {
            let _ = write!(d, "M{} {}h{}", px(from), px(scale.y(value)), px(scale.step * same.len() as f64));
        }
    }
    if !d.is_empty() {
        let _ = writeln!(svg, "<path class=\"goal\" stroke-width=\"1.6\" d=\"{d}\"/>");
    }
}

fn goal_ends(goal: Goal) -> impl Iterator<Item = f64> {
    match goal {
        Goal::AtLeast(one) | Goal::AtMost(one) => ends(one, None),
        Goal::Between(from, to) => ends(from, Some(to)),
    }
}

fn ends(from: f64, to: Option<f64>) -> impl Iterator<Item = f64> {
    std::iter::once(from).chain(to)
}

fn bars(entry: &MetricEntry<'_>, scale: &Scale, svg: &mut String) {
    let wide = px(scale.step * 0.6);
    let mut full = String::new();
    let mut hollow = String::new();
    for (at, period) in entry.all.periods.iter().enumerate() {
        let Some((value, is_hollow)) = shown(period).filter(|(value, _)| *value > 0.0) else { continue };
        let (x, y, floor) = (scale.x(at), scale.y(value), scale.y(0.0));
        if is_hollow || entry.runs(at) {
            let half = scale.step * 0.3;
            let _ = write!(hollow, "M{} {}V{}h{wide}V{}", px(x - half), px(floor), px(y), px(floor));
        } else {
            let _ = write!(full, "M{} {}V{}", px(x), px(floor), px(y));
        }
    }
    if !full.is_empty() {
        let _ = writeln!(svg, "<path class=\"it\" stroke-width=\"{wide}\" d=\"{full}\"/>");
    }
    if !hollow.is_empty() {
        let _ = writeln!(svg, "<path class=\"it\" stroke-width=\"1.4\" d=\"{hollow}\"/>");
    }
}

/// Intervals, the line with a gap where nothing is known, then a dot for each period; where there is no room for
/// dots, only for what is hollow or stands alone.
fn line(entry: &MetricEntry<'_>, scale: &Scale, svg: &mut String) {
    let (mut whiskers, mut joined, mut dots, mut hollow) = (String::new(), String::new(), String::new(), String::new());
    let periods = &entry.all.periods;
    let is_known = |at: Option<usize>| at.and_then(|at| periods.get(at)).is_some_and(|period| shown(period).is_some());
    for (at, period) in periods.iter().enumerate() {
        let Some((value, is_hollow)) = shown(period) else { continue };
        let (x, y) = (px(scale.x(at)), scale.y(value).round());
        if let Some(low) = period.figure.low {
            // Where no upper end is known it lies beyond the picture.
            let high = period.figure.high.unwrap_or(scale.most);
            let _ = write!(whiskers, "M{x} {}V{}", scale.y(low).round(), scale.y(high).round());
        }
        let goes_on = is_known(at.checked_sub(1));
        let _ = write!(joined, "{}{x} {y}", if goes_on { 'L' } else { 'M' });
        if is_hollow || entry.runs(at) {
            let _ = write!(hollow, "M{} {y}a3 3 0 1 0 6 0a3 3 0 1 0-6 0", px(scale.x(at) - 3.0));
        } else if scale.step > CROWDED || (!goes_on && !is_known(Some(at + 1))) {
            let _ = write!(dots, "M{x} {y}h0");
        }
    }
    let mut path = |attributes: &str, d: &str| {
        if !d.is_empty() {
            let _ = writeln!(svg, "<path class=\"it{attributes} d=\"{d}\"/>");
        }
    };
    path("\" opacity=\".4\"", &whiskers);
    path("\" stroke-width=\"1.6\"", &joined);
    path("\" stroke-width=\"7\" stroke-linecap=\"round\"", &dots);
    path(" open\" fill=\"Canvas\" stroke-width=\"1.5\"", &hollow);
}

/// A place with at most one decimal.
fn px(place: f64) -> String {
    format!("{}", (place * 10.0).round() / 10.0 + 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_is_easily_said_and_holds_the_value() {
        let top = |unit, value| words::value(unit, nice(unit, value));
        assert_eq!(top(MetricUnit::Share, 0.11), "20 %");
        assert_eq!(top(MetricUnit::Share, 1.0), "100 %");
        assert_eq!(top(MetricUnit::Count, 13.0), "20");
        assert_eq!(top(MetricUnit::Count, 0.5), "1");
        assert_eq!(top(MetricUnit::Number, 12_300.0), "20_000");
        assert_eq!(top(MetricUnit::Length, 3.0 * 3_600e6), "4h");
        assert_eq!(top(MetricUnit::Share, 0.0), "0 %");
    }
}

//! Sequences: a timeline and a table of touches for each, those of urgent tiers first.

use super::{Block, Grid, Heading, Mark, Tail, Timeline, comment};
use crate::doc::prose::{Kind, Prose};
use crate::doc::words::{TouchWords, Words, time};
use crate::rulebook::{Sequence, SequenceId, Touch, When};
use crate::units::{Content, Length, Unit};

/// A label is not longer than this.
const LABEL: usize = 32;

/// Every sequence.
pub fn sequences(words: &Words<'_>) -> Vec<Block> {
    let mut order: Vec<(SequenceId, &Sequence)> = words.rulebook.sequences.with_ids().collect();
    order.sort_by_key(|(_, sequence)| sequence.tier.map_or(usize::MAX, crate::rulebook::TierId::index));
    order.into_iter().flat_map(|(id, sequence)| one(words, id, sequence)).collect()
}

fn one(words: &Words<'_>, id: SequenceId, sequence: &Sequence) -> Vec<Block> {
    let mut blocks = vec![Block::Heading(Heading {
        title: Prose::name(Kind::Sequence, &sequence.name),
        place: Some(words.rulebook.sources.place(sequence.range)),
    })];
    blocks.extend(remark_above(words, sequence).map(Block::Text));
    blocks.push(Block::Facts(words.sequence_facts(id, sequence)));
    let timeline = timeline(words, sequence);
    if !timeline.marks.is_empty() || timeline.tail.is_some() {
        blocks.push(Block::Timeline(timeline));
    }
    blocks.push(Block::Table(touches(words, sequence)));
    blocks
}

/// The comment right above a sequence.
fn remark_above(words: &Words<'_>, sequence: &Sequence) -> Option<Prose> {
    let file = words.rulebook.sources.file(sequence.range.source);
    let (line, _) = file.line_column(sequence.range.start);
    let before: Vec<&str> = file.text.lines().take((line as usize).saturating_sub(1)).collect();
    let count = before.iter().rev().take_while(|line| line.starts_with('#')).count();
    comment(before.into_iter().rev().take(count).collect::<Vec<_>>().into_iter().rev())
}

fn touches(words: &Words<'_>, sequence: &Sequence) -> Grid {
    let tail = sequence.tail.as_ref().map(|(touch, limit)| words.tail(touch, *limit));
    let touches = sequence.touches.iter().map(|touch| words.touch(touch));
    let row = |touch: TouchWords| vec![touch.day.capital(), touch.time.capital(), touch.id, touch.what, touch.notes];
    Grid {
        head: vec!["Day", "Time", "Touch", "Message", "Notes"],
        rows: touches.chain(tail).map(row).collect(),
        explains: false,
    }
    .without_empty()
}

fn timeline(words: &Words<'_>, sequence: &Sequence) -> Timeline {
    let mut marks: Vec<Mark> = Vec::new();
    let mut before = 1.0;
    for touch in &sequence.touches {
        let mark = mark(words, touch, before);
        before = mark.last;
        marks.push(mark);
    }
    let tail = sequence.tail.as_ref().map(|(touch, limit)| {
        let every = match touch.when {
            When::Later(length) => time::each(length),
            When::Days(..) => String::new(),
        };
        let limit = limit.map(|limit| format!(", up to {}", time::many(limit, "time"))).unwrap_or_default();
        let mut mark = mark(words, touch, before);
        mark.label.push_str(&limit);
        Tail { mark, rhythm: format!("every {every}") }
    });
    Timeline { sequence: sequence.name.clone(), marks, tail }
}

fn mark(words: &Words<'_>, touch: &Touch, before: f64) -> Mark {
    let (day, last, relative, day_label) = match touch.when {
        When::Days(first, last) if first == last => (f64::from(first), f64::from(first), false, first.to_string()),
        When::Days(first, last) => (f64::from(first), f64::from(last), false, format!("{first}–{last}")),
        When::Later(length) => {
            let day = before + days(length);
            (day, day, true, format!("+{}", time::length(length)))
        }
    };
    let (channel, content) = match touch.choices.first() {
        Some((channel, content)) => (Some(*channel), label(content)),
        None => (None, String::new()),
    };
    let others = touch.choices.iter().skip(1).map(|(channel, _)| format!(" or {}", words.channel_name(*channel)));
    Mark {
        day,
        last,
        day_label,
        channel: channel.map(|id| words.channel_name(id).to_owned()).unwrap_or_default(),
        channel_title: channel.map(|id| words.channel_title(id)).unwrap_or_default(),
        label: format!("{content}{}", others.collect::<String>()),
        conditional: touch.condition.is_some(),
        relative,
    }
}

fn label(content: &Content) -> String {
    let (Content::Template(text) | Content::Text(text)) = content;
    if text.chars().count() <= LABEL {
        return text.clone();
    }
    let short: String = text.chars().take(LABEL - 1).collect();
    format!("{}…", short.trim_end())
}

/// About how many days a length is; of five open days a week.
fn days(length: Length) -> f64 {
    let amount = f64::from(length.amount);
    match length.unit {
        Unit::Second => amount / 86_400.0,
        Unit::Minute => amount / 1_440.0,
        Unit::Hour => amount / 24.0,
        Unit::Day => amount,
        Unit::Week => amount * 7.0,
        Unit::BusinessHour => amount / 8.0,
        Unit::BusinessDay => amount * 1.4,
    }
}

//! Touches: the day, the time, the channels that carry them, and their stable ids.

use std::collections::BTreeMap;

use super::checker::Checker;
use super::expression::{Known, Scope};
use super::rule::all_or_none;
use super::words::{Taken, snake_case};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rulebook::{ChannelId, Touch, TouchTime, When};
use crate::slug::Slug;
use crate::source::Range;
use crate::syntax::tree::{self, At, MessageDecl, Roll, SequenceDecl, TouchDecl};
use crate::units::{ClockTime, Content};
use crate::words::{listed, nearest};

/// The last day a touch can be planned for: ten years.
const LAST_DAY: u32 = 3_650;

impl Checker<'_> {
    /// Ids of all touches of a sequence, the tail's last: as given by `as`, else the template's name,
    /// made unique.
    pub fn touch_ids(&mut self, sequence: &SequenceDecl) -> Vec<String> {
        let messages: Vec<&MessageDecl> = sequence
            .touches
            .iter()
            .map(|touch| &touch.message)
            .chain(sequence.tail.iter().map(|tail| &tail.message))
            .collect();
        let mut given: BTreeMap<&str, Range> = BTreeMap::new();
        for id in messages.iter().filter_map(|message| message.id.as_ref()) {
            if let Some(first) = given.get(id.node.as_str()).copied() {
                let message = format!("two touches of the sequence have the name `{}`", id.node);
                let found = Diagnostic::new(Slug::DuplicateTouch, id.range, message).label("used again");
                self.report(found.other(first, "used first").help("give each touch a name of its own after `as`"));
            } else {
                given.insert(&id.node, id.range);
            }
        }
        let mut taken = Taken::default();
        for id in given.keys() {
            taken.take(id);
        }
        let ids = messages.iter().map(|message| {
            if let Some(id) = &message.id {
                return id.node.clone();
            }
            taken.take_unused(&default_id(message))
        });
        ids.collect()
    }

    /// Resolves a touch.
    pub fn touch(&mut self, declared: &TouchDecl, id: String, roll: Roll) -> Option<Touch> {
        let when = self.when(&declared.when);
        let touch = self.message(&declared.message, declared.time.as_ref(), id, roll, declared.range);
        when.zip(touch).map(|(when, touch)| Touch { when, ..touch })
    }

    /// The day a touch is for.
    pub fn when(&mut self, when: &At<tree::When>) -> Option<When> {
        let (first, last) = match when.node {
            tree::When::Day(day) => (day, day),
            tree::When::Days(first, last) => (first, last),
            tree::When::Later(length) => {
                let at = At { node: length, range: when.range };
                return self.length(&at, "the time after the touch before").map(When::Later);
            }
        };
        let text = self.text(when.range);
        if first > last {
            let found = Diagnostic::new(Slug::EmptyRange, when.range, format!("`{text}` holds no day at all"));
            self.report(found.label("ends before it begins").help(format!("write `day {last}..{first}`")));
            return None;
        }
        if first == 0 || last > LAST_DAY {
            let message = format!("`{text}` is not a day of a sequence");
            let found = Diagnostic::new(Slug::DayOutOfRange, when.range, message).label("not a day from 1 to 3650");
            self.report(found.help("days count from 1, the day of the enrollment, up to 3650"));
            return None;
        }
        Some(When::Days(first, last))
    }

    /// What touches and tails share; `when` is a placeholder.
    pub fn message(
        &mut self,
        message: &MessageDecl,
        time: Option<&At<tree::TouchTime>>,
        id: String,
        roll: Roll,
        range: Range,
    ) -> Option<Touch> {
        let choices: Vec<Option<(ChannelId, Content)>> = message
            .choices
            .iter()
            .map(|choice| {
                let channel = self.channel(&choice.channel);
                self.use_template(&choice.content, channel);
                channel.map(|channel| (channel, choice.content.node.clone()))
            })
            .collect();
        let known: Vec<ChannelId> = choices.iter().flatten().map(|(channel, _)| *channel).collect();
        let time = match time {
            Some(time) => self.touch_time(time, &known),
            None => Some(TouchTime::Any),
        };
        let condition = message.condition.as_ref();
        let condition_text = condition.map(|condition| self.text(condition.range)).unwrap_or_default();
        let condition = condition
            .map(|condition| self.condition(condition, &Scope::sequence(), &Known::new(), "what follows `if`"));
        let expires = message.expires.as_ref().map(|expires| self.expiry(expires, &Scope::sequence(), &Known::new()));
        Some(Touch {
            id,
            range,
            when: When::Days(1, 1),
            time: time?,
            choices: choices.into_iter().collect::<Option<_>>()?,
            note: message.note.as_ref().map(|note| note.node.clone()),
            condition: all_or_none(condition)?.map(|condition| condition.expr),
            condition_text,
            expires: all_or_none(expires)?,
            approve: message.approve,
            roll: message.roll.as_ref().map_or(roll, |roll| roll.node),
            renamed_from: message.renamed_from.as_ref().map(|name| name.node.clone()),
        })
    }

    /// The time of the day a touch is for, at which one of its channels is open.
    pub fn touch_time(&mut self, time: &At<tree::TouchTime>, channels: &[ChannelId]) -> Option<TouchTime> {
        match &time.node {
            tree::TouchTime::At(clock) => self.sent_at(*clock, time.range, channels),
            tree::TouchTime::Part(name) => self.day_part(name, time.range, channels, true),
        }
    }

    /// A clock time at which one of the channels is open.
    pub fn sent_at(&mut self, clock: ClockTime, range: Range, channels: &[ChannelId]) -> Option<TouchTime> {
        let reasons: Vec<_> = channels.iter().map(|channel| self.outside_window(*channel, clock)).collect();
        let open = reasons.iter().any(Option::is_none);
        let closed: Vec<_> = channels.iter().copied().zip(reasons.iter().cloned()).collect();
        if let Some(reason) = reasons.into_iter().flatten().next().filter(|_| !open) {
            let message = format!("a touch at {clock} could never be sent");
            let found = Diagnostic::new(Slug::TouchOutsideWindow, range, message).label(reason);
            self.report(found.help("choose a time inside these hours, or change them; the end itself is outside"));
            return None;
        }
        self.warn_of_choices(&closed, range, &clock.to_string());
        Some(TouchTime::At(clock))
    }

    /// A part of the day in which one of the channels is open; `named` says whether its name stands at the range.
    pub fn day_part(&mut self, name: &str, range: Range, channels: &[ChannelId], named: bool) -> Option<TouchTime> {
        let (mut found, mut closed, mut open) = (None, Vec::new(), false);
        for channel in channels {
            let own = self.part(name, range, *channel, named)?;
            // A touch goes by the part of its first channel.
            let part = *found.get_or_insert(own);
            closed.push((*channel, self.closed_throughout(*channel, part)));
            open |= self.closed_throughout(*channel, own).is_none();
        }
        if let Some(reason) = closed.iter().find_map(|(_, reason)| reason.clone()).filter(|_| !open) {
            let message = format!("a touch in the `{name}` could never be sent");
            let outside = Diagnostic::new(Slug::TouchOutsideWindow, range, message).label(reason);
            self.report(outside.help("choose another part of the day, or change the hours"));
            return None;
        }
        self.warn_of_choices(&closed, range, &format!("the `{name}`"));
        found.map(|(start, end)| TouchTime::Part(name.to_owned(), start, end))
    }

    /// A choice that is closed at the time of its touch waits for its next opening.
    fn warn_of_choices(&mut self, closed: &[(ChannelId, Option<String>)], range: Range, time: &str) {
        let first = closed.iter().find_map(|(channel, reason)| Some((*channel, reason.as_ref()?)));
        let Some((channel, reason)) = first else { return };
        let name = self.resolved.channels.name(channel);
        let message = format!("`{name}` is never open at {time}: on it the touch goes at the next opening");
        let mut found = Diagnostic::new(Slug::TouchOutsideWindow, range, message).label(reason);
        found.severity = Severity::Warning;
        self.report(found.help("choose a time at which each of the channels is open, or change its hours"));
    }

    /// A named part of the day in a channel's calendar; a channel without one goes by `office`.
    fn part(&mut self, name: &str, range: Range, channel: ChannelId, named: bool) -> Option<(ClockTime, ClockTime)> {
        let id = self.resolved.channels.get(channel)?.calendar;
        let id = id.or_else(|| self.resolved.calendars.find("office"))?;
        let calendar = self.resolved.calendars.get(id)?;
        if let Some(part) = calendar.parts.get(name).copied() {
            if named {
                self.refer_part(id, name, range);
            }
            return Some(part);
        }
        if self.broken.contains(name) || self.broken.contains(&calendar.name) {
            return None;
        }
        let parts: Vec<String> = calendar.parts.keys().cloned().collect();
        let calendar = calendar.name.clone();
        let help = match nearest(name, &parts) {
            Some(near) => format!("did you mean `{near}`?"),
            None if parts.is_empty() => {
                format!("declare it in the calendar: `calendar {calendar} {{ {name} 09:00-12:00 }}`")
            }
            None => format!("calendar `{calendar}` has {}", listed(&parts)),
        };
        let message = format!("calendar `{calendar}` has no part of the day called `{name}`");
        let found = Diagnostic::new(Slug::UnknownPart, range, message);
        self.report(found.label("not a part of the day").help(help));
        None
    }
}

/// The first template's name, or the words of the first text.
fn default_id(message: &MessageDecl) -> String {
    let Some(choice) = message.choices.first() else { return String::new() };
    let name = match &choice.content.node {
        Content::Template(name) => name.clone(),
        Content::Text(text) => snake_case(text),
    };
    if name.is_empty() { choice.channel.node.clone() } else { name }
}

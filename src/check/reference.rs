//! Which declaration each name stands for, noted while names are resolved.

use std::collections::BTreeMap;

use super::checker::Checker;
use super::event::Named;
use super::meaning::Events;
use crate::rulebook::{CalendarId, ChannelId, PropId, RuleId, SequenceId, TypeId};
use crate::source::Range;
use crate::syntax::tree::{CalendarEntry, Content, ItemKind, MessageDecl};

/// A name that is used, and its declaration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// The name where it is used, and nothing else. In scripts and templates that is the first place
    /// that uses it.
    pub at: Range,
    /// What it names.
    pub kind: ReferenceKind,
    /// The name: of an event with several names the one that is used.
    pub name: String,
    /// The name where it is declared; where a declaration has no name of its own, as a rule without a
    /// label, the part that stands for it, and of a template the file.
    pub declared: Range,
}

/// What a name can stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReferenceKind {
    /// An event.
    Event,
    /// A group of events.
    Group,
    /// A property of an event.
    Property,
    /// A fact of the lead.
    Fact,
    /// A constant.
    Constant,
    /// A tier.
    Tier,
    /// A calendar.
    Calendar,
    /// A named part of the day.
    DayPart,
    /// A channel.
    Channel,
    /// A topic.
    Topic,
    /// A sequence.
    Sequence,
    /// A touch of a sequence.
    Touch,
    /// A score.
    Score,
    /// A rule.
    Rule,
    /// A function of a script.
    Function,
    /// A template.
    Template,
    /// A lead of a test.
    Lead,
    /// A metric.
    Metric,
}

/// Names met so far. What is worked out twice, as an event with two names, keeps what it meant first.
#[derive(Default)]
pub(super) struct References(BTreeMap<(Range, ReferenceKind), (String, Range)>);

impl References {
    /// All of them, by place.
    pub fn into_list(self) -> Vec<Reference> {
        let reference = |((at, kind), (name, declared))| Reference { at, kind, name, declared };
        self.0.into_iter().map(reference).collect()
    }
}

impl Checker<'_> {
    /// Notes that a name stands for a declaration.
    pub fn refer(&mut self, kind: ReferenceKind, name: &str, at: Range, declared: Range) {
        // A declaration that is worked out in its place is no use of it.
        if at != declared {
            self.references.0.entry((at, kind)).or_insert_with(|| (name.to_owned(), declared));
        }
    }

    /// Notes the name of an event or a group, by its entry among the events in force.
    pub fn refer_event(&mut self, name: &str, at: Range) {
        let Some(entry) = self.events().entry(name) else { return };
        let kind = match entry.item {
            Named::Event(_) => ReferenceKind::Event,
            Named::Group(_) => ReferenceKind::Group,
        };
        let declared = entry.range;
        self.refer(kind, name, at, declared);
    }

    /// Notes a property of an event: it is declared by the first of the events that declares it.
    pub fn refer_property(&mut self, events: &Events, id: PropId, at: Range) {
        self.refer_property_of(events.members.iter().map(|(_, ty)| *ty), id, at);
    }

    /// Notes a property that some event has.
    pub fn refer_any_property(&mut self, id: PropId, at: Range) {
        self.refer_property_of(self.resolved.types.ids(), id, at);
    }

    fn refer_property_of(&mut self, mut types: impl Iterator<Item = TypeId>, id: PropId, at: Range) {
        let Some(name) = self.resolved.props.get(id).cloned() else { return };
        let field = types.find_map(|ty| self.resolved.prop_places.get(&(ty.index(), id)).copied());
        if let Some(field) = field {
            self.refer(ReferenceKind::Property, &name, at, Range { end: field.start + name.len() as u32, ..field });
        } else {
            // Lead facts are properties of the events that set them.
            self.refer_fact(&name, at);
        }
    }

    /// Notes a lead fact.
    pub fn refer_fact(&mut self, name: &str, at: Range) {
        if let Some(declared) = self.declared.facts.entry(name).map(|entry| entry.range) {
            self.refer(ReferenceKind::Fact, name, at, declared);
        }
    }

    /// Notes a topic.
    pub fn refer_topic(&mut self, name: &str, at: Range) {
        if let Some(declared) = self.declared.topics.entry(name).map(|entry| entry.range) {
            self.refer(ReferenceKind::Topic, name, at, declared);
        }
    }

    /// Notes a channel.
    pub fn refer_channel(&mut self, name: &str, at: Range) {
        if let Some(declared) = self.declared.channels.entry(name).map(|entry| entry.range) {
            self.refer(ReferenceKind::Channel, name, at, declared);
        }
    }

    /// Notes a score.
    pub fn refer_score(&mut self, name: &str, at: Range) {
        if let Some(declared) = self.declared.scores.entry(name).map(|entry| entry.range) {
            self.refer(ReferenceKind::Score, name, at, declared);
        }
    }

    /// Notes a tier.
    pub fn refer_tier(&mut self, name: &str, at: Range) {
        if let Some(declared) = self.declared.tiers.entry(name).map(|entry| entry.range) {
            self.refer(ReferenceKind::Tier, name, at, declared);
        }
    }

    /// Notes a part of the day of a calendar.
    pub fn refer_part(&mut self, calendar: CalendarId, name: &str, at: Range) {
        let Some(entry) = self.declared.calendars.at(calendar.index()) else { return };
        let part = entry.item.entries.iter().find_map(|entry| match &entry.node {
            CalendarEntry::Part(part, _) if part.node == name => Some(part.range),
            _ => None,
        });
        if let Some(declared) = part {
            self.refer(ReferenceKind::DayPart, name, at, declared);
        }
    }

    /// Notes a rule: its label, else its trigger stands for it.
    pub fn refer_rule(&mut self, rule: RuleId, name: &str, at: Range) {
        let Some(range) = self.resolved.rules.get(rule).map(|rule| rule.range) else { return };
        let declared = self.declared.rules.iter().find(|item| item.range == range);
        if let Some(ItemKind::Rule(decl)) = declared.map(|item| &item.node) {
            let place = decl.label.as_ref().map_or(decl.trigger.range, |label| label.range);
            self.refer(ReferenceKind::Rule, name, at, place);
        }
    }

    /// Notes a touch: what it is called, else its first template or text stands for it.
    pub fn refer_touch(&mut self, sequence: SequenceId, name: &str, at: Range) {
        let resolved = self.resolved.sequences.get(sequence).into_iter();
        let mut touches = resolved.flat_map(|s| s.touches.iter().chain(s.tail.as_ref().map(|(tail, _)| tail)));
        let Some(range) = touches.find(|touch| touch.id == name).map(|touch| touch.range) else { return };
        let Some(decl) = self.declared.sequences.at(sequence.index()).map(|entry| entry.item) else { return };
        let messages = decl.touches.iter().map(|touch| (touch.range, &touch.message));
        let mut messages = messages.chain(decl.tail.iter().map(|tail| (tail.range, &tail.message)));
        let place = messages.find(|(of, _)| *of == range).and_then(|(_, message)| touch_place(message));
        self.refer(ReferenceKind::Touch, name, at, place.unwrap_or(range));
    }

    /// Notes a template, where the rulebook has one of the name for the channel.
    pub fn refer_template(&mut self, content: &Content, channel: ChannelId, at: Range) {
        let Content::Template(name) = content else { return };
        let of = |channel: ChannelId| {
            let named = self.resolved.templates.iter().filter(|template| template.name == *name);
            named.filter(|template| template.channel == channel).map(|template| template.range).next()
        };
        if let Some(declared) = of(channel).or_else(|| of(self.kind_of(channel))) {
            self.refer(ReferenceKind::Template, name, at, declared);
        }
    }

    /// The name inside a range of a script, which may stand in quotes or after `lead.`.
    pub fn name_in_script(&self, name: &str, range: Range, script: Range) -> Option<Range> {
        let rest = self.sources.text(Range { end: script.end, ..range });
        let line = rest.lines().next().unwrap_or("");
        let at = line.match_indices(name).map(|(at, _)| at).find(|at| {
            let is_part = |c: char| c.is_alphanumeric() || c == '_';
            let before = line.get(..*at).and_then(|before| before.chars().next_back());
            let after = line.get(at + name.len()..).and_then(|after| after.chars().next());
            !before.is_some_and(is_part) && !after.is_some_and(is_part)
        })?;
        let start = range.start + at as u32;
        Some(Range { start, end: start + name.len() as u32, ..range })
    }
}

fn touch_place(message: &MessageDecl) -> Option<Range> {
    let content = || message.choices.first().map(|choice| choice.content.range);
    message.id.as_ref().map(|id| id.range).or_else(content)
}

#[cfg(test)]
mod tests;

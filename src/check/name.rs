//! Names that mean nothing, with the words that help: the near name, or what there is.

use super::checker::Checker;
use super::reference::ReferenceKind;
use crate::diagnostic::Diagnostic;
use crate::rulebook::{ChannelId, Reach, ScoreId, SequenceId, TierId, TopicId};
use crate::slug::Slug;
use crate::source::Range;
use crate::syntax::tree::Name;
use crate::words::{listed, nearest};

/// A kind of name, in words.
pub(super) struct Kind {
    /// What its absence is called.
    pub slug: Slug,
    /// One of them: `tier`.
    pub one: &'static str,
    /// Several of them.
    pub many: &'static str,
    /// How one is declared.
    pub declare: &'static str,
}

pub(super) const TIER: Kind =
    Kind { slug: Slug::UnknownTier, one: "tier", many: "tiers", declare: "tiers hot, warm, cold" };
pub(super) const SEQUENCE: Kind = Kind {
    slug: Slug::UnknownSequence,
    one: "sequence",
    many: "sequences",
    declare: "sequence NAME { day 1 at 10:00 email TEMPLATE }",
};
pub(super) const SCORE: Kind =
    Kind { slug: Slug::UnknownScore, one: "score", many: "scores", declare: "score NAME { opened +5 }" };
pub(super) const CHANNEL: Kind =
    Kind { slug: Slug::UnknownChannel, one: "channel", many: "channels", declare: "channel NAME { manual }" };
pub(super) const TOPIC: Kind = Kind { slug: Slug::NoTopic, one: "topic", many: "topics", declare: "topics NAME" };
pub(super) const CALENDAR: Kind = Kind {
    slug: Slug::UnknownCalendar,
    one: "calendar",
    many: "calendars",
    declare: "calendar NAME { days mon..fri hours 09:00-17:00 }",
};
pub(super) const EVENT: Kind =
    Kind { slug: Slug::UnknownEvent, one: "event", many: "events", declare: "event NAME is \"type.in.the.log\"" };
pub(super) const FACT: Kind =
    Kind { slug: Slug::UnknownFact, one: "lead fact", many: "lead facts", declare: "lead { NAME text? }" };

impl Checker<'_> {
    /// Reports a name that is not declared, with what to do about it: `hint`, else the near name,
    /// else what there is. A name that is near to none is reported once, with its further places:
    /// what is missing is one declaration.
    pub fn unknown(&mut self, kind: &Kind, name: &str, range: Range, candidates: &[String], hint: Option<String>) {
        if self.broken.contains(name) {
            return;
        }
        let near = nearest(name, candidates);
        let key = (kind.slug, if candidates.is_empty() { String::new() } else { name.to_owned() });
        if near.is_none() && hint.is_none() {
            if let Some(first) = self.reported.get(&key).and_then(|at| self.diagnostics.get_mut(*at)) {
                first.others.push((range, "also used here".to_owned()));
                return;
            }
            self.reported.insert(key, self.diagnostics.len());
        }
        let help = match (hint, near) {
            (Some(hint), _) => hint,
            (None, Some(near)) => format!("did you mean `{near}`?"),
            (None, None) if candidates.is_empty() && self.incomplete => {
                format!("declare it: `{}`", kind.declare)
            }
            (None, None) if candidates.is_empty() => {
                format!("no {} are declared; declare one: `{}`", kind.many, kind.declare)
            }
            (None, None) => format!(
                "the {} are {}; a new one needs a declaration: `{}`",
                kind.many,
                listed(candidates),
                kind.declare
            ),
        };
        let found = Diagnostic::new(kind.slug, range, format!("{} `{name}` is not declared", kind.one));
        self.report(found.label(format!("not {}", with_article(kind.one))).help(help));
    }

    /// The tier of a name.
    pub fn tier(&mut self, name: &str, range: Range) -> Option<TierId> {
        let id = self.declared.tiers.id(name);
        if id.is_none() {
            let names = self.declared.tiers.names();
            let hint = self.tier_hint(name);
            self.unknown(&TIER, name, range, &names, hint);
        }
        self.refer_tier(name, range);
        id
    }

    fn tier_hint(&self, name: &str) -> Option<String> {
        if self.declared.sequences.has(name) {
            Some(format!("`{name}` is a sequence; to enroll the lead, say `start {name}`"))
        } else {
            None
        }
    }

    /// The sequence of a name.
    pub fn sequence(&mut self, name: &Name) -> Option<SequenceId> {
        let id = self.declared.sequences.id(&name.node);
        if id.is_none() {
            let names = self.declared.sequences.names();
            let hint = self.declared.tiers.has(&name.node).then(|| {
                format!("`{0}` is a tier; a sequence for it is declared `sequence NAME for {0} {{ … }}`", name.node)
            });
            self.unknown(&SEQUENCE, &name.node, name.range, &names, hint);
        }
        if let Some(declared) = self.declared.sequences.entry(&name.node).map(|entry| entry.range) {
            self.refer(ReferenceKind::Sequence, &name.node, name.range, declared);
        }
        id
    }

    /// The score of a name.
    pub fn score(&mut self, name: &Name) -> Option<ScoreId> {
        let id = self.declared.scores.id(&name.node);
        if id.is_none() {
            let names = self.declared.scores.names();
            let hint = self.declared.facts.has(&name.node).then(|| {
                format!("`{0}` is a lead fact, not a score; say when to look: `updated where {0} == …`", name.node)
            });
            self.unknown(&SCORE, &name.node, name.range, &names, hint);
        }
        self.refer_score(&name.node, name.range);
        id
    }

    /// The topic of a name, where one is declared.
    pub fn topic(&mut self, name: &Name) -> Option<TopicId> {
        let id = self.declared.topics.id(&name.node);
        if id.is_none() {
            let names = self.declared.topics.names();
            self.unknown(&TOPIC, &name.node, name.range, &names, None);
        }
        self.refer_topic(&name.node, name.range);
        id
    }

    /// What a suppression names: a channel or a topic.
    pub fn reach(&mut self, name: &Name) -> Option<Reach> {
        if self.declared.topics.has(&name.node) {
            return self.topic(name).map(Reach::Topic);
        }
        self.channel(name).map(Reach::Channel)
    }

    /// The channel of a name.
    pub fn channel(&mut self, name: &Name) -> Option<ChannelId> {
        let id = self.declared.channels.id(&name.node);
        if id.is_none() {
            let names = self.declared.channels.names();
            self.unknown(&CHANNEL, &name.node, name.range, &names, None);
        }
        self.refer_channel(&name.node, name.range);
        id
    }
}

/// `a tier`, `an event`.
pub(super) fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {noun}")
}

//! What a test expects.

use std::collections::BTreeSet;

use super::checker::Checker;
use super::name::FACT;
use super::test::Reading;
use crate::diagnostic::Diagnostic;
use crate::local::Zone;
use crate::rulebook::{By, ChannelId, EffectKind, Expect, ExpectedAt, Experiment, Pattern, ScoreExpect, SequenceId};
use crate::slug::Slug;
use crate::source::Range;
use crate::syntax::tree::{self, At, AtTime, Clauses, Content, Expectation, ItemKind, Name, ScoreRow, WantedKind};
use crate::timestamp::Timestamp;
use crate::words::{listed, nearest};

impl Checker<'_> {
    /// Resolves one `expect` line; `None` where a mistake was reported.
    pub(super) fn expectation(
        &mut self,
        expectation: &Expectation,
        range: Range,
        reading: &mut Reading<'_>,
    ) -> Option<()> {
        match expectation {
            Expectation::Some(wanted, clauses) => {
                self.expect(std::slice::from_ref(wanted), clauses, (false, range), reading)
            }
            Expectation::None(wanted, clauses) => self.expect(wanted, clauses, (true, range), reading),
            Expectation::Metric(expected) => self.expect_metric(expected, range, reading),
            Expectation::Score { score, lead, rows } => self.score_table(score, lead.as_ref(), rows, range, reading),
        }
    }

    fn expect(
        &mut self,
        wanted: &[tree::Wanted],
        clauses: &Clauses,
        (never, range): (bool, Range),
        reading: &mut Reading<'_>,
    ) -> Option<()> {
        let place = wanted.first().zip(wanted.last()).map(|(first, last)| first.range.to(last.range))?;
        // `ana becomes hot`: the lead stands first.
        let before = clauses.lead.as_ref().filter(|lead| lead.range.start < place.start);
        let place = before.map_or(place, |lead| lead.range.to(place));
        let lead = clauses.lead.as_ref().map(|name| self.test_lead(name, reading));
        let wanted: Vec<Option<Pattern>> = wanted.iter().map(|one| self.wanted(one, reading)).collect();
        let at = clauses.at.as_ref().map(|at| self.expected_at(at, reading));
        let by = clauses.by.as_ref().map(|(name, touch)| self.expected_by(name, touch.as_ref()));
        let times = clauses.times.as_ref().map(|times| self.times(times));
        let expect = Expect {
            range,
            place,
            never,
            wanted: wanted.into_iter().collect::<Option<_>>()?,
            lead: super::rule::all_or_none(lead)?,
            at: super::rule::all_or_none(at)?,
            by: super::rule::all_or_none(by)?,
            because: clauses.because.as_ref().map(|text| text.node.clone()),
            status: clauses.status.as_ref().map(|status| status.node),
            times: super::rule::all_or_none(times)?.unwrap_or(1),
        };
        reading.test.expects.push(expect);
        Some(())
    }

    fn wanted(&mut self, wanted: &tree::Wanted, reading: &Reading<'_>) -> Option<Pattern> {
        let zone = reading.test.zone;
        Some(match &wanted.node {
            WantedKind::Becomes(name) => Pattern::Tier(self.tier(&name.node, name.range)?),
            WantedKind::Starts(name) => Pattern::Starts(self.sequence(name)?),
            WantedKind::Exits(name) => Pattern::Exits(self.sequence(name)?),
            WantedKind::Finishes(name) => Pattern::Finishes(self.sequence(name)?),
            WantedKind::Holds(until) => {
                let until = until.as_ref().map(|until| self.test_moment(until, reading.clock, zone));
                Pattern::Holds(super::rule::all_or_none(until)?)
            }
            WantedKind::Resumes => Pattern::Resumes,
            WantedKind::Suppressed(channel) => Pattern::Suppressed(self.maybe_reach(channel.as_ref())?),
            WantedKind::Unsuppressed(channel) => Pattern::Unsuppressed(self.maybe_reach(channel.as_ref())?),
            WantedKind::Tag(name) => Pattern::Tag { tag: self.tag(&name.node), on: true },
            WantedKind::Untag(name) => Pattern::Tag { tag: self.tag(&name.node), on: false },
            WantedKind::Set { field, value } => self.wanted_fact(field, value.as_ref(), zone)?,
            WantedKind::Assign(owner) => Pattern::Assign(owner.as_ref().map(|owner| owner.node.clone())),
            WantedKind::Alert { to, text } => {
                let to = to.as_ref().map(|to| self.person(to));
                Pattern::Alert { to: super::rule::all_or_none(to)?, text: text.as_ref().map(|text| text.node.clone()) }
            }
            WantedKind::Webhook(name) => Pattern::Webhook(name.as_ref().map(|name| name.node.clone())),
            WantedKind::Touch => Pattern::Touch(self.declared.channels.id("task")),
            WantedKind::Send { channel, content } => {
                let id = self.channel(channel)?;
                if let Some(content) = content {
                    self.wanted_content(content, channel, id)?;
                }
                Pattern::Send { channel: id, content: content.as_ref().map(|content| content.node.clone()) }
            }
        })
    }

    fn wanted_fact(&mut self, field: &Name, value: Option<&tree::Expr>, zone: Zone) -> Option<Pattern> {
        self.refer_fact(&field.node, field.range);
        let Some((fact, ty, _)) = self.fact(&field.node) else {
            let names = self.declared.facts.names();
            self.unknown(&FACT, &field.node, field.range, &names, None);
            return None;
        };
        let what = format!("{} `{}`", FACT.one, field.node);
        let value = value.map(|value| self.test_value(value, ty, zone, &what));
        Some(Pattern::Set(fact, super::rule::all_or_none(value)?))
    }

    /// What no rule and no sequence sends cannot be expected.
    fn wanted_content(&mut self, content: &At<Content>, channel: &Name, id: ChannelId) -> Option<()> {
        self.refer_template(&content.node, id, content.range);
        let sent = self.sent_on(id);
        let (name, is_text) = match &content.node {
            Content::Template(name) => (name, false),
            Content::Text(text) => (text, true),
        };
        if sent.contains(&(is_text, name.clone())) || self.incomplete {
            return Some(());
        }
        let names: Vec<String> = sent.into_iter().filter(|(text, _)| *text == is_text).map(|(_, name)| name).collect();
        let help = match nearest(name, &names) {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.is_empty() => format!("no rule and no sequence says `{} …`", channel.node),
            None => format!("on this channel there are {}", listed(&names)),
        };
        let message = format!("no rule and no sequence sends `{name}` on `{}`", channel.node);
        let found = Diagnostic::new(Slug::UnknownTemplate, content.range, message).label("never sent");
        self.report(found.help(help));
        None
    }

    /// Everything that is ever sent on a channel: whether it is a text, and the text or template.
    fn sent_on(&self, channel: ChannelId) -> BTreeSet<(bool, String)> {
        let key = |content: &Content| match content {
            Content::Template(name) => (false, name.clone()),
            Content::Text(text) => (true, text.clone()),
        };
        let resolved = &self.resolved;
        let mut sent = BTreeSet::new();
        for effect in resolved.rules.iter().flat_map(|rule| &rule.arms).flat_map(|arm| &arm.effects) {
            if let EffectKind::Send { channel: other, content, .. } = &effect.kind
                && *other == channel
            {
                sent.insert(key(content));
            }
        }
        for sequence in &resolved.sequences {
            let tail = sequence.tail.iter().map(|(tail, _)| tail);
            let choices = sequence.touches.iter().chain(tail).flat_map(|touch| &touch.choices);
            sent.extend(choices.filter(|(other, _)| *other == channel).map(|(_, content)| key(content)));
        }
        let choices = resolved.experiments.iter().flat_map(Experiment::touches).flat_map(|touch| &touch.choices);
        sent.extend(choices.filter(|(other, _)| *other == channel).map(|(_, content)| key(content)));
        sent
    }

    fn expected_at(&mut self, at: &At<AtTime>, reading: &mut Reading<'_>) -> Option<ExpectedAt> {
        let zone = reading.test.zone;
        match at.node {
            AtTime::Moment(moment) => {
                let moment = At { node: moment, range: at.range };
                let at_time = self.test_moment(&moment, reading.clock, zone)?;
                reading.named.push((at_time, at.range));
                Some(ExpectedAt::Moment(at_time))
            }
            AtTime::Clock(time) => Some(ExpectedAt::Clock(time.0)),
            AtTime::Day(day) => {
                let date = self.test_day(day)?;
                let start = zone.day_start(date);
                let end = zone.day_start(date.succ_opt()?);
                // The day is looked at to its last moment.
                reading.named.push((Timestamp(end.0 - 1), at.range));
                Some(ExpectedAt::Day(start, end))
            }
        }
    }

    fn expected_by(&mut self, name: &Name, touch: Option<&Name>) -> Option<By> {
        let rule = self.resolved.rules.find(&name.node).filter(|_| touch.is_none());
        let sequence = self.declared.sequences.id(&name.node);
        if rule.is_none() && sequence.is_none() {
            return self.unknown_rule(name);
        }
        if let Some(rule) = rule {
            self.refer_rule(rule, &name.node, name.range);
        }
        if sequence.is_some() {
            self.sequence(name);
        }
        let text = touch.map_or_else(|| name.node.clone(), |touch| format!("{}.{}", name.node, touch.node));
        let place = match (sequence, touch) {
            (Some(sequence), Some(touch)) => Some(self.expected_touch(sequence, touch)?),
            _ => None,
        };
        Some(By { text, rule, sequence: sequence.map(|sequence| (sequence, place)) })
    }

    fn expected_touch(&mut self, sequence: SequenceId, name: &Name) -> Option<u16> {
        let found = self.resolved.sequences.get(sequence)?;
        let ids: Vec<String> = found
            .touches
            .iter()
            .chain(found.tail.as_ref().map(|(tail, _)| tail))
            .map(|touch| touch.id.clone())
            .collect();
        if let Some(at) = ids.iter().position(|id| *id == name.node) {
            self.refer_touch(sequence, &name.node, name.range);
            return Some(at as u16);
        }
        let help = match nearest(&name.node, &ids) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its touches are {}", listed(&ids)),
        };
        let message = format!("sequence `{}` has no touch `{}`", found.name, name.node);
        self.report(Diagnostic::new(Slug::UnknownTouch, name.range, message).label("not a touch of it").help(help));
        None
    }

    fn unknown_rule(&mut self, name: &Name) -> Option<By> {
        // A rule that was left out for a mistake is not unknown.
        let declared = self.declared.rules.iter().filter_map(|item| match &item.node {
            ItemKind::Rule(rule) => rule.label.as_ref(),
            _ => None,
        });
        if declared.into_iter().any(|label| label.node == name.node) || self.broken.contains(&name.node) {
            return None;
        }
        let mut names: Vec<String> = self.resolved.rules.iter().map(|rule| rule.label.clone()).collect();
        names.extend(self.declared.sequences.names());
        let help = match nearest(&name.node, &names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => String::from("name a rule by its label, or a sequence"),
        };
        let message = format!("`{}` is no rule and no sequence", name.node);
        self.report(
            Diagnostic::new(Slug::UnknownRule, name.range, message).label("nothing decides by that name").help(help),
        );
        None
    }

    fn score_table(
        &mut self,
        name: &Name,
        lead: Option<&Name>,
        rows: &[ScoreRow],
        range: Range,
        reading: &mut Reading<'_>,
    ) -> Option<()> {
        let score = self.score(name);
        let lead = match lead {
            Some(lead) => self.test_lead(lead, reading),
            None if reading.test.leads.len() == 1 => Some(0),
            None => {
                let message = "it is not said whose score this is";
                let found = Diagnostic::new(Slug::UnknownLead, range, message).label("of which lead?");
                self.report(found.help(format!("name the lead: `score {} of ana {{ … }}`", name.node)));
                None
            }
        };
        let mut before = reading.clock;
        for row in rows {
            let at = self.test_moment(&row.moment, before, reading.test.zone)?;
            before = Some(at);
            reading.named.push((at, row.moment.range));
            if let (Some(score), Some(lead)) = (score, lead) {
                let place = row.value.range;
                let (value, decimals) = (row.value.node, row.decimals);
                let range = row.moment.range.to(place);
                reading.test.scores.push(ScoreExpect { score, lead, at, value, decimals, range, place });
            }
        }
        score.zip(lead).map(|_| ())
    }
}

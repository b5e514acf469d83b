//! Whether a definition of one rulebook says what a definition of another says: names stand for
//! indices, and places in files, comments and layout do not count. Used where a changed rulebook comes
//! into force.
//!
//! Every `let` and every `match` here names all there is and has no rest, so that a new field or form
//! does not compile before somebody has decided whether it counts.

use super::{
    Again, Alternative, Arm, ChannelId, Decay, Effect, EffectKind, Experiment, Expiry, Expr, FactId, Given, HoldEnd,
    Limit, Named, PropId, Reach, Rule, RuleId, Rulebook, Score, ScoreId, ScriptId, ScriptScore, Sequence, SequenceId,
    SetId, State, Table, TableId, TagId, TierId, Timing, Touch, TouchTime, Trigger, TypeId, Variant, When,
};
use crate::decimal::Decimal;
use crate::timestamp::Span;
use crate::units::Content;

/// Two rulebooks side by side. Each question is asked of a definition of the old one and one of the
/// new one, and answered with no where there is no such definition.
#[derive(Clone, Debug)]
pub struct Same<'a> {
    /// The rulebook before.
    pub old: &'a Rulebook,
    /// The rulebook after.
    pub new: &'a Rulebook,
    /// By old sequence: the new one of its name, else the one that was renamed from it.
    pub sequences: Table<SequenceId, Option<SequenceId>>,
}

impl<'a> Same<'a> {
    /// Puts two rulebooks side by side.
    #[must_use]
    pub fn new(old: &'a Rulebook, new: &'a Rulebook) -> Self {
        let names: Vec<&str> = old.sequences.iter().map(|sequence| sequence.name.as_str()).collect();
        let own: Vec<_> = new.sequences.iter().map(|s| (s.name.as_str(), s.renamed_from.as_deref())).collect();
        let sequences = renamed(&names, &own).into_iter().map(|at| at.map(SequenceId)).collect();
        Self { old, new, sequences }
    }

    /// Whether two rules do the same: what they are called and the reasons they give do not count.
    #[must_use]
    pub fn rule(&self, old: RuleId, new: RuleId) -> bool {
        let rules = (self.old.rules.get(old), self.new.rules.get(new));
        let (Some(old), Some(new)) = rules else { return false };
        // What no author can write is the same; its lines follow the channels and topics that are declared.
        if old.standard && new.standard {
            return old.label == new.label;
        }
        let Rule { label: _, range: _, why: _, trigger, while_, guard, guard_parts: _, limit, arms, standard } = old;
        self.trigger(trigger, &new.trigger)
            && both(while_.as_ref(), new.while_.as_ref(), |a, b| self.state(a, b))
            && self.condition(guard.as_ref(), new.guard.as_ref())
            && both(limit.as_ref(), new.limit.as_ref(), limits)
            && all(arms, &new.arms, |a, b| self.arm(a, b))
            && *standard == new.standard
    }

    fn arm(&self, old: &Arm, new: &Arm) -> bool {
        let Arm { guard, guard_parts: _, effects, why: _, range: _ } = old;
        self.condition(guard.as_ref(), new.guard.as_ref()) && all(effects, &new.effects, |a, b| self.effect(a, b))
    }

    /// Whether two sequences plan the same for the same leads, experiments included: what they are and
    /// were called does not count.
    #[must_use]
    pub fn sequence(&self, old_id: SequenceId, new_id: SequenceId) -> bool {
        let sequences = (self.old.sequences.get(old_id), self.new.sequences.get(new_id));
        let (Some(old), Some(new)) = sequences else { return false };
        let Sequence {
            name: _,
            range: _,
            tier,
            guard,
            guard_parts: _,
            parallel,
            exit_on,
            gap,
            again,
            touches,
            tail,
            renamed_from: _,
            topic,
        } = old;
        let old_experiments: Vec<_> = self.old.experiments.iter().filter(|of| of.sequence == old_id).collect();
        let new_experiments: Vec<_> = self.new.experiments.iter().filter(|of| of.sequence == new_id).collect();
        both(tier.as_ref(), new.tier.as_ref(), |a, b| self.tier(*a, *b))
            && self.condition(guard.as_ref(), new.guard.as_ref())
            && *parallel == new.parallel
            && all(exit_on, &new.exit_on, |a, b| self.set(*a, *b))
            && *gap == new.gap
            && agains(*again, new.again)
            && both(topic.as_ref(), new.topic.as_ref(), |a, b| called(&self.old.topics, *a, &self.new.topics, *b))
            && all(touches, &new.touches, |a, b| self.touch(a, b))
            && both(tail.as_ref(), new.tail.as_ref(), |(a, times), (b, new)| times == new && self.touch(a, b))
            && all(&old_experiments, &new_experiments, |a, b| self.experiment(a, b))
    }

    /// Whether two touches send the same at the same time.
    #[must_use]
    pub fn touch(&self, old: &Touch, new: &Touch) -> bool {
        let Touch {
            id,
            range: _,
            when,
            time,
            choices,
            note,
            condition,
            condition_text: _,
            expires,
            approve,
            roll,
            renamed_from: _,
        } = old;
        *id == new.id
            && whens(*when, new.when)
            && times(time, &new.time)
            && all(choices, &new.choices, |(channel, a), (other, b)| self.channel(*channel, *other) && contents(a, b))
            && *note == new.note
            && self.condition(condition.as_ref(), new.condition.as_ref())
            && self.expiry(expires.as_ref(), new.expires.as_ref())
            && *approve == new.approve
            && *roll == new.roll
    }

    /// Whether two experiments try the same.
    #[must_use]
    pub fn experiment(&self, old: &Experiment, new: &Experiment) -> bool {
        let Experiment { name, sequence, touch, varies, variants, goal, find, at_most, guard, range: _ } = old;
        let within = |(a, length): &(SetId, Span), (b, other): &(SetId, Span)| length == other && self.set(*a, *b);
        *name == new.name
            && self.sequence_id(*sequence, new.sequence)
            && *touch == new.touch
            && *varies == new.varies
            && all(variants, &new.variants, |a, b| self.variant(a, b))
            && both(goal.as_ref(), new.goal.as_ref(), within)
            && number(*find, new.find)
            && *at_most == new.at_most
            && both(guard.as_ref(), new.guard.as_ref(), within)
    }

    fn variant(&self, old: &Variant, new: &Variant) -> bool {
        let Variant { name, share, given, range: _ } = old;
        let same = match given {
            Given::Touch(touch) => matches!(&new.given, Given::Touch(other) if self.touch(touch, other)),
            Given::Sequence(id) => matches!(&new.given, Given::Sequence(other) if self.sequence_id(*id, *other)),
        };
        *name == new.name && number(*share, new.share) && same
    }

    /// Whether two scores give the same for the same.
    #[must_use]
    pub fn score(&self, old: ScoreId, new: ScoreId) -> bool {
        let scores = (self.old.scores.get(old), self.new.scores.get(new));
        let (Some(old), Some(new)) = scores else { return false };
        let Score { name, range: _, points, decay, cap, floor, script } = old;
        *name == new.name
            && all(points, &new.points, |(a, worth), (b, other)| number(*worth, *other) && self.set(*a, *b))
            && decays(*decay, new.decay)
            && both(cap.as_ref(), new.cap.as_ref(), |a, b| number(*a, *b))
            && both(floor.as_ref(), new.floor.as_ref(), |a, b| number(*a, *b))
            && both(script.as_ref(), new.script.as_ref(), |a, b| self.script_score(a, b))
    }

    fn script_score(&self, old: &ScriptScore, new: &ScriptScore) -> bool {
        let ScriptScore { script, on } = old;
        self.script(*script, new.script) && all(on, &new.on, |a, b| self.set(*a, *b))
    }

    /// Whether two sets hold the same events, in whatever order their types are numbered.
    #[must_use]
    pub fn set(&self, old: SetId, new: SetId) -> bool {
        let sets = (self.old.sets.get(old), self.new.sets.get(new));
        let (Some(old), Some(new)) = sets else { return false };
        // Of the rest of a set `text`, `name` and `narrowed` say how it is spoken of.
        let (old, new) = (&old.alternatives, &new.alternatives);
        old.len() == new.len() && old.iter().all(|a| new.iter().any(|b| self.alternative(a, b)))
    }

    fn alternative(&self, old: &Alternative, new: &Alternative) -> bool {
        let Alternative { ty, conditions } = old;
        self.ty(*ty, new.ty) && all(conditions, &new.conditions, |a, b| self.expr(a, b))
    }

    fn trigger(&self, old: &Trigger, new: &Trigger) -> bool {
        match old {
            Trigger::Event(set) => matches!(new, Trigger::Event(other) if self.set(*set, *other)),
            Trigger::Count { set, times, within, without } => {
                matches!(new, Trigger::Count { set: other, times: other_times, within: other_within, without: other_without }
                    if times == other_times
                        && within == other_within
                        && self.set(*set, *other)
                        && both(without.as_ref(), other_without.as_ref(), |a, b| self.set(*a, *b)))
            }
            Trigger::Follows { set, within, after } => {
                matches!(new, Trigger::Follows { set: other, within: other_within, after: other_after }
                    if within == other_within && self.set(*set, *other) && self.set(*after, *other_after))
            }
            Trigger::AbsentAfter { set, within, after } => {
                matches!(new, Trigger::AbsentAfter { set: other, within: other_within, after: other_after }
                    if within == other_within && self.set(*set, *other) && self.set(*after, *other_after))
            }
            // `silent 7d` is another way to say `no engagement for 7d`.
            Trigger::Absent { set, length, silent: _ } => {
                matches!(new, Trigger::Absent { set: other, length: other_length, silent: _ }
                    if length == other_length && self.set(*set, *other))
            }
            Trigger::Idle { length } => {
                matches!(new, Trigger::Idle { length: other } if length == other) && self.finals()
            }
            Trigger::Score { score, upward, inclusive, value } => {
                matches!(new, Trigger::Score { score: other, upward: up, inclusive: with, value: line }
                    if upward == up && inclusive == with && number(*value, *line) && self.score_id(*score, *other))
            }
            Trigger::Becomes(tier) => matches!(new, Trigger::Becomes(other) if self.tier(*tier, *other)),
            Trigger::Leaves(tier) => matches!(new, Trigger::Leaves(other) if self.tier(*tier, *other)),
            Trigger::Finished(id) => matches!(new, Trigger::Finished(other) if self.sequence_id(*id, *other)),
            Trigger::Enrolled(id) => matches!(new, Trigger::Enrolled(other) if self.sequence_id(*id, *other)),
            Trigger::Exited(id) => matches!(new, Trigger::Exited(other) if self.sequence_id(*id, *other)),
            Trigger::Every { length } => matches!(new, Trigger::Every { length: other } if length == other),
            Trigger::EveryWeekday { days, at } => {
                matches!(new, Trigger::EveryWeekday { days: other, at: other_at } if days == other && at == other_at)
            }
        }
    }

    fn state(&self, old: &State, new: &State) -> bool {
        match old {
            State::Tier(tier) => matches!(new, State::Tier(other) if self.tier(*tier, *other)),
            State::In(id) => matches!(new, State::In(other) if self.sequence_id(*id, *other)),
            State::Suppressed => matches!(new, State::Suppressed),
            State::Idle => matches!(new, State::Idle) && self.finals(),
            State::Not(inner) => matches!(new, State::Not(other) if self.state(inner, other)),
            State::And(a, b) => matches!(new, State::And(c, d) if self.state(a, c) && self.state(b, d)),
            State::Or(a, b) => matches!(new, State::Or(c, d) if self.state(a, c) && self.state(b, d)),
        }
    }

    fn effect(&self, old: &Effect, new: &Effect) -> bool {
        let Effect { kind, range: _ } = old;
        self.effect_kind(kind, &new.kind)
    }

    fn effect_kind(&self, old: &EffectKind, new: &EffectKind) -> bool {
        use EffectKind::*;
        match old {
            Tier(tier) => matches!(new, Tier(other) if self.tier(*tier, *other)),
            Start(id) => matches!(new, Start(other) if self.sequence_id(*id, *other)),
            Stop => matches!(new, Stop),
            StopSequence(id) => matches!(new, StopSequence(other) if self.sequence_id(*id, *other)),
            StopAccount => matches!(new, StopAccount),
            StopAll => matches!(new, StopAll),
            Hold { account, until } => {
                matches!(new, Hold { account: whole, until: other } if account == whole && self.hold_end(until, other))
            }
            Resume => matches!(new, Resume),
            Suppress { reach, length } => matches!(new, Suppress { reach: other, length: other_length }
                if length == other_length && both(reach.as_ref(), other.as_ref(), |a, b| self.reach(*a, *b))),
            Unsuppress { reach } => matches!(new, Unsuppress { reach: other }
                if both(reach.as_ref(), other.as_ref(), |a, b| self.reach(*a, *b))),
            Send { channel, content, timing, expires } => {
                matches!(new, Send { channel: other, content: other_content, timing: other_timing, expires: other_expires }
                    if self.channel(*channel, *other)
                        && contents(content, other_content)
                        && self.timing(timing, other_timing)
                        && self.expiry(expires.as_ref(), other_expires.as_ref()))
            }
            Alert { to, text, expires } => matches!(new, Alert { to: other, text: said, expires: new }
                if to == other && text == said && self.expiry(expires.as_ref(), new.as_ref())),
            Escalate { to, text, expires } => matches!(new, Escalate { to: other, text: said, expires: new }
                if to == other && text == said && self.expiry(expires.as_ref(), new.as_ref())),
            Assign(value) => matches!(new, Assign(other) if self.expr(value, other)),
            Set { fact, value } => {
                matches!(new, Set { fact: other, value: given } if self.fact(*fact, *other) && self.expr(value, given))
            }
            Add { score, amount } => matches!(new, Add { score: other, amount: given }
                if self.score_id(*score, *other) && self.expr(amount, given)),
            Tag(tag) => matches!(new, Tag(other) if self.tag(*tag, *other)),
            Untag(tag) => matches!(new, Untag(other) if self.tag(*tag, *other)),
            Webhook(name) => matches!(new, Webhook(other) if name == other),
        }
    }

    fn hold_end(&self, old: &HoldEnd, new: &HoldEnd) -> bool {
        match old {
            HoldEnd::After(length) => matches!(new, HoldEnd::After(other) if length == other),
            HoldEnd::Until(moment) => matches!(new, HoldEnd::Until(other) if self.expr(moment, other)),
        }
    }

    fn expiry(&self, old: Option<&Expiry>, new: Option<&Expiry>) -> bool {
        both(old, new, |old, new| match (old, new) {
            (Expiry::After(old), Expiry::After(new)) => old == new,
            (Expiry::At(old), Expiry::At(new)) => self.expr(old, new),
            (Expiry::After(_), Expiry::At(_)) | (Expiry::At(_), Expiry::After(_)) => false,
        })
    }

    fn timing(&self, old: &Timing, new: &Timing) -> bool {
        match old {
            Timing::Now => matches!(new, Timing::Now),
            Timing::In { length, at } => {
                matches!(new, Timing::In { length: other, at: other_at } if length == other && at == other_at)
            }
            Timing::At(at) => matches!(new, Timing::At(other) if at == other),
            Timing::Next { day, at } => {
                matches!(new, Timing::Next { day: other, at: other_at } if day == other && at == other_at)
            }
            Timing::Before { length, moment } => matches!(new, Timing::Before { length: other, moment: other_moment }
                if length == other && self.expr(moment, other_moment)),
            Timing::After { length, moment } => matches!(new, Timing::After { length: other, moment: other_moment }
                if length == other && self.expr(moment, other_moment)),
        }
    }

    fn condition(&self, old: Option<&Expr>, new: Option<&Expr>) -> bool {
        both(old, new, |a, b| self.expr(a, b))
    }

    /// Whether two expressions ask the same.
    #[must_use]
    pub fn expr(&self, old: &Expr, new: &Expr) -> bool {
        let two = |a: &Expr, b: &Expr, c: &Expr, d: &Expr| self.expr(a, c) && self.expr(b, d);
        let list = |a: &[Expr], b: &[Expr]| all(a, b, |a, b| self.expr(a, b));
        match old {
            Expr::Constant(value) => matches!(new, Expr::Constant(other) if value == other),
            Expr::DateTime { days, clock } => {
                matches!(new, Expr::DateTime { days: other, clock: time } if days == other && clock == time)
            }
            Expr::Fact(id) => matches!(new, Expr::Fact(other) if self.fact(*id, *other)),
            Expr::Prop(id) => matches!(new, Expr::Prop(other) if self.prop(*id, *other)),
            Expr::Tier => matches!(new, Expr::Tier),
            Expr::Score(id) => matches!(new, Expr::Score(other) if self.score_id(*id, *other)),
            Expr::Touches => matches!(new, Expr::Touches),
            Expr::Now => matches!(new, Expr::Now),
            Expr::Count(set, span) => {
                matches!(new, Expr::Count(other, other_span) if span == other_span && self.set(*set, *other))
            }
            Expr::DaysSince(set) => matches!(new, Expr::DaysSince(other) if self.set(*set, *other)),
            Expr::Pending(a, b) => {
                matches!(new, Expr::Pending(c, d) if self.set(*a, *c) && self.set(*b, *d))
            }
            Expr::Attempts => matches!(new, Expr::Attempts),
            Expr::Has(inner) => matches!(new, Expr::Has(other) if self.expr(inner, other)),
            Expr::Default(a, b) => matches!(new, Expr::Default(c, d) if two(a, b, c, d)),
            Expr::Not(inner) => matches!(new, Expr::Not(other) if self.expr(inner, other)),
            Expr::Negate(inner) => matches!(new, Expr::Negate(other) if self.expr(inner, other)),
            Expr::And(a, b) => matches!(new, Expr::And(c, d) if two(a, b, c, d)),
            Expr::Or(a, b) => matches!(new, Expr::Or(c, d) if two(a, b, c, d)),
            Expr::Compare(op, a, b) => matches!(new, Expr::Compare(other, c, d) if op == other && two(a, b, c, d)),
            Expr::In(a, b) => matches!(new, Expr::In(c, d) if two(a, b, c, d)),
            Expr::List(items) => matches!(new, Expr::List(others) if list(items, others)),
            Expr::Arithmetic(op, a, b) => {
                matches!(new, Expr::Arithmetic(other, c, d) if op == other && two(a, b, c, d))
            }
            Expr::Call { script, function, args, range: _ } => {
                matches!(new, Expr::Call { script: other, function: name, args: others, range: _ }
                    if function == name && self.script(*script, *other) && list(args, others))
            }
        }
    }

    fn sequence_id(&self, old: SequenceId, new: SequenceId) -> bool {
        self.sequences.get(old).copied().flatten() == Some(new)
    }

    fn tier(&self, old: TierId, new: TierId) -> bool {
        called(&self.old.tiers, old, &self.new.tiers, new)
    }

    /// Whether the same tiers need no next step.
    fn finals(&self) -> bool {
        let finals = |book: &Rulebook| -> Vec<String> {
            book.tiers.iter().filter(|tier| tier.is_final).map(|tier| tier.name.clone()).collect()
        };
        finals(self.old) == finals(self.new)
    }

    fn reach(&self, old: Reach, new: Reach) -> bool {
        match (old, new) {
            (Reach::Channel(old), Reach::Channel(new)) => self.channel(old, new),
            (Reach::Topic(old), Reach::Topic(new)) => called(&self.old.topics, old, &self.new.topics, new),
            _ => false,
        }
    }

    fn channel(&self, old: ChannelId, new: ChannelId) -> bool {
        called(&self.old.channels, old, &self.new.channels, new)
    }

    fn fact(&self, old: FactId, new: FactId) -> bool {
        called(&self.old.facts, old, &self.new.facts, new)
    }

    fn prop(&self, old: PropId, new: PropId) -> bool {
        called(&self.old.props, old, &self.new.props, new)
    }

    fn tag(&self, old: TagId, new: TagId) -> bool {
        called(&self.old.tags, old, &self.new.tags, new)
    }

    fn score_id(&self, old: ScoreId, new: ScoreId) -> bool {
        called(&self.old.scores, old, &self.new.scores, new)
    }

    fn ty(&self, old: TypeId, new: TypeId) -> bool {
        called(&self.old.types, old, &self.new.types, new)
    }

    /// A script is what its text says.
    fn script(&self, old: ScriptId, new: ScriptId) -> bool {
        let text =
            |book: &'a Rulebook, id: ScriptId| book.scripts.get(id).map(|script| book.sources.text(script.range));
        both(text(self.old, old), text(self.new, new), |a, b| a == b)
    }
}

/// By old name: the place of the new part that has it, else of the first that had it before.
pub(crate) fn renamed(old: &[&str], new: &[(&str, Option<&str>)]) -> Vec<Option<u16>> {
    let place = |name: &&str| {
        let is = new.iter().position(|(own, _)| own == name);
        // A part that kept its name is what it was, whatever it says it was called.
        let was = || new.iter().position(|(own, was)| *was == Some(*name) && !old.contains(own));
        is.or_else(was).map(|at| at as u16)
    };
    old.iter().map(place).collect()
}

fn called<Id: TableId, T: Named>(old: &Table<Id, T>, id: Id, new: &Table<Id, T>, other: Id) -> bool {
    both(old.get(id), new.get(other), |a, b| a.name() == b.name())
}

/// Both missing, or both there and the same.
fn both<T>(old: Option<T>, new: Option<T>, same: impl FnOnce(T, T) -> bool) -> bool {
    match (old, new) {
        (None, None) => true,
        (Some(old), Some(new)) => same(old, new),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

fn all<T>(old: &[T], new: &[T], same: impl Fn(&T, &T) -> bool) -> bool {
    old.len() == new.len() && old.iter().zip(new).all(|(a, b)| same(a, b))
}

fn number(old: Decimal, new: Decimal) -> bool {
    old == new
}

fn limits(old: &Limit, new: &Limit) -> bool {
    match old {
        Limit::Once => matches!(new, Limit::Once),
        Limit::AtMostOncePer(span) => matches!(new, Limit::AtMostOncePer(other) if span == other),
    }
}

fn agains(old: Again, new: Again) -> bool {
    match old {
        Again::Always => matches!(new, Again::Always),
        Again::After(length) => matches!(new, Again::After(other) if length == other),
        Again::Never => matches!(new, Again::Never),
    }
}

fn decays(old: Decay, new: Decay) -> bool {
    match old {
        Decay::None => matches!(new, Decay::None),
        Decay::HalfLife(span) => matches!(new, Decay::HalfLife(other) if span == other),
        Decay::Window(span) => matches!(new, Decay::Window(other) if span == other),
    }
}

fn whens(old: When, new: When) -> bool {
    match old {
        When::Days(first, last) => matches!(new, When::Days(from, to) if (first, last) == (from, to)),
        When::Later(length) => matches!(new, When::Later(other) if length == other),
    }
}

fn times(old: &TouchTime, new: &TouchTime) -> bool {
    match old {
        TouchTime::Any => matches!(new, TouchTime::Any),
        TouchTime::At(at) => matches!(new, TouchTime::At(other) if at == other),
        TouchTime::Part(name, from, to) => {
            matches!(new, TouchTime::Part(other, start, end) if (name, from, to) == (other, start, end))
        }
    }
}

fn contents(old: &Content, new: &Content) -> bool {
    match old {
        Content::Template(name) => matches!(new, Content::Template(other) if name == other),
        Content::Text(text) => matches!(new, Content::Text(other) if text == other),
    }
}

#[cfg(test)]
mod tests;

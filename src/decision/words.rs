//! Reasons and moves in words: the one place that has them, for lines, timelines and explanations.

use std::fmt::Write as _;

use chrono::{Datelike, NaiveDateTime, Timelike};

use super::names::Names;
use super::reason::{Awaited, Barred, Breach, Decider, HaltScope, Move, Note, Reason};
use super::{Cause, Decision};
use crate::local::{Zone, rfc3339};
use crate::rulebook::{ChannelId, Rulebook, SequenceId, TouchTime, When};
use crate::timestamp::Span;

/// What is said of what rests on history that was loaded.
pub(crate) const BACKFILL: &str = "backfill";

/// What is said of something that the rulebook no longer has.
pub(crate) const REMOVED: &str = "removed from the rulebook";

impl Names<'_> {
    /// Why a decision is as it is, in words; `None` where there is nothing to say.
    #[must_use]
    pub fn why(&self, decision: &Decision) -> Option<String> {
        let steps = self.why_by_steps(decision);
        (!steps.is_empty()).then(|| steps.join(" -> "))
    }

    /// The same, the moves of its time one by one.
    #[must_use]
    pub fn why_by_steps(&self, decision: &Decision) -> Vec<String> {
        let zone = decision.body.zone().unwrap_or(decision.zone);
        let mut steps = decision.body.reason().map_or_else(Vec::new, |reason| self.steps(reason, zone));
        if let (Some(last), Some(due)) = (steps.last_mut(), decision.body.was_due()) {
            let _ = write!(last, "; was due {}", rfc3339(due, zone));
        }
        steps
    }

    /// A reason in words, its moments on the clock of a zone.
    #[must_use]
    pub fn reason(&self, reason: &Reason, zone: Zone) -> String {
        self.steps(reason, zone).join(" -> ")
    }

    /// A reason in words, the moves of its time one by one.
    #[must_use]
    pub fn steps(&self, reason: &Reason, zone: Zone) -> Vec<String> {
        let at = |at| rfc3339(at, zone);
        let behind = |moves: &[Move]| told(moves);
        let one = match reason {
            Reason::Moved(moves) | Reason::NoPlace(moves) => return told(moves),
            Reason::Waited { awaited, until, moves } => {
                let what = match &**awaited {
                    Awaited::Approval => format!("was not approved by {}", at(*until)),
                    Awaited::Value(_)
                    | Awaited::Template { .. }
                    | Awaited::Invariant(..)
                    | Awaited::Halted(_)
                    | Awaited::Hold(_) => {
                        format!("{}; waited until {}", self::awaited(awaited), at(*until))
                    }
                };
                return after(what, behind(moves));
            }
            Reason::NotInTime { deadline, moves } => {
                return after(format!("could not be sent by {}", at(*deadline)), behind(moves));
            }
            Reason::NotBefore { before, moves } => {
                return after(format!("could not be sent before {}", at(*before)), behind(moves));
            }
            Reason::PutOff { length, moves } => {
                return after(format!("put off for {} days", length.0 / Span::days(1).0), behind(moves));
            }
            Reason::Awaits(awaited) => self::awaited(awaited),
            Reason::ConditionFails(sequence, touch) => condition_fails(self.rulebook, *sequence, *touch),
            Reason::SkippedByHand => String::from("skipped by hand"),
            Reason::PutInPast(due) => format!("the changed rulebook puts it at {}, which is past", at(*due)),
            Reason::ChannelSuppressed(reach, by) => {
                format!("{} suppressed by {}", self.reach(Some(*reach)), decider(by))
            }
            Reason::NoAddress(fact) => format!("no {}", self.rulebook.facts.name(*fact)),
            Reason::AddressBarred(fact, why) => {
                let why = match why {
                    Barred::Bounced => "mail to it came back",
                    Barred::OptedOut => "its owner opted out",
                    Barred::Complained => "its owner complained",
                    Barred::Erased => "it is that of somebody who was erased",
                };
                format!("{} may not be used: {why}", self.rulebook.facts.name(*fact))
            }
            Reason::SameAddress(other) => format!("same address as {}", self.log.lead_name(*other)),
            Reason::NoLongerSo => String::from("no longer so"),
            Reason::Requires(channel, place) => requires(self.rulebook, *channel, *place),
            Reason::NeverOpen(channel, refusal) => format!("{} is never open: {refusal}", self.channel(*channel)),
            Reason::NoChannel => String::from("the channel does not exist"),
            Reason::NoneOf(reasons) => {
                reasons.iter().map(|reason| self.reason(reason, zone)).collect::<Vec<_>>().join("; ")
            }
            Reason::NotOpenBefore(channel, moment) => {
                format!("{} is not open in time before {}", self.channel(*channel), at(*moment))
            }
            Reason::TimeMissing => String::from("the time it is counted from is missing"),
            Reason::TooLate { length, before, was } => format!("{length} before {} was {}", at(*before), at(*was)),
            Reason::NoSuchTime => String::from("there is no such time"),
            Reason::HeldBy(by) => format!("held by {}", decider(by)),
            Reason::Behind(sequence, touch) => {
                format!("after {}", self.touch_at(*sequence, *touch).map_or("", |touch| touch.id.as_str()))
            }
            Reason::Finished => String::from("finished"),
            Reason::Left(tier) => format!("left {}", self.tier(*tier)),
            Reason::Started(sequence) => format!("started {}", self.sequence(*sequence)),
            Reason::StoppedBy(cause, age) => late(format!("stopped by {}", self.doer(*cause)), *age),
            Reason::ExitOn(set, age) => {
                let set = self.rulebook.sets.get(*set).map_or("", |set| set.text.as_str());
                late(format!("exit on {set}"), *age)
            }
            Reason::SuppressedBy(by, age) => late(format!("suppressed by {}", decider(by)), *age),
            Reason::Removed => String::from(REMOVED),
            Reason::NeverAgain => String::from("never again"),
            Reason::AgainAfter(length) => format!("again after {length}"),
            Reason::TierLocked => String::from("the tier is locked by hand"),
            Reason::OverriddenBy(rule) => format!("overridden by {}", self.doer(Cause::Rule(*rule, 0))),
            Reason::Once => String::from("once: it has fired for this lead before"),
            Reason::AtMostOncePer(length) => format!("at most once per {}", length.in_words()),
            Reason::TimePassed => String::from("the time had passed"),
            Reason::Backfill => format!("{BACKFILL}: nothing goes out for history"),
            Reason::Stale { age, limit } => {
                format!("stale: {} old, older than stale_after {}", age.in_words(), limit.in_words())
            }
            Reason::Older { of, known } => format!("older: of {}, known since {}", at(*of), at(*known)),
            Reason::HoldEndMissing => String::from("no hold: the time it would end at is missing"),
            Reason::PausedByHand => String::from("paused by hand"),
            Reason::NotUndone(by) => {
                let whose = if *by == Decider::Person { "a suppression by hand" } else { decider(by) };
                format!("{whose} cannot be undone by a rule")
            }
            Reason::UnknownChannel(name) => format!("there is no channel `{name}`"),
            Reason::UnknownTier(name) => format!("there is no tier `{name}`"),
            Reason::NoTouchAhead(name) => format!("no touch `{name}` lies ahead"),
            Reason::NothingToApprove(Some(name)) => format!("no touch `{name}` waits for approval"),
            Reason::NothingToApprove(None) => String::from("no touch waits for approval"),
            Reason::Breach(breach) => self::breach(breach),
        };
        vec![one]
    }

    /// Who decided, by name: a rule's label, `hand`.
    fn doer(&self, cause: Cause) -> &str {
        match cause {
            Cause::Rule(rule, _) => self.rulebook.rules.name(rule),
            Cause::Sequence(sequence, _) => self.sequence(sequence),
            Cause::Score(score) => self.rulebook.scores.name(score),
            Cause::Person => decider(&Decider::Person),
            Cause::Change => decider(&Decider::Change),
        }
    }
}

/// What is said of something with how it came to its time behind it.
fn after(what: String, mut steps: Vec<String>) -> Vec<String> {
    match steps.first_mut() {
        Some(first) => *first = format!("{what}: {first}"),
        None => steps.push(what),
    }
    steps
}

/// What several decisions of one reason have in common, in words: without moments, which are of each alone.
#[must_use]
pub fn in_common(rulebook: &Rulebook, reason: &Reason) -> String {
    match reason {
        Reason::Awaits(what) | Reason::Waited { awaited: what, .. } => awaited(what),
        Reason::ConditionFails(sequence, touch) => condition_fails(rulebook, *sequence, *touch),
        Reason::Requires(channel, place) => requires(rulebook, *channel, *place),
        other => other.code().meaning().to_owned(),
    }
}

fn condition_fails(rulebook: &Rulebook, sequence: SequenceId, touch: u16) -> String {
    let condition = rulebook.touch(sequence, touch).map_or("", |touch| touch.condition_text.as_str());
    format!("if {condition} does not hold")
}

fn requires(rulebook: &Rulebook, channel: ChannelId, place: usize) -> String {
    let channel = rulebook.channels.get(channel);
    let required = channel.and_then(|channel| channel.requires.get(place));
    let name = channel.map_or("", |channel| channel.name.as_str());
    format!("{name} requires {}", required.map_or("", |(_, text)| text.as_str()))
}

/// What something waits for, in words.
#[must_use]
pub fn awaited(awaited: &Awaited) -> String {
    match awaited {
        Awaited::Approval => String::from("waits for approval"),
        Awaited::Value(variable) => format!("{variable} is missing"),
        Awaited::Template { template, line, message } => format!("template {template} line {line}: {message}"),
        Awaited::Hold(by) => format!("held by {}", decider(by)),
        Awaited::Invariant(name, why) => format!("breaks invariant {name}: {}", breach(why)),
        Awaited::Halted(scope) => format!("{} halted", halt(scope)),
    }
}

/// `all is`, `sequence hot_leads is`: what is halted.
#[must_use]
pub fn halt(scope: &HaltScope) -> String {
    match scope {
        HaltScope::All => String::from("all is"),
        HaltScope::Sequence(name) => format!("sequence {name} is"),
        HaltScope::Channel(name) => format!("channel {name} is"),
        HaltScope::Rule(name) => format!("rule {name} is"),
    }
}

/// Why a message would break an invariant, in words.
fn breach(breach: &Breach) -> String {
    match breach {
        Breach::After(event) => format!("after {event}"),
        Breach::Already { sent, per } => format!("{sent} in {per} already"),
    }
}

/// Who decided, by name: a rule's label, `hand`.
#[must_use]
pub fn decider(by: &Decider) -> &str {
    match by {
        Decider::Rule(label) => label,
        Decider::Person => "hand",
        Decider::Change => "a changed rulebook",
    }
}

/// `by bob: on holiday`
#[must_use]
pub fn note(note: &Note) -> String {
    let mut text = String::from("by ");
    text.push_str(note.by.as_deref().unwrap_or("a person"));
    if let Some(why) = &note.why {
        let _ = write!(text, ": {why}");
    }
    text
}

fn late(reason: String, age: Span) -> String {
    if age.0 > 0 { format!("{reason}, {} late", age.in_words()) } else { reason }
}

/// So many causes of moves are told one by one.
const TOLD: usize = 5;

/// Moves in words. Of many, those that are alike are told once, with how often; five at most, the last one
/// among them, since it led to the time that it has.
fn told(moves: &[Move]) -> Vec<String> {
    let causes = moves.iter().filter(|one| one.code().is_some());
    if causes.clone().count() <= TOLD {
        return moves.iter().map(step).collect();
    }
    let mut groups: Vec<(String, usize)> = Vec::new();
    for cause in causes.map(step) {
        match groups.iter_mut().find(|(other, _)| *other == cause) {
            Some((_, times)) => *times += 1,
            None => groups.push((cause, 1)),
        }
    }
    if groups.len() > TOLD {
        let last = groups.pop();
        groups.truncate(TOLD - 1);
        groups.extend(last);
    }
    let told = |(cause, times): (String, usize)| if times > 1 { format!("{cause} x {times}") } else { cause };
    let (first, last) = (moves.first(), moves.last());
    let place = |one: &&Move| one.code().is_none();
    let mut steps: Vec<String> = first.filter(place).into_iter().map(step).collect();
    steps.extend(groups.into_iter().map(told));
    steps.extend(last.filter(place).map(step));
    steps
}

/// A move in words.
fn step(step: &Move) -> String {
    match step {
        Move::Nominal { when, time, date } => {
            let day = match when {
                When::Days(from, to) if from == to => format!("day {from}"),
                When::Days(from, to) => format!("day {from}..{to}"),
                When::Later(length) => format!("+{length}"),
            };
            let time = match time {
                TouchTime::At(at) => format!(" {at}"),
                TouchTime::Part(name, ..) => format!(" {name}"),
                TouchTime::Any => String::new(),
            };
            format!("{day}{time} {}", date.weekday())
        }
        Move::Place(local) => place(*local),
        Move::ByHand => String::from("moved by hand"),
        Move::Held(length) => format!("held {}", length.in_words()),
        Move::Best(When::Days(from, to)) => format!("best of days {from}..{to}"),
        Move::Best(When::Later(length)) => format!("best of days +{length}"),
        Move::Closed(refusal) => refusal.to_string(),
        Move::ChannelClosed(channel, refusal) => format!("{channel} {refusal}"),
        Move::Cap { count, per, scope } => {
            let scope = scope.word();
            format!("cap {count} per {per} per {scope}")
        }
        Move::Gap(length, touch) => format!("gap {length} after {touch}"),
        Move::Past => String::from("already past"),
        Move::Waited(for_what) => awaited(for_what),
    }
}

/// `Tue 10:00`; seconds only where there are any.
fn place(local: NaiveDateTime) -> String {
    let (day, hour, minute) = (local.weekday(), local.hour(), local.minute());
    match local.second() {
        0 => format!("{day} {hour:02}:{minute:02}"),
        second => format!("{day} {hour:02}:{minute:02}:{second:02}"),
    }
}

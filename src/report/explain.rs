//! Explanations for people, as a tree, and as one JSON object.

mod json;

use std::fmt::Write as _;

use crate::decimal::Decimal;
use crate::decision::{Body, Cause, Decision, Reason};
use crate::explain::words::{ClauseWords, number_words};
use crate::explain::{
    Answer, Clause, ClauseKind, EventWhy, Explanation, Former, LeftOut, Link, OlderWhy, Origin, Route, ScoreWhy, Tried,
    Why,
};
use crate::local::Zone;
use crate::timestamp::Timestamp;
use crate::value::Value;

use super::timeline::{clock, paint, tint, words};
use crate::decision::names::Names;
use crate::decision::words::{REMOVED, note};
use crate::words::{many, times};
pub use json::json;

/// So many events are listed by name; of more, only how many there are.
const LISTED: usize = 8;

/// The explanation as people read it.
#[must_use]
pub fn human(names: &Names<'_>, explanation: &Explanation, color: bool) -> String {
    let words = ClauseWords { rulebook: names.rulebook, zone: explanation.zone };
    let mut tree = Tree { names: *names, former: &explanation.former, words, color, text: String::new() };
    tree.head(explanation);
    explanation.decided.iter().for_each(|why| tree.why(why));
    if explanation.answers.is_empty() {
        tree.ahead(&explanation.ahead);
    }
    explanation.answers.iter().for_each(|answer| tree.answer(answer));
    tree.text
}

/// The last line: `explain: 12 decisions, 3 scheduled`.
#[must_use]
pub fn summary(explanation: &Explanation) -> String {
    let decided: usize = explanation.decided.iter().map(|why| why.did.len()).sum();
    let answers = explanation.answers.len();
    let answers = if answers == 0 { String::new() } else { format!(", {}", many(answers, "answer")) };
    format!("explain: {}, {} scheduled{answers}", many(decided, "decision"), explanation.ahead.len())
}

impl Former {
    /// The names of this rulebook, on the same log.
    pub(super) fn names<'a>(&'a self, names: &Names<'a>) -> Names<'a> {
        Names { rulebook: &self.plan.rulebook, log: names.log }
    }
}

/// Text that grows.
struct Tree<'a> {
    names: Names<'a>,
    former: &'a [Former],
    words: ClauseWords<'a>,
    color: bool,
    text: String,
}

impl<'a> Tree<'a> {
    /// The names of a rulebook, and what it is called where it is no longer in force.
    fn era(&self, era: usize) -> (Names<'a>, Option<String>) {
        let Some(former) = self.former.get(era) else { return (self.names, None) };
        let until = self.words.clock(former.until);
        (former.names(&self.names), Some(format!("rulebook {}, in force until {until}", former.ruleset)))
    }

    fn line(&mut self, indent: usize, text: &str, tint: &str) {
        let _ = writeln!(self.text, "{}", paint(&format!("{:indent$}{}", "", text.trim_end()), tint, self.color));
    }

    fn head(&mut self, explanation: &Explanation) {
        let lead = self.names.log.lead_name(explanation.lead);
        let at = clock(explanation.at, explanation.zone);
        self.line(0, &format!("{lead}: {}, as of {at}", explanation.zone.name()), "1");
        let stands = &explanation.stands;
        let since = |since: Option<Timestamp>| {
            since.map_or_else(String::new, |since| format!(" since {}", self.words.clock(since)))
        };
        let tier = stands.tier.as_ref();
        let none = || (!self.names.rulebook.tiers.is_empty()).then(|| String::from("in no tier"));
        let tier = tier.map_or_else(none, |(tier, at)| Some(format!("{tier}{}", since(*at))));
        let sequences = stands.sequences.iter().map(|(name, n, at)| format!("in {name} #{n}{}", since(Some(*at))));
        let touches = (stands.touches > 0).then(|| format!("{} since the last reply", many(stands.touches, "touch")));
        let all: Vec<String> = tier.into_iter().chain(sequences).chain(touches).collect();
        if !all.is_empty() {
            self.line(2, &all.join("; "), "0");
        }
        for barred in &stands.barred {
            self.line(2, barred, "31");
        }
        let hidden = stands.older.len().saturating_sub(LISTED);
        if hidden > 0 {
            self.line(2, &format!("{} earlier", many(hidden, "older value")), "2");
        }
        for older in stands.older.iter().skip(hidden) {
            let text = self.older(older, explanation.zone);
            self.line(2, &text, "2");
        }
        if let Some(last) = self.former.last() {
            let changed = match self.former.len() {
                1 => String::from("changed"),
                times => format!("changed {times} times, last"),
            };
            self.line(2, &format!("rulebook {changed} {}", self.words.clock(last.until)), "0");
        }
        for score in stands.scores.iter().filter(|score| score.worth != Decimal::ZERO) {
            let text = self.score(score);
            self.line(2, &text, "0");
        }
        self.text.push('\n');
    }

    /// `plan "trial" dropped, older: of ..., known since ... (e3 events.jsonl:3)`
    fn older(&self, older: &OlderWhy, zone: Zone) -> String {
        let event = older.event.as_ref().map_or_else(String::new, |event| format!(" ({} {})", event.id, event.place));
        let value = match &older.value {
            Value::Missing => String::from("empty"),
            value => self.words.value(value),
        };
        format!(
            "{} {value} dropped, {}{event}",
            older.name,
            self.names.reason(&Reason::Older { of: older.of, known: older.known }, zone)
        )
    }

    /// `engagement 25 = 5 (e2, +5 3d ago) + ...`
    fn score(&self, score: &ScoreWhy) -> String {
        let part = |part: &crate::decision::Part| {
            let event = part.event.map_or("a rule", |event| self.names.log.event_id(event));
            format!("{} ({event}, {:+} {} ago)", number_words(part.worth), part.points, part.age.in_words())
        };
        let hidden = score.parts.len().saturating_sub(LISTED);
        let mut parts: Vec<String> = score.parts.iter().skip(hidden).map(part).collect();
        if hidden > 0 {
            let older: Decimal = score.parts.iter().take(hidden).map(|part| part.worth).sum();
            parts.insert(0, format!("{} ({hidden} older)", number_words(older)));
        }
        let sum = if parts.is_empty() { String::new() } else { format!(" = {}", parts.join(" + ")) };
        format!("{} {}{sum}", score.name, number_words(score.worth))
    }

    fn source(&mut self, indent: usize, title: &str, source: &Origin) {
        self.line(indent, title, "1");
        if !source.place.is_empty() {
            self.line(indent + 2, &format!("--> {}", source.place), "34");
            self.line(indent + 3, &format!("| {}", source.line), "0");
        }
        if let Some(why) = &source.why {
            self.line(indent + 3, &format!("= why: {why}"), "0");
        }
    }

    fn why(&mut self, why: &Why) {
        let at = why.did.first().map_or_else(String::new, |decision| clock(decision.at, decision.zone));
        let by_hand = why.did.first().and_then(|decision| decision.note.as_deref());
        let removed = Some(&Reason::Removed);
        let by_change = |decision: &Decision| decision.cause == Cause::Change && decision.body.reason() == removed;
        let changed = why.did.first().is_some_and(by_change);
        let name = match by_hand {
            Some(_) => "by hand",
            None if changed => "by a change of the rulebook",
            None => why.by.name.as_str(),
        };
        self.source(0, &format!("{at}  {name}"), &why.by);
        if let Some(by_hand) = by_hand {
            self.line(3, &format!("= {}", note(by_hand)), "0");
        }
        if changed {
            self.line(3, &format!("= {REMOVED}"), "0");
        }
        let (names, former) = self.era(why.era);
        if let Some(former) = former {
            self.line(3, &format!("= {former}"), "33");
        }
        why.did.iter().for_each(|decision| self.decision(&names, decision));
        for link in &why.chain {
            self.link(link);
        }
        let told: Vec<&str> =
            why.clauses.iter().flat_map(|clause| &clause.events).map(|event| event.id.as_str()).collect();
        let rest: Vec<&str> = why.events.iter().map(event_name).filter(|id| !told.contains(id)).collect();
        for clause in &why.clauses {
            self.clause(4, clause);
        }
        if !rest.is_empty() {
            self.line(4, &format!("rests on   {}", rest.join(", ")), "0");
        }
        let shown = |score: &&ScoreWhy| {
            why.clauses.iter().all(|clause| clause.score.as_ref().is_none_or(|other| other.name != score.name))
        };
        for score in why.scores.iter().filter(shown) {
            let text = self.score(score);
            self.line(6, &text, "0");
        }
        self.text.push('\n');
    }

    /// What was decided, and each move of its time on a line of its own.
    fn decision(&mut self, names: &Names<'_>, decision: &Decision) {
        let (verb, what) = words(names, decision);
        let told = matches!(decision.body, Body::Exit { .. } | Body::Muted(_) | Body::Tier { .. });
        let steps = if told { Vec::new() } else { on_lines(names.why_by_steps(decision)) };
        let (only, steps) = match steps.as_slice() {
            [only] => (format!(": {only}"), [].as_slice()),
            steps => (String::new(), steps),
        };
        self.line(4, &format!("{verb:10} {what}{only}"), tint(verb));
        for step in steps {
            self.line(15, step, "2");
        }
    }

    fn link(&mut self, link: &Link) {
        let text =
            format!("after      {} {}, {} {}", self.words.clock(link.at), link.what, link.by.name, link.by.place);
        self.line(4, &text, "0");
    }

    fn clause(&mut self, indent: usize, clause: &Clause) {
        let (mark, tint) = match clause.holds {
            Some(true) => ("yes", "32"),
            Some(false) => ("no", "31"),
            None => ("?", "33"),
        };
        let values = clause.values.iter().map(|found| format!("{} is {}", found.name, self.words.value(&found.value)));
        let says = (!clause.says.is_empty()).then(|| clause.says.clone());
        let found: Vec<String> = values.chain(says).collect();
        let found = if found.is_empty() { String::new() } else { format!(": {}", found.join(", ")) };
        self.line(indent, &format!("{mark:4} {:9} {}{found}", clause.kind.word(), clause.text), tint);
        if let Some(needs) = &clause.needs {
            self.line(indent + 15, needs, "33");
        }
        self.events(indent + 15, &clause.events);
        for LeftOut { reason, events } in &clause.left_out {
            let ids: Vec<&str> = events.iter().map(event_name).take(LISTED).collect();
            let more = if events.len() > LISTED { ", ..." } else { "" };
            self.line(indent + 15, &format!("not counted: {} {reason} ({}{more})", events.len(), ids.join(", ")), "2");
        }
        if let Some(score) = &clause.score {
            let text = self.score(score);
            self.line(indent + 15, &text, "0");
        }
        for part in &clause.parts {
            self.clause(indent + 5, part);
        }
    }

    fn events(&mut self, indent: usize, events: &[EventWhy]) {
        let hidden = events.len().saturating_sub(LISTED);
        if hidden > 0 {
            self.line(indent, &format!("{} earlier", many(hidden, "event")), "0");
        }
        let shown: Vec<&EventWhy> = events.iter().skip(hidden).collect();
        let width = |part: fn(&EventWhy) -> &str| shown.iter().map(|e| part(e).chars().count()).max().unwrap_or(0);
        let (id, ty) = (width(|e| &e.id), width(|e| &e.ty));
        for event in shown {
            let late = event.received_at.map(|at| format!(", learned of {}", self.words.clock(at)));
            let lead = event.lead.as_ref().map(|lead| format!(", lead {lead}"));
            let notes = format!("{}{}", late.unwrap_or_default(), lead.unwrap_or_default());
            let gap = if id == 0 { "" } else { "  " };
            let at = self.words.clock(event.at);
            self.line(indent, &format!("{:id$}{gap}{:ty$}  {at}  {}{notes}", event.id, event.ty, event.place), "0");
        }
    }

    fn ahead(&mut self, ahead: &[Decision]) {
        if ahead.is_empty() {
            return;
        }
        self.line(0, "planned", "1");
        for decision in ahead {
            let line = self.names.line(decision);
            let (verb, what) = words(&self.names, decision);
            let by = format!("{} {}", line.rule.as_deref().unwrap_or(""), line.source.as_deref().unwrap_or(""));
            self.line(2, &format!("{}  {verb:10} {what}  {by}", clock(decision.at, decision.zone)), tint(verb));
            for step in on_lines(self.names.why_by_steps(decision)) {
                self.line(15, &step, "2");
            }
        }
        self.text.push('\n');
    }

    fn answer(&mut self, answer: &Answer) {
        self.line(0, &answer.question, "1");
        if answer.happened.is_empty() {
            self.line(2, "has not happened", "0");
        }
        for (word, decisions) in [("happened", &answer.happened), ("instead", &answer.instead)] {
            let together = |(era, a): &(usize, Decision), (other, b): &(usize, Decision)| {
                era == other && a.order == b.order && a.cause == b.cause
            };
            decisions.chunk_by(together).for_each(|decisions| self.answered(word, decisions));
        }
        match &answer.next {
            Some((at, by)) => {
                let text = format!(
                    "next      {}, by {} {}, if nothing else happens",
                    self.words.clock(*at),
                    by.name,
                    by.place
                );
                self.line(2, &text, "36");
            }
            None => self.line(2, "next      not by the passing of time, looked for within a year", "2"),
        }
        if answer.routes.is_empty() {
            self.line(2, "nothing in the rulebook can bring it", "31");
        }
        self.text.push('\n');
        self.routes(2, &answer.routes);
    }

    /// Decisions of one cause at one moment: the first, and how many more.
    fn answered(&mut self, word: &str, decisions: &[(usize, Decision)]) {
        let Some((era, first)) = decisions.first() else { return };
        let (names, former) = self.era(*era);
        let line = names.line(first);
        let (verb, what) = words(&names, first);
        let told = matches!(first.body, Body::Muted(_) | Body::Exit { .. });
        let reason = line.reason.filter(|_| !told).map(|reason| format!(": {reason}")).unwrap_or_default();
        let more = decisions.len() - 1;
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let (at, by) = (clock(first.at, first.zone), line.rule.as_deref().unwrap_or(""));
        let former = former.map(|former| format!(" ({former})")).unwrap_or_default();
        self.line(2, &format!("{word:9} {at}  {verb} {what}{more}, {by}{reason}{former}"), "0");
    }

    fn routes(&mut self, indent: usize, routes: &[Route]) {
        for route in routes {
            self.source(indent, &route.by.name, &route.by);
            for clause in &route.clauses {
                self.clause(indent + 2, clause);
            }
            self.tried(indent + 2, &route.tried);
            if let Some(next) = route.next {
                let text = format!("next {:9} {}, if nothing else happens", "", self.words.clock(next));
                self.line(indent + 2, &text, "36");
            }
            if !route.routes.is_empty() {
                self.line(indent + 2, "which one of these would bring", "0");
            }
            self.routes(indent + 6, &route.routes);
            if indent == 2 {
                self.text.push('\n');
            }
        }
    }

    fn tried(&mut self, indent: usize, tried: &Tried) {
        let Some((at, events, stopped)) = &tried.last else { return };
        let events = if events.is_empty() { String::new() } else { format!(" ({})", events.join(", ")) };
        let stopped = match stopped {
            Some(clause) => format!("stopped by `{}{}`", clause_word(clause.kind), clause.text),
            None => String::from("acted"),
        };
        let text = format!(
            "tried {:8} {} triggered, {} acted; last {}{events}: {stopped}",
            "",
            times(tried.times),
            times(tried.acted),
            self.words.clock(*at)
        );
        self.line(indent, &text, "2");
    }
}

/// The word of the language before a clause, where it has one.
fn clause_word(kind: ClauseKind) -> &'static str {
    match kind {
        ClauseKind::While => "while ",
        ClauseKind::Where => "where ",
        _ => "",
    }
}

fn event_name(event: &EventWhy) -> &str {
    if event.id.is_empty() { &event.ty } else { &event.id }
}

/// Steps of a reason, each one on a line of its own.
fn on_lines(steps: Vec<String>) -> Vec<String> {
    let steps = steps.into_iter().enumerate();
    steps.map(|(n, step)| if n == 0 { step } else { format!("-> {step}") }).collect()
}

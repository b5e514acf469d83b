//! An explanation as one JSON object; its keys are described in the manual.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::decimal::Decimal;
use crate::decision::line::{Line, PartLine, rounded, value_text};
use crate::decision::names::Names;
use crate::decision::{Decision, Part};
use crate::explain::{
    Answer, Clause, EventWhy, Explanation, Former, LeftOut, Link, OlderWhy, Origin, Route, ScoreWhy, Tried, Why,
};
use crate::local::{Zone, rfc3339};
use crate::timestamp::Timestamp;

/// The explanation as one line.
#[must_use]
pub fn json(names: &Names<'_>, explanation: &Explanation) -> String {
    let writer = Writer { names, zone: explanation.zone, former: &explanation.former };
    serde_json::to_string(&writer.whole(explanation)).unwrap_or_default() + "\n"
}

#[derive(Serialize)]
struct Whole<'a> {
    lead: &'a str,
    at: String,
    zone: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    former: Vec<FormerLine<'a>>,
    tier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    sequences: Vec<SequenceLine<'a>>,
    touches: u32,
    scores: Vec<ScoreLine<'a>>,
    barred: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    older: Vec<OlderLine<'a>>,
    decided: Vec<WhyLine<'a>>,
    ahead: Vec<Told<'a>>,
    answers: Vec<AnswerLine<'a>>,
}

#[derive(Serialize)]
struct OlderLine<'a> {
    name: &'a str,
    value: Option<Box<RawValue>>,
    of: String,
    known: String,
    told: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<EventLine<'a>>,
}

#[derive(Serialize)]
struct FormerLine<'a> {
    rulebook: &'a str,
    since: String,
    until: String,
}

#[derive(Serialize)]
struct SequenceLine<'a> {
    sequence: &'a str,
    enrollment: u32,
    since: String,
}

#[derive(Serialize)]
struct ScoreLine<'a> {
    score: &'a str,
    worth: Decimal,
    parts: Vec<PartLine<'a>>,
}

/// A decision as `dry-run` prints it, and the moves of its time in order.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    line: Line<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    moves: Vec<String>,
}

#[derive(Serialize)]
struct WhyLine<'a> {
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rulebook: Option<&'a str>,
    #[serde(flatten)]
    by: SourceLine<'a>,
    did: Vec<Told<'a>>,
    events: Vec<EventLine<'a>>,
    clauses: Vec<ClauseLine<'a>>,
    scores: Vec<ScoreLine<'a>>,
    chain: Vec<LinkLine<'a>>,
}

#[derive(Serialize)]
struct SourceLine<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    rule: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    source: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    line: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
}

#[derive(Serialize)]
struct EventLine<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    id: &'a str,
    #[serde(rename = "type")]
    ty: &'a str,
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    received_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lead: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    place: &'a str,
}

#[derive(Serialize)]
struct ClauseLine<'a> {
    kind: &'static str,
    text: &'a str,
    holds: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    values: Vec<ValueLine<'a>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    says: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    needs: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    events: Vec<EventLine<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<LeftOutLine<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<ScoreLine<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<ClauseLine<'a>>,
}

#[derive(Serialize)]
struct ValueLine<'a> {
    name: &'a str,
    value: Option<Box<RawValue>>,
}

#[derive(Serialize)]
struct LeftOutLine<'a> {
    reason: &'a str,
    events: Vec<EventLine<'a>>,
}

#[derive(Serialize)]
struct LinkLine<'a> {
    at: String,
    what: &'a str,
    rule: &'a str,
    source: &'a str,
}

#[derive(Serialize)]
struct AnswerLine<'a> {
    question: &'a str,
    happened: Vec<PastLine<'a>>,
    instead: Vec<PastLine<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<NextLine<'a>>,
    routes: Vec<RouteLine<'a>>,
}

#[derive(Serialize)]
struct PastLine<'a> {
    #[serde(flatten)]
    told: Told<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rulebook: Option<&'a str>,
}

#[derive(Serialize)]
struct NextLine<'a> {
    at: String,
    rule: &'a str,
    source: &'a str,
}

#[derive(Serialize)]
struct RouteLine<'a> {
    #[serde(flatten)]
    by: SourceLine<'a>,
    passes: bool,
    clauses: Vec<ClauseLine<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tried: Option<TriedLine<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    routes: Vec<RouteLine<'a>>,
}

#[derive(Serialize)]
struct TriedLine<'a> {
    times: usize,
    acted: usize,
    last: String,
    events: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped_by: Option<ClauseLine<'a>>,
}

struct Writer<'n, 'a> {
    names: &'n Names<'a>,
    zone: Zone,
    former: &'a [Former],
}

impl<'a> Writer<'_, 'a> {
    /// The names of a rulebook, and which it is where it is no longer in force.
    fn era(&self, era: usize) -> (Names<'a>, Option<&'a str>) {
        let former = self.former.get(era);
        former.map_or((*self.names, None), |former| (former.names(self.names), Some(former.ruleset.as_str())))
    }

    fn time(&self, at: Timestamp) -> String {
        rfc3339(at, self.zone)
    }

    fn whole(&self, explanation: &'a Explanation) -> Whole<'a> {
        let stands = &explanation.stands;
        let sequence = |(name, enrollment, since): &'a (String, u32, Timestamp)| SequenceLine {
            sequence: name,
            enrollment: *enrollment,
            since: self.time(*since),
        };
        Whole {
            lead: self.names.log.lead_name(explanation.lead),
            at: self.time(explanation.at),
            zone: explanation.zone.name(),
            former: explanation.former.iter().map(|former| self.former(former)).collect(),
            tier: stands.tier.as_ref().map(|(tier, _)| tier.as_str()),
            since: stands.tier.as_ref().and_then(|(_, since)| *since).map(|since| self.time(since)),
            sequences: stands.sequences.iter().map(sequence).collect(),
            touches: stands.touches,
            scores: stands.scores.iter().map(|score| self.score(score)).collect(),
            barred: &stands.barred,
            older: stands.older.iter().map(|older| self.older(older)).collect(),
            decided: explanation.decided.iter().map(|why| self.why(why)).collect(),
            ahead: told(self.names, &explanation.ahead),
            answers: explanation.answers.iter().map(|answer| self.answer(answer)).collect(),
        }
    }

    fn former(&self, former: &'a Former) -> FormerLine<'a> {
        FormerLine { rulebook: &former.ruleset, since: self.time(former.since), until: self.time(former.until) }
    }

    fn past(&self, decisions: &'a [(usize, Decision)]) -> Vec<PastLine<'a>> {
        let past = |(era, decision): &'a (usize, Decision)| {
            let (names, rulebook) = self.era(*era);
            PastLine { told: told_one(&names, decision), rulebook }
        };
        decisions.iter().map(past).collect()
    }

    fn score(&self, score: &'a ScoreWhy) -> ScoreLine<'a> {
        let part = |part: &Part| PartLine {
            event: part.event.map(|event| self.names.log.event_id(event).into()),
            points: part.points,
            age: part.age.in_words().into(),
            worth: rounded(part.worth),
        };
        ScoreLine { score: &score.name, worth: rounded(score.worth), parts: score.parts.iter().map(part).collect() }
    }

    fn why(&self, why: &'a Why) -> WhyLine<'a> {
        let (names, rulebook) = self.era(why.era);
        WhyLine {
            at: self.time(why.at),
            rulebook,
            by: source(&why.by),
            did: told(&names, &why.did),
            events: self.events(&why.events),
            clauses: self.clauses(&why.clauses),
            scores: why.scores.iter().map(|score| self.score(score)).collect(),
            chain: why.chain.iter().map(|link| self.link(link)).collect(),
        }
    }

    fn link(&self, link: &'a Link) -> LinkLine<'a> {
        LinkLine { at: self.time(link.at), what: &link.what, rule: &link.by.name, source: &link.by.place }
    }

    fn older(&self, older: &'a OlderWhy) -> OlderLine<'a> {
        OlderLine {
            name: &older.name,
            value: value_text(&older.value, self.zone),
            of: self.time(older.of),
            known: self.time(older.known),
            told: self.time(older.at),
            event: older.event.as_ref().map(|event| self.event(event)),
        }
    }

    fn events(&self, events: &'a [EventWhy]) -> Vec<EventLine<'a>> {
        events.iter().map(|event| self.event(event)).collect()
    }

    fn event(&self, event: &'a EventWhy) -> EventLine<'a> {
        EventLine {
            id: &event.id,
            ty: &event.ty,
            at: self.time(event.at),
            received_at: event.received_at.map(|at| self.time(at)),
            lead: event.lead.as_deref(),
            place: &event.place,
        }
    }

    fn clauses(&self, clauses: &'a [Clause]) -> Vec<ClauseLine<'a>> {
        clauses.iter().map(|clause| self.clause(clause)).collect()
    }

    fn clause(&self, clause: &'a Clause) -> ClauseLine<'a> {
        let left_out = |out: &'a LeftOut| LeftOutLine { reason: &out.reason, events: self.events(&out.events) };
        ClauseLine {
            kind: clause.kind.word(),
            text: &clause.text,
            holds: clause.holds,
            values: clause
                .values
                .iter()
                .map(|found| ValueLine { name: &found.name, value: value_text(&found.value, self.zone) })
                .collect(),
            says: &clause.says,
            needs: clause.needs.as_deref(),
            next: clause.next.map(|at| self.time(at)),
            events: self.events(&clause.events),
            left_out: clause.left_out.iter().map(left_out).collect(),
            score: clause.score.as_ref().map(|score| self.score(score)),
            parts: self.clauses(&clause.parts),
        }
    }

    fn answer(&self, answer: &'a Answer) -> AnswerLine<'a> {
        let next = answer.next.as_ref();
        AnswerLine {
            question: &answer.question,
            happened: self.past(&answer.happened),
            instead: self.past(&answer.instead),
            next: next.map(|(at, by)| NextLine { at: self.time(*at), rule: &by.name, source: &by.place }),
            routes: answer.routes.iter().map(|route| self.route(route)).collect(),
        }
    }

    fn route(&self, route: &'a Route) -> RouteLine<'a> {
        RouteLine {
            by: source(&route.by),
            passes: route.passes(),
            clauses: self.clauses(&route.clauses),
            tried: self.tried(&route.tried),
            next: route.next.map(|at| self.time(at)),
            routes: route.routes.iter().map(|route| self.route(route)).collect(),
        }
    }

    fn tried(&self, tried: &'a Tried) -> Option<TriedLine<'a>> {
        let (last, events, stopped) = tried.last.as_ref()?;
        Some(TriedLine {
            times: tried.times,
            acted: tried.acted,
            last: self.time(*last),
            events,
            stopped_by: stopped.as_ref().map(|clause| self.clause(clause)),
        })
    }
}

fn told<'a>(names: &Names<'a>, decisions: &'a [Decision]) -> Vec<Told<'a>> {
    decisions.iter().map(|decision| told_one(names, decision)).collect()
}

fn told_one<'a>(names: &Names<'a>, decision: &'a Decision) -> Told<'a> {
    let moves = super::on_lines(names.why_by_steps(decision));
    Told { line: names.line(decision), moves: if moves.len() > 1 { moves } else { Vec::new() } }
}

fn source(source: &Origin) -> SourceLine<'_> {
    SourceLine { rule: &source.name, source: &source.place, line: &source.line, why: source.why.as_deref() }
}

//! What was decided against what is expected.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::Failure;
use super::matching::{Candidate, Strictness, meets, pair};
use super::stage::{Played, event_range};
use super::why::Why;
use super::words::ExpectWords;
use crate::decimal::Decimal;
use crate::decision::{Body, Decision, Status};
use crate::invariant::{Violation, violations};
use crate::plan::Plan;
use crate::rulebook::{Allowed, Expect, Rulebook, ScoreExpect, Test};
use crate::source::Range;

/// How many decisions are named beside a failure.
const SHOWN: usize = 4;

/// Every way in which a test is not met, in the order of its lines.
pub(super) fn failures(plan: &Plan, test: &Test, played: &Played) -> Vec<Failure> {
    let words = ExpectWords { rulebook: &plan.rulebook, log: &played.log, zone: test.zone };
    let comparison = Comparison { test, played, words, candidates: candidates(played) };
    let (mut failures, expected) = comparison.expectations();
    failures.extend(comparison.scores());
    failures.extend(comparison.faults());
    failures.extend(comparison.invariants(plan, &expected));
    failures.sort_by_key(|failure| (failure.range.source, failure.range.start));
    failures
}

/// What a complete test of these events expects, in the order decided.
pub(super) fn observed(plan: &Plan, test: &Test, played: &Played) -> Vec<String> {
    let words = ExpectWords { rulebook: &plan.rulebook, log: &played.log, zone: test.zone };
    let counts = |decision: &&Decision| must_be_expected(decision, &test.allowed);
    played.decisions.iter().filter(counts).filter_map(|decision| words.expect(decision)).collect()
}

fn candidates(played: &Played) -> Vec<Candidate<'_>> {
    let decided = played.decisions.iter().map(|decision| Candidate { decision, pending: false });
    decided.chain(played.pending.iter().map(|decision| Candidate { decision, pending: true })).collect()
}

/// Changes of tier and everything that leaves must be expected.
fn must_be_expected(decision: &Decision, allowed: &Allowed) -> bool {
    match &decision.body {
        Body::Tier { .. } | Body::Webhook { .. } => true,
        Body::Alert { .. } => !allowed.alerts,
        body => body
            .message()
            .is_some_and(|(channel, _, status)| status == Status::Sent && !allowed.channels.contains(&channel)),
    }
}

struct Comparison<'a> {
    test: &'a Test,
    played: &'a Played,
    words: ExpectWords<'a>,
    candidates: Vec<Candidate<'a>>,
}

impl Comparison<'_> {
    /// What is not as expected, and the decisions that some line expects.
    fn expectations(&self) -> (Vec<Failure>, Vec<usize>) {
        let wanted: Vec<&Expect> = self.test.expects.iter().filter(|expect| !expect.never).collect();
        let units: Vec<usize> = (0..wanted.len())
            .flat_map(|place| std::iter::repeat_n(place, wanted.get(place).map_or(0, |e| e.times as usize)))
            .collect();
        let choices = self.choices(&wanted);
        let choices: Vec<Rc<[usize]>> = units.iter().filter_map(|unit| choices.get(*unit).cloned()).collect();
        let paired = pair(&choices, self.candidates.len());
        let mut taken = vec![false; self.candidates.len()];
        for place in paired.iter().flatten() {
            taken.get_mut(*place).into_iter().for_each(|slot| *slot = true);
        }
        let mut met = vec![0; wanted.len()];
        for (unit, _) in units.iter().zip(&paired).filter(|(_, paired)| paired.is_some()) {
            met.get_mut(*unit).into_iter().for_each(|count| *count += 1);
        }
        let (mut failures, mut told) = (Vec::new(), BTreeSet::new());
        for (expect, met) in wanted.iter().zip(met) {
            if met < expect.times as usize {
                let (failure, instead) = self.missing(expect, met, &taken);
                failures.push(failure);
                told.extend(instead);
            }
        }
        for (place, candidate) in self.candidates.iter().enumerate() {
            // What is told in place of something missing is one mistake, not two.
            let covered = taken.get(place) == Some(&true) || told.contains(&place);
            if !candidate.pending && !covered && must_be_expected(candidate.decision, &self.test.allowed) {
                failures.push(self.unexpected(candidate.decision));
            }
        }
        for expect in self.test.expects.iter().filter(|expect| expect.never) {
            let first = self.meeting(expect).first().and_then(|place| self.candidates.get(*place));
            failures.extend(first.map(|candidate| self.forbidden(expect, candidate.decision)));
        }
        let kept = |place: &usize| taken.get(*place) == Some(&true);
        let expected: Vec<usize> = (0..self.played.decisions.len()).filter(kept).collect();
        (failures, expected)
    }

    /// The candidates that meet each expectation; those that say the same share a list.
    fn choices(&self, wanted: &[&Expect]) -> Vec<Rc<[usize]>> {
        let mut known: BTreeMap<String, Rc<[usize]>> = BTreeMap::new();
        let said = |expect: &Expect| {
            let Expect { range: _, place: _, never: _, wanted, lead, at, by, because, status, times: _ } = expect;
            format!("{wanted:?} {lead:?} {at:?} {by:?} {because:?} {status:?}")
        };
        let list =
            |expect: &&Expect| Rc::clone(known.entry(said(expect)).or_insert_with(|| self.meeting(expect).into()));
        wanted.iter().map(list).collect()
    }

    /// The candidates that meet an expectation.
    fn meeting(&self, expect: &Expect) -> Vec<usize> {
        self.found(expect, Strictness::All)
    }

    fn found(&self, expect: &Expect, how: Strictness) -> Vec<usize> {
        let meets = |candidate: &Candidate<'_>| {
            expect.wanted.iter().any(|w| meets(self.test, &self.words.names(), expect, w, candidate, how))
        };
        (0..self.candidates.len()).filter(|place| self.candidates.get(*place).is_some_and(meets)).collect()
    }

    /// Something expected did not happen, or not so; and the decision made instead.
    fn missing(&self, expect: &Expect, met: usize, taken: &[bool]) -> (Failure, Option<usize>) {
        let text = self.source(expect.place);
        let near: Vec<usize> =
            self.found(expect, Strictness::What).into_iter().filter(|place| taken.get(*place) != Some(&true)).collect();
        let instead = near.first().copied();
        let near: Vec<&Candidate<'_>> = near.iter().filter_map(|place| self.candidates.get(*place)).collect();
        let message = match (expect.times, met, near.first()) {
            (2.., _, _) => {
                let met = match met {
                    0 => String::from("never"),
                    1 => String::from("once"),
                    more => format!("{more} times"),
                };
                format!("`{text}` happens {met}, not {} times", expect.times)
            }
            (_, _, Some(candidate)) => self.differs(&text, expect, candidate),
            (_, _, None) => format!("`{text}` does not happen"),
        };
        let mut failure = Failure {
            message,
            range: expect.range,
            label: String::from("expected here"),
            others: Vec::new(),
            notes: Vec::new(),
            help: None,
        };
        for candidate in near.iter().take(SHOWN) {
            self.instead(&mut failure, candidate);
        }
        if near.is_empty() {
            self.nearest(&mut failure, expect);
            Why { test: self.test, played: self.played, words: self.words }.not(expect, &mut failure);
        } else if near.iter().all(|candidate| candidate.pending) && !self.test.bounded {
            failure.help = Some(String::from("let the test go on until then: `until …`"));
        }
        (failure, instead)
    }

    /// In which field the nearest decision differs.
    fn differs(&self, text: &str, expect: &Expect, candidate: &Candidate<'_>) -> String {
        let decision = candidate.decision;
        let status = decision.body.message().map(|(_, _, status)| status);
        let wanted = expect.status.unwrap_or(Status::Sent);
        match (status, expect.at, &expect.by) {
            (Some(Status::Scheduled), ..) if wanted != Status::Scheduled => {
                format!("`{text}` is due at {}, after the end of the test", self.words.moment(decision.at))
            }
            (Some(status), ..) if status != wanted => format!("`{text}` is {}, not {}", status.word(), wanted.word()),
            (_, Some(at), _) if !super::matching::is_at(self.test, at, decision.at) => {
                format!("`{text}` happens at {}", self.words.moment(decision.at))
            }
            (_, _, Some(by)) if !super::matching::is_by(by, decision.cause) => {
                format!("`{text}` is decided by `{}`, not by `{}`", self.words.by(decision.cause), by.text)
            }
            _ => format!("`{text}` happens, but not so"),
        }
    }

    fn instead(&self, failure: &mut Failure, candidate: &Candidate<'_>) {
        failure.notes.extend(self.words.told(candidate.decision).map(|told| format!("instead: {told}")));
        self.decided(failure, candidate.decision, "this decided instead");
    }

    fn decided(&self, failure: &mut Failure, decision: &Decision, words: &str) {
        if let Some(place) = self.words.place(decision.cause)
            && failure.others.iter().all(|(other, _)| *other != place)
        {
            failure.others.push((place, String::from(words)));
        }
    }

    /// Where nothing of the sort happened: what did happen that could have been meant.
    fn nearest(&self, failure: &mut Failure, expect: &Expect) {
        let wanted: Vec<&Candidate<'_>> =
            self.candidates.iter().filter(|c| self.is_alike(expect, c.decision)).collect();
        for candidate in wanted.iter().take(SHOWN) {
            failure.notes.extend(self.words.told(candidate.decision).map(|told| format!("instead: {told}")));
        }
        if wanted.len() > SHOWN {
            failure.notes.push(format!("and {} more", wanted.len() - SHOWN));
        }
    }

    /// Whether a decision is of the same kind as what is expected, for the same lead.
    fn is_alike(&self, expect: &Expect, decision: &Decision) -> bool {
        let lead = expect.lead.and_then(|lead| self.test.leads.get(lead));
        if lead.is_some_and(|lead| lead.name != self.played.log.lead_name(decision.lead)) {
            return false;
        }
        expect.wanted.iter().any(|wanted| wanted.is_alike(&decision.body))
    }

    /// Something happened that no line expects.
    fn unexpected(&self, decision: &Decision) -> Failure {
        let what = self.words.what(decision).unwrap_or_default();
        let cause = decision.because.iter().filter_map(|number| event_range(self.test, *number)).next_back();
        let mut failure = Failure {
            message: format!("`{what}` is not expected"),
            range: cause.unwrap_or(self.test.range),
            label: match cause {
                Some(_) => String::from("this leads to it"),
                None => String::from("in this test"),
            },
            others: Vec::new(),
            notes: self.words.told(decision).into_iter().collect(),
            help: self.words.expect(decision).map(|line| format!("if it is right, write `{line}`")),
        };
        self.decided(&mut failure, decision, "this decided it");
        failure
    }

    /// Something happened that must not.
    fn forbidden(&self, expect: &Expect, decision: &Decision) -> Failure {
        let what = self.words.what(decision).unwrap_or_default();
        let mut failure = Failure {
            message: format!("`{what}` happens, which it must not"),
            range: expect.range,
            label: String::from("ruled out here"),
            others: Vec::new(),
            notes: self.words.told(decision).into_iter().collect(),
            help: None,
        };
        self.decided(&mut failure, decision, "this decided it");
        failure
    }

    fn scores(&self) -> Vec<Failure> {
        let read = self.test.scores.iter().zip(&self.played.scores);
        read.filter_map(|(expected, (worth, parts))| self.score(expected, *worth, parts)).collect()
    }

    /// A score is compared as precisely as it is written.
    fn score(&self, expected: &ScoreExpect, worth: Decimal, parts: &[crate::decision::Part]) -> Option<Failure> {
        let decimals = expected.decimals;
        let (have, want) = (format!("{worth:.decimals$}"), format!("{:.decimals$}", expected.value));
        if have == want {
            return None;
        }
        let rulebook: &Rulebook = self.words.rulebook;
        let score = rulebook.scores.get(expected.score);
        let name = score.map_or("", |score| score.name.as_str());
        let lead = self.test.leads.get(expected.lead).map_or("", |lead| lead.name.as_str());
        let part = |part: &crate::decision::Part| {
            let event = part.event.map_or("a rule", |event| self.played.log.event_id(event));
            format!("{:.2} of {:+} from {event}, {} ago", part.worth, part.points, part.age.in_words())
        };
        Some(Failure {
            message: format!("score `{name}` of `{lead}` reads {have}, not {want}"),
            range: expected.place,
            label: format!("{have} at {}", self.words.moment(expected.at)),
            others: score.map(|score| (score.range, String::from("the score"))).into_iter().collect(),
            notes: parts.iter().map(part).collect(),
            help: None,
        })
    }

    /// A fault of a script fails a test whatever it expects.
    fn faults(&self) -> impl Iterator<Item = Failure> {
        self.played.decisions.iter().filter_map(|decision| {
            let Body::Fault(text) = &decision.body else { return None };
            let cause = decision.because.iter().filter_map(|number| event_range(self.test, *number)).next_back();
            let mut failure = Failure {
                message: format!("a script fails: {text}"),
                range: cause.unwrap_or(self.test.range),
                label: String::from("in this test"),
                others: Vec::new(),
                notes: Vec::new(),
                help: None,
            };
            self.decided(&mut failure, decision, "asked here");
            Some(failure)
        })
    }

    /// An invariant is watched in every test; what it holds may be expected like all else.
    fn invariants(&self, plan: &Plan, expected: &[usize]) -> Vec<Failure> {
        let mut broken = violations(plan, &self.played.log, &self.played.decisions, self.test.until);
        broken.retain(|violation| violation.decision.is_none_or(|place| !expected.contains(&place)));
        let failure = |violation: &Violation| {
            let invariant = plan.rulebook.invariants.get(violation.invariant)?;
            let cause = violation.because.iter().filter_map(|number| event_range(self.test, *number)).next_back();
            let decision = violation.decision.and_then(|place| self.played.decisions.get(place));
            let told = decision.and_then(|decision| self.words.told(decision));
            let lead = self.played.log.lead_name(violation.lead);
            let missing = || format!("{} nothing came in time for {lead}", self.words.moment(violation.at));
            Some(Failure {
                message: format!("invariant `{}` is broken", invariant.name),
                range: cause.unwrap_or(self.test.range),
                label: String::from("this leads to it"),
                others: vec![(invariant.range, String::from("this must always hold"))],
                notes: vec![told.unwrap_or_else(missing)],
                help: None,
            })
        };
        broken.iter().filter_map(failure).collect()
    }

    fn source(&self, range: Range) -> String {
        let text = self.words.rulebook.sources.text(range);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

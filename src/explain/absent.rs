//! Answers: when something happened, what became of it, and what stands between the lead and it.

use crate::decision::{Body, Decision, Status};

use crate::engine::witness::Judged;

use super::{Answer, Inquiry, Tried};
use crate::rulebook::{Pattern, RuleId};

impl Inquiry<'_> {
    pub(super) fn answers(&self, questions: &[Pattern]) -> Vec<Answer> {
        if questions.is_empty() {
            return Vec::new();
        }
        let future = self.future();
        questions.iter().map(|question| self.answer(question, &future)).collect()
    }

    fn answer(&self, question: &Pattern, future: &super::future::Future) -> Answer {
        let about = |happened: bool| -> Vec<(usize, Decision)> {
            let mut eras: Vec<Vec<(usize, Decision)>> = Vec::new();
            for inquiry in self.back() {
                let asked = self.asked_of(std::slice::from_ref(question), inquiry);
                let is_about =
                    |d: &&Decision| asked.iter().any(|q| q.answered_by(d, inquiry.rulebook()) == Some(happened));
                let own = inquiry.decisions.iter().filter(is_about);
                eras.push(own.map(|decision| (inquiry.era(), decision.clone())).collect());
            }
            eras.into_iter().rev().flatten().collect()
        };
        let happens = |decision: &&Decision| question.answered_by(decision, self.rulebook()) == Some(true);
        let next = future.decisions.iter().find(happens);
        Answer {
            question: question.words(self.rulebook()),
            happened: about(true).into_iter().filter(|(_, d)| !matches!(d.body, Body::Score { .. })).collect(),
            instead: about(false).into_iter().filter(|(_, d)| is_final(d)).collect(),
            next: next.map(|next| (next.at, self.cause(next.cause))),
            routes: self.routes(question, future, 0),
        }
    }

    /// How often a rule was judged for the lead, and what came of it.
    pub(super) fn tried(&self, id: RuleId) -> Tried {
        let label = self.rulebook().rules.name(id);
        let mut judged: Vec<_> = Vec::new();
        for inquiry in self.back() {
            let Some(id) = inquiry.rulebook().rules.iter().position(|rule| rule.label == label) else { continue };
            let own = |j: &&Judged| j.lead == self.lead && j.rule.index() == id;
            judged.extend(inquiry.engine.seen().judged.iter().rev().filter(own).map(|judged| (inquiry, judged)));
        }
        judged.reverse();
        let last = judged.last().map(|(inquiry, last)| {
            let events = last.because.iter().map(|number| self.log.event_id(*number).to_owned()).collect();
            let clauses = inquiry.rule_clauses(last.rule, &last.asked, last.at, last.asked.arm);
            let stopped = clauses.into_iter().find(|clause| clause.holds == Some(false));
            (last.at, events, stopped)
        });
        Tried { times: judged.len(), acted: judged.iter().filter(|(_, judged)| judged.asked.passes()).count(), last }
    }
}

/// Whether a decision is the last word on what it is about.
fn is_final(decision: &Decision) -> bool {
    match &decision.body {
        Body::Touch(line) => line.status != Status::Scheduled,
        Body::Action(line) => line.status != Status::Scheduled,
        _ => true,
    }
}

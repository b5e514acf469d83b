//! Answers: when something happened, what became of it, and what stands between the lead and it.

use crate::decision::{Body, Decision, Status};

use super::{Answer, Inquiry, Question, Tried};
use crate::rulebook::RuleId;

impl Inquiry<'_> {
    pub(super) fn answers(&self, questions: &[Question]) -> Vec<Answer> {
        if questions.is_empty() {
            return Vec::new();
        }
        let future = self.future();
        questions.iter().map(|question| self.answer(question, &future)).collect()
    }

    fn answer(&self, question: &Question, future: &super::future::Future) -> Answer {
        let about = |happened: bool| -> Vec<Decision> {
            let about = |d: &&Decision| question.answered_by(d, self.rulebook()) == Some(happened);
            self.decisions.iter().filter(about).cloned().collect()
        };
        let happens = |decision: &&Decision| question.answered_by(decision, self.rulebook()) == Some(true);
        let next = future.decisions.iter().find(happens);
        Answer {
            question: question.words(self.rulebook()),
            happened: about(true).into_iter().filter(|d| !matches!(d.body, Body::Score { .. })).collect(),
            instead: about(false).into_iter().filter(is_final).collect(),
            next: next.map(|next| (next.at, self.cause(next.cause))),
            routes: self.routes(question, future, 0),
        }
    }

    /// How often a rule was judged for the lead, and what came of it.
    pub(super) fn tried(&self, id: RuleId) -> Tried {
        let judged = self.engine.seen().judged.iter().filter(|j| j.lead == self.lead && j.rule == id);
        let judged: Vec<_> = judged.collect();
        let last = judged.last().map(|last| {
            let events = last.because.iter().map(|number| self.log.event_id(*number).to_owned()).collect();
            let clauses = self.rule_clauses(id, &last.asked, last.at, last.asked.arm);
            let stopped = clauses.into_iter().find(|clause| clause.holds == Some(false));
            (last.at, events, stopped)
        });
        Tried { times: judged.len(), acted: judged.iter().filter(|judged| judged.asked.passes()).count(), last }
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

//! Sequences and their touches.

use super::super::grammar::Rule;
use super::super::tree::{
    At, Choice, MessageDecl, Roll, SequenceClause, SequenceDecl, TailDecl, TouchDecl, TouchTime, When,
};
use super::{Build, Pair, child};

impl Build<'_> {
    pub(super) fn sequence(&mut self, pair: Pair<'_>) -> Option<SequenceDecl> {
        let name = self.name_in(&pair)?;
        if matches!(name.node.as_str(), "all" | "account") {
            let message = format!("`{}` cannot be the name of a sequence", name.node);
            let label = format!("`stop {}` means something else", name.node);
            self.report(name.range, message, &label, "choose another name");
        }
        let mut sequence = SequenceDecl {
            name,
            tier: None,
            guard: None,
            renamed_from: None,
            clauses: Vec::new(),
            touches: Vec::new(),
            tail: None,
        };
        for kid in pair.into_inner() {
            self.sequence_part(&mut sequence, &kid);
        }
        Some(sequence)
    }

    fn sequence_part(&mut self, sequence: &mut SequenceDecl, pair: &Pair<'_>) {
        let range = self.range(pair);
        match pair.as_rule() {
            Rule::for_tier => {
                let tier = self.name_in(pair);
                self.once(&mut sequence.tier, tier, range, "for");
            }
            Rule::where_clause => {
                let guard = self.expr_in(pair);
                self.once(&mut sequence.guard, guard, range, "where");
            }
            Rule::renamed => {
                let old = self.name_in(pair);
                self.once(&mut sequence.renamed_from, old, range, "renamed from");
            }
            Rule::touch => {
                if sequence.tail.is_some() {
                    let help = "put this touch before it";
                    self.report(range, "nothing comes after `then every`", "never reached", help);
                }
                sequence.touches.extend(self.touch(pair));
            }
            Rule::tail => {
                let tail = self.tail(pair);
                self.once(&mut sequence.tail, tail, range, "then every");
            }
            _ => sequence.clauses.extend(self.clause(pair).map(|node| At { node, range })),
        }
    }

    fn clause(&mut self, pair: &Pair<'_>) -> Option<SequenceClause> {
        Some(match pair.as_rule() {
            Rule::exit_on => SequenceClause::ExitOn(self.event_refs_in(pair)),
            Rule::gap => SequenceClause::Gap(self.length_in(pair)?),
            Rule::again => SequenceClause::AgainAfter(self.length_in(pair)?),
            Rule::never_again => SequenceClause::NeverAgain,
            Rule::parallel => SequenceClause::Parallel,
            Rule::roll => SequenceClause::Roll(roll(pair)?),
            Rule::on_topic => SequenceClause::Topic(self.name_in(pair)?),
            _ => return None,
        })
    }

    fn touch(&mut self, pair: &Pair<'_>) -> Option<TouchDecl> {
        let day = child(pair, Rule::touch_day)?;
        let when = At { node: self.when(&day)?, range: self.range(&day) };
        let message = self.message(pair);
        Some(TouchDecl { when, time: self.touch_time_in(pair), message, range: self.range(pair) })
    }

    fn when(&mut self, pair: &Pair<'_>) -> Option<When> {
        if let Some(length) = self.length_in(pair) {
            return Some(When::Later(length.node));
        }
        let mut days = pair.clone().into_inner().filter(|kid| kid.as_rule() == Rule::whole);
        let first = self.whole(&days.next()?).node;
        let Some(last) = days.next() else { return Some(When::Day(first)) };
        let last = self.whole(&last).node;
        if last < first {
            let message = format!("`{first}..{last}` runs backwards");
            self.report(self.range(pair), message, "", "write the earlier day first");
        }
        Some(When::Days(first, last.max(first)))
    }

    fn touch_time_in(&mut self, pair: &Pair<'_>) -> Option<At<TouchTime>> {
        let time = child(pair, Rule::touch_time)?;
        let range = self.range(&time);
        if let Some(clock) = self.time_in(&time) {
            return Some(At { node: TouchTime::At(clock.node), range });
        }
        let name = self.name_in(&child(&time, Rule::part)?)?;
        Some(At { node: TouchTime::Part(name.node), range: name.range })
    }

    fn tail(&mut self, pair: &Pair<'_>) -> Option<TailDecl> {
        let mut times = None;
        for up_to in pair.clone().into_inner().filter(|kid| kid.as_rule() == Rule::up_to) {
            let value = child(&up_to, Rule::whole).map(|kid| self.whole(&kid));
            let range = self.range(&up_to);
            self.once(&mut times, value, range, "up to");
        }
        Some(TailDecl {
            every: self.length_in(pair)?,
            time: self.touch_time_in(pair),
            message: self.message(pair),
            times,
            range: self.range(pair),
        })
    }

    /// The channels and modifiers directly inside a touch or a tail.
    fn message(&mut self, pair: &Pair<'_>) -> MessageDecl {
        let mut message = MessageDecl {
            choices: Vec::new(),
            id: None,
            note: None,
            condition: None,
            expires: None,
            approve: false,
            roll: None,
            renamed_from: None,
        };
        for kid in pair.clone().into_inner() {
            self.message_part(&mut message, &kid);
        }
        message
    }

    fn message_part(&mut self, message: &mut MessageDecl, pair: &Pair<'_>) {
        let range = self.range(pair);
        match pair.as_rule() {
            Rule::choice => message.choices.extend(self.choice(pair)),
            Rule::approve => message.approve = true,
            Rule::as_id => {
                let id = self.name_in(pair);
                self.once(&mut message.id, id, range, "as");
            }
            Rule::note => {
                let note = self.text_in(pair);
                self.once(&mut message.note, note, range, "the note");
            }
            Rule::condition => {
                let condition = self.expr_in(pair);
                self.once(&mut message.condition, condition, range, "if");
            }
            Rule::expires => {
                let expires = self.expiry(pair);
                self.once(&mut message.expires, expires, range, "expires");
            }
            Rule::roll => {
                let value = roll(pair).map(|node| At { node, range });
                self.once(&mut message.roll, value, range, "roll");
            }
            Rule::renamed => {
                let old = self.name_in(pair);
                self.once(&mut message.renamed_from, old, range, "renamed from");
            }
            _ => {}
        }
    }

    pub(super) fn choice(&mut self, pair: &Pair<'_>) -> Option<Choice> {
        Some(Choice { channel: self.name_in(pair)?, content: self.content(pair)? })
    }
}

fn roll(pair: &Pair<'_>) -> Option<Roll> {
    let to = child(pair, Rule::roll_to)?.into_inner().next()?;
    Some(match to.as_rule() {
        Rule::kw_next => Roll::Next,
        Rule::kw_previous => Roll::Previous,
        Rule::kw_nearest => Roll::Nearest,
        _ => Roll::Skip,
    })
}

//! What the engine answered, as clauses with text, values and places.

use crate::engine::judge::{Asked, Gate, GateKind, LimitAsked, Occurred, RuleAsked, ScoreAsked, StateAsked};
use crate::event::EventNumber;
use crate::rulebook::{Cap, Channel, ChannelId, Contact, Expr, Limit, RuleId, SequenceId, State};
use crate::source::Range;
use crate::timestamp::Timestamp;

use super::words::length;
use super::{Clause, ClauseKind, EventWhy, Found, Inquiry, Origin, ScoreWhy};
use crate::decision::Body;

impl Inquiry<'_> {
    /// An event of the log.
    pub(super) fn event(&self, number: EventNumber) -> EventWhy {
        let (path, line) = self.log.place(number);
        let event = self.log.event(number);
        let ty = event.and_then(|event| event.ty).and_then(|ty| self.rulebook().types.get(ty));
        let at = event.map_or(Timestamp(0), |event| event.at);
        let other = event.map(|event| event.lead).filter(|lead| *lead != self.lead);
        EventWhy {
            id: self.log.event_id(number).to_owned(),
            ty: ty.map(|ty| ty.name.clone()).unwrap_or_default(),
            at,
            received_at: event.map(|event| event.received_at).filter(|received| *received != at),
            lead: other.map(|lead| self.log.lead_name(lead).to_owned()),
            place: format!("{path}:{line}"),
        }
    }

    /// Something that counted: an event, or a touch of the engine.
    pub(super) fn occurred(&self, occurred: Occurred) -> EventWhy {
        if let Some(number) = occurred.number {
            return self.event(number);
        }
        let own =
            |h: &&crate::engine::witness::Heard| h.lead == self.lead && h.number.is_none() && h.happened == occurred.at;
        let touch = self.engine.seen().heard.iter().find(own).map(|heard| heard.touch.clone()).unwrap_or_default();
        EventWhy {
            id: String::new(),
            ty: format!("touched {touch}"),
            at: occurred.at,
            received_at: None,
            lead: None,
            place: String::new(),
        }
    }

    /// A `where` or `if`: one clause for each part of an `and`.
    pub(super) fn condition(&self, kind: ClauseKind, asked: &Asked) -> Vec<Clause> {
        match &asked.expr {
            Expr::And(..) => asked.parts.iter().map(|part| self.asked(kind, part)).collect(),
            _ => vec![self.asked(kind, asked)],
        }
    }

    pub(super) fn asked(&self, kind: ClauseKind, asked: &Asked) -> Clause {
        let mut clause = Clause::new(kind, self.words.expr(&asked.expr), asked.holds);
        let found = |(expr, value): &(Expr, crate::value::Value)| Found {
            name: self.words.expr(expr),
            value: value.clone(),
            of_event: matches!(expr, Expr::Prop(_)),
        };
        clause.values = asked.values.iter().map(found).collect();
        clause.parts = asked.parts.iter().map(|part| self.asked(kind, part)).collect();
        clause
    }

    /// A `while` clause, as of a moment.
    pub(super) fn state(&self, asked: &StateAsked, at: Timestamp, tier: Option<crate::rulebook::TierId>) -> Clause {
        let mut clause = Clause::new(ClauseKind::While, self.words.state(&asked.state), asked.holds);
        clause.parts = asked.parts.iter().map(|part| self.state(part, at, tier)).collect();
        if clause.parts.is_empty() {
            clause.says = match leaf(&asked.state) {
                State::Tier(_) => self.tier_words(tier, at),
                State::In(sequence) => self.enrolled_words(*sequence, at),
                _ => String::new(),
            };
        }
        clause
    }

    /// `cold since 2026-03-02 09:00`
    pub(super) fn tier_words(&self, tier: Option<crate::rulebook::TierId>, at: Timestamp) -> String {
        let Some(tier) = tier else { return String::from("in no tier yet") };
        let name = self.rulebook().tiers.name(tier);
        let since = self.tier_since(tier, at);
        since.map_or_else(|| name.to_owned(), |since| format!("{name} since {}", self.words.clock(since)))
    }

    /// Whether and since when the lead is in a sequence, as the decisions until then tell.
    pub(super) fn enrolled_words(&self, sequence: SequenceId, at: Timestamp) -> String {
        let of = |d: &crate::decision::Decision, sequence: SequenceId| {
            d.at <= at
                && match &d.body {
                    Body::Enroll { sequence: s, suppressed: None, .. } | Body::Exit { sequence: s, .. } => {
                        *s == sequence
                    }
                    _ => false,
                }
        };
        let last = |(inquiry, id): (&Self, SequenceId)| inquiry.decisions.iter().rev().find(|d| of(d, id)).cloned();
        match self.of_sequence(sequence).find_map(last) {
            None => String::from("never enrolled"),
            Some(last) => match &last.body {
                Body::Exit { reason, .. } => format!("ended {}: {}", self.words.clock(last.at), self.reason(reason)),
                Body::Enroll { enrollment, .. } => format!("#{enrollment} since {}", self.words.clock(last.at)),
                _ => String::new(),
            },
        }
    }

    /// `once`, `at most once per D`.
    pub(super) fn limit(&self, limit: Limit, asked: LimitAsked) -> Clause {
        let clause = Clause::new(ClauseKind::Limit, self.words.limit(limit), asked.open);
        let clause = match asked.last {
            None => clause.says("has not acted before"),
            Some(last) => clause.says(format!("acted {}", self.words.clock(last))),
        };
        match asked.opens {
            Some(opens) => clause.needs(format!("may act again from {}", self.words.clock(opens))).next(Some(opens)),
            None if !asked.open => clause.needs("never again for this lead"),
            None => clause,
        }
    }

    /// The clauses of a rule but for its trigger; of its arms those up to `arm`, else all.
    pub(super) fn rule_clauses(&self, id: RuleId, asked: &RuleAsked, at: Timestamp, arm: Option<usize>) -> Vec<Clause> {
        let Some(rule) = self.rulebook().rules.get(id) else { return Vec::new() };
        let mut clauses: Vec<Clause> = asked.state.iter().map(|state| self.state(state, at, asked.tier)).collect();
        clauses.extend(asked.guard.iter().flat_map(|guard| self.condition(ClauseKind::Where, guard)));
        if rule.arms.len() > 1 || asked.arms.iter().any(Option::is_some) {
            clauses.extend(self.arm_clauses(asked, arm));
        }
        clauses.extend(rule.limit.zip(asked.limit).map(|(limit, asked)| self.limit(limit, asked)));
        if asked.backfill {
            let clause = Clause::new(ClauseKind::Fresh, "not backfilled", false);
            clauses.push(clause.says("history that was loaded so that nothing acts"));
        }
        if let Some(age) = asked.stale {
            let most = self.rulebook().settings.stale_after;
            let text = format!("not older than {}", length(most));
            clauses.push(Clause::new(ClauseKind::Fresh, text, false).says(format!("{} old", age.in_words())));
        }
        clauses
    }

    /// The lines of a decision list: with `arm` given, its own condition and that none before holds.
    fn arm_clauses(&self, asked: &RuleAsked, arm: Option<usize>) -> Vec<Clause> {
        let Some(arm) = arm else {
            let mut clause = Clause::new(ClauseKind::Where, "the first line that fits", asked.arm.is_some());
            clause.parts = asked.arms.iter().flatten().map(|guard| self.asked(ClauseKind::Where, guard)).collect();
            return vec![clause];
        };
        let mut clauses: Vec<Clause> = match asked.arms.get(arm) {
            Some(Some(guard)) => self.condition(ClauseKind::Where, guard),
            _ => Vec::new(),
        };
        let earlier: Vec<Clause> =
            asked.arms.iter().take(arm).flatten().map(|guard| self.asked(ClauseKind::Where, guard)).collect();
        if !earlier.is_empty() {
            let mut clause = Clause::new(ClauseKind::Where, "no earlier line fits", asked.arm.is_none_or(|a| a >= arm));
            clause.parts = earlier;
            clauses.push(clause);
        }
        clauses
    }

    pub(super) fn score(&self, asked: &ScoreAsked) -> ScoreWhy {
        let name = self.rulebook().scores.name(asked.score);
        ScoreWhy { name: name.to_owned(), worth: asked.worth, parts: asked.parts.clone() }
    }

    /// What stands before a message on a channel; `all`: its hours and caps too, which only move it.
    pub(super) fn gates(&self, channel: ChannelId, gates: &[Gate], all: bool) -> Vec<Clause> {
        let Some(definition) = self.rulebook().channels.get(channel) else { return Vec::new() };
        let stops = |gate: &&Gate| {
            all || matches!(
                gate.kind,
                GateKind::Suppression | GateKind::Require(_) | GateKind::Address | GateKind::Invariant(_)
            )
        };
        // Of invariants only one that forbids it is worth a line.
        let told = |gate: &&Gate| !matches!(gate.kind, GateKind::Invariant(_)) || !gate.open;
        gates.iter().filter(stops).filter(told).map(|gate| self.gate(definition, gate)).collect()
    }

    /// What a `contact` block says, behind its first words.
    fn contact(&self, of: usize, says: impl Fn(&Contact) -> Option<String>) -> String {
        let contact = self.rulebook().contacts.get(of);
        let said = |contact| Some(format!("{} {}", self.rulebook().contact_name(contact), says(contact)?));
        contact.and_then(said).unwrap_or_default()
    }

    fn gate(&self, channel: &Channel, gate: &Gate) -> Clause {
        let name = &channel.name;
        let text = match gate.kind {
            GateKind::Suppression => format!("{name} is not suppressed"),
            GateKind::Require(place) => {
                format!("{name} requires {}", channel.requires.get(place).map_or("", |(_, text)| text.as_str()))
            }
            GateKind::Address => {
                let facts = channel.needs.iter().map(|fact| self.rulebook().facts.name(*fact));
                format!("{name} needs {}", facts.collect::<Vec<_>>().join(" or "))
            }
            GateKind::Window => format!("{name} is open"),
            GateKind::Cap(place) => {
                channel.caps.get(place).map_or_else(String::new, |cap| format!("{name} {}", cap_text(cap)))
            }
            GateKind::Gap(of) => self.contact(of, |contact| contact.gap.map(|gap| format!("gap {gap}"))),
            GateKind::ContactCap(of, place) => self.contact(of, |contact| contact.caps.get(place).map(cap_text)),
            GateKind::Invariant(place) => {
                let invariants = &self.rulebook().invariants;
                format!("{name} breaks no invariant {}", invariants.get(place).map_or("", |i| i.name.as_str()))
            }
        };
        let mut clause = Clause::new(ClauseKind::Channel, text, gate.open);
        if let Some(asked) = &gate.asked {
            let inner = self.asked(ClauseKind::Channel, asked);
            (clause.values, clause.parts) = (inner.values, inner.parts);
        }
        if !gate.open && !matches!(gate.kind, GateKind::Require(_)) {
            clause.says = gate.reason.as_ref().map(|reason| self.reason(reason)).unwrap_or_default();
        }
        match gate.from {
            Some(from) => clause.needs(format!("waits until {}", self.words.clock(from))).next(Some(from)),
            None => clause,
        }
    }

    /// Where a rule stands, and with `arm` its line of a decision list.
    pub(super) fn rule_source(&self, id: RuleId, arm: Option<usize>) -> Origin {
        let Some(rule) = self.rulebook().rules.get(id) else { return Origin::default() };
        let arm = arm.and_then(|arm| rule.arms.get(arm)).filter(|_| rule.arms.len() > 1);
        let why = arm.and_then(|arm| arm.why.as_ref()).or(rule.why.as_ref());
        self.source(&rule.label, arm.map_or(rule.range, |arm| arm.range), why)
    }

    pub(super) fn sequence_source(&self, id: SequenceId) -> Origin {
        self.rulebook().sequences.get(id).map_or_else(Origin::default, |s| self.source(&s.name, s.range, None))
    }

    /// A touch of a sequence; `whole` names the touch too.
    pub(super) fn touch_source(&self, id: SequenceId, touch: u16, whole: bool) -> Origin {
        let Some(sequence) = self.rulebook().sequences.get(id) else { return Origin::default() };
        let tail = sequence.tail.as_ref().map(|(tail, _)| tail);
        let Some(touch) = sequence.touches.get(usize::from(touch)).or(tail) else { return Origin::default() };
        let name = if whole { format!("{}.{}", sequence.name, touch.id) } else { sequence.name.clone() };
        self.source(&name, touch.range, None)
    }

    pub(super) fn source(&self, name: &str, range: Range, why: Option<&String>) -> Origin {
        let file = self.rulebook().sources.file(range.source);
        let (line, _) = file.line_column(range.start);
        let text = file.text.lines().nth(line as usize - 1).unwrap_or("");
        Origin {
            name: name.to_owned(),
            place: self.rulebook().sources.place(range),
            line: text.trim().to_owned(),
            why: why.cloned(),
        }
    }
}

fn cap_text(cap: &Cap) -> String {
    format!("cap {} per {} per {}", cap.count, cap.per, cap.scope.word())
}

fn leaf(state: &State) -> &State {
    match state {
        State::Not(inner) => leaf(inner),
        other => other,
    }
}

//! From rulebook to plan: every trigger and expression gets its place in a lead's state. The only
//! module that knows both.
#![expect(clippy::indexing_slicing, reason = "ids come from the rulebook whose lists they index")]

use std::sync::Arc;

use super::addresses::Addresses;
use super::gauge::Gauge;
use super::overrides::Overrides;
use super::{Absence, Condition, Counter, Fall, History, Pair, Periodic, Plan, Reaction, Test};
use crate::rulebook::metric::{DimensionSource, Measure, RowOutcome};
use crate::rulebook::{
    CapScope, Comparison, Effect, EffectKind, EventType, Experiment, ExperimentId, Expiry, Expr, InvariantKind, Limit,
    Metric, MetricId, Read, RuleId, Rulebook, ScoreId, ScriptId, Sequence, SequenceId, SetId, State, Table, Trigger,
    TypeId,
};
use crate::timestamp::Span;
use crate::units::{Content, Length};
use crate::value::Value;

/// Late news may land behind newer stamps; a counter keeps a few more than it needs for them.
const LATE_ROOM: usize = 8;

impl Plan {
    /// Compiles a checked rulebook. It cannot fail: what could was refused by `check`.
    #[must_use]
    pub fn compile(rulebook: Rulebook) -> Self {
        Self::compile_with(rulebook, |_| Vec::new())
    }

    /// The same for an engine that measures too: these metrics, and those they are made of. Its leads keep more
    /// than those of a plan that does not, and decide the same.
    #[must_use]
    pub fn compile_measured(rulebook: Rulebook, metrics: &[MetricId]) -> Self {
        Self::compile_with(rulebook, |rulebook| with_parts(rulebook, metrics))
    }

    fn compile_with(rulebook: Rulebook, measured: impl FnOnce(&Rulebook) -> Vec<MetricId>) -> Self {
        let measured = measured(&rulebook);
        let rulebook = Arc::new(rulebook);
        let mut plan = empty(&rulebook);
        for (id, rule) in rulebook.rules.with_ids() {
            plan.place_limit(id, rule.limit, &rule.arms.iter().flat_map(|a| &a.effects).collect::<Vec<_>>());
            plan.place_trigger(id, &rulebook);
        }
        for (id, sequence) in rulebook.sequences.with_ids() {
            plan.place_sequence(id, sequence);
        }
        for (id, score) in rulebook.scores.with_ids() {
            for (line, (set, _)) in score.points.iter().enumerate() {
                plan.react(*set, Reaction::Points(id, line));
            }
        }
        plan.place_scripts(&rulebook);
        for (id, experiment) in rulebook.experiments.with_ids() {
            plan.place_experiment(id, experiment);
        }
        for invariant in &rulebook.invariants {
            if let InvariantKind::NeverAfter { set, .. } = invariant.kind {
                plan.last(set);
            }
        }
        let states = rulebook.rules.iter().filter_map(|rule| rule.while_.as_ref());
        plan.asks_idle = states.into_iter().any(asks_idle);
        plan.react(rulebook.well_known.replied, Reaction::ResetTouches);
        for_each_expr(&rulebook, &mut |expr| plan.place_expr(expr));
        for metric in measured.iter().filter_map(|id| rulebook.metrics.get(*id)) {
            metric_exprs(metric).into_iter().for_each(|expr| expr.walk(&mut |expr| plan.place_expr(expr)));
        }
        for expr in measured.iter().filter_map(|id| rulebook.metrics.get(*id)).flat_map(judged_later) {
            expr.walk(&mut |expr| {
                if let Expr::Count(set, _) = expr {
                    plan.place_count(*set, Some(EVER));
                }
            });
        }
        for reactions in &mut plan.reactions {
            reactions.sort_unstable();
            reactions.dedup();
        }
        plan.dispatch = dispatch(&rulebook, &plan.reactions);
        plan.answers_first = plan.dispatch.iter().map(|tests| answers_first(tests, &plan.reactions)).collect();
        plan.gauge = (!measured.is_empty()).then(|| Arc::new(Gauge::of(&rulebook, &measured)));
        plan.tells = rulebook.types.with_ids().map(|(id, ty)| plan.tells(id, ty)).collect();
        plan
    }

    fn tells(&self, id: TypeId, ty: &EventType) -> bool {
        ty.sets_facts
            || !ty.setters.is_empty()
            || self.addresses.notice(id).is_some()
            || self.addresses.consents(id)
            || self.overrides.kind(id).is_some()
            || self.overrides.halt(id).is_some()
    }

    fn react(&mut self, set: SetId, reaction: Reaction) {
        if let Some(list) = self.reactions.get_mut(set) {
            list.push(reaction);
        }
    }

    /// Where the last occurrence of a set is kept.
    fn last(&mut self, set: SetId) -> usize {
        if let Some(Some(slot)) = self.last_of.get(set) {
            return *slot;
        }
        let slot = self.last_len;
        self.last_len += 1;
        if let Some(place) = self.last_of.get_mut(set) {
            *place = Some(slot);
        }
        self.react(set, Reaction::Last(slot));
        slot
    }

    fn place_limit(&mut self, rule: RuleId, limit: Option<Limit>, effects: &[&Effect]) {
        if limit.is_some() {
            self.limit_slot[rule.index()] = Some(self.limit_len);
            self.limit_len += 1;
        }
        if effects.iter().any(|e| numbered(&e.kind)) {
            self.firing_slot[rule.index()] = Some(self.firing_len);
            self.firing_len += 1;
        }
    }

    fn place_trigger(&mut self, rule: RuleId, rulebook: &Rulebook) {
        match rulebook.rules[rule.index()].trigger {
            Trigger::Event(set) => self.react(set, Reaction::Fire(rule)),
            Trigger::Count { set, times, within, without } => {
                let emptied = without.map(|set| {
                    let slot = self.last(set);
                    self.react(set, Reaction::Empty(self.counters.len()));
                    slot
                });
                let times = times as usize;
                let len = if within.is_some() { times + times.min(LATE_ROOM) } else { times };
                self.react(set, Reaction::Count(self.counters.len()));
                self.counters.push(Counter { rule, times, within, emptied, start: self.ring_len, len });
                self.ring_len += len;
            }
            Trigger::Follows { set, within, after } => self.place_pair(rule, (set, within, after), true, rulebook),
            Trigger::AbsentAfter { set, within, after } => self.place_pair(rule, (set, within, after), false, rulebook),
            Trigger::Absent { set, length, .. } => {
                let last = self.last(set);
                self.react(set, Reaction::Rearm(self.absences.len()));
                self.absences.push(Absence { rule, last: Some(last), length });
            }
            Trigger::Idle { length } => self.absences.push(Absence { rule, last: None, length }),
            Trigger::Score { score, upward: true, .. } => self.upward[score.index()].push(rule),
            Trigger::Score { score, upward: false, inclusive, value } => {
                self.downward[score.index()].push(Fall { rule, slot: self.fall_len, value, inclusive });
                self.fall_len += 1;
            }
            Trigger::Becomes(tier) => self.becomes[tier.index()].push(rule),
            Trigger::Leaves(tier) => self.leaves[tier.index()].push(rule),
            Trigger::Finished(sequence) => self.finished[sequence.index()].push(rule),
            Trigger::Enrolled(sequence) => self.enrolled[sequence.index()].push(rule),
            Trigger::Exited(sequence) => self.exited[sequence.index()].push(rule),
            Trigger::Every { .. } | Trigger::EveryWeekday { .. } => self.periodics.push(Periodic { rule }),
        }
    }

    fn place_pair(
        &mut self,
        rule: RuleId,
        (set, within, after): (SetId, Length, SetId),
        yes: bool,
        rulebook: &Rulebook,
    ) {
        self.react(set, Reaction::Answer(self.pairs.len()));
        self.react(after, Reaction::Ask(self.pairs.len()));
        self.pairs.push(Pair { rule, within, yes, keeps_props: uses_props(rule, rulebook) });
    }

    fn place_sequence(&mut self, id: SequenceId, sequence: &Sequence) {
        if let Some(tier) = sequence.tier {
            self.bound[tier.index()].push(id);
            self.auto[tier.index()].push(id);
        }
        for set in &sequence.exit_on {
            self.react(*set, Reaction::Exit(id, *set));
        }
    }

    /// A sequence that is entered in the place of another is entered in no other way by its tier.
    fn place_experiment(&mut self, id: ExperimentId, experiment: &Experiment) {
        match experiment.touch {
            Some(touch) => self.experiment_at[experiment.sequence.index()][usize::from(touch)] = Some(id),
            None => self.compared[experiment.sequence.index()] = Some(id),
        }
        for stand_in in experiment.sequences().skip(1) {
            self.auto.iter_mut().for_each(|entered| entered.retain(|other| *other != stand_in));
        }
    }

    fn place_expr(&mut self, expr: &Expr) {
        match expr {
            Expr::DaysSince(set) => {
                self.last(*set);
            }
            Expr::Pending(since, until) => {
                self.last(*since);
                self.last(*until);
            }
            Expr::Count(set, within) => self.place_count(*set, *within),
            Expr::Call { script, .. } => self.place_reads(*script),
            _ => {}
        }
    }

    fn place_count(&mut self, set: SetId, within: Option<Span>) {
        let Some(span) = within else {
            if self.total_of[set.index()].is_none() {
                self.total_of[set.index()] = Some(self.total_len);
                self.react(set, Reaction::Total(self.total_len));
                self.total_len += 1;
            }
            return;
        };
        let slot = self.history_of[set.index()].unwrap_or(self.histories.len());
        if slot == self.histories.len() {
            self.histories.push(History { longest: span });
            self.history_of[set.index()] = Some(slot);
            self.react(set, Reaction::Remember(slot));
        }
        let history = &mut self.histories[slot];
        history.longest = history.longest.max(span);
    }

    /// What a script reads of a lead's history is kept.
    fn place_reads(&mut self, script: ScriptId) {
        let rulebook = Arc::clone(&self.rulebook);
        for read in &rulebook.scripts[script.index()].reads {
            match read {
                Read::Count(set, within) => self.place_count(*set, *within),
                Read::DaysSince(set) | Read::Last(set) => {
                    self.last(*set);
                }
                _ => {}
            }
        }
    }

    /// Puts script scores into an order in which each comes after those it reads.
    fn place_scripts(&mut self, rulebook: &Rulebook) {
        let scripted = |id: &ScoreId| rulebook.scores[id.index()].script.as_ref();
        let mut left: Vec<ScoreId> = rulebook.scores.ids().filter(|id| scripted(id).is_some()).collect();
        while !left.is_empty() {
            let ready = left.iter().position(|id| {
                let reads = scripted(id).map(|script| rulebook.scripts[script.script.index()].reads.as_slice());
                !reads.into_iter().flatten().any(|read| matches!(read, Read::Score(other) if left.contains(other)))
            });
            // `check` refuses circles, so one is always ready.
            let id = left.remove(ready.unwrap_or(0));
            let place = self.scripts.len();
            self.script_of[id.index()] = Some(place);
            self.scripts.push(id);
            if let Some(script) = scripted(&id) {
                self.place_reads(script.script);
                script.on.iter().for_each(|set| self.react(*set, Reaction::Script(place)));
            }
        }
    }
}

fn empty(rulebook: &Arc<Rulebook>) -> Plan {
    let (rules, sets) = (rulebook.rules.len(), rulebook.sets.len());
    let (tiers, sequences, scores) = (rulebook.tiers.len(), rulebook.sequences.len(), rulebook.scores.len());
    let caps = rulebook.channels.iter().flat_map(|channel| &channel.caps);
    let mut caps = caps.chain(rulebook.contacts.iter().flat_map(|contact| &contact.caps));
    Plan {
        rulebook: Arc::clone(rulebook),
        dispatch: Table::default(),
        answers_first: Table::default(),
        tells: Table::default(),
        reactions: vec![Vec::new(); sets].into(),
        counters: Vec::new(),
        ring_len: 0,
        last_len: 0,
        last_of: vec![None; sets].into(),
        absences: Vec::new(),
        pairs: Vec::new(),
        periodics: Vec::new(),
        limit_slot: vec![None; rules].into(),
        limit_len: 0,
        firing_slot: vec![None; rules].into(),
        firing_len: 0,
        upward: vec![Vec::new(); scores].into(),
        downward: vec![Vec::new(); scores].into(),
        fall_len: 0,
        becomes: vec![Vec::new(); tiers].into(),
        leaves: vec![Vec::new(); tiers].into(),
        enrolled: vec![Vec::new(); sequences].into(),
        exited: vec![Vec::new(); sequences].into(),
        finished: vec![Vec::new(); sequences].into(),
        auto: vec![Vec::new(); tiers].into(),
        bound: vec![Vec::new(); tiers].into(),
        histories: Vec::new(),
        history_of: vec![None; sets].into(),
        total_of: vec![None; sets].into(),
        total_len: 0,
        scripts: Vec::new(),
        script_of: vec![None; scores].into(),
        experiment_at: rulebook.sequences.iter().map(|s| vec![None; s.touches.len() + 1]).collect(),
        compared: vec![None; sequences].into(),
        keeps_props: prints_props(rulebook),
        gauge: None,
        asks_idle: false,
        zones: rulebook.zones.clone(),
        owner_zone: rulebook.facts.find("owner_timezone"),
        crosses_accounts: caps.any(|cap| cap.scope == CapScope::Owner) || Addresses::of(rulebook).set_by_rules,
        overrides: Overrides::of(rulebook),
        addresses: Addresses::of(rulebook),
    }
}

/// Effects whose actions carry the number of the firing in their identity.
fn numbered(effect: &EffectKind) -> bool {
    matches!(effect, EffectKind::Send { .. } | EffectKind::Webhook(_))
}

/// By type: equal conditions are asked once; sets without reactions are left out.
fn dispatch(rulebook: &Rulebook, reactions: &Table<SetId, Vec<Reaction>>) -> Table<TypeId, Vec<Test>> {
    let mut tests: Vec<Vec<(&[Expr], Vec<SetId>)>> = vec![Vec::new(); rulebook.types.len()];
    for (id, set) in rulebook.sets.with_ids() {
        if reactions[id.index()].is_empty() {
            continue;
        }
        for alternative in &set.alternatives {
            let tests = &mut tests[alternative.ty.index()];
            match tests.iter_mut().find(|(conditions, _)| *conditions == alternative.conditions) {
                Some((_, sets)) if sets.contains(&id) => {}
                Some((_, sets)) => sets.push(id),
                None => tests.push((&alternative.conditions, vec![id])),
            }
        }
    }
    let test = |all: &[(&[Expr], Vec<SetId>)], (conditions, sets): &(&[Expr], Vec<SetId>)| Test {
        conditions: conditions.iter().map(condition).collect(),
        shares: sets.iter().any(|set| all.iter().filter(|(_, others)| others.contains(set)).count() > 1),
        sets: sets.clone(),
    };
    tests.iter().map(|all| all.iter().map(|one| test(all, one)).collect()).collect()
}

/// Whether one event may both answer and ask, by different sets.
fn answers_first(tests: &[Test], reactions: &Table<SetId, Vec<Reaction>>) -> bool {
    let all = || tests.iter().flat_map(|test| &test.sets).filter_map(|set| reactions.get(*set)).flatten();
    all().any(|reaction| reaction.answers()) && all().any(|r| matches!(r, Reaction::Ask(_)))
}

pub(super) fn condition(expr: &Expr) -> Condition {
    match expr {
        Expr::Not(inner) => match &**inner {
            Expr::Default(prop, default) => match (&**prop, &**default) {
                (Expr::Prop(prop), Expr::Constant(Value::Bool(false))) => Condition::NotTrue(*prop),
                _ => Condition::Expr(expr.clone()),
            },
            _ => Condition::Expr(expr.clone()),
        },
        Expr::Compare(Comparison::Equal, a, b) => match (&**a, &**b) {
            (Expr::Prop(prop), Expr::Constant(Value::Text(text))) => Condition::Is(*prop, text.clone()),
            _ => Condition::Expr(expr.clone()),
        },
        _ => Condition::Expr(expr.clone()),
    }
}

/// Metrics with all that they are made of.
fn with_parts(rulebook: &Rulebook, metrics: &[MetricId]) -> Vec<MetricId> {
    let mut all: Vec<MetricId> = metrics.to_vec();
    let mut next = 0;
    while let Some(id) = all.get(next).copied() {
        if let Some(Measure::Formula(formula)) = rulebook.metrics.get(id).map(|metric| &metric.measure) {
            formula.metrics(&mut |part| {
                if !all.contains(&part) {
                    all.push(part);
                }
            });
        }
        next += 1;
    }
    all
}

/// Longer than any log.
const EVER: Span = Span::days(100 * 366);

/// Conditions of a metric that are judged later.
fn judged_later(metric: &Metric) -> Vec<&Expr> {
    let Measure::Share { outcomes, .. } = &metric.measure else { return Vec::new() };
    let later = |outcome: &'_ RowOutcome| matches!(outcome, RowOutcome::Condition { after: Some(_), .. });
    let exprs = outcomes.iter().filter(|outcome| later(outcome)).filter_map(|outcome| match outcome {
        RowOutcome::Condition { expr, .. } => Some(expr),
        RowOutcome::Event { .. } | RowOutcome::Without { .. } | RowOutcome::Own(_) => None,
    });
    exprs.collect()
}

/// Every expression that a metric asks.
fn metric_exprs(metric: &Metric) -> Vec<&Expr> {
    let mut all: Vec<&Expr> = Vec::new();
    if let Some(rows) = metric.measure.rows() {
        all.extend(&rows.guard);
    }
    match &metric.measure {
        Measure::Share { outcomes, .. } => {
            all.extend(outcomes.iter().filter_map(|outcome| match outcome {
                RowOutcome::Condition { expr, .. } => Some(expr),
                RowOutcome::Event { .. } | RowOutcome::Without { .. } | RowOutcome::Own(_) => None,
            }));
        }
        Measure::Statistic { value, .. } => all.push(value),
        Measure::Count(_) | Measure::Time { .. } | Measure::Steps { .. } | Measure::Formula(_) => {}
    }
    for part in metric.by.iter().flat_map(|by| &by.parts) {
        if let DimensionSource::Expr(expr) = &part.source {
            all.push(expr);
        }
    }
    all
}

/// Calls `f` with every expression of the rulebook and every expression inside it.
fn for_each_expr(rulebook: &Rulebook, f: &mut impl FnMut(&Expr)) {
    let mut visit = |expr: &Expr| expr.walk(f);
    for rule in &rulebook.rules {
        rule.guard.iter().for_each(&mut visit);
        for arm in &rule.arms {
            arm.guard.iter().for_each(&mut visit);
            arm.effects.iter().for_each(|e| effect_exprs(&e.kind).into_iter().for_each(&mut visit));
        }
    }
    for sequence in &rulebook.sequences {
        sequence.guard.iter().for_each(&mut visit);
        let tail = sequence.tail.iter().map(|(touch, _)| touch);
        for touch in sequence.touches.iter().chain(tail) {
            touch.condition.iter().chain(expiry_expr(touch.expires.as_ref())).for_each(&mut visit);
        }
    }
    rulebook.channels.iter().flat_map(|c| &c.requires).for_each(|(expr, _)| visit(expr));
    rulebook.sets.iter().flat_map(|s| &s.alternatives).flat_map(|a| &a.conditions).for_each(&mut visit);
}

/// The moment at which something expires.
fn expiry_expr(expiry: Option<&Expiry>) -> Option<&Expr> {
    match expiry {
        Some(Expiry::At(moment)) => Some(moment),
        Some(Expiry::After(_)) | None => None,
    }
}

fn effect_exprs(effect: &EffectKind) -> Vec<&Expr> {
    use crate::rulebook::{HoldEnd, Timing};
    match effect {
        EffectKind::Hold { until: HoldEnd::Until(expr), .. }
        | EffectKind::Assign(expr)
        | EffectKind::Set { value: expr, .. }
        | EffectKind::Add { amount: expr, .. } => vec![expr],
        EffectKind::Send { timing, expires, .. } => {
            let around = match timing {
                Timing::Before { moment, .. } | Timing::After { moment, .. } => Some(moment),
                Timing::Now | Timing::In { .. } | Timing::At(_) | Timing::Next { .. } => None,
            };
            around.into_iter().chain(expiry_expr(expires.as_ref())).collect()
        }
        EffectKind::Alert { expires, .. } | EffectKind::Escalate { expires, .. } => {
            expiry_expr(expires.as_ref()).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// Whether some template prints properties of the event that led to the message.
fn prints_props(rulebook: &Rulebook) -> bool {
    let mut values = rulebook.templates.iter().flat_map(|template| &template.values);
    values.any(|value| matches!(value, crate::rulebook::Filling::Prop(_)))
}

/// Whether a rule's guard, arms, effects or what they send ask for properties of the event.
fn uses_props(rule: RuleId, rulebook: &Rulebook) -> bool {
    let rule = &rulebook.rules[rule.index()];
    let asks = |effect: &Effect| match &effect.kind {
        EffectKind::Send { content, .. } => matches!(content, Content::Template(_)),
        EffectKind::Start(_) | EffectKind::Tier(_) => true,
        _ => false,
    };
    // A message that goes out now or in a sequence that begins now may print them.
    let mut found = prints_props(rulebook) && rule.arms.iter().flat_map(|arm| &arm.effects).any(asks);
    let mut look = |expr: &Expr| expr.walk(&mut |e| found |= matches!(e, Expr::Prop(_)));
    rule.guard.iter().for_each(&mut look);
    for arm in &rule.arms {
        arm.guard.iter().for_each(&mut look);
        arm.effects.iter().for_each(|e| effect_exprs(&e.kind).into_iter().for_each(&mut look));
    }
    found
}

/// Whether a state asks whether a lead is idle.
fn asks_idle(state: &State) -> bool {
    match state {
        State::Idle => true,
        State::Not(inner) => asks_idle(inner),
        State::And(a, b) | State::Or(a, b) => asks_idle(a) || asks_idle(b),
        State::Tier(_) | State::In(_) | State::Suppressed => false,
    }
}

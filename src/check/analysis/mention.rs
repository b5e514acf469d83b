//! Every name and every expression that a rulebook's text mentions, with its place.

use std::collections::BTreeSet;

use crate::syntax::tree::*;

/// What the text mentions.
#[derive(Default)]
pub(super) struct Mentions<'a> {
    /// Bare names of expressions, and the names of what is called.
    pub names: BTreeSet<&'a str>,
    /// Names of functions that are called.
    pub calls: BTreeSet<&'a str>,
    /// Members of groups.
    pub members: BTreeSet<&'a str>,
}

impl<'a> Mentions<'a> {
    /// Reads files.
    pub fn of(files: &[&'a File]) -> Self {
        let mut mentions = Self::default();
        for item in files.iter().flat_map(|file| &file.items) {
            mentions.item(item);
        }
        mentions
    }

    fn item(&mut self, item: &'a Item) {
        match &item.node {
            ItemKind::Event(event) => self.exprs(&event.guard),
            ItemKind::Group(group) => self.members.extend(group.members.iter().map(|member| member.node.as_str())),
            ItemKind::Lead(fields) => fields.iter().for_each(|field| self.exprs(&field.default)),
            // What only a test speaks of is not used.
            ItemKind::Tiers(_)
            | ItemKind::Topics(_)
            | ItemKind::Calendar(_)
            | ItemKind::Contact(_)
            | ItemKind::Test(_) => {}
            ItemKind::Channel(channel) => {
                for clause in &channel.clauses {
                    if let ChannelClause::Require(condition) = &clause.node {
                        self.expr(condition);
                    }
                }
            }
            ItemKind::Invariant(invariant) => {
                if let InvariantKind::NeverAfter { event, .. } | InvariantKind::InTime { event, .. } = &invariant.rule {
                    self.event(event);
                }
            }
            ItemKind::Let(constant) => self.expr(&constant.value),
            ItemKind::Settings(settings) => settings.iter().for_each(|setting| self.expr(&setting.value)),
            ItemKind::Rule(rule) => self.rule(rule),
            ItemKind::Sequence(sequence) => self.sequence(sequence),
            ItemKind::Score(score) => {
                for line in &score.lines {
                    match &line.node {
                        ScoreLine::Points(event, _) => self.event(event),
                        ScoreLine::On(events) => events.iter().for_each(|event| self.event(event)),
                        _ => {}
                    }
                }
            }
            ItemKind::Metric(metric) => self.metric(metric),
            ItemKind::Experiment(experiment) => {
                experiment.goal.iter().chain(&experiment.guard).for_each(|(event, _)| self.event(event));
            }
        }
    }

    fn metric(&mut self, metric: &'a MetricDecl) {
        let rows = match &metric.measure.node {
            Measure::Count(rows) => rows,
            Measure::Share { rows, outcomes } => {
                for outcome in outcomes {
                    match &outcome.node {
                        Outcome::Event { event, .. } | Outcome::Without { event, .. } => self.event(event),
                        Outcome::Expr { value, .. } => self.expr(value),
                    }
                }
                rows
            }
            Measure::Statistic { value, rows, .. } => {
                self.expr(value);
                rows
            }
            Measure::Time { rows, event, .. } => {
                self.event(event);
                rows
            }
            Measure::Steps { rows, steps, .. } => {
                steps.iter().for_each(|event| self.event(event));
                rows
            }
            Measure::Formula(formula) => return self.expr(formula),
        };
        rows.events.iter().for_each(|event| self.event(event));
        self.exprs(&rows.guard);
        for clause in &metric.clauses {
            match &clause.node {
                MetricClause::Except { event, .. } => self.event(event),
                MetricClause::By(list) => {
                    let parts = list.iter().flat_map(|by| &by.node.parts);
                    self.names.extend(parts.map(|part| part.name.node.as_str()));
                }
                _ => {}
            }
        }
    }

    fn rule(&mut self, rule: &'a RuleDecl) {
        match &rule.trigger.node {
            TriggerKind::Event(event) | TriggerKind::Absent { event, .. } => self.event(event),
            TriggerKind::Count { event, without, .. } => {
                self.event(event);
                without.iter().for_each(|event| self.event(event));
            }
            TriggerKind::Follows { event, after, .. } | TriggerKind::AbsentAfter { event, after, .. } => {
                self.event(event);
                self.event(after);
            }
            TriggerKind::Score { value, .. } => self.expr(value),
            _ => {}
        }
        self.exprs(&rule.guard);
        match &rule.body {
            RuleBody::Effects(effects) => effects.iter().for_each(|effect| self.effect(effect)),
            RuleBody::Decision(arms) => {
                for arm in arms {
                    self.exprs(&arm.guard);
                    arm.effects.iter().for_each(|effect| self.effect(effect));
                }
            }
        }
    }

    fn effect(&mut self, effect: &'a Effect) {
        match &effect.node {
            EffectKind::HoldUntil { until: value, .. }
            | EffectKind::Assign(value)
            | EffectKind::Set { value, .. }
            | EffectKind::Add { amount: value, .. } => self.expr(value),
            EffectKind::Send { timing, expires, .. } => {
                let timing = timing.as_ref().map(|timing| &timing.node);
                if let Some(Timing::Before { moment, .. } | Timing::After { moment, .. }) = timing {
                    self.expr(moment);
                }
                self.expiry(expires.as_ref());
            }
            EffectKind::Alert { expires, .. } | EffectKind::Escalate { expires, .. } => self.expiry(expires.as_ref()),
            _ => {}
        }
    }

    fn sequence(&mut self, sequence: &'a SequenceDecl) {
        self.exprs(&sequence.guard);
        for clause in &sequence.clauses {
            if let SequenceClause::ExitOn(events) = &clause.node {
                events.iter().for_each(|event| self.event(event));
            }
        }
        let touches = sequence.touches.iter().map(|touch| &touch.message);
        for message in touches.chain(sequence.tail.iter().map(|tail| &tail.message)) {
            self.exprs(&message.condition);
            self.expiry(message.expires.as_ref());
        }
    }

    fn expiry(&mut self, expiry: Option<&'a Expiry>) {
        if let Some(Expiry::At(moment)) = expiry {
            self.expr(moment);
        }
    }

    fn event(&mut self, event: &'a EventRef) {
        self.names.insert(&event.name.node);
        event.filters.iter().for_each(|filter| self.expr(filter));
    }

    fn exprs(&mut self, expr: &'a Option<Expr>) {
        expr.iter().for_each(|expr| self.expr(expr));
    }

    fn expr(&mut self, expr: &'a Expr) {
        expr.walk(&mut |part| match &part.node {
            ExprKind::Name(name) => drop(self.names.insert(name)),
            ExprKind::Call { name, .. } => {
                self.names.insert(&name.node);
                self.calls.insert(&name.node);
            }
            _ => {}
        });
    }
}

//! Metrics and what a test expects of them.

use super::super::grammar::Rule;
use super::super::tree::{
    AlertWhen, Amount, At, Dimension, DimensionPart, EventRef, Goal, Measure, MeasuredExpect, MetricClause, MetricDecl,
    Outcome, Rows, RowsOf, Shown, Statistic,
};
use super::expr::comparison;
use super::{Build, Pair, child};

impl Build<'_> {
    pub(super) fn metric(&mut self, pair: Pair<'_>) -> Option<MetricDecl> {
        let name = self.name_in(&pair)?;
        let (mut measure, mut clauses, mut why) = (None, Vec::new(), None);
        for kid in pair.into_inner() {
            let range = self.range(&kid);
            match kid.as_rule() {
                Rule::name | Rule::kw_metric | Rule::equals => {}
                Rule::metric_block => {
                    for clause in kid.into_inner() {
                        let range = self.range(&clause);
                        clauses.extend(self.metric_clause(clause).map(|node| At { node, range }));
                    }
                }
                Rule::why_clause => why = self.text_in(&kid),
                _ => measure = self.measure(&kid).map(|node| At { node, range }),
            }
        }
        Some(MetricDecl { name, measure: measure?, clauses, why })
    }

    fn measure(&mut self, pair: &Pair<'_>) -> Option<Measure> {
        let within = child(pair, Rule::within).and_then(|kid| self.length_in(&kid));
        Some(match pair.as_rule() {
            Rule::counted_rows => Measure::Count(self.rows_in(pair)?),
            Rule::share => {
                let kids = pair.clone().into_inner().filter(|kid| kid.as_rule() == Rule::outcome);
                let outcomes = kids.map(|kid| Some(At { range: self.range(&kid), node: self.outcome(&kid)? }));
                Measure::Share { outcomes: outcomes.collect::<Option<_>>()?, rows: self.rows_in(pair)? }
            }
            Rule::steps => {
                let rows = self.rows_in(pair)?;
                Measure::Steps { rows, steps: self.row_events_in(pair), within }
            }
            Rule::time_between => Measure::Time {
                quantile: statistic(pair)?,
                open: child(pair, Rule::kw_open).is_some(),
                rows: self.rows_in(pair)?,
                event: self.row_events_in(pair).pop()?,
                within,
            },
            Rule::statistic => Measure::Statistic {
                statistic: statistic(pair)?,
                value: self.expr_in(pair)?,
                rows: self.rows_in(pair)?,
            },
            Rule::formula => Measure::Formula(self.expr_in(pair)?),
            _ => return None,
        })
    }

    fn rows_in(&mut self, pair: &Pair<'_>) -> Option<Rows> {
        let kid = child(pair, Rule::rows).or_else(|| child(pair, Rule::step_rows))?;
        let of = match (child(&kid, Rule::kw_leads), child(&kid, Rule::kw_accounts)) {
            (Some(_), _) => RowsOf::Leads,
            (_, Some(_)) => RowsOf::Accounts,
            _ => RowsOf::Events,
        };
        let clause = |rule| child(&kid, rule);
        let (state, guard) = (clause(Rule::while_clause), clause(Rule::where_clause));
        Some(Rows {
            of,
            events: self.row_events_in(&kid),
            while_: state.and_then(|kid| self.state_in(&kid)),
            guard: guard.and_then(|kid| self.expr_in(&kid)),
            range: self.range(&kid),
        })
    }

    fn row_events_in(&mut self, pair: &Pair<'_>) -> Vec<EventRef> {
        let events = pair.clone().into_inner().filter(|kid| kid.as_rule() == Rule::row_event);
        events.filter_map(|kid| self.event_ref(&kid)).collect()
    }

    fn outcome(&mut self, pair: &Pair<'_>) -> Option<Outcome> {
        let kid = pair.clone().into_inner().next()?;
        let within = child(&kid, Rule::within).and_then(|within| self.length_in(&within));
        Some(match kid.as_rule() {
            Rule::outcome_absent => Outcome::Without { event: self.row_events_in(&kid).pop()?, within },
            Rule::outcome_event => Outcome::Event { event: self.row_events_in(&kid).pop()?, within: within? },
            _ => {
                let after = child(&kid, Rule::outcome_after).and_then(|after| self.length_in(&after));
                Outcome::Expr { value: self.expr_in(&kid)?, after }
            }
        })
    }

    fn metric_clause(&mut self, pair: Pair<'_>) -> Option<MetricClause> {
        Some(match pair.as_rule() {
            Rule::metric_kind => MetricClause::Kind(self.name_in(&pair)?),
            Rule::by_clause => {
                let kids = pair.into_inner().filter(|kid| kid.as_rule() == Rule::dimension);
                MetricClause::By(kids.map(|kid| At { range: self.range(&kid), node: self.dimension(kid) }).collect())
            }
            Rule::except_clause => MetricClause::Except {
                event: self.row_events_in(&pair).pop()?,
                within: child(&pair, Rule::within).and_then(|within| self.length_in(&within)),
            },
            Rule::credit_clause => MetricClause::CreditAccount,
            Rule::target => {
                let from = child(&pair, Rule::target_from);
                let from = from.and_then(|kid| {
                    let range = self.range(&kid);
                    self.date(&kid).map(|node| At { node, range })
                });
                MetricClause::Target { goal: self.goal_of(&pair)?, from }
            }
            Rule::better => MetricClause::Better { lower: child(&pair, Rule::kw_lower).is_some() },
            Rule::benchmark => {
                let mut amounts = self.amounts_in(&pair).into_iter();
                MetricClause::Benchmark { value: amounts.next()?, to: amounts.next(), source: self.text_in(&pair) }
            }
            Rule::least => MetricClause::Least(child(&pair, Rule::whole).map(|kid| self.whole(&kid))?),
            Rule::remedy => MetricClause::Remedy(self.text_in(&pair)?),
            Rule::metric_alert => MetricClause::Alert {
                to: self.name_in(&pair)?,
                when: self.alert_when(&pair)?,
                each: child(&pair, Rule::alert_each).and_then(|kid| self.name_in(&kid)),
            },
            _ => return None,
        })
    }

    fn alert_when(&mut self, pair: &Pair<'_>) -> Option<At<AlertWhen>> {
        let kid = [Rule::off_target, Rule::moved, Rule::none_for].into_iter().find_map(|rule| child(pair, rule))?;
        let node = match kid.as_rule() {
            Rule::off_target => {
                let times = child(&kid, Rule::whole).map(|whole| self.whole(&whole));
                AlertWhen::OffTarget(times.and_then(|times| Some((times, self.name_in(&kid)?))))
            }
            Rule::moved => {
                let by = child(&kid, Rule::percent).map(|percent| self.number(&percent))?;
                if child(&kid, Rule::kw_up).is_some() { AlertWhen::Up(by) } else { AlertWhen::Down(by) }
            }
            _ => AlertWhen::NoneFor(self.length_in(&kid)?),
        };
        Some(At { node, range: self.range(&kid) })
    }

    fn dimension(&mut self, pair: Pair<'_>) -> Dimension {
        let kids = pair.into_inner().filter(|kid| kid.as_rule() == Rule::one_dimension);
        let part = |kid: Pair<'_>| {
            let edges = child(&kid, Rule::edges).into_iter().flat_map(Pair::into_inner);
            let edges = edges.filter(|edge| edge.as_rule() == Rule::number);
            Some(DimensionPart { edges: edges.map(|edge| self.number(&edge)).collect(), name: self.name_in(&kid)? })
        };
        Dimension { parts: kids.filter_map(part).collect() }
    }

    fn goal_of(&mut self, pair: &Pair<'_>) -> Option<Goal> {
        let mut amounts = self.amounts_in(pair).into_iter();
        match child(pair, Rule::compare) {
            Some(sign) => {
                Some(Goal::Compare(At { node: comparison(&sign)?, range: self.range(&sign) }, amounts.next()?))
            }
            None => Some(Goal::Between(amounts.next()?, amounts.next()?)),
        }
    }

    fn amounts_in(&mut self, pair: &Pair<'_>) -> Vec<At<Amount>> {
        let kids = pair.clone().into_inner().filter(|kid| kid.as_rule() == Rule::amount);
        kids.filter_map(|kid| Some(At { range: self.range(&kid), node: self.amount(&kid)? })).collect()
    }

    fn amount(&mut self, pair: &Pair<'_>) -> Option<Amount> {
        let kid = pair.clone().into_inner().next()?;
        Some(match kid.as_rule() {
            Rule::percent => Amount::Percent(self.number(&kid).node),
            Rule::length => Amount::Length(self.length(&kid).node),
            _ => Amount::Number(self.number(&kid).node),
        })
    }

    /// `metric reply_rate by channel "sms" 1 of 1 at +21d`
    pub(super) fn measured(&mut self, pair: &Pair<'_>) -> Option<MeasuredExpect> {
        let group = child(pair, Rule::measured_group);
        let at = child(pair, Rule::measured_at);
        let shows = pair
            .clone()
            .into_inner()
            .find(|kid| matches!(kid.as_rule(), Rule::whole_of | Rule::no_value | Rule::amount))?;
        let range = self.range(&shows);
        let node = match shows.as_rule() {
            Rule::no_value => Shown::Nothing,
            Rule::whole_of => {
                let counts = shows.into_inner().filter(|kid| kid.as_rule() == Rule::count_of);
                let counts: Vec<u64> = counts.filter_map(|kid| kid.as_str().replace('_', "").parse().ok()).collect();
                let [outcomes, rows] = counts.as_slice() else { return None };
                Shown::Of(*outcomes, *rows)
            }
            _ => {
                let amount = self.amount(&shows)?;
                Shown::Value(if child(pair, Rule::minus).is_some() { negative(amount) } else { amount })
            }
        };
        Some(MeasuredExpect {
            metric: self.name_in(pair)?,
            group: group.and_then(|kid| Some((self.name_in(&kid)?, self.text_in(&kid)?))),
            shows: At { node, range },
            at: at.and_then(|kid| self.moment_in(&kid)),
        })
    }
}

fn negative(amount: Amount) -> Amount {
    match amount {
        Amount::Percent(value) => Amount::Percent(-value),
        Amount::Number(value) => Amount::Number(-value),
        Amount::Length(length) => Amount::Length(length),
    }
}

fn statistic(pair: &Pair<'_>) -> Option<Statistic> {
    let kids = pair.clone().into_inner().flat_map(|kid| match kid.as_rule() {
        Rule::quantile => kid.into_inner().collect::<Vec<_>>(),
        _ => vec![kid],
    });
    kids.into_iter().find_map(|kid| {
        Some(match kid.as_rule() {
            Rule::kw_median => Statistic::Median,
            Rule::kw_p75 => Statistic::P75,
            Rule::kw_p90 => Statistic::P90,
            Rule::kw_mean => Statistic::Mean,
            Rule::kw_sum => Statistic::Sum,
            _ => return None,
        })
    })
}

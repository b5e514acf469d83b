//! One row of a metric, judged at its moment.

use smallvec::SmallVec;

use super::{Event, Meter, Row};
use crate::engine::World;
use crate::engine::evaluate::Scope;
use crate::plan::{Gauged, Plan, Wait};
use crate::rulebook::metric::{DimensionSource, Measure};
use crate::rulebook::{Expr, Metric, MetricId};
use crate::timestamp::Timestamp;
use crate::value::View;

impl World {
    /// Writes a row down, if the lead is one that the metric looks at; `None` for a lead as it stands.
    pub(super) fn measure_row(
        &self,
        meter: &mut Meter,
        (plan, slot): (&Plan, u32),
        id: MetricId,
        scope: &Scope<'_>,
        (event, seen): (Option<(Event<'_>, u32)>, Timestamp),
    ) {
        let gauge = std::sync::Arc::clone(&meter.gauge);
        let Some((metric, gauged)) = plan.rulebook.metrics.get(id).zip(gauge.metrics.get(id).and_then(Option::as_ref))
        else {
            return;
        };
        let Some(rows) = metric.measure.rows() else { return };
        let at = event.map_or(scope.now, |(event, _)| event.at);
        let looks = rows.state.as_ref().is_none_or(|state| scope.state(state))
            && rows.guard.as_ref().is_none_or(|guard| scope.holds(guard));
        if !looks {
            return;
        }
        let place = meter.samples.rows.len() as u32;
        let mut row = Row {
            metric: id,
            lead: scope.lead.id,
            account: scope.lead.account,
            at,
            snapshot: event.is_none(),
            seen,
            number: event.map_or(0, |(_, number)| number),
            until: SmallVec::new(),
            except_until: gauged.except.map_or(at, |(_, within)| self.measure(plan, slot, at, within)),
            held: 0,
            value: value(metric, scope),
            channel: event.and_then(|(event, _)| event.channel),
            action: event.and_then(|(event, _)| event.action),
            groups: meter.groups(scope, at, gauged),
            zone: scope.zone(),
        };
        self.wait(meter, (plan, slot), (&mut row, place), gauged, scope, event);
        if scope.before.is_some_and(|before| before.tier.is_none()) && !row.snapshot {
            note_tierless(meter, slot, (at, place), gauged);
        }
        meter.samples.rows.push(row);
    }

    /// What a row waits for, and what is known of it now.
    fn wait(
        &self,
        meter: &mut Meter,
        (plan, slot): (&Plan, u32),
        (row, place): (&mut Row, u32),
        gauged: &Gauged,
        scope: &Scope<'_>,
        event: Option<(Event<'_>, u32)>,
    ) {
        for (outcome, wait) in gauged.waits.iter().enumerate() {
            let bit = 1u64.checked_shl(outcome as u32).unwrap_or(0);
            let mut until = row.at;
            match wait {
                Wait::For(_, within) | Wait::NotFor(_, within) => until = self.measure(plan, slot, row.at, *within),
                Wait::Own(set) => {
                    let set = plan.rulebook.sets.get(*set);
                    let of_type = set.into_iter().flat_map(|set| &set.alternatives);
                    let mut of_type = of_type.filter(|alternative| event.is_some_and(|(e, _)| e.ty == alternative.ty));
                    if of_type
                        .any(|alternative| alternative.conditions.iter().all(|it| scope.value(it) == View::Bool(true)))
                    {
                        row.held |= bit;
                    }
                }
                Wait::Now(expr) => {
                    if scope.value(expr) == View::Bool(true) {
                        row.held |= bit;
                    }
                }
                Wait::Later(_, after) => {
                    until = self.measure(plan, slot, row.at, *after);
                    meter.memory(slot).later.push((until, place, outcome as u8));
                }
            }
            row.until.push(until);
        }
    }
}

fn value(metric: &Metric, scope: &Scope<'_>) -> Option<crate::decimal::Decimal> {
    let Measure::Statistic { value, .. } = &metric.measure else { return None };
    match scope.value(value) {
        View::Number(number) => Some(number),
        View::Length(length) => crate::decimal::Decimal::whole(length.0),
        _ => None,
    }
}

/// Whoever has no tier yet counts under the first one it gets at this moment.
fn note_tierless(meter: &mut Meter, slot: u32, (at, place): (Timestamp, u32), gauged: &Gauged) {
    let gauge = std::sync::Arc::clone(&meter.gauge);
    for (breakdown, parts) in gauged.by.iter().enumerate() {
        let of_tier = |part: &usize| {
            gauge.dimensions.get(*part).is_some_and(|part| part.source == DimensionSource::Expr(Expr::Tier))
        };
        if parts.len() == 1 && parts.iter().all(of_tier) {
            meter.memory(slot).tierless.push((at, place, breakdown as u8));
        }
    }
}

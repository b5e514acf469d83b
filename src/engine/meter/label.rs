//! What the groups of a breakdown are called.

use chrono::{Datelike, Timelike};

use crate::decimal::Decimal;
use crate::engine::evaluate::Scope;
use crate::rulebook::metric::{DimensionPart, DimensionSource};
use crate::timestamp::Timestamp;
use crate::units::Weekday;
use crate::value::View;

/// What a row without a value is called.
pub(crate) const NOTHING: &str = "-";

/// The group of a row in one part of a breakdown.
pub(super) fn of(part: &DimensionPart, scope: &Scope<'_>, at: Timestamp) -> String {
    match &part.source {
        DimensionSource::Weekday => {
            let day = scope.zone().to_local(at).date().weekday().num_days_from_monday() as usize;
            Weekday::NAMES.get(day).copied().unwrap_or(NOTHING).to_owned()
        }
        DimensionSource::Hour => format!("{:02}", scope.zone().to_local(at).hour()),
        DimensionSource::Expr(expr) => match scope.value(expr) {
            View::Number(number) if !part.edges.is_empty() => range(number, &part.edges),
            value => word(value),
        },
    }
}

fn word(value: View<'_>) -> String {
    match value {
        View::Missing => NOTHING.to_owned(),
        View::Text(text) => text.to_owned(),
        View::Bool(truth) => if truth { "yes" } else { "no" }.to_owned(),
        View::Number(number) => number.to_string(),
        View::Date(days) => super::super::evaluate::date(days).map_or(NOTHING.to_owned(), |date| date.to_string()),
        View::Time(_) | View::Length(_) | View::List(_) => NOTHING.to_owned(),
    }
}

/// `< 10000`, `10000..50000`, `>= 50000`
fn range(number: Decimal, edges: &[Decimal]) -> String {
    let at = edges.partition_point(|edge| *edge <= number);
    let (below, above) = (at.checked_sub(1).and_then(|at| edges.get(at)), edges.get(at));
    match (below, above) {
        (Some(below), Some(above)) => format!("{below}..{above}"),
        (Some(below), None) => format!(">= {below}"),
        (None, Some(above)) => format!("< {above}"),
        (None, None) => number.to_string(),
    }
}

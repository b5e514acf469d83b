//! Which row an outcome belongs to.

use crate::engine::meter::{Happened, Row};
use crate::timestamp::Timestamp;

/// The first outcome of each row of one lead, both in the order in which they happened: an outcome belongs to one
/// row, the last whose window holds it, of those on its own channel if there is one; what answers an action
/// belongs to that alone.
pub(super) fn credited(rows: &[&Row], outcomes: &[Happened], which: usize) -> Vec<Option<Timestamp>> {
    let mut credited = vec![None; rows.len()];
    let longest = rows.iter().map(|row| until(row, which) - row.at).max().unwrap_or_default();
    for outcome in outcomes {
        let end = rows.partition_point(|row| row.at <= outcome.at);
        let near = rows.iter().enumerate().take(end).rev();
        let near = near.take_while(|(_, row)| row.at + longest > outcome.at);
        let is_own = |row: &Row| row.action.is_some() && row.action == outcome.action;
        let answers = |action| rows.iter().any(|row| row.action == Some(action) && row.number != outcome.number);
        let told = outcome.action.is_some_and(answers);
        let mut holding = near.filter(|(_, row)| {
            outcome.at < until(row, which) && row.number != outcome.number && (!told || is_own(row))
        });
        let chosen = if outcome.channel.is_some() {
            let mut last = None;
            let own = holding.find(|(at, row)| {
                last = last.or(Some(*at));
                row.channel == outcome.channel
            });
            own.or_else(|| last.and_then(|at| rows.get(at).map(|row| (at, row))))
        } else {
            holding.next()
        };
        if let Some(slot) = chosen.and_then(|(at, _)| credited.get_mut(at)) {
            *slot = slot.or(Some(outcome.at));
        }
    }
    credited
}

/// The first such event from a row on within its window, whoever else it belongs to.
pub(super) fn first(row: &Row, outcomes: &[Happened], end: Timestamp) -> Option<Timestamp> {
    let from = outcomes.partition_point(|outcome| outcome.at < row.at);
    let after = outcomes.iter().skip(from).take_while(|outcome| outcome.at < end);
    after.into_iter().find(|outcome| outcome.number != row.number).map(|outcome| outcome.at)
}

fn until(row: &Row, which: usize) -> Timestamp {
    row.until.get(which).copied().unwrap_or(row.at)
}

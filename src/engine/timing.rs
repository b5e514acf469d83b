//! When a rule asks for something to be done: the moments that `in`, `at`, `on`, `before` and `after` name.

use chrono::{Datelike, Days};

use crate::decision::Reason;
use crate::local::Zone;
use crate::rulebook::{ChannelId, Expr, Timing};
use crate::timestamp::{Span, Timestamp};
use crate::units::{Length, Unit};

use super::instant::Pending;
use super::schedule::{clock, later};
use super::{Moment, World};

impl World {
    /// The moment a rule asks for, and whether it is bound to the lead's clock; or why there is
    /// none.
    pub(super) fn asked_for(
        &self,
        moment: &Moment<'_>,
        pending: &Pending,
        channel: ChannelId,
        timing: &Timing,
    ) -> Result<(Timestamp, bool), Reason> {
        let (zone, _) = self.channel_zone(moment.plan, pending.slot, channel);
        let calendar = Self::window(moment.plan, channel).calendar.or(Self::office(moment.plan));
        let today = zone.to_local(moment.now).date();
        let on =
            |days: u64, at| today.checked_add_days(Days::new(days)).map(|date| zone.resolve(date.and_time(clock(at))));
        let target = |expr| self.target(moment, pending, expr).ok_or(Reason::TimeMissing);
        match timing {
            Timing::Now => Ok((moment.now, false)),
            Timing::In { length, at } => {
                let from = later(moment.now, *length, zone, calendar);
                let due = at.map_or(from, |at| zone.resolve(zone.to_local(from).date().and_time(clock(at))));
                Ok((due.max(moment.now), at.is_some()))
            }
            Timing::At(at) => (0..=2)
                .filter_map(|n| on(n, *at))
                .find(|due| *due > moment.now)
                .map(|due| (due, true))
                .ok_or(Reason::NoSuchTime),
            Timing::Next { day, at } => (0..=14)
                .filter(|n| {
                    today
                        .checked_add_days(Days::new(*n))
                        .is_some_and(|date| date.weekday().num_days_from_monday() == u32::from(day.0))
                })
                .filter_map(|n| on(n, *at))
                .find(|due| *due > moment.now)
                .map(|due| (due, true))
                .ok_or(Reason::NoSuchTime),
            Timing::Before { length, moment: expr } => {
                let target = target(expr)?;
                let due = self.earlier(moment, pending.slot, target, *length);
                if due < moment.now {
                    return Err(Reason::TooLate { length: *length, before: target, was: due });
                }
                Ok((due, false))
            }
            Timing::After { length, moment: expr } => {
                let due = later(target(expr)?, *length, zone, calendar);
                Ok((due.max(moment.now), false))
            }
        }
    }

    /// The moment an action is counted from.
    pub(super) fn target(&self, moment: &Moment<'_>, pending: &Pending, expr: &Expr) -> Option<Timestamp> {
        let scope = self.scope_for(moment, pending);
        scope.moment(scope.value(expr))
    }

    /// So long before a moment; days are calendar days of the lead.
    fn earlier(&self, moment: &Moment<'_>, slot: u32, target: Timestamp, length: Length) -> Timestamp {
        let zone = self.shown_zone(moment.plan, self.lead(slot));
        let days = match length.unit {
            Unit::Day => i64::from(length.amount),
            Unit::Week => i64::from(length.amount) * 7,
            Unit::BusinessDay | Unit::BusinessHour => return Self::earlier_open(moment, target, length, zone),
            Unit::Second | Unit::Minute | Unit::Hour => return target - length.measured().unwrap_or_default(),
        };
        crate::local::add_days(target, -days, zone)
    }

    /// So many open days or open hours before a moment: the last whole second from which they lead
    /// to it at the latest.
    fn earlier_open(moment: &Moment<'_>, target: Timestamp, length: Length, zone: Zone) -> Timestamp {
        let calendar = Self::office(moment.plan);
        if length.unit == Unit::BusinessDay {
            let local = zone.to_local(target);
            let open = |date: &chrono::NaiveDate| calendar.is_none_or(|calendar| calendar.is_open_day(*date));
            let mut before = local.date().iter_days().rev().skip(1).take(40 * 366).filter(open);
            let date = before.nth((length.amount as usize).saturating_sub(1)).unwrap_or(local.date());
            return zone.resolve(date.and_time(local.time()));
        }
        let (mut low, mut high) =
            ((target - Span::days(40 * 366)).0.div_euclid(1_000_000), target.0.div_euclid(1_000_000));
        while high - low > 1 {
            let middle = i64::midpoint(low, high);
            if later(Timestamp::from_seconds(middle), length, zone, calendar) <= target {
                low = middle;
            } else {
                high = middle;
            }
        }
        Timestamp::from_seconds(low)
    }
}

//! The periods of a report: stretches of time in one zone, half-open.

use chrono::{Days, NaiveDate};

use crate::local::Zone;
use crate::timestamp::Timestamp;
use crate::units::Period;

/// How a report cuts time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Periods of the calendar.
    Calendar(Period),
    /// So many days each, the last one ending where the running day began.
    Days(u32),
    /// One stretch, its last day included.
    Range(NaiveDate, NaiveDate),
}

/// One stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment after it.
    pub to: Timestamp,
}

impl Stretch {
    /// Whether a moment lies in it.
    #[must_use]
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }

    /// Its length in days.
    #[must_use]
    pub fn days(&self) -> f64 {
        (self.to - self.from).0 as f64 / crate::timestamp::DAY
    }
}

/// The periods of a report, as of a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Periods {
    /// How time is cut.
    pub cut: Cut,
    /// Where days begin.
    pub zone: Zone,
    /// Those that are shown, in order; the last one may still run.
    pub shown: Vec<Stretch>,
    /// What each is compared with, if anything.
    pub before: Vec<Option<Stretch>>,
    /// Whether the last one still runs.
    pub running: bool,
}

/// What periods are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// The one before.
    Before,
    /// The same of the year before.
    Year,
    /// Nothing.
    Nothing,
}

impl Periods {
    /// The last complete periods as of a moment, none of which ends before `since`, then the one that runs.
    #[must_use]
    pub fn last(cut: Cut, zone: Zone, last: usize, (since, as_of): (Timestamp, Timestamp), compare: Compare) -> Self {
        let today = zone.to_local(as_of).date();
        let stretch =
            |first: NaiveDate, next: NaiveDate| Stretch { from: zone.day_start(first), to: zone.day_start(next) };
        let mut shown = Vec::new();
        let mut running = false;
        match cut {
            Cut::Range(first, end) => {
                let to = zone.day_start(next_day(end));
                running = to > as_of;
                shown.push(Stretch { from: zone.day_start(first), to });
            }
            Cut::Days(days) => {
                let mut end = today;
                for _ in 0..last {
                    let Some(first) = end.checked_sub_days(Days::new(u64::from(days))) else { break };
                    shown.push(stretch(first, end));
                    end = first;
                }
                shown.reverse();
            }
            Cut::Calendar(period) => {
                let mut first = period.first_day(today);
                let now = first.and_then(|first| Some(stretch(first, period.next(first)?)));
                for _ in 0..last {
                    let Some(day) = first.and_then(|first| first.pred_opt()).and_then(|day| period.first_day(day))
                    else {
                        break;
                    };
                    shown.extend(period.next(day).map(|next| stretch(day, next)));
                    first = Some(day);
                }
                shown.reverse();
                running = now.is_some_and(|now| now.from < as_of);
                shown.extend(now.filter(|_| running));
            }
        }
        let complete = shown.len() - usize::from(running);
        let first = shown.iter().take(complete).position(|stretch| stretch.to > since).unwrap_or(complete);
        shown.drain(..first);
        let mut periods = Self { cut, zone, before: Vec::new(), shown, running };
        periods.before = periods.compared(compare, as_of);
        periods
    }

    /// What each period is compared with; one that runs, with the same part of the other.
    fn compared(&self, compare: Compare, as_of: Timestamp) -> Vec<Option<Stretch>> {
        let last = self.shown.len().saturating_sub(1);
        let other = |(at, stretch): (usize, &Stretch)| {
            let whole = self.other(*stretch, compare)?;
            if self.running && at == last {
                let part = as_of - stretch.from;
                return Some(Stretch { from: whole.from, to: (whole.from + part).min(whole.to) });
            }
            Some(whole)
        };
        self.shown.iter().enumerate().map(other).collect()
    }

    fn other(&self, stretch: Stretch, compare: Compare) -> Option<Stretch> {
        let day = |at: Timestamp| self.zone.to_local(at).date();
        let of = |first: NaiveDate, next: NaiveDate| Stretch {
            from: self.zone.day_start(first),
            to: self.zone.day_start(next),
        };
        let (first, next) = (day(stretch.from), day(stretch.to));
        match (compare, self.cut) {
            (Compare::Nothing, _) => None,
            (Compare::Before, Cut::Calendar(period)) => Some(of(period.first_day(first.pred_opt()?)?, first)),
            (Compare::Before, Cut::Days(_) | Cut::Range(..)) => {
                let length = (next - first).num_days().max(0) as u64;
                Some(of(first.checked_sub_days(Days::new(length))?, first))
            }
            (Compare::Year, Cut::Calendar(Period::Week) | Cut::Days(_)) => {
                Some(of(first.checked_sub_days(Days::new(364))?, next.checked_sub_days(Days::new(364))?))
            }
            (Compare::Year, _) => {
                let year = chrono::Months::new(12);
                Some(of(first.checked_sub_months(year)?, next.checked_sub_months(year)?))
            }
        }
    }

    /// Every stretch that numbers are needed of, each once: those shown, then what they are compared with.
    #[must_use]
    pub fn all(&self) -> Vec<Stretch> {
        let mut all = self.shown.clone();
        for other in self.before.iter().flatten() {
            if !all.contains(other) {
                all.push(*other);
            }
        }
        all
    }
}

fn next_day(day: NaiveDate) -> NaiveDate {
    day.succ_opt().unwrap_or(day)
}

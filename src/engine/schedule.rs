//! When a touch is due: from its day and time in the sequence, through closed days, windows and
//! gaps, to a moment, with every move kept as a reason. Semantics section 6.

use chrono::{Datelike, Days, NaiveDate, NaiveTime, TimeDelta};

use crate::calendar::{Calendar, Refusal, Window, add_open_days, add_open_hours};
use crate::local::{Zone, add_days};
use crate::plan::Plan;
use crate::rulebook::{ChannelId, Expiry, Sequence, Touch, TouchTime, When};
use crate::timestamp::{Span, Timestamp};
use crate::units::{ClockTime, Length, Roll, Unit};

use super::World;
use super::lead::Enrollment;
use crate::decision::Reason;
use crate::decision::reason::Move;

/// How many days ahead a place for a touch is looked for.
const SEARCH_DAYS: u32 = 400;

/// Where a touch landed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Planned {
    /// When it is due; `None` where it has no place (`roll skip`, a window that never opens).
    pub due: Option<Timestamp>,
    /// The end of the part of the day it belongs to.
    pub due_by: Option<Timestamp>,
    /// When a touch without a place is let pass: where it would have been due.
    pub passes: Timestamp,
    /// After this moment it has expired.
    pub deadline: Option<Timestamp>,
    /// Its nominal time and every move from it, in order.
    pub trail: Vec<Move>,
}

impl Planned {
    /// The moves; `None` where the touch stays at its nominal time.
    pub fn reason(&self) -> Option<Reason> {
        Reason::of_moves(self.trail.clone())
    }
}

/// What the place of a touch depends on, beside the touch itself.
pub(crate) struct Ground<'a> {
    pub zone: Zone,
    pub window: Window<'a>,
    pub sequence: &'a Sequence,
    /// At this moment it is too late for the touch.
    pub expires_at: Option<Timestamp>,
    /// Nothing is due before this moment.
    pub now: Timestamp,
    /// Whether the moves on the way are asked for, and not the place alone.
    pub told: bool,
}

/// Why a day does not do.
enum Miss {
    /// The channel may not be used then.
    Refused(Refusal),
    /// Its moment lies before what comes first.
    Early,
}

/// A moment and the end of its part of the day.
type Place = (Timestamp, Option<Timestamp>);

impl Ground<'_> {
    /// The same for the place alone: how a touch came to it is not told, and days on which it cannot be
    /// are not looked at.
    pub fn untold(self) -> Self {
        Self { told: false, ..self }
    }

    /// Day 1 of an enrollment that begins now: the first open day on which the first touch can
    /// still be sent at its time.
    pub fn day1(&self, first: Option<&Touch>) -> NaiveDate {
        let today = self.zone.to_local(self.now).date();
        let time = first.filter(|touch| matches!(touch.when, When::Days(1, _))).map(|touch| &touch.time);
        let fits = |date: &NaiveDate| match time {
            // A clock time that is now has passed: at one moment timers come before entries.
            Some(TouchTime::At(_)) => self.place(*date, time, self.now + Span(1)).is_ok(),
            Some(_) => self.place(*date, time, self.now).is_ok(),
            None => self.window.calendar.is_none_or(|calendar| calendar.is_open_day(*date)),
        };
        days_from(today).find(fits).unwrap_or(today)
    }

    /// When a touch is due.
    pub fn plan(&self, touch: &Touch, enrollment: &Enrollment) -> Planned {
        let inherited = self.sequence.touches.last().map(|last| &last.time);
        let time = match (&touch.time, inherited) {
            (TouchTime::Any, Some(time @ TouchTime::At(_))) if self.is_in_tail(enrollment) => time,
            (time, _) => time,
        };
        let nominal = self.nominal(touch, time, enrollment);
        if let Some(at) = enrollment.moved_to() {
            let due = at.max(enrollment.not_before).max(self.now);
            let mut trail = vec![nominal_place(touch, time, nominal.planned), Move::ByHand];
            trail.push(self.landing(due));
            return Planned { due: Some(due), due_by: None, passes: due, deadline: self.last_moment(), trail };
        }
        let (start, end) = nominal.dates;
        let first = self.first_moment(enrollment);
        let mut trail = vec![nominal_place(touch, time, nominal.planned)];
        let (shift, moves_time) = match touch.when {
            When::Days(..) => (enrollment.shift, true),
            When::Later(_) => (enrollment.anchor_shift, clock_of(time).is_none()),
        };
        if shift != 0 && (start != nominal.planned || moves_time) {
            trail.push(Move::Held(Span(shift)));
        }
        let passes = self.zone.resolve(start.and_time(nominal.time));
        let after = match touch.expires {
            Some(Expiry::After(length)) => Some(length),
            Some(Expiry::At(_)) | None => None,
        };
        let deadline = after.map(|length| {
            // A time of the day that is not said is the first at which the channel is open.
            let from = match time {
                TouchTime::Any => self.place(start, Some(time), passes).map_or(passes, |place| place.0),
                _ => passes,
            };
            later(from.max(enrollment.started), length, self.zone, self.window.calendar)
        });
        let deadline = deadline.or(self.last_moment());
        if start < end
            && let Some((place, date)) = self.best_of(start, end, time, first.0)
        {
            if date != start {
                trail.push(Move::Best(touch.when));
                trail.push(self.landing(place.0));
            }
            return Planned { due: Some(place.0), due_by: place.1, passes, deadline, trail };
        }
        let place = self.walk(start, time, nominal.time, (first.0, &first.1), touch.roll, &mut trail);
        Planned { due: place.map(|p| p.0), due_by: place.and_then(|p| p.1), passes, deadline, trail }
    }

    /// The last moment before it is too late.
    fn last_moment(&self) -> Option<Timestamp> {
        self.expires_at.map(|at| at - Span(1))
    }

    fn is_in_tail(&self, enrollment: &Enrollment) -> bool {
        usize::from(enrollment.next) >= self.sequence.touches.len()
    }

    /// The first moment the touch may be due, and what keeps it from an earlier one.
    fn first_moment(&self, enrollment: &Enrollment) -> (Timestamp, Vec<(Timestamp, Vec<Move>)>) {
        let mut reasons = Vec::new();
        if let Some((at, name)) = &enrollment.previous {
            let from = later(*at, self.sequence.gap, self.zone, self.window.calendar);
            reasons.push((from, vec![Move::Gap(self.sequence.gap, name.clone())]));
        }
        if enrollment.not_before > Timestamp::MIN {
            reasons.push((enrollment.not_before, enrollment.deferred.clone()));
        }
        let first = reasons.iter().map(|(from, _)| *from).max().unwrap_or(self.now).max(self.now);
        (first, reasons)
    }

    /// The day or days a touch belongs to, and its time of the day where it has no clock time.
    fn nominal(&self, touch: &Touch, clock_time: &TouchTime, enrollment: &Enrollment) -> Nominal {
        let shift = TimeDelta::microseconds(enrollment.shift);
        let day = |n: u32| enrollment.day1.checked_add_days(Days::new(u64::from(n.saturating_sub(1))));
        match touch.when {
            When::Days(from, to) => {
                let start = day(from).unwrap_or(enrollment.day1);
                let end = day(to).unwrap_or(start);
                let started = self.zone.to_local(enrollment.started);
                let at_once = from == 1
                    && touch.time == TouchTime::Any
                    && enrollment.next == 0
                    && enrollment.day1 == started.date();
                let time = if at_once { started.time() } else { NaiveTime::MIN };
                let time = clock_of(clock_time).unwrap_or(time);
                let moved =
                    |date: NaiveDate| date.and_time(time).checked_add_signed(shift).unwrap_or(date.and_time(time));
                let (start, end) = (moved(start), moved(end));
                let time = if at_once || enrollment.shift != 0 { start.time() } else { time };
                let planned = day(from).unwrap_or(enrollment.day1);
                Nominal { dates: (start.date(), end.date()), planned, time }
            }
            When::Later(length) => {
                let at = later(enrollment.anchor, length, self.zone, self.window.calendar);
                let local = self.zone.to_local(at);
                let time = clock_of(clock_time).unwrap_or(local.time());
                let mut date = local.date();
                // What is let pass at its own time must lie ahead of what it counts from.
                if touch.roll == Roll::Skip && self.zone.resolve(date.and_time(time)) <= enrollment.anchor {
                    date = date.succ_opt().unwrap_or(date);
                }
                // Where it would lie without a hold.
                let unheld = self.zone.to_local(enrollment.anchor) - TimeDelta::microseconds(enrollment.anchor_shift);
                let unheld = later(self.zone.resolve(unheld), length, self.zone, self.window.calendar);
                let planned = if enrollment.anchor_shift == 0 { date } else { self.zone.to_local(unheld).date() };
                Nominal { dates: (date, date), planned, time }
            }
        }
    }

    /// The day of a range that the calendar prefers, else the first that does.
    fn best_of(
        &self,
        start: NaiveDate,
        end: NaiveDate,
        time: &TouchTime,
        first: Timestamp,
    ) -> Option<(Place, NaiveDate)> {
        let prefer = self.window.calendar.and_then(|calendar| calendar.prefer.as_ref());
        let preferred = prefer.and_then(|prefer| {
            let part = match (time, prefer.hours) {
                (TouchTime::Any, Some((from, to))) => &TouchTime::Part(String::new(), from, to),
                (time, _) => time,
            };
            days_from(start)
                .take_while(|date| *date <= end)
                .filter(|date| prefer.days.get(date.weekday().num_days_from_monday() as usize) == Some(&true))
                .find_map(|date| self.place(date, Some(part), first).ok().map(|place| (place, date)))
        });
        preferred.or_else(|| {
            days_from(start)
                .take_while(|date| *date <= end)
                .find_map(|date| self.place(date, Some(time), first).ok().map(|place| (place, date)))
        })
    }

    /// From the nominal day on to the first that does, rolling from closed days as asked.
    fn walk(
        &self,
        start: NaiveDate,
        time: &TouchTime,
        nominal_time: NaiveTime,
        (first, reasons): (Timestamp, &[(Timestamp, Vec<Move>)]),
        roll: Roll,
        trail: &mut Vec<Move>,
    ) -> Option<Place> {
        let nominal = self.zone.resolve(start.and_time(nominal_time));
        let earliest = first;
        let first = if clock_of(time) == Some(nominal_time) { first } else { first.max(nominal) };
        // What lies before the first moment has no place, whatever the day.
        let before = |date: &NaiveDate| *date < self.zone.to_local(first).date().pred_opt().unwrap_or(*date);
        let skips = !self.told && matches!(roll, Roll::Next);
        for (n, date) in days_from(start).enumerate().skip_while(|(_, date)| skips && before(date)) {
            match self.place(date, Some(time), first) {
                Ok(place) => {
                    let free = self.place(date, Some(time), nominal).map_or(place.0, |free| free.0);
                    if free < place.0 {
                        explain(free, reasons, trail);
                    }
                    if let Some(refusal) = self.opened(time) {
                        push_new(trail, &[Move::Closed(refusal)]);
                    }
                    if trail.len() > 1 {
                        trail.push(self.landing(place.0));
                    }
                    return Some(place);
                }
                Err(Miss::Refused(refusal)) => {
                    push_new(trail, &[Move::Closed(refusal)]);
                    if n == 0
                        && let Some(place) = self.rolled(date, time, earliest, roll)
                    {
                        trail.push(self.landing(place.0));
                        return Some(place);
                    }
                    if n == 0 && roll == Roll::Skip {
                        return None;
                    }
                }
                Err(Miss::Early) => {
                    let moment = self.zone.resolve(date.and_time(clock_of(time).unwrap_or(nominal_time)));
                    if n > 0 && matches!(trail.last(), Some(Move::Closed(Refusal::Closed(_)))) {
                        trail.push(self.landing(moment));
                    }
                    explain(moment, reasons, trail);
                }
            }
        }
        None
    }

    /// `roll previous` and `roll nearest`: the open day before, where it still does.
    fn rolled(&self, date: NaiveDate, time: &TouchTime, first: Timestamp, roll: Roll) -> Option<Place> {
        let calendar = self.window.calendar?;
        let day = match roll {
            Roll::Previous => calendar.previous_open_day(date),
            Roll::Nearest => calendar.nearest_open_day(date),
            Roll::Next | Roll::Skip => None,
        }?;
        self.place(day, Some(time), first).ok()
    }

    /// Whether a touch with a time can be sent on a day, not before `first`, and when.
    fn place(&self, date: NaiveDate, time: Option<&TouchTime>, first: Timestamp) -> Result<Place, Miss> {
        match time {
            Some(TouchTime::At(at)) => {
                let local = date.and_time(clock(*at));
                let due = self.zone.resolve(local);
                // A closed day is the better reason of two.
                self.day_open(date)?;
                if self.window.usual_refusal(*at).is_some() {
                    return self.opening(due, first);
                }
                if due < first {
                    return Err(Miss::Early);
                }
                self.window.allows(local).map_err(Miss::Refused)?;
                Ok((due, None))
            }
            Some(TouchTime::Part(_, from, to)) if self.window.is_never_open_in((*from, *to)) => {
                self.day_open(date)?;
                self.opening(self.zone.resolve(date.and_time(clock(*from))), first)
            }
            Some(TouchTime::Part(_, from, to)) => {
                self.day_open(date)?;
                let start = self.zone.resolve(date.and_time(clock(*from)));
                let last = if to > from { Some(date) } else { date.checked_add_days(Days::new(1)) };
                let end = self.zone.resolve(last.unwrap_or(date).and_time(clock(*to)));
                self.inside(start.max(first), end).map(|due| (due, Some(end)))
            }
            Some(TouchTime::Any) | None => {
                self.day_open(date)?;
                let start = self.zone.day_start(date);
                let end = self.zone.day_start(date.checked_add_days(Days::new(1)).unwrap_or(date));
                self.inside(start.max(first), end).map(|due| (due, None))
            }
        }
    }

    /// A time outside the channel's usual hours is read as the next opening.
    fn opening(&self, from: Timestamp, first: Timestamp) -> Result<Place, Miss> {
        match self.window.next_open(from, self.zone) {
            Some((due, _)) if due >= first => Ok((due, None)),
            Some(_) => Err(Miss::Early),
            None => Err(self.window.allows(self.zone.to_local(from)).err().map_or(Miss::Early, Miss::Refused)),
        }
    }

    /// Why a touch at its time goes at the channel's next opening; `None` where it does not.
    fn opened(&self, time: &TouchTime) -> Option<Refusal> {
        match time {
            TouchTime::At(at) => self.window.usual_refusal(*at),
            TouchTime::Part(_, from, to) if self.window.is_never_open_in((*from, *to)) => {
                self.window.usual_refusal(*from)
            }
            TouchTime::Part(..) | TouchTime::Any => None,
        }
    }

    fn day_open(&self, date: NaiveDate) -> Result<(), Miss> {
        match self.window.calendar.map(|calendar| calendar.day(date)) {
            Some(crate::calendar::DayState::Closed { reason }) => Err(Miss::Refused(Refusal::Closed(reason))),
            _ => Ok(()),
        }
    }

    /// The first allowed moment of a stretch of time.
    fn inside(&self, from: Timestamp, end: Timestamp) -> Result<Timestamp, Miss> {
        if from >= end {
            return Err(Miss::Early);
        }
        match self.window.next_open(from, self.zone) {
            Some((due, _)) if due < end => Ok(due),
            _ => Err(self.window.allows(self.zone.to_local(from)).err().map_or(Miss::Early, Miss::Refused)),
        }
    }

    pub fn landing(&self, at: Timestamp) -> Move {
        Move::Place(self.zone.to_local(at))
    }
}

/// Where a touch would be if nothing moved it.
struct Nominal {
    dates: (NaiveDate, NaiveDate),
    /// The first day before a hold moved it.
    planned: NaiveDate,
    time: NaiveTime,
}

fn days_from(start: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    start.iter_days().take(SEARCH_DAYS as usize)
}

fn clock_of(time: &TouchTime) -> Option<NaiveTime> {
    match time {
        TouchTime::At(at) | TouchTime::Part(_, at, _) => Some(clock(*at)),
        TouchTime::Any => None,
    }
}

/// What kept a touch from a moment.
fn explain(moment: Timestamp, reasons: &[(Timestamp, Vec<Move>)], trail: &mut Vec<Move>) {
    let mut known = false;
    for (_, reason) in reasons.iter().filter(|(from, _)| *from > moment) {
        push_new(trail, reason);
        known = true;
    }
    let held = matches!(trail.last(), Some(Move::Held(_)));
    if !known && !held {
        push_new(trail, &[Move::Past]);
    }
}

fn push_new(trail: &mut Vec<Move>, moves: &[Move]) {
    if !trail.ends_with(moves) {
        trail.extend_from_slice(moves);
    }
}

/// Where a touch would be if nothing moved it.
fn nominal_place(touch: &Touch, time: &TouchTime, date: NaiveDate) -> Move {
    Move::Nominal { when: touch.when, time: time.clone(), date }
}

/// A moment on the clock of a zone, to the minute: where a single action lands.
pub(super) fn on_clock(at: Timestamp, zone: Zone) -> Move {
    use chrono::Timelike;
    let local = zone.to_local(at);
    Move::Place(local.with_second(0).unwrap_or(local))
}

/// A clock time as chrono has it; 24:00 is the last moment of its day.
pub(crate) fn clock(at: ClockTime) -> NaiveTime {
    NaiveTime::from_hms_opt(u32::from(at.0) / 60, u32::from(at.0) % 60, 0)
        .or_else(|| NaiveTime::from_hms_micro_opt(23, 59, 59, 999_999))
        .unwrap_or_default()
}

/// Where something is scheduled: a day is a calendar day, so 10:00 stays 10:00.
pub(crate) fn later(from: Timestamp, length: Length, zone: Zone, calendar: Option<&Calendar>) -> Timestamp {
    let days = match length.unit {
        Unit::Day => i64::from(length.amount),
        Unit::Week => i64::from(length.amount) * 7,
        Unit::BusinessDay => {
            return add_open_days(calendar, from, length.amount, zone).unwrap_or(Timestamp::MAX);
        }
        Unit::BusinessHour => {
            return add_open_hours(calendar, from, length.amount, zone).unwrap_or(Timestamp::MAX);
        }
        Unit::Second | Unit::Minute | Unit::Hour => return from + length.measured().unwrap_or(Span::ZERO),
    };
    add_days(from, days, zone)
}

impl World {
    /// The calendar in force for times that belong to no channel.
    pub(super) fn office(plan: &Plan) -> Option<&Calendar> {
        plan.rulebook.calendars.iter().find(|c| c.name == "office").or(plan.rulebook.calendars.first())
    }

    /// `from` plus a length where time is measured: a day is 24 hours.
    pub(super) fn measure(&self, plan: &Plan, slot: u32, from: Timestamp, length: Length) -> Timestamp {
        match length.measured() {
            Some(span) => from + span,
            None => self.later(plan, slot, from, length),
        }
    }

    /// `from` plus a length where something is scheduled: a day is a calendar day of the lead.
    pub(super) fn later(&self, plan: &Plan, slot: u32, from: Timestamp, length: Length) -> Timestamp {
        let zone = self.shown_zone(plan, self.lead(slot));
        later(from, length, zone, Self::office(plan))
    }

    /// When a channel may be used.
    pub(super) fn window(plan: &Plan, channel: ChannelId) -> Window<'_> {
        plan.rulebook.window(channel)
    }

    /// The zone a channel's times are planned in, and where it came from.
    pub(super) fn channel_zone(&self, plan: &Plan, slot: u32, channel: ChannelId) -> (Zone, &'static str) {
        let calendar = plan.rulebook.channels.get(channel).and_then(|c| c.calendar);
        let calendar = calendar.and_then(|id| plan.rulebook.calendars.get(id));
        let chain = calendar.map_or(plan.zones.as_slice(), |calendar| calendar.zones.as_slice());
        self.zone(plan, self.lead(slot), chain)
    }
}

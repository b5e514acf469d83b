//! `A within D after B` and `no A within D after B`: each B is judged once, *yes* at the first moment at
//! which an A in time is known, else *no*, and exactly one of the two rules acts on it. In which order
//! the two were told does not matter: some of the last A are kept for a B that is told of after them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::decision::Because;
use crate::plan::{Pair, Plan};
use crate::timestamp::{Span, Timestamp};

use super::instant::Fired;
use super::intake::{because_of, rule_position, save};
use super::lead::{SavedProps, Stamp};
use super::timer::{Kind, Timer, What};
use super::{Moment, World};

/// So many A and so many B are kept, the latest.
const KEPT: usize = 16;

/// What a lead keeps for one rule.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct PairState {
    /// What may answer a B that is told of later, by time.
    answers: Vec<Answer>,
    /// The B that were not answered, by time.
    asked: Vec<Asked>,
}

/// An A.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Answer {
    stamp: Stamp,
    /// Where a rule on *yes* will ask for them.
    props: Option<Box<SavedProps>>,
}

/// A B without an answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Asked {
    stamp: Stamp,
    open: Open,
    /// Where a rule on *no* will ask for them.
    props: Option<Box<SavedProps>>,
}

/// What can still come of a B.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Open {
    /// Yes or no.
    Both,
    /// Yes alone: a newer B has taken its place.
    Yes,
    /// Nothing: its time has passed.
    Passed,
}

impl PairState {
    /// The newest B, where it is still to be judged.
    pub fn waits(&self) -> Option<Stamp> {
        self.asked.last().filter(|asked| asked.open == Open::Both).map(|asked| asked.stamp)
    }

    /// The B whose time has passed: nothing more comes of the newest.
    pub fn pass(&mut self) {
        if let Some(newest) = self.asked.last_mut() {
            (newest.open, newest.props) = (Open::Passed, None);
        }
    }

    /// Every set of properties it keeps, to be changed.
    pub fn props_mut(&mut self) -> impl Iterator<Item = &mut Option<Box<SavedProps>>> {
        let answers = self.answers.iter_mut().map(|answer| &mut answer.props);
        answers.chain(self.asked.iter_mut().map(|asked| &mut asked.props))
    }
}

/// Whether an A answers a B whose time ends at a moment. An event that is both does not answer itself.
fn answers(a: Stamp, b: Stamp, end: Timestamp) -> bool {
    a != b && b.at <= a.at && a.at < end
}

/// Puts something in its place by time; the oldest of too many is forgotten.
fn keep<T>(list: &mut Vec<T>, one: T, stamp: impl Fn(&T) -> Stamp) {
    let place = list.partition_point(|other| stamp(other) <= stamp(&one));
    list.insert(place, one);
    if list.len() > KEPT {
        list.remove(0);
    }
}

/// The events a verdict rests on.
fn both(b: Stamp, a: Stamp) -> Because {
    let mut because = because_of(b);
    because.extend(because_of(a));
    because
}

impl World {
    /// An A has become known.
    pub(super) fn answer(&mut self, moment: &Moment<'_>, slot: u32, index: usize, stamp: Stamp) {
        let Some(pair) = moment.plan.pairs.get(index) else { return };
        let end = |asked: &Asked| self.measure(moment.plan, slot, asked.stamp.at, pair.within);
        let state = self.lead(slot).pairs.get(index);
        let ends: Vec<Timestamp> = state.map_or(Vec::new(), |state| state.asked.iter().map(end).collect());
        let Some(state) = self.lead_mut(slot).pairs.get_mut(index) else { return };
        let (mut yes, mut passed) = (None, None);
        let mut ends = ends.into_iter();
        state.asked.retain_mut(|asked| {
            let end = ends.next().unwrap_or(Timestamp::MIN);
            let over = moment.now >= end;
            // Of a *no*, its timer alone says that the time is over.
            if over && pair.yes {
                asked.open = Open::Passed;
            }
            let answered = answers(stamp, asked.stamp, end) && (pair.yes || !over);
            match asked.open {
                Open::Both | Open::Yes if answered => yes = Some(asked.stamp),
                Open::Passed if answered => passed = Some(asked.stamp),
                Open::Both | Open::Yes | Open::Passed => return true,
            }
            asked.open == Open::Passed
        });
        let props = (pair.yes && pair.keeps_props).then(|| Box::new(save(moment.props)));
        keep(&mut state.answers, Answer { stamp, props }, |answer| answer.stamp);
        if !pair.yes {
            return;
        }
        if let Some(asked) = yes {
            self.fired.push(Fired::new(slot, pair.rule, both(asked, stamp)));
        } else if let Some(asked) = passed {
            self.fired.push(Fired { passed: true, ..Fired::new(slot, pair.rule, both(asked, stamp)) });
        }
    }

    /// A B has become known: an A that is known already answers it, or it waits for one.
    pub(super) fn ask(&mut self, moment: &Moment<'_>, slot: u32, index: usize, stamp: Stamp) {
        let Some(pair) = moment.plan.pairs.get(index) else { return };
        let end = self.measure(moment.plan, slot, stamp.at, pair.within);
        let Some(state) = self.lead_mut(slot).pairs.get_mut(index) else { return };
        let newest = state.asked.last().is_none_or(|other| other.stamp < stamp);
        // What a newer one gives up is the no of the one before.
        if newest && let Some(older) = state.asked.last_mut().filter(|older| older.open == Open::Both) {
            (older.open, older.props) = (Open::Yes, None);
        }
        if let Some(answer) = state.answers.iter().find(|answer| answers(answer.stamp, stamp, end)) {
            let saved = answer.props.as_deref().map(|props| Arc::new(props.clone()));
            let because = both(stamp, answer.stamp);
            if pair.yes {
                self.fired.push(Fired { saved, ..Fired::new(slot, pair.rule, because) });
            }
            return;
        }
        let open = if newest { Open::Both } else { Open::Yes };
        let props = (!pair.yes && newest && pair.keeps_props).then(|| Box::new(save(moment.props)));
        keep(&mut state.asked, Asked { stamp, open, props }, |asked| asked.stamp);
        if newest && !pair.yes {
            self.set_deadline(moment.plan, slot, (index, pair), (stamp, end.max(moment.now)));
        }
    }

    /// Sets the timer of a B's no.
    pub(super) fn set_deadline(
        &mut self,
        plan: &Plan,
        slot: u32,
        (index, pair): (usize, &Pair),
        (asked, due): (Stamp, Timestamp),
    ) {
        let position = rule_position(plan, pair.rule);
        let what = What::Deadline(index as u32, asked.number.0);
        self.timers.push(Timer { due, kind: Kind::Absence, position, slot, what });
    }

    /// The time of a B is over: it is judged no. How long ago it was due.
    pub(super) fn fire_deadline(&mut self, moment: &Moment<'_>, slot: u32, index: usize, number: u32) -> Span {
        let (Some(pair), Some(state)) = (moment.plan.pairs.get(index), self.lead(slot).pairs.get(index)) else {
            return Span::ZERO;
        };
        let Some(asked) = state.waits().filter(|asked| asked.number.0 == number) else { return Span::ZERO };
        // What the engine brings about has no number of its own: this may be the timer of an older one. Or open
        // hours have moved with the lead's zone, and it is its own, come too early.
        let due = self.measure(moment.plan, slot, asked.at, pair.within);
        if due > moment.now {
            if pair.within.measured().is_none() {
                self.set_deadline(moment.plan, slot, (index, pair), (asked, due));
            }
            return Span::ZERO;
        }
        let newest = self.lead_mut(slot).pairs.get_mut(index).and_then(|state| {
            let props = state.asked.last_mut()?.props.take();
            state.pass();
            props
        });
        let saved = newest.map(|props| Arc::new(*props));
        self.fired.push(Fired { saved, ..Fired::new(slot, pair.rule, because_of(asked)) });
        moment.now - due
    }
}

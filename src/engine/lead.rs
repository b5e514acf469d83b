//! What the engine remembers of one lead. Its size depends on the rulebook, never on the length
//! of the log.

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::address::Told;
use crate::decimal::Decimal;
use crate::decision::reason::{Awaited, Decider, Move};
use crate::decision::{Because, Cause};
use crate::event::{AccountId, EventNumber, LeadId, PropValue};
use crate::local::Zone;
use crate::plan::Plan;
use crate::rulebook::{ChannelId, ExperimentId, PropId, Reach, RuleId, ScoreId, SequenceId, TagId, TierId, TopicId};
use crate::timestamp::{Span, Timestamp};
use crate::units::Content;
use crate::value::Value;

use super::facts::Facts;
use super::pair::PairState;

/// When an event happened and which one it was. Ordered by both, so that of two events of the
/// same moment the one that arrived later is the later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Stamp {
    pub at: Timestamp,
    pub number: EventNumber,
}

impl Stamp {
    /// No event yet.
    pub const NEVER: Self = Self { at: Timestamp::MIN, number: EventNumber(0) };

    /// What the engine itself brings about has no number.
    pub const NEVER_HANDLED: Self = Self { at: Timestamp::MIN, number: NO_NUMBER };

    pub fn is_never(self) -> bool {
        self.at == Timestamp::MIN
    }
}

/// Events the engine makes itself have no number in the log.
pub(crate) const NO_NUMBER: EventNumber = EventNumber(u32::MAX);

/// The state of one counting rule; its stamps lie in [`Lead::ring`].
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Count {
    pub len: u16,
    /// Fired, and not emptied since.
    pub fired: bool,
}

/// The state of `no A for D while S`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct AbsenceState {
    /// When S began to hold; `MAX` while it does not.
    pub since: Timestamp,
    /// The base of the last firing: it fires once for each base.
    pub fired: Timestamp,
    /// A timer of this lead and rule is waiting.
    pub waiting: bool,
    /// Its time has come while all was halted: it goes on when that ends.
    pub halted: bool,
}

/// Properties of an event that a rule will ask for later.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct SavedProps {
    pub list: Vec<(PropId, PropValue)>,
    pub texts: String,
    pub lists: Vec<Box<[Value]>>,
}

/// The state of `every …`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct PeriodicState {
    /// When the `while` clause began to hold; `MAX` while it does not.
    pub since: Timestamp,
    pub due: Timestamp,
}

/// The state of a rule that fires when a score falls.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct FallState {
    /// The score stands above the rule's line.
    pub above: bool,
    /// When its timer looks again; never after the moment of the crossing.
    pub due: Timestamp,
}

/// A score: its worth at a moment, and for `window` every contribution inside it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ScoreState {
    pub sum: Decimal,
    pub at: Timestamp,
    pub window: super::window::Window,
}

/// What a stop of this moment covers, so that nothing of it starts or leaves at the same moment.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Shield {
    pub at: Timestamp,
    /// Every sequence that is not parallel, and single messages that no stop lets out.
    pub sequences: Option<Cause>,
    /// All single actions and parallel sequences too (`stop all`).
    pub all: Option<Cause>,
    /// Single sequences.
    pub some: SmallVec<[(SequenceId, Cause); 1]>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Hold {
    pub since: Timestamp,
    /// `None`: until a `resume`.
    pub until: Option<Timestamp>,
    /// What a person holds, no rule ends.
    pub by: Decider,
}

impl Hold {
    pub fn is_by_hand(&self) -> bool {
        self.by == Decider::Person
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Suppression {
    /// `None`: everything.
    pub reach: Option<Reach>,
    /// `None`: for good.
    pub until: Option<Timestamp>,
    pub by: Decider,
    /// By a rule of the standard vocabulary or by hand: a rule's `unsuppress` does not lift it.
    pub standard: bool,
    /// An opt-out of the lead, and when it happened: consent that is newer lifts it.
    pub opted_out: Option<Timestamp>,
}

/// A lead's way through a sequence.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Enrollment {
    pub sequence: SequenceId,
    /// Which enrollment in this sequence, from 1.
    pub number: u32,
    pub started: Timestamp,
    pub day1: NaiveDate,
    /// The touch that comes next; one past the last is the tail.
    pub next: u16,
    /// How many touches of the tail are done.
    pub tail_done: u32,
    /// The touch sent last and when, in this enrollment or the one before.
    pub previous: Option<(Timestamp, String)>,
    /// When the touch before the next one was sent or let pass: where `+3d` counts from.
    pub anchor: Timestamp,
    /// How much of that is the doing of holds, in microseconds of wall-clock time.
    pub anchor_shift: i64,
    /// How much wall-clock time holds have moved what is pending by, in microseconds.
    pub shift: i64,
    /// Holds and halts have moved it by what lies before this moment.
    pub counted: Timestamp,
    /// When the next touch falls due, by its plan; `MAX` while held.
    pub due: Timestamp,
    /// Timers of other versions are out of date.
    pub version: u32,
    /// The touch has fallen due and waits: for a person to release it, or for a value.
    pub waiting: Option<Box<Wait>>,
    /// What the touch waited for has come: it goes out as soon as its channel may be used.
    pub released: bool,
    /// A person has released the next touch.
    pub approved: bool,
    /// Reasons a due touch was put off.
    pub deferred: Vec<Move>,
    /// Not before this moment (caps, closed windows of a second choice).
    pub not_before: Timestamp,
    /// When it was due and put off for the first time; holds move it along.
    pub put_off: Option<Timestamp>,
    pub because: Because,
    /// Properties of the event that led to the enrollment, where a template may ask for them.
    pub saved: Option<Arc<SavedProps>>,
    /// What a person has changed of it.
    pub by_hand: Option<Box<ByHand>>,
}

impl Enrollment {
    /// Moves what is pending by the length of a hold, on the clock of a zone.
    pub fn shift_by(&mut self, length: TimeDelta, zone: Zone) {
        let shift = length.num_microseconds().unwrap_or(0);
        self.shift += shift;
        if let Some(anchor) = zone.to_local(self.anchor).checked_add_signed(length) {
            self.anchor = zone.resolve(anchor);
            self.anchor_shift += shift;
        }
        self.put_off = self.put_off.map(|since| since + Span(shift));
    }

    /// Where a person has moved the next touch.
    pub fn moved_to(&self) -> Option<Timestamp> {
        let moved = &self.by_hand.as_ref()?.moved;
        moved.iter().find(|(touch, _)| *touch == self.next).map(|(_, to)| *to)
    }

    /// Whether a person has skipped a touch.
    pub fn is_skipped(&self, touch: u16) -> bool {
        self.by_hand.as_ref().is_some_and(|by_hand| by_hand.skipped.contains(&touch))
    }

    /// Whether a touch that stands ahead is not to be sent: a change of the rulebook put it there.
    pub fn is_done(&self, touch: u16) -> bool {
        self.by_hand.as_ref().is_some_and(|by_hand| by_hand.done.contains(&touch))
    }
}

/// Touches a person has skipped or moved, before they fell due; and those that a change of the
/// rulebook has put ahead or taken away though they are done.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ByHand {
    pub skipped: Vec<u16>,
    pub moved: Vec<(u16, Timestamp)>,
    pub done: Vec<u16>,
    /// Touches that were done and that the rulebook no longer has, by name, and how often.
    pub gone: Vec<(String, u32)>,
}

/// Why something that is due does not go out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Wait {
    pub since: Timestamp,
    pub awaited: Awaited,
}

/// A single action that waits for its time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PendingAction {
    pub channel: ChannelId,
    pub content: Content,
    pub due: Timestamp,
    /// Its time on the lead's clock where it is bound to it.
    pub local: Option<NaiveDateTime>,
    pub id: crate::decision::ActionId,
    pub cause: Cause,
    pub because: Because,
    pub trail: Vec<Move>,
    /// When it was due and put off for the first time.
    pub put_off: Option<Timestamp>,
    /// What it is planned before: from that moment on it is too late.
    pub before: Option<Timestamp>,
    /// When it expires, where its rule says so.
    pub expires: Option<Timestamp>,
    /// It has fallen due and waits for a value.
    pub waiting: Option<Box<Wait>>,
    /// Properties of the event that led to it, where a template may ask for them.
    pub saved: Option<Arc<SavedProps>>,
    /// Tells its timer apart.
    pub serial: u32,
    /// Its rule's `while` and `where` held when the moment that planned it was over, and are asked again
    /// when it falls due. What that moment itself made untrue, such as a tier the rule left, is not.
    pub asked_again: bool,
}

/// Past enrollments of a lead in one sequence.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Past {
    pub sequence: SequenceId,
    pub count: u32,
    pub ended: Timestamp,
}

/// What is remembered of rules and sequences that the rulebook no longer has, by name: should they
/// come back, their actions must not get ids that were given before.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Former {
    /// Label, number of firings, moment of the last one.
    pub rules: Vec<(String, u32, Timestamp)>,
    /// Name, number of enrollments, moment the last one ended.
    pub sequences: Vec<(String, u32, Timestamp)>,
}

impl Former {
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.sequences.is_empty()
    }
}

/// Everything the engine knows of one lead.
// What nearly every event touches stands first and together, in this order in memory too: most of what an event
// costs in a long log is waiting for the memory of its lead.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[repr(C)]
pub(crate) struct Lead {
    pub first_at: Timestamp,
    /// The moment the account is of.
    pub account_at: Timestamp,
    pub account: Option<AccountId>,
    /// Place of the account in the engine, where there is one.
    pub account_slot: u32,
    pub id: LeadId,
    pub touches: u32,
    /// Something of it changed since it was read from a store.
    #[serde(skip)]
    pub touched: bool,
    /// Set by hand: no rule moves it.
    pub tier_locked: bool,
    /// Let go of while its account is held.
    pub let_go: bool,
    /// A person had it erased: not even a task is about it.
    pub erased: bool,
    // What nearly every event touches lies inside the lead, where the rulebook is not large: one
    // place in memory instead of five.
    pub counts: SmallVec<[Count; 4]>,
    pub last: SmallVec<[Stamp; 4]>,
    pub absences: SmallVec<[AbsenceState; 3]>,
    pub scores: SmallVec<[ScoreState; 1]>,
    pub ring: SmallVec<[Stamp; 32]>,
    /// The rules that have fired in the present instant; nothing to keep between instants.
    #[serde(skip)]
    pub done: Done,
    pub tier: Option<TierId>,
    /// The moment it is of: when it was written, or when the history happened that it rests on.
    pub tier_at: Timestamp,
    pub zone: Option<Zone>,
    pub facts: Facts,
    pub histories: Box<[VecDeque<Timestamp>]>,
    pub totals: Box<[u32]>,
    pub pairs: Box<[PairState]>,
    pub periodics: Box<[PeriodicState]>,
    pub fired_at: Box<[Timestamp]>,
    pub firings: Box<[u32]>,
    pub falls: Box<[FallState]>,
    /// Every contribution to scores, kept only where a trace is asked for.
    pub parts: Vec<(ScoreId, Stamp, Decimal)>,
    /// By script score: a fingerprint of what it read when it ran last, 0 before that.
    pub scripts: Box<[u64]>,
    pub enrollments: SmallVec<[Box<Enrollment>; 1]>,
    pub past: Vec<Past>,
    pub actions: Vec<PendingAction>,
    /// Variants of the experiments the lead has met.
    pub variants: Vec<(ExperimentId, u8)>,
    pub tags: SmallVec<[TagId; 4]>,
    pub hold: Option<Box<Hold>>,
    /// Since when no next step lies ahead; `None` while one does.
    pub idle_since: Option<Timestamp>,
    /// Past holds, from when to when.
    pub held: Vec<(Timestamp, Timestamp)>,
    pub suppressions: Vec<Suppression>,
    pub shield: Option<Box<Shield>>,
    /// Its addresses, as the log told them.
    pub told: Vec<Told>,
    /// The latest stop, by when what it rests on happened: what happened before plans no message any more.
    pub stopped: Option<Box<(Timestamp, Decider)>>,
    /// Sends by channel, the latest first, as many as the largest cap asks for.
    pub sends: Vec<(ChannelId, Timestamp)>,
    /// The last message on each channel that a gap counts from: when, and what it is called.
    pub contacted: Vec<(ChannelId, Timestamp, Box<str>)>,
    /// Sends by the invariant that counts them, as many as it asks for.
    pub guarded: Vec<(u16, Timestamp)>,
    pub next_serial: u32,
    /// Last touch sent to the lead, in any sequence.
    pub last_touch: Option<(Timestamp, String)>,
    pub former: Option<Box<Former>>,
}

/// The rules that have fired for a lead in one instant.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    /// Its moment, and the entry handled last at it.
    pub instant: (Timestamp, u32),
    pub rules: SmallVec<[RuleId; 4]>,
}

impl Default for Done {
    fn default() -> Self {
        Self { instant: (Timestamp::MIN, 0), rules: SmallVec::new() }
    }
}

impl Lead {
    /// A lead nobody has heard of before.
    pub fn new(plan: &Plan, id: LeadId, first_at: Timestamp) -> Self {
        let rulebook = &plan.rulebook;
        Self {
            id,
            account: None,
            account_at: Timestamp::MIN,
            account_slot: u32::MAX,
            first_at,
            tier: None,
            tier_at: Timestamp::MIN,
            tier_locked: false,
            zone: None,
            facts: Facts::default(),
            ring: SmallVec::from_elem(Stamp::NEVER, plan.ring_len),
            counts: SmallVec::from_elem(Count::default(), plan.counters.len()),
            last: SmallVec::from_elem(Stamp::NEVER, plan.last_len),
            histories: filled(plan.histories.len(), VecDeque::new()),
            totals: filled(plan.total_len, 0),
            absences: SmallVec::from_elem(
                AbsenceState { since: Timestamp::MAX, fired: Timestamp::MIN, waiting: false, halted: false },
                plan.absences.len(),
            ),
            pairs: filled(plan.pairs.len(), PairState::default()),
            periodics: filled(plan.periodics.len(), PeriodicState { since: Timestamp::MAX, due: Timestamp::MAX }),
            fired_at: filled(plan.limit_len, Timestamp::MIN),
            firings: filled(plan.firing_len, 0),
            scores: SmallVec::from_elem(ScoreState::default(), rulebook.scores.len()),
            falls: filled(plan.fall_len, FallState { above: false, due: Timestamp::MAX }),
            parts: Vec::new(),
            scripts: filled(plan.scripts.len(), 0),
            touches: 0,
            enrollments: SmallVec::new(),
            past: Vec::new(),
            actions: Vec::new(),
            variants: Vec::new(),
            tags: SmallVec::new(),
            hold: None,
            let_go: false,
            idle_since: None,
            held: Vec::new(),
            suppressions: Vec::new(),
            erased: false,
            shield: None,
            told: Vec::new(),
            stopped: None,
            sends: Vec::new(),
            contacted: Vec::new(),
            guarded: Vec::new(),
            next_serial: 0,
            last_touch: None,
            former: None,
            done: Done::default(),
            touched: true,
        }
    }

    /// Whether the lead may not be contacted at all, and by whom.
    pub fn suppressed(&self, now: Timestamp) -> Option<&Suppression> {
        self.in_force(now).find(|s| s.reach.is_none())
    }

    /// Whether a message on a channel that is about some topics may not go out, and by whom. Work of our
    /// own people is no contact: what suppresses everything leaves it alone.
    pub fn barred(&self, plan: &Plan, channel: ChannelId, topics: &[TopicId], now: Timestamp) -> Option<&Suppression> {
        let rulebook = &plan.rulebook;
        self.in_force(now).find(|s| match s.reach {
            None => self.erased || !rulebook.is_internal(channel),
            Some(reach) => reach.covers(rulebook, channel, topics),
        })
    }

    fn in_force(&self, now: Timestamp) -> impl Iterator<Item = &Suppression> {
        self.suppressions.iter().filter(move |s| s.until.is_none_or(|until| until > now))
    }

    /// Whether the lead is on its way through a sequence.
    pub fn enrolled(&self, sequence: SequenceId) -> bool {
        self.enrollments.iter().any(|e| e.sequence == sequence)
    }

    pub fn serial(&mut self) -> u32 {
        self.next_serial += 1;
        self.next_serial
    }
}

fn filled<T: Clone>(len: usize, value: T) -> Box<[T]> {
    vec![value; len].into_boxed_slice()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The state of a lead of the shipped playbook, in bytes; its facts come on top.
    #[test]
    fn a_lead_of_the_playbook_takes_little_more_than_two_kilobytes() {
        let checked = crate::load::rulebook(std::path::Path::new("rules")).unwrap();
        let plan = Plan::compile(checked.rulebook.unwrap());
        let lead = Lead::new(&plan, LeadId(0), Timestamp(0));
        let apart = [
            outside(&lead.ring),
            outside(&lead.counts),
            outside(&lead.last),
            outside(&lead.absences),
            outside(&lead.scores),
            size_of_val(&*lead.histories),
            size_of_val(&*lead.totals),
            size_of_val(&*lead.pairs),
            size_of_val(&*lead.periodics),
            size_of_val(&*lead.fired_at),
            size_of_val(&*lead.firings),
            size_of_val(&*lead.falls),
            size_of_val(&*lead.scripts),
        ];
        let size = size_of::<Lead>() + apart.iter().sum::<usize>();
        println!(
            "lead {} {apart:?} ring {} counts {} last {} abs {} scores {} hist {}",
            size_of::<Lead>(),
            lead.ring.len(),
            lead.counts.len(),
            lead.last.len(),
            lead.absences.len(),
            lead.scores.len(),
            lead.histories.len()
        );
        assert!(size <= 2_200, "{size} bytes");
    }

    fn outside<A: smallvec::Array>(list: &SmallVec<A>) -> usize {
        if list.spilled() { size_of_val(list.as_slice()) } else { 0 }
    }
}

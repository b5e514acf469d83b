//! What an engine that is watched writes down, at the moment it decides and with the functions it
//! decides with: every rule it judges for the leads in question, every touch and action that falls
//! due, every event and the conditions that keep it out of a count. Watching changes no decision.

use crate::decision::{ActionId, Because, Order};
use crate::event::{AccountId, EventNumber, LeadId};
use crate::rulebook::{ChannelId, Expr, FactId, RuleId, SequenceId, SetId, Table, TierId, Touch, TypeId};
use crate::script::TimeGuard;
use crate::timestamp::Timestamp;
use crate::units::Content;
use crate::value::Value;

use super::instant::Fired;
use super::judge::{Asked, Gate, RuleAsked};
use super::lead::{NO_NUMBER, Stamp};
use super::script::Runner;
use super::send::topics;
use super::{Moment, World};

/// A rule whose trigger has happened, as the engine judged it.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The instant.
    pub order: Order,
    /// When.
    pub at: Timestamp,
    /// For whom.
    pub lead: LeadId,
    /// Which rule.
    pub rule: RuleId,
    /// The events it rests on.
    pub because: Because,
    /// What its clauses said.
    pub asked: RuleAsked,
}

/// A touch or an action that fell due.
#[derive(Clone, Debug)]
pub struct Due {
    /// The instant.
    pub order: Order,
    /// When.
    pub at: Timestamp,
    /// Whose it is.
    pub lead: LeadId,
    /// What it is.
    pub what: DueWhat,
    /// `if`
    pub condition: Option<Asked>,
    /// Its channels in order of preference, and what stands before each.
    pub channels: Vec<(ChannelId, Vec<Gate>)>,
}

/// What fell due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DueWhat {
    /// A touch of a sequence, by its index and the number of the enrollment.
    Touch(SequenceId, u16, u32),
    /// A single action.
    Action(ActionId),
}

/// A lead that enters a tier, and for whom each sequence of the tier is.
#[derive(Clone, Debug)]
pub struct Entered {
    /// The instant.
    pub order: Order,
    /// Whose it is.
    pub lead: LeadId,
    /// The tier.
    pub tier: TierId,
    /// Its sequences in rulebook order, with their `where`.
    pub sequences: Vec<(SequenceId, Option<Asked>)>,
}

/// An event that was taken in.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Whose it is.
    pub lead: LeadId,
    /// When it was taken in.
    pub at: Timestamp,
    /// When it happened.
    pub happened: Timestamp,
    /// Which entry of the log; `None` for a touch of the engine itself.
    pub number: Option<EventNumber>,
    /// Of a touch of the engine itself, channel and template.
    pub touch: String,
    /// Its type.
    pub ty: TypeId,
    /// The sets it is in.
    pub sets: Vec<SetId>,
    /// Sets of its type it is kept out of, each with the condition that does not hold.
    pub out: Vec<(SetId, Asked)>,
}

/// Something that was told of a lead and dropped: of an earlier moment than what was known.
#[derive(Clone, Debug)]
pub struct Older {
    /// Whose it is.
    pub lead: LeadId,
    /// When it was told.
    pub at: Timestamp,
    /// Which entry of the log told it; `None` for a rule.
    pub number: Option<EventNumber>,
    /// What.
    pub what: Dropped,
    /// The moment it is of.
    pub of: Timestamp,
    /// The moment of what is known.
    pub known: Timestamp,
}

/// What was dropped.
#[derive(Clone, Debug, PartialEq)]
pub enum Dropped {
    /// A value of a fact; `Missing` where it was to be emptied.
    Fact(FactId, Value),
    /// An account.
    Account(AccountId),
}

/// Everything a watched engine has written down, in order.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Rules that were judged.
    pub judged: Vec<Judged>,
    /// Touches and actions that fell due.
    pub due: Vec<Due>,
    /// Tiers that were entered.
    pub entered: Vec<Entered>,
    /// Events that were taken in.
    pub heard: Vec<Heard>,
    /// What was told of leads and not taken over, as something newer was known.
    pub older: Vec<Older>,
    /// By action: the judgement it comes from, an index into [`Self::judged`].
    pub actions: Vec<(ActionId, usize)>,
}

/// Watches some leads.
#[derive(Clone, Debug)]
pub(super) struct Witness {
    leads: Vec<LeadId>,
    pub seen: Seen,
    /// Asks functions of scripts apart from the engine, so that a fault is written down once.
    runner: Runner,
}

impl Witness {
    pub fn new(mut leads: Vec<LeadId>, guard: Option<TimeGuard>) -> Self {
        leads.sort_unstable();
        Self { leads, seen: Seen::default(), runner: Runner::guarded(guard) }
    }

    /// Goes on by another rulebook: what was heard is what the new one would have heard, and of the
    /// engine's own touches those that were sent; `sets` are the old ones by the new. Judgements stay with the rulebook before.
    pub fn go_on(&mut self, would: Self, sets: &Table<SetId, Option<SetId>>) {
        let sets_of = |heard: &Heard| {
            let same = |(_, old): &(SetId, &Option<SetId>)| old.is_some_and(|old| heard.sets.contains(&old));
            sets.with_ids().filter(same).map(|(new, _)| new).collect::<Vec<_>>()
        };
        let own = std::mem::take(&mut self.seen).heard.into_iter().filter(|heard| heard.number.is_none());
        let own = own.map(|heard| Heard { sets: sets_of(&heard), out: Vec::new(), ..heard });
        let mut heard: Vec<Heard> = own.chain(would.seen.heard.into_iter().filter(|h| h.number.is_some())).collect();
        heard.sort_by_key(|heard| heard.at);
        self.seen.heard = heard;
    }
}

impl World {
    /// Lets the witness of a lead look, where there is one.
    fn witnessed(&mut self, slot: u32, look: impl FnOnce(&Self, &mut Seen)) {
        let Some(mut witness) = self.witness.take() else { return };
        if witness.leads.binary_search(&self.lead(slot).id).is_ok() {
            std::mem::swap(&mut self.runner, &mut witness.runner);
            look(self, &mut witness.seen);
            self.runner.take_faults();
            std::mem::swap(&mut self.runner, &mut witness.runner);
            self.runner.stop_with(&witness.runner);
        }
        self.witness = Some(witness);
    }

    /// Something told of a lead is older than what is known.
    pub(super) fn witness_older(
        &mut self,
        moment: &Moment<'_>,
        slot: u32,
        what: Dropped,
        (of, known): (Timestamp, Timestamp),
    ) {
        self.witnessed(slot, |world, seen| {
            let (at, lead) = (moment.now, world.lead(slot).id);
            // The order of an entry holds one more than its number.
            let number = moment.order.after.checked_sub(1).filter(|_| moment.event.is_some()).map(EventNumber);
            seen.older.push(Older { lead, at, number, what, of, known });
        });
    }

    pub(super) fn witness_rule(&mut self, moment: &Moment<'_>, fired: &Fired) {
        self.witnessed(fired.slot, |world, seen| {
            let (order, at, lead) = (moment.order, moment.now, world.lead(fired.slot).id);
            let scope = world.scope_of(moment, fired);
            let Some(asked) = world.ask_rule(moment, fired.slot, fired.rule, &scope) else { return };
            seen.judged.push(Judged { order, at, lead, rule: fired.rule, because: fired.because.clone(), asked });
        });
    }

    /// The action comes from the rule's last judgement.
    pub(super) fn witness_action(&mut self, slot: u32, rule: RuleId, id: ActionId) {
        self.witnessed(slot, |world, seen| {
            let lead = world.lead(slot).id;
            let judged = seen.judged.iter().rposition(|judged| judged.lead == lead && judged.rule == rule);
            seen.actions.extend(judged.map(|judged| (id, judged)));
        });
    }

    pub(super) fn witness_touch(&mut self, moment: &Moment<'_>, slot: u32, touch: &Touch, of: (SequenceId, u16, u32)) {
        self.witnessed(slot, |world, seen| {
            let scope = world.scope(moment, slot);
            seen.due.push(Due {
                order: moment.order,
                at: moment.now,
                lead: world.lead(slot).id,
                what: DueWhat::Touch(of.0, of.1, of.2),
                condition: touch.condition.as_ref().map(|condition| scope.ask(condition)),
                channels: world.ask_choices(moment, slot, touch, Some(of.0)),
            });
        });
    }

    pub(super) fn witness_due(
        &mut self,
        moment: &Moment<'_>,
        slot: u32,
        (channel, content): (ChannelId, &Content),
        id: ActionId,
    ) {
        self.witnessed(slot, |world, seen| {
            seen.due.push(Due {
                order: moment.order,
                at: moment.now,
                lead: world.lead(slot).id,
                what: DueWhat::Action(id),
                condition: None,
                channels: vec![(
                    channel,
                    world.ask_gates(moment, slot, (channel, &topics(moment.plan, (channel, content), None))),
                )],
            });
        });
    }

    pub(super) fn witness_tier(&mut self, moment: &Moment<'_>, slot: u32, tier: TierId) {
        self.witnessed(slot, |world, seen| {
            let scope = world.scope(moment, slot);
            let guard = |id: &SequenceId| {
                let sequence = moment.plan.rulebook.sequences.get(*id);
                (*id, sequence.and_then(|s| s.guard.as_ref()).map(|guard| scope.ask(guard)))
            };
            let sequences = moment.plan.auto.get(tier).into_iter().flatten().map(guard).collect();
            seen.entered.push(Entered { order: moment.order, lead: world.lead(slot).id, tier, sequences });
        });
    }

    pub(super) fn witness_event(&mut self, moment: &Moment<'_>, slot: u32, ty: TypeId, stamp: Stamp) {
        self.witnessed(slot, |world, seen| {
            let number = (stamp.number != NO_NUMBER).then_some(stamp.number);
            let (sets, missed) = world.sets_of(moment, slot, ty);
            let reason = |set: SetId| world.keeps_out(moment, slot, ty, set).map(|asked| (set, asked));
            seen.heard.push(Heard {
                lead: world.lead(slot).id,
                at: moment.now,
                happened: stamp.at,
                number,
                touch: if number.is_none() { touch_words(moment) } else { String::new() },
                ty,
                out: missed.into_iter().filter_map(reason).collect(),
                sets,
            });
        });
    }

    /// The sets that an event of a type is in, and those it might have been in.
    fn sets_of(&self, moment: &Moment<'_>, slot: u32, ty: TypeId) -> (Vec<SetId>, Vec<SetId>) {
        let (mut inside, mut missed) = (Vec::new(), Vec::new());
        for test in moment.plan.dispatch.get(ty).into_iter().flatten() {
            let met = test.conditions.iter().all(|condition| self.meets(moment, slot, condition));
            if met { &mut inside } else { &mut missed }.extend(test.sets.iter().copied());
        }
        missed.retain(|set| !inside.contains(set));
        for list in [&mut inside, &mut missed] {
            list.sort_unstable();
            list.dedup();
        }
        (inside, missed)
    }

    /// The first condition that keeps an event out of a set.
    fn keeps_out(&self, moment: &Moment<'_>, slot: u32, ty: TypeId, set: SetId) -> Option<Asked> {
        let scope = self.scope(moment, slot);
        let set = moment.plan.rulebook.sets.get(set)?;
        let mut conditions = set.alternatives.iter().filter(|a| a.ty == ty).flat_map(|a| &a.conditions);
        conditions.find(|condition: &&Expr| !scope.holds(condition)).map(|condition| scope.ask(condition))
    }
}

/// `email recap`
fn touch_words(moment: &Moment<'_>) -> String {
    let [channel, template, ..] = moment.plan.rulebook.well_known.touched_props;
    let text = |prop| match moment.props.get(prop) {
        crate::value::View::Text(text) => text,
        _ => "",
    };
    format!("{} {}", text(channel), text(template)).trim_end().to_owned()
}

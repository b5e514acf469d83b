//! A changed rulebook comes into force while leads are in flight. What a lead is and what was done
//! with it stays; what the rules have counted stays where they are unchanged, and is what it would
//! have been where they are new or changed. Nothing fires for what is true already. Semantics
//! section 9.
//!
//! INVARIANT: both engines know leads and accounts by the same numbers, and have one slot a lead.

use std::sync::Arc;

use crate::decision::{Decision, Order};
use crate::event::{LeadId, Props};
use crate::plan::Plan;
use crate::timestamp::{Span, Timestamp};

use super::lead::Lead;
use super::timer::Timers;
use super::{Account, Engine, Moment, World};
use crate::decision::names::Journal;

mod counted;
mod enrollment;
mod matching;
mod standing;

use matching::Matching;

/// What came of a change of rulebooks.
#[derive(Debug)]
pub struct Adopted {
    /// Goes on by the new plan. Every lead and account counts as changed.
    pub engine: Engine,
    /// What ended with the old rulebook, to be shown with its names.
    pub gone: Vec<Decision>,
    /// What the new rulebook lets pass, to be shown with its names.
    pub lines: Vec<Decision>,
    /// What changed in the rulebook.
    pub changes: Changes,
    /// Leads.
    pub leads: usize,
    /// Enrollments that go on.
    pub carried: usize,
}

/// How two rulebooks differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Rules, by label.
    pub rules: Change,
    /// Sequences.
    pub sequences: Change,
    /// Scores.
    pub scores: Change,
}

/// Names of what differs, in rulebook order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Only the new rulebook has it.
    pub added: Vec<String>,
    /// Says something else.
    pub changed: Vec<String>,
    /// Only the old rulebook had it.
    pub removed: Vec<String>,
}

impl Change {
    /// Sorts names of the new rulebook by whether the old one knew them and said the same.
    fn fill<'a>(&mut self, new: impl Iterator<Item = (&'a str, bool, bool)>, gone: impl Iterator<Item = &'a str>) {
        for (name, known, _) in new.filter(|(_, _, same)| !same) {
            let list = if known { &mut self.changed } else { &mut self.added };
            list.push(name.to_owned());
        }
        self.removed.extend(gone.map(str::to_owned));
    }

    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }
}

impl Engine {
    /// Puts a changed rulebook in force. `old` holds every lead; `primed` has been through the whole
    /// log by the new plan, with its decisions thrown away. Both have been drained to the moment of
    /// the change, which the entry with the number `number` makes known.
    #[must_use]
    pub fn adopt(mut old: Self, mut primed: Self, new_plan: Arc<Plan>, number: u32, names: &dyn Journal) -> Adopted {
        let old_plan = Arc::clone(&old.plan);
        let matching = Matching::of(&old_plan, &new_plan);
        let changes = matching.changes(&old_plan.rulebook, &new_plan.rulebook);
        old.world.last_entry = (old.world.now, number.saturating_add(1));
        let before = moment(&old_plan, names, &old.world);
        let after = moment(&new_plan, names, &old.world);
        let slots = slots(&old.world, &primed.world);
        let (mut gone, mut carried) = (Vec::new(), Vec::new());
        for slot in &slots {
            old.world.make_known(*slot, &old_plan, &primed.world);
            carried.push(old.world.part_with(&before, *slot, (&matching, &new_plan), &mut gone));
        }
        let mut world = old.world;
        world.rename_channels(&matching);
        let known = std::mem::replace(&mut world.ledger, std::mem::take(&mut primed.world.ledger));
        world.keep_bars(known);
        let leads = slots.len();
        let (mut lines, mut count) = (Vec::new(), 0);
        for (slot, carried) in slots.into_iter().zip(carried) {
            let would = primed.world.leads.get_mut(slot as usize).and_then(Option::take);
            let place = world.leads.get_mut(slot as usize);
            let Some((place, was)) = place.and_then(|place| place.take().map(|was| (place, was))) else { continue };
            let would = would.unwrap_or_else(|| Box::new(Lead::new(&new_plan, was.id, was.first_at)));
            *place = Some(standing::merged(&matching, (&old_plan, &new_plan), *was, would));
            count += world.go_on_by(&after, slot, carried, &mut lines);
            world.note_idle(&after, slot);
            world.look_at_states(&after, slot);
            world.set_timers(&after, slot);
        }
        if let (Some(witness), Some(would)) = (&mut world.witness, primed.world.witness.take()) {
            witness.go_on(*would, &matching.sets);
        }
        let engine = Self { plan: new_plan, world };
        Adopted { engine, gone, lines, changes, leads, carried: count }
    }
}

/// The moment of the change, for one of the plans.
fn moment<'a>(plan: &'a Plan, names: &'a dyn Journal, world: &World) -> Moment<'a> {
    let (now, after) = world.last_entry;
    let order = Order { at: now, after, timer: 0, kind: 0, position: 0, lead: LeadId(0) };
    Moment {
        plan,
        names,
        now,
        order,
        position: 0,
        age: Span::ZERO,
        backfill: false,
        props: Props::default(),
        event: None,
    }
}

/// The slots in use, in order.
fn slots(old: &World, primed: &World) -> Vec<u32> {
    let used = |world: &World, slot: usize| world.leads.get(slot).is_some_and(Option::is_some);
    let most = old.leads.len().max(primed.leads.len());
    (0..most).filter(|slot| used(old, *slot) || used(primed, *slot)).map(|slot| slot as u32).collect()
}

impl World {
    /// A lead that no record the old rulebook could read was about.
    fn make_known(&mut self, slot: u32, plan: &Plan, primed: &Self) {
        let index = slot as usize;
        if self.leads.len() <= index {
            self.leads.resize_with(index + 1, || None);
        }
        let Some(place) = self.leads.get_mut(index).filter(|place| place.is_none()) else { return };
        let Some(would) = primed.leads.get(index).and_then(Option::as_deref) else { return };
        let mut lead = Lead::new(plan, would.id, would.first_at);
        lead.zone = would.zone;
        if let Some(account) = would.account {
            let next = self.accounts.len() as u32;
            let account_slot = *self.account_slots.entry(account).or_insert(next);
            if account_slot == next {
                self.accounts.push(Account::default());
            }
            if let Some(account) = self.accounts.get_mut(account_slot as usize) {
                account.leads.push(slot);
                account.zone = would.zone.or(account.zone);
                let zone_at = would.facts.at(plan.rulebook.well_known.timezone);
                account.zone_at = account.zone_at.max(zone_at.unwrap_or(Timestamp::MIN));
            }
            (lead.account, lead.account_slot) = (Some(account), account_slot);
            lead.account_at = would.account_at;
        }
        *place = Some(Box::new(lead));
    }

    /// What leads share goes by the new numbers of channels; no timer is left.
    fn rename_channels(&mut self, matching: &Matching) {
        self.timers = Timers::default();
        for account in &mut self.accounts {
            account.touched = true;
            standing::rename_sends(matching, &mut account.sends);
        }
        for sends in self.owner_sends.values_mut() {
            standing::rename_sends(matching, sends);
        }
        self.owner_sends.retain(|_, sends| !sends.is_empty());
    }
}

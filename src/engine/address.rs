//! What leads share by their addresses, and no decision makes: who had an address first, and what it may
//! not be used for. It follows from the entries of the log alone, in the order they came, and is asked
//! again whenever something goes out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::address::{Address, AddressKind, Salt};
use crate::decision::reason::Barred;
use crate::decision::{Reason, Status};
use crate::event::{Event, LeadId};
use crate::plan::{Notice, Plan};
use crate::rulebook::{ChannelId, FactId, Reach, TopicId};
use crate::timestamp::Timestamp;
use crate::value::{Value, View};

use super::send::Use;
use super::{Engine, Moment, World};

/// A bar on an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Bar {
    pub why: Barred,
    /// The channel or topic it was said of, as the log has it: which one that is, the rulebook in force
    /// says. Without a name, or with one it does not have, it is everything.
    pub named: Option<Box<str>>,
    /// When what it rests on happened.
    pub at: Timestamp,
}

/// What is known of an address.
#[derive(Clone, Debug, Default)]
pub(crate) struct Holding {
    /// The leads that have it, in the order in which they told of it.
    pub holders: Vec<LeadId>,
    pub bars: Vec<Bar>,
    pub touched: bool,
}

/// An address that a lead has, as the log told it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Told {
    pub fact: FactId,
    pub at: Timestamp,
    /// `None`: it was emptied.
    pub address: Option<Address>,
}

impl Bar {
    /// Whether it holds for a message on a channel that is about some topics.
    fn covers(&self, plan: &Plan, channel: ChannelId, topics: &[TopicId]) -> bool {
        match &self.named {
            None => true,
            Some(name) => plan.rulebook.reach(name).is_none_or(|reach| reach.covers(&plan.rulebook, channel, topics)),
        }
    }
}

/// The address a text is, where only the text tells which kind.
fn guessed(text: &str, salt: Salt) -> Option<Address> {
    Address::of(if text.contains('@') { AddressKind::Email } else { AddressKind::Phone }, text, salt)
}

/// The addresses that an event names.
pub(crate) fn named_addresses(plan: &Plan, salt: Salt, event: &Event<'_>) -> SmallVec<[Address; 2]> {
    let Some(ty) = event.ty else { return SmallVec::new() };
    let carried = plan.addresses.carriers(ty).iter().filter_map(|(prop, kind)| match event.props.get(*prop) {
        View::Text(text) => kind.map_or_else(|| guessed(text, salt), |kind| Address::of(kind, text, salt)),
        _ => None,
    });
    carried.collect()
}

impl Engine {
    /// The addresses a lead has, as the log told them.
    #[cfg(feature = "live")]
    pub(crate) fn told(&self, lead: LeadId) -> &[Told] {
        self.world.leads.get(lead.0 as usize).and_then(Option::as_ref).map_or(&[], |lead| &lead.told)
    }
}

impl World {
    /// Takes an entry into what is known of addresses, before its lead hears of it.
    pub(super) fn note_addresses(&mut self, moment: &Moment<'_>, slot: u32, event: &Event<'_>) {
        let plan = moment.plan;
        let Some(ty) = event.ty else { return };
        if let Some(notice) = plan.addresses.notice(ty) {
            self.bar(moment, slot, notice, event);
        }
        if plan.addresses.consents(ty) {
            self.lift_by_consent(moment, slot, event);
        }
    }

    /// A bounce, an opt-out or a complaint bars the address it names; without one those the lead has.
    fn bar(&mut self, moment: &Moment<'_>, slot: u32, notice: Notice, event: &Event<'_>) {
        let names = &moment.plan.addresses;
        let text = |prop: Option<crate::rulebook::PropId>| match prop.map(|prop| event.props.get(prop)) {
            Some(View::Text(text)) => Some(text),
            _ => None,
        };
        let (channel, topic) = (text(names.channel), text(names.topic));
        let rulebook = &moment.plan.rulebook;
        let said = topic.filter(|topic| rulebook.topics.find(topic).is_some()).or(channel).or(topic);
        let (why, named) = match notice {
            Notice::Bounced if names.hard.map(|prop| event.props.get(prop)) != Some(View::Bool(true)) => return,
            Notice::Bounced => (Barred::Bounced, None),
            Notice::OptedOut => (Barred::OptedOut, said),
            Notice::Complained => (Barred::Complained, None),
        };
        // What is said of texts or calls is about the number.
        let kind = match named.and_then(|name| rulebook.reach(name)) {
            Some(Reach::Channel(channel)) => names.of_channel(channel).map(|(kind, _)| kind),
            _ => None,
        };
        let of_mail = notice != Notice::OptedOut;
        let barred: SmallVec<[Address; 2]> = match text(names.address) {
            Some(text) => guessed(text, self.salt).into_iter().collect(),
            None => {
                let fits = |told: &&Told| {
                    let own = names.of_fact(told.fact);
                    if of_mail { own == Some(AddressKind::Email) } else { kind.is_none() || own == kind }
                };
                let told = self.lead(slot).told.iter().filter(fits).filter_map(|told| told.address);
                // A bounce is about the address that is written to, the first.
                told.take(if notice == Notice::Bounced { 1 } else { usize::MAX }).collect()
            }
        };
        for address in barred {
            self.add_bar(address, Bar { why, named: named.map(Into::into), at: event.at });
        }
    }

    fn add_bar(&mut self, address: Address, bar: Bar) {
        let holding = self.ledger.entry(address).or_default();
        match holding.bars.iter_mut().find(|known| known.why == bar.why && known.named == bar.named) {
            Some(known) if known.at >= bar.at => return,
            Some(known) => known.at = bar.at,
            None => holding.bars.push(bar),
        }
        holding.bars.sort();
        holding.touched = true;
    }

    /// The log tells of an address of a lead, or that it has none. Which one that is instead of: the lead may tell
    /// of it elsewhere in the same event, and stays its holder until [`Self::let_address_go`].
    pub(super) fn tell_address(
        &mut self,
        plan: &Plan,
        slot: u32,
        fact: FactId,
        (value, at): (View<'_>, Timestamp),
    ) -> Option<Address> {
        let kind = plan.addresses.of_fact(fact)?;
        let address = match value {
            View::Text(text) => Address::of(kind, text, self.salt),
            _ => None,
        };
        let lead = self.lead_mut(slot);
        let old = match lead.told.iter_mut().find(|told| told.fact == fact) {
            Some(told) if told.at > at => return None,
            Some(told) => {
                told.at = at;
                std::mem::replace(&mut told.address, address)
            }
            None => {
                lead.told.push(Told { fact, at, address });
                lead.told.sort_by_key(|told| told.fact);
                None
            }
        };
        if old == address {
            return None;
        }
        let id = lead.id;
        if let Some(new) = address {
            let holding = self.ledger.entry(new).or_default();
            if !holding.holders.contains(&id) {
                holding.holders.push(id);
                holding.touched = true;
            }
        }
        old
    }

    /// The event that told something instead of an address is taken in: the lead holds it no more, unless it still
    /// has it.
    pub(super) fn let_address_go(&mut self, slot: u32, address: Address) {
        let lead = self.lead(slot);
        let id = lead.id;
        if lead.told.iter().any(|told| told.address == Some(address)) {
            return;
        }
        let holding = self.ledger.entry(address).or_default();
        holding.holders.retain(|holder| *holder != id);
        holding.touched = true;
    }

    /// What was known of addresses before a change of the rulebook: a bar stays, since what it rests on may
    /// be in the log no longer.
    pub(super) fn keep_bars(&mut self, known: BTreeMap<Address, Holding>) {
        for (address, was) in known {
            let holding = self.ledger.entry(address).or_default();
            for bar in was.bars {
                if !holding.bars.iter().any(|own| own.why == bar.why && own.named == bar.named) {
                    holding.bars.push(bar);
                }
            }
            holding.bars.sort();
        }
        self.ledger.values_mut().for_each(|holding| holding.touched = true);
    }

    /// A lead is erased: nobody writes to its addresses any more, and it holds none.
    pub(super) fn forget_addresses(&mut self, slot: u32, at: Timestamp) {
        let id = self.lead(slot).id;
        for told in std::mem::take(&mut self.lead_mut(slot).told) {
            let Some(address) = told.address else { continue };
            self.add_bar(address, Bar { why: Barred::Erased, named: None, at });
            if let Some(holding) = self.ledger.get_mut(&address) {
                holding.holders.retain(|holder| *holder != id);
                holding.touched = true;
            }
        }
    }

    /// Somebody consents anew: where the event is one at which a rule lifts an opt-out, what is older goes.
    fn lift_by_consent(&mut self, moment: &Moment<'_>, slot: u32, event: &Event<'_>) {
        let plan = moment.plan;
        for (set, reach) in &plan.addresses.lifted {
            let Some(set) = plan.rulebook.sets.get(*set) else { continue };
            let meets = set.alternatives.iter().any(|alternative| {
                Some(alternative.ty) == event.ty
                    && alternative.conditions.iter().all(|condition| self.scope(moment, slot).holds(condition))
            });
            if meets {
                let lifts = |bar: &Bar| matches!(bar.why, Barred::OptedOut | Barred::Erased) && bar.at < event.at;
                self.lift(plan, slot, *reach, lifts);
            }
        }
    }

    /// Lifts bars of a lead's addresses that are about a channel or topic, or all.
    pub(super) fn lift(&mut self, plan: &Plan, slot: u32, reach: Option<Reach>, lifts: impl Fn(&Bar) -> bool) {
        let named = |bar: &Bar| bar.named.as_deref().and_then(|name| plan.rulebook.reach(name));
        let kind = match reach {
            Some(Reach::Channel(channel)) => plan.addresses.of_channel(channel).map(|(kind, _)| kind),
            Some(Reach::Topic(_)) | None => None,
        };
        let told = self.lead(slot).told.iter();
        let of_kind = told.filter(|told| kind.is_none() || plan.addresses.of_fact(told.fact) == kind);
        let addresses: SmallVec<[Address; 2]> = of_kind.filter_map(|told| told.address).collect();
        for address in addresses {
            let Some(holding) = self.ledger.get_mut(&address) else { continue };
            let before = holding.bars.len();
            // Of a mail address all that bars mail goes: an opt-out of everything too, since it is of that kind.
            holding.bars.retain(|bar| !(lifts(bar) && (reach.is_none() || kind.is_some() || named(bar) == reach)));
            holding.touched |= holding.bars.len() < before;
        }
    }

    /// Whether the log, or the event at hand, names an address of the kind a channel goes by.
    pub(super) fn has_address(&self, moment: &Moment<'_>, slot: u32, channel: ChannelId) -> bool {
        let names = &moment.plan.addresses;
        let kind = names.of_channel(channel).map(|(kind, _)| kind);
        let told = self.lead(slot).told.iter();
        let mut told = told.filter(|told| names.of_fact(told.fact) == kind && told.address.is_some());
        let named = names.address.map(|prop| moment.props.get(prop));
        told.next().is_some() || matches!(named, Some(View::Text(_)))
    }

    /// The address a message on a channel goes to: the first that may be used, or why none may. `Ok(None)`
    /// where the channel goes by none, or the lead was never said to have one.
    pub(super) fn address_of(
        &self,
        plan: &Plan,
        slot: u32,
        (channel, topics): (ChannelId, &[TopicId]),
    ) -> Result<Option<String>, (Status, Reason)> {
        let needs = plan.rulebook.channels.get(channel).map_or(&[][..], |channel| channel.needs.as_slice());
        let Some((kind, facts)) = plan.addresses.of_channel(channel) else {
            let known = |fact: &FactId| self.lead(slot).facts.get(fact.index()).is_some_and(|v| *v != Value::Missing);
            let missing = !needs.iter().any(known);
            return match needs.first() {
                Some(first) if missing => Err((Status::Skipped, Reason::NoAddress(*first))),
                _ => Ok(None),
            };
        };
        // A switchboard is shared, a mailbox and a telephone that gets texts are not.
        let own = plan.rulebook.settings.same_address_once
            && plan.rulebook.channels.name(plan.rulebook.kind(channel)) != "call";
        let id = self.lead(slot).id;
        let mut refused = None;
        for fact in facts {
            let Some(Value::Text(text)) = self.lead(slot).facts.get(fact.index()) else { continue };
            let Some(address) = Address::of(kind, text, self.salt) else {
                // What is no address of anybody is for a person to make sense of.
                return Ok(Some(text.to_string()));
            };
            let holding = self.ledger.get(&address);
            let bar = holding.and_then(|found| found.bars.iter().find(|bar| bar.covers(plan, channel, topics)));
            let first = holding.and_then(|found| found.holders.first()).filter(|first| own && **first != id);
            let refusal = match (bar, first) {
                (None, None) => return Ok(Some(text.to_string())),
                (Some(bar), _) => (Status::Suppressed, Reason::AddressBarred(*fact, bar.why)),
                (None, Some(first)) => (Status::Skipped, Reason::SameAddress(*first)),
            };
            refused.get_or_insert(refusal);
        }
        match (refused, needs.first()) {
            (Some(refused), _) => Err(refused),
            (None, Some(first)) => Err((Status::Skipped, Reason::NoAddress(*first))),
            (None, None) => Ok(None),
        }
    }

    /// Whether the lead has an address that may be used where the channel goes by one; `None` where it has.
    pub(super) fn address_gate(&self, moment: &Moment<'_>, slot: u32, message: (ChannelId, &[TopicId])) -> Option<Use> {
        self.address_of(moment.plan, slot, message).err().map(|(status, reason)| Use::No(status, reason))
    }
}

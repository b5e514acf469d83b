//! Which facts of a lead are addresses, which channels go by them, and the events that bar one.

use crate::address::AddressKind;
use crate::rulebook::{
    ChannelId, EffectKind, FactId, PropId, RESUBSCRIBED, Reach, Rulebook, SetId, Table, Trigger, TypeId, is_consent,
};

/// What an event says of an address, whatever a rule does about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// Mail to it came back, for good where it says so.
    Bounced,
    /// Its owner opted out.
    OptedOut,
    /// Its owner complained.
    Complained,
}

const NOTICES: [(&str, Notice); 4] = [
    ("email.bounced", Notice::Bounced),
    ("unsubscribed", Notice::OptedOut),
    ("email.unsubscribed", Notice::OptedOut),
    ("email.complained", Notice::Complained),
];

/// What a plan knows of addresses.
#[derive(Clone, Debug)]
pub(crate) struct Addresses {
    /// Facts that hold addresses.
    pub facts: Vec<(FactId, AddressKind)>,
    /// By channel: what kind of address it goes by, and the facts it looks for one in.
    channels: Table<ChannelId, Option<(AddressKind, Vec<FactId>)>>,
    notices: Vec<(TypeId, Notice)>,
    resubscribed: Option<TypeId>,
    /// What rules on consent anew lift, and at which events.
    pub lifted: Vec<(SetId, Option<Reach>)>,
    /// By type: properties that hold addresses.
    carriers: Table<TypeId, Vec<(PropId, Option<AddressKind>)>>,
    /// Some rule sets a fact that holds an address, so that all leads must be run together.
    pub set_by_rules: bool,
    pub hard: Option<PropId>,
    pub address: Option<PropId>,
    pub channel: Option<PropId>,
    pub topic: Option<PropId>,
}

impl Addresses {
    pub fn of(rulebook: &Rulebook) -> Self {
        let prop = |name: &str| rulebook.props.find(name);
        let kind = |channel: ChannelId| {
            let well_known = &rulebook.well_known;
            match rulebook.channels.name(rulebook.kind(channel)) {
                "email" => Some((AddressKind::Email, well_known.email)),
                "sms" | "call" => Some((AddressKind::Phone, well_known.phone)),
                _ => None,
            }
        };
        let by_channel = |(id, channel): (ChannelId, &crate::rulebook::Channel)| {
            let (kind, usual) = kind(id)?;
            Some((kind, if channel.needs.is_empty() { vec![usual] } else { channel.needs.clone() }))
        };
        let channels: Table<ChannelId, _> = rulebook.channels.with_ids().map(by_channel).collect();
        let mut facts =
            vec![(rulebook.well_known.email, AddressKind::Email), (rulebook.well_known.phone, AddressKind::Phone)];
        facts.extend(channels.iter().flatten().flat_map(|(kind, list)| list.iter().map(move |fact| (*fact, *kind))));
        facts.sort_unstable();
        facts.dedup();
        let notice = |(id, ty): (TypeId, &crate::rulebook::EventType)| {
            NOTICES.iter().find(|(name, _)| *name == ty.name).map(|(_, notice)| (id, *notice))
        };
        let resubscribed = rulebook.types.find(RESUBSCRIBED);
        let address = prop("address");
        let own = &facts;
        let carrier = |ty: &crate::rulebook::EventType| {
            let facts = own
                .iter()
                .filter(|_| ty.sets_facts)
                .filter_map(|(fact, kind)| rulebook.facts.get(*fact).map(|fact| (fact.prop, Some(*kind))));
            let named = NOTICES.iter().any(|(name, _)| *name == ty.name).then_some(address).flatten();
            let set = ty.setters.iter().filter_map(|setter| {
                let (_, kind) = own.iter().find(|(fact, _)| *fact == setter.fact)?;
                Some((setter.prop, Some(*kind)))
            });
            facts.chain(set).chain(named.map(|prop| (prop, None))).collect::<Vec<_>>()
        };
        let carriers = rulebook.types.iter().map(carrier).collect();
        let effects = |rule: &crate::rulebook::Rule| {
            rule.arms.iter().flat_map(|arm| &arm.effects).map(|effect| effect.kind.clone()).collect::<Vec<_>>()
        };
        let mut lifted = Vec::new();
        let mut set_by_rules = false;
        for rule in &rulebook.rules {
            for effect in effects(rule) {
                match (&rule.trigger, effect) {
                    (Trigger::Event(set), EffectKind::Unsuppress { reach }) if is_consent(rulebook, *set) => {
                        lifted.push((*set, reach));
                    }
                    (_, EffectKind::Set { fact, .. }) => set_by_rules |= facts.iter().any(|(own, _)| *own == fact),
                    _ => {}
                }
            }
        }
        Self {
            facts,
            channels,
            notices: rulebook.types.with_ids().filter_map(notice).collect(),
            resubscribed,
            lifted,
            carriers,
            set_by_rules,
            hard: prop("hard"),
            address: prop("address"),
            channel: prop("channel"),
            topic: prop("topic"),
        }
    }

    /// What kind of address a channel goes by, and the facts it looks for one in.
    pub fn of_channel(&self, channel: ChannelId) -> Option<(AddressKind, &[FactId])> {
        self.channels.get(channel)?.as_ref().map(|(kind, facts)| (*kind, facts.as_slice()))
    }

    /// What kind of address a fact holds.
    pub fn of_fact(&self, fact: FactId) -> Option<AddressKind> {
        self.facts.iter().find(|(own, _)| *own == fact).map(|(_, kind)| *kind)
    }

    /// What an event of a type says of an address.
    pub fn notice(&self, ty: TypeId) -> Option<Notice> {
        self.notices.iter().find(|(own, _)| *own == ty).map(|(_, notice)| *notice)
    }

    /// Properties of events of a type that hold addresses; without a kind it is told by the address.
    pub fn carriers(&self, ty: TypeId) -> &[(PropId, Option<AddressKind>)] {
        self.carriers.get(ty).map_or(&[], Vec::as_slice)
    }

    /// Whether somebody consents anew by an event of a type.
    pub fn consents(&self, ty: TypeId) -> bool {
        self.resubscribed == Some(ty)
    }
}

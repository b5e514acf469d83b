//! The events by which a person acts on a lead by hand, and the properties they carry. Semantics
//! section 8.

use crate::rulebook::{EventType, PropId, Rulebook, TypeId};

/// What a person does with a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Override {
    Pause,
    Resume,
    Stop,
    Skip,
    Move,
    Approve,
    Tier,
    Unlock,
    Suppress,
    Unsuppress,
    Erase,
}

impl Override {
    /// Whether it keeps something from reaching the lead, rather than letting it.
    pub(crate) fn protects(self) -> bool {
        match self {
            Self::Pause | Self::Stop | Self::Skip | Self::Suppress | Self::Erase => true,
            Self::Resume | Self::Move | Self::Approve | Self::Tier | Self::Unlock | Self::Unsuppress => false,
        }
    }
}

/// What a person does with everybody's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HaltKind {
    Begin,
    End,
}

const HALTS: [(&str, HaltKind); 2] = [("override.halt", HaltKind::Begin), ("override.unhalt", HaltKind::End)];

const TYPES: [(&str, Override); 11] = [
    ("override.pause", Override::Pause),
    ("override.resume", Override::Resume),
    ("override.stop", Override::Stop),
    ("override.skip", Override::Skip),
    ("override.move", Override::Move),
    ("override.approve", Override::Approve),
    ("override.tier", Override::Tier),
    ("override.unlock", Override::Unlock),
    ("override.suppress", Override::Suppress),
    ("override.unsuppress", Override::Unsuppress),
    ("override.erase", Override::Erase),
];

/// The override events of a rulebook.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overrides {
    types: Vec<(TypeId, Override)>,
    halts: Vec<(TypeId, HaltKind)>,
    pub ends: Option<PropId>,
    pub to: Option<PropId>,
    pub touch: Option<PropId>,
    pub channel: Option<PropId>,
    pub lock: Option<PropId>,
    pub all: Option<PropId>,
    pub sequence: Option<PropId>,
    pub rule: Option<PropId>,
    pub from: Option<PropId>,
    pub by: Option<PropId>,
    pub reason: Option<PropId>,
}

impl Overrides {
    pub fn of(rulebook: &Rulebook) -> Self {
        let prop = |name: &str| rulebook.props.find(name);
        let kind = |(id, own): (TypeId, &EventType)| {
            let found = TYPES.iter().find(|(ty, _)| *ty == own.name)?;
            Some((id, found.1))
        };
        let halt = |(id, own): (TypeId, &EventType)| {
            let found = HALTS.iter().find(|(ty, _)| *ty == own.name)?;
            Some((id, found.1))
        };
        Self {
            halts: rulebook.types.with_ids().filter_map(halt).collect(),
            types: rulebook.types.with_ids().filter_map(kind).collect(),
            ends: prop("ends"),
            to: prop("to"),
            touch: prop("touch"),
            channel: prop("channel"),
            lock: prop("lock"),
            all: prop("all"),
            sequence: prop("sequence"),
            rule: prop("rule"),
            from: prop("from"),
            by: prop("by"),
            reason: prop("reason"),
        }
    }

    /// What an event of a type halts, or lets go on.
    pub fn halt(&self, ty: TypeId) -> Option<HaltKind> {
        self.halts.iter().find(|(other, _)| *other == ty).map(|(_, kind)| *kind)
    }

    /// What an event of a type does by hand.
    pub fn kind(&self, ty: TypeId) -> Option<Override> {
        // Types of the vocabulary are few, and asked about once for every event.
        let (first, last) = (self.types.first()?, self.types.last()?);
        if ty < first.0 || ty > last.0 {
            return None;
        }
        self.types.iter().find(|(other, _)| *other == ty).map(|(_, kind)| *kind)
    }
}

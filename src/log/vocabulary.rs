//! The names of a rulebook that logs speak of, ready to be looked up once for every record.

use hashbrown::HashTable;

use super::hash;
use crate::rulebook::{EventType, PropId, Rulebook, TypeId};
use crate::value::Type;

/// Types and properties by name.
pub(super) struct Vocabulary<'r> {
    rulebook: &'r Rulebook,
    types: HashTable<(u64, TypeId)>,
    props: HashTable<(u64, PropId)>,
    declared: Vec<Declared>,
}

/// What the properties of one type must be.
struct Declared {
    types: Vec<Option<Type>>,
    required: Vec<PropId>,
    /// Those whose null empties a fact, and whether the fact may be emptied.
    emptied: Vec<(PropId, bool)>,
}

/// What the null of a property says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Null {
    /// Nothing: it is as good as absent.
    Nothing,
    /// The fact it sets is empty from now on.
    Empties,
    /// The fact it sets must be there.
    Refused,
}

impl<'r> Vocabulary<'r> {
    pub(super) fn new(rulebook: &'r Rulebook) -> Self {
        let mut types = HashTable::new();
        for (id, ty) in rulebook.types.with_ids() {
            let hash = hash::of_text(&ty.name);
            types.insert_unique(hash, (hash, id), |(hash, _)| *hash);
        }
        let mut props = HashTable::new();
        for (id, name) in rulebook.props.with_ids() {
            let hash = hash::of_text(name);
            props.insert_unique(hash, (hash, id), |(hash, _)| *hash);
        }
        let declared = rulebook.types.iter().map(|ty| Declared::new(ty, rulebook)).collect();
        Self { rulebook, types, props, declared }
    }

    /// The type of a name with its hash.
    #[inline]
    pub(super) fn type_id(&self, name: &str, hash: u64) -> Option<TypeId> {
        let same = |(h, id): &(u64, TypeId)| *h == hash && self.type_name(*id) == name;
        self.types.find(hash, same).map(|(_, id)| *id)
    }

    /// The property of a name with its hash.
    #[inline]
    pub(super) fn prop_id(&self, name: &str, hash: u64) -> Option<PropId> {
        self.prop_id_of_bytes(name.as_bytes(), hash)
    }

    /// The same for a name that may be no text; the rulebook knows none of those.
    #[inline]
    pub(super) fn prop_id_of_bytes(&self, name: &[u8], hash: u64) -> Option<PropId> {
        let same = |(h, id): &(u64, PropId)| *h == hash && self.prop_name(*id).as_bytes() == name;
        self.props.find(hash, same).map(|(_, id)| *id)
    }

    /// What a property of a type must be, `None` where the type does not declare it.
    #[inline]
    pub(super) fn declared(&self, ty: TypeId, prop: PropId) -> Option<Type> {
        *self.declared.get(ty.index())?.types.get(prop.index())?
    }

    /// The properties every event of the type must have.
    #[inline]
    pub(super) fn required(&self, ty: TypeId) -> &[PropId] {
        self.declared.get(ty.index()).map_or(&[], |declared| &declared.required)
    }

    /// What it says that a property of the type is null.
    pub(super) fn null(&self, ty: TypeId, prop: PropId) -> Null {
        let emptied = self.declared.get(ty.index()).map_or(&[][..], |declared| &declared.emptied);
        match emptied.iter().find(|(other, _)| *other == prop) {
            None => Null::Nothing,
            Some((_, true)) => Null::Empties,
            Some((_, false)) => Null::Refused,
        }
    }

    #[inline]
    pub(super) fn type_name(&self, id: TypeId) -> &'r str {
        self.rulebook.types.name(id)
    }

    #[inline]
    pub(super) fn prop_name(&self, id: PropId) -> &'r str {
        self.rulebook.props.name(id)
    }
}

impl Declared {
    fn new(ty: &EventType, rulebook: &Rulebook) -> Self {
        let props = &ty.props;
        let mut types = vec![None; rulebook.props.len()];
        for prop in props {
            if let Some(place) = types.get_mut(prop.id.index()) {
                *place = Some(prop.ty);
            }
        }
        let facts = rulebook.facts.iter().filter(|_| ty.sets_facts);
        Self {
            types,
            required: props.iter().filter(|prop| !prop.optional).map(|prop| prop.id).collect(),
            emptied: facts.map(|fact| (fact.prop, !fact.must_be_there())).collect(),
        }
    }
}

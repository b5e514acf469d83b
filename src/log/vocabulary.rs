//! The names of a rulebook that logs speak of, ready to be looked up once for every record.

use hashbrown::HashTable;

use super::hash;
use crate::rulebook::{Prop, PropId, Rulebook, TypeId};
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
        let declared = rulebook.types.iter().map(|ty| Declared::new(&ty.props, rulebook.props.len())).collect();
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
    fn new(props: &[Prop], count: usize) -> Self {
        let mut types = vec![None; count];
        for prop in props {
            if let Some(place) = types.get_mut(prop.id.index()) {
                *place = Some(prop.ty);
            }
        }
        Self { types, required: props.iter().filter(|prop| !prop.optional).map(|prop| prop.id).collect() }
    }
}

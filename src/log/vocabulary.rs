//! The names of a rulebook that logs speak of, ready to be looked up once for every record.

use hashbrown::HashTable;

use super::hash;
use super::value::Raw;
use crate::rulebook::{EventType, Prop, PropId, Rulebook, TypeId};
use crate::value::Type;

/// Types and properties by name.
pub(super) struct Vocabulary<'r> {
    rulebook: &'r Rulebook,
    types: HashTable<(u64, TypeId)>,
    props: HashTable<(u64, PropId)>,
    declared: Vec<Declared>,
    /// Names with a dot, which may also be paths: where each begins, the rest of it, and which it is.
    paths: Vec<Path<'r>>,
}

/// A name that may be a path through objects: `plan.name` inside `subscription`.
pub(super) struct Path<'r> {
    root: &'r str,
    pub(super) rest: &'r str,
    pub(super) prop: PropId,
}

/// What the properties of one type must be.
struct Declared {
    /// By name in the log: of what type the property is that goes by its own name.
    types: Vec<Option<Type>>,
    /// Those that go by others.
    aliased: Vec<Aliased>,
    required: Vec<PropId>,
    /// Those whose null empties a fact, and whether the fact may be emptied.
    emptied: Vec<(PropId, bool)>,
}

/// A property that has other names in the log than in the rules.
pub(super) struct Aliased {
    pub(super) prop: PropId,
    pub(super) ty: Type,
    pub(super) names: Vec<PropId>,
}

/// A property of a type as it is read.
pub(super) struct Read {
    pub(super) prop: PropId,
    pub(super) ty: Type,
    pub(super) required: bool,
    /// Its names in the log.
    pub(super) names: Vec<PropId>,
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
        let path = |(prop, name): (PropId, &'r String)| {
            let (root, rest) = name.split_once('.')?;
            Some(Path { root, rest, prop })
        };
        let paths = rulebook.props.with_ids().filter_map(path).collect();
        Self { rulebook, types, props, declared, paths }
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

    /// The names that may lead into an object of this name.
    #[inline]
    pub(super) fn paths(&self, root: &[u8]) -> impl Iterator<Item = &Path<'r>> {
        self.paths.iter().filter(move |path| path.root.as_bytes() == root)
    }

    /// What a property of a type must be that goes by its own name in the log, `None` where the type has none.
    #[inline]
    pub(super) fn declared(&self, ty: TypeId, prop: PropId) -> Option<Type> {
        *self.declared.get(ty.index())?.types.get(prop.index())?
    }

    /// The properties of a type that go by other names in the log.
    #[inline]
    pub(super) fn aliased(&self, ty: TypeId) -> &[Aliased] {
        self.declared.get(ty.index()).map_or(&[], |declared| &declared.aliased)
    }

    /// Tells `each` of every property that a record of a type gives, until one is refused: which it is, its
    /// value, and of what type it must be.
    pub(super) fn each<'g, 'v: 'g, E>(
        &self,
        ty: TypeId,
        given: &'g [(PropId, Raw<'v>)],
        mut each: impl FnMut(PropId, &'g Raw<'v>, Type) -> Result<(), E>,
    ) -> Result<(), E> {
        for (prop, value) in given {
            if let Some(declared) = self.declared(ty, *prop) {
                each(*prop, value, declared)?;
            }
        }
        for aliased in self.aliased(ty) {
            if let Some(value) = first_of(&aliased.names, given) {
                each(aliased.prop, value, aliased.ty)?;
            }
        }
        Ok(())
    }

    /// Every property of a type with its names in the log.
    pub(super) fn reads(&self, ty: TypeId) -> impl Iterator<Item = Read> {
        let props = self.rulebook.types.get(ty).into_iter().flat_map(|ty| &ty.props);
        props.map(|prop| Read {
            prop: prop.id,
            ty: prop.ty,
            required: !prop.optional,
            names: if prop.names.is_empty() { vec![prop.id] } else { prop.names.clone() },
        })
    }

    /// Whether a record gives everything that every event of its type must have.
    pub(super) fn is_complete(&self, ty: TypeId, given: &[(PropId, Raw<'_>)]) -> bool {
        self.required(ty).iter().all(|required| {
            let aliased = self.aliased(ty).iter().find(|aliased| aliased.prop == *required);
            let names = aliased.map_or(std::slice::from_ref(required), |aliased| aliased.names.as_slice());
            first_of(names, given).is_some_and(|value| !matches!(value, Raw::Null))
        })
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

/// The first of some names that is there; one that is null is, where no other has a value.
fn first_of<'g, 'v>(names: &[PropId], given: &'g [(PropId, Raw<'v>)]) -> Option<&'g Raw<'v>> {
    let of = |name: &PropId| given.iter().find(|(other, _)| other == name).map(|(_, value)| value);
    let there = names.iter().filter_map(of);
    there.clone().find(|value| !matches!(value, Raw::Null)).or_else(|| there.into_iter().next())
}

impl Declared {
    fn new(ty: &EventType, rulebook: &Rulebook) -> Self {
        let props = &ty.props;
        let mut types = vec![None; rulebook.props.len()];
        let (own, aliased): (Vec<&Prop>, Vec<&Prop>) = props.iter().partition(|prop| prop.names.is_empty());
        for prop in own {
            if let Some(place) = types.get_mut(prop.id.index()) {
                *place = Some(prop.ty);
            }
        }
        let facts = rulebook.facts.iter().filter(|_| ty.sets_facts);
        let setters = ty.setters.iter().filter_map(|setter| Some((setter.prop, rulebook.facts.get(setter.fact)?)));
        Self {
            types,
            aliased: aliased
                .into_iter()
                .map(|prop| Aliased { prop: prop.id, ty: prop.ty, names: prop.names.clone() })
                .collect(),
            required: props.iter().filter(|prop| !prop.optional).map(|prop| prop.id).collect(),
            emptied: (facts.map(|fact| (fact.prop, fact)).chain(setters))
                .map(|(prop, fact)| (prop, !fact.must_be_there()))
                .collect(),
        }
    }
}

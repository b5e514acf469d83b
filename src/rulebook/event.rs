//! Events as the log has them, and the sets of them that rules speak of.

use super::{Expr, FactId, PropId, Rulebook, SetId, TypeId};
use crate::source::Range;
use crate::value::Type;

/// A `type` value of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct EventType {
    /// As written in the log: `email.opened`.
    pub name: String,
    /// What the properties of such an event must be; others are allowed and ignored.
    pub props: Vec<Prop>,
    /// Whether its properties become facts of the lead (`lead.created`, `lead.updated`).
    pub sets_facts: bool,
    /// Facts that single properties set: `sets`.
    pub setters: Vec<Setter>,
}

impl EventType {
    /// A property of it.
    #[must_use]
    pub fn prop(&self, id: PropId) -> Option<&Prop> {
        self.props.iter().find(|prop| prop.id == id)
    }
}

/// `sets`: a property of an event that sets a fact of the lead.
#[derive(Clone, Debug, PartialEq)]
pub struct Setter {
    /// Which property.
    pub prop: PropId,
    /// Which fact.
    pub fact: FactId,
    /// The `where` of the event that says so.
    pub guard: Option<Expr>,
}

/// A declared property of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prop {
    /// Which property.
    pub id: PropId,
    /// Its type.
    pub ty: Type,
    /// Whether it may be missing or null.
    pub optional: bool,
    /// `is`: its names in the log, the first that is there; none where it goes by its own.
    pub names: Vec<PropId>,
}

/// A named set of events: an event happens in the set when one alternative matches.
#[derive(Clone, Debug, PartialEq)]
pub struct EventSet {
    /// As the author would say it: `visited(page == "pricing")`.
    pub text: String,
    /// The event or group that is named: `visited`; `None` where the engine speaks of events by what
    /// they do.
    pub name: Option<String>,
    /// How many conditions are said here, `page == "pricing"`; they are the last of each alternative,
    /// those before them are of the declaration.
    pub narrowed: usize,
    /// The ways to be in the set.
    pub alternatives: Vec<Alternative>,
}

impl EventSet {
    /// The conditions that are said where the event is named, not where it is declared.
    #[must_use]
    pub fn narrowing(&self) -> &[Expr] {
        let conditions = self.alternatives.first().map_or(&[][..], |first| first.conditions.as_slice());
        conditions.get(conditions.len().saturating_sub(self.narrowed)..).unwrap_or_default()
    }

    /// Whether it is the event or group of this name, whole.
    #[must_use]
    pub fn is_named(&self, name: &str) -> bool {
        self.narrowed == 0 && self.name.as_deref() == Some(name)
    }
}

/// An event or a group as it is declared.
#[derive(Clone, Debug, PartialEq)]
pub struct DeclaredEvent {
    /// Its names, all of one meaning, in the order written.
    pub names: Vec<String>,
    /// What it stands for.
    pub means: Means,
    /// Where it is declared.
    pub range: Range,
    /// From the standard vocabulary; a declaration of the rulebook may have taken its place.
    pub standard: bool,
}

/// What a declared event stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum Means {
    /// Events of these types of the log that meet a condition on their own properties.
    Types(Vec<TypeId>, Option<Expr>),
    /// Any of these events and groups.
    Group(Vec<String>),
}

impl DeclaredEvent {
    /// The types of the log it is declared for; none of a group.
    #[must_use]
    pub fn types(&self) -> &[TypeId] {
        match &self.means {
            Means::Types(types, _) => types,
            Means::Group(_) => &[],
        }
    }
}

impl Rulebook {
    /// Whether an event's name means what the standard vocabulary says, if perhaps more or less of it.
    #[must_use]
    pub fn is_standard_event(&self, name: &str) -> bool {
        let named = |event: &&DeclaredEvent| event.names.iter().any(|known| known == name);
        let (standard, own): (Vec<_>, Vec<_>) = self.events.iter().filter(named).partition(|event| event.standard);
        let Some(usual) = standard.first().map(|event| event.types()) else { return false };
        own.first()
            .map(|event| event.types())
            .is_none_or(|own| own.iter().any(|ty| usual.contains(ty)) || (usual.is_empty() && own.is_empty()))
    }
}

/// One way to be in a set: the type, and conditions on the properties that must all hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Alternative {
    /// The log type.
    pub ty: TypeId,
    /// Conditions over [`Expr::Prop`] and [`Expr::Fact`].
    pub conditions: Vec<Expr>,
}

/// `type` of the entries the engine makes when a touch is sent; no log may use it.
pub const TOUCHED_TYPE: &str = "ensue.touched";

/// The types of what the engine did, as metrics see it; no log may use them, and rules do not see them.
pub const MEASURED_TYPES: [&str; 8] = [
    "ensue.messaged",
    "ensue.contacted",
    "ensue.planned",
    "ensue.tiered",
    "ensue.alerted",
    "ensue.enrolled",
    "ensue.finished",
    "ensue.exited",
];

/// The type of the standard event by which somebody consents anew.
pub const RESUBSCRIBED: &str = "resubscribed";

/// Whether every event of a set is somebody's consent.
#[must_use]
pub fn is_consent(rulebook: &Rulebook, set: SetId) -> bool {
    let consent = rulebook.types.find(RESUBSCRIBED);
    let alternatives = rulebook.sets.get(set).map_or(&[][..], |set| &set.alternatives);
    !alternatives.is_empty() && alternatives.iter().all(|alternative| Some(alternative.ty) == consent)
}

/// Facts and events with a meaning to the engine; all are declared by the standard vocabulary.
#[derive(Clone, Copy, Debug)]
pub struct WellKnown {
    /// `timezone`: the lead's zone.
    pub timezone: FactId,
    /// `owner`
    pub owner: FactId,
    /// `email`: the address.
    pub email: FactId,
    /// `phone`
    pub phone: FactId,
    /// `replied`: resets `touches`.
    pub replied: SetId,
    /// `created` and `updated`: their properties become facts.
    pub facts: SetId,
    /// `touched`, every channel.
    pub touched: SetId,
    /// Properties of `touched`: channel, template, sequence, touch (texts, in this order).
    pub touched_props: [PropId; 4],
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{self, Env};

    fn rulebook(text: &str) -> Rulebook {
        let checked = check::load([("rules.ensue".to_owned(), text.to_owned())], &Env::default());
        checked.rulebook.unwrap_or_else(|| panic!("{:?}", checked.diagnostics))
    }

    #[test]
    fn what_is_declared_is_held_by_name() {
        let book = rulebook(
            "event trial, try is \"product.trial\" where plan == \"pro\" and seats > 2 { plan text, seats number }\n\
             group active = trial, clicked\n\
             active -> tag keen",
        );
        let own: Vec<_> = book.events.iter().filter(|event| !event.standard).collect();
        let [trial, active] = own.as_slice() else { panic!("{own:?}") };
        assert_eq!(trial.names, ["trial", "try"]);
        assert_eq!(trial.types().iter().map(|ty| &*book.types[ty.index()].name).collect::<Vec<_>>(), ["product.trial"]);
        assert!(matches!(&trial.means, Means::Types(_, Some(Expr::And(..)))));
        assert_eq!(active.means, Means::Group(vec!["trial".to_owned(), "clicked".to_owned()]));
        let standard = |name: &str| book.events.iter().any(|e| e.standard && e.names.iter().any(|n| n == name));
        assert!(standard("opened") && standard("engagement") && !standard("trial"));
    }

    #[test]
    fn a_set_knows_which_conditions_are_its_own() {
        let book = rulebook(
            "event trial is \"product.trial\" where plan == \"pro\" { plan text, seats number }\n\
             trial(seats > 2 and seats < 9) -> tag keen\n\
             trial -> tag seen",
        );
        let set = |text: &str| book.sets.iter().find(|set| set.text == text).unwrap_or_else(|| panic!("{text}"));
        let narrow = set("trial(seats > 2 and seats < 9)");
        assert_eq!(narrow.name.as_deref(), Some("trial"));
        assert_eq!((narrow.narrowing().len(), narrow.alternatives[0].conditions.len()), (2, 3));
        assert!(!narrow.is_named("trial") && set("trial").is_named("trial"));
        assert_eq!(set("trial").narrowing(), []);
        assert_eq!(set("created or updated").name, None);
    }

    #[test]
    fn a_name_is_standard_while_it_shares_a_type() {
        let more = rulebook("event opened is \"email.opened\", \"letter.opened\"\nopened -> tag keen");
        assert!(more.is_standard_event("opened") && more.is_standard_event("clicked"));
        assert!(!more.is_standard_event("trial"));
        let other = rulebook("event opened is \"letter.opened\"\nopened -> tag keen");
        assert!(!other.is_standard_event("opened"));
    }
}

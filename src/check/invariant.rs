//! Invariants.

use super::checker::Checker;
use crate::rulebook::{CapScope, Invariant, InvariantKind, Kept};
use crate::syntax::tree::{self, InvariantDecl, Name};

impl Checker<'_> {
    /// Resolves every invariant.
    pub fn check_invariants(&mut self) {
        let invariants: Vec<&InvariantDecl> = self.declared.invariants.iter().map(|entry| entry.item).collect();
        for declared in invariants {
            let kind = self.invariant(&declared.rule);
            self.resolved.invariants.extend(kind.map(|kind| Invariant {
                name: declared.name.node.clone(),
                range: declared.range,
                kind,
            }));
        }
    }

    fn invariant(&mut self, kind: &tree::InvariantKind) -> Option<InvariantKind> {
        match kind {
            tree::InvariantKind::NeverAfter { event, never, length } => {
                let set = self.occurrence(event).map(|event| event.set);
                let never: Vec<Option<Kept>> = never.iter().map(|name| self.kept(name, false)).collect();
                let length = length.as_ref().map(|length| self.length(length, "the time of an invariant"));
                let length = super::rule::all_or_none(length)?;
                Some(InvariantKind::NeverAfter { set: set?, never: never.into_iter().collect::<Option<_>>()?, length })
            }
            tree::InvariantKind::AtMost { count, what, per, scope } => {
                let what = self.kept(what, false);
                let count = self.times(count);
                let per = self.length(per, "the time of an invariant");
                let scope = match scope.node.as_str() {
                    "account" => CapScope::Account,
                    _ => CapScope::Lead,
                };
                Some(InvariantKind::AtMost { count: count?, what: what?, per: per?, scope })
            }
            tree::InvariantKind::InTime { within, event, expect } => {
                let set = self.occurrence(event).map(|event| event.set);
                let within = self.measured(within, "the time of an invariant");
                let expect = self.kept(expect, true);
                Some(InvariantKind::InTime { within: within?, set: set?, expect: expect? })
            }
        }
    }

    fn kept(&mut self, name: &Name, alerts: bool) -> Option<Kept> {
        match name.node.as_str() {
            "touch" => Some(Kept::Touch),
            "alert" if alerts => Some(Kept::Alert),
            other => {
                if let Some(id) = self.declared.channels.id(other) {
                    self.refer_channel(other, name.range);
                    return Some(Kept::Channel(id));
                }
                let mut names = self.declared.channels.names();
                names.push(String::from("touch"));
                names.extend(alerts.then(|| String::from("alert")));
                self.unknown(&super::name::CHANNEL, other, name.range, &names, None);
                None
            }
        }
    }
}

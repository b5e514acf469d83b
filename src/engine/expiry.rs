//! When it is too late for what is to go out: `expires after 2h`, `expires at event.start`.

use crate::calendar::Calendar;
use crate::decision::{Because, Body, Cause, Decision, Reason};
use crate::event::Props;
use crate::local::Zone;
use crate::plan::Plan;
use crate::rulebook::{Expiry, Person, Touch};
use crate::timestamp::Timestamp;

use super::evaluate::Scope;
use super::instant::Pending;
use super::lead::PendingAction;
use super::message::EXPIRES;
use super::schedule::later;
use super::{Moment, World};

impl PendingAction {
    /// The first moment at which it is too late.
    pub fn too_late(&self) -> Option<Timestamp> {
        self.before.into_iter().chain(self.expires).min()
    }

    /// When it expires that has waited since a moment.
    pub fn expires_by(&self, since: Timestamp) -> Timestamp {
        let usual = self.expires.unwrap_or(since + EXPIRES);
        self.before.map_or(usual, |before| before.min(usual))
    }
}

impl World {
    /// The moment of a rule's `expires`, counted from another one; `None` where it says none or it is unknown.
    pub(super) fn expires(
        &self,
        moment: &Moment<'_>,
        pending: &Pending,
        expiry: Option<&Expiry>,
        (from, zone, calendar): (Timestamp, Zone, Option<&Calendar>),
    ) -> Option<Timestamp> {
        match expiry? {
            Expiry::After(length) => Some(later(from, *length, zone, calendar)),
            Expiry::At(expr) => self.target(moment, pending, expr),
        }
    }

    /// The moment of a touch's `expires at`, as the facts are now.
    pub(super) fn touch_expires(&self, plan: &Plan, slot: u32, touch: &Touch, now: Timestamp) -> Option<Timestamp> {
        let Some(Expiry::At(expr)) = &touch.expires else { return None };
        let (lead, props) = (self.lead(slot), Props::default());
        let scope = Scope {
            plan,
            lead,
            props,
            now,
            accounts: &self.accounts,
            event: None,
            runner: &self.runner,
            before: None,
            past: None,
        };
        scope.moment(scope.value(expr))
    }

    /// Somebody of ours is told, where it is not too late for that.
    pub(super) fn alert(
        &mut self,
        moment: &Moment<'_>,
        pending: &Pending,
        (to, text, expiry): (Person, &str, Option<&Expiry>),
        by: (Cause, &Because),
        out: &mut Vec<Decision>,
    ) {
        let slot = pending.slot;
        let from = (moment.now, self.shown_zone(moment.plan, self.lead(slot)), Self::office(moment.plan));
        let expires = self.expires(moment, pending, expiry, from);
        let body = match expires.filter(|expires| *expires <= moment.now) {
            Some(before) => Body::Muted(Reason::NotBefore { before, moves: Vec::new() }),
            None => Body::Alert { to, text: text.into(), expires },
        };
        self.decide(moment, slot, body, by, out);
    }
}

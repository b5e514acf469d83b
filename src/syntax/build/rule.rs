//! Rules: triggers, clauses, effects.

use super::super::grammar::Rule;
use super::super::tree::{
    Arm, At, Content, Effect, EffectKind, Expiry, Limit, RuleBody, RuleDecl, Timing, Trigger, TriggerKind,
};
use super::expr::comparison;
use super::literal::weekday;
use super::{Build, Pair, child};

impl Build<'_> {
    pub(super) fn rule(&mut self, pair: Pair<'_>) -> Option<RuleDecl> {
        let (mut label, mut why, mut body) = (None, None, None);
        for kid in pair.into_inner() {
            match kid.as_rule() {
                Rule::label => label = self.name_in(&kid),
                Rule::why_clause => why = self.text_in(&kid),
                Rule::decision | Rule::reaction => body = Some(kid),
                _ => {}
            }
        }
        self.body(body?, RuleFrame { label, why })
    }

    fn body(&mut self, pair: Pair<'_>, frame: RuleFrame) -> Option<RuleDecl> {
        let is_decision = pair.as_rule() == Rule::decision;
        let (mut trigger, mut while_, mut guard, mut limit) = (None, None, None, None);
        let (mut effects, mut arms) = (Vec::new(), Vec::new());
        for kid in pair.into_inner() {
            let range = self.range(&kid);
            match kid.as_rule() {
                Rule::trigger => trigger = self.trigger(kid),
                Rule::while_clause => {
                    let state = self.state_in(&kid);
                    self.once(&mut while_, state, range, "while");
                }
                Rule::where_clause => {
                    let expr = self.expr_in(&kid);
                    self.once(&mut guard, expr, range, "where");
                }
                Rule::once_clause => self.once(&mut limit, Some(At { node: Limit::Once, range }), range, "once"),
                Rule::at_most_clause => {
                    let length = self.length_in(&kid);
                    let node = length.map(|length| At { node: Limit::AtMostOncePer(length), range });
                    self.once(&mut limit, node, range, "once");
                }
                Rule::effects => effects = self.effects(kid),
                Rule::arm => arms.extend(self.arm(kid)),
                _ => {}
            }
        }
        let body = if is_decision { RuleBody::Decision(arms) } else { RuleBody::Effects(effects) };
        Some(RuleDecl { label: frame.label, trigger: trigger?, while_, guard, limit, body, why: frame.why })
    }

    fn arm(&mut self, pair: Pair<'_>) -> Option<Arm> {
        let range = self.range(&pair);
        let (mut arm, mut is_whole) = (Arm { guard: None, effects: Vec::new(), why: None, range }, true);
        for kid in pair.into_inner() {
            match kid.as_rule() {
                Rule::where_clause => {
                    arm.guard = self.expr_in(&kid);
                    is_whole = arm.guard.is_some();
                }
                Rule::effects => arm.effects = self.effects(kid),
                Rule::why_clause => arm.why = self.text_in(&kid),
                _ => {}
            }
        }
        is_whole.then_some(arm)
    }

    fn trigger(&mut self, pair: Pair<'_>) -> Option<Trigger> {
        let range = self.range(&pair);
        let kid = pair.into_inner().next()?;
        Some(Trigger { node: self.trigger_kind(&kid)?, range })
    }

    fn trigger_kind(&mut self, pair: &Pair<'_>) -> Option<TriggerKind> {
        Some(match pair.as_rule() {
            Rule::absence => self.absence(pair)?,
            Rule::silence => TriggerKind::Silent { length: self.length_in(pair)? },
            Rule::idleness => TriggerKind::Idle { length: self.length_in(pair)? },
            Rule::becomes => TriggerKind::Becomes(self.name_in(pair)?),
            Rule::leaves => TriggerKind::Leaves(self.name_in(pair)?),
            Rule::finished => TriggerKind::Finished(self.name_in(pair)?),
            Rule::enrolled => TriggerKind::Enrolled(self.name_in(pair)?),
            Rule::exited => TriggerKind::Exited(self.name_in(pair)?),
            Rule::periodic => match self.length_in(pair) {
                Some(length) => TriggerKind::Every { length },
                None => TriggerKind::EveryWeekday { days: self.days_in(pair), at: self.time_in(pair)? },
            },
            _ => self.named(pair)?,
        })
    }

    fn absence(&mut self, pair: &Pair<'_>) -> Option<TriggerKind> {
        let event = self.event_ref_in(pair)?;
        if let Some(absent) = child(pair, Rule::absent_for) {
            return Some(TriggerKind::Absent { event, length: self.length_in(&absent)? });
        }
        let follows = child(pair, Rule::follows)?;
        let (within, after) = (self.length_in(&follows)?, self.event_ref_in(&follows)?);
        Some(TriggerKind::AbsentAfter { event, within, after })
    }

    /// A trigger that begins with a name.
    fn named(&mut self, pair: &Pair<'_>) -> Option<TriggerKind> {
        if let Some(crossing) = child(pair, Rule::crossing) {
            let compare = child(&crossing, Rule::compare)?;
            let op = At { node: comparison(&compare)?, range: self.range(&compare) };
            return Some(TriggerKind::Score { score: self.name_in(pair)?, op, value: self.expr_in(&crossing)? });
        }
        let event = self.event_ref(pair)?;
        if let Some(follows) = child(pair, Rule::follows) {
            let (within, after) = (self.length_in(&follows)?, self.event_ref_in(&follows)?);
            return Some(TriggerKind::Follows { event, within, after });
        }
        let Some(counted) = child(pair, Rule::counted) else { return Some(TriggerKind::Event(event)) };
        Some(TriggerKind::Count {
            event,
            times: child(&counted, Rule::times).map(|kid| self.whole(&kid))?,
            within: child(&counted, Rule::within).and_then(|kid| self.length_in(&kid)),
            without: child(&counted, Rule::without).and_then(|kid| self.event_ref_in(&kid)),
        })
    }

    fn effects(&mut self, pair: Pair<'_>) -> Vec<Effect> {
        let effects = pair.into_inner().filter(|kid| kid.as_rule() == Rule::effect);
        effects.filter_map(|kid| self.effect(kid)).collect()
    }

    fn effect(&mut self, pair: Pair<'_>) -> Option<Effect> {
        let range = self.range(&pair);
        let kid = pair.into_inner().next()?;
        Some(Effect { node: self.effect_kind(&kid)?, range })
    }

    fn effect_kind(&mut self, pair: &Pair<'_>) -> Option<EffectKind> {
        Some(match pair.as_rule() {
            Rule::to_tier => EffectKind::Tier(self.name_in(pair)?.node),
            Rule::start => EffectKind::Start(self.name_in(pair)?),
            Rule::stop if child(pair, Rule::kw_account).is_some() => EffectKind::StopAccount,
            Rule::stop if child(pair, Rule::kw_all).is_some() => EffectKind::StopAll,
            Rule::stop => self.name_in(pair).map_or(EffectKind::Stop, EffectKind::StopSequence),
            Rule::hold => {
                let account = child(pair, Rule::kw_account).is_some();
                match self.length_in(pair) {
                    Some(length) => EffectKind::Hold { account, length },
                    None => EffectKind::HoldUntil { account, until: self.expr_in(pair)? },
                }
            }
            Rule::resume => EffectKind::Resume,
            Rule::suppress => EffectKind::Suppress { channel: self.name_in(pair), length: self.length_in(pair) },
            Rule::unsuppress => EffectKind::Unsuppress { channel: self.name_in(pair) },
            Rule::alert => {
                EffectKind::Alert { to: self.name_in(pair)?, text: self.text_in(pair)?, expires: self.expires_in(pair) }
            }
            Rule::escalate => EffectKind::Escalate {
                to: self.name_in(pair)?,
                text: self.text_in(pair)?,
                expires: self.expires_in(pair),
            },
            Rule::assign => EffectKind::Assign(self.expr_in(pair)?),
            Rule::set => EffectKind::Set { field: self.name_in(pair)?, value: self.expr_in(pair)? },
            Rule::unset => {
                let word = child(pair, Rule::kw_unset)?;
                let word = super::Name { node: word.as_str().to_owned(), range: self.range(&word) };
                EffectKind::Unset { word, field: self.name_in(pair)? }
            }
            Rule::add => EffectKind::Add { amount: self.expr_in(pair)?, score: self.name_in(pair)? },
            Rule::tag => EffectKind::Tag(self.name_in(pair)?),
            Rule::untag => EffectKind::Untag(self.name_in(pair)?),
            Rule::webhook => EffectKind::Webhook(self.name_in(pair)?),
            Rule::send => EffectKind::Send {
                channel: self.name_in(pair)?,
                content: child(pair, Rule::content).and_then(|kid| self.content(&kid))?,
                timing: child(pair, Rule::timing).and_then(|kid| self.timing(kid)),
                expires: self.expires_in(pair),
            },
            _ => return None,
        })
    }

    /// A template's name or words, directly inside a pair.
    pub(super) fn content(&mut self, pair: &Pair<'_>) -> Option<At<Content>> {
        if let Some(text) = self.text_in(pair) {
            return Some(At { node: Content::Text(text.node), range: text.range });
        }
        let name = self.names_in(pair).pop()?;
        Some(At { node: Content::Template(name.node), range: name.range })
    }

    /// `expires after 2h`, directly inside a pair.
    fn expires_in(&mut self, pair: &Pair<'_>) -> Option<Expiry> {
        child(pair, Rule::effect_expires).and_then(|kid| self.expiry(&kid))
    }

    /// `expires after 2h`, `expires at event.start`
    pub(super) fn expiry(&mut self, pair: &Pair<'_>) -> Option<Expiry> {
        match self.length_in(pair) {
            Some(length) => Some(Expiry::After(length)),
            None => self.expr_in(pair).map(|moment| Expiry::At(Box::new(moment))),
        }
    }

    fn timing(&mut self, pair: Pair<'_>) -> Option<At<Timing>> {
        let range = self.range(&pair);
        let kid = pair.into_inner().next()?;
        let node = match kid.as_rule() {
            Rule::in_length => {
                let at = child(&kid, Rule::at_time).and_then(|at| self.time_in(&at));
                Timing::In { length: self.length_in(&kid)?, at }
            }
            Rule::at_time => Timing::At(self.time_in(&kid)?),
            Rule::next_day => Timing::Next {
                day: weekday(child(&kid, Rule::weekday)?.as_str()),
                at: child(&kid, Rule::at_time).and_then(|at| self.time_in(&at))?,
            },
            Rule::before => Timing::Before { length: self.length_in(&kid)?, moment: self.expr_in(&kid)? },
            _ => Timing::After { length: self.length_in(&kid)?, moment: self.expr_in(&kid)? },
        };
        Some(At { node, range })
    }
}

/// What stands around a rule's body.
struct RuleFrame {
    label: Option<super::Name>,
    why: Option<super::super::tree::Text>,
}

//! What a rule does, as an instruction.

use super::{Prose, ProseWords, fill, joined, listed, spaced, time};
use crate::decimal::Decimal;
use crate::rulebook::{ChannelId, Effect, EffectKind, Expiry, Expr, HoldEnd, Timing};
use crate::units::Content;
use crate::value::Value;
use crate::words::counted;

impl ProseWords<'_> {
    /// All effects of a rule: `move the lead to hot and alert the owner: “call now”`.
    pub fn effects(&self, effects: &[Effect]) -> Prose {
        let parts: Vec<Prose> = effects.iter().map(|effect| self.effect(&effect.kind)).collect();
        match parts.len() {
            0..=2 => listed(parts, "and"),
            _ => {
                let (last, first) = parts
                    .split_last()
                    .map_or((Prose::default(), Vec::new()), |(last, first)| (last.clone(), first.to_vec()));
                fill("{}, and {}", [joined(first, ", "), last])
            }
        }
    }

    fn effect(&self, effect: &EffectKind) -> Prose {
        match effect {
            EffectKind::Tier(tier) => fill("move the lead to {}", [self.tier(*tier)]),
            EffectKind::Start(sequence) => fill("start the sequence {}", [self.sequence(*sequence)]),
            EffectKind::Stop => "stop the lead's sequences".into(),
            EffectKind::StopSequence(sequence) => fill("stop the sequence {}", [self.sequence(*sequence)]),
            EffectKind::StopAccount => "stop the sequences of everyone at the account".into(),
            EffectKind::StopAll => "stop everything that is planned for the lead".into(),
            EffectKind::Hold { account, until } => self.hold(*account, until),
            EffectKind::Resume => "let paused touches go on".into(),
            EffectKind::Suppress { reach, length } => {
                let by = reach.map(|reach| Prose::from(" ").then(self.by_reach(reach))).unwrap_or_default();
                match length {
                    Some(length) => fill("do not contact the lead{} for {}", [by, time::length(*length).into()]),
                    None => fill("never contact the lead{} again", [by]),
                }
            }
            EffectKind::Unsuppress { reach: Some(reach) } => fill("allow contact {} again", [self.by_reach(*reach)]),
            EffectKind::Unsuppress { reach: None } => "allow contact with the lead again".into(),
            EffectKind::Send { channel, content, timing, expires } => {
                let expires = self.expires(expires.as_ref());
                fill("{}{}{}", [self.send(*channel, content), self.timing(timing), expires])
            }
            EffectKind::Alert { to, text, expires } => {
                let expires = self.expires(expires.as_ref());
                fill("alert the {}: {}{}", [to.word().into(), Prose::quote(text), expires])
            }
            EffectKind::Escalate { to, text, expires } => {
                let (text, expires) = (Prose::quote(text), self.expires(expires.as_ref()));
                fill("hand the lead over to the {} and alert them: {}{}", [to.word().into(), text, expires])
            }
            EffectKind::Assign(owner) => fill("make {} the owner", [self.value_of(owner)]),
            EffectKind::Set { fact, value: Expr::Constant(Value::Missing) } => fill("empty {}", [self.fact(*fact)]),
            EffectKind::Set { fact, value } => fill("set {} to {}", [self.fact(*fact), self.value_of(value)]),
            EffectKind::Add { score, amount } => self.add(*score, amount),
            EffectKind::Tag(tag) => fill("tag the lead {}", [self.tag(*tag)]),
            EffectKind::Untag(tag) => fill("take the tag {} off", [self.tag(*tag)]),
            EffectKind::Webhook(name) => fill("tell the system {}", [Prose::quote(&spaced(name))]),
        }
    }

    fn hold(&self, account: bool, until: &HoldEnd) -> Prose {
        let whom = if account { "pause the touches of everyone at the account" } else { "pause the lead's touches" };
        match until {
            HoldEnd::After(length) => fill("{} for {}", [whom.into(), time::length(*length).into()]),
            HoldEnd::Until(moment) => fill("{} until {}", [whom.into(), self.value_of(moment)]),
        }
    }

    fn send(&self, channel: ChannelId, content: &Content) -> Prose {
        let what = Self::content(content);
        match (self.channel_name(channel), content) {
            ("email", _) => fill("send the email {}", [what]),
            ("sms", _) => fill("send the text message {}", [what]),
            ("call", _) => fill("plan the call {}", [what]),
            ("task", _) => fill("give someone the task {}", [what]),
            ("linkedin", _) => fill("plan the LinkedIn message {}", [what]),
            (other, _) => fill("send {} by {}", [what, Prose::quote(&spaced(other))]),
        }
    }

    fn expires(&self, expires: Option<&Expiry>) -> Prose {
        expires
            .map_or_else(Prose::default, |expiry| fill(" (dropped if it could not go out {})", [self.expiry(expiry)]))
    }

    /// `within 2 hours`, `before trial ends`
    pub fn expiry(&self, expiry: &Expiry) -> Prose {
        match expiry {
            Expiry::After(length) => format!("within {}", time::length(*length)).into(),
            Expiry::At(moment) => fill("before {}", [self.value_of(moment)]),
        }
    }

    fn timing(&self, timing: &Timing) -> Prose {
        match timing {
            Timing::Now => Prose::default(),
            Timing::In { length, at } => {
                let at = at.map(|at| format!(" at {at}")).unwrap_or_default();
                format!(" after {}{at}", time::length(*length)).into()
            }
            Timing::At(at) => format!(" the next time it is {at}").into(),
            Timing::Next { day, at } => format!(" next {} at {at}", time::weekday(usize::from(day.0))).into(),
            Timing::Before { length, moment } => {
                fill(" {} before {}", [time::length(*length).into(), self.value_of(moment)])
            }
            Timing::After { length, moment } => {
                fill(" {} after {}", [time::length(*length).into(), self.value_of(moment)])
            }
        }
    }

    fn add(&self, score: crate::rulebook::ScoreId, amount: &Expr) -> Prose {
        let points = |number: Decimal| {
            let is_one = number == Decimal::ONE;
            Prose::from(format!("{} {}", time::number(number), counted(is_one, "point")))
        };
        let negative = match amount {
            Expr::Negate(inner) => match &**inner {
                Expr::Constant(Value::Number(number)) => Some(*number),
                _ => None,
            },
            Expr::Constant(Value::Number(number)) if number.is_negative() => Some(-*number),
            _ => None,
        };
        match (negative, amount) {
            (Some(number), _) => fill("take {} off the score {}", [points(number), self.score(score)]),
            (None, Expr::Constant(Value::Number(number))) => {
                fill("add {} to the score {}", [points(*number), self.score(score)])
            }
            (None, amount) => fill("add {} to the score {}", [self.value_of(amount), self.score(score)]),
        }
    }

    fn tag(&self, tag: crate::rulebook::TagId) -> Prose {
        Prose::quote(&spaced(self.rulebook.tags.name(tag)))
    }
}

//! Effects of rules.

use super::checker::Checker;
use super::expression::{Known, Scope, Typed};
use super::name::{CHANNEL, FACT, with_article};
use super::words::{comparable, type_words};
use crate::diagnostic::Diagnostic;
use crate::rulebook::{ChannelId, Effect, EffectKind, Expiry, Expr, FactId, HoldEnd, Person, Reach, Timing};
use crate::slug::Slug;
use crate::source::Range;
use crate::syntax::tree::{self, At, EffectKind as Written, Length, Name};
use crate::units::Content;
use crate::value::{Type, Value};
use crate::words::nearest;

/// Words that begin an effect, for what looks like one of them.
const VERBS: [&str; 15] = [
    "start",
    "stop",
    "hold",
    "resume",
    "suppress",
    "unsuppress",
    "alert",
    "escalate",
    "assign",
    "set",
    "unset",
    "add",
    "tag",
    "untag",
    "webhook",
];

impl Checker<'_> {
    /// Resolves effects; `None` where one has a mistake.
    pub fn effects(&mut self, effects: &[tree::Effect], scope: &Scope, known: &Known) -> Option<Vec<Effect>> {
        let effects: Vec<Option<Effect>> = effects
            .iter()
            .map(|effect| self.effect(effect, scope, known).map(|kind| Effect { kind, range: effect.range }))
            .collect();
        effects.into_iter().collect()
    }

    /// Whether a name that stands by itself is a channel, and no tier.
    fn is_channel_alone(&self, name: &str) -> bool {
        self.declared.channels.has(name) && !self.declared.tiers.has(name)
    }

    fn without_template<T>(&mut self, channel: &str, range: Range) -> Option<T> {
        let message = format!("`{channel}` is a channel, and nothing is said of what to send");
        let found = Diagnostic::new(Slug::Syntax, range, message).label("no template");
        self.report(found.help(format!("name a template: `{channel} TEMPLATE`")));
        None
    }

    fn effect(&mut self, effect: &tree::Effect, scope: &Scope, known: &Known) -> Option<EffectKind> {
        Some(match &effect.node {
            Written::Tier(name) if self.is_channel_alone(name) => return self.without_template(name, effect.range),
            Written::Tier(name) => EffectKind::Tier(self.tier(name, effect.range)?),
            Written::Start(name) => EffectKind::Start(self.sequence(name)?),
            Written::Stop => EffectKind::Stop,
            Written::StopSequence(name) => EffectKind::StopSequence(self.sequence(name)?),
            Written::StopAccount => EffectKind::StopAccount,
            Written::StopAll => EffectKind::StopAll,
            Written::Hold { account, length } => {
                let until = HoldEnd::After(self.length(length, "a hold")?);
                EffectKind::Hold { account: *account, until }
            }
            Written::HoldUntil { account, until } => {
                let until = HoldEnd::Until(self.moment(until, scope, known, "a hold ends at")?);
                EffectKind::Hold { account: *account, until }
            }
            Written::Resume => EffectKind::Resume,
            Written::Suppress { channel, length } => {
                let reach = self.maybe_reach(channel.as_ref());
                let length = length.as_ref().map(|length| self.length(length, "a suppression"));
                EffectKind::Suppress { reach: reach?, length: super::rule::all_or_none(length)? }
            }
            Written::Unsuppress { channel } => EffectKind::Unsuppress { reach: self.maybe_reach(channel.as_ref())? },
            Written::Send { channel, content, timing, expires } => {
                let channel = self.effect_channel(channel);
                self.use_template(content, channel);
                let timing = timing.as_ref().map(|timing| self.timing(&timing.node, scope, known));
                let expires = self.maybe_expiry(expires.as_ref(), scope, known);
                let timing = super::rule::all_or_none(timing)?.unwrap_or(Timing::Now);
                EffectKind::Send { channel: channel?, content: content.node.clone(), timing, expires: expires? }
            }
            // No word is reserved: a channel may have been called so.
            Written::Unset { word, field } if self.declared.channels.has(&word.node) => {
                let channel = self.effect_channel(word);
                let content = At { node: Content::Template(field.node.clone()), range: field.range };
                self.use_template(&content, channel);
                EffectKind::Send { channel: channel?, content: content.node, timing: Timing::Now, expires: None }
            }
            Written::Unset { field, .. } => self.unset_fact(field)?,
            Written::Alert { to, text, expires } => {
                let (to, expires) = (self.person(to), self.maybe_expiry(expires.as_ref(), scope, known));
                EffectKind::Alert { to: to?, text: text.node.clone(), expires: expires? }
            }
            Written::Escalate { to, text, expires } => {
                let (to, expires) = (self.person(to), self.maybe_expiry(expires.as_ref(), scope, known));
                EffectKind::Escalate { to: to?, text: text.node.clone(), expires: expires? }
            }
            Written::Assign(owner) => {
                let typed = self.expr(owner, scope, known)?;
                EffectKind::Assign(self.fitting(typed, Type::Text, "an owner")?.expr)
            }
            Written::Set { field, value } => self.set_fact(field, value, scope, known)?,
            Written::Add { amount, score } => {
                let amount = self.expr(amount, scope, known);
                let score = self.score(score);
                let amount = self.fitting(amount?, Type::Number, "what is added")?;
                EffectKind::Add { score: score?, amount: self.present(amount)?.expr }
            }
            Written::Tag(name) => EffectKind::Tag(self.tag(&name.node)),
            Written::Untag(name) => EffectKind::Untag(self.tag(&name.node)),
            Written::Webhook(name) => EffectKind::Webhook(name.node.clone()),
        })
    }

    /// `Some(None)` where none was written.
    #[expect(clippy::option_option, reason = "absent and mistaken are two things")]
    pub(super) fn maybe_reach(&mut self, name: Option<&Name>) -> Option<Option<Reach>> {
        super::rule::all_or_none(name.map(|name| self.reach(name)))
    }

    /// The channel of a single action; its name may also be a verb written wrong.
    fn effect_channel(&mut self, name: &Name) -> Option<ChannelId> {
        if let Some(id) = self.declared.channels.id(&name.node) {
            self.refer_channel(&name.node, name.range);
            return Some(id);
        }
        let mut names = self.declared.channels.names();
        let near_channel = nearest(&name.node, &names).is_some();
        let near_verb = nearest(&name.node, &VERBS.map(str::to_owned)).map(|verb| format!("did you mean `{verb}`?"));
        let hint = near_verb.filter(|_| !near_channel);
        names.sort();
        self.unknown(&CHANNEL, &name.node, name.range, &names, hint);
        None
    }

    /// Whom an alert is for.
    pub fn person(&mut self, name: &Name) -> Option<Person> {
        match name.node.as_str() {
            "owner" => Some(Person::Owner),
            "manager" => Some(Person::Manager),
            other => {
                let help = match nearest(other, &["owner", "manager"].map(str::to_owned)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "say `owner` for the lead's owner, or `manager` for the owner's manager".to_owned(),
                };
                let found =
                    Diagnostic::new(Slug::UnknownPerson, name.range, format!("`{other}` is nobody who can be told"));
                self.report(found.label("not `owner` or `manager`").help(help));
                None
            }
        }
    }

    /// The fact that an effect is about.
    pub fn fact_named(&mut self, field: &Name) -> Option<(FactId, Type)> {
        let fact = self.fact(&field.node);
        self.refer_fact(&field.node, field.range);
        if fact.is_none() {
            let names = self.declared.facts.names();
            let hint = nearest(&field.node, &names)
                .is_none()
                .then(|| format!("declare it: `lead {{ {} text? }}`", field.node));
            self.unknown(&FACT, &field.node, field.range, &names, hint);
        }
        fact.filter(|_| !self.broken.contains(&field.node)).map(|(id, ty, _)| (id, ty))
    }

    fn unset_fact(&mut self, field: &Name) -> Option<EffectKind> {
        let (id, ty) = self.fact_named(field)?;
        let fact = self.resolved.facts.get(id)?;
        if fact.must_be_there() {
            let message = format!("lead fact `{}` must be there, and would be missing", field.node);
            let found = Diagnostic::new(Slug::MayBeMissing, field.range, message).label("cannot be emptied");
            let ty = type_words(ty).rsplit(' ').next().unwrap_or("text");
            self.report(found.help(format!("declare that it may be missing: `{} {ty}?`", field.node)));
            return None;
        }
        Some(EffectKind::Set { fact: id, value: Expr::Constant(Value::Missing) })
    }

    fn set_fact(&mut self, field: &Name, value: &tree::Expr, scope: &Scope, known: &Known) -> Option<EffectKind> {
        let fact = self.fact_named(field);
        let value = self.expr(value, scope, known);
        let (id, ty) = fact?;
        let value = self.fitting(value?, ty, &format!("{} `{}`", FACT.one, field.node))?;
        Some(EffectKind::Set { fact: id, value: value.expr })
    }

    /// An expression that names a time or a day, which may be missing.
    fn moment(&mut self, e: &tree::Expr, scope: &Scope, known: &Known, what: &str) -> Option<Expr> {
        let typed: Typed = self.expr(e, scope, known)?;
        if comparable(typed.ty, Type::Time) {
            return Some(typed.expr);
        }
        let text = self.text(e.range);
        let message = format!("{what} {}, and `{text}` is {}", with_article("time or date"), type_words(typed.ty));
        let found = Diagnostic::new(Slug::TypeMismatch, e.range, message).label("not a time");
        self.report(found.help("give a date such as `2026-03-02`, or a property that is a time: `event.start`"));
        None
    }

    /// When it is too late for what is to go out.
    pub(super) fn expiry(&mut self, expiry: &tree::Expiry, scope: &Scope, known: &Known) -> Option<Expiry> {
        match expiry {
            tree::Expiry::After(length) => self.length(length, "the time to expire").map(Expiry::After),
            tree::Expiry::At(moment) => self.moment(moment, scope, known, "it expires at").map(Expiry::At),
        }
    }

    /// `Some(None)` where none was written.
    #[expect(clippy::option_option, reason = "absent and mistaken are two things")]
    fn maybe_expiry(&mut self, expiry: Option<&tree::Expiry>, scope: &Scope, known: &Known) -> Option<Option<Expiry>> {
        super::rule::all_or_none(expiry.map(|expiry| self.expiry(expiry, scope, known)))
    }

    fn timing(&mut self, timing: &tree::Timing, scope: &Scope, known: &Known) -> Option<Timing> {
        Some(match timing {
            tree::Timing::In { length, at } => {
                let length = self.length(length, "the time to wait")?;
                Timing::In { length, at: at.as_ref().map(|at| at.node) }
            }
            tree::Timing::At(at) => Timing::At(at.node),
            tree::Timing::Next { day, at } => Timing::Next { day: *day, at: at.node },
            tree::Timing::Before { length, moment } => {
                let (length, moment) = self.around(length, moment, scope, known)?;
                Timing::Before { length, moment }
            }
            tree::Timing::After { length, moment } => {
                let (length, moment) = self.around(length, moment, scope, known)?;
                Timing::After { length, moment }
            }
        })
    }

    fn around(
        &mut self,
        length: &At<Length>,
        moment: &tree::Expr,
        scope: &Scope,
        known: &Known,
    ) -> Option<(Length, Expr)> {
        let length = self.length(length, "the time before or after");
        let moment = self.moment(moment, scope, known, "an action is planned around");
        length.zip(moment)
    }
}

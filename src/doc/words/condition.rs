//! Conditions and states in words.

use super::{NameKind, Prose, ProseWords, fill, joined, listed, time};
use crate::decimal::Decimal;
use crate::rulebook::{Arithmetic, Comparison, Expr, FactId, PropId, State};
use crate::value::{Type, Value};

impl ProseWords<'_> {
    /// A condition as a clause: `deal value is at least 50,000`.
    pub fn condition(&self, expr: &Expr) -> Prose {
        match expr {
            Expr::And(..) => self.both(expr),
            Expr::Or(..) => self.either(expr, true),
            Expr::Not(inner) => self.denied(inner),
            Expr::Compare(op, a, b) => self.comparison(*op, a, b),
            Expr::In(a, list) => fill("{} {}", [self.value_of(a), self.among(list, false)]),
            Expr::Pending(since, until) => fill("there was {} and no {} since", [self.one(*since), self.noun(*until)]),
            Expr::Has(inner) => fill("{} is known", [self.value_of(inner)]),
            Expr::Constant(Value::Bool(true)) => "always".into(),
            Expr::Constant(Value::Bool(false)) => "never".into(),
            Expr::Call { .. } => fill("{} says yes", [self.value_of(expr)]),
            other => fill("{} is yes", [self.value_of(other)]),
        }
    }

    /// What a condition is where it must not hold.
    fn denied(&self, expr: &Expr) -> Prose {
        match expr {
            // Neither of two is each of them not so, and not both is one of them not so.
            Expr::Or(a, b) => self.both(&Expr::And(Box::new(not(a)), Box::new(not(b)))),
            Expr::And(a, b) => self.either(&Expr::Or(Box::new(not(a)), Box::new(not(b))), true),
            Expr::Not(inner) => self.condition(inner),
            Expr::Compare(Comparison::Equal, a, b) => self.comparison(Comparison::NotEqual, a, b),
            Expr::Compare(Comparison::NotEqual, a, b) => self.comparison(Comparison::Equal, a, b),
            Expr::Compare(op, a, b) => fill("{} is not {} {}", [self.value_of(a), degree(*op).into(), self.side(b, a)]),
            Expr::In(a, list) => fill("{} {}", [self.value_of(a), self.among(list, true)]),
            Expr::Pending(since, until) => fill("there was no {}, or {} since", [self.noun(*since), self.one(*until)]),
            Expr::Has(inner) => fill("{} is not known", [self.value_of(inner)]),
            Expr::Constant(Value::Bool(truth)) => self.condition(&Expr::Constant(Value::Bool(!truth))),
            Expr::Call { .. } => fill("{} says no", [self.value_of(expr)]),
            other => fill("{} is no", [self.value_of(other)]),
        }
    }

    fn both(&self, expr: &Expr) -> Prose {
        let parts = flat(expr, true);
        let word = if parts.iter().any(compound) { ", and " } else { " and " };
        joined(parts.iter().map(|part| self.inside(part)), word)
    }

    /// `alone`: nothing stands beside it that it could be mistaken to belong to.
    fn either(&self, expr: &Expr, alone: bool) -> Prose {
        let parts = flat(&plain(expr), false);
        let compound = parts.iter().any(compound);
        let word = if compound { ", or " } else { " or " };
        let choices = joined(parts.iter().map(|part| self.inside(part)), word);
        if alone && !compound { choices } else { fill("either {}", [choices]) }
    }

    /// A part of an "and" or an "or"; in parentheses where it is not simple itself.
    fn inside(&self, part: &Expr) -> Prose {
        match part {
            Expr::And(..) if flat(part, true).iter().any(compound) => fill("({})", [self.both(part)]),
            Expr::Or(..) if flat(part, false).iter().any(compound) => fill("({})", [self.either(part, false)]),
            Expr::Or(..) => self.either(part, false),
            part => self.condition(part),
        }
    }

    fn comparison(&self, op: Comparison, a: &Expr, b: &Expr) -> Prose {
        if let (Expr::Constant(_), false) = (a, matches!(b, Expr::Constant(_))) {
            return self.comparison(turned(op), b, a);
        }
        if let Some(counted) = self.counted(op, a, b) {
            return counted;
        }
        if let (Expr::DaysSince(set), Expr::Constant(Value::Number(days)), Some(degree)) = (a, b, ago(op)) {
            let ago = fill(degree, [time::number(*days).into()]);
            return fill("the last {} was {} days ago", [self.noun(*set), ago]);
        }
        if let Expr::Constant(Value::Bool(truth)) = b {
            let truth = *truth == (op == Comparison::Equal);
            return if truth { self.condition(a) } else { self.denied(a) };
        }
        if let Some(distance) = self.distance(op, a, b) {
            return distance;
        }
        let timely = self.is_time(a) || self.is_time(b);
        let verb = match op {
            op if timely => order(op).to_owned(),
            Comparison::Equal => "is".to_owned(),
            Comparison::NotEqual => "is not".to_owned(),
            op => format!("is {}", degree(op)),
        };
        fill("{} {} {}", [self.value_of(a), verb.into(), self.side(b, a)])
    }

    /// `renewal is less than 30 days away`, for times compared with one near the present.
    fn distance(&self, op: Comparison, a: &Expr, b: &Expr) -> Option<Prose> {
        let Expr::Arithmetic(sign, now, length) = b else { return None };
        let (Expr::Now, Expr::Constant(Value::Length(_))) = (&**now, &**length) else { return None };
        let (op, end) = match sign {
            Arithmetic::Add => (op, "away"),
            Arithmetic::Subtract => (turned(op), "ago"),
            _ => return None,
        };
        let degree = match op {
            Comparison::Equal | Comparison::NotEqual => return None,
            op => degree(op),
        };
        Some(fill("{} is {} {} {}", [self.value_of(a), degree.into(), self.value_of(length), end.into()]))
    }

    /// Whether a value is a moment or a day.
    fn is_time(&self, expr: &Expr) -> bool {
        let timely = |ty: Type| matches!(ty, Type::Time | Type::Date);
        match expr {
            Expr::Now | Expr::DateTime { .. } | Expr::Constant(Value::Time(_) | Value::Date(_)) => true,
            Expr::Fact(id) => self.rulebook.facts.get(*id).is_some_and(|fact| timely(fact.ty)),
            Expr::Prop(id) => {
                let mut props = self.rulebook.types.iter().flat_map(|ty| &ty.props);
                props.any(|prop| prop.id == *id && timely(prop.ty))
            }
            Expr::Arithmetic(_, a, b) => self.is_time(a) && matches!(**b, Expr::Constant(Value::Length(_))),
            _ => false,
        }
    }

    /// `the lead has not replied in the last 30 days`, for counts compared with a number.
    fn counted(&self, op: Comparison, a: &Expr, b: &Expr) -> Option<Prose> {
        let (Expr::Count(set, within), Expr::Constant(Value::Number(number))) = (a, b) else { return None };
        let whole = u64::try_from(number.to_whole()?).ok()?;
        let window = within.map(|span| format!(" in the last {}", time::last(span)));
        // At least so many, or none.
        let least = match (op, whole) {
            (Comparison::Equal | Comparison::LessOrEqual, 0) | (Comparison::Less, 1) => 0,
            (Comparison::Greater, n) => n + 1,
            (Comparison::GreaterOrEqual, n) if n > 0 => n,
            (Comparison::NotEqual, 0) => 1,
            _ => return None,
        };
        let so_far = |word: &str| Prose::from(window.clone().unwrap_or_else(|| word.to_owned()));
        Some(match least {
            0 => self.has_not_happened(*set).then(so_far(" so far")),
            1 => self.has_happened(*set).then(so_far(" before")),
            n => fill(
                "{} at least {} times{}",
                [
                    self.has_happened(*set),
                    time::number(Decimal::whole(n as i64).unwrap_or(Decimal::MAX)).into(),
                    so_far(" so far"),
                ],
            ),
        })
    }

    /// `is one of “demo” or “referral”`
    fn among(&self, list: &Expr, denied: bool) -> Prose {
        let items: Vec<Prose> = match list {
            Expr::Constant(Value::List(items)) => items.iter().map(constant).collect(),
            Expr::List(items) => items.iter().map(|item| self.value_of(item)).collect(),
            other => {
                let verb = if denied { "is not among" } else { "is among" };
                return fill("{} {}", [verb.into(), self.value_of(other)]);
            }
        };
        match (items.as_slice(), denied) {
            ([one], false) => fill("is {}", [one.clone()]),
            ([one], true) => fill("is not {}", [one.clone()]),
            ([one, two], false) => fill("is either {} or {}", [one.clone(), two.clone()]),
            ([one, two], true) => fill("is neither {} nor {}", [one.clone(), two.clone()]),
            (_, false) => fill("is one of {}", [listed(items, "and")]),
            (_, true) => fill("is none of {}", [listed(items, "and")]),
        }
    }

    /// A value compared with another: a tier's name is a name, not a text.
    fn side(&self, expr: &Expr, other: &Expr) -> Prose {
        match (expr, other) {
            (Expr::Constant(Value::Text(name)), Expr::Tier) => self.tier_named(name),
            _ => self.value_of(expr),
        }
    }

    /// A value as a noun: `deal value (0 if unknown)`.
    pub fn value_of(&self, expr: &Expr) -> Prose {
        let two = |pattern, a, b| fill(pattern, [self.operand(a), self.operand(b)]);
        match expr {
            Expr::Constant(value) => constant(value),
            Expr::Fact(id) => self.fact(*id),
            Expr::Prop(id) => self.prop(*id),
            Expr::Tier => "the tier".into(),
            Expr::Score(id) => fill("the score {}", [self.score(*id)]),
            Expr::Touches => "the number of touches since the last reply".into(),
            Expr::DateTime { days, clock } => format!("{}, {clock}", time::date(*days)).into(),
            Expr::Now => "the present moment".into(),
            Expr::Count(set, None) => fill("the number of {} so far", [self.nouns(*set)]),
            Expr::Count(set, Some(span)) => {
                fill("the number of {} in the last {}", [self.nouns(*set), time::last(*span).into()])
            }
            Expr::DaysSince(set) => fill("the number of days since the last {}", [self.noun(*set)]),
            Expr::Attempts => "the number of contacts since the last reply".into(),
            Expr::Default(a, b) => fill("{} ({} if unknown)", [self.value_of(a), self.value_of(b)]),
            Expr::Negate(a) => fill("minus {}", [self.operand(a)]),
            Expr::List(items) => listed(items.iter().map(|item| self.value_of(item)).collect(), "and"),
            Expr::Arithmetic(Arithmetic::Add, a, b) => match (&**a, &**b) {
                (a, b @ Expr::Constant(Value::Length(_))) => fill("{} after {}", [self.value_of(b), self.value_of(a)]),
                (a, b) => two("{} plus {}", a, b),
            },
            Expr::Arithmetic(Arithmetic::Subtract, a, b) => match &**b {
                Expr::Constant(Value::Length(_)) => fill("{} before {}", [self.value_of(b), self.value_of(a)]),
                b => two("{} minus {}", a, b),
            },
            Expr::Arithmetic(Arithmetic::Multiply, a, b) => two("{} times {}", a, b),
            Expr::Arithmetic(Arithmetic::Divide, a, b) => two("{} divided by {}", a, b),
            Expr::Call { function, args, .. } => self.call(function, args),
            Expr::Pending(..)
            | Expr::Has(_)
            | Expr::Not(_)
            | Expr::And(..)
            | Expr::Or(..)
            | Expr::Compare(..)
            | Expr::In(..) => fill("whether {}", [self.condition(expr)]),
        }
    }

    fn operand(&self, expr: &Expr) -> Prose {
        match expr {
            Expr::Arithmetic(..) => fill("({})", [self.value_of(expr)]),
            other => self.value_of(other),
        }
    }

    fn call(&self, function: &str, args: &[Expr]) -> Prose {
        let args: Vec<Prose> = args.iter().map(|arg| self.value_of(arg)).collect();
        let name = Prose::other(function);
        if args.is_empty() {
            return fill("the script {}", [name]);
        }
        fill("the script {}, given {},", [name, listed(args, "and")])
    }

    /// A fact by its name in words.
    pub fn fact(&self, id: FactId) -> Prose {
        let name = self.rulebook.facts.name(id);
        Prose::name(NameKind::Fact, &super::spaced(name))
    }

    fn prop(&self, id: PropId) -> Prose {
        let name = self.rulebook.props.name(id);
        let name = Prose::name(NameKind::Fact, &super::spaced(name));
        if self.bare { name } else { fill("the event's {}", [name]) }
    }

    /// After `the lead is`: `hot or warm`, `not in the sequence nurture`.
    pub fn state(&self, state: &State) -> Prose {
        match state {
            State::Tier(id) => self.tier(*id),
            State::In(id) => fill("in the sequence {}", [self.sequence(*id)]),
            State::Suppressed => "off limits".into(),
            State::Idle => "without a next step".into(),
            State::Not(inner) => match &**inner {
                State::Or(a, b) => fill("neither {} nor {}", [self.state(a), self.state(b)]),
                State::And(..) => fill("not both {}", [self.state(inner)]),
                State::Not(twice) => self.state(twice),
                one => fill("not {}", [self.state(one)]),
            },
            State::And(a, b) => {
                let part = |part: &State| match part {
                    State::Or(..) => fill("either {}", [self.state(part)]),
                    part => self.state(part),
                };
                fill("{} and {}", [part(a), part(b)])
            }
            State::Or(..) => {
                let mut parts = Vec::new();
                alternatives(state, &mut parts);
                let compound = parts.iter().any(|part| matches!(part, State::And(..)));
                let parts: Vec<Prose> = parts.into_iter().map(|part| self.state(part)).collect();
                if compound { joined(parts, ", or ") } else { listed(parts, "or") }
            }
        }
    }
}

fn alternatives<'s>(state: &'s State, into: &mut Vec<&'s State>) {
    match state {
        State::Or(a, b) => {
            alternatives(a, into);
            alternatives(b, into);
        }
        other => into.push(other),
    }
}

/// A constant as people write it.
fn constant(value: &Value) -> Prose {
    match value {
        Value::Missing => "nothing".into(),
        Value::Bool(true) => "yes".into(),
        Value::Bool(false) => "no".into(),
        Value::Number(number) => time::number(*number).into(),
        Value::Text(text) => Prose::quote(text),
        Value::Time(at) => crate::local::Zone::UTC
            .to_local(crate::timestamp::Timestamp(*at))
            .format("%B %-d, %Y, %H:%M UTC")
            .to_string()
            .into(),
        Value::Date(days) => time::date(*days).into(),
        Value::Length(micros) => time::span(crate::timestamp::Span(*micros)).into(),
        Value::List(items) => listed(items.iter().map(constant).collect(), "and"),
    }
}

fn not(expr: &Expr) -> Expr {
    Expr::Not(Box::new(expr.clone()))
}

/// A condition with its outer denials worked in, so that what joins its parts is seen.
fn plain(expr: &Expr) -> Expr {
    let Expr::Not(inner) = expr else { return expr.clone() };
    match &**inner {
        Expr::And(a, b) => Expr::Or(Box::new(not(a)), Box::new(not(b))),
        Expr::Or(a, b) => Expr::And(Box::new(not(a)), Box::new(not(b))),
        Expr::Not(twice) => plain(twice),
        _ => expr.clone(),
    }
}

/// The parts that one kind of joint joins.
fn flat(expr: &Expr, and: bool) -> Vec<Expr> {
    match (plain(expr), and) {
        (Expr::And(a, b), true) | (Expr::Or(a, b), false) => [flat(&a, and), flat(&b, and)].concat(),
        (other, _) => vec![other],
    }
}

/// Whether a condition holds an "and" or an "or" of its own.
fn compound(expr: &Expr) -> bool {
    match expr {
        Expr::And(..) | Expr::Or(..) => true,
        Expr::Not(inner) => compound(inner),
        Expr::In(_, list) => match &**list {
            Expr::Constant(Value::List(items)) => items.len() > 1,
            Expr::List(items) => items.len() > 1,
            _ => false,
        },
        _ => false,
    }
}

fn turned(op: Comparison) -> Comparison {
    match op {
        Comparison::Equal | Comparison::NotEqual => op,
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
    }
}

fn degree(op: Comparison) -> &'static str {
    match op {
        Comparison::Equal => "equal to",
        Comparison::NotEqual => "other than",
        Comparison::Less => "less than",
        Comparison::LessOrEqual => "at most",
        Comparison::Greater => "more than",
        Comparison::GreaterOrEqual => "at least",
    }
}

/// How one moment lies to another.
fn order(op: Comparison) -> &'static str {
    match op {
        Comparison::Equal => "is",
        Comparison::NotEqual => "is not",
        Comparison::Less => "is before",
        Comparison::LessOrEqual => "is not after",
        Comparison::Greater => "is after",
        Comparison::GreaterOrEqual => "is not before",
    }
}

fn ago(op: Comparison) -> Option<&'static str> {
    match op {
        Comparison::Equal => Some("{}"),
        Comparison::NotEqual => None,
        Comparison::Less => Some("less than {}"),
        Comparison::LessOrEqual => Some("at most {}"),
        Comparison::Greater => Some("more than {}"),
        Comparison::GreaterOrEqual => Some("at least {}"),
    }
}
